//! `Value`: one 8-byte word that is a float, an integer of 62 bits, a pointer to
//! an object of the heap, or one of a few constants. Nothing outside this file
//! knows the bits.
//!
//! | low 3 bits | meaning |
//! | --- | --- |
//! | 000 001 100 101 | float: the IEEE bits rotated left by four, plus one |
//! | 011 111 | integer: `i << 2 \| 3` |
//! | 010 | pointer to an object, plus two |
//! | 110 | None, True, False, Undef and the like |
//!
//! Floats of rare magnitude (below 2^-255 but not zero or denormal, between
//! 2^257 and 2^769) do not fit and are boxed objects of kind `FLOAT_KIND`.

use std::mem;

use super::store::{self, Header};

/// A value of the language. `Clone` and `Drop` count references.
#[repr(transparent)]
pub struct Value(u64);

const POINTER_TAG: u64 = 2;
const IMMEDIATE_TAG: u64 = 6;

#[inline(always)]
const fn immediate(n: u64) -> u64 {
    n << 3 | IMMEDIATE_TAG
}

/// The largest integer that needs no heap.
pub const INT_MAX: i64 = (1 << 61) - 1;
/// The smallest integer that needs no heap.
pub const INT_MIN: i64 = -(1 << 61);

impl Value {
    /// `None`
    pub const NONE: Value = Value(immediate(0));
    /// `False`
    pub const FALSE: Value = Value(immediate(1));
    /// `True`
    pub const TRUE: Value = Value(immediate(2));
    /// No value: an unbound local, an empty slot, an argument that was not given. A script never sees it.
    pub const UNDEF: Value = Value(immediate(3));
    /// `NotImplemented`
    pub const NOT_IMPLEMENTED: Value = Value(immediate(4));
    /// `...`
    pub const ELLIPSIS: Value = Value(immediate(5));

    /// `True` or `False`.
    #[inline(always)]
    pub const fn bool(b: bool) -> Value {
        Value(immediate(1 + b as u64))
    }

    /// An integer, when it has at most 62 bits.
    #[inline(always)]
    pub fn small_int(i: i64) -> Option<Value> {
        let word = (i << 2) | 3;
        // Not `then_some`, as in `inline_float`.
        if word >> 2 == i {
            Some(Value(word as u64))
        } else {
            None
        }
    }

    /// An integer that is known to have at most 61 bits (a length, an index, a character).
    #[inline(always)]
    pub const fn int32(i: i32) -> Value {
        Value((((i as i64) << 2) | 3) as u64)
    }

    /// A float, when its magnitude is not one of the rare ones that need a box.
    #[inline(always)]
    pub fn inline_float(f: f64) -> Option<Value> {
        let word = f.to_bits().rotate_left(4).wrapping_add(1);
        // Not `then_some`: it would make, and drop, a Value that looks like a pointer.
        if word & 2 == 0 {
            Some(Value(word))
        } else {
            None
        }
    }

    /// Whether this is an integer of at most 62 bits (not a bool).
    #[inline(always)]
    pub const fn is_small_int(&self) -> bool {
        self.0 & 3 == 3
    }

    /// The integer, if `is_small_int`.
    #[inline(always)]
    pub const fn as_small_int(&self) -> Option<i64> {
        if self.is_small_int() {
            Some(self.0 as i64 >> 2)
        } else {
            None
        }
    }

    /// Both integers, if both are small.
    #[inline(always)]
    pub const fn small_ints(&self, other: &Value) -> Option<(i64, i64)> {
        if self.0 & other.0 & 3 == 3 {
            Some((self.0 as i64 >> 2, other.0 as i64 >> 2))
        } else {
            None
        }
    }

