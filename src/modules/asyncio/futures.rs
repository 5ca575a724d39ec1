//! `asyncio.Future`: what it does. Its making is in `object::task`.

use super::{debug, events, exceptions, jobs, reactions, report, representation, script};
use crate::heap::{Ref, Value};
use crate::modules::contextvars;
use crate::object::class::{Class, class_flags};
use crate::object::exception::Exception;
use crate::object::function::Function;
use crate::object::kind;
use crate::object::native::{
    Attribute, AttributeDescriptor, AwaitOutcome, Def, Input, Native, NativeFrame, R, Raised, Step,
    TypeDef,
};
use crate::object::task::{Future, FutureState, Gathering, Task, Waiter};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

/// The future that `self` is.
pub fn this(vm: &mut Vm, value: &Value) -> R<Ref<Future>> {
    match Future::to_ref(value) {
        Some(future) => Ok(future),
        None => {
            let name = vm.type_name(value);
            Err(script::error(
                vm,
                Known::TypeError,
                &format!("a Future object was expected, got '{name}'"),
            ))
        }
    }
}

/// `InvalidStateError` with this message.
#[cold]
pub fn invalid_state(vm: &mut Vm, message: &str) -> Raised {
    script::raise_def(
        vm,
        &exceptions::INVALID_STATE_ERROR,
        &[script::text(message)],
    )
}

// ----- outcomes ---------------------------------------------------------------

/// `set_result`
pub fn set_result(vm: &mut Vm, future: &Future, result: Value) -> R<()> {
    if !future.is_pending() {
        return Err(invalid_state(vm, "invalid state"));
    }
    let first = future.end(FutureState::Result, result, Value::UNDEF);
    jobs::schedule_waiters(vm, future, first)
}

/// `_set_result_unless_cancelled`, and no complaint either when it is done otherwise.
pub fn finish_unless_done(vm: &mut Vm, future: &Future, result: Value) -> R<()> {
    if future.is_pending() {
        set_result(vm, future, result)
    } else {
        Ok(())
    }
}

/// `set_exception` with an exception that is known to be one and no StopIteration.
pub fn fail(vm: &mut Vm, future: &Future, exception: Value) -> R<()> {
    if !future.is_pending() {
        return Err(invalid_state(vm, "invalid state"));
    }
    let traceback = exception
        .get::<Exception>()
        .map_or(Value::NONE, |e| e.traceback.get());
    let first = future.end(FutureState::Exception, exception, traceback);
    future.log_traceback.set(true);
    jobs::schedule_waiters(vm, future, first)
}

/// `set_exception` with whatever a script gives.
pub fn set_exception(vm: &mut Vm, future: &Future, exception: &Value) -> R<()> {
    if !future.is_pending() {
        return Err(invalid_state(vm, "invalid state"));
    }
    let exception = if script::is_exception_class(vm, exception) {
        script::call(vm, exception, &[])?
    } else {
        exception.clone()
    };
    if !exception.is_kind::<Exception>() {
        return Err(script::error(
            vm,
            Known::TypeError,
            "invalid exception object",
        ));
    }
    if script::is_instance(vm, &exception, Known::StopIteration) {
        let text =
            "StopIteration interacts badly with generators and cannot be raised into a Future";
        let replaced = script::error(vm, Known::RuntimeError, text).0;
        script::set_cause(&replaced, &exception);
        return fail(vm, future, replaced);
    }
    fail(vm, future, exception)
}

/// `Future.cancel` of a plain future (and the end of a task that was cancelled).
pub fn cancel_plain(vm: &mut Vm, future: &Future, message: Value) -> R<bool> {
    future.log_traceback.set(false);
    if !future.is_pending() {
        return Ok(false);
    }
    let first = future.end(FutureState::Cancelled, Value::UNDEF, Value::UNDEF);
    future.cancel_message.set(message);
    jobs::schedule_waiters(vm, future, first)?;
    Ok(true)
}

/// Cancels any kind of future, and runs a `cancel` that a script defined.
pub fn cancel(vm: &mut Vm, value: &Value, message: &Value) -> R<bool> {
    if value.is_exact::<Future>() {
        let Some(future) = Future::of(value) else {
            return Ok(false);
        };
        return cancel_plain(vm, future, message.clone());
    }
    if value.is_exact::<Task>() {
        return super::tasks::cancel(vm, value, message);
    }
    if value.is_exact::<Gathering>() {
        return super::gather::cancel(vm, value, message);
    }
    let method = script::attr(vm, value, "cancel")?;
    let names = script::names(vm, &["msg"]);
    let answer = script::call_kw(vm, &method, std::slice::from_ref(message), &names)?;
    script::truth(vm, &answer)
}

