//! The signatures of native functions: text in their tables, parsed at the first call.

use std::rc::Rc;

use super::Vm;
use super::signature::{Parameters, native_name, text};
use crate::heap::Value;
use crate::object::class::Class;
use crate::object::native::{Def, Native, NativeCode, Param, R, Raised, Signature};
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
            // Sets refuse them always.
            "__init__" if native_name(native) != "set" => {
                (given.first().map(|value| self.class_of(value)), "__new__")
            }
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

    /// The error of a native that gets too many arguments by position or by name: so many are given,
    /// the receiver among them.
    pub(super) fn check_not_too_many(
        &mut self,
        native: &Native,
        signature: &Signature,
        (given, receiver): (usize, usize),
        names: &[Value],
    ) -> R<()> {
        let by_name = signature.params.len() - signature.positional;
        let counted = ["max", "min", "zip"].contains(&&*native_name(native));
        if counted && names.len() > by_name {
            let (who, s, n) = (
                native_name(native),
                if by_name == 1 { "" } else { "s" },
                names.len(),
            );
            return Err(self.type_error(format!(
                "{who}() takes at most {by_name} keyword argument{s} ({n} given)"
            )));
        }
        if names.is_empty() || signature.varargs || signature.varkw {
            return Ok(());
        }
        let who = native_name(native);
        let (given_own, most) = (given - receiver, signature.params.len() - receiver);
        if given_own > most {
            let s = if most == 1 { "" } else { "s" };
            let named = if given == names.len() + receiver {
                "keyword "
            } else {
                ""
            };
            return Err(self.type_error(format!(
                "{who}() takes at most {most} {named}argument{s} ({given_own} given)"
            )));
        }
        let by_position = given - names.len();
        if by_position > signature.positional && signature.positional > receiver && !counted {
            let (how, most) = (
                match signature.required < signature.positional {
                    true => "at most",
                    false => "exactly",
                },
                signature.positional - receiver,
            );
            let s = if most == 1 { "" } else { "s" };
            return Err(self.type_error(format!(
                "{who}() takes {how} {most} positional argument{s} ({} given)",
                by_position - receiver
            )));
        }
        Ok(())
    }

    /// The error of a native that gets an argument by position and by name.
    pub(super) fn check_not_twice(
        &mut self,
        native: &Native,
        parameters: &Parameters<'_>,
        signature: &Signature,
        (by_position, receiver): (usize, usize),
        names: &[Value],
    ) -> R<()> {
        if signature.varargs || signature.varkw {
            return Ok(());
        }
        for name in names {
            let found = self.find_parameter(parameters, name);
            if let Some(i) = found.filter(|&i| i >= signature.posonly && i < by_position) {
                return Err(self.type_error(format!(
                    "argument for {}() given by name ('{}') and position ({})",
                    native_name(native),
                    text(name),
                    i + 1 - receiver
                )));
            }
        }
        Ok(())
    }

    /// `enumerate` reads what it is called with by hand; a subclass leaves that to the usual way.
    pub(super) fn check_enumerate(
        &mut self,
        native: &Native,
        by_position: usize,
        (given_class, names): (Option<&Value>, &[Value]),
    ) -> R<()> {
        let own = given_class.is_none_or(|class| class.is(&native.owner));
        if !own || !is_constructor_of(native, &["enumerate"]) {
            return Ok(());
        }
        let given = by_position + names.len();
        let known: &[&str] = match (by_position, given) {
            (1.., 3..) => {
                return Err(self.type_error(format!(
                    "enumerate() takes at most 2 arguments ({given} given)"
                )));
            }
            (0, 0 | 3..) => {
                let text = "enumerate() missing required argument 'iterable'";
                return Err(self.type_error(text));
            }
            (0, 1) => &["iterable"],
            (0, _) => &["iterable", "start"],
            _ => &["start"],
        };
        match names.iter().map(text).find(|n| !known.contains(&&**n)) {
            Some(name) => Err(self.type_error(format!(
                "'{name}' is an invalid keyword argument for enumerate()"
            ))),
            None => Ok(()),
        }
    }

    /// What is required and can be named: an argument that is missing is told of before a name that is wrong.
    pub(super) fn check_required(
        &mut self,
        native: &Native,
        signature: &Signature,
        by_position: usize,
        receiver: usize,
        names: &[Value],
    ) -> R<()> {
        let unnamed = names.is_empty() || signature.varkw;
        let least = signature.required.min(signature.posonly);
        if !unnamed && by_position < least && signature.posonly < signature.params.len() {
            let (least, given) = (least - receiver, by_position.saturating_sub(receiver));
            let how = match signature.required == signature.positional {
                true => "exactly",
                false => "at least",
            };
            let (who, s) = (native_name(native), if least == 1 { "" } else { "s" });
            return Err(self.type_error(format!(
                "{who}() takes {how} {least} positional argument{s} ({given} given)"
            )));
        }
        if unnamed || by_position < signature.posonly {
            return Ok(());
        }
        let lacks = |i: &usize| {
            let name = &signature.params[*i].name;
            !names.iter().any(|n| n.is(name) || text(n) == text(name))
        };
        match (by_position..signature.required).find(lacks) {
            Some(i) => Err(self.lacks_argument(native, signature, i, receiver)),
            None => Ok(()),
        }
    }

    /// The error for a parameter that nobody gave an argument for.
    pub(super) fn lacks_argument(
        &mut self,
        native: &Native,
        signature: &Signature,
        i: usize,
        receiver: usize,
    ) -> Raised {
        let (who, name) = (native_name(native), text(&signature.params[i].name));
        let place = i + 1 - receiver;
        self.type_error(format!(
            "{who}() missing required argument '{name}' (pos {place})"
        ))
    }

    /// `sorted` hands its keywords to `list.sort`, after it has read the iterable.
    pub(super) fn check_sorting(
        &mut self,
        native: &Native,
        given: &[Value],
        names: &[Value],
    ) -> R<()> {
        let name = native.def.name();
        if name == "__new__" && given.len() == 2 + names.len() && !names.is_empty() {
            return Ok(());
        }
        let of_builtins = native
            .owner
            .get::<Str>()
            .is_some_and(|m| m.is_text("builtins"));
        if of_builtins && matches!(name, "max" | "min") && given.len() == names.len() {
            return Err(self.type_error(format!("{name} expected at least 1 argument, got 0")));
        }
        if names.is_empty() || name != "sorted" {
            return Ok(());
        }
        let wrong = names
            .iter()
            .find(|name| !matches!(&*text(name), "key" | "reverse"));
        let Some(wrong) = wrong else { return Ok(()) };
        if !self.is_iterable(&given[0]) {
            let name = self.type_name(&given[0]);
            return Err(self.type_error(format!("'{name}' object is not iterable")));
        }
        let message = match names.len() {
            n @ 3.. => format!("sort() takes at most 2 keyword arguments ({n} given)"),
            _ => format!(
                "sort() got an unexpected keyword argument '{}'",
                text(wrong)
            ),
        };
        Err(self.type_error(message))
    }

    /// What constructors complain of first: a type of one value takes nothing, and those that unpack
    /// a tuple count what is given by name with the rest.
    pub(super) fn check_constructor(
        &mut self,
        native: &Native,
        parameters: &Parameters<'_>,
        signature: &Signature,
        (given, receiver): (usize, usize),
        (given_class, names): (Option<&Value>, &[Value]),
    ) -> R<()> {
        let single = ["NoneType", "NotImplementedType", "ellipsis"];
        if given > receiver && is_constructor_of(native, &single) {
            return Err(self.wrong_count(native, signature, given, receiver));
        }
        if !is_constructor_of(native, &["str", "int"]) {
            return Ok(());
        }
        let (most, n) = (signature.positional - receiver, given - receiver);
        // What makes instances of a subclass takes the arguments apart in another way.
        if n > most && !given_class.is_some_and(|class| class.is(&native.owner)) {
            let who = native_name(native);
            return Err(self.type_error(format!(
                "{who}() takes at most {most} arguments ({n} given)"
            )));
        }
        self.check_not_too_many(native, signature, (given, receiver), names)?;
        let by_position = (given - names.len(), receiver);
        self.check_not_twice(native, parameters, signature, by_position, names)
    }

    /// The error for too many arguments: sets are named by their own class.
    pub(super) fn too_many_given(
        &mut self,
        native: &Native,
        signature: &Signature,
        (given, receiver): (usize, usize),
        first: Option<&Value>,
    ) -> Raised {
        let first = first.filter(|_| is_constructor_of(native, &["set", "frozenset"]));
        let Some(first) = first else {
            return self.wrong_count(native, signature, given, receiver);
        };
        let class = match first.to_ref::<Class>() {
            Some(class) => class,
            None => self.class_of(first),
        };
        let (name, n) = (self.class_name(&class), given - receiver);
        self.type_error(format!("{name} expected at most 1 argument, got {n}"))
    }

    /// The error of a native that gets too many arguments by position, and some by name.
    pub(super) fn check_by_position(
        &mut self,
        native: &Native,
        signature: &Signature,
        (by_position, receiver): (usize, usize),
        names: &[Value],
    ) -> R<()> {
        let named = signature.params.len() > signature.posonly;
        let too_many = by_position > signature.positional && !signature.varargs;
        if named && too_many && !names.is_empty() {
            return Err(self.wrong_count(native, signature, by_position, receiver));
        }
        Ok(())
    }

    /// Binds as for a function of a script, with its complaints.
    pub(super) fn bind_as_function(
        &mut self,
        name: &str,
        signature: &Signature,
        parameters: &Parameters<'_>,
        given: smallvec::SmallVec<[Value; 8]>,
        names: &[Value],
        out: &mut [Value],
    ) -> R<()> {
        let who = format!("{name}()");
        let by_position = given.len() - names.len();
        let defaults = signature.positional - signature.required;
        self.distribute(
            parameters,
            given,
            names,
            out,
            &|| who.clone(),
            |vm, parameters, out| {
                let by_name = signature.positional..signature.params.len();
                let by_name = by_name.filter(|&i| !out[i].is_undef()).count();
                vm.too_many_positional(&who, parameters, defaults, by_position, by_name)
            },
        )?;
        let (mut missing, mut unnamed) = (Vec::new(), Vec::new());
        for (i, param) in signature.params.iter().enumerate() {
            if !out[i].is_undef() {
                continue;
            }
            match param.optional {
                true => out[i] = param.default.clone(),
                false if i < signature.positional => missing.push(text(&param.name)),
                false => unnamed.push(text(&param.name)),
            }
        }
        match (missing.is_empty(), unnamed.is_empty()) {
            (false, _) => Err(self.missing(&who, "positional", &missing)),
            (true, false) => Err(self.missing(&who, "keyword-only", &unnamed)),
            (true, true) => Ok(()),
        }
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
        let plain = !signature.varargs
            && !signature.varkw
            && signature.positional == signature.params.len()
            && native.most as usize == signature.params.len()
            && signature.params.len() <= MOST_SIMPLE;
        if plain {
            let least = match native.def.code {
                NativeCode::Leaf(_) | NativeCode::Host => Some(&native.least),
                NativeCode::Coroutine(..) => Some(&native.least_awaited),
                _ => None,
            };
            if let Some(least) = least {
                least.set(signature.required as u32);
            }
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
            lazy_varkw: false,
        };
        if matches!(def.code, NativeCode::Raw(_)) {
            return signature;
        }
        let mut keyword_only = false;
        for part in split_parameters(inside) {
            match part {
                "/" => signature.posonly = signature.params.len(),
                "*" => keyword_only = true,
                p if p.starts_with("**") => {
                    signature.varkw = true;
                    signature.lazy_varkw = p.ends_with("=Undef");
                }
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
            "b'\\n'" => crate::object::bytes::Bytes::new(b"\n")
                .map_or(Value::UNDEF, crate::heap::Ref::into_value),
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

/// The qualified name of what CPython's asyncio has in Python, so that it complains as functions do.
pub(super) fn name_as_function(native: &Native) -> Option<String> {
    let name = native.def.name();
    if let Some(module) = native.owner.get::<Str>() {
        let there = module.to_text();
        return (there.starts_with("asyncio")
            || name.starts_with("timeout") && there == "_asyncio")
            .then(|| name.to_string());
    }
    let class = native.owner.get::<Class>()?.def?;
    let owner = match (class.module, class.name) {
        ("_asyncio", "_EventLoop") => "BaseEventLoop",
        (module, name) if module.starts_with("asyncio") => name,
        _ => return None,
    };
    let name = if name == "__new__" { "__init__" } else { name };
    Some(format!("{owner}.{name}"))
}

/// Whether the native refuses keywords before it counts its arguments.
pub(super) fn takes_no_names(native: &Native) -> bool {
    native.owner.get::<Class>().is_some_and(|class| {
        matches!(
            &*class.name_str(),
            "staticmethod" | "classmethod" | "reversed"
        )
    })
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

/// Whether the native method makes an instance of one of these classes.
pub(super) fn is_constructor_of(native: &Native, names: &[&str]) -> bool {
    matches!(native.def.name(), "__new__" | "__init__")
        && native
            .owner
            .get::<Class>()
            .and_then(|class| class.def)
            .is_some_and(|def| names.contains(&def.name))
}

/// Whether CPython's C takes the arguments of a method apart as a tuple: such a method goes by its plain name.
pub(super) fn parses_tuple(native: &Native) -> bool {
    let owner = match native.owner.get::<Class>() {
        Some(class) => class.name_str(),
        None => native
            .owner
            .get::<Str>()
            .map_or_else(String::new, |module| module.to_text().into_owned()),
    };
    matches!(
        (&*owner, native.def.name()),
        ("property", "__set_name__")
            | ("_functools" | "functools", "reduce")
            | ("gc", "set_threshold")
            | (
                "time",
                "asctime"
                    | "clock_getres"
                    | "ctime"
                    | "get_clock_info"
                    | "gmtime"
                    | "localtime"
                    | "strftime"
                    | "strptime"
            )
    )
}
