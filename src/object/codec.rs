//! Text to bytes and back: the encodings that need no tables beyond Latin-1,
//! with CPython's error handlers. Handlers that a script registers are the VM's.

use super::charmap::Charmap;
use super::error::{Fault, Outcome, UnicodeFault};
use super::repr::push_hex;
use super::str::{self as text, Str, is_surrogate, push_point};
use crate::heap::{Buffer, Value};

/// An encoding this room knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8
    Utf8,
    /// UTF-8 that writes and skips a byte order mark.
    Utf8Sig,
    /// UTF-16: with a mark, little endian, big endian.
    Utf16(Order),
    /// UTF-32: with a mark, little endian, big endian.
    Utf32(Order),
    /// ASCII
    Ascii,
    /// ISO 8859-1
    Latin1,
    /// One of the tables of 256 characters.
    Charmap(&'static Charmap),
}

/// The order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A mark at the start says it.
    Marked,
    /// The low byte first.
    Little,
    /// The high byte first.
    Big,
}

/// What happens with what cannot be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// An error.
    Strict,
    /// Leave it out.
    Ignore,
    /// `?` or U+FFFD.
    Replace,
    /// `\x..` and the like.
    BackslashReplace,
    /// `&#...;`
    XmlCharRefReplace,
    /// `\N{...}`
    NameReplace,
    /// Bytes as surrogates U+DC80 to U+DCFF, and back.
    SurrogateEscape,
    /// Surrogates as if they were characters.
    SurrogatePass,
}

impl Encoding {
    /// The encoding of a name, in any of its spellings.
    pub fn named(name: &str) -> Option<Encoding> {
        let mut plain = String::new();
        for c in name.chars().take(40) {
            match c {
                'A'..='Z' => plain.push(c.to_ascii_lowercase()),
                'a'..='z' | '0'..='9' | '.' => plain.push(c),
                _ if plain.ends_with('_') || plain.is_empty() => {}
                _ => plain.push('_'),
            }
        }
        Some(match plain.trim_end_matches('_') {
            "utf_8" | "utf8" | "u8" | "utf" | "utf8_ucs2" | "utf8_ucs4" | "cp65001" => {
                Encoding::Utf8
            }
            "utf_8_sig" | "utf8_sig" => Encoding::Utf8Sig,
            "utf_16" | "utf16" | "u16" => Encoding::Utf16(Order::Marked),
            "utf_16_le" | "utf_16le" | "utf16_le" | "utf16le" | "unicodelittleunmarked" => {
                Encoding::Utf16(Order::Little)
            }
            "utf_16_be" | "utf_16be" | "utf16_be" | "utf16be" | "unicodebigunmarked" => {
                Encoding::Utf16(Order::Big)
            }
            "utf_32" | "utf32" | "u32" => Encoding::Utf32(Order::Marked),
            "utf_32_le" | "utf_32le" | "utf32_le" | "utf32le" => Encoding::Utf32(Order::Little),
            "utf_32_be" | "utf_32be" | "utf32_be" | "utf32be" => Encoding::Utf32(Order::Big),
            "ascii" | "us_ascii" | "646" | "us" | "iso646_us" | "ansi_x3.4_1968"
            | "ansi_x3_4_1968" | "cp367" | "iso_646.irv_1991" => Encoding::Ascii,
            "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "iso8859"
            | "8859" | "cp819" | "ibm819" => Encoding::Latin1,
            plain => Encoding::Charmap(Charmap::named(plain)?),
        })
    }

    /// The name that errors give.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 | Encoding::Utf8Sig => "utf-8",
            Encoding::Utf16(Order::Marked) => "utf-16",
            Encoding::Utf16(Order::Little) => "utf-16-le",
            Encoding::Utf16(Order::Big) => "utf-16-be",
            Encoding::Utf32(Order::Marked) => "utf-32",
            Encoding::Utf32(Order::Little) => "utf-32-le",
            Encoding::Utf32(Order::Big) => "utf-32-be",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "latin-1",
            Encoding::Charmap(_) => "charmap",
        }
    }
}

impl Handler {
    /// The handler of a name, if it is a built-in one.
    pub fn named(name: &str) -> Option<Handler> {
        Some(match name {
            "strict" => Handler::Strict,
            "ignore" => Handler::Ignore,
            "replace" => Handler::Replace,
            "backslashreplace" => Handler::BackslashReplace,
            "xmlcharrefreplace" => Handler::XmlCharRefReplace,
            "namereplace" => Handler::NameReplace,
            "surrogateescape" => Handler::SurrogateEscape,
            "surrogatepass" => Handler::SurrogatePass,
            _ => return None,
        })
    }
}

