//! `decimal.Decimal`: its table.

use std::cmp::Ordering;

use super::construct;
use super::format::{self, Refused};
use super::order;
use super::state::{
    context_of, current, decimal, number_of, of_float, operand, perform, perform_watched, plain,
    rounding_of, signalled,
};
use super::text::to_text;
use super::work::{Out, Settings, Work, scaled, signal};
use super::{basic, places, series};
use crate::builtins::adapt::string;
use crate::builtins::arguments::pair;
use crate::heap::Value;
use crate::modules::asyncio::script;
use crate::object::class::class_flags;
use crate::object::complex::{Complex, complex};
use crate::object::decimal::{Decimal, Form, Number, power_of_ten};
use crate::object::float::{self, float};
use crate::object::int::{self, IntView};
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::receiver;
use crate::vm::Vm;
use dashu_int::{IBig, Sign, UBig};

/// `decimal.Decimal`
pub static DECIMAL: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "A decimal number, made of an integer, a float, text, a tuple or another one; of nothing it is 0.",
    new: Some(Def::leaf("__new__(cls, value='0', context=None)", new)),
    methods: METHODS,
    attributes: &[
        Attribute::get("real", |_, value| Ok(value.clone())),
        Attribute::get("imag", |_, _| Ok(decimal(Number::small(0)))),
    ],
    ..TypeDef::new("decimal", "Decimal", kind::DECIMAL)
};

