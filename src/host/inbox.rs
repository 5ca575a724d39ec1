//! One queue for everything that comes from outside.
//!
//! Any thread may put events in. The engine takes them out at its poller or at
//! a budget check, and only there, so the order in which a program sees the
//! world is the order of this queue: it can be recorded and replayed.

use super::{Direction, HostError, Owner};
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

/// Something that happened outside the engine.
#[derive(Debug)]
pub enum Event {
    /// A descriptor became ready for who watches it.
    Ready {
        owner: Owner,
        fd: i32,
        direction: Direction,
    },
    /// A call that blocked has ended on the pool.
    Done { ticket: Ticket, outcome: Outcome },
    /// A signal arrived.
    Signal(i32),
    /// Somebody else wakes the engine; the number means what its two ends
    /// agreed on.
    Wake(u64),
}

/// Names one call given to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// How a call on the pool ended.
#[derive(Debug)]
pub enum Outcome {
    /// It returned; the value has the type of the closure's result.
    Returned(Box<dyn Any + Send>),
    /// It panicked with this text: an error of ours.
    Panicked(String),
}

impl Outcome {
    /// The value of a call whose closure returned `T`. None when it panicked
    /// or returned another type, which is a mistake of the caller.
    pub fn take<T: 'static>(self) -> Option<T> {
        match self {
            Outcome::Returned(value) => value.downcast().ok().map(|value| *value),
            Outcome::Panicked(_) => None,
        }
    }
}

/// The queue. Shared by reference count with whoever may report something.
pub struct Inbox {
    queue: Mutex<Vec<Event>>,
    /// Set by every arrival, a signal handler's too; the budget check reads it.
    attention: Arc<AtomicBool>,
    /// True while the engine sleeps, in its poller or in a future that is not done, and must be woken.
    asleep: AtomicBool,
    waker: OnceLock<mio::Waker>,
    /// Who polls the future in which the engine sleeps.
    task: Mutex<Option<Waker>>,
    /// Somebody wants the run to stop.
    stop: AtomicBool,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Inbox {
            queue: Mutex::new(Vec::new()),
            attention: Arc::new(AtomicBool::new(false)),
            asleep: AtomicBool::new(false),
            waker: OnceLock::new(),
            task: Mutex::new(None),
            stop: AtomicBool::new(false),
        }
    }

    /// Puts an event in, from any thread, and wakes the engine if it sleeps.
    pub fn push(&self, event: Event) {
        self.lock().push(event);
        self.call();
    }

    /// Has the run stop, from any thread: at the engine's next look, which it takes at once.
    pub fn request_stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.call();
    }

    /// Whether the run is to stop.
    #[inline]
    pub fn stop_is_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Forgets a request to stop, before a run or after it.
    pub fn forget_stop(&self) {
        self.stop.store(false, Ordering::SeqCst);
    }

    /// Calls the engine, which wakes if it sleeps.
    fn call(&self) {
        self.attention.store(true, Ordering::SeqCst);
        if self.asleep.swap(false, Ordering::SeqCst) {
            self.wake_sleeper();
        }
    }

    /// From now on the engine sleeps in a future that `waker`'s task polls: false if it must not, because
    /// something has arrived.
    pub fn sleep_in_task(&self, waker: &Waker) -> bool {
        {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            if !task.as_ref().is_some_and(|known| known.will_wake(waker)) {
                *task = Some(waker.clone());
            }
        }
        self.fall_asleep()
    }

    /// The future in which it slept is polled, or gone.
    pub fn wake_in_task(&self) {
        self.woke_up();
    }

    /// Nobody polls a future any more.
    pub fn forget_task(&self) {
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(task);
    }

    /// True when an event waits. The engine asks at each budget check.
    #[inline]
    pub fn wants_attention(&self) -> bool {
        self.attention.load(Ordering::Relaxed)
    }

    /// The flag behind `wants_attention`, for who must set it without a queue.
    pub(super) fn attention_flag(&self) -> Arc<AtomicBool> {
        self.attention.clone()
    }

    pub(super) fn take_attention(&self) -> bool {
        self.wants_attention() && self.attention.swap(false, Ordering::SeqCst)
    }

    /// Appends what has arrived, in order.
    pub(super) fn drain(&self, events: &mut Vec<Event>) {
        events.append(&mut self.lock());
    }

    pub(super) fn has_waker(&self) -> bool {
        self.waker.get().is_some()
    }

    pub(super) fn set_waker(&self, waker: mio::Waker) {
        // The poller is made once, so this is the first and only waker.
        let _ = self.waker.set(waker);
    }

    /// The engine is about to sleep: false if it must not, because something
    /// has arrived. Arrivals after a true answer wake the poller.
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let quiet = !self.attention.load(Ordering::SeqCst);
        if !quiet {
            self.asleep.store(false, Ordering::SeqCst);
        }
        quiet
    }

    pub(super) fn woke_up(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    fn wake_sleeper(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let task = task.clone();
        if let Some(task) = task {
            task.wake();
        }
        if let Some(waker) = self.waker.get() {
            // Fails only if the poller is gone, and then nobody sleeps.
            let _ = waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        // Nothing panics while the lock is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets another thread wake the engine: `call_soon_threadsafe` from a host
/// function, a host future that is done.
#[derive(Clone)]
pub struct WakeHandle {
    inbox: Arc<Inbox>,
    number: u64,
}

impl WakeHandle {
    /// A handle that reports `Event::Wake(number)`.
    pub fn new(inbox: Arc<Inbox>, number: u64) -> Self {
        WakeHandle { inbox, number }
    }

    /// Wakes the engine.
    pub fn wake(&self) {
        self.inbox.push(Event::Wake(self.number));
    }
}

impl std::task::Wake for WakeHandle {
    fn wake(self: Arc<Self>) {
        WakeHandle::wake(&self);
    }
}

/// The error a caller makes of a pool call that panicked.
impl From<&Outcome> for HostError {
    fn from(outcome: &Outcome) -> Self {
        let text = match outcome {
            Outcome::Panicked(text) => text.as_str(),
            Outcome::Returned(_) => "a call on the pool returned another type than expected",
        };
        HostError::from(rustix::io::Errno::IO).with_message(text)
    }
}
