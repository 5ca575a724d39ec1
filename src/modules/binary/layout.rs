//! Formats of the module `struct`: what their characters say, and items as bytes.

use crate::heap::Value;
use crate::object::bytes::{self, ByteArray, Bytes};
use crate::object::float;
use crate::object::int::{self, IntView};
use crate::object::native::{R, Raised};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// How the bytes of an item lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The lowest byte first.
    Little,
    /// The highest byte first.
    Big,
}

/// What an item holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// `c`
    Char,
    /// `?`
    Bool,
    /// An integer of so many bytes, signed or not; its letter is for messages.
    Int(bool, u8),
    /// `e`, `f`, `d`; a native `f` becomes infinite where others are errors.
    Float(bool),
    /// `s`: one value of so many bytes.
    Text,
    /// `p`: the same, its length in the first byte.
    Pascal,
}

/// A run of items of one kind, side by side.
#[derive(Clone, Copy)]
pub struct Run {
    /// What they are.
    pub code: Code,
    /// Where the first one starts.
    pub offset: usize,
    /// Bytes of one.
    pub size: usize,
    /// How many there are.
    pub count: usize,
}

/// A format, read.
pub struct Layout {
    /// The format as text.
    pub format: String,
    /// How bytes lie.
    pub order: Order,
    /// The runs of items, in their order.
    pub runs: Vec<Run>,
    /// Bytes of all.
    pub size: usize,
    /// How many values it takes.
    pub values: usize,
}

/// Size and alignment of a letter; None for one that is unknown.
fn measures(letter: u8, native: bool) -> Option<(usize, usize)> {
    let size = match letter {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' => return Some(if native { (8, 8) } else { (4, 1) }),
        b'q' | b'Q' | b'd' => 8,
        b'n' | b'N' | b'P' if native => 8,
        _ => return None,
    };
    Some((size, if native { size } else { 1 }))
}

fn code(letter: u8, native: bool) -> Code {
    match letter {
        b'c' => Code::Char,
        b'?' => Code::Bool,
        b'e' | b'f' | b'd' => Code::Float(native && letter == b'f'),
        b's' => Code::Text,
        b'p' => Code::Pascal,
        _ => Code::Int(letter.is_ascii_lowercase(), letter),
    }
}

const TOO_LONG: &str = "total struct size too long";

impl Layout {
    /// Reads a format.
    pub fn read(format: &[u8]) -> Result<Layout, &'static str> {
        let (order, native, body) = match format.first() {
            Some(b'<' | b'=') => (Order::Little, false, &format[1..]),
            Some(b'>' | b'!') => (Order::Big, false, &format[1..]),
            Some(b'@') => (Order::Little, true, &format[1..]),
            _ => (Order::Little, true, format),
        };
        let mut layout = Layout {
            format: String::from_utf8_lossy(format).into_owned(),
            order,
            runs: Vec::new(),
            size: 0,
            values: 0,
        };
        let mut rest = body.iter().copied().peekable();
        while let Some(letter) = rest.next() {
            if letter.is_ascii_whitespace() || letter == 0x0B {
                continue;
            }
            let (mut letter, mut count) = (letter, 1usize);
            if letter.is_ascii_digit() {
                count = usize::from(letter - b'0');
                loop {
                    letter = rest
                        .next()
                        .ok_or("repeat count given without format specifier")?;
                    if !letter.is_ascii_digit() {
                        break;
                    }
                    count = count
                        .checked_mul(10)
                        .and_then(|c| c.checked_add(usize::from(letter - b'0')))
                        .filter(|c| isize::try_from(*c).is_ok())
                        .ok_or(TOO_LONG)?;
                }
            }
            let measures = measures(letter, native).ok_or("bad char in struct format")?;
            layout
                .add(letter, code(letter, native), count, measures)
                .ok_or(TOO_LONG)?;
        }
        Ok(layout)
    }

    fn add(
        &mut self,
        letter: u8,
        code: Code,
        count: usize,
        (size, align): (usize, usize),
    ) -> Option<()> {
        let offset = self.size.checked_next_multiple_of(align)?;
        let total = size.checked_mul(count)?;
        self.size = offset.checked_add(total)?;
        isize::try_from(self.size).ok()?;
        if letter == b'x' {
            return Some(());
        }
        let (size, count) = match code {
            Code::Text | Code::Pascal => (count, 1),
            _ => (size, count),
        };
        self.values = self.values.checked_add(count)?;
        if count > 0 {
            self.runs.push(Run {
                code,
                offset,
                size,
                count,
            });
        }
        Some(())
    }

    /// Writes values to their places; `out` has the size of the layout.
    pub fn pack(&self, vm: &mut Vm, values: &[Value], out: &mut [u8]) -> R<()> {
        let mut values = values.iter();
        for run in &self.runs {
            for i in 0..run.count {
                let Some(value) = values.next() else {
                    return Ok(());
                };
                let at = run.offset + i * run.size;
                pack_item(vm, run, self.order, value, &mut out[at..at + run.size])?;
            }
        }
        Ok(())
    }

    /// The values at their places in bytes of the layout's size.
    pub fn unpack(&self, vm: &mut Vm, data: &[u8]) -> R {
        let mut values = Vec::new();
        if values.try_reserve_exact(self.values).is_err() {
            return Err(vm.memory_error());
        }
        for run in &self.runs {
            for i in 0..run.count {
                let at = run.offset + i * run.size;
                values.push(unpack_item(
                    vm,
                    run.code,
                    self.order,
                    &data[at..at + run.size],
                )?);
            }
        }
        crate::builtins::arguments::tuple(vm, values)
    }
}

