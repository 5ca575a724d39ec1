//! Keys of one kind, cut short to two words each: most comparisons of a sort then look at no object.

use std::cmp::Ordering;

use super::sorting::sort_in_stretches;
use crate::heap::Value;
use crate::object::compare::simple_cmp;
use crate::object::float;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// What all keys are, so that they can be compared without asking.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Uniform {
    Ints,
    Floats,
    Strs,
    /// Tuples whose items at each place are of one of the kinds above, with what the first two places hold.
    Tuples([Column; 2]),
    /// Anything else, which has to be asked.
    No,
}

/// What lies at one place of all tuples.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Ints,
    Floats,
    Strs,
    /// None of them is so long.
    Empty,
}

fn column_of(key: &Value) -> Option<Column> {
    if key.is_small_int() {
        Some(Column::Ints)
    } else if key.is_exact::<Str>() {
        Some(Column::Strs)
    } else if float::as_float(key).is_some_and(|f| !f.is_nan() && is_exact_float(key)) {
        Some(Column::Floats)
    } else {
        None
    }
}

/// What all the keys are.
pub(super) fn uniform<'a>(mut keys: impl Iterator<Item = &'a Value> + Clone) -> Uniform {
    let Some(first) = keys.clone().next() else {
        return Uniform::No;
    };
    if first.is_exact::<Tuple>() {
        return uniform_tuples(keys);
    }
    let (Some(column), true) = (
        column_of(first),
        keys.all(|key| column_of(key) == column_of(first)),
    ) else {
        return Uniform::No;
    };
    match column {
        Column::Ints => Uniform::Ints,
        Column::Floats => Uniform::Floats,
        _ => Uniform::Strs,
    }
}

/// Longer tuples are compared in the usual way.
const MOST_PLACES: usize = 8;

fn uniform_tuples<'a>(keys: impl Iterator<Item = &'a Value>) -> Uniform {
    let mut columns = [Column::Empty; MOST_PLACES];
    for key in keys {
        let Some(tuple) = key.get_exact::<Tuple>() else {
            return Uniform::No;
        };
        if tuple.len() > MOST_PLACES {
            return Uniform::No;
        }
        for (column, item) in columns.iter_mut().zip(tuple.items()) {
            let Some(this) = column_of(item) else {
                return Uniform::No;
            };
            if *column == Column::Empty {
                *column = this;
            }
            if *column != this {
                return Uniform::No;
            }
        }
    }
    Uniform::Tuples([columns[0], columns[1]])
}

