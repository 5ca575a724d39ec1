//! `_functools`: partial, reduce, cmp_to_key, and what lru_cache makes.

pub(crate) mod lru_cache;

use crate::builtins::arguments::{long_string, shape_of_class, tuple};
use crate::builtins::functions::{outcome, pull};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::function::Partial;
use crate::object::kind;
use crate::object::native::{
    Args, Attribute, Def, Input, ModuleDef, NativeFrame, R, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

/// `_functools`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_functools",
    doc: "The native part of functools.",
    functions: &[
        Def::frame("reduce(function, iterable, initial=<unset>, /)", 2, reduce)
            .doc("Apply a function of two arguments cumulatively to the items of an iterable, from left to right."),
        Def::leaf("cmp_to_key(mycmp)", cmp_to_key).doc("Makes a key function of one that compares two."),
    ],
    types: &[&PARTIAL, &lru_cache::LRU_CACHE],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&PARTIAL, &CMP_KEY, &lru_cache::LRU_CACHE];

/// Registers: function, iterable, the value so far, the iterator.
/// States: 0 the iterator comes, 1 an item comes, 2 a result comes.
fn reduce(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    const SO_FAR: usize = 2;
    const ITERATOR: usize = 3;
    let mut incoming = match input {
        Input::Start => match vm.iter_step(&frame.regs[1]) {
            Step::Raise(_) if !vm.is_iterable(&frame.regs[1]) => {
                return Step::Raise(vm.type_error("reduce() arg 2 must support iteration"));
            }
            step => match outcome(step) {
                Ok(iterator) => Some(iterator),
                Err(wait) => return wait,
            },
        },
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    match frame.state {
        0 => frame.regs[ITERATOR] = incoming.take().unwrap_or(Value::NONE),
        2 => frame.regs[SO_FAR] = incoming.take().unwrap_or(Value::NONE),
        _ => {}
    }
    frame.state = 1;
    loop {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &frame.regs[ITERATOR]) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        let so_far = std::mem::take(&mut frame.regs[SO_FAR]);
        if item.is_undef() {
            return match so_far.is_undef() {
                true => {
                    Step::Raise(vm.type_error("reduce() of empty iterable with no initial value"))
                }
                false => Step::Return(so_far),
            };
        }
        if so_far.is_undef() {
            frame.regs[SO_FAR] = item;
            continue;
        }
        frame.state = 2;
        return Step::Call(frame.regs[0].clone(), smallvec::smallvec![so_far, item]);
    }
}

// ----- partial ---------------------------------------------------------------

/// Arguments: cls, func, args, keywords.
fn partial_new(vm: &mut Vm, args: &[Value]) -> R {
    let mut positional: Vec<Value> = args[1]
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec());
    if positional.is_empty() {
        return Err(vm.type_error("type 'partial' takes at least one argument"));
    }
    let mut function = positional.remove(0);
    if !vm.is_callable(&function) {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let keywords = Dict::new();
    // A partial of a partial that has no attributes of its own is flattened.
    if let Some(inner) = function.clone().get::<Partial>()
        && vm.own_names(&function).is_empty()
    {
        let mut all: Vec<Value> = inner
            .args
            .get()
            .get::<Tuple>()
            .map_or_else(Vec::new, |t| t.items().to_vec());
        all.append(&mut positional);
        positional = all;
        vm.dict_update_mapping(&keywords, &inner.keywords.get())?;
        function = inner.function.get();
    }
    if args[2].is_kind::<Dict>() {
        vm.dict_update_mapping(&keywords, &args[2])?;
    }
    let positional = tuple(vm, positional)?;
    let made = Partial::alloc(
        shape_of_class(&args[0]),
        Field::new(function),
        Field::new(positional),
        Field::new(keywords.into_value()),
    );
    Ok(made.into_value())
}

