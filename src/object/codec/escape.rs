//! The escapes of literals as encodings: `unicode_escape`, `raw_unicode_escape`,
//! and the bytes of a bytes literal.

use super::decode::{Decoder, Found};
use crate::heap::{Buffer, OutOfMemory};
use crate::object::repr::push_hex;
use crate::object::str::push_point;
use crate::object::unicode;

/// One code point as `unicode_escape` writes it; `raw` writes Latin-1 as it is.
pub(super) fn push_escaped(out: &mut Buffer<u8>, point: u32, raw: bool) -> Result<(), OutOfMemory> {
    match point {
        0..0x100 if raw => out.push(point as u8),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0A => out.extend_from_slice(b"\\n"),
        0x0D => out.extend_from_slice(b"\\r"),
        0x5C => out.extend_from_slice(b"\\\\"),
        0x20..0x7F => out.push(point as u8),
        _ => push_hex(out, point),
    }
}

/// What an escape of one letter stands for: None for a line end.
fn letter(byte: u8) -> Option<Option<u8>> {
    Some(Some(match byte {
        b'\n' => return Some(None),
        b'\\' | b'\'' | b'"' => byte,
        b'b' => 8,
        b't' => 9,
        b'n' => 10,
        b'v' => 11,
        b'f' => 12,
        b'r' => 13,
        b'a' => 7,
        _ => return None,
    }))
}

/// Up to three octal digits: their value, and how many they are.
fn octal(bytes: &[u8]) -> (u32, usize) {
    let digits = bytes
        .iter()
        .take(3)
        .take_while(|b| (b'0'..=b'7').contains(b));
    digits.fold((0, 0), |(value, n), b| {
        (value * 8 + u32::from(b - b'0'), n + 1)
    })
}

/// Up to `most` hexadecimal digits: their value, and how many they are.
fn hexadecimal(bytes: &[u8], most: usize) -> (u32, usize) {
    let digits = bytes
        .iter()
        .take(most)
        .map_while(|&b| (b as char).to_digit(16));
    digits.fold((0, 0), |(value, n), digit| {
        (value.wrapping_mul(16) + digit, n + 1)
    })
}

impl Decoder<'_> {
    pub(super) fn unicode_escape(&mut self) -> Found {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte != b'\\' {
                push_point(&mut self.out, byte as u32)?;
                self.at += 1;
                continue;
            }
            let Some(&kind) = self.bytes.get(self.at + 1) else {
                if !self.last {
                    return Ok(None);
                }
                return self.bad(self.at + 1, "\\ at end of string");
            };
            let from = self.at + 2;
            match kind {
                b'0'..=b'7' => {
                    let (point, digits) = octal(&self.bytes[from - 1..]);
                    if !self.last && digits < 3 && from - 1 + digits == self.bytes.len() {
                        return Ok(None);
                    }
                    if point > 0o377 {
                        let text = [0, 1, 2].map(|i| self.bytes[from - 1 + i]);
                        self.doubtful.get_or_insert(text);
                    }
                    push_point(&mut self.out, point)?;
                    self.at = from - 1 + digits;
                }
                b'x' | b'u' | b'U' => match self.number(from, kind) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(found) => return found,
                },
                b'N' => match self.named(from) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(found) => return found,
                },
                _ => {
                    match letter(kind) {
                        Some(Some(plain)) => self.out.push(plain)?,
                        Some(None) => {}
                        None => {
                            self.doubtful.get_or_insert([kind, 0, 0]);
                            self.out.push(b'\\')?;
                            push_point(&mut self.out, kind as u32)?;
                        }
                    }
                    self.at = from;
                }
            }
        }
        Ok(None)
    }

    pub(super) fn raw_unicode_escape(&mut self) -> Found {
        while let Some(&byte) = self.bytes.get(self.at) {
            match (byte, self.bytes.get(self.at + 1)) {
                (b'\\', None) if !self.last => return Ok(None),
                (b'\\', Some(&kind @ (b'u' | b'U'))) => match self.number(self.at + 2, kind) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(found) => return found,
                },
                (b'\\', Some(&other)) => {
                    self.out.push(b'\\')?;
                    push_point(&mut self.out, other as u32)?;
                    self.at += 2;
                }
                _ => {
                    push_point(&mut self.out, byte as u32)?;
                    self.at += 1;
                }
            }
        }
        Ok(None)
    }

    /// `\x..`, `\u....` or `\U........`, whose digits begin at `from`:
    /// whether it was read, else the rest of it is still to come.
    fn number(&mut self, from: usize, kind: u8) -> Result<bool, Found> {
        let (count, truncated) = match kind {
            b'x' => (2, "truncated \\xXX escape"),
            b'u' => (4, "truncated \\uXXXX escape"),
            _ => (8, "truncated \\UXXXXXXXX escape"),
        };
        let (point, digits) = hexadecimal(&self.bytes[from..], count);
        if digits < count {
            if !self.last && from + digits == self.bytes.len() {
                return Ok(false);
            }
            return Err(self.bad(from + digits, truncated));
        }
        if point > 0x10_FFFF {
            return Err(self.bad(
                from + count,
                match self.encoding {
                    super::Encoding::RawUnicodeEscape => "\\Uxxxxxxxx out of range",
                    _ => "illegal Unicode character",
                },
            ));
        }
        push_point(&mut self.out, point).map_err(|e| Err(e.into()))?;
        self.at = from + count;
        Ok(true)
    }

    /// `\N{...}`, with `from` behind the N. Answers as `number` does.
    fn named(&mut self, from: usize) -> Result<bool, Found> {
        let malformed = "malformed \\N character escape";
        let rest = &self.bytes[from..];
        if rest.first().is_some_and(|&b| b != b'{') {
            return Err(self.bad(from, malformed));
        }
        let Some(length) = rest.iter().position(|&b| b == b'}') else {
            if !self.last {
                return Ok(false);
            }
            return Err(self.bad(self.bytes.len(), malformed));
        };
        if length < 2 {
            return Err(self.bad(from + length + 1, malformed));
        }
        let name = String::from_utf8_lossy(&rest[1..length]);
        let Some(point) = unicode::named(&name) else {
            return Err(self.bad(from + length + 1, "unknown Unicode character name"));
        };
        push_point(&mut self.out, point).map_err(|e| Err(e.into()))?;
        self.at = from + length + 1;
        Ok(true)
    }
}

