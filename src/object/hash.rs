//! Hashes of values for which no script code need run, CPython's number for
//! number where CPython's do not depend on addresses or seeds.

use super::bytes::Bytes;
use super::complex::{self, Complex};
use super::float;
use super::int::{self, IntView};
use super::kind;
use super::range::Range;
use super::set::FrozenSet;
use super::slice::Slice;
use super::str::Str;
use super::tuple::Tuple;
use crate::heap::Value;

/// Nested tuples are followed so far; deeper ones are the VM's, which checks its stack.
const DEPTH: u32 = 32;

/// The hash of a value of an exact built-in type whose hash runs no script
/// code; None for all others, those that cannot be hashed included.
#[inline]
pub fn simple_hash(value: &Value) -> Option<i64> {
    if let Some(i) = value.as_small_int() {
        return Some(int::hash_i64(i));
    }
    if let Some(text) = value.get_exact::<Str>() {
        return Some(text.hash());
    }
    hash_within(value, DEPTH)
}

fn hash_within(value: &Value, depth: u32) -> Option<i64> {
    if !value.is_object() {
        return immediate_hash(value);
    }
    if value.shape() > u8::MAX as u32 {
        return None;
    }
    match value.shape() as u8 {
        kind::STR => Some(value.get_exact::<Str>()?.hash()),
        kind::INT => Some(IntView::of(value)?.hash()),
        kind::FLOAT => Some(float::hash(float::as_float(value)?)),
        kind::COMPLEX => Some(complex::hash(value.get_exact::<Complex>()?.parts())),
        kind::BYTES => Some(value.get_exact::<Bytes>()?.hash()),
        kind::TUPLE if depth > 0 => tuple_hash(
            value
                .get_exact::<Tuple>()?
                .items()
                .iter()
                .map(|item| hash_within(item, depth - 1)),
        ),
        kind::FROZENSET => Some(value.get_exact::<FrozenSet>()?.hash()),
        kind::RANGE => Some(value.get_exact::<Range>()?.hash()),
        kind::SLICE if depth > 0 => {
            let slice = value.get_exact::<Slice>()?;
            tuple_hash(
                [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .map(|v| hash_within(v, depth - 1)),
            )
        }
        _ => None,
    }
}

/// The hash of None, a bool, a number and the like that is no object.
fn immediate_hash(value: &Value) -> Option<i64> {
    if let Some(i) = value.as_small_int() {
        return Some(int::hash_i64(i));
    }
    if let Some(f) = value.as_inline_float() {
        return Some(float::hash(f));
    }
    if let Some(b) = value.as_bool() {
        return Some(b as i64);
    }
    Some(if value.is_none() {
        NONE_HASH
    } else {
        value.word()
    })
}

/// `hash(None)`
pub const NONE_HASH: i64 = 0xfca8_6420;

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

/// The hash of a tuple from those of its items; None if one has none.
pub fn tuple_hash(items: impl ExactSizeIterator<Item = Option<i64>>) -> Option<i64> {
    let len = items.len() as u64;
    let mut mixed = PRIME_5;
    for hash in items {
        mixed = mixed.wrapping_add((hash? as u64).wrapping_mul(PRIME_2));
        mixed = mixed.rotate_left(31).wrapping_mul(PRIME_1);
    }
    mixed = mixed.wrapping_add(len ^ (PRIME_5 ^ 3_527_539));
    Some(if mixed == u64::MAX {
        1_546_275_796
    } else {
        mixed as i64
    })
}

/// The hash of a frozenset from those of its items.
pub fn frozenset_hash(items: impl Iterator<Item = i64>, len: usize) -> i64 {
    let mut mixed = items.fold(0u64, |mixed, hash| mixed ^ shuffle(hash as u64));
    mixed ^= (len as u64 + 1).wrapping_mul(1_927_868_237);
    mixed ^= (mixed >> 11) ^ (mixed >> 25);
    mixed = mixed.wrapping_mul(69_069).wrapping_add(907_133_923);
    if mixed == u64::MAX {
        590_923_713
    } else {
        mixed as i64
    }
}

/// Moves neighbouring hashes apart.
fn shuffle(hash: u64) -> u64 {
    ((hash ^ 89_869_747) ^ (hash << 16)).wrapping_mul(3_644_798_167)
}
