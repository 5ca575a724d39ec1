//! The way a program takes: out of `finally`, and past statements that are never reached.

use super::finding::Finding;
use super::rules::Rule;
use crate::source::Span;
use crate::syntax::ast::{Body, Expr, ExprKind, Module, Stmt, StmtKind};
use crate::syntax::visit::{self, Node};

/// HS401 and HS402.
pub fn check(module: &Module, found: &mut Vec<Finding>) {
    if let Body::Module(body) | Body::Interactive(body) = &module.body {
        Flow { found }.block(body, Place::default());
    }
}

/// What lies around a statement, inside its function.
#[derive(Clone, Copy, Default)]
struct Place {
    in_finally: bool,
    /// Inside a loop, and in a `finally` inside a loop that is itself in there.
    in_loop: bool,
    /// Inside any loop.
    may_break: bool,
    in_function: bool,
}

impl Place {
    fn looping(self) -> Place {
        Place {
            in_loop: true,
            may_break: true,
            ..self
        }
    }

    /// The word of a statement behind which nothing of its block is reached.
    fn end(self, stmt: &Stmt) -> Option<&'static str> {
        match stmt.kind {
            StmtKind::Return { .. } if self.in_function => Some("return"),
            StmtKind::Raise { .. } => Some("raise"),
            StmtKind::Break if self.may_break => Some("break"),
            StmtKind::Continue if self.may_break => Some("continue"),
            _ => None,
        }
    }
}

struct Flow<'f> {
    found: &'f mut Vec<Finding>,
}

impl Flow<'_> {
    fn block(&mut self, body: &[Stmt], place: Place) {
        self.unreachable(body, place);
        body.iter().for_each(|stmt| self.stmt(stmt, place));
    }

    fn stmt(&mut self, stmt: &Stmt, place: Place) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                let inside = Place {
                    in_function: true,
                    ..Place::default()
                };
                self.block(&def.body, inside);
            }
            StmtKind::ClassDef(def) => self.block(&def.body, Place::default()),
            StmtKind::Return { .. } if place.in_finally => self.leaves(stmt.span, "return"),
            StmtKind::Break if place.in_finally && !place.in_loop => {
                self.leaves(stmt.span, "break")
            }
            StmtKind::Continue if place.in_finally && !place.in_loop => {
                self.leaves(stmt.span, "continue")
            }
            StmtKind::For(node) | StmtKind::AsyncFor(node) => {
                self.block(&node.body, place.looping());
                self.block(&node.orelse, place);
            }
            StmtKind::While { body, orelse, .. } => {
                self.block(body, place.looping());
                self.block(orelse, place);
            }
            StmtKind::If { body, orelse, .. } => self.if_chain(body, orelse, place),
            StmtKind::With { body, .. } | StmtKind::AsyncWith { body, .. } => {
                self.block(body, place)
            }
            StmtKind::Match { cases, .. } => {
                cases.iter().for_each(|case| self.block(&case.body, place))
            }
            StmtKind::Try(node) | StmtKind::TryStar(node) => {
                self.block(&node.body, place);
                node.handlers
                    .iter()
                    .for_each(|handler| self.block(&handler.body, place));
                self.block(&node.orelse, place);
                let inside = Place {
                    in_finally: true,
                    in_loop: false,
                    ..place
                };
                self.block(&node.finalbody, inside);
            }
            _ => {}
        }
    }

    fn if_chain(&mut self, body: &[Stmt], orelse: &[Stmt], place: Place) {
        self.block(body, place);
        let mut rest = orelse;
        while let [
            Stmt {
                kind: StmtKind::If { body, orelse, .. },
                ..
            },
        ] = rest
        {
            self.block(body, place);
            rest = orelse;
        }
        self.block(rest, place);
    }

    fn leaves(&mut self, span: Span, word: &str) {
        let message = format!(
            "'{word}' leaves a 'finally': an exception on its way, even a cancellation, is lost"
        );
        let span = Span::new(span.start, span.start + word.len() as u32);
        let help = format!("move the '{word}' behind the whole 'try' statement");
        self.found
            .push(Finding::new(Rule::LeavesFinally, span, message).with_help(help));
    }

    fn unreachable(&mut self, body: &[Stmt], place: Place) {
        let Some(at) = body.iter().position(|stmt| place.end(stmt).is_some()) else {
            return;
        };
        let rest = &body[at + 1..];
        let (Some(first), Some(last), Some(word)) =
            (rest.first(), rest.last(), place.end(&body[at]))
        else {
            return;
        };
        if rest.iter().all(does_nothing) || rest.iter().any(|stmt| yields(Node::Stmt(stmt))) {
            return;
        }
        let message = format!("never reached: it stands behind '{word}'");
        let start = decorated(first);
        self.found.push(Finding::new(
            Rule::Unreachable,
            Span::new(start, last.span.end),
            message,
        ));
    }
}

/// Where a statement begins with its decorators.
pub fn decorated(stmt: &Stmt) -> u32 {
    let decorators: &[Expr] = match &stmt.kind {
        StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => &def.decorator_list,
        StmtKind::ClassDef(def) => &def.decorator_list,
        _ => &[],
    };
    decorators.first().map_or(stmt.span.start, |decorator| {
        decorator.span.start.min(stmt.span.start)
    })
}

/// `pass`, `...` and texts: nobody misses them.
fn does_nothing(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Pass => true,
        StmtKind::Expr { value } => matches!(value.kind, ExprKind::Constant { .. }),
        _ => false,
    }
}

/// Whether a function is a generator because of this statement, though it is never reached.
fn yields(node: Node<'_>) -> bool {
    match node {
        Node::Stmt(Stmt {
            kind: StmtKind::FunctionDef(_) | StmtKind::AsyncFunctionDef(_) | StmtKind::ClassDef(_),
            ..
        })
        | Node::Expr(Expr {
            kind: ExprKind::Lambda { .. },
            ..
        }) => return false,
        Node::Expr(Expr {
            kind: ExprKind::Yield { .. } | ExprKind::YieldFrom { .. },
            ..
        }) => return true,
        _ => {}
    }
    let mut found = false;
    visit::visit(node, &mut |inner| found = found || yields(inner));
    found
}
