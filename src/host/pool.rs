//! Threads for calls that can only block: a name look-up, a slow disk.
//!
//! No script code ever runs here. A call goes in as a closure, its result
//! comes back through the inbox under the call's ticket.

use super::{Event, HostError, Inbox, Outcome, Ticket};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A thread that has had nothing to do for so long ends.
const IDLE: Duration = Duration::from_secs(10);
/// Enough for name look-ups, the deepest thing that runs here.
const STACK: usize = 512 * 1024;

type Call = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

/// How many threads suit the machine. The system is asked once, when the first pool has work: it
/// reads several files for the answer, and most engines never ask.
static USUAL_LIMIT: LazyLock<usize> = LazyLock::new(|| {
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    (cpus + 4).min(32)
});

/// Where calls run.
enum Mode {
    /// On threads, at most so many; as many as suit the machine unless a number was asked for.
    Threads(Option<usize>),
    /// At once, in place: for runs that must repeat.
    Inline,
}

/// The pool of one host. Threads start with the first calls and are not
/// waited for at the end: a look-up that hangs must not keep a program alive.
pub struct Pool {
    shared: Arc<Shared>,
    mode: Mode,
    tickets: u64,
    /// How many results were taken from the inbox.
    taken: u64,
}

struct Shared {
    inbox: Arc<Inbox>,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    calls: VecDeque<(Ticket, Call)>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Pool {
    pub(super) fn new(inbox: Arc<Inbox>) -> Self {
        Pool::with_mode(inbox, Mode::Threads(None))
    }

    /// A pool that runs each call in place, at once.
    pub(super) fn inline(inbox: Arc<Inbox>) -> Self {
        Pool::with_mode(inbox, Mode::Inline)
    }

    fn with_mode(inbox: Arc<Inbox>, mode: Mode) -> Self {
        Pool {
            shared: Arc::new(Shared {
                inbox,
                state: Mutex::new(State::default()),
                work: Condvar::new(),
            }),
            mode,
            tickets: 0,
            taken: 0,
        }
    }

    /// Changes how many threads there may be, one at least.
    pub fn set_limit(&mut self, threads: usize) {
        if let Mode::Threads(limit) = &mut self.mode {
            *limit = Some(threads.max(1));
        }
    }

    /// Whether a result is still to come.
    pub fn is_busy(&self) -> bool {
        self.tickets > self.taken
    }

    /// So many results were taken from the inbox.
    pub(super) fn note_taken(&mut self, events: &[Event]) {
        let results = events
            .iter()
            .filter(|event| matches!(event, Event::Done { .. }));
        self.taken += results.count() as u64;
    }

    /// Gives a call to the pool. Its result arrives as `Event::Done` with the
    /// ticket answered here; `Outcome::take` gives back the `T`.
    pub fn submit<T: Send + 'static>(
        &mut self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Ticket, HostError> {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let call: Call = Box::new(move || Box::new(call()));
        let Mode::Threads(limit) = self.mode else {
            self.shared.inbox.push(finish(ticket, call));
            return Ok(ticket);
        };
        let mut state = self.shared.lock();
        state.calls.push_back((ticket, call));
        if state.idle >= state.calls.len() || state.threads >= limit.unwrap_or(*USUAL_LIMIT) {
            drop(state);
            self.shared.work.notify_one();
            return Ok(ticket);
        }
        state.threads += 1;
        drop(state);
        self.start_thread().map(|()| ticket)
    }

    fn start_thread(&self) -> Result<(), HostError> {
        let shared = self.shared.clone();
        let started = thread::Builder::new()
            .name("hoop-pool".into())
            .stack_size(STACK)
            .spawn(move || shared.serve());
        let Err(error) = started else { return Ok(()) };
        let mut state = self.shared.lock();
        state.threads -= 1;
        if state.threads > 0 {
            // The threads there are will come to it.
            return Ok(());
        }
        state.calls.pop_back();
        drop(state);
        Err(error.into())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        drop(calls);
        self.shared.work.notify_all();
    }
}

impl Shared {
    /// What a thread of the pool does until it is told or bored to end.
    fn serve(&self) {
        while let Some((ticket, call)) = self.next_call() {
            self.inbox.push(finish(ticket, call));
        }
    }

    fn next_call(&self) -> Option<(Ticket, Call)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                state.threads -= 1;
                return None;
            }
            if let Some(call) = state.calls.pop_front() {
                return Some(call);
            }
            state.idle += 1;
            let (woken, timeout) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.calls.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn finish(ticket: Ticket, call: Call) -> Event {
    let outcome = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(value) => Outcome::Returned(value),
        Err(payload) => Outcome::Panicked(panic_text(payload.as_ref())),
    };
    Event::Done { ticket, outcome }
}

/// What a panic said.
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a call on the pool panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Host, Permissions, Stdio, Wait};
    use super::*;
    use std::collections::BTreeMap;

    fn host() -> Host {
        let environment = super::super::Environment::empty();
        Host::with(Permissions::all(), environment, Stdio::system())
    }

    fn results(host: &mut Host, count: usize) -> BTreeMap<u64, Outcome> {
        let mut all = BTreeMap::new();
        let mut events = Vec::new();
        while all.len() < count {
            host.wait(Wait::Forever, &mut events).unwrap();
            for event in events.drain(..) {
                if let Event::Done { ticket, outcome } = event {
                    all.insert(ticket.0, outcome);
                }
            }
        }
        all
    }

    #[test]
    fn results_come_back_under_their_tickets() {
        let mut host = host();
        host.pool.set_limit(3);
        let first = host.pool.submit(|| 0u64).unwrap();
        for n in 1..50u64 {
            let ticket = host.pool.submit(move || n * n).unwrap();
            assert_eq!(ticket.0, first.0 + n);
        }
        assert!(host.pool.shared.lock().threads <= 3);
        for (ticket, outcome) in results(&mut host, 50) {
            let n = ticket - first.0;
            assert_eq!(outcome.take::<u64>(), Some(n * n));
        }
    }

    #[test]
    fn a_panic_is_an_outcome() {
        let mut host = host();
        host.pool
            .submit(|| panic!("out of order"))
            .map(|_: Ticket| ())
            .unwrap();
        let outcome = results(&mut host, 1).into_values().next().unwrap();
        assert!(matches!(&outcome, Outcome::Panicked(text) if text == "out of order"));
        assert_eq!(HostError::from(&outcome).message(), "out of order");
        // The thread lives on.
        host.pool.submit(|| 1).unwrap();
        assert_eq!(results(&mut host, 1).len(), 1);
    }

    #[test]
    fn an_inline_pool_answers_at_once() {
        let mut host = Host::simulated(1).0;
        host.pool.submit(|| "now").unwrap();
        let mut events = Vec::new();
        host.look(false, &mut events).unwrap();
        assert_eq!(events.len(), 1);
    }
}
