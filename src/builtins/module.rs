//! Modules and `super`.

use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::Super;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;

/// `module`
pub static MODULE: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "Create a module object.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", module_new).stat()),
    methods: &[
        Def::leaf("__init__(self, name, doc=None)", module_init),
        Def::leaf("__repr__(self, /)", module_repr),
        Def::leaf("__dir__(self, /)", module_dir),
    ],
    attributes: &[
        Attribute::get("__dict__", |_, m| {
            Ok(m.get::<Module>()
                .map_or(Value::NONE, |m| m.namespace.value()))
        }),
        Attribute::get_set("__annotations__", annotations, set_annotations),
    ],
    ..TypeDef::new("builtins", "module", kind::MODULE)
};

/// `super`
pub static SUPER: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "super() -> same as super(__class__, <first argument>)",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", super_new).stat()),
    call: Some(&SUPER_CALL),
    at_once: Some(super_at_once),
    methods: &[
        Def::raw("__init__(self, /, *args, **kwargs)", super_init),
        Def::leaf("__repr__(self, /)", super_repr),
        Def::leaf("__get__(self, instance, owner=None, /)", super_get),
    ],
    attributes: &[
        Attribute::get("__thisclass__", |_, s| {
            Ok(s.get::<Super>().map_or(Value::NONE, |s| s.class.get()))
        }),
        Attribute::get("__self__", |_, s| {
            Ok(s.get::<Super>().map_or(Value::NONE, |s| s.receiver.get()))
        }),
        Attribute::get("__self_class__", |_, s| {
            Ok(s.get::<Super>()
                .map_or(Value::NONE, |s| s.receiver_class.get()))
        }),
    ],
    ..TypeDef::new("builtins", "super", kind::SUPER)
};

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[&MODULE, &SUPER];

fn module_new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let class = args.first().cloned().unwrap_or(Value::NONE);
    let shape = vm.shape_for_new(&class, &MODULE)?;
    let namespace = Dict::new();
    if shape == u32::from(kind::MODULE) {
        return Ok(Module::alloc(namespace).into_value());
    }
    Ok(Module::alloc_shaped(namespace, shape))
}

fn module_init(vm: &mut Vm, args: &[Value]) -> R {
    let Some(module) = args[0].to_ref::<Module>() else {
        return Ok(Value::NONE);
    };
    if !args[1].is_kind::<Str>() {
        let given = super::arguments::shown_type(vm, &args[1]);
        return Err(vm.type_error(format!("module() argument 'name' must be str, not {given}")));
    }
    let entries = [
        (vm.names.name.clone(), args[1].clone()),
        (vm.names.doc.clone(), args[2].clone()),
        (vm.names.package.clone(), Value::NONE),
        (vm.names.loader.clone(), Value::NONE),
        (vm.names.spec.clone(), Value::NONE),
    ];
    for (name, value) in entries {
        let old = module.namespace.insert_str(&name, value);
        drop(vm.lift(old)?);
    }
    Ok(Value::NONE)
}

fn module_repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(module) = args[0].to_ref::<Module>() else {
        return Ok(Value::NONE);
    };
    let (name, file) = (vm.names.name.clone(), vm.names.file.clone());
    let name = module.namespace.get_str(&name);
    let name = match name {
        Some(name) => vm.repr_text(&name)?,
        None => "'?'".to_string(),
    };
    if let Some(spec) = module.namespace.get_name("__spec__")
        && !spec.is_none()
    {
        let script = vm.import("_frozen_importlib")?;
        let describe = vm.get_attr(&script, "_module_repr_from_spec")?;
        return vm.call(&describe, &[spec]);
    }
    let text = match module
        .namespace
        .get_str(&file)
        .filter(|f| f.is_kind::<Str>())
    {
        Some(file) => format!("<module {name} from {}>", vm.repr_text(&file)?),
        None => {
            let plain = name.trim_matches('\'').to_string();
            let builtin = vm.library.modules.iter().any(|m| m.name == plain) || plain == "builtins";
            let path = module.namespace.get_name("__path__");
            match path.filter(|_| !builtin && vm.loader.library_kind(&plain).is_none()) {
                Some(path) => {
                    format!("<module {name} (namespace) from {}>", vm.repr_text(&path)?)
                }
                None if builtin => format!("<module {name} (built-in)>"),
                None => format!("<module {name}>"),
            }
        }
    };
    Ok(Str::new(&text).into_value())
}

fn module_dir(vm: &mut Vm, args: &[Value]) -> R {
    let Some(module) = args[0].to_ref::<Module>() else {
        return Ok(Value::NONE);
    };
    let own = vm.names.dir.clone();
    if let Some(function) = module.namespace.get_str(&own) {
        return vm.call(&function, &[]);
    }
    Ok(List::from_vec(
        module
            .namespace
            .pairs()
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    )
    .into_value())
}

fn annotations(vm: &mut Vm, value: &Value) -> R {
    let Some(module) = value.to_ref::<Module>() else {
        return Ok(Value::NONE);
    };
    let name = vm.names.annotations.clone();
    if let Some(found) = module.namespace.get_str(&name) {
        return Ok(found);
    }
    let made = Dict::new().into_value();
    let old = module.namespace.insert_str(&name, made.clone());
    drop(vm.lift(old)?);
    Ok(made)
}

fn set_annotations(vm: &mut Vm, value: &Value, new: &Value) -> R<()> {
    let Some(module) = value.to_ref::<Module>() else {
        return Ok(());
    };
    let name = vm.names.annotations.clone();
    if new.is_undef() {
        return match module.namespace.remove_str(&name) {
            Some(_) => Ok(()),
            None => Err(vm.attribute_error_plain("__annotations__")),
        };
    }
    let old = module.namespace.insert_str(&name, new.clone());
    vm.lift(old).map(drop)
}

