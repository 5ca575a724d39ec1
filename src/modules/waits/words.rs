//! What a task or a thread waits for, in words.

use super::capture::{Known, is_in_loop, runs_task};
use crate::builtins::arguments::plain;
use crate::heap::Value;
use crate::modules::asyncio::as_completed::AsCompleted;
use crate::modules::asyncio::conditions::Condition;
use crate::modules::asyncio::locks::{Event, Lock, Semaphore};
use crate::modules::asyncio::queues::Queue;
use crate::modules::asyncio::reactions;
use crate::modules::asyncio::stream_protocol::StreamWriter;
use crate::modules::asyncio::stream_reader::StreamReader;
use crate::modules::asyncio::taskgroups::TaskGroup;
use crate::modules::asyncio::waiting::{Until, Waiting};
use crate::modules::thread;
use crate::object::function::Function;
use crate::object::int::IntView;
use crate::object::set::Set;
use crate::object::str::Str;
use crate::object::task::{Future, Gathering, Task};
use crate::vm::Vm;
use crate::vm::fiber::Status;
use crate::vm::standing::{Level, Standing, is_library};

/// What somebody waits for.
#[derive(Default)]
pub struct Waits {
    /// In words.
    pub text: String,
    /// The nodes that must do something first.
    pub on: Vec<usize>,
    /// It only waits for a moment.
    pub sleeps: bool,
}

impl Waits {
    fn plain(text: impl Into<String>) -> Waits {
        Waits {
            text: text.into(),
            ..Waits::default()
        }
    }
}

/// More names than these are not told.
const MOST_NAMES: usize = 5;

/// What a task waits for that does not run. Its frames are those of `levels`.
pub fn of_task(vm: &mut Vm, known: &Known, task: &Value, levels: &[Level]) -> Waits {
    let Some(waiter) = task.get::<Task>().map(|task| task.waiter.get()) else {
        return Waits::default();
    };
    if waiter.is_undef() {
        return Waits::default();
    }
    let mut waits = match levels.first() {
        // A Barrier waits in its Condition.
        Some(Level::Native { def, regs })
            if regs.first().is_some_and(Value::is_kind::<Condition>) =>
        {
            of_library(vm, known, levels).or_else(|| of_native(vm, known, def.name(), regs))
        }
        Some(Level::Native { def, regs }) => of_native(vm, known, def.name(), regs),
        _ => None,
    }
    .or_else(|| of_library(vm, known, levels))
    .unwrap_or_else(|| of_future(known, &waiter));
    if let Some(end) = known.timeouts.get(&task.word()) {
        let left = seconds(end - known.now);
        waits.text = format!("{} (timeout in {left})", waits.text);
    } else if let Some(end) = known.ends.get(&waiter.word()).filter(|_| !waits.sleeps) {
        waits.text = format!("{} (timeout in {})", waits.text, seconds(end - known.now));
    }
    if waits.sleeps
        && let Some(end) = known.ends.get(&waiter.word())
    {
        let more = waits.text;
        waits.text = format!("{} more{more}", seconds(end - known.now));
    }
    waits
}

/// Seconds as they are shown.
pub fn seconds(left: f64) -> String {
    let left = left.max(0.0);
    if left < 60.0 {
        format!("{left:.1} s")
    } else if left < 3600.0 {
        format!("{:.0} min {:.0} s", (left / 60.0).floor(), left % 60.0)
    } else {
        format!(
            "{:.0} h {:.0} min",
            (left / 3600.0).floor(),
            left % 3600.0 / 60.0
        )
    }
}

/// What a native coroutine waits for, by its name and registers.
fn of_native(vm: &mut Vm, known: &Known, name: &str, regs: &[Value]) -> Option<Waits> {
    let this = regs.first()?;
    let class = vm.type_name(this);
    let class = class.rsplit('.').next().unwrap_or(&class).to_string();
    if let Some(lock) = this.get::<Lock>() {
        return Some(of_lock(known, &class, lock));
    }
    if let Some(condition) = this.get::<Condition>() {
        let told = regs.iter().any(|reg| condition.waiters.has(reg));
        return match condition.lock.as_value().get::<Lock>().filter(|_| !told) {
            Some(lock) => Some(of_lock(known, "Lock", lock)),
            None => Some(Waits::plain(format!("a {class} to be notified"))),
        };
    }
    if let Some(semaphore) = this.get::<Semaphore>() {
        let left = semaphore.value.get();
        return Some(Waits::plain(format!("a {class} with {left} left")));
    }
    if this.is_kind::<Event>() {
        return Some(Waits::plain(format!("an {class} to be set")));
    }
    if let Some(queue) = this.get::<Queue>() {
        return Some(Waits::plain(of_queue(&class, queue, name)));
    }
    if this.is_kind::<StreamReader>() {
        return Some(Waits::plain(format!("data to read from a stream ({name})")));
    }
    if this.is_kind::<StreamWriter>() {
        let what = if name == "drain" {
            "room to write to"
        } else {
            "the end of"
        };
        return Some(Waits::plain(format!("{what} a stream ({name})")));
    }
    if let Some(group) = this.get::<TaskGroup>() {
        let members = group.members.borrow().clone();
        return Some(of_several(known, "a TaskGroup of", members.iter()));
    }
    if let Some(iterator) = this.get::<AsCompleted>() {
        let running = iterator.running.as_value().get::<Set>();
        let running = running.map_or_else(Vec::new, |running| {
            running.table.borrow().iter().cloned().collect()
        });
        return Some(of_several(known, "the next of", running.iter()));
    }
    match name {
        "sleep" => Some(Waits {
            sleeps: true,
            ..Waits::default()
        }),
        "wait" => {
            let waiting = regs.iter().find_map(|reg| reg.get::<Waiting>())?;
            let all = waiting.futures.borrow().clone();
            let how = match waiting.until {
                Until::All => "all of",
                Until::First => "the first of",
                Until::Failure => "all, or the first to fail, of",
            };
            Some(of_several(known, how, all.iter()))
        }
        "getaddrinfo" => Some(Waits::plain("the look-up of a name")),
        "_connect" => Some(Waits::plain("a connection")),
        _ => None,
    }
}

