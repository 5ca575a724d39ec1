//! Generators, coroutines and async generators: entering, yielding, ending.
//!
//! A chain of awaits is linked by `Frame::parent`; a frame that was entered by
//! the await of its parent has the flag DELEGATED. When the innermost frame
//! yields, the outermost one of the chain (the *root*) remembers it as its
//! leaf, and the next resumption enters the leaf at once.

use super::Vm;
use super::call::Callee;
use super::dispatch::NATIVE_WORDS;
use super::types::Known;
use crate::bytecode::Op;
use crate::bytecode::code::flags as code_flags;
use crate::heap::{Ref, Value};
use crate::object::exception::Exception;
use crate::object::frame::{Frame, frame_flags};
use crate::object::frame_object::FrameObject;
use crate::object::function::Function;
use crate::object::generator::{Flavour, Generator, State};
use crate::object::int;
use crate::object::native::{AwaitOutcome, Input, Native, R, Raised, Step};
use crate::object::native_rest::NativeRest;

/// What `asend`, `athrow`, `aclose` and `__anext__` of an async generator give.
#[repr(C)]
pub struct AsyncStep {
    head: Header,
    /// The async generator.
    pub generator: Field,
    /// What is sent; a tuple of what is thrown.
    pub argument: Field,
    /// 0 send, 1 throw, 2 close; 8 more when it was used up, and then its number times 16.
    pub action: Field,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for AsyncStep {
    const KIND: Kind = kind::ASYNC_GENERATOR_STEP;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.generator.as_value());
        visitor.visit(self.argument.as_value());
    }
    fn clear(&self) {
        self.generator.take();
        self.argument.take();
    }
    const MAY_NEED_FINALIZER: bool = true;
    fn needs_finalizer(&self) -> bool {
        // One that was never awaited has something to say.
        !self.is_used_up() && !self.generator.is_undef()
    }
}

impl AsyncStep {
    /// The step object, as an instance of the class whose instances have `shape`, if that is given.
    pub fn alloc(
        shape: Option<u32>,
        generator: Value,
        argument: Value,
        action: i32,
    ) -> Ref<AsyncStep> {
        let step = AsyncStep {
            head: Header::new(),
            generator: Field::new(generator),
            argument: Field::new(argument),
            action: Field::new(Value::int32(action)),
        };
        match shape {
            Some(shape) => crate::heap::alloc_shaped(step, 0, shape),
            None => crate::heap::alloc(step),
        }
    }
}
use crate::heap::{Field, Header, Kind, Object, Visitor};
use crate::object::kind;
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// Closes what a generator waits for before the GeneratorExit that `input` is reaches it.
pub(super) fn exit_step(target: &Value, input: Result<Value, Raised>) -> Step {
    let (Ok(exit) | Err(Raised(exit))) = input;
    Step::Enter(
        &super::finalize::EXIT,
        smallvec::smallvec![target.clone(), exit],
    )
}

impl Flavour {
    /// What a call of code with these flags makes; None: it runs at once.
    #[inline]
    pub fn of_code(flags: u32) -> Option<Flavour> {
        if flags & (code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR)
            == 0
        {
            None
        } else if flags & code_flags::ASYNC_GENERATOR != 0 {
            Some(Flavour::AsyncGenerator)
        } else if flags & code_flags::COROUTINE != 0 {
            Some(Flavour::Coroutine)
        } else {
            Some(Flavour::Generator)
        }
    }
}

/// Bits that say how a generator was entered.
pub(crate) const ENTRY: u16 = frame_flags::DELEGATED
    | frame_flags::FOR_ITER
    | frame_flags::NEXT
    | frame_flags::DST_LOCAL
    | frame_flags::THROWN;

impl Vm {
    /// What a suspended native coroutine waits for.
    pub(crate) fn awaited_by_native(&self, generator: &Generator) -> Option<Value> {
        if generator.state.get() != State::Suspended || !generator.is_native() {
            return None;
        }
        // SAFETY: the frame is native and at rest.
        let awaiting = unsafe { Vm::awaiting(generator.frame_ptr()).clone() };
        awaiting.is_object().then_some(awaiting)
    }

