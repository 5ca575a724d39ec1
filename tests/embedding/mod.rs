//! The embedding API as a Rust program uses it.

mod functions;
mod handles;
mod values;
