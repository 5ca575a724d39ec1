//! Statements with blocks.

use super::target::Binding;
use super::{Kind, Node, Read, Reader, Rule, Stop};
use crate::source::{Diagnostic, Span};
use crate::syntax::token::Tok;

impl Reader<'_> {
    /// As many as there are; true if there is one.
    pub(super) fn statements(&mut self) -> Result<bool, Stop> {
        let start = self.pos;
        while self.statement()?.is_some() {}
        Ok(self.pos > start)
    }

    fn statement(&mut self) -> Read<()> {
        if self.attempt(Self::compound)?.is_some() {
            return Ok(Some(()));
        }
        self.simple_statements()
    }

    fn compound(&mut self) -> Read<()> {
        let mut kind = self.peek();
        if kind == Tok::Async {
            kind = self.peek_second();
        }
        match kind {
            Tok::Def => self.function(),
            Tok::At => self.decorated(),
            Tok::If if self.at(Tok::If) => self.if_statement("if"),
            Tok::Class if self.at(Tok::Class) => self.class(),
            Tok::With => self.with(),
            Tok::For => self.for_statement(),
            Tok::Try if self.at(Tok::Try) => self.try_statement(),
            Tok::While if self.at(Tok::While) => self.while_statement(),
            Tok::Name if self.at_word("match") => self.match_statement(),
            _ => Ok(None),
        }
    }

    /// What follows a colon.
    pub(super) fn block(&mut self) -> Read<()> {
        let found = self.memo(Rule::Block, |r| {
            let start = r.span().start;
            let found = r.block_or_line()?;
            let name = Kind::Other("block");
            Ok(found.map(|()| Node::new(name, start, start)))
        })?;
        Ok(found.map(|_| ()))
    }

    fn block_or_line(&mut self) -> Read<()> {
        let start = self.pos;
        if self.eat(Tok::Newline) {
            if self.eat(Tok::Indent) {
                let any = self.statements()?;
                return Ok((any && self.eat(Tok::Dedent)).then_some(()));
            }
            if self.mistakes {
                self.missing_block()?;
            }
            return self.back(start);
        }
        self.simple_statements()
    }

    fn missing_block(&mut self) -> Read<()> {
        let span = self.span_at(self.furthest);
        let diagnostic = Diagnostic::indentation("expected an indented block", span);
        Err(Stop::Mistake(Box::new(diagnostic)))
    }

    /// A colon, if it is there. If mistakes are tried, a line end instead of
    /// it is one, and so is a line end behind it without a block.
    fn colon(&mut self, what: &str, keyword: Span) -> Result<bool, Stop> {
        if self.mistakes && self.at(Tok::Newline) {
            self.raise::<()>("expected ':'")?;
        }
        if !self.eat(Tok::Colon) {
            return Ok(false);
        }
        self.check_block(what, keyword)?;
        Ok(true)
    }

    fn check_block(&mut self, what: &str, keyword: Span) -> Result<(), Stop> {
        if self.mistakes && self.at(Tok::Newline) && self.peek_second() != Tok::Indent {
            self.raise_block::<()>(what, keyword)?;
        }
        Ok(())
    }

    fn if_statement(&mut self, word: &str) -> Read<()> {
        let keyword = self.span();
        self.pos += 1;
        if self.named_expression()?.is_none() {
            return Ok(None);
        }
        if !self.colon(&format!("'{word}' statement"), keyword)? {
            return Ok(None);
        }
        if self.block()?.is_none() {
            return Ok(None);
        }
        // A long chain is read in a loop, not in a recursion.
        while self.at(Tok::Elif) {
            let before = self.pos;
            let keyword = self.span();
            self.pos += 1;
            let good = self.named_expression()?.is_some()
                && self.colon("'elif' statement", keyword)?
                && self.block()?.is_some();
            if !good {
                self.pos = before;
                return Ok(Some(()));
            }
        }
        self.else_block()?;
        Ok(Some(()))
    }

    fn else_block(&mut self) -> Read<()> {
        let before = self.pos;
        let Some(keyword) = self.take(Tok::Else) else {
            return Ok(None);
        };
        self.force(Tok::Colon, ":")?;
        self.check_block("'else' statement", keyword)?;
        match self.block()? {
            Some(()) => Ok(Some(())),
            None => self.back(before),
        }
    }

    fn while_statement(&mut self) -> Read<()> {
        let keyword = self.span();
        self.pos += 1;
        if self.named_expression()?.is_none() || !self.colon("'while' statement", keyword)? {
            return Ok(None);
        }
        if self.block()?.is_none() {
            return Ok(None);
        }
        self.else_block()?;
        Ok(Some(()))
    }

    fn for_statement(&mut self) -> Read<()> {
        let start = self.pos;
        self.eat(Tok::Async);
        let keyword = self.span();
        self.pos += 1;
        if self.star_targets()?.is_some() && self.eat(Tok::In) {
            // Behind `in` nothing else is tried.
            let good = self.star_expressions()?.is_some()
                && self.colon("'for' statement", keyword)?
                && self.block()?.is_some();
            if !good {
                return Ok(None);
            }
            self.else_block()?;
            return Ok(Some(()));
        }
        self.pos = start;
        self.mistake(Self::invalid_for_target)?;
        Ok(None)
    }

    fn with(&mut self) -> Read<()> {
        self.eat(Tok::Async);
        let keyword = self.span();
        self.pos += 1;
        let after_keyword = self.pos;
        for parenthesised in [true, false] {
            self.pos = after_keyword;
            let items = match parenthesised {
                true => self.attempt(Self::with_items_in_parentheses)?,
                false => self.attempt(Self::with_items)?,
            };
            if items.is_none() {
                continue;
            }
            if self.mistakes && self.at(Tok::Newline) {
                return self.raise("expected ':'");
            }
            if self.eat(Tok::Colon) {
                self.check_block("'with' statement", keyword)?;
                if self.block()?.is_some() {
                    return Ok(Some(()));
                }
            }
        }
        self.pos = after_keyword;
        self.mistake(Self::with_without_colon)?;
        Ok(None)
    }

    /// Items that nothing need follow, and a line end.
    fn with_without_colon(&mut self) -> Read<()> {
        loop {
            if self.expression()?.is_none() {
                return Ok(None);
            }
            let before = self.pos;
            if self.eat(Tok::As) && self.star_target()?.is_none() {
                self.pos = before;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        match self.at(Tok::Newline) {
            true => self.raise("expected ':'"),
            false => Ok(None),
        }
    }

    fn with_items_in_parentheses(&mut self) -> Read<()> {
        if !self.eat(Tok::LPar) || self.with_items()?.is_none() {
            return Ok(None);
        }
        self.eat(Tok::Comma);
        Ok(self.eat(Tok::RPar).then_some(()))
    }

    /// Items with commas between them, without the comma behind.
    fn with_items(&mut self) -> Read<()> {
        if self.with_item()?.is_none() {
            return Ok(None);
        }
        loop {
            let before = self.pos;
            if !self.eat(Tok::Comma) || self.with_item()?.is_none() {
                self.pos = before;
                return Ok(Some(()));
            }
        }
    }

    fn with_item(&mut self) -> Read<()> {
        let ends = [Tok::Comma, Tok::RPar, Tok::Colon];
        if self.expression()?.is_none() {
            return Ok(None);
        }
        let before = self.pos;
        if self.eat(Tok::As) {
            if self.star_target()?.is_some() && self.at_any(&ends) {
                return Ok(Some(()));
            }
            self.pos = before;
            self.mistake(|r| {
                r.pos += 1;
                match r.expression()? {
                    Some(target) if r.at_any(&ends) => r.refuse_target(&target, Binding::Assign),
                    _ => Ok(None),
                }
            })?;
        }
        self.pos = before;
        Ok(Some(()))
    }

    // --------------------------------------------------------------- try

    fn try_statement(&mut self) -> Read<()> {
        let keyword = self.span();
        self.pos += 1;
        self.force(Tok::Colon, ":")?;
        self.check_block("'try' statement", keyword)?;
        if self.block()?.is_none() {
            if self.at(Tok::Except) {
                self.mistake(Self::except)?;
            }
            return Ok(None);
        }
        if !self.at_any(&[Tok::Except, Tok::Finally]) {
            return match self.mistakes {
                true => self.raise("expected 'except' or 'finally' block"),
                false => Ok(None),
            };
        }
        let mut stars = None;
        while self.at(Tok::Except) {
            let starred = self.peek_second() == Tok::Star;
            if stars.is_some_and(|before| before != starred) {
                self.mistake(Self::other_except)?;
                return Ok(None);
            }
            if self.attempt(Self::except)?.is_none() {
                return Ok(None);
            }
            stars = Some(starred);
        }
        if stars.is_some() {
            self.else_block()?;
        }
        self.finally()?;
        Ok(Some(()))
    }

    fn finally(&mut self) -> Read<()> {
        let before = self.pos;
        let Some(keyword) = self.take(Tok::Finally) else {
            return Ok(None);
        };
        self.force(Tok::Colon, ":")?;
        self.check_block("'finally' statement", keyword)?;
        match self.block()? {
            Some(()) => Ok(Some(())),
            None => self.back(before),
        }
    }

    fn except(&mut self) -> Read<()> {
        let keyword = self.span();
        self.pos += 1;
        let star = self.eat(Tok::Star);
        let what = if star {
            "'except*' statement"
        } else {
            "'except' statement"
        };
        if self.mistakes && star && self.at_any(&[Tok::Newline, Tok::Colon]) {
            return self.raise("expected one or more exception types");
        }
        let typed = self.expression()?;
        if let Some(first) = typed {
            self.mistake(|r| r.bare_exception_types(first.span))?;
            if self.at(Tok::As) && self.peek_second() == Tok::Name {
                self.pos += 2;
            }
        } else if star {
            return Ok(None);
        }
        if !self.colon(what, keyword)? {
            return Ok(None);
        }
        self.block()
    }

    /// `except` behind `except*`, or the other way round.
    fn other_except(&mut self) -> Read<()> {
        let start = self.span();
        self.pos += 1;
        self.eat(Tok::Star);
        let head = Span::new(start.start, self.end());
        self.expression()?;
        if self.at(Tok::As) && self.peek_second() == Tok::Name {
            self.pos += 2;
        }
        if self.eat(Tok::Colon) {
            let message = "cannot have both 'except' and 'except*' on the same 'try'";
            return self.raise_in(head, message);
        }
        Ok(None)
    }

    /// `except A, B:`.
    fn bare_exception_types(&mut self, first: Span) -> Read<()> {
        if !self.eat(Tok::Comma) || self.expressions()?.is_none() {
            return Ok(None);
        }
        if self.at(Tok::As) && self.peek_second() == Tok::Name {
            self.pos += 2;
        }
        match self.eat(Tok::Colon) {
            true => self.raise_from(first, "multiple exception types must be parenthesized"),
            false => Ok(None),
        }
    }

    // ------------------------------------------------------- definitions

    fn decorated(&mut self) -> Read<()> {
        while self.eat(Tok::At) {
            if self.named_expression()?.is_none() || !self.eat(Tok::Newline) {
                return Ok(None);
            }
        }
        let mut kind = self.peek();
        if kind == Tok::Async {
            kind = self.peek_second();
        }
        match kind {
            Tok::Def => self.function(),
            Tok::Class if self.at(Tok::Class) => self.class(),
            _ => Ok(None),
        }
    }

    fn function(&mut self) -> Read<()> {
        self.eat(Tok::Async);
        let keyword = self.span();
        self.pos += 1;
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        self.type_parameters()?;
        self.force(Tok::LPar, "(")?;
        self.function_parameters()?;
        if !self.eat(Tok::RPar) {
            return Ok(None);
        }
        let before = self.pos;
        if self.eat(Tok::RArrow) && self.expression()?.is_none() {
            self.pos = before;
        }
        self.force(Tok::Colon, ":")?;
        self.check_block("function definition", keyword)?;
        self.block()
    }

    fn class(&mut self) -> Read<()> {
        let keyword = self.span();
        self.pos += 1;
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        self.type_parameters()?;
        let before = self.pos;
        if self.eat(Tok::LPar) {
            self.arguments()?;
            if !self.eat(Tok::RPar) {
                self.pos = before;
            }
        }
        if !self.colon("class definition", keyword)? {
            return Ok(None);
        }
        self.block()
    }
}
