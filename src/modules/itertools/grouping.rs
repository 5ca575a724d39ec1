//! `batched`, `groupby`, `pairwise`, `tee`, `zip_longest`.

use super::{ITER, Tool, end, tool};
use crate::builtins::arguments::{index, list, pair, tuple};
use crate::builtins::functions::{pull, received};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

fn batched_new(vm: &mut Vm, args: &[Value]) -> R {
    let size = index(vm, &args[2])?;
    if size < 1 {
        return Err(vm.value_error("n must be at least one"));
    }
    let source = vm.iter(&args[1])?;
    let tool = Tool::new(&args[0], Value::NONE, source, Value::UNDEF);
    tool.n.set(size);
    tool.stage.set(vm.truth(&args[3])? as u8);
    Ok(tool.into_value())
}

/// Register 1: the items so far.
fn batched_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    let tool = tool(&frame.regs[0]);
    let source = tool.source.get();
    if source.is_undef() {
        return end(vm);
    }
    if frame.regs[1].is_undef() {
        frame.regs[1] = List::empty().into_value();
    }
    let Some(items) = frame.regs[1].to_ref::<List>() else {
        return end(vm);
    };
    while (items.len() as i64) < tool.n.get() {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &source) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if item.is_undef() {
            tool.source.take();
            if items.is_empty() {
                return end(vm);
            }
            if tool.stage.get() == 1 {
                return Step::Raise(vm.value_error("batched(): incomplete batch"));
            }
            break;
        }
        let pushed = items.push(item);
        if let Err(raised) = vm.lift(pushed) {
            return Step::Raise(raised);
        }
    }
    tuple(vm, items.take().into_vec()).into()
}

/// `itertools.batched`
pub static BATCHED: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items as tuples of n; the last may have fewer.",
    new: Some(Def::leaf(
        "__new__(cls, iterable, n, *, strict=False)",
        batched_new,
    )),
    methods: &[ITER, Def::frame("__next__(self, /)", 1, batched_next)],
    ..TypeDef::new("itertools", "batched", kind::ITERTOOL)
};

fn pairwise_new(vm: &mut Vm, args: &[Value]) -> R {
    let source = vm.iter(&args[1])?;
    Ok(Tool::new(&args[0], Value::NONE, source, Value::UNDEF).into_value())
}

/// Register 1: the first of the pair. State 1: the very first item comes; 2: the second of the pair.
fn pairwise_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    let tool = tool(&frame.regs[0]);
    loop {
        // What iterates may have let this very iterator go on meanwhile.
        let source = tool.source.get();
        if source.is_undef() {
            tool.memory.take();
            return end(vm);
        }
        if frame.state == 0 {
            frame.regs[1] = tool.memory.get();
            frame.state = if frame.regs[1].is_undef() { 1 } else { 2 };
        }
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &source) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if item.is_undef() {
            tool.source.take();
            tool.memory.take();
            return end(vm);
        }
        tool.memory.set(item.clone());
        if frame.state == 2 {
            return Step::Return(pair(std::mem::take(&mut frame.regs[1]), item));
        }
        frame.regs[1] = item;
        frame.state = 2;
    }
}

/// `itertools.pairwise`
pub static PAIRWISE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Each item with the one that follows it.",
    new: Some(Def::leaf("__new__(cls, iterable, /)", pairwise_new)),
    methods: &[ITER, Def::frame("__next__(self, /)", 1, pairwise_next)],
    ..TypeDef::new("itertools", "pairwise", kind::ITERTOOL)
};

// ----- groupby ---------------------------------------------------------------

/// `function` is the key function, `memory` the current item, `extra` its key; n numbers
/// the groups, so that an old one knows that it is over.
fn groupby_new(vm: &mut Vm, args: &[Value]) -> R {
    let source = vm.iter(&args[1])?;
    Ok(Tool::new(&args[0], args[2].clone(), source, Value::UNDEF).into_value())
}

/// Takes one item with its key into the tool; false at the end.
/// State 0: an item comes; 1: its key comes.
fn advance(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    incoming: &mut Option<Value>,
    tool: &Tool,
) -> Result<bool, Step> {
    if frame.state == 0 {
        let item = match incoming.take() {
            Some(item) => item,
            None => pull(vm, &tool.source.get())?,
        };
        if item.is_undef() {
            return Ok(false);
        }
        tool.memory.set(item.clone());
        frame.state = 1;
        let function = tool.function.get();
        if !function.is_none() {
            return Err(Step::Call(function, smallvec::smallvec![item]));
        }
        *incoming = Some(item);
    }
    tool.extra.set(incoming.take().unwrap_or(Value::NONE));
    frame.state = 0;
    Ok(true)
}

