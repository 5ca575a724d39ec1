//! Method calls in two steps: the look-up, then, behind the arguments, the call.
//!
//! `GetMethod` writes two temporaries. What its object's class has as a function is not bound: it
//! goes into the first, the object into the second. Any other value goes into the first, and Undef
//! into the second.

use std::mem::ManuallyDrop;

use super::at::{a, b, c, flags, lose, take_b};
use super::calls::{run_at_once, run_leaf, save, takes_defaults};
use super::coroutines::{call_loaded_coroutine, takes_with_defaults};
use super::enter::{enter, enter_plain};
use super::generators::call_loaded_generator;
use super::objects::{MODULE_VALUE, module_value, recall};
use super::{At, Exit};
use crate::bytecode::op::TEMP_B;
use crate::heap::Value;
use crate::object::descriptor::Super;
use crate::object::frame::Frame;
use crate::object::function::Function;
use crate::object::native::{AtOnce, Native};
use crate::vm::Vm;
use crate::vm::attr::Site;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store};

op! {
    fn get_method(ip, regs, k, vm) {
        // Words: shape and type epoch, then the function found for them (not counted).
        let object = regs.add(b(ip));
        let cached = *ip.add(1);
        if (*object).is_object() && (*(*object).header()).shape == cached as u32
            && vm.heap.type_epoch == (cached >> 32) as u32
        {
            let target = *ip.add(2);
            if target & MODULE_VALUE != 0 { return get_function_of_module(ip, regs, k, vm); }
            let own = take_b(ip, regs);
            let function = ManuallyDrop::new(Value::from_header((target & !1) as *mut _));
            let dst = regs.add(a(ip));
            dst.write((*function).clone());
            dst.add(1).write(own);
            go!(ip.add(3), regs, k, vm)
        }
        return get_method_shared(ip, regs, k, vm);
    }
    fn get_method_shared(ip, regs, k, vm) {
        if !recall(ip, regs, vm, Site::Method, b(ip), c(ip), 1) { return get_method_slow(ip, regs, k, vm); }
        return get_method(ip, regs, k, vm);
    }
    fn get_function_of_module(ip, regs, k, vm) {
        let value = module_value(&*regs.add(b(ip)), *ip.add(2));
        if value.is_undef() { value.forget(); return get_method_slow(ip, regs, k, vm); }
        let dst = regs.add(a(ip));
        let dies = flags(ip) & TEMP_B != 0 && lose(vm, regs.add(b(ip)).read());
        dst.write(value);
        dst.add(1).write(Value::UNDEF);
        if dies { return crate::vm::dispatch::values::free_and_go(ip.add(3), regs, k, vm); }
        go!(ip.add(3), regs, k, vm)
    }
    fn call_loaded(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        if (*base.add(1)).is_undef() { return call_loaded_value(ip, regs, k, vm); }
        let n = c(ip) + 1;
        if (*base).is_exact::<Function>() {
            let function = (*base).header().cast::<Function>();
            if (*function).simple.get() as usize == n {
                enter!(ip, regs, vm, 0, function, base.add(1), n)
            }
            if (*function).coroutine.get() as usize == n {
                return call_loaded_coroutine(ip, regs, k, vm);
            }
            if (*function).generator.get() as usize == n {
                return call_loaded_generator(ip, regs, k, vm);
            }
            if takes_with_defaults(function, n) { return call_loaded_coroutine(ip, regs, k, vm); }
        }
        if (*base).is_exact::<Native>() && (*(*base).header().cast::<Native>()).exact as usize == n {
            return call_loaded_leaf(ip, regs, k, vm);
        }
        return call_loaded_slow(ip, regs, k, vm);
    }
    fn call_loaded_value(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        let n = c(ip);
        if (*base).is_exact::<Function>() {
            let function = (*base).header().cast::<Function>();
            if (*function).simple.get() as usize == n {
                enter!(ip, regs, vm, 0, function, base.add(2), n)
            }
            if (*function).coroutine.get() as usize == n {
                return call_loaded_coroutine(ip, regs, k, vm);
            }
            if (*function).generator.get() as usize == n {
                return call_loaded_generator(ip, regs, k, vm);
            }
            if takes_with_defaults(function, n) { return call_loaded_coroutine(ip, regs, k, vm); }
        }
        return call_loaded_slow(ip, regs, k, vm);
    }
    fn call_loaded_leaf(ip, regs, k, vm) {
        let base = regs.add(b(ip));
        save(ip, regs, vm, 0);
        let value = run_leaf(vm, (*base).header().cast::<Native>(), base.add(1), c(ip) + 1);
        drop(base.read());
        if value.is_undef() || vm.heap.wants_attention() {
            vm.leaf_result = value;
            return super::calls::leaf_is_done(ip, regs, k, vm);
        }
        store!(ip, regs, k, vm, value, 0)
    }
}