/// Bytes as they stand in a bytes literal between single quotes.
pub fn bytes_escaped(bytes: &[u8]) -> Result<Buffer<u8>, OutOfMemory> {
    let mut out = Buffer::new();
    for &byte in bytes {
        match byte {
            b'\'' => out.extend_from_slice(b"\\'")?,
            _ if byte >= 0x7F => push_hex(&mut out, byte as u32)?,
            _ => push_escaped(&mut out, byte as u32, false)?,
        }
    }
    Ok(out)
}

/// What bytes with the escapes of a bytes literal stand for, and the first doubtful escape;
/// at a bad `\x` what `bad` says, or its position.
pub fn bytes_unescaped(
    bytes: &[u8],
    bad: Option<&[u8]>,
) -> Result<Result<(Buffer<u8>, Option<[u8; 3]>), Option<usize>>, OutOfMemory> {
    let (mut out, mut doubtful, mut at) = (Buffer::new(), None, 0);
    while let Some(&byte) = bytes.get(at) {
        if byte != b'\\' {
            out.push(byte)?;
            at += 1;
            continue;
        }
        let Some(&kind) = bytes.get(at + 1) else {
            return Ok(Err(None));
        };
        match kind {
            b'0'..=b'7' => {
                let (value, digits) = octal(&bytes[at + 1..]);
                if value > 0o377 {
                    doubtful.get_or_insert([0, 1, 2].map(|i| bytes[at + 1 + i]));
                }
                out.push(value as u8)?;
                at += 1 + digits;
            }
            b'x' => {
                let (value, digits) = hexadecimal(&bytes[at + 2..], 2);
                match (digits, bad) {
                    (2, _) => out.push(value as u8)?,
                    (_, Some(instead)) => out.extend_from_slice(instead)?,
                    (_, None) => return Ok(Err(Some(at))),
                }
                at += 2 + digits;
            }
            _ => {
                match letter(kind) {
                    Some(Some(plain)) => out.push(plain)?,
                    Some(None) => {}
                    None => {
                        doubtful.get_or_insert([kind, 0, 0]);
                        out.extend_from_slice(&[b'\\', kind])?;
                    }
                }
                at += 2;
            }
        }
    }
    Ok(Ok((out, doubtful)))
}
