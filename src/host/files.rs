//! Open files, and the door through which they are opened.

use super::{FileStat, HostError, Permissions};
use rustix::io::Errno;
use std::fs::OpenOptions;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use std::io::SeekFrom;

/// How a file is opened: the letters of `open`, or the flags of `os.open`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenMode {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    /// Make it if it is not there.
    pub create: bool,
    /// It must not be there.
    pub exclusive: bool,
    pub truncate: bool,
}

impl OpenMode {
    /// `"r"`.
    pub const READ: OpenMode = OpenMode {
        read: true,
        write: false,
        append: false,
        create: false,
        exclusive: false,
        truncate: false,
    };

    /// The mode for one of `r`, `w`, `a`, `x`, with or without `+`. None for
    /// any other letter.
    pub fn of_letter(letter: char, plus: bool) -> Option<OpenMode> {
        let none = OpenMode::default();
        let mut mode = match letter {
            'r' => OpenMode { read: true, ..none },
            'w' => OpenMode {
                write: true,
                create: true,
                truncate: true,
                ..none
            },
            'a' => OpenMode {
                write: true,
                append: true,
                create: true,
                ..none
            },
            'x' => OpenMode {
                write: true,
                create: true,
                exclusive: true,
                ..none
            },
            _ => return None,
        };
        if plus {
            mode.read = true;
            mode.write = true;
        }
        Some(mode)
    }

    fn changes(self) -> bool {
        self.write || self.append || self.create || self.truncate
    }
}

/// The file system as one engine sees it: its grants, and the directory that
/// relative paths start from. Errors name the path as the caller wrote it.
#[derive(Clone)]
pub struct Files {
    pub(super) permissions: Arc<Permissions>,
    current: PathBuf,
    /// False until `change_directory`: relative paths are then the process's.
    moved: bool,
}

impl Files {
    pub(super) fn new(permissions: Arc<Permissions>, current: PathBuf) -> Self {
        Files {
            permissions,
            current,
            moved: false,
        }
    }

    /// The directory that relative paths start from.
    pub fn current_directory(&self) -> &Path {
        &self.current
    }

    /// `os.chdir`, for this engine only.
    pub fn change_directory(&mut self, path: &Path) -> Result<(), HostError> {
        self.permissions.check_read()?;
        let target = std::fs::canonicalize(self.resolve(path)?).map_err(|e| fail(e, path))?;
        let stat = std::fs::metadata(&target).map_err(|e| fail(e, path))?;
        if !stat.is_dir() {
            return Err(HostError::from(Errno::NOTDIR).at(path));
        }
        self.current = target;
        self.moved = true;
        Ok(())
    }

    /// The path to hand to the system.
    pub(super) fn resolve(&self, path: &Path) -> Result<PathBuf, HostError> {
        if path.as_os_str().is_empty() {
            // Joined to the directory it would name the directory.
            return Err(HostError::from(Errno::NOENT).at(path));
        }
        Ok(if self.moved {
            self.current.join(path)
        } else {
            path.to_owned()
        })
    }

    /// Opens a file. `permissions` are those of a file it makes, usually
    /// 0o666, before the process's mask.
    pub fn open(&self, path: &Path, mode: OpenMode, permissions: u32) -> Result<File, HostError> {
        if mode.read {
            self.permissions.check_read().map_err(|e| e.at(path))?;
        }
        if mode.changes() {
            self.permissions.check_write().map_err(|e| e.at(path))?;
        }
        let mut options = OpenOptions::new();
        options
            .read(mode.read)
            .write(mode.write && !mode.append)
            .append(mode.append)
            .create(mode.create && !mode.exclusive)
            .create_new(mode.exclusive)
            .truncate(mode.truncate)
            .mode(permissions);
        let file = options
            .open(self.resolve(path)?)
            .map_err(|e| fail(e, path))?;
        // The system opens a directory for reading, and a script may not.
        if !mode.changes() && file.metadata().is_ok_and(|data| data.is_dir()) {
            return Err(HostError::from(Errno::ISDIR).at(path));
        }
        Ok(File { inner: file })
    }

