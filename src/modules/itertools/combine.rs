//! `product`, `permutations`, `combinations`: they go over positions in pools.

use super::{ITER, Tool, tool};
use crate::builtins::arguments::{index, list, tuple};
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, R, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Stages: not begun, under way, at the end.
const BEGIN: u8 = 0;
const RUNNING: u8 = 1;
const END: u8 = 2;

fn pool(tool: &Tool) -> Vec<Value> {
    let source = tool.source.get();
    match source.get::<List>() {
        Some(list) => list.copy().map_or_else(|_| Vec::new(), |b| b.into_vec()),
        None => Vec::new(),
    }
}

/// Items of the one pool at the indices.
fn picked(vm: &mut Vm, tool: &Tool) -> R {
    let source = tool.source.get();
    let Some(pool) = source.get::<List>() else {
        return Ok(Value::NONE);
    };
    vm.tick_elements(tool.indices.borrow().len())?;
    let items = tool
        .indices
        .borrow()
        .iter()
        .filter_map(|&i| pool.get(i))
        .collect();
    tuple(vm, items)
}

fn stop(vm: &mut Vm, tool: &Tool) -> R {
    tool.stage.set(END);
    tool.source.take();
    Err(vm.stop_iteration(Value::NONE))
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

fn of_pool(vm: &mut Vm, args: &[Value]) -> R<(Ref<Tool>, usize)> {
    let items = vm.collect_hinted(&args[1])?;
    let count = items.len();
    Ok((
        Tool::new(&args[0], Value::NONE, list(items), Value::UNDEF),
        count,
    ))
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

fn combinations_next(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    match tool.stage.get() {
        BEGIN => tool.stage.set(RUNNING),
        RUNNING => {
            let n = tool.n.get() as usize;
            let advanced = {
                let mut indices = tool.indices.borrow_mut();
                let r = indices.len();
                match (0..r).rev().find(|&i| indices[i] != i + n - r) {
                    Some(i) => {
                        indices[i] += 1;
                        for j in i + 1..r {
                            indices[j] = indices[j - 1] + 1;
                        }
                        true
                    }
                    None => false,
                }
            };
            if !advanced {
                return stop(vm, &tool);
            }
        }
        _ => return stop(vm, &tool),
    }
    picked(vm, &tool)
}

/// `itertools.combinations`
pub static COMBINATIONS: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "All choices of r items, in the order of the iterable.",
    new: Some(Def::leaf("__new__(cls, iterable, r)", combinations_new)),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", combinations_next),
        super::reduce::COMBINATIONS,
        super::reduce::COMBINATIONS_STATE,
    ],
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

fn replacement_next(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    match tool.stage.get() {
        BEGIN => tool.stage.set(RUNNING),
        RUNNING => {
            let n = tool.n.get() as usize;
            let advanced = {
                let mut indices = tool.indices.borrow_mut();
                match (0..indices.len()).rev().find(|&i| indices[i] + 1 != n) {
                    Some(i) => {
                        let next = indices[i] + 1;
                        indices[i..].fill(next);
                        true
                    }
                    None => false,
                }
            };
            if !advanced {
                return stop(vm, &tool);
            }
        }
        _ => return stop(vm, &tool),
    }
    picked(vm, &tool)
}

/// `itertools.combinations_with_replacement`
pub static COMBINATIONS_WITH_REPLACEMENT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "All choices of r items, each of which may be taken again.",
    new: Some(Def::leaf("__new__(cls, iterable, r)", replacement_new)),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", replacement_next),
        super::reduce::COMBINATIONS,
        super::reduce::REPLACEMENT_STATE,
    ],
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
        *tool.indices.borrow_mut() = (0..count).collect();
        // How often each place can still move on lies behind the positions.
        tool.indices.borrow_mut().extend((0..r).map(|i| count - i));
    }
    tool.n.set(count as i64);
    tool.m.set(r as i64);
    Ok(tool.into_value())
}

