//! `asyncio.Condition`.
//!
//! What is done here is done for a condition on a lock of ours, of exactly our class, whose methods no
//! script has replaced. Any other one is served by the functions in `stdlib/asyncio/locks.async`,
//! which ask for each of its methods.

use std::cell::Cell;

use super::exceptions::is_cancelled_error;
use super::locks::{self, Lock, Queue};
use super::{debug, futures, script};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{
    Args, Attribute, Awaited, Def, Input, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::task::Future;
use crate::object::traced::traced_object;
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

traced_object! {
    /// `asyncio.Condition`
    pub struct Condition: CONDITION, attributes in attributes; {
        /// The lock.
        lock: Field,
        /// `locked` as a script set it; Undef for that of the lock.
        own_locked: Field,
        /// The same of `acquire`.
        own_acquire: Field,
        /// The same of `release`.
        own_release: Field,
        /// Nothing of it is a script's.
        plain: Cell<bool>,
        /// Those who wait to be notified.
        waiters: Queue,
        /// The loop it belongs to.
        owner: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn this(vm: &mut Vm, value: &Value) -> R<Ref<Condition>> {
    match value.to_ref::<Condition>() {
        Some(condition) => Ok(condition),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a Condition object expected",
        )),
    }
}

/// The condition, if nothing of it is a script's, and its lock.
fn plainly(value: &Value) -> Option<(Ref<Condition>, Ref<Lock>)> {
    let condition = value.to_ref::<Condition>()?;
    let lock = condition.lock.as_value().to_ref::<Lock>()?;
    condition.plain.get().then_some((condition, lock))
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &CONDITION)?;
    let made = Condition::alloc(
        shape,
        Field::undef(),
        Field::undef(),
        Field::undef(),
        Field::undef(),
        Cell::new(false),
        Queue::default(),
        Field::undef(),
        Field::undef(),
    );
    Ok(made.into_value())
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let condition = this(vm, &args[0])?;
    let lock = match args[1].is_none() {
        true => locks::new_lock(),
        false => args[1].clone(),
    };
    condition.lock.set(lock.clone());
    condition
        .plain
        .set(lock.is_exact::<Lock>() && args[0].is_exact::<Condition>());
    if !condition.plain.get() {
        // The lock itself is used through the condition.
        for name in ["locked", "acquire", "release"] {
            let method = script::attr(vm, &lock, name)?;
            script::set_attr(vm, &args[0], name, method)?;
        }
    }
    Ok(Value::NONE)
}

/// Calls a function of `stdlib/asyncio/locks.async` in the place of a method.
fn by_script(vm: &mut Vm, name: &str, args: &[Value]) -> Step {
    match script::import_attr(vm, "asyncio.locks", name) {
        Ok(function) => Step::Call(function, Args::from(args)),
        Err(raised) => Step::Raise(raised),
    }
}

// ----- waiting ----------------------------------------------------------------------

/// Registers of a wait: the future it waits for.
const FUTURE: usize = 2;
/// What ended the wait for a notification.
const ENDED_BY: usize = 3;
/// The last cancellation while the lock was to be taken again.
const CANCELLED: usize = 4;

/// States of the frames that wait, for a notification and for the lock.
const SLEEPS: u8 = 1;
const TAKES_AGAIN: u8 = 2;
/// States of `wait_for`: the predicate was called.
const ASKS: u8 = 3;
/// A function of the script was called, and what it gave is awaited.
const CALLS_SCRIPT: u8 = 4;
const AWAITS_SCRIPT: u8 = 5;

fn unacquired(vm: &mut Vm, what: &str) -> Raised {
    let text = format!("cannot {what} on un-acquired lock");
    script::error(vm, Known::RuntimeError, &text)
}

