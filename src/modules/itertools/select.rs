//! `accumulate`, `chain`, `compress`, `dropwhile`, `filterfalse`, `islice`, `starmap`, `takewhile`.

use super::{
    AtOnce, ITER, Tool, ask, asked, at_once_or_over, end, ended_by, is_of_script, made, or_over,
    tool,
};
use crate::builtins::arguments::index;
use crate::builtins::functions::{outcome, pull, received};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::iterator::TupleIterator;
use crate::object::kind::{self, shared};
use crate::object::list::List;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

/// The next item of the source: what came in, or what can be had at once.
macro_rules! item {
    ($vm:ident, $incoming:ident, $source:expr) => {
        match $incoming.take() {
            Some(item) => item,
            None => match pull($vm, $source) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        }
    };
}

/// What the frame was entered with.
macro_rules! received {
    ($input:ident) => {
        match received($input) {
            Ok(incoming) => incoming,
            Err(step) => return step,
        }
    };
}

fn accumulate_new(vm: &mut Vm, args: &[Value]) -> R {
    let source = vm.iter(&args[1])?;
    let tool = Tool::new(&args[0], args[2].clone(), source, Value::UNDEF);
    if !args[3].is_none() {
        tool.extra.set(args[3].clone());
    }
    Ok(tool.into_value())
}

/// State 0: an item comes; 1: a total comes.
fn accumulate_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    if frame.state == 0 {
        if incoming.is_none() && !tool.target.is_undef() {
            incoming = Some(tool.target.take());
        }
        if tool.memory.is_undef() && !tool.extra.is_undef() && incoming.is_none() {
            let initial = tool.extra.take();
            tool.memory.set(initial.clone());
            return Step::Return(initial);
        }
        let item = item!(vm, incoming, &tool.source.get());
        if item.is_undef() {
            return end(vm);
        }
        let total = tool.memory.get();
        if total.is_undef() {
            tool.memory.set(item.clone());
            return Step::Return(item);
        }
        frame.state = 1;
        let function = tool.function.get();
        if !function.is_none() {
            return Step::Call(function, smallvec::smallvec![total, item]);
        }
        match outcome(vm.binary_step(BinaryOp::Add, false, &total, &item)) {
            Ok(total) => incoming = Some(total),
            Err(wait) => return wait,
        }
    }
    let total = incoming.unwrap_or(Value::NONE);
    tool.memory.set(total.clone());
    Step::Return(total)
}

fn accumulate_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    let function = tool.function.get();
    if !tool.target.is_undef() || is_of_script(&function) {
        return None;
    }
    if tool.memory.is_undef() && !tool.extra.is_undef() {
        let initial = tool.extra.take();
        tool.memory.set(initial.clone());
        return Some(Ok(Some(initial)));
    }
    let Some(item) = asked!(vm, &tool.source) else {
        return Some(Ok(None));
    };
    let total = tool.memory.get();
    let next = if total.is_undef() {
        Some(Ok(item.clone()))
    } else if !function.is_none() {
        vm.call_at_once(&function, &[total, item.clone()])
    } else if let Some(sum) = total.add_small(&item) {
        Some(Ok(sum))
    } else {
        match vm.binary_step(BinaryOp::Add, false, &total, &item) {
            Step::Return(sum) => Some(Ok(sum)),
            Step::Raise(raised) => Some(Err(raised)),
            _ => None,
        }
    };
    match next {
        Some(Ok(total)) => {
            tool.memory.set(total.clone());
            Some(Ok(Some(total)))
        }
        Some(Err(raised)) => ended_by(vm, raised),
        None => {
            tool.target.set(item);
            None
        }
    }
}

