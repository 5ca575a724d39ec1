//! Ending a run that may not go on. Its frames, fibers and tasks go without running script: no handler is looked for, no
//! `finally`, `__del__` or callback runs. What is left is an engine that can run the next script.
//!
//! From the moment a run is stopped (`Vm::stopping`) every exception is the end of every frame it reaches. A native that does
//! not pass it on is met by it again at the next call or back-edge.

use super::Vm;
use super::fiber::{Fiber, Status};
use super::limits::Limit;
use super::types::Known;
use crate::heap::{Ref, Value};
use crate::object::frame::{Frame, frame_flags};
use crate::object::frame_object::FrameObject;
use crate::object::function::Function;
use crate::object::generator::{Generator, State};
use crate::object::native::Raised;
use crate::object::weakref::of_link;

/// Why and where a run was stopped.
pub struct Stop {
    /// See `Limit`.
    pub limit: Limit,
    /// The file and the line that ran, or waited; None where that is not known.
    pub at: Option<(String, u32)>,
}

impl Vm {
    /// Begins the end of the run.
    #[cold]
    pub(super) fn stop(&mut self, limit: Limit) -> Raised {
        if self.stopping.is_none() {
            let at = self.visible_code().map(|(code, at)| {
                let line = code.line_at(at);
                (code.source.name().to_string(), line)
            });
            self.stopping = Some(Stop { limit, at });
            self.heap.discarding = true;
        }
        self.budget = -1;
        self.stop_signal()
    }

    /// What is on its way while a run ends. No script sees it.
    pub(super) fn stop_signal(&mut self) -> Raised {
        self.raise_bare(Known::SystemExit)
    }

    /// Ends the run whose next instruction, or native frame, is at the cursor.
    #[cold]
    pub(super) fn stop_at_cursor(&mut self, limit: Limit) {
        let frame = Frame::of(self.cursor.regs);
        // SAFETY: the cursor names the live frame that goes on.
        unsafe {
            if !(*frame).has(frame_flags::NATIVE) {
                (*frame).ip = self.cursor.ip.add(1);
            }
        }
        self.frame = frame;
        let signal = self.stop(limit);
        self.discard_frames(frame, signal);
    }

    /// Takes down all frames from `frame` outward to the boundary of a nested run, or to the last of the fiber, and
    /// leaves the dispatch loop.
    #[cold]
    pub(super) fn discard_frames(&mut self, mut frame: *mut Frame, signal: Raised) {
        // SAFETY: `frame` is the topmost live frame of the fiber that is loaded, its ip saved; each is taken down once.
        unsafe {
            loop {
                let parent = (*frame).parent;
                if (*frame).has(frame_flags::BOUNDARY) {
                    self.outcome = Some(Err(signal));
                    return self.leave();
                }
                if (*frame).has(frame_flags::GENERATOR) {
                    self.discard_generator(frame);
                } else if !(*frame).has(frame_flags::NATIVE) {
                    self.discard_plain(frame);
                } else if parent.is_null() {
                    return self.discard_last(frame);
                } else {
                    self.pop_native(frame);
                }
                frame = parent;
            }
        }
    }

    /// Takes down the frame of a coroutine or generator that runs.
    unsafe fn discard_generator(&mut self, frame: *mut Frame) {
        // SAFETY: the frame lies in a live generator, which is kept until it has ended.
        unsafe {
            let generator = Generator::of_frame(frame).to_ref();
            if !(*frame).has(frame_flags::NATIVE) {
                self.drop_temporaries(frame);
            }
            self.end_generator(&generator, frame);
        }
    }

    /// Takes down the frame of a call.
    unsafe fn discard_plain(&mut self, frame: *mut Frame) {
        // SAFETY: as when an exception leaves the frame: temporaries, locals and what lies behind them are dropped once.
        unsafe {
            self.drop_temporaries(frame);
            FrameObject::detach(frame, true);
            let function: *mut Function = (*frame).function;
            let code = (*function).code.borrow().clone();
            let regs = Frame::regs(frame);
            for i in 0..code.nlocals as usize {
                std::ptr::drop_in_place(regs.add(i));
            }
            let behind = regs.add(code.nregisters as usize);
            if (*frame).has(frame_flags::INIT) {
                drop(behind.read());
            }
            if (*frame).has(frame_flags::ASKED) {
                drop(super::candidates::Asked::take(behind));
            }
            drop(code);
            (*function).release_one();
            self.pop_frame(frame);
        }
    }

    unsafe fn drop_temporaries(&mut self, frame: *mut Frame) {
        // SAFETY: a live script frame; its temporaries are not used again.
        unsafe {
            let code = (*(*frame).function).code.borrow().clone();
            let live = code.live_temps((*frame).ip);
            let nlocals = code.nlocals as usize;
            for i in (nlocals..nlocals + live).rev() {
                drop(Frame::regs(frame).add(i).read());
            }
        }
    }

    /// Takes down the last frame of a fiber, and with it the fiber.
    unsafe fn discard_last(&mut self, frame: *mut Frame) {
        let fiber = self.current_fiber();
        fiber.status.set(Status::Done);
        // SAFETY: the base frame is the only one left.
        unsafe { self.drop_last_frame(frame) };
        self.leave();
    }

    /// Takes down what a stopped run has left, with all its fibers: why and where it was stopped. No fiber runs, and no
    /// nested run is open.
    pub(crate) fn discard_run(&mut self) -> Option<Stop> {
        let stop = self.stopping.take()?;
        self.heap.discarding = true;
        for fiber in self.fibers.living() {
            self.discard_fiber(&fiber);
        }
        self.fibers.forget_all();
        self.main_fiber = None;
        self.running_loop = Value::NONE;
        self.context = Value::NONE;
        self.asyncgen_hooks = (Value::NONE, Value::NONE);
        self.thrown_arguments = Value::UNDEF;
        self.leaf_result = Value::UNDEF;
        (self.input, self.outcome, self.raised) = (None, None, None);
        self.repr_guard.clear();
        (self.finalizing, self.foreign_yielded) = (false, false);
        self.native_starts = 0;
        self.pending_events.clear();
        self.forget_begun_modules();
        self.host.poller.forget_all();
        for work in self.host_works.take_all() {
            self.forget_host_work(&work);
        }
        self.event_sink = None;
        for forget in self.forget_run.clone() {
            forget(self);
        }
        self.collect_without_a_word();
        Some(stop)
    }

    /// Gives back all that nobody holds, without running a finalizer.
    pub(super) fn collect_without_a_word(&mut self) {
        self.heap.discarding = true;
        self.drop_without_a_word();
        self.heap.collect();
        self.drop_without_a_word();
        self.heap.discarding = false;
    }

    /// Takes down a fiber that does not run.
    fn discard_fiber(&mut self, fiber: &Ref<Fiber>) {
        let Some(top) = self.load_to_discard(fiber) else {
            return;
        };
        let signal = self.stop_signal();
        self.discard_frames(top, signal);
    }

    /// Drops what waits for a finalizer, which does not run.
    fn drop_without_a_word(&mut self) {
        while !self.heap.finalize.is_empty() {
            for object in std::mem::take(&mut self.heap.finalize) {
                let references = self.heap.weak.remove(&(object.header() as usize));
                for reference in references.iter().flatten().filter_map(of_link) {
                    reference.forget();
                }
                if let Some(generator) = object.get::<Generator>()
                    && matches!(generator.state.get(), State::Created | State::Suspended)
                {
                    generator.finalized.set(true);
                    generator.discard_frame();
                }
            }
        }
    }
}
