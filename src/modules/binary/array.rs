//! `array.array`: its table.

use super::array_operators::{add, compare, iadd, imul, mul};
use super::array_slices::{delitem, getitem, setitem};
use super::elements::{self, codes_text};
use super::window::bytes_like;
use crate::builtins::adapt::{alias, bad_receiver, gather, lift, word};
use crate::builtins::arguments::{
    bytes, int, list, long_string, pair, shape_of_class, shown_type, string, tuple, wtf8,
};
use crate::builtins::functions::iterators::itself;
use crate::builtins::memoryview::of_object;
use crate::heap::{Buffer, Ref, Value};
use crate::object::array::{Array, item_size};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{
    Attribute, Def, Input, ModuleDef, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use std::cell::Cell;

/// `array`
pub static MODULE: ModuleDef = ModuleDef {
    name: "array",
    doc: "This module defines an object type which can efficiently represent an array of basic values.",
    functions: &[Def::leaf(
        "_array_reconstructor(arraytype, typecode, mformat_code, items, /)",
        reconstruct,
    )
    .doc("What makes an array of a pickle.")],
    types: &[&ARRAY],
    setup: Some(|vm, module: &Ref<Module>| {
        let class = vm.class_of_def(&ARRAY).into_value();
        vm.set_name(&module.namespace, "ArrayType", class)?;
        vm.set_name(&module.namespace, "typecodes", string(codes_text()))
    }),
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&ARRAY, &ITERATOR];

traced_object! {
    /// The iterator of an array.
    pub struct ArrayIterator: ARRAY_ITERATOR {
        /// The array.
        array: Value,
        /// The next index; `usize::MAX` after the end.
        at: Cell<usize>,
    }
}

/// `array.array`
pub static ARRAY: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::SEQUENCE,
    doc: "array(typecode [, initializer]) -> array",
    new: Some(Def::frame("__new__(cls, /, *args, **kwargs)", 2, new)),
    methods: METHODS,
    attributes: &[
        Attribute::get("itemsize", |vm, value| {
            Ok(int(this(vm, value)?.item_size() as i64))
        }),
        Attribute::get("typecode", |vm, value| {
            Ok(Str::from_point(u32::from(this(vm, value)?.code)).into_value())
        }),
    ],
    ..TypeDef::new("array", "array", kind::ARRAY)
};

