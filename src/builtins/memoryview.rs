//! `memoryview`: its table.

use super::adapt::{bad_receiver, c_int, given, lift, made, size_value};
use super::bytes::methods::{buffer_flags, hex_separator, hex_text};
use super::bytes::{copied_buffer, is_buffer};
use crate::heap::{Buffer, Ref, Value};
use crate::object::bytes::{self, Bytes, hash_of};
use crate::object::float;
use crate::object::int::{self, IntView};
use crate::object::int_math;
use crate::object::kind;
use crate::object::list::List;
use crate::object::memoryview::{MemoryView, item_size};
use crate::object::native::{Attribute, Def, R, Raised, TypeDef};
use crate::object::slice::Slice;
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::special::Special;
use std::cell::Cell;

/// `memoryview`
pub static MEMORYVIEW: TypeDef = TypeDef {
    doc: "A window on the memory of an object.",
    new: Some(Def::leaf("__new__(cls, object)", new)),
    methods: METHODS,
    attributes: ATTRIBUTES,
    ..TypeDef::new("builtins", "memoryview", kind::MEMORYVIEW)
};

static METHODS: &[Def] = &[
    Def::leaf("cast(self, /, format, shape=<unset>)", cast)
        .doc("The same memory, seen in another format or shape."),
    Def::leaf("hex(self, /, sep=<unset>, bytes_per_sep=1)", hex)
        .doc("Two hexadecimal digits for each byte."),
    Def::leaf("release(self, /)", release).doc("Lets go of the object whose memory it is."),
    Def::leaf("tobytes(self, /, order='C')", tobytes).doc("A copy of the memory as bytes."),
    Def::leaf("tolist(self, /)", tolist).doc("The elements as a list."),
    Def::leaf("toreadonly(self, /)", toreadonly).doc("The same window, but only to look through."),
    Def::leaf("_from_flags(cls, object, flags)", |vm, args| {
        let writes = c_int(vm, &args[2])? & 1 != 0;
        let view = of_object(vm, &args[1])?;
        // Of a view another is made, whatever the flags.
        let writes = writes && !args[1].is_kind::<MemoryView>();
        writable_or(vm, view, writes, "Object is not writable.")
    })
    .class()
    .doc("A window on an object, with flags of the buffer protocol."),
    Def::leaf("__buffer__(self, flags, /)", |vm, args| {
        let flags = buffer_flags(vm, &args[1])?;
        seen_with(vm, &args[0], flags)
    }),
    Def::leaf("__release_buffer__(self, buffer, /)", release_buffer),
    Def::leaf("__delitem__(self, key, /)", |vm, args| {
        let (view, _) = live(vm, &args[0])?;
        Err(match view.readonly {
            true => vm.type_error("cannot modify read-only memory"),
            false => vm.type_error("cannot delete memory"),
        })
    }),
    Def::leaf("__enter__(self, /)", enter),
    Def::leaf("__eq__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Eq)
    }),
    Def::leaf("__exit__(self, /, *args)", release),
    Def::leaf("__getitem__(self, key, /)", getitem),
    Def::leaf("__hash__(self, /)", hash),
    Def::leaf("__iter__(self, /)", iter),
    Def::leaf("__len__(self, /)", len),
    Def::leaf("__ne__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Ne)
    }),
    Def::leaf("__repr__(self, /)", repr),
    Def::leaf("__setitem__(self, key, value, /)", setitem),
];

