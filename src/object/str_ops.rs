//! What the methods of `str` compute.

use super::error::Outcome;
use super::search;
use super::str::{Str, count_points, points, push_point, width};
use super::unicode::{self, Mapped};
use crate::heap::{Buffer, OutOfMemory, Ref};

type Made = Result<Ref<Str>, OutOfMemory>;

/// The length of the space at the start of WTF-8 bytes, or 0.
pub fn space_at(rest: &[u8]) -> usize {
    match rest.first() {
        None => 0,
        Some(&byte) if byte < 0x80 => is_ascii_space(byte) as usize,
        Some(&byte) => match points(rest).next() {
            Some(point) if unicode::is_space(point) => width(byte),
            _ => 0,
        },
    }
}

#[inline(always)]
fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13 | 0x1c..=0x1f)
}

/// The length of the line break at the start of WTF-8 bytes, or 0.
pub fn line_break_at(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [byte, ..] if *byte < 0x80 => matches!(byte, 10..=13 | 0x1c..=0x1e) as usize,
        [byte, ..] => match points(rest).next() {
            Some(point) if unicode::is_line_break(point) => width(*byte),
            _ => 0,
        },
        [] => 0,
    }
}

/// `text.find(needle, start, end)`; `last` for `rfind`.
pub fn find(
    text: &Str,
    needle: &Str,
    start: Option<i64>,
    end: Option<i64>,
    last: bool,
) -> Option<usize> {
    let bounds = search::bounds(text.len(), start, end)?;
    let (from, to) = (text.offset_of(bounds.start), text.offset_of(bounds.end));
    let part = &text.bytes()[from..to];
    let at = if last {
        search::rfind(part, needle.bytes())
    } else {
        search::find(part, needle.bytes())
    }?;
    Some(
        bounds.start
            + if text.is_ascii() {
                at
            } else {
                count_points(&part[..at])
            },
    )
}

/// `text.count(needle, start, end)`
pub fn count(text: &Str, needle: &Str, start: Option<i64>, end: Option<i64>) -> usize {
    let Some(bounds) = search::bounds(text.len(), start, end) else {
        return 0;
    };
    if needle.is_empty() {
        return bounds.len() + 1;
    }
    search::count(
        &text.bytes()[text.offset_of(bounds.start)..text.offset_of(bounds.end)],
        needle.bytes(),
    )
}

/// Whether the part from `start` to `end` begins (or ends) with `affix`.
pub fn has_affix(
    text: &Str,
    affix: &Str,
    start: Option<i64>,
    end: Option<i64>,
    at_end: bool,
) -> bool {
    let Some(bounds) = search::bounds(text.len(), start, end) else {
        return false;
    };
    let part = &text.bytes()[text.offset_of(bounds.start)..text.offset_of(bounds.end)];
    if at_end {
        part.ends_with(affix.bytes())
    } else {
        part.starts_with(affix.bytes())
    }
}

/// `text.replace(old, new, count)`; None if nothing changes.
pub fn replace(
    text: &Str,
    old: &Str,
    new: &Str,
    most: usize,
) -> Result<Option<Ref<Str>>, OutOfMemory> {
    let out = match old.is_empty() {
        true if most == 0 => return Ok(None),
        true => Some(search::interleave(text.bytes(), new.bytes(), most, width)?),
        false => search::replace(text.bytes(), old.bytes(), new.bytes(), most)?,
    };
    out.map(|bytes| Str::from_wtf8(&bytes)).transpose()
}

