//! Tuples, lists, sets and dicts that are written out.

use super::asm::Reg;
use super::fold::fold;
use super::{Compiler, Outcome};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// Longer displays are built piece by piece.
const MAX_RUN: usize = 256;

fn is_starred(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Starred { .. })
}

/// The constants of a display of nothing else.
fn constants(elts: &[Expr]) -> Option<Vec<Const>> {
    if elts.len() < 3 {
        None
    } else {
        elts.iter().map(fold).collect()
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn tuple(&mut self, expr: &'a Expr, elts: &'a [Expr], dst: Reg) -> Outcome {
        if let Some(value) = fold(expr) {
            self.load_const(value, dst, expr.span);
            return Ok(());
        }
        let first = self.unit.asm.next_temp();
        if elts.len() <= MAX_RUN && !elts.iter().any(is_starred) {
            self.push_all(elts)?;
            self.unit
                .asm
                .ins(expr.span, Op::BuildTuple, dst, first, elts.len() as u16);
            return Ok(());
        }
        self.list_onto(first, 0, elts, None, expr.span)?;
        self.unit
            .asm
            .ins(expr.span, Op::ListToTuple, dst, first, ());
        Ok(())
    }

    pub(super) fn list(&mut self, elts: &'a [Expr], dst: Reg, span: Span) -> Outcome {
        let first = self.unit.asm.next_temp();
        if let Some(items) = constants(elts) {
            self.unit.asm.ins(span, Op::BuildList, first, first, 0);
            let items = self.push_const(Const::Tuple(items.into()), span);
            self.unit.asm.ins(span, Op::ListExtend, first, items, first);
            self.move_to(dst, first, span);
            return Ok(());
        }
        if elts.len() <= MAX_RUN && !elts.iter().any(is_starred) {
            self.push_all(elts)?;
            self.unit
                .asm
                .ins(span, Op::BuildList, dst, first, elts.len() as u16);
            return Ok(());
        }
        self.list_onto(first, 0, elts, None, span)?;
        self.move_to(dst, first, span);
        Ok(())
    }

    /// Builds a list in the temporary `list`, where `pushed` elements are already. `callee` is what
    /// is called with just one `*args`, which is what is built.
    pub(super) fn list_onto(
        &mut self,
        list: Reg,
        pushed: u16,
        elts: &'a [Expr],
        callee: Option<Reg>,
        span: Span,
    ) -> Outcome {
        let run = elts
            .iter()
            .take_while(|elt| !is_starred(elt))
            .take(MAX_RUN)
            .count();
        let (run, rest) = elts.split_at(run);
        self.push_all(run)?;
        let count = pushed + run.len() as u16;
        self.unit.asm.ins(span, Op::BuildList, list, list, count);
        for elt in rest {
            if let ExprKind::Starred { value, .. } = &elt.kind {
                let value = self.operand(value)?;
                let args = [list.into(), value.into(), callee.unwrap_or(list).into()];
                let own = u8::from(callee.is_some());
                self.unit.asm.ins_own(span, Op::ListExtend, own, args);
            } else {
                let value = self.operand(elt)?;
                self.unit.asm.ins(span, Op::ListAppend, list, value, ());
            }
        }
        Ok(())
    }

    pub(super) fn set(&mut self, elts: &'a [Expr], dst: Reg, span: Span) -> Outcome {
        let first = self.unit.asm.next_temp();
        if let Some(items) = constants(elts) {
            self.unit.asm.ins(span, Op::BuildSet, first, first, 0);
            let items = self.push_const(Const::FrozenSet(items.into()), span);
            self.unit.asm.ins(span, Op::SetUpdate, first, items, ());
            self.move_to(dst, first, span);
            return Ok(());
        }
        let run = elts
            .iter()
            .take_while(|elt| !is_starred(elt))
            .take(MAX_RUN)
            .count();
        let (run, rest) = elts.split_at(run);
        self.push_all(run)?;
        let built = if rest.is_empty() { dst } else { first };
        self.unit
            .asm
            .ins(span, Op::BuildSet, built, first, run.len() as u16);
        for elt in rest {
            if let ExprKind::Starred { value, .. } = &elt.kind {
                let value = self.operand(value)?;
                self.unit.asm.ins(span, Op::SetUpdate, first, value, ());
            } else {
                let value = self.operand(elt)?;
                self.unit.asm.ins(span, Op::SetAdd, first, value, ());
            }
        }
        self.move_to(dst, built, span);
        Ok(())
    }

    pub(super) fn dict(
        &mut self,
        keys: &'a [Option<Expr>],
        values: &'a [Expr],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let first = self.unit.asm.next_temp();
        let run = keys
            .iter()
            .take_while(|key| key.is_some())
            .take(MAX_RUN)
            .count();
        for (key, value) in keys.iter().zip(values).take(run) {
            if let Some(key) = key {
                self.push(key)?;
                self.push(value)?;
            }
        }
        let built = if run == keys.len() { dst } else { first };
        self.unit
            .asm
            .ins(span, Op::BuildDict, built, first, run as u16);
        for (key, value) in keys.iter().zip(values).skip(run) {
            match key {
                Some(key) => {
                    let key = self.operand_before(key, &[value])?;
                    let value = self.operand(value)?;
                    self.unit.asm.ins(span, Op::DictPut, first, key, value);
                }
                None => {
                    let mapping = self.operand(value)?;
                    self.unit.asm.ins(span, Op::DictUpdate, first, mapping, ());
                }
            }
        }
        self.move_to(dst, built, span);
        Ok(())
    }
}
