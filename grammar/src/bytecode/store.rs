//! Code as the bytes that the binary carries: the library is compiled when the interpreter is built.
//!
//! Who reads is of the same build as who wrote, so there is no version and nothing is checked. All strings of all
//! modules stand in one text, each once, and those that are named most have the lowest numbers. The head of a code
//! is read with what is around it; its body when somebody first touches it, and where its instructions come from in
//! the source when somebody asks.

use super::code::Body;
use super::instr::{Instr, instructions, word};
use super::later::{Later, Shared};
use super::{Code, Const, Handled, Handler, LiveTemps, Op, Position};
use crate::source::SourceFile;
use std::collections::HashMap;
use std::sync::Arc;

/// Gives the bytes of modules, by their numbers: they may be compressed until somebody asks.
pub trait Parts: Sync {
    /// The code of a module.
    fn code(&self, module: u32) -> &'static [u8];

    /// The positions of a module, which only tracebacks want.
    fn positions(&self, module: u32) -> &'static [u8];
}

/// What `Writer` made.
pub struct Store {
    /// All strings.
    strings: &'static str,
    /// Where each string ends in them: four bytes a string.
    ends: &'static [u8],
    parts: &'static dyn Parts,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// One of the strings and of the modules that `Writer::finish` gave.
    pub const fn new(
        strings: &'static str,
        ends: &'static [u8],
        parts: &'static dyn Parts,
    ) -> Store {
        Store {
            strings,
            ends,
            parts,
        }
    }

    /// The code of module number `module`, whose place `Writer::finish` gave.
    pub fn code(&'static self, module: u32, at: u32, source: &Arc<SourceFile>) -> Arc<Code> {
        let stored = Stored {
            store: self,
            module,
            at,
        };
        stored.reader().code(source)
    }

    fn string(&self, number: usize) -> &'static str {
        let end = |number: usize| {
            let bytes = &self.ends[4 * number..4 * number + 4];
            u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
        };
        let start = number.checked_sub(1).map_or(0, end);
        &self.strings[start..end(number)]
    }
}

/// Where something lies that is not read yet.
#[derive(Clone, Debug)]
pub struct Stored {
    store: &'static Store,
    module: u32,
    at: u32,
}

impl Stored {
    fn reader(&self) -> Reader {
        self.reader_of(self.store.parts.code(self.module))
    }

    fn reader_of(&self, bytes: &'static [u8]) -> Reader {
        Reader {
            store: self.store,
            module: self.module,
            bytes,
            at: self.at as usize,
        }
    }

    /// Reads the body of a code that was compiled from `source`.
    pub fn body(&self, source: &Arc<SourceFile>) -> Body {
        self.reader().body(source)
    }
}

/// A table that can be read later.
pub trait Read: Sized {
    /// Reads it.
    fn read(from: &Stored) -> Self;
}

impl Read for Vec<LiveTemps> {
    fn read(from: &Stored) -> Vec<LiveTemps> {
        let mut start = 0;
        from.reader().list(|reader| {
            start += reader.number();
            let depth = reader.number() as u16;
            LiveTemps { start, depth }
        })
    }
}

impl Read for Vec<(u32, Position)> {
    fn read(from: &Stored) -> Vec<(u32, Position)> {
        let (mut start, mut line) = (0, 0u32);
        let positions = from.store.parts.positions(from.module);
        from.reader_of(positions).list(|reader| {
            start += reader.number();
            line = line.wrapping_add(reader.signed());
            let end_line = line.wrapping_add(reader.signed());
            let column = reader.number();
            let end_column = column.wrapping_add(reader.signed());
            let place = Position {
                line,
                end_line,
                column,
                end_column,
            };
            (start, place)
        })
    }
}

/// Puts code together that is to be stored.
#[derive(Default)]
pub struct Writer {
    modules: Vec<Arc<Code>>,
}

impl Writer {
    /// Adds the code of a module, to be found under the number of its turn.
    pub fn add(&mut self, code: Arc<Code>) {
        self.modules.push(code);
    }

    /// Puts all of it together.
    pub fn finish(self) -> Written {
        let strings = Strings::of(&self.modules);
        let modules = self.modules.iter().map(|code| {
            let mut out = Output {
                bytes: Vec::new(),
                positions: Vec::new(),
                strings: &strings.numbers,
            };
            WrittenModule {
                at: out.module(code),
                code: out.bytes,
                positions: out.positions,
            }
        });
        Written {
            modules: modules.collect(),
            strings: strings.text,
            ends: strings.ends,
        }
    }
}

