//! Text of streams: lines and characters out of bytes, and back.

use super::buffer::Stream;
use super::{Newline, TextMode};
use crate::builtins::arguments::{bytes as bytes_value, wtf8};
use crate::heap::Value;
use crate::object::codec::{self, Begins, Encoding};
use crate::object::native::R;
use crate::object::str::Str;
use crate::vm::Vm;

/// The str of bytes, line ends made alike if the stream does that.
pub fn decoded(vm: &mut Vm, text: &TextMode, bytes: Vec<u8>) -> R {
    if matches!(text.newline.get(), Newline::Universal | Newline::Kept) {
        text.seen
            .set(text.seen.get() | line_ends(&bytes, text.seen.get()));
    }
    let bytes = match text.newline.get() {
        Newline::Universal if bytes.contains(&b'\r') => unified(&bytes),
        _ => bytes,
    };
    if text.encoding.get() == Encoding::Utf8
        && let Ok(plain) = std::str::from_utf8(&bytes)
    {
        let made = Str::try_new(plain);
        return vm.lift(made).map(|s| s.into_value());
    }
    let whole = bytes_value(vm, &bytes)?;
    let made = codec::decode(
        &bytes,
        &whole,
        text.encoding.get(),
        text.handler.get(),
        true,
    );
    let (text, _) = vm.lift(made)?;
    wtf8(vm, &text)
}

/// The kinds of line ends there are, as bits; those that are known already need not be looked for.
fn line_ends(bytes: &[u8], known: u8) -> u8 {
    let mut rest = bytes;
    let mut seen = 0;
    while (seen | known) != 7
        && let Some(at) = memchr::memchr2(b'\n', b'\r', rest)
    {
        let pair = rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n');
        seen |= match (rest[at], pair) {
            (_, true) => 4,
            (b'\r', _) => 2,
            _ => 1,
        };
        rest = &rest[at + 1 + usize::from(pair)..];
        if known == 1 && seen == 1 && memchr::memchr(b'\r', rest).is_none() {
            break;
        }
    }
    seen
}

/// `\r\n` and `\r` as `\n`.
fn unified(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().peekable();
    while let Some(&byte) = rest.next() {
        if byte != b'\r' {
            out.push(byte);
            continue;
        }
        out.push(b'\n');
        if rest.peek() == Some(&&b'\n') {
            rest.next();
        }
    }
    out
}

/// The bytes of a text.
pub fn encoded(vm: &mut Vm, text: &TextMode, value: &Value) -> R<Vec<u8>> {
    let Some(string) = value.get::<Str>() else {
        return Ok(Vec::new());
    };
    let bytes = if text.encoding.get() == Encoding::Utf8 && !string.has_surrogates() {
        string.bytes().to_vec()
    } else {
        let made = codec::encode(string, value, text.encoding.get(), text.handler.get());
        vm.lift(made)?.to_vec()
    };
    Ok(match text.newline.get() {
        Newline::Return => bytes
            .iter()
            .map(|&b| if b == b'\n' { b'\r' } else { b })
            .collect(),
        Newline::Both => {
            let mut out = Vec::with_capacity(bytes.len());
            for &byte in &bytes {
                if byte == b'\n' {
                    out.push(b'\r');
                }
                out.push(byte);
            }
            out
        }
        _ => bytes,
    })
}

/// Where the first line of some bytes ends, its end included; None when more must be read to know.
fn line_end(bytes: &[u8], newline: Newline) -> Option<usize> {
    match newline {
        Newline::Feed => bytes.iter().position(|&b| b == b'\n').map(|at| at + 1),
        Newline::Return => bytes.iter().position(|&b| b == b'\r').map(|at| at + 1),
        Newline::Both => bytes.windows(2).position(|w| w == b"\r\n").map(|at| at + 2),
        Newline::Universal | Newline::Kept => {
            let at = bytes.iter().position(|&b| b == b'\n' || b == b'\r')?;
            match (bytes[at], bytes.get(at + 1)) {
                (b'\r', Some(b'\n')) => Some(at + 2),
                (b'\r', None) => None,
                _ => Some(at + 1),
            }
        }
    }
}

/// The bytes of the next line; empty at the end of the file.
pub fn line(vm: &mut Vm, stream: &mut Stream, newline: Newline) -> R<Vec<u8>> {
    let mut looked = 0;
    loop {
        // A line end may begin with the last byte that was looked at.
        let from = looked - usize::from(looked > 0);
        if let Some(end) = line_end(&stream.ahead()[from..], newline) {
            return Ok(stream.take(from + end));
        }
        looked = stream.ahead().len();
        if !stream.fill(vm)? {
            return Ok(stream.take(looked));
        }
    }
}

/// The bytes of the next `count` characters.
pub fn characters(vm: &mut Vm, stream: &mut Stream, text: &TextMode, count: usize) -> R<Vec<u8>> {
    loop {
        let (characters, bytes) = measure(stream.ahead(), text, count);
        if characters >= count {
            return Ok(stream.take(bytes));
        }
        if !stream.fill(vm)? {
            let all = stream.ahead().len();
            return Ok(stream.take(all));
        }
    }
}

/// How many whole characters there are, up to `count`, and how many bytes they take.
fn measure(bytes: &[u8], text: &TextMode, count: usize) -> (usize, usize) {
    let single = matches!(
        text.encoding.get(),
        Encoding::Latin1 | Encoding::Ascii | Encoding::Charmap(_)
    );
    let joined = text.newline.get() == Newline::Universal;
    let (mut found, mut at) = (0, 0);
    while found < count && at < bytes.len() {
        let width = match bytes[at] {
            b'\r' if joined && bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\r' if joined && at + 1 == bytes.len() => break,
            _ if single => 1,
            _ if let Encoding::Multibyte(encoding) = text.encoding.get() => {
                match encoding.begins(&bytes[at..]) {
                    Begins::With(_, len) => len,
                    Begins::Incomplete => break,
                    Begins::Wrong => 1,
                }
            }
            byte => match byte {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => 1,
            },
        };
        if at + width > bytes.len() {
            break;
        }
        at += width;
        found += 1;
    }
    (found, at)
}
