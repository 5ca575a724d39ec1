//! Native frames: state machines in Rust on the same stack of frames as script code.

use super::Vm;
use super::dispatch::{At, NATIVE_WORDS};
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::Generator;
use crate::object::kind;
use crate::object::native::{
    AwaitOutcome, Def, Input, Native, NativeCode, NativeFrame, R, Raised, RawLeaf, Step,
};
use crate::object::tuple::Tuple;

impl Vm {
    /// The interned name of a native, which is kept from the last time as a rule.
    pub(crate) fn name_of_native(&mut self, def: &'static crate::object::native::Def) -> Value {
        let address = std::ptr::from_ref(def) as usize;
        let at = (address / 32) % self.native_names.len();
        if self.native_names[at].0 != address {
            self.native_names[at] = (address, self.intern(def.name()).into_value());
        }
        self.native_names[at].1.clone()
    }

    /// Calls a native that takes its arguments as they were given.
    pub(super) fn run_raw(
        &mut self,
        native: &Native,
        raw: RawLeaf,
        args: &[Value],
        names: Option<&Value>,
    ) -> R {
        let names = names
            .and_then(|names| names.get::<Tuple>())
            .map_or(&[][..], Tuple::items);
        self.check_method_receiver(native, args[..args.len() - names.len()].first())?;
        raw(self, args, names)
    }

    /// Goes on in the native frame at the cursor with `vm.input`.
    pub(crate) fn resume_native(&mut self, at: At) {
        let frame = at.frame();
        let mut input = self.input.take().unwrap_or(Input::Value(Value::NONE));
        if std::mem::take(&mut self.foreign_yielded)
            && let Input::Value(value) = input
        {
            input = Input::Yielded(value);
        }
        // SAFETY: the frame is a live native frame.
        let input = unsafe {
            if Self::awaiting(frame).is_undef() {
                input
            } else {
                match self.awaited(frame, input) {
                    Some(input) => input,
                    None => return,
                }
            }
        };
        let came = match &input {
            Input::Raised(raised) => raised.0.word(),
            _ => 0,
        };
        match self.step_native(frame, input) {
            // It was not raised here: what is handled here is no context of it.
            Step::Raise(raised) if raised.0.word() == came => self.native_passes(frame, raised),
            step => self.act(frame, step),
        }
    }

    /// Runs a new native frame: most are done with their first step. Natives that enter each other
    /// without end go through the dispatch loop, which needs no stack.
    pub(crate) fn start_native(&mut self, frame: *mut Frame) {
        const MOST: u32 = 8;
        if self.native_starts >= MOST {
            return self.enter_native(frame, Input::Start);
        }
        self.native_starts += 1;
        let step = self.step_native(frame, Input::Start);
        self.act(frame, step);
        self.native_starts -= 1;
    }

    /// Runs the frame's function once.
    pub(super) fn step_native(&mut self, frame: *mut Frame, input: Input) -> Step {
        // SAFETY: the frame is native and at rest; its registers are used by its function only.
        unsafe {
            let def = &*(*frame).native;
            self.pulls -= super::limits::PULLS_A_STEP;
            if self.pulls < 0
                && let Err(raised) = self.count_pulls()
                && self.stopping.is_some()
            {
                return Step::Raise(raised);
            }
            let (NativeCode::Frame(_, resume) | NativeCode::Coroutine(_, resume)) = def.code else {
                unreachable!("only such definitions have frames")
            };
            let regs =
                std::slice::from_raw_parts_mut(Frame::regs(frame), Self::native_registers(frame));
            let mut view = NativeFrame {
                regs,
                state: Self::native_state(frame),
            };
            self.frame = frame;
            let step = resume(self, &mut view, input);
            (*frame).ip = &NATIVE_WORDS[view.state as usize];
            step
        }
    }

