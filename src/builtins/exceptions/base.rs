//! `BaseException`.

use super::{BASE_EXCEPTION, MEMORY_ERROR};
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::exception::{Exception, Traceback};
use crate::object::native::{Attribute, Def, R};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

pub(super) static METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", init),
    Def::leaf("__repr__(self, /)", repr),
    Def::leaf("__str__(self, /)", str),
    Def::leaf("__reduce__(self, /)", reduce),
    Def::leaf("__setstate__(self, state, /)", set_state),
    Def::leaf("with_traceback(self, tb, /)", with_traceback)
        .doc("Gives the exception that traceback, and returns it."),
    Def::leaf("add_note(self, note, /)", add_note)
        .doc("Adds a line that is shown below the exception."),
];

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::get_set(
        "args",
        |vm, e| exception(vm, e).map(|e| e.args.get()),
        set_args,
    ),
    Attribute::get_set(
        "__traceback__",
        |vm, e| exception(vm, e).map(|e| e.traceback.get()),
        set_traceback,
    ),
    Attribute::get_set(
        "__context__",
        |vm, e| exception(vm, e).map(|e| e.context.get()),
        |vm, e, v| set_link(vm, e, v, false),
    ),
    Attribute::get_set(
        "__cause__",
        |vm, e| exception(vm, e).map(|e| e.cause.get()),
        |vm, e, v| set_link(vm, e, v, true),
    ),
    Attribute::get_set(
        "__suppress_context__",
        |vm, e| exception(vm, e).map(|e| Value::bool(e.suppress_context.get())),
        set_suppress,
    ),
    Attribute::get_set("__dict__", get_dict, set_dict),
];

/// The exception behind a value whose class was checked.
pub(super) fn exception(vm: &mut Vm, value: &Value) -> R<Ref<Exception>> {
    match value.to_ref::<Exception>() {
        Some(exception) => Ok(exception),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!("an exception is required, not '{given}'")))
        }
    }
}

/// Positional arguments of a raw native, without the first.
pub(super) fn positional<'a>(args: &'a [Value], names: &[Value]) -> &'a [Value] {
    &args[1..args.len() - names.len()]
}

pub(super) fn new(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let Some(class) = args.first() else {
        return Err(vm.type_error("BaseException.__new__(): not enough arguments"));
    };
    let shape = vm.shape_for_new(class, &BASE_EXCEPTION)?;
    let given = Tuple::new(positional(args, names));
    let given = vm.lift(given)?;
    Ok(Exception::alloc(shape, given.into_value()).into_value())
}

/// An exact MemoryError takes its arguments in `__init__` only.
pub(super) fn new_memory_error(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let Some(class) = args.first() else {
        return Err(vm.type_error("MemoryError.__new__(): not enough arguments"));
    };
    let shape = vm.shape_for_new(class, &MEMORY_ERROR)?;
    let exact = class.is(vm.class_of_def(&MEMORY_ERROR).as_value());
    let given = Tuple::new(if exact { &[] } else { positional(args, names) });
    let given = vm.lift(given)?;
    Ok(Exception::alloc(shape, given.into_value()).into_value())
}

/// Sets `args`, and refuses keywords.
pub(super) fn init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let Some(first) = args.first() else {
        return Err(vm.type_error("unbound method BaseException.__init__() needs an argument"));
    };
    if !names.is_empty() {
        let name = vm.type_name(first);
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    set_arguments(vm, first, positional(args, names))?;
    Ok(Value::NONE)
}

/// Sets `args` of an exception.
pub(super) fn set_arguments(vm: &mut Vm, e: &Value, given: &[Value]) -> R<Ref<Exception>> {
    let e = exception(vm, e)?;
    let same = e.args.as_value().get::<Tuple>().is_some_and(|t| {
        t.len() == given.len() && t.items().iter().zip(given).all(|(a, b)| a.is(b))
    });
    if !same {
        let args = Tuple::new(given);
        let args = vm.lift(args)?;
        e.args.set(args.into_value());
    }
    Ok(e)
}

fn arguments(e: &Exception) -> Vec<Value> {
    e.args
        .as_value()
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let class = vm.class_of(&args[0]);
    let name = class.name_str();
    let given = arguments(&e);
    let inside = match &given[..] {
        [one] => vm.repr_text(one)?,
        several => vm.join_reprs(several)?,
    };
    let text = Str::try_new(&format!("{name}({inside})"));
    vm.lift(text).map(Ref::into_value)
}

/// The text of the arguments.
pub(super) fn str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let given = arguments(&e);
    match &given[..] {
        [] => Ok(Str::empty().into_value()),
        [one] => vm.str(one).map(Ref::into_value),
        _ => {
            let all = e.args.get();
            vm.str(&all).map(Ref::into_value)
        }
    }
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    Ok(reduced(
        vm,
        &e,
        e.args.get(),
        crate::vm::attr::dict_so_far(e.as_value()),
    ))
}

