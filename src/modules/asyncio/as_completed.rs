//! `asyncio.as_completed`: what it gives is both kinds of iterator.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::base_events::{self, Loop};
use super::jobs::Job;
use super::waiting::{self, ensure_future_step};
use super::{coroutines, debug, events, futures, locks, queues, reactions, script};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Awaited, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::set::{Set, SetTable};
use crate::object::task::Future;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

traced_object! {
    /// What `as_completed` gives.
    pub struct AsCompleted: AS_COMPLETED {
        /// The futures that have not ended, and may: a set.
        running: Field,
        /// Those that have ended and were not given yet, in order; None for one that did not in time.
        ended: RefCell<VecDeque<Value>>,
        /// Who waits for the next.
        waiters: locks::Queue,
        /// The loop that those belong to.
        bound: Field,
        /// How many are still to be given.
        left: Cell<usize>,
        /// The loop of the futures.
        owner: Field,
        /// The timer of the timeout in a loop of ours.
        timer: Cell<Option<u64>>,
        /// Its handle, where the loop was asked for one; else Undef.
        handle: Field,
    }
}

/// Registers of `as_completed` behind its arguments: the iterator, the awaitables, the number of the next of them.
const ITERATOR: usize = 2;
const AWAITABLES: usize = 3;
const NEXT: usize = 4;

/// `as_completed(fs, *, timeout=None)`
pub(super) static AS_COMPLETED: Def =
    Def::frame("as_completed(fs, *, timeout=None)", 3, as_completed);

fn as_completed(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let begun = match (frame.state, input) {
        (0, _) => begin(vm, frame),
        (_, Input::Value(future)) => accept(vm, frame, &future),
        (_, Input::Raised(raised)) => Err(raised),
        _ => Ok(()),
    };
    begun
        .and_then(|()| go_on(vm, frame))
        .unwrap_or_else(Step::Raise)
}

