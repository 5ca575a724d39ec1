//! `bytes` and `bytearray`: their tables, and how other natives read bytes-like objects.

pub mod array;
pub mod construct;
pub mod methods;

pub use construct::bytes_of_object;

use super::operators;
use crate::heap::Value;
use crate::object::bytes;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::memoryview::MemoryView;
use crate::object::native::{Def, TypeDef};
use crate::vm::Vm;

/// A copy of the bytes of a bytes-like object; None for anything else.
pub fn buffer_of(_: &mut Vm, value: &Value) -> Option<Vec<u8>> {
    if let Some(data) = bytes::with_bytes(value, <[u8]>::to_vec) {
        return Some(data);
    }
    let view = value.get::<MemoryView>()?;
    view.is_contiguous().then(|| view.bytes()).flatten()
}

/// As `buffer_of`, for what copies: the items of a view may have gaps between them.
pub fn copied_buffer(vm: &mut Vm, value: &Value) -> Option<Vec<u8>> {
    match value.get::<MemoryView>() {
        Some(view) => view.bytes(),
        None => buffer_of(vm, value),
    }
}

/// Whether the value is bytes-like.
pub fn is_buffer(value: &Value) -> bool {
    bytes::with_bytes(value, |_| ()).is_some() || value.is_kind::<MemoryView>()
}

/// `bytes`
pub static BYTES: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::MATCH_SELF,
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object",
    new: Some(Def::frame(
        "__new__(cls, source=<unset>, encoding=<unset>, errors=<unset>)",
        1,
        construct::new_bytes,
    )),
    methods: BYTES_METHODS,
    ..TypeDef::new("builtins", "bytes", kind::BYTES)
};

/// `bytearray`
pub static BYTEARRAY: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::MATCH_SELF,
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array",
    new: Some(Def::raw(
        "__new__(cls, /, *args, **kwargs)",
        construct::new_array,
    )),
    methods: ARRAY_METHODS,
    ..TypeDef::new("builtins", "bytearray", kind::BYTEARRAY)
};

/// A table of what both types have, and more.
macro_rules! methods_with {
    ($($more:expr,)*) => {
        &[
            Def::leaf("capitalize(self, /)", methods::capitalize),
            Def::leaf("center(self, width, fillchar=<unset>, /)", methods::center),
            Def::leaf("count(self, sub, start=None, end=None, /)", methods::count),
            Def::leaf("decode(self, /, encoding='utf-8', errors='strict')", methods::decode),
            Def::leaf("endswith(self, suffix, start=None, end=None, /)", methods::endswith),
            Def::leaf("expandtabs(self, /, tabsize=8)", methods::expandtabs),
            Def::leaf("find(self, sub, start=None, end=None, /)", methods::find),
            Def::leaf("hex(self, /, sep=<unset>, bytes_per_sep=1)", methods::hex),
            Def::leaf("index(self, sub, start=None, end=None, /)", methods::index),
            Def::leaf("isalnum(self, /)", methods::isalnum),
            Def::leaf("isalpha(self, /)", methods::isalpha),
            Def::leaf("isascii(self, /)", methods::isascii),
            Def::leaf("isdigit(self, /)", methods::isdigit),
            Def::leaf("islower(self, /)", methods::islower),
            Def::leaf("isspace(self, /)", methods::isspace),
            Def::leaf("istitle(self, /)", methods::istitle),
            Def::leaf("isupper(self, /)", methods::isupper),
            Def::frame("join(self, iterable_of_bytes, /)", 1, methods::join),
            Def::leaf("ljust(self, width, fillchar=<unset>, /)", methods::ljust),
            Def::leaf("lower(self, /)", methods::lower),
            Def::leaf("lstrip(self, bytes=None, /)", methods::lstrip),
            Def::leaf("maketrans(frm, to, /)", methods::maketrans).stat(),
            Def::leaf("partition(self, sep, /)", methods::partition),
            Def::leaf("removeprefix(self, prefix, /)", methods::removeprefix),
            Def::leaf("removesuffix(self, suffix, /)", methods::removesuffix),
            Def::leaf("replace(self, old, new, count=-1, /)", methods::replace),
            Def::leaf("rfind(self, sub, start=None, end=None, /)", methods::rfind),
            Def::leaf("rindex(self, sub, start=None, end=None, /)", methods::rindex),
            Def::leaf("rjust(self, width, fillchar=<unset>, /)", methods::rjust),
            Def::leaf("rpartition(self, sep, /)", methods::rpartition),
            Def::leaf("rsplit(self, /, sep=None, maxsplit=-1)", methods::rsplit),
            Def::leaf("rstrip(self, bytes=None, /)", methods::rstrip),
            Def::leaf("split(self, /, sep=None, maxsplit=-1)", methods::split),
            Def::leaf("splitlines(self, /, keepends=False)", methods::splitlines),
            Def::leaf("startswith(self, prefix, start=None, end=None, /)", methods::startswith),
            Def::leaf("strip(self, bytes=None, /)", methods::strip),
            Def::leaf("swapcase(self, /)", methods::swapcase),
            Def::leaf("title(self, /)", methods::title),
            Def::leaf("translate(self, table, /, delete=b'')", methods::translate),
            Def::leaf("upper(self, /)", methods::upper),
            Def::leaf("zfill(self, width, /)", methods::zfill),
            Def::leaf("__add__(self, value, /)", methods::add),
            Def::leaf("__buffer__(self, flags, /)", methods::buffer),
            Def::leaf("__contains__(self, key, /)", operators::contains),
            Def::leaf("__eq__(self, value, /)", operators::eq),
            Def::leaf("__ge__(self, value, /)", operators::ge),
            Def::leaf("__getitem__(self, key, /)", operators::getitem),
            Def::leaf("__gt__(self, value, /)", operators::gt),
            Def::leaf("__iter__(self, /)", operators::iter),
            Def::leaf("__le__(self, value, /)", operators::le),
            Def::leaf("__len__(self, /)", operators::len),
            Def::leaf("__lt__(self, value, /)", operators::lt),
            Def::leaf("__mod__(self, value, /)", methods::modulo),
            Def::leaf("__mul__(self, value, /)", operators::repeat),
            Def::leaf("__ne__(self, value, /)", operators::ne),
            Def::leaf("__repr__(self, /)", operators::repr),
            Def::leaf("__str__(self, /)", operators::repr),
            Def::leaf("__rmod__(self, value, /)", methods::rmod),
            Def::leaf("__rmul__(self, value, /)", operators::repeat),
            $($more,)*
        ]
    };
}

