//! Reading JSON.

use super::error;
use crate::builtins::arguments::{index, int, pair, string};
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::native::R;
use crate::object::str::{Str, push_point};
use crate::vm::Vm;

/// What the decoder was asked for.
struct Decoder<'a> {
    text: &'a Ref<Str>,
    bytes: &'a [u8],
    at: usize,
    object_hook: &'a Value,
    parse_float: &'a Value,
    parse_int: &'a Value,
    parse_constant: &'a Value,
    strict: bool,
    pairs_hook: &'a Value,
    depth: u32,
}

/// `_decode(...)`: a value and where it ends.
pub fn decode(vm: &mut Vm, args: &[Value]) -> R {
    let Some(text) = args[0].to_ref::<Str>() else {
        let name = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("first argument must be a string, not {name}")));
    };
    let start = index(vm, &args[1])?.max(0) as usize;
    let at = text.offset_of(start.min(text.len()));
    let mut decoder = Decoder {
        text: &text,
        bytes: text.bytes(),
        at,
        object_hook: &args[3],
        parse_float: &args[4],
        parse_int: &args[5],
        parse_constant: &args[6],
        strict: vm.truth(&args[7])?,
        pairs_hook: &args[8],
        depth: 0,
    };
    if vm.truth(&args[2])? {
        decoder.blanks();
    }
    let value = decoder.value(vm)?;
    let end = text.index_of(decoder.at);
    Ok(pair(value, int(end as i64)))
}

/// `scanstring(string, end, strict)`: the string whose quote lies before `end`, and where it ends.
pub fn scan_string(vm: &mut Vm, args: &[Value]) -> R {
    let Some(text) = args[0].to_ref::<Str>() else {
        let name = vm.type_name(&args[0]);
        return Err(vm.type_error(format!("first argument must be a string, not {name}")));
    };
    let end = vm.index(&args[1])?;
    if end < 0 || end as usize > text.len() {
        return Err(vm.value_error("end is out of bounds"));
    }
    let mut decoder = Decoder {
        text: &text,
        bytes: text.bytes(),
        at: text.offset_of(end as usize),
        object_hook: &Value::NONE,
        parse_float: &Value::NONE,
        parse_int: &Value::NONE,
        parse_constant: &Value::NONE,
        strict: vm.truth(&args[2])?,
        pairs_hook: &Value::NONE,
        depth: 0,
    };
    let string = decoder.string(vm)?;
    let end = text.index_of(decoder.at);
    Ok(pair(string.into_value(), int(end as i64)))
}

