//! `type`: what classes themselves can do.

use super::object::{DEL_ATTR, GET_ATTRIBUTE, SET_ATTR, add_class_names};
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::MappingProxy;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{
    Args, Attribute, AttributeDescriptor, Def, Input, NativeFrame, R, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::class::TYPE_NEW;
use crate::vm::types::Known;

/// `type`
pub static TYPE: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::type_),
    flags: class_flags::BASE,
    doc: "Of one argument its class; of name, bases and namespace a new class.",
    new: Some(TYPE_NEW),
    methods: &[
        Def::raw("__init__(self, /, *args, **kwargs)", init),
        Def::frame("__call__(self, /, *args, **kwargs)", 0, call),
        Def::leaf("__repr__(self, /)", repr),
        GET_ATTRIBUTE,
        SET_ATTR,
        DEL_ATTR,
        Def::leaf("__instancecheck__(self, instance, /)", |vm, args| {
            vm.plain_is_instance(&args[1], &args[0]).map(Value::bool)
        }),
        Def::leaf("__subclasscheck__(self, subclass, /)", |vm, args| {
            vm.plain_is_subclass(&args[1], &args[0]).map(Value::bool)
        }),
        Def::leaf("__subclasses__(self, /)", subclasses),
        Def::leaf("mro(self, /)", mro),
        Def::raw("__prepare__(cls, /, *args, **kwargs)", |_, _, _| {
            Ok(Dict::new().into_value())
        })
        .class(),
        Def::leaf("__dir__(self, /)", dir),
        Def::leaf("__or__(self, value, /)", |vm, args| {
            super::typing_forms::union_of(vm, &args[0], &args[1])
        }),
        Def::leaf("__ror__(self, value, /)", |vm, args| {
            super::typing_forms::union_of(vm, &args[1], &args[0])
        }),
        Def::leaf("__sizeof__(self, /)", |_, _| Ok(Value::int32(928))),
    ],
    attributes: &[
        Attribute::get_set("__name__", |vm, c| Ok(class(vm, c)?.name.get()), set_name),
        Attribute::get_set(
            "__qualname__",
            |vm, c| Ok(class(vm, c)?.qualname.get()),
            set_qualname,
        ),
        Attribute::get_set("__bases__", bases, set_bases),
        Attribute::get("__base__", base),
        Attribute::get("__mro__", mro_tuple),
        Attribute::get_set("__module__", module, set_module),
        Attribute::get_set("__doc__", doc, set_doc),
        Attribute::get("__dict__", |_, c| {
            Ok(MappingProxy::alloc(c.clone()).into_value())
        }),
        Attribute::get_set("__annotations__", annotations, set_annotations),
        Attribute::get_set(
            "__abstractmethods__",
            abstract_methods,
            set_abstract_methods,
        ),
        Attribute::get_set("__type_params__", type_params, set_type_params),
        Attribute::get("__flags__", flags),
        Attribute::get("__basicsize__", |_, _| Ok(Value::int32(16))),
        Attribute::get("__itemsize__", |_, _| Ok(Value::int32(0))),
        Attribute::get("__dictoffset__", |vm, c| {
            Ok(Value::int32(if class(vm, c)?.has(class_flags::HAS_DICT) {
                -1
            } else {
                0
            }))
        }),
        Attribute::get("__weakrefoffset__", |_, _| Ok(Value::int32(0))),
        Attribute::get("__text_signature__", text_signature),
    ],
    ..TypeDef::new("builtins", "type", kind::CLASS)
};

fn class(vm: &mut Vm, value: &Value) -> R<Ref<Class>> {
    match value.to_ref::<Class>() {
        Some(class) => Ok(class),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!("expected a type, got '{given}'")))
        }
    }
}

fn own(vm: &mut Vm, class: &Ref<Class>, name: &str) -> Option<Value> {
    let name = vm.intern(name);
    vm.own_class_attribute(class, &name)
}

/// Sets an entry of the namespace past all descriptors.
fn put(vm: &mut Vm, class: &Ref<Class>, name: &str, value: Value) -> R<()> {
    let name = vm.intern(name).into_value();
    vm.set_class_attribute(class, &name, value)
}

