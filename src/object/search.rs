//! Searching, splitting and replacing in bytes. Strings use it too: a match of
//! well-formed WTF-8 begins and ends where code points do.

use std::ops::Range;

use super::error::Outcome;
use crate::heap::{Buffer, OutOfMemory, work};

/// So many finds and one are counted together, as so many units of work.
const COUNTED_TOGETHER: usize = 0xFFF;
const UNITS: usize = 800;

/// Takes one part of what was split.
pub type Push<'a> = &'a mut dyn FnMut(Range<usize>) -> Outcome<()>;

/// Where `needle` is first.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(0),
        [byte] => memchr::memchr(*byte, hay),
        _ if hay.len() <= SHORT => find_in_short(hay, needle),
        _ => memchr::memmem::find(hay, needle),
    }
}

/// Up to so many bytes are looked through without preparing for the search.
const SHORT: usize = 64;

fn find_in_short(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let last = hay.len().checked_sub(needle.len())?;
    let mut at = 0;
    while at <= last {
        at += memchr::memchr(needle[0], &hay[at..=last])?;
        if hay[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Where `needle` is last.
pub fn rfind(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(hay.len()),
        [byte] => memchr::memrchr(*byte, hay),
        _ => memchr::memmem::rfind(hay, needle),
    }
}

/// How often `needle`, which is not empty, occurs without overlap.
pub fn count(hay: &[u8], needle: &[u8]) -> usize {
    match needle {
        [byte] => memchr::memchr_iter(*byte, hay).count(),
        _ => memchr::memmem::find_iter(hay, needle).count(),
    }
}

/// Replaces the first `most` occurrences of `old`, which is not empty; None if there is none.
pub fn replace(
    hay: &[u8],
    old: &[u8],
    new: &[u8],
    most: usize,
) -> Result<Option<Buffer<u8>>, OutOfMemory> {
    if let ([from], [to]) = (old, new) {
        return replace_bytes(hay, *from, *to, most);
    }
    let times = if new.len() <= old.len() {
        0
    } else {
        count(hay, old).min(most)
    };
    let grown = times
        .checked_mul(new.len().saturating_sub(old.len()))
        .ok_or(OutOfMemory)?;
    let mut out = Buffer::new();
    let (mut done, mut replaced) = (0, 0);
    while replaced < most
        && let Some(at) = find(&hay[done..], old)
    {
        if replaced == 0 {
            out.reserve_exact(hay.len().checked_add(grown).ok_or(OutOfMemory)?)?;
        }
        out.extend_from_slice(&hay[done..done + at])?;
        out.extend_from_slice(new)?;
        done += at + old.len();
        replaced += 1;
        if replaced & COUNTED_TOGETHER == 0 {
            work(UNITS)?;
        }
    }
    if replaced == 0 {
        return Ok(None);
    }
    out.extend_from_slice(&hay[done..])?;
    Ok(Some(out))
}

/// The same for single bytes.
fn replace_bytes(
    hay: &[u8],
    from: u8,
    to: u8,
    most: usize,
) -> Result<Option<Buffer<u8>>, OutOfMemory> {
    let first = match memchr::memchr(from, hay) {
        Some(first) if most > 0 => first,
        _ => return Ok(None),
    };
    let mut out = Buffer::copy_of(hay)?;
    let found = out[first..].iter_mut().filter(|byte| **byte == from);
    found.take(most).for_each(|byte| *byte = to);
    Ok(Some(out))
}

/// Puts `new` before each unit and at the end, `most` times at most; `width` gives the
/// length of the unit that a byte starts.
pub fn interleave(
    hay: &[u8],
    new: &[u8],
    most: usize,
    width: fn(u8) -> usize,
) -> Result<Buffer<u8>, OutOfMemory> {
    let mut out = Buffer::with_room(hay.len())?;
    let (mut at, mut done) = (0, 0);
    while at < hay.len() && done < most {
        out.extend_from_slice(new)?;
        let next = (at + width(hay[at])).min(hay.len());
        out.extend_from_slice(&hay[at..next])?;
        at = next;
        done += 1;
        if done & COUNTED_TOGETHER == 0 {
            work(UNITS)?;
        }
    }
    if done < most {
        out.extend_from_slice(new)?;
    }
    out.extend_from_slice(&hay[at..])?;
    Ok(out)
}

/// Splits at the first `most` separators; the separator is not empty.
pub fn split(hay: &[u8], separator: &[u8], most: usize, push: Push<'_>) -> Outcome<()> {
    let (mut start, mut left) = (0, most);
    if let [byte] = separator {
        for at in memchr::memchr_iter(*byte, hay).take(most) {
            push(start..at)?;
            start = at + 1;
        }
        return push(start..hay.len());
    }
    while left > 0
        && let Some(at) = find(&hay[start..], separator)
    {
        push(start..start + at)?;
        start += at + separator.len();
        left -= 1;
    }
    push(start..hay.len())
}

/// Splits at the last `most` separators; the parts come from the last to the first.
pub fn rsplit(hay: &[u8], separator: &[u8], most: usize, push: Push<'_>) -> Outcome<()> {
    let (mut end, mut left) = (hay.len(), most);
    while left > 0
        && let Some(at) = rfind(&hay[..end], separator)
    {
        push(at + separator.len()..end)?;
        end = at;
        left -= 1;
    }
    push(0..end)
}

/// What of the start of bytes is a space: its length in bytes, or 0.
pub type SpaceAt = fn(&[u8]) -> usize;

/// The length of an ASCII space of `bytes` at the start.
pub fn byte_space(rest: &[u8]) -> usize {
    rest.first().is_some_and(|b| matches!(b, b' ' | 9..=13)) as usize
}

/// The length of the space that ends the bytes, by the same rule; `back` finds where the last unit starts.
fn space_before(hay: &[u8], back: fn(&[u8]) -> usize, space: SpaceAt) -> usize {
    match hay.is_empty() {
        true => 0,
        false => space(&hay[back(hay)..]),
    }
}

/// Where the last byte starts.
pub fn last_byte(hay: &[u8]) -> usize {
    hay.len() - 1
}

/// Where the last code point starts.
pub fn last_point(hay: &[u8]) -> usize {
    hay.iter().rposition(|&b| (b as i8) >= -0x40).unwrap_or(0)
}

/// The part without spaces at the start.
pub fn strip_start(hay: &[u8], space: SpaceAt) -> usize {
    let mut at = 0;
    loop {
        match space(&hay[at..]) {
            0 => return at,
            width => at += width,
        }
    }
}

/// Where the part without spaces at the end ends.
pub fn strip_end(hay: &[u8], back: fn(&[u8]) -> usize, space: SpaceAt) -> usize {
    let mut end = hay.len();
    loop {
        match space_before(&hay[..end], back, space) {
            0 => return end,
            width => end -= width,
        }
    }
}

/// Splits at runs of spaces, `most` times at most.
pub fn split_spaces(
    hay: &[u8],
    most: usize,
    width: fn(u8) -> usize,
    space: SpaceAt,
    push: Push<'_>,
) -> Outcome<()> {
    let (mut at, mut left) = (strip_start(hay, space), most);
    while at < hay.len() {
        if left == 0 {
            return push(at..hay.len());
        }
        let start = at;
        while at < hay.len() && space(&hay[at..]) == 0 {
            at += width(hay[at]);
        }
        push(start..at.min(hay.len()))?;
        at = at.min(hay.len());
        at += match cfg!(hoop_mutant = "17") && left == 1 {
            true => 0,
            false => strip_start(&hay[at..], space),
        };
        left -= 1;
    }
    Ok(())
}

/// Splits at runs of spaces from the end; the parts come from the last to the first.
pub fn rsplit_spaces(
    hay: &[u8],
    most: usize,
    space: SpaceAt,
    back: fn(&[u8]) -> usize,
    push: Push<'_>,
) -> Outcome<()> {
    let (mut end, mut left) = (strip_end(hay, back, space), most);
    while end > 0 {
        if left == 0 {
            return push(0..end);
        }
        let mut start = end;
        while start > 0 && space_before(&hay[..start], back, space) == 0 {
            start = back(&hay[..start]);
        }
        push(start..end)?;
        end = strip_end(&hay[..start], back, space);
        left -= 1;
    }
    Ok(())
}

/// Splits into lines; `line_break` gives the length of a line break at the start of bytes, or 0.
pub fn split_lines(
    hay: &[u8],
    keep_ends: bool,
    width: fn(u8) -> usize,
    line_break: SpaceAt,
    push: Push<'_>,
) -> Outcome<()> {
    let (mut start, mut at) = (0, 0);
    while at < hay.len() {
        let end = line_break(&hay[at..]);
        if end == 0 {
            at += width(hay[at]);
            continue;
        }
        push(start..if keep_ends { at + end } else { at })?;
        at += end;
        start = at;
    }
    if start < hay.len() {
        push(start..hay.len())
    } else {
        Ok(())
    }
}

/// The length of a line break of bytes.
pub fn byte_line_break(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The bounds of the part that `start` and `end` name, as methods like `find` take them; None if it starts behind its end.
pub fn bounds(len: usize, start: Option<i64>, end: Option<i64>) -> Option<Range<usize>> {
    let len = len as i64;
    let place = |bound: i64| {
        if bound < 0 {
            bound.saturating_add(len).max(0)
        } else {
            bound
        }
    };
    let start = place(start.unwrap_or(0));
    let end = place(end.unwrap_or(i64::MAX)).min(len);
    (start <= end).then_some(start as usize..end as usize)
}

/// Expands tabs to the next multiple of `size`; `width` as in `split_lines`, columns are units.
pub fn expand_tabs(
    hay: &[u8],
    size: i64,
    width: fn(u8) -> usize,
) -> Result<Buffer<u8>, OutOfMemory> {
    let mut out = Buffer::with_room(hay.len())?;
    let (mut at, mut column) = (0, 0i64);
    while at < hay.len() {
        let byte = hay[at];
        let next = (at + width(byte)).min(hay.len());
        match byte {
            b'\t' if size > 0 => {
                let blanks = size - column % size;
                out.extend(std::iter::repeat_n(b' ', blanks as usize))?;
                column += blanks;
            }
            b'\t' => {}
            _ => {
                out.extend_from_slice(&hay[at..next])?;
                column = if matches!(byte, b'\n' | b'\r') {
                    0
                } else {
                    column + 1
                };
            }
        }
        at = next;
    }
    Ok(out)
}
