//! What the system says of itself and of processes, and the rarer things it does with files.

use super::{Descriptors, File, Files, Grants, Host, HostError};
use rustix::fs::{CWD, FileType, MemfdFlags, Mode, StatVfs};
use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_getfd, fcntl_setfd};
use rustix::process::{self, Pid, Signal, WaitOptions};
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::sync::Arc;

/// Kind, machine and versions of the system: `os.uname`.
pub struct SystemName {
    pub system: String,
    pub node: String,
    pub release: String,
    pub version: String,
    pub machine: String,
}

impl SystemName {
    /// What the system answers.
    pub fn ask() -> SystemName {
        let name = rustix::system::uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        SystemName {
            system: text(name.sysname()),
            node: text(name.nodename()),
            release: text(name.release()),
            version: text(name.version()),
            machine: text(name.machine()),
        }
    }
}

/// The numbers of `os.statvfs`, in its order, and the number of the file system.
pub fn numbers_of(stat: &StatVfs) -> [u64; 11] {
    [
        stat.f_bsize,
        stat.f_frsize,
        stat.f_blocks,
        stat.f_bfree,
        stat.f_bavail,
        stat.f_files,
        stat.f_ffree,
        stat.f_favail,
        stat.f_flag.bits(),
        stat.f_namemax,
        stat.f_fsid,
    ]
}

impl File {
    /// Reads at a place, wherever the file stands.
    pub fn read_at(&self, bytes: &mut [u8], place: u64) -> Result<usize, HostError> {
        Ok(self.inner().read_at(bytes, place)?)
    }

    /// Writes at a place, wherever the file stands.
    pub fn write_at(&self, bytes: &[u8], place: u64) -> Result<usize, HostError> {
        Ok(self.inner().write_at(bytes, place)?)
    }

    /// Whether children inherit it.
    pub fn is_inheritable(&self) -> Result<bool, HostError> {
        Ok(!fcntl_getfd(self)?.contains(FdFlags::CLOEXEC))
    }

    /// Says whether children inherit it.
    pub fn set_inheritable(&self, inheritable: bool) -> Result<(), HostError> {
        let mut flags = fcntl_getfd(self)?;
        flags.set(FdFlags::CLOEXEC, !inheritable);
        Ok(fcntl_setfd(self, flags)?)
    }

    /// Sets who may read, write and run it.
    pub fn set_mode(&self, mode: u32) -> Result<(), HostError> {
        self.check_kept()?;
        Ok(rustix::fs::fchmod(self, Mode::from_raw_mode(mode))?)
    }

    /// Sets whose it is; None leaves it.
    pub fn set_owner(&self, user: Option<u32>, group: Option<u32>) -> Result<(), HostError> {
        self.check_kept()?;
        Ok(std::os::unix::fs::fchown(self.as_fd(), user, group)?)
    }

    /// What is known of the file system it lies on.
    pub fn file_system(&self) -> Result<[u64; 11], HostError> {
        Ok(numbers_of(&rustix::fs::fstatvfs(self)?))
    }

    /// Copies from one file to another inside the system.
    pub fn send_from(
        &self,
        source: &File,
        place: Option<&mut u64>,
        count: usize,
    ) -> Result<usize, HostError> {
        Ok(rustix::fs::sendfile(self, source, place, count)?)
    }

    /// A lock on the whole file, in the system's bits (`LOCK_EX` ...).
    pub fn lock(&self, operation: u32) -> Result<(), HostError> {
        use rustix::fs::{FlockOperation, flock};
        let waits = operation & 4 == 0;
        let operation = match (operation & !4, waits) {
            (1, true) => FlockOperation::LockShared,
            (1, false) => FlockOperation::NonBlockingLockShared,
            (2, true) => FlockOperation::LockExclusive,
            (2, false) => FlockOperation::NonBlockingLockExclusive,
            (8, true) => FlockOperation::Unlock,
            (8, false) => FlockOperation::NonBlockingUnlock,
            _ => return Err(Errno::INVAL.into()),
        };
        Ok(flock(self, operation)?)
    }

    /// A counter to wait for.
    #[cfg(target_os = "linux")]
    pub fn event_counter(start: u32, flags: u32) -> Result<File, HostError> {
        let flags = rustix::event::EventfdFlags::from_bits_retain(flags);
        Ok(File::from(rustix::event::eventfd(start, flags)?))
    }
}