/// The bytes of the text without the spaces (or the code points of `chars`) at its ends.
pub fn strip(text: &Str, chars: Option<&Str>, left: bool, right: bool) -> std::ops::Range<usize> {
    let bytes = text.bytes();
    let Some(chars) = chars else {
        if text.is_ascii() {
            return strip_bytes(bytes, is_ascii_space, left, right);
        }
        let start = if left {
            search::strip_start(bytes, space_at)
        } else {
            0
        };
        let end = if right {
            search::strip_end(&bytes[start..], search::last_point, space_at)
        } else {
            bytes.len() - start
        };
        return start..start + end;
    };
    if let [only] = chars.bytes() {
        return strip_bytes(bytes, |byte| byte == *only, left, right);
    }
    if chars.is_ascii() {
        // No byte of a longer code point is below 128.
        let wanted = chars
            .bytes()
            .iter()
            .fold(0u128, |all, byte| all | 1 << byte);
        let is_wanted = |byte: u8| byte < 0x80 && wanted >> byte & 1 != 0;
        return strip_bytes(bytes, is_wanted, left, right);
    }
    let wanted = |point: u32| chars.points().any(|p| p == point);
    let mut rest = text.points();
    if left {
        while rest.clone().next().is_some_and(wanted) {
            rest.next();
        }
    }
    let start = bytes.len() - rest.rest().len();
    if right {
        while rest.clone().next_back().is_some_and(wanted) {
            rest.next_back();
        }
    }
    start..start + rest.rest().len()
}

/// What is left of bytes without the wanted ones at their ends.
#[inline]
fn strip_bytes(
    bytes: &[u8],
    is_wanted: impl Fn(u8) -> bool,
    left: bool,
    right: bool,
) -> std::ops::Range<usize> {
    let (mut start, mut end) = (0, bytes.len());
    while left && start < end && is_wanted(bytes[start]) {
        start += 1;
    }
    while right && start < end && is_wanted(bytes[end - 1]) {
        end -= 1;
    }
    start..end
}

#[inline]
fn mapped_text(text: &Str, ascii: impl Fn(&mut [u8]), map: fn(u32) -> Mapped) -> Made {
    if text.is_ascii() {
        return text.map_ascii(ascii);
    }
    let mut out = Buffer::with_room(text.byte_len())?;
    for point in text.points() {
        map(point).each(|p| push_point(&mut out, p))?;
    }
    Str::from_wtf8(&out)
}

/// `text.upper()`
pub fn upper(text: &Str) -> Made {
    mapped_text(text, <[u8]>::make_ascii_uppercase, unicode::upper)
}

/// `text.casefold()`
pub fn casefold(text: &Str) -> Made {
    mapped_text(text, <[u8]>::make_ascii_lowercase, unicode::fold)
}

const SIGMA: u32 = 0x3A3;

/// `text.lower()`
pub fn lower(text: &Str) -> Made {
    if text.is_ascii() {
        return text.map_ascii(<[u8]>::make_ascii_lowercase);
    }
    let mut out = Buffer::with_room(text.byte_len())?;
    push_lower(&mut out, text.bytes(), 0)?;
    Str::from_wtf8(&out)
}

/// Appends the lower case of the bytes from `from` on.
fn push_lower(out: &mut Buffer<u8>, bytes: &[u8], from: usize) -> Result<(), OutOfMemory> {
    let mut rest = points(&bytes[from..]);
    loop {
        let at = bytes.len() - rest.rest().len();
        let Some(point) = rest.next() else {
            return Ok(());
        };
        push_lower_point(out, bytes, at, point)?;
    }
}

fn push_lower_point(
    out: &mut Buffer<u8>,
    bytes: &[u8],
    at: usize,
    point: u32,
) -> Result<(), OutOfMemory> {
    if point == SIGMA {
        return push_point(
            out,
            if is_final_sigma(bytes, at) {
                0x3C2
            } else {
                0x3C3
            },
        );
    }
    unicode::lower(point).each(|p| push_point(out, p))
}

/// Whether the sigma at an offset ends a word: a letter comes before it and none after it.
fn is_final_sigma(bytes: &[u8], at: usize) -> bool {
    let mut before = points(&bytes[..at])
        .rev()
        .skip_while(|&p| unicode::is_case_ignorable(p));
    if !before.next().is_some_and(unicode::is_cased) {
        return false;
    }
    let mut after = points(&bytes[at + 2..]).skip_while(|&p| unicode::is_case_ignorable(p));
    !after.next().is_some_and(unicode::is_cased)
}

