//! The frame of each operation: precision, range and rounding, and the signals it raised.

use dashu_int::UBig;
use dashu_int::ops::BitTest;
use std::sync::Arc;

use crate::host::Inbox;
use crate::object::decimal::{Form, Number, digits, power_of_ten};
use crate::object::int_large;

/// Bits of the signals, and of the conditions that are InvalidOperation in more words.
pub mod signal {
    #![allow(missing_docs)]
    pub const INVALID: u32 = 1;
    pub const FLOAT: u32 = 1 << 1;
    pub const DIVISION_BY_ZERO: u32 = 1 << 2;
    pub const OVERFLOW: u32 = 1 << 3;
    pub const UNDERFLOW: u32 = 1 << 4;
    pub const SUBNORMAL: u32 = 1 << 5;
    pub const INEXACT: u32 = 1 << 6;
    pub const ROUNDED: u32 = 1 << 7;
    pub const CLAMPED: u32 = 1 << 8;
    pub const SYNTAX: u32 = 1 << 9;
    pub const IMPOSSIBLE: u32 = 1 << 10;
    pub const UNDEFINED: u32 = 1 << 11;
    /// What the signal InvalidOperation stands for.
    pub const ALL_INVALID: u32 = INVALID | SYNTAX | IMPOSSIBLE | UNDEFINED;
    /// The signals.
    pub const COUNT: usize = 9;

    /// The signals alone, without the conditions.
    pub fn collapsed(status: u32) -> u32 {
        let signals = status & ((1 << COUNT) - 1);
        if status & ALL_INVALID != 0 {
            signals | INVALID
        } else {
            signals
        }
    }

    /// The bits that the signal of a number stands for.
    pub fn meaning(at: usize) -> u32 {
        if at == 0 { ALL_INVALID } else { 1 << at }
    }
}

/// How a result that does not fit is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Rounding {
    Ceiling,
    Floor,
    Up,
    Down,
    HalfUp,
    HalfDown,
    HalfEven,
    ZeroFiveUp,
}

impl Rounding {
    /// All, with their names.
    pub const ALL: [(Rounding, &'static str); 8] = [
        (Rounding::Ceiling, "ROUND_CEILING"),
        (Rounding::Floor, "ROUND_FLOOR"),
        (Rounding::Up, "ROUND_UP"),
        (Rounding::Down, "ROUND_DOWN"),
        (Rounding::HalfUp, "ROUND_HALF_UP"),
        (Rounding::HalfDown, "ROUND_HALF_DOWN"),
        (Rounding::HalfEven, "ROUND_HALF_EVEN"),
        (Rounding::ZeroFiveUp, "ROUND_05UP"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Rounding::ALL
            .iter()
            .find(|(known, _)| *known == self)
            .map_or("", |(_, name)| name)
    }
}

/// The largest precision and exponent.
pub const MAX_PREC: i64 = 999_999_999_999_999_999;
/// The largest exponent.
pub const MAX_EMAX: i64 = MAX_PREC;
/// The smallest exponent of normal numbers.
pub const MIN_EMIN: i64 = -MAX_EMAX;
/// The smallest exponent of all.
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PREC - 1);

/// No calculation uses more digits: it would take too long.
const MOST_DIGITS: i64 = 20_000_000;

/// What a context says about results.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many digits.
    pub prec: i64,
    /// The largest adjusted exponent.
    pub emax: i64,
    /// The smallest adjusted exponent of normal numbers.
    pub emin: i64,
    /// See `Rounding`.
    pub rounding: Rounding,
    /// `E` rather than `e` in text.
    pub capitals: bool,
    /// Exponents are at most `Etop`.
    pub clamp: bool,
}

impl Settings {
    /// Those in which every Decimal is exact.
    pub const MAX: Settings = Settings {
        prec: MAX_PREC,
        emax: MAX_EMAX,
        emin: MIN_EMIN,
        rounding: Rounding::HalfEven,
        capitals: true,
        clamp: false,
    };

    /// The smallest exponent.
    pub fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }

    /// The largest exponent of a coefficient of full length.
    pub fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }
}

/// Why an operation has no result.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// It would take too much memory or time.
    Memory,
    /// Somebody wants attention.
    Interrupted,
}

impl From<crate::object::error::Fault> for Stop {
    fn from(_: crate::object::error::Fault) -> Stop {
        Stop::Memory
    }
}

impl From<crate::heap::OutOfMemory> for Stop {
    fn from(_: crate::heap::OutOfMemory) -> Stop {
        Stop::Memory
    }
}

