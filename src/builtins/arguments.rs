//! What the tables of native functions say to the VM: reading arguments,
//! making results, raising. What may run script code here runs it nested, so
//! it is for conversions and rare paths; loops over script code are native
//! frames (see `docs/internals/calls.md`).

use std::borrow::Cow;

use crate::heap::{Ref, Value};
use crate::host::{HostError, path_bytes};
use crate::object::bytes::Bytes;
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::int::{self, IntView};
use crate::object::list::List;
use crate::object::memoryview::MemoryView;
use crate::object::native::{Attribute, R, Raised};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::error::{fields, set_field};
use crate::vm::special::Special;

/// The OSError of an error from outside.
#[cold]
pub fn os_error(vm: &mut Vm, error: &HostError) -> Raised {
    let name = |path: &std::path::Path| wtf8_lossy(path_bytes(path));
    let first = error.filename().map_or(Value::UNDEF, name);
    let raised = vm.os_error_text(error.errno, &error.message(), first);
    if let Some(second) = error.filename2() {
        set_field(&raised.0, fields::OS_FILENAME2, name(second));
    }
    raised
}

/// As `outside`, for what was asked about files: an error names them in bytes if they were given so.
pub fn outside_named<T>(
    vm: &mut Vm,
    result: Result<T, HostError>,
    first: &Value,
    second: Option<&Value>,
) -> R<T> {
    let error = match result {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let raised = os_error(vm, &error);
    let given = [
        (fields::OS_FILENAME, error.filename(), Some(first)),
        (fields::OS_FILENAME2, error.filename2(), second),
    ];
    for (field, known, name) in given {
        if let (Some(_), Some(name)) = (known, name.filter(|name| name.is_kind::<Bytes>())) {
            set_field(&raised.0, field, name.clone());
        }
    }
    Err(raised)
}

/// As `os_error`, for a result.
pub fn outside<T>(vm: &mut Vm, result: Result<T, HostError>) -> R<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => Err(os_error(vm, &error)),
    }
}

// ----- Making values --------------------------------------------------------

/// A str of few characters.
pub fn string(text: &str) -> Value {
    Str::new(text).into_value()
}

/// A str of text whose length a script decides.
pub fn long_string(vm: &mut Vm, text: &str) -> R {
    let made = Str::try_new(text);
    vm.lift(made).map(Ref::into_value)
}

/// A str of WTF-8 bytes.
pub fn wtf8(vm: &mut Vm, bytes: &[u8]) -> R {
    let made = Str::from_wtf8(bytes);
    vm.lift(made).map(Ref::into_value)
}

/// An int.
pub fn int(i: i64) -> Value {
    int::from_i64(i)
}

/// A float.
pub fn float(f: f64) -> Value {
    crate::object::float::float(f)
}

/// A str of bytes that the system gave: what is not UTF-8 becomes surrogates, as CPython's `os.fsdecode`.
pub fn wtf8_lossy(bytes: &[u8]) -> Value {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return string(text);
    }
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for &byte in chunk.invalid() {
            // U+DC80..U+DCFF in WTF-8.
            let point = 0xDC00 + u32::from(byte);
            out.extend_from_slice(&[
                0xED,
                0x80 | (point >> 6 & 0x3F) as u8,
                0x80 | (point & 0x3F) as u8,
            ]);
        }
    }
    Str::from_wtf8(&out).map_or_else(|_| string(""), Ref::into_value)
}

/// The bytes that a path's text stands for: `wtf8_lossy` backwards.
pub fn path_of_text(text: &Str) -> Vec<u8> {
    if !text.has_surrogates() {
        return text.bytes().to_vec();
    }
    let mut out = Vec::with_capacity(text.byte_len());
    let mut room = [0; 4];
    for point in text.points() {
        match point {
            0xDC80..=0xDCFF => out.push((point - 0xDC00) as u8),
            _ => out.extend_from_slice(crate::object::str::encode_point(point, &mut room)),
        }
    }
    out
}

/// A tuple.
pub fn tuple(vm: &mut Vm, items: Vec<Value>) -> R {
    let made = Tuple::from_vec(items);
    vm.lift(made).map(Ref::into_value)
}

/// A tuple of two.
pub fn pair(a: Value, b: Value) -> Value {
    Tuple::pair(a, b).into_value()
}

/// A list.
pub fn list(items: Vec<Value>) -> Value {
    List::from_vec(items).into_value()
}

/// A bytes object.
pub fn bytes(vm: &mut Vm, bytes: &[u8]) -> R {
    let made = Bytes::new(bytes);
    vm.lift(made).map(Ref::into_value)
}

// ----- Reading arguments ----------------------------------------------------