/// `text.swapcase()`
pub fn swapcase(text: &Str) -> Made {
    if text.is_ascii() {
        return text.map_ascii(|bytes| {
            for byte in bytes {
                *byte ^= (byte.is_ascii_alphabetic() as u8) << 5;
            }
        });
    }
    let bytes = text.bytes();
    let mut out = Buffer::with_room(bytes.len())?;
    let mut rest = text.points();
    loop {
        let at = bytes.len() - rest.rest().len();
        match rest.next() {
            None => return Str::from_wtf8(&out),
            Some(point) if unicode::is_upper(point) => {
                push_lower_point(&mut out, bytes, at, point)?
            }
            Some(point) if unicode::is_lower(point) => {
                unicode::upper(point).each(|p| push_point(&mut out, p))?
            }
            Some(point) => push_point(&mut out, point)?,
        }
    }
}

/// `text.capitalize()`
pub fn capitalize(text: &Str) -> Made {
    if text.is_ascii() {
        return text.map_ascii(|bytes| {
            bytes.make_ascii_lowercase();
            if let Some(first) = bytes.first_mut() {
                first.make_ascii_uppercase();
            }
        });
    }
    let mut rest = text.points();
    let Some(first) = rest.next() else {
        return Ok(Str::empty());
    };
    let mut out = Buffer::with_room(text.byte_len())?;
    unicode::title(first).each(|p| push_point(&mut out, p))?;
    push_lower(&mut out, text.bytes(), text.byte_len() - rest.rest().len())?;
    Str::from_wtf8(&out)
}

/// `text.title()`
pub fn title(text: &Str) -> Made {
    if text.is_ascii() {
        return text.map_ascii(|bytes| {
            let mut inside = false;
            for byte in bytes {
                match inside {
                    true => byte.make_ascii_lowercase(),
                    false => byte.make_ascii_uppercase(),
                }
                inside = byte.is_ascii_alphabetic();
            }
        });
    }
    let bytes = text.bytes();
    let mut out = Buffer::with_room(bytes.len())?;
    let (mut rest, mut inside) = (text.points(), false);
    loop {
        let at = bytes.len() - rest.rest().len();
        let Some(point) = rest.next() else {
            return Str::from_wtf8(&out);
        };
        match inside {
            true => push_lower_point(&mut out, bytes, at, point)?,
            false => unicode::title(point).each(|p| push_point(&mut out, p))?,
        }
        inside = unicode::is_cased(point);
    }
}

/// Whether there are code points, and all are of a class.
pub fn all(text: &Str, class: fn(u32) -> bool) -> bool {
    !text.is_empty() && text.points().all(class)
}

/// `text.isupper()` and `text.islower()`: some letter with case, and none of the other one.
pub fn has_case(text: &Str, upper: bool) -> bool {
    let (wanted, other): (fn(u32) -> bool, fn(u32) -> bool) = if upper {
        (unicode::is_upper, unicode::is_lower)
    } else {
        (unicode::is_lower, unicode::is_upper)
    };
    let mut found = false;
    for point in text.points() {
        if other(point) || unicode::is_title(point) {
            return false;
        }
        found |= wanted(point);
    }
    found
}

/// `text.istitle()`
pub fn is_title(text: &Str) -> bool {
    let (mut inside, mut found) = (false, false);
    for point in text.points() {
        if unicode::is_upper(point) || unicode::is_title(point) {
            if inside {
                return false;
            }
            (inside, found) = (true, true);
        } else if unicode::is_lower(point) {
            if !inside {
                return false;
            }
            found = true;
        } else {
            inside = false;
        }
    }
    found
}

/// `text.isidentifier()`
pub fn is_identifier(text: &Str) -> bool {
    let mut rest = text.points();
    rest.next().is_some_and(unicode::is_xid_start) && rest.all(unicode::is_xid_continue)
}

/// The text with `left` and `right` times the fill around it.
pub fn pad(text: &Str, fill: u32, left: usize, right: usize) -> Made {
    let mut out = Buffer::new();
    let mut room = [0; 4];
    let fill = super::str::encode_point(fill, &mut room);
    let padding = left
        .checked_add(right)
        .and_then(|n| n.checked_mul(fill.len()))
        .ok_or(OutOfMemory)?;
    out.reserve_exact(text.byte_len().checked_add(padding).ok_or(OutOfMemory)?)?;
    for _ in 0..left {
        out.extend_from_slice(fill)?;
    }
    out.extend_from_slice(text.bytes())?;
    for _ in 0..right {
        out.extend_from_slice(fill)?;
    }
    Str::from_wtf8(&out)
}