static ATTRIBUTES: &[Attribute] = &[
    Attribute::get("obj", |vm, value| live(vm, value).map(|(_, source)| source)),
    Attribute::get("nbytes", |vm, value| {
        live(vm, value).map(|(view, _)| size_value(view.len * view.item_size()))
    }),
    Attribute::get("readonly", |vm, value| {
        live(vm, value).map(|(view, _)| Value::bool(view.readonly))
    }),
    Attribute::get("itemsize", |vm, value| {
        live(vm, value).map(|(view, _)| size_value(view.item_size()))
    }),
    Attribute::get("format", |vm, value| {
        live(vm, value).map(|(view, _)| Str::from_point(view.format as u32).into_value())
    }),
    Attribute::get("ndim", |vm, value| live(vm, value).map(|_| Value::int32(1))),
    Attribute::get("shape", |vm, value| {
        live(vm, value).map(|(view, _)| Tuple::one(size_value(view.len)).into_value())
    }),
    Attribute::get("strides", |vm, value| {
        live(vm, value).map(|(view, _)| {
            Tuple::one(int::from_i64(view.step as i64 * view.item_size() as i64)).into_value()
        })
    }),
    Attribute::get("suboffsets", |vm, value| {
        live(vm, value).map(|_| Tuple::empty().into_value())
    }),
    Attribute::get("c_contiguous", |vm, value| {
        live(vm, value).map(|(view, _)| Value::bool(view.is_contiguous()))
    }),
    Attribute::get("f_contiguous", |vm, value| {
        live(vm, value).map(|(view, _)| Value::bool(view.is_contiguous()))
    }),
    Attribute::get("contiguous", |vm, value| {
        live(vm, value).map(|(view, _)| Value::bool(view.is_contiguous()))
    }),
];

/// The view and what it shows, unless it was released.
fn live(vm: &mut Vm, value: &Value) -> R<(Ref<MemoryView>, Value)> {
    let Some(view) = value.to_ref::<MemoryView>() else {
        return Err(bad_receiver(vm, value, "memoryview"));
    };
    match view.source() {
        Some(source) => Ok((view, source)),
        None => Err(vm.value_error("operation forbidden on released memoryview object")),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    of_object(vm, &args[1])
}

/// `memoryview(object)`
pub fn of_object(vm: &mut Vm, object: &Value) -> R {
    if let Some(view) = MemoryView::new(object) {
        return Ok(view.into_value());
    }
    if object.is_kind::<MemoryView>() {
        let (view, source) = live(vm, object)?;
        return Ok(MemoryView::over(
            &source,
            view.start,
            view.len,
            view.step,
            view.format,
            view.readonly,
        )
        .into_value());
    }
    if let Some(method) = vm.special_of(object, Special::Buffer) {
        let step = vm.call_special(method, object, &[Value::int32(284)]);
        let result = vm.finish(step)?;
        if result.is_kind::<MemoryView>() {
            return Ok(result);
        }
    }
    let given = vm.type_name(object);
    Err(vm.type_error(format!(
        "memoryview: a bytes-like object is required, not '{given}'"
    )))
}

/// `__buffer__`: the flags of the protocol say what the asker can cope with.
fn seen_with(vm: &mut Vm, value: &Value, flags: i64) -> R {
    const FORMAT: i64 = 0x4;
    const SHAPE: i64 = 0x8;
    const STRIDES: i64 = 0x10 | SHAPE;
    let asks = |wanted: i64| flags & wanted == wanted;
    let (view, source) = live(vm, value)?;
    let gaps = !view.is_contiguous();
    let refused = if asks(1) && view.readonly {
        "underlying buffer is not writable"
    } else if gaps && (asks(0x20 | STRIDES) || !asks(STRIDES)) {
        "underlying buffer is not C-contiguous"
    } else if gaps && asks(0x40 | STRIDES) {
        "underlying buffer is not Fortran contiguous"
    } else if gaps && asks(0x80 | STRIDES) {
        "underlying buffer is not contiguous"
    } else if !asks(SHAPE) && asks(FORMAT) {
        "cannot cast to unsigned bytes if the format flag is present"
    } else {
        let format = match asks(FORMAT) || view.item_size() != 1 {
            true => view.format,
            false => b'B',
        };
        let seen = MemoryView::over(
            &source,
            view.start,
            view.len,
            view.step,
            format,
            view.readonly,
        );
        return Ok(seen.into_value());
    };
    Err(vm.raise(
        &super::exceptions::BUFFER_ERROR,
        format!("memoryview: {refused}"),
    ))
}

/// A view, unless it shall be written and cannot.
fn writable_or(vm: &mut Vm, view: Value, writes: bool, text: &str) -> R {
    let readonly = view.get::<MemoryView>().is_some_and(|v| v.readonly);
    match writes && readonly {
        true => Err(vm.raise(&super::exceptions::BUFFER_ERROR, text)),
        false => Ok(view),
    }
}

/// `__release_buffer__` of what can be viewed: gives a view up that was made of it.
pub fn release_buffer(vm: &mut Vm, args: &[Value]) -> R {
    let Some(view) = args[1].to_ref::<MemoryView>() else {
        return Err(vm.type_error("expected a memoryview object"));
    };
    let Some(source) = view.source() else {
        let text = "memoryview's buffer has already been released";
        return Err(vm.value_error(text));
    };
    let own = match args[0].get::<MemoryView>() {
        Some(own) => own.source(),
        None => Some(args[0].clone()),
    };
    let same = own.is_some_and(|own| own.is(&source)) && !source.is_kind::<Bytes>();
    if !same || args[0].is(&args[1]) {
        return Err(vm.value_error("memoryview's buffer is not this object"));
    }
    view.release();
    Ok(Value::NONE)
}

fn release(_: &mut Vm, args: &[Value]) -> R {
    if let Some(view) = args[0].get::<MemoryView>() {
        view.release();
    }
    Ok(Value::NONE)
}

fn enter(vm: &mut Vm, args: &[Value]) -> R {
    live(vm, &args[0])?;
    Ok(args[0].clone())
}

fn bytes_of(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    let (view, _) = live(vm, value)?;
    Ok(view.bytes().unwrap_or_default())
}

fn tobytes(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].is_kind::<Str>() || args[1].is_none() {
        live(vm, &args[0])?;
    }
    match args[1].get::<Str>() {
        Some(order) if ["C", "F", "A"].iter().any(|known| order.is_text(known)) => {}
        Some(_) => return Err(vm.value_error("order must be 'C', 'F' or 'A'")),
        None if args[1].is_none() => {}
        None => {
            let given = vm.type_name(&args[1]);
            return Err(vm.type_error(format!(
                "tobytes() argument 'order' must be str or None, not {given}"
            )));
        }
    }
    let data = bytes_of(vm, &args[0])?;
    let object = Bytes::new(&data);
    made(vm, object)
}

