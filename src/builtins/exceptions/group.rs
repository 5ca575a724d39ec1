//! `BaseExceptionGroup` and `ExceptionGroup`.

use super::base::{exception, positional};
use super::{BASE_EXCEPTION_GROUP, EXCEPTION, EXCEPTION_GROUP};
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::exception::Exception;
use crate::object::function::{BoundMethod, Function};
use crate::object::list::List;
use crate::object::native::{Attribute, Def, Native, R};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::error::fields;

pub(super) static METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", init),
    Def::leaf("__str__(self, /)", str),
    Def::leaf("derive(self, excs, /)", derive),
    Def::leaf("split(self, matcher_value, /)", split),
    Def::leaf("subgroup(self, matcher_value, /)", subgroup),
    Def::leaf("__class_getitem__(cls, item, /)", class_getitem).class(),
];

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::get("message", |vm, e| {
        exception(vm, e).map(|e| e.extra[fields::GROUP_MESSAGE].get())
    }),
    Attribute::get("exceptions", |vm, e| {
        exception(vm, e).map(|e| e.extra[fields::GROUP_EXCEPTIONS].get())
    }),
];

pub(super) fn new(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let Some(class) = args.first() else {
        return Err(vm.type_error("BaseExceptionGroup.__new__(): not enough arguments"));
    };
    vm.shape_for_new(class, &BASE_EXCEPTION_GROUP)?;
    // `__init__` refuses keywords.
    let given = positional(args, names);
    let [message, members] = given else {
        let n = given.len();
        return Err(vm.type_error(format!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({n} given)"
        )));
    };
    if !message.is_kind::<Str>() {
        let name = crate::builtins::adapt::shown_type(vm, message);
        return Err(vm.type_error(format!(
            "BaseExceptionGroup.__new__() argument 1 must be str, not {name}"
        )));
    }
    let list = members_of(vm, members)?;
    let class = group_class(vm, class, &list)?;
    let all = vm.new_tuple(given.to_vec())?;
    let e = Exception::alloc(class.root_shape.get(), all);
    e.extra[fields::GROUP_MESSAGE].set(message.clone());
    e.extra[fields::GROUP_EXCEPTIONS].set(vm.new_tuple(list)?);
    Ok(e.into_value())
}

