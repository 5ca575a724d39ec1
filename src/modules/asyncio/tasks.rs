//! `asyncio.Task`: a coroutine that a loop drives, step by step.
//!
//! A step is begun by `begin`, which enters the task's context and answers
//! what the driving frame is to do, and ended by `end` with what came of it.
//! The driving frame is the loop's own (`turns`), `STEP` and `WAKEUP` under a
//! foreign loop, or `eager::EAGER` for a task that starts eagerly.

use super::base_events::Loop;
use super::debug::{self, Place};
use super::exceptions::is_cancelled_error;
use super::jobs::{self, Job};
use super::telling::tell;
use super::{coroutines, current, eager, events, futures, report, representation, script};
use crate::heap::{Ref, Value};
use crate::modules::contextvars;
use crate::modules::waits::note_failure;
use crate::object::class::class_flags;
use crate::object::exception::Exception;
use crate::object::generator::Generator;
use crate::object::kind;
use crate::object::native::{Args, Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::object::task::{Future, FutureState, Gathering, Task};
use crate::vm::Vm;
use crate::vm::generator::AsyncStep;
use crate::vm::types::Known;

/// The task that `self` is.
pub fn this(vm: &mut Vm, value: &Value) -> R<Ref<Task>> {
    match value.to_ref::<Task>() {
        Some(task) => Ok(task),
        None => {
            let name = vm.type_name(value);
            Err(script::error(
                vm,
                Known::TypeError,
                &format!("a Task object was expected, got '{name}'"),
            ))
        }
    }
}

// ----- making -------------------------------------------------------------------

/// Fills in a new task, and has its loop take its first step soon.
/// `name` is None for `Task-N`, `context` None or Undef for a copy of the running one.
pub fn start(vm: &mut Vm, task: &Ref<Task>) -> R<()> {
    vm.note_new_task(task);
    let owner = task.future.owner.get();
    jobs::push(vm, &owner, Job::Step(task.value()))?;
    register(&owner, task);
    tell(vm, task, "begins")
}

pub(super) fn register(owner: &Value, task: &Task) {
    if let Some(owner) = owner.get::<Loop>() {
        owner.tasks.0.add(task);
    }
}

/// A new, exact task of a coroutine, scheduled. `inside` tells debug mode of the functions that make it.
pub fn spawn(
    vm: &mut Vm,
    owner: &Value,
    coro: Value,
    name: &Value,
    context: &Value,
    inside: &[Place],
) -> R<Ref<Task>> {
    if let Some(owner) = owner.get::<Loop>()
        && owner.closed.get()
    {
        return Err(jobs::closed(vm));
    }
    coroutine_expected(vm, &coro)?;
    let name = name_of(vm, owner, name)?;
    let context = context_of(vm, context);
    let task = Task::alloc(kind::TASK as u32, owner.clone(), coro, context, name);
    if debug::is_on(owner) {
        debug::note_future(vm, &task.future, inside)?;
    }
    start(vm, &task)?;
    Ok(task)
}

/// As `spawn`; with more keywords (`eager_start`), which `Task` is called with.
pub fn spawn_with(
    vm: &mut Vm,
    owner: &Value,
    coro: Value,
    (name, context, more): (&Value, &Value, &Value),
    inside: &[Place],
) -> R<Step> {
    if more.is_undef() {
        let task = spawn(vm, owner, coro, name, context, inside)?;
        return Ok(Step::Return(task.into_value()));
    }
    if owner.get::<Loop>().is_some_and(|owner| owner.closed.get()) {
        return Err(jobs::closed(vm));
    }
    let mut args = Args::from_iter([
        coro,
        owner.clone(),
        script::or_none(name.clone()),
        script::or_none(context.clone()),
    ]);
    let mut names: Vec<Value> = ["loop", "name", "context"].map(script::text).into();
    script::add_keywords(more, &mut names, &mut args);
    let class = vm.class_of_def(&TASK).into_value();
    Ok(Step::CallKw(class, args, script::tuple(names)))
}

fn coroutine_expected(vm: &mut Vm, coro: &Value) -> R<()> {
    if coroutines::is_coroutine(vm, coro) {
        return Ok(());
    }
    let shown = script::repr(vm, coro)?;
    Err(script::error(
        vm,
        Known::TypeError,
        &format!("a coroutine was expected, got {shown}"),
    ))
}

/// A task's name as it is kept: a number of its own for None.
pub(super) fn name_of(vm: &mut Vm, owner: &Value, name: &Value) -> R {
    if name.is_none() || name.is_undef() {
        return Ok(current::next_task_number(vm, owner));
    }
    if name.is_exact::<Str>() {
        return Ok(name.clone());
    }
    Ok(script::text(&script::str_of(vm, name)?))
}

pub(super) fn context_of(vm: &mut Vm, context: &Value) -> Value {
    if context.is_none() || context.is_undef() {
        contextvars::copy(vm)
    } else {
        context.clone()
    }
}

// ----- a step -------------------------------------------------------------------

/// Begins a step; Undef in place of an exception to throw. What it answers has
/// to be done by the driving frame; `previous` is for `end`.
pub fn begin(vm: &mut Vm, task: &Ref<Task>, exception: Value, previous: &mut Value) -> R<Step> {
    if !task.future.is_pending() {
        let shown = representation::of_future(vm, task.as_value())?;
        let thrown = if exception.is_undef() {
            Value::NONE
        } else {
            exception
        };
        let text = format!(
            "__step(): already done: {} {}",
            script::as_text(&shown),
            script::repr(vm, &thrown)?
        );
        return Err(futures::invalid_state(vm, &text));
    }
    let mut exception = exception;
    if task.future.must_cancel.replace(false) && !is_cancelled_error(vm, &exception) {
        exception = futures::cancelled_error(vm, &task.future);
    }
    task.waiter.take();
    enter(vm, task)?;
    let context = task.context.get();
    if previous.is_true() {
        // Whoever calls has entered it.
        return drive(vm, task, exception);
    }
    match contextvars::enter(vm, &context) {
        Ok(before) => *previous = before,
        Err(raised) => {
            current::set_task(vm, &task.future.owner.get(), Value::NONE);
            return Err(raised);
        }
    }
    drive(vm, task, exception)
}

fn enter(vm: &mut Vm, task: &Ref<Task>) -> R<()> {
    let owner = task.future.owner.get();
    let running = current::task(vm, &owner);
    if running.is_none() {
        current::set_task(vm, &owner, task.value());
        return Ok(());
    }
    let (this, other) = (
        script::repr(vm, task.as_value())?,
        script::repr(vm, &running)?,
    );
    let text =
        format!("Cannot enter into task {this} while another task {other} is being executed.");
    Err(script::error(vm, Known::RuntimeError, &text))
}

/// Whether the VM drives it; any other coroutine is a script's object with `send` and `throw`.
#[inline]
fn is_driven(coro: &Value) -> bool {
    coro.is_kind::<Generator>() || coro.is_kind::<AsyncStep>()
}

/// What makes the coroutine go on.
pub(super) fn drive(vm: &mut Vm, task: &Task, exception: Value) -> R<Step> {
    let coro = task.coro.get();
    if is_driven(&coro) {
        return Ok(if exception.is_undef() {
            Step::Send(coro, Value::NONE)
        } else {
            Step::Throw(coro, Raised(exception))
        });
    }
    let (name, argument) = if exception.is_undef() {
        ("send", Value::NONE)
    } else {
        ("throw", exception)
    };
    let method = script::attr(vm, &coro, name)?;
    Ok(Step::Call(method, Args::from_iter([argument])))
}

/// Ends a step: leaves the context, and acts on what came of it. An answer is
/// an exception that must end the loop.
pub fn end(vm: &mut Vm, task: &Ref<Task>, previous: Value, input: Input) -> R<()> {
    if !previous.is_true() {
        contextvars::leave(vm, previous);
    }
    let answer = settle(vm, task, input);
    current::set_task(vm, &task.future.owner.get(), Value::NONE);
    answer
}

pub(super) fn settle(vm: &mut Vm, task: &Ref<Task>, input: Input) -> R<()> {
    match input {
        Input::Yielded(value) => yielded(vm, task, value),
        // A foreign coroutine is called: what `send` returns is what it yielded.
        Input::Value(value) if is_driven(task.coro.as_value()) => returned(vm, task, value),
        Input::Value(value) => yielded(vm, task, value),
        Input::Raised(raised) => raised_out(vm, task, raised),
        Input::Start => Ok(()),
    }
}

fn returned(vm: &mut Vm, task: &Ref<Task>, value: Value) -> R<()> {
    task.unregister();
    if task.future.must_cancel.replace(false) {
        let message = task.future.cancel_message.get();
        futures::cancel_plain(vm, &task.future, message)?;
        return tell(vm, task, "is cancelled");
    }
    futures::set_result(vm, &task.future, value)?;
    tell(vm, task, "returns")
}

fn raised_out(vm: &mut Vm, task: &Ref<Task>, raised: Raised) -> R<()> {
    let exception = raised.0;
    if !is_driven(task.coro.as_value()) && script::is_instance(vm, &exception, Known::StopIteration)
    {
        let value = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| script::or_none(e.extra[0].get()));
        return returned(vm, task, value);
    }
    task.unregister();
    if is_cancelled_error(vm, &exception) {
        // Kept, so that who awaits the task sees where it was cancelled.
        let cancelled = futures::cancel_plain(vm, &task.future, Value::NONE)?;
        if cancelled {
            task.future.set_detail(exception);
        }
        return tell(vm, task, "is cancelled");
    }
    note_failure(vm, task, &exception);
    futures::fail(vm, &task.future, exception.clone())?;
    tell(vm, task, "fails")?;
    if script::ends_loop(vm, &exception) {
        Err(Raised(exception))
    } else {
        Ok(())
    }
}

