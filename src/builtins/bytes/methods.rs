//! The methods that `bytes` and `bytearray` share. What gives bytes gives the receiver's built-in type.

use super::super::adapt::{
    bad_receiver, bound, c_int, count as count_arg, given, lift, limit, made, size_value,
    with_sequence,
};
use super::super::int::BYTES_HEAD;
use super::super::{codecs, percent};
use super::{buffer_of, is_buffer};
use crate::heap::{Buffer, OutOfMemory, Ref, Value, current, work};
use crate::object::bytes::{self, ByteArray, Bytes};
use crate::object::error::Fault;
use crate::object::int::{self, IntView};
use crate::object::list::List;
use crate::object::memoryview::MemoryView;
use crate::object::native::{Input, NativeFrame, R, Step};
use crate::object::search;
use crate::object::str::Str;
use crate::object::str_ops::centre;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Runs a computation on the receiver's bytes.
fn with<T>(vm: &mut Vm, receiver: &Value, compute: impl FnOnce(&[u8]) -> T) -> R<T> {
    vm.tick_bytes(bytes::with_bytes(receiver, <[u8]>::len).unwrap_or(0) * 2)?;
    match bytes::with_bytes(receiver, compute) {
        Some(result) => Ok(result),
        None => Err(bad_receiver(vm, receiver, "bytes")),
    }
}

/// Bytes of the receiver's built-in type.
fn same(vm: &mut Vm, receiver: &Value, data: Result<Buffer<u8>, OutOfMemory>) -> R {
    let data = lift(vm, data)?;
    if receiver.is_kind::<ByteArray>() {
        return Ok(ByteArray::new(data).into_value());
    }
    let object = Bytes::new(&data);
    made(vm, object)
}

fn part(vm: &mut Vm, receiver: &Value, data: &[u8]) -> R {
    let copy = Buffer::copy_of(data);
    same(vm, receiver, copy)
}

/// The receiver unchanged: itself if it is plain bytes, else a copy.
fn unchanged(vm: &mut Vm, receiver: &Value) -> R {
    if receiver.is_exact::<Bytes>() {
        return Ok(receiver.clone());
    }
    let copy = with(vm, receiver, Buffer::copy_of)?;
    same(vm, receiver, copy)
}

/// A bytes-like argument.
fn buffer_arg(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    crate::builtins::arguments::buffer(vm, value)
}

macro_rules! mapping {
    ($($name:ident |$data:ident| $body:expr;)+) => {$(
        /// See the table.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            let mapped = with(vm, &args[0], |source| {
                let mut copy = Buffer::copy_of(source)?;
                let $data = &mut copy[..];
                $body;
                Ok(copy)
            })?;
            same(vm, &args[0], mapped)
        }
    )+};
}

mapping! {
    upper |data| data.make_ascii_uppercase();
    lower |data| data.make_ascii_lowercase();
    swapcase |data| data.iter_mut().for_each(|b| *b = if b.is_ascii_alphabetic() { *b ^ 0x20 } else { *b });
    capitalize |data| {
        data.make_ascii_lowercase();
        if let Some(first) = data.first_mut() { first.make_ascii_uppercase() }
    };
    title |data| {
        let mut inside = false;
        for byte in data.iter_mut() {
            *byte = if inside { byte.to_ascii_lowercase() } else { byte.to_ascii_uppercase() };
            inside = byte.is_ascii_alphabetic();
        }
    };
}

macro_rules! question {
    ($($name:ident |$data:ident| $body:expr;)+) => {$(
        /// See the table.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            with(vm, &args[0], |$data| $body).map(Value::bool)
        }
    )+};
}

