//! Bytes to text.

use super::{Bad, Begins, Encoding, Handler, Multibyte, Order};
use crate::heap::{Buffer, Value, work, work_on_bytes};
use crate::object::error::{Fault, Outcome, UnicodeFault};
use crate::object::repr::push_hex;
use crate::object::str::{self as text, is_surrogate, push_point};
use crate::source::charmap::Charmap;

/// A decoding in progress.
pub struct Decoder<'a> {
    /// All the bytes.
    pub bytes: &'a [u8],
    /// How many of them were read.
    pub at: usize,
    /// The text so far.
    pub out: Buffer<u8>,
    /// The first escape that means nothing, of those that deserve a warning.
    pub doubtful: Option<[u8; 3]>,
    pub(super) encoding: Encoding,
    /// Whether nothing follows: else an unfinished sequence at the end is left.
    pub(super) last: bool,
    big: bool,
}

/// What `run` answers: what cannot be decoded, if anything.
pub(super) type Found = Outcome<Option<Bad>>;

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
    let mut decoder = Decoder::new(bytes, encoding, last);
    work_on_bytes(bytes.len() * 4)?;
    while let Some(bad) = decoder.run()? {
        work(2)?;
        if decoder.awaits_more(&bad, handler) {
            break;
        }
        decoder.handle(&bad, value, handler)?;
    }
    Ok((decoder.out, decoder.at))
}

