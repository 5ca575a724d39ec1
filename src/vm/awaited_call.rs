//! Calls of coroutine functions whose coroutine is awaited at once: `await f()`.
//!
//! Nobody else ever sees such a coroutine, so what would only be done for others is left out. A
//! native one that need not wait (a free lock, an item in the queue) runs on the stack and never
//! becomes an object at all.

use super::Vm;
use super::call::Callee;
use super::dispatch::{Cursor, NATIVE_WORDS, put};
use crate::bytecode::Op;
use crate::bytecode::op::{TEMP_A, TEMP_B};
use crate::heap::{Ref, Value};
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::{BoundMethod, Function};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::native::{AwaitOutcome, Awaited, Input, Native, NativeCode, Step};
use crate::object::native_rest::NativeRest;
use crate::object::task::{Future, FutureState};

/// Operand A of the instruction at `ip`, operand B, and its flags.
unsafe fn operands(ip: *const u64) -> (u16, u16, u8) {
    // SAFETY: the caller's `ip` is an instruction of verified code.
    unsafe {
        let parts = ip.cast::<u16>();
        (*parts.add(1), *parts.add(2), *ip.cast::<u8>().add(1))
    }
}

/// What an Await holds in the place of a native coroutine that paused and has nothing more to do.
const PAUSED: Value = Value::NOT_IMPLEMENTED;
/// The state of a native frame that paused, and the register from which it then returns None.
const PAUSE_STATE: usize = 1;
const RESULT_OF_PAUSE: usize = 1;

impl Vm {
    /// Whether what an Await holds stands for a coroutine that paused: what goes on with None.
    #[inline(always)]
    pub(super) fn is_pause(held: &Value) -> bool {
        held.is_not_implemented()
    }

    /// The coroutine that a pause stands for.
    fn paused_coroutine(&mut self) -> Option<Ref<Generator>> {
        let native = self.paused_in.to_ref::<Native>()?;
        let NativeCode::Coroutine(extra, _) = native.def.code else {
            return None;
        };
        let count = self.parameter_count(&native) + extra as usize + 1;
        let ip = &raw const NATIVE_WORDS[PAUSE_STATE];
        let coroutine = self.empty_coroutine(&native, ip, count as u32);
        for i in 0..count {
            let value = match i {
                RESULT_OF_PAUSE => Value::NONE,
                _ => Value::UNDEF,
            };
            // SAFETY: the registers are the object's trailing memory.
            unsafe { coroutine.regs().add(i).write(value) };
        }
        Some(coroutine)
    }

    /// The Await for whose sake `parent` makes a call with its result in the temporary `dst`, if
    /// that is all that happens to the result. None for a coroutine that lies on the stack.
    ///
    /// # Safety
    /// `parent` is a live frame whose `ip` is saved.
    #[inline]
    pub(super) unsafe fn awaited_at_once(
        &self,
        parent: *mut Frame,
        dst: u16,
    ) -> Option<*const u64> {
        // SAFETY: behind the instruction of a call there is another one.
        unsafe {
            if (*parent).is_stack_coroutine() {
                return None;
            }
            self.await_behind(parent, dst)
        }
    }

    /// As `awaited_at_once`, of any frame.
    ///
    /// # Safety
    /// As for that.
    #[inline]
    pub(super) unsafe fn await_behind(&self, parent: *mut Frame, dst: u16) -> Option<*const u64> {
        // SAFETY: as above.
        unsafe {
            if (*parent).has(frame_flags::NATIVE) || self.origin_depth > 0 {
                return None;
            }
            let get = (*parent).ip;
            let (awaitable, given, flags) = operands(get);
            if *get as u8 != Op::GetAwaitable as u8
                || given != dst
                || flags & (TEMP_A | TEMP_B) != TEMP_A | TEMP_B
            {
                return None;
            }
            let wait = get.add(1);
            let is_await = *wait as u8 == Op::Await as u8 && operands(wait).1 == awaitable;
            is_await.then_some(wait)
        }
    }