/// How much fill goes left and right to centre a text of that length.
pub fn centre(len: usize, width: usize) -> (usize, usize) {
    let missing = width.saturating_sub(len);
    // An odd blank goes left when the width is odd.
    let left = missing / 2 + (missing & width & 1);
    (left, missing - left)
}

/// `text.zfill(width)`
pub fn zfill(text: &Str, width: usize) -> Made {
    let missing = width.saturating_sub(text.len());
    let (sign, digits) = match text.bytes().first() {
        Some(b'+' | b'-') if missing > 0 => text.bytes().split_at(1),
        _ => (&[][..], text.bytes()),
    };
    let mut out = Buffer::with_room(text.byte_len().checked_add(missing).ok_or(OutOfMemory)?)?;
    out.extend_from_slice(sign)?;
    out.extend(std::iter::repeat_n(b'0', missing))?;
    out.extend_from_slice(digits)?;
    Str::from_wtf8(&out)
}

/// Splits by `separator`, or by spaces; parts are pushed in order, from the end if `from_end`.
pub fn split(
    text: &Str,
    separator: Option<&Str>,
    most: usize,
    from_end: bool,
    push: &mut dyn FnMut(Ref<Str>) -> Outcome<()>,
) -> Outcome<()> {
    let bytes = text.bytes();
    if separator.is_none() && !from_end && text.is_ascii() {
        return split_ascii_spaces(text, most, push);
    }
    let mut part = |range: std::ops::Range<usize>| push(text.byte_range(range.start, range.end)?);
    match (separator, from_end) {
        (Some(separator), false) => search::split(bytes, separator.bytes(), most, &mut part),
        (Some(separator), true) => search::rsplit(bytes, separator.bytes(), most, &mut part),
        (None, false) => search::split_spaces(bytes, most, width, space_at, &mut part),
        (None, true) => search::rsplit_spaces(bytes, most, space_at, search::last_point, &mut part),
    }
}

/// Splits an ASCII text at runs of spaces.
fn split_ascii_spaces(
    text: &Str,
    most: usize,
    push: &mut dyn FnMut(Ref<Str>) -> Outcome<()>,
) -> Outcome<()> {
    let bytes = text.bytes();
    let (mut at, mut left) = (0, most);
    loop {
        while at < bytes.len() && is_ascii_space(bytes[at]) {
            at += 1;
        }
        let start = at;
        if start == bytes.len() {
            return Ok(());
        }
        if left == 0 {
            return push(Str::from_ascii(&bytes[start..])?);
        }
        while at < bytes.len() && !is_ascii_space(bytes[at]) {
            at += 1;
        }
        push(Str::from_ascii(&bytes[start..at])?)?;
        left -= 1;
    }
}

