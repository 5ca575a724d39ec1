//! What is bound, assigned to or deleted.

use super::{Context, boxed};
use crate::syntax::ast::*;
use crate::syntax::names::expr_name;

impl Context<'_> {
    /// Makes an expression the target of a loop, `with` or comprehension.
    pub fn target(&mut self, mut expr: Expr) -> Expr {
        self.bind(&mut expr, ExprContext::Store);
        expr
    }

    /// `a = b = value`.
    pub fn assign(&mut self, l: u32, r: u32, first: Expr, mut rest: Vec<Expr>) -> Stmt {
        let Some(value) = rest.pop() else {
            return self.expr_stmt(l, r, first);
        };
        let mut targets = super::cons(first, rest);
        for target in &mut targets {
            self.bind(target, ExprContext::Store);
        }
        let value = Box::new(value);
        self.stmt(l, r, StmtKind::Assign { targets, value })
    }

    pub fn aug_assign(&mut self, l: u32, r: u32, target: Expr, op: Operator, value: Expr) -> Stmt {
        let mut target = target;
        match single_target(&mut target.kind) {
            Some(ctx) => *ctx = ExprContext::Store,
            None => {
                let name = expr_name(&target.kind);
                let message = format!("'{name}' is an illegal expression for augmented assignment");
                self.refuse(target.span, message);
            }
        }
        let kind = StmtKind::AugAssign {
            target: Box::new(target),
            op,
            value: Box::new(value),
        };
        self.stmt(l, r, kind)
    }

    pub fn ann_assign(
        &mut self,
        l: u32,
        r: u32,
        mut target: Expr,
        annotation: Expr,
        value: Option<Expr>,
    ) -> Stmt {
        match single_target(&mut target.kind) {
            Some(ctx) => *ctx = ExprContext::Store,
            None => self.refuse_annotation(&target),
        }
        // `(x): int` annotates nothing by name.
        let simple = matches!(target.kind, ExprKind::Name { .. }) && target.span.start == l;
        let kind = StmtKind::AnnAssign {
            target: Box::new(target),
            annotation: Box::new(annotation),
            value: boxed(value),
            simple,
        };
        self.stmt(l, r, kind)
    }

    fn refuse_annotation(&mut self, target: &Expr) {
        let message = match target.kind {
            ExprKind::List { .. } => "only single target (not list) can be annotated",
            ExprKind::Tuple { .. } => "only single target (not tuple) can be annotated",
            _ => "illegal target for annotation",
        };
        self.refuse(target.span, message);
    }

    pub fn delete(&mut self, l: u32, r: u32, mut targets: Vec<Expr>) -> Stmt {
        for target in &mut targets {
            self.bind(target, ExprContext::Del);
        }
        self.stmt(l, r, StmtKind::Delete { targets })
    }

    /// Gives an expression and its parts a context, or refuses it. The depth
    /// of a tree is limited, and so is the recursion here.
    fn bind(&mut self, expr: &mut Expr, context: ExprContext) {
        if let Some(ctx) = single_target(&mut expr.kind) {
            *ctx = context;
            return;
        }
        match &mut expr.kind {
            ExprKind::Tuple { elts, ctx } | ExprKind::List { elts, ctx } => {
                *ctx = context;
                elts.iter_mut().for_each(|elt| self.bind(elt, context));
            }
            ExprKind::Starred { value, ctx } if context == ExprContext::Store => {
                *ctx = context;
                self.bind(value, context);
            }
            kind => {
                let name = expr_name(kind);
                let verb = match context {
                    ExprContext::Del => "delete",
                    _ => "assign to",
                };
                self.refuse(expr.span, format!("cannot {verb} {name}"));
            }
        }
    }
}

/// The context of a name, attribute or subscript.
fn single_target(kind: &mut ExprKind) -> Option<&mut ExprContext> {
    match kind {
        ExprKind::Name { ctx, .. }
        | ExprKind::Attribute { ctx, .. }
        | ExprKind::Subscript { ctx, .. } => Some(ctx),
        _ => None,
    }
}
