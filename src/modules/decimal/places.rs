//! Operations on exponents and digits: quantize, shift, logical operations and their like.

use dashu_int::UBig;
use std::cmp::Ordering;

use super::small;
use super::work::{MAX_EMAX, Out, Rounding, Work, room, scaled, signal};
use crate::object::decimal::{Number, digits, power_of_ten, strip_zeros};
use crate::object::int_large;

/// `a` with the exponent of `b`.
pub fn quantize(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(quick) = small::quantize(a, b, &work.set) {
        return Ok(work.quick(quick));
    }
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    if a.is_infinite() || b.is_infinite() {
        return Ok(if a.is_infinite() && b.is_infinite() {
            a.clone()
        } else {
            work.invalid(signal::INVALID)
        });
    }
    let set = work.set;
    if b.exp > set.emax || b.exp < set.etiny() {
        return Ok(work.invalid(signal::INVALID));
    }
    if a.coef.is_zero() {
        return work.finish(Number::zero(a.negative, b.exp));
    }
    let adjusted = a.adjusted();
    if adjusted > set.emax || adjusted.saturating_sub(b.exp) >= set.prec {
        return Ok(work.invalid(signal::INVALID));
    }
    let (result, inexact) = work.rounded_to(a, b.exp)?;
    if result.digits() > set.prec || !result.coef.is_zero() && result.adjusted() > set.emax {
        return Ok(work.invalid(signal::INVALID));
    }
    if b.exp > a.exp {
        work.status |= signal::ROUNDED;
        if inexact {
            work.status |= signal::INEXACT;
        }
    }
    // Nothing is left to be rounded; the exponent may still be out of a clamped range.
    let mut rest = Work::new(set);
    let result = rest.finish(result)?;
    work.status |= rest.status & !(signal::ROUNDED | signal::INEXACT);
    Ok(result)
}

/// Whether the exponents are the same.
pub fn same_quantum(a: &Number, b: &Number) -> bool {
    if a.is_nan() || b.is_nan() {
        return a.is_nan() && b.is_nan();
    }
    if a.is_infinite() || b.is_infinite() {
        return a.is_infinite() && b.is_infinite();
    }
    a.exp == b.exp
}

/// The number without trailing zeros.
pub fn reduce(a: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    let mut number = work.finish(a.clone())?;
    if !number.is_finite() {
        return Ok(number);
    }
    if number.coef.is_zero() {
        return Ok(Number::zero(number.negative, 0));
    }
    let top = if work.set.clamp {
        work.set.etop()
    } else {
        work.set.emax
    };
    let most = top.saturating_sub(number.exp).max(0) as u64;
    number.exp += strip_zeros(&mut number.coef, most) as i64;
    Ok(number)
}

/// The nearest integer, without signals for rounding.
pub fn to_integral_value(a: &Number, work: &mut Work) -> Out {
    integral(a, work, false)
}

/// The nearest integer, with signals.
pub fn to_integral_exact(a: &Number, work: &mut Work) -> Out {
    integral(a, work, true)
}

fn integral(a: &Number, work: &mut Work, signals: bool) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    if !a.is_finite() || a.exp >= 0 {
        return Ok(a.clone());
    }
    if a.coef.is_zero() {
        return Ok(Number::zero(a.negative, 0));
    }
    let (result, inexact) = work.rounded_to(a, 0)?;
    if signals {
        work.status |= signal::ROUNDED;
        if inexact {
            work.status |= signal::INEXACT;
        }
    }
    Ok(result)
}

/// The exponent of the first digit.
pub fn logb(a: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    if a.is_infinite() {
        return Ok(Number::infinity(false));
    }
    if a.coef.is_zero() {
        work.status |= signal::DIVISION_BY_ZERO;
        return Ok(Number::infinity(true));
    }
    work.finish(Number::small(a.adjusted()))
}

/// The integer that a number without exponent is, if its magnitude is at most `most`.
fn count_of(b: &Number, most: i64) -> Option<i64> {
    if !b.is_finite() || b.exp != 0 {
        return None;
    }
    let magnitude = i64::try_from(&b.coef).ok().filter(|&m| m <= most)?;
    Some(if b.negative { -magnitude } else { magnitude })
}

