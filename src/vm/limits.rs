//! What a run may use up, and where that is counted.
//!
//! One counter of the VM counts down at calls and back-edges (`budget`); natives that may take
//! long count their work there too (`Vm::tick`). At zero, and only then, the VM looks at what has
//! a limit: fuel, time, memory, tasks, output, and requests to stop.

use std::sync::Arc;

use super::Vm;
use crate::heap;
use crate::host::{Clock, Inbox, SystemClock};
use crate::object::native::{R, Raised};

/// So many elements of a list, or entries of a table, are gone through in one unit.
const ELEMENTS_A_UNIT: usize = 16;
/// So many bytes of tokens and tree come of a byte of source, about.
const TREE_OF_A_BYTE: usize = 32;
/// How long a unit takes, about.
const SECONDS_A_UNIT: f64 = 1e-7;
/// What takes less is not asked for.
const SMALL: usize = 4096;
/// So many values natives take from iterators between two counts.
pub(super) const PULLS: i32 = 1024;

/// A step of a native frame is as much work as so many of those.
pub(super) const PULLS_A_STEP: i32 = 16;

/// Says of work in the rooms below whether it may go on.
pub(super) fn watch(inbox: &Arc<Inbox>) -> heap::Watch {
    // Who holds an inbox counts as one who may wake the engine: this one never does.
    let inbox = Arc::downgrade(inbox);
    Box::new(move |deadline| {
        let stopped = inbox
            .upgrade()
            .is_some_and(|inbox| inbox.stop_is_requested());
        !stopped && (deadline.is_infinite() || SystemClock.monotonic() < deadline)
    })
}

/// What ended a run that was not over.
///
/// ```
/// use hoopsnake::{Engine, Error, Limit, Limits, Script};
///
/// let mut engine = Engine::builder().limits(Limits::new().output(1000)).build()?;
/// let script = Script::compile("chatty", "while True: print('again')")?;
/// match engine.run(&script).blocking() {
///     Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Output),
///     _ => unreachable!(),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Limit {
    /// So many calls and turns of loops were all it might take.
    Fuel,
    /// It took longer than it might, by the clock on the wall.
    Time,
    /// One step of its loop took longer than it might.
    Step,
    /// All that lives in the engine together takes more memory than it might.
    Memory,
    /// More tasks or threads lived at the same time than might.
    Tasks,
    /// It wrote more to its outputs than it might.
    Output,
    /// Somebody wanted it to stop.
    Interrupt,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Limit::Fuel => "fuel",
            Limit::Time => "time",
            Limit::Step => "step",
            Limit::Memory => "memory",
            Limit::Tasks => "tasks",
            Limit::Output => "output",
            Limit::Interrupt => "interrupt",
        })
    }
}

/// What the running run has left. A limit that is None is not looked at.
#[derive(Default)]
pub struct Meter {
    /// Calls and turns of loops.
    pub fuel: Option<u64>,
    /// The moment of the system's monotonic clock at which it has to be over.
    pub deadline: Option<f64>,
    /// How many seconds a step of the run's own loop may take.
    pub step: Option<f64>,
    /// The moment by which the step that runs has to be over; None where none runs, or it may take for ever.
    step_until: Option<f64>,
    /// When the driver was given the thread back in the middle of a step.
    paused_at: Option<f64>,
    /// How many tasks and threads may live together.
    pub tasks: Option<usize>,
    /// A limit that was found exceeded where the run cannot be stopped; the next look stops it.
    pub exceeded: Option<Limit>,
    /// What `budget` was set to last.
    pub(super) granted: i32,
}

impl Meter {
    /// No limits; the first slice is granted.
    pub(super) fn unlimited() -> Meter {
        Meter {
            granted: super::finalize::SLICE,
            ..Meter::default()
        }
    }

    /// The first of the moments at which something has to be over.
    pub(super) fn soonest(&self) -> Option<f64> {
        match (self.deadline, self.step_until) {
            (Some(deadline), Some(until)) => Some(deadline.min(until)),
            (deadline, until) => deadline.or(until),
        }
    }
}

impl Vm {
    /// Counts `units` of work that a native does without running script, as a call of a function would
    /// count: one for about a hundred nanoseconds.
    ///
    /// # Errors
    /// What ends the run, which nobody may catch, when a limit is reached or somebody wants it to stop.
    #[inline]
    pub fn tick(&mut self, units: usize) -> R<()> {
        let work = &mut self.heap.work;
        work.done = work.done.saturating_add(units);
        if work.done < work.next_look {
            return Ok(());
        }
        self.look_at_limits()
    }

    /// As `tick`, for work that cannot be interrupted once it has begun: it does not begin if there will be no time for it.
    ///
    /// # Errors
    /// As `tick`.
    pub fn tick_ahead(&mut self, units: usize) -> R<()> {
        let takes = units as f64 * SECONDS_A_UNIT;
        if let Some(soonest) = self.meter.soonest()
            && takes > 0.001
            && SystemClock.monotonic() + takes > soonest
        {
            let limit = match self.meter.step_until == Some(soonest) {
                true => Limit::Step,
                false => Limit::Time,
            };
            return Err(self.stop(limit));
        }
        self.tick(units)
    }