fn members_of(vm: &mut Vm, members: &Value) -> R<Vec<Value>> {
    if !vm.is_sequence(members) {
        return Err(vm.type_error("second argument (exceptions) must be a sequence"));
    }
    let list = vm.collect_hinted(members)?;
    if list.is_empty() {
        return Err(vm.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    for (i, member) in list.iter().enumerate() {
        if !member.is_kind::<Exception>() {
            return Err(vm.value_error(format!(
                "Item {i} of second argument (exceptions) is not an exception"
            )));
        }
    }
    Ok(list)
}

/// A group of Exceptions only is an ExceptionGroup; one that is an Exception may hold nothing else.
fn group_class(vm: &mut Vm, class: &Value, members: &[Value]) -> R<Ref<Class>> {
    let exception = vm.class_of_def(&EXCEPTION);
    let base = vm.class_of_def(&BASE_EXCEPTION_GROUP);
    let group = vm.class_of_def(&EXCEPTION_GROUP);
    let Some(class) = class.to_ref::<Class>() else {
        return Ok(base);
    };
    let plain = members
        .iter()
        .all(|m| vm.class_of(m).is_subclass(&exception));
    if class.is(&base) {
        return Ok(if plain { group } else { base });
    }
    if !plain && class.is_subclass(&exception) {
        return Err(if class.is(&group) {
            vm.type_error("Cannot nest BaseExceptions in an ExceptionGroup")
        } else {
            let text = format!("Cannot nest BaseExceptions in '{}'", class.name_str());
            vm.type_error(text)
        });
    }
    Ok(class)
}

fn init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    super::base::init(vm, args, names)
}

fn members(e: &Exception) -> Vec<Value> {
    let tuple = e.extra[fields::GROUP_EXCEPTIONS].get();
    tuple
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

fn str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let message = e.extra[fields::GROUP_MESSAGE].get();
    let message = vm.str_text(&message)?;
    let n = members(&e).len();
    let s = if n == 1 { "" } else { "s" };
    let text = Str::try_new(&format!("{message} ({n} sub-exception{s})"));
    vm.lift(text).map(Ref::into_value)
}

fn derive(vm: &mut Vm, args: &[Value]) -> R {
    let message = exception(vm, &args[0])?.extra[fields::GROUP_MESSAGE].get();
    let class = vm.class_of_def(&BASE_EXCEPTION_GROUP).into_value();
    new(vm, &[class, message, args[1].clone()], &[])
}

fn class_getitem(_: &mut Vm, args: &[Value]) -> R {
    let key = if args[1].is_kind::<Tuple>() {
        args[1].clone()
    } else {
        Tuple::one(args[1].clone()).into_value()
    };
    Ok(
        crate::object::descriptor::GenericAlias::alloc(args[0].clone(), key, Value::FALSE)
            .into_value(),
    )
}

/// What `split` and `subgroup` go by.
enum Matcher {
    Classes(Value),
    Function(Value),
}

fn matcher(vm: &mut Vm, value: &Value) -> R<Matcher> {
    if value.is_kind::<Function>() || value.is_kind::<BoundMethod>() || value.is_kind::<Native>() {
        return Ok(Matcher::Function(value.clone()));
    }
    let classes = match value.get::<Tuple>() {
        Some(tuple) => tuple.items().to_vec(),
        None => vec![value.clone()],
    };
    if classes.iter().all(|c| vm.is_exception_class(c)) {
        return Ok(Matcher::Classes(value.clone()));
    }
    if !value.is_kind::<Tuple>()
        && !value.is_kind::<Class>()
        && vm
            .special_of(value, crate::vm::special::Special::Call)
            .is_some()
    {
        return Ok(Matcher::Function(value.clone()));
    }
    Err(vm.type_error("expected an exception type, a tuple of exception types, or a callable (other than a class)"))
}

fn matches(vm: &mut Vm, matcher: &Matcher, e: &Value) -> R<bool> {
    match matcher {
        Matcher::Classes(classes) => vm.is_instance(e, classes),
        Matcher::Function(function) => {
            let answer = vm.call(function, std::slice::from_ref(e))?;
            vm.truth(&answer)
        }
    }
}

fn split(vm: &mut Vm, args: &[Value]) -> R {
    let by = matcher(vm, &args[1])?;
    let (matching, rest) = split_by(vm, &args[0], &by, true)?;
    Ok(Tuple::pair(matching, rest).into_value())
}

fn subgroup(vm: &mut Vm, args: &[Value]) -> R {
    let by = matcher(vm, &args[1])?;
    Ok(split_by(vm, &args[0], &by, false)?.0)
}

/// The part of a group that matches, and the rest if it is wanted; None where there is nothing.
fn split_by(vm: &mut Vm, group: &Value, by: &Matcher, want_rest: bool) -> R<(Value, Value)> {
    vm.check_stack()?;
    if matches(vm, by, group)? {
        return Ok((group.clone(), Value::NONE));
    }
    let base = vm.class_of_def(&BASE_EXCEPTION_GROUP);
    let (mut matching, mut rest) = (Vec::new(), Vec::new());
    for member in members(&*exception(vm, group)?) {
        if vm.class_of(&member).is_subclass(&base) {
            let (yes, no) = split_by(vm, &member, by, want_rest)?;
            matching.extend(Some(yes).filter(|v| !v.is_none()));
            rest.extend(Some(no).filter(|v| !v.is_none()));
        } else if matches(vm, by, &member)? {
            matching.push(member);
        } else {
            rest.push(member);
        }
    }
    let matching = part_of(vm, group, matching)?;
    let rest = if want_rest {
        part_of(vm, group, rest)?
    } else {
        Value::NONE
    };
    Ok((matching, rest))
}

/// A group like another one with these members.
fn part_of(vm: &mut Vm, group: &Value, members: Vec<Value>) -> R {
    if members.is_empty() {
        return Ok(Value::NONE);
    }
    let list = List::from_vec(members).into_value();
    let part = vm.call_method(group, "derive", &[list])?;
    let base = vm.class_of_def(&BASE_EXCEPTION_GROUP);
    if !vm.class_of(&part).is_subclass(&base) {
        return Err(vm.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    let (from, to) = (exception(vm, group)?, exception(vm, &part)?);
    to.traceback.set(from.traceback.get());
    to.context.set(from.context.get());
    to.cause.set(from.cause.get());
    // Setting a cause, even None, does that.
    to.suppress_context.set(true);
    if let Some(notes) = vm.get_attr_optional(group, "__notes__")? {
        let copy = vm.collect(&notes)?;
        vm.set_attr(&part, "__notes__", &List::from_vec(copy).into_value())?;
    }
    Ok(part)
}
