//! Code as bytes, for the library modules embedded in the binary.
//!
//! The text a code was compiled from is not part of it: the reader has the
//! text, and a hash tells whether it is still the same.

use super::verify::verify;
use super::{Code, Const, Handled, Handler, LiveTemps, Position};
use crate::source::SourceFile;
use std::fmt;
use std::sync::Arc;

const MAGIC: [u8; 4] = *b"HOOP";
/// Changes whenever the format or the opcode table does.
pub const FORMAT_VERSION: u32 = 1;
/// How deep constants and code may nest.
const MAX_NESTING: u32 = 200;

/// Why bytes are not a code object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not encoded code, or of another version.
    Version,
    /// The bytes are damaged.
    Checksum,
    /// The text it was compiled from has changed.
    Stale,
    /// Inconsistent; says what.
    Invalid(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Version => f.write_str("bad magic number or version"),
            DecodeError::Checksum => f.write_str("bad checksum"),
            DecodeError::Stale => f.write_str("compiled from another text"),
            DecodeError::Invalid(what) => write!(f, "invalid code: {what}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Encodes a code object.
pub fn encode(code: &Code) -> Vec<u8> {
    let mut body = Writer::default();
    body.u64(hash(code.source.text().as_bytes()));
    body.code(code);
    let mut out = Writer::default();
    out.bytes.extend(MAGIC);
    out.u32(FORMAT_VERSION);
    out.u32(table_version());
    out.u64(hash(&body.bytes));
    out.bytes.extend(body.bytes);
    out.bytes
}

/// Decodes what `encode` made of code compiled from `source`. Checks everything.
pub fn decode(bytes: &[u8], source: Arc<SourceFile>) -> Result<Arc<Code>, DecodeError> {
    let mut reader = Reader {
        bytes,
        source,
        depth: 0,
    };
    let head = (reader.take(4)? == MAGIC, reader.u32()?, reader.u32()?);
    if head != (true, FORMAT_VERSION, table_version()) {
        return Err(DecodeError::Version);
    }
    if reader.u64()? != hash(reader.bytes) {
        return Err(DecodeError::Checksum);
    }
    if reader.u64()? != hash(reader.source.text().as_bytes()) {
        return Err(DecodeError::Stale);
    }
    let code = reader.code()?;
    if !reader.bytes.is_empty() {
        return Err(invalid("bytes left over"));
    }
    verify(&code).map_err(|error| DecodeError::Invalid(error.to_string()))?;
    Ok(code)
}

/// The bytes that tell one constant from another: types and signs count.
pub(crate) fn const_key(value: &Const) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.constant(value);
    writer.bytes
}

/// A number for the opcode table, so that code for another table is refused.
fn table_version() -> u32 {
    let names = super::op::ALL.iter().flat_map(|op| op.name().bytes());
    names.fold(17, |sum: u32, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    })
}

