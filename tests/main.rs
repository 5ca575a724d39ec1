//! The one integration binary. Most of it runs the built `hoop`.

mod bench;
mod check;
mod cli;
mod command_line;
mod compiler;
mod corpus;
mod deadlock;
mod differential;
mod docs;
mod embedding;
mod fancy;
mod fuzz;
mod hoop;
mod limits;
mod prompt;
#[cfg(target_os = "linux")]
mod ps;
mod syntax;
mod terminal;
mod tidy;
