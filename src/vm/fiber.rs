//! Fibers: stacks of frames. The main program is one; so is each thread.

//!
//! One fiber runs at a time. It gives way where it would block (`Step::Park`)
//! and, when its budget is used up, to those that are ready. A fiber that parks
//! inside a nested run cannot leave the Rust stack: the others run on top of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::Vm;
use super::dispatch::Cursor;
use super::stack::Segment;
use crate::event_loop::{TimerId, Timers};
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};
use crate::host::{Event, Owner, Wait};
use crate::object::dict::Dict;
use crate::object::frame::{Frame, frame_flags};
use crate::object::kind;
use crate::object::native::{Args, Def, Input, R, Raised, Step};
use crate::object::tuple::Tuple;

/// Where a fiber is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It is the one that runs.
    Running,
    /// It waits for its turn.
    Ready,
    /// It waits to be woken.
    Parked,
    /// It is over.
    Done,
}

/// What of the VM belongs to a fiber while it does not run.
struct Saved {
    frame: *mut Frame,
    sp: *mut u8,
    limit: *mut u8,
    segments: Vec<Segment>,
    cursor: Cursor,
    input: Option<Input>,
    running_loop: Value,
    context: Value,
    hooks: (Value, Value),
}

/// A fiber as an object.
#[repr(C)]
pub struct Fiber {
    head: Header,
    /// Its number: no other fiber has it.
    pub id: u64,
    /// `threading.get_ident()`: greenlets have that of their thread.
    pub ident: Cell<u64>,
    /// See `Status`.
    pub status: Cell<Status>,
    /// It waits for events from outside, as an event loop does.
    for_events: Cell<bool>,
    /// It parked in a nested run: the Rust code that runs it must be left first.
    in_nested_run: Cell<bool>,
    /// When it wakes by itself.
    timer: Cell<Option<TimerId>>,
    /// What it was woken with.
    wake: RefCell<Option<Input>>,
    saved: RefCell<Option<Box<Saved>>>,
    /// Values of `threading.local` objects: a dict, or Undef before it is used.
    pub locals: Field,
    /// The greenlet that runs on it, or Undef.
    pub greenlet: Field,
    /// Where it is known as long as it lives.
    known: Living,
}

/// All fibers that live, by number. They leave it when they die; it does not keep them.
type Living = Rc<RefCell<BTreeMap<u64, *const Fiber>>>;

impl Drop for Fiber {
    fn drop(&mut self) {
        self.known.borrow_mut().remove(&self.id);
    }
}

impl Fiber {
    /// A new reference to this fiber.
    fn to_ref(&self) -> Ref<Fiber> {
        // SAFETY: self is a live object; the count that is made here passes to the Ref.
        unsafe {
            let value = Value::from_header((&raw const *self).cast_mut().cast());
            let counted = value.to_ref().expect("it is a Fiber");
            value.forget();
            counted
        }
    }

    /// The frame at which it goes on and, in a frame of script, the instruction. None while it runs.
    pub(super) fn saved_place(&self) -> Option<(*mut Frame, *const u64)> {
        let saved = self.saved.borrow();
        let saved = saved.as_ref()?;
        if saved.cursor.regs.is_null() {
            return Some((saved.frame, std::ptr::null()));
        }
        let frame = Frame::of(saved.cursor.regs);
        // SAFETY: the cursor of a fiber that waits names a live frame.
        let native = unsafe { (*frame).has(frame_flags::NATIVE) };
        let at = if native {
            std::ptr::null()
        } else {
            saved.cursor.ip.cast_const()
        };
        Some((frame, at))
    }

    /// Whether it waits for events from outside.
    pub(super) fn waits_for_events(&self) -> bool {
        self.for_events.get()
    }
}

// SAFETY: repr(C), header first. What the stack of a fiber holds counts as held from outside.
unsafe impl Object for Fiber {
    const KIND: Kind = kind::FIBER;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.locals.as_value());
        visitor.visit(self.greenlet.as_value());
    }
}