/// A result.
pub type Out<T = Number> = Result<T, Stop>;

/// Checks that so many digits may be calculated with.
pub fn room(digits: i64) -> Out<()> {
    if digits > MOST_DIGITS {
        return Err(Stop::Memory);
    }
    if digits > 20_000 {
        crate::heap::current().check_room(digits as usize)?;
        crate::heap::work(digits as usize / 100)?;
    }
    Ok(())
}

/// `coef * 10^places`
pub fn scaled(coef: &UBig, places: i64) -> Out<UBig> {
    if places == 0 || coef.is_zero() {
        return Ok(coef.clone());
    }
    room(digits(coef).saturating_add(places))?;
    Ok(int_large::product(
        coef,
        &int_large::power_of_ten(places as usize)?,
    )?)
}

/// An operation at work.
pub struct Work {
    /// What its context says.
    pub set: Settings,
    /// The signals so far.
    pub status: u32,
    /// Who may want attention.
    pub watch: Option<Arc<Inbox>>,
}

impl Work {
    /// An operation under these settings.
    pub fn new(set: Settings) -> Work {
        Work {
            set,
            status: 0,
            watch: None,
        }
    }

    /// Stops a long operation when somebody wants attention. It has done a few sums of so many bits since it was called last.
    pub fn tick(&self, bits: usize) -> Out<()> {
        crate::heap::work(bits / 10_000 + 1)?;
        match &self.watch {
            Some(inbox) if inbox.wants_attention() => Err(Stop::Interrupted),
            _ => Ok(()),
        }
    }

    /// A result that was known at once.
    #[inline]
    pub fn quick(&mut self, (number, status): (Number, u32)) -> Number {
        self.status |= status;
        number
    }

    /// The result of an operation that makes no sense.
    pub fn invalid(&mut self, condition: u32) -> Number {
        self.status |= condition;
        Number::nan()
    }

    /// The NaN that the operands make the result, if there is one.
    pub fn nan_of(&mut self, operands: &[&Number]) -> Option<Number> {
        if operands.iter().all(|n| !n.is_nan()) {
            return None;
        }
        let signaling = operands.iter().find(|n| n.is_signaling());
        let chosen = match signaling {
            Some(_) => {
                self.status |= signal::INVALID;
                signaling
            }
            None => operands.iter().find(|n| n.is_nan()),
        };
        let quiet = Number {
            form: Form::Quiet,
            ..(*chosen?).clone()
        };
        Some(self.fit_payload(quiet))
    }

    /// A payload that is too long loses its first digits.
    fn fit_payload(&self, mut nan: Number) -> Number {
        let most = self.set.prec - i64::from(self.set.clamp);
        if !nan.coef.is_zero() && nan.digits() > most {
            nan.coef %= power_of_ten(most as u64);
        }
        nan
    }

    /// Rounds a result and brings it into range, with all signals.
    pub fn finish(&mut self, number: Number) -> Out {
        match number.form {
            Form::Infinite => Ok(number),
            Form::Quiet | Form::Signaling => Ok(self.fit_payload(number)),
            Form::Finite if number.coef.is_zero() => Ok(self.finish_zero(number)),
            Form::Finite => self.finish_finite(number),
        }
    }

    fn finish_zero(&mut self, mut zero: Number) -> Number {
        let top = if self.set.clamp {
            self.set.etop()
        } else {
            self.set.emax
        };
        let exp = zero.exp.clamp(self.set.etiny(), top);
        if exp != zero.exp {
            self.status |= signal::CLAMPED;
            zero.exp = exp;
        }
        zero
    }

    fn finish_finite(&mut self, mut number: Number) -> Out {
        let set = self.set;
        let length = number.digits();
        let adjusted = number.exp + length - 1;
        if adjusted > set.emax {
            return Ok(self.overflow(number.negative));
        }
        let subnormal = adjusted < set.emin;
        let least = if subnormal {
            set.etiny()
        } else {
            number.exp + length - set.prec
        };
        if number.exp < least {
            return self.shorten(number, least, subnormal);
        }
        if subnormal {
            self.status |= signal::SUBNORMAL;
        }
        self.fold_down(&mut number)?;
        Ok(number)
    }

    /// With `clamp`, a high exponent becomes zeros at the end.
    fn fold_down(&mut self, number: &mut Number) -> Out<()> {
        if self.set.clamp && number.exp > self.set.etop() {
            self.status |= signal::CLAMPED;
            number.coef = scaled(&number.coef, number.exp - self.set.etop())?;
            number.exp = self.set.etop();
        }
        Ok(())
    }

