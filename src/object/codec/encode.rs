//! Text to bytes.

use super::escape::push_escaped;
use super::{Bad, Encoding, Handler, Order};
use crate::heap::{Buffer, OutOfMemory, Value, work, work_on_bytes};
use crate::object::error::{Fault, Outcome, UnicodeFault};
use crate::object::repr::push_hex;
use crate::object::str::{Str, is_surrogate, push_point};
use crate::object::unicode;

/// Encodes a string. `value` is the string as a Value, for errors.
pub fn encode(
    string: &Str,
    value: &Value,
    encoding: Encoding,
    handler: Handler,
) -> Outcome<Buffer<u8>> {
    let mut out = encode_start(encoding)?;
    let mut at = 0;
    work_on_bytes(string.byte_len() * 4)?;
    while let Some(bad) = encode_run(&mut out, string, at, encoding)? {
        work(2 + (bad.end - bad.start) / 16)?;
        at = handle_unencodable(&mut out, string, value, &bad, encoding, handler)?;
    }
    Ok(out)
}

/// What encoded text begins with.
pub fn encode_start(encoding: Encoding) -> Result<Buffer<u8>, OutOfMemory> {
    let mut out = Buffer::new();
    match encoding {
        Encoding::Utf8Sig => out.extend_from_slice(b"\xef\xbb\xbf")?,
        Encoding::Utf16(Order::Marked) => out.extend_from_slice(b"\xff\xfe")?,
        Encoding::Utf32(Order::Marked) => out.extend_from_slice(b"\xff\xfe\0\0")?,
        _ => {}
    }
    Ok(out)
}

/// Encodes from the code point `from` on, to the end or to what cannot be encoded.
pub fn encode_run(
    out: &mut Buffer<u8>,
    string: &Str,
    from: usize,
    encoding: Encoding,
) -> Result<Option<Bad>, OutOfMemory> {
    let plain = match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => !string.has_surrogates(),
        Encoding::Ascii | Encoding::Latin1 => string.is_ascii(),
        Encoding::Charmap(map) => map.is_ascii() && string.is_ascii(),
        Encoding::Multibyte(_) => string.is_ascii(),
        _ => false,
    };
    let rest = &string.bytes()[string.offset_of(from.min(string.len()))..];
    if plain {
        out.extend_from_slice(rest)?;
        return Ok(None);
    }
    let mut points = (from..).zip(crate::object::str::points(rest));
    while let Some((start, point)) = points.next() {
        if can_encode(point, encoding) {
            push_encoded(out, point, encoding)?;
            continue;
        }
        let run = points.take_while(|&(_, p)| !can_encode(p, encoding));
        // Some report one character at a time; else a run is one error.
        let end = match encoding {
            Encoding::Utf16(_) | Encoding::Utf32(_) | Encoding::Multibyte(_) => start + 1,
            _ => start + 1 + run.count(),
        };
        let reason = reason_of(encoding);
        return Ok(Some(Bad { start, end, reason }));
    }
    Ok(None)
}

fn reason_of(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Ascii => "ordinal not in range(128)",
        Encoding::Latin1 => "ordinal not in range(256)",
        Encoding::Charmap(_) => "character maps to <undefined>",
        Encoding::Multibyte(_) => "illegal multibyte sequence",
        _ => "surrogates not allowed",
    }
}

/// The error for what cannot be encoded.
pub fn encode_bad(value: &Value, bad: &Bad, encoding: Encoding) -> Fault {
    Fault::Unicode(Box::new(UnicodeFault {
        encode: true,
        encoding: encoding.name().into(),
        object: value.clone(),
        start: bad.start,
        end: bad.end,
        reason: bad.reason.into(),
    }))
}

fn can_encode(point: u32, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Ascii => point < 0x80,
        Encoding::Latin1 => point < 0x100,
        Encoding::Charmap(map) => map.encode(point).is_some(),
        Encoding::Multibyte(encoding) => encoding.encode(point, &mut [0; 8]).is_some(),
        Encoding::UnicodeEscape | Encoding::RawUnicodeEscape => true,
        _ => !is_surrogate(point),
    }
}