    /// The object that a call of a generator or coroutine function gives.
    ///
    /// # Safety
    /// As `invoke`: the function and the arguments pass to the call.
    pub(crate) unsafe fn make_generator(
        &mut self,
        callee: Value,
        flavour: Flavour,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
    ) -> R {
        // SAFETY: the generator's frame takes over the count of the function.
        unsafe {
            let function: *mut Function = callee.header().cast();
            let code = (*(*function).code.as_ptr()).as_ptr();
            let (name, qualname) = ((*function).name.get(), (*function).qualname.get());
            let shape = self.flavour_shape(flavour);
            callee.forget();
            let generator = Generator::alloc(
                flavour,
                shape,
                function,
                std::ptr::null(),
                (*code).start(),
                ((*code).nregisters, (*code).nlocals),
                name,
                qualname,
            );
            // While its arguments are bound it must not look like a coroutine that was forgotten.
            generator.state.set(State::Running);
            let bound = self.bind(
                &Callee::Function(&*function),
                args,
                n,
                names,
                generator.regs(),
            );
            generator.state.set(State::Created);
            if let Err(raised) = bound {
                generator.discard_frame();
                return Err(raised);
            }
            if self.origin_depth > 0 && flavour == Flavour::Coroutine {
                let origin = self.coroutine_origin();
                generator.hook.set(origin);
            }
            Ok(generator.into_value())
        }
    }

    /// File, line and function of the frames around, for `cr_origin`.
    #[cold]
    fn coroutine_origin(&mut self) -> Value {
        let mut places = Vec::new();
        for outward in 0..self.origin_depth as usize {
            let Some(frame) = self.frame_object(outward) else {
                break;
            };
            let file = Str::new(frame.code.plain.source.name()).into_value();
            let line = int::from_i64(i64::from(self.frame_line(&frame)));
            let name = Str::new(&frame.code.plain.name).into_value();
            places.push(Tuple::few([file, line, name]).into_value());
        }
        Tuple::of(places).into_value()
    }

    /// The coroutine object that a call of a native coroutine function gives.
    pub(crate) unsafe fn make_native_coroutine(
        &mut self,
        native: &Native,
        extra: u16,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
    ) -> R {
        // SAFETY: as in `make_generator`; the register behind the last is for what it awaits.
        unsafe {
            let count = self.parameter_count(native) + extra as usize + 1;
            let (name, qualname) = self.coroutine_names(native);
            let generator = Generator::alloc(
                Flavour::Coroutine,
                self.flavour_shape(Flavour::Coroutine),
                std::ptr::null_mut(),
                native.def,
                NATIVE_WORDS.as_ptr(),
                (count as u32, count as u32),
                name,
                qualname,
            );
            generator.state.set(State::Running);
            let bound = self.bind(&Callee::Native(native), args, n, names, generator.regs());
            generator.state.set(State::Created);
            if let Err(raised) = bound {
                generator.discard_frame();
                return Err(raised);
            }
            if self.origin_depth > 0 {
                let origin = self.coroutine_origin();
                generator.hook.set(origin);
            }
            Ok(generator.into_value())
        }
    }

    /// Name and qualified name of the coroutines that a native function makes.
    pub(super) fn coroutine_names(&mut self, native: &Native) -> (Value, Value) {
        if native.names.0.is_undef() {
            let name = self.intern(native.def.name()).into_value();
            let qualname = self.native_qualname(native).unwrap_or_else(|| name.clone());
            native.names.0.set(name);
            native.names.1.set(qualname);
        }
        (native.names.0.get(), native.names.1.get())
    }

