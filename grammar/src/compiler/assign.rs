//! Assignment targets: binding, unpacking, augmented assignment, `del`.

use super::asm::{Arg, Reg};
use super::fold::fold;
use super::names::Place;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Name, Operator};

/// How one value of a parallel assignment is kept until it is bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Constant,
    InPlace(u16),
    Temporary,
}

impl<'a> Compiler<'a> {
    /// `targets = ... = value`.
    pub(super) fn assign_stmt(
        &mut self,
        targets: &'a [Expr],
        value: &'a Expr,
        span: Span,
    ) -> Outcome {
        let Some((last, rest)) = targets.split_last() else {
            return Ok(());
        };
        if rest.is_empty() {
            return self.assign_expr(last, value);
        }
        if let Some(constant) = fold(value) {
            for target in targets {
                self.assign_const(target, constant.clone(), value.span)?;
            }
            return Ok(());
        }
        let value = self.push(value)?;
        for target in rest {
            let copy = self.unit.asm.next_temp();
            self.unit.asm.ins(span, Op::Copy, copy, value, ());
            self.assign(target, copy)?;
        }
        self.assign(last, value)
    }

    /// `target = value`.
    pub(super) fn assign_expr(&mut self, target: &'a Expr, value: &'a Expr) -> Outcome {
        if let ExprKind::Name { id, .. } = &target.kind {
            self.forbid(id, "assign to", target.span)?;
            if let Some(local) = self.local_of(id) {
                return self.into(value, Reg::Local(local));
            }
        }
        if let Some((targets, values)) = parallel(target, value)
            && self.assign_parallel(targets, values)?
        {
            return Ok(());
        }
        let value = self.operand_before(value, &[target])?;
        self.assign(target, value)
    }

    fn assign_const(&mut self, target: &'a Expr, value: Const, span: Span) -> Outcome {
        if let ExprKind::Name { id, .. } = &target.kind
            && let Some(local) = self.local_of(id)
        {
            self.forbid(id, "assign to", target.span)?;
            self.load_const(value, Reg::Local(local), span);
            return Ok(());
        }
        let value = self.push_const(value, span);
        self.assign(target, value)
    }

    /// `a, b = x, y` without a tuple. Says whether it was done.
    fn assign_parallel(&mut self, targets: &'a [Expr], values: &'a [Expr]) -> Outcome<bool> {
        if self.symbols.scopes[self.scope_id()].has_walrus {
            return Ok(false);
        }
        let locals: Vec<Option<u16>> = targets
            .iter()
            .map(|target| self.target_local(target))
            .collect();
        let plain: Vec<u16> = locals.iter().flatten().copied().collect();
        let distinct = plain
            .iter()
            .enumerate()
            .all(|(n, local)| !plain[..n].contains(local));
        let all_plain = plain.len() == targets.len() && distinct;
        let mut kept = self.classify(values, |this, index, local| {
            let _ = this;
            !locals[..index].contains(&Some(local))
        });
        let temporaries = |kept: &[Kept]| kept.iter().filter(|&&k| k == Kept::Temporary).count();
        let mut backwards = false;
        if temporaries(&kept) > 1 {
            if all_plain {
                backwards = true;
                kept = self.classify(values, |_, _, local| !plain.contains(&local));
            } else if temporaries(&kept) > 3 {
                return Ok(false);
            }
        }
        let base = self.unit.asm.depth;
        for (value, kept) in values.iter().zip(&kept) {
            match kept {
                Kept::Temporary => drop(self.push(value)?),
                Kept::InPlace(_) => drop(self.operand(value)?),
                Kept::Constant => {}
            }
        }
        if backwards || temporaries(&kept) <= 1 {
            let mut order: Vec<usize> = (0..targets.len()).collect();
            if backwards {
                order.reverse();
            }
            for index in order {
                let top = self.unit.asm.top();
                self.assign_kept(&targets[index], &values[index], kept[index], top)?;
            }
        } else {
            self.assign_copies(targets, values, &kept, base)?;
        }
        Ok(true)
    }

    fn classify(
        &self,
        values: &'a [Expr],
        in_place: impl Fn(&Self, usize, u16) -> bool,
    ) -> Vec<Kept> {
        let one = |(index, value): (usize, &'a Expr)| {
            if fold(value).is_some() {
                return Kept::Constant;
            }
            match &value.kind {
                ExprKind::Name { id, .. } => match self.local_of(id) {
                    Some(local) if in_place(self, index, local) => Kept::InPlace(local),
                    _ => Kept::Temporary,
                },
                _ => Kept::Temporary,
            }
        };
        values.iter().enumerate().map(one).collect()
    }

    fn assign_kept(&mut self, target: &'a Expr, value: &'a Expr, kept: Kept, temp: Reg) -> Outcome {
        match kept {
            Kept::Constant => match fold(value) {
                Some(constant) => self.assign_const(target, constant, value.span),
                None => Ok(()),
            },
            Kept::InPlace(local) => self.assign(target, Reg::Local(local)),
            Kept::Temporary => self.assign(target, temp),
        }
    }