fn yielded(vm: &mut Vm, task: &Ref<Task>, value: Value) -> R<()> {
    if value.is_none() {
        let owner = task.future.owner.get();
        return jobs::push(vm, &owner, Job::Step(task.value()));
    }
    match Future::to_ref(&value) {
        Some(future) => wait_for(vm, task, &value, &future),
        None => yielded_rarely(vm, task, &value),
    }
}

/// The future that a task yielded, if it has to do no more than wait for that: one of its own loop that tells it
/// natively, is not done, and was handed over by an await.
#[inline]
pub fn wakes_plainly<'a>(vm: &Vm, task: &Task, yielded: &'a Value) -> Option<&'a Future> {
    let is_ours = yielded.is_exact::<Future>()
        || yielded.is_exact::<Task>()
        || yielded.is_exact::<Gathering>();
    let future = is_ours.then(|| Future::of(yielded)).flatten()?;
    let is_plain = future.is_pending()
        && future.blocking.get()
        && future.owner.as_value().is(task.future.owner.as_value())
        && !std::ptr::eq(future, &task.future)
        && !task.future.must_cancel.get()
        && vm.task_hook.is_none();
    is_plain.then_some(future)
}

fn wait_for(vm: &mut Vm, task: &Ref<Task>, value: &Value, future: &Future) -> R<()> {
    tell(vm, task, "waits")?;
    if value.is(task.as_value()) {
        let shown = script::repr(vm, value)?;
        return error_soon(vm, task, &format!("Task cannot await on itself: {shown}"));
    }
    if !future.owner.as_value().is(task.future.owner.as_value()) {
        let text = format!(
            "Task {} got Future {} attached to a different loop",
            script::repr(vm, task.as_value())?,
            script::repr(vm, value)?
        );
        return error_soon(vm, task, &text);
    }
    if !future.blocking.replace(false) {
        return yield_instead(vm, task, value);
    }
    if futures::tells_natively(vm, value, "add_done_callback") {
        futures::wake_when_done(vm, future, task.value())?;
    } else {
        wake_by_callback(vm, task, value)?;
    }
    task.waiter.set(value.clone());
    cancel_at_once(vm, task, value)
}

