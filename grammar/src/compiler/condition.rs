//! Comparisons, as values and as conditions of jumps.

use super::asm::{Arg, Label, Reg};
use super::fold::{fold, truth};
use super::{Compiler, Outcome};
use crate::bytecode::op::{NEGATE, OWN_SHIFT};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{BoolOp, CmpOp, Expr, ExprKind, UnaryOp};

impl<'a> Compiler<'a> {
    /// Jumps to `label` if the truth of the expression is `wanted`, else goes on.
    pub(super) fn jump_if(&mut self, expr: &'a Expr, wanted: bool, label: Label) -> Outcome {
        self.check_stack(expr.span)?;
        match &expr.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => {
                return self.jump_if(operand, !wanted, label);
            }
            ExprKind::BoolOp { op, values } => {
                return self.jump_if_bool(*op, values, wanted, label);
            }
            ExprKind::IfExp { test, body, orelse } => {
                let otherwise = self.unit.asm.label();
                let end = self.unit.asm.label();
                self.jump_if(test, false, otherwise)?;
                self.jump_if(body, wanted, label)?;
                self.unit.asm.jump(expr.span, end);
                self.unit.asm.place(otherwise);
                self.jump_if(orelse, wanted, label)?;
                self.unit.asm.place(end);
                return Ok(());
            }
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => {
                self.warn_compare(left, ops, comparators, expr.span);
                if let ([op], [right]) = (&ops[..], &comparators[..]) {
                    return self.jump_if_compare(left, *op, right, wanted, label, expr.span);
                }
                return self.jump_if_chain(left, ops, comparators, wanted, label, expr.span);
            }
            _ => {}
        }
        let known = match &expr.kind {
            ExprKind::Name { id, .. } if &**id == "__debug__" => Some(self.options.optimize == 0),
            _ => fold(expr).map(|value| truth(&value)),
        };
        if let Some(known) = known {
            if known == wanted {
                self.unit.asm.jump(expr.span, label);
            }
            return Ok(());
        }
        let value = self.operand(expr)?;
        self.jump_on(value, wanted, label, expr.span);
        Ok(())
    }

    /// Jumps on the truth of a register.
    pub(super) fn jump_on(&mut self, value: Reg, wanted: bool, label: Label, span: Span) {
        let op = if wanted {
            Op::JumpIfTrue
        } else {
            Op::JumpIfFalse
        };
        let args = [value.into(), Arg::None, Arg::None];
        self.unit.asm.jump_ins(span, op, false, args, label);
    }

    fn jump_if_bool(
        &mut self,
        op: BoolOp,
        values: &'a [Expr],
        wanted: bool,
        label: Label,
    ) -> Outcome {
        let Some((last, rest)) = values.split_last() else {
            return Ok(());
        };
        let decisive = op == BoolOp::Or;
        if decisive == wanted {
            return values
                .iter()
                .try_for_each(|value| self.jump_if(value, wanted, label));
        }
        let end = self.unit.asm.label();
        for value in rest {
            self.jump_if(value, decisive, end)?;
        }
        self.jump_if(last, wanted, label)?;
        self.unit.asm.place(end);
        Ok(())
    }

    fn jump_if_compare(
        &mut self,
        left: &'a Expr,
        op: CmpOp,
        right: &'a Expr,
        wanted: bool,
        label: Label,
        span: Span,
    ) -> Outcome {
        let left = self.operand_before(left, &[right])?;
        self.jump_compared(left, op, right, wanted, label, span)
    }

    /// The jump of a comparison whose left side is in a register.
    pub(super) fn jump_compared(
        &mut self,
        left: Reg,
        op: CmpOp,
        right: &'a Expr,
        wanted: bool,
        label: Label,
        span: Span,
    ) -> Outcome {
        let folded = fold(right);
        if let (CmpOp::Is | CmpOp::IsNot, Some(Const::None)) = (op, &folded) {
            let negate = (op == CmpOp::Is) != wanted;
            let args = [left.into(), Arg::None, Arg::None];
            self.unit
                .asm
                .jump_ins(span, Op::JumpIfNone, negate, args, label);
            return Ok(());
        }
        if let Some(value) = folded
            && let Some(jump) = const_jump(op)
            && let Some(index) = self.unit.short_const(value)
        {
            let args = [Arg::None, left.into(), Arg::Num(index)];
            self.unit.asm.jump_ins(span, jump, !wanted, args, label);
            return Ok(());
        }
        if let Some((jump, negated)) = fused_jump(op) {
            let right = self.operand(right)?;
            let args = [Arg::None, left.into(), right.into()];
            self.unit
                .asm
                .jump_ins(span, jump, negated == wanted, args, label);
            return Ok(());
        }
        let right = self.container(right)?;
        let value = match left {
            Reg::Temp(_) => left,
            Reg::Local(_) => match right {
                Reg::Temp(_) => right,
                Reg::Local(_) => self.unit.asm.next_temp(),
            },
        };
        self.compare_ins(op, value, left, right, span);
        self.jump_on(value, wanted, label, span);
        Ok(())
    }

    /// The right side of `in`: displays of constants are constant.
    fn container(&mut self, expr: &'a Expr) -> Outcome<Reg> {
        let items = match &expr.kind {
            ExprKind::List { elts, .. } => elts.iter().map(fold).collect::<Option<Vec<_>>>(),
            ExprKind::Set { elts } => elts.iter().map(fold).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        match (items, &expr.kind) {
            (Some(items), ExprKind::Set { .. }) => {
                Ok(self.push_const(Const::FrozenSet(items.into()), expr.span))
            }
            (Some(items), _) => Ok(self.push_const(Const::Tuple(items.into()), expr.span)),
            _ => self.operand(expr),
        }
    }

    /// A comparison as a value.
    fn compare_ins(&mut self, op: CmpOp, dst: Reg, left: Reg, right: Reg, span: Span) {
        let (op, negate) = match op {
            CmpOp::Eq => (Op::Eq, false),
            CmpOp::NotEq => (Op::Ne, false),
            CmpOp::Lt => (Op::Lt, false),
            CmpOp::LtE => (Op::Le, false),
            CmpOp::Gt => (Op::Gt, false),
            CmpOp::GtE => (Op::Ge, false),
            CmpOp::Is => (Op::Is, false),
            CmpOp::IsNot => (Op::Is, true),
            CmpOp::In => (Op::In, false),
            CmpOp::NotIn => (Op::In, true),
        };
        let own = if negate { NEGATE >> OWN_SHIFT } else { 0 };
        self.unit
            .asm
            .ins_own(span, op, own, [dst.into(), left.into(), right.into()]);
    }

    /// A chain as a condition: every link but the last jumps away when it fails.
    fn jump_if_chain(
        &mut self,
        left: &'a Expr,
        ops: &'a [CmpOp],
        comparators: &'a [Expr],
        wanted: bool,
        label: Label,
        span: Span,
    ) -> Outcome {
        let hidden = !self.stays_in_place(comparators);
        // Without hidden locals a failed link can jump right away.
        let direct = !hidden && !wanted;
        let failed = if direct { label } else { self.unit.asm.label() };
        let mut middles = Vec::new();
        let mut value = self.operand_before(left, &comparators.iter().collect::<Vec<_>>())?;
        let last = comparators.len().saturating_sub(1);
        for (index, (op, right)) in ops.iter().zip(comparators).enumerate() {
            if index == last {
                let (wanted, target) = if hidden {
                    (false, failed)
                } else {
                    (wanted, label)
                };
                self.jump_compared(value, *op, right, wanted, target, span)?;
                break;
            }
            let middle = self.middle(right, hidden, &mut middles)?;
            self.jump_registers(value, *op, middle, failed, span);
            if !cfg!(hoop_mutant = "14") {
                value = middle;
            }
        }
        if direct {
            return Ok(());
        }
        if !hidden {
            self.unit.asm.place(failed);
            return Ok(());
        }
        self.clear_middles(middles, wanted, failed, label, span);
        Ok(())
    }

    /// Each way out of a chain clears what the middles held.
    fn clear_middles(
        &mut self,
        middles: Vec<u16>,
        wanted: bool,
        failed: Label,
        label: Label,
        span: Span,
    ) {
        let end = self.unit.asm.label();
        self.clear_all(&middles);
        self.unit.asm.jump(span, if wanted { label } else { end });
        self.unit.asm.place(failed);
        self.clear_all(&middles);
        if !wanted {
            self.unit.asm.jump(span, label);
        }
        self.unit.asm.place(end);
        middles
            .into_iter()
            .for_each(|local| self.unit.give_back(local));
    }

    /// Whether all values of a chain but the last are local variables that stay as they are.
    fn stays_in_place(&self, comparators: &'a [Expr]) -> bool {
        let walrus = self.symbols.scopes[self.unit.scope].has_walrus
            || self.symbols.scopes[self.scope_id()].has_walrus;
        let plain =
            |expr: &Expr| matches!(expr.kind, ExprKind::Name { .. } | ExprKind::Constant { .. });
        let (last, middles) = match comparators.split_last() {
            Some(parts) => parts,
            None => return true,
        };
        let local = |expr: &Expr| match &expr.kind {
            ExprKind::Name { id, .. } => self.local_of(id).is_some(),
            _ => false,
        };
        middles.iter().all(local) && (!walrus || plain(last))
    }

    fn clear_all(&mut self, locals: &[u16]) {
        for &local in locals {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
        }
    }

    /// A value that is compared twice: a local variable, or a hidden one.
    fn middle(&mut self, expr: &'a Expr, hide: bool, hidden: &mut Vec<u16>) -> Outcome<Reg> {
        if !hide {
            return self.operand(expr);
        }
        let local = self.unit.hidden(".compared");
        hidden.push(local);
        self.into(expr, Reg::Local(local))?;
        Ok(Reg::Local(local))
    }

    /// Jumps to `failed` unless the registers compare.
    fn jump_registers(&mut self, left: Reg, op: CmpOp, right: Reg, failed: Label, span: Span) {
        if let Some((jump, negated)) = fused_jump(op) {
            let args = [Arg::None, left.into(), right.into()];
            self.unit.asm.jump_ins(span, jump, !negated, args, failed);
            return;
        }
        let value = match left {
            Reg::Temp(_) => left,
            Reg::Local(_) => self.unit.asm.next_temp(),
        };
        self.compare_ins(op, value, left, right, span);
        self.jump_on(value, false, failed, span);
    }

    /// A comparison or a chain as a value.
    pub(super) fn compare(
        &mut self,
        left: &'a Expr,
        ops: &'a [CmpOp],
        comparators: &'a [Expr],
        dst: Reg,
        span: Span,
    ) -> Outcome {
        if let ([op], [right]) = (ops, comparators) {
            let left = self.operand_before(left, &[right])?;
            let right = match op {
                CmpOp::In | CmpOp::NotIn => self.container(right)?,
                _ => self.operand(right)?,
            };
            self.compare_ins(*op, dst, left, right, span);
            return Ok(());
        }
        let hidden = !self.stays_in_place(comparators);
        let mut middles = Vec::new();
        let failed = self.unit.asm.label();
        let temp = self.unit.asm.next_temp();
        let mut value = self.operand_before(left, &comparators.iter().collect::<Vec<_>>())?;
        let last = comparators.len().saturating_sub(1);
        for (index, (op, right)) in ops.iter().zip(comparators).enumerate() {
            if index == last {
                let right = match op {
                    CmpOp::In | CmpOp::NotIn => self.container(right)?,
                    _ => self.operand(right)?,
                };
                self.compare_ins(*op, temp, value, right, span);
                break;
            }
            let middle = self.middle(right, hidden, &mut middles)?;
            self.compare_ins(*op, temp, value, middle, span);
            let args = [temp.into(), Arg::None, Arg::None];
            self.unit
                .asm
                .jump_ins(span, Op::JumpIfFalseOrDrop, false, args, failed);
            value = middle;
        }
        self.unit.asm.place(failed);
        self.clear_all(&middles);
        middles
            .into_iter()
            .for_each(|local| self.unit.give_back(local));
        self.move_to(dst, temp, span);
        Ok(())
    }
}

