//! `iter`, `next`, and the iterators that are types: `map`, `zip`,
//! `enumerate`, `reversed`. What they call may be script code, so all of it is
//! native frames.

use std::cell::Cell;

use super::anext;
use super::{at_once, outcome, passed_on, pull};
use crate::builtins::arguments::{pair, shape_of_class};
use crate::builtins::iterator_state;
use crate::heap::{Field, Ref, Value};
use crate::object::anext_awaitable::AnextAwaitable;
use crate::object::class::class_flags;
use crate::object::generator::{Flavour, Generator};
use crate::object::int::{self, IntView};
use crate::object::iterator::{CallIterator, ReversedIterator};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Step, TypeDef};
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::receiver;
use crate::vm::Vm;
use crate::vm::generator::AsyncStep;
use crate::vm::iter::is_core_iterator;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::frame("iter(object, sentinel=<unset>, /)", 0, iter)
        .at_once(at_once::iter)
        .doc("Get an iterator from an object."),
    Def::frame("next(iterator, default=<unset>, /)", 0, next)
        .at_once(at_once::next)
        .resumes(1)
        .doc("Return the next item from the iterator."),
    Def::frame("aiter(async_iterable, /)", 0, aiter).doc("The asynchronous iterator of an object."),
    Def::frame(
        "anext(async_iterator, default=<unset>, /)",
        0,
        next_awaitable,
    )
    .at_once(anext::at_once)
    .doc("What an asynchronous iterator gives next, to be awaited."),
];

fn iter(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        if regs[1].is_undef() {
            return vm.iter_step(&regs[0]);
        }
        if !vm.is_callable(&regs[0]) {
            return Step::Raise(vm.type_error("iter(v, w): v must be callable"));
        }
        Step::Return(CallIterator::alloc(regs[0].clone(), regs[1].clone()).into_value())
    })
}

fn next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let item = match input {
        // Sent to, so that its result comes too.
        Input::Start
            if frame.regs[1].is_undef()
                && (frame.regs[0].is_kind::<AsyncStep>()
                    || frame.regs[0].get::<Generator>().is_some_and(|g| {
                        matches!(g.flavour, Flavour::Generator | Flavour::Wrapper)
                    })) =>
        {
            frame.state = 1;
            return Step::Send(frame.regs[0].clone(), Value::NONE);
        }
        Input::Value(result) if frame.state == 1 => {
            return Step::Raise(vm.stop_iteration(result));
        }
        Input::Start => {
            if vm.special_of(&frame.regs[0], Special::Next).is_none() {
                let name = vm.type_name(&frame.regs[0]);
                return Step::Raise(vm.type_error(format!("'{name}' object is not an iterator")));
            }
            match pull(vm, &frame.regs[0]) {
                Ok(item) => item,
                // What a StopIteration says goes on, where no default takes its place.
                Err(Step::NextCall(function, args)) if frame.regs[1].is_undef() => {
                    return Step::TailCall(function, args);
                }
                Err(wait) => return wait,
            }
        }
        Input::Value(item) | Input::Yielded(item) => item,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if !item.is_undef() {
        return Step::Return(item);
    }
    match frame.regs[1].is_undef() {
        true => Step::Raise(vm.stop_iteration(Value::NONE)),
        false => Step::Return(frame.regs[1].clone()),
    }
}

fn aiter(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    passed_on(vm, frame, input, |vm, regs| {
        match vm.special_of(&regs[0], Special::AIter) {
            Some(method) => vm.call_special(method, &regs[0], &[]),
            None => {
                let name = vm.type_name(&regs[0]);
                Step::Raise(vm.type_error(format!("'{name}' object is not an async iterable")))
            }
        }
    })
}