/// Gives the lock up, and waits for a notification.
fn begin_wait(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    condition: &Condition,
    lock: &Lock,
) -> R<Step> {
    if !lock.locked.get() {
        return Err(unacquired(vm, "wait"));
    }
    let future = condition
        .waiters
        .join(vm, debug::CONDITION, &frame.regs[0], &condition.owner)?;
    frame.regs[FUTURE] = future.clone();
    frame.state = SLEEPS;
    locks::release_this(vm, lock)?;
    Ok(Step::Await(future))
}

/// Goes on with a wait; None when it is over, and the lock is held again.
fn go_on_waiting(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    (condition, lock): (&Condition, &Lock),
    input: Input,
) -> R<Option<Step>> {
    let future = std::mem::take(&mut frame.regs[FUTURE]);
    if frame.state == SLEEPS {
        condition.waiters.leave(&future);
        if let Input::Raised(raised) = input {
            frame.regs[ENDED_BY] = raised.0;
        }
    } else {
        lock.waiters.leave(&future);
        match input {
            Input::Raised(raised) => {
                let first = frame.regs[ENDED_BY].clone();
                if !first.is_undef() && !first.is(&raised.0) {
                    script::set_context(&raised.0, first);
                }
                if !is_cancelled_error(vm, &raised.0) {
                    wake(vm, condition, 1)?;
                    return Err(raised);
                }
                if !lock.locked.get() {
                    locks::wake_first(vm, lock)?;
                }
                // Whatever comes in between, the lock is taken; the last cancellation is kept for then.
                frame.regs[CANCELLED] = raised.0;
            }
            _ => {
                locks::take_lock(vm, lock);
                return wait_is_over(vm, frame, condition);
            }
        }
    }
    if locks::is_free(lock) {
        locks::take_lock(vm, lock);
        return wait_is_over(vm, frame, condition);
    }
    frame.state = TAKES_AGAIN;
    let future = lock
        .waiters
        .join(vm, debug::LOCK, condition.lock.as_value(), &lock.owner)?;
    frame.regs[FUTURE] = future.clone();
    Ok(Some(Step::Await(future)))
}

fn wait_is_over(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    condition: &Condition,
) -> R<Option<Step>> {
    let first = std::mem::take(&mut frame.regs[ENDED_BY]);
    let cancelled = std::mem::take(&mut frame.regs[CANCELLED]);
    let ended_by = match cancelled.is_undef() {
        true => first,
        false => cancelled,
    };
    if ended_by.is_undef() {
        return Ok(None);
    }
    // Who was notified and cannot use it hands the notification on.
    wake(vm, condition, 1)?;
    Err(Raised(ended_by))
}

fn wait(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some((condition, lock)) = natively(frame) else {
        return await_script(vm, frame, input, "_wait", 1);
    };
    let step = match frame.state {
        0 => begin_wait(vm, frame, &condition, &lock).map(Some),
        _ => go_on_waiting(vm, frame, (&condition, &lock), input),
    };
    match step {
        Ok(Some(step)) => step,
        Ok(None) => Step::Return(Value::TRUE),
        Err(raised) => Step::Raise(raised),
    }
}

/// The condition and its lock, if this frame does its work itself; None if a function of the script does.
fn natively(frame: &NativeFrame<'_>) -> Option<(Ref<Condition>, Ref<Lock>)> {
    match frame.state {
        CALLS_SCRIPT | AWAITS_SCRIPT => None,
        0 => plainly(&frame.regs[0]),
        // What has begun goes on so, whatever a script sets meanwhile.
        _ => {
            let condition = frame.regs[0].to_ref::<Condition>()?;
            let lock = condition.lock.as_value().to_ref::<Lock>()?;
            Some((condition, lock))
        }
    }
}

/// Awaits what a function of the script gives, called with the first `n` registers.
fn await_script(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    name: &str,
    n: usize,
) -> Step {
    match (frame.state, input) {
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (CALLS_SCRIPT, Input::Value(coroutine) | Input::Yielded(coroutine)) => {
            frame.state = AWAITS_SCRIPT;
            Step::Await(coroutine)
        }
        (AWAITS_SCRIPT, Input::Value(value) | Input::Yielded(value)) => Step::Return(value),
        _ => {
            frame.state = CALLS_SCRIPT;
            by_script(vm, name, &frame.regs[..n])
        }
    }
}

