//! `encode` and `decode`: the built-in encodings at once, all others through the module `codecs`.

use crate::builtins::adapt::{given, lift, made, str_arg};
use crate::heap::{Ref, Value};
use crate::object::bytes::Bytes;
use crate::object::codec::{self, Encoding, Handler};
use crate::object::native::R;
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::types::Known;

/// The encoding of a call: that of the name, or UTF-8.
fn encoding_of(vm: &mut Vm, value: &Value, function: &str) -> R<Option<Encoding>> {
    if !given(value) {
        return Ok(Some(Encoding::Utf8));
    }
    let name = str_arg(vm, value, &format!("{function}() argument 'encoding'"))?;
    Ok(Encoding::named(&name.to_string_lossy()))
}

fn handler_of(vm: &mut Vm, value: &Value, function: &str) -> R<Option<Handler>> {
    if !given(value) {
        return Ok(Some(Handler::Strict));
    }
    let name = str_arg(vm, value, &format!("{function}() argument 'errors'"))?;
    Ok(Handler::named(&name.to_string_lossy()))
}

/// `text.encode(encoding, errors)`
pub fn encode_value(vm: &mut Vm, text: &Value, encoding: &Value, errors: &Value) -> R {
    let (known, handler) = (
        encoding_of(vm, encoding, "encode")?,
        handler_of(vm, errors, "encode")?,
    );
    if let (Some(encoding), Some(handler), Some(string)) = (known, handler, text.get::<Str>()) {
        let bytes = codec::encode(string, text, encoding, handler);
        let bytes = lift(vm, bytes)?;
        let object = Bytes::new(&bytes);
        return made(vm, object);
    }
    let result = through_module(vm, "encode", text, encoding, errors)?;
    if result.is_kind::<Bytes>() || result.is_kind::<crate::object::bytes::ByteArray>() {
        return Ok(result);
    }
    let (name, given) = (shown(encoding), vm.type_name(&result));
    Err(vm.type_error(format!("'{name}' encoder returned '{given}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types")))
}

/// `bytes.decode(encoding, errors)`: `object` holds the bytes.
pub fn decode_value(
    vm: &mut Vm,
    object: &Value,
    bytes: &[u8],
    encoding: &Value,
    errors: &Value,
) -> R<Ref<Str>> {
    decode_for(vm, object, bytes, encoding, errors, "decode")
}

fn decode_for(
    vm: &mut Vm,
    object: &Value,
    bytes: &[u8],
    encoding: &Value,
    errors: &Value,
    function: &str,
) -> R<Ref<Str>> {
    let (known, handler) = (
        encoding_of(vm, encoding, function)?,
        handler_of(vm, errors, function)?,
    );
    if let (Some(encoding), Some(handler)) = (known, handler) {
        if handler == Handler::Strict && encoding == Encoding::Utf8 && bytes.is_ascii() {
            let text = Str::from_ascii(bytes);
            return lift(vm, text);
        }
        let text = codec::decode(bytes, object, encoding, handler, true);
        let (text, _) = lift(vm, text)?;
        let text = Str::from_wtf8(&text);
        return lift(vm, text);
    }
    let result = through_module(vm, "decode", object, encoding, errors)?;
    match result.to_ref::<Str>() {
        Some(text) => Ok(text),
        None => {
            let (name, given) = (shown(encoding), vm.type_name(&result));
            Err(vm.type_error(format!("'{name}' decoder returned '{given}' instead of 'str'; use codecs.decode() to decode to arbitrary types")))
        }
    }
}

/// `str(object, encoding, errors)`
pub fn decode_argument(
    vm: &mut Vm,
    object: &Value,
    encoding: &Value,
    errors: &Value,
) -> R<Ref<Str>> {
    encoding_of(vm, encoding, "str")?;
    handler_of(vm, errors, "str")?;
    if object.is_kind::<Str>() {
        return Err(vm.type_error("decoding str is not supported"));
    }
    match super::bytes::buffer_of(vm, object) {
        Some(bytes) => decode_for(vm, object, &bytes, encoding, errors, "str"),
        None => {
            let given = vm.type_name(object);
            Err(vm.type_error(format!(
                "decoding to str: need a bytes-like object, {given} found"
            )))
        }
    }
}

fn shown(encoding: &Value) -> String {
    encoding
        .get::<Str>()
        .map_or_else(|| "utf-8".to_owned(), |s| s.to_string_lossy().into_owned())
}

/// What is not built in: the module `codecs` knows it, or raises LookupError.
fn through_module(
    vm: &mut Vm,
    function: &str,
    object: &Value,
    encoding: &Value,
    errors: &Value,
) -> R {
    let module = match vm.import("codecs") {
        Ok(module) => module,
        Err(raised) if vm.is_raised(&raised, Known::ImportError) => {
            return Err(vm.lookup_error(format!("unknown encoding: {}", shown(encoding))));
        }
        Err(raised) => return Err(raised),
    };
    let encoding = if given(encoding) {
        encoding.clone()
    } else {
        Str::new("utf-8").into_value()
    };
    let errors = if given(errors) {
        errors.clone()
    } else {
        Str::new("strict").into_value()
    };
    vm.call_method(&module, function, &[object.clone(), encoding, errors])
}
