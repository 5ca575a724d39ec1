//! Generators of script that feed natives (`sum`, `join`, `sorted`...), and functions whose results natives wait for: the
//! native goes on at once, without a turn of the dispatch loop between.

use super::Vm;
use super::dispatch;
use super::generator::ENTRY;
use crate::bytecode::Op;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Generator, State};
use crate::object::native::{Def, Input, Native, Step};

impl Vm {
    /// Goes on at once in a native frame that waits for a value. For the dispatch loop, which it returns to: so no native
    /// is stacked on another.
    ///
    /// # Safety
    /// `frame` is a live native frame that waits for this value.
    pub(super) unsafe fn hand_to_native(&mut self, frame: *mut Frame, value: Value) {
        // SAFETY: as said.
        unsafe {
            if (*frame).has(frame_flags::BOUNDARY) {
                self.outcome = Some(Ok(value));
                return self.leave();
            }
            if self.foreign_yielded || !Self::awaiting(frame).is_undef() {
                return self.enter_native(frame, Input::Value(value));
            }
        }
        let step = self.step_native(frame, Input::Value(value));
        self.act(frame, step);
    }

    /// Hands what the Yield at `ip` yields to the native frame that asked for it, if that takes it without being resumed
    /// (see `Def::takes`): then the generator, which was not left, goes on with None as the yield's result. Else false, and
    /// nothing has happened.
    ///
    /// # Safety
    /// The running frame, whose registers are `regs`, stands at the Yield; `parent` is the native frame that entered its
    /// chain of generators for the next item.
    #[inline(never)]
    pub(crate) unsafe fn feed(
        &mut self,
        ip: *mut u64,
        regs: *mut Value,
        parent: *mut Frame,
    ) -> bool {
        // SAFETY: as said; the registers of a native frame at rest are nobody else's.
        unsafe {
            let Some((_, takes)) = self.at_rest(parent).and_then(|def| def.takes) else {
                return false;
            };
            let value = dispatch::take_b(ip, regs);
            if let Err(value) = takes(self, Self::native_state(parent), places(parent), value) {
                dispatch::put_back_b(ip, regs, value);
                return false;
            }
            dispatch::put(ip, regs, Value::NONE);
        }
        true
    }

