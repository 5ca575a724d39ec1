//! Arguments of calls and classes.

use super::{N, Read, Reader};
use crate::source::Span;
use crate::syntax::token::Tok;

/// The arguments that were read.
#[derive(Default)]
struct Args {
    /// Values and `*values`.
    positional: Vec<N>,
    /// True if there is a `**value`.
    unpacked: bool,
}

impl Reader<'_> {
    pub(super) fn arguments(&mut self) -> Read<()> {
        let start = self.pos;
        if self.args()?.is_some() {
            self.eat(Tok::Comma);
            if self.at(Tok::RPar) {
                return Ok(Some(()));
            }
        }
        self.pos = start;
        self.mistake(Self::invalid_arguments)?;
        Ok(None)
    }

    fn args(&mut self) -> Read<Args> {
        let mut args = Args::default();
        let start = self.pos;
        let mut end = self.pos;
        while let Some(value) = self.attempt(Self::positional)? {
            args.positional.push(value);
            end = self.pos;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.pos = end;
        if end > start {
            let before = self.pos;
            if !self.eat(Tok::Comma) || self.keyword_args(&mut args)?.is_none() {
                self.pos = before;
            }
            return Ok(Some(args));
        }
        match self.keyword_args(&mut args)? {
            Some(()) => Ok(Some(args)),
            None => self.back(start),
        }
    }

    /// A value that is no keyword's.
    fn positional(&mut self) -> Read<N> {
        if let Some(starred) = self.starred_expression()? {
            return Ok(Some(starred));
        }
        let mut value = self.assignment_expression()?;
        if value.is_none() {
            value = self.unless_followed(Self::expression, Tok::ColonEqual)?;
        }
        match value {
            Some(value) if !self.at(Tok::Equal) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// First `name=value` and `*value`, then `name=value` and `**value`.
    fn keyword_args(&mut self, args: &mut Args) -> Read<()> {
        let start = self.pos;
        let mut end = self.pos;
        while self.attempt(|r| r.keyword_or_starred(args))?.is_some() {
            end = self.pos;
            if !self.eat(Tok::Comma) {
                self.pos = end;
                return Ok(Some(()));
            }
        }
        while self.attempt(|r| r.keyword_or_unpacked(args))?.is_some() {
            end = self.pos;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.pos = end;
        Ok((end > start).then_some(()))
    }

    fn keyword_or_starred(&mut self, args: &mut Args) -> Read<()> {
        if self.keyword()?.is_some() {
            return Ok(Some(()));
        }
        let starred = self.starred_expression()?;
        Ok(starred.map(|starred| args.positional.push(starred)))
    }

    fn keyword_or_unpacked(&mut self, args: &mut Args) -> Read<()> {
        if self.keyword()?.is_some() {
            return Ok(Some(()));
        }
        if self.eat(Tok::DoubleStar) && self.expression()?.is_some() {
            args.unpacked = true;
            return Ok(Some(()));
        }
        Ok(None)
    }

    fn keyword(&mut self) -> Read<()> {
        self.mistake(Self::invalid_keyword)?;
        self.attempt(|r| {
            if !r.eat(Tok::Name) || !r.eat(Tok::Equal) {
                return Ok(None);
            }
            Ok(r.expression()?.map(|_| ()))
        })
    }

    fn invalid_keyword(&mut self) -> Read<()> {
        let start = self.pos;
        let first = self.span();
        let word = self.word_at(self.pos);
        if self.eat_any(&[Tok::True, Tok::False, Tok::None])
            && let Some(equal) = self.take(Tok::Equal)
        {
            return self.raise_in(first.to(equal), format!("cannot assign to {word}"));
        }
        self.pos = start;
        self.keyword_comprehension()?;
        self.pos = start;
        if self.at(Tok::Name) && self.peek_second() == Tok::Equal {
            return Ok(None);
        }
        if let Some(stars) = self.take(Tok::DoubleStar) {
            return self.unpacking_assigned(stars);
        }
        let Some(value) = self.expression()? else {
            return Ok(None);
        };
        if let Some(equal) = self.take(Tok::Equal) {
            let message = "expression cannot contain assignment, perhaps you meant \"==\"?";
            return self.raise_in(value.span.to(equal), message);
        }
        Ok(None)
    }

    /// `**value = value`.
    fn unpacking_assigned(&mut self, stars: Span) -> Read<()> {
        if self.expression()?.is_some()
            && self.eat(Tok::Equal)
            && let Some(value) = self.expression()?
        {
            let message = "cannot assign to keyword argument unpacking";
            return self.raise_in(stars.to(value.span), message);
        }
        Ok(None)
    }

    /// `name=value for ...`.
    fn keyword_comprehension(&mut self) -> Read<()> {
        let name = self.span();
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        let Some(equal) = self.take(Tok::Equal) else {
            return Ok(None);
        };
        if self.expression()?.is_some() && self.for_if_clauses()?.is_some() {
            let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return self.raise_in(name.to(equal), message);
        }
        Ok(None)
    }

    fn invalid_arguments(&mut self) -> Read<()> {
        let start = self.pos;
        self.starred_after_unpacked()?;
        self.pos = start;
        self.generator_and_more()?;
        self.pos = start;
        self.keyword_comprehension()?;
        self.pos = start;
        self.keyword_without_value()?;
        self.pos = start;
        let args = self.args()?;
        let after_args = self.pos;
        if let Some(args) = &args {
            if let Some(clauses) = self.for_if_clauses()? {
                self.bare_generator(args, clauses.span)?;
            }
            self.pos = after_args;
            if self.eat(Tok::Comma) {
                if let Some(element) = self.expression()?
                    && let Some(clauses) = self.for_if_clauses()?
                {
                    let span = element.span.to(clauses.span);
                    let message = "Generator expression must be parenthesized";
                    return self.raise_in(span, message);
                }
                self.pos = after_args + 1;
                if self.args()?.is_some() {
                    return self.raise(match args.unpacked {
                        true => "positional argument follows keyword argument unpacking",
                        false => "positional argument follows keyword argument",
                    });
                }
            }
        }
        Ok(None)
    }

    /// `f(a for a in b, c)`.
    fn generator_and_more(&mut self) -> Read<()> {
        let Some(element) = self.expression()? else {
            return Ok(None);
        };
        if let Some(clauses) = self.for_if_clauses()?
            && self.eat(Tok::Comma)
        {
            // What follows may hold a mistake of its own.
            self.args()?;
            let span = element.span.to(clauses.span);
            return self.raise_in(span, "Generator expression must be parenthesized");
        }
        Ok(None)
    }

    /// `f(a, b=)`.
    fn keyword_without_value(&mut self) -> Read<()> {
        let start = self.pos;
        if self.args()?.is_none() || !self.eat(Tok::Comma) {
            self.pos = start;
        }
        let name = self.span();
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        if let Some(equal) = self.take(Tok::Equal)
            && self.at_any(&[Tok::Comma, Tok::RPar])
        {
            let message = "expected argument value expression";
            return self.raise_in(name.to(equal), message);
        }
        Ok(None)
    }

    /// `f(a, b for b in c)`.
    fn bare_generator(&mut self, args: &Args, clauses: Span) -> Read<()> {
        match args.positional.as_slice() {
            [_, .., last] => {
                let span = last.span.to(clauses);
                self.raise_in(span, "Generator expression must be parenthesized")
            }
            _ => Ok(None),
        }
    }

    /// `f(**a, *b)`.
    fn starred_after_unpacked(&mut self) -> Read<()> {
        let mut args = Args::default();
        while self.attempt(Self::positional)?.is_some() {
            if !self.eat(Tok::Comma) {
                return Ok(None);
            }
        }
        if self.keyword_args(&mut args)?.is_none() {
            return Ok(None);
        }
        let Some(comma) = self.take(Tok::Comma) else {
            return Ok(None);
        };
        let mut found = false;
        while self.attempt(Self::args)?.is_some() {
            found = true;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        if found && self.starts_starred(comma) {
            let message = "iterable argument unpacking follows keyword argument unpacking";
            return self.raise_from(comma, message);
        }
        Ok(None)
    }

    fn starts_starred(&self, comma: Span) -> bool {
        let index = self
            .tokens
            .partition_point(|token| token.span.start <= comma.start);
        self.tokens
            .get(index)
            .is_some_and(|token| token.kind == Tok::Star)
    }
}
