//! `encode` and `decode`: the built-in encodings at once, all others through the registry of codecs.

use super::codec_registry as registry;
use crate::builtins::adapt::{given, lift, made, str_arg, word};
use crate::heap::{Buffer, Ref, Value};
use crate::object::bytes::{ByteArray, Bytes, with_bytes};
use crate::object::codec::{self, Bad, Decoder, Encoding, Handler};
use crate::object::exception::Exception;
use crate::object::int::IntView;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::error::fields;
use crate::vm::types::Known;

/// What is to be done with what cannot be encoded or decoded.
pub enum Errors {
    /// What a built-in handler does.
    Known(Handler),
    /// What the handler does that a script registered.
    Named(String),
}

impl Errors {
    /// The handler of a name.
    pub fn named(name: &str) -> Errors {
        Handler::named(name).map_or_else(|| Errors::Named(name.to_owned()), Errors::Known)
    }
}

/// The encoding of a call: that of the name, or UTF-8.
fn encoding_of(vm: &mut Vm, value: &Value, function: &str) -> R<Option<Encoding>> {
    if !given(value) {
        return Ok(Some(Encoding::Utf8));
    }
    check_name(vm, value, function, "encoding")?;
    let name = str_arg(vm, value, "encoding")?;
    Ok(Encoding::named(&name.to_text()))
}

/// The name of an encoding or an error handler: a str that UTF-8 can write, without null characters.
pub fn check_name(vm: &mut Vm, value: &Value, function: &str, what: &str) -> R<()> {
    if !given(value) {
        return Ok(());
    }
    let Some(name) = value.get::<Str>() else {
        // `str` shows the module of a class, too.
        let given = match function {
            "str" => {
                let class = vm.class_of(value);
                let name = vm.qualified_name_of(&class);
                name.strip_prefix("__main__.")
                    .map_or(name.clone(), str::to_owned)
            }
            _ => super::adapt::shown_type(vm, value),
        };
        let text = format!("{function}() argument '{what}' must be str, not {given}");
        return Err(vm.type_error(text));
    };
    if name.has_surrogates() {
        encode_text(vm, value, Encoding::Utf8, &Errors::Known(Handler::Strict))?;
    }
    match memchr::memchr(0, name.bytes()).is_some() {
        true => Err(vm.value_error("embedded null character")),
        false => Ok(()),
    }
}

fn errors_of(vm: &mut Vm, value: &Value, function: &str) -> R<Errors> {
    if !given(value) {
        return Ok(Errors::Known(Handler::Strict));
    }
    check_name(vm, value, function, "errors")?;
    let name = str_arg(vm, value, "errors")?;
    Ok(Errors::named(&name.to_text()))
}

/// `text.encode(encoding, errors)`
pub fn encode_value(vm: &mut Vm, text: &Value, encoding: &Value, errors: &Value) -> R {
    let (known, handler) = (
        encoding_of(vm, encoding, "encode")?,
        errors_of(vm, errors, "encode")?,
    );
    let named = encoding;
    if let Some(encoding) = known {
        let bytes = match encode_text(vm, text, encoding, &handler) {
            Ok(bytes) => bytes,
            Err(raised) => return Err(registry::noted(vm, raised, "encoding", &shown(named))),
        };
        let object = Bytes::new(&bytes);
        return made(vm, object);
    }
    let result = through_registry(vm, 0, text, encoding, errors)?;
    if result.is_kind::<Bytes>() || result.is_kind::<ByteArray>() {
        return Ok(result);
    }
    let (name, given) = (shown(encoding), vm.type_name(&result));
    Err(vm.type_error(format!("'{name}' encoder returned '{given}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types")))
}

