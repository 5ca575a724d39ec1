//! `float`: nearly always a word; a box for rare magnitudes and subclasses.

use super::error::{Fault, Outcome};
use super::int::{self, IntView};
use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// A float that does not fit a word, or an instance of a subclass of `float`.
#[repr(C)]
pub struct Float {
    head: Header,
    value: f64,
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Float {
    const KIND: Kind = kind::FLOAT;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Float {
    /// The number.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// An instance of a subclass of `float`.
    pub fn with_shape(shape: u32, value: f64) -> Ref<Float> {
        heap::alloc_shaped(
            Float {
                head: Header::new(),
                value,
            },
            0,
            shape,
        )
    }
}

/// A float.
#[inline(always)]
pub fn float(f: f64) -> Value {
    match Value::inline_float(f) {
        Some(value) => value,
        None => boxed(f),
    }
}

#[cold]
#[inline(never)]
fn boxed(f: f64) -> Value {
    heap::alloc(Float {
        head: Header::new(),
        value: f,
    })
    .into_value()
}

/// The number of a float (an instance of a subclass included); None for anything else, ints included.
#[inline]
pub fn as_float(value: &Value) -> Option<f64> {
    match value.as_inline_float() {
        Some(f) => Some(f),
        None => value.get::<Float>().map(|float| float.value),
    }
}

/// The number of a float or an int, as the operators of `float` take it.
#[inline]
pub fn number(value: &Value) -> Option<Outcome<f64>> {
    match as_float(value) {
        Some(f) => Some(Ok(f)),
        None => IntView::of(value).map(IntView::to_f64),
    }
}

/// Like the hash of an address: a NaN is equal to nothing, and in a set it lies beside 0, not in front of it.
const NAN_HASH: i64 = 0x7f0_0000_0105;

/// The hash of a float: that of the equal int if there is one.
pub fn hash(f: f64) -> i64 {
    if f.is_nan() {
        return NAN_HASH;
    }
    if f.is_infinite() {
        return if f > 0.0 { 314_159 } else { -314_159 };
    }
    if f.fract() == 0.0 && f.abs() < 9.0e18 {
        return int::hash_i64(f as i64);
    }
    let (mantissa, mut exponent) = frexp(f.abs());
    let mut m = mantissa;
    let mut x: u64 = 0;
    const MODULUS: u64 = (1 << 61) - 1;
    // 28 bits of the fraction at a time, modulo 2^61 - 1.
    while m != 0.0 {
        x = (x << 28) & MODULUS | x >> 33;
        m *= 268_435_456.0;
        exponent -= 28;
        let y = m as u64;
        m -= y as f64;
        x += y;
        if x >= MODULUS {
            x -= MODULUS;
        }
    }
    let turn = exponent.rem_euclid(61) as u32;
    x = (x << turn) & MODULUS | x >> (61 - turn);
    match if f < 0.0 { -(x as i64) } else { x as i64 } {
        -1 => -2,
        hash => hash,
    }
}

/// A fraction in [0.5, 1) and an exponent whose power of two times it is `f`.
pub fn frexp(f: f64) -> (f64, i32) {
    if f == 0.0 || !f.is_finite() {
        return (f, 0);
    }
    let bits = f.to_bits();
    match (bits >> 52 & 0x7FF) as i32 {
        0 => {
            let (m, e) = frexp(f * 18_446_744_073_709_551_616.0);
            (m, e - 64)
        }
        exponent => (
            f64::from_bits(bits & !(0x7FF << 52) | 1022 << 52),
            exponent - 1022,
        ),
    }
}

/// `a / b`
pub fn div(a: f64, b: f64) -> Outcome<f64> {
    if b == 0.0 {
        Err(Fault::zero_division("float division by zero"))
    } else {
        Ok(a / b)
    }
}

/// Quotient and remainder that round down; `b` is not 0.
fn divide(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 {
        if (b < 0.0) != (rest < 0.0) {
            rest += b;
            quotient -= 1.0;
        }
    } else {
        rest = 0.0f64.copysign(b);
    }
    if quotient == 0.0 {
        return (0.0f64.copysign(a / b), rest);
    }
    let mut whole = quotient.floor();
    if quotient - whole > 0.5 {
        whole += 1.0;
    }
    (whole, rest)
}

/// `a // b`
pub fn floordiv(a: f64, b: f64) -> Outcome<f64> {
    if b == 0.0 {
        Err(Fault::zero_division("float floor division by zero"))
    } else {
        Ok(divide(a, b).0)
    }
}

/// `a % b`
pub fn modulo(a: f64, b: f64) -> Outcome<f64> {
    if b == 0.0 {
        Err(Fault::zero_division("float modulo by zero"))
    } else {
        Ok(divide(a, b).1)
    }
}

/// `divmod(a, b)`
pub fn divmod(a: f64, b: f64) -> Outcome<(f64, f64)> {
    if b == 0.0 {
        Err(Fault::zero_division("float divmod()"))
    } else {
        Ok(divide(a, b))
    }
}

/// `a ** b`; None if the result is complex.
pub fn pow(a: f64, b: f64) -> Outcome<Option<f64>> {
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(Fault::zero_division(
            "0.0 cannot be raised to a negative power",
        ));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.floor() != b {
        return Ok(None);
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(Fault::overflow("(34, 'Numerical result out of range')"));
    }
    Ok(Some(result))
}

/// `f.as_integer_ratio()`
pub fn as_integer_ratio(f: f64) -> Outcome<(Value, Value)> {
    if f.is_nan() {
        return Err(Fault::value("cannot convert NaN to integer ratio"));
    }
    if f.is_infinite() {
        return Err(Fault::overflow("cannot convert Infinity to integer ratio"));
    }
    let (mut m, mut exponent) = frexp(f);
    while m != m.floor() {
        m *= 2.0;
        exponent -= 1;
    }
    let (m, power) = (
        dashu_int::IBig::from(m as i64),
        dashu_int::IBig::ONE << exponent.unsigned_abs() as usize,
    );
    Ok(match exponent >= 0 {
        true => (int::from_big(m * power), int::from_i64(1)),
        false => (int::from_big(m), int::from_big(power)),
    })
}

/// `round(f)`: half to even.
pub fn round_to_int(f: f64) -> Outcome<Value> {
    int::from_f64(f.round_ties_even())
}

/// `round(f, digits)`: the nearest decimal of so many digits, ties decided by the exact value.
pub fn round_to_digits(f: f64, digits: i64) -> Outcome<f64> {
    if !f.is_finite() || f == 0.0 || digits > 323 {
        return Ok(f);
    }
    if digits < -308 {
        return Ok(0.0f64.copysign(f));
    }
    let rounded = if digits >= 0 {
        format!("{:.*}", digits as usize, f).parse::<f64>()
    } else {
        round_left(f, (-digits) as usize).parse::<f64>()
    };
    match rounded {
        Ok(r) if r.is_finite() => Ok(r),
        _ => Err(Fault::overflow("rounded value too large to represent")),
    }
}

/// `f` rounded to a multiple of `10 ** places`, as text; `f` is exactly written first.
fn round_left(f: f64, places: usize) -> String {
    let exact = format!("{:.1100}", f.abs());
    let exact = exact.trim_end_matches('0');
    let (whole, fraction) = exact.split_once('.').unwrap_or((exact, ""));
    let sign = if f < 0.0 { "-" } else { "" };
    if whole.len() < places {
        return format!("{sign}0.0");
    }
    let (kept, rest) = whole.split_at(whole.len() - places);
    let half = format!("5{}", "0".repeat(places - 1));
    let odd = kept.bytes().last().is_some_and(|b| b % 2 == 1);
    let up = match rest.cmp(half.as_str()) {
        std::cmp::Ordering::Equal => !fraction.is_empty() || odd,
        order => order.is_gt(),
    };
    let kept = if up { increment(kept) } else { kept.to_owned() };
    format!("{sign}0{kept}e{places}")
}

/// A decimal number plus one.
fn increment(digits: &str) -> String {
    let mut out: Vec<u8> = digits.bytes().collect();
    for digit in out.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return String::from_utf8(out).unwrap_or_default();
        }
    }
    format!("1{}", "0".repeat(digits.len()))
}

