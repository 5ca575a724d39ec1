//! Integers: division to floats, powers, roots, and the way to bytes.

use dashu_int::ops::{DivRem, UnsignedAbs};
use dashu_int::{IBig, UBig};

use super::error::{Fault, Outcome};
use super::int::{self, IntView, from_big, from_i64, magnitude_bits};
use super::int_large;
use crate::heap::{Value, work};

/// `m * 2^exponent`, correctly rounded, where the last bit of `m` also says
/// whether something below it was cut off; None when it is too large.
pub fn scaled(m: u128, exponent: i64) -> Option<f64> {
    if m == 0 {
        return Some(0.0);
    }
    let bits = 128 - m.leading_zeros() as i64;
    let top = bits + exponent - 1;
    if top > 1024 {
        return None;
    }
    // Subnormal numbers have fewer bits.
    let precision = if top >= -1022 { 53 } else { 53 - (-1022 - top) };
    let drop = bits - precision;
    if precision < 0 {
        return Some(0.0);
    }
    let (mantissa, exponent) = if drop > 0 {
        (round_off(m, drop as u32), exponent + drop)
    } else {
        (m, exponent)
    };
    let result = times_power_of_two(mantissa as f64, exponent);
    if result.is_infinite() {
        None
    } else {
        Some(result)
    }
}

/// `m / 2^drop`, half to even.
fn round_off(m: u128, drop: u32) -> u128 {
    if drop >= 128 {
        return 0;
    }
    let (kept, rest) = (m >> drop, m & ((1 << drop) - 1));
    let half = 1u128 << (drop - 1);
    if rest > half || rest == half && kept & 1 == 1 {
        kept + 1
    } else {
        kept
    }
}

