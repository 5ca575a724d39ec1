//! The front end of Hoopsnake: text becomes tokens, tokens a tree, the tree code.
//!
//! It is a package of its own because two programs need it: the interpreter, and the build script that compiles the
//! interpreter's library. Nothing here knows how code runs. Programs that embed the interpreter use the package
//! `hoopsnake`; what is here may change with any release.

pub mod bytecode;
pub mod compiler;
pub mod source;
pub mod syntax;
