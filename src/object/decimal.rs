//! `decimal.Decimal`: a sign, a coefficient and an exponent of ten. What may be done with
//! it is in the room `modules`.

use dashu_int::UBig;
use dashu_int::ops::{BitTest, DivRem};

use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Visitor, current};

/// What kind of number it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A finite number.
    Finite,
    /// An infinity.
    Infinite,
    /// A quiet NaN, whose coefficient is its payload.
    Quiet,
    /// A signaling NaN, whose coefficient is its payload.
    Signaling,
}

/// A decimal number.
#[derive(Clone, Debug)]
pub struct Number {
    /// Its sign is minus.
    pub negative: bool,
    /// What kind of number it is.
    pub form: Form,
    /// The coefficient.
    pub coef: UBig,
    /// The exponent; 0 if it is not finite.
    pub exp: i64,
}

impl Number {
    /// A finite number.
    pub fn new(negative: bool, coef: UBig, exp: i64) -> Number {
        Number {
            negative,
            form: Form::Finite,
            coef,
            exp,
        }
    }

    /// A small number.
    pub fn small(value: i64) -> Number {
        Number::new(value < 0, UBig::from(value.unsigned_abs()), 0)
    }

    /// A zero.
    pub fn zero(negative: bool, exp: i64) -> Number {
        Number::new(negative, UBig::ZERO, exp)
    }

    /// An infinity.
    pub fn infinity(negative: bool) -> Number {
        Number {
            form: Form::Infinite,
            ..Number::zero(negative, 0)
        }
    }

    /// A quiet NaN without payload.
    pub fn nan() -> Number {
        Number {
            form: Form::Quiet,
            ..Number::zero(false, 0)
        }
    }

    /// Whether it is finite.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.form == Form::Finite
    }

    /// Whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        self.form == Form::Infinite
    }

    /// Whether it is a NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self.form, Form::Quiet | Form::Signaling)
    }

    /// Whether it is a signaling NaN.
    pub fn is_signaling(&self) -> bool {
        self.form == Form::Signaling
    }

    /// Whether it is a zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.is_finite() && self.coef.is_zero()
    }

    /// How many digits the coefficient has; a zero has one.
    #[inline]
    pub fn digits(&self) -> i64 {
        digits(&self.coef)
    }

    /// The exponent of the first digit.
    pub fn adjusted(&self) -> i64 {
        self.exp + self.digits() - 1
    }

    /// The same with this sign.
    pub fn signed(mut self, negative: bool) -> Number {
        self.negative = negative;
        self
    }

    /// The magnitude.
    pub fn abs(&self) -> Number {
        self.clone().signed(false)
    }

    /// The number with the other sign, zeros and NaNs too.
    pub fn negated(&self) -> Number {
        self.clone().signed(!self.negative)
    }

    /// Whether it is finite and has no fraction.
    pub fn is_integer(&self) -> bool {
        if !self.is_finite() {
            return false;
        }
        if self.exp >= 0 || self.coef.is_zero() {
            return true;
        }
        let places = self.exp.unsigned_abs();
        places < self.digits() as u64
            && self.coef.trailing_zeros().unwrap_or(0) as u64 >= places
            && (&self.coef % power_of_ten(places)).is_zero()
    }

    /// Whether it is an odd integer.
    pub fn is_odd(&self) -> bool {
        if !self.is_integer() || self.exp > 0 || self.coef.is_zero() {
            return false;
        }
        if self.exp == 0 {
            return self.coef.bit(0);
        }
        (&self.coef / power_of_ten(self.exp.unsigned_abs())).bit(0)
    }
}

/// The powers of ten that fit two words.
pub static POWERS: [u128; 39] = powers();

const fn powers() -> [u128; 39] {
    let mut table = [1; 39];
    let mut n = 1;
    while n < 39 {
        table[n] = table[n - 1] * 10;
        n += 1;
    }
    table
}

/// 10 to the power `n`, which the caller has checked.
pub fn power_of_ten(n: u64) -> UBig {
    if let Some(power) = POWERS.get(n as usize) {
        return UBig::from(*power);
    }
    UBig::from(5u8).pow(n as usize) << n as usize
}

/// How many decimal digits a number has; zero has one.
#[inline]
pub fn digits(coef: &UBig) -> i64 {
    match u128::try_from(coef) {
        Ok(small) => digits_of(small),
        Err(_) => long_digits(coef),
    }
}

/// How many decimal digits a number has that fits two words; zero has one.
#[inline]
pub fn digits_of(small: u128) -> i64 {
    // The number of bits leaves two possibilities: 1233 / 4096 is the logarithm of 2.
    let bits = 128 - (small | 1).leading_zeros() as usize;
    let least = (bits * 1233) >> 12;
    (least + usize::from((small | 1) >= POWERS[least])) as i64
}

#[cold]
fn long_digits(coef: &UBig) -> i64 {
    let words = coef.as_words();
    let top = words.len() - 1;
    // Two words give the logarithm to 15 places.
    let lead = words[top] as f64 * 18_446_744_073_709_551_616.0 + words[top - 1] as f64;
    let log = lead.log10() + (top - 1) as f64 * 64.0 * std::f64::consts::LOG10_2;
    let floor = log.floor();
    let rest = log - floor;
    let margin = 1e-9 + log * 1e-14;
    if rest > margin && rest < 1.0 - margin {
        return floor as i64 + 1;
    }
    // Too near a power of ten to tell so.
    let power = log.round();
    if *coef < power_of_ten(power as u64) {
        power as i64
    } else {
        power as i64 + 1
    }
}

/// Takes trailing zeros off a coefficient that is not 0, at most so many; how many they were.
pub fn strip_zeros(coef: &mut UBig, most: u64) -> u64 {
    let bound = most.min(coef.trailing_zeros().unwrap_or(0) as u64);
    if bound == 0 {
        return 0;
    }
    let mut taken = 0;
    let mut step = 1u64 << bound.ilog2();
    while step > 0 {
        if taken + step <= most && step < digits(coef) as u64 {
            let (quotient, rest) = (&*coef).div_rem(power_of_ten(step));
            if rest.is_zero() {
                *coef = quotient;
                taken += step;
            }
        }
        step /= 2;
    }
    taken
}

/// A Decimal object.
#[repr(C)]
pub struct Decimal {
    head: Header,
    number: Number,
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Decimal {
    const KIND: Kind = kind::DECIMAL;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Decimal {
    /// A Decimal of the class whose instances have this shape.
    pub fn alloc(shape: u32, number: Number) -> Ref<Decimal> {
        let outside = outside(&number.coef);
        if outside > 0 {
            current().bytes += outside;
        }
        let head = Header::new();
        heap::alloc_shaped(Decimal { head, number }, 0, shape)
    }

    /// The number.
    pub fn number(&self) -> &Number {
        &self.number
    }
}

impl Drop for Decimal {
    fn drop(&mut self) {
        let outside = outside(&self.number.coef);
        if outside > 0 {
            let heap = current();
            heap.bytes = heap.bytes.saturating_sub(outside);
        }
    }
}

/// Bytes that a coefficient has outside its object.
fn outside(coef: &UBig) -> usize {
    match coef.as_words().len() {
        0..=2 => 0,
        words => words * 8,
    }
}