    /// The state of a native frame.
    ///
    /// # Safety
    /// The frame is native and alive.
    pub(super) unsafe fn native_state(frame: *mut Frame) -> u8 {
        // SAFETY: as said. It stands at one of these words, whose number is its state.
        unsafe { (((*frame).ip as usize - NATIVE_WORDS.as_ptr() as usize) / 8) as u8 }
    }

    /// Does what a native frame wants.
    pub(super) fn act(&mut self, frame: *mut Frame, step: Step) {
        self.frame = frame;
        match step {
            Step::Return(value) => self.native_returned(frame, value),
            Step::Raise(raised) => self.native_raised(frame, raised),
            Step::TailCall(..) | Step::TailCallKw(..) | Step::Enter(..) => {
                self.replace_native(frame, step)
            }
            Step::Next(iterator) => self.perform_next(iterator, frame, 0, 0),
            Step::Call(..) | Step::NextCall(..) | Step::CallKw(..) | Step::Do(_) => {
                self.perform(step, frame, 0, 0)
            }
            Step::Await(awaitable) => self.await_from_native(frame, awaitable),
            Step::Yield(value) => self.yield_from_frame(frame, value),
            Step::Pause => self.yield_from_frame(frame, Value::NONE),
            Step::Send(target, value) => self.drive(frame, target, Ok(value)),
            Step::Throw(target, raised) => self.drive(frame, target, Err(raised)),
            Step::Park => self.park_fiber(frame),
        }
    }