/// All fibers of an engine.
pub(crate) struct Fibers {
    /// All that live.
    pub(super) all: Living,
    ready: VecDeque<Ref<Fiber>>,
    timers: Timers<Ref<Fiber>>,
    current: Option<Ref<Fiber>>,
    /// Fibers that wait for events from outside.
    waiting: Vec<Ref<Fiber>>,
    /// Fibers that are not over.
    alive: usize,
    last_id: u64,
    /// The depth of nested runs at which fibers may be switched.
    level: u32,
    /// When a running fiber looks again for those that sleep.
    next_look: f64,
}

/// The `threading.get_ident()` of whoever runs what is called from outside.
pub const MAIN_IDENT: u64 = FIRST_ID + 64;
/// Fibers have numbers above this one.
const FIRST_ID: u64 = 0x7f00_0000_1000;

/// How often a fiber that never waits looks for those that do, in seconds.
const LOOK_INTERVAL: f64 = 0.001;

impl Fibers {
    /// All that live and are not over, oldest first.
    pub(super) fn living(&self) -> Vec<Ref<Fiber>> {
        let all = self.all.borrow();
        // SAFETY: a fiber takes itself out of the table when it dies.
        let all = all.values().map(|&fiber| unsafe { &*fiber });
        all.filter(|fiber| fiber.status.get() != Status::Done)
            .map(Fiber::to_ref)
            .collect()
    }

    /// How many there are.
    fn count_living(&self) -> usize {
        self.living().len()
    }

    /// None of them runs again.
    pub(super) fn forget_all(&mut self) {
        self.ready.clear();
        self.waiting.clear();
        self.timers = Timers::new();
        self.current = None;
        (self.alive, self.level) = (0, 1);
    }

    /// When a fiber wakes by itself.
    pub(super) fn deadline_of(&self, fiber: &Fiber) -> Option<f64> {
        self.timers.deadline(fiber.timer.get()?)
    }

    /// Whether a fiber is ready, or will be by itself.
    pub(super) fn will_run(&self) -> bool {
        !self.ready.is_empty() || self.timers.next_deadline().is_some()
    }
}

impl Default for Fibers {
    fn default() -> Fibers {
        Fibers {
            all: Living::default(),
            ready: VecDeque::new(),
            timers: Timers::new(),
            current: None,
            waiting: Vec::new(),
            alive: 1,
            last_id: FIRST_ID,
            level: 1,
            next_look: 0.0,
        }
    }
}

/// The outermost frame of a fiber. Registers: what is called, the arguments, the names.
static BASE: Def = Def::frame(
    "<thread>(function, arguments, /)",
    0,
    |vm, frame, input| match input {
        Input::Start => {
            let args = frame.regs[1]
                .get::<Tuple>()
                .map_or_else(Default::default, |t| t.items().iter().cloned().collect());
            Step::Call(frame.regs[0].clone(), args)
        }
        other => {
            if let Input::Raised(raised) = other {
                vm.report_thread_exception(&raised, &frame.regs[0].clone());
            }
            vm.current_fiber().status.set(Status::Done);
            Step::Park
        }
    },
);

impl Vm {
    fn new_fiber(&mut self) -> Ref<Fiber> {
        self.fibers.last_id += 64;
        let fiber = crate::heap::alloc(Fiber {
            head: Header::new(),
            id: self.fibers.last_id,
            ident: Cell::new(self.fibers.last_id),
            status: Cell::new(Status::Running),
            for_events: Cell::new(false),
            in_nested_run: Cell::new(false),
            timer: Cell::new(None),
            wake: RefCell::new(None),
            saved: RefCell::new(None),
            locals: Field::undef(),
            greenlet: Field::undef(),
            known: self.fibers.all.clone(),
        });
        let place: *const Fiber = &*fiber;
        self.fibers.all.borrow_mut().insert(fiber.id, place);
        fiber
    }