static METHODS: &[Def] = &[
    Def::leaf("append(self, v, /)", append).doc("Puts an item behind the last."),
    Def::leaf("buffer_info(self, /)", buffer_info).doc("Return a tuple (address, length)."),
    Def::leaf("byteswap(self, /)", byteswap).doc("Turns the bytes of every item around."),
    Def::leaf("clear(self, /)", |vm, args| {
        resizable(vm, &args[0])?.data.borrow_mut().take();
        Ok(Value::NONE)
    })
    .doc("Takes all items out."),
    Def::leaf("count(self, v, /)", count).doc("How often the value occurs."),
    Def::frame("extend(self, bb, /)", 1, extend)
        .doc("Puts the items of an iterable behind the last."),
    Def::leaf("frombytes(self, buffer, /)", frombytes)
        .doc("Appends items from the string, interpreting it as an array of machine values."),
    Def::frame("fromfile(self, f, n, /)", 0, fromfile)
        .doc("Reads n items of a file and puts them behind the last."),
    Def::leaf("fromlist(self, list, /)", fromlist).doc("Puts the items of a list behind the last."),
    Def::leaf("fromunicode(self, ustr, /)", fromunicode)
        .doc("Puts the characters of a text behind the last."),
    Def::leaf(
        "index(self, v, start=0, stop=9223372036854775807, /)",
        index,
    )
    .doc("Where the value is found first."),
    Def::leaf("insert(self, i, v, /)", insert)
        .doc("Puts an item in front of the one at the index."),
    Def::leaf("pop(self, i=-1, /)", pop)
        .doc("Takes out the item at the index, the last unless told otherwise."),
    Def::leaf("remove(self, v, /)", remove).doc("Takes out the first item equal to the value."),
    Def::leaf("reverse(self, /)", reverse).doc("Turns the order around, in place."),
    Def::leaf("tobytes(self, /)", tobytes).doc("The items as the bytes that they are kept in."),
    Def::frame("tofile(self, f, /)", 0, tofile).doc("Writes the items to a file, as bytes."),
    Def::leaf("tolist(self, /)", tolist).doc("The items as a list."),
    Def::leaf("tounicode(self, /)", tounicode).doc("The items as a text."),
    Def::leaf("__add__(self, value, /)", add),
    Def::leaf("__buffer__(self, flags, /)", |vm, args| {
        of_object(vm, &args[0])
    }),
    Def::leaf("__class_getitem__(cls, object, /)", alias).class(),
    Def::leaf("__contains__(self, key, /)", |vm, args| {
        Ok(Value::bool(find(vm, args, 0, usize::MAX)?.is_some()))
    }),
    Def::leaf("__copy__(self, /)", copy),
    Def::leaf("__deepcopy__(self, unused, /)", copy),
    Def::leaf("__delitem__(self, key, /)", delitem),
    Def::leaf("__eq__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Eq)
    }),
    Def::leaf("__ge__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Ge)
    }),
    Def::leaf("__getitem__(self, key, /)", getitem),
    Def::leaf("__gt__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Gt)
    }),
    Def::leaf("__iadd__(self, value, /)", iadd),
    Def::leaf("__imul__(self, value, /)", imul),
    Def::leaf("__iter__(self, /)", |_, args| {
        let shape = u32::from(kind::ARRAY_ITERATOR);
        Ok(ArrayIterator::alloc(shape, args[0].clone(), Cell::new(0)).into_value())
    }),
    Def::leaf("__le__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Le)
    }),
    Def::leaf("__len__(self, /)", |vm, args| {
        Ok(int(this(vm, &args[0])?.len() as i64))
    }),
    Def::leaf("__lt__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Lt)
    }),
    Def::leaf("__mul__(self, value, /)", mul),
    Def::leaf("__ne__(self, value, /)", |vm, args| {
        compare(vm, args, CompareOp::Ne)
    }),
    Def::leaf("__reduce_ex__(self, value, /)", reduce),
    Def::leaf("__repr__(self, /)", repr),
    Def::leaf("__rmul__(self, value, /)", mul),
    Def::leaf("__setitem__(self, key, value, /)", setitem),
];

/// `array.arrayiterator`
pub static ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__next__(self, /)", |vm, args| match next(vm, &args[0]) {
            Some(Ok(Some(value))) => Ok(value),
            Some(Err(raised)) => Err(raised),
            _ => Err(vm.stop_iteration(Value::NONE)),
        }),
        Def::leaf("__reduce__(self, /)", |vm, args| {
            let builtins = vm.import("builtins")?;
            let iter = vm.get_attr(&builtins, "iter")?;
            let Some(it) = args[0].get::<ArrayIterator>() else {
                return Ok(Value::NONE);
            };
            if it.at.get() == usize::MAX {
                let empty = tuple(vm, vec![list(Vec::new())])?;
                return Ok(pair(iter, empty));
            }
            let array = tuple(vm, vec![it.array.clone()])?;
            let at = int(it.at.get() as i64);
            tuple(vm, vec![iter, array, at])
        }),
        Def::leaf("__setstate__(self, state, /)", |vm, args| {
            let at = word(vm, &args[1])?.max(0) as usize;
            if let Some(it) = args[0].get::<ArrayIterator>() {
                let len = it.array.get::<Array>().map_or(0, Array::len);
                it.at.set(at.min(len));
            }
            Ok(Value::NONE)
        }),
    ],
    next_at_once: Some(next),
    ..TypeDef::new("array", "arrayiterator", kind::ARRAY_ITERATOR)
};

fn next(vm: &mut Vm, value: &Value) -> Option<R<Option<Value>>> {
    let it = value.get::<ArrayIterator>()?;
    let array = it.array.get::<Array>()?;
    let at = it.at.get();
    if at >= array.len() {
        it.at.set(usize::MAX);
        return Some(Ok(None));
    }
    it.at.set(at + 1);
    Some(item(vm, array, at).map(Some))
}

pub(super) fn this<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Array> {
    match value.get::<Array>() {
        Some(array) => Ok(array),
        None => Err(bad_receiver(vm, value, "array.array")),
    }
}

/// The receiver, when its size may change.
pub(super) fn resizable<'a>(vm: &mut Vm, value: &'a Value) -> R<&'a Array> {
    let array = this(vm, value)?;
    if array.exports.get() > 0 {
        return Err(vm.raise(
            &crate::builtins::exceptions::BUFFER_ERROR,
            "cannot resize an array that is exporting buffers",
        ));
    }
    Ok(array)
}