/// The CancelledError of a cancelled future: the one it ended by first, then new ones.
pub fn cancelled_error(vm: &mut Vm, future: &Future) -> Value {
    let first = future.take_detail();
    if first.is_kind::<Exception>() {
        return first;
    }
    let message = future.cancel_message.get();
    if message.is_undef() || message.is_none() {
        return script::raise_def(vm, &exceptions::CANCELLED_ERROR, &[]).0;
    }
    script::raise_def(vm, &exceptions::CANCELLED_ERROR, &[message]).0
}

/// The exception of a failed one as it is raised: the first time with its own traceback, then with none.
fn failure(future: &Future) -> Value {
    let exception = future.outcome();
    if let Some(e) = exception.get::<Exception>() {
        let traceback = future.take_detail();
        e.traceback.set(if traceback.is_undef() {
            Value::NONE
        } else {
            traceback
        });
    }
    exception
}

/// `result()`
#[inline]
pub fn result(vm: &mut Vm, future: &Future) -> R {
    match future.state.get() {
        FutureState::Result => Ok(future.outcome()),
        FutureState::Exception => {
            future.log_traceback.set(false);
            Err(Raised(failure(future)))
        }
        FutureState::Cancelled => Err(Raised(cancelled_error(vm, future))),
        FutureState::Pending => Err(invalid_state(vm, "Result is not set.")),
    }
}

/// `result()` as something that is raised where it is called: what is handled there is the context, even if the
/// exception had one.
pub fn raised_result(vm: &mut Vm, future: &Future) -> R {
    let answer = result(vm, future);
    if let Err(raised) = &answer {
        vm.set_context(&raised.0, vm.frame);
    }
    answer
}

/// `exception()`: None when there is none.
pub fn exception(vm: &mut Vm, future: &Future) -> R {
    match future.state.get() {
        FutureState::Result => Ok(Value::NONE),
        FutureState::Exception => {
            future.log_traceback.set(false);
            Ok(future.outcome())
        }
        FutureState::Cancelled => Err(Raised(cancelled_error(vm, future))),
        FutureState::Pending => Err(invalid_state(vm, "Exception is not set.")),
    }
}

/// Adds a native reaction.
pub fn when_done(vm: &mut Vm, future: &Future, reaction: u8, target: Value) -> R<()> {
    let waiter = Waiter {
        target,
        how: Value::int32(i32::from(reaction)),
    };
    if future.is_pending() {
        future.add_waiter(waiter.target, waiter.how);
        return Ok(());
    }
    let owner = future.owner.get();
    jobs::schedule_waiter(vm, &owner, waiter, future)
}

/// Takes a native reaction off.
pub fn forget(future: &Future, reaction: u8, target: &Value) {
    let reaction = Some(i64::from(reaction));
    future.remove_waiters(|told, how| told.is(target) && how.as_small_int() == reaction);
}

// ----- what scripts see ---------------------------------------------------------

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &FUTURE)?;
    let future = Future::alloc_shaped(shape, Value::UNDEF);
    Ok(future.into_value())
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    let owner = if args[1].is_none() {
        events::get_event_loop(vm)?
    } else {
        args[1].clone()
    };
    if debug::is_on_anywhere(vm, &owner)? {
        debug::note_future(vm, &future, &[])?;
    }
    future.owner.set(owner);
    Ok(Value::NONE)
}

fn result_method(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    raised_result(vm, &future)
}

fn exception_method(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    let answer = exception(vm, &future);
    if let Err(raised) = &answer {
        vm.set_context(&raised.0, vm.frame);
    }
    answer
}

fn set_result_method(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    set_result(vm, &future, args[1].clone())?;
    Ok(Value::NONE)
}

fn set_exception_method(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    set_exception(vm, &future, &args[1])?;
    Ok(Value::NONE)
}

fn cancel_method(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    Ok(Value::bool(cancel_plain(vm, &future, args[1].clone())?))
}

fn initialized(vm: &mut Vm, future: &Future) -> R<()> {
    if future.owner.is_undef() {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "Future object is not initialized.",
        ));
    }
    Ok(())
}

fn cancelled(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(this(vm, &args[0])?.is_cancelled()))
}