    /// The fiber that runs.
    pub fn current_fiber(&mut self) -> Ref<Fiber> {
        if let Some(current) = &self.fibers.current {
            return current.clone();
        }
        let main = self.new_fiber();
        self.fibers.current = Some(main.clone());
        self.main_fiber = Some(main.clone());
        main
    }

    /// Whether there are fibers beside the one that runs.
    pub fn has_other_fibers(&self) -> bool {
        self.fibers.alive > 1
    }

    /// Whether another fiber could run now.
    pub fn has_ready_fibers(&self) -> bool {
        !self.fibers.ready.is_empty()
    }

    /// A new fiber that calls `function` with positional arguments. It runs when its turn comes.
    pub fn spawn_fiber(&mut self, function: &Value, args: Vec<Value>) -> Ref<Fiber> {
        let fiber = self.make_fiber(function, args);
        fiber.status.set(Status::Ready);
        self.fibers.ready.push_back(fiber.clone());
        fiber
    }

    /// A new fiber of the running one's thread, which waits for `hand_over`.
    pub fn branch_fiber(&mut self, function: &Value) -> Ref<Fiber> {
        let current = self.current_fiber();
        let fiber = self.make_fiber(function, Vec::new());
        fiber.ident.set(current.ident.get());
        if current.locals.is_undef() {
            current.locals.set(Dict::new().into_value());
        }
        fiber.locals.set(current.locals.get());
        fiber.status.set(Status::Parked);
        fiber
    }

    /// Lets a parked fiber of the same thread be the next to run, with a value where it has begun.
    /// It finds the thread as the running one leaves it: with its running loop and hooks.
    pub fn hand_over(&mut self, fiber: &Ref<Fiber>, value: Option<Value>) {
        let current = self.current_fiber();
        if self
            .main_fiber
            .as_ref()
            .is_some_and(|main| main.is(&current))
        {
            self.main_fiber = Some(fiber.clone());
        }
        if let Some(saved) = fiber.saved.borrow_mut().as_mut() {
            saved.running_loop = self.running_loop.clone();
            saved.hooks = self.asyncgen_hooks.clone();
        }
        *fiber.wake.borrow_mut() = value.map(Input::Value);
        fiber.status.set(Status::Ready);
        self.fibers.ready.push_front(fiber.clone());
    }

    /// The context (of `contextvars`) of a fiber; None for one that has none yet.
    pub fn context_of(&mut self, fiber: &Ref<Fiber>) -> Value {
        match &*fiber.saved.borrow() {
            Some(saved) => saved.context.clone(),
            None => self.context.clone(),
        }
    }

    /// Gives a fiber another context.
    pub fn set_context_of(&mut self, fiber: &Ref<Fiber>, context: Value) {
        match &mut *fiber.saved.borrow_mut() {
            Some(saved) => saved.context = context,
            None => self.context = context,
        }
    }

    fn make_fiber(&mut self, function: &Value, args: Vec<Value>) -> Ref<Fiber> {
        self.current_fiber();
        let parameters = smallvec::smallvec![function.clone(), Tuple::of(args).into_value()];
        self.fiber_with(&BASE, parameters)
    }

    /// A fiber for a call from outside, where no other one runs; `base` is its outermost frame.
    pub(super) fn make_driven_fiber(&mut self, base: &'static Def, registers: Args) -> Ref<Fiber> {
        if self.main_fiber.is_none() && self.fibers.current.is_none() {
            // The VM was made with a fiber in mind that calls come from. There is none here.
            self.fibers.alive = self.fibers.count_living();
        }
        let fiber = self.fiber_with(base, registers);
        fiber.ident.set(MAIN_IDENT);
        fiber
    }