impl Decoder<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// An error at a byte.
    fn fail<T>(&self, vm: &mut Vm, message: &str, at: usize) -> R<T> {
        let place = self.text.index_of(at.min(self.bytes.len()));
        Err(error(vm, message, self.text, place))
    }

    fn value(&mut self, vm: &mut Vm) -> R {
        let start = self.at;
        vm.tick(1)?;
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string(vm).map(Ref::into_value)
            }
            Some(b'{') => self.nested(vm, Self::object),
            Some(b'[') => self.nested(vm, Self::array),
            Some(b'n') if self.word(b"null") => Ok(Value::NONE),
            Some(b't') if self.word(b"true") => Ok(Value::TRUE),
            Some(b'f') if self.word(b"false") => Ok(Value::FALSE),
            Some(b'N') if self.word(b"NaN") => self.constant(vm, "NaN", f64::NAN),
            Some(b'I') if self.word(b"Infinity") => self.constant(vm, "Infinity", f64::INFINITY),
            Some(b'-') if self.word(b"-Infinity") => {
                self.constant(vm, "-Infinity", f64::NEG_INFINITY)
            }
            Some(b'-' | b'0'..=b'9') => self.number(vm),
            _ => self.fail(vm, "Expecting value", start),
        }
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.bytes[self.at..].starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn constant(&mut self, vm: &mut Vm, name: &str, value: f64) -> R {
        if self.parse_constant.is_none() {
            return Ok(crate::object::float::float(value));
        }
        vm.call(self.parse_constant, &[string(name)])
    }

    fn nested(&mut self, vm: &mut Vm, read: fn(&mut Self, &mut Vm) -> R) -> R {
        vm.check_stack()?;
        self.depth += 1;
        if self.depth > vm.recursion_limit.saturating_mul(20) {
            return Err(vm.recursion_error(
                "maximum recursion depth exceeded while decoding a JSON document",
            ));
        }
        self.at += 1;
        let result = read(self, vm);
        self.depth -= 1;
        result
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self, vm: &mut Vm) -> R {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => {
                self.digits();
            }
            _ => return self.fail(vm, "Expecting value", start),
        }
        let mut is_float = false;
        let before = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() > 0 {
                is_float = true;
            } else {
                self.at = before;
            }
        }
        let before = self.at;
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() > 0 {
                is_float = true;
            } else {
                self.at = before;
            }
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("0");
        let hook = if is_float {
            self.parse_float
        } else {
            self.parse_int
        };
        if !hook.is_none() {
            return vm.call(hook, &[string(text)]);
        }
        if is_float {
            return Ok(crate::object::float::float(text.parse().unwrap_or(0.0)));
        }
        match text.parse::<i64>() {
            Ok(number) => Ok(int(number)),
            Err(_) => {
                let number = crate::object::int_text::parse(text, 10);
                Ok(vm.lift(number)?.unwrap_or(Value::NONE))
            }
        }
    }

    /// A string whose opening quote was read.
    fn string(&mut self, vm: &mut Vm) -> R<Ref<Str>> {
        let begin = self.at.saturating_sub(1);
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let made = Str::from_wtf8(&self.bytes[start..self.at]);
                    self.at += 1;
                    return vm.lift(made);
                }
                b'\\' => return self.escaped_string(vm, begin, start),
                0..=0x1F if self.strict => {
                    return self.fail(vm, "Invalid control character at", self.at);
                }
                _ => self.at += 1,
            }
        }
        self.fail(vm, "Unterminated string starting at", begin)
    }

    fn escaped_string(&mut self, vm: &mut Vm, begin: usize, start: usize) -> R<Ref<Str>> {
        let mut out = crate::heap::Buffer::new();
        let copied = out.extend_from_slice(&self.bytes[start..self.at]);
        vm.lift(copied)?;
        loop {
            let Some(byte) = self.peek() else {
                return self.fail(vm, "Unterminated string starting at", begin);
            };
            match byte {
                b'"' => {
                    self.at += 1;
                    let made = Str::from_wtf8(&out);
                    return vm.lift(made);
                }
                b'\\' => {
                    let point = self.escape(vm, begin)?;
                    let pushed = push_point(&mut out, point);
                    vm.lift(pushed)?;
                }
                0..=0x1F if self.strict => {
                    return self.fail(vm, "Invalid control character at", self.at);
                }
                _ => {
                    let pushed = out.push(byte);
                    vm.lift(pushed)?;
                    self.at += 1;
                }
            }
        }
    }

    /// An escape: the character it stands for.
    fn escape(&mut self, vm: &mut Vm, begin: usize) -> R<u32> {
        self.at += 1;
        let Some(byte) = self.peek() else {
            return self.fail(vm, "Unterminated string starting at", begin);
        };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => u32::from(byte),
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => 0x0A,
            b'r' => 0x0D,
            b't' => 0x09,
            b'u' => return self.unicode_escape(vm),
            _ => return self.fail(vm, "Invalid \\escape", self.at - 2),
        })
    }

    fn four_digits(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// Behind `\u`; two surrogates are one character.
    fn unicode_escape(&mut self, vm: &mut Vm) -> R<u32> {
        let Some(point) = self.four_digits(self.at) else {
            return self.fail(vm, "Invalid \\uXXXX escape", self.at - 1);
        };
        self.at += 4;
        if (0xD800..0xDC00).contains(&point)
            && self.bytes[self.at..].starts_with(b"\\u")
            && let Some(low) = self.four_digits(self.at + 2)
            && (0xDC00..0xE000).contains(&low)
        {
            self.at += 6;
            return Ok(0x1_0000 + ((point - 0xD800) << 10) + (low - 0xDC00));
        }
        Ok(point)
    }

    fn array(&mut self, vm: &mut Vm) -> R {
        let list = List::empty();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(list.into_value());
        }
        loop {
            let item = self.value(vm)?;
            let pushed = list.push(item);
            vm.lift(pushed)?;
            self.blanks();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(list.into_value());
                }
                Some(b',') => {}
                _ => return self.fail(vm, "Expecting ',' delimiter", self.at),
            }
            let comma = self.at;
            self.at += 1;
            self.blanks();
            if self.peek() == Some(b']') {
                return self.fail(vm, "Illegal trailing comma before end of array", comma);
            }
        }
    }

    fn object(&mut self, vm: &mut Vm) -> R {
        let dict = Dict::new();
        let mut pairs = Vec::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return self.finish_object(vm, dict, pairs);
        }
        if self.peek() != Some(b'"') {
            return self.fail(
                vm,
                "Expecting property name enclosed in double quotes",
                self.at,
            );
        }
        loop {
            self.at += 1;
            let key = self.string(vm)?;
            // Names come again and again: one object for each.
            let key = if key.byte_len() <= 64 {
                vm.interner.intern_str(&key)
            } else {
                key
            };
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fail(vm, "Expecting ':' delimiter", self.at);
            }
            self.at += 1;
            self.blanks();
            let value = self.value(vm)?;
            if self.pairs_hook.is_none() {
                let done = dict.insert_str(&key, value);
                vm.lift(done)?;
            } else {
                pairs.push(pair(key.into_value(), value));
            }
            self.blanks();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return self.finish_object(vm, dict, pairs);
                }
                Some(b',') => {}
                _ => return self.fail(vm, "Expecting ',' delimiter", self.at),
            }
            let comma = self.at;
            self.at += 1;
            self.blanks();
            match self.peek() {
                Some(b'"') => {}
                Some(b'}') => {
                    return self.fail(vm, "Illegal trailing comma before end of object", comma);
                }
                _ => {
                    return self.fail(
                        vm,
                        "Expecting property name enclosed in double quotes",
                        self.at,
                    );
                }
            }
        }
    }

    fn finish_object(&mut self, vm: &mut Vm, dict: Ref<Dict>, pairs: Vec<Value>) -> R {
        if !self.pairs_hook.is_none() {
            return vm.call(self.pairs_hook, &[crate::builtins::arguments::list(pairs)]);
        }
        if !self.object_hook.is_none() {
            return vm.call(self.object_hook, &[dict.into_value()]);
        }
        Ok(dict.into_value())
    }
}
