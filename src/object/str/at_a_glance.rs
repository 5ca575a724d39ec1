//! What a few bytes of a string tell at once, for the dispatch loop.

use std::ptr;

use super::{INTERNED, Str, data, shared};
use crate::heap::{self, Heap, Value};

impl Str {
    /// The shared string of the ASCII character at an index that may count from the end, if it was made before.
    #[inline(always)]
    pub(crate) fn known_char<'a>(&self, index: i64, heap: &'a Heap) -> Option<&'a Value> {
        let len = self.len() as i64;
        let index = if index < 0 { index + len } else { index };
        if !self.is_ascii() || index < 0 || index >= len {
            return None;
        }
        // SAFETY: of an ASCII text so many bytes are written as it has code points.
        let byte = unsafe { *data(self).add(index as usize) };
        let known = heap.shared.get(shared::CHARACTERS + byte as usize)?;
        if known.is_undef() { None } else { Some(known) }
    }

    /// Whether a part of one byte is in this, a text of a few bytes; None for any other part or text.
    #[inline(always)]
    pub(crate) fn has_byte(&self, part: &Str) -> Option<bool> {
        if part.byte_len() != 1 || self.byte_len() > 16 {
            return None;
        }
        let wanted = part.bytes()[0];
        for &byte in self.bytes() {
            if byte == wanted {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether two texts are equal, where their first bytes or their sizes say it.
    #[inline(always)]
    pub(crate) fn eq_at_a_glance(&self, other: &Str) -> Option<bool> {
        if ptr::eq(self, other) {
            return Some(true);
        }
        let len = self.byte_len();
        if len != other.byte_len() || self.tail.get() & other.tail.get() & INTERNED != 0 {
            return Some(false);
        }
        if len == 0 {
            return Some(true);
        }
        // SAFETY: both have one byte at least.
        if unsafe { *data(self) != *data(other) } {
            return Some(false);
        }
        if len == 1 { Some(true) } else { None }
    }

    /// Whether a string could be appended to another without more memory. Both values must hold strings.
    pub(crate) fn has_room(value: &Value, other: &Value) -> bool {
        let (Some(left), Some(other)) = (value.get_exact::<Str>(), other.get_exact::<Str>()) else {
            return false;
        };
        let room = heap::object_capacity(value) - size_of::<Str>();
        room - left.byte_len() >= other.byte_len() && !left.is_interned()
    }
}
