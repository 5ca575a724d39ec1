//! Text that may hold lone surrogates, as Python's `str` may.

use std::fmt;
use std::sync::Arc;

/// Text as WTF-8: UTF-8 that may also encode lone surrogates.
///
/// `"\ud800"` is a legal string of the language but no legal UTF-8. Nearly
/// all text has no surrogates and is then at hand as `&str` for nothing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wtf8 {
    bytes: Arc<[u8]>,
    surrogates: bool,
}

impl Wtf8 {
    /// The bytes, surrogates as three bytes each.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True if there is a lone surrogate, so that `as_str` has no answer.
    pub fn has_surrogates(&self) -> bool {
        self.surrogates
    }

    /// The text, unless it has surrogates.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// True if there is no text.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The code points, surrogates included.
    pub fn code_points(&self) -> CodePoints<'_> {
        CodePoints { rest: &self.bytes }
    }
}

impl From<&str> for Wtf8 {
    fn from(text: &str) -> Wtf8 {
        Wtf8 {
            bytes: text.as_bytes().into(),
            surrogates: false,
        }
    }
}

impl fmt::Debug for Wtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.bytes))
    }
}

/// The code points of a `Wtf8`.
pub struct CodePoints<'a> {
    rest: &'a [u8],
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (&first, rest) = self.rest.split_first()?;
        let (mut value, more) = match first {
            0..=0x7F => (u32::from(first), 0),
            0x80..=0xDF => (u32::from(first & 0x1F), 1),
            0xE0..=0xEF => (u32::from(first & 0x0F), 2),
            _ => (u32::from(first & 0x07), 3),
        };
        let more = more.min(rest.len());
        for &byte in &rest[..more] {
            value = value << 6 | u32::from(byte & 0x3F);
        }
        self.rest = &rest[more..];
        Some(value)
    }
}

/// Builds a `Wtf8` out of text and code points.
#[derive(Clone, Debug, Default)]
pub struct Wtf8Buf {
    bytes: Vec<u8>,
    surrogates: bool,
}

impl Wtf8Buf {
    /// Appends text.
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends what another holds.
    pub fn push_wtf8(&mut self, text: &Wtf8) {
        self.bytes.extend_from_slice(&text.bytes);
        self.surrogates |= text.surrogates;
    }

    /// Appends a code point below 0x110000; surrogates stay lone, a high and
    /// a low one side by side included, as in CPython.
    pub fn push_code_point(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.push_str(c.encode_utf8(&mut [0; 4])),
            None => {
                let low = |shift: u32| 0x80 | (code >> shift & 0x3F) as u8;
                self.bytes.extend([0xED, low(6), low(0)]);
                self.surrogates = true;
            }
        }
    }

    /// True if nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The finished text.
    pub fn finish(self) -> Wtf8 {
        Wtf8 {
            bytes: self.bytes.into(),
            surrogates: self.surrogates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_are_kept() {
        let mut text = Wtf8Buf::default();
        text.push_str("é");
        text.push_code_point(0xD800);
        text.push_code_point(0x1F40D);
        let text = text.finish();
        assert!(text.has_surrogates());
        assert_eq!(text.as_str(), None);
        let codes: Vec<u32> = text.code_points().collect();
        assert_eq!(codes, [0xE9, 0xD800, 0x1F40D]);
    }
}
