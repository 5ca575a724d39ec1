//! The loop's frame: it takes turns, and drives tasks and callbacks.
//!
//! A turn is CPython's, step for step: timers that were cancelled go, the
//! poller is asked, what is readable and then what is due becomes ready, and
//! exactly what is ready now is run. The frame answers each entry with the
//! step that runs it and is entered again with what came of it.

use super::base_events::{self, Loop};
use super::callbacks::{callback_answered, callback_failed, handle_answered, start_handle};
use super::jobs::Job;
use super::{callbacks, current, debug, futures, reactions, report, script, tasks, waiting};
use crate::heap::{Ref, Value};
use crate::host::{Event, Wait};
use crate::modules::contextvars;
use crate::object::generator::Generator;
use crate::object::native::{Args, Input, NativeFrame, R, Raised, Step};
use crate::object::task::{Future, Task};
use crate::vm::Vm;
use crate::vm::types::Known;

/// Registers of `run_forever` behind `self`.
pub const REGISTERS: u16 = 8;
/// The task or handle that runs.
pub(super) const RUNS: usize = 1;
/// The context that was current before it.
pub(super) const PREVIOUS: usize = 2;
/// The hooks of async generators from before, as a pair.
const HOOKS: usize = 3;
/// When the running entry began, in debug mode.
const BEGAN: usize = 4;
/// True once the first turn has begun.
const TAKEN: usize = 5;
/// What the task waited for whose step runs: that lives until the step is over.
pub(super) const AWAITED: usize = 6;
/// What is thrown into the task lives as long.
const THROWN: usize = 7;
/// A context that a callback ran in and nobody kept: the next one runs in it.
pub(super) const SPARE: usize = 8;

const STARTS: u8 = 0;
const RUNS_TASK: u8 = 1;
pub(super) const RUNS_HANDLE: u8 = 2;
/// The loop waits for the world while other fibers run.
const PARKED: u8 = 3;
/// A script's `_run_once` takes a turn.
const OWN_TURN: u8 = 4;
/// A script's selector waits for the world.
const SELECTS: u8 = 5;
/// A script looks at what its selector has found.
const PROCESSES: u8 = 6;
/// A future's callback runs that has no handle.
pub(super) const RUNS_CALLBACK: u8 = 7;

/// `loop.run_forever()`
pub fn run_forever(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(looped) = frame.regs[0].to_ref::<Loop>() else {
        return Step::Return(Value::NONE);
    };
    let begun = match frame.state {
        STARTS => begin(vm, &looped, frame),
        RUNS_TASK => task_answered(vm, &looped, frame, input),
        RUNS_CALLBACK => callback_answered(vm, &looped, frame, input),
        PARKED => unparked(vm, &looped, input),
        OWN_TURN => match input {
            Input::Raised(raised) => Err(raised),
            _ => Ok(()),
        },
        _ => handle_answered(vm, &looped, frame, input),
    };
    match begun.and_then(|()| go_on(vm, &looped, frame)) {
        Ok(step) => step,
        Err(raised) => {
            // What failed before the loop was entered leaves nothing to tidy up.
            if frame.state != STARTS || looped.running.get() && !frame.regs[HOOKS].is_undef() {
                finish(vm, &looped, frame);
            }
            Step::Raise(raised)
        }
    }
}

/// RuntimeError if this loop runs, or another one in this fiber.
pub fn check_running(vm: &mut Vm, looped: &Loop) -> R<()> {
    if looped.running.get() {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "This event loop is already running",
        ));
    }
    if vm.running_loop.is_object() {
        let text = "Cannot run the event loop while another loop is running";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    // A worker that loads the main script does not run what that would run.
    match vm.state.get(crate::modules::workers::BEGINNING).cloned() {
        Some(call) if !call.is_none() => vm.call(&call, &[]).map(|_| ())?,
        _ => {}
    }
    Ok(())
}

