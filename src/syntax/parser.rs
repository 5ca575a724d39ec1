//! The parser: tokens through the grammar to a tree, or to what is wrong.

use super::Mode;
use super::actions::Context;
use super::ast::{Body, Module};
use super::filter;
use super::lexer::{Lexed, lex};
use super::token::{Tok, Token};
use crate::source::{Diagnostic, Place, SourceFile, Span};
use lalrpop_util::ParseError;

#[allow(clippy::all, unused, missing_docs)]
mod generated {
    lalrpop_util::lalrpop_mod!(pub grammar, "/hoopsnake.rs");
}

/// Why there is no tree.
pub(super) struct Failure {
    pub diagnostic: Diagnostic,
    /// True if the text might be the beginning of a good one.
    pub incomplete: bool,
}

/// Where the grammar gave up.
enum Stop {
    /// At this token.
    Token(usize),
    /// Where the lexer did.
    Lexer,
}

pub(super) fn parse(file: &SourceFile, mode: Mode) -> Result<Module, Box<Failure>> {
    if file.text().contains('\0') {
        let message = "source code string cannot contain null bytes";
        let nowhere = Diagnostic::syntax(message, Span::at(0)).shown_at(Place::Nowhere);
        return Err(complete(nowhere));
    }
    let mut lexed = lex(file);
    filter::mark_keywords(&mut lexed.tokens, file.text(), &lexed.candidates);
    let mut cx = Context::new(file, &lexed.tokens, &lexed.comments);
    let body = run_grammar(&mut cx, &lexed, mode);
    let (error, late_error) = (cx.error.take(), cx.late_error.take());
    let warnings = std::mem::take(&mut cx.warnings);
    match (body, error) {
        (Ok(body), None) => match late_error {
            None => Ok(module(body, &lexed, warnings)),
            Some(diagnostic) => Err(complete(diagnostic)),
        },
        (Ok(_), Some(diagnostic)) => Err(complete(diagnostic)),
        (Err(stop), noted) => Err(failure(&lexed, stop, noted)),
    }
}

fn module(body: Body, lexed: &Lexed, mut warnings: Vec<Diagnostic>) -> Module {
    warnings.extend(lexed.warnings.iter().cloned());
    warnings.sort_by_key(|warning| warning.span.start);
    Module { body, warnings }
}

fn complete(diagnostic: Diagnostic) -> Box<Failure> {
    Box::new(Failure {
        diagnostic,
        incomplete: false,
    })
}

fn run_grammar(cx: &mut Context<'_>, lexed: &Lexed, mode: Mode) -> Result<Body, Stop> {
    let start = match mode {
        Mode::File => Tok::StartFile,
        Mode::Eval => Tok::StartEval,
        Mode::Single => Tok::StartSingle,
    };
    let tokens = lexed.tokens.iter();
    let tokens = tokens.map(|token| Ok((token.span.start, token.kind, token.span.end)));
    let stop = lexed.error.is_some().then_some(Err(()));
    let input = std::iter::once(Ok((0, start, 0))).chain(tokens).chain(stop);
    let parser = generated::grammar::TopParser::new();
    parser.parse(cx, input).map_err(|error| match error {
        ParseError::UnrecognizedToken { token, .. } | ParseError::ExtraToken { token } => {
            Stop::Token(find(&lexed.tokens, &token))
        }
        _ => Stop::Lexer,
    })
}

/// The index of the token that the grammar had no use for.
fn find(tokens: &[Token], (start, kind, end): &(u32, Tok, u32)) -> usize {
    let span = Span::new(*start, *end);
    let first = tokens.partition_point(|token| token.span.start < *start);
    let fits = |token: &&Token| token.kind == *kind && token.span == span;
    let offset = tokens[first..].iter().position(|token| fits(&token));
    first + offset.unwrap_or(0)
}

fn failure(lexed: &Lexed, stop: Stop, noted: Option<Diagnostic>) -> Box<Failure> {
    let incomplete = match stop {
        Stop::Lexer => lexed.error.as_ref().is_some_and(|error| error.incomplete),
        Stop::Token(index) => lexed.tokens.get(index).is_some_and(|token| token.at_end),
    };
    let diagnostic = match (&lexed.error, stop) {
        (Some(error), Stop::Lexer) => error.diagnostic.clone(),
        (Some(error), _) if !error.unclosed => error.diagnostic.clone(),
        (_, Stop::Token(index)) => noted.unwrap_or_else(|| unexpected(lexed, index)),
        (None, Stop::Lexer) => Diagnostic::syntax("invalid syntax", Span::at(0)),
    };
    Box::new(Failure {
        diagnostic,
        incomplete,
    })
}

/// A token that fits nowhere.
fn unexpected(lexed: &Lexed, index: usize) -> Diagnostic {
    let Some(token) = lexed.tokens.get(index) else {
        return Diagnostic::syntax("invalid syntax", Span::at(0));
    };
    let before_end = Span::at(token.span.end.saturating_sub(1));
    match token.kind {
        Tok::Indent => Diagnostic::indentation("unexpected indent", before_end),
        Tok::Dedent => Diagnostic::indentation("unexpected unindent", before_end),
        _ => Diagnostic::syntax("invalid syntax", token.span),
    }
}