impl Files {
    /// Sets whose a file is; None leaves it.
    pub fn set_owner(
        &self,
        path: &Path,
        user: Option<u32>,
        group: Option<u32>,
        follow: bool,
    ) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            let done = folders.set_owner(&whole, user, group, follow);
            return done.map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let done = if follow {
            std::os::unix::fs::chown(target, user, group)
        } else {
            std::os::unix::fs::lchown(target, user, group)
        };
        done.map_err(|error| HostError::from(error).at(path))
    }

    /// Makes a pipe with a name.
    pub fn make_pipe(&self, path: &Path, mode: u32) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.make_pipe(&whole, mode).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let mode = Mode::from_raw_mode(mode);
        Ok(rustix::fs::mknodat(CWD, target, FileType::Fifo, mode, 0)?)
    }

    /// What is known of the file system a path lies on.
    pub fn file_system(&self, path: &Path) -> Result<[u64; 11], HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            let stat = folders.file_system(&whole);
            return stat.map(|stat| numbers_of(&stat)).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let stat = rustix::fs::statvfs(target);
        stat.map(|stat| numbers_of(&stat))
            .map_err(|error| HostError::from(error).at(path))
    }
}

impl Descriptors {
    /// `os.dup2`: lets another number stand for a file, closing what it stood for.
    pub fn duplicate_onto(&mut self, file: &File, number: i32) -> Result<(), HostError> {
        if let Ok(slot @ 0..=2) = usize::try_from(number)
            && self.has_standard()
        {
            self.check_replace()?;
            match slot {
                0 => rustix::stdio::dup2_stdin(file)?,
                1 => rustix::stdio::dup2_stdout(file)?,
                _ => rustix::stdio::dup2_stderr(file)?,
            }
            self.forget_standard(slot);
            return Ok(());
        }
        let Ok(taken) = self.remove(number) else {
            let copy = fcntl_dupfd_cloexec(file, number)?;
            let copy = File::from(copy).kept(file.is_kept());
            if copy.fileno() != number {
                // The number belongs to somebody a script does not see.
                return Err(Errno::BUSY.into());
            }
            self.insert(copy);
            return Ok(());
        };
        let Ok(taken) = Arc::try_unwrap(taken) else {
            return Err(Errno::BUSY.into());
        };
        let mut owned = OwnedFd::from(taken);
        rustix::io::dup3(file, &mut owned, rustix::io::DupFlags::CLOEXEC)?;
        self.insert(File::from(owned).kept(file.is_kept()));
        Ok(())
    }
}

/// Whom a call about priorities means: a process, a group or a user.
fn whom(which: i32, id: i32) -> Result<(i32, Option<Pid>), Errno> {
    match (which, id) {
        (0..=2, 0) => Ok((which, None)),
        (0..=2, 1..) => Ok((which, Pid::from_raw(id))),
        _ => Err(Errno::INVAL),
    }
}

impl Host {
    /// The priority of a process (0), a group (1) or a user (2); 0 is the own one.
    pub fn priority(&self, which: i32, id: i32) -> Result<i32, HostError> {
        if id != 0 {
            self.grants.check_processes("asking for a priority")?;
        }
        let (which, pid) = whom(which, id)?;
        Ok(match which {
            0 => process::getpriority_process(pid)?,
            1 => process::getpriority_pgrp(pid)?,
            _ => process::getpriority_user(process::Uid::from_raw(id as u32))?,
        })
    }

    /// Sets a priority.
    pub fn set_priority(&self, which: i32, id: i32, priority: i32) -> Result<(), HostError> {
        self.grants.check_processes("setting a priority")?;
        let (which, pid) = whom(which, id)?;
        match which {
            0 => process::setpriority_process(pid, priority)?,
            1 => process::setpriority_pgrp(pid, priority)?,
            _ => process::setpriority_user(process::Uid::from_raw(id as u32), priority)?,
        }
        Ok(())
    }

    /// `os.nice`: the new priority.
    pub fn add_nice(&self, more: i32) -> Result<i32, HostError> {
        self.grants.check_processes("setting a priority")?;
        Ok(process::nice(more)?)
    }

    /// The group of a process; 0 is the own one.
    pub fn process_group(&self, id: i32) -> Result<i32, HostError> {
        if id != 0 {
            self.grants
                .check_child(id, "asking for the group of process")?;
        }
        Ok(process::getpgid(Pid::from_raw(id))?.as_raw_nonzero().get())
    }

    /// Puts a process into a group.
    pub fn set_process_group(&self, id: i32, group: i32) -> Result<(), HostError> {
        self.grants.check_processes("setting a process group")?;
        Ok(process::setpgid(Pid::from_raw(id), Pid::from_raw(group))?)
    }

    /// The session of a process; 0 is the own one.
    pub fn session(&self, id: i32) -> Result<i32, HostError> {
        if id != 0 {
            self.grants
                .check_child(id, "asking for the session of process")?;
        }
        Ok(process::getsid(Pid::from_raw(id))?.as_raw_nonzero().get())
    }