    /// The coroutine that `function(argument)` makes, if the function is a coroutine function of script with nothing to
    /// bind; None otherwise.
    pub(crate) fn coroutine_at_once(
        &mut self,
        function: &Value,
        argument: &Value,
    ) -> Option<Value> {
        let function = function
            .to_ref::<Function>()
            .filter(|_| function.is_exact::<Function>())?;
        let shape = self.known.coroutine;
        if function.coroutine.get() != 1 || self.origin_depth > 0 || !self.heap.dies_plainly(shape)
        {
            return None;
        }
        let mut argument = std::mem::ManuallyDrop::new(argument.clone());
        // SAFETY: the copy of the argument and the count of the function pass to the coroutine.
        unsafe {
            let function = function.into_value();
            let callee = function.header().cast();
            function.forget();
            let args = (&raw mut *argument, 1);
            let coroutine =
                Generator::of_call(&mut self.heap, Flavour::Coroutine, shape, callee, args);
            Some(Value::from_header(coroutine.cast()))
        }
    }

    /// Calls a coroutine function with nothing to bind for the Await of `parent` that takes the
    /// result of the call from the temporary `dst`: makes the coroutine and enters it. The arguments
    /// and the count of the function pass to it. False, with nothing done, where there is more to it.
    ///
    /// # Safety
    /// `parent` is a live frame whose `ip` is saved; the arguments are as many as the parameters.
    #[inline(never)]
    pub(crate) unsafe fn call_awaited(
        &mut self,
        function: *mut Function,
        args: (*mut Value, usize),
        parent: *mut Frame,
        dst: usize,
    ) -> bool {
        // SAFETY: as above. The parent stands behind the Await from now on.
        unsafe {
            let shape = self.known.coroutine;
            let Some(wait) = self.awaited_at_once(parent, dst as u16) else {
                return false;
            };
            if (*parent).depth >= self.recursion_limit || !self.heap.dies_plainly(shape) {
                return false;
            }
            let waits = &(*(*(*function).code.as_ptr()).as_ptr()).waits;
            waits.set(waits.get().saturating_sub(1));
            let coroutine =
                Generator::of_call(&mut self.heap, Flavour::Coroutine, shape, function, args);
            (*coroutine).state.set(State::Running);
            let (dst, held, _) = operands(wait);
            (*parent).ip = wait.add(1);
            Frame::regs(parent)
                .add(held as usize)
                .write(Value::from_header(coroutine.cast()));
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
            let frame = (*coroutine).frame_ptr();
            (*frame).parent = parent;
            (*frame).dst = dst;
            (*frame).flags |= frame_flags::DELEGATED;
            (*frame).depth = (*parent).depth + 1;
            let code = (*(*function).code.as_ptr()).as_ptr();
            self.cursor = Cursor {
                ip: (*frame).ip.cast_mut(),
                regs: Frame::regs(frame),
                consts: (*code).consts(),
            };
            true
        }
    }

    /// A coroutine or generator of script returns `value` to the Await or YieldFrom of a script frame, which alone
    /// holds it.
    ///
    /// # Safety
    /// `frame` is the running one, of such a coroutine.
    #[inline(never)]
    pub(crate) unsafe fn end_awaited(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the Await stands before the parent's `ip`.
        unsafe {
            let parent = (*frame).parent;
            let (_, held, _) = operands((*parent).ip.sub(1));
            self.free_returned(frame, Frame::regs(parent).add(held as usize));
            self.go_on_behind_await(parent, value);
        }
    }

    /// Frees a coroutine or generator of script that returned, and which only a register of its parent holds.
    ///
    /// # Safety
    /// `frame` is its own, and `held` that register.
    #[inline(always)]
    pub(super) unsafe fn free_returned(&mut self, frame: *mut Frame, held: *mut Value) {
        // SAFETY: the locals are dropped once, and then nobody refers to the coroutine any more.
        unsafe {
            let coroutine = std::ptr::from_ref(Generator::of_frame(frame)).cast_mut();
            let function = (*frame).function;
            let nlocals = (*(*(*function).code.as_ptr()).as_ptr()).nlocals as usize;
            (*coroutine).state.set(State::Closed);
            for i in 0..nlocals {
                std::ptr::drop_in_place(Frame::regs(frame).add(i));
            }
            (*frame).function = std::ptr::null_mut();
            (*function).release_one();
            std::ptr::replace(held, Value::UNDEF).forget();
            Generator::free_ended(&mut self.heap, coroutine);
        }
    }

