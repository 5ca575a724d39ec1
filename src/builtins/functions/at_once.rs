//! What calls of built-in classes and functions give at once: where no script
//! code runs and every argument is given by position, a call needs no frame.
//! Each answers None where the usual way must look, and has done nothing then.

use std::cell::Cell;

use super::filter::Filter;
use super::iterators::{Enumerate, Map, Zip};
use super::numbers::CompensatedSum;
use crate::builtins::{float, int as integers, range as ranges};
use crate::heap::{Buffer, Field, Ref, Value};
use crate::object::bytes::Bytes;
use crate::object::class::{Class, class_flags};
use crate::object::complex::{self, Complex};
use crate::object::dict::{Dict, DictTable};
use crate::object::float::{self as float_object, Float};
use crate::object::generator::{Flavour, Generator};
use crate::object::int;
use crate::object::int_text;
use crate::object::iterator::{
    DictKeys, DictValues, KEYS, ListIterator, ListReverseIterator, LongRangeIterator,
    RangeIterator, ReversedIterator, StrAsciiIterator, TupleIterator, VALUES,
};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Args, R, Step};
use crate::object::range::Range;
use crate::object::set::{FrozenSet, Set, SetTable, with_table};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::iter::{is_core_iterator, reversed_range_iterator};
use crate::vm::types::Known;

/// The result of a protocol's step, where that is known.
fn known(step: Step) -> Option<R> {
    match step {
        Step::Return(value) => Some(Ok(value)),
        Step::Raise(raised) => Some(Err(raised)),
        _ => None,
    }
}

/// Whether the value is of a built-in type whose items are at hand.
fn has_items_at_hand(value: &Value) -> bool {
    const KINDS: [crate::heap::Kind; 11] = [
        kind::LIST,
        kind::TUPLE,
        kind::STR,
        kind::BYTES,
        kind::DICT,
        kind::DICT_KEYS,
        kind::DICT_VALUES,
        kind::DICT_ITEMS,
        kind::SET,
        kind::FROZENSET,
        kind::RANGE,
    ];
    let shape = value.shape();
    shape != 0 && shape < crate::heap::FIRST_FREE_SHAPE && KINDS.contains(&(shape as u8))
        || is_core_iterator(value)
}

/// `iter(value)` of a built-in iterable or a generator.
fn iterator(vm: &mut Vm, value: &Value) -> Option<Value> {
    let is_generator = |g: &Generator| g.flavour == Flavour::Generator;
    if !has_items_at_hand(value)
        && !value.get_exact::<Generator>().is_some_and(is_generator)
        && !vm.gives_at_once(value)
    {
        return None;
    }
    match vm.iter_step(value) {
        Step::Return(iterator) => Some(iterator),
        _ => None,
    }
}

/// All items of an iterable, as long as they are at hand.
fn items(vm: &mut Vm, value: &Value) -> Option<R<Buffer<Value>>> {
    if !has_items_at_hand(value) {
        if vm.gives_at_once(value) {
            return begun(vm, value);
        }
        return converted(vm, value.get_exact::<Map>()?);
    }
    if let Some(list) = value.get_exact::<List>() {
        let copy = list.copy();
        return Some(vm.lift(copy));
    }
    if let Some(tuple) = value.get_exact::<Tuple>() {
        let copy = Buffer::copy_of(tuple.items());
        return Some(vm.lift(copy));
    }
    let counts = value.is_kind::<Range>()
        || value.is_kind::<RangeIterator>()
        || value.is_kind::<LongRangeIterator>();
    if counts && let Err(raised) = vm.ask_length(value) {
        return Some(Err(raised));
    }
    if let Some(items) = of_dict(vm, value) {
        return Some(items);
    }
    let iterator = iterator(vm, value)?;
    Some(all_of(vm, &iterator))
}

/// The keys of a dict, or what one of its views gives.
fn of_dict(vm: &mut Vm, value: &Value) -> Option<R<Buffer<Value>>> {
    let (dict, what) = match value.shape() as u8 {
        kind::DICT => (value, KEYS),
        kind::DICT_KEYS => (value.get_exact::<DictKeys>()?.dict.as_value(), KEYS),
        kind::DICT_VALUES => (value.get_exact::<DictValues>()?.dict.as_value(), VALUES),
        _ => return None,
    };
    let dict = dict.get_exact::<Dict>()?;
    if let Err(raised) = vm.tick_elements(dict.len()) {
        return Some(Err(raised));
    }
    let mut items = Buffer::new();
    let mut pushed = items.reserve_exact(dict.len());
    let mut at = 0;
    while pushed.is_ok()
        && let Some((place, key, value)) = dict.entry_from(at)
    {
        at = place + 1;
        pushed = items.push(if what == KEYS {
            key.clone()
        } else {
            value.clone()
        });
    }
    Some(vm.lift(pushed).map(|()| items))
}

