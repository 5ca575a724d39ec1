//! The methods of `bytearray` that change it.

use super::super::adapt::{bad_receiver, c_int, gather_converted, lift, list, size_value, word};
use super::super::operators::{self, check_resizable};
use super::construct::byte_of;
use super::methods::byte_value;
use super::{BYTEARRAY, buffer_of};
use crate::heap::{Buffer, Ref, Value};
use crate::object::bytes::{self, ByteArray};
use crate::object::list::List;
use crate::object::memoryview::MemoryView;
use crate::object::native::{Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

fn array_of(vm: &mut Vm, value: &Value) -> R<Ref<ByteArray>> {
    match value.to_ref::<ByteArray>() {
        Some(array) => Ok(array),
        None => Err(bad_receiver(vm, value, "bytearray")),
    }
}

/// The receiver, when its size may change.
fn resizable(vm: &mut Vm, value: &Value) -> R<Ref<ByteArray>> {
    let array = array_of(vm, value)?;
    check_resizable(vm, &array)?;
    Ok(array)
}

/// See the table.
pub fn append(vm: &mut Vm, args: &[Value]) -> R {
    let byte = byte_of(vm, &args[1], "bytearray")?;
    let array = resizable(vm, &args[0])?;
    let pushed = array.data.borrow_mut().push(byte);
    lift(vm, pushed).map(|()| Value::NONE)
}

/// See the table.
pub fn clear(vm: &mut Vm, args: &[Value]) -> R {
    resizable(vm, &args[0])?.data.borrow_mut().take();
    Ok(Value::NONE)
}

/// See the table.
pub fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let copied = Buffer::copy_of(&array_of(vm, &args[0])?.data.borrow());
    lift(vm, copied).map(|data| ByteArray::new(data).into_value())
}

/// Registers: self, iterable, items.
pub fn extend(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 {
        if let Some(more) = buffer_of(vm, &frame.regs[1]) {
            return extended(vm, &frame.regs[0].clone(), &more).into();
        }
        if frame.regs[1].is_kind::<MemoryView>() {
            return Step::Raise(vm.type_error("can't set bytearray slice from memoryview"));
        }
        if frame.regs[1]
            .get::<Str>()
            .is_some_and(|text| !text.is_empty())
        {
            return Step::Raise(vm.type_error("expected iterable of integers; got: 'str'"));
        }
        if !vm.is_iterable(&frame.regs[1]) {
            let given = vm.type_name(&frame.regs[1]);
            return Step::Raise(vm.type_error(format!("can't extend bytearray with {given}")));
        }
    }
    let convert = |vm: &mut Vm, item: Value| {
        byte_of(vm, &item, "bytearray").map(|byte| Value::int32(byte.into()))
    };
    match gather_converted(vm, frame, input, (1, 2), true, convert) {
        Ok(items) => extend_by_items(vm, &frame.regs[0].clone(), &items).into(),
        Err(step) => step,
    }
}

fn extend_by_items(vm: &mut Vm, receiver: &Value, items: &List) -> R {
    let mut more = Vec::with_capacity(items.len().min(1 << 16));
    let mut i = 0;
    while let Some(item) = items.get(i) {
        more.push(byte_of(vm, &item, "bytearray")?);
        i += 1;
    }
    extended(vm, receiver, &more)
}

fn extended(vm: &mut Vm, receiver: &Value, more: &[u8]) -> R {
    if more.is_empty() {
        return Ok(Value::NONE);
    }
    let array = resizable(vm, receiver)?;
    let done = array.data.borrow_mut().extend_from_slice(more);
    lift(vm, done).map(|()| Value::NONE)
}

/// `self += other`
pub fn iadd(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 && buffer_of(vm, &frame.regs[1]).is_none() {
        let (own, given) = (vm.type_name(&frame.regs[0]), vm.type_name(&frame.regs[1]));
        return Step::Raise(vm.type_error(format!("can't concat {given} to {own}")));
    }
    if frame.state == 0
        && let Some(array) = frame.regs[0].to_ref::<ByteArray>()
        && frame.regs[1].is(&frame.regs[0])
        && let Err(raised) = vm.check_grows_by(&array, &frame.regs[1])
    {
        return Step::Raise(raised);
    }
    match extend(vm, frame, input) {
        Step::Return(_) => Step::Return(frame.regs[0].clone()),
        step => step,
    }
}

