//! The usual case of the usual operations: finite numbers whose coefficients fit two words, and results
//! that do too and are neither out of range nor near its ends. What is not answered here goes the general
//! way, which gives the same.

use dashu_int::UBig;
use std::cmp::Ordering;

use super::work::{Rest, Settings, goes_up, signal};
use crate::object::decimal::{Number, POWERS, digits_of};

/// All coefficients with so many digits fit.
const MOST: i64 = 38;

/// A finite number.
#[derive(Clone, Copy)]
pub struct Small {
    negative: bool,
    coef: u128,
    exp: i64,
}

/// A result, and the signals that were raised.
pub type Answer = Option<(Number, u32)>;

impl Small {
    /// A number, if it is small.
    #[inline]
    pub fn of(number: &Number) -> Option<Small> {
        if !number.is_finite() {
            return None;
        }
        let coef = match *number.coef.as_words() {
            [] => 0,
            [low] => u128::from(low),
            [low, high] => u128::from(high) << 64 | u128::from(low),
            _ => return None,
        };
        Some(Small {
            negative: number.negative,
            coef,
            exp: number.exp,
        })
    }

    /// Two numbers, if neither is larger and neither is zero.
    #[inline]
    fn both(a: &Number, b: &Number) -> Option<(Small, Small)> {
        let (a, b) = (Small::of(a)?, Small::of(b)?);
        (a.coef != 0 && b.coef != 0).then_some((a, b))
    }

    #[inline]
    fn number(self) -> Number {
        let coef = match u64::try_from(self.coef) {
            Ok(word) => UBig::from_word(word),
            Err(_) => UBig::from_dword(self.coef),
        };
        Number::new(self.negative, coef, self.exp)
    }

    /// The exponent of the first digit.
    fn adjusted(self) -> i64 {
        self.exp + digits_of(self.coef) - 1
    }

    /// The coefficient with so many zeros more.
    #[inline]
    fn scaled(self, places: i64) -> Option<u128> {
        match places {
            0 => Some(self.coef),
            1..MOST => product(self.coef, POWERS[places as usize]),
            _ => None,
        }
    }
}

/// `a * b`
#[inline]
fn product(a: u128, b: u128) -> Option<u128> {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(u128::from(a) * u128::from(b)),
        _ => a.checked_mul(b),
    }
}

/// Quotient and rest; one word is divided much faster than two.
#[inline]
fn divide(a: u128, b: u128) -> (u128, u128) {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => (u128::from(a / b), u128::from(a % b)),
        _ => {
            let quotient = a / b;
            (quotient, a - quotient * b)
        }
    }
}

/// Whether a coefficient that lost `rest` of `unit` is rounded away from zero.
#[inline]
fn is_rounded_up(set: &Settings, negative: bool, kept: u128, rest: u128, unit: u128) -> bool {
    let rest = match (rest * 2).cmp(&unit) {
        _ if rest == 0 => Rest::None,
        Ordering::Less => Rest::BelowHalf,
        Ordering::Equal => Rest::Half,
        Ordering::Greater => Rest::AboveHalf,
    };
    let (is_odd, ends_round) = (|| kept & 1 == 1, || kept.is_multiple_of(5));
    goes_up(set.rounding, negative, rest, is_odd, ends_round)
}

/// A result that is not zero, rounded to the precision.
#[inline]
fn fitted(mut number: Small, set: &Settings) -> Answer {
    let length = digits_of(number.coef);
    let adjusted = number.exp + length - 1;
    if adjusted >= set.emax || adjusted < set.emin || set.clamp {
        return None;
    }
    if length <= set.prec {
        return Some((number.number(), 0));
    }
    let drop = length - set.prec;
    let unit = POWERS[drop as usize];
    let (mut kept, rest) = divide(number.coef, unit);
    if is_rounded_up(set, number.negative, kept, rest, unit) {
        kept += 1;
        if kept == POWERS[set.prec as usize] {
            // 99...9 became 100...0.
            kept /= 10;
            number.exp += 1;
        }
    }
    number.coef = kept;
    number.exp += drop;
    let inexact = if rest == 0 { 0 } else { signal::INEXACT };
    Some((number.number(), signal::ROUNDED | inexact))
}