fn failed(vm: &mut Vm, text: impl AsRef<str>) -> Raised {
    vm.raise(&super::structs::ERROR, text)
}

/// Writes the lowest bytes of a number.
fn write_int(number: i128, order: Order, out: &mut [u8]) {
    let bytes = number.to_le_bytes();
    out.copy_from_slice(&bytes[..out.len()]);
    if order == Order::Big {
        out.reverse();
    }
}

fn pack_item(vm: &mut Vm, run: &Run, order: Order, value: &Value, out: &mut [u8]) -> R<()> {
    match run.code {
        Code::Int(signed, letter) => {
            let number = integer(vm, value)?;
            let range = match letter {
                b'P' => *range(true, 8).start()..=*range(false, 8).end(),
                _ => range(signed, out.len()),
            };
            match number.filter(|n| range.contains(n)) {
                Some(number) => write_int(number, order, out),
                None if letter == b'P' => return Err(failed(vm, "int too large to convert")),
                None => {
                    let text = format!(
                        "'{}' format requires {} <= number <= {}",
                        letter as char,
                        range.start(),
                        range.end()
                    );
                    return Err(failed(vm, text));
                }
            }
        }
        Code::Float(infinite) => match pack_float(vm, value, order, out, infinite) {
            Err(raised)
                if IntView::of(value).is_some()
                    && vm.is_instance_of_known(&raised.0, Known::OverflowError) =>
            {
                return Err(failed(vm, "int too large to convert"));
            }
            outcome => outcome?,
        },
        Code::Bool => out[0] = vm.truth(value)? as u8,
        Code::Char => match value.get::<Bytes>().map(Bytes::bytes) {
            Some([byte]) => out[0] = *byte,
            _ => {
                return Err(failed(
                    vm,
                    "char format requires a bytes object of length 1",
                ));
            }
        },
        Code::Text | Code::Pascal => pack_text(vm, run, value, out)?,
    }
    Ok(())
}

fn pack_text(vm: &mut Vm, run: &Run, value: &Value, out: &mut [u8]) -> R<()> {
    let pascal = run.code == Code::Pascal;
    if !value.is_kind::<Bytes>() && !value.is_kind::<ByteArray>() {
        let letter = if pascal { 'p' } else { 's' };
        return Err(failed(
            vm,
            format!("argument for '{letter}' must be a bytes object"),
        ));
    }
    let out = match out {
        [length, rest @ ..] if pascal => {
            let taken = bytes::with_bytes(value, <[u8]>::len).unwrap_or(0);
            *length = taken.min(rest.len()).min(255) as u8;
            rest
        }
        out => out,
    };
    bytes::with_bytes(value, |data| {
        let taken = data.len().min(out.len());
        out[..taken].copy_from_slice(&data[..taken]);
        out[taken..].fill(0);
    });
    Ok(())
}

/// The numbers that fit into so many bytes.
pub fn range(signed: bool, size: usize) -> std::ops::RangeInclusive<i128> {
    let bits = 8 * size as u32;
    if signed {
        -(1i128 << (bits - 1))..=(1i128 << (bits - 1)) - 1
    } else {
        0..=(1i128 << bits) - 1
    }
}

/// An argument as a number; None for one that is beyond all formats.
fn integer(vm: &mut Vm, value: &Value) -> R<Option<i128>> {
    if let Some(small) = value.as_small_int() {
        return Ok(Some(i128::from(small)));
    }
    if !vm.has_index(value) {
        return Err(failed(vm, "required argument is not an integer"));
    }
    let number = vm.index_value(value)?;
    Ok(wide(&number))
}

/// An int as a wide number, if it is not beyond 64 bits.
pub fn wide(number: &Value) -> Option<i128> {
    let view = IntView::of(number)?;
    view.as_i64()
        .map(i128::from)
        .or_else(|| view.as_u64().map(i128::from))
}

/// The real number that an argument is, as `float()` of numbers.
fn real(vm: &mut Vm, value: &Value) -> R<f64> {
    if let Some(f) = float::as_float(value) {
        return Ok(f);
    }
    if vm.special_of(value, Special::Float).is_none() && !vm.has_index(value) {
        return Err(failed(vm, "required argument is not a float"));
    }
    vm.float(value)
}

