//! The objects of which an engine has one each: strings of one character, the
//! empty tuple and the like. They are made at first use and kept by the heap.

use crate::heap::{Value, current};

/// Strings of one character below U+0100.
pub const CHARACTERS: usize = 0;
/// Bytes of length one.
pub const SINGLE_BYTES: usize = 256;
/// `''`
pub const EMPTY_STR: usize = 512;
/// `b''`
pub const EMPTY_BYTES: usize = 513;
/// `()`
pub const EMPTY_TUPLE: usize = 514;

/// The shared object of that number, made by `make` at first use.
#[inline]
pub fn shared(number: usize, make: impl FnOnce() -> Value) -> Value {
    let known = current().shared[number].clone();
    if !known.is_undef() {
        return known;
    }
    let value = make();
    current().shared[number] = value.clone();
    value
}
