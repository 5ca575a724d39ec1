//! `_codecs`: the registry of codecs, and the built-in ones as functions.

mod errors;

use crate::builtins::arguments::buffer;
use crate::builtins::arguments::{bytes as bytes_value, int, pair, plain, string, text, wtf8};
use crate::builtins::codec_registry as registry;
use crate::builtins::codecs::{Errors, decode_bytes, encode_text, warn_escape};
use crate::heap::{Ref, Value};
use crate::object::codec::{self, Encoding, Handler, Order};
use crate::object::native::{Def, ModuleDef, R};
use crate::object::str::Str;
use crate::vm::Vm;

/// `_codecs`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_codecs",
    doc: "The registry of codecs, and the built-in ones.",
    functions: FUNCTIONS,
    types: &[],
    setup: None,
};

/// The two functions of a built-in encoding.
macro_rules! codec {
    ($encode:ident $decode:ident $encoding:expr) => {
        fn $encode(vm: &mut Vm, args: &[Value]) -> R {
            encode_with(vm, $encoding, &args[0], &args[1], stringify!($encode))
        }
        fn $decode(vm: &mut Vm, args: &[Value]) -> R {
            decode_with(
                vm,
                $encoding,
                &args[0],
                &args[1],
                &args[2],
                stringify!($decode),
            )
        }
    };
}

codec!(utf_8_encode utf_8_decode Encoding::Utf8);
codec!(utf_16_encode utf_16_decode Encoding::Utf16(Order::Marked));
codec!(utf_16_le_encode utf_16_le_decode Encoding::Utf16(Order::Little));
codec!(utf_16_be_encode utf_16_be_decode Encoding::Utf16(Order::Big));
codec!(utf_32_encode utf_32_decode Encoding::Utf32(Order::Marked));
codec!(utf_32_le_encode utf_32_le_decode Encoding::Utf32(Order::Little));
codec!(utf_32_be_encode utf_32_be_decode Encoding::Utf32(Order::Big));
codec!(ascii_encode ascii_decode Encoding::Ascii);
codec!(latin_1_encode latin_1_decode Encoding::Latin1);
codec!(unicode_escape_encode unicode_escape_decode Encoding::UnicodeEscape);
codec!(raw_unicode_escape_encode raw_unicode_escape_decode Encoding::RawUnicodeEscape);

const FUNCTIONS: &[Def] = &[
    Def::leaf("register(search_function, /)", register)
        .doc("Adds a function that is asked for unknown encodings."),
    Def::leaf("unregister(search_function, /)", unregister)
        .doc("Takes such a function away, and forgets what was found."),
    Def::leaf("lookup(encoding, /)", lookup)
        .doc("What is known about an encoding, as a CodecInfo."),
    Def::leaf("encode(obj, encoding='utf-8', errors='strict')", encode)
        .doc("What the codec makes of an object."),
    Def::leaf("decode(obj, encoding='utf-8', errors='strict')", decode)
        .doc("What the codec makes of encoded data."),
    Def::leaf("register_error(errors, handler, /)", register_error)
        .doc("Gives a handler of errors its name."),
    Def::leaf("lookup_error(name, /)", lookup_error).doc("lookup_error(errors) -> handler"),
    Def::leaf("_name_of(encoding, /)", name_of),
    Def::leaf("_encode(encoding, text, errors=None, /)", encode_named),
    Def::leaf(
        "_decode(encoding, data, errors=None, final=True, /)",
        decode_named,
    ),
    Def::leaf("utf_8_encode(str, errors=None, /)", utf_8_encode),
    Def::leaf(
        "utf_8_decode(data, errors=None, final=False, /)",
        utf_8_decode,
    ),
    Def::leaf(
        "utf_16_encode(str, errors=None, byteorder=0, /)",
        utf_16_encode,
    ),
    Def::leaf(
        "utf_16_decode(data, errors=None, final=False, /)",
        utf_16_decode,
    ),
    Def::leaf("utf_16_le_encode(str, errors=None, /)", utf_16_le_encode),
    Def::leaf(
        "utf_16_le_decode(data, errors=None, final=False, /)",
        utf_16_le_decode,
    ),
    Def::leaf("utf_16_be_encode(str, errors=None, /)", utf_16_be_encode),
    Def::leaf(
        "utf_16_be_decode(data, errors=None, final=False, /)",
        utf_16_be_decode,
    ),
    Def::leaf(
        "utf_32_encode(str, errors=None, byteorder=0, /)",
        utf_32_encode,
    ),
    Def::leaf(
        "utf_32_decode(data, errors=None, final=False, /)",
        utf_32_decode,
    ),
    Def::leaf("utf_32_le_encode(str, errors=None, /)", utf_32_le_encode),
    Def::leaf(
        "utf_32_le_decode(data, errors=None, final=False, /)",
        utf_32_le_decode,
    ),
    Def::leaf("utf_32_be_encode(str, errors=None, /)", utf_32_be_encode),
    Def::leaf(
        "utf_32_be_decode(data, errors=None, final=False, /)",
        utf_32_be_decode,
    ),
    Def::leaf("ascii_encode(str, errors=None, /)", ascii_encode),
    Def::leaf(
        "ascii_decode(data, errors=None, _final=True, /)",
        ascii_decode,
    ),
    Def::leaf("latin_1_encode(str, errors=None, /)", latin_1_encode),
    Def::leaf(
        "latin_1_decode(data, errors=None, _final=True, /)",
        latin_1_decode,
    ),
    Def::leaf(
        "unicode_escape_encode(str, errors=None, /)",
        unicode_escape_encode,
    ),
    Def::leaf(
        "unicode_escape_decode(data, errors=None, final=True, /)",
        unicode_escape_decode,
    ),
    Def::leaf(
        "raw_unicode_escape_encode(str, errors=None, /)",
        raw_unicode_escape_encode,
    ),
    Def::leaf(
        "raw_unicode_escape_decode(data, errors=None, final=True, /)",
        raw_unicode_escape_decode,
    ),
    Def::leaf("escape_encode(data, errors=None, /)", escape_encode),
    Def::leaf("escape_decode(data, errors=None, /)", escape_decode),
    Def::leaf("readbuffer_encode(data, errors=None, /)", readbuffer_encode),
];

