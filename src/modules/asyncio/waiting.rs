//! `sleep`, `wait`, `wait_for`, `shield`, `ensure_future`, `create_task`.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use super::base_events::{self, Loop};
use super::exceptions::is_cancelled_error;
use super::jobs::Job;
use super::timeouts::{self, Timeout};
use super::{coroutines, debug, eager, events, futures, handles, reactions, script, tasks};
use crate::heap::{ByAddress, Field, Ref, Value};
use crate::object::generator::Generator;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Args, Awaited, Def, Input, NativeFrame, R, Raised, Step};
use crate::object::set::{Set, SetTable};
use crate::object::str::Str;
use crate::object::task::{Future, FutureState, Gathering, Task};
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

// ----- sleep ---------------------------------------------------------------------

/// `sleep(delay, result=None)`: registers delay, result, future, timer.
pub(super) static SLEEP: Def =
    Def::coroutine("sleep(delay, result=None)", 2, sleep).awaited(|_, args| {
        let [delay] = args else {
            return None;
        };
        let pauses = delay.as_small_int().is_some_and(|delay| delay <= 0);
        pauses.then_some(Ok(Awaited::Pauses))
    });

const FUTURE: usize = 2;
const TIMER: usize = 3;

fn sleep(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => begin_sleep(vm, frame).unwrap_or_else(Step::Raise),
        // A bare yield is over, or the future is done.
        (1, Input::Value(_)) => Step::Return(frame.regs[1].clone()),
        (1, Input::Raised(raised)) => Step::Raise(raised),
        (_, input) => {
            stop_timer(frame, FUTURE, TIMER);
            match input {
                Input::Raised(raised) => Step::Raise(raised),
                _ => Step::Return(frame.regs[1].clone()),
            }
        }
    }
}

fn begin_sleep(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let Some(delay) = script::number(vm, &frame.regs[0])? else {
        let name = vm.type_name(&frame.regs[0]);
        let text = format!("'<=' not supported between instances of '{name}' and 'int'");
        return Err(script::error(vm, Known::TypeError, &text));
    };
    if delay <= 0.0 {
        frame.state = 1;
        return Ok(match frame.regs[1].is_none() {
            true => Step::Pause,
            false => Step::Yield(Value::NONE),
        });
    }
    if delay.is_nan() {
        return Err(script::error(
            vm,
            Known::ValueError,
            "Invalid delay: NaN (not a number)",
        ));
    }
    let owner = events::running(vm)?;
    let future = debug::made_by(vm, debug::SLEEP, owner.clone())?;
    start_timer(vm, frame, TIMER, &owner, delay, future.value())?;
    frame.regs[FUTURE] = future.value();
    frame.state = 2;
    Ok(Step::Await(future.into_value()))
}

/// Ends `future` after `delay` seconds; the timer's number goes to a register.
fn start_timer(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    register: usize,
    owner: &Value,
    delay: f64,
    future: Value,
) -> R<()> {
    if base_events::is_ours(owner) {
        let when = base_events::time_of_any(vm, owner)? + delay;
        let id = base_events::job_at(vm, owner, when, Job::Finish(future))?;
        frame.regs[register] = script::float(f64::from_bits(id));
        return Ok(());
    }
    let call_later = script::attr(vm, owner, "call_later")?;
    let finish = script::bound(&reactions::FINISH, future);
    frame.regs[register] = script::call(vm, &call_later, &[script::float(delay), finish])?;
    Ok(())
}

/// Takes a timer of `start_timer` back, unless its future is done and it has gone.
fn stop_timer(frame: &mut NativeFrame<'_>, future: usize, register: usize) {
    let timer = std::mem::take(&mut frame.regs[register]);
    let future = std::mem::take(&mut frame.regs[future]);
    let Some(future) = Future::of(&future) else {
        return;
    };
    match script::as_float(&timer) {
        Some(id) => base_events::cancel_timer(future.owner.as_value(), id.to_bits()),
        None => handles::cancel_handle(&timer),
    }
}

// ----- ensure_future, create_task ----------------------------------------------------

/// Awaits what is awaitable but no coroutine.
static WRAP: Def = Def::coroutine("_wrap_awaitable(awaitable)", 0, |_, frame, input| {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            Step::Await(frame.regs[0].clone())
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Value(value) | Input::Yielded(value)) => Step::Return(value),
        (_, Input::Start) => Step::Return(Value::NONE),
    }
});

