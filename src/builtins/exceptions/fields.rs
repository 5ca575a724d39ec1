//! Exceptions with a field or two: StopIteration, SystemExit, KeyError, NameError, AttributeError, ImportError.

use super::base::{self, exception, positional, reduced, set_arguments, state_with};
use crate::heap::{Ref, Value};
use crate::object::exception::Exception;
use crate::object::int::{self, IntView};
use crate::object::native::{Attribute, Def, R};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::error::fields;

/// A field as a script reads it: None where it is not set.
pub(super) fn read<const N: usize>(vm: &mut Vm, e: &Value) -> R {
    let value = exception(vm, e)?.extra[N].get();
    Ok(if value.is_undef() { Value::NONE } else { value })
}

/// Sets a field, or empties it.
pub(super) fn write<const N: usize>(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    exception(vm, e)?.extra[N].set(value.clone());
    Ok(())
}

/// An attribute that is a number in CPython's struct.
pub(super) const fn number<const N: usize>(name: &'static str) -> Attribute {
    Attribute::get_set(name, read_number::<N>, write_number::<N>)
}

fn read_number<const N: usize>(vm: &mut Vm, e: &Value) -> R {
    let value = exception(vm, e)?.extra[N].get();
    Ok(if value.is_undef() {
        int::from_i64(0)
    } else {
        value
    })
}

fn write_number<const N: usize>(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    }
    match IntView::of(value).map(|n| n.as_i64()) {
        Some(Some(number)) => {
            let number = int::from_i64(number);
            write::<N>(vm, e, &number)
        }
        // CPython has stored the -1 that stands for an error before it raises the error.
        wrong => {
            write::<N>(vm, e, &int::from_i64(-1))?;
            Err(match wrong {
                Some(_) => vm.overflow_error("Python int too large to convert to C ssize_t"),
                None => vm.type_error("an integer is required"),
            })
        }
    }
}

/// An attribute that is a field.
pub(super) const fn field<const N: usize>(name: &'static str) -> Attribute {
    Attribute::get_set(name, read::<N>, write::<N>)
}

pub(super) static STOP_METHODS: &[Def] =
    &[Def::raw("__init__(self, /, *args, **kwargs)", stop_init)];
pub(super) static STOP_ATTRIBUTES: &[Attribute] = &[field::<{ fields::STOP_VALUE }>("value")];

fn stop_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    base::init(vm, args, names)?;
    let value = positional(args, names)
        .first()
        .cloned()
        .unwrap_or(Value::NONE);
    write::<{ fields::STOP_VALUE }>(vm, &args[0], &value)?;
    Ok(Value::NONE)
}

pub(super) static EXIT_METHODS: &[Def] =
    &[Def::raw("__init__(self, /, *args, **kwargs)", exit_init)];
pub(super) static EXIT_ATTRIBUTES: &[Attribute] = &[field::<{ fields::EXIT_CODE }>("code")];

fn exit_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    base::init(vm, args, names)?;
    let code = match positional(args, names) {
        // Whoever does it once more without a code keeps the first.
        [] => return Ok(Value::NONE),
        [code] => code.clone(),
        several => vm.new_tuple(several.to_vec())?,
    };
    write::<{ fields::EXIT_CODE }>(vm, &args[0], &code)?;
    Ok(Value::NONE)
}

pub(super) static KEY_METHODS: &[Def] = &[Def::leaf("__str__(self, /)", key_str)];

/// One argument is shown by its `repr`: a key may be an empty string.
fn key_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let given = e.args.get();
    match given.get::<Tuple>().map(Tuple::items) {
        Some([key]) => vm.repr(key).map(Ref::into_value),
        _ => base::str(vm, args),
    }
}

pub(super) static NAME_METHODS: &[Def] =
    &[Def::raw("__init__(self, /, *args, **kwargs)", name_init)];
pub(super) static NAME_ATTRIBUTES: &[Attribute] = &[field::<{ fields::NAME }>("name")];

fn name_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    init_with_keywords(vm, args, names, "NameError", &[("name", fields::NAME)]).map(|_| Value::NONE)
}

