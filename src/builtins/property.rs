//! Descriptors: property, classmethod, staticmethod, and those of slots and computed attributes.

use crate::heap::{Field, Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::{ClassMethod, Property, SlotDescriptor, StaticMethod};
use crate::object::dict::Dict;
use crate::object::function::BoundMethod;
use crate::object::kind;
use crate::object::native::{
    Args, Attribute, AttributeDescriptor, Def, Input, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::attr::Nature;
use crate::vm::types::Known;

/// `property`
pub static PROPERTY: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Property attribute.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", property_new).stat()),
    methods: &[
        Def::frame(
            "__init__(self, fget=None, fset=None, fdel=None, doc=None)",
            0,
            property_init,
        ),
        Def::leaf("getter(self, fget, /)", |vm, args| {
            changed(vm, &args[0], 0, &args[1])
        }),
        Def::leaf("setter(self, fset, /)", |vm, args| {
            changed(vm, &args[0], 1, &args[1])
        }),
        Def::leaf("deleter(self, fdel, /)", |vm, args| {
            changed(vm, &args[0], 2, &args[1])
        }),
        Def::frame("__get__(self, instance, owner=None, /)", 0, descriptor_get),
        Def::frame("__set__(self, instance, value, /)", 0, descriptor_set),
        Def::frame("__delete__(self, instance, /)", 0, descriptor_delete),
        Def::raw("__set_name__(self, owner, name, /)", property_set_name),
    ],
    attributes: &[
        Attribute::get("fget", |_, p| Ok(part(p, |p| p.getter.get()))),
        Attribute::get("fset", |_, p| Ok(part(p, |p| p.setter.get()))),
        Attribute::get("fdel", |_, p| Ok(part(p, |p| p.deleter.get()))),
        Attribute::get_set(
            "__doc__",
            |_, p| Ok(part(p, |p| p.doc.get())),
            |_, p, v| {
                if let Some(property) = p.get::<Property>() {
                    property
                        .doc
                        .set(if v.is_undef() { Value::NONE } else { v.clone() });
                }
                Ok(())
            },
        ),
        Attribute::get_set("__name__", property_name, |_, p, v| {
            if let Some(property) = p.get::<Property>() {
                property.name.set(v.clone());
            }
            Ok(())
        }),
        Attribute::get("__isabstractmethod__", property_is_abstract),
    ],
    ..TypeDef::new("builtins", "property", kind::PROPERTY)
};

macro_rules! method_wrapper {
    ($(#[doc = $doc:literal])+ $static:ident $type:ident $text:literal $kind:ident $get:ident [$($extra:expr),*]) => {
        $(#[doc = $doc])+
        pub static $static: TypeDef = TypeDef {
            flags: class_flags::BASE | class_flags::HAS_DICT,
            doc: $text,
            new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", |vm, args, _| {
                let class = args.first().cloned().unwrap_or(Value::NONE);
                let shape = vm.shape_for_new(&class, &$static)?;
                // `__init__` says what is wrapped.
                Ok($type::alloc_shaped(shape, Value::NONE, Value::UNDEF).into_value())
            }).stat()),
            methods: &[
                Def::leaf("__init__(self, function, /)", |vm, args| {
                    if let Some(wrapper) = args[0].get::<$type>() {
                        wrapper.function.set(args[1].clone());
                    }
                    copy_names(vm, &args[0], &args[1])?;
                    Ok(Value::NONE)
                }),
                Def::leaf("__get__(self, instance, owner=None, /)", |vm, args| {
                    expect_either(vm, &args[1], &args[2])?;
                    let Some(wrapper) = args[0].to_ref::<$type>() else {
                        return Ok(Value::NONE);
                    };
                    if uninitialized(&wrapper.function, &wrapper.dict) {
                        return Err(vm.runtime_error(concat!("uninitialized ", $text, " object")));
                    }
                    $get(vm, args)
                }),
                Def::leaf("__repr__(self, /)", |vm, args| {
                    let Some(wrapper) = args[0].to_ref::<$type>() else {
                        return Ok(Value::NONE);
                    };
                    let inside = match uninitialized(&wrapper.function, &wrapper.dict) {
                        true => "<NULL>".to_owned(),
                        false => vm.repr_text(&wrapper.function.get())?,
                    };
                    let text = Str::try_new(&format!("<{}({inside})>", $text));
                    vm.lift(text).map(Ref::into_value)
                }),
                $($extra),*
            ],
            attributes: &[
                Attribute::get("__func__", |_, w| Ok(w.get::<$type>().map_or(Value::NONE, |w| w.function.get()))),
                Attribute::get("__wrapped__", |_, w| Ok(w.get::<$type>().map_or(Value::NONE, |w| w.function.get()))),
                Attribute::get("__isabstractmethod__", |vm, w| {
                    let function = w.get::<$type>().map_or(Value::NONE, |w| w.function.get());
                    is_abstract(vm, &function).map(Value::bool)
                }),
                Attribute::get_set(
                    "__dict__",
                    |vm, w| Ok(vm.object_dict(w).map_or(Value::NONE, Ref::into_value)),
                    set_wrapper_dict,
                ),
            ],
            ..TypeDef::new("builtins", $text, kind::$kind)
        };
    };
}

