//! `At`: a handler's view of its instruction, for the methods that do the work.

use crate::bytecode::Op;
use crate::bytecode::op::{TEMP_A, TEMP_B, TEMP_C};
use crate::heap::Value;
use crate::object::frame::Frame;
use crate::object::function::Code;
use crate::object::native::{Raised, Step};
use crate::vm::Vm;
use crate::vm::dispatch::Cursor;

/// The running instruction, its registers and constants.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub ip: *mut u64,
    pub regs: *mut Value,
    pub consts: *const Value,
}

/// Reads operand A of the instruction at `ip`.
#[inline(always)]
pub(super) unsafe fn a(ip: *const u64) -> usize {
    unsafe { *ip.cast::<u16>().add(1) as usize }
}

/// Reads operand B.
#[inline(always)]
pub(super) unsafe fn b(ip: *const u64) -> usize {
    unsafe { *ip.cast::<u16>().add(2) as usize }
}

/// Reads operand C.
#[inline(always)]
pub(super) unsafe fn c(ip: *const u64) -> usize {
    unsafe { *ip.cast::<u16>().add(3) as usize }
}

/// Reads the 32-bit operand B:C.
#[inline(always)]
pub(super) unsafe fn wide(ip: *const u64) -> i32 {
    unsafe { *ip.cast::<i32>().add(1) }
}

/// Reads the flags.
#[inline(always)]
pub(super) unsafe fn flags(ip: *const u64) -> u8 {
    unsafe { *ip.cast::<u8>().add(1) }
}

/// Writes a result into register A: a local drops what it held.
#[inline(always)]
pub(crate) unsafe fn put(ip: *const u64, regs: *mut Value, value: Value) {
    unsafe {
        let dst = regs.add(a(ip));
        if flags(ip) & TEMP_A != 0 {
            dst.write(value);
        } else {
            drop(std::ptr::replace(dst, value));
        }
    }
}

/// Gives up a value. True if an object died with it: its address is then in `vm.dead`, and
/// somebody else has to free it before anything else dies.
#[inline(always)]
pub(super) unsafe fn lose(vm: &mut Vm, value: Value) -> bool {
    if !value.is_object() {
        value.forget();
        return false;
    }
    let header = value.header();
    value.forget();
    // SAFETY: the value owned one count of a live object.
    unsafe {
        (*header).count -= 1;
        if (*header).count == 0 {
            vm.dead = header;
            return true;
        }
    }
    false
}

/// A counted copy.
#[inline(always)]
pub(super) unsafe fn copy_of(place: *const Value) -> Value {
    // SAFETY: the place holds a value, and the copy gets its own count.
    unsafe {
        let value = place.read();
        if value.is_object() {
            (*value.header()).count += 1;
        }
        value
    }
}

/// Takes operand B: a temporary is moved out, a local copied.
#[inline(always)]
pub(crate) unsafe fn take_b(ip: *const u64, regs: *mut Value) -> Value {
    unsafe {
        let value = regs.add(b(ip)).read();
        if flags(ip) & TEMP_B == 0 && value.is_object() {
            (*value.header()).count += 1;
        }
        value
    }
}

/// Gives back what `take_b` took.
#[inline(always)]
pub(crate) unsafe fn put_back_b(ip: *const u64, regs: *mut Value, value: Value) {
    unsafe {
        if flags(ip) & TEMP_B != 0 {
            regs.add(b(ip)).write(value);
        } else {
            // The local has it still.
            drop(value);
        }
    }
}

/// Takes operand C.
#[inline(always)]
pub(super) unsafe fn take_c(ip: *const u64, regs: *mut Value) -> Value {
    unsafe {
        let src = regs.add(c(ip));
        if flags(ip) & TEMP_C != 0 {
            src.read()
        } else {
            (*src).clone()
        }
    }
}

/// Takes operand A, where it is read.
#[inline(always)]
pub(super) unsafe fn take_a(ip: *const u64, regs: *mut Value) -> Value {
    unsafe {
        let src = regs.add(a(ip));
        if flags(ip) & TEMP_A != 0 {
            src.read()
        } else {
            (*src).clone()
        }
    }
}

