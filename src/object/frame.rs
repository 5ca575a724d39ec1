//! Frames: where code runs. Its registers follow it.
//!
//! The frame of a plain call lies in a segment of its fiber's stack; that of a coroutine or generator in the object
//! itself (`Generator`). A coroutine that is awaited at once begins on the stack, too, and becomes an object when it has
//! to wait (`vm::stack_coroutine`). But for that a frame never moves.

use super::function::Function;
use crate::heap::Value;

/// What stands before the registers.
#[repr(C)]
pub struct Frame {
    /// Where to go on: behind the instruction that is running.
    pub ip: *const u64,
    /// Who gets the result.
    pub parent: *mut Frame,
    /// The running function, counted; of a native frame the `Native`'s definition.
    pub function: *mut Function,
    /// The table line of a native frame; of a script frame with the flag OBSERVED its frame object
    /// (`FrameObject`), counted; else null.
    pub native: *const super::native::Def,
    /// The register of the parent that receives the result.
    pub dst: u16,
    /// See `frame_flags`.
    pub flags: u16,
    /// How deep it lies: 1 for the outermost.
    pub depth: u32,
}

/// Bits of `Frame::flags`.
pub mod frame_flags {
    /// A native frame.
    pub const NATIVE: u16 = 1;
    /// Lies in a Generator object.
    pub const GENERATOR: u16 = 2;
    /// Was entered by an Await or YieldFrom of its parent. Without GENERATOR and NATIVE: a coroutine's that lies on the stack.
    pub const DELEGATED: u16 = 4;
    /// Runs `__init__`: the result must be None and is dropped; the parent's register has the instance already.
    pub const INIT: u16 = 8;
    /// The parent's register is a local: its old value is dropped.
    pub const DST_LOCAL: u16 = 16;
    /// First of a stack segment.
    pub const SEGMENT: u16 = 32;
    /// The result is dropped.
    pub const DISCARD: u16 = 64;
    /// A Rust function waits for it: returning to it leaves the dispatch loop.
    pub const BOUNDARY: u16 = 128;
    /// Entered by ForIter: at its end the parent goes to the loop's exit.
    pub const FOR_ITER: u16 = 256;
    /// Entered by `next()` or the like: its end is a StopIteration for the parent.
    pub const NEXT: u16 = 512;
    /// The result is to be truth-tested and decides a jump of the parent.
    pub const TEST: u16 = 1024;
    /// Entered by `next()` or `send()` of a script frame, with no native frame between: its end is a StopIteration there.
    /// The frame counts its generator for as long.
    pub const SENT: u16 = 2048;
    /// The truth of the result is negated.
    pub const NEGATED: u16 = 4096;
    /// Answers an operator: if it does not know, others are asked (`vm::candidates`). The question
    /// and the operands lie behind the registers.
    pub const ASKED: u16 = 8192;
    /// A script frame that has a frame object, which must hear of its end.
    pub const OBSERVED: u16 = 16384;
    /// An exception is being thrown into a chain of generators in which its parent waits for it. Its own end by an
    /// exception is one that is thrown into the parent. Until it waits again.
    pub const THROWN: u16 = 32768;
}

impl Frame {
    /// Bytes before the registers.
    pub const SIZE: usize = size_of::<Frame>();

    /// The frame whose registers these are.
    #[inline(always)]
    pub fn of(regs: *mut Value) -> *mut Frame {
        (regs as usize - Self::SIZE) as *mut Frame
    }

    /// The registers of a frame.
    #[inline(always)]
    pub fn regs(frame: *mut Frame) -> *mut Value {
        (frame as usize + Self::SIZE) as *mut Value
    }

    /// Whether it is a coroutine's that lies on the stack.
    #[inline(always)]
    pub fn is_stack_coroutine(&self) -> bool {
        use frame_flags::{DELEGATED, GENERATOR, NATIVE};
        self.flags & (DELEGATED | GENERATOR | NATIVE) == DELEGATED
    }

    /// Whether a bit of `frame_flags` is set.
    #[inline(always)]
    pub fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}