/// Wakes the task by a callback that is added as a script would.
fn wake_by_callback(vm: &mut Vm, task: &Ref<Task>, value: &Value) -> R<()> {
    let callback = script::bound(&WAKEUP, task.value());
    let method = script::attr(vm, value, "add_done_callback")?;
    let names = script::names(vm, &["context"]);
    script::call_kw(vm, &method, &[callback, task.context.get()], &names)?;
    Ok(())
}

/// A cancellation that was asked for while the step ran reaches what it waits for now.
fn cancel_at_once(vm: &mut Vm, task: &Ref<Task>, value: &Value) -> R<()> {
    if task.future.must_cancel.get() {
        let message = task.future.cancel_message.get();
        if futures::cancel(vm, value, &message)? {
            task.future.must_cancel.set(false);
        }
    }
    Ok(())
}

fn yield_instead(vm: &mut Vm, task: &Ref<Task>, value: &Value) -> R<()> {
    let (this, other) = (script::repr(vm, task.as_value())?, script::repr(vm, value)?);
    error_soon(
        vm,
        task,
        &format!("yield was used instead of yield from in task {this} with {other}"),
    )
}

/// A foreign future, or something that must not be yielded.
#[cold]
fn yielded_rarely(vm: &mut Vm, task: &Ref<Task>, value: &Value) -> R<()> {
    if futures::is_future(vm, value) {
        let owner = futures::loop_of(vm, value)?;
        if !owner.is(task.future.owner.as_value()) {
            let (this, other) = (script::repr(vm, task.as_value())?, script::repr(vm, value)?);
            let text = format!("Task {this} got Future {other} attached to a different loop");
            return error_soon(vm, task, &text);
        }
        let blocking = script::attr(vm, value, "_asyncio_future_blocking")?;
        if !script::truth(vm, &blocking)? {
            return yield_instead(vm, task, value);
        }
        script::set_attr(vm, value, "_asyncio_future_blocking", Value::FALSE)?;
        wake_by_callback(vm, task, value)?;
        task.waiter.set(value.clone());
        return cancel_at_once(vm, task, value);
    }
    let shown = script::repr(vm, value)?;
    if value
        .get::<Generator>()
        .is_some_and(|g| g.flavour == crate::object::generator::Flavour::Generator)
    {
        let this = script::repr(vm, task.as_value())?;
        let text = format!(
            "yield was used instead of yield from for generator in task {this} with {shown}"
        );
        return error_soon(vm, task, &text);
    }
    error_soon(vm, task, &format!("Task got bad yield: {shown}"))
}

