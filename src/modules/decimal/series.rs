//! exp, ln, log10 and powers. They are worked out as binary fixed-point numbers with more and more
//! digits, until there is no doubt how the result is rounded.

use dashu_int::ops::DivRem;
use dashu_int::{IBig, Sign, UBig};
use std::cmp::Ordering;

use super::order;
use super::work::{Out, Rounding, Work, room, scaled, signal};
use crate::object::decimal::{Number, digits, power_of_ten, strip_zeros};
use crate::object::int_large;

/// An exponent that is too large, or too small, in every context.
const BEYOND: i64 = 4_000_000_000_000_000_000;

/// How many bits so many decimal digits need.
fn bits_of(digits: i64) -> usize {
    (digits.max(1) as f64 * std::f64::consts::LOG2_10) as usize + 24
}

/// The artanh of `1/n`, times `2^bits`.
fn artanh_of_inverse(n: u32, bits: usize, work: &Work) -> Out<UBig> {
    let square = n * n;
    let mut power = (UBig::ONE << bits) / n;
    let mut sum = power.clone();
    let mut k = 3u32;
    loop {
        power /= square;
        if power.is_zero() {
            return Ok(sum);
        }
        sum += &power / k;
        k += 2;
        if k & 255 == 1 {
            work.tick(bits * 256)?;
        }
    }
}

/// The logarithm of 10, times `2^bits`.
fn ln_ten(bits: usize, work: &Work) -> Out<UBig> {
    let more = bits + 16;
    let a = artanh_of_inverse(31, more, work)? * 46u8;
    let b = artanh_of_inverse(49, more, work)? * 34u8;
    let c = artanh_of_inverse(161, more, work)? * 20u8;
    Ok((a + b + c) >> 16usize)
}

/// `e^x`, where both are times `2^bits` and `x` is small.
fn exp_fixed(x: &UBig, bits: usize, work: &Work) -> Out<UBig> {
    // Halving the argument so often makes the series short; squaring makes up for it.
    let halvings = bits.isqrt() / 2 + 2;
    let more = 2 * halvings + 20;
    let wide = bits + more;
    let x = (x << more) >> halvings;
    let mut term = x.clone();
    let mut sum = (UBig::ONE << wide) + &x;
    let mut n = 2u32;
    loop {
        term = (int_large::product(&term, &x)? >> wide) / n;
        if term.is_zero() {
            break;
        }
        sum += &term;
        n += 1;
        work.tick(bits)?;
    }
    for _ in 0..halvings {
        sum = int_large::product(&sum, &sum)? >> wide;
        work.tick(bits)?;
    }
    Ok(sum >> more)
}

/// The logarithm of `m`, both times `2^bits`; `m` is between a third and three.
fn ln_fixed(m: &UBig, bits: usize, work: &Work) -> Out<IBig> {
    const FIRST: usize = 48;
    let at = |value: &UBig, to: usize| {
        if to >= bits {
            value << (to - bits)
        } else {
            value >> (bits - to)
        }
    };
    let start = u128::try_from(at(m, 60)).unwrap_or(0) as f64 / (1u64 << 60) as f64;
    let mut precision = FIRST;
    let mut y = IBig::from((start.ln() * (1u64 << FIRST) as f64) as i64);
    let mut steps = Vec::new();
    let mut wanted = bits + 8;
    while wanted > FIRST - 8 {
        steps.push(wanted);
        wanted = wanted / 3 + 6;
    }
    for wanted in steps.into_iter().rev() {
        work.tick(bits)?;
        let wide = wanted + 8;
        y = shifted(y, wide as i64 - precision as i64);
        precision = wide;
        let value = at(m, wide);
        let (sign, magnitude) = y.clone().into_parts();
        let mut power = exp_fixed(&magnitude, wide, work)?;
        if sign == Sign::Negative {
            power = int_large::divide(&(UBig::ONE << (2 * wide)), &power)?.0;
        }
        // Halley's step: three times as many digits.
        let sum = IBig::from(&value + &power);
        let difference = IBig::from(value) - IBig::from(power);
        y += int_large::div_rem(&(difference << (wide + 1)), &sum)?.0;
    }
    Ok(shifted(y, bits as i64 - precision as i64))
}