/// The order of two tuples that `uniform_tuples` found to be of one kind.
fn order_of_tuples(a: &Value, b: &Value) -> Ordering {
    let (Some(a), Some(b)) = (a.get_exact::<Tuple>(), b.get_exact::<Tuple>()) else {
        return Ordering::Equal;
    };
    for (x, y) in a.items().iter().zip(b.items()) {
        let order = match x.small_ints(y) {
            Some((i, j)) => i.cmp(&j),
            None if x.is(y) => Ordering::Equal,
            None => simple_cmp(x, y).unwrap_or(Ordering::Equal),
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Those of a subclass may be compared by methods of their own.
fn is_exact_float(key: &Value) -> bool {
    key.is_inline_float() || key.is_exact::<float::Float>()
}

/// A key cut short: words whose order is that of the keys, as far as they go.
#[derive(Clone, Copy)]
struct Short {
    words: [u64; 2],
    place: usize,
}

const SIGN: u64 = 1 << 63;

/// A word of a number; none is 0.
fn word_of_number(value: &Value) -> u64 {
    if value.is_small_int() {
        return value.word() as u64 ^ SIGN;
    }
    // Both zeros are one.
    let bits = (float::as_float(value).unwrap_or(0.0) + 0.0).to_bits();
    if bits & SIGN == 0 { bits ^ SIGN } else { !bits }
}

/// The first seven bytes of a text of so many and how many those are, up to `most`; not 0.
fn word_of_text(bytes: &[u8], len: usize, most: usize) -> u64 {
    let mut word = [0; 8];
    let seen = bytes.len().min(7);
    word[..seen].copy_from_slice(&bytes[..seen]);
    word[7] = len.min(most) as u8 + 1;
    u64::from_be_bytes(word)
}

/// The first fifteen bytes of a text and how many it has.
fn words_of_text(bytes: &[u8]) -> [u64; 2] {
    let mut first = [0; 8];
    let seen = bytes.len().min(8);
    first[..seen].copy_from_slice(&bytes[..seen]);
    let second = word_of_text(&bytes[seen..], bytes.len(), LONG);
    [u64::from_be_bytes(first), second]
}

/// A text of so many bytes is cut by one word, and by two.
const SHORT: usize = 8;
const LONG: usize = 16;

/// Whether equal words that end so may be of texts that are not equal.
fn is_cut(word: u64, most: usize) -> bool {
    word as u8 == most as u8 + 1
}

fn text_of(value: &Value) -> &[u8] {
    value.get::<Str>().map_or(&[], Str::bytes)
}

fn word_at(items: &[Value], place: usize, column: Column) -> u64 {
    match (column, items.get(place)) {
        (_, None) => 0,
        (Column::Strs, Some(item)) => {
            let text = text_of(item);
            word_of_text(text, text.len(), SHORT)
        }
        (_, Some(item)) => word_of_number(item),
    }
}

/// Keys cut short.
struct Shortened {
    shorts: Vec<Short>,
    /// Nothing was cut off any.
    whole: bool,
    /// The first word of some is of a text that was cut.
    first_cut: bool,
}

impl Shortened {
    fn of<'a>(plan: Uniform, len: usize, key: impl Fn(usize) -> &'a Value) -> Shortened {
        let (mut whole, mut first_cut) = (true, false);
        let words = |place: usize| {
            let Uniform::Tuples(columns) = plan else {
                let words = words_of_text(text_of(key(place)));
                whole &= !is_cut(words[1], LONG);
                return Short { words, place };
            };
            let items = key(place).get::<Tuple>().map_or(&[][..], Tuple::items);
            let words = [0, 1].map(|i| word_at(items, i, columns[i]));
            let cut = |i: usize| columns[i] == Column::Strs && is_cut(words[i], SHORT);
            first_cut |= cut(0);
            whole &= !cut(0) && !cut(1) && items.len() <= 2;
            Short { words, place }
        };
        let shorts = (0..len).map(words).collect();
        Shortened {
            shorts,
            whole,
            first_cut,
        }
    }
}

/// The places of the keys in the order of the keys, stably.
///
/// # Errors
/// What stops a run that takes too long.
pub(super) fn places_in_order<'a>(
    vm: &mut Vm,
    plan: Uniform,
    reverse: bool,
    len: usize,
    key: impl Fn(usize) -> &'a Value,
) -> R<Vec<usize>> {
    vm.check_room(len.saturating_mul(2 * size_of::<Short>()))?;
    let Shortened {
        mut shorts,
        whole,
        first_cut,
    } = Shortened::of(plan, len, &key);
    let turned = |a: Ordering| if reverse { a.reverse() } else { a };
    let as_one = |short: &Short| (short.words[0] as u128) << 64 | short.words[1] as u128;
    if whole {
        let compare = |a: &Short, b: &Short| turned(as_one(a).cmp(&as_one(b)));
        sort_in_stretches(vm, &mut shorts, compare)?;
    } else {
        let full = |a: &Short, b: &Short| match plan {
            Uniform::Tuples(_) => order_of_tuples(key(a.place), key(b.place)),
            _ => text_of(key(a.place)).cmp(text_of(key(b.place))),
        };
        let compare = |a: &Short, b: &Short| {
            let first = a.words[0].cmp(&b.words[0]);
            if first.is_ne() {
                return turned(first);
            }
            if first_cut && is_cut(a.words[0], SHORT) {
                return turned(full(a, b));
            }
            let second = a.words[1].cmp(&b.words[1]);
            turned(second.then_with(|| full(a, b)))
        };
        sort_in_stretches(vm, &mut shorts, compare)?;
    }
    Ok(shorts.into_iter().map(|short| short.place).collect())
}

/// The values at these places, which name each place once.
pub(super) fn taken_in_order<T: Default>(values: &mut [T], places: &[usize]) -> Vec<T> {
    let take = |&place: &usize| std::mem::take(&mut values[place]);
    places.iter().map(take).collect()
}