    /// A whole file, for the loader of modules.
    pub fn read_file(&self, path: &Path) -> Result<Vec<u8>, HostError> {
        let mut bytes = Vec::new();
        let file = self.open(path, OpenMode::READ, 0)?;
        (&file.inner)
            .read_to_end(&mut bytes)
            .map_err(|e| fail(e, path))?;
        Ok(bytes)
    }

    /// Makes or replaces a whole file.
    pub fn write_file(&self, path: &Path, bytes: &[u8]) -> Result<(), HostError> {
        let mode = OpenMode::of_letter('w', false).unwrap_or_default();
        let file = self.open(path, mode, 0o666)?;
        (&file.inner).write_all(bytes).map_err(|e| fail(e, path))
    }
}

/// An error of std about `path`.
pub(super) fn fail(error: std::io::Error, path: &Path) -> HostError {
    HostError::from(error).at(path)
}

/// An open file without any buffer. It closes when it is dropped; `close`
/// also says whether that went well. All of it works through `&self`, so that
/// a call on the pool can share it.
#[derive(Debug)]
pub struct File {
    inner: std::fs::File,
}

impl File {
    /// Reads some bytes; zero at the end.
    pub fn read(&self, bytes: &mut [u8]) -> Result<usize, HostError> {
        retry(|| (&self.inner).read(bytes))
    }

    /// Reads to the end, after what `bytes` already holds.
    pub fn read_to_end(&self, bytes: &mut Vec<u8>) -> Result<usize, HostError> {
        Ok((&self.inner).read_to_end(bytes)?)
    }

    /// Writes some of `bytes` and says how many.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, HostError> {
        retry(|| (&self.inner).write(bytes))
    }

    /// Writes all of `bytes`.
    pub fn write_all(&self, bytes: &[u8]) -> Result<(), HostError> {
        Ok((&self.inner).write_all(bytes)?)
    }

    /// Moves to a place and answers where that is from the start.
    pub fn seek(&self, to: SeekFrom) -> Result<u64, HostError> {
        Ok((&self.inner).seek(to)?)
    }

    /// Where the file stands.
    pub fn tell(&self) -> Result<u64, HostError> {
        Ok((&self.inner).stream_position()?)
    }

    /// Cuts or extends the file to a length.
    pub fn truncate(&self, length: u64) -> Result<(), HostError> {
        Ok(self.inner.set_len(length)?)
    }

    /// Waits until what was written is on the disk: `os.fsync`.
    pub fn sync(&self) -> Result<(), HostError> {
        Ok(self.inner.sync_all()?)
    }

    /// What the system knows of it.
    pub fn stat(&self) -> Result<FileStat, HostError> {
        Ok(self.inner.metadata()?.into())
    }

    /// True for a terminal.
    pub fn is_terminal(&self) -> bool {
        rustix::termios::isatty(&self.inner)
    }

    /// True if it has a position that can be moved: no pipe, no terminal.
    pub fn is_seekable(&self) -> bool {
        self.tell().is_ok()
    }

    /// Its number.
    pub fn fileno(&self) -> i32 {
        self.inner.as_raw_fd()
    }

    /// Another number for the same open file: `os.dup`.
    pub fn duplicate(&self) -> Result<File, HostError> {
        Ok(File {
            inner: self.inner.try_clone()?,
        })
    }

    /// The two ends of a new pipe, the one to read from first.
    pub fn pipe() -> Result<(File, File), HostError> {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let wrap = |fd: rustix::fd::OwnedFd| File { inner: fd.into() };
        Ok((wrap(reader), wrap(writer)))
    }

    /// Makes reads and writes answer "would block" instead of waiting.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), HostError> {
        Ok(rustix::io::ioctl_fionbio(&self.inner, nonblocking)?)
    }

    /// Closes the file.
    pub fn close(self) -> Result<(), HostError> {
        drop(self.inner);
        Ok(())
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

/// Asks again when a signal interrupted the call.
fn retry(mut call: impl FnMut() -> std::io::Result<usize>) -> Result<usize, HostError> {
    loop {
        match call() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return Ok(result?),
        }
    }
}