pub(super) static ATTRIBUTE_METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", attribute_init),
    Def::leaf("__getstate__(self, /)", |vm, args| {
        let e = exception(vm, &args[0])?;
        attribute_state(vm, &e)
    }),
    Def::leaf("__reduce__(self, /)", |vm, args| {
        let e = exception(vm, &args[0])?;
        let state = attribute_state(vm, &e)?;
        Ok(reduced(vm, &e, e.args.get(), state))
    }),
];
pub(super) static ATTRIBUTE_ATTRIBUTES: &[Attribute] = &[
    field::<{ fields::ATTRIBUTE_NAME }>("name"),
    field::<{ fields::ATTRIBUTE_OBJ }>("obj"),
];

fn attribute_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let known = [
        ("name", fields::ATTRIBUTE_NAME),
        ("obj", fields::ATTRIBUTE_OBJ),
    ];
    init_with_keywords(vm, args, names, "AttributeError", &known).map(|_| Value::NONE)
}

/// The name goes with the exception; the object may be anything, and stays behind.
fn attribute_state(vm: &mut Vm, e: &Ref<Exception>) -> R {
    let name = e.extra[fields::ATTRIBUTE_NAME].get();
    let state = state_with(vm, e, &[("name", name), ("args", e.args.get())])?;
    Ok(state.into_value())
}

pub(super) static IMPORT_METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", import_init),
    Def::leaf("__str__(self, /)", import_str),
    Def::leaf("__reduce__(self, /)", import_reduce),
];

fn import_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let more = [
        ("name", e.extra[fields::IMPORT_NAME].get()),
        ("path", e.extra[fields::IMPORT_PATH].get()),
        ("name_from", e.extra[fields::IMPORT_NAME_FROM].get()),
    ];
    let state = match more.iter().all(|(_, value)| value.is_undef()) {
        true => crate::vm::attr::dict_so_far(e.as_value()),
        false => state_with(vm, &e, &more)?.into_value(),
    };
    Ok(reduced(vm, &e, e.args.get(), state))
}
pub(super) static IMPORT_ATTRIBUTES: &[Attribute] = &[
    field::<{ fields::IMPORT_MSG }>("msg"),
    field::<{ fields::IMPORT_NAME }>("name"),
    field::<{ fields::IMPORT_PATH }>("path"),
    field::<{ fields::IMPORT_NAME_FROM }>("name_from"),
];

fn import_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let known = [
        ("name", fields::IMPORT_NAME),
        ("path", fields::IMPORT_PATH),
        ("name_from", fields::IMPORT_NAME_FROM),
    ];
    let e = init_with_keywords(vm, args, names, "ImportError", &known)?;
    let message = match positional(args, names) {
        [message] => message.clone(),
        _ => Value::UNDEF,
    };
    e.extra[fields::IMPORT_MSG].set(message);
    Ok(Value::NONE)
}

fn import_str(vm: &mut Vm, args: &[Value]) -> R {
    let message = exception(vm, &args[0])?.extra[fields::IMPORT_MSG].get();
    if message.is_exact::<Str>() {
        Ok(message)
    } else {
        base::str(vm, args)
    }
}

/// Sets `args` and the fields that keywords name.
fn init_with_keywords(
    vm: &mut Vm,
    args: &[Value],
    names: &[Value],
    whose: &str,
    known: &[(&str, usize)],
) -> R<Ref<Exception>> {
    let Some(first) = args.first() else {
        return Err(vm.type_error("unbound method BaseException.__init__() needs an argument"));
    };
    let e = set_arguments(vm, first, positional(args, names))?;
    if names.len() > known.len() {
        let (most, given) = (known.len(), names.len());
        let plural = if most == 1 { "" } else { "s" };
        return Err(vm.type_error(format!(
            "{whose}() takes at most {most} keyword argument{plural} ({given} given)"
        )));
    }
    let keywords = &args[args.len() - names.len()..];
    let mut found = [const { Value::UNDEF }; 3];
    for (name, value) in names.iter().zip(keywords) {
        let text = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        match known.iter().position(|(known, _)| *known == text) {
            Some(at) => found[at] = value.clone(),
            None => {
                return Err(vm.type_error(format!(
                    "{whose}() got an unexpected keyword argument '{text}'"
                )));
            }
        }
    }
    // A second `__init__` forgets what the first was given.
    for (&(_, number), value) in known.iter().zip(found) {
        e.extra[number].set(value);
    }
    Ok(e)
}
