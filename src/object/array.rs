//! `array.array`: numbers or characters of one kind, side by side.

use std::cell::{Cell, RefCell};

use super::kind;
use crate::heap::{self, Buffer, Header, Kind, Object, Ref, Visitor};

/// An array.
#[repr(C)]
pub struct Array {
    head: Header,
    /// The letter of its items.
    pub code: u8,
    /// The bytes of its items.
    pub data: RefCell<Buffer<u8>>,
    /// How many memory views are on it: while there are any, it cannot change its size.
    pub exports: Cell<usize>,
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Array {
    const KIND: Kind = kind::ARRAY;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

/// Bytes of an item; None for an unknown letter.
pub fn item_size(code: u8) -> Option<usize> {
    Some(match code {
        b'b' | b'B' => 1,
        b'h' | b'H' => 2,
        b'i' | b'I' | b'f' | b'u' | b'w' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'd' => 8,
        _ => return None,
    })
}

impl Array {
    /// An array as an instance of the class whose instances have `shape`.
    pub fn alloc(shape: u32, code: u8, data: Buffer<u8>) -> Ref<Array> {
        let array = Array {
            head: Header::new(),
            code,
            data: RefCell::new(data),
            exports: Cell::new(0),
        };
        heap::alloc_shaped(array, 0, shape)
    }

    /// Bytes of an item.
    pub fn item_size(&self) -> usize {
        item_size(self.code).unwrap_or(1)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.data.borrow().len() / self.item_size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.borrow().is_empty()
    }
}
