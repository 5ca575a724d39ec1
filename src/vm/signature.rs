//! Binding: the arguments of a call to the parameters of its callee.

use super::Vm;
use super::call::Callee;
use super::function_binding::bind_positional;
use super::native_signature::{name_as_function, parses_tuple, takes_no_names};
use crate::bytecode::code::flags;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::native::{Binding, Native, R, Raised, Signature};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// The parameters of a callee, from wherever they come.
pub(super) struct Parameters<'a> {
    names: &'a [Value],
    posonly: usize,
    positional: usize,
    kwonly: usize,
    varargs: bool,
    varkw: bool,
    lazy_varkw: bool,
    native: bool,
}

impl Parameters<'_> {
    fn named(&self) -> usize {
        self.positional + self.kwonly
    }
}

impl Vm {
    /// Binds `n` arguments at `args` (the last ones named by `names`) to the parameters of
    /// `callee`: writes them into `out`, whose registers are Undef. All arguments pass to
    /// the binding, be it that it fails.
    pub(super) unsafe fn bind(
        &mut self,
        callee: &Callee<'_>,
        args: *mut Value,
        n: usize,
        names: Option<&Value>,
        out: *mut Value,
    ) -> R<()> {
        // SAFETY: `args` and `out` are handed on; what is not bound at once was not touched.
        let bound = unsafe {
            match (callee, names) {
                (Callee::Function(function), None) => bind_positional(function, args, n, out),
                (Callee::Function(function), Some(names)) => {
                    self.bind_named(function, (args, n), names, out)
                }
                (Callee::Native(native), None) => self.bind_plain_native(native, args, n, out)?,
                (Callee::Native(native), Some(names)) => {
                    self.bind_native_keywords(native, args, n, names, out)?
                }
            }
        };
        if bound {
            return Ok(());
        }
        // SAFETY: the caller hands over `n` values; each is read once.
        let given: smallvec::SmallVec<[Value; 8]> =
            (0..n).map(|i| unsafe { args.add(i).read() }).collect();
        let names: &[Value] = names
            .and_then(|t| t.get::<Tuple>())
            .map_or(&[], |t| t.items());
        match callee {
            Callee::Function(function) => {
                let code = function.code.borrow().clone();
                let locals = self.local_names(&code);
                let plain = &code.plain;
                let parameters = Parameters {
                    names: &locals[..(plain.arg_count + plain.kwonly_count) as usize],
                    posonly: plain.posonly_count as usize,
                    positional: plain.arg_count as usize,
                    kwonly: plain.kwonly_count as usize,
                    varargs: code.flags & flags::VARARGS != 0,
                    varkw: code.flags & flags::VARKEYWORDS != 0,
                    lazy_varkw: false,
                    native: false,
                };
                // SAFETY: `out` has room for all locals.
                let out = unsafe { std::slice::from_raw_parts_mut(out, code.nlocals as usize) };
                self.bind_function(function, &parameters, given, names, out)
            }
            Callee::Native(native) => {
                let signature = self.signature(native);
                let param_names: smallvec::SmallVec<[Value; 8]> =
                    signature.params.iter().map(|p| p.name.clone()).collect();
                let parameters = Parameters {
                    names: &param_names,
                    posonly: signature.posonly,
                    positional: signature.positional,
                    kwonly: signature.params.len() - signature.positional,
                    varargs: signature.varargs,
                    varkw: signature.varkw,
                    lazy_varkw: signature.lazy_varkw,
                    native: true,
                };
                let count =
                    signature.params.len() + signature.varargs as usize + signature.varkw as usize;
                // SAFETY: `out` has room for all parameters.
                let out = unsafe { std::slice::from_raw_parts_mut(out, count) };
                self.bind_native(native, signature, &parameters, given, names, out)
            }
        }
    }

    /// The common case of a call of a native function: by position, not too few or many.
    /// False, with nothing touched, in any other case.
    unsafe fn bind_plain_native(
        &mut self,
        native: &Native,
        args: *mut Value,
        n: usize,
        out: *mut Value,
    ) -> R<bool> {
        let signature = self.signature(native);
        let (positional, count) = (signature.positional, signature.params.len());
        let too_many = n > positional && !signature.varargs;
        if n < signature.required
            || too_many
            || signature.params[n.min(positional)..]
                .iter()
                .any(|p| !p.optional)
        {
            return Ok(false);
        }
        // SAFETY: each argument is read once, each parameter written once; `out` has room for all.
        unsafe {
            let first = if n > 0 { Some(&*args) } else { None };
            if let Err(raised) = self.check_method_receiver(native, first) {
                for i in 0..n {
                    drop(args.add(i).read());
                }
                return Err(raised);
            }
            if signature.varargs {
                let surplus = n.saturating_sub(positional);
                let Ok(rest) = Tuple::build(surplus, |i| args.add(positional + i).read()) else {
                    return Ok(false);
                };
                out.add(count).write(rest.into_value());
            }
            for i in 0..n.min(positional) {
                out.add(i).write(args.add(i).read());
            }
            for i in n.min(positional)..count {
                out.add(i).write(signature.params[i].default.clone());
            }
            if signature.varkw && !signature.lazy_varkw {
                out.add(count + signature.varargs as usize)
                    .write(Dict::new().into_value());
            }
        }
        Ok(true)
    }

