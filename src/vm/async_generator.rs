//! Async generators: their steps (`__anext__`, `asend`, `athrow`, `aclose`).
//!
//! Awaiting a step enters the generator's own frame. Its `yield` ends the step
//! with a value; what it awaits suspends the whole chain as any await does.

use super::Vm;
use super::generator::AsyncStep;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Generator, State};
use crate::object::native::{R, Raised};
use crate::vm::types::Known;

/// `AsyncStep::action`: what the step does.
pub const SEND: i32 = 0;
/// Throws.
pub const THROW: i32 = 1;
/// Closes.
pub const CLOSE: i32 = 2;

/// Added to the action of a step that was used up.
const USED_UP: i32 = 8;

impl AsyncStep {
    fn state(&self) -> i32 {
        self.action.get().as_small_int().unwrap_or(0) as i32
    }

    /// Whether it was awaited or closed before.
    pub fn is_used_up(&self) -> bool {
        self.state() >= USED_UP
    }

    /// What it does, if it may still do it; `Err` says what it has done.
    pub fn use_up(&self) -> Result<i32, i32> {
        let state = self.state();
        if state >= USED_UP {
            return Err(state - USED_UP);
        }
        self.action.set(Value::int32(state + USED_UP));
        Ok(state)
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
        let (generator, action_value) = (generator.clone(), Value::int32(action));
        let step = match action {
            SEND => AsyncStep::alloc(generator, argument, action_value),
            _ => AsyncStep::alloc_shaped(self.known.athrow, generator, argument, action_value),
        };
        Ok(step.into_value())
    }

    /// Enters the generator of a step, from a frame that awaits it (flag DELEGATED) or drives it.
    pub(crate) fn enter_step(&mut self, step: &AsyncStep, parent: *mut Frame, flags: u16) {
        let target = step.generator.get();
        let action = match step.use_up() {
            Ok(action) => action,
            Err(used) => {
                let what = if used == SEND {
                    "__anext__()/asend()"
                } else {
                    "aclose()/athrow()"
                };
                let raised = self.runtime_error(format!("cannot reuse already awaited {what}"));
                return self.raise_in(parent, raised);
            }
        };
        let generator = target
            .get::<Generator>()
            .expect("steps are made of async generators");
        if generator.step.get() != 0 || self.is_running(generator) {
            let name = ["anext()", "athrow()", "aclose()"][action as usize % 3];
            let raised =
                self.runtime_error(format!("{name}: asynchronous generator is already running"));
            return self.raise_in(parent, raised);
        }
        if generator.state.get() == State::Closed
            || action == CLOSE && generator.state.get() == State::Created
        {
            if generator.state.get() == State::Created {
                generator.discard_frame();
            }
            return match action {
                SEND => {
                    let raised = self.raise_bare(Known::StopAsyncIteration);
                    self.end_step_with(parent, flags, Err(raised));
                }
                _ => self.end_step_with(parent, flags, Ok(Value::NONE)),
            };
        }
        let argument = step.argument.get();
        if action == SEND && generator.state.get() == State::Created && !argument.is_none() {
            let raised =
                self.type_error("can't send non-None value to a just-started async generator");
            return self.raise_in(parent, raised);
        }
        generator.step.set(1 + action as u8);
        let input = match action {
            SEND => Ok(argument),
            THROW => Err(Raised(argument)),
            _ => Err(self.raise_bare(Known::GeneratorExit)),
        };
        // SAFETY: the frame that delegates is at rest until the step ends.
        unsafe {
            if (*parent).has(frame_flags::GENERATOR) && flags & frame_flags::DELEGATED != 0 {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
        }
        // The step object, which the awaiting frame holds, keeps the generator alive.
        self.enter_generator(generator, input, parent, 0, flags);
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
        let begun = step.is_used_up() && generator.step.get() != 0;
        match input {
            Err(raised) if begun && self.exits_chain(generator, &raised) => {
                let step = super::generator::exit_step(&target, Err(raised));
                self.perform(step, frame, 0, 0);
            }
            input if begun => self.enter_generator(generator, input, frame, 0, 0),
            Ok(_) => self.enter_step(step, frame, 0),
            Err(raised) => {
                // A step that has not begun throws it into the generator where that stands.
                match step.use_up() {
                    Ok(action)
                        if generator.step.get() == 0 && generator.state.get() != State::Closed =>
                    {
                        generator.step.set(1 + action as u8);
                        self.enter_generator(generator, Err(raised), frame, 0, 0);
                    }
                    _ => self.raise_in(frame, raised),
                }
            }
        }
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
            (*frame).flags &= !frame_flags::DELEGATED;
            (*frame).parent = std::ptr::null_mut();
            if step == 1 + CLOSE as u8 {
                let raised = self.runtime_error("async generator ignored GeneratorExit");
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
