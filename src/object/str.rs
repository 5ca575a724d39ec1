//! `str`: code points as WTF-8 behind the header.
//!
//! A string knows its length in code points, so it is ASCII when that is its
//! length in bytes; then an index is an offset. Other strings get a table with
//! the offset of every 64th code point when they are first indexed.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ptr;

use siphasher::sip::SipHasher13;

pub use super::interner::Interner;
use super::kind;
use super::shared::{self, shared};
use crate::heap::{self, Buffer, Header, Kind, Object, OutOfMemory, Ref, Value, Visitor};
use surrogates::{SURROGATE_MARK, escape_surrogates};
pub use surrogates::{with_surrogates, without_surrogates};

mod at_a_glance;
mod surrogates;

/// A string of the language.
#[repr(C)]
pub struct Str {
    head: Header,
    /// -1 while unknown.
    hash: Cell<i64>,
    bytes: Cell<u32>,
    points: Cell<u32>,
    /// Address of the offsets (a `Box<Offsets>`) or 0, and flags in the low bits.
    tail: Cell<usize>,
}

/// Byte offset of every 64th code point, as far as it was asked for.
type Offsets = Buffer<u32>;

const SURROGATES: usize = 1;
const INTERNED: usize = 2;
const FLAGS: usize = 3;
const STRIDE: usize = 64;

