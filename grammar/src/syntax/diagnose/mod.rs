//! What exactly is wrong with a text that the grammar refused.
//!
//! An LR parser knows where it stopped, not what the author meant. So only
//! when a text is refused, its tokens are read once more by the descent
//! parser in this folder, which follows the shape of CPython's grammar and at
//! each point also tries the mistakes that CPython has messages for. It runs
//! twice, as CPython's does: first without the mistakes, to learn how far the
//! text makes sense, then with them. It builds no tree, only `Node`s: what
//! kind of expression stands where.
//!
//! It gives up on texts that nest too deep or take too many steps; the plain
//! `invalid syntax` of the caller stands then.

mod atom;
mod call;
mod expr;
mod fstring;
mod params;
mod pattern;
mod simple;
mod stmt;
mod target;

use super::Mode;
use super::lexer::Lexed;
use super::token::{Tok, Token};
use crate::source::{Diagnostic, Place, SourceFile, Span};
use std::collections::HashMap;
use std::rc::Rc;

/// What the second look found.
pub enum Finding {
    /// A mistake with a message, and the last token that was looked at.
    Mistake(Diagnostic, usize),
    /// The text makes sense up to the first token, and there is no more to
    /// say; the second is the last that was looked at.
    Unexpected(usize, usize),
    /// The reading got as far as the error of the lexer.
    Lexer,
    /// Nothing: the text is fine, or the look was given up.
    Nothing,
}

/// Reads the tokens again, from the statement on that token `stop` is in.
pub fn diagnose(file: &SourceFile, lexed: &Lexed, stop: usize, mode: Mode) -> Finding {
    let start = match mode {
        Mode::File => match dubious_match(file, &lexed.tokens, stop) {
            Some(index) => statement_start(&lexed.tokens, index + 1),
            None => statement_start(&lexed.tokens, stop),
        },
        Mode::Eval | Mode::Single => 0,
    };
    let mut reader = Reader::new(file, lexed, start);
    reader.ends_lines = mode == Mode::File;
    match reader.text(mode) {
        Ok(Some(())) | Err(Stop::GiveUp) => return Finding::Nothing,
        Err(Stop::Mistake(diagnostic)) if reader.furthest < lexed.tokens.len() => {
            return Finding::Mistake(*diagnostic, reader.furthest);
        }
        Err(Stop::Mistake(_)) | Ok(None) | Err(Stop::Forced) => {}
    }
    let last = reader.furthest;
    if last < lexed.tokens.len() {
        reader.second_look(start);
    }
    let found = match last < lexed.tokens.len() {
        true => reader.text(mode),
        false => Ok(None),
    };
    if lexed.error.is_some() && reader.furthest >= lexed.tokens.len() {
        return Finding::Lexer;
    }
    match found {
        Err(Stop::Mistake(diagnostic)) => Finding::Mistake(*diagnostic, reader.furthest),
        _ => Finding::Unexpected(last, reader.furthest),
    }
}

/// The first line that begins with a name `match`. CPython, looking for
/// mistakes, takes some of these for match statements without a colon, even
/// where the mistake is elsewhere.
fn dubious_match(file: &SourceFile, tokens: &[Token], stop: usize) -> Option<usize> {
    let is_match = |index: &usize| {
        let token = &tokens[*index];
        let begins = *index == 0
            || matches!(
                tokens[index - 1].kind,
                Tok::Newline | Tok::Indent | Tok::Dedent
            );
        begins && token.kind == Tok::Name && file.slice(token.span) == "match"
    };
    (0..stop.min(tokens.len())).find(is_match)
}

