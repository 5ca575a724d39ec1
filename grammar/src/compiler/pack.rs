//! The end of assembling: jumps find their distances, registers their numbers,
//! instructions become words.

use super::asm::{Arg, Assembler, Ins, Label, Reg};
use crate::bytecode::op::{NEGATE, TEMP_A};
use crate::bytecode::{Handled, Handler, LiveTemps, Op, Operand, Position, word};
use crate::source::{SourceFile, Span};

/// Words and tables of a code object.
pub(super) struct Packed {
    pub words: Vec<u64>,
    pub handlers: Vec<Handler>,
    pub handled: Vec<Handled>,
    pub live: Vec<LiveTemps>,
    pub positions: Vec<(u32, Position)>,
    pub temporaries: u16,
}

/// Packs what the assembler collected, for a code object with `locals` locals.
pub(super) fn pack(mut asm: Assembler, locals: u32, file: &SourceFile) -> Packed {
    thread_jumps(&mut asm);
    let mut offsets = offsets(&asm);
    while widen(&mut asm, &offsets) {
        offsets = self::offsets(&asm);
    }
    let packer = Packer {
        asm: &asm,
        offsets: &offsets,
        locals: locals as u16,
    };
    packer.pack(file)
}

/// A jump to a jump goes to where that goes.
fn thread_jumps(asm: &mut Assembler) {
    for index in 0..asm.code.len() {
        let Some(label) = asm.code[index].label else {
            continue;
        };
        if asm.code[index].op == Op::Loop {
            continue;
        }
        let label = final_label(asm, label);
        let Some(target) = asm.labels[label.0].at else {
            continue;
        };
        let ins = &mut asm.code[index];
        ins.label = Some(label);
        if ins.op == Op::Jump && target == index + 1 {
            ins.op = Op::Nop;
            ins.label = None;
        }
    }
}

fn final_label(asm: &Assembler, mut label: Label) -> Label {
    // A chain of forward jumps ends; the bound is for safety only.
    for _ in 0..1000 {
        let target = asm.labels[label.0].at.and_then(|at| asm.code.get(at));
        match target {
            Some(Ins {
                op: Op::Jump,
                label: Some(next),
                ..
            }) => label = *next,
            _ => break,
        }
    }
    label
}

fn size(ins: &Ins) -> u32 {
    if ins.op == Op::Nop {
        0
    } else {
        1 + ins.op.words() as u32
    }
}

/// Where each instruction starts, and the end.
fn offsets(asm: &Assembler) -> Vec<u32> {
    let mut at = 0;
    let mut offsets = Vec::new();
    for ins in &asm.code {
        offsets.push(at);
        at += size(ins);
    }
    offsets.push(at);
    offsets
}

/// Where a label is, as an instruction.
fn place(asm: &Assembler, label: Label) -> usize {
    asm.labels[label.0].at.unwrap_or(asm.code.len())
}

/// Replaces fused jumps that do not reach by the opposite one over a wide jump.
/// Says whether there were any.
fn widen(asm: &mut Assembler, offsets: &[u32]) -> bool {
    let far: Vec<usize> = (0..asm.code.len())
        .filter(|&index| {
            let ins = &asm.code[index];
            let Some(label) = ins.label else { return false };
            let distance = i64::from(offsets[place(asm, label)]) - i64::from(offsets[index + 1]);
            let near = i16::try_from(distance).is_ok();
            ins.op.operands()[0] == Operand::Jump16 && ins.op != Op::EndAsyncFor && !near
        })
        .collect();
    if far.is_empty() {
        return false;
    }
    let moved = |at: usize| at + far.partition_point(|&index| index < at);
    for label in &mut asm.labels {
        label.at = label.at.map(moved);
    }
    for range in &mut asm.protected {
        (range.start, range.end) = (moved(range.start), moved(range.end));
    }
    for range in &mut asm.handling {
        (range.start, range.end) = (moved(range.start), moved(range.end));
    }
    let old = std::mem::take(&mut asm.code);
    let mut next_far = far.iter().peekable();
    for (index, ins) in old.into_iter().enumerate() {
        if next_far.next_if(|&&far| far == index).is_some() {
            let over = asm.label();
            let jump = Ins {
                op: Op::Jump,
                flags: 0,
                args: [Arg::None; 3],
                ..ins.clone()
            };
            let skip = Ins {
                flags: ins.flags ^ NEGATE,
                label: Some(over),
                ..ins
            };
            asm.code.extend([skip, jump]);
            asm.labels[over.0].at = Some(asm.code.len());
        } else {
            asm.code.push(ins);
        }
    }
    true
}

