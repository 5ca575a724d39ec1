//! The methods of `str`.

use super::super::adapt::{
    bound, c_int, count, given, lift, limit, list, made, size_value, str_arg, text,
};
use crate::builtins::{codecs, percent};
use crate::heap::{Buffer, Ref, Value, work};
use crate::object::dict::Dict;
use crate::object::int::{self, IntView};
use crate::object::list::List;
use crate::object::native::{Input, NativeFrame, R, Step};
use crate::object::search;
use crate::object::str::{Str, push_point, width};
use crate::object::str_ops;
use crate::object::tuple::Tuple;
use crate::object::unicode;
use crate::receiver;
use crate::vm::Vm;

/// The string itself, or a plain copy of an instance of a subclass.
pub fn plain(vm: &mut Vm, value: &Value) -> R {
    match value.get::<Str>() {
        Some(text) if !value.is_exact::<Str>() => {
            let copy = Str::from_wtf8(text.bytes());
            made(vm, copy)
        }
        _ => Ok(value.clone()),
    }
}

macro_rules! mapping {
    ($($name:ident)+) => {$(
        /// See the table.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            let text = receiver!(vm, args[0], Str, "str");
            vm.tick_bytes(text.byte_len() * 4)?;
            let mapped = str_ops::$name(text);
            made(vm, mapped)
        }
    )+};
}

mapping! { upper lower casefold capitalize title swapcase }

macro_rules! question {
    ($($name:ident |$text:ident| $answer:expr;)+) => {$(
        /// See the table.
        pub fn $name(vm: &mut Vm, args: &[Value]) -> R {
            let $text = receiver!(vm, args[0], Str, "str");
            vm.tick_bytes($text.byte_len() * 8)?;
            Ok(Value::bool($answer))
        }
    )+};
}

question! {
    isalnum |s| str_ops::all(s, unicode::is_alnum);
    isalpha |s| str_ops::all(s, unicode::is_alpha);
    isascii |s| s.is_ascii();
    isdecimal |s| str_ops::all(s, unicode::is_decimal);
    isdigit |s| str_ops::all(s, unicode::is_digit);
    isidentifier |s| str_ops::is_identifier(s);
    islower |s| str_ops::has_case(s, false);
    isnumeric |s| str_ops::all(s, unicode::is_numeric);
    isprintable |s| s.points().all(unicode::is_printable);
    isspace |s| str_ops::all(s, unicode::is_space);
    istitle |s| str_ops::is_title(s);
    isupper |s| str_ops::has_case(s, true);
}

/// The fill character of `center` and its like.
fn fill_of(vm: &mut Vm, value: &Value) -> R<u32> {
    match value.get::<Str>() {
        Some(text) if text.len() == 1 => Ok(text.char_at(0).unwrap_or(0x20)),
        Some(_) => Err(vm.type_error("The fill character must be exactly one character long")),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!(
                "The fill character must be a unicode character, not {given}"
            )))
        }
    }
}

fn justified(vm: &mut Vm, args: &[Value], place: fn(usize, usize) -> (usize, usize)) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let wanted = count(vm, &args[1])?;
    let fill = fill_of(vm, &args[2])?;
    if wanted <= string.len() {
        return plain(vm, &args[0]);
    }
    let (left, right) = place(string.len(), wanted);
    let padded = str_ops::pad(string, fill, left, right);
    made(vm, padded)
}

/// See the table.
pub fn center(vm: &mut Vm, args: &[Value]) -> R {
    justified(vm, args, str_ops::centre)
}

/// See the table.
pub fn ljust(vm: &mut Vm, args: &[Value]) -> R {
    justified(vm, args, |len, wanted| (0, wanted - len))
}

/// See the table.
pub fn rjust(vm: &mut Vm, args: &[Value]) -> R {
    justified(vm, args, |len, wanted| (wanted - len, 0))
}

/// See the table.
pub fn zfill(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let wanted = count(vm, &args[1])?;
    if wanted <= string.len() {
        return plain(vm, &args[0]);
    }
    let filled = str_ops::zfill(string, wanted);
    made(vm, filled)
}

