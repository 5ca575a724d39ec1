//! `int`: a word where it fits, else a big number on the heap.
//!
//! Operations take `IntView`s, which see words, big numbers, bools and
//! instances of subclasses alike, and give Values in their normal form: a
//! number that fits a word is never on the heap.

use std::borrow::Cow;
use std::cmp::Ordering;

use dashu_int::IBig;
use dashu_int::ops::BitTest;

use super::error::{Fault, Outcome};
use super::int_large;
use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor, current, work};

/// A big integer, or an instance of a subclass of `int`.
#[repr(C)]
pub struct Int {
    head: Header,
    value: IBig,
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Int {
    const KIND: Kind = kind::INT;
    const CYCLIC: bool = false;
    const HOLDS_NOTHING: bool = true;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Int {
    fn object(value: IBig) -> Int {
        current().bytes += outside(&value);
        Int {
            head: Header::new(),
            value,
        }
    }

    /// An instance of a subclass of `int`.
    pub fn with_shape(shape: u32, value: IntView<'_>) -> Ref<Int> {
        heap::alloc_shaped(Int::object(value.into_big()), 0, shape)
    }

    /// The number.
    pub fn value(&self) -> &IBig {
        &self.value
    }
}

impl Drop for Int {
    fn drop(&mut self) {
        let heap = current();
        heap.bytes = heap.bytes.saturating_sub(outside(&self.value));
    }
}

/// Bytes that a number has outside its object.
fn outside(value: &IBig) -> usize {
    match value.as_sign_words().1.len() {
        0..=2 => 0,
        words => words * 8,
    }
}

/// The number in a Value.
#[derive(Clone, Copy, Debug)]
pub enum IntView<'a> {
    /// One that fits a word.
    Small(i64),
    /// Any other.
    Big(&'a IBig),
}

/// No integer has more bits: a product or a shift that would is a MemoryError.
pub const MOST_BITS: u64 = 1 << 34;
/// Products have no more bits: beyond, the time would be hours.
pub const MOST_PRODUCT_BITS: u64 = 1 << 32;

/// An int.
#[inline]
pub fn from_i64(i: i64) -> Value {
    match Value::small_int(i) {
        Some(value) => value,
        None => boxed(IBig::from(i)),
    }
}

/// An int.
#[inline]
pub fn from_u64(u: u64) -> Value {
    if u <= heap::INT_MAX as u64 {
        from_i64(u as i64)
    } else {
        boxed(IBig::from(u))
    }
}

/// An int.
#[inline]
pub fn from_usize(u: usize) -> Value {
    from_u64(u as u64)
}

/// An int.
#[inline]
pub fn from_i128(i: i128) -> Value {
    match i64::try_from(i) {
        Ok(i) => from_i64(i),
        Err(_) => boxed(IBig::from(i)),
    }
}

/// An int.
pub fn from_big(big: IBig) -> Value {
    match i64::try_from(&big) {
        Ok(i) => from_i64(i),
        Err(_) => boxed(big),
    }
}

#[cold]
fn boxed(big: IBig) -> Value {
    // Where it may not go on, the next look says so.
    let _ = heap::work_on_bytes(outside(&big));
    heap::alloc(Int::object(big)).into_value()
}

/// The integer part of a float, as `int(f)` gives it.
pub fn from_f64(f: f64) -> Outcome<Value> {
    if f.is_nan() {
        return Err(Fault::value("cannot convert float NaN to integer"));
    }
    if f.is_infinite() {
        return Err(Fault::overflow("cannot convert float infinity to integer"));
    }
    if f.abs() < 9.0e18 {
        return Ok(from_i64(f as i64));
    }
    Ok(from_big(big_of_f64(f)))
}

/// The integer part of a finite float.
pub fn big_of_f64(f: f64) -> IBig {
    let bits = f.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i64 - 1075;
    let mantissa = (bits & ((1 << 52) - 1) | 1 << 52) as i64;
    let magnitude = match exponent {
        0.. => IBig::from(mantissa) << exponent as usize,
        -63..0 => IBig::from(mantissa >> -exponent),
        _ => IBig::ZERO,
    };
    if f < 0.0 { -magnitude } else { magnitude }
}

impl<'a> IntView<'a> {
    /// The number in a Value: an int, a bool, or an instance of a subclass.
    #[inline]
    pub fn of(value: &'a Value) -> Option<IntView<'a>> {
        if let Some(i) = value.as_small_int() {
            return Some(IntView::Small(i));
        }
        if let Some(b) = value.as_bool() {
            return Some(IntView::Small(b as i64));
        }
        value.get::<Int>().map(|int| IntView::of_big(&int.value))
    }

    /// The view of a big number.
    pub fn of_big(big: &'a IBig) -> IntView<'a> {
        match i64::try_from(big) {
            Ok(i) => IntView::Small(i),
            Err(_) => IntView::Big(big),
        }
    }

    /// As a big number.
    #[inline]
    pub fn big(self) -> Cow<'a, IBig> {
        match self {
            IntView::Small(i) => Cow::Owned(IBig::from(i)),
            IntView::Big(big) => Cow::Borrowed(big),
        }
    }

    /// As a big number of its own.
    pub fn into_big(self) -> IBig {
        self.big().into_owned()
    }

    /// As a plain int.
    pub fn to_value(self) -> Value {
        match self {
            IntView::Small(i) => from_i64(i),
            IntView::Big(big) => boxed(big.clone()),
        }
    }

    /// As a word, if it fits.
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            IntView::Small(i) => Some(i),
            IntView::Big(_) => None,
        }
    }

    /// As a size or an index; None if it is negative or too large.
    pub fn as_usize(self) -> Option<usize> {
        match self {
            IntView::Small(i) => usize::try_from(i).ok(),
            IntView::Big(big) => usize::try_from(big).ok(),
        }
    }

    /// As an unsigned word, if it fits.
    pub fn as_u64(self) -> Option<u64> {
        match self {
            IntView::Small(i) => u64::try_from(i).ok(),
            IntView::Big(big) => u64::try_from(big).ok(),
        }
    }

    /// As a word, the nearest if it does not fit.
    pub fn clamped(self) -> i64 {
        match self {
            IntView::Small(i) => i,
            IntView::Big(_) if self.is_negative() => i64::MIN,
            IntView::Big(_) => i64::MAX,
        }
    }

    /// Whether it is 0.
    #[inline]
    pub fn is_zero(self) -> bool {
        matches!(self, IntView::Small(0))
    }

    /// Whether it is below 0.
    #[inline]
    pub fn is_negative(self) -> bool {
        match self {
            IntView::Small(i) => i < 0,
            IntView::Big(big) => big.sign() == dashu_int::Sign::Negative,
        }
    }

    /// How many bits its magnitude has.
    pub fn bit_length(self) -> u64 {
        match self {
            IntView::Small(i) => 64 - i.unsigned_abs().leading_zeros() as u64,
            IntView::Big(big) => magnitude_bits(big),
        }
    }

    /// How many bits of its magnitude are set.
    pub fn bit_count(self) -> u64 {
        match self {
            IntView::Small(i) => i.unsigned_abs().count_ones() as u64,
            IntView::Big(big) => big
                .as_sign_words()
                .1
                .iter()
                .map(|w| w.count_ones() as u64)
                .sum(),
        }
    }

    /// Whether the last bit is set.
    pub fn is_odd(self) -> bool {
        match self {
            IntView::Small(i) => i & 1 != 0,
            IntView::Big(big) => big.bit(0),
        }
    }

    /// The hash: the number modulo 2^61 - 1, with its sign.
    pub fn hash(self) -> i64 {
        match self {
            IntView::Small(i) => hash_i64(i),
            IntView::Big(big) => hash_big(big),
        }
    }

    /// As a float, correctly rounded.
    pub fn to_f64(self) -> Outcome<f64> {
        match self {
            IntView::Small(i) => Ok(i as f64),
            IntView::Big(big) => super::int_math::big_to_f64(big)
                .ok_or_else(|| Fault::overflow("int too large to convert to float")),
        }
    }
}

/// How many bits the magnitude of a big number has.
pub fn magnitude_bits(big: &IBig) -> u64 {
    let words = big.as_sign_words().1;
    match words.last() {
        Some(top) => words.len() as u64 * 64 - top.leading_zeros() as u64,
        None => 0,
    }
}

const MODULUS: u64 = (1 << 61) - 1;

/// The hash of a small integer.
#[inline]
pub fn hash_i64(i: i64) -> i64 {
    if i.unsigned_abs() < MODULUS {
        return if i == -1 { -2 } else { i };
    }
    let rest = (i.unsigned_abs() % MODULUS) as i64;
    match if i < 0 { -rest } else { rest } {
        -1 => -2,
        hash => hash,
    }
}

fn hash_big(big: &IBig) -> i64 {
    let (sign, words) = big.as_sign_words();
    // What is too much ends at the VM's next look.
    let _ = work(words.len() / 20);
    let rest = words.iter().rev().fold(0u64, |rest, &word| {
        ((((rest as u128) << 64) | word as u128) % MODULUS as u128) as u64
    }) as i64;
    match if sign == dashu_int::Sign::Negative {
        -rest
    } else {
        rest
    } {
        -1 => -2,
        hash => hash,
    }
}

/// Checks that a result of so many bits may be made.
pub fn check_bits(bits: u64) -> Outcome<()> {
    if bits > MOST_BITS {
        return Err(Fault::Memory);
    }
    if bits > 1 << 16 {
        current().check_room((bits / 8) as usize * 2)?;
    }
    Ok(())
}

/// `a + b`
#[inline]
pub fn add(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if let (IntView::Small(a), IntView::Small(b)) = (a, b) {
        return Ok(from_i128(a as i128 + b as i128));
    }
    check_bits(a.bit_length().max(b.bit_length()) + 1)?;
    Ok(from_big(&*a.big() + &*b.big()))
}

/// `a - b`
#[inline]
pub fn sub(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if let (IntView::Small(a), IntView::Small(b)) = (a, b) {
        return Ok(from_i128(a as i128 - b as i128));
    }
    check_bits(a.bit_length().max(b.bit_length()) + 1)?;
    Ok(from_big(&*a.big() - &*b.big()))
}

/// `a * b`
#[inline]
pub fn mul(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if let (IntView::Small(a), IntView::Small(b)) = (a, b) {
        return Ok(from_i128(a as i128 * b as i128));
    }
    let bits = a.bit_length() + b.bit_length();
    if bits > MOST_PRODUCT_BITS {
        return Err(Fault::Memory);
    }
    check_bits(bits)?;
    Ok(from_big(int_large::mul(&a.big(), &b.big())?))
}

/// The operations for which a number that goes can give its memory to the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reusing {
    Add,
    Sub,
    Mul,
}