method_wrapper! {
    /// `classmethod`
    CLASS_METHOD ClassMethod "classmethod" CLASSMETHOD class_method_get []
}

method_wrapper! {
    /// `staticmethod`
    STATIC_METHOD StaticMethod "staticmethod" STATICMETHOD static_method_get [
        Def::frame("__call__(self, /, *args, **kwargs)", 0, static_call)
    ]
}

/// `getset_descriptor`
pub static ATTRIBUTE_DESCRIPTOR: TypeDef = TypeDef {
    methods: &[
        Def::frame("__get__(self, instance, owner=None, /)", 0, descriptor_get),
        Def::frame("__set__(self, instance, value, /)", 0, descriptor_set),
        Def::frame("__delete__(self, instance, /)", 0, descriptor_delete),
        Def::leaf("__repr__(self, /)", |vm, args| {
            let Some(d) = args[0].to_ref::<AttributeDescriptor>() else {
                return Ok(Value::NONE);
            };
            let owner = owner_name(vm, &d.owner.get());
            let name = d.attribute.name;
            Ok(Str::new(&format!("<attribute '{name}' of '{owner}' objects>")).into_value())
        }),
    ],
    attributes: &[
        Attribute::get("__name__", |vm, d| {
            Ok(d.get::<AttributeDescriptor>()
                .map_or(Value::NONE, |d| vm.intern(d.attribute.name).into_value()))
        }),
        Attribute::get("__qualname__", |vm, d| {
            let Some(d) = d.to_ref::<AttributeDescriptor>() else {
                return Ok(Value::NONE);
            };
            let owner = owner_name(vm, &d.owner.get());
            Ok(Str::new(&format!("{owner}.{}", d.attribute.name)).into_value())
        }),
        Attribute::get("__objclass__", |_, d| {
            Ok(d.get::<AttributeDescriptor>()
                .map_or(Value::NONE, |d| d.owner.get()))
        }),
        Attribute::get("__doc__", |_, _| Ok(Value::NONE)),
    ],
    ..TypeDef::new("builtins", "getset_descriptor", kind::ATTRIBUTE_DESCRIPTOR)
};

