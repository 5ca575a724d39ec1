//! Functions, methods and native functions as objects.

use crate::bytecode::code::flags as code_flags;
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::dict::Dict;
use crate::object::function::{BoundMethod, Cell_, Code, Function};
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Args, Attribute, Def, Native, R, Step, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::is_slot_wrapper;

/// `function`
pub static FUNCTION: TypeDef = TypeDef {
    flags: class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "Create a function object.",
    new: Some(
        Def::leaf(
            "__new__(cls, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
            new,
        )
        .stat(),
    ),
    methods: &[
        Def::leaf("__get__(self, instance, owner=None, /)", get),
        Def::frame("__call__(self, /, *args, **kwargs)", 0, |vm, frame, _| {
            let args: Args = frame.regs[1]
                .get::<Tuple>()
                .map_or_else(Args::new, |t| Args::from(t.items()));
            let (callee, keywords) = (frame.regs[0].clone(), frame.regs[2].clone());
            vm.call_with_keywords(callee, args, &keywords)
                .unwrap_or_else(Step::Raise)
        }),
        Def::leaf("__repr__(self, /)", repr),
    ],
    attributes: &[
        Attribute::get_set(
            "__name__",
            |vm, f| Ok(function(vm, f)?.name.get()),
            |vm, f, v| set_text(vm, f, v, "__name__"),
        ),
        Attribute::get_set(
            "__qualname__",
            |vm, f| Ok(function(vm, f)?.qualname.get()),
            |vm, f, v| set_text(vm, f, v, "__qualname__"),
        ),
        Attribute::get_set("__module__", module, |vm, f, v| {
            function(vm, f)?
                .module
                .set(if v.is_undef() { Value::NONE } else { v.clone() });
            Ok(())
        }),
        Attribute::get_set("__doc__", doc, |vm, f, v| {
            function(vm, f)?
                .doc
                .set(if v.is_undef() { Value::NONE } else { v.clone() });
            Ok(())
        }),
        Attribute::get_set(
            "__dict__",
            |vm, f| Ok(vm.object_dict(f).map_or(Value::NONE, Ref::into_value)),
            set_dict,
        ),
        Attribute::get_set(
            "__defaults__",
            |vm, f| Ok(none_if_undef(function(vm, f)?.defaults.get())),
            set_defaults,
        ),
        Attribute::get_set(
            "__kwdefaults__",
            |vm, f| Ok(none_if_undef(function(vm, f)?.kwdefaults.get())),
            set_kwdefaults,
        ),
        Attribute::get_set("__annotations__", annotations, set_annotations),
        Attribute::get_set(
            "__code__",
            |vm, f| Ok(function(vm, f)?.current_code().into_value()),
            set_code,
        ),
        Attribute::get("__globals__", |vm, f| Ok(function(vm, f)?.globals.value())),
        Attribute::get("__closure__", closure),
        Attribute::get("__builtins__", |vm, _| Ok(vm.builtins.value())),
        Attribute::get_set("__type_params__", type_params, |vm, f, v| {
            if !v.is_kind::<Tuple>() {
                return Err(vm.type_error("__type_params__ must be set to a tuple"));
            }
            function(vm, f)?.type_params.set(v.clone());
            Ok(())
        }),
    ],
    ..TypeDef::new("builtins", "function", kind::FUNCTION)
};

