//! What an engine holds of its permissions: the one that all doors ask.

use super::folders::Folders;
use super::{HostError, IpAddr, Permissions};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The permissions of one engine, with the folders opened that they name, and with what came to be
/// granted on the way: addresses of granted names, and processes that were started.
pub struct Grants {
    permissions: Permissions,
    /// None where every path is granted.
    folders: Option<Folders>,
    /// Addresses that look-ups of granted names answered, with the places in the list of grants.
    pub(super) learned: Mutex<HashMap<IpAddr, Vec<usize>>>,
    /// The processes that were started here and are not known to have ended.
    children: Mutex<HashSet<i32>>,
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permissions.fmt(f)
    }
}

impl Grants {
    pub(super) fn new(permissions: Permissions) -> Self {
        let folders = (!permissions.is_all()).then(|| Folders::open(&permissions));
        Grants {
            permissions,
            folders,
            learned: Mutex::default(),
            children: Mutex::default(),
        }
    }

    /// Whether everything is granted.
    #[inline]
    pub fn is_all(&self) -> bool {
        self.permissions.is_all()
    }

    /// What was granted.
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// What paths are looked up in; None where every path is granted.
    #[inline]
    pub(super) fn folders(&self) -> Option<&Folders> {
        self.folders.as_ref()
    }

    /// An error unless everything is granted; `what` has no category of its own.
    pub(super) fn check_all(&self, what: &str) -> Result<(), HostError> {
        match self.is_all() {
            true => Ok(()),
            false => Err(HostError::refused(what)),
        }
    }

    /// An error unless the process itself may be changed, and other processes.
    pub(super) fn check_processes(&self, what: &str) -> Result<(), HostError> {
        match self.permissions.run.is_everything() {
            true => Ok(()),
            false => Err(HostError::denied(what, "run")),
        }
    }

    /// A process was started.
    pub(super) fn add_child(&self, process: i32) {
        if !self.permissions.run.is_everything() {
            self.lock_children().insert(process);
        }
    }

    /// A process has ended; its number may come to mean another.
    pub(super) fn forget_child(&self, process: i32) {
        if !self.permissions.run.is_everything() {
            self.lock_children().remove(&process);
        }
    }

    /// The processes that were started here, where only those may be touched.
    pub(super) fn own_children(&self) -> Option<Vec<i32>> {
        match self.permissions.run.is_everything() {
            true => None,
            false => Some(self.lock_children().iter().copied().collect()),
        }
    }

    /// An error unless a process may be touched: all may, or it was started here.
    pub(super) fn check_child(&self, process: i32, what: &str) -> Result<(), HostError> {
        if self.permissions.run.is_everything() || self.lock_children().contains(&process) {
            return Ok(());
        }
        Err(HostError::denied(&format!("{what} {process}"), "run"))
    }

    /// An error for a number that is none of a process.
    pub(super) fn positive(process: i32) -> Result<i32, HostError> {
        match process > 0 {
            true => Ok(process),
            false => Err(Errno::INVAL.into()),
        }
    }

    fn lock_children(&self) -> std::sync::MutexGuard<'_, HashSet<i32>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
