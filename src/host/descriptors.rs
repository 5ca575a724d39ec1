//! Files known by number: what `os.open`, `os.pipe` and `os.read` deal in.
//!
//! A script may name any number; only those that were opened here, and the
//! three standard ones, are found; in `hoop` also those that its parent passed
//! to it. The rest is EBADF, so that a script cannot reach into what the
//! engine or its embedder has open.

use super::{File, Host, HostError};
use rustix::io::Errno;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Weak};

/// Hashes for tables whose keys are descriptors: small numbers, all different, that nobody chooses
/// to collide, since the system gives them out.
pub type ByDescriptor = BuildHasherDefault<DescriptorHasher>;

/// See [`ByDescriptor`].
#[derive(Clone, Copy, Default)]
pub struct DescriptorHasher(u64);

impl Hasher for DescriptorHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only descriptors are hashed");
    }

    #[inline]
    fn write_i32(&mut self, descriptor: i32) {
        // A table takes its place from the low bits and a mark from the topmost.
        self.0 = u64::from(descriptor as u32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// The open files of one engine that its script holds by number.
#[derive(Default)]
pub struct Descriptors {
    open: HashMap<i32, Arc<File>>,
    /// Files that belong to a stream, for as long as they are open.
    lent: HashMap<i32, Weak<File>>,
    /// The standard streams, duplicated when first asked for. None in the
    /// outer option until then; a stream that was closed stays closed.
    standard: [Option<Option<Arc<File>>>; 3],
    /// False for an engine that does not own the terminal.
    may_use_standard: bool,
    /// Whether the standard streams may come to stand for something else, which is felt by all the process.
    may_replace_standard: bool,
    /// True for a program whose descriptors are all its script's.
    takes_inherited: bool,
}

impl Descriptors {
    pub(super) fn new(may_use_standard: bool, may_replace_standard: bool) -> Self {
        Descriptors {
            may_use_standard,
            may_replace_standard,
            ..Descriptors::default()
        }
    }

    /// Lets the script use what the process was started with, by number.
    pub fn take_inherited(&mut self) {
        self.takes_inherited = true;
    }

    /// Keeps a file under its number, which it answers.
    pub fn insert(&mut self, file: File) -> i32 {
        let fd = file.fileno();
        self.open.insert(fd, Arc::new(file));
        fd
    }

    /// Keeps a file that others use too under its number, which it answers.
    pub fn adopt(&mut self, file: Arc<File>) -> i32 {
        let fd = file.fileno();
        self.open.insert(fd, file);
        fd
    }

    /// Lets a file that belongs to a stream be found by its number too.
    pub fn lend(&mut self, file: &Arc<File>) {
        self.lent.insert(file.fileno(), Arc::downgrade(file));
    }

    /// The file with a number, to share with a call on the pool.
    pub fn get(&mut self, fd: i32) -> Result<Arc<File>, HostError> {
        if let Some(file) = self.open.get(&fd) {
            return Ok(file.clone());
        }
        if let Some(file) = self.lent.get(&fd).and_then(Weak::upgrade) {
            return Ok(file);
        }
        let bad = || HostError::from(Errno::BADF);
        if fd > 2 && self.takes_inherited {
            let file = Arc::new(File::inherited(fd)?);
            self.open.insert(fd, file.clone());
            return Ok(file);
        }
        let slot = usize::try_from(fd).ok();
        let slot = slot.and_then(|index| self.standard.get_mut(index));
        let Some(slot) = slot.filter(|_| self.may_use_standard) else {
            return Err(bad());
        };
        let is_kept = !self.may_replace_standard;
        let standard = || Some(Arc::new(File::standard(fd).ok()?.kept(is_kept)));
        let file = slot.get_or_insert_with(standard);
        file.clone().ok_or_else(bad)
    }

    /// Whether the standard streams are to be had.
    pub(super) fn has_standard(&self) -> bool {
        self.may_use_standard
    }

    /// An error unless the standard streams may come to stand for something else.
    pub(super) fn check_replace(&self) -> Result<(), HostError> {
        match self.may_replace_standard {
            true => Ok(()),
            false => Err(HostError::refused("replacing a standard stream")),
        }
    }

    /// A standard stream stands for something else from now on.
    pub(super) fn forget_standard(&mut self, slot: usize) {
        if let Some(known) = self.standard.get_mut(slot) {
            *known = None;
        }
    }

    /// Takes a file out; it closes when the last call that uses it ends.
    /// A standard stream is only closed to the script.
    pub fn remove(&mut self, fd: i32) -> Result<Arc<File>, HostError> {
        let file = self.get(fd)?;
        let lent = self.lent.remove(&fd).is_some();
        if self.open.remove(&fd).is_none()
            && !lent
            && let Some(slot) = self.standard.get_mut(fd as usize)
        {
            *slot = Some(None);
        }
        Ok(file)
    }
}

impl Host {
    /// `os.close`: forgets who watched the number and closes it.
    pub fn close_descriptor(&mut self, fd: i32) -> Result<(), HostError> {
        let file = self.descriptors.remove(fd)?;
        self.poller.forget(fd);
        drop(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_opened_is_found() {
        let mut host = Host::simulated(1).0;
        let (reader, writer) = File::pipe().unwrap();
        let hidden = writer.fileno();
        let fd = host.descriptors.insert(reader);
        writer.write_all(b"x").unwrap();
        let file = host.descriptors.get(fd).unwrap();
        assert_eq!(file.read(&mut [0; 4]).unwrap(), 1);
        assert!(host.descriptors.get(hidden).unwrap_err().is(Errno::BADF));
        assert!(host.descriptors.get(1).unwrap_err().is(Errno::BADF));
        assert!(host.descriptors.get(-1).is_err());
        host.close_descriptor(fd).unwrap();
        assert!(host.close_descriptor(fd).unwrap_err().is(Errno::BADF));
    }

    #[test]
    fn the_standard_streams_are_found_where_they_belong() {
        let mut descriptors = Descriptors::new(true, true);
        assert!(descriptors.get(2).unwrap().fileno() > 2);
        descriptors.remove(2).unwrap();
        assert!(descriptors.get(2).is_err());
    }
}
