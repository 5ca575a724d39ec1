//! `accumulate`, `chain`, `compress`, `dropwhile`, `filterfalse`, `islice`, `starmap`, `takewhile`.

use super::{ITER, Tool, end, tool};
use crate::builtins::arguments::index;
use crate::builtins::functions::{outcome, pull, received};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind;
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
    ..TypeDef::new("itertools", "accumulate", kind::ITERTOOL)
};

fn chain_new(vm: &mut Vm, args: &[Value]) -> R {
    let sources = vm.iter(&args[1])?;
    Ok(Tool::new(&args[0], Value::NONE, sources, Value::UNDEF).into_value())
}

/// State 0: an item comes; 1: the next iterable comes; 2: its iterator comes.
fn chain_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
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
    ..TypeDef::new("itertools", "filterfalse", kind::ITERTOOL)
};

/// State 0: an item comes; 1: its items as a list are ready in register 1, filled by a nested frame.
fn starmap_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = received!(input);
    let tool = tool(&frame.regs[0]);
    if frame.state == 0 {
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
    const INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    const STOP: &str =
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    const STEP: &str = "Step for islice() must be a positive integer or None.";
    let rest = args[2]
        .get::<Tuple>()
        .map_or(&[][..], Tuple::items)
        .to_vec();
    let (start, stop, step) = match &rest[..] {
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
    let source = vm.iter(&args[1])?;
    let tool = Tool::new(
        &args[0],
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

/// `itertools.islice`
pub static ISLICE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Return an iterator whose next() method returns selected values from an iterable.",
    new: Some(Def::leaf("__new__(cls, iterable, /, *bounds)", islice_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 0, islice_next),
        super::reduce::ISLICE,
        super::reduce::ISLICE_STATE,
    ],
    ..TypeDef::new("itertools", "islice", kind::ITERTOOL)
};
