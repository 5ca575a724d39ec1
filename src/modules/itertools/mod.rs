//! `itertools`. Every iterator of it is an object of one Rust type; what its
//! fields mean is up to each. Those that call script code are native frames.

mod combine;
mod endless;
mod grouping;
mod reduce;
mod select;

use std::cell::{Cell, RefCell};

use crate::builtins::functions::iterators::itself;
use crate::heap::{Field, Kind, Ref, Value};
use crate::object::function::{BoundMethod, Function};
use crate::object::kind;
use crate::object::native::{
    Args, Def, Input, Leaf, ModuleDef, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::traced::traced_object;
use crate::vm::Vm;
use crate::vm::iter::is_core_iterator;
use crate::vm::types::Known;

/// `itertools`
pub static MODULE: ModuleDef = ModuleDef {
    name: "itertools",
    doc: "Iterators that are built of others.",
    functions: &[Def::leaf("tee(iterable, n=2, /)", grouping::tee)
        .doc("Several iterators over what one gives.")],
    types: &[
        &endless::COUNT,
        &endless::CYCLE,
        &endless::REPEAT,
        &select::ACCUMULATE,
        &grouping::BATCHED,
        &select::CHAIN,
        &combine::COMBINATIONS,
        &combine::COMBINATIONS_WITH_REPLACEMENT,
        &select::COMPRESS,
        &select::DROPWHILE,
        &select::FILTERFALSE,
        &grouping::GROUPBY,
        &select::ISLICE,
        &grouping::PAIRWISE,
        &combine::PERMUTATIONS,
        &combine::PRODUCT,
        &select::STARMAP,
        &select::TAKEWHILE,
        &grouping::ZIP_LONGEST,
        &grouping::TEE,
        &grouping::GROUP,
    ],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = MODULE.types;

traced_object! {
    /// An iterator of this module.
    pub struct Tool: ITERTOOL {
        /// What is called, or another thing that the iterator was made with.
        function: Field,
        /// The source, or a tuple of sources; Undef at the end.
        source: Field,
        /// What the iterator remembers.
        memory: Field,
        /// More of that.
        extra: Field,
        /// A key to compare with; or an item that was taken of the source at once, and is still to be looked at in a frame.
        target: Field,
        /// A count or a position.
        n: Cell<i64>,
        /// Another.
        m: Cell<i64>,
        /// How far it is.
        stage: Cell<u8>,
        /// Positions in pools.
        indices: RefCell<Vec<usize>>,
    }
}

impl Tool {
    /// An iterator of the class that is the first argument of a `__new__`, or of the shape that `made` gives in its place.
    fn new(class: &Value, function: Value, source: Value, memory: Value) -> Ref<Tool> {
        let shape = match class.as_small_int() {
            Some(shape) => shape as u32,
            None => crate::builtins::arguments::shape_of_class(class),
        };
        Tool::of_shape(shape, function, source, memory)
    }

    fn of_shape(shape: u32, function: Value, source: Value, memory: Value) -> Ref<Tool> {
        Tool::alloc(
            shape,
            Field::new(function),
            Field::new(source),
            Field::new(memory),
            Field::undef(),
            Field::undef(),
            Cell::new(0),
            Cell::new(0),
            Cell::new(0),
            RefCell::default(),
        )
    }
}

/// The iterator that a method was called with.
fn tool(value: &Value) -> Ref<Tool> {
    value.to_ref::<Tool>().unwrap_or_else(|| {
        Tool::of_shape(
            kind::ITERTOOL as u32,
            Value::NONE,
            Value::UNDEF,
            Value::UNDEF,
        )
    })
}

/// StopIteration.
fn end(vm: &mut Vm) -> Step {
    Step::Raise(vm.stop_iteration(Value::NONE))
}

/// `__iter__`, for the tables.
const ITER: Def = Def::leaf("__iter__(self, /)", itself);

/// What a call of an exact class gives with all its arguments by position: `new` is its `__new__`, which takes `most` of
/// them, the last with these defaults. None for any other number of arguments.
fn made(
    vm: &mut Vm,
    (shape, most): (Kind, usize),
    new: Leaf,
    args: &[Value],
    defaults: &[Value],
) -> Option<R> {
    let given = (args.len() + defaults.len()).checked_sub(most)?;
    let shape = Value::int32(i32::from(shape));
    let rest = args.iter().chain(defaults.get(given..)?).cloned();
    let all: Args = std::iter::once(shape).chain(rest).collect();
    Some(new(vm, &all))
}

/// The next item of an iterator that needs no frame for it, None at its end; no answer, and nothing has happened, where the
/// general way must look.
type AtOnce = Option<R<Option<Value>>>;

/// Asks the iterator in a field.
#[inline]
fn ask(vm: &mut Vm, source: &Field) -> AtOnce {
    if is_core_iterator(source.as_value()) {
        return vm.native_next(source.as_value());
    }
    // What iterates may change the field meanwhile.
    let source = source.get();
    vm.next_below(&source)
}

/// The item that `ask` gives; the tool's own answer is none, or the exception, where that gives such.
macro_rules! asked {
    ($vm:ident, $source:expr) => {
        match $crate::modules::itertools::ask($vm, $source)? {
            Ok(item) => item,
            Err(raised) => return Some(Err(raised)),
        }
    };
}
use asked;

/// Whether only a frame can call the function.
fn is_of_script(function: &Value) -> bool {
    function.is_exact::<Function>() || function.is_exact::<BoundMethod>()
}

/// What a tool answers when a native that it called raised this.
fn ended_by(vm: &mut Vm, raised: Raised) -> AtOnce {
    Some(match vm.is_raised(&raised, Known::StopIteration) {
        true => Ok(None),
        false => Err(raised),
    })
}

/// As `next`, of a tool that is at its end once its source has raised: `over` says how.
fn or_over(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    next: fn(&mut Vm, &mut NativeFrame<'_>, Input) -> Step,
    over: fn(&Tool),
) -> Step {
    let step = next(vm, frame, input);
    if matches!(step, Step::Raise(_)) {
        over(&tool(&frame.regs[0]));
    }
    step
}

/// As `or_over`, for what a tool gives at once.
fn at_once_or_over(
    vm: &mut Vm,
    iterator: &Value,
    next: fn(&mut Vm, &Value) -> AtOnce,
    over: fn(&Tool),
) -> AtOnce {
    let next = next(vm, iterator);
    if matches!(next, Some(Err(_))) {
        over(iterator.get::<Tool>()?);
    }
    next
}

impl Tool {
    /// The tool asks no source any longer.
    fn close(&self) {
        self.source.take();
        self.memory.take();
    }
}

/// The result of `__next__`.
fn given(vm: &mut Vm, next: R<Option<Value>>) -> R {
    match next? {
        Some(item) => Ok(item),
        None => Err(vm.stop_iteration(Value::NONE)),
    }
}
