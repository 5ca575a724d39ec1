//! The calls that a loop makes: those of handles, and of futures' callbacks, which have no handle unless
//! somebody is to see one.

use super::base_events::Loop;
use super::turns::{AWAITED, PREVIOUS, RUNS, RUNS_CALLBACK, RUNS_HANDLE, SPARE, warn_if_slow};
use super::{report, representation, script};
use crate::heap::{Ref, Value};
use crate::modules::contextvars;
use crate::object::native::{Args, Input, NativeFrame, R, Raised, Step};
use crate::object::task::Handle;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Begins the call of a future's callback, in a new context without variables.
pub(super) fn start(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    callback: Value,
    future: Value,
) -> Step {
    let spare = &mut frame.regs[SPARE];
    let previous = contextvars::enter_snapshot(vm, Value::NONE, spare);
    frame.regs[PREVIOUS] = previous;
    frame.regs[RUNS] = callback.clone();
    frame.regs[AWAITED] = future.clone();
    frame.state = RUNS_CALLBACK;
    Step::Call(callback, Args::from_iter([future]))
}

/// Begins the call of a handle.
pub(super) fn start_handle(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    value: Value,
) -> R<Option<Step>> {
    let Some(handle) = Handle::of(&value) else {
        return Ok(None);
    };
    handle.scheduled.set(false);
    if handle.cancelled.get() {
        return Ok(None);
    }
    let context = handle.context();
    let is_snapshot = contextvars::is_snapshot(&context);
    // What a script gives in place of a context is asked to run the callback, as every context is in CPython.
    let mut runs = None;
    if !is_snapshot && !context.is_kind::<contextvars::Context>() {
        match script::attr(vm, &context, "run") {
            Ok(method) => runs = Some(method),
            Err(raised) => {
                callback_failed(vm, frame, &value, raised)?;
                return Ok(None);
            }
        }
    }
    let previous = match is_snapshot {
        _ if runs.is_some() => {
            let now = contextvars::snapshot(vm);
            Ok(contextvars::enter_snapshot(vm, now, &mut frame.regs[SPARE]))
        }
        true => {
            let spare = &mut frame.regs[SPARE];
            let previous = contextvars::enter_snapshot(vm, context, spare);
            handle.set_context(vm.context.clone());
            Ok(previous)
        }
        false => contextvars::enter(vm, &context),
    };
    let step = previous.map(|previous| {
        frame.regs[PREVIOUS] = previous;
        let mut args = match handle.args.as_value().get::<Tuple>() {
            Some(args) => Args::from(args.items()),
            None => Args::new(),
        };
        match runs {
            Some(method) => {
                args.insert(0, handle.callback.get());
                Step::Call(method, args)
            }
            None => Step::Call(handle.callback.get(), args),
        }
    });
    match step {
        Ok(step) => {
            frame.regs[RUNS] = value;
            frame.state = RUNS_HANDLE;
            Ok(Some(step))
        }
        Err(raised) => {
            callback_failed(vm, frame, &value, raised)?;
            Ok(None)
        }
    }
}

/// Ends it.
pub(super) fn handle_answered(
    vm: &mut Vm,
    looped: &Ref<Loop>,
    frame: &mut NativeFrame<'_>,
    input: Input,
) -> R<()> {
    let handle = std::mem::take(&mut frame.regs[RUNS]);
    vm.run_finalizers_now();
    let left = contextvars::leave_from(vm, std::mem::take(&mut frame.regs[PREVIOUS]));
    if let Input::Raised(raised) = input {
        callback_failed(vm, frame, &handle, raised)?;
    }
    if looped.debug.get() {
        looped.handle_now.set(Value::NONE);
        warn_if_slow(vm, looped, frame, &handle)?;
    }
    drop(handle);
    contextvars::keep(left, &mut frame.regs[SPARE]);
    Ok(())
}

/// As `handle_answered`, for a callback without a handle: one is made for who has to be told of it.
pub(super) fn callback_answered(
    vm: &mut Vm,
    looped: &Ref<Loop>,
    frame: &mut NativeFrame<'_>,
    input: Input,
) -> R<()> {
    let callback = std::mem::take(&mut frame.regs[RUNS]);
    let future = std::mem::take(&mut frame.regs[AWAITED]);
    vm.run_finalizers_now();
    let left = contextvars::leave_from(vm, std::mem::take(&mut frame.regs[PREVIOUS]));
    let is_watched = looped.debug.get();
    if is_watched || matches!(input, Input::Raised(_)) {
        let args = script::tuple(vec![future.clone()]);
        let handle = Handle::alloc(looped.value(), callback.clone(), args, left.clone());
        if let Input::Raised(raised) = input {
            callback_failed(vm, frame, handle.as_value(), raised)?;
        }
        if is_watched {
            warn_if_slow(vm, looped, frame, handle.as_value())?;
        }
    }
    drop((callback, future));
    contextvars::keep(left, &mut frame.regs[SPARE]);
    Ok(())
}

/// Reports what a callback raised; what must end the loop goes on.
pub(super) fn callback_failed(
    vm: &mut Vm,
    frame: &NativeFrame<'_>,
    handle: &Value,
    raised: Raised,
) -> R<()> {
    if script::ends_loop(vm, &raised.0) {
        return Err(raised);
    }
    let shown = match Handle::of(handle) {
        Some(h) => {
            let debug = frame.regs[0].get::<Loop>().is_some_and(|l| l.debug.get());
            representation::callback(vm, &h.callback.get(), &h.args.get(), debug)?
        }
        None => String::new(),
    };
    report::begin_traceback(vm, &raised.0)?;
    let mut parts = vec![("exception", raised.0), ("handle", handle.clone())];
    if let Some(handle) = Handle::of(handle) {
        report::with_source(vm, &handle.source(), &mut parts)?;
    }
    report::report(
        vm,
        &frame.regs[0],
        &format!("Exception in callback {shown}"),
        &parts,
    )
}
