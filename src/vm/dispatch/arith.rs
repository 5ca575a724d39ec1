//! Arithmetic and comparisons that give a value.

use super::at::{b, c, flags};
use super::plain::truth_of_immediate;
use super::{At, Exit};
use crate::bytecode::Op;
use crate::bytecode::op::{INPLACE, NEGATE, TEMP_B, TEMP_C};
use crate::heap::Value;
use crate::object::complex::Complex;
use crate::object::int::Int;
use crate::object::list::List;
use crate::object::set::Set;
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::candidates::Question;
use crate::vm::compare::CompareOp;
use crate::vm::dispatch::{go, go_on, leaf_ops, op, plain_ops, store, store_in};
use crate::vm::ops::{BinaryOp, UnaryOp};

/// Handlers with fast paths for small integers and for floats: `B op C` and `B op constant C`, into any register or into a
/// temporary.
macro_rules! arithmetic {
    ($($name:ident $in_name:ident $const_name:ident $const_in_name:ident:
        |$x:ident, $y:ident| $ints:expr, |$f:ident, $g:ident| $floats:expr;)+) => { $(
        arithmetic_handler!($name by store, |ip, regs, k| &*regs.add(c(ip)), |$x, $y| $ints, |$f, $g| $floats);
        arithmetic_handler!($in_name by store_in, |ip, regs, k| &*regs.add(c(ip)), |$x, $y| $ints, |$f, $g| $floats);
        arithmetic_handler!($const_name by store, |ip, regs, k| &*k.add(c(ip)), |$x, $y| $ints, |$f, $g| $floats);
        arithmetic_handler!($const_in_name by store_in, |ip, regs, k| &*k.add(c(ip)), |$x, $y| $ints, |$f, $g| $floats);
    )+ };
}

/// One of them.
macro_rules! arithmetic_handler {
    ($name:ident by $store:ident, |$ip:ident, $regs:ident, $k:ident| $right:expr,
        |$x:ident, $y:ident| $ints:expr, |$f:ident, $g:ident| $floats:expr) => {
        op! {
            fn $name($ip, $regs, $k, vm) {
                let ($x, $y) = (&*$regs.add(b($ip)), $right);
                if let Some(value) = $ints { $store!($ip, $regs, $k, vm, value, 0) }
                if let Some(($f, $g)) = $x.inline_floats($y)
                    && let Some(value) = Value::inline_float($floats)
                {
                    $store!($ip, $regs, $k, vm, value, 0)
                }
                if let Some(($f, $g)) = $x.float_and_int($y)
                    && let Some(value) = Value::inline_float($floats)
                {
                    $store!($ip, $regs, $k, vm, value, 0)
                }
                return binary($ip, $regs, $k, vm);
            }
        }
    };
}

arithmetic! {
    add add_in add_const add_const_in: |x, y| x.add_small(y), |f, g| f + g;
    sub sub_in sub_const sub_const_in: |x, y| x.sub_small(y), |f, g| f - g;
    mul mul_in mul_const mul_const_in: |x, y| mul_small(x, y), |f, g| f * g;
}

#[inline(always)]
fn mul_small(x: &Value, y: &Value) -> Option<Value> {
    let (i, j) = x.small_ints(y)?;
    Value::small_int(i.checked_mul(j)?)
}

#[inline(always)]
fn floor_div_small(x: &Value, y: &Value) -> Option<Value> {
    let (i, j) = x.small_ints(y)?;
    if j == 0 {
        return None;
    }
    let quotient = i / j - ((i % j != 0 && (i < 0) != (j < 0)) as i64);
    Value::small_int(quotient)
}

#[inline(always)]
fn mod_small(x: &Value, y: &Value) -> Option<Value> {
    let (i, j) = x.small_ints(y)?;
    if j == 0 {
        return None;
    }
    let rest = i % j;
    Value::small_int(if rest != 0 && (rest < 0) != (j < 0) {
        rest + j
    } else {
        rest
    })
}

/// A float quotient; None where the slow path must look (zero, other types).
#[inline(always)]
fn true_div_fast(x: &Value, y: &Value) -> Option<Value> {
    let (f, g) = match x.inline_floats(y) {
        Some(pair) => pair,
        None => {
            let f = x.as_inline_float().or_else(|| exact_float(x))?;
            let g = y.as_inline_float().or_else(|| exact_float(y))?;
            (f, g)
        }
    };
    if g == 0.0 {
        return None;
    }
    Value::inline_float(f / g)
}

/// An integer as a float where that is exact, so that dividing rounds once.
#[inline(always)]
fn exact_float(x: &Value) -> Option<f64> {
    let i = x.as_small_int()?;
    (-(1 << 53)..=(1 << 53)).contains(&i).then_some(i as f64)
}

