//! The event loop as scripts see it: the native base of `BaseEventLoop`.
//! What is rarely used of it is written in the language
//! (`stdlib/asyncio/base_events.async`); how it runs is in `turns`.

use std::cell::{Cell, RefCell};

use super::jobs::{self, Job, Turns};
use super::watching::{self, Files};
use super::{current, debug, eager, reactions, report, script, tasks, turns, waiting};
use crate::event_loop::{EventLoop, TimerId};
use crate::heap::{Field, Ref, Value};
use crate::host::Owner;
use crate::modules::contextvars;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Args, Attribute, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::task::{Future, Handle, TaskList, TimerHandle};
use crate::object::traced::{Traced, Untraced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

/// The tasks of a loop; it does not hold them.
#[derive(Default)]
pub struct Tasks(pub TaskList);

impl Traced for Tasks {
    fn trace(&self, _: &mut dyn crate::heap::Visitor) {}
}

traced_object! {
    /// An event loop.
    pub struct Loop: EVENT_LOOP {
        /// What is ready, timed and watched.
        turns: Turns,
        /// The tasks that are not done.
        tasks: Tasks,
        /// What descriptors were watched by.
        files: Files,
        /// Counts the engine's tasks.
        numbers: Untraced<current::TaskNumbers>,
        /// It was closed.
        closed: Cell<bool>,
        /// It runs.
        running: Cell<bool>,
        /// A script's class overrides how entries are scheduled.
        overridden: Cell<bool>,
        /// A script's class overrides `create_task`.
        own_tasks: Cell<bool>,
        /// A script's class overrides `time`.
        own_time: Cell<bool>,
        /// A script's class overrides `_run_once`, or a script's selector waits.
        own_turns: Cell<bool>,
        /// Debug mode.
        debug: Cell<bool>,
        /// Entries can be pushed without asking anybody.
        plain: Cell<bool>,
        /// How deep the origins of coroutines were tracked before this loop ran in debug mode.
        origin_depth: Cell<Option<u32>>,
        /// In debug mode the handle whose call is made, or None.
        handle_now: Field,
        /// The task that takes a step, or None.
        current: Field,
        /// The task factory, or None.
        factory: Field,
        /// The factory is `eager_task_factory`.
        eager: Cell<bool>,
        /// The exception handler, or None.
        handler: Field,
        /// `slow_callback_duration`
        slow: Field,
    }
}

impl Loop {
    /// Whether entries can be pushed without asking anybody.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        self.plain.get()
    }

    /// Says anew whether the loop is plain.
    fn weigh(&self) {
        let special = self.closed.get() || self.overridden.get() || self.debug.get();
        self.plain.set(!special);
    }
}

/// Whether it is a loop of ours whose timers nobody else sees.
pub fn is_ours(value: &Value) -> bool {
    value
        .get::<Loop>()
        .is_some_and(|looped| !looped.overridden.get())
}

/// The loop that `self` is.
pub fn this(vm: &mut Vm, value: &Value) -> R<Ref<Loop>> {
    match value.to_ref::<Loop>() {
        Some(found) => Ok(found),
        None => {
            let name = vm.type_name(value);
            Err(script::error(
                vm,
                Known::TypeError,
                &format!("an event loop was expected, got '{name}'"),
            ))
        }
    }
}