    fn native_returned(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the frame is done.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                return self.generator_returned(frame, value);
            }
            let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
            self.pop_native(frame);
            self.deliver(parent, dst, flags, value);
        }
    }

    fn native_raised(&mut self, frame: *mut Frame, raised: Raised) {
        // SAFETY: the frame is done.
        unsafe {
            self.set_context_if_fresh(&raised, (*frame).parent);
        }
        self.native_passes(frame, raised);
    }

    /// An exception leaves a native frame, as it came.
    fn native_passes(&mut self, frame: *mut Frame, raised: Raised) {
        self.frame = frame;
        // SAFETY: the frame is done.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                return self.generator_raised(frame, raised);
            }
            let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
            self.pop_native(frame);
            if self.is_end_of_iteration(flags, &raised) {
                drop(raised);
                return self.deliver(parent, dst, flags, Value::UNDEF);
            }
            self.unwind_into(parent, raised);
        }
    }

    /// A tail call: the frame goes, its parent gets the callee's result.
    fn replace_native(&mut self, frame: *mut Frame, step: Step) {
        // SAFETY: the frame is done; a generator's frame stays until the call is over.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                return self.perform(Step::Enter(&TAIL, wrap(step)), frame, 0, 0);
            }
            let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
            self.pop_native(frame);
            let keep = frame_flags::DST_LOCAL
                | frame_flags::DISCARD
                | frame_flags::FOR_ITER
                | frame_flags::NEXT;
            self.frame = parent;
            self.perform(step, parent, dst, flags & keep);
        }
    }

    /// The native frame awaits something.
    fn await_from_native(&mut self, frame: *mut Frame, awaitable: Value) {
        match self.awaitable(&awaitable, 0) {
            Ok(Step::Return(target)) => self.await_target(frame, target),
            Ok(step) => {
                // `__await__` is script code: it runs first, and its result is awaited.
                let mut args = crate::object::native::Args::new();
                args.push(awaitable);
                // SAFETY: the hidden register marks that what comes is to be awaited.
                unsafe { *Self::awaiting(frame) = Value::NOT_IMPLEMENTED };
                self.perform(step, frame, 0, 0);
            }
            Err(raised) => self.raise_in(frame, raised),
        }
    }

    fn await_target(&mut self, frame: *mut Frame, target: Value) {
        // SAFETY: the frame is native and alive.
        unsafe { *Self::awaiting(frame) = target.clone() };
        if target.is_kind::<Generator>() {
            return self.delegate(frame, &target, 0, 0);
        }
        if let Some(step) = target.get::<super::generator::AsyncStep>() {
            return self.enter_step(step, frame, frame_flags::DELEGATED);
        }
        match self.await_hook(&target, true) {
            Ok(AwaitOutcome::Done(value)) => {
                // SAFETY: as above.
                unsafe { *Self::awaiting(frame) = Value::UNDEF };
                self.enter_native(frame, Input::Value(value));
            }
            Ok(AwaitOutcome::Yield(value)) => self.yield_from_frame(frame, value),
            Err(raised) => {
                // SAFETY: as above.
                unsafe { *Self::awaiting(frame) = Value::UNDEF };
                self.set_context(&raised.0, frame);
                self.enter_native(frame, Input::Raised(raised));
            }
        }
    }

    /// What a native frame that awaits gets: None when it goes on waiting.
    unsafe fn awaited(&mut self, frame: *mut Frame, input: Input) -> Option<Input> {
        // SAFETY: the frame is native and alive.
        let target = unsafe { std::mem::take(Self::awaiting(frame)) };
        if target.is_not_implemented() {
            return match input {
                Input::Value(iterator) => match self.checked_await_result(&iterator) {
                    Ok(target) => {
                        self.await_target(frame, target);
                        None
                    }
                    Err(raised) => Some(Input::Raised(raised)),
                },
                other => Some(other),
            };
        }
        if target.is_kind::<Generator>() || target.is_kind::<super::generator::AsyncStep>() {
            // The result of the coroutine it awaited, or an exception.
            return Some(input);
        }
        match input {
            Input::Value(_) => match self.await_hook(&target, false) {
                Ok(AwaitOutcome::Done(value)) => Some(Input::Value(value)),
                Ok(AwaitOutcome::Yield(value)) => {
                    // SAFETY: as above.
                    unsafe { *Self::awaiting(frame) = target };
                    self.yield_from_frame(frame, value);
                    None
                }
                Err(raised) => {
                    self.set_context(&raised.0, frame);
                    Some(Input::Raised(raised))
                }
            },
            other => Some(other),
        }
    }

    /// Asks a native awaitable (a Future) how it stands.
    pub(crate) fn await_hook(
        &mut self,
        target: &Value,
        first: bool,
    ) -> crate::object::native::R<AwaitOutcome> {
        match self.native_await(target) {
            Some(hook) => hook(self, target, first),
            None => {
                let name = self.type_name(target);
                Err(self.type_error(format!("object {name} can't be used in 'await' expression")))
            }
        }
    }

    /// The await hook of a native type.
    pub(crate) fn native_await(&self, target: &Value) -> Option<crate::object::native::AwaitHook> {
        if !target.is_object() {
            return None;
        }
        let kind = self.kind_of(target);
        if kind < kind::DEQUE {
            return None;
        }
        self.await_hooks[kind as usize]
    }
}

/// Performs one step in the place of a native coroutine's end. Register 0 holds
/// the callee, 1 the arguments, 2 the names.
static TAIL: Def = Def::frame("<tail call>(callee, arguments, names, /)", 0, tail);

fn tail(_: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    use crate::object::tuple::Tuple;
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            let args = frame.regs[1]
                .get::<Tuple>()
                .map_or_else(Default::default, |t| t.items().iter().cloned().collect());
            let callee = frame.regs[0].clone();
            let names = frame.regs[2].clone();
            if names.is_none() {
                Step::Call(callee, args)
            } else {
                Step::CallKw(callee, args, names)
            }
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Value(value) | Input::Yielded(value)) => Step::Return(value),
        (_, Input::Start) => Step::Return(Value::NONE),
    }
}

fn wrap(step: Step) -> crate::object::native::Args {
    use crate::object::tuple::Tuple;
    let (callee, args, names) = match step {
        Step::TailCall(callee, args) => (callee, args, Value::NONE),
        Step::TailCallKw(callee, args, names) => (callee, args, names),
        _ => unreachable!("native coroutines end in calls, values or exceptions only"),
    };
    smallvec::smallvec![callee, Tuple::of(args.into_vec()).into_value(), names]
}
