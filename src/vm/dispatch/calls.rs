//! Calls.

use std::mem::{ManuallyDrop, MaybeUninit};

use super::at::{b, c, lose};
use super::coroutines::{
    call_bound_coroutine, call_bound_native, call_coroutine, call_method_coroutine,
    call_module_coroutine, call_module_native_coroutine, call_native_coroutine,
    takes_with_defaults,
};
use super::enter::{bare_instance, begin_init, enter, enter_plain, result_flags};
use super::generators::{call_generator, call_method_generator};
use super::objects::{MODULE_VALUE, module_value, module_word, recall};
use super::{At, Exit};
use crate::bytecode::Op;
use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::Super;
use crate::object::frame::Frame;
use crate::object::function::{BoundMethod, Function};
use crate::object::module::Module;
use crate::object::native::{Native, NativeCode, R};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::attr::Site;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store};
use crate::vm::native_signature::MOST_SIMPLE;

/// Stores where the frame goes on, before a leaf that may look.
#[inline(always)]
pub(super) unsafe fn save(ip: *mut u64, regs: *mut Value, vm: &mut Vm, words: usize) {
    // SAFETY: the dispatch loop's contract.
    unsafe {
        let frame = Frame::of(regs);
        (*frame).ip = ip.add(1 + words);
        vm.frame = frame;
    }
}

/// Calls a leaf with the `n` values at `args`, which it takes as they are, and drops them. Undef
/// for an exception, which then waits in `vm.raised`.
#[inline(never)]
pub(super) unsafe fn run_leaf(
    vm: &mut Vm,
    native: *const Native,
    args: *mut Value,
    n: usize,
) -> Value {
    // SAFETY: the window holds the arguments; the native is alive, and its code outlives it.
    unsafe {
        let result = run_code(vm, native, std::slice::from_raw_parts(args, n));
        for i in 0..n {
            drop(args.add(i).read());
        }
        match result {
            Ok(value) => value,
            Err(raised) => {
                vm.raised = Some(raised);
                Value::UNDEF
            }
        }
    }
}

/// Runs a leaf, be it a closure of the embedding program.
///
/// # Safety
/// The native is alive, and its code is one that has an exact arity.
#[inline(always)]
unsafe fn run_code(vm: &mut Vm, native: *const Native, args: &[Value]) -> R {
    // SAFETY: as above.
    unsafe {
        match (*native).def.code {
            NativeCode::Leaf(leaf) => leaf(vm, args),
            NativeCode::Host => run_host(vm, native, args),
            _ => unreachable!("only leaves have an exact arity"),
        }
    }
}

#[inline(never)]
unsafe fn run_host(vm: &mut Vm, native: *const Native, args: &[Value]) -> R {
    // SAFETY: the native is alive; the borrowed count is not given back.
    unsafe {
        // Unlike the code of a leaf, what it does lies in the native, which must not go meanwhile.
        let borrowed = ManuallyDrop::new(Value::from_header(native.cast_mut().cast()));
        let _kept = (*borrowed).clone();
        let call = (*native).host.as_deref();
        call.expect("it has what it does")(vm, args)
    }
}

/// Whether a native leaf may be called with so few arguments.
#[inline(always)]
pub(super) unsafe fn takes_defaults(native: *const Native, n: usize) -> bool {
    // SAFETY: the caller has the callee alive.
    unsafe { n >= (*native).least.get() as usize && n <= (*native).most as usize }
}

/// Whether a native coroutine function may be called with so few arguments for an Await, without binding them.
#[inline(always)]
pub(super) unsafe fn takes_awaited(native: *const Native, n: usize) -> bool {
    // SAFETY: the caller has the callee alive.
    unsafe { n >= (*native).least_awaited.get() as usize && n <= (*native).most as usize }
}

