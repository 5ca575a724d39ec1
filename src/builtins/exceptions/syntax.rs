//! `SyntaxError`.

use super::base::{self, Message, exception, positional};
use super::fields::field;
use crate::heap::Value;
use crate::object::int::IntView;
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
    field::<{ fields::SYNTAX_PRINT_PLACE }>("print_file_and_line"),
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
    let count = place.len();
    e.extra[fields::SYNTAX_END_LINE].set(Value::UNDEF);
    e.extra[fields::SYNTAX_END_OFFSET].set(Value::UNDEF);
    if count < 4 {
        let text = format!("function takes at least 4 arguments ({count} given)");
        return Err(vm.type_error(text));
    }
    if count > 6 {
        let text = format!("function takes at most 6 arguments ({count} given)");
        return Err(vm.type_error(text));
    }
    for (number, value) in place.into_iter().enumerate() {
        e.extra[fields::SYNTAX_FILENAME + number].set(value);
    }
    if count == 5 {
        return Err(vm.type_error("end_offset must be provided when end_lineno is provided"));
    }
    Ok(Value::NONE)
}

fn str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let message = e.extra[fields::SYNTAX_MSG].get();
    let mut out = Message::default();
    match message.is_undef() {
        true => out.say("None"),
        false => out.value(vm, &message)?,
    }
    let file = e.extra[fields::SYNTAX_FILENAME].get();
    let file = file.to_ref::<Str>();
    let file = file.as_ref().map(|f| f.bytes());
    let file = file.map(|f| f.rsplit(|&b| b == b'/').next().unwrap_or(f));
    let line = line_number(e.extra[fields::SYNTAX_LINE].as_value());
    if let Some(file) = file {
        out.say(" (");
        out.bytes(file);
    }
    if let Some(line) = line {
        out.say(if file.is_some() { ", " } else { " (" });
        out.say(&format!("line {line}"));
    }
    if file.is_some() || line.is_some() {
        out.say(")");
    }
    out.done(vm)
}

/// A line as a machine word; -1 for what is larger.
fn line_number(value: &Value) -> Option<i64> {
    let exact = value.is_small_int() || value.is_exact::<crate::object::int::Int>();
    let view = IntView::of(value).filter(|_| exact)?;
    Some(view.as_i64().unwrap_or(-1))
}
