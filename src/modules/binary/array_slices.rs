//! Items and slices of an array: reading, setting, deleting.

use super::array::{bad_argument, cut, fresh, item, resizable, this};
use super::elements;
use crate::heap::{Buffer, Ref, Value};
use crate::object::array::Array;
use crate::object::native::R;
use crate::object::slice::Slice;
use crate::vm::Vm;

/// An index argument as a place in the array.
fn place(vm: &mut Vm, array: &Array, key: &Value, message: &str) -> R<usize> {
    if !vm.has_index(key) {
        return Err(vm.type_error("array indices must be integers"));
    }
    let at = vm.index(key)?;
    let len = array.len() as i64;
    let at = if at < 0 { at + len } else { at };
    if (0..len).contains(&at) {
        Ok(at as usize)
    } else {
        Err(vm.index_error(message))
    }
}

/// See the table.
pub(super) fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let Some(slice) = args[1].to_ref::<Slice>() else {
        let at = place(vm, array, &args[1], "array index out of range")?;
        return item(vm, array, at);
    };
    let found = vm.slice_indices(&slice, || array.len())?;
    let size = array.item_size();
    let data = array.data.borrow();
    let mut out = Vec::with_capacity(found.count * size);
    for i in 0..found.count {
        let at = found.start.wrapping_add_signed(found.step * i as isize) * size;
        out.extend_from_slice(&data[at..at + size]);
    }
    Ok(fresh(array.code, Buffer::from_vec(out)))
}

/// See the table.
pub(super) fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let Some(slice) = args[1].to_ref::<Slice>() else {
        place(vm, array, &args[1], "array assignment index out of range")?;
        let (bytes, size) = elements::write(vm, array.code, &args[2])?;
        let at = place(vm, array, &args[1], "array assignment index out of range")? * size;
        array.data.borrow_mut()[at..at + size].copy_from_slice(&bytes[..size]);
        return Ok(Value::NONE);
    };
    let Some(other) = args[2].get::<Array>() else {
        let given = vm.type_name(&args[2]);
        return Err(vm.type_error(format!(
            "can only assign array (not \"{given}\") to array slice"
        )));
    };
    if other.code != array.code {
        return Err(bad_argument(vm));
    }
    let data = other.data.borrow().to_vec();
    assign(vm, &args[0], &slice, &data)
}

/// See the table.
pub(super) fn delitem(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let Some(slice) = args[1].to_ref::<Slice>() else {
        let at = place(vm, array, &args[1], "array assignment index out of range")?;
        cut(vm, &args[0], at)?;
        return Ok(Value::NONE);
    };
    assign(vm, &args[0], &slice, &[])
}

/// Puts items in the place of a slice; none at all delete it.
fn assign(vm: &mut Vm, value: &Value, slice: &Ref<Slice>, data: &[u8]) -> R {
    let array = this(vm, value)?;
    let size = array.item_size();
    let found = vm.slice_indices(slice, || array.len())?;
    if found.step == 1 || (data.is_empty() && found.count == 0) {
        if data.len() != found.count * size {
            resizable(vm, value)?;
        }
        let start = found.start * size;
        let end = start + found.count * size;
        let mut all = array.data.borrow_mut();
        let mut out = Vec::with_capacity(all.len() + data.len());
        out.extend_from_slice(&all[..start]);
        out.extend_from_slice(data);
        out.extend_from_slice(&all[end..]);
        *all = Buffer::from_vec(out);
        return Ok(Value::NONE);
    }
    let places: Vec<usize> = (0..found.count)
        .map(|i| found.start.wrapping_add_signed(found.step * i as isize))
        .collect();
    if data.is_empty() {
        resizable(vm, value)?;
        let mut all = array.data.borrow_mut();
        let gone: std::collections::HashSet<usize> = places.into_iter().collect();
        let kept: Vec<u8> = all
            .chunks(size)
            .enumerate()
            .filter(|(i, _)| !gone.contains(i))
            .flat_map(|(_, item)| item.iter().copied())
            .collect();
        *all = Buffer::from_vec(kept);
        return Ok(Value::NONE);
    }
    if data.len() != found.count * size {
        return Err(vm.value_error(format!(
            "attempt to assign array of size {} to extended slice of size {}",
            data.len() / size,
            found.count
        )));
    }
    let mut all = array.data.borrow_mut();
    for (at, item) in places.into_iter().zip(data.chunks(size)) {
        all[at * size..(at + 1) * size].copy_from_slice(item);
    }
    Ok(Value::NONE)
}