/// An index as `operator.index` gives it, in the range of a machine word.
pub fn index(vm: &mut Vm, value: &Value) -> R<i64> {
    if let Some(i) = value.as_small_int() {
        return Ok(i);
    }
    let number = vm.index_value(value)?;
    match IntView::of(&number).and_then(IntView::as_i64) {
        Some(i) => Ok(i),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// As `index`, for a C int.
pub fn small(vm: &mut Vm, value: &Value) -> R<i32> {
    let number = vm.index_value(value)?;
    let Some(word) = IntView::of(&number).and_then(IntView::as_i64) else {
        return Err(vm.overflow_error("Python int too large to convert to C long"));
    };
    i32::try_from(word).map_err(|_| {
        vm.overflow_error(if word < 0 {
            "signed integer is less than minimum"
        } else {
            "signed integer is greater than maximum"
        })
    })
}

/// A real number.
#[inline]
pub fn number(vm: &mut Vm, value: &Value) -> R<f64> {
    match value.as_inline_float() {
        Some(f) => Ok(f),
        None => vm.float(value),
    }
}

/// The text of a str argument; `what` begins the message when it is none: "f() argument 1".
pub fn text<'a>(vm: &mut Vm, value: &'a Value, what: &str) -> R<Cow<'a, str>> {
    match value.get::<Str>() {
        Some(text) => Ok(text.to_text()),
        None => {
            let given = shown_type(vm, value);
            Err(vm.type_error(format!("{what} must be str, not {given}")))
        }
    }
}

/// The text of a str argument, or None for None.
pub fn optional_text<'a>(vm: &mut Vm, value: &'a Value, what: &str) -> R<Option<Cow<'a, str>>> {
    if value.is_none() || value.is_undef() {
        return Ok(None);
    }
    match value.get::<Str>() {
        Some(text) => Ok(Some(text.to_text())),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!("{what} must be str or None, not {given}")))
        }
    }
}

/// The name of a value's type without its module, as paths are complained of.
pub fn bare_type_name(vm: &mut Vm, value: &Value) -> String {
    let name = vm.type_name(value);
    name.rsplit('.').next().unwrap_or(&name).to_string()
}

/// The str or bytes that an object gives as its path.
pub fn path_value(vm: &mut Vm, value: &Value) -> R {
    let name = bare_type_name(vm, value);
    let Some(method) = vm
        .special_of(value, Special::FsPath)
        .filter(|method| !method.is_none())
    else {
        return Err(vm.type_error(format!(
            "expected str, bytes or os.PathLike object, not {name}"
        )));
    };
    let step = vm.call_special(method, value, &[]);
    let made = vm.finish(step)?;
    if made.is_kind::<Str>() || made.is_kind::<Bytes>() {
        return Ok(made);
    }
    let given = bare_type_name(vm, &made);
    Err(vm.type_error(format!(
        "expected {name}.__fspath__() to return str or bytes, not {given}"
    )))
}

/// A type's name as argument errors show it: `None` for None.
pub fn shown_type(vm: &mut Vm, value: &Value) -> String {
    if value.is_none() {
        "None".into()
    } else {
        vm.type_name(value)
    }
}

/// The bytes of a bytes-like argument.
pub fn buffer(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    vm.check_room(crate::object::bytes::with_bytes(value, <[u8]>::len).unwrap_or(0))?;
    if let Some(bytes) = crate::object::bytes::with_bytes(value, <[u8]>::to_vec) {
        return Ok(bytes);
    }
    if !value.is_kind::<MemoryView>() && vm.special_of(value, Special::Buffer).is_none() {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!("a bytes-like object is required, not '{given}'")));
    }
    let view = super::memoryview::of_object(vm, value)?;
    let found = match view.get::<MemoryView>() {
        Some(view) if view.is_contiguous() => view.bytes(),
        _ => None,
    };
    match found {
        Some(bytes) => Ok(bytes),
        None => Err(not_contiguous(vm)),
    }
}

/// The error of a view whose items do not lie side by side.
pub fn not_contiguous(vm: &mut Vm) -> Raised {
    vm.raise(
        &super::exceptions::BUFFER_ERROR,
        "memoryview: underlying buffer is not C-contiguous",
    )
}

/// The shape of new instances of the class that is the first argument of a `__new__`.
pub fn shape_of_class(class: &Value) -> u32 {
    class.get::<Class>().map_or(0, |c| c.root_shape.get())
}

/// The text of a str; empty for anything else.
pub fn plain(value: &Value) -> String {
    value
        .get::<Str>()
        .map_or_else(String::new, |s| s.to_text().into_owned())
}

/// Puts a name into a module's namespace.
pub fn put(vm: &mut Vm, namespace: &Ref<Dict>, name: &str, value: Value) -> R<()> {
    vm.set_name(namespace, name, value)
}

/// What is to become a `__dict__` that cannot be deleted; Undef asks for that.
pub fn namespace(vm: &mut Vm, value: &Value) -> R<Ref<Dict>> {
    if value.is_undef() {
        return Err(vm.type_error("cannot delete __dict__"));
    }
    let given = vm.type_name(value);
    value.to_ref::<Dict>().ok_or_else(|| {
        vm.type_error(format!(
            "__dict__ must be set to a dictionary, not a '{given}'"
        ))
    })
}

/// `__dict__`, for the tables of types whose instances have one that cannot be deleted.
pub const LASTING_DICT: Attribute =
    Attribute::get_set("__dict__", crate::vm::class::get_dict, |vm, obj, value| {
        let dict = namespace(vm, value)?;
        vm.set_object_dict(obj, &dict);
        Ok(())
    });