pub(super) fn open(vm: &mut Vm, value: &Value) -> R<Ref<Loop>> {
    let found = this(vm, value)?;
    if found.closed.get() {
        Err(jobs::closed(vm))
    } else {
        Ok(found)
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &LOOP)?;
    let shared = current::shared(vm);
    let number = shared.owners.get() + 1;
    shared.owners.set(number);
    let made = Loop::alloc(
        shape,
        Turns(RefCell::new(EventLoop::new(Owner(number)))),
        Tasks::default(),
        Files::default(),
        Untraced(current::task_numbers(vm)),
        Cell::new(false),
        Cell::new(false),
        Cell::new(overrides(
            vm,
            &args[0],
            &["call_soon", "call_at", "call_later"],
        )),
        Cell::new(overrides(vm, &args[0], &["create_task"])),
        Cell::new(overrides(vm, &args[0], &["time"])),
        Cell::new(overrides(vm, &args[0], &["_run_once"])),
        Cell::new(false),
        Cell::new(false),
        Cell::new(None),
        Field::new(Value::NONE),
        Field::new(Value::NONE),
        Field::new(Value::NONE),
        Cell::new(false),
        Field::new(Value::NONE),
        Field::new(script::float(0.1)),
    );
    made.weigh();
    Ok(made.into_value())
}

/// Whether a script's class defines one of these methods anew.
fn overrides(vm: &mut Vm, class: &Value, names: &[&str]) -> bool {
    let Some(class) = class.to_ref::<crate::object::class::Class>() else {
        return false;
    };
    names.iter().any(|name| {
        let name = vm.intern(name);
        let found = vm.lookup_in_class(&class, name.as_value());
        found.is_some_and(|method| !method.is_kind::<crate::object::native::Native>())
    })
}

// ----- calls ----------------------------------------------------------------------

pub(super) fn context_of(vm: &mut Vm, context: &Value) -> Value {
    if context.is_none() || context.is_undef() {
        contextvars::copy(vm)
    } else {
        context.clone()
    }
}

fn check_callback(vm: &mut Vm, looped: &Loop, callback: &Value, method: &str) -> R<()> {
    if !looped.debug.get() {
        return Ok(());
    }
    if method != "call_soon_threadsafe" {
        debug::check_thread(vm, looped)?;
    }
    use super::coroutines::{is_coroutine, is_coroutine_function};
    if is_coroutine(vm, callback) || is_coroutine_function(vm, callback)? {
        return Err(script::error(
            vm,
            Known::TypeError,
            &format!("coroutines cannot be used with {method}()"),
        ));
    }
    if !script::is_callable(vm, callback) {
        let shown = script::repr(vm, callback)?;
        let text = format!("a callable object was expected by {method}(), got {shown}");
        return Err(script::error(vm, Known::TypeError, &text));
    }
    Ok(())
}

/// self, callback, context, args
fn call_soon(vm: &mut Vm, args: &[Value]) -> R {
    call_soon_as(vm, args, "call_soon")
}

fn call_soon_as(vm: &mut Vm, args: &[Value], method: &str) -> R {
    let looped = open(vm, &args[0])?;
    check_callback(vm, &looped, &args[1], method)?;
    let context = context_of(vm, &args[2]);
    let handle = Handle::alloc(args[0].clone(), args[1].clone(), args[3].clone(), context);
    if looped.debug.get() {
        debug::note_handle(vm, &handle)?;
    }
    let handle = handle.into_value();
    looped
        .turns
        .0
        .borrow_mut()
        .push(Job::Handle(handle.clone()));
    Ok(handle)
}

fn call_soon_threadsafe(vm: &mut Vm, args: &[Value]) -> R {
    let handle = call_soon_as(vm, args, "call_soon_threadsafe")?;
    turns::wake(vm, &args[0]);
    Ok(handle)
}

/// self, delay, callback, context, args
fn call_later(vm: &mut Vm, args: &[Value]) -> R {
    let looped = open(vm, &args[0])?;
    if args[1].is_none() {
        return Err(script::error(
            vm,
            Known::TypeError,
            "delay must not be None",
        ));
    }
    let now = time_of(vm, &looped)?;
    let Some(delay) = script::number(vm, &args[1])? else {
        let name = vm.type_name(&args[1]);
        let text = format!("unsupported operand type(s) for +: 'float' and '{name}'");
        return Err(script::error(vm, Known::TypeError, &text));
    };
    check_callback(vm, &looped, &args[2], "call_at")?;
    if looped.overridden.get() {
        return call_own_at(vm, args, now + delay);
    }
    timer(vm, &looped, now + delay, args)
}

