//! What runs between instructions: finalizers of objects that died, and the
//! checks that the budget asks for.

use super::Vm;
use super::generator::AsyncStep;
use super::special::Special;
use super::types::Known;
use crate::heap::{Value, shape_flags};
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::kind;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Raised, Step};

/// A slice of work between two looks at the outside.
pub(super) const SLICE: i32 = 4096;

/// Runs all finalizers that wait, one after the other, in a frame whose result nobody wants.
/// Register 0: the object whose finalizer runs.
static FINALIZERS: Def = Def::frame("<finalizers>()", 1, finalizers);

fn finalizers(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Raised(raised) = input {
        let object = frame.regs[0].clone();
        let culprit = match object.is_kind::<Generator>() {
            true => None,
            false => vm.special_of(&object, Special::Del),
        };
        vm.report_unraisable(&raised, culprit.as_ref().unwrap_or(&object));
    }
    frame.state = 1;
    loop {
        let done = std::mem::take(&mut frame.regs[0]);
        // Weak references see an object through its `__del__`, and beyond if that saved it.
        if done.is_object() && done.reference_count() == 1 {
            vm.clear_weak_references(&done);
        }
        drop(done);
        let Some(object) = vm.next_to_finalize() else {
            return Step::Return(Value::NONE);
        };
        frame.regs[0] = object;
        let object = frame.regs[0].clone();
        if let Some(step) = vm.finalizer_of(&object) {
            return step;
        }
    }
}

impl Vm {
    /// Runs the finalizers that wait before going on at the cursor.
    pub(crate) fn run_finalizers_at_cursor(&mut self) {
        let cursor = self.cursor;
        if std::ptr::eq(cursor.ip, super::dispatch::LEAVE_WORD.as_ptr()) || self.finalizing {
            return;
        }
        let frame = Frame::of(cursor.regs);
        // SAFETY: the cursor names a live frame; a native one keeps its pending input for later.
        unsafe {
            if (*frame).has(frame_flags::NATIVE) {
                return;
            }
            (*frame).ip = cursor.ip;
            self.frame = frame;
            self.finalizing = true;
            let native = self.push_native(&FINALIZERS, 1, frame, 0, frame_flags::DISCARD);
            self.enter_native(native, Input::Start);
        }
    }

    /// Runs all finalizers that wait, nested: at the end of a program.
    pub fn run_finalizers_now(&mut self) {
        if self.heap.has_finalizers() && !self.finalizing {
            self.finalizing = true;
            // What a finalizer raises was reported already.
            let _ = self.finish(Step::Enter(&FINALIZERS, Args::new()));
            self.finalizing = false;
        }
    }

    /// Runs the finalizers that wait, as a step of a native frame; None where there are none to run.
    pub(crate) fn finalizers_step(&mut self) -> Option<Step> {
        if self.finalizing || !self.heap.has_finalizers() {
            return None;
        }
        self.finalizing = true;
        Some(Step::Do(Box::new(Step::Enter(&FINALIZERS, Args::new()))))
    }

    /// The next object that waits for its finalizer, in the order of their deaths.
    fn next_to_finalize(&mut self) -> Option<Value> {
        if self.heap.finalize.is_empty() {
            self.finalizing = false;
            return None;
        }
        Some(self.heap.finalize.remove(0))
    }

    /// What must run before `object` may go; None when nothing is left to do.
    fn finalizer_of(&mut self, object: &Value) -> Option<Step> {
        if let Some(generator) = object.get::<Generator>() {
            self.clear_weak_references(object);
            return self.finalize_generator(object, generator);
        }
        if let Some(step) = object.get::<AsyncStep>() {
            if !step.is_used_up() {
                step.forget();
                self.warn_step_never_awaited(object, step);
            }
            return None;
        }
        let flags = self.heap.shapes[object.shape() as usize].flags;
        // Futures, tasks, transports and writers have something to say only when they ask for it (`needs_finalizer`).
        let complains = matches!(
            self.kind_of(object),
            kind::FUTURE | kind::TASK | kind::GATHER | kind::TRANSPORT | kind::STREAM_WRITER
        );
        // In a garbage cycle, or without `__del__`, weak references go first. Two hold it here.
        if flags & shape_flags::FINALIZER == 0 || object.reference_count() > 2 {
            self.clear_weak_references(object);
        }
        if flags & shape_flags::FINALIZER == 0 && !complains {
            return None;
        }
        let method = self.special_of(object, Special::Del)?;
        Some(self.call_special(method, object, &[]).then_go_on())
    }

