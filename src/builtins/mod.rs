//! The methods of the built-in types and the built-in functions: a table a file.

pub mod code;
pub mod exceptions;
pub mod generator;
pub mod iterators;
