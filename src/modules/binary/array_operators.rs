//! `array.array`: joining, repeating, comparing.

use super::array::{add_bytes, bad_argument, copy, fresh, resizable, this, values};
use crate::builtins::adapt::{lift, word};
use crate::builtins::arguments::list;
use crate::heap::{Buffer, Value};
use crate::object::array::Array;
use crate::object::native::R;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

pub(super) fn add(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let Some(other) = args[1].get::<Array>() else {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("can only append array (not \"{given}\") to array")));
    };
    if other.code != array.code {
        return Err(bad_argument(vm));
    }
    let made = copy(vm, args)?;
    let data = other.data.borrow().to_vec();
    add_bytes(vm, &made, &data)?;
    Ok(made)
}

pub(super) fn iadd(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let Some(other) = args[1].get::<Array>() else {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "can only extend array with array (not \"{given}\")"
        )));
    };
    if other.code != array.code {
        return Err(vm.type_error("can only extend with array of same kind"));
    }
    let data = other.data.borrow().to_vec();
    add_bytes(vm, &args[0], &data)?;
    Ok(args[0].clone())
}

/// The bytes of the items so many times.
fn repeated(vm: &mut Vm, args: &[Value]) -> R<Option<Buffer<u8>>> {
    let array = this(vm, &args[0])?;
    if !vm.has_index(&args[1]) {
        return Ok(None);
    }
    let count = word(vm, &args[1])?.max(0) as usize;
    let data = array.data.borrow();
    if data
        .len()
        .checked_mul(count)
        .is_none_or(|n| n > isize::MAX as usize)
    {
        drop(data);
        return Err(vm.memory_error());
    }
    let made = crate::object::bytes::repeat(&data, count);
    drop(data);
    lift(vm, made).map(Some)
}

pub(super) fn mul(vm: &mut Vm, args: &[Value]) -> R {
    let code = this(vm, &args[0])?.code;
    Ok(match repeated(vm, args)? {
        Some(data) => fresh(code, data),
        None => return no_count(vm, &args[1]),
    })
}

fn no_count(vm: &mut Vm, value: &Value) -> R {
    let given = vm.type_name(value);
    Err(vm.type_error(format!(
        "can't multiply sequence by non-int of type '{given}'"
    )))
}

pub(super) fn imul(vm: &mut Vm, args: &[Value]) -> R {
    match repeated(vm, args)? {
        Some(data) => {
            let array = this(vm, &args[0])?;
            if data.len() != array.data.borrow().len() {
                resizable(vm, &args[0])?;
            }
            array.data.replace(data);
            Ok(args[0].clone())
        }
        None => no_count(vm, &args[1]),
    }
}

pub(super) fn compare(vm: &mut Vm, args: &[Value], op: CompareOp) -> R {
    let array = this(vm, &args[0])?;
    let Some(other) = args[1].get::<Array>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let sized = matches!(op, CompareOp::Eq | CompareOp::Ne);
    if sized && array.len() != other.len() {
        return Ok(Value::bool(op == CompareOp::Ne));
    }
    if array.code == other.code && sized && !matches!(array.code, b'f' | b'd') {
        let same = array.data.borrow()[..] == other.data.borrow()[..];
        return Ok(Value::bool(same == (op == CompareOp::Eq)));
    }
    let (a, b) = (list(values(vm, array)?), list(values(vm, other)?));
    vm.compare(op, &a, &b)
}
