//! What counts as a coroutine, and how one is shown.

use super::script;
use crate::bytecode::code::flags;
use crate::heap::Value;
use crate::object::function::Function;
use crate::object::generator::{Flavour, Generator, State};
use crate::object::native::{Native, NativeCode, R};
use crate::vm::Vm;
use crate::vm::generator::AsyncStep;

/// `asyncio.iscoroutine`: a coroutine object, or an instance of `collections.abc.Coroutine`.
pub fn is_coroutine(vm: &mut Vm, value: &Value) -> bool {
    match value.get::<Generator>() {
        Some(generator) => generator.flavour == Flavour::Coroutine,
        None => {
            value.is_kind::<AsyncStep>() || value.is_object() && is_abstract_coroutine(vm, value)
        }
    }
}

/// Whether it has the methods of a coroutine.
fn is_abstract_coroutine(vm: &mut Vm, value: &Value) -> bool {
    let class = vm.class_of(value);
    ["__await__", "send", "throw", "close"].iter().all(|name| {
        let name = vm.intern(name);
        vm.lookup_in_class(&class, name.as_value())
            .is_some_and(|method| !method.is_none())
    })
}

pub(super) fn iscoroutine(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(is_coroutine(vm, &args[0])))
}

/// `asyncio.iscoroutinefunction`
pub(super) fn iscoroutinefunction(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(is_coroutine_function(vm, &args[0])?))
}

/// Whether it is native and calling it makes a coroutine, for `inspect`.
pub fn is_native_coroutine_function(value: &Value) -> bool {
    value
        .get::<Native>()
        .is_some_and(|native| matches!(native.def.code, NativeCode::Coroutine(..)))
}

/// Whether calling it makes a coroutine.
pub fn is_coroutine_function(vm: &mut Vm, value: &Value) -> R<bool> {
    use crate::object::function::BoundMethod;
    use crate::object::function::Partial;
    let mut value = value.clone();
    loop {
        value = if let Some(method) = value.get::<BoundMethod>() {
            method.function.clone()
        } else if let Some(partial) = value.get::<Partial>() {
            partial.function.get()
        } else {
            break;
        };
    }
    if let Some(function) = value.get::<Function>() {
        let of_code = function.current_code().flags;
        if of_code & flags::COROUTINE != 0 && of_code & flags::ASYNC_GENERATOR == 0 {
            return Ok(true);
        }
    }
    if is_native_coroutine_function(&value) {
        return Ok(true);
    }
    // What was not marked by `inspect` is not marked: a mock has every attribute.
    let inspect = vm.modules.get_name("inspect");
    let mark = inspect.and_then(|inspect| {
        let module = inspect.get::<crate::object::module::Module>()?;
        module.namespace.get_name("_is_coroutine_mark")
    });
    let Some(mark) = mark else {
        return Ok(false);
    };
    let own = script::attr_or_none(vm, &value, "_is_coroutine_mark")?;
    Ok(own.is_some_and(|own| own.is(&mark)))
}

/// `NAME() running at FILE:LINE` or `NAME() done, defined at FILE:LINE`, as in a task's repr.
pub fn shown(vm: &mut Vm, coro: &Value) -> R<String> {
    let Some(generator) = coro.get::<Generator>() else {
        let name = match script::attr_or_none(vm, coro, "__qualname__")? {
            Some(name) => script::as_text(&name),
            None => match script::attr_or_none(vm, coro, "__name__")? {
                Some(name) => script::as_text(&name),
                None => format!("<{} without __name__>", vm.type_name(coro)),
            },
        };
        return Ok(format!("{name}()"));
    };
    let name = script::as_text(generator.qualname.as_value());
    let name = if name.is_empty() {
        script::as_text(generator.name.as_value())
    } else {
        name
    };
    let running = generator.state.get() != State::Closed;
    if generator.is_native()
        && let Some((file, first, waiting)) = place_in_cpython(&name)
    {
        return Ok(match generator.state.get() {
            State::Closed => format!("{name}() done, defined at /lib/asyncio/{file}:{first}"),
            State::Created => format!("{name}() running at /lib/asyncio/{file}:{first}"),
            _ => format!("{name}() running at /lib/asyncio/{file}:{waiting}"),
        });
    }
    match script::place_of(vm, coro) {
        Some((file, line)) if !running => Ok(format!("{name}() done, defined at {file}:{line}")),
        Some((file, line)) => Ok(format!("{name}() running at {file}:{line}")),
        None if running => Ok(format!("{name}() running")),
        None => Ok(format!("{name}()")),
    }
}

/// Where a coroutine that is native here is written in CPython 3.13: file, first line, the
/// line at which it waits. So a program's output of tasks reads as it does there.
fn place_in_cpython(name: &str) -> Option<(&'static str, u32, u32)> {
    Some(match name {
        "sleep" => ("tasks.py", 703, 718),
        "wait_for" => ("tasks.py", 459, 507),
        "wait" => ("tasks.py", 424, 451),
        "Queue.get" => ("queues.py", 172, 186),
        "Queue.put" => ("queues.py", 125, 139),
        "Queue.join" => ("queues.py", 242, 251),
        "Lock.acquire" => ("locks.py", 90, 110),
        "Semaphore.acquire" => ("locks.py", 386, 407),
        "Event.wait" => ("locks.py", 200, 213),
        "StreamReader.read" => ("streams.py", 688, 730),
        "StreamReader.readline" => ("streams.py", 543, 562),
        "StreamReader.readexactly" => ("streams.py", 739, 769),
        "StreamReader.readuntil" => ("streams.py", 574, 677),
        _ => return None,
    })
}
