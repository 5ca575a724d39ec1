//! `asyncio.Lock`, `Event`, `Semaphore`, `BoundedSemaphore`. (`Barrier` is
//! written in the language, on top of these.)

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::base_events::Loop;
use super::debug::{self, Maker};
use super::exceptions::is_cancelled_error;
use super::{events, futures, script};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Attribute, Awaited, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::task::{Future, FutureState, Task};
use crate::object::traced::{Traced, traced_object};
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

/// Futures of those who wait, first come first served, and the loop they belong to.
#[derive(Default)]
pub struct Queue {
    /// The futures.
    pub futures: RefCell<VecDeque<Value>>,
}

impl Traced for Queue {
    fn trace(&self, visitor: &mut dyn crate::heap::Visitor) {
        self.futures.trace(visitor);
    }
    fn release(&self) {
        self.futures.release();
    }
}

impl Queue {
    /// A new future at the end.
    pub fn join(&self, vm: &mut Vm, maker: Maker, object: &Value, bound: &Field) -> R {
        let owner = bound_loop(vm, object, bound)?;
        let future = debug::made_by(vm, maker, owner)?.into_value();
        self.futures.borrow_mut().push_back(future.clone());
        Ok(future)
    }

    /// Takes a future out; false if it was not there.
    pub fn leave(&self, future: &Value) -> bool {
        let mut futures = self.futures.borrow_mut();
        let at = if futures.front().is_some_and(|first| first.is(future)) {
            Some(0)
        } else {
            futures.iter().position(|known| known.is(future))
        };
        let gone = at.and_then(|at| futures.remove(at));
        drop(futures);
        gone.is_some()
    }

    /// Whether the future is one of those who wait.
    pub fn has(&self, future: &Value) -> bool {
        self.futures.borrow().iter().any(|known| known.is(future))
    }

    /// How many wait.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.futures.borrow().len()
    }

    /// The futures as a deque, to look at: it is a copy.
    pub fn shown(&self, vm: &mut Vm) -> R {
        let futures: Vec<Value> = self.futures.borrow().iter().cloned().collect();
        let futures = script::list(vm, futures)?;
        let class = script::import_attr(vm, "collections", "deque")?;
        script::call(vm, &class, &[futures])
    }

    /// Whether one of them was not cancelled.
    pub fn any_alive(&self) -> bool {
        self.futures
            .borrow()
            .iter()
            .any(|f| Future::of(f).is_some_and(|f| !f.is_cancelled()))
    }
}

/// The running loop, to which the object belongs from its first wait on.
pub fn bound_loop(vm: &mut Vm, object: &Value, bound: &Field) -> R {
    let owner = events::running(vm)?;
    if bound.is_undef() {
        bound.set(owner.clone());
    }
    if bound.as_value().is(&owner) {
        return Ok(owner);
    }
    let shown = script::repr(vm, object)?;
    Err(script::error(
        vm,
        Known::RuntimeError,
        &format!("{shown} is bound to a different event loop"),
    ))
}

/// `<NAME object at ADDRESS [EXTRA]>`
pub(super) fn shown(vm: &mut Vm, value: &Value, extra: &str, waiters: usize) -> Value {
    let class = vm.class_of(value);
    let name = script::full_class_name(vm, &class);
    let waiters = if waiters > 0 {
        format!(", waiters:{waiters}")
    } else {
        String::new()
    };
    script::text(&format!(
        "<{name} object at {} [{extra}{waiters}]>",
        script::address(vm, value)
    ))
}

/// What an await gives that has nothing to wait for.
fn done(value: Value) -> R<Awaited> {
    Ok(Awaited::Done(value))
}

fn expected<T>(vm: &mut Vm, found: Option<T>, what: &str) -> R<T> {
    match found {
        Some(found) => Ok(found),
        None => Err(script::error(
            vm,
            Known::TypeError,
            &format!("{what} object expected"),
        )),
    }
}

// ----- Lock ------------------------------------------------------------------------

