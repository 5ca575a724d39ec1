//! From text to tree: tokens, layout, grammar and errors.

pub mod ast;

/// What the text is to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A whole file: `exec`.
    File,
    /// One expression: `eval`.
    Eval,
    /// One statement typed at a prompt: `single`.
    Single,
}