/// `member_descriptor`
pub static SLOT_DESCRIPTOR: TypeDef = TypeDef {
    methods: &[
        Def::frame("__get__(self, instance, owner=None, /)", 0, descriptor_get),
        Def::frame("__set__(self, instance, value, /)", 0, descriptor_set),
        Def::frame("__delete__(self, instance, /)", 0, descriptor_delete),
        Def::leaf("__repr__(self, /)", |vm, args| {
            let (owner, name) = member_names(vm, &args[0])?;
            Ok(Str::new(&format!("<member '{name}' of '{owner}' objects>")).into_value())
        }),
        Def::leaf("__reduce__(self, /)", |vm, args| {
            let name = member_names(vm, &args[0])?.1;
            let owner = member_owner(&args[0]);
            let getattr = vm.builtins.get_name("getattr").unwrap_or(Value::NONE);
            let parts = Tuple::pair(owner, vm.intern(&name).into_value());
            Ok(Tuple::pair(getattr, parts.into_value()).into_value())
        }),
    ],
    attributes: &[
        Attribute::get("__name__", |vm, d| {
            let name = member_names(vm, d)?.1;
            Ok(vm.intern(&name).into_value())
        }),
        Attribute::get("__qualname__", |vm, d| {
            let name = member_names(vm, d)?.1;
            let owner = member_owner(d);
            let owner = match owner.get::<Class>() {
                Some(class) => class.qualname.get(),
                None => return Ok(Value::NONE),
            };
            let owner = vm.str_text(&owner)?;
            Ok(Str::new(&format!("{owner}.{name}")).into_value())
        }),
        Attribute::get("__objclass__", |_, d| Ok(member_owner(d))),
        Attribute::get("__doc__", |_, _| Ok(Value::NONE)),
    ],
    ..TypeDef::new("builtins", "member_descriptor", kind::SLOT_DESCRIPTOR)
};

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[
    &PROPERTY,
    &CLASS_METHOD,
    &STATIC_METHOD,
    &ATTRIBUTE_DESCRIPTOR,
    &SLOT_DESCRIPTOR,
];

/// Whether `__init__` has not run: it gives a wrapper its dict, and then its function.
fn uninitialized(function: &Field, dict: &Field) -> bool {
    function.as_value().is_none() && dict.is_undef()
}

fn set_wrapper_dict(vm: &mut Vm, wrapper: &Value, value: &Value) -> R<()> {
    let dict = crate::builtins::arguments::namespace(vm, value)?;
    vm.set_object_dict(wrapper, &dict);
    Ok(())
}

/// `__get__` needs an instance or a class.
fn expect_either(vm: &mut Vm, instance: &Value, owner: &Value) -> R<()> {
    match instance.is_none() && owner.is_none() {
        true => Err(vm.type_error("__get__(None, None) is invalid")),
        false => Ok(()),
    }
}

fn property_set_name(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    if !names.is_empty() {
        return Err(vm.type_error("property.__set_name__() takes no keyword arguments"));
    }
    let [property, _, name] = args else {
        let n = args.len().saturating_sub(1);
        return Err(vm.type_error(format!(
            "__set_name__() takes 2 positional arguments but {n} were given"
        )));
    };
    if let Some(property) = property.get::<Property>() {
        property.name.set(name.clone());
    }
    Ok(Value::NONE)
}

fn owner_name(vm: &mut Vm, owner: &Value) -> String {
    owner
        .to_ref::<Class>()
        .map_or_else(String::new, |c| vm.class_name(&c))
}

/// The class of a member: a slot of a script's class, or a field of a built-in one.
fn member_owner(descriptor: &Value) -> Value {
    match descriptor.get::<SlotDescriptor>() {
        Some(slot) => slot.owner.get(),
        None => descriptor
            .get::<AttributeDescriptor>()
            .map_or(Value::NONE, |d| d.owner.get()),
    }
}

/// The names of a member's class and of the member.
fn member_names(vm: &mut Vm, descriptor: &Value) -> R<(String, String)> {
    let owner = owner_name(vm, &member_owner(descriptor));
    let name = match descriptor.get::<SlotDescriptor>() {
        Some(slot) => vm.str_text(slot.name.as_value())?,
        None => descriptor
            .get::<AttributeDescriptor>()
            .map_or_else(String::new, |d| d.attribute.name.to_string()),
    };
    Ok((owner, name))
}

