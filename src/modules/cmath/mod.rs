//! `cmath`: functions of complex numbers, with the branch cuts and the results
//! for infinities and NaN of Annex G of C99.

mod special;

use std::f64::consts::{FRAC_PI_2, LN_2, LN_10, PI};

use crate::builtins::arguments::{float, number, pair, put};
use crate::builtins::complex::by_method;
use crate::heap::{Ref, Value};
use crate::object::complex::{self, Complex};
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, Raised};
use crate::vm::Vm;
use special::{
    ACOS, ACOSH, ASINH, ATANH, COSH, EXP, INF, LOG, RECT, SINH, SQRT, TANH, class_of, special,
};

type Parts = (f64, f64);

/// `cmath`
pub static MODULE: ModuleDef = ModuleDef {
    name: "cmath",
    doc: "Functions of complex numbers.",
    functions: &[
        Def::leaf("acos(z, /)", |vm, args| apply(vm, args, acos))
            .doc("The number whose cosine is z."),
        Def::leaf("acosh(z, /)", |vm, args| apply(vm, args, acosh))
            .doc("The number whose hyperbolic cosine is z."),
        Def::leaf("asin(z, /)", |vm, args| apply(vm, args, asin))
            .doc("The number whose sine is z."),
        Def::leaf("asinh(z, /)", |vm, args| apply(vm, args, asinh))
            .doc("The number whose hyperbolic sine is z."),
        Def::leaf("atan(z, /)", |vm, args| apply(vm, args, atan))
            .doc("The number whose tangent is z."),
        Def::leaf("atanh(z, /)", |vm, args| apply(vm, args, atanh))
            .doc("The number whose hyperbolic tangent is z."),
        Def::leaf("cos(z, /)", |vm, args| apply(vm, args, cos)).doc("The complex cosine."),
        Def::leaf("cosh(z, /)", |vm, args| apply(vm, args, cosh))
            .doc("The complex hyperbolic cosine."),
        Def::leaf("exp(z, /)", |vm, args| apply(vm, args, exp)).doc("e to the power z."),
        Def::leaf("isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", isclose)
            .doc("Whether two numbers differ by no more than the tolerances allow."),
        Def::leaf("isfinite(z, /)", |vm, args| {
            let z = argument(vm, &args[0])?;
            Ok(Value::bool(z.0.is_finite() && z.1.is_finite()))
        })
        .doc("Whether both parts are ordinary numbers."),
        Def::leaf("isinf(z, /)", |vm, args| {
            let z = argument(vm, &args[0])?;
            Ok(Value::bool(z.0.is_infinite() || z.1.is_infinite()))
        })
        .doc("Whether one of the parts is infinite."),
        Def::leaf("isnan(z, /)", |vm, args| {
            let z = argument(vm, &args[0])?;
            Ok(Value::bool(z.0.is_nan() || z.1.is_nan()))
        })
        .doc("Whether one of the parts is not a number."),
        Def::leaf("log(z, base=<unset>, /)", log_of)
            .doc("The logarithm, natural or to the given base."),
        Def::leaf("log10(z, /)", |vm, args| apply(vm, args, log10))
            .doc("The logarithm to the base ten."),
        Def::leaf("phase(z, /)", |vm, args| {
            let z = argument(vm, &args[0])?;
            let phi = z.1.atan2(z.0);
            if phi == 0.0 && z.1 != 0.0 && z.0.is_finite() {
                // Too small an angle.
                return Err(raised(vm, Wrong::Range));
            }
            Ok(float(phi))
        })
        .doc("The angle of z, in radians."),
        Def::leaf("polar(z, /)", polar).doc("Size and angle of z."),
        Def::leaf("rect(r, phi, /)", rect).doc("The number of that size and angle."),
        Def::leaf("sin(z, /)", |vm, args| apply(vm, args, sin)).doc("The complex sine."),
        Def::leaf("sinh(z, /)", |vm, args| apply(vm, args, sinh))
            .doc("The complex hyperbolic sine."),
        Def::leaf("sqrt(z, /)", |vm, args| apply(vm, args, sqrt)).doc("The root of z."),
        Def::leaf("tan(z, /)", |vm, args| apply(vm, args, tan)).doc("The complex tangent."),
        Def::leaf("tanh(z, /)", |vm, args| apply(vm, args, tanh))
            .doc("The complex hyperbolic tangent."),
    ],
    types: &[],
    setup: Some(setup),
};

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let constants = [
        ("pi", float(PI)),
        ("e", float(std::f64::consts::E)),
        ("tau", float(std::f64::consts::TAU)),
        ("inf", float(f64::INFINITY)),
        ("infj", complex::complex((0.0, f64::INFINITY))),
        ("nan", float(f64::NAN)),
        ("nanj", complex::complex((0.0, f64::NAN))),
    ];
    for (name, value) in constants {
        put(vm, &module.namespace, name, value)?;
    }
    Ok(())
}

