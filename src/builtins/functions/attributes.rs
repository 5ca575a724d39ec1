//! `getattr` and its relatives, `dir`, `vars`, `globals`, `locals`.

use super::{at_once, outcome, passed_on, sorting};
use crate::builtins::arguments::list;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::descriptor::GenericAlias;
use crate::object::dict::Dict;
use crate::object::module::Module;
use crate::object::native::{Def, Input, NativeFrame, R, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::frame("getattr(object, name, default=<unset>, /)", 0, getattr)
        .at_once(at_once::getattr)
        .doc("Get a named attribute from an object."),
    Def::frame("hasattr(obj, name, /)", 0, hasattr)
        .at_once(at_once::hasattr)
        .doc("Whether getattr() would find something."),
    Def::frame("setattr(obj, name, value, /)", 0, setattr)
        .at_once(at_once::setattr)
        .doc("Sets an attribute: object.name = value."),
    Def::frame("delattr(obj, name, /)", 0, delattr)
        .doc("Takes an attribute away: del object.name."),
    Def::leaf("globals()", globals).doc("The namespace of the module."),
    Def::leaf("locals()", locals)
        .doc("The names of the scope that it is called in, and their values."),
    Def::leaf("vars(object=<unset>, /)", vars).doc("Show vars."),
    Def::leaf("dir(object=<unset>, /)", dir).doc("Show attributes of an object."),
];

/// `cls[item]`, for the tables of native types.
pub fn generic_alias(vm: &mut Vm, args: &[Value]) -> R {
    let args = match args[1].is_kind::<Tuple>() {
        true => (args[0].clone(), args[1].clone()),
        false => (args[0].clone(), Tuple::one(args[1].clone()).into_value()),
    };
    let _ = vm;
    Ok(GenericAlias::alloc(args.0, args.1, Value::FALSE).into_value())
}

fn checked_name(vm: &mut Vm, name: &Value, who: &str) -> Result<(), Step> {
    if name.is_kind::<Str>() {
        return Ok(());
    }
    let given = vm.type_name(name);
    let _ = who;
    Err(Step::Raise(vm.type_error(format!(
        "attribute name must be string, not '{given}'"
    ))))
}

fn getattr(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let result = match input {
        Input::Start => {
            if let Err(step) = checked_name(vm, &frame.regs[1], "getattr") {
                return step;
            }
            if !frame.regs[2].is_undef() && vm.lacks_attribute(&frame.regs[0], &frame.regs[1]) {
                return Step::Return(frame.regs[2].clone());
            }
            match outcome(vm.get_attr_step(&frame.regs[0], &frame.regs[1])) {
                Err(Step::Raise(raised)) => Err(raised),
                Err(wait) => return wait,
                Ok(value) => Ok(value),
            }
        }
        Input::Value(value) | Input::Yielded(value) => Ok(value),
        Input::Raised(raised) => Err(raised),
    };
    match result {
        Err(raised)
            if !frame.regs[2].is_undef() && vm.is_raised(&raised, Known::AttributeError) =>
        {
            Step::Return(frame.regs[2].clone())
        }
        result => result.into(),
    }
}

fn hasattr(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let result = match input {
        Input::Start => {
            if let Err(step) = checked_name(vm, &frame.regs[1], "hasattr") {
                return step;
            }
            if vm.lacks_attribute(&frame.regs[0], &frame.regs[1]) {
                return Step::Return(Value::FALSE);
            }
            match outcome(vm.get_attr_step(&frame.regs[0], &frame.regs[1])) {
                Err(Step::Raise(raised)) => Err(raised),
                Err(wait) => return wait,
                Ok(value) => Ok(value),
            }
        }
        Input::Value(value) | Input::Yielded(value) => Ok(value),
        Input::Raised(raised) => Err(raised),
    };
    match result {
        Ok(_) => Step::Return(Value::TRUE),
        Err(raised) if vm.is_raised(&raised, Known::AttributeError) => Step::Return(Value::FALSE),
        Err(raised) => Step::Raise(raised),
    }
}

fn setattr(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            if let Err(step) = checked_name(vm, &frame.regs[1], "setattr") {
                return step;
            }
            match outcome(vm.set_attr_step(&frame.regs[0], &frame.regs[1], &frame.regs[2])) {
                Ok(_) => Step::Return(Value::NONE),
                Err(wait) => wait,
            }
        }
        Input::Value(_) | Input::Yielded(_) => Step::Return(Value::NONE),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

fn delattr(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    // What `__delattr__` or `__delete__` answers goes nowhere.
    let done = passed_on(vm, frame, input, |vm, regs| {
        if let Err(step) = checked_name(vm, &regs[1], "delattr") {
            return step;
        }
        vm.delete_attr_step(&regs[0], &regs[1])
    });
    match done {
        Step::Return(_) => Step::Return(Value::NONE),
        step => step,
    }
}

fn globals(vm: &mut Vm, _: &[Value]) -> R {
    Ok(vm.running_globals().map_or(Value::NONE, Ref::into_value))
}

fn locals(vm: &mut Vm, _: &[Value]) -> R {
    vm.running_locals()
}

fn vars(vm: &mut Vm, args: &[Value]) -> R {
    if args[0].is_undef() {
        return vm.running_locals();
    }
    match vm.get_attr(&args[0], "__dict__") {
        Err(raised) if vm.is_raised(&raised, Known::AttributeError) => {
            Err(vm.type_error("vars() argument must have __dict__ attribute"))
        }
        result => result,
    }
}

fn dir(vm: &mut Vm, args: &[Value]) -> R {
    let names = if args[0].is_undef() {
        let locals = vm.running_locals()?;
        vm.collect(&locals)?
    } else {
        let class = vm.class_of(&args[0]);
        match vm.special(&class, Special::Dir) {
            Some(method) => {
                let made = vm.call(&method, std::slice::from_ref(&args[0]))?;
                vm.collect(&made)?
            }
            None => names_of(vm, &args[0])?,
        }
    };
    let (names, done) = sorting::sort_values(vm, names, false);
    done?;
    Ok(list(names))
}

/// All attribute names of an object: its own, and those of its class and the bases; of a class those of it and its bases.
pub fn names_of(vm: &mut Vm, object: &Value) -> R<Vec<Value>> {
    let found = Dict::new();
    if let Some(module) = object.get::<Module>() {
        for (key, _) in module.namespace.pairs() {
            add_name(vm, &found, &key)?;
        }
    } else if let Some(class) = object.to_ref::<Class>() {
        class_names(vm, &found, &class)?;
    } else {
        let class = vm.class_of(object);
        class_names(vm, &found, &class)?;
        for name in vm.own_names(object) {
            add_name(vm, &found, &name)?;
        }
    }
    Ok(found.pairs().into_iter().map(|(key, _)| key).collect())
}

fn class_names(vm: &mut Vm, found: &Ref<Dict>, class: &Ref<Class>) -> R<()> {
    let order: Vec<Ref<Class>> = std::iter::once(class.clone())
        .chain(class.ancestors.borrow().iter().cloned())
        .collect();
    for class in order {
        if !class.populated.get() {
            vm.populate(&class);
        }
        let names: Vec<Value> = class
            .namespace
            .borrow()
            .iter()
            .map(|(key, _)| key.clone())
            .collect();
        for name in names {
            add_name(vm, found, &name)?;
        }
    }
    Ok(())
}

fn add_name(vm: &mut Vm, found: &Ref<Dict>, name: &Value) -> R<()> {
    let Some(name) = name.to_ref::<Str>() else {
        return Ok(());
    };
    let done = found.insert_str(&name, Value::NONE);
    vm.lift(done).map(drop)
}
