//! `_json`: the loops of `json`, whose classes are in `stdlib/json`.

mod decode;
mod encode;

use crate::builtins::arguments::{int, plain, string};
use crate::builtins::exceptions;
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Def, ModuleDef, R, Raised, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `_json`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_json",
    doc: "json speedups",
    functions: &[
        Def::leaf(
            "_encode(value, default, skipkeys, ensure_ascii, check_circular, allow_nan, sort_keys, indent, \
             item_separator, key_separator, /)",
            encode::encode,
        ),
        Def::leaf(
            "_decode(text, start, skip, object_hook, parse_float, parse_int, parse_constant, strict, \
             object_pairs_hook, /)",
            decode::decode,
        ),
        Def::leaf("scanstring(string, end, strict=True, /)", decode::scan_string)
            .doc("The string that begins behind a quote, and where it ends. What is no JSON is a ValueError; unless it is strict, control characters may stand in it."),
        Def::leaf("encode_basestring(string, /)", |vm, args| encode::quoted(vm, &args[0], false))
            .doc("The JSON of a string."),
        Def::leaf("encode_basestring_ascii(string, /)", |vm, args| encode::quoted(vm, &args[0], true))
            .doc("The JSON of a string, with escapes for all that is not ASCII."),
    ],
    types: TYPES,
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&DECODE_ERROR];

/// `json.JSONDecodeError`
pub static DECODE_ERROR: TypeDef = TypeDef {
    base: Some(&exceptions::VALUE_ERROR),
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "Subclass of ValueError with the following additional properties: msg, doc, pos, lineno, colno.",
    methods: &[
        Def::leaf("__init__(self, msg, doc, pos)", init),
        Def::leaf("__reduce__(self, /)", |vm, args| {
            let class = vm.class_of(&args[0]).into_value();
            let mut fields = Vec::new();
            for name in ["msg", "doc", "pos"] {
                fields.push(vm.get_attr(&args[0], name)?);
            }
            let fields = crate::builtins::arguments::tuple(vm, fields)?;
            Ok(crate::builtins::arguments::pair(class, fields))
        }),
    ],
    ..TypeDef::new("json.decoder", "JSONDecodeError", kind::EXCEPTION)
};

/// Line and column of a place in a text, both from 1.
fn line_and_column(text: &Str, place: usize) -> (usize, usize) {
    let before = &text.bytes()[..text.offset_of(place.min(text.len()))];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let column = match before.iter().rposition(|&b| b == b'\n') {
        Some(at) => crate::object::str::count_points(&before[at + 1..]) + 1,
        None => crate::object::str::count_points(before) + 1,
    };
    (line, column)
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let Some(doc) = args[2].to_ref::<Str>() else {
        return Ok(Value::NONE);
    };
    let place = vm.index(&args[3])?.max(0) as usize;
    let (line, column) = line_and_column(&doc, place);
    let text = format!(
        "{}: line {line} column {column} (char {place})",
        plain(&args[1])
    );
    let arguments = Tuple::one(string(&text)).into_value();
    vm.set_attr(&args[0], "args", &arguments)?;
    for (name, value) in [
        ("msg", args[1].clone()),
        ("doc", args[2].clone()),
        ("pos", args[3].clone()),
        ("lineno", int(line as i64)),
        ("colno", int(column as i64)),
    ] {
        vm.set_attr(&args[0], name, &value)?;
    }
    Ok(Value::NONE)
}

/// A JSONDecodeError.
fn error(vm: &mut Vm, message: &str, text: &Ref<Str>, place: usize) -> Raised {
    let class = vm.class_of_def(&DECODE_ERROR);
    match vm.call(
        class.as_value(),
        &[string(message), text.value(), int(place as i64)],
    ) {
        Ok(exception) => Raised(exception),
        Err(raised) => raised,
    }
}