fn push_encoded(out: &mut Buffer<u8>, point: u32, encoding: Encoding) -> Result<(), OutOfMemory> {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => push_point(out, point)?,
        Encoding::Ascii | Encoding::Latin1 => out.push(point as u8)?,
        Encoding::Charmap(map) => out.push(map.encode(point).unwrap_or(b'?'))?,
        Encoding::Multibyte(encoding) => {
            let mut room = [b'?'; 8];
            let len = encoding.encode(point, &mut room).unwrap_or(1);
            out.extend_from_slice(&room[..len])?;
        }
        Encoding::Utf16(order) if point < 0x1_0000 => push_unit(out, point, 2, order)?,
        Encoding::Utf16(order) => {
            push_unit(out, 0xD800 + ((point - 0x1_0000) >> 10), 2, order)?;
            push_unit(out, 0xDC00 + ((point - 0x1_0000) & 0x3FF), 2, order)?;
        }
        Encoding::Utf32(order) => push_unit(out, point, 4, order)?,
        Encoding::UnicodeEscape => push_escaped(out, point, false)?,
        Encoding::RawUnicodeEscape => push_escaped(out, point, true)?,
    }
    Ok(())
}

fn push_unit(
    out: &mut Buffer<u8>,
    unit: u32,
    size: usize,
    order: Order,
) -> Result<(), OutOfMemory> {
    match order {
        Order::Big => out.extend_from_slice(&unit.to_be_bytes()[4 - size..]),
        _ => out.extend_from_slice(&unit.to_le_bytes()[..size]),
    }
}

/// Encodes the text that a script's handler gave; false if it cannot be.
pub fn push_replacement(
    out: &mut Buffer<u8>,
    text: &Str,
    encoding: Encoding,
) -> Result<bool, OutOfMemory> {
    let fits = match encoding {
        Encoding::Ascii | Encoding::Latin1 | Encoding::Charmap(_) | Encoding::Multibyte(_) => {
            text.points().all(|point| can_encode(point, encoding))
        }
        _ => text.is_ascii(),
    };
    if fits {
        for point in text.points() {
            push_encoded(out, point, encoding)?;
        }
    }
    Ok(fits)
}

/// Does what a built-in handler does, and says where to go on.
fn handle_unencodable(
    out: &mut Buffer<u8>,
    string: &Str,
    value: &Value,
    bad: &Bad,
    encoding: Encoding,
    handler: Handler,
) -> Outcome<usize> {
    let wide = matches!(encoding, Encoding::Utf16(_) | Encoding::Utf32(_));
    let bytewise = matches!(
        encoding,
        Encoding::Ascii | Encoding::Latin1 | Encoding::Charmap(_) | Encoding::Multibyte(_)
    );
    for i in bad.start..bad.end {
        let point = string.char_at(i).unwrap_or(0);
        let rest = || Bad { start: i, ..*bad };
        let mut ascii = Buffer::new();
        match handler {
            Handler::Strict => return Err(encode_bad(value, bad, encoding)),
            Handler::Ignore => continue,
            Handler::Replace => ascii.push(b'?')?,
            Handler::BackslashReplace => push_hex(&mut ascii, point)?,
            Handler::XmlCharRefReplace => {
                ascii.extend_from_slice(format!("&#{point};").as_bytes())?
            }
            Handler::NameReplace => push_name(&mut ascii, point)?,
            Handler::SurrogateEscape if (0xDC80..0xDD00).contains(&point) && !wide => {
                out.push((point - 0xDC00) as u8)?;
                continue;
            }
            Handler::SurrogatePass if is_surrogate(point) && !bytewise => {
                push_encoded(out, point, encoding)?;
                continue;
            }
            Handler::SurrogateEscape | Handler::SurrogatePass => {
                return Err(encode_bad(value, &rest(), encoding));
            }
        }
        for &byte in ascii.iter() {
            if !can_encode(byte as u32, encoding) {
                return Err(encode_bad(value, &rest(), encoding));
            }
            push_encoded(out, byte as u32, encoding)?;
        }
    }
    Ok(bad.end)
}

/// `\N{...}`, or the number of what has no name.
pub fn push_name(out: &mut Buffer<u8>, point: u32) -> Result<(), OutOfMemory> {
    match unicode::name(point) {
        Some(name) => out.extend_from_slice(format!("\\N{{{name}}}").as_bytes()),
        None => push_hex(out, point),
    }
}
