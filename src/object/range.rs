//! `range`: three ints, nearly always words.

use dashu_int::IBig;
use dashu_int::ops::DivRem;

use super::hash::tuple_hash;
use super::int::{self, IntView, from_big, from_i64};
use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// A range.
#[repr(C)]
pub struct Range {
    head: Header,
    /// The first number.
    pub start: Value,
    /// Before which it stops.
    pub stop: Value,
    /// How far each step goes; not 0.
    pub step: Value,
    /// How many numbers there are, as an int.
    pub length: Value,
    /// First number, step and length, if every number of the range (and one step beyond) fits a word.
    words: Option<(i64, i64, i64)>,
}

// SAFETY: repr(C) with the header first; its Values are ints, which hold nothing.
unsafe impl Object for Range {
    const KIND: Kind = kind::RANGE;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Range {
    /// A range of words; the step is not 0.
    pub fn of_words(start: i64, stop: i64, step: i64) -> Ref<Range> {
        Range::of_big(IBig::from(start), IBig::from(stop), IBig::from(step))
    }

    /// A range of ints; None if the step is 0.
    pub fn new(start: IntView<'_>, stop: IntView<'_>, step: IntView<'_>) -> Option<Ref<Range>> {
        if step.is_zero() {
            return None;
        }
        if let (IntView::Small(a), IntView::Small(b), IntView::Small(s)) = (start, stop, step) {
            return Some(Range::small(a, b, s).unwrap_or_else(|| Range::of_words(a, b, s)));
        }
        Some(Range::of_big(
            start.into_big(),
            stop.into_big(),
            step.into_big(),
        ))
    }

    /// The common case, where nothing comes near the ends of a word.
    fn small(start: i64, stop: i64, step: i64) -> Option<Ref<Range>> {
        let few = |i: i64| i.unsigned_abs() < 1 << 60;
        if !few(start) || !few(stop) || !few(step) {
            return None;
        }
        let length = match step > 0 {
            true if start < stop => (stop - start - 1) / step + 1,
            false if stop < start => (start - stop - 1) / -step + 1,
            _ => 0,
        };
        let words = Some((start, step, length));
        let (start, stop, step, length) = (
            from_i64(start),
            from_i64(stop),
            from_i64(step),
            from_i64(length),
        );
        Some(heap::alloc(Range {
            head: Header::new(),
            start,
            stop,
            step,
            length,
            words,
        }))
    }

    fn of_big(start: IBig, stop: IBig, step: IBig) -> Ref<Range> {
        let span = if step > IBig::ZERO {
            &stop - &start
        } else {
            &start - &stop
        };
        let length = if span > IBig::ZERO {
            (span - IBig::ONE) / abs(&step) + IBig::ONE
        } else {
            IBig::ZERO
        };
        let beyond = &start + &step * &length;
        let words = match (
            i64::try_from(&start),
            i64::try_from(&step),
            i64::try_from(&length),
            i64::try_from(&beyond),
        ) {
            (Ok(start), Ok(step), Ok(length), Ok(_)) => Some((start, step, length)),
            _ => None,
        };
        let (start, stop, step, length) = (
            from_big(start),
            from_big(stop),
            from_big(step),
            from_big(length),
        );
        heap::alloc(Range {
            head: Header::new(),
            start,
            stop,
            step,
            length,
            words,
        })
    }

    /// First number, step and length, if every number of the range (and one step beyond) fits a word.
    #[inline]
    pub fn words(&self) -> Option<(i64, i64, i64)> {
        self.words
    }

    fn big(&self, value: &Value) -> IBig {
        IntView::of(value).map_or(IBig::ZERO, IntView::into_big)
    }

    /// The number at an index, which may be negative; None if it is out of range.
    pub fn get(&self, index: IntView<'_>) -> Option<Value> {
        if let (Some((start, step, length)), IntView::Small(i)) = (self.words, index) {
            let i = if i < 0 { i.checked_add(length)? } else { i };
            return (0 <= i && i < length).then(|| from_i64(start + step * i));
        }
        let length = self.big(&self.length);
        let mut index = index.into_big();
        if index < IBig::ZERO {
            index += &length;
        }
        if index < IBig::ZERO || index >= length {
            return None;
        }
        Some(from_big(
            self.big(&self.start) + self.big(&self.step) * index,
        ))
    }

    /// Where a number is in the range.
    pub fn index_of(&self, number: IntView<'_>) -> Option<Value> {
        if let (Some((start, step, length)), IntView::Small(n)) = (self.words, number) {
            let distance = n as i128 - start as i128;
            let index = distance / step as i128;
            let on_a_step = distance % step as i128 == 0 || cfg!(hoop_mutant = "4");
            return (on_a_step && 0 <= index && index < length as i128)
                .then(|| int::from_i128(index));
        }
        let distance = number.into_big() - self.big(&self.start);
        let (index, rest) = distance.div_rem(self.big(&self.step));
        let inside = rest.is_zero() && index >= IBig::ZERO && index < self.big(&self.length);
        inside.then(|| from_big(index))
    }

    /// The part of the range that a slice with these bounds names; the step is not 0.
    pub fn slice(
        &self,
        start: Option<IntView<'_>>,
        stop: Option<IntView<'_>>,
        step: Option<IntView<'_>>,
    ) -> Ref<Range> {
        if let Some(part) = self.slice_of_words([start, stop, step]) {
            return part;
        }
        let length = self.big(&self.length);
        let (from, to, by) = big_indices(&length, start, stop, step);
        let (first, pace) = (self.big(&self.start), self.big(&self.step));
        Range::of_big(&first + &from * &pace, &first + &to * &pace, by * pace)
    }

    /// The same of small numbers; None where one is not.
    fn slice_of_words(&self, bounds: [Option<IntView<'_>>; 3]) -> Option<Ref<Range>> {
        let (first, pace, length) = self.words?;
        let mut words = [None; 3];
        for (word, bound) in words.iter_mut().zip(bounds) {
            *word = match bound {
                Some(IntView::Small(bound)) => Some(bound),
                Some(_) => return None,
                None => None,
            };
        }
        let [start, stop, step] = words;
        let by = step.unwrap_or(1);
        let (lowest, highest) = if by < 0 {
            (-1, length - 1)
        } else {
            (0, length)
        };
        let place = |bound: i64| match bound < 0 {
            true => bound.saturating_add(length).max(lowest),
            false => bound.min(highest),
        };
        let from = start.map_or(if by < 0 { highest } else { lowest }, place);
        let to = stop.map_or(if by < 0 { lowest } else { highest }, place);
        let number = |index: i64| first.checked_add(index.checked_mul(pace)?);
        Range::small(number(from)?, number(to)?, by.checked_mul(pace)?)
    }

    /// The same numbers from the last to the first.
    pub fn reversed(&self) -> Ref<Range> {
        if let Some((first, pace, length)) = self.words
            && let Some(way) = pace.checked_mul(length - 1)
            && let Some(last) = first.checked_add(way)
            && let Some(part) = first
                .checked_sub(pace)
                .and_then(|stop| Range::small(last, stop, -pace))
        {
            return part;
        }
        let (start, step, length) = (
            self.big(&self.start),
            self.big(&self.step),
            self.big(&self.length),
        );
        let last = &start + (&length - IBig::ONE) * &step;
        Range::of_big(last, start - &step, -step)
    }

    /// Whether both give the same numbers.
    pub fn eq(&self, other: &Range) -> bool {
        let same = |a: &Value, b: &Value| a.is(b) || self.big(a) == self.big(b);
        if !same(&self.length, &other.length) {
            return false;
        }
        let length = IntView::of(&self.length).map_or(0, IntView::clamped);
        length == 0
            || same(&self.start, &other.start) && (length == 1 || same(&self.step, &other.step))
    }

    /// The hash: that of (length, start, step), with None for what does not matter.
    pub fn hash(&self) -> i64 {
        let hash = |value: &Value| IntView::of(value).map(IntView::hash);
        let length = IntView::of(&self.length).map_or(0, IntView::clamped);
        let none = Some(super::hash::NONE_HASH);
        let start = if length == 0 { none } else { hash(&self.start) };
        let step = if length <= 1 { none } else { hash(&self.step) };
        tuple_hash([hash(&self.length), start, step].into_iter()).unwrap_or(0)
    }
}

fn abs(big: &IBig) -> IBig {
    if *big < IBig::ZERO { -big } else { big.clone() }
}

/// Start, stop and step of a slice of a sequence of any length, as `slice.indices` gives them; the step is not 0.
pub fn big_indices(
    length: &IBig,
    start: Option<IntView<'_>>,
    stop: Option<IntView<'_>>,
    step: Option<IntView<'_>>,
) -> (IBig, IBig, IBig) {
    let step = step.map_or(IBig::ONE, IntView::into_big);
    let down = step < IBig::ZERO;
    let (lowest, highest) = if down {
        (IBig::from(-1), length - IBig::ONE)
    } else {
        (IBig::ZERO, length.clone())
    };
    let place = |bound: IntView<'_>| {
        let bound = bound.into_big();
        if bound < IBig::ZERO {
            (bound + length).max(lowest.clone())
        } else {
            bound.min(highest.clone())
        }
    };
    let from = start.map_or_else(
        || {
            if down {
                highest.clone()
            } else {
                lowest.clone()
            }
        },
        &place,
    );
    let to = stop.map_or_else(
        || {
            if down {
                lowest.clone()
            } else {
                highest.clone()
            }
        },
        &place,
    );
    (from, to, step)
}
