//! Where and when a task was made: kept with the task, while `Vm::records_origins` says so.

use super::capture::shown_name;
use crate::builtins::arguments::{float, int, string};
use crate::heap::Value;
use crate::object::exception::{Exception, Traceback};
use crate::object::task::Task;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Where a task was made.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file, as tracebacks name it.
    pub file: String,
    /// The same from the current folder, if it lies there.
    pub shown_file: String,
    /// The line.
    pub line: u32,
    /// The qualified name of the function.
    pub function: String,
    /// How long ago, in seconds.
    pub age: f64,
}

/// Keeps with a task that the script which runs makes it.
#[cold]
pub fn note_origin(vm: &mut Vm, task: &Task) {
    let Some((code, at)) = vm.visible_code() else {
        return;
    };
    let made = [
        string(code.source.name()),
        int(i64::from(code.line_at(at))),
        string(&code.qualname),
        float(vm.host.clock.monotonic()),
        task.future.source(),
    ];
    task.future.set_origin(Tuple::of(made.into()).into_value());
}

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

/// Where a task was made, if that was noted.
pub fn task_origin(vm: &Vm, task: &Value) -> Option<Origin> {
    let noted = task.get::<Task>()?.future.origin();
    let noted = noted.get::<Tuple>()?.items().to_vec();
    let text = |index: usize| crate::builtins::arguments::plain(&noted[index]);
    let at = crate::object::float::as_float(&noted[3])?;
    let file = text(0);
    Some(Origin {
        shown_file: shown_name(vm, &file),
        file,
        line: noted[1].as_small_int()? as u32,
        function: text(2),
        age: (vm.host.clock.monotonic() - at).max(0.0),
    })
}