/// No string has more bytes.
pub const MOST_BYTES: usize = u32::MAX as usize;

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Str {
    const KIND: Kind = kind::STR;
    const CYCLIC: bool = false;
    const HOLDS_NOTHING: bool = true;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Drop for Str {
    fn drop(&mut self) {
        self.forget_offsets();
    }
}

impl Str {
    /// A new string.
    ///
    /// For text that Rust code made; text of a size that a script decides goes through `try_new`.
    pub fn new(text: &str) -> Ref<Str> {
        if text.len() <= 1 {
            return short(text.as_bytes());
        }
        assert!(text.len() <= MOST_BYTES);
        let points = count_points(text.as_bytes());
        if points != text.len() && text.contains(SURROGATE_MARK) {
            return Str::from_wtf8(&with_surrogates(text)).unwrap_or_else(|_| Str::empty());
        }
        let string = Str::shell(text.len(), points, false);
        // SAFETY: the room behind the string is text.len() bytes.
        unsafe { fill(heap::alloc_trailing(string, text.len()), text.as_bytes()) }
    }

    /// A new string, unless there is no memory for it.
    pub fn try_new(text: &str) -> Result<Ref<Str>, OutOfMemory> {
        if text.contains(SURROGATE_MARK) {
            return Str::from_wtf8(&with_surrogates(text));
        }
        Str::from_parts(text.as_bytes(), count_points(text.as_bytes()), false)
    }

    /// A new string of WTF-8 bytes, which must be well-formed.
    pub fn from_wtf8(bytes: &[u8]) -> Result<Ref<Str>, OutOfMemory> {
        Str::from_parts(bytes, count_points(bytes), has_surrogates(bytes))
    }

    /// A new string of ASCII bytes.
    pub fn from_ascii(bytes: &[u8]) -> Result<Ref<Str>, OutOfMemory> {
        debug_assert!(bytes.is_ascii());
        Str::from_parts(bytes, bytes.len(), false)
    }

    fn from_parts(bytes: &[u8], points: usize, surrogates: bool) -> Result<Ref<Str>, OutOfMemory> {
        if bytes.len() <= 1 {
            return Ok(short(bytes));
        }
        if bytes.len() > MOST_BYTES {
            return Err(OutOfMemory);
        }
        let string = Str::shell(bytes.len(), points, surrogates);
        // SAFETY: the room behind the string is bytes.len() bytes.
        Ok(unsafe { fill(heap::try_alloc_trailing(string, bytes.len())?, bytes) })
    }

    /// A copy of a string as an instance of a subclass.
    pub fn with_shape(shape: u32, text: &Str) -> Result<Ref<Str>, OutOfMemory> {
        heap::current().check_room(text.byte_len())?;
        let string = Str::shell(text.byte_len(), text.len(), text.has_surrogates());
        string.hash.set(text.hash.get());
        // SAFETY: the room behind the string is as large as the text.
        Ok(unsafe {
            fill(
                heap::alloc_shaped(string, text.byte_len(), shape),
                text.bytes(),
            )
        })
    }

    fn shell(bytes: usize, points: usize, surrogates: bool) -> Str {
        Str {
            head: Header::new(),
            hash: Cell::new(-1),
            bytes: Cell::new(bytes as u32),
            points: Cell::new(points as u32),
            tail: Cell::new(if surrogates { SURROGATES } else { 0 }),
        }
    }

    /// The empty string.
    pub fn empty() -> Ref<Str> {
        short(b"")
    }

    /// The string of one code point.
    pub fn from_point(point: u32) -> Ref<Str> {
        if point < 256 {
            return character(point as u8);
        }
        let mut room = [0; 4];
        let bytes = encode_point(point, &mut room);
        let string = Str::shell(bytes.len(), 1, is_surrogate(point));
        // SAFETY: the room behind the string is bytes.len() bytes.
        unsafe { fill(heap::alloc_trailing(string, bytes.len()), bytes) }
    }

    /// The two strings one after the other.
    pub fn concat(left: &Str, right: &Str) -> Result<Ref<Str>, OutOfMemory> {
        let bytes = left.byte_len() + right.byte_len();
        if bytes <= 1 {
            return Ok(short(if left.is_empty() {
                right.bytes()
            } else {
                left.bytes()
            }));
        }
        if bytes > MOST_BYTES {
            return Err(OutOfMemory);
        }
        let string = Str::shell(
            bytes,
            left.len() + right.len(),
            left.has_surrogates() || right.has_surrogates(),
        );
        let new = heap::try_alloc_trailing(string, bytes)?;
        // SAFETY: the room behind the string is as large as both parts.
        unsafe {
            let room = data(new.as_ptr());
            ptr::copy_nonoverlapping(data(left), room, left.byte_len());
            ptr::copy_nonoverlapping(data(right), room.add(left.byte_len()), right.byte_len());
        }
        Ok(new)
    }

    /// The strings one after the other, with `between` between them.
    pub fn joined<'a>(
        parts: impl Iterator<Item = &'a Str> + Clone,
        between: &'a Str,
    ) -> Result<Ref<Str>, OutOfMemory> {
        let (mut bytes, mut points, mut surrogates, mut count) = (0usize, 0usize, false, 0usize);
        for part in parts.clone() {
            bytes = bytes.saturating_add(part.byte_len());
            points += part.len();
            surrogates |= part.has_surrogates();
            count += 1;
        }
        let gaps = count.saturating_sub(1);
        bytes = bytes.saturating_add(between.byte_len().saturating_mul(gaps));
        points = points.saturating_add(between.len().saturating_mul(gaps));
        surrogates |= gaps > 0 && between.has_surrogates();
        if bytes > MOST_BYTES {
            return Err(OutOfMemory);
        }
        if bytes <= 1 {
            let mut only = parts
                .chain(std::iter::repeat_n(between, gaps))
                .filter(|p| !p.is_empty());
            return Ok(short(only.next().map_or(b"", |p| p.bytes())));
        }
        let new = heap::try_alloc_trailing(Str::shell(bytes, points, surrogates), bytes)?;
        // SAFETY: the room behind the string is as large as all parts and gaps.
        unsafe {
            let mut room = data(new.as_ptr());
            let mut put = |part: &Str| {
                ptr::copy_nonoverlapping(data(part), room, part.byte_len());
                room = room.add(part.byte_len());
            };
            for (i, part) in parts.enumerate() {
                if i > 0 && !between.is_empty() {
                    put(between);
                }
                put(part);
            }
        }
        Ok(new)
    }

    /// Appends to the string in `value`: in place if nobody else holds it and there is room,
    /// else to a larger copy which then takes its place. `value` must hold a string.
    pub fn append_in_place(value: &mut Value, other: &Str) -> Result<(), OutOfMemory> {
        let Some(left) = value.get::<Str>() else {
            return Ok(());
        };
        let (len, more) = (left.byte_len(), other.byte_len());
        if value.reference_count() == 1
            && value.is_exact::<Str>()
            && left.tail.get() & INTERNED == 0
        {
            let room = heap::object_capacity(value) - size_of::<Str>();
            if room - len >= more && len + more <= MOST_BYTES {
                // SAFETY: the room is there, and nobody else sees the string (so `other` is another one).
                unsafe { ptr::copy_nonoverlapping(data(other), data(left).add(len), more) };
                left.extend_by(other);
                return Ok(());
            }
            if more > 0 {
                *value = grown(left, other)?.into_value();
            }
            return Ok(());
        }
        *value = Str::concat(left, other)?.into_value();
        Ok(())
    }

    fn extend_by(&self, other: &Str) {
        self.bytes.set(self.bytes.get() + other.bytes.get());
        self.points.set(self.points.get() + other.points.get());
        self.tail
            .set(self.tail.get() | other.tail.get() & SURROGATES);
        self.hash.set(-1);
    }

    /// The WTF-8 bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes behind the string are written.
        unsafe { std::slice::from_raw_parts(data(self), self.bytes.get() as usize) }
    }

    /// The text, unless it has surrogates.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        // SAFETY: WTF-8 without surrogates is UTF-8.
        if self.has_surrogates() {
            None
        } else {
            Some(unsafe { std::str::from_utf8_unchecked(self.bytes()) })
        }
    }

    /// The text for messages and the like. Rust's has no surrogates: each is written as three characters,
    /// which `Str::new` makes one of again.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        match self.as_str() {
            Some(text) => text.into(),
            None => escape_surrogates(self.bytes()).into(),
        }
    }

    /// Length in code points.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.points.get() as usize
    }

    /// Length in bytes.
    #[inline(always)]
    pub fn byte_len(&self) -> usize {
        self.bytes.get() as usize
    }

    /// Whether there is nothing in it.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.bytes.get() == 0
    }

    /// Whether all code points are below U+0080.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.bytes.get() == self.points.get()
    }

    /// Whether some code point is a surrogate.
    #[inline(always)]
    pub fn has_surrogates(&self) -> bool {
        self.tail.get() & SURROGATES != 0
    }

    /// Whether this is the one string with its text in the interner.
    #[inline(always)]
    pub fn is_interned(&self) -> bool {
        self.tail.get() & INTERNED != 0
    }

    pub(super) fn set_interned(&self) {
        self.tail.set(self.tail.get() | INTERNED);
    }

    /// The code points.
    pub fn points(&self) -> Points<'_> {
        points(self.bytes())
    }

    /// The code point at an index.
    pub fn char_at(&self, index: usize) -> Option<u32> {
        if index >= self.len() {
            return None;
        }
        if self.is_ascii() {
            return Some(self.bytes()[index] as u32);
        }
        points(&self.bytes()[self.offset_of(index)..]).next()
    }

    /// The string of the code point at an index.
    #[inline]
    pub fn char_value(&self, index: usize) -> Option<Value> {
        if self.is_ascii() {
            // The common case: it was made before.
            let byte = *self.bytes().get(index)?;
            let known = &heap::current().shared[shared::CHARACTERS + byte as usize];
            if !known.is_undef() {
                return Some(known.clone());
            }
        }
        self.char_at(index)
            .map(|point| Str::from_point(point).into_value())
    }

    /// Where in the bytes the code point of that index starts; the end for the length.
    pub fn offset_of(&self, index: usize) -> usize {
        if self.is_ascii() || index == 0 {
            return index;
        }
        if index >= self.len() {
            return self.byte_len();
        }
        let start = if index < STRIDE {
            0
        } else {
            self.table_offset(index / STRIDE)
        };
        skip_points(self.bytes(), start, index % STRIDE)
    }

    /// The index of the code point that starts at that byte.
    pub fn index_of(&self, offset: usize) -> usize {
        if self.is_ascii() {
            return offset;
        }
        count_points(&self.bytes()[..offset])
    }

    /// The offset of code point `nth * STRIDE`. Without memory for the table it is counted anew each time.
    fn table_offset(&self, nth: usize) -> usize {
        let mut offsets = self.take_offsets().unwrap_or_default();
        if offsets.is_empty() && offsets.push(0).is_err() {
            return skip_points(self.bytes(), 0, nth * STRIDE);
        }
        let mut offset = offsets[offsets.len().min(nth + 1) - 1] as usize;
        for _ in offsets.len()..=nth {
            offset = skip_points(self.bytes(), offset, STRIDE);
            if offsets.push(offset as u32).is_err() {
                return skip_points(self.bytes(), 0, nth * STRIDE);
            }
        }
        let address = Box::into_raw(Box::new(offsets)) as usize;
        self.tail.set(self.tail.get() & FLAGS | address);
        offset
    }

    fn take_offsets(&self) -> Option<Offsets> {
        let address = self.tail.get() & !FLAGS;
        self.tail.set(self.tail.get() & FLAGS);
        // SAFETY: the address came from a Box, and is forgotten.
        if address == 0 {
            None
        } else {
            Some(*unsafe { Box::from_raw(address as *mut Offsets) })
        }
    }

    fn forget_offsets(&self) {
        drop(self.take_offsets());
    }

    /// The code points from `start` to before `stop`.
    pub fn substring(&self, start: usize, stop: usize) -> Result<Ref<Str>, OutOfMemory> {
        let (start, stop) = (start.min(self.len()), stop.min(self.len()));
        if start >= stop {
            return Ok(Str::empty());
        }
        if self.is_ascii() {
            return Str::from_parts(&self.bytes()[start..stop], stop - start, false);
        }
        let bytes = &self.bytes()[self.offset_of(start)..self.offset_of(stop)];
        Str::from_parts(
            bytes,
            stop - start,
            self.has_surrogates() && has_surrogates(bytes),
        )
    }

    /// The part between two byte offsets at code point boundaries.
    pub fn byte_range(&self, start: usize, stop: usize) -> Result<Ref<Str>, OutOfMemory> {
        let bytes = &self.bytes()[start..stop];
        let points = if self.is_ascii() {
            bytes.len()
        } else {
            count_points(bytes)
        };
        Str::from_parts(
            bytes,
            points,
            self.has_surrogates() && has_surrogates(bytes),
        )
    }

    /// A copy of an ASCII string whose bytes `change` makes other ASCII bytes.
    pub(super) fn map_ascii(&self, change: impl Fn(&mut [u8])) -> Result<Ref<Str>, OutOfMemory> {
        let len = self.byte_len();
        if len <= 1 {
            let mut only = [0];
            only[..len].copy_from_slice(self.bytes());
            change(&mut only[..len]);
            return Ok(short(&only[..len]));
        }
        let new = heap::try_alloc_trailing(Str::shell(len, len, false), len)?;
        // SAFETY: the room behind the string is `len` bytes, which are written before they are read.
        unsafe {
            ptr::copy_nonoverlapping(data(self), data(new.as_ptr()), len);
            change(std::slice::from_raw_parts_mut(data(new.as_ptr()), len));
        }
        Ok(new)
    }

    /// `count` code points from `start` on, `step` apart. The indices are in range.
    pub fn stepped(
        &self,
        start: usize,
        step: isize,
        count: usize,
    ) -> Result<Ref<Str>, OutOfMemory> {
        if step == 1 {
            return self.substring(start, start + count);
        }
        let mut out = Buffer::with_room(count)?;
        let at = |i: usize| start.wrapping_add_signed(step.wrapping_mul(i as isize));
        if self.is_ascii() {
            let bytes = self.bytes();
            out.extend((0..count).map(|i| bytes[at(i)]))?;
            return Str::from_ascii(&out);
        }
        for i in 0..count {
            push_point(&mut out, self.char_at(at(i)).unwrap_or(0))?;
        }
        Str::from_wtf8(&out)
    }

    /// The string `count` times.
    pub fn repeat(&self, count: usize) -> Result<Ref<Str>, OutOfMemory> {
        let bytes = self.byte_len().checked_mul(count).ok_or(OutOfMemory)?;
        if bytes > MOST_BYTES {
            return Err(OutOfMemory);
        }
        if bytes <= 1 {
            return Ok(short(if count == 0 { b"" } else { self.bytes() }));
        }
        let string = Str::shell(bytes, self.len() * count, self.has_surrogates());
        let new = heap::try_alloc_trailing(string, bytes)?;
        // SAFETY: the room behind the string is `bytes` bytes.
        unsafe { super::bytes::repeat_into(self.bytes(), data(new.as_ptr()), bytes) };
        Ok(new)
    }

    /// The hash, CPython's for the same seed.
    #[inline]
    pub fn hash(&self) -> i64 {
        let known = self.hash.get();
        if known != -1 {
            return known;
        }
        let hash = hash_text(self.bytes());
        self.hash.set(hash);
        hash
    }

    /// Remembers the hash, for those who know it already.
    #[inline]
    pub(super) fn set_hash(&self, hash: i64) {
        debug_assert_eq!(hash, self.hash());
        self.hash.set(hash);
    }

    /// Whether both have the same text.
    #[inline]
    pub fn eq(&self, other: &Str) -> bool {
        if ptr::eq(self, other) {
            return true;
        }
        if self.bytes.get() != other.bytes.get()
            || self.tail.get() & other.tail.get() & INTERNED != 0
        {
            return false;
        }
        self.bytes() == other.bytes()
    }

    /// Whether the text is this.
    #[inline]
    pub fn is_text(&self, text: &str) -> bool {
        self.bytes() == text.as_bytes()
    }

    /// Order by code points.
    pub fn cmp(&self, other: &Str) -> Ordering {
        // The order of WTF-8 bytes is that of the code points.
        self.bytes().cmp(other.bytes())
    }
}

impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.to_text())
    }
}

/// The bytes behind a string.
#[inline(always)]
fn data(string: *const Str) -> *mut u8 {
    string.cast_mut().wrapping_add(1).cast()
}

/// # Safety
/// There is room for the bytes behind the string.
unsafe fn fill(string: Ref<Str>, bytes: &[u8]) -> Ref<Str> {
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), data(string.as_ptr()), bytes.len()) };
    string
}

/// A copy of both with room to grow.
#[cold]
fn grown(left: &Str, right: &Str) -> Result<Ref<Str>, OutOfMemory> {
    let bytes = left.byte_len() + right.byte_len();
    if bytes > MOST_BYTES {
        return Err(OutOfMemory);
    }
    let room = (bytes + bytes / 2 + 24).min(MOST_BYTES);
    let string = Str::shell(
        bytes,
        left.len() + right.len(),
        left.has_surrogates() || right.has_surrogates(),
    );
    let new = heap::try_alloc_trailing(string, room)?;
    // SAFETY: room >= bytes.
    unsafe {
        let to = data(new.as_ptr());
        ptr::copy_nonoverlapping(data(left), to, left.byte_len());
        ptr::copy_nonoverlapping(data(right), to.add(left.byte_len()), right.byte_len());
    }
    Ok(new)
}

