//! Leaving blocks early: `return`, `break` and `continue` run what `finally`
//! and `with` owe on the way out.

use super::asm::{Arg, Reg};
use super::fold::fold;
use super::names::Place;
use super::scope::ScopeKind;
use super::unit::{Block, Guard, UnitKind};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::{Const, Op};
use crate::source::Span;
use crate::syntax::ast::{Expr, Name};

const STAR: &str = "'break', 'continue' and 'return' cannot appear in an except* block";

impl<'a> Compiler<'a> {
    /// A guard that starts here.
    pub(super) fn guard(&mut self, register: u16) -> Guard {
        let target = self.unit.asm.label();
        let mut bound = self.unit.asm.bound.clone();
        if let Some(bound) = &mut bound {
            bound.subtract(&self.unit.deleted);
        }
        Guard {
            start: self.unit.asm.code.len(),
            target,
            depth: self.unit.asm.depth,
            register,
            bound,
        }
    }

    /// Protects what was compiled since the guard's start.
    pub(super) fn close_guard(&mut self, guard: &Guard) {
        let Guard {
            start,
            target,
            depth,
            register,
            ..
        } = *guard;
        self.unit.asm.protect(start, target, depth, register);
    }

    /// Starts the handler of a guard; nothing comes here if nothing was protected.
    pub(super) fn place_guard(&mut self, guard: &Guard) {
        let used = self
            .unit
            .asm
            .protected
            .iter()
            .rev()
            .any(|range| range.target == guard.target);
        let bound = if used { guard.bound.clone() } else { None };
        self.unit
            .asm
            .place_handler(guard.target, guard.depth, bound);
    }

    /// Ends the pieces of a block that lie before this place.
    pub(super) fn close_block(&mut self, block: &Block<'a>) {
        match block {
            Block::Try(guard) | Block::Finally(guard, _) | Block::With { guard, .. } => {
                self.close_guard(guard);
            }
            Block::Handler {
                guard,
                handled,
                exception,
                ..
            } => {
                if let Some(guard) = guard {
                    self.close_guard(guard);
                }
                self.unit.asm.handle(*handled, *exception);
            }
            Block::Loop { .. } | Block::ExceptStar => {}
        }
    }

    /// The pieces of a block go on from here.
    fn reopen_block(&mut self, mut block: Block<'a>) {
        let here = self.unit.asm.code.len();
        match &mut block {
            Block::Try(guard) | Block::Finally(guard, _) | Block::With { guard, .. } => {
                guard.start = here;
            }
            Block::Handler { guard, handled, .. } => {
                if let Some(guard) = guard {
                    guard.start = here;
                }
                *handled = here;
            }
            Block::Loop { .. } | Block::ExceptStar => {}
        }
        self.unit.blocks.push(block);
    }