question! {
    isalnum |data| !data.is_empty() && data.iter().all(u8::is_ascii_alphanumeric);
    isalpha |data| !data.is_empty() && data.iter().all(u8::is_ascii_alphabetic);
    isascii |data| data.is_ascii();
    isdigit |data| !data.is_empty() && data.iter().all(u8::is_ascii_digit);
    isspace |data| !data.is_empty() && data.iter().all(|b| matches!(b, b' ' | 9..=13));
    islower |data| data.iter().any(u8::is_ascii_lowercase) && !data.iter().any(u8::is_ascii_uppercase);
    isupper |data| data.iter().any(u8::is_ascii_uppercase) && !data.iter().any(u8::is_ascii_lowercase);
    istitle |data| is_title(data);
}

fn is_title(data: &[u8]) -> bool {
    let (mut inside, mut found) = (false, false);
    for byte in data {
        if byte.is_ascii_uppercase() && inside || byte.is_ascii_lowercase() && !inside {
            return false;
        }
        inside = byte.is_ascii_alphabetic();
        found |= inside;
    }
    found
}

fn justified(
    vm: &mut Vm,
    args: &[Value],
    name: &str,
    place: fn(usize, usize) -> (usize, usize),
) -> R {
    let wanted = count_arg(vm, &args[1])?;
    let fill = match given(&args[2]) {
        true => fill_of(vm, &args[2], name)?,
        false => b' ',
    };
    check_length(vm, &args[0], wanted)?;
    let padded = with(vm, &args[0], |data| {
        if wanted <= data.len() {
            return Ok(None);
        }
        let (left, right) = place(data.len(), wanted);
        let mut out = Buffer::with_room(wanted)?;
        out.extend(std::iter::repeat_n(fill, left))?;
        out.extend_from_slice(data)?;
        out.extend(std::iter::repeat_n(fill, right))?;
        Ok::<_, OutOfMemory>(Some(out))
    })?;
    match lift(vm, padded)? {
        Some(out) => same(vm, &args[0], Ok(out)),
        None => unchanged(vm, &args[0]),
    }
}

/// Bytes of such a length have no room beside what goes before them.
fn check_length(vm: &mut Vm, receiver: &Value, wanted: usize) -> R<()> {
    if receiver.is_kind::<Bytes>() && wanted as i64 > i64::MAX - BYTES_HEAD {
        return Err(vm.overflow_error("byte string is too large"));
    }
    Ok(())
}

fn fill_of(vm: &mut Vm, value: &Value, name: &str) -> R<u8> {
    match bytes::with_bytes(
        value,
        |data| if let [byte] = data { Some(*byte) } else { None },
    )
    .flatten()
    {
        Some(byte) => Ok(byte),
        None => {
            let given = super::super::adapt::shown_type(vm, value);
            Err(vm.type_error(format!(
                "{name}() argument 2 must be a byte string of length 1, not {given}"
            )))
        }
    }
}

/// See the table.
pub fn center(vm: &mut Vm, args: &[Value]) -> R {
    justified(vm, args, "center", centre)
}

/// See the table.
pub fn ljust(vm: &mut Vm, args: &[Value]) -> R {
    justified(vm, args, "ljust", |len, wanted| (0, wanted - len))
}

/// See the table.
pub fn rjust(vm: &mut Vm, args: &[Value]) -> R {
    justified(vm, args, "rjust", |len, wanted| (wanted - len, 0))
}

/// See the table.
pub fn zfill(vm: &mut Vm, args: &[Value]) -> R {
    let wanted = count_arg(vm, &args[1])?;
    check_length(vm, &args[0], wanted)?;
    let filled = with(vm, &args[0], |data| {
        let missing = wanted.saturating_sub(data.len());
        let (sign, digits) = match data.first() {
            Some(b'+' | b'-') if missing > 0 => data.split_at(1),
            _ => (&data[..0], data),
        };
        let mut out = Buffer::with_room(data.len().checked_add(missing).ok_or(OutOfMemory)?)?;
        out.extend_from_slice(sign)?;
        out.extend(std::iter::repeat_n(b'0', missing))?;
        out.extend_from_slice(digits)?;
        Ok(out)
    })?;
    same(vm, &args[0], filled)
}

