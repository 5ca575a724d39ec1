//! What the outside refused, as a number, a text and the names involved.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Which family of numbers `errno` belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The system's own error numbers.
    Os,
    /// What `getaddrinfo` answers (`socket.gaierror`).
    Lookup,
    /// The host's permissions forbid it; the number is EPERM.
    Denied,
}

/// The parts that most errors do not have; boxed to keep `Result`s small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Details {
    message: Option<String>,
    filename: Option<PathBuf>,
    filename2: Option<PathBuf>,
}

/// An error from outside. The VM makes an `OSError` of it, whose subclass
/// follows from the number and whose text is `[Errno N] message: 'file'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// The error number, of the family `kind`.
    pub errno: i32,
    /// The family of the number.
    pub kind: ErrorKind,
    details: Option<Box<Details>>,
}

impl HostError {
    /// An error of the system with its usual text.
    pub fn os(errno: i32) -> Self {
        HostError {
            errno,
            kind: ErrorKind::Os,
            details: None,
        }
    }

    /// A failed name look-up.
    pub fn lookup(code: i32, message: impl Into<String>) -> Self {
        HostError {
            errno: code,
            kind: ErrorKind::Lookup,
            details: None,
        }
        .with_message(message)
    }

    /// Something that is not granted, and the option that would grant it, behind `--allow-`.
    pub fn denied(what: &str, option: &str) -> Self {
        HostError::forbidden(format!("{what} is not granted (--allow-{option})"))
    }

    /// Something that nothing but granting everything would allow.
    pub fn refused(what: &str) -> Self {
        HostError::forbidden(format!("{what} is not possible here"))
    }

    fn forbidden(message: String) -> Self {
        HostError {
            errno: rustix::io::Errno::PERM.raw_os_error(),
            kind: ErrorKind::Denied,
            details: None,
        }
        .with_message(message)
    }

    /// The same error with a text of its own.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.details.get_or_insert_default().message = Some(message.into());
        self
    }

    /// The same error naming a file.
    pub fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.details.get_or_insert_default().filename = Some(path.into());
        self
    }

    /// The same error naming the two files of a rename or link.
    pub fn between(mut self, from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        let details = self.details.get_or_insert_default();
        details.filename = Some(from.into());
        details.filename2 = Some(to.into());
        self
    }

    /// The text, without number and names: "No such file or directory".
    pub fn message(&self) -> Cow<'_, str> {
        match self.details.as_ref().and_then(|d| d.message.as_deref()) {
            Some(message) => Cow::Borrowed(message),
            None => Cow::Owned(strerror(self.errno)),
        }
    }

    /// The file the error is about.
    pub fn filename(&self) -> Option<&Path> {
        self.details.as_ref()?.filename.as_deref()
    }

    /// The second file of a rename or link.
    pub fn filename2(&self) -> Option<&Path> {
        self.details.as_ref()?.filename2.as_deref()
    }

    /// True for "not now, try again when ready".
    #[inline]
    pub fn is_would_block(&self) -> bool {
        use rustix::io::Errno;
        self.kind == ErrorKind::Os
            && (self.errno == Errno::AGAIN.raw_os_error()
                || self.errno == Errno::INPROGRESS.raw_os_error())
    }

    /// True if this is the given error of the system.
    pub fn is(&self, errno: rustix::io::Errno) -> bool {
        self.kind == ErrorKind::Os && self.errno == errno.raw_os_error()
    }
}

impl From<rustix::io::Errno> for HostError {
    fn from(errno: rustix::io::Errno) -> Self {
        HostError::os(errno.raw_os_error())
    }
}

impl From<io::Error> for HostError {
    fn from(error: io::Error) -> Self {
        use rustix::io::Errno;
        if let Some(errno) = error.raw_os_error() {
            return HostError::os(errno);
        }
        // std makes a few errors itself; each has a number that says the same.
        let errno = match error.kind() {
            io::ErrorKind::InvalidInput => Errno::INVAL,
            io::ErrorKind::WouldBlock => Errno::AGAIN,
            io::ErrorKind::BrokenPipe => Errno::PIPE,
            io::ErrorKind::NotFound => Errno::NOENT,
            io::ErrorKind::PermissionDenied => Errno::ACCESS,
            io::ErrorKind::OutOfMemory => Errno::NOMEM,
            _ => Errno::IO,
        };
        HostError::from(errno).with_message(error.to_string())
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[Errno {}] {}", self.errno, self.message())?;
        if let Some(first) = self.filename() {
            write!(f, ": '{}'", first.display())?;
        }
        if let Some(second) = self.filename2() {
            write!(f, " -> '{}'", second.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for HostError {}

/// The system's text for an error number, as `os.strerror`.
pub fn strerror(errno: i32) -> String {
    let mut text = io::Error::from_raw_os_error(errno).to_string();
    if let Some(end) = text.rfind(" (os error ") {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_systems() {
        assert_eq!(strerror(2), "No such file or directory");
        let error = HostError::os(2).at("x");
        assert_eq!(
            error.to_string(),
            "[Errno 2] No such file or directory: 'x'"
        );
        let error = HostError::os(17).between("a", "b");
        assert_eq!(error.to_string(), "[Errno 17] File exists: 'a' -> 'b'");
        assert!(HostError::from(rustix::io::Errno::AGAIN).is_would_block());
    }
}