/// The shortest text that reads back as `f`, as `repr` writes it.
pub fn repr(f: f64) -> String {
    repr_with(f, true)
}

/// The shortest text that reads back as `f`; `.0` behind whole numbers only if `point`.
pub fn repr_with(f: f64, point: bool) -> String {
    if let Some(name) = special(f) {
        return name.to_owned();
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let scientific = shortest(f.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa
        .bytes()
        .filter(|b| *b != b'.')
        .map(char::from)
        .collect();
    format!("{sign}{}", place_point(&digits, exponent, point))
}

/// The shortest digits that read back, with an exponent. Where two are equally near, the even ones.
fn shortest(f: f64) -> String {
    let text = format!("{f:e}");
    let digits = text
        .split('e')
        .next()
        .map_or(0, |m| m.len() - (m.len() > 1) as usize);
    if digits < 15 {
        return text;
    }
    let rounded = format!("{f:.0$e}", digits - 1);
    if rounded.parse() == Ok(f) {
        rounded
    } else {
        text
    }
}

/// `inf` and `nan` by name.
pub fn special(f: f64) -> Option<&'static str> {
    if f.is_nan() {
        return Some("nan");
    }
    match f.is_infinite() {
        true => Some(if f > 0.0 { "inf" } else { "-inf" }),
        false => None,
    }
}

/// Digits with the point behind the first moved by `exponent`, or with an exponent where that is long.
fn place_point(digits: &str, exponent: i32, point: bool) -> String {
    if !(-4..16).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{first}{dot}{rest}e{sign}{:02}", exponent.abs());
    }
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() > whole {
        let (whole, fraction) = digits.split_at(whole);
        return format!("{whole}.{fraction}");
    }
    let tail = if point { ".0" } else { "" };
    format!("{digits}{}{tail}", "0".repeat(whole - digits.len()))
}

