//! The heap: values, objects and their headers, reference counts, the cycle
//! collector, memory accounting. It knows neither classes nor code.
//!
//! Every object starts with a `Header`: a count and a shape id. An object dies
//! when its count reaches zero (at once, without recursion); cycles are found
//! by trial deletion over all pages (`collect`).

mod address;
mod buffer;
mod collect;
mod pages;
mod plain;
mod refs;
mod slots;
mod store;
#[cfg(test)]
mod tests;
mod value;
mod work;

pub use address::ByAddress;
pub use buffer::{Buffer, Charge, OutOfMemory};
pub use refs::{Kind, KindTable, Object, Ref, Visitor};
pub use store::{
    Entered, FIRST_FREE_SHAPE, FIRST_SHARED_SHAPE, Header, Heap, ShapeEntry, current, shape_flags,
};
pub use value::{Field, INT_MAX, INT_MIN, Value};
pub use work::{
    Watch, Work, bytes_before_look, work, work_before_look, work_goes_on, work_on_bytes,
};

pub(crate) use store::{
    alloc, alloc_shaped, alloc_trailing, free, object_capacity, try_alloc_trailing,
};
