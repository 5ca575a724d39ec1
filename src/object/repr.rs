//! `repr` and `ascii` of strings, and the escapes of encoders.

use super::str::{self as text, Str, push_point};
use super::unicode::is_printable;
use crate::heap::{Buffer, OutOfMemory, Ref};

/// The quoted text of a string, as `repr` gives it.
pub fn quoted(bytes: &[u8]) -> Result<Buffer<u8>, OutOfMemory> {
    quote_with(bytes, false)
}

/// `repr(string)`
pub fn repr(string: &Str) -> Result<Ref<Str>, OutOfMemory> {
    Str::from_wtf8(&quoted(string.bytes())?)
}

/// `ascii(string)`
pub fn ascii(string: &Str) -> Result<Ref<Str>, OutOfMemory> {
    Str::from_wtf8(&quote_with(string.bytes(), true)?)
}

fn quote_with(bytes: &[u8], ascii: bool) -> Result<Buffer<u8>, OutOfMemory> {
    let quote = quote_for(bytes);
    let mut out = Buffer::with_room(bytes.len() + 2)?;
    out.push(quote)?;
    push_escaped(&mut out, bytes, quote, ascii)?;
    out.push(quote)?;
    Ok(out)
}

/// Single quotes, unless only they occur in the text.
fn quote_for(bytes: &[u8]) -> u8 {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    }
}

fn push_escaped(
    out: &mut Buffer<u8>,
    bytes: &[u8],
    quote: u8,
    ascii: bool,
) -> Result<(), OutOfMemory> {
    let mut rest = bytes;
    while !rest.is_empty() {
        // Nearly all text is plain: it is copied in runs.
        let plain = rest
            .iter()
            .position(|&b| !(0x20..0x7F).contains(&b) || b == quote || b == b'\\')
            .unwrap_or(rest.len());
        out.extend_from_slice(&rest[..plain])?;
        let mut points = text::points(&rest[plain..]);
        if let Some(point) = points.next() {
            push_point_escaped(out, point, quote, ascii)?;
        }
        rest = points.rest();
    }
    Ok(())
}

fn push_point_escaped(
    out: &mut Buffer<u8>,
    point: u32,
    quote: u8,
    ascii: bool,
) -> Result<(), OutOfMemory> {
    match point {
        0x5C => out.extend_from_slice(b"\\\\"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0A => out.extend_from_slice(b"\\n"),
        0x0D => out.extend_from_slice(b"\\r"),
        _ if point == quote as u32 => out.extend_from_slice(&[b'\\', quote]),
        0x80.. if !ascii && is_printable(point) => push_point(out, point),
        _ => push_hex(out, point),
    }
}

/// Appends `\x..`, `\u....` or `\U........`.
pub fn push_hex(out: &mut Buffer<u8>, point: u32) -> Result<(), OutOfMemory> {
    let escape = match point {
        0..0x100 => format!("\\x{point:02x}"),
        0x100..0x1_0000 => format!("\\u{point:04x}"),
        _ => format!("\\U{point:08x}"),
    };
    out.extend_from_slice(escape.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::testing::with_heap;

    #[test]
    fn quotes_and_escapes() {
        with_heap(|| {
            let show = |s: &str| String::from_utf8(quoted(s.as_bytes()).unwrap().to_vec()).unwrap();
            assert_eq!(show("it's"), "\"it's\"");
            assert_eq!(show("it's \"it\""), "'it\\'s \"it\"'");
            assert_eq!(
                show("a\tb\n\\\x00\x7f\u{ad}é\u{2028}😀\u{10ffff}"),
                "'a\\tb\\n\\\\\\x00\\x7f\\xadé\\u2028😀\\U0010ffff'"
            );
            assert_eq!(&quoted(b"\xed\xa0\x80").unwrap()[..], b"'\\ud800'");
            assert!(
                ascii(&Str::new("é😀€"))
                    .unwrap()
                    .is_text("'\\xe9\\U0001f600\\u20ac'")
            );
        });
    }
}
