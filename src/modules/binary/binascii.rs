//! `binascii`: bytes as text and back.

use super::window::{ascii_or_bytes, bytes_like};
use crate::builtins::arguments::{bytes, int};
use crate::builtins::bytes::methods::{hex_separator, hex_text};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{Def, ModuleDef, R, Raised, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;

/// `binascii`
pub static MODULE: ModuleDef = ModuleDef {
    name: "binascii",
    doc: "Bytes as plain text, and back",
    functions: &[
        Def::leaf("a2b_base64(data, /, *, strict_mode=False)", a2b_base64)
            .doc("The bytes of a line of base64."),
        Def::leaf("a2b_hex(hexstr, /)", unhexlify).doc("The bytes of hexadecimal digits."),
        Def::leaf("a2b_qp(data, header=False)", a2b_qp).doc("The bytes of quoted-printable text."),
        Def::leaf("a2b_uu(data, /)", a2b_uu).doc("The bytes of a line of uuencoded text."),
        Def::leaf("b2a_base64(data, /, *, newline=True)", b2a_base64).doc("A line of base64."),
        Def::leaf("b2a_hex(data, sep=<unset>, bytes_per_sep=1)", hexlify)
            .doc("The bytes as hexadecimal digits."),
        Def::leaf(
            "b2a_qp(data, quotetabs=False, istext=True, header=False)",
            b2a_qp,
        )
        .doc("The bytes as quoted-printable text."),
        Def::leaf("b2a_uu(data, /, *, backtick=False)", b2a_uu).doc("A line of uuencoded text."),
        Def::leaf("crc32(data, crc=0, /)", crc32)
            .doc("The CRC-32 checksum, on from a previous one."),
        Def::leaf("crc_hqx(data, crc, /)", crc_hqx)
            .doc("The CRC of the CCITT, on from a previous one."),
        Def::leaf("hexlify(data, sep=<unset>, bytes_per_sep=1)", hexlify)
            .doc("The bytes as hexadecimal digits."),
        Def::leaf("unhexlify(hexstr, /)", unhexlify).doc("The bytes of hexadecimal digits."),
    ],
    types: TYPES,
    setup: None,
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&ERROR, &INCOMPLETE];

const FLAGS: u32 = class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF;

/// `binascii.Error`
pub static ERROR: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::VALUE_ERROR),
    flags: FLAGS,
    ..TypeDef::new("binascii", "Error", kind::EXCEPTION)
};
/// `binascii.Incomplete`
pub static INCOMPLETE: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::EXCEPTION),
    flags: FLAGS,
    ..TypeDef::new("binascii", "Incomplete", kind::EXCEPTION)
};

fn failed(vm: &mut Vm, text: &str) -> Raised {
    vm.raise(&ERROR, text)
}

fn hexlify(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let group = crate::builtins::adapt::word(vm, &args[2])?;
    // Unlike `bytes.hex`, it takes any character of a byte.
    let separator = match args[1].get::<Str>().filter(|text| text.len() == 1) {
        Some(text) if matches!(text.char_at(0), Some(0x80..=0xFF)) => {
            text.char_at(0).map(|point| point as u8)
        }
        _ => hex_separator(vm, &args[1])?,
    };
    if separator.is_none() {
        vm.check_room(data.len())?;
        vm.tick(data.len() / 64)?;
        let mut text = vec![0; data.len() * 2];
        let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(&data) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        return bytes(vm, &text);
    }
    let text = hex_text(&data, separator, group);
    let text: Vec<u8> = vm.lift(text)?.chars().map(|c| c as u8).collect();
    bytes(vm, &text)
}

/// So many bytes or groups and one are counted together.
const COUNTED_TOGETHER: usize = 0x3FFF;

/// The value of each byte as a hexadecimal digit; 255 for others.
static HEX_VALUES: [u8; 256] = {
    let mut table = [255; 256];
    let mut i = 0;
    while i < 16 {
        table[b"0123456789abcdef"[i] as usize] = i as u8;
        table[b"0123456789ABCDEF"[i] as usize] = i as u8;
        i += 1;
    }
    table
};

fn hex_digit(byte: u8) -> Option<u8> {
    let value = HEX_VALUES[usize::from(byte)];
    (value < 16).then_some(value)
}

fn unhexlify(vm: &mut Vm, args: &[Value]) -> R {
    let text = ascii_or_bytes(vm, &args[0])?;
    if text.len() % 2 != 0 {
        return Err(failed(vm, "Odd-length string"));
    }
    let mut data = vec![0; text.len() / 2];
    let pieces = data.chunks_mut(COUNTED_TOGETHER + 1);
    for (out, digits) in pieces.zip(text.chunks(COUNTED_TOGETHER * 2 + 2)) {
        vm.tick(1000)?;
        // Any value that is none has a high bit.
        let mut all = 0;
        for (byte, pair) in out.iter_mut().zip(digits.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| HEX_VALUES[usize::from(digit)]);
            all |= high | low;
            *byte = high << 4 | low;
        }
        if all > 15 {
            return Err(failed(vm, "Non-hexadecimal digit found"));
        }
    }
    bytes(vm, &data)
}