/// What `Store` is made of.
pub struct Written {
    /// All strings.
    pub strings: String,
    /// Where each ends.
    pub ends: Vec<u8>,
    /// The modules, in the order in which they were added.
    pub modules: Vec<WrittenModule>,
}

/// The bytes of a module.
pub struct WrittenModule {
    /// Its code.
    pub code: Vec<u8>,
    /// Where the head of the module itself is in them.
    pub at: u32,
    /// The positions of its code.
    pub positions: Vec<u8>,
}

/// The strings of all modules.
#[derive(Default)]
struct Strings {
    text: String,
    ends: Vec<u8>,
    numbers: HashMap<String, u32>,
}

impl Strings {
    fn of(modules: &[Arc<Code>]) -> Strings {
        let mut counts = HashMap::new();
        modules.iter().for_each(|code| count(code, &mut counts));
        let mut all: Vec<(&str, u32)> = counts.into_iter().collect();
        all.sort_by_key(|&(text, count)| (std::cmp::Reverse(count), text));
        let mut strings = Strings::default();
        for (number, (text, _)) in all.into_iter().enumerate() {
            strings.text += text;
            strings
                .ends
                .extend((strings.text.len() as u32).to_le_bytes());
            strings.numbers.insert(text.to_string(), number as u32);
        }
        strings
    }
}

/// Counts how often each string is named.
fn count<'a>(code: &'a Code, counts: &mut HashMap<&'a str, u32>) {
    let lists = [&code.names, &code.local_names, &code.free_names];
    let own = [&code.name, &code.qualname];
    for name in lists.into_iter().flatten().chain(own) {
        *counts.entry(&**name).or_default() += 1;
    }
    code.consts.iter().for_each(|value| count_in(value, counts));
}

fn count_in<'a>(value: &'a Const, counts: &mut HashMap<&'a str, u32>) {
    match value {
        Const::Str(bytes) => {
            if let Ok(text) = std::str::from_utf8(bytes) {
                *counts.entry(text).or_default() += 1;
            }
        }
        Const::Tuple(items) | Const::FrozenSet(items) => {
            items.iter().for_each(|item| count_in(item, counts));
        }
        Const::Code(code) => count(code, counts),
        _ => {}
    }
}

struct Output<'a> {
    bytes: Vec<u8>,
    positions: Vec<u8>,
    strings: &'a HashMap<String, u32>,
}

