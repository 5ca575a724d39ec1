//! The prompt at a terminal. `tests/prompt/*.keys` are sessions: what somebody types, line by line.
//! Beside each lies the screen that CPython's `python3.13 -m asyncio` left, which ours has to equal.
//! `HOOP_RECORD_PROMPT=PYTHON cargo test prompt::sessions` records them anew.

use crate::hoop::{Hoop, root};
use crate::terminal::Terminal;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The size of the screen in sessions: nothing leaves it, and no line breaks.
const SIZE: (u16, u16) = (400, 300);

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("prompt")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the temporary folder can be made");
    folder
}

fn start(name: &str, more: &[(&str, &str)]) -> Terminal {
    let terminal = Terminal::start(
        env!("CARGO_BIN_EXE_hoop"),
        &[],
        &scratch(name),
        more,
        (60, 100),
    );
    terminal.wait_for(">>> import asyncio\n>>>");
    terminal
}

fn plain(name: &str) -> Terminal {
    start(name, &[("NO_COLOR", "1")])
}

/// Types a session and answers with the screen at its end, from the first prompt on.
fn play(mut terminal: Terminal, keys: &str) -> String {
    terminal.wait_for("import asyncio\n>>>");
    let mut ended = false;
    for line in keys.lines() {
        terminal.wait_for_prompt();
        let before = terminal.text();
        match line.split_once(' ').unwrap_or((line, "")) {
            ("!paste", file) => {
                terminal.press(&format!("\x1b[200~{}\x1b[201~", file.replace("\\n", "\n")));
                let last = file.rsplit("\\n").find(|line| !line.is_empty());
                terminal.wait_for(last.unwrap_or(""));
                std::thread::sleep(Duration::from_millis(300));
                terminal.press("\r");
            }
            ("!ctrl-c", "") => terminal.press("\x03"),
            ("!ctrl-c-after", typed) => {
                terminal.press(typed);
                terminal.wait_for(typed);
                terminal.press("\x03");
            }
            // A command that does not end by itself.
            ("!interrupt", command) => {
                terminal.press(&format!("{command}\r"));
                terminal.wait_for(command);
                // It runs when the cursor has left its line.
                std::thread::sleep(Duration::from_millis(700));
                terminal.press("\x03");
            }
            ("!keys", keys) => {
                let keys = keys
                    .replace("UP", "\x1bOA")
                    .replace("DOWN", "\x1bOB")
                    .replace("LEFT", "\x1bOD")
                    .replace("HOME", "\x01")
                    .replace("BACKSPACE", "\x7f")
                    .replace("ENTER", "\r");
                terminal.press(&keys);
                std::thread::sleep(Duration::from_millis(200));
            }
            ("!end", "") => {
                terminal.press("\x04");
                ended = true;
            }
            ("!exit", command) => {
                terminal.press(&format!("{command}\r"));
                ended = true;
            }
            _ => terminal.press(&format!("{line}\r")),
        }
        if ended {
            terminal.wait_for_end();
            break;
        }
        terminal.wait_until("an answer", |text| text != before);
    }
    if !ended {
        terminal.wait_for_prompt();
    }
    let text = terminal.text();
    let at = text.find("import asyncio\n").map_or(0, |at| at + 15);
    without_library(&text[at..])
}

/// Frames of CPython's library do not appear here.
fn without_library(text: &str) -> String {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("  File \"") || line.contains("|   File \"") {
            inside = line.contains("/lib/python3.13/");
        } else if !line.trim_start_matches([' ', '|']).is_empty() && !line.contains("    ") {
            inside = false;
        }
        if !inside {
            kept.push(line.to_string());
        }
    }
    // A traceback of nothing but the library has no head.
    let is_head = |at: usize| {
        kept[at] == "Traceback (most recent call last):"
            && kept
                .get(at + 1)
                .is_some_and(|next| !next.starts_with("  File"))
    };
    let lines = (0..kept.len()).filter(|&at| !is_head(at));
    let lines: Vec<&str> = lines.map(|at| kept[at].as_str()).collect();
    lines.join("\n") + "\n"
}