/// The `call_at` of a script's class.
fn call_own_at(vm: &mut Vm, args: &[Value], when: f64) -> R {
    let method = script::attr(vm, &args[0], "call_at")?;
    let mut all = vec![script::float(when), args[2].clone()];
    all.extend(script::tuple_items(&args[4]));
    all.push(script::or_none(args[3].clone()));
    let names = script::names(vm, &["context"]);
    script::call_kw(vm, &method, &all, &names)
}

/// self, when, callback, context, args
fn call_at(vm: &mut Vm, args: &[Value]) -> R {
    let looped = open(vm, &args[0])?;
    if args[1].is_none() {
        return Err(script::error(vm, Known::TypeError, "when cannot be None"));
    }
    let Some(when) = script::number(vm, &args[1])? else {
        let name = vm.type_name(&args[1]);
        let text = format!("'<' not supported between instances of '{name}' and 'float'");
        return Err(script::error(vm, Known::TypeError, &text));
    };
    check_callback(vm, &looped, &args[2], "call_at")?;
    timer(vm, &looped, when, args)
}

/// The loop that is asked for a call, if it needs no more than an entry, and what goes into the entry: callback, arguments
/// and a snapshot of the context.
fn entry_at_once(vm: &mut Vm, args: &[Value], first: usize) -> Option<(Ref<Loop>, [Value; 3])> {
    let looped = args.first()?.to_ref::<Loop>()?;
    let callback = args.get(first)?.clone();
    if !looped.is_plain() {
        return None;
    }
    let rest = Tuple::new(&args[first + 1..]).ok()?.into_value();
    Some((looped, [callback, rest, contextvars::snapshot(vm)]))
}

/// `call_soon(callback, *args)` of a loop of ours with nothing special to do.
fn call_soon_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (looped, [callback, rest, context]) = entry_at_once(vm, args, 1)?;
    let handle = Handle::alloc(args[0].clone(), callback, rest, context).into_value();
    let job = Job::Handle(handle.clone());
    looped.turns.0.borrow_mut().push(job);
    Some(Ok(handle))
}

/// The same for `call_later(delay, callback, *args)`.
fn call_later_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let delay = plain_seconds(args.get(1)?)?;
    if args[0].get::<Loop>()?.own_time.get() {
        return None;
    }
    let (looped, entry) = entry_at_once(vm, args, 2)?;
    let when = vm.host.clock.monotonic() + delay;
    Some(Ok(plain_timer(&looped, when, entry)))
}

/// The same for `call_at(when, callback, *args)`.
fn call_at_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let when = plain_seconds(args.get(1)?)?;
    let (looped, entry) = entry_at_once(vm, args, 2)?;
    Some(Ok(plain_timer(&looped, when, entry)))
}

/// The seconds that a number stands for without asking its class.
pub(super) fn plain_seconds(value: &Value) -> Option<f64> {
    let whole = value.as_small_int().map(|seconds| seconds as f64);
    whole.or_else(|| value.as_inline_float())
}

fn plain_timer(looped: &Ref<Loop>, when: f64, [callback, args, context]: [Value; 3]) -> Value {
    let timer = TimerHandle::alloc(looped.value(), callback, args, context, when);
    let job = Job::Handle(timer.value());
    let id = looped.turns.0.borrow_mut().call_at(when, job);
    timer.0.timer.set(id.to_bits());
    timer.0.scheduled.set(true);
    timer.into_value()
}

fn timer(vm: &mut Vm, looped: &Ref<Loop>, when: f64, args: &[Value]) -> R {
    let context = context_of(vm, &args[3]);
    let timer = TimerHandle::alloc(
        args[0].clone(),
        args[2].clone(),
        args[4].clone(),
        context,
        when,
    );
    if looped.debug.get() {
        debug::note_handle(vm, &timer.0)?;
    }
    let id = looped
        .turns
        .0
        .borrow_mut()
        .call_at(when, Job::Handle(timer.value()));
    timer.0.timer.set(id.to_bits());
    timer.0.scheduled.set(true);
    Ok(timer.into_value())
}

