//! `batched`, `groupby`, `pairwise`, `tee`, `zip_longest`.

use super::{
    AtOnce, ITER, Tool, ask, asked, at_once_or_over, end, ended_by, is_of_script, made, or_over,
    tool,
};
use crate::builtins::arguments::{index, list, pair, tuple};
use crate::builtins::functions::{pull, received};
use crate::heap::{Buffer, Field, Value};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::kind::{self, shared};
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
        frame.regs[1] = begun_items(tool.memory.take());
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

/// The items that were taken at once, in a list; if there are none, an empty one.
fn begun_items(begun: Value) -> Value {
    match begun.is_undef() {
        true => List::empty().into_value(),
        false => begun,
    }
}

/// Items for which there are too few at hand wait in `memory`.
fn batched_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    if tool.source.is_undef() {
        return Some(Ok(None));
    }
    if !tool.memory.is_undef() {
        return None;
    }
    let mut items = Buffer::new();
    while (items.len() as i64) < tool.n.get() {
        let item = match ask(vm, &tool.source) {
            Some(Ok(Some(item))) => item,
            Some(Ok(None)) => {
                tool.source.take();
                if items.is_empty() {
                    return Some(Ok(None));
                }
                if tool.stage.get() == 1 {
                    return Some(Err(vm.value_error("batched(): incomplete batch")));
                }
                break;
            }
            None => {
                if !items.is_empty() {
                    tool.memory.set(List::new(items).into_value());
                }
                return None;
            }
            raised => return raised,
        };
        let pushed = items.push(item);
        if let Err(raised) = vm.lift(pushed) {
            return Some(Err(raised));
        }
    }
    Some(tuple(vm, items.into_vec()).map(Some))
}

/// `itertools.batched`
pub static BATCHED: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items as tuples of n; the last may have fewer.",
    new: Some(Def::leaf(
        "__new__(cls, iterable, n, *, strict=False)",
        batched_new,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, |vm, frame, input| {
            or_over(vm, frame, input, batched_next, Tool::close)
        }),
    ],
    shape: Some(shared::BATCHED),
    at_once: Some(|vm, args| {
        let args = Some(args).filter(|args| args.len() == 2)?;
        made(vm, (shared::BATCHED, 3), batched_new, args, &[Value::FALSE])
    }),
    next_at_once: Some(|vm, iterator| at_once_or_over(vm, iterator, batched_at_once, Tool::close)),
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

fn pairwise_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    if tool.source.is_undef() {
        tool.memory.take();
        return Some(Ok(None));
    }
    let mut first = tool.memory.get();
    loop {
        let Some(item) = asked!(vm, &tool.source) else {
            tool.source.take();
            tool.memory.take();
            return Some(Ok(None));
        };
        tool.memory.set(item.clone());
        if !first.is_undef() {
            return Some(Ok(Some(pair(first, item))));
        }
        if tool.source.is_undef() {
            tool.memory.take();
            return Some(Ok(None));
        }
        first = item;
    }
}

/// `itertools.pairwise`
pub static PAIRWISE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Each item with the one that follows it.",
    new: Some(Def::leaf("__new__(cls, iterable, /)", pairwise_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, |vm, frame, input| {
            or_over(vm, frame, input, pairwise_next, Tool::close)
        }),
    ],
    shape: Some(shared::PAIRWISE),
    at_once: Some(|vm, args| made(vm, (shared::PAIRWISE, 1), pairwise_new, args, &[])),
    next_at_once: Some(|vm, iterator| at_once_or_over(vm, iterator, pairwise_at_once, Tool::close)),
    ..TypeDef::new("itertools", "pairwise", kind::ITERTOOL)
};

// ----- groupby ---------------------------------------------------------------

