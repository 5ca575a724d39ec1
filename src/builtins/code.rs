//! Code, frames and tracebacks as scripts see them.

use super::adapt::c_int;
use super::arguments::text;
use super::generator::line_value;
use crate::bytecode::code::flags;
use crate::bytecode::{self, Position};
use crate::heap::{Ref, Value};
use crate::object::bytes::Bytes;
use crate::object::function::Code;
use crate::object::int;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `code`
pub static CODE: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__repr__(self, /)", |vm, args| {
            let Some(code) = args[0].get::<Code>() else {
                return Ok(Value::NONE);
            };
            let (name, file, line) = (
                &code.plain.name,
                code.plain.source.name(),
                code.plain.first_line,
            );
            let address = vm.address(&args[0]);
            Ok(Str::new(&format!(
                "<code object {name} at {address}, file \"{file}\", line {line}>"
            ))
            .into_value())
        }),
        Def::leaf(
            "replace(self, /, *, co_name=<unset>, co_qualname=<unset>, co_firstlineno=<unset>, co_flags=<unset>, co_filename=<unset>)",
            replace,
        ),
        Def::leaf(
            "__replace__(self, /, *, co_name=<unset>, co_qualname=<unset>, co_firstlineno=<unset>, co_flags=<unset>, co_filename=<unset>)",
            replace,
        ),
        Def::leaf("__eq__(self, value, /)", |_, args| {
            Ok(match (args[0].get::<Code>(), args[1].get::<Code>()) {
                (Some(a), Some(b)) => Value::bool(
                    std::sync::Arc::ptr_eq(&a.plain, &b.plain) || a.plain.is_same(&b.plain),
                ),
                _ => Value::NOT_IMPLEMENTED,
            })
        }),
        Def::leaf("__hash__(self, /)", |_, args| {
            let hash = args[0].get::<Code>().map_or(0, |code| {
                let line = i64::from(code.plain.first_line);
                Str::new(&code.plain.name).hash() ^ line ^ (code.plain.words.len() as i64) << 20
            });
            Ok(int::from_i64(hash))
        }),
        Def::leaf("co_positions(self, /)", |vm, args| positions(vm, &args[0])),
        Def::leaf("co_lines(self, /)", |vm, args| lines(vm, &args[0])),
    ],
    attributes: &[
        Attribute::get("co_name", |_, v| text_of(v, |c| c.plain.name.to_string())),
        Attribute::get("co_qualname", |_, v| {
            text_of(v, |c| c.plain.qualname.to_string())
        }),
        Attribute::get("co_filename", |_, v| {
            text_of(v, |c| c.plain.source.name().to_string())
        }),
        Attribute::get("co_firstlineno", |_, v| {
            number_of(v, |c| c.plain.first_line)
        }),
        Attribute::get("co_argcount", |_, v| {
            number_of(v, |c| {
                // What is no function takes its namespace.
                match c.flags & flags::OPTIMIZED {
                    0 => 0,
                    _ => c.plain.arg_count,
                }
            })
        }),
        Attribute::get("co_posonlyargcount", |_, v| {
            number_of(v, |c| c.plain.posonly_count)
        }),
        Attribute::get("co_kwonlyargcount", |_, v| {
            number_of(v, |c| c.plain.kwonly_count)
        }),
        Attribute::get("co_nlocals", |_, v| {
            number_of(v, |c| visible_locals(c).len() as u32)
        }),
        Attribute::get("co_stacksize", |_, v| {
            number_of(v, |c| c.nregisters - c.nlocals)
        }),
        Attribute::get("co_flags", |_, v| number_of(v, |c| c.flags & 0xFFFF)),
        Attribute::get("co_varnames", |_, v| names(v, visible_locals)),
        Attribute::get("co_cellvars", |_, v| {
            names(v, |c| {
                c.plain
                    .cells
                    .iter()
                    .map(|&i| c.plain.local_names[i as usize].to_string())
                    .collect()
            })
        }),
        Attribute::get("co_freevars", |_, v| {
            names(v, |c| {
                c.plain.free_names.iter().map(|n| n.to_string()).collect()
            })
        }),
        Attribute::get("co_names", |_, v| {
            names(v, |c| c.plain.names.iter().map(|n| n.to_string()).collect())
        }),
        Attribute::get("co_consts", |vm, v| {
            let body = v.get::<Code>().map(|code| vm.code_body(code));
            let consts = body.map_or(Vec::new(), |body| body.consts.to_vec());
            Ok(Tuple::of(consts).into_value())
        }),
        Attribute::get("co_code", |vm, v| {
            let words: Vec<u8> = v.get::<Code>().map_or(Vec::new(), |c| {
                c.plain.words.iter().flat_map(|w| w.to_le_bytes()).collect()
            });
            let bytes = Bytes::new(&words);
            vm.lift(bytes.map(Ref::into_value))
        }),
    ],
    ..TypeDef::new("builtins", "code", kind::CODE)
};

/// The flags that say how a call binds its arguments and what it makes: the instructions rely on them.
const FIXED_FLAGS: u32 = flags::OPTIMIZED
    | flags::NEWLOCALS
    | flags::VARARGS
    | flags::VARKEYWORDS
    | flags::GENERATOR
    | flags::COROUTINE
    | flags::ASYNC_GENERATOR;

