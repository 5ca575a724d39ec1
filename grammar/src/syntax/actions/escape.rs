//! Escape sequences in strings and bytes.

use crate::source::{Wtf8, Wtf8Buf};

/// A decoded literal, with what is to be said about its first doubtful escape.
pub struct Decoded<T> {
    pub value: T,
    pub warning: Option<String>,
}

/// Decodes the escapes of a string.
pub fn decode_str(text: &str) -> Result<Decoded<Wtf8>, String> {
    let mut decoder = Decoder::new(text);
    decoder.run()?;
    Ok(Decoded {
        value: decoder.out.finish(),
        warning: decoder.warning,
    })
}

/// Decodes the escapes of bytes; the text is ASCII.
pub fn decode_bytes(text: &str) -> Result<Decoded<Vec<u8>>, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut warning = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(&escape) = bytes.get(at) else { break };
        let start = at - 1;
        at += 1;
        match escape {
            b'\n' => {}
            b'0'..=b'7' => {
                let (code, length) = octal(&bytes[at - 1..]);
                at += length - 1;
                if code > 0o377 {
                    warning = warning.or_else(|| Some(octal_warning(&text[start..at])));
                }
                out.push((code & 0xFF) as u8);
            }
            b'x' => {
                let digits = text.get(at..at + 2).filter(|d| is_hex(d));
                let Some(digits) = digits else {
                    return Err(format!(
                        "(value error) invalid \\x escape at position {start}"
                    ));
                };
                out.push(u8::from_str_radix(digits, 16).unwrap_or(0));
                at += 2;
            }
            _ => match simple(escape) {
                Some(value) => out.push(value),
                None => {
                    warning = warning.or_else(|| Some(escape_warning(escape as char)));
                    out.extend([b'\\', escape]);
                }
            },
        }
    }
    let value = out;
    Ok(Decoded { value, warning })
}

struct Decoder<'a> {
    text: &'a str,
    at: usize,
    out: Wtf8Buf,
    warning: Option<String>,
}

impl<'a> Decoder<'a> {
    fn new(text: &'a str) -> Decoder<'a> {
        Decoder {
            text,
            at: 0,
            out: Wtf8Buf::default(),
            warning: None,
        }
    }

    fn run(&mut self) -> Result<(), String> {
        loop {
            let rest = &self.text[self.at..];
            let Some(length) = rest.find('\\') else {
                self.out.push_str(rest);
                return Ok(());
            };
            self.out.push_str(&rest[..length]);
            let start = self.at + length;
            let Some(escape) = self.text[start + 1..].chars().next() else {
                self.at = self.text.len();
                return Err(self.error(start, "\\ at end of string"));
            };
            self.at = start + 1 + escape.len_utf8();
            self.escape(start, escape)?;
        }
    }

    fn escape(&mut self, start: usize, escape: char) -> Result<(), String> {
        match escape {
            '\n' => {}
            '0'..='7' => {
                let (code, length) = octal(&self.text.as_bytes()[start + 1..]);
                self.at = start + 1 + length;
                if code > 0o377 {
                    let text = &self.text[start..self.at];
                    self.warning.get_or_insert_with(|| octal_warning(text));
                }
                self.out.push_code_point(code);
            }
            'x' => self.hexadecimal(start, 2, "truncated \\xXX escape")?,
            'u' => self.hexadecimal(start, 4, "truncated \\uXXXX escape")?,
            'U' => self.hexadecimal(start, 8, "truncated \\UXXXXXXXX escape")?,
            'N' => self.named(start)?,
            _ => match u8::try_from(escape).ok().and_then(simple) {
                Some(byte) => self.out.push_code_point(u32::from(byte)),
                None => {
                    self.warning.get_or_insert_with(|| escape_warning(escape));
                    self.out.push_str(&self.text[start..self.at]);
                }
            },
        }
        Ok(())
    }

    fn hexadecimal(&mut self, start: usize, digits: usize, short: &str) -> Result<(), String> {
        let rest = self.text[self.at..].bytes().take(digits);
        let found = rest.take_while(u8::is_ascii_hexdigit).count();
        let text = &self.text[self.at..self.at + found];
        self.at += found;
        if found < digits {
            return Err(self.error(start, short));
        }
        match u32::from_str_radix(text, 16) {
            Ok(code) if code < 0x11_0000 => self.out.push_code_point(code),
            _ => return Err(self.error(start, "illegal Unicode character")),
        }
        Ok(())
    }

    fn named(&mut self, start: usize) -> Result<(), String> {
        let malformed = "malformed \\N character escape";
        let rest = &self.text[self.at..];
        let Some(name) = rest.strip_prefix('{') else {
            return Err(self.error(start, malformed));
        };
        let Some(length) = name.find('}') else {
            self.at = self.text.len();
            return Err(self.error(start, malformed));
        };
        if length == 0 {
            self.at += 1;
            return Err(self.error(start, malformed));
        }
        self.at += length + 2;
        match named_character(&name[..length]) {
            Some(c) => self.out.push_code_point(c as u32),
            None => return Err(self.error(start, "unknown Unicode character name")),
        }
        Ok(())
    }

    /// CPython counts in a buffer where what is not ASCII takes ten bytes.
    fn error(&self, start: usize, what: &str) -> String {
        let width = |text: &str| -> usize {
            text.chars()
                .map(|c| if c.is_ascii() { 1 } else { 10 })
                .sum()
        };
        let first = width(&self.text[..start]);
        let last = (width(&self.text[..self.at])).saturating_sub(1);
        if last <= first {
            return format!(
                "(unicode error) 'unicodeescape' codec can't decode byte 0x5c in position \
                 {first}: {what}"
            );
        }
        format!(
            "(unicode error) 'unicodeescape' codec can't decode bytes in position \
             {first}-{last}: {what}"
        )
    }
}

/// The character of a name. The crate takes names without their spaces too,
/// the language does not, and it stumbles over a hyphen at the beginning.
fn named_character(name: &str) -> Option<char> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    if !name.chars().all(plain) || name.starts_with([' ', '-']) || name.ends_with([' ', '-']) {
        return None;
    }
    let found = unicode_names2::character(name)?;
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_ascii_alphanumeric());
        letters.map(|c| c.to_ascii_uppercase()).collect()
    };
    let full = unicode_names2::name(found).map(|name| name.to_string());
    let misspelt = full
        .is_some_and(|full| letters(&full) == letters(name) && !full.eq_ignore_ascii_case(name));
    (!misspelt).then_some(found)
}

/// Up to three octal digits: their value, and how many they are.
fn octal(bytes: &[u8]) -> (u32, usize) {
    let digits = bytes.iter().take(3);
    let digits = digits.take_while(|byte| (b'0'..=b'7').contains(byte));
    digits.fold((0, 0), |(code, length), digit| {
        (code * 8 + u32::from(digit - b'0'), length + 1)
    })
}

/// The escapes of one letter.
fn simple(escape: u8) -> Option<u8> {
    Some(match escape {
        b'\\' | b'\'' | b'"' => escape,
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        _ => return None,
    })
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What is said about an escape that means nothing.
fn escape_warning(escape: char) -> String {
    format!("invalid escape sequence '\\{escape}'")
}

fn octal_warning(text: &str) -> String {
    format!("invalid octal escape sequence '{text}'")
}
