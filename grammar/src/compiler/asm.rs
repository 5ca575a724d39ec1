//! The assembler: collects the instructions of one code object, keeps count of
//! the live temporaries and of what is surely bound, and packs it all at the end.
//!
//! Locals and temporaries are told apart until then, since temporaries lie
//! behind the locals and the number of locals grows while code is made.

use crate::bytecode::op::{INPLACE, NEGATE, OWN_SHIFT};
use crate::bytecode::{Instr, Op, Operand};
use crate::source::Span;

/// As many instructions as one code object may have.
const MAX_CODE: usize = 1 << 22;

/// A register before its final number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reg {
    Local(u16),
    Temp(u16),
}

/// An operand before packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arg {
    None,
    Reg(Reg),
    Num(u16),
}

impl From<Reg> for Arg {
    fn from(register: Reg) -> Arg {
        Arg::Reg(register)
    }
}

impl From<u16> for Arg {
    fn from(number: u16) -> Arg {
        Arg::Num(number)
    }
}

impl From<()> for Arg {
    fn from((): ()) -> Arg {
        Arg::None
    }
}

/// A place in the code that jumps go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(pub(super) usize);

/// A set of locals: those that are surely bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Locals(Vec<u64>);

impl Locals {
    pub fn insert(&mut self, local: u16) {
        let word = usize::from(local / 64);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (local % 64);
    }

    pub fn remove(&mut self, local: u16) {
        if let Some(word) = self.0.get_mut(usize::from(local / 64)) {
            *word &= !(1 << (local % 64));
        }
    }

    pub fn contains(&self, local: u16) -> bool {
        let word = self.0.get(usize::from(local / 64)).copied().unwrap_or(0);
        word >> (local % 64) & 1 != 0
    }

    fn intersect(&mut self, other: &Locals) {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    pub fn subtract(&mut self, other: &Locals) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
    }
}

/// One instruction before packing.
#[derive(Clone, Debug)]
pub(super) struct Ins {
    pub op: Op,
    /// The opcode's own flag bits, in place.
    pub flags: u8,
    pub args: [Arg; 3],
    pub wide: u32,
    pub extra: u64,
    pub label: Option<Label>,
    pub span: Option<Span>,
    /// For method calls: where the attribute stands.
    pub attr_span: Option<Span>,
    /// Live temporaries after the operands were consumed.
    pub depth: u16,
}

#[derive(Clone, Debug, Default)]
pub(super) struct LabelState {
    pub at: Option<usize>,
    depth: Option<u16>,
    bound: Option<Locals>,
}

/// A protected range, in instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protected {
    pub start: usize,
    pub end: usize,
    pub target: Label,
    pub depth: u16,
    pub register: u16,
}

/// A range in which an exception is being handled, in instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handling {
    pub start: usize,
    pub end: usize,
    pub register: u16,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    pub code: Vec<Ins>,
    pub labels: Vec<LabelState>,
    pub protected: Vec<Protected>,
    pub handling: Vec<Handling>,
    /// How many temporaries are live.
    pub depth: u16,
    pub max_depth: u16,
    /// The locals that are surely bound; `None` where control never comes.
    pub bound: Option<Locals>,
    /// A rule of the assembler was broken or a limit exceeded: no code comes of this.
    pub failure: Option<&'static str>,
}

impl Assembler {
    pub fn new() -> Assembler {
        Assembler {
            bound: Some(Locals::default()),
            ..Assembler::default()
        }
    }

    /// Whether control can come here.
    pub fn reachable(&self) -> bool {
        self.bound.is_some()
    }

    /// The temporary that is written next.
    pub fn next_temp(&self) -> Reg {
        Reg::Temp(self.depth)
    }

    /// The last live temporary.
    pub fn top(&self) -> Reg {
        Reg::Temp(self.depth.saturating_sub(1))
    }

