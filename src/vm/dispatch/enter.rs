//! Frames begin: plain ones of functions, and those of `__init__`.

use super::Exit;
use super::at::{a, b, c, flags};
use crate::bytecode::op::TEMP_A;
use crate::heap::Value;
use crate::object::class::{Class, Instance, class_flags};
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::kind;
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on};
use crate::vm::special::Special;
use crate::vm::types::Known;

/// Goes on in a plain frame for `function`, whose count passes to the frame, with `n` arguments that are moved from
/// `args`: those that need no binding. The caller's frame stands behind the instruction, `words` words on.
macro_rules! enter {
    ($ip:ident, $regs:ident, $vm:ident, $words:literal, $function:expr, $args:expr, $n:expr) => {{
        (*Frame::of($regs)).ip = $ip.add(1 + $words);
        return enter_plain($ip, $regs, $function, $vm, $args, $n);
    }};
}

pub(super) use enter;

/// Pushes a plain frame and starts it; see `enter!`. It has room for one word behind its registers.
#[inline(never)]
#[cfg(target_arch = "x86_64")]
pub(super) unsafe extern "sysv64-unwind" fn enter_plain(
    ip: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: the dispatch loop's contract; the function takes exactly `n` arguments.
    unsafe { start_plain::<false>(ip, regs, function, vm, args, n) }
}

#[inline(never)]
#[cfg(not(target_arch = "x86_64"))]
pub(super) unsafe extern "C-unwind" fn enter_plain(
    ip: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above.
    unsafe { start_plain::<false>(ip, regs, function, vm, args, n) }
}

/// Pushes the frame of a coroutine for the Await behind the GetAwaitable at `get`, and starts it.
#[inline(never)]
#[cfg(target_arch = "x86_64")]
pub(super) unsafe extern "sysv64-unwind" fn enter_awaited(
    get: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above.
    unsafe { start_plain::<true>(get.add(1), regs, function, vm, args, n) }
}

#[inline(never)]
#[cfg(not(target_arch = "x86_64"))]
pub(super) unsafe extern "C-unwind" fn enter_awaited(
    get: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above.
    unsafe { start_plain::<true>(get.add(1), regs, function, vm, args, n) }
}

/// Of a plain call `ip` is the instruction of the call; of one that is AWAITED it is the Await.
#[inline(always)]
unsafe fn start_plain<const AWAITED: bool>(
    ip: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above; what lies between `sp` and `limit` is free.
    unsafe {
        let code = (*(*function).code.as_ptr()).as_ptr();
        let frame = vm.sp.cast::<Frame>();
        let registers = Frame::regs(frame);
        let end = registers.add((*code).nregisters as usize).cast::<u8>();
        vm.budget -= 1;
        if vm.budget < 0 {
            return enter_slowly::<AWAITED>(ip, regs, function, vm, args, n);
        }
        if end > vm.limit {
            return enter_slowly::<AWAITED>(ip, regs, function, vm, args, n);
        }
        // Checked and written one after another: so all of it has room in registers. Nobody looks at `ip` before it is
        // saved, nor at `native` without the flag for it.
        keep_order();
        let depth = (*Frame::of(regs)).depth;
        if depth >= vm.recursion_limit {
            return enter_slowly::<AWAITED>(ip, regs, function, vm, args, n);
        }
        (*frame).depth = depth + 1;
        vm.sp = end;
        (*frame).parent = Frame::of(regs);
        (*frame).function = function;
        (*frame).dst = a(ip) as u16;
        (*frame).flags = result_flags(ip) | if AWAITED { frame_flags::DELEGATED } else { 0 };
        let mut i = 0;
        if n != 0 {
            registers.write(args.read());
            i = 1;
            while i < n {
                registers.add(i).write(args.add(i).read());
                i += 1;
                keep_loop();
            }
        }
        if AWAITED && i < (*function).coroutine.get() as usize {
            i = (*function).write_defaults(registers, i);
        }
        let nlocals = (*code).nlocals as usize;
        while i < nlocals {
            registers.add(i).write(Value::UNDEF);
            i += 1;
            keep_loop();
        }
        if AWAITED {
            // The parent stands behind the Await, whose operand counts as live.
            (*Frame::of(regs)).ip = ip.add(1);
            regs.add(b(ip)).write(Value::UNDEF);
        }
        go!((*code).start(), registers, (*code).consts(), vm)
    }
}

