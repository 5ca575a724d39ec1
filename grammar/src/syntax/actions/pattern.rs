//! Patterns of `match`.

use super::Context;
use crate::source::Span;
use crate::syntax::ast::*;

/// An argument of a class pattern as written.
type PatternArg = (Span, Option<Name>, Pattern);

/// `key: pattern` or `**rest` of a mapping pattern as written.
type MappingItem = (Option<Expr>, Result<Pattern, (Span, Name)>);

impl Context<'_> {
    /// A literal or a dotted name.
    pub fn value_pattern(&mut self, l: u32, r: u32, value: Expr) -> Pattern {
        let singleton = match &value.kind {
            ExprKind::Constant { value, .. } => match value {
                Constant::None | Constant::True | Constant::False => Some(value.clone()),
                _ => None,
            },
            _ => None,
        };
        let kind = match singleton {
            Some(value) => PatternKind::MatchSingleton { value },
            None => {
                self.check_formatted(&value);
                PatternKind::MatchValue {
                    value: Box::new(value),
                }
            }
        };
        self.pattern(l, r, kind)
    }

    /// An f-string is no literal.
    fn check_formatted(&mut self, value: &Expr) {
        if matches!(value.kind, ExprKind::JoinedStr { .. }) {
            let message = "patterns may only match literals and attribute lookups";
            self.refuse_late(value.span, message);
        }
    }

    /// `1 + 2j`: a real and an imaginary number.
    pub fn complex_pattern(
        &mut self,
        l: u32,
        r: u32,
        left: Expr,
        op: Operator,
        right: Expr,
    ) -> Expr {
        if is_imaginary(&left) {
            self.refuse(left.span, "real number required in complex literal");
        }
        if !is_imaginary(&right) {
            self.refuse(right.span, "imaginary number required in complex literal");
        }
        self.binary(l, r, left, op, right)
    }

    pub fn as_pattern(&mut self, l: u32, r: u32, pattern: Pattern, name: Name) -> Pattern {
        if &*name == "_" {
            let length = 1;
            self.refuse(Span::new(r - length, r), "cannot use '_' as a target");
        }
        let kind = PatternKind::MatchAs {
            pattern: Some(Box::new(pattern)),
            name: Some(name),
        };
        self.pattern(l, r, kind)
    }

    pub fn mapping_pattern(&mut self, l: u32, r: u32, items: Vec<MappingItem>) -> Pattern {
        let (mut keys, mut patterns, mut rest) = (Vec::new(), Vec::new(), None);
        for (key, value) in items {
            if let Some((span, _)) = rest {
                self.refuse(span, "invalid syntax");
            }
            match value {
                Ok(pattern) => {
                    keys.extend(key);
                    patterns.push(pattern);
                }
                Err((span, name)) => {
                    if &*name == "_" {
                        self.refuse(span, "invalid syntax");
                    }
                    rest = Some((span, name));
                }
            }
        }
        let kind = PatternKind::MatchMapping {
            keys,
            patterns,
            rest: rest.map(|(_, name)| name),
        };
        self.pattern(l, r, kind)
    }

    pub fn class_pattern(&mut self, l: u32, r: u32, cls: Expr, args: Vec<PatternArg>) -> Pattern {
        let (mut patterns, mut kwd_attrs, mut kwd_patterns) = (vec![], vec![], vec![]);
        for (span, name, pattern) in args {
            match name {
                Some(name) => {
                    kwd_attrs.push(name);
                    kwd_patterns.push(pattern);
                }
                None => {
                    if !kwd_attrs.is_empty() {
                        let message = "positional patterns follow keyword patterns";
                        self.refuse(span, message);
                    }
                    patterns.push(pattern);
                }
            }
        }
        let kind = PatternKind::MatchClass {
            cls: Box::new(cls),
            patterns,
            kwd_attrs,
            kwd_patterns,
        };
        self.pattern(l, r, kind)
    }
}

fn is_imaginary(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant { value, .. } => matches!(value, Constant::Complex(_)),
        ExprKind::UnaryOp { operand, .. } => is_imaginary(operand),
        _ => false,
    }
}
