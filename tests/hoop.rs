//! Runs the built `hoop` with a deadline and keeps what it says.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a run of `hoop` left behind.
#[derive(Debug)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    /// The exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// True where the deadline ended it.
    pub timed_out: bool,
}

/// Variables that would make the interpreter another one.
const STEERING: &[&str] = &[
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONINSPECT",
    "PYTHONVERBOSE",
    "PYTHON_COLORS",
    "FORCE_COLOR",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
    "PYTHONSAFEPATH",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
];

/// A run of `hoop` to be described and then started.
pub struct Hoop {
    command: Command,
    stdin: Vec<u8>,
    deadline: Duration,
}

/// A shell that runs the tests in the background has them ignore SIGQUIT, and with them whatever they start; a signal
/// that they handle is as usual for those.
pub fn signals_as_usual() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let seen = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let quit = signal_hook::consts::SIGQUIT;
        signal_hook::flag::register(quit, seen).expect("SIGQUIT can be handled");
    });
}

/// The folder of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Hoop {
    /// `hoop` with these arguments, in the package's folder, with an environment that repeats.
    pub fn new<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Hoop {
        signals_as_usual();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoop"));
        command
            .args(arguments)
            .current_dir(root())
            .env("NO_COLOR", "1")
            .env("TZ", "UTC")
            .env_remove("HOOPPATH");
        for name in STEERING {
            command.env_remove(name);
        }
        Hoop {
            command,
            stdin: Vec::new(),
            deadline: Duration::from_secs(20),
        }
    }

    pub fn folder(mut self, folder: &Path) -> Hoop {
        self.command.current_dir(folder);
        self
    }

    pub fn env(mut self, key: &str, value: &str) -> Hoop {
        self.command.env(key, value);
        self
    }

    pub fn stdin(mut self, text: &str) -> Hoop {
        self.stdin = text.as_bytes().to_vec();
        self
    }

    pub fn deadline(mut self, seconds: u64) -> Hoop {
        self.deadline = Duration::from_secs(seconds);
        self
    }

    /// Starts it with pipes on all three streams.
    pub fn spawn(&mut self) -> Child {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the built hoop can be started")
    }

    /// Runs it to its end, or to the deadline.
    pub fn run(mut self) -> Outcome {
        let mut child = self.spawn();
        let mut input = child.stdin.take().expect("stdin is a pipe");
        let bytes = std::mem::take(&mut self.stdin);
        // A child that reads nothing may close its end first: that is no failure.
        let feeder = thread::spawn(move || drop(input.write_all(&bytes)));
        let stdout = collect(child.stdout.take().expect("stdout is a pipe"));
        let stderr = collect(child.stderr.take().expect("stderr is a pipe"));
        let (code, timed_out) = wait(&mut child, self.deadline);
        let _ = feeder.join();
        Outcome {
            stdout: stdout.join().expect("the reader of stdout ends"),
            stderr: stderr.join().expect("the reader of stderr ends"),
            code,
            timed_out,
        }
    }
}

/// Runs a piece of source through `hoop -c`.
pub fn run_code(source: &str) -> Outcome {
    Hoop::new(["-c", source]).run()
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end of a child and kills it at the deadline.
fn wait(child: &mut Child, deadline: Duration) -> (Option<i32>, bool) {
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return (status.code(), false);
        }
        if start.elapsed() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return (None, true);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Replaces addresses by `0xADDR` and takes the folder off the paths of programs,
/// as `scripts/dev/oracle.async` does when it records.
pub fn normalise(text: &str) -> String {
    strip_folders(&mask_addresses(text))
}

/// A traceback without the frames of the library, which CPython's recordings leave out too.
pub fn without_library_frames(text: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '|']).len();
    let mut out = String::with_capacity(text.len());
    let mut skipping = None;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches([' ', '|']);
        if rest.starts_with("File \"<library>") {
            skipping = Some(depth(line));
            continue;
        }
        if skipping.is_some_and(|d| depth(line) > d && !rest.starts_with("File \"")) {
            continue;
        }
        skipping = None;
        out.push_str(line);
    }
    out
}

pub fn mask_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let digits = after[2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        let next = after[2 + digits..].chars().next();
        let ends = next.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        if (5..=16).contains(&digits) && ends {
            out.push_str("0xADDR");
        } else {
            out.push_str(&after[..2 + digits]);
        }
        rest = &after[2 + digits..];
    }
    out.push_str(rest);
    out
}

/// `/any/folder/name.async` becomes `name.async`.
fn strip_folders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        let before = rest[..at].chars().next_back();
        let path = &rest[at..];
        let end = path
            .find(|c: char| c.is_whitespace() || "'\"<>:,".contains(c))
            .unwrap_or(path.len());
        let end = [".async", ".py"]
            .iter()
            .filter_map(|ending| Some(path[..end].rfind(ending)? + ending.len()))
            .filter(|&at| !path[at..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            .max()
            .unwrap_or(end);
        let path = &path[..end];
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && !"_/.>".contains(c));
        let program = path.ends_with(".async") || path.ends_with(".py");
        out.push_str(&rest[..at]);
        if starts && program {
            out.push_str(path.rsplit('/').next().unwrap_or(path));
        } else {
            out.push_str(path);
        }
        rest = &rest[at + end..];
    }
    out.push_str(rest);
    out
}

/// The first lines in which two texts differ, with a little of what is around them.
pub fn difference(expected: &str, found: &str) -> String {
    let expected: Vec<&str> = expected.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    let same = expected
        .iter()
        .zip(&found)
        .take_while(|(a, b)| a == b)
        .count();
    let from = same.saturating_sub(2);
    let mut out = format!("  first difference at line {}\n", same + 1);
    for line in &expected[from..same] {
        out.push_str(&format!("    {line}\n"));
    }
    for line in expected.iter().skip(same).take(6) {
        out.push_str(&format!("  - {line}\n"));
    }
    for line in found.iter().skip(same).take(6) {
        out.push_str(&format!("  + {line}\n"));
    }
    out
}
