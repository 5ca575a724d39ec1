//! Where and when a task was made: kept with the task, while `Vm::records_origins` says so.

use super::Vm;
use crate::heap::Value;
use crate::object::float::{as_float, float};
use crate::object::str::Str;
use crate::object::task::Task;
use crate::object::tuple::Tuple;

/// Where a task was made.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file, as tracebacks name it.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The qualified name of the function.
    pub function: String,
    /// How long ago, in seconds.
    pub age: f64,
}

impl Vm {
    /// From now on tasks remember, or do not, where and when they are made.
    pub fn set_records_origins(&mut self, wanted: bool) {
        self.records_origins = wanted;
    }

    /// A task was made: there may be too many now, and where it was made may be wanted.
    #[inline]
    pub fn note_new_task(&mut self, task: &Task) {
        self.check_tasks();
        if self.records_origins {
            self.note_origin(task);
        }
    }

    /// Keeps with a task that the script which runs makes it.
    #[cold]
    fn note_origin(&mut self, task: &Task) {
        let Some((code, at)) = self.visible_code() else {
            return;
        };
        let made = vec![
            Str::new(code.source.name()).into_value(),
            Value::int32(code.line_at(at) as i32),
            Str::new(&code.qualname).into_value(),
            float(self.host.clock.monotonic()),
            task.future.source(),
        ];
        task.future.set_origin(Tuple::of(made).into_value());
    }

    /// Where a task was made, if that was noted.
    pub fn task_origin(&self, task: &Value) -> Option<Origin> {
        let noted = task.get::<Task>()?.future.origin();
        let [file, line, function, at, _] = noted.get::<Tuple>()?.items() else {
            return None;
        };
        let text = |value: &Value| value.get::<Str>().map(|text| text.to_text().into_owned());
        Some(Origin {
            file: text(file)?,
            line: line.as_small_int()? as u32,
            function: text(function)?,
            age: (self.host.clock.monotonic() - as_float(at)?).max(0.0),
        })
    }
}
