//! Open files, and the door through which they are opened.

use super::folders::{Folders, Need};
use super::{FileStat, Grants, HostError};
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
    /// More of the system's flags of `open`; a directory may be opened too.
    pub flags: Option<i32>,
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
        flags: None,
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

    /// Whether something may be another than before, or be there at all.
    pub(super) fn changes(self) -> bool {
        use rustix::fs::OFlags;
        let more = OFlags::from_bits_retain(self.flags.unwrap_or(0) as u32);
        let changing = OFlags::CREATE | OFlags::TRUNC;
        #[cfg(target_os = "linux")]
        let changing = changing | (OFlags::TMPFILE - OFlags::DIRECTORY);
        self.write || self.append || self.create || self.truncate || more.intersects(changing)
    }
}

/// The file system as one engine sees it: its grants, and the directory that
/// relative paths start from. Errors name the path as the caller wrote it.
#[derive(Clone)]
pub struct Files {
    grants: Arc<Grants>,
    current: PathBuf,
    /// False until `change_directory`: relative paths are then the process's.
    moved: bool,
}

impl Files {
    pub(super) fn new(grants: Arc<Grants>, current: PathBuf) -> Self {
        Files {
            grants,
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
        if let Some((folders, whole)) = self.sandboxed(path)? {
            self.current = folders.folder(&whole).map_err(|e| e.at(path))?;
            return Ok(());
        }
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

    /// The granted folders and the whole path to look up in them; None where every path is granted.
    pub(super) fn sandboxed(&self, path: &Path) -> Result<Option<(&Folders, PathBuf)>, HostError> {
        let Some(folders) = self.grants.folders() else {
            return Ok(None);
        };
        if path.as_os_str().is_empty() {
            return Err(HostError::from(Errno::NOENT).at(path));
        }
        Ok(Some((folders, self.current.join(path))))
    }

    /// The path of a socket file, to hand to a socket, which knows of no directory.
    pub fn socket_path(&self, path: PathBuf) -> PathBuf {
        match self.moved || self.grants.folders().is_some() {
            true => self.current.join(path),
            false => path,
        }
    }

    /// Opens a file. `permissions` are those of a file it makes, usually
    /// 0o666, before the process's mask.
    pub fn open(&self, path: &Path, mode: OpenMode, permissions: u32) -> Result<File, HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            let opened = folders.open_file(&whole, mode, permissions);
            return only_file(opened.map_err(|e| e.at(path))?, mode, path);
        }
        let mut options = OpenOptions::new();
        options
            .read(mode.read)
            .write(mode.write && !mode.append)
            .append(mode.append)
            .create(mode.create && !mode.exclusive)
            .create_new(mode.exclusive)
            .truncate(mode.truncate)
            .mode(permissions)
            .custom_flags(mode.flags.unwrap_or(0));
        let file = options
            .open(self.resolve(path)?)
            .map_err(|e| fail(e, path))?;
        only_file(File::of(file), mode, path)
    }

    /// A module, or the script that is run: what may be imported need not be open to scripts.
    pub fn read_module(&self, path: &Path) -> Result<Vec<u8>, HostError> {
        let Some((folders, whole)) = self.sandboxed(path)? else {
            return self.read_file(path);
        };
        let file = folders.open_module(&whole).map_err(|e| e.at(path))?;
        let file = only_file(file, OpenMode::READ, path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| e.at(path))?;
        Ok(bytes)
    }

    /// What is at a path where a module may be.
    pub fn stat_module(&self, path: &Path) -> Result<FileStat, HostError> {
        match self.sandboxed(path)? {
            Some((folders, whole)) => folders.stat_module(&whole).map_err(|e| e.at(path)),
            None => self.stat(path, true),
        }
    }

    /// The path of a module, or of a folder of modules, without links, dots and relative parts.
    pub fn real_module_path(&self, path: &Path) -> Result<PathBuf, HostError> {
        match self.sandboxed(path)? {
            Some((folders, whole)) => folders
                .real_path(&whole, Need::Package)
                .map_err(|e| e.at(path)),
            None => self.real_path(path),
        }
    }

    /// A whole file.
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

/// The system opens a directory for reading, and a script may not, unless it says flags of its own.
fn only_file(file: File, mode: OpenMode, path: &Path) -> Result<File, HostError> {
    let may_be_folder = mode.changes() || mode.flags.is_some();
    if !may_be_folder && file.inner.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(HostError::from(Errno::ISDIR).at(path));
    }
    Ok(file)
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
    /// Its mode and owner are not for the script to change, which may read it only or was lent it.
    is_kept: bool,
}

impl File {
    fn of(inner: std::fs::File) -> File {
        File {
            inner,
            is_kept: false,
        }
    }

    /// The same file, whose mode and owner are not for the script to change.
    pub(super) fn kept(self, is_kept: bool) -> File {
        File { is_kept, ..self }
    }