// ----- base 64 ---------------------------------------------------------------

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of each character; 64 for others.
static VALUES: [u8; 256] = {
    let mut table = [64; 256];
    let mut i = 0;
    while i < 64 {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

fn b2a_base64(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    vm.check_room(data.len() / 3 * 4)?;
    let (whole, rest) = data.as_chunks::<3>();
    let mut out = vec![0; whole.len() * 4];
    let letter = |bits: u32| ALPHABET[(bits & 63) as usize];
    let pieces = out.as_chunks_mut::<4>().0.chunks_mut(COUNTED_TOGETHER + 1);
    for (letters, groups) in pieces.zip(whole.chunks(COUNTED_TOGETHER + 1)) {
        vm.tick(1000)?;
        for (four, &[a, b, c]) in letters.iter_mut().zip(groups) {
            let word = u32::from_be_bytes([0, a, b, c]);
            *four = [18, 12, 6, 0].map(|shift| letter(word >> shift));
        }
    }
    match *rest {
        [a] => out.extend([
            letter(u32::from(a) >> 2),
            letter(u32::from(a) << 4),
            b'=',
            b'=',
        ]),
        [a, b] => {
            let word = u32::from(a) << 8 | u32::from(b);
            out.extend([
                letter(word >> 10),
                letter(word >> 4),
                letter(word << 2),
                b'=',
            ]);
        }
        _ => {}
    }
    if vm.truth(&args[1])? {
        out.push(b'\n');
    }
    bytes(vm, &out)
}

fn a2b_base64(vm: &mut Vm, args: &[Value]) -> R {
    let data = ascii_or_bytes(vm, &args[0])?;
    let strict = vm.truth(&args[1])?;
    vm.tick_bytes(data.len() * 16)?;
    match from_base64(&data, strict) {
        Ok(out) => bytes(vm, &out),
        Err(text) => Err(failed(vm, &text)),
    }
}

fn from_base64(data: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3 + 3);
    // Characters of the group so far, their bits, and the padding seen after them.
    let (mut place, mut bits, mut pads, mut padded) = (0, 0u32, 0, false);
    // Whole groups at the beginning need no such care.
    let mut whole = 0;
    for group in data.as_chunks::<4>().0 {
        let [a, b, c, d] = group.map(|byte| u32::from(VALUES[usize::from(byte)]));
        if a | b | c | d >= 64 {
            break;
        }
        let word = a << 18 | b << 12 | c << 6 | d;
        out.extend_from_slice(&word.to_be_bytes()[1..]);
        whole += 4;
    }
    for (i, &byte) in data.iter().enumerate().skip(whole) {
        if byte == b'=' {
            padded = true;
            if strict && place == 0 {
                let what = if i == 0 { "Leading" } else { "Excess" };
                return Err(format!("{what} padding not allowed"));
            }
            if place >= 2 {
                pads += 1;
                if place + pads >= 4 {
                    if strict && i + 1 < data.len() {
                        return Err("Excess data after padding".into());
                    }
                    return Ok(out);
                }
            }
            continue;
        }
        let value = VALUES[byte as usize];
        if value >= 64 {
            if strict {
                return Err("Only base64 data is allowed".into());
            }
            continue;
        }
        if strict && padded {
            return Err("Discontinuous padding not allowed".into());
        }
        pads = 0;
        bits = bits << 6 | u32::from(value);
        if place > 0 {
            out.push((bits >> (6 - 2 * place)) as u8);
        }
        place = (place + 1) % 4;
    }
    match place {
        0 => Ok(out),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ => Err("Incorrect padding".into()),
    }
}

// ----- uuencode --------------------------------------------------------------

fn b2a_uu(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let backtick = vm.truth(&args[1])?;
    if data.len() > 45 {
        return Err(failed(vm, "At most 45 bytes at once"));
    }
    let letter = |bits: u32| match bits & 63 {
        0 if backtick => b'`',
        bits => bits as u8 + b' ',
    };
    let mut out = vec![letter(data.len() as u32)];
    for group in data.chunks(3) {
        let at = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        out.extend([18, 12, 6, 0].map(|shift| letter(word >> shift)));
    }
    out.push(b'\n');
    bytes(vm, &out)
}

fn a2b_uu(vm: &mut Vm, args: &[Value]) -> R {
    let data = ascii_or_bytes(vm, &args[0])?;
    let mut rest = data.iter().copied();
    let length = usize::from(rest.next().unwrap_or(0).wrapping_sub(b' ') & 63);
    let (mut out, mut bits, mut held) = (Vec::with_capacity(length), 0u32, 0);
    while out.len() < length {
        let value = match rest.next() {
            None | Some(b'\n' | b'\r') => 0,
            Some(byte @ b' '..=b'`') => (byte - b' ') & 63,
            Some(_) => return Err(failed(vm, "Illegal char")),
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    if rest.any(|byte| !matches!(byte, b' ' | b'`' | b'\n' | b'\r')) {
        return Err(failed(vm, "Trailing garbage"));
    }
    bytes(vm, &out)
}

// ----- quoted-printable ------------------------------------------------------

fn a2b_qp(vm: &mut Vm, args: &[Value]) -> R {
    let data = ascii_or_bytes(vm, &args[0])?;
    let header = vm.truth(&args[1])?;
    let (mut out, mut at) = (Vec::with_capacity(data.len()), 0);
    while let Some(&byte) = data.get(at) {
        at += 1;
        if byte != b'=' {
            out.push(if header && byte == b'_' { b' ' } else { byte });
            continue;
        }
        match data.get(at) {
            None => break,
            Some(b'\n' | b'\r') => {
                let end = data[at..].iter().position(|&b| b == b'\n');
                at = end.map_or(data.len(), |end| at + end + 1);
            }
            Some(b'=') => {
                out.push(b'=');
                at += 1;
            }
            Some(&high) => {
                let low = data.get(at + 1).copied().unwrap_or(b'=');
                match (hex_digit(high), hex_digit(low)) {
                    (Some(high), Some(low)) => {
                        out.push(high << 4 | low);
                        at += 2;
                    }
                    _ => out.push(b'='),
                }
            }
        }
    }
    bytes(vm, &out)
}

const LINE: usize = 76;

/// What `b2a_qp` was told.
struct Quoting {
    tabs: bool,
    text: bool,
    header: bool,
    newline: &'static [u8],
}

impl Quoting {
    /// Whether the byte at a place must be written by its number.
    fn quotes(&self, data: &[u8], at: usize, column: usize) -> bool {
        let (byte, next) = (data[at], data.get(at + 1));
        match byte {
            127.. | b'=' => true,
            b'_' => self.header,
            b'.' => column == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)),
            b'\r' | b'\n' => !self.text,
            b'\t' | b' ' => next.is_none() || self.tabs,
            byte => byte < b' ',
        }
    }
}

fn b2a_qp(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let first = data.iter().position(|&b| b == b'\n');
    let crlf = first.is_some_and(|at| at > 0 && data[at - 1] == b'\r');
    let quoting = Quoting {
        tabs: vm.truth(&args[1])?,
        text: vm.truth(&args[2])?,
        header: vm.truth(&args[3])?,
        newline: if crlf { b"\r\n" } else { b"\n" },
    };
    bytes(vm, &quoted(&data, &quoting))
}

fn quoted(data: &[u8], quoting: &Quoting) -> Vec<u8> {
    let (mut out, mut at, mut column) = (Vec::with_capacity(data.len()), 0, 0);
    let soft_break = |out: &mut Vec<u8>, column: &mut usize| {
        out.push(b'=');
        out.extend_from_slice(quoting.newline);
        *column = 0;
    };
    while at < data.len() {
        let byte = data[at];
        if quoting.quotes(data, at, column) {
            if column + 3 >= LINE {
                soft_break(&mut out, &mut column);
            }
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
            at += 1;
            column += 3;
            continue;
        }
        let pair = byte == b'\r' && data.get(at + 1) == Some(&b'\n');
        if quoting.text && (byte == b'\n' || pair) {
            column = 0;
            // White space before a line's end would be lost.
            if let Some(&last @ (b' ' | b'\t')) = out.last() {
                out.pop();
                out.extend_from_slice(format!("={last:02X}").as_bytes());
            }
            out.extend_from_slice(quoting.newline);
            at += 1 + usize::from(pair);
            continue;
        }
        if data.get(at + 1).is_some_and(|&next| next != b'\n') && column + 1 >= LINE {
            soft_break(&mut out, &mut column);
        }
        column += 1;
        out.push(if quoting.header && byte == b' ' {
            b'_'
        } else {
            byte
        });
        at += 1;
    }
    out
}

// ----- checksums -------------------------------------------------------------

/// The lowest 32 bits of a number.
pub fn low_bits(vm: &mut Vm, value: &Value) -> R<u32> {
    let number = vm.index_value(value)?;
    let view = IntView::of(&number);
    if let Some(small) = view.and_then(IntView::as_i64) {
        return Ok(small as u32);
    }
    let mask = int(0xFFFF_FFFF);
    let low = match (IntView::of(&number), IntView::of(&mask)) {
        (Some(a), Some(b)) => crate::object::int::and(a, b),
        _ => int(0),
    };
    Ok(low.as_small_int().unwrap_or(0) as u32)
}

/// `crc32(data, crc=0, /)`
pub fn crc32(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let start = low_bits(vm, &args[1])?;
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(&data);
    Ok(int(i64::from(hasher.finalize())))
}

fn crc_hqx(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let mut crc = low_bits(vm, &args[1])? as u16;
    for byte in data {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 {
                crc << 1 ^ 0x1021
            } else {
                crc << 1
            };
        }
    }
    Ok(int(i64::from(crc)))
}
