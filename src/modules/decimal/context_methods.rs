//! The operations of `decimal.Context` as its methods.

use super::construct;
use super::context::{self, ContextObject, this};
use super::state::{decimal, operand, perform, perform_watched};
use super::work::{Out, Work};
use super::{basic, order, places, series, text};
use crate::builtins::arguments::pair;
use crate::heap::Value;
use crate::modules::asyncio::script;
use crate::object::decimal::{Decimal, Form, Number};
use crate::object::native::{Def, R};
use crate::vm::Vm;

/// Methods of `decimal.Context`.
pub static METHODS: &[Def] = &[
    Def::leaf(
        "__init__(self, prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
        context::init,
    ),
    Def::leaf("__repr__(self, /)", context::repr),
    Def::leaf("__copy__(self, /)", context::copy),
    Def::leaf("__reduce__(self, /)", context::reduce),
    Def::leaf("copy(self, /)", context::copy),
    Def::leaf("clear_flags(self, /)", context::clear_flags),
    Def::leaf("clear_traps(self, /)", context::clear_traps),
    Def::leaf("Etiny(self, /)", context::etiny),
    Def::leaf("Etop(self, /)", context::etop),
    Def::leaf("radix(self, /)", |_, _| Ok(decimal(Number::small(10)))),
    Def::leaf("_apply(self, x, /)", |vm, args| {
        one(vm, args, |a, work| work.finish(a.clone()))
    }),
    Def::leaf("create_decimal(self, num='0', /)", create_decimal),
    Def::leaf(
        "create_decimal_from_float(self, f, /)",
        create_decimal_from_float,
    ),
    Def::leaf("abs(self, x, /)", |vm, args| one(vm, args, basic::abs)),
    Def::leaf("exp(self, x, /)", |vm, args| one(vm, args, series::exp)),
    Def::leaf("ln(self, x, /)", |vm, args| one(vm, args, series::ln)),
    Def::leaf("log10(self, x, /)", |vm, args| one(vm, args, series::log10)),
    Def::leaf("logb(self, x, /)", |vm, args| one(vm, args, places::logb)),
    Def::leaf("logical_invert(self, x, /)", |vm, args| {
        one(vm, args, places::logical_invert)
    }),
    Def::leaf("minus(self, x, /)", |vm, args| one(vm, args, basic::minus)),
    Def::leaf("next_minus(self, x, /)", |vm, args| {
        one(vm, args, order::next_minus)
    }),
    Def::leaf("next_plus(self, x, /)", |vm, args| {
        one(vm, args, order::next_plus)
    }),
    Def::leaf("normalize(self, x, /)", |vm, args| {
        one(vm, args, places::reduce)
    }),
    Def::leaf("plus(self, x, /)", |vm, args| one(vm, args, basic::plus)),
    Def::leaf("sqrt(self, x, /)", |vm, args| one(vm, args, places::sqrt)),
    Def::leaf("to_integral(self, x, /)", |vm, args| {
        one(vm, args, places::to_integral_value)
    }),
    Def::leaf("to_integral_exact(self, x, /)", |vm, args| {
        one(vm, args, places::to_integral_exact)
    }),
    Def::leaf("to_integral_value(self, x, /)", |vm, args| {
        one(vm, args, places::to_integral_value)
    }),
    Def::leaf("add(self, x, y, /)", |vm, args| two(vm, args, basic::add)),
    Def::leaf("subtract(self, x, y, /)", |vm, args| {
        two(vm, args, basic::sub)
    }),
    Def::leaf("multiply(self, x, y, /)", |vm, args| {
        two(vm, args, basic::mul)
    }),
    Def::leaf("divide(self, x, y, /)", |vm, args| {
        two(vm, args, basic::div)
    }),
    Def::leaf("divide_int(self, x, y, /)", |vm, args| {
        two(vm, args, basic::divide_int)
    }),
    Def::leaf("remainder(self, x, y, /)", |vm, args| {
        two(vm, args, basic::remainder)
    }),
    Def::leaf("remainder_near(self, x, y, /)", |vm, args| {
        two(vm, args, basic::remainder_near)
    }),
    Def::leaf("compare(self, x, y, /)", |vm, args| {
        two(vm, args, order::compare)
    }),
    Def::leaf("compare_signal(self, x, y, /)", |vm, args| {
        two(vm, args, order::compare_signal)
    }),
    Def::leaf("compare_total(self, x, y, /)", |vm, args| {
        two(vm, args, order::compare_total)
    }),
    Def::leaf("compare_total_mag(self, x, y, /)", |vm, args| {
        two(vm, args, order::compare_total_mag)
    }),
    Def::leaf("logical_and(self, x, y, /)", |vm, args| {
        two(vm, args, places::logical_and)
    }),
    Def::leaf("logical_or(self, x, y, /)", |vm, args| {
        two(vm, args, places::logical_or)
    }),
    Def::leaf("logical_xor(self, x, y, /)", |vm, args| {
        two(vm, args, places::logical_xor)
    }),
    Def::leaf("max(self, x, y, /)", |vm, args| two(vm, args, order::max)),
    Def::leaf("max_mag(self, x, y, /)", |vm, args| {
        two(vm, args, order::max_mag)
    }),
    Def::leaf("min(self, x, y, /)", |vm, args| two(vm, args, order::min)),
    Def::leaf("min_mag(self, x, y, /)", |vm, args| {
        two(vm, args, order::min_mag)
    }),
    Def::leaf("next_toward(self, x, y, /)", |vm, args| {
        two(vm, args, order::next_toward)
    }),
    Def::leaf("quantize(self, x, y, /)", |vm, args| {
        two(vm, args, places::quantize)
    }),
    Def::leaf("rotate(self, x, y, /)", |vm, args| {
        two(vm, args, places::rotate)
    }),
    Def::leaf("scaleb(self, x, y, /)", |vm, args| {
        two(vm, args, places::scaleb)
    }),
    Def::leaf("shift(self, x, y, /)", |vm, args| {
        two(vm, args, places::shift)
    }),
    Def::leaf("is_finite(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.is_finite())
    }),
    Def::leaf("is_infinite(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.is_infinite())
    }),
    Def::leaf("is_nan(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.is_nan())
    }),
    Def::leaf("is_qnan(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.form == Form::Quiet)
    }),
    Def::leaf("is_signed(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.negative)
    }),
    Def::leaf("is_snan(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.is_signaling())
    }),
    Def::leaf("is_zero(self, x, /)", |vm, args| {
        test(vm, args, |a, _| a.is_zero())
    }),
    Def::leaf("is_canonical(self, x, /)", is_canonical),
    Def::leaf("canonical(self, x, /)", canonical),
    Def::leaf("is_normal(self, x, /)", |vm, args| {
        test(vm, args, |a, work| {
            a.is_finite() && !a.is_zero() && a.adjusted() >= work.set.emin
        })
    }),
    Def::leaf("is_subnormal(self, x, /)", |vm, args| {
        test(vm, args, |a, work| {
            a.is_finite() && !a.is_zero() && a.adjusted() < work.set.emin
        })
    }),
    Def::leaf("copy_abs(self, x, /)", |vm, args| {
        one(vm, args, |a, _| Ok(a.abs()))
    }),
    Def::leaf("copy_decimal(self, x, /)", |vm, args| {
        one(vm, args, |a, _| Ok(a.clone()))
    }),
    Def::leaf("copy_negate(self, x, /)", |vm, args| {
        one(vm, args, |a, _| Ok(a.negated()))
    }),
    Def::leaf("copy_sign(self, x, y, /)", |vm, args| {
        two(vm, args, |a, b, _| Ok(a.clone().signed(b.negative)))
    }),
    Def::leaf("same_quantum(self, x, y, /)", same_quantum),
    Def::leaf("number_class(self, x, /)", number_class),
    Def::leaf("divmod(self, x, y, /)", divmod),
    Def::leaf("fma(self, x, y, z, /)", fma),
    Def::leaf("power(self, /, a, b, modulo=None)", power),
    Def::leaf("to_sci_string(self, x, /)", |vm, args| {
        text_of(vm, args, false)
    }),
    Def::leaf("to_eng_string(self, x, /)", |vm, args| {
        text_of(vm, args, true)
    }),
];