    /// A coroutine that runs the native frame of `def` with these first registers.
    pub fn native_coroutine(
        &mut self,
        def: &'static crate::object::native::Def,
        flavour: Flavour,
        args: &[Value],
    ) -> Ref<Generator> {
        use crate::object::native::NativeCode;
        let (NativeCode::Frame(extra, _) | NativeCode::Coroutine(extra, _)) = def.code else {
            unreachable!("only native frames make coroutines")
        };
        let count = args.len() + extra as usize + 1;
        let name = self.name_of_native(def);
        // SAFETY: a native frame without a function; the registers are the object's.
        unsafe {
            let generator = Generator::alloc(
                flavour,
                self.flavour_shape(flavour),
                std::ptr::null_mut(),
                def,
                NATIVE_WORDS.as_ptr(),
                (count as u32, count as u32),
                name.clone(),
                name,
            );
            for (i, value) in args.iter().enumerate() {
                drop(std::ptr::replace(generator.regs().add(i), value.clone()));
            }
            generator
        }
    }

    /// Whether the generator runs, be it that it waits for what it awaits.
    pub fn is_running(&self, generator: &Generator) -> bool {
        match generator.state.get() {
            State::Running => true,
            State::Created | State::Closed => false,
            State::Suspended => {
                // SAFETY: the frame of a live generator; a delegated frame's parent is the frame
                // that awaits it, which is alive for as long as it does.
                unsafe {
                    let frame = generator.frame_ptr();
                    if (*frame).has(frame_flags::DELEGATED) {
                        let parent = (*frame).parent;
                        !(*parent).has(frame_flags::GENERATOR)
                            || self.is_running(Generator::of_frame(parent))
                    } else {
                        generator.leaf.get().is_null()
                    }
                }
            }
        }
    }

    /// Enters `generator` from `parent`, with a value or an exception. `flags` say how
    /// its yields and its end come back. Whoever calls keeps the generator alive.
    pub(crate) fn enter_generator(
        &mut self,
        generator: &Generator,
        input: Result<Value, Raised>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: the generator is at rest, so its frame may be linked and entered.
        unsafe {
            let frame = generator.frame_ptr();
            let leaf = generator.leaf.replace(std::ptr::null_mut());
            let first = generator.state.get() == State::Created;
            let leaf = if leaf.is_null() { frame } else { leaf };
            if (*parent).depth >= self.recursion_limit {
                generator
                    .leaf
                    .set(if first { std::ptr::null_mut() } else { leaf });
                let raised = self.recursion_error("maximum recursion depth exceeded");
                if first && !(*frame).has(frame_flags::NATIVE) {
                    // It ends where it begins, as what is called does for which there is no room.
                    (*frame).parent = parent;
                    (*frame).dst = dst;
                    (*frame).flags = ((*frame).flags & !ENTRY) | flags;
                    generator.state.set(State::Running);
                    return self.unbegun_raised(frame, raised);
                }
                return self.raise_in(parent, raised);
            }
            (*frame).parent = parent;
            (*frame).dst = dst;
            (*frame).flags = ((*frame).flags & !ENTRY) | flags;
            (*frame).depth = (*parent).depth + 1;
            generator.state.set(State::Running);
            if leaf != frame {
                generator.state.set(State::Suspended);
                Generator::of_frame(leaf).state.set(State::Running);
            }
            match input {
                Ok(value) if first => {
                    if (*frame).has(frame_flags::NATIVE) {
                        return self.enter_native(frame, Input::Start);
                    }
                    drop(value);
                    self.go_on_in(frame);
                }
                Ok(value) => self.resume_leaf(leaf, value),
                Err(raised) => {
                    let mut inner = leaf;
                    while inner != frame {
                        (*inner).flags |= frame_flags::THROWN;
                        inner = (*inner).parent;
                    }
                    self.throw_into_leaf(leaf, raised, first);
                }
            }
        }
    }