plain_ops! {
    get_method_slow = op_get_method;
    call_loaded_slow = op_call_loaded;
    call_loaded_kw = op_call_loaded_kw;
}

impl Vm {
    fn op_get_method(&mut self, at: At) {
        at.save(self);
        let name = at.name(at.c());
        let object = at.reg(at.b());
        if object.is_exact::<Super>()
            && let Some((callee, own)) = self.super_function(object, name)
        {
            drop(at.take_b());
            return self.method_found(at, callee, own);
        }
        if let Some((callee, class)) = self.found_beside(object, name) {
            drop(at.take_b());
            return self.method_found(at, callee, class);
        }
        match self.resolve_method(object, name) {
            Ok((callee, true)) => {
                self.cache_method(at, object, name, &callee, 1);
                let own = at.take_b();
                self.method_found(at, callee, own);
            }
            Ok((callee, false)) => {
                self.cache_module_function(at, object, name, 1);
                self.note_beside(object, name, &callee);
                drop(at.take_b());
                self.method_found(at, callee, Value::UNDEF);
            }
            Err(_) => {
                let object = at.take_b();
                let (step, _) = self.resolve_attr(&object, name);
                at.write(at.a() + 1, Value::UNDEF);
                drop(object);
                at.follow(self, step);
            }
        }
    }

    /// Ends a look-up.
    fn method_found(&mut self, at: At, callee: Value, own: Value) {
        at.write(at.a(), callee);
        at.write(at.a() + 1, own);
        at.go_on(self);
    }

    /// Where the arguments lie that go with the callee at `base`, and how many they are.
    fn loaded_arguments(at: At, base: usize) -> (usize, usize) {
        match at.reg(base + 1).is_undef() {
            true => (base + 2, at.c()),
            false => (base + 1, at.c() + 1),
        }
    }

    fn op_call_loaded(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        let (first, n) = Self::loaded_arguments(at, base);
        if at.reg(base).is_exact::<Native>() {
            let native: *const Native = at.reg(base).header().cast();
            // SAFETY: the callee lies in the window, which is alive until the call is over.
            unsafe {
                if (first == base + 1 || (*native).is_function) && takes_defaults(native, n) {
                    return self.leaf_with_defaults(at, native, first, n, base);
                }
                let is_whole = first == base + 1 || (*native).is_function;
                if is_whole && self.answer_at_once(at, native, (base, first, n)) {
                    return;
                }
            }
        }
        let callee = at.take(base);
        self.invoke_loaded(at, callee, (first, n), None);
    }

    fn op_call_loaded_kw(&mut self, at: At) {
        at.save(self);
        let base = at.b();
        let arguments = Self::loaded_arguments(at, base);
        let callee = at.take(base);
        let names = at.constant(at.word(1) as u32 as usize).clone();
        self.invoke_loaded(at, callee, arguments, Some(&names));
    }

    fn invoke_loaded(
        &mut self,
        at: At,
        callee: Value,
        (first, n): (usize, usize),
        names: Option<&Value>,
    ) {
        // SAFETY: the window holds the arguments; they pass to the callee.
        unsafe {
            self.invoke(
                callee,
                at.regs.add(first),
                n,
                names,
                at.frame(),
                at.a() as u16,
                at.result_flags(),
            )
        }
    }

    /// Calls a function without a frame, if it can be; false, with nothing done, otherwise. The window begins at the first
    /// of the three registers, the arguments at the second, and are as many as the third says.
    ///
    /// # Safety
    /// The callee lies in the window.
    pub(super) unsafe fn answer_at_once(
        &mut self,
        at: At,
        native: *const Native,
        (base, first, n): (usize, usize, usize),
    ) -> bool {
        // SAFETY: the callee is alive until it is taken out; the arguments are dropped if there is an answer.
        unsafe {
            let Some(f) = (*native).def.at_once else {
                return false;
            };
            self.at_once = Some(f);
            let value = run_at_once(self, at.regs.add(first), n);
            if value.is_undef() && self.raised.is_none() {
                return false;
            }
            drop(at.take(base));
            match self.raised.take() {
                Some(raised) => at.raise(self, raised),
                None => at.done(self, value),
            }
            true
        }
    }

    /// Answers a call whose receiver lies in the place of the callee; false, with nothing done, where the usual way
    /// must look.
    ///
    /// # Safety
    /// Receiver and arguments lie in the window.
    pub(super) unsafe fn answer_with_receiver(&mut self, at: At, hook: AtOnce) -> bool {
        self.at_once = Some(hook);
        // SAFETY: as above; they are dropped if there is an answer.
        let value = unsafe { run_at_once(self, at.regs.add(at.b()), at.c() + 1) };
        match self.raised.take() {
            Some(raised) => at.raise(self, raised),
            None if value.is_undef() => return false,
            None => at.done(self, value),
        }
        true
    }
}