impl<'a> Decoder<'a> {
    /// Begins to decode; if not `last`, an unfinished sequence at the end will be left.
    pub fn new(bytes: &'a [u8], encoding: Encoding, last: bool) -> Decoder<'a> {
        let mut decoder = Decoder {
            bytes,
            at: 0,
            out: Buffer::new(),
            doubtful: None,
            encoding,
            last,
            big: false,
        };
        match encoding {
            Encoding::Utf8Sig if bytes.starts_with(b"\xef\xbb\xbf") => decoder.at = 3,
            Encoding::Utf16(order) => decoder.mark(order, b"\xff\xfe", b"\xfe\xff"),
            Encoding::Utf32(order) => decoder.mark(order, b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
            _ => {}
        }
        decoder
    }

    /// Skips a byte order mark and notes whether the high byte comes first.
    fn mark(&mut self, order: Order, little: &[u8], big: &[u8]) {
        self.big = order == Order::Big;
        if order == Order::Marked {
            self.big = self.bytes.starts_with(big);
            if self.big || self.bytes.starts_with(little) {
                self.at = big.len();
            }
        }
    }

    /// Decodes to the end, or to what cannot be decoded. Whoever goes on after
    /// that puts something into `out` and moves `at`.
    pub fn run(&mut self) -> Found {
        match self.encoding {
            Encoding::Utf8Sig
                if !self.last
                    && self.bytes.len() < 3
                    && b"\xef\xbb\xbf".starts_with(self.bytes) =>
            {
                Ok(None)
            }
            Encoding::Utf8 | Encoding::Utf8Sig => self.utf8(),
            Encoding::Ascii => self.ascii(),
            Encoding::Charmap(map) => self.charmap(map),
            Encoding::Multibyte(encoding) => self.multibyte(encoding),
            Encoding::Latin1 => {
                for &byte in &self.bytes[self.at..] {
                    push_point(&mut self.out, byte as u32)?;
                }
                self.at = self.bytes.len();
                Ok(None)
            }
            Encoding::Utf16(_) => self.utf16(),
            Encoding::Utf32(_) => self.utf32(),
            Encoding::UnicodeEscape => self.unicode_escape(),
            Encoding::RawUnicodeEscape => self.raw_unicode_escape(),
        }
    }

    /// Whether what cannot be decoded begins what the handler can do with, and the rest may come.
    pub fn awaits_more(&self, bad: &Bad, handler: Handler) -> bool {
        handler == Handler::SurrogatePass
            && !self.last
            && matches!(self.encoding, Encoding::Utf8 | Encoding::Utf8Sig)
            && matches!(self.bytes[bad.start..], [0xED, 0xA0..=0xBF])
    }

    /// What is from `at` to before `end`.
    pub(super) fn bad(&self, end: usize, reason: &'static str) -> Found {
        let (start, end) = (self.at, end.min(self.bytes.len()));
        Ok(Some(Bad { start, end, reason }))
    }

    /// The name that errors give.
    pub fn encoding_name(&self) -> &'static str {
        match self.encoding {
            Encoding::Utf16(Order::Marked) if self.big => "utf-16-be",
            Encoding::Utf16(Order::Marked) => "utf-16-le",
            Encoding::Utf32(Order::Marked) if self.big => "utf-32-be",
            Encoding::Utf32(Order::Marked) => "utf-32-le",
            encoding => encoding.name(),
        }
    }

    /// The error for what cannot be decoded.
    pub fn error(&self, value: &Value, bad: &Bad) -> Fault {
        Fault::Unicode(Box::new(UnicodeFault {
            encode: false,
            encoding: self.encoding_name().into(),
            object: value.clone(),
            start: bad.start,
            end: bad.end,
            reason: bad.reason.into(),
        }))
    }

    /// Does what a built-in handler does.
    pub fn handle(&mut self, bad: &Bad, value: &Value, handler: Handler) -> Outcome<()> {
        let (start, end, bytes) = (bad.start, bad.end, self.bytes);
        self.at = end;
        match handler {
            Handler::Strict => return Err(self.error(value, bad)),
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
                if let Some((point, len)) =
                    passed_surrogate(&bytes[start..], self.encoding, self.big) =>
            {
                push_point(&mut self.out, point)?;
                self.at = start + len;
            }
            Handler::XmlCharRefReplace | Handler::NameReplace => {
                return Err(Fault::type_error(
                    "don't know how to handle UnicodeDecodeError in error callback",
                ));
            }
            Handler::SurrogateEscape | Handler::SurrogatePass => {
                return Err(self.error(value, bad));
            }
        }
        Ok(())
    }

    fn ascii(&mut self) -> Found {
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let plain = rest
                .iter()
                .position(|b| !b.is_ascii())
                .unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..plain])?;
            self.at += plain;
            if plain < rest.len() {
                return self.bad(self.at + 1, "ordinal not in range(128)");
            }
        }
        Ok(None)
    }

    fn charmap(&mut self, map: &Charmap) -> Found {
        while let Some(&byte) = self.bytes.get(self.at) {
            match map.decode(byte) {
                Some(point) => {
                    push_point(&mut self.out, point)?;
                    self.at += 1;
                }
                None => return self.bad(self.at + 1, "character maps to <undefined>"),
            }
        }
        Ok(None)
    }

    fn multibyte(&mut self, encoding: &Multibyte) -> Found {
        while self.at < self.bytes.len() {
            match encoding.begins(&self.bytes[self.at..]) {
                Begins::With(point, len) => {
                    push_point(&mut self.out, point)?;
                    self.at += len;
                }
                Begins::Incomplete if !self.last => return Ok(None),
                Begins::Incomplete => {
                    return self.bad(self.bytes.len(), "incomplete multibyte sequence");
                }
                Begins::Wrong => return self.bad(self.at + 1, "illegal multibyte sequence"),
            }
        }
        Ok(None)
    }

    fn utf8(&mut self) -> Found {
        let rest = &self.bytes[self.at..];
        let error = match std::str::from_utf8(rest) {
            Ok(_) => {
                self.out.extend_from_slice(rest)?;
                self.at = self.bytes.len();
                return Ok(None);
            }
            Err(error) => error,
        };
        self.out.extend_from_slice(&rest[..error.valid_up_to()])?;
        self.at += error.valid_up_to();
        let Some(bad) = error.error_len() else {
            if !self.last {
                return Ok(None);
            }
            return self.bad(self.bytes.len(), "unexpected end of data");
        };
        let reason = match self.bytes[self.at] {
            0xC2..=0xF4 => "invalid continuation byte",
            _ => "invalid start byte",
        };
        self.bad(self.at + bad, reason)
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

    fn utf16(&mut self) -> Found {
        while self.at < self.bytes.len() {
            let Some(unit) = self.unit(self.at, 2, self.big) else {
                if !self.last {
                    return Ok(None);
                }
                return self.bad(self.bytes.len(), "truncated data");
            };
            match unit {
                0xD800..0xDC00 => match self.unit(self.at + 2, 2, self.big) {
                    Some(low @ 0xDC00..0xE000) => {
                        push_point(
                            &mut self.out,
                            0x1_0000 + ((unit - 0xD800) << 10 | (low - 0xDC00)),
                        )?;
                        self.at += 4;
                    }
                    Some(_) => return self.bad(self.at + 2, "illegal UTF-16 surrogate"),
                    None if !self.last => return Ok(None),
                    None => return self.bad(self.bytes.len(), "unexpected end of data"),
                },
                0xDC00..0xE000 => return self.bad(self.at + 2, "illegal encoding"),
                _ => {
                    push_point(&mut self.out, unit)?;
                    self.at += 2;
                }
            }
        }
        Ok(None)
    }

    fn utf32(&mut self) -> Found {
        while self.at < self.bytes.len() {
            match self.unit(self.at, 4, self.big) {
                None if !self.last => return Ok(None),
                None => return self.bad(self.bytes.len(), "truncated data"),
                Some(unit) if is_surrogate(unit) => {
                    return self.bad(
                        self.at + 4,
                        "code point in surrogate code point range(0xd800, 0xe000)",
                    );
                }
                Some(unit) if unit >= 0x11_0000 => {
                    return self.bad(self.at + 4, "code point not in range(0x110000)");
                }
                Some(unit) => {
                    push_point(&mut self.out, unit)?;
                    self.at += 4;
                }
            }
        }
        Ok(None)
    }
}

/// A surrogate that was encoded as if it were a character, and its length.
fn passed_surrogate(rest: &[u8], encoding: Encoding, big: bool) -> Option<(u32, usize)> {
    let (point, len) = match (encoding, rest) {
        (Encoding::Utf8 | Encoding::Utf8Sig, [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..]) => {
            (text::points(&rest[..3]).next()?, 3)
        }
        (Encoding::Utf16(_), [a, b, ..]) => {
            let pair = [*a, *b];
            (
                if big {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                } as u32,
                2,
            )
        }
        (Encoding::Utf32(_), [a, b, c, d, ..]) => {
            let four = [*a, *b, *c, *d];
            (
                if big {
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
