//! `list[int]` and `int | str`: `types.GenericAlias` and `types.UnionType`.

use super::functions::outcome;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::descriptor::{GenericAlias, Union};
use crate::object::iterator::TupleIterator;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Args, Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

/// `types.GenericAlias`
pub static GENERIC_ALIAS: TypeDef = TypeDef {
    flags: crate::object::class::class_flags::BASE,
    doc: "Represent a PEP 585 generic type",
    new: Some(
        Def::leaf("__new__(cls, origin, args, /)", |vm, args| {
            let given = as_tuple(vm, &args[2])?;
            let shape = vm.shape_for_new(&args[0], &GENERIC_ALIAS)?;
            Ok(
                GenericAlias::alloc_shaped(shape, args[1].clone(), given, Value::FALSE)
                    .into_value(),
            )
        })
        .stat(),
    ),
    methods: &[
        Def::leaf("__repr__(self, /)", |vm, args| {
            let text = show(vm, &args[0])?;
            Ok(Str::new(&text).into_value())
        }),
        Def::leaf("__getitem__(self, key, /)", alias_item),
        Def::leaf("__mro_entries__(self, bases, /)", |_, args| {
            Ok(Tuple::one(origin(&args[0])).into_value())
        }),
        Def::leaf("__eq__(self, value, /)", alias_eq),
        Def::leaf("__hash__(self, /)", |vm, args| {
            let hash = vm.hash(&origin(&args[0]))? ^ vm.hash(&alias_args(&args[0]))?;
            Ok(crate::object::int::from_i64(hash))
        }),
        Def::frame("__call__(self, /, *args, **kwargs)", 0, alias_call),
        Def::leaf("__or__(self, value, /)", |vm, args| {
            union_of(vm, &args[0], &args[1])
        }),
        Def::leaf("__ror__(self, value, /)", |vm, args| {
            union_of(vm, &args[1], &args[0])
        }),
        Def::leaf("__iter__(self, /)", |vm, args| {
            let unpacked = GenericAlias::alloc(origin(&args[0]), alias_args(&args[0]), Value::TRUE)
                .into_value();
            Ok(TupleIterator::alloc_shaped(
                vm.known.alias_iterator,
                Tuple::one(unpacked).into_value(),
            )
            .into_value())
        }),
        Def::leaf("__instancecheck__(self, instance, /)", |vm, _| {
            Err(vm.type_error("isinstance() argument 2 cannot be a parameterized generic"))
        }),
        Def::leaf("__subclasscheck__(self, subclass, /)", |vm, _| {
            Err(vm.type_error("issubclass() argument 2 cannot be a parameterized generic"))
        }),
        Def::leaf("__reduce__(self, /)", |vm, args| {
            let class = vm.class_of(&args[0]).into_value();
            Ok(Tuple::pair(
                class,
                Tuple::pair(origin(&args[0]), alias_args(&args[0])).into_value(),
            )
            .into_value())
        }),
    ],
    attributes: &[
        Attribute::get("__origin__", |_, a| Ok(origin(a))),
        Attribute::get("__args__", |_, a| Ok(alias_args(a))),
        Attribute::get("__parameters__", |vm, a| {
            let args = alias_args(a);
            parameters_of(vm, &args)
        }),
        Attribute::get("__typing_unpacked_tuple_args__", |vm, a| {
            let tuple = vm.known_class(Known::Tuple).into_value();
            let spread = is_unpacked(a) && origin(a).is(&tuple);
            Ok(if spread { alias_args(a) } else { Value::NONE })
        }),
        Attribute::get("__unpacked__", |_, a| {
            Ok(a.get::<GenericAlias>()
                .map_or(Value::FALSE, |a| a.unpacked.get()))
        }),
    ],
    ..TypeDef::new("types", "GenericAlias", kind::GENERIC_ALIAS)
};

/// `types.UnionType`
pub static UNION: TypeDef = TypeDef {
    doc: "Represent a PEP 604 union type\n\nE.g. for int | str",
    methods: &[
        Def::leaf("__repr__(self, /)", |vm, args| {
            let text = show(vm, &args[0])?;
            Ok(Str::new(&text).into_value())
        }),
        Def::leaf("__or__(self, value, /)", |vm, args| {
            union_of(vm, &args[0], &args[1])
        }),
        Def::leaf("__ror__(self, value, /)", |vm, args| {
            union_of(vm, &args[1], &args[0])
        }),
        Def::leaf("__eq__(self, value, /)", union_eq),
        Def::leaf("__hash__(self, /)", |vm, args| {
            // That of `typing.Union` of the same members, which is equal to it.
            let set = vm.frozenset_of(&union_args(&args[0]))?;
            Ok(crate::object::int::from_i64(vm.hash(&set.into_value())?))
        }),
        Def::leaf("__instancecheck__(self, instance, /)", |vm, args| {
            vm.is_instance(&args[1], &args[0]).map(Value::bool)
        }),
        Def::leaf("__subclasscheck__(self, subclass, /)", |vm, args| {
            vm.is_subclass(&args[1], &args[0]).map(Value::bool)
        }),
        Def::leaf("__getitem__(self, key, /)", |vm, args| {
            let replaced = substituted(vm, &args[0], &union_args(&args[0]), &args[1])?;
            let mut result: Option<Value> = None;
            for member in vm.collect(&replaced)? {
                result = Some(match result {
                    None => member,
                    Some(so_far) => union_of(vm, &so_far, &member)?,
                });
            }
            Ok(result.unwrap_or(Value::NONE))
        }),
    ],
    attributes: &[
        Attribute::get("__args__", |_, u| Ok(union_args(u))),
        Attribute::get("__parameters__", |vm, u| {
            let args = union_args(u);
            parameters_of(vm, &args)
        }),
    ],
    ..TypeDef::new("types", "UnionType", kind::UNION)
};

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[&GENERIC_ALIAS, &UNION];