/// `itertools.accumulate`
pub static ACCUMULATE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Return series of accumulated sums.",
    new: Some(Def::leaf(
        "__new__(cls, iterable, func=None, *, initial=None)",
        accumulate_new,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 0, accumulate_next),
        super::reduce::ACCUMULATE,
        super::reduce::ACCUMULATE_STATE,
    ],
    shape: Some(shared::ACCUMULATE),
    at_once: Some(|vm, args| {
        let which = (shared::ACCUMULATE, 3);
        let defaults = [Value::NONE, Value::NONE];
        let args = Some(args).filter(|args| args.len() <= 2)?;
        made(vm, which, accumulate_new, args, &defaults)
    }),
    next_at_once: Some(accumulate_at_once),
    ..TypeDef::new("itertools", "accumulate", kind::ITERTOOL)
};

fn chain_new(vm: &mut Vm, args: &[Value]) -> R {
    let sources = vm.iter(&args[1])?;
    Ok(Tool::new(&args[0], Value::NONE, sources, Value::UNDEF).into_value())
}

/// When there is no next iterator, the chain is at its end.
fn chain_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let step = next_of_chain(vm, frame, input);
    if frame.state != 0 && matches!(step, Step::Raise(_)) {
        tool(&frame.regs[0]).source.take();
    }
    step
}

/// State 0: an item comes; 1: the next iterable comes; 2: its iterator comes.
fn next_of_chain(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    loop {
        let sources = tool.source.get();
        if sources.is_undef() {
            return end(vm);
        }
        match frame.state {
            0 => {
                let current = tool.memory.get();
                if !current.is_undef() {
                    let item = item!(vm, incoming, &current);
                    if !item.is_undef() {
                        return Step::Return(item);
                    }
                    tool.memory.take();
                }
                frame.state = 1;
            }
            1 => {
                if incoming.is_none() && !tool.target.is_undef() {
                    incoming = Some(tool.target.take());
                }
                let iterable = item!(vm, incoming, &sources);
                if iterable.is_undef() {
                    tool.source.take();
                    return end(vm);
                }
                frame.state = 2;
                match outcome(vm.iter_step(&iterable)) {
                    Ok(iterator) => incoming = Some(iterator),
                    Err(wait) => return wait,
                }
            }
            _ => {
                tool.memory.set(incoming.take().unwrap_or(Value::NONE));
                frame.state = 0;
            }
        }
    }
}

fn chain_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    loop {
        if tool.source.is_undef() {
            return Some(Ok(None));
        }
        if !tool.memory.is_undef() {
            if let Some(item) = asked!(vm, &tool.memory) {
                return Some(Ok(Some(item)));
            }
            tool.memory.take();
        }
        if !tool.target.is_undef() {
            return None;
        }
        let iterable = match ask(vm, &tool.source)? {
            Ok(Some(iterable)) => iterable,
            end => {
                tool.source.take();
                return Some(end);
            }
        };
        match vm.iter_step(&iterable) {
            Step::Return(iterator) => tool.memory.set(iterator),
            Step::Raise(raised) => {
                tool.source.take();
                return Some(Err(raised));
            }
            _ => {
                tool.target.set(iterable);
                return None;
            }
        }
    }
}

/// `chain(*iterables)`
fn chain_of(vm: &mut Vm, iterables: &[Value]) -> Option<R> {
    let iterables = match Tuple::new(iterables) {
        Ok(iterables) => TupleIterator::alloc(iterables.into_value(), 0, 0),
        Err(lacking) => return Some(Err(vm.out_of_memory(lacking))),
    };
    let shape = u32::from(shared::CHAIN);
    let tool = Tool::of_shape(shape, Value::NONE, iterables.into_value(), Value::UNDEF);
    Some(Ok(tool.into_value()))
}

/// `itertools.chain`
pub static CHAIN: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items of several iterables, one after the other.",
    new: Some(Def::leaf("__new__(cls, /, *iterables)", chain_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 0, chain_next),
        super::reduce::CHAIN,
        super::reduce::CHAIN_STATE,
        Def::leaf("from_iterable(cls, iterable, /)", chain_new).class(),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    shape: Some(shared::CHAIN),
    at_once: Some(chain_of),
    next_at_once: Some(chain_at_once),
    passes_on: Some(|chain| Some(chain.get::<Tool>()?.memory.get())),
    ..TypeDef::new("itertools", "chain", kind::ITERTOOL)
};

