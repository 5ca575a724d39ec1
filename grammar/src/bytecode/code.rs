//! `Code`: what the compiler makes of a module, function or class body.
//! Immutable plain data, shared by all engines of a process.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::later::{Later, Shared};
use crate::source::SourceFile;

fn all_same(a: &[Const], b: &[Const]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
}

impl Const {
    /// Of one type and one value; zeros of different signs differ.
    fn is_same(&self, other: &Const) -> bool {
        match (self, other) {
            (Const::None, Const::None) | (Const::Ellipsis, Const::Ellipsis) => true,
            (Const::Bool(a), Const::Bool(b)) => a == b,
            (Const::Int(a), Const::Int(b)) => a == b,
            (Const::BigInt(a), Const::BigInt(b)) => a == b,
            (Const::Float(a), Const::Float(b)) => a.to_bits() == b.to_bits(),
            (Const::Complex(a, b), Const::Complex(c, d)) => {
                (a.to_bits(), b.to_bits()) == (c.to_bits(), d.to_bits())
            }
            (Const::Str(a), Const::Str(b)) | (Const::Bytes(a), Const::Bytes(b)) => a == b,
            (Const::Tuple(a), Const::Tuple(b)) | (Const::FrozenSet(a), Const::FrozenSet(b)) => {
                all_same(a, b)
            }
            (Const::Code(a), Const::Code(b)) => a.is_same(b),
            _ => false,
        }
    }
}

/// A constant.
#[derive(Clone, Debug)]
pub enum Const {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// `...`
    Ellipsis,
    /// An integer of at most 62 bits.
    Int(i64),
    /// A larger integer.
    BigInt(dashu_int::IBig),
    /// A float.
    Float(f64),
    /// A complex number: real and imaginary part.
    Complex(f64, f64),
    /// A string as WTF-8 bytes (UTF-8 that may hold lone surrogates).
    Str(Shared<[u8]>),
    /// A bytes object.
    Bytes(Shared<[u8]>),
    /// A tuple of constants.
    Tuple(Arc<[Const]>),
    /// A frozenset of constants (from `x in {1, 2}`).
    FrozenSet(Arc<[Const]>),
    /// The code of a nested function or class body.
    Code(Arc<Code>),
}

/// Properties of a code object. The numbers of those that CPython has are
/// CPython's (`co_flags`).
pub mod flags {
    /// Locals are registers.
    pub const OPTIMIZED: u32 = 0x1;
    /// A new namespace is made for a call.
    pub const NEWLOCALS: u32 = 0x2;
    /// Has `*args`.
    pub const VARARGS: u32 = 0x4;
    /// Has `**kwargs`.
    pub const VARKEYWORDS: u32 = 0x8;
    /// A function inside a function.
    pub const NESTED: u32 = 0x10;
    /// A generator.
    pub const GENERATOR: u32 = 0x20;
    /// A coroutine.
    pub const COROUTINE: u32 = 0x80;
    /// A generator that may be awaited (`types.coroutine`).
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    /// An async generator.
    pub const ASYNC_GENERATOR: u32 = 0x200;
    /// Keeps a namespace mapping in register 0: class bodies, and module code for `exec` and `eval`.
    pub const NAMESPACE: u32 = 0x1_0000;
    /// A class body.
    pub const CLASS_BODY: u32 = 0x2_0000;
    /// Frames of this code do not appear in tracebacks (the prelude).
    pub const HIDDEN: u32 = 0x4_0000;
    /// The code of a module.
    pub const MODULE: u32 = 0x8_0000;
    /// A comprehension's or generator expression's function: local 0 is the iterator.
    pub const GENEXPR: u32 = 0x10_0000;
    /// Has a docstring: constant 0.
    pub const HAS_DOCSTRING: u32 = 0x400_0000;
}

/// Where an exception raised in `start..end` (word offsets) goes on.
/// Inner entries come before outer ones.
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    /// First word covered.
    pub start: u32,
    /// First word no longer covered.
    pub end: u32,
    /// Where to go on.
    pub target: u32,
    /// Temporaries `nlocals..nlocals + depth` are live there; those above were
    /// live at the raise only as far as `vm` knows them consumed or leaks them to the unwinder.
    pub depth: u16,
    /// The local register that receives the exception (its old value is dropped).
    pub register: u16,
}

/// In `start..end` (word offsets) the exception in `register` is being handled:
/// bare `raise`, `sys.exc_info` and the implicit context find it there.
/// Inner entries come before outer ones.
#[derive(Clone, Copy, Debug)]
pub struct Handled {
    /// First word covered.
    pub start: u32,
    /// First word no longer covered.
    pub end: u32,
    /// The local register that holds the exception.
    pub register: u16,
}