/// A handler and its constant form for an operation with one fast path.
macro_rules! one_fast_path {
    ($name:ident, $const_name:ident, $fast:path) => {
        op! {
            fn $name(ip, regs, k, vm) {
                if let Some(value) = $fast(&*regs.add(b(ip)), &*regs.add(c(ip))) { store!(ip, regs, k, vm, value, 0) }
                return binary(ip, regs, k, vm);
            }
            fn $const_name(ip, regs, k, vm) {
                if let Some(value) = $fast(&*regs.add(b(ip)), &*k.add(c(ip))) { store!(ip, regs, k, vm, value, 0) }
                return binary(ip, regs, k, vm);
            }
        }
    };
}

/// The same for operations without a constant form.
macro_rules! fast_register_path {
    ($name:ident, $fast:path) => {
        op! {
            fn $name(ip, regs, k, vm) {
                if let Some(value) = $fast(&*regs.add(b(ip)), &*regs.add(c(ip))) { store!(ip, regs, k, vm, value, 0) }
                return binary(ip, regs, k, vm);
            }
        }
    };
}

one_fast_path!(true_div, true_div_const, true_div_fast);
one_fast_path!(floor_div, floor_div_const, floor_div_small);
one_fast_path!(modulo, mod_const, mod_small);
one_fast_path!(and, and_const, and_small);
one_fast_path!(shift_left, shift_left_const, shift_left_small);
one_fast_path!(shift_right, shift_right_const, shift_right_small);
fast_register_path!(or, or_small);
fast_register_path!(xor, xor_small);

#[inline(always)]
fn shift_left_small(x: &Value, y: &Value) -> Option<Value> {
    let (i, n) = x.small_ints(y)?;
    if !(0..62).contains(&n) || i << n >> n != i {
        return None;
    }
    Value::small_int(i << n)
}

#[inline(always)]
fn shift_right_small(x: &Value, y: &Value) -> Option<Value> {
    let (i, n) = x.small_ints(y)?;
    if n < 0 {
        return None;
    }
    Value::small_int(i >> n.min(63))
}

#[inline(always)]
fn and_small(x: &Value, y: &Value) -> Option<Value> {
    x.small_ints(y).and_then(|(i, j)| Value::small_int(i & j))
}

#[inline(always)]
fn or_small(x: &Value, y: &Value) -> Option<Value> {
    x.small_ints(y).and_then(|(i, j)| Value::small_int(i | j))
}

#[inline(always)]
fn xor_small(x: &Value, y: &Value) -> Option<Value> {
    x.small_ints(y).and_then(|(i, j)| Value::small_int(i ^ j))
}

/// Comparison handlers: small integers compare by their words, floats as floats.
macro_rules! comparison {
    ($($name:ident = $operator:tt;)+) => {
        op! { $(
            fn $name(ip, regs, k, vm) {
                let (x, y) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
                if x.small_ints(y).is_some() {
                    store!(ip, regs, k, vm, Value::bool(x.word() $operator y.word()), 0)
                }
                if let Some((f, g)) = x.inline_floats(y) {
                    store!(ip, regs, k, vm, Value::bool(f $operator g), 0)
                }
                return compare(ip, regs, k, vm);
            }
        )+ }
    };
}

comparison! { lt = <; le = <=; eq = ==; ne = !=; gt = >; ge = >=; }

op! {
    fn not(ip, regs, k, vm) {
        if let Some(truth) = truth_of_immediate(&*regs.add(b(ip))) { store!(ip, regs, k, vm, Value::bool(!truth), 0) }
        return not_leaf(ip, regs, k, vm);
    }
    fn is(ip, regs, k, vm) {
        if flags(ip) & (TEMP_B | TEMP_C) != 0 { return is_leaf(ip, regs, k, vm); }
        let same = (*regs.add(b(ip))).is(&*regs.add(c(ip)));
        store!(ip, regs, k, vm, Value::bool(same != (flags(ip) & NEGATE != 0)), 0)
    }
    fn neg(ip, regs, k, vm) {
        let x = &*regs.add(b(ip));
        if let Some(i) = x.as_small_int() {
            if let Some(value) = Value::small_int(-i) { store!(ip, regs, k, vm, value, 0) }
        } else if let Some(f) = x.as_inline_float()
            && let Some(value) = Value::inline_float(-f)
        {
            store!(ip, regs, k, vm, value, 0)
        }
        return unary(ip, regs, k, vm);
    }
    fn invert(ip, regs, k, vm) {
        if let Some(i) = (*regs.add(b(ip))).as_small_int()
            && let Some(value) = Value::small_int(!i)
        {
            store!(ip, regs, k, vm, value, 0)
        }
        return unary(ip, regs, k, vm);
    }
}