/// `method`
pub static METHOD: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    doc: "Create a bound instance method object.",
    new: Some(
        Def::leaf("__new__(cls, function, instance, /)", |vm, args| {
            if !vm.is_callable(&args[1]) {
                return Err(vm.type_error("first argument must be callable"));
            }
            if args[2].is_none() {
                return Err(vm.type_error("instance must not be None"));
            }
            Ok(BoundMethod::alloc(args[1].clone(), args[2].clone()).into_value())
        })
        .stat(),
    ),
    methods: &[
        Def::leaf("__repr__(self, /)", method_repr),
        Def::leaf("__get__(self, instance, owner=None, /)", |vm, args| {
            check_get(vm, args)?;
            Ok(args[0].clone())
        }),
        Def::leaf("__eq__(self, value, /)", |_, args| {
            Ok(
                match (args[0].get::<BoundMethod>(), args[1].get::<BoundMethod>()) {
                    (Some(a), Some(b)) => {
                        Value::bool(a.receiver.is(&b.receiver) && a.function.is(&b.function))
                    }
                    _ => Value::NOT_IMPLEMENTED,
                },
            )
        }),
        Def::leaf("__hash__(self, /)", |vm, args| {
            let hash = args[0].get::<BoundMethod>().map_or(0, |m| {
                vm.identity_hash(&m.receiver) ^ vm.identity_hash(&m.function)
            });
            Ok(crate::object::int::from_i64(hash))
        }),
        Def::frame("__call__(self, /, *args, **kwargs)", 0, |vm, frame, _| {
            let args: Args = frame.regs[1]
                .get::<Tuple>()
                .map_or_else(Args::new, |t| Args::from(t.items()));
            let (callee, keywords) = (frame.regs[0].clone(), frame.regs[2].clone());
            vm.call_with_keywords(callee, args, &keywords)
                .unwrap_or_else(Step::Raise)
        }),
        Def::leaf("__reduce__(self, /)", method_reduce),
    ],
    attributes: &[
        Attribute::get("__func__", |_, m| {
            Ok(m.get::<BoundMethod>()
                .map_or(Value::NONE, |m| m.function.clone()))
        }),
        Attribute::get("__self__", |_, m| {
            Ok(m.get::<BoundMethod>()
                .map_or(Value::NONE, |m| m.receiver.clone()))
        }),
        Attribute::get("__doc__", |vm, m| {
            let function = m
                .get::<BoundMethod>()
                .map_or(Value::NONE, |m| m.function.clone());
            vm.get_attr(&function, "__doc__")
        }),
    ],
    ..TypeDef::new("builtins", "method", kind::BOUND_METHOD)
};

const NATIVE_ATTRIBUTES: &[Attribute] = &[
    Attribute::get("__name__", native_name),
    Attribute::get("__qualname__", native_qualname),
    Attribute::get("__module__", native_module),
    Attribute::get("__self__", native_self),
    Attribute::get("__doc__", native_doc),
    Attribute::get("__text_signature__", text_signature),
];

/// `builtin_function_or_method`
pub static NATIVE_FUNCTION: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    methods: &[
        Def::leaf("__repr__(self, /)", native_repr),
        Def::leaf("__eq__(self, value, /)", native_eq),
        Def::leaf("__hash__(self, /)", native_hash),
        CALL_NATIVE,
        Def::leaf("__reduce__(self, /)", native_reduce),
    ],
    attributes: NATIVE_ATTRIBUTES,
    ..TypeDef::new("builtins", "builtin_function_or_method", kind::NATIVE)
};

const CALL_NATIVE: Def = Def::frame("__call__(self, /, *args, **kwargs)", 0, |vm, frame, _| {
    let args: Args = frame.regs[1]
        .get::<Tuple>()
        .map_or_else(Args::new, |t| Args::from(t.items()));
    let (callee, keywords) = (frame.regs[0].clone(), frame.regs[2].clone());
    vm.call_with_keywords(callee, args, &keywords)
        .unwrap_or_else(Step::Raise)
});

/// `method_descriptor`: a method of a native class, not bound.
pub static METHOD_DESCRIPTOR: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    methods: &[
        Def::leaf("__repr__(self, /)", native_repr),
        Def::leaf("__get__(self, instance, owner=None, /)", native_get),
        CALL_NATIVE,
        Def::leaf("__reduce__(self, /)", native_reduce),
    ],
    attributes: &[
        Attribute::get("__name__", native_name),
        Attribute::get("__qualname__", native_qualname),
        Attribute::get("__objclass__", |vm, f| Ok(native(vm, f)?.owner.clone())),
        Attribute::get("__doc__", native_doc),
        Attribute::get("__text_signature__", text_signature),
    ],
    ..TypeDef::new("builtins", "method_descriptor", kind::NATIVE)
};

/// `wrapper_descriptor`: a special method of a native class, not bound.
pub static WRAPPER_DESCRIPTOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__repr__(self, /)", native_repr),
        Def::leaf("__get__(self, instance, owner=None, /)", native_get),
        CALL_NATIVE,
        Def::leaf("__reduce__(self, /)", native_reduce),
    ],
    attributes: METHOD_DESCRIPTOR.attributes,
    ..TypeDef::new("builtins", "wrapper_descriptor", kind::NATIVE)
};

