//! Jumps.

use super::arith::compare_operator;
use super::at::{a, b, c, copy_of, flags, lose, wide};
use super::iterate::{for_iter_others, next_of_common};
use super::plain::truth_of_immediate;
use super::values::{finalize_and_go, free_and_go};
use super::{At, Exit, leaf};
use crate::bytecode::Op;
use crate::bytecode::op::{NEGATE, TEMP_A, TEMP_B, TEMP_C};
use crate::heap::Value;
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::dispatch::{go, go_on, op, plain_ops, store};

op! {
    fn jump(ip, regs, k, vm) {
        go!(ip.offset(1 + wide(ip) as isize), regs, k, vm)
    }
    fn loop_back(ip, regs, k, vm) {
        vm.budget -= 1;
        if vm.budget < 0 { return loop_check(ip, regs, k, vm); }
        go!(ip.offset(1 + wide(ip) as isize), regs, k, vm)
    }
    fn loop_for(ip, regs, k, vm) {
        vm.budget -= 1;
        if vm.budget < 0 { return loop_check(ip, regs, k, vm); }
        let ip = ip.offset(1 + wide(ip) as isize);
        next_of_common!(ip, regs, k, vm);
        return for_iter_others(ip, regs, k, vm);
    }
    fn jump_if_true(ip, regs, k, vm) {
        match truth_of_immediate(&*regs.add(a(ip))) {
            Some(true) => go!(ip.offset(1 + wide(ip) as isize), regs, k, vm),
            Some(false) => go!(ip.add(1), regs, k, vm),
            None => return truth_jump_leaf(ip, regs, k, vm),
        }
    }
    fn jump_if_false(ip, regs, k, vm) {
        match truth_of_immediate(&*regs.add(a(ip))) {
            Some(false) => go!(ip.offset(1 + wide(ip) as isize), regs, k, vm),
            Some(true) => go!(ip.add(1), regs, k, vm),
            None => return truth_jump_leaf(ip, regs, k, vm),
        }
    }
    fn jump_if_none(ip, regs, k, vm) {
        let register = regs.add(a(ip));
        let jumps = (*register).is_none() != (flags(ip) & NEGATE != 0);
        let to = if jumps { ip.offset(1 + wide(ip) as isize) } else { ip.add(1) };
        if flags(ip) & TEMP_A != 0 && lose(vm, register.read()) { return free_and_go(to, regs, k, vm); }
        go!(to, regs, k, vm)
    }
    fn jump_if_is(ip, regs, k, vm) {
        let (x, y) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
        let to = if x.is(y) != (flags(ip) & NEGATE != 0) { jump16(ip) } else { ip.add(1) };
        // The other stays as it is if the first dies: it is lost by who frees that.
        if flags(ip) & TEMP_B != 0 && flags(ip) & TEMP_C != 0 { return is_slow(ip, regs, k, vm); }
        if flags(ip) & TEMP_B != 0 && lose(vm, regs.add(b(ip)).read()) { return free_and_go(to, regs, k, vm); }
        if flags(ip) & TEMP_C != 0 && lose(vm, regs.add(c(ip)).read()) { return free_and_go(to, regs, k, vm); }
        go!(to, regs, k, vm)
    }
    fn truth_jump_leaf(ip, regs, k, vm) {
        let truth = leaf::truth(ip, regs);
        if truth == leaf::UNKNOWN { return truth_jump(ip, regs, k, vm); }
        let when = *ip as u8 == Op::JumpIfTrue as u8;
        let to = if (truth != 0) == when { ip.offset(1 + wide(ip) as isize) } else { ip.add(1) };
        if vm.heap.wants_attention() { return finalize_and_go(to, regs, k, vm); }
        go!(to, regs, k, vm)
    }
    fn compare_jump_leaf(ip, regs, k, vm) {
        let holds = leaf::test(ip, regs, k);
        if holds == leaf::UNKNOWN { return int_like_jump(ip, regs, k, vm); }
        let to = if (holds != 0) != (flags(ip) & NEGATE != 0) { jump16(ip) } else { ip.add(1) };
        if vm.heap.wants_attention() { return finalize_and_go(to, regs, k, vm); }
        go!(to, regs, k, vm)
    }
    fn int_like_jump(ip, regs, k, vm) {
        let holds = leaf::test_like_ints(vm, ip, regs, k);
        if holds == leaf::UNKNOWN { return compare_jump(ip, regs, k, vm); }
        let to = if (holds != 0) != (flags(ip) & NEGATE != 0) { jump16(ip) } else { ip.add(1) };
        if vm.heap.wants_attention() { return finalize_and_go(to, regs, k, vm); }
        go!(to, regs, k, vm)
    }
    fn jump_if_true_or_drop(ip, regs, k, vm) {
        match truth_of_immediate(&*regs.add(a(ip))) {
            Some(true) => go!(ip.offset(1 + wide(ip) as isize), regs, k, vm),
            Some(false) => go!(ip.add(1), regs, k, vm),
            None => return jump_or_drop_leaf(ip, regs, k, vm),
        }
    }
    fn jump_if_false_or_drop(ip, regs, k, vm) {
        match truth_of_immediate(&*regs.add(a(ip))) {
            Some(false) => go!(ip.offset(1 + wide(ip) as isize), regs, k, vm),
            Some(true) => go!(ip.add(1), regs, k, vm),
            None => return jump_or_drop_leaf(ip, regs, k, vm),
        }
    }
    fn jump_or_drop_leaf(ip, regs, k, vm) {
        let truth = leaf::truth_kept(ip, regs);
        if truth == leaf::UNKNOWN { return jump_or_drop(ip, regs, k, vm); }
        let when = *ip as u8 == Op::JumpIfTrueOrDrop as u8;
        if (truth != 0) == when { go!(ip.offset(1 + wide(ip) as isize), regs, k, vm) }
        if lose(vm, regs.add(a(ip)).read()) { return free_and_go(ip.add(1), regs, k, vm); }
        go!(ip.add(1), regs, k, vm)
    }
}

