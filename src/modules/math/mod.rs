//! `math`: functions of real numbers and of integers.

mod gamma;
mod integers;
mod sums;

use crate::builtins::arguments::{float, number, pair, put};
use crate::heap::{Ref, Value};
use crate::object::float::{Float, as_float, frexp as split};
use crate::object::int::{self, IntView};
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, Raised};
use crate::vm::Vm;
use crate::vm::special::Special;

/// `math`
pub static MODULE: ModuleDef = ModuleDef {
    name: "math",
    doc: "Functions of real numbers.",
    functions: FUNCTIONS,
    types: &[],
    setup: Some(setup),
};

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let constants = [
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in constants {
        put(vm, &module.namespace, name, float(value))?;
    }
    Ok(())
}

/// Functions of one number whose result is wrong only where the argument is.
macro_rules! plain {
    ($($rust:ident: $function:expr;)+) => {
        $(fn $rust(vm: &mut Vm, args: &[Value]) -> R {
            let x = number(vm, &args[0])?;
            let function: fn(f64) -> f64 = $function;
            checked(vm, x, function(x), false)
        })+
    };
}

/// As `plain`; an infinite result of a finite argument is an overflow.
macro_rules! growing {
    ($($rust:ident: $function:expr;)+) => {
        $(fn $rust(vm: &mut Vm, args: &[Value]) -> R {
            let x = number(vm, &args[0])?;
            let function: fn(f64) -> f64 = $function;
            checked(vm, x, function(x), true)
        })+
    };
}

/// A result that is no number where the argument was, or infinite where it was not, is an error.
fn checked(vm: &mut Vm, x: f64, result: f64, can_overflow: bool) -> R {
    if result.is_nan() && !x.is_nan() {
        return Err(domain_error(vm));
    }
    if result.is_infinite() && x.is_finite() {
        return Err(if can_overflow {
            range_error(vm)
        } else {
            domain_error(vm)
        });
    }
    Ok(float(result))
}

fn domain_error(vm: &mut Vm) -> Raised {
    vm.value_error("math domain error")
}

fn range_error(vm: &mut Vm) -> Raised {
    vm.overflow_error("math range error")
}

plain! {
    acos: f64::acos;
    asin: f64::asin;
    atan: f64::atan;
    atanh: libm::atanh;
    asinh: libm::asinh;
    acosh: libm::acosh;
    cos: f64::cos;
    sin: f64::sin;
    tan: f64::tan;
    tanh: f64::tanh;
    sqrt: f64::sqrt;
    fabs: f64::abs;
    erf: libm::erf;
    erfc: libm::erfc;
    degrees: |x| x * (180.0 / std::f64::consts::PI);
    radians: |x| x * (std::f64::consts::PI / 180.0);
    log1p: f64::ln_1p;
    cbrt: f64::cbrt;
}

growing! {
    exp: f64::exp;
    exp2: f64::exp2;
    expm1: f64::exp_m1;
    cosh: f64::cosh;
    sinh: f64::sinh;
}

fn gamma(vm: &mut Vm, args: &[Value]) -> R {
    let x = number(vm, &args[0])?;
    if x == f64::NEG_INFINITY || x == 0.0 || (x < 0.0 && x.fract() == 0.0) {
        return Err(domain_error(vm));
    }
    checked(vm, x, gamma::gamma(x), true)
}

fn lgamma(vm: &mut Vm, args: &[Value]) -> R {
    let x = number(vm, &args[0])?;
    if x.is_infinite() {
        return Ok(float(f64::INFINITY));
    }
    if x <= 0.0 && x.fract() == 0.0 {
        return Err(domain_error(vm));
    }
    checked(vm, x, gamma::lgamma(x), true)
}

fn atan2(vm: &mut Vm, args: &[Value]) -> R {
    let (y, x) = (number(vm, &args[0])?, number(vm, &args[1])?);
    Ok(float(y.atan2(x)))
}

fn copysign(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y) = (number(vm, &args[0])?, number(vm, &args[1])?);
    Ok(float(x.copysign(y)))
}

fn fmod(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y) = (number(vm, &args[0])?, number(vm, &args[1])?);
    if y.is_infinite() && x.is_finite() {
        return Ok(float(x));
    }
    let result = x % y;
    if result.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(vm));
    }
    Ok(float(result))
}

fn remainder(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y) = (number(vm, &args[0])?, number(vm, &args[1])?);
    if x.is_nan() || y.is_nan() {
        return Ok(float(if x.is_nan() { x } else { y }));
    }
    if x.is_infinite() || y == 0.0 {
        return Err(domain_error(vm));
    }
    Ok(float(libm::remainder(x, y)))
}

