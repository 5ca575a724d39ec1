//! Standard input, output and error, with CPython's buffering.

use super::HostError;
use rustix::io::Errno;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is held back before it is written.
const HOLD: usize = 8192;

/// When output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffering {
    /// With each write.
    None,
    /// When a line ends: a terminal, and always standard error.
    Line,
    /// When 8 KiB have gathered: pipes and files.
    Block,
}

/// Where output goes.
pub trait Sink: Send {
    /// Writes some of `bytes` and says how many.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, HostError>;

    /// True for a terminal.
    fn is_terminal(&self) -> bool {
        false
    }

    /// The descriptor behind it, if there is one.
    fn fileno(&self) -> Option<i32> {
        None
    }
}

/// Where input comes from.
pub trait Source: Send {
    /// Reads some bytes and says how many; zero at the end.
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, HostError>;

    /// True for a terminal.
    fn is_terminal(&self) -> bool {
        false
    }

    /// The descriptor behind it, if there is one.
    fn fileno(&self) -> Option<i32> {
        None
    }
}

/// The three streams of one host. Input is behind a lock because reading it
/// blocks, and what blocks may run on the pool.
pub struct Stdio {
    pub input: Arc<Mutex<Input>>,
    pub output: Output,
    pub error: Output,
}

impl Stdio {
    /// The process's own streams.
    pub fn system() -> Self {
        let output = Standard::Output;
        let hold = if Sink::is_terminal(&output) {
            Buffering::Line
        } else {
            Buffering::Block
        };
        Stdio::new(
            Input::new(Box::new(Standard::Input)),
            Output::new(Box::new(output), hold),
            Output::new(Box::new(Standard::Error), Buffering::Line),
        )
    }

    /// Streams of the embedder's choice.
    pub fn new(input: Input, output: Output, error: Output) -> Self {
        Stdio {
            input: Arc::new(Mutex::new(input)),
            output,
            error,
        }
    }

    /// Lets the two outputs take so many bytes more, together; None for no limit.
    pub fn limit_output(&mut self, bytes: Option<u64>) {
        let left = bytes.map(|bytes| Arc::new(AtomicU64::new(bytes)));
        self.output.left = left.clone();
        self.error.left = left;
        (self.output.exceeded, self.error.exceeded) = (false, false);
    }

    /// Whether more was to be written than the limit lets through.
    pub fn output_is_exceeded(&self) -> bool {
        self.output.exceeded || self.error.exceeded
    }

    /// Locks standard input; a call on the pool may hold it.
    pub fn lock_input(&self) -> MutexGuard<'_, Input> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is held back before the program sleeps. An error is kept
    /// for the next write or flush of the script, which can report it.
    pub fn flush_before_wait(&mut self) {
        if self.output.is_holding() {
            let _ = self.output.flush();
        }
        if self.error.is_holding() {
            let _ = self.error.flush();
        }
    }
}

/// A buffered stream of output. Nothing is written when it is dropped: the
/// end of a program flushes, and reports what went wrong.
pub struct Output {
    sink: Box<dyn Sink>,
    held: Vec<u8>,
    buffering: Buffering,
    /// How many bytes it may take still, where there is a limit.
    left: Option<Arc<AtomicU64>>,
    /// It was given more.
    exceeded: bool,
}

impl Output {
    /// A stream that writes to `sink`.
    pub fn new(sink: Box<dyn Sink>, buffering: Buffering) -> Self {
        Output {
            sink,
            held: Vec::new(),
            buffering,
            left: None,
            exceeded: false,
        }
    }

