//! `SyntaxError`.

use super::base::{self, exception, positional};
use super::fields::field;
use crate::heap::{Ref, Value};
use crate::object::native::{Attribute, Def, R};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::error::fields;

pub(super) static METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", init),
    Def::leaf("__str__(self, /)", str),
];

pub(super) static ATTRIBUTES: &[Attribute] = &[
    field::<{ fields::SYNTAX_MSG }>("msg"),
    field::<{ fields::SYNTAX_FILENAME }>("filename"),
    field::<{ fields::SYNTAX_LINE }>("lineno"),
    field::<{ fields::SYNTAX_OFFSET }>("offset"),
    field::<{ fields::SYNTAX_TEXT }>("text"),
    field::<{ fields::SYNTAX_END_LINE }>("end_lineno"),
    field::<{ fields::SYNTAX_END_OFFSET }>("end_offset"),
    Attribute::get("print_file_and_line", |_, _| Ok(Value::NONE)),
];

/// The message, and a tuple of file name, line, offset, text and maybe the end.
fn init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    base::init(vm, args, names)?;
    let given = positional(args, names);
    let e = exception(vm, &args[0])?;
    if let Some(message) = given.first() {
        e.extra[fields::SYNTAX_MSG].set(message.clone());
    }
    let [_, place] = given else {
        return Ok(Value::NONE);
    };
    let place = vm.collect(place)?;
    match place.len() {
        4 | 6 => {}
        5 => return Err(vm.type_error("end_offset must be provided when end_lineno is provided")),
        n if n < 4 => {
            return Err(vm.type_error(format!("function takes at least 4 arguments ({n} given)")));
        }
        n => return Err(vm.type_error(format!("function takes at most 7 arguments ({n} given)"))),
    }
    for (number, value) in place.into_iter().enumerate() {
        e.extra[fields::SYNTAX_FILENAME + number].set(value);
    }
    Ok(Value::NONE)
}

fn str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let message = e.extra[fields::SYNTAX_MSG].get();
    let mut out = if message.is_undef() {
        "None".to_string()
    } else {
        vm.str_text(&message)?
    };
    let file = e.extra[fields::SYNTAX_FILENAME].get();
    let file = file.get::<Str>().map(|f| f.to_string_lossy().into_owned());
    let file = file.as_deref().map(|f| f.rsplit('/').next().unwrap_or(f));
    let line = e.extra[fields::SYNTAX_LINE].get().as_small_int();
    match (file, line) {
        (Some(file), Some(line)) => out.push_str(&format!(" ({file}, line {line})")),
        (Some(file), None) => out.push_str(&format!(" ({file})")),
        (None, Some(line)) => out.push_str(&format!(" (line {line})")),
        (None, None) => {}
    }
    let out = Str::try_new(&out);
    vm.lift(out).map(Ref::into_value)
}