    /// Goes on in the frame that yielded, with what is sent.
    unsafe fn resume_leaf(&mut self, leaf: *mut Frame, value: Value) {
        // SAFETY: the leaf stands behind a Yield, or behind an Await of a native awaitable.
        unsafe {
            if (*leaf).has(frame_flags::NATIVE) {
                return self.enter_native(leaf, Input::Value(value));
            }
            let word = *(*leaf).ip.sub(1);
            let regs = Frame::regs(leaf);
            let ip = (*leaf).ip.sub(1);
            if word as u8 == Op::Yield as u8 {
                super::dispatch::put(ip, regs, value);
                return self.go_on_in(leaf);
            }
            drop(value);
            let register = *ip.cast::<u16>().add(2) as usize;
            let target = (*regs.add(register)).clone();
            if Self::is_pause(&target) {
                return self.await_is_over(leaf, Value::NONE);
            }
            if let Some(rest) = target.get_exact::<NativeRest>() {
                if !self.resume_rest(leaf, rest) {
                    let whole = self.whole_leaf(leaf);
                    Generator::of_frame(leaf).state.set(State::Suspended);
                    Generator::of_frame(whole).state.set(State::Running);
                    self.enter_native(whole, Input::Value(Value::NONE));
                }
                return;
            }
            match self.await_hook(&target, false) {
                Ok(AwaitOutcome::Done(value)) => self.await_is_over(leaf, value),
                Ok(AwaitOutcome::Yield(value)) => self.yield_from_frame(leaf, value),
                Err(raised) => {
                    self.set_context(&raised.0, leaf);
                    self.unwind_into(leaf, raised);
                }
            }
        }
    }

    /// The Await behind which `frame` stands has its result.
    pub(crate) unsafe fn await_is_over(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the word before ip is an Await whose operand B holds what was awaited.
        unsafe {
            let ip = (*frame).ip.sub(1);
            let regs = Frame::regs(frame);
            let operand = regs.add(*ip.cast::<u16>().add(2) as usize);
            drop(std::ptr::replace(operand, Value::UNDEF));
            super::dispatch::put(ip, regs, value);
        }
        self.go_on_in(frame);
    }