    /// Takes `bytes` and writes what the buffering says. After an error the
    /// bytes that were not written are still held, those of this call only if
    /// there was room.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        if let Some(left) = &self.left {
            let count = bytes.len() as u64;
            let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(count)
            });
            if taken.is_err() {
                self.exceeded = true;
                return Err(HostError::from(Errno::FBIG));
            }
        }
        if self.held.len() + bytes.len() > HOLD {
            self.flush()?;
        }
        if bytes.len() >= HOLD {
            return self.write_through(bytes);
        }
        self.held.extend_from_slice(bytes);
        let now = match self.buffering {
            Buffering::None => true,
            Buffering::Line => bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')),
            Buffering::Block => false,
        };
        if now { self.flush() } else { Ok(()) }
    }

    /// Writes everything held back.
    pub fn flush(&mut self) -> Result<(), HostError> {
        let mut done = 0;
        let result = loop {
            if done == self.held.len() {
                break Ok(());
            }
            match self.sink.write(&self.held[done..]) {
                Ok(0) => break Err(HostError::from(Errno::IO)),
                Ok(count) => done += count,
                Err(error) => break Err(error),
            }
        };
        self.held.drain(..done);
        result
    }

    /// True when something is held back.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Forgets what is held back, after an error that will not go away.
    pub fn discard(&mut self) {
        self.held.clear();
    }

    /// How it buffers.
    pub fn buffering(&self) -> Buffering {
        self.buffering
    }

    /// Changes how it buffers (`reconfigure`, `-u`).
    pub fn set_buffering(&mut self, buffering: Buffering) {
        self.buffering = buffering;
    }

    /// True for a terminal.
    pub fn is_terminal(&self) -> bool {
        self.sink.is_terminal()
    }

    /// The descriptor behind it, if there is one.
    pub fn fileno(&self) -> Option<i32> {
        self.sink.fileno()
    }

    /// Puts something between the stream and where it writes to.
    pub fn wrap(&mut self, around: impl FnOnce(Box<dyn Sink>) -> Box<dyn Sink>) {
        let nowhere: Box<dyn Sink> = Box::new(SharedBytes::default());
        self.sink = around(std::mem::replace(&mut self.sink, nowhere));
    }

    /// Long text goes out without being copied, after what was held.
    fn write_through(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.sink.write(rest)? {
                0 => return Err(HostError::from(Errno::IO)),
                count => rest = &rest[count..],
            }
        }
        Ok(())
    }
}

/// A buffered stream of input.
pub struct Input {
    source: Box<dyn Source>,
    held: Vec<u8>,
    /// Where the bytes not yet asked for begin.
    start: usize,
}

impl Input {
    /// A stream that reads from `source`.
    pub fn new(source: Box<dyn Source>) -> Self {
        Input {
            source,
            held: Vec::new(),
            start: 0,
        }
    }

