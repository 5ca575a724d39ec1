//! `slice`, and how its bounds become indices.

use super::error::{Fault, Outcome};
use super::int::IntView;
use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// `start:stop:step`; each may be None or any object.
#[repr(C)]
pub struct Slice {
    head: Header,
    /// Where it starts.
    pub start: Value,
    /// Before which it stops.
    pub stop: Value,
    /// How far each step goes.
    pub step: Value,
}

// SAFETY: repr(C) with the header first; every Value is visited once.
unsafe impl Object for Slice {
    const KIND: Kind = kind::SLICE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(&self.start);
        visitor.visit(&self.stop);
        visitor.visit(&self.step);
    }
}

/// The indices of a slice of a sequence of known length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indices {
    /// The first index (or where an insertion goes if `count` is 0).
    pub start: usize,
    /// As `slice.indices` gives it; -1 stands for "before the first".
    pub stop: isize,
    /// Never 0.
    pub step: isize,
    /// How many indices there are.
    pub count: usize,
}

impl Slice {
    /// A slice.
    pub fn new(start: Value, stop: Value, step: Value) -> Ref<Slice> {
        heap::alloc(Slice {
            head: Header::new(),
            start,
            stop,
            step,
        })
    }

    /// The bounds, if each is None or an int; else the VM asks `__index__`.
    pub fn simple_bounds(&self) -> Option<Bounds> {
        Some(Bounds {
            start: bound(&self.start)?,
            stop: bound(&self.stop)?,
            step: bound(&self.step)?,
        })
    }
}

/// The bounds of a slice as the nearest words, before they are held against a length: a script that is asked for one may
/// change the sequence.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// As given, from the front or from the end.
    pub start: Option<i64>,
    /// The same.
    pub stop: Option<i64>,
    /// 1 if not given.
    pub step: Option<i64>,
}

impl Bounds {
    /// The indices for a sequence of length `len`.
    pub fn within(self, len: usize) -> Outcome<Indices> {
        indices(len, self.start, self.stop, self.step)
    }
}

/// None as None, an int as the nearest word; nothing for any other value.
pub fn bound(value: &Value) -> Option<Option<i64>> {
    if value.is_none() {
        return Some(None);
    }
    IntView::of(value).map(|view| Some(view.clamped()))
}

/// How many whole steps there are in a distance.
#[inline(always)]
fn steps(distance: i64, step: i64) -> i64 {
    // Dividing takes longer than all the rest.
    if step == 1 { distance } else { distance / step }
}

/// The indices for a sequence of length `len`.
#[inline]
pub fn indices(
    len: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
) -> Outcome<Indices> {
    let step = step.unwrap_or(1).max(-i64::MAX);
    if step == 0 {
        return Err(Fault::value("slice step cannot be zero"));
    }
    let len = len as i64;
    let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let place = |bound: i64| match bound < 0 {
        true => bound.saturating_add(len).max(lowest),
        false => bound.min(highest),
    };
    let start = start.map_or(if step < 0 { highest } else { lowest }, place);
    let stop = stop.map_or(if step < 0 { lowest } else { highest }, place);
    let count = match step < 0 {
        true if stop < start => steps(start - stop - 1, -step) + 1,
        false if start < stop && cfg!(hoop_mutant = "3") => (stop - start) / step,
        false if start < stop => steps(stop - start - 1, step) + 1,
        _ => 0,
    };
    Ok(Indices {
        start: start.max(0) as usize,
        stop: stop as isize,
        step: step as isize,
        count: count as usize,
    })
}

impl Indices {
    /// Each index in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = usize> {
        (0..self.count).map(move |i| {
            self.start
                .wrapping_add_signed(self.step.wrapping_mul(i as isize))
        })
    }

    /// For a step of 1: the range of indices, an empty one where an insertion goes.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.start + self.count
    }
}
