//! Equality and order of values for which no script code need run.

use std::cmp::Ordering;

use super::bytes::{self, Bytes};
use super::complex::Complex;
use super::float::as_float;
use super::int::{self, Int, IntView};
use super::kind;
use super::range::Range;
use super::set::FrozenSet;
use super::str::Str;
use super::tuple::Tuple;
use crate::heap::Value;

/// Nested tuples are followed so far; deeper ones are the VM's, which checks its stack.
const DEPTH: u32 = 32;

/// So many bytes are compared without being counted.
const FEW_BYTES: usize = 1024;

/// Whether two values are equal, if that can be said without script code:
/// both are of exact built-in types that hold nothing or only such values.
#[inline]
pub fn simple_eq(a: &Value, b: &Value) -> Option<bool> {
    if a.is_small_int() && b.is_small_int() {
        return Some(a.is(b));
    }
    if let (Some(x), Some(y)) = (a.get_exact::<Str>(), b.get_exact::<Str>()) {
        return texts_equal(x, y);
    }
    eq_within(a, b, DEPTH)
}

fn eq_within(a: &Value, b: &Value, depth: u32) -> Option<bool> {
    if a.is(b) {
        // NaN is the one value that is not equal to itself, but a container takes it for equal.
        return Some(true);
    }
    let (a_kind, b_kind) = (plain_kind(a)?, plain_kind(b)?);
    match (a_kind, b_kind) {
        (Plain::Str, Plain::Str) => texts_equal(a.get_exact::<Str>()?, b.get_exact::<Str>()?),
        (Plain::Number, Plain::Number) => may_compare_numbers(a, b).then(|| numbers_equal(a, b)),
        (Plain::Tuple, Plain::Tuple) => {
            tuples_equal(a.get_exact::<Tuple>()?, b.get_exact::<Tuple>()?, depth)
        }
        (Plain::Bytes, Plain::Bytes) => bytes::with_bytes(a, |x| {
            bytes::with_bytes(b, |y| {
                if x.len() != y.len() {
                    return Some(false);
                }
                may_compare_bytes(x.len()).then(|| x == y)
            })
        })??,
        (Plain::Range, Plain::Range) => Some(a.get_exact::<Range>()?.eq(b.get_exact::<Range>()?)),
        (Plain::FrozenSet, Plain::FrozenSet) => {
            let (x, y) = (
                a.get_exact::<FrozenSet>()?.table(),
                b.get_exact::<FrozenSet>()?.table(),
            );
            if x.len() == y.len() && !may_go_through(x.len(), depth) {
                return None;
            }
            x.simple_eq(y)
        }
        _ => Some(false),
    }
}

/// What the exact built-in types mean for equality.
#[derive(Clone, Copy, PartialEq)]
enum Plain {
    Number,
    Str,
    Bytes,
    Tuple,
    Range,
    FrozenSet,
    /// Equal to itself only: None, `...`, NotImplemented.
    Single,
}

/// Whether a value is of an exact built-in type of which `simple_eq` knows what it is equal to.
pub fn is_known(value: &Value) -> bool {
    plain_kind(value).is_some()
}

fn plain_kind(value: &Value) -> Option<Plain> {
    if !value.is_object() {
        return Some(
            if value.is_small_int() || value.is_inline_float() || value.as_bool().is_some() {
                Plain::Number
            } else {
                Plain::Single
            },
        );
    }
    if value.shape() > u8::MAX as u32 {
        return None;
    }
    match value.shape() as u8 {
        kind::INT | kind::FLOAT | kind::COMPLEX => Some(Plain::Number),
        kind::STR => Some(Plain::Str),
        kind::BYTES | kind::BYTEARRAY => Some(Plain::Bytes),
        kind::TUPLE => Some(Plain::Tuple),
        kind::RANGE => Some(Plain::Range),
        kind::FROZENSET => Some(Plain::FrozenSet),
        _ => None,
    }
}

#[inline]
fn texts_equal(x: &Str, y: &Str) -> Option<bool> {
    let long = x.byte_len() == y.byte_len() && x.byte_len() > FEW_BYTES;
    (!long || may_compare_bytes(x.byte_len())).then(|| x.eq(y))
}

/// Counts the work of comparing so many bytes; false if it is too much: then the VM has a look.
fn may_compare_bytes(bytes: usize) -> bool {
    bytes <= FEW_BYTES || crate::heap::bytes_before_look(bytes)
}

/// As `may_compare_bytes`, of what both numbers have.
#[inline]
pub fn may_compare_numbers(a: &Value, b: &Value) -> bool {
    match (a.get_exact::<Int>(), b.get_exact::<Int>()) {
        (Some(_), Some(_)) => may_compare_bytes(int_bytes(a).min(int_bytes(b))),
        _ => true,
    }
}