/// The shared string of no or one byte.
fn short(bytes: &[u8]) -> Ref<Str> {
    match bytes.first() {
        Some(&byte) => character(byte),
        None => one_of(shared::EMPTY_STR, b"", 0),
    }
}

/// The shared string of a code point below U+0100.
fn character(point: u8) -> Ref<Str> {
    one_of(
        shared::CHARACTERS + point as usize,
        encode_point(point as u32, &mut [0; 4]),
        1,
    )
}

fn one_of(number: usize, bytes: &[u8], points: usize) -> Ref<Str> {
    let value = shared(number, || {
        let string = Str::shell(bytes.len(), points, false);
        // SAFETY: the room behind the string is bytes.len() bytes.
        unsafe { fill(heap::alloc_trailing(string, bytes.len()), bytes) }.into_value()
    });
    // The shared objects of these numbers are strings.
    Ref::from_value(value).unwrap_or_else(|_| unreachable!("shared strings are strings"))
}

/// SipHash-1-3 with the engine's seed, as CPython reports it.
pub fn hash_bytes(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    let (k0, k1) = heap::current().hash_seed;
    match SipHasher13::new_with_keys(k0, k1).hash(bytes) as i64 {
        -1 => -2,
        hash => hash,
    }
}

/// The hash of WTF-8 text. As in CPython it is that of the code points in units of one, two or
/// four bytes, whichever the largest of them needs.
pub fn hash_text(bytes: &[u8]) -> i64 {
    if bytes.is_ascii() {
        return hash_bytes(bytes);
    }
    let mut units = Vec::with_capacity(bytes.len() * 2);
    match points(bytes).max().unwrap_or(0) {
        0..0x100 => units.extend(points(bytes).map(|p| p as u8)),
        0x100..0x1_0000 => points(bytes).for_each(|p| units.extend((p as u16).to_le_bytes())),
        _ => points(bytes).for_each(|p| units.extend(p.to_le_bytes())),
    }
    hash_bytes(&units)
}