    /// An error if its mode and owner are not for the script to change.
    pub(super) fn check_kept(&self) -> Result<(), HostError> {
        match self.is_kept {
            true => Err(HostError::denied("changing this file", "write")),
            false => Ok(()),
        }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    pub(super) fn inner(&self) -> &std::fs::File {
        &self.inner
    }

    /// Reads some bytes; zero at the end.
    pub fn read(&self, bytes: &mut [u8]) -> Result<usize, HostError> {
        retry(|| (&self.inner).read(bytes))
    }

    /// Reads at most `limit` bytes behind those that `bytes` already holds, and says how many.
    pub fn read_into_spare(&self, bytes: &mut Vec<u8>, limit: usize) -> Result<usize, HostError> {
        bytes
            .try_reserve_exact(limit)
            .map_err(|_| HostError::from(Errno::NOMEM))?;
        let before = bytes.len();
        if bytes.capacity() - before > limit {
            bytes.resize(before + limit, 0);
            let got = self.read(&mut bytes[before..]);
            bytes.truncate(before + *got.as_ref().unwrap_or(&0));
            return got;
        }
        // Room that is as large as what is asked for need not be cleared first.
        loop {
            match rustix::io::read(&self.inner, rustix::buffer::spare_capacity(bytes)) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
                Ok(_) => return Ok(bytes.len() - before),
            }
        }
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

    /// Writes everything, or says how much went out before the error.
    pub fn write_most(&self, bytes: &[u8]) -> (usize, Result<(), HostError>) {
        let mut done = 0;
        while done < bytes.len() {
            match self.write(&bytes[done..]) {
                Ok(0) => return (done, Err(HostError::from(Errno::IO))),
                Ok(count) => done += count,
                Err(error) => return (done, Err(error)),
            }
        }
        (done, Ok(()))
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
            is_kept: self.is_kept,
        })
    }

    /// The two ends of a new pipe, the one to read from first.
    pub fn pipe() -> Result<(File, File), HostError> {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        Ok((File::from(reader), File::from(writer)))
    }

    /// A standard stream of the process (0, 1 or 2) under another number.
    pub(super) fn standard(fd: i32) -> Result<File, HostError> {
        let stream = match fd {
            0 => rustix::stdio::stdin(),
            1 => rustix::stdio::stdout(),
            2 => rustix::stdio::stderr(),
            _ => return Err(HostError::from(Errno::BADF)),
        };
        let copy = rustix::io::fcntl_dupfd_cloexec(stream, 3)?;
        Ok(File::from(copy))
    }

    /// Makes reads and writes answer "would block" instead of waiting.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), HostError> {
        Ok(rustix::io::ioctl_fionbio(&self.inner, nonblocking)?)
    }

    /// Whether reads and writes answer "would block" instead of waiting.
    pub fn is_nonblocking(&self) -> Result<bool, HostError> {
        let flags = rustix::fs::fcntl_getfl(&self.inner)?;
        Ok(flags.contains(rustix::fs::OFlags::NONBLOCK))
    }

    /// Whether it is a pipe that gives all it has to a read that asks for more: one of packets does not.
    pub fn is_pipe_of_bytes(&self) -> bool {
        use rustix::fs::{FileType, OFlags};
        let kind = rustix::fs::fstat(&self.inner).map(|s| FileType::from_raw_mode(s.st_mode as _));
        let flags = rustix::fs::fcntl_getfl(&self.inner);
        kind == Ok(FileType::Fifo) && flags.is_ok_and(|flags| !flags.contains(OFlags::DIRECT))
    }

    /// Whether a read, or a write, may have to wait: it is open for that, and blocks.
    pub fn may_wait(&self, direction: super::Direction) -> bool {
        use rustix::fs::OFlags;
        let Ok(flags) = rustix::fs::fcntl_getfl(&self.inner) else {
            return false;
        };
        let other_way = match direction {
            super::Direction::Read => OFlags::WRONLY,
            super::Direction::Write => OFlags::RDONLY,
        };
        flags & OFlags::RWMODE != other_way && !flags.contains(OFlags::NONBLOCK)
    }

    /// Closes the file.
    pub fn close(self) -> Result<(), HostError> {
        drop(self.inner);
        Ok(())
    }
}

impl From<std::os::fd::OwnedFd> for File {
    fn from(fd: std::os::fd::OwnedFd) -> File {
        File::of(fd.into())
    }
}

