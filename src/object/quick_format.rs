//! The format specifications that programs use most, without the detour over
//! a parsed specification: `[<>^][0][width][.precision][d|f|s]`.

use super::format_spec::Subject;
use super::int::IntView;
use super::str::Str;
use crate::heap::Ref;

/// Wider fields are left to the general code.
const MOST_WIDTH: usize = 64;
/// Of digits behind the point, for which the exact value fits into 128 bits.
const MOST_PRECISION: u32 = 15;

struct Spec {
    align: Option<u8>,
    zeros: bool,
    width: usize,
    precision: Option<u32>,
    code: u8,
}

/// The formatted value; None if the specification is not one of the common ones, or wrong.
pub(super) fn format(subject: Subject<'_>, spec: &[u8]) -> Option<Ref<Str>> {
    let spec = parse(spec)?;
    // A sign, the digits of 2^53, a point and the digits behind it; or the digits of an i64.
    let mut digits = [0; 40];
    let body = match (subject, spec.code, spec.precision) {
        (Subject::Int(IntView::Small(i)), 0 | b'd', None) => decimal(i, &mut digits),
        (Subject::Float(f), b'f', precision) => fixed(f, precision.unwrap_or(6), &mut digits)?,
        (Subject::Str(text), 0 | b's', None) if text.is_ascii() && !spec.zeros => {
            return pad(&spec, b'<', b"", text.bytes());
        }
        _ => return None,
    };
    let (sign, magnitude) = match body {
        [b'-', magnitude @ ..] => (&b"-"[..], magnitude),
        _ => (&b""[..], body),
    };
    pad(&spec, b'>', sign, magnitude)
}

fn parse(spec: &[u8]) -> Option<Spec> {
    let mut rest = spec;
    let align = match rest {
        [align @ (b'<' | b'>' | b'^'), tail @ ..] => {
            rest = tail;
            Some(*align)
        }
        _ => None,
    };
    let zeros = rest.first() == Some(&b'0');
    if zeros && align.is_some() {
        // The zero is what the field is filled with, on whatever side.
        return None;
    }
    let width = number(&mut rest).unwrap_or(0);
    let precision = match rest {
        [b'.', tail @ ..] => {
            rest = tail;
            Some(number(&mut rest)?)
        }
        _ => None,
    };
    let code = match rest {
        [] => 0,
        // That stands for no code here.
        [0] => return None,
        [code] => *code,
        _ => return None,
    };
    let fits = width <= MOST_WIDTH && precision.is_none_or(|p| p <= MOST_PRECISION as usize);
    fits.then_some(Spec {
        align,
        zeros,
        width,
        precision: precision.map(|p| p as u32),
        code,
    })
}

/// Reads up to three digits; more leave a rest that is no type code.
fn number(rest: &mut &[u8]) -> Option<usize> {
    let count = rest
        .iter()
        .take(3)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let (digits, tail) = rest.split_at(count);
    *rest = tail;
    (count > 0).then(|| {
        digits
            .iter()
            .fold(0, |n, digit| n * 10 + (digit - b'0') as usize)
    })
}

fn decimal(i: i64, room: &mut [u8; 40]) -> &[u8] {
    let mut digits = itoa::Buffer::new();
    let text = digits.format(i).as_bytes();
    room[..text.len()].copy_from_slice(text);
    &room[..text.len()]
}

/// A float with `precision` digits behind the point: its exact value, rounded half to even.
fn fixed(f: f64, precision: u32, room: &mut [u8; 40]) -> Option<&[u8]> {
    const MANTISSA: u32 = 52;
    if !f.is_finite() || f.abs() >= (1u64 << 53) as f64 {
        return None;
    }
    let bits = f.to_bits();
    let exponent = (bits >> MANTISSA & 0x7FF) as i32;
    let fraction = bits & ((1 << MANTISSA) - 1);
    // f = mantissa / 2^shift
    let (mantissa, shift) = match exponent {
        0 => (fraction, 1074),
        _ => (fraction | 1 << MANTISSA, 1075 - exponent),
    };
    let scaled = u128::from(mantissa) * 10u128.pow(precision);
    let rounded = match shift {
        ..=0 => scaled << -shift,
        1..=120 => {
            let (whole, rest) = (scaled >> shift, scaled & ((1 << shift) - 1));
            let half = 1 << (shift - 1);
            whole + u128::from(rest > half || rest == half && whole & 1 == 1)
        }
        _ => 0,
    };
    let divisor = 10u128.pow(precision);
    let mut used = 0;
    let mut push = |text: &[u8]| {
        room[used..used + text.len()].copy_from_slice(text);
        used += text.len();
    };
    if f.is_sign_negative() {
        push(b"-");
    }
    let mut digits = itoa::Buffer::new();
    push(digits.format((rounded / divisor) as u64).as_bytes());
    if precision > 0 {
        push(b".");
        let text = digits.format((rounded % divisor) as u64).as_bytes();
        for _ in text.len()..precision as usize {
            push(b"0");
        }
        push(text);
    }
    Some(&room[..used])
}

/// Sign and magnitude in a field of the width; None if it is too long for the room here.
fn pad(spec: &Spec, default_align: u8, sign: &[u8], magnitude: &[u8]) -> Option<Ref<Str>> {
    let missing = spec.width.saturating_sub(sign.len() + magnitude.len());
    let (left, inner, right) = match spec.align.unwrap_or(default_align) {
        _ if spec.zeros => (0, missing, 0),
        b'<' => (0, 0, missing),
        b'^' => (missing / 2, 0, missing - missing / 2),
        _ => (missing, 0, 0),
    };
    let mut room = [b' '; 2 * MOST_WIDTH];
    let len = sign.len() + magnitude.len() + missing;
    let out = room.get_mut(..len)?;
    out[left..left + sign.len()].copy_from_slice(sign);
    let start = left + sign.len();
    out[start..start + inner].fill(b'0');
    out[start + inner..len - right].copy_from_slice(magnitude);
    Str::from_ascii(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_is_as_the_standard_library_says() {
        let mut x = 0x9E37_79B9_7F4A_7C15u64;
        for i in 0..200_000u32 {
            x = x
                .wrapping_mul(0x5851_F42D_4C95_7F2D)
                .wrapping_add(0x1405_7B7E_F767_814F);
            let f = match i % 3 {
                0 => f64::from_bits(x),
                1 => (x >> 40) as f64 / 8.0,
                _ => (x >> 20) as f64 / 1e6,
            };
            let precision = i % (MOST_PRECISION + 1);
            if let Some(text) = fixed(f, precision, &mut [0; 40]) {
                assert_eq!(text, format!("{f:.0$}", precision as usize).as_bytes());
            }
        }
    }
}