/// `target` is the key of the group that was given last.
fn groupby_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let tool = tool(&frame.regs[0]);
    if matches!(input, Input::Start) {
        tool.n.set(tool.n.get() + 1);
    }
    let mut incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    loop {
        let (key, target) = (tool.extra.get(), tool.target.get());
        if incoming.is_none() && frame.state == 0 && !key.is_undef() {
            if target.is_undef() {
                break;
            }
            match vm.eq(&target, &key) {
                Ok(true) => {}
                Ok(false) => break,
                Err(raised) => return Step::Raise(raised),
            }
        }
        match advance(vm, frame, &mut incoming, &tool) {
            Ok(true) => {}
            Ok(false) => return end(vm),
            Err(wait) => return wait,
        }
    }
    let key = tool.extra.get();
    tool.target.set(key.clone());
    let class = vm.class_of_def(&GROUP);
    let group = Tool::of_shape(
        class.root_shape.get(),
        key.clone(),
        frame.regs[0].clone(),
        Value::UNDEF,
    );
    group.n.set(tool.n.get());
    Step::Return(pair(key, group.into_value()))
}

/// `itertools.groupby`
pub static GROUPBY: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "make an iterator that returns consecutive keys and groups from the iterable",
    new: Some(Def::leaf("__new__(cls, iterable, key=None)", groupby_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, groupby_next),
        super::reduce::GROUPBY,
        super::reduce::GROUPBY_STATE,
    ],
    ..TypeDef::new("itertools", "groupby", kind::ITERTOOL)
};

/// An item of one group: `function` is the group's key, `source` the groupby.
fn group_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    let group = tool(&frame.regs[0]);
    let parent = tool(&group.source.get());
    if group.n.get() != parent.n.get() {
        return end(vm);
    }
    if parent.memory.is_undef() || frame.state != 0 || incoming.is_some() {
        match advance(vm, frame, &mut incoming, &parent) {
            Ok(true) => {}
            Ok(false) => return end(vm),
            Err(wait) => return wait,
        }
    }
    match vm.eq(&group.function.get(), &parent.extra.get()) {
        Ok(true) => Step::Return(parent.memory.take()),
        Ok(false) => end(vm),
        Err(raised) => Step::Raise(raised),
    }
}

/// The groups of `groupby`.
pub static GROUP: TypeDef = TypeDef {
    methods: &[ITER, Def::frame("__next__(self, /)", 0, group_next)],
    ..TypeDef::new("itertools", "_grouper", kind::ITERTOOL)
};

// ----- tee -------------------------------------------------------------------

/// What the copies share: a linked list of items, each cell a list of the item and the next cell.
fn cell() -> Value {
    List::empty().into_value()
}

/// `tee(iterable, n)`
pub fn tee(vm: &mut Vm, args: &[Value]) -> R {
    let count = index(vm, &args[1])?;
    let Ok(count) = usize::try_from(count) else {
        return Err(vm.value_error("n must be >= 0"));
    };
    vm.check_room(count.saturating_mul(200))?;
    let class = vm.class_of_def(&TEE);
    let shape = class.root_shape.get();
    if count == 0 {
        return tuple(vm, Vec::new());
    }
    let first = match args[0].to_ref::<Tool>() {
        Some(known) if args[0].shape() == shape => known,
        _ => {
            let source = vm.iter(&args[0])?;
            match source.to_ref::<Tool>() {
                Some(known) if source.shape() == shape => known,
                _ => Tool::of_shape(shape, Value::NONE, source, cell()),
            }
        }
    };
    // CPython's first copy of a tee is that tee.
    let (source, here) = (first.source.get(), first.memory.get());
    let copies = (1..count)
        .map(|_| Tool::of_shape(shape, Value::NONE, source.clone(), here.clone()).into_value());
    let all = std::iter::once(first.value()).chain(copies).collect();
    tuple(vm, all)
}