/// `f * 2^exponent`, where the result is exact.
pub fn times_power_of_two(mut f: f64, mut exponent: i64) -> f64 {
    while exponent > 1000 {
        f *= f64::from_bits((1000 + 1023) << 52);
        exponent -= 1000;
        if f.is_infinite() || f == 0.0 {
            return f;
        }
    }
    while exponent < -1000 {
        f *= f64::from_bits((1023 - 1000) << 52);
        exponent += 1000;
        if f == 0.0 {
            return f;
        }
    }
    f * f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The nearest float; None if it is too large.
pub fn big_to_f64(big: &IBig) -> Option<f64> {
    let magnitude = big.unsigned_abs();
    let bits = magnitude_bits(big);
    if bits > 1100 {
        return None;
    }
    let cut = bits.saturating_sub(100) as usize;
    let top = u128::try_from(&magnitude >> cut).ok()?;
    let sticky = cut > 0 && magnitude.trailing_zeros().is_some_and(|zeros| zeros < cut);
    let f = scaled(top | sticky as u128, cut as i64)?;
    Some(if int::IntView::Big(big).is_negative() {
        -f
    } else {
        f
    })
}

/// `a / b`, correctly rounded.
pub fn true_div(a: IntView<'_>, b: IntView<'_>) -> Outcome<f64> {
    if b.is_zero() {
        return Err(Fault::zero_division("division by zero"));
    }
    if let (IntView::Small(a), IntView::Small(b)) = (a, b)
        && a.unsigned_abs() <= 1 << 53
        && b.unsigned_abs() <= 1 << 53
    {
        return Ok(a as f64 / b as f64);
    }
    let negative = a.is_negative() != b.is_negative();
    match divide_magnitudes(a, b) {
        Some(f) => Ok(if negative { -f } else { f }),
        None => Err(Fault::overflow(
            "integer division result too large for a float",
        )),
    }
}

fn divide_magnitudes(a: IntView<'_>, b: IntView<'_>) -> Option<f64> {
    let difference = a.bit_length() as i64 - b.bit_length() as i64;
    if difference > 1026 {
        return None;
    }
    if difference < -1080 {
        return Some(0.0);
    }
    // The quotient has 80 bits or one more: more than a float has, even with the cut.
    let shift = 80 - difference;
    let (mut a, mut b) = (a.into_big().unsigned_abs(), b.into_big().unsigned_abs());
    if shift >= 0 {
        a <<= shift as usize;
    } else {
        b <<= (-shift) as usize;
    }
    let (q, r) = a.div_rem(b);
    scaled(u128::try_from(q).ok()? | !r.is_zero() as u128, -shift)
}

/// `a ** b` for `b >= 0`.
pub fn pow(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    debug_assert!(!b.is_negative());
    match (a, b) {
        (_, IntView::Small(0)) | (IntView::Small(1), _) => return Ok(from_i64(1)),
        (IntView::Small(0), _) => return Ok(from_i64(0)),
        (IntView::Small(-1), _) => return Ok(from_i64(if b.is_odd() { -1 } else { 1 })),
        (IntView::Small(i), IntView::Small(e)) if e < 64 => {
            if let Some(result) = i.checked_pow(e as u32) {
                return Ok(from_i64(result));
            }
        }
        _ => {}
    }
    let exponent = b.as_usize().ok_or(Fault::Memory)?;
    // A lower bound of the size is bits - 1 for each factor.
    let least = (a.bit_length() - 1).saturating_mul(exponent as u64);
    let power_of_two = a.bit_count() == 1;
    if !power_of_two && least > int::MOST_PRODUCT_BITS {
        return Err(Fault::Memory);
    }
    int::check_bits(
        if power_of_two {
            least
        } else {
            a.bit_length().saturating_mul(exponent as u64)
        }
        .max(1),
    )?;
    if power_of_two {
        let power = IBig::ONE << least as usize;
        return Ok(from_big(if a.is_negative() && exponent & 1 == 1 {
            -power
        } else {
            power
        }));
    }
    Ok(from_big(int_large::pow(&a.big(), exponent)?))
}

/// `pow(a, b, m)`
pub fn pow_mod(a: IntView<'_>, b: IntView<'_>, m: IntView<'_>) -> Outcome<Value> {
    if m.is_zero() {
        return Err(Fault::value("pow() 3rd argument cannot be 0"));
    }
    let modulus = m.into_big().unsigned_abs();
    if modulus.is_one() {
        return Ok(from_i64(0));
    }
    let (_, base) = int::divmod_big(&a.big(), &IBig::from(modulus.clone()))?;
    let mut base = base.unsigned_abs();
    let exponent = b.into_big();
    if b.is_negative() {
        base = inverse(&base, &modulus)?
            .ok_or_else(|| Fault::value("base is not invertible for the given modulus"))?;
    }
    let power = int_large::pow_mod(base, &exponent.unsigned_abs(), &modulus)?;
    let result = IBig::from(power);
    Ok(from_big(
        if m.is_negative() && !result.is_zero() && !cfg!(hoop_mutant = "18") {
            result - IBig::from(modulus)
        } else {
            result
        },
    ))
}

/// The number whose product with `a` is 1 modulo `m`.
fn inverse(a: &UBig, m: &UBig) -> Outcome<Option<UBig>> {
    let (mut r, mut next_r) = (IBig::from(m.clone()), IBig::from(a.clone()));
    let (mut t, mut next_t) = (IBig::ZERO, IBig::ONE);
    while !next_r.is_zero() {
        let (q, rest) = int_large::div_rem(&r, &next_r)?;
        let rest_t = t - int_large::mul(&q, &next_t)?;
        // Few of the steps are long ones, but there are many.
        work(r.as_sign_words().1.len() / 100 + 1)?;
        (r, next_r) = (next_r, rest);
        (t, next_t) = (next_t, rest_t);
    }
    if !r.is_one() {
        return Ok(None);
    }
    let (_, t) = int::divmod_big(&t, &IBig::from(m.clone()))?;
    Ok(Some(t.unsigned_abs()))
}

/// The greatest common divisor.
pub fn gcd(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if let (IntView::Small(a), IntView::Small(b)) = (a, b) {
        let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return Ok(int::from_u64(a));
    }
    let (a, b) = (a.into_big().unsigned_abs(), b.into_big().unsigned_abs());
    if a.is_zero() || b.is_zero() {
        return Ok(from_big(IBig::from(a + b)));
    }
    Ok(from_big(IBig::from(int_large::gcd(a, b)?)))
}

/// The integer part of the square root.
pub fn isqrt(a: IntView<'_>) -> Outcome<Value> {
    if a.is_negative() {
        return Err(Fault::value("isqrt() argument must be nonnegative"));
    }
    if let IntView::Small(i) = a {
        return Ok(from_i64(i.isqrt()));
    }
    let root = int_large::sqrt(&a.into_big().unsigned_abs())?;
    Ok(from_big(IBig::from(root)))
}

/// `a.to_bytes(length, order, signed=signed)`
pub fn to_bytes(a: IntView<'_>, length: usize, little: bool, signed: bool) -> Outcome<Vec<u8>> {
    if a.is_negative() && !signed {
        return Err(Fault::overflow("can't convert negative int to unsigned"));
    }
    // One bit more for the sign; -128 fits a byte.
    let bits = if !signed {
        a.bit_length()
    } else if a.is_negative() {
        int::IntView::of(&int::invert(a)).map_or(0, IntView::bit_length) + 1
    } else if cfg!(hoop_mutant = "5") {
        a.bit_length()
    } else {
        a.bit_length() + 1
    };
    if bits > (length as u64).saturating_mul(8) && !(length == 0 && a.is_zero()) {
        return Err(Fault::overflow("int too big to convert"));
    }
    crate::heap::current().check_room(length)?;
    let mut bytes = a.into_big().to_le_bytes().into_vec();
    bytes.resize(length, if a.is_negative() { 0xFF } else { 0 });
    if !little {
        bytes.reverse();
    }
    Ok(bytes)
}

/// As `to_bytes`, of a number that fits a word and into no more bytes than a word has: those bytes, and how many of them
/// count. None where the long way must look, or complain.
pub fn few_bytes(number: i64, length: i64, little: bool, signed: bool) -> Option<([u8; 8], usize)> {
    let count = usize::try_from(length)
        .ok()
        .filter(|n| (1..=8).contains(n))?;
    let shift = 64 - 8 * count as u32;
    let fits = if signed {
        number << shift >> shift == number
    } else {
        number >= 0 && ((number as u64) << shift >> shift) == number as u64
    };
    if !fits {
        return None;
    }
    let bytes = if little {
        number.to_le_bytes()
    } else {
        (number << shift).to_be_bytes()
    };
    Some((bytes, count))
}

/// `int.from_bytes(bytes, order, signed=signed)`
pub fn from_bytes(bytes: &[u8], little: bool, signed: bool) -> Value {
    if bytes.is_empty() {
        return from_i64(0);
    }
    // The highest bit of a word would be a sign.
    if bytes.len() < 8 || (signed && bytes.len() == 8) {
        let mut word = [0; 8];
        let number = if little {
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        } else {
            word[8 - bytes.len()..].copy_from_slice(bytes);
            u64::from_be_bytes(word)
        };
        let shift = 64 - 8 * bytes.len() as u32;
        return from_i64(match signed {
            true => (number << shift) as i64 >> shift,
            false => number as i64,
        });
    }
    from_big(match (little, signed) {
        (true, true) => IBig::from_le_bytes(bytes),
        (false, true) => IBig::from_be_bytes(bytes),
        (true, false) => IBig::from(UBig::from_le_bytes(bytes)),
        (false, false) => IBig::from(UBig::from_be_bytes(bytes)),
    })
}