fn next_awaitable(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => match vm.special_of(&frame.regs[0], Special::ANext) {
            Some(method) => vm.call_special(method, &frame.regs[0], &[]).then_go_on(),
            None => {
                let name = vm.type_name(&frame.regs[0]);
                Step::Raise(vm.type_error(format!("'{name}' object is not an async iterator")))
            }
        },
        Input::Value(awaitable) | Input::Yielded(awaitable) if frame.regs[1].is_undef() => {
            Step::Return(awaitable)
        }
        Input::Value(awaitable) | Input::Yielded(awaitable) => {
            Step::Return(AnextAwaitable::or_default(awaitable, frame.regs[1].clone()))
        }
        Input::Raised(raised) => Step::Raise(raised),
    }
}

// ----- The iterators ---------------------------------------------------------

traced_object! {
    /// `map`
    pub struct Map: MAP {
        /// What is called.
        function: Value,
        /// A tuple of iterators.
        iterators: Value,
    }
}

traced_object! {
    /// `zip`
    pub struct Zip: ZIP {
        /// A tuple of iterators.
        iterators: Value,
        /// Whether they must be of one length.
        strict: Cell<bool>,
    }
}

traced_object! {
    /// `enumerate`
    pub struct Enumerate: ENUMERATE {
        /// Its source.
        iterator: Value,
        /// The next number.
        count: Field,
    }
}

/// Gets the iterators of all items of a tuple into a list in register `to`;
/// None when done, else the answer that the frame gives. States 1 and above are the caller's.
fn gather_iterators(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    from: usize,
    to: usize,
) -> Option<Step> {
    match input {
        Input::Start => frame.regs[to] = List::empty().into_value(),
        Input::Value(iterator) | Input::Yielded(iterator) => {
            if let Some(Err(lacking)) = frame.regs[to].get::<List>().map(|l| l.push(iterator)) {
                return Some(Step::Raise(vm.fault(lacking)));
            }
        }
        Input::Raised(raised) => return Some(Step::Raise(raised)),
    }
    loop {
        let done = frame.regs[to].get::<List>().map_or(0, List::len);
        let source = frame.regs[from].get::<Tuple>().and_then(|t| t.get(done))?;
        match outcome(vm.iter_step(&source)) {
            Ok(iterator) => {
                if let Some(Err(lacking)) = frame.regs[to].get::<List>().map(|l| l.push(iterator)) {
                    return Some(Step::Raise(vm.fault(lacking)));
                }
            }
            Err(wait) => return Some(wait),
        }
    }
}

fn list_to_tuple(vm: &mut Vm, list: &Value) -> R {
    let made = match list.get::<List>() {
        Some(list) => Tuple::new(&list.items.borrow()),
        None => Tuple::new(&[]),
    };
    vm.lift(made).map(Ref::into_value)
}

/// Registers: cls, function, iterables, list of iterators.
fn map_new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.regs[2].get::<Tuple>().is_none_or(Tuple::is_empty) {
        return Step::Raise(vm.type_error("map() must have at least two arguments."));
    }
    if let Some(step) = gather_iterators(vm, frame, input, 2, 3) {
        return step;
    }
    match list_to_tuple(vm, &frame.regs[3]) {
        Ok(iterators) => {
            let shape = shape_of_class(&frame.regs[0]);
            Step::Return(Map::alloc(shape, frame.regs[1].clone(), iterators).into_value())
        }
        Err(raised) => Step::Raise(raised),
    }
}

/// Registers: self, list of items.
fn map_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let (function, iterators) = match frame.regs[0].get::<Map>() {
        Some(map) => (map.function.clone(), map.iterators.clone()),
        None => return Step::Return(Value::NONE),
    };
    // One source is the common case and needs no list.
    if let Some([only]) = iterators.get::<Tuple>().map(Tuple::items) {
        let item = match input {
            Input::Start => match pull(vm, only) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
            Input::Value(item) | Input::Yielded(item) => item,
            Input::Raised(raised) => return Step::Raise(raised),
        };
        return match item.is_undef() {
            true => Step::Raise(vm.stop_iteration(Value::NONE)),
            false => Step::TailCall(function, smallvec::smallvec![item]),
        };
    }
    match gather_items(vm, frame, input, &iterators, 1) {
        Gathered::All(items) => Step::TailCall(function, items),
        Gathered::End(_) => Step::Raise(vm.stop_iteration(Value::NONE)),
        Gathered::Wait(step) => step,
    }
}

