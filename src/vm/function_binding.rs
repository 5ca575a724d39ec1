//! Binding the arguments of a script's function: the common cases, in which nothing is wrong with them.

use super::Vm;
use crate::bytecode::code::flags;
use crate::heap::{OutOfMemory, Ref, Value};
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// A call by position: not too few or many, and no parameter that only a keyword reaches. False, with nothing touched, in
/// any other case.
///
/// # Safety
/// `args` points to `n` values, `out` to the function's registers, which are Undef.
pub(super) unsafe fn bind_positional(
    function: &Function,
    args: *mut Value,
    n: usize,
    out: *mut Value,
) -> bool {
    let code = function.code.borrow();
    let plain = &code.plain;
    let wanted = plain.arg_count as usize;
    let defaults = function.default_count.get() as usize;
    let varargs = code.flags & flags::VARARGS != 0;
    let too_many = n > wanted && !varargs;
    if plain.kwonly_count > 0 || too_many || n + defaults < wanted {
        return false;
    }
    // SAFETY: each argument is read once, each parameter written once.
    unsafe {
        if varargs {
            let Ok(rest) = Tuple::build(n.saturating_sub(wanted), |i| args.add(wanted + i).read())
            else {
                return false;
            };
            out.add(wanted).write(rest.into_value());
        }
        if code.flags & flags::VARKEYWORDS != 0 {
            let place = out.add(wanted + usize::from(varargs));
            place.write(Dict::new().into_value());
        }
        for i in 0..n.min(wanted) {
            out.add(i).write(args.add(i).read());
        }
        if n < wanted {
            let values = defaults_of(function);
            for i in n..wanted {
                out.add(i).write(values[i + defaults - wanted].clone());
            }
        }
    }
    true
}

fn defaults_of(function: &Function) -> &[Value] {
    let defaults = function.defaults.as_value().get::<Tuple>();
    defaults.map_or(&[][..], Tuple::items)
}

/// Where a keyword argument goes that no parameter is named like.
const TO_DICT: usize = usize::MAX;

impl Vm {
    /// A call with keywords: each names a parameter and is given once, or goes to `**kwargs`, and nothing is missing. False,
    /// with nothing touched, in any other case.
    ///
    /// # Safety
    /// As `bind_positional`; the last of the arguments are those that are named.
    pub(super) unsafe fn bind_named(
        &mut self,
        function: &Function,
        (args, n): (*mut Value, usize),
        names: &Value,
        out: *mut Value,
    ) -> bool {
        let Some(names) = names.get::<Tuple>() else {
            return false;
        };
        let names = names.items();
        let code = function.code.borrow();
        let plain = &code.plain;
        let (positional, kwonly) = (plain.arg_count as usize, plain.kwonly_count as usize);
        let varargs = code.flags & flags::VARARGS != 0;
        let varkw = code.flags & flags::VARKEYWORDS != 0;
        let by_position = n - names.len();
        let direct = by_position.min(positional);
        let named = positional + kwonly;
        if by_position > positional && !varargs || named >= 64 {
            return false;
        }
        let locals = self.local_names(&code);
        let posonly = plain.posonly_count as usize;
        let mut given = (1u64 << direct) - 1;
        let Some(places) = places_of(names, &locals[..named], posonly, &mut given, varkw) else {
            return false;
        };
        let defaults = defaults_of(function);
        let first_default = positional.saturating_sub(defaults.len());
        let all_positional = (direct..first_default).all(|i| given >> i & 1 != 0);
        let kwdefaults = function.kwdefaults.as_value().get::<Dict>();
        let default_of = |i: usize| kwdefaults.and_then(|d| d.get_str(locals[i].get::<Str>()?));
        let all_named = (positional..named).all(|i| given >> i & 1 != 0 || default_of(i).is_some());
        if !all_positional || !all_named {
            return false;
        }
        // SAFETY: each argument is read once, each parameter written once.
        unsafe {
            let values = args.add(by_position);
            let dict = match varkw.then(|| dict_of_rest(names, &places, values)) {
                Some(Ok(dict)) => Some(dict),
                Some(Err(_)) => return false,
                None => None,
            };
            if varargs {
                let rest = by_position - direct;
                let Ok(rest) = Tuple::build(rest, |i| args.add(direct + i).read()) else {
                    return false;
                };
                out.add(named).write(rest.into_value());
            }
            if let Some(dict) = dict {
                let place = out.add(named + usize::from(varargs));
                place.write(dict.into_value());
            }
            for i in 0..direct {
                out.add(i).write(args.add(i).read());
            }
            for (i, &place) in places.iter().enumerate() {
                let value = values.add(i).read();
                match place {
                    // The dict has a copy.
                    TO_DICT => drop(value),
                    place => out.add(place).write(value),
                }
            }
            for i in (direct..named).filter(|i| given >> i & 1 == 0) {
                let default = if i < positional {
                    defaults[i + defaults.len() - positional].clone()
                } else {
                    default_of(i).unwrap_or_default()
                };
                out.add(i).write(default);
            }
        }
        true
    }
}

/// Which parameter each keyword argument is for. `given` says of which there is a value, by bits. None if one is given
/// twice, or belongs nowhere, or cannot be told at a glance.
fn places_of(
    names: &[Value],
    parameters: &[Value],
    posonly: usize,
    given: &mut u64,
    varkw: bool,
) -> Option<smallvec::SmallVec<[usize; 8]>> {
    let mut places: smallvec::SmallVec<[usize; 8]> = smallvec::SmallVec::new();
    for (i, name) in names.iter().enumerate() {
        let found = parameters[posonly..].iter().position(|own| own.is(name));
        match found.map(|at| at + posonly) {
            Some(at) if *given >> at & 1 == 0 => {
                *given |= 1 << at;
                places.push(at);
            }
            Some(_) => return None,
            // Parameters have interned names: another interned one is none of them.
            None => {
                let is_interned = name.get_exact::<Str>().is_some_and(Str::is_interned);
                if !varkw || !is_interned || names[..i].iter().any(|other| other.is(name)) {
                    return None;
                }
                places.push(TO_DICT);
            }
        }
    }
    Some(places)
}

/// What `**kwargs` gets.
///
/// # Safety
/// There is a value for each name.
unsafe fn dict_of_rest(
    names: &[Value],
    places: &[usize],
    values: *const Value,
) -> Result<Ref<Dict>, OutOfMemory> {
    let dict = Dict::new();
    for (i, name) in names.iter().enumerate() {
        if places[i] == TO_DICT
            && let Some(name) = name.to_ref::<Str>()
        {
            // SAFETY: as promised.
            dict.insert_str(&name, unsafe { (*values.add(i)).clone() })?;
        }
    }
    Ok(dict)
}
