//! Futures and tasks: what the event loop moves. Small, because a program may
//! have a million of them; what they do is in `modules::asyncio`.
//!
//! A Task begins with a Future, and so does the future that `gather` returns:
//! what works on a Future takes any of the three (`Future::of`).

use std::cell::{Cell, RefCell};
use std::ptr;

use super::kind;
use super::tuple::Tuple;
use crate::heap::{self, Field, Header, Kind, Object, Ref, Value, Visitor};

/// Where a future is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FutureState {
    /// It has no outcome yet.
    Pending,
    /// It was cancelled.
    Cancelled,
    /// Its outcome is a result.
    Result,
    /// Its outcome is an exception.
    Exception,
}

/// Who is told of a future's end: a callable of the script with its context, a
/// native reaction with the object it acts on, or a task that waits.
#[derive(Clone)]
pub struct Waiter {
    /// The callable, or what the reaction acts on; Undef for none.
    pub target: Value,
    /// A Context for a callable, or what one can be made of (`contextvars::snapshot`); a small int that numbers a
    /// native reaction.
    pub how: Value,
}

/// Those who are told behind the first: rarely more than a few.
pub type More = smallvec::SmallVec<[Waiter; 3]>;

/// A future. See `modules::asyncio::futures` for what it does.
#[repr(C)]
pub struct Future {
    head: Header,
    /// See `FutureState`.
    pub state: Cell<FutureState>,
    /// `_asyncio_future_blocking`: it was awaited, and yielded to the task.
    pub blocking: Cell<bool>,
    /// Its exception was not looked at yet (`_log_traceback`).
    pub log_traceback: Cell<bool>,
    /// A task: complain when it is destroyed pending.
    pub log_destroy: Cell<bool>,
    /// A task: throw CancelledError at its next step.
    pub must_cancel: Cell<bool>,
    /// A task: tells it from those that had its place in memory before.
    pub generation: Cell<u8>,
    /// A task: `cancelling()`.
    pub cancels: Cell<u16>,
    /// The loop.
    pub owner: Field,
    /// `_cancel_message`, or Undef.
    pub cancel_message: Field,
    /// While it is pending, the first who is told of its end: target and how. Then its outcome, the result or the exception;
    /// and, of a failed one the exception's traceback, of a cancelled one the CancelledError to raise first.
    pair: (Field, Field),
    /// The others. Boxed, since nearly no future has any and every future pays for the field.
    more: Cell<Option<Box<More>>>,
    /// What few have: Undef; a dict of attributes that a script set; or, where debug mode noted the
    /// stack of its creation (`_source_traceback`), a pair of that with such a dict or None.
    pub extra: Field,
}

impl Future {
    /// A pending future of `owner`, to be placed on the heap.
    #[inline(always)]
    pub fn pending(owner: Value) -> Future {
        Future {
            head: Header::new(),
            state: Cell::new(FutureState::Pending),
            blocking: Cell::new(false),
            log_traceback: Cell::new(false),
            log_destroy: Cell::new(true),
            must_cancel: Cell::new(false),
            generation: Cell::new(0),
            cancels: Cell::new(0),
            owner: Field::new(owner),
            cancel_message: Field::undef(),
            pair: (Field::undef(), Field::undef()),
            more: Cell::new(None),
            extra: Field::undef(),
        }
    }

    /// A future that is pending, an exact one.
    #[inline]
    pub fn alloc(owner: Value) -> Ref<Future> {
        heap::alloc(Future::pending(owner))
    }

    /// One of a subclass.
    pub fn alloc_shaped(shape: u32, owner: Value) -> Ref<Future> {
        heap::alloc_shaped(Future::pending(owner), 0, shape)
    }

    /// The future that `value` is or begins with.
    #[inline]
    pub fn of(value: &Value) -> Option<&Future> {
        if let Some(future) = value.get::<Future>() {
            return Some(future);
        }
        if let Some(task) = value.get::<Task>() {
            return Some(&task.future);
        }
        value.get::<Gathering>().map(|gathering| &gathering.future)
    }

