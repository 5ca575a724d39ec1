//! The `%` operator of strings and bytes: reading the format, and converting
//! numbers. Who walks over the arguments and asks for `str()` is the VM's side.

use super::bytes::Bytes;
use super::error::{Fault, Outcome};
use super::float_text::{Style, magnitude};
use super::int::{IntView, check_bits};
use super::int_text;
use super::str::{Str, count_points, points};
use super::tuple::Tuple;
use crate::heap::{Buffer, Ref, Value};

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// None given.
    Default,
    /// `*`: the next argument.
    Argument,
    /// A number.
    Given(usize),
}

/// One `%...` of a format.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The bytes of a mapping key in the format.
    pub key: Option<std::ops::Range<usize>>,
    /// `-`
    pub left: bool,
    /// `+`
    pub plus: bool,
    /// A blank.
    pub blank: bool,
    /// `#`
    pub alternate: bool,
    /// `0`
    pub zero: bool,
    /// The least width.
    pub width: Size,
    /// The precision.
    pub precision: Size,
    /// The conversion character.
    pub code: u32,
    /// Its index in the format, in code points.
    pub index: usize,
}

impl Conversion {
    /// Whether nothing stands between the `%` and the code.
    pub fn is_bare(&self) -> bool {
        let flags = self.left || self.plus || self.blank || self.alternate || self.zero;
        !flags
            && self.key.is_none()
            && self.width == Size::Default
            && self.precision == Size::Default
    }
}

/// A part of a format.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Bytes to copy.
    Literal(std::ops::Range<usize>),
    /// A conversion (`%%` among them, with its flags).
    Convert(Conversion),
}

/// Reads a format piece by piece.
pub struct Pieces<'a> {
    format: &'a [u8],
    at: usize,
    /// Whether the format is text, so that a code may be any code point; else bytes.
    text: bool,
}

impl<'a> Pieces<'a> {
    /// A reader of a format; `text` if it is a string's.
    pub fn new(format: &'a [u8], text: bool) -> Pieces<'a> {
        Pieces {
            format,
            at: 0,
            text,
        }
    }

    /// The next piece.
    #[expect(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Outcome<Option<Piece>> {
        let rest = &self.format[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        let plain = memchr::memchr(b'%', rest).unwrap_or(rest.len());
        if plain > 0 {
            let start = self.at;
            self.at += plain;
            return Ok(Some(Piece::Literal(start..self.at)));
        }
        self.at += 1;
        self.conversion()
            .map(|conversion| Some(Piece::Convert(conversion)))
    }

    fn peek(&self) -> Outcome<u8> {
        self.format
            .get(self.at)
            .copied()
            .ok_or_else(|| Fault::value("incomplete format"))
    }

    fn conversion(&mut self) -> Outcome<Conversion> {
        let mut conversion = Conversion {
            key: self.key()?,
            left: false,
            plus: false,
            blank: false,
            alternate: false,
            zero: false,
            width: Size::Default,
            precision: Size::Default,
            code: 0,
            index: 0,
        };
        loop {
            match self.peek()? {
                b'-' => conversion.left = true,
                b'+' => conversion.plus = true,
                b' ' => conversion.blank = true,
                b'#' => conversion.alternate = true,
                b'0' => conversion.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        conversion.width = self.size("width too big")?;
        if self.peek()? == b'.' {
            self.at += 1;
            conversion.precision = match self.size("precision too big")? {
                Size::Default => Size::Given(0),
                size => size,
            };
        }
        // Length modifiers of C mean nothing here.
        if matches!(self.peek()?, b'h' | b'l' | b'L') {
            self.at += 1;
        }
        self.peek()?;
        conversion.index = if self.text {
            count_points(&self.format[..self.at])
        } else {
            self.at
        };
        if self.text {
            let mut rest = points(&self.format[self.at..]);
            conversion.code = rest.next().unwrap_or(0);
            self.at = self.format.len() - rest.rest().len();
        } else {
            conversion.code = self.format[self.at] as u32;
            self.at += 1;
        }
        Ok(conversion)
    }

    fn key(&mut self) -> Outcome<Option<std::ops::Range<usize>>> {
        if self.format.get(self.at) != Some(&b'(') {
            return Ok(None);
        }
        let start = self.at + 1;
        let mut depth = 1;
        for (i, &byte) in self.format[start..].iter().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at = start + i + 1;
                return Ok(Some(start..start + i));
            }
        }
        Err(Fault::value("incomplete format key"))
    }

    fn size(&mut self, too_big: &'static str) -> Outcome<Size> {
        if self.peek()? == b'*' {
            self.at += 1;
            return Ok(Size::Argument);
        }
        let mut size = Size::Default;
        while let Some(digit) = self.format.get(self.at).filter(|b| b.is_ascii_digit()) {
            let so_far = if let Size::Given(n) = size { n } else { 0 };
            let next = so_far * 10 + (digit - b'0') as usize;
            if next > i32::MAX as usize {
                return Err(Fault::value(too_big));
            }
            size = Size::Given(next);
            self.at += 1;
        }
        Ok(size)
    }
}

/// A conversion whose width and precision are known.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// See `Conversion`.
    pub left: bool,
    /// See `Conversion`.
    pub plus: bool,
    /// See `Conversion`.
    pub blank: bool,
    /// See `Conversion`.
    pub alternate: bool,
    /// See `Conversion`.
    pub zero: bool,
    /// The least width.
    pub width: usize,
    /// The precision.
    pub precision: Option<usize>,
}