op! {
    fn binary(ip, regs, k, vm) {
        let x = &*regs.add(b(ip));
        if x.is_object() {
            if x.is_exact::<Complex>() { return complex(ip, regs, k, vm); }
            if x.is_exact::<Str>() { return texts(ip, regs, k, vm); }
            if x.is_exact::<Int>() { return large(ip, regs, k, vm); }
        } else if flags(ip) & TEMP_C != 0 && (*regs.add(c(ip))).is_exact::<Int>() {
            return large(ip, regs, k, vm);
        }
        return binary_leaf(ip, regs, k, vm);
    }
    fn contains(ip, regs, k, vm) {
        let container = &*regs.add(c(ip));
        if !container.is_object() { return contains_leaf(ip, regs, k, vm); }
        if container.is_exact::<Set>() { return contains_in_set(ip, regs, k, vm); }
        if container.is_exact::<List>() { return contains_in_list(ip, regs, k, vm); }
        if container.is_exact::<Str>() { return contains_in_text(ip, regs, k, vm); }
        return contains_leaf(ip, regs, k, vm);
    }
    fn contains_in_text(ip, regs, k, vm) {
        // A character in a short text.
        let (part, text) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
        if let Some(part_text) = part.get_exact::<Str>()
            && let Some(found) = (*text.header().cast::<Str>()).has_byte(part_text)
            && stays(flags(ip) & TEMP_B != 0, part)
            && stays(flags(ip) & TEMP_C != 0, text)
            && !part.is(text)
        {
            if flags(ip) & TEMP_B != 0 { regs.add(b(ip)).read().release_shared(); }
            if flags(ip) & TEMP_C != 0 { regs.add(c(ip)).read().release_shared(); }
            store!(ip, regs, k, vm, Value::bool(found != (flags(ip) & NEGATE != 0)), 0)
        }
        return contains_leaf(ip, regs, k, vm);
    }
    fn contains_in_list(ip, regs, k, vm) {
        // A small integer among a few others: a long list takes time, which the leaf counts.
        let (number, list) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
        let items: &[Value] = (*list.header().cast::<List>()).peek();
        if number.is_small_int()
            && items.len() <= 64
            && let Some(found) = number.is_among_small_ints(items)
            && stays(flags(ip) & TEMP_C != 0, list)
        {
            if flags(ip) & TEMP_C != 0 { regs.add(c(ip)).read().release_shared(); }
            store!(ip, regs, k, vm, Value::bool(found != (flags(ip) & NEGATE != 0)), 0)
        }
        return contains_leaf(ip, regs, k, vm);
    }
    fn contains_in_set(ip, regs, k, vm) {
        // A small integer, of which the first look tells mostly.
        let (number, set) = (&*regs.add(b(ip)), &*regs.add(c(ip)));
        if let Some(found) = (*set.header().cast::<Set>()).has_small_int(number)
            && stays(flags(ip) & TEMP_C != 0, set)
        {
            if flags(ip) & TEMP_C != 0 { regs.add(c(ip)).read().release_shared(); }
            store!(ip, regs, k, vm, Value::bool(found != (flags(ip) & NEGATE != 0)), 0)
        }
        return contains_leaf(ip, regs, k, vm);
    }
}

/// Whether an object goes on when the operand is given up.
#[inline(always)]
fn stays(given_up: bool, operand: &Value) -> bool {
    !given_up || operand.reference_count() > 1
}

leaf_ops! {
    binary_leaf = binary, else binary_slow;
    complex = complex, else binary_leaf;
    texts = texts, else binary_leaf;
    large = large, else binary_leaf;
    compare = compare, else compare_slow;
    contains_leaf = contains, else contains_slow;
    not_leaf = not, else not_slow;
    is_leaf = is, else never;
}

plain_ops! {
    binary_slow = op_binary;
    unary = op_unary;
    not_slow = op_not;
    compare_slow = op_compare;
    contains_slow = op_contains;
}

op! {
    fn never(_ip, _regs, _k, _vm) {
        unreachable!("identity is always known")
    }
}

/// The operator of an arithmetic opcode.
#[inline(always)]
pub(super) fn binary_operator(op: Op) -> BinaryOp {
    match op {
        Op::Add | Op::AddConst => BinaryOp::Add,
        Op::Sub | Op::SubConst => BinaryOp::Sub,
        Op::Mul | Op::MulConst => BinaryOp::Mul,
        Op::TrueDiv | Op::TrueDivConst => BinaryOp::TrueDiv,
        Op::FloorDiv | Op::FloorDivConst => BinaryOp::FloorDiv,
        Op::Mod | Op::ModConst => BinaryOp::Mod,
        Op::Pow => BinaryOp::Pow,
        Op::MatMul => BinaryOp::MatMul,
        Op::LShift | Op::LShiftConst => BinaryOp::LShift,
        Op::RShift | Op::RShiftConst => BinaryOp::RShift,
        Op::And | Op::AndConst => BinaryOp::And,
        Op::Or => BinaryOp::Or,
        _ => BinaryOp::Xor,
    }
}

