//! The poller: which descriptors are ready, for whom.
//!
//! One poller serves a whole engine: all its loops and all its fibers. Whoever
//! waits is an [`Owner`], a number that the VM gives out. A descriptor may be
//! watched by several owners; the system knows it once.
//!
//! Scripts expect readiness as a *level*: a reader is called in each turn in
//! which there is something to read. The system's poller, through mio, reports
//! *edges*. So a descriptor that was reported is armed again before the next
//! poll, unless whoever read from it has said with [`Poller::drained`] that
//! nothing is left, which saves that system call on the busiest path.

use super::descriptors::ByDescriptor;
use super::{Event, HostError, Inbox, Signals};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use std::collections::HashMap;
use std::time::Duration;

const WAKER: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);
/// Events taken from the system at once.
const BATCH: usize = 1024;

/// What a descriptor can be ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Read,
    Write,
}

/// Who waits: a loop or a fiber, by a number of the VM's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(pub u64);

/// How long the poller may sleep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// Not at all.
    Now,
    /// Until this moment of the monotonic clock, in seconds.
    Until(f64),
    /// Until something happens.
    Forever,
}

impl Wait {
    /// The shorter of two waits.
    pub fn min(self, other: Wait) -> Wait {
        match (self, other) {
            (Wait::Now, _) | (_, Wait::Now) => Wait::Now,
            (Wait::Forever, wait) | (wait, Wait::Forever) => wait,
            (Wait::Until(a), Wait::Until(b)) => Wait::Until(a.min(b)),
        }
    }
}

/// How far the report of a direction has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// The system will report the next change.
    Armed,
    /// It has reported; there may be more without a new report.
    Fired,
    /// It has reported the end or an error, which stays true for ever.
    Final,
}

/// One descriptor that somebody watches or has watched.
struct Entry {
    watchers: Vec<(Owner, Direction)>,
    /// What the system was told, None when it knows nothing of it.
    registered: Option<Interest>,
    read: Edge,
    write: Edge,
}

impl Entry {
    fn new() -> Self {
        Entry {
            watchers: Vec::new(),
            registered: None,
            read: Edge::Armed,
            write: Edge::Armed,
        }
    }

    fn edge(&mut self, direction: Direction) -> &mut Edge {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }

    fn interest(&self) -> Option<Interest> {
        let wants = |wanted| self.watchers.iter().any(|(_, d)| *d == wanted);
        match (wants(Direction::Read), wants(Direction::Write)) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }

    /// True when a watched direction has been reported and not drained.
    fn needs_arming(&self) -> bool {
        self.watchers.iter().any(|(_, direction)| match direction {
            Direction::Read => self.read != Edge::Armed,
            Direction::Write => self.write != Edge::Armed,
        })
    }
}

/// The system's poller and who waits for what. It is made with the first
/// sleep or watch: a program that needs neither never opens it.
pub struct Poller {
    system: Option<System>,
    entries: HashMap<i32, Entry, ByDescriptor>,
    /// Descriptors reported since the last poll.
    fired: Vec<i32>,
    watching: usize,
}

struct System {
    poll: Poll,
    events: Events,
    signals_known: bool,
}

impl Poller {
    pub(super) fn new() -> Self {
        Poller {
            system: None,
            entries: HashMap::default(),
            fired: Vec::new(),
            watching: 0,
        }
    }

    /// True when somebody watches a descriptor. If not, looking without
    /// waiting can be left out.
    #[inline]
    pub fn has_watches(&self) -> bool {
        self.watching != 0
    }

    /// From now on reports to `owner` when `fd` is ready in `direction`.
    /// Watching twice is watching once. A descriptor that cannot be polled (a
    /// regular file: EPERM; a closed one: EBADF) is refused.
    pub fn watch(&mut self, fd: i32, direction: Direction, owner: Owner) -> Result<(), HostError> {
        if fd < 0 {
            return Err(HostError::from(Errno::BADF));
        }
        let entry = self.entries.entry(fd).or_insert_with(Entry::new);
        let fresh = !entry.watchers.contains(&(owner, direction));
        if fresh {
            entry.watchers.push((owner, direction));
            self.watching += 1;
        }
        if let Err(error) = self.arm(fd) {
            if fresh {
                self.unwatch(fd, direction, owner);
            }
            return Err(error);
        }
        Ok(())
    }