    /// Goes on in a script frame that stands behind an Await, with the result of that.
    ///
    /// # Safety
    /// `parent` is live; the operand of the Await is Undef.
    #[inline]
    pub(crate) unsafe fn go_on_behind_await(&mut self, parent: *mut Frame, value: Value) {
        // SAFETY: as above.
        unsafe {
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Running);
            }
            let regs = Frame::regs(parent);
            put((*parent).ip.sub(1), regs, value);
            if self.heap.has_finalizers() {
                return self.go_on_in(parent);
            }
            let code = (*(*(*parent).function).code.as_ptr()).as_ptr();
            self.cursor = Cursor {
                ip: (*parent).ip.cast_mut(),
                regs,
                consts: (*code).consts(),
            };
        }
    }

    /// An async generator that an `async for` of a script frame asked for its next item yields it.
    ///
    /// # Safety
    /// `frame` is the running one, of such a generator; its `ip` is saved.
    #[inline(never)]
    pub(crate) unsafe fn yield_awaited(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: the parent waits for the step that ends here.
        unsafe {
            let generator = Generator::of_frame(frame);
            let parent = (*frame).parent;
            generator.step.set(0);
            generator.state.set(State::Suspended);
            generator.leaf.set(frame);
            (*frame).flags &= !(frame_flags::DELEGATED | frame_flags::THROWN);
            (*frame).parent = std::ptr::null_mut();
            let (_, held, _) = operands((*parent).ip.sub(1));
            let held = Frame::regs(parent).add(held as usize);
            drop(std::ptr::replace(held, Value::UNDEF));
            self.go_on_behind_await(parent, value);
        }
    }

    /// Enters a coroutine that was just made, from the Await at `wait`.
    ///
    /// # Safety
    /// As `awaited_at_once`, which gave `wait`.
    pub(super) unsafe fn await_new_coroutine(
        &mut self,
        coroutine: &Value,
        parent: *mut Frame,
        wait: *const u64,
    ) {
        // SAFETY: the parent stands behind the Await from now on, whose operand holds the coroutine.
        unsafe {
            let (dst, held, _) = operands(wait);
            (*parent).ip = wait.add(1);
            Frame::regs(parent)
                .add(held as usize)
                .write(coroutine.clone());
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
            let coroutine = coroutine.header().cast::<Generator>();
            let flags = frame_flags::DELEGATED;
            self.enter_generator(&*coroutine, Ok(Value::NONE), parent, dst, flags);
        }
    }

    /// As `call_awaited`, for a native coroutine function that takes so many arguments.
    ///
    /// # Safety
    /// As for that.
    #[inline(never)]
    pub(crate) unsafe fn call_native_awaited(
        &mut self,
        native: &Native,
        (args, n): (*mut Value, usize),
        parent: *mut Frame,
        dst: usize,
    ) -> bool {
        // SAFETY: as above; a native coroutine function outlives the classes that scripts change.
        unsafe {
            let NativeCode::Coroutine(extra, _) = native.def.code else {
                return false;
            };
            let Some(wait) = self.await_behind(parent, dst as u16) else {
                return false;
            };
            if (*parent).is_stack_coroutine() {
                return self.await_without_frame(native, (args, n), parent, wait);
            }
            let kept = native.to_ref();
            self.run_awaited(&kept, (extra, args, n), None, parent, wait);
            true
        }
    }

    /// Does what `run_awaited` does, where the function needs no frame for it. False, with nothing done, otherwise.
    ///
    /// # Safety
    /// As for that.
    unsafe fn await_without_frame(
        &mut self,
        native: &Native,
        (args, n): (*mut Value, usize),
        parent: *mut Frame,
        wait: *const u64,
    ) -> bool {
        // SAFETY: the arguments are dropped once; the parent stands behind the Await from then on.
        unsafe {
            let Some(hook) = native.def.awaited else {
                return false;
            };
            if (*parent).depth >= self.recursion_limit {
                return false;
            }
            let Some(answer) = hook(self, std::slice::from_raw_parts(args, n)) else {
                return false;
            };
            let pauses = matches!(answer, Ok(Awaited::Pauses));
            if pauses && !(*parent).has(frame_flags::GENERATOR) {
                return false;
            }
            for i in 0..n {
                drop(args.add(i).read());
            }
            let (_, held, _) = operands(wait);
            let held = Frame::regs(parent).add(held as usize);
            (*parent).ip = wait.add(1);
            held.write(Value::UNDEF);
            match answer {
                Ok(Awaited::Done(value)) => self.go_on_behind_await(parent, value),
                Ok(Awaited::Pauses) => {
                    self.paused_in = native.to_ref().into_value();
                    held.write(PAUSED);
                    self.yield_from_frame(parent, Value::NONE);
                }
                Err(raised) => {
                    self.set_context_if_fresh(&raised, parent);
                    self.frame = parent;
                    self.unwind_into(parent, raised);
                }
            }
            true
        }
    }

    /// Calls what the bound method at `base` binds, a coroutine function that takes the receiver and the `n` arguments
    /// behind it, as `call_awaited` does: the window is used up then.
    ///
    /// # Safety
    /// As for that.
    #[inline(never)]
    pub(crate) unsafe fn call_bound_awaited(
        &mut self,
        base: *mut Value,
        n: usize,
        parent: *mut Frame,
        dst: usize,
    ) -> bool {
        // SAFETY: the receiver takes the method's place in the window, unless nothing is done.
        unsafe {
            let callee = base.read();
            let method = callee.header().cast::<BoundMethod>();
            let function = (*method).function.header().cast::<Function>();
            (*function).retain();
            base.write((*method).receiver.clone());
            let called = self.call_awaited(function, (base, n + 1), parent, dst);
            if called {
                drop(callee);
            } else {
                drop(std::ptr::replace(base, callee));
                (*function).release_one();
            }
            called
        }
    }

    /// Runs a native coroutine for the Await at `wait` up to where it waits: only then it becomes an object.
    ///
    /// # Safety
    /// As `invoke`, for a native coroutine function; `awaited_at_once` gave `wait`.
    pub(super) unsafe fn run_awaited(
        &mut self,
        native: &Native,
        (extra, args, n): (u16, *mut Value, usize),
        names: Option<&Value>,
        parent: *mut Frame,
        wait: *const u64,
    ) {
        // SAFETY: the frame lies on the stack until it has returned or its registers have moved.
        unsafe {
            // Also for the calls to come: by it they are known to need no binding.
            let signature = self.signature(native);
            if names.is_none() && self.await_without_frame(native, (args, n), parent, wait) {
                return;
            }
            let (dst, held, flags) = operands(wait);
            let flags = match flags & TEMP_A {
                0 => frame_flags::DST_LOCAL,
                _ => 0,
            };
            let params = signature.params.len();
            let plain = names.is_none()
                && n >= native.least_awaited.get() as usize
                && n <= native.most as usize;
            let count = self.parameter_count(native) + extra as usize;
            let frame = self.push_native(native.def, count, parent, dst, flags);
            let regs = Frame::regs(frame);
            let bound = if plain {
                std::ptr::copy_nonoverlapping(args, regs, n);
                for (i, param) in signature.params.iter().enumerate().skip(n) {
                    regs.add(i).write(param.default.clone());
                }
                let first = if params > 0 { Some(&*regs) } else { None };
                self.check_method_receiver(native, first)
            } else {
                self.bind(&Callee::Native(native), args, n, names, regs)
            };
            if let Err(raised) = bound {
                self.pop_native(frame);
                return self.raise_in(parent, raised);
            }
            if (*parent).depth >= self.recursion_limit {
                self.pop_native(frame);
                let raised = self.recursion_error("maximum recursion depth exceeded");
                return self.raise_in(parent, raised);
            }
            // From here on the parent stands behind the Await, whose operand counts as live.
            (*parent).ip = wait.add(1);
            Frame::regs(parent).add(held as usize).write(Value::UNDEF);
            let step = self.step_native(frame, Input::Start);
            self.act_awaited(native, frame, step, wait);
        }
    }

    /// Does what a native frame on the stack wants that runs for the Await at `wait`.
    unsafe fn act_awaited(
        &mut self,
        native: &Native,
        frame: *mut Frame,
        step: Step,
        wait: *const u64,
    ) {
        // SAFETY: the frame is the topmost one; its parent stands behind the Await.
        unsafe {
            let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
            let (_, held, _) = operands(wait);
            let held = Frame::regs(parent).add(held as usize);
            let in_coroutine = (*parent).has(frame_flags::GENERATOR);
            match step {
                Step::Return(value) => {
                    self.pop_native(frame);
                    self.deliver(parent, dst, flags & frame_flags::DST_LOCAL, value);
                }
                Step::Pause if in_coroutine => {
                    self.pop_native(frame);
                    self.paused_in = native.to_ref().into_value();
                    held.write(PAUSED);
                    self.yield_from_frame(parent, Value::NONE);
                }
                Step::Await(future)
                    if in_coroutine
                        && future.get_exact::<Future>().is_some_and(|future| {
                            future.is_pending() && !future.blocking.get()
                        }) =>
                {
                    match self.await_hook(&future, true) {
                        Ok(AwaitOutcome::Yield(value)) => {
                            *Self::awaiting(frame) = future;
                            let count = Self::native_registers(frame) + 1;
                            let regs = Frame::regs(frame);
                            let rest = NativeRest::alloc(native, (*frame).ip, regs, count);
                            self.pop_frame(frame);
                            held.write(rest.into_value());
                            self.yield_from_frame(parent, value);
                        }
                        Ok(AwaitOutcome::Done(value)) => {
                            let step = self.step_native(frame, Input::Value(value));
                            self.act_awaited(native, frame, step, wait);
                        }
                        Err(raised) => {
                            let moved = self.move_to_coroutine(native, frame, wait);
                            self.set_context(&raised.0, moved);
                            self.enter_native(moved, Input::Raised(raised));
                        }
                    }
                }
                step => {
                    let moved = self.move_to_coroutine(native, frame, wait);
                    self.act(moved, step);
                }
            }
        }
    }

    /// Goes on in the native coroutine that `leaf`, a script frame, holds in the place of one that rests.
    /// False, with nothing done, where what it awaits has no result.
    ///
    /// # Safety
    /// `leaf` is a suspended frame behind an Await; it is entered now.
    pub(super) unsafe fn resume_rest(&mut self, leaf: *mut Frame, rest: &NativeRest) -> bool {
        // SAFETY: the registers move to the stack.
        unsafe {
            let future = rest.awaited();
            let Some(done) = future.get_exact::<Future>() else {
                return false;
            };
            if done.state.get() != FutureState::Result {
                return false;
            }
            let wait = (*leaf).ip.sub(1);
            let (dst, held, flags) = operands(wait);
            let kept = std::ptr::replace(Frame::regs(leaf).add(held as usize), Value::UNDEF);
            let (Some(rest), Some(native)) =
                (kept.get::<NativeRest>(), rest.native.to_ref::<Native>())
            else {
                return false;
            };
            let flags = match flags & TEMP_A {
                0 => frame_flags::DST_LOCAL,
                _ => 0,
            };
            let frame = self.push_native(native.def, rest.count() - 1, leaf, dst, flags);
            rest.take_registers(Frame::regs(frame));
            (*frame).ip = rest.ip;
            *Self::awaiting(frame) = Value::UNDEF;
            let step = self.step_native(frame, Input::Value(done.outcome()));
            self.act_awaited(&native, frame, step, wait);
            true
        }
    }

    /// Makes a coroutine of what the innermost frame of a suspended chain awaits, where that is
    /// one that rests or paused: for those who look at it, or throw into it. The innermost frame then.
    ///
    /// # Safety
    /// `leaf` is the innermost frame of a suspended chain.
    pub(super) unsafe fn whole_leaf(&mut self, leaf: *mut Frame) -> *mut Frame {
        // SAFETY: the frames of the chain are at rest; the coroutine is held by the Await.
        unsafe {
            if (*leaf).has(frame_flags::NATIVE) || *(*leaf).ip.sub(1) as u8 != Op::Await as u8 {
                return leaf;
            }
            let (dst, held, _) = operands((*leaf).ip.sub(1));
            let held = Frame::regs(leaf).add(held as usize);
            let coroutine = if Self::is_pause(&*held) {
                self.paused_coroutine()
            } else if let Some(rest) = (*held).get::<NativeRest>() {
                Self::coroutine_of_rest(self, rest)
            } else {
                return leaf;
            };
            let Some(coroutine) = coroutine else {
                return leaf;
            };
            let frame = coroutine.frame_ptr();
            coroutine.state.set(State::Suspended);
            (*frame).parent = leaf;
            (*frame).dst = dst;
            (*frame).flags |= frame_flags::DELEGATED;
            (*frame).depth = (*leaf).depth + 1;
            drop(std::ptr::replace(held, coroutine.into_value()));
            let mut root = leaf;
            while (*root).has(frame_flags::DELEGATED) {
                root = (*root).parent;
            }
            if (*root).has(frame_flags::GENERATOR) && Generator::of_frame(root).leaf.get() == leaf {
                Generator::of_frame(root).leaf.set(frame);
            }
            frame
        }
    }

    fn coroutine_of_rest(&mut self, rest: &NativeRest) -> Option<Ref<Generator>> {
        let native = rest.native.to_ref::<Native>()?;
        let coroutine = self.empty_coroutine(&native, rest.ip, rest.count() as u32);
        // SAFETY: the registers are those of the same definition.
        unsafe { rest.take_registers(coroutine.regs()) };
        Some(coroutine)
    }

    /// A coroutine of a native function, whose registers the caller fills.
    fn empty_coroutine(&mut self, native: &Native, ip: *const u64, count: u32) -> Ref<Generator> {
        let (name, qualname) = self.coroutine_names(native);
        let shape = self.flavour_shape(Flavour::Coroutine);
        let none = std::ptr::null_mut();
        // SAFETY: a native frame has no function.
        unsafe {
            Generator::alloc(
                Flavour::Coroutine,
                shape,
                none,
                native.def,
                ip,
                (count, 0),
                name,
                qualname,
            )
        }
    }

    /// What the innermost frame of a chain awaits that begins with this one is a coroutine from now on.
    pub(crate) fn make_leaf_whole(&mut self, generator: &Generator) {
        let leaf = generator.leaf.get();
        if !leaf.is_null() {
            // SAFETY: a generator that has a leaf is suspended.
            unsafe { self.whole_leaf(leaf) };
        }
    }

    /// As `make_leaf_whole`, for a generator that need not be the outermost one of its chain.
    pub(crate) fn make_awaited_whole(&mut self, generator: &Generator) {
        if generator.state.get() == State::Suspended {
            // SAFETY: the frame of a suspended generator is at rest.
            unsafe { self.whole_leaf(generator.frame_ptr()) };
        }
    }

    /// Moves a native frame from the stack into a coroutine, which its parent awaits at `wait`.
    unsafe fn move_to_coroutine(
        &mut self,
        native: &Native,
        frame: *mut Frame,
        wait: *const u64,
    ) -> *mut Frame {
        // SAFETY: the frame is the topmost one and at rest; its registers are moved, not dropped.
        unsafe {
            let count = Self::native_registers(frame) as u32 + 1;
            let coroutine = self.empty_coroutine(native, (*frame).ip, count);
            coroutine.state.set(State::Running);
            std::ptr::copy_nonoverlapping(Frame::regs(frame), coroutine.regs(), count as usize);
            let parent = (*frame).parent;
            let (dst, held, _) = operands(wait);
            let moved = coroutine.frame_ptr();
            (*moved).parent = parent;
            (*moved).dst = dst;
            (*moved).flags |= frame_flags::DELEGATED;
            (*moved).depth = (*parent).depth + 1;
            self.pop_frame(frame);
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
            Frame::regs(parent)
                .add(held as usize)
                .write(coroutine.into_value());
            moved
        }
    }
}