    /// Whether this small integer is among the values, if those are small integers as far as anybody looked.
    #[inline(always)]
    pub fn is_among_small_ints(&self, values: &[Value]) -> Option<bool> {
        // Which one it is nobody foretells: a few are looked at without a branch for each.
        for some in values.chunks(8) {
            let (mut found, mut tags) = (false, 3);
            for value in some {
                found |= value.0 == self.0;
                tags &= value.0;
            }
            if tags & 3 != 3 {
                return None;
            }
            if found {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether this is a float that needs no box.
    #[inline(always)]
    pub const fn is_inline_float(&self) -> bool {
        self.0 & 2 == 0
    }

    /// The float, if it needs no box.
    #[inline(always)]
    pub const fn as_inline_float(&self) -> Option<f64> {
        if self.is_inline_float() {
            Some(self.inline_float_unchecked())
        } else {
            None
        }
    }

    #[inline(always)]
    const fn inline_float_unchecked(&self) -> f64 {
        f64::from_bits(self.0.wrapping_sub(1).rotate_right(4))
    }

    /// Both floats, if neither needs a box.
    #[inline(always)]
    pub const fn inline_floats(&self, other: &Value) -> Option<(f64, f64)> {
        if (self.0 | other.0) & 2 == 0 {
            Some((
                self.inline_float_unchecked(),
                other.inline_float_unchecked(),
            ))
        } else {
            None
        }
    }

    /// Both as floats, if one is a float that needs no box and the other a small integer.
    #[inline(always)]
    pub const fn float_and_int(&self, other: &Value) -> Option<(f64, f64)> {
        if self.is_inline_float() && other.is_small_int() {
            Some((self.inline_float_unchecked(), (other.0 as i64 >> 2) as f64))
        } else if self.is_small_int() && other.is_inline_float() {
            Some(((self.0 as i64 >> 2) as f64, other.inline_float_unchecked()))
        } else {
            None
        }
    }

    /// The same where the integer is a float exactly, so that the two compare as floats do.
    #[inline(always)]
    pub const fn float_and_exact_int(&self, other: &Value) -> Option<(f64, f64)> {
        const EXACT: u64 = 1 << 53;
        let int = if self.is_small_int() { self } else { other };
        if (int.0 as i64 >> 2).unsigned_abs() <= EXACT {
            self.float_and_int(other)
        } else {
            None
        }
    }

    /// The sum of two small integers as a small integer; None when an operand
    /// is no small integer or the sum does not fit.
    #[inline(always)]
    pub fn add_small(&self, other: &Value) -> Option<Value> {
        if self.0 & other.0 & 3 != 3 {
            return None;
        }
        // (a<<2|3) + (b<<2|3) - 3 == (a+b)<<2|3, and it overflows when the sum needs 63 bits.
        (self.0 as i64 - 3)
            .checked_add(other.0 as i64)
            .map(|w| Value(w as u64))
    }

    /// The difference of two small integers, as `add_small`.
    #[inline(always)]
    pub fn sub_small(&self, other: &Value) -> Option<Value> {
        if self.0 & other.0 & 3 != 3 {
            return None;
        }
        (self.0 as i64)
            .checked_sub(other.0 as i64 - 3)
            .map(|w| Value(w as u64))
    }

    /// Compares two small integers by their words; meaningless for anything else.
    #[inline(always)]
    pub const fn word(&self) -> i64 {
        self.0 as i64
    }

    /// Whether this is an object of the heap.
    #[inline(always)]
    pub const fn is_object(&self) -> bool {
        self.0 & 7 == POINTER_TAG
    }

    /// Whether two values are the same word: identity, but for boxed floats.
    #[inline(always)]
    pub const fn is(&self, other: &Value) -> bool {
        self.0 == other.0
    }

    /// Whether this is `None`.
    #[inline(always)]
    pub const fn is_none(&self) -> bool {
        self.0 == immediate(0)
    }

    /// Whether this is Undef.
    #[inline(always)]
    pub const fn is_undef(&self) -> bool {
        self.0 == immediate(3)
    }

    /// Whether this is `NotImplemented`.
    #[inline(always)]
    pub const fn is_not_implemented(&self) -> bool {
        self.0 == immediate(4)
    }

    /// Whether this is `...`.
    #[inline(always)]
    pub const fn is_ellipsis(&self) -> bool {
        self.0 == immediate(5)
    }

    /// `True` and `False` as a bool.
    #[inline(always)]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.0 {
            F => Some(false),
            T => Some(true),
            _ => None,
        }
    }

    /// Whether this is exactly `True`.
    #[inline(always)]
    pub const fn is_true(&self) -> bool {
        self.0 == T
    }

    /// Whether this is exactly `False`.
    #[inline(always)]
    pub const fn is_false(&self) -> bool {
        self.0 == F
    }

    /// The shape id of an object; 0 for anything else.
    #[inline(always)]
    pub fn shape(&self) -> u32 {
        if self.is_object() {
            // SAFETY: an object pointer is live for as long as a Value holds it.
            unsafe { (*self.header()).shape }
        } else {
            0
        }
    }

    /// The address of the object's header. Only for an object.
    #[inline(always)]
    pub(crate) const fn header(&self) -> *mut Header {
        debug_assert!(self.is_object());
        (self.0 - POINTER_TAG) as *mut Header
    }

    /// Takes over a counted pointer to an object.
    ///
    /// # Safety
    /// `header` is a live object of the current heap, and one count of it passes to the Value.
    #[inline(always)]
    pub(crate) unsafe fn from_header(header: *mut Header) -> Value {
        Value(header as u64 + POINTER_TAG)
    }

    /// How many references there are to this object; `u32::MAX` for what is not counted.
    pub fn reference_count(&self) -> u32 {
        // SAFETY: as in `shape`.
        if self.is_object() {
            unsafe { (*self.header()).count }
        } else {
            u32::MAX
        }
    }

    /// Drops a reference to an object that is known not to be the last one.
    ///
    /// # Safety
    /// It is an object, and somebody else holds it too.
    #[inline(always)]
    pub(crate) unsafe fn release_shared(self) {
        let header = self.header();
        self.forget();
        // SAFETY: as above.
        unsafe { (*header).count -= 1 };
    }

    /// A second Value of the same word that is not counted.
    ///
    /// # Safety
    /// Either the original or the copy must be forgotten.
    #[inline(always)]
    pub(crate) unsafe fn copy_uncounted(&self) -> Value {
        Value(self.0)
    }

    /// Gives up the Value without dropping its count.
    #[inline(always)]
    pub(crate) fn forget(self) {
        mem::forget(self);
    }
}

const F: u64 = immediate(1);
const T: u64 = immediate(2);

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        if self.is_object() {
            // SAFETY: self keeps the object alive.
            unsafe { (*self.header()).count += 1 };
        }
        Value(self.0)
    }
}

