//! Engines that work for another one, on threads of their own.

use super::{Host, HostError, Stdio};
use std::ffi::OsString;
use std::thread;

impl Host {
    /// The world of an engine that works for this one: the same grants, environment, directory and
    /// standard streams, nothing else in common. An embedder's own streams cannot be shared.
    pub fn for_worker(&self, arguments: Vec<OsString>) -> Result<Host, HostError> {
        self.grants.check_processes("starting an engine")?;
        if !self.environment.is_of_process() {
            return Err(HostError::refused("sharing the embedder's streams"));
        }
        let environment = self.environment.for_worker(arguments);
        let permissions = self.grants.permissions().clone();
        let mut host = Host::with(permissions, environment, Stdio::system());
        let place = self.files.current_directory();
        host.files.change_directory(place)?;
        Ok(host)
    }

    /// Has this process end when the thread ends that started it; whether its parent is there still.
    #[cfg(target_os = "linux")]
    pub fn end_with_parent(&self, parent: i32) -> Result<bool, HostError> {
        use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
        self.grants.check_all("tying the process to another")?;
        set_parent_process_death_signal(Some(Signal::KILL))?;
        Ok(getppid().map(Pid::as_raw_pid) == Some(parent))
    }
}

/// Runs something on a thread of its own, which ends with the process at the latest.
pub fn start_thread(
    name: &str,
    stack: usize,
    work: impl FnOnce() + Send + 'static,
) -> Result<(), HostError> {
    let builder = thread::Builder::new().name(name.into()).stack_size(stack);
    builder.spawn(work)?;
    Ok(())
}