/// What a function cannot answer.
enum Wrong {
    Domain,
    Range,
}

type Answer = Result<Parts, Wrong>;

fn argument(vm: &mut Vm, value: &Value) -> R<Parts> {
    if let Some(z) = value.get_exact::<Complex>() {
        return Ok(z.parts());
    }
    if let Some(parts) = by_method(vm, value)? {
        return Ok(parts);
    }
    match value.get::<Complex>() {
        Some(z) => Ok(z.parts()),
        None => number(vm, value).map(|x| (x, 0.0)),
    }
}

fn raised(vm: &mut Vm, wrong: Wrong) -> Raised {
    match wrong {
        Wrong::Domain => vm.value_error("math domain error"),
        Wrong::Range => vm.overflow_error("math range error"),
    }
}

fn apply(vm: &mut Vm, args: &[Value], function: fn(Parts) -> Answer) -> R {
    let z = argument(vm, &args[0])?;
    match function(z) {
        Ok(result) => Ok(complex::complex(result)),
        Err(wrong) => Err(raised(vm, wrong)),
    }
}

// ----- The functions ---------------------------------------------------------

/// Numbers beyond this could overflow when they are squared and added.
const LARGE: f64 = f64::MAX / 4.0;
/// Numbers beyond this overflow in `exp` and its like.
const LOG_LARGE: f64 = 709.782_712_893_384 - 2.0 * LN_2;

fn is_large(z: Parts) -> bool {
    z.0.abs() > LARGE || z.1.abs() > LARGE
}

fn half_hypot(z: Parts) -> f64 {
    (z.0 / 2.0).hypot(z.1 / 2.0)
}

fn sqrt(z: Parts) -> Answer {
    if let Some(found) = special(z, &SQRT) {
        return Ok(found);
    }
    if z == (0.0, 0.0) {
        return Ok((0.0, z.1));
    }
    let (mut ax, ay) = (z.0.abs(), z.1.abs());
    let s = if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE && (ax > 0.0 || ay > 0.0) {
        // Subnormal numbers are scaled up, then down again.
        let scale = 2f64.powi(54);
        ax *= scale;
        (ax + ax.hypot(ay * scale)).sqrt() * 2f64.powi(-27) / std::f64::consts::SQRT_2
    } else {
        ax /= 8.0;
        2.0 * (ax + ax.hypot(ay / 8.0)).sqrt()
    };
    let d = ay / (2.0 * s);
    Ok(if z.0 >= 0.0 {
        (s, d.copysign(z.1))
    } else {
        (d, s.copysign(z.1))
    })
}

fn acos(z: Parts) -> Answer {
    if let Some(found) = special(z, &ACOS) {
        return Ok(found);
    }
    if is_large(z) {
        let im = half_hypot(z).ln() + 2.0 * LN_2;
        return Ok((
            z.1.abs().atan2(z.0),
            if z.0 < 0.0 {
                -im.copysign(z.1)
            } else {
                im.copysign(-z.1)
            },
        ));
    }
    let s1 = sqrt((1.0 - z.0, -z.1))?;
    let s2 = sqrt((1.0 + z.0, z.1))?;
    Ok((
        2.0 * s1.0.atan2(s2.0),
        libm::asinh(s2.0 * s1.1 - s2.1 * s1.0),
    ))
}