impl Output<'_> {
    fn here(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// Writes a whole module; where its head is.
    fn module(&mut self, code: &Code) -> u32 {
        let body = self.body(code);
        let at = self.here();
        self.head(code, body);
        at
    }

    /// Seven bits a byte, lowest first; the highest bit says that more follow.
    fn long(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    fn number(&mut self, n: u32) {
        self.long(n.into());
    }

    fn numbers(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|&n| self.number(n));
    }

    /// The way from one number to another; small ones either way are short.
    fn way(&mut self, from: u32, to: u32) {
        let n = to.wrapping_sub(from) as i32;
        self.number((n << 1 ^ n >> 31) as u32);
    }

    fn string(&mut self, text: &str) {
        self.number(self.strings[text]);
    }

    fn names(&mut self, names: &[Shared<str>]) {
        self.number(names.len() as u32);
        names.iter().for_each(|name| self.string(name));
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.bytes.extend(bytes);
    }

    fn head(&mut self, code: &Code, body: u32) {
        self.string(&code.name);
        self.string(&code.qualname);
        self.numbers(&[
            code.first_line,
            code.flags,
            code.arg_count,
            code.posonly_count,
            code.kwonly_count,
            code.nlocals,
            code.nregisters,
            body,
        ]);
    }

    /// Writes the bodies of all code inside this one, then its own; where that is.
    fn body(&mut self, code: &Code) -> u32 {
        let mut inner = Vec::new();
        for value in &code.consts {
            if let Const::Code(code) = value {
                inner.push(self.body(code));
            }
        }
        let live = self.live(code);
        let positions = self.positions(code);
        let at = self.here();
        self.words(&code.words);
        self.number(code.consts.len() as u32);
        let mut inner = inner.into_iter();
        for value in &code.consts {
            self.constant(value, &mut inner);
        }
        self.names(&code.names);
        self.names(&code.local_names);
        self.names(&code.free_names);
        self.number(code.cells.len() as u32);
        code.cells.iter().for_each(|&cell| self.number(cell.into()));
        self.number(code.handlers.len() as u32);
        for handler in &code.handlers {
            self.numbers(&[handler.start, handler.end, handler.target]);
            self.numbers(&[handler.depth.into(), handler.register.into()]);
        }
        self.number(code.handled.len() as u32);
        for handled in &code.handled {
            self.numbers(&[handled.start, handled.end, handled.register.into()]);
        }
        self.numbers(&[live, positions]);
        at
    }

    fn live(&mut self, code: &Code) -> u32 {
        let at = self.here();
        self.number(code.live.len() as u32);
        let mut before = 0;
        for live in &*code.live {
            self.numbers(&[live.start - before, live.depth.into()]);
            before = live.start;
        }
        at
    }

    /// Writes the positions, beside the code.
    fn positions(&mut self, code: &Code) -> u32 {
        std::mem::swap(&mut self.bytes, &mut self.positions);
        let at = self.here();
        self.number(code.positions.len() as u32);
        let (mut before, mut line) = (0, 0);
        for (start, place) in &*code.positions {
            self.number(start - before);
            self.way(line, place.line);
            self.way(place.line, place.end_line);
            self.number(place.column);
            self.way(place.column, place.end_column);
            (before, line) = (*start, place.line);
        }
        std::mem::swap(&mut self.bytes, &mut self.positions);
        at
    }

    /// How many words, and each instruction without what is zero in it.
    fn words(&mut self, words: &[u64]) {
        self.number(words.len() as u32);
        let mut count = 0;
        for (_, instr, extra) in instructions(words) {
            count += 1 + extra.len();
            let args = instr.args();
            let mut shape = 0;
            for (i, &arg) in args.iter().enumerate() {
                shape |= (u8::from(arg > 0) + u8::from(arg > 0xFF)) << (2 * i);
            }
            shape |= u8::from(instr.flags != 0) << 6;
            shape |= u8::from(extra.iter().any(|&word| word != 0)) << 7;
            self.bytes.extend([instr.op as u8, shape]);
            if instr.flags != 0 {
                self.bytes.push(instr.flags);
            }
            for arg in args.into_iter().filter(|&arg| arg != 0) {
                let [low, high] = arg.to_le_bytes();
                self.bytes.push(low);
                self.bytes.extend((arg > 0xFF).then_some(high));
            }
            if shape & 0x80 != 0 {
                extra.iter().for_each(|&word| self.long(word));
            }
        }
        assert_eq!(count, words.len(), "the compiler makes whole instructions");
    }

    fn constant(&mut self, value: &Const, inner: &mut impl Iterator<Item = u32>) {
        let mut tagged = |tag: u8| self.bytes.push(tag);
        match value {
            Const::None => tagged(b'N'),
            Const::Bool(true) => tagged(b'T'),
            Const::Bool(false) => tagged(b'F'),
            Const::Ellipsis => tagged(b'.'),
            Const::Int(n) => {
                tagged(b'i');
                self.long((n << 1 ^ n >> 63) as u64);
            }
            Const::BigInt(n) => {
                tagged(b'I');
                self.bytes.push(u8::from(n < &dashu_int::IBig::ZERO));
                let magnitude = dashu_int::ops::UnsignedAbs::unsigned_abs(n.clone());
                self.blob(&magnitude.to_le_bytes());
            }
            Const::Float(x) => {
                tagged(b'f');
                self.bytes.extend(x.to_bits().to_le_bytes());
            }
            Const::Complex(re, im) => {
                tagged(b'j');
                self.bytes.extend(re.to_bits().to_le_bytes());
                self.bytes.extend(im.to_bits().to_le_bytes());
            }
            Const::Str(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => {
                    tagged(b's');
                    self.string(text);
                }
                Err(_) => {
                    tagged(b'w');
                    self.blob(bytes);
                }
            },
            Const::Bytes(bytes) => {
                tagged(b'b');
                self.blob(bytes);
            }
            Const::Tuple(items) => {
                tagged(b'(');
                self.constants(items, inner);
            }
            Const::FrozenSet(items) => {
                tagged(b'{');
                self.constants(items, inner);
            }
            Const::Code(code) => {
                tagged(b'c');
                let body = inner.next().expect("each inner code has its body");
                self.head(code, body);
            }
        }
    }

    fn constants(&mut self, items: &[Const], inner: &mut impl Iterator<Item = u32>) {
        self.number(items.len() as u32);
        for item in items {
            self.constant(item, inner);
        }
    }
}

struct Reader {
    store: &'static Store,
    module: u32,
    bytes: &'static [u8],
    at: usize,
}

