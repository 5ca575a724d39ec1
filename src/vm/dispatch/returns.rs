//! Frames end: what a function returns goes to who called it.

use super::at::{b, flags, lose, wide};
use super::generators::return_from_loop;
use super::iterate::return_awaited;
use super::{At, Exit};
use crate::bytecode::op::TEMP_B;
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::vm::Vm;
use crate::vm::candidates::Asked;
use crate::vm::dispatch::{go, go_on, op, plain_ops};

/// What a frame may have that ends plainly: what a function returns is never the end of an iteration, and what a coroutine
/// returns that lies on the stack goes to the Await at once.
const PLAIN: u16 =
    frame_flags::DST_LOCAL | frame_flags::FOR_ITER | frame_flags::NEXT | frame_flags::DELEGATED;

/// Pops a plain frame and goes on in its parent, which may be native.
macro_rules! leave_simple {
    ($ip:ident, $value:ident, $frame:ident, $regs:ident, $k:ident, $vm:ident) => {{
        let function = (*$frame).function;
        let code = (*(*function).code.as_ptr()).as_ptr();
        let mut local = $regs;
        let end = $regs.add((*code).nlocals as usize);
        while local != end {
            if lose($vm, local.read()) {
                std::ptr::write(&mut $vm.leaf_result, $value);
                $vm.next_local = local.offset_from($regs) as usize + 1;
                return free_and_leave($ip, $regs, $k, $vm);
            }
            local = local.add(1);
        }
        let parent = (*$frame).parent;
        if (*parent).flags & frame_flags::NATIVE != 0 || !(*function).release_if_shared() {
            std::ptr::write(&mut $vm.leaf_result, $value);
            return leave_to_native($ip, $regs, $k, $vm);
        }
        $vm.sp = $frame.cast();
        let registers = Frame::regs(parent);
        let dst = registers.add((*$frame).dst as usize);
        let code = (*(*(*parent).function).code.as_ptr()).as_ptr();
        if (*$frame).flags & frame_flags::DST_LOCAL != 0 {
            if lose($vm, std::ptr::replace(dst, $value)) {
                return crate::vm::dispatch::values::free_and_go(
                    (*parent).ip as *mut u64,
                    registers,
                    (*code).consts(),
                    $vm,
                );
            }
        } else {
            dst.write($value);
        }
        go!((*parent).ip as *mut u64, registers, (*code).consts(), $vm)
    }};
}

op! {
    fn return_(ip, regs, k, vm) {
        let frame = Frame::of(regs);
        if (*frame).flags & !PLAIN != 0 { return return_from_operator(ip, regs, k, vm); }
        let src = regs.add(b(ip));
        let value = src.read();
        if flags(ip) & TEMP_B == 0 { src.write(Value::UNDEF); }
        leave_simple!(ip, value, frame, regs, k, vm)
    }
    fn return_from_operator(ip, regs, k, vm) {
        // The answer to an operator's question; what it was asked of lies behind the registers.
        let frame = Frame::of(regs);
        let src = regs.add(b(ip));
        if (*frame).flags & !frame_flags::DST_LOCAL != frame_flags::ASKED || (*src).is_not_implemented() {
            return return_from_coroutine(ip, regs, k, vm);
        }
        if is_to_be_looked_at(vm, regs, &*src) { return return_from_coroutine(ip, regs, k, vm); }
        let value = src.read();
        if flags(ip) & TEMP_B == 0 { src.write(Value::UNDEF); }
        std::ptr::write(&mut vm.leaf_result, value);
        leave_operator(vm, regs);
        go_on!(vm)
    }
    fn return_const(ip, regs, k, vm) {
        let frame = Frame::of(regs);
        if (*frame).flags & !PLAIN != 0 { return return_from_init(ip, regs, k, vm); }
        let value = (*k.add(wide(ip) as usize)).clone();
        leave_simple!(ip, value, frame, regs, k, vm)
    }
    fn return_from_init(ip, regs, k, vm) {
        // The instance, which lies behind the registers, is what the caller gets.
        let frame = Frame::of(regs);
        if (*frame).flags & !frame_flags::DST_LOCAL != frame_flags::INIT || !(*k.add(wide(ip) as usize)).is_none() {
            return return_from_coroutine(ip, regs, k, vm);
        }
        let code = (*(*(*frame).function).code.as_ptr()).as_ptr();
        let instance = regs.add((*code).nregisters as usize).read();
        leave_simple!(ip, instance, frame, regs, k, vm)
    }
    fn return_from_coroutine(ip, regs, k, vm) {
        let flags = (*Frame::of(regs)).flags;
        if flags == frame_flags::GENERATOR | frame_flags::DELEGATED {
            return return_awaited(ip, regs, k, vm);
        }
        if flags & !frame_flags::DST_LOCAL == frame_flags::GENERATOR | frame_flags::FOR_ITER {
            return return_from_loop(ip, regs, k, vm);
        }
        if flags == frame_flags::DISCARD { return return_discarded(ip, regs, k, vm); }
        return return_slow(ip, regs, k, vm);
    }
    fn return_discarded(ip, regs, k, vm) {
        // Of a property's setter, say: mostly None.
        let frame = Frame::of(regs);
        let parent = (*frame).parent;
        let is_const = *ip as u8 == crate::bytecode::Op::ReturnConst as u8;
        let value = if is_const { &*k.add(wide(ip) as usize) } else { &*regs.add(b(ip)) };
        if value.is_object() || (*parent).flags & frame_flags::NATIVE != 0 {
            return return_slow(ip, regs, k, vm);
        }
        let function = (*frame).function;
        for i in 0..(*(*(*function).code.as_ptr()).as_ptr()).nlocals as usize {
            if lose(vm, regs.add(i).read()) {
                vm.next_local = i + 1;
                return free_and_leave(ip, regs, k, vm);
            }
        }
        if !(*function).release_if_shared() { return leave_to_native(ip, regs, k, vm); }
        vm.sp = frame.cast();
        let code = (*(*(*parent).function).code.as_ptr()).as_ptr();
        go!((*parent).ip as *mut u64, Frame::regs(parent), (*code).consts(), vm)
    }
    fn free_and_leave(_ip, regs, _k, vm) {
        // A local died: the frame goes on to end where it was, `vm.next_local`. Its value waits in `vm.leaf_result`.
        leave_with_deaths(vm, regs);
        go_on!(vm)
    }
    fn leave_to_native(_ip, regs, _k, vm) {
        // Its locals are gone.
        if !vm.call_again(regs) { leave_anywhere(vm, regs); }
        go_on!(vm)
    }
}

