//! `asyncio.Handle` and `asyncio.TimerHandle`: calls that a loop is to make.

use super::base_events::{self, cancel_timer};
use super::{debug, representation, script};
use crate::heap::Value;
use crate::modules::contextvars;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::task::{Handle, TimerHandle};
use crate::vm::Vm;
use crate::vm::types::Known;

/// A handle's Context, which is made here if nobody has needed it before.
pub fn context_of(handle: &Handle) -> Value {
    let context = handle.context();
    if !contextvars::is_snapshot(&context) {
        return context;
    }
    let made = contextvars::of_snapshot(context);
    handle.set_context(made.clone());
    made
}

/// `Handle.cancel`
pub fn cancel_handle(value: &Value) {
    let Some(handle) = Handle::of(value) else {
        return;
    };
    if handle.cancelled.replace(true) {
        return;
    }
    if handle.scheduled.replace(false) {
        cancel_timer(handle.owner.as_value(), handle.timer.get());
    }
    handle.callback.set(Value::NONE);
    handle.args.set(Value::NONE);
}

fn handle_cancel(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(handle) = Handle::of(&args[0])
        && !handle.cancelled.get()
        && debug::is_on_anywhere(vm, handle.owner.as_value())?
    {
        handle.cancelled.set(true);
        let shown = representation::of_handle(vm, &args[0]);
        handle.cancelled.set(false);
        handle.note(handle.source(), shown?);
    }
    cancel_handle(&args[0]);
    Ok(Value::NONE)
}

fn handle_cancelled(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(
        Handle::of(&args[0]).is_some_and(|h| h.cancelled.get()),
    ))
}

fn handle_context(_: &mut Vm, args: &[Value]) -> R {
    Ok(Handle::of(&args[0]).map_or(Value::NONE, context_of))
}

fn handle_when(_: &mut Vm, args: &[Value]) -> R {
    Ok(Handle::of(&args[0]).map_or(Value::NONE, |h| script::float(h.when.get())))
}

fn handle_repr(vm: &mut Vm, args: &[Value]) -> R {
    representation::of_handle(vm, &args[0])
}

fn handle_hash(vm: &mut Vm, args: &[Value]) -> R {
    let when = handle_when(vm, args)?;
    script::hash(vm, &when)
}

fn compare(args: &[Value], test: fn(f64, f64) -> bool) -> R {
    let when = |value: &Value| value.get::<TimerHandle>().map(|h| h.0.when.get());
    Ok(match (when(&args[0]), when(&args[1])) {
        (Some(a), Some(b)) => Value::bool(test(a, b)),
        _ => Value::NOT_IMPLEMENTED,
    })
}

fn handle_lt(_: &mut Vm, args: &[Value]) -> R {
    compare(args, |a, b| a < b)
}

fn handle_gt(_: &mut Vm, args: &[Value]) -> R {
    compare(args, |a, b| a > b)
}

fn handle_le(_: &mut Vm, args: &[Value]) -> R {
    compare(args, |a, b| a <= b)
}

fn handle_ge(_: &mut Vm, args: &[Value]) -> R {
    compare(args, |a, b| a >= b)
}

fn handle_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (Some(a), Some(b)) = (args[0].get::<TimerHandle>(), args[1].get::<TimerHandle>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let same = a.0.when.get() == b.0.when.get()
        && a.0.cancelled.get() == b.0.cancelled.get()
        && script::equal(vm, &a.0.callback.get(), &b.0.callback.get())?
        && script::equal(vm, &a.0.args.get(), &b.0.args.get())?;
    Ok(Value::bool(same))
}

fn handle_callback(_: &mut Vm, value: &Value) -> R {
    Ok(Handle::of(value).map_or(Value::NONE, |h| h.callback.get()))
}

/// Arguments: cls, callback, args, loop, context.
fn handle_new(vm: &mut Vm, args: &[Value]) -> R {
    let context = base_events::context_of(vm, &args[4]);
    let arguments = vm.collect(&args[2])?;
    let arguments = script::tuple(arguments);
    let handle = Handle::alloc(args[3].clone(), args[1].clone(), arguments, context);
    if debug::is_on_anywhere(vm, &args[3])? {
        debug::note_handle(vm, &handle)?;
    }
    Ok(handle.into_value())
}

