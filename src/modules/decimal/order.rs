//! Comparisons, maxima and minima, neighbours.

use dashu_int::UBig;
use std::cmp::Ordering;

use super::basic;
use super::small;
use super::work::{Out, Rounding, Work, room, scaled, signal};
use crate::object::decimal::{Form, Number};

/// The order of two numbers that are no NaNs; zeros are equal.
pub fn numeric(a: &Number, b: &Number) -> Ordering {
    if let Some(order) = small::order(a, b) {
        return order;
    }
    let sign = |n: &Number| match (n.is_zero(), n.negative) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    let (x, y) = (sign(a), sign(b));
    if x != y || x == 0 {
        return x.cmp(&y);
    }
    let order = magnitudes(a, b);
    if a.negative { order.reverse() } else { order }
}

/// The order of the magnitudes of two numbers that are no NaNs.
fn magnitudes(a: &Number, b: &Number) -> Ordering {
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        _ => {}
    }
    match (a.coef.is_zero(), b.coef.is_zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    a.adjusted().cmp(&b.adjusted()).then_with(|| {
        // With equal first places the exponents differ by no more than digits that are there.
        let exp = a.exp.min(b.exp);
        match (scaled(&a.coef, a.exp - exp), scaled(&b.coef, b.exp - exp)) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => Ordering::Equal,
        }
    })
}

fn number_of(order: Ordering) -> Number {
    Number::small(order as i64)
}

/// -1, 0 or 1; NaN if one is a NaN.
pub fn compare(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    Ok(number_of(numeric(a, b)))
}

/// As `compare`, but every NaN signals.
pub fn compare_signal(a: &Number, b: &Number, work: &mut Work) -> Out {
    if a.is_nan() || b.is_nan() {
        work.status |= signal::INVALID;
    }
    compare(a, b, work)
}

/// The order of representations: all numbers have a place in it.
pub fn total(a: &Number, b: &Number) -> Ordering {
    match (a.negative, b.negative) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (true, true) => total_magnitude(a, b).reverse(),
        (false, false) => total_magnitude(a, b),
    }
}

fn total_magnitude(a: &Number, b: &Number) -> Ordering {
    let rank = |n: &Number| match n.form {
        Form::Finite | Form::Infinite => 0,
        Form::Signaling => 1,
        Form::Quiet => 2,
    };
    rank(a).cmp(&rank(b)).then_with(|| {
        if a.is_nan() {
            return a.coef.cmp(&b.coef);
        }
        magnitudes(a, b).then(a.exp.cmp(&b.exp))
    })
}

/// `total` as a number.
pub fn compare_total(a: &Number, b: &Number, _: &mut Work) -> Out {
    Ok(number_of(total(a, b)))
}

/// `total` of the magnitudes as a number.
pub fn compare_total_mag(a: &Number, b: &Number, _: &mut Work) -> Out {
    Ok(number_of(total_magnitude(a, b)))
}

/// One of two numbers: that which `chosen` says of their order.
fn choose(
    a: &Number,
    b: &Number,
    work: &mut Work,
    order: fn(&Number, &Number) -> Ordering,
    largest: bool,
) -> Out {
    if a.is_signaling() || b.is_signaling() {
        let nan = work.nan_of(&[a, b]);
        return Ok(nan.unwrap_or_else(Number::nan));
    }
    match (a.is_nan(), b.is_nan()) {
        (true, true) => return Ok(work.nan_of(&[a, b]).unwrap_or_else(Number::nan)),
        (true, false) => return work.finish(b.clone()),
        (false, true) => return work.finish(a.clone()),
        _ => {}
    }
    let order = order(a, b).then_with(|| total(a, b));
    let first = (order == Ordering::Less) != largest || order == Ordering::Equal;
    work.finish(if first { a } else { b }.clone())
}

fn by_magnitude(a: &Number, b: &Number) -> Ordering {
    magnitudes(a, b).then_with(|| numeric(a, b))
}

/// The larger one; a number is preferred to a NaN.
pub fn max(a: &Number, b: &Number, work: &mut Work) -> Out {
    choose(a, b, work, numeric, true)
}

/// The smaller one.
pub fn min(a: &Number, b: &Number, work: &mut Work) -> Out {
    choose(a, b, work, numeric, false)
}

/// The one of larger magnitude.
pub fn max_mag(a: &Number, b: &Number, work: &mut Work) -> Out {
    choose(a, b, work, by_magnitude, true)
}

/// The one of smaller magnitude.
pub fn min_mag(a: &Number, b: &Number, work: &mut Work) -> Out {
    choose(a, b, work, by_magnitude, false)
}

/// The next representable number in a direction, without signals.
fn neighbour(a: &Number, up: bool, work: &Work) -> Out {
    if a.is_infinite() {
        return if a.negative == up {
            work.largest(a.negative)
        } else {
            Ok(a.clone())
        };
    }
    let mut quiet = Work::new(work.set);
    quiet.set.rounding = if up {
        Rounding::Ceiling
    } else {
        Rounding::Floor
    };
    let rounded = quiet.finish(a.clone())?;
    if rounded.is_infinite() || numeric(&rounded, a) != Ordering::Equal {
        return Ok(rounded);
    }
    room(work.set.prec)?;
    let step = Number::new(!up, UBig::ONE, work.set.etiny().saturating_sub(1));
    basic::add(a, &step, &mut quiet)
}

/// The next number towards infinity.
pub fn next_plus(a: &Number, work: &mut Work) -> Out {
    match work.nan_of(&[a]) {
        Some(nan) => Ok(nan),
        None => neighbour(a, true, work),
    }
}

/// The next number towards minus infinity.
pub fn next_minus(a: &Number, work: &mut Work) -> Out {
    match work.nan_of(&[a]) {
        Some(nan) => Ok(nan),
        None => neighbour(a, false, work),
    }
}

/// The next number towards `b`, with signals.
pub fn next_toward(a: &Number, b: &Number, work: &mut Work) -> Out {
    if let Some(nan) = work.nan_of(&[a, b]) {
        return Ok(nan);
    }
    let up = match numeric(a, b) {
        Ordering::Equal => return Ok(a.clone().signed(b.negative)),
        order => order == Ordering::Less,
    };
    let next = neighbour(a, up, work)?;
    if next.is_infinite() {
        work.status |= signal::OVERFLOW | signal::INEXACT | signal::ROUNDED;
    } else if next.adjusted() < work.set.emin || next.coef.is_zero() {
        work.status |= signal::UNDERFLOW | signal::SUBNORMAL | signal::INEXACT | signal::ROUNDED;
        if next.coef.is_zero() {
            work.status |= signal::CLAMPED;
        }
    }
    Ok(next)
}

/// The class of a number as text.
pub fn number_class(a: &Number, work: &Work) -> &'static str {
    match (a.form, a.negative) {
        (Form::Signaling, _) => "sNaN",
        (Form::Quiet, _) => "NaN",
        (Form::Infinite, true) => "-Infinity",
        (Form::Infinite, false) => "+Infinity",
        (Form::Finite, negative) => {
            let which = if a.coef.is_zero() {
                2
            } else {
                usize::from(a.adjusted() < work.set.emin)
            };
            let names = if negative {
                ["-Normal", "-Subnormal", "-Zero"]
            } else {
                ["+Normal", "+Subnormal", "+Zero"]
            };
            names[which]
        }
    }
}
