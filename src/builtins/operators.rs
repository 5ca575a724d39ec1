//! The special methods that all built-in types share: each asks the VM what the
//! types say that the operands are laid out as, whatever their classes
//! override.

use crate::heap::{Buffer, Value};
use crate::object::bytes::{self, ByteArray};
use crate::object::complex::{self, Complex};
use crate::object::dict::Dict;
use crate::object::float;
use crate::object::int::IntView;
use crate::object::int_text;
use crate::object::iterator::{BytesIterator, ListIterator, SetIterator, StrIterator, TupleIterator};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, R};
use crate::object::range::Range;
use crate::object::repr::quoted;
use crate::object::set::{SetTable, with_table};
use crate::object::slice::Slice;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::{BinaryOp, UnaryOp};

use super::adapt::{lift, size_value};

macro_rules! binary {
    ($($name:ident $reflected:ident $op:ident;)+) => {$(
        /// The operator of that name.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            vm.native_binary(BinaryOp::$op, &args[0], &args[1])
        }
        /// The reflected operator of that name.
        pub fn $reflected(vm: &mut Vm, args: &[Value]) -> R {
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
    vm.layout_get_item(&args[0], &args[1]).unwrap_or(Ok(Value::NOT_IMPLEMENTED))
}

/// `self[key] = value`
pub fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.layout_set_item(&args[0], &args[1], &args[2]).unwrap_or(Ok(())).map(|()| Value::NONE)
}

/// `del self[key]`
pub fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    vm.layout_delete_item(&args[0], &args[1]).unwrap_or(Ok(())).map(|()| Value::NONE)
}

/// `key in self`
pub fn contains(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(vm.layout_contains(&args[0], &args[1])?.unwrap_or(false)))
}

/// `iter(self)` of a sequence or a set.
pub fn iter(vm: &mut Vm, args: &[Value]) -> R {
    let source = args[0].clone();
    Ok(match vm.kind_of(&source) {
        kind::LIST => ListIterator::alloc(source, 0, 0, 0).into_value(),
        kind::TUPLE => TupleIterator::alloc(source, 0, 0, 0).into_value(),
        kind::STR => StrIterator::alloc(source, 0, 0, 0).into_value(),
        kind::SET | kind::FROZENSET => {
            let mutation = with_table(&source, SetTable::mutation).unwrap_or(0);
            SetIterator::alloc(source, 0, mutation, 0).into_value()
        }
        _ => BytesIterator::alloc(source, 0, 0, 0).into_value(),
    })
}

/// `repr(self)` of what is laid out as a core type.
pub fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let mut out = Buffer::new();
    write_layout(vm, &args[0], &mut out)?;
    super::adapt::text(vm, Ok(out))
}

/// Appends `repr(value)`.
pub fn write(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    let exact = !value.is_object() || value.shape() < crate::heap::FIRST_FREE_SHAPE && is_core(vm.kind_of(value));
    if exact {
        return write_layout(vm, value, out);
    }
    let text = vm.repr(value)?;
    push(vm, out, text.bytes())
}

fn is_core(kind: u8) -> bool {
    matches!(kind, kind::FLOAT..=kind::COMPLEX)
}

fn push(vm: &mut Vm, out: &mut Buffer<u8>, bytes: &[u8]) -> R<()> {
    let pushed = out.extend_from_slice(bytes);
    lift(vm, pushed)
}

/// Appends the text of what a value is laid out as.
pub fn write_layout(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    if let Some(view) = IntView::of(value).filter(|_| value.as_bool().is_none()) {
        let digits = int_text::to_decimal(view);
        let digits = lift(vm, digits)?;
        return push(vm, out, digits.as_bytes());
    }
    if let Some(f) = float::as_float(value) {
        return push(vm, out, float::repr(f).as_bytes());
    }
    match vm.kind_of(value) {
        kind::STR => {
            let text = value.get::<Str>().map_or(Ok(Buffer::new()), |s| quoted(s.bytes()));
            let text = lift(vm, text)?;
            push(vm, out, &text)
        }
        kind::COMPLEX => {
            let text = value.get::<Complex>().map_or_else(String::new, |c| complex::repr(c.parts()));
            push(vm, out, text.as_bytes())
        }
        kind::BYTES => write_bytes(vm, value, out),
        kind::BYTEARRAY => {
            let name = vm.type_name(value);
            push(vm, out, format!("{name}(").as_bytes())?;
            write_bytes(vm, value, out)?;
            push(vm, out, b")")
        }
        kind::LIST => guarded(vm, value, out, b"[...]", write_list),
        kind::TUPLE => guarded(vm, value, out, b"(...)", write_tuple),
        kind::DICT => guarded(vm, value, out, b"{...}", write_dict),
        kind::SET | kind::FROZENSET => {
            let again = format!("{}(...)", vm.type_name(value));
            guarded(vm, value, out, again.as_bytes(), write_set)
        }
        kind::RANGE => write_range(vm, value, out),
        kind::SLICE => write_slice(vm, value, out),
        _ => {
            let text = vm.repr(value)?;
            push(vm, out, text.bytes())
        }
    }
}

