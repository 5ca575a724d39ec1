//! Forms: opcodes that only running code has. They stand for an instruction whose operands lie in certain places, or that
//! stands before certain others, so that its handler need not look. An engine's own copy of the words gets them when it
//! is made; nothing that compiles, stores, checks or shows code knows of them.

use super::op::{self, Op, TEMP_A, TEMP_B};

macro_rules! forms {
    ($($(#[doc = $doc:literal])+ $name:ident = $op:ident;)+) => {
        /// A form of an opcode.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Form { $($(#[doc = $doc])+ $name,)+ }

        impl Form {
            /// Every form, in order of its number, with the opcode it is one of.
            pub const ALL: &[(Form, Op)] = &[$((Form::$name, Op::$op),)+];
        }
    };
}

forms! {
    /// From a local to a temporary.
    MoveIn = Move;
    /// From a temporary to a local.
    MoveOut = Move;
    /// From a local to a temporary, and so does the next instruction.
    MoveTwoIn = Move;
    /// From a local to a temporary, before a Call.
    MoveInCall = Move;
    /// From a local to a temporary, before a CallMethod.
    MoveInCallMethod = Move;
    /// To a temporary.
    LoadConstIn = LoadConst;
    /// To a temporary.
    GetGlobalIn = GetGlobal;
    /// Of a local, to a temporary.
    GetAttrIn = GetAttr;
    /// To a temporary.
    AddIn = Add;
    /// To a temporary.
    AddConstIn = AddConst;
    /// To a temporary.
    SubIn = Sub;
    /// To a temporary.
    SubConstIn = SubConst;
    /// To a temporary.
    MulIn = Mul;
    /// To a temporary.
    MulConstIn = MulConst;
    /// Back to a ForIter.
    LoopFor = Loop;
    /// Of a temporary, before a Loop that goes back to a ForIter.
    ClearLoopFor = Clear;
}

impl Form {
    /// The number of the opcode.
    pub const fn number(self) -> u8 {
        op::ALL.len() as u8 + self as u8
    }
}

/// The opcode that each number is a form of, or is.
static OPS: [Op; 256] = {
    let mut table = [Op::Nop; 256];
    let mut i = 0;
    while i < op::ALL.len() {
        table[i] = op::ALL[i];
        i += 1;
    }
    let mut i = 0;
    while i < Form::ALL.len() {
        table[Form::ALL[i].0.number() as usize] = Form::ALL[i].1;
        i += 1;
    }
    table
};

/// The opcode of a word of running code.
#[inline(always)]
pub const fn op_of(word: u64) -> Op {
    OPS[word as u8 as usize]
}

/// The forms that the places of the operands alone decide, by opcode and the flags of A and B; 0 is none.
static BY_PLACES: [[u8; 4]; 256] = {
    const NEITHER: usize = 0;
    const A: usize = TEMP_A as usize;
    const B: usize = TEMP_B as usize;
    let mut table = [[0; 4]; 256];
    table[Op::Move as usize][B] = Form::MoveOut.number();
    table[Op::GetAttr as usize][A] = Form::GetAttrIn.number();
    // Of these B is no register, or one that is only looked at.
    let mut rest = NEITHER;
    while rest <= B {
        table[Op::LoadConst as usize][A | rest] = Form::LoadConstIn.number();
        table[Op::GetGlobal as usize][A | rest] = Form::GetGlobalIn.number();
        table[Op::Add as usize][A | rest] = Form::AddIn.number();
        table[Op::AddConst as usize][A | rest] = Form::AddConstIn.number();
        table[Op::Sub as usize][A | rest] = Form::SubIn.number();
        table[Op::SubConst as usize][A | rest] = Form::SubConstIn.number();
        table[Op::Mul as usize][A | rest] = Form::MulIn.number();
        table[Op::MulConst as usize][A | rest] = Form::MulConstIn.number();
        rest += B;
    }
    table
};

/// Gives the instructions of code their forms.
pub fn give_forms(words: &mut [u64]) {
    let mut at = 0;
    while at < words.len() {
        let word = words[at];
        let op = op_of(word);
        let next = at + 1 + op.words();
        let form = match op {
            Op::Loop if goes_to_for_iter(words, at) => Form::LoopFor.number(),
            Op::Clear if temps(word) & TEMP_A != 0 && loops_to_for_iter(words, next) => {
                Form::ClearLoopFor.number()
            }
            Op::Move if moves_in(word) => before(words.get(next)).number(),
            _ => BY_PLACES[op as usize][usize::from(temps(word) & (TEMP_A | TEMP_B))],
        };
        if form != 0 {
            words[at] = word & !0xFF | u64::from(form);
        }
        at = next;
    }
}

fn temps(word: u64) -> u8 {
    (word >> 8) as u8
}

/// Whether this is a Move from a local to a temporary.
fn moves_in(word: u64) -> bool {
    op_of(word) == Op::Move && temps(word) & (TEMP_A | TEMP_B) == TEMP_A
}

/// The form of a Move from a local to a temporary before another instruction.
fn before(next: Option<&u64>) -> Form {
    match next.map(|word| (op_of(*word), moves_in(*word))) {
        Some((_, true)) => Form::MoveTwoIn,
        Some((Op::Call, _)) => Form::MoveInCall,
        Some((Op::CallMethod, _)) => Form::MoveInCallMethod,
        _ => Form::MoveIn,
    }
}

/// Whether there is a Loop that goes back to a ForIter.
fn loops_to_for_iter(words: &[u64], at: usize) -> bool {
    words.get(at).is_some_and(|word| op_of(*word) == Op::Loop) && goes_to_for_iter(words, at)
}

/// Whether the Loop goes back to a ForIter.
fn goes_to_for_iter(words: &[u64], at: usize) -> bool {
    let distance = (words[at] >> 32) as i32;
    let target = (at + 1).checked_add_signed(distance as isize);
    let first = target.and_then(|target| words.get(target));
    first.is_some_and(|word| op_of(*word) == Op::ForIter)
}

#[cfg(test)]
mod tests {
    use super::super::word;
    use super::*;

    fn forms_of(code: &[u64]) -> Vec<u8> {
        let mut words = code.to_vec();
        give_forms(&mut words);
        for (given, word) in words.iter().zip(code) {
            assert_eq!(given >> 8, word >> 8, "only the opcode changes");
        }
        words.into_iter().map(|word| word as u8).collect()
    }

    #[test]
    fn every_form_is_one_of_its_opcode() {
        for (form, op) in Form::ALL {
            assert_eq!(op_of(u64::from(form.number())), *op);
        }
        for op in op::ALL {
            assert_eq!(op_of(*op as u64), *op);
        }
    }

    #[test]
    fn what_comes_next_decides_over_moves() {
        let moves = word(Op::Move, TEMP_A, 5, 0, 0);
        let out = word(Op::Move, TEMP_B, 0, 5, 0);
        let call = word(Op::Call, TEMP_A | TEMP_B, 4, 4, 1);
        assert_eq!(
            forms_of(&[moves, moves, call, 0, 0, out, moves, out]),
            [
                Form::MoveTwoIn.number(),
                Form::MoveInCall.number(),
                Op::Call as u8,
                0,
                0,
                Form::MoveOut.number(),
                Form::MoveIn.number(),
                Form::MoveOut.number(),
            ]
        );
    }

    #[test]
    fn only_loops_to_a_for_iter_take_its_next() {
        let next = word(Op::ForIter, TEMP_B, 0, 5, 0);
        let back = |words: i32| word(Op::Loop, 0, 0, 0, 0) | (words as u32 as u64) << 32;
        let clear = word(Op::Clear, TEMP_A, 6, 0, 0);
        let nop = word(Op::Nop, 0, 0, 0, 0);
        assert_eq!(
            forms_of(&[next, 0, clear, back(-4), nop, back(-2)]),
            [
                Op::ForIter as u8,
                0,
                Form::ClearLoopFor.number(),
                Form::LoopFor.number(),
                Op::Nop as u8,
                Op::Loop as u8,
            ]
        );
    }
}
