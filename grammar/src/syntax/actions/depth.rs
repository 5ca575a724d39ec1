//! How deep trees are, so that none becomes too deep to walk.

use super::Context;
use crate::source::{Diagnostic, DiagnosticKind, Place, Span};
use crate::syntax::ast::*;
use crate::syntax::visit::{Node, visit_expr, visit_pattern, visit_stmt};

impl Context<'_> {
    /// An expression; a leaf instead if the tree gets too deep.
    pub fn expr(&mut self, start: u32, end: u32, kind: ExprKind) -> Expr {
        let span = Span::new(start, end);
        let mut deepest = 0;
        visit_expr(&kind, &mut |node| deepest = deepest.max(depth_of(node)));
        if deepest >= MAX_DEPTH {
            self.too_deep(span);
            let kind = ExprKind::Constant {
                value: Constant::None,
                unicode_prefix: false,
            };
            return Expr {
                span,
                depth: 1,
                kind,
            };
        }
        Expr {
            span,
            depth: deepest + 1,
            kind,
        }
    }

    /// A statement; `pass` instead if the tree gets too deep.
    pub fn stmt(&mut self, start: u32, end: u32, kind: StmtKind) -> Stmt {
        let span = Span::new(start, end);
        let mut deepest = 0;
        visit_stmt(&kind, &mut |node| deepest = deepest.max(depth_of(node)));
        if deepest >= MAX_DEPTH {
            self.too_deep(span);
            return Stmt {
                span,
                depth: 1,
                kind: StmtKind::Pass,
            };
        }
        Stmt {
            span,
            depth: deepest + 1,
            kind,
        }
    }

    /// A pattern; a wildcard instead if the tree gets too deep.
    pub fn pattern(&mut self, start: u32, end: u32, kind: PatternKind) -> Pattern {
        let span = Span::new(start, end);
        let mut deepest = 0;
        visit_pattern(&kind, &mut |node| deepest = deepest.max(depth_of(node)));
        if deepest >= MAX_DEPTH {
            self.too_deep(span);
            let kind = PatternKind::MatchAs {
                pattern: None,
                name: None,
            };
            return Pattern {
                span,
                depth: 1,
                kind,
            };
        }
        Pattern {
            span,
            depth: deepest + 1,
            kind,
        }
    }

    fn too_deep(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            DiagnosticKind::RecursionError,
            "maximum recursion depth exceeded during compilation",
            span,
        );
        self.refuse_at_once(diagnostic.shown_at(Place::Line));
    }
}

fn depth_of(node: Node<'_>) -> u16 {
    match node {
        Node::Stmt(stmt) => stmt.depth,
        Node::Expr(expr) => expr.depth,
        Node::Pattern(pattern) => pattern.depth,
    }
}
