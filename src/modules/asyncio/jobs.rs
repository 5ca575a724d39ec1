//! What a loop has to do next, and how it is asked to.
//!
//! An entry of our own loop is a small enum. A loop class that a script wrote
//! (or a subclass that overrides `call_soon`) is asked by its `call_soon`,
//! with a callable that does what the entry says.

use std::cell::RefCell;

use super::base_events::Loop;
use super::{debug, handles, reactions, script, tasks, timeouts};
use crate::event_loop::EventLoop;
use crate::heap::{Value, Visitor};
use crate::modules::contextvars;
use crate::object::native::{Def, Native, R};
use crate::object::task::{Future, Handle, TimerHandle, Waiter};
use crate::object::traced::Traced;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

/// One entry of a loop.
#[derive(Clone)]
pub enum Job {
    /// Take the next step of a task.
    Step(Value),
    /// Throw an exception into a task.
    Throw(Value, Value),
    /// Wake a task that waits for this future.
    Wake(Value, Value),
    /// Make the call of a handle.
    Handle(Value),
    /// Call this with a future that is done, in a new context without variables.
    Callback(Value, Value),
    /// A native reaction (`reactions::TABLE`) of an object to a future's end.
    React(u8, Value, Value),
    /// End a future with None, unless it is done.
    Finish(Value),
    /// A native call (`reactions::CALLS`) on an object.
    Call(u8, Value),
}

/// The entries of a loop: what is ready, timed or watched.
pub struct Turns(pub RefCell<EventLoop<Job>>);

impl Traced for Turns {
    fn trace(&self, visitor: &mut dyn Visitor) {
        let Ok(turns) = self.0.try_borrow() else {
            return;
        };
        turns.for_each(&mut |job| match job {
            Job::Step(a) | Job::Handle(a) | Job::Finish(a) | Job::Call(_, a) => visitor.visit(a),
            Job::Throw(a, b) | Job::Wake(a, b) | Job::Callback(a, b) | Job::React(_, a, b) => {
                visitor.visit(a);
                visitor.visit(b);
            }
        });
    }
}

/// Asks a loop to run an entry in its next turn (`call_soon`).
#[inline]
pub fn push(vm: &mut Vm, owner: &Value, job: Job) -> R<()> {
    match owner.get::<Loop>() {
        Some(owner) if owner.is_plain() => {
            owner.turns.0.borrow_mut().push(job);
            Ok(())
        }
        _ => push_slowly(vm, owner, job),
    }
}

#[cold]
fn push_slowly(vm: &mut Vm, owner: &Value, job: Job) -> R<()> {
    if let Some(owner) = owner.get::<Loop>() {
        if owner.closed.get() {
            return Err(closed(vm));
        }
        if !owner.overridden.get() {
            if owner.debug.get() {
                debug::check_thread(vm, owner)?;
            }
            owner.turns.0.borrow_mut().push(job);
            return Ok(());
        }
    }
    let (callable, args, context) = as_call(job);
    ask_call_soon(vm, owner, &callable, &args, &context)
}

/// `RuntimeError: Event loop is closed`
#[cold]
pub fn closed(vm: &mut Vm) -> crate::object::native::Raised {
    script::error(vm, Known::RuntimeError, "Event loop is closed")
}

/// `owner.call_soon(callable, *args, context=context)`; Undef for no context.
fn ask_call_soon(
    vm: &mut Vm,
    owner: &Value,
    callable: &Value,
    args: &[Value],
    context: &Value,
) -> R<()> {
    let method = script::attr(vm, owner, "call_soon")?;
    let mut all = vec![callable.clone()];
    all.extend_from_slice(args);
    if context.is_undef() {
        script::call(vm, &method, &all)?;
        return Ok(());
    }
    all.push(context.clone());
    let names = script::names(vm, &["context"]);
    script::call_kw(vm, &method, &all, &names)?;
    Ok(())
}