/// `method-wrapper`: a special method of a native class, bound.
pub static METHOD_WRAPPER: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__repr__(self, /)", native_repr),
        Def::leaf("__eq__(self, value, /)", native_eq),
        Def::leaf("__hash__(self, /)", native_hash),
        CALL_NATIVE,
        Def::leaf("__reduce__(self, /)", native_reduce),
    ],
    attributes: &[
        Attribute::get("__name__", native_name),
        Attribute::get("__qualname__", native_qualname),
        Attribute::get("__objclass__", |vm, f| Ok(native(vm, f)?.owner.clone())),
        Attribute::get("__self__", native_self),
        Attribute::get("__doc__", native_doc),
        Attribute::get("__text_signature__", text_signature),
    ],
    ..TypeDef::new("builtins", "method-wrapper", kind::NATIVE)
};

/// `classmethod_descriptor`: a class method of a native class, as it lies in the class.
pub static CLASS_METHOD_DESCRIPTOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__repr__(self, /)", native_repr),
        Def::leaf("__get__(self, instance, owner=None, /)", class_method_get),
        CALL_NATIVE,
    ],
    attributes: METHOD_DESCRIPTOR.attributes,
    ..TypeDef::new("builtins", "classmethod_descriptor", kind::NATIVE)
};

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[
    &FUNCTION,
    &METHOD,
    &NATIVE_FUNCTION,
    &METHOD_DESCRIPTOR,
    &WRAPPER_DESCRIPTOR,
    &METHOD_WRAPPER,
    &CLASS_METHOD_DESCRIPTOR,
];

fn none_if_undef(value: Value) -> Value {
    if value.is_undef() { Value::NONE } else { value }
}

fn function(vm: &mut Vm, value: &Value) -> R<Ref<Function>> {
    match value.to_ref::<Function>() {
        Some(function) => Ok(function),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!("expected a function, got '{given}'")))
        }
    }
}

fn native(vm: &mut Vm, value: &Value) -> R<Ref<Native>> {
    match value.to_ref::<Native>() {
        Some(native) => Ok(native),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!("expected a built-in function, got '{given}'")))
        }
    }
}

fn text(value: &Value) -> String {
    value
        .get::<Str>()
        .map_or_else(String::new, |s| s.to_text().into_owned())
}

/// The closure of a function of `code`, as it is given to the class: as many cells as the code has free variables.
fn cells_for(vm: &mut Vm, code: &Code, given: &Value) -> R<Option<Ref<Tuple>>> {
    let wanted = code.plain.free_names.len();
    let cells = given.to_ref::<Tuple>();
    if cells.is_none() && !given.is_none() {
        return Err(vm.type_error("arg 5 (closure) must be None or tuple"));
    }
    if cells.is_none() && wanted > 0 {
        return Err(vm.type_error("arg 5 (closure) must be tuple"));
    }
    let have = cells.as_ref().map_or(0, |cells| cells.len());
    if have != wanted {
        let name = &code.plain.name;
        let message = format!("{name} requires closure of length {wanted}, not {have}");
        return Err(vm.value_error(message));
    }
    let items = cells.as_ref().map_or(&[][..], |cells| cells.items());
    if let Some(other) = items.iter().find(|item| !item.is_exact::<Cell_>()) {
        let name = vm.type_name(other);
        return Err(vm.type_error(format!("arg 5 (closure) expected cell, found {name}")));
    }
    Ok(cells)
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let Some(code) = args[1].to_ref::<Code>() else {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!(
            "function() argument 'code' must be code, not {given}"
        )));
    };
    let Some(globals) = args[2].to_ref::<Dict>() else {
        let given = vm.type_name(&args[2]);
        return Err(vm.type_error(format!(
            "function() argument 'globals' must be dict, not {given}"
        )));
    };
    let closure = cells_for(vm, &code, &args[5])?;
    let made = vm.new_function(code, globals, closure);
    if !args[3].is_none() {
        made.name.set(args[3].clone());
    }
    if !args[4].is_none() {
        made.defaults.set(args[4].clone());
    }
    if !args[6].is_none() {
        made.kwdefaults.set(args[6].clone());
    }
    made.refresh();
    Ok(made.into_value())
}

/// A descriptor binds to an object or shows itself through a class: one of the two must be there.
pub(super) fn check_get(vm: &mut Vm, args: &[Value]) -> R<()> {
    if args[1].is_none() && args[2].is_none() {
        return Err(vm.type_error("__get__(None, None) is invalid"));
    }
    Ok(())
}