fn begin(vm: &mut Vm, looped: &Ref<Loop>, frame: &mut NativeFrame<'_>) -> R<()> {
    if looped.closed.get() {
        return Err(super::jobs::closed(vm));
    }
    check_running(vm, looped)?;
    let hooks = [
        script::attr(vm, looped.as_value(), "_asyncgen_firstiter_hook")?,
        script::attr(vm, looped.as_value(), "_asyncgen_finalizer_hook")?,
    ];
    let [first, last] = hooks;
    let before = std::mem::replace(&mut vm.asyncgen_hooks, (first, last));
    frame.regs[HOOKS] = script::tuple(vec![before.0, before.1]);
    looped.running.set(true);
    looped.turns.0.borrow_mut().start();
    vm.running_loop = looped.value();
    if looped.debug.get() {
        debug::track_origins(vm, looped, true);
    }
    current::add_loop(vm, looped.as_value());
    vm.event_sink = Some(hand_out);
    Ok(())
}

/// Ends a run, by a stop or an exception.
fn finish(vm: &mut Vm, looped: &Ref<Loop>, frame: &mut NativeFrame<'_>) {
    looped.turns.0.borrow_mut().finish();
    // What follows is no longer the step that ended the loop.
    vm.step_begins();
    looped.running.set(false);
    debug::track_origins(vm, looped, false);
    vm.running_loop = Value::NONE;
    current::remove_loop(vm, looped.as_value());
    let hooks = script::tuple_items(&std::mem::take(&mut frame.regs[HOOKS]));
    if let [first, last] = &hooks[..] {
        vm.asyncgen_hooks = (first.clone(), last.clone());
    }
}

/// Runs entries, and begins turns, until an entry needs the VM or the loop stops.
fn go_on(vm: &mut Vm, looped: &Ref<Loop>, frame: &mut NativeFrame<'_>) -> R<Step> {
    loop {
        let job = looped.turns.0.borrow_mut().next_in_turn();
        let Some(job) = job else {
            // A `stop` from before the run allows one turn.
            let taken = frame.regs[TAKEN].is_true();
            if taken && looped.turns.0.borrow().is_stopping() {
                finish(vm, looped, frame);
                return Ok(Step::Return(Value::NONE));
            }
            frame.regs[TAKEN] = Value::TRUE;
            if looped.own_turns.get() {
                frame.state = OWN_TURN;
                let method = script::attr(vm, looped.as_value(), "_run_once")?;
                return Ok(Step::Call(method, Args::new()));
            }
            if !turn(vm, looped)? {
                frame.state = PARKED;
                return Ok(Step::Park);
            }
            continue;
        };
        if looped.debug.get() {
            begin_watch(vm, looped, frame, &job);
        }
        if let Some(step) = start(vm, frame, job)? {
            return Ok(step);
        }
    }
}

/// `loop._run_once()`: one turn, for classes that have something to say about it.
pub fn run_once(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(looped) = frame.regs[0].to_ref::<Loop>() else {
        return Step::Return(Value::NONE);
    };
    let done = match frame.state {
        STARTS => begin_own_turn(vm, &looped, frame),
        RUNS_TASK => task_answered(vm, &looped, frame, input).map(|()| None),
        RUNS_CALLBACK => callback_answered(vm, &looped, frame, input).map(|()| None),
        PARKED => unparked(vm, &looped, input).map(|()| None),
        SELECTS => selected(vm, frame, input).map(Some),
        PROCESSES => match input {
            Input::Raised(raised) => Err(raised),
            _ => begin_turn(vm, &looped).map(|()| None),
        },
        _ => handle_answered(vm, &looped, frame, input).map(|()| None),
    };
    match done {
        Ok(Some(step)) => step,
        Ok(None) => run_entries(vm, &looped, frame).unwrap_or_else(Step::Raise),
        Err(raised) => Step::Raise(raised),
    }
}

/// Asks the script's selector, if there is one, else the host.
fn begin_own_turn(vm: &mut Vm, looped: &Ref<Loop>, frame: &mut NativeFrame<'_>) -> R<Option<Step>> {
    let Some(selector) = script::attr_or_none(vm, looped.as_value(), "_selector")? else {
        if turn(vm, looped)? {
            return Ok(None);
        }
        frame.state = PARKED;
        return Ok(Some(Step::Park));
    };
    let wait = looped.turns.0.borrow_mut().prepare();
    let timeout = match wait {
        Wait::Now => Value::int32(0),
        Wait::Until(deadline) => {
            let now = base_events::time_of(vm, looped)?;
            script::float((deadline - now).max(0.0))
        }
        Wait::Forever => Value::NONE,
    };
    frame.state = SELECTS;
    vm.step_ends();
    let method = script::attr(vm, &selector, "select")?;
    Ok(Some(Step::Call(method, Args::from_iter([timeout]))))
}

