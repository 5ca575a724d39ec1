//! Loops.

use super::asm::Arg;
use super::unit::{Block, UnitKind};
use super::{Compiler, Outcome, syntax};
use crate::bytecode::Op;
use crate::source::Span;
use crate::syntax::ast::{Expr, For, Stmt};

/// As deep as blocks may nest.
const MAX_BLOCKS: usize = 21;

impl<'a> Compiler<'a> {
    pub(super) fn push_block(&mut self, block: Block<'a>, span: Span) -> Outcome {
        let depth = self
            .unit
            .blocks
            .iter()
            .filter(|block| !matches!(block, Block::ExceptStar));
        if depth.count() >= MAX_BLOCKS {
            return syntax("too many statically nested blocks", span);
        }
        self.unit.blocks.push(block);
        Ok(())
    }

    /// Whether `async for` and `async with` may stand here.
    pub(super) fn check_async(&self, what: &str, span: Span) -> Outcome {
        let top = self.unit.kind == UnitKind::Module && self.options.top_level_await;
        if top || self.unit.kind == UnitKind::AsyncFunction {
            return Ok(());
        }
        syntax(format!("'{what}' outside async function"), span)
    }

    pub(super) fn for_stmt(&mut self, node: &'a For, is_async: bool, span: Span) -> Outcome {
        if is_async {
            self.check_async("async for", span)?;
            self.mark_coroutine();
        }
        self.iterator(&node.iter, is_async)?;
        let at = node.iter.span;
        let again = self.unit.asm.label();
        let exhausted = self.unit.asm.label();
        let exit = self.unit.asm.label();
        self.push_block(
            Block::Loop {
                again,
                exit,
                iterator: true,
            },
            span,
        )?;
        let deleted = self.unit.deleted.clone();
        self.unit.asm.place_loop(again, &deleted);
        // An error of `__anext__` is one of the whole statement.
        let asked = if is_async { span } else { at };
        let end = self.next_value(&node.target, is_async, exhausted, asked)?;
        self.body(&node.body)?;
        self.unit
            .asm
            .jump_ins(at, Op::Loop, false, [Arg::None; 3], again);
        self.unit.blocks.pop();
        self.end_loop(end, exhausted, at);
        self.body(&node.orelse)?;
        self.unit.asm.place(exit);
        Ok(())
    }

    /// The code of a module that waits is a coroutine's.
    pub(super) fn mark_coroutine(&mut self) {
        if self.unit.kind == UnitKind::Module {
            self.symbols.scopes[self.unit.scope].is_coroutine = true;
        }
    }

    pub(super) fn while_stmt(
        &mut self,
        test: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
        span: Span,
    ) -> Outcome {
        let again = self.unit.asm.label();
        let failed = self.unit.asm.label();
        let exit = self.unit.asm.label();
        let deleted = self.unit.deleted.clone();
        self.unit.asm.place_loop(again, &deleted);
        self.push_block(
            Block::Loop {
                again,
                exit,
                iterator: false,
            },
            span,
        )?;
        self.jump_if(test, false, failed)?;
        self.body(body)?;
        self.unit
            .asm
            .jump_ins(test.span, Op::Loop, false, [Arg::None; 3], again);
        self.unit.blocks.pop();
        self.unit.asm.place(failed);
        self.body(orelse)?;
        self.unit.asm.place(exit);
        Ok(())
    }
}