    /// What an explicit `__del__` of a generator, a coroutine or a step of an async generator does.
    pub(crate) fn finalize_step(&mut self, object: &Value) -> Option<Step> {
        let Some(generator) = object.get::<Generator>() else {
            if let Some(step) = object.get::<AsyncStep>().filter(|step| !step.is_used_up()) {
                self.warn_step_never_awaited(object, step);
            }
            return None;
        };
        match (generator.state.get(), generator.flavour) {
            (State::Closed, _) => None,
            (State::Created, Flavour::Coroutine) => {
                self.warn_never_awaited(object, generator);
                None
            }
            (_, flavour) => {
                let hook = generator.hook.get();
                let open = flavour == Flavour::AsyncGenerator && !generator.shut.get();
                if open && !hook.is_undef() && !hook.is_none() {
                    return Some(Step::Call(hook, smallvec::smallvec![object.clone()]));
                }
                if self.is_running(generator) {
                    return None;
                }
                let exit = self.raise_bare(Known::GeneratorExit);
                Some(Step::Do(Box::new(Step::Enter(
                    &CLOSE,
                    smallvec::smallvec![object.clone(), exit.0],
                ))))
            }
        }
    }

    fn finalize_generator(&mut self, object: &Value, generator: &Generator) -> Option<Step> {
        match (generator.state.get(), generator.flavour) {
            (State::Created, Flavour::Coroutine) => {
                self.warn_never_awaited(object, generator);
                generator.discard_frame();
                None
            }
            (State::Suspended, flavour) => {
                if generator.finalized.replace(true) {
                    return None;
                }
                let hook = generator.hook.take();
                let open = flavour == Flavour::AsyncGenerator && !generator.shut.get();
                if open && !hook.is_undef() && !hook.is_none() {
                    return Some(Step::Call(hook, smallvec::smallvec![object.clone()]));
                }
                let exit = self.raise_bare(Known::GeneratorExit);
                // Not in the place of this frame, which has more to do when the generator is closed.
                Some(Step::Do(Box::new(Step::Enter(
                    &CLOSE,
                    smallvec::smallvec![object.clone(), exit.0],
                ))))
            }
            _ => None,
        }
    }

    /// For tests: collections and preemptions at every `every`-th check.
    pub fn stress(&mut self, every: i32) {
        self.slice = every;
        self.budget = every;
        self.meter.granted = every;
        self.heap.collect_always();
    }

    /// Looks outside while the frame at the cursor stands where it goes on, for those who ask.
    #[cold]
    fn look_outside_at_cursor(&mut self) -> R<()> {
        let frame = Frame::of(self.cursor.regs);
        // SAFETY: the cursor names the live frame that goes on.
        unsafe {
            if (*frame).has(frame_flags::NATIVE) {
                return self.look_outside();
            }
            let before = std::mem::replace(&mut (*frame).ip, self.cursor.ip.add(1));
            let looked = self.look_outside();
            (*frame).ip = before;
            looked
        }
    }

    /// As `check_budget`, if a script frame goes on at the cursor, and that alone says where.
    pub(crate) fn check_budget_at_cursor(&mut self) {
        if self.cursor.regs.is_null() {
            return;
        }
        let frame = Frame::of(self.cursor.regs);
        // SAFETY: the cursor names the live frame that goes on.
        unsafe {
            if (*frame).has(frame_flags::NATIVE) {
                return;
            }
            (*frame).ip = self.cursor.ip;
        }
        self.frame = frame;
        self.check_budget();
    }