traced_object! {
    /// `asyncio.Lock`
    pub struct Lock: LOCK, attributes in attributes; {
        /// Somebody holds it.
        locked: Cell<bool>,
        /// The word and the generation of the task that took it last, which may be gone: for those who
        /// ask who holds it.
        holder: Cell<(i64, u8)>,
        /// Those who wait.
        waiters: Queue,
        /// The loop it belongs to.
        owner: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn lock_of(vm: &mut Vm, value: &Value) -> R<Ref<Lock>> {
    expected(vm, value.to_ref::<Lock>(), "a Lock")
}

fn lock_new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &LOCK)?;
    Ok(lock_shaped(shape))
}

fn lock_shaped(shape: u32) -> Value {
    Lock::alloc(
        shape,
        Cell::new(false),
        Cell::new((0, 0)),
        Queue::default(),
        Field::undef(),
        Field::undef(),
    )
    .into_value()
}

/// `Lock()`
pub(super) fn new_lock() -> Value {
    lock_shaped(kind::LOCK as u32)
}

/// Takes a lock for the running task.
#[inline]
pub(super) fn take_lock(vm: &Vm, lock: &Lock) {
    lock.locked.set(true);
    if let Some(looped) = vm.running_loop.get::<Loop>() {
        let task = looped.current.as_value();
        let generation = task.get::<Task>().map_or(0, |t| t.future.generation.get());
        lock.holder.set((task.word(), generation));
    }
}

fn nothing(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::NONE)
}

fn lock_repr(vm: &mut Vm, args: &[Value]) -> R {
    let lock = lock_of(vm, &args[0])?;
    let word = if lock.locked.get() {
        "locked"
    } else {
        "unlocked"
    };
    Ok(shown(vm, &args[0], word, lock.waiters.len()))
}

fn lock_locked(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(lock_of(vm, &args[0])?.locked.get()))
}

/// Registers: self, the future it waits for.
fn lock_acquire(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match acquire_lock(vm, frame, input) {
        Ok(None) => Step::Return(Value::TRUE),
        Ok(Some(future)) => Step::Await(future),
        Err(raised) => Step::Raise(raised),
    }
}

/// Whether a script's subclass has a method `name` of its own.
fn overrides(vm: &mut Vm, value: &Value, name: &str) -> bool {
    let class = vm.class_of(value);
    if class.has(class_flags::BUILTIN) {
        return false;
    }
    let name = vm.intern(name);
    vm.lookup_in_class(&class, name.as_value())
        .is_some_and(|method| !method.is_kind::<crate::object::native::Native>())
}

/// States of `enter_by_script`, behind those of the frames that use it.
const CALLS_ACQUIRE: u8 = 8;
const AWAITS_ACQUIRE: u8 = 9;

/// `__aenter__` by an `acquire` that a script wrote; None where that is ours.
fn enter_by_script(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: &Input) -> Option<Step> {
    if frame.state == 0 && overrides(vm, &frame.regs[0], "acquire") {
        frame.state = CALLS_ACQUIRE;
        let method = script::attr(vm, &frame.regs[0], "acquire");
        return Some(match method {
            Ok(method) => Step::Call(method, Default::default()),
            Err(raised) => Step::Raise(raised),
        });
    }
    let (CALLS_ACQUIRE | AWAITS_ACQUIRE) = frame.state else {
        return None;
    };
    Some(match input {
        Input::Raised(raised) => Step::Raise(raised.clone()),
        Input::Value(coroutine) | Input::Yielded(coroutine) if frame.state == CALLS_ACQUIRE => {
            frame.state = AWAITS_ACQUIRE;
            Step::Await(coroutine.clone())
        }
        _ => Step::Return(Value::NONE),
    })
}

/// `__aexit__` by a `release` that a script wrote; None where that is ours.
fn leave_by_script(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: &Input) -> Option<Step> {
    match input {
        Input::Start if !overrides(vm, &frame.regs[0], "release") => None,
        Input::Start => Some(match script::attr(vm, &frame.regs[0], "release") {
            Ok(method) => Step::Call(method, Default::default()),
            Err(raised) => Step::Raise(raised),
        }),
        Input::Raised(raised) => Some(Step::Raise(raised.clone())),
        _ => Some(Step::Return(Value::NONE)),
    }
}

