//! Exceptions on their way: from the frame that raised outward to a handler.

use super::Vm;
use super::dispatch::Cursor;
use super::types::Known;
use crate::bytecode::code::Handler;
use crate::bytecode::code::flags::HIDDEN;
use crate::heap::Value;
use crate::object::exception::{Exception, Traceback};
use crate::object::frame::{Frame, frame_flags};
use crate::object::frame_object::FrameObject;
use crate::object::function::{Code, Function};
use crate::object::generator::Flavour;
use crate::object::native::{Input, Raised};

impl Vm {
    /// Raises what a native or a protocol raised, in the running frame (`vm.frame`, its ip saved).
    pub(crate) fn raise_from_native(&mut self, raised: Raised) {
        let frame = self.frame;
        self.raise_in(frame, raised);
    }

    /// Raises in `frame`, which is the topmost one and whose ip is saved.
    pub(crate) fn raise_in(&mut self, frame: *mut Frame, raised: Raised) {
        self.set_context_if_fresh(&raised, frame);
        self.unwind_into(frame, raised);
    }

    /// An exception that has no traceback yet was raised just now: the exception
    /// that is being handled is its context.
    pub(crate) fn set_context_if_fresh(&mut self, raised: &Raised, frame: *mut Frame) {
        if let Some(exception) = raised.0.get::<Exception>()
            && exception.traceback.as_value().is_none()
            && exception.context.as_value().is_none()
        {
            let handled = self.handled_exception(frame);
            // That there is no memory says nothing of what was going on.
            if !handled.is_none() && !self.is_out_of_memory(&raised.0) {
                Self::chain(&raised.0, handled);
            }
        }
    }

    fn is_out_of_memory(&mut self, exception: &Value) -> bool {
        let class = self.class_of(exception);
        class.is(&self.known_class(Known::MemoryError))
    }

    /// Makes the exception that is being handled the context of `raised`, unless that made a cycle.
    pub(crate) fn set_context(&mut self, raised: &Value, frame: *mut Frame) {
        let handled = self.handled_exception(frame);
        Self::chain(raised, handled);
    }

    /// An exception that is thrown into a frame, or comes to where the frame waits while something
    /// is thrown into what it waits for: what the frame itself is handling is the context, whatever
    /// was before.
    pub(crate) fn set_context_of_throw(&mut self, raised: &Value, frame: *mut Frame) {
        // SAFETY: the frame is live.
        let handled = unsafe { Self::handled_by(frame) };
        Self::chain(raised, handled.unwrap_or(Value::NONE));
    }

    fn chain(raised: &Value, handled: Value) {
        let (Some(exception), Some(_)) = (raised.get::<Exception>(), handled.get::<Exception>())
        else {
            return;
        };
        if handled.is(raised) {
            return;
        }
        // If `raised` is somewhere in the chain of contexts already, the chain is cut there. A script
        // may have made the chain a circle before: one that goes half as fast would be met.
        let mut link = handled.clone();
        let mut slow = link.clone();
        let mut second = false;
        while let Some(e) = link.get::<Exception>() {
            let next = e.context.get();
            if next.is(raised) {
                e.context.set(Value::NONE);
                break;
            }
            link = next;
            if link.is(&slow) {
                break;
            }
            if second && let Some(e) = slow.get::<Exception>() {
                let next = e.context.get();
                slow = next;
            }
            second = !second;
        }
        exception.context.set(handled);
    }

    /// The exception that `frame`, or a frame that called it, is handling; else None.
    pub(crate) fn handled_exception(&self, frame: *mut Frame) -> Value {
        let mut frame = frame;
        // SAFETY: parents of live frames are live.
        unsafe {
            while !frame.is_null() {
                if let Some(handled) = Self::handled_by(frame) {
                    return handled;
                }
                // What waits for a frame that something was thrown into is not there until it goes on itself:
                // the next is who threw.
                while (*frame).has(frame_flags::THROWN) {
                    frame = (*frame).parent;
                }
                frame = (*frame).parent;
            }
        }
        Value::NONE
    }

    /// The exception that the frame itself is handling.
    ///
    /// # Safety
    /// `frame` is live.
    #[inline]
    unsafe fn handled_by(frame: *mut Frame) -> Option<Value> {
        // SAFETY: a live script frame owns its function, and its registers hold values.
        unsafe {
            if (*frame).flags & frame_flags::NATIVE != 0 || (*frame).function.is_null() {
                return None;
            }
            let code = (*(*(*frame).function).code.as_ptr()).as_ptr();
            let code = &*code;
            if code.plain.handled.is_empty() {
                return None;
            }
            let at = code.offset((*frame).ip).saturating_sub(1);
            let mut ranges = code.plain.handled.iter();
            ranges.find_map(|range| {
                let value = &*Frame::regs(frame).add(range.register as usize);
                let handles = range.start <= at && at < range.end;
                (handles && !value.is_undef() && !value.is_none()).then(|| value.clone())
            })
        }
    }

    /// Goes on with an exception in `frame`: at its handler, or in the first
    /// frame outward that has one.
    pub(crate) fn unwind_into(&mut self, frame: *mut Frame, raised: Raised) {
        self.unwind(frame, raised, true);
    }

