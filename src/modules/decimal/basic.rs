//! Addition, multiplication, division.

use dashu_int::UBig;
use dashu_int::ops::BitTest;
use std::cmp::Ordering;

use super::small;
use super::work::{Out, Rounding, Work, room, scaled, signal};
use crate::object::decimal::{Number, power_of_ten, strip_zeros};
use crate::object::int_large;

/// `a + b`
pub fn add(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(quick) = small::add(a, b, false, &work.set) {
        return Ok(work.quick(quick));
    }
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    if a.is_infinite() || b.is_infinite() {
        if a.is_infinite() && b.is_infinite() && a.negative != b.negative {
            return Ok(work.invalid(signal::INVALID));
        }
        let infinite = if a.is_infinite() { a } else { b };
        return Ok(Number::infinity(infinite.negative));
    }
    let sum = finite_sum(a, b, work)?;
    work.finish(sum)
}

/// `a - b`
pub fn sub(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(quick) = small::add(a, b, true, &work.set) {
        return Ok(work.quick(quick));
    }
    if b.is_nan() {
        return add(a, b, work);
    }
    add(a, &b.negated(), work)
}

/// The sum of finite numbers, exact as far as rounding needs it.
fn finite_sum(a: &Number, b: &Number, work: &Work) -> Out {
    let exp = a.exp.min(b.exp);
    match (a.coef.is_zero(), b.coef.is_zero()) {
        (true, true) => {
            let negative = zero_sign(a, b, work);
            return Ok(Number::zero(negative, exp));
        }
        (true, false) => return padded(b, exp, work),
        (false, true) => return padded(a, exp, work),
        _ => {}
    }
    let (large, small) = if a.adjusted() >= b.adjusted() {
        (a, b)
    } else {
        (b, a)
    };
    // Digits far below the last place that counts only say that there is something.
    let floor = large
        .exp
        .min(large.adjusted().saturating_sub(work.set.prec) - 2);
    if small.adjusted() < floor {
        let speck = Number::new(small.negative, UBig::ONE, floor - 1);
        return exact_sum(large, &speck, work);
    }
    exact_sum(large, small, work)
}

fn exact_sum(a: &Number, b: &Number, work: &Work) -> Out {
    let exp = a.exp.min(b.exp);
    let x = scaled(&a.coef, a.exp - exp)?;
    let y = scaled(&b.coef, b.exp - exp)?;
    if a.negative == b.negative {
        return Ok(Number::new(a.negative, x + y, exp));
    }
    Ok(match x.cmp(&y) {
        Ordering::Greater => Number::new(a.negative, x - y, exp),
        Ordering::Less => Number::new(b.negative, y - x, exp),
        Ordering::Equal => Number::zero(zero_sign(a, b, work), exp),
    })
}

/// The sign of a sum that is zero.
fn zero_sign(a: &Number, b: &Number, work: &Work) -> bool {
    if a.negative == b.negative {
        a.negative
    } else {
        work.set.rounding == Rounding::Floor
    }
}

/// The number with zeros down to `exp`, as far as the precision has room.
fn padded(number: &Number, exp: i64, work: &Work) -> Out {
    let least = number.adjusted().saturating_sub(work.set.prec);
    let exp = exp.max(least).min(number.exp);
    let coef = scaled(&number.coef, number.exp - exp)?;
    Ok(Number::new(number.negative, coef, exp))
}

/// `a * b`
pub fn mul(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(quick) = small::mul(a, b, &work.set) {
        return Ok(work.quick(quick));
    }
    let product = exact_product(a, b, work)?;
    work.finish(product)
}

/// The product before it is rounded.
fn exact_product(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() || b.is_infinite() {
        if a.is_zero() || b.is_zero() {
            return Ok(work.invalid(signal::INVALID));
        }
        return Ok(Number::infinity(negative));
    }
    room(a.digits() + b.digits())?;
    Ok(Number::new(
        negative,
        int_large::product(&a.coef, &b.coef)?,
        a.exp + b.exp,
    ))
}