impl Layout {
    /// The layout of a conversion, where `width` and `precision` are what the arguments gave for `*`.
    pub fn of(conversion: &Conversion, width: Option<i64>, precision: Option<i64>) -> Layout {
        let width = match conversion.width {
            Size::Given(n) => n as i64,
            _ => width.unwrap_or(0),
        };
        let precision = match conversion.precision {
            Size::Given(n) => Some(n),
            // A negative precision from an argument counts as 0.
            Size::Argument => Some(precision.unwrap_or(0).max(0) as usize),
            Size::Default => None,
        };
        Layout {
            left: conversion.left || width < 0,
            plus: conversion.plus,
            blank: conversion.blank,
            alternate: conversion.alternate,
            zero: conversion.zero,
            width: width.unsigned_abs() as usize,
            precision,
        }
    }

    /// Appends text: `%s`, `%r`, `%a`, `%c`. The precision cuts it.
    pub fn push_text(&self, out: &mut Buffer<u8>, text: &[u8], is_bytes: bool) -> Outcome<()> {
        let len = if is_bytes {
            text.len()
        } else {
            count_points(text)
        };
        let kept = len.min(self.precision.unwrap_or(usize::MAX));
        let bytes = match is_bytes || len == text.len() {
            true => &text[..kept],
            false => &text[..text.len() - points(text).nth_rest(kept)],
        };
        self.pad(out, b"", bytes, kept, false)
    }

    fn pad(
        &self,
        out: &mut Buffer<u8>,
        prefix: &[u8],
        body: &[u8],
        len: usize,
        zero: bool,
    ) -> Outcome<()> {
        let missing = self.width.saturating_sub(prefix.len() + len);
        out.reserve(missing + prefix.len() + body.len())?;
        let (left, inner, right) = match (self.left, zero) {
            (true, _) => (0, 0, missing),
            (false, true) => (0, missing, 0),
            (false, false) => (missing, 0, 0),
        };
        out.extend(std::iter::repeat_n(b' ', left))?;
        out.extend_from_slice(prefix)?;
        out.extend(std::iter::repeat_n(b'0', inner))?;
        out.extend_from_slice(body)?;
        out.extend(std::iter::repeat_n(b' ', right))?;
        Ok(())
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.blank) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        }
    }

    /// Appends an int: `%d`, `%i`, `%u`, `%x`, `%X`, `%o`.
    pub fn push_int(&self, out: &mut Buffer<u8>, view: IntView<'_>, code: u8) -> Outcome<()> {
        let (mut digits, prefix) = match code {
            b'x' => (int_text::magnitude_in(view, 16)?, "0x"),
            b'X' => (int_text::magnitude_in(view, 16)?.to_ascii_uppercase(), "0X"),
            b'o' => (int_text::magnitude_in(view, 8)?, "0o"),
            _ => {
                let text = int_text::to_decimal(view)?;
                (
                    text.strip_prefix('-').map(str::to_owned).unwrap_or(text),
                    "",
                )
            }
        };
        if let Some(precision) = self.precision.filter(|&p| p > digits.len()) {
            if precision > i32::MAX as usize - 3 {
                return Err(Fault::overflow("precision too large"));
            }
            check_bits(precision as u64 * 8)?;
            digits.insert_str(0, &"0".repeat(precision - digits.len()));
        }
        let prefix = if self.alternate { prefix } else { "" };
        let head = format!("{}{prefix}", self.sign(view.is_negative()));
        self.pad(
            out,
            head.as_bytes(),
            digits.as_bytes(),
            digits.len(),
            self.zero,
        )
    }

    /// Appends a float: `%e`, `%f`, `%g` and their capitals.
    pub fn push_float(&self, out: &mut Buffer<u8>, f: f64, code: u8) -> Outcome<()> {
        let style = match code.to_ascii_lowercase() {
            b'e' => Style::Exponent,
            b'f' => Style::Fixed,
            _ => Style::General,
        };
        let precision = self.precision.unwrap_or(6);
        if precision > i32::MAX as usize {
            return Err(Fault::value("precision too big"));
        }
        check_bits(precision as u64 * 16)?;
        let mut text = magnitude(f, style, precision, self.alternate);
        if code.is_ascii_uppercase() {
            text.make_ascii_uppercase();
        }
        let sign = self.sign(f.is_sign_negative() && !f.is_nan());
        self.pad(out, sign.as_bytes(), text.as_bytes(), text.len(), self.zero)
    }
}

