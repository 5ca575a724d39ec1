//! The `%` operator of `str` and `bytes`: walks over format and arguments.

use crate::builtins::adapt::{lift, made, text};
use crate::heap::{Buffer, Value};
use crate::object::bytes::{self, Bytes};
use crate::object::dict::Dict;
use crate::object::error::Fault;
use crate::object::float;
use crate::object::int::IntView;
use crate::object::list::List;
use crate::object::native::R;
use crate::object::percent::{Conversion, Layout, Piece, Pieces, Size, unsupported};
use crate::object::str::{Str, encode_point};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// The arguments: a tuple's items one after the other, or a single value.
struct Arguments<'a> {
    given: &'a Value,
    next: usize,
    /// Whether a key was looked up: then nothing need be left over.
    by_key: bool,
    is_text: bool,
}

/// `text % args`
pub fn format_str(vm: &mut Vm, format: &Str, args: &Value) -> R {
    let mut out = Buffer::new();
    run(vm, format.bytes(), args, &mut out, true)?;
    text(vm, Ok(out))
}

/// `bytes % args`, as plain bytes.
pub fn format_bytes(vm: &mut Vm, format: &[u8], args: &Value) -> R<Buffer<u8>> {
    let mut out = Buffer::new();
    run(vm, format, args, &mut out, false)?;
    Ok(out)
}

fn run(vm: &mut Vm, format: &[u8], args: &Value, out: &mut Buffer<u8>, is_text: bool) -> R<()> {
    let mut pieces = Pieces::new(format, is_text);
    let mut arguments = Arguments {
        given: args,
        next: 0,
        by_key: false,
        is_text,
    };
    loop {
        let piece = pieces.next();
        if matches!(&piece, Err(Fault::Value(text)) if text == "incomplete format key")
            && !arguments.is_mapping(vm)
        {
            return Err(vm.type_error("format requires a mapping"));
        }
        match lift(vm, piece)? {
            None => break,
            Some(Piece::Literal(range)) => {
                let copied = out.extend_from_slice(&format[range]);
                lift(vm, copied)?;
            }
            Some(Piece::Convert(conversion)) => arguments.convert(vm, format, &conversion, out)?,
        }
    }
    arguments.check_used(vm)
}

impl Arguments<'_> {
    fn check_used(&self, vm: &mut Vm) -> R<()> {
        let left_over = match self.given.get::<Tuple>() {
            Some(tuple) => self.next < tuple.len(),
            None => self.next == 0 && !self.is_mapping(vm),
        };
        if left_over && !self.by_key {
            let what = if self.is_text { "string" } else { "bytes" };
            return Err(vm.type_error(format!(
                "not all arguments converted during {what} formatting"
            )));
        }
        Ok(())
    }

    /// What can be subscripted may be a mapping, strings and the like apart.
    fn is_mapping(&self, vm: &mut Vm) -> bool {
        let given = self.given;
        let sequence =
            given.is_kind::<Str>() || !self.is_text && bytes::with_bytes(given, |_| ()).is_some();
        !sequence && !given.is_kind::<Tuple>() && (given.is_kind::<List>() || vm.is_mapping(given))
    }

    fn next(&mut self, vm: &mut Vm) -> R {
        let value = match self.given.get::<Tuple>() {
            Some(tuple) => tuple.get(self.next),
            None if self.next == 0 => Some(self.given.clone()),
            None => None,
        };
        self.next += 1;
        match value {
            Some(value) => Ok(value),
            None => Err(vm.type_error("not enough arguments for format string")),
        }
    }

    fn by_key(&mut self, vm: &mut Vm, key: &[u8]) -> R {
        if !self.is_mapping(vm) {
            return Err(vm.type_error("format requires a mapping"));
        }
        self.by_key = true;
        let key = if self.is_text {
            let text = Str::from_wtf8(key);
            made(vm, text)?
        } else {
            let bytes = Bytes::new(key);
            made(vm, bytes)?
        };
        if let Some(dict) = self.given.get_exact::<Dict>() {
            return match vm.dict_get(dict, &key)? {
                Some(value) => Ok(value),
                None => Err(vm.key_error(&key)),
            };
        }
        let step = vm.get_item_step(self.given, &key);
        vm.finish(step)
    }

    fn size(&mut self, vm: &mut Vm, size: Size, is_precision: bool) -> R<Option<i64>> {
        if size != Size::Argument {
            return Ok(None);
        }
        let value = self.next(vm)?;
        if IntView::of(&value).is_none() {
            return Err(vm.type_error("* wants int"));
        }
        let size = IntView::of(&value).and_then(IntView::as_i64);
        match size {
            Some(size) if !is_precision || i32::try_from(size).is_ok() => Ok(Some(size)),
            _ if is_precision => Err(vm.overflow_error("Python int too large to convert to C int")),
            _ => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }

    fn convert(
        &mut self,
        vm: &mut Vm,
        format: &[u8],
        conversion: &Conversion,
        out: &mut Buffer<u8>,
    ) -> R<()> {
        let keyed = match &conversion.key {
            Some(key) => Some(self.by_key(vm, &format[key.clone()])?),
            None => None,
        };
        let width = self.size(vm, conversion.width, false)?;
        let precision = self.size(vm, conversion.precision, true)?;
        let layout = Layout::of(conversion, width, precision);
        if conversion.code == b'%' as u32 && conversion.is_bare() {
            let pushed = out.push(b'%');
            return lift(vm, pushed);
        }
        let code = u8::try_from(conversion.code).unwrap_or(0);
        let known = matches!(
            code,
            b'd' | b'i'
                | b'u'
                | b'x'
                | b'X'
                | b'o'
                | b'e'
                | b'E'
                | b'f'
                | b'F'
                | b'g'
                | b'G'
                | b'c'
                | b's'
                | b'r'
                | b'a'
                | b'b'
        );
        if !known || (code == b'b' && self.is_text) {
            let value = match keyed {
                Some(value) => Ok(value),
                None => self.next(vm),
            };
            value?;
            return Err(vm.fault(unsupported(conversion, self.is_text)));
        }
        let value = match keyed {
            Some(value) => value,
            None => self.next(vm)?,
        };
        self.convert_value(vm, &value, code, &layout, out)
    }

    fn convert_value(
        &self,
        vm: &mut Vm,
        value: &Value,
        code: u8,
        layout: &Layout,
        out: &mut Buffer<u8>,
    ) -> R<()> {
        let pushed = match code {
            b's' if self.is_text => layout.push_text(out, vm.str(value)?.bytes(), false),
            b'r' if self.is_text => layout.push_text(out, vm.repr(value)?.bytes(), false),
            b'a' | b'r' => layout.push_text(out, vm.ascii(value)?.bytes(), !self.is_text),
            b's' | b'b' => {
                let bytes = bytes_of(vm, value)?;
                layout.push_text(out, &bytes, true)
            }
            b'c' => {
                let character = self.character(vm, value)?;
                Layout {
                    precision: None,
                    ..*layout
                }
                .push_text(out, &character, !self.is_text)
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
                let number = float_of(vm, value, self.is_text)?;
                layout.push_float(out, number, code)
            }
            _ => {
                let shown = if self.is_text || code != b'i' {
                    code
                } else {
                    b'd'
                };
                let number = int_of(vm, value, shown)?;
                let view = IntView::of(&number).unwrap_or(IntView::Small(0));
                layout.push_int(out, view, code)
            }
        };
        lift(vm, pushed)
    }

    /// The one character of `%c`.
    fn character(&self, vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
        if self.is_text {
            if let Some(text) = value.get::<Str>() {
                if text.len() == 1 {
                    return Ok(text.bytes().to_vec());
                }
                return Err(vm.type_error("%c requires int or char"));
            }
        } else if let Some(byte) =
            bytes::with_bytes(value, |b| if let [byte] = b { Some(*byte) } else { None })
        {
            return match byte {
                Some(byte) => Ok(vec![byte]),
                None => Err(vm.type_error("%c requires an integer in range(256) or a single byte")),
            };
        }
        let point = match vm.has_index(value) {
            true => Some(vm.index_clamped(value)),
            false => None,
        };
        let point = match point {
            Some(Ok(point)) => point,
            Some(Err(raised)) if !vm.is_raised(&raised, Known::TypeError) => return Err(raised),
            _ => {
                return Err(vm.type_error(match self.is_text {
                    true => "%c requires int or char",
                    false => "%c requires an integer in range(256) or a single byte",
                }));
            }
        };
        match (self.is_text, u32::try_from(point)) {
            (true, Ok(point)) if point < 0x11_0000 => Ok(encode_point(point, &mut [0; 4]).to_vec()),
            (false, Ok(point)) if point < 256 => Ok(vec![point as u8]),
            (true, _) => Err(vm.overflow_error("%c arg not in range(0x110000)")),
            (false, _) => Err(vm.overflow_error("%c arg not in range(256)")),
        }
    }
}

