//! Making `bytes` and `bytearray`.

use super::super::adapt::{Convert, gather_converted, given, lift, made, shown_type, str_arg};
use super::super::codecs;
use super::super::int::BYTES_HEAD;
use super::{BYTEARRAY, BYTES, buffer_of, copied_buffer};
use crate::heap::{Buffer, Value};
use crate::object::bytes::{ByteArray, Bytes};
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::special::Special;

/// Bytes as an instance of the class with that shape.
pub fn shaped_bytes(vm: &mut Vm, data: &[u8], shape: u32) -> R {
    let object = if shape == kind::BYTES as u32 {
        Bytes::new(data)
    } else {
        Bytes::with_shape(shape, data)
    };
    made(vm, object)
}

/// `bytes(source, encoding, errors)`. Registers: class, source, encoding, errors, items.
pub fn new_bytes(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let shape = match vm.shape_for_new(&frame.regs[0], &BYTES) {
        Ok(shape) => shape,
        Err(raised) => return Step::Raise(raised),
    };
    if frame.state == 0
        && frame.regs[1].is_exact::<Bytes>()
        && !given(&frame.regs[2])
        && !given(&frame.regs[3])
        && shape == kind::BYTES as u32
    {
        return Step::Return(frame.regs[1].clone());
    }
    if frame.state == 0 && shape == kind::BYTES as u32 && !frame.regs[1].is_exact::<Bytes>() {
        let plain = !given(&frame.regs[2]) && !given(&frame.regs[3]);
        let method = vm.special_of(&frame.regs[1], Special::Bytes);
        if let Some(method) = method.filter(|_| plain) {
            // The result itself, which may be of a subclass.
            return bytes_object(vm, method, &frame.regs[1]).into();
        }
    }
    match contents(vm, frame, input, "bytes") {
        Ok(data) => shaped_bytes(vm, &data, shape).into(),
        Err(step) => step,
    }
}

/// An empty bytearray; `__init__` fills it.
pub fn new_array(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &BYTEARRAY)?;
    if shape == kind::BYTEARRAY as u32 {
        return Ok(ByteArray::new(Buffer::new()).into_value());
    }
    Ok(ByteArray::with_shape(shape, Buffer::new()).into_value())
}

/// Registers: self, source, encoding, errors, items.
pub fn init_array(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if matches!(input, Input::Start)
        && let Some(array) = frame.regs[0].to_ref::<ByteArray>()
        && !array.is_empty()
    {
        // Wrong names leave the bytes where they are, anything else that is wrong does not.
        let names = [(&frame.regs[2], "encoding"), (&frame.regs[3], "errors")];
        for (name, what) in names.map(|(name, what)| (name.clone(), what)) {
            if let Err(raised) = codecs::check_name(vm, &name, "bytearray", what) {
                return Step::Raise(raised);
            }
        }
        if let Err(raised) = super::super::operators::check_resizable(vm, &array) {
            return Step::Raise(raised);
        }
        drop(array.data.borrow_mut().take());
    }
    let data = match contents(vm, frame, input, "bytearray") {
        Ok(data) => Buffer::from_vec(data),
        Err(step) => {
            if matches!(step, Step::Raise(_)) {
                keep_what_came(frame);
            }
            return step;
        }
    };
    if let Some(array) = frame.regs[0].get::<ByteArray>() {
        let old = array.data.replace(data);
        drop(old);
    }
    Step::Return(Value::NONE)
}

/// An iterable that fails in the end has given the bytes before.
fn keep_what_came(frame: &NativeFrame<'_>) {
    if let (Some(array), Some(items)) = (
        frame.regs[0].get::<ByteArray>(),
        frame.regs[4].get::<List>(),
    ) && let Some(data) = small_bytes(items)
    {
        drop(array.data.replace(Buffer::from_vec(data)));
    }
}

/// The items as bytes, if all of them are plain numbers that are bytes.
fn small_bytes(items: &List) -> Option<Vec<u8>> {
    let byte = |item: &Value| item.as_small_int().and_then(|n| u8::try_from(n).ok());
    items.items.borrow().iter().map(byte).collect()
}