fn pow(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y) = (number(vm, &args[0])?, number(vm, &args[1])?);
    let result = x.powf(y);
    if !x.is_finite() || !y.is_finite() {
        return Ok(float(result));
    }
    if result.is_nan() || (result.is_infinite() && x == 0.0) {
        return Err(domain_error(vm));
    }
    if result.is_infinite() {
        return Err(range_error(vm));
    }
    Ok(float(result))
}

fn fma(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y, z) = (
        number(vm, &args[0])?,
        number(vm, &args[1])?,
        number(vm, &args[2])?,
    );
    let result = x.mul_add(y, z);
    if result.is_finite() {
        return Ok(float(result));
    }
    if result.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
        return Err(vm.value_error("invalid operation in fma"));
    }
    if result.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
        return Err(vm.overflow_error("overflow in fma"));
    }
    Ok(float(result))
}

/// The logarithm of a positive number by `function`; of an integer too large for a float by its bits.
fn logarithm(vm: &mut Vm, value: &Value, function: fn(f64) -> f64) -> R<f64> {
    if let Some(view) = IntView::of(value) {
        if view.is_negative() || view.is_zero() {
            return Err(domain_error(vm));
        }
        if let Ok(x) = view.to_f64() {
            return Ok(function(x));
        }
        let shift = view.bit_length() - 64;
        let top = view.into_big() >> shift as usize;
        let top = IntView::of_big(&top).to_f64().unwrap_or(f64::INFINITY);
        return Ok(function(top) + function(2.0) * shift as f64);
    }
    let x = number(vm, value)?;
    if x > 0.0 || x.is_nan() {
        return Ok(function(x));
    }
    Err(domain_error(vm))
}

fn log(vm: &mut Vm, args: &[Value]) -> R {
    let top = logarithm(vm, &args[0], f64::ln)?;
    if args[1].is_undef() {
        return Ok(float(top));
    }
    let base = logarithm(vm, &args[1], f64::ln)?;
    if base == 0.0 {
        return Err(vm.zero_division("float division by zero"));
    }
    Ok(float(top / base))
}

fn log2(vm: &mut Vm, args: &[Value]) -> R {
    logarithm(vm, &args[0], f64::log2).map(float)
}

fn log10(vm: &mut Vm, args: &[Value]) -> R {
    logarithm(vm, &args[0], f64::log10).map(float)
}

fn frexp(vm: &mut Vm, args: &[Value]) -> R {
    let x = number(vm, &args[0])?;
    if x == 0.0 || !x.is_finite() {
        return Ok(pair(float(x), Value::int32(0)));
    }
    let (mantissa, exponent) = split(x);
    Ok(pair(float(mantissa), Value::int32(exponent)))
}

fn ldexp(vm: &mut Vm, args: &[Value]) -> R {
    let x = number(vm, &args[0])?;
    let Some(exponent) = IntView::of(&args[1]) else {
        return Err(vm.type_error("Expected an int as second argument to ldexp."));
    };
    let exponent = exponent.clamped();
    if x == 0.0 || !x.is_finite() {
        return Ok(float(x));
    }
    let result = crate::object::int_math::times_power_of_two(x, exponent.clamp(-5000, 5000));
    if result.is_infinite() {
        return Err(range_error(vm));
    }
    Ok(float(result))
}

fn modf(vm: &mut Vm, args: &[Value]) -> R {
    let x = number(vm, &args[0])?;
    if x.is_infinite() {
        return Ok(pair(float(0.0f64.copysign(x)), float(x)));
    }
    Ok(pair(float(x.fract().copysign(x)), float(x.trunc())))
}

fn isfinite(vm: &mut Vm, args: &[Value]) -> R {
    number(vm, &args[0]).map(|x| Value::bool(x.is_finite()))
}

fn isinf(vm: &mut Vm, args: &[Value]) -> R {
    number(vm, &args[0]).map(|x| Value::bool(x.is_infinite()))
}

fn isnan(vm: &mut Vm, args: &[Value]) -> R {
    number(vm, &args[0]).map(|x| Value::bool(x.is_nan()))
}

fn isclose(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (number(vm, &args[0])?, number(vm, &args[1])?);
    let (relative, absolute) = (number(vm, &args[2])?, number(vm, &args[3])?);
    if relative < 0.0 || absolute < 0.0 {
        return Err(vm.value_error("tolerances must be non-negative"));
    }
    if a == b {
        return Ok(Value::TRUE);
    }
    if a.is_infinite() || b.is_infinite() {
        return Ok(Value::FALSE);
    }
    let gap = (b - a).abs();
    let close = gap <= (relative * b).abs() || gap <= (relative * a).abs() || gap <= absolute;
    Ok(Value::bool(close))
}

