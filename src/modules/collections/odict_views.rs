//! The views and iterators of an OrderedDict: they do what those of a dict do, and have types of their own.

use crate::builtins::views::{DICT_ITEMS, DICT_KEYS, DICT_VALUES, parts};
use crate::heap::Value;
use crate::object::iterator::{BACKWARD, DictItems, DictKeys, DictValues, OdictIterator};
use crate::object::kind;
use crate::object::native::{Def, R, TypeDef};
use crate::vm::Vm;

static METHODS: &[Def] = &[
    Def::leaf("__iter__(self, /)", |vm, args| {
        view_iterator(vm, &args[0], 0)
    }),
    Def::leaf("__reversed__(self, /)", |vm, args| {
        view_iterator(vm, &args[0], BACKWARD)
    }),
];

/// `odict_keys`
pub static ODICT_KEYS: TypeDef = TypeDef {
    base: Some(&DICT_KEYS),
    methods: METHODS,
    ..TypeDef::new("builtins", "odict_keys", kind::DICT_KEYS)
};

/// `odict_values`
pub static ODICT_VALUES: TypeDef = TypeDef {
    base: Some(&DICT_VALUES),
    methods: METHODS,
    ..TypeDef::new("builtins", "odict_values", kind::DICT_VALUES)
};

/// `odict_items`
pub static ODICT_ITEMS: TypeDef = TypeDef {
    base: Some(&DICT_ITEMS),
    methods: METHODS,
    ..TypeDef::new("builtins", "odict_items", kind::DICT_ITEMS)
};

/// `odict_iterator`
pub static ODICT_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", |_, args| Ok(args[0].clone())),
        Def::leaf("__next__(self, /)", |vm, args| match next(vm, &args[0]) {
            Some(Ok(Some(value))) => Ok(value),
            Some(Err(raised)) => Err(raised),
            _ => Err(vm.stop_iteration(Value::NONE)),
        }),
        Def::leaf("__reduce__(self, /)", |vm, args| {
            let inner = args[0].get::<OdictIterator>().map(|it| it.inner.get());
            vm.call_method(&inner.unwrap_or_default(), "__reduce__", &[])
        })
        .doc("How to make it again, for copies and pickles."),
    ],
    next_at_once: Some(next),
    ..TypeDef::new("builtins", "odict_iterator", kind::ODICT_ITERATOR)
};

fn next(vm: &mut Vm, iterator: &Value) -> Option<R<Option<Value>>> {
    let inner = iterator.get::<OdictIterator>()?.inner.get();
    let result = vm.native_next(&inner)?;
    Some(result.map_err(|_| vm.runtime_error("OrderedDict mutated during iteration")))
}

/// An iterator over an OrderedDict; `mode` is KEYS, VALUES or ITEMS, plus BACKWARD.
pub fn iterator(vm: &mut Vm, dict: &Value, mode: u8) -> Value {
    let inner = vm.dict_iterator(dict, mode);
    OdictIterator::alloc(inner).into_value()
}

fn view_iterator(vm: &mut Vm, view: &Value, way: u8) -> R {
    let (dict, mode) = parts(vm, view)?;
    Ok(iterator(vm, &dict, mode | way))
}

/// `keys()`
pub fn keys(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.class_of_def(&ODICT_KEYS).root_shape.get();
    Ok(DictKeys::alloc_shaped(shape, args[0].clone()).into_value())
}

/// `values()`
pub fn values(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.class_of_def(&ODICT_VALUES).root_shape.get();
    Ok(DictValues::alloc_shaped(shape, args[0].clone()).into_value())
}

/// `items()`
pub fn items(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.class_of_def(&ODICT_ITEMS).root_shape.get();
    Ok(DictItems::alloc_shaped(shape, args[0].clone()).into_value())
}
