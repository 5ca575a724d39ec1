//! What the streams of `_layers` ask of the codecs.

use super::open::{encoding, handler};
use crate::builtins::arguments::{bytes, int, pair, plain, string, wtf8};
use crate::heap::Value;
use crate::modules::binary::window::bytes_like;
use crate::object::codec::{self, Encoding};
use crate::object::native::{Def, R};
use crate::vm::Vm;

/// Raises LookupError for an encoding or a handler that is unknown.
pub const CHECK_CODEC: Def = Def::leaf("_check_codec(encoding, errors, /)", |vm, args| {
    encoding(vm, &args[0])?;
    handler(vm, &args[1])?;
    Ok(Value::NONE)
});

/// The name that all spellings of an encoding share.
pub const CODEC_NAME: Def = Def::leaf("_codec_name(encoding, /)", |vm, args| {
    let known = encoding(vm, &args[0])?;
    Ok(string(match known {
        Encoding::Utf8Sig => "utf-8-sig",
        Encoding::Charmap(_) | Encoding::Multibyte(_) => return Ok(args[0].clone()),
        known => known.name(),
    }))
});

/// The text of bytes, and how many of them it is of; all unless more may come.
pub const DECODE: Def = Def::leaf("_decode(data, encoding, errors, final, /)", decode);

fn decode(vm: &mut Vm, args: &[Value]) -> R {
    let data = bytes_like(vm, &args[0])?;
    let last = vm.truth(&args[3])?;
    let (known, how) = (Encoding::named(&plain(&args[1])), handler(vm, &args[2])?);
    let Some(known) = known else {
        let name = plain(&args[1]);
        return Err(vm.lookup_error(format!("unknown encoding: {name}")));
    };
    let whole = bytes(vm, &data)?;
    let made = codec::decode(&data, &whole, known, how, last);
    let (text, used) = vm.lift(made)?;
    let text = wtf8(vm, &text)?;
    Ok(pair(text, int(used as i64)))
}
