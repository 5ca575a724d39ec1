//! The iterators of built-in types.

use std::cell::Cell;

use super::descriptor::plain_object;
use super::kind;
use super::list::List;
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};

/// Declares an iterator over an object that remembers a position.
macro_rules! position_iterator {
    ($($(#[doc = $doc:literal])+ $name:ident $kind:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[repr(C)]
            pub struct $name {
                head: Header,
                /// What is iterated; Undef when it came to its end.
                pub source: Field,
                /// Where it is.
                pub position: Cell<usize>,
                /// The mutation count of the table it goes over, or another number of its own.
                pub mark: Cell<u32>,
                /// 0 forward; 1 backward; or what part of an entry is wanted.
                pub mode: Cell<u8>,
            }

            // SAFETY: repr(C), header first; the counted reference is visited once.
            unsafe impl Object for $name {
                const KIND: Kind = kind::$kind;
                fn trace(&self, visitor: &mut dyn Visitor) {
                    visitor.visit(self.source.as_value());
                }
                fn clear(&self) {
                    self.source.take();
                }
            }

            impl $name {
                /// An iterator at a position.
                pub fn alloc(source: Value, position: usize, mark: u32, mode: u8) -> Ref<$name> {
                    crate::heap::alloc($name {
                        head: Header::new(),
                        source: Field::new(source),
                        position: Cell::new(position),
                        mark: Cell::new(mark),
                        mode: Cell::new(mode),
                    })
                }
            }
        )+
    };
}

position_iterator! {
    /// `list_iterator` and, backward, `list_reverseiterator`.
    ListIterator LIST_ITERATOR;
    /// `tuple_iterator`
    TupleIterator TUPLE_ITERATOR;
    /// `dict_keyiterator` and the like: `mode` is one of `KEYS`, `VALUES`, `ITEMS`, plus `BACKWARD`.
    DictIterator DICT_ITERATOR;
    /// `set_iterator`
    SetIterator SET_ITERATOR;
    /// `str_iterator`; the position counts bytes.
    StrIterator STR_ITERATOR;
    /// `bytes_iterator`
    BytesIterator BYTES_ITERATOR;
    /// The iterator of what has `__getitem__` only.
    SequenceIterator SEQUENCE_ITERATOR;
    /// `reversed` of what has `__len__` and `__getitem__`; the position is that of the next one plus one.
    ReversedIterator REVERSED;
}

/// What a `DictIterator` or a view gives: keys.
pub const KEYS: u8 = 0;
/// Values.
pub const VALUES: u8 = 1;
/// Pairs.
pub const ITEMS: u8 = 2;
/// Added to these: from the end to the beginning.
pub const BACKWARD: u8 = 4;

impl ListIterator {
    /// The next item of a forward iterator over an exact list; None at the end, or when
    /// the general way must look.
    #[inline(always)]
    pub fn step(&self) -> Option<Value> {
        if self.mode.get() != 0 {
            return None;
        }
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
