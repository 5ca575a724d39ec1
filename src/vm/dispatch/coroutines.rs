//! Calls of coroutine functions. Where the result is awaited at once, the coroutine begins on the stack
//! (`vm::stack_coroutine`), or is made and entered; else it is made like any other result.

use super::Exit;
use super::at::{a, b, c, flags};
use super::calls::{call_method_slow, call_slow, save, take_receiver};
use super::enter::enter_awaited;
use super::iterate::get_anext_slow;
use super::loaded::call_loaded_slow;
use crate::bytecode::Op;
use crate::bytecode::op::{TEMP_A, TEMP_B};
use crate::heap::Value;
use crate::object::frame::Frame;
use crate::object::function::{BoundMethod, Function, NOT_SIMPLE};
use crate::object::generator::{Flavour, Generator};
use crate::object::native::Native;
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on, op, store};
use crate::vm::special::Special;

/// Whether the instruction at `get` and the one behind it await what a call left in the temporary `dst`, and no more.
///
/// # Safety
/// `get` is an instruction of verified code.
#[inline(always)]
unsafe fn is_awaited(get: *const u64, dst: usize) -> bool {
    // SAFETY: behind a GetAwaitable there is another instruction.
    unsafe {
        *get as u8 == Op::GetAwaitable as u8
            && b(get) == dst
            && flags(get) & (TEMP_A | TEMP_B) == TEMP_A | TEMP_B
            && *get.add(1) as u8 == Op::Await as u8
            && b(get.add(1)) == a(get)
    }
}

/// Whether a coroutine function has a default for each of its parameters behind the first `n`, and needs no more.
///
/// # Safety
/// The function is alive.
#[inline(always)]
pub(super) unsafe fn takes_with_defaults(function: *mut Function, n: usize) -> bool {
    // SAFETY: as above.
    let (wanted, defaults) =
        unsafe { ((*function).coroutine.get(), (*function).default_count.get()) };
    let missing = (wanted as usize).wrapping_sub(n);
    missing <= defaults as usize && wanted != NOT_SIMPLE
}

/// Enters a coroutine function on the stack, if the call with so many words behind its own is awaited at once. The
/// arguments pass to it, and a count of the function, which `$count` adds if the call has none.
macro_rules! stay_on_stack {
    ($ip:ident, $regs:ident, $vm:ident, $words:literal, $function:ident, $args:expr $(, $count:expr)?) => {
        let get = $ip.add(1 + $words);
        if $vm.may_stay_on_stack($function) && is_awaited(get, a($ip)) {
            let (args, n) = $args;
            $($count;)?
            return enter_awaited(get, $regs, $function, $vm, args, n);
        }
    };
}

/// Makes a coroutine that is not awaited at once, where there is nothing to bind.
macro_rules! make_coroutine {
    ($ip:ident, $regs:ident, $k:ident, $vm:ident, $words:literal, $function:ident, $args:ident $(, $count:expr)?) => {
        if !is_awaited($ip.add(1 + $words), a($ip)) {
            let made = make($vm, $function, $args.0, $args.1);
            if !made.is_undef() {
                $($count;)?
                store!($ip, $regs, $k, $vm, made, $words)
            }
            made.forget();
        }
    };
}

/// The coroutine that a call of a function with nothing to bind makes; Undef, and nothing is done, where there is more
/// to it. The arguments and the count of the function pass to it.
#[inline(never)]
unsafe fn make(vm: &mut Vm, function: *mut Function, args: *mut Value, n: usize) -> Value {
    let shape = vm.known.coroutine;
    if vm.origin_depth > 0 || !vm.heap.dies_plainly(shape) {
        return Value::UNDEF;
    }
    // SAFETY: the caller has counted the arguments, and they are as many as the parameters.
    unsafe {
        let args = (args, n);
        let made = Generator::of_call(&mut vm.heap, Flavour::Coroutine, shape, function, args);
        Value::from_header(made.cast())
    }
}

/// Does the instruction once more from the heap, if its frame is a coroutine's on the stack that awaits the result.
macro_rules! again_from_heap {
    ($name:ident, $ip:ident, $regs:ident, $k:ident, $vm:ident) => {
        if $vm.waits_on_stack(Frame::of($regs), a($ip)) {
            let regs = $vm.leave_stack($regs);
            return $name($ip, regs, $k, $vm);
        }
    };
}

/// Makes the method anew whose receiver `take_receiver` put into its place. The count of the native passes to it.
#[inline(never)]
unsafe fn bind_again(place: *mut Value, native: *mut Native) {
    // SAFETY: the place holds the receiver.
    unsafe {
        let method = BoundMethod::alloc(Value::from_header(native.cast()), place.read());
        place.write(method.into_value());
    }
}

/// Drops the callee of a call that is over.
#[inline(never)]
unsafe fn release(native: *mut Native) {
    // SAFETY: its count passes to this function.
    drop(unsafe { Value::from_header(native.cast()) });
}