    /// A fiber that stands before its outermost frame, which gets these registers.
    fn fiber_with(&mut self, base: &'static Def, parameters: Args) -> Ref<Fiber> {
        let fiber = self.new_fiber();
        let here = (
            self.frame,
            self.sp,
            self.limit,
            self.cursor,
            self.input.take(),
        );
        let segments = std::mem::take(&mut self.segments);
        (self.sp, self.limit) = (std::ptr::null_mut(), std::ptr::null_mut());
        self.push_segment(0);
        self.frame = std::ptr::null_mut();
        let base = self.push_def(base, parameters, std::ptr::null_mut(), 0, 0);
        // It starts when the fiber's turn comes: the one that spawns it runs on.
        self.enter_native(base, Input::Start);
        let saved = Saved {
            frame: self.frame,
            sp: self.sp,
            limit: self.limit,
            segments: std::mem::replace(&mut self.segments, segments),
            cursor: self.cursor,
            input: self.input.take(),
            running_loop: Value::NONE,
            context: Value::NONE,
            hooks: (Value::NONE, Value::NONE),
        };
        (self.frame, self.sp, self.limit, self.cursor, self.input) = here;
        *fiber.saved.borrow_mut() = Some(Box::new(saved));
        self.fibers.alive += 1;
        self.check_tasks();
        fiber
    }

    /// How many fibers live beside the one of the main program.
    pub(super) fn living_threads(&self) -> usize {
        self.fibers.alive.saturating_sub(1)
    }

    /// A fiber that waits for nothing runs next.
    pub(super) fn resume_fiber_first(&mut self, fiber: &Ref<Fiber>) {
        fiber.status.set(Status::Ready);
        self.fibers.ready.push_front(fiber.clone());
    }

    /// Under which number the running fiber watches descriptors; no loop has such a number.
    pub fn fiber_owner(&mut self) -> Owner {
        Owner(1 << 63 | self.current_fiber().id)
    }

    /// Says how the running fiber is to be woken, before a native frame answers `Step::Park`:
    /// at a moment of the monotonic clock (it then goes on with False), by events from
    /// outside (None), or by `wake_fiber` only.
    pub fn park(&mut self, deadline: Option<f64>, for_events: bool) {
        let fiber = self.current_fiber();
        fiber.status.set(Status::Parked);
        if let Some(deadline) = deadline {
            fiber
                .timer
                .set(Some(self.fibers.timers.insert(deadline, fiber.clone())));
        }
        if for_events {
            fiber.for_events.set(true);
            self.fibers.waiting.push(fiber);
        }
    }

    /// Wakes a parked fiber: it goes on with `value` when its turn comes.
    pub fn wake_fiber(&mut self, fiber: &Ref<Fiber>, value: Value) {
        self.wake_with(fiber, Input::Value(value));
    }

    /// Wakes a parked fiber: it goes on with this result, be it an exception.
    pub fn wake_fiber_with(&mut self, fiber: &Ref<Fiber>, result: R) {
        self.wake_with(fiber, result.map_or_else(Input::Raised, Input::Value));
    }

    fn wake_with(&mut self, fiber: &Ref<Fiber>, input: Input) {
        if fiber.status.get() != Status::Parked {
            return;
        }
        if let Some(timer) = fiber.timer.take() {
            drop(self.fibers.timers.cancel(timer));
        }
        if fiber.for_events.replace(false) {
            self.fibers.waiting.retain(|f| !f.is(fiber));
        }
        *fiber.wake.borrow_mut() = Some(input);
        fiber.status.set(Status::Ready);
        self.fibers.ready.push_back(fiber.clone());
    }

    /// Wakes the fibers whose loops wait for events: something was scheduled for one of them.
    pub fn wake_loops(&mut self) {
        for fiber in self.fibers.waiting.clone() {
            self.wake_fiber(&fiber, Value::NONE);
        }
    }

