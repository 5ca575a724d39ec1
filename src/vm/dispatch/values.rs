//! Moving values, cells, constants.

use super::at::{a, b, copy_of, flags, lose, take_b, wide};
use super::calls::{call, call_method};
use super::flow::loop_for;
use super::{At, Exit};
use crate::bytecode::op::{Common, TEMP_A};
use crate::heap::Value;
use crate::object::frame::Frame;
use crate::object::function::{Cell_, Function};
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store, store_in};

op! {
    fn move_(ip, regs, k, vm) {
        store!(ip, regs, k, vm, take_b(ip, regs), 0)
    }
    fn move_in(ip, regs, k, vm) {
        store_in!(ip, regs, k, vm, copy_of(regs.add(b(ip))), 0)
    }
    fn move_two_in(ip, regs, k, vm) {
        let second = ip.add(1);
        regs.add(a(ip)).write(copy_of(regs.add(b(ip))));
        regs.add(a(second)).write(copy_of(regs.add(b(second))));
        go!(ip.add(2), regs, k, vm)
    }
    fn move_in_call(ip, regs, k, vm) {
        regs.add(a(ip)).write(copy_of(regs.add(b(ip))));
        return call(ip.add(1), regs, k, vm);
    }
    fn move_in_call_method(ip, regs, k, vm) {
        regs.add(a(ip)).write(copy_of(regs.add(b(ip))));
        return call_method(ip.add(1), regs, k, vm);
    }
    fn move_out(ip, regs, k, vm) {
        let old = std::ptr::replace(regs.add(a(ip)), regs.add(b(ip)).read());
        if lose(vm, old) { return free_and_go(ip.add(1), regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
    fn copy(ip, regs, k, vm) {
        store!(ip, regs, k, vm, (*regs.add(b(ip))).clone(), 0)
    }
    fn load_const(ip, regs, k, vm) {
        store!(ip, regs, k, vm, (*k.add(wide(ip) as u32 as usize)).clone(), 0)
    }
    fn load_const_in(ip, regs, k, vm) {
        store_in!(ip, regs, k, vm, copy_of(k.add(wide(ip) as u32 as usize)), 0)
    }
    fn load_int(ip, regs, k, vm) {
        store!(ip, regs, k, vm, Value::int32(wide(ip)), 0)
    }
    fn check_local(ip, regs, k, vm) {
        if (*regs.add(b(ip))).is_undef() { return unbound_local(ip, regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
    fn clear(ip, regs, k, vm) {
        let register = regs.add(a(ip));
        let value = register.read();
        if flags(ip) & TEMP_A == 0 { register.write(Value::UNDEF); }
        if lose(vm, value) { return free_and_go(ip.add(1), regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
    fn clear_loop_for(ip, regs, k, vm) {
        if (*regs.add(a(ip))).is_object() { return clear(ip, regs, k, vm); }
        return loop_for(ip.add(1), regs, k, vm);
    }
    fn free_and_go(ip, regs, k, vm) {
        // `ip` is where to go on.
        free_dead(vm);
        if vm.heap.wants_attention() { return finalize_and_go(ip, regs, k, vm); }
        go!(ip, regs, k, vm)
    }
    fn get_cell(ip, regs, k, vm) {
        let cell = &*regs.add(b(ip));
        if !cell.is_exact::<Cell_>() { return empty_cell(ip, regs, k, vm); }
        let content = (*cell.header().cast::<Cell_>()).content.as_value();
        if content.is_undef() { return empty_cell(ip, regs, k, vm); }
        store!(ip, regs, k, vm, copy_of(content), 0)
    }
    fn set_cell(ip, regs, k, vm) {
        let cell = &*regs.add(a(ip));
        if !cell.is_exact::<Cell_>() { return not_a_cell(ip, regs, k, vm); }
        let old = (*cell.header().cast::<Cell_>()).content.replace(take_b(ip, regs));
        if lose(vm, old) { return free_and_go(ip.add(1), regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
    fn get_free(ip, regs, k, vm) {
        let content = match free_cell(regs, b(ip)) {
            Some(cell) => cell.content.as_value(),
            None => return empty_free(ip, regs, k, vm),
        };
        if content.is_undef() { return empty_free(ip, regs, k, vm); }
        store!(ip, regs, k, vm, copy_of(content), 0)
    }
    fn set_free(ip, regs, k, vm) {
        let Some(cell) = free_cell(regs, a(ip)) else { return not_a_cell(ip, regs, k, vm) };
        let old = cell.content.replace(take_b(ip, regs));
        if lose(vm, old) { return free_and_go(ip.add(1), regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
    fn not_a_cell(_ip, _regs, _k, _vm) {
        panic!("the compiler makes cells before it uses them");
    }
}

/// The cell of a free variable of the running function.
#[inline(always)]
unsafe fn free_cell<'a>(regs: *mut Value, n: usize) -> Option<&'a Cell_> {
    // SAFETY: a script frame owns a count of its function, which holds the cells.
    unsafe {
        let function: *mut Function = (*Frame::of(regs)).function;
        (*function).cell(n)
    }
}

/// Frees what `lose` left.
#[inline(never)]
fn free_dead(vm: &mut Vm) {
    // SAFETY: `lose` brought its count to zero, and nobody else knows it.
    unsafe { crate::heap::free(std::mem::replace(&mut vm.dead, std::ptr::null_mut())) }
}

plain_ops! {
    finalize_and_go = op_finalize_and_go;
    finalize_and_store = op_finalize_and_store;
    free_and_store = op_free_and_store;
    unbound_local = op_unbound_local;
    delete_local = op_delete_local;
    make_cell = op_make_cell;
    empty_cell = op_empty_cell;
    delete_cell = op_delete_cell;
    empty_free = op_empty_free;
    delete_free = op_delete_free;
    get_free_cell = op_get_free_cell;
    load_common = op_load_common;
    load_build_class = op_load_build_class;
}

impl At {
    pub(super) fn function<'a>(self) -> &'a Function {
        // SAFETY: a script frame owns a count of its function.
        unsafe { &*(*self.frame()).function }
    }

    fn cell_in<'a>(self, register: usize) -> &'a Cell_ {
        self.reg(register)
            .get_exact::<Cell_>()
            .expect("the compiler makes cells before it uses them")
    }

    pub(super) fn free<'a>(self, n: usize) -> &'a Cell_ {
        self.function()
            .cell(n)
            .expect("a function has the cells that its code names")
    }
}

impl Vm {
    /// Goes on at the instruction; finalizers wait, or a look is due.
    fn op_finalize_and_go(&mut self, at: At) {
        at.go_to(self, at.ip);
    }

    /// Stores the result that waits, then lets finalizers run, or has the next look soon.
    fn op_finalize_and_store(&mut self, at: At) {
        let value = std::mem::take(&mut self.leaf_result);
        at.done(self, value);
    }

    /// Frees what died of the operands, then stores the result that waits.
    fn op_free_and_store(&mut self, at: At) {
        free_dead(self);
        let value = std::mem::take(&mut self.leaf_result);
        at.done(self, value);
    }

    fn op_unbound_local(&mut self, at: At) {
        let raised = self.unbound_local(at.name(at.c()));
        at.raise(self, raised);
    }

    fn op_delete_local(&mut self, at: At) {
        if at.reg(at.a()).is_undef() {
            return self.op_unbound_local(at);
        }
        drop(at.replace(at.a(), Value::UNDEF));
        at.go_on(self);
    }

    fn op_make_cell(&mut self, at: At) {
        let content = at.replace(at.a(), Value::UNDEF);
        at.replace(at.a(), Cell_::alloc(content).into_value());
        at.go_on(self);
    }

    fn op_empty_cell(&mut self, at: At) {
        self.op_unbound_local(at);
    }

    fn op_delete_cell(&mut self, at: At) {
        if at.cell_in(at.a()).content.is_undef() {
            return self.op_unbound_local(at);
        }
        at.cell_in(at.a()).content.take();
        at.go_on(self);
    }

    fn op_empty_free(&mut self, at: At) {
        let raised = self.unbound_free_error(at.name(at.c()));
        at.raise(self, raised);
    }

    fn op_delete_free(&mut self, at: At) {
        if at.free(at.a()).content.is_undef() {
            return self.op_empty_free(at);
        }
        at.free(at.a()).content.take();
        at.go_on(self);
    }

    fn op_get_free_cell(&mut self, at: At) {
        let cells = at.function().closure.as_ref();
        let cell = cells.and_then(|cells| cells.get(at.b()));
        at.done(self, cell.unwrap_or_default());
    }

    fn op_load_common(&mut self, at: At) {
        use crate::vm::types::Known;
        let assertion = at.b() == Common::AssertionError as usize;
        let known = if assertion {
            Known::AssertionError
        } else {
            Known::NotImplementedError
        };
        let class = self.known_class(known).into_value();
        at.done(self, class);
    }

    fn op_load_build_class(&mut self, at: At) {
        let function = self.build_class_function();
        at.done(self, function);
    }
}