/// How far `gather_items` came.
enum Gathered {
    /// An item of each.
    All(Args),
    /// This one, by number, is at its end.
    End(usize),
    /// The frame gives this answer.
    Wait(Step),
}

/// Takes an item of each iterator, into a list in register `to` meanwhile.
fn gather_items(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    iterators: &Value,
    to: usize,
) -> Gathered {
    let iterators = iterators.get::<Tuple>().map_or(&[][..], Tuple::items);
    let mut items: Args = match frame.regs[to].get::<List>() {
        Some(list) => list.take().into_vec().into(),
        None => Args::new(),
    };
    match input {
        Input::Start => {}
        Input::Value(item) | Input::Yielded(item) if item.is_undef() => {
            return Gathered::End(items.len());
        }
        Input::Value(item) | Input::Yielded(item) => items.push(item),
        Input::Raised(raised) => return Gathered::Wait(Step::Raise(raised)),
    }
    while let Some(iterator) = iterators.get(items.len()) {
        match pull(vm, iterator) {
            Ok(item) if item.is_undef() => return Gathered::End(items.len()),
            Ok(item) => items.push(item),
            Err(wait) => {
                frame.regs[to] = List::from_vec(items.into_vec()).into_value();
                return Gathered::Wait(wait);
            }
        }
    }
    Gathered::All(items)
}

/// `map`
pub static MAP: TypeDef = TypeDef {
    at_once: Some(at_once::map),
    flags: class_flags::BASE,
    doc: "What the function gives for the items of the iterables, one after the other.",
    new: Some(Def::frame("__new__(cls, func, /, *iterables)", 1, map_new)),
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 1, map_next),
        Def::leaf("__reduce__(self, /)", map_reduce)
            .doc("How to make it again, for copies and pickles."),
    ],
    next_by_call: Some(at_once::map_step),
    ..TypeDef::new("builtins", "map", kind::MAP)
};

fn map_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let map = receiver!(vm, args[0], Map, "map");
    let mut parts = vec![map.function.clone()];
    parts.extend_from_slice(map.iterators.get::<Tuple>().map_or(&[], Tuple::items));
    iterator_state::of_parts(vm, &args[0], parts, None)
}

fn zip_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let zip = receiver!(vm, args[0], Zip, "zip");
    let parts = zip.iterators.get::<Tuple>().map_or(&[][..], Tuple::items);
    let strict = zip.strict.get().then_some(Value::TRUE);
    iterator_state::of_parts(vm, &args[0], parts.to_vec(), strict)
}

/// The state of a zip is whether it is strict.
fn zip_set_state(vm: &mut Vm, args: &[Value]) -> R {
    let strict = vm.truth(&args[1])?;
    receiver!(vm, args[0], Zip, "zip").strict.set(strict);
    Ok(Value::NONE)
}

fn enumerate_reduce(vm: &mut Vm, args: &[Value]) -> R {
    let this = receiver!(vm, args[0], Enumerate, "enumerate");
    let parts = vec![this.iterator.clone(), this.count.get()];
    iterator_state::of_parts(vm, &args[0], parts, None)
}

/// An iterator is its own iterator.
pub fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