    /// The native frame at the top of the running fiber parks it.
    pub(crate) fn park_fiber(&mut self, frame: *mut Frame) {
        let fiber = self.current_fiber();
        if fiber.status.get() == Status::Done {
            return self.end_fiber(frame);
        }
        if fiber.status.get() == Status::Running {
            // Nobody would wake it: a yield to the others.
            fiber.status.set(Status::Ready);
            *fiber.wake.borrow_mut() = Some(Input::Value(Value::NONE));
            self.fibers.ready.push_back(fiber.clone());
        }
        // SAFETY: the frame is native: its ip is one of the native words.
        self.cursor = unsafe {
            Cursor {
                ip: (*frame).ip as *mut u64,
                regs: Frame::regs(frame),
                consts: std::ptr::null(),
            }
        };
        if self.nested > self.fibers.level {
            return self.park_in_nested_run(&fiber, frame);
        }
        self.save(&fiber);
        self.schedule();
    }

    /// Other fibers run on top of the Rust code that waits, until this one is woken.
    fn park_in_nested_run(&mut self, fiber: &Ref<Fiber>, frame: *mut Frame) {
        let may_not_sleep = self.driver.as_ref().is_some_and(|driver| !driver.may_sleep);
        if self.fibers.level > 1 || may_not_sleep {
            self.unpark(fiber);
            let raised = self.runtime_error("cannot block here");
            return self.raise_in(frame, raised);
        }
        let cursor = self.cursor;
        fiber.in_nested_run.set(true);
        self.save(fiber);
        let level = std::mem::replace(&mut self.fibers.level, self.nested);
        self.schedule();
        self.dispatch();
        self.fibers.level = level;
        fiber.in_nested_run.set(false);
        if self.stopping.is_some() {
            // The loop was left before anybody woke it.
            self.load_to_discard(fiber);
            let signal = self.stop_signal();
            return self.discard_frames(frame, signal);
        }
        self.cursor = cursor;
        self.input = Some(
            fiber
                .wake
                .borrow_mut()
                .take()
                .unwrap_or(Input::Value(Value::NONE)),
        );
    }

    fn unpark(&mut self, fiber: &Ref<Fiber>) {
        if let Some(timer) = fiber.timer.take() {
            drop(self.fibers.timers.cancel(timer));
        }
        fiber.for_events.set(false);
        self.fibers.waiting.retain(|f| !f.is(fiber));
        self.fibers.ready.retain(|f| !f.is(fiber));
        fiber.status.set(Status::Running);
    }

    /// A fiber is over: its last frame goes.
    fn end_fiber(&mut self, frame: *mut Frame) {
        // SAFETY: the base frame is the only one left.
        unsafe { self.drop_last_frame(frame) };
        if self.driver_has_result() {
            // The others go on when the next call is driven.
            return self.leave();
        }
        self.schedule();
    }

    /// Drops the base frame of the running fiber, which is over.
    ///
    /// # Safety
    /// `frame` is the only frame that is left.
    pub(super) unsafe fn drop_last_frame(&mut self, frame: *mut Frame) {
        // SAFETY: its registers are not used again.
        unsafe {
            for i in 0..=Self::native_registers(frame) {
                std::ptr::drop_in_place(Frame::regs(frame).add(i));
            }
        }
        while let Some(segment) = self.segments.pop() {
            self.keep_segment(segment);
        }
        (self.sp, self.limit) = (std::ptr::null_mut(), std::ptr::null_mut());
        self.frame = std::ptr::null_mut();
        self.fibers.alive -= 1;
        self.fibers.current = None;
        self.running_loop = Value::NONE;
        self.context = Value::NONE;
        self.asyncgen_hooks = (Value::NONE, Value::NONE);
    }