fn acosh(z: Parts) -> Answer {
    if let Some(found) = special(z, &ACOSH) {
        return Ok(found);
    }
    if is_large(z) {
        return Ok((half_hypot(z).ln() + 2.0 * LN_2, z.1.atan2(z.0)));
    }
    let s1 = sqrt((z.0 - 1.0, z.1))?;
    let s2 = sqrt((z.0 + 1.0, z.1))?;
    Ok((
        libm::asinh(s1.0 * s2.0 + s1.1 * s2.1),
        2.0 * s1.1.atan2(s2.0),
    ))
}

fn asin(z: Parts) -> Answer {
    let (re, im) = asinh((-z.1, z.0))?;
    Ok((im, -re))
}

fn asinh(z: Parts) -> Answer {
    if let Some(found) = special(z, &ASINH) {
        return Ok(found);
    }
    if is_large(z) {
        let re = half_hypot(z).ln() + 2.0 * LN_2;
        let re = if z.1 >= 0.0 {
            re.copysign(z.0)
        } else {
            -re.copysign(-z.0)
        };
        return Ok((re, z.1.atan2(z.0.abs())));
    }
    let s1 = sqrt((1.0 + z.1, -z.0))?;
    let s2 = sqrt((1.0 - z.1, z.0))?;
    Ok((
        libm::asinh(s1.0 * s2.1 - s2.0 * s1.1),
        z.1.atan2(s1.0 * s2.0 - s1.1 * s2.1),
    ))
}

fn atan(z: Parts) -> Answer {
    let (re, im) = atanh((-z.1, z.0))?;
    Ok((im, -re))
}

fn atanh(z: Parts) -> Answer {
    if let Some(found) = special(z, &ATANH) {
        return Ok(found);
    }
    // An odd function.
    if z.0 < 0.0 || (z.0 == 0.0 && z.0.is_sign_negative()) {
        let (re, im) = atanh((-z.0, -z.1))?;
        return Ok((-re, -im));
    }
    let sqrt_large = LARGE.sqrt();
    let ay = z.1.abs();
    if z.0 > sqrt_large || ay > sqrt_large {
        let h = half_hypot(z);
        return Ok((z.0 / 4.0 / h / h, -FRAC_PI_2.copysign(-z.1)));
    }
    if z.0 == 1.0 && ay < f64::MIN_POSITIVE.sqrt() {
        if ay == 0.0 {
            return Err(Wrong::Domain);
        }
        let re = -(ay.sqrt() / ay.hypot(2.0).sqrt()).ln();
        return Ok((re, 2f64.atan2(-ay).copysign(z.1) / 2.0));
    }
    let one = 1.0 - z.0;
    let re = (4.0 * z.0 / (one * one + ay * ay)).ln_1p() / 4.0;
    Ok((re, -(-2.0 * z.1).atan2(one * (1.0 + z.0) - ay * ay) / 2.0))
}

/// With an infinite real part, only the signs of sine and cosine of the imaginary one count.
fn far(z: Parts, re: f64, im: f64) -> Parts {
    (re.copysign(z.1.cos()), im.copysign(z.1.sin()))
}

fn cos(z: Parts) -> Answer {
    cosh((-z.1, z.0))
}

fn cosh(z: Parts) -> Answer {
    if !(z.0.is_finite() && z.1.is_finite()) {
        if z.0.is_infinite() && z.1.is_finite() && z.1 != 0.0 {
            let (re, im) = far(z, INF, INF);
            return Ok(if z.0 > 0.0 { (re, im) } else { (re, -im) });
        }
        if z.1.is_infinite() && !z.0.is_nan() {
            return Err(Wrong::Domain);
        }
        return Ok(COSH[class_of(z.0)][class_of(z.1)]);
    }
    let result = if z.0.abs() > LOG_LARGE {
        // One step towards zero keeps the factor in range.
        let x = z.0 - 1f64.copysign(z.0);
        let e = std::f64::consts::E;
        (z.1.cos() * x.cosh() * e, z.1.sin() * x.sinh() * e)
    } else {
        (z.1.cos() * z.0.cosh(), z.1.sin() * z.0.sinh())
    };
    in_range(result)
}

