//! What can be bound or deleted, and what cannot.

use super::{Kind, N, Node, Read, Reader};
use crate::syntax::token::Tok;

/// Where a target stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    Assign,
    For,
    Delete,
}

impl Reader<'_> {
    pub(super) fn star_targets(&mut self) -> Read<()> {
        if self.star_target()?.is_none() {
            return Ok(None);
        }
        while self.eat(Tok::Comma) {
            if self.star_target()?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    pub(super) fn star_target(&mut self) -> Read<()> {
        let start = self.pos;
        if self.eat(Tok::Star) {
            if !self.at(Tok::Star) && self.star_target()?.is_some() {
                return Ok(Some(()));
            }
            self.pos = start;
        }
        if self.attribute_or_subscript()?.is_some() {
            return Ok(Some(()));
        }
        self.bracketed_target(Self::star_targets)
    }

    /// `x.name` or `x[...]`, with nothing more behind it.
    pub(super) fn attribute_or_subscript(&mut self) -> Read<()> {
        let start = self.pos;
        match self.primary()? {
            Some(node) if matches!(node.kind, Kind::Attribute | Kind::Subscript) => Ok(Some(())),
            _ => self.back(start),
        }
    }

    /// A name, or targets in brackets.
    fn bracketed_target(&mut self, inner: fn(&mut Self) -> Read<()>) -> Read<()> {
        let start = self.pos;
        let close = match self.peek() {
            Tok::Name => {
                self.pos += 1;
                return Ok(Some(()));
            }
            Tok::LPar => Tok::RPar,
            Tok::LSqb => Tok::RSqb,
            _ => return Ok(None),
        };
        self.pos += 1;
        // `(*a)` is no target, `(*a,)` and `[*a]` are.
        let starred = close == Tok::RPar && self.at(Tok::Star);
        let inside = self.pos;
        inner(self)?;
        let comma = (inside..self.pos).any(|index| self.tokens[index].kind == Tok::Comma);
        match (comma || !starred) && self.eat(close) {
            true => Ok(Some(())),
            false => self.back(start),
        }
    }

    /// A name, attribute or subscript, perhaps in parentheses.
    pub(super) fn single_target(&mut self) -> Read<()> {
        if self.attribute_or_subscript()?.is_some() || self.eat(Tok::Name) {
            return Ok(Some(()));
        }
        self.parenthesised_target()
    }

    pub(super) fn parenthesised_target(&mut self) -> Read<()> {
        let start = self.pos;
        if self.eat(Tok::LPar) && self.single_target()?.is_some() && self.eat(Tok::RPar) {
            return Ok(Some(()));
        }
        self.back(start)
    }

    pub(super) fn delete_targets(&mut self) -> Read<()> {
        if self.delete_target()?.is_none() {
            return Ok(None);
        }
        while self.eat(Tok::Comma) {
            if self.delete_target()?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    fn delete_target(&mut self) -> Read<()> {
        if self.attribute_or_subscript()?.is_some() {
            return Ok(Some(()));
        }
        self.bracketed_target(Self::delete_targets)
    }

    pub(super) fn invalid_for_target(&mut self) -> Read<()> {
        self.eat(Tok::Async);
        if !self.eat(Tok::For) {
            return Ok(None);
        }
        match self.star_expressions()? {
            Some(target) => self.refuse_target(&target, Binding::For),
            None => Ok(None),
        }
    }

    /// Stops if an expression cannot be what it ought to be.
    pub(super) fn refuse_target(&mut self, target: &N, binding: Binding) -> Read<()> {
        let Some(culprit) = invalid_target(target, binding) else {
            return Ok(None);
        };
        let verb = match binding {
            Binding::Delete => "delete",
            Binding::Assign | Binding::For => "assign to",
        };
        self.raise_in(culprit.span, format!("cannot {verb} {}", culprit.name()))
    }
}

/// The part of a target that is none.
fn invalid_target(node: &N, binding: Binding) -> Option<&Node> {
    match &node.kind {
        Kind::Name | Kind::Attribute | Kind::Subscript => None,
        Kind::List(items) | Kind::Tuple(items) => {
            items.iter().find_map(|item| invalid_target(item, binding))
        }
        Kind::Starred(value) if binding != Binding::Delete => invalid_target(value, binding),
        // In `for x in y` all of `x in y` is read as an expression.
        Kind::Compare(left) if binding == Binding::For => {
            left.as_ref().and_then(|left| invalid_target(left, binding))
        }
        _ => Some(node),
    }
}