    /// The definition of a native frame that waits for a value, and for nothing else.
    ///
    /// # Safety
    /// The frame is native and alive.
    unsafe fn at_rest(&self, frame: *mut Frame) -> Option<&'static Def> {
        // SAFETY: as said; definitions are never freed before their frames.
        unsafe {
            let waits = !(*frame).has(frame_flags::BOUNDARY)
                && !self.foreign_yielded
                && Self::awaiting(frame).is_undef();
            waits.then(|| &*(*frame).native)
        }
    }

    /// A function returns `vm.leaf_result` to the native frame that called it. If that takes the result without being
    /// resumed, and would call the function again with one argument, then so it happens, in the frame that is there. Else
    /// false, and nothing has happened.
    ///
    /// # Safety
    /// The frame with these registers is the running one, plain, and its locals are gone.
    #[inline(never)]
    pub(crate) unsafe fn call_again(&mut self, regs: *mut Value) -> bool {
        // SAFETY: as said; a plain frame has a function and a parent.
        unsafe {
            let frame = Frame::of(regs);
            let (parent, function) = ((*frame).parent, (*frame).function);
            let flags = (*frame).flags & !frame_flags::DST_LOCAL;
            if (*parent).flags & frame_flags::NATIVE == 0
                || flags & !frame_flags::NEXT != 0
                || (*function).simple.get() != 1
                || self.budget < 1
            {
                return false;
            }
            let Some(def) = self.at_rest(parent) else {
                return false;
            };
            let gives_item = flags == frame_flags::NEXT;
            let state = Self::native_state(parent);
            let result = std::mem::take(&mut self.leaf_result);
            let taken = match (def.takes, def.recalls) {
                (Some((source, takes)), _) if gives_item => {
                    takes(self, state, places(parent), result).map(|()| {
                        let iterator = places(parent)[source as usize].clone();
                        self.next_call(frame, iterator)
                    })
                }
                (_, Some(recalls)) if !gives_item => {
                    recalls(state, places(parent), &*function.cast(), result).map(Some)
                }
                _ => Err(result),
            };
            match taken {
                Ok(Some(argument)) => self.begin_again(frame, argument),
                Ok(None) => {}
                Err(result) => {
                    self.leaf_result = result;
                    return false;
                }
            }
        }
        true
    }

    /// What the function of a frame, which has returned, is called with for the next item of an iterator. None if the item
    /// comes in another way: then the frame is gone, and its parent, which is native, gets the item.
    ///
    /// # Safety
    /// As `call_again`.
    unsafe fn next_call(&mut self, frame: *mut Frame, iterator: Value) -> Option<Value> {
        // SAFETY: as said.
        unsafe {
            let (parent, function) = ((*frame).parent, (*frame).function);
            let step = match self.next_by_call(&iterator) {
                Some(Step::NextCall(callee, mut args))
                    if args.len() == 1
                        && callee.is_object()
                        && callee.header() == function.cast() =>
                {
                    return args.pop();
                }
                Some(step) => step,
                None => Step::Next(iterator),
            };
            (*function).release_one();
            self.sp = frame.cast();
            match step {
                Step::Return(item) => self.hand_to_native(parent, item),
                step => self.act(parent, step),
            }
        }
        None
    }

    /// Begins a frame anew whose function has returned and takes one argument.
    ///
    /// # Safety
    /// As `call_again`.
    unsafe fn begin_again(&mut self, frame: *mut Frame, argument: Value) {
        // SAFETY: as said; the locals are gone, so nothing is lost by writing over them.
        unsafe {
            let code = (*(*(*frame).function).code.as_ptr()).as_ptr();
            let regs = Frame::regs(frame);
            regs.write(argument);
            for i in 1..(*code).nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            self.budget -= 1;
            let (ip, consts) = ((*code).start(), (*code).consts());
            dispatch::At { ip, regs, consts }.go_to(self, ip);
        }
    }

    /// A generator yields to the native frame that asked for its next item: `root` is the outermost of its chain of
    /// generators. The native goes on at once; if it wants the next item, so does the generator.
    ///
    /// # Safety
    /// `frame` is the running one, saved behind its Yield, `root` the generator's frame that the native entered.
    #[inline(never)]
    pub(crate) unsafe fn yield_to_native(
        &mut self,
        frame: *mut Frame,
        root: *mut Frame,
        value: Value,
    ) {
        // SAFETY: the chain is at rest from here on, and the native frame waits for this value.
        unsafe {
            Generator::of_frame(frame).state.set(State::Suspended);
            Generator::of_frame(root).leaf.set(frame);
            let parent = std::mem::replace(&mut (*root).parent, std::ptr::null_mut());
            self.hand_to_native(parent, value);
        }
    }

    /// Enters a generator that rests at a `yield` of script, its own or that of one it yields from, for the next item of
    /// a native frame; false, and nothing has happened, where the general way must look.
    pub(super) unsafe fn resume_for_native(
        &mut self,
        generator: &Generator,
        parent: *mut Frame,
    ) -> bool {
        let leaf = generator.leaf.get();
        // SAFETY: the leaf of a suspended generator lives; both frames do.
        unsafe {
            if leaf.is_null()
                || generator.state.get() != State::Suspended
                || (*leaf).has(frame_flags::NATIVE)
            {
                return false;
            }
            let stands_at = (*leaf).ip.sub(1);
            let root = generator.frame_ptr();
            self.budget -= 1;
            if *stands_at as u8 != Op::Yield as u8
                || (*root).has(frame_flags::DELEGATED)
                || (*parent).depth >= self.recursion_limit
                || self.budget < 0
            {
                return false;
            }
            (*root).parent = parent;
            (*root).dst = 0;
            (*root).flags = (*root).flags & !ENTRY | frame_flags::NEXT;
            (*root).depth = (*parent).depth + 1;
            generator.leaf.set(std::ptr::null_mut());
            Generator::of_frame(leaf).state.set(State::Running);
            dispatch::put(stands_at, Frame::regs(leaf), Value::NONE);
            self.go_on_in(leaf);
        }
        true
    }

    /// Goes on in a generator for a script frame that called `next()` or `send()`; false, and nothing has happened, where
    /// the general way must look. The arguments pass to it.
    ///
    /// # Safety
    /// As `Vm::invoke`.
    pub(super) unsafe fn send_at_once(
        &mut self,
        native: &Native,
        (args, n): (*mut Value, usize),
        names: Option<&Value>,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> bool {
        // SAFETY: the first argument holds the generator, and then its frame does; the leaf of a suspended one lives.
        unsafe {
            if n == 0
                || native.def.resumes as usize != n
                || names.is_some()
                || !(*args).is_exact::<Generator>()
                || flags & !frame_flags::DST_LOCAL != 0
                || (*parent).has(frame_flags::NATIVE)
                || (*parent).depth >= self.recursion_limit
                || self.budget < 1
            {
                return false;
            }
            let generator: *const Generator = (*args).header().cast();
            let root = (*generator).frame_ptr();
            let leaf = (*generator).leaf.get();
            if (*root).flags & (frame_flags::DELEGATED | frame_flags::NATIVE) != 0 {
                return false;
            }
            let begins = (*generator).state.get() == State::Created;
            if begins {
                if n > 1 && !(*args.add(1)).is_none() {
                    return false;
                }
            } else if (*generator).state.get() != State::Suspended
                || leaf.is_null()
                || (*leaf).has(frame_flags::NATIVE)
                || *(*leaf).ip.sub(1) as u8 != Op::Yield as u8
            {
                return false;
            }
            self.budget -= 1;
            let value = match n {
                1 => Value::NONE,
                _ => args.add(1).read(),
            };
            args.read().forget();
            (*root).parent = parent;
            (*root).dst = dst;
            (*root).flags = (*root).flags & !ENTRY | frame_flags::SENT | flags;
            (*root).depth = (*parent).depth + 1;
            if begins {
                (*generator).state.set(State::Running);
                self.go_on_in(root);
            } else {
                (*generator).leaf.set(std::ptr::null_mut());
                Generator::of_frame(leaf).state.set(State::Running);
                dispatch::put((*leaf).ip.sub(1), Frame::regs(leaf), value);
                self.go_on_in(leaf);
            }
        }
        true
    }

    /// A generator yields to the script frame that called `next()` or `send()`; see `yield_to_native`.
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn yield_to_sender(
        &mut self,
        frame: *mut Frame,
        root: *mut Frame,
        value: Value,
    ) {
        // SAFETY: the chain is at rest from here on, and the parent waits for this value.
        unsafe {
            let generator = Generator::of_frame(root);
            Generator::of_frame(frame).state.set(State::Suspended);
            generator.leaf.set(frame);
            let parent = std::mem::replace(&mut (*root).parent, std::ptr::null_mut());
            let dst = Frame::regs(parent).add((*root).dst as usize);
            let to_local = (*root).has(frame_flags::DST_LOCAL);
            self.release_sent(root);
            if to_local {
                drop(std::ptr::replace(dst, value));
            } else {
                dst.write(value);
            }
            self.go_on_in(parent);
        }
    }

    /// Gives up the count of its generator that a frame has which was entered by `next()` or `send()`.
    ///
    /// # Safety
    /// The frame is done with, or at rest: its generator may go.
    #[inline]
    pub(super) unsafe fn release_sent(&mut self, frame: *mut Frame) {
        // SAFETY: with the flag, the frame has a count.
        unsafe {
            if (*frame).has(frame_flags::SENT) {
                (*frame).flags &= !frame_flags::SENT;
                let generator = std::ptr::from_ref(Generator::of_frame(frame));
                drop(Value::from_header(generator.cast_mut().cast()));
            }
        }
    }
}

/// The registers of a native frame.
///
/// # Safety
/// The frame is native and at rest: nobody else uses them as long as the slice is used.
unsafe fn places<'a>(frame: *mut Frame) -> &'a mut [Value] {
    // SAFETY: as said.
    unsafe { std::slice::from_raw_parts_mut(Frame::regs(frame), Vm::native_registers(frame)) }
}