    /// A stream of bytes known beforehand.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        let mut input = Input::new(Box::new(Nothing));
        input.held = bytes;
        input
    }

    /// The next line with its line feed; without one at the end of the input,
    /// empty after it. At most `limit` bytes if one is given.
    pub fn read_line(&mut self, limit: Option<usize>) -> Result<Vec<u8>, HostError> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut looked = 0;
        loop {
            let waiting = &self.held[self.start..];
            let found = waiting[looked..].iter().position(|byte| *byte == b'\n');
            let end = found.map(|at| looked + at + 1);
            if let Some(end) = end.or((waiting.len() >= limit).then_some(limit)) {
                return Ok(self.take(end.min(limit)));
            }
            looked = waiting.len();
            if self.fill()? == 0 {
                return Ok(self.take(looked));
            }
        }
    }

    /// `read_line` for who waits in the poller first: looks at the source once
    /// and answers None when the line is not complete yet.
    pub fn try_line(&mut self, limit: Option<usize>) -> Result<Option<Vec<u8>>, HostError> {
        let enough = limit.unwrap_or(usize::MAX);
        if self.has_line() || self.held.len() - self.start >= enough {
            return self.read_line(limit).map(Some);
        }
        if self.fill()? == 0 {
            // A terminal says its end once; asked again it waits for more.
            return Ok(Some(self.take(self.held.len() - self.start)));
        }
        let complete = self.has_line() || self.held.len() - self.start >= enough;
        if complete {
            self.read_line(limit).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Up to `count` bytes, fewer only at the end of the input.
    pub fn read(&mut self, count: usize) -> Result<Vec<u8>, HostError> {
        while self.held.len() - self.start < count {
            if self.fill()? == 0 {
                break;
            }
        }
        let count = count.min(self.held.len() - self.start);
        Ok(self.take(count))
    }

    /// What one look at the source gives, up to `count` bytes: `read1`.
    pub fn read_some(&mut self, count: usize) -> Result<Vec<u8>, HostError> {
        if self.held.len() == self.start {
            self.fill()?;
        }
        let count = count.min(self.held.len() - self.start);
        Ok(self.take(count))
    }

    /// Everything up to the end of the input.
    pub fn read_all(&mut self) -> Result<Vec<u8>, HostError> {
        while self.fill()? != 0 {}
        let count = self.held.len() - self.start;
        Ok(self.take(count))
    }

    /// True if a line could be answered without asking the source.
    pub fn has_line(&self) -> bool {
        self.held[self.start..].contains(&b'\n')
    }

    /// True for a terminal.
    pub fn is_terminal(&self) -> bool {
        self.source.is_terminal()
    }

    /// The descriptor behind it, if there is one.
    pub fn fileno(&self) -> Option<i32> {
        self.source.fileno()
    }

    /// Puts something between the stream and where it reads from.
    pub fn wrap(&mut self, around: impl FnOnce(Box<dyn Source>) -> Box<dyn Source>) {
        let nowhere: Box<dyn Source> = Box::new(Nothing);
        self.source = around(std::mem::replace(&mut self.source, nowhere));
    }

    fn fill(&mut self) -> Result<usize, HostError> {
        let mut bytes = [0; HOLD];
        let count = self.source.read(&mut bytes)?;
        self.held.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.held[self.start..self.start + count].to_vec();
        self.start += count;
        if self.start == self.held.len() {
            self.held.clear();
            self.start = 0;
        } else if self.start > HOLD {
            self.held.drain(..self.start);
            self.start = 0;
        }
        taken
    }
}

/// The process's own three streams, without the layers of std: those lock,
/// buffer by lines, and panic when printing fails.
#[derive(Clone, Copy)]
enum Standard {
    Input,
    Output,
    Error,
}

impl Standard {
    fn fd(self) -> rustix::fd::BorrowedFd<'static> {
        match self {
            Standard::Input => rustix::stdio::stdin(),
            Standard::Output => rustix::stdio::stdout(),
            Standard::Error => rustix::stdio::stderr(),
        }
    }

    fn number(self) -> i32 {
        self as i32
    }

    /// Waits until the stream is ready; somebody has made it non-blocking.
    fn wait(self, what: rustix::event::PollFlags) -> Result<(), HostError> {
        let fd = self.fd();
        let mut fds = [rustix::event::PollFd::new(&fd, what)];
        match rustix::event::poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Sink for Standard {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, HostError> {
        loop {
            match rustix::io::write(self.fd(), bytes) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(rustix::event::PollFlags::OUT)?,
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn is_terminal(&self) -> bool {
        rustix::termios::isatty(self.fd())
    }

    fn fileno(&self) -> Option<i32> {
        Some(self.number())
    }
}

impl Source for Standard {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, HostError> {
        loop {
            match rustix::io::read(self.fd(), &mut *bytes) {
                Ok(count) => return Ok(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(rustix::event::PollFlags::IN)?,
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn is_terminal(&self) -> bool {
        rustix::termios::isatty(self.fd())
    }

    fn fileno(&self) -> Option<i32> {
        Some(self.number())
    }
}

/// A source that is at its end.
struct Nothing;

impl Source for Nothing {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, HostError> {
        Ok(0)
    }
}

/// Output kept in memory; clones share it.
#[derive(Clone, Default)]
pub struct SharedBytes {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl SharedBytes {
    /// What has been written so far, taken out.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for SharedBytes {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, HostError> {
        let mut all = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sink that breaks after some bytes.
    struct Breaks(usize);

    impl Sink for Breaks {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, HostError> {
            if self.0 == 0 {
                return Err(HostError::from(Errno::PIPE));
            }
            let count = bytes.len().min(self.0);
            self.0 -= count;
            Ok(count)
        }
    }

    #[test]
    fn blocks_wait_and_lines_do_not() {
        let kept = SharedBytes::default();
        let mut output = Output::new(Box::new(kept.clone()), Buffering::Block);
        output.write(b"one\n").unwrap();
        assert!(kept.take().is_empty());
        output.flush().unwrap();
        assert_eq!(kept.take(), b"one\n");
        output.set_buffering(Buffering::Line);
        output.write(b"two").unwrap();
        assert!(kept.take().is_empty());
        output.write(b"\n").unwrap();
        assert_eq!(kept.take(), b"two\n");
        output.write(&[b'x'; 10_000]).unwrap();
        assert_eq!(kept.take().len(), 10_000);
    }

    #[test]
    fn a_broken_pipe_is_an_error_and_keeps_what_was_not_written() {
        let mut output = Output::new(Box::new(Breaks(2)), Buffering::Line);
        let error = output.write(b"abc\n").unwrap_err();
        assert!(error.is(Errno::PIPE));
        assert_eq!(output.held, b"c\n");
        assert!(output.flush().is_err());
        output.discard();
        assert!(output.flush().is_ok());
    }

    #[test]
    fn input_comes_by_lines_and_by_bytes() {
        let mut input = Input::from_bytes(b"first\nsecond line\nlast".to_vec());
        assert!(input.has_line());
        assert_eq!(input.read_line(None).unwrap(), b"first\n");
        assert_eq!(input.read_line(Some(3)).unwrap(), b"sec");
        assert_eq!(input.read(3).unwrap(), b"ond");
        assert_eq!(input.read_line(None).unwrap(), b" line\n");
        assert_eq!(input.read_line(None).unwrap(), b"last");
        assert_eq!(input.read_line(None).unwrap(), b"");
        assert_eq!(input.read_all().unwrap(), b"");
    }
}
