//! Parameters of functions and lambdas, and type parameters.

use super::{Read, Reader};
use crate::source::Span;
use crate::syntax::token::Tok;

/// What differs between `def` and `lambda`.
#[derive(Clone, Copy)]
struct Style {
    annotations: bool,
    end: Tok,
    parenthesised: &'static str,
}

const FUNCTION: Style = Style {
    annotations: true,
    end: Tok::RPar,
    parenthesised: "Function parameters cannot be parenthesized",
};

const LAMBDA: Style = Style {
    annotations: false,
    end: Tok::Colon,
    parenthesised: "Lambda expression parameters cannot be parenthesized",
};

/// What stood before a parameter.
#[derive(Default)]
struct Seen {
    any: bool,
    slash: bool,
    default: bool,
    star: bool,
}

impl Reader<'_> {
    pub(super) fn function_parameters(&mut self) -> Read<()> {
        self.parameters(FUNCTION)
    }

    pub(super) fn lambda_parameters(&mut self) -> Read<()> {
        self.parameters(LAMBDA)
    }

    /// Reads as many as are good; a mistake stops if mistakes are tried.
    fn parameters(&mut self, style: Style) -> Read<()> {
        let mut seen = Seen::default();
        loop {
            let before = self.pos;
            let good = match self.peek() {
                Tok::Name => self.plain_parameter(style, &mut seen)?,
                Tok::Slash => self.slash(&mut seen)?,
                Tok::Star => self.star(style, &mut seen)?,
                Tok::DoubleStar => return self.double_star(style),
                Tok::LPar if self.mistakes => {
                    self.mistake(|r| r.parenthesised(style))?;
                    None
                }
                _ => None,
            };
            if good.is_none() {
                self.pos = before;
                return Ok(Some(()));
            }
            if !self.eat(Tok::Comma) {
                return Ok(Some(()));
            }
        }
    }

    fn plain_parameter(&mut self, style: Style, seen: &mut Seen) -> Read<()> {
        let span = self.span();
        if self.parameter(style)?.is_none() {
            return Ok(None);
        }
        let has_default = self.default_value(style)?;
        if !has_default && seen.default && !seen.star {
            if self.at_any(&[Tok::Comma, style.end]) && self.mistakes {
                let end = self.end();
                let message = "parameter without a default follows parameter with a default";
                return self.raise_in(Span::new(span.start, end), message);
            }
            return Ok(None);
        }
        seen.default |= has_default;
        seen.any = true;
        Ok(Some(()))
    }

    /// `name` or `name: annotation`.
    fn parameter(&mut self, style: Style) -> Read<()> {
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        if style.annotations {
            self.annotation(Self::expression)?;
        }
        Ok(Some(()))
    }

    fn annotation(&mut self, rule: fn(&mut Self) -> Read<super::N>) -> Read<()> {
        let before = self.pos;
        if self.eat(Tok::Colon) && rule(self)?.is_none() {
            self.pos = before;
        }
        Ok(Some(()))
    }

    fn default_value(&mut self, _style: Style) -> Result<bool, super::Stop> {
        let before = self.pos;
        let Some(equal) = self.take(Tok::Equal) else {
            return Ok(false);
        };
        if self.expression()?.is_some() {
            return Ok(true);
        }
        if self.mistakes && self.at_any(&[Tok::Comma, Tok::RPar]) {
            self.raise_in::<()>(equal, "expected default value expression")?;
        }
        self.pos = before;
        Ok(false)
    }

    fn slash(&mut self, seen: &mut Seen) -> Read<()> {
        let span = self.span();
        self.pos += 1;
        let message = if seen.star {
            "/ must be ahead of *"
        } else if seen.slash {
            "/ may appear only once"
        } else if !seen.any {
            "at least one argument must precede /"
        } else {
            seen.slash = true;
            if self.mistakes && self.at(Tok::Star) {
                return self.raise_in(self.span(), "expected comma between / and *");
            }
            return Ok(Some(()));
        };
        if self.mistakes && (seen.any || seen.star || self.at(Tok::Comma)) {
            return self.raise_in(span, message);
        }
        Ok(None)
    }

    fn star(&mut self, style: Style, seen: &mut Seen) -> Read<()> {
        let span = self.span();
        self.pos += 1;
        if seen.star {
            if self.mistakes {
                let named = self.parameter(style)?.is_some();
                if self.at(Tok::Comma) || (named && self.at(style.end)) {
                    return self.raise_in(span, "* argument may appear only once");
                }
            }
            return Ok(None);
        }
        seen.star = true;
        if self.at(Tok::Comma) || self.at(style.end) {
            return self.bare_star(style, span);
        }
        let named = match style.annotations {
            true => {
                let named = self.eat(Tok::Name);
                if named {
                    self.annotation(Self::star_expression)?;
                }
                named
            }
            false => self.parameter(style)?.is_some(),
        };
        if !named {
            return Ok(None);
        }
        if self.mistakes
            && let Some(equal) = self.take(Tok::Equal)
        {
            let message = "var-positional argument cannot have default value";
            return self.raise_in(equal, message);
        }
        Ok(Some(()))
    }

    fn bare_star(&mut self, style: Style, span: Span) -> Read<()> {
        let second = match self.at(Tok::Comma) {
            true => self.peek_second(),
            false => style.end,
        };
        if second != style.end && second != Tok::DoubleStar {
            return Ok(Some(()));
        }
        let message = "named arguments must follow bare *";
        match self.mistakes {
            true if style.annotations => self.raise_in(span, message),
            true => self.raise(message),
            false => Ok(None),
        }
    }

    fn double_star(&mut self, style: Style) -> Read<()> {
        let before = self.pos;
        self.pos += 1;
        if self.parameter(style)?.is_none() {
            return self.back(before);
        }
        if self.mistakes {
            if let Some(equal) = self.take(Tok::Equal) {
                let message = "var-keyword argument cannot have default value";
                return self.raise_in(equal, message);
            }
            self.mistake(|r| r.after_double_star(style))?;
        }
        self.eat(Tok::Comma);
        Ok(Some(()))
    }

    fn after_double_star(&mut self, style: Style) -> Read<()> {
        if !self.eat(Tok::Comma) {
            return Ok(None);
        }
        let message = "arguments cannot follow var-keyword argument";
        let span = self.span();
        if self.eat_any(&[Tok::Star, Tok::DoubleStar, Tok::Slash]) {
            return self.raise_in(span, message);
        }
        if self.parameter(style)?.is_some() {
            let end = self.end();
            return self.raise_in(Span::new(span.start, end), message);
        }
        Ok(None)
    }

    fn parenthesised(&mut self, style: Style) -> Read<()> {
        let open = self.span();
        self.pos += 1;
        let mut names = 0;
        while self.parameter(style)?.is_some() {
            names += 1;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        if let (true, Some(close)) = (names > 0, self.take(Tok::RPar)) {
            return self.raise_in(open.to(close), style.parenthesised);
        }
        Ok(None)
    }

    /// `[T, *Ts, **P]`, if they are there.
    pub(super) fn type_parameters(&mut self) -> Read<()> {
        let start = self.pos;
        if !self.eat(Tok::LSqb) {
            return Ok(Some(()));
        }
        if self.mistakes && self.at(Tok::RSqb) {
            return self.raise_from(self.span(), "Type parameter list cannot be empty");
        }
        let mut any = false;
        while self.type_parameter()?.is_some() {
            any = true;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        match any && self.eat(Tok::RSqb) {
            true => Ok(Some(())),
            false => self.back(start),
        }
    }

    fn type_parameter(&mut self) -> Read<()> {
        let kind = match self.peek() {
            Tok::Star => "TypeVarTuple",
            Tok::DoubleStar => "ParamSpec",
            _ => "",
        };
        if !kind.is_empty() {
            self.pos += 1;
        }
        if !self.eat(Tok::Name) {
            return Ok(None);
        }
        let before = self.pos;
        if let Some(colon) = self.take(Tok::Colon) {
            match self.expression()? {
                Some(bound) if !kind.is_empty() => {
                    if self.mistakes {
                        let tuple = matches!(bound.kind, super::Kind::Tuple(_));
                        let what = if tuple { "constraints" } else { "bound" };
                        return self.raise_from(colon, format!("cannot use {what} with {kind}"));
                    }
                    self.pos = before;
                }
                Some(_) => {}
                None => self.pos = before,
            }
        }
        let before = self.pos;
        if self.eat(Tok::Equal) {
            let value = match kind {
                "TypeVarTuple" => self.star_expression()?,
                _ => self.expression()?,
            };
            if value.is_none() {
                self.pos = before;
            }
        }
        Ok(Some(()))
    }
}