struct Packer<'a> {
    asm: &'a Assembler,
    offsets: &'a [u32],
    locals: u16,
}

impl Packer<'_> {
    fn pack(&self, file: &SourceFile) -> Packed {
        let mut words = Vec::new();
        let mut live: Vec<LiveTemps> = Vec::new();
        let mut lines = Lines::new(file);
        for (index, ins) in self.asm.code.iter().enumerate() {
            if ins.op == Op::Nop {
                continue;
            }
            let start = self.offsets[index];
            if live.last().map_or(0, |last| last.depth) != ins.depth {
                live.push(LiveTemps {
                    start,
                    depth: ins.depth,
                });
            }
            lines.add(start, ins.span);
            if ins.attr_span.is_some() && ins.attr_span != ins.span {
                lines.add(start + 1, ins.attr_span);
                lines.add(start + 2, ins.span);
            }
            self.pack_ins(index, ins, &mut words);
        }
        Packed {
            words,
            handlers: self.handlers(),
            handled: self.handled(),
            live,
            positions: lines.table,
            temporaries: self.asm.max_depth,
        }
    }

    fn pack_ins(&self, index: usize, ins: &Ins, words: &mut Vec<u64>) {
        let mut flags = ins.flags;
        let mut args = [0; 3];
        for (number, arg) in ins.args.into_iter().enumerate() {
            args[number] = match arg {
                Arg::None => 0,
                Arg::Num(number) => number,
                Arg::Reg(Reg::Local(local)) => local,
                Arg::Reg(Reg::Temp(temp)) => {
                    flags |= TEMP_A << number;
                    self.locals + temp
                }
            };
        }
        let mut wide = ins.wide;
        let mut extra = ins.extra;
        if let Some(label) = ins.label {
            let target = self.offsets[place(self.asm, label)];
            let distance = target.wrapping_sub(self.offsets[index + 1]);
            match ins.op.operands()[0] {
                Operand::Jump16 => args[0] = distance as u16,
                _ if ins.op == Op::ForIter => extra = u64::from(distance),
                _ => wide = distance,
            }
        }
        if ins.op.operands()[1] == Operand::Wide {
            args[1] = wide as u16;
            args[2] = (wide >> 16) as u16;
        }
        words.push(word(ins.op, flags, args[0], args[1], args[2]));
        let count = ins.op.words();
        if count > 0 {
            words.push(extra);
            words.extend(std::iter::repeat_n(0, count - 1));
        }
    }

    fn handlers(&self) -> Vec<Handler> {
        let all = self.asm.protected.iter().map(|range| Handler {
            start: self.offsets[range.start],
            end: self.offsets[range.end],
            target: self.offsets[place(self.asm, range.target)],
            depth: range.depth,
            register: range.register,
        });
        all.filter(|handler| handler.start < handler.end).collect()
    }

    fn handled(&self) -> Vec<Handled> {
        let all = self.asm.handling.iter().map(|range| Handled {
            start: self.offsets[range.start],
            end: self.offsets[range.end],
            register: range.register,
        });
        all.filter(|handled| handled.start < handled.end).collect()
    }
}

/// The position table while it is made.
struct Lines<'a> {
    file: &'a SourceFile,
    table: Vec<(u32, Position)>,
    last: (Option<Span>, Position),
}

impl<'a> Lines<'a> {
    fn new(file: &'a SourceFile) -> Lines<'a> {
        Lines {
            file,
            table: Vec::new(),
            last: (None, Position::default()),
        }
    }

    fn add(&mut self, start: u32, span: Option<Span>) {
        let position = match span {
            Some(_) if span == self.last.0 => self.last.1,
            Some(span) => self.position(span),
            None => Position::default(),
        };
        self.last = (span, position);
        if self.table.last().map_or(Position::default(), |last| last.1) != position {
            self.table.push((start, position));
        }
    }

    fn position(&self, span: Span) -> Position {
        let start = self.file.position(span.start);
        let end = self.file.position(span.end);
        Position {
            line: start.line,
            end_line: end.line,
            column: start.byte_column,
            end_column: end.byte_column,
        }
    }
}
