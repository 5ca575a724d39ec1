//! The functions that handlers call where the common way is too long for
//! themselves. Each reads the operands of its instruction, asks `plain`, gives
//! the temporaries among the operands up, and returns the result. If the answer
//! is not known, nothing was touched.

use super::arith::{binary_operator, compare_operator};
use super::at::{a, b, c, flags};
use super::plain;
use crate::bytecode::op::{INPLACE, NEGATE, OWN_SHIFT, Operand, TEMP_A, TEMP_B, TEMP_C};
use crate::bytecode::{Op, op_of};
use crate::heap::{Buffer, FIRST_FREE_SHAPE, Ref, Value};
use crate::object::complex::{self, Complex};
use crate::object::dict::{Dict, DictTable};
use crate::object::frame::Frame;
use crate::object::int::{self, Int, Reusing};
use crate::object::int_text;
use crate::object::kind;
use crate::object::list::List;
use crate::object::set::{Set, SetTable};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// What a test does not say.
pub(super) const UNKNOWN: u8 = 2;

/// Whether operand C of an opcode is the number of a constant.
const C_IS_CONST: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < table.len() {
        table[i] = matches!(op_of(i as u64).operands()[2], Operand::Const);
        i += 1;
    }
    table
};

/// Whether operand C of the instruction at `ip` is the number of a constant.
#[inline(always)]
pub(super) unsafe fn c_is_const(ip: *const u64) -> bool {
    unsafe { C_IS_CONST[(*ip & 0xFF) as usize] }
}

/// Operand C: a register or a constant.
#[inline(always)]
unsafe fn right<'a>(ip: *const u64, regs: *mut Value, k: *const Value) -> &'a Value {
    unsafe {
        if c_is_const(ip) {
            &*k.add(c(ip))
        } else {
            &*regs.add(c(ip))
        }
    }
}

/// Drops those operands that are temporaries.
#[inline(always)]
unsafe fn give_up(ip: *const u64, regs: *mut Value, which: u8) {
    unsafe {
        let temporaries = flags(ip) & which;
        if temporaries & TEMP_A != 0 {
            drop(regs.add(a(ip)).read());
        }
        if temporaries & TEMP_B != 0 {
            drop(regs.add(b(ip)).read());
        }
        if temporaries & TEMP_C != 0 {
            drop(regs.add(c(ip)).read());
        }
    }
}

/// The functions below are called by handlers, under the contract of the dispatch loop.
#[inline(never)]
pub(super) unsafe fn item(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, k: *const Value) -> Value {
    unsafe {
        let value = plain::item(&*regs.add(b(ip)), right(ip, regs, k));
        if !value.is_undef() {
            give_up(ip, regs, TEMP_B | TEMP_C);
        }
        value
    }
}

#[inline(never)]
pub(super) unsafe fn set_item(ip: *mut u64, regs: *mut Value) -> bool {
    unsafe {
        let (object, key, value) = (&*regs.add(a(ip)), &*regs.add(b(ip)), &*regs.add(c(ip)));
        let done = plain::set_item(object, key, value);
        if done {
            give_up(ip, regs, TEMP_A | TEMP_B | TEMP_C);
        }
        done
    }
}

#[inline(never)]
pub(super) unsafe fn delete_item(ip: *mut u64, regs: *mut Value) -> bool {
    unsafe {
        let done = plain::delete_item(&*regs.add(a(ip)), &*regs.add(b(ip)));
        if done {
            give_up(ip, regs, TEMP_A | TEMP_B);
        }
        done
    }
}

#[inline(never)]
pub(super) unsafe fn contains(
    _vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    _k: *const Value,
) -> Value {
    unsafe {
        match plain::contains(&*regs.add(c(ip)), &*regs.add(b(ip))) {
            Some(found) => {
                give_up(ip, regs, TEMP_B | TEMP_C);
                Value::bool(found != (flags(ip) & NEGATE != 0))
            }
            None => Value::UNDEF,
        }
    }
}

