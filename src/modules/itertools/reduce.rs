//! How the iterators of `itertools` are pickled and copied. CPython 3.13 says of all of it that it
//! will go.

use super::{Tool, tool};
use crate::builtins::arguments::{index, int, list, pair, tuple};
use crate::heap::{Ref, Value};
use crate::object::list::List;
use crate::object::native::{Def, R, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `__reduce__` of a tool.
pub const fn reduce(f: crate::object::native::Leaf) -> Def {
    Def::leaf("__reduce__(self, /)", f).doc("How to make it again, for copies and pickles.")
}

/// `__setstate__` of a tool.
pub const fn set_state(f: crate::object::native::Leaf) -> Def {
    Def::leaf("__setstate__(self, state, /)", f).doc("Goes to the place that a pickle has noted.")
}

/// Says that this will go.
fn deprecated(vm: &mut Vm) -> R<()> {
    let text = "Pickle, copy, and deepcopy support will be removed from itertools in Python 3.14.";
    vm.warn(crate::vm::types::Known::DeprecationWarning, text)
}

/// The tool and its class, after the warning.
fn begin(vm: &mut Vm, args: &[Value]) -> R<(Ref<Tool>, Value)> {
    deprecated(vm)?;
    Ok((tool(&args[0]), vm.class_of(&args[0]).into_value()))
}

fn triple(a: Value, b: Value, c: Value) -> R {
    Ok(Tuple::few([a, b, c]).into_value())
}

fn items_of(value: &Value) -> Vec<Value> {
    match (value.get::<List>(), value.get::<Tuple>()) {
        (Some(list), _) => list.copy().map_or_else(|_| Vec::new(), |b| b.into_vec()),
        (_, Some(tuple)) => tuple.items().to_vec(),
        _ => Vec::new(),
    }
}

fn make(vm: &mut Vm, def: &'static TypeDef, args: &[Value]) -> R {
    let class = vm.class_of_def(def).into_value();
    vm.call(&class, args)
}

/// An iterator that gives an item first, then those of another.
fn chained(vm: &mut Vm, item: Value, rest: Value) -> R {
    make(
        vm,
        &super::select::CHAIN,
        &[Tuple::one(item).into_value(), rest],
    )
}

pub const COUNT: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let (now, step) = (tool.source.get(), tool.function.get());
    let plain = step.as_small_int() == Some(1) && crate::object::int::IntView::of(&now).is_some();
    let parts = if plain {
        tuple(vm, vec![now])?
    } else {
        pair(now, step)
    };
    Ok(pair(class, parts))
});

pub const REPEAT: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let mut parts = vec![tool.source.get()];
    if tool.n.get() >= 0 {
        parts.push(int(tool.n.get()));
    }
    let parts = tuple(vm, parts)?;
    Ok(pair(class, parts))
});

/// An iterator over what is left; what was saved; whether that is all.
pub const CYCLE: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let saved = tool.memory.get();
    let source = tool.source.get();
    if !source.is_undef() {
        let made_of = tuple(vm, vec![source])?;
        let saved = list(items_of(&saved));
        return triple(class, made_of, pair(saved, Value::FALSE));
    }
    let iterator = vm.iter(&saved)?;
    if let Some(step) = vm.get_attr_optional(&iterator, "__setstate__")? {
        vm.call(&step, &[int(tool.n.get())])?;
    }
    let made_of = tuple(vm, vec![iterator])?;
    triple(class, made_of, pair(saved, Value::TRUE))
});

pub const CYCLE_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let tool = tool(&args[0]);
    let Some([saved, first]) = args[1].get::<Tuple>().map(Tuple::items) else {
        return Err(vm.type_error("state is not a tuple"));
    };
    if !saved.is_kind::<List>() {
        let name = vm.type_name(saved);
        return Err(vm.type_error(format!(
            "__setstate__() argument 1 must be list, not {name}"
        )));
    }
    let first = vm.index(first)? != 0;
    tool.memory.set(saved.clone());
    // What comes of the source then was saved already: `n` counts how much is to be dropped of it.
    tool.stage.set(u8::from(first));
    Ok(Value::NONE)
});

pub const ACCUMULATE: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let (source, function) = (tool.source.get(), tool.function.get());
    let total = tool.memory.get();
    if total.is_undef() && !tool.extra.is_undef() {
        let chain = chained(vm, tool.extra.get(), source)?;
        return triple(class, pair(chain, function), Value::NONE);
    }
    if total.is_none() {
        let chain = chained(vm, total, source)?;
        let inner = make(vm, &super::select::ACCUMULATE, &[chain, function])?;
        let islice = vm.class_of_def(&super::select::ISLICE).into_value();
        let parts = tuple(vm, vec![inner, Value::int32(1), Value::NONE])?;
        return Ok(pair(islice, parts));
    }
    let total = if total.is_undef() { Value::NONE } else { total };
    triple(class, pair(source, function), total)
});

