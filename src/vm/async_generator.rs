//! Async generators: their steps (`__anext__`, `asend`, `athrow`, `aclose`).
//!
//! Awaiting a step enters the generator's own frame. Its `yield` ends the step
//! with a value; what it awaits suspends the whole chain as any await does.

use super::Vm;
use super::generator::AsyncStep;
use crate::heap::Value;
use crate::object::exception::{Exception, Traceback};
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::native::{R, Raised};
use crate::object::tuple::Tuple;
use crate::vm::types::Known;

/// `AsyncStep::action`: what the step does.
pub const SEND: i32 = 0;
/// Throws.
pub const THROW: i32 = 1;
/// Closes.
pub const CLOSE: i32 = 2;

/// Added to the action of a step that was used up; its number lies above.
const USED_UP: i32 = 8;
/// Where the number of a used-up step begins.
const NUMBER: u32 = 4;

impl AsyncStep {
    fn state(&self) -> i32 {
        self.action.get().as_small_int().unwrap_or(0) as i32
    }

    /// What it does: one of `SEND`, `THROW`, `CLOSE`.
    pub fn kind(&self) -> i32 {
        self.state() % USED_UP
    }

    /// It is not to be awaited any more.
    pub fn forget(&self) {
        self.action.set(Value::int32(self.kind() + USED_UP));
    }

    /// Whether it was awaited or closed before.
    pub fn is_used_up(&self) -> bool {
        self.state() >= USED_UP
    }

    /// Notes that it is awaited now: it is the newest step of its generator.
    fn use_up(&self, generator: &Generator) {
        let number = generator.newest_step.get().wrapping_add(1).max(1);
        generator.newest_step.set(number);
        let number = i32::from(number) << NUMBER;
        self.action
            .set(Value::int32(self.kind() + USED_UP + number));
    }

    /// Whether it has ended, or was closed before it began.
    pub fn is_over(&self) -> bool {
        let generator = self.generator.get();
        self.is_used_up()
            && !generator
                .get::<Generator>()
                .is_some_and(|generator| self.is_under_way(generator))
    }

    /// Whether it is the step that is under way.
    fn is_under_way(&self, generator: &Generator) -> bool {
        self.is_used_up()
            && generator.step.get() != 0
            && self.state() >> NUMBER == i32::from(generator.newest_step.get())
    }
}

impl Vm {
    /// The step object of `generator`; runs the first-iteration hook.
    pub fn async_step(&mut self, generator: &Value, argument: Value, action: i32) -> R {
        if let Some(g) = generator.get::<Generator>()
            && !g.hooks_done.replace(true)
        {
            let (first, finalizer) = (self.asyncgen_hooks.0.clone(), self.asyncgen_hooks.1.clone());
            if !finalizer.is_none() && !finalizer.is_undef() {
                g.hook.set(finalizer);
            }
            if !first.is_none() && !first.is_undef() {
                self.call(&first, std::slice::from_ref(generator))?;
            }
        }
        let shape = (action != SEND).then_some(self.known.athrow);
        let step = AsyncStep::alloc(shape, generator.clone(), argument, action);
        Ok(step.into_value())
    }

    /// Enters an async generator for the Await at `wait`, which stands behind the `__anext__` that an
    /// `async for` of `parent` makes: the step that it would await is left out, since only that loop
    /// would hold it. False, with nothing done, where there is more to it.
    ///
    /// # Safety
    /// `parent` is a live frame of script that holds the generator for as long as it loops.
    pub(crate) unsafe fn enter_next_step(
        &mut self,
        generator: &Generator,
        parent: *mut Frame,
        wait: *const u64,
    ) -> bool {
        let rests = match generator.state.get() {
            State::Created => true,
            State::Suspended => generator.leaf.get() == generator.frame_ptr(),
            State::Running | State::Closed => false,
        };
        if generator.flavour != Flavour::AsyncGenerator
            || !generator.hooks_done.get()
            || generator.step.get() != 0
            || !rests
        {
            return false;
        }
        let number = generator.newest_step.get().wrapping_add(1).max(1);
        generator.newest_step.set(number);
        generator.step.set(1 + SEND as u8);
        // SAFETY: the parent stands behind the Await from now on. In the place of the step it
        // holds the generator, for those who ask what it waits for.
        unsafe {
            (*parent).ip = wait.add(1);
            let held = *wait.cast::<u16>().add(2) as usize;
            let own = generator.to_ref().into_value();
            Frame::regs(parent).add(held).write(own);
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
        }
        let flags = frame_flags::DELEGATED;
        self.enter_generator(generator, Ok(Value::NONE), parent, 0, flags);
        true
    }

    /// The step that an `async for` would wait for had it been made: what `enter_next_step` left out.
    pub(crate) fn step_left_out(generator: &Generator) -> Value {
        let own = generator.to_ref().into_value();
        let step = AsyncStep::alloc(None, own, Value::NONE, SEND);
        let number = i32::from(generator.newest_step.get()) << NUMBER;
        step.action.set(Value::int32(SEND + USED_UP + number));
        step.into_value()
    }

