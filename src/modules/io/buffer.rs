//! A file under its objects: what is read ahead, what is held back, where it stands.

use std::sync::Arc;

use crate::builtins::arguments::outside;
use crate::heap::Value;
use crate::host::{Direction, File, HostError, SeekFrom, poll_now};
use crate::object::native::{R, Raised};
use crate::vm::Vm;

/// How much is read ahead or held back.
pub const HOLD: usize = 8192;

/// Where bytes come from or go to.
pub enum Source {
    /// An open file of the host.
    File(Arc<File>),
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
    /// It was closed.
    Closed,
}

/// See the module's text.
pub struct Stream {
    /// Where bytes come from or go to.
    pub source: Source,
    /// Whether it may be read.
    pub readable: bool,
    /// Whether it may be written.
    pub writable: bool,
    /// Whether nothing is held back.
    pub unbuffered: bool,
    /// Whether closing closes the descriptor.
    pub owns: bool,
    /// Whether reading answers `NOT_YET` where it would wait.
    pub patient: bool,
    /// Whether the last look at a source that never waits found nothing there yet.
    pub empty_handed: bool,
    /// Whether it is a file of a disk, whose reads do not wait for anybody; known when it was asked.
    on_disk: Option<bool>,
    /// Read ahead; bytes before `at` are used up.
    ahead: Vec<u8>,
    at: usize,
    /// Held back.
    held: Vec<u8>,
}

/// What a patient read gives instead of waiting; it can be tried again later, nothing was used up.
fn not_yet() -> Raised {
    Raised(Value::UNDEF)
}

/// Whether a read gave `not_yet`.
pub fn is_not_yet(raised: &Raised) -> bool {
    raised.0.is_undef()
}

impl Drop for Stream {
    /// What a script forgot to write is written; an error has nobody to go to.
    fn drop(&mut self) {
        if let Source::File(file) = &self.source
            && !self.held.is_empty()
        {
            let _ = file.write_all(&self.held);
        }
    }
}

impl Stream {
    /// A stream over a source.
    pub fn new(source: Source, readable: bool, writable: bool) -> Stream {
        Stream {
            source,
            readable,
            writable,
            unbuffered: false,
            owns: true,
            patient: false,
            empty_handed: false,
            on_disk: None,
            ahead: Vec::new(),
            at: 0,
            held: Vec::new(),
        }
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        matches!(self.source, Source::Closed)
    }

    /// The bytes that were read ahead.
    pub fn ahead(&self) -> &[u8] {
        &self.ahead[self.at..]
    }