    fn save(&mut self, fiber: &Ref<Fiber>) {
        let saved = Saved {
            frame: self.frame,
            sp: self.sp,
            limit: self.limit,
            segments: std::mem::take(&mut self.segments),
            cursor: self.cursor,
            input: self.input.take(),
            running_loop: std::mem::replace(&mut self.running_loop, Value::NONE),
            context: std::mem::replace(&mut self.context, Value::NONE),
            hooks: std::mem::replace(&mut self.asyncgen_hooks, (Value::NONE, Value::NONE)),
        };
        *fiber.saved.borrow_mut() = Some(Box::new(saved));
        self.fibers.current = None;
    }

    /// Goes on in the next fiber that can. If there is none it waits for one, or lets the driver wait.
    pub(super) fn schedule(&mut self) {
        let fiber = loop {
            if let Some(fiber) = self.fibers.ready.pop_front() {
                break fiber;
            }
            if self.stopping.is_some() || self.is_driven() && self.fibers.level == 1 {
                return self.leave();
            }
            self.wait_for_fibers();
            if self.is_driven()
                && let Some(limit) = self.limit_between()
            {
                let _ = self.stop(limit);
            }
        };
        let input = self.load(&fiber);
        if fiber.in_nested_run.get() {
            // Its Rust code goes on when this loop is left.
            return self.leave();
        }
        self.input = fiber.wake.borrow_mut().take().or(input);
    }

    /// Makes a fiber the running one, and answers what its topmost frame was to be entered with.
    fn load(&mut self, fiber: &Ref<Fiber>) -> Option<Input> {
        let saved = fiber
            .saved
            .borrow_mut()
            .take()
            .expect("a fiber that does not run was saved");
        let saved = *saved;
        self.frame = saved.frame;
        self.sp = saved.sp;
        self.limit = saved.limit;
        self.segments = saved.segments;
        self.cursor = saved.cursor;
        self.running_loop = saved.running_loop;
        self.context = saved.context;
        self.asyncgen_hooks = saved.hooks;
        fiber.status.set(Status::Running);
        self.fibers.current = Some(fiber.clone());
        saved.input
    }

    /// Makes a fiber the running one that is not to run again, but to be taken down: its topmost frame.
    pub(super) fn load_to_discard(&mut self, fiber: &Ref<Fiber>) -> Option<*mut Frame> {
        let (top, at) = fiber.saved_place()?;
        drop(self.load(fiber));
        drop(fiber.wake.borrow_mut().take());
        if !at.is_null() {
            // SAFETY: a live frame of script, which stands before the instruction at its cursor.
            unsafe { (*top).ip = at.add(1) };
        }
        Some(top)
    }

    /// Called before a sleep that nothing in this engine ends: it may be that nothing else does.
    #[inline]
    pub fn about_to_sleep(&mut self, wait: Wait) {
        if wait == Wait::Forever
            && let Some(when_dead) = self.when_dead
        {
            when_dead(self);
        }
    }

    /// Whether another fiber is ready, or will be by itself.
    pub fn will_wake(&mut self) -> bool {
        self.fibers.timers.drop_cancelled();
        self.fibers.will_run()
    }

    /// When the first of the fibers that sleep wakes.
    pub(super) fn wait_of_fibers(&mut self) -> Wait {
        self.fibers.timers.drop_cancelled();
        let next = self.fibers.timers.next_deadline();
        next.map_or(Wait::Forever, Wait::Until)
    }

    /// Waits until at least one fiber is ready.
    fn wait_for_fibers(&mut self) {
        let wait = match self.is_driven() {
            true => self.next_wait(),
            false => self.wait_of_fibers(),
        };
        let mut events = Vec::new();
        self.about_to_sleep(wait);
        let waited = self.host.wait(wait, &mut events);
        let mut failed = match waited {
            Ok(()) => None,
            Err(e) => Some(self.host_error(&e)),
        };
        let happened = !events.is_empty();
        for event in events {
            if let Err(raised) = self.hand_out(event) {
                failed = Some(raised);
            }
        }
        if let Some(raised) = failed {
            self.interrupt_main(raised);
        }
        if happened {
            self.wake_loops();
        }
        let now = self.host.clock.monotonic();
        self.wake_due(now);
    }