/// Registers: cls, strict, iterables, list of iterators.
fn zip_new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if matches!(input, Input::Start) {
        match vm.truth(&frame.regs[1]) {
            Ok(strict) => frame.regs[1] = Value::bool(strict),
            Err(raised) => return Step::Raise(raised),
        }
    }
    if let Some(step) = gather_iterators(vm, frame, input, 2, 3) {
        return match step {
            Step::Raise(raised) => {
                Step::Raise(zip_argument(vm, raised, &frame.regs[3], &frame.regs[2]))
            }
            step => step,
        };
    }
    match list_to_tuple(vm, &frame.regs[3]) {
        Ok(iterators) => {
            let strict = Cell::new(frame.regs[1].is_true());
            Step::Return(Zip::alloc(shape_of_class(&frame.regs[0]), iterators, strict).into_value())
        }
        Err(raised) => Step::Raise(raised),
    }
}

/// CPython says which argument of zip is not iterable.
fn zip_argument(
    vm: &mut Vm,
    raised: crate::object::native::Raised,
    done: &Value,
    sources: &Value,
) -> crate::object::native::Raised {
    let number = done.get::<List>().map_or(0, List::len);
    let Some(source) = sources.get::<Tuple>().and_then(|t| t.get(number)) else {
        return raised;
    };
    let iterable = vm
        .special_of(&source, Special::Iter)
        .is_some_and(|m| !m.is_none())
        || vm.special_of(&source, Special::GetItem).is_some();
    if iterable || !vm.is_raised(&raised, Known::TypeError) {
        return raised;
    }
    let name = vm.type_name(&source);
    vm.type_error(format!("'{name}' object is not iterable"))
}

/// Registers: self, list of items, number of the iterator that ended first (strict).
/// State 1: looking whether the others have ended too.
fn zip_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let (iterators, strict) = match frame.regs[0].get::<Zip>() {
        Some(zip) => (zip.iterators.clone(), zip.strict.get()),
        None => return Step::Return(Value::NONE),
    };
    if iterators.get::<Tuple>().is_none_or(Tuple::is_empty) {
        return Step::Raise(vm.stop_iteration(Value::NONE));
    }
    if frame.state == 1 {
        return zip_strict_end(vm, frame, input, &iterators);
    }
    match gather_items(vm, frame, input, &iterators, 1) {
        Gathered::All(items) => {
            let made = Tuple::new(&items);
            vm.lift(made).map(Ref::into_value).into()
        }
        Gathered::End(_) if !strict => Step::Raise(vm.stop_iteration(Value::NONE)),
        Gathered::End(0) => {
            frame.state = 1;
            frame.regs[2] = Value::int32(1);
            zip_strict_end(vm, frame, Input::Start, &iterators)
        }
        Gathered::End(number) => {
            let text = format!(
                "zip() argument {} is shorter than {}",
                number + 1,
                before(number)
            );
            Step::Raise(vm.value_error(text))
        }
        Gathered::Wait(step) => step,
    }
}

/// "argument 1" or "arguments 1-3".
fn before(number: usize) -> String {
    if number == 1 {
        "argument 1".into()
    } else {
        format!("arguments 1-{number}")
    }
}

/// A tuple of the next items, where all iterators have theirs at hand.
fn zip_at_once(vm: &mut Vm, zip: &Value) -> Option<R<Option<Value>>> {
    let zip = zip.get::<Zip>()?;
    let iterators = zip.iterators.get::<Tuple>()?.items();
    if zip.strict.get() || iterators.is_empty() || !iterators.iter().all(is_core_iterator) {
        return None;
    }
    let mut items = Args::new();
    for iterator in iterators {
        match vm.native_next(iterator)? {
            Ok(Some(item)) => items.push(item),
            other => return Some(other),
        }
    }
    let made = Tuple::build(items.len(), |i| std::mem::take(&mut items[i]));
    Some(vm.lift(made).map(|tuple| Some(tuple.into_value())))
}