/// `a + b`, or with `minus` `a - b`.
#[inline]
pub fn add(a: &Number, b: &Number, minus: bool, set: &Settings) -> Answer {
    let (a, b) = Small::both(a, b)?;
    let exp = a.exp.min(b.exp);
    let (x, y) = (a.scaled(a.exp - exp)?, b.scaled(b.exp - exp)?);
    let b_negative = b.negative != minus;
    let (negative, coef) = if a.negative == b_negative {
        (a.negative, x.checked_add(y)?)
    } else {
        match x.cmp(&y) {
            Ordering::Greater => (a.negative, x - y),
            Ordering::Less => (b_negative, y - x),
            Ordering::Equal => return None,
        }
    };
    let sum = Small {
        negative,
        coef,
        exp,
    };
    // Rounding wants powers of ten that fit.
    (coef < POWERS[MOST as usize]).then(|| fitted(sum, set))?
}

/// `a * b`
#[inline]
pub fn mul(a: &Number, b: &Number, set: &Settings) -> Answer {
    let (a, b) = Small::both(a, b)?;
    let coef = product(a.coef, b.coef)?;
    let product = Small {
        negative: a.negative != b.negative,
        coef,
        exp: a.exp + b.exp,
    };
    (coef < POWERS[MOST as usize]).then(|| fitted(product, set))?
}

/// `a / b`
#[inline]
pub fn div(a: &Number, b: &Number, set: &Settings) -> Answer {
    let (a, b) = Small::both(a, b)?;
    let (length, divisor_length) = (digits_of(a.coef), digits_of(b.coef));
    // One digit more than the precision, at least.
    let shift = divisor_length - length + set.prec + 1;
    if shift < 0 || length + shift > MOST {
        return None;
    }
    let (mut coef, rest) = divide(a.scaled(shift)?, b.coef);
    let mut exp = a.exp - b.exp - shift;
    if rest != 0 {
        // A last digit other than 0 and 5 says that something was cut off.
        if coef.is_multiple_of(5) {
            coef += 1;
        }
    } else {
        // Zeros at the end go as far as the exponent that is due.
        let mut most = shift;
        for step in [32, 16, 8, 4, 2, 1] {
            let unit = POWERS[step];
            if step as i64 <= most && coef >= unit {
                let (quotient, rest) = divide(coef, unit);
                if rest == 0 {
                    coef = quotient;
                    exp += step as i64;
                    most -= step as i64;
                }
            }
        }
    }
    let quotient = Small {
        negative: a.negative != b.negative,
        coef,
        exp,
    };
    fitted(quotient, set)
}

/// `a // b`, rounding towards zero.
#[inline]
pub fn divide_int(a: &Number, b: &Number, set: &Settings) -> Answer {
    let (a, b) = Small::both(a, b)?;
    let exp = a.exp.min(b.exp);
    let (x, y) = (a.scaled(a.exp - exp)?, b.scaled(b.exp - exp)?);
    let quotient = Small {
        negative: a.negative != b.negative,
        coef: divide(x, y).0,
        exp: 0,
    };
    (digits_of(quotient.coef) <= set.prec).then(|| fitted(quotient, set))?
}

/// `a` with the exponent of `b`.
#[inline]
pub fn quantize(a: &Number, b: &Number, set: &Settings) -> Answer {
    let a = Small::of(a).filter(|a| a.coef != 0)?;
    let (drop, exp) = (b.exp.checked_sub(a.exp)?, b.exp);
    if !b.is_finite() || set.clamp || exp > set.emax || exp < set.etiny() {
        return None;
    }
    let (mut status, mut coef) = (0, 0);
    if drop <= 0 {
        coef = a.scaled(-drop)?;
    } else {
        let unit = *POWERS.get(drop as usize)?;
        // Twice the rest must fit.
        if a.coef >= POWERS[MOST as usize] || drop >= MOST {
            return None;
        }
        status = signal::ROUNDED;
        let (kept, rest) = divide(a.coef, unit);
        coef += kept;
        if rest != 0 {
            status |= signal::INEXACT;
            coef += u128::from(is_rounded_up(set, a.negative, kept, rest, unit));
        }
    }
    let result = Small { coef, exp, ..a };
    let in_range = coef == 0 || (set.emin..set.emax).contains(&result.adjusted());
    (in_range && digits_of(coef) <= set.prec).then(|| (result.number(), status))
}

/// The order of two numbers with the same exponent.
#[inline]
pub fn order(a: &Number, b: &Number) -> Option<Ordering> {
    let (a, b) = Small::both(a, b)?;
    if a.exp != b.exp || a.negative != b.negative {
        return None;
    }
    let order = a.coef.cmp(&b.coef);
    Some(if a.negative { order.reverse() } else { order })
}