    /// A typed reference to what `value` is or begins with.
    #[inline]
    pub fn to_ref(value: &Value) -> Option<Ref<Future>> {
        Future::of(value)?;
        let owned = value.clone();
        let header = owned.header();
        owned.forget();
        // SAFETY: the object begins with a Future, and the count of `owned` passes to the Ref,
        // which gives it back by the header alone.
        Some(unsafe { Ref::from_raw(header.cast()) })
    }

    /// A new reference to this object as a Value.
    pub fn value(&self) -> Value {
        let header = self as *const Future as *mut Header;
        // SAFETY: self begins a live object; the new count is made here.
        unsafe {
            (*header).count += 1;
            Value::from_header(header)
        }
    }

    /// The stack of its creation, if debug mode noted that; else Undef.
    pub fn source(&self) -> Value {
        let first = self.noted();
        match first.get::<Tuple>() {
            Some(origin) => origin.items().last().cloned().unwrap_or_default(),
            None => first,
        }
    }

    /// Notes the stack of its creation.
    pub fn set_source(&self, stack: Value) {
        self.extra.set(Tuple::pair(stack, Value::NONE).into_value());
    }

    /// Where it was made, if that was noted: a tuple, whose last item is the stack of its creation
    /// or Undef. Else Undef.
    pub fn origin(&self) -> Value {
        let first = self.noted();
        if first.is_kind::<Tuple>() {
            first
        } else {
            Value::UNDEF
        }
    }

    /// Notes where it was made.
    pub fn set_origin(&self, origin: Value) {
        let own = match self.extra.as_value().get::<Tuple>() {
            Some(both) => both.get(1).unwrap_or(Value::NONE),
            None if self.extra.is_undef() => Value::NONE,
            None => self.extra.get(),
        };
        self.extra.set(Tuple::pair(origin, own).into_value());
    }

    /// What was noted of its creation.
    fn noted(&self) -> Value {
        let both = self.extra.as_value().get::<Tuple>();
        both.and_then(|both| both.get(0)).unwrap_or_default()
    }

    /// Whether it has no outcome yet.
    #[inline(always)]
    pub fn is_pending(&self) -> bool {
        self.state.get() == FutureState::Pending
    }

    /// Whether it was cancelled.
    #[inline(always)]
    pub fn is_cancelled(&self) -> bool {
        self.state.get() == FutureState::Cancelled
    }

    /// Adds somebody to be told of its end.
    #[inline]
    pub fn add_waiter(&self, target: Value, how: Value) {
        if self.is_pending() && self.pair.0.is_undef() && self.no_more() {
            self.pair.0.set(target);
            self.pair.1.set(how);
            return;
        }
        let mut more = self.more.take().unwrap_or_default();
        more.push(Waiter { target, how });
        self.more.set(Some(more));
    }

    fn no_more(&self) -> bool {
        // SAFETY: the reference ends here; the cell is changed only by methods of this file, which take the box out first.
        unsafe { (*self.more.as_ptr()).is_none() }
    }

    /// Whether nobody is to be told.
    pub fn has_no_waiters(&self) -> bool {
        (!self.is_pending() || self.pair.0.is_undef()) && self.no_more()
    }

    /// The result or the exception of one that is done; else Undef.
    #[inline]
    pub fn outcome(&self) -> Value {
        match self.is_pending() {
            true => Value::UNDEF,
            false => self.pair.0.get(),
        }
    }

    /// Ends a pending one. Answers with the first who is to be told, if anybody is.
    #[inline]
    pub fn end(&self, state: FutureState, outcome: Value, detail: Value) -> Option<Waiter> {
        debug_assert!(self.is_pending() && state != FutureState::Pending);
        let first = Waiter {
            target: self.pair.0.replace(outcome),
            how: self.pair.1.replace(detail),
        };
        self.state.set(state);
        (!first.target.is_undef()).then_some(first)
    }

