//! `types.SimpleNamespace`: attributes and nothing else.

use crate::builtins::arguments::{long_string, plain, tuple};
use crate::heap::{Ref, Value};
use crate::object::class::{Class, Instance, class_flags};
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

fn new(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].to_ref::<Class>() {
        Some(class) => Ok(Instance::alloc(class.root_shape.get()).into_value()),
        None => Err(vm.type_error("SimpleNamespace.__new__(X): X is not a type object")),
    }
}

/// Arguments: self, a tuple with at most one mapping, keywords.
fn init(vm: &mut Vm, args: &[Value]) -> R {
    let given = args[1]
        .get::<Tuple>()
        .map_or(&[][..], Tuple::items)
        .to_vec();
    if given.len() > 1 {
        let text = format!(
            "{} expected at most 1 argument, got {}",
            vm.class_of(&args[0]).name_str(),
            given.len()
        );
        return Err(vm.type_error(text));
    }
    let mut entries = Vec::new();
    if let Some(first) = given.first() {
        let dict = Dict::new();
        vm.dict_update_pairs(&dict, first)?;
        for (key, value) in dict.pairs() {
            if !key.is_kind::<Str>() {
                return Err(vm.type_error("keywords must be strings"));
            }
            entries.push((key, value));
        }
    }
    entries.extend(args[2].get::<Dict>().map_or_else(Vec::new, Dict::pairs));
    for (key, value) in entries {
        let key = plain(&key);
        vm.set_attr(&args[0], &key, &value)?;
    }
    Ok(Value::NONE)
}

fn entries(vm: &mut Vm, value: &Value) -> Vec<(Value, Value)> {
    vm.object_dict(value).map_or_else(Vec::new, |d| d.pairs())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]);
    let plain_class =
        class.def.is_some_and(|d| std::ptr::eq(d, &NAMESPACE)) && class.has(class_flags::BUILTIN);
    let name = if plain_class {
        "namespace".to_string()
    } else {
        class.name_str()
    };
    if !vm.enter_repr(&args[0]) {
        return long_string(vm, &format!("{name}(...)"));
    }
    let mut inside: R<Vec<String>> = Ok(Vec::new());
    for (key, value) in entries(vm, &args[0]) {
        inside = inside.and_then(|mut parts: Vec<String>| {
            parts.push(format!("{}={}", plain(&key), vm.repr_text(&value)?));
            Ok(parts)
        });
    }
    vm.leave_repr();
    let text = format!("{name}({})", inside?.join(", "));
    long_string(vm, &text)
}

/// Two namespaces are compared by their dicts, also where those have no order.
fn compare(vm: &mut Vm, op: CompareOp, args: &[Value]) -> R {
    let class = vm.class_of_def(&NAMESPACE);
    if !vm.class_of(&args[1]).is_subclass(&class) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (a, b) = (vm.object_dict(&args[0]), vm.object_dict(&args[1]));
    match (a, b) {
        (Some(a), Some(b)) => vm.compare(op, a.as_value(), b.as_value()),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]).into_value();
    let dict = vm
        .object_dict(&args[0])
        .map_or(Value::NONE, Ref::into_value);
    let empty = tuple(vm, Vec::new())?;
    tuple(vm, vec![class, empty, dict])
}

/// `__replace__(self, **changes)`
fn replace(vm: &mut Vm, args: &[Value]) -> R {
    if args[1]
        .get::<Tuple>()
        .is_some_and(|given| !given.is_empty())
    {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    let class = vm.class_of(&args[0]).into_value();
    let made = vm.call(&class, &[])?;
    for (key, value) in entries(vm, &args[0])
        .into_iter()
        .chain(args[2].get::<Dict>().map_or_else(Vec::new, Dict::pairs))
    {
        let key = plain(&key);
        vm.set_attr(&made, &key, &value)?;
    }
    Ok(made)
}

/// `types.SimpleNamespace`
pub static NAMESPACE: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "A simple attribute-based namespace.",
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new)),
    methods: &[
        Def::leaf("__init__(self, /, *args, **kwargs)", init),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__eq__(self, value, /)", |vm, args| {
            compare(vm, CompareOp::Eq, args)
        }),
        Def::leaf("__ne__(self, value, /)", |vm, args| {
            compare(vm, CompareOp::Ne, args)
        }),
        Def::leaf("__lt__(self, value, /)", |vm, args| {
            compare(vm, CompareOp::Lt, args)
        }),
        Def::leaf("__le__(self, value, /)", |vm, args| {
            compare(vm, CompareOp::Le, args)
        }),
        Def::leaf("__gt__(self, value, /)", |vm, args| {
            compare(vm, CompareOp::Gt, args)
        }),
        Def::leaf("__ge__(self, value, /)", |vm, args| {
            compare(vm, CompareOp::Ge, args)
        }),
        Def::leaf("__reduce__(self, /)", reduce),
        Def::leaf("__replace__(self, /, *args, **changes)", replace),
    ],
    attributes: &[Attribute::get("__dict__", |vm, value| {
        Ok(vm.object_dict(value).map_or(Value::NONE, Ref::into_value))
    })],
    ..TypeDef::new("types", "SimpleNamespace", kind::INSTANCE)
};

/// All types of this file.
pub static TYPES: &[&TypeDef] = &[&NAMESPACE];

/// A namespace with these attributes.
pub fn make(vm: &mut Vm, attributes: &[(&str, Value)]) -> R {
    let class = vm.class_of_def(&NAMESPACE);
    let made = Instance::alloc(class.root_shape.get()).into_value();
    for (name, value) in attributes {
        vm.set_attr(&made, name, value)?;
    }
    Ok(made)
}
