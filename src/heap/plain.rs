//! Objects that come and go in great numbers, made and freed by those who know all of them: what
//! the heap would have to ask of any other is left out.

use super::refs::Object;
use super::store::{Header, Heap, shape_flags, slot_bytes};

impl Header {
    /// Its shape.
    #[inline(always)]
    pub(crate) fn shape(&self) -> u32 {
        self.shape
    }
}

impl Heap {
    /// Whether the death of an object of this shape asks nothing but that its fields are dropped.
    #[inline(always)]
    pub(crate) fn dies_plainly(&self, shape: u32) -> bool {
        self.shapes[shape as usize].flags & !shape_flags::OWNS_CLASS == 0
    }

    /// As `alloc_shaped`, for a shape that `dies_plainly`.
    ///
    /// # Safety
    /// `extra` bytes follow the object, which the caller fills.
    #[inline(always)]
    pub(crate) unsafe fn place<T: Object>(
        &mut self,
        object: T,
        extra: usize,
        shape: u32,
    ) -> *mut T {
        let entry = &self.shapes[shape as usize];
        if entry.flags & shape_flags::OWNS_CLASS != 0 {
            (*entry.class).clone().forget();
        }
        // SAFETY: the slot is large enough for T and the extra bytes.
        unsafe {
            let size = size_of::<T>() + extra;
            let slot = self.allocate(size);
            self.bytes += slot_bytes(size, slot);
            self.debt += T::CYCLIC as isize;
            slot.cast::<T>().write(object);
            (*slot).count = 1;
            (*slot).shape = shape;
            slot.cast()
        }
    }

    /// Gives back the memory of an object whose shape `dies_plainly`.
    ///
    /// # Safety
    /// The caller holds the only reference to the object, and has dropped its fields.
    #[inline(always)]
    pub(crate) unsafe fn give_back<T: Object>(&mut self, object: *mut T) {
        // SAFETY: the object is dead and emptied.
        unsafe {
            let header = object.cast::<Header>();
            let entry = &self.shapes[(*header).shape as usize];
            if entry.flags & shape_flags::OWNS_CLASS != 0 {
                drop(entry.class.copy_uncounted());
            }
            self.debt -= T::CYCLIC as isize;
            self.deallocate(header);
        }
    }
}
