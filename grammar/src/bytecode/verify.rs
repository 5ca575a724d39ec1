//! The verifier: says whether a code object keeps the rules that the VM relies
//! on without checking.
//!
//! It runs the code on states instead of values. A state is how many
//! temporaries are live (they are always a prefix) and which locals are
//! surely bound. Every path, those into exception handlers included, must
//! agree on the first; the second is what all paths have in common.

use super::instr::{Instr, instructions};
use super::op::{Intrinsic, Op, Operand, TEMP_A};
use super::{Code, Const};
use std::collections::HashMap;
use std::fmt;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The code's qualified name.
    pub code: String,
    /// The word.
    pub at: u32,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, self.at, self.what)
    }
}

impl std::error::Error for VerifyError {}

/// Checks a code object and all code inside it.
pub fn verify(code: &Code) -> Result<(), VerifyError> {
    let mut pending = vec![code];
    while let Some(code) = pending.pop() {
        Verifier::new(code)?.run()?;
        pending.extend(code.consts.iter().filter_map(|value| match value {
            Const::Code(inner) => Some(&**inner),
            _ => None,
        }));
    }
    Ok(())
}

/// One bit a local.
#[derive(Clone, PartialEq, Eq)]
struct Bound(Vec<u64>);

impl Bound {
    fn none(locals: u32) -> Bound {
        Bound(vec![0; locals.div_ceil(64) as usize])
    }

    fn set(&mut self, local: u16, bound: bool) {
        if let Some(word) = self.0.get_mut(usize::from(local / 64)) {
            *word = *word & !(1 << (local % 64)) | u64::from(bound) << (local % 64);
        }
    }

    fn has(&self, local: u16) -> bool {
        let word = self.0.get(usize::from(local / 64)).copied().unwrap_or(0);
        word >> (local % 64) & 1 != 0
    }

    /// Keeps what both have; says whether something went.
    fn meet(&mut self, other: &Bound) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            changed |= *mine & !theirs != 0;
            *mine &= theirs;
        }
        changed
    }
}

#[derive(Clone)]
struct State {
    depth: u32,
    bound: Bound,
}

struct Step<'a> {
    at: u32,
    next: u32,
    instr: Instr,
    extra: &'a [u64],
}

struct Verifier<'a> {
    code: &'a Code,
    steps: Vec<Step<'a>>,
    index: HashMap<u32, usize>,
    /// For each step the handlers that cover it, inner ones first.
    covering: Vec<Vec<usize>>,
    states: Vec<Option<State>>,
    work: Vec<usize>,
}

type Outcome<T = ()> = Result<T, VerifyError>;

