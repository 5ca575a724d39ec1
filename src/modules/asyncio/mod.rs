//! `asyncio`, the native part: everything that runs often. The package itself
//! and what runs rarely is written in the language (`stdlib/asyncio`), on top
//! of the module `_asyncio` that this room declares.
//!
//! A task's step, a future's end, a timer, a callback: each is one entry
//! (`jobs`) of the loop, which is a native frame (`turns`) that takes turns in
//! exactly CPython's order.

pub mod as_completed;
pub mod base_events;
mod callbacks;
pub mod conditions;
pub mod coroutines;
pub mod current;
pub mod debug;
pub mod eager;
pub mod events;
pub mod exceptions;
pub mod futures;
pub mod gather;
pub mod graph;
pub mod handles;
pub mod jobs;
pub mod locks;
mod own_methods;
mod pipes;
pub mod queues;
pub mod reactions;
pub mod reading;
pub mod report;
pub mod representation;
pub mod script;
pub mod selector_events;
pub mod stream_protocol;
pub mod stream_reader;
pub mod taskgroups;
pub mod tasks;
mod telling;
pub mod timeouts;
pub mod transports;
pub mod trsock;
pub mod turns;
pub mod waiting;
pub mod watching;
mod writing;

use crate::heap::{Ref, Value};
use crate::modules::waits;
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, TypeDef};
use crate::vm::Vm;

/// The types of this room.
pub static TYPES: &[&TypeDef] = &[
    &futures::FUTURE,
    &tasks::TASK,
    &gather::GATHERING,
    &as_completed::AS_COMPLETED_ITERATOR,
    &base_events::LOOP,
    &handles::HANDLE,
    &handles::TIMER_HANDLE,
    &timeouts::TIMEOUT,
    &taskgroups::TASK_GROUP,
    &locks::LOCK,
    &locks::EVENT,
    &conditions::CONDITION,
    &locks::SEMAPHORE,
    &locks::BOUNDED_SEMAPHORE,
    &queues::QUEUE,
    &queues::LIFO_QUEUE,
    &queues::PRIORITY_QUEUE,
    &stream_reader::STREAM_READER,
    &stream_protocol::STREAM_PROTOCOL,
    &stream_protocol::STREAM_WRITER,
    &transports::TRANSPORT,
    &trsock::TRANSPORT_SOCKET,
    &exceptions::CANCELLED_ERROR,
    &exceptions::INVALID_STATE_ERROR,
    &exceptions::SENDFILE_NOT_AVAILABLE,
    &exceptions::BROKEN_BARRIER_ERROR,
    &exceptions::INCOMPLETE_READ_ERROR,
    &exceptions::LIMIT_OVERRUN_ERROR,
    &exceptions::QUEUE_EMPTY,
    &exceptions::QUEUE_FULL,
    &exceptions::QUEUE_SHUT_DOWN,
];

/// `_asyncio`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_asyncio",
    doc: "The native part of asyncio.",
    functions: &FUNCTIONS,
    types: TYPES,
    setup: Some(setup),
};

const FUNCTIONS: [Def; 40] = [
    Def::leaf("get_running_loop()", events::get_running_loop),
    Def::leaf("_get_running_loop()", events::get_running_loop_or_none),
    Def::leaf("_set_running_loop(loop, /)", events::set_running_loop),
    Def::leaf("get_event_loop()", events::get_event_loop_function),
    Def::leaf("current_task(loop=None)", events::current_task),
    Def::leaf("all_tasks(loop=None)", events::all_tasks),
    Def::leaf("_tasks_in_order(loop=None)", events::tasks_in_order),
    Def::leaf("_enter_task(loop, task)", events::enter_task),
    Def::leaf("_leave_task(loop, task)", events::leave_task),
    Def::leaf("_swap_current_task(loop, task)", events::swap_current_task),
    Def::leaf("_awaiters(future, /)", graph::awaiters),
    Def::leaf("_task_tree(loop=None, /)", waits::task_tree),
    Def::leaf("_task_origin(task, /)", waits::task_origin_function),
    Def::leaf("_set_records_origins(flag, /)", waits::set_records_origins),
    Def::leaf("_deadlock()", waits::deadlock_function),
    Def::leaf("_task_doing(task, /)", waits::task_doing),
    Def::leaf("_set_task_hook(hook, /)", telling::set_hook),
    Def::leaf("isfuture(obj)", futures::isfuture),
    Def::leaf("_get_loop(fut)", futures::get_loop_function),
    Def::leaf(
        "_set_result_unless_cancelled(fut, result)",
        futures::set_result_unless_cancelled,
    ),
    Def::leaf("iscoroutine(obj)", coroutines::iscoroutine),
    Def::leaf("iscoroutinefunction(func)", coroutines::iscoroutinefunction),
    Def::leaf("timeout(delay)", timeouts::timeout_function),
    Def::leaf("timeout_at(when)", timeouts::timeout_at),
    Def::leaf("_debug_mode()", events::debug_mode),
    Def::leaf("_eager_factory(function, /)", base_events::eager_factory),
    Def::leaf("_loaded(module)", events::loaded),
    Def::leaf("_catch_interrupts(function)", turns::catch_interrupts),
    Def::leaf("_release_interrupts(before)", turns::release_interrupts),
    Def::leaf(
        "_bind(family, address, reuse_address, reuse_port, only6)",
        trsock::bind,
    ),
    Def::leaf("_listen(socket, backlog)", trsock::listen),
    Def::leaf("_accept(socket)", trsock::accept),
    Def::leaf("_transport_socket(socket)", trsock::adopt),
    Def::leaf("_read_now(fd, most, drains, /)", pipes::read_now),
    Def::leaf("_drains(fd, /)", pipes::drains),
    Def::leaf("_write_now(fd, data, /)", pipes::write_now),
    Def::leaf(
        "_plain_address(host, port, /)",
        trsock::plain_address_function,
    ),
    Def::leaf(
        "_stream(limit, loop, client_connected_cb, /)",
        stream_protocol::stream,
    ),
    Def::leaf("_give_bases(cls, bases, /)", |vm, args| match args[0]
        .to_ref::<crate::object::class::Class>()
    {
        Some(class) => vm.give_bases(&class, &args[1]).map(|()| Value::NONE),
        None => Ok(Value::NONE),
    }),
    Def::leaf(
        "_transport(loop, socket, protocol, waiter, server, /)",
        selector_events::make,
    ),
];

/// Functions that are native frames or coroutines have their tables beside them.
static MORE: &[&Def] = &[
    &waiting::SLEEP,
    &waiting::WAIT,
    &waiting::WAIT_FOR,
    &waiting::SHIELD,
    &waiting::CREATE_TASK,
    &waiting::ENSURE_FUTURE,
    &gather::GATHER,
    &as_completed::AS_COMPLETED,
    &trsock::GETADDRINFO,
    &trsock::CONNECT,
];

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let name = vm.intern("asyncio.tasks").into_value();
    for def in MORE {
        let function = crate::object::native::Native::alloc(def, Value::UNDEF, name.clone());
        vm.set_name(&module.namespace, def.name(), function.into_value())?;
    }
    Ok(())
}