fn done(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(!this(vm, &args[0])?.is_pending()))
}

fn get_loop(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    Ok(future.owner.get())
}

fn add_done_callback(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    let context = if args[2].is_none() || args[2].is_undef() {
        contextvars::copy(vm)
    } else if args[2].as_small_int().is_some() || args[2].is_kind::<Tuple>() {
        // A number would be taken for that of a reaction.
        script::tuple(vec![args[2].clone()])
    } else {
        args[2].clone()
    };
    if future.is_pending() {
        future.add_waiter(args[1].clone(), context);
        return Ok(Value::NONE);
    }
    let owner = future.owner.get();
    jobs::schedule_waiter(
        vm,
        &owner,
        Waiter {
            target: args[1].clone(),
            how: context,
        },
        &future,
    )?;
    Ok(Value::NONE)
}

/// `add_done_callback(fn)` of a future that is not done.
fn add_callback_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [future, callback] = args else {
        return None;
    };
    let future = Future::to_ref(future).filter(|future| future.is_pending())?;
    if future.owner.is_undef() {
        return None;
    }
    future.add_waiter(callback.clone(), contextvars::snapshot(vm));
    Some(Ok(Value::NONE))
}

fn remove_done_callback(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    let other = &args[1];
    if future.all_waiters(|own, how| how.is_small_int() || is_known_same(own, other).is_some()) {
        let is_it = |own: &Value, how: &Value| {
            !how.is_small_int() && is_known_same(own, other) == Some(true)
        };
        return Ok(script::int(future.remove_waiters(is_it) as i64));
    }
    let all = future.waiters();
    let mut kept = Vec::new();
    let mut removed = 0;
    for waiter in all {
        let is_it = waiter.how.as_small_int().is_none() && is_same(vm, &waiter.target, &args[1])?;
        if is_it {
            removed += 1
        } else {
            kept.push(waiter)
        }
    }
    if removed > 0 {
        future.set_waiters(kept);
    }
    Ok(script::int(removed))
}

/// Whether two callables are equal.
fn is_same(vm: &mut Vm, own: &Value, other: &Value) -> R<bool> {
    match is_known_same(own, other) {
        Some(same) => Ok(same),
        None => script::equal(vm, own, other),
    }
}

/// Whether two callables are equal, where that is known without asking their classes: of functions and natives.
fn is_known_same(own: &Value, other: &Value) -> Option<bool> {
    let is_function = |value: &Value| value.is_exact::<Function>();
    if own.is(other) {
        return Some(true);
    }
    match (own.get_exact::<Native>(), other.get_exact::<Native>()) {
        (Some(a), Some(b)) => {
            Some(a.is_same_code(b) && a.bound.is(&b.bound) && a.owner.is(&b.owner))
        }
        (Some(_), None) if is_function(other) => Some(false),
        (None, Some(_)) if is_function(own) => Some(false),
        _ if is_function(own) && is_function(other) => Some(false),
        _ => None,
    }
}

fn make_cancelled_error(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    Ok(cancelled_error(vm, &future))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    representation::of_future(vm, &args[0])
}

/// Complains of an exception that nobody looked at.
fn del(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    if future.log_traceback.replace(false) {
        let name = vm.type_name(&args[0]);
        let name = name.rsplit('.').next().unwrap_or(&name);
        let message = format!("{name} exception was never retrieved");
        let mut parts = vec![("exception", future.outcome()), ("future", args[0].clone())];
        report::with_source(vm, &future.source(), &mut parts)?;
        report::report(vm, &future.owner.get(), &message, &parts)?;
    }
    Ok(Value::NONE)
}

/// How a future stands for who awaits it: the dispatch loop's way past `__await__`.
pub fn await_hook(vm: &mut Vm, value: &Value, first: bool) -> R<AwaitOutcome> {
    let Some(future) = Future::of(value) else {
        return Ok(AwaitOutcome::Done(Value::NONE));
    };
    if !future.is_pending() {
        return result(vm, future).map(AwaitOutcome::Done);
    }
    if first {
        initialized(vm, future)?;
    }
    block(vm, future)?;
    Ok(AwaitOutcome::Yield(value.clone()))
}

