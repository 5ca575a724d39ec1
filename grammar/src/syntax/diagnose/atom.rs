//! Names, literals, brackets, and what may follow them.

use super::{Kind, N, Node, Read, Reader, Rule};
use crate::source::{Diagnostic, Place, Span};
use crate::syntax::token::Tok;

impl Reader<'_> {
    pub(super) fn primary(&mut self) -> Read<N> {
        self.memo(Rule::Primary, |r| {
            let start = r.span().start;
            let Some(mut value) = r.atom()? else {
                return Ok(None);
            };
            while let Some(next) = r.attempt(|r| r.trailer(start))? {
                value = next;
            }
            Ok(Some(value))
        })
    }

    /// `.name`, `(...)` or `[...]`.
    fn trailer(&mut self, start: u32) -> Read<N> {
        let kind = match self.peek() {
            Tok::Dot => {
                self.pos += 1;
                if !self.eat(Tok::Name) {
                    return Ok(None);
                }
                Kind::Attribute
            }
            Tok::LPar => {
                if self.attempt(Self::generator)?.is_none() {
                    self.pos += 1;
                    self.arguments()?;
                    if !self.eat(Tok::RPar) {
                        return Ok(None);
                    }
                }
                Kind::Other("function call")
            }
            Tok::LSqb => {
                self.pos += 1;
                if self.slices()?.is_none() || !self.eat(Tok::RSqb) {
                    return Ok(None);
                }
                Kind::Subscript
            }
            _ => return Ok(None),
        };
        Ok(Some(Node::new(kind, start, self.end())))
    }

    fn slices(&mut self) -> Read<()> {
        let first = self.pos;
        if self.slice()?.is_some() && !self.at(Tok::Comma) {
            return Ok(Some(()));
        }
        self.pos = first;
        loop {
            let before = self.pos;
            let mut found = self.slice()?;
            if found.is_none() {
                found = self.starred_expression()?.map(|_| ());
            }
            if found.is_none() {
                self.pos = before;
                return Ok((before > first).then_some(()));
            }
            if !self.eat(Tok::Comma) {
                return Ok(Some(()));
            }
        }
    }

    fn slice(&mut self) -> Read<()> {
        let start = self.pos;
        self.expression()?;
        if self.eat(Tok::Colon) {
            self.expression()?;
            if self.eat(Tok::Colon) {
                self.expression()?;
            }
            return Ok(Some(()));
        }
        self.pos = start;
        Ok(self.named_expression()?.map(|_| ()))
    }

    pub(super) fn atom(&mut self) -> Read<N> {
        self.memo(Rule::Atom, |r| {
            let span = r.span();
            let kind = match r.peek() {
                Tok::Name => Kind::Name,
                Tok::True => Kind::Other("True"),
                Tok::False => Kind::Other("False"),
                Tok::None => Kind::Other("None"),
                Tok::Number => Kind::Other("literal"),
                Tok::Ellipsis => Kind::Other("ellipsis"),
                Tok::String | Tok::FStringStart => return r.strings(),
                Tok::LPar => return r.parentheses(),
                Tok::LSqb => return r.square_brackets(),
                Tok::LBrace => return r.braces(),
                _ => return Ok(None),
            };
            r.pos += 1;
            Ok(Some(Node::new(kind, span.start, span.end)))
        })
    }

    fn parentheses(&mut self) -> Read<N> {
        if let Some(found) = self.attempt(Self::tuple)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.attempt(Self::group)? {
            return Ok(Some(found));
        }
        self.generator()
    }

    fn tuple(&mut self) -> Read<N> {
        let start = self.span().start;
        self.pos += 1;
        let mut items = Vec::new();
        if let Some(first) = self.star_named_expression()? {
            items.push(first);
            if !self.eat(Tok::Comma) {
                return Ok(None);
            }
            items.extend(self.star_named_expressions()?.unwrap_or_default());
        }
        if !self.eat(Tok::RPar) {
            return Ok(None);
        }
        Ok(Some(Node::new(Kind::Tuple(items), start, self.end())))
    }

    fn group(&mut self) -> Read<N> {
        let start = self.pos;
        self.pos += 1;
        let mut found = self.yield_expression()?;
        if found.is_none() {
            found = self.named_expression()?;
        }
        if let (Some(inner), true) = (found, self.eat(Tok::RPar)) {
            return Ok(Some(inner));
        }
        self.pos = start;
        self.mistake(Self::invalid_group)?;
        Ok(None)
    }

    fn invalid_group(&mut self) -> Read<()> {
        self.pos += 1;
        let start = self.pos;
        if let Some(starred) = self.starred_expression()?
            && self.eat(Tok::RPar)
        {
            return self.raise_in(starred.span, "cannot use starred expression here");
        }
        self.pos = start;
        if let Some(stars) = self.take(Tok::DoubleStar)
            && self.expression()?.is_some()
            && self.eat(Tok::RPar)
        {
            return self.raise_in(stars, "cannot use double starred expression here");
        }
        Ok(None)
    }

    pub(super) fn generator(&mut self) -> Read<N> {
        let start = self.pos;
        let first = self.span().start;
        self.pos += 1;
        let mut element = self.assignment_expression()?;
        if element.is_none() {
            element = self.unless_followed(Self::expression, Tok::ColonEqual)?;
        }
        if element.is_some() && self.for_if_clauses()?.is_some() && self.eat(Tok::RPar) {
            return Ok(Some(Node::new(Kind::Generator, first, self.end())));
        }
        self.pos = start;
        self.mistake(Self::invalid_comprehension)?;
        Ok(None)
    }

    fn square_brackets(&mut self) -> Read<N> {
        let start = self.pos;
        let first = self.span().start;
        self.pos += 1;
        let items = self.star_named_expressions()?.unwrap_or_default();
        if self.eat(Tok::RSqb) {
            return Ok(Some(Node::new(Kind::List(items), first, self.end())));
        }
        self.pos = start + 1;
        if self.named_expression()?.is_some()
            && self.for_if_clauses()?.is_some()
            && self.eat(Tok::RSqb)
        {
            let kind = Kind::Other("list comprehension");
            return Ok(Some(Node::new(kind, first, self.end())));
        }
        self.pos = start;
        self.mistake(Self::invalid_comprehension)?;
        Ok(None)
    }

    fn invalid_comprehension(&mut self) -> Read<()> {
        let round = self.at(Tok::LPar);
        self.pos += 1;
        let start = self.pos;
        if let Some(starred) = self.starred_expression()?
            && self.for_if_clauses()?.is_some()
        {
            let message = "iterable unpacking cannot be used in comprehension";
            return self.raise_in(starred.span, message);
        }
        self.pos = start;
        if round {
            return Ok(None);
        }
        let Some(first) = self.star_named_expression()? else {
            return Ok(None);
        };
        let Some(comma) = self.take(Tok::Comma) else {
            return Ok(None);
        };
        let message = "did you forget parentheses around the comprehension target?";
        let after_comma = self.pos;
        if let Some(rest) = self.star_named_expressions()?
            && self.for_if_clauses()?.is_some()
        {
            let last = rest.last().map_or(comma, |node| node.span);
            return self.raise_in(first.span.to(last), message);
        }
        self.pos = after_comma;
        if self.for_if_clauses()?.is_some() {
            return self.raise_in(first.span.to(comma), message);
        }
        Ok(None)
    }

    fn braces(&mut self) -> Read<N> {
        if let Some(found) = self.attempt(Self::dict)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.attempt(Self::set)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.attempt(Self::dict_comprehension)? {
            return Ok(Some(found));
        }
        self.set_comprehension()
    }

    fn dict(&mut self) -> Read<N> {
        let start = self.pos;
        let first = self.span().start;
        self.pos += 1;
        let mut after_comma = true;
        while after_comma && self.attempt(Self::dict_item)?.is_some() {
            after_comma = self.eat(Tok::Comma);
        }
        if self.eat(Tok::RBrace) && (self.pos > start + 1) {
            let comma_alone = self.pos == start + 3 && self.kind(start + 1) == Tok::Comma;
            if !comma_alone {
                let kind = Kind::Other("dict literal");
                return Ok(Some(Node::new(kind, first, self.end())));
            }
        }
        // CPython looks for these even where it tries no mistakes.
        self.pos = start + 1;
        self.invalid_dict_items()?;
        self.back(start)
    }

    fn dict_item(&mut self) -> Read<()> {
        if self.eat(Tok::DoubleStar) {
            return Ok(self.bitwise_or()?.map(|_| ()));
        }
        self.key_and_value()
    }

    fn key_and_value(&mut self) -> Read<()> {
        if self.expression()?.is_none() || !self.eat(Tok::Colon) {
            return Ok(None);
        }
        Ok(self.expression()?.map(|_| ()))
    }

    fn invalid_dict_items(&mut self) -> Read<()> {
        let start = self.pos;
        // All good ones, then a bad one.
        let mut last = None;
        while self.attempt(Self::dict_item)?.is_some() {
            if !self.eat(Tok::Comma) {
                last = None;
                break;
            }
            last = Some(self.pos);
        }
        if let Some(last) = last {
            self.pos = last;
            self.key_without_colon()?;
            self.pos = last;
            self.bad_dict_value()?;
        }
        self.pos = start;
        self.bad_dict_value()
    }

    fn key_without_colon(&mut self) -> Read<()> {
        let Some(key) = self.expression()? else {
            return Ok(None);
        };
        if self.at(Tok::Colon) {
            return Ok(None);
        }
        let at = Span::at(key.span.end.saturating_sub(1));
        let diagnostic = Diagnostic::syntax("':' expected after dictionary key", at);
        let diagnostic = diagnostic.shown_at(Place::Start);
        Err(super::Stop::Mistake(Box::new(diagnostic)))
    }

    fn bad_dict_value(&mut self) -> Read<()> {
        if self.expression()?.is_none() {
            return Ok(None);
        }
        let Some(colon) = self.take(Tok::Colon) else {
            return Ok(None);
        };
        if let Some(star) = self.take(Tok::Star) {
            if self.bitwise_or()?.is_some() {
                let message = "cannot use a starred expression in a dictionary value";
                return self.raise_from(star, message);
            }
        } else if self.at_any(&[Tok::RBrace, Tok::Comma]) {
            let message = "expression expected after dictionary key and ':'";
            return self.raise_in(colon, message);
        }
        Ok(None)
    }

    fn set(&mut self) -> Read<N> {
        let first = self.span().start;
        self.pos += 1;
        if self.star_named_expressions()?.is_none() || !self.eat(Tok::RBrace) {
            return Ok(None);
        }
        let kind = Kind::Other("set display");
        Ok(Some(Node::new(kind, first, self.end())))
    }

    fn dict_comprehension(&mut self) -> Read<N> {
        let start = self.pos;
        let first = self.span().start;
        self.pos += 1;
        if self.key_and_value()?.is_some()
            && self.for_if_clauses()?.is_some()
            && self.eat(Tok::RBrace)
        {
            let kind = Kind::Other("dict comprehension");
            return Ok(Some(Node::new(kind, first, self.end())));
        }
        self.pos = start;
        self.mistake(Self::invalid_dict_comprehension)?;
        Ok(None)
    }

    fn invalid_dict_comprehension(&mut self) -> Read<()> {
        self.pos += 1;
        let Some(stars) = self.take(Tok::DoubleStar) else {
            return Ok(None);
        };
        if self.bitwise_or()?.is_some() && self.for_if_clauses()?.is_some() && self.eat(Tok::RBrace)
        {
            let message = "dict unpacking cannot be used in dict comprehension";
            return self.raise_in(stars, message);
        }
        Ok(None)
    }

    fn set_comprehension(&mut self) -> Read<N> {
        let start = self.pos;
        let first = self.span().start;
        self.pos += 1;
        if self.named_expression()?.is_some()
            && self.for_if_clauses()?.is_some()
            && self.eat(Tok::RBrace)
        {
            let kind = Kind::Other("set comprehension");
            return Ok(Some(Node::new(kind, first, self.end())));
        }
        self.pos = start;
        self.mistake(Self::invalid_comprehension)?;
        Ok(None)
    }

    /// The node spans the last operand, for messages.
    pub(super) fn for_if_clauses(&mut self) -> Read<N> {
        self.memo(Rule::ForIfClauses, |r| {
            let mut last = None;
            while let Some(next) = r.attempt(Self::for_if_clause)? {
                last = Some(next);
            }
            Ok(last)
        })
    }

    fn for_if_clause(&mut self) -> Read<N> {
        let start = self.pos;
        self.eat(Tok::Async);
        if self.eat(Tok::For) && self.star_targets()?.is_some() && self.eat(Tok::In) {
            // Behind `in` nothing else is tried.
            let Some(mut last) = self.disjunction()? else {
                return Ok(None);
            };
            loop {
                let before = self.pos;
                let condition = match self.eat(Tok::If) {
                    true => self.disjunction()?,
                    false => None,
                };
                match condition {
                    Some(condition) => last = condition,
                    None => {
                        self.pos = before;
                        return Ok(Some(last));
                    }
                }
            }
        }
        self.pos = start;
        self.mistake(Self::for_without_in)?;
        self.mistake(Self::invalid_for_target)?;
        Ok(None)
    }

    fn for_without_in(&mut self) -> Read<()> {
        self.eat(Tok::Async);
        if !self.eat(Tok::For) || self.bitwise_or()?.is_none() {
            return Ok(None);
        }
        while self.eat(Tok::Comma) {
            if self.bitwise_or()?.is_none() {
                break;
            }
        }
        if !self.at(Tok::In) {
            return self.raise("'in' expected after for-loop variables");
        }
        Ok(None)
    }
}
