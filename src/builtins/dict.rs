//! `dict` and its views: their tables.

use super::adapt::{for_each, given, size_value};
use super::operators;
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::dict::{Dict, DictTable};
use crate::object::int;
use crate::object::iterator::{BACKWARD, DictItems, DictKeys, DictValues, KEYS};
use crate::object::kind;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::set::{Set, SetTable, with_table};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// `dict`
pub static DICT: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::dict),
    flags: class_flags::BASE | class_flags::MAPPING | class_flags::MATCH_SELF,
    doc: "A mapping of keys to values, made of a mapping, of pairs, or of keyword arguments.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", new)),
    methods: METHODS,
    ..TypeDef::new("builtins", "dict", kind::DICT)
};

static METHODS: &[Def] = &[
    Def::leaf("clear(self, /)", clear).doc("Takes all items out."),
    Def::leaf("copy(self, /)", copy).doc("A second dict with the same items."),
    Def::frame("fromkeys(cls, iterable, value=None, /)", 1, fromkeys)
        .class()
        .doc("A dict in which all these keys have the same value."),
    Def::leaf("get(self, key, default=None, /)", get)
        .doc("The value of the key, or the default where there is none."),
    Def::leaf("items(self, /)", items).doc("A view of the pairs of key and value."),
    Def::leaf("keys(self, /)", keys).doc("A view of the keys."),
    Def::leaf("pop(self, key, default=<unset>, /)", pop)
        .doc("Takes a key out and gives its value; without the key the default, or a KeyError."),
    Def::leaf("popitem(self, /)", popitem)
        .doc("Takes out the pair that was put in last; a KeyError if there is none."),
    Def::leaf("setdefault(self, key, default=None, /)", setdefault)
        .doc("The value of the key; where there is none, it becomes the default."),
    Def::frame("update(self, other=<unset>, /, **kwargs)", 1, update)
        .doc("Takes over items of a mapping or of pairs, and the keyword arguments."),
    Def::leaf("values(self, /)", values).doc("A view of the values."),
    Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    Def::leaf("__contains__(self, key, /)", operators::contains).doc("Whether the key is there."),
    Def::leaf("__delitem__(self, key, /)", operators::delitem),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getitem__(self, key, /)", getitem),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::frame("__init__(self, other=<unset>, /, **kwargs)", 1, update).at_once(update_at_once),
    Def::frame("__ior__(self, value, /)", 2, ior),
    Def::leaf("__iter__(self, /)", iter),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__or__(self, value, /)", operators::or),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__reversed__(self, /)", reversed).doc("The keys, from the last to the first."),
    Def::leaf("__ror__(self, value, /)", operators::ror),
    Def::leaf("__setitem__(self, key, value, /)", operators::setitem),
    Def::leaf("__sizeof__(self, /)", sizeof).doc("How many bytes the dict takes up."),
];

fn new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &DICT)?;
    if shape == kind::DICT as u32 {
        return Ok(Dict::new().into_value());
    }
    Ok(Dict::with_shape(shape, DictTable::new()).into_value())
}

/// The receiver as a reference, which lives on while script code runs.
fn dict_of(vm: &mut Vm, value: &Value) -> R<Ref<Dict>> {
    match value.to_ref::<Dict>() {
        Some(dict) => Ok(dict),
        None => Err(super::adapt::bad_receiver(vm, value, "dict")),
    }
}

/// `update` and `__init__`. Registers: self, other, keywords, items.
fn update(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0 {
        match start_update(vm, frame) {
            Ok(true) => {}
            Ok(false) => return finish_update(vm, frame).into(),
            Err(raised) => return Step::Raise(raised),
        }
    }
    match for_each(vm, frame, input, 1, insert_pair) {
        Ok(()) => finish_update(vm, frame).into(),
        Err(step) => step,
    }
}

/// The same where nothing or a dict is given: no pairs need be gathered.
fn update_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let target = args[0].to_ref::<Dict>()?;
    match &args[1..] {
        [] => Some(Ok(Value::NONE)),
        [other] if other.is_exact::<Dict>() => {
            let done = vm.dict_take_entries(&target, other);
            Some(done.map(|()| Value::NONE))
        }
        _ => None,
    }
}