fn is_text(code: u8) -> bool {
    matches!(code, b'u' | b'w')
}

/// An item of an array.
pub(super) fn item(vm: &mut Vm, array: &Array, index: usize) -> R {
    let size = array.item_size();
    let data = array.data.borrow();
    let Some(bytes) = data.get(index * size..(index + 1) * size) else {
        drop(data);
        return Err(vm.index_error("array index out of range"));
    };
    elements::read(vm, array.code, bytes)
}

/// A new array of the same kind, of the plain class.
pub(super) fn fresh(code: u8, data: Buffer<u8>) -> Value {
    Array::alloc(u32::from(kind::ARRAY), code, data).into_value()
}

fn code_of(vm: &mut Vm, value: &Value) -> R<u8> {
    let Some(text) = value.get::<Str>().filter(|text| text.len() == 1) else {
        let given = shown_type(vm, value);
        return Err(vm.type_error(format!(
            "array() argument 1 must be a unicode character, not {given}"
        )));
    };
    match text.bytes() {
        [code] if item_size(*code).is_some() => Ok(*code),
        _ => Err(vm.value_error("bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)")),
    }
}

/// Registers: cls, positional arguments, keywords; the initializer, its items.
fn new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let Input::Start = input {
        match begin(vm, frame.regs) {
            Ok(None) => return Step::Return(frame.regs[1].clone()),
            Ok(Some(iterable)) => frame.regs[3] = iterable,
            Err(raised) => return Step::Raise(raised),
        }
    }
    match gather(vm, frame, input, 3, 4) {
        Ok(items) => match extend_by(vm, &frame.regs[1].clone(), &items) {
            Ok(_) => Step::Return(frame.regs[1].clone()),
            Err(raised) => Step::Raise(raised),
        },
        Err(step) => step,
    }
}

/// Makes the array, which it leaves in register 1; what is still to be iterated over, if anything.
fn begin(vm: &mut Vm, regs: &mut [Value]) -> R<Option<Value>> {
    let given = regs[1]
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    let plain = vm.class_of_def(&ARRAY);
    let keywords = regs[2].get::<Dict>().is_some_and(|d| !d.is_empty());
    if keywords && regs[0].is(plain.as_value()) {
        return Err(vm.type_error("array.array() takes no keyword arguments"));
    }
    let [code, rest @ ..] = &given[..] else {
        return Err(vm.type_error("array() takes at least 1 argument (0 given)"));
    };
    if rest.len() > 1 {
        let count = given.len();
        return Err(vm.type_error(format!("array() takes at most 2 arguments ({count} given)")));
    }
    let code = code_of(vm, code)?;
    if code == b'u' {
        deprecated(vm)?;
    }
    let made = Array::alloc(shape_of_class(&regs[0]), code, Buffer::new()).into_value();
    regs[1] = made.clone();
    match rest.first() {
        None => Ok(None),
        Some(initial) => {
            check_text(vm, code, initial)?;
            fill(vm, &made, initial)
        }
    }
}

/// Text fills arrays of characters only.
fn check_text(vm: &mut Vm, code: u8, initial: &Value) -> R<()> {
    if is_text(code) {
        return Ok(());
    }
    let what = if initial.is_kind::<Str>() {
        "str"
    } else if initial.get::<Array>().is_some_and(|a| is_text(a.code)) {
        "unicode array"
    } else {
        return Ok(());
    };
    let code = code as char;
    Err(vm.type_error(format!(
        "cannot use a {what} to initialize an array with typecode '{code}'"
    )))
}

fn deprecated(vm: &mut Vm) -> R<()> {
    vm.warn(
        crate::vm::types::Known::DeprecationWarning,
        "The 'u' type code is deprecated and will be removed in Python 3.16",
    )
}

/// Takes the items of an initializer whose bytes are at hand; gives back any other.
fn fill(vm: &mut Vm, made: &Value, initial: &Value) -> R<Option<Value>> {
    use crate::object::bytes::{ByteArray, Bytes};
    if initial.is_kind::<Bytes>() || initial.is_kind::<ByteArray>() {
        frombytes(vm, &[made.clone(), initial.clone()])?;
    } else if initial.is_kind::<Str>() {
        fromunicode(vm, &[made.clone(), initial.clone()])?;
    } else if let Some(other) = initial.get::<Array>()
        && other.code == this(vm, made)?.code
    {
        let data = other.data.borrow().to_vec();
        add_bytes(vm, made, &data)?;
    } else {
        return Ok(Some(initial.clone()));
    }
    Ok(None)
}