    /// Enters the generator of a step, from a frame that awaits it (flag DELEGATED) or drives it.
    pub(crate) fn enter_step(&mut self, step: &AsyncStep, parent: *mut Frame, flags: u16) {
        self.begin_step(step, parent, flags, Ok(Value::NONE));
    }

    /// What forbids that a step begins.
    fn step_fault(&mut self, step: &AsyncStep, generator: &Generator) -> Option<Raised> {
        let refusal = self.step_refusal(step, generator);
        if refusal.is_none() {
            step.use_up(generator);
        }
        refusal
    }

    fn step_refusal(&mut self, step: &AsyncStep, generator: &Generator) -> Option<Raised> {
        if step.is_used_up() {
            let what = match step.kind() {
                SEND => "__anext__()/asend()",
                _ => "aclose()/athrow()",
            };
            return Some(self.runtime_error(format!("cannot reuse already awaited {what}")));
        }
        if generator.step.get() != 0 || self.is_running(generator) {
            step.forget();
            let name = ["anext()", "athrow()", "aclose()"][step.kind() as usize % 3];
            let text = format!("{name}: asynchronous generator is already running");
            return Some(self.runtime_error(text));
        }
        None
    }

    /// Refuses a step that cannot begin or go on, whatever is to go into it.
    pub(crate) fn check_step(&mut self, step: &AsyncStep) -> R<()> {
        let target = step.generator.get();
        match target.get::<Generator>() {
            Some(generator) if !step.is_under_way(generator) => {
                self.step_refusal(step, generator).map_or(Ok(()), Err)
            }
            _ => Ok(()),
        }
    }