/// Whether B and C compare so; 2 if that is not known.
#[inline(never)]
pub(super) unsafe fn test(ip: *mut u64, regs: *mut Value, k: *const Value) -> u8 {
    unsafe {
        let op = compare_operator(op_of(*ip));
        match plain::compare(op, &*regs.add(b(ip)), right(ip, regs, k)) {
            Some(holds) => {
                give_up(ip, regs, TEMP_B | TEMP_C);
                holds as u8
            }
            None => UNKNOWN,
        }
    }
}

/// The same of integers, one of which is an instance of a class that compares as `int` does (`IntEnum`), and of objects
/// that are equal to themselves alone.
#[inline(never)]
pub(super) unsafe fn test_like_ints(
    vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    k: *const Value,
) -> u8 {
    unsafe {
        let op = compare_operator(op_of(*ip));
        let left = vm.known_int(&*regs.add(b(ip)), op);
        let right = vm.known_int(right(ip, regs, k), op.reflected());
        let holds = match left.zip(right) {
            Some((left, right)) => op.holds(left.cmp(&right)),
            None => {
                match vm.compared_by_identity(op, &*regs.add(b(ip)), self::right(ip, regs, k)) {
                    Some(holds) => holds,
                    None => return UNKNOWN,
                }
            }
        };
        give_up(ip, regs, TEMP_B | TEMP_C);
        holds as u8
    }
}

/// The result of comparing B and C.
#[inline(never)]
pub(super) unsafe fn compare(
    vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    k: *const Value,
) -> Value {
    unsafe {
        let holds = match test(ip, regs, k) {
            UNKNOWN => test_like_ints(vm, ip, regs, k),
            holds => holds,
        };
        match holds {
            UNKNOWN => Value::UNDEF,
            holds => Value::bool(holds != 0),
        }
    }
}

/// The truth of A; 2 if that is not known.
#[inline(never)]
pub(super) unsafe fn truth(ip: *mut u64, regs: *mut Value) -> u8 {
    unsafe {
        match plain::truth(&*regs.add(a(ip))) {
            Some(truth) => {
                give_up(ip, regs, TEMP_A);
                truth as u8
            }
            None => UNKNOWN,
        }
    }
}

/// The same, and A stays as it is.
#[inline(never)]
pub(super) unsafe fn truth_kept(ip: *mut u64, regs: *mut Value) -> u8 {
    unsafe {
        match plain::truth(&*regs.add(a(ip))) {
            Some(truth) => truth as u8,
            None => UNKNOWN,
        }
    }
}

/// Whether B is not true.
#[inline(never)]
pub(super) unsafe fn not(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, _k: *const Value) -> Value {
    unsafe {
        match plain::truth(&*regs.add(b(ip))) {
            Some(truth) => {
                give_up(ip, regs, TEMP_B);
                Value::bool(!truth)
            }
            None => Value::UNDEF,
        }
    }
}

/// Whether B is C, of which one is a temporary.
#[inline(never)]
pub(super) unsafe fn is(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, _k: *const Value) -> Value {
    unsafe {
        let same = (*regs.add(b(ip))).is(&*regs.add(c(ip)));
        give_up(ip, regs, TEMP_B | TEMP_C);
        Value::bool(same != (flags(ip) & NEGATE != 0))
    }
}

/// `B op C`.
#[inline(never)]
pub(super) unsafe fn binary(vm: &mut Vm, ip: *mut u64, regs: *mut Value, k: *const Value) -> Value {
    unsafe {
        let op = op_of(*ip);
        let (x, y) = (&*regs.add(b(ip)), right(ip, regs, k));
        let shape = x.shape();
        if shape >= FIRST_FREE_SHAPE && vm.heap.shapes[shape as usize].kind == kind::INSTANCE {
            // A script has to be asked, or nobody.
            return Value::UNDEF;
        }
        let inplace = flags(ip) & INPLACE != 0 && !cfg!(hoop_mutant = "16");
        // A limit that is reached meanwhile names this line.
        let frame = Frame::of(regs);
        (*frame).ip = ip.add(1);
        vm.frame = frame;
        let value = plain::binary(vm, binary_operator(op), inplace, x, y);
        if !value.is_undef() {
            give_up(ip, regs, TEMP_B | TEMP_C);
        }
        value
    }
}

