//! `Buffer`: a growable array whose memory is charged to the engine's heap
//! before it is taken, and which fails rather than aborts.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

use super::store;

/// There is no memory for what was asked: the script sees MemoryError. Or the run is to be stopped (`heap::work`), so that
/// nothing is done for it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfMemory;

/// A `Vec` that charges its capacity to the current heap.
pub struct Buffer<T>(Vec<T>);

impl<T> Buffer<T> {
    /// An empty buffer, which takes no memory.
    pub const fn new() -> Buffer<T> {
        Buffer(Vec::new())
    }

    /// An empty buffer with room for `n` elements.
    pub fn with_room(n: usize) -> Result<Buffer<T>, OutOfMemory> {
        let mut buffer = Buffer::new();
        buffer.reserve_exact(n)?;
        Ok(buffer)
    }

    /// A buffer of `n` elements, of which `make` gives each by its index.
    #[inline(always)]
    pub(crate) fn build(
        n: usize,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<Buffer<T>, OutOfMemory> {
        let mut buffer = Buffer::with_room(n)?;
        let place: *mut T = buffer.0.as_mut_ptr();
        for i in 0..n {
            // SAFETY: there is room for `n`, and they count once all are written.
            unsafe { place.add(i).write(make(i)) };
        }
        // SAFETY: as above.
        unsafe { buffer.0.set_len(n) };
        Ok(buffer)
    }

    /// Takes over a vector that Rust code made.
    pub fn from_vec(vec: Vec<T>) -> Buffer<T> {
        charge(vec.capacity() * size_of::<T>());
        Buffer(vec)
    }

    /// Gives the elements up as a plain vector.
    pub fn into_vec(mut self) -> Vec<T> {
        let vec = std::mem::take(&mut self.0);
        refund(vec.capacity() * size_of::<T>());
        vec
    }

    /// Takes all elements out and leaves the buffer empty.
    pub fn take(&mut self) -> Buffer<T> {
        std::mem::take(self)
    }

    /// Makes room for `n` more elements, with slack for later ones.
    #[inline]
    pub fn reserve(&mut self, n: usize) -> Result<(), OutOfMemory> {
        if self.0.capacity() - self.0.len() >= n {
            return Ok(());
        }
        self.grow(n)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, n: usize) -> Result<(), OutOfMemory> {
        let before = self.0.capacity();
        let wanted = self.0.len().checked_add(n).ok_or(OutOfMemory)?;
        // Slack for later ones, or what part of it the limit allows: near it each element must not cost a move of all.
        let mut capacity = wanted.max(before.saturating_mul(2)).max(4);
        while check_limit((capacity - before).saturating_mul(size_of::<T>())).is_err() {
            if capacity == wanted {
                return Err(OutOfMemory);
            }
            capacity = wanted + (capacity - wanted) / 2;
        }
        self.0
            .try_reserve_exact(capacity - self.0.len())
            .map_err(|_| OutOfMemory)?;
        charge((self.0.capacity() - before) * size_of::<T>());
        Ok(())
    }

    /// Makes room for `n` more elements and no more.
    pub fn reserve_exact(&mut self, n: usize) -> Result<(), OutOfMemory> {
        let before = self.0.capacity();
        check_limit(n.saturating_mul(size_of::<T>()))?;
        self.0.try_reserve_exact(n).map_err(|_| OutOfMemory)?;
        charge((self.0.capacity() - before) * size_of::<T>());
        Ok(())
    }

    /// Appends an element.
    #[inline]
    pub fn push(&mut self, element: T) -> Result<(), OutOfMemory> {
        if self.0.len() == self.0.capacity() {
            self.grow(1)?;
        }
        self.0.push(element);
        Ok(())
    }

    /// Appends an element if it needs no more memory; else gives it back.
    #[inline(always)]
    pub(crate) fn push_within(&mut self, element: T) -> Option<T> {
        let len = self.0.len();
        if len == self.0.capacity() {
            return Some(element);
        }
        // SAFETY: there is room for one more, and it is written before it counts.
        unsafe {
            self.0.as_mut_ptr().add(len).write(element);
            self.0.set_len(len + 1);
        }
        None
    }

    /// Takes the last element.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    /// Inserts an element before `index`.
    pub fn insert(&mut self, index: usize, element: T) -> Result<(), OutOfMemory> {
        self.reserve(1)?;
        self.count_moved(index);
        self.0.insert(index, element);
        Ok(())
    }

    /// Takes out the element at `index`.
    pub fn remove(&mut self, index: usize) -> T {
        self.count_moved(index);
        self.0.remove(index)
    }

    /// Counts the work of moving what lies behind `index`. Where it may not go on, the next look says so.
    fn count_moved(&self, index: usize) {
        let moved = self.0.len().saturating_sub(index) * size_of::<T>();
        let _ = store::current().work.count_bytes(moved);
    }

    /// Takes out the element at `index`, putting the last in its place.
    pub fn swap_remove(&mut self, index: usize) -> T {
        self.0.swap_remove(index)
    }

    /// Drops the elements from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Drops all elements.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes out the elements of a range.
    pub fn drain<R: std::ops::RangeBounds<usize>>(&mut self, range: R) -> std::vec::Drain<'_, T> {
        let start = match range.start_bound() {
            std::ops::Bound::Included(&start) => start,
            std::ops::Bound::Excluded(&before) => before + 1,
            std::ops::Bound::Unbounded => 0,
        };
        self.count_moved(start);
        self.0.drain(range)
    }