    /// Whether there is room for so many bytes that a native takes for a while: MemoryError if not.
    ///
    /// # Errors
    /// As `tick`, since what is taken is filled.
    #[inline]
    pub fn check_room(&mut self, bytes: usize) -> R<()> {
        if bytes < SMALL {
            return Ok(());
        }
        let room = self.heap.check_room(bytes);
        self.lift(room)
    }

    /// What a source of so many bytes takes as tokens and as a tree, while it is compiled.
    ///
    /// # Errors
    /// MemoryError, or as `tick`.
    pub fn room_for_source(&mut self, bytes: usize) -> R<heap::Charge> {
        let charge = heap::Charge::take(bytes.saturating_mul(TREE_OF_A_BYTE));
        self.lift(charge)
    }

    /// Counts the work that is done on so many bytes one after the other.
    ///
    /// # Errors
    /// As `tick`.
    #[inline]
    pub fn tick_bytes(&mut self, bytes: usize) -> R<()> {
        self.lift(heap::work_on_bytes(bytes))
    }

    /// Counts the work that is done on so many elements one after the other, each a few dozen instructions.
    ///
    /// # Errors
    /// As `tick`.
    #[inline]
    pub fn tick_elements(&mut self, elements: usize) -> R<()> {
        if elements < ELEMENTS_A_UNIT {
            return Ok(());
        }
        self.tick(elements / ELEMENTS_A_UNIT)
    }

    /// Counts one value that a native looks at, of many.
    ///
    /// # Errors
    /// As `tick`.
    #[inline(always)]
    pub fn count_one(&mut self) -> R<()> {
        self.pulls -= 1;
        if self.pulls < 0 {
            return self.count_pulls();
        }
        Ok(())
    }

    /// Counts the values that natives have taken from iterators since it was called last.
    ///
    /// # Errors
    /// As `tick`.
    #[cold]
    #[inline(never)]
    pub(super) fn count_pulls(&mut self) -> R<()> {
        self.pulls = PULLS;
        self.tick(PULLS as usize / ELEMENTS_A_UNIT)
    }

    /// What ends the run whose work was halted in a room below.
    #[cold]
    pub(super) fn halted(&mut self) -> Raised {
        match self.look_at_limits() {
            Err(raised) => raised,
            Ok(()) => self.stop(Limit::Interrupt),
        }
    }

    /// Looks at the limits in the middle of a native.
    #[cold]
    fn look_at_limits(&mut self) -> R<()> {
        if self.stopping.is_some() {
            return Err(self.stop_signal());
        }
        let limit = self.refill_budget();
        // What waits for a check, a signal or another fiber, has its turn when the native is done.
        (self.meter.granted, self.budget) = (0, 0);
        match limit {
            // The collector cannot look for room in the middle of a native: the next look between two instructions does.
            Some(Limit::Memory) => Err(self.memory_error()),
            Some(limit) => Err(self.stop(limit)),
            None => Ok(()),
        }
    }

    /// The next call or turn of a loop checks the budget, if work was looked at below: the budget counts neither that work nor
    /// the time that it took.
    #[inline(never)]
    pub(super) fn bring_check_forward(&mut self) {
        if std::mem::take(&mut self.heap.work.looked) != 0 {
            self.look_soon();
        }
    }

    fn look_soon(&mut self) {
        // What was granted stays what it was, so that the fuel is counted right.
        self.meter.granted -= self.budget.max(0);
        self.budget = 0;
    }

    /// Looks at the limits between two instructions. What only garbage takes is given back first.
    pub(super) fn limit_between(&mut self) -> Option<Limit> {
        let limit = self.limit_reached();
        if limit != Some(Limit::Memory) {
            return limit;
        }
        self.heap.collect();
        self.limit_reached()
    }

    /// Begins a run that may use up so much.
    pub(crate) fn begin_meter(
        &mut self,
        fuel: Option<u64>,
        deadline: Option<f64>,
        tasks: Option<usize>,
        step: Option<f64>,
    ) {
        self.meter = Meter {
            fuel,
            deadline,
            tasks,
            step,
            // What comes before the loop counts as a step.
            step_until: step.map(|most| SystemClock.monotonic() + most),
            ..Meter::default()
        };
        // The first look is due at once, and counts from here.
        self.budget = 0;
        self.pulls = PULLS;
        self.heap.work.done = 0;
        self.share_limits();
    }

    /// How many bytes all that lives may take together; None for all there is.
    pub(crate) fn set_memory_limit(&mut self, bytes: Option<usize>) {
        self.heap.limit = bytes.unwrap_or(usize::MAX);
    }

