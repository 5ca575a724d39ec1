//! From the bytes of a file to text: byte-order mark and coding comment.

use crate::source::charmap::Charmap;
use crate::source::{Diagnostic, Place, SourceFile, Span};
use std::sync::Arc;

/// Where bytes come from; the messages differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file with the name of the source.
    File,
    /// A bytes object given to `compile` or `exec`.
    Object,
}

/// How the bytes of a file are to be read.
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    /// A byte a character, and the name the comment has for it.
    Charmap(&'static Charmap, String),
}

/// Makes a source file of bytes. A failure comes with the text as far as it
/// could be read, to show the place in.
pub fn decode_source(
    name: impl Into<Arc<str>>,
    bytes: &[u8],
    origin: Origin,
) -> Result<SourceFile, Box<(Diagnostic, SourceFile)>> {
    let name = name.into();
    let (marked, body) = match bytes.strip_prefix("\u{feff}".as_bytes()) {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let source = Source {
        name: &name,
        body,
        origin,
    };
    match source.text(marked) {
        Ok(text) => Ok(SourceFile::new(name, text)),
        Err(diagnostic) => {
            let text = String::from_utf8_lossy(body);
            let file = SourceFile::new(name, text.into_owned());
            Err(Box::new((diagnostic, file)))
        }
    }
}

type Text = Result<String, Diagnostic>;

struct Source<'a> {
    name: &'a str,
    body: &'a [u8],
    origin: Origin,
}

impl Source<'_> {
    fn text(&self, marked: bool) -> Text {
        self.check_null_bytes()?;
        match encoding(self.body, marked) {
            Ok(Encoding::Latin1) => Ok(self.body.iter().map(|&byte| byte as char).collect()),
            Ok(Encoding::Ascii) => self.ascii(),
            Ok(Encoding::Utf8) => self.utf8(),
            Ok(Encoding::Charmap(map, name)) => self.mapped(map, &name),
            Err((name, with_mark)) => {
                let message = match self.origin {
                    Origin::Object if !with_mark => format!("unknown encoding: {name}"),
                    _ if with_mark => format!("encoding problem: {name} with BOM"),
                    _ => format!("encoding problem: {name}"),
                };
                Err(Diagnostic::syntax(message, Span::at(0)).shown_at(Place::Nowhere))
            }
        }
    }

    fn check_null_bytes(&self) -> Result<(), Diagnostic> {
        let Some(at) = self.body.iter().position(|&byte| byte == 0) else {
            return Ok(());
        };
        Err(match self.origin {
            Origin::File => self.on_line(at, "source code cannot contain null bytes"),
            Origin::Object => {
                let message = "source code string cannot contain null bytes";
                Diagnostic::syntax(message, Span::at(0)).shown_at(Place::Nowhere)
            }
        })
    }

    fn on_line(&self, at: usize, message: impl Into<String>) -> Diagnostic {
        let text = String::from_utf8_lossy(&self.body[..at]);
        Diagnostic::syntax(message, Span::at(text.len() as u32)).shown_at(Place::Line)
    }

    fn utf8(&self) -> Text {
        match std::str::from_utf8(self.body) {
            Ok(text) => Ok(text.to_string()),
            Err(error) => Err(self.undecodable(error.valid_up_to())),
        }
    }

    fn undecodable(&self, at: usize) -> Diagnostic {
        let first = self.body[at];
        if self.origin == Origin::File {
            let before = String::from_utf8_lossy(&self.body[..at]);
            let line = SourceFile::new(self.name, before).line_of(u32::MAX);
            let message = format!(
                "Non-UTF-8 code starting with '\\x{first:02x}' in file {} on line {line}, but no \
                 encoding declared; see https://peps.python.org/pep-0263/ for details",
                self.name
            );
            return Diagnostic::syntax(message, Span::at(0)).shown_at(Place::Nowhere);
        }
        // CPython decodes each run of bytes beyond ASCII by itself.
        let ascii_before = self.body[..at].iter().rposition(u8::is_ascii);
        let position = at - ascii_before.map_or(0, |index| index + 1);
        let (reason, length) = utf8_problem(&self.body[at..]);
        let what = match length {
            1 => format!("byte 0x{first:02x} in position {position}"),
            _ => format!("bytes in position {position}-{}", position + length - 1),
        };
        let message = format!("(unicode error) 'utf-8' codec can't decode {what}: {reason}");
        self.on_line(at, message).shown_at(Place::Range)
    }

    fn mapped(&self, map: &Charmap, name: &str) -> Text {
        let point = |&byte: &u8| map.decode(byte).and_then(char::from_u32);
        let Some(at) = self.body.iter().position(|byte| point(byte).is_none()) else {
            return Ok(self.body.iter().filter_map(point).collect());
        };
        let message = match self.origin {
            Origin::File => format!("encoding problem: {name}"),
            Origin::Object => format!(
                "'charmap' codec can't decode byte 0x{:02x} in position {at}: character maps to \
                 <undefined>",
                self.body[at]
            ),
        };
        Err(Diagnostic::syntax(message, Span::at(0)).shown_at(Place::Nowhere))
    }

    fn ascii(&self) -> Text {
        let Some(at) = self.body.iter().position(|byte| !byte.is_ascii()) else {
            return self.utf8();
        };
        let message = match self.origin {
            Origin::File => "encoding problem: ascii".to_string(),
            Origin::Object => format!(
                "'ascii' codec can't decode byte 0x{:02x} in position {at}: ordinal not in \
                 range(128)",
                self.body[at]
            ),
        };
        Err(Diagnostic::syntax(message, Span::at(0)).shown_at(Place::Nowhere))
    }
}

