//! `sub`, `subn`, `expand`, `escape`.

use super::matcher::NOWHERE;
use super::matches::MatchObject;
use super::pattern::{Found, Pattern, Text, Walk, pattern_of};
use crate::builtins::arguments::{bytes, index, int, pair, string, wtf8};
use crate::builtins::bytes::buffer_of;
use crate::heap::Value;
use crate::object::bytes::{ByteArray, with_bytes};
use crate::object::list::List;
use crate::object::native::{Input, NativeFrame, R, Raised, Step};
use crate::object::str::{Str, encode_point};
use crate::vm::Vm;

/// A replacement text: literal parts and groups, in turn.
pub struct Template {
    parts: Vec<Part>,
}

enum Part {
    Literal(Vec<u8>),
    Group(usize),
}

/// `re.PatternError`
fn pattern_error(vm: &mut Vm, message: &str, template: &Value, place: usize) -> Raised {
    let class = vm
        .import("re")
        .and_then(|re| vm.get_attr(&re, "PatternError"));
    let made = class.and_then(|class| {
        vm.call(
            &class,
            &[string(message), template.clone(), int(place as i64)],
        )
    });
    match made {
        Ok(exception) => Raised(exception),
        Err(raised) => raised,
    }
}

/// A str or bytes of these bytes, as the text is.
pub fn made(vm: &mut Vm, text: &Text, out: &[u8]) -> R {
    if text.single {
        bytes(vm, out)
    } else {
        wtf8(vm, out)
    }
}

struct Reader<'a> {
    points: Vec<u32>,
    at: usize,
    single: bool,
    template: &'a Value,
    parts: Vec<Part>,
    literal: Vec<u8>,
}

impl Reader<'_> {
    fn push(&mut self, point: u32) {
        if self.single {
            self.literal.push(point as u8);
        } else {
            let mut room = [0; 4];
            self.literal
                .extend_from_slice(encode_point(point, &mut room));
        }
    }

    fn group(&mut self, number: usize) {
        if !self.literal.is_empty() {
            self.parts
                .push(Part::Literal(std::mem::take(&mut self.literal)));
        }
        self.parts.push(Part::Group(number));
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.points.get(at).and_then(|&p| char::from_u32(p))
    }

    fn digit_at(&self, at: usize) -> Option<u32> {
        self.char_at(at).and_then(|c| c.to_digit(10))
    }
}

impl Template {
    /// Reads a replacement.
    pub fn read(vm: &mut Vm, pattern: &Pattern, template: &Value) -> R<Template> {
        let wants_text = pattern.source.is_kind::<Str>();
        if wants_text
            && let Some(text) = template.get::<Str>()
            && !text.bytes().contains(&b'\\')
        {
            let parts = vec![Part::Literal(text.bytes().to_vec())];
            return Ok(Template { parts });
        }
        let (points, single): (Vec<u32>, bool) = if let Some(text) = template.get::<Str>() {
            (text.points().collect(), false)
        } else if let Some(data) = buffer_of(vm, template) {
            (data.into_iter().map(u32::from).collect(), true)
        } else {
            let name = vm.type_name(template);
            return Err(vm.type_error(format!(
                "decoding to str: need a bytes-like object, {name} found"
            )));
        };
        if single == wants_text {
            let (wanted, given) = if wants_text {
                ("str", "bytes-like object")
            } else {
                ("a bytes-like object", "str")
            };
            let text = match wants_text {
                true => format!(
                    "sequence item 0: expected {wanted} instance, {} found",
                    vm.type_name(template)
                ),
                false => format!("{wanted} is required, not '{given}'"),
            };
            return Err(vm.type_error(text));
        }
        let mut reader = Reader {
            points,
            at: 0,
            single,
            template,
            parts: Vec::new(),
            literal: Vec::new(),
        };
        while let Some(&point) = reader.points.get(reader.at) {
            reader.at += 1;
            if point == '\\' as u32 {
                escape_in_template(vm, &mut reader, pattern)?;
            } else {
                reader.push(point);
            }
        }
        if !reader.literal.is_empty() {
            reader
                .parts
                .push(Part::Literal(std::mem::take(&mut reader.literal)));
        }
        Ok(Template {
            parts: reader.parts,
        })
    }