/// Takes what an iterator over a list still has, if it is one.
fn take_rest(vm: &mut Vm, iterator: &Value, items: &mut Buffer<Value>) -> R<()> {
    let (Some(rest), Some(iterator)) = (rest_of(iterator), iterator.get_exact::<ListIterator>())
    else {
        return Ok(());
    };
    let count = rest.len();
    vm.tick_elements(count)?;
    let taken = items.extend(rest.iter().cloned());
    iterator.position.set(iterator.position.get() + count);
    vm.lift(taken)
}

/// All items of an iterator that gives them at once. If it does so no longer, then those that it gave wait for the frame
/// that goes on.
fn begun(vm: &mut Vm, iterator: &Value) -> Option<R<Buffer<Value>>> {
    let mut items = Buffer::new();
    let passes_on = vm.pass_hooks[iterator.shape() as usize];
    loop {
        if let Some(from) = passes_on.and_then(|hook| hook(iterator))
            && let Err(raised) = take_rest(vm, &from, &mut items)
        {
            return Some(Err(raised));
        }
        let item = match vm.native_next(iterator) {
            Some(Ok(Some(item))) => item,
            Some(Ok(None)) => return Some(Ok(items)),
            Some(Err(raised)) => return Some(Err(raised)),
            None => {
                if !items.is_empty() {
                    vm.keep_begun(iterator, items);
                }
                return None;
            }
        };
        let pushed = items.push(item);
        if let Err(raised) = vm.lift(pushed) {
            return Some(Err(raised));
        }
    }
}

/// What a `map` of `int`, `float` or `str` gives, where all it converts are texts and small integers.
fn converted(vm: &mut Vm, map: &Map) -> Option<R<Buffer<Value>>> {
    let function = map.function.clone();
    let class = function.get::<Class>()?;
    let def = class.def.filter(|_| class.has(class_flags::BUILTIN))?;
    if ![kind::INT, kind::FLOAT, kind::STR].contains(&def.kind) {
        return None;
    }
    let convert = def.at_once?;
    let sources = map.iterators.clone();
    let [source] = sources.get::<Tuple>()?.items() else {
        return None;
    };
    if let Some(iterator) = source.get_exact::<ListIterator>() {
        let list = iterator.source.as_value().get_exact::<List>()?;
        let left = list.peek().get(iterator.position.get()..)?;
        let is_simple = |item: &Value| item.is_small_int() || item.is_exact::<Str>();
        if !left.iter().all(is_simple) {
            return None;
        }
    } else if !source.is_exact::<RangeIterator>() && !source.is_exact::<StrAsciiIterator>() {
        return None;
    }
    let mut items = Buffer::new();
    loop {
        let item = match vm.native_next(source)? {
            Ok(Some(item)) => item,
            Ok(None) => return Some(Ok(items)),
            Err(raised) => return Some(Err(raised)),
        };
        // The item is taken: whatever the short way says of it, it has to be converted here.
        let converted = convert(vm, std::slice::from_ref(&item))
            .unwrap_or_else(|| vm.call(&function, std::slice::from_ref(&item)));
        let pushed = converted.and_then(|converted| {
            let pushed = items.push(converted);
            vm.lift(pushed)
        });
        if let Err(raised) = pushed {
            return Some(Err(raised));
        }
    }
}

fn all_of(vm: &mut Vm, iterator: &Value) -> R<Buffer<Value>> {
    let mut items = Buffer::new();
    if let Some(range) = iterator.get_exact::<RangeIterator>() {
        let room = items.reserve_exact(range.left() as usize);
        vm.lift(room)?;
    }
    while let Some(Some(item)) = vm.native_next(iterator).transpose()? {
        let pushed = items.push(item);
        vm.lift(pushed)?;
    }
    Ok(items)
}

/// `list()`, `list(iterable)`
pub fn list(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let items = match args {
        [] => Ok(Buffer::new()),
        [source] => items(vm, source)?,
        _ => return None,
    };
    Some(items.map(|items| List::new(items).into_value()))
}