fn wait_for(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(plain) = natively(frame) else {
        return await_script(vm, frame, input, "_wait_for", 2);
    };
    wait_for_step(vm, frame, (&plain.0, &plain.1), input).unwrap_or_else(Step::Raise)
}

fn wait_for_step(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    (condition, lock): (&Condition, &Lock),
    input: Input,
) -> R<Step> {
    match (frame.state, input) {
        (0, _) => {}
        (ASKS, Input::Raised(raised)) => return Err(raised),
        (ASKS, Input::Value(answer) | Input::Yielded(answer)) => {
            if script::truth(vm, &answer)? {
                return Ok(Step::Return(answer));
            }
            return begin_wait(vm, frame, condition, lock);
        }
        (_, input) => {
            if let Some(step) = go_on_waiting(vm, frame, (condition, lock), input)? {
                return Ok(step);
            }
        }
    }
    frame.state = ASKS;
    Ok(Step::Call(frame.regs[1].clone(), Args::new()))
}

// ----- notifying --------------------------------------------------------------------

/// Wakes up to `n` of those who wait.
fn wake(vm: &mut Vm, condition: &Condition, n: i64) -> R<()> {
    let mut woken = 0;
    // One at a time, and by place: a loop of a script's may run what takes waiters out.
    for at in 0.. {
        if woken >= n {
            break;
        }
        let Some(waiter) = condition.waiters.futures.borrow().get(at).cloned() else {
            break;
        };
        if let Some(future) = Future::to_ref(&waiter).filter(|future| future.is_pending()) {
            woken += 1;
            futures::set_result(vm, &future, Value::FALSE)?;
        }
    }
    Ok(())
}

fn notify(vm: &mut Vm, args: &[Value]) -> R {
    if let (Some((condition, lock)), Some(n)) = (plainly(&args[0]), args[1].as_small_int()) {
        if !lock.locked.get() {
            return Err(unacquired(vm, "notify"));
        }
        wake(vm, &condition, n)?;
        return Ok(Value::NONE);
    }
    let function = script::import_attr(vm, "asyncio.locks", "_notify")?;
    script::call(vm, &function, args)
}

fn notify_all(vm: &mut Vm, args: &[Value]) -> R {
    let condition = this(vm, &args[0])?;
    let all = script::int(condition.waiters.len() as i64);
    if condition.plain.get() {
        return notify(vm, &[args[0].clone(), all]);
    }
    script::call_method(vm, &args[0], "notify", &[all])
}

fn wake_method(vm: &mut Vm, args: &[Value]) -> R {
    let condition = this(vm, &args[0])?;
    if condition.waiters.len() == 0 {
        return Ok(Value::NONE);
    }
    let Some(n) = script::number(vm, &args[1])? else {
        let name = vm.type_name(&args[1]);
        let text = format!("'>=' not supported between instances of 'int' and '{name}'");
        return Err(script::error(vm, Known::TypeError, &text));
    };
    wake(vm, &condition, n.ceil() as i64)?;
    Ok(Value::NONE)
}

/// `_join(self, /)`: a future that is woken by a notification; `_leave` ends its wait.
fn join(vm: &mut Vm, args: &[Value]) -> R {
    let condition = this(vm, &args[0])?;
    condition
        .waiters
        .join(vm, debug::CONDITION, &args[0], &condition.owner)
}

fn leave(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.waiters.leave(&args[1]);
    Ok(Value::NONE)
}

// ----- entering ---------------------------------------------------------------------

fn aenter(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match natively(frame) {
        Some((_, lock)) => match locks::acquire_this(vm, frame, &lock, input) {
            Ok(None) => Step::Return(Value::NONE),
            Ok(Some(future)) => Step::Await(future),
            Err(raised) => Step::Raise(raised),
        },
        None => await_script(vm, frame, input, "_enter", 1),
    }
}