/// Marks a pending future as one that somebody is about to wait for. It must not be marked
/// already: whoever was handed it then did not take the mark away.
#[inline]
fn block(vm: &mut Vm, future: &Future) -> R<()> {
    if future.blocking.replace(true) {
        let text = "await wasn't used with future";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    Ok(())
}

/// What `__await__` and `__iter__` give: register 0 is the future.
fn iterate(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(future) = Future::to_ref(&frame.regs[0]) else {
        return Step::Return(Value::NONE);
    };
    match input {
        Input::Start | Input::Value(_) if future.is_pending() => match block(vm, &future) {
            Ok(()) => Step::Yield(frame.regs[0].clone()),
            Err(raised) => Step::Raise(raised),
        },
        Input::Raised(raised) => Step::Raise(raised),
        _ => raised_result(vm, &future).into(),
    }
}

/// The frame of a future's iterator.
pub static ITERATE: Def = Def::coroutine("FutureIter(future, /)", 0, iterate);

fn await_method(vm: &mut Vm, args: &[Value]) -> R {
    let future = this(vm, &args[0])?;
    initialized(vm, &future)?;
    script::native_generator(vm, &ITERATE, &args[..1])
}

// ----- attributes -----------------------------------------------------------------

fn state(vm: &mut Vm, value: &Value) -> R {
    Ok(script::text(match this(vm, value)?.state.get() {
        FutureState::Pending => "PENDING",
        FutureState::Cancelled => "CANCELLED",
        FutureState::Result | FutureState::Exception => "FINISHED",
    }))
}

fn blocking(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.blocking.get()))
}

/// AttributeError for a `del`.
pub(super) fn refuse_delete(vm: &mut Vm, to: &Value) -> R<()> {
    if to.is_undef() {
        return Err(script::error(
            vm,
            Known::AttributeError,
            "cannot delete attribute",
        ));
    }
    Ok(())
}

fn set_blocking(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    refuse_delete(vm, to)?;
    let truth = script::truth(vm, to)?;
    this(vm, value)?.blocking.set(truth);
    Ok(())
}

fn loop_attribute(vm: &mut Vm, value: &Value) -> R {
    Ok(script::or_none(this(vm, value)?.owner.get()))
}

fn cancel_message(vm: &mut Vm, value: &Value) -> R {
    Ok(script::or_none(this(vm, value)?.cancel_message.get()))
}

fn set_cancel_message(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    this(vm, value)?.cancel_message.set(to.clone());
    Ok(())
}

fn log_traceback(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.log_traceback.get()))
}

fn set_log_traceback(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    refuse_delete(vm, to)?;
    if script::truth(vm, to)? {
        return Err(script::error(
            vm,
            Known::ValueError,
            "_log_traceback can only be set to False",
        ));
    }
    this(vm, value)?.log_traceback.set(false);
    Ok(())
}

fn result_attribute(vm: &mut Vm, value: &Value) -> R {
    let future = this(vm, value)?;
    Ok(if future.state.get() == FutureState::Result {
        future.outcome()
    } else {
        Value::NONE
    })
}

fn exception_attribute(vm: &mut Vm, value: &Value) -> R {
    let future = this(vm, value)?;
    Ok(if future.state.get() == FutureState::Exception {
        future.outcome()
    } else {
        Value::NONE
    })
}

fn callbacks_attribute(vm: &mut Vm, value: &Value) -> R {
    let waiters = this(vm, value)?.waiters();
    if waiters.is_empty() {
        return Ok(Value::NONE);
    }
    let pairs = waiters
        .into_iter()
        .map(|w| script::tuple(vec![representation::waiter_callable(vm, &w), Value::NONE]))
        .collect();
    script::list(vm, pairs)
}

fn source_traceback(vm: &mut Vm, value: &Value) -> R {
    Ok(script::or_none(this(vm, value)?.source()))
}