/// The first token of the outermost statement that a token is in.
pub(super) fn statement_start(tokens: &[Token], stop: usize) -> usize {
    let (mut start, mut depth, mut decorated) = (0, 0_usize, false);
    for (index, token) in tokens.iter().enumerate().take(stop.max(1)) {
        match token.kind {
            Tok::Indent => depth += 1,
            Tok::Dedent => depth = depth.saturating_sub(1),
            _ => {}
        }
        let begins = index == 0 || matches!(tokens[index - 1].kind, Tok::Newline | Tok::Dedent);
        let goes_on = matches!(
            token.kind,
            Tok::Elif | Tok::Else | Tok::Except | Tok::Finally | Tok::Dedent | Tok::Indent
        );
        if begins && depth == 0 && !goes_on && token.kind != Tok::EndMarker {
            if !decorated {
                start = index;
            }
            decorated = token.kind == Tok::At;
        }
    }
    start
}

/// Why reading stops before its end.
enum Stop {
    Mistake(Box<Diagnostic>),
    /// A token is missing that must stand there, and no mistakes were tried.
    Forced,
    GiveUp,
}

/// A match, no match, or a stop.
type Read<T> = Result<Option<T>, Stop>;

/// An expression that was read.
#[derive(Debug)]
struct Node {
    kind: Kind,
    span: Span,
}

type N = Rc<Node>;

/// What messages tell apart.
#[derive(Debug)]
enum Kind {
    Name,
    Attribute,
    Subscript,
    Starred(N),
    List(Vec<N>),
    Tuple(Vec<N>),
    /// With the left operand, if the first operator is `in`.
    Compare(Option<N>),
    Generator,
    /// Anything else, with its name in messages.
    Other(&'static str),
}

impl Node {
    fn new(kind: Kind, start: u32, end: u32) -> N {
        let span = Span::new(start, end);
        Rc::new(Node { kind, span })
    }

    /// What the expression is called in messages.
    fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Name => "name",
            Kind::Attribute => "attribute",
            Kind::Subscript => "subscript",
            Kind::Starred(_) => "starred",
            Kind::List(_) => "list",
            Kind::Tuple(_) => "tuple",
            Kind::Compare(_) => "comparison",
            Kind::Generator => "generator expression",
            Kind::Other(name) => name,
        }
    }
}

/// The rules whose results are kept, since several alternatives ask for them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Rule {
    Expression,
    Disjunction,
    Conjunction,
    Inversion,
    Comparison,
    BitwiseOr,
    Primary,
    Atom,
    StarExpressions,
    StarExpression,
    NamedExpression,
    InvalidNamed,
    Strings,
    ForIfClauses,
    SimpleStatement,
    Block,
}

impl Rule {
    /// True for the rules that CPython keeps whether or not mistakes are
    /// tried. It matters: what was read without trying mistakes is not read
    /// again with them, so some are never found.
    fn is_shared(self) -> bool {
        !matches!(
            self,
            Rule::Comparison
                | Rule::Atom
                | Rule::StarExpressions
                | Rule::NamedExpression
                | Rule::ForIfClauses
        )
    }
}

type Memo = HashMap<(Rule, usize, bool), (Option<N>, usize)>;

struct Reader<'a> {
    file: &'a SourceFile,
    tokens: &'a [Token],
    /// Open brackets behind each token.
    levels: Vec<u16>,
    pos: usize,
    /// The last token that was looked at, in either pass.
    furthest: usize,
    /// True where mistakes are tried too.
    mistakes: bool,
    /// True where the text gets a line end at its end, if it lacks one.
    ends_lines: bool,
    memo: Memo,
    depth: usize,
    steps: usize,
}

/// The end of a text that ends inside brackets: no token at all.
const NOTHING: Tok = Tok::Comment;

const MAX_DEPTH: usize = 120;
const MAX_STEPS: usize = 3_000_000;

