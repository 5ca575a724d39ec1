//! What can be done with a path without opening it.

use super::files::fail;
use super::folders::{Folders, Need};
use super::{FileStat, Files, HostError};
use rustix::fs::{Access, AtFlags, CWD, Timespec, Timestamps};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    pub name: OsString,
    pub is_directory: bool,
    pub is_file: bool,
    pub is_link: bool,
}

/// The path with these bytes.
pub fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// The bytes of a path.
pub fn path_bytes<P: AsRef<OsStr> + ?Sized>(path: &P) -> &[u8] {
    path.as_ref().as_bytes()
}

impl Files {
    /// What the system knows of a file; `follow` a symbolic link or ask about
    /// the link itself.
    pub fn stat(&self, path: &Path, follow: bool) -> Result<FileStat, HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.stat(&whole, follow).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let data = if follow {
            std::fs::metadata(target)
        } else {
            std::fs::symlink_metadata(target)
        };
        Ok(data.map_err(|e| fail(e, path))?.into())
    }

    /// True if there is something at the path.
    pub fn exists(&self, path: &Path) -> bool {
        self.stat(path, true).is_ok()
    }

    /// True if there is a regular file at the path.
    pub fn is_file(&self, path: &Path) -> bool {
        self.stat(path, true).is_ok_and(|stat| stat.is_file())
    }

    /// True if there is a directory at the path.
    pub fn is_directory(&self, path: &Path) -> bool {
        self.stat(path, true).is_ok_and(|stat| stat.is_directory())
    }

    /// What is in a directory, in the system's order.
    pub fn list(&self, path: &Path) -> Result<Vec<DirEntry>, HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.list(&whole).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(target).map_err(|e| fail(e, path))? {
            let entry = entry.map_err(|e| fail(e, path))?;
            let kind = entry.file_type().map_err(|e| fail(e, path))?;
            entries.push(DirEntry {
                name: entry.file_name(),
                is_directory: kind.is_dir(),
                is_file: kind.is_file(),
                is_link: kind.is_symlink(),
            });
        }
        Ok(entries)
    }

    /// Makes one directory.
    pub fn make_directory(&self, path: &Path, mode: u32) -> Result<(), HostError> {
        use std::os::unix::fs::DirBuilderExt;
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.make_directory(&whole, mode).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let made = std::fs::DirBuilder::new().mode(mode).create(target);
        made.map_err(|e| fail(e, path))
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, path: &Path) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.remove(&whole, true).map_err(|e| e.at(path));
        }
        std::fs::remove_dir(self.resolve(path)?).map_err(|e| fail(e, path))
    }

    /// Removes a file or a link.
    pub fn remove(&self, path: &Path) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.remove(&whole, false).map_err(|e| e.at(path));
        }
        std::fs::remove_file(self.resolve(path)?).map_err(|e| fail(e, path))
    }

    /// Gives a file another name, replacing what has that name.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError> {
        if let Some((folders, old, new)) = self.sandboxed_pair(from, to)? {
            let done = folders.rename(&old, &new);
            return done.map_err(|e| e.between(from, to));
        }
        let renamed = std::fs::rename(self.resolve(from)?, self.resolve(to)?);
        renamed.map_err(|e| HostError::from(e).between(from, to))
    }

    /// Makes `link` a symbolic link that says `target`.
    pub fn symbolic_link(&self, target: &Path, link: &Path) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(link)? {
            let done = folders.symbolic_link(target, &whole);
            return done.map_err(|e| e.between(target, link));
        }
        let made = std::os::unix::fs::symlink(target, self.resolve(link)?);
        made.map_err(|e| HostError::from(e).between(target, link))
    }

    /// Makes `link` a second name of `target`.
    pub fn hard_link(&self, target: &Path, link: &Path) -> Result<(), HostError> {
        if let Some((folders, old, new)) = self.sandboxed_pair(target, link)? {
            let done = folders.hard_link(&old, &new);
            return done.map_err(|e| e.between(target, link));
        }
        let made = std::fs::hard_link(self.resolve(target)?, self.resolve(link)?);
        made.map_err(|e| HostError::from(e).between(target, link))
    }

    /// What a symbolic link says.
    pub fn read_link(&self, path: &Path) -> Result<PathBuf, HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.read_link(&whole).map_err(|e| e.at(path));
        }
        std::fs::read_link(self.resolve(path)?).map_err(|e| fail(e, path))
    }

    /// The path without links, dots and relative parts; all of it must exist.
    pub fn real_path(&self, path: &Path) -> Result<PathBuf, HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.real_path(&whole, Need::See).map_err(|e| e.at(path));
        }
        std::fs::canonicalize(self.resolve(path)?).map_err(|e| fail(e, path))
    }

    /// Sets who may read, write and run a file.
    pub fn set_mode(&self, path: &Path, mode: u32) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.set_mode(&whole, mode).map_err(|e| e.at(path));
        }
        let permissions = std::fs::Permissions::from_mode(mode);
        let done = std::fs::set_permissions(self.resolve(path)?, permissions);
        done.map_err(|e| fail(e, path))
    }

    /// Sets when a file was last read and changed, in nanoseconds since 1970.
    pub fn set_times(
        &self,
        path: &Path,
        accessed_ns: i64,
        modified_ns: i64,
    ) -> Result<(), HostError> {
        let times = Timestamps {
            last_access: timespec(accessed_ns),
            last_modification: timespec(modified_ns),
        };
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.set_times(&whole, &times).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        rustix::fs::utimensat(CWD, target, &times, AtFlags::empty())
            .map_err(|e| HostError::from(e).at(path))
    }

    /// Cuts or extends a file to a length.
    pub fn truncate(&self, path: &Path, length: u64) -> Result<(), HostError> {
        if let Some((folders, whole)) = self.sandboxed(path)? {
            return folders.truncate(&whole, length).map_err(|e| e.at(path));
        }
        let target = self.resolve(path)?;
        let file = std::fs::OpenOptions::new().write(true).open(target);
        file.and_then(|file| file.set_len(length))
            .map_err(|e| fail(e, path))
    }

    /// `os.access`: whether all of the bits 4 (read), 2 (write), 1 (run) are
    /// allowed; 0 asks whether the file is there.
    pub fn access(&self, path: &Path, bits: u8) -> bool {
        let mut wanted = Access::EXISTS;
        wanted.set(Access::READ_OK, bits & 4 != 0);
        wanted.set(Access::WRITE_OK, bits & 2 != 0);
        wanted.set(Access::EXEC_OK, bits & 1 != 0);
        match self.sandboxed(path) {
            Err(_) => return false,
            Ok(Some((folders, whole))) => return folders.access(&whole, wanted, bits).is_ok(),
            Ok(None) => {}
        }
        self.resolve(path)
            .is_ok_and(|target| rustix::fs::access(target, wanted).is_ok())
    }

    /// As `sandboxed`, for two paths.
    fn sandboxed_pair(
        &self,
        from: &Path,
        to: &Path,
    ) -> Result<Option<(&Folders, PathBuf, PathBuf)>, HostError> {
        let pair = (self.sandboxed(from)?, self.sandboxed(to)?);
        Ok(match pair {
            (Some((folders, from)), Some((_, to))) => Some((folders, from, to)),
            _ => None,
        })
    }
}

fn timespec(ns: i64) -> Timespec {
    Timespec {
        tv_sec: ns.div_euclid(1_000_000_000),
        tv_nsec: ns.rem_euclid(1_000_000_000),
    }
}