fn selected(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    match input {
        Input::Raised(raised) => Err(raised),
        Input::Value(found) | Input::Yielded(found) => {
            frame.state = PROCESSES;
            let method = script::attr(vm, &frame.regs[0], "_process_events")?;
            Ok(Step::Call(method, Args::from_iter([found])))
        }
        Input::Start => Ok(Step::Return(Value::NONE)),
    }
}

/// Runs the entries of this turn.
fn run_entries(vm: &mut Vm, looped: &Ref<Loop>, frame: &mut NativeFrame<'_>) -> R<Step> {
    loop {
        let job = looped.turns.0.borrow_mut().next_in_turn();
        let Some(job) = job else {
            return Ok(Step::Return(Value::NONE));
        };
        if looped.debug.get() {
            begin_watch(vm, looped, frame, &job);
        }
        if let Some(step) = start(vm, frame, job)? {
            return Ok(step);
        }
    }
}

/// The due timers become ready, by the time that the loop goes by.
fn begin_turn(vm: &mut Vm, looped: &Ref<Loop>) -> R<()> {
    if !looped.own_time.get() {
        looped.turns.0.borrow_mut().begin_turn(&*vm.host.clock);
        return Ok(());
    }
    let resolution = script::attr_or_none(vm, looped.as_value(), "_clock_resolution")?;
    let resolution = match &resolution {
        Some(value) => script::number(vm, value)?.unwrap_or(0.0),
        None => vm.host.clock.resolution(),
    };
    let now = base_events::time_of(vm, looped)?;
    looped
        .turns
        .0
        .borrow_mut()
        .begin_turn_until(now + resolution);
    Ok(())
}

/// Begins an entry: a step for the VM, or None if it is done.
fn start(vm: &mut Vm, frame: &mut NativeFrame<'_>, job: Job) -> R<Option<Step>> {
    vm.step_begins();
    match job {
        Job::Step(task) => start_task(vm, frame, task, Value::UNDEF),
        Job::Throw(task, exception) => start_task(vm, frame, task, exception),
        Job::Wake(task, future) => {
            let exception = tasks::wake_exception(vm, &future)?;
            let step = start_task(vm, frame, task, exception)?;
            if step.is_some() {
                frame.regs[AWAITED] = future;
            }
            Ok(step)
        }
        Job::Handle(handle) => start_handle(vm, frame, handle),
        Job::Callback(callback, future) => Ok(Some(callbacks::start(vm, frame, callback, future))),
        Job::React(number, target, future) => {
            let Err(raised) = reactions::react(vm, number, &target, &future) else {
                return Ok(None);
            };
            complain(vm, frame, raised, Job::React(number, target, future))
        }
        Job::Finish(future) => {
            if let Some(future) = Future::of(&future) {
                futures::finish_unless_done(vm, future, Value::NONE)?;
            }
            Ok(None)
        }
        Job::Call(number, target) => {
            let Err(raised) = reactions::call(vm, number, &target) else {
                return Ok(None);
            };
            complain(vm, frame, raised, Job::Call(number, target))
        }
    }
}

/// Reports what an entry raised that has no handle of its own; what must end the loop goes on.
#[cold]
fn complain(vm: &mut Vm, frame: &NativeFrame<'_>, raised: Raised, job: Job) -> R<Option<Step>> {
    let handle = super::jobs::as_handle(job, &frame.regs[0]);
    callback_failed(vm, frame, &handle, raised)?;
    Ok(None)
}

fn start_task(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    task: Value,
    exception: Value,
) -> R<Option<Step>> {
    if exception.is_undef()
        && let Some(step) = start_plainly(vm, frame, &task)
    {
        frame.regs[RUNS] = task;
        frame.state = RUNS_TASK;
        return Ok(Some(step));
    }
    let Some(typed) = task.to_ref::<Task>() else {
        return Ok(None);
    };
    let mut previous = Value::UNDEF;
    match tasks::begin(vm, &typed, exception, &mut previous) {
        Ok(step) => {
            if let Step::Throw(_, raised) = &step {
                frame.regs[THROWN] = raised.0.clone();
            }
            frame.regs[RUNS] = task;
            frame.regs[PREVIOUS] = previous;
            frame.state = RUNS_TASK;
            Ok(Some(step))
        }
        Err(raised) => complain(vm, frame, raised, Job::Step(task)),
    }
}