/// Encodes a string. `value` is the string as a Value, for errors.
pub fn encode(
    string: &Str,
    value: &Value,
    encoding: Encoding,
    handler: Handler,
) -> Outcome<Buffer<u8>> {
    let mut out = Buffer::new();
    match encoding {
        Encoding::Utf8Sig => out.extend_from_slice(b"\xef\xbb\xbf")?,
        Encoding::Utf16(Order::Marked) => out.extend_from_slice(b"\xff\xfe")?,
        Encoding::Utf32(Order::Marked) => out.extend_from_slice(b"\xff\xfe\0\0")?,
        _ => {}
    }
    let plain = match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => !string.has_surrogates(),
        Encoding::Ascii | Encoding::Latin1 | Encoding::Charmap(_) => string.is_ascii(),
        _ => false,
    };
    if plain {
        out.extend_from_slice(string.bytes())?;
        return Ok(out);
    }
    let mut points = string.points().enumerate().peekable();
    while let Some((index, point)) = points.next() {
        if can_encode(point, encoding) {
            push_encoded(&mut out, point, encoding)?;
            continue;
        }
        // A run of code points that cannot be encoded is one error.
        let mut end = index + 1;
        while points
            .peek()
            .is_some_and(|&(_, p)| !can_encode(p, encoding))
        {
            points.next();
            end += 1;
        }
        let bad = string.points().skip(index).take(end - index);
        handle_unencodable(
            &mut out,
            string,
            value,
            bad,
            (index, end),
            encoding,
            handler,
        )?;
    }
    Ok(out)
}

fn can_encode(point: u32, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Ascii => point < 0x80,
        Encoding::Latin1 => point < 0x100,
        Encoding::Charmap(map) => map.encode(point).is_some(),
        _ => !is_surrogate(point),
    }
}

fn push_encoded(out: &mut Buffer<u8>, point: u32, encoding: Encoding) -> Outcome<()> {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => push_point(out, point)?,
        Encoding::Ascii | Encoding::Latin1 => out.push(point as u8)?,
        Encoding::Charmap(map) => out.push(map.encode(point).unwrap_or(b'?'))?,
        Encoding::Utf16(order) if point < 0x1_0000 => push_unit(out, point, 2, order)?,
        Encoding::Utf16(order) => {
            push_unit(out, 0xD800 + ((point - 0x1_0000) >> 10), 2, order)?;
            push_unit(out, 0xDC00 + ((point - 0x1_0000) & 0x3FF), 2, order)?;
        }
        Encoding::Utf32(order) => push_unit(out, point, 4, order)?,
    }
    Ok(())
}

fn push_unit(out: &mut Buffer<u8>, unit: u32, size: usize, order: Order) -> Outcome<()> {
    match order {
        Order::Big => out.extend_from_slice(&unit.to_be_bytes()[4 - size..])?,
        _ => out.extend_from_slice(&unit.to_le_bytes()[..size])?,
    }
    Ok(())
}

fn handle_unencodable(
    out: &mut Buffer<u8>,
    string: &Str,
    value: &Value,
    bad: impl Iterator<Item = u32> + Clone,
    (start, end): (usize, usize),
    encoding: Encoding,
    handler: Handler,
) -> Outcome<()> {
    let error = |start: usize, end: usize| {
        let reason = match encoding {
            Encoding::Ascii => "ordinal not in range(128)",
            Encoding::Latin1 => "ordinal not in range(256)",
            Encoding::Charmap(_) => "character maps to <undefined>",
            _ => "surrogates not allowed",
        };
        // UTF-16 and UTF-32 report one surrogate at a time.
        let end = if matches!(encoding, Encoding::Utf16(_) | Encoding::Utf32(_)) {
            start + 1
        } else {
            end
        };
        let encoding = encoding.name().into();
        Fault::Unicode(Box::new(UnicodeFault {
            encode: true,
            encoding,
            object: value.clone(),
            start,
            end,
            reason: reason.into(),
        }))
    };
    debug_assert!(end <= string.len());
    let wide = matches!(encoding, Encoding::Utf16(_) | Encoding::Utf32(_));
    for (i, point) in bad.enumerate() {
        let mut ascii = Buffer::new();
        match handler {
            Handler::Strict => return Err(error(start, end)),
            Handler::Ignore => continue,
            Handler::Replace => ascii.push(b'?')?,
            Handler::BackslashReplace => push_hex(&mut ascii, point)?,
            Handler::XmlCharRefReplace => {
                ascii.extend_from_slice(format!("&#{point};").as_bytes())?
            }
            Handler::NameReplace => match char::from_u32(point).and_then(unicode_names2::name) {
                Some(name) => ascii.extend_from_slice(format!("\\N{{{name}}}").as_bytes())?,
                None => push_hex(&mut ascii, point)?,
            },
            Handler::SurrogateEscape if (0xDC80..0xDD00).contains(&point) && !wide => {
                out.push((point - 0xDC00) as u8)?;
                continue;
            }
            Handler::SurrogatePass
                if is_surrogate(point)
                    && !matches!(
                        encoding,
                        Encoding::Ascii | Encoding::Latin1 | Encoding::Charmap(_)
                    ) =>
            {
                push_encoded(out, point, encoding)?;
                continue;
            }
            Handler::SurrogateEscape | Handler::SurrogatePass => return Err(error(start + i, end)),
        }
        for &byte in ascii.iter() {
            push_encoded(out, byte as u32, encoding)?;
        }
    }
    Ok(())
}