fn compress_new(vm: &mut Vm, args: &[Value]) -> R {
    let (data, selectors) = (vm.iter(&args[1])?, vm.iter(&args[2])?);
    Ok(Tool::new(&args[0], Value::NONE, data, selectors).into_value())
}

/// Register 1: the item in question. State 0: an item comes; 1: its selector; 2: the selector's truth.
fn compress_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    if frame.state == 0 && incoming.is_none() && !tool.target.is_undef() {
        frame.regs[1] = tool.target.take();
        incoming = Some(tool.extra.take()).filter(|selector| !selector.is_undef());
        frame.state = 1;
    }
    loop {
        match frame.state {
            0 => {
                let item = item!(vm, incoming, &tool.source.get());
                if item.is_undef() {
                    return end(vm);
                }
                frame.regs[1] = item;
                frame.state = 1;
            }
            1 => {
                let selector = item!(vm, incoming, &tool.memory.get());
                if selector.is_undef() {
                    return end(vm);
                }
                frame.state = 2;
                match outcome(vm.truth_step(&selector)) {
                    Ok(truth) => incoming = Some(truth),
                    Err(wait) => return wait,
                }
            }
            _ => {
                frame.state = 0;
                if incoming.take().is_some_and(|v| v.is_true()) {
                    return Step::Return(std::mem::take(&mut frame.regs[1]));
                }
            }
        }
    }
}

/// An item whose selector, or the selector's truth, needs a frame waits in `target`, and such a selector in `extra`.
fn compress_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    if !tool.target.is_undef() {
        return None;
    }
    loop {
        let Some(item) = asked!(vm, &tool.source) else {
            return Some(Ok(None));
        };
        let selector = match ask(vm, &tool.memory) {
            Some(Ok(Some(selector))) => selector,
            None => {
                tool.target.set(item);
                return None;
            }
            end => return end,
        };
        match vm.native_truth(&selector) {
            Some(true) => return Some(Ok(Some(item))),
            Some(false) => {}
            None => {
                tool.target.set(item);
                tool.extra.set(selector);
                return None;
            }
        }
    }
}

/// `itertools.compress`
pub static COMPRESS: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items for which a selector is true.",
    new: Some(Def::leaf("__new__(cls, data, selectors)", compress_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, compress_next),
        super::reduce::COMPRESS,
    ],
    shape: Some(shared::COMPRESS),
    at_once: Some(|vm, args| made(vm, (shared::COMPRESS, 2), compress_new, args, &[])),
    next_at_once: Some(compress_at_once),
    ..TypeDef::new("itertools", "compress", kind::ITERTOOL)
};

/// Arguments: cls, function, iterable.
fn with_function(vm: &mut Vm, args: &[Value]) -> R {
    let source = vm.iter(&args[2])?;
    Ok(Tool::new(&args[0], args[1].clone(), source, Value::UNDEF).into_value())
}

/// What the truth of the function's answer for an item means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sieve {
    /// Give items only while it is true.
    Take,
    /// Give items from the first one on for which it is false.
    Drop,
    /// Give the items for which it is false.
    False,
}