op! {
    fn call(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let n = c(ip);
        if (*base).is_exact::<Function>() {
            let function = (*base).header().cast::<Function>();
            if (*function).simple.get() as usize == n {
                enter!(ip, regs, vm, 2, function, base.add(1), n)
            }
            if (*function).coroutine.get() as usize == n { return call_coroutine(ip, regs, k, vm); }
        }
        return call_other(ip, regs, k, vm);
    }
    fn call_other(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let n = c(ip);
        if (*base).is_exact::<Function>() {
            let function = (*base).header().cast::<Function>();
            if (*function).generator.get() as usize == n { return call_generator(ip, regs, k, vm); }
            if takes_with_defaults(function, n) { return call_coroutine(ip, regs, k, vm); }
            return call_slow(ip, regs, k, vm);
        }
        if (*base).is_exact::<Native>() {
            let native = (*base).header().cast::<Native>();
            if (*native).exact as usize == n && (*native).is_function {
                return call_leaf(ip, regs, k, vm);
            }
            if (*native).is_function && let Some(f) = (*native).def.at_once {
                vm.at_once = Some(f);
                return call_at_once(ip, regs, k, vm);
            }
        }
        if (*base).is_exact::<Class>() { return call_class(ip, regs, k, vm); }
        if (*base).is_exact::<BoundMethod>() {
            let method = (*base).header().cast::<BoundMethod>();
            let function = (*method).function.header().cast::<Function>();
            // The receiver takes the method's place in the window.
            if (*method).function.is_exact::<Function>() && (*function).simple.get() as usize == n + 1 {
                (*function).retain();
                if (*base).reference_count() > 1 {
                    let receiver = (*method).receiver.clone();
                    std::ptr::replace(base, receiver).release_shared();
                } else {
                    take_receiver(base);
                }
                enter!(ip, regs, vm, 2, function, base, n + 1)
            }
            if (*method).function.is_exact::<Function>()
                && ((*function).coroutine.get() as usize == n + 1 || takes_with_defaults(function, n + 1))
            {
                return call_bound_coroutine(ip, regs, k, vm);
            }
            if (*method).function.is_exact::<Native>() && takes_awaited(function.cast(), n + 1) {
                return call_bound_native(ip, regs, k, vm);
            }
        }
        return call_slow(ip, regs, k, vm);
    }
    fn call_at_once(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        save(ip, regs, vm, 2);
        let value = run_at_once(vm, base.add(1), c(ip));
        if value.is_undef() {
            value.forget();
            if vm.raised.is_none() { return call_slow(ip, regs, k, vm); }
            return leaf_raised(ip, regs, k, vm);
        }
        if lose(vm, base.read()) || vm.heap.wants_attention() {
            std::ptr::write(&mut vm.leaf_result, value);
            return free_callee_and_store(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 2)
    }
    fn call_class(ip, regs, k, vm) {
        let class = (*regs.add(b(ip))).header().cast::<Class>();
        if (*class).has(class_flags::BUILTIN) && let Some(def) = (*class).def && let Some(f) = def.at_once {
            vm.at_once = Some(f);
            return call_at_once(ip, regs, k, vm);
        }
        let function = begin_init(vm, ip, regs);
        if function.is_null() { return call_bare_class(ip, regs, k, vm); }
        let registers = Frame::regs(vm.frame);
        let code = (*(*function).code.as_ptr()).as_ptr();
        go!((*code).start(), registers, (*code).consts(), vm)
    }
    fn call_bare_class(ip, regs, k, vm) {
        save(ip, regs, vm, 2);
        let value = bare_instance(vm, regs.add(b(ip)), c(ip));
        if value.is_undef() {
            value.forget();
            return call_slow(ip, regs, k, vm);
        }
        if vm.heap.wants_attention() {
            std::ptr::write(&mut vm.leaf_result, value);
            return leaf_is_done(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 2)
    }
    fn call_leaf(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let native = (*base).header().cast::<Native>();
        save(ip, regs, vm, 2);
        let value = run_leaf(vm, native, base.add(1), c(ip));
        drop(base.read());
        if value.is_undef() || vm.heap.wants_attention() {
            vm.leaf_result = value;
            return leaf_is_done(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 2)
    }
    fn call_method_leaf(ip, regs, k, vm) {
        let native = (*ip.add(3) & !1) as *const Native;
        save(ip, regs, vm, 3);
        let value = run_leaf(vm, native, regs.add(b(ip)), c(ip) + 1);
        if value.is_undef() || vm.heap.wants_attention() {
            vm.leaf_result = value;
            return leaf_is_done(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 3)
    }
    fn call_method_at_once(ip, regs, k, vm) {
        save(ip, regs, vm, 3);
        let value = run_at_once(vm, regs.add(b(ip)), c(ip) + 1);
        if value.is_undef() && vm.raised.is_none() {
            value.forget();
            return call_method_slow(ip, regs, k, vm);
        }
        if value.is_undef() || vm.heap.wants_attention() {
            std::ptr::write(&mut vm.leaf_result, value);
            return leaf_is_done(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 3)
    }
    fn call_method(ip, regs, k, vm) {
        // Words: name, then shape and type epoch, then the function found for them (not counted).
        let base = regs.add(b(ip));
        let cached = *ip.add(2);
        if (*base).is_object() && (*(*base).header()).shape == cached as u32
            && vm.heap.type_epoch == (cached >> 32) as u32
        {
            let target = *ip.add(3);
            let n = c(ip) + 1;
            if target & 1 == 0 {
                let function = target as *mut Function;
                if (*function).simple.get() as usize == n {
                    (*function).retain();
                    enter!(ip, regs, vm, 3, function, base, n)
                }
                if (*function).coroutine.get() as usize == n {
                    return call_method_coroutine(ip, regs, k, vm);
                }
                if (*function).generator.get() as usize == n {
                    return call_method_generator(ip, regs, k, vm);
                }
                if takes_with_defaults(function, n) { return call_method_coroutine(ip, regs, k, vm); }
            } else {
                if target & MODULE_VALUE != 0 { return call_module_value(ip, regs, k, vm); }
                let native = (target & !1) as *const Native;
                if (*native).exact as usize == n { return call_method_leaf(ip, regs, k, vm); }
                if takes_defaults(native, n) {
                    return call_native_method(ip, regs, k, vm);
                }
                if takes_awaited(native, n) { return call_native_coroutine(ip, regs, k, vm); }
                if let Some(f) = (*native).def.at_once {
                    vm.at_once = Some(f);
                    return call_method_at_once(ip, regs, k, vm);
                }
            }
            return call_method_slow(ip, regs, k, vm);
        }
        return call_method_shared(ip, regs, k, vm);
    }
    fn call_method_shared(ip, regs, k, vm) {
        let name = *ip.add(1) as u32 as usize;
        if !recall(ip, regs, vm, Site::Method, b(ip), name, 2) { return call_method_slow(ip, regs, k, vm); }
        return call_method(ip, regs, k, vm);
    }
    fn call_module_value(ip, regs, k, vm) {
        // The window becomes that of a plain call: the function takes the module's place.
        let base = regs.add(b(ip));
        let n = c(ip);
        let value = module_value(&*base, *ip.add(3));
        if value.is_undef() { value.forget(); return call_method_slow(ip, regs, k, vm); }
        drop(std::ptr::replace(base, value));
        if (*base).is_exact::<Function>() {
            let function = (*base).header().cast::<Function>();
            if (*function).simple.get() as usize == n {
                enter!(ip, regs, vm, 3, function, base.add(1), n)
            }
            if (*function).coroutine.get() as usize == n {
                return call_module_coroutine(ip, regs, k, vm);
            }
            if takes_with_defaults(function, n) { return call_module_coroutine(ip, regs, k, vm); }
        } else if (*base).is_exact::<Native>() {
            let native = (*base).header().cast::<Native>();
            if (*native).is_function && (*native).exact as usize == n {
                return call_module_leaf(ip, regs, k, vm);
            }
            if (*native).is_function && takes_awaited(native, n) {
                return call_module_native_coroutine(ip, regs, k, vm);
            }
        }
        return call_slow(ip, regs, k, vm);
    }
    fn call_module_leaf(ip, regs, k, vm) {
        // As `call_leaf`: the function was put in the module's place.
        let base = regs.add(b(ip));
        save(ip, regs, vm, 3);
        let value = run_leaf(vm, (*base).header().cast::<Native>(), base.add(1), c(ip));
        drop(base.read());
        if value.is_undef() || vm.heap.wants_attention() {
            vm.leaf_result = value;
            return leaf_is_done(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 3)
    }
}

/// Puts the receiver of a method that nobody else holds into its place.
#[inline(never)]
pub(super) unsafe fn take_receiver(place: *mut Value) {
    // SAFETY: the place holds a method that is whole.
    unsafe {
        let method = place.read();
        let bound = method.header().cast::<BoundMethod>();
        place.write((*bound).receiver.clone());
        drop(method);
    }
}

/// Tries `vm.at_once` on the `n` values at `args`, which it drops if there is an answer. Undef for none, or for an
/// exception, which then waits in `vm.raised`.
#[inline(never)]
pub(super) unsafe fn run_at_once(vm: &mut Vm, args: *mut Value, n: usize) -> Value {
    // SAFETY: the window holds the arguments.
    unsafe {
        let Some(result) = vm
            .at_once
            .and_then(|f| f(vm, std::slice::from_raw_parts(args, n)))
        else {
            return Value::UNDEF;
        };
        for i in 0..n {
            drop(args.add(i).read());
        }
        match result {
            Ok(value) => value,
            Err(raised) => {
                vm.raised = Some(raised);
                Value::UNDEF
            }
        }
    }
}

plain_ops! {
    call_slow = op_call;
    call_method_slow = op_call_method;
    call_native_method = op_call_native_method;
    leaf_is_done = op_leaf_is_done;
    leaf_raised = op_leaf_raised;
    free_callee_and_store = op_free_callee_and_store;
    call_kw = op_call_kw;
    call_method_kw = op_call_method_kw;
    call_ex_slow = op_call_ex;
}

impl At {
    /// The flags for a frame whose result goes into A.
    #[inline(always)]
    pub(in crate::vm) fn result_flags(self) -> u16 {
        // SAFETY: it is an instruction.
        unsafe { result_flags(self.ip) }
    }
}

impl Vm {
    fn op_call(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        if self.call_of_class(at, base, at.c()) {
            return;
        }
        if at.reg(base).is_exact::<Native>() {
            let native: *const Native = at.reg(base).header().cast();
            // SAFETY: the callee lies in the window, which is alive until the call is over.
            unsafe {
                if (*native).is_function && takes_defaults(native, at.c()) {
                    return self.leaf_with_defaults(at, native, base + 1, at.c(), base);
                }
                if !(*native).bound.is_undef() && (*native).exact as usize == at.c() + 1 {
                    // The receiver takes the callee's place in the window.
                    let callee = at.take(base);
                    at.write(base, (*native).bound.clone());
                    self.leaf_in_window(at, native, base, at.c() + 1, base);
                    drop(callee);
                    return;
                }
                if !(*native).bound.is_undef()
                    && let Some(f) = (*native).def.at_once
                {
                    let callee = at.take(base);
                    at.write(base, (*native).bound.clone());
                    if self.answer_with_receiver(at, f) {
                        return;
                    }
                    drop(at.replace(base, callee));
                }
                let by_module = *at.ip as u8 == Op::CallMethod as u8;
                if by_module
                    && (*native).is_function
                    && self.answer_at_once(at, native, (base, base + 1, at.c()))
                {
                    return;
                }
                if (*native).is_function && takes_awaited(native, at.c()) {
                    // The await that follows may use the callee's place.
                    let callee = at.take(base);
                    let args = (at.regs.add(base + 1), at.c());
                    if self.call_native_awaited(&*native, args, at.frame(), at.a()) {
                        drop(callee);
                        return;
                    }
                    at.write(base, callee);
                }
            }
        }
        let callee = at.take(base);
        let (mut first, mut n) = (base + 1, at.c());
        let callee = match callee.get_exact::<BoundMethod>() {
            Some(method) => {
                // The receiver takes the callee's place in the window.
                (first, n) = (base, n + 1);
                at.write(base, method.receiver.clone());
                let hook = method
                    .function
                    .get_exact::<Native>()
                    .filter(|native| {
                        native.bound.is_undef() && self.takes_receiver(native, &method.receiver)
                    })
                    .and_then(|native| native.def.at_once);
                // SAFETY: receiver and arguments lie in the window.
                if let Some(f) = hook
                    && unsafe { self.answer_with_receiver(at, f) }
                {
                    return;
                }
                method.function.clone()
            }
            None => callee,
        };
        // SAFETY: the window holds the arguments; they pass to the callee.
        unsafe {
            self.invoke(
                callee,
                at.regs.add(first),
                n,
                None,
                at.frame(),
                at.a() as u16,
                at.result_flags(),
            )
        }
    }

    /// Goes on after a leaf that raised, or while finalizers wait.
    fn op_leaf_is_done(&mut self, at: At) {
        let value = std::mem::take(&mut self.leaf_result);
        match self.raised.take() {
            Some(raised) => at.raise(self, raised),
            None => at.done(self, value),
        }
    }

    /// What was called at once raised; the arguments are gone, the callee is not.
    fn op_leaf_raised(&mut self, at: At) {
        drop(at.take(at.b()));
        self.op_leaf_is_done(at);
    }

    /// Stores the result that waits, after the callee that `lose` left is freed.
    fn op_free_callee_and_store(&mut self, at: At) {
        let dead = std::mem::replace(&mut self.dead, std::ptr::null_mut());
        if !dead.is_null() {
            // SAFETY: `lose` brought its count to zero, and nobody else knows it.
            unsafe { crate::heap::free(dead) };
        }
        let value = std::mem::take(&mut self.leaf_result);
        at.done(self, value);
    }

    /// Calls a leaf whose arguments lie ready in registers `first..first + n`, then drops the
    /// window from `base` on.
    unsafe fn leaf_in_window(
        &mut self,
        at: At,
        native: *const Native,
        first: usize,
        n: usize,
        base: usize,
    ) {
        unsafe {
            let result = run_code(
                self,
                native,
                std::slice::from_raw_parts(at.regs.add(first), n),
            );
            for i in base..first + n {
                drop(at.take(i));
            }
            at.result(self, result);
        }
    }

    fn op_call_native_method(&mut self, at: At) {
        at.save(self);
        let native = (at.word(3) & !1) as *const Native;
        // SAFETY: the cache's epoch is right, so the class still holds the method; `leaf` is copied out first.
        unsafe {
            let n = at.c() + 1;
            match (*native).exact as usize == n {
                true => self.leaf_in_window(at, native, at.b(), n, at.b()),
                false => self.leaf_with_defaults(at, native, at.b(), n, at.b()),
            }
        }
    }

    /// As `leaf_in_window`, with defaults for the parameters behind the `n` arguments.
    pub(super) unsafe fn leaf_with_defaults(
        &mut self,
        at: At,
        native: *const Native,
        first: usize,
        n: usize,
        base: usize,
    ) {
        // SAFETY: the callee is alive until the call is over; the arguments are moved out of the window.
        unsafe {
            let params = &self.signature(&*native).params;
            let count = params.len();
            let mut bound = [const { MaybeUninit::<Value>::uninit() }; MOST_SIMPLE];
            for (i, place) in bound.iter_mut().enumerate().take(n) {
                place.write(at.take(first + i));
            }
            for (place, param) in bound[n..count].iter_mut().zip(&params[n..]) {
                place.write(param.default.clone());
            }
            let args = std::slice::from_raw_parts(bound.as_ptr().cast(), count);
            let result = run_code(self, native, args);
            for value in &mut bound[..count] {
                value.assume_init_drop();
            }
            for i in base..first {
                drop(at.take(i));
            }
            at.result(self, result);
        }
    }

    fn op_call_method(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        let name = at.name(at.word(1) as u32 as usize);
        let receiver = at.reg(base);
        if receiver.is_exact::<Super>()
            && let Some((callee, own)) = self.super_function(receiver, name)
        {
            drop(at.replace(base, own));
            // SAFETY: receiver and arguments lie in the window and pass to the callee.
            return unsafe {
                self.invoke(
                    callee,
                    at.regs.add(base),
                    at.c() + 1,
                    None,
                    at.frame(),
                    at.a() as u16,
                    at.result_flags(),
                )
            };
        }
        if let Some((callee, class)) = self.found_beside(receiver, name) {
            let first = base + class.is_undef() as usize;
            drop(at.replace(base, class));
            // SAFETY: the arguments lie in the window and pass to the callee.
            return unsafe {
                self.invoke(
                    callee,
                    at.regs.add(first),
                    at.c() + base + 1 - first,
                    None,
                    at.frame(),
                    at.a() as u16,
                    at.result_flags(),
                )
            };
        }
        let cached = self.cached_method(at, receiver);
        let is_cached = cached.is_some();
        let found = match cached {
            Some(callee) => Ok((callee, true)),
            None => self.resolve_method(receiver, name),
        };
        match found {
            Ok((callee, true)) => {
                if !is_cached {
                    self.cache_method(at, receiver, name, &callee, 2);
                }
                // SAFETY: receiver and arguments lie in the window and pass to the callee.
                unsafe {
                    self.invoke(
                        callee,
                        at.regs.add(base),
                        at.c() + 1,
                        None,
                        at.frame(),
                        at.a() as u16,
                        at.result_flags(),
                    )
                }
            }
            Ok((callee, false)) => {
                self.cache_module_function(at, receiver, name, 2);
                self.note_beside(receiver, name, &callee);
                drop(at.take(base));
                // SAFETY: as above, without the receiver.
                unsafe {
                    self.invoke(
                        callee,
                        at.regs.add(base + 1),
                        at.c(),
                        None,
                        at.frame(),
                        at.a() as u16,
                        at.result_flags(),
                    )
                }
            }
            Err(_) => self.call_looked_up_method(at, None),
        }
    }

    /// The look-up needs script code, or fails: it runs first, in a frame of its own, then the call.
    fn call_looked_up_method(&mut self, at: At, names: Option<Value>) {
        let base = at.b();
        let name = at.name(at.word(1) as u32 as usize).clone();
        let receiver = at.take(base);
        let mut args: crate::object::native::Args = smallvec::SmallVec::new();
        args.push(receiver);
        args.push(name);
        args.push(names.unwrap_or(Value::NONE));
        args.push(crate::object::tuple::Tuple::of(at.take_window(base + 1, at.c())).into_value());
        let step = crate::object::native::Step::Enter(&super::super::call::LOOK_UP_AND_CALL, args);
        at.follow(self, step);
    }

    /// The method that the cache names, where the fast path could not call it.
    fn cached_method(&self, at: At, receiver: &Value) -> Option<Value> {
        let (guard, target) = (at.word(2), at.word(3));
        let valid = guard != 0
            && receiver.shape() == guard as u32
            && self.heap.type_epoch == (guard >> 32) as u32
            && target & MODULE_VALUE == 0;
        // SAFETY: the epoch says that the class still holds the method.
        valid.then(|| unsafe {
            (*std::mem::ManuallyDrop::new(Value::from_header((target & !1) as *mut _))).clone()
        })
    }

    /// Puts the place of a module's function into the instruction's words from `first` on.
    pub(super) fn cache_module_function(
        &mut self,
        at: At,
        receiver: &Value,
        name: &Value,
        first: usize,
    ) {
        if let (Some(module), Some(text)) = (receiver.get_exact::<Module>(), name.get::<Str>())
            && !text.bytes().starts_with(b"__")
            && let Some(word) = module_word(module, text)
        {
            // SAFETY: the words behind the instruction are its caches.
            unsafe {
                *at.ip.add(first) = receiver.shape() as u64 | (self.heap.type_epoch as u64) << 32;
                *at.ip.add(first + 1) = word;
            }
        }
    }

    /// Puts a method of the receiver's class into the instruction's words from `first` on.
    pub(super) fn cache_method(
        &mut self,
        at: At,
        receiver: &Value,
        name: &Value,
        callee: &Value,
        first: usize,
    ) {
        let shape = receiver.shape();
        // What is no object has no shape: an integer and a float would be taken for each other.
        if !receiver.is_object() || !self.shape_is_cacheable(shape) {
            return;
        }
        let target = if callee.is_exact::<Function>() {
            callee.header() as u64
        } else if callee
            .get_exact::<Native>()
            .is_some_and(|n| self.takes_receiver(n, receiver))
        {
            callee.header() as u64 | 1
        } else {
            return;
        };
        let guard = shape as u64 | (self.heap.type_epoch as u64) << 32;
        self.remember(at, Site::Method, (shape, name), first, (guard, target));
    }

    fn op_call_kw(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        let callee = at.take(base);
        let names = at.constant(at.word(1) as u32 as usize).clone();
        // SAFETY: the window's arguments pass to the callee.
        unsafe {
            self.invoke(
                callee,
                at.regs.add(base + 1),
                at.c(),
                Some(&names),
                at.frame(),
                at.a() as u16,
                at.result_flags(),
            )
        }
    }

    fn op_call_method_kw(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        let name = at.name(at.word(1) as u32 as usize);
        let names = at.constant((at.word(1) >> 32) as usize).clone();
        let found = self.resolve_method(at.reg(base), name);
        let (callee, first, n) = match found {
            Ok((callee, true)) => (callee, base, at.c() + 1),
            Ok((callee, false)) => {
                drop(at.take(base));
                (callee, base + 1, at.c())
            }
            Err(_) => return self.call_looked_up_method(at, Some(names)),
        };
        // SAFETY: as in `op_call_method`.
        unsafe {
            self.invoke(
                callee,
                at.regs.add(first),
                n,
                Some(&names),
                at.frame(),
                at.a() as u16,
                at.result_flags(),
            )
        }
    }
}