/// `tuple()`, `tuple(iterable)`
pub fn tuple(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [] => Some(Ok(Tuple::empty().into_value())),
        [source] if source.is_exact::<Tuple>() => Some(Ok(source.clone())),
        [source] => Some(items(vm, source)?.and_then(|items| {
            let tuple = Tuple::from_vec(items.into_vec());
            vm.lift(tuple.map(Ref::into_value))
        })),
        _ => None,
    }
}

/// A set of all items; None if one has a hash or an equality of its own, or there is no memory.
fn set_of(vm: &mut Vm, source: &Value) -> Option<R<Ref<Set>>> {
    if source.is_exact::<Set>() || source.is_exact::<FrozenSet>() {
        let copied = with_table(source, SetTable::copy)?.ok()?;
        return Some(vm.tick(copied.len() / 4).map(|()| Set::new(copied)));
    }
    if !source.is_exact::<List>() && !source.is_exact::<Tuple>() && !source.is_exact::<Str>() {
        return None;
    }
    let items = match items(vm, source)? {
        Ok(items) => items,
        Err(raised) => return Some(Err(raised)),
    };
    // Where one cannot be added at once the set is forgotten: nobody was asked anything.
    let set = Set::new(SetTable::new());
    let all_added = items.iter().all(|item| set.add_at_once(item));
    all_added.then_some(Ok(set))
}

/// `set()`, `set(iterable)`
pub fn set(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [] => Some(Ok(Set::new(SetTable::new()).into_value())),
        [source] => Some(set_of(vm, source)?.map(Ref::into_value)),
        _ => None,
    }
}

/// `frozenset(iterable)`
pub fn frozenset(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [source] if source.is_exact::<FrozenSet>() => Some(Ok(source.clone())),
        [source] => {
            let gathered = set_of(vm, source)?;
            Some(gathered.map(|set| FrozenSet::new(set.table.take()).into_value()))
        }
        _ => None,
    }
}

/// `dict()`, `dict(zip(keys, values))`
pub fn dict(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [] => Some(Ok(Dict::from_table(DictTable::new()).into_value())),
        [source] => dict_of_zip(vm, source.get_exact::<Zip>()?),
        _ => None,
    }
}

/// A dict of two lists or tuples, where all keys are texts or immediate values.
fn dict_of_zip(vm: &mut Vm, zip: &Zip) -> Option<R> {
    let [keys, values] = zip.iterators.get_exact::<Tuple>()?.items() else {
        return None;
    };
    let is_plain = |key: &Value| !key.is_object() || key.is_exact::<Str>();
    let rest = rest_of(keys)?;
    if zip.strict.get() || keys.is(values) || !rest.iter().all(is_plain) {
        return None;
    }
    let count = rest.len().min(rest_of(values)?.len());
    if let Err(raised) = vm.tick_elements(count) {
        return Some(Err(raised));
    }
    let dict = Dict::from_table(DictTable::new());
    loop {
        let pair = match (vm.native_next(keys)?, vm.native_next(values)) {
            (Ok(Some(key)), Some(Ok(Some(value)))) => (key, value),
            (Err(raised), _) | (_, Some(Err(raised))) => return Some(Err(raised)),
            _ => return Some(Ok(dict.into_value())),
        };
        if let Err(raised) = vm.dict_set(&dict, &pair.0, pair.1) {
            return Some(Err(raised));
        }
    }
}

/// What an iterator over a list or a tuple has left, for a moment in which nothing changes that.
fn rest_of(iterator: &Value) -> Option<&[Value]> {
    if let Some(iterator) = iterator.get_exact::<ListIterator>() {
        let list = iterator.source.as_value().get_exact::<List>()?;
        return list.peek().get(iterator.position.get()..);
    }
    let iterator = iterator.get_exact::<TupleIterator>()?;
    let tuple = iterator.source.as_value().get_exact::<Tuple>()?;
    tuple.items().get(iterator.position.get()..)
}

/// `sorted(items)` of a built-in collection.
pub fn sorted(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [source] = args else { return None };
    if !has_items_at_hand(source) {
        return None;
    }
    let items = match items(vm, source)? {
        Ok(items) => items,
        Err(raised) => return Some(Err(raised)),
    };
    let (values, done) = super::sorting::sort_values(vm, items.into_vec(), false);
    Some(done.map(|()| List::new(Buffer::from_vec(values)).into_value()))
}

