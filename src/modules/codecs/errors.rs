//! The built-in error handlers as functions of an exception.

use crate::builtins::arguments::{bytes as bytes_value, int, pair, wtf8};
use crate::heap::{Buffer, Value};
use crate::object::bytes::with_bytes;
use crate::object::codec::push_name;
use crate::object::exception::Exception;
use crate::object::native::{Def, Native, R, Raised};
use crate::object::repr::push_hex;
use crate::object::str::{Str, is_surrogate, push_point};
use crate::vm::Vm;
use crate::vm::error::fields;
use crate::vm::types::Known;

static HANDLERS: &[(&str, Def)] = &[
    ("strict", Def::leaf("strict_errors(exception, /)", strict)),
    ("ignore", Def::leaf("ignore_errors(exception, /)", ignore)),
    (
        "replace",
        Def::leaf("replace_errors(exception, /)", replace),
    ),
    (
        "xmlcharrefreplace",
        Def::leaf("xmlcharrefreplace_errors(exception, /)", xmlcharref),
    ),
    (
        "backslashreplace",
        Def::leaf("backslashreplace_errors(exception, /)", backslash),
    ),
    (
        "namereplace",
        Def::leaf("namereplace_errors(exception, /)", name),
    ),
    (
        "surrogatepass",
        Def::leaf("surrogatepass(exception, /)", surrogatepass),
    ),
    (
        "surrogateescape",
        Def::leaf("surrogateescape(exception, /)", surrogateescape),
    ),
];

