//! Annotations of variables and parameters.

use super::asm::{Arg, Reg};
use super::fold::name_const;
use super::function::ANNOTATIONS;
use super::names::Place;
use super::unit::UnitKind;
use super::{Compiler, Outcome, unparse};
use crate::bytecode::op::Intrinsic;
use crate::bytecode::{Const, Op};
use crate::source::{Diagnostic, DiagnosticKind, Span};
use crate::syntax::ast::{Arg as Parameter, Arguments, Expr, ExprKind};

impl<'a> Compiler<'a> {
    /// Makes `__annotations__` at the start of a module or class that has some.
    pub(super) fn setup_annotations(&mut self) {
        if self.symbols.scopes[self.unit.scope].has_annotations {
            let temp = self.unit.asm.next_temp();
            self.intrinsic(Intrinsic::Annotations, temp, 0, temp, None);
            self.unit.asm.drop_top(None);
        }
    }

    /// `dst` = an intrinsic of `count` values from `first` on.
    pub(super) fn intrinsic(
        &mut self,
        which: Intrinsic,
        first: Reg,
        count: u64,
        dst: Reg,
        span: impl Into<Option<Span>>,
    ) {
        let args = [dst.into(), first.into(), Arg::Num(which as u16)];
        self.unit
            .asm
            .ins_extra(span, Op::Intrinsic, args, count, None);
    }

    /// Pushes the dict of a function's annotations; gives the own bit.
    pub(super) fn push_annotations(
        &mut self,
        args: &'a Arguments,
        returns: Option<&'a Expr>,
        span: Span,
    ) -> Outcome<u8> {
        let first = self.unit.asm.next_temp();
        let mut count = 0;
        let positional = args
            .args
            .iter()
            .chain(&args.posonlyargs)
            .chain(&args.vararg);
        let rest = args.kwonlyargs.iter().chain(&args.kwarg);
        for arg in positional.chain(rest) {
            count += self.push_parameter_annotation(arg, span)?;
        }
        if let Some(returns) = returns {
            self.push_const(name_const("return"), span);
            self.push_annotation(returns)?;
            count += 1;
        }
        if count == 0 {
            return Ok(0);
        }
        self.unit.asm.ins(span, Op::BuildDict, first, first, count);
        Ok(ANNOTATIONS)
    }

    fn push_parameter_annotation(&mut self, arg: &'a Parameter, span: Span) -> Outcome<u16> {
        let Some(annotation) = &arg.annotation else {
            return Ok(0);
        };
        let name = self.mangled(&arg.arg);
        self.push_const(name_const(&name), span);
        self.push_annotation(annotation)?;
        Ok(1)
    }

    /// Pushes the value of an annotation, or its text.
    fn push_annotation(&mut self, annotation: &'a Expr) -> Outcome {
        let span = annotation.span;
        if self.lazy_annotations {
            if annotation.depth > 400 {
                let message = "maximum recursion depth exceeded during compilation";
                let kind = DiagnosticKind::RecursionError;
                return Err(Diagnostic::new(kind, message, span));
            }
            self.push_const(name_const(&unparse(annotation)), span);
            return Ok(());
        }
        self.push_unpacked(annotation)
    }

    /// Pushes a value; for `*value` what it unpacks to, which must be one.
    pub(super) fn push_unpacked(&mut self, expr: &'a Expr) -> Outcome {
        if let ExprKind::Starred { value, .. } = &expr.kind {
            let temp = self.unit.asm.next_temp();
            let value = self.operand(value)?;
            self.unit.asm.ins(expr.span, Op::Unpack, temp, value, 1);
            return Ok(());
        }
        self.push(expr)?;
        Ok(())
    }

    /// `target: annotation = value`.
    pub(super) fn annotated_assignment(
        &mut self,
        target: &'a Expr,
        annotation: &'a Expr,
        value: Option<&'a Expr>,
        simple: bool,
        span: Span,
    ) -> Outcome {
        if let Some(value) = value {
            self.assign_expr(target, value)?;
        }
        let keeps = matches!(self.unit.kind, UnitKind::Module | UnitKind::Class);
        match &target.kind {
            ExprKind::Name { id, .. } => {
                self.forbid(id, "assign to", span)?;
                if simple && keeps {
                    self.push_annotation(annotation)?;
                    let name = self.mangled(id);
                    return self.store_annotation(name_const(&name), span);
                }
            }
            ExprKind::Attribute {
                value: object,
                attr,
                ..
            } => {
                self.forbid(attr, "assign to", span)?;
                if value.is_none() {
                    self.effect(object)?;
                }
            }
            ExprKind::Subscript {
                value: object,
                slice,
                ..
            } if value.is_none() => {
                self.effect(object)?;
                self.effect_of_slice(slice)?;
            }
            _ => {}
        }
        // Those of other targets are evaluated, but only outside of functions.
        if keeps && !self.lazy_annotations && !simple {
            self.effect(annotation)?;
        }
        Ok(())
    }

    fn effect_of_slice(&mut self, slice: &'a Expr) -> Outcome {
        match &slice.kind {
            ExprKind::Slice { lower, upper, step } => {
                let parts = [lower, upper, step].into_iter().flatten();
                parts.into_iter().try_for_each(|part| self.effect(part))
            }
            ExprKind::Tuple { elts, .. } => {
                elts.iter().try_for_each(|elt| self.effect_of_slice(elt))
            }
            _ => self.effect(slice),
        }
    }

    /// `__annotations__[name] = ` the value on top.
    fn store_annotation(&mut self, name: Const, span: Span) -> Outcome {
        let value = self.unit.asm.top();
        let dict = self.unit.asm.next_temp();
        let annotations = self.unit.name_index(&"__annotations__".into());
        let op = match self.place(&"__annotations__".into()) {
            Place::Namespace => Op::GetName,
            _ => Op::GetGlobal,
        };
        let op = if self.unit.kind == UnitKind::Class {
            Op::GetName
        } else {
            op
        };
        self.unit.asm.ins(span, op, dict, (), annotations);
        let key = self.push_const(name, span);
        self.unit.asm.ins(span, Op::SetItem, dict, key, value);
        Ok(())
    }
}
