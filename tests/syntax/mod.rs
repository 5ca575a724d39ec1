//! The front end: tokens, trees, and what is said about bad programs.
//!
//! Trees and messages were recorded from CPython 3.13 by the scripts in
//! `scripts/dev/`; tokens are our own (`HOOP_BLESS=1` writes them anew).

mod errors;
mod fuzz;
mod limits;
mod prompt;
mod source;
mod trees;

use hoopsnake::source::{Diagnostic, SourceFile};
use hoopsnake::syntax::ast::Module;
use hoopsnake::syntax::{Mode, parse_module};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/syntax")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn parse(text: &str) -> Result<Module, Diagnostic> {
    parse_module(&SourceFile::new("test", text), Mode::File)
}