/// `B + C` of strings.
#[inline(never)]
pub(super) unsafe fn texts(vm: &mut Vm, ip: *mut u64, regs: *mut Value, k: *const Value) -> Value {
    unsafe {
        let (x, y) = (&*regs.add(b(ip)), right(ip, regs, k));
        let (Some(left), Some(more)) = (x.get_exact::<Str>(), y.get_exact::<Str>()) else {
            return Value::UNDEF;
        };
        if !matches!(op_of(*ip), Op::Add | Op::AddConst) {
            return Value::UNDEF;
        }
        if grows_in_place(ip, x, y) {
            let place = regs.add(b(ip));
            let mut text = std::ptr::replace(place, Value::UNDEF);
            if Str::append_in_place(&mut text, more).is_err() {
                // It is as it was: who may raise tries again.
                place.write(text);
                return Value::UNDEF;
            }
            give_up(ip, regs, TEMP_C);
            return text;
        }
        // A limit that is reached meanwhile names this line.
        let frame = Frame::of(regs);
        (*frame).ip = ip.add(1);
        vm.frame = frame;
        match Str::concat(left, more) {
            Ok(text) => {
                give_up(ip, regs, TEMP_B | TEMP_C);
                text.into_value()
            }
            Err(_) => Value::UNDEF,
        }
    }
}

/// `B op C` of a large integer that goes now, and that nobody else holds.
#[inline(never)]
pub(super) unsafe fn large(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, k: *const Value) -> Value {
    unsafe {
        let op = match op_of(*ip) {
            Op::Add | Op::AddConst => Reusing::Add,
            Op::Sub | Op::SubConst => Reusing::Sub,
            Op::Mul | Op::MulConst => Reusing::Mul,
            _ => return Value::UNDEF,
        };
        let (x, y) = (&*regs.add(b(ip)), right(ip, regs, k));
        let flags = flags(ip);
        let overwritten = flags & TEMP_A == 0 && a(ip) == b(ip);
        let is_spare = |value: &Value| value.is_exact::<Int>() && value.reference_count() == 1;
        let x_goes = (flags & TEMP_B != 0 || overwritten) && is_spare(x);
        let y_goes = flags & TEMP_C != 0 && is_spare(y);
        if x.is(y) {
            return Value::UNDEF;
        }
        match int::reusing(op, (x, x_goes), (y, y_goes)) {
            Some(value) => {
                give_up(ip, regs, TEMP_B | TEMP_C);
                value
            }
            None => Value::UNDEF,
        }
    }
}

/// `B op C` of complex numbers. One that goes now, and that nobody else holds, becomes the result.
#[inline(never)]
pub(super) unsafe fn complex(
    _vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    k: *const Value,
) -> Value {
    unsafe {
        let (x, y) = (&*regs.add(b(ip)), right(ip, regs, k));
        let (Some(left), Some(other)) = (x.get_exact::<Complex>(), y.get_exact::<Complex>()) else {
            return Value::UNDEF;
        };
        let (left, other) = (left.parts(), other.parts());
        let parts = match op_of(*ip) {
            Op::Add | Op::AddConst => complex::add(left, other),
            Op::Sub | Op::SubConst => complex::sub(left, other),
            Op::Mul | Op::MulConst => complex::mul(left, other),
            _ => return Value::UNDEF,
        };
        let flags = flags(ip);
        let spare =
            |place: *mut Value| (*place).is_exact::<Complex>() && (*place).reference_count() == 1;
        let place = if flags & TEMP_A == 0 && spare(regs.add(a(ip))) {
            regs.add(a(ip))
        } else if flags & TEMP_B != 0 && spare(regs.add(b(ip))) {
            regs.add(b(ip))
        } else {
            let value = complex::complex(parts);
            give_up(ip, regs, TEMP_B | TEMP_C);
            return value;
        };
        let value = std::ptr::replace(place, Value::UNDEF);
        let number = value.header().cast::<Complex>();
        ((*number).re, (*number).im) = parts;
        give_up(ip, regs, TEMP_B | TEMP_C);
        value
    }
}