/// While the source is asked by a frame, one value lies in the cell: nobody else may ask then.
fn tee_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let tool = tool(&frame.regs[0]);
    let here = tool.memory.get();
    let Some(here) = here.get::<List>() else {
        return end(vm);
    };
    let begins = matches!(input, Input::Start);
    if here.len() == 1 {
        if begins {
            return Step::Raise(vm.runtime_error("cannot re-enter the tee iterator"));
        }
        drop(here.pop());
    }
    let incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    if here.is_empty() {
        let item = match incoming {
            Some(item) => item,
            None => match pull(vm, &tool.source.get()) {
                Ok(item) => item,
                Err(wait) => {
                    if matches!(wait, Step::Raise(_)) {
                        return wait;
                    }
                    let marked = here.push(Value::NONE);
                    return match vm.lift(marked) {
                        Ok(()) => wait,
                        Err(raised) => Step::Raise(raised),
                    };
                }
            },
        };
        if item.is_undef() {
            return end(vm);
        }
        let pushed = here.push(item).and_then(|()| here.push(cell()));
        if let Err(raised) = vm.lift(pushed) {
            return Step::Raise(raised);
        }
    }
    let (item, next) = (here.get(0), here.get(1));
    tool.memory.set(next.unwrap_or_else(cell));
    Step::Return(item.unwrap_or(Value::NONE))
}

fn tee_copy(_: &mut Vm, args: &[Value]) -> R {
    let old = tool(&args[0]);
    Ok(Tool::of_shape(
        args[0].shape(),
        Value::NONE,
        old.source.get(),
        old.memory.get(),
    )
    .into_value())
}

fn tee_new(vm: &mut Vm, args: &[Value]) -> R {
    let source = vm.iter(&args[1])?;
    if let Some(known) = source.to_ref::<Tool>()
        && source.shape() == vm.class_of_def(&TEE).root_shape.get()
    {
        let (source, here) = (known.source.get(), known.memory.get());
        return Ok(Tool::new(&args[0], Value::NONE, source, here).into_value());
    }
    Ok(Tool::new(&args[0], Value::NONE, source, cell()).into_value())
}

/// What `tee` gives.
pub static TEE: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    new: Some(Def::leaf("__new__(cls, iterable, /)", tee_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 0, tee_next),
        Def::leaf("__copy__(self, /)", tee_copy),
    ],
    ..TypeDef::new("itertools", "_tee", kind::ITERTOOL)
};

// ----- zip_longest -----------------------------------------------------------

/// `source` is a list of iterators, Undef where one is over; n counts those that are not.
fn longest_new(vm: &mut Vm, args: &[Value]) -> R {
    let mut fill = Value::NONE;
    for (name, value) in args[2].get::<Dict>().map_or_else(Vec::new, Dict::pairs) {
        if crate::builtins::arguments::plain(&name) != "fillvalue" {
            return Err(vm.type_error("zip_longest() got an unexpected keyword argument"));
        }
        fill = value;
    }
    let mut iterators = Vec::new();
    for iterable in args[1].get::<Tuple>().map_or(&[][..], Tuple::items) {
        iterators.push(vm.iter(iterable)?);
    }
    let count = iterators.len() as i64;
    let tool = Tool::new(&args[0], fill, list(iterators), Value::UNDEF);
    tool.n.set(count);
    Ok(tool.into_value())
}

/// Register 1: the items so far.
fn longest_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    let tool = tool(&frame.regs[0]);
    if tool.n.get() == 0 {
        return end(vm);
    }
    if frame.regs[1].is_undef() {
        frame.regs[1] = List::empty().into_value();
    }
    let sources = tool.source.get();
    let (Some(items), Some(sources)) = (frame.regs[1].to_ref::<List>(), sources.get::<List>())
    else {
        return end(vm);
    };
    while let Some(source) = sources.get(items.len()) {
        let item = if source.is_none() {
            tool.function.get()
        } else {
            let item = match incoming.take() {
                Some(item) => item,
                None => match pull(vm, &source) {
                    Ok(item) => item,
                    Err(wait) => return wait,
                },
            };
            if item.is_undef() {
                drop(sources.set(items.len(), Value::NONE));
                tool.n.set(tool.n.get() - 1);
                if tool.n.get() == 0 {
                    return end(vm);
                }
                tool.function.get()
            } else {
                item
            }
        };
        let pushed = items.push(item);
        if let Err(raised) = vm.lift(pushed) {
            return Step::Raise(raised);
        }
    }
    tuple(vm, items.take().into_vec()).into()
}

/// `itertools.zip_longest`
pub static ZIP_LONGEST: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "As zip(), up to the end of the longest, with a value for what is missing.",
    new: Some(Def::leaf(
        "__new__(cls, /, *iterables, **fill)",
        longest_new,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, longest_next),
        super::reduce::ZIP_LONGEST,
        super::reduce::ZIP_LONGEST_STATE,
    ],
    ..TypeDef::new("itertools", "zip_longest", kind::ITERTOOL)
};
