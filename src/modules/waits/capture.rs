//! The picture of all tasks and threads.

use std::collections::HashMap;

use super::words::{self, Waits};
use super::{Graph, Kind, Node, Place, State};
use crate::builtins::arguments::plain;
use crate::heap::Value;
use crate::modules::asyncio::base_events::Loop;
use crate::modules::asyncio::jobs::Job;
use crate::modules::asyncio::timeouts::Timeout;
use crate::modules::asyncio::{current, graph, reactions, tasks, timeouts};
use crate::object::generator::Generator;
use crate::object::str::Str;
use crate::object::task::{Future, Task};
use crate::source::Span;
use crate::vm::Vm;
use crate::vm::fiber::Status;
use crate::vm::origins::Origin;
use crate::vm::standing::{Level, Standing, is_library};

/// More tasks than these are counted, but not looked at.
const MOST_TASKS: usize = 10_000;

/// What is known while the picture is taken.
pub struct Known {
    /// Now, on the monotonic clock.
    pub now: f64,
    /// Nodes of tasks by their words.
    pub tasks: HashMap<i64, usize>,
    /// The generations of tasks, by word.
    pub generations: HashMap<i64, u8>,
    /// Names of nodes.
    pub names: Vec<String>,
    /// Nodes of threads by their idents.
    pub threads: HashMap<u64, usize>,
    /// When the futures of `sleep` and of waits with a timeout end, by word.
    pub ends: HashMap<i64, f64>,
    /// When a task's timeout expires, by the task's word.
    pub timeouts: HashMap<i64, f64>,
    /// Futures of calls that run on the host's pool.
    pub pool: Vec<i64>,
}

/// Takes the picture: of one loop, or of all.
pub fn capture(vm: &mut Vm, only: Option<&Value>) -> Graph {
    let fibers = vm.standing_fibers();
    let loops = loops(vm, only);
    let mut known = Known {
        now: vm.host.clock.monotonic(),
        tasks: HashMap::new(),
        generations: HashMap::new(),
        names: Vec::new(),
        threads: HashMap::new(),
        ends: HashMap::new(),
        timeouts: HashMap::new(),
        pool: Vec::new(),
    };
    let names = thread_names(vm);
    let threads = thread_nodes(vm, &fibers, &names, &mut known);
    let (tasks, count) = all_tasks(vm, &loops, threads.len(), &mut known);
    let mut graph = Graph {
        threads: threads.len(),
        nodes: threads,
        tasks: count,
    };
    for (index, fiber) in fibers.iter().enumerate() {
        let waits = words::of_thread(vm, &known, fiber);
        let node = &mut graph.nodes[index];
        node.state = thread_state(fiber, &waits);
        (node.wait, node.on) = (waits.text, waits.on);
    }
    for (task, looped) in &tasks {
        let node = task_node(vm, &known, &fibers, &graph.nodes, task, looped);
        graph.nodes.push(node);
    }
    connect(&mut graph, &tasks, &known);
    graph
}

/// The loops that run, in the order in which they began.
fn loops(vm: &mut Vm, only: Option<&Value>) -> Vec<Value> {
    if let Some(only) = only {
        return vec![only.clone()];
    }
    if !vm.state.contains_key(current::KEY) {
        return Vec::new();
    }
    current::shared(vm).loops.borrow().clone()
}

/// Names of threads by their idents, and whether they are daemons, as `threading` knows them.
fn thread_names(vm: &mut Vm) -> HashMap<u64, (String, bool)> {
    let mut names = HashMap::new();
    for (ident, thread) in Vm::plain_pairs(&vm.plain_global("threading", "_active")) {
        let name = vm.plain_attribute(&thread, "_name");
        let daemon = vm.plain_attribute(&thread, "_daemonic").is_true();
        if let Some(ident) = crate::object::int::IntView::of(&ident).and_then(|i| i.as_i64())
            && name.is_kind::<Str>()
        {
            names.insert(ident as u64, (plain(&name), daemon));
        }
    }
    names
}