/// As `tasks::begin`, for what a step is as a rule: that of a coroutine whose task goes on with None, in a context
/// that nobody runs in. None, with nothing done, where there is more to it.
#[inline]
fn start_plainly(vm: &mut Vm, frame: &mut NativeFrame<'_>, value: &Value) -> Option<Step> {
    let task = value.get::<Task>()?;
    let looped = frame.regs[0].get::<Loop>()?;
    let context = task.context.as_value();
    let entered = context.get_exact::<contextvars::Context>()?;
    let coro = task.coro.as_value();
    if !task.future.is_pending()
        || task.future.must_cancel.get()
        || !task.future.owner.as_value().is(&frame.regs[0])
        || !looped.current.as_value().is_none()
        || entered.is_entered()
        || !coro.is_kind::<Generator>()
    {
        return None;
    }
    drop(task.waiter.take());
    looped.current.set(value.clone());
    entered.mark_entered();
    let step = Step::Send(coro.clone(), Value::NONE);
    frame.regs[PREVIOUS] = std::mem::replace(&mut vm.context, context.clone());
    Some(step)
}

/// As `tasks::end`, for what a task yields as a rule: None, or a future of this loop that is to wake it. Gives
/// back what was yielded, with nothing done, where there is more to it.
fn yielded_plainly(
    vm: &mut Vm,
    looped: &Ref<Loop>,
    frame: &mut NativeFrame<'_>,
    yielded: Value,
) -> Option<Value> {
    let Some(task) = frame.regs[RUNS].get::<Task>() else {
        return Some(yielded);
    };
    let future = match yielded.is_none() {
        true => None,
        false => match tasks::wakes_plainly(vm, task, &yielded) {
            Some(future) => Some(future),
            None => return Some(yielded),
        },
    };
    let value = std::mem::take(&mut frame.regs[RUNS]);
    contextvars::leave(vm, std::mem::take(&mut frame.regs[PREVIOUS]));
    match future {
        None => looped.turns.0.borrow_mut().push(Job::Step(value)),
        Some(future) => {
            future.blocking.set(false);
            futures::wake_when_done_later(future, value.clone());
            if let Some(task) = value.get::<Task>() {
                task.waiter.set(yielded.clone());
            }
        }
    }
    looped.current.set(Value::NONE);
    drop(std::mem::take(&mut frame.regs[THROWN]));
    drop(std::mem::take(&mut frame.regs[AWAITED]));
    None
}

fn task_answered(
    vm: &mut Vm,
    looped: &Ref<Loop>,
    frame: &mut NativeFrame<'_>,
    input: Input,
) -> R<()> {
    // What died in the step has its say before anybody learns that the step is over.
    vm.run_finalizers_now();
    let input = match input {
        Input::Yielded(value) if looped.is_plain() => {
            match yielded_plainly(vm, looped, frame, value) {
                None => return Ok(()),
                Some(value) => Input::Yielded(value),
            }
        }
        input => input,
    };
    let task = std::mem::take(&mut frame.regs[RUNS]);
    let previous = std::mem::take(&mut frame.regs[PREVIOUS]);
    let Some(typed) = task.to_ref::<Task>() else {
        return Ok(());
    };
    let answer = tasks::end(vm, &typed, previous, input);
    if looped.debug.get() {
        warn_if_slow(vm, looped, frame, &task)?;
    }
    drop(std::mem::take(&mut frame.regs[THROWN]));
    let awaited = std::mem::take(&mut frame.regs[AWAITED]);
    let Err(raised) = answer else {
        return Ok(());
    };
    let job = match awaited.is_undef() {
        true => Job::Step(task),
        false => Job::Wake(task, awaited),
    };
    complain(vm, frame, raised, job).map(|_| ())
}

/// In debug mode: when an entry begins, and which handle it is.
fn begin_watch(vm: &mut Vm, looped: &Loop, frame: &mut NativeFrame<'_>, job: &Job) {
    frame.regs[BEGAN] = script::float(vm.host.clock.monotonic());
    looped.handle_now.set(match job {
        Job::Handle(handle) => handle.clone(),
        _ => Value::NONE,
    });
}