fn int_bytes(value: &Value) -> usize {
    IntView::of(value).map_or(0, |view| (view.bit_length() / 8) as usize)
}

/// Counts the work of going through so many items; false if it is too much: then the VM has a look. Few levels of few items
/// are not counted.
pub(super) fn may_go_through(items: usize, depth: u32) -> bool {
    items < 64 && depth > DEPTH - 4 || crate::heap::work_before_look(items / 16 + 1)
}

fn tuples_equal(a: &Tuple, b: &Tuple, depth: u32) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    if depth == 0 || !may_go_through(a.len(), depth) {
        return None;
    }
    for (x, y) in a.items().iter().zip(b.items()) {
        let same = match x.small_ints(y) {
            Some((i, j)) => i == j,
            None => eq_within(x, y, depth - 1)?,
        };
        if !same {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether two numbers (int, bool, float, complex) are equal.
pub fn numbers_equal(a: &Value, b: &Value) -> bool {
    match (a.get::<Complex>(), b.get::<Complex>()) {
        (Some(x), Some(y)) => x.parts() == y.parts(),
        (Some(x), None) => x.im == 0.0 && cmp_real_f64(b, x.re) == Some(Ordering::Equal),
        (None, Some(y)) => y.im == 0.0 && cmp_real_f64(a, y.re) == Some(Ordering::Equal),
        (None, None) => cmp_numbers(a, b) == Some(Ordering::Equal),
    }
}

fn cmp_real_f64(a: &Value, f: f64) -> Option<Ordering> {
    match as_float(a) {
        Some(x) => x.partial_cmp(&f),
        None => int::cmp_f64(IntView::of(a)?, f),
    }
}

/// The order of two real numbers, exactly; None if one is NaN or no real number.
pub fn cmp_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if let Some((x, y)) = a.small_ints(b) {
        return Some(x.cmp(&y));
    }
    match (as_float(a), as_float(b)) {
        (Some(x), Some(y)) => x.partial_cmp(&y),
        (Some(x), None) => int::cmp_f64(IntView::of(b)?, x).map(Ordering::reverse),
        (None, Some(y)) => int::cmp_f64(IntView::of(a)?, y),
        (None, None) => Some(int::cmp(IntView::of(a)?, IntView::of(b)?)),
    }
}

/// The order of two values of exact built-in types, if they have one without
/// script code: real numbers (NaN apart), strings, bytes.
#[inline]
pub fn simple_cmp(a: &Value, b: &Value) -> Option<Ordering> {
    if let Some((x, y)) = a.small_ints(b) {
        return Some(x.cmp(&y));
    }
    match (plain_kind(a)?, plain_kind(b)?) {
        (Plain::Str, Plain::Str) => {
            let (x, y) = (a.get_exact::<Str>()?, b.get_exact::<Str>()?);
            may_compare_bytes(x.byte_len().min(y.byte_len())).then(|| x.cmp(y))
        }
        (Plain::Number, Plain::Number) if may_compare_numbers(a, b) => cmp_numbers(a, b),
        (Plain::Bytes, Plain::Bytes) => bytes::with_bytes(a, |x| {
            bytes::with_bytes(b, |y| {
                may_compare_bytes(x.len().min(y.len())).then(|| x.cmp(y))
            })
        })??,
        _ => None,
    }
}

/// Whether `a < b`, for what `simple_cmp` orders and tuples that such items tell apart; None if script code must say, or
/// it takes long.
pub fn simple_less(a: &Value, b: &Value) -> Option<bool> {
    const FIRST_ITEMS: usize = 16;
    if let Some(order) = simple_cmp(a, b) {
        return Some(order.is_lt());
    }
    let (a, b) = (
        a.get_exact::<Tuple>()?.items(),
        b.get_exact::<Tuple>()?.items(),
    );
    let pairs = a.iter().zip(b);
    match pairs.take(FIRST_ITEMS).find_map(|(x, y)| {
        if x.is(y) {
            return None;
        }
        match simple_eq(x, y) {
            Some(true) => None,
            Some(false) => Some(simple_cmp(x, y).map(|order| order.is_lt())),
            None => Some(None),
        }
    }) {
        Some(answer) => answer,
        None if a.len().min(b.len()) > FIRST_ITEMS => None,
        None => Some(a.len() < b.len()),
    }
}

/// Whether the value is of kind `bytes` exactly (a dict key that `bytearray` never is).
pub fn is_plain_bytes(value: &Value) -> bool {
    value.is_exact::<Bytes>()
}