/// Throws a RuntimeError into the task at its next step.
fn error_soon(vm: &mut Vm, task: &Ref<Task>, text: &str) -> R<()> {
    let exception = script::error(vm, Known::RuntimeError, text).0;
    let owner = task.future.owner.get();
    jobs::push(vm, &owner, Job::Throw(task.value(), exception))
}

/// What a wake-up throws into the task: the failure or cancellation of what it waited for, or Undef.
pub fn wake_exception(vm: &mut Vm, waited: &Value) -> R {
    if let Some(future) = Future::of(waited) {
        if future.state.get() == FutureState::Result {
            return Ok(Value::UNDEF);
        }
        let cancelled = future.state.get() == FutureState::Cancelled;
        return Ok(match futures::result(vm, future) {
            Ok(_) => Value::UNDEF,
            Err(raised) => {
                // That of a cancelled one is raised here: what is handled around the loop is its context.
                if cancelled {
                    vm.set_context(&raised.0, vm.frame);
                }
                raised.0
            }
        });
    }
    Ok(match script::call_method(vm, waited, "result", &[]) {
        Ok(_) => Value::UNDEF,
        Err(raised) => raised.0,
    })
}

// ----- driving frames for other loops ---------------------------

/// A step under a foreign loop: registers task, exception, previous context.
fn step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    drive_frame(vm, frame, input, |_, frame| Ok(frame.regs[1].clone()))
}