/// The first has ended: so must the others.
fn zip_strict_end(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    iterators: &Value,
) -> Step {
    let mut number = frame.regs[2].as_small_int().unwrap_or(1) as usize;
    let mut incoming = match input {
        Input::Start => None,
        Input::Value(item) | Input::Yielded(item) => Some(item),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    while let Some(iterator) = iterators.get::<Tuple>().and_then(|t| t.get(number)) {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &iterator) {
                Ok(item) => item,
                Err(wait) => {
                    frame.regs[2] = int::from_usize(number);
                    return wait;
                }
            },
        };
        if !item.is_undef() {
            let text = format!(
                "zip() argument {} is longer than {}",
                number + 1,
                before(number)
            );
            return Step::Raise(vm.value_error(text));
        }
        number += 1;
    }
    Step::Raise(vm.stop_iteration(Value::NONE))
}

/// `zip`
pub static ZIP: TypeDef = TypeDef {
    at_once: Some(at_once::zip),
    flags: class_flags::BASE,
    doc: "The zip object yields n-length tuples, where n is the number of iterables.",
    new: Some(Def::frame(
        "__new__(cls, /, *iterables, strict=False)",
        1,
        zip_new,
    )),
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 2, zip_next),
        Def::leaf("__reduce__(self, /)", zip_reduce)
            .doc("How to make it again, for copies and pickles."),
        Def::leaf("__setstate__(self, object, /)", zip_set_state)
            .doc("Goes to the place that a pickle has noted."),
    ],
    next_at_once: Some(zip_at_once),
    pair_at_once: Some(zip_pair),
    ..TypeDef::new("builtins", "zip", kind::ZIP)
};

/// Registers: cls, iterable, start.
fn enumerate_new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let iterator = match input {
        Input::Start => {
            match vm.index_value(&frame.regs[2]) {
                Ok(start) => frame.regs[2] = start,
                Err(raised) => return Step::Raise(raised),
            }
            match outcome(vm.iter_step(&frame.regs[1])) {
                Ok(iterator) => iterator,
                Err(wait) => return wait,
            }
        }
        Input::Value(iterator) | Input::Yielded(iterator) => iterator,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    let shape = shape_of_class(&frame.regs[0]);
    Step::Return(Enumerate::alloc(shape, iterator, Field::new(frame.regs[2].clone())).into_value())
}

fn enumerate_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(this) = frame.regs[0].to_ref::<Enumerate>() else {
        return Step::Return(Value::NONE);
    };
    let item = match input {
        Input::Start => match pull(vm, &this.iterator) {
            Ok(item) => item,
            Err(wait) => return wait,
        },
        Input::Value(item) | Input::Yielded(item) => item,
        Input::Raised(raised) => return Step::Raise(raised),
    };
    if item.is_undef() {
        return Step::Raise(vm.stop_iteration(Value::NONE));
    }
    Step::Return(this.advance(item))
}

/// The next number and item, where the source has its item at hand.
fn enumerate_pair(vm: &mut Vm, this: &Value) -> Option<(Value, Value)> {
    let this = this.get_exact::<Enumerate>()?;
    let item = vm.next_of_core(&this.iterator)?;
    Some((this.next_number(), item))
}

/// The next items of two iterators over built-in sequences.
fn zip_pair(vm: &mut Vm, zip: &Value) -> Option<(Value, Value)> {
    let zip = zip.get_exact::<Zip>()?;
    let [first, second] = zip.iterators.get_exact::<Tuple>()?.items() else {
        return None;
    };
    if zip.strict.get() || !vm.has_next_of_core(second) {
        return None;
    }
    // One iterator that is given twice may end here: then the general way sees it at its end.
    Some((vm.next_of_core(first)?, vm.next_of_core(second)?))
}

/// The next pair, where the source has its item at hand.
fn enumerate_at_once(vm: &mut Vm, this: &Value) -> Option<R<Option<Value>>> {
    let this = this.get::<Enumerate>()?;
    if this.iterator.is_exact::<ReversedIterator>() {
        return None;
    }
    let item = vm.next_below(&this.iterator)?;
    Some(item.map(|item| item.map(|item| this.advance(item))))
}

impl Enumerate {
    /// The pair of the next number and `item`.
    pub fn advance(&self, item: Value) -> Value {
        pair(self.next_number(), item)
    }