/// `a * 10**b`
pub fn scaleb(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let most = (work.set.emax + work.set.prec).saturating_mul(2);
    let Some(places) = count_of(b, most.min(4 * MAX_EMAX)) else {
        return Ok(work.invalid(signal::INVALID));
    };
    if a.is_infinite() {
        return Ok(a.clone());
    }
    let mut result = a.clone();
    result.exp = result.exp.saturating_add(places);
    work.finish(result)
}

/// The operands of `shift` and `rotate`: how many places to the left.
fn places_of(b: &Number, work: &mut Work) -> Option<i64> {
    let places = count_of(b, work.set.prec);
    if places.is_none() {
        work.status |= signal::INVALID;
    }
    places
}

/// The last `prec` digits of a coefficient.
fn trimmed(coef: &UBig, prec: i64) -> Out<UBig> {
    if digits(coef) <= prec {
        return Ok(coef.clone());
    }
    Ok(coef % power_of_ten(prec as u64))
}

/// Digits moved, zeros coming in.
pub fn shift(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let Some(places) = places_of(b, work) else {
        return Ok(Number::nan());
    };
    if a.is_infinite() {
        return Ok(a.clone());
    }
    let own = trimmed(&a.coef, work.set.prec)?;
    let coef = if places >= 0 {
        trimmed(&scaled(&own, places)?, work.set.prec)?
    } else if -places >= digits(&own) {
        UBig::ZERO
    } else {
        own / power_of_ten(places.unsigned_abs())
    };
    Ok(Number::new(a.negative, coef, a.exp))
}

/// Digits moved round, within the precision.
pub fn rotate(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let Some(places) = places_of(b, work) else {
        return Ok(Number::nan());
    };
    if a.is_infinite() {
        return Ok(a.clone());
    }
    let prec = work.set.prec;
    let left = places.rem_euclid(prec);
    let own = trimmed(&a.coef, prec)?;
    if left == 0 || own.is_zero() {
        return Ok(Number::new(a.negative, own, a.exp));
    }
    room(prec)?;
    let split = power_of_ten((prec - left) as u64);
    let (high, low) = dashu_int::ops::DivRem::div_rem(own, split);
    let coef = scaled(&low, left)? + high;
    Ok(Number::new(a.negative, coef, a.exp))
}

/// The digits of a logical operand, the last one first; None if it is none.
fn logical_digits(a: &Number) -> Option<Vec<u8>> {
    if !a.is_finite() || a.negative || a.exp != 0 {
        return None;
    }
    let text = a.coef.to_string();
    text.bytes()
        .rev()
        .map(|digit| match digit {
            b'0' => Some(0),
            b'1' => Some(1),
            _ => None,
        })
        .collect()
}

fn of_logical(mut digits: Vec<u8>) -> Number {
    digits.reverse();
    let text: String = digits
        .iter()
        .map(|d| if *d == 0 { '0' } else { '1' })
        .collect();
    let coef = UBig::from_str_radix(&text, 10).unwrap_or(UBig::ZERO);
    Number::new(false, coef, 0)
}

fn logical(a: &Number, b: &Number, work: &mut Work, op: fn(u8, u8) -> u8) -> Out {
    let (Some(x), Some(y)) = (logical_digits(a), logical_digits(b)) else {
        return Ok(work.invalid(signal::INVALID));
    };
    let prec = usize::try_from(work.set.prec).unwrap_or(usize::MAX);
    let length = x.len().max(y.len()).min(prec);
    let digit = |digits: &[u8], i: usize| digits.get(i).copied().unwrap_or(0);
    Ok(of_logical(
        (0..length)
            .map(|i| op(digit(&x, i), digit(&y, i)))
            .collect(),
    ))
}

/// Digit by digit.
pub fn logical_and(a: &Number, b: &Number, work: &mut Work) -> Out {
    logical(a, b, work, |x, y| x & y)
}

/// Digit by digit.
pub fn logical_or(a: &Number, b: &Number, work: &mut Work) -> Out {
    logical(a, b, work, |x, y| x | y)
}

/// Digit by digit.
pub fn logical_xor(a: &Number, b: &Number, work: &mut Work) -> Out {
    logical(a, b, work, |x, y| x ^ y)
}