/// Reads a float as `float()` does, from text whose digits are ASCII and that has no space around it.
pub fn parse(text: &str) -> Option<f64> {
    let (sign, body) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let first = *body.as_bytes().first()?;
    if !first.is_ascii_digit() && first != b'.' {
        return match body.to_ascii_lowercase().as_str() {
            "inf" | "infinity" => Some(sign * f64::INFINITY),
            "nan" => Some(f64::NAN.copysign(sign)),
            _ => None,
        };
    }
    let body = without_underscores(body)?;
    if !body
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
    {
        return None;
    }
    body.parse::<f64>().ok().map(|f| sign * f)
}

/// Takes underscores out, which may stand only between digits.
pub fn without_underscores(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'_') {
        return Some(text.into());
    }
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let placed = |i: usize| i > 0 && digit(i - 1) && digit(i + 1);
    if !(0..bytes.len()).all(|i| bytes[i] != b'_' || placed(i)) {
        return None;
    }
    Some(text.replace('_', "").into())
}

/// `f.hex()`
pub fn hex(f: f64) -> String {
    if let Some(name) = special(f) {
        return name.to_owned();
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if f == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let bits = f.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7FF) as i32 {
        0 => format!("{sign}0x0.{fraction:013x}p-1022"),
        exponent => format!("{sign}0x1.{fraction:013x}p{:+}", exponent - 1023),
    }
}

/// `float.fromhex(text)`
pub fn from_hex(text: &str) -> Outcome<f64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = body.to_ascii_lowercase();
    let magnitude = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => hex_magnitude(lower.strip_prefix("0x").unwrap_or(&lower))?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