/// Products of a number of so many bits and a word are no work that counts.
const MOST_SHORT_BITS: u64 = 1 << 20;

/// `a op b` of two ints, of which one goes now: its memory becomes that of the result. None, and nothing was done, where the
/// general way must look.
///
/// # Safety
/// The values are two objects, or one of them is none. Those said to go are ints that nobody else holds; they are 0 afterwards.
pub(crate) unsafe fn reusing(
    op: Reusing,
    (a, a_goes): (&Value, bool),
    (b, b_goes): (&Value, bool),
) -> Option<Value> {
    let is_plain = |value: &Value| value.is_small_int() || value.is_exact::<Int>();
    if !is_plain(a) || !is_plain(b) || !(a_goes || b_goes) {
        return None;
    }
    let (left, right) = (IntView::of(a)?, IntView::of(b)?);
    let (left_bits, right_bits) = (left.bit_length(), right.bit_length());
    let bits = match op {
        Reusing::Mul => left_bits + right_bits,
        _ => left_bits.max(right_bits) + 1,
    };
    if op == Reusing::Mul && (left_bits.min(right_bits) > 64 || bits > MOST_SHORT_BITS) {
        return None;
    }
    check_bits(bits).ok()?;
    // SAFETY: the caller's promise; the view of a number that is taken is not looked at any more.
    Some(from_big(unsafe {
        if a_goes {
            let b = right.big();
            match op {
                Reusing::Add => take_big(a) + &*b,
                Reusing::Sub => take_big(a) - &*b,
                Reusing::Mul => take_big(a) * &*b,
            }
        } else {
            let a = left.big();
            match op {
                Reusing::Add => &*a + take_big(b),
                Reusing::Sub => &*a - take_big(b),
                Reusing::Mul => &*a * take_big(b),
            }
        }
    }))
}

