//! The event loop: time and readiness, and no script value.
//!
//! An [`EventLoop`] holds entries of any type `J`: what is ready now, what
//! becomes ready at a deadline, and what becomes ready with a descriptor. It
//! never runs an entry. The caller takes a turn apart into its four steps and
//! does the running itself, so a handler of the VM can take the next entry of
//! the turn without a call through here:
//!
//! ```text
//! let wait = looped.prepare(clock);      // 1. cancelled timers, timeout
//! host.wait(wait, &mut events);          // 2. poll; for each readiness:
//! looped.readiness(fd, direction);       //    append its callback
//! looped.begin_turn(clock);              // 3. due timers; 4. the count
//! while let Some(job) = looped.next_in_turn() { run(job) }
//! ```
//!
//! The order is CPython's, turn for turn. Deadlines that are equal come due in
//! the order in which they were asked for.

mod interest;
mod ready;
mod timers;
#[cfg(test)]
mod turn_tests;

pub use interest::Interests;
pub use ready::Ready;
pub use timers::{TimerId, Timers};

use crate::host::{Clock, Direction, HostError, Owner, Poller, Wait};

/// Where a loop is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not running; entries may be added and wait for the next run.
    Idle,
    /// Taking turns.
    Running,
    /// Closed for ever; its entries are gone.
    Closed,
}

/// One event loop over entries of type `J`.
pub struct EventLoop<J> {
    /// What runs next; natives of the VM push here directly.
    pub ready: Ready<J>,
    timers: Timers<J>,
    interests: Interests<J>,
    owner: Owner,
    state: State,
    stopping: bool,
    /// Counts turns, from 1 on.
    turn: u64,
    /// Its fiber sleeps before a turn.
    parked: bool,
}

impl<J> EventLoop<J> {
    /// An idle loop. `owner` is the name under which the poller reports
    /// readiness that this loop asked for.
    pub fn new(owner: Owner) -> Self {
        EventLoop {
            ready: Ready::new(),
            timers: Timers::new(),
            interests: Interests::new(),
            owner,
            state: State::Idle,
            stopping: false,
            turn: 1,
            parked: false,
        }
    }

    /// The name that readiness events for this loop carry.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// Where the loop is in its life.
    pub fn state(&self) -> State {
        self.state
    }

    /// A run begins; false if the loop runs already or is closed. A `stop`
    /// from before stays pending and ends this run after its first turn.
    pub fn start(&mut self) -> bool {
        let idle = self.state == State::Idle;
        if idle {
            self.state = State::Running;
        }
        idle
    }

    /// Asks that the run end after the turn under way.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// True once `stop` was called and the run has not ended.
    #[inline]
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// The run has ended, by a stop or by an exception in the middle of a
    /// turn; entries left over wait for the next run.
    pub fn finish(&mut self) {
        self.ready.abandon_turn();
        self.stopping = false;
        if self.state == State::Running {
            self.state = State::Idle;
        }
    }

    /// Closes the loop and hands back every entry it still held, so that the
    /// caller can drop them where dropping is safe.
    pub fn close(&mut self, poller: &mut Poller) -> Vec<J> {
        self.state = State::Closed;
        let mut left = self.ready.take_all();
        left.extend(self.timers.take_all());
        left.extend(self.interests.take_all(poller, self.owner));
        left
    }

    /// Appends an entry for the next turn.
    #[inline]
    pub fn push(&mut self, job: J) {
        self.ready.push(job);
    }

    /// An entry that becomes ready at `deadline`, in seconds of the loop's
    /// clock. Not a number is refused by the caller; here it is due at once.
    #[inline]
    pub fn call_at(&mut self, deadline: f64, job: J) -> TimerId {
        self.timers.insert(deadline, job)
    }

    /// Takes a timer back before it came due: its entry, or None when it came
    /// due or was cancelled before.
    #[inline]
    pub fn cancel_timer(&mut self, id: TimerId) -> Option<J> {
        self.timers.cancel(id)
    }

