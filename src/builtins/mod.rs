//! The methods of the built-in types and the built-in functions: a table a file.

pub mod adapt;
pub mod arguments;
pub mod bytes;
pub mod cell;
pub mod code;
pub mod codec_registry;
pub mod codecs;
pub mod complex;
pub mod dict;
pub mod exceptions;
pub mod float;
pub mod frame;
pub mod function;
pub mod functions;
pub mod generator;
pub mod host;
pub mod int;
pub mod iterator_state;
pub mod iterators;
pub mod list;
pub mod mappingproxy;
pub mod memoryview;
pub mod module;
pub mod object;
pub mod operators;
pub mod percent;
pub mod property;
mod questions;
pub mod range;
pub mod reduce;
pub mod set;
mod set_at_once;
mod set_items;
pub mod str;
pub mod tuple;
pub mod type_;
pub mod typing_forms;
pub mod views;

use crate::object::native::TypeDef;

/// All built-in types; everyone adds a line.
pub static TYPES: &[&[&TypeDef]] = &[
    &[
        &code::CODE,
        &frame::TRACEBACK,
        &frame::FRAME,
        &frame::FRAME_LOCALS,
    ],
    exceptions::TYPES,
    functions::TYPES,
    host::TYPES,
    function::TYPES,
    module::TYPES,
    object::TYPES,
    property::TYPES,
    typing_forms::TYPES,
    cell::TYPES,
    &[&type_::TYPE, &mappingproxy::MAPPING_PROXY],
    &[
        &int::INT,
        &int::BOOL,
        &float::FLOAT,
        &complex::COMPLEX,
        &str::STR,
        &bytes::BYTES,
        &bytes::BYTEARRAY,
    ],
    &[
        &list::LIST,
        &tuple::TUPLE,
        &dict::DICT,
        &set::SET,
        &set::FROZENSET,
        &range::RANGE,
        &range::SLICE,
    ],
    &[
        &memoryview::MEMORYVIEW,
        &memoryview::MEMORY_ITERATOR,
        &views::DICT_KEYS,
        &views::DICT_VALUES,
        &views::DICT_ITEMS,
    ],
    &[
        &generator::GENERATOR,
        &generator::COROUTINE,
        &generator::COROUTINE_WRAPPER,
        &generator::ASYNC_GENERATOR,
        &generator::STEP,
        &generator::THROW_STEP,
    ],
    &[
        &iterators::LIST_ITERATOR,
        &iterators::LIST_REVERSE_ITERATOR,
        &iterators::STR_ASCII_ITERATOR,
        &iterators::BYTEARRAY_ITERATOR,
        &iterators::TUPLE_ITERATOR,
        &iterators::ALIAS_ITERATOR,
        &iterators::STR_ITERATOR,
        &iterators::BYTES_ITERATOR,
        &iterators::DICT_ITERATOR,
        &iterators::DICT_VALUE_ITERATOR,
        &iterators::DICT_ITEM_ITERATOR,
        &iterators::DICT_REVERSE_KEY_ITERATOR,
        &iterators::DICT_REVERSE_VALUE_ITERATOR,
        &iterators::DICT_REVERSE_ITEM_ITERATOR,
        &iterators::SET_ITERATOR,
        &iterators::RANGE_ITERATOR,
        &iterators::LONG_RANGE_ITERATOR,
        &iterators::SEQUENCE_ITERATOR,
        &iterators::CALL_ITERATOR,
    ],
];