fn thread_nodes(
    vm: &mut Vm,
    fibers: &[Standing],
    names: &HashMap<u64, (String, bool)>,
    known: &mut Known,
) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (index, fiber) in fibers.iter().enumerate() {
        let (mut name, daemon) = match names.get(&fiber.ident) {
            Some((name, daemon)) => (name.clone(), *daemon),
            None if fiber.is_main => ("MainThread".to_string(), false),
            None => (format!("Thread-{}", index + 1), true),
        };
        if known.threads.contains_key(&fiber.ident) {
            name = format!("{name} (greenlet)");
        }
        known.threads.entry(fiber.ident).or_insert(index);
        known.names.push(format!("thread {name}"));
        let levels = fiber.levels.iter().take_while(|level| !runs_task(level));
        nodes.push(Node {
            kind: Kind::Thread,
            id: fiber.ident,
            name,
            coroutine: String::new(),
            state: State::Running,
            wait: String::new(),
            places: places(
                vm,
                if is_in_loop(fiber) {
                    &[]
                } else {
                    &fiber.levels
                },
            ),
            on: Vec::new(),
            awaited_by: Vec::new(),
            thread: None,
            daemon,
            origin: None,
        });
        if is_in_loop(fiber) {
            let outside: Vec<&Level> = fiber.levels.iter().skip(levels.count()).collect();
            nodes[index].places = outside.iter().filter_map(|l| place(vm, l)).collect();
            // How the library runs a loop says nothing.
            nodes[index].places.retain(|place| !place.library);
        }
    }
    nodes
}

/// Whether a frame is that of a loop that runs.
pub fn runs_task(level: &Level) -> bool {
    matches!(level, Level::Native { def, regs }
        if matches!(def.name(), "run_forever" | "_run_once") && regs.first().is_some_and(Value::is_kind::<Loop>))
}

/// Whether a fiber runs a loop.
pub fn is_in_loop(fiber: &Standing) -> bool {
    fiber.levels.iter().any(runs_task)
}

fn thread_state(fiber: &Standing, waits: &Waits) -> State {
    match fiber.status {
        Status::Running if waits.text.is_empty() => State::Running,
        Status::Running => State::Waiting,
        Status::Ready | Status::Done => State::Ready,
        Status::Parked if waits.sleeps => State::Sleeping,
        Status::Parked => State::Waiting,
    }
}

/// The tasks with their loops, and how many there are; fills in what is known of them.
fn all_tasks(
    vm: &mut Vm,
    loops: &[Value],
    first: usize,
    known: &mut Known,
) -> (Vec<(Value, Value)>, usize) {
    let (mut found, mut count) = (Vec::new(), 0);
    for value in loops {
        let Some(looped) = value.get::<Loop>() else {
            continue;
        };
        looped
            .turns
            .0
            .borrow()
            .timers()
            .for_each_timed(&mut |_, when, job| match job {
                Job::Finish(future) => {
                    known.ends.insert(future.word(), when);
                }
                Job::Call(reactions::TIMEOUT, target) => note_timeout(known, target),
                _ => {}
            });
        let all = looped.tasks.0.all();
        count += all.len();
        for task in all {
            if found.len() >= MOST_TASKS {
                break;
            }
            let name = task.get::<Task>().map(tasks::shown_name);
            let generation = task.get::<Task>().map(|t| t.future.generation.get());
            known
                .generations
                .insert(task.word(), generation.unwrap_or(0));
            known.tasks.insert(task.word(), first + found.len());
            known
                .names
                .push(name.map_or_else(String::new, |name| plain(&name)));
            found.push((task, value.clone()));
        }
    }
    if vm.state.contains_key(current::KEY) {
        let shared = current::shared(vm);
        let tickets = shared.tickets.borrow();
        known.pool = tickets.iter().map(|(_, future)| future.word()).collect();
    }
    (found, count)
}

fn note_timeout(known: &mut Known, target: &Value) {
    if let (Some(when), Some(timeout)) = (timeouts::timer_of(target), target.get::<Timeout>()) {
        let task = timeout.task.as_value().word();
        let earliest = known.timeouts.entry(task).or_insert(when);
        *earliest = earliest.min(when);
    }
}

