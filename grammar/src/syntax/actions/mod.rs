//! What the grammar's rules do: build the tree, and refuse what the grammar
//! lets through.
//!
//! Actions do not fail. The first thing that is wrong is noted in the
//! `Context` and parsing goes on; the caller finds the note at the end. That
//! keeps the rules of the grammar readable, and costs nothing where all is well.

mod call;
mod depth;
mod escape;
mod expr;
mod number;
mod pattern;
mod stmt;
mod string;
mod target;

pub use call::{CallArg, Param, ParamItem};
pub use string::{FPart, Field, StringPart};

use super::ast::{Expr, Name, Stmt};
use super::token::Token;
use crate::source::{Diagnostic, SourceFile, Span};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// The state of one parse.
pub struct Context<'a> {
    pub(super) file: &'a SourceFile,
    tokens: &'a [Token],
    comments: &'a [Span],
    names: HashMap<&'a str, Name>,
    notes: Notes,
}

/// What the actions have to say.
#[derive(Default)]
pub struct Notes {
    /// The first thing that was wrong.
    pub error: Option<Noted>,
    /// What is only wrong if nothing else is.
    pub late_error: Option<Diagnostic>,
    pub warnings: Vec<Diagnostic>,
}

/// An error that an action found.
pub struct Noted {
    pub diagnostic: Diagnostic,
    /// True if no other message can be better.
    pub at_once: bool,
}

impl<'a> Context<'a> {
    pub fn new(file: &'a SourceFile, tokens: &'a [Token], comments: &'a [Span]) -> Context<'a> {
        Context {
            file,
            tokens,
            comments,
            names: HashMap::new(),
            notes: Notes::default(),
        }
    }

    /// The identifier at a place; equal names share their text.
    pub fn name(&mut self, start: u32, end: u32) -> Name {
        let text = self.file.slice(Span::new(start, end));
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Name = match text.is_ascii() {
            true => text.into(),
            false if self.file.has_free_names() => text
                .nfkc()
                .map(|c| super::unicode::freed(c).unwrap_or(c))
                .collect::<String>()
                .into(),
            false => text.nfkc().collect::<String>().into(),
        };
        self.names.insert(text, name.clone());
        name
    }

    /// Takes what was noted.
    pub fn notes(&mut self) -> Notes {
        std::mem::take(&mut self.notes)
    }

    /// Notes that something is not as it ought to be; a second look at the
    /// tokens may find a better message.
    pub fn refuse(&mut self, span: Span, message: impl Into<String>) {
        self.note(Diagnostic::syntax(message, span), false);
    }

    /// Notes an error that stops CPython's parser at once.
    pub fn refuse_at_once(&mut self, diagnostic: Diagnostic) {
        self.note(diagnostic, true);
    }

    fn note(&mut self, diagnostic: Diagnostic, at_once: bool) {
        if self.notes.error.is_none() {
            self.notes.error = Some(Noted {
                diagnostic,
                at_once,
            });
        }
    }

    /// Notes an error that CPython's compiler would find: those of its parser
    /// come first, wherever they are.
    pub fn refuse_late(&mut self, span: Span, message: impl Into<String>) {
        if self.notes.late_error.is_none() {
            self.notes.late_error = Some(Diagnostic::syntax(message, span));
        }
    }

    /// The span of the token at or after an offset.
    fn token_after(&self, offset: u32) -> Span {
        let index = self.tokens.partition_point(|t| t.span.start < offset);
        self.tokens.get(index).map_or(Span::at(offset), |t| t.span)
    }

    fn byte_at(&self, offset: u32) -> u8 {
        let bytes = self.file.text().as_bytes();
        bytes.get(offset as usize).copied().unwrap_or(0)
    }
}

/// Statements in a row.
#[derive(Debug, Default)]
pub struct Block {
    pub body: Vec<Stmt>,
    /// Where the last of them ends, line ends and indentation apart.
    pub end: u32,
    /// How many logical lines and compound statements they are.
    pub lines: u32,
}

impl Block {
    pub fn one(stmt: Stmt) -> Block {
        Block {
            end: stmt.span.end,
            body: vec![stmt],
            lines: 1,
        }
    }

    /// These, then those.
    pub fn followed_by(mut self, next: Block) -> Block {
        self.body.extend(next.body);
        self.end = next.end;
        self.lines += next.lines;
        self
    }
}

/// One before the others.
pub fn cons<T>(first: T, rest: Vec<T>) -> Vec<T> {
    let mut all = Vec::with_capacity(rest.len() + 1);
    all.push(first);
    all.extend(rest);
    all
}

/// The name, unless it is `_`, which binds nothing in a pattern.
pub fn unless_wildcard(name: Name) -> Option<Name> {
    (&*name != "_").then_some(name)
}

/// A name with dots.
pub fn dotted(left: &str, right: &str) -> Name {
    format!("{left}.{right}").into()
}

fn boxed(expr: Option<Expr>) -> Option<Box<Expr>> {
    expr.map(Box::new)
}