fn hex(vm: &mut Vm, args: &[Value]) -> R {
    let group = c_int(vm, &args[2])?;
    let data = bytes_of(vm, &args[0])?;
    let separator = hex_separator(vm, &args[1])?;

    let text = hex_text(&data, separator, group);
    let text = vm.lift(text)?;
    super::adapt::string(vm, &text)
}

fn toreadonly(vm: &mut Vm, args: &[Value]) -> R {
    let (view, source) = live(vm, &args[0])?;
    Ok(MemoryView::over(&source, view.start, view.len, view.step, view.format, true).into_value())
}

fn len(vm: &mut Vm, args: &[Value]) -> R {
    live(vm, &args[0]).map(|(view, _)| size_value(view.len))
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    live(vm, &args[0])?;
    let shape = u32::from(kind::MEMORY_ITERATOR);
    Ok(MemoryIterator::alloc(shape, args[0].clone(), Cell::new(0)).into_value())
}

traced_object! {
    /// The iterator of a view.
    pub struct MemoryIterator: MEMORY_ITERATOR {
        /// The view.
        view: Value,
        /// The next index; `usize::MAX` after the end.
        at: Cell<usize>,
    }
}

/// `memory_iterator`
pub static MEMORY_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", super::functions::iterators::itself),
        Def::leaf("__next__(self, /)", |vm, args| match next(vm, &args[0]) {
            Some(Ok(Some(value))) => Ok(value),
            Some(Err(raised)) => Err(raised),
            _ => Err(vm.stop_iteration(Value::NONE)),
        }),
    ],
    next_at_once: Some(next),
    ..TypeDef::new("builtins", "memory_iterator", kind::MEMORY_ITERATOR)
};