fn of_lock(known: &Known, class: &str, lock: &Lock) -> Waits {
    if !lock.locked.get() {
        return Waits::plain(format!("a {class} that is free"));
    }
    let (holder, generation) = lock.holder.get();
    let lives = known.generations.get(&holder) == Some(&generation);
    match known.tasks.get(&holder).filter(|_| lives) {
        Some(&holder) => Waits {
            text: format!("a {class} held by {}", known.names[holder]),
            on: vec![holder],
            sleeps: false,
        },
        None => Waits::plain(format!("a {class} held by a task that has ended")),
    }
}

fn of_queue(class: &str, queue: &Queue, name: &str) -> String {
    match name {
        "put" => format!("room in a full {class} (maxsize {})", queue.size.get()),
        "get" => format!("an item from an empty {class}"),
        _ => {
            let left = queue.unfinished.get();
            format!("a {class} to be done with ({left} unfinished)")
        }
    }
}

fn of_several<'a>(known: &Known, how: &str, all: impl Iterator<Item = &'a Value>) -> Waits {
    let pending: Vec<&Value> = all
        .filter(|value| Future::of(value).is_none_or(Future::is_pending))
        .collect();
    let mut names: Vec<String> = Vec::new();
    let mut on = Vec::new();
    for value in &pending {
        let one = of_future(known, value);
        on.extend(one.on);
        if names.len() < MOST_NAMES {
            names.push(one.text);
        }
    }
    if pending.len() > names.len() {
        names.push(format!("{} more", pending.len() - names.len()));
    }
    Waits {
        text: format!("{how} {}", names.join(", ")),
        on,
        sleeps: false,
    }
}

/// What a future is.
fn of_future(known: &Known, value: &Value) -> Waits {
    if let Some(&task) = known.tasks.get(&value.word()) {
        return Waits {
            text: known.names[task].clone(),
            on: vec![task],
            sleeps: false,
        };
    }
    if let Some(gathering) = value.get::<Gathering>() {
        let children = gathering.children.borrow().clone();
        return of_several(known, "a gather of", children.iter());
    }
    if known.pool.contains(&value.word()) {
        return Waits::plain("a call on the pool");
    }
    let Some(future) = Future::of(value) else {
        return Waits::plain("a foreign future");
    };
    for waiter in future.waiters() {
        if waiter.how.as_small_int() == Some(i64::from(reactions::SHIELD_OUTER)) {
            let inner = of_future(known, &waiter.target);
            let text = format!("a shield of {}", inner.text);
            return Waits { text, ..inner };
        }
        let chained = waiter.target.get::<Function>();
        if chained.is_some_and(|f| plain(&f.qualname.get()).starts_with("_chain_future")) {
            return Waits::plain("a call in another thread or process");
        }
    }
    Waits::plain("a Future")
}

/// What the library's functions wait for: the outermost of those inside the script's own frames.
fn of_library(vm: &mut Vm, known: &Known, levels: &[Level]) -> Option<Waits> {
    let mut found = None;
    for level in levels {
        let Level::Script { code, first, .. } = level else {
            continue;
        };
        if !is_library(code) {
            break;
        }
        let file = code.source.name();
        let file = file.strip_prefix("<library>/").unwrap_or(file);
        let file = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        if let Some(waits) = of_function(vm, known, file, &code.qualname, first) {
            found = Some(waits);
        }
    }
    found
}