    /// Takes what is kept beside the outcome of one that is done: see `pair`.
    pub fn take_detail(&self) -> Value {
        match self.is_pending() {
            true => Value::UNDEF,
            false => self.pair.1.take(),
        }
    }

    /// Sets what is kept beside the outcome of one that is done.
    pub fn set_detail(&self, detail: Value) {
        if !self.is_pending() {
            self.pair.1.set(detail);
        }
    }

    /// Copies of all who are to be told, in order.
    pub fn waiters(&self) -> Vec<Waiter> {
        let mut all = Vec::new();
        if self.is_pending() && !self.pair.0.is_undef() {
            all.push(Waiter {
                target: self.pair.0.get(),
                how: self.pair.1.get(),
            });
        }
        let more = self.more.take();
        if let Some(more) = &more {
            all.extend(more.iter().cloned());
        }
        self.more.set(more);
        all
    }

    /// Whether `is_it` says so of all who are to be told.
    pub fn all_waiters(&self, mut is_it: impl FnMut(&Value, &Value) -> bool) -> bool {
        let of_first = |is_it: &mut dyn FnMut(&Value, &Value) -> bool| {
            let (target, how) = (self.pair.0.as_value(), self.pair.1.as_value());
            !self.is_pending() || target.is_undef() || is_it(target, how)
        };
        if !of_first(&mut is_it) {
            return false;
        }
        let more = self.more.take();
        let others = more.as_deref().map_or(&[][..], More::as_slice);
        let all = others.iter().all(|w| is_it(&w.target, &w.how));
        self.more.set(more);
        all
    }

    /// Takes out those of whom `is_it` says so; the answer is how many they were.
    pub fn remove_waiters(&self, mut is_it: impl FnMut(&Value, &Value) -> bool) -> usize {
        let mut more = self.more.take();
        let mut gone = 0;
        if let Some(more) = &mut more {
            let before = more.len();
            more.retain(|w| !is_it(&w.target, &w.how));
            gone = before - more.len();
        }
        let (target, how) = (self.pair.0.as_value(), self.pair.1.as_value());
        if self.is_pending() && !target.is_undef() && is_it(target, how) {
            let next = match &mut more {
                Some(more) if !more.is_empty() => Some(more.remove(0)),
                _ => None,
            };
            let (target, how) = next.map_or_else(Default::default, |w| (w.target, w.how));
            drop(self.pair.0.replace(target));
            drop(self.pair.1.replace(how));
            gone += 1;
        }
        self.more.set(more.filter(|more| !more.is_empty()));
        gone
    }

    /// Takes out the others.
    #[inline]
    pub fn take_more(&self) -> Option<Box<More>> {
        self.more.take()
    }

    /// Puts back who is to be told.
    pub fn set_waiters(&self, all: Vec<Waiter>) {
        if self.is_pending() {
            drop(self.pair.0.take());
            drop(self.pair.1.take());
        }
        drop(self.more.take());
        for waiter in all {
            self.add_waiter(waiter.target, waiter.how);
        }
    }

    fn trace_fields(&self, visitor: &mut dyn Visitor) {
        let fields = [
            &self.owner,
            &self.cancel_message,
            &self.pair.0,
            &self.pair.1,
            &self.extra,
        ];
        fields
            .into_iter()
            .for_each(|field| visitor.visit(field.as_value()));
        // SAFETY: nothing changes the list while it is traced.
        if let Some(more) = unsafe { &*self.more.as_ptr() } {
            for waiter in more.iter() {
                visitor.visit(&waiter.target);
                visitor.visit(&waiter.how);
            }
        }
    }