/// The bytes that the arguments of a constructor stand for.
fn contents(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    class: &str,
) -> Result<Vec<u8>, Step> {
    if frame.state == 0 {
        let (source, encoding, errors) = (
            frame.regs[1].clone(),
            frame.regs[2].clone(),
            frame.regs[3].clone(),
        );
        match at_once(vm, &source, &encoding, &errors, class) {
            Ok(Some(data)) => return Ok(data),
            Ok(None) => {}
            Err(raised) => return Err(Step::Raise(raised)),
        }
        // The list itself: an `__index__` of its items may change it.
        if let Some(list) = source.get_exact::<List>() {
            match small_bytes(list) {
                Some(data) => return Ok(data),
                None if class == "bytes" => {
                    return bytes_of_items(vm, list, class).map_err(Step::Raise);
                }
                // What comes before an item that is wrong is kept.
                None => {}
            }
        }
    }
    let convert: Convert = match class {
        "bytes" => |vm, item| byte_of(vm, &item, "bytes").map(|byte| Value::int32(byte.into())),
        _ => |vm, item| byte_of(vm, &item, "bytearray").map(|byte| Value::int32(byte.into())),
    };
    let begins = frame.state < 2;
    let items = match gather_converted(vm, frame, input, (1, 4), class == "bytes", convert) {
        // What is no iterable in the end is told of like anything else.
        Err(Step::Raise(raised))
            if begins
                && frame.state < 2
                && vm.is_raised(&raised, crate::vm::types::Known::TypeError) =>
        {
            let given = vm.type_name(&frame.regs[1]);
            let text = format!("cannot convert '{given}' object to {class}");
            return Err(Step::Raise(vm.type_error(text)));
        }
        items => items?,
    };
    let mut data = Buffer::new();
    match push_items(vm, &items, class, &mut data) {
        Ok(()) => Ok(data.into_vec()),
        Err(raised) => {
            let came = data.into_vec();
            let came = came.iter().map(|&b| Value::int32(b.into())).collect();
            frame.regs[4] = List::from_vec(came).into_value();
            Err(Step::Raise(raised))
        }
    }
}

/// What needs no iteration; None for an iterable.
fn at_once(
    vm: &mut Vm,
    source: &Value,
    encoding: &Value,
    errors: &Value,
    class: &str,
) -> R<Option<Vec<u8>>> {
    for (argument, what) in [(encoding, "encoding"), (errors, "errors")] {
        codecs::check_name(vm, argument, class, what)?;
    }
    let by_method = class == "bytes" && !given(encoding) && !given(errors);
    if by_method
        && !source.is_exact::<Bytes>()
        && let Some(method) = vm.special_of(source, Special::Bytes)
    {
        return bytes_by_method(vm, method, source).map(Some);
    }
    if source.is_kind::<Str>() {
        if !given(encoding) {
            return Err(vm.type_error("string argument without an encoding"));
        }
        let encoded = codecs::encode_value(vm, source, encoding, errors)?;
        return Ok(buffer_of(vm, &encoded));
    }
    if given(encoding) || given(errors) {
        let what = if given(encoding) {
            "encoding"
        } else {
            "errors"
        };
        return Err(vm.type_error(format!("{what} without a string argument")));
    }
    if !given(source) {
        return Ok(Some(Vec::new()));
    }
    if let Some(count) = count_of(vm, source)? {
        if class == "bytes" && count > i64::MAX - BYTES_HEAD {
            return Err(vm.overflow_error("byte string is too large"));
        }
        return zeros(vm, count).map(Some);
    }
    if let Some(data) = copied_buffer(vm, source) {
        return Ok(Some(data));
    }
    if !vm.is_iterable(source) {
        let given = vm.type_name(source);
        return Err(vm.type_error(format!("cannot convert '{given}' object to {class}")));
    }
    Ok(None)
}

fn bytes_object(vm: &mut Vm, method: Value, source: &Value) -> R {
    let step = vm.call_special(method, source, &[]);
    let result = vm.finish(step)?;
    if result.is_kind::<Bytes>() {
        return Ok(result);
    }
    let given = vm.type_name(&result);
    Err(vm.type_error(format!("__bytes__ returned non-bytes (type {given})")))
}

fn bytes_by_method(vm: &mut Vm, method: Value, source: &Value) -> R<Vec<u8>> {
    let result = bytes_object(vm, method, source)?;
    Ok(buffer_of(vm, &result).unwrap_or_default())
}

/// The number of zero bytes that an int stands for.
fn count_of(vm: &mut Vm, source: &Value) -> R<Option<i64>> {
    if !vm.has_index(source) {
        return Ok(None);
    }
    let index = match vm.index_value(source) {
        // It may be iterable.
        Err(raised) if vm.is_raised(&raised, crate::vm::types::Known::TypeError) => {
            return Ok(None);
        }
        index => index?,
    };
    match IntView::of(&index).and_then(IntView::as_i64) {
        Some(count) => Ok(Some(count)),
        None => {
            let given = vm.type_name(source);
            Err(vm.overflow_error(format!("cannot fit '{given}' into an index-sized integer")))
        }
    }
}

