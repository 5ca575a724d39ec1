//! Expressions.

use super::asm::{Arg, Reg};
use super::fold::{fold, literal};
use super::scope::ScopeKind;
use super::unit::UnitKind;
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{BoolOp, Expr, ExprKind, Name, Operator, UnaryOp};

/// As many pieces of an f-string are joined at once.
const MAX_PIECES: usize = 1000;

impl<'a> Compiler<'a> {
    /// Evaluates into the next temporary.
    pub(super) fn push(&mut self, expr: &'a Expr) -> Outcome<Reg> {
        let dst = self.unit.asm.next_temp();
        self.into(expr, dst)?;
        Ok(dst)
    }

    /// Evaluates; a local variable stays where it is.
    pub(super) fn operand(&mut self, expr: &'a Expr) -> Outcome<Reg> {
        match &expr.kind {
            ExprKind::Name { id, .. } => match self.local_of(id) {
                Some(local) => {
                    let name = self.mangled(id);
                    self.check_local(local, &name, expr.span);
                    Ok(Reg::Local(local))
                }
                None => self.push(expr),
            },
            ExprKind::NamedExpr { target, .. } => match self.walrus_local(target) {
                Some(local) => {
                    self.into(expr, Reg::Local(local))?;
                    Ok(Reg::Local(local))
                }
                None => self.push(expr),
            },
            _ => self.push(expr),
        }
    }