/// Takes a timer back; the entry is dropped here.
pub fn cancel_timer(owner: &Value, id: u64) {
    if let Some(owner) = owner.get::<Loop>() {
        let job = owner
            .turns
            .0
            .borrow_mut()
            .cancel_timer(TimerId::from_bits(id));
        drop(job);
    }
}

/// Has an entry run at `when`; the answer is for `cancel_timer`.
pub fn job_at(vm: &mut Vm, owner: &Value, when: f64, job: Job) -> R<u64> {
    let looped = open(vm, owner)?;
    let id = looped.turns.0.borrow_mut().call_at(when, job);
    Ok(id.to_bits())
}

/// The loop's time in seconds.
pub fn time_of(vm: &mut Vm, looped: &Ref<Loop>) -> R<f64> {
    if looped.own_time.get() {
        let value = script::call_method(vm, looped.as_value(), "time", &[])?;
        return Ok(script::number(vm, &value)?.unwrap_or(0.0));
    }
    Ok(vm.host.clock.monotonic())
}

/// The time of any loop.
pub fn time_of_any(vm: &mut Vm, owner: &Value) -> R<f64> {
    match owner.to_ref::<Loop>() {
        Some(looped) => time_of(vm, &looped),
        None => {
            let value = script::call_method(vm, owner, "time", &[])?;
            Ok(script::number(vm, &value)?.unwrap_or(0.0))
        }
    }
}

fn time(vm: &mut Vm, _: &[Value]) -> R {
    Ok(script::float(vm.host.clock.monotonic()))
}

// ----- futures and tasks ------------------------------------------------------------

fn create_future(vm: &mut Vm, args: &[Value]) -> R {
    let future = Future::alloc(args[0].clone());
    if debug::is_on(&args[0]) {
        debug::note_future(vm, &future, debug::CREATE_FUTURE)?;
    }
    Ok(future.into_value())
}

/// self, coro, name, context, the rest; then the task while its name is set.
fn create_task(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => begin_task(vm, frame).unwrap_or_else(Step::Raise),
        (1, Input::Value(task)) => {
            frame.state = 2;
            frame.regs[5] = task.clone();
            let name = frame.regs[2].clone();
            match script::attr(vm, &task, "set_name") {
                Ok(method) => Step::Call(method, Args::from_iter([name])),
                Err(raised) => Step::Raise(raised),
            }
        }
        (2, Input::Value(_)) => Step::Return(std::mem::take(&mut frame.regs[5])),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn begin_task(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let looped = open(vm, &frame.regs[0])?;
    let factory = looped.factory.get();
    if factory.is_none() {
        let regs = &frame.regs;
        let (owner, coro, rest) = (regs[0].clone(), regs[1].clone(), regs[4].clone());
        let step = tasks::spawn_with(vm, &owner, coro, (&regs[2], &regs[3], &rest), &[]);
        return Ok(waiting::tail(step));
    }
    if frame.regs[4].is_undef()
        && let Some(step) = eager::spawn(
            vm,
            &looped,
            &frame.regs[1],
            (&frame.regs[2], &frame.regs[3]),
        )?
    {
        return Ok(step);
    }
    frame.state = 1;
    let mut args = Args::from_iter([frame.regs[0].clone(), frame.regs[1].clone()]);
    let (context, rest) = (frame.regs[3].clone(), frame.regs[4].clone());
    if context.is_none() && rest.is_undef() {
        return Ok(Step::Call(factory, args));
    }
    let mut names = Vec::new();
    if !context.is_none() {
        names.push(script::text("context"));
        args.push(context);
    }
    script::add_keywords(&rest, &mut names, &mut args);
    Ok(Step::CallKw(factory, args, script::tuple(names)))
}

fn set_task_factory(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_none() && !script::is_callable(vm, &args[1]) {
        return Err(script::error(
            vm,
            Known::TypeError,
            "task factory must be a callable or None",
        ));
    }
    let is_eager = current::shared(vm).eager_factory.as_value().is(&args[1]);
    let looped = this(vm, &args[0])?;
    looped.factory.set(args[1].clone());
    looped.eager.set(is_eager && args[1].is_object());
    Ok(Value::NONE)
}

/// `_eager_factory(function, /)`: says which function `eager_task_factory` is, whose work is done here.
pub(super) fn eager_factory(vm: &mut Vm, args: &[Value]) -> R {
    current::shared(vm).eager_factory.set(args[0].clone());
    Ok(args[0].clone())
}

fn get_task_factory(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.factory.get())
}