impl<'a> Reader<'a> {
    fn new(file: &'a SourceFile, lexed: &'a Lexed, start: usize) -> Reader<'a> {
        Reader {
            file,
            tokens: &lexed.tokens,
            levels: levels(&lexed.tokens),
            pos: start,
            furthest: start,
            mistakes: false,
            ends_lines: true,
            memo: Memo::new(),
            depth: 0,
            steps: 0,
        }
    }

    /// Starts again, with the mistakes.
    fn second_look(&mut self, start: usize) {
        self.pos = start;
        self.mistakes = true;
        self.depth = 0;
        self.memo.clear();
    }

    fn text(&mut self, mode: Mode) -> Read<()> {
        match mode {
            Mode::File | Mode::Single => {
                self.statements()?;
            }
            Mode::Eval => {
                if self.expressions()?.is_none() {
                    return Ok(None);
                }
                while self.eat(Tok::Newline) {}
            }
        }
        Ok(self.eat(Tok::EndMarker).then_some(()))
    }

    // ----------------------------------------------------------- tokens

    /// The kind of a token; soft keywords are names here.
    fn kind(&mut self, index: usize) -> Tok {
        self.furthest = self.furthest.max(index.min(self.tokens.len()));
        match self.tokens.get(index).map(|token| token.kind) {
            Some(Tok::Match | Tok::Case | Tok::Type) => Tok::Name,
            Some(Tok::WithParen) => Tok::LPar,
            Some(kind) => kind,
            None => NOTHING,
        }
    }

    fn peek(&mut self) -> Tok {
        self.kind(self.pos)
    }

    fn peek_second(&mut self) -> Tok {
        match self.peek() {
            NOTHING => NOTHING,
            _ => self.kind(self.pos + 1),
        }
    }

    fn at(&mut self, kind: Tok) -> bool {
        self.peek() == kind
    }

    fn at_any(&mut self, kinds: &[Tok]) -> bool {
        kinds.contains(&self.peek())
    }

    fn eat(&mut self, kind: Tok) -> bool {
        let fits = self.at(kind);
        self.pos += usize::from(fits);
        fits
    }

    fn eat_any(&mut self, kinds: &[Tok]) -> bool {
        let fits = self.at_any(kinds);
        self.pos += usize::from(fits);
        fits
    }

    /// Takes a token and tells where it stands.
    fn take(&mut self, kind: Tok) -> Option<Span> {
        let span = self.span();
        self.eat(kind).then_some(span)
    }

    /// Where the next token stands.
    fn span(&self) -> Span {
        self.span_at(self.pos)
    }

    fn span_at(&self, index: usize) -> Span {
        let end = self.file.text().len() as u32;
        self.tokens.get(index).map_or(Span::at(end), |t| t.span)
    }

    /// Where the last taken token ends.
    fn end(&self) -> u32 {
        match self.pos {
            0 => 0,
            pos => self.span_at(pos - 1).end,
        }
    }

    fn word_at(&self, index: usize) -> &'a str {
        let file = self.file;
        self.tokens.get(index).map_or("", |t| file.slice(t.span))
    }

    fn at_word(&mut self, word: &str) -> bool {
        self.at(Tok::Name) && self.word_at(self.pos) == word
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let fits = self.at_word(word);
        self.pos += usize::from(fits);
        fits
    }

    fn line(&self, span: Span) -> u32 {
        self.file.line_of(span.start)
    }

    // ------------------------------------------------------ backtracking

    /// Goes back to a place and matches nothing.
    fn back<T>(&mut self, pos: usize) -> Read<T> {
        self.pos = pos;
        Ok(None)
    }

    /// Reads something and goes back if that is no match.
    fn attempt<T>(&mut self, rule: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let start = self.pos;
        let found = rule(self)?;
        if found.is_none() {
            self.pos = start;
        }
        Ok(found)
    }

    /// Tries a mistake: it stops the reading or leaves no trace.
    fn mistake(&mut self, rule: impl FnOnce(&mut Self) -> Read<()>) -> Result<(), Stop> {
        if self.mistakes {
            let start = self.pos;
            rule(self)?;
            self.pos = start;
        }
        Ok(())
    }

    fn memo(&mut self, rule: Rule, read: impl FnOnce(&mut Self) -> Read<N>) -> Read<N> {
        let key = (rule, self.pos, self.mistakes || rule.is_shared());
        if let Some((found, end)) = self.memo.get(&key) {
            self.pos = *end;
            return Ok(found.clone());
        }
        self.steps += 1;
        if self.depth >= MAX_DEPTH * 8 || self.steps > MAX_STEPS {
            return Err(Stop::GiveUp);
        }
        self.depth += 1;
        let found = self.attempt(read)?;
        self.depth -= 1;
        self.memo.insert(key, (found.clone(), self.pos));
        Ok(found)
    }

    // ---------------------------------------------------------- mistakes

    /// A mistake at the last token looked at.
    fn raise<T>(&self, message: impl Into<String>) -> Read<T> {
        let diagnostic = Diagnostic::syntax(message, Span::at(0));
        Err(Stop::Mistake(Box::new(self.at_last_token(diagnostic))))
    }

    fn raise_in<T>(&self, span: Span, message: impl Into<String>) -> Read<T> {
        let diagnostic = Diagnostic::syntax(message, span);
        Err(Stop::Mistake(Box::new(diagnostic)))
    }

    /// A mistake from a place on to the last character but one of what was
    /// looked at, as CPython counts.
    fn raise_from<T>(&self, span: Span, message: impl Into<String>) -> Read<T> {
        let end = self.span_at(self.furthest).end.saturating_sub(1);
        self.raise_in(Span::new(span.start, end.max(span.start)), message)
    }

    /// A missing block.
    fn raise_block<T>(&self, what: &str, keyword: Span) -> Read<T> {
        let line = self.line(keyword);
        let message = format!("expected an indented block after {what} on line {line}");
        let diagnostic = Diagnostic::indentation(message, Span::at(0));
        Err(Stop::Mistake(Box::new(self.at_last_token(diagnostic))))
    }

    /// Puts a message where the last token is that was looked at. Those of
    /// the layout have a place, but no width.
    fn at_last_token(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.span = self.span_at(self.furthest);
        let Some(token) = self.tokens.get(self.furthest) else {
            return diagnostic;
        };
        match token.kind {
            Tok::EndMarker | Tok::Dedent if token.at_end => {
                diagnostic.span = self.last_line_end();
                diagnostic.place = Place::Layout;
            }
            Tok::Newline if token.at_end && !self.ends_lines => {
                diagnostic.span = self.last_line_end();
                diagnostic.place = Place::Layout;
            }
            Tok::Dedent | Tok::Indent => {
                let at = token.span.end;
                diagnostic.span = Span::at(at.saturating_sub(1));
                diagnostic.place = Place::Layout;
                if self.file.position(at).column == 0 {
                    diagnostic.span = Span::at(at);
                    diagnostic.place = Place::Before;
                }
            }
            _ => {}
        }
        diagnostic
    }

    /// Where the last line ends: its last character, where no line end follows.
    fn last_line_end(&self) -> Span {
        let text = self.file.text();
        let last = text.char_indices().next_back();
        Span::at(match last.filter(|&(_, c)| c == '\n' || !self.ends_lines) {
            Some((at, _)) => at,
            None => text.len(),
        } as u32)
    }

    /// A token that must follow, whatever is tried.
    fn force(&mut self, kind: Tok, text: &str) -> Result<(), Stop> {
        if self.eat(kind) {
            return Ok(());
        }
        if !self.mistakes {
            return Err(Stop::Forced);
        }
        let message = format!("expected '{text}'");
        self.raise_in::<()>(self.span(), message).map(|_| ())
    }
}

/// Counts the open brackets behind each token.
fn levels(tokens: &[Token]) -> Vec<u16> {
    let mut level: u16 = 0;
    let each = tokens.iter().map(|token| {
        if token.kind.is_open() {
            level += 1;
        } else if token.kind.is_close() {
            level = level.saturating_sub(1);
        }
        level
    });
    each.collect()
}