/// `a * b + c`, rounded once.
pub fn fma(a: &Number, b: &Number, c: &Number, work: &mut Work) -> Out {
    let senseless = a.is_infinite() && b.is_zero() || a.is_zero() && b.is_infinite();
    if a.is_signaling() || b.is_signaling() || senseless {
        return exact_product(a, b, work);
    }
    if let Some(nan) = work.nan_of(&[a, b, c]) {
        return Ok(nan);
    }
    let product = exact_product(a, b, work)?;
    add(&product, c, work)
}

/// `a / b`
pub fn div(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(quick) = small::div(a, b, &work.set) {
        return Ok(work.quick(quick));
    }
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let negative = a.negative != b.negative;
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) => return Ok(work.invalid(signal::INVALID)),
        (true, false) => return Ok(Number::infinity(negative)),
        (false, true) => {
            work.status |= signal::CLAMPED;
            return Ok(Number::zero(negative, work.set.etiny()));
        }
        _ => {}
    }
    if b.coef.is_zero() {
        if a.coef.is_zero() {
            return Ok(work.invalid(signal::UNDEFINED));
        }
        work.status |= signal::DIVISION_BY_ZERO;
        return Ok(Number::infinity(negative));
    }
    let ideal = a.exp - b.exp;
    if a.coef.is_zero() {
        return work.finish(Number::zero(negative, ideal));
    }
    let quotient = finite_quotient(a, b, work)?;
    work.finish(quotient.signed(negative))
}

fn finite_quotient(a: &Number, b: &Number, work: &Work) -> Out {
    let ideal = a.exp - b.exp;
    let shift = b.digits() - a.digits() + work.set.prec + 1;
    let (mut coef, rest) = if shift >= 0 {
        int_large::divide(&scaled(&a.coef, shift)?, &b.coef)?
    } else {
        int_large::divide(&a.coef, &scaled(&b.coef, -shift)?)?
    };
    let mut exp = ideal - shift;
    if !rest.is_zero() {
        // A last digit other than 0 and 5 says that something was cut off.
        if &coef % 5u8 == 0 {
            coef += 1u8;
        }
    } else if exp < ideal {
        exp += strip_zeros(&mut coef, (ideal - exp) as u64) as i64;
    }
    Ok(Number::new(false, coef, exp))
}

/// The integer quotient and the remainder of finite numbers, or None if the quotient is too long.
fn integer_quotient(a: &Number, b: &Number, work: &Work) -> Out<Option<(UBig, Number)>> {
    let exp = a.exp.min(b.exp);
    if a.coef.is_zero() {
        return Ok(Some((UBig::ZERO, Number::zero(a.negative, exp))));
    }
    let gap = a.adjusted() - b.adjusted();
    if gap > work.set.prec {
        return Ok(None);
    }
    let rest = if gap < -1 {
        let coef = scaled(&a.coef, a.exp - exp)?;
        return Ok(Some((UBig::ZERO, Number::new(a.negative, coef, exp))));
    } else {
        let x = scaled(&a.coef, a.exp - exp)?;
        let y = scaled(&b.coef, b.exp - exp)?;
        int_large::divide(&x, &y)?
    };
    let (quotient, rest) = rest;
    if crate::object::decimal::digits(&quotient) > work.set.prec {
        return Ok(None);
    }
    Ok(Some((quotient, Number::new(a.negative, rest, exp))))
}

/// `a // b`, rounding towards zero.
pub fn divide_int(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(quick) = small::divide_int(a, b, &work.set) {
        return Ok(work.quick(quick));
    }
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() {
        if b.is_infinite() {
            return Ok(work.invalid(signal::INVALID));
        }
        return Ok(Number::infinity(negative));
    }
    if b.is_infinite() {
        return Ok(Number::zero(negative, 0));
    }
    if b.coef.is_zero() {
        return Ok(by_zero(a, negative, work));
    }
    match integer_quotient(a, b, work)? {
        Some((quotient, _)) => work.finish(Number::new(negative, quotient, 0)),
        None => Ok(work.invalid(signal::IMPOSSIBLE)),
    }
}

