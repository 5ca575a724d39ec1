//! What an embedder grants. The program `hoop` grants everything.

use super::HostError;

/// Grants, asked at every door. Denied is an error value with EPERM, which a
/// script sees as PermissionError.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Read files and list directories.
    pub read: bool,
    /// Create, change and remove files.
    pub write: bool,
    /// Open sockets and look names up.
    pub network: bool,
    /// See the process's environment variables.
    pub environment: bool,
    /// Start processes and send signals.
    pub processes: bool,
}

impl Permissions {
    /// Everything is granted.
    pub fn all() -> Self {
        Permissions {
            read: true,
            write: true,
            network: true,
            environment: true,
            processes: true,
        }
    }

    /// Nothing is granted.
    pub fn none() -> Self {
        Permissions {
            read: false,
            write: false,
            network: false,
            environment: false,
            processes: false,
        }
    }

    /// An error unless files may be read.
    pub fn check_read(&self) -> Result<(), HostError> {
        granted(self.read, "reading files")
    }

    /// An error unless files may be written.
    pub fn check_write(&self) -> Result<(), HostError> {
        granted(self.write, "writing files")
    }

    /// An error unless sockets may be used.
    pub fn check_network(&self) -> Result<(), HostError> {
        granted(self.network, "using the network")
    }

    /// An error unless processes may be started.
    pub fn check_processes(&self) -> Result<(), HostError> {
        granted(self.processes, "starting processes")
    }
}

impl Default for Permissions {
    fn default() -> Self {
        Permissions::all()
    }
}

fn granted(grant: bool, what: &str) -> Result<(), HostError> {
    if grant {
        Ok(())
    } else {
        Err(HostError::denied(what))
    }
}
