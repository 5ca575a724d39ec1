//! Debug mode: where futures, tasks and handles were made, and which thread may ask a loop for what.
//! Nothing here runs for a loop that is not in debug mode.

use super::base_events::Loop;
use super::{report, script};
use crate::heap::{Ref, Value};
use crate::object::native::R;
use crate::object::task::{Future, Handle};
use crate::vm::Vm;
use crate::vm::types::Known;

/// A function of CPython's library that makes such an object for its caller: file, line, name. Natives have no
/// frames, so these are put where CPython has one.
pub type Place = (&'static str, u32, &'static str);

/// `loop.create_future()`
pub const CREATE_FUTURE: &[Place] = &[("base_events.py", 460, "create_future")];
/// `asyncio.create_task()`
pub const CREATE_TASK: &[Place] = &[("tasks.py", 410, "create_task")];
/// `TaskGroup.create_task()`
pub const GROUP_TASK: &[Place] = &[("taskgroups.py", 173, "create_task")];
/// `asyncio.ensure_future()`
pub const ENSURE_FUTURE: &[Place] = &[("tasks.py", 748, "ensure_future")];
/// `asyncio.gather()`
pub const GATHER: &[Place] = &[("tasks.py", 907, "gather"), ("tasks.py", 765, "__init__")];
/// `asyncio.shield()`
pub const SHIELD: &[Place] = &[
    ("tasks.py", 956, "shield"),
    ("base_events.py", 460, "create_future"),
];

/// What `loop.create_future()` gives where a function of asyncio calls it.
pub type Maker = &'static [Place; 2];
const CREATED: Place = ("base_events.py", 460, "create_future");
/// A wait of each kind.
pub const SLEEP: Maker = &[("tasks.py", 713, "sleep"), CREATED];
/// See `SLEEP`.
pub const WAIT: Maker = &[("tasks.py", 515, "_wait"), CREATED];
/// See `SLEEP`.
pub const CANCEL_AND_WAIT: Maker = &[("tasks.py", 557, "_cancel_and_wait"), CREATED];
/// See `SLEEP`.
pub const LOCK: Maker = &[("locks.py", 105, "acquire"), CREATED];
/// See `SLEEP`.
pub const EVENT: Maker = &[("locks.py", 210, "wait"), CREATED];
/// See `SLEEP`.
pub const CONDITION: Maker = &[("locks.py", 266, "wait"), CREATED];
/// See `SLEEP`.
pub const SEMAPHORE: Maker = &[("locks.py", 402, "acquire"), CREATED];
/// See `SLEEP`.
pub const PUT: Maker = &[("queues.py", 136, "put"), CREATED];
/// See `SLEEP`.
pub const GET: Maker = &[("queues.py", 183, "get"), CREATED];
/// See `SLEEP`.
pub const GROUP_END: Maker = &[("taskgroups.py", 103, "__aexit__"), CREATED];
/// See `SLEEP`.
pub const DRAIN: Maker = &[("streams.py", 169, "_drain_helper"), CREATED];
/// See `SLEEP`.
pub const CLOSED: Maker = &[("streams.py", 208, "__init__"), CREATED];
/// See `SLEEP`.
pub const DATA: Maker = &[("streams.py", 537, "_wait_for_data"), CREATED];
/// See `SLEEP`.
pub const ALL_SENT: Maker = &[("selector_events.py", 1191, "_make_empty_waiter"), CREATED];

/// How deep the origins of coroutines are tracked.
const ORIGIN_DEPTH: u32 = 10;

/// Whether this loop of ours is in debug mode.
#[inline]
pub fn is_on(owner: &Value) -> bool {
    owner.get::<Loop>().is_some_and(|looped| looped.debug.get())
}

/// Whether any loop is, one of a script's own class included.
pub fn is_on_anywhere(vm: &mut Vm, owner: &Value) -> R<bool> {
    if owner.get::<Loop>().is_some() {
        return Ok(is_on(owner));
    }
    let answer = script::call_method(vm, owner, "get_debug", &[])?;
    script::truth(vm, &answer)
}

/// The stack of the script, and of what stands for natives inside it.
#[cold]
fn stack(vm: &mut Vm, inside: &[Place]) -> R {
    let function = script::import_attr(vm, "asyncio.format_helpers", "_stack_of_creation")?;
    let places: Vec<Value> = inside
        .iter()
        .map(|(file, line, name)| {
            script::tuple(vec![
                script::text(&format!("/lib/asyncio/{file}")),
                script::int(i64::from(*line)),
                script::text(name),
            ])
        })
        .collect();
    script::call(vm, &function, &places)
}

/// Keeps with a future where it was made.
#[cold]
pub fn note_future(vm: &mut Vm, future: &Future, inside: &[Place]) -> R<()> {
    let made = stack(vm, inside)?;
    future.set_source(made);
    Ok(())
}

/// A future that a function of asyncio makes for itself.
pub fn made_by(vm: &mut Vm, maker: Maker, owner: Value) -> R<Ref<Future>> {
    let future = Future::alloc(owner);
    if is_on(future.owner.as_value()) {
        note_future(vm, &future, maker)?;
    }
    Ok(future)
}

/// Keeps with a handle where it was made.
#[cold]
pub fn note_handle(vm: &mut Vm, handle: &Handle) -> R<()> {
    let made = stack(vm, &[])?;
    handle.note(made, Value::NONE);
    Ok(())
}

/// ` created at FILE:LINE` for a stack of `stack`, nothing for any other value.
pub fn created_at(vm: &mut Vm, source: &Value) -> R<Option<String>> {
    if !source.is_object() {
        return Ok(None);
    }
    let Some(last) = vm.collect(source)?.pop() else {
        return Ok(None);
    };
    let file = script::attr(vm, &last, "filename")?;
    let line = script::attr(vm, &last, "lineno")?;
    let (file, line) = (script::str_of(vm, &file)?, script::str_of(vm, &line)?);
    Ok(Some(format!("created at {file}:{line}")))
}

/// A line in the log of who debugs: an object, and what happens to it.
pub fn remark(vm: &mut Vm, owner: &Value, about: &Value, what: &str) -> R<()> {
    if !is_on(owner) {
        return Ok(());
    }
    let shown = script::repr(vm, about)?;
    report::log_at(vm, "debug", &format!("{shown} {what}"), None)
}

/// RuntimeError if the loop runs, and not here.
#[cold]
pub fn check_thread(vm: &mut Vm, looped: &Loop) -> R<()> {
    let here = vm
        .running_loop
        .get::<Loop>()
        .is_some_and(|running| std::ptr::eq(running, looped));
    if !looped.running.get() || here {
        return Ok(());
    }
    let text = "Non-thread-safe operation invoked on an event loop other than the current one";
    Err(script::error(vm, Known::RuntimeError, text))
}

/// Begins or ends the tracking of coroutines' origins, as the loop's mode says.
pub fn track_origins(vm: &mut Vm, looped: &Loop, wanted: bool) {
    let before = looped.origin_depth.get();
    match (wanted, before) {
        (true, None) => {
            looped.origin_depth.set(Some(vm.origin_depth));
            vm.origin_depth = ORIGIN_DEPTH;
        }
        (false, Some(depth)) => {
            looped.origin_depth.set(None);
            vm.origin_depth = depth;
        }
        _ => {}
    }
}

/// A loop whose mode was changed while it ran.
pub fn mode_changed(vm: &mut Vm, owner: &Value) -> R<()> {
    if let Some(looped) = owner.to_ref::<Loop>()
        && looped.running.get()
    {
        track_origins(vm, &looped, looped.debug.get());
    }
    Ok(())
}