fn begin(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<()> {
    frame.state = 1;
    let given = frame.regs[0].clone();
    let is_sequence = given.is_exact::<List>() || given.is_exact::<Tuple>();
    let is_awaitable = !is_sequence
        && (coroutines::is_coroutine(vm, &given)
            || futures::is_future(vm, &given)
            || script::is_awaitable(vm, &given));
    if is_awaitable {
        let name = script::plain_type_name(vm, &given);
        let text = format!("expects an iterable of awaitables, not {name}");
        return Err(script::error(vm, Known::TypeError, &text));
    }
    let owner = events::get_event_loop(vm)?;
    let awaitables = match is_sequence {
        true => {
            let all = vm.collect(&given)?;
            waiting::set_of_futures(vm, &all)?
        }
        false => vm.set_of(&given)?,
    };
    frame.regs[AWAITABLES] = script::tuple(members(&awaitables));
    frame.regs[NEXT] = Value::int32(0);
    let iterator = AsCompleted::alloc(
        kind::AS_COMPLETED as u32,
        Field::new(Set::new(SetTable::new()).into_value()),
        RefCell::default(),
        locks::Queue::default(),
        Field::undef(),
        Cell::new(0),
        Field::new(owner),
        Cell::new(None),
        Field::undef(),
    );
    frame.regs[ITERATOR] = iterator.into_value();
    Ok(())
}

fn members(set: &Set) -> Vec<Value> {
    set.table.borrow().iter().cloned().collect()
}

/// Makes futures of the awaitables that are left.
fn go_on(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let Some(owner) = frame.regs[ITERATOR].get::<AsCompleted>() else {
        return Ok(Step::Return(Value::NONE));
    };
    let owner = owner.owner.get();
    loop {
        let at = frame.regs[NEXT].as_small_int().unwrap_or(0);
        if at as usize >= script::tuple_len(&frame.regs[AWAITABLES]) {
            return finish(vm, frame);
        }
        frame.regs[NEXT] = script::int(at + 1);
        let awaitable = script::tuple_item(&frame.regs[AWAITABLES], at as usize);
        match ensure_future_step(vm, &awaitable, &owner)? {
            Step::Return(future) => accept(vm, frame, &future)?,
            step => return Ok(step),
        }
    }
}

/// One more future.
fn accept(vm: &mut Vm, frame: &mut NativeFrame<'_>, future: &Value) -> R<()> {
    let iterator = frame.regs[ITERATOR].get::<AsCompleted>();
    match iterator.and_then(|iterator| iterator.running.as_value().to_ref::<Set>()) {
        Some(running) => waiting::add_future(vm, &running, future),
        None => Ok(()),
    }
}

/// All futures are there: each is to tell of its end.
fn finish(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let value = std::mem::take(&mut frame.regs[ITERATOR]);
    let Some(iterator) = value.get::<AsCompleted>() else {
        return Ok(Step::Return(Value::NONE));
    };
    let Some(running) = iterator.running.as_value().to_ref::<Set>() else {
        return Ok(Step::Return(Value::NONE));
    };
    let all = members(&running);
    iterator.left.set(all.len());
    for value_of_one in &all {
        match Future::of(value_of_one) {
            Some(future) if futures::tells_natively(vm, value_of_one, "add_done_callback") => {
                futures::when_done(vm, future, reactions::ENDED, value.clone())?;
            }
            _ => {
                let callback = script::bound(&HANDLE_COMPLETION, value.clone());
                script::call_method(vm, value_of_one, "add_done_callback", &[callback])?;
            }
        }
    }
    let timeout = std::mem::take(&mut frame.regs[1]);
    if !timeout.is_none() && !all.is_empty() {
        set_timer(vm, iterator, &value, &timeout)?;
    }
    Ok(Step::Return(value))
}

fn set_timer(vm: &mut Vm, iterator: &AsCompleted, value: &Value, timeout: &Value) -> R<()> {
    let owner = iterator.owner.get();
    let is_plain = |looped: &Loop| looped.is_plain() && !looped.own_time.get();
    if let Some(delay) = base_events::plain_seconds(timeout)
        && owner.get::<Loop>().is_some_and(is_plain)
    {
        let when = vm.host.clock.monotonic() + delay;
        let job = Job::Call(reactions::TIME_IS_UP, value.clone());
        let id = base_events::job_at(vm, &owner, when, job)?;
        iterator.timer.set(Some(id));
        return Ok(());
    }
    let number = script::int(i64::from(reactions::TIME_IS_UP));
    let pair = script::tuple(vec![number, value.clone()]);
    let callback = script::bound(&reactions::CALL, pair);
    let arguments = [timeout.clone(), callback];
    let handle = script::call_method(vm, &owner, "call_later", &arguments)?;
    iterator.handle.set(handle);
    Ok(())
}

fn stop_timer(vm: &mut Vm, iterator: &AsCompleted) -> R<()> {
    if let Some(id) = iterator.timer.take() {
        base_events::cancel_timer(iterator.owner.as_value(), id);
    }
    let handle = iterator.handle.take();
    match handle.is_undef() {
        true => Ok(()),
        false => script::call_method(vm, &handle, "cancel", &[]).map(|_| ()),
    }
}

/// One of the futures has ended.
pub fn ended(vm: &mut Vm, target: &Value, future: &Ref<Future>) -> R<()> {
    handle_completion(vm, target, future.as_value())
}

fn handle_completion(vm: &mut Vm, target: &Value, future: &Value) -> R<()> {
    let Some(iterator) = target.get::<AsCompleted>() else {
        return Ok(());
    };
    let Some(running) = iterator.running.as_value().to_ref::<Set>() else {
        return Ok(());
    };
    if running.is_empty() || !waiting::discard_future(vm, &running, future)? {
        // It was too late.
        return Ok(());
    }
    iterator.ended.borrow_mut().push_back(future.clone());
    queues::wake_next(vm, &iterator.waiters)?;
    if running.is_empty() {
        stop_timer(vm, iterator)?;
    }
    Ok(())
}

/// What a future is told that keeps its callbacks itself: bound to the iterator.
static HANDLE_COMPLETION: Def = Def::leaf("_handle_completion(self, f, /)", |vm, args| {
    handle_completion(vm, &args[0], &args[1]).map(|()| Value::NONE)
});

/// The timeout is over: what has not ended gets no more chance.
pub fn time_is_up(vm: &mut Vm, target: &Value) -> R<()> {
    let Some(iterator) = target.get::<AsCompleted>() else {
        return Ok(());
    };
    let late = iterator.running.as_value().to_ref::<Set>();
    let late = late.map_or_else(Vec::new, |late| members(&late));
    iterator.running.set(Set::new(SetTable::new()).into_value());
    for value in &late {
        iterator.ended.borrow_mut().push_back(Value::NONE);
        queues::wake_next(vm, &iterator.waiters)?;
        match Future::of(value) {
            Some(future) if futures::tells_natively(vm, value, "remove_done_callback") => {
                futures::forget(future, reactions::ENDED, target);
            }
            _ => {
                let callback = script::bound(&HANDLE_COMPLETION, target.clone());
                script::call_method(vm, value, "remove_done_callback", &[callback])?;
            }
        }
    }
    Ok(())
}

// ----- the next one -------------------------------------------------------------------

/// What the next one is, or what has to be waited for first.
enum Next {
    Is(Value),
    Waits(Value),
}

const WAITS: u8 = 1;

/// Waits for one that has ended; the future it waits for goes to a register.
fn next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, register: usize) -> R<Next> {
    let value = frame.regs[0].clone();
    let Some(iterator) = value.get::<AsCompleted>() else {
        return Ok(Next::Is(Value::NONE));
    };
    if frame.state == WAITS {
        let waiter = std::mem::take(&mut frame.regs[register]);
        if let Input::Raised(raised) = input {
            give_up(vm, iterator, &waiter)?;
            return Err(raised);
        }
    }
    let first = iterator.ended.borrow_mut().pop_front();
    match first {
        Some(late) if late.is_none() => Err(script::error_with(vm, Known::TimeoutError, &[])),
        Some(future) => Ok(Next::Is(future)),
        None => {
            frame.state = WAITS;
            let waiters = &iterator.waiters;
            let waiter = waiters.join(vm, debug::GET, &value, &iterator.bound)?;
            frame.regs[register] = waiter.clone();
            Ok(Next::Waits(waiter))
        }
    }
}