    /// Begins a session.
    pub fn begin_session(&self) -> Result<(), HostError> {
        self.grants.check_processes("beginning a session")?;
        process::setsid()?;
        Ok(())
    }

    /// The further groups of the process.
    pub fn groups(&self) -> Result<Vec<u32>, HostError> {
        let groups = process::getgroups()?;
        Ok(groups.into_iter().map(|group| group.as_raw()).collect())
    }

    /// Which rights new files do not get, and sets that: the mask before.
    pub fn set_mask(&self, mask: u32) -> Result<u32, HostError> {
        self.grants
            .check_processes("setting the mask of new files")?;
        Ok(process::umask(Mode::from_raw_mode(mask)).as_raw_mode())
    }

    /// How a child has ended, in the system's bits; None while none has. -1 is any child.
    pub fn wait_child(&self, id: i32) -> Result<Option<(i32, i32)>, HostError> {
        if let Some(own) = self.grants.own_children() {
            return self.wait_own_child(id, &own);
        }
        let options = WaitOptions::NOHANG;
        let found = match id {
            -1 => process::wait(options)?,
            1.. => process::waitpid(Pid::from_raw(id), options)?,
            _ => return Err(Errno::INVAL.into()),
        };
        Ok(found.map(|(pid, status)| (pid.as_raw_nonzero().get(), status.as_raw())))
    }

    /// The same where only processes that were started here may be waited for.
    fn wait_own_child(&self, id: i32, own: &[i32]) -> Result<Option<(i32, i32)>, HostError> {
        if id != -1 {
            self.grants.check_child(id, "waiting for process")?;
        }
        let mut there = false;
        for &child in own.iter().filter(|child| id == -1 || id == **child) {
            match process::waitpid(Pid::from_raw(child), WaitOptions::NOHANG) {
                Ok(Some((_, status))) => {
                    self.grants.forget_child(child);
                    return Ok(Some((child, status.as_raw())));
                }
                Ok(None) => there = true,
                Err(_) => {}
            }
        }
        match there {
            true => Ok(None),
            false => Err(Errno::CHILD.into()),
        }
    }

    /// A file that is ready for reading when a process has ended.
    #[cfg(target_os = "linux")]
    pub fn process_file(&self, process: i32) -> Result<File, HostError> {
        let process = Grants::positive(process)?;
        self.grants.check_child(process, "watching process")?;
        let process = Pid::from_raw(process).ok_or(Errno::INVAL)?;
        let flags = process::PidfdFlags::empty();
        Ok(File::from(process::pidfd_open(process, flags)?))
    }

    /// A file in memory.
    #[cfg(target_os = "linux")]
    pub fn memory_file(&self, name: &Path, flags: u32) -> Result<File, HostError> {
        if !self.grants.permissions().write.is_everything() {
            return Err(HostError::denied("making a file in memory", "write"));
        }
        let flags = MemfdFlags::from_bits_retain(flags);
        Ok(File::from(rustix::fs::memfd_create(name, flags)?))
    }

    /// Lets another program go on in place of this one; comes back only if that fails.
    pub fn replace_program(
        &self,
        program: &Path,
        arguments: &[OsString],
        environment: &[(OsString, OsString)],
    ) -> HostError {
        let Some((name, rest)) = arguments.split_first() else {
            return Errno::INVAL.into();
        };
        // A name without a directory is not searched for.
        let mut program = self.files.current_directory().join(program);
        let here = self.files.current_directory();
        let granted = self
            .check_own_process("replacing the process")
            .and_then(|()| {
                let granted = self.grants.program(program.as_os_str(), here)?;
                self.grants
                    .check_variables_for(granted.as_deref(), environment)?;
                Ok(granted)
            });
        let mut name = name.as_os_str();
        match granted {
            Ok(None) => {}
            Ok(Some(found)) => {
                program = found;
                name = program.as_os_str();
            }
            Err(denied) => return denied,
        }
        let mut command = std::process::Command::new(&program);
        command.arg0(name).args(rest).env_clear();
        let pairs = environment.iter().map(|(name, value)| (name, value));
        command.envs(pairs);
        command.current_dir(self.files.current_directory());
        command.exec().into()
    }

    /// Sends a signal to a group of processes.
    pub fn signal_group(&self, group: i32, signal: i32) -> Result<(), HostError> {
        self.grants
            .check_processes("sending a signal to a group of processes")?;
        let group = Pid::from_raw(group).ok_or(Errno::INVAL)?;
        if signal == 0 {
            return Ok(process::test_kill_process_group(group)?);
        }
        let signal = Signal::from_named_raw(signal).ok_or(Errno::INVAL)?;
        Ok(process::kill_process_group(group, signal)?)
    }
}