fn pack_float(vm: &mut Vm, value: &Value, order: Order, out: &mut [u8], infinite: bool) -> R<()> {
    let f = real(vm, value)?;
    match out.len() {
        2 => match half_of(f) {
            Some(half) => out.copy_from_slice(&half.to_le_bytes()),
            None => return Err(too_large(vm, 'e')),
        },
        4 => {
            let narrow = f as f32;
            if narrow.is_infinite() && f.is_finite() && !infinite {
                return Err(too_large(vm, 'f'));
            }
            out.copy_from_slice(&narrow.to_le_bytes());
        }
        _ => out.copy_from_slice(&f.to_le_bytes()),
    }
    if order == Order::Big {
        out.reverse();
    }
    Ok(())
}

fn too_large(vm: &mut Vm, letter: char) -> Raised {
    vm.overflow_error(format!("float too large to pack with {letter} format"))
}

/// The nearest half-precision number, ties to even; None if it is too large.
pub fn half_of(f: f64) -> Option<u16> {
    let sign = ((f.to_bits() >> 48) & 0x8000) as u16;
    if f.is_nan() {
        return Some(sign | 0x7E00);
    }
    if f.is_infinite() {
        return Some(sign | 0x7C00);
    }
    let magnitude = f.abs();
    // Numbers below the least normal one are multiples of 2**-24.
    if magnitude < 6.103_515_625e-05 {
        let units = (magnitude * 16_777_216.0).round_ties_even() as u16;
        return Some(sign | units);
    }
    let bits = magnitude.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let mantissa = bits & ((1 << 52) - 1);
    let (kept, rest, tie) = (mantissa >> 42, mantissa & ((1 << 42) - 1), 1u64 << 41);
    let rounded = kept + u64::from(rest > tie || (rest == tie && kept & 1 == 1));
    let (exponent, kept) = (exponent + (rounded >> 10) as i32, rounded & 0x3FF);
    if exponent > 15 {
        return None;
    }
    Some(sign | (((exponent + 15) as u16) << 10) | kept as u16)
}

/// The number that a half-precision one is.
pub fn of_half(half: u16) -> f64 {
    let sign = if half & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, mantissa) = ((half >> 10) & 0x1F, f64::from(half & 0x3FF));
    sign * match exponent {
        0 => mantissa / 16_777_216.0,
        0x1F if mantissa == 0.0 => f64::INFINITY,
        0x1F => f64::NAN,
        exponent => (1.0 + mantissa / 1024.0) * f64::from(i32::from(exponent) - 15).exp2(),
    }
}

/// The number in at most eight bytes.
fn read_int(data: &[u8], order: Order, signed: bool) -> Value {
    let mut bytes = [0u8; 8];
    let size = data.len();
    bytes[..size].copy_from_slice(data);
    if order == Order::Big {
        bytes[..size].reverse();
    }
    let unsigned = u64::from_le_bytes(bytes);
    if signed {
        let shift = 64 - 8 * size as u32;
        int::from_i64(((unsigned << shift) as i64) >> shift)
    } else {
        int::from_u64(unsigned)
    }
}

fn unpack_item(vm: &mut Vm, code: Code, order: Order, data: &[u8]) -> R {
    Ok(match code {
        Code::Int(signed, _) => read_int(data, order, signed),
        Code::Bool => Value::bool(data[0] != 0),
        Code::Char => Bytes::single(data[0]).into_value(),
        Code::Float(_) => {
            let mut bytes = [0u8; 8];
            let size = data.len();
            bytes[..size].copy_from_slice(data);
            if order == Order::Big {
                bytes[..size].reverse();
            }
            let [a, b, c, d, ..] = bytes;
            float::float(match size {
                2 => of_half(u16::from_le_bytes([a, b])),
                4 => widened(u32::from_le_bytes([a, b, c, d])),
                _ => f64::from_le_bytes(bytes),
            })
        }
        Code::Text => return crate::builtins::arguments::bytes(vm, data),
        Code::Pascal => {
            let inside = data.get(1..).unwrap_or_default();
            let length = data
                .first()
                .map_or(0, |l| usize::from(*l))
                .min(inside.len());
            return crate::builtins::arguments::bytes(vm, &inside[..length]);
        }
    })
}

/// A single-precision number.
pub fn widened(bits: u32) -> f64 {
    f64::from(f32::from_bits(bits))
}

/// The layout of a format argument, which is str or bytes.
pub fn of_argument(vm: &mut Vm, format: &Value) -> R<Layout> {
    let text = if let Some(text) = format.get::<Str>() {
        if !text.is_ascii() {
            let made = crate::object::codec::encode(
                text,
                format,
                crate::object::codec::Encoding::Ascii,
                crate::object::codec::Handler::Strict,
            );
            vm.lift(made)?;
        }
        text.bytes().to_vec()
    } else if let Some(bytes) = format.get::<Bytes>() {
        bytes.bytes().to_vec()
    } else {
        let given = vm.type_name(format);
        return Err(vm.type_error(format!(
            "Struct() argument 1 must be a str or bytes object, not {given}"
        )));
    };
    if text.contains(&0) {
        return Err(failed(vm, "embedded null character"));
    }
    Layout::read(&text).map_err(|text| failed(vm, text))
}
