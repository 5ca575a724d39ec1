//! Limits and sizes.

use crate::builtins::arguments::{float, index, int, number, small};
use crate::heap::{self, Value};
use crate::object::native::R;
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::special::Special;

/// `sys.getrecursionlimit()`
pub fn getrecursionlimit(vm: &mut Vm, _: &[Value]) -> R {
    Ok(int(i64::from(vm.recursion_limit)))
}

/// `sys.setrecursionlimit(n)`
pub fn setrecursionlimit(vm: &mut Vm, args: &[Value]) -> R {
    let limit = small(vm, &args[0])?;
    if limit < 1 {
        return Err(vm.value_error("recursion limit must be greater or equal than 1"));
    }
    let depth = vm.depth();
    if limit as u32 <= depth {
        let text = format!(
            "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
        );
        return Err(vm.recursion_error(text));
    }
    vm.recursion_limit = limit as u32;
    Ok(Value::NONE)
}

/// `sys.getsizeof(object, default)`
pub fn getsizeof(vm: &mut Vm, args: &[Value]) -> R {
    if let Some(method) = vm.special_of(&args[0], Special::SizeOf) {
        let step = vm.call_special(method, &args[0], &[]);
        let size = vm.finish(step)?;
        if crate::object::int::IntView::of(&size).is_none() {
            return Err(vm.type_error("an integer is required"));
        }
        let size = index(vm, &size)?;
        if size < 0 {
            return Err(vm.value_error("__sizeof__() should return >= 0"));
        }
        return Ok(int(size));
    }
    Ok(int(plain_size(&args[0])))
}

/// What an object takes on the heap, its buffers apart.
pub fn plain_size(value: &Value) -> i64 {
    if !value.is_object() {
        return if value.is_small_int() { 28 } else { 24 };
    }
    heap::object_capacity(value) as i64
}

/// `sys.getrefcount(object)`
pub fn getrefcount(_: &mut Vm, args: &[Value]) -> R {
    Ok(int(i64::from(args[0].reference_count())))
}

/// `sys.intern(string)`
pub fn intern(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].to_ref::<Str>() {
        Some(text) if args[0].is_exact::<Str>() => Ok(vm.interner.intern_str(&text).into_value()),
        Some(_) => {
            let name = vm.type_name(&args[0]);
            Err(vm.type_error(format!("can't intern {name}")))
        }
        None => {
            let name = crate::builtins::arguments::shown_type(vm, &args[0]);
            Err(vm.type_error(format!("intern() argument must be str, not {name}")))
        }
    }
}

/// `sys._is_interned(string)`
pub fn is_interned(_: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(
        args[0].get::<Str>().is_some_and(Str::is_interned),
    ))
}

/// `sys.get_int_max_str_digits()`
pub fn get_digits(vm: &mut Vm, _: &[Value]) -> R {
    Ok(int(vm.heap.int_digits as i64))
}

/// `sys.set_int_max_str_digits(n)`
pub fn set_digits(vm: &mut Vm, args: &[Value]) -> R {
    let digits = small(vm, &args[0])?;
    if digits != 0 && digits < 640 {
        return Err(vm.value_error("maxdigits must be 0 or larger than 640"));
    }
    vm.heap.int_digits = digits as usize;
    Ok(Value::NONE)
}

const INTERVAL: &str = "sys.switchinterval";

/// `sys.getswitchinterval()`: fibers are switched by a count of instructions, so it is only remembered.
pub fn switch_interval(vm: &mut Vm) -> Value {
    vm.state
        .get(INTERVAL)
        .cloned()
        .unwrap_or_else(|| float(0.005))
}

/// `sys.setswitchinterval(seconds)`
pub fn set_switch_interval(vm: &mut Vm, args: &[Value]) -> R {
    let interval = number(vm, &args[0])?;
    if interval <= 0.0 {
        return Err(vm.value_error("switch interval must be strictly positive"));
    }
    vm.state.insert(INTERVAL, float(interval));
    Ok(Value::NONE)
}
