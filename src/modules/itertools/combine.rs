//! `product`, `permutations`, `combinations`: they go over positions in pools.

use super::{ITER, Tool, given, made, tool};
use crate::builtins::arguments::{index, tuple};
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind::{self, shared};
use crate::object::list::List;
use crate::object::native::{Def, R, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Stages: not begun, under way, at the end.
const BEGIN: u8 = 0;
const RUNNING: u8 = 1;
const END: u8 = 2;

/// The items of the one pool at the first `r` of the indices.
fn picked(vm: &mut Vm, tool: &Tool, r: usize) -> R<Option<Value>> {
    let source = tool.source.get();
    let pool = source.get::<Tuple>().map_or(&[][..], Tuple::items);
    let indices = tool.indices.borrow();
    vm.tick_elements(indices.len())?;
    let items = Tuple::build(r, |i| {
        let item = indices.get(i).and_then(|&at| pool.get(at));
        item.cloned().unwrap_or(Value::NONE)
    });
    vm.lift(items).map(|items| Some(items.into_value()))
}

/// What the tool gives next: `advance` moves the positions on, if that can be done.
fn next_choice(
    vm: &mut Vm,
    tool: &Tool,
    advance: fn(&Tool) -> bool,
    picked: fn(&mut Vm, &Tool) -> R<Option<Value>>,
) -> R<Option<Value>> {
    let goes_on = match tool.stage.get() {
        BEGIN => {
            tool.stage.set(RUNNING);
            true
        }
        RUNNING => advance(tool),
        _ => false,
    };
    if !goes_on {
        tool.stage.set(END);
        tool.source.take();
        return Ok(None);
    }
    picked(vm, tool)
}

/// The size argument of combinations.
fn size(vm: &mut Vm, value: &Value) -> R<usize> {
    if IntView::of(value).is_none() {
        vm.index_value(value)?;
    }
    match usize::try_from(index(vm, value)?) {
        Ok(size) => Ok(size),
        Err(_) => Err(vm.value_error("r must be non-negative")),
    }
}

/// The items of an iterable, as a tuple.
fn pool(vm: &mut Vm, iterable: &Value) -> R<Ref<Tuple>> {
    if iterable.is_exact::<Tuple>()
        && let Some(tuple) = iterable.to_ref::<Tuple>()
    {
        return Ok(tuple);
    }
    let made = match iterable.get_exact::<List>() {
        Some(list) => Tuple::new(list.peek()),
        None => Tuple::from_vec(vm.collect_hinted(iterable)?),
    };
    vm.lift(made)
}

fn of_pool(vm: &mut Vm, args: &[Value]) -> R<(Ref<Tool>, usize)> {
    let pool = pool(vm, &args[1])?;
    let count = pool.items().len();
    let tool = Tool::new(&args[0], Value::NONE, pool.into_value(), Value::UNDEF);
    Ok((tool, count))
}

fn combinations_new(vm: &mut Vm, args: &[Value]) -> R {
    let (tool, count) = of_pool(vm, args)?;
    let r = size(vm, &args[2])?;
    if r > count {
        tool.stage.set(END);
    } else {
        *tool.indices.borrow_mut() = (0..r).collect();
    }
    tool.n.set(count as i64);
    tool.m.set(r as i64);
    Ok(tool.into_value())
}

fn next_combination(vm: &mut Vm, tool: &Tool) -> R<Option<Value>> {
    let advance = |tool: &Tool| {
        let n = tool.n.get() as usize;
        let mut indices = tool.indices.borrow_mut();
        let r = indices.len();
        let Some(i) = (0..r).rev().find(|&i| indices[i] != i + n - r) else {
            return false;
        };
        indices[i] += 1;
        for j in i + 1..r {
            indices[j] = indices[j - 1] + 1;
        }
        true
    };
    next_choice(vm, tool, advance, all_picked)
}

fn all_picked(vm: &mut Vm, tool: &Tool) -> R<Option<Value>> {
    let r = tool.indices.borrow().len();
    picked(vm, tool, r)
}

/// `itertools.combinations`
pub static COMBINATIONS: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "All choices of r items, in the order of the iterable.",
    new: Some(Def::leaf("__new__(cls, iterable, r)", combinations_new)),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", |vm, args| {
            let next = next_combination(vm, &tool(&args[0]));
            given(vm, next)
        }),
        super::reduce::COMBINATIONS,
        super::reduce::COMBINATIONS_STATE,
    ],
    shape: Some(shared::COMBINATIONS),
    at_once: Some(|vm, args| made(vm, (shared::COMBINATIONS, 2), combinations_new, args, &[])),
    next_at_once: Some(|vm, iterator| Some(next_combination(vm, iterator.get::<Tool>()?))),
    ..TypeDef::new("itertools", "combinations", kind::ITERTOOL)
};