fn wrapped(vm: &mut Vm, awaitable: &Value) -> Value {
    let coro = script::native_coroutine(vm, &WRAP, std::slice::from_ref(awaitable));
    if let Some(generator) = coro.get::<Generator>() {
        let name = script::text("ensure_future.<locals>._wrap_awaitable");
        generator.qualname.set(name);
    }
    coro
}

/// The future of an awaitable: there at once, or what `create_task` of its loop
/// will give. `owner` may be Undef.
pub fn ensure_future_step(vm: &mut Vm, argument: &Value, owner: &Value) -> R<Step> {
    if futures::is_future(vm, argument) {
        let known = if owner.is_undef() {
            Value::UNDEF
        } else {
            futures::loop_of(vm, argument)?
        };
        if !known.is(owner) && !owner.is_undef() {
            let text = "The future belongs to a different loop than the one specified as the loop argument";
            return Err(script::error(vm, Known::ValueError, text));
        }
        return Ok(Step::Return(argument.clone()));
    }
    let is_coroutine = coroutines::is_coroutine(vm, argument);
    let coro = if is_coroutine {
        argument.clone()
    } else if script::is_awaitable(vm, argument) {
        wrapped(vm, argument)
    } else {
        let text = "An asyncio.Future, a coroutine or an awaitable is required";
        return Err(script::error(vm, Known::TypeError, text));
    };
    let owner = if owner.is_undef() {
        events::get_event_loop(vm)?
    } else {
        owner.clone()
    };
    let unnamed = (Value::NONE, Value::UNDEF, Value::UNDEF);
    let step = create_task_step(vm, &owner, coro.clone(), unnamed, debug::ENSURE_FUTURE);
    if let Err(raised) = &step
        && is_coroutine
        && script::is_instance(vm, &raised.0, Known::RuntimeError)
    {
        let raised = raised.clone();
        script::call_method(vm, &coro, "close", &[])?;
        return Err(raised);
    }
    step
}

/// A task made by a loop: there at once if the loop is ours and has no factory.
/// `name` may be None, `context` None or Undef, `more` a dict of other keywords or Undef.
pub fn create_task_step(
    vm: &mut Vm,
    owner: &Value,
    coro: Value,
    (name, context, more): (Value, Value, Value),
    inside: &[debug::Place],
) -> R<Step> {
    if let Some(plain) = owner.get::<Loop>()
        && !plain.own_tasks.get()
        && plain.factory.as_value().is_none()
    {
        return tasks::spawn_with(vm, owner, coro, (&name, &context, &more), inside);
    }
    if more.is_undef()
        && let Some(plain) = owner.to_ref::<Loop>()
        && !plain.own_tasks.get()
        && let Some(step) = eager::spawn(vm, &plain, &coro, (&name, &context))?
    {
        return Ok(Step::Do(Box::new(step)));
    }
    let method = script::attr(vm, owner, "create_task")?;
    let mut args = Args::from_iter([coro, name]);
    let mut names = vec![script::text("name")];
    if !context.is_undef() && !context.is_none() {
        names.push(script::text("context"));
        args.push(context);
    }
    script::add_keywords(&more, &mut names, &mut args);
    Ok(Step::CallKw(method, args, script::tuple(names)))
}

/// Turns a step that answers a value into the end of a frame.
pub(super) fn tail(step: R<Step>) -> Step {
    match step {
        Ok(Step::Call(callee, args)) => Step::TailCall(callee, args),
        Ok(Step::CallKw(callee, args, names)) => Step::TailCallKw(callee, args, names),
        Ok(Step::Do(step)) => *step,
        Ok(step) => step,
        Err(raised) => Step::Raise(raised),
    }
}

/// `create_task(coro, *, name=None, context=None, **kwargs)`
pub(super) static CREATE_TASK: Def = Def::frame(
    "create_task(coro, *, name=None, context=None, **kwargs=Undef)",
    0,
    |vm, frame, input| {
        if frame.state != 0 || eager::begins_here(vm, frame) {
            return eager::eager(vm, frame, input);
        }
        let owner = match events::running(vm) {
            Ok(owner) => owner,
            Err(raised) => return Step::Raise(raised),
        };
        let regs = &frame.regs;
        tail(create_task_step(
            vm,
            &owner,
            regs[0].clone(),
            (regs[1].clone(), regs[2].clone(), regs[3].clone()),
            debug::CREATE_TASK,
        ))
    },
)
.at_once(create_task_at_once);