/// See the table.
pub fn expandtabs(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let size = c_int(vm, &args[1])?;
    let expanded = search::expand_tabs(string.bytes(), size, width);
    text(vm, expanded)
}

/// The place of a part, or None.
fn found(vm: &mut Vm, args: &[Value], name: &str, last: bool) -> R<Option<usize>> {
    let string = receiver!(vm, args[0], Str, "str");
    let needle = match args[1].get::<Str>() {
        Some(needle) => needle,
        None => str_arg(vm, &args[1], &format!("{name}() argument 1"))?,
    };
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    vm.tick_bytes(string.byte_len())?;
    Ok(str_ops::find(string, needle, start, end, last))
}

fn place(found: Option<usize>) -> R {
    Ok(found.map_or(Value::int32(-1), size_value))
}

fn must_be_found(vm: &mut Vm, found: Option<usize>) -> R {
    match found {
        Some(index) => Ok(size_value(index)),
        None => Err(vm.value_error("substring not found")),
    }
}

/// See the table.
pub fn find(vm: &mut Vm, args: &[Value]) -> R {
    found(vm, args, "find", false).and_then(place)
}

/// See the table.
pub fn rfind(vm: &mut Vm, args: &[Value]) -> R {
    found(vm, args, "rfind", true).and_then(place)
}

/// See the table.
pub fn index(vm: &mut Vm, args: &[Value]) -> R {
    let at = found(vm, args, "index", false)?;
    must_be_found(vm, at)
}

/// See the table.
pub fn rindex(vm: &mut Vm, args: &[Value]) -> R {
    let at = found(vm, args, "rindex", true)?;
    must_be_found(vm, at)
}

/// See the table.
pub fn count_of(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let needle = str_arg(vm, &args[1], "count() argument 1")?;
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    vm.tick_bytes(string.byte_len() * 4)?;
    Ok(size_value(str_ops::count(string, needle, start, end)))
}

fn affixed(vm: &mut Vm, args: &[Value], name: &str, at_end: bool) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let (start, end) = (bound(vm, &args[2])?, bound(vm, &args[3])?);
    let Some(choices) = args[1].get::<Tuple>() else {
        return match args[1].get::<Str>() {
            Some(affix) => Ok(Value::bool(str_ops::has_affix(
                string, affix, start, end, at_end,
            ))),
            None => {
                let given = vm.type_name(&args[1]);
                Err(vm.type_error(format!(
                    "{name} first arg must be str or a tuple of str, not {given}"
                )))
            }
        };
    };
    for choice in choices.items() {
        let Some(affix) = choice.get::<Str>() else {
            let given = vm.type_name(choice);
            return Err(vm.type_error(format!(
                "tuple for {name} must only contain str, not {given}"
            )));
        };
        if str_ops::has_affix(string, affix, start, end, at_end) {
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
    let string = receiver!(vm, args[0], Str, "str");
    let prefix = str_arg(vm, &args[1], "removeprefix() argument")?;
    if prefix.is_empty() || !string.bytes().starts_with(prefix.bytes()) {
        return plain(vm, &args[0]);
    }
    let rest = string.byte_range(prefix.byte_len(), string.byte_len());
    made(vm, rest)
}

/// See the table.
pub fn removesuffix(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let suffix = str_arg(vm, &args[1], "removesuffix() argument")?;
    if suffix.is_empty() || !string.bytes().ends_with(suffix.bytes()) {
        return plain(vm, &args[0]);
    }
    let rest = string.byte_range(0, string.byte_len() - suffix.byte_len());
    made(vm, rest)
}

/// See the table.
pub fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let old = str_arg(vm, &args[1], "replace() argument 1")?;
    let new = str_arg(vm, &args[2], "replace() argument 2")?;
    let most = limit(vm, &args[3])?;
    vm.tick_bytes(string.byte_len() * 4)?;
    let replaced = str_ops::replace(string, old, new, most);
    match lift(vm, replaced)? {
        Some(new) => Ok(new.into_value()),
        None => plain(vm, &args[0]),
    }
}