    /// Begins a step with what is sent or thrown to it first.
    fn begin_step(
        &mut self,
        step: &AsyncStep,
        parent: *mut Frame,
        flags: u16,
        first: Result<Value, Raised>,
    ) {
        let target = step.generator.get();
        let generator = target
            .get::<Generator>()
            .expect("steps are made of async generators");
        if let Some(raised) = self.step_fault(step, generator) {
            return self.raise_in(parent, raised);
        }
        let action = step.kind();
        let state = generator.state.get();
        let thrown = first.is_err();
        if state == State::Closed || action == CLOSE && state == State::Created && !thrown {
            if state == State::Created {
                generator.discard_frame();
            }
            return match first {
                Err(raised) if action == CLOSE && self.ends_generator(&raised) => {
                    self.end_step_with(parent, flags, Ok(Value::NONE));
                }
                Err(raised) => self.raise_in(parent, raised),
                Ok(_) if action == SEND => {
                    let raised = self.raise_bare(Known::StopAsyncIteration);
                    self.set_context(&raised.0, parent);
                    self.end_step_with(parent, flags, Err(raised));
                }
                Ok(_) => self.end_step_with(parent, flags, Ok(Value::NONE)),
            };
        }
        if action != SEND && !thrown && generator.shut.get() {
            // It had not ended when it was closed before.
            let raised = self.raise_bare(Known::StopAsyncIteration);
            self.set_context(&raised.0, parent);
            return self.end_step_with(parent, flags, Err(raised));
        }
        let input = match self.first_input(step, first, state) {
            Ok(input) => input,
            Err(raised) => return self.raise_in(parent, raised),
        };
        generator.step.set(1 + action as u8);
        // SAFETY: the frame that delegates is at rest until the step ends.
        unsafe {
            if (*parent).has(frame_flags::GENERATOR) && flags & frame_flags::DELEGATED != 0 {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
        }
        // The step object, which the awaiting frame holds, keeps the generator alive.
        self.enter_generator(generator, input, parent, 0, flags);
    }

    /// What goes into the generator when a step begins.
    fn first_input(
        &mut self,
        step: &AsyncStep,
        first: Result<Value, Raised>,
        state: State,
    ) -> R<Result<Value, Raised>> {
        let sent = match first {
            Ok(sent) => sent,
            Err(raised) => return Ok(Err(raised)),
        };
        let argument = step.argument.get();
        if step.kind() == SEND {
            let sent = if sent.is_none() { argument } else { sent };
            if state == State::Created && !sent.is_none() {
                return Err(
                    self.type_error("can't send non-None value to a just-started async generator")
                );
            }
            return Ok(Ok(sent));
        }
        if !sent.is_none() {
            // It has not begun: it may be awaited yet.
            step.action.set(Value::int32(step.kind()));
            return Err(self.runtime_error("can't send non-None value to a just-started coroutine"));
        }
        if step.kind() == CLOSE {
            if let Some(generator) = step.generator.as_value().get::<Generator>() {
                generator.shut.set(true);
            }
            return Ok(Err(self.raise_bare(Known::GeneratorExit)));
        }
        let arguments: Vec<Value> = argument
            .get::<Tuple>()
            .map_or(Vec::new(), |t| t.items().to_vec());
        self.check_thrown("athrow", arguments.len())?;
        let exception = self.thrown(&arguments)?;
        Ok(Err(Raised(exception)))
    }

    fn ends_generator(&mut self, raised: &Raised) -> bool {
        self.is_raised(raised, Known::GeneratorExit)
            || self.is_raised(raised, Known::StopAsyncIteration)
    }

    /// Drives a step from a native frame: begins it, or goes on with it.
    pub(crate) fn drive_step(
        &mut self,
        step: &AsyncStep,
        frame: *mut Frame,
        input: Result<Value, Raised>,
    ) {
        let target = step.generator.get();
        let generator = target
            .get::<Generator>()
            .expect("steps are made of async generators");
        let begun = step.is_under_way(generator);
        if input.is_err() {
            self.make_leaf_whole(generator);
        }
        match input {
            Err(raised) if begun && self.exits_chain(generator, &raised) => {
                let step = super::generator::exit_step(&target, Err(raised));
                self.perform(step, frame, 0, 0);
            }
            input if begun => self.enter_generator(generator, input, frame, 0, 0),
            input => self.begin_step(step, frame, 0, input),
        }
    }

    /// That `throw` or `athrow` was given one to three arguments.
    pub fn check_thrown(&mut self, method: &str, given: usize) -> R<()> {
        let (bound, s) = match given {
            0 => ("at least 1", ""),
            1..=3 => return Ok(()),
            _ => ("at most 3", "s"),
        };
        Err(self.type_error(format!(
            "{method} expected {bound} argument{s}, got {given}"
        )))
    }

    /// The exception that the arguments of `throw` mean: an instance, or a class with a value.
    pub fn thrown(&mut self, arguments: &[Value]) -> R {
        let at = |i: usize| arguments.get(i).cloned().unwrap_or_default();
        let (class, value, traceback) = (at(0), at(1), at(2));
        let has = |v: &Value| !v.is_undef() && !v.is_none();
        if has(&traceback) && !traceback.is_kind::<Traceback>() {
            return Err(self.type_error("throw() third argument must be a traceback object"));
        }
        let exception = if class.is_kind::<Exception>() {
            if has(&value) {
                return Err(self.type_error("instance exception may not have a separate value"));
            }
            class
        } else if self.is_exception_class(&class) {
            let made = if value.is_kind::<Exception>() && self.is_instance(&value, &class)? {
                value
            } else if let Some(items) = value.get::<Tuple>() {
                self.call(&class, items.items())?
            } else if has(&value) {
                self.call(&class, std::slice::from_ref(&value))?
            } else {
                self.call(&class, &[])?
            };
            if !made.is_kind::<Exception>() {
                let (class, made) = (self.repr_text(&class)?, self.type_name(&made));
                return Err(self.type_error(format!(
                    "calling {class} should have returned an instance of BaseException, not {made}"
                )));
            }
            made
        } else {
            let name = self.type_name(&class);
            return Err(self.type_error(format!(
                "exceptions must be classes or instances deriving from BaseException, not {name}"
            )));
        };
        if has(&traceback)
            && let Some(e) = exception.get::<Exception>()
        {
            e.traceback.set(traceback);
        }
        Ok(exception)
    }

    /// `yield` in an async generator: the step ends with a value.
    pub(crate) fn async_yield(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the frame lies in a live generator that a step entered.
        unsafe {
            let generator = Generator::of_frame(frame);
            let (parent, flags) = ((*frame).parent, (*frame).flags);
            let step = generator.step.replace(0);
            generator.state.set(State::Suspended);
            generator.leaf.set(frame);
            (*frame).flags &= !(frame_flags::DELEGATED | frame_flags::THROWN);
            (*frame).parent = std::ptr::null_mut();
            if step == 1 + CLOSE as u8 {
                let raised = self.runtime_error("async generator ignored GeneratorExit");
                self.set_context(&raised.0, parent);
                return self.end_step_with(parent, flags, Err(raised));
            }
            self.end_step_with(parent, flags, Ok(value));
        }
    }

    /// Ends the step that is under way with an exception; whether that is what `aclose` wants.
    pub(super) fn step_closed(&mut self, generator: &Generator, raised: &Raised) -> bool {
        generator.step.replace(0) == 1 + CLOSE as u8
            && (self.is_raised(raised, Known::GeneratorExit)
                || self.is_raised(raised, Known::StopAsyncIteration))
    }

    pub(super) fn end_step_with(&mut self, parent: *mut Frame, flags: u16, result: R) {
        // SAFETY: the parent waits for the step.
        unsafe {
            match result {
                Ok(value) if flags & frame_flags::DELEGATED != 0 => {
                    self.deliver_delegated(parent, value)
                }
                Ok(value) => self.deliver(parent, (*parent).dst, 0, value),
                Err(raised) => {
                    if (*parent).has(frame_flags::GENERATOR) {
                        Generator::of_frame(parent).state.set(State::Running);
                    }
                    self.unwind_into(parent, raised);
                }
            }
        }
    }
}