/// A wake-up under a foreign loop: registers task, future, previous context.
fn wakeup(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    drive_frame(vm, frame, input, |vm, frame| {
        let waited = frame.regs[1].clone();
        wake_exception(vm, &waited)
    })
}

fn drive_frame(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    exception: impl Fn(&mut Vm, &NativeFrame<'_>) -> R,
) -> Step {
    let Some(task) = frame.regs[0].to_ref::<Task>() else {
        return Step::Return(Value::NONE);
    };
    if frame.state == 0 {
        frame.state = 1;
        // Such a loop was given the task's context, and has entered it.
        let mut previous = Value::TRUE;
        let begun =
            exception(vm, frame).and_then(|exception| begin(vm, &task, exception, &mut previous));
        frame.regs[2] = previous;
        return begun.unwrap_or_else(Step::Raise);
    }
    let previous = std::mem::take(&mut frame.regs[2]);
    end(vm, &task, previous, input).map(|()| Value::NONE).into()
}

/// A step as a callable, bound to the task.
pub static STEP: Def = Def::frame("TaskStepMethWrapper(task, exception=Undef, /)", 1, step);
/// A wake-up as a callable, bound to the task.
pub static WAKEUP: Def = Def::frame("task_wakeup(task, future, /)", 1, wakeup);

// ----- what scripts see -------------------------------------------------------------

fn new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &TASK)?;
    let task = Task::alloc(shape, Value::UNDEF, Value::NONE, Value::NONE, Value::NONE);
    task.future.log_destroy.set(false);
    Ok(task.into_value())
}