fn next(vm: &mut Vm, value: &Value) -> Option<R<Option<Value>>> {
    let it = value.get::<MemoryIterator>()?;
    let at = it.at.get();
    if at == usize::MAX {
        return Some(Ok(None));
    }
    let (view, source) = match live(vm, &it.view) {
        Ok(both) => both,
        Err(raised) => return Some(Err(raised)),
    };
    if at >= view.len {
        it.at.set(usize::MAX);
        return Some(Ok(None));
    }
    it.at.set(at + 1);
    Some(item(vm, &view, &source, at).map(Some))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let released = args[0]
        .get::<MemoryView>()
        .is_none_or(|view| view.source().is_none());
    let what = if released {
        "released memory"
    } else {
        "memory"
    };
    let address = vm.address(&args[0]);
    super::adapt::string(vm, &format!("<{what} at {address}>"))
}

/// The value of an item's bytes.
fn unpack(format: u8, item: &[u8]) -> Value {
    let number = |signed: bool| int_math::from_bytes(item, true, signed);
    match format {
        b'c' => Bytes::single(item[0]).into_value(),
        b'?' => Value::bool(item[0] != 0),
        b'f' => float::float(f32::from_le_bytes(item.try_into().unwrap_or_default()) as f64),
        b'd' => float::float(f64::from_le_bytes(item.try_into().unwrap_or_default())),
        b'b' | b'h' | b'i' | b'l' | b'q' | b'n' => number(true),
        _ => number(false),
    }
}

/// The bytes of a value as an item.
fn pack(vm: &mut Vm, format: u8, value: &Value) -> R<Vec<u8>> {
    let shown = format as char;
    let bad_type = format!("memoryview: invalid type for format '{shown}'");
    let bad_value = format!("memoryview: invalid value for format '{shown}'");
    let size = item_size(format).unwrap_or(1);
    match format {
        b'c' => match bytes::with_bytes(value, <[u8]>::to_vec) {
            Some(data) if data.len() == 1 => Ok(data),
            Some(_) => Err(vm.value_error(bad_value)),
            None => Err(vm.type_error(bad_type)),
        },
        b'?' => Ok(vec![vm.truth(value)? as u8]),
        b'f' | b'd' => {
            if float::as_float(value).is_none()
                && !vm.has_index(value)
                && vm.special_of(value, Special::Float).is_none()
            {
                return Err(vm.type_error(bad_type));
            }
            let f = vm.float(value)?;
            Ok(if format == b'f' {
                (f as f32).to_le_bytes().to_vec()
            } else {
                f.to_le_bytes().to_vec()
            })
        }
        _ => {
            if !vm.has_index(value) {
                return Err(vm.type_error(bad_type));
            }
            let number = vm.index_value(value)?;
            let view = IntView::of(&number).unwrap_or(IntView::Small(0));
            let signed = matches!(format, b'b' | b'h' | b'i' | b'l' | b'q' | b'n');
            int_math::to_bytes(view, size, true, signed).map_err(|_| vm.value_error(bad_value))
        }
    }
}

fn item(vm: &mut Vm, view: &MemoryView, source: &Value, index: usize) -> R {
    let (at, size) = (view.offset(index), view.item_size());
    match bytes::with_bytes(source, |data| {
        data.get(at..at + size)
            .map(|item| unpack(view.format, item))
    })
    .flatten()
    {
        Some(value) => Ok(value),
        None => Err(vm.index_error("index out of bounds on dimension 1")),
    }
}

fn tolist(vm: &mut Vm, args: &[Value]) -> R {
    let (view, source) = live(vm, &args[0])?;
    let mut items = Buffer::new();
    for i in 0..view.len {
        vm.count_one()?;
        let value = item(vm, &view, &source, i)?;
        let pushed = items.push(value);
        lift(vm, pushed)?;
    }
    Ok(List::new(items).into_value())
}

