//! Who waits where, for what, held by whom: the tasks of all loops and all threads, as they stand.
//!
//! `capture` takes the picture, `tree` writes it as a text, `dead` asks whether anything can ever wake
//! what waits. None of them runs script, so that a program is not disturbed by being looked at.

mod capture;
mod dead;
mod origins;
mod picture;
mod tree;
mod words;

use std::sync::Arc;

use crate::heap::Value;
use crate::object::native::R;
use crate::object::str::Str;
use crate::source::{SourceFile, Span};
use crate::vm::Vm;
use crate::vm::origins::Origin;

pub use capture::capture;
pub use dead::{STATUS, end_if_dead, report};
pub use origins::note_failure;
pub use tree::{table, tree};

/// A place in a script.
#[derive(Clone)]
pub struct Place {
    /// The file, from the current folder if it lies there.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The qualified name of the function.
    pub function: String,
    /// The text of the line.
    pub text: String,
    /// The file and what of it runs there.
    pub source: (Arc<SourceFile>, Span),
    /// It lies in the library.
    pub library: bool,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Running,
    /// It runs when its turn comes.
    Ready,
    /// It waits for a moment.
    Sleeping,
    /// It waits for something else.
    Waiting,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Ready => "ready",
            State::Sleeping => "sleeping",
            State::Waiting => "waiting",
        }
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A task of a loop.
    Task,
    /// A thread, or a greenlet of one.
    Thread,
}

/// A task or a thread.
pub struct Node {
    /// See `Kind`.
    pub kind: Kind,
    /// Which it is: no other object of the engine has this number while it lives.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Of a task the qualified name of its coroutine.
    pub coroutine: String,
    /// See `State`.
    pub state: State,
    /// What it waits for, as words that go on "waits for ..."; of one that sleeps how long.
    pub wait: String,
    /// Where it stands, innermost first.
    pub places: Vec<Place>,
    /// Who must do something before it goes on.
    pub on: Vec<usize>,
    /// Who awaits it.
    pub awaited_by: Vec<usize>,
    /// Of a task the thread whose loop runs it.
    pub thread: Option<usize>,
    /// A thread that the program does not wait for at its end.
    pub daemon: bool,
    /// Where a task was made, if that is known.
    pub origin: Option<Origin>,
}

/// Everybody, at one moment.
pub struct Graph {
    /// Threads, then tasks, in the order of their beginning.
    pub nodes: Vec<Node>,
    /// How many tasks there are; not all of very many are shown.
    pub tasks: usize,
    /// How many threads there are.
    pub threads: usize,
}

impl Node {
    /// How others speak of it.
    pub fn called(&self) -> String {
        match self.kind {
            Kind::Task => self.name.clone(),
            Kind::Thread => format!("thread {}", self.name),
        }
    }

    /// Its name, and whose coroutine it is.
    pub fn title(&self) -> String {
        match (self.kind, self.coroutine.is_empty()) {
            (Kind::Thread, _) => self.called(),
            (Kind::Task, true) => self.name.clone(),
            (Kind::Task, false) => format!("{} {}()", self.name, self.coroutine),
        }
    }

    /// What it does, in words.
    pub fn doing(&self) -> String {
        match self.state {
            State::Waiting if self.wait.is_empty() => "waits".to_string(),
            State::Waiting => format!("waits for {}", self.wait),
            State::Sleeping => format!("sleeps {}", self.wait),
            State::Running if !self.wait.is_empty() => format!("running, in {}", self.wait),
            state => state.word().to_string(),
        }
    }
}

/// `_asyncio._task_tree(loop=None, /)`: what SIGQUIT prints.
pub fn task_tree(vm: &mut Vm, args: &[Value]) -> R {
    let graph = capture(vm, Some(&args[0]).filter(|looped| !looped.is_none()));
    Ok(Str::new(&tree(&graph)).into_value())
}

/// `_asyncio._task_doing(task, /)`: what a task does, and the place where; None if it is not known any more.
pub fn task_doing(vm: &mut Vm, args: &[Value]) -> R {
    let graph = capture(vm, None);
    let number = vm.address_number(&args[0]);
    let Some(node) = graph.nodes.iter().find(|node| node.id == number) else {
        return Ok(Value::NONE);
    };
    let place = node.places.first().map_or(String::new(), |place| {
        format!(" at {}:{} in {}()", place.file, place.line, place.function)
    });
    Ok(Str::new(&format!("{}{place}", node.doing())).into_value())
}

/// `_asyncio._set_records_origins(flag, /)`
pub fn set_records_origins(vm: &mut Vm, args: &[Value]) -> R {
    let wanted = vm.truth(&args[0])?;
    vm.set_records_origins(wanted);
    Ok(Value::NONE)
}

/// `_asyncio._task_origin(task, /)`: file, line, function and age in seconds; None if they are not known.
pub fn task_origin_function(vm: &mut Vm, args: &[Value]) -> R {
    use crate::builtins::arguments::{float, int, string, tuple};
    match vm.task_origin(&args[0]) {
        None => Ok(Value::NONE),
        Some(origin) => {
            let parts = vec![
                string(&origin.file),
                int(i64::from(origin.line)),
                string(&origin.function),
                float(origin.age),
            ];
            tuple(vm, parts)
        }
    }
}

/// `_asyncio._deadlock()`: the report if nothing but what is typed can wake the tasks; else None.
/// Who asks takes care of it: from then on the program is not ended.
pub fn deadlock_function(vm: &mut Vm, _: &[Value]) -> R {
    vm.when_dead = None;
    Ok(match dead::report_beside_input(vm) {
        Some(report) => Str::new(&report).into_value(),
        None => Value::NONE,
    })
}

/// Answers SIGQUIT: to those who ask by a socket, else on standard error, unless the script has a
/// handler of its own.
pub fn on_quit(vm: &mut Vm, handled: bool) -> bool {
    tell_standing(vm, handled, true)
}

/// As `on_quit`, for a process that was started with SIGQUIT ignored: it answers who asks, and says nothing by itself.
pub fn on_quit_when_asked(vm: &mut Vm, handled: bool) -> bool {
    tell_standing(vm, handled, false)
}

fn tell_standing(vm: &mut Vm, handled: bool, speaks: bool) -> bool {
    let askers = vm.host.askers();
    if askers.is_empty() && (handled || !speaks) {
        return !handled;
    }
    let graph = capture(vm, None);
    if askers.is_empty() {
        let text = headed(vm, &graph);
        let _ = vm.host.stdio.output.flush();
        let _ = vm.host.stdio.error.write(text.as_bytes());
        let _ = vm.host.stdio.error.flush();
    }
    for asker in askers {
        let text = match asker.what.as_str() {
            "ps" => table(&graph),
            _ => headed(vm, &graph),
        };
        asker.answer(&text);
    }
    true
}

/// The tree below a line that says how many there are.
fn headed(vm: &Vm, graph: &Graph) -> String {
    let threads = |count| if count == 1 { "thread" } else { "threads" };
    let tasks = if graph.tasks == 1 { "task" } else { "tasks" };
    format!(
        "hoop {}: {} {tasks}, {} {}\n\n{}",
        vm.host.environment.process_id(),
        graph.tasks,
        graph.threads,
        threads(graph.threads),
        tree(graph)
    )
}
