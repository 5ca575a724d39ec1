//! What can be done with files under a sandbox: each function as its namesake in `Files`, in the
//! granted folder that a walk ends in.

use super::files::OpenMode;
use super::folders::{Folders, Need, Target};
use super::sockets::Held;
use super::{Address, DirEntry, File, FileStat, HostError};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timestamps};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, HostError>;

/// The flags of a system's open that say whether one reads or writes.
const ACCESS: OFlags = OFlags::from_bits_retain(3);

impl Folders {
    pub(super) fn open_file(&self, path: &Path, mode: OpenMode, rights: u32) -> Result<File> {
        let mut flags = OFlags::from_bits_retain(mode.flags.unwrap_or(0) as u32) - ACCESS;
        flags |= match (mode.read, mode.write || mode.append) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            (_, false) => OFlags::RDONLY,
        };
        flags.set(OFlags::APPEND, mode.append);
        flags.set(
            OFlags::CREATE,
            flags.contains(OFlags::CREATE) || mode.create || mode.exclusive,
        );
        flags.set(OFlags::EXCL, flags.contains(OFlags::EXCL) || mode.exclusive);
        flags.set(
            OFlags::TRUNC,
            flags.contains(OFlags::TRUNC) || mode.truncate,
        );
        let follow =
            !flags.contains(OFlags::NOFOLLOW) && !flags.contains(OFlags::CREATE | OFlags::EXCL);
        let need = match (mode.read, mode.changes()) {
            (true, true) => Need::Both,
            (false, true) => Need::Write,
            _ => Need::Read,
        };
        let target = self.find(path, need, follow)?;
        let opened = open_without_waiting(&target, flags, rights)?;
        Ok(File::from(opened).kept(!matches!(need, Need::Write | Need::Both)))
    }

    /// Opens a module to be read.
    pub(super) fn open_module(&self, path: &Path) -> Result<File> {
        let target = self.find(path, Need::Import, true)?;
        Ok(File::from(open_without_waiting(
            &target,
            OFlags::RDONLY,
            0,
        )?))
    }

    /// What is at a path that a module may be loaded from.
    pub(super) fn stat_module(&self, path: &Path) -> Result<FileStat> {
        let target = self.find(path, Need::Package, true)?;
        let stat = stat_at(&target)?;
        if !stat.is_directory() {
            self.check(&target.path, Need::Import)?;
        }
        Ok(stat)
    }

    pub(super) fn stat(&self, path: &Path, follow: bool) -> Result<FileStat> {
        match self.find(path, Need::See, follow) {
            Ok(target) => stat_at(&target),
            // The folders above what is granted are there, which a grant tells anyway; who walks down to
            // it, as `os.makedirs` and `os.path.realpath`, wants to see them.
            Err(_) if self.is_above(path) && follow => Ok(std::fs::metadata(path)?.into()),
            Err(_) if self.is_above(path) => Ok(std::fs::symlink_metadata(path)?.into()),
            Err(denied) => Err(denied),
        }
    }

    /// The whole path of a folder, which is there.
    pub(super) fn folder(&self, path: &Path) -> Result<PathBuf> {
        let target = self.find(path, Need::See, true)?;
        match stat_at(&target)?.is_directory() {
            true => Ok(target.path),
            false => Err(Errno::NOTDIR.into()),
        }
    }

    pub(super) fn list(&self, path: &Path) -> Result<Vec<DirEntry>> {
        let target = self.find(path, Need::Read, true)?;
        let folder = open_at(&target, OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_or(FileType::Unknown, |stat| {
                        FileType::from_raw_mode(stat.st_mode)
                    }),
                known => known,
            };
            entries.push(DirEntry {
                name: std::ffi::OsString::from_vec(name.to_bytes().to_vec()),
                is_directory: kind.is_dir(),
                is_file: kind.is_file(),
                is_link: kind.is_symlink(),
            });
        }
        Ok(entries)
    }

    pub(super) fn make_directory(&self, path: &Path, mode: u32) -> Result<()> {
        let target = self.find(path, Need::Write, false)?;
        Ok(rustix::fs::mkdirat(
            &target.folder,
            &target.name,
            mode_of(mode),
        )?)
    }

    pub(super) fn remove(&self, path: &Path, directory: bool) -> Result<()> {
        let target = self.find(path, Need::Write, false)?;
        let flags = if directory {
            AtFlags::REMOVEDIR
        } else {
            AtFlags::empty()
        };
        Ok(rustix::fs::unlinkat(&target.folder, &target.name, flags)?)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = self.both_ends(from, to)?;
        Ok(rustix::fs::renameat(
            &from.folder,
            &from.name,
            &to.folder,
            &to.name,
        )?)
    }

    pub(super) fn hard_link(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = self.both_ends(from, to)?;
        let flags = AtFlags::empty();
        Ok(rustix::fs::linkat(
            &from.folder,
            &from.name,
            &to.folder,
            &to.name,
            flags,
        )?)
    }

    /// Both places must be granted for writing. What comes to where it could be read must be
    /// granted for reading where it was.
    fn both_ends(&self, from: &Path, to: &Path) -> Result<(Target, Target)> {
        let from = self.find(from, Need::Write, false)?;
        let to = self.find(to, Need::Write, false)?;
        if self.shows(&to.path) {
            self.check(&from.path, Need::Read)?;
        }
        Ok((from, to))
    }

    pub(super) fn symbolic_link(&self, text: &Path, link: &Path) -> Result<()> {
        let target = self.find(link, Need::Write, false)?;
        let folder = target.path.parent().unwrap_or(&target.path);
        self.check_link(folder, text)?;
        Ok(rustix::fs::symlinkat(text, &target.folder, &target.name)?)
    }

    pub(super) fn read_link(&self, path: &Path) -> Result<PathBuf> {
        let target = self.find(path, Need::See, false)?;
        let text = rustix::fs::readlinkat(&target.folder, &target.name, Vec::new())?;
        Ok(super::path_from_bytes(text.as_bytes()))
    }

    pub(super) fn real_path(&self, path: &Path, need: Need) -> Result<PathBuf> {
        let target = self.find(path, need, true)?;
        stat_at(&target)?;
        Ok(target.path)
    }

    pub(super) fn set_times(&self, path: &Path, times: &Timestamps) -> Result<()> {
        let target = self.find(path, Need::Write, true)?;
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        Ok(rustix::fs::utimensat(
            &target.folder,
            &target.name,
            times,
            flags,
        )?)
    }

    pub(super) fn truncate(&self, path: &Path, length: u64) -> Result<()> {
        let target = self.find(path, Need::Write, true)?;
        let file = open_at(&target, OFlags::WRONLY | OFlags::NONBLOCK, 0)?;
        Ok(rustix::fs::ftruncate(&file, length)?)
    }

    pub(super) fn set_mode(&self, path: &Path, mode: u32) -> Result<()> {
        let target = self.find(path, Need::Write, true)?;
        #[cfg(target_os = "linux")]
        {
            // The system has no call that changes the mode of what is held, but by this name of it.
            let held = super::folders::hold(&target)?;
            let name = super::folders::name_of_held(&held);
            Ok(rustix::fs::chmod(name, mode_of(mode))?)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            Ok(rustix::fs::chmodat(
                &target.folder,
                &target.name,
                mode_of(mode),
                flags,
            )?)
        }
    }

    /// The bits as of `Files::access`.
    pub(super) fn access(&self, path: &Path, wanted: rustix::fs::Access, bits: u8) -> Result<()> {
        let need = match bits & 6 {
            6 => Need::Both,
            4 => Need::Read,
            2 => Need::Write,
            _ => Need::See,
        };
        let target = self.find(path, need, true)?;
        #[cfg(target_os = "linux")]
        {
            let held = super::folders::hold(&target)?;
            Ok(rustix::fs::access(
                super::folders::name_of_held(&held),
                wanted,
            )?)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let flags = AtFlags::empty();
            Ok(rustix::fs::accessat(
                &target.folder,
                &target.name,
                wanted,
                flags,
            )?)
        }
    }

    pub(super) fn set_owner(
        &self,
        path: &Path,
        user: Option<u32>,
        group: Option<u32>,
        follow: bool,
    ) -> Result<()> {
        let target = self.find(path, Need::Write, follow)?;
        let user = user.map(rustix::fs::Uid::from_raw);
        let group = group.map(rustix::fs::Gid::from_raw);
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        Ok(rustix::fs::chownat(
            &target.folder,
            &target.name,
            user,
            group,
            flags,
        )?)
    }

    pub(super) fn make_pipe(&self, path: &Path, mode: u32) -> Result<()> {
        let target = self.find(path, Need::Write, false)?;
        let (mode, kind) = (mode_of(mode), FileType::Fifo);
        Ok(rustix::fs::mknodat(
            &target.folder,
            &target.name,
            kind,
            mode,
            0,
        )?)
    }

    pub(super) fn file_system(&self, path: &Path) -> Result<rustix::fs::StatVfs> {
        let target = self.find(path, Need::See, true)?;
        #[cfg(target_os = "linux")]
        let held = super::folders::hold(&target)?;
        #[cfg(not(target_os = "linux"))]
        let held = open_at(&target, OFlags::RDONLY | OFlags::NONBLOCK, 0)?;
        Ok(rustix::fs::fstatvfs(&held)?)
    }
}

