//! `asyncio.gather`.

use std::collections::HashMap;

use super::{debug, events, exceptions, futures, reactions, script, waiting};
use crate::heap::{ByAddress, Ref, Value};
use crate::object::class::class_flags;
use crate::object::generator::Generator;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::task::{Future, FutureState, Gathering};
use crate::vm::Vm;

/// Registers: return_exceptions, the arguments, the Gathering, the next argument's number.
const ARGUMENTS: usize = 1;
const OUTER: usize = 2;
const NEXT: usize = 3;

/// `gather(*coros_or_futures, return_exceptions=False)`
pub(super) static GATHER: Def = Def::frame(
    "gather(*coros_or_futures, return_exceptions=False)",
    2,
    gather,
);

fn gather(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let begun = match (frame.state, input) {
        (0, _) => begin(vm, frame),
        (_, Input::Value(future)) => accept(vm, frame, future).map(|()| None),
        (_, Input::Raised(raised)) => Err(raised),
        _ => Ok(None),
    };
    match begun {
        Ok(Some(done)) => Step::Return(done),
        Ok(None) => go_on(vm, frame).unwrap_or_else(Step::Raise),
        Err(raised) => Step::Raise(raised),
    }
}

fn begin(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Option<Value>> {
    frame.state = 1;
    if script::tuple_len(&frame.regs[ARGUMENTS]) == 0 {
        let owner = events::get_event_loop(vm)?;
        let outer = Future::alloc(owner);
        if debug::is_on(outer.owner.as_value()) {
            debug::note_future(vm, &outer, debug::GATHER)?;
        }
        let empty = script::list(vm, Vec::new())?;
        futures::set_result(vm, &outer, empty)?;
        return Ok(Some(outer.into_value()));
    }
    let keep = script::truth(vm, &frame.regs[0])?;
    frame.regs[OUTER] = Gathering::alloc(keep).into_value();
    frame.regs[NEXT] = Value::int32(0);
    Ok(None)
}

fn outer_of(frame: &NativeFrame<'_>) -> Option<Ref<Gathering>> {
    frame.regs[OUTER].to_ref::<Gathering>()
}

/// Makes futures of the arguments that are left.
fn go_on(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let Some(outer) = outer_of(frame) else {
        return Ok(Step::Return(Value::NONE));
    };
    let arguments = script::tuple_items(&frame.regs[ARGUMENTS]);
    let mut first = First::default();
    loop {
        let at = frame.regs[NEXT].as_small_int().unwrap_or(0) as usize;
        let Some(argument) = arguments.get(at) else {
            return finish(vm, &outer, frame);
        };
        if let Some(earlier) = first.place_of(&arguments, at) {
            let twin = outer.children.borrow().get(earlier).cloned();
            outer.children.borrow_mut().extend(twin);
            frame.regs[NEXT] = script::int(at as i64 + 1);
            continue;
        }
        if Future::of(argument).is_none() && !argument.is_kind::<Generator>() {
            // It is a key of a dict in CPython.
            vm.hash(argument)?;
        }
        let owner = outer.future.owner.get();
        match waiting::ensure_future_step(vm, argument, &owner)? {
            Step::Return(future) => accept(vm, frame, future)?,
            step => return Ok(step),
        }
    }
}

/// Where arguments stand for the first time.
#[derive(Default)]
struct First(HashMap<usize, usize, ByAddress>);

/// Among so few arguments each is compared with those before it.
const FEW: usize = 16;

impl First {
    /// The place of the argument at `at` before it, if it was given twice.
    fn place_of(&mut self, arguments: &[Value], at: usize) -> Option<usize> {
        let argument = arguments.get(at)?;
        if arguments.len() <= FEW {
            let mut before = arguments[..at].iter();
            return before.position(|other| other.is(argument));
        }
        if self.0.is_empty() {
            let objects = arguments.iter().enumerate();
            for (i, object) in objects.filter(|(_, argument)| argument.is_object()) {
                self.0.entry(object.word() as usize).or_insert(i);
            }
        }
        let earlier = self.0.get(&(argument.word() as usize)).copied();
        earlier.filter(|earlier| *earlier < at)
    }
}

/// One more child.
fn accept(vm: &mut Vm, frame: &mut NativeFrame<'_>, child: Value) -> R<()> {
    let Some(outer) = outer_of(frame) else {
        return Ok(());
    };
    let at = frame.regs[NEXT].as_small_int().unwrap_or(0);
    let argument = script::tuple_item(&frame.regs[ARGUMENTS], at as usize);
    if outer.future.owner.is_undef() {
        let owner = futures::loop_of(vm, &child)?;
        outer.future.owner.set(owner);
    }
    if !child.is(&argument) {
        match Future::of(&child) {
            Some(future) => future.log_destroy.set(false),
            None => script::set_attr(vm, &child, "_log_destroy_pending", Value::FALSE)?,
        }
    }
    outer.left.set(outer.left.get() + 1);
    match Future::of(&child) {
        Some(future) if future.is_pending() => {
            futures::when_done(vm, future, reactions::GATHERED, outer.value())?;
        }
        Some(_) => outer.early.borrow_mut().push(child.clone()),
        None => {
            let callback = waiting::reaction_callable(reactions::GATHERED, outer.value());
            script::call_method(vm, &child, "add_done_callback", &[callback])?;
        }
    }
    outer.children.borrow_mut().push(child);
    frame.regs[NEXT] = script::int(at + 1);
    Ok(())
}

/// All children are there; those that were done at once count now.
fn finish(vm: &mut Vm, outer: &Ref<Gathering>, frame: &mut NativeFrame<'_>) -> R<Step> {
    if debug::is_on(outer.future.owner.as_value()) {
        debug::note_future(vm, &outer.future, debug::GATHER)?;
    }
    let early = outer.early.take();
    for child in &early {
        if let Some(future) = Future::to_ref(child) {
            child_done(vm, outer.as_value(), &future)?;
        }
    }
    Ok(Step::Return(std::mem::take(&mut frame.regs[OUTER])))
}

/// A child is done.
pub fn child_done(vm: &mut Vm, target: &Value, future: &Ref<Future>) -> R<()> {
    let Some(outer) = target.to_ref::<Gathering>() else {
        return Ok(());
    };
    outer.left.set(outer.left.get().saturating_sub(1));
    if !outer.future.is_pending() {
        future.log_traceback.set(false);
        return Ok(());
    }
    if !outer.keep_exceptions.get() {
        let failure = match future.state.get() {
            FutureState::Cancelled => Some(futures::cancelled_error(vm, future)),
            FutureState::Exception => Some(futures::exception(vm, future)?),
            _ => None,
        };
        if let Some(failure) = failure {
            return futures::fail(vm, &outer.future, failure);
        }
    }
    if outer.left.get() > 0 {
        return Ok(());
    }
    let results = results_of(vm, &outer)?;
    if outer.cancel_requested.get() {
        // It is that of the last in the list, whichever ended last.
        let last = outer.children.borrow().last().cloned();
        let error = match last.as_ref().and_then(Future::to_ref) {
            Some(last) => futures::cancelled_error(vm, &last),
            None => futures::cancelled_error(vm, future),
        };
        return futures::fail(vm, &outer.future, error);
    }
    futures::set_result(vm, &outer.future, results)
}

fn results_of(vm: &mut Vm, outer: &Gathering) -> R {
    let mut children = outer.children.borrow().clone();
    if cfg!(hoop_mutant = "20") {
        children.reverse();
    }
    let mut results = Vec::with_capacity(children.len().min(1024));
    for child in &children {
        results.push(outcome(vm, child)?);
    }
    script::list(vm, results)
}

/// What stands for a child in the list of results.
fn outcome(vm: &mut Vm, child: &Value) -> R {
    let Some(future) = Future::of(child) else {
        let exception = script::call_method(vm, child, "exception", &[])?;
        return if exception.is_none() {
            script::call_method(vm, child, "result", &[])
        } else {
            Ok(exception)
        };
    };
    match future.state.get() {
        FutureState::Cancelled => {
            let message = future.cancel_message.get();
            let message = if message.is_none() || message.is_undef() {
                script::text("")
            } else {
                message
            };
            Ok(script::raise_def(vm, &exceptions::CANCELLED_ERROR, &[message]).0)
        }
        FutureState::Exception => futures::exception(vm, future),
        _ => futures::result(vm, future),
    }
}

/// `cancel()` of what `gather` returned: cancels the children.
pub fn cancel(vm: &mut Vm, value: &Value, message: &Value) -> R<bool> {
    let Some(outer) = value.to_ref::<Gathering>() else {
        return Ok(false);
    };
    if !outer.future.is_pending() {
        return Ok(false);
    }
    // A child may wait for who waits for this.
    vm.check_stack()?;
    let children = outer.children.borrow().clone();
    let mut any = false;
    for child in &children {
        any |= futures::cancel(vm, child, message)?;
    }
    if any {
        outer.cancel_requested.set(true);
    }
    Ok(any)
}

fn cancel_method(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(cancel(vm, &args[0], &args[1])?))
}

fn children(vm: &mut Vm, value: &Value) -> R {
    let children = value
        .get::<Gathering>()
        .map_or_else(Vec::new, |g| g.children.borrow().clone());
    script::list(vm, children)
}

/// The type of what `gather` returns.
pub static GATHERING: TypeDef = TypeDef {
    base: Some(&futures::FUTURE),
    flags: class_flags::WEAKREF,
    methods: &[Def::leaf("cancel(self, msg=None)", cancel_method)],
    attributes: &[Attribute::get("_children", children)],
    awaits: Some(futures::await_hook),
    ..TypeDef::new("asyncio.tasks", "_GatheringFuture", kind::GATHER)
};