/// The built-in handler of a name.
pub fn built_in(vm: &mut Vm, name: &str) -> R<Option<Value>> {
    let Some((_, def)) = HANDLERS.iter().find(|(known, _)| *known == name) else {
        return Ok(None);
    };
    let owner = vm.intern("_codecs").into_value();
    Ok(Some(Native::alloc(def, Value::UNDEF, owner).into_value()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Encode,
    Decode,
    Translate,
}

/// What a UnicodeError says, its bounds within the object.
struct Trouble {
    doing: Doing,
    object: Value,
    start: usize,
    end: usize,
    encoding: String,
}

impl Trouble {
    fn of(vm: &mut Vm, value: &Value) -> R<Trouble> {
        let kinds = [
            (Known::UnicodeEncodeError, Doing::Encode),
            (Known::UnicodeDecodeError, Doing::Decode),
            (Known::UnicodeTranslateError, Doing::Translate),
        ];
        let kind = kinds
            .into_iter()
            .find(|&(known, _)| vm.is_raised_value(value, known));
        let Some((_, doing)) = kind else {
            return Err(cannot(vm, value));
        };
        let Some(e) = value.get::<Exception>() else {
            return Err(cannot(vm, value));
        };
        let object = e.extra[fields::UNICODE_OBJECT].get();
        let length = match object.get::<Str>() {
            Some(text) => text.len(),
            None => with_bytes(&object, <[u8]>::len).unwrap_or(0),
        };
        let number = |n: usize| e.extra[n].get().as_small_int().unwrap_or(0);
        let last = length.saturating_sub(1) as i64;
        let start = number(fields::UNICODE_START).clamp(0, last.max(0)) as usize;
        let end = number(fields::UNICODE_END).clamp(length.min(1) as i64, length as i64) as usize;
        let encoding = crate::builtins::arguments::plain(&e.extra[fields::UNICODE_ENCODING].get());
        Ok(Trouble {
            doing,
            object,
            start,
            end,
            encoding,
        })
    }

    /// The code points of the text in question.
    fn points(&self) -> Vec<u32> {
        let Some(text) = self.object.get::<Str>() else {
            return Vec::new();
        };
        let count = self.end.saturating_sub(self.start);
        text.points().skip(self.start).take(count).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        with_bytes(&self.object, |b| {
            b.get(self.start..self.end).unwrap_or(&[]).to_vec()
        })
        .unwrap_or_default()
    }
}

fn cannot(vm: &mut Vm, value: &Value) -> Raised {
    let given = vm.type_name(value);
    vm.type_error(format!(
        "don't know how to handle {given} in error callback"
    ))
}

fn answer(vm: &mut Vm, text: &[u8], next: usize) -> R {
    Ok(pair(wtf8(vm, text)?, int(next as i64)))
}

fn strict(vm: &mut Vm, args: &[Value]) -> R {
    if vm.is_exception(&args[0]) {
        return Err(Raised(args[0].clone()));
    }
    Err(vm.type_error("codec must pass exception instance"))
}

fn ignore(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    answer(vm, b"", trouble.end)
}

fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    let count = trouble.end.saturating_sub(trouble.start);
    let text = match trouble.doing {
        Doing::Encode => "?".repeat(count),
        Doing::Decode => "\u{FFFD}".to_owned(),
        Doing::Translate => "\u{FFFD}".repeat(count),
    };
    answer(vm, text.as_bytes(), trouble.end)
}

fn xmlcharref(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    if trouble.doing != Doing::Encode {
        return Err(cannot(vm, &args[0]));
    }
    let text: String = trouble.points().iter().map(|p| format!("&#{p};")).collect();
    answer(vm, text.as_bytes(), trouble.end)
}

fn backslash(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    let mut out = Buffer::new();
    let numbers = match trouble.doing {
        Doing::Decode => trouble.bytes().into_iter().map(u32::from).collect(),
        _ => trouble.points(),
    };
    for number in numbers {
        let pushed = push_hex(&mut out, number);
        vm.lift(pushed)?;
    }
    answer(vm, &out, trouble.end)
}

fn name(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    if trouble.doing != Doing::Encode {
        return Err(cannot(vm, &args[0]));
    }
    let mut out = Buffer::new();
    for point in trouble.points() {
        let pushed = push_name(&mut out, point);
        vm.lift(pushed)?;
    }
    answer(vm, &out, trouble.end)
}

/// How many bytes a code unit has, and whether the high one comes first; 0 for an
/// encoding that surrogates cannot pass.
fn unit_of(encoding: &str) -> (usize, bool) {
    let plain: String = encoding
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match plain.as_str() {
        "utf8" => (1, true),
        "utf16" | "utf16le" => (2, false),
        "utf16be" => (2, true),
        "utf32" | "utf32le" => (4, false),
        "utf32be" => (4, true),
        _ => (0, true),
    }
}

fn surrogatepass(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    let (unit, big) = unit_of(&trouble.encoding);
    let refused = Raised(args[0].clone());
    if unit == 0 {
        return Err(refused);
    }
    match trouble.doing {
        Doing::Translate => Err(cannot(vm, &args[0])),
        Doing::Encode => {
            let mut out = Buffer::new();
            for point in trouble.points() {
                if !is_surrogate(point) {
                    return Err(refused);
                }
                let pushed = match (unit, big) {
                    (1, _) => push_point(&mut out, point),
                    (_, true) => out.extend_from_slice(&point.to_be_bytes()[4 - unit..]),
                    (_, false) => out.extend_from_slice(&point.to_le_bytes()[..unit]),
                };
                vm.lift(pushed)?;
            }
            let bytes = bytes_value(vm, &out)?;
            Ok(pair(bytes, int(trouble.end as i64)))
        }
        Doing::Decode => {
            let size = if unit == 1 { 3 } else { unit };
            let found = with_bytes(&trouble.object, |bytes| {
                let here = bytes.get(trouble.start..trouble.start + size)?;
                let fold = |n: u32, b: &u8| n << 8 | u32::from(*b);
                match (unit, here) {
                    (1, [0xED, 0xA0..=0xBF, 0x80..=0xBF]) => {
                        crate::object::str::points(here).next()
                    }
                    (1, _) => None,
                    (_, _) if big => Some(here.iter().fold(0, fold)),
                    _ => Some(here.iter().rev().fold(0, fold)),
                }
            });
            let Some(point) = found.flatten().filter(|&p| is_surrogate(p)) else {
                return Err(refused);
            };
            let text = Str::from_point(point);
            answer(vm, text.bytes(), trouble.start + size)
        }
    }
}

fn surrogateescape(vm: &mut Vm, args: &[Value]) -> R {
    let trouble = Trouble::of(vm, &args[0])?;
    let refused = Raised(args[0].clone());
    match trouble.doing {
        Doing::Translate => Err(cannot(vm, &args[0])),
        Doing::Encode => {
            let points = trouble.points();
            if !points.iter().all(|p| (0xDC80..0xDD00).contains(p)) {
                return Err(refused);
            }
            let bytes: Vec<u8> = points.iter().map(|&p| (p - 0xDC00) as u8).collect();
            let bytes = bytes_value(vm, &bytes)?;
            Ok(pair(bytes, int(trouble.end as i64)))
        }
        Doing::Decode => {
            let bytes = trouble.bytes();
            let escaped = bytes.iter().take(4).take_while(|&&b| b >= 0x80).count();
            if escaped == 0 {
                return Err(refused);
            }
            let mut out = Buffer::new();
            for &byte in &bytes[..escaped] {
                let pushed = push_point(&mut out, 0xDC00 + u32::from(byte));
                vm.lift(pushed)?;
            }
            answer(vm, &out, trouble.start + escaped)
        }
    }
}