    /// Looks at what the budget's end brings: finalizers, the collector, requests from outside.
    pub(crate) fn check_budget(&mut self) {
        if let Some(limit) = self.stopping.as_ref().map(|stop| stop.limit) {
            // A native did not pass on that the run is being ended.
            return self.stop_at_cursor(limit);
        }
        if let Some(limit) = self.refill_budget_between() {
            return self.stop_at_cursor(limit);
        }
        if self.heap.collection_due() {
            self.heap.collect();
        }
        if self.heap.has_finalizers() {
            self.run_finalizers_at_cursor();
        }
        let interrupted = self.host.inbox.wants_attention();
        let looked = if interrupted {
            self.look_outside_at_cursor()
        } else {
            self.wake_sleepers()
        };
        let Err(raised) = looked else {
            if self.is_driven() && self.driver_wants_pause() {
                self.pause();
            } else if self.has_ready_fibers() {
                self.preempt();
            }
            return;
        };
        {
            let frame = Frame::of(self.cursor.regs);
            // SAFETY: the cursor names the live frame that goes on.
            unsafe {
                if (*frame).has(frame_flags::NATIVE) {
                    self.input = Some(Input::Raised(raised));
                } else {
                    (*frame).ip = self.cursor.ip.add(1);
                    self.frame = frame;
                    self.raise_from_native(raised);
                }
            }
        }
    }
}

/// Closes a generator: throws GeneratorExit into it; that it ends is all that is wanted.
/// Registers: the generator, the exception.
pub(crate) static CLOSE: Def = Def::frame(
    "<close>(generator, exception, /)",
    0,
    |vm, frame, input| match (frame.state, input) {
        (0, _) => {
            let state = frame.regs[0].get::<Generator>().map(|g| g.state.get());
            match state {
                Some(State::Created) => {
                    let target = frame.regs[0].clone();
                    let Some(generator) = target.get::<Generator>() else {
                        return Step::Return(Value::NONE);
                    };
                    // A wrapper that has not begun closes the coroutine in its first register.
                    // SAFETY: the frame is at rest; its registers hold values.
                    let inner = (generator.flavour == Flavour::Wrapper)
                        .then(|| unsafe { (*generator.regs()).clone() });
                    generator.discard_frame();
                    match inner {
                        Some(inner) => {
                            let exit = frame.regs[1].clone();
                            Step::Enter(&CLOSE, smallvec::smallvec![inner, exit])
                        }
                        None => Step::Return(Value::NONE),
                    }
                }
                Some(State::Suspended | State::Running) => {
                    frame.state = 1;
                    Step::Throw(frame.regs[0].clone(), Raised(frame.regs[1].clone()))
                }
                _ => Step::Return(Value::NONE),
            }
        }
        (_, Input::Value(value)) if !yielded_value(&frame.regs[0]) => Step::Return(value),
        (_, Input::Value(_) | Input::Yielded(_)) => {
            let who = match frame.regs[0].get::<Generator>().map(|g| g.flavour) {
                Some(Flavour::Coroutine) => "coroutine",
                Some(Flavour::AsyncGenerator) => "async generator",
                _ => "generator",
            };
            Step::Raise(vm.runtime_error(format!("{who} ignored GeneratorExit")))
        }
        (_, Input::Raised(raised)) => {
            if vm.is_raised(&raised, Known::GeneratorExit)
                || vm.is_raised(&raised, Known::StopIteration)
            {
                return Step::Return(Value::NONE);
            }
            Step::Raise(raised)
        }
        (_, Input::Start) => Step::Return(Value::NONE),
    },
);

/// Whether what an async generator answered is a value that it yielded, not its end.
fn yielded_value(target: &Value) -> bool {
    target
        .get::<Generator>()
        .is_some_and(|g| g.flavour == Flavour::AsyncGenerator && g.state.get() == State::Suspended)
}