    /// Binds several temporaries in the order they were evaluated.
    fn assign_copies(
        &mut self,
        targets: &'a [Expr],
        values: &'a [Expr],
        kept: &[Kept],
        base: u16,
    ) -> Outcome {
        let mut temp = base;
        for ((target, value), kept) in targets.iter().zip(values).zip(kept) {
            if *kept != Kept::Temporary {
                self.assign_kept(target, value, *kept, Reg::Temp(temp))?;
                continue;
            }
            let from = Reg::Temp(temp);
            temp += 1;
            let copy = if from == self.unit.asm.top() {
                from
            } else {
                let copy = self.unit.asm.next_temp();
                self.unit.asm.ins(value.span, Op::Copy, copy, from, ());
                copy
            };
            self.assign(target, copy)?;
        }
        while self.unit.asm.depth > base {
            self.unit.asm.drop_top(None);
        }
        Ok(())
    }

    fn target_local(&self, target: &Expr) -> Option<u16> {
        match &target.kind {
            ExprKind::Name { id, .. } => self.local_of(id),
            _ => None,
        }
    }

    /// Binds a target to a value: the last temporary, which is consumed, or a local.
    pub(super) fn assign(&mut self, target: &'a Expr, value: Reg) -> Outcome {
        let span = target.span;
        match &target.kind {
            ExprKind::Name { id, .. } => self.store_name(id, value, span),
            ExprKind::Attribute {
                value: object,
                attr,
                ..
            } => {
                self.forbid(attr, "assign to", span)?;
                self.note_attribute(object, attr);
                let object = self.operand(object)?;
                self.set_attribute(object, target, attr, value);
                Ok(())
            }
            ExprKind::Subscript {
                value: object,
                slice,
                ..
            } => {
                let object = self.operand_before(object, &[slice])?;
                let key = self.operand(slice)?;
                self.unit.asm.ins(span, Op::SetItem, object, key, value);
                Ok(())
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                self.unpack(elts, value, span)
            }
            ExprKind::Starred { .. } => {
                syntax("starred assignment target must be in a list or tuple", span)
            }
            _ => syntax("cannot assign to expression", span),
        }
    }

    fn set_attribute(&mut self, object: Reg, target: &'a Expr, attr: &Name, value: Reg) {
        let span = self.attribute_span(target, attr);
        let name = self.mangled(attr);
        let index = self.unit.name_index(&name);
        self.unit.asm.ins(span, Op::SetAttr, object, value, index);
    }

    fn unpack(&mut self, elts: &'a [Expr], value: Reg, span: Span) -> Outcome {
        self.check_stack(span)?;
        let starred = |elt: &Expr| matches!(elt.kind, ExprKind::Starred { .. });
        let star = elts.iter().position(starred);
        if elts.iter().filter(|elt| starred(elt)).count() > 1 {
            return syntax("multiple starred expressions in assignment", span);
        }
        let first = match value {
            Reg::Temp(_) => value,
            Reg::Local(_) => self.unit.asm.next_temp(),
        };
        match star {
            Some(before) => {
                let after = elts.len() - before - 1;
                if before > 255 || after > 255 {
                    let message = "too many expressions in star-unpacking assignment";
                    return syntax(message, span);
                }
                let counts = (before | after << 8) as u16;
                self.unit.asm.ins(span, Op::UnpackEx, first, value, counts);
            }
            None if elts.len() > 40_000 => {
                return syntax("too many expressions in unpacking assignment", span);
            }
            None => self
                .unit
                .asm
                .ins(span, Op::Unpack, first, value, elts.len() as u16),
        }
        for elt in elts {
            let top = self.unit.asm.top();
            match &elt.kind {
                ExprKind::Starred { value, .. } => self.assign(value, top)?,
                _ => self.assign(elt, top)?,
            }
        }
        Ok(())
    }

    /// `target op= value`.
    pub(super) fn aug_assign(
        &mut self,
        target: &'a Expr,
        op: Operator,
        value: &'a Expr,
        span: Span,
    ) -> Outcome {
        match &target.kind {
            ExprKind::Name { id, .. } => {
                self.forbid(id, "assign to", target.span)?;
                let mangled = self.mangled(id);
                if let Place::Local(local) = self.place(&mangled) {
                    let left = self.operand_before(target, &[value])?;
                    return self.operate(left, op, value, Reg::Local(local), true, span);
                }
                let left = self.unit.asm.next_temp();
                self.load_name(id, left, target.span);
                self.operate(left, op, value, left, true, span)?;
                self.store_name(id, left, target.span)
            }
            ExprKind::Attribute {
                value: object,
                attr,
                ..
            } => self.aug_attribute(target, object, attr, op, value, span),
            ExprKind::Subscript {
                value: object,
                slice,
                ..
            } => self.aug_item(target, object, slice, op, value, span),
            _ => syntax("illegal expression for augmented assignment", target.span),
        }
    }

