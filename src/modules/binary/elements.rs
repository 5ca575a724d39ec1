//! Items of an `array`, as bytes and as values.

use super::layout::{range, wide, widened};
use crate::builtins::arguments::wtf8;
use crate::heap::Value;
use crate::object::codec::{self, Encoding, Handler};
use crate::object::float;
use crate::object::int_math;
use crate::object::native::{R, Raised};
use crate::object::str::{Str, encode_point};
use crate::vm::Vm;

/// All letters, as `array.typecodes` has them.
pub fn codes_text() -> &'static str {
    "bBuwhHiIlLqQfd"
}

/// The value of an item's bytes.
pub fn read(vm: &mut Vm, code: u8, item: &[u8]) -> R {
    Ok(match (code, item) {
        (b'u' | b'w', _) => {
            let text = text(vm, item)?;
            return wtf8(vm, &text);
        }
        (b'f', [a, b, c, d]) => float::float(widened(u32::from_le_bytes([*a, *b, *c, *d]))),
        (b'd', _) => float::float(f64::from_le_bytes(item.try_into().unwrap_or_default())),
        _ => int_math::from_bytes(item, true, code.is_ascii_lowercase()),
    })
}

/// The text of characters of four bytes.
pub fn text(vm: &mut Vm, data: &[u8]) -> R<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len() / 2);
    let mut room = [0; 4];
    for item in data.as_chunks::<4>().0 {
        let point = u32::from_le_bytes(*item);
        if point > 0x10_FFFF {
            return Err(vm.value_error(format!(
                "character U+{point:x} is not in range [U+0000; U+10ffff]"
            )));
        }
        out.extend_from_slice(encode_point(point, &mut room));
    }
    Ok(out)
}

/// The bytes of a value as an item, and how many they are.
pub fn write(vm: &mut Vm, code: u8, value: &Value) -> R<([u8; 8], usize)> {
    let mut out = [0; 8];
    let size = crate::object::array::item_size(code).unwrap_or(1);
    match code {
        b'u' | b'w' => match value.get::<Str>().filter(|text| text.len() == 1) {
            Some(text) => {
                let point = text.points().next().unwrap_or(0);
                out[..4].copy_from_slice(&point.to_le_bytes());
            }
            None => return Err(vm.type_error("array item must be unicode character")),
        },
        b'f' => {
            let f = crate::builtins::arguments::number(vm, value)?;
            out[..4].copy_from_slice(&(f as f32).to_le_bytes());
        }
        b'd' => {
            let f = crate::builtins::arguments::number(vm, value)?;
            out = f.to_le_bytes();
        }
        _ => {
            let number = match value.as_small_int() {
                Some(small) => Some(i128::from(small)),
                None => {
                    let number = vm.index_value(value)?;
                    let negative = crate::object::int::IntView::of(&number)
                        .is_some_and(|view| view.is_negative());
                    wide(&number).or(negative.then_some(i128::MIN))
                }
            };
            let number = number.unwrap_or(i128::MAX);
            if !range(code.is_ascii_lowercase(), size).contains(&number) {
                return Err(out_of_range(vm, code, number));
            }
            out.copy_from_slice(&number.to_le_bytes()[..8]);
        }
    }
    Ok((out, size))
}

/// C converts through other types on the way, whose names its errors tell.
fn out_of_range(vm: &mut Vm, code: u8, number: i128) -> Raised {
    let way = |what: &str| {
        let (side, end) = if number < 0 {
            ("less", "minimum")
        } else {
            ("greater", "maximum")
        };
        format!("{what} is {side} than {end}")
    };
    let long = range(true, 8).contains(&number);
    let short = range(true, 2).contains(&number);
    let text = match code {
        b'q' => "int too big to convert".to_string(),
        b'Q' if number < 0 => "can't convert negative int to unsigned".to_string(),
        b'Q' => "int too big to convert".to_string(),
        b'I' | b'L' if number < 0 => "can't convert negative value to unsigned int".to_string(),
        b'I' | b'L' if !range(false, 8).contains(&number) => {
            "Python int too large to convert to C unsigned long".to_string()
        }
        b'I' => way("unsigned int"),
        _ if !long => "Python int too large to convert to C long".to_string(),
        b'b' if short => way("signed char"),
        b'b' | b'h' => way("signed short integer"),
        b'B' => way("unsigned byte integer"),
        b'H' if range(true, 4).contains(&number) => way("unsigned short"),
        _ => way("signed integer"),
    };
    vm.overflow_error(text)
}

/// The number of a letter's machine format, as pickles of arrays hold it.
pub fn machine_code(code: u8) -> i64 {
    match code {
        b'B' => 0,
        b'b' => 1,
        b'H' => 2,
        b'h' => 4,
        b'I' => 6,
        b'i' => 8,
        b'L' | b'Q' => 10,
        b'l' | b'q' => 12,
        b'f' => 14,
        b'd' => 16,
        _ => 20,
    }
}

/// The values of bytes in another machine's format.
pub fn converted(vm: &mut Vm, machine: i64, data: &[u8]) -> R<Vec<Value>> {
    if machine >= 18 {
        let name = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"][machine as usize - 18];
        let whole = crate::builtins::arguments::bytes(vm, data)?;
        let encoding = Encoding::named(name).unwrap_or(Encoding::Utf8);
        let made = codec::decode(data, &whole, encoding, Handler::Strict, true);
        let (text, _) = vm.lift(made)?;
        let text = wtf8(vm, &text)?;
        let points: Vec<u32> = text
            .get::<Str>()
            .map_or_else(Vec::new, |text| text.points().collect());
        return Ok(points
            .into_iter()
            .map(|point| Str::from_point(point).into_value())
            .collect());
    }
    let code = [
        b'B', b'b', b'H', b'H', b'h', b'h', b'I', b'I', b'i', b'i', b'Q', b'Q', b'q', b'q', b'f',
        b'f', b'd', b'd',
    ][machine as usize];
    let size = crate::object::array::item_size(code).unwrap_or(1);
    if !data.len().is_multiple_of(size) {
        return Err(vm.value_error("bytes length not a multiple of item size"));
    }
    let big = machine > 1 && machine % 2 == 1;
    let mut out = Vec::new();
    for item in data.chunks(size) {
        let mut item = item.to_vec();
        if big {
            item.reverse();
        }
        out.push(read(vm, code, &item)?);
    }
    Ok(out)
}
