//! The values of the names in an expression, as far as they can be told without running script code.

use crate::heap::Value;
use crate::object::bytes::Bytes;
use crate::object::dict::Dict;
use crate::object::float::Float;
use crate::object::frame_object::FrameObject;
use crate::object::list::List;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// So many names are told of.
const MOST: usize = 4;
/// So long may a value be.
const LONGEST: usize = 40;

impl Vm {
    /// `a = 1, b = 'x'` for the names in an expression that failed.
    pub(super) fn values_in(&mut self, frame: &FrameObject, expression: &str) -> String {
        let mut told = Vec::new();
        for name in names_in(expression) {
            if told.len() == MOST {
                break;
            }
            let value = self.value_of(frame, name);
            if let Some(text) = value.and_then(|value| self.short_text(&value)) {
                told.push(format!("{name} {text}"));
            }
        }
        told.join(", ")
    }

    /// What a name stands for in a frame: a local, or a name of the module.
    fn value_of(&mut self, frame: &FrameObject, name: &str) -> Option<Value> {
        let key = self.intern(name).into_value();
        if frame.has_fast_locals()
            && let Ok(Some(value)) = self.read_local(frame, &key)
        {
            return Some(value);
        }
        frame.function.globals.get_name(name)
    }

    /// `= 1`; `is a list of 3`. None for what would need a method of its own.
    fn short_text(&mut self, value: &Value) -> Option<String> {
        if value.is_exact::<List>() {
            let count = value.get::<List>()?.len();
            return Some(format!("is a list of {count}"));
        }
        if value.is_exact::<Tuple>() {
            let count = value.get::<Tuple>()?.len();
            return Some(format!("is a tuple of {count}"));
        }
        if value.is_exact::<Dict>() {
            let count = value.get::<Dict>()?.len();
            return Some(format!("is a dict of {count}"));
        }
        let plain = value.is_none()
            || value.as_bool().is_some()
            || value.as_small_int().is_some()
            || value.is_exact::<Float>()
            || value.is_exact::<Str>()
            || value.is_exact::<Bytes>();
        if !plain {
            return None;
        }
        if value.get::<Str>().is_some_and(|s| s.bytes().len() > 10_000)
            || value.get::<Bytes>().is_some_and(|b| b.len() > 10_000)
        {
            return None;
        }
        let text = self.repr_text(value).ok()?;
        let mut shown: String = text.chars().take(LONGEST).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Some(format!("= {shown}"))
    }
}

/// The names in an expression whose values are asked for there: no attributes, no calls, nothing in strings.
fn names_in(expression: &str) -> Vec<&str> {
    let bytes = expression.as_bytes();
    let mut names: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let ch = expression[at..].chars().next().unwrap_or(' ');
        if ch == '\'' || ch == '"' {
            at = end_of_string(expression, at);
        } else if ch == '#' {
            at += expression[at..].find('\n').unwrap_or(expression.len() - at);
        } else if ch.is_alphanumeric() || ch == '_' {
            let rest = &expression[at..];
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let (word, before, behind) = (
                &rest[..length],
                expression[..at].trim_end(),
                rest[length..].trim_start(),
            );
            at += length;
            let is_call = behind.starts_with('(');
            let is_keyword = behind.starts_with('=') && !behind.starts_with("==");
            let is_prefix = rest[length..].starts_with(['\'', '"']);
            let is_word =
                !ch.is_numeric() && !before.ends_with('.') && !is_call && !is_keyword && !is_prefix;
            if is_word && !names.contains(&word) {
                names.push(word);
            }
        } else {
            at += ch.len_utf8();
        }
    }
    names
}

/// Behind the string that begins here.
fn end_of_string(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let quote = &rest[..1];
    let triple = quote.repeat(3);
    let end = if rest.starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let mut at = end.len();
    while at < rest.len() {
        let here = &rest[at..];
        if let Some(escaped) = here.strip_prefix('\\') {
            at += 1 + escaped.chars().next().map_or(0, char::len_utf8);
        } else if here.starts_with(end) {
            return start + at + end.len();
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}
