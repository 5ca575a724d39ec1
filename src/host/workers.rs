//! Engines that work for another one, on threads of their own.

use super::{Host, HostError, Stdio};
use std::ffi::OsString;
use std::thread;

impl Host {
    /// The world of an engine that works for this one: the same grants, environment, directory and
    /// standard streams, nothing else in common. An embedder's own streams cannot be shared.
    pub fn for_worker(&self, arguments: Vec<OsString>) -> Result<Host, HostError> {
        self.permissions.check_processes()?;
        if !self.environment.is_of_process() {
            return Err(HostError::denied("sharing the embedder's streams"));
        }
        let environment = self.environment.for_worker(arguments);
        let permissions = (*self.permissions).clone();
        let mut host = Host::with(permissions, environment, Stdio::system());
        let place = self.files.current_directory();
        host.files.change_directory(place)?;
        Ok(host)
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

/// Has this process end when the thread ends that started it; whether its parent is there still.
#[cfg(target_os = "linux")]
pub fn end_with_parent(parent: i32) -> Result<bool, HostError> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(getppid().map(Pid::as_raw_pid) == Some(parent))
}
