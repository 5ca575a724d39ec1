//! `tuple`: the items lie behind the header.

use std::cell::Cell;
use std::ptr;

use super::kind;
use super::shared::{self, shared};
use crate::heap::{self, Header, Kind, Object, OutOfMemory, Ref, Value, Visitor};

/// A tuple. Subclasses (named tuples) are of this kind too.
#[repr(C)]
pub struct Tuple {
    head: Header,
    len: Cell<usize>,
}

// SAFETY: repr(C) with the header first; every item is visited once.
unsafe impl Object for Tuple {
    const KIND: Kind = kind::TUPLE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.items().iter().for_each(|item| visitor.visit(item));
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        // SAFETY: the items are initialised and nobody uses them after this.
        unsafe {
            ptr::drop_in_place(ptr::slice_from_raw_parts_mut(
                items_of(self),
                self.len.get(),
            ))
        };
    }
}

impl Tuple {
    /// The tuple without items.
    pub fn empty() -> Ref<Tuple> {
        let value = shared(shared::EMPTY_TUPLE, || {
            heap::alloc(Tuple {
                head: Header::new(),
                len: Cell::new(0),
            })
            .into_value()
        });
        Ref::from_value(value).unwrap_or_else(|_| unreachable!("the shared empty tuple is a tuple"))
    }

    /// A tuple of copies of these items.
    pub fn new(items: &[Value]) -> Result<Ref<Tuple>, OutOfMemory> {
        Tuple::build(items.len(), |i| items[i].clone())
    }

    /// A tuple of these items.
    pub fn from_vec(items: Vec<Value>) -> Result<Ref<Tuple>, OutOfMemory> {
        let mut items = items.into_iter();
        Tuple::build(items.len(), |_| items.next().unwrap_or_default())
    }

    /// A tuple of `len` values that are moved out of `items`, unless there is no memory for it: then
    /// they were not touched.
    ///
    /// # Safety
    /// `items` points to so many values; they are not used again if there is a tuple.
    pub unsafe fn new_uncopied(items: *mut Value, len: usize) -> Result<Ref<Tuple>, OutOfMemory> {
        // SAFETY: each is read once.
        Tuple::build(len, |i| unsafe { items.add(i).read() })
    }

    /// A tuple of `len` values, which `item` gives in order.
    #[inline]
    pub fn build(len: usize, item: impl FnMut(usize) -> Value) -> Result<Ref<Tuple>, OutOfMemory> {
        if len == 0 {
            return Ok(Tuple::empty());
        }
        let bytes = len.checked_mul(size_of::<Value>()).ok_or(OutOfMemory)?;
        let tuple = heap::try_alloc_trailing(
            Tuple {
                head: Header::new(),
                len: Cell::new(0),
            },
            bytes,
        )?;
        // SAFETY: there is room for `len` items.
        unsafe { fill(&tuple, len, item) };
        Ok(tuple)
    }

    /// A tuple of what Rust code holds already: no more memory than that.
    pub fn of(items: Vec<Value>) -> Ref<Tuple> {
        Tuple::from_vec(items).expect("as much memory as the vector itself")
    }

    /// A tuple of one item.
    pub fn one(item: Value) -> Ref<Tuple> {
        Tuple::few([item])
    }

    /// A tuple of two items.
    pub fn pair(a: Value, b: Value) -> Ref<Tuple> {
        Tuple::few([a, b])
    }

    /// A tuple of a known, small number of items.
    pub fn few<const N: usize>(items: [Value; N]) -> Ref<Tuple> {
        if N == 0 {
            return Tuple::empty();
        }
        let tuple = heap::alloc_trailing(
            Tuple {
                head: Header::new(),
                len: Cell::new(0),
            },
            size_of::<[Value; N]>(),
        );
        let mut items = items.into_iter();
        // SAFETY: there is room for N items.
        unsafe { fill(&tuple, N, |_| items.next().unwrap_or_default()) };
        tuple
    }

    /// An instance of a subclass with copies of these items.
    pub fn with_shape(shape: u32, items: &[Value]) -> Result<Ref<Tuple>, OutOfMemory> {
        let bytes = size_of_val(items);
        heap::current().check_room(bytes)?;
        let tuple = heap::alloc_shaped(
            Tuple {
                head: Header::new(),
                len: Cell::new(0),
            },
            bytes,
            shape,
        );
        // SAFETY: there is room for the items.
        unsafe { fill(&tuple, items.len(), |i| items[i].clone()) };
        Ok(tuple)
    }

    /// The items.
    #[inline(always)]
    pub fn items(&self) -> &[Value] {
        // SAFETY: the first `len` items are initialised and never change.
        unsafe { std::slice::from_raw_parts(items_of(self), self.len.get()) }
    }

    /// How many items there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// The item at an index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Value> {
        Some(self.items().get(index)?.clone())
    }
}

#[inline(always)]
fn items_of(tuple: *const Tuple) -> *mut Value {
    tuple.cast_mut().wrapping_add(1).cast()
}

/// # Safety
/// There is room for `len` items behind the tuple, which is empty.
unsafe fn fill(tuple: &Ref<Tuple>, len: usize, mut item: impl FnMut(usize) -> Value) {
    let first = items_of(tuple.as_ptr());
    for i in 0..len {
        // SAFETY: i < len. The length grows with each item, so a panic in `item` leaves a whole tuple.
        unsafe { first.add(i).write(item(i)) };
        tuple.len.set(i + 1);
    }
}
