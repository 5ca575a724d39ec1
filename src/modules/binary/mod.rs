//! Modules about bytes: `struct`, `array`, `binascii`.

pub mod array;
mod array_operators;
mod array_slices;
pub mod bases;
pub mod binascii;
pub mod compare;
mod elements;
mod layout;
pub mod structs;
pub mod window;
