//! Throwing into a generator or coroutine: where in its chain of awaits the exception arrives.

use super::Vm;
use super::types::Known;
use crate::bytecode::Op;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Generator, State};
use crate::object::native::{Input, Raised};

impl Vm {
    /// Throws into the innermost frame of a chain.
    ///
    /// # Safety
    /// `leaf` is the frame that goes on.
    pub(super) unsafe fn throw_into_leaf(&mut self, leaf: *mut Frame, raised: Raised, first: bool) {
        // SAFETY: the leaf is the frame that goes on.
        unsafe {
            if first {
                // Nothing in it can catch the exception. A script generator stands at its definition.
                return match (*leaf).has(frame_flags::NATIVE) {
                    true => self.unbegun_raised(leaf, raised),
                    false => self.raise_at_definition(leaf, raised),
                };
            }
            self.set_context_of_throw(&raised.0, leaf);
            let native = (*leaf).has(frame_flags::NATIVE);
            if Self::awaits_native(leaf) && self.is_raised(&raised, Known::StopIteration) {
                // That is how what it awaits would end.
                let value = Self::stop_value(&raised);
                if native {
                    *Self::awaiting(leaf) = Value::UNDEF;
                    return self.enter_native(leaf, Input::Value(value));
                }
                return self.await_is_over(leaf, value);
            }
            if native {
                *Self::awaiting(leaf) = Value::UNDEF;
                return self.enter_native(leaf, Input::Raised(raised));
            }
            self.unwind_into(leaf, raised);
        }
    }

    /// Whether the innermost frame of a suspended chain awaits something native, a Future or the like.
    ///
    /// # Safety
    /// `leaf` stands behind a Yield or an Await, or is native.
    unsafe fn awaits_native(leaf: *mut Frame) -> bool {
        // SAFETY: as the caller says.
        unsafe {
            match (*leaf).has(frame_flags::NATIVE) {
                true => !(*Self::awaiting(leaf)).is_undef(),
                false => *(*leaf).ip.sub(1) as u8 != Op::Yield as u8,
            }
        }
    }

    /// Makes a suspended chain ready for a `throw` whose arguments are wrong: the innermost generator, which finds
    /// that out, is left behind, and who waited for it gets the error. False where that is the caller of `throw`.
    pub(crate) fn leave_innermost(&mut self, target: &Value) -> bool {
        let Some(generator) = target.get::<Generator>() else {
            return false;
        };
        self.make_leaf_whole(generator);
        let leaf = generator.leaf.get();
        if leaf.is_null() || generator.state.get() != State::Suspended {
            return false;
        }
        // SAFETY: all frames of a suspended chain lie in generators and are at rest; each is kept alive by the
        // register with which its parent awaits it.
        unsafe {
            if Self::awaits_native(leaf) {
                return true;
            }
            let mut innermost = leaf;
            if self.iterator_inside(leaf).is_some() {
                innermost = (*leaf).parent;
            }
            if innermost == generator.frame_ptr() || !(*innermost).has(frame_flags::DELEGATED) {
                return false;
            }
            (*innermost).flags &= !frame_flags::DELEGATED;
            let parent = std::mem::replace(&mut (*innermost).parent, std::ptr::null_mut());
            Generator::of_frame(innermost).leaf.set(leaf);
            generator.leaf.set(parent);
        }
        true
    }

    /// The iterator that is no generator of ours and waits innermost in a suspended chain.
    pub(crate) fn innermost_iterator(&self, target: &Value) -> Option<Value> {
        let leaf = target.get::<Generator>()?.leaf.get();
        match leaf.is_null() {
            true => None,
            // SAFETY: the leaf of a suspended chain is the frame of a live generator.
            false => unsafe { self.iterator_inside(leaf) },
        }
    }
}