/// An entry as a callable, its arguments and its context.
fn as_call(job: Job) -> (Value, Vec<Value>, Value) {
    let bound = |def: &'static Def, to: Value| Native::alloc(def, to, Value::UNDEF).into_value();
    let context_of = |task: &Value| {
        task.get::<crate::object::task::Task>()
            .map_or_else(Value::default, |task| task.context.get())
    };
    match job {
        Job::Step(task) => (
            bound(&tasks::STEP, task.clone()),
            Vec::new(),
            context_of(&task),
        ),
        Job::Throw(task, exception) => (
            bound(&tasks::STEP, task.clone()),
            vec![exception],
            context_of(&task),
        ),
        Job::Wake(task, future) => (
            bound(&tasks::WAKEUP, task.clone()),
            vec![future],
            context_of(&task),
        ),
        Job::Handle(handle) => {
            let parts = Handle::of(&handle)
                .map(|h| (h.callback.get(), h.args.get(), handles::context_of(h)));
            let (callback, args, context) = parts.unwrap_or_default();
            (callback, script::tuple_items(&args), context)
        }
        Job::Callback(callback, future) => (
            callback,
            vec![future],
            contextvars::of_snapshot(Value::NONE),
        ),
        Job::React(number, target, future) => {
            let pair = script::tuple(vec![script::int(i64::from(number)), target]);
            (bound(&reactions::REACT, pair), vec![future], Value::UNDEF)
        }
        Job::Finish(future) => (bound(&reactions::FINISH, future), Vec::new(), Value::UNDEF),
        Job::Call(number, target) => {
            let pair = script::tuple(vec![script::int(i64::from(number)), target]);
            (bound(&reactions::CALL, pair), Vec::new(), Value::UNDEF)
        }
    }
}

/// An entry as the handle that CPython would have made for it.
pub fn as_handle(job: Job, owner: &Value) -> Value {
    let deadline = match &job {
        Job::Call(reactions::TIMEOUT, target) => timeouts::timer_of(target),
        _ => None,
    };
    let (callable, args, context) = as_call(job);
    let (owner, args) = (owner.clone(), script::tuple(args));
    match deadline {
        Some(when) => TimerHandle::alloc(owner, callable, args, context, when).into_value(),
        None => Handle::alloc(owner, callable, args, context).into_value(),
    }
}

/// Tells all who wait for a future of its end, each by an entry of its own: the first, as `Future::end` gave it, and those
/// behind.
pub fn schedule_waiters(vm: &mut Vm, future: &Future, first: Option<Waiter>) -> R<()> {
    let Some(first) = first else {
        return Ok(());
    };
    let owner = future.owner.get();
    schedule_waiter(vm, &owner, first, future)?;
    if let Some(more) = future.take_more() {
        for waiter in *more {
            schedule_waiter(vm, &owner, waiter, future)?;
        }
    }
    Ok(())
}

/// Tells one of a future's end.
pub fn schedule_waiter(vm: &mut Vm, owner: &Value, waiter: Waiter, future: &Future) -> R<()> {
    let told = future.value();
    let job = match waiter.how.as_small_int() {
        Some(0) => Job::Wake(waiter.target, told),
        Some(number) => Job::React(number as u8, waiter.target, told),
        None if waiter.how.is_none() && owner.get::<Loop>().is_some_and(Loop::is_plain) => {
            Job::Callback(waiter.target, told)
        }
        None => {
            let args = script::tuple(vec![told]);
            let context = match waiter.how.get::<Tuple>() {
                Some(given) => given.get(0).unwrap_or_default(),
                None => waiter.how,
            };
            let handle = Handle::alloc(owner.clone(), waiter.target, args, context);
            if debug::is_on(owner) {
                handles::context_of(&handle);
                debug::note_handle(vm, &handle)?;
            }
            Job::Handle(handle.into_value())
        }
    };
    push(vm, owner, job)
}