    /// Does what leaving the blocks above `keep` takes; gives them for `reopen`.
    fn unwind(&mut self, keep: usize) -> Outcome<Vec<Block<'a>>> {
        let mut left = Vec::new();
        while self.unit.blocks.len() > keep {
            let Some(block) = self.unit.blocks.pop() else {
                break;
            };
            self.close_block(&block);
            self.leave_block(&block)?;
            left.push(block);
        }
        Ok(left)
    }

    fn reopen(&mut self, left: Vec<Block<'a>>) {
        left.into_iter()
            .rev()
            .for_each(|block| self.reopen_block(block));
    }

    fn leave_block(&mut self, block: &Block<'a>) -> Outcome {
        match block {
            Block::Loop { iterator: true, .. } => self.unit.asm.drop_top(None),
            Block::Finally(_, body) => {
                let body: &'a [_] = body;
                self.body(body)?;
            }
            Block::Handler {
                exception, name, ..
            } => {
                self.unit
                    .asm
                    .ins(None, Op::Clear, Reg::Local(*exception), (), ());
                if let Some((name, span)) = name {
                    self.clear_name(name, *span)?;
                }
            }
            Block::With {
                exit,
                is_async,
                span,
                ..
            } => self.exit_normally(*exit, *is_async, *span),
            Block::Loop { .. } | Block::Try(_) | Block::ExceptStar => {}
        }
        Ok(())
    }

    /// Unbinds the name of an `except` clause.
    pub(super) fn clear_name(&mut self, name: &Name, span: Span) -> Outcome {
        if let Place::Local(local) = self.place(&self.mangled(name)) {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
            self.unit.asm.unbind(local);
            return Ok(());
        }
        let none = self.push_const(Const::None, span);
        self.store_name(name, none, span)?;
        self.delete_name(name, span)
    }

    pub(super) fn return_stmt(&mut self, value: Option<&'a Expr>, span: Span) -> Outcome {
        if self
            .unit
            .blocks
            .iter()
            .any(|block| matches!(block, Block::ExceptStar))
        {
            return syntax(STAR, span);
        }
        let kind = self.unit.kind;
        if matches!(kind, UnitKind::Module | UnitKind::Class) {
            return syntax("'return' outside function", span);
        }
        let scope = &self.symbols.scopes[self.unit.scope];
        debug_assert!(scope.kind != ScopeKind::Module);
        if value.is_some() && kind == UnitKind::AsyncFunction && scope.is_generator {
            return syntax("'return' with value in async generator", span);
        }
        let depth = self.unit.asm.depth;
        let constant = match value {
            None => Some(Const::None),
            Some(value) => fold(value),
        };
        if let Some(constant) = constant {
            let left = self.unwind(0)?;
            let index = self.unit.const_index(constant);
            self.unit.asm.ins_wide(span, Op::ReturnConst, (), index);
            self.reopen(left);
        } else if let Some(value) = value {
            self.return_through(value, span)?;
        }
        self.unit.asm.depth = depth;
        Ok(())
    }

    /// Returns a value; it waits in a hidden local while blocks are left.
    fn return_through(&mut self, value: &'a Expr, span: Span) -> Outcome {
        if self.unit.blocks.iter().all(|block| {
            matches!(
                block,
                Block::Loop {
                    iterator: false,
                    ..
                }
            )
        }) {
            return self.return_value(value, span);
        }
        let result = self.unit.hidden(".return");
        self.into(value, Reg::Local(result))?;
        let left = self.unwind(0)?;
        self.unit
            .asm
            .ins(span, Op::Return, Arg::None, Reg::Local(result), ());
        self.reopen(left);
        self.unit.give_back(result);
        Ok(())
    }

    /// `return value` where nothing is to be left.
    pub(super) fn return_value(&mut self, value: &'a Expr, span: Span) -> Outcome {
        if let Some(constant) = fold(value) {
            let index = self.unit.const_index(constant);
            self.unit.asm.ins_wide(span, Op::ReturnConst, (), index);
            return Ok(());
        }
        let value = self.operand(value)?;
        self.unit.asm.ins(span, Op::Return, (), value, ());
        Ok(())
    }

    /// The innermost loop.
    fn innermost_loop(&self, message: &str, span: Span) -> Outcome<usize> {
        for (index, block) in self.unit.blocks.iter().enumerate().rev() {
            match block {
                Block::Loop { .. } => return Ok(index),
                Block::ExceptStar => return syntax(STAR, span),
                _ => {}
            }
        }
        syntax(message, span)
    }

    pub(super) fn break_stmt(&mut self, span: Span) -> Outcome {
        let index = self.innermost_loop("'break' outside loop", span)?;
        let depth = self.unit.asm.depth;
        let left = self.unwind(index + 1)?;
        if let Some(Block::Loop { exit, iterator, .. }) = self.unit.blocks.get(index).cloned() {
            if iterator {
                self.unit.asm.drop_top(span);
            }
            self.unit.asm.jump(span, exit);
        }
        self.reopen(left);
        self.unit.asm.depth = depth;
        Ok(())
    }

    pub(super) fn continue_stmt(&mut self, span: Span) -> Outcome {
        let index = self.innermost_loop("'continue' not properly in loop", span)?;
        let depth = self.unit.asm.depth;
        let left = self.unwind(index + 1)?;
        if let Some(Block::Loop { again, .. }) = self.unit.blocks.get(index).cloned() {
            self.unit
                .asm
                .jump_ins(span, Op::Loop, false, [Arg::None; 3], again);
        }
        self.reopen(left);
        self.unit.asm.depth = depth;
        Ok(())
    }
}
