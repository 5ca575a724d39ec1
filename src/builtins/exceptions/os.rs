//! `OSError`: the number decides the subclass.

use super::OS_ERROR;
use super::base::{self, exception, positional, set_arguments};
use super::fields::{field, read, write};
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::exception::Exception;
use crate::object::native::{Attribute, Def, R};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::error::{fields, os_error_class};
use crate::vm::ops::BinaryOp;
use crate::vm::special::Special;

pub(super) static METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", init),
    Def::leaf("__str__(self, /)", str),
    Def::leaf("__reduce__(self, /)", reduce),
];

pub(super) static ATTRIBUTES: &[Attribute] = &[
    field::<{ fields::OS_ERRNO }>("errno"),
    field::<{ fields::OS_STRERROR }>("strerror"),
    field::<{ fields::OS_FILENAME }>("filename"),
    field::<{ fields::OS_FILENAME2 }>("filename2"),
    Attribute::get_set(
        "characters_written",
        get_written,
        write::<{ fields::OS_WRITTEN }>,
    ),
];

fn get_written(vm: &mut Vm, e: &Value) -> R {
    let written = read::<{ fields::OS_WRITTEN }>(vm, e)?;
    if written.is_none() {
        Err(vm.attribute_error_plain("characters_written"))
    } else {
        Ok(written)
    }
}

pub(super) fn new(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let Some(class) = args.first() else {
        return Err(vm.type_error("OSError.__new__(): not enough arguments"));
    };
    let mut shape = vm.shape_for_new(class, &OS_ERROR)?;
    let given = positional(args, names);
    let base = vm.class_of_def(&OS_ERROR);
    if class.is(base.as_value())
        && (2..=5).contains(&given.len())
        && let Some(errno) = given[0].as_small_int()
        && let Some(known) = i32::try_from(errno).ok().and_then(os_error_class)
    {
        shape = vm.known_class(known).root_shape.get();
    }
    // A subclass with an `__init__` of its own decides there what the arguments are.
    let later = class
        .to_ref::<Class>()
        .is_some_and(|c| overrides_init(vm, &c));
    let all = Tuple::new(if later { &[] } else { given });
    let e = Exception::alloc(shape, vm.lift(all)?.into_value());
    if !later {
        read_arguments(vm, &e, given);
    }
    Ok(e.into_value())
}

fn overrides_init(vm: &mut Vm, class: &Ref<Class>) -> bool {
    vm.special(class, Special::Init)
        .is_some_and(|init| !init.is_exact::<crate::object::native::Native>())
}

fn init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let Some(first) = args.first() else {
        return Err(vm.type_error("unbound method OSError.__init__() needs an argument"));
    };
    if !names.is_empty() {
        let name = vm.type_name(first);
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    // `__new__` has read the arguments, unless a subclass decides what they are.
    let class = vm.class_of(first);
    if !overrides_init(vm, &class) {
        return Ok(Value::NONE);
    }
    let given = positional(args, names);
    let e = set_arguments(vm, first, given)?;
    read_arguments(vm, &e, given);
    Ok(Value::NONE)
}

/// errno, strerror, filename, (winerror,) filename2; `args` keeps the first two.
fn read_arguments(vm: &mut Vm, e: &Ref<Exception>, given: &[Value]) {
    if !(2..=5).contains(&given.len()) {
        return;
    }
    e.extra[fields::OS_ERRNO].set(given[0].clone());
    e.extra[fields::OS_STRERROR].set(given[1].clone());
    let Some(filename) = given.get(2).filter(|f| !f.is_none()) else {
        return;
    };
    let blocking = vm.known_class(crate::vm::types::Known::BlockingIoError);
    if vm.class_of(e.as_value()).is_subclass(&blocking) && filename.is_small_int() {
        e.extra[fields::OS_WRITTEN].set(filename.clone());
        return;
    }
    e.extra[fields::OS_FILENAME].set(filename.clone());
    if let Some(second) = given.get(4) {
        e.extra[fields::OS_FILENAME2].set(second.clone());
    }
    e.args
        .set(Tuple::pair(given[0].clone(), given[1].clone()).into_value());
}

fn str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let part = |n: usize| e.extra[n].get();
    let (errno, text) = (part(fields::OS_ERRNO), part(fields::OS_STRERROR));
    if errno.is_undef() || text.is_undef() {
        return base::str(vm, args);
    }
    let head = format!("[Errno {}] ", vm.str_text(&errno)?);
    let mut tail = String::new();
    let (filename, filename2) = (part(fields::OS_FILENAME), part(fields::OS_FILENAME2));
    if !filename.is_undef() && !filename.is_none() {
        tail = format!(": {}", vm.repr_text(&filename)?);
        if !filename2.is_undef() && !filename2.is_none() {
            tail.push_str(" -> ");
            tail.push_str(&vm.repr_text(&filename2)?);
        }
    }
    // The text may hold lone surrogates, so it is never a Rust string.
    let text = vm.str(&text)?.into_value();
    let parts = [
        Str::new(&head).into_value(),
        text,
        Str::new(&tail).into_value(),
    ];
    vm.native_binary(BinaryOp::Add, &parts[0], &parts[1])
        .and_then(|whole| vm.native_binary(BinaryOp::Add, &whole, &parts[2]))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let class = vm.class_of(&args[0]).into_value();
    let mut given = e
        .args
        .as_value()
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    let (filename, filename2) = (
        e.extra[fields::OS_FILENAME].get(),
        e.extra[fields::OS_FILENAME2].get(),
    );
    if given.len() == 2 && !filename.is_undef() {
        given.push(filename);
        if !filename2.is_undef() {
            given.push(Value::NONE);
            given.push(filename2);
        }
    }
    let given = vm.new_tuple(given)?;
    Ok(Tuple::pair(class, given).into_value())
}