/// Whether a text of Rust's stands for a string with surrogates, which no such text can have.
pub(super) fn is_marked(text: &str) -> bool {
    !text.is_ascii() && text.contains(SURROGATE_MARK)
}

/// How many code points WTF-8 bytes encode.
pub fn count_points(bytes: &[u8]) -> usize {
    // Continuation bytes are 0x80..=0xBF: the others each start a code point.
    bytes.iter().filter(|&&b| (b as i8) >= -0x40).count()
}

/// Whether WTF-8 bytes encode a surrogate.
pub fn has_surrogates(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0xED, bytes).any(|i| bytes.get(i + 1).is_some_and(|&b| b >= 0xA0))
}

/// Whether a code point is a surrogate.
pub const fn is_surrogate(point: u32) -> bool {
    point >= 0xD800 && point < 0xE000
}

/// Where the code point `count` after the one at `offset` starts.
fn skip_points(bytes: &[u8], mut offset: usize, count: usize) -> usize {
    for _ in 0..count {
        let Some(&first) = bytes.get(offset) else {
            break;
        };
        offset += width(first);
    }
    offset.min(bytes.len())
}

/// How many bytes the code point has that starts with this byte.
#[inline(always)]
pub const fn width(first: u8) -> usize {
    match first {
        0..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

/// A code point as WTF-8, in `room`.
pub fn encode_point(point: u32, room: &mut [u8; 4]) -> &[u8] {
    let low = |shift: u32| 0x80 | (point >> shift & 0x3F) as u8;
    let len = match point {
        0..0x80 => {
            room[0] = point as u8;
            1
        }
        0x80..0x800 => {
            (room[0], room[1]) = (0xC0 | (point >> 6) as u8, low(0));
            2
        }
        0x800..0x1_0000 => {
            (room[0], room[1], room[2]) = (0xE0 | (point >> 12) as u8, low(6), low(0));
            3
        }
        _ => {
            *room = [0xF0 | (point >> 18) as u8, low(12), low(6), low(0)];
            4
        }
    };
    &room[..len]
}

/// Appends a code point to WTF-8 bytes.
#[inline]
pub fn push_point(out: &mut Buffer<u8>, point: u32) -> Result<(), OutOfMemory> {
    if point < 0x80 {
        return out.push(point as u8);
    }
    out.extend_from_slice(encode_point(point, &mut [0; 4]))
}

/// The code points of WTF-8 bytes.
pub fn points(bytes: &[u8]) -> Points<'_> {
    Points { bytes }
}

/// See `points`.
#[derive(Clone)]
pub struct Points<'a> {
    bytes: &'a [u8],
}

impl<'a> Points<'a> {
    /// The bytes of the code points that are left.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many bytes are left behind the next `n` code points.
    pub fn nth_rest(&self, n: usize) -> usize {
        self.bytes.len() - skip_points(self.bytes, 0, n)
    }
}

impl Iterator for Points<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let &first = self.bytes.first()?;
        if first < 0x80 {
            self.bytes = &self.bytes[1..];
            return Some(first as u32);
        }
        let len = width(first).min(self.bytes.len());
        let (head, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        let start = first as u32 & (0x7F >> len);
        Some(
            head[1..]
                .iter()
                .fold(start, |value, &b| value << 6 | (b & 0x3F) as u32),
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.bytes.len() / 4, Some(self.bytes.len()))
    }
}

impl DoubleEndedIterator for Points<'_> {
    fn next_back(&mut self) -> Option<u32> {
        let start = self.bytes.iter().rposition(|&b| (b as i8) >= -0x40)?;
        let point = points(&self.bytes[start..]).next();
        self.bytes = &self.bytes[..start];
        point
    }
}

#[cfg(test)]
mod tests;
