//! `_collections`: what `collections` needs in Rust.

pub mod default_dict;
pub mod deque;
pub mod odict_views;
mod ordered_dict;

use crate::heap::{Field, Value};
use crate::object::descriptor::TupleGetter;
use crate::object::dict::{Dict, Probe};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, ModuleDef, R, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// `_collections`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_collections",
    doc: "The native part of collections.",
    functions: FUNCTIONS,
    types: &[
        &deque::DEQUE,
        &default_dict::DEFAULT_DICT,
        &ordered_dict::ORDERED_DICT,
        &TUPLE_GETTER,
    ],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[
    &deque::DEQUE,
    &deque::DEQUE_ITERATOR,
    &default_dict::DEFAULT_DICT,
    &ordered_dict::ORDERED_DICT,
    &odict_views::ODICT_KEYS,
    &odict_views::ODICT_VALUES,
    &odict_views::ODICT_ITEMS,
    &odict_views::ODICT_ITERATOR,
    &TUPLE_GETTER,
];

static FUNCTIONS: &[Def] = &[Def::leaf("_count_items(mapping, items, /)", count_items)];

/// Counts the items of a plain list, tuple or string in a dict, as `mapping[x] = mapping.get(x, 0) + 1` for each x would, but
/// for that each is hashed once. False, and nothing is done, if the items are something else, or the mapping finds or sets
/// its own in another way than dict.
fn count_items(vm: &mut Vm, args: &[Value]) -> R {
    let items = &args[1];
    let is_plain = items.is_exact::<List>() || items.is_exact::<Tuple>() || items.is_exact::<Str>();
    let Some(dict) = args[0].to_ref::<Dict>().filter(|_| is_plain) else {
        return Ok(Value::FALSE);
    };
    if !sets_as_dicts_do(vm, &args[0]) {
        return Ok(Value::FALSE);
    }
    let mut counted = 0;
    while let Some(item) = item_of(items, counted) {
        count_item(vm, &dict, &item)?;
        counted += 1;
    }
    Ok(Value::TRUE)
}

fn count_item(vm: &mut Vm, dict: &Dict, item: &Value) -> R<()> {
    let one = Value::int32(1);
    if let Some((Probe::Hit(position), _)) = dict.find_at_once(item)
        && let Some(new) = dict
            .entry_value(position)
            .and_then(|old| old.add_small(&one))
    {
        // What it replaces is a number.
        drop(dict.set_entry_value(position, new));
        return Ok(());
    }
    let hash = vm.hash(item)?;
    let found = vm.dict_find_hashed(dict, item, hash)?;
    let new = match found.and_then(|position| dict.entry_value(position)) {
        Some(old) => vm.binary(BinaryOp::Add, &old, &one)?,
        None => one,
    };
    vm.dict_set_hashed(dict, item, hash, new)
}

/// Item number `n` of a plain list, tuple or string.
fn item_of(sequence: &Value, n: usize) -> Option<Value> {
    if let Some(list) = sequence.get_exact::<List>() {
        return list.items.borrow().get(n).cloned();
    }
    match sequence.get_exact::<Tuple>() {
        Some(tuple) => tuple.get(n),
        None => sequence.get_exact::<Str>()?.char_value(n),
    }
}

/// Whether the class of a dict finds and sets its items as dict does.
fn sets_as_dicts_do(vm: &mut Vm, value: &Value) -> bool {
    let class = vm.class_of(value);
    let dict = vm.class_of_kind(kind::DICT);
    ["get", "__setitem__"].iter().all(|name| {
        let name = vm.intern(name);
        let own = vm.lookup_in_class(&class, name.as_value());
        let plain = vm.lookup_in_class(&dict, name.as_value());
        matches!((own, plain), (Some(own), Some(plain)) if own.is(&plain))
    })
}

fn getter_new(vm: &mut Vm, args: &[Value]) -> R {
    let index = vm.index_value(&args[1])?;
    let shape = crate::builtins::arguments::shape_of_class(&args[0]);
    Ok(TupleGetter::alloc(shape, index, Field::new(args[2].clone())).into_value())
}

fn getter_get(vm: &mut Vm, args: &[Value]) -> R {
    let Some(getter) = args[0].get::<TupleGetter>() else {
        return Ok(Value::NONE);
    };
    if args[1].is_none() {
        return Ok(args[0].clone());
    }
    let index = getter.index.as_small_int().unwrap_or(0) as usize;
    match args[1].get::<Tuple>() {
        Some(tuple) => match tuple.get(index) {
            Some(item) => Ok(item),
            None => Err(vm.index_error("tuple index out of range")),
        },
        None => {
            let name = vm.type_name(&args[1]);
            let text = format!(
                "descriptor for index '{index}' for tuple subclasses doesn't apply to '{name}' object"
            );
            Err(vm.type_error(text))
        }
    }
}

fn getter_set(vm: &mut Vm, _: &[Value]) -> R {
    Err(vm.attribute_error_plain("can't set attribute"))
}

fn getter_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let Some(getter) = args[0].get::<TupleGetter>() else {
        return Ok(Value::NONE);
    };
    let inner = crate::builtins::arguments::pair(getter.index.clone(), getter.doc.get());
    let class = vm.class_of(&args[0]).into_value();
    Ok(crate::builtins::arguments::pair(class, inner))
}

/// `_collections._tuplegetter`
pub static TUPLE_GETTER: TypeDef = TypeDef {
    new: Some(Def::leaf("__new__(cls, index, doc, /)", getter_new)),
    methods: &[
        Def::leaf("__get__(self, instance, owner=None, /)", getter_get),
        Def::leaf("__set__(self, instance, value, /)", getter_set),
        Def::leaf("__delete__(self, instance, /)", getter_set),
        Def::leaf("__reduce__(self, /)", getter_reduce),
    ],
    attributes: &[crate::object::native::Attribute::get_set(
        "__doc__",
        |_, value| {
            Ok(value
                .get::<TupleGetter>()
                .map_or(Value::NONE, |g| g.doc.get()))
        },
        |_, value, new| {
            if let Some(getter) = value.get::<TupleGetter>() {
                getter.doc.set(new.clone());
            }
            Ok(())
        },
    )],
    ..TypeDef::new("_collections", "_tuplegetter", kind::TUPLE_GETTER)
};
