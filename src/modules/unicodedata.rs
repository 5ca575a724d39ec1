//! `unicodedata`: what the character database says.

use crate::builtins::arguments::{float, int, long_string, plain, shown_type, string, wtf8};
use crate::heap::{Ref, Value};
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R};
use crate::object::str::{Str, push_point};
use crate::object::unicode::{self, Form};
use crate::vm::Vm;

/// `unicodedata`
pub static MODULE: ModuleDef = ModuleDef {
    name: "unicodedata",
    doc: "This module provides access to the Unicode Character Database.",
    functions: &[
        Def::leaf("lookup(name, /)", lookup).doc("The character of that name."),
        Def::leaf("name(chr, default=<unset>, /)", name).doc("What Unicode calls a character."),
        Def::leaf("decimal(chr, default=<unset>, /)", |vm, args| {
            let value = point(vm, args, "decimal() argument 1").map(unicode::decimal)?;
            or_default(vm, args, value.map(|d| int(d.into())), "not a decimal")
        })
        .doc("The decimal digit that a character stands for."),
        Def::leaf("digit(chr, default=<unset>, /)", |vm, args| {
            let value = point(vm, args, "digit() argument 1").map(unicode::digit)?;
            or_default(vm, args, value.map(|d| int(d.into())), "not a digit")
        })
        .doc("The digit that a character stands for."),
        Def::leaf("numeric(chr, default=<unset>, /)", |vm, args| {
            let value = point(vm, args, "numeric() argument 1").map(unicode::numeric)?;
            let value = value.map(|(n, d)| float(n as f64 / d as f64));
            or_default(vm, args, value, "not a numeric character")
        })
        .doc("The number that a character stands for."),
        Def::leaf("category(chr, /)", |vm, args| {
            Ok(string(unicode::category(point(
                vm,
                args,
                "category() argument",
            )?)))
        })
        .doc("The category of a character, two letters."),
        Def::leaf("bidirectional(chr, /)", |vm, args| {
            let point = point(vm, args, "bidirectional() argument")?;
            Ok(string(unicode::bidirectional(point)))
        })
        .doc("The bidirectional class of a character."),
        Def::leaf("combining(chr, /)", |vm, args| {
            let point = point(vm, args, "combining() argument")?;
            Ok(int(unicode::combining(point).into()))
        })
        .doc("The combining class of a character; 0 if it does not combine."),
        Def::leaf("east_asian_width(chr, /)", |vm, args| {
            let point = point(vm, args, "east_asian_width() argument")?;
            Ok(string(unicode::east_asian_width(point)))
        })
        .doc("How wide a character is in east Asian text."),
        Def::leaf("mirrored(chr, /)", |vm, args| {
            let point = point(vm, args, "mirrored() argument")?;
            Ok(int(unicode::is_mirrored(point).into()))
        })
        .doc("Whether a character is mirrored where text runs from right to left: 1 or 0."),
        Def::leaf("decomposition(chr, /)", |vm, args| {
            let point = point(vm, args, "decomposition() argument")?;
            Ok(string(&unicode::decomposition(point)))
        })
        .doc("What a character is made of, as text."),
        Def::leaf("normalize(form, unistr, /)", normalize).doc("The text in a normal form."),
        Def::leaf("is_normalized(form, unistr, /)", is_normalized)
            .doc("Whether the text is in that normal form already."),
    ],
    types: &[],
    setup: Some(|vm, module: &Ref<Module>| {
        vm.set_name(
            &module.namespace,
            "unidata_version",
            string(unicode::VERSION),
        )
    }),
};

/// The one character of the first argument.
fn point(vm: &mut Vm, args: &[Value], what: &str) -> R<u32> {
    if let Some(text) = args[0].get::<Str>()
        && text.len() == 1
    {
        return Ok(text.char_at(0).unwrap_or(0));
    }
    let given = shown_type(vm, &args[0]);
    Err(vm.type_error(format!("{what} must be a unicode character, not {given}")))
}