/// Register 1: the item in question. State 0: an item comes; 1: the function's answer; 2: its truth.
fn sieve_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, sieve: Sieve) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    let open = tool.stage.get() == 1;
    if open && sieve == Sieve::Take {
        return end(vm);
    }
    if frame.state == 0 && incoming.is_none() && !tool.target.is_undef() {
        incoming = Some(tool.target.take());
        if !tool.extra.is_undef() {
            frame.regs[1] = incoming.replace(tool.extra.take()).unwrap_or_default();
            frame.state = 1;
        }
    }
    loop {
        match frame.state {
            0 => {
                let item = item!(vm, incoming, &tool.source.get());
                if item.is_undef() {
                    return end(vm);
                }
                if open {
                    return Step::Return(item);
                }
                frame.regs[1] = item.clone();
                frame.state = 1;
                let function = tool.function.get();
                if sieve == Sieve::False
                    && (function.is_none()
                        || vm.is_known_class(&function, crate::vm::types::Known::Bool))
                {
                    incoming = Some(item);
                } else {
                    return Step::Call(function, smallvec::smallvec![item]);
                }
            }
            1 => {
                frame.state = 2;
                let answer = incoming.take().unwrap_or(Value::NONE);
                match outcome(vm.truth_step(&answer)) {
                    Ok(truth) => incoming = Some(truth),
                    Err(wait) => return wait,
                }
            }
            _ => {
                frame.state = 0;
                let truth = incoming.take().is_some_and(|v| v.is_true());
                let item = std::mem::take(&mut frame.regs[1]);
                match (sieve, truth) {
                    (Sieve::Take, true) | (Sieve::False, false) => return Step::Return(item),
                    (Sieve::Take, false) => {
                        tool.stage.set(1);
                        return end(vm);
                    }
                    (Sieve::Drop, false) => {
                        tool.stage.set(1);
                        return Step::Return(item);
                    }
                    (Sieve::Drop, true) | (Sieve::False, true) => {}
                }
            }
        }
    }
}

/// An item on which the function has to be called in a frame waits in `target`; one whose answer has no truth without a
/// frame waits there too, and the answer in `extra`.
fn sieve_at_once(vm: &mut Vm, iterator: &Value, sieve: Sieve) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    let open = tool.stage.get() == 1;
    if open && sieve == Sieve::Take {
        return Some(Ok(None));
    }
    let function = tool.function.get();
    if !tool.target.is_undef() || !open && is_of_script(&function) {
        return None;
    }
    let by_truth = sieve == Sieve::False
        && (function.is_none() || vm.is_known_class(&function, crate::vm::types::Known::Bool));
    loop {
        let Some(item) = asked!(vm, &tool.source) else {
            return Some(Ok(None));
        };
        if open {
            return Some(Ok(Some(item)));
        }
        let answer = match by_truth {
            true => Some(Ok(item.clone())),
            false => vm.call_at_once(&function, std::slice::from_ref(&item)),
        };
        let truth = match answer {
            Some(Ok(answer)) => {
                let truth = vm.native_truth(&answer);
                if truth.is_none() && !by_truth {
                    tool.extra.set(answer);
                }
                truth
            }
            Some(Err(raised)) => return ended_by(vm, raised),
            None => None,
        };
        let Some(truth) = truth else {
            tool.target.set(item);
            return None;
        };
        match (sieve, truth) {
            (Sieve::Take, true) | (Sieve::False, false) => return Some(Ok(Some(item))),
            (Sieve::Take, false) => {
                tool.stage.set(1);
                return Some(Ok(None));
            }
            (Sieve::Drop, false) => {
                tool.stage.set(1);
                return Some(Ok(Some(item)));
            }
            (Sieve::Drop, true) | (Sieve::False, true) => {}
        }
    }
}

/// `itertools.dropwhile`
pub static DROPWHILE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items from the first on for which the predicate is false.",
    new: Some(Def::leaf(
        "__new__(cls, predicate, iterable, /)",
        with_function,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, |vm, f, i| {
            sieve_next(vm, f, i, Sieve::Drop)
        }),
        super::reduce::SIEVE,
        super::reduce::SIEVE_STATE,
    ],
    shape: Some(shared::DROPWHILE),
    at_once: Some(|vm, args| made(vm, (shared::DROPWHILE, 2), with_function, args, &[])),
    next_at_once: Some(|vm, iterator| sieve_at_once(vm, iterator, Sieve::Drop)),
    ..TypeDef::new("itertools", "dropwhile", kind::ITERTOOL)
};