/// `s += t` on an unshared string in a local, where `t` is another string; or an unshared temporary that has room.
#[inline(always)]
unsafe fn grows_in_place(ip: *mut u64, x: &Value, y: &Value) -> bool {
    unsafe {
        if x.reference_count() != 1 || x.is(y) {
            return false;
        }
        if flags(ip) & TEMP_B != 0 {
            return Str::has_room(x, y);
        }
        a(ip) == b(ip) && flags(ip) & TEMP_A == 0
    }
}

/// Where the slice that is built next is only there to be looked up or set at once, so that it need not be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SliceUse {
    Get,
    Set,
    Other,
}

/// What the instruction behind `BuildSlice` does with the slice.
#[inline(always)]
pub(super) unsafe fn use_of_slice(ip: *mut u64) -> SliceUse {
    const GET: u8 = Op::GetItem as u8;
    const SET: u8 = Op::SetItem as u8;
    unsafe {
        let next = ip.add(1);
        let made = a(ip);
        match *next as u8 {
            GET if c(next) == made && flags(next) & TEMP_C != 0 && b(next) != made => SliceUse::Get,
            SET if b(next) == made
                && flags(next) & TEMP_B != 0
                && a(next) != made
                && c(next) != made =>
            {
                SliceUse::Set
            }
            _ => SliceUse::Other,
        }
    }
}

/// The part that the bounds in the window of the instruction name of operand B of the next.
#[inline(never)]
pub(super) unsafe fn slice(ip: *mut u64, regs: *mut Value) -> Value {
    unsafe {
        let next = ip.add(1);
        let bounds = &*regs.add(b(ip)).cast::<[Value; 3]>();
        let value = plain::slice(&*regs.add(b(next)), bounds);
        if !value.is_undef() {
            // The bounds are no objects.
            give_up(next, regs, TEMP_B);
        }
        value
    }
}

/// The same for setting: operand A of the next instruction gets the items of C.
#[inline(never)]
pub(super) unsafe fn set_slice(ip: *mut u64, regs: *mut Value) -> bool {
    unsafe {
        let next = ip.add(1);
        let bounds = &*regs.add(b(ip)).cast::<[Value; 3]>();
        let (object, with) = (&*regs.add(a(next)), &*regs.add(c(next)));
        let lost = flags(next) & TEMP_C != 0 && with.reference_count() == 1;
        let done = plain::set_slice(object, bounds, with, lost).is_some();
        if done {
            give_up(next, regs, TEMP_A | TEMP_C);
        }
        done
    }
}

/// Moves the values of the window out, in order.
unsafe fn window(ip: *mut u64, regs: *mut Value) -> impl ExactSizeIterator<Item = Value> {
    let (first, count) = unsafe { (b(ip), c(ip)) };
    // SAFETY: the caller takes each once; they are temporaries.
    (0..count).map(move |i| unsafe { regs.add(first + i).read() })
}

#[inline(never)]
pub(super) unsafe fn list(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, _k: *const Value) -> Value {
    unsafe {
        let Ok(mut items) = Buffer::with_room(c(ip)) else {
            return Value::UNDEF;
        };
        let filled = items.extend(window(ip, regs));
        debug_assert!(filled.is_ok(), "there is room");
        List::new(items).into_value()
    }
}

#[inline(never)]
pub(super) unsafe fn tuple(
    _vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    _k: *const Value,
) -> Value {
    unsafe {
        match Tuple::new_uncopied(regs.add(b(ip)), c(ip)) {
            Ok(tuple) => tuple.into_value(),
            Err(_) => Value::UNDEF,
        }
    }
}

