//! `match` and its patterns.

use super::{Read, Reader};
use crate::source::Span;
use crate::syntax::token::Tok;

impl Reader<'_> {
    pub(super) fn match_statement(&mut self) -> Read<()> {
        let keyword = self.span();
        self.pos += 1;
        if self.subject()?.is_none() {
            return Ok(None);
        }
        if self.mistakes && self.at(Tok::Newline) {
            return self.raise("expected ':'");
        }
        if !self.eat(Tok::Colon) || !self.eat(Tok::Newline) {
            return Ok(None);
        }
        if !self.eat(Tok::Indent) {
            return match self.mistakes {
                true => self.raise_block("'match' statement", keyword),
                false => Ok(None),
            };
        }
        let mut cases = 0;
        while self.attempt(Self::case_block)?.is_some() {
            cases += 1;
        }
        Ok((cases > 0 && self.eat(Tok::Dedent)).then_some(()))
    }

    fn subject(&mut self) -> Read<()> {
        let start = self.pos;
        if self.star_named_expression()?.is_some() && self.eat(Tok::Comma) {
            self.star_named_expressions()?;
            return Ok(Some(()));
        }
        self.pos = start;
        Ok(self.named_expression()?.map(|_| ()))
    }

    fn case_block(&mut self) -> Read<()> {
        let keyword = self.span();
        if !self.eat_word("case") || self.patterns()?.is_none() {
            return Ok(None);
        }
        let before = self.pos;
        if self.eat(Tok::If) && self.named_expression()?.is_none() {
            self.pos = before;
        }
        if self.mistakes && self.at(Tok::Newline) {
            return self.raise("expected ':'");
        }
        if !self.eat(Tok::Colon) {
            return Ok(None);
        }
        if self.mistakes && self.at(Tok::Newline) && self.peek_second() != Tok::Indent {
            return self.raise_block("'case' statement", keyword);
        }
        self.block()
    }

    fn patterns(&mut self) -> Read<()> {
        self.pattern_list(None)
    }

    /// Patterns with commas, up to a closing bracket if there is one.
    fn pattern_list(&mut self, close: Option<Tok>) -> Read<()> {
        let mut any = false;
        loop {
            if close.is_some_and(|close| self.at(close)) {
                break;
            }
            if self.attempt(Self::maybe_star_pattern)?.is_none() {
                break;
            }
            any = true;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        match close {
            Some(close) => Ok(self.eat(close).then_some(())),
            None => Ok(any.then_some(())),
        }
    }

    fn maybe_star_pattern(&mut self) -> Read<()> {
        if self.eat(Tok::Star) {
            return Ok(self.eat(Tok::Name).then_some(()));
        }
        self.pattern()
    }

    fn pattern(&mut self) -> Read<()> {
        if self.or_pattern()?.is_none() {
            return Ok(None);
        }
        let before = self.pos;
        if !self.eat(Tok::As) {
            return Ok(Some(()));
        }
        let target = self.span();
        let wildcard = self.at_word("_");
        let called = self.peek_second();
        let plain = self.eat(Tok::Name)
            && !wildcard
            && !matches!(called, Tok::Dot | Tok::LPar | Tok::Equal);
        if plain {
            return Ok(Some(()));
        }
        if self.mistakes {
            if wildcard {
                return self.raise_in(target, "cannot use '_' as a target");
            }
            self.pos = before + 1;
            if !self.at(Tok::Name)
                && let Some(target) = self.expression()?
            {
                return self.raise_in(target.span, "invalid pattern target");
            }
        }
        self.pos = before;
        Ok(Some(()))
    }

    fn or_pattern(&mut self) -> Read<()> {
        if self.closed_pattern()?.is_none() {
            return Ok(None);
        }
        loop {
            let before = self.pos;
            if !self.eat(Tok::VBar) || self.closed_pattern()?.is_none() {
                self.pos = before;
                return Ok(Some(()));
            }
        }
    }

    fn closed_pattern(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > super::MAX_DEPTH * 8 {
            return Err(super::Stop::GiveUp);
        }
        let start = self.pos;
        let found = self.closed_pattern_inside()?;
        self.depth -= 1;
        match found {
            Some(()) => Ok(Some(())),
            None => self.back(start),
        }
    }

    fn closed_pattern_inside(&mut self) -> Read<()> {
        match self.peek() {
            Tok::Number | Tok::Minus => Ok(self.signed_number()),
            Tok::String | Tok::FStringStart => Ok(self.strings()?.map(|_| ())),
            Tok::None | Tok::True | Tok::False => {
                self.pos += 1;
                Ok(Some(()))
            }
            Tok::Name => {
                self.pos += 1;
                while self.at(Tok::Dot) && self.peek_second() == Tok::Name {
                    self.pos += 2;
                }
                match self.eat(Tok::LPar) {
                    true => self.class_arguments(),
                    false => Ok(Some(())),
                }
            }
            Tok::LPar => {
                self.pos += 1;
                self.pattern_list(Some(Tok::RPar))
            }
            Tok::LSqb => {
                self.pos += 1;
                self.pattern_list(Some(Tok::RSqb))
            }
            Tok::LBrace => {
                self.pos += 1;
                self.mapping_items()
            }
            _ => Ok(None),
        }
    }

    fn signed_number(&mut self) -> Option<()> {
        self.eat(Tok::Minus);
        if !self.eat(Tok::Number) {
            return None;
        }
        let before = self.pos;
        if self.eat_any(&[Tok::Plus, Tok::Minus]) && !self.eat(Tok::Number) {
            self.pos = before;
        }
        Some(())
    }

    fn class_arguments(&mut self) -> Read<()> {
        let mut keywords = false;
        let mut late: Option<Span> = None;
        while !self.at(Tok::RPar) {
            let start = self.span();
            let keyword = self.at(Tok::Name) && self.peek_second() == Tok::Equal;
            if keyword {
                if late.is_some() {
                    break;
                }
                self.pos += 2;
            }
            if self.pattern()?.is_none() {
                return Ok(None);
            }
            if keywords && !keyword {
                let from = late.map_or(start.start, |span| span.start);
                late = Some(Span::new(from, self.end()));
            }
            keywords |= keyword;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        if let Some(span) = late {
            return match self.mistakes {
                true => self.raise_in(span, "positional patterns follow keyword patterns"),
                false => Ok(None),
            };
        }
        Ok(self.eat(Tok::RPar).then_some(()))
    }

    /// A literal or a dotted name.
    fn mapping_key(&mut self) -> Read<()> {
        match self.peek() {
            Tok::Name if self.peek_second() != Tok::Dot => Ok(None),
            Tok::LPar | Tok::LSqb | Tok::LBrace => Ok(None),
            _ => self.closed_pattern(),
        }
    }

    fn mapping_items(&mut self) -> Read<()> {
        while !self.at(Tok::RBrace) {
            if self.eat(Tok::DoubleStar) {
                if self.at_word("_") || !self.eat(Tok::Name) {
                    return Ok(None);
                }
                self.eat(Tok::Comma);
                break;
            }
            if self.mapping_key()?.is_none() || !self.eat(Tok::Colon) {
                return Ok(None);
            }
            if self.pattern()?.is_none() {
                return Ok(None);
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        Ok(self.eat(Tok::RBrace).then_some(()))
    }
}
