//! `UnicodeEncodeError`, `UnicodeDecodeError`, `UnicodeTranslateError`.

use super::base::{self, exception, positional};
use super::fields::{field, number};
use crate::heap::{Ref, Value};
use crate::object::bytes::{ByteArray, Bytes, with_bytes};
use crate::object::exception::Exception;
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

fn expect(vm: &mut Vm, value: &Value, number: usize, what: &str, fits: bool) -> R<()> {
    if fits {
        return Ok(());
    }
    let given = vm.type_name(value);
    Err(vm.type_error(format!("argument {number} must be {what}, not {given}")))
}

fn encode_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let e = init_parts(vm, args, names, 5)?;
    let object = e.extra[fields::UNICODE_OBJECT].get();
    expect(vm, &object, 2, "str", object.is_kind::<Str>())?;
    Ok(Value::NONE)
}

fn decode_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    let e = init_parts(vm, args, names, 5)?;
    let object = e.extra[fields::UNICODE_OBJECT].get();
    let is_bytes = object.is_kind::<Bytes>() || object.is_kind::<ByteArray>();
    if !is_bytes {
        let given = vm.type_name(&object);
        return Err(vm.type_error(format!("a bytes-like object is required, not '{given}'")));
    }
    Ok(Value::NONE)
}

fn translate_init(vm: &mut Vm, args: &[Value], names: &[Value]) -> R {
    init_parts(vm, args, names, 4)?;
    Ok(Value::NONE)
}

fn init_parts(vm: &mut Vm, args: &[Value], names: &[Value], wanted: usize) -> R<Ref<Exception>> {
    base::init(vm, args, names)?;
    let given = positional(args, names);
    if given.len() != wanted {
        let n = given.len();
        return Err(vm.type_error(format!(
            "function takes exactly {wanted} arguments ({n} given)"
        )));
    }
    let e = exception(vm, &args[0])?;
    let first = fields::UNICODE_REASON + 1 - wanted;
    if wanted == 5 {
        expect(vm, &given[0], 1, "str", given[0].is_kind::<Str>())?;
    }
    for (number, value) in given.iter().enumerate() {
        e.extra[first + number].set(value.clone());
    }
    for number in [fields::UNICODE_START, fields::UNICODE_END] {
        let value = e.extra[number].get();
        vm.index_value(&value)?;
    }
    let reason = e.extra[fields::UNICODE_REASON].get();
    expect(vm, &reason, wanted, "str", reason.is_kind::<Str>())?;
    Ok(e)
}

struct Parts {
    encoding: String,
    reason: String,
    start: i64,
    end: i64,
}

fn parts(vm: &mut Vm, e: &Ref<Exception>) -> R<Parts> {
    let text = |vm: &mut Vm, n: usize| {
        let value = e.extra[n].get();
        if value.is_undef() {
            Ok(String::new())
        } else {
            vm.str_text(&value)
        }
    };
    let number = |n: usize| e.extra[n].get().as_small_int().unwrap_or(0);
    Ok(Parts {
        encoding: text(vm, fields::UNICODE_ENCODING)?,
        reason: text(vm, fields::UNICODE_REASON)?,
        start: number(fields::UNICODE_START),
        end: number(fields::UNICODE_END),
    })
}

fn made(vm: &mut Vm, text: &str) -> R {
    let text = Str::try_new(text);
    vm.lift(text).map(Ref::into_value)
}

/// The one character that is the trouble, escaped.
fn culprit(e: &Ref<Exception>, p: &Parts) -> Option<String> {
    if p.end != p.start + 1 {
        return None;
    }
    let object = e.extra[fields::UNICODE_OBJECT].get();
    let point = object
        .get::<Str>()?
        .char_at(usize::try_from(p.start).ok()?)?;
    Some(match point {
        0..0x100 => format!("\\x{point:02x}"),
        0x100..0x1_0000 => format!("\\u{point:04x}"),
        _ => format!("\\U{point:08x}"),
    })
}

fn encode_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    if e.extra[fields::UNICODE_OBJECT].is_undef() {
        return Ok(Str::empty().into_value());
    }
    let p = parts(vm, &e)?;
    let text = match culprit(&e, &p) {
        Some(c) => format!(
            "'{}' codec can't encode character '{c}' in position {}: {}",
            p.encoding, p.start, p.reason
        ),
        None => {
            let last = p.end - 1;
            format!(
                "'{}' codec can't encode characters in position {}-{last}: {}",
                p.encoding, p.start, p.reason
            )
        }
    };
    made(vm, &text)
}

fn decode_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    if e.extra[fields::UNICODE_OBJECT].is_undef() {
        return Ok(Str::empty().into_value());
    }
    let p = parts(vm, &e)?;
    let object = e.extra[fields::UNICODE_OBJECT].get();
    let byte = with_bytes(&object, |b| {
        usize::try_from(p.start)
            .ok()
            .and_then(|i| b.get(i).copied())
    })
    .flatten();
    let text = match byte.filter(|_| p.end == p.start + 1) {
        Some(byte) => format!(
            "'{}' codec can't decode byte 0x{byte:02x} in position {}: {}",
            p.encoding, p.start, p.reason
        ),
        None => {
            let last = p.end - 1;
            format!(
                "'{}' codec can't decode bytes in position {}-{last}: {}",
                p.encoding, p.start, p.reason
            )
        }
    };
    made(vm, &text)
}

fn translate_str(vm: &mut Vm, args: &[Value]) -> R {
    let e = exception(vm, &args[0])?;
    if e.extra[fields::UNICODE_OBJECT].is_undef() {
        return Ok(Str::empty().into_value());
    }
    let p = parts(vm, &e)?;
    let text = match culprit(&e, &p) {
        Some(c) => format!(
            "can't translate character '{c}' in position {}: {}",
            p.start, p.reason
        ),
        None => format!(
            "can't translate characters in position {}-{}: {}",
            p.start,
            p.end - 1,
            p.reason
        ),
    };
    made(vm, &text)
}
