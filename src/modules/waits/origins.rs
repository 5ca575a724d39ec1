//! Whose the frames of a task that fails were, for the report.

use crate::builtins::arguments::string;
use crate::heap::Value;
use crate::object::exception::{Exception, Traceback};
use crate::object::task::Task;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Notes at the outermost frame of a task that fails whose it was, for the report. The task that the
/// loop runs for is no news.
pub fn note_failure(vm: &Vm, task: &Task, exception: &Value) {
    if !vm.records_origins {
        return;
    }
    use crate::modules::asyncio::reactions::STOP;
    let waiters = task.future.waiters();
    if waiters
        .iter()
        .any(|waiter| waiter.how.as_small_int() == Some(i64::from(STOP)))
    {
        return;
    }
    let traceback = exception.get::<Exception>().map(|e| e.traceback.get());
    let Some(entry) = traceback.as_ref().and_then(Value::get::<Traceback>) else {
        return;
    };
    if !entry.frame.task_note().is_undef() {
        return;
    }
    let name = task.name.get();
    let name = match name.as_small_int() {
        // One that got no name has a number.
        Some(number) => string(&format!("Task-{number}")),
        None => name,
    };
    let note = Tuple::pair(name, task.future.origin());
    entry.frame.set_task_note(note.into_value());
}