fn or_default(vm: &mut Vm, args: &[Value], value: Option<Value>, otherwise: &str) -> R {
    match value {
        Some(value) => Ok(value),
        None if !args[1].is_undef() => Ok(args[1].clone()),
        None => Err(vm.value_error(otherwise)),
    }
}

fn name(vm: &mut Vm, args: &[Value]) -> R {
    let point = point(vm, args, "name() argument 1")?;
    let name = unicode::name(point).map(|name| string(&name));
    or_default(vm, args, name, "no such name")
}

fn lookup(vm: &mut Vm, args: &[Value]) -> R {
    let name = match args[0].get::<Str>() {
        Some(_) => plain(&args[0]),
        None => {
            let bytes = crate::builtins::arguments::buffer(vm, &args[0])?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    if name.len() > 256 {
        return Err(vm.key_error_text("name too long"));
    }
    match unicode::named(&name) {
        Some(point) => Ok(Str::from_point(point).into_value()),
        None => Err(vm.key_error_text(&format!("undefined character name '{name}'"))),
    }
}

/// The form and the text of a call.
fn read<'a>(vm: &mut Vm, args: &'a [Value], function: &str) -> R<(String, &'a Str)> {
    for (number, value) in args.iter().enumerate() {
        if !value.is_kind::<Str>() {
            let given = shown_type(vm, value);
            let number = number + 1;
            return Err(vm.type_error(format!(
                "{function}() argument {number} must be str, not {given}"
            )));
        }
    }
    match args[1].get::<Str>() {
        Some(text) => Ok((plain(&args[0]), text)),
        None => Err(vm.type_error(format!("{function}() argument 2 must be str"))),
    }
}

fn normalize(vm: &mut Vm, args: &[Value]) -> R {
    let (form, text) = read(vm, args, "normalize")?;
    if text.is_empty() {
        return Ok(args[1].clone());
    }
    let Some(form) = Form::named(&form) else {
        return Err(vm.value_error("invalid normalization form"));
    };
    if !text.is_ascii() {
        vm.check_room(text.byte_len())?;
    }
    if text.is_ascii() {
        return Ok(args[1].clone());
    }
    match text.as_str() {
        Some(plain) => {
            let normal = unicode::normalized(plain, form);
            let normal = vm.lift(normal)?;
            if normal == plain {
                return Ok(args[1].clone());
            }
            long_string(vm, &normal)
        }
        None => around_surrogates(vm, text, form),
    }
}

fn is_normalized(vm: &mut Vm, args: &[Value]) -> R {
    let (form, text) = read(vm, args, "is_normalized")?;
    if text.is_empty() {
        return Ok(Value::TRUE);
    }
    let Some(form) = Form::named(&form) else {
        return Err(vm.value_error("invalid normalization form"));
    };
    Ok(Value::bool(match text.as_str() {
        Some(plain) => {
            let answer = unicode::is_normalized(plain, form);
            vm.lift(answer)?
        }
        None => {
            let normal = around_surrogates(vm, text, form)?;
            normal.get::<Str>().is_some_and(|normal| normal.eq(text))
        }
    }))
}

/// Normalises what is between the surrogates, which stay as they are.
fn around_surrogates(vm: &mut Vm, text: &Str, form: Form) -> R {
    let mut out = crate::heap::Buffer::new();
    let mut run = String::new();
    for point in text.points() {
        if let Some(c) = char::from_u32(point) {
            run.push(c);
            continue;
        }
        let normal = unicode::normalized(&run, form);
        let copied = out.extend_from_slice(vm.lift(normal)?.as_bytes());
        vm.lift(copied)?;
        let copied = push_point(&mut out, point);
        vm.lift(copied)?;
        run.clear();
    }
    let normal = unicode::normalized(&run, form);
    let copied = out.extend_from_slice(vm.lift(normal)?.as_bytes());
    vm.lift(copied)?;
    wtf8(vm, &out)
}
