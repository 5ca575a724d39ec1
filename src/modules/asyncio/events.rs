//! Which loop runs here, and which one is meant when none does.

use super::base_events::Loop;
use super::{current, script};
use crate::heap::Value;
use crate::object::native::R;
use crate::vm::Vm;
use crate::vm::types::Known;

/// The running loop of this fiber, if there is one.
#[inline]
pub fn running_or_none(vm: &Vm) -> Value {
    script::or_none(vm.running_loop.clone())
}

/// `asyncio.get_running_loop()`
#[inline]
pub fn running(vm: &mut Vm) -> R {
    if vm.running_loop.is_object() {
        return Ok(vm.running_loop.clone());
    }
    Err(script::error(
        vm,
        Known::RuntimeError,
        "no running event loop",
    ))
}

/// `asyncio.get_event_loop()`: the running loop, or that of the policy.
pub fn get_event_loop(vm: &mut Vm) -> R {
    if vm.running_loop.is_object() {
        return Ok(vm.running_loop.clone());
    }
    let function = script::import_attr(vm, "asyncio.events", "_event_loop_of_policy")?;
    script::call(vm, &function, &[])
}

/// Whether any loop runs.
pub fn is_running(vm: &mut Vm, owner: &Value) -> R<bool> {
    match owner.get::<Loop>() {
        Some(owner) => Ok(owner.running.get()),
        None => {
            let answer = script::call_method(vm, owner, "is_running", &[])?;
            script::truth(vm, &answer)
        }
    }
}

pub(super) fn get_running_loop(vm: &mut Vm, _: &[Value]) -> R {
    running(vm)
}

pub(super) fn get_running_loop_or_none(vm: &mut Vm, _: &[Value]) -> R {
    Ok(running_or_none(vm))
}

pub(super) fn set_running_loop(vm: &mut Vm, args: &[Value]) -> R {
    vm.running_loop = args[0].clone();
    Ok(Value::NONE)
}

pub(super) fn get_event_loop_function(vm: &mut Vm, _: &[Value]) -> R {
    get_event_loop(vm)
}

/// `asyncio.current_task(loop=None)`
pub(super) fn current_task(vm: &mut Vm, args: &[Value]) -> R {
    let owner = if args[0].is_none() {
        running(vm)?
    } else {
        args[0].clone()
    };
    Ok(current::task(vm, &owner))
}

/// `asyncio.all_tasks(loop=None)`
pub(super) fn all_tasks(vm: &mut Vm, args: &[Value]) -> R {
    let tasks = list_tasks(vm, &args[0])?;
    script::set(vm, tasks)
}

/// The tasks of `all_tasks` in the order of their creation.
pub(super) fn tasks_in_order(vm: &mut Vm, args: &[Value]) -> R {
    let tasks = list_tasks(vm, &args[0])?;
    script::list(vm, tasks)
}

fn list_tasks(vm: &mut Vm, owner: &Value) -> R<Vec<Value>> {
    let owner = if owner.is_none() {
        running(vm)?
    } else {
        owner.clone()
    };
    let mut tasks = owner
        .get::<Loop>()
        .map_or_else(Vec::new, |owner| owner.tasks.0.all());
    // Those that a script has registered are told by the module that keeps them.
    if let Some(module) = script::loaded_module(vm, "asyncio.tasks") {
        let more =
            script::call_method(vm, &module, "_registered_of", std::slice::from_ref(&owner))?;
        for task in vm.collect(&more)? {
            if !tasks.iter().any(|known| known.is(&task)) {
                tasks.push(task);
            }
        }
    }
    Ok(tasks)
}

pub(super) fn enter_task(vm: &mut Vm, args: &[Value]) -> R {
    let running = current::task(vm, &args[0]);
    if !running.is_none() {
        let (this, other) = (script::repr(vm, &args[1])?, script::repr(vm, &running)?);
        let text =
            format!("Cannot enter into task {this} while another task {other} is being executed.");
        return Err(script::error(vm, Known::RuntimeError, &text));
    }
    current::set_task(vm, &args[0], args[1].clone());
    Ok(Value::NONE)
}

pub(super) fn leave_task(vm: &mut Vm, args: &[Value]) -> R {
    let running = current::task(vm, &args[0]);
    if !running.is(&args[1]) {
        let (this, other) = (script::repr(vm, &args[1])?, script::repr(vm, &running)?);
        let text = format!("Leaving task {this} does not match the current task {other}.");
        return Err(script::error(vm, Known::RuntimeError, &text));
    }
    current::set_task(vm, &args[0], Value::NONE);
    Ok(Value::NONE)
}

pub(super) fn swap_current_task(vm: &mut Vm, args: &[Value]) -> R {
    let previous = current::task(vm, &args[0]);
    current::set_task(vm, &args[0], args[1].clone());
    Ok(previous)
}

/// Whether loops are in debug mode from their beginning.
pub(super) fn debug_mode(vm: &mut Vm, _: &[Value]) -> R {
    let environment = &vm.host.environment;
    let asked = environment
        .steering_variable("PYTHONASYNCIODEBUG")
        .is_some();
    Ok(Value::bool(asked || environment.settings.dev_mode))
}

/// A module if it was imported already, else None.
pub(super) fn loaded(vm: &mut Vm, args: &[Value]) -> R {
    let name = script::as_text(&args[0]);
    Ok(script::loaded_module(vm, &name).unwrap_or(Value::NONE))
}