fn in_range(z: Parts) -> Answer {
    if z.0.is_infinite() || z.1.is_infinite() {
        return Err(Wrong::Range);
    }
    Ok(z)
}

fn exp(z: Parts) -> Answer {
    if !(z.0.is_finite() && z.1.is_finite()) {
        if z.0.is_infinite() && z.1.is_finite() && z.1 != 0.0 {
            return Ok(if z.0 > 0.0 {
                far(z, INF, INF)
            } else {
                far(z, 0.0, 0.0)
            });
        }
        if z.1.is_infinite() && (z.0.is_finite() || z.0 == INF) {
            return Err(Wrong::Domain);
        }
        return Ok(EXP[class_of(z.0)][class_of(z.1)]);
    }
    let result = if z.0 > LOG_LARGE {
        let l = (z.0 - 1.0).exp();
        let e = std::f64::consts::E;
        (l * z.1.cos() * e, l * z.1.sin() * e)
    } else {
        let l = z.0.exp();
        (l * z.1.cos(), l * z.1.sin())
    };
    in_range(result)
}

fn log(z: Parts) -> Answer {
    if let Some(found) = special(z, &LOG) {
        return Ok(found);
    }
    let (ax, ay) = (z.0.abs(), z.1.abs());
    let re = if is_large(z) {
        half_hypot(z).ln() + LN_2
    } else if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        if ax == 0.0 && ay == 0.0 {
            return Err(Wrong::Domain);
        }
        let scale = 2f64.powi(53);
        (ax * scale).hypot(ay * scale).ln() - 53.0 * LN_2
    } else {
        let h = ax.hypot(ay);
        if (0.71..=1.73).contains(&h) {
            // Near the unit circle the distance from it is what counts.
            let (big, small) = (ax.max(ay), ax.min(ay));
            ((big - 1.0) * (big + 1.0) + small * small).ln_1p() / 2.0
        } else {
            h.ln()
        }
    };
    Ok((re, z.1.atan2(z.0)))
}

fn log10(z: Parts) -> Answer {
    let (re, im) = log(z)?;
    Ok((re / LN_10, im / LN_10))
}

fn log_of(vm: &mut Vm, args: &[Value]) -> R {
    let z = argument(vm, &args[0])?;
    let numerator = log(z);
    if args[1].is_undef() {
        return match numerator {
            Ok(result) => Ok(complex::complex(result)),
            Err(wrong) => Err(raised(vm, wrong)),
        };
    }
    let base = argument(vm, &args[1])?;
    // With a base the logarithm of zero is not an error of its own.
    let numerator = numerator.or_else(|wrong| match wrong {
        Wrong::Domain => Ok((-INF, z.1.atan2(z.0))),
        Wrong::Range => Err(wrong),
    });
    let parts = numerator.and_then(|a| Ok((a, log(base)?)));
    match parts {
        Ok((a, b)) => {
            let quotient = complex::div(a, b);
            match quotient {
                Ok(quotient) => Ok(complex::complex(quotient)),
                Err(_) => Err(vm.value_error("math domain error")),
            }
        }
        Err(wrong) => Err(raised(vm, wrong)),
    }
}

fn sin(z: Parts) -> Answer {
    let (re, im) = sinh((-z.1, z.0))?;
    Ok((im, -re))
}