/// `create_task(coro)`, where the loop is ours and has nothing special to do.
fn create_task_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [coro] = args else {
        return None;
    };
    let owner = vm.running_loop.clone();
    let looped = owner.get::<Loop>()?;
    let is_plain =
        looped.is_plain() && !looped.own_tasks.get() && looped.factory.as_value().is_none();
    if !is_plain || vm.records_origins || !coro.is_kind::<Generator>() {
        return None;
    }
    let none = Value::NONE;
    let task = tasks::spawn(vm, &owner, coro.clone(), &none, &none, &[]);
    Some(task.map(Ref::into_value))
}

/// `ensure_future(coro_or_future, *, loop=None)`
pub(super) static ENSURE_FUTURE: Def = Def::frame(
    "ensure_future(coro_or_future, *, loop=None)",
    0,
    |vm, frame, _| {
        let owner = if frame.regs[1].is_none() {
            Value::UNDEF
        } else {
            frame.regs[1].clone()
        };
        let argument = frame.regs[0].clone();
        tail(ensure_future_step(vm, &argument, &owner))
    },
);

// ----- shield ----------------------------------------------------------------------------

/// `shield(arg)`
pub(super) static SHIELD: Def = Def::frame("shield(arg)", 0, shield);

fn shield(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            let argument = frame.regs[0].clone();
            match ensure_future_step(vm, &argument, &Value::UNDEF) {
                Ok(Step::Return(inner)) => shield_future(vm, &inner).into(),
                Ok(step) => step,
                Err(raised) => Step::Raise(raised),
            }
        }
        (_, Input::Value(inner)) => shield_future(vm, &inner).into(),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn shield_future(vm: &mut Vm, inner: &Value) -> R {
    let Some(future) = Future::to_ref(inner) else {
        let owner = futures::loop_of(vm, inner)?;
        let outer = Future::alloc(owner);
        let callback = reaction_callable(reactions::SHIELD_INNER, outer.value());
        script::call_method(vm, inner, "add_done_callback", &[callback])?;
        return Ok(outer.into_value());
    };
    if !future.is_pending() {
        return Ok(inner.clone());
    }
    let outer = Future::alloc(future.owner.get());
    if debug::is_on(outer.owner.as_value()) {
        debug::note_future(vm, &outer, debug::SHIELD)?;
    }
    futures::when_done(vm, &future, reactions::SHIELD_INNER, outer.value())?;
    futures::when_done(vm, &outer, reactions::SHIELD_OUTER, inner.clone())?;
    Ok(outer.into_value())
}

/// What is shielded is done; the target is the outer future.
pub fn shield_inner_done(vm: &mut Vm, target: &Value, inner: &Ref<Future>) -> R<()> {
    let Some(outer) = Future::to_ref(target) else {
        return Ok(());
    };
    if outer.is_cancelled() {
        if !inner.is_cancelled() {
            inner.log_traceback.set(false);
        }
        return Ok(());
    }
    match inner.state.get() {
        FutureState::Cancelled => futures::cancel_plain(vm, &outer, Value::NONE).map(|_| ()),
        FutureState::Exception => {
            let exception = futures::exception(vm, inner)?;
            futures::fail(vm, &outer, exception)
        }
        _ => {
            let result = futures::result(vm, inner)?;
            futures::set_result(vm, &outer, result)
        }
    }
}

/// The outer future is done; the target is the inner one.
pub fn shield_outer_done(_: &mut Vm, target: &Value, outer: &Ref<Future>) -> R<()> {
    if let Some(inner) = Future::of(target)
        && inner.is_pending()
    {
        futures::forget(inner, reactions::SHIELD_INNER, &outer.value());
    }
    Ok(())
}

/// A reaction as a callable, for futures that are not ours.
pub fn reaction_callable(number: u8, target: Value) -> Value {
    let pair = script::tuple(vec![script::int(i64::from(number)), target]);
    script::bound(&reactions::REACT, pair)
}

