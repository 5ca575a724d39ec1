//! The registry of codecs: functions that find them, what they found, and the
//! error handlers that scripts registered.

use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::native::{R, Raised};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

const SEARCH: &str = "codecs.search";
const FOUND: &str = "codecs.found";
const HANDLERS: &str = "codecs.handlers";

fn kept_dict(vm: &mut Vm, key: &'static str) -> Ref<Dict> {
    if let Some(dict) = vm.state.get(key).and_then(Value::to_ref::<Dict>) {
        return dict;
    }
    let made = Dict::new();
    vm.state.insert(key, made.value());
    made
}

/// The search functions; the module `encodings` has registered its own first.
fn search_functions(vm: &mut Vm) -> R<Ref<List>> {
    if let Some(list) = vm.state.get(SEARCH).and_then(Value::to_ref::<List>) {
        return Ok(list);
    }
    let made = List::empty();
    vm.state.insert(SEARCH, made.value());
    vm.import("encodings")?;
    Ok(made)
}

/// `codecs.register`
pub fn register(vm: &mut Vm, function: &Value) -> R<()> {
    if !vm.is_callable(function) {
        return Err(vm.type_error("argument must be callable"));
    }
    let pushed = search_functions(vm)?.push(function.clone());
    vm.lift(pushed)
}

/// `codecs.unregister`: what was found so far is forgotten with it.
pub fn unregister(vm: &mut Vm, function: &Value) -> R<()> {
    let list = search_functions(vm)?;
    let mut items = list.take().into_vec();
    if let Some(at) = items.iter().position(|item| item.is(function)) {
        items.remove(at);
        vm.state.remove(FOUND);
    }
    let old = list.items.replace(crate::heap::Buffer::from_vec(items));
    drop(old);
    Ok(())
}

/// A name as search functions get it: small letters, digits and dots, the rest underscores.
fn plain_name(name: &str) -> String {
    let mut plain = String::new();
    let mut gap = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if gap && !plain.is_empty() {
                plain.push('_');
            }
            gap = false;
            plain.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    plain
}

/// `codecs.lookup`: a tuple of encoder, decoder, stream reader and stream writer.
pub fn lookup(vm: &mut Vm, name: &str) -> R<Ref<Tuple>> {
    if name.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    let plain = plain_name(name);
    if let Some(found) = kept_dict(vm, FOUND).get_name(&plain)
        && let Some(found) = found.to_ref::<Tuple>()
    {
        return Ok(found);
    }
    let functions = search_functions(vm)?;
    let mut at = 0;
    loop {
        let Some(function) = functions.get(at) else {
            return Err(vm.lookup_error(format!("unknown encoding: {name}")));
        };
        at += 1;
        let found = vm.call(&function, &[Str::new(&plain).into_value()])?;
        if found.is_none() {
            continue;
        }
        let Some(info) = found.to_ref::<Tuple>().filter(|t| t.len() == 4) else {
            return Err(vm.type_error("codec search functions must return 4-tuples"));
        };
        let kept = kept_dict(vm, FOUND);
        vm.set_name(&kept, &plain, found)?;
        return Ok(info);
    }
}

/// `codecs.register_error`
pub fn register_error(vm: &mut Vm, name: &str, handler: &Value) -> R<()> {
    if !vm.is_callable(handler) {
        return Err(vm.type_error("handler must be callable"));
    }
    let handlers = kept_dict(vm, HANDLERS);
    vm.set_name(&handlers, name, handler.clone())
}

/// The handler that a script registered.
pub fn registered_error(vm: &mut Vm, name: &str) -> Option<Value> {
    kept_dict(vm, HANDLERS).get_name(name)
}

/// The handler of a name that is no built-in one's.
pub fn error_handler(vm: &mut Vm, name: &str) -> R {
    match registered_error(vm, name) {
        Some(handler) => Ok(handler),
        None => Err(vm.lookup_error(format!("unknown error handler name '{name}'"))),
    }
}

/// The first of the pair that an encoder (0) or decoder (1) gives for an object.
pub fn run(
    vm: &mut Vm,
    info: &Ref<Tuple>,
    which: usize,
    object: &Value,
    name: &str,
    errors: Option<&Value>,
) -> R {
    let function = info.get(which).unwrap_or(Value::NONE);
    let mut args = vec![object.clone()];
    args.extend(errors.cloned());
    let doing = ["encoding", "decoding"][which];
    let result = match vm.call(&function, &args) {
        Ok(result) => result,
        Err(raised) => return Err(with_note(vm, raised, doing, name)),
    };
    match result.get::<Tuple>().filter(|t| t.len() == 2) {
        Some(pair) => Ok(pair.get(0).unwrap_or(Value::NONE)),
        None => {
            let doer = ["encoder", "decoder"][which];
            Err(vm.type_error(format!("{doer} must return a tuple (object, integer)")))
        }
    }
}

/// The encodings that are used without the registry, so that errors get no note.
const DIRECT: [&str; 12] = [
    "utf8",
    "utf_8",
    "utf16",
    "utf_16",
    "utf32",
    "utf_32",
    "ascii",
    "us_ascii",
    "latin1",
    "latin_1",
    "iso8859_1",
    "iso_8859_1",
];

/// An error of a method of str or bytes, with a note of the codec unless it is one of the most usual.
pub fn noted(vm: &mut Vm, raised: Raised, doing: &str, name: &str) -> Raised {
    if DIRECT.contains(&plain_name(name).as_str()) {
        return raised;
    }
    with_note(vm, raised, doing, name)
}

fn with_note(vm: &mut Vm, raised: Raised, doing: &str, name: &str) -> Raised {
    match vm.add_note(&raised.0, &format!("{doing} with '{name}' codec failed")) {
        Ok(()) => raised,
        Err(other) => other,
    }
}
