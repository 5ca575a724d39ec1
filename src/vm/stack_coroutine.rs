//! Coroutines that are awaited at once begin on the stack, like plain calls (`dispatch::coroutines`): many end without
//! ever having to wait, and nobody sees more of such a one than its frame. Before one waits, it and those that await it
//! become objects here.

use super::Vm;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::generator::{Generator, State};

/// After a coroutine has had to wait, so many calls of its function make objects from the start.
const TRUST: u32 = 255;

impl Vm {
    /// Whether a call of a coroutine function may begin on the stack, if it is awaited at once.
    ///
    /// # Safety
    /// The function is alive.
    #[inline(always)]
    pub(super) unsafe fn may_stay_on_stack(&self, function: *mut Function) -> bool {
        // SAFETY: the code of a live function.
        let code = unsafe { (*(*function).code.as_ptr()).as_ptr() };
        // SAFETY: as above.
        unsafe { (*code).waits.get() == 0 && self.origin_depth == 0 }
    }

    /// Whether `frame` is a coroutine's on the stack that makes a call with its result in the temporary `dst`, which it
    /// awaits at once.
    ///
    /// # Safety
    /// `frame` is the running script frame, its `ip` saved.
    pub(super) unsafe fn waits_on_stack(&self, frame: *mut Frame, dst: usize) -> bool {
        // SAFETY: as above.
        unsafe { (*frame).is_stack_coroutine() && self.await_behind(frame, dst as u16).is_some() }
    }

    /// Makes objects of the coroutine whose frame has these registers, and of those on the stack that await it. Answers
    /// with the registers' new place.
    ///
    /// # Safety
    /// The frame is the running one and topmost, its `ip` saved, and a coroutine's that lies on the stack; nothing else
    /// refers to its registers.
    #[inline(never)]
    pub(super) unsafe fn leave_stack(&mut self, regs: *mut Value) -> *mut Value {
        // SAFETY: frames of coroutines on the stack lie one upon the other up to the running one, each entered by the
        // Await behind which its parent stands, and whose operand is Undef.
        unsafe {
            let shape = self.known.coroutine;
            let mut frame = Frame::of(regs);
            let mut inner: *mut Generator = std::ptr::null_mut();
            let mut running = std::ptr::null_mut();
            while (*frame).is_stack_coroutine() {
                debug_assert!(!(*frame).has(frame_flags::SEGMENT));
                let function = (*frame).function;
                (*(*(*function).code.as_ptr()).as_ptr()).waits.set(TRUST);
                let parent = (*frame).parent;
                let coroutine = Generator::of_stack_frame(shape, frame).into_value();
                let generator = coroutine.header().cast::<Generator>();
                coroutine.forget();
                match inner.is_null() {
                    true => running = (*generator).frame_ptr(),
                    false => Self::hold_awaited((*generator).frame_ptr(), inner),
                }
                self.sp = frame.cast();
                inner = generator;
                frame = parent;
            }
            Self::hold_awaited(frame, inner);
            self.frame = running;
            Frame::regs(running)
        }
    }

    /// `parent` stands behind an Await: that holds the only reference to this coroutine from now on.
    unsafe fn hold_awaited(parent: *mut Frame, coroutine: *mut Generator) {
        // SAFETY: the operand is a register of the parent, and Undef.
        unsafe {
            let held = *(*parent).ip.sub(1).cast::<u16>().add(2);
            Frame::regs(parent)
                .add(held as usize)
                .write(Value::from_header(coroutine.cast()));
            (*(*coroutine).frame_ptr()).parent = parent;
            if (*parent).has(frame_flags::GENERATOR) {
                Generator::of_frame(parent).state.set(State::Suspended);
            }
        }
    }
}
