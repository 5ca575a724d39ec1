//! `object`, and the types of the constants.

use super::reduce;
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::SlotDescriptor;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Attribute, Def, NativeFrame, R, Step, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::class::object_new_excess;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `object`
pub static OBJECT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "What every class derives from. By itself it makes objects that have nothing.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::raw("__init__(self, /, *args, **kwargs)", init),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__str__(self, /)", |vm, args| {
            vm.repr(&args[0]).map(Ref::into_value)
        }),
        Def::leaf("__hash__(self, /)", |vm, args| {
            if args[0].is_ellipsis() || args[0].is_not_implemented() {
                return vm.hash(&args[0]).map(vm_int);
            }
            Ok(vm_int(vm.identity_hash(&args[0])))
        }),
        Def::leaf("__eq__(self, value, /)", |_, args| {
            Ok(if args[0].is(&args[1]) {
                Value::TRUE
            } else {
                Value::NOT_IMPLEMENTED
            })
        }),
        Def::leaf("__ne__(self, value, /)", ne),
        Def::leaf("__lt__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
        Def::leaf("__le__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
        Def::leaf("__gt__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
        Def::leaf("__ge__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
        GET_ATTRIBUTE,
        Def::frame(
            "__setattr__(self, name, value, /)",
            0,
            |vm, frame, _| match refuse_class(vm, &frame.regs[0], "__setattr__") {
                Ok(()) => set_attr(vm, frame),
                Err(raised) => Step::Raise(raised),
            },
        ),
        Def::frame(
            "__delattr__(self, name, /)",
            0,
            |vm, frame, _| match refuse_class(vm, &frame.regs[0], "__delattr__") {
                Ok(()) => del_attr(vm, frame),
                Err(raised) => Step::Raise(raised),
            },
        ),
        Def::leaf("__format__(self, format_spec, /)", format),
        Def::leaf("__dir__(self, /)", dir),
        Def::leaf("__sizeof__(self, /)", |_, args| {
            Ok(vm_int(size_of_object(&args[0])))
        }),
        reduce::REDUCE,
        reduce::REDUCE_EX,
        reduce::GET_STATE,
        Def::raw("__init_subclass__(cls, /)", init_subclass).class(),
        Def::leaf("__subclasshook__(cls, subclass, /)", |_, _| {
            Ok(Value::NOT_IMPLEMENTED)
        })
        .class(),
    ],
    attributes: &[Attribute::get_set(
        "__class__",
        |vm, obj| Ok(vm.class_of(obj).into_value()),
        set_class,
    )],
    ..TypeDef::new("builtins", "object", kind::INSTANCE)
};

/// `__getattribute__` of all types but those that have their own.
pub const GET_ATTRIBUTE: Def = Def::frame("__getattribute__(self, name, /)", 0, |vm, frame, _| {
    let (obj, name) = (frame.regs[0].clone(), frame.regs[1].clone());
    vm.generic_get_step(&obj, &name)
});
/// `type.__setattr__`
pub const SET_ATTR: Def = Def::frame("__setattr__(self, name, value, /)", 0, |vm, frame, _| {
    set_attr(vm, frame)
});
/// `type.__delattr__`
pub const DEL_ATTR: Def = Def::frame("__delattr__(self, name, /)", 0, |vm, frame, _| {
    del_attr(vm, frame)
});

fn set_attr(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> Step {
    let (obj, name, value) = (
        frame.regs[0].clone(),
        frame.regs[1].clone(),
        frame.regs[2].clone(),
    );
    vm.generic_set_step(&obj, &name, &value)
}

fn del_attr(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> Step {
    let (obj, name) = (frame.regs[0].clone(), frame.regs[1].clone());
    vm.generic_delete_step(&obj, &name)
}

/// Classes have methods of their own for this, which nobody goes round.
fn refuse_class(vm: &mut Vm, obj: &Value, method: &str) -> R<()> {
    if !obj.is_kind::<Class>() {
        return Ok(());
    }
    let given = vm.type_name(obj);
    Err(vm.type_error(format!("can't apply this {method} to {given} object")))
}

/// `NoneType`
pub static NONE_TYPE: TypeDef = TypeDef {
    doc: "The type of None.",
    new: Some(
        Def::raw("__new__(*args, **kwargs)", |vm, args, _| {
            the_only(vm, args, "NoneType", Value::NONE)
        })
        .stat(),
    ),
    methods: &[
        Def::leaf(
            "__repr__(self, /)",
            |_, _| Ok(Str::new("None").into_value()),
        ),
        Def::leaf("__bool__(self, /)", |_, _| Ok(Value::FALSE)),
        Def::leaf("__hash__(self, /)", |vm, args| {
            vm.hash(&args[0]).map(vm_int)
        }),
    ],
    ..TypeDef::new("builtins", "NoneType", kind::INSTANCE)
};

/// `ellipsis`
pub static ELLIPSIS: TypeDef = TypeDef {
    doc: "The type of the Ellipsis singleton.",
    new: Some(
        Def::raw("__new__(*args, **kwargs)", |vm, args, _| {
            the_only(vm, args, "EllipsisType", Value::ELLIPSIS)
        })
        .stat(),
    ),
    methods: &[
        Def::leaf("__repr__(self, /)", |_, _| {
            Ok(Str::new("Ellipsis").into_value())
        }),
        Def::leaf("__reduce__(self, /)", |_, _| {
            Ok(Str::new("Ellipsis").into_value())
        }),
    ],
    ..TypeDef::new("builtins", "ellipsis", kind::INSTANCE)
};

/// `NotImplementedType`
pub static NOT_IMPLEMENTED_TYPE: TypeDef = TypeDef {
    doc: "The type of the NotImplemented singleton.",
    new: Some(
        Def::raw("__new__(*args, **kwargs)", |vm, args, _| {
            the_only(vm, args, "NotImplementedType", Value::NOT_IMPLEMENTED)
        })
        .stat(),
    ),
    methods: &[
        Def::leaf("__repr__(self, /)", |_, _| {
            Ok(Str::new("NotImplemented").into_value())
        }),
        Def::leaf("__bool__(self, /)", |vm, args| {
            vm.truth(&args[0]).map(Value::bool)
        }),
        Def::leaf("__reduce__(self, /)", |_, _| {
            Ok(Str::new("NotImplemented").into_value())
        }),
    ],
    ..TypeDef::new("builtins", "NotImplementedType", kind::INSTANCE)
};

/// A type of one value makes that, and takes no arguments.
fn the_only(vm: &mut Vm, args: &[Value], name: &str, value: Value) -> R {
    match args.len() {
        0 | 1 => Ok(value),
        _ => Err(vm.type_error(format!("{name} takes no arguments"))),
    }
}

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[&OBJECT, &NONE_TYPE, &ELLIPSIS, &NOT_IMPLEMENTED_TYPE];

/// An int.
fn vm_int(i: impl TryInto<i64>) -> Value {
    crate::object::int::from_i64(i.try_into().unwrap_or(0))
}

fn size_of_object(value: &Value) -> i64 {
    // A header, and eight bytes for each slot.
    16 + 8 * value.slots().len() as i64
}

fn new(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let Some(class) = args.first() else {
        return Err(vm.type_error("object.__new__(): not enough arguments"));
    };
    let Some(class) = class.to_ref::<Class>() else {
        let given = vm.type_name(class);
        return Err(vm.type_error(format!(
            "object.__new__(X): X is not a type object ({given})"
        )));
    };
    let built_in = std::iter::once(&class)
        .chain(class.ancestors.borrow().iter())
        .find_map(|c| c.def.filter(|_| c.has(class_flags::BUILTIN)));
    let maker = built_in.and_then(TypeDef::maker);
    if maker.is_some_and(|def| def.module == "builtins" && !std::ptr::eq(def, &OBJECT)) {
        let object = vm.known_class(Known::Object);
        return Err(vm.unsafe_to_make(&object, &class));
    }
    if args.len() > 1 {
        object_new_excess(vm, &class)?;
    }
    vm.new_plain_instance(&class)
}

fn init(vm: &mut Vm, args: &[Value], _: &[Value]) -> R {
    let Some(obj) = args.first() else {
        return Err(vm.type_error("descriptor '__init__' of 'object' object needs an argument"));
    };
    if args.len() > 1 {
        let class = vm.class_of(obj);
        if vm.overrides_object(&class, Special::Init) {
            return Err(vm.type_error(
                "object.__init__() takes exactly one argument (the instance to initialize)",
            ));
        }
        // Built-in types that make their instances in other ways do not mind.
        let made_elsewhere =
            class.has(class_flags::BUILTIN) && !class.is(&vm.known_class(Known::Object));
        if !made_elsewhere && !vm.overrides_object(&class, Special::New) {
            let text = format!(
                "{}.__init__() takes exactly one argument (the instance to initialize)",
                class.name_str()
            );
            return Err(vm.type_error(text));
        }
    }
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let text = vm.default_repr(&args[0]);
    Ok(Str::new(&text).into_value())
}

fn ne(vm: &mut Vm, args: &[Value]) -> R {
    let Some(eq) = vm.special_of(&args[0], Special::Eq) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let step = vm.call_special(eq, &args[0], &args[1..2]);
    let equal = vm.finish(step)?;
    if equal.is_not_implemented() {
        return Ok(equal);
    }
    Ok(Value::bool(!vm.truth(&equal)?))
}

fn format(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Str>() {
        let given = super::adapt::shown_type(vm, &args[1]);
        return Err(vm.type_error(format!("__format__() argument must be str, not {given}")));
    }
    if args[1].get::<Str>().is_some_and(|s| !s.is_empty()) {
        let name = vm.type_name(&args[0]);
        return Err(vm.type_error(format!(
            "unsupported format string passed to {name}.__format__"
        )));
    }
    vm.str(&args[0]).map(Ref::into_value)
}

/// Own attributes, then those of the class and its ancestors.
fn dir(vm: &mut Vm, args: &[Value]) -> R {
    let names = Dict::new();
    let class = vm.class_of(&args[0]);
    if class.has(class_flags::GETATTRIBUTE | class_flags::GETATTR) {
        // Script code decides about the attributes: it is asked.
        let own = vm.get_attr_optional(&args[0], "__dict__")?;
        for (name, _) in own
            .and_then(|own| own.to_ref::<Dict>())
            .map_or_else(Vec::new, |own| own.pairs())
        {
            vm.dict_set(&names, &name, Value::NONE)?;
        }
        if let Some(class) = vm.get_attr_optional(&args[0], "__class__")? {
            add_names_asked(vm, &class, &names)?;
        }
    } else {
        // What a future keeps is not shown: it has no `__dict__`.
        let dict = vm.intern("__dict__");
        let hides =
            args[0].attributes().is_some() && vm.lookup_in_class(&class, dict.as_value()).is_none();
        let own = if hides {
            Vec::new()
        } else {
            vm.own_names(&args[0])
        };
        for name in own {
            vm.dict_set(&names, &name, Value::NONE)?;
        }
        add_class_names(vm, &class, &names)?;
    }
    Ok(List::from_vec(names.pairs().into_iter().map(|(name, _)| name).collect()).into_value())
}

/// The names of what an object says is its class, and of what that says are its bases.
fn add_names_asked(vm: &mut Vm, class: &Value, names: &Ref<Dict>) -> R<()> {
    vm.check_stack()?;
    if let Some(class) = class.to_ref::<Class>() {
        return add_class_names(vm, &class, names);
    }
    if let Some(own) = vm.get_attr_optional(class, "__dict__")? {
        vm.dict_update_mapping(names, &own)?;
    }
    let bases = vm.get_attr_optional(class, "__bases__")?;
    let bases = bases.and_then(|bases| bases.to_ref::<crate::object::tuple::Tuple>());
    for base in bases.iter().flat_map(|bases| bases.items()) {
        add_names_asked(vm, base, names)?;
    }
    Ok(())
}

/// The names of a class and of all its ancestors.
pub fn add_class_names(vm: &mut Vm, class: &Ref<Class>, names: &Ref<Dict>) -> R<()> {
    let order: Vec<Ref<Class>> = std::iter::once(class.clone())
        .chain(class.ancestors.borrow().iter().cloned())
        .collect();
    for class in order {
        for (name, _) in vm.class_pairs(&class) {
            vm.dict_set(names, &name, Value::NONE)?;
        }
    }
    Ok(())
}

fn init_subclass(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let name = args
        .first()
        .and_then(|c| c.get::<Class>())
        .map(|c| c.qualname.get());
    let name = match name {
        Some(name) => vm.str_text(&name)?,
        None => String::new(),
    };
    if !names.is_empty() {
        return Err(vm.type_error(format!(
            "{name}.__init_subclass__() takes no keyword arguments"
        )));
    }
    if args.len() > 1 {
        let n = args.len() - 1;
        return Err(vm.type_error(format!(
            "{name}.__init_subclass__() takes no arguments ({n} given)"
        )));
    }
    Ok(Value::NONE)
}

fn set_class(vm: &mut Vm, obj: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        return Err(vm.type_error("can't delete __class__ attribute"));
    }
    let Some(class) = value.to_ref::<Class>() else {
        let given = vm.type_name(value);
        return Err(vm.type_error(format!(
            "__class__ must be set to a class, not '{given}' object"
        )));
    };
    let old = vm.class_of(obj);
    let module = kind::MODULE;
    let mutable = |c: &Class| !c.has(class_flags::BUILTIN) || c.layout == module;
    if !mutable(&old) || !mutable(&class) {
        return Err(vm.type_error(
            "__class__ assignment only supported for mutable types or ModuleType subclasses",
        ));
    }
    let both = class_flags::HAS_DICT | class_flags::WEAKREF;
    if (old.flags.get() ^ class.flags.get()) & both == 0
        && same_layout(&old, &class)
        && slot_names(vm, &old) == slot_names(vm, &class)
        && vm.change_class(obj, &class)
    {
        return Ok(());
    }
    let (old, new) = (old.name_str(), class.name_str());
    Err(vm.type_error(format!(
        "__class__ assignment: '{new}' object layout differs from '{old}'"
    )))
}

/// Whether two classes lay out instances alike: what decides that for each is one class, or two that add
/// the same to one base.
fn same_layout(a: &Ref<Class>, b: &Ref<Class>) -> bool {
    let (a, b) = (deciding(a), deciding(b));
    if a.is(&b) || a.layout == kind::MODULE {
        return true;
    }
    match (a.base(), b.base()) {
        (Some(a), Some(b)) => a.is(&b),
        _ => false,
    }
}

/// The nearest class whose instances have something that those of its base do not have.
fn deciding(class: &Ref<Class>) -> Ref<Class> {
    let mut class = class.clone();
    while let Some(base) = class.base() {
        let flags = class_flags::HAS_DICT | class_flags::WEAKREF;
        let adds = class.layout != base.layout
            || class.reserved_slots.get() != base.reserved_slots.get()
            || (class.flags.get() ^ base.flags.get()) & flags != 0;
        if adds {
            break;
        }
        class = base;
    }
    class
}

/// The names of the slots that the classes a class derives from declare.
fn slot_names(vm: &mut Vm, class: &Ref<Class>) -> Vec<String> {
    let order: Vec<Ref<Class>> = std::iter::once(class.clone())
        .chain(class.ancestors.borrow().iter().cloned())
        .collect();
    let mut names = Vec::new();
    for class in order.iter().filter(|c| !c.has(class_flags::BUILTIN)) {
        for (name, descriptor) in vm.class_pairs(class) {
            if descriptor.is_kind::<SlotDescriptor>() {
                names.push(vm.str_text(&name).unwrap_or_default());
            }
        }
    }
    names.sort();
    names
}