    /// Ends a watch; nothing happens if there was none.
    pub fn unwatch(&mut self, fd: i32, direction: Direction, owner: Owner) {
        let Some(entry) = self.entries.get_mut(&fd) else {
            return;
        };
        let Some(index) = entry.watchers.iter().position(|w| *w == (owner, direction)) else {
            return;
        };
        entry.watchers.remove(index);
        self.watching -= 1;
        if entry.interest() != entry.registered {
            // A descriptor that was closed meanwhile has left the system's
            // table by itself; then there is nothing to tell.
            let _ = self.arm(fd);
        }
    }

    /// Forgets a descriptor that is about to be closed, whoever watches it.
    pub fn forget(&mut self, fd: i32) {
        let Some(entry) = self.entries.remove(&fd) else {
            return;
        };
        self.watching -= entry.watchers.len();
        if entry.registered.is_some()
            && let Some(system) = &self.system
        {
            let _ = system.poll.registry().deregister(&mut SourceFd(&fd));
        }
    }

    /// What a reactor watches in place of all that is watched here.
    #[cfg(any(feature = "async-io", feature = "tokio"))]
    pub(super) fn descriptor(&mut self) -> Result<std::os::fd::BorrowedFd<'_>, HostError> {
        let system = System::get(&mut self.system)?;
        Ok(std::os::fd::AsFd::as_fd(system.poll.registry()))
    }

    /// Forgets all that is watched, whoever watches it.
    pub fn forget_all(&mut self) {
        let watched: Vec<i32> = self.entries.keys().copied().collect();
        for fd in watched {
            self.forget(fd);
        }
        self.fired.clear();
    }

    /// Says that `fd` has nothing left in `direction`: a read would block, or
    /// was shorter than asked for. The system reports when that changes.
    #[inline]
    pub fn drained(&mut self, fd: i32, direction: Direction) {
        if let Some(entry) = self.entries.get_mut(&fd) {
            let edge = entry.edge(direction);
            if *edge == Edge::Fired {
                *edge = Edge::Armed;
            }
        }
    }

    /// Sleeps for at most `timeout` (None: for ever) and appends readiness.
    pub(super) fn poll(
        &mut self,
        timeout: Option<Duration>,
        inbox: &Inbox,
        signals: &mut Signals,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        self.arm_fired();
        let system = System::get(&mut self.system)?;
        system.connect(inbox, signals)?;
        let sleeps = timeout != Some(Duration::ZERO);
        let timeout = if sleeps && !inbox.fall_asleep() {
            Some(Duration::ZERO)
        } else {
            timeout
        };
        let polled = system.poll.poll(&mut system.events, timeout);
        if sleeps {
            inbox.woke_up();
        }
        match polled {
            Ok(()) => {}
            // A signal: the caller finds it in the inbox.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for event in &system.events {
            match event.token() {
                WAKER => {}
                SIGNALS => signals.drain_pipe(),
                Token(fd) => {
                    let fd = fd as i32;
                    if let Some(entry) = self.entries.get_mut(&fd) {
                        report(fd, entry, event, events);
                        self.fired.push(fd);
                    }
                }
            }
        }
        Ok(())
    }

    /// Asks anew about what was reported before and may still be true.
    fn arm_fired(&mut self) {
        let mut fired = std::mem::take(&mut self.fired);
        for fd in fired.drain(..) {
            if self.entries.get(&fd).is_some_and(Entry::needs_arming) {
                // Fails if the descriptor was closed; the next watch repairs.
                let _ = self.arm(fd);
            }
        }
        self.fired = fired;
    }

    /// Tells the system what is wanted of `fd` now. Telling it the same again
    /// makes it report the present state again.
    fn arm(&mut self, fd: i32) -> Result<(), HostError> {
        let Some(entry) = self.entries.get_mut(&fd) else {
            return Ok(());
        };
        let system = System::get(&mut self.system)?;
        let registry = system.poll.registry();
        let mut source = SourceFd(&fd);
        let token = Token(fd as usize);
        let Some(interest) = entry.interest() else {
            let known = entry.registered.is_some();
            self.entries.remove(&fd);
            if known {
                let _ = registry.deregister(&mut source);
            }
            return Ok(());
        };
        let first_try = match entry.registered {
            Some(_) => registry.reregister(&mut source, token, interest),
            None => registry.register(&mut source, token, interest),
        };
        // Our table and the system's differ when a number was closed and used
        // again without our being told.
        let result =
            first_try.or_else(
                |error| match error.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::NOENT) => registry.register(&mut source, token, interest),
                    Some(Errno::EXIST) => registry.reregister(&mut source, token, interest),
                    _ => Err(error),
                },
            );
        match result {
            Ok(()) => {
                entry.registered = Some(interest);
                entry.read = Edge::Armed;
                entry.write = Edge::Armed;
                Ok(())
            }
            Err(error) => {
                entry.registered = None;
                Err(error.into())
            }
        }
    }
}

