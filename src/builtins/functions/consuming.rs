//! `sum`, `any`, `all`: they take an iterable to its end. And questions about
//! one object: `len`, `hash`, `id`, `callable`, `isinstance`, `issubclass`.

use super::numbers::CompensatedSum;
use super::{at_once, outcome, pull};
use crate::builtins::arguments::int;
use crate::heap::Value;
use crate::object::bytes::{ByteArray, Bytes};
use crate::object::float;
use crate::object::int::IntView;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::leaf("len(obj, /)", len).doc("How many items there are."),
    Def::leaf("hash(obj, /)", hash).doc("A number that equal objects have in common."),
    Def::leaf("id(obj, /)", id).doc("A number that only this object has as long as it lives."),
    Def::leaf("callable(obj, /)", callable).doc("Whether the object can be called."),
    Def::leaf("isinstance(obj, class_or_tuple, /)", isinstance)
        .doc("Whether the object is of that class, or one of those."),
    Def::leaf("issubclass(cls, class_or_tuple, /)", issubclass)
        .doc("Whether a class derives from the other, or from one of those."),
    Def::frame("sum(iterable, /, start=0)", 3, sum)
        .at_once(at_once::sum)
        .takes(2, take_summand)
        .doc("Return the sum of a 'start' value and an iterable of numbers"),
    Def::frame("any(iterable, /)", 1, any)
        .at_once(|vm, args| at_once::until(vm, args, true))
        .takes(1, |_, state, _, item| take_other(state, item, true))
        .doc("Whether something in the iterable is true."),
    Def::frame("all(iterable, /)", 1, all)
        .at_once(|vm, args| at_once::until(vm, args, false))
        .takes(1, |_, state, _, item| take_other(state, item, false))
        .doc("Whether nothing in the iterable is false."),
];

fn len(vm: &mut Vm, args: &[Value]) -> R {
    vm.len(&args[0]).map(|n| int(n as i64))
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let hash = vm.hash(&args[0])?;
    // That of a large integer or tuple was counted where nothing could stop it.
    vm.tick(0)?;
    Ok(int(hash))
}

fn id(vm: &mut Vm, args: &[Value]) -> R {
    Ok(int(vm.heap.identity(&args[0]) as i64))
}

fn callable(vm: &mut Vm, args: &[Value]) -> R {
    Ok(Value::bool(vm.is_callable(&args[0])))
}

fn isinstance(vm: &mut Vm, args: &[Value]) -> R {
    vm.is_instance(&args[0], &args[1]).map(Value::bool)
}

fn issubclass(vm: &mut Vm, args: &[Value]) -> R {
    vm.is_subclass(&args[0], &args[1]).map(Value::bool)
}

/// Where `sum` has its total, and the compensation of a float total.
const TOTAL: usize = 3;
const LOW: usize = 4;

/// Registers: iterable, start, iterator, total so far, the compensation of a float total (or Undef).
/// States: 0 the iterator comes, 1 an item comes, 2 a sum comes.
fn sum(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    const ITERATOR: usize = 2;
    let mut incoming = match input {
        Input::Start => {
            frame.regs[TOTAL] = frame.regs[1].clone();
            match outcome(vm.iter_step(&frame.regs[0])) {
                Ok(iterator) => Some(iterator),
                Err(wait) => return wait,
            }
        }
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        // What cannot be iterated is told of before a start that cannot be.
        if let Some(raised) = unsuitable_start(vm, &frame.regs[1]) {
            return Step::Raise(raised);
        }
        frame.regs[ITERATOR] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    } else if frame.state == 2 {
        frame.regs[TOTAL] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    }
    let iterator = frame.regs[ITERATOR].clone();
    loop {
        let mut item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &iterator) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if float::as_float(&frame.regs[TOTAL]).is_some() {
            // A run of floats is added with compensation, as long as items come at once.
            match float_run(vm, frame, &iterator, item) {
                Ok(other) => item = other,
                Err(wait) => return wait,
            }
        }
        if item.is_undef() {
            return Step::Return(std::mem::take(&mut frame.regs[TOTAL]));
        }
        if let Some(total) = frame.regs[TOTAL].add_small(&item) {
            frame.regs[TOTAL] = total;
            continue;
        }
        match outcome(vm.binary_step(BinaryOp::Add, false, &frame.regs[TOTAL], &item)) {
            Ok(total) => frame.regs[TOTAL] = total,
            Err(wait) => {
                frame.state = 2;
                return wait;
            }
        }
    }
}