/// `int(number)`, `int(text)`
pub fn int_(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    if value.is_small_int() {
        return Some(Ok(value.clone()));
    }
    if let Some(f) = value.as_inline_float() {
        return (f.abs() < 1e15).then(|| Ok(int::from_i64(f as i64)));
    }
    let text = match value.get_exact::<Bytes>() {
        Some(bytes) => bytes.bytes(),
        None => value.get_exact::<Str>()?.bytes(),
    };
    match int_text::plain_decimal(text) {
        Some(number) => Some(Ok(number)),
        None => Some(integers::int_of_value(vm, value)),
    }
}

/// `float(number)`, `float(text)`
pub fn float_(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    if value.is_inline_float() {
        return Some(Ok(value.clone()));
    }
    if let Some(i) = value.as_small_int() {
        return Some(Ok(crate::object::float::float(i as f64)));
    }
    value
        .is_exact::<Str>()
        .then(|| float::float_of_text(vm, value).map(crate::object::float::float))
}

/// `str(value)` of a text, a number or a constant.
pub fn str_(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    if let Some(i) = value.as_small_int() {
        return Some(Ok(int_text::small_to_str(i).into_value()));
    }
    if !value.is_object() || value.is_exact::<Str>() {
        return known(vm.str_step(value));
    }
    None
}

/// `bool(value)`
pub fn bool_(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    vm.native_truth(value).map(|truth| Ok(Value::bool(truth)))
}

/// `type(value)`
pub fn type_(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    Some(Ok(vm.class_of(value).into_value()))
}

/// `range(stop)`, `range(start, stop)`, `range(start, stop, step)` of small numbers.
pub fn range(vm: &mut Vm, args: &[Value]) -> Option<R> {
    if !args.iter().all(Value::is_small_int) {
        return None;
    }
    let (zero, one) = (Value::int32(0), Value::int32(1));
    let (start, stop, step) = match args {
        [stop] => (&zero, stop, &one),
        [start, stop] => (start, stop, &one),
        [start, stop, step] => (start, stop, step),
        _ => return None,
    };
    Some(ranges::range_of(vm, start, stop, step))
}

/// `enumerate(iterable)`, `enumerate(iterable, start)`
pub fn enumerate(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (source, start) = match args {
        [source] => (source, Value::int32(0)),
        [source, start] if start.is_small_int() => (source, start.clone()),
        _ => return None,
    };
    let iterator = iterator(vm, source)?;
    let made = Enumerate::alloc(kind::ENUMERATE as u32, iterator, Field::new(start));
    Some(Ok(made.into_value()))
}

fn iterators(vm: &mut Vm, sources: &[Value]) -> Option<R> {
    let mut iterators = smallvec::SmallVec::<[Value; 4]>::new();
    for source in sources {
        iterators.push(iterator(vm, source)?);
    }
    let tuple = Tuple::new(&iterators).map(Ref::into_value);
    Some(vm.lift(tuple))
}

/// `zip(*iterables)`
pub fn zip(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let tuple = iterators(vm, args)?;
    Some(
        tuple.map(|iterators| {
            Zip::alloc(kind::ZIP as u32, iterators, Cell::new(false)).into_value()
        }),
    )
}

/// `filter(function, iterable)`
pub fn filter(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [function, source] = args else {
        return None;
    };
    let iterator = iterator(vm, source)?;
    let shape = kind::FILTER as u32;
    let (item, answer) = (Field::undef(), Field::undef());
    let made = Filter::alloc(shape, function.clone(), iterator, item, answer);
    Some(Ok(made.into_value()))
}

/// `map(function, *iterables)`
pub fn map(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [function, sources @ ..] = args else {
        return None;
    };
    if sources.is_empty() {
        return None;
    }
    let tuple = iterators(vm, sources)?;
    Some(
        tuple.map(|iterators| {
            Map::alloc(kind::MAP as u32, function.clone(), iterators).into_value()
        }),
    )
}

/// `reversed(sequence)`
pub fn reversed(_: &mut Vm, args: &[Value]) -> Option<R> {
    let [source] = args else { return None };
    if let Some(range) = source.get_exact::<Range>() {
        return reversed_range_iterator(range).map(Ok);
    }
    if let Some(list) = source.get_exact::<List>() {
        let len = list.len();
        return Some(Ok(
            ListReverseIterator::alloc(source.clone(), len, 0).into_value()
        ));
    }
    let len = match (source.get_exact::<Tuple>(), source.get_exact::<Str>()) {
        (Some(tuple), _) => tuple.len(),
        (_, Some(text)) => text.len(),
        _ => return None,
    };
    Some(Ok(
        ReversedIterator::alloc(source.clone(), len, 0).into_value()
    ))
}