/// Stands in the table of reactions for what has an entry of its own.
pub fn never(_: &mut Vm, _: &Value, _: &Ref<Future>) -> R<()> {
    Ok(())
}

// ----- wait --------------------------------------------------------------------------------

/// When a `wait` ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// With the last future.
    All,
    /// With the first one.
    First,
    /// With the first that fails, or the last.
    Failure,
}

impl crate::object::traced::Traced for Until {
    fn trace(&self, _: &mut dyn crate::heap::Visitor) {}
}

traced_object! {
    /// What a `wait` that has not ended knows.
    pub struct Waiting: WAITING {
        /// The future that it awaits.
        waiter: Field,
        /// The futures it waits for.
        futures: RefCell<Vec<Value>>,
        /// How many of them are not done.
        left: Cell<usize>,
        /// When it ends.
        until: Until,
    }
}

/// `wait(fs, *, timeout=None, return_when=ALL_COMPLETED)`: then waiter, timer, Waiting.
pub(super) static WAIT: Def = Def::coroutine(
    "wait(fs, *, timeout=None, return_when='ALL_COMPLETED')",
    3,
    wait,
);

const WAITER: usize = 3;
const WAIT_TIMER: usize = 4;
const WAITING: usize = 5;

fn wait(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 {
        frame.state = 1;
        return begin_wait(vm, frame).unwrap_or_else(Step::Raise);
    }
    stop_timer(frame, WAITER, WAIT_TIMER);
    let waiting = std::mem::take(&mut frame.regs[WAITING]);
    let Some(state) = waiting.get::<Waiting>() else {
        return Step::Return(Value::NONE);
    };
    let all = state.futures.take();
    for future in &all {
        if let Some(future) = Future::of(future) {
            futures::forget(future, reactions::WAITED, &waiting);
        }
    }
    match input {
        Input::Raised(raised) => Step::Raise(raised),
        _ => done_and_pending(vm, &all).into(),
    }
}

fn done_and_pending(vm: &mut Vm, all: &[Value]) -> R {
    let (mut done, mut pending) = (Vec::new(), Vec::new());
    for value in all {
        let is_done = match Future::of(value) {
            Some(future) => !future.is_pending(),
            None => {
                let answer = script::call_method(vm, value, "done", &[])?;
                script::truth(vm, &answer)?
            }
        };
        if is_done {
            done.push(value.clone())
        } else {
            pending.push(value.clone())
        }
    }
    let done = set_of_futures(vm, &done)?.into_value();
    let pending = set_of_futures(vm, &pending)?.into_value();
    Ok(Tuple::pair(done, pending).into_value())
}

/// A set of these, which are futures or coroutines as a rule.
pub(super) fn set_of_futures(vm: &mut Vm, items: &[Value]) -> R<Ref<Set>> {
    let set = Set::new(SetTable::new());
    for item in items {
        add_future(vm, &set, item)?;
    }
    Ok(set)
}

/// The hash of a member of a set of futures: exact ones, and coroutines, are equal to themselves only.
fn hash_of(vm: &mut Vm, item: &Value) -> R<i64> {
    let is_known = item.is_exact::<Task>()
        || item.is_exact::<Future>()
        || item.is_exact::<Gathering>()
        || item.is_kind::<Generator>();
    match is_known {
        true => Ok(vm.identity_hash(item)),
        false => vm.hash(item),
    }
}

/// Adds a future to a set.
pub(super) fn add_future(vm: &mut Vm, set: &Ref<Set>, future: &Value) -> R<()> {
    let hash = hash_of(vm, future)?;
    vm.set_add_hashed(set, future, hash)
}

/// Takes a future out of a set; whether it was there.
pub(super) fn discard_future(vm: &mut Vm, set: &Ref<Set>, future: &Value) -> R<bool> {
    let hash = hash_of(vm, future)?;
    let found = vm.set_find(set.as_value(), future, hash)?;
    let removed = found.and_then(|at| set.table.borrow_mut().remove_at(at));
    Ok(removed.is_some())
}

fn until_of(vm: &mut Vm, value: &Value) -> R<Until> {
    const TABLE: [(&str, Until); 3] = [
        ("ALL_COMPLETED", Until::All),
        ("FIRST_COMPLETED", Until::First),
        ("FIRST_EXCEPTION", Until::Failure),
    ];
    if let Some(text) = value.get::<Str>()
        && let Some((_, until)) = TABLE.iter().find(|(name, _)| text.is_text(name))
    {
        return Ok(*until);
    }
    let shown = script::str_of(vm, value)?;
    let text = format!("Invalid return_when value: {shown}");
    Err(script::error(vm, Known::ValueError, &text))
}

