//! `itertools`. Every iterator of it is an object of one Rust type; what its
//! fields mean is up to each. Those that call script code are native frames.

mod combine;
mod endless;
mod grouping;
mod reduce;
mod select;

use std::cell::{Cell, RefCell};

use crate::builtins::functions::iterators::itself;
use crate::heap::{Field, Ref, Value};
use crate::object::kind;
use crate::object::native::{Def, ModuleDef, Step, TypeDef};
use crate::object::traced::traced_object;
use crate::vm::Vm;

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
        /// A key to compare with.
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
    /// An iterator of the class that is the first argument of a `__new__`.
    fn new(class: &Value, function: Value, source: Value, memory: Value) -> Ref<Tool> {
        Tool::of_shape(
            crate::builtins::arguments::shape_of_class(class),
            function,
            source,
            memory,
        )
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