/// See the table.
pub fn expandtabs(vm: &mut Vm, args: &[Value]) -> R {
    let size = c_int(vm, &args[1])?;
    let expanded = with(vm, &args[0], |data| search::expand_tabs(data, size, |_| 1))?;
    same(vm, &args[0], expanded)
}

/// What is looked for: bytes, or a single byte as an int.
fn needle(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    if is_buffer(value) {
        return buffer_arg(vm, value);
    }
    if !vm.has_index(value) {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!(
            "argument should be integer or bytes-like object, not '{given}'"
        )));
    }
    match u8::try_from(vm.index_clamped(value)?) {
        Ok(byte) => Ok(vec![byte]),
        Err(_) => Err(vm.value_error("byte must be in range(0, 256)")),
    }
}

fn found(vm: &mut Vm, args: &[Value], last: bool) -> R<Option<usize>> {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let needle = needle(vm, &args[1])?;
    with(vm, &args[0], |data| {
        let range = search::bounds(data.len(), start, end)?;
        let part = &data[range.clone()];
        let at = if last {
            search::rfind(part, &needle)
        } else {
            search::find(part, &needle)
        };
        at.map(|at| range.start + at)
    })
}

fn place(found: Option<usize>) -> R {
    Ok(found.map_or(Value::int32(-1), size_value))
}

fn must_be_found(vm: &mut Vm, found: Option<usize>) -> R {
    match found {
        Some(at) => Ok(size_value(at)),
        None => Err(vm.value_error("subsection not found")),
    }
}

/// See the table.
pub fn find(vm: &mut Vm, args: &[Value]) -> R {
    found(vm, args, false).and_then(place)
}

/// See the table.
pub fn rfind(vm: &mut Vm, args: &[Value]) -> R {
    found(vm, args, true).and_then(place)
}

/// See the table.
pub fn index(vm: &mut Vm, args: &[Value]) -> R {
    let at = found(vm, args, false)?;
    must_be_found(vm, at)
}

/// See the table.
pub fn rindex(vm: &mut Vm, args: &[Value]) -> R {
    let at = found(vm, args, true)?;
    must_be_found(vm, at)
}

/// See the table.
pub fn count(vm: &mut Vm, args: &[Value]) -> R {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let needle = needle(vm, &args[1])?;

    with(vm, &args[0], |data| {
        match search::bounds(data.len(), start, end) {
            None => 0,
            Some(range) if needle.is_empty() => range.len() + 1,
            Some(range) => search::count(&data[range], &needle),
        }
    })
    .map(size_value)
}

