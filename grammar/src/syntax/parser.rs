//! The parser: tokens through the grammar to a tree, or to what is wrong.

use super::Mode;
use super::actions::{Context, Noted};
use super::ast::{Body, Module};
use super::diagnose::{Finding, diagnose, statement_start};
use super::filter;
use super::lexer::{LexError, Lexed, lex, lex_unended};
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
    let mut lexed = match mode {
        Mode::Eval | Mode::Single => lex_unended(file),
        Mode::File => lex(file),
    };
    if !file.goes_on(1) {
        return Err(complete(halted()));
    }
    filter::mark_keywords(&mut lexed.tokens, file.text(), &lexed.candidates);
    let mut cx = Context::new(file, &lexed.tokens, &lexed.comments);
    let body = run_grammar(&mut cx, &lexed, file, mode);
    let notes = cx.notes();
    if !file.goes_on(1) {
        return Err(complete(halted()));
    }
    match (body, notes.error, notes.late_error) {
        (Ok(body), None, None) => Ok(module(body, &lexed, notes.warnings)),
        (Ok(_), None, Some(diagnostic)) => Err(complete(diagnostic)),
        (Ok(_), Some(noted), _) => {
            let stop = stop_at(&lexed.tokens, noted.diagnostic.span);
            Err(complete(explain(file, &lexed, stop, Some(noted), mode).0))
        }
        (Err(stop), noted, _) => Err(failure(file, &lexed, stop, noted, mode)),
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

/// What nobody reads: who wanted the tree does not want it any more.
fn halted() -> Diagnostic {
    Diagnostic::syntax("the parser was stopped", Span::at(0)).shown_at(Place::Nowhere)
}

fn run_grammar(
    cx: &mut Context<'_>,
    lexed: &Lexed,
    file: &SourceFile,
    mode: Mode,
) -> Result<Body, Stop> {
    let start = match mode {
        Mode::File => Tok::StartFile,
        Mode::Eval => Tok::StartEval,
        Mode::Single => Tok::StartSingle,
    };
    let tokens = lexed.tokens.iter();
    let tokens = tokens.enumerate().map(|(i, token)| {
        if i & 0x3F == 0x3F && !file.goes_on(150) {
            return Err(());
        }
        Ok((token.span.start, token.kind, token.span.end))
    });
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

/// The token at or after which a noted error begins.
fn stop_at(tokens: &[Token], span: Span) -> usize {
    let after = tokens.partition_point(|token| token.span.start <= span.start);
    after.saturating_sub(1)
}

/// The error of a line that is a statement of its own, with something wrong behind it: nobody looks there.
fn more_than_one_line(file: &SourceFile, lexed: &Lexed) -> Option<Diagnostic> {
    let is_end = |token: &Token| matches!(token.kind, Tok::Newline | Tok::EndMarker);
    let end = lexed.tokens.iter().position(is_end)?;
    if lexed.error.is_none() && lexed.tokens[end..].iter().all(is_end) {
        return None;
    }
    let mut tokens = lexed.tokens[..=end].to_vec();
    let at = tokens.last()?.span.end;
    tokens.push(Token {
        kind: Tok::EndMarker,
        span: Span::at(at),
        at_end: true,
    });
    let line = Lexed {
        tokens,
        comments: Vec::new(),
        warnings: Vec::new(),
        error: None,
        candidates: Vec::new(),
    };
    let mut cx = Context::new(file, &line.tokens, &line.comments);
    run_grammar(&mut cx, &line, file, Mode::Single).ok()?;
    let start = line.tokens.first()?.span.start;
    let message = "multiple statements found while compiling a single statement";
    (cx.notes().error.is_none()).then(|| Diagnostic::syntax(message, Span::at(start)))
}

fn failure(
    file: &SourceFile,
    lexed: &Lexed,
    stop: Stop,
    noted: Option<Noted>,
    mode: Mode,
) -> Box<Failure> {
    if mode == Mode::Single
        && let Some(diagnostic) = more_than_one_line(file, lexed)
    {
        return complete(diagnostic);
    }
    let (index, incomplete) = match stop {
        Stop::Lexer => (
            lexed.tokens.len(),
            lexed.error.as_ref().is_some_and(|error| error.incomplete),
        ),
        Stop::Token(index) => (index, breaks_off(lexed, index)),
    };
    let (diagnostic, seen) = explain(file, lexed, index, noted, mode);
    Box::new(Failure {
        diagnostic,
        incomplete: incomplete || breaks_off(lexed, seen),
    })
}

/// True if it is the end of the text that does not fit. A line that breaks
/// off is wrong, but a block that does may go on.
fn breaks_off(lexed: &Lexed, index: usize) -> bool {
    let token = lexed.tokens.get(index);
    token.is_some_and(|token| token.at_end && token.kind != Tok::Newline)
}

/// Finds the message that CPython would give, and how far it looked. Errors
/// of its tokenizer come first, wherever they are; then what its actions
/// refuse at once; then the mistakes its grammar knows; then `invalid syntax`.
fn explain(
    file: &SourceFile,
    lexed: &Lexed,
    stop: usize,
    noted: Option<Noted>,
    mode: Mode,
) -> (Diagnostic, usize) {
    if let Some(error) = lexed.error.as_ref().filter(|error| error.outranks) {
        let diagnostic = bad_indentation(file, lexed, stop, mode);
        return (diagnostic.unwrap_or_else(|| error.diagnostic.clone()), stop);
    }
    if let Some(noted) = noted.as_ref().filter(|noted| noted.at_once) {
        return (noted.diagnostic.clone(), stop);
    }
    // What the grammar let pass in an earlier statement comes first: CPython's goes no further.
    let earlier = noted
        .as_ref()
        .map(|noted| stop_at(&lexed.tokens, noted.diagnostic.span));
    let earlier = earlier.filter(|&at| at < statement_start(&lexed.tokens, stop));
    let stop = earlier.unwrap_or(stop);
    let (diagnostic, seen) = match diagnose(file, lexed, stop, mode) {
        Finding::Mistake(diagnostic, last) => (diagnostic, last),
        Finding::Unexpected(index, last) => (unexpected(lexed, mode, index), last),
        Finding::Lexer => (
            unexpected(lexed, mode, lexed.tokens.len()),
            lexed.tokens.len(),
        ),
        Finding::Nothing => match noted {
            Some(noted) => (noted.diagnostic, stop),
            None => (unexpected(lexed, mode, stop), stop),
        },
    };
    match &lexed.error {
        Some(error) => {
            let diagnostic = never_closed(file, lexed, error, seen).unwrap_or(diagnostic);
            (diagnostic, seen)
        }
        _ => (diagnostic, seen),
    }
}

/// The one error that comes before those of the tokenizer behind it.
fn bad_indentation(
    file: &SourceFile,
    lexed: &Lexed,
    stop: usize,
    mode: Mode,
) -> Option<Diagnostic> {
    let is_indentation = |index: usize| {
        let token = lexed.tokens.get(index);
        token.is_some_and(|token| matches!(token.kind, Tok::Indent | Tok::Dedent))
    };
    if !is_indentation(stop) {
        return None;
    }
    match diagnose(file, lexed, stop, mode) {
        Finding::Unexpected(index, _) if is_indentation(index) => {
            Some(unexpected(lexed, mode, index))
        }
        _ => None,
    }
}

/// What is said instead if a bracket was open where the lexer stopped, and
/// stands on an earlier line than the last token that was looked at.
fn never_closed(
    file: &SourceFile,
    lexed: &Lexed,
    error: &LexError,
    seen: usize,
) -> Option<Diagnostic> {
    let open = error.open?;
    let token = lexed.tokens.get(seen)?;
    if file.line_of(token.span.start) <= file.line_of(open.start) {
        return None;
    }
    let message = format!("'{}' was never closed", file.slice(open));
    Some(Diagnostic::syntax(message, Span::at(open.start)).shown_at(Place::Start))
}

/// A token that fits nowhere.
fn unexpected(lexed: &Lexed, mode: Mode, index: usize) -> Diagnostic {
    let Some(token) = lexed.tokens.get(index) else {
        return match &lexed.error {
            Some(error) => error.diagnostic.clone(),
            None => Diagnostic::syntax("invalid syntax", Span::at(0)),
        };
    };
    let before_end = Span::at(token.span.end.saturating_sub(1));
    match token.kind {
        Tok::Indent => {
            Diagnostic::indentation("unexpected indent", before_end).shown_at(Place::Layout)
        }
        Tok::Dedent => {
            Diagnostic::indentation("unexpected unindent", before_end).shown_at(Place::Layout)
        }
        Tok::EndMarker => Diagnostic::syntax("invalid syntax", before_end).shown_at(Place::Line),
        // Only a file gets the line end that its last line lacks.
        Tok::Newline if token.at_end && mode != Mode::File => {
            Diagnostic::syntax("invalid syntax", Span::at(token.span.start)).shown_at(Place::Line)
        }
        _ => Diagnostic::syntax("invalid syntax", token.span),
    }
}
