//! `try`. What is raised inside lands in a hidden local; while it is being
//! handled, the code object's table says so.

use super::asm::Reg;
use super::unit::{Block, Guard};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::Op;
use crate::source::Span;
use crate::syntax::ast::{ExceptHandler, Name, Try};

impl<'a> Compiler<'a> {
    pub(super) fn try_stmt(&mut self, node: &'a Try, span: Span) -> Outcome {
        if node.finalbody.is_empty() {
            return self.try_except(node, span);
        }
        self.with_finally(node, span, |this| {
            if node.handlers.is_empty() {
                this.body(&node.body)
            } else {
                this.try_except(node, span)
            }
        })
    }

    /// `finally`, which is compiled twice: for the way out and for exceptions.
    pub(super) fn with_finally(
        &mut self,
        node: &'a Try,
        span: Span,
        inner: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        let exception = self.unit.hidden(".exc");
        let guard = self.guard(exception);
        self.push_block(Block::Finally(guard, &node.finalbody), span)?;
        inner(self)?;
        let Some(Block::Finally(guard, _)) = self.unit.blocks.pop() else {
            return Ok(());
        };
        self.close_guard(&guard);
        let end = self.unit.asm.label();
        self.body(&node.finalbody)?;
        self.unit.asm.jump(None, end);
        self.place_guard(&guard);
        let cleanup = self.cleanup_guard(exception);
        let handled = self.unit.asm.code.len();
        let block = Block::Handler {
            guard: cleanup.clone(),
            handled,
            exception,
            name: None,
        };
        self.push_block(block, span)?;
        self.body(&node.finalbody)?;
        self.pop_block();
        self.reraise(exception, None);
        self.place_cleanup(cleanup, exception, &[]);
        self.unit.asm.depth = guard.depth;
        self.unit.asm.place(end);
        self.unit.give_back(exception);
        Ok(())
    }

    /// Ends the innermost block.
    pub(super) fn pop_block(&mut self) {
        if let Some(block) = self.unit.blocks.pop() {
            self.close_block(&block);
        }
    }

    /// A guard that clears the hidden local when another exception leaves the
    /// handler; only where something may catch that.
    pub(super) fn cleanup_guard(&mut self, exception: u16) -> Option<Guard> {
        self.unit.is_guarded().then(|| self.guard(exception))
    }

    /// The handler of a cleanup guard.
    pub(super) fn place_cleanup(&mut self, guard: Option<Guard>, exception: u16, also: &[u16]) {
        let Some(guard) = guard else { return };
        self.place_guard(&guard);
        for &local in also {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
        }
        self.reraise(exception, None);
    }

    fn try_except(&mut self, node: &'a Try, span: Span) -> Outcome {
        let exception = self.unit.hidden(".exc");
        let guard = self.guard(exception);
        self.push_block(Block::Try(guard), span)?;
        self.body(&node.body)?;
        let Some(Block::Try(guard)) = self.unit.blocks.pop() else {
            return Ok(());
        };
        if !cfg!(hoop_mutant = "2") {
            self.close_guard(&guard);
        }
        let end = self.unit.asm.label();
        self.body(&node.orelse)?;
        if cfg!(hoop_mutant = "2") {
            self.close_guard(&guard);
        }
        self.unit.asm.jump(None, end);
        self.place_guard(&guard);
        let cleanup = self.cleanup_guard(exception);
        let last = node.handlers.len().saturating_sub(1);
        for (index, handler) in node.handlers.iter().enumerate() {
            if handler.typ.is_none() && index < last {
                return syntax("default 'except:' must be last", handler.span);
            }
            let next = self.unit.asm.label();
            self.open_handler(&cleanup, exception, None, span)?;
            self.match_exception(handler, exception, next)?;
            self.pop_block();
            self.except_clause(handler, exception, &cleanup)?;
            self.unit.asm.jump(None, end);
            self.unit.asm.place(next);
        }
        self.reraise(exception, None);
        self.place_cleanup(cleanup, exception, &[]);
        self.unit.asm.depth = guard.depth;
        self.unit.asm.place(end);
        self.unit.give_back(exception);
        Ok(())
    }

    /// Starts a stretch in which the exception is being handled.
    pub(super) fn open_handler(
        &mut self,
        cleanup: &Option<Guard>,
        exception: u16,
        name: Option<(Name, Span)>,
        span: Span,
    ) -> Outcome {
        let start = self.unit.asm.code.len();
        let guard = cleanup.clone().map(|guard| Guard { start, ..guard });
        self.push_block(
            Block::Handler {
                guard,
                handled: start,
                exception,
                name,
            },
            span,
        )
    }

    /// Jumps to `next` unless the clause is for the exception, then binds its name.
    fn match_exception(
        &mut self,
        handler: &'a ExceptHandler,
        exception: u16,
        next: super::asm::Label,
    ) -> Outcome {
        if let Some(class) = &handler.typ {
            let at = handler.span;
            let dst = self.unit.asm.next_temp();
            let class = self.operand(class)?;
            self.unit
                .asm
                .ins(at, Op::ExceptMatch, dst, Reg::Local(exception), class);
            self.jump_on(dst, false, next, at);
        }
        if let Some(name) = &handler.name {
            self.store_name(name, Reg::Local(exception), handler.span)?;
        }
        Ok(())
    }

    fn except_clause(
        &mut self,
        handler: &'a ExceptHandler,
        exception: u16,
        cleanup: &Option<Guard>,
    ) -> Outcome {
        let span = handler.span;
        let Some(name) = &handler.name else {
            self.open_handler(cleanup, exception, None, span)?;
            self.body(&handler.body)?;
            self.pop_block();
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(exception), (), ());
            return Ok(());
        };
        // The name goes whichever way the clause is left: a local too, for a traceback keeps the
        // locals of a frame that an exception has left.
        let guard = self.guard(exception);
        let guarded = Some(guard.clone());
        self.open_handler(&guarded, exception, Some((name.clone(), span)), span)?;
        self.body(&handler.body)?;
        self.pop_block();
        self.unit
            .asm
            .ins(None, Op::Clear, Reg::Local(exception), (), ());
        self.clear_name(name, span)?;
        let after = self.unit.asm.label();
        self.unit.asm.jump(None, after);
        self.place_guard(&guard);
        if self.unit.asm.reachable() {
            self.clear_name(name, span)?;
        }
        self.reraise(exception, None);
        self.unit.asm.depth = guard.depth;
        self.unit.asm.place(after);
        Ok(())
    }
}