/// Takes a mapping at once; says whether pairs are to be gathered.
fn start_update(vm: &mut Vm, frame: &NativeFrame<'_>) -> R<bool> {
    let target = dict_of(vm, &frame.regs[0])?;
    let other = frame.regs[1].clone();
    if !given(&other) {
        return Ok(false);
    }
    if !other.is_exact::<Dict>() && vm.get_attr_optional(&other, "keys")?.is_none() {
        return Ok(true);
    }
    vm.dict_take_entries(&target, &other)?;
    Ok(false)
}

fn finish_update(vm: &mut Vm, frame: &NativeFrame<'_>) -> R {
    let target = dict_of(vm, &frame.regs[0])?;
    if let Some(keywords) = frame.regs[2].get::<Dict>() {
        for (key, value) in keywords.pairs() {
            vm.dict_set(&target, &key, value)?;
        }
    }
    Ok(Value::NONE)
}

/// Whether a dict is an OrderedDict, which words the errors of its pairs in its own way.
fn is_ordered(vm: &mut Vm, dict: &Value) -> bool {
    let mut class = Some(vm.class_of(dict));
    while let Some(current) = class {
        if current.def.is_some_and(|def| def.name == "OrderedDict") {
            return true;
        }
        class = current.base();
    }
    false
}

/// Puts a pair into the dict in register 0: an iterable of a key and a value. Register 3 counts them.
fn insert_pair(vm: &mut Vm, regs: &mut [Value], item: Value) -> R<bool> {
    let target = dict_of(vm, &regs[0])?;
    let number = regs[3].as_small_int().unwrap_or(0);
    let pair = match item.get_exact::<Tuple>() {
        Some(tuple) => tuple.items().to_vec(),
        None => {
            if !vm.is_iterable(&item) && !is_ordered(vm, target.as_value()) {
                return Err(vm.type_error(format!(
                    "cannot convert dictionary update sequence element #{number} to a sequence"
                )));
            }
            vm.collect(&item)?
        }
    };
    let [key, value] = pair.as_slice() else {
        if is_ordered(vm, target.as_value()) {
            return Err(vm.value_error(match pair.len() {
                0 => "need more than 0 values to unpack",
                1 => "need more than 1 value to unpack",
                _ => "too many values to unpack (expected 2)",
            }));
        }
        let message = format!(
            "dictionary update sequence element #{number} has length {}; 2 is required",
            pair.len()
        );
        return Err(vm.value_error(message));
    };
    vm.dict_set(&target, key, value.clone())?;
    regs[3] = int::from_i64(number + 1);
    Ok(true)
}

/// `self |= other`. Registers: self, other, keywords (none), items.
fn ior(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match update(vm, frame, input) {
        Step::Return(_) => Step::Return(frame.regs[0].clone()),
        step => step,
    }
}

/// Registers: class, iterable, value, items.
fn fromkeys(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state == 0
        && frame.regs[0].is(vm.class_of_def(&DICT).as_value())
        && let Some(keys) = hashed_keys(&frame.regs[1])
    {
        let value = frame.regs[2].clone();
        return keyed_by_hashes(vm, keys, &value).into();
    }
    if frame.regs[3].is_undef() {
        let class = vm.class_of_def(&DICT);
        let made = match frame.regs[0].is(class.as_value()) {
            true => Ok(Dict::new().into_value()),
            false => vm.call(&frame.regs[0].clone(), &[]),
        };
        match made {
            Ok(made) => frame.regs[3] = made,
            Err(raised) => return Step::Raise(raised),
        }
    }
    match for_each(vm, frame, input, 1, put_key) {
        Ok(()) => Step::Return(frame.regs[3].clone()),
        Err(step) => step,
    }
}

/// The keys of an exact dict or the members of a set, with their hashes.
fn hashed_keys(source: &Value) -> Option<Vec<(i64, Value)>> {
    if let Some(dict) = source.get_exact::<Dict>() {
        return Some(dict.hashed_keys());
    }
    with_table(source, |table| {
        table.iter_hashed().map(|(h, k)| (h, k.clone())).collect()
    })
}

fn keyed_by_hashes(vm: &mut Vm, keys: Vec<(i64, Value)>, value: &Value) -> R {
    let made = Dict::new();
    for (hash, key) in keys {
        vm.dict_set_hashed(&made, &key, hash, value.clone())?;
    }
    Ok(made.into_value())
}