/// Registers: self, args, keywords.
fn partial_call(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Input::Start = input else {
        return Step::Return(Value::NONE);
    };
    let Some(partial) = frame.regs[0].to_ref::<Partial>() else {
        return Step::Return(Value::NONE);
    };
    let mut args: Args = partial
        .args
        .get()
        .get::<Tuple>()
        .map_or_else(Args::new, |t| t.items().iter().cloned().collect());
    args.extend(
        frame.regs[1]
            .get::<Tuple>()
            .map_or(&[][..], Tuple::items)
            .iter()
            .cloned(),
    );
    let stored = partial.keywords.get();
    let given = frame.regs[2].clone();
    let none_stored = stored.get::<Dict>().is_none_or(Dict::is_empty);
    let none_given = given.get::<Dict>().is_none_or(Dict::is_empty);
    let keywords = match (none_stored, none_given) {
        (true, true) => return Step::TailCall(partial.function.get(), args),
        (true, false) => given.to_ref::<Dict>(),
        (false, true) => stored.to_ref::<Dict>(),
        (false, false) => {
            let merged = Dict::new();
            let done = vm
                .dict_update_mapping(&merged, &stored)
                .and_then(|()| vm.dict_update_mapping(&merged, &given));
            if let Err(raised) = done {
                return Step::Raise(raised);
            }
            Some(merged)
        }
    };
    let mut names = Vec::new();
    for (name, value) in keywords.map_or_else(Vec::new, |d| d.pairs()) {
        if !name.is_kind::<Str>() {
            return Step::Raise(vm.type_error("keywords must be strings"));
        }
        names.push(name);
        args.push(value);
    }
    match tuple(vm, names) {
        Ok(names) => Step::TailCallKw(partial.function.get(), args, names),
        Err(raised) => Step::Raise(raised),
    }
}

fn partial_repr(vm: &mut Vm, args: &[Value]) -> R {
    if !vm.enter_repr(&args[0]) {
        return long_string(vm, "...");
    }
    let text = partial_text(vm, &args[0]);
    vm.leave_repr();
    let text = text?;
    long_string(vm, &text)
}

fn partial_text(vm: &mut Vm, value: &Value) -> R<String> {
    let class = vm.class_of(value);
    let name = vm.qualified_name_of(&class);
    let Some(partial) = value.to_ref::<Partial>() else {
        return Ok(name);
    };
    let mut text = format!("{name}({}", vm.repr_text(&partial.function.get())?);
    for arg in partial
        .args
        .get()
        .get::<Tuple>()
        .map_or(&[][..], Tuple::items)
    {
        text += &format!(", {}", vm.repr_text(arg)?);
    }
    for (key, value) in partial
        .keywords
        .get()
        .get::<Dict>()
        .map_or_else(Vec::new, Dict::pairs)
    {
        text += &format!(", {}={}", vm.str_text(&key)?, vm.repr_text(&value)?);
    }
    Ok(text + ")")
}

fn partial_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let Some(partial) = args[0].to_ref::<Partial>() else {
        return Ok(Value::NONE);
    };
    let class = vm.class_of(&args[0]).into_value();
    let dict = match vm.own_names(&args[0]).is_empty() {
        true => Value::NONE,
        false => vm
            .object_dict(&args[0])
            .map_or(Value::NONE, Ref::into_value),
    };
    let function = tuple(vm, vec![partial.function.get()])?;
    let state = tuple(
        vm,
        vec![
            partial.function.get(),
            partial.args.get(),
            partial.keywords.get(),
            dict,
        ],
    )?;
    tuple(vm, vec![class, function, state])
}

fn partial_setstate(vm: &mut Vm, args: &[Value]) -> R {
    let Some(partial) = args[0].to_ref::<Partial>() else {
        return Ok(Value::NONE);
    };
    let state = args[1].get::<Tuple>().map_or(&[][..], Tuple::items);
    let valid = match state {
        [function, positional, keywords, own] => {
            vm.is_callable(function)
                && positional.is_kind::<Tuple>()
                && (keywords.is_none() || keywords.is_kind::<Dict>())
                && (own.is_none() || own.is_kind::<Dict>())
        }
        _ => false,
    };
    let ([function, positional, keywords, own], true) = (state, valid) else {
        return Err(vm.type_error("invalid partial state"));
    };
    let positional = match positional.is_exact::<Tuple>() {
        true => positional.clone(),
        false => tuple(vm, items_of_tuple(positional))?,
    };
    let keywords = if keywords.is_exact::<Dict>() {
        keywords.clone()
    } else {
        let plain = Dict::new();
        if !keywords.is_none() {
            vm.dict_update_mapping(&plain, keywords)?;
        }
        plain.into_value()
    };
    partial.function.set(function.clone());
    partial.args.set(positional);
    partial.keywords.set(keywords);
    let own = own.to_ref::<Dict>().unwrap_or_else(Dict::new);
    vm.set_object_dict(&args[0], &own);
    Ok(Value::NONE)
}

fn items_of_tuple(value: &Value) -> Vec<Value> {
    value
        .get::<Tuple>()
        .map_or_else(Vec::new, |t| t.items().to_vec())
}