/// `text.splitlines(keep_ends)`
pub fn split_lines(
    text: &Str,
    keep_ends: bool,
    push: &mut dyn FnMut(Ref<Str>) -> Outcome<()>,
) -> Outcome<()> {
    let mut part = |range: std::ops::Range<usize>| push(text.byte_range(range.start, range.end)?);
    search::split_lines(text.bytes(), keep_ends, width, line_break_at, &mut part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::testing::with_heap;

    fn show(text: Made) -> String {
        text.unwrap().to_text().into_owned()
    }

    fn parts(text: &str, separator: Option<&str>, most: usize, from_end: bool) -> Vec<String> {
        let mut out = Vec::new();
        let separator = separator.map(Str::new);
        split(
            &Str::new(text),
            separator.as_deref(),
            most,
            from_end,
            &mut |part| {
                out.push(part.to_text().into_owned());
                Ok(())
            },
        )
        .unwrap();
        out
    }

    #[test]
    fn case() {
        with_heap(|| {
            let s = Str::new;
            assert_eq!(show(lower(&s("ΑΣ ΑΣΑ Σ İ"))), "ας ασα σ i\u{307}");
            assert_eq!(show(upper(&s("straße ŉ"))), "STRASSE ʼN");
            assert_eq!(
                show(title(&s("hello wORLD ß they're ǆ"))),
                "Hello World Ss They'Re ǅ"
            );
            assert_eq!(show(capitalize(&s("ßHELLO ΟΔΟΣ"))), "Sshello οδος");
            assert_eq!(show(swapcase(&s("aBß ǅ"))), "AbSS ǅ");
            assert_eq!(show(casefold(&s("Straße"))), "strasse");
            assert!(
                is_title(&s("Hello World"))
                    && !is_title(&s("Hello world"))
                    && !is_title(&s("HEllo"))
            );
            assert!(
                has_case(&s("ABC1"), true)
                    && !has_case(&s("123"), true)
                    && has_case(&s("a b"), false)
            );
            assert!(
                is_identifier(&s("été_1")) && !is_identifier(&s("1a")) && !is_identifier(&s(""))
            );
        });
    }

    #[test]
    fn searching() {
        with_heap(|| {
            let text = Str::new("añb€ñb");
            let n = Str::new("ñ");
            assert_eq!(find(&text, &n, None, None, false), Some(1));
            assert_eq!(find(&text, &n, Some(2), None, false), Some(4));
            assert_eq!(find(&text, &n, None, Some(-2), true), Some(1));
            assert_eq!(find(&text, &Str::empty(), Some(6), None, false), Some(6));
            assert_eq!(find(&text, &Str::empty(), Some(7), None, false), None);
            assert_eq!(
                (
                    count(&text, &n, None, None),
                    count(&text, &Str::empty(), None, None)
                ),
                (2, 7)
            );
            assert!(has_affix(&text, &Str::new("b€"), Some(2), None, false));
            let replaced = |old: &str, new: &str, most| {
                replace(&text, &Str::new(old), &Str::new(new), most).unwrap()
            };
            assert!(replaced("ñ", "nn", 9).unwrap().is_text("annb€nnb"));
            assert!(replaced("", "-", 3).unwrap().is_text("-a-ñ-b€ñb"));
            assert!(replaced("x", "y", 9).is_none());
        });
    }

    #[test]
    fn splitting_and_stripping() {
        with_heap(|| {
            let most = usize::MAX;
            assert_eq!(
                parts("  a  b\u{3000}c ", None, most, false),
                ["a", "b", "c"]
            );
            assert_eq!(parts("  a  b c ", None, 1, false), ["a", "b c "]);
            assert_eq!(parts("  a  b c ", None, 1, true), ["c", "  a  b"]);
            assert_eq!(parts("a,b,,c", Some(","), 2, false), ["a", "b", ",c"]);
            assert_eq!(parts("a,b,,c", Some(","), 2, true), ["c", "", "a,b"]);
            assert_eq!(parts("", Some(","), most, false), [""]);
            assert!(parts("  ", None, most, false).is_empty());
            let stripped = |text: &str, chars: Option<&str>| {
                let (text, chars) = (Str::new(text), chars.map(Str::new));
                let range = strip(&text, chars.as_deref(), true, true);
                show(text.byte_range(range.start, range.end))
            };
            assert_eq!(stripped("\u{2003} é \n", None), "é");
            assert_eq!(stripped("€xé€", Some("€é")), "x");
            assert_eq!(stripped("   ", None), "");
            let mut lines = Vec::new();
            split_lines(&Str::new("a\r\nb\u{2028}c\n\n"), true, &mut |l| {
                lines.push(l.to_text().into_owned());
                Ok(())
            })
            .unwrap();
            assert_eq!(lines, ["a\r\n", "b\u{2028}", "c\n", "\n"]);
            assert_eq!(show(zfill(&Str::new("-5"), 4)), "-005");
            assert_eq!(
                (centre(1, 4), centre(2, 5), centre(5, 2)),
                ((1, 2), (2, 1), (0, 0))
            );
        });
    }
}
