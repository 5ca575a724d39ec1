//! The signatures of native functions: text in their tables, parsed at the first call.

use std::rc::Rc;

use super::Vm;
use super::signature::{Parameters, native_name, text};
use crate::heap::Value;
use crate::object::class::Class;
use crate::object::native::{Def, Native, NativeCode, Param, R, Signature};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// The most parameters of natives that are called with defaults for the rest by a short way.
pub(super) const MOST_SIMPLE: usize = 6;

impl Vm {
    /// Whether a built-in `__new__` or `__init__` leaves keywords to the other of the two: a
    /// subclass has one of its own.
    pub(super) fn leaves_keywords(&mut self, native: &Native, given: &[Value]) -> bool {
        let (class, other) = match native.def.name() {
            "__new__" => (given.first().and_then(Value::to_ref::<Class>), "__init__"),
            "__init__" => (given.first().map(|value| self.class_of(value)), "__new__"),
            _ => return false,
        };
        let (Some(class), Some(owner)) = (class, native.owner.to_ref::<Class>()) else {
            return false;
        };
        let other = self.intern(other).into_value();
        let own = self.lookup_in_class(&class, &other);
        let built_in = self.lookup_in_class(&owner, &other);
        own.zip(built_in)
            .is_some_and(|(own, built_in)| !own.is(&built_in))
    }

    /// The error of a native that gets an argument by position and by name, or too many of both:
    /// so many are given, the receiver among them.
    pub(super) fn check_given_once(
        &mut self,
        native: &Native,
        parameters: &Parameters<'_>,
        signature: &Signature,
        (given, receiver): (usize, usize),
        names: &[Value],
    ) -> R<()> {
        if names.is_empty() || signature.varargs || signature.varkw {
            return Ok(());
        }
        // What is written in Python there complains as functions do.
        let module = native.owner.get::<Str>().map(Str::to_string_lossy);
        if module.is_some_and(|module| module.starts_with("asyncio")) {
            return Ok(());
        }
        let who = native_name(native);
        let (given_own, most) = (given - receiver, signature.params.len() - receiver);
        if given_own > most {
            let s = if most == 1 { "" } else { "s" };
            return Err(self.type_error(format!(
                "{who}() takes at most {most} argument{s} ({given_own} given)"
            )));
        }
        let by_position = given - names.len();
        for name in names {
            let found = self.find_parameter(parameters, name);
            if let Some(i) = found.filter(|&i| i >= signature.posonly && i < by_position) {
                return Err(self.type_error(format!(
                    "argument for {who}() given by name ('{}') and position ({})",
                    text(name),
                    i + 1 - receiver
                )));
            }
        }
        Ok(())
    }

    /// How many registers the parameters of a native function take.
    pub(crate) fn parameter_count(&mut self, native: &Native) -> usize {
        let signature = self.signature(native);
        signature.params.len() + signature.varargs as usize + signature.varkw as usize
    }

    /// The parsed signature.
    #[inline]
    pub(crate) fn signature<'a>(&mut self, native: &'a Native) -> &'a Signature {
        if let Some(signature) = native.signature.get() {
            return signature;
        }
        self.find_signature(native)
    }

    #[cold]
    fn find_signature<'a>(&mut self, native: &'a Native) -> &'a Signature {
        let signature = match self.signatures.get(&std::ptr::from_ref(native.def).addr()) {
            Some(known) => known.clone(),
            None => {
                let parsed = Rc::new(self.parse_signature(native.def));
                self.signatures
                    .insert(std::ptr::from_ref(native.def).addr(), parsed.clone());
                parsed
            }
        };
        let signature = native.signature.get_or_init(|| signature);
        let plain = matches!(native.def.code, NativeCode::Leaf(_))
            && !signature.varargs
            && !signature.varkw
            && signature.positional == signature.params.len()
            && native.most as usize == signature.params.len()
            && signature.params.len() <= MOST_SIMPLE;
        if plain {
            native.least.set(signature.required as u32);
        }
        signature
    }

    fn parse_signature(&mut self, def: &'static Def) -> Signature {
        let inside = def
            .sig
            .split_once('(')
            .map_or("", |(_, rest)| rest.strip_suffix(')').unwrap_or(rest));
        let mut signature = Signature {
            name: def.name(),
            params: Vec::new(),
            posonly: 0,
            positional: 0,
            required: 0,
            varargs: false,
            varkw: false,
        };
        if matches!(def.code, NativeCode::Raw(_)) {
            return signature;
        }
        let mut keyword_only = false;
        for part in split_parameters(inside) {
            match part {
                "/" => signature.posonly = signature.params.len(),
                "*" => keyword_only = true,
                p if p.starts_with("**") => signature.varkw = true,
                p if p.starts_with('*') => {
                    signature.varargs = true;
                    keyword_only = true;
                }
                p => {
                    let (name, default) = match p.split_once('=') {
                        Some((name, default)) => (name.trim(), Some(default.trim())),
                        None => (p, None),
                    };
                    let name = name.split(':').next().unwrap_or(name).trim();
                    let param = Param {
                        name: self.intern(name).into_value(),
                        default: default.map_or(Value::UNDEF, |d| self.parse_default(d)),
                        optional: default.is_some(),
                    };
                    if !keyword_only {
                        signature.positional += 1;
                        signature.required += !param.optional as usize;
                    }
                    signature.params.push(param);
                }
            }
        }
        signature
    }

    /// The value of a default in a signature; Undef for what is no literal.
    fn parse_default(&mut self, text: &str) -> Value {
        match text {
            "None" => Value::NONE,
            "True" => Value::TRUE,
            "False" => Value::FALSE,
            "..." => Value::ELLIPSIS,
            "()" => Tuple::empty().into_value(),
            "b''" => crate::object::bytes::Bytes::empty().into_value(),
            _ => {
                if let Ok(i) = text.parse::<i64>() {
                    return crate::object::int::from_i64(i);
                }
                if let Ok(f) = text.parse::<f64>() {
                    return crate::object::float::float(f);
                }
                let unquoted = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
                let unquoted =
                    unquoted.or_else(|| text.strip_prefix('"').and_then(|t| t.strip_suffix('"')));
                match unquoted {
                    Some(t) => self.intern(&t.replace("\\n", "\n")).into_value(),
                    None => Value::UNDEF,
                }
            }
        }
    }
}

/// Splits a parameter list at commas outside quotes and brackets.
fn split_parameters(inside: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    for (i, ch) in inside.char_indices() {
        match (quote, ch) {
            (Some(q), _) if q == ch => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(ch),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(inside[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(inside[start..].trim());
    parts.retain(|p| !p.is_empty());
    parts
}
