//! What tasks do, told to who wants to know: the prompt shows failures at once, and traces.

use super::script;
use crate::heap::{Ref, Value};
use crate::object::native::R;
use crate::object::task::Task;
use crate::vm::Vm;

/// `_asyncio._set_task_hook(hook, /)`: from now on loops call `hook(what, task)`; None for no more.
pub(super) fn set_hook(vm: &mut Vm, args: &[Value]) -> R {
    vm.task_hook = args[0].clone();
    Ok(Value::NONE)
}

/// Has the task's loop tell what it does. Called where a task begins, waits and ends.
#[inline]
pub(super) fn tell(vm: &mut Vm, task: &Ref<Task>, what: &'static str) -> R<()> {
    if vm.task_hook.is_none() {
        return Ok(());
    }
    tell_hook(vm, task, what)
}

#[cold]
fn tell_hook(vm: &mut Vm, task: &Ref<Task>, what: &'static str) -> R<()> {
    let owner = task.future.owner.get();
    let args = [vm.task_hook.clone(), script::text(what), task.value()];
    script::call_method(vm, &owner, "call_soon", &args).map(drop)
}
