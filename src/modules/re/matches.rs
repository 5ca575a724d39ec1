//! `re.Match`: what was found, and where.

use std::cell::Cell;

use super::matcher::NOWHERE;
use super::pattern::{Found, Pattern, Text, no_such_group, pattern_of};
use crate::builtins::arguments::{int, long_string, pair, string, tuple};
use crate::builtins::functions::iterators::itself;
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::object::traced::{Untraced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

traced_object! {
    /// `re.Match`
    pub struct MatchObject: REGEX_MATCH {
        /// The pattern.
        pattern: Value,
        /// The text.
        text: Value,
        /// Beginnings and ends of groups, in bytes.
        found: Untraced<Found>,
        /// `pos`
        pos: Cell<usize>,
        /// `endpos`
        endpos: Cell<usize>,
    }
}

impl MatchObject {
    /// A match.
    pub fn make(
        vm: &mut Vm,
        pattern: &Value,
        text: &Value,
        found: Found,
        pos: usize,
        endpos: usize,
    ) -> Value {
        let class = vm.class_of_def(&MATCH);
        let shape = class.root_shape.get();
        let (pos, endpos) = (Cell::new(pos), Cell::new(endpos));
        MatchObject::alloc(
            shape,
            pattern.clone(),
            text.clone(),
            Untraced(found),
            pos,
            endpos,
        )
        .into_value()
    }

    fn pattern(&self) -> Option<Ref<Pattern>> {
        pattern_of(&self.pattern)
    }

    fn text(&self, vm: &mut Vm) -> R<Text> {
        match self.pattern() {
            Some(pattern) => Text::new(vm, &pattern, &self.text),
            None => Err(vm.runtime_error("a match without a pattern")),
        }
    }

    fn groups(&self) -> usize {
        self.found.len() / 2 - 1
    }

    /// The number of a group given by number or name.
    fn number(&self, vm: &mut Vm, group: &Value) -> R<usize> {
        if let Some(name) = group.get::<Str>() {
            let name = name.to_text();
            let known = self
                .pattern()
                .and_then(|p| p.names.0.iter().find(|(n, _)| *n == name).map(|(_, g)| *g));
            return known.map_or_else(|| Err(no_such_group(vm)), Ok);
        }
        let index = if IntView::of(group).is_some()
            || vm
                .special_of(group, crate::vm::special::Special::Index)
                .is_some()
        {
            vm.index_clamped(group)?
        } else {
            return Err(no_such_group(vm));
        };
        match usize::try_from(index) {
            Ok(number) if number <= self.groups() => Ok(number),
            _ => Err(no_such_group(vm)),
        }
    }

    /// Beginning and end of a group, in bytes, if it took part.
    fn span(&self, group: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.found[group * 2], self.found[group * 2 + 1]);
        (start != NOWHERE && end != NOWHERE).then_some((start, end))
    }

    /// The text of a group, or `absent`.
    pub fn part(&self, vm: &mut Vm, group: usize, absent: &Value) -> R {
        match self.span(group) {
            Some((start, end)) => {
                let text = self.text(vm)?;
                text.part(vm, start, end)
            }
            None => Ok(absent.clone()),
        }
    }

    /// Beginning and end of a group, in characters; -1 if it did not take part.
    fn place(&self, vm: &mut Vm, group: usize) -> R<(i64, i64)> {
        match self.span(group) {
            Some((start, end)) => {
                let text = self.text(vm)?;
                Ok((text.index(start) as i64, text.index(end) as i64))
            }
            None => Ok((-1, -1)),
        }
    }
}

fn this(value: &Value) -> Option<Ref<MatchObject>> {
    value.to_ref::<MatchObject>()
}

/// Arguments: self, groups.
fn group(vm: &mut Vm, args: &[Value]) -> R {
    let Some(found) = this(&args[0]) else {
        return Ok(Value::NONE);
    };
    match args[1].get::<Tuple>().map_or(&[][..], Tuple::items) {
        [] => found.part(vm, 0, &Value::NONE),
        [only] => {
            let number = found.number(vm, only)?;
            found.part(vm, number, &Value::NONE)
        }
        several => {
            let mut parts = Vec::new();
            for group in several {
                let number = found.number(vm, group)?;
                parts.push(found.part(vm, number, &Value::NONE)?);
            }
            tuple(vm, parts)
        }
    }
}

fn getitem(vm: &mut Vm, args: &[Value]) -> R {
    let Some(found) = this(&args[0]) else {
        return Ok(Value::NONE);
    };
    let number = found.number(vm, &args[1])?;
    found.part(vm, number, &Value::NONE)
}

fn groups(vm: &mut Vm, args: &[Value]) -> R {
    let Some(found) = this(&args[0]) else {
        return Ok(Value::NONE);
    };
    let mut parts = Vec::new();
    for group in 1..=found.groups() {
        parts.push(found.part(vm, group, &args[1])?);
    }
    tuple(vm, parts)
}