fn get(vm: &mut Vm, args: &[Value]) -> R {
    check_get(vm, args)?;
    if args[1].is_none() {
        return Ok(args[0].clone());
    }
    Ok(BoundMethod::alloc(args[0].clone(), args[1].clone()).into_value())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let f = function(vm, &args[0])?;
    let (name, at) = (text(f.qualname.as_value()), vm.address(&args[0]));
    Ok(Str::new(&format!("<function {name} at {at}>")).into_value())
}

fn set_text(vm: &mut Vm, f: &Value, value: &Value, which: &str) -> R<()> {
    if !value.is_kind::<Str>() {
        return Err(vm.type_error(format!("{which} must be set to a string object")));
    }
    let f = function(vm, f)?;
    let field = if which == "__name__" {
        &f.name
    } else {
        &f.qualname
    };
    field.set(value.clone());
    Ok(())
}

fn module(vm: &mut Vm, f: &Value) -> R {
    let f = function(vm, f)?;
    let own = f.module.get();
    if !own.is_undef() {
        return Ok(own);
    }
    let name = vm.names.name.clone();
    Ok(f.globals.get_str(&name).unwrap_or(Value::NONE))
}

fn doc(vm: &mut Vm, f: &Value) -> R {
    let f = function(vm, f)?;
    let own = f.doc.get();
    if !own.is_undef() {
        return Ok(own);
    }
    let code = f.code.borrow().clone();
    if code.flags & code_flags::HAS_DOCSTRING != 0
        && let Some(doc) = vm.code_body(&code).consts.first()
    {
        return Ok(doc.clone());
    }
    Ok(Value::NONE)
}

fn set_dict(vm: &mut Vm, f: &Value, value: &Value) -> R<()> {
    let dict = crate::builtins::arguments::namespace(vm, value)?;
    function(vm, f)?;
    vm.set_object_dict(f, &dict);
    Ok(())
}

fn set_defaults(vm: &mut Vm, f: &Value, value: &Value) -> R<()> {
    let plain = if value.is_none() {
        Value::UNDEF
    } else {
        value.clone()
    };
    if !plain.is_undef() && !plain.is_kind::<Tuple>() {
        return Err(vm.type_error("__defaults__ must be set to a tuple object"));
    }
    let f = function(vm, f)?;
    f.defaults.set(plain);
    f.refresh();
    Ok(())
}

fn set_kwdefaults(vm: &mut Vm, f: &Value, value: &Value) -> R<()> {
    let plain = if value.is_none() {
        Value::UNDEF
    } else {
        value.clone()
    };
    if !plain.is_undef() && !plain.is_kind::<Dict>() {
        return Err(vm.type_error("__kwdefaults__ must be set to a dict object"));
    }
    let f = function(vm, f)?;
    f.kwdefaults.set(plain);
    f.refresh();
    Ok(())
}

fn annotations(vm: &mut Vm, f: &Value) -> R {
    let f = function(vm, f)?;
    if f.annotations.is_undef() {
        f.annotations.set(Dict::new().into_value());
    }
    Ok(f.annotations.get())
}

fn set_annotations(vm: &mut Vm, f: &Value, value: &Value) -> R<()> {
    let plain = if value.is_none() {
        Value::UNDEF
    } else {
        value.clone()
    };
    if !plain.is_undef() && !plain.is_kind::<Dict>() {
        return Err(vm.type_error("__annotations__ must be set to a dict object"));
    }
    function(vm, f)?.annotations.set(plain);
    Ok(())
}

/// What calls of a code make.
const FLAVOURS: u32 = code_flags::COROUTINE | code_flags::GENERATOR | code_flags::ASYNC_GENERATOR;
const OTHER_FLAVOUR: &str = "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)";

fn set_code(vm: &mut Vm, f: &Value, value: &Value) -> R<()> {
    let Some(code) = value.to_ref::<Code>() else {
        return Err(vm.type_error("__code__ must be set to a code object"));
    };
    let f = function(vm, f)?;
    let (have, wanted) = (f.cell_count(), code.plain.free_names.len());
    if have != wanted {
        let name = text(f.name.as_value());
        return Err(vm.value_error(format!(
            "{name}() requires a code object with {have} free vars, not {wanted}"
        )));
    }
    if (f.current_code().flags ^ code.flags) & FLAVOURS != 0 {
        vm.warn(crate::vm::types::Known::DeprecationWarning, OTHER_FLAVOUR)?;
    }
    f.replace_code(code);
    vm.bump_type_epoch();
    Ok(())
}

