//! `memoryview`: a window on the bytes of another object, in one dimension.

use std::cell::{Cell, RefCell};

use super::array::Array;
use super::bytes::Bytes;
use super::kind;
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// A view.
#[repr(C)]
pub struct MemoryView {
    head: Header,
    /// The object whose bytes it shows; Undef when it was released.
    source: RefCell<Value>,
    /// Where the first item starts in the bytes of the source.
    pub start: usize,
    /// How many items there are.
    pub len: usize,
    /// From one item to the next, in items.
    pub step: isize,
    /// The format of an item, as in the module `struct`.
    pub format: u8,
    /// Whether the format was written with `@` before it.
    pub marked: bool,
    /// Whether it shows but cannot set.
    pub readonly: bool,
    /// Hash, when it is known.
    pub hash: Cell<Option<i64>>,
}

// SAFETY: repr(C) with the header first; the one reference is visited once.
unsafe impl Object for MemoryView {
    const KIND: Kind = kind::MEMORYVIEW;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(&self.source.borrow());
    }
}

impl Drop for MemoryView {
    fn drop(&mut self) {
        if heap::current().is_torn_down() {
            return;
        }
        self.release();
    }
}

/// Bytes of one item of a format; None for an unknown one.
pub fn item_size(format: u8) -> Option<usize> {
    Some(match format {
        b'b' | b'B' | b'c' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' | b'w' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'd' | b'n' | b'N' | b'P' => 8,
        _ => return None,
    })
}

impl MemoryView {
    /// A view of all bytes of a `bytes` or `bytearray`; None for any other object.
    pub fn new(source: &Value) -> Option<Ref<MemoryView>> {
        let len = super::bytes::with_bytes(source, <[u8]>::len)?;
        if let Some(array) = source.get::<Array>() {
            let format = if array.code == b'u' { b'w' } else { array.code };
            let len = array.len();
            return Some(MemoryView::over(source, 0, len, 1, format, false));
        }
        Some(MemoryView::over(
            source,
            0,
            len,
            1,
            b'B',
            source.is_kind::<Bytes>(),
        ))
    }

    /// A view of a part; while it lives a bytearray cannot change its size.
    pub fn over(
        source: &Value,
        start: usize,
        len: usize,
        step: isize,
        format: u8,
        readonly: bool,
    ) -> Ref<MemoryView> {
        if let Some(exports) = super::bytes::exports(source) {
            exports.set(exports.get() + 1);
        }
        heap::alloc(MemoryView {
            head: Header::new(),
            source: RefCell::new(source.clone()),
            start,
            len,
            step,
            format,
            marked: false,
            readonly,
            hash: Cell::new(None),
        })
    }

    /// The object it shows; None when it was released.
    pub fn source(&self) -> Option<Value> {
        let source = self.source.borrow().clone();
        (!source.is_undef()).then_some(source)
    }

    /// Bytes of an item.
    pub fn item_size(&self) -> usize {
        item_size(self.format).unwrap_or(1)
    }

    /// Whether the items lie side by side.
    pub fn is_contiguous(&self) -> bool {
        self.step == 1 || self.len <= 1
    }

    /// Where an item starts in the bytes of the source.
    pub fn offset(&self, index: usize) -> usize {
        self.start
            .wrapping_add_signed(self.step * (index * self.item_size()) as isize)
    }

    /// Gives the source up.
    pub fn release(&self) {
        let source = self.source.take();
        if let Some(exports) = super::bytes::exports(&source) {
            exports.set(exports.get().saturating_sub(1));
        }
    }

    /// The bytes it shows; None when it was released.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let source = self.source()?;
        let size = self.item_size();
        super::bytes::with_bytes(&source, |data| {
            if self.is_contiguous() {
                return data[self.start..self.start + self.len * size].to_vec();
            }
            let item = |i: usize| &data[self.offset(i)..self.offset(i) + size];
            (0..self.len).flat_map(item).copied().collect()
        })
    }
}
