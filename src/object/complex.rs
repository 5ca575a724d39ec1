//! `complex`: two floats.

use super::error::{Fault, Outcome};
use super::float;
use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// A complex number.
#[repr(C)]
pub struct Complex {
    head: Header,
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Complex {
    const KIND: Kind = kind::COMPLEX;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

/// Real and imaginary part.
pub type Parts = (f64, f64);

impl Complex {
    /// A complex number.
    pub fn new(re: f64, im: f64) -> Ref<Complex> {
        heap::alloc(Complex {
            head: Header::new(),
            re,
            im,
        })
    }

    /// An instance of a subclass.
    pub fn with_shape(shape: u32, (re, im): Parts) -> Ref<Complex> {
        heap::alloc_shaped(
            Complex {
                head: Header::new(),
                re,
                im,
            },
            0,
            shape,
        )
    }

    /// Both parts.
    pub fn parts(&self) -> Parts {
        (self.re, self.im)
    }
}

/// A complex number as a Value.
pub fn complex((re, im): Parts) -> Value {
    Complex::new(re, im).into_value()
}

/// The parts of a complex number, a float or an int, as the operators take them.
pub fn number(value: &Value) -> Option<Outcome<Parts>> {
    match value.get::<Complex>() {
        Some(c) => Some(Ok(c.parts())),
        None => float::number(value).map(|f| f.map(|re| (re, 0.0))),
    }
}

/// `a + b`
pub fn add(a: Parts, b: Parts) -> Parts {
    (a.0 + b.0, a.1 + b.1)
}

/// `a - b`
pub fn sub(a: Parts, b: Parts) -> Parts {
    (a.0 - b.0, a.1 - b.1)
}

/// `a * b`
pub fn mul(a: Parts, b: Parts) -> Parts {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// `a / b`
pub fn div(a: Parts, b: Parts) -> Outcome<Parts> {
    if b == (0.0, 0.0) {
        return Err(Fault::zero_division("complex division by zero"));
    }
    Ok(quotient(a, b))
}

/// Divides by the larger part first, so that nothing overflows on the way.
fn quotient(a: Parts, b: Parts) -> Parts {
    if b.0.abs() >= b.1.abs() {
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        return (
            (a.0 + a.1 * ratio) / denominator,
            (a.1 - a.0 * ratio) / denominator,
        );
    }
    if b.1.abs() >= b.0.abs() {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        return (
            (a.0 * ratio + a.1) / denominator,
            (a.1 * ratio - a.0) / denominator,
        );
    }
    (f64::NAN, f64::NAN)
}

/// `a ** b`
pub fn pow(a: Parts, b: Parts) -> Outcome<Parts> {
    let whole = b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= 100.0;
    if a == (0.0, 0.0) && !whole {
        if b.1 != 0.0 || b.0 < 0.0 {
            return Err(Fault::zero_division("0.0 to a negative or complex power"));
        }
        return Ok((0.0, 0.0));
    }
    let result = match whole {
        true => integer_power(a, b.0 as i32)?,
        false => general_power(a, b)?,
    };
    if result.0.is_infinite() || result.1.is_infinite() {
        return Err(Fault::overflow("complex exponentiation"));
    }
    Ok(result)
}

fn integer_power(a: Parts, n: i32) -> Outcome<Parts> {
    if n < 0 {
        return div((1.0, 0.0), positive_power(a, n.unsigned_abs()))
            .map_err(|_| Fault::zero_division("0.0 to a negative or complex power"));
    }
    Ok(positive_power(a, n.unsigned_abs()))
}

fn positive_power(a: Parts, n: u32) -> Parts {
    let (mut result, mut power, mut mask) = ((1.0, 0.0), a, 1);
    while mask <= n {
        if n & mask != 0 {
            result = mul(result, power);
        }
        mask <<= 1;
        power = mul(power, power);
    }
    result
}

fn general_power(a: Parts, b: Parts) -> Outcome<Parts> {
    let radius = a.0.hypot(a.1);
    let mut length = radius.powf(b.0);
    let angle = a.1.atan2(a.0);
    let mut phase = angle * b.0;
    if b.1 != 0.0 {
        length /= (angle * b.1).exp();
        phase += b.1 * radius.ln();
    }
    // No angle goes round for ever; CPython words this domain error so.
    if phase.is_infinite() {
        return Err(Fault::zero_division("0.0 to a negative or complex power"));
    }
    Ok((length * phase.cos(), length * phase.sin()))
}

/// `abs(a)`
pub fn abs(a: Parts) -> Outcome<f64> {
    let length = a.0.hypot(a.1);
    if length.is_infinite() && a.0.is_finite() && a.1.is_finite() {
        return Err(Fault::overflow("absolute value too large"));
    }
    Ok(length)
}

/// The hash: that of the equal float if there is one.
pub fn hash(a: Parts) -> i64 {
    let combined = (float::hash(a.0) as u64)
        .wrapping_add(1_000_003u64.wrapping_mul(float::hash(a.1) as u64)) as i64;
    if combined == -1 { -2 } else { combined }
}

/// The text of `repr`.
pub fn repr(a: Parts) -> String {
    if a.0 == 0.0 && !a.0.is_sign_negative() {
        return format!("{}j", float::repr_with(a.1, false));
    }
    let im = float::repr_with(a.1, false);
    let plus = if im.starts_with('-') { "" } else { "+" };
    format!("({}{plus}{im}j)", float::repr_with(a.0, false))
}

/// Reads a complex number as `complex()` does, from text whose digits are ASCII and that has no space around it.
pub fn parse(text: &str) -> Option<Parts> {
    let inner = match text.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?.trim_ascii(),
        None => text,
    };
    let Some(body) = inner.strip_suffix(['j', 'J']) else {
        return float::parse(inner).map(|re| (re, 0.0));
    };
    // The sign of the imaginary part is the last one that belongs to no exponent.
    let split = body
        .bytes()
        .enumerate()
        .rev()
        .find(|&(i, b)| {
            matches!(b, b'+' | b'-') && (i == 0 || !matches!(body.as_bytes()[i - 1], b'e' | b'E'))
        })
        .map_or(0, |(i, _)| i);
    let (re, im) = body.split_at(split);
    let im = match im {
        "" | "+" => 1.0,
        "-" => -1.0,
        digits => float::parse(digits)?,
    };
    Some((
        if re.is_empty() {
            0.0
        } else {
            float::parse(re)?
        },
        im,
    ))
}