impl Reader {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes[self.at];
        self.at += 1;
        byte
    }

    fn long(&mut self) -> u64 {
        let first = self.byte();
        let mut n = u64::from(first & 0x7F);
        let (mut last, mut shift) = (first, 7);
        while last & 0x80 != 0 {
            last = self.byte();
            n |= u64::from(last & 0x7F) << shift;
            shift += 7;
        }
        n
    }

    fn number(&mut self) -> u32 {
        self.long() as u32
    }

    fn signed(&mut self) -> u32 {
        let n = self.number();
        n >> 1 ^ (n & 1).wrapping_neg()
    }

    fn take(&mut self, length: usize) -> &'static [u8] {
        let bytes = &self.bytes[self.at..self.at + length];
        self.at += length;
        bytes
    }

    fn blob(&mut self) -> &'static [u8] {
        let length = self.number() as usize;
        self.take(length)
    }

    fn bits(&mut self) -> u64 {
        let bytes = self.take(8).try_into();
        u64::from_le_bytes(bytes.expect("eight were asked for"))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.number();
        (0..count).map(|_| item(self)).collect()
    }

    fn string(&mut self) -> &'static str {
        let number = self.number() as usize;
        self.store.string(number)
    }

    fn names(&mut self) -> Vec<Shared<str>> {
        self.list(|reader| Shared::Static(reader.string()))
    }

    fn code(&mut self, source: &Arc<SourceFile>) -> Arc<Code> {
        Arc::new(Code {
            name: Shared::Static(self.string()),
            qualname: Shared::Static(self.string()),
            source: source.clone(),
            first_line: self.number(),
            flags: self.number(),
            arg_count: self.number(),
            posonly_count: self.number(),
            kwonly_count: self.number(),
            nlocals: self.number(),
            nregisters: self.number(),
            body: self.later(),
        })
    }

    fn later<T>(&mut self) -> Later<T> {
        Later::stored(Stored {
            store: self.store,
            module: self.module,
            at: self.number(),
        })
    }

    fn body(&mut self, source: &Arc<SourceFile>) -> Body {
        Body {
            words: self.words(),
            consts: self.constants(source),
            names: self.names(),
            local_names: self.names(),
            free_names: self.names(),
            cells: self.list(|reader| reader.number() as u16),
            handlers: self.list(|reader| Handler {
                start: reader.number(),
                end: reader.number(),
                target: reader.number(),
                depth: reader.number() as u16,
                register: reader.number() as u16,
            }),
            handled: self.list(|reader| Handled {
                start: reader.number(),
                end: reader.number(),
                register: reader.number() as u16,
            }),
            live: self.later(),
            positions: self.later(),
        }
    }

    fn words(&mut self) -> Vec<u64> {
        let count = self.number() as usize;
        let mut words = Vec::with_capacity(count);
        while words.len() < count {
            let (op, shape) = (self.byte(), self.byte());
            let flags = if shape & 0x40 != 0 { self.byte() } else { 0 };
            let mut arg = |shift: u8| match shape >> shift & 3 {
                0 => 0,
                1 => u16::from(self.byte()),
                _ => u16::from_le_bytes([self.byte(), self.byte()]),
            };
            let (a, b, c) = (arg(0), arg(2), arg(4));
            let op = Instr::decode(op.into()).map_or(Op::Nop, |instr| instr.op);
            words.push(word(op, flags, a, b, c));
            for _ in 0..op.words() {
                let extra = if shape & 0x80 != 0 { self.long() } else { 0 };
                words.push(extra);
            }
        }
        words
    }

    fn constants(&mut self, source: &Arc<SourceFile>) -> Vec<Const> {
        self.list(|reader| reader.constant(source))
    }

    fn constant(&mut self, source: &Arc<SourceFile>) -> Const {
        match self.byte() {
            b'N' => Const::None,
            b'T' => Const::Bool(true),
            b'F' => Const::Bool(false),
            b'.' => Const::Ellipsis,
            b'i' => {
                let n = self.long();
                Const::Int((n >> 1 ^ (n & 1).wrapping_neg()) as i64)
            }
            b'I' => {
                let negative = self.byte() != 0;
                let magnitude = dashu_int::UBig::from_le_bytes(self.blob());
                let value = dashu_int::IBig::from(magnitude);
                Const::BigInt(if negative { -value } else { value })
            }
            b'f' => Const::Float(f64::from_bits(self.bits())),
            b'j' => Const::Complex(f64::from_bits(self.bits()), f64::from_bits(self.bits())),
            b's' => Const::Str(Shared::Static(self.string().as_bytes())),
            b'w' => Const::Str(Shared::Static(self.blob())),
            b'b' => Const::Bytes(Shared::Static(self.blob())),
            b'(' => Const::Tuple(self.constants(source).into()),
            b'{' => Const::FrozenSet(self.constants(source).into()),
            b'c' => Const::Code(self.code(source)),
            tag => unreachable!("no constant has the tag {tag}"),
        }
    }
}
