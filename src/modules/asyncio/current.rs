//! What this module keeps for a whole engine: the number of the next task, the
//! loops that run, and which task each of them runs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::base_events::Loop;
use crate::heap::{Field, Ref, Value};
use crate::object::kind;
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;

traced_object! {
    /// See the module's text.
    pub struct Shared: ASYNCIO {
        /// The number of the last task that was not given a name.
        tasks: Untraced<TaskNumbers>,
        /// The number of the last loop.
        owners: Cell<u64>,
        /// The loops that run now.
        loops: RefCell<Vec<Value>>,
        /// `set_event_loop`
        event_loop: Field,
        /// The policy, or Undef before one was asked for.
        policy: Field,
        /// The tasks that foreign loops run: loop, task.
        foreign: RefCell<Vec<(Value, Value)>>,
        /// `eager_task_factory`, or Undef.
        eager_factory: Field,
        /// Calls on the host's pool: ticket, the future of its result.
        tickets: RefCell<Vec<(Value, Value)>>,
    }
}

/// Where the engine keeps it.
pub const KEY: &str = "asyncio";

/// The engine's one.
pub fn shared(vm: &mut Vm) -> Ref<Shared> {
    if let Some(shared) = vm.state.get(KEY).and_then(Value::to_ref::<Shared>) {
        return shared;
    }
    let shared = Shared::alloc(
        kind::ASYNCIO as u32,
        Untraced(TaskNumbers::default()),
        Cell::new(0),
        RefCell::default(),
        Field::undef(),
        Field::undef(),
        RefCell::default(),
        Field::undef(),
        RefCell::default(),
    );
    vm.state.insert(KEY, shared.value());
    vm.forget_run.push(forget_run);
    shared
}

/// The number of the last task without a name. Each loop has a reference to its engine's.
pub type TaskNumbers = Rc<Cell<u64>>;

/// The engine's counter of tasks.
pub fn task_numbers(vm: &mut Vm) -> TaskNumbers {
    shared(vm).tasks.0.clone()
}

/// The number of a new task of a loop.
pub fn next_task_number(vm: &mut Vm, owner: &Value) -> Value {
    let next = |numbers: &TaskNumbers| {
        numbers.set(numbers.get() + 1);
        numbers.get()
    };
    let number = match owner.get::<Loop>() {
        Some(owner) => next(&owner.numbers.0),
        None => next(&task_numbers(vm)),
    };
    Value::small_int(number as i64).unwrap_or(Value::NONE)
}

/// The task that a loop runs, or None.
pub fn task(vm: &mut Vm, owner: &Value) -> Value {
    if let Some(owner) = owner.get::<Loop>() {
        return owner.current.get();
    }
    let shared = shared(vm);
    let foreign = shared.foreign.borrow();
    foreign
        .iter()
        .find(|(known, _)| known.is(owner))
        .map_or(Value::NONE, |(_, task)| task.clone())
}

/// Says which task a loop runs.
pub fn set_task(vm: &mut Vm, owner: &Value, task: Value) {
    if let Some(owner) = owner.get::<Loop>() {
        owner.current.set(task);
        return;
    }
    let shared = shared(vm);
    let mut foreign = std::mem::take(&mut *shared.foreign.borrow_mut());
    foreign.retain(|(known, _)| !known.is(owner));
    if !task.is_none() {
        foreign.push((owner.clone(), task));
    }
    *shared.foreign.borrow_mut() = foreign;
}

/// A loop begins to run.
pub fn add_loop(vm: &mut Vm, owner: &Value) {
    shared(vm).loops.borrow_mut().push(owner.clone());
}

/// A loop has stopped running.
pub fn remove_loop(vm: &mut Vm, owner: &Value) {
    let shared = shared(vm);
    let at = shared
        .loops
        .borrow()
        .iter()
        .position(|known| known.is(owner));
    if let Some(at) = at {
        let gone = shared.loops.borrow_mut().remove(at);
        drop(gone);
    }
}

/// The running loop whose readiness is reported under this number.
pub fn loop_of_owner(vm: &mut Vm, owner: u64) -> Option<Value> {
    let shared = shared(vm);
    let loops = shared.loops.borrow();
    loops
        .iter()
        .find(|known| {
            known
                .get::<Loop>()
                .is_some_and(|l| l.turns.0.borrow().owner().0 == owner)
        })
        .cloned()
}

/// A run was taken down: its loops do not run any more, and nobody waits for what they were asked to do.
pub(super) fn forget_run(vm: &mut Vm) {
    let Some(shared) = vm.state.get(KEY).and_then(Value::to_ref::<Shared>) else {
        return;
    };
    for owner in shared.loops.take() {
        if let Some(owner) = owner.get::<Loop>() {
            owner.turns.0.borrow_mut().finish();
            owner.running.set(false);
            owner.current.set(Value::NONE);
        }
    }
    drop(shared.foreign.take());
    drop(shared.tickets.take());
    shared.event_loop.set(Value::UNDEF);
    shared.policy.set(Value::UNDEF);
    // The policy knows the loop of each thread, and with it all its tasks.
    if let Some(events) = vm.modules.get_name("asyncio.events")
        && let Some(events) = events.get::<crate::object::module::Module>()
    {
        let names = events.namespace.clone();
        // The name is there already, so that there is no need for room.
        let _ = vm.set_name(&names, "_event_loop_policy", Value::NONE);
    }
    if vm.state.remove(super::turns::OWN_SIGINT).is_some() {
        vm.state.insert(super::turns::SIGINT, Value::NONE);
    }
}
