//! The methods of the built-in types and the built-in functions: a table a file.

pub mod arguments;
pub mod code;
pub mod exceptions;
pub mod functions;
pub mod generator;
pub mod iterators;
mod questions;

use crate::object::native::TypeDef;

/// All built-in types; everyone adds a line.
pub static TYPES: &[&[&TypeDef]] = &[
    &[&code::CODE, &code::TRACEBACK, &code::FRAME],
    exceptions::TYPES,
    functions::TYPES,
    &[&generator::GENERATOR, &generator::COROUTINE, &generator::ASYNC_GENERATOR, &generator::STEP],
    &[
        &iterators::LIST_ITERATOR,
        &iterators::TUPLE_ITERATOR,
        &iterators::STR_ITERATOR,
        &iterators::BYTES_ITERATOR,
        &iterators::DICT_ITERATOR,
        &iterators::SET_ITERATOR,
        &iterators::RANGE_ITERATOR,
        &iterators::LONG_RANGE_ITERATOR,
        &iterators::SEQUENCE_ITERATOR,
        &iterators::CALL_ITERATOR,
    ],
];