    pub fn label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() - 1)
    }

    /// Appends an instruction.
    pub fn ins(
        &mut self,
        span: impl Into<Option<Span>>,
        op: Op,
        a: impl Into<Arg>,
        b: impl Into<Arg>,
        c: impl Into<Arg>,
    ) {
        self.push(Ins {
            op,
            flags: 0,
            args: [a.into(), b.into(), c.into()],
            wide: 0,
            extra: 0,
            label: None,
            span: span.into(),
            attr_span: None,
            depth: 0,
        });
    }

    /// An instruction with own bits.
    pub fn ins_own(&mut self, span: impl Into<Option<Span>>, op: Op, own: u8, args: [Arg; 3]) {
        self.push(Ins {
            op,
            flags: own << OWN_SHIFT,
            args,
            wide: 0,
            extra: 0,
            label: None,
            span: span.into(),
            attr_span: None,
            depth: 0,
        });
    }

    /// Arithmetic, perhaps augmented.
    pub fn arithmetic(&mut self, span: Span, op: Op, inplace: bool, args: [Arg; 3]) {
        let own = if inplace { INPLACE >> OWN_SHIFT } else { 0 };
        self.ins_own(span, op, own, args);
    }

    /// An instruction with a filled operand word.
    pub fn ins_extra(
        &mut self,
        span: impl Into<Option<Span>>,
        op: Op,
        args: [Arg; 3],
        extra: u64,
        attr_span: Option<Span>,
    ) {
        self.push(Ins {
            op,
            flags: 0,
            args,
            wide: 0,
            extra,
            label: None,
            span: span.into(),
            attr_span,
            depth: 0,
        });
    }

    /// An instruction with a 32-bit number.
    pub fn ins_wide(
        &mut self,
        span: impl Into<Option<Span>>,
        op: Op,
        a: impl Into<Arg>,
        wide: u32,
    ) {
        self.push(Ins {
            op,
            flags: 0,
            args: [a.into(), Arg::None, Arg::None],
            wide,
            extra: 0,
            label: None,
            span: span.into(),
            attr_span: None,
            depth: 0,
        });
    }

    /// An instruction that may jump.
    pub fn jump_ins(
        &mut self,
        span: impl Into<Option<Span>>,
        op: Op,
        negate: bool,
        args: [Arg; 3],
        label: Label,
    ) {
        self.push(Ins {
            op,
            flags: if negate { NEGATE } else { 0 },
            args,
            wide: 0,
            extra: 0,
            label: Some(label),
            span: span.into(),
            attr_span: None,
            depth: 0,
        });
    }

    pub fn jump(&mut self, span: impl Into<Option<Span>>, label: Label) {
        self.jump_ins(span, Op::Jump, false, [Arg::None; 3], label);
    }

    /// Drops the last live temporary.
    pub fn drop_top(&mut self, span: impl Into<Option<Span>>) {
        let top = self.top();
        self.ins(span, Op::Clear, top, (), ());
    }

    /// Labels the place here.
    pub fn place(&mut self, label: Label) {
        let state = &mut self.labels[label.0];
        state.at = Some(self.code.len());
        let there = state.bound.take();
        if let Some(depth) = state.depth {
            if self.bound.is_some() && self.depth != depth {
                self.fail("paths disagree about temporaries");
            }
            self.depth = depth;
        }
        self.bound = match (self.bound.take(), there) {
            (Some(mut here), Some(there)) => {
                here.intersect(&there);
                Some(here)
            }
            (here, there) => here.or(there),
        };
    }

    /// Starts an exception handler: control comes here with `depth` temporaries.
    pub fn place_handler(&mut self, label: Label, depth: u16, bound: Option<Locals>) {
        if self.bound.is_some() {
            self.fail("control falls into a handler");
        }
        self.labels[label.0].at = Some(self.code.len());
        self.depth = depth;
        self.bound = bound;
    }

    /// Protects the instructions from `start` to here.
    pub fn protect(&mut self, start: usize, target: Label, depth: u16, register: u16) {
        let end = self.code.len();
        if start < end {
            self.protected.push(Protected {
                start,
                end,
                target,
                depth,
                register,
            });
        }
    }

    /// Says that the exception in `register` is handled from `start` to here.
    pub fn handle(&mut self, start: usize, register: u16) {
        let end = self.code.len();
        if start < end {
            self.handling.push(Handling {
                start,
                end,
                register,
            });
        }
    }

    /// Notes that no code can come of this.
    pub fn fail(&mut self, what: &'static str) {
        self.failure.get_or_insert(what);
    }

    fn push(&mut self, mut ins: Ins) {
        self.consume(&ins);
        ins.depth = self.depth;
        if let Some(label) = ins.label {
            self.note_jump(&ins, label);
        }
        self.produce(&ins);
        if !self.reachable() {
            return;
        }
        if ins.op.ends() {
            if matches!(ins.op, Op::Return | Op::ReturnConst) && ins.depth != 0 {
                self.fail("returns with live temporaries");
            }
            self.bound = None;
        }
        self.code.push(ins);
        if self.code.len() > MAX_CODE {
            self.fail("code is too large");
        }
    }

    /// Takes the temporaries that the instruction reads off the live ones.
    fn consume(&mut self, ins: &Ins) {
        let shape = ins.shape();
        let mut lowest = self.depth;
        let mut count = 0;
        for (kind, arg) in ins.op.operands().into_iter().zip(ins.args) {
            let Arg::Reg(Reg::Temp(number)) = arg else {
                continue;
            };
            let length = match kind {
                Operand::Src => 1,
                Operand::Keep if ins.op == Op::Clear => 1,
                Operand::Window => shape.window(ins.extra) as u16,
                _ => 0,
            };
            if length > 0 {
                lowest = lowest.min(number);
                count += length;
            }
        }
        if lowest != self.depth.saturating_sub(count) || count > self.depth {
            self.fail("temporaries are not consumed from the top");
        }
        self.depth = self.depth.saturating_sub(count);
    }

    fn produce(&mut self, ins: &Ins) {
        let (kept, ends_kept) = match ins.op {
            Op::JumpIfTrueOrDrop | Op::JumpIfFalseOrDrop => (ins.args[0], true),
            Op::Await | Op::YieldFrom => (ins.args[1], true),
            _ => (Arg::None, false),
        };
        if ends_kept && matches!(kept, Arg::Reg(Reg::Temp(_))) {
            if kept != Arg::Reg(self.top()) {
                self.fail("drops a temporary that is not the last");
            }
            self.depth = self.depth.saturating_sub(1);
        }
        let count = match ins.op.operands()[0] {
            Operand::Dst => 1,
            Operand::OutWindow => ins.shape().out_window(),
            _ => 0,
        };
        match ins.args[0] {
            Arg::Reg(Reg::Temp(number)) if count > 0 => {
                if number != self.depth {
                    self.fail("writes a temporary that is not the next");
                }
                let depth = u32::from(self.depth) + count;
                if depth > 50_000 {
                    self.fail("too many temporaries");
                }
                self.depth = depth.min(50_000) as u16;
                self.max_depth = self.max_depth.max(self.depth);
            }
            Arg::Reg(Reg::Local(local)) if count > 0 => self.bind(local),
            _ => {}
        }
    }

    /// The local is bound from here on.
    pub fn bind(&mut self, local: u16) {
        if let Some(bound) = &mut self.bound {
            bound.insert(local);
        }
    }

    /// The local may be unbound from here on.
    pub fn unbind(&mut self, local: u16) {
        if let Some(bound) = &mut self.bound {
            bound.remove(local);
        }
    }

    pub fn is_bound(&self, local: u16) -> bool {
        self.bound
            .as_ref()
            .is_none_or(|bound| bound.contains(local))
    }

    fn note_jump(&mut self, ins: &Ins, label: Label) {
        let Some(bound) = &self.bound else {
            return;
        };
        let mut depth = self.depth;
        if ins.op == Op::ForIter && matches!(ins.args[1], Arg::Reg(Reg::Temp(_))) {
            depth = depth.saturating_sub(1);
        }
        let state = &mut self.labels[label.0];
        let agrees = state.depth.is_none_or(|known| known == depth);
        let (back, looping) = (state.at.is_some(), ins.op == Op::Loop);
        state.depth = Some(depth);
        if back || !agrees {
            if !agrees || !looping {
                self.fail("jumps back, or with other temporaries");
            }
            return;
        }
        match &mut state.bound {
            Some(known) => known.intersect(bound),
            empty => *empty = Some(bound.clone()),
        }
    }

    /// Starts a loop here, whose body may unbind `deleted`.
    pub fn place_loop(&mut self, label: Label, deleted: &Locals) {
        self.place(label);
        if let Some(bound) = &mut self.bound {
            bound.subtract(deleted);
        }
    }
}

impl Ins {
    /// The instruction as far as the sizes of its windows depend on it.
    pub fn shape(&self) -> Instr {
        let c = match self.args[2] {
            Arg::Num(number) => number,
            _ => 0,
        };
        Instr {
            op: self.op,
            flags: self.flags,
            a: 0,
            b: 0,
            c,
        }
    }
}