fn replacement_new(vm: &mut Vm, args: &[Value]) -> R {
    let (tool, count) = of_pool(vm, args)?;
    let r = size(vm, &args[2])?;
    if count == 0 && r > 0 {
        tool.stage.set(END);
    } else {
        vm.check_room(r.saturating_mul(8))?;
        *tool.indices.borrow_mut() = vec![0; r];
    }
    tool.n.set(count as i64);
    tool.m.set(r as i64);
    Ok(tool.into_value())
}

fn next_replacement(vm: &mut Vm, tool: &Tool) -> R<Option<Value>> {
    let advance = |tool: &Tool| {
        let n = tool.n.get() as usize;
        let mut indices = tool.indices.borrow_mut();
        let Some(i) = indices.iter().rposition(|&at| at + 1 != n) else {
            return false;
        };
        let next = indices[i] + 1;
        indices[i..].fill(next);
        true
    };
    next_choice(vm, tool, advance, all_picked)
}

/// `itertools.combinations_with_replacement`
pub static COMBINATIONS_WITH_REPLACEMENT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "All choices of r items, each of which may be taken again.",
    new: Some(Def::leaf("__new__(cls, iterable, r)", replacement_new)),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", |vm, args| {
            let next = next_replacement(vm, &tool(&args[0]));
            given(vm, next)
        }),
        super::reduce::COMBINATIONS,
        super::reduce::REPLACEMENT_STATE,
    ],
    shape: Some(shared::COMBINATIONS_WITH_REPLACEMENT),
    at_once: Some(|vm, args| {
        made(
            vm,
            (shared::COMBINATIONS_WITH_REPLACEMENT, 2),
            replacement_new,
            args,
            &[],
        )
    }),
    next_at_once: Some(|vm, iterator| Some(next_replacement(vm, iterator.get::<Tool>()?))),
    ..TypeDef::new("itertools", "combinations_with_replacement", kind::ITERTOOL)
};

/// The indices hold all positions; the first `m` are the result, the others those not used.
fn permutations_new(vm: &mut Vm, args: &[Value]) -> R {
    let (tool, count) = of_pool(vm, args)?;
    let r = if args[2].is_none() {
        count
    } else {
        if IntView::of(&args[2]).is_none() {
            return Err(vm.type_error("Expected int as r"));
        }
        size(vm, &args[2])?
    };
    if r > count {
        tool.stage.set(END);
    } else {
        // How often each place can still move on lies behind the positions.
        let mut indices = Vec::with_capacity(count + r);
        indices.extend(0..count);
        indices.extend((0..r).map(|i| count - i));
        *tool.indices.borrow_mut() = indices;
    }
    tool.n.set(count as i64);
    tool.m.set(r as i64);
    Ok(tool.into_value())
}

fn next_permutation(vm: &mut Vm, tool: &Tool) -> R<Option<Value>> {
    let advance = |tool: &Tool| {
        let (n, r) = (tool.n.get() as usize, tool.m.get() as usize);
        let mut all = tool.indices.borrow_mut();
        let (indices, cycles) = all.split_at_mut(n);
        for i in (0..r).rev() {
            cycles[i] -= 1;
            if cycles[i] != 0 {
                indices.swap(i, n - cycles[i]);
                return true;
            }
            indices[i..].rotate_left(1);
            cycles[i] = n - i;
        }
        false
    };
    next_choice(vm, tool, advance, |vm, tool| {
        picked(vm, tool, tool.m.get() as usize)
    })
}