    fn bind_function(
        &mut self,
        function: &Function,
        parameters: &Parameters<'_>,
        given: smallvec::SmallVec<[Value; 8]>,
        names: &[Value],
        out: &mut [Value],
    ) -> R<()> {
        let defaults = function.defaults.get();
        let defaults: &[Value] = defaults.get::<Tuple>().map_or(&[], |t| t.items());
        // Of more than there are parameters the last ones count.
        let all_defaults = defaults.len();
        let defaults = &defaults[defaults.len().saturating_sub(parameters.positional)..];
        let positional_given = given.len() - names.len();
        let who = || format!("{}()", text(function.qualname.as_value()));
        self.distribute(
            parameters,
            given,
            names,
            out,
            &who,
            |vm, parameters, out| {
                let named = parameters.named();
                let kwonly_given = (parameters.positional..named)
                    .filter(|&i| !out[i].is_undef())
                    .count();
                vm.too_many_positional(
                    &who(),
                    parameters,
                    all_defaults,
                    positional_given,
                    kwonly_given,
                )
            },
        )?;
        let first_default = parameters.positional - defaults.len().min(parameters.positional);
        let mut missing = Vec::new();
        for (i, slot) in out.iter_mut().enumerate().take(parameters.positional) {
            if slot.is_undef() {
                match i.checked_sub(first_default) {
                    Some(d) => *slot = defaults[d].clone(),
                    None => missing.push(text(&parameters.names[i])),
                }
            }
        }
        if !missing.is_empty() {
            return Err(self.missing(&who(), "positional", &missing));
        }
        if parameters.kwonly == 0 {
            return Ok(());
        }
        let kwdefaults = function.kwdefaults.get();
        for (i, slot) in out
            .iter_mut()
            .enumerate()
            .take(parameters.named())
            .skip(parameters.positional)
        {
            if slot.is_undef() {
                let default = match kwdefaults.get::<Dict>() {
                    Some(dict) => self.dict_get(dict, &parameters.names[i])?,
                    None => None,
                };
                match default {
                    Some(value) => *slot = value,
                    None => missing.push(text(&parameters.names[i])),
                }
            }
        }
        if !missing.is_empty() {
            return Err(self.missing(&who(), "keyword-only", &missing));
        }
        Ok(())
    }