fn lock_aenter(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if !frame.regs[0].is_exact::<Lock>()
        && let Some(step) = enter_by_script(vm, frame, &input)
    {
        return step;
    }
    match acquire_lock(vm, frame, input) {
        Ok(None) => Step::Return(Value::NONE),
        Ok(Some(future)) => Step::Await(future),
        Err(raised) => Step::Raise(raised),
    }
}

/// None when the lock is held; else what to wait for.
fn acquire_lock(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Option<Value>> {
    let lock = lock_of(vm, &frame.regs[0])?;
    acquire_this(vm, frame, &lock, input)
}

/// Whether nobody holds it, and nobody waits for it.
pub(super) fn is_free(lock: &Lock) -> bool {
    !lock.locked.get() && !lock.waiters.any_alive()
}

/// As `acquire_lock`; register 1 holds what is waited for.
pub(super) fn acquire_this(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    lock: &Ref<Lock>,
    input: Input,
) -> R<Option<Value>> {
    if frame.state == 0 {
        if is_free(lock) {
            take_lock(vm, lock);
            return Ok(None);
        }
        frame.state = 1;
        let future = lock
            .waiters
            .join(vm, debug::LOCK, lock.as_value(), &lock.owner)?;
        frame.regs[1] = future.clone();
        return Ok(Some(future));
    }
    lock.waiters.leave(&std::mem::take(&mut frame.regs[1]));
    if let Input::Raised(raised) = input {
        if is_cancelled_error(vm, &raised.0) && !lock.locked.get() {
            wake_first(vm, lock)?;
        }
        return Err(raised);
    }
    take_lock(vm, lock);
    Ok(None)
}

/// As `lock_acquire` and, of no subclass, `lock_aenter`, where the lock is free.
fn acquire_free(vm: &Vm, args: &[Value]) -> Option<()> {
    let [lock] = args else {
        return None;
    };
    let lock = lock.get_exact::<Lock>()?;
    take_free(vm, lock).then_some(())
}

/// Takes a lock that nobody holds or waits for.
pub(super) fn take_free(vm: &Vm, lock: &Lock) -> bool {
    let is_free = !lock.locked.get() && lock.waiters.len() == 0;
    if is_free {
        take_lock(vm, lock);
    }
    is_free
}

pub(super) fn wake_first(vm: &mut Vm, lock: &Lock) -> R<()> {
    let first = lock.waiters.futures.borrow().front().cloned();
    match first.as_ref().and_then(Future::to_ref) {
        Some(future) => futures::finish_unless_done(vm, &future, Value::TRUE),
        None => Ok(()),
    }
}

fn release_lock(vm: &mut Vm, value: &Value) -> R<()> {
    let lock = lock_of(vm, value)?;
    release_this(vm, &lock)
}

/// `release` of a lock.
pub(super) fn release_this(vm: &mut Vm, lock: &Lock) -> R<()> {
    if !lock.locked.replace(false) {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "Lock is not acquired.",
        ));
    }
    wake_first(vm, lock)
}

fn lock_release(vm: &mut Vm, args: &[Value]) -> R {
    release_lock(vm, &args[0])?;
    Ok(Value::NONE)
}

fn lock_aexit(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if !frame.regs[0].is_exact::<Lock>()
        && let Some(step) = leave_by_script(vm, frame, &input)
    {
        return step;
    }
    release_lock(vm, &frame.regs[0])
        .map(|()| Value::NONE)
        .into()
}

fn lock_waiters(vm: &mut Vm, value: &Value) -> R {
    let object = lock_of(vm, value)?;
    object.waiters.shown(vm)
}

/// `asyncio.Lock`
pub static LOCK: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", lock_new).stat()),
    methods: &[
        Def::leaf("__init__(self)", nothing),
        Def::leaf("__repr__(self)", lock_repr),
        Def::leaf("locked(self)", lock_locked),
        Def::coroutine("acquire(self)", 1, lock_acquire)
            .awaited(|vm, args| acquire_free(vm, args).map(|()| done(Value::TRUE))),
        Def::leaf("release(self)", lock_release),
        Def::coroutine("__aenter__(self)", 1, lock_aenter)
            .awaited(|vm, args| acquire_free(vm, args).map(|()| done(Value::NONE))),
        Def::coroutine("__aexit__(self, exc_type, exc, tb)", 0, lock_aexit).awaited(|vm, args| {
            let is_lock = args.len() == 4 && args[0].is_exact::<Lock>();
            is_lock.then(|| release_lock(vm, &args[0]).and_then(|()| done(Value::NONE)))
        }),
    ],
    attributes: &[DICT, Attribute::get("_waiters", lock_waiters)],
    ..TypeDef::new("asyncio.locks", "Lock", kind::LOCK)
};

