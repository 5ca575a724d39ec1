//! `asyncio.timeout`, `asyncio.timeout_at`.

use std::cell::Cell;

use super::exceptions::is_cancelled_error;
use super::jobs::{self, Job};
use super::{base_events, current, events, reactions, script, tasks, waiting};
use crate::heap::{Field, Ref, Value, Visitor};
use crate::object::class::class_flags;
use crate::object::exception::Exception;
use crate::object::kind;
use crate::object::native::{Awaited, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::task::Task;
use crate::object::traced::{Traced, traced_object};
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

/// Where a Timeout is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Not entered.
    Created,
    /// Inside its block.
    Entered,
    /// The time is up; the task was cancelled.
    Expiring,
    /// Left because the time was up.
    Expired,
    /// Left in time.
    Exited,
}

impl Life {
    fn word(self) -> &'static str {
        match self {
            Life::Created => "created",
            Life::Entered => "active",
            Life::Expiring => "expiring",
            Life::Expired => "expired",
            Life::Exited => "finished",
        }
    }
}

/// How the deadline will be noticed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// It will not.
    None,
    /// By this timer.
    Timer(u64),
    /// By an entry that is ready.
    Soon,
}

impl Traced for Alarm {
    fn trace(&self, _: &mut dyn Visitor) {}
}

traced_object! {
    /// `asyncio.Timeout`
    pub struct Timeout: TIMEOUT, attributes in attributes; {
        /// See `Life`.
        life: Cell<Life>,
        /// See `Alarm`.
        alarm: Cell<Alarm>,
        /// How many entries that were set for at once are still ready; all but the last are stale.
        soon: Cell<u32>,
        /// The task's count of cancellations when it was entered.
        cancelling: Cell<u16>,
        /// The deadline: a number, or None.
        when: Field,
        /// The task that is inside.
        task: Field,
        /// The loop.
        owner: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

/// A timeout with this deadline (a number or None).
fn at(when: Value) -> Ref<Timeout> {
    shaped(kind::TIMEOUT as u32, when)
}

/// The same of a class with instances of this shape.
fn shaped(shape: u32, when: Value) -> Ref<Timeout> {
    Timeout::alloc(
        shape,
        Cell::new(Life::Created),
        Cell::new(Alarm::None),
        Cell::new(0),
        Cell::new(0),
        Field::new(when),
        Field::undef(),
        Field::undef(),
        Field::undef(),
    )
}

/// One that is up after so many seconds, or never.
pub fn after(vm: &mut Vm, delay: Option<f64>) -> R<Ref<Timeout>> {
    let owner = events::running(vm)?;
    let Some(delay) = delay else {
        return Ok(at(Value::NONE));
    };
    let now = base_events::time_of_any(vm, &owner)?;
    Ok(at(script::float(now + delay)))
}

/// `__aenter__`
pub fn enter(vm: &mut Vm, timeout: &Ref<Timeout>) -> R<()> {
    if timeout.life.get() != Life::Created {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "Timeout has already been entered",
        ));
    }
    let owner = events::running(vm)?;
    let task = current::task(vm, &owner);
    let Some(typed) = task.get::<Task>() else {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "Timeout should be used inside a task",
        ));
    };
    timeout.life.set(Life::Entered);
    timeout.cancelling.set(typed.future.cancels.get());
    timeout.task.set(task);
    timeout.owner.set(owner);
    set_alarm(vm, timeout)
}

