//! The slots behind an object, and what its shape says of it.

use super::store::{self, ShapeEntry, shape_flags};
use super::value::{Field, Value};

impl Value {
    /// The slots of an instance, or the one word that holds the dict of an object
    /// with `TAIL_DICT`; nothing for any other value.
    #[inline]
    pub fn slots(&self) -> &[Field] {
        if !self.is_object() {
            return &[];
        }
        let heap = store::current();
        let entry = &heap.shapes[self.shape() as usize];
        if entry.flags & (shape_flags::SLOTS | shape_flags::TAIL_DICT) == 0 {
            return &[];
        }
        let size = heap.kinds[entry.kind as usize].size;
        // SAFETY: self keeps the object alive; Field is a transparent cell around Value, so a
        // shared slice of fields may be changed through itself.
        unsafe {
            let slots = store::slots_of(self.header(), size, entry.flags, entry.capacity);
            std::slice::from_raw_parts(slots.as_ptr().cast::<Field>(), slots.len())
        }
    }

    /// The place of the `__dict__` of an object whose shape has `TAIL_DICT`.
    #[inline]
    pub fn tail_dict(&self) -> Option<&Field> {
        if self.shape_entry()?.flags & shape_flags::TAIL_DICT == 0 {
            return None;
        }
        self.slots().first()
    }

    /// Where an object of a native kind keeps a dict of attributes that a script set.
    pub fn attributes(&self) -> Option<&Field> {
        let kind = self.shape_entry()?.kind;
        let place = store::current().kinds[kind as usize].attributes?;
        // SAFETY: the object is of this kind, and self keeps it alive.
        unsafe { place(self.header()).map(|field| &*field) }
    }

    /// A word of an object that holds a value: one that was found in an object of the same shape.
    ///
    /// # Safety
    /// This is an object, and all objects of its shape have a `Value` or a `Field` so many words behind their beginning.
    #[inline(always)]
    pub(crate) unsafe fn word_of_shape(&self, word: usize) -> &Value {
        // SAFETY: as promised; self keeps the object alive.
        unsafe { &*self.header().cast::<Value>().add(word) }
    }

    /// What the heap knows of an object's shape.
    #[inline]
    pub fn shape_entry(&self) -> Option<&ShapeEntry> {
        if self.is_object() {
            Some(&store::current().shapes[self.shape() as usize])
        } else {
            None
        }
    }

    /// Gives an object another shape. Both shapes must be of one kind and lay the
    /// slots out alike; otherwise nothing happens and the answer is false.
    pub fn set_shape(&self, shape: u32) -> bool {
        if !self.is_object() {
            return false;
        }
        const LAYOUT: u8 = shape_flags::SLOTS | shape_flags::TAIL_DICT;
        let shapes = &store::current().shapes;
        let (old, new) = (&shapes[self.shape() as usize], &shapes[shape as usize]);
        if old.kind != new.kind
            || old.capacity != new.capacity
            || (old.flags ^ new.flags) & LAYOUT != 0
        {
            return false;
        }
        if (old.flags & !new.flags) & shape_flags::WEAKLY_REFERENCED != 0 {
            // The object stays known to its references, whichever class it is of.
            store::current().shapes[shape as usize].flags |= shape_flags::WEAKLY_REFERENCED;
        }
        let gained = new.flags & shape_flags::OWNS_CLASS != 0;
        let lost = old.flags & shape_flags::OWNS_CLASS != 0;
        if gained && lost && new.class.is(&old.class) {
            // The common case: an attribute was added.
            // SAFETY: the object is live.
            unsafe { (*self.header()).shape = shape };
            return true;
        }
        if gained {
            (*new.class).clone().forget();
        }
        // SAFETY: the object held one count of its old class, which is given up here.
        let old_class = if lost {
            unsafe { old.class.copy_uncounted() }
        } else {
            Value::UNDEF
        };
        // SAFETY: the object is live.
        unsafe { (*self.header()).shape = shape };
        drop(old_class);
        true
    }
}