fn index_in(vm: &mut Vm, key: &Value, len: usize) -> R<usize> {
    let index = vm.index_value(key)?;
    let Some(index) = IntView::of(&index).and_then(IntView::as_i64) else {
        return Err(vm.index_error("cannot fit 'int' into an index-sized integer"));
    };
    let place = if index < 0 {
        index.saturating_add(len as i64)
    } else {
        index
    };
    if place < 0 || place >= len as i64 {
        return Err(vm.index_error("index out of bounds on dimension 1"));
    }
    Ok(place as usize)
}

fn part(vm: &mut Vm, view: &MemoryView, source: &Value, slice: &Ref<Slice>) -> R<Ref<MemoryView>> {
    let found = vm.slice_indices(slice, || view.len)?;
    let start = if found.count == 0 {
        view.start
    } else {
        view.offset(found.start)
    };
    Ok(MemoryView::over(
        source,
        start,
        found.count,
        view.step * found.step,
        view.format,
        view.readonly,
    ))
}

/// `view[(i,)]` is `view[i]`.
fn plain_key(key: &Value) -> Value {
    match key.get::<Tuple>().map(Tuple::items) {
        Some([only]) if !only.is_kind::<Slice>() && !only.is_ellipsis() => only.clone(),
        _ => key.clone(),
    }
}

/// The error of a key that is neither an index, a slice nor an ellipsis.
fn bad_key(vm: &mut Vm, key: &Value, assigned: bool) -> Raised {
    let items = key.get::<Tuple>().map_or(&[][..], Tuple::items);
    let n = items.len();
    if key.is_kind::<Tuple>() && items.iter().all(|k| vm.has_index(k)) {
        return match n {
            0 => vm.not_implemented_error("sub-views are not implemented"),
            _ => vm.type_error(format!(
                "cannot index 1-dimension view with {n}-element tuple"
            )),
        };
    }
    if n > 0 && items.iter().all(|k| k.is_kind::<Slice>()) {
        return vm.not_implemented_error(match assigned {
            true => "memoryview slice assignments are currently restricted to ndim = 1",
            false => "multi-dimensional slicing is not implemented",
        });
    }
    vm.type_error("memoryview: invalid slice key")
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let (view, source) = live(vm, &args[0])?;
    let key = plain_key(&args[1]);
    if let Some(slice) = key.to_ref::<Slice>() {
        return part(vm, &view, &source, &slice).map(Ref::into_value);
    }
    if !vm.has_index(&key) {
        return Err(bad_key(vm, &key, false));
    }
    let index = index_in(vm, &key, view.len)?;
    // The script that was asked for the index may have released the view; so too below.
    live(vm, &args[0])?;
    item(vm, &view, &source, index)
}

fn setitem(vm: &mut Vm, args: &[Value]) -> R {
    let (view, source) = live(vm, &args[0])?;
    if view.readonly {
        return Err(vm.type_error("cannot modify read-only memory"));
    }
    let key = plain_key(&args[1]);
    if let Some(slice) = args[1].to_ref::<Slice>() {
        if !is_buffer(&args[2]) {
            let given = vm.type_name(&args[2]);
            let text = format!("a bytes-like object is required, not '{given}'");
            return Err(vm.type_error(text));
        }
        if args[2].is_kind::<MemoryView>() {
            live(vm, &args[2])?;
        }
        let target = part(vm, &view, &source, &slice)?;
        live(vm, &args[0])?;
        return assign(vm, &target, &source, &args[2]);
    }
    if !vm.has_index(&key) {
        return Err(bad_key(vm, &args[1], true));
    }
    let index = index_in(vm, &key, view.len)?;
    let data = pack(vm, view.format, &args[2])?;
    live(vm, &args[0])?;
    write(&view, &source, index, &data);
    Ok(Value::NONE)
}