pub(super) fn add_bytes(vm: &mut Vm, value: &Value, data: &[u8]) -> R<()> {
    let array = resizable(vm, value)?;
    let done = array.data.borrow_mut().extend_from_slice(data);
    lift(vm, done)
}

fn append(vm: &mut Vm, args: &[Value]) -> R {
    let code = this(vm, &args[0])?.code;
    let (bytes, size) = elements::write(vm, code, &args[1])?;
    add_bytes(vm, &args[0], &bytes[..size])?;
    Ok(Value::NONE)
}

fn buffer_info(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let address = int(vm.heap.identity(&args[0]) as i64);
    tuple(vm, vec![address, int(array.len() as i64)])
}

fn byteswap(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    for item in array.data.borrow_mut().chunks_mut(array.item_size()) {
        item.reverse();
    }
    Ok(Value::NONE)
}

fn count(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let (mut at, mut found) = (0, 0);
    while at < array.len() {
        let value = item(vm, array, at)?;
        found += i64::from(vm.eq(&value, &args[1])?);
        at += 1;
    }
    Ok(int(found))
}

/// Where the first item from `at` to `end` is that equals the argument.
fn find(vm: &mut Vm, args: &[Value], mut at: usize, end: usize) -> R<Option<usize>> {
    let array = this(vm, &args[0])?;
    while at < array.len().min(end) {
        let value = item(vm, array, at)?;
        if vm.eq(&value, &args[1])? {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

fn index(vm: &mut Vm, args: &[Value]) -> R {
    let len = this(vm, &args[0])?.len() as i64;
    let mut bounds = [0; 2];
    for (bound, value) in bounds.iter_mut().zip(&args[2..]) {
        let i = vm.index_clamped(value)?;
        *bound = if i < 0 {
            i.saturating_add(len).max(0)
        } else {
            i
        };
    }
    match find(vm, args, bounds[0] as usize, bounds[1] as usize)? {
        Some(at) => Ok(int(at as i64)),
        None => Err(vm.value_error("array.index(x): x not in array")),
    }
}

fn remove(vm: &mut Vm, args: &[Value]) -> R {
    let Some(at) = find(vm, args, 0, usize::MAX)? else {
        return Err(vm.value_error("array.remove(x): x not in array"));
    };
    cut(vm, &args[0], at)?;
    Ok(Value::NONE)
}

pub(super) fn cut(vm: &mut Vm, value: &Value, at: usize) -> R<()> {
    let array = resizable(vm, value)?;
    let size = array.item_size();
    let mut data = array.data.borrow_mut();
    if (at + 1) * size <= data.len() {
        data.drain(at * size..(at + 1) * size);
    }
    Ok(())
}

/// Registers: self, iterable, items.
fn extend(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0
        && let Some(other) = frame.regs[1].get::<Array>()
    {
        let data = other.data.borrow().to_vec();
        let same = frame.regs[0].get::<Array>().map(|a| a.code) == Some(other.code);
        return if same {
            add_bytes(vm, &frame.regs[0], &data)
                .map(|()| Value::NONE)
                .into()
        } else {
            Step::Raise(vm.type_error("can only extend with array of same kind"))
        };
    }
    let items = match gather(vm, frame, input, 1, 2) {
        Ok(items) => items,
        Err(step) => return step,
    };
    extend_by(vm, &frame.regs[0].clone(), &items).into()
}

fn extend_by(vm: &mut Vm, array: &Value, items: &List) -> R {
    let mut at = 0;
    while let Some(value) = items.get(at) {
        append(vm, &[array.clone(), value])?;
        at += 1;
    }
    Ok(Value::NONE)
}

fn frombytes(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[1])?;
    if data.len() % this(vm, &args[0])?.item_size() != 0 {
        return Err(vm.value_error("bytes length not a multiple of item size"));
    }
    if !data.is_empty() {
        add_bytes(vm, &args[0], &data)?;
    }
    Ok(Value::NONE)
}

/// Registers: self, file, count.
fn fromfile(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let outcome = match input {
        Input::Start => fromfile_begin(vm, frame.regs),
        Input::Value(data) | Input::Yielded(data) if frame.state == 0 => {
            frame.state = 1;
            return Step::Call(data, [frame.regs[1].clone()].into_iter().collect());
        }
        Input::Value(data) | Input::Yielded(data) => fromfile_end(vm, frame.regs, &data),
        Input::Raised(raised) => Err(raised),
    };
    match outcome {
        Ok(Some(step)) => {
            frame.state = 1;
            step
        }
        Ok(None) => Step::Return(Value::NONE),
        Err(raised) => Step::Raise(raised),
    }
}

fn fromfile_begin(vm: &mut Vm, regs: &mut [Value]) -> R<Option<Step>> {
    let count = word(vm, &regs[2])?;
    let size = this(vm, &regs[0])?.item_size() as i64;
    if count < 0 {
        return Err(vm.value_error("negative count"));
    }
    let Some(total) = count.checked_mul(size) else {
        return Err(vm.memory_error());
    };
    let read = vm.get_attr(&regs[1], "read")?;
    regs[2] = int(total);
    Ok(Some(Step::Call(read, [int(total)].into_iter().collect())))
}

fn fromfile_end(vm: &mut Vm, regs: &[Value], data: &Value) -> R<Option<Step>> {
    let Some(bytes) = data.get::<crate::object::bytes::Bytes>() else {
        return Err(vm.type_error("read() didn't return bytes"));
    };
    let missing = word(vm, &regs[2])? != bytes.len() as i64;
    frombytes(vm, &[regs[0].clone(), data.clone()])?;
    if missing {
        return Err(vm.raise(
            &crate::builtins::exceptions::EOF_ERROR,
            "read() didn't return enough bytes",
        ));
    }
    Ok(None)
}

/// Registers: self, file.
fn tofile(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {}
        Input::Raised(raised) => return Step::Raise(raised),
        _ => return Step::Return(Value::NONE),
    }
    let write = match vm.get_attr(&frame.regs[1], "write") {
        Ok(write) => write,
        Err(raised) => return Step::Raise(raised),
    };
    match tobytes(vm, &frame.regs[..1]) {
        Ok(data) => Step::Call(write, [data].into_iter().collect()),
        Err(raised) => Step::Raise(raised),
    }
}

fn fromlist(vm: &mut Vm, args: &[Value]) -> R {
    let Some(items) = args[1].to_ref::<List>() else {
        return Err(vm.type_error("arg must be list"));
    };
    let array = resizable(vm, &args[0])?;
    let (code, old) = (array.code, items.len());
    let mut data = Vec::new();
    for at in 0..old {
        let value = items.get(at).unwrap_or(Value::NONE);
        let (bytes, size) = elements::write(vm, code, &value)?;
        data.extend_from_slice(&bytes[..size]);
        if items.len() != old {
            return Err(vm.runtime_error("list changed size during iteration"));
        }
    }
    add_bytes(vm, &args[0], &data)?;
    Ok(Value::NONE)
}

fn fromunicode(vm: &mut Vm, args: &[Value]) -> R {
    let code = this(vm, &args[0])?.code;
    let Some(text) = args[1].get::<Str>() else {
        let given = shown_type(vm, &args[1]);
        return Err(vm.type_error(format!("fromunicode() argument must be str, not {given}")));
    };
    if !is_text(code) {
        return Err(
            vm.value_error("fromunicode() may only be called on unicode type arrays ('u' or 'w')")
        );
    }
    let data: Vec<u8> = text.points().flat_map(u32::to_le_bytes).collect();
    add_bytes(vm, &args[0], &data)?;
    Ok(Value::NONE)
}

fn tounicode(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    if !is_text(array.code) {
        return Err(
            vm.value_error("tounicode() may only be called on unicode type arrays ('u' or 'w')")
        );
    }
    let text = elements::text(vm, &array.data.borrow())?;
    wtf8(vm, &text)
}

fn insert(vm: &mut Vm, args: &[Value]) -> R {
    let at = word(vm, &args[1])?;
    let array = this(vm, &args[0])?;
    let (bytes, size) = elements::write(vm, array.code, &args[2])?;
    let array = resizable(vm, &args[0])?;
    let len = array.len() as i64;
    let at = if at < 0 {
        (at + len).max(0)
    } else {
        at.min(len)
    } as usize;
    let mut data = array.data.borrow_mut();
    let reserved = data.reserve(size);
    if reserved.is_ok() {
        for (i, byte) in bytes[..size].iter().enumerate() {
            let _ = data.insert(at * size + i, *byte);
        }
    }
    drop(data);
    lift(vm, reserved).map(|()| Value::NONE)
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let at = word(vm, &args[1])?;
    let array = this(vm, &args[0])?;
    let len = array.len() as i64;
    if len == 0 {
        return Err(vm.index_error("pop from empty array"));
    }
    let at = if at < 0 { at + len } else { at };
    if !(0..len).contains(&at) {
        return Err(vm.index_error("pop index out of range"));
    }
    let value = item(vm, array, at as usize)?;
    cut(vm, &args[0], at as usize)?;
    Ok(value)
}

fn reverse(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let mut data = array.data.borrow_mut();
    data.reverse();
    for item in data.chunks_mut(array.item_size()) {
        item.reverse();
    }
    Ok(Value::NONE)
}

fn tobytes(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    bytes(vm, &array.data.borrow())
}

pub(super) fn values(vm: &mut Vm, array: &Array) -> R<Vec<Value>> {
    (0..array.len()).map(|at| item(vm, array, at)).collect()
}

fn tolist(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    Ok(list(values(vm, array)?))
}

pub(super) fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let copied = Buffer::copy_of(&array.data.borrow());
    Ok(fresh(array.code, lift(vm, copied)?))
}