/// A wait that was cancelled: if it had been woken, the next one is woken in its place.
fn give_up(vm: &mut Vm, iterator: &AsCompleted, waiter: &Value) -> R<()> {
    let Some(future) = Future::to_ref(waiter) else {
        return Ok(());
    };
    futures::cancel_plain(vm, &future, Value::NONE)?;
    iterator.waiters.leave(waiter);
    if !iterator.ended.borrow().is_empty() && !future.is_cancelled() {
        queues::wake_next(vm, &iterator.waiters)?;
    }
    Ok(())
}

/// Registers: self, the future it waits for.
fn anext(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 && !takes_one(&frame.regs[0]) {
        return Step::Raise(vm.stop_async_iteration());
    }
    match next(vm, frame, input, 1) {
        Ok(Next::Is(future)) => Step::Return(future),
        Ok(Next::Waits(waiter)) => Step::Await(waiter),
        Err(raised) => Step::Raise(raised),
    }
}

/// As `__anext__`, where one has ended.
fn anext_at_once(_: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let [value] = args else {
        return None;
    };
    let iterator = value.get::<AsCompleted>()?;
    let mut ended = iterator.ended.borrow_mut();
    if ended.front()?.is_none() || !takes_one(value) {
        return None;
    }
    ended.pop_front().map(|future| Ok(Awaited::Done(future)))
}

/// Counts one that is to be given; false if all were.
fn takes_one(value: &Value) -> bool {
    let Some(iterator) = value.get::<AsCompleted>() else {
        return false;
    };
    let left = iterator.left.get();
    iterator.left.set(left.saturating_sub(1));
    left > 0
}

/// Registers: self, whether the result is wanted, the future it waits for.
fn wait_for_one(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match next(vm, frame, input, 2) {
        Ok(Next::Is(future)) if frame.regs[1].is_true() => result_of(vm, &future).into(),
        Ok(Next::Is(future)) => Step::Return(future),
        Ok(Next::Waits(waiter)) => Step::Await(waiter),
        Err(raised) => Step::Raise(raised),
    }
}

fn result_of(vm: &mut Vm, value: &Value) -> R {
    match Future::to_ref(value) {
        Some(future) if futures::tells_natively(vm, value, "result") => {
            futures::raised_result(vm, &future)
        }
        _ => script::call_method(vm, value, "result", &[]),
    }
}

static WAIT_FOR_ONE: Def = Def::coroutine("_wait_for_one(self, resolve=False)", 1, wait_for_one);

fn next_method(vm: &mut Vm, args: &[Value]) -> R {
    if !takes_one(&args[0]) {
        return Err(vm.stop_iteration(Value::NONE));
    }
    let registers = [args[0].clone(), Value::TRUE];
    Ok(script::native_coroutine(vm, &WAIT_FOR_ONE, &registers))
}

fn same(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

/// The type of what `as_completed` gives.
pub static AS_COMPLETED_ITERATOR: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    methods: &[
        Def::leaf("__aiter__(self)", same),
        Def::leaf("__iter__(self)", same),
        Def::coroutine("__anext__(self)", 1, anext).awaited(anext_at_once),
        Def::leaf("__next__(self)", next_method),
    ],
    ..TypeDef::new("asyncio.tasks", "_AsCompletedIterator", kind::AS_COMPLETED)
};
