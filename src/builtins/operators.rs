//! The special methods that all built-in types share: each asks the VM what the
//! types say that the operands are laid out as, whatever their classes
//! override.

use crate::heap::{Buffer, Value};
use crate::object::bytes::{ByteArray, Bytes};
use crate::object::complex::{self, Complex};
use crate::object::float;
use crate::object::int::IntView;
use crate::object::iterator::{
    ByteArrayIterator, BytesIterator, ListIterator, SetIterator, TupleIterator, str_iterator,
};
use crate::object::kind;
use crate::object::native::R;
use crate::object::range::Range;
use crate::object::set::{SetTable, with_table};
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::{BinaryOp, UnaryOp};

use super::adapt::size_value;

/// Whether the method of a number takes the other operand: an int only ints, a float no complex numbers.
pub fn accepts(receiver: &Value, other: &Value) -> bool {
    if IntView::of(receiver).is_some() {
        return IntView::of(other).is_some();
    }
    if float::as_float(receiver).is_some() {
        return float::number(other).is_some();
    }
    !receiver.is_kind::<Complex>() || complex::number(other).is_some()
}

/// `sequence * count` and `count * sequence`.
pub fn repeat(vm: &mut Vm, args: &[Value]) -> R {
    if !vm.has_index(&args[1]) {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "'{given}' object cannot be interpreted as an integer"
        )));
    }
    vm.native_binary(BinaryOp::Mul, &args[0], &args[1])
}

macro_rules! binary {
    ($($name:ident $reflected:ident $op:ident;)+) => {$(
        /// The operator of that name.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            if !accepts(&args[0], &args[1]) {
                return Ok(Value::NOT_IMPLEMENTED);
            }
            vm.native_binary(BinaryOp::$op, &args[0], &args[1])
        }
        /// The reflected operator of that name.
        pub fn $reflected(vm: &mut Vm, args: &[Value]) -> R {
            if !accepts(&args[0], &args[1]) {
                return Ok(Value::NOT_IMPLEMENTED);
            }
            vm.native_binary(BinaryOp::$op, &args[1], &args[0])
        }
    )+};
}

binary! {
    add radd Add;
    sub rsub Sub;
    mul rmul Mul;
    truediv rtruediv TrueDiv;
    floordiv rfloordiv FloorDiv;
    modulo rmod Mod;
    divmod rdivmod DivMod;
    lshift rlshift LShift;
    rshift rrshift RShift;
    and rand And;
    or ror Or;
    xor rxor Xor;
}

macro_rules! compare {
    ($($name:ident $op:ident;)+) => {$(
        /// The comparison of that name.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            let mixed = args[0].is_kind::<Bytes>() && !args[1].is_kind::<Bytes>();
            if mixed || !accepts(&args[0], &args[1]) {
                return Ok(Value::NOT_IMPLEMENTED);
            }
            vm.native_compare(CompareOp::$op, &args[0], &args[1])
        }
    )+};
}

compare! { lt Lt; le Le; eq Eq; ne Ne; gt Gt; ge Ge; }

macro_rules! unary {
    ($($name:ident $op:ident;)+) => {$(
        /// The operator of that name.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            vm.native_unary(UnaryOp::$op, &args[0]).unwrap_or(Ok(Value::NOT_IMPLEMENTED))
        }
    )+};
}

unary! { neg Neg; pos Pos; invert Invert; abs Abs; }

/// `len(self)`
pub fn len(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(range) = args[0].get::<Range>() {
        return Ok(range.length.clone());
    }
    Ok(size_value(vm.layout_len(&args[0]).unwrap_or(0)))
}

/// `self[key]`
pub fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.layout_get_item(&args[0], &args[1])
        .unwrap_or(Ok(Value::NOT_IMPLEMENTED))
}

/// `self[key] = value`
pub fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.layout_set_item(&args[0], &args[1], &args[2])
        .unwrap_or(Ok(()))
        .map(|()| Value::NONE)
}

/// `del self[key]`
pub fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.layout_delete_item(&args[0], &args[1])
        .unwrap_or(Ok(()))
        .map(|()| Value::NONE)
}

/// `key in self`
pub fn contains(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(
        vm.layout_contains(&args[0], &args[1])?.unwrap_or(false),
    ))
}

/// `iter(self)` of a sequence or a set.
pub fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let source = args[0].clone();
    Ok(match vm.kind_of(&source) {
        kind::LIST => ListIterator::alloc(source, 0, 0).into_value(),
        kind::TUPLE => TupleIterator::alloc(source, 0, 0).into_value(),
        kind::STR => str_iterator(source),
        kind::SET | kind::FROZENSET => {
            let len = with_table(&source, SetTable::len).unwrap_or(0);
            SetIterator::alloc(source, 0, len as u32).into_value()
        }
        kind::BYTEARRAY => ByteArrayIterator::alloc(source, 0, 0).into_value(),
        _ => BytesIterator::alloc(source, 0, 0).into_value(),
    })
}

/// `repr(self)` of what is laid out as a core type.
pub fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let mut out = Buffer::new();
    vm.repr_layout(&args[0], &mut out)?;
    super::adapt::text(vm, Ok(out))
}

/// Whether a bytearray may change its size now.
pub fn check_resizable(vm: &mut Vm, array: &ByteArray) -> R<()> {
    vm.check_resizable(array)
}