    fn clear_fields(&self) {
        let fields = [
            &self.cancel_message,
            &self.pair.0,
            &self.pair.1,
            &self.owner,
            &self.extra,
        ];
        fields.into_iter().for_each(|field| drop(field.take()));
        drop(self.more.take());
    }
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Future {
    const KIND: Kind = kind::FUTURE;
    const HAS_ATTRIBUTES: bool = true;
    fn attributes(&self) -> Option<&Field> {
        Some(&self.extra)
    }
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.trace_fields(visitor);
    }
    fn clear(&self) {
        self.clear_fields();
    }
    const MAY_NEED_FINALIZER: bool = true;
    fn needs_finalizer(&self) -> bool {
        self.log_traceback.get()
    }
}

/// A task: a coroutine that a loop drives. See `modules::asyncio::tasks`.
#[repr(C)]
pub struct Task {
    /// Its outcome and who waits for it.
    pub future: Future,
    /// The coroutine; None when it is done.
    pub coro: Field,
    /// Its Context.
    pub context: Field,
    /// A name, the number of `Task-N`, or Undef for the name "None" that an eager task gets.
    pub name: Field,
    /// What it waits for, or Undef.
    pub waiter: Field,
    links: Links,
}

// SAFETY: repr(C), header first (the future's); every counted reference is
// visited once. The links between tasks are not counted: a task leaves the list before it dies.
unsafe impl Object for Task {
    const KIND: Kind = kind::TASK;
    const HAS_ATTRIBUTES: bool = true;
    fn attributes(&self) -> Option<&Field> {
        Some(&self.future.extra)
    }
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.future.trace_fields(visitor);
        let fields = [&self.coro, &self.context, &self.name, &self.waiter];
        fields
            .into_iter()
            .for_each(|field| visitor.visit(field.as_value()));
    }
    fn clear(&self) {
        self.links.remove();
        let fields = [&self.coro, &self.context, &self.waiter];
        fields.into_iter().for_each(|field| drop(field.take()));
        self.future.clear_fields();
    }
    const MAY_NEED_FINALIZER: bool = true;
    fn needs_finalizer(&self) -> bool {
        let future = &self.future;
        future.log_traceback.get() || (future.is_pending() && future.log_destroy.get())
    }
}

impl Task {
    /// A task that has not begun; `shape` is the kind's own for an exact one.
    pub fn alloc(shape: u32, owner: Value, coro: Value, context: Value, name: Value) -> Ref<Task> {
        let task = Task {
            future: Future::pending(owner),
            coro: Field::new(coro),
            context: Field::new(context),
            name: Field::new(name),
            waiter: Field::undef(),
            links: Links::none(),
        };
        heap::current().tasks += 1;
        if shape == kind::TASK as u32 {
            heap::alloc(task)
        } else {
            heap::alloc_shaped(task, 0, shape)
        }
    }

    /// A new reference to this task.
    pub fn value(&self) -> Value {
        self.future.value()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let heap = heap::current();
        if heap.is_torn_down() {
            return;
        }
        heap.tasks -= 1;
        self.links.remove();
    }
}

/// A place in a ring of tasks; links are not counted.
struct Links {
    previous: Cell<*const Links>,
    next: Cell<*const Links>,
}

impl Links {
    const fn none() -> Links {
        Links {
            previous: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
        }
    }

    /// Leaves the ring; nothing happens to who is in none.
    fn remove(&self) {
        let (previous, next) = (
            self.previous.replace(ptr::null()),
            self.next.replace(ptr::null()),
        );
        if previous.is_null() {
            return;
        }
        // SAFETY: whoever dies or is cleared leaves the ring before, so neighbours are alive.
        unsafe {
            (*previous).next.set(next);
            (*next).previous.set(previous);
        }
    }
}

/// The tasks of a loop that are not done, in the order of their creation. It
/// does not keep them alive.
pub struct TaskList {
    /// Stands before the first and behind the last.
    ring: Box<Links>,
    /// The generation of the task that was added last.
    generation: Cell<u8>,
}

impl Default for TaskList {
    fn default() -> TaskList {
        let ring = Box::new(Links::none());
        let here: *const Links = &*ring;
        ring.previous.set(here);
        ring.next.set(here);
        TaskList {
            ring,
            generation: Cell::new(0),
        }
    }
}