fn closure(vm: &mut Vm, f: &Value) -> R {
    let f = function(vm, f)?;
    Ok(f.closure.as_ref().map_or(Value::NONE, Ref::value))
}

fn type_params(vm: &mut Vm, f: &Value) -> R {
    let own = function(vm, f)?.type_params.get();
    Ok(if own.is_undef() {
        Tuple::empty().into_value()
    } else {
        own
    })
}

fn method_repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(method) = args[0].to_ref::<BoundMethod>() else {
        return Ok(Value::NONE);
    };
    let name = match vm.get_attr_optional(&method.function, "__qualname__")? {
        Some(name) if name.is_kind::<Str>() => text(&name),
        _ => vm
            .get_attr_optional(&method.function, "__name__")?
            .as_ref()
            .map_or_else(|| "?".to_string(), text),
    };
    let receiver = vm.repr_text(&method.receiver)?;
    let text = Str::try_new(&format!("<bound method {name} of {receiver}>"));
    vm.lift(text).map(Ref::into_value)
}

fn method_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let Some(method) = args[0].to_ref::<BoundMethod>() else {
        return Ok(Value::NONE);
    };
    let name = vm.get_attr(&method.function, "__name__")?;
    let getattr = vm.builtins.get_name("getattr").unwrap_or(Value::NONE);
    Ok(Tuple::pair(
        getattr,
        Tuple::pair(method.receiver.clone(), name).into_value(),
    )
    .into_value())
}

fn native_qualname(vm: &mut Vm, f: &Value) -> R {
    let native = native(vm, f)?;
    let name = native.def.name();
    let class = match (
        native.owner.to_ref::<Class>(),
        native.bound.to_ref::<Class>(),
    ) {
        (Some(owner), _) if native.bound.is_undef() || is_slot_wrapper(&native) => Some(owner),
        (_, Some(class)) => Some(class),
        (Some(_), None) => Some(vm.class_of(&native.bound)),
        (None, None) => None,
    };
    let name = match class {
        Some(class) => {
            let qualname = class.qualname.get();
            format!("{}.{name}", vm.str_text(&qualname)?)
        }
        None => name.to_string(),
    };
    Ok(Str::new(&name).into_value())
}

fn native_module(vm: &mut Vm, f: &Value) -> R {
    let native = native(vm, f)?;
    Ok(if native.owner.is_kind::<Str>() {
        native.owner.clone()
    } else {
        Value::NONE
    })
}

fn native_self(vm: &mut Vm, f: &Value) -> R {
    let native = native(vm, f)?;
    if !native.bound.is_undef() {
        return Ok(native.bound.clone());
    }
    if native.owner.is_kind::<Class>() {
        return Ok(native.owner.clone());
    }
    let module = native
        .owner
        .to_ref::<Str>()
        .and_then(|name| vm.modules.get_str(&name));
    Ok(module.unwrap_or(Value::NONE))
}

fn text_signature(vm: &mut Vm, f: &Value) -> R {
    let sig = native(vm, f)?.def.sig;
    let inside = sig.find('(').map_or("", |at| &sig[at..]);
    Ok(if inside.contains('<') {
        Value::NONE
    } else {
        Str::new(&inside.replace("kwargs=Undef", "kwargs")).into_value()
    })
}

fn native_repr(vm: &mut Vm, args: &[Value]) -> R {
    let native = native(vm, &args[0])?;
    let name = native.def.name();
    let out = match (native.bound.is_undef(), native.owner.get::<Class>()) {
        (true, Some(owner)) if native.def.binding != crate::object::native::Binding::Static => {
            let owner = vm.class_name(owner);
            let what = if is_slot_wrapper(&native) {
                "slot wrapper"
            } else {
                "method"
            };
            format!("<{what} '{name}' of '{owner}' objects>")
        }
        (true, Some(_)) => {
            let ty = vm.known_class(crate::vm::types::Known::Type).into_value();
            format!(
                "<built-in method {name} of type object at {}>",
                vm.address(&ty)
            )
        }
        (true, None) => format!("<built-in function {name}>"),
        (false, _) => {
            let bound = native.bound.clone();
            let (owner, at) = (vm.type_name(&bound), vm.address(&bound));
            let what = if is_slot_wrapper(&native) {
                "method-wrapper"
            } else {
                "built-in method"
            };
            match what {
                "method-wrapper" => format!("<method-wrapper '{name}' of {owner} object at {at}>"),
                _ => format!("<built-in method {name} of {owner} object at {at}>"),
            }
        }
    };
    Ok(Str::new(&out).into_value())
}

