//! Keys, handed to rustyline one at a time.
//!
//! While rustyline (18) also waits for what is to be printed, it forgets keys that
//! came together with another one until the next is pressed, and at the end of
//! a line it drops them: what was typed ahead would be lost. So it reads from a
//! pseudo-terminal of ours, into which a thread puts each key when the one
//! before has been taken. Nor does it take several steps for a key of ours;
//! those it gets as keys that nobody has pressed.

use super::super::HostError;
use super::keys::Mark;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{InputModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// A few keys are taken without a word (the one after Ctrl-Q): then the next follows after this.
const PATIENCE: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 500_000_000,
};
/// The bytes of one key come together.
const KEY_PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};
/// A long text may pause on its way.
const PASTE_PATIENCE: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};

/// The terminal's keys. Clones share it.
#[derive(Clone)]
pub(super) struct Keyboard {
    shared: Arc<Shared>,
}

struct Shared {
    /// The real terminal, which is standard input when nobody edits.
    terminal: OwnedFd,
    /// What rustyline reads from.
    slave: OwnedFd,
    /// How the terminal was.
    modes: Termios,
    /// Tells the thread that keys are wanted.
    knock: Mutex<UnixStream>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Keys are handed over.
    wanted: bool,
    /// The key that was handed over last was taken, and the one after may follow.
    taken: bool,
    /// Keys that nobody has pressed, and that come before those that somebody has.
    repeated: VecDeque<Vec<u8>>,
}

