//! `str.format`, `str.format_map` and `str.__format__`.

use crate::builtins::adapt::{lift, made};
use crate::heap::{Buffer, Ref, Value};
use crate::object::dict::Dict;
use crate::object::error::Fault;
use crate::object::format_spec::{self, Subject};
use crate::object::int;
use crate::object::native::R;
use crate::object::search;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;

/// `"{}".format(*args, **kwargs)`
pub fn format(vm: &mut Vm, args: &[Value]) -> R {
    let text = receiver!(vm, args[0], Str, "str");
    let mut fields = Fields {
        args: args[1].get::<Tuple>(),
        mapping: &args[2],
        automatic: None,
        next: 0,
    };
    let mut out = Buffer::new();
    fields.expand(vm, text.bytes(), &mut out, 2)?;
    super::super::adapt::text(vm, Ok(out))
}

/// `"{}".format_map(mapping)`
pub fn format_map(vm: &mut Vm, args: &[Value]) -> R {
    let text = receiver!(vm, args[0], Str, "str");
    let mut fields = Fields {
        args: None,
        mapping: &args[1],
        automatic: None,
        next: 0,
    };
    let mut out = Buffer::new();
    fields.expand(vm, text.bytes(), &mut out, 2)?;
    super::super::adapt::text(vm, Ok(out))
}

/// `format(text, spec)`
pub fn dunder_format(vm: &mut Vm, args: &[Value]) -> R {
    let text = receiver!(vm, args[0], Str, "str");
    if args[1].get::<Str>().is_some_and(Str::is_empty) {
        return vm.str(&args[0]).map(Ref::into_value);
    }
    formatted(vm, Subject::Str(text), &args[0], &args[1])
}

/// Formats what a `__format__` method was called on.
pub fn formatted(vm: &mut Vm, subject: Subject<'_>, value: &Value, spec: &Value) -> R {
    let Some(spec) = spec.get::<Str>() else {
        let given = super::super::adapt::shown_type(vm, spec);
        return Err(vm.type_error(format!("__format__() argument must be str, not {given}")));
    };
    // Only a message needs the name of the class.
    match format_spec::format(subject, spec.bytes(), "") {
        Ok(text) => Ok(text.into_value()),
        Err(_) => {
            let class = vm.type_name(value);
            let result = format_spec::format(subject, spec.bytes(), &class);
            made(vm, result)
        }
    }
}

/// Where the values of replacement fields come from.
struct Fields<'a> {
    /// None for `format_map`.
    args: Option<&'a Tuple>,
    mapping: &'a Value,
    /// Whether fields are numbered by themselves; unknown before the first one.
    automatic: Option<bool>,
    next: usize,
}

/// A replacement field: what is between its braces.
struct Field<'a> {
    name: &'a [u8],
    conversion: Option<u32>,
    spec: &'a [u8],
    nested: bool,
}

impl Fields<'_> {
    fn expand(&mut self, vm: &mut Vm, format: &[u8], out: &mut Buffer<u8>, depth: u32) -> R<()> {
        if depth == 0 {
            return Err(vm.value_error("Max string recursion exceeded"));
        }
        let mut rest = format;
        loop {
            let plain = memchr::memchr2(b'{', b'}', rest).unwrap_or(rest.len());
            let copied = out.extend_from_slice(&rest[..plain]);
            lift(vm, copied)?;
            let Some(&brace) = rest.get(plain) else {
                return Ok(());
            };
            rest = &rest[plain + 1..];
            if rest.first() == Some(&brace) {
                let copied = out.push(brace);
                lift(vm, copied)?;
                rest = &rest[1..];
                continue;
            }
            if brace == b'}' {
                return Err(vm.value_error("Single '}' encountered in format string"));
            }
            if rest.is_empty() {
                return Err(vm.value_error("Single '{' encountered in format string"));
            }
            let field = read_field(&mut rest);
            let field = lift(vm, field)?;
            self.render(vm, &field, out, depth)?;
        }
    }

    fn render(
        &mut self,
        vm: &mut Vm,
        field: &Field<'_>,
        out: &mut Buffer<u8>,
        depth: u32,
    ) -> R<()> {
        let mut value = self.value_of(vm, field.name)?;
        if let Some(conversion) = field.conversion {
            value = converted(vm, &value, conversion)?;
        }
        let mut spec = Buffer::new();
        let spec = if field.nested {
            self.expand(vm, field.spec, &mut spec, depth - 1)?;
            &spec[..]
        } else {
            field.spec
        };
        let spec = Str::from_wtf8(spec);
        let spec = lift(vm, spec)?;
        let text = vm.format(&value, spec.as_value())?;
        let copied = out.extend_from_slice(text.bytes());
        lift(vm, copied)
    }

    /// Follows a field name such as `0.name[key]`.
    fn value_of(&mut self, vm: &mut Vm, name: &[u8]) -> R {
        let end = memchr::memchr2(b'.', b'[', name).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(end);
        let mut value = self.first_value(vm, first)?;
        while let Some(&mark) = rest.first() {
            rest = &rest[1..];
            match mark {
                b'.' => {
                    let end = memchr::memchr2(b'.', b'[', rest).unwrap_or(rest.len());
                    let attribute = part(vm, &rest[..end])?;
                    let step = vm.get_attr_step(&value, attribute.as_value());
                    value = vm.finish(step)?;
                    rest = &rest[end..];
                }
                b'[' => {
                    let Some(end) = search::find(rest, b"]") else {
                        return Err(vm.value_error("Missing ']' in format string"));
                    };
                    let key = match index_of(vm, &rest[..end])? {
                        Some(index) => int::from_usize(index),
                        None => part(vm, &rest[..end])?.into_value(),
                    };
                    let step = vm.get_item_step(&value, &key);
                    value = vm.finish(step)?;
                    rest = &rest[end + 1..];
                }
                _ => {
                    return Err(
                        vm.value_error("Only '.' or '[' may follow ']' in format field specifier")
                    );
                }
            }
        }
        Ok(value)
    }

    fn first_value(&mut self, vm: &mut Vm, first: &[u8]) -> R {
        let index = index_of(vm, first)?;
        if first.is_empty() || index.is_some() {
            let automatic = first.is_empty();
            if self.automatic.is_some_and(|known| known != automatic) {
                return Err(vm.value_error(if automatic {
                    "cannot switch from manual field specification to automatic field numbering"
                } else {
                    "cannot switch from automatic field numbering to manual field specification"
                }));
            }
            self.automatic = Some(automatic);
            let index = index.unwrap_or(self.next);
            self.next += 1;
            let Some(args) = self.args else {
                return Err(vm.value_error("Format string contains positional fields"));
            };
            return match args.get(index) {
                Some(value) => Ok(value),
                None => Err(vm.index_error(format!(
                    "Replacement index {index} out of range for positional args tuple"
                ))),
            };
        }
        let key = Str::from_wtf8(first);
        let key = lift(vm, key)?.into_value();
        if let Some(dict) = self.mapping.get_exact::<Dict>() {
            return match vm.dict_get(dict, &key)? {
                Some(value) => Ok(value),
                None => Err(vm.key_error(&key)),
            };
        }
        let step = vm.get_item_step(self.mapping, &key);
        vm.finish(step)
    }
}