/// Goes on dropping the locals of a plain frame, then leaves it.
#[inline(never)]
unsafe fn leave_with_deaths(vm: &mut Vm, regs: *mut Value) {
    // SAFETY: the frame is the running one; the locals from `next_local` on are whole, and those before are gone.
    unsafe {
        crate::heap::free(std::mem::replace(&mut vm.dead, std::ptr::null_mut()));
        let function = (*Frame::of(regs)).function;
        let nlocals = (*(*(*function).code.as_ptr()).as_ptr()).nlocals as usize;
        for i in vm.next_local..nlocals {
            drop(regs.add(i).read());
        }
        leave_anywhere(vm, regs);
    }
}

/// Whether it was `__new__` that ran, and what it gave may still have to be initialised.
#[inline(always)]
unsafe fn is_to_be_looked_at(vm: &Vm, regs: *mut Value, made: &Value) -> bool {
    // SAFETY: the frame is the running one, and has the flag ASKED.
    unsafe {
        let function = (*Frame::of(regs)).function;
        let code = (*(*function).code.as_ptr()).as_ptr();
        let class = Asked::created_class(regs.add((*code).nregisters as usize));
        class.is_some_and(|class| !vm.is_made_plainly(class, made))
    }
}

/// Leaves the frame of a function that answered an operator's question.
#[inline(never)]
unsafe fn leave_operator(vm: &mut Vm, regs: *mut Value) {
    // SAFETY: the frame is the running one and whole; `vm.leaf_result` is its value.
    unsafe {
        let function = (*Frame::of(regs)).function;
        let code = (*(*function).code.as_ptr()).as_ptr();
        for i in 0..(*code).nlocals as usize {
            drop(regs.add(i).read());
        }
        drop(Asked::take(regs.add((*code).nregisters as usize)));
        leave_anywhere(vm, regs);
    }
}

/// Leaves a plain frame whose locals are gone, whatever its parent is.
#[inline(never)]
unsafe fn leave_anywhere(vm: &mut Vm, regs: *mut Value) {
    // SAFETY: as above.
    unsafe {
        let frame = Frame::of(regs);
        (*(*frame).function).release_one();
        vm.sp = frame.cast();
        let value = std::mem::take(&mut vm.leaf_result);
        let (parent, flags) = ((*frame).parent, (*frame).flags);
        if (*parent).flags & frame_flags::NATIVE != 0 && flags & frame_flags::DISCARD == 0 {
            return vm.hand_to_native(parent, value);
        }
        vm.deliver(parent, (*frame).dst, flags, value);
    }
}

plain_ops! {
    return_slow = op_return;
}

impl Vm {
    /// Returns from a frame with something special about it.
    fn op_return(&mut self, at: At) {
        let value = if at.op() == crate::bytecode::Op::Return {
            if at.flags() & TEMP_B != 0 {
                at.take(at.b())
            } else if unsafe { (*at.frame()).has(frame_flags::OBSERVED) } {
                // Who holds the frame's object still sees the local.
                at.reg(at.b()).clone()
            } else {
                at.replace(at.b(), Value::UNDEF)
            }
        } else {
            at.constant(at.wide() as usize).clone()
        };
        at.save(self);
        self.return_from(at.frame(), value);
    }
}