/// `itertools.takewhile`
pub static TAKEWHILE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items up to the first for which the predicate is false.",
    new: Some(Def::leaf(
        "__new__(cls, predicate, iterable, /)",
        with_function,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, |vm, f, i| {
            sieve_next(vm, f, i, Sieve::Take)
        }),
        super::reduce::SIEVE,
        super::reduce::SIEVE_STATE,
    ],
    shape: Some(shared::TAKEWHILE),
    at_once: Some(|vm, args| made(vm, (shared::TAKEWHILE, 2), with_function, args, &[])),
    next_at_once: Some(|vm, iterator| sieve_at_once(vm, iterator, Sieve::Take)),
    ..TypeDef::new("itertools", "takewhile", kind::ITERTOOL)
};

/// `itertools.filterfalse`
pub static FILTERFALSE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items for which the function is false.",
    new: Some(Def::leaf(
        "__new__(cls, function, iterable, /)",
        with_function,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, |vm, f, i| {
            sieve_next(vm, f, i, Sieve::False)
        }),
        super::reduce::FUNCTION,
    ],
    shape: Some(shared::FILTERFALSE),
    at_once: Some(|vm, args| made(vm, (shared::FILTERFALSE, 2), with_function, args, &[])),
    next_at_once: Some(|vm, iterator| sieve_at_once(vm, iterator, Sieve::False)),
    ..TypeDef::new("itertools", "filterfalse", kind::ITERTOOL)
};

/// State 0: an item comes; 1: its items as a list are ready in register 1, filled by a nested frame.
fn starmap_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    if frame.state == 0 {
        if incoming.is_none() && !tool.target.is_undef() {
            incoming = Some(tool.target.take());
        }
        let item = item!(vm, incoming, &tool.source.get());
        if item.is_undef() {
            return end(vm);
        }
        if let Some(tuple) = item.get_exact::<Tuple>() {
            return Step::TailCall(tool.function.get(), tuple.items().iter().cloned().collect());
        }
        frame.regs[1] = List::empty().into_value();
        frame.state = 1;
        match outcome(vm.extend_list_step(&frame.regs[1], &item)) {
            Ok(_) => {}
            Err(wait) => return wait,
        }
    }
    let args: Args = match frame.regs[1].get::<List>() {
        Some(list) => list.take().into_vec().into(),
        None => Args::new(),
    };
    Step::TailCall(tool.function.get(), args)
}

fn starmap_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    let function = tool.function.get();
    if !tool.target.is_undef() || is_of_script(&function) {
        return None;
    }
    let Some(item) = asked!(vm, &tool.source) else {
        return Some(Ok(None));
    };
    let arguments = item.get_exact::<Tuple>().map(Tuple::items);
    match arguments.and_then(|arguments| vm.call_at_once(&function, arguments)) {
        Some(Ok(result)) => Some(Ok(Some(result))),
        Some(Err(raised)) => ended_by(vm, raised),
        None => {
            tool.target.set(item);
            None
        }
    }
}

/// `itertools.starmap`
pub static STARMAP: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "What the function gives for each tuple of arguments.",
    new: Some(Def::leaf(
        "__new__(cls, function, iterable, /)",
        with_function,
    )),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 1, starmap_next),
        super::reduce::FUNCTION,
    ],
    shape: Some(shared::STARMAP),
    at_once: Some(|vm, args| made(vm, (shared::STARMAP, 2), with_function, args, &[])),
    next_at_once: Some(starmap_at_once),
    ..TypeDef::new("itertools", "starmap", kind::ITERTOOL)
};

/// A bound of `islice`: None is the default.
fn bound(vm: &mut Vm, value: &Value, default: i64, message: &str) -> R<i64> {
    if value.is_none() {
        return Ok(default);
    }
    if IntView::of(value).is_none()
        && vm
            .special_of(value, crate::vm::special::Special::Index)
            .is_none()
    {
        return Err(vm.value_error(message));
    }
    match index(vm, value) {
        Ok(bound) if bound >= 0 => Ok(bound),
        _ => Err(vm.value_error(message)),
    }
}

/// n is the index of the next item to be given, m the stop; `extra` the step, `memory` how many were taken.
fn islice_new(vm: &mut Vm, args: &[Value]) -> R {
    let bounds = args[2].get::<Tuple>().map_or(&[][..], Tuple::items);
    islice_of(vm, &args[0], &args[1], bounds)
}