/// In debug mode: a warning for an entry that took long.
pub(super) fn warn_if_slow(
    vm: &mut Vm,
    looped: &Loop,
    frame: &mut NativeFrame<'_>,
    what: &Value,
) -> R<()> {
    let Some(began) = script::number(vm, &std::mem::take(&mut frame.regs[BEGAN]))? else {
        return Ok(());
    };
    let took = vm.host.clock.monotonic() - began;
    let slow = script::number(vm, &looped.slow.get())?.unwrap_or(f64::INFINITY);
    if took < slow {
        return Ok(());
    }
    let shown = script::repr(vm, what)?;
    report::log_at(
        vm,
        "warning",
        &format!("Executing {shown} took {took:.3} seconds"),
        None,
    )
}

// ----- turns ----------------------------------------------------------------------------

/// Begins a turn; false if this fiber has to be parked before.
fn turn(vm: &mut Vm, looped: &Ref<Loop>) -> R<bool> {
    let mut wait = looped.turns.0.borrow_mut().prepare();
    if let Wait::Until(deadline) = wait
        && looped.own_time.get()
    {
        let left = deadline - base_events::time_of(vm, looped)?;
        wait = if left > 0.0 {
            Wait::Until(vm.host.clock.monotonic() + left)
        } else {
            Wait::Now
        };
    }
    vm.tick(1)?;
    if wait != Wait::Now && (vm.is_driven() || vm.has_other_fibers()) {
        let deadline = if let Wait::Until(deadline) = wait {
            Some(deadline)
        } else {
            None
        };
        looped.turns.0.borrow_mut().park();
        vm.step_ends();
        vm.park(deadline, true);
        return Ok(false);
    }
    if wait != Wait::Now || vm.host.poller.has_watches() || vm.host.inbox.wants_attention() {
        poll(vm, wait, looped)?;
    }
    begin_turn(vm, looped)?;
    Ok(true)
}

/// Something has happened, or the time has come.
fn unparked(vm: &mut Vm, looped: &Ref<Loop>, input: Input) -> R<()> {
    if let Input::Raised(raised) = input {
        return Err(raised);
    }
    begin_turn(vm, looped)
}

/// Waits for the world, and hands out what happened.
fn poll(vm: &mut Vm, wait: Wait, looped: &Ref<Loop>) -> R<()> {
    let own = looped.turns.0.borrow().owner();
    let mut happened = Vec::new();
    vm.about_to_sleep(wait);
    if let Err(error) = vm.host.wait(wait, &mut happened) {
        return Err(script::os_error(vm, &error));
    }
    let mut answer = Ok(());
    for event in happened {
        // All of them are handed out, be it that one of them is an interrupt.
        let handed = match event {
            Event::Ready {
                owner,
                fd,
                direction,
            } if owner == own => {
                looped.turns.0.borrow_mut().readiness(fd, direction);
                Ok(())
            }
            event => hand_out(vm, event),
        };
        if answer.is_ok() {
            answer = handed;
        }
    }
    answer
}

/// What becomes of an event from outside. A loop in the middle of a turn is not told of readiness,
/// which may be used up before its next turn; it will ask.
fn hand_out(vm: &mut Vm, event: Event) -> R<()> {
    match event {
        Event::Ready {
            owner,
            fd,
            direction,
        } => {
            if let Some(looped) = current::loop_of_owner(vm, owner.0)
                && let Some(looped) = looped.get::<Loop>()
            {
                let mut turns = looped.turns.0.borrow_mut();
                if turns.is_parked() {
                    turns.readiness(fd, direction);
                }
            } else {
                // A fiber that waits in a socket of its own looks again.
                vm.wake_loops();
            }
            Ok(())
        }
        Event::Done { ticket, outcome } => match super::trsock::pool_done(vm, ticket, outcome)? {
            Some(outcome) => vm.handle_events(vec![Event::Done { ticket, outcome }]),
            None => Ok(()),
        },
        event => vm.handle_events(vec![event]),
    }
}

/// Where the VM looks for the handler of SIGINT.
pub const SIGINT: &str = "signal.SIGINT";
/// Where it is said that the handler is that of `asyncio.run`, not of the script.
pub const OWN_SIGINT: &str = "signal.SIGINT.asyncio";