fn write(view: &MemoryView, source: &Value, index: usize, item: &[u8]) {
    let at = view.offset(index);
    bytes::with_bytes_mut(source, |data| {
        if let Some(place) = data.get_mut(at..at + item.len()) {
            place.copy_from_slice(item);
        }
    });
}

fn assign(vm: &mut Vm, target: &MemoryView, source: &Value, value: &Value) -> R {
    if !is_buffer(value) {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!("a bytes-like object is required, not '{given}'")));
    }
    let format = value.get::<MemoryView>().map_or(b'B', |view| view.format);
    let data = copied_buffer(vm, value).unwrap_or_default();
    let size = target.item_size();
    if format != target.format || data.len() != target.len * size {
        return Err(
            vm.value_error("memoryview assignment: lvalue and rvalue have different structures")
        );
    }
    for (i, item) in data.chunks(size).enumerate() {
        write(target, source, i, item);
    }
    Ok(Value::NONE)
}

fn cast(vm: &mut Vm, args: &[Value]) -> R {
    let Some(text) = args[1].get::<Str>() else {
        let given = super::adapt::shown_type(vm, &args[1]);
        return Err(vm.type_error(format!("cast() argument 'format' must be str, not {given}")));
    };
    let (view, source) = live(vm, &args[0])?;
    if !view.is_contiguous() {
        return Err(vm.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if given(&args[2]) {
        if view.len == 0 {
            let text = "memoryview: cannot cast view with zeros in shape or strides";
            return Err(vm.type_error(text));
        }
        if !args[2].is_kind::<List>() && !args[2].is_kind::<Tuple>() {
            return Err(vm.type_error("shape must be a list or a tuple"));
        }
        return Err(vm.not_implemented_error(
            "memoryview: views of more than one dimension are not supported",
        ));
    }
    if !text.is_ascii() {
        let ascii = super::arguments::string("ascii");
        super::codecs::encode_value(vm, &args[1], &ascii, &Value::UNDEF)?;
    }
    let format = match text.bytes() {
        [b'@', format] | [format] if *format != b'w' && item_size(*format).is_some() => *format,
        _ => {
            let message = "memoryview: destination format must be a native single character format prefixed with an optional '@'";
            return Err(vm.value_error(message));
        }
    };
    let is_bytes = |format: u8| matches!(format, b'b' | b'B' | b'c');
    if !is_bytes(format) && !is_bytes(view.format) {
        return Err(vm.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let (total, size) = (view.len * view.item_size(), item_size(format).unwrap_or(1));
    if total % size != 0 {
        return Err(vm.type_error("memoryview: length is not a multiple of itemsize"));
    }
    Ok(MemoryView::over(&source, view.start, total / size, 1, format, view.readonly).into_value())
}

fn compare(vm: &mut Vm, args: &[Value], op: CompareOp) -> R {
    let Some(view) = args[0].to_ref::<MemoryView>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if !is_buffer(&args[1]) && view.source().is_some() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let other = of_object(vm, &args[1]).ok();
    let same = match (view.source(), other) {
        (Some(_), Some(other)) => {
            vm.check_room(view.len.saturating_mul(32))?;
            let (a, b) = (tolist(vm, args)?, tolist(vm, std::slice::from_ref(&other))?);
            vm.eq(&a, &b)?
        }
        _ => args[0].is(&args[1]),
    };
    Ok(Value::bool(same == (op == CompareOp::Eq)))
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let Some(view) = args[0].to_ref::<MemoryView>() else {
        return Err(bad_receiver(vm, &args[0], "memoryview"));
    };
    if let Some(known) = view.hash.get() {
        return Ok(int::from_i64(known));
    }
    let (view, _) = live(vm, &args[0])?;
    if !view.readonly {
        return Err(vm.value_error("cannot hash writable memoryview object"));
    }
    if !matches!(view.format, b'B' | b'b' | b'c') {
        return Err(vm.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
    }
    let hash = hash_of(&view.bytes().unwrap_or_default());
    view.hash.set(Some(hash));
    Ok(int::from_i64(hash))
}