/// Takes the number out of an int and leaves 0.
///
/// # Safety
/// The value is an int object that nobody else holds or looks at.
unsafe fn take_big(value: &Value) -> IBig {
    // SAFETY: the caller's promise.
    let number = unsafe { &mut (*value.header().cast::<Int>()).value };
    let heap = current();
    heap.bytes = heap.bytes.saturating_sub(outside(number));
    std::mem::replace(number, IBig::ZERO)
}

fn by_zero() -> Fault {
    Fault::zero_division("integer division or modulo by zero")
}

/// `divmod(a, b)`, rounding down.
pub fn divmod(a: IntView<'_>, b: IntView<'_>) -> Outcome<(Value, Value)> {
    if b.is_zero() {
        return Err(by_zero());
    }
    if let (IntView::Small(a), IntView::Small(b)) = (a, b) {
        let (a, b) = (a as i128, b as i128);
        let (q, r) = (a / b, a % b);
        return Ok(match r != 0 && (r < 0) != (b < 0) {
            true => (from_i128(q - 1), from_i128(r + b)),
            false => (from_i128(q), from_i128(r)),
        });
    }
    let (q, r) = divmod_big(&a.big(), &b.big())?;
    Ok((from_big(q), from_big(r)))
}

/// `divmod` of big numbers; `b` is not 0.
pub fn divmod_big(a: &IBig, b: &IBig) -> Outcome<(IBig, IBig)> {
    let (q, r) = int_large::div_rem(a, b)?;
    Ok(if !r.is_zero() && r.sign() != b.sign() {
        (q - IBig::ONE, r + b)
    } else {
        (q, r)
    })
}