fn sinh(z: Parts) -> Answer {
    if !(z.0.is_finite() && z.1.is_finite()) {
        if z.0.is_infinite() && z.1.is_finite() && z.1 != 0.0 {
            let (re, im) = far(z, INF, INF);
            return Ok(if z.0 > 0.0 { (re, im) } else { (-re, im) });
        }
        if z.1.is_infinite() && !z.0.is_nan() {
            return Err(Wrong::Domain);
        }
        return Ok(SINH[class_of(z.0)][class_of(z.1)]);
    }
    let result = if z.0.abs() > LOG_LARGE {
        let x = z.0 - 1f64.copysign(z.0);
        let e = std::f64::consts::E;
        (z.1.cos() * x.sinh() * e, z.1.sin() * x.cosh() * e)
    } else {
        (z.1.cos() * z.0.sinh(), z.1.sin() * z.0.cosh())
    };
    in_range(result)
}

fn tan(z: Parts) -> Answer {
    let (re, im) = tanh((-z.1, z.0))?;
    Ok((im, -re))
}

fn tanh(z: Parts) -> Answer {
    if !(z.0.is_finite() && z.1.is_finite()) {
        if z.0.is_infinite() && z.1.is_finite() && z.1 != 0.0 {
            let im = 0f64.copysign(2.0 * z.1.sin() * z.1.cos());
            return Ok((1f64.copysign(z.0), im));
        }
        if z.1.is_infinite() && z.0.is_finite() {
            return Err(Wrong::Domain);
        }
        return Ok(TANH[class_of(z.0)][class_of(z.1)]);
    }
    if z.0.abs() > LOG_LARGE {
        let im = 4.0 * z.1.sin() * z.1.cos() * (-2.0 * z.0.abs()).exp();
        return Ok((1f64.copysign(z.0), im));
    }
    let (tx, ty) = (z.0.tanh(), z.1.tan());
    let cx = 1.0 / z.0.cosh();
    let txty = tx * ty;
    let denominator = 1.0 + txty * txty;
    Ok((
        tx * (1.0 + ty * ty) / denominator,
        ty / denominator * cx * cx,
    ))
}

fn polar(vm: &mut Vm, args: &[Value]) -> R {
    let z = argument(vm, &args[0])?;
    let r = z.0.hypot(z.1);
    if r.is_infinite() && z.0.is_finite() && z.1.is_finite() {
        return Err(raised(vm, Wrong::Range));
    }
    Ok(pair(float(r), float(z.1.atan2(z.0))))
}

fn rect(vm: &mut Vm, args: &[Value]) -> R {
    let (r, phi) = (number(vm, &args[0])?, number(vm, &args[1])?);
    if !(r.is_finite() && phi.is_finite()) {
        if r.is_infinite() && phi.is_finite() && phi != 0.0 {
            let (re, im) = far((r, phi), INF, INF);
            let far = if r > 0.0 { (re, im) } else { (-re, -im) };
            return Ok(complex::complex(far));
        }
        if r != 0.0 && !r.is_nan() && phi.is_infinite() {
            return Err(raised(vm, Wrong::Domain));
        }
        return Ok(complex::complex(RECT[class_of(r)][class_of(phi)]));
    }
    // The product with a zero would lose the sign.
    Ok(complex::complex(if phi == 0.0 {
        (r, r * phi)
    } else {
        (r * phi.cos(), r * phi.sin())
    }))
}

fn isclose(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (argument(vm, &args[0])?, argument(vm, &args[1])?);
    let (rel_tol, abs_tol) = (number(vm, &args[2])?, number(vm, &args[3])?);
    if rel_tol < 0.0 || abs_tol < 0.0 {
        return Err(vm.value_error("tolerances must be non-negative"));
    }
    if a == b {
        return Ok(Value::TRUE);
    }
    if [a.0, a.1, b.0, b.1].into_iter().any(f64::is_infinite) {
        return Ok(Value::FALSE);
    }
    let distance = (a.0 - b.0).hypot(a.1 - b.1);
    let close = distance <= rel_tol * b.0.hypot(b.1)
        || distance <= rel_tol * a.0.hypot(a.1)
        || distance <= abs_tol;
    Ok(Value::bool(close))
}
