//! From text to tokens.
//!
//! logos finds where a token begins and what it is. Strings, f-strings and
//! numbers are scanned on from there by hand, since their errors have
//! messages of their own. The lexer also keeps the stack of open brackets
//! (inside which line ends mean nothing) and asks the layout about the
//! indentation of each new line. Text is lexed to its end or to the first
//! error; the parser decides whether it gets as far as the error.

mod fstring;
mod number;
mod string;

use super::layout::{Column, Layout, LayoutError, Step};
use super::token::{Tok, Token};
use super::unicode;
use crate::source::{Diagnostic, DiagnosticKind, Place, SourceFile, Span};
use fstring::FString;
use logos::Logos;

/// What the lexer made of a text.
#[derive(Debug)]
pub struct Lexed {
    /// All tokens up to the end or to the error; without comments.
    pub tokens: Vec<Token>,
    pub comments: Vec<Span>,
    pub warnings: Vec<Diagnostic>,
    pub error: Option<LexError>,
    /// Indices of names that may turn out to be keywords, and of `with (`.
    pub candidates: Vec<usize>,
}

/// Why the lexer stopped before the end.
#[derive(Clone, Debug)]
pub struct LexError {
    pub diagnostic: Diagnostic,
    /// True if more input might mend it.
    pub incomplete: bool,
    /// True if the input ended in an open bracket.
    pub unclosed: bool,
    /// The innermost bracket that was open, outside f-strings.
    pub open: Option<Span>,
    /// True if it comes before an error of the parser that stands before it.
    pub outranks: bool,
}

/// Splits a file into tokens.
pub fn lex(file: &SourceFile) -> Lexed {
    lex_text(file, false)
}

/// As `lex`, of a text that is no file: its last line need not end.
pub fn lex_unended(file: &SourceFile) -> Lexed {
    lex_text(file, true)
}

fn lex_text(file: &SourceFile, unended: bool) -> Lexed {
    let mut lexer = Lexer::new(file);
    lexer.unended = unended;
    let error = lexer.run().err().map(|error| *error);
    Lexed {
        tokens: lexer.tokens,
        comments: lexer.comments,
        warnings: lexer.warnings,
        error,
        candidates: lexer.candidates,
    }
}

type Lex<T> = Result<T, Box<LexError>>;

/// More open brackets than this are refused.
const MAX_BRACKETS: usize = 200;

struct Lexer<'a> {
    file: &'a SourceFile,
    text: &'a str,
    pos: usize,
    tokens: Vec<Token>,
    comments: Vec<Span>,
    warnings: Vec<Diagnostic>,
    candidates: Vec<usize>,
    brackets: Vec<Bracket>,
    fstrings: Vec<FString>,
    layout: Layout,
    /// True once the logical line has a token, so that its end is one too.
    in_line: bool,
    /// True for a text whose last line need not end.
    unended: bool,
}

