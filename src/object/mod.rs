//! The representation of values. It never runs code.

pub mod kind;
