//! How one `hoop` asks another, of the same user, how its tasks stand.
//!
//! Who asks makes a socket in a folder that only the user may enter, named for the process that is asked,
//! and sends that a SIGQUIT. On SIGQUIT a process looks whether there is such a socket, and answers there.
//! So being asked costs nothing before it happens. Linux only, whose `/proc` tells whom a signal would hit.

use super::signals::signal_mask;
use super::{Host, HostError};
use rustix::process::{Pid, PidfdFlags, Signal, geteuid, getpid, pidfd_open, pidfd_send_signal};
use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the process that answers waits for one who does not read.
const WRITING: Duration = Duration::from_secs(2);
/// How long between two looks for an answer.
const PAUSE: Duration = Duration::from_millis(5);

/// The folders in which sockets may lie.
fn folders(host: &Host) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // Not what a script has made of the variable: sockets are looked for there, and removed.
    let own = host.environment.is_of_process();
    if let Some(run) = std::env::var_os("XDG_RUNTIME_DIR").filter(|_| own) {
        let run = PathBuf::from(run);
        if run.is_absolute() && run.is_dir() {
            found.push(run.join("hoop"));
        }
    }
    found.push(PathBuf::from(format!("/tmp/hoop-{}", geteuid().as_raw())));
    found
}

/// Whether a folder is there, and is this user's alone.
fn is_private(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|data| {
        data.is_dir() && data.uid() == geteuid().as_raw() && data.mode() & 0o077 == 0
    })
}

// ----- who is asked ---------------------------------------------------------------------------

/// Somebody who asks this process.
pub struct Asker {
    stream: UnixStream,
    /// What is asked for.
    pub what: String,
}

impl Asker {
    /// Answers, and is done.
    pub fn answer(mut self, text: &str) {
        // Who has gone does not want to know.
        let _ = self.stream.write_all(text.as_bytes());
    }
}

impl Host {
    /// All who ask this process how it stands.
    pub fn askers(&self) -> Vec<Asker> {
        let prefix = format!("{}-", std::process::id());
        let mut found = Vec::new();
        for folder in folders(self) {
            if !is_private(&folder) {
                continue;
            }
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| name.starts_with(&prefix)) else {
                    continue;
                };
                found.extend(asker(&entry.path(), name));
            }
        }
        found
    }
}

fn asker(path: &Path, name: &str) -> Option<Asker> {
    let data = fs::symlink_metadata(path).ok()?;
    if !data.file_type().is_socket() || data.uid() != geteuid().as_raw() {
        return None;
    }
    let Ok(stream) = UnixStream::connect(path) else {
        // Its maker has gone without a word.
        let _ = fs::remove_file(path);
        return None;
    };
    stream.set_write_timeout(Some(WRITING)).ok()?;
    let (_, what) = name.rsplit_once('.')?;
    Some(Asker {
        stream,
        what: what.to_string(),
    })
}

// ----- who asks -------------------------------------------------------------------------------

/// The sockets of one question. They go when it is over.
struct Question {
    sockets: Vec<(PathBuf, UnixListener)>,
}

impl Drop for Question {
    fn drop(&mut self) {
        for (path, _) in &self.sockets {
            let _ = fs::remove_file(path);
        }
    }
}

fn refuse(text: String) -> HostError {
    HostError::from(rustix::io::Errno::SRCH).with_message(&text)
}

impl Host {
    /// Asks another process of this user's for `what`. An error's message says what is wrong.
    pub fn ask_process(&mut self, process: u32, what: &str) -> Result<String, HostError> {
        let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
        let Some(pid) = pid else {
            return Err(refuse(format!("{process} is no number of a process")));
        };
        if !Path::new("/proc/self/status").exists() {
            let text = "this system has no /proc, which tells whom a signal would hit";
            return Err(refuse(text.to_string()));
        }
        // From here on the number cannot come to mean another process.
        let handle = pidfd_open(pid, PidfdFlags::empty())
            .map_err(|_| refuse(format!("there is no process {process}")))?;
        check(process)?;
        for signal in [1, 2, 15] {
            // An interrupt must not leave the socket behind.
            let _ = self.signals.take_for_engine(signal, &self.inbox);
        }
        let question = self.question(process, what)?;
        pidfd_send_signal(&handle, Signal::QUIT)
            .map_err(|error| refuse(format!("process {process} cannot be asked: {error}")))?;
        self.await_answer(&question, process)
    }

    fn question(&self, process: u32, what: &str) -> Result<Question, HostError> {
        let mut question = Question {
            sockets: Vec::new(),
        };
        let mut failed = None;
        for folder in folders(self) {
            match DirBuilder::new().mode(0o700).create(&folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    failed = Some(error.to_string());
                    continue;
                }
                _ => {}
            }
            if !is_private(&folder) {
                let text = "is not a folder of yours alone";
                failed = Some(format!("{} {text}", folder.display()));
                continue;
            }
            let path = folder.join(format!("{process}-{}.{what}", getpid().as_raw_nonzero()));
            let _ = fs::remove_file(&path);
            let bound = UnixListener::bind(&path);
            match bound.and_then(|socket| socket.set_nonblocking(true).map(|()| socket)) {
                Ok(socket) => question.sockets.push((path, socket)),
                Err(error) => failed = Some(error.to_string()),
            }
        }
        match failed {
            Some(error) if question.sockets.is_empty() => Err(refuse(format!(
                "cannot make a socket for the answer: {error}"
            ))),
            _ => Ok(question),
        }
    }

    fn await_answer(&mut self, question: &Question, process: u32) -> Result<String, HostError> {
        let end = Instant::now() + PATIENCE;
        loop {
            for (_, socket) in &question.sockets {
                if let Ok((mut stream, _)) = socket.accept() {
                    let mut answer = Vec::new();
                    stream.set_nonblocking(false)?;
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.read_to_end(&mut answer)?;
                    return Ok(String::from_utf8_lossy(&answer).into_owned());
                }
            }
            if self.inbox.wants_attention() {
                return Err(refuse("interrupted".to_string()));
            }
            if Instant::now() >= end {
                let seconds = PATIENCE.as_secs();
                return Err(refuse(format!(
                    "process {process} has not answered for {seconds} seconds: it is stopped, or busy in a call that cannot be interrupted"
                )));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Makes sure that a process is a `hoop` of this user's that answers SIGQUIT. No other is ever sent one.
fn check(process: u32) -> Result<(), HostError> {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let gone = || refuse(format!("there is no process {process}"));
    let data = fs::metadata(&folder).map_err(|_| gone())?;
    if data.uid() != geteuid().as_raw() {
        return Err(refuse(format!("process {process} is another user's")));
    }
    let program = fs::read_link(folder.join("exe")).unwrap_or_default();
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    if name.trim_end_matches(" (deleted)") != "hoop" {
        return Err(refuse(format!("process {process} is not a hoop")));
    }
    let status = fs::read_to_string(folder.join("status")).map_err(|_| gone())?;
    if signal_mask(&status, "SigCgt:") & (1 << (3 - 1)) == 0 {
        return Err(refuse(format!(
            "process {process} does not listen: it has just begun, or its script ignores SIGQUIT"
        )));
    }
    Ok(())
}
