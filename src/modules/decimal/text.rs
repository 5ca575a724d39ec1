//! Numbers to text and back.

use dashu_int::UBig;

use crate::object::decimal::{Form, Number};

/// The text of a number, with an exponent where it needs one; `engineering` makes that a multiple of three.
pub fn to_text(a: &Number, capitals: bool, engineering: bool) -> String {
    let mut out = String::new();
    if a.negative {
        out.push('-');
    }
    match a.form {
        Form::Infinite => out.push_str("Infinity"),
        Form::Quiet | Form::Signaling => {
            out.push_str(if a.is_signaling() { "sNaN" } else { "NaN" });
            if !a.coef.is_zero() {
                out.push_str(&a.coef.to_string());
            }
        }
        Form::Finite => {
            let mut room = itoa::Buffer::new();
            let long;
            let digits = match u128::try_from(&a.coef) {
                Ok(coef) => room.format(coef),
                Err(_) => {
                    long = a.coef.to_string();
                    &long
                }
            };
            let left = a.exp + digits.len() as i64;
            let point = if a.exp <= 0 && left > -6 {
                left
            } else if !engineering {
                1
            } else if a.coef.is_zero() {
                (left + 1).rem_euclid(3) - 1
            } else {
                (left - 1).rem_euclid(3) + 1
            };
            push_number(
                &mut out,
                digits,
                left,
                point,
                if capitals { 'E' } else { 'e' },
            );
        }
    }
    out
}

/// Digits with the point after the first `point` of them; `left` is where it belongs without exponent.
pub fn push_number(out: &mut String, digits: &str, left: i64, point: i64, letter: char) {
    let length = digits.len() as i64;
    if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        out.push_str(digits);
    } else if point >= length {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', (point - length) as usize));
    } else {
        out.push_str(&digits[..point as usize]);
        out.push('.');
        out.push_str(&digits[point as usize..]);
    }
    if left != point {
        out.push(letter);
        out.push_str(&format!("{:+}", left - point));
    }
}

/// Exponents beyond this are all the same: too large.
const FAR: i64 = 4_000_000_000_000_000_000;

/// Reads a number; None if it is none. What is too large for an exponent is given as very large.
pub fn parse(text: &str) -> Option<Number> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if body.as_bytes().first()?.is_ascii_alphabetic() {
        return special(negative, body);
    }
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], read_exponent(&body[at + 1..])?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let plain = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let coef = if fraction.is_empty() {
        UBig::from_str_radix(whole, 10).ok()?
    } else {
        UBig::from_str_radix(&format!("{whole}{fraction}"), 10).ok()?
    };
    let exp = exponent - fraction.len() as i64;
    Some(Number::new(negative, coef, exp))
}

fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<i64>().unwrap_or(FAR).min(FAR);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

fn special(negative: bool, body: &str) -> Option<Number> {
    if body.eq_ignore_ascii_case("inf") || body.eq_ignore_ascii_case("infinity") {
        return Some(Number::infinity(negative));
    }
    let lower = body.to_ascii_lowercase();
    let (form, payload) = match lower.strip_prefix("snan") {
        Some(payload) => (Form::Signaling, payload),
        None => (Form::Quiet, lower.strip_prefix("nan")?),
    };
    if !payload.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let coef = if payload.is_empty() {
        UBig::ZERO
    } else {
        UBig::from_str_radix(payload, 10).ok()?
    };
    Some(Number {
        form,
        ..Number::new(negative, coef, 0)
    })
}