/// `a // b`
pub fn floordiv(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if let (IntView::Small(x), IntView::Small(y)) = (a, b)
        && y != 0
        && y != -1
    {
        let q = x / y;
        return Ok(from_i64(if x % y != 0 && (x < 0) != (y < 0) {
            q - 1
        } else {
            q
        }));
    }
    divmod(a, b).map(|(q, _)| q)
}

/// `a % b`
pub fn modulo(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if let (IntView::Small(x), IntView::Small(y)) = (a, b)
        && y != 0
        && y != -1
    {
        let r = x % y;
        return Ok(from_i64(if r != 0 && (r < 0) != (y < 0) {
            r + y
        } else {
            r
        }));
    }
    if b.is_zero() {
        return Err(Fault::zero_division("integer modulo by zero"));
    }
    divmod(a, b).map(|(_, r)| r)
}

/// `a << b`
pub fn shl(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if b.is_negative() {
        return Err(Fault::value("negative shift count"));
    }
    if a.is_zero() {
        return Ok(from_i64(0));
    }
    let Some(shift) = b.as_u64() else {
        // What CPython could count the digits of lacks memory.
        let words = u128::from(i64::MAX as u64 / 4) * 30;
        return Err(match b.to_f64().is_ok_and(|bits| bits < words as f64) {
            true => crate::heap::OutOfMemory.into(),
            false => Fault::overflow("too many digits in integer"),
        });
    };
    if let IntView::Small(i) = a
        && shift < 63
    {
        return Ok(from_i128((i as i128) << shift));
    }
    check_bits(a.bit_length().saturating_add(shift))?;
    Ok(from_big(&*a.big() << shift as usize))
}

