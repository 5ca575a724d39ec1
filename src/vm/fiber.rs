//! Fibers: stacks of frames. The main program is one; so is each thread.

use std::alloc::{self, Layout};

use super::Vm;
use crate::object::frame::Frame;
use crate::object::native::Input;

/// A piece of a fiber's stack.
pub(crate) struct Segment {
    memory: *mut u8,
    size: usize,
    before: (*mut u8, *mut u8),
}

/// The usual size of a segment.
const SEGMENT_SIZE: usize = 64 * 1024;

impl Segment {
    /// A segment with room for at least `size` bytes; `sp` and `limit` are those of the one before.
    pub(crate) fn new(size: usize, sp: *mut u8, limit: *mut u8) -> Segment {
        let size = size.max(SEGMENT_SIZE).next_multiple_of(16);
        let layout = Layout::from_size_align(size, 16).expect("frames have bounded sizes");
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc::alloc(layout) };
        if memory.is_null() {
            alloc::handle_alloc_error(layout);
        }
        Segment { memory, size, before: (sp, limit) }
    }

    pub(crate) fn start(&self) -> *mut u8 {
        self.memory
    }

    pub(crate) fn end(&self) -> *mut u8 {
        // SAFETY: one past the allocation.
        unsafe { self.memory.add(self.size) }
    }

    /// Stack pointer and limit of the segment before.
    pub(crate) fn before(&self) -> (*mut u8, *mut u8) {
        self.before
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let layout = Layout::from_size_align(self.size, 16).expect("checked when it was made");
        // SAFETY: allocated with this layout in `new`.
        unsafe { alloc::dealloc(self.memory, layout) };
    }
}

/// All fibers but the one that runs.
#[derive(Default)]
pub(crate) struct Fibers {}

impl Vm {
    /// Parks the running fiber in a native frame.
    pub(crate) fn park_fiber(&mut self, frame: *mut Frame) {
        let raised = self.runtime_error("cannot block here");
        self.enter_native(frame, Input::Raised(raised));
    }
}