/// An operation on one number.
fn one(vm: &mut Vm, args: &[Value], op: fn(&Number, &mut Work) -> Out) -> R {
    let a = operand(vm, &args[1])?;
    let context = this(vm, &args[0])?;
    perform(vm, context, |work| op(&a, work)).map(decimal)
}

/// An operation on two numbers.
fn two(vm: &mut Vm, args: &[Value], op: fn(&Number, &Number, &mut Work) -> Out) -> R {
    let a = operand(vm, &args[1])?;
    let b = operand(vm, &args[2])?;
    let context = this(vm, &args[0])?;
    perform(vm, context, |work| op(&a, &b, work)).map(decimal)
}

/// A question.
fn test(vm: &mut Vm, args: &[Value], question: fn(&Number, &Work) -> bool) -> R {
    let a = operand(vm, &args[1])?;
    let work = Work::new(this(vm, &args[0])?.settings.get());
    Ok(Value::bool(question(&a, &work)))
}

fn decimal_argument<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Decimal> {
    match value.get::<Decimal>() {
        Some(decimal) => Ok(decimal),
        None => Err(vm.type_error("argument must be a Decimal")),
    }
}

fn is_canonical(vm: &mut Vm, args: &[Value]) -> R {
    decimal_argument(vm, &args[1])?;
    Ok(Value::TRUE)
}