fn init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let positional = args.len() - names.len();
    if positional == 2 && !names.is_empty() {
        return Err(vm.type_error("type.__init__() takes no keyword arguments"));
    }
    if positional != 2 && positional != 4 {
        return Err(vm.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(Value::NONE)
}

/// `type.__call__`: registers are the class, the arguments, the keywords.
fn call(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let class = match class(vm, &frame.regs[0]) {
        Ok(class) => class,
        Err(raised) => return Step::Raise(raised),
    };
    let mut args: Args = frame.regs[1]
        .get::<Tuple>()
        .map_or_else(Args::new, |t| Args::from(t.items()));
    let pairs = frame.regs[2]
        .get::<Dict>()
        .map_or_else(Vec::new, Dict::pairs);
    if pairs.is_empty() {
        return vm.type_call_step(&class, args, None);
    }
    // A call of `type` itself has other words for this.
    if args.len() == 1 && class.is(&vm.known_class(Known::Type)) {
        return Step::Raise(vm.type_error("type() takes 1 or 3 arguments"));
    }
    let mut names = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        names.push(name);
        args.push(value);
    }
    match vm.new_tuple(names) {
        Ok(names) => vm.type_call_step(&class, args, Some(&names)),
        Err(raised) => Step::Raise(raised),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let class = class(vm, &args[0])?;
    let module = vm.get_attr_optional(class.as_value(), "__module__")?;
    let in_module = module
        .as_ref()
        .and_then(|m| m.get::<Str>())
        .is_some_and(|m| !m.is_text("builtins"));
    let name = match in_module {
        true => vm.qualified_name_of(&class),
        // These go by the plain name.
        false => class.name_str(),
    };
    Ok(Str::new(&format!("<class '{name}'>")).into_value())
}

fn subclasses(vm: &mut Vm, args: &[Value]) -> R {
    let class = class(vm, &args[0])?;
    if let Some(def) = class.def
        && class.has(class_flags::BUILTIN)
    {
        return native_subclasses(vm, &class, def);
    }
    Ok(List::from_vec(
        class
            .live_subclasses()
            .into_iter()
            .map(Ref::into_value)
            .collect(),
    )
    .into_value())
}

/// Subclasses of a native class in the order of the tables, whichever was touched first; then those of scripts.
fn native_subclasses(vm: &mut Vm, class: &Ref<Class>, def: &'static TypeDef) -> R {
    let mut all: Vec<Value> = Vec::new();
    for derived in vm.library.types.iter().copied() {
        let base = derived.base.map_or("object", |b| b.name);
        if base == def.name && !std::ptr::eq(derived, def) && derived.module == def.module {
            all.push(vm.class_of_def(derived).into_value());
        }
    }
    for derived in class.live_subclasses() {
        if !all.iter().any(|c| c.is(derived.as_value())) {
            all.push(derived.into_value());
        }
    }
    Ok(List::from_vec(all).into_value())
}

fn order(class: &Ref<Class>) -> Vec<Value> {
    std::iter::once(class.value())
        .chain(class.ancestors.borrow().iter().map(Ref::value))
        .collect()
}

fn mro(vm: &mut Vm, args: &[Value]) -> R {
    let class = class(vm, &args[0])?;
    Ok(List::from_vec(order(&class)).into_value())
}

fn mro_tuple(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    vm.new_tuple(order(&class))
}

fn dir(vm: &mut Vm, args: &[Value]) -> R {
    let class = class(vm, &args[0])?;
    let names = Dict::new();
    add_class_names(vm, &class, &names)?;
    Ok(List::from_vec(names.pairs().into_iter().map(|(name, _)| name).collect()).into_value())
}

fn checked_name(vm: &mut Vm, value: &Value, new: &Value, attribute: &str) -> R<Ref<Class>> {
    let class = class(vm, value)?;
    let deleting = new.is_undef();
    if class.has(class_flags::BUILTIN) || deleting {
        return Err(vm.immutable_type_error(&class, attribute, deleting));
    }
    Ok(class)
}

fn set_name(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = checked_name(vm, value, new, "__name__")?;
    let Some(text) = new.get::<Str>() else {
        let (name, given) = (class.name_str(), vm.type_name(new));
        return Err(vm.type_error(format!(
            "can only assign string to {name}.__name__, not '{given}'"
        )));
    };
    if text.has_surrogates() {
        return Err(vm.surrogates_error(text));
    }
    if text.bytes().contains(&0) {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    class.name.set(new.clone());
    Ok(())
}

fn set_qualname(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = checked_name(vm, value, new, "__qualname__")?;
    if !new.is_kind::<Str>() {
        let (name, given) = (class.name_str(), vm.type_name(new));
        return Err(vm.type_error(format!(
            "can only assign string to {name}.__qualname__, not '{given}'"
        )));
    }
    class.qualname.set(new.clone());
    Ok(())
}

fn bases(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    let bases = class.bases.borrow().iter().map(Ref::value).collect();
    vm.new_tuple(bases)
}

fn set_bases(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = class(vm, value)?;
    if new.is_undef() {
        return Err(vm.immutable_type_error(&class, "__bases__", true));
    }
    vm.set_bases(&class, new)
}

fn base(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    Ok(class.base().map_or(Value::NONE, Ref::into_value))
}

fn module(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    // `type` holds the descriptor that this is.
    if let Some(module) = own(vm, &class, "__module__")
        && !module.is_kind::<AttributeDescriptor>()
    {
        return Ok(module);
    }
    let name = class.def.map_or("builtins", |d| d.module);
    Ok(vm.intern(name).into_value())
}

fn set_module(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = checked_name(vm, value, new, "__module__")?;
    put(vm, &class, "__module__", new.clone())
}

fn doc(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    match own(vm, &class, "__doc__") {
        Some(doc) if doc.is_kind::<AttributeDescriptor>() => Ok(class
            .def
            .map_or(Value::NONE, |d| Str::new(d.doc).into_value())),
        Some(doc) => {
            let step = vm.descriptor_get_on_class(&doc, &class);
            vm.finish(step)
        }
        None => Ok(Value::NONE),
    }
}

/// The signature of a built-in type whose documentation begins with it.
fn text_signature(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    let signature = class
        .def
        .and_then(|def| match def.doc.strip_prefix(def.name) {
            Some(inside) => Some(inside.split_once(SIGNATURE_END)?.0.to_owned()),
            None => constructor_signature(def),
        });
    Ok(signature.map_or(Value::NONE, |text| Str::new(&text).into_value()))
}

/// The signature of a type of asyncio, most of which are written in Python in CPython and so have one.
fn constructor_signature(def: &'static TypeDef) -> Option<String> {
    if !def.module.trim_start_matches('_').starts_with("asyncio") {
        return None;
    }
    let init = def.methods.iter().find(|d| d.name() == "__init__");
    let Some(made) = init.or(def.new.as_ref()) else {
        return constructor_signature(def.base?);
    };
    let inside = made.sig.split_once('(')?.1;
    match inside.split_once(", ") {
        Some((_, rest)) if rest.contains("**") => constructor_signature(def.base?),
        Some((_, rest)) => Some(format!("({rest}")),
        None => Some("()".to_owned()),
    }
}

/// What stands between the signature and the text of such a documentation.
const SIGNATURE_END: &str = "\n--\n\n";

fn set_doc(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = checked_name(vm, value, new, "__doc__")?;
    put(vm, &class, "__doc__", new.clone())
}

fn annotations(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    if let Some(found) = own(vm, &class, "__annotations__")
        && !found.is_kind::<AttributeDescriptor>()
    {
        let step = vm.descriptor_get_on_class(&found, &class);
        return vm.finish(step);
    }
    if class.has(class_flags::BUILTIN) {
        let text = format!(
            "type object '{}' has no attribute '__annotations__'",
            vm.class_name(&class)
        );
        return Err(vm.attribute_error_plain(text));
    }
    let made = Dict::new().into_value();
    put(vm, &class, "__annotations__", made.clone())?;
    Ok(made)
}

fn set_annotations(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = class(vm, value)?;
    if class.has(class_flags::BUILTIN) {
        return Err(vm.immutable_type_error(&class, "__annotations__", false));
    }
    if new.is_undef() && own(vm, &class, "__annotations__").is_none() {
        return Err(vm.attribute_error_plain("__annotations__"));
    }
    put(vm, &class, "__annotations__", new.clone())
}

fn abstract_methods(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    let found = if class.has(class_flags::BUILTIN) {
        None
    } else {
        own(vm, &class, "__abstractmethods__")
    };
    match found {
        Some(found) => Ok(found),
        None => Err(vm.attribute_error_plain("__abstractmethods__")),
    }
}

fn set_abstract_methods(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = class(vm, value)?;
    if new.is_undef() && own(vm, &class, "__abstractmethods__").is_none() {
        return Err(vm.attribute_error_plain("__abstractmethods__"));
    }
    let is_abstract = !new.is_undef() && vm.truth(new)?;
    put(vm, &class, "__abstractmethods__", new.clone())?;
    let flags = class.flags.get() & !class_flags::ABSTRACT;
    class.flags.set(
        flags
            | if is_abstract {
                class_flags::ABSTRACT
            } else {
                0
            },
    );
    Ok(())
}

fn type_params(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    let found = own(vm, &class, "__type_params__");
    // `type` holds the descriptor that this is.
    Ok(found
        .filter(|found| !found.is_kind::<AttributeDescriptor>())
        .unwrap_or_else(|| Tuple::empty().into_value()))
}

fn set_type_params(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let class = checked_name(vm, value, new, "__type_params__")?;
    put(vm, &class, "__type_params__", new.clone())
}

/// The bits of `__flags__` that programs look at: heap type, base type, abstract.
fn flags(vm: &mut Vm, value: &Value) -> R {
    let class = class(vm, value)?;
    let mut bits = 1 << 12;
    if !class.has(class_flags::BUILTIN) {
        bits |= 1 << 9;
    }
    if class.has(class_flags::BASE) {
        bits |= 1 << 10;
    }
    if class.has(class_flags::ABSTRACT) {
        bits |= 1 << 20;
    }
    Ok(Value::int32(bits))
}