impl TaskList {
    /// Appends a task that is in no list.
    pub fn add(&self, task: &Task) {
        task.links.remove();
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        task.future.generation.set(generation);
        let here: *const Links = &*self.ring;
        let last = self.ring.previous.get();
        task.links.previous.set(last);
        task.links.next.set(here);
        // SAFETY: the last of the ring is alive, see `Links::remove`.
        unsafe { (*last).next.set(&task.links) };
        self.ring.previous.set(&task.links);
    }

    /// New references to all tasks, oldest first.
    pub fn all(&self) -> Vec<Value> {
        let here: *const Links = &*self.ring;
        let mut found = Vec::new();
        let mut at = self.ring.next.get();
        while at != here {
            // SAFETY: all in the ring but its head are the links of live tasks.
            unsafe {
                let task = (at as usize - std::mem::offset_of!(Task, links)) as *const Task;
                found.push((*task).value());
                at = (*at).next.get();
            }
        }
        found
    }
}

impl Drop for TaskList {
    fn drop(&mut self) {
        if heap::current().is_torn_down() {
            return;
        }
        let here: *const Links = &*self.ring;
        let mut at = self.ring.next.get();
        while at != here && !at.is_null() {
            // SAFETY: as in `all`; each is left without neighbours.
            unsafe {
                let next = (*at).next.replace(ptr::null());
                (*at).previous.set(ptr::null());
                at = next;
            }
        }
    }
}

impl Task {
    /// Takes a task that is done off its loop's list.
    #[inline]
    pub fn unregister(&self) {
        self.links.remove();
    }
}

/// The future that `gather` returns.
#[repr(C)]
pub struct Gathering {
    /// Its outcome and who waits for it.
    pub future: Future,
    /// The futures gathered.
    pub children: RefCell<Vec<Value>>,
    /// Those that were done already when they were gathered, until all are there.
    pub early: RefCell<Vec<Value>>,
    /// How many of them are not done.
    pub left: Cell<u32>,
    /// `return_exceptions`
    pub keep_exceptions: Cell<bool>,
    /// `cancel` was called and reached a child.
    pub cancel_requested: Cell<bool>,
}

// SAFETY: repr(C), header first (the future's); every counted reference is visited once.
unsafe impl Object for Gathering {
    const KIND: Kind = kind::GATHER;
    const HAS_ATTRIBUTES: bool = true;
    fn attributes(&self) -> Option<&Field> {
        Some(&self.future.extra)
    }
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.future.trace_fields(visitor);
        if let Ok(children) = self.children.try_borrow() {
            children.iter().for_each(|child| visitor.visit(child));
        }
        if let Ok(early) = self.early.try_borrow() {
            early.iter().for_each(|child| visitor.visit(child));
        }
    }
    fn clear(&self) {
        self.future.clear_fields();
        drop(self.children.take());
    }
    const MAY_NEED_FINALIZER: bool = true;
    fn needs_finalizer(&self) -> bool {
        self.future.log_traceback.get()
    }
}

impl Gathering {
    /// A pending one; children, their number and the loop are set later.
    pub fn alloc(keep_exceptions: bool) -> Ref<Gathering> {
        heap::alloc(Gathering {
            future: Future::pending(Value::UNDEF),
            children: RefCell::default(),
            early: RefCell::default(),
            left: Cell::new(0),
            keep_exceptions: Cell::new(keep_exceptions),
            cancel_requested: Cell::new(false),
        })
    }
}