/// What was done at once of a step that is to go on in a frame (`m` of a groupby): nothing.
const AFRESH: i64 = 0;
/// The current item was taken, and has no key yet.
const KEYLESS: i64 = 1;
/// The current item was found to be one of the last group.
const PASSED: i64 = 2;

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
        let keyless = tool.m.replace(AFRESH) == KEYLESS;
        let item = match incoming.take() {
            Some(item) => item,
            None if keyless => tool.memory.get(),
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
        let is_fresh = frame.state == 0 && tool.m.get() == AFRESH;
        if incoming.is_none() && is_fresh && !key.is_undef() {
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
    let (key, group) = group_of(&tool, &frame.regs[0]);
    Step::Return(pair(key, group))
}

/// The key of the current item, and the group that begins with it.
fn group_of(tool: &Tool, iterator: &Value) -> (Value, Value) {
    let key = tool.extra.get();
    tool.target.set(key.clone());
    let shape = u32::from(shared::GROUP);
    let group = Tool::of_shape(shape, key.clone(), iterator.clone(), Value::UNDEF);
    group.n.set(tool.n.get());
    (key, group.into_value())
}

/// As `advance`; no answer where that needs a frame.
fn advance_at_once(vm: &mut Vm, tool: &Tool) -> Option<R<bool>> {
    let Some(item) = asked!(vm, &tool.source) else {
        return Some(Ok(false));
    };
    tool.memory.set(item.clone());
    let function = tool.function.get();
    let key = match function.is_none() {
        true => item,
        false => match vm.call_at_once(&function, &[item]) {
            Some(Ok(key)) => key,
            Some(Err(raised)) => return Some(Err(raised)),
            None => {
                tool.m.set(KEYLESS);
                return None;
            }
        },
    };
    tool.extra.set(key);
    Some(Ok(true))
}

fn groupby_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    if tool.m.get() != AFRESH || is_of_script(tool.function.as_value()) {
        return None;
    }
    tool.n.set(tool.n.get() + 1);
    loop {
        let (key, target) = (tool.extra.get(), tool.target.get());
        let passes = !key.is_undef();
        if passes {
            if target.is_undef() {
                break;
            }
            match vm.eq(&target, &key) {
                Ok(true) => {}
                Ok(false) => break,
                Err(raised) => return ended_by(vm, raised),
            }
        }
        match advance_at_once(vm, tool) {
            Some(Ok(true)) => {}
            Some(Ok(false)) => return Some(Ok(None)),
            Some(Err(raised)) => return ended_by(vm, raised),
            None => {
                if passes && tool.m.get() == AFRESH {
                    tool.m.set(PASSED);
                }
                return None;
            }
        }
    }
    let (key, group) = group_of(tool, iterator);
    Some(Ok(Some(pair(key, group))))
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
    shape: Some(shared::GROUPBY),
    at_once: Some(|vm, args| made(vm, (shared::GROUPBY, 2), groupby_new, args, &[Value::NONE])),
    next_at_once: Some(groupby_at_once),
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
    let is_lacking = parent.memory.is_undef() || parent.m.get() == KEYLESS;
    if is_lacking || frame.state != 0 || incoming.is_some() {
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

fn group_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let group = iterator.get::<Tool>()?;
    let parent = group.source.get();
    let parent = parent.get::<Tool>()?;
    if group.n.get() != parent.n.get() {
        return Some(Ok(None));
    }
    if parent.m.get() != AFRESH || is_of_script(parent.function.as_value()) {
        return None;
    }
    if parent.memory.is_undef() {
        match advance_at_once(vm, parent)? {
            Ok(true) => {}
            Ok(false) => return Some(Ok(None)),
            Err(raised) => return ended_by(vm, raised),
        }
    }
    match vm.eq(&group.function.get(), &parent.extra.get()) {
        Ok(true) => Some(Ok(Some(parent.memory.take()))),
        Ok(false) => Some(Ok(None)),
        Err(raised) => ended_by(vm, raised),
    }
}

/// The groups of `groupby`.
pub static GROUP: TypeDef = TypeDef {
    methods: &[ITER, Def::frame("__next__(self, /)", 0, group_next)],
    shape: Some(shared::GROUP),
    next_at_once: Some(group_at_once),
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

fn tee_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    let here = tool.memory.get();
    let here = here.get::<List>()?;
    if here.len() == 1 {
        return None;
    }
    if here.is_empty() {
        let Some(item) = asked!(vm, &tool.source) else {
            return Some(Ok(None));
        };
        let pushed = here.push(item).and_then(|()| here.push(cell()));
        if let Err(raised) = vm.lift(pushed) {
            return Some(Err(raised));
        }
    }
    tool.memory.set(here.get(1)?);
    Some(Ok(here.get(0)))
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
    shape: Some(shared::TEE),
    next_at_once: Some(tee_at_once),
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
    let iterables = args[1].get::<Tuple>().map_or(&[][..], Tuple::items);
    longest_of(vm, &args[0], iterables, fill)
}

/// The class as for `Tool::new`.
fn longest_of(vm: &mut Vm, class: &Value, iterables: &[Value], fill: Value) -> R {
    let mut iterators = Vec::with_capacity(iterables.len());
    for iterable in iterables {
        iterators.push(vm.iter(iterable)?);
    }
    let count = iterators.len() as i64;
    let tool = Tool::new(class, fill, list(iterators), Value::UNDEF);
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
        frame.regs[1] = begun_items(tool.extra.take());
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

/// Items that were taken before one that is not at hand wait in `extra`.
fn longest_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    if tool.n.get() == 0 {
        return Some(Ok(None));
    }
    if !tool.extra.is_undef() {
        return None;
    }
    let sources = tool.source.get();
    let sources = sources.get::<List>()?;
    let mut items = Buffer::new();
    while let Some(source) = sources.get(items.len()) {
        let item = match source.is_none() {
            true => Some(Ok(None)),
            false => ask(vm, &Field::new(source.clone())),
        };
        let item = match item {
            Some(Ok(Some(item))) => item,
            Some(Ok(None)) => {
                if !source.is_none() {
                    drop(sources.set(items.len(), Value::NONE));
                    tool.n.set(tool.n.get() - 1);
                    if tool.n.get() == 0 {
                        return Some(Ok(None));
                    }
                }
                tool.function.get()
            }
            None => {
                if !items.is_empty() {
                    tool.extra.set(List::new(items).into_value());
                }
                return None;
            }
            raised => return raised,
        };
        let pushed = items.push(item);
        if let Err(raised) = vm.lift(pushed) {
            return Some(Err(raised));
        }
    }
    Some(tuple(vm, items.into_vec()).map(Some))
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
        Def::frame("__next__(self, /)", 1, |vm, frame, input| {
            or_over(vm, frame, input, longest_next, |tool| tool.n.set(0))
        }),
        super::reduce::ZIP_LONGEST,
        super::reduce::ZIP_LONGEST_STATE,
    ],
    shape: Some(shared::ZIP_LONGEST),
    at_once: Some(|vm, args| {
        let class = Value::int32(i32::from(shared::ZIP_LONGEST));
        Some(longest_of(vm, &class, args, Value::NONE))
    }),
    next_at_once: Some(|vm, iterator| {
        at_once_or_over(vm, iterator, longest_at_once, |tool| tool.n.set(0))
    }),
    ..TypeDef::new("itertools", "zip_longest", kind::ITERTOOL)
};