/// `itertools.permutations`
pub static PERMUTATIONS: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "All orders of r of the items.",
    new: Some(Def::leaf(
        "__new__(cls, iterable, r=None)",
        permutations_new,
    )),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", |vm, args| {
            let next = next_permutation(vm, &tool(&args[0]));
            given(vm, next)
        }),
        super::reduce::PERMUTATIONS,
        super::reduce::PERMUTATIONS_STATE,
    ],
    shape: Some(shared::PERMUTATIONS),
    at_once: Some(|vm, args| {
        made(
            vm,
            (shared::PERMUTATIONS, 2),
            permutations_new,
            args,
            &[Value::NONE],
        )
    }),
    next_at_once: Some(|vm, iterator| Some(next_permutation(vm, iterator.get::<Tool>()?))),
    ..TypeDef::new("itertools", "permutations", kind::ITERTOOL)
};

/// Arguments: cls, repeat, iterables.
fn product_new(vm: &mut Vm, args: &[Value]) -> R {
    let times = index(vm, &args[1])?;
    let Ok(times) = usize::try_from(times) else {
        return Err(vm.value_error("repeat argument cannot be negative"));
    };
    let iterables = args[2].get::<Tuple>().map_or(&[][..], Tuple::items);
    product_of(vm, &args[0], times, iterables)
}

/// The class as for `Tool::new`.
fn product_of(vm: &mut Vm, class: &Value, times: usize, iterables: &[Value]) -> R {
    let mut pools = Vec::with_capacity(iterables.len());
    if times > 0 {
        for iterable in iterables {
            pools.push(pool(vm, iterable)?.into_value());
        }
    }
    if pools.len().checked_mul(times).is_none_or(|n| n > 1 << 32) {
        return Err(vm.overflow_error("repeat argument too large"));
    }
    if times > 1 {
        vm.check_room(pools.len() * times * 24)?;
        let count = pools.len() * times;
        pools = pools.iter().cycle().take(count).cloned().collect();
    }
    let is_empty = |pool: &Value| pool.get::<Tuple>().is_none_or(Tuple::is_empty);
    let empty = pools.iter().any(is_empty);
    let count = pools.len();
    let pools = tuple(vm, pools)?;
    let tool = Tool::new(class, Value::NONE, pools, Value::UNDEF);
    *tool.indices.borrow_mut() = vec![0; count];
    if empty {
        tool.stage.set(END);
    }
    Ok(tool.into_value())
}

fn next_of_product(vm: &mut Vm, tool: &Tool) -> R<Option<Value>> {
    let advance = |tool: &Tool| {
        let pools = tool.source.get();
        let pools = pools.get::<Tuple>().map_or(&[][..], Tuple::items);
        let mut indices = tool.indices.borrow_mut();
        for (at, pool) in indices.iter_mut().zip(pools).rev() {
            *at += 1;
            if pool.get::<Tuple>().is_some_and(|pool| *at < pool.len()) {
                return true;
            }
            *at = 0;
        }
        false
    };
    next_choice(vm, tool, advance, |vm, tool| {
        let pools = tool.source.get();
        let pools = pools.get::<Tuple>().map_or(&[][..], Tuple::items);
        vm.tick_elements(pools.len())?;
        let indices = tool.indices.borrow();
        let items = Tuple::build(pools.len(), |i| {
            let pool = pools[i].get::<Tuple>().map_or(&[][..], Tuple::items);
            let item = indices.get(i).and_then(|&at| pool.get(at));
            item.cloned().unwrap_or(Value::NONE)
        });
        vm.lift(items).map(|items| Some(items.into_value()))
    })
}

/// `itertools.product`
pub static PRODUCT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "All tuples with one item of each iterable.",
    new: Some(Def::leaf(
        "__new__(cls, /, *iterables, repeat=1)",
        product_new,
    )),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", |vm, args| {
            let next = next_of_product(vm, &tool(&args[0]));
            given(vm, next)
        }),
        super::reduce::PRODUCT,
        super::reduce::PRODUCT_STATE,
    ],
    shape: Some(shared::PRODUCT),
    at_once: Some(|vm, args| {
        let class = Value::int32(i32::from(shared::PRODUCT));
        Some(product_of(vm, &class, 1, args))
    }),
    next_at_once: Some(|vm, iterator| Some(next_of_product(vm, iterator.get::<Tool>()?))),
    ..TypeDef::new("itertools", "product", kind::ITERTOOL)
};