/// `_catch_interrupts(function)`: has the function called at SIGINT, unless the script has
/// a handler of its own; whether it will be.
pub(super) fn catch_interrupts(vm: &mut Vm, args: &[Value]) -> R {
    if vm
        .state
        .get(SIGINT)
        .is_some_and(|handler| !handler.is_none())
    {
        return Ok(Value::FALSE);
    }
    vm.state.insert(SIGINT, args[0].clone());
    vm.state.insert(OWN_SIGINT, Value::TRUE);
    Ok(Value::TRUE)
}

/// `_release_interrupts(caught)`: ends what `_catch_interrupts` began.
pub(super) fn release_interrupts(vm: &mut Vm, args: &[Value]) -> R {
    if args[0].is_true() {
        vm.state.insert(SIGINT, Value::NONE);
        vm.state.remove(OWN_SIGINT);
    }
    Ok(Value::NONE)
}

/// Something was scheduled from another fiber: the loop must not sleep on.
pub fn wake(vm: &mut Vm, owner: &Value) {
    if owner
        .get::<Loop>()
        .is_some_and(|looped| looped.running.get())
    {
        vm.wake_loops();
    }
}

// ----- run_until_complete -----------------------------------------------------------------

/// `loop.run_until_complete(future)`: registers self, future, whether the task is new, the task's future.
pub fn run_until_complete(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => ensure(vm, frame).unwrap_or_else(Step::Raise),
        (1, Input::Value(task)) => {
            frame.regs[3] = task;
            run(vm, frame).unwrap_or_else(Step::Raise)
        }
        (2, input) => completed(vm, frame, input).into(),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn ensure(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let looped = base_events::this(vm, &frame.regs[0])?;
    if looped.closed.get() {
        return Err(super::jobs::closed(vm));
    }
    check_running(vm, &looped)?;
    let argument = frame.regs[1].clone();
    frame.regs[2] = Value::bool(!futures::is_future(vm, &argument));
    let step = waiting::ensure_future_step(vm, &argument, looped.as_value())?;
    frame.state = 1;
    match step {
        Step::Return(future) => {
            frame.regs[3] = future;
            run(vm, frame)
        }
        step => Ok(step),
    }
}

fn run(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    frame.state = 2;
    let future = frame.regs[3].clone();
    let typed = Future::to_ref(&future);
    if let Some(typed) = &typed
        && frame.regs[2].is_true()
    {
        typed.log_destroy.set(false);
    }
    match typed {
        Some(typed) if futures::tells_natively(vm, &future, "add_done_callback") => {
            futures::when_done(vm, &typed, reactions::STOP, frame.regs[0].clone())?;
        }
        _ => {
            let stop = script::attr(vm, &frame.regs[0], "_stop_when_done")?;
            script::call_method(vm, &future, "add_done_callback", &[stop])?;
        }
    }
    let method = script::attr(vm, &frame.regs[0], "run_forever")?;
    Ok(Step::Call(method, crate::object::native::Args::new()))
}

fn completed(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R {
    let value = frame.regs[3].clone();
    let Some(future) = Future::to_ref(&value) else {
        return match input {
            Input::Raised(raised) => Err(raised),
            _ => script::call_method(vm, &value, "result", &[]),
        };
    };
    futures::forget(&future, reactions::STOP, &frame.regs[0]);
    if !futures::tells_natively(vm, &value, "remove_done_callback") {
        let stop = script::attr(vm, &frame.regs[0], "_stop_when_done")?;
        script::call_method(vm, &value, "remove_done_callback", &[stop])?;
    }
    if let Input::Raised(raised) = input {
        if frame.regs[2].is_true() {
            future.log_traceback.set(false);
        }
        return Err(raised);
    }
    if future.is_pending() {
        let text = "Event loop stopped before Future completed.";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    futures::raised_result(vm, &future)
}

/// What `run_until_complete` waits for is done: the loop stops, but for what must end it anyway.
pub fn stop_when_done(vm: &mut Vm, target: &Value, future: &Ref<Future>) -> R<()> {
    // CPython asks for the exception here, which counts as retrieving it.
    future.log_traceback.set(false);
    let ends = future.state.get() == crate::object::task::FutureState::Exception
        && script::ends_loop(vm, &future.outcome());
    if ends {
        return Ok(());
    }
    let owner = future.owner.get();
    match owner.get::<Loop>().or_else(|| target.get::<Loop>()) {
        Some(looped) => looped.turns.0.borrow_mut().stop(),
        None => drop(script::call_method(vm, &owner, "stop", &[])?),
    }
    Ok(())
}