/// Has the loop notice the deadline.
fn set_alarm(vm: &mut Vm, timeout: &Ref<Timeout>) -> R<()> {
    clear_alarm(timeout);
    let when = timeout.when.get();
    if when.is_none() {
        return Ok(());
    }
    let seconds = script::number_compared(vm, &when)?;
    let owner = timeout.owner.get();
    let job = Job::Call(reactions::TIMEOUT, timeout.value());
    if seconds <= base_events::time_of_any(vm, &owner)? {
        timeout.soon.set(timeout.soon.get() + 1);
        timeout.alarm.set(Alarm::Soon);
        return jobs::push(vm, &owner, job);
    }
    if base_events::is_ours(&owner) {
        let id = base_events::job_at(vm, &owner, seconds, job)?;
        timeout.alarm.set(Alarm::Timer(id));
        return Ok(());
    }
    let pair = script::tuple(vec![
        script::int(i64::from(reactions::TIMEOUT)),
        timeout.value(),
    ]);
    let callback = script::bound(&reactions::CALL, pair);
    script::call_method(vm, &owner, "call_at", &[when, callback]).map(|_| ())
}

fn clear_alarm(timeout: &Timeout) {
    if let Alarm::Timer(id) = timeout.alarm.replace(Alarm::None) {
        base_events::cancel_timer(timeout.owner.as_value(), id);
    }
}

/// The deadline has come.
pub fn expire(vm: &mut Vm, target: &Value) -> R<()> {
    let Some(timeout) = target.to_ref::<Timeout>() else {
        return Ok(());
    };
    // Entries for at once are ready before any timer that was set after them.
    let later = timeout.soon.get().saturating_sub(1);
    let of_timer = timeout.soon.replace(later) == 0;
    let stale = match timeout.alarm.get() {
        Alarm::None => base_events::is_ours(timeout.owner.as_value()),
        Alarm::Soon => later > 0,
        Alarm::Timer(_) => !of_timer,
    };
    if stale || timeout.life.get() != Life::Entered {
        return Ok(());
    }
    let task = timeout.task.get();
    tasks::cancel(vm, &task, &Value::NONE)?;
    timeout.alarm.set(Alarm::None);
    timeout.life.set(Life::Expiring);
    Ok(())
}

/// The deadline of one that waits for a timer.
pub fn timer_of(target: &Value) -> Option<f64> {
    let timeout = target.get::<Timeout>()?;
    match timeout.alarm.get() {
        Alarm::Timer(_) => script::as_float(&timeout.when.get()),
        _ => None,
    }
}

/// `__aexit__`; an error is what replaces the exception.
pub fn leave(vm: &mut Vm, timeout: &Timeout, exception: Option<&Value>) -> R<()> {
    clear_alarm(timeout);
    match timeout.life.get() {
        Life::Expiring => {}
        Life::Entered => {
            timeout.life.set(Life::Exited);
            return Ok(());
        }
        _ => return Ok(()),
    }
    timeout.life.set(Life::Expired);
    let task = timeout.task.get();
    let Some(task) = task.get::<Task>() else {
        return Ok(());
    };
    let left = tasks::uncancel(task);
    let Some(exception) = exception else {
        return Ok(());
    };
    if left > timeout.cancelling.get() {
        return Ok(());
    }
    if is_cancelled_error(vm, exception) {
        return Err(waiting::timed_out(vm, &Raised(exception.clone())));
    }
    insert_timeout(vm, exception);
    if script::is_instance(vm, exception, Known::ExceptionGroup) {
        for inner in script::group_members(exception) {
            insert_timeout(vm, &inner);
        }
    }
    Ok(())
}

/// Puts a TimeoutError before the CancelledError in an exception's chain of contexts.
fn insert_timeout(vm: &mut Vm, exception: &Value) {
    let mut exception = exception.clone();
    while let Some(context) = exception
        .get::<Exception>()
        .map(|e| e.context.get())
        .filter(|c| !c.is_none())
    {
        if is_cancelled_error(vm, &context) {
            let error = waiting::timed_out(vm, &Raised(context));
            if let Some(e) = exception.get::<Exception>() {
                e.context.set(error.0);
            }
            return;
        }
        exception = context;
    }
}

// ----- what scripts see -------------------------------------------------------------------

