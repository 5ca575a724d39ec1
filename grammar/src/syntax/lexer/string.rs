//! Strings and bytes without replacement fields: where they end.

use super::{Lex, LexError, Lexer, is_triple};
use crate::syntax::token::Tok;

impl Lexer<'_> {
    /// Scans a string whose prefix and quotes are `start..body`.
    pub(super) fn string(&mut self, start: usize, body: usize) -> Lex<()> {
        let quote = self.text.as_bytes()[body - 1];
        let triple = is_triple(&self.text[start..body]);
        let mut escaped_quote = false;
        self.pos = body;
        loop {
            let Some(byte) = self.peek() else {
                return Err(self.unterminated(start, quote, triple, escaped_quote));
            };
            match byte {
                b'\\' => {
                    self.pos += 1;
                    escaped_quote |= self.peek() == Some(quote);
                    self.pos += usize::from(self.peek().is_some());
                }
                b'\n' if !triple => {
                    return Err(self.unterminated(start, quote, triple, escaped_quote));
                }
                _ if byte == quote && (!triple || self.at_triple(quote)) => {
                    self.pos += if triple { 3 } else { 1 };
                    break;
                }
                _ => self.pos += 1,
            }
        }
        self.push(Tok::String, start, self.pos);
        Ok(())
    }

    pub(super) fn at_triple(&self, quote: u8) -> bool {
        let rest = &self.text.as_bytes()[self.pos..];
        rest.len() >= 3 && rest[..3].iter().all(|&byte| byte == quote)
    }

    fn unterminated(
        &self,
        start: usize,
        quote: u8,
        triple: bool,
        escaped_quote: bool,
    ) -> Box<LexError> {
        // The quotes of the f-string around it: what is missing is a `}`.
        if self.closes_fstring(quote, triple) {
            return self.error_at(start, "f-string: expecting '}'");
        }
        if triple {
            let line = self.file.line_count();
            let mut error = self.error_at(
                start,
                format!("unterminated triple-quoted string literal (detected at line {line})"),
            );
            error.incomplete = true;
            return error;
        }
        let line = self.last_line();
        let mut message = format!("unterminated string literal (detected at line {line})");
        if escaped_quote {
            message.push_str("; perhaps you escaped the end quote?");
        }
        self.error_at(start, message)
    }

    /// The line that was being read when the text ended.
    pub(super) fn last_line(&self) -> u32 {
        let line = self.file.line_of(self.pos as u32);
        line.min(self.file.line_count())
    }
}