/// Why bytes are no UTF-8, and how many of them are to blame.
fn utf8_problem(bytes: &[u8]) -> (&'static str, usize) {
    let first = bytes.first().copied().unwrap_or(0);
    let wanted = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return ("invalid start byte", 1),
    };
    let mut length = 1;
    while length < wanted {
        let fits = match bytes.get(length) {
            None => return ("unexpected end of data", length),
            Some(&byte) => follows(first, length, byte),
        };
        if !fits {
            break;
        }
        length += 1;
    }
    ("invalid continuation byte", length)
}

/// True if a byte may stand at an index behind a first byte.
fn follows(first: u8, index: usize, byte: u8) -> bool {
    let range = match (first, index) {
        (0xE0, 1) => 0xA0..=0xBF,
        (0xED, 1) => 0x80..=0x9F,
        (0xF0, 1) => 0x90..=0xBF,
        (0xF4, 1) => 0x80..=0x8F,
        _ => 0x80..=0xBF,
    };
    range.contains(&byte)
}

/// What the coding comment says, in the first line or the second; else the
/// name that is not known, and whether only the byte-order mark forbids it.
fn encoding(body: &[u8], marked: bool) -> Result<Encoding, (String, bool)> {
    let lines = body.split(|&byte| byte == b'\n').take(2);
    for line in lines {
        if let Some(name) = coding_comment(line) {
            return match known_encoding(&name) {
                Some(Encoding::Utf8) => Ok(Encoding::Utf8),
                Some(Encoding::Latin1) if marked => Err(("iso-8859-1".to_string(), true)),
                Some(encoding) if !marked => Ok(encoding),
                _ => Err((name, marked)),
            };
        }
        // Only a comment or nothing may stand before a coding comment.
        let code = line
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\t' | 0x0c | b'\r'));
        if code.is_some_and(|&byte| byte != b'#') {
            break;
        }
    }
    Ok(Encoding::Utf8)
}

fn coding_comment(line: &[u8]) -> Option<String> {
    let start = line
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | 0x0c))?;
    let comment = &line[start..];
    if comment.first() != Some(&b'#') {
        return None;
    }
    let at = comment.windows(6).position(|word| word == b"coding")?;
    let rest = match comment[at + 6..].split_first()? {
        (b':' | b'=', rest) => rest,
        _ => return None,
    };
    let rest: Vec<u8> = rest
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b' ' | b'\t'))
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        .collect();
    (!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned())
}

fn known_encoding(name: &str) -> Option<Encoding> {
    let plain = name.to_ascii_lowercase().replace('_', "-");
    match plain.as_str() {
        "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" | "cp65001" => Some(Encoding::Utf8),
        "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => Some(Encoding::Ascii),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" | "l1" | "latin" => {
            Some(Encoding::Latin1)
        }
        _ if plain.starts_with("utf-8-") => Some(Encoding::Utf8),
        _ if plain.starts_with("latin-1-") || plain.starts_with("iso-8859-1-") => {
            Some(Encoding::Latin1)
        }
        _ => {
            let map = Charmap::named(&plain.replace('-', "_"))?;
            Some(Encoding::Charmap(map, name.to_string()))
        }
    }
}