    /// Puts the text for a match behind what is there.
    pub fn fill(&self, text: &Text, found: &Found, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Literal(bytes) => out.extend_from_slice(bytes),
                Part::Group(group) => {
                    let (start, end) = (found[group * 2], found[group * 2 + 1]);
                    if start != NOWHERE && end != NOWHERE {
                        out.extend_from_slice(&text.bytes()[start..end]);
                    }
                }
            }
        }
    }
}

/// Behind a backslash of a template.
fn escape_in_template(vm: &mut Vm, reader: &mut Reader<'_>, pattern: &Pattern) -> R<()> {
    let start = reader.at - 1;
    let Some(c) = reader.char_at(reader.at) else {
        return Err(pattern_error(
            vm,
            "bad escape (end of pattern)",
            reader.template,
            start,
        ));
    };
    reader.at += 1;
    match c {
        'g' => return group_in_template(vm, reader, pattern),
        '0' => {
            let mut value = 0;
            for _ in 0..2 {
                match reader.digit_at(reader.at).filter(|d| *d < 8) {
                    Some(digit) => value = value * 8 + digit,
                    None => break,
                }
                reader.at += 1;
            }
            reader.push(value);
        }
        '1'..='9' => {
            let first = c as u32 - 48;
            let (second, third) = (reader.digit_at(reader.at), reader.digit_at(reader.at + 1));
            if let (Some(second), Some(third)) = (second, third)
                && first < 8
                && second < 8
                && third < 8
            {
                let value = first * 64 + second * 8 + third;
                if value > 0o377 {
                    let text = format!(
                        "octal escape value \\{first}{second}{third} outside of range 0-0o377"
                    );
                    return Err(pattern_error(vm, &text, reader.template, start));
                }
                reader.at += 2;
                reader.push(value);
                return Ok(());
            }
            let mut number = first as usize;
            if let Some(second) = second {
                number = number * 10 + second as usize;
                reader.at += 1;
            }
            if number > pattern.program.groups {
                let text = format!("invalid group reference {number}");
                return Err(pattern_error(vm, &text, reader.template, start + 1));
            }
            reader.group(number);
        }
        'n' => reader.push(10),
        'r' => reader.push(13),
        't' => reader.push(9),
        'v' => reader.push(11),
        'f' => reader.push(12),
        'a' => reader.push(7),
        'b' => reader.push(8),
        '\\' => reader.push(92),
        c if c.is_ascii_alphabetic() => {
            return Err(pattern_error(
                vm,
                &format!("bad escape \\{c}"),
                reader.template,
                start,
            ));
        }
        c => {
            reader.push(92);
            reader.push(c as u32);
        }
    }
    Ok(())
}

