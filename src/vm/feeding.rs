//! Generators of script that feed natives (`sum`, `join`, `sorted`...), and functions whose results natives wait for: the
//! native goes on at once, without a turn of the dispatch loop between.

use super::Vm;
use super::dispatch;
use super::generator::ENTRY;
use crate::bytecode::Op;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Generator, State};
use crate::object::native::Input;

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

    /// A generator yields to the native frame that asked for its next item: `root` is the outermost of its chain of
    /// generators. The native goes on at once; if it wants the next item, so does the generator.
    ///
    /// # Safety
    /// `frame` is the running one, saved behind its Yield, `root` the generator's frame that the native entered.
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
}