/// `a >> b`, rounding down.
pub fn shr(a: IntView<'_>, b: IntView<'_>) -> Outcome<Value> {
    if b.is_negative() {
        return Err(Fault::value("negative shift count"));
    }
    let shift = b.as_u64().unwrap_or(u64::MAX);
    match a {
        IntView::Small(i) => Ok(from_i64(i >> shift.min(63))),
        IntView::Big(_) if shift >= a.bit_length() => Ok(from_i64(-(a.is_negative() as i64))),
        IntView::Big(big) => Ok(from_big(big >> shift as usize)),
    }
}

/// `a & b`
pub fn and(a: IntView<'_>, b: IntView<'_>) -> Value {
    match (a, b) {
        (IntView::Small(a), IntView::Small(b)) => from_i64(a & b),
        _ => from_big(&*a.big() & &*b.big()),
    }
}

/// `a | b`
pub fn or(a: IntView<'_>, b: IntView<'_>) -> Value {
    match (a, b) {
        (IntView::Small(a), IntView::Small(b)) => from_i64(a | b),
        _ => from_big(&*a.big() | &*b.big()),
    }
}

/// `a ^ b`
pub fn xor(a: IntView<'_>, b: IntView<'_>) -> Value {
    match (a, b) {
        (IntView::Small(a), IntView::Small(b)) => from_i64(a ^ b),
        _ => from_big(&*a.big() ^ &*b.big()),
    }
}

/// `~a`
pub fn invert(a: IntView<'_>) -> Value {
    match a {
        IntView::Small(i) => from_i64(!i),
        IntView::Big(big) => from_big(!big),
    }
}

/// `-a`
pub fn neg(a: IntView<'_>) -> Value {
    match a {
        IntView::Small(i) => from_i128(-(i as i128)),
        IntView::Big(big) => from_big(-big),
    }
}

/// `abs(a)`
pub fn abs(a: IntView<'_>) -> Value {
    if a.is_negative() {
        neg(a)
    } else {
        a.to_value()
    }
}

/// The order of two ints.
#[inline]
pub fn cmp(a: IntView<'_>, b: IntView<'_>) -> Ordering {
    match (a, b) {
        (IntView::Small(a), IntView::Small(b)) => a.cmp(&b),
        (IntView::Big(a), IntView::Big(b)) => a.cmp(b),
        // A big number does not fit a word: its sign decides.
        (IntView::Small(_), IntView::Big(_)) if b.is_negative() => Ordering::Greater,
        (IntView::Small(_), IntView::Big(_)) => Ordering::Less,
        (IntView::Big(_), IntView::Small(_)) if a.is_negative() => Ordering::Less,
        (IntView::Big(_), IntView::Small(_)) => Ordering::Greater,
    }
}

/// The order of an int and a float, exactly; None for NaN.
pub fn cmp_f64(a: IntView<'_>, f: f64) -> Option<Ordering> {
    if f.is_nan() {
        return None;
    }
    if let IntView::Small(i) = a
        && i.unsigned_abs() <= 1 << 53
    {
        return (i as f64).partial_cmp(&f);
    }
    if f.is_infinite() {
        return Some(if f > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let whole = big_of_f64(f);
    let by_whole = (*a.big()).cmp(&whole);
    Some(by_whole.then_with(|| 0.0f64.partial_cmp(&f.fract()).unwrap_or(Ordering::Equal)))
}