fn native_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (own, other) = (vm.class_of(&args[0]), vm.class_of(&args[1]));
    if !own.is(&other) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    Ok(match (args[0].get::<Native>(), args[1].get::<Native>()) {
        (Some(a), Some(b)) => {
            Value::bool(a.is_same_code(b) && a.bound.is(&b.bound) && a.owner.is(&b.owner))
        }
        _ => Value::NOT_IMPLEMENTED,
    })
}

fn native_hash(vm: &mut Vm, args: &[Value]) -> R {
    let native = native(vm, &args[0])?;
    // Equal natives may be several objects, so identity will not do.
    let name = Str::new(native.def.name()).hash();
    let bound = if native.bound.is_undef() {
        0
    } else {
        vm.identity_hash(&native.bound)
    };
    Ok(crate::object::int::from_i64(name ^ bound))
}

fn native_get(vm: &mut Vm, args: &[Value]) -> R {
    check_get(vm, args)?;
    let Some(native) = args[0].get::<Native>().filter(|_| !args[1].is_none()) else {
        return Ok(args[0].clone());
    };
    if let Some(owner) = native.owner.to_ref::<Class>()
        && !vm.class_of(&args[1]).is_subclass(&owner)
    {
        let (name, given) = (native.def.name(), vm.type_name(&args[1]));
        let owner = vm.class_name(&owner);
        return Err(vm.type_error(format!(
            "descriptor '{name}' for '{owner}' objects doesn't apply to a '{given}' object"
        )));
    }
    Ok(native.bound_to(args[1].clone()).into_value())
}

/// A class method is bound to the class that is given, or to that of the object.
fn class_method_get(vm: &mut Vm, args: &[Value]) -> R {
    let native = native(vm, &args[0])?;
    let owner = native.owner.to_ref::<Class>();
    let base = owner
        .as_ref()
        .map_or_else(String::new, |o| vm.class_name(o));
    let name = native.def.name();
    let given = match (args[1].is_none(), args[2].is_none()) {
        (_, false) => args[2].clone(),
        (false, true) => vm.class_of(&args[1]).into_value(),
        (true, true) => return Err(vm.type_error("__get__(None, None) is invalid")),
    };
    let Some(class) = given.to_ref::<Class>() else {
        let given = vm.type_name(&given);
        return Err(vm.type_error(format!(
            "descriptor '{name}' for type '{base}' needs a type, not a '{given}' as arg 2"
        )));
    };
    if owner.is_some_and(|owner| !class.is_subclass(&owner)) {
        let given = vm.class_name(&class);
        return Err(vm.type_error(format!(
            "descriptor '{name}' requires a subtype of '{base}' but received '{given}'"
        )));
    }
    Ok(native.bound_to(given).into_value())
}

fn native_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let native = native(vm, &args[0])?;
    let name = Str::new(native.def.name()).into_value();
    let of_module = native.bound.is_undef() && !native.owner.is_kind::<Class>();
    if of_module || native.bound.is_kind::<Module>() {
        return Ok(name);
    }
    let target = if native.bound.is_undef() {
        // The name of the module whose function it is.
        if native.owner.is_kind::<Str>() {
            return Ok(name);
        }
        native.owner.clone()
    } else {
        native.bound.clone()
    };
    let getattr = vm.builtins.get_name("getattr").unwrap_or(Value::NONE);
    Ok(Tuple::pair(getattr, Tuple::pair(target, name).into_value()).into_value())
}

fn native_doc(vm: &mut Vm, f: &Value) -> R {
    let doc = native(vm, f)?.def.doc;
    Ok(if doc.is_empty() {
        Value::NONE
    } else {
        Str::new(doc).into_value()
    })
}

fn native_name(vm: &mut Vm, f: &Value) -> R {
    let name = native(vm, f)?.def.name();
    Ok(vm.intern(name).into_value())
}
