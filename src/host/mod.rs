//! The only door to the operating system.
//!
//! Every other room asks here for time, randomness, files, sockets, signals
//! and the terminal. Each of them is a small trait or struct, so that an
//! embedder can deny it, a test can fake it and a recording can replay it. A
//! [`Host`] ties one of each together and belongs to one engine; two hosts in
//! one process do not know of each other, except that signals and the terminal
//! belong to at most one of them.
//!
//! Whatever happens outside becomes an [`Event`]. The engine sees events at
//! two places only: in [`Host::wait`], where it sleeps, and in
//! [`Host::look`], when the budget's slice is used up and
//! [`Inbox::wants_attention`] says that there is something to see.

mod address;
mod alarm;
#[cfg(target_os = "linux")]
mod attach;
mod clock;
mod descriptors;
mod entropy;
mod environment;
mod error;
mod files;
mod folders;
mod grants;
mod inbox;
mod inherited;
#[cfg(feature = "terminal")]
pub mod line_editor;
mod network_grants;
mod paths;
mod permissions;
mod poller;
mod polling;
mod pool;
#[cfg(target_os = "linux")]
mod processes;
mod programs;
mod ready;
mod resolver;
mod settings;
mod signals;
#[cfg(any(feature = "async-io", feature = "tokio"))]
mod sleeper;
mod socket_options;
mod sockets;
mod stack;
mod stat;
mod stdio;
mod system;
#[cfg(feature = "tls")]
mod trust;
mod within;
mod workers;
mod zone;

pub use address::{Address, IpAddr, Ipv4Addr, SocketAddr};
#[cfg(target_os = "linux")]
pub use attach::Asker;
pub use clock::{Clock, ManualClock, SystemClock};
pub use descriptors::{ByDescriptor, Descriptors};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use environment::{Environment, process_arguments};
pub use error::{ErrorKind, HostError, strerror};
pub use files::{File, Files, OpenMode, SeekFrom};
pub use grants::Grants;
pub use inbox::{Event, Inbox, Outcome, Ticket, WakeHandle};
pub use paths::{DirEntry, path_bytes, path_from_bytes};
pub use permissions::Permissions;
pub use poller::{Direction, Owner, Poller, Wait};
pub use polling::poll_freely;
pub use pool::{Pool, panic_text};
#[cfg(target_os = "linux")]
pub use processes::{Child, Command, Redirect, pass_on, ready_now};
#[cfg(target_os = "linux")]
pub use ready::Epoll;
pub use ready::poll_now;
pub use resolver::{AddressInfo, Query, Resolver};
pub use settings::{Settings, TracebackStyle};
pub use signals::Signals;
#[cfg(any(feature = "async-io", feature = "tokio"))]
pub use sleeper::Sleeper;
pub use sockets::{Family, Shutdown, Socket, SocketKind};
pub use stack::stack_left;
pub use stat::FileStat;
pub use stdio::{Buffering, Input, Output, SharedBytes, Sink, Source, Stdio};
pub use system::SystemName;
#[cfg(feature = "tls")]
pub use trust::trusted_certificates;
pub use workers::start_thread;
pub use zone::{LocalTime, Zone};

use std::cell::OnceCell;
use std::sync::Arc;
pub use std::time::Duration;

/// One engine's outside world.
pub struct Host {
    pub clock: Box<dyn Clock>,
    pub entropy: Box<dyn Entropy>,
    pub files: Files,
    pub environment: Environment,
    pub descriptors: Descriptors,
    pub stdio: Stdio,
    pub poller: Poller,
    pub inbox: Arc<Inbox>,
    pub pool: Pool,
    pub resolver: Resolver,
    pub signals: Signals,
    /// What is granted. It was settled when the host was made.
    pub grants: Arc<Grants>,
    pub alarm: alarm::Alarm,
    /// What lines are typed in, where there is a prompt.
    #[cfg(feature = "terminal")]
    pub line_editor: Option<line_editor::LineEditor>,
    /// Room that a read may take and give back, instead of asking for memory each time.
    pub read_room: Vec<u8>,
    zone: OnceCell<Zone>,
}