    /// Wakes the fibers whose time has come and those that wait for what has happened: one that
    /// never waits itself must not keep them asleep.
    ///
    /// # Errors
    /// What a signal raises in the running fiber.
    pub(crate) fn wake_sleepers(&mut self) -> R<()> {
        if self.fibers.timers.is_empty() && self.fibers.waiting.is_empty() {
            return Ok(());
        }
        let now = self.host.clock.monotonic();
        if now < self.fibers.next_look {
            return Ok(());
        }
        self.fibers.next_look = now + LOOK_INTERVAL;
        self.wake_due(now);
        if self.fibers.waiting.is_empty() {
            return Ok(());
        }
        let mut events = Vec::new();
        if let Err(e) = self.host.look(true, &mut events) {
            return Err(self.host_error(&e));
        }
        self.hand_out_all(events)
    }

    pub(super) fn wake_due(&mut self, now: f64) {
        // A moment that is now is due, as for the timers of a loop.
        let end = now + self.host.clock.resolution();
        while let Some(fiber) = self.fibers.timers.pop_due(end) {
            fiber.timer.set(None);
            self.wake_fiber(&fiber, Value::FALSE);
        }
    }

    /// Gives events to who waits for them while a fiber runs.
    ///
    /// # Errors
    /// What a signal raises, if it is the main fiber that runs.
    pub(crate) fn hand_out_all(&mut self, events: Vec<Event>) -> R<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut failed = None;
        for event in events {
            if let Err(raised) = self.hand_out(event) {
                failed = Some(raised);
            }
        }
        self.wake_loops();
        let Some(raised) = failed else {
            return Ok(());
        };
        let running = self.current_fiber();
        match &self.main_fiber {
            Some(main) if !main.is(&running) => {
                self.interrupt_main(raised);
                Ok(())
            }
            _ => Err(raised),
        }
    }

    /// Gives an event to who waits for it.
    ///
    /// # Errors
    /// KeyboardInterrupt for SIGINT, where nobody else takes care of it.
    pub(crate) fn hand_out(&mut self, event: Event) -> R<()> {
        if let Some(sink) = self.event_sink {
            return sink(self, event);
        }
        self.handle_events(vec![event])
    }

    /// An exception from outside (KeyboardInterrupt) goes to the main fiber.
    pub(super) fn interrupt_main(&mut self, raised: Raised) {
        let Some(main) = self.main_fiber.clone() else {
            return;
        };
        match main.status.get() {
            Status::Parked => self.wake_with(&main, Input::Raised(raised)),
            Status::Ready => *main.wake.borrow_mut() = Some(Input::Raised(raised)),
            Status::Running | Status::Done => {}
        }
    }

    /// Lets the other fibers run, if there are any that can. The running one stands at the cursor,
    /// in script code.
    pub(crate) fn preempt(&mut self) {
        if self.fibers.ready.is_empty() {
            return;
        }
        if let Some(fiber) = self.save_running() {
            self.fibers.ready.push_back(fiber);
            self.schedule();
        }
    }

    /// Leaves the dispatch loop for the driver, who lets the running fiber go on where it stands, at the cursor.
    pub(super) fn pause(&mut self) {
        if let Some(fiber) = self.save_running() {
            self.fibers.ready.push_front(fiber);
            if let Some(driver) = &mut self.driver {
                driver.paused = true;
            }
            self.leave();
        }
    }

    /// The running fiber is to go on later; None in a nested run, whose Rust code cannot be left.
    fn save_running(&mut self) -> Option<Ref<Fiber>> {
        if self.nested > self.fibers.level {
            return None;
        }
        let fiber = self.current_fiber();
        if fiber.in_nested_run.get() {
            return None;
        }
        fiber.status.set(Status::Ready);
        self.save(&fiber);
        Some(fiber)
    }
}
