//! Calls of coroutine functions whose coroutine is awaited at once: `await f()`.
//!
//! Nobody else ever sees such a coroutine, so what would only be done for others is left out. A
//! native one that need not wait (a free lock, an item in the queue) runs on the stack and never
//! becomes an object at all.

use super::Vm;
use super::call::Callee;
use crate::bytecode::Op;
use crate::bytecode::op::{TEMP_A, TEMP_B};
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::native::{Input, Native, Step};

/// Operand A of the instruction at `ip`, operand B, and its flags.
unsafe fn operands(ip: *const u64) -> (u16, u16, u8) {
    // SAFETY: the caller's `ip` is an instruction of verified code.
    unsafe {
        let parts = ip.cast::<u16>();
        (*parts.add(1), *parts.add(2), *ip.cast::<u8>().add(1))
    }
}

impl Vm {
    /// The Await for whose sake `parent` makes a call with its result in the temporary `dst`, if
    /// that is all that happens to the result.
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
            let (dst, held, flags) = operands(wait);
            let flags = match flags & TEMP_A {
                0 => frame_flags::DST_LOCAL,
                _ => 0,
            };
            let count = self.parameter_count(native) + extra as usize;
            let frame = self.push_native(native.def, count, parent, dst, flags);
            let bound = self.bind(&Callee::Native(native), args, n, names, Frame::regs(frame));
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
            match self.step_native(frame, Input::Start) {
                Step::Return(value) => {
                    self.pop_native(frame);
                    self.deliver(parent, dst, flags, value);
                }
                step => {
                    let moved = self.move_to_coroutine(native, frame, wait);
                    self.act(moved, step);
                }
            }
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
            let (name, qualname) = self.coroutine_names(native);
            let shape = self.flavour_shape(Flavour::Coroutine);
            let none = std::ptr::null_mut();
            let ip = (*frame).ip;
            let coroutine = Generator::alloc(
                Flavour::Coroutine,
                shape,
                none,
                native.def,
                ip,
                (count, 0),
                name,
                qualname,
            );
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
