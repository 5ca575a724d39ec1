//! Paths under a sandbox: from granted folders downwards, one name at a time.
//!
//! Each granted folder is open. A path is walked from its folder by single names, none of which is
//! ever followed by the system: links are read here and walked again by their text. So the place that
//! a walk ends at is what its path says, whatever is renamed or linked meanwhile, and whoever does it;
//! and what is done there is done in the open folder by the last name, which is not followed either.

use super::permissions::Grant;
use super::{HostError, Permissions};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// How many links one path may lead through, as Linux counts.
const MOST_LINKS: usize = 40;
/// How many names one walk may take, with all links on the way.
const MOST_NAMES: usize = 20_000;

/// Rights on what lies at a path and below it.
const READ: u8 = 1;
const WRITE: u8 = 2;
const IMPORT: u8 = 4;
/// On what is no module itself, but lies where modules may.
const AMONG_MODULES: u8 = 8;

/// The endings of modules.
const MODULES: [&str; 2] = ["async", "py"];

/// What is to be done at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Read,
    Write,
    Both,
    /// To know whether something is there, and what the system tells of it.
    See,
    /// To load a module.
    Import,
    /// To know whether there is a folder with modules.
    Package,
}

impl Need {
    fn is_met(self, rights: u8) -> bool {
        match self {
            Need::Read => rights & READ != 0,
            Need::Write => rights & WRITE != 0,
            Need::Both => rights & (READ | WRITE) == READ | WRITE,
            Need::See => rights & (READ | WRITE) != 0,
            Need::Import => rights & (READ | IMPORT) != 0,
            Need::Package => rights & (READ | AMONG_MODULES) != 0,
        }
    }

    /// The refusal, for who has these rights.
    fn refuse(self, rights: u8, path: &Path) -> HostError {
        let writes = self == Need::Write || self == Need::Both && rights & READ != 0;
        let (what, flag) = match writes {
            true => ("writing", "write"),
            false => ("reading", "read"),
        };
        HostError::denied(what, &format!("{flag}={}", path.display()))
    }
}

/// A granted folder or file.
struct Root {
    /// Its path without links.
    path: PathBuf,
    /// Its path as it was granted, if that is another.
    alias: Option<PathBuf>,
    /// It, or the deepest folder above it that was there when it was granted.
    handle: Arc<OwnedFd>,
    /// The names that lead from there to it.
    below: Vec<OsString>,
    rights: u8,
}

/// The folders and files that are granted.
pub(super) struct Folders {
    roots: Vec<Root>,
}

/// Where a walk has ended: a name in an open folder. It is no link, unless links were not to be followed.
pub(super) struct Target {
    pub folder: Arc<OwnedFd>,
    pub name: OsString,
    /// The whole path, without links.
    pub path: PathBuf,
}

impl Folders {
    /// Opens what is granted. What cannot be opened is not there.
    pub(super) fn open(permissions: &Permissions) -> Folders {
        let mut roots = Vec::new();
        for (grant, rights) in [(&permissions.read, READ), (&permissions.write, WRITE)] {
            match grant {
                Grant::Some(paths) => roots.extend(paths.iter().filter_map(|p| root(p, rights))),
                Grant::Everything => roots.extend(root(Path::new("/"), rights)),
            }
        }
        let imports = permissions.imports.iter();
        roots.extend(imports.filter_map(|path| root(path, IMPORT)));
        Folders { roots }
    }

    /// The rights on a path without links.
    fn rights(&self, path: &Path) -> u8 {
        let mut rights = 0;
        for root in &self.roots {
            if !path.starts_with(&root.path) {
                continue;
            }
            let is_module = || {
                let ending = path.extension();
                path == root.path || ending.is_some_and(|e| MODULES.iter().any(|m| e == *m))
            };
            rights |= match root.rights {
                IMPORT if is_module() => IMPORT | AMONG_MODULES,
                IMPORT => AMONG_MODULES,
                rights => rights,
            };
        }
        rights
    }

    /// An error unless this may be done at a path without links.
    pub(super) fn check(&self, path: &Path, need: Need) -> Result<(), HostError> {
        let rights = self.rights(path);
        match need.is_met(rights) {
            true => Ok(()),
            false => Err(need.refuse(rights, path)),
        }
    }

