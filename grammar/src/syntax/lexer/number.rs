//! Numbers: all their forms, and what is wrong with those that are none.

use super::{Lex, LexError, Lexer};
use crate::source::{Diagnostic, DiagnosticKind, Span};
use crate::syntax::token::Tok;

impl Lexer<'_> {
    /// Scans a number that begins at `start` with a digit or with a dot and a digit.
    pub(super) fn number(&mut self, start: usize) -> Lex<()> {
        self.pos = start;
        let radix = match (self.peek(), self.peek_at(start + 1)) {
            (Some(b'0'), Some(b'x' | b'X')) => Some(Radix::HEXADECIMAL),
            (Some(b'0'), Some(b'o' | b'O')) => Some(Radix::OCTAL),
            (Some(b'0'), Some(b'b' | b'B')) => Some(Radix::BINARY),
            _ => None,
        };
        match radix {
            Some(radix) => self.radix_number(&radix)?,
            None => self.decimal_number(start)?,
        }
        self.push(Tok::Number, start, self.pos);
        Ok(())
    }

    fn radix_number(&mut self, radix: &Radix) -> Lex<()> {
        self.pos += 2;
        loop {
            if self.peek() == Some(b'_') {
                self.pos += 1;
            }
            if !self.peek().is_some_and(radix.digit) {
                return Err(self.bad_digit(radix));
            }
            while self.peek().is_some_and(radix.digit) {
                self.pos += 1;
            }
            if self.peek() != Some(b'_') {
                break;
            }
        }
        let decimal = self.peek().is_some_and(|byte| byte.is_ascii_digit());
        if decimal {
            return Err(self.bad_digit(radix));
        }
        self.end_of_number(radix.name)
    }

    fn bad_digit(&mut self, radix: &Radix) -> Box<LexError> {
        match self.peek() {
            Some(digit) if digit.is_ascii_digit() => {
                self.pos += 1;
                let digit = digit as char;
                let name = radix.name;
                self.bad_number(format!("invalid digit '{digit}' in {name} literal"))
            }
            _ => self.bad_number(format!("invalid {} literal", radix.name)),
        }
    }

    fn decimal_number(&mut self, start: usize) -> Lex<()> {
        let leading_zero = self.peek() == Some(b'0');
        if self.peek() != Some(b'.') {
            self.digits()?;
        }
        let integer_end = self.pos;
        if self.peek() == Some(b'.') {
            self.pos += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                self.digits()?;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) && !self.exponent()? {
            return self.end_of_number("decimal");
        }
        if matches!(self.peek(), Some(b'j' | b'J')) {
            self.pos += 1;
            return self.end_of_number("imaginary");
        }
        if self.pos == integer_end && leading_zero {
            self.refuse_leading_zeros(start)?;
        }
        self.end_of_number("decimal")
    }

    /// Digits with single underscores between them.
    fn digits(&mut self) -> Lex<()> {
        loop {
            while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                self.pos += 1;
            }
            if self.peek() != Some(b'_') {
                return Ok(());
            }
            self.pos += 1;
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.bad_number("invalid decimal literal"));
            }
        }
    }

    /// An exponent, if it is one: in `1else` the `e` belongs to a keyword.
    fn exponent(&mut self) -> Lex<bool> {
        let signed = matches!(self.peek_at(self.pos + 1), Some(b'+' | b'-'));
        let first = self.pos + 1 + usize::from(signed);
        if self
            .peek_at(first)
            .is_some_and(|byte| byte.is_ascii_digit())
        {
            self.pos = first;
            return self.digits().map(|()| true);
        }
        if signed {
            self.pos = first;
            return Err(self.bad_number("invalid decimal literal"));
        }
        Ok(false)
    }

    fn refuse_leading_zeros(&self, start: usize) -> Lex<()> {
        let text = &self.text[start..self.pos];
        let zeros = text.len() - text.trim_start_matches(['0', '_']).len();
        if zeros == text.len() {
            return Ok(());
        }
        let span = Span::new(start as u32, (start + zeros) as u32);
        let message = "leading zeros in decimal integer literals are not permitted; \
                       use an 0o prefix for octal integers";
        Err(self.error_in(span, message))
    }

    /// A letter must not follow, except that of a keyword, which is only
    /// warned about.
    fn end_of_number(&mut self, name: &str) -> Lex<()> {
        let rest = &self.text[self.pos..];
        let Some(next) = rest.bytes().next() else {
            return Ok(());
        };
        if begins_with_keyword(rest) {
            self.warnings.push(Diagnostic::new(
                DiagnosticKind::SyntaxWarning,
                format!("invalid {name} literal"),
                Span::at(self.pos as u32 - 1),
            ));
            return Ok(());
        }
        if next == b'_' || next.is_ascii_alphanumeric() {
            return Err(self.bad_number(format!("invalid {name} literal")));
        }
        Ok(())
    }

    /// An error at the last character that was looked at.
    fn bad_number(&self, message: impl Into<String>) -> Box<LexError> {
        self.error_at(self.pos.saturating_sub(1), message)
    }
}

/// True for the keywords that may follow a number.
fn begins_with_keyword(rest: &str) -> bool {
    if ["if", "in", "is"].iter().any(|word| rest.starts_with(word)) {
        return true;
    }
    let ends = |rest: &str| {
        let next = rest.chars().next();
        next.is_none_or(|c| c != '_' && !c.is_alphanumeric())
    };
    let words = ["and", "else", "for", "not", "or"];
    words
        .iter()
        .any(|word| rest.strip_prefix(word).is_some_and(ends))
}

/// A way to write integers other than the decimal one.
struct Radix {
    name: &'static str,
    digit: fn(u8) -> bool,
}

impl Radix {
    const HEXADECIMAL: Radix = Radix {
        name: "hexadecimal",
        digit: |byte| byte.is_ascii_hexdigit(),
    };
    const OCTAL: Radix = Radix {
        name: "octal",
        digit: |byte| (b'0'..=b'7').contains(&byte),
    };
    const BINARY: Radix = Radix {
        name: "binary",
        digit: |byte| matches!(byte, b'0' | b'1'),
    };
}
