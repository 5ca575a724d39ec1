//! `try` with `except*`: each clause takes its part of the group; what they
//! raise, and what no clause took, is raised again in the end.

use super::asm::{Arg, Label, Reg};
use super::unit::{Block, Guard};
use super::{Compiler, Outcome};
use crate::bytecode::Op;
use crate::source::Span;
use crate::syntax::ast::{ExceptHandler, Try};

/// The hidden locals of one such statement.
#[derive(Clone, Copy)]
struct Parts {
    /// The exception as it was raised.
    whole: u16,
    /// What no clause has taken yet.
    rest: u16,
    /// What the current clause handles.
    taken: u16,
    /// A list of what clauses raised.
    raised: u16,
    /// What the current clause raised.
    new: u16,
}

impl<'a> Compiler<'a> {
    pub(super) fn try_star_stmt(&mut self, node: &'a Try, span: Span) -> Outcome {
        if node.finalbody.is_empty() {
            return self.try_star(node, span);
        }
        self.with_finally(node, span, |this| this.try_star(node, span))
    }

    fn try_star(&mut self, node: &'a Try, span: Span) -> Outcome {
        let parts = Parts {
            whole: self.unit.hidden(".exc"),
            rest: self.unit.hidden(".rest"),
            taken: self.unit.hidden(".taken"),
            raised: self.unit.hidden(".raised"),
            new: self.unit.hidden(".exc"),
        };
        let guard = self.guard(parts.whole);
        self.push_block(Block::Try(guard), span)?;
        self.body(&node.body)?;
        let Some(Block::Try(guard)) = self.unit.blocks.pop() else {
            return Ok(());
        };
        self.close_guard(&guard);
        let end = self.unit.asm.label();
        self.body(&node.orelse)?;
        self.unit.asm.jump(None, end);
        self.place_guard(&guard);
        let cleanup = self.cleanup_guard(parts.whole);
        self.open_handler(&cleanup, parts.whole, None, span)?;
        let list = self.unit.asm.next_temp();
        self.unit
            .asm
            .ins(None, Op::BuildList, Reg::Local(parts.raised), list, 0);
        self.unit.asm.ins(
            None,
            Op::Move,
            Reg::Local(parts.rest),
            Reg::Local(parts.whole),
            (),
        );
        for handler in &node.handlers {
            self.star_clause(handler, parts)?;
        }
        self.finish_star(parts, end);
        self.place_cleanup(
            cleanup,
            parts.whole,
            &[parts.rest, parts.taken, parts.raised],
        );
        self.unit.asm.depth = guard.depth;
        self.unit.asm.place(end);
        for local in [
            parts.new,
            parts.raised,
            parts.taken,
            parts.rest,
            parts.whole,
        ] {
            self.unit.give_back(local);
        }
        Ok(())
    }

    /// Raises what is left over, or goes on when that is nothing.
    fn finish_star(&mut self, parts: Parts, end: Label) {
        let Parts {
            whole,
            rest,
            taken,
            raised,
            new,
        } = parts;
        self.unit.asm.ins(
            None,
            Op::ListAppend,
            Reg::Local(raised),
            Reg::Local(rest),
            (),
        );
        let whole_reg = Reg::Local(whole);
        self.unit.asm.ins(
            None,
            Op::ExceptStarEnd,
            Reg::Local(new),
            whole_reg,
            Reg::Local(raised),
        );
        self.pop_block();
        for local in [whole, rest, taken, raised] {
            self.unit
                .asm
                .ins(None, Op::Clear, Reg::Local(local), (), ());
        }
        let nothing = self.unit.asm.label();
        let args = [Reg::Local(new).into(), Arg::None, Arg::None];
        self.unit
            .asm
            .jump_ins(None, Op::JumpIfNone, false, args, nothing);
        self.reraise(new, None);
        self.unit.asm.place(nothing);
        self.unit.asm.ins(None, Op::Clear, Reg::Local(new), (), ());
        self.unit.asm.jump(None, end);
    }

    fn star_clause(&mut self, handler: &'a ExceptHandler, parts: Parts) -> Outcome {
        let Parts {
            rest,
            taken,
            raised,
            new,
            ..
        } = parts;
        let span = handler.span;
        let next = self.unit.asm.label();
        let first = self.unit.asm.next_temp();
        let at = span;
        let class = match &handler.typ {
            Some(class) => self.operand(class)?,
            None => self.push_none(span),
        };
        self.unit
            .asm
            .ins(at, Op::ExceptStarMatch, first, Reg::Local(rest), class);
        let top = self.unit.asm.top();
        self.unit.asm.ins(at, Op::Move, Reg::Local(rest), top, ());
        self.unit
            .asm
            .ins(at, Op::Move, Reg::Local(taken), first, ());
        let args = [Reg::Local(taken).into(), Arg::None, Arg::None];
        self.unit
            .asm
            .jump_ins(at, Op::JumpIfNone, false, args, next);
        if let Some(name) = &handler.name {
            self.store_name(name, Reg::Local(taken), span)?;
        }
        let guard = self.guard(new);
        self.star_body(handler, taken, &guard)?;
        self.unit.asm.jump(None, next);
        self.place_guard(&guard);
        self.unit.asm.ins(
            None,
            Op::ListAppend,
            Reg::Local(raised),
            Reg::Local(new),
            (),
        );
        self.unit.asm.ins(None, Op::Clear, Reg::Local(new), (), ());
        self.unit
            .asm
            .ins(None, Op::Clear, Reg::Local(taken), (), ());
        if let Some(name) = &handler.name
            && self.unit.asm.reachable()
        {
            self.clear_name(name, span)?;
        }
        self.unit.asm.place(next);
        Ok(())
    }

    fn star_body(&mut self, handler: &'a ExceptHandler, taken: u16, guard: &Guard) -> Outcome {
        let span = handler.span;
        let name = handler.name.clone().map(|name| (name, span));
        self.unit.blocks.push(Block::ExceptStar);
        self.open_handler(&Some(guard.clone()), taken, name, span)?;
        self.body(&handler.body)?;
        self.pop_block();
        self.unit.blocks.pop();
        self.unit
            .asm
            .ins(None, Op::Clear, Reg::Local(taken), (), ());
        if let Some(name) = &handler.name {
            self.clear_name(name, span)?;
        }
        Ok(())
    }
}