/// `__class_getitem__` of the generic built-in types.
pub fn class_getitem(vm: &mut Vm, args: &[Value]) -> R {
    let given = as_tuple(vm, &args[1])?;
    Ok(GenericAlias::alloc(args[0].clone(), given, Value::FALSE).into_value())
}

/// The key of a subscript as a tuple of arguments.
pub fn as_tuple(_: &mut Vm, value: &Value) -> R {
    Ok(if value.is_kind::<Tuple>() {
        value.clone()
    } else {
        Tuple::one(value.clone()).into_value()
    })
}

fn origin(alias: &Value) -> Value {
    alias
        .get::<GenericAlias>()
        .map_or(Value::NONE, |a| a.origin.get())
}

fn alias_args(alias: &Value) -> Value {
    alias
        .get::<GenericAlias>()
        .map_or_else(|| Tuple::empty().into_value(), |a| a.args.get())
}

fn union_args(union: &Value) -> Value {
    union
        .get::<Union>()
        .map_or_else(|| Tuple::empty().into_value(), |u| u.args.get())
}

fn members(union: &Value) -> Vec<Value> {
    union_args(union)
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

/// A member of a form: an alias as it shows itself, what has a module and a name by these.
fn show_member(vm: &mut Vm, member: &Value) -> R<String> {
    if member.is_ellipsis() {
        return Ok("...".to_string());
    }
    if vm.get_attr_optional(member, "__origin__")?.is_some()
        && vm.get_attr_optional(member, "__args__")?.is_some()
    {
        return vm.repr_text(member);
    }
    let name = vm.get_attr_optional(member, "__qualname__")?;
    let module = vm.get_attr_optional(member, "__module__")?;
    let (Some(name), Some(module)) = (name, module) else {
        return vm.repr_text(member);
    };
    if module.is_none() {
        return vm.repr_text(member);
    }
    let name = vm.str_text(&name)?;
    if module
        .get::<Str>()
        .is_some_and(|m| m.as_str() == Some("builtins"))
    {
        return Ok(name);
    }
    Ok(format!("{}.{name}", vm.str_text(&module)?))
}

/// A form as annotations show it.
fn show(vm: &mut Vm, form: &Value) -> R<String> {
    vm.check_stack()?;
    if form.is_kind::<Union>() {
        let none = vm.known_class(Known::NoneType).into_value();
        let mut parts = Vec::new();
        for member in members(form) {
            parts.push(if member.is(&none) {
                "None".to_string()
            } else {
                show_member(vm, &member)?
            });
        }
        return Ok(parts.join(" | "));
    }
    let star = if is_unpacked(form) { "*" } else { "" };
    let outer = show_member(vm, &origin(form))?;
    let args = alias_args(form);
    let mut parts = Vec::new();
    for arg in args.get::<Tuple>().map_or(&[][..], Tuple::items) {
        parts.push(match arg.to_ref::<List>() {
            Some(list) => show_list(vm, &list)?,
            None => show_member(vm, arg)?,
        });
    }
    let inside = match parts.is_empty() {
        true => "()".to_string(),
        false => parts.join(", "),
    };
    Ok(format!("{star}{outer}[{inside}]"))
}

/// A list of parameters.
fn show_list(vm: &mut Vm, list: &Ref<List>) -> R<String> {
    let mut parts = Vec::new();
    while let Some(item) = list.get(parts.len()) {
        parts.push(show_member(vm, &item)?);
    }
    Ok(format!("[{}]", parts.join(", ")))
}

/// The type variables in the arguments of a form, each once.
fn parameters_of(vm: &mut Vm, args: &Value) -> R {
    let mut found: Vec<Value> = Vec::new();
    collect_parameters(vm, args, &mut found)?;
    vm.new_tuple(found)
}

fn collect_parameters(vm: &mut Vm, args: &Value, found: &mut Vec<Value>) -> R<()> {
    vm.check_stack()?;
    let mut add = |value: Value| {
        if !found.iter().any(|f| f.is(&value)) {
            found.push(value);
        }
    };
    for arg in args.get::<Tuple>().map_or(&[][..], Tuple::items) {
        if arg.is_kind::<Class>() || !arg.is_object() {
            continue;
        }
        if arg.is_kind::<Tuple>() {
            let mut inner = Vec::new();
            collect_parameters(vm, arg, &mut inner)?;
            inner.into_iter().for_each(&mut add);
        } else if vm.get_attr_optional(arg, "__typing_subst__")?.is_some() {
            add(arg.clone());
        } else if let Some(inner) = vm.get_attr_optional(arg, "__parameters__")? {
            inner
                .get::<Tuple>()
                .map_or(&[][..], Tuple::items)
                .iter()
                .cloned()
                .for_each(&mut add);
        }
    }
    Ok(())
}

/// The arguments of a form with its type variables replaced. Where there are variables, the
/// module that defines them knows how.
fn substituted(vm: &mut Vm, form: &Value, args: &Value, key: &Value) -> R {
    let parameters = parameters_of(vm, args)?;
    if parameters
        .get::<Tuple>()
        .is_none_or(|p| p.items().is_empty())
    {
        let shown = show(vm, form)?;
        return Err(vm.type_error(format!("{shown} is not a generic class")));
    }
    let typing = vm.import("typing")?;
    vm.call_method(&typing, "_substitute_alias", &[form.clone(), key.clone()])
}

fn alias_item(vm: &mut Vm, args: &[Value]) -> R {
    let replaced = substituted(vm, &args[0], &alias_args(&args[0]), &args[1])?;
    let unpacked = Value::bool(is_unpacked(&args[0]));
    Ok(GenericAlias::alloc(origin(&args[0]), replaced, unpacked).into_value())
}

/// A new object of the class an alias stands for, which is told the alias if it takes
/// attributes. Registers: self, args, kwargs; then the object in the place of args.
fn alias_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, Input::Start) => {
            frame.state = 1;
            let callee = origin(&frame.regs[0]);
            let args: Args = frame.regs[1]
                .get::<Tuple>()
                .map_or_else(Args::new, |t| Args::from(t.items()));
            let keywords = frame.regs[2].clone();
            match vm.call_with_keywords(callee, args, &keywords) {
                Ok(Step::TailCall(callee, args)) => Step::Call(callee, args),
                Ok(Step::TailCallKw(callee, args, names)) => Step::CallKw(callee, args, names),
                Ok(step) => step,
                Err(raised) => Step::Raise(raised),
            }
        }
        (1, Input::Value(made)) => {
            frame.state = 2;
            frame.regs[1] = made.clone();
            let name = vm.intern("__orig_class__").into_value();
            match outcome(vm.set_attr_step(&made, &name, &frame.regs[0])) {
                Ok(_) => Step::Return(made),
                Err(Step::Raise(raised)) => unless_refused(vm, frame, raised),
                Err(wait) => wait,
            }
        }
        (2, Input::Raised(raised)) => unless_refused(vm, frame, raised),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(frame.regs[1].clone()),
    }
}