/// What `__reduce__` gives: the class, the arguments and the state if there is one.
pub(super) fn reduced(vm: &mut Vm, e: &Ref<Exception>, given: Value, state: Value) -> Value {
    let class = vm.class_of(e.as_value()).into_value();
    match state.get::<Dict>() {
        Some(_) => Tuple::few([class, given, state]).into_value(),
        None => Tuple::pair(class, given).into_value(),
    }
}

/// A copy of the instance dict with some fields more: those that are set.
pub(super) fn state_with(
    vm: &mut Vm,
    e: &Ref<Exception>,
    more: &[(&'static str, Value)],
) -> R<Ref<Dict>> {
    let state = match crate::vm::attr::dict_so_far(e.as_value()).get::<Dict>() {
        Some(dict) => {
            let table = dict.table.borrow().copy();
            Dict::from_table(vm.lift(table)?)
        }
        None => Dict::new(),
    };
    for (name, value) in more.iter().filter(|(_, value)| !value.is_undef()) {
        let name = vm.intern(name);
        let old = state.insert_str(&name, value.clone());
        drop(vm.lift(old)?);
    }
    Ok(state)
}

/// The message of an exception while it is written: WTF-8, since a part may hold lone surrogates.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Text of ours.
    pub(super) fn say(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A piece of a str.
    pub(super) fn bytes(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }

    /// What `str` says of a value.
    pub(super) fn value(&mut self, vm: &mut Vm, value: &Value) -> R<()> {
        self.0.extend_from_slice(vm.str(value)?.bytes());
        Ok(())
    }

    /// What `repr` says of a value.
    pub(super) fn repr(&mut self, vm: &mut Vm, value: &Value) -> R<()> {
        self.0.extend_from_slice(vm.repr(value)?.bytes());
        Ok(())
    }

    pub(super) fn done(self, vm: &mut Vm) -> R {
        let text = Str::from_wtf8(&self.0);
        vm.lift(text).map(Ref::into_value)
    }
}

fn set_state(vm: &mut Vm, args: &[Value]) -> R {
    if args[1].is_none() {
        return Ok(Value::NONE);
    }
    let Some(state) = args[1].to_ref::<Dict>() else {
        return Err(vm.type_error("state is not a dictionary"));
    };
    for (name, value) in state.pairs() {
        let step = vm.set_attr_step(&args[0], &name, &value);
        vm.finish(step)?;
    }
    Ok(Value::NONE)
}

fn with_traceback(vm: &mut Vm, args: &[Value]) -> R {
    set_traceback(vm, &args[0], &args[1])?;
    Ok(args[0].clone())
}

fn add_note(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_kind::<Str>() {
        let given = vm.type_name(&args[1]);
        return Err(vm.type_error(format!("note must be a str, not '{given}'")));
    }
    vm.add_note_value(&args[0], args[1].clone())?;
    Ok(Value::NONE)
}

fn set_args(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        return Err(vm.type_error("args may not be deleted"));
    }
    let items = vm.collect(value)?;
    let tuple = vm.new_tuple(items)?;
    exception(vm, e)?.args.set(tuple);
    Ok(())
}

fn set_traceback(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        return Err(vm.type_error("__traceback__ may not be deleted"));
    }
    if !value.is_none() && !value.is_kind::<Traceback>() {
        return Err(vm.type_error("__traceback__ must be a traceback or None"));
    }
    exception(vm, e)?.traceback.set(value.clone());
    Ok(())
}

fn set_link(vm: &mut Vm, e: &Value, value: &Value, is_cause: bool) -> R<()> {
    let name = if is_cause { "__cause__" } else { "__context__" };
    if value.is_undef() {
        return Err(vm.type_error(format!("{name} may not be deleted")));
    }
    if !value.is_none() && !value.is_kind::<Exception>() {
        let what = if is_cause {
            "exception cause"
        } else {
            "exception context"
        };
        return Err(vm.type_error(format!("{what} must be None or derive from BaseException")));
    }
    let e = exception(vm, e)?;
    if is_cause {
        e.suppress_context.set(true);
        e.cause.set(value.clone());
    } else {
        e.context.set(value.clone());
    }
    Ok(())
}

fn set_suppress(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    }
    let Some(truth) = value.as_bool() else {
        return Err(vm.type_error("attribute value type must be bool"));
    };
    exception(vm, e)?.suppress_context.set(truth);
    Ok(())
}

fn get_dict(vm: &mut Vm, e: &Value) -> R {
    Ok(vm.object_dict(e).map_or(Value::NONE, Ref::into_value))
}

fn set_dict(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    let dict = crate::builtins::arguments::namespace(vm, value)?;
    exception(vm, e)?;
    vm.set_object_dict(e, &dict);
    Ok(())
}