    /// As `operand`, when `later` are evaluated before the value is read: a
    /// local that one of them may bind anew is copied.
    pub(super) fn operand_before(&mut self, expr: &'a Expr, later: &[&'a Expr]) -> Outcome<Reg> {
        let walrus = self.symbols.scopes[self.unit.scope].has_walrus
            || self.symbols.scopes[self.scope_id()].has_walrus;
        let is_name = matches!(
            expr.kind,
            ExprKind::Name { .. } | ExprKind::NamedExpr { .. }
        );
        if walrus && is_name && later.iter().any(|expr| !is_simple(expr)) {
            return self.push(expr);
        }
        self.operand(expr)
    }

    fn walrus_local(&self, target: &Expr) -> Option<u16> {
        match &target.kind {
            ExprKind::Name { id, .. } => self.local_of(id),
            _ => None,
        }
    }

    /// Loads a constant.
    pub(super) fn load_const(&mut self, value: Const, dst: Reg, span: impl Into<Option<Span>>) {
        if let Const::Int(n) = value
            && let Ok(small) = i32::try_from(n)
        {
            self.unit.asm.ins_wide(span, Op::LoadInt, dst, small as u32);
            return;
        }
        let index = self.unit.const_index(value);
        self.unit.asm.ins_wide(span, Op::LoadConst, dst, index);
    }

    /// Loads a constant into the next temporary.
    pub(super) fn push_const(&mut self, value: Const, span: impl Into<Option<Span>>) -> Reg {
        let dst = self.unit.asm.next_temp();
        self.load_const(value, dst, span);
        dst
    }

    /// Evaluates for the effect alone.
    pub(super) fn effect(&mut self, expr: &'a Expr) -> Outcome {
        if matches!(expr.kind, ExprKind::Constant { .. }) {
            return Ok(());
        }
        if let Reg::Temp(_) = self.operand(expr)? {
            self.unit.asm.drop_top(expr.span);
        }
        Ok(())
    }

    /// Evaluates into `dst`: a local, which is written last of all, or the next temporary.
    pub(super) fn into(&mut self, expr: &'a Expr, dst: Reg) -> Outcome {
        self.check_stack(expr.span)?;
        let span = expr.span;
        match &expr.kind {
            ExprKind::Constant { value, .. } => {
                self.load_const(literal(value), dst, span);
                Ok(())
            }
            ExprKind::Name { id, .. } => {
                if &**id == "__debug__" {
                    self.load_const(Const::Bool(self.options.optimize == 0), dst, span);
                } else {
                    self.load_name(id, dst, span);
                }
                Ok(())
            }
            ExprKind::BinOp { left, op, right } => self.binary(expr, left, *op, right, dst),
            ExprKind::UnaryOp { op, operand } => self.unary(expr, *op, operand, dst),
            ExprKind::BoolOp { op, values } => self.bool_op(*op, values, dst, span),
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => {
                self.warn_compare(left, ops, comparators, span);
                self.compare(left, ops, comparators, dst, span)
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => self.call(func, args, keywords, dst, span),
            ExprKind::Attribute { value, attr, .. } => self.attribute(expr, value, attr, dst),
            ExprKind::Subscript { value, slice, .. } => self.subscript(value, slice, dst, span),
            ExprKind::NamedExpr { target, value } => self.walrus(target, value, dst, span),
            ExprKind::IfExp { test, body, orelse } => self.if_expr(test, body, orelse, dst, span),
            ExprKind::Lambda { args, body } => self.lambda(expr, args, body, dst),
            ExprKind::Tuple { elts, .. } => self.tuple(expr, elts, dst),
            ExprKind::List { elts, .. } => self.list(elts, dst, span),
            ExprKind::Set { elts } => self.set(elts, dst, span),
            ExprKind::Dict { keys, values } => self.dict(keys, values, dst, span),
            ExprKind::ListComp { .. } | ExprKind::SetComp { .. } | ExprKind::DictComp { .. } => {
                self.comprehension(expr, dst)
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.generator_expression(expr, elt, generators, dst)
            }
            ExprKind::Await { value } => self.await_expr(value, dst, span),
            ExprKind::Yield { value } => self.yield_expr(value.as_deref(), dst, span),
            ExprKind::YieldFrom { value } => self.yield_from(value, dst, span),
            ExprKind::JoinedStr { values } => self.joined(values, dst, span),
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => self.formatted(value, *conversion, format_spec.as_deref(), dst, span),
            ExprKind::Starred { .. } => syntax("can't use starred expression here", span),
            ExprKind::Slice { lower, upper, step } => {
                self.slice([lower, upper, step].map(|part| part.as_deref()), dst, span)
            }
        }
    }

    fn binary(
        &mut self,
        expr: &'a Expr,
        left: &'a Expr,
        op: Operator,
        right: &'a Expr,
        dst: Reg,
    ) -> Outcome {
        if let Some(value) = fold(expr) {
            self.load_const(value, dst, expr.span);
            return Ok(());
        }
        let left = self.operand_before(left, &[right])?;
        self.operate(left, op, right, dst, false, expr.span)
    }

    /// `dst = left op right`, with `right` yet to be evaluated.
    pub(super) fn operate(
        &mut self,
        left: Reg,
        op: Operator,
        right: &'a Expr,
        dst: Reg,
        inplace: bool,
        span: Span,
    ) -> Outcome {
        if let Some(const_op) = const_form(op)
            && let Some(value) = fold(right)
            && let Some(index) = self.unit.short_const(value)
        {
            let args = [dst.into(), left.into(), Arg::Num(index)];
            self.unit.asm.arithmetic(span, const_op, inplace, args);
            return Ok(());
        }
        let right = self.operand(right)?;
        let args = [dst.into(), left.into(), right.into()];
        self.unit
            .asm
            .arithmetic(span, value_form(op), inplace, args);
        Ok(())
    }

    fn unary(&mut self, expr: &'a Expr, op: UnaryOp, operand: &'a Expr, dst: Reg) -> Outcome {
        if let Some(value) = fold(expr) {
            self.load_const(value, dst, expr.span);
            return Ok(());
        }
        let operand = self.operand(operand)?;
        let op = match op {
            UnaryOp::Invert => Op::Invert,
            UnaryOp::Not => Op::Not,
            UnaryOp::UAdd => Op::Pos,
            UnaryOp::USub => Op::Neg,
        };
        self.unit.asm.ins(expr.span, op, dst, operand, ());
        Ok(())
    }

    /// `and` and `or` as values. The values go through a temporary, so that a
    /// variable keeps its value until the end.
    fn bool_op(&mut self, op: BoolOp, values: &'a [Expr], dst: Reg, span: Span) -> Outcome {
        let Some((last, rest)) = values.split_last() else {
            return Ok(());
        };
        let end = self.unit.asm.label();
        let temp = self.unit.asm.next_temp();
        let jump = match op {
            BoolOp::And => Op::JumpIfFalseOrDrop,
            BoolOp::Or => Op::JumpIfTrueOrDrop,
        };
        for value in rest {
            self.into(value, temp)?;
            self.unit
                .asm
                .jump_ins(span, jump, false, [temp.into(), Arg::None, Arg::None], end);
        }
        self.into(last, temp)?;
        self.unit.asm.place(end);
        self.move_to(dst, temp, span);
        Ok(())
    }

    fn if_expr(
        &mut self,
        test: &'a Expr,
        body: &'a Expr,
        orelse: &'a Expr,
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let otherwise = self.unit.asm.label();
        let end = self.unit.asm.label();
        self.jump_if(test, false, otherwise)?;
        let depth = self.unit.asm.depth;
        self.into(body, dst)?;
        self.unit.asm.jump(span, end);
        self.unit.asm.depth = depth;
        self.unit.asm.place(otherwise);
        self.into(orelse, dst)?;
        self.unit.asm.place(end);
        Ok(())
    }

    fn attribute(&mut self, expr: &'a Expr, value: &'a Expr, attr: &Name, dst: Reg) -> Outcome {
        let object = self.operand(value)?;
        let span = self.attribute_span(expr, attr);
        let name = self.mangled(attr);
        let index = self.unit.name_index(&name);
        self.unit.asm.ins(span, Op::GetAttr, dst, object, index);
        Ok(())
    }

    /// An attribute access over several lines is said to be where the name is.
    pub(super) fn attribute_span(&self, expr: &Expr, attr: &str) -> Span {
        self.span_at_attribute(expr.span, expr.span.end, attr)
    }

    /// `span`, moved to the attribute that ends at `end` if that is on a later line.
    pub(super) fn span_at_attribute(&self, span: Span, end: u32, attr: &str) -> Span {
        if self.file.line_of(span.start) == self.file.line_of(end) {
            return span;
        }
        Span::new(end.saturating_sub(attr.len() as u32), span.end)
    }

    fn subscript(&mut self, value: &'a Expr, slice: &'a Expr, dst: Reg, span: Span) -> Outcome {
        self.warn_subscript(value, slice, span);
        let object = self.operand_before(value, &[slice])?;
        let small = fold(slice).filter(|key| !matches!(key, Const::Tuple(_)));
        if let Some(key) = small
            && let Some(index) = self.unit.short_const(key)
        {
            self.unit
                .asm
                .ins(span, Op::GetItemConst, dst, object, index);
            return Ok(());
        }
        let key = self.operand(slice)?;
        self.unit.asm.ins(span, Op::GetItem, dst, object, key);
        Ok(())
    }

    fn slice(&mut self, parts: [Option<&'a Expr>; 3], dst: Reg, span: Span) -> Outcome {
        let first = self.unit.asm.next_temp();
        for part in parts {
            match part {
                Some(part) => self.push(part)?,
                None => self.push_const(Const::None, span),
            };
        }
        self.unit.asm.ins(span, Op::BuildSlice, dst, first, ());
        Ok(())
    }

    fn walrus(&mut self, target: &'a Expr, value: &'a Expr, dst: Reg, span: Span) -> Outcome {
        let ExprKind::Name { id, .. } = &target.kind else {
            return syntax("cannot use assignment expressions here", span);
        };
        self.forbid(id, "assign to", target.span)?;
        if let Some(local) = self.local_of(id) {
            self.into(value, Reg::Local(local))?;
            self.move_to(dst, Reg::Local(local), span);
            return Ok(());
        }
        let value = self.push(value)?;
        let copy = self.unit.asm.next_temp();
        self.unit.asm.ins(span, Op::Copy, copy, value, ());
        self.store_name(id, copy, target.span)?;
        self.move_to(dst, value, span);
        Ok(())
    }

    fn await_expr(&mut self, value: &'a Expr, dst: Reg, span: Span) -> Outcome {
        self.check_await(span)?;
        let value = self.operand(value)?;
        self.emit_await(value, 0, dst, span);
        Ok(())
    }

    /// `await` is where it may be.
    fn check_await(&self, span: Span) -> Outcome {
        if self.options.top_level_await && self.unit.kind == UnitKind::Module {
            return Ok(());
        }
        match self.unit.kind {
            UnitKind::AsyncFunction | UnitKind::GeneratorExp => Ok(()),
            UnitKind::Module | UnitKind::Class => syntax("'await' outside function", span),
            _ if self.symbols.scopes[self.scope_id()].kind == ScopeKind::GeneratorExp => Ok(()),
            _ => syntax("'await' outside async function", span),
        }
    }

    /// Awaits a value; `what` says for which error message.
    pub(super) fn emit_await(&mut self, value: Reg, what: u16, dst: Reg, span: Span) {
        if let Reg::Temp(_) = value {
            self.unit
                .asm
                .ins(span, Op::GetAwaitable, value, value, what);
            self.unit.asm.ins(span, Op::Await, dst, value, ());
        } else {
            let temp = self.unit.asm.next_temp();
            self.unit.asm.ins(span, Op::GetAwaitable, temp, value, what);
            self.unit.asm.ins(span, Op::Await, dst, temp, ());
        }
    }

    fn check_yield(&self, what: &str, span: Span) -> Outcome {
        match self.unit.kind {
            UnitKind::Module | UnitKind::Class => {
                syntax(format!("'{what}' outside function"), span)
            }
            _ => Ok(()),
        }
    }

    fn yield_expr(&mut self, value: Option<&'a Expr>, dst: Reg, span: Span) -> Outcome {
        self.check_yield("yield", span)?;
        let value = match value {
            Some(value) => self.operand(value)?,
            None => self.push_const(Const::None, span),
        };
        self.unit.asm.ins(span, Op::Yield, dst, value, ());
        Ok(())
    }

    fn yield_from(&mut self, value: &'a Expr, dst: Reg, span: Span) -> Outcome {
        self.check_yield("yield from", span)?;
        if self.unit.kind == UnitKind::AsyncFunction {
            return syntax("'yield from' inside async function", span);
        }
        let value = self.operand(value)?;
        let temp = match value {
            Reg::Temp(_) => value,
            Reg::Local(_) => self.unit.asm.next_temp(),
        };
        self.unit.asm.ins(span, Op::GetYieldFrom, temp, value, ());
        self.unit.asm.ins(span, Op::YieldFrom, dst, temp, ());
        Ok(())
    }

    fn joined(&mut self, values: &'a [Expr], dst: Reg, span: Span) -> Outcome {
        match values {
            [] => {
                self.load_const(Const::Str(Vec::new().into()), dst, span);
                Ok(())
            }
            [one] => self.into(one, dst),
            _ => {
                let (run, rest) = values.split_at(values.len().min(MAX_PIECES));
                let first = self.unit.asm.next_temp();
                self.push_all(run)?;
                self.unit
                    .asm
                    .ins(span, Op::BuildString, first, first, run.len() as u16);
                // What has been joined already is the first piece of the next part.
                for run in rest.chunks(MAX_PIECES) {
                    self.push_all(run)?;
                    let count = run.len() as u16 + 1;
                    self.unit
                        .asm
                        .ins(span, Op::BuildString, first, first, count);
                }
                self.move_to(dst, first, span);
                Ok(())
            }
        }
    }

    fn formatted(
        &mut self,
        value: &'a Expr,
        conversion: Option<u8>,
        spec: Option<&'a Expr>,
        dst: Reg,
        span: Span,
    ) -> Outcome {
        let later: Vec<&'a Expr> = spec.into_iter().collect();
        let value = self.operand_before(value, &later)?;
        let spec = match spec {
            Some(spec) => self.push(spec)?.into(),
            None => Arg::Num(u16::MAX),
        };
        let own = match conversion {
            Some(b's') => 1,
            Some(b'r') => 2,
            Some(b'a') => 3,
            _ => 0,
        };
        self.unit
            .asm
            .ins_own(span, Op::Format, own, [dst.into(), value.into(), spec]);
        Ok(())
    }
}

/// Surely binds no variable.
fn is_simple(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name { .. } | ExprKind::Constant { .. } => true,
        ExprKind::Attribute { value, .. } => is_simple(value),
        _ => false,
    }
}

fn value_form(op: Operator) -> Op {
    match op {
        Operator::Add => Op::Add,
        Operator::Sub => Op::Sub,
        Operator::Mult => Op::Mul,
        Operator::MatMult => Op::MatMul,
        Operator::Div => Op::TrueDiv,
        Operator::Mod => Op::Mod,
        Operator::Pow => Op::Pow,
        Operator::LShift => Op::LShift,
        Operator::RShift => Op::RShift,
        Operator::BitOr => Op::Or,
        Operator::BitXor => Op::Xor,
        Operator::BitAnd => Op::And,
        Operator::FloorDiv => Op::FloorDiv,
    }
}

fn const_form(op: Operator) -> Option<Op> {
    match op {
        Operator::Add => Some(Op::AddConst),
        Operator::Sub => Some(Op::SubConst),
        Operator::Mult => Some(Op::MulConst),
        Operator::Div => Some(Op::TrueDivConst),
        Operator::FloorDiv => Some(Op::FloorDivConst),
        Operator::Mod => Some(Op::ModConst),
        Operator::BitAnd => Some(Op::AndConst),
        Operator::RShift => Some(Op::RShiftConst),
        Operator::LShift => Some(Op::LShiftConst),
        _ => None,
    }
}