/// `floor`, `ceil` and `trunc`: a float is rounded here, anything else by its method.
fn rounded(vm: &mut Vm, value: &Value, special: Special, round: fn(f64) -> f64) -> R {
    let plain = value.as_inline_float().is_some() || value.is_exact::<Float>();
    if plain && let Some(x) = as_float(value) {
        let result = int::from_f64(round(x));
        return vm.lift(result);
    }
    if let Some(method) = vm.special_of(value, special) {
        let step = vm.call_special(method, value, &[]);
        return vm.finish(step);
    }
    if special == Special::Trunc {
        let name = vm.type_name(value);
        return Err(vm.type_error(format!("type {name} doesn't define __trunc__ method")));
    }
    let x = number(vm, value)?;
    let result = int::from_f64(round(x));
    vm.lift(result)
}

fn floor(vm: &mut Vm, args: &[Value]) -> R {
    rounded(vm, &args[0], Special::Floor, f64::floor)
}

fn ceil(vm: &mut Vm, args: &[Value]) -> R {
    rounded(vm, &args[0], Special::Ceil, f64::ceil)
}

fn trunc(vm: &mut Vm, args: &[Value]) -> R {
    rounded(vm, &args[0], Special::Trunc, f64::trunc)
}

fn nextafter(vm: &mut Vm, args: &[Value]) -> R {
    let (x, y) = (number(vm, &args[0])?, number(vm, &args[1])?);
    if args[2].is_none() {
        return Ok(float(steps_towards(x, y, 1)));
    }
    let steps = vm.index_value(&args[2])?;
    let steps = IntView::of(&steps).map_or(0, IntView::clamped);
    if steps < 0 {
        return Err(vm.value_error("steps must be a non-negative integer"));
    }
    Ok(float(steps_towards(x, y, steps as u64)))
}

/// The number that lies `steps` representable numbers from `x` in the direction of `y`, at most `y`.
fn steps_towards(x: f64, y: f64, steps: u64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return x + y;
    }
    if x == y || steps == 0 {
        return if steps == 0 { x } else { y };
    }
    // On this scale neighbours differ by one.
    let place = |f: f64| {
        let bits = f.to_bits() as i64;
        if bits < 0 {
            i64::MIN.wrapping_sub(bits) as i128
        } else {
            bits as i128
        }
    };
    let (from, to) = (place(x), place(y));
    let moved = if to > from {
        (from + steps as i128).min(to)
    } else {
        (from - steps as i128).max(to)
    };
    if moved == 0 {
        return 0.0f64.copysign(x);
    }
    if moved == to {
        return y;
    }
    let bits = if moved < 0 {
        (i64::MIN as i128 - moved) as i64
    } else {
        moved as i64
    };
    let result = f64::from_bits(bits as u64);
    if result == 0.0 {
        0.0f64.copysign(x)
    } else {
        result
    }
}

fn ulp(vm: &mut Vm, args: &[Value]) -> R {
    let x = number(vm, &args[0])?.abs();
    if !x.is_finite() {
        return Ok(float(x));
    }
    let above = steps_towards(x, f64::INFINITY, 1);
    Ok(float(if above.is_infinite() {
        x - steps_towards(x, 0.0, 1)
    } else {
        above - x
    }))
}