/// A decoding in progress.
struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    out: Buffer<u8>,
    handler: Handler,
    encoding: Encoding,
    value: &'a Value,
}

/// Decodes bytes to WTF-8. `value` is the bytes as a Value, for errors.
/// If `last` is false an unfinished sequence at the end is left; how many
/// bytes were used is returned too.
pub fn decode(
    bytes: &[u8],
    value: &Value,
    encoding: Encoding,
    handler: Handler,
    last: bool,
) -> Outcome<(Buffer<u8>, usize)> {
    let mut decoder = Decoder {
        bytes,
        at: 0,
        out: Buffer::new(),
        handler,
        encoding,
        value,
    };
    match encoding {
        Encoding::Utf8 => decoder.utf8(last)?,
        Encoding::Utf8Sig => {
            if bytes.starts_with(b"\xef\xbb\xbf") {
                decoder.at = 3;
            } else if !last && bytes.len() < 3 && b"\xef\xbb\xbf".starts_with(bytes) {
                return Ok((decoder.out, 0));
            }
            decoder.utf8(last)?;
        }
        Encoding::Ascii => decoder.ascii()?,
        Encoding::Charmap(map) => decoder.charmap(map)?,
        Encoding::Latin1 => {
            for &byte in bytes {
                push_point(&mut decoder.out, byte as u32)?;
            }
            decoder.at = bytes.len();
        }
        Encoding::Utf16(order) => {
            let big = decoder.mark(order, b"\xff\xfe", b"\xfe\xff");
            decoder.utf16(big, last)?;
        }
        Encoding::Utf32(order) => {
            let big = decoder.mark(order, b"\xff\xfe\0\0", b"\0\0\xfe\xff");
            decoder.utf32(big, last)?;
        }
    }
    Ok((decoder.out, decoder.at))
}