/// FNV-1a, which is enough against accidents.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn invalid(what: &str) -> DecodeError {
    DecodeError::Invalid(what.to_string())
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn u16(&mut self, n: u16) {
        self.bytes.extend(n.to_le_bytes());
    }

    fn u32(&mut self, n: u32) {
        self.bytes.extend(n.to_le_bytes());
    }

    fn u32s(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|&n| self.u32(n));
    }

    fn u64(&mut self, n: u64) {
        self.bytes.extend(n.to_le_bytes());
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.bytes.extend(bytes);
    }

    fn names(&mut self, names: &[Arc<str>]) {
        self.u32(names.len() as u32);
        names.iter().for_each(|name| self.blob(name.as_bytes()));
    }

    fn constants(&mut self, items: &[Const]) {
        self.u32(items.len() as u32);
        items.iter().for_each(|item| self.constant(item));
    }

    fn tagged(&mut self, tag: u8) -> &mut Writer {
        self.bytes.push(tag);
        self
    }

    fn constant(&mut self, value: &Const) {
        match value {
            Const::None => self.bytes.push(b'N'),
            Const::Bool(true) => self.bytes.push(b'T'),
            Const::Bool(false) => self.bytes.push(b'F'),
            Const::Ellipsis => self.bytes.push(b'.'),
            Const::Int(n) => self.tagged(b'i').u64(*n as u64),
            Const::BigInt(n) => {
                self.tagged(b'I')
                    .bytes
                    .push(u8::from(n < &dashu_int::IBig::ZERO));
                let magnitude = dashu_int::ops::UnsignedAbs::unsigned_abs(n.clone());
                self.blob(&magnitude.to_le_bytes());
            }
            Const::Float(x) => self.tagged(b'f').u64(x.to_bits()),
            Const::Complex(re, im) => {
                self.tagged(b'j').u64(re.to_bits());
                self.u64(im.to_bits());
            }
            Const::Str(bytes) => self.tagged(b's').blob(bytes),
            Const::Bytes(bytes) => self.tagged(b'b').blob(bytes),
            Const::Tuple(items) => self.tagged(b'(').constants(items),
            Const::FrozenSet(items) => self.tagged(b'{').constants(items),
            Const::Code(code) => self.tagged(b'c').code(code),
        }
    }

    fn code(&mut self, code: &Code) {
        self.blob(code.name.as_bytes());
        self.blob(code.qualname.as_bytes());
        let numbers = [
            code.first_line,
            code.flags,
            code.arg_count,
            code.posonly_count,
            code.kwonly_count,
            code.nlocals,
            code.nregisters,
        ];
        numbers.into_iter().for_each(|n| self.u32(n));
        self.names(&code.local_names);
        self.u32(code.cells.len() as u32);
        code.cells.iter().for_each(|&cell| self.u16(cell));
        self.names(&code.free_names);
        self.u32(code.words.len() as u32);
        code.words.iter().for_each(|&word| self.u64(word));
        self.constants(&code.consts);
        self.names(&code.names);
        self.tables(code);
    }

    fn tables(&mut self, code: &Code) {
        self.u32(code.handlers.len() as u32);
        for handler in &code.handlers {
            self.u32s(&[handler.start, handler.end, handler.target]);
            self.u16(handler.depth);
            self.u16(handler.register);
        }
        self.u32(code.handled.len() as u32);
        for handled in &code.handled {
            self.u32s(&[handled.start, handled.end]);
            self.u16(handled.register);
        }
        self.u32(code.live.len() as u32);
        for live in &code.live {
            self.u32(live.start);
            self.u16(live.depth);
        }
        self.u32(code.positions.len() as u32);
        for (start, at) in &code.positions {
            self.u32s(&[*start, at.line, at.end_line, at.column, at.end_column]);
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    source: Arc<SourceFile>,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes.split_at_checked(length) {
            Some((head, rest)) => {
                self.bytes = rest;
                Ok(head)
            }
            None => Err(invalid("ends early")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| invalid("ends early"))
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A count of things that take at least `size` bytes each.
    fn count(&mut self, size: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count.saturating_mul(size) > self.bytes.len() {
            return Err(invalid("a count is too large"));
        }
        Ok(count)
    }

    fn list<T>(
        &mut self,
        size: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(size)?;
        (0..count).map(|_| item(self)).collect()
    }

    fn blob(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count(1)?;
        self.take(length)
    }

    fn text(&mut self) -> Result<Arc<str>, DecodeError> {
        let text = std::str::from_utf8(self.blob()?);
        text.map(Arc::from)
            .map_err(|_| invalid("a name is not UTF-8"))
    }

    fn constant(&mut self) -> Result<Const, DecodeError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(invalid("nested too deep"));
        }
        let value = self.tagged_constant()?;
        self.depth -= 1;
        Ok(value)
    }

    fn tagged_constant(&mut self) -> Result<Const, DecodeError> {
        Ok(match self.u8()? {
            b'N' => Const::None,
            b'T' => Const::Bool(true),
            b'F' => Const::Bool(false),
            b'.' => Const::Ellipsis,
            b'i' => Const::Int(self.u64()? as i64),
            b'I' => {
                let negative = self.u8()? != 0;
                let magnitude = dashu_int::UBig::from_le_bytes(self.blob()?);
                let value = dashu_int::IBig::from(magnitude);
                Const::BigInt(if negative { -value } else { value })
            }
            b'f' => Const::Float(f64::from_bits(self.u64()?)),
            b'j' => Const::Complex(f64::from_bits(self.u64()?), f64::from_bits(self.u64()?)),
            b's' => Const::Str(self.blob()?.into()),
            b'b' => Const::Bytes(self.blob()?.into()),
            b'(' => Const::Tuple(self.list(1, Reader::constant)?.into()),
            b'{' => Const::FrozenSet(self.list(1, Reader::constant)?.into()),
            b'c' => Const::Code(self.code()?),
            _ => return Err(invalid("unknown constant")),
        })
    }

    fn code(&mut self) -> Result<Arc<Code>, DecodeError> {
        Ok(Arc::new(Code {
            name: self.text()?,
            qualname: self.text()?,
            source: self.source.clone(),
            first_line: self.u32()?,
            flags: self.u32()?,
            arg_count: self.u32()?,
            posonly_count: self.u32()?,
            kwonly_count: self.u32()?,
            nlocals: self.u32()?,
            nregisters: self.u32()?,
            local_names: self.list(4, Reader::text)?,
            cells: self.list(2, Reader::u16)?,
            free_names: self.list(4, Reader::text)?,
            words: self.list(8, Reader::u64)?,
            consts: self.list(1, Reader::constant)?,
            names: self.list(4, Reader::text)?,
            handlers: self.list(16, Reader::handler)?,
            handled: self.list(10, Reader::handled)?,
            live: self.list(6, |r| {
                Ok(LiveTemps {
                    start: r.u32()?,
                    depth: r.u16()?,
                })
            })?,
            positions: self.list(20, |r| Ok((r.u32()?, r.position()?)))?,
        }))
    }

    fn handler(&mut self) -> Result<Handler, DecodeError> {
        Ok(Handler {
            start: self.u32()?,
            end: self.u32()?,
            target: self.u32()?,
            depth: self.u16()?,
            register: self.u16()?,
        })
    }

    fn handled(&mut self) -> Result<Handled, DecodeError> {
        Ok(Handled {
            start: self.u32()?,
            end: self.u32()?,
            register: self.u16()?,
        })
    }

    fn position(&mut self) -> Result<Position, DecodeError> {
        Ok(Position {
            line: self.u32()?,
            end_line: self.u32()?,
            column: self.u32()?,
            end_column: self.u32()?,
        })
    }
}