/// As `enter_plain`, where the stack, the depth or the budget is used up. It is called in the same way, so that nothing of
/// that makes `enter_plain` keep anything on the stack.
#[cold]
#[inline(never)]
#[cfg(target_arch = "x86_64")]
unsafe extern "sysv64-unwind" fn enter_slowly<const AWAITED: bool>(
    ip: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above.
    unsafe { invoke_slowly::<AWAITED>(ip, regs, function, vm, args, n) }
}

#[cold]
#[inline(never)]
#[cfg(not(target_arch = "x86_64"))]
unsafe extern "C-unwind" fn enter_slowly<const AWAITED: bool>(
    ip: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above.
    unsafe { invoke_slowly::<AWAITED>(ip, regs, function, vm, args, n) }
}

#[inline(always)]
unsafe fn invoke_slowly<const AWAITED: bool>(
    ip: *mut u64,
    regs: *mut Value,
    function: *mut Function,
    vm: &mut Vm,
    args: *mut Value,
    n: usize,
) -> Exit {
    // SAFETY: as above; the caller's frame stands behind the instruction already.
    unsafe {
        let frame = Frame::of(regs);
        vm.frame = frame;
        let callee = Value::from_header(function.cast());
        if AWAITED {
            // It is called like any other function; what it gives is awaited by the instructions behind.
            let get = ip.sub(1);
            (*frame).ip = get;
            vm.invoke(callee, args, n, None, frame, b(get) as u16, 0);
            if vm.budget < 0 {
                vm.check_budget_at_cursor();
            }
            go_on!(vm)
        }
        vm.invoke(callee, args, n, None, frame, a(ip) as u16, result_flags(ip));
        go_on!(vm)
    }
}

/// Whoever's address is known keeps its parameters: with others of them, `enter_plain` could not jump there.
#[used]
static SLOW_WAYS: [Enter; 2] = [enter_slowly::<false>, enter_slowly::<true>];

#[cfg(target_arch = "x86_64")]
type Enter = unsafe extern "sysv64-unwind" fn(
    *mut u64,
    *mut Value,
    *mut Function,
    &mut Vm,
    *mut Value,
    usize,
) -> Exit;
#[cfg(not(target_arch = "x86_64"))]
type Enter = unsafe extern "C-unwind" fn(
    *mut u64,
    *mut Value,
    *mut Function,
    &mut Vm,
    *mut Value,
    usize,
) -> Exit;

/// The flags for a frame whose result goes into A.
#[inline(always)]
pub(super) unsafe fn result_flags(ip: *const u64) -> u16 {
    const { assert!(TEMP_A == 1 && frame_flags::DST_LOCAL == 16) };
    // SAFETY: the dispatch loop's contract.
    unsafe { ((!flags(ip) & TEMP_A) as u16) << 4 }
}

/// Keeps what stands before from being moved behind it, or from being kept in a register across it.
#[inline(always)]
fn keep_order() {
    #[cfg(not(miri))]
    // SAFETY: it does nothing.
    unsafe {
        std::arch::asm!("", options(nostack, preserves_flags));
    }
}

