//! `filter`.

use super::iterators::itself;
use super::{at_once, outcome, pull};
use crate::builtins::arguments::shape_of_class;
use crate::builtins::iterator_state;
use crate::heap::{Field, Header, Ref, Value};
use crate::object::class::class_flags;
use crate::object::function::{BoundMethod, Function};
use crate::object::iterator::ListIterator;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::traced::traced_object;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::iter::is_core_iterator;
use crate::vm::types::Known;

traced_object! {
    /// `filter`
    pub struct Filter: FILTER {
        /// What decides; None for truth itself.
        function: Value,
        /// Its source.
        iterator: Value,
        /// An item that was taken at once, and has to be looked at in a frame.
        item: Field,
        /// What the function answered for that item, if it was called at once.
        answer: Field,
    }
}

/// Registers: cls, function, iterable.
fn filter_new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let iterator = match input {
        Input::Start => match outcome(vm.iter_step(&frame.regs[2])) {
            Ok(iterator) => iterator,
            Err(wait) => return wait,
        },
        Input::Value(iterator) | Input::Yielded(iterator) => iterator,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    let shape = shape_of_class(&frame.regs[0]);
    let (item, answer) = (Field::undef(), Field::undef());
    let filter = Filter::alloc(shape, frame.regs[1].clone(), iterator, item, answer);
    Step::Return(filter.into_value())
}

/// Registers: self, the item in question. States: 0 an item comes, 1 the
/// function's answer comes, 2 its truth comes.
fn filter_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(filter) = frame.regs[0].to_ref::<Filter>() else {
        return Step::Return(Value::NONE);
    };
    let (function, iterator) = (filter.function.clone(), filter.iterator.clone());
    let by_truth = function.is_none() || vm.is_known_class(&function, Known::Bool);
    let mut incoming = match input {
        Input::Start => Some(filter.item.take()).filter(|item| !item.is_undef()),
        Input::Value(value) | Input::Yielded(value) => Some(value),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == 0 && !filter.answer.is_undef() {
        frame.regs[1] = incoming.replace(filter.answer.take()).unwrap_or_default();
        frame.state = 1;
    }
    loop {
        if frame.state == 0 {
            let item = match incoming.take() {
                Some(item) => item,
                None => match pull(vm, &iterator) {
                    Ok(item) => item,
                    Err(wait) => return wait,
                },
            };
            if item.is_undef() {
                return Step::Raise(vm.stop_iteration(Value::NONE));
            }
            frame.regs[1] = item.clone();
            frame.state = 1;
            if !by_truth {
                return Step::Call(function, smallvec::smallvec![item]);
            }
            incoming = Some(item);
        }
        let answer = incoming.take().unwrap_or(Value::NONE);
        let truth = match (frame.state, answer.as_bool()) {
            (_, Some(known)) => known,
            (1, None) => {
                frame.state = 2;
                match outcome(vm.truth_step(&answer)) {
                    Ok(value) => value.is_true(),
                    Err(wait) => return wait,
                }
            }
            _ => false,
        };
        frame.state = 0;
        if truth {
            return Step::Return(std::mem::take(&mut frame.regs[1]));
        }
    }
}

/// The next item that passes, if the function is none of a script's.
fn filter_at_once(vm: &mut Vm, iterator: &Value) -> Option<R<Option<Value>>> {
    let filter = iterator.get::<Filter>()?;
    let function = filter.function.clone();
    let is_of_script = function.is_exact::<Function>() || function.is_exact::<BoundMethod>();
    if is_of_script || !filter.item.is_undef() {
        return None;
    }
    let by_truth = function.is_none() || vm.is_known_class(&function, Known::Bool);
    let source = filter.iterator.clone();
    loop {
        if let Err(raised) = vm.count_one() {
            return Some(Err(raised));
        }
        let item = match vm.next_of_core(&source) {
            Some(item) => item,
            None => match vm.next_below(&source)? {
                Ok(Some(item)) => item,
                end => return Some(end),
            },
        };
        let truth = match by_truth {
            true => vm.native_truth(&item),
            false => match vm.call_at_once(&function, std::slice::from_ref(&item)) {
                Some(Ok(answer)) => {
                    let truth = vm.native_truth(&answer);
                    if truth.is_none() {
                        filter.answer.set(answer);
                    }
                    truth
                }
                Some(Err(raised)) if vm.is_raised(&raised, Known::StopIteration) => {
                    return Some(Ok(None));
                }
                Some(Err(raised)) => return Some(Err(raised)),
                None => None,
            },
        };
        match truth {
            Some(true) => return Some(Ok(Some(item))),
            Some(false) => {}
            None => {
                filter.item.set(item);
                return None;
            }
        }
    }
}

