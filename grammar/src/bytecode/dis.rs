//! The disassembler: code as text, for `hoop dis` and golden tests.

use super::instr::{Instr, instructions};
use super::op::{Common, INPLACE, Intrinsic, Op, Operand, Special, TEMP_A};
use super::{Code, Const};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The text of a code object and of all code inside it.
pub fn disassemble(code: &Code) -> String {
    let mut out = String::new();
    // Nested code waits in a list, so that depth costs no stack.
    let mut pending = vec![code];
    while let Some(code) = pending.pop() {
        if !out.is_empty() {
            out.push('\n');
        }
        Listing::new(code).write(&mut out);
        let inner = code.consts.iter().rev();
        pending.extend(inner.filter_map(|value| match value {
            Const::Code(inner) => Some(&**inner),
            _ => None,
        }));
    }
    out
}

/// One instruction, as it is shown.
pub struct Row {
    /// The index of its first word.
    pub at: u32,
    /// What it does.
    pub op: Op,
    /// The name of the operation.
    pub name: &'static str,
    /// Its operands as text.
    pub operands: String,
    /// The place in the source.
    pub position: super::Position,
    /// Whether something jumps to it.
    pub is_target: bool,
}

/// The instructions of a code object, without those of code inside it.
pub fn rows(code: &Code) -> Vec<Row> {
    Listing::new(code).rows()
}

struct Listing<'a> {
    code: &'a Code,
    targets: BTreeSet<u32>,
}