    fn shorten(&mut self, number: Number, least: i64, subnormal: bool) -> Out {
        let exact = self.rounded_to(&number, least)?;
        let (mut rounded, inexact) = exact;
        self.status |= signal::ROUNDED;
        if inexact {
            self.status |= signal::INEXACT;
        }
        if subnormal {
            self.status |= signal::SUBNORMAL;
            if inexact {
                self.status |= signal::UNDERFLOW;
            }
        }
        if rounded.digits() > self.set.prec {
            // 99...9 became 100...0.
            rounded.coef /= 10u8;
            rounded.exp += 1;
        }
        if rounded.coef.is_zero() {
            self.status |= signal::CLAMPED;
            return Ok(rounded);
        }
        if rounded.adjusted() > self.set.emax {
            return Ok(self.overflow(rounded.negative));
        }
        self.fold_down(&mut rounded)?;
        Ok(rounded)
    }

    /// The number with the exponent `exp`, and whether that changed its value.
    pub fn rounded_to(&self, number: &Number, exp: i64) -> Out<(Number, bool)> {
        if exp <= number.exp {
            let coef = scaled(&number.coef, number.exp.saturating_sub(exp))?;
            return Ok((Number::new(number.negative, coef, exp), false));
        }
        let drop = exp.saturating_sub(number.exp);
        let (mut coef, rest) = if drop > number.digits() {
            // All of it is less than half of the last place.
            let rest = if number.coef.is_zero() {
                Rest::None
            } else {
                Rest::BelowHalf
            };
            (UBig::ZERO, rest)
        } else {
            let unit = int_large::power_of_ten(drop as usize)?;
            let (kept, rest) = int_large::divide(&number.coef, &unit)?;
            let rest = Rest::of(rest, unit);
            (kept, rest)
        };
        let up = goes_up(
            self.set.rounding,
            number.negative,
            rest,
            || coef.bit(0),
            || &coef % 5u8 == 0,
        );
        if up {
            coef += 1u8;
        }
        Ok((Number::new(number.negative, coef, exp), rest != Rest::None))
    }

    fn overflow(&mut self, negative: bool) -> Number {
        self.status |= signal::OVERFLOW | signal::INEXACT | signal::ROUNDED;
        let to_infinity = match self.set.rounding {
            Rounding::Ceiling => !negative,
            Rounding::Floor => negative,
            Rounding::Down | Rounding::ZeroFiveUp => false,
            _ => true,
        };
        if to_infinity {
            return Number::infinity(negative);
        }
        self.largest(negative)
            .unwrap_or_else(|_| Number::infinity(negative))
    }

    /// The finite number of largest magnitude.
    pub fn largest(&self, negative: bool) -> Out {
        room(self.set.prec)?;
        let coef = power_of_ten(self.set.prec as u64) - 1u8;
        Ok(Number::new(negative, coef, self.set.etop()))
    }
}

/// What is cut off, against half a unit of the last place that stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Nothing.
    None,
    /// Less than half.
    BelowHalf,
    /// Just half.
    Half,
    /// More than half.
    AboveHalf,
}

impl Rest {
    /// The remainder of a division by `unit`.
    pub fn of(rest: UBig, unit: UBig) -> Rest {
        if rest.is_zero() {
            return Rest::None;
        }
        match (rest << 1usize).cmp(&unit) {
            std::cmp::Ordering::Less => Rest::BelowHalf,
            std::cmp::Ordering::Equal => Rest::Half,
            std::cmp::Ordering::Greater => Rest::AboveHalf,
        }
    }
}

/// Whether a coefficient that lost `rest` is rounded away from zero; the questions are whether what is kept is odd,
/// and whether it ends with 0 or 5.
#[inline]
pub fn goes_up(
    rounding: Rounding,
    negative: bool,
    rest: Rest,
    is_odd: impl FnOnce() -> bool,
    ends_round: impl FnOnce() -> bool,
) -> bool {
    if rest == Rest::None {
        return false;
    }
    match rounding {
        Rounding::Up => true,
        Rounding::Down => false,
        Rounding::Ceiling => !negative,
        Rounding::Floor => negative,
        Rounding::HalfUp => rest != Rest::BelowHalf,
        Rounding::HalfDown => rest == Rest::AboveHalf,
        Rounding::HalfEven => rest == Rest::AboveHalf || rest == Rest::Half && is_odd(),
        Rounding::ZeroFiveUp => ends_round(),
    }
}