#[derive(Clone, Copy)]
struct Bracket {
    open: u8,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn new(file: &'a SourceFile) -> Lexer<'a> {
        Lexer {
            file,
            text: file.text(),
            pos: 0,
            tokens: Vec::new(),
            comments: Vec::new(),
            warnings: Vec::new(),
            candidates: Vec::new(),
            brackets: Vec::new(),
            fstrings: Vec::new(),
            layout: Layout::new(),
            in_line: false,
            unended: false,
        }
    }

    fn run(&mut self) -> Lex<()> {
        self.begin_line()?;
        loop {
            if self.in_fstring_text() {
                self.fstring_text()?;
                continue;
            }
            let mut logos = Tok::lexer(self.text);
            logos.bump(self.pos);
            let Some(found) = logos.next() else { break };
            let span = logos.span();
            if self.tokens.len() & 0xFF == 0xFF && !self.file.goes_on(100) {
                return Err(self.bad_character(span.start));
            }
            match found {
                Ok(kind) => self.accept(kind, span.start, span.end)?,
                Err(()) => return Err(self.bad_character(span.start)),
            }
        }
        self.finish()
    }

    fn accept(&mut self, kind: Tok, start: usize, end: usize) -> Lex<()> {
        self.pos = end;
        match kind {
            Tok::Name => return self.name(start, end),
            Tok::Number => return self.number(start),
            Tok::String => return self.string(start, end),
            Tok::FStringStart => return self.fstring_start(start, end),
            Tok::Comment => {
                self.comments.push(Span::new(start as u32, end as u32));
                return Ok(());
            }
            Tok::Newline => return self.newline(start),
            Tok::Backslash => return self.backslash(start),
            Tok::LPar | Tok::LSqb | Tok::LBrace => self.open(start)?,
            Tok::RPar | Tok::RSqb | Tok::RBrace => self.close(start)?,
            Tok::Colon | Tok::ColonEqual if self.at_format_spec() => {
                return self.begin_format_spec(start);
            }
            _ => {}
        }
        self.push(kind, start, end);
        Ok(())
    }

    fn push(&mut self, kind: Tok, start: usize, end: usize) {
        self.in_line = true;
        self.tokens.push(Token {
            kind,
            span: Span::new(start as u32, end as u32),
            at_end: false,
        });
    }

    fn push_at_end(&mut self, kind: Tok, start: usize, end: usize) {
        self.push(kind, start, end);
        if let Some(token) = self.tokens.last_mut() {
            token.at_end = true;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.peek_at(self.pos)
    }

    fn peek_at(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn name(&mut self, start: usize, end: usize) -> Lex<()> {
        let text = &self.text[start..end];
        if !text.is_ascii() {
            self.check_name(start, text)?;
        }
        if matches!(text, "match" | "type") {
            self.candidates.push(self.tokens.len());
        }
        self.push(Tok::Name, start, end);
        Ok(())
    }

    /// Finds the first character that has no place in an identifier.
    fn check_name(&self, start: usize, text: &str) -> Lex<()> {
        for (at, c) in text.char_indices() {
            let fits = match at {
                _ if self.file.has_free_names() && unicode::freed(c).is_some() => true,
                0 => unicode::starts_identifier(c),
                _ => unicode::continues_identifier(c),
            };
            if !fits {
                return Err(self.bad_character(start + at));
            }
        }
        Ok(())
    }

    fn bad_character(&self, at: usize) -> Box<LexError> {
        let c = self.text[at..].chars().next().unwrap_or('\0');
        let code = c as u32;
        let message = match unicode::is_printable(c) {
            true => format!("invalid character '{c}' (U+{code:04X})"),
            false => format!("invalid non-printable character U+{code:04X}"),
        };
        self.error_at(at, message)
    }

    /// A line end: the end of a statement, unless inside brackets.
    fn newline(&mut self, start: usize) -> Lex<()> {
        if !self.brackets.is_empty() || !self.in_line {
            return Ok(());
        }
        self.push(Tok::Newline, self.comment_before(start), start + 1);
        self.begin_line()
    }

    /// Where the comment begins that ends here, since a line end includes it.
    fn comment_before(&self, end: usize) -> usize {
        match self.comments.last() {
            Some(comment) if comment.end as usize == end => comment.start as usize,
            _ => end,
        }
    }

    fn backslash(&mut self, start: usize) -> Lex<()> {
        match self.peek() {
            Some(b'\n') if self.pos + 1 < self.text.len() => {
                self.pos += 1;
                Ok(())
            }
            Some(b'\n') => Err(self.ends_in_backslash(start + 1)),
            None if !self.unended => Err(self.ends_in_backslash(start + 1)),
            next => {
                let message = "unexpected character after line continuation character";
                let at = if next.is_none() { start } else { start + 1 };
                let mut error = self.error_at(at, message);
                error.diagnostic.place = Place::Start;
                error.diagnostic.lexical = false;
                error.incomplete = next.is_none();
                error.outranks = false;
                Err(error)
            }
        }
    }

    fn ends_in_backslash(&self, at: usize) -> Box<LexError> {
        if !self.brackets.is_empty() {
            return self.never_closed();
        }
        let mut error = self.error_at(at, "unexpected EOF while parsing");
        error.diagnostic.place = Place::Layout;
        error.diagnostic.lexical = false;
        error.incomplete = true;
        error.outranks = false;
        error
    }

    fn open(&mut self, at: usize) -> Lex<()> {
        if self.brackets.len() >= MAX_BRACKETS {
            return Err(self.error_at(at, "too many nested parentheses"));
        }
        let open = self.text.as_bytes()[at];
        if open == b'(' && self.tokens.last().is_some_and(|t| t.kind == Tok::With) {
            self.candidates.push(self.tokens.len());
        }
        self.brackets.push(Bracket { open, at });
        Ok(())
    }

    fn close(&mut self, at: usize) -> Lex<()> {
        let close = self.text.as_bytes()[at] as char;
        let Some(bracket) = self.brackets.last().copied() else {
            return Err(self.error_at(at, format!("unmatched '{close}'")));
        };
        let fits = matches!(
            (bracket.open, close),
            (b'(', ')') | (b'[', ']') | (b'{', '}')
        );
        if !fits {
            return Err(self.mismatch(bracket, close, at));
        }
        if self.at_field_level() {
            self.end_field();
        }
        self.brackets.pop();
        Ok(())
    }

    fn mismatch(&self, bracket: Bracket, close: char, at: usize) -> Box<LexError> {
        if bracket.open == b'{' && self.at_field_level() {
            return self.error_at(at, format!("f-string: unmatched '{close}'"));
        }
        let open = bracket.open as char;
        let mut message =
            format!("closing parenthesis '{close}' does not match opening parenthesis '{open}'");
        let line = self.file.line_of(bracket.at as u32);
        if line != self.file.line_of(at as u32) {
            message.push_str(&format!(" on line {line}"));
        }
        self.error_at(at, message)
    }

    /// Measures the indentation of the next line that is not blank.
    fn begin_line(&mut self) -> Lex<()> {
        self.in_line = false;
        let mut column = Column::default();
        let mut continued: Option<Column> = None;
        let mut start = self.pos;
        loop {
            match self.peek() {
                Some(byte @ (b' ' | b'\t' | b'\x0c')) => {
                    column.advance(byte);
                    self.pos += 1;
                }
                // A joined line is as deep as the first of its parts.
                Some(b'\\') => {
                    self.pos += 1;
                    self.backslash(self.pos - 1)?;
                    continued = continued.or(Some(column));
                }
                Some(b'#') => self.skip_comment(),
                Some(b'\n') => {
                    self.pos += 1;
                    column = Column::default();
                    continued = None;
                    start = self.pos;
                }
                Some(_) => break,
                None => return Ok(()),
            }
        }
        self.indent(start, continued.unwrap_or(column))
    }

    fn skip_comment(&mut self) {
        let rest = &self.text[self.pos..];
        let length = rest.find('\n').unwrap_or(rest.len());
        let end = self.pos + length;
        self.comments.push(Span::new(self.pos as u32, end as u32));
        self.pos = end;
    }

    fn indent(&mut self, start: usize, column: Column) -> Lex<()> {
        match self.layout.line(column) {
            Ok(Step::Same) => {}
            Ok(Step::Indent) => self.push(Tok::Indent, start, self.pos),
            Ok(Step::Dedent(count)) => {
                for _ in 0..count {
                    self.push(Tok::Dedent, self.pos, self.pos);
                }
            }
            Err(error) => return Err(self.bad_layout(error, start)),
        }
        Ok(())
    }

    fn bad_layout(&self, error: LayoutError, start: usize) -> Box<LexError> {
        let line_end = self.text[start..].find('\n');
        let last = self.text.char_indices().next_back().map_or(0, |(at, _)| at);
        let line_end = match line_end {
            Some(length) => start + length,
            None if self.unended => last,
            None => self.text.len(),
        };
        let (kind, message, at, place) = match error {
            LayoutError::Tabs => (
                DiagnosticKind::TabError,
                "inconsistent use of tabs and spaces in indentation",
                start,
                Place::Start,
            ),
            LayoutError::NoOuterLevel => (
                DiagnosticKind::IndentationError,
                "unindent does not match any outer indentation level",
                line_end,
                Place::Layout,
            ),
            LayoutError::TooDeep => (
                DiagnosticKind::IndentationError,
                "too many levels of indentation",
                start,
                Place::Start,
            ),
        };
        let mut error = self.error_at(at, message);
        error.diagnostic.kind = kind;
        error.diagnostic.place = place;
        error.diagnostic.lexical = false;
        error.outranks = false;
        error
    }

    /// Ends the last line and all blocks.
    fn finish(&mut self) -> Lex<()> {
        if !self.brackets.is_empty() {
            return Err(self.never_closed());
        }
        let end = self.text.len();
        if self.in_line {
            self.push_at_end(Tok::Newline, self.comment_before(end), end + 1);
        }
        for _ in 0..self.layout.close() {
            self.push_at_end(Tok::Dedent, end, end);
        }
        self.push_at_end(Tok::EndMarker, end, end);
        Ok(())
    }

    fn never_closed(&self) -> Box<LexError> {
        let (open, at) = match self.brackets.last() {
            Some(bracket) => (bracket.open as char, bracket.at),
            None => ('(', self.pos),
        };
        let mut error = self.error_at(at, format!("'{open}' was never closed"));
        error.diagnostic.lexical = false;
        error.diagnostic.place = Place::Start;
        error.incomplete = true;
        error.unclosed = true;
        error.outranks = false;
        error
    }

    fn error_at(&self, at: usize, message: impl Into<String>) -> Box<LexError> {
        self.error_in(Span::at(at as u32), message)
    }

    fn error_in(&self, span: Span, message: impl Into<String>) -> Box<LexError> {
        Box::new(LexError {
            diagnostic: Diagnostic {
                lexical: true,
                ..Diagnostic::syntax(message, span)
            },
            incomplete: false,
            unclosed: false,
            open: match self.brackets.last() {
                Some(bracket) if self.fstrings.is_empty() => {
                    let at = bracket.at as u32;
                    Some(Span::new(at, at + 1))
                }
                _ => None,
            },
            outranks: self.fstrings.is_empty(),
        })
    }
}

/// True if an opening ends in three quotes.
fn is_triple(opening: &str) -> bool {
    opening.ends_with("'''") || opening.ends_with("\"\"\"")
}