/// `_asyncio.Future`
pub static FUTURE: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("__init__(self, *, loop=None)", init),
        Def::leaf("result(self, /)", result_method),
        Def::leaf("exception(self, /)", exception_method),
        Def::leaf("set_result(self, result, /)", set_result_method),
        Def::leaf("set_exception(self, exception, /)", set_exception_method),
        Def::leaf("cancel(self, /, msg=None)", cancel_method),
        Def::leaf("cancelled(self, /)", cancelled),
        Def::leaf("done(self, /)", done),
        Def::leaf("get_loop(self, /)", get_loop),
        Def::leaf(
            "add_done_callback(self, fn, /, *, context=None)",
            add_done_callback,
        )
        .at_once(add_callback_at_once),
        Def::leaf("remove_done_callback(self, fn, /)", remove_done_callback),
        Def::leaf("_make_cancelled_error(self)", make_cancelled_error),
        Def::leaf("__repr__(self)", repr),
        Def::leaf("__await__(self)", await_method),
        Def::leaf("__iter__(self)", await_method),
        Def::leaf("__del__(self)", del),
        Def::leaf("__class_getitem__(cls, item, /)", script::class_getitem).class(),
    ],
    attributes: ATTRIBUTES,
    awaits: Some(await_hook),
    ..TypeDef::new("_asyncio", "Future", kind::FUTURE)
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::get("_state", state),
    Attribute::get_set("_asyncio_future_blocking", blocking, set_blocking),
    Attribute::get("_loop", loop_attribute),
    Attribute::get_set("_cancel_message", cancel_message, set_cancel_message),
    Attribute::get_set("_log_traceback", log_traceback, set_log_traceback),
    Attribute::get("_result", result_attribute),
    Attribute::get("_exception", exception_attribute),
    Attribute::get("_callbacks", callbacks_attribute),
    Attribute::get("_source_traceback", source_traceback),
];

/// Whether it is a future: ours, or what says it is one by `_asyncio_future_blocking`.
pub fn is_future(vm: &mut Vm, value: &Value) -> bool {
    if Future::of(value).is_some() {
        return true;
    }
    if !value.is_object() || value.is_kind::<crate::object::generator::Generator>() {
        return false;
    }
    let class = vm.class_of(value);
    let name = vm.intern("_asyncio_future_blocking");
    if vm.lookup_in_class(&class, name.as_value()).is_none() && !claims_to_be(vm, value, &class) {
        return false;
    }
    matches!(script::attr(vm, value, "_asyncio_future_blocking"), Ok(v) if !v.is_none())
}

/// Whether an object says that it is of another class, which is one of futures (as a mock does).
fn claims_to_be(vm: &mut Vm, value: &Value, class: &Ref<Class>) -> bool {
    let name = vm.intern("__class__");
    match vm.lookup_in_class(class, name.as_value()) {
        Some(found) if found.is_kind::<AttributeDescriptor>() => false,
        _ => match script::attr(vm, value, "__class__") {
            Ok(claimed) => {
                let blocking = script::attr_or_none(vm, &claimed, "_asyncio_future_blocking");
                !claimed.is(class.as_value()) && matches!(blocking, Ok(Some(_)))
            }
            Err(_) => false,
        },
    }
}

pub(super) fn isfuture(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(is_future(vm, &args[0])))
}

/// The loop of a future, a foreign one's by `get_loop`.
pub fn loop_of(vm: &mut Vm, value: &Value) -> R {
    match Future::of(value) {
        Some(future) => Ok(future.owner.get()),
        None => match script::attr_or_none(vm, value, "get_loop")? {
            Some(method) => script::call(vm, &method, &[]),
            None => script::attr(vm, value, "_loop"),
        },
    }
}

pub(super) fn get_loop_function(vm: &mut Vm, args: &[Value]) -> R {
    loop_of(vm, &args[0])
}

pub(super) fn set_result_unless_cancelled(vm: &mut Vm, args: &[Value]) -> R {
    match Future::to_ref(&args[0]) {
        Some(future) if future.is_cancelled() => Ok(Value::NONE),
        Some(future) => set_result(vm, &future, args[1].clone()).map(|()| Value::NONE),
        None => script::call_method(vm, &args[0], "set_result", &args[1..2]),
    }
}

/// Whether a future's callbacks are kept here, with no class of a script that overrides this method.
#[inline]
pub fn tells_natively(vm: &mut Vm, value: &Value, method: &str) -> bool {
    value.is_exact::<Future>()
        || value.is_exact::<Task>()
        || value.is_exact::<Gathering>()
        || has_native(vm, value, method)
}

#[cold]
fn has_native(vm: &mut Vm, value: &Value, method: &str) -> bool {
    let class = vm.class_of(value);
    let name = vm.intern(method);
    vm.lookup_in_class(&class, name.as_value())
        .is_none_or(|f| f.is_kind::<crate::object::native::Native>())
}

/// As `wake_when_done`, for a future that is pending.
#[inline]
pub fn wake_when_done_later(future: &Future, task: Value) {
    future.add_waiter(task, Value::int32(i32::from(reactions::WAKE)));
}

/// Wakes a task when this future is done.
pub fn wake_when_done(vm: &mut Vm, future: &Future, task: Value) -> R<()> {
    when_done(vm, future, reactions::WAKE, task)
}