#[test]
fn sessions_are_as_at_cpythons_prompt() {
    let folder = root().join("tests/prompt");
    let recorder = std::env::var("HOOP_RECORD_PROMPT").ok();
    let only = std::env::var("HOOP_PROMPT").unwrap_or_default();
    let mut sessions: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "keys"))
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    sessions.sort();
    assert!(sessions.len() >= 20 || !only.is_empty());
    let mut wrong = Vec::new();
    for session in &sessions {
        let keys = fs::read_to_string(session).expect("it can be read");
        let name = session.file_stem().unwrap_or_default().to_string_lossy();
        let home = scratch(&format!("session_{name}"));
        let program = recorder.as_deref().unwrap_or(env!("CARGO_BIN_EXE_hoop"));
        let environment = [("NO_COLOR", "1"), ("PYTHON_HISTORY", "history")];
        let terminal = Terminal::start(program, &["-m", "asyncio"], &home, &environment, SIZE);
        let screen = play(terminal, &keys);
        let expected = session.with_extension("screen");
        if recorder.is_some() {
            fs::write(&expected, &screen).expect("it can be written");
        } else if screen != fs::read_to_string(&expected).expect("every session was recorded") {
            wrong.push(format!("{name}:\n{screen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_background_task_prints_above_the_line() {
    let mut terminal = plain("background");
    terminal.press(
        "async def tick():\rfor i in range(3): print('tick', i); await asyncio.sleep(0.3)\r\r",
    );
    terminal.wait_for_prompt();
    terminal.press("t = asyncio.create_task(tick())\r");
    terminal.press("'typed while' + ");
    terminal.wait_for("tick 2\n>>> 'typed while' +");
    terminal.press("' it prints'\r");
    let text = terminal.wait_for("'typed while it prints'\n>>>");
    assert!(!text.contains("while' +tick"), "{text}");
}

#[test]
fn names_are_completed_and_calls_explained() {
    let mut terminal = plain("completion");
    terminal.press("asyncio.create_ta\t");
    terminal.wait_for(">>> asyncio.create_task(");
    terminal.press("\x15import asyn\t");
    terminal.wait_for(">>> import asyncio");
    terminal.press("\x15number = 3\r");
    terminal.wait_for_prompt();
    terminal.press("numb\t");
    terminal.wait_for(">>> number");
    terminal.press("\x15word = 'abc'\r");
    terminal.wait_for_prompt();
    terminal.press("print(word.isalp\t");
    terminal.wait_for("print(word.isalpha(");
    terminal.press("\x15async def helper(first, *, second=2):\r'Helps.'\r\r");
    terminal.wait_for_prompt();
    terminal.press("helper(1");
    terminal.wait_for("helper(1   helper(first, *, second=2) - Helps.");
    terminal.press(", 2).close()\r");
    let text = terminal.wait_for("takes 1 positional argument");
    assert!(!text.contains("2).close()   helper"), "{text}");
    terminal.wait_for_prompt();
    terminal.press("open('/etc/passw\t");
    terminal.wait_for("open('/etc/passwd");
    terminal.press("\x15%ta\t");
    terminal.wait_for(">>> %tasks");
}

#[test]
fn an_interrupt_ends_only_what_is_awaited() {
    let mut terminal = plain("interrupt");
    terminal.press("t = asyncio.create_task(asyncio.sleep(600), name='lives on')\r");
    terminal.wait_for_prompt();
    terminal.press("await asyncio.sleep(600)\r");
    std::thread::sleep(Duration::from_millis(500));
    terminal.press("\x03");
    terminal.wait_for("^C\nKeyboardInterrupt\n>>>");
    terminal.press("t.done()\r");
    terminal.wait_for("False\n>>>");
    // One that does not let itself be cancelled: the second shows what runs.
    terminal.press("async def stubborn():\rwhile True:\rtry: await asyncio.sleep(600)\r");
    terminal.press("\x7fexcept asyncio.CancelledError: print('no')\r\r");
    terminal.wait_for_prompt();
    terminal.press("await stubborn()\r");
    std::thread::sleep(Duration::from_millis(500));
    terminal.press("\x03");
    terminal.wait_for("no");
    terminal.press("\x03");
    let text = terminal.wait_for("lives on");
    assert!(text.contains("stubborn"), "{text}");
}

#[test]
fn a_failure_in_the_background_is_shown_at_once() {
    let mut terminal = plain("failure");
    terminal.press("async def fails(): await asyncio.sleep(0.3); raise ValueError('unseen')\r\r");
    terminal.wait_for_prompt();
    terminal.press("t = asyncio.create_task(fails(), name='worker')\r");
    terminal.press("half a li");
    let text = terminal.wait_until("the failure", |text| {
        text.contains("ValueError: unseen") && text.ends_with(">>> half a li")
    });
    assert!(
        text.contains("'worker' has failed, and nobody awaits it:\nTraceback"),
        "{text}"
    );
    terminal.press("\x15t.exception()\r");
    terminal.wait_for("ValueError('unseen')\n>>>");
}

#[test]
fn commands_for_tasks() {
    let mut terminal = plain("commands");
    terminal.press("event = asyncio.Event()\r");
    terminal.press("async def waiter():\rawait event.wait()\rreturn 'woken'\r\r");
    terminal.wait_for_prompt();
    terminal.press("t = asyncio.create_task(waiter(), name='first')\r");
    terminal.press("u = asyncio.create_task(waiter(), name='second')\r");
    terminal.wait_for_prompt();
    terminal.press("%tasks\r");
    let text = terminal.wait_until("the tree", |text| {
        text.contains("first waiter()") && text.contains("second waiter()") && text.ends_with(">>>")
    });
    assert!(text.contains("event"), "{text}");
    terminal.press("%cancel second\r");
    terminal.wait_for_prompt();
    terminal.press("u.cancelled()\r");
    terminal.wait_for("True\n>>>");
    terminal.press("%await first\r");
    terminal.wait_until("a notice", |text| {
        text.contains("nothing can wake") && text.contains("Ctrl-C ends it.")
    });
    terminal.press("\x03");
    terminal.wait_for("KeyboardInterrupt\n>>>");
    terminal.press("event.set()\r");
    terminal.wait_for_prompt();
    terminal
        .press("v = asyncio.create_task(asyncio.sleep(1.5, 'slept'), name='late')\r%await late\r");
    terminal.wait_for("%await late\n'slept'\n>>>");
    terminal.press("%time 6 * 7\r");
    terminal.wait_for("\n42\n");
    terminal.wait_for("of them computing)\n>>>");
    terminal.press("%nothing\r");
    terminal.wait_for("there is no command %nothing");
    terminal.press("%cancel third\r");
    terminal.wait_for("there is no task 'third'");
    terminal.press("%trace on\r");
    terminal.press("await asyncio.create_task(asyncio.sleep(0.01), name='traced')\r");
    terminal.wait_for("traced begins sleep()");
    terminal.wait_for("traced returns None");
    terminal.press("%trace off\r%help\r");
    terminal.wait_for("%run FILE");
}

#[test]
fn a_file_is_run_with_the_names_of_the_prompt() {
    let mut terminal = plain("run");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("prompt/run");
    fs::write(
        folder.join("script.async"),
        "await asyncio.sleep(0)\nresult = given * 2\n",
    )
    .expect("it can be written");
    terminal.press("given = 21\r%run script.asy\t");
    terminal.wait_for("%run script.async");
    terminal.press("\rresult\r");
    terminal.wait_for("42\n>>>");
    terminal.press("%run nowhere\r");
    terminal.wait_for("can't open file 'nowhere': [Errno 2] No such file or directory");
}

#[test]
fn the_history_outlives_the_session() {
    let folder = scratch("history");
    let begin = || {
        let environment = [("NO_COLOR", "1")];
        let hoop = env!("CARGO_BIN_EXE_hoop");
        let terminal = Terminal::start(hoop, &[], &folder, &environment, (60, 100));
        terminal.wait_for(">>> import asyncio\n>>>");
        terminal
    };
    let mut terminal = begin();
    terminal.press("first = 1\rdef f():\rreturn 'from history'\r\r");
    terminal.wait_for_prompt();
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), 0);
    let mut terminal = begin();
    terminal.press("\x1bOA");
    terminal.wait_for(">>> def f():\n...     return 'from history'");
    terminal.press("\r\rf()\r");
    terminal.wait_for("\n'from history'\n>>>");
    // Searched backwards.
    terminal.press("\x12irst");
    terminal.wait_for("first = 1");
    terminal.press("\r");
    terminal.wait_for_prompt();
    terminal.press("first + 41\r");
    terminal.wait_for("42\n>>>");
}

#[test]
fn ctrl_backslash_shows_what_runs_and_the_line_stays() {
    let mut terminal = plain("backslash");
    terminal.press("t = asyncio.create_task(asyncio.sleep(600), name='sleeper')\r");
    terminal.wait_for_prompt();
    terminal.press("half\x1c");
    terminal.wait_until("the tree", |text| {
        text.contains("sleeper sleep()") && text.ends_with(">>> half")
    });
}

#[test]
fn colours_unless_one_wants_none() {
    let folder = scratch("colours");
    let hoop = env!("CARGO_BIN_EXE_hoop");
    let mut terminal = Terminal::start(hoop, &[], &folder, &[], (60, 100));
    terminal.wait_for(">>> import asyncio\n>>>");
    terminal.press("await f('x')");
    terminal.wait_for("await f('x')");
    std::thread::sleep(Duration::from_millis(300));
    let raw = terminal.written();
    assert!(raw.contains("\x1b[1;34mawait\x1b[0m"), "{raw:?}");
    assert!(raw.contains("\x1b[32m'x'\x1b[0m"), "{raw:?}");
    let mut terminal = plain("no_colours");
    terminal.press("await f('x')");
    terminal.wait_for("await f('x')");
    assert!(!terminal.written().contains("\x1b[1;34m"));
}

#[test]
fn a_dumb_terminal_has_a_plain_prompt() {
    let mut terminal = start("dumb", &[("TERM", "dumb")]);
    terminal.press("def f():\r    return 6 * 7\r\r");
    terminal.press("await asyncio.sleep(0, f())\r");
    terminal.wait_for("42\n>>>");
    terminal.press("\x03");
    terminal.wait_for("KeyboardInterrupt\n>>>");
    terminal.press("\x04");
    terminal.wait_for("exiting asyncio REPL...");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let mut terminal = plain("ahead");
    terminal.press(
        "import time; time.sleep(0.5); print('slept')\r1 + 1\r2 + 2\rname = input('who? ')\rme\r",
    );
    terminal.wait_until("the line after", |text| text.matches(">>>").count() == 6);
    terminal.press("name\r");
    let text = terminal.wait_for("'me'\n>>>");
    for wanted in ["slept\n", "\n2\n", "\n4\n"] {
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn output_without_a_line_break_stays() {
    let mut terminal = plain("partial");
    terminal.press("print('no break', end='')\r");
    terminal.wait_for("\nno break\n>>>");
}

#[test]
fn wide_letters_and_long_lines() {
    let mut terminal = plain("wide");
    terminal.press("x = '日本語日本語' + 'é'\r");
    terminal.wait_for_prompt();
    let long = "1 + ".repeat(60) + "1";
    terminal.press(&format!("{long}\r"));
    terminal.wait_for("\n61\n>>>");
    terminal.press("'日本'\x1bOD\x1bOD語\r");
    terminal.wait_for("'日語本'\n>>>");
}

#[test]
fn contexts_last_from_line_to_line() {
    let mut terminal = plain("contexts");
    terminal.press("import contextvars; var = contextvars.ContextVar('var')\r");
    terminal.press("token = var.set('kept')\rawait asyncio.sleep(0, var.get())\r");
    terminal.wait_for("'kept'\n>>>");
}

#[test]
fn a_key_is_shown_and_the_prompt_is_there_at_once() {
    let started = Instant::now();
    let mut terminal = plain("speed");
    let start = started.elapsed();
    let mut echoes = Vec::new();
    for letter in "abcdefghijklmnopqrst".chars() {
        let pressed = Instant::now();
        terminal.press(&letter.to_string());
        terminal.wait_until("the letter", |text| text.ends_with(letter));
        echoes.push(pressed.elapsed());
    }
    echoes.sort();
    // On a quiet machine it is a third of a millisecond, and ten (docs/performance.md); tests share theirs.
    assert!(echoes[10] < Duration::from_millis(50), "{echoes:?}");
    assert!(start < Duration::from_millis(1500), "{start:?}");
}

/// `tests/prompt/piped/*.typed` go through a pipe; `.out` and `.err` are what CPython's prompt said, without the
/// frames of its library and what stands before the first line.
#[test]
fn sessions_through_a_pipe_are_as_at_cpythons_prompt() {
    let folder = root().join("tests/prompt/piped");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_none_or(|ending| ending != "typed") {
            continue;
        }
        count += 1;
        let typed = fs::read_to_string(&path).expect("it can be read");
        let run = Hoop::new(["-m", "asyncio"])
            .stdin(&typed)
            .deadline(60)
            .run();
        let recorded = |ending| fs::read_to_string(path.with_extension(ending)).unwrap_or_default();
        let said = run.stderr.split_once("import asyncio\n");
        let said = said.map_or("", |(_, behind)| behind);
        let status = run.code.unwrap_or(-1);
        assert_eq!(run.stdout + "\n", recorded("out"), "{}", path.display());
        assert_eq!(
            format!("{said}[status {status}]\n"),
            recorded("err"),
            "{}",
            path.display()
        );
    }
    assert_eq!(count, 8);
}

#[test]
fn a_startup_file_is_run_first() {
    let folder = scratch("startup");
    fs::write(
        folder.join("first.async"),
        "import asyncio\nawait asyncio.sleep(0)\ngiven = 42\n",
    )
    .expect("it can be written");
    let environment = [("NO_COLOR", "1"), ("PYTHONSTARTUP", "first.async")];
    let hoop = env!("CARGO_BIN_EXE_hoop");
    let mut terminal = Terminal::start(hoop, &[], &folder, &environment, (60, 100));
    terminal.wait_for(">>> import asyncio\n>>>");
    terminal.press("given\r");
    terminal.wait_for("42\n>>>");
}