impl From<File> for std::os::fd::OwnedFd {
    fn from(file: File) -> std::os::fd::OwnedFd {
        file.inner.into()
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

#[cfg(test)]
mod tests {
    use super::super::Permissions;
    use super::*;

    /// A directory of one test, removed with its files at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let place = format!("hoopsnake-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(place);
            std::fs::create_dir_all(&path).unwrap();
            Scratch(std::fs::canonicalize(path).unwrap())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn files() -> Files {
        Files::new(Arc::new(Grants::new(Permissions::all())), "/".into())
    }

    #[test]
    fn a_file_is_written_read_and_moved_in() {
        let scratch = Scratch::new("rw");
        let files = files();
        let path = scratch.0.join("f");
        let mode = OpenMode::of_letter('w', true).unwrap();
        let file = files.open(&path, mode, 0o640).unwrap();
        file.write_all(b"hello world").unwrap();
        assert_eq!(file.seek(SeekFrom::Start(6)).unwrap(), 6);
        let mut bytes = [0; 16];
        assert_eq!(file.read(&mut bytes).unwrap(), 5);
        assert_eq!(file.tell().unwrap(), 11);
        file.truncate(5).unwrap();
        assert!(
            file.seek(SeekFrom::Current(-99))
                .unwrap_err()
                .is(Errno::INVAL)
        );
        file.close().unwrap();
        assert_eq!(files.read_file(&path).unwrap(), b"hello");
        assert_eq!(files.stat(&path, true).unwrap().mode & 0o777, 0o640);
        let mode = OpenMode::of_letter('a', false).unwrap();
        let file = files.open(&path, mode, 0o666).unwrap();
        file.write(b"!").unwrap();
        assert!(file.read(&mut bytes).unwrap_err().is(Errno::BADF));
        assert_eq!(files.read_file(&path).unwrap(), b"hello!");
    }

    #[test]
    fn errors_name_the_path_as_it_was_written() {
        let scratch = Scratch::new("errors");
        let mut files = files();
        files.change_directory(&scratch.0).unwrap();
        let error = files.read_file("nothing".as_ref()).unwrap_err();
        let text = "[Errno 2] No such file or directory: 'nothing'";
        assert_eq!(error.to_string(), text);
        let error = files.read_file(".".as_ref()).unwrap_err();
        assert_eq!(error.to_string(), "[Errno 21] Is a directory: '.'");
        files.write_file("x".as_ref(), b"").unwrap();
        let mode = OpenMode::of_letter('x', false).unwrap();
        let error = files.open("x".as_ref(), mode, 0o666).unwrap_err();
        assert_eq!(error.to_string(), "[Errno 17] File exists: 'x'");
        let error = files.rename("a".as_ref(), "b".as_ref()).unwrap_err();
        let text = "[Errno 2] No such file or directory: 'a' -> 'b'";
        assert_eq!(error.to_string(), text);
        let error = files.read_file("".as_ref()).unwrap_err();
        assert_eq!(error.to_string(), "[Errno 2] No such file or directory: ''");
        let error = files.change_directory("x".as_ref()).unwrap_err();
        assert_eq!(error.to_string(), "[Errno 20] Not a directory: 'x'");
    }

    #[test]
    fn directories_links_and_times() {
        let scratch = Scratch::new("dirs");
        let mut files = files();
        files.change_directory(&scratch.0).unwrap();
        files.make_directory("d".as_ref(), 0o777).unwrap();
        files.write_file("d/f".as_ref(), b"1").unwrap();
        files.symbolic_link("f".as_ref(), "d/l".as_ref()).unwrap();
        assert_eq!(files.read_link("d/l".as_ref()).unwrap(), Path::new("f"));
        let real = files.real_path("d/l".as_ref()).unwrap();
        assert_eq!(real, scratch.0.join("d/f"));
        assert!(files.stat("d/l".as_ref(), false).unwrap().is_link());
        assert!(files.is_file("d/l".as_ref()) && files.is_directory("d".as_ref()));
        let mut names = files.list("d".as_ref()).unwrap();
        names.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(names[0].is_file && names[1].is_link && names.len() == 2);
        files.set_times("d/f".as_ref(), 1, -1).unwrap();
        let stat = files.stat("d/f".as_ref(), true).unwrap();
        assert_eq!((stat.accessed_ns, stat.modified_ns), (1, -1));
        assert!(files.access("d/f".as_ref(), 4) && !files.access("d/none".as_ref(), 0));
        let error = files.remove_directory("d".as_ref()).unwrap_err();
        assert!(error.is(Errno::NOTEMPTY));
        files.remove("d/f".as_ref()).unwrap();
        files.remove("d/l".as_ref()).unwrap();
        files.remove_directory("d".as_ref()).unwrap();
        assert!(!files.exists("d".as_ref()));
    }

    #[test]
    fn files_can_be_denied() {
        let files = Files::new(Arc::new(Grants::new(Permissions::none())), "/".into());
        let error = files.read_file("/etc/hosts".as_ref()).unwrap_err();
        assert_eq!(error.errno, 1);
        assert!(!files.exists("/".as_ref()));
    }
}