impl<'a> Listing<'a> {
    fn new(code: &'a Code) -> Listing<'a> {
        let mut targets = BTreeSet::new();
        for (at, instr, extra) in instructions(&code.words) {
            let end = (at + 1 + extra.len()) as i64;
            if let Some(distance) = instr.jump(extra.first().copied().unwrap_or(0)) {
                targets.insert((end + i64::from(distance)) as u32);
            }
        }
        targets.extend(code.handlers.iter().map(|handler| handler.target));
        Listing { code, targets }
    }

    fn write(&self, out: &mut String) {
        self.write_head(out);
        let mut line = 0;
        for row in self.rows() {
            let shown = if row.position.line != line && row.position.line != 0 {
                line = row.position.line;
                line.to_string()
            } else {
                String::new()
            };
            let mark = if row.is_target { '>' } else { ' ' };
            let text = format!(
                "{shown:>5} {mark}{:>5}  {:<18} {}",
                row.at, row.name, row.operands
            );
            out.push_str(text.trim_end());
            out.push('\n');
        }
        self.write_tables(out);
    }

    fn rows(&self) -> Vec<Row> {
        let all = instructions(&self.code.words);
        all.map(|(at, instr, extra)| Row {
            at: at as u32,
            op: instr.op,
            name: instr.op.name(),
            operands: self.operands(at, instr, extra),
            position: self.code.position(at as u32),
            is_target: self.targets.contains(&(at as u32)),
        })
        .collect()
    }

    fn write_head(&self, out: &mut String) {
        let code = self.code;
        let _ = write!(out, "code {}", code.qualname);
        let _ = write!(out, " (line {}, flags {:#x}", code.first_line, code.flags);
        let _ = write!(out, ", {} locals", code.nlocals);
        let _ = writeln!(
            out,
            ", {} temporaries)",
            code.nregisters.saturating_sub(code.nlocals)
        );
        if code.arg_count + code.kwonly_count > 0 {
            let _ = write!(out, "  parameters: {}", code.arg_count);
            let _ = write!(out, " ({} positional-only)", code.posonly_count);
            let _ = writeln!(out, ", {} keyword-only", code.kwonly_count);
        }
        if !code.local_names.is_empty() {
            let names = code.local_names.iter().enumerate();
            let names: Vec<String> = names.map(|(n, name)| format!("r{n}={name}")).collect();
            let _ = writeln!(out, "  locals: {}", names.join(" "));
        }
        if !code.cells.is_empty() {
            let cells: Vec<String> = code.cells.iter().map(|cell| format!("r{cell}")).collect();
            let _ = writeln!(out, "  cells: {}", cells.join(" "));
        }
        if !code.free_names.is_empty() {
            let _ = writeln!(out, "  free: {}", code.free_names.join(" "));
        }
    }

    fn write_tables(&self, out: &mut String) {
        for handler in &self.code.handlers {
            let _ = writeln!(
                out,
                "  exceptions {}..{} go to {} in r{}, depth {}",
                handler.start, handler.end, handler.target, handler.register, handler.depth
            );
        }
        for handled in &self.code.handled {
            let _ = writeln!(
                out,
                "  handling {}..{} r{}",
                handled.start, handled.end, handled.register
            );
        }
    }

    fn operands(&self, at: usize, instr: Instr, extra: &[u64]) -> String {
        let mut parts = Vec::new();
        let first = extra.first().copied().unwrap_or(0);
        let end = (at + 1 + extra.len()) as i64;
        if let Some(distance) = instr.jump(first) {
            parts.push(format!("-> {}", end + i64::from(distance)));
        }
        for (index, kind) in instr.op.operands().into_iter().enumerate() {
            let value = instr.args()[index];
            let temp = instr.flags & (TEMP_A << index) != 0;
            if let Some(text) = self.operand(instr, kind, value, temp, first) {
                parts.push(text);
            }
        }
        self.extra_words(instr.op, first, &mut parts);
        if instr.own() != 0 {
            parts.push(own_bits(instr));
        }
        parts.join(", ")
    }

    fn operand(
        &self,
        instr: Instr,
        kind: Operand,
        value: u16,
        temp: bool,
        extra: u64,
    ) -> Option<String> {
        let text = match kind {
            Operand::None | Operand::WideHigh | Operand::Jump16 => return None,
            Operand::Dst => format!("{} =", self.register(value, temp)),
            Operand::Src | Operand::Keep if value == u16::MAX && !temp => "none".to_string(),
            Operand::Src | Operand::Keep => self.register(value, temp),
            Operand::Window => self.window(value, instr.window(extra)),
            Operand::OutWindow => format!("{} =", self.window(value, instr.out_window())),
            Operand::Const => self.constant(u32::from(value)),
            Operand::Name => self.name(u32::from(value)),
            Operand::Imm => imm(instr.op, value),
            Operand::Wide if instr.op.wide_const() => self.constant(instr.wide()),
            Operand::Wide if instr.op == Op::LoadInt => (instr.wide() as i32).to_string(),
            Operand::Wide => return None,
        };
        Some(text)
    }

    fn extra_words(&self, op: Op, first: u64, parts: &mut Vec<String>) {
        let (low, high) = (first as u32, (first >> 32) as u32);
        match op {
            Op::CallMethod => parts.push(format!(".{}", self.name(low))),
            Op::CallKw | Op::CallLoadedKw => parts.push(self.constant(low)),
            Op::CallMethodKw => {
                parts.push(format!(".{}", self.name(low)));
                parts.push(self.constant(high));
            }
            Op::ImportName => {
                parts.push(format!("level {low}"));
                if high != u32::MAX {
                    parts.push(self.constant(high));
                }
            }
            Op::MatchClass => parts.push(format!("{low} positional")),
            _ => {}
        }
    }

    fn register(&self, value: u16, temp: bool) -> String {
        if temp {
            format!("t{}", i64::from(value) - i64::from(self.code.nlocals))
        } else {
            format!("r{value}")
        }
    }

    fn window(&self, start: u16, length: u32) -> String {
        let first = i64::from(start) - i64::from(self.code.nlocals);
        match length {
            0 => "()".to_string(),
            1 => format!("t{first}"),
            _ => format!("t{first}..t{}", first + i64::from(length) - 1),
        }
    }

    fn constant(&self, index: u32) -> String {
        match self.code.consts.get(index as usize) {
            Some(value) => show_const(value),
            None => format!("const {index}?"),
        }
    }

    fn name(&self, index: u32) -> String {
        match self.code.names.get(index as usize) {
            Some(name) => name.to_string(),
            None => format!("name {index}?"),
        }
    }
}

fn imm(op: Op, value: u16) -> String {
    match op {
        Op::Intrinsic => match Intrinsic::from_number(value) {
            Some(which) => format!("{which:?}"),
            None => format!("{value}?"),
        },
        Op::LoadSpecial => match value {
            n if n == Special::Enter as u16 => "__enter__".to_string(),
            n if n == Special::Exit as u16 => "__exit__".to_string(),
            n if n == Special::AEnter as u16 => "__aenter__".to_string(),
            _ => "__aexit__".to_string(),
        },
        Op::LoadCommon if value == Common::AssertionError as u16 => "AssertionError".to_string(),
        Op::LoadCommon => "NotImplementedError".to_string(),
        Op::UnpackEx => format!("{} before, {} after", value & 255, value >> 8),
        _ => value.to_string(),
    }
}

fn own_bits(instr: Instr) -> String {
    let text = match instr.op {
        Op::Format => ["", "!s", "!r", "!a"][usize::from(instr.own() & 3)],
        Op::MakeFunction => {
            let names = [
                "defaults",
                "kwdefaults",
                "annotations",
                "closure",
                "type params",
            ];
            let set = (0..5).filter(|bit| instr.own() & 1 << bit != 0);
            return set.map(|bit| names[bit]).collect::<Vec<_>>().join(" ");
        }
        Op::ListExtend => "call",
        _ if instr.flags & INPLACE != 0 && instr.op.is_arithmetic() => "inplace",
        _ => "not",
    };
    text.to_string()
}

/// How a constant is shown.
pub fn show_const(value: &Const) -> String {
    match value {
        Const::None => "None".to_string(),
        Const::Bool(true) => "True".to_string(),
        Const::Bool(false) => "False".to_string(),
        Const::Ellipsis => "...".to_string(),
        Const::Int(n) => n.to_string(),
        Const::BigInt(n) => n.to_string(),
        Const::Float(x) => format!("{x:?}"),
        Const::Complex(re, im) => format!("({re:?}, {im:?}j)"),
        Const::Str(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Const::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        Const::Tuple(items) => format!("({})", show_consts(items)),
        Const::FrozenSet(items) => format!("frozenset({{{}}})", show_consts(items)),
        Const::Code(code) => format!("<code {}>", code.qualname),
    }
}

fn show_consts(items: &[Const]) -> String {
    let items: Vec<String> = items.iter().map(show_const).collect();
    items.join(", ")
}