    /// Whether moving something to a path would let it be read there, or something below it.
    pub(super) fn shows(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| {
            root.rights & (READ | IMPORT) != 0
                && (path.starts_with(&root.path) || root.path.starts_with(path))
        })
    }

    /// An error unless a link with this text, in this folder, leads to what is granted.
    pub(super) fn check_link(&self, folder: &Path, text: &Path) -> Result<(), HostError> {
        let mut place = PathBuf::new();
        for component in folder.join(text).components() {
            match component {
                Component::ParentDir => _ = place.pop(),
                other => place.push(other),
            }
        }
        let by_alias = self.roots.iter().any(|root| {
            let alias = root.alias.as_ref();
            root.rights != IMPORT && alias.is_some_and(|alias| place.starts_with(alias))
        });
        match by_alias {
            true => Ok(()),
            false => self.check(&place, Need::See),
        }
    }

    /// Walks to a path, which is a whole one. A last link is followed or not. What is not there may be
    /// the end of a walk.
    pub(super) fn find(&self, path: &Path, need: Need, follow: bool) -> Result<Target, HostError> {
        let mut walk = Walk::to(path, need, follow);
        let found = walk.run(self, follow);
        let reached = walk.reached();
        // First of all: who may not know what is there learns nothing from how a walk fails.
        self.check(found.as_ref().map_or(&reached, |target| &target.path), need)?;
        Ok(found?)
    }

    /// Whether a path, as it stands, is that of a folder above something that is granted.
    pub(super) fn is_above(&self, path: &Path) -> bool {
        let roots = self.roots.iter().filter(|root| root.rights != IMPORT);
        let mut names = roots.flat_map(|root| [Some(&root.path), root.alias.as_ref()]);
        let plain = !path.components().any(|c| c == Component::ParentDir);
        plain && names.any(|name| name.is_some_and(|name| name != path && name.starts_with(path)))
    }

    /// A root at a path, the one that is a folder and open if there is one. Where modules lie nothing is
    /// told of to who looks for a file.
    fn root_at(&self, path: &Path, need: Need) -> Option<&Root> {
        let shown = match need {
            Need::Import | Need::Package => READ | IMPORT,
            _ => READ | WRITE,
        };
        let at = |root: &&Root| {
            root.rights & shown != 0 && (root.path == path || root.alias.as_deref() == Some(path))
        };
        let roots = || self.roots.iter().filter(at);
        roots()
            .find(|root| root.below.is_empty())
            .or_else(|| roots().next())
    }
}

/// A walk on its way.
struct Walk {
    /// The names that are to come, the last first.
    names: Vec<OsString>,
    need: Need,
    /// What has been walked: all real names once there is a folder.
    path: PathBuf,
    /// The folder of that path, inside what is granted.
    folder: Option<Arc<OwnedFd>>,
    /// The file system the folder lies on.
    device: u64,
    links: usize,
}

impl Walk {
    fn to(path: &Path, need: Need, follow: bool) -> Walk {
        let bytes = path.as_os_str().as_bytes();
        let mut names = Vec::new();
        if follow && bytes.ends_with(b"/") {
            names.push(OsString::from("."));
        }
        push_names(&mut names, bytes);
        Walk {
            names,
            need,
            path: PathBuf::from("/"),
            folder: None,
            device: 0,
            links: 0,
        }
    }

    /// The path that was to be reached, as far as it is known.
    fn reached(&self) -> PathBuf {
        let mut path = self.path.clone();
        for name in self.names.iter().rev() {
            match name.as_bytes() {
                b".." => _ = path.pop(),
                b"." => {}
                _ => path.push(name),
            }
        }
        path
    }

    fn run(&mut self, folders: &Folders, follow: bool) -> Result<Target, Errno> {
        for _ in 0..MOST_NAMES {
            self.enter(folders)?;
            let Some(name) = self.names.pop() else {
                let folder = self.folder.clone().ok_or(Errno::PERM)?;
                let (name, path) = (OsString::from("."), self.path.clone());
                return Ok(Target { folder, name, path });
            };
            match (name.as_bytes(), &self.folder) {
                (b".", _) => {}
                (b"..", _) => self.go_up(),
                (_, None) => self.path.push(name),
                (_, Some(folder)) => {
                    let folder = folder.clone();
                    match self.step(folder, &name, follow) {
                        Ok(None) => {}
                        Ok(Some(target)) => return Ok(target),
                        Err(error) => {
                            self.path.push(name);
                            return Err(error);
                        }
                    }
                }
            }
        }
        Err(Errno::LOOP)
    }

    /// Comes from names alone into a granted folder, if the path is one.
    fn enter(&mut self, folders: &Folders) -> Result<(), Errno> {
        if self.folder.is_some() {
            return Ok(());
        }
        let Some(root) = folders.root_at(&self.path, self.need) else {
            return Ok(());
        };
        self.path.clone_from(&root.path);
        for name in root.below.iter().rev() {
            self.path.pop();
            self.names.push(name.clone());
        }
        self.device = rustix::fs::fstat(&root.handle)?.st_dev;
        self.folder = Some(root.handle.clone());
        Ok(())
    }

