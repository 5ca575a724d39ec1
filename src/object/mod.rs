//! The representation of values. It never runs code.

pub mod anext_awaitable;
pub mod array;
pub mod bytes;
pub mod class;
pub mod codec;
pub mod compare;
pub mod complex;
pub mod decimal;
pub mod descriptor;
pub mod dict;
pub mod error;
pub mod exception;
pub mod float;
pub mod float_text;
pub mod format_spec;
pub mod frame;
pub mod frame_object;
pub mod function;
pub mod generator;
pub mod hash;
pub mod host;
pub mod host_work;
pub mod int;
pub mod int_large;
pub mod int_math;
#[cfg(test)]
mod int_tests;
pub mod int_text;
pub mod interner;
pub mod iterator;
pub mod kind;
pub mod list;
pub mod members;
pub mod memoryview;
pub mod module;
pub mod native;
pub mod native_rest;
pub mod percent;
mod quick_format;
pub mod range;
pub mod repr;
pub mod search;
pub mod set;
pub mod set_ops;
#[cfg(test)]
mod set_tests;
pub mod shared;
pub mod slice;
pub mod str;
pub mod str_ops;
pub mod task;
#[cfg(test)]
pub(crate) mod testing;
pub mod traced;
pub mod tuple;
pub mod unicode;
pub mod weakref;