#[inline(always)]
unsafe fn jump16(ip: *mut u64) -> *mut u64 {
    unsafe { ip.offset(1 + a(ip) as u16 as i16 as isize) }
}

/// Compare-and-jump handlers: a register or a constant on the right.
macro_rules! compare_and_jump {
    ($($name:ident $const_name:ident = $operator:tt, else $slow:path, $const_slow:path;)+) => {
        op! { $(
            fn $name(ip, regs, k, vm) {
                let (x, y) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
                let holds = if x.small_ints(y).is_some() {
                    x.word() $operator y.word()
                } else if let Some((f, g)) = x.inline_floats(y) {
                    f $operator g
                } else if let Some((f, g)) = x.float_and_exact_int(y) {
                    f $operator g
                } else {
                    return $slow(ip, regs, k, vm);
                };
                if holds != (flags(ip) & NEGATE != 0) { go!(jump16(ip), regs, k, vm) }
                go!(ip.add(1), regs, k, vm)
            }
            fn $const_name(ip, regs, k, vm) {
                let (x, y) = (&*regs.add(b(ip)), &*k.add(c(ip)));
                let holds = if x.small_ints(y).is_some() {
                    x.word() $operator y.word()
                } else if let Some((f, g)) = x.inline_floats(y) {
                    f $operator g
                } else if let Some((f, g)) = x.float_and_exact_int(y) {
                    f $operator g
                } else {
                    return $const_slow(ip, regs, k, vm);
                };
                if holds != (flags(ip) & NEGATE != 0) { go!(jump16(ip), regs, k, vm) }
                go!(ip.add(1), regs, k, vm)
            }
        )+ }
    };
}

compare_and_jump! {
    jump_if_lt jump_if_lt_const = <, else compare_jump_leaf, compare_jump_leaf;
    jump_if_le jump_if_le_const = <=, else compare_jump_leaf, compare_jump_leaf;
    jump_if_eq jump_if_eq_const = ==, else equal_texts_jump, equal_texts_jump_const;
    jump_if_ne jump_if_ne_const = !=, else equal_texts_jump, equal_texts_jump_const;
    jump_if_gt jump_if_gt_const = >, else compare_jump_leaf, compare_jump_leaf;
    jump_if_ge jump_if_ge_const = >=, else compare_jump_leaf, compare_jump_leaf;
}