/// `\g<name>` or `\g<number>`
fn group_in_template(vm: &mut Vm, reader: &mut Reader<'_>, pattern: &Pattern) -> R<()> {
    if reader.char_at(reader.at) != Some('<') {
        return Err(pattern_error(vm, "missing <", reader.template, reader.at));
    }
    reader.at += 1;
    let place = reader.at;
    let mut name = String::new();
    loop {
        match reader.char_at(reader.at) {
            Some('>') => break,
            Some(c) => name.push(c),
            None => {
                let text = if name.is_empty() {
                    "missing group name"
                } else {
                    "missing >, unterminated name"
                };
                return Err(pattern_error(vm, text, reader.template, place));
            }
        }
        reader.at += 1;
    }
    reader.at += 1;
    if name.is_empty() {
        return Err(pattern_error(
            vm,
            "missing group name",
            reader.template,
            place,
        ));
    }
    let group = if name.bytes().all(|b| b.is_ascii_digit()) {
        match name.parse::<usize>() {
            Ok(group) if group <= pattern.program.groups => group,
            _ => {
                let text = format!("invalid group reference {name}");
                return Err(pattern_error(vm, &text, reader.template, place));
            }
        }
    } else {
        let good = name.chars().all(|c| c == '_' || c.is_alphanumeric())
            && name.chars().next().is_some_and(|c| !c.is_numeric());
        if !good || reader.single && !name.is_ascii() {
            let shown = super::parse::shown_name(&name, reader.single);
            let text = format!("bad character in group name '{shown}'");
            return Err(pattern_error(vm, &text, reader.template, place));
        }
        match pattern.names.0.iter().find(|(n, _)| *n == name) {
            Some((_, group)) => *group,
            None => return Err(vm.index_error(format!("unknown group name '{name}'"))),
        }
    };
    reader.group(group);
    Ok(())
}

/// `sub(repl, string, count)`
pub fn sub(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match replace(vm, frame, input) {
        Ok(Done::Text(text, _)) => Step::Return(text),
        Ok(Done::Wait(step)) => step,
        Err(raised) => Step::Raise(raised),
    }
}

/// `subn(repl, string, count)`
pub fn subn(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match replace(vm, frame, input) {
        Ok(Done::Text(text, count)) => Step::Return(pair(text, int(count))),
        Ok(Done::Wait(step)) => step,
        Err(raised) => Step::Raise(raised),
    }
}

enum Done {
    Text(Value, i64),
    Wait(Step),
}

const REPL: usize = 1;
const STRING: usize = 2;
const COUNT: usize = 3;
/// A list of the matches that are left, for a callable.
const MATCHES: usize = 4;
/// What was put together so far.
const OUT: usize = 5;
/// The byte up to which the text was copied.
const LAST: usize = 6;
/// How many matches were replaced.
const NUMBER: usize = 7;