// ----- the loop's life ------------------------------------------------------------

fn stop(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.turns.0.borrow_mut().stop();
    Ok(Value::NONE)
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    let looped = this(vm, &args[0])?;
    if looped.running.get() {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "Cannot close a running event loop",
        ));
    }
    if !looped.closed.replace(true) {
        looped.weigh();
        let left = looped.turns.0.borrow_mut().close(&mut vm.host.poller);
        drop(left);
    }
    Ok(Value::NONE)
}

fn is_running(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(this(vm, &args[0])?.running.get()))
}

fn is_closed(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(this(vm, &args[0])?.closed.get()))
}

fn check_closed(vm: &mut Vm, args: &[Value]) -> R {
    open(vm, &args[0])?;
    Ok(Value::NONE)
}

fn check_running(vm: &mut Vm, args: &[Value]) -> R {
    let looped = this(vm, &args[0])?;
    turns::check_running(vm, &looped)?;
    Ok(Value::NONE)
}

fn get_debug(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(this(vm, &args[0])?.debug.get()))
}

fn set_debug(vm: &mut Vm, args: &[Value]) -> R {
    let truth = script::truth(vm, &args[1])?;
    let looped = this(vm, &args[0])?;
    looped.debug.set(truth);
    looped.weigh();
    if looped.running.get() {
        // It takes effect in the next turn.
        let job = Job::Call(reactions::DEBUG_MODE, args[0].clone());
        looped.turns.0.borrow_mut().push(job);
        turns::wake(vm, &args[0]);
    }
    Ok(Value::NONE)
}

// ----- exceptions that nobody handles ------------------------------------------------

fn set_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_none() && !script::is_callable(vm, &args[1]) {
        let shown = script::repr(vm, &args[1])?;
        let text = format!("A callable object or None is expected, got {shown}");
        return Err(script::error(vm, Known::TypeError, &text));
    }
    this(vm, &args[0])?.handler.set(args[1].clone());
    Ok(Value::NONE)
}

fn get_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    Ok(this(vm, &args[0])?.handler.get())
}

fn default_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    report::default_handler(vm, &args[0], &args[1])?;
    Ok(Value::NONE)
}

fn call_exception_handler(vm: &mut Vm, args: &[Value]) -> R {
    report::call_handler(vm, &args[0], &args[1])?;
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let looped = this(vm, &args[0])?;
    let name = vm.class_of(&args[0]).name_str();
    let word = |b: bool| if b { "True" } else { "False" };
    let (running, closed, debug) = (
        looped.running.get(),
        looped.closed.get(),
        looped.debug.get(),
    );
    Ok(script::text(&format!(
        "<{name} running={} closed={} debug={}>",
        word(running),
        word(closed),
        word(debug)
    )))
}

fn slow(vm: &mut Vm, value: &Value) -> R {
    Ok(this(vm, value)?.slow.get())
}

fn set_slow(vm: &mut Vm, value: &Value, to: &Value) -> R<()> {
    this(vm, value)?.slow.set(to.clone());
    Ok(())
}