fn permutations_next(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    let (n, r) = (tool.n.get() as usize, tool.m.get() as usize);
    match tool.stage.get() {
        BEGIN => tool.stage.set(RUNNING),
        RUNNING => {
            let advanced = {
                let mut all = tool.indices.borrow_mut();
                let (indices, cycles) = all.split_at_mut(n);
                let mut advanced = false;
                for i in (0..r).rev() {
                    cycles[i] -= 1;
                    if cycles[i] == 0 {
                        indices[i..].rotate_left(1);
                        cycles[i] = n - i;
                    } else {
                        indices.swap(i, n - cycles[i]);
                        advanced = true;
                        break;
                    }
                }
                advanced
            };
            if !advanced {
                return stop(vm, &tool);
            }
        }
        _ => return stop(vm, &tool),
    }
    let source = tool.source.get();
    let Some(pool) = source.get::<List>() else {
        return Ok(Value::NONE);
    };
    vm.tick_elements(n)?;
    let items = tool.indices.borrow()[..r]
        .iter()
        .filter_map(|&i| pool.get(i))
        .collect();
    tuple(vm, items)
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
        Def::leaf("__next__(self, /)", permutations_next),
        super::reduce::PERMUTATIONS,
        super::reduce::PERMUTATIONS_STATE,
    ],
    ..TypeDef::new("itertools", "permutations", kind::ITERTOOL)
};

/// Arguments: cls, repeat, iterables.
fn product_new(vm: &mut Vm, args: &[Value]) -> R {
    let times = index(vm, &args[1])?;
    let Ok(times) = usize::try_from(times) else {
        return Err(vm.value_error("repeat argument cannot be negative"));
    };
    let mut pools = Vec::new();
    if times > 0 {
        for iterable in args[2].get::<Tuple>().map_or(&[][..], Tuple::items) {
            pools.push(list(vm.collect_hinted(iterable)?));
        }
    }
    if pools.len().checked_mul(times).is_none_or(|n| n > 1 << 32) {
        return Err(vm.overflow_error("repeat argument too large"));
    }
    vm.check_room(pools.len() * times * 24)?;
    let pools: Vec<Value> = pools
        .iter()
        .cycle()
        .take(pools.len() * times)
        .cloned()
        .collect();
    let empty = pools
        .iter()
        .any(|p| p.get::<List>().is_none_or(List::is_empty));
    let count = pools.len();
    let tool = Tool::new(&args[0], Value::NONE, list(pools), Value::UNDEF);
    *tool.indices.borrow_mut() = vec![0; count];
    if empty {
        tool.stage.set(END);
    }
    Ok(tool.into_value())
}

fn product_next(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    let pools = pool(&tool);
    let pool_at = |i: usize| pools.get(i).and_then(|p| p.get::<List>());
    match tool.stage.get() {
        BEGIN => tool.stage.set(RUNNING),
        RUNNING => {
            let advanced = {
                let mut indices = tool.indices.borrow_mut();
                let mut advanced = false;
                for i in (0..indices.len()).rev() {
                    indices[i] += 1;
                    if pool_at(i).is_some_and(|p| indices[i] < p.len()) {
                        advanced = true;
                        break;
                    }
                    indices[i] = 0;
                }
                advanced
            };
            if !advanced {
                return stop(vm, &tool);
            }
        }
        _ => return stop(vm, &tool),
    }
    vm.tick_elements(pools.len())?;
    let items = tool
        .indices
        .borrow()
        .iter()
        .enumerate()
        .filter_map(|(i, &at)| pool_at(i)?.get(at))
        .collect();
    tuple(vm, items)
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
        Def::leaf("__next__(self, /)", product_next),
        super::reduce::PRODUCT,
        super::reduce::PRODUCT_STATE,
    ],
    ..TypeDef::new("itertools", "product", kind::ITERTOOL)
};