fn stripped(vm: &mut Vm, args: &[Value], name: &str, left: bool, right: bool) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let chars = match args[1].get::<Str>() {
        None if args[1].is_none() => None,
        None => return Err(vm.type_error(format!("{name} arg must be None or str"))),
        chars => chars,
    };
    vm.tick_bytes(string.byte_len())?;
    let range = str_ops::strip(string, chars, left, right);
    if range.len() == string.byte_len() {
        return plain(vm, &args[0]);
    }
    let part = string.byte_range(range.start, range.end);
    made(vm, part)
}

/// See the table.
pub fn strip(vm: &mut Vm, args: &[Value]) -> R {
    stripped(vm, args, "strip", true, true)
}

/// See the table.
pub fn lstrip(vm: &mut Vm, args: &[Value]) -> R {
    stripped(vm, args, "lstrip", true, false)
}

/// See the table.
pub fn rstrip(vm: &mut Vm, args: &[Value]) -> R {
    stripped(vm, args, "rstrip", false, true)
}

fn divided(vm: &mut Vm, args: &[Value], from_end: bool) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let most = limit(vm, &args[2])?;
    let separator = match args[1].get::<Str>() {
        None if args[1].is_none() => None,
        None => {
            let given = vm.type_name(&args[1]);
            return Err(vm.type_error(format!("must be str or None, not {given}")));
        }
        Some(text) if text.is_empty() => return Err(vm.value_error("empty separator")),
        separator => separator,
    };
    // As CPython does; most texts have no more parts.
    let parts = Buffer::with_room(most.saturating_add(1).min(12));
    let mut parts = lift(vm, parts)?;
    let split = str_ops::split(string, separator, most, from_end, &mut |part| {
        if parts.len() % 1024 == 1023 {
            work(512)?;
        }
        Ok(parts.push(part.into_value())?)
    });
    lift(vm, split)?;
    if from_end {
        parts.reverse();
    }
    Ok(List::new(parts).into_value())
}

/// See the table.
pub fn split(vm: &mut Vm, args: &[Value]) -> R {
    divided(vm, args, false)
}

/// See the table.
pub fn rsplit(vm: &mut Vm, args: &[Value]) -> R {
    divided(vm, args, true)
}

/// See the table.
pub fn splitlines(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let keep_ends = vm.truth(&args[1])?;
    let mut parts = Buffer::new();
    let split = str_ops::split_lines(string, keep_ends, &mut |part| {
        if parts.len() % 1024 == 1023 {
            work(512)?;
        }
        Ok(parts.push(part.into_value())?)
    });
    lift(vm, split)?;
    list(vm, Ok(parts))
}

fn parted(vm: &mut Vm, args: &[Value], last: bool) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let Some(separator) = args[1].get::<Str>() else {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("must be str, not {given}")));
    };
    if separator.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    let (bytes, part) = (string.bytes(), separator.bytes());
    vm.tick_bytes(bytes.len())?;
    let at = if last {
        search::rfind(bytes, part)
    } else {
        search::find(bytes, part)
    };
    let empty = || Str::empty().into_value();
    let whole = plain(vm, &args[0])?;
    let Some(at) = at else {
        let parts = if last {
            [empty(), empty(), whole]
        } else {
            [whole, empty(), empty()]
        };
        return Ok(Tuple::few(parts).into_value());
    };
    let before = string.byte_range(0, at);
    let before = made(vm, before)?;
    let after = string.byte_range(at + part.len(), bytes.len());
    let after = made(vm, after)?;
    let separator = plain(vm, &args[1])?;
    Ok(Tuple::few([before, separator, after]).into_value())
}

/// See the table.
pub fn partition(vm: &mut Vm, args: &[Value]) -> R {
    parted(vm, args, false)
}

/// See the table.
pub fn rpartition(vm: &mut Vm, args: &[Value]) -> R {
    parted(vm, args, true)
}

/// `separator.join(iterable)`. Registers: separator, iterable, items.
pub fn join(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if matches!(input, Input::Start) {
        let (separator, items) = (frame.regs[0].clone(), frame.regs[1].clone());
        if let Some(list) = items.get_exact::<List>() {
            return joined(vm, &separator, &list.items.borrow()).into();
        }
        if let Some(tuple) = items.get_exact::<Tuple>() {
            return joined(vm, &separator, tuple.items()).into();
        }
    }
    if frame.state == 0 && !vm.is_iterable(&frame.regs[1]) {
        return Step::Raise(vm.type_error("can only join an iterable"));
    }
    super::super::adapt::with_sequence(vm, frame, input, (1, 2), |vm, regs, items| {
        joined(vm, &regs[0], &items.items.borrow())
    })
}

