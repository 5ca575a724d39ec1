//! Generators of script that a `for` loop or a `yield from` of script makes, begins and ends: the common ways.

use super::at::{a, b, c, flags, take_b, wide};
use super::calls::{call_method_slow, call_slow};
use super::iterate::{for_iter_slow, get_yield_from_slow};
use super::loaded::call_loaded_slow;
use super::returns::return_slow;
use super::{At, Exit};
use crate::bytecode::Op;
use crate::bytecode::op::{TEMP_A, TEMP_B};
use crate::heap::Value;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::generator::{Flavour, Generator, State};
use crate::object::kind;
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on, op, store};
use crate::vm::generator::ENTRY;

/// The shape of generators.
const SHAPE: u32 = kind::GENERATOR as u32;

/// The generator that a call of a function with nothing to bind makes; Undef, and nothing is done, where there is more
/// to it. The arguments and the count of the function pass to it.
#[inline(never)]
unsafe fn make(vm: &mut Vm, function: *mut Function, args: *mut Value, n: usize) -> Value {
    // SAFETY: the caller has counted the arguments, and they are as many as the parameters.
    unsafe {
        if !vm.heap.dies_plainly(SHAPE) {
            return Value::UNDEF;
        }
        let args = (args, n);
        let made = Generator::of_call(&mut vm.heap, Flavour::Generator, SHAPE, function, args);
        Value::from_header(made.cast())
    }
}

op! {
    fn call_generator(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let made = make(vm, (*base).header().cast(), base.add(1), c(ip));
        if made.is_undef() { made.forget(); return call_slow(ip, regs, k, vm); }
        store!(ip, regs, k, vm, made, 2)
    }
    fn call_method_generator(ip, regs, k, vm) {
        let function = *ip.add(3) as *mut Function;
        let made = make(vm, function, regs.add(b(ip)), c(ip) + 1);
        if made.is_undef() { made.forget(); return call_method_slow(ip, regs, k, vm); }
        (*function).retain();
        store!(ip, regs, k, vm, made, 3)
    }
    fn call_loaded_generator(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let own = !(*base.add(1)).is_undef();
        let (args, n) = if own { (base.add(1), c(ip) + 1) } else { (base.add(2), c(ip)) };
        let made = make(vm, (*base).header().cast(), args, n);
        if made.is_undef() { made.forget(); return call_loaded_slow(ip, regs, k, vm); }
        store!(ip, regs, k, vm, made, 0)
    }
    fn for_iter_begins(ip, regs, k, vm) {
        // The common case: the generator has not begun.
        let generator = (*regs.add(b(ip))).header().cast::<Generator>();
        let inner = (*generator).frame_ptr();
        let parent = Frame::of(regs);
        if (*generator).state.get() != State::Created
            || (*inner).flags & (frame_flags::NATIVE | frame_flags::DELEGATED) != 0
            || (*parent).depth >= vm.recursion_limit
        {
            return for_iter_slow(ip, regs, k, vm);
        }
        let dst_flag = if flags(ip) & TEMP_A != 0 { 0 } else { frame_flags::DST_LOCAL };
        (*parent).ip = ip.add(2);
        (*generator).state.set(State::Running);
        (*inner).parent = parent;
        (*inner).dst = a(ip) as u16;
        (*inner).flags = (*inner).flags & !ENTRY | frame_flags::FOR_ITER | dst_flag;
        (*inner).depth = (*parent).depth + 1;
        let code = (*(*(*inner).function).code.as_ptr()).as_ptr();
        go!((*inner).ip as *mut u64, Frame::regs(inner), (*code).consts(), vm)
    }
    fn get_yield_from(ip, regs, k, vm) {
        // The common case: a generator, which is asked itself.
        if !(*regs.add(b(ip))).is_exact::<Generator>() || flags(ip) & TEMP_A == 0 {
            return get_yield_from_slow(ip, regs, k, vm);
        }
        let value = take_b(ip, regs);
        regs.add(a(ip)).write(value);
        go!(ip.add(1), regs, k, vm)
    }
    fn return_from_loop(ip, regs, k, vm) {
        // A generator that nobody but the `for` loop of a script frame holds.
        let frame = Frame::of(regs);
        let parent = (*frame).parent;
        let generator = std::ptr::from_ref(Generator::of_frame(frame));
        let held = &*Frame::regs(parent).add(b((*parent).ip.sub(2)));
        if (*generator).flavour != Flavour::Generator
            || !held.is_object()
            || held.header().cast() != generator.cast_mut()
            || held.reference_count() != 1
        {
            return return_slow(ip, regs, k, vm);
        }
        let value = if *ip as u8 == Op::ReturnConst as u8 {
            (*k.add(wide(ip) as usize)).clone()
        } else if flags(ip) & TEMP_B != 0 {
            regs.add(b(ip)).read()
        } else {
            std::ptr::replace(regs.add(b(ip)), Value::UNDEF)
        };
        leave_loop(vm, frame, value);
        go_on!(vm)
    }
}

/// Ends a generator of script that returned, and which only a `for` loop holds, and goes on behind that.
#[inline(never)]
unsafe fn leave_loop(vm: &mut Vm, frame: *mut Frame, value: Value) {
    // SAFETY: the parent stands behind a ForIter, which is two words long; the generator's frame is the running one.
    unsafe {
        let parent = (*frame).parent;
        let regs = Frame::regs(parent);
        let ip = (*parent).ip.sub(2).cast_mut();
        vm.free_returned(frame, regs.add(b(ip)));
        drop(value);
        let code = (*(*(*parent).function).code.as_ptr()).as_ptr();
        let at = At {
            ip,
            regs,
            consts: (*code).consts(),
        };
        let target = at.next().offset(at.word(1) as i32 as isize);
        at.go_to(vm, target);
    }
}