// ----- Event ------------------------------------------------------------------------

traced_object! {
    /// `asyncio.Event`
    pub struct Event: EVENT, attributes in attributes; {
        /// It is set.
        value: Cell<bool>,
        /// Those who wait.
        waiters: Queue,
        /// The loop it belongs to.
        owner: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn event_of(vm: &mut Vm, value: &Value) -> R<Ref<Event>> {
    expected(vm, value.to_ref::<Event>(), "an Event")
}

fn event_new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &EVENT)?;
    Ok(Event::alloc(
        shape,
        Cell::new(false),
        Queue::default(),
        Field::undef(),
        Field::undef(),
    )
    .into_value())
}

fn event_repr(vm: &mut Vm, args: &[Value]) -> R {
    let event = event_of(vm, &args[0])?;
    let word = if event.value.get() { "set" } else { "unset" };
    Ok(shown(vm, &args[0], word, event.waiters.len()))
}

fn event_is_set(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(event_of(vm, &args[0])?.value.get()))
}

fn event_set(vm: &mut Vm, args: &[Value]) -> R {
    let event = event_of(vm, &args[0])?;
    if !event.value.replace(true) {
        let waiting: Vec<Value> = event.waiters.futures.borrow().iter().cloned().collect();
        for future in waiting.iter().filter_map(Future::to_ref) {
            futures::finish_unless_done(vm, &future, Value::TRUE)?;
        }
    }
    Ok(Value::NONE)
}

fn event_clear(vm: &mut Vm, args: &[Value]) -> R {
    event_of(vm, &args[0])?.value.set(false);
    Ok(Value::NONE)
}

fn event_wait(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let event = match event_of(vm, &frame.regs[0]) {
        Ok(event) => event,
        Err(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        if event.value.get() {
            return Step::Return(Value::TRUE);
        }
        frame.state = 1;
        return match event
            .waiters
            .join(vm, debug::EVENT, &frame.regs[0], &event.owner)
        {
            Ok(future) => {
                frame.regs[1] = future.clone();
                Step::Await(future)
            }
            Err(raised) => Step::Raise(raised),
        };
    }
    event.waiters.leave(&std::mem::take(&mut frame.regs[1]));
    match input {
        Input::Raised(raised) => Step::Raise(raised),
        _ => Step::Return(Value::TRUE),
    }
}

fn event_waiters(vm: &mut Vm, value: &Value) -> R {
    let object = event_of(vm, value)?;
    object.waiters.shown(vm)
}

/// `asyncio.Event`
pub static EVENT: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", event_new).stat()),
    methods: &[
        Def::leaf("__init__(self)", nothing),
        Def::leaf("__repr__(self)", event_repr),
        Def::leaf("is_set(self)", event_is_set),
        Def::leaf("set(self)", event_set),
        Def::leaf("clear(self)", event_clear),
        Def::coroutine("wait(self)", 1, event_wait).awaited(|_, args| {
            let [event] = args else {
                return None;
            };
            let is_set = event.get::<Event>()?.value.get();
            is_set.then(|| done(Value::TRUE))
        }),
    ],
    attributes: &[DICT, Attribute::get("_waiters", event_waiters)],
    ..TypeDef::new("asyncio.locks", "Event", kind::EVENT)
};

// ----- Semaphore -----------------------------------------------------------------------