/// The same of a list or a tuple of strings.
pub fn join_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [separator, items] = args else {
        return None;
    };
    let separator = separator.get::<Str>()?;
    match items.get_exact::<List>() {
        Some(list) => joined_texts(vm, separator, &list.items.borrow()),
        None => joined_texts(vm, separator, items.get_exact::<Tuple>()?.items()),
    }
}

/// The items with a separator between them, if all are strings and no instances of subclasses.
fn joined_texts(vm: &mut Vm, between: &Str, items: &[Value]) -> Option<R> {
    if !items.iter().all(Value::is_exact::<Str>) {
        return None;
    }
    if let [only] = items {
        return Some(Ok(only.clone()));
    }
    if let Err(raised) = vm.tick_elements(items.len()) {
        return Some(Err(raised));
    }
    let joined = Str::joined(items.iter().filter_map(Value::get_exact::<Str>), between);
    Some(lift(vm, joined).map(Ref::into_value))
}

/// The items, which must be strings, with a separator between them.
fn joined(vm: &mut Vm, separator: &Value, items: &[Value]) -> R {
    let between = receiver!(vm, *separator, Str, "str");
    if let Some(joined) = joined_texts(vm, between, items) {
        return joined;
    }
    if let Some(i) = items.iter().position(|item| !item.is_kind::<Str>()) {
        let given = vm.type_name(&items[i]);
        return Err(vm.type_error(format!(
            "sequence item {i}: expected str instance, {given} found"
        )));
    }
    vm.tick_elements(items.len())?;
    let parts = items.iter().filter_map(|item| item.get::<Str>());
    let joined = Str::joined(parts, between);
    lift(vm, joined).map(Ref::into_value)
}

/// See the table.
pub fn encode(vm: &mut Vm, args: &[Value]) -> R {
    codecs::encode_value(vm, &args[0], &args[1], &args[2])
}

/// See the table.
pub fn translate(vm: &mut Vm, args: &[Value]) -> R {
    let string = receiver!(vm, args[0], Str, "str");
    let mut out = Buffer::new();
    for point in string.points() {
        vm.count_one()?;
        let key = Value::int32(point as i32);
        let mapped = match looked_up(vm, &args[1], &key)? {
            Some(mapped) => mapped,
            None => key,
        };
        push_mapped(vm, &mut out, &mapped)?;
    }
    text(vm, Ok(out))
}

/// `table[key]`, None for a LookupError.
fn looked_up(vm: &mut Vm, table: &Value, key: &Value) -> R<Option<Value>> {
    if let Some(dict) = table.get_exact::<Dict>() {
        return vm.dict_get(dict, key);
    }
    let step = vm.get_item_step(table, key);
    match vm.finish(step) {
        Ok(value) => Ok(Some(value)),
        Err(raised) if vm.is_raised(&raised, crate::vm::types::Known::LookupError) => Ok(None),
        Err(raised) => Err(raised),
    }
}

fn push_mapped(vm: &mut Vm, out: &mut Buffer<u8>, mapped: &Value) -> R<()> {
    let pushed = if let Some(view) = IntView::of(mapped) {
        match view.as_usize() {
            Some(point) if point < 0x11_0000 => push_point(out, point as u32),
            _ => return Err(vm.value_error("character mapping must be in range(0x110000)")),
        }
    } else if let Some(part) = mapped.get::<Str>() {
        out.extend_from_slice(part.bytes())
    } else if mapped.is_none() {
        Ok(())
    } else {
        return Err(vm.type_error("character mapping must return integer, None or str"));
    };
    lift(vm, pushed)
}