fn this(vm: &mut Vm, value: &Value) -> R<Ref<Timeout>> {
    match value.to_ref::<Timeout>() {
        Some(timeout) => Ok(timeout),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a Timeout was expected",
        )),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &TIMEOUT)?;
    Ok(shaped(shape, Value::NONE).into_value())
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let timeout = this(vm, &args[0])?;
    timeout.life.set(Life::Created);
    timeout.when.set(args[1].clone());
    Ok(Value::NONE)
}

fn when(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.when.get())
}

fn reschedule(vm: &mut Vm, args: &[Value]) -> R {
    let timeout = this(vm, &args[0])?;
    match timeout.life.get() {
        Life::Entered => {}
        Life::Created => {
            return Err(script::error(
                vm,
                Known::RuntimeError,
                "Timeout has not been entered",
            ));
        }
        other => {
            let text = format!("Cannot change state of {} Timeout", other.word());
            return Err(script::error(vm, Known::RuntimeError, &text));
        }
    }
    timeout.when.set(args[1].clone());
    set_alarm(vm, &timeout)?;
    Ok(Value::NONE)
}

fn expired(vm: &mut Vm, args: &[Value]) -> R {
    let life = this(vm, &args[0])?.life.get();
    Ok(Value::bool(matches!(life, Life::Expiring | Life::Expired)))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let timeout = this(vm, &args[0])?;
    let life = timeout.life.get();
    let mut text = format!("<Timeout [{}]", life.word());
    if life == Life::Entered {
        let when = timeout.when.get();
        let shown = if when.is_none() {
            "None".to_owned()
        } else {
            let rounded = script::rounded(vm, &when, 3)?;
            script::str_of(vm, &rounded)?
        };
        text += &format!(" when={shown}");
    }
    Ok(script::text(&(text + ">")))
}

// `__aenter__` and `__aexit__` finish in one step: they never wait.

fn aenter(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let answer = this(vm, &frame.regs[0]).and_then(|timeout| {
        enter(vm, &timeout)?;
        Ok(timeout.into_value())
    });
    answer.into()
}

fn aexit(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let exception = if frame.regs[1].is_none() {
        None
    } else {
        Some(frame.regs[2].clone())
    };
    let answer = this(vm, &frame.regs[0]).and_then(|timeout| {
        leave(vm, &timeout, exception.as_ref())?;
        Ok(Value::NONE)
    });
    answer.into()
}

/// `asyncio.Timeout`
pub static TIMEOUT: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("__init__(self, when)", init),
        Def::leaf("when(self)", when),
        Def::leaf("reschedule(self, when)", reschedule),
        Def::leaf("expired(self)", expired),
        Def::leaf("__repr__(self)", repr),
        Def::coroutine("__aenter__(self)", 0, aenter).awaited(|vm, args| {
            let [timeout] = args else {
                return None;
            };
            let timeout = timeout.to_ref::<Timeout>()?;
            let entered = enter(vm, &timeout);
            Some(entered.map(|()| Awaited::Done(timeout.into_value())))
        }),
        Def::coroutine("__aexit__(self, exc_type, exc_val, exc_tb)", 0, aexit).awaited(
            |vm, args| {
                let [timeout, kind, _, _] = args else {
                    return None;
                };
                let timeout = timeout.to_ref::<Timeout>().filter(|_| kind.is_none())?;
                let left = leave(vm, &timeout, None);
                Some(left.map(|()| Awaited::Done(Value::NONE)))
            },
        ),
    ],
    attributes: &[DICT],
    ..TypeDef::new("asyncio.timeouts", "Timeout", kind::TIMEOUT)
};

pub(super) fn timeout_function(vm: &mut Vm, args: &[Value]) -> R {
    let delay = if args[0].is_none() {
        None
    } else {
        Some(script::number_or_error(vm, &args[0])?)
    };
    Ok(after(vm, delay)?.into_value())
}

pub(super) fn timeout_at(_: &mut Vm, args: &[Value]) -> R {
    Ok(at(args[0].clone()).into_value())
}