/// Longer formats and arguments are left to who counts the work.
const FEW: usize = 1024;

/// `format % args` where each argument is a text or a small number that its conversion takes without asking anybody; None
/// for all else, also for what would raise.
pub fn format_plainly(format: &Str, args: &Value) -> Option<Ref<Str>> {
    let out = plainly(format.bytes(), args, true)?;
    Str::from_wtf8(&out).ok()
}

/// The same of a format that is bytes, whose arguments are bytes or small numbers.
pub fn format_bytes_plainly(format: &Bytes, args: &Value) -> Option<Ref<Bytes>> {
    let out = plainly(format.bytes(), args, false)?;
    Bytes::new(&out).ok()
}

fn plainly(bytes: &[u8], args: &Value, is_text: bool) -> Option<Buffer<u8>> {
    let one = std::slice::from_ref(args);
    let mut rest = match args.get_exact::<Tuple>() {
        Some(tuple) => tuple.items().iter(),
        None => one.iter(),
    };
    if bytes.len() > FEW {
        return None;
    }
    let mut out = Buffer::with_room(bytes.len() + 32).ok()?;
    let mut pieces = Pieces::new(bytes, is_text);
    while let Some(piece) = pieces.next().ok()? {
        match piece {
            Piece::Literal(range) => out.extend_from_slice(&bytes[range]).ok()?,
            Piece::Convert(conversion) => {
                convert_plainly(&conversion, rest.next()?, &mut out, is_text)?;
            }
        }
    }
    match rest.next() {
        Some(_) => None,
        None => Some(out),
    }
}

fn convert_plainly(
    conversion: &Conversion,
    value: &Value,
    out: &mut Buffer<u8>,
    is_text: bool,
) -> Option<()> {
    let is_short = |size| match size {
        Size::Default => true,
        Size::Given(n) => n <= FEW,
        Size::Argument => false,
    };
    if conversion.key.is_some() || !is_short(conversion.width) || !is_short(conversion.precision) {
        return None;
    }
    let code = u8::try_from(conversion.code).ok()?;
    let mut digits = itoa::Buffer::new();
    let text = match (code, value.as_small_int()) {
        (b's', Some(i)) if is_text => Some(digits.format(i).as_bytes()),
        (b's' | b'b', None) if !is_text => {
            let bytes = value.get_exact::<Bytes>()?.bytes();
            Some(bytes).filter(|bytes| bytes.len() <= FEW)
        }
        (b's', None) => {
            let text = value.get_exact::<Str>()?;
            Some(text.bytes()).filter(|bytes| bytes.len() <= FEW)
        }
        // The layout puts zeros and signs in their places.
        (b'd' | b'i', Some(i)) if conversion.is_bare() => Some(digits.format(i).as_bytes()),
        _ => None,
    };
    if let Some(text) = text.filter(|_| conversion.is_bare()) {
        return out.extend_from_slice(text).ok();
    }
    let layout = Layout::of(conversion, None, None);
    let pushed = match code {
        b's' | b'b' => layout.push_text(out, text?, !is_text),
        b'd' | b'i' => layout.push_int(out, IntView::Small(value.as_small_int()?), b'd'),
        b'e' | b'f' | b'g' => layout.push_float(out, value.as_inline_float()?, code),
        _ => return None,
    };
    pushed.ok()
}

/// The error of an unknown conversion, in text or in bytes.
pub fn unsupported(conversion: &Conversion, is_text: bool) -> Fault {
    let shown = match conversion.code {
        code @ 0x1F..0x7F => code as u8 as char,
        _ if is_text => '?',
        code @ 0..0x80 => code as u8 as char,
        // CPython's byte has a sign here.
        _ => return Fault::overflow("character argument not in range(0x110000)"),
    };
    Fault::value(format!(
        "unsupported format character '{shown}' (0x{:x}) at index {}",
        conversion.code, conversion.index
    ))
}