impl Host {
    /// The real world, everything granted: what the program `hoop` uses.
    pub fn system(arguments: Vec<std::ffi::OsString>) -> Self {
        Host::with(
            Permissions::all(),
            Environment::of_process(arguments),
            Stdio::system(),
        )
    }

    /// A world of nothing but memory: no files, network or environment, a
    /// clock that moves only when it is moved, seeded randomness, output kept.
    /// Answers the host, its clock, and what is written to its two outputs.
    pub fn simulated(seed: u64) -> (Self, ManualClock, SharedBytes, SharedBytes) {
        let (out, err) = (SharedBytes::default(), SharedBytes::default());
        let stdio = Stdio::new(
            Input::from_bytes(Vec::new()),
            Output::new(Box::new(out.clone()), Buffering::Block),
            Output::new(Box::new(err.clone()), Buffering::Line),
        );
        let mut host = Host::with(Permissions::none(), Environment::empty(), stdio);
        let clock = ManualClock::new();
        host.clock = Box::new(clock.clone());
        host.entropy = Box::new(SeededEntropy::new(seed));
        host.pool = Pool::inline(host.inbox.clone());
        (host, clock, out, err)
    }

    /// A host with the real clock, entropy and poller.
    pub fn with(permissions: Permissions, mut environment: Environment, stdio: Stdio) -> Self {
        environment.hide(&permissions);
        let start = environment.start_directory(permissions.has_files());
        let grants = Arc::new(Grants::new(permissions));
        let inbox = Arc::new(Inbox::new());
        Host {
            clock: Box::new(SystemClock),
            entropy: Box::new(SystemEntropy),
            files: Files::new(grants.clone(), start),
            descriptors: Descriptors::new(environment.is_of_process(), grants.is_all()),
            environment,
            stdio,
            poller: Poller::new(),
            pool: Pool::new(inbox.clone()),
            resolver: Resolver::new(grants.clone()),
            signals: Signals::new(grants.permissions().run.is_everything()),
            inbox,
            grants,
            alarm: alarm::Alarm::default(),
            #[cfg(feature = "terminal")]
            line_editor: None,
            read_room: Vec::new(),
            zone: OnceCell::new(),
        }
    }

    /// From now on time stands still while anything can run, and jumps to the
    /// next deadline when nothing can. Calls for the pool run in place, so
    /// that no deadline passes before what was asked for is there.
    pub fn simulate_time(&mut self) {
        self.clock = Box::new(ManualClock::new());
        self.pool = Pool::inline(self.inbox.clone());
    }

    /// `os._exit`: ends the process at once. Only output that was flushed is written. Under a sandbox
    /// it is refused, but to `hoop`, whose process is its script's.
    pub fn end_process(&self, status: i32) -> Result<(), HostError> {
        self.check_own_process("ending the process")?;
        std::process::exit(status)
    }

    /// `os.abort`: ends the process as by SIGABRT.
    pub fn abort_process(&self) -> Result<(), HostError> {
        self.check_own_process("ending the process")?;
        self.signals.die_of(6);
        self.end_process(134)
    }

    /// An error unless the process is the script's, or everything is granted.
    pub(super) fn check_own_process(&self, what: &str) -> Result<(), HostError> {
        match (
            self.environment.runs_scripts(),
            self.environment.is_of_process(),
        ) {
            (true, _) => Ok(()),
            (false, true) => self.grants.check_all(what),
            (false, false) => Err(HostError::refused(what)),
        }
    }

    /// The machine's name on the network; under a sandbox, the name that every machine has.
    pub fn host_name(&self) -> std::ffi::OsString {
        match self.grants.is_all() {
            true => self.environment.host_name(),
            false => "localhost".into(),
        }
    }

    /// The local time zone, found out when first asked for.
    pub fn zone(&self) -> &Zone {
        let find = || Zone::local(&self.files, &self.environment);
        self.zone.get_or_init(find)
    }

    /// `time.tzset`: the zone is found out anew.
    pub fn forget_zone(&mut self) {
        self.zone = OnceCell::new();
    }

