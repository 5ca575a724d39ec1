//! The built-in functions: a table of tables.

pub mod anext;
pub mod at_once;
pub mod attributes;
pub mod consuming;
pub mod evaluation;
pub mod filter;
pub mod iterators;
pub mod numbers;
pub mod output;
mod sort_words;
pub mod sorting;

use crate::heap::Value;
use crate::object::native::{Def, Input, NativeFrame, Step, TypeDef};
use crate::vm::Vm;

/// All built-in functions but `open`, `exit` and their like, which the modules add.
pub static FUNCTIONS: &[&[Def]] = &[
    attributes::FUNCTIONS,
    consuming::FUNCTIONS,
    evaluation::FUNCTIONS,
    iterators::FUNCTIONS,
    numbers::FUNCTIONS,
    output::FUNCTIONS,
    sorting::FUNCTIONS,
];

/// The types that are functions to most: `map`, `zip` and so on.
pub static TYPES: &[&TypeDef] = &[
    &iterators::MAP,
    &filter::FILTER,
    &iterators::ZIP,
    &iterators::ENUMERATE,
    &iterators::REVERSED,
    &anext::ANEXT_AWAITABLE,
];

/// Goes on in a native frame with the outcome of a protocol's step: at once
/// when it is known (`Ok`), else by the answer (`Err`) that the frame gives.
pub fn outcome(step: Step) -> Result<Value, Step> {
    match step {
        Step::Return(value) => Ok(value),
        Step::Raise(raised) => Err(Step::Raise(raised)),
        step => Err(step.then_go_on()),
    }
}

/// The next item of an iterator (Undef at its end) when it is known at once,
/// else the answer that the frame gives to get it.
pub fn pull(vm: &mut Vm, iterator: &Value) -> Result<Value, Step> {
    if let Some(item) = vm.next_of_core(iterator) {
        return Ok(item);
    }
    match vm.next_by_call(iterator) {
        Some(Step::Return(item)) => return Ok(item),
        Some(step) => return Err(step),
        None => {}
    }
    match vm.next_at_once(iterator) {
        Some(Ok(item)) => Ok(item.unwrap_or(Value::UNDEF)),
        Some(Err(raised)) => Err(Step::Raise(raised)),
        None => Err(Step::Next(iterator.clone())),
    }
}

/// What a native frame was entered with: nothing at its start, or a value; an exception is its own.
pub fn received(input: Input) -> Result<Option<Value>, Step> {
    match input {
        Input::Start => Ok(None),
        Input::Value(value) | Input::Yielded(value) => Ok(Some(value)),
        Input::Raised(raised) => Err(Step::Raise(raised)),
    }
}

/// A frame whose result is that of one protocol step.
pub fn passed_on(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    step: fn(&mut Vm, &[Value]) -> Step,
) -> Step {
    match input {
        Input::Start => match outcome(step(vm, frame.regs)) {
            Ok(value) => Step::Return(value),
            Err(wait) => wait,
        },
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
        Input::Raised(raised) => Step::Raise(raised),
    }
}