static FUNCTIONS: &[Def] = &[
    Def::leaf("acos(x, /)", acos).doc("The angle whose cosine is x, in radians."),
    Def::leaf("acosh(x, /)", acosh).doc("The number whose hyperbolic cosine is x."),
    Def::leaf("asin(x, /)", asin).doc("The angle whose sine is x, in radians."),
    Def::leaf("asinh(x, /)", asinh).doc("The number whose hyperbolic sine is x."),
    Def::leaf("atan(x, /)", atan).doc("The angle whose tangent is x, in radians."),
    Def::leaf("atan2(y, x, /)", atan2)
        .doc("The angle of the point (x, y), in radians, in all four quadrants."),
    Def::leaf("atanh(x, /)", atanh).doc("The number whose hyperbolic tangent is x."),
    Def::leaf("cbrt(x, /)", cbrt).doc("The number whose third power is x."),
    Def::leaf("ceil(x, /)", ceil).doc("The smallest integer that is not below x."),
    Def::leaf("copysign(x, y, /)", copysign).doc("The size of x with the sign of y."),
    Def::leaf("cos(x, /)", cos).doc("The cosine of an angle in radians."),
    Def::leaf("cosh(x, /)", cosh).doc("The hyperbolic cosine."),
    Def::leaf("degrees(x, /)", degrees).doc("Radians as degrees."),
    Def::leaf("dist(p, q, /)", sums::dist).doc("How far apart two points are."),
    Def::leaf("erf(x, /)", erf).doc("The error function."),
    Def::leaf("erfc(x, /)", erfc).doc("One less the error function, exact for large x."),
    Def::leaf("exp(x, /)", exp).doc("e to the power x."),
    Def::leaf("exp2(x, /)", exp2).doc("Two to the power x."),
    Def::leaf("expm1(x, /)", expm1).doc("Return exp(x)-1."),
    Def::leaf("fabs(x, /)", fabs).doc("The size of x, as a float."),
    Def::leaf("floor(x, /)", floor).doc("The largest integer that is not above x."),
    Def::leaf("fma(x, y, z, /)", fma).doc("x*y + z with one rounding only."),
    Def::leaf("fmod(x, y, /)", fmod)
        .doc("What is left of x after whole multiples of y, with the sign of x."),
    Def::leaf("frexp(x, /)", frexp)
        .doc("m and e such that x is m * 2**e, with m from 0.5 up to 1."),
    Def::leaf("fsum(seq, /)", sums::fsum).doc("The sum, rounded only once."),
    Def::leaf("gamma(x, /)", gamma).doc("The gamma function."),
    Def::leaf("hypot(*coordinates)", sums::hypot)
        .doc("Multidimensional Euclidean distance from the origin to a point."),
    Def::leaf("isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", isclose)
        .doc("Whether two floats differ by no more than the tolerances allow."),
    Def::leaf("isfinite(x, /)", isfinite).doc("Whether x is an ordinary number."),
    Def::leaf("isinf(x, /)", isinf).doc("Whether x is infinite, of either sign."),
    Def::leaf("isnan(x, /)", isnan).doc("Whether x is not a number."),
    Def::leaf("ldexp(x, i, /)", ldexp).doc("x times the i-th power of two."),
    Def::leaf("lgamma(x, /)", lgamma).doc("The logarithm of the size of the gamma function."),
    Def::leaf("log(x, base=<unset>, /)", log).doc("Return the logarithm of x to the given base."),
    Def::leaf("log10(x, /)", log10).doc("The logarithm to the base ten."),
    Def::leaf("log1p(x, /)", log1p).doc("log(1 + x), exact for small x."),
    Def::leaf("log2(x, /)", log2).doc("The logarithm to the base two."),
    Def::leaf("modf(x, /)", modf).doc("What is behind the point, and what before it."),
    Def::leaf("nextafter(x, y, /, *, steps=None)", nextafter)
        .doc("The float that is so many steps from x in the direction of y."),
    Def::leaf("pow(x, y, /)", pow).doc("x to the power y, as a float."),
    Def::leaf("prod(iterable, /, *, start=1)", sums::prod)
        .doc("All items multiplied, with a number to start from."),
    Def::leaf("radians(x, /)", radians).doc("Degrees as radians."),
    Def::leaf("remainder(x, y, /)", remainder)
        .doc("What is left of x after the nearest whole multiple of y."),
    Def::leaf("sin(x, /)", sin).doc("The sine of an angle in radians."),
    Def::leaf("sinh(x, /)", sinh).doc("The hyperbolic sine."),
    Def::leaf("sqrt(x, /)", sqrt).doc("The root of x."),
    Def::leaf("sumprod(p, q, /)", sums::sumprod)
        .doc("The products of the items of both, added up."),
    Def::leaf("tan(x, /)", tan).doc("The tangent of an angle in radians."),
    Def::leaf("tanh(x, /)", tanh).doc("The hyperbolic tangent."),
    Def::leaf("trunc(x, /)", trunc).doc("The integer before the point."),
    Def::leaf("ulp(x, /)", ulp).doc("How far it is from x to the next float."),
    Def::leaf("comb(n, k, /)", integers::comb)
        .doc("In how many ways k of n things can be chosen, their order aside."),
    Def::leaf("factorial(n, /)", integers::factorial).doc("Find n!."),
    Def::leaf("gcd(*integers)", integers::gcd).doc("The largest number that divides all of these."),
    Def::leaf("isqrt(n, /)", integers::isqrt)
        .doc("The largest integer whose square is not above n."),
    Def::leaf("lcm(*integers)", integers::lcm).doc("The smallest number that all of these divide."),
    Def::leaf("perm(n, k=None, /)", integers::perm)
        .doc("In how many ways k of n things can be put in order."),
];
