//! Words and instructions: how an opcode and its operands are packed.

use super::op::{ALL, INPLACE, NEGATE, OWN_SHIFT, Op, Operand};

/// Packs an instruction's first word.
pub const fn word(op: Op, flags: u8, a: u16, b: u16, c: u16) -> u64 {
    op as u64 | (flags as u64) << 8 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48
}

/// The first word of an instruction, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instr {
    /// The opcode.
    pub op: Op,
    /// Temporaries and the opcode's own bits.
    pub flags: u8,
    /// Operand A.
    pub a: u16,
    /// Operand B.
    pub b: u16,
    /// Operand C.
    pub c: u16,
}

impl Instr {
    /// Unpacks a word; `None` when there is no such opcode.
    pub fn decode(word: u64) -> Option<Instr> {
        let op = *ALL.get((word & 0xFF) as usize)?;
        Some(Instr {
            op,
            flags: (word >> 8) as u8,
            a: (word >> 16) as u16,
            b: (word >> 32) as u16,
            c: (word >> 48) as u16,
        })
    }

    /// Packs it again.
    pub fn word(self) -> u64 {
        word(self.op, self.flags, self.a, self.b, self.c)
    }

    /// The operands A, B and C.
    pub fn args(self) -> [u16; 3] {
        [self.a, self.b, self.c]
    }

    /// The 32-bit operand in B and C.
    pub fn wide(self) -> u32 {
        u32::from(self.b) | u32::from(self.c) << 16
    }

    /// The opcode's own flag bits.
    pub fn own(self) -> u8 {
        self.flags >> OWN_SHIFT
    }

    /// Whether the flag `NEGATE` is set.
    pub fn negated(self) -> bool {
        self.flags & NEGATE != 0
    }

    /// How far it may jump, in words from its end; `extra` is its word 1.
    pub fn jump(self, extra: u64) -> Option<i32> {
        match self.op {
            Op::ForIter => Some(extra as u32 as i32),
            _ => match self.op.operands() {
                [Operand::Jump16, ..] => Some(i32::from(self.a as i16)),
                [_, Operand::Wide, _] if self.op.jumps() => Some(self.wide() as i32),
                _ => None,
            },
        }
    }

    /// How many temporaries a `Window` operand spans; `extra` is word 1.
    pub fn window(self, extra: u64) -> u32 {
        let c = u32::from(self.c);
        match self.op {
            Op::Call | Op::CallMethod | Op::CallKw | Op::CallMethodKw => c + 1,
            Op::CallEx | Op::CallLoaded | Op::CallLoadedKw => 2 + c,
            Op::BuildDict => 2 * c,
            Op::BuildSlice => 3,
            Op::MakeFunction => self.own().count_ones(),
            Op::Intrinsic => extra as u32,
            Op::MatchClass => 2,
            _ => c,
        }
    }

    /// How many temporaries an `OutWindow` operand spans.
    pub fn out_window(self) -> u32 {
        let c = u32::from(self.c);
        match self.op {
            Op::UnpackEx => (c & 255) + (c >> 8) + 1,
            Op::ExceptStarMatch | Op::GetMethod => 2,
            Op::ExcInfo => 3,
            _ => c,
        }
    }
}

impl Op {
    /// Whether its 32-bit operand is a jump.
    pub fn jumps(self) -> bool {
        use Op::*;
        matches!(
            self,
            Jump | Loop
                | JumpIfTrue
                | JumpIfFalse
                | JumpIfTrueOrDrop
                | JumpIfFalseOrDrop
                | JumpIfNone
        )
    }

    /// Whether control never goes on to the next instruction.
    pub fn ends(self) -> bool {
        use Op::*;
        matches!(
            self,
            Jump | Loop | Return | ReturnConst | Raise | Reraise | RaiseBare | EndAsyncFor
        )
    }

    /// The own flag bits that have a meaning for it.
    pub fn own_bits(self) -> u8 {
        use Op::*;
        match self {
            MakeFunction => 31,
            Format => 3,
            Is | In | JumpIfNone | ListExtend => 1,
            op if op.is_arithmetic() => INPLACE >> OWN_SHIFT,
            op if op.operands()[0] == Operand::Jump16 && op != EndAsyncFor => NEGATE >> OWN_SHIFT,
            _ => 0,
        }
    }

    /// Whether the compiler fills word 1.
    pub fn fills_word(self) -> bool {
        use Op::*;
        matches!(
            self,
            ForIter
                | CallMethod
                | CallKw
                | CallMethodKw
                | CallLoadedKw
                | Intrinsic
                | ImportName
                | MatchClass
        )
    }

    /// Whether it has the 32-bit number of a constant in B and C.
    pub fn wide_const(self) -> bool {
        matches!(self, Op::LoadConst | Op::ReturnConst)
    }
}

/// The instructions of a word stream: where each starts, itself, and its
/// operand words. Ends early at a word that is no instruction.
pub fn instructions(words: &[u64]) -> Instructions<'_> {
    Instructions { words, at: 0 }
}

/// See `instructions`.
pub struct Instructions<'a> {
    words: &'a [u64],
    at: usize,
}

impl<'a> Iterator for Instructions<'a> {
    type Item = (usize, Instr, &'a [u64]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let instr = Instr::decode(*self.words.get(start)?)?;
        let end = start + 1 + instr.op.words();
        let extra = self.words.get(start + 1..end)?;
        self.at = end;
        Some((start, instr, extra))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        let packed = word(Op::Add, 0x0D, 1, 0xFFFF, 300);
        let instr = Instr::decode(packed).expect("an opcode");
        assert_eq!(
            (instr.op, instr.a, instr.b, instr.c),
            (Op::Add, 1, 0xFFFF, 300)
        );
        assert_eq!(instr.word(), packed);
        assert!(Instr::decode(0xFF).is_none() || ALL.len() == 256);
    }
}