/// The methods below rest on the dispatch loop's contract: `ip` is an
/// instruction of verified code, `regs` the registers of its frame.
impl At {
    #[inline(always)]
    pub(crate) fn a(self) -> usize {
        unsafe { a(self.ip) }
    }
    #[inline(always)]
    pub(crate) fn b(self) -> usize {
        unsafe { b(self.ip) }
    }
    #[inline(always)]
    pub(crate) fn c(self) -> usize {
        unsafe { c(self.ip) }
    }
    #[inline(always)]
    pub(crate) fn wide(self) -> i32 {
        unsafe { wide(self.ip) }
    }
    #[inline(always)]
    pub(crate) fn flags(self) -> u8 {
        unsafe { flags(self.ip) }
    }
    /// The opcode.
    #[inline(always)]
    pub(crate) fn op(self) -> Op {
        unsafe { crate::bytecode::op_of(*self.ip) }
    }
    /// The operand word number `n` (from 1) behind the instruction.
    #[inline(always)]
    pub(crate) fn word(self, n: usize) -> u64 {
        unsafe { *self.ip.add(n) }
    }
    /// Operand B, moved out of a temporary or copied from a local.
    #[inline(always)]
    pub(crate) fn take_b(self) -> Value {
        unsafe { take_b(self.ip, self.regs) }
    }
    /// Operand C, likewise.
    #[inline(always)]
    pub(crate) fn take_c(self) -> Value {
        unsafe { take_c(self.ip, self.regs) }
    }
    /// Operand A, likewise.
    #[inline(always)]
    pub(crate) fn take_a(self) -> Value {
        unsafe { take_a(self.ip, self.regs) }
    }
    /// The value of a register, which stays as it is.
    #[inline(always)]
    pub(crate) fn reg<'a>(self, n: usize) -> &'a Value {
        unsafe { &*self.regs.add(n) }
    }
    /// Moves the value out of a temporary.
    #[inline(always)]
    pub(crate) fn take(self, n: usize) -> Value {
        unsafe { self.regs.add(n).read() }
    }
    /// Moves `n` temporaries from `first` on into a vector.
    pub(crate) fn take_window(self, first: usize, n: usize) -> Vec<Value> {
        (0..n).map(|i| self.take(first + i)).collect()
    }
    /// Writes a temporary.
    #[inline(always)]
    pub(crate) fn write(self, n: usize, value: Value) {
        unsafe { self.regs.add(n).write(value) }
    }
    /// Replaces the value of a local.
    #[inline(always)]
    pub(crate) fn replace(self, n: usize, value: Value) -> Value {
        unsafe { std::ptr::replace(self.regs.add(n), value) }
    }
    /// Constant number `n`.
    #[inline(always)]
    pub(crate) fn constant<'a>(self, n: usize) -> &'a Value {
        unsafe { &*self.consts.add(n) }
    }
    /// The frame.
    #[inline(always)]
    pub(crate) fn frame(self) -> *mut Frame {
        Frame::of(self.regs)
    }
    /// The code of the frame.
    #[inline(always)]
    pub(crate) fn code<'a>(self) -> &'a Code {
        unsafe { &*(*(*(*self.frame()).function).code.as_ptr()).as_ptr() }
    }
    /// Name number `n`.
    #[inline(always)]
    pub(crate) fn name<'a>(self, n: usize) -> &'a Value {
        &self.code().running().names[n]
    }
    /// The instruction behind this one.
    #[inline(always)]
    pub(crate) fn next(self) -> *mut u64 {
        unsafe { self.ip.add(1 + self.op().words()) }
    }
    /// Stores where the frame is, before anything that may run other code or raise.
    #[inline(always)]
    pub(crate) fn save(self, vm: &mut Vm) {
        let frame = self.frame();
        unsafe { (*frame).ip = self.next() };
        vm.frame = frame;
    }
    /// Writes the result into A and goes on behind the instruction.
    #[inline(always)]
    pub(crate) fn done(self, vm: &mut Vm, value: Value) {
        unsafe { put(self.ip, self.regs, value) };
        self.go_on(vm);
    }
    /// Goes on behind the instruction.
    #[inline(always)]
    pub(crate) fn go_on(self, vm: &mut Vm) {
        self.go_to(vm, self.next());
    }
    /// Goes on at `ip`, after finalizers that wait. What else waits has its turn soon, if it waited long.
    #[inline(always)]
    pub(crate) fn go_to(self, vm: &mut Vm, ip: *mut u64) {
        vm.cursor = Cursor {
            ip,
            regs: self.regs,
            consts: self.consts,
        };
        if vm.heap.wants_attention() {
            vm.bring_check_forward();
            if vm.heap.has_finalizers() {
                vm.run_finalizers_at_cursor();
            }
        }
    }
    /// Raises.
    pub(crate) fn raise(self, vm: &mut Vm, raised: Raised) {
        self.save(vm);
        vm.raise_from_native(raised);
    }
    /// Goes on with a result or an exception.
    pub(crate) fn result(self, vm: &mut Vm, result: Result<Value, Raised>) {
        match result {
            Ok(value) => self.done(vm, value),
            Err(raised) => self.raise(vm, raised),
        }
    }
    /// Does what a protocol's step says; its result goes into A. `save` was called.
    pub(crate) fn follow(self, vm: &mut Vm, step: Step) {
        match step {
            Step::Return(value) => self.done(vm, value),
            Step::Raise(raised) => self.raise(vm, raised),
            other => {
                let local = if self.flags() & TEMP_A == 0 {
                    crate::object::frame::frame_flags::DST_LOCAL
                } else {
                    0
                };
                vm.perform(other, self.frame(), self.a() as u16, local);
            }
        }
    }
    /// As `follow`, the result is dropped.
    pub(crate) fn follow_discarding(self, vm: &mut Vm, step: Step) {
        match step {
            Step::Return(_) => self.go_on(vm),
            Step::Raise(raised) => self.raise(vm, raised),
            other => vm.perform(
                other,
                self.frame(),
                0,
                crate::object::frame::frame_flags::DISCARD,
            ),
        }
    }
    /// As `follow`; the truth of the result decides: if it is `when`, go to `target`, else on.
    pub(crate) fn follow_test(self, vm: &mut Vm, step: Step, when: bool, target: *mut u64) {
        match step {
            Step::Return(value) if value.as_bool().is_some() => {
                let ip = if value.is_true() == when {
                    target
                } else {
                    self.next()
                };
                self.go_to(vm, ip);
            }
            Step::Return(value) => {
                let step = vm.truth_step(&value);
                self.follow_test_frame(vm, step, when, target);
            }
            Step::Raise(raised) => self.raise(vm, raised),
            other => self.follow_test_frame(vm, other, when, target),
        }
    }
    fn follow_test_frame(self, vm: &mut Vm, step: Step, when: bool, target: *mut u64) {
        match step {
            Step::Return(value) => {
                let ip = if value.is_true() == when {
                    target
                } else {
                    self.next()
                };
                self.go_to(vm, ip);
            }
            Step::Raise(raised) => self.raise(vm, raised),
            other => vm.perform_test(other, self.frame(), when, target),
        }
    }
}
