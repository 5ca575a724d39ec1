//! The representation of values. It never runs code.

pub mod bytes;
pub mod compare;
pub mod complex;
pub mod dict;
pub mod error;
pub mod float;
pub mod hash;
pub mod int;
pub mod int_math;
pub mod interner;
pub mod kind;
pub mod list;
pub mod range;
pub mod set;
pub mod shared;
pub mod slice;
pub mod str;
pub mod tuple;