/// Looked up on an instance, a partial is itself; CPython warns that it will be a method.
fn partial_get(vm: &mut Vm, args: &[Value]) -> R {
    if !args[1].is_none() {
        let text = "functools.partial will be a method descriptor in future Python versions; \
                    wrap it in staticmethod() if you want to preserve the old behavior";
        vm.warn(crate::vm::types::Known::FutureWarning, text)?;
    }
    Ok(args[0].clone())
}

fn partial_field(value: &Value, field: fn(&Partial) -> &Field) -> R {
    Ok(value
        .get::<Partial>()
        .map_or(Value::NONE, |p| field(p).get()))
}

/// `functools.partial`
pub static PARTIAL: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    doc: "A function with some of its arguments given already.",
    new: Some(Def::leaf("__new__(cls, /, *args, **keywords)", partial_new)),
    methods: &[
        Def::frame("__call__(self, /, *args, **keywords)", 0, partial_call),
        Def::leaf("__repr__(self, /)", partial_repr),
        Def::leaf("__reduce__(self, /)", partial_reduce),
        Def::leaf("__setstate__(self, state, /)", partial_setstate),
        Def::leaf("__get__(self, instance, owner=None, /)", partial_get),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    attributes: &[
        Attribute::get("func", |_, v| partial_field(v, |p| &p.function)),
        Attribute::get("args", |_, v| partial_field(v, |p| &p.args)),
        Attribute::get("keywords", |_, v| partial_field(v, |p| &p.keywords)),
        crate::builtins::arguments::LASTING_DICT,
    ],
    ..TypeDef::new("functools", "partial", kind::PARTIAL)
};

// ----- cmp_to_key ------------------------------------------------------------

traced_object! {
    /// What `cmp_to_key` gives: the maker of keys, and each key.
    pub struct CmpKey: CMP_KEY {
        /// The comparison.
        compare: Value,
        /// The object of a key; Undef for the maker.
        object: Field,
    }
}

fn cmp_to_key(_: &mut Vm, args: &[Value]) -> R {
    Ok(CmpKey::alloc(kind::CMP_KEY as u32, args[0].clone(), Field::undef()).into_value())
}

fn key_of(_: &mut Vm, args: &[Value]) -> R {
    let compare = args[0]
        .get::<CmpKey>()
        .map_or(Value::NONE, |k| k.compare.clone());
    Ok(CmpKey::alloc(kind::CMP_KEY as u32, compare, Field::new(args[1].clone())).into_value())
}

/// Registers: self, other. State 1: the comparison's answer comes; 2: its comparison with zero.
fn compare_keys(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, op: CompareOp) -> Step {
    match (frame.state, input) {
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Start) => {
            let (Some(a), Some(b)) = (frame.regs[0].get::<CmpKey>(), frame.regs[1].get::<CmpKey>())
            else {
                return Step::Raise(vm.type_error("other argument must be K instance"));
            };
            let args = smallvec::smallvec![a.object.get(), b.object.get()];
            let compare = a.compare.clone();
            frame.state = 1;
            Step::Call(compare, args)
        }
        (1, Input::Value(answer) | Input::Yielded(answer)) => {
            frame.state = 2;
            match outcome(vm.compare_step(op, &answer, &Value::int32(0))) {
                Ok(result) => Step::Return(result),
                Err(wait) => wait,
            }
        }
        (_, Input::Value(result) | Input::Yielded(result)) => Step::Return(result),
    }
}

static CMP_KEY: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__call__(self, obj)", key_of),
        Def::frame("__lt__(self, value, /)", 0, |vm, f, i| {
            compare_keys(vm, f, i, CompareOp::Lt)
        }),
        Def::frame("__le__(self, value, /)", 0, |vm, f, i| {
            compare_keys(vm, f, i, CompareOp::Le)
        }),
        Def::frame("__eq__(self, value, /)", 0, |vm, f, i| {
            compare_keys(vm, f, i, CompareOp::Eq)
        }),
        Def::frame("__ne__(self, value, /)", 0, |vm, f, i| {
            compare_keys(vm, f, i, CompareOp::Ne)
        }),
        Def::frame("__gt__(self, value, /)", 0, |vm, f, i| {
            compare_keys(vm, f, i, CompareOp::Gt)
        }),
        Def::frame("__ge__(self, value, /)", 0, |vm, f, i| {
            compare_keys(vm, f, i, CompareOp::Ge)
        }),
    ],
    attributes: &[Attribute::get("obj", |_, v| {
        Ok(v.get::<CmpKey>().map_or(Value::NONE, |k| k.object.get()))
    })],
    ..TypeDef::new("functools", "KeyWrapper", kind::CMP_KEY)
};