fn by_zero(a: &Number, negative: bool, work: &mut Work) -> Number {
    if a.is_zero() {
        return work.invalid(signal::UNDEFINED);
    }
    work.status |= signal::DIVISION_BY_ZERO;
    Number::infinity(negative)
}

/// `a % b`, with the sign of `a`.
pub fn remainder(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    if let Some(result) = simple_remainder(a, b, work)? {
        return Ok(result);
    }
    match integer_quotient(a, b, work)? {
        Some((_, rest)) => work.finish(rest),
        None => Ok(work.invalid(signal::IMPOSSIBLE)),
    }
}

/// The remainder where one operand is infinite or the second is zero.
fn simple_remainder(a: &Number, b: &Number, work: &mut Work) -> Out<Option<Number>> {
    if a.is_infinite() {
        return Ok(Some(work.invalid(signal::INVALID)));
    }
    if b.is_zero() {
        let condition = if a.is_zero() {
            signal::UNDEFINED
        } else {
            signal::INVALID
        };
        return Ok(Some(work.invalid(condition)));
    }
    if b.is_infinite() {
        return work.finish(a.clone()).map(Some);
    }
    Ok(None)
}

/// `divmod(a, b)`
pub fn divmod(a: &Number, b: &Number, work: &mut Work) -> Out<(Number, Number)> {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok((nan.clone(), nan));
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() {
        let rest = work.invalid(signal::INVALID);
        let quotient = if b.is_infinite() {
            Number::nan()
        } else {
            Number::infinity(negative)
        };
        return Ok((quotient, rest));
    }
    if b.is_zero() {
        if a.is_zero() {
            let nan = work.invalid(signal::UNDEFINED);
            return Ok((nan.clone(), nan));
        }
        let quotient = by_zero(a, negative, work);
        return Ok((quotient, work.invalid(signal::INVALID)));
    }
    if b.is_infinite() {
        let rest = work.finish(a.clone())?;
        return Ok((Number::zero(negative, 0), rest));
    }
    match integer_quotient(a, b, work)? {
        Some((quotient, rest)) => {
            let rest = work.finish(rest)?;
            Ok((work.finish(Number::new(negative, quotient, 0))?, rest))
        }
        None => {
            let nan = work.invalid(signal::IMPOSSIBLE);
            Ok((nan.clone(), nan))
        }
    }
}

/// The remainder of the nearest integer quotient.
pub fn remainder_near(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    if let Some(result) = simple_remainder(a, b, work)? {
        return Ok(result);
    }
    let Some((quotient, rest)) = integer_quotient(a, b, work)? else {
        return Ok(work.invalid(signal::IMPOSSIBLE));
    };
    if !a.is_zero() && a.adjusted() < b.adjusted() - 1 {
        // Less than a tenth of the divisor.
        return work.finish(rest);
    }
    let divisor = if rest.exp < b.exp {
        scaled(&b.coef, b.exp - rest.exp)?
    } else {
        b.coef.clone()
    };
    let doubled = &rest.coef << 1usize;
    let beyond = match doubled.cmp(&divisor) {
        Ordering::Less => false,
        Ordering::Equal => quotient.bit(0),
        Ordering::Greater => true,
    };
    if !beyond {
        return work.finish(rest);
    }
    if work.set.prec < 1_000_000 && quotient + 1u8 >= power_of_ten(work.set.prec as u64) {
        return Ok(work.invalid(signal::IMPOSSIBLE));
    }
    let coef = divisor - rest.coef;
    work.finish(Number::new(!rest.negative, coef, rest.exp))
}

/// `+a`: the number, rounded; a negative zero becomes zero.
pub fn plus(a: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    if a.is_zero() && work.set.rounding != Rounding::Floor {
        return work.finish(a.abs());
    }
    work.finish(a.clone())
}

/// `-a`, rounded.
pub fn minus(a: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    if a.is_zero() && work.set.rounding != Rounding::Floor {
        return work.finish(a.abs());
    }
    work.finish(a.negated())
}

/// `abs(a)`, rounded.
pub fn abs(a: &Number, work: &mut Work) -> Out {
    if a.negative {
        minus(a, work)
    } else {
        plus(a, work)
    }
}