traced_object! {
    /// `asyncio.Semaphore`
    pub struct Semaphore: SEMAPHORE, attributes in attributes; {
        /// How many may still enter.
        value: Cell<i64>,
        /// The most there may be, of a bounded one.
        bound: Cell<i64>,
        /// Those who wait.
        waiters: Queue,
        /// The loop it belongs to.
        owner: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn semaphore_of(vm: &mut Vm, value: &Value) -> R<Ref<Semaphore>> {
    expected(vm, value.to_ref::<Semaphore>(), "a Semaphore")
}

fn semaphore_new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &SEMAPHORE)?;
    let made = Semaphore::alloc(
        shape,
        Cell::new(1),
        Cell::new(i64::MAX),
        Queue::default(),
        Field::undef(),
        Field::undef(),
    );
    Ok(made.into_value())
}

fn semaphore_init(vm: &mut Vm, args: &[Value]) -> R {
    let semaphore = semaphore_of(vm, &args[0])?;
    let value = script::integer(vm, &args[1])?;
    if value < 0 {
        return Err(script::error(
            vm,
            Known::ValueError,
            "Semaphore initial value must be >= 0",
        ));
    }
    semaphore.value.set(value);
    Ok(Value::NONE)
}

fn bounded_init(vm: &mut Vm, args: &[Value]) -> R {
    semaphore_init(vm, args)?;
    let semaphore = semaphore_of(vm, &args[0])?;
    semaphore.bound.set(semaphore.value.get());
    Ok(Value::NONE)
}

fn is_locked(semaphore: &Semaphore) -> bool {
    semaphore.value.get() == 0 || semaphore.waiters.any_alive()
}

fn semaphore_repr(vm: &mut Vm, args: &[Value]) -> R {
    let semaphore = semaphore_of(vm, &args[0])?;
    let word = if is_locked(&semaphore) {
        "locked".to_owned()
    } else {
        format!("unlocked, value:{}", semaphore.value.get())
    };
    Ok(shown(vm, &args[0], &word, semaphore.waiters.len()))
}

fn semaphore_locked(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(is_locked(&*semaphore_of(vm, &args[0])?)))
}