fn replace(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Done> {
    let Some(pattern) = pattern_of(&frame.regs[0]) else {
        return Ok(Done::Text(Value::NONE, 0));
    };
    let text = Text::new(vm, &pattern, &frame.regs[STRING])?;
    match input {
        Input::Start if !vm.is_callable(&frame.regs[REPL]) => {
            return by_template(vm, &pattern, &text, frame);
        }
        Input::Start => begin_calls(vm, &pattern, &text, frame)?,
        Input::Value(value) | Input::Yielded(value) => append_result(vm, &text, frame, &value)?,
        Input::Raised(raised) => return Err(raised),
    }
    // The next match is handed to the callable.
    let next = frame.regs[MATCHES].get::<List>().and_then(List::pop);
    let Some(next) = next else {
        return finish(vm, &text, frame);
    };
    let Some(found) = next.to_ref::<MatchObject>() else {
        return finish(vm, &text, frame);
    };
    let last = frame.regs[LAST].as_small_int().unwrap_or(0) as usize;
    let (start, end) = (found.found[0], found.found[1]);
    push(vm, &frame.regs[OUT], &text.bytes()[last..start])?;
    frame.regs[LAST] = int(end as i64);
    frame.regs[NUMBER] = int(frame.regs[NUMBER].as_small_int().unwrap_or(0) + 1);
    Ok(Done::Wait(Step::Call(
        frame.regs[REPL].clone(),
        smallvec::smallvec![next],
    )))
}

fn push(vm: &mut Vm, out: &Value, bytes: &[u8]) -> R<()> {
    let Some(out) = out.get::<ByteArray>() else {
        return Ok(());
    };
    let pushed = out.data.borrow_mut().extend_from_slice(bytes);
    vm.lift(pushed)
}

fn count_of(vm: &mut Vm, value: &Value) -> R<i64> {
    Ok(match index(vm, value)? {
        0 => i64::MAX,
        count => count.max(0),
    })
}

/// All matches are found first: the callable cannot change the text.
fn begin_calls(vm: &mut Vm, pattern: &Pattern, text: &Text, frame: &mut NativeFrame<'_>) -> R<()> {
    let most = count_of(vm, &frame.regs[COUNT])?;
    let mut walk = Walk::new(0, text.bytes().len());
    let mut matches = Vec::new();
    let len = text.len();
    while (matches.len() as i64) < most
        && let Some(found) = walk.next(vm, pattern, text)?
    {
        let pattern = frame.regs[0].clone();
        matches.push(MatchObject::make(vm, &pattern, &text.value, found, 0, len));
    }
    matches.reverse();
    frame.regs[MATCHES] = crate::builtins::arguments::list(matches);
    frame.regs[OUT] = ByteArray::new(crate::heap::Buffer::new()).into_value();
    frame.regs[LAST] = int(0);
    frame.regs[NUMBER] = int(0);
    Ok(())
}

fn append_result(vm: &mut Vm, text: &Text, frame: &mut NativeFrame<'_>, value: &Value) -> R<()> {
    let out = frame.regs[OUT].clone();
    if let Some(string) = value.get::<Str>()
        && !text.single
    {
        return push(vm, &out, string.bytes());
    }
    if text.single
        && let Some(bytes) = with_bytes(value, <[u8]>::to_vec)
    {
        return push(vm, &out, &bytes);
    }
    if value.is_none() {
        return Ok(());
    }
    let name = vm.type_name(value);
    let wanted = if text.single {
        "a bytes-like object"
    } else {
        "str instance"
    };
    Err(vm.type_error(format!("sequence item 0: expected {wanted}, {name} found")))
}

fn finish(vm: &mut Vm, text: &Text, frame: &mut NativeFrame<'_>) -> R<Done> {
    let number = frame.regs[NUMBER].as_small_int().unwrap_or(0);
    if number == 0 {
        return Ok(Done::Text(frame.regs[STRING].clone(), 0));
    }
    let last = frame.regs[LAST].as_small_int().unwrap_or(0) as usize;
    push(vm, &frame.regs[OUT], &text.bytes()[last..])?;
    let out = frame.regs[OUT]
        .get::<ByteArray>()
        .map_or_else(Vec::new, |b| b.data.borrow().to_vec());
    Ok(Done::Text(made(vm, text, &out)?, number))
}

fn by_template(
    vm: &mut Vm,
    pattern: &Pattern,
    text: &Text,
    frame: &mut NativeFrame<'_>,
) -> R<Done> {
    let template = Template::read(vm, pattern, &frame.regs[REPL])?;
    let most = count_of(vm, &frame.regs[COUNT])?;
    let mut walk = Walk::new(0, text.bytes().len());
    let (mut out, mut last, mut number) = (Vec::new(), 0, 0);
    while number < most
        && let Some(found) = walk.next(vm, pattern, text)?
    {
        out.extend_from_slice(&text.bytes()[last..found[0]]);
        template.fill(text, &found, &mut out);
        last = found[1];
        number += 1;
    }
    if number == 0 {
        return Ok(Done::Text(frame.regs[STRING].clone(), 0));
    }
    out.extend_from_slice(&text.bytes()[last..]);
    Ok(Done::Text(made(vm, text, &out)?, number))
}

/// `re.escape(pattern)`
pub fn escape(vm: &mut Vm, args: &[Value]) -> R {
    let special = |b: u8| b"()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(&b);
    let escaped = |bytes: &[u8]| {
        let mut out = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            if special(byte) {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out
    };
    if let Some(text) = args[0].get::<Str>() {
        let out = escaped(text.bytes());
        return wtf8(vm, &out);
    }
    match with_bytes(&args[0], escaped) {
        Some(out) => bytes(vm, &out),
        None => {
            let name = vm.type_name(&args[0]);
            Err(vm.type_error(format!(
                "decoding to str: need a bytes-like object, {name} found"
            )))
        }
    }
}