// Sockets that are files. The system has no calls that connect or bind below an open folder, but Linux
// has names for what is open.
#[cfg(target_os = "linux")]
impl Folders {
    /// Holds the socket file at a path, to connect to it.
    pub(super) fn hold_socket(&self, path: &Path) -> Result<Held> {
        let target = self.find(path, Need::Both, true)?;
        let held = super::folders::hold(&target)?;
        let address = Address::Path(super::folders::name_of_held(&held));
        Ok(Held {
            address,
            _file: held,
        })
    }

    /// Makes a socket file.
    pub(super) fn bind_socket(&self, socket: &File, path: &Path) -> Result<()> {
        let target = self.find(path, Need::Write, false)?;
        let place = super::folders::name_of_held(&target.folder).join(&target.name);
        Ok(rustix::net::bind(socket, &Address::Path(place).to_any()?)?)
    }
}

#[cfg(not(target_os = "linux"))]
impl Folders {
    /// Without such names this cannot be done safely.
    pub(super) fn hold_socket(&self, _: &Path) -> Result<Held> {
        Err(HostError::refused("connecting to a socket file"))
    }

    /// The same.
    pub(super) fn bind_socket(&self, _: &File, _: &Path) -> Result<()> {
        Err(HostError::refused("making a socket file"))
    }
}

fn mode_of(mode: u32) -> Mode {
    Mode::from_raw_mode((mode & 0o7777) as rustix::fs::RawMode)
}

/// The last name of a walk is never followed.
fn open_at(target: &Target, flags: OFlags, mode: u32) -> std::result::Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    loop {
        match rustix::fs::openat(&target.folder, &target.name, flags, mode_of(mode)) {
            Err(Errno::INTR) => {}
            opened => return opened,
        }
    }
}

/// Opens a file without waiting for who opens the other end of a pipe with a name: nothing could end
/// such a wait. Later on it waits as it was asked to.
fn open_without_waiting(
    target: &Target,
    flags: OFlags,
    mode: u32,
) -> std::result::Result<OwnedFd, Errno> {
    let opened = open_at(target, flags | OFlags::NONBLOCK, mode)?;
    if !flags.contains(OFlags::NONBLOCK) {
        // What was opened only to be held has no such flag.
        let _ = rustix::io::ioctl_fionbio(&opened, false);
    }
    Ok(opened)
}

fn stat_at(target: &Target) -> Result<FileStat> {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    let stat = rustix::fs::statat(&target.folder, &target.name, flags)?;
    Ok(FileStat::from(stat))
}