/// Among so few futures each is compared with those before it; more are looked up by a hash.
const FEW: usize = 16;

/// The futures that a `wait` was given, each once.
fn given_to_wait(vm: &mut Vm, argument: &Value) -> R<Vec<Value>> {
    if let Some(set) = argument.get_exact::<Set>() {
        return Ok(set.table.borrow().iter().cloned().collect());
    }
    let given = vm.collect(argument)?;
    let mut all: Vec<Value> = Vec::new();
    if given.len() <= FEW {
        for future in given {
            if !all.iter().any(|known| known.is(&future)) {
                all.push(future);
            }
        }
        return Ok(all);
    }
    let mut known: HashSet<usize, ByAddress> = HashSet::default();
    let is_new = |f: &Value| !f.is_object() || known.insert(f.word() as usize);
    all.extend(given.into_iter().filter(is_new));
    Ok(all)
}

fn begin_wait(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let argument = frame.regs[0].clone();
    let is_collection = argument.is_exact::<Set>() || argument.is_exact::<List>();
    if !is_collection
        && (futures::is_future(vm, &argument) || coroutines::is_coroutine(vm, &argument))
    {
        let name = script::plain_type_name(vm, &argument);
        return Err(script::error(
            vm,
            Known::TypeError,
            &format!("expect a list of futures, not {name}"),
        ));
    }
    if !script::truth(vm, &argument)? {
        return Err(script::error(
            vm,
            Known::ValueError,
            "Set of Tasks/Futures is empty.",
        ));
    }
    let until = until_of(vm, &frame.regs[2].clone())?;
    let all = given_to_wait(vm, &argument)?;
    for future in &all {
        if Future::of(future).is_none() && coroutines::is_coroutine(vm, future) {
            let text = "Passing coroutines is forbidden, use tasks explicitly.";
            return Err(script::error(vm, Known::TypeError, text));
        }
    }
    let owner = events::running(vm)?;
    let waiter = debug::made_by(vm, debug::WAIT, owner.clone())?;
    if !frame.regs[1].is_none() {
        let timeout = frame.regs[1].clone();
        let delay = script::number_or_error(vm, &timeout)?;
        start_timer(vm, frame, WAIT_TIMER, &owner, delay, waiter.value())?;
    }
    frame.regs[WAITER] = waiter.value();
    let waiting = Waiting::alloc(
        kind::WAITING as u32,
        Field::new(waiter.value()),
        RefCell::default(),
        Cell::new(all.len()),
        until,
    );
    frame.regs[WAITING] = waiting.value();
    for future in &all {
        match Future::of(future) {
            Some(future) => futures::when_done(vm, future, reactions::WAITED, waiting.value())?,
            None => {
                let callback = reaction_callable(reactions::WAITED, waiting.value());
                script::call_method(vm, future, "add_done_callback", &[callback])?;
            }
        }
    }
    waiting.futures.replace(all);
    Ok(Step::Await(waiter.into_value()))
}

/// One of the futures of a `wait` is done.
pub fn waited(vm: &mut Vm, target: &Value, future: &Ref<Future>) -> R<()> {
    let Some(waiting) = target.get::<Waiting>() else {
        return Ok(());
    };
    waiting.left.set(waiting.left.get().saturating_sub(1));
    let failed = future.state.get() == FutureState::Exception;
    if failed && waiting.until == Until::Failure {
        future.log_traceback.set(false);
    }
    let ends = match waiting.until {
        Until::All => false,
        Until::First => true,
        Until::Failure => failed,
    };
    if !ends && waiting.left.get() > 0 {
        return Ok(());
    }
    match Future::to_ref(waiting.waiter.as_value()) {
        Some(waiter) => futures::finish_unless_done(vm, &waiter, Value::NONE),
        None => Ok(()),
    }
}

// ----- wait_for ------------------------------------------------------------------------------

/// `wait_for(fut, timeout)`: then the Timeout, or the future that is cancelled.
pub(super) static WAIT_FOR: Def = Def::coroutine("wait_for(fut, timeout)", 2, wait_for);