/// `__init__(self, coro, *, loop, name, context, eager_start)`
fn init(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => prepare(vm, frame).unwrap_or_else(Step::Raise),
        Input::Raised(raised) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn prepare(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let task = this(vm, &frame.regs[0])?;
    let owner = if frame.regs[2].is_none() {
        events::get_event_loop(vm)?
    } else {
        frame.regs[2].clone()
    };
    task.future.owner.set(owner.clone());
    coroutine_expected(vm, &frame.regs[1])?;
    task.future.log_destroy.set(true);
    if debug::is_on_anywhere(vm, &owner)? {
        debug::note_future(vm, &task.future, &[])?;
    }
    let name = name_of(vm, &owner, &frame.regs[3])?;
    task.name.set(name);
    task.coro.set(frame.regs[1].clone());
    let context = context_of(vm, &frame.regs[4]);
    task.context.set(context);
    let wants_eager = frame.regs[5].clone();
    if script::truth(vm, &wants_eager)? && events::is_running(vm, &owner)? {
        frame.state = 1;
        let starter = Step::Enter(&eager::EAGER, Args::from_iter([task.value(), Value::UNDEF]));
        return Ok(Step::Do(Box::new(starter)));
    }
    start(vm, &task)?;
    Ok(Step::Return(Value::NONE))
}

/// `Task.cancel`
pub fn cancel(vm: &mut Vm, value: &Value, message: &Value) -> R<bool> {
    let mut value = value.clone();
    // Tasks may wait for each other in a ring: one met some steps ago is remembered, at ever longer intervals.
    let (mut remembered, mut steps) = (value.clone(), 0_u64);
    loop {
        let Some(task) = value.to_ref::<Task>() else {
            return futures::cancel(vm, &value, message);
        };
        if !value.is_exact::<Task>() && !is_native_cancel(vm, &value) {
            return futures::cancel(vm, &value, message);
        }
        task.future.log_traceback.set(false);
        if !task.future.is_pending() {
            return Ok(false);
        }
        task.future
            .cancels
            .set(task.future.cancels.get().saturating_add(1));
        let waiter = task.waiter.get();
        // What it waits for is cancelled; a task that waits for a task is followed, not recursed into.
        if let Some(inner) = waiter.get_exact::<Task>()
            && inner.future.is_pending()
        {
            value = waiter;
            steps += 1;
            if value.is(&remembered) {
                let text = "maximum recursion depth exceeded while calling a Python object";
                return Err(vm.recursion_error(text));
            }
            if steps.is_power_of_two() {
                remembered = value.clone();
            }
            continue;
        }
        if !waiter.is_undef() && futures::cancel(vm, &waiter, message)? {
            return Ok(true);
        }
        task.future.must_cancel.set(true);
        task.future.cancel_message.set(message.clone());
        return Ok(true);
    }
}

/// Whether `cancel` of an instance of a subclass is ours.
fn is_native_cancel(vm: &mut Vm, value: &Value) -> bool {
    let class = vm.class_of(value);
    let name = vm.intern("cancel");
    vm.lookup_in_class(&class, name.as_value())
        .is_some_and(|f| f.is_kind::<crate::object::native::Native>())
}

fn cancel_method(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?;
    Ok(Value::bool(cancel_this(vm, &args[0], &args[1])?))
}

/// As `cancel`, without asking whether a script's class overrides it: it was called by that class.
fn cancel_this(vm: &mut Vm, value: &Value, message: &Value) -> R<bool> {
    let task = this(vm, value)?;
    if value.is_exact::<Task>() {
        return cancel(vm, value, message);
    }
    task.future.log_traceback.set(false);
    if !task.future.is_pending() {
        return Ok(false);
    }
    task.future
        .cancels
        .set(task.future.cancels.get().saturating_add(1));
    let waiter = task.waiter.get();
    if !waiter.is_undef() && futures::cancel(vm, &waiter, message)? {
        return Ok(true);
    }
    task.future.must_cancel.set(true);
    task.future.cancel_message.set(message.clone());
    Ok(true)
}

fn cancelling(vm: &mut Vm, args: &[Value]) -> R {
    Ok(script::int(i64::from(
        this(vm, &args[0])?.future.cancels.get(),
    )))
}

/// `Task.uncancel`
pub fn uncancel(task: &Task) -> u16 {
    let count = task.future.cancels.get().saturating_sub(1);
    if task.future.cancels.get() > 0 && count == 0 {
        task.future.must_cancel.set(false);
    }
    task.future.cancels.set(count);
    count
}

fn uncancel_method(vm: &mut Vm, args: &[Value]) -> R {
    let task = this(vm, &args[0])?;
    Ok(script::int(i64::from(uncancel(&task))))
}

/// `get_name()` as a str.
pub fn shown_name(task: &Task) -> Value {
    let name = task.name.get();
    match name.as_small_int() {
        Some(number) => script::text(&format!("Task-{number}")),
        None if name.is_undef() => script::text("None"),
        None => name,
    }
}

fn get_name(vm: &mut Vm, args: &[Value]) -> R {
    let task = this(vm, &args[0])?;
    let name = shown_name(&task);
    task.name.set(name.clone());
    Ok(name)
}

fn set_name(vm: &mut Vm, args: &[Value]) -> R {
    let task = this(vm, &args[0])?;
    let name = script::text(&script::str_of(vm, &args[1])?);
    task.name.set(name);
    Ok(Value::NONE)
}

fn get_coro(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.coro.get())
}

fn get_context(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.context.get())
}

fn no_set_result(vm: &mut Vm, _: &[Value]) -> R {
    Err(script::error(
        vm,
        Known::RuntimeError,
        "Task does not support set_result operation",
    ))
}