/// Keeps a loop of few rounds from being made into one for many.
#[inline(always)]
fn keep_loop() {
    #[cfg(not(miri))]
    // SAFETY: it does nothing.
    unsafe {
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

/// The `__init__` that a script wrote for a plain class, if a call of the class does no more than run it and was done before.
#[inline(always)]
fn plain_init(vm: &Vm, class: &Class) -> Option<*mut Function> {
    const OTHERS: u32 = class_flags::NEW | class_flags::ABSTRACT | class_flags::BUILTIN;
    if class.layout != kind::INSTANCE || class.has(OTHERS) {
        return None;
    }
    let init = class.known_special(Special::Init as usize, vm.heap.type_epoch)?;
    init.is_exact::<Function>().then(|| init.header().cast())
}

/// The instance that a call of the class at `base` gives, if it has no arguments and does no more than make one: the class is
/// plain, and its `__init__` that of `object`. Else Undef, and nothing is done.
#[inline(never)]
pub(super) unsafe fn bare_instance(vm: &mut Vm, base: *mut Value, n: usize) -> Value {
    const OTHERS: u32 = class_flags::NEW | class_flags::ABSTRACT | class_flags::BUILTIN;
    // SAFETY: the window's base holds a class.
    let class = unsafe { &*(*base).header().cast::<Class>() };
    if n != 0 || class.layout != kind::INSTANCE || class.has(OTHERS) {
        return Value::UNDEF;
    }
    let (init, epoch) = (Special::Init as usize, vm.heap.type_epoch);
    let object = vm.known_class(Known::Object);
    let own = class.known_special(init, epoch);
    let is_bare = own.zip(object.known_special(init, epoch));
    if !is_bare.is_some_and(|(own, objects)| own.is(objects)) {
        return Value::UNDEF;
    }
    let instance = Instance::alloc(class.root_shape.get()).into_value();
    // SAFETY: the instance holds the class; the window's base passes to nobody else.
    unsafe { drop(base.read()) };
    instance
}

/// Pushes the frame of a script's `__init__` for a new instance, where the class at the window's base is plain and has one
/// that takes as many arguments, or has defaults for the others. The frame is then `vm.frame`; answers with the function, or null, and nothing is done.
#[inline(never)]
pub(super) unsafe fn begin_init(vm: &mut Vm, ip: *mut u64, regs: *mut Value) -> *mut Function {
    // SAFETY: the dispatch loop's contract; the class at the base is alive until the instance holds it.
    unsafe {
        let base = regs.add(b(ip));
        let n = c(ip);
        let class = &*(*base).header().cast::<Class>();
        let Some(init) = plain_init(vm, class) else {
            return std::ptr::null_mut();
        };
        let code = (*(*init).code.as_ptr()).as_ptr();
        let frame = vm.sp.cast::<Frame>();
        let registers = Frame::regs(frame);
        let behind = registers.add((*code).nregisters as usize);
        let end = behind.add(1).cast::<u8>();
        let parent = Frame::of(regs);
        let depth = (*parent).depth + 1;
        let is_full = end > vm.limit || depth > vm.recursion_limit || vm.budget < 1;
        let defaults = match (*init).simple.get() as usize == n + 1 {
            true => Some(&[][..]),
            false => (*init).defaults_behind(n + 1),
        };
        let Some(defaults) = defaults.filter(|_| !is_full) else {
            return std::ptr::null_mut();
        };
        vm.budget -= 1;
        (*init).retain();
        let instance = Instance::alloc(class.root_shape.get()).into_value();
        registers.write(instance.clone());
        behind.write(instance);
        for i in 1..=n {
            registers.add(i).write(base.add(i).read());
        }
        for (i, value) in defaults.iter().enumerate() {
            registers.add(n + 1 + i).write(value.clone());
        }
        for i in n + 1 + defaults.len()..(*code).nlocals as usize {
            registers.add(i).write(Value::UNDEF);
        }
        drop(base.read());
        (*parent).ip = ip.add(3);
        vm.sp = end;
        vm.frame = frame;
        frame.write(Frame {
            ip: (*code).start().add(1),
            parent,
            function: init,
            native: std::ptr::null(),
            dst: a(ip) as u16,
            flags: result_flags(ip) | frame_flags::INIT,
            depth,
        });
        init
    }
}