/// See `Def::takes`: small integers, and floats where the total is one.
fn take_summand(_: &mut Vm, state: u8, regs: &mut [Value], item: Value) -> Result<(), Value> {
    if state != 1 {
        return Err(item);
    }
    let Some(total) = float::as_float(&regs[TOTAL]) else {
        return match regs[TOTAL].add_small(&item) {
            Some(total) => {
                regs[TOTAL] = total;
                Ok(())
            }
            None => Err(item),
        };
    };
    let low = float::as_float(&regs[LOW]).unwrap_or(0.0);
    let mut sum = CompensatedSum::resumed(total, low);
    if let Some(f) = float::as_float(&item) {
        sum.add(f);
    } else if let Some(i) = item.as_small_int() {
        sum.add_plainly(i as f64);
    } else {
        return Err(item);
    }
    let (high, low) = sum.parts();
    regs[TOTAL] = float::float(high);
    regs[LOW] = float::float(low);
    Ok(())
}

/// Adds floats (and ints) to the float total, beginning with `item`. Gives the
/// first item that is neither.
fn float_run(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    iterator: &Value,
    item: Value,
) -> Result<Value, Step> {
    let start = float::as_float(&frame.regs[TOTAL]).unwrap_or(0.0);
    let low = float::as_float(&frame.regs[LOW]).unwrap_or(0.0);
    let mut sum = CompensatedSum::resumed(start, low);
    let mut item = item;
    loop {
        if let Some(f) = float::as_float(&item) {
            sum.add(f);
        } else if let Some(f) = IntView::of(&item).and_then(|i| i.to_f64().ok()) {
            sum.add_plainly(f);
        } else {
            frame.regs[LOW] = Value::UNDEF;
            frame.regs[TOTAL] = float::float(sum.total());
            return Ok(item);
        }
        match pull(vm, iterator) {
            Ok(next) => item = next,
            Err(wait) => {
                let (high, low) = sum.parts();
                frame.regs[TOTAL] = float::float(high);
                frame.regs[LOW] = float::float(low);
                return Err(wait);
            }
        }
    }
}

fn unsuitable_start(vm: &mut Vm, start: &Value) -> Option<crate::object::native::Raised> {
    let text = if start.is_kind::<Str>() {
        "sum() can't sum strings [use ''.join(seq) instead]"
    } else if start.is_kind::<Bytes>() {
        "sum() can't sum bytes [use b''.join(seq) instead]"
    } else if start.is_kind::<ByteArray>() {
        "sum() can't sum bytearray [use b''.join(seq) instead]"
    } else {
        return None;
    };
    Some(vm.type_error(text))
}

fn any(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    until(vm, frame, input, true)
}

fn all(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    until(vm, frame, input, false)
}

/// See `Def::takes`: items whose truth is known, and is not the one looked for.
fn take_other(state: u8, item: Value, wanted: bool) -> Result<(), Value> {
    match at_once::plain_truth(&item) {
        Some(truth) if state == 1 && truth != wanted => Ok(()),
        _ => Err(item),
    }
}

/// Looks for an item whose truth is `wanted`. Registers: iterable, iterator.
/// States: 0 the iterator comes, 1 an item comes, 2 a truth comes.
fn until(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, wanted: bool) -> Step {
    let mut incoming = match input {
        Input::Start => match outcome(vm.iter_step(&frame.regs[0])) {
            Ok(iterator) => Some(iterator),
            Err(wait) => return wait,
        },
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 {
        frame.regs[1] = incoming.take().unwrap_or(Value::NONE);
        frame.state = 1;
    }
    loop {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &frame.regs[1]) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if frame.state == 1 && item.is_undef() {
            return Step::Return(Value::bool(!wanted));
        }
        let truth = if frame.state == 2 {
            frame.state = 1;
            item.is_true()
        } else {
            match outcome(vm.truth_step(&item)) {
                Ok(truth) => truth.is_true(),
                Err(wait) => {
                    frame.state = 2;
                    return wait;
                }
            }
        };
        if truth == wanted {
            return Step::Return(Value::bool(wanted));
        }
    }
}