/// The fused jump of a comparison, and whether it jumps on the opposite.
fn fused_jump(op: CmpOp) -> Option<(Op, bool)> {
    match op {
        CmpOp::Lt => Some((Op::JumpIfLt, false)),
        CmpOp::LtE => Some((Op::JumpIfLe, false)),
        CmpOp::Gt => Some((Op::JumpIfGt, false)),
        CmpOp::GtE => Some((Op::JumpIfGe, false)),
        CmpOp::Eq => Some((Op::JumpIfEq, false)),
        CmpOp::NotEq => Some((Op::JumpIfNe, false)),
        CmpOp::Is => Some((Op::JumpIfIs, false)),
        CmpOp::IsNot => Some((Op::JumpIfIs, true)),
        CmpOp::In | CmpOp::NotIn => None,
    }
}

/// The fused jump of a comparison with a constant.
fn const_jump(op: CmpOp) -> Option<Op> {
    match op {
        CmpOp::Lt => Some(Op::JumpIfLtConst),
        CmpOp::LtE => Some(Op::JumpIfLeConst),
        CmpOp::Gt => Some(Op::JumpIfGtConst),
        CmpOp::GtE => Some(Op::JumpIfGeConst),
        CmpOp::Eq => Some(Op::JumpIfEqConst),
        CmpOp::NotEq => Some(Op::JumpIfNeConst),
        _ => None,
    }
}
