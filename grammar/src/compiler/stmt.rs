//! Statements.

use super::unit::UnitKind;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::Op;
use crate::bytecode::op::{Common, Intrinsic};
use crate::source::Span;
use crate::syntax::ast::{Expr, Stmt, StmtKind};

impl<'a> Compiler<'a> {
    pub(super) fn module_body(&mut self, body: &'a [Stmt]) -> Outcome {
        self.setup_annotations();
        let mut rest = body;
        if let Some(text) = self.docstring(body) {
            let span = body[0].span;
            let text = self.push_const(text, span);
            self.store_name(&"__doc__".into(), text, span)?;
            rest = &body[1..];
        }
        self.check_top_level_loops(rest)?;
        self.body(rest)
    }

    pub(super) fn body(&mut self, body: &'a [Stmt]) -> Outcome {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Outcome {
        let span = stmt.span;
        self.check_stack(span)?;
        // Nested `finally` bodies are compiled over and over: stop in time.
        if let Some(failure) = self.unit.asm.failure {
            return syntax(failure, span);
        }
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function_def(def, span, false),
            StmtKind::AsyncFunctionDef(def) => self.function_def(def, span, true),
            StmtKind::ClassDef(def) => self.class_def(def, span),
            StmtKind::Return { value } => self.return_stmt(value.as_deref(), span),
            StmtKind::Delete { targets } => {
                targets.iter().try_for_each(|target| self.delete(target))
            }
            StmtKind::Assign { targets, value } => self.assign_stmt(targets, value, span),
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => self.type_alias(stmt, name, type_params, value),
            StmtKind::AugAssign { target, op, value } => self.aug_assign(target, *op, value, span),
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.annotated_assignment(target, annotation, value.as_deref(), *simple, span),
            StmtKind::For(node) => self.for_stmt(node, false, span),
            StmtKind::AsyncFor(node) => self.for_stmt(node, true, span),
            StmtKind::While { test, body, orelse } => self.while_stmt(test, body, orelse, span),
            StmtKind::If { test, body, orelse } => self.if_stmt(test, body, orelse),
            StmtKind::With { items, body } => self.with_stmt(items, body, false, span),
            StmtKind::AsyncWith { items, body } => self.with_stmt(items, body, true, span),
            StmtKind::Match { subject, cases } => self.match_stmt(subject, cases),
            StmtKind::Raise { exc, cause } => self.raise(exc.as_deref(), cause.as_deref(), span),
            StmtKind::Try(node) => self.try_stmt(node, span),
            StmtKind::TryStar(node) => self.try_star_stmt(node, span),
            StmtKind::Assert { test, msg } => self.assert(test, msg.as_deref(), span),
            StmtKind::Import { names } => self.import(names, span),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => self.import_from(module.as_ref(), names, *level, stmt),
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } | StmtKind::Pass => Ok(()),
            StmtKind::Expr { value } => self.expr_stmt(value),
            StmtKind::Break => self.break_stmt(span),
            StmtKind::Continue => self.continue_stmt(span),
        }
    }

    fn expr_stmt(&mut self, value: &'a Expr) -> Outcome {
        if self.shows_values && self.unit.kind == UnitKind::Module {
            let first = self.push(value)?;
            self.intrinsic(Intrinsic::PrintExpr, first, 1, first, value.span);
            self.unit.asm.drop_top(value.span);
            return Ok(());
        }
        self.effect(value)
    }

    /// `elif` chains nest deep in the tree but not on the stack.
    fn if_stmt(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Outcome {
        let end = self.unit.asm.label();
        let (mut test, mut body, mut orelse) = (test, body, orelse);
        loop {
            let otherwise = self.unit.asm.label();
            self.jump_if(test, false, otherwise)?;
            self.body(body)?;
            if orelse.is_empty() {
                self.unit.asm.place(otherwise);
                break;
            }
            self.unit.asm.jump(None, end);
            self.unit.asm.place(otherwise);
            match orelse {
                [
                    Stmt {
                        kind:
                            StmtKind::If {
                                test: t,
                                body: b,
                                orelse: o,
                            },
                        ..
                    },
                ] => {
                    (test, body, orelse) = (t, b, o);
                }
                _ => {
                    self.body(orelse)?;
                    break;
                }
            }
        }
        self.unit.asm.place(end);
        Ok(())
    }

    fn raise(&mut self, exc: Option<&'a Expr>, cause: Option<&'a Expr>, span: Span) -> Outcome {
        let Some(exc) = exc else {
            self.unit.asm.ins(span, Op::RaiseBare, (), (), ());
            return Ok(());
        };
        let later: Vec<&'a Expr> = cause.into_iter().collect();
        let exc = self.operand_before(exc, &later)?;
        match cause {
            Some(cause) => {
                let cause = self.operand(cause)?;
                self.unit.asm.ins(span, Op::Raise, (), exc, cause);
            }
            None => self.unit.asm.ins(span, Op::Raise, (), exc, u16::MAX),
        }
        Ok(())
    }

    fn assert(&mut self, test: &'a Expr, msg: Option<&'a Expr>, span: Span) -> Outcome {
        self.warn_assert(test, span);
        if self.options.optimize > 0 {
            return Ok(());
        }
        let passed = self.unit.asm.label();
        self.jump_if(test, true, passed)?;
        let error = self.unit.asm.next_temp();
        self.unit.asm.ins(
            span,
            Op::LoadCommon,
            error,
            Common::AssertionError as u16,
            (),
        );
        if let Some(msg) = msg {
            self.push(msg)?;
            let args = [error.into(), error.into(), 1.into()];
            self.unit.asm.ins_extra(span, Op::Call, args, 0, None);
        }
        self.unit.asm.ins(test.span, Op::Raise, (), error, u16::MAX);
        self.unit.asm.place(passed);
        Ok(())
    }
}