pub(super) fn bad_argument(vm: &mut Vm) -> Raised {
    vm.type_error("bad argument type for built-in operation")
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    if !vm.has_index(&args[1]) {
        return Err(vm.type_error("__reduce_ex__ argument should be an integer"));
    }
    let protocol = word(vm, &args[1])?;
    let class = vm.class_of(&args[0]).into_value();
    let dict = vm
        .object_dict(&args[0])
        .map_or(Value::NONE, Ref::into_value);
    let code = Str::from_point(u32::from(array.code)).into_value();
    if protocol < 3 {
        let items = tolist(vm, args)?;
        let args = tuple(vm, vec![code, items])?;
        return tuple(vm, vec![class, args, dict]);
    }
    let module = vm.import("array")?;
    let function = vm.get_attr(&module, "_array_reconstructor")?;
    let data = tobytes(vm, args)?;
    let machine = int(elements::machine_code(array.code));
    let args = tuple(vm, vec![class, code, machine, data])?;
    tuple(vm, vec![function, args, dict])
}

/// Arguments: class, typecode, number of the machine format, bytes.
fn reconstruct(vm: &mut Vm, args: &[Value]) -> R {
    let plain = vm.class_of_def(&ARRAY);
    let Some(class) = args[0].to_ref::<crate::object::class::Class>() else {
        return Err(vm.type_error("first argument must be a type object, not 'int'"));
    };
    if !class.is_subclass(&plain) {
        let name = class.name_str();
        return Err(vm.type_error(format!("{name} is not a subtype of array.array")));
    }
    let code = match code_of(vm, &args[1]) {
        Ok(code) => code,
        Err(_) => return Err(vm.value_error("second argument must be a valid type code")),
    };
    let machine = word(vm, &args[2])?;
    if !(0..=21).contains(&machine) {
        return Err(vm.value_error("third argument must be a valid machine format code."));
    }
    let Some(data) = args[3].get::<crate::object::bytes::Bytes>() else {
        let given = vm.type_name(&args[3]);
        return Err(vm.type_error(format!("fourth argument should be bytes, not {given}")));
    };
    let made = Array::alloc(class.root_shape.get(), code, Buffer::new()).into_value();
    if machine == elements::machine_code(code) {
        fill(vm, &made, &args[3])?;
        return Ok(made);
    }
    let items = elements::converted(vm, machine, data.bytes())?;
    for value in items {
        append(vm, &[made.clone(), value])?;
    }
    Ok(made)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let array = this(vm, &args[0])?;
    let class = vm.class_of(&args[0]).name_str();
    let code = array.code as char;
    if array.is_empty() {
        return long_string(vm, &format!("{class}('{code}')"));
    }
    let items = if is_text(array.code) {
        tounicode(vm, args)?
    } else {
        tolist(vm, args)?
    };
    let items = vm.repr_text(&items)?;
    long_string(vm, &format!("{class}('{code}', {items})"))
}