/// The operator of a comparing opcode.
#[inline(always)]
pub(super) fn compare_operator(op: Op) -> CompareOp {
    match op {
        Op::Lt | Op::JumpIfLt | Op::JumpIfLtConst => CompareOp::Lt,
        Op::Le | Op::JumpIfLe | Op::JumpIfLeConst => CompareOp::Le,
        Op::Eq | Op::JumpIfEq | Op::JumpIfEqConst => CompareOp::Eq,
        Op::Ne | Op::JumpIfNe | Op::JumpIfNeConst => CompareOp::Ne,
        Op::Gt | Op::JumpIfGt | Op::JumpIfGtConst => CompareOp::Gt,
        _ => CompareOp::Ge,
    }
}

impl At {
    /// Operand C: a register or, in the constant forms, a constant.
    pub(super) fn take_c_or_const(self) -> Value {
        if unsafe { super::leaf::c_is_const(self.ip) } {
            self.constant(self.c()).clone()
        } else {
            self.take_c()
        }
    }
}

impl Vm {
    fn op_binary(&mut self, at: At) {
        if self.try_append_in_place(at) {
            return;
        }
        at.save(self);
        let (x, y) = (at.take_b(), at.take_c_or_const());
        let inplace = at.flags() & INPLACE != 0 && !cfg!(hoop_mutant = "16");
        let operator = binary_operator(at.op());
        // SAFETY: the frame's place is saved.
        if x.is_object()
            && unsafe {
                let flags = at.result_flags();
                self.ask_plain(
                    Question::Binary(operator, inplace),
                    [&x, &y],
                    at.frame(),
                    at.a() as u16,
                    flags,
                )
            }
        {
            return;
        }
        let step = self.binary_step(operator, inplace, &x, &y);
        drop((x, y));
        at.follow(self, step);
    }

    /// `s += t` on an unshared string in a local grows it where it lies.
    fn try_append_in_place(&mut self, at: At) -> bool {
        let op = at.op();
        if !matches!(op, Op::Add | Op::AddConst) || at.a() != at.b() || at.flags() & TEMP_B != 0 {
            return false;
        }
        if !at.reg(at.b()).is_exact::<Str>() || at.reg(at.b()).reference_count() != 1 {
            return false;
        }
        let right = if op == Op::AddConst {
            at.constant(at.c())
        } else {
            at.reg(at.c())
        };
        let Some(right) = right.get_exact::<Str>() else {
            return false;
        };
        let mut left = at.replace(at.a(), Value::UNDEF);
        let result = Str::append_in_place(&mut left, right);
        drop(at.replace(at.a(), left));
        if at.flags() & TEMP_C != 0 {
            drop(at.take(at.c()));
        }
        match result {
            Ok(()) => at.go_on(self),
            Err(e) => {
                let raised = self.out_of_memory(e);
                at.raise(self, raised);
            }
        }
        true
    }

    fn op_unary(&mut self, at: At) {
        at.save(self);
        let x = at.take_b();
        let operator = match at.op() {
            Op::Neg => UnaryOp::Neg,
            Op::Pos => UnaryOp::Pos,
            _ => UnaryOp::Invert,
        };
        let step = self.unary_step(operator, &x);
        drop(x);
        at.follow(self, step);
    }

    fn op_not(&mut self, at: At) {
        at.save(self);
        let x = at.take_b();
        let step = self.not_step(&x);
        drop(x);
        at.follow(self, step);
    }

    fn op_compare(&mut self, at: At) {
        at.save(self);
        let (x, y) = (at.take_b(), at.take_c());
        let operator = compare_operator(at.op());
        let question = Question::Compare(operator);
        let (frame, dst) = (at.frame(), at.a() as u16);
        // SAFETY: the frame's place is saved.
        if x.is_object()
            && unsafe { self.ask_plain(question, [&x, &y], frame, dst, at.result_flags()) }
        {
            return;
        }
        let step = self.compare_step(operator, &x, &y);
        drop((x, y));
        at.follow(self, step);
    }

    fn op_contains(&mut self, at: At) {
        at.save(self);
        let (x, y) = (at.take_b(), at.take_c());
        let step = self.contains_step(&y, &x, at.flags() & NEGATE != 0);
        drop((x, y));
        at.follow(self, step);
    }
}