/// A set of the values in the window.
#[inline(never)]
pub(super) unsafe fn set(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, _k: *const Value) -> Value {
    unsafe {
        let set = Set::new(SetTable::new());
        let items = std::slice::from_raw_parts(regs.add(b(ip)), c(ip));
        if !items.iter().all(|item| set.add_at_once(item)) {
            return Value::UNDEF;
        }
        window(ip, regs).for_each(drop);
        set.into_value()
    }
}

/// A dict of the pairs in the window.
#[inline(never)]
pub(super) unsafe fn dict(_vm: &mut Vm, ip: *mut u64, regs: *mut Value, _k: *const Value) -> Value {
    unsafe {
        if let Some(table) = DictTable::of_interned(regs.add(b(ip)), c(ip)) {
            return Dict::from_table(table).into_value();
        }
        let Ok(table) = DictTable::with_room(c(ip)) else {
            return Value::UNDEF;
        };
        let dict = Dict::from_table(table);
        let items = std::slice::from_raw_parts(regs.add(b(ip)), c(ip) * 2);
        for pair in items.chunks_exact(2) {
            match dict.set_at_once(&pair[0], &pair[1]) {
                Some(old) => drop(old),
                None => return Value::UNDEF,
            }
        }
        for i in 0..c(ip) * 2 {
            drop(regs.add(b(ip) + i).read());
        }
        dict.into_value()
    }
}

/// The strings of the window one after the other.
#[inline(never)]
pub(super) unsafe fn string(
    _vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    _k: *const Value,
) -> Value {
    unsafe {
        let pieces = std::slice::from_raw_parts(regs.add(b(ip)), c(ip));
        let texts = pieces.iter().filter_map(|piece| piece.get::<Str>());
        match Str::joined(texts, &Str::empty()) {
            Ok(text) => {
                window(ip, regs).for_each(drop);
                text.into_value()
            }
            Err(_) => Value::UNDEF,
        }
    }
}

/// `f"{B}"` or `f"{B:C}"`, without a conversion.
#[inline(never)]
pub(super) unsafe fn format(
    _vm: &mut Vm,
    ip: *mut u64,
    regs: *mut Value,
    _k: *const Value,
) -> Value {
    unsafe {
        if flags(ip) >> OWN_SHIFT != 0 {
            return Value::UNDEF;
        }
        let value = &*regs.add(b(ip));
        if c(ip) != 0xFFFF {
            let text = plain::format(value, &*regs.add(c(ip)));
            if !text.is_undef() {
                give_up(ip, regs, TEMP_B | TEMP_C);
            }
            return text;
        }
        let text = if value.is_exact::<Str>() {
            value.clone()
        } else if let Some(i) = value.as_small_int() {
            Ref::into_value(int_text::small_to_str(i))
        } else {
            return Value::UNDEF;
        };
        give_up(ip, regs, TEMP_B);
        text
    }
}

#[inline(never)]
pub(super) unsafe fn set_add(ip: *mut u64, regs: *mut Value) -> bool {
    unsafe {
        let set = (*regs.add(a(ip))).get::<Set>();
        let done = set.is_some_and(|set| set.add_at_once(&*regs.add(b(ip))));
        if done {
            give_up(ip, regs, TEMP_B);
        }
        done
    }
}

#[inline(never)]
pub(super) unsafe fn dict_put(ip: *mut u64, regs: *mut Value) -> bool {
    unsafe {
        let Some(dict) = (*regs.add(a(ip))).get::<Dict>() else {
            return false;
        };
        let done = match dict.set_at_once(&*regs.add(b(ip)), &*regs.add(c(ip))) {
            Some(old) => {
                drop(old);
                true
            }
            None => false,
        };
        if done {
            give_up(ip, regs, TEMP_B | TEMP_C);
        }
        done
    }
}
