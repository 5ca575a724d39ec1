//! SIGQUIT, `hoop ps` and `hoop pstree`: how the tasks of a program that runs are told.

use crate::hoop::{Hoop, root};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A `hoop` that runs, and its lines as they come.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    out: Receiver<String>,
    err: Receiver<String>,
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Running {
    fn start(code: &str) -> Running {
        Running::with(code, |_| {})
    }

    fn with(code: &str, change: impl FnOnce(&mut Command)) -> Running {
        crate::hoop::signals_as_usual();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoop"));
        command
            .args(["-u", "-c", code])
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("hoop starts");
        let out = lines(child.stdout.take().expect("it was asked for"));
        let err = lines(child.stderr.take().expect("it was asked for"));
        let input = child.stdin.take();
        let running = Running {
            child,
            input,
            out,
            err,
        };
        assert_eq!(running.line(), "begun");
        // It begins to wait a little later.
        std::thread::sleep(Duration::from_millis(200));
        running
    }

    fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).expect("a line comes")
    }

    fn quit(&self) {
        let sent = Command::new("kill")
            .args(["-QUIT", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// Sends SIGQUIT and waits until a line of the tree contains a text.
    fn tree_with(&self, wanted: &str) -> String {
        self.quit();
        let mut all = String::new();
        while !all.contains(wanted) {
            match self.err.recv_timeout(PATIENCE) {
                Ok(line) => all += &(line + "\n"),
                Err(_) => panic!("'{wanted}' does not come:\n{all}"),
            }
        }
        all
    }

    fn say(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(text.as_bytes()).expect("it reads");
    }

    /// Its exit status.
    fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        self.child.wait().expect("it ends").code()
    }

    fn ask(&self, command: &str) -> (String, String, Option<i32>) {
        ask(command, &self.child.id().to_string())
    }
}

fn ask(command: &str, process: &str) -> (String, String, Option<i32>) {
    let run = Command::new(env!("CARGO_BIN_EXE_hoop"))
        .args([command, process])
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .expect("hoop starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&run.stdout), text(&run.stderr), run.status.code())
}

const TASKS: &str = "\
import asyncio
async def worker(lock):
    async with lock:
        await asyncio.sleep(60)
async def reads(loop):
    await loop.run_in_executor(None, input)
async def main():
    lock = asyncio.Lock()
    for n in range(2):
        asyncio.create_task(worker(lock), name=f'worker-{n}')
    print('begun')
    await reads(asyncio.get_running_loop())
    print('ended')
asyncio.run(main())
";

#[test]
fn a_loop_that_sleeps_tells_of_its_tasks_and_goes_on() {
    let mut running = Running::start(TASKS);
    let tree = running.tree_with("a Lock held by worker-0");
    assert!(tree.contains(": 3 tasks, 2 threads\n"), "{tree}");
    assert!(tree.contains("── worker-0 worker(): sleeps "), "{tree}");
    assert!(tree.contains("at <string>:4 in worker"), "{tree}");
    assert!(tree.contains("at <string>:12 in main"), "{tree}");
    running.say("line\n");
    assert_eq!(running.line(), "ended");
    assert_eq!(running.end(), Some(0));
}

#[test]
fn ps_and_pstree_tell_the_same_from_outside() {
    let mut running = Running::start(TASKS);
    for _ in 0..2 {
        let (tree, err, code) = running.ask("pstree");
        assert_eq!((err.as_str(), code), ("", Some(0)));
        assert!(tree.starts_with(&format!(
            "hoop {}: 3 tasks, 2 threads\n",
            running.child.id()
        )));
        assert!(
            tree.contains("waits for a Lock held by worker-0\n"),
            "{tree}"
        );
    }
    let (table, err, code) = running.ask("ps");
    assert_eq!((err.as_str(), code), ("", Some(0)));
    let row = table.lines().find(|line| line.contains("worker-1"));
    let row = row.expect("there is a line for each");
    for word in [
        "worker ",
        "waiting ",
        "<string>:3 worker",
        "a Lock held by worker-0",
    ] {
        assert!(row.contains(word), "{table}");
    }
    assert!(
        running.err.try_recv().is_err(),
        "nothing is written to the script's own streams"
    );
    running.say("line\n");
    assert_eq!(running.line(), "ended");
    let process = running.child.id();
    assert_eq!(running.end(), Some(0));
    // Nothing stays behind.
    let left = fs::read_dir(folder()).map_or(0, |entries| {
        let prefix = format!("{process}-");
        let names = entries.flatten().map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with(&prefix))
            .count()
    });
    assert_eq!(left, 0);
}

/// Where the sockets lie when no other folder is named.
fn folder() -> PathBuf {
    let id = Command::new("id")
        .arg("-u")
        .output()
        .expect("id runs")
        .stdout;
    PathBuf::from(format!("/tmp/hoop-{}", String::from_utf8_lossy(&id).trim()))
}

#[test]
fn a_running_loop_of_code_is_told_of_too() {
    let running = Running::start(
        "import sys\nprint('begun')\ndef spins():\n    while not stop:\n        pass\nstop = False\nimport threading\n\
         threading.Thread(target=lambda: (sys.stdin.readline(), globals().update(stop=True)), name='reader').start()\nspins()\nprint('ended')",
    );
    let tree = running.tree_with("thread reader");
    assert!(tree.contains("0 tasks, 2 threads"), "{tree}");
    assert!(tree.contains("in spins: "), "{tree}");
    assert_eq!(running.end(), Some(0));
}

#[test]
fn threads_tell_what_they_wait_for() {
    let mut running = Running::start(
        "import threading, time\nlock = threading.Lock()\nlock.acquire()\n\
         threading.Thread(target=lambda: lock.acquire(), name='taker', daemon=True).start()\n\
         threading.Thread(target=time.sleep, args=(60,), name='sleeper', daemon=True).start()\n\
         print('begun')\nprint(input())",
    );
    let tree = running.tree_with("daemon thread sleeper: sleeps ");
    assert!(
        tree.contains("thread MainThread: waits for a line of input\n"),
        "{tree}"
    );
    let taker = "daemon thread taker: waits for a threading.Lock held by thread MainThread\n";
    assert!(tree.contains(taker), "{tree}");
    running.say("typed\n");
    assert_eq!(running.line(), "typed");
    assert_eq!(running.end(), Some(0));
}

#[test]
fn a_scripts_own_handler_is_called_and_ps_still_answers() {
    let running = Running::start(
        "import signal, sys\nprint(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL, file=sys.stderr)\n\
         signal.signal(signal.SIGQUIT, lambda *args: print('handled'))\nprint('begun')\ninput()",
    );
    assert_eq!(running.err.recv_timeout(PATIENCE).as_deref(), Ok("True"));
    running.quit();
    assert_eq!(running.line(), "handled");
    let (tree, err, code) = running.ask("pstree");
    assert_eq!((err.as_str(), code), ("", Some(0)), "{tree}");
    assert!(tree.contains("waits for a line of input"), "{tree}");
    running.end();
    let running = Running::start(
        "import asyncio, signal, sys\nasync def main():\n    loop = asyncio.get_running_loop()\n\
        \x20   loop.add_signal_handler(signal.SIGQUIT, print, 'loop')\n    print('begun')\n    await asyncio.sleep(3600)\nasyncio.run(main())",
    );
    running.quit();
    assert_eq!(running.line(), "loop");
    let mut running = running;
    running.child.kill().expect("it runs");
    running.end();
}

#[test]
fn who_cannot_be_asked_is_named() {
    let (_, err, code) = ask("ps", "0");
    assert_eq!(
        (err.as_str(), code),
        ("hoop: 0 is no number of a process\n", Some(1))
    );
    let (_, err, code) = ask("ps", "x");
    assert_eq!(
        (err.as_str(), code),
        ("hoop: 'x' is not the number of a process\n", Some(2))
    );
    let (_, err, code) = ask("pstree", "2147483646");
    assert_eq!(
        (err.as_str(), code),
        ("hoop: there is no process 2147483646\n", Some(1))
    );
    // Another program would die of the signal.
    let mut other = Command::new("sleep")
        .arg("60")
        .spawn()
        .expect("sleep starts");
    let (_, err, code) = ask("ps", &other.id().to_string());
    assert_eq!(err, format!("hoop: process {} is not a hoop\n", other.id()));
    assert_eq!(code, Some(1));
    assert!(other.try_wait().expect("it can be asked").is_none());
    other.kill().expect("it runs");
    other.wait().expect("it ends");
}

#[test]
fn one_that_is_stopped_does_not_answer() {
    let running = Running::start("print('begun')\ninput()");
    let signal = |name: &str| {
        let sent = Command::new("kill")
            .args([name, &running.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    };
    signal("-STOP");
    let (out, err, code) = running.ask("ps");
    signal("-CONT");
    assert_eq!((out.as_str(), code), ("", Some(1)));
    assert!(err.contains("has not answered for 5 seconds"), "{err}");
    // The signal that was kept is answered on its own standard error.
    assert_eq!(
        running
            .err
            .recv_timeout(PATIENCE)
            .map(|line| line.starts_with("hoop ")),
        Ok(true)
    );
    running.end();
}

#[test]
fn a_folder_that_others_may_enter_is_not_used() {
    let run = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ps-open");
    let _ = fs::remove_dir_all(&run);
    fs::create_dir_all(run.join("hoop")).expect("the folder can be made");
    fs::set_permissions(run.join("hoop"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let running = Running::with("print('begun')\ninput()", |command| {
        command.env("XDG_RUNTIME_DIR", &run);
    });
    let asked = Command::new(env!("CARGO_BIN_EXE_hoop"))
        .args(["ps", &running.child.id().to_string()])
        .env("XDG_RUNTIME_DIR", &run)
        .output()
        .expect("hoop starts");
    // The other folder serves.
    assert_eq!(asked.status.code(), Some(0));
    assert_eq!(
        fs::read_dir(run.join("hoop")).expect("it is there").count(),
        0
    );
    running.end();
}

#[test]
fn a_signal_ignored_at_the_start_stays_ignored() {
    let hoop = env!("CARGO_BIN_EXE_hoop");
    let script = format!(
        "trap '' QUIT; '{hoop}' -c 'import os, signal; os.kill(os.getpid(), signal.SIGQUIT); print(\"lives\")'"
    );
    let run = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "lives\n");
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
}

#[test]
fn tasks_tell_where_they_were_made_when_asked_to() {
    let code = "\
import _asyncio, asyncio
async def sleeps():
    await asyncio.sleep(60)
async def main():
    task = asyncio.create_task(sleeps(), name='one')
    assert _asyncio._task_origin(task) is None
    _asyncio._set_records_origins(True)
    task = asyncio.create_task(sleeps(), name='two')
    task.mark = 5
    file, line, function, age = _asyncio._task_origin(task)
    print(file, line, function, age < 60, task.mark)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sleeps(), name='three')
        print(_asyncio._task_origin(task)[1])
        await asyncio.sleep(0)
        print(_asyncio._task_tree())
        task.cancel()
asyncio.run(main())
";
    let run = Hoop::new(["-c", code]).folder(&root()).run();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let mut lines = run.stdout.lines();
    assert_eq!(lines.next(), Some("<string> 8 main True 5"));
    assert_eq!(lines.next(), Some("13"));
    assert!(
        run.stdout.contains(" ago at <string>:13 in main\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn who_asks_whether_nothing_can_wake_it_is_not_ended() {
    let code = "\
import _asyncio, asyncio
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
async def waits(event):
    await event.wait()
event = asyncio.Event()
task = loop.create_task(waits(event), name='waiting')
timer = loop.call_later(60, print, 'timer')
seen = []
loop.call_soon(lambda: loop.call_soon(lambda: seen.append(_asyncio._deadlock())))
loop.call_later(0.01, loop.stop)
loop.run_forever()
timer.cancel()
loop.call_later(0.01, lambda: (seen.append(_asyncio._deadlock()), loop.stop()))
loop.run_forever()
print(seen[0], 'waiting waits(): waits for an Event to be set' in seen[1])
event.set()
loop.run_until_complete(task)
";
    let run = Hoop::new(["-c", code]).run();
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("None True\n", "")
    );
    assert_eq!(run.code, Some(0));
}

#[test]
fn one_that_was_started_with_the_signal_ignored_answers_who_asks() {
    let hoop = env!("CARGO_BIN_EXE_hoop");
    let script = format!("trap '' QUIT; exec '{hoop}' -u -c \"print('begun'); input()\"");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh runs");
    let out = lines(child.stdout.take().expect("it was asked for"));
    assert_eq!(out.recv_timeout(PATIENCE).as_deref(), Ok("begun"));
    let asked = Command::new(hoop)
        .args(["pstree", &child.id().to_string()])
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .expect("hoop starts");
    let told = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(told.contains("thread MainThread: "), "{told}");
    drop(child.stdin.take());
    let rest = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&rest.stderr).into_owned();
    assert!(!said.contains("thread MainThread"), "{said}");
}