fn canonical(vm: &mut Vm, args: &[Value]) -> R {
    decimal_argument(vm, &args[1])?;
    Ok(args[1].clone())
}

fn same_quantum(vm: &mut Vm, args: &[Value]) -> R {
    let a = operand(vm, &args[1])?;
    let b = operand(vm, &args[2])?;
    Ok(Value::bool(places::same_quantum(&a, &b)))
}

fn number_class(vm: &mut Vm, args: &[Value]) -> R {
    let a = operand(vm, &args[1])?;
    let work = Work::new(this(vm, &args[0])?.settings.get());
    Ok(script::text(order::number_class(&a, &work)))
}

fn divmod(vm: &mut Vm, args: &[Value]) -> R {
    let a = operand(vm, &args[1])?;
    let b = operand(vm, &args[2])?;
    let context = this(vm, &args[0])?;
    let (quotient, rest) = perform(vm, context, |work| basic::divmod(&a, &b, work))?;
    Ok(pair(decimal(quotient), decimal(rest)))
}

fn fma(vm: &mut Vm, args: &[Value]) -> R {
    let a = operand(vm, &args[1])?;
    let b = operand(vm, &args[2])?;
    let c = operand(vm, &args[3])?;
    let context = this(vm, &args[0])?;
    perform(vm, context, |work| basic::fma(&a, &b, &c, work)).map(decimal)
}

fn power(vm: &mut Vm, args: &[Value]) -> R {
    let a = operand(vm, &args[1])?;
    let b = operand(vm, &args[2])?;
    let context = this(vm, &args[0])?;
    if args[3].is_none() {
        return perform(vm, context, |work| series::power(&a, &b, work)).map(decimal);
    }
    let m = operand(vm, &args[3])?;
    perform_watched(vm, context, true, |work| {
        places::power_modulo(&a, &b, &m, work)
    })
    .map(decimal)
}

fn text_of(vm: &mut Vm, args: &[Value], engineering: bool) -> R {
    let a = operand(vm, &args[1])?;
    let capitals = this(vm, &args[0])?.settings.get().capitals;
    crate::builtins::adapt::string(vm, &text::to_text(&a, capitals, engineering))
}

fn create_decimal(vm: &mut Vm, args: &[Value]) -> R {
    let context: &ContextObject = this(vm, &args[0])?;
    construct::rounded(vm, &args[1], context).map(decimal)
}

fn create_decimal_from_float(vm: &mut Vm, args: &[Value]) -> R {
    let number = construct::from_float(vm, &args[1])?;
    let context = this(vm, &args[0])?;
    perform(vm, context, |work| work.finish(number.clone())).map(decimal)
}
