//! Strings and the fields of f-strings.

use super::{Kind, N, Node, Read, Reader, Rule};
use crate::syntax::token::Tok;

impl Reader<'_> {
    pub(super) fn strings(&mut self) -> Read<N> {
        self.memo(Rule::Strings, |r| {
            let start = r.span().start;
            let mut formatted = false;
            let (mut bytes, mut texts) = (false, false);
            loop {
                match r.peek() {
                    Tok::String => {
                        let prefix = r.word_at(r.pos).split(['\'', '"']).next();
                        let is_bytes = prefix.is_some_and(|p| p.contains(['b', 'B']));
                        bytes |= is_bytes;
                        texts |= !is_bytes;
                        r.pos += 1;
                    }
                    Tok::FStringStart => {
                        formatted = true;
                        if r.attempt(Self::fstring)?.is_none() {
                            break;
                        }
                    }
                    _ => break,
                }
            }
            if r.end() <= start {
                return Ok(None);
            }
            if bytes && (texts || formatted) {
                return r.raise("cannot mix bytes and nonbytes literals");
            }
            let kind = match formatted {
                true => Kind::Other("f-string expression"),
                false => Kind::Other("literal"),
            };
            Ok(Some(Node::new(kind, start, r.end())))
        })
    }

    fn fstring(&mut self) -> Read<()> {
        self.pos += 1;
        self.fstring_parts()?;
        Ok(self.eat(Tok::FStringEnd).then_some(()))
    }

    fn fstring_parts(&mut self) -> Read<()> {
        loop {
            match self.peek() {
                Tok::FStringMiddle => self.pos += 1,
                Tok::LBrace => {
                    if self.attempt(Self::replacement_field)?.is_none() {
                        return Ok(None);
                    }
                }
                _ => return Ok(Some(())),
            }
        }
    }

    fn replacement_field(&mut self) -> Read<()> {
        let start = self.pos;
        self.pos += 1;
        if self.annotated_rhs()?.is_some() {
            self.eat(Tok::Equal);
            let mut conversion = None;
            if self.peek() == Tok::Exclamation && self.peek_second() == Tok::Name {
                self.check_conversion_place()?;
                conversion = Some(self.pos + 1);
                self.pos += 2;
            }
            if self.eat(Tok::Colon) {
                self.fstring_parts()?;
            }
            if self.eat(Tok::RBrace) {
                return self.check_conversion(conversion);
            }
        }
        self.pos = start;
        self.mistake(Self::invalid_field)?;
        Ok(None)
    }

    fn check_conversion_place(&mut self) -> Read<()> {
        let (mark, name) = (self.span(), self.span_at(self.pos + 1));
        if mark.end != name.start {
            let message = "f-string: conversion type must come right after the exclamanation mark";
            return self.raise_in(mark.to(name), message);
        }
        Ok(Some(()))
    }

    fn check_conversion(&mut self, name: Option<usize>) -> Read<()> {
        let Some(index) = name else {
            return Ok(Some(()));
        };
        match self.word_at(index) {
            "s" | "r" | "a" => Ok(Some(())),
            other => {
                let message = format!(
                    "f-string: invalid conversion character '{other}': expected 's', 'r', or 'a'"
                );
                self.raise_in(self.span_at(index), message)
            }
        }
    }

    fn invalid_field(&mut self) -> Read<()> {
        self.pos += 1;
        let span = self.span();
        let first = match self.peek() {
            Tok::Equal => "=",
            Tok::Exclamation => "!",
            Tok::Colon => ":",
            Tok::RBrace => "}",
            _ => "",
        };
        if !first.is_empty() {
            let message = format!("f-string: valid expression required before '{first}'");
            return self.raise_in(span, message);
        }
        if self.annotated_rhs()?.is_none() {
            let message = "f-string: expecting a valid expression after '{'";
            return self.raise_next(message);
        }
        let ends = [Tok::Exclamation, Tok::Colon, Tok::RBrace];
        if !self.eat(Tok::Equal) {
            if !self.at_any(&ends) {
                let message = "f-string: expecting '=', or '!', or ':', or '}'";
                return self.raise_next(message);
            }
        } else if !self.at_any(&ends) {
            return self.raise_next("f-string: expecting '!', or ':', or '}'");
        }
        self.invalid_conversion()?;
        if !self.at_any(&[Tok::Colon, Tok::RBrace]) {
            return self.raise_next("f-string: expecting ':' or '}'");
        }
        if self.eat(Tok::Colon) {
            self.fstring_parts()?;
            if !self.at(Tok::RBrace) {
                return self.raise_next("f-string: expecting '}', or format specs");
            }
        }
        if !self.at(Tok::RBrace) {
            return self.raise_next("f-string: expecting '}'");
        }
        Ok(None)
    }

    /// True directly inside the field of an f-string.
    pub(super) fn in_field(&self, index: usize) -> bool {
        let mut closed = 0;
        for before in (0..index).rev() {
            let kind = self.tokens[before].kind;
            if kind.is_close() {
                closed += 1;
            } else if kind.is_open() && closed > 0 {
                closed -= 1;
            } else if kind.is_open() {
                let outside = before.checked_sub(1).map(|index| self.tokens[index].kind);
                let text = [Tok::FStringStart, Tok::FStringMiddle, Tok::RBrace];
                return outside.is_some_and(|kind| text.contains(&kind));
            }
        }
        false
    }

    fn invalid_conversion(&mut self) -> Read<()> {
        if !self.eat(Tok::Exclamation) {
            return Ok(None);
        }
        if self.at_any(&[Tok::Colon, Tok::RBrace]) {
            return self.raise_next("f-string: missing conversion character");
        }
        if !self.eat(Tok::Name) {
            return self.raise_next("f-string: invalid conversion character");
        }
        Ok(Some(()))
    }

    /// A mistake at the next token.
    fn raise_next<T>(&mut self, message: &str) -> Read<T> {
        self.peek();
        self.raise_in(self.span(), message)
    }
}