    /// Enters what `frame` awaits; its result goes where the Await says.
    pub(crate) fn delegate(&mut self, frame: *mut Frame, target: &Value, dst: u16, flags: u16) {
        let generator = target.get::<Generator>().expect("the caller checked");
        match generator.state.get() {
            State::Closed if generator.flavour == Flavour::Coroutine => {
                let raised = self.runtime_error("cannot reuse already awaited coroutine");
                return self.raise_in(frame, raised);
            }
            State::Closed => {
                // An exhausted generator gives None at once.
                return self.deliver_delegated(frame, Value::NONE);
            }
            _ if self.is_running(generator)
                || Self::is_awaited(generator)
                || Self::waits_elsewhere(generator, frame) =>
            {
                let raised = if generator.flavour == Flavour::Coroutine {
                    self.runtime_error("coroutine is being awaited already")
                } else {
                    self.value_error("generator already executing")
                };
                return self.raise_in(frame, raised);
            }
            _ => {}
        }
        // SAFETY: the frame that delegates is at rest until the result comes.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                Generator::of_frame(frame).state.set(State::Suspended);
            }
        }
        self.enter_generator(
            generator,
            Ok(Value::NONE),
            frame,
            dst,
            flags | frame_flags::DELEGATED,
        );
    }

    /// Whether a coroutine stands in an await already, driven by hand.
    fn waits_elsewhere(generator: &Generator, frame: *mut Frame) -> bool {
        // SAFETY: the frame that delegates is alive.
        generator.flavour == Flavour::Coroutine
            && generator.state.get() == State::Suspended
            && unsafe { !(*frame).has(frame_flags::NATIVE) }
    }

    fn is_awaited(generator: &Generator) -> bool {
        // SAFETY: the frame of a live generator.
        unsafe { (*generator.frame_ptr()).has(frame_flags::DELEGATED) }
    }

    /// A result comes to a frame that delegated.
    pub(crate) fn deliver_delegated(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the frame waits in an Await (or is native and awaits).
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                Generator::of_frame(frame).state.set(State::Running);
            }
            if (*frame).has(frame_flags::NATIVE) {
                return self.enter_native(frame, Input::Value(value));
            }
            self.await_is_over(frame, value);
        }
    }

    /// `frame` yields: the chain it is the leaf of stops, and the value goes to whoever drives it.
    pub(crate) fn yield_from_frame(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: a frame that yields lies in a generator, and so do all frames it was delegated to from.
        unsafe {
            let mut root = frame;
            Generator::of_frame(frame).state.set(State::Suspended);
            while (*root).has(frame_flags::DELEGATED) {
                // What was thrown into it is over when it waits again.
                (*root).flags &= !frame_flags::THROWN;
                root = (*root).parent;
                if !(*root).has(frame_flags::GENERATOR) {
                    // A native frame or `asyncio.run` awaits outside of any coroutine.
                    let raised = self.runtime_error("await outside of a coroutine cannot wait");
                    return self.raise_in(root, raised);
                }
            }
            Generator::of_frame(root).leaf.set(frame);
            let (parent, dst, flags) = ((*root).parent, (*root).dst, (*root).flags);
            (*root).parent = std::ptr::null_mut();
            self.release_sent(root);
            if (*parent).has(frame_flags::NATIVE)
                && flags & frame_flags::NEXT == 0
                && !(*parent).has(frame_flags::BOUNDARY)
            {
                return self.enter_native(parent, Input::Yielded(value));
            }
            self.deliver(parent, dst, flags & frame_flags::DST_LOCAL, value);
        }
    }

    /// A generator or coroutine returned.
    pub(crate) fn generator_returned(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the frame is done; its generator is kept alive by who entered it.
        unsafe {
            let generator = Generator::of_frame(frame).to_ref();
            let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
            self.end_generator(&generator, frame);
            if generator.flavour == Flavour::AsyncGenerator {
                let raised = self.raise_bare(Known::StopAsyncIteration);
                self.set_context(&raised.0, parent);
                let result = match self.step_closed(&generator, &raised) {
                    true => Ok(Value::NONE),
                    false => Err(raised),
                };
                return self.end_step_with(parent, flags, result);
            }
            if flags & frame_flags::DELEGATED != 0 {
                return self.deliver_delegated(parent, value);
            }
            if flags & frame_flags::FOR_ITER != 0 {
                return self.end_for_loop(parent);
            }
            if flags & frame_flags::SENT != 0 {
                let raised = self.stop_iteration(value);
                return self.raise_in(parent, raised);
            }
            if flags & frame_flags::NEXT != 0 {
                return self.deliver(parent, dst, flags & frame_flags::DST_LOCAL, Value::UNDEF);
            }
            self.deliver(parent, dst, flags & frame_flags::DST_LOCAL, value);
        }
    }

    pub(super) unsafe fn end_generator(&mut self, generator: &Generator, frame: *mut Frame) {
        // SAFETY: the frame is done: its locals are dropped once.
        unsafe {
            generator.state.set(State::Closed);
            generator.leaf.set(std::ptr::null_mut());
            FrameObject::detach(frame, true);
            let regs = Frame::regs(frame);
            let count = if (*frame).has(frame_flags::NATIVE) {
                generator.registers as usize
            } else {
                (*(*frame).function).code.borrow().nlocals as usize
            };
            for i in 0..count {
                drop(std::ptr::replace(regs.add(i), Value::UNDEF));
            }
            let function = std::mem::replace(&mut (*frame).function, std::ptr::null_mut());
            if !function.is_null() {
                // One that has ended still says whose it was.
                generator.hook.set((*function).code.borrow().value());
                (*function).release_one();
            }
            (*frame).flags &= !ENTRY;
            (*frame).parent = std::ptr::null_mut();
            // The caller has a count of its own.
            self.release_sent(frame);
        }
    }

    /// An exception leaves a generator or coroutine.
    pub(crate) fn generator_raised(&mut self, frame: *mut Frame, raised: Raised) {
        if let Some((parent, raised)) = self.leave_generator(frame, raised, true) {
            self.unwind_into(parent, raised);
        }
    }

    /// An exception ends a generator or coroutine that has not begun: a StopIteration stays one.
    pub(crate) fn unbegun_raised(&mut self, frame: *mut Frame, raised: Raised) {
        if let Some((parent, raised)) = self.leave_generator(frame, raised, false) {
            self.unwind_into(parent, raised);
        }
    }

    /// Ends a generator that an exception leaves: the frame where it goes on, and which it is then;
    /// None if it ends here.
    pub(super) fn leave_generator(
        &mut self,
        frame: *mut Frame,
        raised: Raised,
        begun: bool,
    ) -> Option<(*mut Frame, Raised)> {
        // SAFETY: as in `generator_returned`; the live temporaries were dropped.
        unsafe {
            let generator = Generator::of_frame(frame).to_ref();
            let (parent, flags) = ((*frame).parent, (*frame).flags);
            self.end_generator(&generator, frame);
            let raised = match begun {
                true => self.not_stop_iteration(generator.flavour, raised),
                false => raised,
            };
            if generator.flavour == Flavour::AsyncGenerator && self.step_closed(&generator, &raised)
            {
                self.end_step_with(parent, flags, Ok(Value::NONE));
                return None;
            }
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Running);
            }
            if flags & frame_flags::THROWN != 0 && (*parent).has(frame_flags::GENERATOR) {
                self.set_context_of_throw(&raised.0, parent);
            }
            Some((parent, raised))
        }
    }

    /// A StopIteration that leaves a generator becomes a RuntimeError (PEP 479).
    pub(super) fn not_stop_iteration(&mut self, flavour: Flavour, raised: Raised) -> Raised {
        let what = if self.is_raised(&raised, Known::StopIteration) {
            "StopIteration"
        } else if flavour == Flavour::AsyncGenerator
            && self.is_raised(&raised, Known::StopAsyncIteration)
        {
            "StopAsyncIteration"
        } else {
            return raised;
        };
        let who = match flavour {
            Flavour::Coroutine => "coroutine",
            Flavour::AsyncGenerator => "async generator",
            _ => "generator",
        };
        let error = self.runtime_error(format!("{who} raised {what}"));
        if let Some(exception) = error.0.get::<Exception>() {
            if !cfg!(hoop_mutant = "12") {
                exception.cause.set(raised.0.clone());
            }
            exception.context.set(raised.0.clone());
            exception.suppress_context.set(true);
        }
        error
    }

    /// Drives a coroutine or generator from a native frame (`Step::Send`, `Step::Throw`).
    pub(crate) fn drive(&mut self, frame: *mut Frame, target: Value, input: Result<Value, Raised>) {
        if let Ok(value) = &input
            && value.is_none()
            && let Some(generator) = target.get::<Generator>()
            && self.enter_at_rest(generator, frame)
        {
            return;
        }
        if let Some(step) = target.get::<AsyncStep>() {
            return self.drive_step(step, frame, input);
        }
        let Some(generator) = target.get::<Generator>() else {
            let step = self.foreign_drive_step(&target, input);
            return self.perform(step, frame, 0, 0);
        };
        if input.is_err() {
            self.make_leaf_whole(generator);
        }
        if let Err(raised) = self.check_enter(generator, &input) {
            return self.raise_in(frame, raised);
        }
        if generator.state.get() == State::Closed {
            return match input {
                _ if matches!(generator.flavour, Flavour::Coroutine | Flavour::Wrapper) => {
                    let raised = self.runtime_error("cannot reuse already awaited coroutine");
                    self.raise_in(frame, raised);
                }
                Ok(_) => self.enter_native(frame, Input::Value(Value::NONE)),
                Err(raised) => self.enter_native(frame, Input::Raised(raised)),
            };
        }
        if let Err(raised) = &input
            && self.exits_chain(generator, raised)
        {
            return self.perform(exit_step(&target, input), frame, 0, 0);
        }
        // The register that a native frame awaits with keeps the generator alive... but then its
        // next input would count as that of an await: the frame's owner holds it instead.
        self.enter_generator(generator, input, frame, 0, 0);
    }

    /// Enters what a native frame drives with None, unless something speaks against that: then the answer is false.
    #[inline]
    fn enter_at_rest(&mut self, generator: &Generator, parent: *mut Frame) -> bool {
        let at_rest = match generator.state.get() {
            State::Created => true,
            State::Suspended => !generator.leaf.get().is_null(),
            State::Running | State::Closed => false,
        };
        if !at_rest || Self::is_awaited(generator) {
            return false;
        }
        self.enter_generator(generator, Ok(Value::NONE), parent, 0, 0);
        true
    }

    /// Whether a generator may be resumed from outside.
    fn check_enter(&mut self, generator: &Generator, input: &Result<Value, Raised>) -> R<()> {
        let who = match generator.flavour {
            Flavour::Coroutine => "coroutine",
            Flavour::AsyncGenerator => "async generator",
            _ => "generator",
        };
        if self.is_running(generator) {
            return Err(self.value_error(format!("{who} already executing")));
        }
        if Self::is_awaited(generator) {
            return Err(self.runtime_error("coroutine is being awaited already"));
        }
        if generator.state.get() == State::Created
            && let Ok(value) = input
            && !value.is_none()
        {
            return Err(
                self.type_error(format!("can't send non-None value to a just-started {who}"))
            );
        }
        Ok(())
    }

    /// Asks an iterator for its next value on behalf of a frame; it gets Undef at the end.
    pub(crate) fn perform_next(
        &mut self,
        iterator: Value,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        if let Some(generator) = iterator.get_exact::<Generator>() {
            return self.next_of_generator(generator, parent, dst, flags);
        }
        match self.next_step(&iterator) {
            Step::Next(iterator) if !iterator.is_kind::<Generator>() => {
                self.invoke_next(iterator, parent, dst, flags);
            }
            Step::Next(_) => {
                if let Some(wrapper) = iterator.get::<Generator>()
                    && wrapper.flavour == Flavour::Wrapper
                {
                    if wrapper.state.get() == State::Closed {
                        let raised = self.runtime_error("cannot reuse already awaited coroutine");
                        return self.raise_in(parent, raised);
                    }
                    return self.next_of_generator(wrapper, parent, dst, flags);
                }
                let raised = self.type_error("a coroutine is no iterator");
                self.raise_in(parent, raised);
            }
            step => self.perform(step, parent, dst, flags),
        }
    }

    /// Calls `__next__` of an iterator for which `next_step` said so.
    pub(crate) fn invoke_next(
        &mut self,
        iterator: Value,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let method = self
            .special_of(&iterator, super::special::Special::Next)
            .unwrap_or_default();
        // A StopIteration that leaves the method's frame is the end.
        let flags = match flags & frame_flags::FOR_ITER {
            0 => flags | frame_flags::NEXT,
            _ => flags,
        };
        let mut receiver = std::mem::ManuallyDrop::new(iterator);
        // SAFETY: the receiver passes to the call; the parent is the caller's live frame.
        unsafe { self.invoke(method, &mut *receiver, 1, None, parent, dst, flags) };
    }

    /// Next value of a generator for `parent`; Undef at its end.
    pub(crate) fn next_of_generator(
        &mut self,
        generator: &Generator,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        // SAFETY: the parent is alive, and whoever calls keeps the generator alive.
        if flags == 0 && unsafe { self.resume_for_native(generator, parent) } {
            return;
        }
        if generator.state.get() == State::Closed {
            return self.deliver(parent, dst, flags, Value::UNDEF);
        }
        if let Err(raised) = self.check_enter(generator, &Ok(Value::NONE)) {
            return self.raise_in(parent, raised);
        }
        self.enter_generator(
            generator,
            Ok(Value::NONE),
            parent,
            dst,
            flags | frame_flags::NEXT,
        );
    }
}