/// `next(iterator)`, `next(iterator, default)` of a built-in iterator.
pub fn next(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let iterator = args.first()?;
    if !is_core_iterator(iterator) && !vm.gives_at_once(iterator) || args.len() > 2 {
        return None;
    }
    Some(match vm.native_next(iterator)? {
        Ok(Some(item)) => Ok(item),
        Ok(None) => match args.get(1) {
            Some(default) => Ok(default.clone()),
            None => Err(vm.stop_iteration(Value::NONE)),
        },
        Err(raised) => Err(raised),
    })
}

/// The call that gives the next value of a `map`, as long as the items are at hand.
pub fn map_step(vm: &mut Vm, iterator: &Value) -> Option<Step> {
    let map = iterator.get_exact::<Map>()?;
    let sources = map.iterators.clone();
    let sources = sources.get::<Tuple>()?.items();
    if !sources.iter().all(is_core_iterator) {
        return None;
    }
    let mut items = Args::new();
    for source in sources {
        match vm.native_next(source)? {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return Some(Step::Return(Value::UNDEF)),
            Err(raised) => return Some(Step::Raise(raised)),
        }
    }
    let function = map.function.clone();
    Some(match vm.call_at_once(&function, &items) {
        Some(Ok(value)) => Step::Return(value),
        Some(Err(raised)) if vm.is_raised(&raised, Known::StopIteration) => {
            Step::Return(Value::UNDEF)
        }
        Some(Err(raised)) => Step::Raise(raised),
        None => Step::NextCall(function, items),
    })
}

/// `iter(iterable)`
pub fn iter(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [source] => iterator(vm, source).map(Ok),
        _ => None,
    }
}

/// `getattr(object, name)`, `getattr(object, name, default)`
pub fn getattr(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (object, name, default) = match args {
        [object, name] => (object, name, None),
        [object, name, default] => (object, name, Some(default)),
        _ => return None,
    };
    if !name.is_exact::<Str>() {
        return None;
    }
    if let Some(value) = vm.known_attribute(object, name) {
        return Some(Ok(value));
    }
    if let Some(default) = default
        && vm.lacks_attribute(object, name)
    {
        return Some(Ok(default.clone()));
    }
    match known(vm.get_attr_by_name(object, name))? {
        Err(raised) if vm.is_raised(&raised, Known::AttributeError) => {
            Some(default.cloned().ok_or(raised))
        }
        result => Some(result),
    }
}

/// `hasattr(object, name)`
pub fn hasattr(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [object, name] = args else { return None };
    if !name.is_exact::<Str>() {
        return None;
    }
    if vm.known_attribute(object, name).is_some() {
        return Some(Ok(Value::TRUE));
    }
    if vm.lacks_attribute(object, name) {
        return Some(Ok(Value::FALSE));
    }
    match known(vm.get_attr_by_name(object, name))? {
        Ok(_) => Some(Ok(Value::TRUE)),
        Err(raised) if vm.is_raised(&raised, Known::AttributeError) => Some(Ok(Value::FALSE)),
        Err(raised) => Some(Err(raised)),
    }
}

/// `setattr(object, name, value)`
pub fn setattr(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [object, name, value] = args else {
        return None;
    };
    if !name.is_exact::<Str>() {
        return None;
    }
    let name = vm.interned(name).ok()?;
    known(vm.set_attr_step(object, &name, value)).map(|result| result.map(|_| Value::NONE))
}

/// `abs(number)`
pub fn abs(_vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    if let Some(i) = value.as_small_int() {
        return Some(Ok(int::from_i64(i.abs())));
    }
    if let Some(f) = value.as_inline_float() {
        return Some(Ok(float_object::float(f.abs())));
    }
    let length = complex::abs(value.get_exact::<Complex>()?.parts());
    Some(Ok(float_object::float(length.ok()?)))
}