impl Keyboard {
    /// Starts the thread. Standard input must be a terminal.
    pub(super) fn start(mark: Mark) -> Result<Self, HostError> {
        let terminal = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        let modes = tcgetattr(&terminal)?;
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let slave = ioctl_tiocgptpeer(&master, flags)?;
        let mut raw = tcgetattr(&slave)?;
        raw.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &raw)?;
        let (knock, door) = UnixStream::pair()?;
        let shared = Arc::new(Shared {
            terminal,
            slave,
            modes,
            knock: Mutex::new(knock),
            state: Mutex::new(State::default()),
        });
        let hands = Hands {
            shared: shared.clone(),
            master,
            door,
            mark,
        };
        std::thread::Builder::new()
            .name("hoop-keyboard".into())
            .stack_size(128 * 1024)
            .spawn(move || hands.serve())?;
        Ok(Keyboard { shared })
    }

    /// From now on keys come one by one, through what is standard input until `end`.
    pub(super) fn begin(&self) -> Result<(), HostError> {
        let shared = &self.shared;
        let mut raw = shared.modes.clone();
        let output = raw.output_modes;
        raw.make_raw();
        // Lines that the program writes end as before.
        raw.output_modes = output;
        // What is typed ahead and read by somebody else has lines.
        raw.input_modes |= InputModes::ICRNL;
        tcsetattr(&shared.terminal, OptionalActions::Drain, &raw)?;
        rustix::stdio::dup2_stdin(&shared.slave)?;
        *shared.state() = State {
            wanted: true,
            taken: true,
            repeated: VecDeque::new(),
        };
        self.knock()
    }

    /// The thread looks whether there is something to do.
    fn knock(&self) -> Result<(), HostError> {
        let knock = self.shared.knock.lock();
        let mut knock = knock.unwrap_or_else(PoisonError::into_inner);
        Ok(knock.write_all(b".")?)
    }

    /// Has a key come as if somebody had pressed it.
    pub(super) fn press(&self, key: &str) {
        self.repeat(key, 1);
        let _ = self.knock();
    }

    /// Has a key come so many times before any other.
    pub(super) fn repeat(&self, key: &str, times: usize) {
        let keys = std::iter::repeat_n(key.as_bytes().to_vec(), times);
        self.shared.state().repeated.extend(keys);
    }

    /// The key that came last is being worked on.
    pub(super) fn taken(&self) {
        self.shared.state().taken = true;
        // Fails when the thread has ended, as the terminal has.
        let _ = self.knock();
    }

    /// The key that came last ends the line: what follows belongs to the next.
    pub(super) fn pause(&self) {
        self.shared.state().wanted = false;
    }

    /// The terminal is as it was.
    pub(super) fn end(&self) {
        let shared = &self.shared;
        self.pause();
        // Errors mean that the terminal is gone.
        let _ = rustix::stdio::dup2_stdin(&shared.terminal);
        let _ = tcsetattr(&shared.terminal, OptionalActions::Drain, &shared.modes);
    }

    /// As `end`, without waiting for output that nobody may read.
    pub(super) fn abandon(&self) {
        let shared = &self.shared;
        let _ = tcsetattr(&shared.terminal, OptionalActions::Now, &shared.modes);
    }

    /// Stops the whole job, as Ctrl-Z does, and goes on when it is continued.
    pub(super) fn suspend(&self) {
        self.end();
        let stop = rustix::process::Signal::TSTP;
        let _ = rustix::process::kill_current_process_group(stop);
        let _ = self.begin();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that hands keys over.
struct Hands {
    shared: Arc<Shared>,
    master: OwnedFd,
    door: UnixStream,
    /// What stands before each line of a pasted text but the first.
    mark: Mark,
}

impl Hands {
    /// Returns when the terminal or the program is gone; then rustyline reads the end.
    fn serve(mut self) {
        loop {
            match self.next_key() {
                Ok(None) => {}
                Ok(Some(key)) if write_all(&self.master, &key).is_ok() => {}
                Ok(Some(_)) | Err(_) => return,
            }
        }
    }

    /// Waits for a key that may be handed over; None to look again.
    fn next_key(&mut self) -> Result<Option<Vec<u8>>, HostError> {
        let (wanted, taken, repeated) = {
            let mut state = self.shared.state();
            let ready = state.wanted && state.taken;
            let repeated = if ready {
                state.repeated.pop_front()
            } else {
                None
            };
            state.taken &= repeated.is_none();
            (state.wanted, state.taken, repeated)
        };
        if repeated.is_some() {
            return Ok(repeated);
        }
        let mut watched = vec![PollFd::new(&self.door, PollFlags::IN)];
        if wanted && taken {
            watched.push(PollFd::new(&self.shared.terminal, PollFlags::IN));
        }
        let patience = (wanted && !taken).then_some(PATIENCE);
        let happened = match poll(&mut watched, patience.as_ref()) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let ready: Vec<bool> = watched.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(watched);
        if ready[0] && self.door.read(&mut [0; 64])? == 0 {
            return Err(HostError::from(rustix::io::Errno::PIPE));
        }
        if happened == 0 {
            self.shared.state().taken = true;
        }
        if ready.get(1) != Some(&true) {
            return Ok(None);
        }
        // Held while reading: nobody else reads from the terminal meanwhile.
        let mut state = self.shared.state();
        if !state.wanted {
            return Ok(None);
        }
        state.taken = false;
        let key = read_key(&self.shared.terminal)?;
        Ok(Some(match key.starts_with(PASTE_BEGINS) {
            true => with_marks(&key, &self.mark.get()),
            false => key,
        }))
    }
}

/// One key, byte by byte: what follows stays in the terminal, for whoever reads from it next.
fn read_key(terminal: &OwnedFd) -> Result<Vec<u8>, HostError> {
    let mut key = Vec::new();
    loop {
        let mut byte = [0];
        if rustix::io::read(terminal, &mut byte)? == 0 {
            return Err(HostError::from(rustix::io::Errno::IO));
        }
        key.push(byte[0]);
        if key == b"\n" {
            return Ok(b"\r".to_vec());
        }
        if is_whole(&key) {
            return Ok(key);
        }
        // The Escape key itself sends nothing more.
        let patience = if key.starts_with(PASTE_BEGINS) {
            PASTE_PATIENCE
        } else {
            KEY_PATIENCE
        };
        let mut watched = [PollFd::new(terminal, PollFlags::IN)];
        if poll(&mut watched, Some(&patience)) == Ok(0) {
            return Ok(key);
        }
    }
}

/// Whether no more bytes belong to this key.
fn is_whole(key: &[u8]) -> bool {
    if key.starts_with(PASTE_BEGINS) {
        return key.ends_with(PASTE_ENDS);
    }
    match key {
        [b'\x1b'] | [b'\x1b', b'[' | b'O'] => false,
        [b'\x1b', b'[', .., last] => (0x40..0x7f).contains(last),
        [b'\x1b', first, rest @ ..] if *first != b'O' => rest.len() + 1 >= character_length(*first),
        [b'\x1b', ..] => true,
        [first, ..] => key.len() >= character_length(*first),
        [] => false,
    }
}

/// A pasted text as the editor holds it: with the mark behind each line break.
fn with_marks(piece: &[u8], mark: &str) -> Vec<u8> {
    let mut marked = Vec::with_capacity(piece.len() * 2);
    let mut before = 0;
    for &byte in piece {
        match byte {
            b'\n' if before == b'\r' => {}
            b'\r' | b'\n' => {
                marked.push(b'\n');
                marked.extend_from_slice(mark.as_bytes());
            }
            b'\t' => marked.extend_from_slice(b"    "),
            other => marked.push(other),
        }
        before = byte;
    }
    marked
}

fn write_all(to: impl AsFd, mut bytes: &[u8]) -> Result<(), HostError> {
    while !bytes.is_empty() {
        let count = rustix::io::write(&to, bytes)?;
        bytes = &bytes[count..];
    }
    Ok(())
}

/// How many bytes the character has that begins so.
fn character_length(first: u8) -> usize {
    match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_where_they_end() {
        let whole: [&[u8]; 8] = [
            b"a",
            b"\r",
            b"\x1b[A",
            b"\x1bOH",
            b"\x1bf",
            "é".as_bytes(),
            b"\x1b[1;5C",
            b"\x1b[200~a\nb\x1b[201~",
        ];
        for key in whole {
            assert!(is_whole(key), "{key:?}");
            for end in 1..key.len() {
                let part = &key[..end];
                assert!(!is_whole(part) || part == b"\x1b[200~", "{part:?}");
            }
        }
    }

    #[test]
    fn pasted_lines_get_their_marks() {
        assert_eq!(with_marks(b"a\r\n\tb\rc", "... "), b"a\n...     b\n... c");
    }
}
