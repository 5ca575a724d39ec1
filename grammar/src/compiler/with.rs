//! `with` and `async with`.

use super::asm::{Arg, Reg};
use super::unit::Block;
use super::{Compiler, Outcome};
use crate::bytecode::Op;
use crate::bytecode::op::Special;
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Stmt, WithItem};

impl<'a> Compiler<'a> {
    pub(super) fn with_stmt(
        &mut self,
        items: &'a [WithItem],
        body: &'a [Stmt],
        is_async: bool,
        span: Span,
    ) -> Outcome {
        let Some((item, rest)) = items.split_first() else {
            return self.body(body);
        };
        self.check_stack(span)?;
        if is_async {
            self.check_async("async with", span)?;
            self.mark_coroutine();
        }
        let at = item.context_expr.span;
        let exit = self.unit.hidden(".exit");
        let exception = self.unit.hidden(".exc");
        self.enter_context(item, exit, is_async)?;
        let local = self.with_target(item);
        let mut guard = self.guard(exception);
        if local.is_none() {
            // The value of `__enter__` is on top and no longer there in the handler.
            guard.depth = guard.depth.saturating_sub(1);
        }
        self.push_block(
            Block::With {
                guard,
                exit,
                is_async,
                span: at,
            },
            span,
        )?;
        match (&item.optional_vars, local) {
            (_, Some(_)) => {}
            (Some(target), None) => {
                let top = self.unit.asm.top();
                self.assign(target, top)?;
            }
            (None, None) => self.unit.asm.drop_top(at),
        }
        self.with_stmt(rest, body, is_async, span)?;
        let Some(Block::With { guard, .. }) = self.unit.blocks.pop() else {
            return Ok(());
        };
        self.close_guard(&guard);
        let end = self.unit.asm.label();
        self.exit_normally(exit, is_async, at);
        self.unit.asm.jump(None, end);
        self.place_guard(&guard);
        self.exit_with_exception(exit, exception, is_async, at, span)?;
        self.unit.asm.depth = guard.depth;
        self.unit.asm.place(end);
        self.unit.give_back(exit);
        self.unit.give_back(exception);
        Ok(())
    }

    fn with_target(&self, item: &WithItem) -> Option<u16> {
        match item.optional_vars.as_deref().map(|target| &target.kind) {
            Some(ExprKind::Name { id, .. }) if &**id != "__debug__" => self.local_of(id),
            _ => None,
        }
    }

    /// Evaluates the context and calls `__enter__`; its value goes to the
    /// target when that is a local, else on top.
    fn enter_context(&mut self, item: &'a WithItem, exit: u16, is_async: bool) -> Outcome {
        let at = item.context_expr.span;
        let exit = Reg::Local(exit);
        let mut manager = self.operand(&item.context_expr)?;
        if let Reg::Temp(_) = manager {
            self.unit.asm.ins(at, Op::Move, exit, manager, ());
            manager = exit;
        }
        let (enter_method, exit_method) = if is_async {
            (Special::AEnter, Special::AExit)
        } else {
            (Special::Enter, Special::Exit)
        };
        let enter = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(at, Op::LoadSpecial, enter, manager, enter_method as u16);
        self.unit
            .asm
            .ins(at, Op::LoadSpecial, exit, manager, exit_method as u16);
        let dst = self.with_target(item).map_or(enter, Reg::Local);
        let called = if is_async { enter } else { dst };
        self.unit.asm.ins_extra(
            at,
            Op::Call,
            [called.into(), enter.into(), Arg::Num(0)],
            0,
            None,
        );
        if is_async {
            self.emit_await(enter, 1, dst, at);
        }
        Ok(())
    }

    /// Calls `__exit__(None, None, None)`.
    pub(super) fn exit_normally(&mut self, exit: u16, is_async: bool, at: Span) {
        let callee = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(at, Op::Move, callee, Reg::Local(exit), ());
        self.unit.asm.ins(at, Op::Clear, Reg::Local(exit), (), ());
        for _ in 0..3 {
            self.push_none(at);
        }
        let args = [callee.into(), callee.into(), Arg::Num(3)];
        self.unit.asm.ins_extra(at, Op::Call, args, 0, None);
        if is_async {
            self.emit_await(callee, 2, callee, at);
        }
        self.unit.asm.drop_top(at);
    }

    /// Calls `__exit__` with the exception; raises it again unless that is true.
    fn exit_with_exception(
        &mut self,
        exit: u16,
        exception: u16,
        is_async: bool,
        at: Span,
        span: Span,
    ) -> Outcome {
        let cleanup = self.cleanup_guard(exception);
        self.open_handler(&cleanup, exception, None, span)?;
        let callee = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(at, Op::Move, callee, Reg::Local(exit), ());
        let info = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(at, Op::ExcInfo, info, Reg::Local(exception), ());
        let args = [callee.into(), callee.into(), Arg::Num(3)];
        self.unit.asm.ins_extra(at, Op::Call, args, 0, None);
        if is_async {
            self.emit_await(callee, 2, callee, at);
        }
        let swallowed = self.unit.asm.label();
        let after = self.unit.asm.label();
        self.jump_on(callee, true, swallowed, at);
        self.pop_block();
        let depth = self.unit.asm.depth;
        self.unit.asm.ins(None, Op::Clear, Reg::Local(exit), (), ());
        self.reraise(exception, None);
        self.unit.asm.depth = depth;
        self.unit.asm.place(swallowed);
        for local in [exception, exit] {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
        }
        if cleanup.is_some() {
            self.unit.asm.jump(None, after);
            self.place_cleanup(cleanup, exception, &[exit]);
            self.unit.asm.depth = depth;
        }
        self.unit.asm.place(after);
        Ok(())
    }
}
