//! Child processes.
//!
//! A child is watched through a descriptor of its own (a pidfd), which becomes
//! readable when the child ends: no signal is involved, and nobody else's
//! children are touched. Its pipes are files that never block.

use super::{File, Grants, Host, HostError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{Access, access};
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::process::{Pid, PidfdFlags, Signal};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Stdio as Wiring;
use std::sync::Arc;

/// What one of a child's three streams is connected to.
#[derive(Clone, Debug, Default)]
pub enum Redirect {
    /// The parent's own stream.
    #[default]
    Inherit,
    /// Nothing: reads end, writes vanish.
    Null,
    /// A pipe whose other end the parent keeps.
    Pipe,
    /// An open file.
    File(Arc<File>),
    /// The same as standard output; for standard error only.
    Output,
}

/// What to run, and how.
#[derive(Clone, Debug, Default)]
pub struct Command {
    pub program: OsString,
    /// Without the program itself.
    pub arguments: Vec<OsString>,
    /// What the child sees as its own name, if not `program`.
    pub name: Option<OsString>,
    /// The whole environment; None: that of the engine. The program is searched along its PATH.
    pub environment: Option<Vec<(OsString, OsString)>>,
    pub directory: Option<PathBuf>,
    pub input: Redirect,
    pub output: Redirect,
    pub error: Redirect,
    /// A process group to join; 0 makes one of its own.
    pub process_group: Option<i32>,
}

/// A child and the parent's ends of its pipes. Dropping it does not end it.
#[derive(Debug)]
pub struct Child {
    inner: std::process::Child,
    watch: OwnedFd,
    grants: Arc<Grants>,
    pub input: Option<File>,
    pub output: Option<File>,
    pub error: Option<File>,
    ended: Option<i32>,
}

impl Host {
    /// Starts a child process.
    pub fn spawn(&self, command: Command) -> Result<Child, HostError> {
        let here = self.files.current_directory();
        let mut command = self.grants.confine(command, here, &self.environment)?;
        self.keep_streams(&mut command);
        let command = &command;
        let directory = here.join(command.directory.as_deref().unwrap_or(here));
        let place = self.place_of(command, &directory);
        let program = place.as_ref().map_or(&*command.program, |p| p.as_os_str());
        let mut builder = std::process::Command::new(program);
        builder.args(&command.arguments);
        let given = match &command.environment {
            Some(given) => Some(&given[..]),
            // What the process itself has is passed on without a copy.
            None => self.environment.changed(),
        };
        if let Some(given) = given {
            builder.env_clear();
            builder.envs(given.iter().map(|(name, value)| (name, value)));
        }
        builder.arg0(command.name.as_ref().unwrap_or(&command.program));
        builder.current_dir(directory);
        if let Some(group) = command.process_group {
            builder.process_group(group);
        }
        let (input, to_child) = wire_input(&command.input)?;
        builder.stdin(to_child);
        let (output, error) = wire_outputs(&mut builder, command)?;
        let inner = builder.spawn().map_err(|error| blame(error, command))?;
        // The builder holds the child's ends; with them a pipe never ends.
        drop(builder);
        let watch = watch(inner.id())?;
        self.grants.add_child(inner.id() as i32);
        Ok(Child {
            inner,
            watch,
            grants: self.grants.clone(),
            input,
            output,
            error,
            ended: None,
        })
    }

    /// A process whose streams are not the script's does not lend them to children.
    fn keep_streams(&self, command: &mut Command) {
        if self.environment.is_of_process() {
            return;
        }
        for stream in [&mut command.input, &mut command.output, &mut command.error] {
            if matches!(stream, Redirect::Inherit) {
                *stream = Redirect::Null;
            }
        }
    }

    /// Where a program is along the PATH of its own environment; None where it is named by a path, or nowhere.
    ///
    /// What is named by its place is started without a copy of this process, which takes several times
    /// as long as the rest of the start. A folder that is not absolute is looked for in the child's own.
    fn place_of(&self, command: &Command, directory: &Path) -> Option<PathBuf> {
        if command.program.as_bytes().contains(&b'/') {
            return None;
        }
        let folders = match &command.environment {
            Some(given) => {
                let mut variables = given.iter().rev();
                let found = variables.find(|(name, _)| name == "PATH");
                found.map(|(_, folders)| folders.clone())
            }
            None => self.environment.variable("PATH"),
        };
        std::env::split_paths(folders.as_deref().unwrap_or(OsStr::new("/bin:/usr/bin")))
            .map(|folder| directory.join(folder).join(&command.program))
            .find(|place| access(place, Access::EXEC_OK).is_ok() && place.is_file())
    }

    /// `os.kill`; signal 0 asks whether the process is there. A negative
    /// number names a process group.
    pub fn send_signal(&self, process: i32, signal: i32) -> Result<(), HostError> {
        match process > 0 {
            true => self
                .grants
                .check_child(process, "sending a signal to process")?,
            false => self
                .grants
                .check_processes("sending a signal to a group of processes")?,
        }
        let target = Pid::from_raw(process.checked_abs().ok_or(Errno::INVAL)?);
        let target = target.ok_or(Errno::INVAL)?;
        let group = process < 0;
        if signal == 0 && group {
            return Ok(rustix::process::test_kill_process_group(target)?);
        }
        if signal == 0 {
            return Ok(rustix::process::test_kill_process(target)?);
        }
        let signal = Signal::from_named_raw(signal).ok_or(Errno::INVAL)?;
        if group {
            return Ok(rustix::process::kill_process_group(target, signal)?);
        }
        Ok(rustix::process::kill_process(target, signal)?)
    }
}

impl Child {
    /// Its number.
    pub fn process_id(&self) -> u32 {
        self.inner.id()
    }

    /// The descriptor to watch for reading: ready when the child has ended.
    /// Say `Poller::forget` before the child is dropped.
    pub fn watch_fd(&self) -> i32 {
        self.watch.as_raw_fd()
    }

    /// How it ended, None while it runs: the exit code, or the signal that
    /// ended it as a negative number.
    pub fn poll(&mut self) -> Result<Option<i32>, HostError> {
        if self.ended.is_none() {
            let status = self.inner.try_wait()?;
            self.ended = status.map(|status| match status.signal() {
                Some(signal) => -signal,
                None => status.code().unwrap_or(-1),
            });
            if self.ended.is_some() {
                self.grants.forget_child(self.inner.id() as i32);
            }
        }
        Ok(self.ended)
    }

    /// Sends it a signal; nothing happens if it has ended.
    pub fn send_signal(&self, signal: i32) -> Result<(), HostError> {
        if self.ended.is_some() {
            return Ok(());
        }
        let signal = Signal::from_named_raw(signal).ok_or(Errno::INVAL)?;
        match deliver(&self.watch, self.inner.id(), signal) {
            Err(Errno::SRCH) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// The parent's end and the child's for standard input.
fn wire_input(redirect: &Redirect) -> Result<(Option<File>, Wiring), HostError> {
    Ok(match redirect {
        Redirect::Inherit | Redirect::Output => (None, Wiring::inherit()),
        Redirect::Null => (None, Wiring::null()),
        Redirect::File(file) => (None, wiring(file)?),
        Redirect::Pipe => {
            let (reader, writer) = File::pipe()?;
            writer.set_nonblocking(true)?;
            (Some(writer), wiring(&reader)?)
        }
    })
}

/// One stream of output between a parent and its child.
struct Wired {
    /// The parent's end of a pipe.
    parent: Option<File>,
    child: Wiring,
    /// The child's end once more, if standard error is to share it.
    copy: Option<Arc<File>>,
}

/// Connects standard output and error, and answers the parent's ends.
fn wire_outputs(
    builder: &mut std::process::Command,
    command: &Command,
) -> Result<(Option<File>, Option<File>), HostError> {
    let output = wire_output(&command.output)?;
    builder.stdout(output.child);
    if !matches!(command.error, Redirect::Output) {
        let error = wire_output(&command.error)?;
        builder.stderr(error.child);
        return Ok((output.parent, error.parent));
    }
    let shared = match output.copy {
        Some(copy) => wiring(&copy)?,
        None if matches!(command.output, Redirect::Null) => Wiring::null(),
        None => wiring(&File::standard(1)?)?,
    };
    builder.stderr(shared);
    Ok((output.parent, None))
}

fn wire_output(redirect: &Redirect) -> Result<Wired, HostError> {
    let (parent, child, copy) = match redirect {
        Redirect::Inherit | Redirect::Output => (None, Wiring::inherit(), None),
        Redirect::Null => (None, Wiring::null(), None),
        Redirect::File(file) => (None, wiring(file)?, Some(file.clone())),
        Redirect::Pipe => {
            let (reader, writer) = File::pipe()?;
            reader.set_nonblocking(true)?;
            (Some(reader), wiring(&writer)?, Some(Arc::new(writer)))
        }
    };
    Ok(Wired {
        parent,
        child,
        copy,
    })
}

fn wiring(file: &File) -> Result<Wiring, HostError> {
    Ok(Wiring::from(file.as_fd().try_clone_to_owned()?))
}

/// A failed start names the directory if that is what is missing, else the
/// program.
fn blame(error: std::io::Error, command: &Command) -> HostError {
    let at = match &command.directory {
        Some(directory) if !directory.is_dir() => PathBuf::from(directory),
        _ => PathBuf::from(&command.program),
    };
    HostError::from(error).at(at)
}

#[cfg(target_os = "linux")]
fn watch(process: u32) -> Result<OwnedFd, HostError> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    let process = process.ok_or(Errno::SRCH)?;
    Ok(rustix::process::pidfd_open(process, PidfdFlags::NONBLOCK)?)
}

#[cfg(target_os = "linux")]
fn deliver(watch: &OwnedFd, _: u32, signal: Signal) -> rustix::io::Result<()> {
    rustix::process::pidfd_send_signal(watch, signal)
}

/// What of these is ready now, without waiting: whether the child has ended, and the places of
/// files in the two lists. What is closed or broken counts as ready: the next read or write tells how.
pub fn ready_now(
    child: Option<&Child>,
    reads: &[Arc<File>],
    writes: &[Arc<File>],
) -> Result<(bool, Vec<usize>, Vec<usize>), HostError> {
    let mut polled: Vec<PollFd<'_>> = Vec::new();
    polled.extend(child.map(|child| PollFd::new(&child.watch, PollFlags::IN)));
    polled.extend(reads.iter().map(|file| PollFd::new(file, PollFlags::IN)));
    polled.extend(writes.iter().map(|file| PollFd::new(file, PollFlags::OUT)));
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut polled, Some(&at_once))?;
    let ready: Vec<bool> = polled.iter().map(|p| !p.revents().is_empty()).collect();
    let (ended, ready) = ready.split_at(usize::from(child.is_some()));
    let (reads, writes) = ready.split_at(reads.len());
    let places = |part: &[bool]| (0..part.len()).filter(|at| part[*at]).collect();
    Ok((ended == [true], places(reads), places(writes)))
}

/// Makes files pass to the next child, or keeps them from it again.
pub fn pass_on(files: &[Arc<File>], pass: bool) -> Result<(), HostError> {
    for file in files {
        let mut flags = fcntl_getfd(file)?;
        flags.set(FdFlags::CLOEXEC, !pass);
        fcntl_setfd(file, flags)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Owner, Wait};
    use super::*;

    fn host() -> Host {
        Host::system(Vec::new())
    }

    fn shell(script: &str) -> Command {
        Command {
            program: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            input: Redirect::Pipe,
            output: Redirect::Pipe,
            error: Redirect::Output,
            ..Command::default()
        }
    }

    fn finish(host: &mut Host, child: &mut Child) -> i32 {
        let fd = child.watch_fd();
        host.poller.watch(fd, Direction::Read, Owner(1)).unwrap();
        let mut events = Vec::new();
        loop {
            if let Some(code) = child.poll().unwrap() {
                host.poller.forget(fd);
                return code;
            }
            host.wait(Wait::Forever, &mut events).unwrap();
        }
    }

    #[test]
    fn a_child_talks_and_ends() {
        let mut host = host();
        let script = "read line; echo got $line; echo oops >&2; exit 3";
        let mut child = host.spawn(shell(script)).unwrap();
        assert!(child.poll().unwrap().is_none());
        let input = child.input.take().unwrap();
        input.write_all(b"it\n").unwrap();
        drop(input);
        assert_eq!(finish(&mut host, &mut child), 3);
        let mut said = Vec::new();
        child.output.take().unwrap().read_to_end(&mut said).unwrap();
        assert_eq!(said, b"got it\noops\n");
        child.send_signal(15).unwrap();
    }

    #[test]
    fn a_signal_ends_a_child() {
        let mut host = host();
        let mut child = host.spawn(shell("exec sleep 100")).unwrap();
        host.send_signal(child.process_id() as i32, 0).unwrap();
        child.send_signal(15).unwrap();
        assert_eq!(finish(&mut host, &mut child), -15);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let host = host();
        let mut command = shell("");
        command.program = "hoopsnake-no-such-program".into();
        let error = host.spawn(command.clone()).unwrap_err();
        let text = "[Errno 2] No such file or directory: 'hoopsnake-no-such-program'";
        assert_eq!(error.to_string(), text);
        command.program = "sh".into();
        command.directory = Some("/no/such/place".into());
        let error = host.spawn(command.clone()).unwrap_err();
        let text = "[Errno 2] No such file or directory: '/no/such/place'";
        assert_eq!(error.to_string(), text);
        let denied = Host::simulated(1).0.spawn(command).unwrap_err();
        assert_eq!(denied.errno, 1);
    }
}