/// Digit by digit, as many as the precision.
pub fn logical_invert(a: &Number, work: &mut Work) -> Out {
    let Some(x) = logical_digits(a) else {
        return Ok(work.invalid(signal::INVALID));
    };
    room(work.set.prec)?;
    let length = work.set.prec as usize;
    Ok(of_logical(
        (0..length)
            .map(|i| 1 - x.get(i).copied().unwrap_or(0))
            .collect(),
    ))
}

/// The square root, rounded half to even.
pub fn sqrt(a: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    if a.is_zero() {
        return work.finish(Number::zero(a.negative, a.exp.div_euclid(2)));
    }
    if a.negative {
        return Ok(work.invalid(signal::INVALID));
    }
    if a.is_infinite() {
        return Ok(a.clone());
    }
    let ideal = a.exp.div_euclid(2);
    let (coef, length) = if a.exp % 2 == 0 {
        (a.coef.clone(), (a.digits() + 1) / 2)
    } else {
        (scaled(&a.coef, 1)?, a.digits() / 2 + 1)
    };
    // So many pairs of zeros give one digit more than the precision.
    let pairs = work.set.prec + 1 - length;
    let (square, cut) = if pairs >= 0 {
        (scaled(&coef, pairs.saturating_mul(2))?, false)
    } else {
        let (kept, rest) = int_large::divide(
            &coef,
            &int_large::power_of_ten(2 * pairs.unsigned_abs() as usize)?,
        )?;
        (kept, !rest.is_zero())
    };
    let mut root = int_large::sqrt(&square)?;
    let mut exp = ideal - pairs;
    if !cut && int_large::product(&root, &root)? == square {
        if exp < ideal {
            exp += strip_zeros(&mut root, (ideal - exp) as u64) as i64;
        }
    } else if &root % 5u8 == 0 {
        root += 1u8;
    }
    let rounding = std::mem::replace(&mut work.set.rounding, Rounding::HalfEven);
    let result = work.finish(Number::new(false, root, exp));
    work.set.rounding = rounding;
    result
}

/// `pow(a, b, modulus)` of integers.
pub fn power_modulo(a: &Number, b: &Number, m: &Number, work: &mut Work) -> Out {
    if a.is_nan() || b.is_nan() || m.is_nan() {
        return Ok(work.nan_of(&[a, b, m]).unwrap_or_else(Number::nan));
    }
    let whole = a.is_integer() && b.is_integer() && m.is_integer();
    let senseless = !whole || b.negative && !b.coef.is_zero() || m.is_zero();
    if senseless || a.is_zero() && b.is_zero() {
        return Ok(work.invalid(signal::INVALID));
    }
    let modulus = integer_of(m)?;
    if digits(&modulus) > work.set.prec {
        return Ok(work.invalid(signal::INVALID));
    }
    let negative = a.negative && b.is_odd();
    if modulus == UBig::ONE {
        return Ok(Number::zero(negative, 0));
    }
    let ring = dashu_int::fast_div::ConstDivisor::new(modulus.clone());
    let mut base = if a.exp >= 0 {
        let ten = ring
            .reduce(UBig::from(10u8))
            .pow(&UBig::from(a.exp.unsigned_abs()));
        (ring.reduce(a.coef.clone()) * ten).residue()
    } else {
        integer_of(a)? % &modulus
    };
    if b.exp <= 0 {
        base = ring.reduce(base).pow(&integer_of(b)?).residue();
    } else {
        base = ring.reduce(base).pow(&b.coef).residue();
        let ten = UBig::from(10u8);
        let mut left = b.exp;
        while left > 0 && base != UBig::ONE && !base.is_zero() {
            work.tick(64)?;
            base = ring.reduce(base).pow(&ten).residue();
            left -= 1;
        }
    }
    Ok(Number::new(negative, base, 0))
}

/// The magnitude of an integer.
pub fn integer_of(a: &Number) -> Out<UBig> {
    match a.exp.cmp(&0) {
        Ordering::Equal => Ok(a.coef.clone()),
        Ordering::Greater => scaled(&a.coef, a.exp),
        Ordering::Less if a.exp.unsigned_abs() >= a.digits() as u64 => Ok(UBig::ZERO),
        Ordering::Less => Ok(&a.coef / power_of_ten(a.exp.unsigned_abs())),
    }
}
