//! `bytes` and `bytearray`.

use std::cell::{Cell, RefCell};
use std::ptr;

use super::array::Array;
use super::kind;
use super::shared::{self, shared};
pub use super::str::hash_bytes as hash_of;
use super::str::hash_bytes;
use crate::heap::{self, Buffer, Header, Kind, Object, OutOfMemory, Ref, Value, Visitor};

/// Immutable bytes; they lie behind the header.
#[repr(C)]
pub struct Bytes {
    head: Header,
    len: usize,
    /// -1 while unknown.
    hash: Cell<i64>,
}

/// Bytes that can change.
#[repr(C)]
pub struct ByteArray {
    head: Header,
    /// The bytes.
    pub data: RefCell<Buffer<u8>>,
    /// How many memory views are on it: while there are any, it cannot change its size.
    pub exports: Cell<usize>,
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Bytes {
    const KIND: Kind = kind::BYTES;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for ByteArray {
    const KIND: Kind = kind::BYTEARRAY;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Bytes {
    /// New bytes.
    pub fn new(bytes: &[u8]) -> Result<Ref<Bytes>, OutOfMemory> {
        match bytes {
            [] => return Ok(Bytes::empty()),
            [byte] => return Ok(Bytes::single(*byte)),
            _ => {}
        }
        // SAFETY: the room behind the object is bytes.len() bytes.
        Ok(unsafe { fill(Bytes::unwritten(bytes.len())?, bytes) })
    }

    /// The two one after the other.
    pub fn concat(left: &[u8], right: &[u8]) -> Result<Ref<Bytes>, OutOfMemory> {
        if left.is_empty() || right.is_empty() {
            return Bytes::new(if left.is_empty() { right } else { left });
        }
        let new = Bytes::unwritten(left.len() + right.len())?;
        // SAFETY: the room behind the object is as large as both parts.
        unsafe {
            let room = data(new.as_ptr());
            ptr::copy_nonoverlapping(left.as_ptr(), room, left.len());
            ptr::copy_nonoverlapping(right.as_ptr(), room.add(left.len()), right.len());
        }
        Ok(new)
    }

    /// `pattern` so many times.
    pub fn repeated(pattern: &[u8], count: usize) -> Result<Ref<Bytes>, OutOfMemory> {
        let total = pattern.len().checked_mul(count).ok_or(OutOfMemory)?;
        if total <= 1 {
            return Bytes::new(if total == 0 { &[] } else { pattern });
        }
        let new = Bytes::unwritten(total)?;
        // SAFETY: the room behind the object is `total` bytes, a multiple of the pattern's length.
        unsafe { repeat_into(pattern, data(new.as_ptr()), total) };
        Ok(new)
    }

    /// An object with room for `len` bytes, two at least, which the caller writes before anybody sees them.
    fn unwritten(len: usize) -> Result<Ref<Bytes>, OutOfMemory> {
        let object = Bytes {
            head: Header::new(),
            len,
            hash: Cell::new(-1),
        };
        heap::try_alloc_trailing(object, len)
    }

    /// The bytes of length 0.
    pub fn empty() -> Ref<Bytes> {
        kept(shared::EMPTY_BYTES, &[])
    }

    /// One byte.
    pub fn single(byte: u8) -> Ref<Bytes> {
        kept(shared::SINGLE_BYTES + byte as usize, &[byte])
    }

    /// A copy as an instance of a subclass.
    pub fn with_shape(shape: u32, bytes: &[u8]) -> Result<Ref<Bytes>, OutOfMemory> {
        heap::current().check_room(bytes.len())?;
        let object = Bytes {
            head: Header::new(),
            len: bytes.len(),
            hash: Cell::new(-1),
        };
        // SAFETY: the room behind the object is bytes.len() bytes.
        Ok(unsafe { fill(heap::alloc_shaped(object, bytes.len(), shape), bytes) })
    }

    /// The bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes behind the object are written.
        unsafe { std::slice::from_raw_parts(data(self), self.len) }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The hash: that of a string of the same bytes.
    pub fn hash(&self) -> i64 {
        if self.hash.get() == -1 {
            self.hash.set(hash_bytes(self.bytes()));
        }
        self.hash.get()
    }
}

impl ByteArray {
    /// A new bytearray.
    pub fn new(bytes: Buffer<u8>) -> Ref<ByteArray> {
        heap::alloc(ByteArray::object(bytes))
    }

    /// The object of a bytearray.
    pub fn object(bytes: Buffer<u8>) -> ByteArray {
        ByteArray {
            head: Header::new(),
            data: RefCell::new(bytes),
            exports: Cell::new(0),
        }
    }

    /// An instance of a subclass.
    pub fn with_shape(shape: u32, bytes: Buffer<u8>) -> Ref<ByteArray> {
        heap::alloc_shaped(ByteArray::object(bytes), 0, shape)
    }

    /// A new bytearray with a copy of these bytes.
    pub fn copy_of(bytes: &[u8]) -> Result<Ref<ByteArray>, OutOfMemory> {
        Ok(ByteArray::new(Buffer::copy_of(bytes)?))
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.data.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[inline(always)]
fn data(object: *const Bytes) -> *mut u8 {
    object.cast_mut().wrapping_add(1).cast()
}

/// # Safety
/// There is room for the bytes behind the object.
unsafe fn fill(object: Ref<Bytes>, bytes: &[u8]) -> Ref<Bytes> {
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), data(object.as_ptr()), bytes.len()) };
    object
}

fn kept(number: usize, bytes: &[u8]) -> Ref<Bytes> {
    let value = shared(number, || {
        let object = Bytes {
            head: Header::new(),
            len: bytes.len(),
            hash: Cell::new(-1),
        };
        // SAFETY: the room behind the object is bytes.len() bytes.
        unsafe { fill(heap::alloc_trailing(object, bytes.len()), bytes) }.into_value()
    });
    Ref::from_value(value).unwrap_or_else(|_| unreachable!("shared bytes are bytes"))
}

/// Fills `total` bytes at `to` with copies of `pattern`.
///
/// # Safety
/// `total` bytes at `to` can be written, and `total` is a multiple of the pattern's length.
pub(super) unsafe fn repeat_into(pattern: &[u8], to: *mut u8, total: usize) {
    if total == 0 {
        return;
    }
    // SAFETY: each copy ends at or before `total`, and doubles what is there.
    unsafe {
        if let [byte] = pattern {
            ptr::write_bytes(to, *byte, total);
            return;
        }
        ptr::copy_nonoverlapping(pattern.as_ptr(), to, pattern.len());
        let mut done = pattern.len();
        while done < total {
            let more = done.min(total - done);
            ptr::copy_nonoverlapping(to, to.add(done), more);
            done += more;
        }
    }
}

/// `pattern` so many times.
pub fn repeat(pattern: &[u8], count: usize) -> Result<Buffer<u8>, OutOfMemory> {
    let total = pattern.len().checked_mul(count).ok_or(OutOfMemory)?;
    let mut out = Buffer::with_room(total)?;
    if let [byte] = pattern {
        out.resize(total, *byte)?;
        return Ok(out);
    }
    for _ in 0..if pattern.is_empty() { 0 } else { count } {
        out.extend_from_slice(pattern)?;
    }
    Ok(out)
}

/// The text of `repr(bytes)`, which is ASCII.
pub fn repr(bytes: &[u8]) -> Result<Buffer<u8>, OutOfMemory> {
    written(bytes, false)
}

/// As `repr`, for a bytearray: single quotes are escaped even between double ones.
pub fn array_repr(bytes: &[u8]) -> Result<Buffer<u8>, OutOfMemory> {
    written(bytes, true)
}

fn written(bytes: &[u8], escapes_single: bool) -> Result<Buffer<u8>, OutOfMemory> {
    let mut out = Buffer::with_room(bytes.len() + 3)?;
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    out.extend_from_slice(&[b'b', quote])?;
    for &byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\")?,
            b'\t' => out.extend_from_slice(b"\\t")?,
            b'\n' => out.extend_from_slice(b"\\n")?,
            b'\r' => out.extend_from_slice(b"\\r")?,
            b'\'' if escapes_single => out.extend_from_slice(b"\\'")?,
            _ if byte == quote => out.extend_from_slice(&[b'\\', quote])?,
            0x20..0x7F => out.push(byte)?,
            _ => out.extend_from_slice(&hex_escape(byte))?,
        }
    }
    out.push(quote)?;
    Ok(out)
}