    /// Uses up bytes that were read ahead.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let end = (self.at + count).min(self.ahead.len());
        let taken = self.ahead[self.at..end].to_vec();
        self.at = end;
        if self.at == self.ahead.len() {
            self.ahead.clear();
            self.at = 0;
        }
        taken
    }

    /// Puts bytes back that were just taken.
    pub fn put_back(&mut self, bytes: &[u8]) {
        self.ahead.splice(..self.at, bytes.iter().copied());
        self.at = 0;
    }

    /// The file whose readiness a read may have to wait for; None for what is on a disk, and for
    /// what the system does not know as a file.
    pub fn waits_on(&mut self, vm: &mut Vm) -> Option<Arc<File>> {
        let file = match &self.source {
            Source::File(file) => file.clone(),
            Source::Input if self.on_disk == Some(true) => return None,
            Source::Input => {
                let fd = vm.host.stdio.lock_input().fileno()?;
                vm.host.descriptors.get(fd).ok()?
            }
            _ => return None,
        };
        let on_disk = *self
            .on_disk
            .get_or_insert_with(|| file.stat().is_ok_and(|stat| stat.is_file()));
        (!on_disk).then_some(file)
    }

    /// Whether a read would wait now.
    fn would_wait(&mut self, vm: &mut Vm) -> bool {
        let Some(file) = self.waits_on(vm) else {
            return false;
        };
        let at_once = poll_now(&[(file.clone(), 1)]).map_or(true, |bits| bits != [0]);
        !at_once && file.may_wait(Direction::Read)
    }

    /// Reads more ahead; false at the end.
    pub fn fill(&mut self, vm: &mut Vm) -> R<bool> {
        self.flush(vm)?;
        if self.patient && self.would_wait(vm) {
            return Err(not_yet());
        }
        let got = match &self.source {
            Source::File(file) => {
                if self.at > 0 {
                    self.ahead.drain(..self.at);
                    self.at = 0;
                }
                let old = self.ahead.len();
                // Large files are read in larger pieces the longer they are.
                self.ahead.resize(old + HOLD.max(old.min(1 << 20)), 0);
                let result = file.read(&mut self.ahead[old..]);
                self.ahead.truncate(old + *result.as_ref().unwrap_or(&0));
                if result.as_ref().is_err_and(HostError::is_would_block) {
                    self.empty_handed = true;
                    return Ok(false);
                }
                outside(vm, result)?
            }
            Source::Input => {
                let _ = vm.host.stdio.output.flush();
                let mut input = vm.host.stdio.lock_input();
                let result = match self.patient {
                    true => input.try_line(Some(1 << 16)),
                    false => input.read_line(Some(1 << 16)).map(Some),
                };
                drop(input);
                let Some(line) = outside(vm, result)? else {
                    return Err(not_yet());
                };
                self.ahead.extend_from_slice(&line);
                line.len()
            }
            _ => 0,
        };
        Ok(got > 0)
    }

    /// Everything to the end.
    pub fn read_all(&mut self, vm: &mut Vm) -> R<Vec<u8>> {
        while self.fill(vm)? {}
        let count = self.ahead().len();
        Ok(self.take(count))
    }

    /// Up to `count` bytes, fewer only at the end.
    pub fn read(&mut self, vm: &mut Vm, count: usize) -> R<Vec<u8>> {
        while self.ahead().len() < count && self.fill(vm)? {}
        Ok(self.take(count))
    }

    /// What is there, or what one look at the source gives.
    pub fn read_some(&mut self, vm: &mut Vm, count: usize) -> R<Vec<u8>> {
        if self.ahead().is_empty() {
            self.fill(vm)?;
        }
        Ok(self.take(count))
    }

    /// Writes bytes, or holds them back.
    pub fn write(&mut self, vm: &mut Vm, bytes: &[u8]) -> R<()> {
        let result = match &self.source {
            Source::Output => vm.host.stdio.output.write(bytes),
            Source::Error => vm.host.stdio.error.write(bytes),
            Source::File(_) => {
                self.forget_ahead(vm)?;
                if self.held.len() + bytes.len() > HOLD || self.unbuffered {
                    self.flush(vm)?;
                }
                let Source::File(file) = &self.source else {
                    return Ok(());
                };
                if bytes.len() > HOLD || self.unbuffered {
                    file.write_all(bytes)
                } else {
                    self.held.extend_from_slice(bytes);
                    Ok(())
                }
            }
            _ => Ok(()),
        };
        outside(vm, result)
    }

    /// Writes what one write takes, of a stream that holds nothing back; None if that is nothing yet.
    pub fn write_some(&mut self, vm: &mut Vm, bytes: &[u8]) -> R<Option<usize>> {
        self.forget_ahead(vm)?;
        let Source::File(file) = &self.source else {
            return self.write(vm, bytes).map(|()| Some(bytes.len()));
        };
        match file.write(bytes) {
            Err(error) if error.is_would_block() => Ok(None),
            result => outside(vm, result).map(Some),
        }
    }

    /// Writes what is held back.
    pub fn flush(&mut self, vm: &mut Vm) -> R<()> {
        let result = match &self.source {
            Source::Output => vm.host.stdio.output.flush(),
            Source::Error => vm.host.stdio.error.flush(),
            Source::File(file) => {
                let (written, result) = file.write_most(&self.held);
                self.held.drain(..written);
                result
            }
            _ => Ok(()),
        };
        outside(vm, result)
    }

    /// Before a write the file must stand where the script thinks it does.
    fn forget_ahead(&mut self, vm: &mut Vm) -> R<()> {
        let unread = self.ahead().len();
        if unread == 0 {
            return Ok(());
        }
        self.ahead.clear();
        self.at = 0;
        let Source::File(file) = &self.source else {
            return Ok(());
        };
        let result = file.seek(SeekFrom::Current(-(unread as i64)));
        outside(vm, result).map(drop)
    }

    /// Where the script thinks the file stands.
    pub fn tell(&mut self, vm: &mut Vm) -> R<u64> {
        let result = match &self.source {
            Source::File(file) => file.tell(),
            _ => Err(HostError::os(29)),
        };
        let place = outside(vm, result)?;
        Ok(place - self.ahead().len() as u64 + self.held.len() as u64)
    }

    /// Moves to a place.
    pub fn seek(&mut self, vm: &mut Vm, to: SeekFrom) -> R<u64> {
        self.flush(vm)?;
        let to = match to {
            SeekFrom::Current(by) => SeekFrom::Current(by - self.ahead().len() as i64),
            to => to,
        };
        self.ahead.clear();
        self.at = 0;
        let result = match &self.source {
            Source::File(file) => file.seek(to),
            _ => Err(HostError::os(29)),
        };
        outside(vm, result)
    }

    /// Cuts the file at a length.
    pub fn truncate(&mut self, vm: &mut Vm, length: u64) -> R<()> {
        self.flush(vm)?;
        let result = match &self.source {
            Source::File(file) => file.truncate(length),
            _ => Err(HostError::os(22)),
        };
        outside(vm, result)
    }

    /// Flushes and closes; closing twice is allowed.
    pub fn close(&mut self, vm: &mut Vm) -> R<()> {
        if self.is_closed() {
            return Ok(());
        }
        let flushed = self.flush(vm);
        if let Source::File(file) = std::mem::replace(&mut self.source, Source::Closed) {
            let fd = file.fileno();
            vm.host.poller.forget(fd);
            drop(file);
        }
        self.held.clear();
        self.ahead.clear();
        self.at = 0;
        flushed
    }

    /// The descriptor.
    pub fn fileno(&self, vm: &mut Vm) -> Option<i32> {
        match &self.source {
            Source::File(file) => Some(file.fileno()),
            Source::Input => vm.host.stdio.lock_input().fileno(),
            Source::Output => vm.host.stdio.output.fileno(),
            Source::Error => vm.host.stdio.error.fileno(),
            Source::Closed => None,
        }
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self, vm: &mut Vm) -> bool {
        match &self.source {
            Source::File(file) => file.is_terminal(),
            Source::Input => vm.host.stdio.lock_input().is_terminal(),
            Source::Output => vm.host.stdio.output.is_terminal(),
            Source::Error => vm.host.stdio.error.is_terminal(),
            Source::Closed => false,
        }
    }

    /// Whether it has a place that can be moved.
    pub fn is_seekable(&self) -> bool {
        matches!(&self.source, Source::File(file) if file.is_seekable())
    }
}
