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
        kind::TUPLE if depth > 0 => {
            let items = value.get_exact::<Tuple>()?.items();
            if !super::compare::may_go_through(items.len(), depth) {
                return None;
            }
            tuple_hash(items.iter().map(|item| hash_within(item, depth - 1)))
        }
        kind::FROZENSET => Some(value.get_exact::<FrozenSet>()?.hash()),
        kind::RANGE => Some(value.get_exact::<Range>()?.hash()),
        kind::SLICE if depth > 0 => {
            let slice = value.get_exact::<Slice>()?;
            let parts = [&slice.start, &slice.stop, &slice.step];
            mix(parts.into_iter().map(|part| hash_within(part, depth - 1))).map(not_all_ones)
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
    Some(not_all_ones(
        mix(items)?.wrapping_add(len ^ (PRIME_5 ^ 3_527_539)),
    ))
}

fn mix(items: impl Iterator<Item = Option<i64>>) -> Option<u64> {
    let mut mixed = PRIME_5;
    for hash in items {
        mixed = mixed.wrapping_add((hash? as u64).wrapping_mul(PRIME_2));
        mixed = mixed.rotate_left(31).wrapping_mul(PRIME_1);
    }
    Some(mixed)
}

/// -1 is no hash.
fn not_all_ones(mixed: u64) -> i64 {
    if mixed == u64::MAX {
        1_546_275_796
    } else {
        mixed as i64
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::float::float;
    use crate::object::int::{from_big, from_i64};
    use crate::object::set::SetTable;
    use crate::object::testing::with_heap;

    fn frozen(values: Vec<Value>) -> Value {
        let mut table = SetTable::new();
        for value in values {
            table.insert(simple_hash(&value).unwrap(), value).unwrap();
        }
        FrozenSet::new(table).into_value()
    }

    #[test]
    fn hashes_are_those_of_cpython() {
        with_heap(|| {
            let i = from_i64;
            let tuple = |items: Vec<Value>| Tuple::from_vec(items).unwrap().into_value();
            let deep = tuple(vec![
                Value::NONE,
                Value::TRUE,
                float(1.5),
                tuple(vec![i(2), tuple(vec![i(3)])]),
            ]);
            let ten = |n| dashu_int::IBig::from(10).pow(n);
            let cases: Vec<(Value, i64)> = vec![
                (tuple(vec![]), 5740354900026072187),
                (tuple(vec![i(1)]), -6644214454873602895),
                (tuple(vec![i(1), i(2), i(3)]), 529344067295497451),
                (deep, -8071585568593567052),
                (Range::of_words(0, 0, 1).into_value(), 2676694398852732306),
                (Range::of_words(0, 5, 1).into_value(), 5795932985296280846),
                (Range::of_words(3, 4, 1).into_value(), 3985224588053030672),
                (
                    Slice::new(i(1), i(2), i(3)).into_value(),
                    -2340833382717974474,
                ),
                (float(1.5), 1152921504606846977),
                (float(1e300), 1224995262755759164),
                (float(-0.1), -230584300921369408),
                (float(5e-324), 16777216),
                (float(0.1), 230584300921369408),
                (float(123456789.125), 288230376275168533),
                (float(2f64.powi(61)), 1),
                (float(-1.0), -2),
                (Complex::new(1.0, 2.0).into_value(), 2000007),
                (Complex::new(0.0, 1.0).into_value(), 1000003),
                (Complex::new(0.0, -1.0).into_value(), -2000006),
                (i((1 << 61) - 1), 0),
                (i(-(1 << 61)), -2),
                (i(-1), -2),
                (from_big(ten(50)), 619332571178673746),
                (from_big(-ten(50)), -619332571178673746),
                (frozen(vec![]), 133146708735736),
                (frozen((1..4).map(i).collect()), -272375401224217160),
                (frozen((0..1000).map(i).collect()), 1340344670691924669),
                (
                    frozen(vec![tuple(vec![i(1), i(2)]), Value::NONE, float(1.5)]),
                    5545366695892415660,
                ),
                (Value::NONE, 0xfca8_6420),
                // With PYTHONHASHSEED=0.
                (Str::new("a").into_value(), 4644417185603328019),
                (Str::new("hello world").into_value(), -5642461784034726774),
                (
                    Bytes::new(b"hello world").unwrap().into_value(),
                    -5642461784034726774,
                ),
                (
                    Str::new(&"spam".repeat(10)).into_value(),
                    2822362673405952336,
                ),
            ];
            for (at, (value, hash)) in cases.into_iter().enumerate() {
                assert_eq!(simple_hash(&value), Some(hash), "case {at}");
            }
        });
    }
}