/// A copy under another name, with another first line or other flags.
fn replace(vm: &mut Vm, args: &[Value]) -> R {
    let Some(code) = args[0].get::<Code>() else {
        return Ok(Value::NONE);
    };
    let mut plain = bytecode::Code::clone(&code.plain);
    // Code inside this one stays that of its file, so it is read before this one gets another.
    let _read: &bytecode::Body = &plain;
    // The order in which CPython reads them.
    let flags = number_to_replace(vm, &args[4])?;
    let first_line = number_to_replace(vm, &args[3])?;
    let file = text_to_replace(vm, &args[5], "co_filename")?;
    if let Some(name) = text_to_replace(vm, &args[1], "co_name")? {
        plain.name = name.into();
    }
    if let Some(name) = text_to_replace(vm, &args[2], "co_qualname")? {
        plain.qualname = name.into();
    }
    if let Some(name) = file {
        plain.source = plain.source.renamed(&name).into();
    }
    for (given, name) in [(flags, "co_flags"), (first_line, "co_firstlineno")] {
        if given.is_some_and(|i| i < 0) {
            return Err(vm.value_error(format!("{name} must be a positive integer")));
        }
    }
    if let Some(line) = first_line {
        plain.first_line = line as u32;
    }
    if let Some(wanted) = flags {
        let wanted = wanted as u32 & 0xFFFF;
        if (wanted ^ plain.flags) & FIXED_FLAGS != 0 {
            return Err(vm.value_error("code: co_flags does not fit the instructions"));
        }
        plain.flags = plain.flags & !0xFFFF | wanted;
    }
    let copy = Code::alloc(plain.into());
    Ok(copy.into_value())
}

fn number_to_replace(vm: &mut Vm, given: &Value) -> R<Option<i64>> {
    match given.is_undef() {
        true => Ok(None),
        false => c_int(vm, given).map(Some),
    }
}

fn text_to_replace(vm: &mut Vm, given: &Value, name: &str) -> R<Option<String>> {
    if given.is_undef() {
        return Ok(None);
    }
    let text = text(vm, given, &format!("replace() argument '{name}'"))?;
    Ok(Some(text.into_owned()))
}

fn text_of(value: &Value, get: impl Fn(&Code) -> String) -> R {
    Ok(value
        .get::<Code>()
        .map_or(Value::NONE, |c| Str::new(&get(c)).into_value()))
}

fn number_of(value: &Value, get: impl Fn(&Code) -> u32) -> R {
    Ok(value
        .get::<Code>()
        .map_or(Value::NONE, |c| int::from_i64(get(c) as i64)))
}

fn names(value: &Value, get: impl Fn(&Code) -> Vec<String>) -> R {
    let names = value.get::<Code>().map_or(Vec::new(), get);
    Ok(Tuple::of(names.iter().map(|n| Str::new(n).into_value()).collect()).into_value())
}

/// The names of the locals, without those the compiler made up. `*args` and
/// `**kwargs` come behind the keyword-only parameters, as in CPython.
fn visible_locals(code: &Code) -> Vec<String> {
    let cells = &code.plain.cells;
    let parameters = (code.plain.arg_count + code.plain.kwonly_count) as usize
        + (code.flags & crate::bytecode::code::flags::VARARGS != 0) as usize
        + (code.flags & crate::bytecode::code::flags::VARKEYWORDS != 0) as usize;
    let named = code.plain.local_names.iter().enumerate();
    named
        .filter(|(i, name)| {
            !name.starts_with('.') && (*i < parameters || !cells.contains(&(*i as u16)))
        })
        .map(|(_, name)| name.to_string())
        .collect()
}

fn position_tuple(position: Position) -> Value {
    let number = |n: u32| int::from_i64(n as i64);
    if position.line == 0 {
        return Tuple::few([Value::NONE, Value::NONE, Value::NONE, Value::NONE]).into_value();
    }
    Tuple::few([
        number(position.line),
        number(position.end_line),
        number(position.column),
        number(position.end_column),
    ])
    .into_value()
}

/// One tuple for each word, so that `tb_lasti // 2` is its index.
fn positions(vm: &mut Vm, value: &Value) -> R {
    let tuples: Vec<Value> = value.get::<Code>().map_or(Vec::new(), |code| {
        (0..code.plain.words.len() as u32)
            .map(|word| position_tuple(code.plain.position(word)))
            .collect()
    });
    vm.iter(List::from_vec(tuples).as_value())
}

fn lines(vm: &mut Vm, value: &Value) -> R {
    let mut tuples = Vec::new();
    if let Some(code) = value.get::<Code>() {
        let starts = &code.plain.positions;
        for (i, (start, position)) in starts.iter().enumerate() {
            let end = starts
                .get(i + 1)
                .map_or(code.plain.words.len() as u32, |next| next.0);
            let number = |n: u32| int::from_i64(n as i64);
            tuples.push(
                Tuple::few([
                    number(start * 2),
                    number(end * 2),
                    line_value(position.line),
                ])
                .into_value(),
            );
        }
    }
    vm.iter(List::from_vec(tuples).as_value())
}