/// The name of an attribute or a key, which is not empty.
fn part(vm: &mut Vm, bytes: &[u8]) -> R<Ref<Str>> {
    if bytes.is_empty() {
        return Err(vm.value_error("Empty attribute in format string"));
    }
    let text = Str::from_wtf8(bytes);
    lift(vm, text)
}

/// The number that all of the text is.
fn index_of(vm: &mut Vm, text: &[u8]) -> R<Option<usize>> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let number = text.iter().try_fold(0usize, |n, digit| {
        n.checked_mul(10)?.checked_add((digit - b'0') as usize)
    });
    match number.filter(|&n| n <= isize::MAX as usize) {
        Some(n) => Ok(Some(n)),
        None => Err(vm.value_error("Too many decimal digits in format string")),
    }
}

fn converted(vm: &mut Vm, value: &Value, conversion: u32) -> R {
    let text = match char::from_u32(conversion) {
        Some('r') => vm.repr(value)?,
        Some('s') => vm.str(value)?,
        Some('a') => vm.ascii(value)?,
        Some(c @ '!'..='\x7f') => {
            return Err(vm.value_error(format!("Unknown conversion specifier {c}")));
        }
        _ => return Err(vm.value_error(format!("Unknown conversion specifier \\x{conversion:x}"))),
    };
    Ok(text.into_value())
}

/// Reads a field up to its closing brace.
fn read_field<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, Fault> {
    let text = *rest;
    let mut at = 0;
    let unfinished = || Fault::value("expected '}' before end of string");
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' => return Err(Fault::value("unexpected '{' in field name")),
            b'[' => match search::find(&text[at..], b"]") {
                Some(skipped) => at += skipped,
                None => at = text.len(),
            },
            b'}' | b':' | b'!' => break,
            _ => at += 1,
        }
        if byte == b'[' {
            at += 1;
        }
    }
    let at = at.min(text.len());
    let mut field = Field {
        name: &text[..at],
        conversion: None,
        spec: b"",
        nested: false,
    };
    let mut tail = &text[at..];
    if tail.first() == Some(&b'!') {
        let mut points = crate::object::str::points(&tail[1..]);
        let Some(conversion) = points.next() else {
            return Err(Fault::value(
                "end of string while looking for conversion specifier",
            ));
        };
        field.conversion = Some(conversion);
        tail = points.rest();
        match tail.first() {
            Some(b':' | b'}') => {}
            Some(_) => return Err(Fault::value("expected ':' after conversion specifier")),
            None => return Err(Fault::value("unmatched '{' in format spec")),
        }
    }
    match tail.first() {
        Some(b'}') => *rest = &tail[1..],
        Some(b':') => read_spec(&tail[1..], &mut field, rest)?,
        _ => return Err(unfinished()),
    }
    Ok(field)
}

fn read_spec<'a>(text: &'a [u8], field: &mut Field<'a>, rest: &mut &'a [u8]) -> Result<(), Fault> {
    let mut depth = 1;
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            b'{' => {
                field.nested = true;
                depth += 1;
            }
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            field.spec = &text[..i];
            *rest = &text[i + 1..];
            return Ok(());
        }
    }
    Err(Fault::value("unmatched '{' in format spec"))
}