pub const ACCUMULATE_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    tool(&args[0]).memory.set(args[1].clone());
    Ok(Value::NONE)
});

pub const CHAIN: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let (sources, current) = (tool.source.get(), tool.memory.get());
    let nothing = Tuple::empty().into_value();
    if sources.is_undef() {
        return Ok(pair(class, nothing));
    }
    let mut parts = vec![sources];
    if !current.is_undef() {
        parts.push(current);
    }
    let parts = tuple(vm, parts)?;
    triple(class, nothing, parts)
});

pub const CHAIN_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let Some(state) = args[1].get::<Tuple>() else {
        return Err(vm.type_error("state is not a tuple"));
    };
    let parts = state.items();
    if parts.is_empty() || parts.len() > 2 {
        let text = format!("function takes at most 2 arguments ({} given)", parts.len());
        let text = match parts.len() {
            0 => "function missing required argument (pos 1)".to_string(),
            _ => text,
        };
        return Err(vm.type_error(text));
    }
    for part in parts {
        if !vm.is_iterator(part) {
            return Err(vm.type_error("Arguments must be iterators."));
        }
    }
    let tool = tool(&args[0]);
    tool.source.set(parts[0].clone());
    match parts.get(1) {
        Some(current) => tool.memory.set(current.clone()),
        None => drop(tool.memory.take()),
    }
    Ok(Value::NONE)
});

pub const COMPRESS: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    Ok(pair(class, pair(tool.source.get(), tool.memory.get())))
});

/// `filterfalse` and `starmap`: function and source.
pub const FUNCTION: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    Ok(pair(class, pair(tool.function.get(), tool.source.get())))
});

/// `dropwhile` and `takewhile`: the same, and whether the function was false once.
pub const SIEVE: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let parts = pair(tool.function.get(), tool.source.get());
    triple(class, parts, Value::int32(i32::from(tool.stage.get() == 1)))
});

pub const SIEVE_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let stage = vm.truth(&args[1])?;
    tool(&args[0]).stage.set(u8::from(stage));
    Ok(Value::NONE)
});

pub const ISLICE: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let source = tool.source.get();
    if source.is_undef() {
        let nothing = list(Vec::new());
        let nothing = vm.iter(&nothing)?;
        return triple(class, pair(nothing, Value::int32(0)), Value::int32(0));
    }
    let stop = match tool.m.get() {
        i64::MAX => Value::NONE,
        stop => int(stop),
    };
    let taken = tool.memory.get();
    let parts = tuple(
        vm,
        vec![source, int(tool.n.get()), stop, tool.function.get()],
    )?;
    triple(class, parts, taken)
});

pub const ISLICE_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let taken = index(vm, &args[1])?;
    tool(&args[0]).memory.set(int(taken));
    Ok(Value::NONE)
});

pub const ZIP_LONGEST: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let sources = items_of(&tool.source.get())
        .into_iter()
        .map(|source| {
            if source.is_none() {
                Tuple::empty().into_value()
            } else {
                source
            }
        })
        .collect();
    let sources = tuple(vm, sources)?;
    triple(class, sources, tool.function.get())
});

pub const ZIP_LONGEST_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    tool(&args[0]).function.set(args[1].clone());
    Ok(Value::NONE)
});

const RUNNING: u8 = 1;
const END: u8 = 2;

fn numbers(vm: &mut Vm, indices: &[usize]) -> R {
    tuple(vm, indices.iter().map(|&i| int(i as i64)).collect())
}

pub const PRODUCT: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    if tool.stage.get() == END {
        let nothing = tuple(vm, vec![Tuple::empty().into_value()])?;
        return Ok(pair(class, nothing));
    }
    let mut pools = Vec::new();
    for pool in items_of(&tool.source.get()) {
        pools.push(tuple(vm, items_of(&pool))?);
    }
    let pools = tuple(vm, pools)?;
    if tool.stage.get() != RUNNING {
        return Ok(pair(class, pools));
    }
    let indices = numbers(vm, &tool.indices.borrow().clone())?;
    triple(class, pools, indices)
});

pub const PRODUCT_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let tool = tool(&args[0]);
    let sizes: Vec<usize> = items_of(&tool.source.get())
        .iter()
        .map(|p| items_of(p).len())
        .collect();
    let indices = positions(vm, &args[1], sizes.len())?;
    if sizes.contains(&0) {
        return Ok(Value::NONE);
    }
    let indices = indices
        .iter()
        .zip(&sizes)
        .map(|(&i, &n)| i.clamp(0, n as i64 - 1) as usize);
    *tool.indices.borrow_mut() = indices.collect();
    tool.stage.set(RUNNING);
    Ok(Value::NONE)
});