/// Arguments: cls, when, callback, args, loop, context.
fn timer_new(vm: &mut Vm, args: &[Value]) -> R {
    let Some(when) = script::number(vm, &args[1])? else {
        return Err(script::error(vm, Known::TypeError, "when must be a number"));
    };
    let context = base_events::context_of(vm, &args[5]);
    let arguments = vm.collect(&args[3])?;
    let arguments = script::tuple(arguments);
    let made = TimerHandle::alloc(args[4].clone(), args[2].clone(), arguments, context, when);
    if debug::is_on_anywhere(vm, &args[4])? {
        debug::note_handle(vm, &made.0)?;
    }
    Ok(made.into_value())
}

/// What a handle is made to call.
fn handle_run(_: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            let (callback, args) = match Handle::of(&frame.regs[0]) {
                Some(handle) => (
                    handle.callback.get(),
                    script::tuple_items(&handle.args.get()),
                ),
                None => return Step::Return(Value::NONE),
            };
            Step::Call(callback, args.into_iter().collect())
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn handle_args(_: &mut Vm, value: &Value) -> R {
    Ok(Handle::of(value).map_or(Value::NONE, |h| h.args.get()))
}

const HANDLE_METHODS: [Def; 5] = [
    Def::frame("_run(self)", 0, handle_run),
    Def::leaf("cancel(self)", handle_cancel),
    Def::leaf("cancelled(self)", handle_cancelled),
    Def::leaf("get_context(self)", handle_context),
    Def::leaf("__repr__(self)", handle_repr),
];

/// `asyncio.Handle`
pub static HANDLE: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    new: Some(
        Def::leaf(
            "__new__(cls, callback, args, loop, context=None)",
            handle_new,
        )
        .stat(),
    ),
    methods: &HANDLE_METHODS,
    attributes: &[
        Attribute::get("_cancelled", |_, value| {
            Ok(Value::bool(
                Handle::of(value).is_some_and(|h| h.cancelled.get()),
            ))
        }),
        Attribute::get("_loop", |_, value| {
            Ok(Handle::of(value).map_or(Value::NONE, |h| h.owner.get()))
        }),
        Attribute::get("_context", |_, value| {
            Ok(Handle::of(value).map_or(Value::NONE, context_of))
        }),
        Attribute::get("_callback", handle_callback),
        Attribute::get("_source_traceback", |_, value| {
            Ok(Handle::of(value).map_or(Value::NONE, Handle::source))
        }),
        Attribute::get("_args", handle_args),
    ],
    ..TypeDef::new("asyncio.events", "Handle", kind::HANDLE)
};

/// `asyncio.TimerHandle`
pub static TIMER_HANDLE: TypeDef = TypeDef {
    base: Some(&HANDLE),
    flags: class_flags::WEAKREF,
    new: Some(
        Def::leaf(
            "__new__(cls, when, callback, args, loop, context=None)",
            timer_new,
        )
        .stat(),
    ),
    attributes: &[
        Attribute::get("_scheduled", |_, value| {
            Ok(Value::bool(
                Handle::of(value).is_some_and(|h| h.scheduled.get()),
            ))
        }),
        Attribute::get("_when", |_, value| {
            Ok(Handle::of(value).map_or(Value::NONE, |h| script::float(h.when.get())))
        }),
    ],
    methods: &[
        Def::leaf("when(self)", handle_when),
        Def::leaf("__hash__(self)", handle_hash),
        Def::leaf("__eq__(self, other, /)", handle_eq),
        Def::leaf("__lt__(self, other, /)", handle_lt),
        Def::leaf("__le__(self, other, /)", handle_le),
        Def::leaf("__gt__(self, other, /)", handle_gt),
        Def::leaf("__ge__(self, other, /)", handle_ge),
    ],
    ..TypeDef::new("asyncio.events", "TimerHandle", kind::TIMER_HANDLE)
};