impl Decoder<'_> {
    /// Skips a byte order mark and says whether the high byte comes first.
    fn mark(&mut self, order: Order, little: &[u8], big: &[u8]) -> bool {
        if order != Order::Marked {
            return order == Order::Big;
        }
        let is_big = self.bytes.starts_with(big);
        if is_big || self.bytes.starts_with(little) {
            self.at = big.len();
        }
        is_big
    }

    /// Handles the bytes from `at` to before `end`, which cannot be decoded.
    fn bad(&mut self, end: usize, reason: &'static str) -> Outcome<()> {
        let (start, bytes) = (self.at, self.bytes);
        let error = |end: usize| {
            let encoding = match self.encoding {
                Encoding::Utf16(Order::Marked) if bytes.starts_with(b"\xfe\xff") => "utf-16-be",
                Encoding::Utf16(Order::Marked) => "utf-16-le",
                Encoding::Utf32(Order::Marked) if bytes.starts_with(b"\0\0\xfe\xff") => "utf-32-be",
                Encoding::Utf32(Order::Marked) => "utf-32-le",
                encoding => encoding.name(),
            };
            let (encoding, object) = (encoding.into(), self.value.clone());
            Fault::Unicode(Box::new(UnicodeFault {
                encode: false,
                encoding,
                object,
                start,
                end,
                reason: reason.into(),
            }))
        };
        self.at = end;
        match self.handler {
            Handler::Strict => return Err(error(end)),
            Handler::Ignore => {}
            Handler::Replace => push_point(&mut self.out, 0xFFFD)?,
            Handler::BackslashReplace => {
                for &byte in &bytes[start..end] {
                    push_hex(&mut self.out, byte as u32)?;
                }
            }
            Handler::SurrogateEscape if bytes[start] >= 0x80 => {
                let escaped = bytes[start..end]
                    .iter()
                    .take(4)
                    .take_while(|&&b| b >= 0x80)
                    .count();
                for &byte in &bytes[start..start + escaped] {
                    push_point(&mut self.out, 0xDC00 + byte as u32)?;
                }
                self.at = start + escaped;
            }
            Handler::SurrogatePass
                if let Some((point, len)) = passed_surrogate(&bytes[start..], self.encoding) =>
            {
                push_point(&mut self.out, point)?;
                self.at = start + len;
            }
            Handler::XmlCharRefReplace | Handler::NameReplace => {
                return Err(Fault::type_error(
                    "don't know how to handle UnicodeDecodeError in error callback",
                ));
            }
            Handler::SurrogateEscape | Handler::SurrogatePass => return Err(error(end)),
        }
        Ok(())
    }

    fn ascii(&mut self) -> Outcome<()> {
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let plain = rest
                .iter()
                .position(|b| !b.is_ascii())
                .unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..plain])?;
            self.at += plain;
            if plain < rest.len() {
                self.bad(self.at + 1, "ordinal not in range(128)")?;
            }
        }
        Ok(())
    }

    fn charmap(&mut self, map: &Charmap) -> Outcome<()> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match map.decode(byte) {
                Some(point) => {
                    push_point(&mut self.out, point)?;
                    self.at += 1;
                }
                None => self.bad(self.at + 1, "character maps to <undefined>")?,
            }
        }
        Ok(())
    }

    fn utf8(&mut self, last: bool) -> Outcome<()> {
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let error = match std::str::from_utf8(rest) {
                Ok(_) => {
                    self.out.extend_from_slice(rest)?;
                    self.at = self.bytes.len();
                    return Ok(());
                }
                Err(error) => error,
            };
            self.out.extend_from_slice(&rest[..error.valid_up_to()])?;
            self.at += error.valid_up_to();
            let first = self.bytes[self.at];
            let Some(bad) = error.error_len() else {
                if !last {
                    return Ok(());
                }
                self.bad(self.bytes.len(), "unexpected end of data")?;
                continue;
            };
            let starts = matches!(first, 0xC2..=0xF4);
            self.bad(
                self.at + bad,
                if starts {
                    "invalid continuation byte"
                } else {
                    "invalid start byte"
                },
            )?;
        }
        Ok(())
    }

    fn unit(&self, at: usize, size: usize, big: bool) -> Option<u32> {
        let bytes = self.bytes.get(at..at + size)?;
        let fold = |unit: u32, byte: &u8| unit << 8 | *byte as u32;
        Some(if big {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        })
    }

    fn utf16(&mut self, big: bool, last: bool) -> Outcome<()> {
        while self.at < self.bytes.len() {
            let Some(unit) = self.unit(self.at, 2, big) else {
                if !last {
                    return Ok(());
                }
                self.bad(self.bytes.len(), "truncated data")?;
                continue;
            };
            match unit {
                0xD800..0xDC00 => match self.unit(self.at + 2, 2, big) {
                    Some(low @ 0xDC00..0xE000) => {
                        push_point(
                            &mut self.out,
                            0x1_0000 + ((unit - 0xD800) << 10 | (low - 0xDC00)),
                        )?;
                        self.at += 4;
                    }
                    Some(_) => self.bad(self.at + 2, "illegal UTF-16 surrogate")?,
                    None if !last => return Ok(()),
                    None => self.bad(self.bytes.len(), "unexpected end of data")?,
                },
                0xDC00..0xE000 => self.bad(self.at + 2, "illegal encoding")?,
                _ => {
                    push_point(&mut self.out, unit)?;
                    self.at += 2;
                }
            }
        }
        Ok(())
    }

    fn utf32(&mut self, big: bool, last: bool) -> Outcome<()> {
        while self.at < self.bytes.len() {
            match self.unit(self.at, 4, big) {
                None if !last => return Ok(()),
                None => self.bad(self.bytes.len(), "truncated data")?,
                Some(unit) if is_surrogate(unit) => self.bad(
                    self.at + 4,
                    "code point in surrogate code point range(0xd800, 0xe000)",
                )?,
                Some(unit) if unit >= 0x11_0000 => {
                    self.bad(self.at + 4, "code point not in range(0x110000)")?
                }
                Some(unit) => {
                    push_point(&mut self.out, unit)?;
                    self.at += 4;
                }
            }
        }
        Ok(())
    }
}

/// A surrogate that was encoded as if it were a character, and its length.
fn passed_surrogate(rest: &[u8], encoding: Encoding) -> Option<(u32, usize)> {
    let (point, len) = match (encoding, rest) {
        (Encoding::Utf8 | Encoding::Utf8Sig, [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..]) => {
            (text::points(&rest[..3]).next()?, 3)
        }
        (Encoding::Utf16(order), [a, b, ..]) => {
            let pair = [*a, *b];
            (
                if order == Order::Big {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                } as u32,
                2,
            )
        }
        (Encoding::Utf32(order), [a, b, c, d, ..]) => {
            let four = [*a, *b, *c, *d];
            (
                if order == Order::Big {
                    u32::from_be_bytes(four)
                } else {
                    u32::from_le_bytes(four)
                },
                4,
            )
        }
        _ => return None,
    };
    is_surrogate(point).then_some((point, len))
}