/// The numbers of a state, of which there must be so many.
fn positions(vm: &mut Vm, state: &Value, n: usize) -> R<Vec<i64>> {
    let items = state.get::<Tuple>().map_or(&[][..], Tuple::items);
    if !state.is_kind::<Tuple>() || items.len() != n {
        return Err(vm.value_error("invalid arguments"));
    }
    let mut numbers = Vec::new();
    for item in items {
        numbers.push(index(vm, item)?);
    }
    Ok(numbers)
}

/// `combinations`, with and without replacement.
pub const COMBINATIONS: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let pool = items_of(&tool.source.get());
    let r = int(tool.m.get());
    let running = tool.stage.get() == RUNNING;
    let pool = tuple(vm, pool)?;
    if !running {
        return Ok(pair(class, pair(pool, r)));
    }
    let indices = numbers(vm, &tool.indices.borrow().clone())?;
    triple(class, pair(pool, r), indices)
});

pub const COMBINATIONS_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let tool = tool(&args[0]);
    let r = tool.m.get().max(0) as usize;
    let n = tool.n.get();
    let indices = positions(vm, &args[1], r)?;
    if tool.stage.get() == END {
        return Ok(Value::NONE);
    }
    let most = |i: usize| n - r as i64 + i as i64;
    let indices = indices.iter().enumerate();
    *tool.indices.borrow_mut() = indices
        .map(|(i, &at)| at.clamp(0, most(i).max(0)) as usize)
        .collect();
    tool.stage.set(RUNNING);
    Ok(Value::NONE)
});

pub const REPLACEMENT_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let tool = tool(&args[0]);
    let n = tool.n.get();
    let indices = positions(vm, &args[1], tool.m.get().max(0) as usize)?;
    if tool.stage.get() == END {
        return Ok(Value::NONE);
    }
    *tool.indices.borrow_mut() = indices
        .iter()
        .map(|&at| at.clamp(0, (n - 1).max(0)) as usize)
        .collect();
    tool.stage.set(RUNNING);
    Ok(Value::NONE)
});

pub const PERMUTATIONS: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let pool = tuple(vm, items_of(&tool.source.get()))?;
    let made_of = pair(pool, int(tool.m.get()));
    if tool.stage.get() != RUNNING {
        return Ok(pair(class, made_of));
    }
    let all = tool.indices.borrow().clone();
    let (indices, cycles) = all.split_at((tool.n.get() as usize).min(all.len()));
    let state = pair(numbers(vm, indices)?, numbers(vm, cycles)?);
    triple(class, made_of, state)
});

pub const PERMUTATIONS_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let tool = tool(&args[0]);
    let (n, r) = (tool.n.get(), tool.m.get());
    let Some([indices, cycles]) = args[1].get::<Tuple>().map(Tuple::items) else {
        return Err(vm.value_error("invalid arguments"));
    };
    let indices = positions(vm, indices, n.max(0) as usize)?;
    let cycles = positions(vm, cycles, r.max(0) as usize)?;
    if tool.stage.get() == END {
        return Ok(Value::NONE);
    }
    let indices = indices
        .iter()
        .map(|&at| at.clamp(0, (n - 1).max(0)) as usize);
    let cycles = cycles.iter().enumerate();
    let cycles = cycles.map(|(i, &left)| left.clamp(1, (n - i as i64).max(1)) as usize);
    *tool.indices.borrow_mut() = indices.chain(cycles).collect();
    tool.stage.set(RUNNING);
    Ok(Value::NONE)
});

pub const GROUPBY: Def = reduce(|vm, args| {
    let (tool, class) = begin(vm, args)?;
    let made_of = pair(tool.source.get(), tool.function.get());
    let (value, key, target) = (tool.memory.get(), tool.extra.get(), tool.target.get());
    if key.is_undef() || target.is_undef() || value.is_undef() {
        return Ok(pair(class, made_of));
    }
    let state = tuple(vm, vec![value, target, key])?;
    triple(class, made_of, state)
});

pub const GROUPBY_STATE: Def = set_state(|vm, args| {
    deprecated(vm)?;
    let Some([value, target, key]) = args[1].get::<Tuple>().map(Tuple::items) else {
        return Err(vm.type_error("state is not a tuple"));
    };
    let tool = tool(&args[0]);
    tool.memory.set(value.clone());
    tool.target.set(target.clone());
    tool.extra.set(key.clone());
    Ok(Value::NONE)
});