/// Turns one event of the system into one of ours for each watcher. An error
/// or a hang-up makes both directions ready, as CPython's selectors do.
fn report(fd: i32, entry: &mut Entry, event: &mio::event::Event, events: &mut Vec<Event>) {
    let last = event.is_error() || event.is_read_closed() || event.is_write_closed();
    let edge = if last { Edge::Final } else { Edge::Fired };
    let broken = event.is_error() || (event.is_read_closed() && event.is_write_closed());
    let ready = [
        (
            Direction::Read,
            event.is_readable() || event.is_read_closed() || broken,
        ),
        (
            Direction::Write,
            event.is_writable() || event.is_write_closed() || broken,
        ),
    ];
    for (direction, is_ready) in ready {
        if !is_ready {
            continue;
        }
        *entry.edge(direction) = edge;
        for (owner, watched) in &entry.watchers {
            if *watched == direction {
                events.push(Event::Ready {
                    owner: *owner,
                    fd,
                    direction,
                });
            }
        }
    }
}

impl System {
    fn get(slot: &mut Option<System>) -> Result<&mut System, HostError> {
        if slot.is_none() {
            *slot = Some(System {
                poll: Poll::new()?,
                events: Events::with_capacity(BATCH),
                signals_known: false,
            });
        }
        slot.as_mut().ok_or_else(|| HostError::from(Errno::NOMEM))
    }