/// A call that the loop is to make: what `call_soon` returns, and with a
/// deadline what `call_later` and `call_at` return.
#[repr(C)]
pub struct Handle {
    head: Header,
    /// It was taken back.
    pub cancelled: Cell<bool>,
    /// It waits among the timers.
    pub scheduled: Cell<bool>,
    /// Debug mode has noted something: `context` holds it too.
    noted: Cell<bool>,
    /// The deadline of a timer.
    pub when: Cell<f64>,
    /// The number of the timer, for taking it back.
    pub timer: Cell<u64>,
    /// The loop.
    pub owner: Field,
    /// What is called; None once cancelled.
    pub callback: Field,
    /// Its arguments: a tuple.
    pub args: Field,
    /// Its Context, or what one can be made of (`contextvars::snapshot`); if something is noted, a tuple of it, the stack of the handle's creation, and how it was
    /// shown when it was cancelled.
    context: Field,
}

impl Handle {
    fn trace_fields(&self, visitor: &mut dyn Visitor) {
        let fields = [&self.owner, &self.callback, &self.args, &self.context];
        fields
            .into_iter()
            .for_each(|field| visitor.visit(field.as_value()));
    }

    /// A handle without a deadline.
    pub fn alloc(owner: Value, callback: Value, args: Value, context: Value) -> Ref<Handle> {
        heap::alloc(Handle::object(owner, callback, args, context, 0.0))
    }

    #[inline(always)]
    fn object(owner: Value, callback: Value, args: Value, context: Value, when: f64) -> Handle {
        Handle {
            head: Header::new(),
            cancelled: Cell::new(false),
            scheduled: Cell::new(false),
            noted: Cell::new(false),
            when: Cell::new(when),
            timer: Cell::new(0),
            owner: Field::new(owner),
            callback: Field::new(callback),
            args: Field::new(args),
            context: Field::new(context),
        }
    }

    /// Its Context, or what one can be made of.
    #[inline]
    pub fn context(&self) -> Value {
        match self.noted.get() {
            false => self.context.get(),
            true => self.note_at(0),
        }
    }

    /// Puts a Context in place of what was kept for one.
    pub fn set_context(&self, context: Value) {
        let kept = match self.noted.get() {
            false => context,
            true => Tuple::of(vec![context, self.source(), self.shown()]).into_value(),
        };
        self.context.set(kept);
    }

    /// In debug mode the stack of its creation, else None.
    pub fn source(&self) -> Value {
        self.note_at(1)
    }

    /// How it was shown when it was cancelled in debug mode, else None.
    pub fn shown(&self) -> Value {
        self.note_at(2)
    }

    fn note_at(&self, index: usize) -> Value {
        if !self.noted.get() {
            return Value::NONE;
        }
        let noted = self.context.get();
        let item = noted.get::<Tuple>().and_then(|all| all.items().get(index));
        item.cloned().unwrap_or(Value::NONE)
    }

    /// Keeps the stack of its creation, and how it is shown.
    pub fn note(&self, source: Value, shown: Value) {
        let context = self.context();
        self.noted.set(true);
        self.context
            .set(Tuple::of(vec![context, source, shown]).into_value());
    }

    /// The handle that `value` is, with a deadline or without.
    #[inline]
    pub fn of(value: &Value) -> Option<&Handle> {
        value
            .get::<Handle>()
            .or_else(|| value.get::<TimerHandle>().map(|timer| &timer.0))
    }
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Handle {
    const KIND: Kind = kind::HANDLE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.trace_fields(visitor);
    }
    fn clear(&self) {
        [&self.owner, &self.callback, &self.args, &self.context]
            .into_iter()
            .for_each(|field| drop(field.take()));
    }
}

/// A handle with a deadline: of another class, of the same making.
#[repr(C)]
pub struct TimerHandle(pub Handle);

// SAFETY: as for Handle.
unsafe impl Object for TimerHandle {
    const KIND: Kind = kind::TIMER_HANDLE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.0.trace_fields(visitor);
    }
    fn clear(&self) {
        self.0.clear();
    }
}

impl TimerHandle {
    /// A handle with a deadline.
    pub fn alloc(
        owner: Value,
        callback: Value,
        args: Value,
        context: Value,
        when: f64,
    ) -> Ref<TimerHandle> {
        heap::alloc(TimerHandle(Handle::object(
            owner, callback, args, context, when,
        )))
    }
}