    /// The next number, which is counted.
    fn next_number(&self) -> Value {
        let number = self.count.get();
        let next = match number.add_small(&Value::int32(1)) {
            Some(next) => next,
            None => match IntView::of(&number).map(|n| int::add(n, IntView::Small(1))) {
                Some(Ok(next)) => next,
                _ => number.clone(),
            },
        };
        self.count.set(next);
        number
    }
}

/// `enumerate`
pub static ENUMERATE: TypeDef = TypeDef {
    at_once: Some(at_once::enumerate),
    flags: class_flags::BASE,
    doc: "Numbers the items of an iterable: pairs of a counter and an item.",
    new: Some(Def::frame(
        "__new__(cls, iterable, start=0)",
        0,
        enumerate_new,
    )),
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, enumerate_next),
        Def::leaf("__reduce__(self, /)", enumerate_reduce)
            .doc("How to make it again, for copies and pickles."),
        Def::leaf(
            "__class_getitem__(cls, item, /)",
            crate::builtins::functions::attributes::generic_alias,
        )
        .class(),
    ],
    next_at_once: Some(enumerate_at_once),
    pair_at_once: Some(enumerate_pair),
    ..TypeDef::new("builtins", "enumerate", kind::ENUMERATE)
};

/// Registers: cls, sequence.
fn reversed_new(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (_, Input::Start) => {
            match vm.special_of(&frame.regs[1], Special::Reversed) {
                Some(method) if !method.is_none() => {
                    return vm.call_special(method, &frame.regs[1], &[]).then_go_on();
                }
                None if vm.is_sequence(&frame.regs[1]) => {}
                _ => {
                    let name = vm.type_name(&frame.regs[1]);
                    return Step::Raise(
                        vm.type_error(format!("'{name}' object is not reversible")),
                    );
                }
            }
            frame.state = 1;
            match vm.len(&frame.regs[1]) {
                Ok(len) => reversed_of(frame, &int::from_usize(len)),
                Err(raised) => Step::Raise(raised),
            }
        }
        (0, Input::Value(made) | Input::Yielded(made)) => Step::Return(made),
        (_, Input::Value(len) | Input::Yielded(len)) => reversed_of(frame, &len),
        (_, Input::Raised(raised)) => Step::Raise(raised),
    }
}

fn reversed_of(frame: &NativeFrame<'_>, len: &Value) -> Step {
    let position = len.as_small_int().map_or(0, |n| n.max(0) as usize);
    Step::Return(ReversedIterator::alloc(frame.regs[1].clone(), position, 0).into_value())
}

fn reversed_next(vm: &mut Vm, args: &[Value]) -> R {
    match vm.next(&args[0])? {
        Some(item) => Ok(item),
        None => Err(vm.stop_iteration(Value::NONE)),
    }
}

/// What is left, or nothing when the sequence became shorter.
fn reversed_hint(vm: &mut Vm, args: &[Value]) -> R {
    let it = receiver!(vm, args[0], ReversedIterator, "reversed");
    let source = it.source.get();
    if source.is_undef() {
        return Ok(Value::int32(0));
    }
    let len = vm.len(&source)?;
    let left = it.position.get();
    Ok(int::from_usize(if left > len { 0 } else { left }))
}

/// `reversed`
pub static REVERSED: TypeDef = TypeDef {
    at_once: Some(at_once::reversed),
    flags: class_flags::BASE,
    doc: "The items of a sequence from the last to the first.",
    new: Some(Def::frame("__new__(cls, sequence, /)", 0, reversed_new)),
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__next__(self, /)", reversed_next),
        Def::leaf("__length_hint__(self, /)", reversed_hint)
            .doc("How many items are probably left."),
        iterator_state::REDUCE,
        iterator_state::SET_STATE,
    ],
    ..TypeDef::new("builtins", "reversed", kind::REVERSED)
};