    /// Lets the inbox and the signal handlers end our sleep.
    fn connect(&mut self, inbox: &Inbox, signals: &Signals) -> Result<(), HostError> {
        if !inbox.has_waker() {
            inbox.set_waker(mio::Waker::new(self.poll.registry(), WAKER)?);
        }
        if !self.signals_known
            && let Some(fd) = signals.pipe_fd()
        {
            let registry = self.poll.registry();
            registry.register(&mut SourceFd(&fd), SIGNALS, Interest::READABLE)?;
            self.signals_known = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{File, Host, Socket, SocketKind, WakeHandle};
    use super::*;
    use std::time::Instant;

    fn host() -> Host {
        Host::simulated(1).0
    }

    fn ready(events: &[Event]) -> Vec<(u64, Direction)> {
        let of = |event: &Event| match event {
            Event::Ready {
                owner, direction, ..
            } => Some((owner.0, *direction)),
            _ => None,
        };
        events.iter().filter_map(of).collect()
    }

    #[test]
    fn one_descriptor_serves_several_owners() {
        let mut host = host();
        let (a, b) = Socket::pair(SocketKind::Stream).unwrap();
        let fd = a.fileno();
        host.poller.watch(fd, Direction::Read, Owner(1)).unwrap();
        host.poller.watch(fd, Direction::Read, Owner(2)).unwrap();
        host.poller.watch(fd, Direction::Write, Owner(3)).unwrap();
        b.send(b"x").unwrap();
        let mut events = Vec::new();
        host.wait(Wait::Forever, &mut events).unwrap();
        let (read, write) = (Direction::Read, Direction::Write);
        assert_eq!(ready(&events), vec![(1, read), (2, read), (3, write)]);
        host.poller.unwatch(fd, Direction::Read, Owner(1));
        host.poller.unwatch(fd, Direction::Write, Owner(3));
        events.clear();
        host.wait(Wait::Now, &mut events).unwrap();
        assert_eq!(ready(&events), vec![(2, read)]);
        host.close_socket(a);
        assert!(!host.poller.has_watches());
    }

    #[test]
    fn a_number_used_again_is_watched_again() {
        let mut host = host();
        let (a, _keep) = Socket::pair(SocketKind::Stream).unwrap();
        let fd = a.fileno();
        host.poller.watch(fd, Direction::Read, Owner(1)).unwrap();
        // Closed without a word; the next pair gets the number.
        drop(a);
        let (c, d) = Socket::pair(SocketKind::Stream).unwrap();
        let fd = c.fileno().min(d.fileno());
        host.poller.watch(fd, Direction::Read, Owner(2)).unwrap();
        c.send(b"x").unwrap();
        d.send(b"x").unwrap();
        let mut events = Vec::new();
        host.wait(Wait::Now, &mut events).unwrap();
        assert!(ready(&events).contains(&(2, Direction::Read)));
    }

    #[test]
    fn what_cannot_be_polled_is_refused() {
        let mut host = Host::with(
            super::super::Permissions::all(),
            super::super::Environment::of_process(Vec::new()),
            super::super::Stdio::system(),
        );
        let program = std::env::current_exe().unwrap();
        let mode = super::super::OpenMode::READ;
        let file = host.files.open(&program, mode, 0).unwrap();
        let watched = host.poller.watch(file.fileno(), Direction::Read, Owner(1));
        assert!(watched.unwrap_err().is(Errno::PERM));
        let watched = host.poller.watch(-1, Direction::Read, Owner(1));
        assert!(watched.unwrap_err().is(Errno::BADF));
        assert!(!host.poller.has_watches());
    }

    #[test]
    fn a_pipe_reports_its_end() {
        let mut host = host();
        let (reader, writer) = File::pipe().unwrap();
        let fd = reader.fileno();
        host.poller.watch(fd, Direction::Read, Owner(1)).unwrap();
        drop(writer);
        let mut events = Vec::new();
        host.wait(Wait::Forever, &mut events).unwrap();
        assert_eq!(ready(&events), vec![(1, Direction::Read)]);
    }

    #[test]
    fn another_thread_wakes_a_sleeper() {
        let mut host = host();
        let handle = WakeHandle::new(host.inbox.clone(), 42);
        let mut events = Vec::new();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            handle.wake();
        });
        let start = Instant::now();
        while events.is_empty() {
            host.wait(Wait::Forever, &mut events).unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(matches!(events[..], [Event::Wake(42)]));
        thread.join().unwrap();
    }

    #[test]
    fn an_event_that_came_before_the_sleep_ends_it() {
        let mut host = host();
        WakeHandle::new(host.inbox.clone(), 1).wake();
        assert!(host.inbox.wants_attention());
        let mut events = Vec::new();
        host.wait(Wait::Forever, &mut events).unwrap();
        assert_eq!(events.len(), 1);
        assert!(!host.inbox.wants_attention());
    }

    #[test]
    fn waits_combine_to_the_shorter() {
        let until = Wait::Until;
        assert_eq!(until(2.0).min(until(1.0)), until(1.0));
        assert_eq!(Wait::Forever.min(until(1.0)), until(1.0));
        assert_eq!(until(1.0).min(Wait::Now), Wait::Now);
    }
}