/// The bytes of a str.
pub fn encode_text(
    vm: &mut Vm,
    text: &Value,
    encoding: Encoding,
    errors: &Errors,
) -> R<Buffer<u8>> {
    let Some(string) = text.get::<Str>() else {
        return Ok(Buffer::new());
    };
    let name = match errors {
        Errors::Known(handler) => {
            let bytes = codec::encode(string, text, encoding, *handler);
            return lift(vm, bytes);
        }
        Errors::Named(name) => name,
    };
    let started = codec::encode_start(encoding);
    let mut out = lift(vm, started)?;
    let (mut at, mut handler) = (0, Value::UNDEF);
    loop {
        let found = codec::encode_run(&mut out, string, at, encoding);
        let Some(bad) = lift(vm, found)? else {
            return Ok(out);
        };
        if handler.is_undef() {
            handler = registry::error_handler(vm, name)?;
        }
        let error = vm.fault(codec::encode_bad(text, &bad, encoding)).0;
        let (instead, next) = handled(vm, &handler, error, string.len(), "encoding")?;
        at = next;
        if let Some(instead) = instead.get::<Str>() {
            let pushed = codec::push_replacement(&mut out, instead, encoding);
            if !lift(vm, pushed)? {
                return Err(vm.fault(codec::encode_bad(text, &bad, encoding)));
            }
            continue;
        }
        let copied = with_bytes(&instead, |bytes| {
            let unit = match encoding {
                Encoding::Utf16(_) => 2,
                Encoding::Utf32(_) => 4,
                _ => 1,
            };
            let fits = bytes.len().is_multiple_of(unit);
            fits.then(|| out.extend_from_slice(bytes))
        });
        match copied.flatten() {
            Some(copied) => lift(vm, copied)?,
            None => return Err(vm.fault(codec::encode_bad(text, &bad, encoding))),
        }
    }
}

/// Calls a script's error handler: what to put in, and where to go on.
fn handled(
    vm: &mut Vm,
    handler: &Value,
    error: Value,
    length: usize,
    doing: &str,
) -> R<(Value, usize)> {
    let answer = vm.call(handler, std::slice::from_ref(&error))?;
    let encode = doing == "encoding";
    let fits = |value: &Value| value.is_kind::<Str>() || (encode && value.is_kind::<Bytes>());
    let is_int = |value: &Value| IntView::of(value).is_some();
    let pair = answer.get::<Tuple>().filter(|t| t.len() == 2);
    let parts = pair.and_then(|t| Some((t.get(0)?, t.get(1)?)));
    let Some((instead, next)) = parts.filter(|(text, next)| fits(text) && is_int(next)) else {
        let wanted = if encode { "str/bytes" } else { "str" };
        return Err(vm.type_error(format!(
            "{doing} error handler must return ({wanted}, int) tuple"
        )));
    };
    let mut length = length;
    if !encode && let Some(e) = error.get::<Exception>() {
        // The handler may have put other bytes into the exception.
        let object = e.extra[fields::UNICODE_OBJECT].get();
        length = with_bytes(&object, <[u8]>::len).unwrap_or(length);
    }
    let position = word(vm, &next)?;
    let from_start = if position < 0 {
        position + length as i64
    } else {
        position
    };
    match usize::try_from(from_start) {
        Ok(next) if next <= length => Ok((instead, next)),
        _ => Err(vm.index_error(format!(
            "position {from_start} from error handler out of bounds"
        ))),
    }
}

/// Bytes to text; if not `last`, an unfinished sequence at the end is left. How many bytes were used.
pub fn decode_bytes(
    vm: &mut Vm,
    object: &Value,
    bytes: &[u8],
    encoding: Encoding,
    errors: &Errors,
    last: bool,
) -> R<(Buffer<u8>, usize)> {
    // What a handler puts into the exception is decoded in place of the bytes.
    let mut bytes = std::borrow::Cow::Borrowed(bytes);
    let (mut out, mut doubtful, mut at) = (Buffer::new(), None, None);
    let mut handler = Value::UNDEF;
    loop {
        let mut decoder = Decoder::new(&bytes, encoding, last);
        decoder.out = out;
        decoder.doubtful = doubtful;
        decoder.at = at.unwrap_or(decoder.at);
        let found = run_decoder(vm, &mut decoder, object, errors)?;
        let Some((bad, name)) = found else {
            if let Some(escape) = decoder.doubtful {
                warn_escape(vm, escape)?;
            }
            return Ok((decoder.out, decoder.at));
        };
        if handler.is_undef() {
            handler = registry::error_handler(vm, name)?;
        }
        let error = vm.fault(decoder.error(object, &bad)).0;
        (out, doubtful) = (decoder.out, decoder.doubtful);
        let (instead, next) = handled(vm, &handler, error.clone(), bytes.len(), "decoding")?;
        if let Some(instead) = instead.get::<Str>() {
            let copied = out.extend_from_slice(instead.bytes());
            lift(vm, copied)?;
        }
        at = Some(next);
        if let Some(e) = error.get::<Exception>() {
            let other = e.extra[fields::UNICODE_OBJECT].get();
            if !other.is(object)
                && let Some(other) = with_bytes(&other, <[u8]>::to_vec)
            {
                bytes = std::borrow::Cow::Owned(other);
            }
        }
    }
}