/// An object that `__init__` fills.
fn super_new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let class = args.first().cloned().unwrap_or(Value::NONE);
    let shape = vm.shape_for_new(&class, &SUPER)?;
    let none = || Value::NONE;
    Ok(Super::alloc_shaped(shape, none(), none(), none()).into_value())
}

/// What a call of `super` itself does: both steps at once.
pub static SUPER_CALL: Def = Def::raw("super(*args)", |vm, args, names| {
    if !names.is_empty() {
        return Err(vm.type_error("super() takes no keyword arguments"));
    }
    let given = args.get(1..).unwrap_or_default();
    if given.len() > 2 {
        let n = given.len();
        return Err(vm.type_error(format!("super() expected at most 2 arguments, got {n}")));
    }
    let (this, receiver, class) = super_parts(vm, given, "a type")?;
    Ok(Super::alloc(this, receiver, class).into_value())
});

/// `super()`, `super(type, obj)`
fn super_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    if let [this, receiver] = args {
        // Other receivers are looked at more closely, perhaps by script code.
        let class = vm.class_of(receiver);
        let is_plain = !receiver.is_kind::<Class>() && class.is_subclass(this.get::<Class>()?);
        let made = || Super::alloc(this.clone(), receiver.clone(), class.into_value());
        return is_plain.then(|| Ok(made().into_value()));
    }
    if !args.is_empty() {
        return None;
    }
    let parts = super_parts(vm, args, "a type");
    Some(parts.map(|(this, receiver, class)| Super::alloc(this, receiver, class).into_value()))
}

fn super_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    if !names.is_empty() {
        return Err(vm.type_error("super() takes no keyword arguments"));
    }
    let given = args.get(1..).unwrap_or_default();
    if given.len() > 2 {
        let n = given.len();
        return Err(vm.type_error(format!("super() takes at most 2 arguments ({n} given)")));
    }
    let (this, receiver, class) = super_parts(vm, given, "type")?;
    if let Some(sup) = args[0].get::<Super>() {
        sup.class.set(this);
        sup.receiver.set(receiver);
        sup.receiver_class.set(class);
    }
    Ok(Value::NONE)
}

/// Of `super()`, `super(type)`, `super(type, obj)`, `super(type, type2)`: the class, the receiver and its class.
fn super_parts(vm: &mut Vm, given: &[Value], wanted: &str) -> R<(Value, Value, Value)> {
    let (this, receiver) = match given {
        [] => vm.super_context()?,
        [this] => (this.clone(), Value::NONE),
        [this, receiver, ..] => (this.clone(), receiver.clone()),
    };
    let Some(this_class) = this.to_ref::<Class>() else {
        let given = match wanted {
            "type" => super::arguments::shown_type(vm, &this),
            _ => vm.type_name(&this),
        };
        return Err(vm.type_error(format!("super() argument 1 must be {wanted}, not {given}")));
    };
    if receiver.is_none() {
        // CPython looks at an attribute of `super()` without making it, and then None is a receiver like others.
        let unfit = given.is_empty() && !vm.class_of(&receiver).is_subclass(&this_class);
        let class = if unfit { Value::ELLIPSIS } else { Value::NONE };
        return Ok((this, Value::NONE, class));
    }
    let receiver_class = super_class(vm, &this_class, &receiver)?;
    Ok((this, receiver, receiver_class.into_value()))
}

/// The class whose order is followed: the receiver itself if it is a class derived from `this`, else its class.
fn super_class(vm: &mut Vm, this: &Ref<Class>, receiver: &Value) -> R<Ref<Class>> {
    if let Some(class) = receiver.to_ref::<Class>()
        && class.is_subclass(this)
    {
        return Ok(class);
    }
    let own = vm.class_of(receiver);
    if own.is_subclass(this) {
        return Ok(own);
    }
    // A proxy may claim another class.
    let claimed = vm
        .get_attr_optional(receiver, "__class__")?
        .and_then(|c| c.to_ref::<Class>());
    if let Some(class) = claimed
        && class.is_subclass(this)
    {
        return Ok(class);
    }
    Err(vm.foreign_receiver(this, receiver))
}

fn super_repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(sup) = args[0].to_ref::<Super>() else {
        return Ok(Value::NONE);
    };
    let this = sup.class.get();
    let this = this.get::<Class>();
    let this = this.map_or_else(|| "NULL".to_owned(), |class| vm.class_name(class));
    let text = match sup.receiver_class.get().get::<Class>() {
        Some(class) => {
            let own = vm.class_name(class);
            format!("<super: <class '{this}'>, <{own} object>>")
        }
        None => format!("<super: <class '{this}'>, NULL>"),
    };
    let text = Str::try_new(&text);
    vm.lift(text).map(Ref::into_value)
}

fn super_get(vm: &mut Vm, args: &[Value]) -> R {
    super::function::check_get(vm, args)?;
    let Some(sup) = args[0].to_ref::<Super>() else {
        return Ok(Value::NONE);
    };
    if args[1].is_none() || !sup.receiver.as_value().is_none() {
        return Ok(args[0].clone());
    }
    let Some(this) = sup.class.get().to_ref::<Class>() else {
        return Ok(args[0].clone());
    };
    let class = super_class(vm, &this, &args[1])?;
    // A subclass of `super` is called, as it may have an `__init__` of its own.
    if !args[0].is_exact::<Super>() {
        let own = vm.class_of(&args[0]);
        return vm.call(own.as_value(), &[this.into_value(), args[1].clone()]);
    }
    Ok(Super::alloc(this.into_value(), args[1].clone(), class.into_value()).into_value())
}
