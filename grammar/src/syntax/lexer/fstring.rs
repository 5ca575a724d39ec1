//! f-strings: their text, and where their fields begin and end.
//!
//! An f-string is a start token, stretches of text, fields in braces, and an
//! end token. A field holds ordinary tokens, so the lexer goes back to logos
//! inside it; a `:` at the field's own level begins a format spec, which is
//! text again and may have fields of its own.

use super::{Bracket, Lex, LexError, Lexer, MAX_BRACKETS, is_triple};
use crate::syntax::token::Tok;

/// An f-string that has begun and not ended.
#[derive(Debug)]
pub(super) struct FString {
    start: usize,
    quote: u8,
    triple: bool,
    raw: bool,
    fields: Vec<Field>,
    /// True from the colon of a field to the next brace that closes one.
    fresh_spec: bool,
}

/// An open replacement field.
#[derive(Debug)]
struct Field {
    /// How many brackets are open directly inside it.
    level: usize,
    in_spec: bool,
}

/// f-strings in f-strings beyond this are refused.
const MAX_NESTING: usize = 149;
/// Fields in format specs beyond this are refused.
const MAX_FIELDS: usize = 3;

impl Lexer<'_> {
    /// True where text of an f-string or of a format spec comes next.
    pub(super) fn in_fstring_text(&self) -> bool {
        match self.fstrings.last() {
            Some(fstring) => fstring.fields.last().is_none_or(|field| field.in_spec),
            None => false,
        }
    }

    pub(super) fn fstring_start(&mut self, start: usize, end: usize) -> Lex<()> {
        if self.fstrings.len() >= MAX_NESTING {
            return Err(self.error_at(start, "too many nested f-strings"));
        }
        let text = &self.text[start..end];
        self.fstrings.push(FString {
            start,
            quote: self.text.as_bytes()[end - 1],
            triple: is_triple(text),
            raw: text.contains(['r', 'R']),
            fields: Vec::new(),
            fresh_spec: false,
        });
        self.push(Tok::FStringStart, start, end);
        Ok(())
    }

    /// Scans text up to a field, the end of a spec, or the end of the string.
    pub(super) fn fstring_text(&mut self) -> Lex<()> {
        let Some(fstring) = self.fstrings.last() else {
            return Ok(());
        };
        let (quote, triple, raw) = (fstring.quote, fstring.triple, fstring.raw);
        let in_spec = !fstring.fields.is_empty();
        let fresh_spec = fstring.fresh_spec && in_spec;
        let start = self.pos;
        // Inside `\N{...}` braces are no fields.
        let mut in_name = false;
        loop {
            let next = self.peek_at(self.pos + 1);
            match self.peek() {
                None => return Err(self.unterminated_fstring()),
                Some(b'\n') if !triple && fresh_spec => return self.leave_spec(start),
                Some(b'\n') if !triple => return Err(self.unterminated_fstring()),
                Some(byte) if byte == quote && (!triple || self.at_triple(quote)) => {
                    self.push_text(start);
                    return self.fstring_end(triple);
                }
                Some(b'{') if next == Some(b'{') && !fresh_spec => self.pos += 2,
                Some(b'{') => {
                    self.push_text(start);
                    return self.begin_field();
                }
                Some(b'}') if in_name => {
                    in_name = false;
                    self.pos += 1;
                }
                Some(b'}') if in_spec => {
                    self.push_text(start);
                    return self.close_field();
                }
                Some(b'}') if next == Some(b'}') => self.pos += 2,
                Some(b'}') => {
                    let message = "f-string: single '}' is not allowed";
                    return Err(self.error_at(self.pos, message));
                }
                Some(b'\\') => in_name |= self.skip_escape(raw),
                Some(_) => self.pos += 1,
            }
        }
    }

    /// Goes over an escape; true if it opened a `\N{`.
    fn skip_escape(&mut self, raw: bool) -> bool {
        self.pos += 1;
        match self.peek() {
            // A backslash does not escape a brace.
            Some(b'{' | b'}') | None => false,
            Some(b'N') if !raw && self.peek_at(self.pos + 1) == Some(b'{') => {
                self.pos += 2;
                true
            }
            Some(_) => {
                self.pos += 1;
                false
            }
        }
    }

    fn push_text(&mut self, start: usize) {
        if self.pos > start {
            self.push(Tok::FStringMiddle, start, self.pos);
        }
    }

    fn fstring_end(&mut self, triple: bool) -> Lex<()> {
        let end = self.pos + if triple { 3 } else { 1 };
        self.push(Tok::FStringEnd, self.pos, end);
        self.pos = end;
        self.fstrings.pop();
        Ok(())
    }

    fn begin_field(&mut self) -> Lex<()> {
        let at = self.pos;
        if self.brackets.len() >= MAX_BRACKETS {
            return Err(self.error_at(at, "too many nested parentheses"));
        }
        self.brackets.push(Bracket { open: b'{', at });
        let level = self.brackets.len();
        if let Some(fstring) = self.fstrings.last_mut() {
            fstring.fields.push(Field {
                level,
                in_spec: false,
            });
            if fstring.fields.len() > MAX_FIELDS {
                return Err(self.error_at(at, "f-string: expressions nested too deeply"));
            }
        }
        self.push(Tok::LBrace, at, at + 1);
        self.pos = at + 1;
        Ok(())
    }

    fn close_field(&mut self) -> Lex<()> {
        let at = self.pos;
        self.pos = at + 1;
        self.close(at)?;
        self.push(Tok::RBrace, at, at + 1);
        Ok(())
    }

    /// A line end in the format spec of a string in single quotes ends the
    /// spec but not the field.
    fn leave_spec(&mut self, start: usize) -> Lex<()> {
        self.push_text(start);
        if let Some(field) = self.field_mut() {
            field.in_spec = false;
        }
        if let Some(fstring) = self.fstrings.last_mut() {
            fstring.fresh_spec = false;
        }
        Ok(())
    }

    /// True directly inside a field, not inside brackets within it.
    pub(super) fn at_field_level(&self) -> bool {
        let field = self.fstrings.last().and_then(|f| f.fields.last());
        field.is_some_and(|field| field.level == self.brackets.len())
    }

    pub(super) fn at_format_spec(&self) -> bool {
        self.at_field_level()
    }

    /// Takes just the `:`, also of a `:=`.
    pub(super) fn begin_format_spec(&mut self, start: usize) -> Lex<()> {
        self.push(Tok::Colon, start, start + 1);
        self.pos = start + 1;
        if let Some(field) = self.field_mut() {
            field.in_spec = true;
        }
        if let Some(fstring) = self.fstrings.last_mut() {
            fstring.fresh_spec = true;
        }
        Ok(())
    }

    pub(super) fn end_field(&mut self) {
        if let Some(fstring) = self.fstrings.last_mut() {
            fstring.fields.pop();
            fstring.fresh_spec = false;
        }
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        self.fstrings.last_mut()?.fields.last_mut()
    }

    /// True if these are the quotes of the innermost f-string.
    pub(super) fn closes_fstring(&self, quote: u8, triple: bool) -> bool {
        let fstring = self.fstrings.last();
        fstring.is_some_and(|f| f.quote == quote && f.triple == triple)
    }

    fn unterminated_fstring(&self) -> Box<LexError> {
        let (start, triple) = match self.fstrings.last() {
            Some(fstring) => (fstring.start, fstring.triple),
            None => (self.pos, false),
        };
        let line = self.last_line();
        let kind = if triple {
            "triple-quoted f-string"
        } else {
            "f-string"
        };
        let message = format!("unterminated {kind} literal (detected at line {line})");
        let mut error = self.error_at(start, message);
        error.incomplete = triple;
        error
    }
}