/// `round(number)`, `round(number, digits)`
pub fn round(_vm: &mut Vm, args: &[Value]) -> Option<R> {
    let digits = match args {
        [_] => None,
        [_, digits] => Some(digits.as_small_int()?),
        _ => return None,
    };
    let value = &args[0];
    if value.is_small_int() {
        return digits.is_none_or(|n| n >= 0).then(|| Ok(value.clone()));
    }
    let f = exact_float(value)?;
    // What has no answer is told of by the method.
    match digits {
        None => float_object::round_to_int(f).ok().map(Ok),
        Some(n) => {
            let rounded = float_object::round_to_digits(f, n).ok()?;
            Some(Ok(float_object::float(rounded)))
        }
    }
}

fn exact_float(value: &Value) -> Option<f64> {
    value
        .as_inline_float()
        .or_else(|| value.get_exact::<Float>().map(Float::value))
}

/// The items of a list or tuple, for a moment in which nothing changes it.
fn items_of(value: &Value) -> Option<&[Value]> {
    match value.get_exact::<List>() {
        Some(list) => Some(list.peek()),
        None => Some(value.get_exact::<Tuple>()?.items()),
    }
}

/// The answer, once the work of looking through so many items is counted.
fn counted(vm: &mut Vm, items: usize, answer: Value) -> Option<R> {
    Some(vm.tick_elements(items).map(|()| answer))
}

/// `sum(items)` of a list or tuple of integers and floats.
pub fn sum(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [items] = args else { return None };
    let items = items_of(items)?;
    let mut total = 0_i64;
    for (n, item) in items.iter().enumerate() {
        match item.as_small_int() {
            Some(i) => total = total.checked_add(i)?,
            None => {
                let start = total as f64 + exact_float(item)?;
                let sum = sum_of_floats(start, &items[n + 1..])?;
                return counted(vm, items.len(), float_object::float(sum));
            }
        }
    }
    counted(vm, items.len(), int::from_i64(total))
}

fn sum_of_floats(start: f64, items: &[Value]) -> Option<f64> {
    let mut sum = CompensatedSum::resumed(start, 0.0);
    for item in items {
        match item.as_small_int() {
            Some(i) => sum.add_plainly(i as f64),
            None => sum.add(exact_float(item)?),
        }
    }
    Some(sum.total())
}

/// `any(items)` or `all(items)` of a list or tuple of constants, numbers and texts: whether there is one that is as wanted.
pub fn until(vm: &mut Vm, args: &[Value], wanted: bool) -> Option<R> {
    let [items] = args else { return None };
    let items = items_of(items)?;
    for (n, item) in items.iter().enumerate() {
        if plain_truth(item)? == wanted {
            return counted(vm, n, Value::bool(wanted));
        }
    }
    counted(vm, items.len(), Value::bool(!wanted))
}

/// The truth of a small integer, a bool, None or a string.
pub fn plain_truth(value: &Value) -> Option<bool> {
    if let Some(i) = value.as_small_int() {
        return Some(i != 0);
    }
    if value.is_none() {
        return Some(false);
    }
    value
        .as_bool()
        .or_else(|| value.get_exact::<Str>().map(|text| !text.is_empty()))
}

/// `divmod(x, y)` of numbers.
pub fn divmod(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [x, y] if !x.is_object() && !y.is_object() => {
            known(vm.binary_step(crate::vm::ops::BinaryOp::DivMod, false, x, y))
        }
        _ => None,
    }
}

/// `pow(base, exponent)` of numbers.
pub fn pow(vm: &mut Vm, args: &[Value]) -> Option<R> {
    match args {
        [x, y] if x.is_small_int() && y.is_small_int() => {
            known(vm.binary_step(crate::vm::ops::BinaryOp::Pow, false, x, y))
        }
        _ => None,
    }
}

/// `repr(value)` of a text, a number or a constant.
pub fn repr(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [value] = args else { return None };
    if value.is_object() && !value.is_exact::<Str>() {
        return None;
    }
    known(vm.repr_step(value))
}

/// `min(a, b, ...)` and `max`: the extreme one of numbers that need no heap.
pub fn extreme(vm: &mut Vm, args: &[Value], largest: bool) -> Option<R> {
    let among = match args {
        [items] => items_of(items)?,
        several => several,
    };
    let (first, rest) = among.split_first()?;
    if rest.is_empty() && !first.is_small_int() {
        return None;
    }
    let mut best = first;
    for other in rest {
        let better = if let Some((best, other)) = best.small_ints(other) {
            if largest { other > best } else { other < best }
        } else {
            let (best, other) = best.inline_floats(other)?;
            if largest { other > best } else { other < best }
        };
        if better {
            best = other;
        }
    }
    counted(vm, among.len(), best.clone())
}