op! {
    fn call_coroutine(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let function = (*base).header().cast::<Function>();
        let args = (base.add(1), c(ip));
        stay_on_stack!(ip, regs, vm, 2, function, args);
        make_coroutine!(ip, regs, k, vm, 2, function, args);
        save(ip, regs, vm, 2);
        if vm.call_awaited(function, args, Frame::of(regs), a(ip)) { go_on!(vm) }
        again_from_heap!(call_coroutine, ip, regs, k, vm);
        return call_slow(ip, regs, k, vm);
    }
    fn call_module_coroutine(ip, regs, k, vm) {
        // As `call_coroutine`: the function was put in the module's place.
        let base = regs.add(b(ip));
        let function = (*base).header().cast::<Function>();
        let args = (base.add(1), c(ip));
        stay_on_stack!(ip, regs, vm, 3, function, args);
        make_coroutine!(ip, regs, k, vm, 3, function, args);
        save(ip, regs, vm, 3);
        if vm.call_awaited(function, args, Frame::of(regs), a(ip)) { go_on!(vm) }
        again_from_heap!(call_module_coroutine, ip, regs, k, vm);
        return call_slow(ip, regs, k, vm);
    }
    fn call_method_coroutine(ip, regs, k, vm) {
        let function = *ip.add(3) as *mut Function;
        let args = (regs.add(b(ip)), c(ip) + 1);
        stay_on_stack!(ip, regs, vm, 3, function, args, (*function).retain());
        make_coroutine!(ip, regs, k, vm, 3, function, args, (*function).retain());
        save(ip, regs, vm, 3);
        if vm.call_awaited(function, args, Frame::of(regs), a(ip)) {
            (*function).retain();
            go_on!(vm)
        }
        again_from_heap!(call_method_coroutine, ip, regs, k, vm);
        return call_method_slow(ip, regs, k, vm);
    }
    fn call_loaded_coroutine(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let function = (*base).header().cast::<Function>();
        let own = !(*base.add(1)).is_undef();
        let args = if own { (base.add(1), c(ip) + 1) } else { (base.add(2), c(ip)) };
        stay_on_stack!(ip, regs, vm, 0, function, args);
        make_coroutine!(ip, regs, k, vm, 0, function, args);
        save(ip, regs, vm, 0);
        if vm.call_awaited(function, args, Frame::of(regs), a(ip)) { go_on!(vm) }
        again_from_heap!(call_loaded_coroutine, ip, regs, k, vm);
        return call_loaded_slow(ip, regs, k, vm);
    }
    fn call_bound_coroutine(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let function = (*(*base).header().cast::<BoundMethod>()).function.header().cast::<Function>();
        stay_on_stack!(ip, regs, vm, 2, function, (base, c(ip) + 1), {
            (*function).retain();
            take_receiver(base);
        });
        save(ip, regs, vm, 2);
        if vm.call_bound_awaited(regs.add(b(ip)), c(ip), Frame::of(regs), a(ip)) { go_on!(vm) }
        again_from_heap!(call_bound_coroutine, ip, regs, k, vm);
        return call_slow(ip, regs, k, vm);
    }
    fn call_bound_native(ip, regs, k, vm) {
        // The method of a native coroutine function, as of `async with` a lock.
        let base = regs.add(b(ip));
        let method = (*base).header().cast::<BoundMethod>();
        let native = (*method).function.header().cast::<Native>();
        if !is_awaited(ip.add(3), a(ip)) || !(*native).bound.is_undef()
            || !vm.takes_receiver(&*native, &(*method).receiver)
        {
            return call_slow(ip, regs, k, vm);
        }
        save(ip, regs, vm, 2);
        (*native).to_ref().into_value().forget();
        take_receiver(base);
        let called = vm.call_native_awaited(&*native, (base, c(ip) + 1), Frame::of(regs), a(ip));
        if called { release(native); go_on!(vm) }
        bind_again(base, native);
        again_from_heap!(call_bound_native, ip, regs, k, vm);
        return call_slow(ip, regs, k, vm);
    }
    fn call_module_native_coroutine(ip, regs, k, vm) {
        // As `call_native_coroutine`: the function was put in the module's place.
        let base = regs.add(b(ip));
        let native = (*base).header().cast::<Native>();
        save(ip, regs, vm, 3);
        // The Await may use the callee's place.
        if vm.call_native_awaited(&*native, (base.add(1), c(ip)), Frame::of(regs), a(ip)) {
            release(native);
            go_on!(vm)
        }
        again_from_heap!(call_module_native_coroutine, ip, regs, k, vm);
        return call_slow(ip, regs, k, vm);
    }
    fn get_anext(ip, regs, k, vm) {
        // The common case of those that scripts wrote: `async def __anext__(self)`.
        let iterator = &*regs.add(b(ip));
        let Some(method) = vm.special_at_hand(iterator, Special::ANext) else {
            return get_anext_slow(ip, regs, k, vm);
        };
        if !method.is_exact::<Function>() { return get_anext_slow(ip, regs, k, vm); }
        let function = method.header().cast::<Function>();
        if (*function).coroutine.get() != 1 { return get_anext_slow(ip, regs, k, vm); }
        // The receiver's place is where the result goes.
        let window = regs.add(a(ip));
        stay_on_stack!(ip, regs, vm, 0, function, (window, 1), {
            (*function).retain();
            window.write(iterator.clone());
        });
        return get_anext_slow(ip, regs, k, vm);
    }
    fn call_native_coroutine(ip, regs, k, vm) {
        let native = &*((*ip.add(3) & !1) as *const Native);
        save(ip, regs, vm, 3);
        let args = (regs.add(b(ip)), c(ip) + 1);
        if vm.call_native_awaited(native, args, Frame::of(regs), a(ip)) { go_on!(vm) }
        again_from_heap!(call_native_coroutine, ip, regs, k, vm);
        return call_method_slow(ip, regs, k, vm);
    }
}