fn part(property: &Value, read: impl Fn(&Property) -> Value) -> Value {
    let value = property.get::<Property>().map_or(Value::NONE, read);
    if value.is_undef() { Value::NONE } else { value }
}

fn property_new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let class = args.first().cloned().unwrap_or(Value::NONE);
    let shape = vm.shape_for_new(&class, &PROPERTY)?;
    let none = || Value::NONE;
    let (name, borrowed) = (Value::UNDEF, Value::FALSE);
    Ok(Property::alloc_shaped(shape, none(), none(), none(), none(), name, borrowed).into_value())
}

/// Registers: self, fget, fset, fdel, doc. State 1: an instance of a subclass got its docstring.
fn property_init(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(property) = frame.regs[0].to_ref::<Property>() else {
        return Step::Return(Value::NONE);
    };
    match input {
        Input::Start => {}
        Input::Raised(raised) => return subclass_without_doc(vm, &property, raised),
        Input::Value(_) | Input::Yielded(_) => return Step::Return(Value::NONE),
    }
    property.name.set(Value::UNDEF);
    property.getter.set(frame.regs[1].clone());
    property.setter.set(frame.regs[2].clone());
    property.deleter.set(frame.regs[3].clone());
    property.borrowed_doc.set(Value::FALSE);
    let mut doc = frame.regs[4].clone();
    if doc.is_none() && !frame.regs[1].is_none() {
        match vm.get_attr_optional(&frame.regs[1], "__doc__") {
            Ok(found) => doc = found.unwrap_or(Value::NONE),
            Err(raised) => return Step::Raise(raised),
        }
        property.borrowed_doc.set(Value::bool(!doc.is_none()));
    }
    if property.as_value().is_exact::<Property>() {
        property.doc.set(doc);
        return Step::Return(Value::NONE);
    }
    // The class of a subclass has a docstring of its own, which hides a computed one.
    let name = vm.names.doc.clone().into_value();
    match vm.set_attr_step(property.as_value(), &name, &doc) {
        Step::Return(_) => Step::Return(Value::NONE),
        Step::Raise(raised) => subclass_without_doc(vm, &property, raised),
        step => step.then_go_on(),
    }
}

/// A subclass may have no place for a docstring: only that of a getter must not be lost.
fn subclass_without_doc(vm: &mut Vm, property: &Property, raised: Raised) -> Step {
    let lost = property.borrowed_doc.as_value().is_true();
    if lost || !vm.is_raised(&raised, Known::AttributeError) {
        return Step::Raise(raised);
    }
    Step::Return(Value::NONE)
}

/// A copy of a property with another getter (0), setter (1) or deleter (2).
fn changed(vm: &mut Vm, property: &Value, which: usize, function: &Value) -> R {
    let Some(old) = property.to_ref::<Property>() else {
        return Ok(Value::NONE);
    };
    let mut parts = [old.getter.get(), old.setter.get(), old.deleter.get()];
    parts[which] = function.clone();
    let [getter, setter, deleter] = parts;
    let class = vm.class_of(property);
    // A getter's docstring is taken anew.
    let borrowed = old.borrowed_doc.as_value().is_true() && !getter.is_none();
    let doc = if borrowed { Value::NONE } else { old.doc.get() };
    let made = vm.call(class.as_value(), &[getter, setter, deleter, doc])?;
    if let Some(new) = made.get::<Property>() {
        new.name.set(old.name.get());
    }
    Ok(made)
}

fn property_name(vm: &mut Vm, property: &Value) -> R {
    match vm.property_name(property)? {
        Some(name) => Ok(name),
        None => Err(vm.attribute_error_plain("'property' object has no attribute '__name__'")),
    }
}