static BYTES_METHODS: &[Def] = methods_with! {
    Def::leaf("fromhex(cls, string, /)", construct::bytes_fromhex).class()
        .doc("The bytes that pairs of hexadecimal digits stand for."),
    Def::leaf("__bytes__(self, /)", methods::plain).doc("The same as plain bytes."),
    Def::leaf("__getnewargs__(self, /)", methods::getnewargs),
    Def::leaf("__hash__(self, /)", methods::hash),
};

static ARRAY_METHODS: &[Def] = methods_with! {
    Def::leaf("__release_buffer__(self, buffer, /)", super::memoryview::release_buffer),
    Def::leaf("append(self, item, /)", array::append).doc("Puts a byte behind the last."),
    Def::leaf("clear(self, /)", array::clear).doc("Takes all bytes out."),
    Def::leaf("copy(self, /)", array::copy).doc("A second bytearray of the same bytes."),
    Def::frame("extend(self, iterable_of_ints, /)", 1, array::extend)
        .doc("Append all the items from the iterator or sequence to the bytearray."),
    Def::leaf("fromhex(cls, string, /)", construct::array_fromhex).class()
        .doc("The bytes that pairs of hexadecimal digits stand for."),
    Def::leaf("insert(self, index, item, /)", array::insert).doc("Puts a byte in front of the one at the index."),
    Def::leaf("pop(self, index=-1, /)", array::pop).doc("Takes out the byte at the index, the last unless told otherwise."),
    Def::leaf("remove(self, value, /)", array::remove).doc("Takes out the first byte of that value."),
    Def::leaf("reverse(self, /)", array::reverse).doc("Turns the order of the bytes around."),
    Def::leaf("__alloc__(self, /)", array::alloc),
    Def::leaf("__delitem__(self, key, /)", array::delitem),
    Def::frame("__iadd__(self, value, /)", 1, array::iadd),
    Def::leaf("__imul__(self, value, /)", array::imul),
    Def::frame("__init__(self, /, source=<unset>, encoding=<unset>, errors=<unset>)", 1, construct::init_array),
    Def::leaf("__reduce__(self, /)", array::reduce),
    Def::leaf("__reduce_ex__(self, proto=0, /)", array::reduce_ex),
    Def::leaf("__setitem__(self, key, value, /)", array::setitem),
    Def::leaf("__sizeof__(self, /)", array::sizeof),
};