fn affixed(vm: &mut Vm, args: &[Value], name: &str, at_end: bool) -> R {
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let choices = match args[1].get::<Tuple>() {
        Some(choices) => choices.items().to_vec(),
        None if is_buffer(&args[1]) => vec![args[1].clone()],
        None => {
            let given = vm.type_name(&args[1]);
            return Err(vm.type_error(format!(
                "{name} first arg must be bytes or a tuple of bytes, not {given}"
            )));
        }
    };
    for choice in &choices {
        let affix = buffer_arg(vm, choice)?;
        let matches = with(vm, &args[0], |data| {
            let part = search::bounds(data.len(), start, end).map(|range| &data[range]);
            part.is_some_and(|part| {
                if at_end {
                    part.ends_with(&affix)
                } else {
                    part.starts_with(&affix)
                }
            })
        })?;
        if matches {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

/// See the table.
pub fn startswith(vm: &mut Vm, args: &[Value]) -> R {
    affixed(vm, args, "startswith", false)
}

/// See the table.
pub fn endswith(vm: &mut Vm, args: &[Value]) -> R {
    affixed(vm, args, "endswith", true)
}

/// See the table.
pub fn removeprefix(vm: &mut Vm, args: &[Value]) -> R {
    let prefix = buffer_arg(vm, &args[1])?;
    let rest = with(vm, &args[0], |data| {
        Buffer::copy_of(data.strip_prefix(&prefix[..]).unwrap_or(data))
    })?;
    same(vm, &args[0], rest)
}

/// See the table.
pub fn removesuffix(vm: &mut Vm, args: &[Value]) -> R {
    let suffix = buffer_arg(vm, &args[1])?;
    let rest = with(vm, &args[0], |data| {
        Buffer::copy_of(data.strip_suffix(&suffix[..]).unwrap_or(data))
    })?;
    same(vm, &args[0], rest)
}

/// See the table.
pub fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let (old, new) = (buffer_arg(vm, &args[1])?, buffer_arg(vm, &args[2])?);
    let most = limit(vm, &args[3])?;
    let replaced = with(vm, &args[0], |data| match old.is_empty() {
        true if most == 0 => Ok(None),
        true => search::interleave(data, &new, most, |_| 1).map(Some),
        false => search::replace(data, &old, &new, most),
    })?;
    match lift(vm, replaced)? {
        Some(data) => same(vm, &args[0], Ok(data)),
        None => unchanged(vm, &args[0]),
    }
}

fn stripped(vm: &mut Vm, args: &[Value], left: bool, right: bool) -> R {
    let chars = if args[1].is_none() {
        None
    } else {
        Some(buffer_arg(vm, &args[1])?)
    };
    let rest = with(vm, &args[0], |data| {
        let gone = |byte: &u8| {
            chars
                .as_ref()
                .map_or(matches!(byte, b' ' | 9..=13), |chars| chars.contains(byte))
        };
        let start = if left {
            data.iter().take_while(|b| gone(b)).count()
        } else {
            0
        };
        let tail = if right {
            data[start..].iter().rev().take_while(|b| gone(b)).count()
        } else {
            0
        };
        Buffer::copy_of(&data[start..data.len() - tail])
    })?;
    same(vm, &args[0], rest)
}

/// See the table.
pub fn strip(vm: &mut Vm, args: &[Value]) -> R {
    stripped(vm, args, true, true)
}

/// See the table.
pub fn lstrip(vm: &mut Vm, args: &[Value]) -> R {
    stripped(vm, args, true, false)
}

/// See the table.
pub fn rstrip(vm: &mut Vm, args: &[Value]) -> R {
    stripped(vm, args, false, true)
}

/// The parts that ranges of the receiver's bytes name, as a list.
fn parts(vm: &mut Vm, receiver: &Value, data: &[u8], ranges: &[std::ops::Range<usize>]) -> R {
    let mut items = Buffer::new();
    for range in ranges {
        let item = part(vm, receiver, &data[range.clone()])?;
        let pushed = items.push(item);
        lift(vm, pushed)?;
    }
    Ok(List::new(items).into_value())
}

fn divided(vm: &mut Vm, args: &[Value], from_end: bool) -> R {
    let most = limit(vm, &args[2])?;
    let separator = if args[1].is_none() {
        None
    } else {
        Some(buffer_arg(vm, &args[1])?)
    };
    if separator.as_ref().is_some_and(Vec::is_empty) {
        return Err(vm.value_error("empty separator"));
    }
    let data = with(vm, &args[0], <[u8]>::to_vec)?;
    let mut ranges = Buffer::new();
    let mut push = |range: std::ops::Range<usize>| {
        if ranges.len() & 0xFFF == 0xFFF {
            work(800)?;
        }
        Ok::<_, Fault>(ranges.push(range)?)
    };
    let split = match (&separator, from_end) {
        (Some(separator), false) => search::split(&data, separator, most, &mut push),
        (Some(separator), true) => search::rsplit(&data, separator, most, &mut push),
        (None, false) => search::split_spaces(&data, most, |_| 1, search::byte_space, &mut push),
        (None, true) => search::rsplit_spaces(
            &data,
            most,
            search::byte_space,
            search::last_byte,
            &mut push,
        ),
    };
    lift(vm, split)?;
    if from_end {
        ranges.reverse();
    }
    parts(vm, &args[0], &data, &ranges)
}

/// See the table.
pub fn split(vm: &mut Vm, args: &[Value]) -> R {
    match plain_split(vm, args) {
        Some(parts) => parts,
        None => divided(vm, args, false),
    }
}

/// `split(sep, maxsplit)` of plain bytes: the parts go straight into the list. None where the usual way must look.
fn plain_split(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let data = args[0].get_exact::<Bytes>()?.bytes();
    let separator = args[1].get_exact::<Bytes>()?.bytes();
    let most = usize::try_from(args[2].as_small_int()?).unwrap_or(usize::MAX);
    if separator.is_empty() {
        return None;
    }
    let mut items = Buffer::new();
    let split = search::split(data, separator, most, &mut |range| {
        if items.len() & 0xFFF == 0xFFF {
            work(800)?;
        }
        let part = Bytes::new(&data[range])?;
        Ok(items.push(part.into_value())?)
    });
    Some(lift(vm, split).map(|()| List::new(items).into_value()))
}

/// See the table.
pub fn rsplit(vm: &mut Vm, args: &[Value]) -> R {
    divided(vm, args, true)
}

/// See the table.
pub fn splitlines(vm: &mut Vm, args: &[Value]) -> R {
    let keep_ends = vm.truth(&args[1])?;
    let data = with(vm, &args[0], <[u8]>::to_vec)?;
    let mut ranges = Buffer::new();
    let split = search::split_lines(
        &data,
        keep_ends,
        |_| 1,
        search::byte_line_break,
        &mut |range| {
            if ranges.len() & 0xFFF == 0xFFF {
                work(800)?;
            }
            Ok(ranges.push(range)?)
        },
    );
    lift(vm, split)?;
    parts(vm, &args[0], &data, &ranges)
}

fn parted(vm: &mut Vm, args: &[Value], last: bool) -> R {
    let separator = buffer_arg(vm, &args[1])?;
    if separator.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    let data = with(vm, &args[0], <[u8]>::to_vec)?;
    let at = if last {
        search::rfind(&data, &separator)
    } else {
        search::find(&data, &separator)
    };
    let (before, middle, after) = match at {
        Some(at) => (&data[..at], &separator[..], &data[at + separator.len()..]),
        None if last => (&data[..0], &data[..0], &data[..]),
        None => (&data[..], &data[..0], &data[..0]),
    };
    let before = part(vm, &args[0], before)?;
    // As for a str, the separator itself comes back.
    let middle = match at.is_some() && args[0].is_kind::<Bytes>() {
        true => args[1].clone(),
        false => part(vm, &args[0], middle)?,
    };
    let after = part(vm, &args[0], after)?;
    Ok(Tuple::few([before, middle, after]).into_value())
}

/// See the table.
pub fn partition(vm: &mut Vm, args: &[Value]) -> R {
    parted(vm, args, false)
}

/// See the table.
pub fn rpartition(vm: &mut Vm, args: &[Value]) -> R {
    parted(vm, args, true)
}

/// Registers: self, iterable, items.
pub fn join(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 && !vm.is_iterable(&frame.regs[1]) {
        return Step::Raise(vm.type_error("can only join an iterable"));
    }
    with_sequence(vm, frame, input, (1, 2), |vm, regs, items| {
        let between = with(vm, &regs[0], <[u8]>::to_vec)?;
        let mut out = Buffer::new();
        let mut i = 0;
        while let Some(item) = items.get(i) {
            let Some(data) = buffer_of(vm, &item) else {
                let given = vm.type_name(&item);
                return Err(vm.type_error(format!(
                    "sequence item {i}: expected a bytes-like object, {given} found"
                )));
            };
            let lead = if i > 0 { &between[..] } else { &[] };
            let pushed = out
                .extend_from_slice(lead)
                .and_then(|()| out.extend_from_slice(&data));
            lift(vm, pushed)?;
            i += 1;
        }
        same(vm, &regs[0], Ok(out))
    })
}

/// See the table.
pub fn decode(vm: &mut Vm, args: &[Value]) -> R {
    let data = with(vm, &args[0], <[u8]>::to_vec)?;
    codecs::decode_value(vm, &args[0], &data, &args[1], &args[2]).map(Ref::into_value)
}

/// The bytes of `hex` with a separator each so many bytes, counted from the end (or the start if negative).
pub fn hex_text(data: &[u8], separator: Option<u8>, group: i64) -> Result<String, OutOfMemory> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    if data.len() > 1 << 12 {
        current().check_room(data.len().saturating_mul(3))?;
    }
    let mut out = String::with_capacity(data.len() * 2);
    let size = group.unsigned_abs() as usize;
    for (i, byte) in data.iter().enumerate() {
        if i & 0x3FFF == 0x3FFF {
            work(1000)?;
        }
        let boundary = if group > 0 { data.len() - i } else { i };
        if let Some(separator) = separator
            && size > 0
            && i > 0
            && boundary % size == 0
        {
            out.push(separator as char);
        }
        out.push(DIGITS[(byte >> 4) as usize] as char);
        out.push(DIGITS[(byte & 15) as usize] as char);
    }
    Ok(out)
}

/// The separator argument of `hex`.
pub fn hex_separator(vm: &mut Vm, value: &Value) -> R<Option<u8>> {
    if !given(value) {
        return Ok(None);
    }
    if vm.len(value)? != 1 {
        return Err(vm.value_error("sep must be length 1."));
    }
    let point = match value.get::<Str>() {
        Some(text) => text.char_at(0).unwrap_or(0),
        None => match value.get::<Bytes>() {
            Some(data) => data.bytes().first().map_or(0, |&b| b as u32),
            None => return Err(vm.type_error("sep must be str or bytes.")),
        },
    };
    match u8::try_from(point) {
        Ok(byte) if byte.is_ascii() => Ok(Some(byte)),
        _ => Err(vm.value_error("sep must be ASCII.")),
    }
}

/// See the table.
pub fn hex(vm: &mut Vm, args: &[Value]) -> R {
    let group = c_int(vm, &args[2])?;
    let separator = hex_separator(vm, &args[1])?;

    let shown = with(vm, &args[0], |data| hex_text(data, separator, group))?;
    let shown = lift(vm, shown)?;
    super::super::adapt::string(vm, &shown)
}

/// See the table.
pub fn translate(vm: &mut Vm, args: &[Value]) -> R {
    let table = if args[1].is_none() {
        None
    } else {
        Some(buffer_arg(vm, &args[1])?)
    };
    if table.as_ref().is_some_and(|table| table.len() != 256) {
        return Err(vm.value_error("translation table must be 256 characters long"));
    }
    let deleted = if given(&args[2]) {
        buffer_arg(vm, &args[2])?
    } else {
        Vec::new()
    };
    let translated = with(vm, &args[0], |data| {
        let mut out = Buffer::with_room(data.len())?;
        let mut table_of_all: [u8; 256] = std::array::from_fn(|byte| byte as u8);
        if let Some(table) = &table {
            table_of_all.copy_from_slice(table);
        }
        let mut is_kept = [true; 256];
        for byte in &deleted {
            is_kept[usize::from(*byte)] = false;
        }
        let mut piece = [0; 1024];
        for source in data.chunks(piece.len()) {
            let mut count = 0;
            for &byte in source {
                piece[count] = table_of_all[usize::from(byte)];
                count += usize::from(is_kept[usize::from(byte)]);
            }
            out.extend_from_slice(&piece[..count])?;
        }
        Ok(out)
    })?;
    same(vm, &args[0], translated)
}

/// See the table.
pub fn maketrans(vm: &mut Vm, args: &[Value]) -> R {
    let (from, to) = (buffer_arg(vm, &args[0])?, buffer_arg(vm, &args[1])?);
    if from.len() != to.len() {
        return Err(vm.value_error("maketrans arguments must have same length"));
    }
    let mut table: Vec<u8> = (0..=255).collect();
    for (a, b) in from.iter().zip(&to) {
        table[*a as usize] = *b;
    }
    let object = Bytes::new(&table);
    made(vm, object)
}

/// `self + other`
pub fn add(vm: &mut Vm, args: &[Value]) -> R {
    let Some(more) = buffer_of(vm, &args[1]) else {
        let (own, given) = (vm.type_name(&args[0]), vm.type_name(&args[1]));
        return Err(vm.type_error(format!("can't concat {given} to {own}")));
    };
    let joined = with(vm, &args[0], |data| {
        let mut out = Buffer::with_room(data.len().checked_add(more.len()).ok_or(OutOfMemory)?)?;
        out.extend_from_slice(data)?;
        out.extend_from_slice(&more)?;
        Ok(out)
    })?;
    same(vm, &args[0], joined)
}

/// `self % args`
pub fn modulo(vm: &mut Vm, args: &[Value]) -> R {
    let format = with(vm, &args[0], <[u8]>::to_vec)?;
    let out = percent::format_bytes(vm, &format, &args[1])?;
    same(vm, &args[0], Ok(out))
}

/// `other % self`
pub fn rmod(vm: &mut Vm, args: &[Value]) -> R {
    let same_type = args[0].is_kind::<Bytes>() == args[1].is_kind::<Bytes>();
    match bytes::with_bytes(&args[1], <[u8]>::to_vec).filter(|_| same_type) {
        Some(format) => {
            let out = percent::format_bytes(vm, &format, &args[0])?;
            same(vm, &args[1], Ok(out))
        }
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// The flags of `__buffer__`.
pub fn buffer_flags(vm: &mut Vm, flags: &Value) -> R<i64> {
    let index = vm.index_value(flags)?;
    let Some(flags) = IntView::of(&index).and_then(IntView::as_i64) else {
        return Err(vm.overflow_error("cannot fit 'int' into an index-sized integer"));
    };
    if flags > i64::from(i32::MAX) {
        return Err(vm.overflow_error("buffer flags too large"));
    }
    Ok(flags)
}

/// `memoryview(self)`
pub fn buffer(vm: &mut Vm, args: &[Value]) -> R {
    let flags = buffer_flags(vm, &args[1])?;
    // Two bits of the C interface that are no flags of this protocol.
    if flags == 0x100 || flags == 0x200 {
        return Err(vm.system_error("Objects/abstract.c:772: bad argument to internal function"));
    }
    if flags & 1 != 0 && args[0].is_kind::<Bytes>() {
        let class = &crate::builtins::exceptions::BUFFER_ERROR;
        return Err(vm.raise(class, "Object is not writable."));
    }
    match MemoryView::new(&args[0]) {
        Some(view) => Ok(view.into_value()),
        None => Err(bad_receiver(vm, &args[0], "bytes")),
    }
}

/// `bytes(self)`
pub fn plain(vm: &mut Vm, args: &[Value]) -> R {
    unchanged(vm, &args[0])
}

/// See the table.
pub fn getnewargs(vm: &mut Vm, args: &[Value]) -> R {
    unchanged(vm, &args[0]).map(|copy| Tuple::one(copy).into_value())
}

/// See the table.
pub fn hash(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].get::<Bytes>() {
        Some(data) => Ok(int::from_i64(data.hash())),
        None => Err(bad_receiver(vm, &args[0], "bytes")),
    }
}

/// A byte as an int.
pub fn byte_value(byte: u8) -> Value {
    Value::int32(byte as i32)
}

/// Whether a value is an int that fits a byte.
pub fn is_byte(value: &Value) -> bool {
    IntView::of(value)
        .and_then(IntView::as_i64)
        .is_some_and(|i| (0..256).contains(&i))
}