fn shifted(value: IBig, places: i64) -> IBig {
    if places >= 0 {
        value << places as usize
    } else {
        value >> places.unsigned_abs() as usize
    }
}

/// `coef * 10^exp * 2^bits`
fn to_fixed(coef: &UBig, exp: i64, bits: usize) -> Out<UBig> {
    if exp >= 0 {
        return Ok(scaled(coef, exp)? << bits);
    }
    room(exp.saturating_neg())?;
    let unit = int_large::power_of_ten(exp.unsigned_abs() as usize)?;
    Ok(int_large::divide(&(coef << bits), &unit)?.0)
}

/// A positive number as `m * 10^k` with `m` near one.
struct Parts {
    k: i64,
    /// How many zeros or nines follow the point of a number that is nearly one.
    near: i64,
}

fn parts_of(a: &Number) -> Out<Parts> {
    let mut k = a.adjusted();
    let length = a.digits();
    let lead = if length > 18 {
        &a.coef / power_of_ten((length - 18) as u64)
    } else {
        scaled(&a.coef, 18 - length)?
    };
    if lead > UBig::from(316_227_766_016_837_933u64) {
        k += 1;
    }
    let mut near = 0;
    if k == 0 && a.exp < 0 {
        let one = power_of_ten(a.exp.unsigned_abs());
        let gap = if a.coef > one {
            &a.coef - one
        } else {
            one - &a.coef
        };
        if !gap.is_zero() {
            near = (-(a.exp + digits(&gap) - 1)).max(0);
        }
    }
    Ok(Parts { k, near })
}

/// The logarithm of a positive number with so many digits behind the point, times `2^bits`.
fn ln_of(a: &Number, parts: &Parts, places: i64, work: &Work) -> Out<(IBig, usize)> {
    room(places)?;
    let bits = bits_of(places) + 64;
    let m = to_fixed(&a.coef, a.exp - parts.k, bits)?;
    let mut result = ln_fixed(&m, bits, work)?;
    if parts.k != 0 {
        result += IBig::from(ln_ten(bits, work)?) * parts.k;
    }
    Ok((result, bits))
}

/// A fixed-point number as a decimal one with so many digits behind the point.
fn of_fixed(value: IBig, bits: usize, places: i64) -> Number {
    let (sign, magnitude) = value.into_parts();
    let coef = (magnitude * power_of_ten(places as u64)) >> bits;
    Number::new(sign == Sign::Negative, coef, -places)
}

/// Whether an approximation, wrong by a few units of its last digit, says how it is rounded to `prec` digits.
fn is_settled(coef: &UBig, prec: i64) -> bool {
    const DOUBT: u8 = 8;
    let window = digits(coef) - prec;
    if window < 3 {
        return false;
    }
    let unit = power_of_ten(window as u64);
    let rest = coef % &unit;
    let half = &unit >> 1usize;
    let far = |a: &UBig, b: &UBig| {
        let gap = if a > b { a - b } else { b - a };
        gap > UBig::from(DOUBT)
    };
    far(&rest, &UBig::ZERO) && far(&rest, &unit) && far(&rest, &half)
}

fn finish_half_even(number: Number, work: &mut Work) -> Out {
    let rounding = std::mem::replace(&mut work.set.rounding, Rounding::HalfEven);
    let result = work.finish(number);
    work.set.rounding = rounding;
    result
}

/// One, and a little more or less.
fn nearly_one(below: bool, work: &Work) -> Out {
    let places = work.set.prec + 1;
    room(places)?;
    let one = power_of_ten(places as u64);
    let coef = if below { one - 1u8 } else { one + 1u8 };
    Ok(Number::new(false, coef, -places))
}