fn of_function(vm: &mut Vm, known: &Known, file: &str, name: &str, this: &Value) -> Option<Waits> {
    let number = |vm: &mut Vm, name: &str| {
        let value = vm.plain_attribute(this, name);
        IntView::of(&value).and_then(|i| i.as_i64()).unwrap_or(0)
    };
    let text = match (file, name) {
        ("asyncio/locks", "_wait" | "_wait_for") => "a Condition to be notified".to_string(),
        ("threading", "Condition.wait" | "Condition.wait_for") => {
            "a threading.Condition to be notified".to_string()
        }
        ("asyncio/locks" | "threading", "Barrier.wait") => {
            let module = if file == "threading" {
                "threading."
            } else {
                ""
            };
            let (there, all) = (number(vm, "_count"), number(vm, "_parties"));
            format!("a {module}Barrier ({there} of {all} are there)")
        }
        ("threading", "Event.wait") => "a threading.Event to be set".to_string(),
        ("threading", "Semaphore.acquire") => {
            format!(
                "a threading.{} with {} left",
                vm.type_name(this),
                number(vm, "_value")
            )
        }
        ("threading", "Thread.join") => return Some(of_join(vm, known, this)),
        ("queue", "Queue.get" | "SimpleQueue.get") => {
            format!("an item from an empty queue.{}", vm.type_name(this))
        }
        ("queue", "Queue.put") => format!(
            "room in a full queue.{} (maxsize {})",
            vm.type_name(this),
            number(vm, "maxsize")
        ),
        ("queue", "Queue.join") => format!(
            "a queue.{} to be done with ({} unfinished)",
            vm.type_name(this),
            number(vm, "unfinished_tasks")
        ),
        ("concurrent/futures/_base", "Future.result" | "Future.exception") => {
            "the result of a call in another thread or process".to_string()
        }
        ("asyncio/threads", "to_thread") => "a call in another thread".to_string(),
        ("asyncio/subprocess", "Process.wait" | "Process.communicate") => {
            "the end of a child process".to_string()
        }
        ("asyncio/base_events", "Server.serve_forever") => "clients".to_string(),
        ("subprocess", "Popen.wait" | "Popen.communicate") => {
            "the end of a child process".to_string()
        }
        ("selectors", _) if name.ends_with(".select") => "a selector".to_string(),
        _ => return None,
    };
    Some(Waits::plain(text))
}

fn of_join(vm: &mut Vm, known: &Known, this: &Value) -> Waits {
    let name = vm.plain_attribute(this, "_name");
    let ident = vm.plain_attribute(this, "_ident");
    let ident = IntView::of(&ident).and_then(|i| i.as_i64());
    let on = ident.and_then(|ident| known.threads.get(&(ident as u64)));
    let name = if name.is_kind::<Str>() {
        plain(&name)
    } else {
        String::new()
    };
    Waits {
        text: format!("the end of thread {name}"),
        on: on.copied().into_iter().collect(),
        sleeps: false,
    }
}

/// What a thread waits for.
pub fn of_thread(vm: &mut Vm, known: &Known, fiber: &Standing) -> Waits {
    if fiber.status != Status::Parked {
        // A loop that sleeps by itself has not parked its thread.
        let in_loop = fiber.levels.first().is_some_and(runs_task);
        return Waits::plain(if in_loop { "its event loop" } else { "" });
    }
    let mut waits = match of_library(vm, known, skip_natives(&fiber.levels)) {
        Some(waits) => waits,
        None => of_native_call(known, fiber),
    };
    if let Some(deadline) = fiber.deadline {
        let left = seconds(deadline - known.now);
        waits.text = match (waits.sleeps, is_in_loop(fiber) && waits.on.is_empty()) {
            (true, _) => format!("{left} more"),
            (false, true) => format!("{} (the next timer in {left})", waits.text),
            (false, false) => format!("{} (timeout in {left})", waits.text),
        };
    }
    waits
}

fn skip_natives(levels: &[Level]) -> &[Level] {
    let natives = levels
        .iter()
        .take_while(|level| matches!(level, Level::Native { .. }));
    &levels[natives.count()..]
}

fn of_native_call(known: &Known, fiber: &Standing) -> Waits {
    let Some(Level::Native { def, regs }) = fiber.levels.first() else {
        return Waits::default();
    };
    if let Some(lock) = regs.first().and_then(|this| this.get::<thread::Lock>()) {
        let kind = if def.sig.contains("RLock") {
            "RLock"
        } else {
            "Lock"
        };
        return match known.threads.get(&lock.owner.get()) {
            Some(&holder) => Waits {
                text: format!("a threading.{kind} held by {}", known.names[holder]),
                on: vec![holder],
                sleeps: false,
            },
            None => Waits::plain(format!(
                "a threading.{kind} held by a thread that has ended"
            )),
        };
    }
    match def.name() {
        "sleep" => Waits {
            sleeps: true,
            ..Waits::default()
        },
        "run_forever" | "_run_once" => Waits::plain("its event loop"),
        "pause" => Waits::plain("a signal"),
        "transfer" => Waits::plain("another greenlet"),
        "poll" | "select" => Waits::plain("descriptors"),
        "input" => Waits::plain("a line of input"),
        name => Waits::plain(format!("{name}()")),
    }
}
