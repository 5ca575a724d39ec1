//! Expressions, from `a, *b` down to operators.

use super::{Kind, N, Node, Read, Reader, Rule};
use crate::source::Span;
use crate::syntax::token::Tok;

impl Reader<'_> {
    pub(super) fn expressions(&mut self) -> Read<N> {
        self.comma_list(Self::expression)
    }

    pub(super) fn star_expressions(&mut self) -> Read<N> {
        self.memo(Rule::StarExpressions, |r| {
            r.comma_list(Self::star_expression)
        })
    }

    /// One, or with commas a tuple.
    fn comma_list(&mut self, item: fn(&mut Self) -> Read<N>) -> Read<N> {
        let start = self.span().start;
        let Some(first) = item(self)? else {
            return Ok(None);
        };
        let mut items = vec![first.clone()];
        let mut tuple = false;
        while self.eat(Tok::Comma) {
            tuple = true;
            match item(self)? {
                Some(next) => items.push(next),
                None => break,
            }
        }
        if !tuple {
            return Ok(Some(first));
        }
        Ok(Some(Node::new(Kind::Tuple(items), start, self.end())))
    }

    pub(super) fn star_expression(&mut self) -> Read<N> {
        self.memo(Rule::StarExpression, |r| {
            if let Some(star) = r.take(Tok::Star) {
                let value = r.bitwise_or()?;
                if let Some(value) = value {
                    return Ok(Some(r.starred(star, value)));
                }
                r.pos -= 1;
            }
            r.expression()
        })
    }

    fn starred(&self, star: Span, value: N) -> N {
        Node::new(Kind::Starred(value), star.start, self.end())
    }

    pub(super) fn star_named_expression(&mut self) -> Read<N> {
        if let Some(star) = self.take(Tok::Star) {
            if let Some(value) = self.bitwise_or()? {
                return Ok(Some(self.starred(star, value)));
            }
            self.pos -= 1;
        }
        self.named_expression()
    }

    /// At least one, with commas between them and perhaps behind.
    pub(super) fn star_named_expressions(&mut self) -> Read<Vec<N>> {
        let Some(first) = self.star_named_expression()? else {
            return Ok(None);
        };
        let mut items = vec![first];
        while self.eat(Tok::Comma) {
            match self.star_named_expression()? {
                Some(next) => items.push(next),
                None => break,
            }
        }
        Ok(Some(items))
    }

    pub(super) fn starred_expression(&mut self) -> Read<N> {
        self.mistake(Self::invalid_starred_expression)?;
        let Some(star) = self.take(Tok::Star) else {
            return Ok(None);
        };
        match self.expression()? {
            Some(value) => Ok(Some(self.starred(star, value))),
            None if self.mistakes => self.raise("Invalid star expression"),
            None => self.back(self.pos - 1),
        }
    }

    fn invalid_starred_expression(&mut self) -> Read<()> {
        let Some(star) = self.take(Tok::Star) else {
            return Ok(None);
        };
        if self.expression()?.is_some()
            && self.eat(Tok::Equal)
            && let Some(value) = self.expression()?
        {
            let span = star.to(value.span);
            return self.raise_in(span, "cannot assign to iterable argument unpacking");
        }
        Ok(None)
    }

    /// `name := value`.
    pub(super) fn assignment_expression(&mut self) -> Read<N> {
        let start = self.span();
        if !self.at(Tok::Name) || self.peek_second() != Tok::ColonEqual {
            return Ok(None);
        }
        self.pos += 2;
        match self.expression()? {
            Some(_) => {
                let kind = Kind::Other("named expression");
                Ok(Some(Node::new(kind, start.start, self.end())))
            }
            None => self.back(self.pos - 2),
        }
    }

    pub(super) fn named_expression(&mut self) -> Read<N> {
        self.memo(Rule::NamedExpression, |r| {
            // Behind `name :=` nothing else is tried.
            if r.at(Tok::Name) && r.peek_second() == Tok::ColonEqual {
                return r.assignment_expression();
            }
            r.invalid_named_expression()?;
            r.unless_followed(Self::expression, Tok::ColonEqual)
        })
    }

    /// A match that a token must not follow.
    pub(super) fn unless_followed(&mut self, rule: fn(&mut Self) -> Read<N>, kind: Tok) -> Read<N> {
        let start = self.pos;
        match rule(self)? {
            Some(_) if self.at(kind) => self.back(start),
            found => Ok(found),
        }
    }

    fn invalid_named_expression(&mut self) -> Read<N> {
        if !self.mistakes {
            return Ok(None);
        }
        self.memo(Rule::InvalidNamed, |r| {
            let start = r.pos;
            r.walrus_on_expression()?;
            r.pos = start;
            r.equals_on_name()?;
            r.pos = start;
            r.equals_on_expression()?;
            r.back(start)
        })
    }

    fn walrus_on_expression(&mut self) -> Read<()> {
        let Some(target) = self.expression()? else {
            return Ok(None);
        };
        if self.eat(Tok::ColonEqual) && self.expression()?.is_some() {
            let name = target.name();
            let message = format!("cannot use assignment expressions with {name}");
            return self.raise_in(target.span, message);
        }
        Ok(None)
    }

    fn equals_on_name(&mut self) -> Read<()> {
        let start = self.span();
        if !self.eat(Tok::Name) || !self.eat(Tok::Equal) {
            return Ok(None);
        }
        if let Some(value) = self.bitwise_or()?
            && !self.at_any(&[Tok::Equal, Tok::ColonEqual])
        {
            let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return self.raise_in(start.to(value.span), message);
        }
        Ok(None)
    }

    fn equals_on_expression(&mut self) -> Read<()> {
        if self.at_any(&[Tok::True, Tok::False, Tok::None]) || self.list_tuple_or_generator()? {
            return Ok(None);
        }
        let Some(target) = self.bitwise_or()? else {
            return Ok(None);
        };
        if !self.eat(Tok::Equal) || self.bitwise_or()?.is_none() {
            return Ok(None);
        }
        if self.at_any(&[Tok::Equal, Tok::ColonEqual]) {
            return Ok(None);
        }
        let name = target.name();
        let message = format!("cannot assign to {name} here. Maybe you meant '==' instead of '='?");
        self.raise_in(target.span, message)
    }

    /// True if one of these stands here; nothing is taken.
    fn list_tuple_or_generator(&mut self) -> Result<bool, super::Stop> {
        if !self.at_any(&[Tok::LPar, Tok::LSqb]) {
            return Ok(false);
        }
        let start = self.pos;
        let found = self.atom()?;
        self.pos = start;
        Ok(found.is_some_and(|node| {
            matches!(node.kind, Kind::List(_) | Kind::Tuple(_) | Kind::Generator)
                && node.span.start == self.span().start
        }))
    }

    pub(super) fn expression(&mut self) -> Read<N> {
        self.memo(Rule::Expression, |r| {
            r.mistake(Self::forgotten_comma)?;
            r.mistake(Self::forgotten_else)?;
            r.mistake(Self::lambda_in_fstring)?;
            r.mistake(Self::legacy_statement)?;
            r.plain_expression()
        })
    }

    fn plain_expression(&mut self) -> Read<N> {
        if self.at(Tok::Lambda) {
            return self.lambda();
        }
        let start = self.span().start;
        let Some(body) = self.disjunction()? else {
            return Ok(None);
        };
        let after_body = self.pos;
        if self.eat(Tok::If)
            && self.disjunction()?.is_some()
            && self.eat(Tok::Else)
            && self.expression()?.is_some()
        {
            let kind = Kind::Other("conditional expression");
            return Ok(Some(Node::new(kind, start, self.end())));
        }
        self.pos = after_body;
        Ok(Some(body))
    }

    /// The same without trying mistakes inside.
    fn expression_without_mistakes(&mut self) -> Read<N> {
        let before = std::mem::replace(&mut self.mistakes, false);
        let found = self.plain_expression();
        self.mistakes = before;
        found
    }

    /// Two expressions in a row, inside brackets.
    fn forgotten_comma(&mut self) -> Read<()> {
        if self.at(Tok::Name) {
            // CPython takes the beginning of a soft keyword for one here.
            let soft = ["_", "case", "match", "type"];
            let word = self.word_at(self.pos);
            let string = matches!(self.peek_second(), Tok::String);
            if string || soft.iter().any(|keyword| keyword.starts_with(word)) {
                return Ok(None);
            }
        }
        let Some(first) = self.disjunction()? else {
            return Ok(None);
        };
        let Some(second) = self.expression_without_mistakes()? else {
            return Ok(None);
        };
        let level = self.levels.get(self.pos - 1).copied().unwrap_or(0);
        if level == 0 || self.is_legacy(&first) {
            return Ok(None);
        }
        let span = first.span.to(second.span);
        self.raise_in(span, "invalid syntax. Perhaps you forgot a comma?")
    }

    fn forgotten_else(&mut self) -> Read<()> {
        let Some(body) = self.disjunction()? else {
            return Ok(None);
        };
        if !self.eat(Tok::If) {
            return Ok(None);
        }
        if let Some(test) = self.disjunction()?
            && !self.at_any(&[Tok::Else, Tok::Colon])
        {
            let span = body.span.to(test.span);
            return self.raise_in(span, "expected 'else' after 'if' expression");
        }
        Ok(None)
    }

    fn lambda_in_fstring(&mut self) -> Read<()> {
        let Some(start) = self.take(Tok::Lambda) else {
            return Ok(None);
        };
        self.lambda_parameters()?;
        let Some(colon) = self.take(Tok::Colon) else {
            return Ok(None);
        };
        if self.at(Tok::FStringMiddle) || (self.at(Tok::RBrace) && self.in_field(self.pos)) {
            let message = "f-string: lambda expressions are not allowed without parentheses";
            return self.raise_in(start.to(colon), message);
        }
        Ok(None)
    }

    /// `print x`.
    fn legacy_statement(&mut self) -> Read<()> {
        let start = self.span();
        let word = self.word_at(self.pos);
        if !self.eat(Tok::Name) || self.at(Tok::LPar) {
            return Ok(None);
        }
        // What follows may hold a mistake of its own, behind any name.
        let Some(values) = self.star_expressions()? else {
            return Ok(None);
        };
        if !matches!(word, "print" | "exec") {
            return Ok(None);
        }
        let message = format!("Missing parentheses in call to '{word}'. Did you mean {word}(...)?");
        self.raise_in(start.to(values.span), message)
    }

    fn is_legacy(&self, node: &Node) -> bool {
        let word = self.file.slice(node.span);
        matches!(node.kind, Kind::Name) && matches!(word, "print" | "exec")
    }

    fn lambda(&mut self) -> Read<N> {
        let Some(start) = self.take(Tok::Lambda) else {
            return Ok(None);
        };
        self.lambda_parameters()?;
        if !self.eat(Tok::Colon) {
            return Ok(None);
        }
        let body = self.expression()?;
        Ok(body.map(|_| Node::new(Kind::Other("lambda"), start.start, self.end())))
    }

    pub(super) fn yield_expression(&mut self) -> Read<N> {
        let Some(start) = self.take(Tok::Yield) else {
            return Ok(None);
        };
        let after = self.pos;
        let mut found = false;
        if self.eat(Tok::From) {
            found = self.expression()?.is_some();
        }
        if !found {
            self.pos = after;
            self.star_expressions()?;
        }
        let kind = Kind::Other("yield expression");
        Ok(Some(Node::new(kind, start.start, self.end())))
    }

    /// What may stand behind `=`.
    pub(super) fn annotated_rhs(&mut self) -> Read<N> {
        match self.yield_expression()? {
            Some(found) => Ok(Some(found)),
            None => self.star_expressions(),
        }
    }

    pub(super) fn disjunction(&mut self) -> Read<N> {
        self.memo(Rule::Disjunction, |r| r.chain(Tok::Or, Self::conjunction))
    }

    fn conjunction(&mut self) -> Read<N> {
        self.memo(Rule::Conjunction, |r| r.chain(Tok::And, Self::inversion))
    }

    fn chain(&mut self, op: Tok, operand: fn(&mut Self) -> Read<N>) -> Read<N> {
        let start = self.span().start;
        let Some(mut left) = operand(self)? else {
            return Ok(None);
        };
        loop {
            let before = self.pos;
            if !self.eat(op) {
                return Ok(Some(left));
            }
            if operand(self)?.is_none() {
                self.pos = before;
                return Ok(Some(left));
            }
            left = self.operation(start);
        }
    }

    fn operation(&self, start: u32) -> N {
        Node::new(Kind::Other("expression"), start, self.end())
    }

    fn inversion(&mut self) -> Read<N> {
        self.memo(Rule::Inversion, |r| {
            let Some(start) = r.take(Tok::Not) else {
                return r.comparison();
            };
            let operand = r.inversion()?;
            Ok(operand.map(|_| r.operation(start.start)))
        })
    }

    fn comparison(&mut self) -> Read<N> {
        self.memo(Rule::Comparison, |r| {
            let start = r.span().start;
            let Some(left) = r.bitwise_or()? else {
                return Ok(None);
            };
            let mut found: Option<N> = None;
            loop {
                let before = r.pos;
                let first_in = r.at(Tok::In);
                let right = match r.compare_operator() {
                    true => r.bitwise_or()?,
                    false => None,
                };
                if right.is_none() {
                    r.pos = before;
                    return Ok(found.or(Some(left)));
                }
                let inner = match &found {
                    None => first_in.then(|| left.clone()),
                    Some(node) => match &node.kind {
                        Kind::Compare(inner) => inner.clone(),
                        _ => None,
                    },
                };
                found = Some(Node::new(Kind::Compare(inner), start, r.end()));
            }
        })
    }

    fn compare_operator(&mut self) -> bool {
        match self.peek() {
            Tok::Not if self.peek_second() == Tok::In => self.pos += 2,
            Tok::Is => {
                self.pos += 1;
                self.eat(Tok::Not);
            }
            Tok::NotEqual => {
                if self.word_at(self.pos) == "<>" {
                    return false;
                }
                self.pos += 1;
            }
            Tok::EqEqual
            | Tok::Less
            | Tok::LessEqual
            | Tok::Greater
            | Tok::GreaterEqual
            | Tok::In => self.pos += 1,
            _ => return false,
        }
        true
    }

    pub(super) fn bitwise_or(&mut self) -> Read<N> {
        self.memo(Rule::BitwiseOr, |r| r.binary(0))
    }

    /// Operators that bind at least so tight.
    fn binary(&mut self, tightness: u8) -> Read<N> {
        let start = self.span().start;
        let Some(mut left) = self.factor()? else {
            return Ok(None);
        };
        loop {
            let before = self.pos;
            let op = self.peek();
            let Some(own) = binary_tightness(op).filter(|&own| own >= tightness) else {
                return Ok(Some(left));
            };
            self.pos += 1;
            if own >= binary_tightness(Tok::Plus).unwrap_or(0) && self.at(Tok::Not) {
                self.mistake(|r| r.bare_not(Self::inversion))?;
            }
            if self.binary(own + 1)?.is_none() {
                self.pos = before;
                return Ok(Some(left));
            }
            left = self.operation(start);
        }
    }

    /// `a + not b`.
    fn bare_not(&mut self, operand: fn(&mut Self) -> Read<N>) -> Read<()> {
        let Some(not) = self.take(Tok::Not) else {
            return Ok(None);
        };
        match operand(self)? {
            Some(operand) => {
                let message = "'not' after an operator must be parenthesized";
                self.raise_in(not.to(operand.span), message)
            }
            None => Ok(None),
        }
    }

    fn factor(&mut self) -> Read<N> {
        let start = self.span().start;
        let first = self.pos;
        while self.eat_any(&[Tok::Plus, Tok::Minus, Tok::Tilde]) {}
        let signs = self.pos > first;
        if signs && self.at(Tok::Not) {
            self.mistake(|r| r.bare_not(Self::factor))?;
        }
        match self.power()? {
            Some(_) if signs => Ok(Some(self.operation(start))),
            Some(operand) => Ok(Some(operand)),
            None => self.back(first),
        }
    }

    fn power(&mut self) -> Read<N> {
        let start = self.span().start;
        let Some(base) = self.await_primary()? else {
            return Ok(None);
        };
        let before = self.pos;
        if self.eat(Tok::DoubleStar) {
            self.depth += 1;
            if self.depth > super::MAX_DEPTH * 8 {
                return Err(super::Stop::GiveUp);
            }
            let exponent = self.factor()?;
            self.depth -= 1;
            if exponent.is_some() {
                return Ok(Some(self.operation(start)));
            }
            self.pos = before;
        }
        Ok(Some(base))
    }

    fn await_primary(&mut self) -> Read<N> {
        let Some(start) = self.take(Tok::Await) else {
            return self.primary();
        };
        match self.primary()? {
            Some(_) => {
                let kind = Kind::Other("await expression");
                Ok(Some(Node::new(kind, start.start, self.end())))
            }
            None => self.back(self.pos - 1),
        }
    }
}

fn binary_tightness(op: Tok) -> Option<u8> {
    Some(match op {
        Tok::VBar => 0,
        Tok::Circumflex => 1,
        Tok::Amper => 2,
        Tok::LeftShift | Tok::RightShift => 3,
        Tok::Plus | Tok::Minus => 4,
        Tok::Star | Tok::Slash | Tok::DoubleSlash | Tok::Percent | Tok::At => 5,
        _ => return None,
    })
}
