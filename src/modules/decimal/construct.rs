//! Decimals of strings, ints, floats and tuples.

use dashu_int::UBig;

use super::context::ContextObject;
use super::state::{decimal, no_conversion, of_float, of_int, perform, plain, signalled};
use super::text::parse;
use super::work::{Out, Settings, Work, signal};
use crate::heap::Value;
use crate::modules::asyncio::script;
use crate::object::decimal::{Decimal, Form, Number};
use crate::object::float;
use crate::object::int::{self, IntView};
use crate::object::list::List;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::object::unicode;
use crate::vm::Vm;

/// Text with ASCII digits; with `loose` without space around it and underscores.
fn ascii(text: &Str, loose: bool) -> Option<String> {
    let mut out = String::with_capacity(text.byte_len().min(1 << 16));
    for point in text.points() {
        match point {
            0x5F if loose => {}
            0..0x80 => out.push(point as u8 as char),
            _ if loose && unicode::is_space(point) => out.push(' '),
            _ => out.push((b'0' + unicode::decimal(point)?) as char),
        }
    }
    if !loose {
        return Some(out);
    }
    let space = |c: char| matches!(c, ' ' | '\t'..='\r' | '\x1c'..='\x1f');
    Some(out.trim_matches(space).to_owned())
}

/// A number that is to be exact: one out of range is InvalidOperation.
fn exactly(number: Number, work: &mut Work) -> Out {
    let mut wide = Work::new(Settings::MAX);
    let result = wide.finish(number)?;
    if wide.status & (signal::ROUNDED | signal::INEXACT | signal::CLAMPED) != 0 {
        return Ok(work.invalid(signal::INVALID));
    }
    Ok(result)
}

/// The number that a str says, exactly.
pub fn exact_of_text(vm: &mut Vm, text: &Str, context: &ContextObject) -> R<Number> {
    let parsed = ascii(text, true).and_then(|text| parse(&text));
    perform(vm, context, |work| match parsed.clone() {
        Some(number) => exactly(number, work),
        None => Ok(work.invalid(signal::SYNTAX)),
    })
}

/// The number that a str says, rounded.
fn rounded_of_text(vm: &mut Vm, text: &Str, context: &ContextObject) -> R<Number> {
    let parsed = ascii(text, false).and_then(|text| parse(&text));
    perform(vm, context, |work| {
        let most = work.set.prec - i64::from(work.set.clamp);
        match parsed.clone() {
            Some(nan) if nan.is_nan() && !nan.coef.is_zero() && nan.digits() > most => {
                Ok(work.invalid(signal::SYNTAX))
            }
            Some(number) => work.finish(number),
            None => Ok(work.invalid(signal::SYNTAX)),
        }
    })
}

/// The number that any value says, exactly; the value itself if it is a plain Decimal.
pub fn exact(vm: &mut Vm, value: &Value, context: &ContextObject) -> R<Number> {
    if let Some(decimal) = value.get::<Decimal>() {
        return Ok(decimal.number().clone());
    }
    if let Some(text) = value.get::<Str>() {
        return exact_of_text(vm, text, context);
    }
    if let Some(view) = IntView::of(value) {
        return Ok(of_int(view));
    }
    if let Some(f) = float::as_float(value) {
        signalled(vm, context, signal::FLOAT)?;
        let number = of_float(f);
        return plain(vm, number);
    }
    if value.is_kind::<Tuple>() || value.is_kind::<List>() {
        let number = of_tuple(vm, value)?;
        return perform(vm, context, |work| exactly(number.clone(), work));
    }
    Err(no_conversion(vm, value))
}

/// `Context.create_decimal(value)`
pub fn rounded(vm: &mut Vm, value: &Value, context: &ContextObject) -> R<Number> {
    if let Some(text) = value.get::<Str>() {
        return rounded_of_text(vm, text, context);
    }
    let number = if value.is_kind::<Tuple>() || value.is_kind::<List>() {
        of_tuple(vm, value)?
    } else {
        exact(vm, value, context)?
    };
    perform(vm, context, |work| {
        let most = work.set.prec - i64::from(work.set.clamp);
        if number.is_nan() && !number.coef.is_zero() && number.digits() > most {
            return Ok(work.invalid(signal::SYNTAX));
        }
        work.finish(number.clone())
    })
}