fn hex_escape(byte: u8) -> [u8; 4] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [
        b'\\',
        b'x',
        DIGITS[(byte >> 4) as usize],
        DIGITS[(byte & 15) as usize],
    ]
}

/// The bytes of a `bytes`, `bytearray` or `array` (subclasses included), handed to `use_them`.
pub fn with_bytes<R>(value: &Value, use_them: impl FnOnce(&[u8]) -> R) -> Option<R> {
    if let Some(bytes) = value.get::<Bytes>() {
        return Some(use_them(bytes.bytes()));
    }
    if let Some(array) = value.get::<ByteArray>() {
        return Some(use_them(&array.data.borrow()));
    }
    value
        .get::<Array>()
        .map(|array| use_them(&array.data.borrow()))
}

/// The bytes of a `bytearray` or `array`, to be changed in place.
pub fn with_bytes_mut<R>(value: &Value, use_them: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
    if let Some(array) = value.get::<ByteArray>() {
        return Some(use_them(&mut array.data.borrow_mut()));
    }
    value
        .get::<Array>()
        .map(|array| use_them(&mut array.data.borrow_mut()))
}

/// How many views are on an object whose size can change.
pub fn exports(value: &Value) -> Option<&Cell<usize>> {
    match value.get::<ByteArray>() {
        Some(array) => Some(&array.exports),
        None => value.get::<Array>().map(|array| &array.exports),
    }
}
