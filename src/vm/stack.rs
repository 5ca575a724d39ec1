//! The stack of frames: segments of memory in which plain and native frames come and go.

use std::alloc::{self, Layout};

use super::Vm;
use super::dispatch::NATIVE_WORDS;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::generator::Generator;
use crate::object::native::Def;

/// A piece of a fiber's stack.
pub(crate) struct Segment {
    memory: *mut u8,
    size: usize,
    /// Stack pointer and limit of the segment before.
    before: (*mut u8, *mut u8),
}

/// The usual size of a segment.
const SEGMENT_SIZE: usize = 64 * 1024;

impl Segment {
    /// A segment with room for at least `size` bytes.
    fn new(size: usize) -> Segment {
        let size = size.max(SEGMENT_SIZE).next_multiple_of(16);
        let layout = Layout::from_size_align(size, 16).expect("frames have bounded sizes");
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc::alloc(layout) };
        if memory.is_null() {
            alloc::handle_alloc_error(layout);
        }
        Segment {
            memory,
            size,
            before: (std::ptr::null_mut(), std::ptr::null_mut()),
        }
    }

    fn start(&self) -> *mut u8 {
        self.memory
    }

    fn end(&self) -> *mut u8 {
        // SAFETY: one past the allocation.
        unsafe { self.memory.add(self.size) }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let layout = Layout::from_size_align(self.size, 16).expect("checked when it was made");
        // SAFETY: allocated with this layout in `new`.
        unsafe { alloc::dealloc(self.memory, layout) };
    }
}

impl Vm {
    /// A frame with room for so many registers. They are not initialised, nor are
    /// `function` and `ip`.
    pub(crate) unsafe fn push_frame(
        &mut self,
        registers: usize,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> *mut Frame {
        let size = Frame::SIZE + registers * 8;
        let mut flags = flags;
        // SAFETY: sp..limit is free memory of the newest segment.
        unsafe {
            if self.sp.add(size) > self.limit {
                self.push_segment(size);
                flags |= frame_flags::SEGMENT;
            }
            let frame = self.sp.cast::<Frame>();
            self.sp = self.sp.add(size);
            frame.write(Frame {
                ip: std::ptr::null(),
                parent,
                function: std::ptr::null_mut(),
                native: std::ptr::null(),
                dst,
                flags,
                depth: if parent.is_null() { 0 } else { (*parent).depth },
            });
            frame
        }
    }

    /// Frees the memory of the topmost frame.
    pub(crate) unsafe fn pop_frame(&mut self, frame: *mut Frame) {
        // SAFETY: the frame is the topmost of its fiber.
        unsafe {
            if (*frame).flags & frame_flags::SEGMENT != 0 {
                self.pop_segment();
            } else {
                self.sp = frame.cast();
            }
        }
    }

    /// Gives the running fiber another segment, with room for at least `size` bytes.
    pub(super) fn push_segment(&mut self, size: usize) {
        let mut segment = match self.spare_segment.take_if(|spare| spare.size >= size) {
            Some(spare) => spare,
            None => Segment::new(size),
        };
        segment.before = (self.sp, self.limit);
        self.sp = segment.start();
        self.limit = segment.end();
        self.segments.push(segment);
    }

    fn pop_segment(&mut self) {
        let segment = self
            .segments
            .pop()
            .expect("a frame with this flag began a segment");
        (self.sp, self.limit) = segment.before;
        self.keep_segment(segment);
    }

    /// One segment is kept: calls from outside take and give one each time.
    pub(super) fn keep_segment(&mut self, segment: Segment) {
        if segment.size == SEGMENT_SIZE {
            self.spare_segment = Some(segment);
        }
    }

    /// A native frame with `count` registers, all Undef, and one more for what it awaits.
    pub(crate) unsafe fn push_native(
        &mut self,
        def: &'static Def,
        count: usize,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> *mut Frame {
        // SAFETY: the registers are in the new frame.
        unsafe {
            let frame = self.push_frame(count + 1, parent, dst, flags | frame_flags::NATIVE);
            (*frame).native = def;
            // A native frame has no function: the field counts its registers.
            (*frame).function = count as *mut Function;
            (*frame).ip = &NATIVE_WORDS[0];
            for i in 0..=count {
                Frame::regs(frame).add(i).write(Value::UNDEF);
            }
            frame
        }
    }

    /// Drops a native frame's registers and frees it, if it lies on the stack.
    pub(crate) unsafe fn pop_native(&mut self, frame: *mut Frame) {
        // SAFETY: the frame is done; nobody uses its registers again.
        unsafe {
            let count = (*frame).function as usize;
            for i in 0..=count {
                std::ptr::drop_in_place(Frame::regs(frame).add(i));
            }
            self.pop_frame(frame);
        }
    }

    /// The number of registers of a native frame, the hidden one apart.
    pub(crate) unsafe fn native_registers(frame: *mut Frame) -> usize {
        // SAFETY: the frame is native and alive.
        unsafe {
            if (*frame).has(frame_flags::GENERATOR) {
                Generator::of_frame(frame).registers as usize - 1
            } else {
                (*frame).function as usize
            }
        }
    }

    /// Where a native frame keeps what it awaits.
    pub(crate) unsafe fn awaiting<'a>(frame: *mut Frame) -> &'a mut Value {
        // SAFETY: the register behind the last.
        unsafe { &mut *Frame::regs(frame).add(Self::native_registers(frame)) }
    }
}