    /// Sleeps until something happens outside or `wait` is over, and appends
    /// what happened to `events`: readiness, then signals, then the rest in
    /// the order of its arrival. Output held back is written before a sleep,
    /// so that who watches the program sees how far it is.
    ///
    /// May return early with no event; the caller looks at its clock anyway.
    pub fn wait(&mut self, wait: Wait, events: &mut Vec<Event>) -> Result<(), HostError> {
        if wait == Wait::Now && !self.poller.has_watches() {
            self.collect(events);
            return Ok(());
        }
        let before = events.len();
        let timeout = self.timeout(wait);
        if timeout != Some(Duration::ZERO) {
            self.stdio.flush_before_wait();
        }
        self.poll(timeout, events)?;
        if events.len() == before
            && let Wait::Until(deadline) = wait
        {
            // A clock that is moved by hand never sleeps: it jumps.
            self.clock.jump_to(deadline);
        }
        Ok(())
    }

    /// Whether anything outside may still end a sleep without a deadline, signals left aside: a watched
    /// descriptor, a call on the pool, an alarm, or somebody who holds on to the inbox.
    pub fn may_be_woken(&self) -> bool {
        /// The host itself and its pool.
        const OWN: usize = 2;
        self.may_be_woken_beside_input() || Arc::strong_count(&self.inbox) > OWN
    }

    /// The same without those who hold on to the inbox, as the reader of a prompt does.
    pub fn may_be_woken_beside_input(&self) -> bool {
        self.poller.has_watches()
            || self.pool.is_busy()
            || self.inbox.wants_attention()
            || self.alarm.left().0 > 0.0
    }

    /// Appends what has happened outside, without sleeping. `poll` says
    /// whether to look at descriptors too, which costs a system call.
    pub fn look(&mut self, poll: bool, events: &mut Vec<Event>) -> Result<(), HostError> {
        if poll && self.poller.has_watches() {
            return self.poll(Some(Duration::ZERO), events);
        }
        self.collect(events);
        Ok(())
    }

    /// Sleeps this thread, waking early for a signal or another event; the
    /// caller asks the clock how much is left. For programs without a loop.
    pub fn sleep_until(&mut self, deadline: f64, events: &mut Vec<Event>) -> Result<(), HostError> {
        self.wait(Wait::Until(deadline), events)
    }

    fn timeout(&self, wait: Wait) -> Option<Duration> {
        match wait {
            Wait::Now => Some(Duration::ZERO),
            Wait::Forever => None,
            Wait::Until(_) if self.clock.is_manual() => Some(Duration::ZERO),
            Wait::Until(deadline) => {
                // A day at most, as CPython's loop; it also keeps the
                // conversion in range.
                let left = (deadline - self.clock.monotonic()).clamp(0.0, 86_400.0);
                Some(Duration::try_from_secs_f64(left).unwrap_or_default())
            }
        }
    }

    fn poll(
        &mut self,
        timeout: Option<Duration>,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        self.poller
            .poll(timeout, &self.inbox, &mut self.signals, events)?;
        self.collect(events);
        Ok(())
    }

    fn collect(&mut self, events: &mut Vec<Event>) {
        if self.inbox.take_attention() {
            self.signals.take(events);
            let before = events.len();
            self.inbox.drain(events);
            self.pool.note_taken(&events[before..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_can_move_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Host>();
    }

    #[test]
    fn output_is_written_before_a_sleep_and_not_before_a_look() {
        let (mut host, _, out, _) = Host::simulated(1);
        host.stdio.output.write(b"working").unwrap();
        let mut events = Vec::new();
        host.wait(Wait::Now, &mut events).unwrap();
        assert!(out.take().is_empty());
        WakeHandle::new(host.inbox.clone(), 1).wake();
        host.wait(Wait::Forever, &mut events).unwrap();
        assert_eq!(out.take(), b"working");
    }

    #[test]
    fn the_real_clock_is_waited_for() {
        let mut host = Host::with(Permissions::none(), Environment::empty(), Stdio::system());
        let deadline = host.clock.monotonic() + 0.02;
        let mut events = Vec::new();
        host.wait(Wait::Until(deadline), &mut events).unwrap();
        assert!(host.clock.monotonic() >= deadline - 0.001);
        host.wait(Wait::Until(f64::NEG_INFINITY), &mut events)
            .unwrap();
        assert!(events.is_empty());
    }
}
