//! `_weakref`: references that do not keep their objects alive. `weakref` has the containers.

use crate::builtins::arguments::{int, list, long_string, shape_of_class};
use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Attribute, Def, ModuleDef, R, TypeDef};
use crate::object::tuple::Tuple;
use crate::object::weakref::{WeakRef, of_link, references};
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

/// `_weakref`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_weakref",
    doc: "The native part of weakref.",
    functions: &[
        Def::leaf("getweakrefcount(object, /)", |_, args| {
            Ok(int(references(&args[0]).len() as i64))
        }),
        Def::leaf("getweakrefs(object, /)", |_, args| {
            Ok(list(all_references(&args[0])))
        }),
    ],
    types: &[],
    setup: Some(|vm, module: &crate::heap::Ref<Module>| {
        let class = vm.class_of_def(&REFERENCE).into_value();
        for name in ["ref", "ReferenceType"] {
            vm.set_name(&module.namespace, name, class.clone())?;
        }
        Ok(())
    }),
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&REFERENCE];

/// Whether objects of this value's class can be weakly referenced.
fn allows(vm: &mut Vm, value: &Value) -> bool {
    if !value.is_object() {
        return false;
    }
    let class = vm.class_of(value);
    class.has(class_flags::WEAKREF)
        || matches!(
            vm.kind_of(value),
            kind::FUNCTION
                | kind::BOUND_METHOD
                | kind::GENERATOR
                | kind::SET
                | kind::FROZENSET
                | kind::CLASS
                | kind::MODULE
                | kind::CODE
                | kind::NATIVE
                | kind::FUTURE
                | kind::TASK
        )
}

/// All references to an object: the one that plain ones share, then the youngest first.
fn all_references(target: &Value) -> Vec<Value> {
    let mut all: Vec<_> = references(target);
    all.reverse();
    let plain = kind::WEAKREF as u32;
    let is_shared =
        |r: &crate::heap::Ref<WeakRef>| r.as_value().shape() == plain && r.callback.get().is_none();
    all.sort_by_key(|r| !is_shared(r));
    all.into_iter().map(|r| r.into_value()).collect()
}

/// Refuses more than two positional arguments, and names.
fn check_arguments(vm: &mut Vm, args: &[Value], who: &str) -> R<()> {
    let more = args[3].get::<Tuple>().map_or(0, |rest| rest.items().len());
    if more > 0 {
        let given = more + 2;
        return Err(vm.type_error(format!("{who} expected at most 2 arguments, got {given}")));
    }
    let named = args[4].get::<Dict>().is_some_and(|named| !named.is_empty());
    if named && who == "__init__" {
        return Err(vm.type_error("ref() takes no keyword arguments"));
    }
    Ok(())
}

/// Arguments: cls, object, callback, more and named ones.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    check_arguments(vm, args, "__new__")?;
    if !allows(vm, &args[1]) {
        let name = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("cannot create weak reference to '{name}' object")));
    }
    vm.clear_weak = Some(object_died);
    let plain = vm.class_of_def(&REFERENCE);
    let callback = if args[2].is_undef() {
        Value::NONE
    } else {
        args[2].clone()
    };
    if callback.is_none() && plain.as_value().is(&args[0]) {
        // All plain references to an object are one.
        let shape = plain.root_shape.get();
        let known = references(&args[1])
            .into_iter()
            .find(|r| r.as_value().shape() == shape && r.callback.get().is_none());
        if let Some(known) = known {
            return Ok(known.into_value());
        }
    }
    Ok(WeakRef::alloc(shape_of_class(&args[0]), &args[1], callback).into_value())
}

/// Tells a reference that its object has died, and whoever wanted to know.
fn object_died(vm: &mut Vm, link: &Value) {
    let Some(reference) = of_link(link) else {
        return;
    };
    reference.forget();
    let callback = reference.callback.replace(Value::NONE);
    if callback.is_none() || callback.is_undef() {
        return;
    }
    if let Err(raised) = vm.call(&callback, &[reference.value()]) {
        vm.report_unraisable(&raised, &callback);
    }
}

fn call(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0]
        .get::<WeakRef>()
        .and_then(WeakRef::get)
        .unwrap_or(Value::NONE))
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let Some(reference) = args[0].to_ref::<WeakRef>() else {
        return Ok(Value::NONE);
    };
    if let Some(known) = reference.hash.get() {
        return Ok(int(known));
    }
    let Some(target) = reference.get() else {
        return Err(vm.type_error("weak object has gone away"));
    };
    let hash = vm.hash(&target)?;
    reference.hash.set(Some(hash));
    Ok(int(hash))
}

/// While both objects live they are compared, else the references themselves.
fn compare(vm: &mut Vm, args: &[Value], op: CompareOp) -> R {
    let Some(other) = args[1].to_ref::<WeakRef>() else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let own = args[0].to_ref::<WeakRef>().and_then(|r| r.get());
    match (own, other.get()) {
        (Some(a), Some(b)) => vm.compare(op, &a, &b),
        _ => Ok(Value::bool(args[0].is(&args[1]) == (op == CompareOp::Eq))),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let address = vm.heap.identity(&args[0]);
    let class = vm.class_of(&args[0]);
    let name = match class.def {
        Some(def) if std::ptr::eq(def, &REFERENCE) && class.has(class_flags::BUILTIN) => {
            "weakref".to_string()
        }
        _ => class.name_str(),
    };
    let Some(target) = args[0].get::<WeakRef>().and_then(WeakRef::get) else {
        return long_string(vm, &format!("<{name} at {address:#x}; dead>"));
    };
    let kind = match target.get::<Class>() {
        Some(_) => "type".to_string(),
        None => vm.type_name(&target),
    };
    let to = vm.heap.identity(&target);
    // Whatever the object does when it is asked, it can be shown.
    let own_name = vm.get_attr_optional(&target, "__name__").unwrap_or(None);
    let own_name = own_name.map_or_else(String::new, |n| {
        let text = crate::builtins::arguments::plain(&n);
        if text.is_empty() {
            text
        } else {
            format!(" ({text})")
        }
    });
    long_string(
        vm,
        &format!("<{name} at {address:#x}; to '{kind}' at {to:#x}{own_name}>"),
    )
}

/// `weakref.ref`
pub static REFERENCE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    new: Some(Def::leaf(
        "__new__(cls, object, callback=None, /, *args, **kwargs)",
        new,
    )),
    methods: &[
        Def::leaf(
            "__init__(self, object, callback=None, /, *args, **kwargs)",
            |vm, args| check_arguments(vm, args, "__init__").map(|()| Value::NONE),
        ),
        Def::leaf("__call__(self, /)", call),
        Def::leaf("__hash__(self, /)", hash),
        Def::leaf("__eq__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Eq)
        }),
        Def::leaf("__ne__(self, value, /)", |vm, args| {
            compare(vm, args, CompareOp::Ne)
        }),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    attributes: &[Attribute::get("__callback__", |_, value| {
        Ok(value
            .get::<WeakRef>()
            .map_or(Value::NONE, |r| r.callback.get()))
    })],
    ..TypeDef::new("weakref", "ReferenceType", kind::WEAKREF)
};
