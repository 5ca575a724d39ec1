//! Integers from text and to text.

use std::borrow::Cow;

use dashu_int::IBig;
use dashu_int::ops::UnsignedAbs;

use super::error::{Fault, Outcome};
use super::int::{IntView, check_bits, from_big, from_i64, magnitude_bits};
use super::int_large;
use super::repr;
use super::str::{self as text, Str};
use super::unicode;
use crate::heap::{Ref, Value, current};

/// The decimal text of an int.
/// A small integer as a string.
pub fn small_to_str(i: i64) -> Ref<Str> {
    let mut digits = itoa::Buffer::new();
    // So few bytes always fit.
    Str::from_ascii(digits.format(i).as_bytes()).unwrap_or_else(|_| Str::empty())
}

/// The decimal digits of an integer, with its sign.
pub fn to_decimal(view: IntView<'_>) -> Outcome<String> {
    match view {
        IntView::Small(i) => Ok(i.to_string()),
        IntView::Big(big) => {
            let limit = current().int_digits;
            // Digits are at least 0.301 for each bit but the first.
            let least = ((magnitude_bits(big) - 1) as f64 * 0.301) as usize;
            if limit != 0 && least > limit {
                return Err(too_long());
            }
            check_bits(magnitude_bits(big) * 4)?;
            let mut digits = int_large::to_decimal(&big.unsigned_abs())?;
            if view.is_negative() {
                digits.insert(0, '-');
            }
            if limit != 0 && digits.trim_start_matches('-').len() > limit {
                return Err(too_long());
            }
            Ok(digits)
        }
    }
}

fn too_long() -> Fault {
    Fault::value(format!(
        "Exceeds the limit ({} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit",
        current().int_digits
    ))
}

/// The digits of the magnitude in base 2, 8 or 16, without prefix.
pub fn magnitude_in(view: IntView<'_>, base: u32) -> Outcome<String> {
    match view {
        IntView::Small(i) => {
            let magnitude = i.unsigned_abs();
            Ok(match base {
                2 => format!("{magnitude:b}"),
                8 => format!("{magnitude:o}"),
                _ => format!("{magnitude:x}"),
            })
        }
        IntView::Big(big) => {
            check_bits(magnitude_bits(big) * if base == 2 { 8 } else { 3 })?;
            let digits = big.in_radix(base).to_string();
            Ok(digits
                .strip_prefix('-')
                .map(str::to_owned)
                .unwrap_or(digits))
        }
    }
}

/// `bin`, `oct` and `hex`.
pub fn with_prefix(view: IntView<'_>, base: u32) -> Outcome<String> {
    let sign = if view.is_negative() { "-" } else { "" };
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    Ok(format!("{sign}{prefix}{}", magnitude_in(view, base)?))
}

/// `int(text, base)`
pub fn parse_str(string: &Str, base: i64) -> Outcome<Value> {
    check_base(base)?;
    let plain = match string.is_ascii() {
        true => string
            .as_str()
            .map(|s| Cow::Borrowed(s.trim_matches(is_ascii_space))),
        false => ascii_number(string).map(Cow::Owned),
    };
    let parsed = match plain {
        Some(plain) => parse(&plain, base as u32)?,
        None => None,
    };
    match parsed {
        Some(value) => Ok(value),
        None => Err(invalid(
            base,
            &String::from_utf8_lossy(&repr::quoted(string.bytes())?),
        )),
    }
}

/// `int(bytes, base)`; `shown` gives their `repr`.
pub fn parse_bytes(
    bytes: &[u8],
    base: i64,
    shown: impl FnOnce() -> Outcome<String>,
) -> Outcome<Value> {
    check_base(base)?;
    let plain = std::str::from_utf8(bytes).ok().filter(|s| s.is_ascii());
    let parsed = match plain {
        Some(plain) => parse(plain.trim_matches(is_ascii_space), base as u32)?,
        None => None,
    };
    match parsed {
        Some(number) => Ok(number),
        None => Err(invalid(base, &shown()?)),
    }
}

/// The number that a few decimal digits and nothing else make, perhaps behind a minus; None for anything else, which may
/// be a number all the same.
pub fn plain_decimal(bytes: &[u8]) -> Option<Value> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // So many always fit.
    if !(1..=18).contains(&digits.len()) {
        return None;
    }
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Some(from_i64(if negative { -number } else { number }))
}