fn is_abstract(vm: &mut Vm, function: &Value) -> R<bool> {
    if !function.is_object() {
        return Ok(false);
    }
    match vm.get_attr_optional(function, "__isabstractmethod__")? {
        Some(value) => vm.truth(&value),
        None => Ok(false),
    }
}

fn property_is_abstract(vm: &mut Vm, property: &Value) -> R {
    let Some(property) = property.to_ref::<Property>() else {
        return Ok(Value::FALSE);
    };
    for function in [
        property.getter.get(),
        property.setter.get(),
        property.deleter.get(),
    ] {
        if is_abstract(vm, &function)? {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

/// `__get__` of a property, slot or computed attribute.
fn descriptor_get(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let (descriptor, instance) = (frame.regs[0].clone(), frame.regs[1].clone());
    if instance.is_none() {
        if frame.regs[2].is_none() {
            return Step::Raise(vm.type_error("__get__(None, None) is invalid"));
        }
        return Step::Return(descriptor);
    }
    let class = vm.class_of(&instance);
    match checked_nature(vm, &descriptor, &instance) {
        Ok(nature) => vm.descriptor_get(&descriptor, nature, &instance, &class),
        Err(raised) => Step::Raise(raised),
    }
}

fn descriptor_set(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let (descriptor, instance, value) = (
        frame.regs[0].clone(),
        frame.regs[1].clone(),
        frame.regs[2].clone(),
    );
    let class = vm.class_of(&instance);
    match checked_nature(vm, &descriptor, &instance) {
        Ok(nature) => vm.descriptor_set(&descriptor, nature, &instance, &value, &class),
        Err(raised) => Step::Raise(raised),
    }
}

fn descriptor_delete(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let (descriptor, instance) = (frame.regs[0].clone(), frame.regs[1].clone());
    let class = vm.class_of(&instance);
    match checked_nature(vm, &descriptor, &instance) {
        Ok(nature) => vm.descriptor_delete(&descriptor, nature, &instance, &class),
        Err(raised) => Step::Raise(raised),
    }
}

fn checked_nature(vm: &mut Vm, descriptor: &Value, instance: &Value) -> R<Nature> {
    vm.check_receiver(descriptor, instance)?;
    Ok(match vm.kind_of(descriptor) {
        kind::PROPERTY => Nature::Property,
        kind::SLOT_DESCRIPTOR => Nature::Slot,
        _ => Nature::Computed,
    })
}

fn class_method_get(vm: &mut Vm, args: &[Value]) -> R {
    let function = args[0]
        .get::<ClassMethod>()
        .map_or(Value::NONE, |c| c.function.get());
    let class = if args[2].is_none() {
        vm.class_of(&args[1]).into_value()
    } else {
        args[2].clone()
    };
    Ok(BoundMethod::alloc(function, class).into_value())
}

fn static_method_get(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0]
        .get::<StaticMethod>()
        .map_or(Value::NONE, |s| s.function.get()))
}

fn static_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let function = frame.regs[0]
        .get::<StaticMethod>()
        .map_or(Value::NONE, |s| s.function.get());
    let args: Args = frame.regs[1]
        .get::<Tuple>()
        .map_or_else(Args::new, |t| Args::from(t.items()));
    let keywords = frame.regs[2].clone();
    vm.call_with_keywords(function, args, &keywords)
        .unwrap_or_else(Step::Raise)
}

/// What a wrapper shows of the function it wraps.
fn copy_names(vm: &mut Vm, wrapper: &Value, function: &Value) -> R<()> {
    let Some(dict): Option<Ref<Dict>> = vm.object_dict(wrapper) else {
        return Ok(());
    };
    for name in [
        "__module__",
        "__name__",
        "__qualname__",
        "__doc__",
        "__annotations__",
    ] {
        if let Some(value) = vm.get_attr_optional(function, name)? {
            let name = vm.intern(name);
            let old = dict.insert_str(&name, value);
            drop(vm.lift(old)?);
        }
    }
    Ok(())
}
