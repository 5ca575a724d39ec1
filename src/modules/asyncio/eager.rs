//! Tasks that start eagerly: their first step is taken where they are made.

use super::base_events::Loop;
use super::tasks::{context_of, drive, name_of, register, settle};
use super::{coroutines, current, script};
use crate::heap::{Ref, Value};
use crate::modules::contextvars;
use crate::object::generator::Generator;
use crate::object::kind;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Step};
use crate::object::task::Task;
use crate::vm::Vm;

/// What a loop's `create_task` does whose factory is `eager_task_factory`: makes the task and takes its first step at once.
/// None, with nothing done, if there is more to it.
pub fn spawn(
    vm: &mut Vm,
    looped: &Ref<Loop>,
    coro: &Value,
    (name, context): (&Value, &Value),
) -> R<Option<Step>> {
    if !starts_eagerly(vm, looped, coro) {
        return Ok(None);
    }
    let task = made(vm, looped, coro, context)?;
    let named = [task, name.clone()];
    Ok(Some(Step::Enter(&EAGER, Args::from_iter(named))))
}

fn starts_eagerly(vm: &mut Vm, looped: &Loop, coro: &Value) -> bool {
    let is_plain = looped.eager.get() && looped.is_plain() && looped.running.get();
    is_plain && coroutines::is_coroutine(vm, coro)
}

fn made(vm: &mut Vm, looped: &Ref<Loop>, coro: &Value, context: &Value) -> R {
    let owner = looped.value();
    let number = name_of(vm, &owner, &Value::NONE)?;
    let context = context_of(vm, context);
    let task = Task::alloc(kind::TASK as u32, owner, coro.clone(), context, number);
    Ok(task.into_value())
}

/// Has the frame of `asyncio.create_task` itself start its coroutine, with the registers that `eager` has; false, with
/// nothing done, where there is more to it.
pub(super) fn begins_here(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> bool {
    let Some(looped) = vm.running_loop.to_ref::<Loop>() else {
        return false;
    };
    let [coro, name, context, more] = &frame.regs[..4] else {
        return false;
    };
    let (coro, name, context) = (coro.clone(), name.clone(), context.clone());
    let has_more = !more.is_undef() || looped.own_tasks.get();
    if has_more || !starts_eagerly(vm, &looped, &coro) {
        return false;
    }
    let Ok(task) = made(vm, &looped, &coro, &context) else {
        return false;
    };
    let registers = [task, name, Value::UNDEF, Value::UNDEF];
    for (register, value) in frame.regs.iter_mut().zip(registers) {
        *register = value;
    }
    true
}

/// Starts a task at once, in the caller's step. Registers: task, the name that it then gets or Undef, its previous
/// context, the task that ran before.
pub(super) fn eager(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(task) = frame.regs[0].to_ref::<Task>() else {
        return Step::Return(Value::NONE);
    };
    if frame.state == 0
        && let Some(step) = started_plainly(vm, frame, &task)
    {
        frame.state = 1;
        return step;
    }
    let owner = task.future.owner.get();
    if frame.state == 0 {
        frame.state = 1;
        frame.regs[3] = current::task(vm, &owner);
        current::set_task(vm, &owner, task.value());
        register(&owner, &task);
        let context = task.context.get();
        return match contextvars::enter(vm, &context) {
            Ok(previous) => {
                frame.regs[2] = previous;
                drive(vm, &task, Value::UNDEF).unwrap_or_else(Step::Raise)
            }
            Err(raised) => {
                current::set_task(vm, &owner, std::mem::take(&mut frame.regs[3]));
                task.unregister();
                Step::Raise(raised)
            }
        };
    }
    contextvars::leave(vm, std::mem::take(&mut frame.regs[2]));
    let answer = settle(vm, &task, input);
    current::set_task(vm, &owner, std::mem::take(&mut frame.regs[3]));
    if !task.future.is_pending() {
        task.coro.set(Value::NONE);
    }
    let name = std::mem::take(&mut frame.regs[1]);
    let named = match name.is_undef() {
        true => Ok(()),
        // Shown as `str(None)`, which is made when somebody asks for it.
        false if name.is_none() => {
            task.name.set(Value::UNDEF);
            Ok(())
        }
        false => script::str_of(vm, &name).map(|name| task.name.set(script::text(&name))),
    };
    match answer.and(named) {
        Ok(()) => Step::Return(task.value()),
        Err(raised) => Step::Raise(raised),
    }
}

/// Takes the first step of a coroutine of script in a loop of ours, in a context that nobody runs in. None, with nothing
/// done, where there is more to it.
fn started_plainly(vm: &mut Vm, frame: &mut NativeFrame<'_>, task: &Ref<Task>) -> Option<Step> {
    let looped = task.future.owner.as_value().get::<Loop>()?;
    let context = task.context.as_value();
    let entered = context.get_exact::<contextvars::Context>()?;
    let coro = task.coro.as_value();
    if entered.is_entered() || !coro.is_kind::<Generator>() {
        return None;
    }
    looped.tasks.0.add(task);
    frame.regs[3] = looped.current.get();
    looped.current.set(task.value());
    entered.mark_entered();
    frame.regs[2] = std::mem::replace(&mut vm.context, context.clone());
    Some(Step::Send(coro.clone(), Value::NONE))
}

/// See `eager`.
pub static EAGER: Def = Def::frame("<eager start>(task, name, /)", 2, eager);
