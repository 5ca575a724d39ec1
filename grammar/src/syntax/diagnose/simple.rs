//! Statements on one line.

use super::target::Binding;
use super::{Kind, N, Node, Read, Reader, Rule};
use crate::syntax::token::Tok;

impl Reader<'_> {
    /// One or more with semicolons, up to the line end.
    pub(super) fn simple_statements(&mut self) -> Read<()> {
        let start = self.pos;
        loop {
            if self.simple_statement()?.is_none() {
                // Behind a semicolon there may be nothing more.
                if self.pos > start && self.eat(Tok::Newline) {
                    return Ok(Some(()));
                }
                return self.back(start);
            }
            if !self.eat(Tok::Semi) {
                break;
            }
        }
        match self.eat(Tok::Newline) {
            true => Ok(Some(())),
            false => self.back(start),
        }
    }

    fn simple_statement(&mut self) -> Read<N> {
        self.memo(Rule::SimpleStatement, |r| {
            let start = r.span().start;
            let found = r.simple()?;
            let name = Kind::Other("statement");
            Ok(found.map(|()| Node::new(name, start, start)))
        })
    }

    fn simple(&mut self) -> Read<()> {
        if self.attempt(Self::assignment)?.is_some() {
            return Ok(Some(()));
        }
        if self.at_word("type") && self.attempt(Self::type_alias)?.is_some() {
            return Ok(Some(()));
        }
        if self.star_expressions()?.is_some() {
            return Ok(Some(()));
        }
        match self.peek() {
            Tok::Return => {
                self.pos += 1;
                self.star_expressions()?;
            }
            Tok::Import | Tok::From => return self.import(),
            Tok::Raise => self.raise_statement()?,
            Tok::Pass | Tok::Break | Tok::Continue => self.pos += 1,
            Tok::Del => return self.delete(),
            Tok::Yield => return Ok(self.yield_expression()?.map(|_| ())),
            Tok::Assert => return self.assert(),
            Tok::Global | Tok::Nonlocal => return self.global(),
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    fn raise_statement(&mut self) -> Result<(), super::Stop> {
        self.pos += 1;
        if self.expression()?.is_some() {
            let before = self.pos;
            if self.eat(Tok::From) && self.expression()?.is_none() {
                self.pos = before;
            }
        }
        Ok(())
    }

    fn assert(&mut self) -> Read<()> {
        self.pos += 1;
        if self.expression()?.is_none() {
            return Ok(None);
        }
        let before = self.pos;
        if self.eat(Tok::Comma) && self.expression()?.is_none() {
            self.pos = before;
        }
        Ok(Some(()))
    }

    fn global(&mut self) -> Read<()> {
        self.pos += 1;
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        while self.at(Tok::Comma) && self.peek_second() == Tok::Name {
            self.pos += 2;
        }
        Ok(Some(()))
    }

    /// `type X = ...`.
    fn type_alias(&mut self) -> Read<()> {
        if !self.eat_word("type") || !self.eat(Tok::Name) {
            return Ok(None);
        }
        self.type_parameters()?;
        if !self.eat(Tok::Equal) {
            return Ok(None);
        }
        Ok(self.expression()?.map(|_| ()))
    }

    fn delete(&mut self) -> Read<()> {
        let start = self.pos;
        self.pos += 1;
        if self.delete_targets()?.is_some() && self.at_any(&[Tok::Semi, Tok::Newline]) {
            return Ok(Some(()));
        }
        self.pos = start;
        self.mistake(|r| {
            r.pos += 1;
            match r.star_expressions()? {
                Some(targets) => r.refuse_target(&targets, Binding::Delete),
                None => Ok(None),
            }
        })?;
        Ok(None)
    }

    // ------------------------------------------------------- assignments

    fn assignment(&mut self) -> Read<()> {
        let start = self.pos;
        if self.annotated()?.is_some() {
            return Ok(Some(()));
        }
        self.pos = start;
        if self.chained()?.is_some() {
            return Ok(Some(()));
        }
        self.pos = start;
        if self.single_target()?.is_some() && self.augmented_operator() {
            // Behind the operator nothing else is tried.
            return Ok(self.annotated_rhs()?.map(|_| ()));
        }
        self.pos = start;
        self.mistake(Self::annotated_several)?;
        self.mistake(Self::annotated_expression)?;
        self.mistake(Self::assigned_expression)?;
        self.mistake(Self::augmented_expression)?;
        Ok(None)
    }

    /// `x: int = 1`.
    fn annotated(&mut self) -> Read<()> {
        let start = self.pos;
        let named = self.at(Tok::Name) && self.peek_second() == Tok::Colon;
        if named {
            self.pos += 1;
        } else if self.parenthesised_target()?.is_none() && self.attribute_or_subscript()?.is_none()
        {
            return Ok(None);
        }
        if !self.eat(Tok::Colon) || self.expression()?.is_none() {
            return self.back(start);
        }
        let before = self.pos;
        if self.eat(Tok::Equal) && self.annotated_rhs()?.is_none() {
            self.pos = before;
        }
        Ok(Some(()))
    }

    /// `a = b = 1`.
    fn chained(&mut self) -> Read<()> {
        if !self.skip_targets()? {
            return Ok(None);
        }
        if self.annotated_rhs()?.is_none() || self.at(Tok::Equal) {
            return Ok(None);
        }
        Ok(Some(()))
    }

    /// Takes all of `targets =`; false if there is none.
    fn skip_targets(&mut self) -> Result<bool, super::Stop> {
        let mut any = false;
        loop {
            let before = self.pos;
            if self.star_targets()?.is_none() || !self.eat(Tok::Equal) {
                self.pos = before;
                return Ok(any);
            }
            any = true;
        }
    }

    fn augmented_operator(&mut self) -> bool {
        self.eat_any(&[
            Tok::PlusEqual,
            Tok::MinusEqual,
            Tok::StarEqual,
            Tok::AtEqual,
            Tok::SlashEqual,
            Tok::PercentEqual,
            Tok::AmperEqual,
            Tok::VBarEqual,
            Tok::CircumflexEqual,
            Tok::LeftShiftEqual,
            Tok::RightShiftEqual,
            Tok::DoubleStarEqual,
            Tok::DoubleSlashEqual,
        ])
    }

    /// `[a, b]: int` and `a, b: int`.
    fn annotated_several(&mut self) -> Read<()> {
        let start = self.pos;
        if let Some(target) = self.list_or_tuple()?
            && self.eat(Tok::Colon)
            && self.expression()?.is_some()
        {
            let name = target.name();
            let message = format!("only single target (not {name}) can be annotated");
            return self.raise_in(target.span, message);
        }
        self.pos = start;
        let Some(first) = self.star_named_expression()? else {
            return Ok(None);
        };
        if !self.eat(Tok::Comma) {
            return Ok(None);
        }
        while self.star_named_expressions()?.is_some() {}
        if self.eat(Tok::Colon) && self.expression()?.is_some() {
            let message = "only single target (not tuple) can be annotated";
            return self.raise_in(first.span, message);
        }
        Ok(None)
    }

    /// A list or tuple, perhaps in parentheses.
    fn list_or_tuple(&mut self) -> Read<N> {
        let start = self.pos;
        if !self.at_any(&[Tok::LPar, Tok::LSqb]) {
            return Ok(None);
        }
        match self.atom()? {
            Some(node) if matches!(node.kind, Kind::List(_) | Kind::Tuple(_)) => Ok(Some(node)),
            _ => self.back(start),
        }
    }

    fn annotated_expression(&mut self) -> Read<()> {
        let Some(target) = self.expression()? else {
            return Ok(None);
        };
        if self.eat(Tok::Colon) && self.expression()?.is_some() {
            return self.raise_in(target.span, "illegal target for annotation");
        }
        Ok(None)
    }

    /// `f() = 1`.
    fn assigned_expression(&mut self) -> Read<()> {
        self.skip_targets()?;
        let start = self.pos;
        if let Some(target) = self.star_expressions()?
            && self.eat(Tok::Equal)
        {
            self.refuse_target(&target, Binding::Assign)?;
        }
        self.pos = start;
        if let Some(target) = self.yield_expression()?
            && self.eat(Tok::Equal)
        {
            let message = "assignment to yield expression not possible";
            return self.raise_in(target.span, message);
        }
        Ok(None)
    }

    fn augmented_expression(&mut self) -> Read<()> {
        let Some(target) = self.star_expressions()? else {
            return Ok(None);
        };
        if self.augmented_operator() && self.annotated_rhs()?.is_some() {
            let name = target.name();
            let message = format!("'{name}' is an illegal expression for augmented assignment");
            return self.raise_in(target.span, message);
        }
        Ok(None)
    }

    // ----------------------------------------------------------- imports

    fn import(&mut self) -> Read<()> {
        self.mistake(Self::import_backwards)?;
        if self.eat(Tok::Import) {
            return self.import_names();
        }
        self.pos += 1;
        let mut dots = 0;
        while self.eat_any(&[Tok::Dot, Tok::Ellipsis]) {
            dots += 1;
        }
        let named = self.dotted_name();
        if (!named && dots == 0) || !self.eat(Tok::Import) {
            return Ok(None);
        }
        self.import_targets()
    }

    /// `import name from module`.
    fn import_backwards(&mut self) -> Read<()> {
        let Some(start) = self.take(Tok::Import) else {
            return Ok(None);
        };
        if self.at(Tok::Newline) {
            let message = "Expected one or more names after 'import'";
            return self.raise_from(self.span(), message);
        }
        loop {
            if !self.dotted_name() {
                return Ok(None);
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        if self.eat(Tok::From) && self.dotted_name() {
            let message = "Did you mean to use 'from ... import ...' instead?";
            return self.raise_from(start, message);
        }
        Ok(None)
    }

    fn import_names(&mut self) -> Read<()> {
        loop {
            if !self.dotted_name() {
                return Ok(None);
            }
            self.as_name();
            if !self.eat(Tok::Comma) {
                return Ok(Some(()));
            }
        }
    }

    fn dotted_name(&mut self) -> bool {
        if !self.eat(Tok::Name) {
            return false;
        }
        while self.at(Tok::Dot) && self.peek_second() == Tok::Name {
            self.pos += 2;
        }
        true
    }

    fn as_name(&mut self) {
        if self.at(Tok::As) && self.peek_second() == Tok::Name {
            self.pos += 2;
        }
    }

    fn import_targets(&mut self) -> Read<()> {
        let start = self.pos;
        if self.eat(Tok::LPar) {
            if self.import_from_names() {
                self.eat(Tok::Comma);
                if self.eat(Tok::RPar) {
                    return Ok(Some(()));
                }
            }
            return self.back(start);
        }
        if self.eat(Tok::Star) {
            return Ok(Some(()));
        }
        let named = self.import_from_names();
        if named && !self.at(Tok::Comma) {
            return Ok(Some(()));
        }
        if self.mistakes {
            if named && self.eat(Tok::Comma) && self.at(Tok::Newline) {
                let message = "trailing comma not allowed without surrounding parentheses";
                return self.raise(message);
            }
            self.pos = start;
            if self.at(Tok::Newline) {
                let message = "Expected one or more names after 'import'";
                return self.raise_from(self.span(), message);
            }
        }
        self.back(start)
    }

    /// Names with commas between them, without the comma behind.
    fn import_from_names(&mut self) -> bool {
        if !self.eat(Tok::Name) {
            return false;
        }
        self.as_name();
        while self.at(Tok::Comma) && self.peek_second() == Tok::Name {
            self.pos += 2;
            self.as_name();
        }
        true
    }
}