const HELPER: usize = 2;
const RELEASED: usize = 3;

/// States of `wait_for`.
const AWAITS: u8 = 1;
const MAKES_FUTURE: u8 = 2;
const CANCELS: u8 = 3;

fn wait_for(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => begin_wait_for(vm, frame).unwrap_or_else(Step::Raise),
        (AWAITS, Input::Raised(raised)) => {
            let timeout = std::mem::take(&mut frame.regs[HELPER]);
            match leave_timeout(vm, &timeout, Some(&raised.0)) {
                Ok(()) => Step::Raise(raised),
                Err(replaced) => Step::Raise(replaced),
            }
        }
        (AWAITS, Input::Value(value)) => {
            let timeout = std::mem::take(&mut frame.regs[HELPER]);
            leave_timeout(vm, &timeout, None).map(|()| value).into()
        }
        (MAKES_FUTURE, Input::Value(future)) => {
            cancel_overdue(vm, frame, &future).unwrap_or_else(Step::Raise)
        }
        (MAKES_FUTURE, Input::Raised(raised)) => Step::Raise(raised),
        (_, input) => cancelled_overdue(vm, frame, input).into(),
    }
}

fn leave_timeout(vm: &mut Vm, timeout: &Value, exception: Option<&Value>) -> R<()> {
    match timeout.get::<Timeout>() {
        Some(timeout) => timeouts::leave(vm, timeout, exception),
        None => Ok(()),
    }
}

fn begin_wait_for(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let delay = frame.regs[1].clone();
    let seconds = if delay.is_none() {
        None
    } else {
        Some(script::number_compared(vm, &delay)?)
    };
    if seconds.is_some_and(|seconds| seconds <= 0.0) {
        frame.state = MAKES_FUTURE;
        let argument = frame.regs[0].clone();
        return match ensure_future_step(vm, &argument, &Value::UNDEF)? {
            Step::Return(future) => cancel_overdue(vm, frame, &future),
            step => Ok(step),
        };
    }
    let timeout = timeouts::after(vm, seconds)?;
    timeouts::enter(vm, &timeout)?;
    frame.regs[HELPER] = timeout.into_value();
    frame.state = AWAITS;
    Ok(Step::Await(frame.regs[0].clone()))
}

/// The time is up before it began: what is not done is cancelled, and its end awaited.
fn cancel_overdue(vm: &mut Vm, frame: &mut NativeFrame<'_>, value: &Value) -> R<Step> {
    let future = futures::this(vm, value)?;
    if !future.is_pending() {
        return futures::raised_result(vm, &future).map(Step::Return);
    }
    let owner = events::running(vm)?;
    let waiter = debug::made_by(vm, debug::CANCEL_AND_WAIT, owner)?;
    futures::when_done(vm, &future, reactions::RELEASE, waiter.value())?;
    frame.regs[HELPER] = value.clone();
    frame.regs[RELEASED] = waiter.value();
    frame.state = CANCELS;
    futures::cancel(vm, value, &Value::NONE)?;
    Ok(Step::Await(waiter.into_value()))
}

fn cancelled_overdue(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R {
    let value = std::mem::take(&mut frame.regs[HELPER]);
    let waiter = std::mem::take(&mut frame.regs[RELEASED]);
    let future = futures::this(vm, &value)?;
    futures::forget(&future, reactions::RELEASE, &waiter);
    if let Input::Raised(raised) = input {
        return Err(raised);
    }
    match futures::raised_result(vm, &future) {
        Err(raised) if is_cancelled_error(vm, &raised.0) => Err(timed_out(vm, &raised)),
        answer => answer,
    }
}

/// `TimeoutError` from a CancelledError.
pub fn timed_out(vm: &mut Vm, cause: &Raised) -> Raised {
    let error = script::error_with(vm, Known::TimeoutError, &[]);
    script::set_cause(&error.0, &cause.0);
    error
}

/// What `wait_for` cancelled is done; the target is the future to end.
pub fn release(vm: &mut Vm, target: &Value, _: &Ref<Future>) -> R<()> {
    match Future::to_ref(target) {
        Some(waiter) => futures::finish_unless_done(vm, &waiter, Value::NONE),
        None => Ok(()),
    }
}
