//! A heap for the tests of this room.

use crate::heap::{Entered, Header, Heap, Kind, KindTable, Object, Visitor};

use super::{bytes, complex, dict, float, int, kind, list, range, set, slice, str, tuple};

#[repr(C)]
struct Nothing(Header);

// SAFETY: repr(C) with the header first; no object of this kind is ever made.
unsafe impl Object for Nothing {
    const KIND: Kind = 0;
    fn trace(&self, _: &mut dyn Visitor) {}
}

static KINDS: [KindTable; 256] = {
    let mut kinds = [const { KindTable::of::<Nothing>() }; 256];
    kinds[kind::FLOAT as usize] = KindTable::of::<float::Float>();
    kinds[kind::INT as usize] = KindTable::of::<int::Int>();
    kinds[kind::STR as usize] = KindTable::of::<str::Str>();
    kinds[kind::BYTES as usize] = KindTable::of::<bytes::Bytes>();
    kinds[kind::BYTEARRAY as usize] = KindTable::of::<bytes::ByteArray>();
    kinds[kind::TUPLE as usize] = KindTable::of::<tuple::Tuple>();
    kinds[kind::LIST as usize] = KindTable::of::<list::List>();
    kinds[kind::DICT as usize] = KindTable::of::<dict::Dict>();
    kinds[kind::SET as usize] = KindTable::of::<set::Set>();
    kinds[kind::FROZENSET as usize] = KindTable::of::<set::FrozenSet>();
    kinds[kind::RANGE as usize] = KindTable::of::<range::Range>();
    kinds[kind::SLICE as usize] = KindTable::of::<slice::Slice>();
    kinds[kind::COMPLEX as usize] = KindTable::of::<complex::Complex>();
    kinds
};

/// Runs a test with a heap of its own; afterwards only shared objects may be left.
pub fn with_heap(test: impl FnOnce()) {
    let mut heap = Box::new(Heap::new(&KINDS));
    let _entered = Entered::enter(&mut *heap);
    test();
}
