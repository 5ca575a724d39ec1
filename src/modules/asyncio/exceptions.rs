//! The exceptions of `asyncio`. `asyncio.TimeoutError` is the built-in one.

use super::script;
use crate::builtins::exceptions as builtin;
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::exception::Exception;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

const fn exception(name: &'static str, doc: &'static str, base: &'static TypeDef) -> TypeDef {
    TypeDef {
        base: Some(base),
        doc,
        flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
        ..TypeDef::new("asyncio.exceptions", name, kind::EXCEPTION)
    }
}

/// `asyncio.CancelledError`
pub static CANCELLED_ERROR: TypeDef = exception(
    "CancelledError",
    "The Future or Task was cancelled.",
    &builtin::BASE_EXCEPTION,
);

/// Whether it is an `asyncio.CancelledError`.
pub fn is_cancelled_error(vm: &mut Vm, exception: &Value) -> bool {
    exception.is_object() && script::is_instance_of_def(vm, exception, &CANCELLED_ERROR)
}

/// `asyncio.InvalidStateError`
pub static INVALID_STATE_ERROR: TypeDef = exception(
    "InvalidStateError",
    "The operation is not allowed in this state.",
    &builtin::EXCEPTION,
);
/// `asyncio.SendfileNotAvailableError`
pub static SENDFILE_NOT_AVAILABLE: TypeDef = exception(
    "SendfileNotAvailableError",
    "Sendfile syscall is not available.",
    &builtin::RUNTIME_ERROR,
);
/// `asyncio.BrokenBarrierError`
pub static BROKEN_BARRIER_ERROR: TypeDef = exception(
    "BrokenBarrierError",
    "Barrier is broken by barrier.abort() call.",
    &builtin::RUNTIME_ERROR,
);

const fn queue_exception(name: &'static str, doc: &'static str) -> TypeDef {
    TypeDef {
        module: "asyncio.queues",
        ..exception(name, doc, &builtin::EXCEPTION)
    }
}

/// `asyncio.QueueEmpty`
pub static QUEUE_EMPTY: TypeDef = queue_exception(
    "QueueEmpty",
    "Raised when Queue.get_nowait() is called on an empty Queue.",
);
/// `asyncio.QueueFull`
pub static QUEUE_FULL: TypeDef = queue_exception(
    "QueueFull",
    "Raised when the Queue.put_nowait() method is called on a full Queue.",
);
/// `asyncio.QueueShutDown`
pub static QUEUE_SHUT_DOWN: TypeDef = queue_exception(
    "QueueShutDown",
    "Raised when putting on to or getting from a shut-down Queue.",
);

// The two below keep what they know in `extra`: partial (or consumed) and expected.

fn keep(vm: &mut Vm, error: &Value, args: &[Value], message: &str) -> R {
    let args = [&[script::text(message)][..], args].concat();
    if let Some(exception) = error.get::<Exception>() {
        let message = script::tuple(vec![args[0].clone()]);
        exception.args.set(message);
        for (field, value) in exception.extra.iter().zip(&args[1..]) {
            field.set(value.clone());
        }
    }
    let _ = vm;
    Ok(Value::NONE)
}

fn incomplete_init(vm: &mut Vm, args: &[Value]) -> R {
    let read = script::length(vm, &args[1])?;
    let expected = if args[2].is_none() {
        "undefined".to_owned()
    } else {
        script::repr(vm, &args[2])?
    };
    let message = format!("{read} bytes read on a total of {expected} expected bytes");
    keep(vm, &args[0], &args[1..3], &message)
}

fn limit_init(vm: &mut Vm, args: &[Value]) -> R {
    let message = script::str_of(vm, &args[1])?;
    keep(vm, &args[0], &args[2..3], &message)
}

fn extra(value: &Value, number: usize) -> Value {
    value
        .get::<Exception>()
        .map_or(Value::NONE, |e| script::or_none(e.extra[number].get()))
}

fn first(_: &mut Vm, value: &Value) -> R {
    Ok(extra(value, 0))
}

fn second(_: &mut Vm, value: &Value) -> R {
    Ok(extra(value, 1))
}

fn set_first(_: &mut Vm, value: &Value, to: &Value) -> R<()> {
    if let Some(exception) = value.get::<Exception>() {
        exception.extra[0].set(to.clone());
    }
    Ok(())
}

fn set_second(_: &mut Vm, value: &Value, to: &Value) -> R<()> {
    if let Some(exception) = value.get::<Exception>() {
        exception.extra[1].set(to.clone());
    }
    Ok(())
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    let known = script::tuple(vec![extra(&args[0], 0), extra(&args[0], 1)]);
    Ok(script::tuple(vec![class.into_value(), known]))
}

fn reduce_limit(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    let message = args[0].get::<Exception>().map(|e| e.args.get());
    let message = message
        .and_then(|a| a.get::<Tuple>().and_then(|t| t.get(0)))
        .unwrap_or(Value::NONE);
    let known = script::tuple(vec![message, extra(&args[0], 0)]);
    Ok(script::tuple(vec![class.into_value(), known]))
}

/// `asyncio.IncompleteReadError`
pub static INCOMPLETE_READ_ERROR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__init__(self, partial, expected)", incomplete_init),
        Def::leaf("__reduce__(self)", reduce),
    ],
    attributes: &[
        Attribute::get_set("partial", first, set_first),
        Attribute::get_set("expected", second, set_second),
    ],
    ..exception(
        "IncompleteReadError",
        "Incomplete read error.",
        &builtin::EOF_ERROR,
    )
};

/// `asyncio.LimitOverrunError`
pub static LIMIT_OVERRUN_ERROR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__init__(self, message, consumed)", limit_init),
        Def::leaf("__reduce__(self)", reduce_limit),
    ],
    attributes: &[Attribute::get_set("consumed", first, set_first)],
    ..exception(
        "LimitOverrunError",
        "Reached the buffer limit while looking for a separator.",
        &builtin::EXCEPTION,
    )
};
