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
        Def::leaf("lookup(name, /)", lookup).doc("Look up character by name."),
        Def::leaf("name(chr, default=<unset>, /)", name)
            .doc("Returns the name assigned to the character chr as a string."),
        Def::leaf("decimal(chr, default=<unset>, /)", |vm, args| {
            let value = point(vm, args, "decimal() argument 1").map(unicode::decimal)?;
            or_default(vm, args, value.map(|d| int(d.into())), "not a decimal")
        })
        .doc("Converts a Unicode character into its equivalent decimal value."),
        Def::leaf("digit(chr, default=<unset>, /)", |vm, args| {
            let value = point(vm, args, "digit() argument 1").map(unicode::digit)?;
            or_default(vm, args, value.map(|d| int(d.into())), "not a digit")
        })
        .doc("Converts a Unicode character into its equivalent digit value."),
        Def::leaf("numeric(chr, default=<unset>, /)", |vm, args| {
            let value = point(vm, args, "numeric() argument 1").map(unicode::numeric)?;
            let value = value.map(|(n, d)| float(n as f64 / d as f64));
            or_default(vm, args, value, "not a numeric character")
        })
        .doc("Converts a Unicode character into its equivalent numeric value."),
        Def::leaf("category(chr, /)", |vm, args| {
            Ok(string(unicode::category(point(
                vm,
                args,
                "category() argument",
            )?)))
        })
        .doc("Returns the general category assigned to the character chr as string."),
        Def::leaf("bidirectional(chr, /)", |vm, args| {
            let point = point(vm, args, "bidirectional() argument")?;
            Ok(string(unicode::bidirectional(point)))
        })
        .doc("Returns the bidirectional class assigned to the character chr as string."),
        Def::leaf("combining(chr, /)", |vm, args| {
            let point = point(vm, args, "combining() argument")?;
            Ok(int(unicode::combining(point).into()))
        })
        .doc("Returns the canonical combining class assigned to the character chr as integer."),
        Def::leaf("east_asian_width(chr, /)", |vm, args| {
            let point = point(vm, args, "east_asian_width() argument")?;
            Ok(string(unicode::east_asian_width(point)))
        })
        .doc("Returns the east asian width assigned to the character chr as string."),
        Def::leaf("mirrored(chr, /)", |vm, args| {
            let point = point(vm, args, "mirrored() argument")?;
            Ok(int(unicode::is_mirrored(point).into()))
        })
        .doc("Returns the mirrored property assigned to the character chr as integer."),
        Def::leaf("decomposition(chr, /)", |vm, args| {
            let point = point(vm, args, "decomposition() argument")?;
            Ok(string(&unicode::decomposition(point)))
        })
        .doc(
            "Returns the character decomposition mapping assigned to the character chr as string.",
        ),
        Def::leaf("normalize(form, unistr, /)", normalize)
            .doc("Return the normal form 'form' for the Unicode string unistr."),
        Def::leaf("is_normalized(form, unistr, /)", is_normalized)
            .doc("Return whether the Unicode string unistr is in the normal form 'form'."),
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
    if text.is_ascii() {
        return Ok(args[1].clone());
    }
    match text.as_str() {
        Some(plain) if unicode::is_normalized(plain, form) => Ok(args[1].clone()),
        Some(plain) => long_string(vm, &unicode::normalized(plain, form)),
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
        Some(plain) => unicode::is_normalized(plain, form),
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
        let copied = out.extend_from_slice(unicode::normalized(&run, form).as_bytes());
        vm.lift(copied)?;
        let copied = push_point(&mut out, point);
        vm.lift(copied)?;
        run.clear();
    }
    let copied = out.extend_from_slice(unicode::normalized(&run, form).as_bytes());
    vm.lift(copied)?;
    wtf8(vm, &out)
}