    /// The timers, to look at.
    pub fn timers(&self) -> &Timers<J> {
        &self.timers
    }

    /// The readers and writers, to look at.
    pub fn interests(&self) -> &Interests<J> {
        &self.interests
    }

    /// True when no entry is ready, none is timed and no descriptor is
    /// watched: nothing but an event from outside can ever wake this loop.
    pub fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.timers.is_empty() && self.interests.is_empty()
    }

    // ----- a turn ---------------------------------------------------------

    /// Step 1: drops cancelled timers from the head and says how long the
    /// poller may wait.
    pub fn prepare(&mut self) -> Wait {
        self.timers.drop_cancelled();
        if !self.ready.is_empty() || self.stopping {
            return Wait::Now;
        }
        match self.timers.next_deadline() {
            Some(deadline) => Wait::Until(deadline),
            None => Wait::Forever,
        }
    }

    /// Step 3: appends the timers that are due. The clock is read only when
    /// there is a timer.
    #[inline]
    pub fn collect_due(&mut self, clock: &dyn Clock) {
        if self.timers.is_empty() {
            return;
        }
        self.collect_until(clock.monotonic() + clock.resolution());
    }

    fn collect_until(&mut self, end: f64) {
        while let Some(job) = self.timers.pop_due(end) {
            self.ready.push(job);
        }
    }

    /// Steps 3 and 4: appends the timers that are due and fixes how many
    /// entries this turn runs. What they push waits for the next turn.
    pub fn begin_turn(&mut self, clock: &dyn Clock) -> usize {
        self.collect_due(clock);
        self.fix_turn()
    }

    /// The same for a loop that goes by a time of its own: timers are due up to `end`.
    pub fn begin_turn_until(&mut self, end: f64) -> usize {
        self.collect_until(end);
        self.fix_turn()
    }

    fn fix_turn(&mut self) -> usize {
        self.turn += 1;
        self.parked = false;
        self.ready.begin_turn()
    }

    /// Its fiber goes to sleep before a turn: until that begins, others may report readiness.
    pub fn park(&mut self) {
        self.parked = true;
    }

    /// Whether its fiber sleeps before a turn. One that is in a turn asks the poller itself.
    pub fn is_parked(&self) -> bool {
        self.parked
    }

    /// The next entry of this turn, or None when its count is used up.
    #[inline(always)]
    pub fn next_in_turn(&mut self) -> Option<J> {
        self.ready.next_in_turn()
    }

    /// How many entries of this turn are left.
    #[inline]
    pub fn turn_left(&self) -> usize {
        self.ready.turn_left()
    }

    /// Visits every entry the loop holds: ready, timed, watching.
    pub fn for_each(&self, visit: &mut dyn FnMut(&J)) {
        self.ready.for_each(visit);
        self.timers.for_each(visit);
        self.interests.for_each(visit);
    }

    // ----- descriptors ----------------------------------------------------

    /// Calls for `job` at each turn in which `fd` is ready in `direction`.
    /// Answers the entry that was watching before, for the caller to cancel.
    pub fn watch(
        &mut self,
        poller: &mut Poller,
        fd: i32,
        direction: Direction,
        job: J,
    ) -> Result<Option<J>, HostError> {
        self.interests.add(poller, self.owner, fd, direction, job)
    }

    /// Ends `watch`; the entry that was watching, or None if there was none.
    pub fn unwatch(&mut self, poller: &mut Poller, fd: i32, direction: Direction) -> Option<J> {
        self.interests.remove(poller, self.owner, fd, direction)
    }
}

impl<J: Clone> EventLoop<J> {
    /// Step 2, for one event of the poller: appends the entry that watches this direction, once
    /// for a turn however often it is reported. False if nobody watches it any more.
    pub fn readiness(&mut self, fd: i32, direction: Direction) -> bool {
        let report = self.interests.report(fd, direction, self.turn);
        if let Some(Some(job)) = report {
            self.ready.push(job.clone());
        }
        report.is_some()
    }
}