impl Drop for Value {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_object() {
            // SAFETY: this Value owned one count of a live object.
            unsafe {
                let header = self.header();
                (*header).count -= 1;
                if (*header).count == 0 {
                    store::free(header);
                }
            }
        }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::UNDEF
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::bool(b)
    }
}

/// A Value inside an object that may be replaced through a shared reference.
/// It hands out copies only, so no reference into it can dangle.
#[repr(transparent)]
pub struct Field(std::cell::UnsafeCell<Value>);

impl Field {
    /// A field that holds `value`.
    pub const fn new(value: Value) -> Field {
        Field(std::cell::UnsafeCell::new(value))
    }

    /// A field that holds Undef.
    #[inline(always)]
    pub const fn undef() -> Field {
        Field::new(Value::UNDEF)
    }

    /// A copy of what it holds.
    #[inline(always)]
    pub fn get(&self) -> Value {
        // SAFETY: no reference to the inside outlives a method of Field.
        unsafe { (*self.0.get()).clone() }
    }

    /// Replaces what it holds. The old value is dropped afterwards.
    #[inline(always)]
    pub fn set(&self, value: Value) {
        drop(self.replace(value));
    }

    /// Replaces what it holds and gives back what it held.
    #[inline(always)]
    pub fn replace(&self, value: Value) -> Value {
        // SAFETY: as in `get`.
        unsafe { std::mem::replace(&mut *self.0.get(), value) }
    }

    /// Takes the value out and leaves Undef.
    #[inline(always)]
    pub fn take(&self) -> Value {
        self.replace(Value::UNDEF)
    }

    /// Whether it holds Undef.
    #[inline(always)]
    pub fn is_undef(&self) -> bool {
        // SAFETY: as in `get`.
        unsafe { (*self.0.get()).is_undef() }
    }

    /// A reference for tracing; the field is not changed meanwhile.
    #[inline(always)]
    pub fn as_value(&self) -> &Value {
        // SAFETY: callers (`Object::trace` and look-ups that end before anything else runs) do not keep it.
        unsafe { &*self.0.get() }
    }
}