    /// As `unwind_into`, without a traceback entry for `frame` itself (it has one).
    pub(crate) fn unwind_again(&mut self, frame: *mut Frame, raised: Raised) {
        self.unwind(frame, raised, false);
    }

    /// Ends a generator that has not begun with an exception.
    ///
    /// # Safety
    /// `frame` is a script generator's that was just entered.
    pub(crate) unsafe fn raise_at_definition(&mut self, frame: *mut Frame, raised: Raised) {
        // SAFETY: the frame has a function until it is ended.
        unsafe {
            self.frame = frame;
            let code = (*(*frame).function).code.borrow().clone();
            if code.flags & HIDDEN == 0
                && let Some(exception) = raised.0.get::<Exception>()
            {
                // It stands in the line of its definition, at no instruction yet.
                let (next, object) = (exception.traceback.get(), FrameObject::of(frame));
                let entry = Traceback::made(next, object, -1, Some(code.plain.first_line));
                exception.traceback.set(entry.into_value());
            }
        }
        self.unbegun_raised(frame, raised);
    }

    fn unwind(&mut self, mut frame: *mut Frame, mut raised: Raised, mut trace: bool) {
        if self.stopping.is_some() {
            return self.discard_frames(frame, raised);
        }
        loop {
            // SAFETY: the frame is the topmost live one.
            unsafe {
                if (*frame).flags & frame_flags::NATIVE != 0 {
                    if (*frame).flags & frame_flags::BOUNDARY != 0 {
                        self.outcome = Some(Err(raised));
                        return self.leave();
                    }
                    return self.enter_native(frame, Input::Raised(raised));
                }
                self.frame = frame;
                let function: *mut Function = (*frame).function;
                let code = (*function).code.borrow().clone();
                let way = code.way_out((*frame).ip);
                if trace {
                    self.add_traceback(&raised, frame, way.at);
                }
                trace = true;
                let live = way.live as usize;
                if let Some(handler) = way.handler {
                    return self.enter_handler(frame, &code, handler, live, raised);
                }
                let regs = Frame::regs(frame);
                let nlocals = code.nlocals as usize;
                for i in (nlocals..nlocals + live).rev() {
                    drop(regs.add(i).read());
                }
                if (*frame).flags & frame_flags::GENERATOR != 0 {
                    // Chains of awaits may be deep: no recursion.
                    drop(code);
                    match self.leave_generator(frame, raised, true) {
                        Some(next) => (frame, raised) = next,
                        None => return,
                    }
                    continue;
                }
                FrameObject::detach(frame, true);
                for i in 0..nlocals {
                    std::ptr::drop_in_place(regs.add(i));
                }
                if (*frame).flags & frame_flags::INIT != 0 {
                    drop(regs.add(code.nregisters as usize).read());
                }
                if (*frame).flags & frame_flags::ASKED != 0 {
                    drop(super::candidates::Asked::take(
                        regs.add(code.nregisters as usize),
                    ));
                }
                drop(code);
                (*function).release_one();
                let (parent, dst, flags) = ((*frame).parent, (*frame).dst, (*frame).flags);
                let ends_coroutine = (*frame).is_stack_coroutine();
                self.pop_frame(frame);
                if ends_coroutine {
                    raised = self.not_stop_iteration(Flavour::Coroutine, raised);
                }
                if self.is_end_of_iteration(flags, &raised) {
                    drop(raised);
                    return self.deliver(parent, dst, flags, Value::UNDEF);
                }
                frame = parent;
            }
        }
    }

    /// Goes on in the handler of a frame.
    unsafe fn enter_handler(
        &mut self,
        frame: *mut Frame,
        code: &Code,
        handler: Handler,
        live: usize,
        raised: Raised,
    ) {
        // One that was stopped where it begins may have none.
        self.code_body(code);
        // SAFETY: the live temporaries above the handler's depth are not used again.
        unsafe {
            let regs = Frame::regs(frame);
            let nlocals = code.nlocals as usize;
            for i in (nlocals + handler.depth as usize..nlocals + live).rev() {
                drop(regs.add(i).read());
            }
            drop(std::ptr::replace(
                regs.add(handler.register as usize),
                raised.0,
            ));
            let ip = code.start().add(handler.target as usize);
            (*frame).ip = ip;
            self.cursor = Cursor {
                ip,
                regs,
                consts: code.consts(),
            };
        }
        if self.heap.has_finalizers() {
            self.run_finalizers_at_cursor();
        }
    }

    /// Adds an entry for a script frame to the traceback.
    ///
    /// # Safety
    /// `frame` is a live script frame.
    unsafe fn add_traceback(&mut self, raised: &Raised, frame: *mut Frame, at: u32) {
        // SAFETY: a live script frame owns its function; where it ends, its object is told.
        unsafe {
            if (*(*frame).function).code.borrow().flags & HIDDEN != 0 {
                return;
            }
            if let Some(exception) = raised.0.get::<Exception>() {
                let object = FrameObject::of(frame);
                let entry = Traceback::alloc(exception.traceback.get(), object, at);
                exception.traceback.set(entry.into_value());
            }
        }
    }
}
