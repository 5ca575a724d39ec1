//! Text to bytes and back, with CPython's error handlers. What runs until
//! something is wrong (`encode_run`, `Decoder::run`) is apart from what
//! happens then, since a script may register handlers, and those are the VM's to call.

mod decode;
mod encode;
mod escape;
#[cfg(feature = "cjk")]
mod multibyte;
#[cfg(not(feature = "cjk"))]
#[path = "no_multibyte.rs"]
mod multibyte;

use crate::source::charmap::Charmap;
pub use decode::{Decoder, decode};
pub use encode::{encode, encode_bad, encode_run, encode_start, push_name, push_replacement};
pub use escape::{bytes_escaped, bytes_unescaped};
pub use multibyte::{Begins, Multibyte};

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
    /// One of those with several bytes for a character.
    Multibyte(&'static Multibyte),
    /// Backslash escapes, as in a literal of ASCII.
    UnicodeEscape,
    /// Only `\u` and `\U`, the rest as Latin-1.
    RawUnicodeEscape,
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
        // As most programs write them: nothing has to be made plain.
        match name {
            "utf-8" | "utf8" | "UTF-8" => return Some(Encoding::Utf8),
            "latin-1" | "latin1" | "iso-8859-1" => return Some(Encoding::Latin1),
            "ascii" => return Some(Encoding::Ascii),
            _ => {}
        }
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
            "unicode_escape" => Encoding::UnicodeEscape,
            "raw_unicode_escape" => Encoding::RawUnicodeEscape,
            plain => match Charmap::named(plain) {
                Some(map) => Encoding::Charmap(map),
                None => Encoding::Multibyte(Multibyte::named(plain)?),
            },
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
            Encoding::Multibyte(encoding) => encoding.name(),
            Encoding::UnicodeEscape => "unicodeescape",
            Encoding::RawUnicodeEscape => "rawunicodeescape",
        }
    }

    /// The name of its codec.
    pub fn codec_name(self) -> String {
        match self {
            Encoding::Utf8Sig => "utf-8-sig".to_owned(),
            Encoding::Latin1 => "iso8859-1".to_owned(),
            Encoding::UnicodeEscape => "unicode-escape".to_owned(),
            Encoding::RawUnicodeEscape => "raw-unicode-escape".to_owned(),
            Encoding::Charmap(map) => map.names[0].replace('_', "-"),
            _ => self.name().to_owned(),
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

/// What cannot be encoded or decoded.
#[derive(Debug)]
pub struct Bad {
    /// Where it starts: a code point of the text, or a byte.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What the trouble is.
    pub reason: &'static str,
}