/// None when it was entered; else what to wait for.
fn acquire_semaphore(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Option<Value>> {
    let semaphore = semaphore_of(vm, &frame.regs[0])?;
    if frame.state == 0 {
        if !is_locked(&semaphore) {
            semaphore.value.set(semaphore.value.get() - 1);
            return Ok(None);
        }
        frame.state = 1;
        let future =
            semaphore
                .waiters
                .join(vm, debug::SEMAPHORE, &frame.regs[0], &semaphore.owner)?;
        frame.regs[1] = future.clone();
        return Ok(Some(future));
    }
    let future = std::mem::take(&mut frame.regs[1]);
    semaphore.waiters.leave(&future);
    if let Input::Raised(raised) = input {
        let granted = Future::of(&future).is_some_and(|f| f.state.get() == FutureState::Result);
        if is_cancelled_error(vm, &raised.0) && granted {
            // It was let in just before it was cancelled: somebody else may have the place.
            semaphore.value.set(semaphore.value.get() + 1);
        }
        while semaphore.value.get() > 0 {
            if !wake_next(vm, &semaphore)? {
                break;
            }
        }
        return Err(raised);
    }
    while semaphore.value.get() > 0 {
        if !wake_next(vm, &semaphore)? {
            break;
        }
    }
    Ok(None)
}

/// Whether it is of one of the two classes of semaphores, and of none that a script wrote.
fn is_ours(vm: &mut Vm, semaphore: &Value) -> bool {
    semaphore.is_exact::<Semaphore>()
        || semaphore.is_kind::<Semaphore>() && vm.class_of(semaphore).has(class_flags::BUILTIN)
}

/// As `semaphore_acquire` and, of no subclass, `semaphore_aenter`, where there is room.
fn acquire_room(vm: &mut Vm, args: &[Value]) -> Option<()> {
    let [value] = args else {
        return None;
    };
    let semaphore = value.get::<Semaphore>()?;
    if !is_ours(vm, value) {
        return None;
    }
    if semaphore.value.get() <= 0 || semaphore.waiters.len() > 0 {
        return None;
    }
    semaphore.value.set(semaphore.value.get() - 1);
    Some(())
}

/// Lets the first in who still waits; false if nobody does.
fn wake_next(vm: &mut Vm, semaphore: &Semaphore) -> R<bool> {
    let found = semaphore
        .waiters
        .futures
        .borrow()
        .iter()
        .find(|f| Future::of(f).is_some_and(Future::is_pending))
        .cloned();
    let Some(future) = found.as_ref().and_then(Future::to_ref) else {
        return Ok(false);
    };
    semaphore.value.set(semaphore.value.get() - 1);
    futures::set_result(vm, &future, Value::TRUE)?;
    Ok(true)
}

fn semaphore_acquire(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match acquire_semaphore(vm, frame, input) {
        Ok(None) => Step::Return(Value::TRUE),
        Ok(Some(future)) => Step::Await(future),
        Err(raised) => Step::Raise(raised),
    }
}

fn semaphore_aenter(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if !frame.regs[0].is_exact::<Semaphore>()
        && let Some(step) = enter_by_script(vm, frame, &input)
    {
        return step;
    }
    match acquire_semaphore(vm, frame, input) {
        Ok(None) => Step::Return(Value::NONE),
        Ok(Some(future)) => Step::Await(future),
        Err(raised) => Step::Raise(raised),
    }
}

fn release_semaphore(vm: &mut Vm, value: &Value) -> R<()> {
    let semaphore = semaphore_of(vm, value)?;
    if semaphore.value.get() >= semaphore.bound.get() {
        return Err(script::error(
            vm,
            Known::ValueError,
            "BoundedSemaphore released too many times",
        ));
    }
    semaphore.value.set(semaphore.value.get().saturating_add(1));
    wake_next(vm, &semaphore)?;
    Ok(())
}

fn semaphore_release(vm: &mut Vm, args: &[Value]) -> R {
    release_semaphore(vm, &args[0])?;
    Ok(Value::NONE)
}

fn semaphore_aexit(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if !frame.regs[0].is_exact::<Semaphore>()
        && let Some(step) = leave_by_script(vm, frame, &input)
    {
        return step;
    }
    release_semaphore(vm, &frame.regs[0])
        .map(|()| Value::NONE)
        .into()
}

fn value_of(vm: &mut Vm, value: &Value) -> R {
    Ok(script::int(semaphore_of(vm, value)?.value.get()))
}

fn set_value(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    let number = script::integer(vm, to)?;
    semaphore_of(vm, value)?.value.set(number);
    Ok(())
}

fn semaphore_waiters(vm: &mut Vm, value: &Value) -> R {
    let object = semaphore_of(vm, value)?;
    object.waiters.shown(vm)
}

/// `asyncio.Semaphore`
pub static SEMAPHORE: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", semaphore_new).stat()),
    methods: &[
        Def::leaf("__init__(self, value=1)", semaphore_init),
        Def::leaf("__repr__(self)", semaphore_repr),
        Def::leaf("locked(self)", semaphore_locked),
        Def::coroutine("acquire(self)", 1, semaphore_acquire)
            .awaited(|vm, args| acquire_room(vm, args).map(|()| done(Value::TRUE))),
        Def::leaf("release(self)", semaphore_release),
        Def::coroutine("__aenter__(self)", 1, semaphore_aenter)
            .awaited(|vm, args| acquire_room(vm, args).map(|()| done(Value::NONE))),
        Def::coroutine("__aexit__(self, exc_type, exc, tb)", 0, semaphore_aexit).awaited(
            |vm, args| {
                let is_ours = args.len() == 4 && is_ours(vm, &args[0]);
                is_ours.then(|| release_semaphore(vm, &args[0]).and_then(|()| done(Value::NONE)))
            },
        ),
    ],
    attributes: &[
        DICT,
        Attribute::get_set("_value", value_of, set_value),
        Attribute::get("_waiters", semaphore_waiters),
    ],
    ..TypeDef::new("asyncio.locks", "Semaphore", kind::SEMAPHORE)
};

/// `asyncio.BoundedSemaphore`
pub static BOUNDED_SEMAPHORE: TypeDef = TypeDef {
    base: Some(&SEMAPHORE),
    flags: class_flags::BASE | class_flags::WEAKREF,
    methods: &[Def::leaf("__init__(self, value=1)", bounded_init)],
    ..TypeDef::new("asyncio.locks", "BoundedSemaphore", kind::SEMAPHORE)
};