fn closed_attribute(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.closed.get()))
}

fn debug_attribute(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.debug.get()))
}

fn stopping_attribute(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(this(vm, value)?.turns.0.borrow().is_stopping()))
}

fn ready_attribute(vm: &mut Vm, value: &Value) -> R {
    let count = this(vm, value)?.turns.0.borrow().ready.len();
    let items = vec![Value::NONE; count];
    script::list(vm, items)
}

/// The native base of `asyncio.BaseEventLoop`.
pub static LOOP: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf("call_soon(self, callback, *args, context=None)", call_soon)
            .at_once(call_soon_at_once),
        Def::leaf(
            "call_soon_threadsafe(self, callback, *args, context=None)",
            call_soon_threadsafe,
        ),
        Def::leaf(
            "call_later(self, delay, callback, *args, context=None)",
            call_later,
        )
        .at_once(call_later_at_once),
        Def::leaf(
            "call_at(self, when, callback, *args, context=None)",
            call_at,
        )
        .at_once(call_at_at_once),
        Def::leaf("time(self)", time),
        Def::leaf("create_future(self)", create_future),
        Def::frame(
            "create_task(self, coro, *, name=None, context=None, **kwargs=Undef)",
            1,
            create_task,
        ),
        Def::leaf("set_task_factory(self, factory)", set_task_factory),
        Def::leaf("get_task_factory(self)", get_task_factory),
        Def::frame("run_forever(self)", turns::REGISTERS, turns::run_forever),
        Def::frame(
            "run_until_complete(self, future)",
            2,
            turns::run_until_complete,
        ),
        Def::leaf("stop(self)", stop),
        Def::leaf("close(self)", close),
        Def::leaf("is_running(self)", is_running),
        Def::leaf("is_closed(self)", is_closed),
        Def::leaf("_check_closed(self)", check_closed),
        Def::leaf("_check_running(self)", check_running),
        Def::leaf("get_debug(self)", get_debug),
        Def::leaf("set_debug(self, enabled)", set_debug),
        Def::leaf(
            "set_exception_handler(self, handler)",
            set_exception_handler,
        ),
        Def::leaf("get_exception_handler(self)", get_exception_handler),
        Def::leaf(
            "default_exception_handler(self, context)",
            default_exception_handler,
        ),
        Def::leaf(
            "call_exception_handler(self, context)",
            call_exception_handler,
        ),
        Def::leaf(
            "add_reader(self, fd, callback, *args)",
            watching::add_reader,
        ),
        Def::leaf(
            "add_writer(self, fd, callback, *args)",
            watching::add_writer,
        ),
        Def::leaf("remove_reader(self, fd)", watching::remove_reader),
        Def::leaf("remove_writer(self, fd)", watching::remove_writer),
        Def::leaf(
            "_add_reader(self, fd, callback, *args)",
            watching::add_reader_inside,
        ),
        Def::leaf(
            "_add_writer(self, fd, callback, *args)",
            watching::add_writer_inside,
        ),
        Def::leaf("_remove_reader(self, fd)", watching::remove_reader_inside),
        Def::leaf("_remove_writer(self, fd)", watching::remove_writer_inside),
        Def::leaf(
            "_ensure_fd_no_transport(self, fd)",
            watching::ensure_no_transport,
        ),
        Def::leaf("_is_watched(self, fd, writes, /)", watching::is_watched),
        Def::frame("_run_once(self)", turns::REGISTERS, turns::run_once),
        Def::leaf("__repr__(self)", repr),
    ],
    attributes: &[
        Attribute::get_set("slow_callback_duration", slow, set_slow),
        Attribute::get("_closed", closed_attribute),
        Attribute::get("_debug", debug_attribute),
        Attribute::get("_stopping", stopping_attribute),
        Attribute::get("_ready", ready_attribute),
    ],
    ..TypeDef::new("_asyncio", "_EventLoop", kind::EVENT_LOOP)
};