impl<'a> Verifier<'a> {
    fn new(code: &'a Code) -> Outcome<Verifier<'a>> {
        let mut steps = Vec::new();
        let mut index = HashMap::new();
        let mut end = 0;
        for (at, instr, extra) in instructions(&code.words) {
            index.insert(at as u32, steps.len());
            end = at + 1 + extra.len();
            steps.push(Step {
                at: at as u32,
                next: end as u32,
                instr,
                extra,
            });
        }
        let states = vec![None; steps.len()];
        let covering = vec![Vec::new(); steps.len()];
        let work = Vec::new();
        let mut new = Verifier {
            code,
            steps,
            index,
            covering,
            states,
            work,
        };
        if end != code.words.len() || end == 0 {
            return Err(new.error(end as u32, "not an instruction"));
        }
        new.check_head()?;
        new.check_tables()?;
        Ok(new)
    }

    fn error(&self, at: u32, what: impl Into<String>) -> VerifyError {
        VerifyError {
            code: self.code.qualname.to_string(),
            at,
            what: what.into(),
        }
    }

    fn ensure(&self, at: u32, good: bool, what: &str) -> Outcome {
        if good {
            Ok(())
        } else {
            Err(self.error(at, what))
        }
    }

    fn check_head(&self) -> Outcome {
        let code = self.code;
        let parameters = self.parameters();
        self.ensure(
            0,
            code.nlocals <= code.nregisters,
            "more locals than registers",
        )?;
        self.ensure(0, code.nregisters < 0xFFFF, "too many registers")?;
        self.ensure(
            0,
            parameters <= u64::from(code.nlocals),
            "more parameters than locals",
        )?;
        self.ensure(
            0,
            code.posonly_count <= code.arg_count,
            "positional-only count",
        )?;
        let names = code.local_names.len() == code.nlocals as usize;
        self.ensure(0, names, "not one name a local")?;
        let cells = code
            .cells
            .iter()
            .all(|&cell| u32::from(cell) < code.nlocals);
        self.ensure(0, cells, "a cell is no local")?;
        if code.has(super::code::flags::HAS_DOCSTRING) {
            let docstring = matches!(code.consts.first(), Some(Const::Str(_)));
            self.ensure(0, docstring, "constant 0 is no docstring")?;
        }
        Ok(())
    }

    fn parameters(&self) -> u64 {
        use super::code::flags::{VARARGS, VARKEYWORDS};
        let code = self.code;
        let stars = u64::from(code.has(VARARGS)) + u64::from(code.has(VARKEYWORDS));
        u64::from(code.arg_count) + u64::from(code.kwonly_count) + stars
    }

    fn check_tables(&mut self) -> Outcome {
        let code = self.code;
        let length = code.words.len() as u32;
        let starts = |at: u32| at == length || self.index.contains_key(&at);
        for handler in &code.handlers {
            let good = handler.start < handler.end && starts(handler.start) && starts(handler.end);
            self.ensure(handler.start, good, "a handler's range")?;
            let target = self.index.contains_key(&handler.target);
            self.ensure(handler.target, target, "a handler's target")?;
            let register = u32::from(handler.register) < code.nlocals;
            self.ensure(handler.target, register, "a handler's register")?;
        }
        for handled in &code.handled {
            let good = handled.start < handled.end && starts(handled.start) && starts(handled.end);
            self.ensure(handled.start, good, "a handled range")?;
            let register = u32::from(handled.register) < code.nlocals;
            self.ensure(handled.start, register, "a handled range's register")?;
        }
        let rising = code.live.is_sorted_by(|a, b| a.start < b.start);
        self.ensure(0, rising, "the live table is out of order")?;
        let rising = code.positions.is_sorted_by(|a, b| a.0 < b.0);
        self.ensure(0, rising, "the position table is out of order")?;
        for (number, handler) in code.handlers.iter().enumerate() {
            let first = self.steps.partition_point(|step| step.at < handler.start);
            let last = self.steps.partition_point(|step| step.at < handler.end);
            self.covering[first..last]
                .iter_mut()
                .for_each(|list| list.push(number));
        }
        Ok(())
    }

    fn run(mut self) -> Outcome {
        let mut bound = Bound::none(self.code.nlocals);
        (0..self.parameters()).for_each(|local| bound.set(local as u16, true));
        self.flow(0, 0, &State { depth: 0, bound })?;
        while let Some(number) = self.work.pop() {
            if let Some(state) = self.states[number].clone() {
                self.step(number, state)?;
            }
        }
        Ok(())
    }

    /// Control goes from the word `from` to the word `to` in `state`.
    fn flow(&mut self, from: u32, to: u32, state: &State) -> Outcome {
        let Some(&number) = self.index.get(&to) else {
            return Err(self.error(from, format!("goes to {to}, which is no instruction")));
        };
        match &mut self.states[number] {
            Some(known) if known.depth != state.depth => {
                let what = format!(
                    "{} live temporaries, elsewhere {}",
                    state.depth, known.depth
                );
                return Err(self.error(to, format!("{what} (from {from})")));
            }
            Some(known) => {
                if known.bound.meet(&state.bound) {
                    self.work.push(number);
                }
            }
            empty => {
                *empty = Some(state.clone());
                self.work.push(number);
            }
        }
        Ok(())
    }

    fn step(&mut self, number: usize, mut state: State) -> Outcome {
        let Step {
            at,
            next,
            instr,
            extra,
        } = self.steps[number];
        let first = extra.first().copied().unwrap_or(0);
        self.check_indices(at, instr, first)?;
        self.check_unused(at, instr, extra)?;
        self.check_flags(at, instr)?;
        self.read(at, instr, first, &mut state)?;
        let live = self.live_at(at);
        if u32::from(live) != state.depth {
            let what = format!("live table says {live}, {} are", state.depth);
            return Err(self.error(at, what));
        }
        self.raise(number, &state)?;
        self.write(at, next, instr, first, state)
    }

    fn live_at(&self, at: u32) -> u16 {
        let table = &self.code.live;
        match table.partition_point(|entry| entry.start <= at) {
            0 => 0,
            n => table[n - 1].depth,
        }
    }

    /// What an exception at this instruction makes of the state.
    fn raise(&mut self, number: usize, state: &State) -> Outcome {
        let at = self.steps[number].at;
        let Some(&inner) = self.covering[number].first() else {
            return Ok(());
        };
        let handler = self.code.handlers[inner];
        let depth = u32::from(handler.depth);
        self.ensure(at, depth <= state.depth, "a handler wants more temporaries")?;
        let mut state = State {
            depth,
            bound: state.bound.clone(),
        };
        state.bound.set(handler.register, true);
        self.flow(at, handler.target, &state)
    }

    fn check_indices(&self, at: u32, instr: Instr, first: u64) -> Outcome {
        let code = self.code;
        let (low, high) = (first as u32, (first >> 32) as u32);
        let name = |n: u32| (n as usize) < code.names.len();
        let constant = |n: u32| (n as usize) < code.consts.len();
        for (kind, value) in instr.op.operands().into_iter().zip(instr.args()) {
            let good = match kind {
                Operand::Const => constant(u32::from(value)),
                Operand::Name => name(u32::from(value)),
                _ => true,
            };
            self.ensure(at, good, "an index is out of range")?;
        }
        let good = match instr.op {
            Op::LoadConst | Op::ReturnConst => constant(instr.wide()),
            Op::CallMethod => name(low),
            Op::CallKw | Op::CallLoadedKw => self.keyword_names(low, instr.c),
            Op::CallMethodKw => name(low) && self.keyword_names(high, instr.c),
            Op::ImportName => high == u32::MAX || constant(high),
            Op::GetFree | Op::GetFreeCell | Op::GetClassFree => self.free(instr.b),
            Op::SetFree | Op::DeleteFree => self.free(instr.a),
            Op::Intrinsic => Intrinsic::from_number(instr.c).is_some(),
            Op::GetAwaitable | Op::LoadSpecial => instr.c < 4,
            Op::LoadCommon => instr.b < 2,
            Op::MakeFunction => {
                let function = code.consts.get(usize::from(instr.c));
                matches!(function, Some(Const::Code(_)))
            }
            Op::NativeResume => false,
            _ => true,
        };
        self.ensure(at, good, "a bad operand")
    }

    /// What has no meaning is zero: operands, own bits, and the caches.
    fn check_unused(&self, at: u32, instr: Instr, extra: &[u64]) -> Outcome {
        let operands = instr.op.operands().into_iter().zip(instr.args());
        for (kind, value) in operands {
            let jumps = instr.op.jumps() || instr.op == Op::LoadInt;
            let unused = match kind {
                Operand::None => value != 0,
                Operand::Wide => !jumps && !instr.op.wide_const(),
                _ => false,
            };
            self.ensure(at, !unused, "an unused operand is not zero")?;
        }
        let own = instr.own() & !instr.op.own_bits();
        self.ensure(at, own == 0, "an own bit has no meaning")?;
        let filled = usize::from(instr.op.fills_word());
        let caches = extra.iter().skip(filled).all(|&word| word == 0);
        self.ensure(at, caches, "a cache is not empty")
    }

    fn free(&self, index: u16) -> bool {
        usize::from(index) < self.code.free_names.len()
    }

    fn keyword_names(&self, index: u32, arguments: u16) -> bool {
        match self.code.consts.get(index as usize) {
            Some(Const::Tuple(names)) => names.len() <= usize::from(arguments),
            _ => false,
        }
    }

    /// Register numbers are in range and say the same as the flags.
    fn check_flags(&self, at: u32, instr: Instr) -> Outcome {
        use Operand::{Dst, Keep, OutWindow, Src, Window};
        let code = self.code;
        for (index, kind) in instr.op.operands().into_iter().enumerate() {
            let value = u32::from(instr.args()[index]);
            let marked = instr.flags & (TEMP_A << index) != 0;
            let good = match kind {
                Window | OutWindow => marked || self.window_is_empty(instr),
                Src | Keep | Dst if self.is_absent(instr, index) => !marked,
                Src | Keep | Dst => value < code.nregisters && marked == (value >= code.nlocals),
                _ => !marked,
            };
            self.ensure(at, good, "a register operand and its flag")?;
        }
        Ok(())
    }

    fn window_is_empty(&self, instr: Instr) -> bool {
        match instr.op {
            Op::MakeFunction => instr.own() == 0,
            Op::Intrinsic => true,
            _ => false,
        }
    }

    /// The operands that may be 0xFFFF for "none".
    fn is_absent(&self, instr: Instr, index: usize) -> bool {
        matches!(instr.op, Op::Format | Op::Raise) && index == 2 && instr.c == u16::MAX
    }

    /// Consumes the operands that are read.
    fn read(&self, at: u32, instr: Instr, first: u64, state: &mut State) -> Outcome {
        let mut consumed = Vec::new();
        let mut kept = Vec::new();
        for (index, kind) in instr.op.operands().into_iter().enumerate() {
            let value = instr.args()[index];
            let temp = instr.flags & (TEMP_A << index) != 0;
            let number = u32::from(value).wrapping_sub(self.code.nlocals);
            match kind {
                Operand::Window => {
                    let length = instr.window(first);
                    consumed.extend((0..length).map(|n| number.wrapping_add(n)));
                }
                Operand::Src if temp => consumed.push(number),
                Operand::Keep if temp && instr.op == Op::Clear => consumed.push(number),
                Operand::Keep if temp => kept.push(number),
                Operand::Src | Operand::Keep if !self.is_absent(instr, index) => {
                    self.read_local(at, instr, index, value, state)?;
                }
                _ => {}
            }
        }
        let count = consumed.len() as u32;
        consumed.sort_unstable();
        let rest = state.depth.checked_sub(count);
        let top = |rest: u32| consumed.iter().copied().eq(rest..state.depth);
        match rest {
            Some(rest) if top(rest) && kept.iter().all(|&number| number < rest) => {
                state.depth = rest;
                Ok(())
            }
            _ => {
                let depth = state.depth;
                let what = format!("reads temporaries {consumed:?} and {kept:?} of {depth}");
                Err(self.error(at, what))
            }
        }
    }

    fn read_local(
        &self,
        at: u32,
        instr: Instr,
        index: usize,
        local: u16,
        state: &State,
    ) -> Outcome {
        let bound = state.bound.has(local);
        let cell = self.code.cells.contains(&local);
        let good = match (instr.op, index) {
            (Op::MakeCell, 0) => cell,
            (Op::Clear | Op::DeleteLocal, 0) | (Op::CheckLocal, 1) => true,
            (Op::SetCell | Op::DeleteCell, 0) | (Op::GetCell, 1) => bound && cell,
            (Op::Move | Op::Return, _) => bound,
            _ => bound && !cell,
        };
        let name = self.code.local_names.get(usize::from(local));
        let name = name.map_or("?", |name| &**name);
        self.ensure(
            at,
            good,
            &format!("local {local} ({name}) is unbound or a cell"),
        )
    }

    /// Writes the results and goes on.
    fn write(&mut self, at: u32, next: u32, instr: Instr, first: u64, mut state: State) -> Outcome {
        if let Some(distance) = instr.jump(first) {
            let mut jumped = state.clone();
            if instr.op == Op::ForIter {
                self.drop_kept(at, instr.b, &mut jumped)?;
            }
            if instr.op == Op::EndAsyncFor {
                jumped.bound.set(instr.b, false);
            }
            let target = i64::from(next) + i64::from(distance);
            let target = u32::try_from(target).unwrap_or(u32::MAX);
            self.ensure(at, instr.op == Op::Loop || target >= next, "jumps back")?;
            self.ensure(at, instr.op != Op::Loop || target < next, "loops forward")?;
            self.flow(at, target, &jumped)?;
        }
        match instr.op {
            Op::JumpIfTrueOrDrop | Op::JumpIfFalseOrDrop => {
                self.drop_kept(at, instr.a, &mut state)?;
            }
            Op::Await | Op::YieldFrom => self.drop_kept(at, instr.b, &mut state)?,
            Op::Clear | Op::DeleteLocal => state.bound.set(instr.a, false),
            Op::CheckLocal => state.bound.set(instr.b, true),
            Op::MakeCell => state.bound.set(instr.a, true),
            Op::Return | Op::ReturnConst => {
                return self.ensure(at, state.depth == 0, "returns with live temporaries");
            }
            _ if instr.op.ends() => return Ok(()),
            _ => {}
        }
        let [a, ..] = instr.op.operands();
        let written = match a {
            Operand::Dst => 1,
            Operand::OutWindow => instr.out_window(),
            _ => 0,
        };
        if written > 0 {
            self.write_registers(at, instr, written, &mut state)?;
        }
        self.flow(at, next, &state)
    }

    fn write_registers(&self, at: u32, instr: Instr, count: u32, state: &mut State) -> Outcome {
        if instr.flags & TEMP_A == 0 {
            let cell = self.code.cells.contains(&instr.a);
            state.bound.set(instr.a, true);
            return self.ensure(at, !cell, "overwrites a cell");
        }
        let first = u32::from(instr.a).wrapping_sub(self.code.nlocals);
        self.ensure(
            at,
            first == state.depth,
            "writes a temporary that is not the next",
        )?;
        state.depth += count;
        let inside = self.code.nlocals + state.depth <= self.code.nregisters;
        self.ensure(at, inside, "writes beyond the registers")
    }

    /// A kept operand is dropped after all.
    fn drop_kept(&self, at: u32, register: u16, state: &mut State) -> Outcome {
        if u32::from(register) < self.code.nlocals {
            state.bound.set(register, false);
            return Ok(());
        }
        let number = u32::from(register) - self.code.nlocals;
        self.ensure(
            at,
            number + 1 == state.depth,
            "drops a temporary that is not the last",
        )?;
        state.depth -= 1;
        Ok(())
    }
}
