//! `collections.defaultdict`: a dict that makes what is missing. The factory
//! lies in the instance's dict, under its name.

use crate::builtins::arguments::{long_string, tuple};
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

const FACTORY: &str = "default_factory";

fn factory(vm: &mut Vm, value: &Value) -> R {
    Ok(vm
        .object_dict(value)
        .and_then(|d| d.get_name(FACTORY))
        .unwrap_or(Value::NONE))
}

fn set_factory(vm: &mut Vm, value: &Value, factory: &Value) -> R<()> {
    let factory = if factory.is_undef() {
        Value::NONE
    } else {
        factory.clone()
    };
    match vm.object_dict(value) {
        Some(dict) => vm.set_name(&dict, FACTORY, factory),
        None => Ok(()),
    }
}

/// `__init__(self, *args, **kwargs)`: the first argument is the factory, the others are those of dict.
fn init(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let mut args: Vec<Value> = frame.regs[1]
                .get::<Tuple>()
                .map_or_else(Vec::new, |t| t.items().to_vec());
            let first = if args.is_empty() {
                Value::NONE
            } else {
                args.remove(0)
            };
            if !first.is_none() && !vm.is_callable(&first) {
                return Step::Raise(vm.type_error("first argument must be callable or None"));
            }
            if let Err(raised) = set_factory(vm, &frame.regs[0], &first) {
                return Step::Raise(raised);
            }
            let base = vm.known_class(crate::vm::types::Known::Dict).into_value();
            let init = match vm.get_attr(&base, "__init__") {
                Ok(init) => init,
                Err(raised) => return Step::Raise(raised),
            };
            args.insert(0, frame.regs[0].clone());
            let mut names = Vec::new();
            for (name, value) in frame.regs[2]
                .get::<Dict>()
                .map_or_else(Vec::new, Dict::pairs)
            {
                names.push(name);
                args.push(value);
            }
            if names.is_empty() {
                return Step::Call(init, args.into());
            }
            match tuple(vm, names) {
                Ok(names) => Step::CallKw(init, args.into(), names),
                Err(raised) => Step::Raise(raised),
            }
        }
        Input::Value(_) | Input::Yielded(_) => Step::Return(Value::NONE),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

/// Registers: self, key.
fn missing(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => match factory(vm, &frame.regs[0]) {
            Ok(factory) if factory.is_none() => Step::Raise(vm.key_error(&frame.regs[1])),
            Ok(factory) => Step::Call(factory, Default::default()),
            Err(raised) => Step::Raise(raised),
        },
        Input::Value(value) | Input::Yielded(value) => {
            let Some(dict) = frame.regs[0].to_ref::<Dict>() else {
                return Step::Return(value);
            };
            match vm.dict_set(&dict, &frame.regs[1], value.clone()) {
                Ok(()) => Step::Return(value),
                Err(raised) => Step::Raise(raised),
            }
        }
        Input::Raised(raised) => Step::Raise(raised),
    }
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.class_of(&args[0]).name_str();
    let factory = factory(vm, &args[0])?;
    // A factory that shows its dict would go round for ever.
    let shown = if factory.is_object() && !vm.enter_repr(&factory) {
        "...".to_string()
    } else {
        let shown = vm.repr_text(&factory);
        if factory.is_object() {
            vm.leave_repr();
        }
        shown?
    };
    let base = vm.known_class(crate::vm::types::Known::Dict).into_value();
    let inside = vm.call_method(&base, "__repr__", std::slice::from_ref(&args[0]))?;
    let inside = crate::builtins::arguments::plain(&inside);
    long_string(vm, &format!("{name}({shown}, {inside})"))
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]).into_value();
    let factory = factory(vm, &args[0])?;
    vm.call(&class, &[factory, args[0].clone()])
}

fn or(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Dict>() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let made = copy(vm, args)?;
    update(vm, &made, &args[1])?;
    Ok(made)
}

fn reversed_or(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Dict>() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let class = vm.class_of(&args[0]).into_value();
    let factory = factory(vm, &args[0])?;
    let made = vm.call(&class, &[factory, args[1].clone()])?;
    update(vm, &made, &args[0])?;
    Ok(made)
}

fn update(vm: &mut Vm, dict: &Value, with: &Value) -> R<()> {
    match dict.to_ref::<Dict>() {
        Some(dict) => vm.dict_update_mapping(&dict, with),
        None => Ok(()),
    }
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.class_of(&args[0]).into_value();
    let factory = factory(vm, &args[0])?;
    let factory = if factory.is_none() {
        Vec::new()
    } else {
        vec![factory]
    };
    let factory = tuple(vm, factory)?;
    let items = vm.call_method(&args[0], "items", &[])?;
    let items = vm.iter(&items)?;
    tuple(vm, vec![class, factory, Value::NONE, Value::NONE, items])
}

/// `collections.defaultdict`
pub static DEFAULT_DICT: TypeDef = TypeDef {
    base: Some(&crate::builtins::dict::DICT),
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF | class_flags::MAPPING,
    doc: "defaultdict(default_factory=None, /, [...]) --> dict with default factory",
    new: Some(Def::leaf("__new__(cls, *args, **kwargs)", |_, args| {
        let shape = crate::builtins::arguments::shape_of_class(&args[0]);
        Ok(Dict::with_shape(shape, Default::default()).into_value())
    })),
    methods: &[
        Def::frame("__init__(self, /, *args, **kwargs)", 0, init),
        Def::frame("__missing__(self, key, /)", 0, missing),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("copy(self, /)", copy),
        Def::leaf("__copy__(self, /)", copy),
        Def::leaf("__or__(self, value, /)", or),
        Def::leaf("__ror__(self, value, /)", reversed_or),
        Def::leaf("__reduce__(self, /)", reduce),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    attributes: &[Attribute::get_set(FACTORY, factory, set_factory)],
    ..TypeDef::new("collections", "defaultdict", kind::DICT)
};

/// A reference to the dict that a value is.
pub(super) fn dict_of(value: &Value) -> Ref<Dict> {
    value.to_ref::<Dict>().unwrap_or_else(Dict::new)
}
