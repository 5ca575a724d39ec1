//! The embedding API as a Rust program uses it.

mod handles;
mod values;
