//! `list`: a growable array of values.

use std::cell::RefCell;

use super::kind;
use crate::heap::{self, Buffer, Header, Kind, Object, OutOfMemory, Ref, Value, Visitor};

/// A list. Borrows of the items never last while script code runs.
#[repr(C)]
pub struct List {
    head: Header,
    /// The items.
    pub items: RefCell<Buffer<Value>>,
}

// SAFETY: repr(C) with the header first; every item is visited once.
unsafe impl Object for List {
    const KIND: Kind = kind::LIST;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.peek().iter().for_each(|item| visitor.visit(item));
    }
    fn clear(&self) {
        let _items = self.take();
    }
}

impl List {
    /// A list of these items.
    pub fn new(items: Buffer<Value>) -> Ref<List> {
        heap::alloc(List::object(items))
    }

    /// The object of a list, for an instance of a subclass.
    pub fn object(items: Buffer<Value>) -> List {
        List {
            head: Header::new(),
            items: RefCell::new(items),
        }
    }

    /// An instance of a subclass.
    pub fn with_shape(shape: u32, items: Buffer<Value>) -> Ref<List> {
        heap::alloc_shaped(List::object(items), 0, shape)
    }

    /// A list without items.
    pub fn empty() -> Ref<List> {
        List::new(Buffer::new())
    }

    /// A list of these items.
    pub fn from_vec(items: Vec<Value>) -> Ref<List> {
        List::new(Buffer::from_vec(items))
    }

    /// A list of copies of these items.
    pub fn copy_of(items: &[Value]) -> Result<Ref<List>, OutOfMemory> {
        Ok(List::new(Buffer::copy_of(items)?))
    }

    /// The items, for a moment in which nothing changes the list.
    #[inline(always)]
    pub(crate) fn peek(&self) -> &Buffer<Value> {
        // SAFETY: every caller is done with the items before it returns and runs nothing
        // that could reach this list meanwhile (clones, lengths, comparisons of built-in types).
        unsafe { &*self.items.as_ptr() }
    }

    /// How many items there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.peek().len()
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<Value> {
        Some(self.peek().get(index)?.clone())
    }

    /// The item at an index that may count from the end; None if there is none.
    #[inline(always)]
    pub fn item_at(&self, index: i64) -> Option<Value> {
        // SAFETY: nobody holds the list's buffer while a handler runs.
        let items = unsafe { &*self.items.as_ptr() };
        let index = if index < 0 {
            index + items.len() as i64
        } else {
            index
        };
        Some(items.get(index as usize)?.clone())
    }

    /// The place of the item at an index that may count from the end. For the dispatch loop, which is done with it before
    /// anything else happens.
    #[inline(always)]
    pub(crate) fn place_at(&self, index: i64) -> Option<*mut Value> {
        let len = self.peek().len() as i64;
        let index = if index < 0 { index + len } else { index };
        if index < 0 || index >= len {
            return None;
        }
        // SAFETY: the index was checked.
        Some(unsafe { (*self.items.as_ptr()).as_mut_ptr().add(index as usize) })
    }

    /// Appends an item if it needs no more memory; else gives it back. For the dispatch loop.
    #[inline(always)]
    pub(crate) fn push_within(&self, item: Value) -> Option<Value> {
        // SAFETY: nobody holds the list's buffer while a handler runs.
        unsafe { (*self.items.as_ptr()).push_within(item) }
    }

    /// Puts an item in the place of another, which is returned; gives the item back if there is no such index.
    #[inline]
    pub fn set(&self, index: usize, item: Value) -> Result<Value, Value> {
        match self.items.borrow_mut().get_mut(index) {
            Some(place) => Ok(std::mem::replace(place, item)),
            None => Err(item),
        }
    }

    /// Appends an item.
    #[inline]
    pub fn push(&self, item: Value) -> Result<(), OutOfMemory> {
        self.items.borrow_mut().push(item)
    }

    /// Adds an item at the end; it comes back if there is no memory.
    pub(crate) fn push_or_return(&self, item: Value) -> Result<(), Value> {
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() && items.reserve(1).is_err() {
            return Err(item);
        }
        items.push_within(item).map_or(Ok(()), Err)
    }

    /// Takes the last item.
    #[inline]
    pub fn pop(&self) -> Option<Value> {
        self.items.borrow_mut().pop()
    }

    /// Takes all items and leaves the list empty.
    pub fn take(&self) -> Buffer<Value> {
        self.items.borrow_mut().take()
    }

    /// Copies of all items.
    pub fn copy(&self) -> Result<Buffer<Value>, OutOfMemory> {
        Buffer::copy_of(self.peek())
    }
}
