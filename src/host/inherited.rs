//! Descriptors that were open when the program began: what a parent has passed on.

use super::{File, HostError};
use rustix::fd::{BorrowedFd, FromRawFd, OwnedFd};
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};

impl File {
    /// Takes over a descriptor that the program was started with, by its number. What this process has
    /// opened itself closes on exec and is not found; what was passed to it does not, until it is
    /// taken over.
    pub(super) fn inherited(fd: i32) -> Result<File, HostError> {
        if fd <= 2 {
            return Err(Errno::BADF.into());
        }
        // SAFETY: the number is only looked at, within this function; one that is not open is an error.
        let looked = unsafe { BorrowedFd::borrow_raw(fd) };
        let flags = fcntl_getfd(looked)?;
        if flags.contains(FdFlags::CLOEXEC) {
            return Err(Errno::BADF.into());
        }
        fcntl_setfd(looked, flags | FdFlags::CLOEXEC)?;
        // SAFETY: all that this process opens closes on exec, so nobody in it owns this descriptor; and
        // from now on it closes on exec too, so that it is not taken twice.
        Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
    }
}
