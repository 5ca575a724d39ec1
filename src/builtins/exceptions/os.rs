//! `OSError`: the number decides the subclass.

use super::OS_ERROR;
use super::base::{self, Message, exception, positional, reduced, set_arguments};
use super::fields::{field, read, write};
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::exception::Exception;
use crate::object::int::{self, IntView};
use crate::object::native::{Attribute, Def, R};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::error::{fields, os_error_class};
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
    Attribute::get_set("characters_written", get_written, set_written),
];

fn get_written(vm: &mut Vm, e: &Value) -> R {
    let written = read::<{ fields::OS_WRITTEN }>(vm, e)?;
    if written.is_none() {
        Err(vm.attribute_error_plain("characters_written"))
    } else {
        Ok(written)
    }
}

fn set_written(vm: &mut Vm, e: &Value, value: &Value) -> R<()> {
    if value.is_undef() {
        get_written(vm, e)?;
        return write::<{ fields::OS_WRITTEN }>(vm, e, value);
    }
    let count = written_count(vm, value)?;
    write::<{ fields::OS_WRITTEN }>(vm, e, &count)
}

/// A count of characters; -1 says that there is none.
fn written_count(vm: &mut Vm, value: &Value) -> R {
    let index = vm.index_value(value)?;
    match IntView::of(&index).and_then(IntView::as_i64) {
        Some(-1) => Ok(Value::UNDEF),
        Some(count) => Ok(int::from_i64(count)),
        None => Err(vm.value_error("cannot fit 'int' into an index-sized integer")),
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
        && let Some(errno) = IntView::of(&given[0]).and_then(IntView::as_i64)
        && let Some(known) = i32::try_from(errno).ok().and_then(os_error_class)
    {
        shape = vm.known_class(known).root_shape.get();
    }
    // A subclass with an `__init__` of its own decides there what the arguments are.
    let later = class
        .to_ref::<Class>()
        .is_some_and(|c| overrides_init(vm, &c));
    if !later && !names.is_empty() {
        let name = class
            .to_ref::<Class>()
            .map_or_else(String::new, |c| vm.class_name(&c));
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    let all = Tuple::new(if later { &[] } else { given });
    let e = Exception::alloc(shape, vm.lift(all)?.into_value());
    if !later {
        read_arguments(vm, &e, given)?;
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
    // `__new__` has read the arguments, unless a subclass decides what they are.
    let class = vm.class_of(first);
    if !overrides_init(vm, &class) {
        return Ok(Value::NONE);
    }
    if !names.is_empty() {
        let name = vm.type_name(first);
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    let given = positional(args, names);
    let e = set_arguments(vm, first, given)?;
    read_arguments(vm, &e, given)?;
    Ok(Value::NONE)
}

/// errno, strerror, filename, (winerror,) filename2; `args` keeps the first two.
fn read_arguments(vm: &mut Vm, e: &Ref<Exception>, given: &[Value]) -> R<()> {
    if !(2..=5).contains(&given.len()) {
        return Ok(());
    }
    e.extra[fields::OS_ERRNO].set(given[0].clone());
    e.extra[fields::OS_STRERROR].set(given[1].clone());
    let Some(filename) = given.get(2).filter(|f| !f.is_none()) else {
        return Ok(());
    };
    let blocking = vm.known_class(crate::vm::types::Known::BlockingIoError);
    if vm.class_of(e.as_value()).is_subclass(&blocking) && vm.has_index(filename) {
        let count = written_count(vm, filename)?;
        e.extra[fields::OS_WRITTEN].set(count);
        return Ok(());
    }
    e.extra[fields::OS_FILENAME].set(filename.clone());
    if let Some(second) = given.get(4) {
        e.extra[fields::OS_FILENAME2].set(second.clone());
    }
    e.args
        .set(Tuple::pair(given[0].clone(), given[1].clone()).into_value());
    Ok(())
}

fn str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let (errno, text, filename, filename2) = (
        e.extra[fields::OS_ERRNO].get(),
        e.extra[fields::OS_STRERROR].get(),
        e.extra[fields::OS_FILENAME].get(),
        e.extra[fields::OS_FILENAME2].get(),
    );
    if filename.is_undef() && (errno.is_undef() || text.is_undef()) {
        return base::str(vm, args);
    }
    let or_none = |v: Value| if v.is_undef() { Value::NONE } else { v };
    let mut out = Message::default();
    out.say("[Errno ");
    out.value(vm, &or_none(errno))?;
    out.say("] ");
    out.value(vm, &or_none(text))?;
    if !filename.is_undef() {
        out.say(": ");
        out.repr(vm, &filename)?;
        if !filename2.is_undef() {
            out.say(" -> ");
            out.repr(vm, &filename2)?;
        }
    }
    out.done(vm)
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
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
    Ok(reduced(
        vm,
        &e,
        given,
        crate::vm::attr::dict_so_far(e.as_value()),
    ))
}