/// The same for the equality of two texts that a glance tells.
macro_rules! equal_texts_jump {
    ($($name:ident: |$ip:ident, $regs:ident, $k:ident| $right:expr;)+) => {
        op! { $(
            fn $name($ip, $regs, $k, vm) {
                let (x, y) = (&*$regs.add(b($ip)), $right);
                if let Some(text) = x.get_exact::<Str>()
                    && let Some(other) = y.get_exact::<Str>()
                    && flags($ip) & TEMP_C == 0
                    && let Some(equal) = text.eq_at_a_glance(other)
                {
                    let wants_equal = matches!(*$ip as u8, JUMP_IF_EQ | JUMP_IF_EQ_CONST);
                    let jumps = (equal == wants_equal) != (flags($ip) & NEGATE != 0);
                    let to = if jumps { jump16($ip) } else { $ip.add(1) };
                    if flags($ip) & TEMP_B != 0 && lose(vm, $regs.add(b($ip)).read()) {
                        return free_and_go(to, $regs, $k, vm);
                    }
                    go!(to, $regs, $k, vm)
                }
                return compare_jump_leaf($ip, $regs, $k, vm);
            }
        )+ }
    };
}

const JUMP_IF_EQ: u8 = Op::JumpIfEq as u8;
const JUMP_IF_EQ_CONST: u8 = Op::JumpIfEqConst as u8;

equal_texts_jump! {
    equal_texts_jump: |ip, regs, k| &*regs.add(c(ip));
    equal_texts_jump_const: |ip, regs, k| &*k.add(c(ip));
}

plain_ops! {
    loop_check = op_loop_check;
    truth_jump = op_truth_jump;
    is_slow = op_jump_if_is;
    compare_jump = op_compare_jump;
    jump_or_drop = op_jump_or_drop;
}

impl At {
    fn target(self) -> *mut u64 {
        unsafe { self.ip.offset(1 + self.wide() as isize) }
    }
}

impl Vm {
    fn op_loop_check(&mut self, at: At) {
        at.save(self);
        // The frame goes on at the loop's start, whatever happens in between.
        unsafe { (*at.frame()).ip = at.target() };
        at.go_to(self, at.target());
        self.check_budget();
    }

    fn op_truth_jump(&mut self, at: At) {
        at.save(self);
        let when = at.op() == Op::JumpIfTrue;
        let value = at.take_a();
        if self.test_asked(&value, at.frame(), when, at.target()) {
            return drop(value);
        }
        let step = self.truth_step(&value);
        drop(value);
        at.follow_test(self, step, when, at.target());
    }

    fn op_jump_or_drop(&mut self, at: At) {
        at.save(self);
        let when = at.op() == Op::JumpIfTrueOrDrop;
        let step = self.truth_step(at.reg(at.a()));
        match step {
            Step::Return(value) => {
                if value.is_true() == when {
                    at.go_to(self, at.target());
                } else {
                    drop(at.take(at.a()));
                    at.go_on(self);
                }
            }
            // The operand is live: unwinding drops it.
            Step::Raise(raised) => at.raise(self, raised),
            other => self.perform_test_keeping(other, at, when, at.target()),
        }
    }

    fn op_jump_if_is(&mut self, at: At) {
        let (x, y) = (at.take_b(), at.take_c());
        let jumps = x.is(&y) != (at.flags() & NEGATE != 0);
        drop((x, y));
        at.go_to(
            self,
            if jumps {
                unsafe { jump16(at.ip) }
            } else {
                at.next()
            },
        );
    }

    fn op_compare_jump(&mut self, at: At) {
        at.save(self);
        let (x, y) = (at.take_b(), at.take_c_or_const());
        let step = self.compare_step(compare_operator(at.op()), &x, &y);
        drop((x, y));
        let target = unsafe { jump16(at.ip) };
        at.follow_test(self, step, at.flags() & NEGATE == 0, target);
    }
}

use crate::object::native::Step;