fn register(vm: &mut Vm, args: &[Value]) -> R {
    registry::register(vm, &args[0])?;
    Ok(Value::NONE)
}

fn unregister(vm: &mut Vm, args: &[Value]) -> R {
    registry::unregister(vm, &args[0])?;
    Ok(Value::NONE)
}

fn lookup(vm: &mut Vm, args: &[Value]) -> R {
    let name = text(vm, &args[0], "lookup() argument")?;
    registry::lookup(vm, &name).map(Ref::into_value)
}

/// `encode` and `decode`: any kind of object, through the registry.
fn through(vm: &mut Vm, args: &[Value], which: usize) -> R {
    let function = ["encode", "decode"][which];
    let name = text(vm, &args[1], &format!("{function}() argument 'encoding'"))?;
    text(vm, &args[2], &format!("{function}() argument 'errors'"))?;
    let info = registry::lookup(vm, &name)?;
    registry::run(vm, &info, which, &args[0], &name, Some(&args[2]))
}

fn encode(vm: &mut Vm, args: &[Value]) -> R {
    through(vm, args, 0)
}

fn decode(vm: &mut Vm, args: &[Value]) -> R {
    through(vm, args, 1)
}

fn register_error(vm: &mut Vm, args: &[Value]) -> R {
    let name = text(vm, &args[0], "register_error() argument 1")?;
    registry::register_error(vm, &name, &args[1])?;
    Ok(Value::NONE)
}

fn lookup_error(vm: &mut Vm, args: &[Value]) -> R {
    let name = text(vm, &args[0], "lookup_error() argument")?;
    if let Some(handler) = registry::registered_error(vm, &name) {
        return Ok(handler);
    }
    match errors::built_in(vm, &name)? {
        Some(handler) => Ok(handler),
        None => registry::error_handler(vm, &name),
    }
}

/// The name of a built-in codec, or None.
fn name_of(vm: &mut Vm, args: &[Value]) -> R {
    let name = text(vm, &args[0], "_name_of() argument")?;
    Ok(match Encoding::named(&name) {
        Some(encoding) => string(&encoding.codec_name()),
        None => Value::NONE,
    })
}

fn encode_named(vm: &mut Vm, args: &[Value]) -> R {
    match Encoding::named(&plain(&args[0])) {
        Some(encoding) => encode_with(vm, encoding, &args[1], &args[2], "encode"),
        None => Err(vm.lookup_error(format!("unknown encoding: {}", plain(&args[0])))),
    }
}