/// `self *= count`
pub fn imul(vm: &mut Vm, args: &[Value]) -> R {
    let product = operators::repeat(vm, args)?;
    let Some(product) = product.to_ref::<ByteArray>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let array = resizable(vm, &args[0])?;
    let data = product.data.borrow_mut().take();
    array.data.replace(data);
    Ok(args[0].clone())
}

/// See the table.
pub fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let index = word(vm, &args[1])?;
    let byte = byte_of(vm, &args[2], "bytearray")?;
    let array = resizable(vm, &args[0])?;
    let len = array.len() as i64;
    let place = if index < 0 {
        (index + len).max(0)
    } else {
        index.min(len)
    };
    let inserted = array.data.borrow_mut().insert(place as usize, byte);
    lift(vm, inserted).map(|()| Value::NONE)
}

/// See the table.
pub fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let index = word(vm, &args[1])?;
    let array = array_of(vm, &args[0])?;
    let len = array.len() as i64;
    if len == 0 {
        return Err(vm.index_error("pop from empty bytearray"));
    }
    let place = if index < 0 { index + len } else { index };
    if place < 0 || place >= len {
        return Err(vm.index_error("pop index out of range"));
    }
    check_resizable(vm, &array)?;
    let byte = array.data.borrow_mut().remove(place as usize);
    Ok(byte_value(byte))
}

/// See the table.
pub fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let byte = byte_of(vm, &args[1], "bytearray")?;
    let array = array_of(vm, &args[0])?;
    let at = memchr::memchr(byte, &array.data.borrow());
    let Some(at) = at else {
        return Err(vm.value_error("value not found in bytearray"));
    };
    check_resizable(vm, &array)?;
    array.data.borrow_mut().remove(at);
    Ok(Value::NONE)
}

/// See the table.
pub fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    array_of(vm, &args[0])?.data.borrow_mut().reverse();
    Ok(Value::NONE)
}

/// See the table.
pub fn alloc(vm: &mut Vm, args: &[Value]) -> R {
    let capacity = array_of(vm, &args[0])?.data.borrow().capacity();
    Ok(size_value(if capacity == 0 { 0 } else { capacity + 1 }))
}

/// See the table.
pub fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let capacity = array_of(vm, &args[0])?.data.borrow().capacity();
    Ok(size_value(if capacity == 0 { 56 } else { 57 + capacity }))
}

/// `self[key] = value`
pub fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    operators::setitem(vm, args)
}

/// `del self[key]`
pub fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    resizable(vm, &args[0])?;
    operators::delitem(vm, args)
}

/// See the table.
pub fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    reduce_for(vm, &args[0], 2)
}

/// `__reduce_ex__`: the bytes as text where protocols know no bytes.
pub fn reduce_ex(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = c_int(vm, &args[1])?;
    reduce_for(vm, &args[0], protocol)
}

fn reduce_for(vm: &mut Vm, array: &Value, protocol: i64) -> R {
    let data = bytes::with_bytes(array, <[u8]>::to_vec).unwrap_or_default();
    let class = vm.class_of(array).into_value();
    let parts = if data.is_empty() {
        Tuple::of(Vec::new()).into_value()
    } else if protocol < 3 {
        let text: String = data.iter().map(|&b| b as char).collect();
        let text = super::super::adapt::string(vm, &text)?;
        Tuple::pair(text, Str::new("latin-1").into_value()).into_value()
    } else {
        Tuple::one(crate::builtins::arguments::bytes(vm, &data)?).into_value()
    };
    let state = crate::builtins::reduce::state_of(vm, array, false)?;
    Ok(Tuple::few([class, parts, state]).into_value())
}

/// The bytes of a bytearray as a list of ints.
pub fn to_list(vm: &mut Vm, data: &[u8]) -> R {
    let mut items = Buffer::new();
    let filled = items.extend(data.iter().map(|&b| byte_value(b)));
    lift(vm, filled)?;
    let class = vm.class_of_def(&BYTEARRAY);
    drop(class);
    list(vm, Ok(items))
}