/// `e^(l / 2^bits)` with so many digits, give or take a few units of the last.
fn exp_of_fixed(l: IBig, bits: usize, wanted: i64, work: &Work) -> Out {
    let ten = IBig::from(ln_ten(bits, work)?);
    let (k, rest) = crate::object::int::divmod_big(&l, &ten)?;
    let (_, rest) = rest.into_parts();
    let power = exp_fixed(&rest, bits, work)?;
    let coef = (power * power_of_ten((wanted - 1) as u64)) >> bits;
    let k = i64::try_from(&k).unwrap_or(if k > IBig::ZERO { BEYOND } else { -BEYOND });
    let exp = k.clamp(-BEYOND, BEYOND) - (wanted - 1);
    Ok(Number::new(false, coef, exp))
}

/// `e^a`
pub fn exp(a: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a]) {
        return Ok(nan);
    }
    if a.is_infinite() {
        return Ok(if a.negative {
            Number::zero(false, 0)
        } else {
            a.clone()
        });
    }
    if a.coef.is_zero() {
        return Ok(Number::small(1));
    }
    let prec = work.set.prec;
    room(prec)?;
    let adjusted = a.adjusted();
    if adjusted > 20 {
        let exp = if a.negative { -BEYOND } else { BEYOND };
        return finish_half_even(Number::new(false, UBig::ONE, exp), work);
    }
    if adjusted < -(prec + 1) {
        let result = nearly_one(a.negative, work)?;
        return finish_half_even(result, work);
    }
    let mut extra = 5;
    loop {
        let wanted = prec + extra;
        let bits = bits_of(wanted + adjusted.max(0)) + 16;
        let x = to_fixed(&a.coef, a.exp, bits)?;
        let x = IBig::from_parts(sign_of(a.negative), x);
        let result = exp_of_fixed(x, bits, wanted, work)?;
        if is_settled(&result.coef, prec) {
            return finish_half_even(result, work);
        }
        extra *= 3;
    }
}

fn sign_of(negative: bool) -> Sign {
    if negative {
        Sign::Negative
    } else {
        Sign::Positive
    }
}

/// The result of a logarithm of what has no ordinary one.
fn unusual_logarithm(a: &Number, work: &mut Work) -> Option<Number> {
    if let Some(nan) = work.nan_of(&[a]) {
        return Some(nan);
    }
    if a.is_zero() {
        return Some(Number::infinity(true));
    }
    if a.negative {
        return Some(work.invalid(signal::INVALID));
    }
    a.is_infinite().then(|| a.clone())
}

/// The natural logarithm.
pub fn ln(a: &Number, work: &mut Work) -> Out {
    if let Some(result) = unusual_logarithm(a, work) {
        return Ok(result);
    }
    if order::numeric(a, &Number::small(1)) == Ordering::Equal {
        return Ok(Number::zero(false, 0));
    }
    let prec = work.set.prec;
    room(prec)?;
    let parts = parts_of(a)?;
    let mut extra = 5;
    loop {
        let places = prec + extra + parts.near;
        let (value, bits) = ln_of(a, &parts, places, work)?;
        let result = of_fixed(value, bits, places);
        if is_settled(&result.coef, prec) {
            return finish_half_even(result, work);
        }
        extra *= 3;
    }
}

/// The logarithm to the base 10.
pub fn log10(a: &Number, work: &mut Work) -> Out {
    if let Some(result) = unusual_logarithm(a, work) {
        return Ok(result);
    }
    let mut coef = a.coef.clone();
    strip_zeros(&mut coef, u64::MAX);
    if coef == UBig::ONE {
        return finish_half_even(Number::small(a.adjusted()), work);
    }
    let prec = work.set.prec;
    room(prec)?;
    let parts = parts_of(a)?;
    let mut extra = 5;
    loop {
        let places = prec + extra + parts.near;
        let (value, bits) = ln_of(a, &parts, places, work)?;
        let quotient = (value << bits) / IBig::from(ln_ten(bits, work)?);
        let result = of_fixed(quotient, bits, places);
        if is_settled(&result.coef, prec) {
            return finish_half_even(result, work);
        }
        extra *= 3;
    }
}