fn no_set_exception(vm: &mut Vm, _: &[Value]) -> R {
    Err(script::error(
        vm,
        Known::RuntimeError,
        "Task does not support set_exception operation",
    ))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    representation::of_future(vm, &args[0])
}

fn del(vm: &mut Vm, args: &[Value]) -> R {
    let task = this(vm, &args[0])?;
    let future = &task.future;
    if future.is_pending() && future.log_destroy.replace(false) {
        // By now nobody can find it among its loop's tasks.
        task.unregister();
        let mut parts = vec![("task", args[0].clone())];
        report::with_source(vm, &future.source(), &mut parts)?;
        report::report(
            vm,
            &future.owner.get(),
            "Task was destroyed but it is pending!",
            &parts,
        )?;
    }
    if future.log_traceback.replace(false) {
        let name = vm.type_name(&args[0]);
        let name = name.rsplit('.').next().unwrap_or(&name).to_owned();
        let mut parts = vec![("exception", future.outcome()), ("future", args[0].clone())];
        report::with_source(vm, &future.source(), &mut parts)?;
        report::report(
            vm,
            &future.owner.get(),
            &format!("{name} exception was never retrieved"),
            &parts,
        )?;
    }
    Ok(Value::NONE)
}

/// `get_stack(*, limit=None)` and `print_stack`: written in the language.
fn get_stack(vm: &mut Vm, args: &[Value]) -> R {
    let function = script::import_attr(vm, "asyncio.base_tasks", "_task_get_stack")?;
    script::call(vm, &function, args)
}

fn print_stack(vm: &mut Vm, args: &[Value]) -> R {
    let function = script::import_attr(vm, "asyncio.base_tasks", "_task_print_stack")?;
    script::call(vm, &function, args)
}

fn must_cancel(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.future.must_cancel.get()))
}

fn coro(vm: &mut Vm, value: &Value) -> R {
    Ok(this(vm, value)?.coro.get())
}

fn waiter(vm: &mut Vm, value: &Value) -> R {
    Ok(script::or_none(this(vm, value)?.waiter.get()))
}

fn log_destroy(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.future.log_destroy.get()))
}

fn set_log_destroy(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    futures::refuse_delete(vm, to)?;
    let truth = script::truth(vm, to)?;
    this(vm, value)?.future.log_destroy.set(truth);
    Ok(())
}

/// `_asyncio.Task`
pub static TASK: TypeDef = TypeDef {
    base: Some(&futures::FUTURE),
    flags: class_flags::BASE | class_flags::WEAKREF,
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::frame(
            "__init__(self, coro, *, loop=None, name=None, context=None, eager_start=False)",
            0,
            init,
        ),
        Def::leaf("cancel(self, /, msg=None)", cancel_method),
        Def::leaf("cancelling(self, /)", cancelling),
        Def::leaf("uncancel(self, /)", uncancel_method),
        Def::leaf("get_name(self, /)", get_name),
        Def::leaf("set_name(self, value, /)", set_name),
        Def::leaf("get_coro(self, /)", get_coro),
        Def::leaf("get_context(self, /)", get_context),
        Def::leaf("set_result(self, result, /)", no_set_result),
        Def::leaf("set_exception(self, exception, /)", no_set_exception),
        Def::leaf("get_stack(self, /, *, limit=None)", get_stack),
        Def::leaf(
            "print_stack(self, /, *, limit=None, file=None)",
            print_stack,
        ),
        Def::leaf("__repr__(self)", repr),
        Def::leaf("__del__(self)", del),
        Def::leaf("__class_getitem__(cls, item, /)", script::class_getitem).class(),
    ],
    attributes: &[
        Attribute::get("_must_cancel", must_cancel),
        Attribute::get("_coro", coro),
        Attribute::get("_fut_waiter", waiter),
        Attribute::get_set("_log_destroy_pending", log_destroy, set_log_destroy),
    ],
    awaits: Some(futures::await_hook),
    ..TypeDef::new("_asyncio", "Task", kind::TASK)
};