/// Decodes until a script's handler, whose name is returned, has to say what is to be done.
fn run_decoder<'a>(
    vm: &mut Vm,
    decoder: &mut Decoder<'_>,
    object: &Value,
    errors: &'a Errors,
) -> R<Option<(Bad, &'a str)>> {
    vm.tick_bytes(decoder.bytes.len().saturating_mul(4))?;
    loop {
        vm.tick(2)?;
        let found = decoder.run();
        let Some(bad) = lift(vm, found)? else {
            return Ok(None);
        };
        match errors {
            Errors::Named(name) => return Ok(Some((bad, name))),
            Errors::Known(handler) if decoder.awaits_more(&bad, *handler) => return Ok(None),
            Errors::Known(handler) => {
                let done = decoder.handle(&bad, object, *handler);
                lift(vm, done)?;
            }
        }
    }
}

/// Warns of a backslash that means nothing.
pub fn warn_escape(vm: &mut Vm, escape: [u8; 3]) -> R<()> {
    let text = match escape {
        [letter, 0, _] => format!("invalid escape sequence '\\{}'", letter as char),
        digits => format!(
            "invalid octal escape sequence '\\{}'",
            String::from_utf8_lossy(&digits)
        ),
    };
    vm.warn(Known::DeprecationWarning, &text)
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
        errors_of(vm, errors, function)?,
    );
    // Of nothing there is nothing to decode, whatever the encoding is.
    if bytes.is_empty() {
        return Ok(Str::empty());
    }
    let named = encoding;
    if let Some(encoding) = known {
        let keeps_ascii = matches!(
            encoding,
            Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1
        );
        if keeps_ascii && bytes.is_ascii() {
            let text = Str::from_ascii(bytes);
            return lift(vm, text);
        }
        let (text, _) = match decode_bytes(vm, object, bytes, encoding, &handler, true) {
            Ok(decoded) => decoded,
            Err(raised) => return Err(registry::noted(vm, raised, "decoding", &shown(named))),
        };
        let text = Str::from_wtf8(&text);
        return lift(vm, text);
    }
    let result = through_registry(vm, 1, object, encoding, errors)?;
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
    errors_of(vm, errors, "str")?;
    if object.is_kind::<Str>() {
        return Err(vm.type_error("decoding str is not supported"));
    }
    match super::bytes::buffer_of(vm, object) {
        // What is wrong with the bytes of something else is said of bytes.
        Some(bytes) if !object.is_kind::<Bytes>() && !object.is_kind::<ByteArray>() => {
            let copy = vm.lift(Bytes::new(&bytes))?;
            decode_for(vm, &copy.into_value(), &bytes, encoding, errors, "str")
        }
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
        .map_or_else(|| "utf-8".to_owned(), |s| s.to_text().into_owned())
}

/// What is not built in: the codec that the registry finds, if it is one of text.
fn through_registry(
    vm: &mut Vm,
    which: usize,
    object: &Value,
    encoding: &Value,
    errors: &Value,
) -> R {
    let name = shown(encoding);
    let info = registry::lookup(vm, &name)?;
    let is_text = vm.get_attr_optional(info.as_value(), "_is_text_encoding")?;
    if let Some(is_text) = is_text
        && !vm.truth(&is_text)?
    {
        let function = ["codecs.encode()", "codecs.decode()"][which];
        return Err(vm.lookup_error(format!(
            "'{name}' is not a text encoding; use {function} to handle arbitrary codecs"
        )));
    }
    let errors = Some(errors).filter(|errors| given(errors));
    registry::run(vm, &info, which, object, &name, errors)
}