fn unless_refused(vm: &mut Vm, frame: &NativeFrame<'_>, raised: Raised) -> Step {
    if vm.is_raised(&raised, Known::AttributeError) || vm.is_raised(&raised, Known::TypeError) {
        return Step::Return(frame.regs[1].clone());
    }
    Step::Raise(raised)
}

fn is_unpacked(alias: &Value) -> bool {
    alias
        .get::<GenericAlias>()
        .is_some_and(|a| a.unpacked.get().is_true())
}

fn alias_eq(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<GenericAlias>() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = is_unpacked(&args[0]) == is_unpacked(&args[1])
        && vm.eq(&origin(&args[0]), &origin(&args[1]))?
        && vm.eq(&alias_args(&args[0]), &alias_args(&args[1]))?;
    Ok(Value::bool(same))
}

fn union_eq(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Union>() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (a, b) = (members(&args[0]), members(&args[1]));
    if a.len() != b.len() {
        return Ok(Value::FALSE);
    }
    let b = vm.new_tuple(b)?;
    for member in a {
        if !vm.contains(&b, &member)? {
            return Ok(Value::FALSE);
        }
    }
    Ok(Value::TRUE)
}

fn may_be_member(value: &Value) -> bool {
    let kind = value.shape_entry().map_or(0, |e| e.kind);
    value.is_none()
        || matches!(
            kind,
            kind::CLASS | kind::GENERIC_ALIAS | kind::UNION | kind::TYPE_ALIAS
        )
}

/// `a | b` of types.
pub fn union_of(vm: &mut Vm, a: &Value, b: &Value) -> R {
    if !may_be_member(a) || !may_be_member(b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let mut all: Vec<Value> = Vec::new();
    for side in [a, b] {
        let parts = if side.is_kind::<Union>() {
            members(side)
        } else {
            vec![side.clone()]
        };
        for part in parts {
            let part = if part.is_none() {
                vm.known_class(Known::NoneType).into_value()
            } else {
                part
            };
            let seen = vm.new_tuple(all.clone())?;
            if !vm.contains(&seen, &part)? {
                all.push(part);
            }
        }
    }
    if let [only] = &all[..] {
        return Ok(only.clone());
    }
    let args = vm.new_tuple(all)?;
    Ok(Union::alloc(args).into_value())
}
