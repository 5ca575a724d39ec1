//! `types.MappingProxyType`: read-only views of mappings, and of classes' namespaces.

use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::descriptor::MappingProxy;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, R, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;
use crate::vm::ops::BinaryOp;
use crate::vm::special::Special;

/// `mappingproxy`
pub static MAPPING_PROXY: TypeDef = TypeDef {
    flags: crate::object::class::class_flags::MAPPING,
    doc: "Read-only proxy of a mapping.",
    new: Some(Def::leaf("__new__(cls, mapping)", new).stat()),
    methods: &[
        Def::leaf("__getitem__(self, key, /)", get_item),
        Def::leaf("__contains__(self, key, /)", |vm, args| {
            let target = target(vm, &args[0])?;
            vm.contains(&target, &args[1]).map(Value::bool)
        }),
        Def::leaf("__len__(self, /)", |vm, args| {
            let target = target(vm, &args[0])?;
            vm.len(&target).map(crate::object::int::from_usize)
        }),
        Def::leaf("__iter__(self, /)", |vm, args| {
            let target = target(vm, &args[0])?;
            vm.iter(&target)
        }),
        Def::leaf("__reversed__(self, /)", |vm, args| {
            delegate(vm, &args[0], "__reversed__", &[])
        }),
        Def::leaf("get(self, key, default=None, /)", |vm, args| {
            delegate(vm, &args[0], "get", &args[1..3])
        }),
        Def::leaf("keys(self, /)", |vm, args| {
            delegate(vm, &args[0], "keys", &[])
        }),
        Def::leaf("values(self, /)", |vm, args| {
            delegate(vm, &args[0], "values", &[])
        }),
        Def::leaf("items(self, /)", |vm, args| {
            delegate(vm, &args[0], "items", &[])
        }),
        Def::leaf("copy(self, /)", |vm, args| {
            delegate(vm, &args[0], "copy", &[])
        }),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__str__(self, /)", |vm, args| {
            let target = target(vm, &args[0])?;
            vm.str(&target).map(Ref::into_value)
        }),
        Def::leaf("__or__(self, value, /)", |vm, args| {
            either(vm, &args[0], &args[1])
        }),
        Def::leaf("__ior__(self, value, /)", |vm, _| {
            let text = "'|=' is not supported by mappingproxy; use '|' instead";
            Err(vm.type_error(text))
        }),
        Def::leaf("__ror__(self, value, /)", |vm, args| {
            either(vm, &args[1], &args[0])
        }),
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
        Def::leaf("__hash__(self, /)", |vm, args| {
            let target = target(vm, &args[0])?;
            vm.hash(&target).map(crate::object::int::from_i64)
        }),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            super::typing_forms::class_getitem,
        )
        .class(),
    ],
    ..TypeDef::new("builtins", "mappingproxy", kind::MAPPINGPROXY)
};

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let mapping = &args[1];
    let is_mapping = vm.special_of(mapping, Special::GetItem).is_some()
        && !mapping.is_kind::<List>()
        && !mapping.is_kind::<Tuple>();
    if !is_mapping {
        let given = vm.type_name(mapping);
        return Err(vm.type_error(format!(
            "mappingproxy() argument must be a mapping, not {given}"
        )));
    }
    Ok(MappingProxy::alloc(mapping.clone()).into_value())
}

/// The mapping behind a proxy: for a class a dict with a copy of its namespace.
fn target(vm: &mut Vm, proxy: &Value) -> R {
    let mapping = proxy
        .get::<MappingProxy>()
        .map_or(Value::NONE, |p| p.mapping.get());
    let Some(class) = mapping.to_ref::<Class>() else {
        return Ok(mapping);
    };
    let dict = Dict::new();
    for (name, value) in vm.class_pairs(&class) {
        vm.dict_set(&dict, &name, value)?;
    }
    Ok(dict.into_value())
}

/// The mapping is compared, also where it has no order: the error names its type.
fn compare(vm: &mut Vm, op: CompareOp, args: &[Value]) -> R {
    vm.check_stack()?;
    let target = target(vm, &args[0])?;
    vm.compare(op, &target, &args[1])
}

fn unwrapped(vm: &mut Vm, value: &Value) -> R {
    if value.is_kind::<MappingProxy>() {
        target(vm, value)
    } else {
        Ok(value.clone())
    }
}

fn get_item(vm: &mut Vm, args: &[Value]) -> R {
    let mapping = args[0]
        .get::<MappingProxy>()
        .map_or(Value::NONE, |p| p.mapping.get());
    if let (Some(class), Some(name)) = (mapping.to_ref::<Class>(), args[1].get::<Str>()) {
        return match vm.own_class_attribute(&class, name) {
            Some(value) => Ok(value),
            None => Err(vm.key_error(&args[1])),
        };
    }
    let target = target(vm, &args[0])?;
    vm.get_item(&target, &args[1])
}

fn delegate(vm: &mut Vm, proxy: &Value, method: &str, args: &[Value]) -> R {
    let target = target(vm, proxy)?;
    vm.call_method(&target, method, args)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let target = target(vm, &args[0])?;
    let inside = vm.repr_text(&target)?;
    let text = Str::try_new(&format!("mappingproxy({inside})"));
    vm.lift(text).map(Ref::into_value)
}

fn either(vm: &mut Vm, a: &Value, b: &Value) -> R {
    let (a, b) = (unwrapped(vm, a)?, unwrapped(vm, b)?);
    vm.binary(BinaryOp::Or, &a, &b)
}