fn groupdict(vm: &mut Vm, args: &[Value]) -> R {
    let Some(found) = this(&args[0]) else {
        return Ok(Value::NONE);
    };
    let dict = Dict::new();
    let names = found.pattern().map(|p| p.names.0.clone());
    for (name, group) in names.iter().flat_map(|n| n.iter()) {
        let part = found.part(vm, *group, &args[1])?;
        vm.set_name(&dict, name, part)?;
    }
    Ok(dict.into_value())
}

fn place(vm: &mut Vm, args: &[Value]) -> R<(i64, i64)> {
    let Some(found) = this(&args[0]) else {
        return Ok((-1, -1));
    };
    let number = found.number(vm, &args[1])?;
    found.place(vm, number)
}

fn expand(vm: &mut Vm, args: &[Value]) -> R {
    let Some(found) = this(&args[0]) else {
        return Ok(Value::NONE);
    };
    let Some(pattern) = found.pattern() else {
        return Ok(Value::NONE);
    };
    let template = super::replace::Template::read(vm, &pattern, &args[1])?;
    let text = found.text(vm)?;
    let mut bytes = Vec::new();
    template.fill(&text, &found.found, &mut bytes);
    super::replace::made(vm, &text, &bytes)
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(found) = this(&args[0]) else {
        return Ok(Value::NONE);
    };
    let (start, end) = found.place(vm, 0)?;
    let whole = found.part(vm, 0, &Value::NONE)?;
    let shown = vm.repr_text(&whole)?;
    let shown: String = if shown.chars().count() > 50 {
        shown.chars().take(50).collect()
    } else {
        shown
    };
    long_string(
        vm,
        &format!("<re.Match object; span=({start}, {end}), match={shown}>"),
    )
}

/// The number of the group that was closed last; 0 for none.
fn last_group(found: &MatchObject) -> usize {
    let mut best: Option<(usize, usize, usize)> = None;
    for group in 1..=found.groups() {
        if let Some((start, end)) = found.span(group) {
            // Of groups that end together the outer one was closed last.
            let better = match best {
                None => true,
                Some((known_end, known_start, _)) => {
                    end > known_end || (end == known_end && start < known_start)
                }
            };
            if better {
                best = Some((end, start, group));
            }
        }
    }
    best.map_or(0, |(_, _, group)| group)
}

fn lastgroup(_: &mut Vm, value: &Value) -> R {
    let Some(found) = this(value) else {
        return Ok(Value::NONE);
    };
    let last = last_group(&found);
    let name = found.pattern().and_then(|p| {
        p.names
            .0
            .iter()
            .find(|(_, g)| *g == last)
            .map(|(n, _)| n.clone())
    });
    Ok(name.map_or(Value::NONE, |n| string(&n)))
}

fn regs(vm: &mut Vm, value: &Value) -> R {
    let Some(found) = this(value) else {
        return Ok(Value::NONE);
    };
    let mut all = Vec::new();
    for group in 0..=found.groups() {
        let (start, end) = found.place(vm, group)?;
        all.push(pair(int(start), int(end)));
    }
    tuple(vm, all)
}

/// `re.Match`
pub static MATCH: TypeDef = TypeDef {
    doc: "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    methods: &[
        Def::leaf("group(self, /, *groups)", group),
        Def::leaf("__getitem__(self, key, /)", getitem),
        Def::leaf("groups(self, /, default=None)", groups),
        Def::leaf("groupdict(self, /, default=None)", groupdict),
        Def::leaf("start(self, group=0, /)", |vm, args| {
            place(vm, args).map(|p| int(p.0))
        }),
        Def::leaf("end(self, group=0, /)", |vm, args| {
            place(vm, args).map(|p| int(p.1))
        }),
        Def::leaf("span(self, group=0, /)", |vm, args| {
            place(vm, args).map(|p| pair(int(p.0), int(p.1)))
        }),
        Def::leaf("expand(self, /, template)", expand),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__copy__(self, /)", itself),
        Def::leaf("__deepcopy__(self, memo, /)", itself),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    attributes: &[
        Attribute::get("string", |_, v| {
            Ok(this(v).map_or(Value::NONE, |m| m.text.clone()))
        }),
        Attribute::get("re", |_, v| {
            Ok(this(v).map_or(Value::NONE, |m| m.pattern.clone()))
        }),
        Attribute::get("pos", |_, v| {
            Ok(int(this(v).map_or(0, |m| m.pos.get() as i64)))
        }),
        Attribute::get("endpos", |_, v| {
            Ok(int(this(v).map_or(0, |m| m.endpos.get() as i64)))
        }),
        Attribute::get("lastindex", |_, v| {
            Ok(match this(v).map_or(0, |m| last_group(&m)) {
                0 => Value::NONE,
                group => int(group as i64),
            })
        }),
        Attribute::get("lastgroup", lastgroup),
        Attribute::get("regs", regs),
    ],
    ..TypeDef::new("re", "Match", kind::REGEX_MATCH)
};
