//! Native reactions to a future's end, and native calls of the loop, by number:
//! what CPython does with closures and bound methods.

use super::{
    as_completed, debug, futures, gather, script, selector_events, stream_protocol, taskgroups,
    timeouts, trsock, waiting,
};
use crate::heap::{Ref, Value};
use crate::object::native::{Def, R};
use crate::object::task::Future;
use crate::vm::Vm;

/// Told that a future is done: what reacts, and the future.
pub type Reaction = fn(&mut Vm, &Value, &Ref<Future>) -> R<()>;

/// Wakes the task that is the target. It has an entry of its own (`Job::Wake`).
pub const WAKE: u8 = 0;
/// A child of a Gathering.
pub const GATHERED: u8 = 1;
/// What `shield` protects; the target is the outer future.
pub const SHIELD_INNER: u8 = 2;
/// The outer future of `shield`; the target is the inner one.
pub const SHIELD_OUTER: u8 = 3;
/// What `run_until_complete` waits for; the target is the loop.
pub const STOP: u8 = 4;
/// One of the futures of `wait`; the target is a Waiting.
pub const WAITED: u8 = 5;
/// What `wait_for` has cancelled; the target is the future to end.
pub const RELEASE: u8 = 6;
/// A task of a TaskGroup.
pub const GROUP: u8 = 7;
/// The task that serves a connection.
pub const SERVED: u8 = 8;
/// One of the futures of `as_completed`; the target is its iterator.
pub const ENDED: u8 = 9;

/// The reactions, by number, and how the callbacks that they stand for are shown in CPython.
static TABLE: &[(Reaction, &str)] = &[
    (waiting::never, "Task.task_wakeup()"),
    (
        gather::child_done,
        "gather.<locals>._done_callback() at /lib/asyncio/tasks.py:820",
    ),
    (
        waiting::shield_inner_done,
        "shield.<locals>._inner_done_callback() at /lib/asyncio/tasks.py:958",
    ),
    (
        waiting::shield_outer_done,
        "shield.<locals>._outer_done_callback() at /lib/asyncio/tasks.py:975",
    ),
    (
        super::turns::stop_when_done,
        "_run_until_complete_cb() at /lib/asyncio/base_events.py:182",
    ),
    (
        waiting::waited,
        "_wait.<locals>._on_completion() at /lib/asyncio/tasks.py:521",
    ),
    (
        waiting::release,
        "_release_waiter() at /lib/asyncio/tasks.py:454",
    ),
    (taskgroups::task_done, "TaskGroup._on_task_done()"),
    (
        stream_protocol::served,
        "StreamReaderProtocol.connection_made.<locals>.callback() at /lib/asyncio/streams.py:242",
    ),
    (
        as_completed::ended,
        "_AsCompletedIterator._handle_completion()",
    ),
];

/// Runs a reaction.
#[inline]
pub fn react(vm: &mut Vm, number: u8, target: &Value, future: &Value) -> R<()> {
    let Some((reaction, _)) = TABLE.get(number as usize) else {
        return Ok(());
    };
    match Future::to_ref(future) {
        Some(future) => reaction(vm, target, &future),
        None => {
            let twin = twin_of(vm, future)?;
            reaction(vm, target, &twin)
        }
    }
}

/// A future of ours with the outcome of one that a script wrote, which is done.
#[cold]
fn twin_of(vm: &mut Vm, future: &Value) -> R<Ref<Future>> {
    let owner = futures::loop_of(vm, future)?;
    let twin = Future::alloc(owner);
    let cancelled = script::call_method(vm, future, "cancelled", &[])?;
    if script::truth(vm, &cancelled)? {
        futures::cancel_plain(vm, &twin, Value::NONE)?;
        return Ok(twin);
    }
    let exception = script::call_method(vm, future, "exception", &[])?;
    if exception.is_none() {
        let result = script::call_method(vm, future, "result", &[])?;
        futures::set_result(vm, &twin, result)?;
    } else {
        futures::set_exception(vm, &twin, &exception)?;
        // Who wrote the future says whether somebody has to hear of it.
        twin.log_traceback.set(false);
    }
    Ok(twin)
}

/// How CPython's callback is shown, with the place of its definition there.
pub fn shown(number: u8) -> &'static str {
    TABLE.get(number as usize).map_or("", |(_, name)| name)
}

/// Called by the loop on an object.
pub type Call = fn(&mut Vm, &Value) -> R<()>;

/// A Timeout's deadline has come.
pub const TIMEOUT: u8 = 0;
/// A transport that begins: watches its socket.
pub const START_READING: u8 = 1;
/// A stream's socket is readable.
pub const READ_READY: u8 = 2;
/// A transport's socket is writable.
pub const WRITE_READY: u8 = 3;
/// A stream's transport has closed: tells it so.
pub const CONNECTION_LOST: u8 = 4;
/// A socket that connects is writable.
pub const CONNECTED: u8 = 5;
/// A loop's debug mode was switched.
pub const DEBUG_MODE: u8 = 6;
/// The timeout of an `as_completed` is over.
pub const TIME_IS_UP: u8 = 7;

/// The calls, by number.
static CALLS: &[(Call, &str)] = &[
    (timeouts::expire, "Timeout._on_timeout"),
    (
        selector_events::start_reading,
        "_SelectorTransport._add_reader",
    ),
    (
        selector_events::read_ready,
        "_SelectorSocketTransport._read_ready",
    ),
    (
        selector_events::write_ready,
        "_SelectorSocketTransport._write_sendmsg",
    ),
    (
        selector_events::connection_lost,
        "_SelectorTransport._call_connection_lost",
    ),
    (
        trsock::connect_ready,
        "BaseSelectorEventLoop._sock_connect_cb",
    ),
    (
        debug::mode_changed,
        "BaseEventLoop._set_coroutine_origin_tracking",
    ),
    (
        as_completed::time_is_up,
        "_AsCompletedIterator._handle_timeout",
    ),
];

/// Makes a call.
#[inline]
pub fn call(vm: &mut Vm, number: u8, target: &Value) -> R<()> {
    match CALLS.get(number as usize) {
        Some((call, _)) => call(vm, target),
        None => Ok(()),
    }
}

/// The qualified name that CPython's callback has.
pub fn call_name(number: u8) -> &'static str {
    CALLS.get(number as usize).map_or("", |(_, name)| name)
}

fn react_leaf(vm: &mut Vm, args: &[Value]) -> R {
    let (number, target) = script::numbered(&args[0]);
    react(vm, number, &target, &args[1])?;
    Ok(Value::NONE)
}

fn call_leaf(vm: &mut Vm, args: &[Value]) -> R {
    let (number, target) = script::numbered(&args[0]);
    call(vm, number, &target)?;
    Ok(Value::NONE)
}

fn finish_leaf(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(future) = Future::to_ref(&args[0]) {
        futures::finish_unless_done(vm, &future, Value::NONE)?;
    }
    Ok(Value::NONE)
}

/// A reaction as a callable, bound to (number, target).
pub static REACT: Def = Def::leaf("_done_callback(self, future, /)", react_leaf);
/// A call as a callable, bound to (number, target).
pub static CALL: Def = Def::leaf("_callback(self, /)", call_leaf);
/// Ends the future it is bound to.
pub static FINISH: Def = Def::leaf("_set_result_unless_cancelled(self, /)", finish_leaf);