fn write_bytes(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    let text = bytes::with_bytes(value, bytes::repr).unwrap_or(Ok(Buffer::new()));
    let text = lift(vm, text)?;
    push(vm, out, &text)
}

/// Writes a container, or `again` if it is being written already.
fn guarded(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>, again: &[u8], write: fn(&mut Vm, &Value, &mut Buffer<u8>) -> R<()>) -> R<()> {
    vm.check_stack()?;
    if !vm.enter_repr(value) {
        return push(vm, out, again);
    }
    let result = write(vm, value, out);
    vm.leave_repr();
    result
}

fn write_list(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    push(vm, out, b"[")?;
    // Each item is looked up anew: a `__repr__` may change the list.
    let mut i = 0;
    while let Some(item) = value.get::<List>().and_then(|list| list.get(i)) {
        if i > 0 {
            push(vm, out, b", ")?;
        }
        write(vm, &item, out)?;
        i += 1;
    }
    push(vm, out, b"]")
}

fn write_items(vm: &mut Vm, items: &[Value], out: &mut Buffer<u8>) -> R<()> {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            push(vm, out, b", ")?;
        }
        write(vm, item, out)?;
    }
    Ok(())
}

fn write_tuple(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    let Some(tuple) = value.get::<Tuple>() else { return Ok(()) };
    push(vm, out, b"(")?;
    write_items(vm, tuple.items(), out)?;
    push(vm, out, if tuple.len() == 1 { b",)" } else { b")" })
}

fn write_dict(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    push(vm, out, b"{")?;
    let (mut position, mut first) = (0, true);
    while let Some((next, key, item)) = value.get::<Dict>().and_then(|dict| dict.next_entry(position)) {
        if !std::mem::take(&mut first) {
            push(vm, out, b", ")?;
        }
        write(vm, &key, out)?;
        push(vm, out, b": ")?;
        write(vm, &item, out)?;
        position = next;
    }
    push(vm, out, b"}")
}

fn write_set(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    let name = vm.type_name(value);
    let members: Vec<Value> = with_table(value, |table| table.iter().cloned().collect()).unwrap_or_default();
    if members.is_empty() {
        return push(vm, out, format!("{name}()").as_bytes());
    }
    let plain = name == "set";
    if !plain {
        push(vm, out, format!("{name}(").as_bytes())?;
    }
    push(vm, out, b"{")?;
    write_items(vm, &members, out)?;
    push(vm, out, if plain { b"}" } else { b"})" })
}

fn write_range(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    let Some(range) = value.get::<Range>() else { return Ok(()) };
    push(vm, out, b"range(")?;
    let parts = [range.start.clone(), range.stop.clone(), range.step.clone()];
    let shown = if parts[2].as_small_int() == Some(1) { &parts[..2] } else { &parts[..] };
    write_items(vm, shown, out)?;
    push(vm, out, b")")
}

fn write_slice(vm: &mut Vm, value: &Value, out: &mut Buffer<u8>) -> R<()> {
    let Some(slice) = value.get::<Slice>() else { return Ok(()) };
    push(vm, out, b"slice(")?;
    let parts = [slice.start.clone(), slice.stop.clone(), slice.step.clone()];
    write_items(vm, &parts, out)?;
    push(vm, out, b")")
}

/// The six comparisons, for a table.
pub const COMPARISONS: [Def; 6] = [
    Def::leaf("__lt__(self, value, /)", lt),
    Def::leaf("__le__(self, value, /)", le),
    Def::leaf("__eq__(self, value, /)", eq),
    Def::leaf("__ne__(self, value, /)", ne),
    Def::leaf("__gt__(self, value, /)", gt),
    Def::leaf("__ge__(self, value, /)", ge),
];

/// Whether a bytearray may change its size now.
pub fn check_resizable(vm: &mut Vm, array: &ByteArray) -> R<()> {
    if array.exports.get() > 0 {
        return Err(vm.buffer_error("Existing exports of data: object cannot be re-sized"));
    }
    Ok(())
}