/// The temporaries that are live at an instruction, for unwinding and tracing:
/// from word `start` on (until the next entry) the temporaries in `live` are live.
#[derive(Clone, Debug)]
pub struct LiveTemps {
    /// First word this holds for.
    pub start: u32,
    /// How many temporaries from `nlocals` on are live *while this instruction runs
    /// and after its operands were consumed* (that is, those of enclosing expressions).
    /// A `Keep` operand counts as live, also at `Await` and `ForIter`, which drop it in the end;
    /// only what `Clear` clears does not.
    pub depth: u16,
}

/// The place of an instruction in the source: lines from 1, columns in UTF-8 bytes from 0.
/// All zero: no place (code the compiler made up).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// First line.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// Byte column of the first character.
    pub column: u32,
    /// Byte column after the last character.
    pub end_column: u32,
}

/// The head of a code, which says enough to make a function of it; the rest is its body, which stands here by `Deref`
/// and which a stored code reads when it is first touched. See the module's text.
#[derive(Clone, Debug)]
pub struct Code {
    /// `co_name`
    pub name: Shared<str>,
    /// `co_qualname`
    pub qualname: Shared<str>,
    /// Where it was compiled from.
    pub source: Arc<SourceFile>,
    /// `co_firstlineno`
    pub first_line: u32,
    /// See `flags`.
    pub flags: u32,
    /// How many parameters may be given by position, positional-only ones included.
    pub arg_count: u32,
    /// How many of those are positional-only.
    pub posonly_count: u32,
    /// How many keyword-only parameters follow.
    pub kwonly_count: u32,
    /// Registers that are locals. Parameters come first: positional, keyword-only, `*args`, `**kwargs`.
    pub nlocals: u32,
    /// Registers in all.
    pub nregisters: u32,
    /// What follows.
    pub body: Later<Body>,
}

/// What a code needs to run.
#[derive(Clone, Debug)]
pub struct Body {
    /// The name of each local; the compiler's own have names that start with a dot.
    pub local_names: Vec<Shared<str>>,
    /// The locals that are cells (captured by inner functions).
    pub cells: Vec<u16>,
    /// The names of the free variables.
    pub free_names: Vec<Shared<str>>,
    /// Instructions.
    pub words: Vec<u64>,
    /// Constants.
    pub consts: Vec<Const>,
    /// Names of globals, attributes and imports.
    pub names: Vec<Shared<str>>,
    /// Exception table.
    pub handlers: Vec<Handler>,
    /// Ranges in which an exception is being handled.
    pub handled: Vec<Handled>,
    /// Live temporaries, by rising `start`.
    pub live: Later<Vec<LiveTemps>>,
    /// From word `.0` on the position is `.1`, by rising word.
    pub positions: Later<Vec<(u32, Position)>>,
}

impl Deref for Code {
    type Target = Body;

    #[inline]
    fn deref(&self) -> &Body {
        self.body.or_read(|stored| stored.body(&self.source))
    }
}

impl DerefMut for Code {
    fn deref_mut(&mut self) -> &mut Body {
        let _read: &Body = self;
        self.body.get_mut().expect("it was read just now")
    }
}

impl Code {
    /// The place in the source of the instruction at `word`.
    pub fn position(&self, word: u32) -> Position {
        match self.positions.partition_point(|&(start, _)| start <= word) {
            0 => Position::default(),
            n => self.positions[n - 1].1,
        }
    }

    /// The line of the instruction at `word`; of the next one if that has no place, as what lies before a handler.
    pub fn line_at(&self, word: u32) -> u32 {
        match self.position(word).line {
            0 => self.position(word + 1).line,
            line => line,
        }
    }

    /// Whether two codes do the same under the same name at the same lines: `==` of code objects.
    pub fn is_same(&self, other: &Code) -> bool {
        self.name == other.name
            && self.flags == other.flags
            && self.first_line == other.first_line
            && (self.arg_count, self.posonly_count, self.kwonly_count)
                == (other.arg_count, other.posonly_count, other.kwonly_count)
            && self.words == other.words
            && self.names == other.names
            && self.local_names == other.local_names
            && self.cells == other.cells
            && self.free_names == other.free_names
            && *self.positions == *other.positions
            && all_same(&self.consts, &other.consts)
    }

    /// Whether `flag` (see `flags`) is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}