fn aexit(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => match plainly(&frame.regs[0]) {
            Some((_, lock)) => locks::release_this(vm, &lock).map(|()| Value::NONE).into(),
            None => match script::attr(vm, &frame.regs[0], "release") {
                Ok(release) => Step::Call(release, Args::new()),
                Err(raised) => Step::Raise(raised),
            },
        },
        Input::Raised(raised) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn enter_at_once(vm: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let [condition] = args else {
        return None;
    };
    let (_, lock) = plainly(condition)?;
    locks::take_free(vm, &lock).then_some(Ok(Awaited::Done(Value::NONE)))
}

fn exit_at_once(vm: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let (_, lock) = plainly(args.first().filter(|_| args.len() == 4)?)?;
    let released = locks::release_this(vm, &lock);
    Some(released.map(|()| Awaited::Done(Value::NONE)))
}

// ----- what scripts see -------------------------------------------------------------

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let condition = this(vm, &args[0])?;
    let locked = script::call_method(vm, &args[0], "locked", &[])?;
    let word = match script::truth(vm, &locked)? {
        true => "locked",
        false => "unlocked",
    };
    Ok(locks::shown(vm, &args[0], word, condition.waiters.len()))
}

/// Which of the three a script set, or that of the lock.
fn own(vm: &mut Vm, value: &Value, name: &str, place: fn(&Condition) -> &Field) -> R {
    let condition = this(vm, value)?;
    let own = place(&condition).get();
    match own.is_undef() {
        true => script::attr(vm, &condition.lock.get(), name),
        false => Ok(own),
    }
}

fn set_own(vm: &mut Vm, value: &Value, to: &Value, place: fn(&Condition) -> &Field) -> R<()> {
    let condition = this(vm, value)?;
    condition.plain.set(false);
    place(&condition).set(to.clone());
    Ok(())
}

fn waiters(vm: &mut Vm, value: &Value) -> R {
    let condition = this(vm, value)?;
    condition.waiters.shown(vm)
}

fn lock(vm: &mut Vm, value: &Value) -> R {
    Ok(script::or_none(this(vm, value)?.lock.get()))
}

fn set_lock(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    let condition = this(vm, value)?;
    condition.plain.set(false);
    condition.lock.set(to.clone());
    Ok(())
}

/// `asyncio.Condition`
pub static CONDITION: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("__init__(self, lock=None)", init),
        Def::leaf("__repr__(self)", repr),
        Def::coroutine("wait(self)", 4, wait),
        Def::coroutine("wait_for(self, predicate)", 3, wait_for),
        Def::leaf("notify(self, n=1)", notify),
        Def::leaf("notify_all(self)", notify_all),
        Def::leaf("_notify(self, n)", wake_method),
        Def::leaf("_join(self, /)", join),
        Def::leaf("_leave(self, future, /)", leave),
        Def::coroutine("__aenter__(self)", 1, aenter).awaited(enter_at_once),
        Def::coroutine("__aexit__(self, exc_type, exc, tb)", 0, aexit).awaited(exit_at_once),
    ],
    attributes: &[
        DICT,
        Attribute::get_set(
            "locked",
            |vm, value| own(vm, value, "locked", |c| &c.own_locked),
            |vm, value, to| set_own(vm, value, to, |c| &c.own_locked),
        ),
        Attribute::get_set(
            "acquire",
            |vm, value| own(vm, value, "acquire", |c| &c.own_acquire),
            |vm, value, to| set_own(vm, value, to, |c| &c.own_acquire),
        ),
        Attribute::get_set(
            "release",
            |vm, value| own(vm, value, "release", |c| &c.own_release),
            |vm, value, to| set_own(vm, value, to, |c| &c.own_release),
        ),
        Attribute::get_set("_lock", lock, set_lock),
        Attribute::get("_waiters", waiters),
    ],
    ..TypeDef::new("asyncio.locks", "Condition", kind::CONDITION)
};