/// As `islice_new`; the class as for `Tool::new`.
fn islice_of(vm: &mut Vm, class: &Value, source: &Value, bounds: &[Value]) -> R {
    const INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    const STOP: &str =
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    const STEP: &str = "Step for islice() must be a positive integer or None.";
    let (start, stop, step) = match bounds {
        [stop] => (0, bound(vm, stop, i64::MAX, STOP)?, 1),
        [start, stop] => (
            bound(vm, start, 0, INDICES)?,
            bound(vm, stop, i64::MAX, STOP)?,
            1,
        ),
        [start, stop, step] => {
            let (start, stop) = (
                bound(vm, start, 0, INDICES)?,
                bound(vm, stop, i64::MAX, STOP)?,
            );
            (start, stop, bound(vm, step, 1, STEP)?)
        }
        [] => return Err(vm.type_error("islice expected at least 2 arguments, got 1")),
        more => {
            let text = format!(
                "islice expected at most 4 arguments, got {}",
                more.len() + 1
            );
            return Err(vm.type_error(text));
        }
    };
    if step == 0 {
        return Err(vm.value_error(STEP));
    }
    let source = vm.iter(source)?;
    let tool = Tool::new(
        class,
        crate::builtins::arguments::int(step),
        source,
        Value::int32(0),
    );
    tool.n.set(start);
    tool.m.set(stop);
    Ok(tool.into_value())
}

fn islice_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    loop {
        let taken = tool.memory.get().as_small_int().unwrap_or(0);
        let (next, stop) = (tool.n.get(), tool.m.get());
        let source = tool.source.get();
        if source.is_undef() || (incoming.is_none() && next.min(stop) <= taken && next >= stop) {
            tool.source.take();
            return end(vm);
        }
        let item = item!(vm, incoming, &source);
        if item.is_undef() {
            tool.source.take();
            return end(vm);
        }
        tool.memory.set(crate::builtins::arguments::int(taken + 1));
        if taken == next {
            let step = IntView::of(&tool.function.get())
                .and_then(|n| n.as_i64())
                .unwrap_or(1);
            tool.n.set(next.saturating_add(step));
            return Step::Return(item);
        }
    }
}

fn islice_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    loop {
        let taken = tool.memory.as_value().as_small_int().unwrap_or(0);
        let (next, stop) = (tool.n.get(), tool.m.get());
        if tool.source.is_undef() || next.min(stop) <= taken && next >= stop {
            tool.source.take();
            return Some(Ok(None));
        }
        let Some(item) = asked!(vm, &tool.source) else {
            tool.source.take();
            return Some(Ok(None));
        };
        tool.memory.set(crate::builtins::arguments::int(taken + 1));
        if taken == next {
            let step = tool.function.as_value().as_small_int().unwrap_or(1);
            tool.n.set(next.saturating_add(step));
            return Some(Ok(Some(item)));
        }
    }
}

/// `itertools.islice`
pub static ISLICE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Return an iterator whose next() method returns selected values from an iterable.",
    new: Some(Def::leaf("__new__(cls, iterable, /, *bounds)", islice_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 0, |vm, frame, input| {
            or_over(vm, frame, input, islice_next, |tool| {
                drop(tool.source.take())
            })
        }),
        super::reduce::ISLICE,
        super::reduce::ISLICE_STATE,
    ],
    shape: Some(shared::ISLICE),
    at_once: Some(|vm, args| match args {
        [source, bounds @ ..] if !bounds.is_empty() => {
            let class = Value::int32(i32::from(shared::ISLICE));
            Some(islice_of(vm, &class, source, bounds))
        }
        _ => None,
    }),
    next_at_once: Some(|vm, iterator| {
        at_once_or_over(vm, iterator, islice_at_once, |tool| {
            drop(tool.source.take())
        })
    }),
    ..TypeDef::new("itertools", "islice", kind::ITERTOOL)
};