/// `a ** b`
pub fn power(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    if b.is_zero() {
        return Ok(if a.is_zero() {
            work.invalid(signal::INVALID)
        } else {
            Number::small(1)
        });
    }
    let integer = b.is_integer();
    let negative = a.negative && b.is_odd();
    if a.negative && !a.is_zero() && !integer {
        return Ok(work.invalid(signal::INVALID));
    }
    if a.is_zero() || a.is_infinite() {
        return Ok(if a.is_zero() == b.negative {
            Number::infinity(negative)
        } else {
            Number::zero(negative, 0)
        });
    }
    let base = a.abs();
    let against_one = order::numeric(&base, &Number::small(1));
    if b.is_infinite() && against_one != Ordering::Equal {
        return Ok(if (against_one == Ordering::Greater) == b.negative {
            Number::zero(false, 0)
        } else {
            Number::infinity(false)
        });
    }
    let exact = if b.is_infinite() || against_one == Ordering::Equal {
        Some(Number::small(1))
    } else {
        exact_power(&base, b, work)?
    };
    match exact {
        Some(result) => finish_exact(result.signed(negative), &base, b, integer, work),
        None => inexact_power(&base, b, against_one, negative, work),
    }
}

/// Gives an exact power the zeros that the specification wants.
fn finish_exact(
    mut result: Number,
    base: &Number,
    b: &Number,
    integer: bool,
    work: &mut Work,
) -> Out {
    let room_left = work.set.prec + 1 - result.digits();
    let ideal = if !integer {
        i64::MIN
    } else if b.negative {
        result.exp
    } else {
        let times = super::places::integer_of(b).ok();
        let times = times.and_then(|t| i64::try_from(&t).ok());
        base.exp.saturating_mul(times.unwrap_or(i64::MAX))
    };
    let pad = result.exp.saturating_sub(ideal).min(room_left);
    if pad > 0 {
        result.coef = scaled(&result.coef, pad)?;
        result.exp -= pad;
    }
    let result = work.finish(result)?;
    if !integer {
        // The specification calls these inexact, whatever they are.
        work.status |= signal::INEXACT | signal::ROUNDED;
        if work.status & signal::SUBNORMAL != 0 {
            work.status |= signal::UNDERFLOW;
        }
    }
    Ok(result)
}

/// A number as `odd * 2^twos * 5^fives`.
struct Factors {
    odd: UBig,
    twos: i64,
    fives: i64,
}

fn factors_of(coef: &UBig, exp: i64) -> Factors {
    let mut odd = coef.clone();
    let twos = odd.trailing_zeros().unwrap_or(0);
    odd >>= twos;
    let fives = odd.remove(&UBig::from(5u8)).unwrap_or(0);
    Factors {
        odd,
        twos: twos as i64 + exp,
        fives: fives as i64 + exp,
    }
}

/// `base ** b` if that is a decimal number of not more digits than fit; `base` is positive.
fn exact_power(base: &Number, b: &Number, work: &Work) -> Out<Option<Number>> {
    let most = work.set.prec.saturating_add(2);
    let mut factors = factors_of(&base.coef, base.exp);
    let Some((times, root)) = fraction_of(b) else {
        return Ok(None);
    };
    if factors.twos % root != 0 || factors.fives % root != 0 {
        return Ok(None);
    }
    factors.twos /= root;
    factors.fives /= root;
    if factors.odd != UBig::ONE {
        if b.negative || root > bit_length(&factors.odd) {
            return Ok(None);
        }
        // More bits than that are more digits than fit.
        let bits = i128::from(bit_length(&factors.odd)) * times / i128::from(root);
        if bits > i128::from(most) * 4 + times / i128::from(root) {
            return Ok(None);
        }
        if root > 1 {
            let found = factors.odd.nth_root(root as usize);
            if found.pow(root as usize) != factors.odd {
                return Ok(None);
            }
            factors.odd = found;
        }
    }
    // More bits than that are more digits than fit.
    let limit = i128::from(most) * 4;
    let times = if b.negative { -times } else { times };
    let (twos, fives) = (
        i128::from(factors.twos) * times,
        i128::from(factors.fives) * times,
    );
    let exp = twos.min(fives);
    let odd_bits = if factors.odd == UBig::ONE {
        0
    } else {
        i128::from(bit_length(&factors.odd) - 1).saturating_mul(times)
    };
    let bits = odd_bits + (twos - exp) + (fives - exp) * 2;
    if bits > limit {
        return Ok(None);
    }
    room((bits / 3) as i64)?;
    let mut coef = UBig::ONE;
    if odd_bits > 0 {
        coef = factors.odd.pow(times as usize);
    }
    coef = (coef << (twos - exp) as usize) * UBig::from(5u8).pow((fives - exp) as usize);
    let exp = exp.clamp(-i128::from(BEYOND), i128::from(BEYOND)) as i64;
    Ok((digits(&coef) <= most).then(|| Number::new(false, coef, exp)))
}