fn check_base(base: i64) -> Outcome<()> {
    if base != 0 && !(2..=36).contains(&base) {
        return Err(Fault::value("int() base must be >= 2 and <= 36, or 0"));
    }
    Ok(())
}

fn invalid(base: i64, shown: &str) -> Fault {
    // Only so much of a long text is shown.
    let shown: String = shown.chars().take(200).collect();
    Fault::value(format!(
        "invalid literal for int() with base {base}: {shown}"
    ))
}

fn is_ascii_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\x1c'..='\x1f')
}

/// The text with digits and spaces of all scripts as ASCII, without space around it.
pub fn ascii_number(string: &Str) -> Option<String> {
    let mut out = String::with_capacity(string.len().min(1 << 16));
    for point in string.points() {
        match point {
            0..0x80 => out.push(point as u8 as char),
            _ if unicode::is_space(point) => out.push(' '),
            _ => out.push((b'0' + unicode::decimal(point)?) as char),
        }
    }
    Some(out.trim_matches(is_ascii_space).to_owned())
}

/// Text of a float or complex number with ASCII digits, without space around it.
pub fn ascii_float(string: &Str) -> Option<String> {
    match string.is_ascii() {
        true => string
            .as_str()
            .map(|s| s.trim_matches(is_ascii_space).to_owned()),
        false => ascii_number(string),
    }
}

/// Reads a number without space around it; None if it is none.
pub fn parse(plain: &str, base: u32) -> Outcome<Option<Value>> {
    let (negative, body) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain),
    };
    let Some((digits, base)) = split_prefix(body, base) else {
        return Ok(None);
    };
    let Some(digits) = plain_digits(digits, base) else {
        return Ok(None);
    };
    if digits.len() <= 18
        && let Ok(i) = i64::from_str_radix(&digits, base)
    {
        return Ok(Some(from_i64(if negative { -i } else { i })));
    }
    let limit = current().int_digits;
    if limit != 0 && digits.len() > limit && !base.is_power_of_two() {
        return Err(Fault::value(format!(
            "Exceeds the limit ({limit} digits) for integer string conversion: value has {} digits; use sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        )));
    }
    check_bits(digits.len() as u64 * 6)?;
    Ok(int_large::from_digits(&digits, base)?.map(|magnitude| {
        let big = IBig::from(magnitude);
        from_big(if negative { -big } else { big })
    }))
}

/// Takes a prefix like `0x` off, if the base allows it, and finds the base out.
fn split_prefix(body: &str, base: u32) -> Option<(&str, u32)> {
    let prefix = match body.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    if prefix != 0 && (base == 0 || base == prefix) {
        let digits = &body[2..];
        return Some((digits.strip_prefix('_').unwrap_or(digits), prefix));
    }
    if base != 0 {
        return Some((body, base));
    }
    // `int('010', 0)` is no number, but `int('00', 0)` is.
    let old_octal = body.starts_with('0') && body.bytes().any(|b| b != b'0' && b != b'_');
    if old_octal { None } else { Some((body, 10)) }
}

/// The digits without underscores, if there are some and all are of the base.
fn plain_digits(digits: &str, base: u32) -> Option<Cow<'_, str>> {
    if digits.is_empty()
        || digits.starts_with('_')
        || digits.ends_with('_')
        || digits.contains("__")
    {
        return None;
    }
    let is_digit = |byte: u8| match base {
        10 => byte.is_ascii_digit(),
        _ => (byte as char).is_digit(base),
    };
    if digits.bytes().all(is_digit) {
        return Some(Cow::Borrowed(digits));
    }
    let plain: String = digits.chars().filter(|&c| c != '_').collect();
    plain.bytes().all(is_digit).then_some(Cow::Owned(plain))
}

/// A number that stands in source text: digits with prefix and underscores, known to be well-formed.
pub fn parse_literal(digits: &str) -> Outcome<Option<Value>> {
    parse(digits, 0)
}

/// Whether every code point of a string is a decimal digit of some script.
pub fn all_decimal(bytes: &[u8]) -> bool {
    !bytes.is_empty() && text::points(bytes).all(unicode::is_decimal)
}