/// The bytes that `%b` takes.
fn bytes_of(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    if let Some(bytes) = super::bytes::copied_buffer(vm, value) {
        return Ok(bytes);
    }
    if let Some(method) = vm.special_of(value, Special::Bytes) {
        let step = vm.call_special(method, value, &[]);
        let result = vm.finish(step)?;
        if let Some(bytes) = result.get::<Bytes>() {
            return Ok(bytes.bytes().to_vec());
        }
        let given = vm.type_name(&result);
        return Err(vm.type_error(format!("__bytes__ returned non-bytes (type {given})")));
    }
    let given = vm.type_name(value);
    Err(vm.type_error(format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{given}'"
    )))
}

fn float_of(vm: &mut Vm, value: &Value, is_text: bool) -> R<f64> {
    if let Some(f) = float::as_float(value) {
        return Ok(f);
    }
    if vm.special_of(value, Special::Float).is_none() && !vm.has_index(value) {
        let given = vm.type_name(value);
        let what = if is_text {
            "must be real number"
        } else {
            "float argument required"
        };
        return Err(vm.type_error(format!("{what}, not {given}")));
    }
    vm.float(value)
}

fn int_of(vm: &mut Vm, value: &Value, code: u8) -> R {
    if IntView::of(value).is_some() {
        return Ok(value.clone());
    }
    let by_index = matches!(code, b'x' | b'X' | b'o');
    let converted = match by_index {
        true if vm.has_index(value) => Some(vm.index_value(value)),
        false if is_numeric(vm, value) => Some(super::int::int_of_value(vm, value)),
        _ => None,
    };
    match converted {
        // Whatever is wrong with its type is told like this.
        Some(Err(raised)) if !vm.is_raised(&raised, Known::TypeError) => return Err(raised),
        Some(Ok(number)) => return Ok(number),
        _ => {}
    }
    let wanted = match by_index {
        true => "an integer",
        false => "a real number",
    };
    let (shown, given) = (code as char, vm.type_name(value));
    Err(vm.type_error(format!(
        "%{shown} format: {wanted} is required, not {given}"
    )))
}

/// Whether a value has a method that makes a real number of it.
fn is_numeric(vm: &mut Vm, value: &Value) -> bool {
    let methods = [Special::Int, Special::Index, Special::Float];
    methods
        .iter()
        .any(|&method| vm.special_of(value, method).is_some())
}