/// `filter`
pub static FILTER: TypeDef = TypeDef {
    at_once: Some(at_once::filter),
    next_at_once: Some(filter_at_once),
    flags: class_flags::BASE,
    doc: "Those items for which the function is true; with None those that are true.",
    new: Some(Def::frame(
        "__new__(cls, function, iterable, /)",
        0,
        filter_new,
    )),
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 1, filter_next),
        Def::leaf("__reduce__(self, /)", filter_reduce)
            .doc("How to make it again, for copies and pickles."),
    ],
    ..TypeDef::new("builtins", "filter", kind::FILTER)
};

fn filter_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let filter = receiver!(vm, args[0], Filter, "filter");
    let parts = vec![filter.function.clone(), filter.iterator.clone()];
    iterator_state::of_parts(vm, &args[0], parts, None)
}

// ----- `list(filter(...))` ---------------------------------------------------

/// The states of a frame that makes a list of what a filter lets through, as `Step::Call` leaves it: not begun, a truth is
/// to be found out in a frame, and an answer of the function comes.
const BEGIN: u8 = 0;
const TRUTH: u8 = 9;
const ANSWER: u8 = 10;

/// The filter in the first register, if its function is one of a script, and its source has its items at hand.
pub fn by_script(frame: &NativeFrame<'_>) -> Option<Ref<Filter>> {
    let filter = frame.regs[0].get_exact::<Filter>()?;
    let is_apt = matches!(frame.state, BEGIN | TRUTH | ANSWER)
        && filter.function.is_exact::<Function>()
        && is_core_iterator(&filter.iterator);
    is_apt.then(|| frame.regs[0].to_ref::<Filter>())?
}

/// A list of what a filter lets through: the function is called for one item after the other, without a frame for the
/// filter between. Registers: the filter, the list, the item in question.
pub fn list_of(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, filter: &Filter) -> Step {
    let answer = match input {
        Input::Start => None,
        Input::Value(value) | Input::Yielded(value) => Some(value),
        // As of any iterator, that is the end.
        Input::Raised(raised) if vm.is_raised(&raised, Known::StopIteration) => {
            return Step::Return(std::mem::take(&mut frame.regs[1]));
        }
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if frame.state == BEGIN {
        frame.regs[1] = List::empty().into_value();
    }
    if let Some(answer) = answer {
        let truth = match vm.native_truth(&answer) {
            Some(truth) => truth,
            None if frame.state == TRUTH => answer.is_true(),
            None => {
                frame.state = TRUTH;
                match outcome(vm.truth_step(&answer)) {
                    Ok(truth) => truth.is_true(),
                    Err(wait) => return wait,
                }
            }
        };
        let item = std::mem::take(&mut frame.regs[2]);
        let pushed = match frame.regs[1].get::<List>().filter(|_| truth) {
            Some(list) => list.push(item),
            None => Ok(()),
        };
        if let Err(raised) = vm.lift(pushed) {
            return Step::Raise(raised);
        }
    }
    match vm.native_next(&filter.iterator) {
        Some(Ok(Some(item))) => {
            frame.regs[2] = item.clone();
            frame.state = ANSWER;
            Step::Call(filter.function.clone(), smallvec::smallvec![item])
        }
        Some(Err(raised)) => Step::Raise(raised),
        _ => Step::Return(std::mem::take(&mut frame.regs[1])),
    }
}

/// See `Def::recalls`: the answer for one item is there, and that for the next is wanted.
pub fn take_answer(
    state: u8,
    regs: &mut [Value],
    function: &Header,
    answer: Value,
) -> Result<Value, Value> {
    let taken = || {
        let filter = regs[0].get_exact::<Filter>().filter(|_| state == ANSWER)?;
        let source = filter.iterator.get_exact::<ListIterator>()?;
        let list = source.source.as_value().get_exact::<List>()?;
        let truth = at_once::plain_truth(&answer)?;
        if !std::ptr::eq(filter.function.header(), function) || source.position.get() >= list.len()
        {
            return None;
        }
        if truth {
            let list = regs[1].get::<List>()?;
            list.push_or_return(regs[2].clone()).ok()?;
        }
        source.step()
    };
    match taken() {
        Some(next) => {
            regs[2] = next.clone();
            Ok(next)
        }
        None => Err(answer),
    }
}