    /// Appends all elements of an iterator whose length is known.
    pub fn extend<I: ExactSizeIterator<Item = T>>(
        &mut self,
        elements: I,
    ) -> Result<(), OutOfMemory> {
        self.reserve(elements.len())?;
        self.0.extend(elements);
        Ok(())
    }

    /// Puts the elements of `with` in place of a range; returns those that were there.
    pub fn splice(
        &mut self,
        range: std::ops::Range<usize>,
        with: Vec<T>,
    ) -> Result<Vec<T>, OutOfMemory> {
        self.reserve(with.len().saturating_sub(range.len()))?;
        self.count_moved(range.start);
        Ok(self.0.splice(range, with).collect())
    }

    /// How many elements fit without growing.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<T: Clone> Buffer<T> {
    /// Appends copies of all elements of a slice.
    pub fn extend_from_slice(&mut self, elements: &[T]) -> Result<(), OutOfMemory> {
        self.reserve(elements.len())?;
        self.0.extend_from_slice(elements);
        Ok(())
    }

    /// A buffer with copies of the elements.
    pub fn copy_of(elements: &[T]) -> Result<Buffer<T>, OutOfMemory> {
        let mut buffer = Buffer::with_room(elements.len())?;
        buffer.0.extend_from_slice(elements);
        Ok(buffer)
    }

    /// Makes the length `len`, filling with copies of `element`.
    pub fn resize(&mut self, len: usize, element: T) -> Result<(), OutOfMemory> {
        self.reserve(len.saturating_sub(self.0.len()))?;
        self.0.resize(len, element);
        Ok(())
    }
}

/// Memory that something outside the heap takes, charged to the heap until this is dropped.
#[derive(Debug, Default)]
pub struct Charge(Cell<usize>);

impl Charge {
    /// Charges so many bytes, if there is room for them.
    pub fn take(bytes: usize) -> Result<Charge, OutOfMemory> {
        store::current().check_room(bytes)?;
        charge(bytes);
        Ok(Charge(Cell::new(bytes)))
    }

    /// From now on it is so many bytes.
    pub fn settle(&self, bytes: usize) {
        refund(self.0.replace(bytes));
        charge(bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        refund(self.0.get());
    }
}

fn charge(bytes: usize) {
    store::current().bytes += bytes;
}

fn refund(bytes: usize) {
    let heap = store::current();
    heap.bytes = heap.bytes.saturating_sub(bytes);
}

fn check_limit(bytes: usize) -> Result<(), OutOfMemory> {
    let heap = store::current();
    match heap.bytes.checked_add(bytes) {
        // What is made room for is about to be filled.
        Some(total) if total <= heap.limit && bytes <= isize::MAX as usize => {
            heap.work.count_bytes(bytes)
        }
        _ => Err(OutOfMemory),
    }
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Buffer::new()
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            refund(self.0.capacity() * size_of::<T>());
        }
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Buffer<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