/// Throws GeneratorExit into a generator that waits for another one, as CPython does: from the inside
/// out, each with a GeneratorExit of its own, but for the outermost one, which gets `exception`. What
/// comes out of one instead of its end is thrown into the next one further out.
///
/// While it goes on, the outermost generator has no leaf, so that it and those between count as running.
/// Registers: the outermost generator, the exception, whose turn it is next, who is being closed.
pub(crate) static EXIT: Def = Def::frame("<exit>(generator, exception, /)", 2, exit_chain);

/// States of `EXIT`: an inner generator is being closed; the outermost one has the exception.
const INNER: u8 = 1;
const OUTERMOST: u8 = 2;

fn exit_chain(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let outermost = frame.regs[0].clone();
    let Some(root) = outermost.get::<Generator>() else {
        return Step::Return(Value::NONE);
    };
    match (frame.state, input) {
        (0, _) => {
            frame.state = INNER;
            let leaf = root.leaf.replace(std::ptr::null_mut());
            // SAFETY: the leaf of a suspended chain is the frame of a live generator.
            let innermost = unsafe { Generator::of_frame(leaf) }.to_ref().into_value();
            let exit = vm.raise_bare(Known::GeneratorExit);
            close_alone(frame, innermost, exit)
        }
        (INNER, input) => {
            let failed = vm.not_closed(&std::mem::take(&mut frame.regs[3]), input);
            let next = std::mem::take(&mut frame.regs[2]);
            if next.is(&outermost) {
                frame.state = OUTERMOST;
                root.leaf.set(root.frame_ptr());
                let exception = Raised(std::mem::take(&mut frame.regs[1]));
                return Step::Throw(outermost, failed.unwrap_or(exception));
            }
            let exit = failed.unwrap_or_else(|| vm.raise_bare(Known::GeneratorExit));
            close_alone(frame, next, exit)
        }
        (_, Input::Yielded(value)) => {
            vm.foreign_yielded = true;
            Step::Return(value)
        }
        (_, Input::Value(value)) => Step::Return(value),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Start) => Step::Return(Value::NONE),
    }
}

/// Takes a generator out of the chain, whose innermost it is, and throws into it.
fn close_alone(frame: &mut NativeFrame<'_>, target: Value, exit: Raised) -> Step {
    if let Some(generator) = target.get::<Generator>() {
        let own = generator.frame_ptr();
        // SAFETY: all frames of a suspended chain lie in generators, each kept alive by the register
        // with which its parent awaits it; those outside of `own` are at rest until it has ended.
        unsafe {
            let parent = std::mem::replace(&mut (*own).parent, std::ptr::null_mut());
            (*own).flags &= !frame_flags::DELEGATED;
            frame.regs[2] = Generator::of_frame(parent).to_ref().into_value();
        }
        generator.leaf.set(own);
    }
    frame.regs[3] = target.clone();
    Step::Throw(target, exit)
}

impl Vm {
    /// What is wrong with the answer of a generator that was to be closed, if anything.
    fn not_closed(&mut self, target: &Value, input: Input) -> Option<Raised> {
        match input {
            Input::Value(_) | Input::Start => None,
            Input::Yielded(_) => {
                let who = match target.get::<Generator>().map(|g| g.flavour) {
                    Some(Flavour::Generator) => "generator",
                    _ => "coroutine",
                };
                Some(self.runtime_error(format!("{who} ignored GeneratorExit")))
            }
            Input::Raised(raised) => {
                let ended = self.is_raised(&raised, Known::GeneratorExit)
                    || self.is_raised(&raised, Known::StopIteration)
                    || self.is_raised(&raised, Known::StopAsyncIteration)
                        && target
                            .get::<Generator>()
                            .is_some_and(|g| g.flavour == Flavour::AsyncGenerator);
                if ended { None } else { Some(raised) }
            }
        }
    }

    /// Whether throwing this means closing what `generator` waits for first.
    pub(crate) fn exits_chain(&mut self, generator: &Generator, raised: &Raised) -> bool {
        let leaf = generator.leaf.get();
        !leaf.is_null()
            && leaf != generator.frame_ptr()
            && generator.state.get() == State::Suspended
            && self.is_raised(raised, Known::GeneratorExit)
    }
}