/// See the table.
pub fn maketrans(vm: &mut Vm, args: &[Value]) -> R {
    let table = Dict::new();
    if !given(&args[1]) {
        let Some(source) = args[0].get::<Dict>() else {
            return Err(
                vm.type_error("if you give only one argument to maketrans it must be a dict")
            );
        };
        for (key, value) in source.pairs() {
            let key = translated_key(vm, &key)?;
            vm.dict_set(&table, &key, value)?;
        }
        return Ok(table.into_value());
    }
    str_arg(vm, &args[1], "maketrans() argument 2")?;
    if given(&args[2]) {
        str_arg(vm, &args[2], "maketrans() argument 3")?;
    }
    let Some(from) = args[0].get::<Str>() else {
        return Err(vm.type_error(
            "first maketrans argument must be a string if there is a second argument",
        ));
    };
    let to = str_arg(vm, &args[1], "maketrans() argument 2")?;
    if from.len() != to.len() {
        return Err(vm.value_error("the first two maketrans arguments must have equal length"));
    }
    for (a, b) in from.points().zip(to.points()) {
        vm.dict_set(&table, &Value::int32(a as i32), Value::int32(b as i32))?;
    }
    if given(&args[2]) {
        let removed = str_arg(vm, &args[2], "maketrans() argument 3")?;
        for point in removed.points() {
            vm.dict_set(&table, &Value::int32(point as i32), Value::NONE)?;
        }
    }
    Ok(table.into_value())
}

fn translated_key(vm: &mut Vm, key: &Value) -> R {
    if IntView::of(key).is_some() {
        return Ok(key.clone());
    }
    match key.get::<Str>() {
        Some(text) if text.len() == 1 => Ok(Value::int32(text.char_at(0).unwrap_or(0) as i32)),
        Some(_) => Err(vm.value_error("string keys in translate table must be of length 1")),
        None => Err(vm.type_error("keys in translate table must be strings or integers")),
    }
}

/// `str(object='', encoding, errors)`. Registers: class, object, encoding, errors.
pub fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &super::STR)?;
    let made_text = if !given(&args[1]) {
        Str::empty()
    } else if given(&args[2]) || given(&args[3]) {
        codecs::decode_argument(vm, &args[1], &args[2], &args[3])?
    } else {
        vm.str(&args[1])?
    };
    shaped(vm, made_text, shape)
}

/// The string as an instance of the class with that shape.
pub fn shaped(vm: &mut Vm, string: Ref<Str>, shape: u32) -> R {
    if shape == crate::object::kind::STR as u32 {
        return Ok(string.into_value());
    }
    let copy = Str::with_shape(shape, &string);
    made(vm, copy)
}

/// See the table.
pub fn hash(vm: &mut Vm, args: &[Value]) -> R {
    Ok(int::from_i64(receiver!(vm, args[0], Str, "str").hash()))
}

/// See the table.
pub fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let text = receiver!(vm, args[0], Str, "str");
    // CPython's sizes: a head, and one, two or four bytes for each code point.
    let widest = text.points().max().unwrap_or(0);
    let size = match widest {
        0..0x80 => 41 + text.len(),
        0x80..0x100 => 57 + text.len() + 1,
        0x100..0x1_0000 => 58 + 2 * text.len(),
        _ => 60 + 4 * text.len(),
    };
    Ok(size_value(size))
}

/// See the table.
pub fn getnewargs(vm: &mut Vm, args: &[Value]) -> R {
    // A copy of its own, as of a subclass.
    let text = receiver!(vm, args[0], Str, "str");
    let copy = Str::from_wtf8(text.bytes());
    let copy = made(vm, copy)?;
    Ok(Tuple::one(copy).into_value())
}

/// `str(self)`
pub fn to_str(vm: &mut Vm, args: &[Value]) -> R {
    plain(vm, &args[0])
}

/// `self % args`
pub fn modulo(vm: &mut Vm, args: &[Value]) -> R {
    let text = receiver!(vm, args[0], Str, "str");
    percent::format_str(vm, text, &args[1])
}

/// `other % self`
pub fn rmod(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].get::<Str>().and(args[1].get::<Str>()) {
        Some(text) => percent::format_str(vm, text, &args[0]),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `str.__add__` called by its name: it raises where the operator would ask the other side.
pub fn add(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].is_kind::<Str>() {
        return crate::builtins::operators::add(vm, args);
    }
    let given = vm.type_name(&args[1]);
    Err(vm.type_error(format!("can only concatenate str (not \"{given}\") to str")))
}