    /// Puts what was given where it belongs; what was not stays Undef.
    pub(super) fn distribute(
        &mut self,
        parameters: &Parameters<'_>,
        given: smallvec::SmallVec<[Value; 8]>,
        names: &[Value],
        out: &mut [Value],
        who: &dyn Fn() -> String,
        too_many: impl FnOnce(&mut Vm, &Parameters<'_>, &[Value]) -> Raised,
    ) -> R<()> {
        let positional_given = given.len() - names.len();
        let mut given = given.into_iter();
        let direct = positional_given.min(parameters.positional);
        for slot in out.iter_mut().take(direct) {
            *slot = given.next().expect("counted above");
        }
        let rest: Vec<Value> = given.by_ref().take(positional_given - direct).collect();
        let surplus = !rest.is_empty() && !parameters.varargs;
        let varargs_at = parameters.named();
        let varkw_at = varargs_at + parameters.varargs as usize;
        if parameters.varargs {
            out[varargs_at] = Tuple::of(rest).into_value();
        }
        let mut extra: Option<Ref<Dict>> = None;
        if parameters.varkw && !parameters.lazy_varkw {
            let dict = Dict::new();
            out[varkw_at] = dict.value();
            extra = Some(dict);
        }
        for (name, value) in names.iter().zip(given) {
            match self.find_parameter(parameters, name) {
                Some(i) if i >= parameters.posonly => {
                    if !out[i].is_undef()
                        && parameters.native
                        && parameters.varargs
                        && !who().contains('.')
                    {
                        let who = who();
                        return Err(self.type_error(format!("invalid keyword argument for {who}")));
                    }
                    if !out[i].is_undef() {
                        return Err(self.type_error(format!(
                            "{} got multiple values for argument '{}'",
                            who(),
                            text(name)
                        )));
                    }
                    out[i] = value;
                }
                _ => match &extra {
                    Some(dict) => self.dict_set(dict, name, value)?,
                    None if parameters.varkw => {
                        let dict = Dict::new();
                        self.dict_set(&dict, name, value)?;
                        out[varkw_at] = dict.value();
                        extra = Some(dict);
                    }
                    None => return Err(self.unsuitable_keyword(parameters, names, &who(), name)),
                },
            }
        }
        if surplus {
            return Err(too_many(self, parameters, out));
        }
        Ok(())
    }

    /// The error for a keyword that no parameter takes: names of positional-only ones, in the order
    /// of the parameters, are told of first.
    fn unsuitable_keyword(
        &mut self,
        parameters: &Parameters<'_>,
        names: &[Value],
        who: &str,
        name: &Value,
    ) -> Raised {
        let found = names
            .iter()
            .filter_map(|n| self.find_parameter(parameters, n));
        let mut wrong: Vec<usize> = found.filter(|&i| i < parameters.posonly).collect();
        // The positional-only parameters of a native have no names that a caller could know.
        if wrong.is_empty() || parameters.native {
            return self.unexpected_keyword(parameters, who, name);
        }
        wrong.sort_unstable();
        let list: Vec<String> = wrong.iter().map(|&i| text(&parameters.names[i])).collect();
        self.type_error(format!(
            "{who} got some positional-only arguments passed as keyword arguments: '{}'",
            list.join(", ")
        ))
    }

    pub(super) fn find_parameter(
        &self,
        parameters: &Parameters<'_>,
        name: &Value,
    ) -> Option<usize> {
        // Names are interned in almost all calls, so identity finds them.
        if let Some(i) = parameters.names.iter().position(|p| p.is(name)) {
            return Some(i);
        }
        let name = name.get::<Str>()?;
        parameters
            .names
            .iter()
            .position(|p| p.get::<Str>().is_some_and(|p| p.bytes() == name.bytes()))
    }

    fn unexpected_keyword(
        &mut self,
        parameters: &Parameters<'_>,
        who: &str,
        name: &Value,
    ) -> Raised {
        let known: Vec<String> = parameters.names[parameters.posonly..]
            .iter()
            .map(text)
            .collect();
        let mut message = format!("{who} got an unexpected keyword argument '{}'", text(name));
        if let Some(best) = super::error::closest(&text(name), &known) {
            message.push_str(&format!(". Did you mean '{best}'?"));
        }
        self.type_error(message)
    }

    pub(super) fn missing(&mut self, who: &str, what: &str, names: &[String]) -> Raised {
        let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
        let list = match quoted.as_slice() {
            [one] => one.clone(),
            [one, two] if cfg!(hoop_mutant = "19") => format!("{one}, {two}"),
            [one, two] => format!("{one} and {two}"),
            [most @ .., last] => format!("{}, and {last}", most.join(", ")),
            [] => String::new(),
        };
        let plural = if names.len() == 1 { "" } else { "s" };
        self.type_error(format!(
            "{who} missing {} required {what} argument{plural}: {list}",
            names.len()
        ))
    }

    pub(super) fn too_many_positional(
        &mut self,
        who: &str,
        parameters: &Parameters<'_>,
        defaults: usize,
        given: usize,
        kwonly_given: usize,
    ) -> Raised {
        let most = parameters.positional;
        let takes = if defaults > 0 {
            let least = most as i64 - defaults as i64;
            format!("from {least} to {most} positional arguments")
        } else {
            format!(
                "{most} positional argument{}",
                if most == 1 { "" } else { "s" }
            )
        };
        let and = if kwonly_given > 0 {
            let (s, k) = (
                if given == 1 { "" } else { "s" },
                if kwonly_given == 1 { "" } else { "s" },
            );
            format!(" positional argument{s} (and {kwonly_given} keyword-only argument{k})")
        } else {
            String::new()
        };
        let verb = if given == 1 && kwonly_given == 0 {
            "was"
        } else {
            "were"
        };
        self.type_error(format!("{who} takes {takes} but {given}{and} {verb} given"))
    }

    fn bind_native(
        &mut self,
        native: &Native,
        signature: &Signature,
        parameters: &Parameters<'_>,
        mut given: smallvec::SmallVec<[Value; 8]>,
        mut names: &[Value],
        out: &mut [Value],
    ) -> R<()> {
        let only_positional = signature.posonly == signature.params.len() && !signature.varkw;
        if !names.is_empty() && only_positional && self.leaves_keywords(native, &given) {
            given.truncate(given.len() - names.len());
            names = &[];
        }
        self.check_method_receiver(native, given.first().filter(|_| given.len() > names.len()))?;
        if given.is_empty() && native.def.name() == "__new__" {
            let name = native_name(native);
            return Err(self.type_error(format!("{name}.__new__(): not enough arguments")));
        }
        if let Some(name) = name_as_function(native) {
            return self.bind_as_function(&name, signature, parameters, given, names, out);
        }
        let of_class = native.def.name() == "__new__" || native.def.binding == Binding::Class;
        let receiver = (of_class || self.is_method(native)) as usize;
        let count = given.len();
        let who = || native_name(native) + "()";
        let by_position = count - names.len();
        let own = by_position.saturating_sub(receiver);
        let within = own <= signature.positional - receiver;
        let enough = by_position >= signature.required
            || !names.is_empty() && signature.posonly < signature.params.len();
        let enough = enough && (by_position > 0 || native.def.name() != "sorted");
        let refused = !names.is_empty() && only_positional && takes_no_names(native);
        let class = given.first().filter(|_| by_position > 0);
        self.check_enumerate(native, own, (class, names))?;
        self.check_constructor(
            native,
            parameters,
            signature,
            (count, receiver),
            (class, names),
        )?;
        if counts_as_tuple(native) && !(within && enough || refused) {
            return Err(self.wrong_count(native, signature, by_position, receiver));
        }
        self.check_sorting(native, &given, names)?;
        if !names.is_empty() && only_positional {
            return Err(self.takes_no_keywords(native, receiver));
        }
        self.check_not_too_many(native, signature, (count, receiver), names)?;
        self.check_by_position(native, signature, (by_position, receiver), names)?;
        self.check_required(native, signature, by_position, receiver, names)?;
        self.check_not_twice(
            native,
            parameters,
            signature,
            (by_position, receiver),
            names,
        )?;
        // These do not count those by name.
        let counted = match native_name(native).as_str() {
            "type" | "dict" | "update" => by_position,
            _ if signature.varkw => by_position,
            _ => count,
        };
        self.distribute(parameters, given, names, out, &who, |vm, _, out| {
            vm.too_many_given(native, signature, (counted, receiver), out.first())
        })?;
        for (i, param) in signature.params.iter().enumerate() {
            if !out[i].is_undef() || param.optional && param.default.is_undef() {
                continue;
            }
            if param.optional {
                out[i] = param.default.clone();
            } else if signature.posonly == signature.params.len() {
                return Err(self.wrong_count(native, signature, counted, receiver));
            } else if i >= signature.positional {
                return Err(self.missing(&who(), "keyword-only", &[text(&param.name)]));
            } else if i < signature.posonly && i >= receiver {
                let least = signature.required.min(signature.posonly) - receiver;
                let how = if signature.required == signature.positional {
                    "exactly"
                } else {
                    "at least"
                };
                let (s, given) = (
                    if least == 1 { "" } else { "s" },
                    count - names.len() - receiver,
                );
                return Err(self.type_error(format!(
                    "{} takes {how} {least} positional argument{s} ({given} given)",
                    who()
                )));
            } else {
                return Err(self.lacks_argument(native, signature, i, receiver));
            }
        }
        Ok(())
    }

    fn takes_no_keywords(&mut self, native: &Native, receiver: usize) -> Raised {
        let name = native.def.name();
        let who = if receiver == 1 && native.owner.is_kind::<Class>() && is_wrapper(native) {
            format!("wrapper {name}")
        } else if parses_tuple(native) {
            // Those that take a tuple in CPython's C go by the plain name.
            name.to_string()
        } else {
            self.native_in_module(native)
        };
        self.type_error(format!("{who}() takes no keyword arguments"))
    }

    /// The TypeError for a wrong number of arguments, as CPython's native functions word it.
    pub(super) fn wrong_count(
        &mut self,
        native: &Native,
        signature: &Signature,
        given: usize,
        receiver: usize,
    ) -> Raised {
        let given = given.saturating_sub(receiver);
        let (least, most) = (
            signature.required.saturating_sub(receiver),
            signature.positional - receiver,
        );
        let name = native_name(native);
        if native.def.name() == "__new__" {
            match name.as_str() {
                "NoneType" | "NotImplementedType" => {
                    return self.type_error(format!("{name} takes no arguments"));
                }
                "type" => {
                    return self.type_error(format!(
                        "type.__new__() takes exactly 3 arguments ({given} given)"
                    ));
                }
                "ellipsis" => return self.type_error("EllipsisType takes no arguments"),
                _ => {}
            }
        }
        if name == "map" && native.def.name() == "__new__" {
            return self.type_error("map() must have at least two arguments.");
        }
        if receiver == 1 && is_wrapper(native) {
            let n = if given < least { least } else { most };
            let s = if n == 1 { "" } else { "s" };
            // CPython unpacks two arguments by a function whose name is empty, but counts one by hand.
            let buffers = matches!(native.def.name(), "__buffer__" | "__release_buffer__");
            let gap = if most > 1 || buffers || repeats(native) {
                " "
            } else {
                ""
            };
            let bound = match least == most {
                true => "",
                false if given < least => "at least ",
                false => "at most ",
            };
            return self.type_error(format!("{gap}expected {bound}{n} argument{s}, got {given}"));
        }
        let message = if native.owner.get::<Str>().is_some_and(|m| m.is_text("time"))
            && parses_tuple(native)
            && name != "asctime"
        {
            let (bound, n) = match (least == most, given < least) {
                (true, _) => ("exactly", most),
                (false, true) => ("at least", least),
                (false, false) => ("at most", most),
            };
            let s = if n == 1 { "" } else { "s" };
            format!("{name}() takes {bound} {n} argument{s} ({given} given)")
        } else if signature.posonly < signature.params.len() && !counts_as_tuple(native) {
            let how = if least == most { "exactly" } else { "at most" };
            let all = signature.params.len() - receiver;
            if given > all {
                let s = if all == 1 { "" } else { "s" };
                format!("{name}() takes at most {all} argument{s} ({given} given)")
            } else if most == 0 {
                format!("{name}() takes no positional arguments")
            } else {
                let s = if most == 1 { "" } else { "s" };
                let positional = if all > most { "positional " } else { "" };
                format!("{name}() takes {how} {most} {positional}argument{s} ({given} given)")
            }
        } else if least == most
            && most <= 1
            && !signature.varargs
            && !counts_as_tuple(native)
            && (most == 0 || native.def.name() != "__new__")
        {
            let who = self.native_in_module(native);
            let takes = if most == 0 {
                "no arguments"
            } else {
                "exactly one argument"
            };
            format!("{who}() takes {takes} ({given} given)")
        } else {
            let (bound, n) = if least == most && !signature.varargs {
                ("", most)
            } else if given < least {
                ("at least ", least)
            } else {
                ("at most ", most)
            };
            let s = if n == 1 { "" } else { "s" };
            format!("{name} expected {bound}{n} argument{s}, got {given}")
        };
        self.type_error(message)
    }
}

/// Whether CPython takes the arguments of a native function apart as a tuple, which
/// words the errors about their number.
fn counts_as_tuple(native: &Native) -> bool {
    match native.def.name() {
        "sorted" => native.owner.get::<Class>().is_none(),
        _ => super::native_signature::is_constructor_of(
            native,
            &["str", "int", "staticmethod", "classmethod", "reversed"],
        ),
    }
}

/// Whether the native method repeats a sequence.
fn repeats(native: &Native) -> bool {
    let sequences = ["str", "bytes", "bytearray", "list", "tuple"];
    matches!(native.def.name(), "__mul__" | "__rmul__" | "__imul__")
        && native
            .owner
            .get::<Class>()
            .is_some_and(|class| sequences.contains(&&*class.name_str()))
}

/// Whether the native method is what CPython calls a slot wrapper: some special methods of
/// containers are plain methods there.
pub(super) fn is_wrapper(native: &Native) -> bool {
    native.def.name() != "__init__" && super::special::is_slot_wrapper(native)
}

/// The name of a native function in messages: that of the class for what makes its instances.
pub(super) fn native_name(native: &Native) -> String {
    match native.def.name() {
        "__new__" | "__init__" => match native.owner.get::<Class>() {
            Some(class) => match class.name_str() {
                // Their C functions have names of their own.
                name if class.def.is_some_and(|def| def.module == "typing") => {
                    name.trim_end_matches("Type").to_lowercase()
                }
                name => name,
            },
            None => native.def.name().to_string(),
        },
        "__replace__" => "replace".to_string(),
        name => name.to_string(),
    }
}

/// A name as Rust text.
pub(super) fn text(name: &Value) -> String {
    name.get::<Str>()
        .map_or_else(|| "?".to_string(), |s| s.to_text().into_owned())
}