fn decode_named(vm: &mut Vm, args: &[Value]) -> R {
    match Encoding::named(&plain(&args[0])) {
        Some(encoding) => decode_with(vm, encoding, &args[1], &args[2], &args[3], "decode"),
        None => Err(vm.lookup_error(format!("unknown encoding: {}", plain(&args[0])))),
    }
}

fn errors_of(vm: &mut Vm, value: &Value, function: &str) -> R<Errors> {
    if value.is_none() {
        return Ok(Errors::Known(Handler::Strict));
    }
    match value.get::<Str>() {
        Some(name) => Ok(Errors::named(&name.to_text())),
        None => {
            let given = vm.type_name(value);
            Err(vm.type_error(format!(
                "{function}() argument 2 must be str or None, not {given}"
            )))
        }
    }
}

fn encode_with(
    vm: &mut Vm,
    encoding: Encoding,
    value: &Value,
    errors: &Value,
    function: &str,
) -> R {
    let length = match value.get::<Str>() {
        Some(text) => text.len(),
        None => {
            text(vm, value, &format!("{function}() argument 1"))?;
            0
        }
    };
    let errors = errors_of(vm, errors, function)?;
    let encoded = encode_text(vm, value, encoding, &errors)?;
    Ok(pair(bytes_value(vm, &encoded)?, int(length as i64)))
}

fn decode_with(
    vm: &mut Vm,
    encoding: Encoding,
    data: &Value,
    errors: &Value,
    last: &Value,
    function: &str,
) -> R {
    let escapes = matches!(
        encoding,
        Encoding::UnicodeEscape | Encoding::RawUnicodeEscape
    );
    // The escapes may be text.
    let bytes = match data.get::<Str>() {
        Some(text) if escapes => text.bytes().to_vec(),
        _ => buffer(vm, data)?,
    };
    let errors = errors_of(vm, errors, function)?;
    let last = vm.truth(last)?;
    // Errors show the bytes themselves.
    let object = if data.is_kind::<crate::object::bytes::Bytes>() {
        data.clone()
    } else {
        bytes_value(vm, &bytes)?
    };
    let (decoded, used) = decode_bytes(vm, &object, &bytes, encoding, &errors, last)?;
    Ok(pair(wtf8(vm, &decoded)?, int(used as i64)))
}

fn escape_encode(vm: &mut Vm, args: &[Value]) -> R {
    if !args[0].is_kind::<crate::object::bytes::Bytes>() {
        let given = vm.type_name(&args[0]);
        return Err(vm.type_error(format!(
            "escape_encode() argument 1 must be bytes, not {given}"
        )));
    }
    let bytes = buffer(vm, &args[0])?;
    let escaped = codec::bytes_escaped(&bytes);
    let escaped = vm.lift(escaped)?;
    Ok(pair(bytes_value(vm, &escaped)?, int(bytes.len() as i64)))
}

fn escape_decode(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = match args[0].get::<Str>() {
        Some(text) => text.bytes().to_vec(),
        None => buffer(vm, &args[0])?,
    };
    let errors = plain(&args[1]);
    let instead: Option<&[u8]> = match errors.as_str() {
        "replace" => Some(b"?"),
        "ignore" => Some(b""),
        _ => None,
    };
    let plain_errors = matches!(errors.as_str(), "" | "strict");
    let decoded = codec::bytes_unescaped(&bytes, instead);
    match vm.lift(decoded)? {
        Ok((plain, doubtful)) => {
            if let Some(escape) = doubtful {
                warn_escape(vm, escape)?;
            }
            Ok(pair(bytes_value(vm, &plain)?, int(bytes.len() as i64)))
        }
        Err(None) => Err(vm.value_error("Trailing \\ in string")),
        Err(Some(at)) if plain_errors => {
            Err(vm.value_error(format!("invalid \\x escape at position {at}")))
        }
        Err(Some(_)) => Err(vm.value_error(format!(
            "decoding error; unknown error handling code: {errors}"
        ))),
    }
}

fn readbuffer_encode(vm: &mut Vm, args: &[Value]) -> R {
    let bytes = match args[0].get::<Str>() {
        Some(text) => text.bytes().to_vec(),
        None => buffer(vm, &args[0])?,
    };
    Ok(pair(bytes_value(vm, &bytes)?, int(bytes.len() as i64)))
}