fn hex_magnitude(body: &str) -> Outcome<f64> {
    let invalid = || Fault::value("invalid hexadecimal floating-point string");
    let too_large = || Fault::overflow("hexadecimal value too large to represent as a float");
    let (digits, exponent) = match body.split_once('p') {
        Some((digits, exponent)) => (digits, parse_exponent(exponent).ok_or_else(invalid)?),
        None => (body, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let mut m: u128 = 0;
    let mut shift: i64 = -4 * fraction.len() as i64;
    for c in whole.chars().chain(fraction.chars()) {
        let digit = c.to_digit(16).ok_or_else(invalid)? as u128;
        if m >> 120 == 0 {
            m = m << 4 | digit;
        } else {
            // What is cut off still decides ties.
            m |= (digit != 0) as u128;
            shift += 4;
        }
    }
    super::int_math::scaled(m, shift.saturating_add(exponent)).ok_or_else(too_large)
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits
        .parse::<i64>()
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_text() {
        let cases = [
            (0.1, "0.1"),
            (1e+16, "1e+16"),
            (1000000000000000.0, "1000000000000000.0"),
            (1.2345678901234568e+17, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (1e-05, "1e-05"),
            (1.5e+300, "1.5e+300"),
            (5e-324, "5e-324"),
            (2.2250738585072014e-308, "2.2250738585072014e-308"),
            (1.0 / 3.0, "0.3333333333333333"),
            (100.0, "100.0"),
            (1e+22, "1e+22"),
            (9007199254740992.0, "9007199254740992.0"),
            (-0.0, "-0.0"),
            (1.7976931348623157e+308, "1.7976931348623157e+308"),
            (0.00012345, "0.00012345"),
            (123456780000000.0, "123456780000000.0"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ];
        for (f, text) in cases {
            assert_eq!(repr(f), text);
            assert!(f.is_nan() || parse(text) == Some(f));
        }
        assert_eq!(parse("1_0.5e-1_0"), Some(10.5e-10));
        for bad in [
            "", "_1", "1__0", "1_", "1_.5", "0x10", "e5", ".", "infx", "1e", "--1", "1 2",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(
            (parse(".5"), parse("5."), parse("+1e5")),
            (Some(0.5), Some(5.0), Some(1e5))
        );
    }

    #[test]
    fn rounding_is_exact() {
        let cases = [
            (2.675, 2, 2.67),
            (0.5, 0, 0.0),
            (2.5, 0, 2.0),
            (1234.5678, -2, 1200.0),
            (15.0, -1, 20.0),
            (25.0, -1, 20.0),
            (0.125, 2, 0.12),
            (1e+300, -299, 1e+300),
            (5.015, 2, 5.01),
            (-2.345, 2, -2.35),
            (1e+22, -21, 1e+22),
            (55.0, -2, 100.0),
            (45.0, -2, 0.0),
            (1.005, 2, 1.0),
            (149.99, -2, 100.0),
            (1e+308, -308, 1e+308),
        ];
        for (f, digits, rounded) in cases {
            assert_eq!(round_to_digits(f, digits).unwrap(), rounded, "{f} {digits}");
        }
        assert!(round_to_digits(f64::MAX, -308).is_err());
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(hex(1.0), "0x1.0000000000000p+0");
        assert_eq!(hex(-0.1), "-0x1.999999999999ap-4");
        assert_eq!(hex(5e-324), "0x0.0000000000001p-1022");
        assert_eq!(from_hex("0x1.999999999999ap-4").unwrap(), 0.1);
        assert_eq!(from_hex(" -0x.8p1 ").unwrap(), -1.0);
        assert_eq!(from_hex("0x1.fffffffffffff8p+0").unwrap(), 2.0);
        assert_eq!(from_hex("0x0.00000000000008p-1022").unwrap(), 0.0);
        assert!(
            from_hex("0x1p1024").is_err() && from_hex("0x").is_err() && from_hex("0x1p").is_err()
        );
        assert_eq!(from_hex("0x1.fffffffffffffp1023").unwrap(), f64::MAX);
    }

    #[test]
    fn division_rounds_down() {
        assert_eq!(divmod(-7.5, 2.0).unwrap(), (-4.0, 0.5));
        assert_eq!(divmod(7.5, -2.0).unwrap(), (-4.0, -0.5));
        assert!(modulo(-0.0, 1.0).unwrap().is_sign_positive());
        assert!(floordiv(-0.0, 1.0).unwrap().is_sign_negative());
        assert_eq!(floordiv(1.0, 0.1).unwrap(), 9.0);
        assert!(div(1.0, 0.0).is_err() && pow(0.0, -1.0).is_err() && pow(1e300, 2.0).is_err());
        assert!(pow(-8.0, 0.5).unwrap().is_none());
    }
}
