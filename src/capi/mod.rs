//! The C interface: the functions that `docs/hoopsnake.h` declares, which says what each of them takes, returns and may be
//! called by. `cargo rustc --release --lib --features capi --crate-type cdylib` makes the library.
//!
//! They are a thin layer over what Rust programs use. What C holds are boxes of ours, by their addresses; plain values are
//! copied out of the engine, all others are handles. No panic gets to C, and an engine that is in use refuses further calls.

mod boundary;
mod engines;
mod errors;
mod functions;
mod options;
mod text;
mod values;

pub use boundary::Status;
pub use engines::*;
pub use errors::*;
pub use functions::{HoopDestroy, HoopFunction, HoopOutput, hoop_set_function};
pub use options::*;
pub use values::*;

use std::ffi::c_char;

/// The version of the library.
#[unsafe(no_mangle)]
pub extern "C" fn hoop_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// What `docs/hoopsnake.h` promises: these go to any thread.
const _: () = {
    const fn may_go_anywhere<T: Send + Sync>() {}
    may_go_anywhere::<HoopEngine>();
    may_go_anywhere::<HoopValue>();
    may_go_anywhere::<HoopError>();
    may_go_anywhere::<HoopInterrupt>();
};