fn zeros(vm: &mut Vm, count: i64) -> R<Vec<u8>> {
    if count < 0 {
        return Err(vm.value_error("negative count"));
    }
    let mut data = Buffer::new();
    let filled = data.resize(count as usize, 0);
    lift(vm, filled)?;
    Ok(data.into_vec())
}

fn bytes_of_items(vm: &mut Vm, items: &List, class: &str) -> R<Vec<u8>> {
    let mut data = Buffer::new();
    push_items(vm, items, class, &mut data)?;
    Ok(data.into_vec())
}

fn push_items(vm: &mut Vm, items: &List, class: &str, data: &mut Buffer<u8>) -> R<()> {
    let mut i = 0;
    while let Some(item) = items.get(i) {
        let pushed = data.push(byte_of(vm, &item, class)?);
        lift(vm, pushed)?;
        i += 1;
    }
    Ok(())
}

/// An item of an iterable as a byte.
pub fn byte_of(vm: &mut Vm, item: &Value, class: &str) -> R<u8> {
    let number = match item.as_small_int() {
        Some(i) => i,
        None => vm.index_clamped(item)?,
    };
    match u8::try_from(number) {
        Ok(byte) => Ok(byte),
        Err(_) if class == "bytes" => Err(vm.value_error("bytes must be in range(0, 256)")),
        Err(_) => Err(vm.value_error("byte must be in range(0, 256)")),
    }
}

/// The bytes of a bytes-like object, of `__bytes__`, or of an iterable of ints, nested.
pub fn bytes_of_object(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    if let Some(data) = copied_buffer(vm, value) {
        return Ok(data);
    }
    if let Some(method) = vm.special_of(value, Special::Bytes) {
        return bytes_by_method(vm, method, value);
    }
    if value.is_kind::<Str>() || !vm.is_iterable(value) {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!("cannot convert '{given}' object to bytes")));
    }
    let iterator = vm.iter(value)?;
    vm.ask_length(value)?;
    let mut found = Vec::new();
    while let Some(item) = vm.next(&iterator)? {
        found.push(byte_of(vm, &item, "bytes")?);
    }
    Ok(found)
}

fn from_hex(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    let Some(text) = value.get::<Str>() else {
        let given = shown_type(vm, value);
        return Err(vm.type_error(format!("fromhex() argument must be str, not {given}")));
    };
    let mut data = Vec::with_capacity(text.len().min(1 << 20) / 2);
    let points: Vec<u32> = text.points().collect();
    let digit = |at: usize| {
        points
            .get(at)
            .and_then(|&p| char::from_u32(p))
            .and_then(|c| c.to_digit(16))
    };
    let mut at = 0;
    while at < points.len() {
        if matches!(points[at], 0x20 | 9..=13) {
            at += 1;
            continue;
        }
        let bad = match (digit(at), digit(at + 1)) {
            (Some(high), Some(low)) => {
                data.push((high << 4 | low) as u8);
                at += 2;
                continue;
            }
            (Some(_), None) => at + 1,
            _ => at,
        };
        return Err(vm.value_error(format!(
            "non-hexadecimal number found in fromhex() arg at position {bad}"
        )));
    }
    Ok(data)
}

/// See the table.
pub fn bytes_fromhex(vm: &mut Vm, args: &[Value]) -> R {
    let data = from_hex(vm, &args[1])?;
    let result = shaped_bytes(vm, &data, kind::BYTES as u32)?;
    let class = vm.class_of_def(&BYTES);
    if args[0].is(class.as_value()) {
        Ok(result)
    } else {
        vm.call(&args[0], &[result])
    }
}

/// See the table.
pub fn array_fromhex(vm: &mut Vm, args: &[Value]) -> R {
    let data = from_hex(vm, &args[1])?;
    let result = ByteArray::new(Buffer::from_vec(data)).into_value();
    let class = vm.class_of_def(&BYTEARRAY);
    if args[0].is(class.as_value()) {
        Ok(result)
    } else {
        vm.call(&args[0], &[result])
    }
}

/// The name of an encoding, for messages.
pub fn encoding_name<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Str> {
    str_arg(vm, value, "encoding")
}