fn bit_length(n: &UBig) -> i64 {
    dashu_int::ops::BitTest::bit_len(n) as i64
}

/// The magnitude of a number as a reduced fraction, whose denominator only has factors 2 and 5; None if too large.
fn fraction_of(b: &Number) -> Option<(i128, i64)> {
    if b.exp >= 0 {
        let times = i128::try_from(&b.coef).ok()?;
        let power = 10i128.checked_pow(u32::try_from(b.exp).ok()?)?;
        let times = times.checked_mul(power).filter(|t| *t < 1 << 62)?;
        return Some((times, 1));
    }
    let places = b.exp.unsigned_abs();
    let factors = factors_of(&b.coef, 0);
    let twos = places.saturating_sub(factors.twos as u64);
    let fives = places.saturating_sub(factors.fives as u64);
    let root = 2i64
        .checked_pow(u32::try_from(twos).ok()?)?
        .checked_mul(5i64.checked_pow(u32::try_from(fives).ok()?)?)?;
    let over = UBig::from(2u8).pow(places.min(factors.twos as u64) as usize)
        * UBig::from(5u8).pow(places.min(factors.fives as u64) as usize);
    let (times, _) = (&b.coef).div_rem(&over);
    let times = i128::try_from(&times).ok().filter(|t| *t < 1 << 62)?;
    Some((times, root))
}

fn inexact_power(
    base: &Number,
    b: &Number,
    against_one: Ordering,
    negative: bool,
    work: &mut Work,
) -> Out {
    let prec = work.set.prec;
    room(prec)?;
    let parts = parts_of(base)?;
    let grows = (against_one == Ordering::Greater) != b.negative;
    let (rough, bits) = ln_of(base, &parts, parts.near + 5, work)?;
    let size = of_fixed(rough, bits, parts.near + 5).adjusted() + b.adjusted();
    if size > 19 {
        let exp = if grows { BEYOND } else { -BEYOND };
        return work.finish(Number::new(negative, UBig::ONE, exp));
    }
    if size < -(prec + 3) {
        let result = nearly_one(!grows, work)?;
        return work.finish(result.signed(negative));
    }
    let mut extra = 5;
    loop {
        let wanted = prec + extra;
        let places = wanted + (b.adjusted() + 1).max(0) + size.max(0) + 3;
        let (logarithm, bits) = ln_of(base, &parts, places, work)?;
        let product = logarithm * IBig::from_parts(sign_of(b.negative), b.coef.clone());
        let product = if b.exp >= 0 {
            product * IBig::from(power_of_ten(b.exp.unsigned_abs()))
        } else {
            room(b.exp.saturating_neg())?;
            product / IBig::from(power_of_ten(b.exp.unsigned_abs()))
        };
        let mut result = exp_of_fixed(product, bits, wanted, work)?;
        if is_settled(&result.coef, prec) {
            return work.finish(result.signed(negative));
        }
        if extra > prec.saturating_mul(2) + 2000 {
            // So many zeros or nines: the result is that number itself.
            let (near, _) = work.rounded_to(&result, result.exp + 10)?;
            result = near;
            return work.finish(result.signed(negative));
        }
        extra *= 3;
    }
}