    /// The folder above is walked to anew, from the start: nothing is asked of the system.
    fn go_up(&mut self) {
        self.path.pop();
        let above = std::mem::replace(&mut self.path, PathBuf::from("/"));
        self.folder = None;
        push_names(&mut self.names, above.as_os_str().as_bytes());
    }

    /// One name inside what is granted. After an error the path is still that of the folder.
    fn step(
        &mut self,
        folder: Arc<OwnedFd>,
        name: &OsStr,
        follow: bool,
    ) -> Result<Option<Target>, Errno> {
        let last = self.names.is_empty();
        let (path, name_there) = (self.path.join(name), name.to_owned());
        let end = |folder| {
            Ok(Some(Target {
                folder,
                name: name_there,
                path,
            }))
        };
        if last && !follow {
            return end(folder);
        }
        let stat = match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) if last => return end(folder),
            found => found?,
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => {
                let text = rustix::fs::readlinkat(&folder, name, Vec::new())?;
                self.follow(text.as_bytes())?;
                Ok(None)
            }
            FileType::Directory if !last || stat.st_dev != self.device => {
                self.go_down(&folder, name, stat.st_dev)?;
                Ok(None)
            }
            _ if last => end(folder),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// The names of a link come next.
    fn follow(&mut self, text: &[u8]) -> Result<(), Errno> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP);
        }
        if text.starts_with(b"/") {
            self.folder = None;
            self.path = PathBuf::from("/");
        }
        push_names(&mut self.names, text);
        Ok(())
    }

    fn go_down(&mut self, folder: &OwnedFd, name: &OsStr, device: u64) -> Result<(), Errno> {
        let inner = open_folder(folder, name)?;
        // What the system tells of processes, and what leads into them, is no file in a folder: it is
        // granted by its name only.
        let leaves = device != self.device && is_of_processes(&inner)?;
        self.path.push(name);
        self.device = device;
        self.folder = (!leaves).then(|| Arc::new(inner));
        Ok(())
    }
}

/// Puts the names of a path before those that are to come.
fn push_names(names: &mut Vec<OsString>, path: &[u8]) {
    let parts = path.split(|byte| *byte == b'/').rev();
    let parts = parts.filter(|part| !part.is_empty());
    names.extend(parts.map(|part| OsString::from_vec(part.to_vec())));
}

#[cfg(target_os = "linux")]
const ONLY_PLACE: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const ONLY_PLACE: OFlags = OFlags::empty();

/// Opens a folder by one name that is no link.
fn open_folder(folder: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = ONLY_PLACE | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::empty())
}

/// Opens what a name stands for, not to be read or written but to be held. It is no link.
#[cfg(target_os = "linux")]
pub(super) fn hold(target: &Target) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let held = rustix::fs::openat(&target.folder, &target.name, flags, Mode::empty())?;
    match FileType::from_raw_mode(rustix::fs::fstat(&held)?.st_mode) {
        FileType::Symlink => Err(Errno::LOOP),
        _ => Ok(held),
    }
}

/// A path that stands for what is held, and for nothing else.
#[cfg(target_os = "linux")]
pub(super) fn name_of_held(held: &OwnedFd) -> PathBuf {
    use std::os::fd::AsRawFd;
    PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()))
}

#[cfg(target_os = "linux")]
fn is_of_processes(folder: &OwnedFd) -> Result<bool, Errno> {
    Ok(rustix::fs::fstatfs(folder)?.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

#[cfg(not(target_os = "linux"))]
fn is_of_processes(_: &OwnedFd) -> Result<bool, Errno> {
    Ok(false)
}

/// Opens a granted path, or the folder above it that is there.
fn root(granted: &Path, rights: u8) -> Option<Root> {
    let mut there = granted.to_owned();
    let mut below = Vec::new();
    let real = loop {
        match std::fs::canonicalize(&there) {
            Ok(real) => break real,
            Err(_) => {
                below.insert(0, there.file_name()?.to_owned());
                there.pop();
            }
        }
    };
    let mut path = real.clone();
    path.extend(&below);
    let mut folder = real;
    if !folder.is_dir() {
        if !below.is_empty() {
            return None;
        }
        below.push(folder.file_name()?.to_owned());
        folder.pop();
    }
    let flags = ONLY_PLACE | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(CWD, &folder, flags, Mode::empty()).ok()?;
    let plain: PathBuf = granted.components().collect();
    let plain = Some(plain).filter(|plain| !plain.components().any(|c| c == Component::ParentDir));
    Some(Root {
        alias: plain.filter(|plain| *plain != path),
        path,
        handle: Arc::new(handle),
        below,
        rights,
    })
}