    /// Gives back what only garbage takes, where more than half of what there may be is taken: a run that ended for lack of
    /// memory may have left much, and no room for its finalizers, which do not run.
    pub(crate) fn make_room(&mut self) {
        if self.heap.bytes > self.heap.limit / 2 {
            self.run_finalizers_now();
            self.collect_without_a_word();
        }
    }

    /// From now on nothing is counted.
    pub(crate) fn end_meter(&mut self) {
        if self.host.inbox.stop_is_requested() && self.stopping.is_none() {
            // Whoever wanted the run to stop got that, one way or the other.
            self.host.inbox.forget_stop();
        }
        self.begin_meter(None, None, None, None);
    }

    /// A loop begins the next of its steps.
    #[inline]
    pub fn step_begins(&mut self) {
        if let Some(most) = self.meter.step {
            self.time_step(Some(most));
        }
    }

    /// A loop begins to wait.
    #[inline]
    pub fn step_ends(&mut self) {
        if self.meter.step.is_some() {
            self.time_step(None);
        }
    }

    /// Steps of loops in other threads hold up nobody: only those of the run itself are timed.
    fn time_step(&mut self, most: Option<f64>) {
        let running = self.current_fiber();
        if self
            .main_fiber
            .as_ref()
            .is_none_or(|main| main.is(&running))
        {
            self.meter.step_until = most.map(|most| SystemClock.monotonic() + most);
            self.share_deadlines();
        }
    }

    /// The driver takes the thread back in the middle of a step.
    pub(super) fn pause_step(&mut self) {
        if self.meter.step_until.is_some() {
            self.meter.paused_at = Some(SystemClock.monotonic());
        }
    }

    /// The driver lets a step go on: how long others had the thread does not count.
    pub(super) fn resume_step(&mut self) {
        if let Some(paused_at) = self.meter.paused_at.take()
            && let Some(until) = &mut self.meter.step_until
        {
            *until += SystemClock.monotonic() - paused_at;
            self.share_deadlines();
        }
    }

    /// Begins another slice of work; the limit that leaves none, if there is one.
    fn refill_budget(&mut self) -> Option<Limit> {
        let calls = i64::from(self.meter.granted) - i64::from(self.budget);
        let work = std::mem::take(&mut self.heap.work.done);
        let used = (calls.max(0) as u64).saturating_add(work as u64);
        self.meter.granted = self.slice;
        if let Some(fuel) = &mut self.meter.fuel {
            *fuel = fuel.saturating_sub(used);
            // The last slice is a short one, so that the end comes where the fuel does.
            self.meter.granted = self.slice.min(i32::try_from(*fuel).unwrap_or(self.slice));
        }
        self.budget = self.meter.granted;
        self.share_limits();
        self.limit_reached()
    }

    /// As `refill_budget`, between two instructions.
    pub(super) fn refill_budget_between(&mut self) -> Option<Limit> {
        self.refill_budget().and_then(|_| self.limit_between())
    }

    /// Tells those who work below of the limits.
    pub(super) fn share_limits(&mut self) {
        let fuel = self.meter.fuel.unwrap_or(u64::MAX);
        let guarded =
            self.is_driven() || self.meter.fuel.is_some() || self.meter.soonest().is_some();
        let work = &mut self.heap.work;
        work.guarded = guarded;
        work.allow(usize::try_from(fuel).unwrap_or(usize::MAX));
        self.share_deadlines();
    }

    fn share_deadlines(&mut self) {
        self.heap.work.deadline = self.meter.soonest().unwrap_or(f64::INFINITY);
    }

    /// The limit that is reached, if one is.
    fn limit_reached(&mut self) -> Option<Limit> {
        let meter = &self.meter;
        let out_of_time = |deadline: f64| SystemClock.monotonic() >= deadline;
        if let Some(limit) = self.limit_exceeded() {
            Some(limit)
        } else if self.host.inbox.stop_is_requested() {
            Some(Limit::Interrupt)
        } else if meter.fuel == Some(0) {
            Some(Limit::Fuel)
        } else if self.heap.bytes > self.heap.limit {
            Some(Limit::Memory)
        } else if meter.deadline.is_some_and(out_of_time) {
            Some(Limit::Time)
        } else if meter.step_until.is_some_and(out_of_time) {
            Some(Limit::Step)
        } else {
            None
        }
    }

    /// The limit that the run went beyond already.
    pub(super) fn limit_exceeded(&self) -> Option<Limit> {
        let too_loud = self.host.stdio.output_is_exceeded();
        self.meter.exceeded.or(too_loud.then_some(Limit::Output))
    }

    /// Called when a task or a thread was made: there may be too many now.
    #[inline]
    pub fn check_tasks(&mut self) {
        if let Some(most) = self.meter.tasks
            && self.heap.tasks + self.living_threads() > most
        {
            self.exceed(Limit::Tasks);
        }
    }

    /// Has the run stopped at the next look, which is due at once.
    #[cold]
    pub fn exceed(&mut self, limit: Limit) {
        self.meter.exceeded.get_or_insert(limit);
        self.look_soon();
    }
}