fn items_of(value: &Value) -> Option<Vec<Value>> {
    match value.get::<List>() {
        Some(list) => list.copy().ok().map(|items| items.to_vec()),
        None => value.get::<Tuple>().map(|t| t.items().to_vec()),
    }
}

fn of_tuple(vm: &mut Vm, value: &Value) -> R<Number> {
    let items = items_of(value).filter(|items| items.len() == 3);
    let Some(items) = items else {
        return Err(vm.value_error("argument must be a sequence of length 3"));
    };
    let sign = IntView::of(&items[0]).and_then(IntView::as_i64);
    let Some(sign @ (0 | 1)) = sign else {
        return Err(vm.value_error("sign must be an integer with the value 0 or 1"));
    };
    let form = match items[2].get::<Str>() {
        None => Form::Finite,
        Some(text) if text.is_text("F") => return Ok(Number::infinity(sign == 1)),
        Some(text) if text.is_text("n") => Form::Quiet,
        Some(text) if text.is_text("N") => Form::Signaling,
        Some(_) => {
            return Err(
                vm.value_error("string argument in the third position must be 'F', 'n' or 'N'")
            );
        }
    };
    let exp = match (form, IntView::of(&items[2])) {
        (Form::Finite, Some(view)) => match view.as_i64() {
            Some(exp) => exp.clamp(-(1 << 61), 1 << 61),
            None => {
                return Err(vm.overflow_error("Python int too large to convert to C ssize_t"));
            }
        },
        (Form::Finite, None) => return Err(vm.value_error("exponent must be an integer")),
        _ => 0,
    };
    let Some(digits) = items_of(&items[1]) else {
        return Err(vm.value_error("coefficient must be a tuple of digits"));
    };
    let mut text = String::with_capacity(digits.len());
    for digit in &digits {
        match IntView::of(digit).and_then(IntView::as_i64) {
            Some(digit @ 0..=9) => text.push((b'0' + digit as u8) as char),
            _ => return Err(vm.value_error("coefficient must be a tuple of digits")),
        }
    }
    let coef = UBig::from_str_radix(&text, 10).unwrap_or(UBig::ZERO);
    Ok(Number {
        form,
        ..Number::new(sign == 1, coef, exp)
    })
}

/// `from_float`: of a float or an int, exactly and without a signal.
pub fn from_float(vm: &mut Vm, value: &Value) -> R<Number> {
    if let Some(view) = IntView::of(value) {
        return Ok(of_int(view));
    }
    match float::as_float(value) {
        Some(f) => {
            let number = of_float(f);
            plain(vm, number)
        }
        None => Err(vm.type_error("argument must be int or float")),
    }
}

/// `Decimal.as_tuple()`
pub fn to_tuple(vm: &mut Vm, number: &Number) -> R {
    let exponent = match number.form {
        Form::Finite => int::from_i64(number.exp),
        Form::Infinite => script::text("F"),
        Form::Quiet => script::text("n"),
        Form::Signaling => script::text("N"),
    };
    let digits: Vec<Value> = if number.is_nan() && number.coef.is_zero() {
        Vec::new()
    } else {
        let text = number.coef.to_string();
        text.bytes()
            .map(|c| Value::int32(i32::from(c - b'0')))
            .collect()
    };
    let class = super::state::kept(vm, super::state::Kept::Tuple);
    let digits = vm.new_tuple(digits)?;
    let sign = Value::int32(i32::from(number.negative));
    vm.call(&class, &[sign, digits, exponent])
}

/// A Decimal of any class: that of a subclass is made by calling it.
pub fn of_class(vm: &mut Vm, class: &Value, number: Number) -> R {
    let exact = vm.class_of_def(&super::methods::DECIMAL);
    let made = decimal(number);
    if class.is(exact.as_value()) {
        return Ok(made);
    }
    vm.call(class, &[made])
}
