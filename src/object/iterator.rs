//! The iterators of built-in types.

use std::cell::Cell;

use super::descriptor::plain_object;
use super::kind;
use super::list::List;
use super::str::Str;
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};

/// An iterator over an object that remembers a position; `K` is its kind.
#[repr(C)]
pub struct PositionIterator<const K: Kind> {
    head: Header,
    /// What is iterated; Undef when it came to its end.
    pub source: Field,
    /// Where it is.
    pub position: Cell<usize>,
    /// The mutation count of the table it goes over, or another number of its own.
    pub mark: Cell<u32>,
}

// SAFETY: repr(C), header first; the counted reference is visited once.
unsafe impl<const K: Kind> Object for PositionIterator<K> {
    const KIND: Kind = K;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.source.as_value());
    }
    fn clear(&self) {
        self.source.take();
    }
}

impl<const K: Kind> PositionIterator<K> {
    /// An iterator at a position.
    pub fn alloc(source: Value, position: usize, mark: u32) -> Ref<PositionIterator<K>> {
        crate::heap::alloc(PositionIterator {
            head: Header::new(),
            source: Field::new(source),
            position: Cell::new(position),
            mark: Cell::new(mark),
        })
    }

    /// One at the beginning, as an instance of the class whose instances have `shape`.
    pub fn alloc_shaped(shape: u32, source: Value) -> Ref<PositionIterator<K>> {
        let iterator = PositionIterator {
            head: Header::new(),
            source: Field::new(source),
            position: Cell::new(0),
            mark: Cell::new(0),
        };
        crate::heap::alloc_shaped(iterator, 0, shape)
    }
}

/// Names the iterators by their kinds.
macro_rules! position_iterators {
    ($($(#[doc = $doc:literal])+ $name:ident $kind:ident;)+) => {
        $($(#[doc = $doc])+ pub type $name = PositionIterator<{ kind::$kind }>;)+
    };
}

position_iterators! {
    /// `list_iterator`
    ListIterator LIST_ITERATOR;
    /// `list_reverseiterator`; the position is that of the next one plus one.
    ListReverseIterator LIST_REVERSE_ITERATOR;
    /// `tuple_iterator`
    TupleIterator TUPLE_ITERATOR;
    /// `dict_keyiterator`
    DictIterator DICT_ITERATOR;
    /// `dict_valueiterator`
    DictValueIterator DICT_VALUE_ITERATOR;
    /// `dict_itemiterator`
    DictItemIterator DICT_ITEM_ITERATOR;
    /// `dict_reversekeyiterator`
    DictReverseKeyIterator DICT_REVERSE_KEY_ITERATOR;
    /// `dict_reversevalueiterator`
    DictReverseValueIterator DICT_REVERSE_VALUE_ITERATOR;
    /// `dict_reverseitemiterator`
    DictReverseItemIterator DICT_REVERSE_ITEM_ITERATOR;
    /// `set_iterator`
    SetIterator SET_ITERATOR;
    /// `str_iterator`; the position counts bytes.
    StrIterator STR_ITERATOR;
    /// `str_ascii_iterator`
    StrAsciiIterator STR_ASCII_ITERATOR;
    /// `bytes_iterator`
    BytesIterator BYTES_ITERATOR;
    /// `bytearray_iterator`
    ByteArrayIterator BYTEARRAY_ITERATOR;
    /// The iterator of what has `__getitem__` only.
    SequenceIterator SEQUENCE_ITERATOR;
    /// `reversed` of what has `__len__` and `__getitem__`; the position is that of the next one plus one.
    ReversedIterator REVERSED;
}

/// `iter(text)`
pub fn str_iterator(text: Value) -> Value {
    match text.get_exact::<Str>().is_some_and(Str::is_ascii) {
        true => StrAsciiIterator::alloc(text, 0, 0).into_value(),
        false => StrIterator::alloc(text, 0, 0).into_value(),
    }
}

/// What an iterator over a dict or a view gives: keys.
pub const KEYS: u8 = 0;
/// Values.
pub const VALUES: u8 = 1;
/// Pairs.
pub const ITEMS: u8 = 2;
/// Added to these: from the end to the beginning.
pub const BACKWARD: u8 = 4;

impl ListIterator {
    /// As `step`; gives where in the list the item lies, which no reference is counted for.
    #[inline(always)]
    pub fn step_at_place(&self) -> Option<*const Value> {
        let list = self.source.as_value().get_exact::<List>()?;
        let position = self.position.get();
        let item = list.peek().get(position).map(std::ptr::from_ref)?;
        self.position.set(position + 1);
        Some(item)
    }

    /// The next item of an iterator over an exact list; None at the end, or when
    /// the general way must look.
    #[inline(always)]
    pub fn step(&self) -> Option<Value> {
        let list = self.source.as_value().get_exact::<List>()?;
        let position = self.position.get();
        let value = list.get(position)?;
        self.position.set(position + 1);
        Some(value)
    }
}

/// `range_iterator` over numbers that fit a word.
#[repr(C)]
pub struct RangeIterator {
    head: Header,
    next: Cell<i64>,
    left: Cell<u64>,
    step: i64,
}

// SAFETY: repr(C), header first; it holds no references.
unsafe impl Object for RangeIterator {
    const KIND: Kind = kind::RANGE_ITERATOR;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl RangeIterator {
    /// An iterator over `count` numbers from `start` on; all of them, and one step more, fit 62 bits.
    pub fn alloc(start: i64, step: i64, count: u64) -> Ref<RangeIterator> {
        crate::heap::alloc(RangeIterator {
            head: Header::new(),
            next: Cell::new(start),
            left: Cell::new(count),
            step,
        })
    }

    /// The next number, or None at the end.
    #[inline(always)]
    pub fn step(&self) -> Option<Value> {
        let left = self.left.get();
        if left == 0 {
            return None;
        }
        self.left.set(left - 1);
        let next = self.next.get();
        self.next.set(next.wrapping_add(self.step));
        Value::small_int(next)
    }

    /// The next number, the step, and how many numbers are left.
    pub fn rest(&self) -> (i64, i64, u64) {
        (self.next.get(), self.step, self.left.get())
    }

    /// Goes on by so many numbers, at most to the end.
    pub fn skip(&self, count: u64) {
        let count = count.min(self.left.get());
        self.left.set(self.left.get() - count);
        let way = self.step.wrapping_mul(count as i64);
        self.next.set(self.next.get().wrapping_add(way));
    }

    /// How many numbers are left.
    pub fn left(&self) -> u64 {
        self.left.get()
    }
}

plain_object! {
    /// `range_iterator` over large numbers.
    LongRangeIterator LONG_RANGE_ITERATOR {
        /// The range.
        range,
        /// Index of the next number, an int.
        index,
    }
}

plain_object! {
    /// `iter(callable, sentinel)`
    CallIterator CALL_ITERATOR {
        /// What is called; Undef at the end.
        callable,
        /// At which it ends.
        sentinel,
    }
}

plain_object! {
    /// The iterator of an OrderedDict or of one of its views.
    OdictIterator ODICT_ITERATOR {
        /// The iterator that does the work.
        inner,
    }
}

plain_object! {
    /// `dict.keys()`
    DictKeys DICT_KEYS {
        /// The dict.
        dict,
    }
}

plain_object! {
    /// `dict.values()`
    DictValues DICT_VALUES {
        /// The dict.
        dict,
    }
}

plain_object! {
    /// `dict.items()`
    DictItems DICT_ITEMS {
        /// The dict.
        dict,
    }
}