/// Register 3 holds what is filled.
fn put_key(vm: &mut Vm, regs: &mut [Value], key: Value) -> R<bool> {
    let (made, value) = (regs[3].clone(), regs[2].clone());
    match made.get_exact::<Dict>() {
        Some(dict) => vm.dict_set(dict, &key, value)?,
        None => vm.set_item(&made, &key, &value)?,
    }
    Ok(true)
}

fn clear(vm: &mut Vm, args: &[Value]) -> R {
    let old = receiver!(vm, args[0], Dict, "dict").take();
    drop(old);
    Ok(Value::NONE)
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let dict = receiver!(vm, args[0], Dict, "dict");
    vm.copy_dict(&args[0], dict).map(Ref::into_value)
}

fn get(vm: &mut Vm, args: &[Value]) -> R {
    let dict = receiver!(vm, args[0], Dict, "dict");
    if dict.strings_only()
        && let Some(key) = args[1].get_exact::<Str>()
    {
        return Ok(dict.get_str(key).unwrap_or_else(|| args[2].clone()));
    }
    Ok(vm
        .dict_get(dict, &args[1])?
        .unwrap_or_else(|| args[2].clone()))
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let dict = receiver!(vm, args[0], Dict, "dict");
    if let Some(value) = vm.dict_get(dict, &args[1])? {
        return Ok(value);
    }
    if !args[0].is_exact::<Dict>()
        && let Some(method) = vm.special_of(&args[0], crate::vm::special::Special::Missing)
    {
        let step = vm.call_special(method, &args[0], &args[1..2]);
        return vm.finish(step);
    }
    Err(vm.key_error(&args[1]))
}

fn pop(vm: &mut Vm, args: &[Value]) -> R {
    let dict = receiver!(vm, args[0], Dict, "dict");
    // An empty dict does not even ask for the hash.
    let removed = if dict.is_empty() {
        None
    } else {
        vm.dict_remove(dict, &args[1])?
    };
    match removed {
        Some((_, value)) => Ok(value),
        None if given(&args[2]) => Ok(args[2].clone()),
        None => Err(vm.key_error(&args[1])),
    }
}

fn popitem(vm: &mut Vm, args: &[Value]) -> R {
    let last = receiver!(vm, args[0], Dict, "dict")
        .table
        .borrow_mut()
        .pop_last();
    match last {
        Some((key, value)) => Ok(Tuple::pair(key, value).into_value()),
        None => Err(vm.key_error_text("popitem(): dictionary is empty")),
    }
}

fn setdefault(vm: &mut Vm, args: &[Value]) -> R {
    let dict = receiver!(vm, args[0], Dict, "dict");
    vm.dict_set_default(dict, &args[1], &args[2])
}

fn iter(vm: &mut Vm, args: &[Value]) -> R {
    Ok(vm.dict_iterator(&args[0], KEYS))
}

fn reversed(vm: &mut Vm, args: &[Value]) -> R {
    Ok(vm.dict_iterator(&args[0], KEYS | BACKWARD))
}

fn keys(_: &mut Vm, args: &[Value]) -> R {
    Ok(DictKeys::alloc(args[0].clone()).into_value())
}

fn values(_: &mut Vm, args: &[Value]) -> R {
    Ok(DictValues::alloc(args[0].clone()).into_value())
}

fn items(_: &mut Vm, args: &[Value]) -> R {
    Ok(DictItems::alloc(args[0].clone()).into_value())
}

fn sizeof(vm: &mut Vm, args: &[Value]) -> R {
    let end = receiver!(vm, args[0], Dict, "dict").table.borrow().end();
    Ok(size_value(if end == 0 {
        48
    } else {
        48 + 24 * end.next_power_of_two().max(8)
    }))
}

/// `dict | dict` for the operators of mappings that wrap a dict.
pub fn merged(vm: &mut Vm, a: &Value, b: &Value) -> R {
    vm.native_binary(BinaryOp::Or, a, b)
}

/// A set of the members of a set table, as a Value.
pub fn set_value(table: SetTable) -> Value {
    Set::new(table).into_value()
}

/// How many members a set or frozenset has.
pub fn set_len(value: &Value) -> usize {
    with_table(value, SetTable::len).unwrap_or(0)
}
