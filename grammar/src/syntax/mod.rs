//! From text to tree: tokens, layout, grammar and errors.
//!
//! The lexer makes tokens, the layout makes of indentation INDENT and DEDENT,
//! a filter tells soft keywords from names, and the parser that LALRPOP made
//! from `grammar/hoopsnake.lalrpop` builds the tree by the actions.

mod actions;
pub mod ast;
mod decode;
mod diagnose;
pub mod dump;
mod filter;
mod layout;
mod lexer;
mod names;
mod parser;
pub mod token;
mod unicode;
pub mod visit;

use crate::source::{Diagnostic, SourceFile};
use ast::{Body, Module, StmtKind};

pub use decode::{Origin, decode_source};

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

/// Parses a text.
pub fn parse_module(file: &SourceFile, mode: Mode) -> Result<Module, Diagnostic> {
    parser::parse(file, mode).map_err(|failure| failure.diagnostic)
}

/// Whether what was typed at a prompt can be run.
#[derive(Debug)]
pub enum Completeness {
    Complete,
    /// More lines may follow, and an empty line says that none will.
    WantsEmptyLine,
    /// More lines have to follow.
    Incomplete,
    Invalid(Diagnostic),
}

/// Asks whether a text typed at a prompt is a whole statement. A compound
/// statement ends with an empty line.
pub fn completeness(file: &SourceFile) -> Completeness {
    match parser::parse(file, Mode::Single) {
        Ok(module) if wants_empty_line(&module, file.text()) => Completeness::WantsEmptyLine,
        Ok(_) => Completeness::Complete,
        Err(failure) if failure.incomplete => Completeness::Incomplete,
        Err(failure) => Completeness::Invalid(failure.diagnostic),
    }
}

fn wants_empty_line(module: &Module, text: &str) -> bool {
    let Body::Interactive(body) = &module.body else {
        return false;
    };
    let compound = body.last().is_some_and(|stmt| is_compound(&stmt.kind));
    let last_line = text.strip_suffix('\n').unwrap_or(text);
    let last_line = last_line.rsplit('\n').next().unwrap_or("");
    compound && !last_line.trim().is_empty()
}

fn is_compound(kind: &StmtKind) -> bool {
    matches!(
        kind,
        StmtKind::FunctionDef(_)
            | StmtKind::AsyncFunctionDef(_)
            | StmtKind::ClassDef(_)
            | StmtKind::For(_)
            | StmtKind::AsyncFor(_)
            | StmtKind::While { .. }
            | StmtKind::If { .. }
            | StmtKind::With { .. }
            | StmtKind::AsyncWith { .. }
            | StmtKind::Match { .. }
            | StmtKind::Try(_)
            | StmtKind::TryStar(_)
    )
}

/// The tokens of a text up to its end or first error, for colouring; soft
/// keywords are told apart.
pub fn tokens(file: &SourceFile) -> Vec<token::Token> {
    let mut lexed = lexer::lex(file);
    filter::mark_keywords(&mut lexed.tokens, file.text(), &lexed.candidates);
    let comments = lexed.comments.iter().map(|&span| token::Token {
        kind: token::Tok::Comment,
        span,
        at_end: false,
    });
    let mut all = lexed.tokens;
    all.extend(comments);
    all.sort_by_key(|token| token.span.start);
    all
}
