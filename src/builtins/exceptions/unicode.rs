//! `UnicodeEncodeError`, `UnicodeDecodeError`, `UnicodeTranslateError`.

use super::base::{self, Message, exception, positional};
use super::fields::{field, number};
use crate::builtins::adapt::{shown_type, word};
use crate::builtins::bytes::buffer_of;
use crate::heap::{Ref, Value};
use crate::object::bytes::{Bytes, with_bytes};
use crate::object::exception::Exception;
use crate::object::int::{self, IntView};
use crate::object::native::{Attribute, Def, R};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::error::fields;

pub(super) static ENCODE_METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", encode_init),
    Def::leaf("__str__(self, /)", encode_str),
];
pub(super) static DECODE_METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", decode_init),
    Def::leaf("__str__(self, /)", decode_str),
];
pub(super) static TRANSLATE_METHODS: &[Def] = &[
    Def::raw("__init__(self, /, *args, **kwargs)", translate_init),
    Def::leaf("__str__(self, /)", translate_str),
];

pub(super) static ATTRIBUTES: &[Attribute] = &[
    field::<{ fields::UNICODE_ENCODING }>("encoding"),
    field::<{ fields::UNICODE_OBJECT }>("object"),
    number::<{ fields::UNICODE_START }>("start"),
    number::<{ fields::UNICODE_END }>("end"),
    field::<{ fields::UNICODE_REASON }>("reason"),
];
pub(super) static TRANSLATE_ATTRIBUTES: &[Attribute] = &[
    field::<{ fields::UNICODE_ENCODING }>("encoding"),
    field::<{ fields::UNICODE_OBJECT }>("object"),
    number::<{ fields::UNICODE_START }>("start"),
    number::<{ fields::UNICODE_END }>("end"),
    field::<{ fields::UNICODE_REASON }>("reason"),
];

fn expect(vm: &mut Vm, value: &Value, number: usize) -> R<()> {
    if value.is_kind::<Str>() {
        return Ok(());
    }
    let given = shown_type(vm, value);
    Err(vm.type_error(format!("argument {number} must be str, not {given}")))
}

fn encode_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    init(vm, args, names, 5, Object::Text(2))
}

fn decode_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    init(vm, args, names, 5, Object::Data)
}

fn translate_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    init(vm, args, names, 4, Object::Text(1))
}

/// What `object` has to be.
enum Object {
    /// A str, which is the argument of this number.
    Text(usize),
    /// Anything that holds bytes.
    Data,
}

/// Whatever holds bytes is kept as bytes.
fn as_bytes(vm: &mut Vm, object: &Value) -> R {
    if object.is_kind::<Bytes>() {
        return Ok(object.clone());
    }
    let Some(data) = buffer_of(vm, object) else {
        let given = vm.type_name(object);
        let text = format!("a bytes-like object is required, not '{given}'");
        return Err(vm.type_error(text));
    };
    let data = Bytes::new(&data);
    vm.lift(data).map(Ref::into_value)
}

/// The parts, of which the encoding may be missing. What was wrong leaves the exception without them.
fn init(vm: &mut Vm, args: &[Value], names: &[Value], wanted: usize, object: Object) -> R {
    base::init(vm, args, names)?;
    let e = exception(vm, &args[0])?;
    let words = [
        fields::UNICODE_ENCODING,
        fields::UNICODE_OBJECT,
        fields::UNICODE_REASON,
    ];
    // That of a translation is nobody's, and stays.
    let kept = if wanted == 4 { 1 } else { 0 };
    for &number in &words[kept..] {
        e.extra[number].set(Value::UNDEF);
    }
    let given = positional(args, names);
    if given.len() != wanted {
        let n = given.len();
        let text = format!("function takes exactly {wanted} arguments ({n} given)");
        return Err(vm.type_error(text));
    }
    let rest = &given[wanted - 4..];
    if wanted == 5 {
        expect(vm, &given[0], 1)?;
    }
    if let Object::Text(number) = object {
        expect(vm, &rest[0], number)?;
    }
    for (number, value) in [
        (fields::UNICODE_START, &rest[1]),
        (fields::UNICODE_END, &rest[2]),
    ] {
        let at = word(vm, value)?;
        e.extra[number].set(int::from_i64(at));
    }
    expect(vm, &rest[3], wanted)?;
    let object = match object {
        Object::Text(_) => rest[0].clone(),
        Object::Data => as_bytes(vm, &rest[0])?,
    };
    if wanted == 5 {
        e.extra[fields::UNICODE_ENCODING].set(given[0].clone());
    }
    e.extra[fields::UNICODE_OBJECT].set(object);
    e.extra[fields::UNICODE_REASON].set(rest[3].clone());
    Ok(Value::NONE)
}

fn text(vm: &mut Vm, out: &mut Message, e: &Exception, number: usize) -> R<()> {
    let value = e.extra[number].get();
    match value.is_undef() {
        true => {
            out.say("<NULL>");
            Ok(())
        }
        false => out.value(vm, &value),
    }
}

fn place(e: &Exception) -> (i64, i64) {
    let number = |n: usize| {
        let value = e.extra[n].get();
        IntView::of(&value).and_then(IntView::as_i64).unwrap_or(0)
    };
    (number(fields::UNICODE_START), number(fields::UNICODE_END))
}

/// The one character that is the trouble, escaped.
fn culprit(e: &Exception) -> Option<String> {
    let (start, end) = place(e);
    if start.checked_add(1) != Some(end) {
        return None;
    }
    let object = e.extra[fields::UNICODE_OBJECT].get();
    let point = object.get::<Str>()?.char_at(usize::try_from(start).ok()?)?;
    Some(match point {
        0..0x100 => format!("\\x{point:02x}"),
        0x100..0x1_0000 => format!("\\u{point:04x}"),
        _ => format!("\\U{point:08x}"),
    })
}

/// The one byte that is the trouble.
fn culprit_byte(e: &Exception) -> Option<String> {
    let (start, end) = place(e);
    if start.checked_add(1) != Some(end) {
        return None;
    }
    let start = usize::try_from(start).ok()?;
    let object = e.extra[fields::UNICODE_OBJECT].get();
    let byte = with_bytes(&object, |b| b.get(start).copied()).flatten()?;
    Some(format!("0x{byte:02x}"))
}

/// What cannot be done with which part of the object, and why.
fn described(
    vm: &mut Vm,
    e: &Exception,
    verb: &str,
    one: Option<String>,
    several: &str,
    with_codec: bool,
) -> R {
    if e.extra[fields::UNICODE_OBJECT].is_undef() {
        return Ok(Str::empty().into_value());
    }
    let mut out = Message::default();
    if with_codec {
        out.say("'");
        text(vm, &mut out, e, fields::UNICODE_ENCODING)?;
        out.say("' codec ");
    }
    let (start, end) = place(e);
    out.say(&match one {
        Some(one) => format!("can't {verb} {one} in position {start}: "),
        None => format!(
            "can't {verb} {several} in position {start}-{}: ",
            end.wrapping_sub(1)
        ),
    });
    text(vm, &mut out, e, fields::UNICODE_REASON)?;
    out.done(vm)
}

fn encode_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let one = culprit(&e).map(|c| format!("character '{c}'"));
    described(vm, &e, "encode", one, "characters", true)
}

fn decode_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let one = culprit_byte(&e).map(|b| format!("byte {b}"));
    described(vm, &e, "decode", one, "bytes", true)
}

fn translate_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    let one = culprit(&e).map(|c| format!("character '{c}'"));
    described(vm, &e, "translate", one, "characters", false)
}