static METHODS: &[Def] = &[
    Def::leaf("exp(self, /, context=None)", |vm, args| {
        one(vm, args, series::exp)
    }),
    Def::leaf("ln(self, /, context=None)", |vm, args| {
        one(vm, args, series::ln)
    }),
    Def::leaf("log10(self, /, context=None)", |vm, args| {
        one(vm, args, series::log10)
    }),
    Def::leaf("logb(self, /, context=None)", |vm, args| {
        one(vm, args, places::logb)
    }),
    Def::leaf("logical_invert(self, /, context=None)", |vm, args| {
        one(vm, args, places::logical_invert)
    }),
    Def::leaf("next_minus(self, /, context=None)", |vm, args| {
        one(vm, args, order::next_minus)
    }),
    Def::leaf("next_plus(self, /, context=None)", |vm, args| {
        one(vm, args, order::next_plus)
    }),
    Def::leaf("normalize(self, /, context=None)", |vm, args| {
        one(vm, args, places::reduce)
    }),
    Def::leaf("sqrt(self, /, context=None)", |vm, args| {
        one(vm, args, places::sqrt)
    }),
    Def::leaf("compare(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::compare)
    }),
    Def::leaf(
        "compare_signal(self, /, other, context=None)",
        |vm, args| two(vm, args, order::compare_signal),
    ),
    Def::leaf("compare_total(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::compare_total)
    }),
    Def::leaf(
        "compare_total_mag(self, /, other, context=None)",
        |vm, args| two(vm, args, order::compare_total_mag),
    ),
    Def::leaf("logical_and(self, /, other, context=None)", |vm, args| {
        two(vm, args, places::logical_and)
    }),
    Def::leaf("logical_or(self, /, other, context=None)", |vm, args| {
        two(vm, args, places::logical_or)
    }),
    Def::leaf("logical_xor(self, /, other, context=None)", |vm, args| {
        two(vm, args, places::logical_xor)
    }),
    Def::leaf("max(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::max)
    }),
    Def::leaf("max_mag(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::max_mag)
    }),
    Def::leaf("min(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::min)
    }),
    Def::leaf("min_mag(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::min_mag)
    }),
    Def::leaf("next_toward(self, /, other, context=None)", |vm, args| {
        two(vm, args, order::next_toward)
    }),
    Def::leaf(
        "remainder_near(self, /, other, context=None)",
        |vm, args| two(vm, args, basic::remainder_near),
    ),
    Def::leaf("rotate(self, /, other, context=None)", |vm, args| {
        two(vm, args, places::rotate)
    }),
    Def::leaf("scaleb(self, /, other, context=None)", |vm, args| {
        two(vm, args, places::scaleb)
    }),
    Def::leaf("shift(self, /, other, context=None)", |vm, args| {
        two(vm, args, places::shift)
    }),
    Def::leaf("is_finite(self, /)", |vm, args| {
        test(vm, args, |a| a.is_finite())
    }),
    Def::leaf("is_infinite(self, /)", |vm, args| {
        test(vm, args, |a| a.is_infinite())
    }),
    Def::leaf("is_nan(self, /)", |vm, args| test(vm, args, |a| a.is_nan())),
    Def::leaf("is_qnan(self, /)", |vm, args| {
        test(vm, args, |a| a.form == Form::Quiet)
    }),
    Def::leaf("is_signed(self, /)", |vm, args| {
        test(vm, args, |a| a.negative)
    }),
    Def::leaf("is_snan(self, /)", |vm, args| {
        test(vm, args, |a| a.is_signaling())
    }),
    Def::leaf("is_zero(self, /)", |vm, args| {
        test(vm, args, |a| a.is_zero())
    }),
    Def::leaf("__add__(self, value, /)", |vm, args| {
        operator(vm, &args[0], &args[1], basic::add)
    }),
    Def::leaf("__radd__(self, value, /)", |vm, args| {
        operator(vm, &args[1], &args[0], basic::add)
    }),
    Def::leaf("__sub__(self, value, /)", |vm, args| {
        operator(vm, &args[0], &args[1], basic::sub)
    }),
    Def::leaf("__rsub__(self, value, /)", |vm, args| {
        operator(vm, &args[1], &args[0], basic::sub)
    }),
    Def::leaf("__mul__(self, value, /)", |vm, args| {
        operator(vm, &args[0], &args[1], basic::mul)
    }),
    Def::leaf("__rmul__(self, value, /)", |vm, args| {
        operator(vm, &args[1], &args[0], basic::mul)
    }),
    Def::leaf("__truediv__(self, value, /)", |vm, args| {
        operator(vm, &args[0], &args[1], basic::div)
    }),
    Def::leaf("__rtruediv__(self, value, /)", |vm, args| {
        operator(vm, &args[1], &args[0], basic::div)
    }),
    Def::leaf("__floordiv__(self, value, /)", |vm, args| {
        operator(vm, &args[0], &args[1], basic::divide_int)
    }),
    Def::leaf("__rfloordiv__(self, value, /)", |vm, args| {
        operator(vm, &args[1], &args[0], basic::divide_int)
    }),
    Def::leaf("__mod__(self, value, /)", |vm, args| {
        operator(vm, &args[0], &args[1], basic::remainder)
    }),
    Def::leaf("__rmod__(self, value, /)", |vm, args| {
        operator(vm, &args[1], &args[0], basic::remainder)
    }),
    Def::leaf("__neg__(self, /)", |vm, args| sign(vm, args, basic::minus)),
    Def::leaf("__pos__(self, /)", |vm, args| sign(vm, args, basic::plus)),
    Def::leaf("__abs__(self, /)", |vm, args| sign(vm, args, basic::abs)),
    Def::leaf("__eq__(self, value, /)", |vm, args| {
        compare(vm, args, true, |o| o == Some(Ordering::Equal))
    }),
    Def::leaf("__ne__(self, value, /)", |vm, args| {
        compare(vm, args, true, |o| o != Some(Ordering::Equal))
    }),
    Def::leaf("__lt__(self, value, /)", |vm, args| {
        compare(vm, args, false, |o| o == Some(Ordering::Less))
    }),
    Def::leaf("__le__(self, value, /)", |vm, args| {
        compare(vm, args, false, |o| {
            matches!(o, Some(Ordering::Less | Ordering::Equal))
        })
    }),
    Def::leaf("__gt__(self, value, /)", |vm, args| {
        compare(vm, args, false, |o| o == Some(Ordering::Greater))
    }),
    Def::leaf("__ge__(self, value, /)", |vm, args| {
        compare(vm, args, false, |o| {
            matches!(o, Some(Ordering::Greater | Ordering::Equal))
        })
    }),
    Def::leaf("__divmod__(self, value, /)", |vm, args| {
        divmod(vm, &args[0], &args[1])
    }),
    Def::leaf("__rdivmod__(self, value, /)", |vm, args| {
        divmod(vm, &args[1], &args[0])
    }),
    Def::leaf("__pow__(self, value, mod=None, /)", |vm, args| {
        power(vm, &args[0], &args[1], &args[2])
    }),
    Def::leaf("__rpow__(self, value, mod=None, /)", |vm, args| {
        power(vm, &args[1], &args[0], &args[2])
    }),
    Def::leaf("__bool__(self, /)", |vm, args| {
        test(vm, args, |a| !a.is_zero())
    }),
    Def::leaf("__int__(self, /)", |vm, args| {
        to_int(vm, &args[0], |_, kept| kept)
    }),
    Def::leaf("__trunc__(self, /)", |vm, args| {
        to_int(vm, &args[0], |_, kept| kept)
    }),
    Def::leaf("__floor__(self, /)", |vm, args| {
        to_int(vm, &args[0], |a, kept| {
            if a.negative && !a.is_integer() {
                kept - IBig::ONE
            } else {
                kept
            }
        })
    }),
    Def::leaf("__ceil__(self, /)", |vm, args| {
        to_int(vm, &args[0], |a, kept| {
            if !a.negative && !a.is_integer() {
                kept + IBig::ONE
            } else {
                kept
            }
        })
    }),
    Def::leaf("__round__(self, ndigits=Undef, /)", round),
    Def::leaf("__float__(self, /)", to_float),
    Def::leaf("__complex__(self, /)", to_complex),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__repr__(self, /)", repr),
    Def::leaf("__str__(self, /)", str_),
    Def::leaf("__format__(self, format_spec, override=Undef, /)", format_),
    Def::leaf("__copy__(self, /)", same),
    Def::leaf("__deepcopy__(self, memo, /)", same),
    Def::leaf("__reduce__(self, /)", reduce),
    Def::leaf("__sizeof__(self, /)", sizeof),
    Def::leaf("adjusted(self, /)", adjusted),
    Def::leaf("as_integer_ratio(self, /)", as_integer_ratio),
    Def::leaf("as_tuple(self, /)", as_tuple),
    Def::leaf("canonical(self, /)", same),
    Def::leaf("conjugate(self, /)", same),
    Def::leaf("copy_abs(self, /)", |vm, args| {
        changed(vm, args, Number::abs)
    }),
    Def::leaf("copy_negate(self, /)", |vm, args| {
        changed(vm, args, Number::negated)
    }),
    Def::leaf("copy_sign(self, /, other, context=None)", |vm, args| {
        two(vm, args, |a, b, _| Ok(a.clone().signed(b.negative)))
    }),
    Def::leaf("fma(self, /, other, third, context=None)", fma),
    Def::leaf("from_float(cls, f, /)", from_float).class(),
    Def::leaf("is_canonical(self, /)", |vm, args| test(vm, args, |_| true)),
    Def::leaf("is_normal(self, /, context=None)", |vm, args| {
        range_test(vm, args, false)
    }),
    Def::leaf("is_subnormal(self, /, context=None)", |vm, args| {
        range_test(vm, args, true)
    }),
    Def::leaf("number_class(self, /, context=None)", number_class),
    Def::leaf(
        "quantize(self, /, exp, rounding=None, context=None)",
        quantize,
    ),
    Def::leaf("radix(self, /)", |_, _| Ok(decimal(Number::small(10)))),
    Def::leaf("same_quantum(self, /, other, context=None)", same_quantum),
    Def::leaf("to_eng_string(self, /, context=None)", to_eng_string),
    Def::leaf(
        "to_integral(self, /, rounding=None, context=None)",
        |vm, args| integral(vm, args, places::to_integral_value),
    ),
    Def::leaf(
        "to_integral_exact(self, /, rounding=None, context=None)",
        |vm, args| integral(vm, args, places::to_integral_exact),
    ),
    Def::leaf(
        "to_integral_value(self, /, rounding=None, context=None)",
        |vm, args| integral(vm, args, places::to_integral_value),
    ),
];

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &DECIMAL)?;
    if shape == kind::DECIMAL as u32 && args[1].is_exact::<Decimal>() {
        return Ok(args[1].clone());
    }
    let context = context_of(vm, &args[2])?;
    let number = construct::exact(vm, &args[1], &context)?;
    Ok(Decimal::alloc(shape, number).into_value())
}

