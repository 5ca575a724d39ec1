//! What this module asks of the VM: errors by name, attributes, calls, text.
//! What may run script code here runs it nested, so it is for rare paths and
//! for what `docs/internals/calls.md` allows.

use crate::bytecode::code::flags;
use crate::heap::{Ref, Value};
use crate::host::HostError;
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::exception::Exception;
use crate::object::float;
use crate::object::function::{Code, Function};
use crate::object::generator::{Flavour, Generator};
use crate::object::list::List;
use crate::object::native::{Args, Def, Native, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

// ----- errors ----------------------------------------------------------------------

/// A built-in exception with a message.
#[cold]
pub fn error(vm: &mut Vm, known: Known, message: &str) -> Raised {
    vm.raise_known(known, message)
}

/// A built-in exception with arguments.
#[cold]
pub fn error_with(vm: &mut Vm, known: Known, args: &[Value]) -> Raised {
    let class = vm.known_class(known);
    Raised(vm.new_exception(&class, args.to_vec()))
}

/// A built-in exception made by calling its class.
pub fn error_called(vm: &mut Vm, known: Known, args: &[Value]) -> R {
    let class = vm.known_class(known);
    vm.call(class.as_value(), args)
}

/// An exception of a native type.
#[cold]
pub fn raise_def(vm: &mut Vm, def: &'static TypeDef, args: &[Value]) -> Raised {
    vm.raise_args(def, args.to_vec())
}

/// An exception of a native type made by calling its class, because its `__init__` matters.
#[cold]
pub fn raise_called(vm: &mut Vm, def: &'static TypeDef, args: &[Value]) -> Raised {
    let class = vm.class_of_def(def);
    match vm.call(class.as_value(), args) {
        Ok(value) => Raised(value),
        Err(raised) => raised,
    }
}

/// The OSError of what the host refused.
#[cold]
pub fn os_error(vm: &mut Vm, error: &HostError) -> Raised {
    vm.os_error_text(error.errno, &error.message(), Value::UNDEF)
}

/// `raise exception from cause`, where the cause is being handled.
pub fn set_cause(exception: &Value, cause: &Value) {
    if let Some(exception) = exception.get::<Exception>() {
        exception.cause.set(cause.clone());
        exception.context.set(cause.clone());
        exception.suppress_context.set(true);
    }
}

/// That this exception was raised while `handled` was.
pub fn set_context(exception: &Value, handled: Value) {
    if let Some(exception) = exception.get::<Exception>() {
        exception.context.set(handled);
    }
}

/// `raise exception from None`
pub fn raise_from_none(exception: &Value) {
    if let Some(exception) = exception.get::<Exception>() {
        exception.cause.set(Value::NONE);
        exception.suppress_context.set(true);
    }
}

/// Whether a loop must end by this exception: SystemExit, KeyboardInterrupt.
pub fn ends_loop(vm: &mut Vm, exception: &Value) -> bool {
    is_instance(vm, exception, Known::SystemExit)
        || is_instance(vm, exception, Known::KeyboardInterrupt)
}

/// Whether a value is of a built-in class.
pub fn is_instance(vm: &mut Vm, value: &Value, known: Known) -> bool {
    let class = vm.known_class(known);
    vm.class_of(value).is_subclass(&class)
}

/// Whether a value is of a native class.
pub fn is_instance_of_def(vm: &mut Vm, value: &Value, def: &'static TypeDef) -> bool {
    let class = vm.class_of_def(def);
    vm.class_of(value).is_subclass(&class)
}

/// Whether it is a class of exceptions.
pub fn is_exception_class(vm: &mut Vm, value: &Value) -> bool {
    vm.is_exception_class(value)
}

/// The exceptions of a group.
pub fn group_members(group: &Value) -> Vec<Value> {
    let members = group
        .get::<Exception>()
        .map(|e| e.extra[1].get())
        .unwrap_or_default();
    tuple_items(&members)
}

// ----- making values ---------------------------------------------------------------

/// A str.
pub fn text(text: &str) -> Value {
    Str::new(text).into_value()
}

/// An int.
pub fn int(i: i64) -> Value {
    Value::small_int(i).unwrap_or(Value::NONE)
}

/// A float.
pub fn float(f: f64) -> Value {
    float::float(f)
}

/// A tuple.
pub fn tuple(items: Vec<Value>) -> Value {
    Tuple::from_vec(items)
        .unwrap_or_else(|_| Tuple::empty())
        .into_value()
}

/// A list.
pub fn list(_: &mut Vm, items: Vec<Value>) -> R {
    Ok(List::from_vec(items).into_value())
}

/// A set.
pub fn set(vm: &mut Vm, items: Vec<Value>) -> R {
    let items = list(vm, items)?;
    Ok(vm.set_of(&items)?.into_value())
}

/// A dict with one entry.
pub fn dict(vm: &mut Vm, key: &str, value: Value) -> R {
    let dict = Dict::new().into_value();
    set_item(vm, &dict, key, value)?;
    Ok(dict)
}

/// Sets an entry of a dict.
pub fn set_item(vm: &mut Vm, dict: &Value, key: &str, value: Value) -> R<()> {
    let key = text(key);
    match dict.get::<Dict>() {
        Some(dict) => vm.dict_set(dict, &key, value),
        None => Ok(()),
    }
}

/// An entry of a dict.
pub fn get_item(dict: &Value, key: &str) -> Option<Value> {
    dict.get::<Dict>()?.get_name(key)
}

/// Keys and values of a dict.
pub fn entries(dict: &Value) -> Vec<(Value, Value)> {
    dict.get::<Dict>().map_or_else(Vec::new, Dict::pairs)
}

/// Appends the entries of a dict of keywords, or nothing for Undef, to the arguments of a call.
pub fn add_keywords(more: &Value, names: &mut Vec<Value>, args: &mut Args) {
    for (name, value) in entries(more) {
        names.push(name);
        args.push(value);
    }
}

/// Names of keyword arguments.
pub fn names(vm: &mut Vm, names: &[&str]) -> Value {
    let names = names
        .iter()
        .map(|name| vm.intern(name).into_value())
        .collect();
    tuple(names)
}

/// A native function bound to its first argument.
pub fn bound(def: &'static Def, to: Value) -> Value {
    Native::alloc(def, to, Value::UNDEF).into_value()
}

/// A generator whose frame is native.
pub fn native_generator(vm: &mut Vm, def: &'static Def, args: &[Value]) -> R {
    Ok(vm
        .native_coroutine(def, Flavour::Generator, args)
        .into_value())
}

/// A coroutine whose frame is native.
pub fn native_coroutine(vm: &mut Vm, def: &'static Def, args: &[Value]) -> Value {
    vm.native_coroutine(def, Flavour::Coroutine, args)
        .into_value()
}

/// Undef as None.
#[inline]
pub fn or_none(value: Value) -> Value {
    if value.is_undef() { Value::NONE } else { value }
}

// ----- looking at values --------------------------------------------------------------

/// How an object's address is shown.
pub fn address(vm: &Vm, value: &Value) -> String {
    vm.address(value)
}

/// The items of a tuple; none of anything else.
pub fn tuple_items(value: &Value) -> Vec<Value> {
    value
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

/// One item of a tuple; Undef where there is none.
pub fn tuple_item(value: &Value, index: usize) -> Value {
    value
        .get::<Tuple>()
        .and_then(|t| t.get(index))
        .unwrap_or_default()
}

/// How many items a tuple has.
pub fn tuple_len(value: &Value) -> usize {
    value.get::<Tuple>().map_or(0, Tuple::len)
}

/// A pair of a number and a value.
pub fn numbered(pair: &Value) -> (u8, Value) {
    let items = tuple_items(pair);
    match &items[..] {
        [number, value] => (number.as_small_int().unwrap_or(255) as u8, value.clone()),
        _ => (255, Value::UNDEF),
    }
}

/// The float that a value is.
pub fn as_float(value: &Value) -> Option<f64> {
    float::as_float(value)
}

/// The name of a value's class.
pub fn plain_type_name(vm: &mut Vm, value: &Value) -> String {
    vm.class_of(value).name_str()
}

/// `module.Name` of a class, as in `<module.Name object at ...>`.
pub fn full_class_name(vm: &mut Vm, class: &Ref<Class>) -> String {
    vm.qualified_name_of(class)
}

/// Where a coroutine stands, or where it was defined if it has ended: file and line.
pub fn place_of(vm: &Vm, coro: &Value) -> Option<(String, u32)> {
    if let Some((code, line)) = vm.generator_line(coro) {
        return Some((code.source.name().to_owned(), line));
    }
    let code = vm.generator_code(coro);
    let code = code.get::<Code>()?;
    Some((code.plain.source.name().to_owned(), code.plain.first_line))
}

/// Where a function was defined.
pub fn definition_of(function: &Function) -> (String, u32) {
    let code = function.code.borrow();
    (code.plain.source.name().to_owned(), code.plain.first_line)
}

/// The text of a str; empty for anything else.
pub fn as_text(value: &Value) -> String {
    value
        .get::<Str>()
        .map_or_else(String::new, |s| s.to_text().into_owned())
}

/// The number that a value is; None for what is no number.
pub fn number(vm: &mut Vm, value: &Value) -> R<Option<f64>> {
    match float::number(value) {
        Some(Ok(f)) => return Ok(Some(f)),
        Some(Err(fault)) => return Err(vm.fault(fault)),
        None => {}
    }
    if value.is_object()
        && !value.is_kind::<Str>()
        && vm.get_attr_optional(value, "__float__")?.is_some()
    {
        return vm.float(value).map(Some);
    }
    Ok(None)
}

/// The number that a value is, for an addition to a time.
pub fn number_or_error(vm: &mut Vm, value: &Value) -> R<f64> {
    match number(vm, value)? {
        Some(f) => Ok(f),
        None => {
            let name = vm.type_name(value);
            Err(error(
                vm,
                Known::TypeError,
                &format!("unsupported operand type(s) for +: 'float' and '{name}'"),
            ))
        }
    }
}

/// The number that a value is, for a comparison with zero.
pub fn number_compared(vm: &mut Vm, value: &Value) -> R<f64> {
    match number(vm, value)? {
        Some(f) => Ok(f),
        None => {
            let name = vm.type_name(value);
            let text = format!("'<=' not supported between instances of '{name}' and 'int'");
            Err(error(vm, Known::TypeError, &text))
        }
    }
}

/// The int that a value is.
pub fn integer(vm: &mut Vm, value: &Value) -> R<i64> {
    match value.as_small_int() {
        Some(i) => Ok(i),
        None => match number(vm, value)? {
            Some(f) => Ok(f as i64),
            None => {
                let name = vm.type_name(value);
                let text = format!("'<' not supported between instances of '{name}' and 'int'");
                Err(error(vm, Known::TypeError, &text))
            }
        },
    }
}

/// `round(value, digits)`
pub fn rounded(vm: &mut Vm, value: &Value, digits: i32) -> R {
    vm.call_method(value, "__round__", &[Value::int32(digits)])
}

// ----- protocols ----------------------------------------------------------------------

/// Reads an attribute.
pub fn attr(vm: &mut Vm, object: &Value, name: &str) -> R {
    vm.get_attr(object, name)
}

/// Reads an attribute that may be missing.
pub fn attr_or_none(vm: &mut Vm, object: &Value, name: &str) -> R<Option<Value>> {
    vm.get_attr_optional(object, name)
}

/// Sets an attribute.
pub fn set_attr(vm: &mut Vm, object: &Value, name: &str, value: Value) -> R<()> {
    vm.set_attr(object, name, &value)
}

/// Puts a constant into a native class.
pub fn put_class(vm: &mut Vm, class: &Ref<Class>, name: &str, value: Value) -> R<()> {
    let name = vm.intern(name);
    let old = class.namespace.borrow_mut().insert_str(&name, value);
    vm.lift(old).map(drop)
}

/// Calls with positional arguments, nested.
pub fn call(vm: &mut Vm, callable: &Value, args: &[Value]) -> R {
    vm.call(callable, args)
}

/// Calls with keyword arguments, nested: the last ones are named by the tuple.
pub fn call_kw(vm: &mut Vm, callable: &Value, args: &[Value], names: &Value) -> R {
    vm.call_kw(callable, args, names)
}

/// Calls a method, nested.
pub fn call_method(vm: &mut Vm, object: &Value, name: &str, args: &[Value]) -> R {
    vm.call_method(object, name, args)
}

/// A call with `*args` and `**kwargs`, as the next step of a frame.
pub fn call_step(_: &mut Vm, callable: Value, args: &Value, kwargs: &Value) -> Step {
    let mut all: Args = tuple_items(args).into_iter().collect();
    let named = entries(kwargs);
    if named.is_empty() {
        return Step::Call(callable, all);
    }
    let mut keys = Vec::new();
    for (key, value) in named {
        keys.push(key);
        all.push(value);
    }
    Step::CallKw(callable, all, tuple(keys))
}

/// `repr(value)` as Rust text.
pub fn repr(vm: &mut Vm, value: &Value) -> R<String> {
    vm.repr_text(value)
}

/// `repr(value)` of limited length, as `reprlib.repr` gives it.
pub fn short_repr(vm: &mut Vm, value: &Value) -> R<String> {
    let simple = value.is_none()
        || value.as_small_int().is_some_and(|i| i.abs() < 1 << 50)
        || value.as_bool().is_some();
    let short = value
        .get_exact::<Str>()
        .is_some_and(|s| s.len() < 28 && s.is_ascii());
    if simple || short || as_float(value).is_some() {
        return repr(vm, value);
    }
    let function = import_attr(vm, "reprlib", "repr")?;
    let shown = vm.call(&function, std::slice::from_ref(value))?;
    Ok(as_text(&shown))
}

/// `str(value)` as Rust text.
pub fn str_of(vm: &mut Vm, value: &Value) -> R<String> {
    vm.str_text(value)
}

/// Whether a value counts as true.
pub fn truth(vm: &mut Vm, value: &Value) -> R<bool> {
    match value.as_bool() {
        Some(truth) => Ok(truth),
        None => vm.truth(value),
    }
}

/// Whether two values are equal.
pub fn equal(vm: &mut Vm, a: &Value, b: &Value) -> R<bool> {
    if a.is(b) { Ok(true) } else { vm.eq(a, b) }
}

/// Whether one value is less than the other.
pub fn less(vm: &mut Vm, a: &Value, b: &Value) -> R<bool> {
    vm.lt(a, b)
}

/// `hash(value)`
pub fn hash(vm: &mut Vm, value: &Value) -> R {
    Ok(int(vm.hash(value)?))
}

/// `len(value)`
pub fn length(vm: &mut Vm, value: &Value) -> R<usize> {
    vm.len(value)
}

/// `iter(value)`
pub fn iter(vm: &mut Vm, value: &Value) -> R {
    vm.iter(value)
}

/// Whether a value can be called.
pub fn is_callable(vm: &mut Vm, value: &Value) -> bool {
    if value.is_kind::<Function>() || value.is_kind::<Native>() || value.is_kind::<Class>() {
        return true;
    }
    vm.special_of(value, crate::vm::special::Special::Call)
        .is_some()
        || value.is_kind::<crate::object::function::BoundMethod>()
}

/// `inspect.isawaitable`
pub fn is_awaitable(vm: &mut Vm, value: &Value) -> bool {
    match value.get::<Generator>() {
        Some(generator) => {
            generator.flavour == Flavour::Coroutine || is_generator_coroutine(vm, value)
        }
        None => vm
            .special_of(value, crate::vm::special::Special::Await)
            .is_some(),
    }
}

fn is_generator_coroutine(vm: &Vm, value: &Value) -> bool {
    vm.generator_code(value)
        .get::<Code>()
        .is_some_and(|code| code.flags & flags::ITERABLE_COROUTINE != 0)
}

/// `Class[item]`
pub fn class_getitem(_: &mut Vm, args: &[Value]) -> R {
    use crate::object::descriptor::GenericAlias;
    let items = if args[1].is_kind::<Tuple>() {
        args[1].clone()
    } else {
        tuple(vec![args[1].clone()])
    };
    Ok(GenericAlias::alloc(args[0].clone(), items, Value::FALSE).into_value())
}

/// The bytes of a memoryview or the like; None for what has none.
pub fn bytes_of_view(vm: &mut Vm, value: &Value) -> R<Option<Vec<u8>>> {
    if attr_or_none(vm, value, "tobytes")?.is_none() {
        return Ok(None);
    }
    let copy = vm.call_method(value, "tobytes", &[])?;
    Ok(crate::object::bytes::with_bytes(&copy, <[u8]>::to_vec))
}

// ----- modules and the outside --------------------------------------------------------

/// An attribute of a library module, which is imported if need be.
pub fn import_attr(vm: &mut Vm, module: &str, name: &str) -> R {
    let module = match loaded_module(vm, module) {
        Some(module) => module,
        None => {
            vm.import(module)?;
            loaded_module(vm, module).unwrap_or(Value::NONE)
        }
    };
    vm.get_attr(&module, name)
}

/// A module that was imported already.
pub fn loaded_module(vm: &mut Vm, name: &str) -> Option<Value> {
    vm.modules.get_name(name)
}

/// An exception with its traceback, as it is printed.
pub fn format_exception(vm: &mut Vm, exception: &Value) -> R<String> {
    Ok(vm.report_exception(exception))
}

/// Writes to `sys.stderr`.
pub fn write_stderr(vm: &mut Vm, text: &str) -> R<()> {
    vm.write_error(text);
    Ok(())
}
