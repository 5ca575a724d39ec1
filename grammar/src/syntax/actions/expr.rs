//! Expressions.

use super::{Context, boxed};
use crate::source::Span;
use crate::syntax::ast::*;

impl Context<'_> {
    /// A tuple, unless it is one element without a comma.
    pub fn tuple_or_single(&mut self, l: u32, r: u32, items: (Vec<Expr>, bool)) -> Expr {
        match single(items) {
            Ok(expr) => expr,
            Err(elts) => self.tuple(l, r, elts),
        }
    }

    /// What stands in parentheses: one expression, or a tuple.
    pub fn parenthesised(&mut self, l: u32, r: u32, items: (Vec<Expr>, bool)) -> Expr {
        match single(items) {
            Ok(expr) => {
                if matches!(expr.kind, ExprKind::Starred { .. }) {
                    self.refuse(expr.span, "cannot use starred expression here");
                }
                expr
            }
            Err(elts) => self.tuple(l, r, elts),
        }
    }

    /// What stands in a subscript: a lone starred expression is a tuple too.
    pub fn slices(&mut self, l: u32, r: u32, items: (Vec<Expr>, bool)) -> Expr {
        match single(items) {
            Ok(expr) if matches!(expr.kind, ExprKind::Starred { .. }) => {
                self.tuple(l, r, vec![expr])
            }
            Ok(expr) => expr,
            Err(elts) => self.tuple(l, r, elts),
        }
    }

    fn tuple(&mut self, l: u32, r: u32, elts: Vec<Expr>) -> Expr {
        let ctx = ExprContext::Load;
        self.expr(l, r, ExprKind::Tuple { elts, ctx })
    }

    pub fn slice(
        &mut self,
        l: u32,
        r: u32,
        lower: Option<Expr>,
        upper: Option<Expr>,
        step: Option<Expr>,
    ) -> Expr {
        let kind = ExprKind::Slice {
            lower: boxed(lower),
            upper: boxed(upper),
            step: boxed(step),
        };
        self.expr(l, r, kind)
    }

    pub fn starred(&mut self, l: u32, r: u32, value: Expr) -> Expr {
        let kind = ExprKind::Starred {
            value: Box::new(value),
            ctx: ExprContext::Load,
        };
        self.expr(l, r, kind)
    }

    pub fn constant(&mut self, l: u32, r: u32, value: Constant) -> Expr {
        let kind = ExprKind::Constant {
            value,
            unicode_prefix: false,
        };
        self.expr(l, r, kind)
    }

    pub fn unary(&mut self, l: u32, r: u32, op: UnaryOp, operand: Expr) -> Expr {
        let operand = Box::new(operand);
        self.expr(l, r, ExprKind::UnaryOp { op, operand })
    }

    pub fn binary(&mut self, l: u32, r: u32, left: Expr, op: Operator, right: Expr) -> Expr {
        let kind = ExprKind::BinOp {
            left: Box::new(left),
            op,
            right: Box::new(right),
        };
        self.expr(l, r, kind)
    }

    pub fn compare(&mut self, l: u32, r: u32, left: Expr, rest: Vec<(CmpOp, Expr)>) -> Expr {
        let (ops, comparators) = rest.into_iter().unzip();
        let kind = ExprKind::Compare {
            left: Box::new(left),
            ops,
            comparators,
        };
        self.expr(l, r, kind)
    }

    /// `<>` is lexed as an operator and means nothing.
    pub fn not_equal(&mut self, l: u32, r: u32) -> CmpOp {
        if self.byte_at(l) == b'<' {
            self.refuse(Span::new(l, r), "invalid syntax");
        }
        CmpOp::NotEq
    }

    pub fn attribute(&mut self, l: u32, r: u32, value: Expr, attr: Name) -> Expr {
        let kind = ExprKind::Attribute {
            value: Box::new(value),
            attr,
            ctx: ExprContext::Load,
        };
        self.expr(l, r, kind)
    }

    pub fn subscript(&mut self, l: u32, r: u32, value: Expr, slice: Expr) -> Expr {
        let kind = ExprKind::Subscript {
            value: Box::new(value),
            slice: Box::new(slice),
            ctx: ExprContext::Load,
        };
        self.expr(l, r, kind)
    }

    pub fn dict(&mut self, l: u32, r: u32, items: Vec<(Option<Expr>, Expr)>) -> Expr {
        let (keys, values) = items.into_iter().unzip();
        self.expr(l, r, ExprKind::Dict { keys, values })
    }
}

/// The one element of a list without a comma, or else all of them.
fn single((mut items, comma): (Vec<Expr>, bool)) -> Result<Expr, Vec<Expr>> {
    if items.len() > 1 || comma {
        return Err(items);
    }
    items.pop().ok_or(items)
}