fn number<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Number> {
    Ok(receiver!(vm, value, Decimal, "decimal.Decimal").number())
}

// ----- Operations in a context ----------------------------------------------

fn one(vm: &mut Vm, args: &[Value], op: fn(&Number, &mut Work) -> Out) -> R {
    let a = number(vm, &args[0])?;
    let context = context_of(vm, &args[1])?;
    perform(vm, &context, |work| op(a, work)).map(decimal)
}

fn two(vm: &mut Vm, args: &[Value], op: fn(&Number, &Number, &mut Work) -> Out) -> R {
    let a = number(vm, &args[0])?;
    let context = context_of(vm, &args[2])?;
    let b = operand(vm, &args[1])?;
    perform(vm, &context, |work| op(a, &b, work)).map(decimal)
}

fn test(vm: &mut Vm, args: &[Value], question: fn(&Number) -> bool) -> R {
    Ok(Value::bool(question(number(vm, &args[0])?)))
}

fn changed(vm: &mut Vm, args: &[Value], change: fn(&Number) -> Number) -> R {
    Ok(decimal(change(number(vm, &args[0])?)))
}

fn same(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn sign(vm: &mut Vm, args: &[Value], op: fn(&Number, &mut Work) -> Out) -> R {
    let a = number(vm, &args[0])?;
    let context = current(vm)?;
    perform(vm, &context, |work| op(a, work)).map(decimal)
}

fn operator(vm: &mut Vm, a: &Value, b: &Value, op: fn(&Number, &Number, &mut Work) -> Out) -> R {
    let (Some(a), Some(b)) = (number_of(a), number_of(b)) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let context = current(vm)?;
    perform(vm, &context, |work| op(&a, &b, work)).map(decimal)
}

fn divmod(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let (Some(a), Some(b)) = (number_of(a), number_of(b)) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let context = current(vm)?;
    let (quotient, rest) = perform(vm, &context, |work| basic::divmod(&a, &b, work))?;
    Ok(pair(decimal(quotient), decimal(rest)))
}

fn power(vm: &mut Vm, a: &Value, b: &Value, m: &Value) -> R {
    let (Some(a), Some(b)) = (number_of(a), number_of(b)) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let context = current(vm)?;
    if m.is_none() {
        return perform(vm, &context, |work| series::power(&a, &b, work)).map(decimal);
    }
    let Some(m) = number_of(m) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    perform_watched(vm, &context, true, |work| {
        places::power_modulo(&a, &b, &m, work)
    })
    .map(decimal)
}

fn fma(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    let context = context_of(vm, &args[3])?;
    let b = operand(vm, &args[1])?;
    let c = operand(vm, &args[2])?;
    perform(vm, &context, |work| basic::fma(a, &b, &c, work)).map(decimal)
}

fn quantize(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    let context = context_of(vm, &args[3])?;
    let rounding = match args[2].is_none() {
        true => context.settings.get().rounding,
        false => rounding_of(vm, &args[2])?,
    };
    let b = operand(vm, &args[1])?;
    let quantized = |work: &mut Work| {
        work.set.rounding = rounding;
        places::quantize(a, &b, work)
    };
    perform(vm, &context, quantized).map(decimal)
}

fn integral(vm: &mut Vm, args: &[Value], op: fn(&Number, &mut Work) -> Out) -> R {
    let a = number(vm, &args[0])?;
    let context = context_of(vm, &args[2])?;
    let rounding = match args[1].is_none() {
        true => context.settings.get().rounding,
        false => rounding_of(vm, &args[1])?,
    };
    let rounded = |work: &mut Work| {
        work.set.rounding = rounding;
        op(a, work)
    };
    perform(vm, &context, rounded).map(decimal)
}

fn range_test(vm: &mut Vm, args: &[Value], below: bool) -> R {
    let a = number(vm, &args[0])?;
    let emin = context_of(vm, &args[1])?.settings.get().emin;
    let ordinary = a.is_finite() && !a.is_zero();
    Ok(Value::bool(ordinary && (a.adjusted() < emin) == below))
}

fn number_class(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    let work = Work::new(context_of(vm, &args[1])?.settings.get());
    Ok(script::text(order::number_class(a, &work)))
}

fn same_quantum(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    context_of(vm, &args[2])?;
    let b = operand(vm, &args[1])?;
    Ok(Value::bool(places::same_quantum(a, &b)))
}

// ----- Comparisons ----------------------------------------------------------

/// Both sides of a comparison; None if the other one is no number.
fn sides(vm: &mut Vm, args: &[Value], equality: bool) -> R<Option<(Number, Number)>> {
    let a = number(vm, &args[0])?;
    if let Some(b) = number_of(&args[1]) {
        return Ok(Some((a.clone(), b.into_owned())));
    }
    let mut other = float::as_float(&args[1]);
    if equality && let Some(value) = args[1].get::<Complex>() {
        let (re, im) = value.parts();
        other = (im == 0.0).then_some(re);
    }
    if let Some(f) = other {
        let context = current(vm)?;
        if equality {
            let flags = context.flags_object();
            flags.bits.set(flags.bits.get() | signal::FLOAT);
        } else {
            signalled(vm, &context, signal::FLOAT)?;
        }
        let b = of_float(f);
        return Ok(Some((a.clone(), plain(vm, b)?)));
    }
    if !args[1].is_object() || args[1].is_kind::<Str>() {
        return Ok(None);
    }
    let rational = script::import_attr(vm, "numbers", "Rational")?;
    if !vm.is_instance(&args[1], &rational)? {
        return Ok(None);
    }
    against_rational(vm, a, &args[1]).map(Some)
}

/// `a` and a fraction, both times the denominator.
fn against_rational(vm: &mut Vm, a: &Number, other: &Value) -> R<(Number, Number)> {
    let numerator = vm.get_attr(other, "numerator")?;
    let denominator = vm.get_attr(other, "denominator")?;
    let (Some(numerator), Some(denominator)) = (number_of(&numerator), number_of(&denominator))
    else {
        return Err(vm.type_error("numerator and denominator must be integers"));
    };
    let mut work = Work::new(Settings::MAX);
    let left = if a.is_finite() {
        let product = basic::mul(a, &denominator, &mut work);
        plain(vm, product)?
    } else {
        a.clone()
    };
    Ok((left, numerator.into_owned()))
}

fn compare(vm: &mut Vm, args: &[Value], equality: bool, answer: fn(Option<Ordering>) -> bool) -> R {
    let order = match (args[0].get::<Decimal>(), args[1].get::<Decimal>()) {
        (Some(a), Some(b)) if !a.number().is_nan() && !b.number().is_nan() => {
            Some(order::numeric(a.number(), b.number()))
        }
        _ => match sides(vm, args, equality)? {
            None => return Ok(Value::NOT_IMPLEMENTED),
            Some((a, b)) if a.is_nan() || b.is_nan() => {
                if !equality || a.is_signaling() || b.is_signaling() {
                    let context = current(vm)?;
                    signalled(vm, &context, signal::INVALID)?;
                }
                // Nothing is true of a NaN but that it is another.
                return Ok(Value::bool(equality && answer(None)));
            }
            Some((a, b)) => Some(order::numeric(&a, &b)),
        },
    };
    Ok(Value::bool(answer(order)))
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    const MODULUS: u128 = (1 << 61) - 1;
    let a = number(vm, &args[0])?;
    match a.form {
        Form::Signaling => return Err(vm.type_error("Cannot hash a signaling NaN value")),
        Form::Quiet => return Ok(int::from_i64(vm.identity_hash(&args[0]))),
        Form::Infinite => return Ok(Value::int32(if a.negative { -314_159 } else { 314_159 })),
        Form::Finite => {}
    }
    let power = |mut base: u128, mut times: u64| {
        let mut result = 1u128;
        while times > 0 {
            if times & 1 == 1 {
                result = result * base % MODULUS;
            }
            base = base * base % MODULUS;
            times >>= 1;
        }
        result
    };
    // 10 to a negative power is a power of its inverse.
    let ten = if a.exp >= 0 {
        10
    } else {
        power(10, MODULUS as u64 - 2)
    };
    let scale = power(ten, a.exp.unsigned_abs());
    let coef = (&a.coef % UBig::from(MODULUS)).try_into().unwrap_or(0u128);
    let hash = (coef * scale % MODULUS) as i64;
    Ok(int::from_i64(match if a.negative { -hash } else { hash } {
        -1 => -2,
        hash => hash,
    }))
}

// ----- Conversions ----------------------------------------------------------

fn to_int(vm: &mut Vm, value: &Value, adjust: fn(&Number, IBig) -> IBig) -> R {
    let a = number(vm, value)?;
    finite(vm, a, "integer")?;
    let whole = places::integer_of(a);
    let whole = plain(vm, whole)?;
    let sign = if a.negative {
        Sign::Negative
    } else {
        Sign::Positive
    };
    Ok(int::from_big(adjust(a, IBig::from_parts(sign, whole))))
}

fn finite(vm: &mut Vm, a: &Number, what: &str) -> R<()> {
    if a.is_nan() {
        return Err(vm.value_error(format!("cannot convert NaN to {what}")));
    }
    if a.is_infinite() {
        return Err(vm.overflow_error(format!("cannot convert Infinity to {what}")));
    }
    Ok(())
}

fn round(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    if args[1].is_undef() || args[1].is_none() {
        finite(vm, a, "integer")?;
        let work = Work::new(Settings::MAX);
        let rounded = if a.exp < 0 {
            work.rounded_to(a, 0).map(|(rounded, _)| rounded)
        } else {
            Ok(a.clone())
        };
        let rounded = plain(vm, rounded)?;
        return to_int(vm, &decimal(rounded), |_, kept| kept);
    }
    let Some(view) = IntView::of(&args[1]) else {
        return Err(vm.type_error("optional arg must be an integer"));
    };
    let Some(places) = view.as_i64() else {
        return Err(vm.overflow_error("Python int too large to convert to C ssize_t"));
    };
    let unit = Number::new(false, UBig::ONE, places.saturating_neg());
    let context = current(vm)?;
    perform(vm, &context, |work| places::quantize(a, &unit, work)).map(decimal)
}

fn as_f64(vm: &mut Vm, value: &Value) -> R<f64> {
    let a = number(vm, value)?;
    Ok(match a.form {
        Form::Signaling => {
            return Err(vm.value_error("cannot convert signaling NaN to float"));
        }
        Form::Quiet if a.negative => -f64::NAN,
        Form::Quiet => f64::NAN,
        Form::Infinite if a.negative => f64::NEG_INFINITY,
        Form::Infinite => f64::INFINITY,
        Form::Finite => to_text(a, false, false).parse().unwrap_or(f64::NAN),
    })
}

fn to_float(vm: &mut Vm, args: &[Value]) -> R {
    as_f64(vm, &args[0]).map(float)
}

fn to_complex(vm: &mut Vm, args: &[Value]) -> R {
    as_f64(vm, &args[0]).map(|re| complex((re, 0.0)))
}

fn from_float(vm: &mut Vm, args: &[Value]) -> R {
    let number = construct::from_float(vm, &args[1])?;
    construct::of_class(vm, &args[0], number)
}

fn as_tuple(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    construct::to_tuple(vm, a)
}

fn adjusted(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    Ok(int::from_i64(if a.is_finite() && !a.is_zero() {
        a.adjusted()
    } else if a.is_finite() {
        a.exp
    } else {
        0
    }))
}

fn as_integer_ratio(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    finite(vm, a, "integer ratio")?;
    let sign = if a.negative {
        Sign::Negative
    } else {
        Sign::Positive
    };
    if a.coef.is_zero() {
        return Ok(pair(Value::int32(0), Value::int32(1)));
    }
    if a.exp >= 0 {
        let whole = scaled(&a.coef, a.exp);
        let whole = plain(vm, whole)?;
        return Ok(pair(
            int::from_big(IBig::from_parts(sign, whole)),
            Value::int32(1),
        ));
    }
    let checked = super::work::room(a.exp.saturating_neg());
    plain(vm, checked)?;
    let below = power_of_ten(a.exp.unsigned_abs());
    let common = dashu_int::ops::Gcd::gcd(&a.coef, &below);
    Ok(pair(
        int::from_big(IBig::from_parts(sign, &a.coef / &common)),
        int::from_big(IBig::from(below / common)),
    ))
}

/// What CPython needs: four words for 19 digits each in the object, more outside.
fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let words = (number(vm, &args[0])?.digits() + 18) / 19;
    Ok(int::from_i64(104 + (words - 4).max(0) * 8))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let text = to_text(number(vm, &args[0])?, true, false);
    let text = string(vm, &text)?;
    let class = vm.class_of(&args[0]).into_value();
    Ok(script::tuple(vec![class, script::tuple(vec![text])]))
}