fn task_node(
    vm: &mut Vm,
    known: &Known,
    fibers: &[Standing],
    threads: &[Node],
    value: &Value,
    looped: &Value,
) -> Node {
    let thread = fibers.iter().position(|fiber| runs_loop(fiber, looped));
    let (name, coro) = match value.get::<Task>() {
        Some(task) => (plain(&tasks::shown_name(task)), task.coro.get()),
        None => Default::default(),
    };
    let runs = looped
        .get::<Loop>()
        .is_some_and(|looped| looped.current.as_value().is(value));
    let mut waits = Waits::default();
    let (state, places) = if runs {
        // It stands inside the thread's own frames.
        let fiber = thread.map(|index| &fibers[index]);
        let frames = fiber.map_or(&[][..], |fiber| frames_of(fiber, &coro));
        let outer = thread.map(|index| &threads[index]);
        if let Some(outer) = outer.filter(|outer| outer.state != State::Running) {
            (waits.text, waits.on) = (outer.wait.clone(), outer.on.clone());
        }
        let state = outer.map_or(State::Running, |outer| outer.state);
        (state, self::places(vm, frames))
    } else {
        let levels = vm.standing_of(&coro);
        waits = words::of_task(vm, known, value, &levels);
        (task_state(value, &waits), self::places(vm, &levels))
    };
    let coroutine = coro.get::<Generator>().map(|g| plain(&g.qualname.get()));
    Node {
        kind: Kind::Task,
        id: vm.address_number(value),
        name,
        coroutine: coroutine.unwrap_or_default(),
        state,
        wait: waits.text,
        places,
        on: waits.on,
        awaited_by: Vec::new(),
        thread,
        daemon: false,
        origin: vm.task_origin(value).map(|origin| Origin {
            file: vm.shown_file(&origin.file),
            ..origin
        }),
    }
}

fn runs_loop(fiber: &Standing, looped: &Value) -> bool {
    fiber.levels.iter().any(|level| match level {
        Level::Native { regs, .. } => runs_task(level) && regs[0].is(looped),
        Level::Script { .. } => false,
    })
}

/// The frames of a fiber inside the coroutine that it drives.
fn frames_of<'a>(fiber: &'a Standing, coro: &Value) -> &'a [Level] {
    let end = fiber.levels.iter().position(|level| match level {
        Level::Script { generator, .. } => *generator == coro.word(),
        Level::Native { .. } => runs_task(level),
    });
    match end {
        Some(end) => &fiber.levels[..=end],
        None => &[],
    }
}

fn task_state(value: &Value, waits: &Waits) -> State {
    let waiter = value.get::<Task>().map(|task| task.waiter.get());
    let pending = waiter
        .filter(|waiter| !waiter.is_undef())
        .is_some_and(|waiter| Future::of(&waiter).is_none_or(Future::is_pending));
    match pending {
        false => State::Ready,
        true if waits.sleeps => State::Sleeping,
        true => State::Waiting,
    }
}

/// Who awaits whom.
fn connect(graph: &mut Graph, tasks: &[(Value, Value)], known: &Known) {
    for (index, (task, _)) in tasks.iter().enumerate() {
        let node = graph.threads + index;
        for waiter in graph::awaiters_of(task) {
            if let Some(&outer) = known.tasks.get(&waiter.word())
                && outer != node
            {
                graph.nodes[node].awaited_by.push(outer);
            }
        }
    }
}

/// The places of frames: those in the library are left out, if there are others.
fn places(vm: &Vm, levels: &[Level]) -> Vec<Place> {
    let mut found: Vec<Place> = levels.iter().filter_map(|level| place(vm, level)).collect();
    keep_visible(&mut found);
    found
}

/// Library functions from which threads begin, and those that only wait for threads.
const BEGINNINGS: &[&str] = &[
    "Thread.run",
    "Thread._bootstrap",
    "_Call.run",
    "_LoopCall.run",
    "_worker",
    "_shutdown",
    "_python_exit",
];

/// Leaves the library's frames out; of nothing but those only what was called is of interest.
fn keep_visible(found: &mut Vec<Place>) {
    if found.iter().any(|place| !place.library) {
        found.retain(|place| !place.library);
        return;
    }
    let called = found
        .iter()
        .rposition(|place| !BEGINNINGS.contains(&place.function.as_str()));
    if let Some(called) = called {
        *found = vec![found[called].clone()];
    }
}

fn place(vm: &Vm, level: &Level) -> Option<Place> {
    let Level::Script { code, at, .. } = level else {
        return None;
    };
    let source = &code.source;
    let position = at.map(|at| code.position(at)).unwrap_or_default();
    let line = match at {
        Some(at) => code.line_at(*at),
        None => code.first_line,
    };
    let start = source.line_start(line);
    let text = source.line_text(line);
    let span = if position.line == line && position.end_column > 0 {
        let end = source.line_start(position.end_line.max(line)) + position.end_column;
        Span {
            start: start + position.column,
            end: end.min(start + text.len() as u32),
        }
    } else {
        let indent = text.len() - text.trim_start().len();
        Span {
            start: start + indent as u32,
            end: start + text.len() as u32,
        }
    };
    Some(Place {
        file: vm.shown_file(source.name()),
        line: source.original_line(line),
        function: code.qualname.to_string(),
        text: text.trim().to_string(),
        source: (source.clone(), span),
        library: is_library(code),
    })
}