    fn aug_attribute(
        &mut self,
        target: &'a Expr,
        object: &'a Expr,
        attr: &Name,
        op: Operator,
        value: &'a Expr,
        span: Span,
    ) -> Outcome {
        self.forbid(attr, "assign to", target.span)?;
        self.note_attribute(object, attr);
        let object = self.operand_before(object, &[value])?;
        let at = self.attribute_span(target, attr);
        let name = self.mangled(attr);
        let index = self.unit.name_index(&name);
        let old = self.copied(object, at);
        let temp = self.temp_for(old);
        self.unit.asm.ins(at, Op::GetAttr, temp, old, index);
        self.operate(temp, op, value, temp, true, span)?;
        self.unit.asm.ins(at, Op::SetAttr, object, temp, index);
        Ok(())
    }

    fn aug_item(
        &mut self,
        target: &'a Expr,
        object: &'a Expr,
        slice: &'a Expr,
        op: Operator,
        value: &'a Expr,
        span: Span,
    ) -> Outcome {
        let at = target.span;
        let object = self.operand_before(object, &[slice, value])?;
        let small = fold(slice).filter(|key| !matches!(key, Const::Tuple(_)));
        let constant = small.and_then(|key| Some((self.unit.short_const(key.clone())?, key)));
        if let Some((index, key)) = constant {
            let old = self.copied(object, at);
            let temp = self.temp_for(old);
            self.unit.asm.ins(at, Op::GetItemConst, temp, old, index);
            self.operate(temp, op, value, temp, true, span)?;
            let key = self.push_const(key, slice.span);
            self.unit.asm.ins(at, Op::SetItem, object, key, temp);
            return Ok(());
        }
        let key = self.operand_before(slice, &[value])?;
        let old = self.copied(object, at);
        let old_key = self.copied(key, at);
        let temp = match (old, old_key) {
            (Reg::Temp(_), _) => old,
            (_, Reg::Temp(_)) => old_key,
            _ => self.unit.asm.next_temp(),
        };
        self.unit.asm.ins(at, Op::GetItem, temp, old, old_key);
        self.operate(temp, op, value, temp, true, span)?;
        self.unit.asm.ins(at, Op::SetItem, object, key, temp);
        Ok(())
    }

    /// A copy of a temporary, to be read a second time; a local itself.
    fn copied(&mut self, register: Reg, span: Span) -> Reg {
        if let Reg::Local(_) = register {
            return register;
        }
        let copy = self.unit.asm.next_temp();
        self.unit.asm.ins(span, Op::Copy, copy, register, ());
        copy
    }

    /// Where the result goes of what reads `register` last.
    fn temp_for(&self, register: Reg) -> Reg {
        match register {
            Reg::Temp(_) => register,
            Reg::Local(_) => self.unit.asm.next_temp(),
        }
    }

    /// `del targets`.
    pub(super) fn delete(&mut self, target: &'a Expr) -> Outcome {
        let span = target.span;
        match &target.kind {
            ExprKind::Name { id, .. } => self.delete_name(id, span),
            ExprKind::Attribute { value, attr, .. } => {
                self.forbid(attr, "delete", span)?;
                let object = self.operand(value)?;
                let at = self.attribute_span(target, attr);
                let name = self.mangled(attr);
                let index = self.unit.name_index(&name);
                self.unit
                    .asm
                    .ins(at, Op::DeleteAttr, object, Arg::None, index);
                Ok(())
            }
            ExprKind::Subscript { value, slice, .. } => {
                let object = self.operand_before(value, &[slice])?;
                let key = self.operand(slice)?;
                self.unit.asm.ins(span, Op::DeleteItem, object, key, ());
                Ok(())
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                self.check_stack(span)?;
                elts.iter().try_for_each(|elt| self.delete(elt))
            }
            _ => syntax("cannot delete expression", span),
        }
    }
}

/// The parts of `a, b = x, y`.
fn parallel<'e>(target: &'e Expr, value: &'e Expr) -> Option<(&'e [Expr], &'e [Expr])> {
    let (ExprKind::Tuple { elts: targets, .. } | ExprKind::List { elts: targets, .. }) =
        &target.kind
    else {
        return None;
    };
    let (ExprKind::Tuple { elts: values, .. } | ExprKind::List { elts: values, .. }) = &value.kind
    else {
        return None;
    };
    let starred = |expr: &Expr| matches!(expr.kind, ExprKind::Starred { .. });
    // These bind names of their own, which another value may be read from.
    let nested =
        |target: &Expr| matches!(target.kind, ExprKind::Tuple { .. } | ExprKind::List { .. });
    let fits = targets.len() == values.len() && (2..=8).contains(&targets.len());
    let plain = !targets.iter().chain(values).any(starred) && !targets.iter().any(nested);
    (fits && plain).then_some((targets, values))
}