// ----- Text -----------------------------------------------------------------

fn str_(vm: &mut Vm, args: &[Value]) -> R {
    let capitals = current(vm)?.settings.get().capitals;
    let text = to_text(number(vm, &args[0])?, capitals, false);
    string(vm, &text)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let capitals = current(vm)?.settings.get().capitals;
    let text = to_text(number(vm, &args[0])?, capitals, false);
    string(vm, &format!("Decimal('{text}')"))
}

fn to_eng_string(vm: &mut Vm, args: &[Value]) -> R {
    let capitals = context_of(vm, &args[1])?.settings.get().capitals;
    let text = to_text(number(vm, &args[0])?, capitals, true);
    string(vm, &text)
}

fn format_(vm: &mut Vm, args: &[Value]) -> R {
    let a = number(vm, &args[0])?;
    let Some(spec) = args[1].get::<Str>() else {
        return Err(vm.type_error("format arg must be str"));
    };
    let settings = current(vm)?.settings.get();
    let mut parsed = match format::parse(&spec.to_text(), settings.capitals) {
        Ok(parsed) => parsed,
        Err(Refused::Invalid) => return Err(vm.value_error("invalid format string")),
        Err(Refused::BeyondLimits) => {
            return Err(vm.value_error("format specification exceeds internal limits of _decimal"));
        }
        Err(Refused::TooLarge) if a.is_finite() => {
            return Err(vm.overflow_error("cannot fit 'int' into an index-sized integer"));
        }
        Err(Refused::TooLarge) => return str_(vm, args),
    };
    if parsed.deprecated {
        vm.warn(
            crate::vm::types::Known::DeprecationWarning,
            "Format specifier 'N' is deprecated",
        )?;
    }
    if !args[2].is_undef() {
        overrides(vm, &args[2], &mut parsed)?;
    }
    let text = format::formatted(a, &parsed, settings.rounding);
    let text = plain(vm, text)?;
    string(vm, &text)
}

/// What `localeconv` would say, given as a dict.
fn overrides(vm: &mut Vm, value: &Value, spec: &mut format::Spec) -> R<()> {
    if !value.is_kind::<crate::object::dict::Dict>() {
        return Err(vm.type_error("optional argument must be a dict"));
    }
    let mut texts = Vec::new();
    for name in ["decimal_point", "thousands_sep", "grouping"] {
        match script::get_item(value, name) {
            None => texts.push(None),
            Some(text) if text.is_kind::<Str>() => texts.push(Some(script::as_text(&text))),
            Some(_) => {
                return Err(vm.type_error(format!("{name} must be str")));
            }
        }
    }
    let mut texts = texts.into_iter();
    if let Some(point) = texts.next().flatten() {
        spec.point = point;
    }
    if let Some(separator) = texts.next().flatten() {
        spec.separator = separator;
    }
    if let Some(grouping) = texts.next().flatten() {
        spec.grouping = grouping
            .chars()
            .map(|c| if c as u32 >= 127 { 0 } else { c as usize })
            .collect();
    }
    Ok(())
}
