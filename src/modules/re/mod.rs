//! `_re`: regular expressions. `stdlib/re` has the flags and the cache.
//!
//! `parse` reads a pattern, `program` makes instructions of it, `matcher` runs
//! them. The engine is our own so that what matches, in which order
//! alternatives are tried, and every message are CPython's.

mod class;
mod filter;
mod matcher;
mod matches;
mod parse;
mod pattern;
mod program;
mod replace;

use crate::object::native::{Def, ModuleDef, TypeDef};

pub use matches::MatchObject;
pub use pattern::{Pattern, Scanner};

/// `_re`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_re",
    doc: "The engine of re.",
    functions: &[
        Def::leaf("compile(pattern, flags, /)", pattern::compile),
        Def::leaf("width(pattern, flags, /)", pattern::width),
        Def::leaf("escape(pattern, /)", replace::escape),
    ],
    types: &[&pattern::PATTERN, &matches::MATCH],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&pattern::PATTERN, &matches::MATCH, &pattern::SCANNER];
