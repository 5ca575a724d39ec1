//! Comprehensions, which are part of the code around them, and generator
//! expressions, which are functions.

use super::asm::{Label, Locals, Reg};
use super::scope::{Meaning, Part, ScopeId, ScopeKind, uses};
use super::unit::{Inlined, UnitKind};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::code::flags;
use crate::bytecode::{Const, Op};
use crate::source::{Diagnostic, Span};
use crate::syntax::ast::{Comprehension, Expr, ExprKind};
use std::collections::HashMap;

/// What a comprehension does with each element.
#[derive(Clone, Copy)]
enum Element<'a> {
    Append(Reg, &'a Expr),
    Add(Reg, &'a Expr),
    Put(Reg, &'a Expr, &'a Expr),
    Yield(&'a Expr),
}

/// The exception handler that ends an `async for`.
pub(super) struct AsyncEnd {
    target: Label,
    register: u16,
    bound: Option<Locals>,
}

fn lost(span: Span) -> Diagnostic {
    Diagnostic::syntax("internal error: a scope is missing", span)
}

impl<'a> Compiler<'a> {
    /// The scope of a node, which the first pass has made.
    pub(super) fn find_scope<T>(&self, node: &T, part: Part, span: Span) -> Outcome<ScopeId> {
        self.symbols.scope_of(node, part).ok_or_else(|| lost(span))
    }

    pub(super) fn comprehension(&mut self, expr: &'a Expr, dst: Reg) -> Outcome {
        let span = expr.span;
        let scope = self.find_scope(expr, Part::Body, span)?;
        if self.symbols.scopes[scope].is_coroutine && !self.may_be_async() {
            let message = "asynchronous comprehension outside of an asynchronous function";
            return syntax(message, span);
        }
        let result = self.unit.asm.next_temp();
        let (op, generators, element) = match &expr.kind {
            ExprKind::ListComp { elt, generators } => {
                (Op::BuildList, generators, Element::Append(result, elt))
            }
            ExprKind::SetComp { elt, generators } => {
                (Op::BuildSet, generators, Element::Add(result, elt))
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => (Op::BuildDict, generators, Element::Put(result, key, value)),
            _ => return Ok(()),
        };
        let depth = self.unit.asm.depth;
        self.unit.asm.ins(span, op, result, result, 0);
        self.first_iterator(generators)?;
        let bound = self.unit.asm.bound.clone();
        let start = self.unit.asm.code.len();
        let locals = self.enter_inlined(scope);
        self.loops(generators, 0, element, span)?;
        self.unit.inlined.pop();
        self.guard_inlined(&locals, start, depth, bound);
        for &local in &locals {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
            self.unit.asm.unbind(local);
            // A register that holds cells is of no use for anything else.
            if !self.unit.cells.contains(&local) {
                self.unit.give_back(local);
            }
        }
        self.move_to(dst, result, span);
        Ok(())
    }

    /// Whether asynchronous comprehensions may stand here.
    fn may_be_async(&self) -> bool {
        match self.unit.kind {
            UnitKind::AsyncFunction | UnitKind::GeneratorExp => true,
            UnitKind::Module => self.options.top_level_await,
            _ => false,
        }
    }

    fn first_iterator(&mut self, generators: &'a [Comprehension]) -> Outcome {
        match generators.first() {
            Some(first) => self.iterator(&first.iter, first.is_async),
            None => Ok(()),
        }
    }

    /// Pushes the iterator of an iterable.
    pub(super) fn iterator(&mut self, iter: &'a Expr, is_async: bool) -> Outcome {
        let dst = self.unit.asm.next_temp();
        let value = self.operand(iter)?;
        let op = if is_async { Op::GetAIter } else { Op::GetIter };
        self.unit.asm.ins(iter.span, op, dst, value, ());
        Ok(())
    }

    /// Gives registers to the variables of a comprehension.
    fn enter_inlined(&mut self, scope: ScopeId) -> Vec<u16> {
        let symbols = self.symbols.scopes[scope].symbols.iter();
        let own = symbols.filter(|(_, symbol)| symbol.meaning == Meaning::Own);
        let own: Vec<_> = own
            .map(|(name, symbol)| (name.clone(), symbol.uses))
            .collect();
        let mut registers = HashMap::new();
        let mut locals = Vec::new();
        for (name, flags) in own {
            let captured = flags & uses::CAPTURED != 0;
            let local = if captured {
                let local = self.unit.new_local(name.clone());
                self.unit.cells.push(local);
                self.unit
                    .asm
                    .ins(None, Op::MakeCell, Reg::Local(local), (), ());
                local
            } else {
                self.unit.hidden(&name)
            };
            registers.insert(name, local);
            locals.push(local);
        }
        self.unit.inlined.push(Inlined { scope, registers });
        locals
    }

    /// Clears the variables when an exception leaves the comprehension, if
    /// something around it may catch that.
    fn guard_inlined(&mut self, locals: &[u16], start: usize, depth: u16, bound: Option<Locals>) {
        if !self.unit.is_guarded() || locals.is_empty() || !self.unit.asm.reachable() {
            return;
        }
        let target = self.unit.asm.label();
        let end = self.unit.asm.label();
        let exception = self.unit.hidden(".exc");
        self.unit.asm.protect(start, target, depth, exception);
        self.unit.asm.jump(None, end);
        self.unit.asm.place_handler(target, depth, bound);
        for &local in locals {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
        }
        self.reraise(exception, None);
        self.unit.asm.place(end);
        self.unit.give_back(exception);
    }

    /// Raises the exception in a hidden local again and clears it.
    pub(super) fn reraise(&mut self, exception: u16, span: Option<Span>) {
        let temp = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(span, Op::Move, temp, Reg::Local(exception), ());
        self.unit
            .asm
            .ins(span, Op::Clear, Reg::Local(exception), (), ());
        self.unit.asm.ins(span, Op::Reraise, (), temp, ());
    }

    /// The loops of a comprehension; the first iterator is pushed already.
    fn loops(
        &mut self,
        generators: &'a [Comprehension],
        index: usize,
        element: Element<'a>,
        span: Span,
    ) -> Outcome {
        let Some(part) = generators.get(index) else {
            return self.element(element, span);
        };
        self.check_stack(span)?;
        if index > 0 {
            self.iterator(&part.iter, part.is_async)?;
        }
        let again = self.unit.asm.label();
        let next = self.unit.asm.label();
        let exit = self.unit.asm.label();
        let deleted = self.unit.deleted.clone();
        self.unit.asm.place_loop(again, &deleted);
        let end = self.next_value(&part.target, part.is_async, exit, part.iter.span)?;
        for test in &part.ifs {
            self.jump_if(test, false, next)?;
        }
        self.loops(generators, index + 1, element, span)?;
        self.unit.asm.place(next);
        self.unit
            .asm
            .jump_ins(span, Op::Loop, false, [super::asm::Arg::None; 3], again);
        self.end_loop(end, exit, part.iter.span);
        Ok(())
    }

    /// Binds the target to the next value of the iterator on top.
    pub(super) fn next_value(
        &mut self,
        target: &'a Expr,
        is_async: bool,
        exit: Label,
        span: Span,
    ) -> Outcome<Option<AsyncEnd>> {
        let iterator = self.unit.asm.top();
        let local = match &target.kind {
            ExprKind::Name { id, .. } => {
                self.forbid(id, "assign to", target.span)?;
                self.local_of(id)
            }
            _ => None,
        };
        let temp = self.unit.asm.next_temp();
        let dst = local.map_or(temp, Reg::Local);
        let end = if is_async {
            Some(self.async_next(iterator, dst, span))
        } else {
            let args = [dst.into(), iterator.into(), super::asm::Arg::None];
            self.unit.asm.jump_ins(span, Op::ForIter, false, args, exit);
            None
        };
        if local.is_none() {
            self.assign(target, temp)?;
        }
        Ok(end)
    }

    fn async_next(&mut self, iterator: Reg, dst: Reg, span: Span) -> AsyncEnd {
        let target = self.unit.asm.label();
        let register = self.unit.hidden(".exc");
        let bound = self.unit.asm.bound.clone();
        let depth = self.unit.asm.depth;
        let start = self.unit.asm.code.len();
        let temp = self.unit.asm.next_temp();
        self.unit.asm.ins(span, Op::GetANext, temp, iterator, ());
        self.emit_await(temp, 3, dst, span);
        self.unit.asm.protect(start, target, depth, register);
        AsyncEnd {
            target,
            register,
            bound,
        }
    }

    /// The place where a loop that ran to its end goes on; its iterator is gone.
    pub(super) fn end_loop(&mut self, end: Option<AsyncEnd>, exit: Label, span: Span) {
        let Some(end) = end else {
            // The depth after an unreachable loop is that before it.
            if !self.unit.asm.reachable() {
                self.unit.asm.depth = self.unit.asm.depth.saturating_sub(1);
            }
            self.unit.asm.place(exit);
            return;
        };
        let depth = self.unit.asm.depth;
        let ended = self.unit.asm.label();
        self.unit.asm.place_handler(end.target, depth, end.bound);
        let args = [
            super::asm::Arg::None,
            Reg::Local(end.register).into(),
            super::asm::Arg::None,
        ];
        self.unit
            .asm
            .jump_ins(span, Op::EndAsyncFor, false, args, ended);
        self.unit.asm.place(ended);
        self.unit.asm.drop_top(span);
        self.unit.give_back(end.register);
        self.unit.asm.place(exit);
    }

    fn element(&mut self, element: Element<'a>, span: Span) -> Outcome {
        match element {
            Element::Append(list, value) => {
                let at = value.span;
                let value = self.operand(value)?;
                self.unit.asm.ins(at, Op::ListAppend, list, value, ());
            }
            Element::Add(set, value) => {
                let at = value.span;
                let value = self.operand(value)?;
                self.unit.asm.ins(at, Op::SetAdd, set, value, ());
            }
            Element::Put(dict, key, value) => {
                let at = key.span.to(value.span);
                let key = self.operand_before(key, &[value])?;
                let value = self.operand(value)?;
                self.unit.asm.ins(at, Op::DictPut, dict, key, value);
            }
            Element::Yield(value) => {
                let at = value.span;
                let value = self.operand(value)?;
                let sent = match value {
                    Reg::Temp(_) => value,
                    Reg::Local(_) => self.unit.asm.next_temp(),
                };
                self.unit.asm.ins(at, Op::Yield, sent, value, ());
                self.unit.asm.drop_top(span);
            }
        }
        Ok(())
    }

    pub(super) fn generator_expression(
        &mut self,
        expr: &'a Expr,
        elt: &'a Expr,
        generators: &'a [Comprehension],
        dst: Reg,
    ) -> Outcome {
        let span = expr.span;
        let scope = self.find_scope(expr, Part::Body, span)?;
        let line = self.file.line_of(span.start);
        self.enter(UnitKind::GeneratorExp, scope, "<genexpr>".into(), line);
        let is_async = self.symbols.scopes[scope].is_coroutine;
        debug_assert!(self.symbols.scopes[scope].kind == ScopeKind::GeneratorExp);
        let kind = if is_async {
            flags::ASYNC_GENERATOR
        } else {
            flags::GENERATOR
        };
        self.unit.flags |= kind | flags::GENEXPR;
        self.unit.arg_count = 1;
        self.add_parameter(".0".into());
        self.declare_locals();
        let iterator = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(span, Op::Move, iterator, Reg::Local(0), ());
        self.loops(generators, 0, Element::Yield(elt), span)?;
        self.return_none();
        let code = self.leave()?;
        let function = self.unit.asm.next_temp();
        let closure = self.push_closure(&code);
        self.make_function(code, closure, function, function, span);
        self.first_iterator(generators)?;
        let args = [dst.into(), function.into(), 1.into()];
        self.unit.asm.ins_extra(span, Op::Call, args, 0, None);
        Ok(())
    }

    /// `None` as the value of nothing.
    pub(super) fn push_none(&mut self, span: impl Into<Option<Span>>) -> Reg {
        self.push_const(Const::None, span)
    }
}
