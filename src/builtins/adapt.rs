//! How the methods of the built-in types read their arguments and make their results.

use super::functions::pull;
use crate::heap::{Buffer, OutOfMemory, Ref, Value};
use crate::object::error::Fault;
use crate::object::int::{self, IntView};
use crate::object::list::List;
use crate::object::native::{Input, NativeFrame, R, Raised, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// The result of an operation of the room `object`, as a Value.
pub fn made<T: Into<Value>, E: Into<Fault>>(vm: &mut Vm, result: Result<T, E>) -> R {
    vm.lift(result).map(Into::into)
}

/// As `made`, for a result that is not a Value yet.
pub fn lift<T, E: Into<Fault>>(vm: &mut Vm, result: Result<T, E>) -> R<T> {
    vm.lift(result)
}

/// A str of bytes that are well-formed WTF-8.
pub fn text(vm: &mut Vm, bytes: Result<Buffer<u8>, OutOfMemory>) -> R {
    let string = bytes.and_then(|b| Str::from_wtf8(&b));
    made(vm, string)
}

/// A str of Rust text.
pub fn string(vm: &mut Vm, text: &str) -> R {
    let made_text = Str::try_new(text);
    made(vm, made_text)
}

/// An int of a length or an index.
pub fn size_value(size: usize) -> Value {
    int::from_usize(size)
}

/// An index or count; OverflowError if it is no word.
#[inline]
pub fn word(vm: &mut Vm, value: &Value) -> R<i64> {
    match value.as_small_int() {
        Some(i) => Ok(i),
        None => word_of_object(vm, value),
    }
}

#[cold]
fn word_of_object(vm: &mut Vm, value: &Value) -> R<i64> {
    let index = vm.index_value(value)?;
    match IntView::of(&index).and_then(IntView::as_i64) {
        Some(i) => Ok(i),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// A number that is a C int in CPython.
pub fn c_int(vm: &mut Vm, value: &Value) -> R<i64> {
    let index = vm.index_value(value)?;
    match IntView::of(&index).and_then(IntView::as_i64) {
        Some(i) if i32::try_from(i).is_ok() => Ok(i),
        _ => Err(vm.overflow_error("Python int too large to convert to C int")),
    }
}

/// A count, negative ones as 0.
pub fn count(vm: &mut Vm, value: &Value) -> R<usize> {
    Ok(word(vm, value)?.max(0) as usize)
}

/// A limit such as `maxsplit`: negative for none.
pub fn limit(vm: &mut Vm, value: &Value) -> R<usize> {
    let limit = word(vm, value)?;
    Ok(if limit < 0 {
        usize::MAX
    } else {
        limit as usize
    })
}

/// A bound as slices and `find` take it: None, or an index of any size.
pub fn bound(vm: &mut Vm, value: &Value) -> R<Option<i64>> {
    if value.is_none() || value.is_undef() {
        return Ok(None);
    }
    if let Some(i) = value.as_small_int() {
        return Ok(Some(i));
    }
    if !vm.has_index(value) {
        return Err(
            vm.type_error("slice indices must be integers or None or have an __index__ method")
        );
    }
    vm.index_clamped(value).map(Some)
}

/// Whether an optional argument was given.
pub fn given(value: &Value) -> bool {
    !value.is_undef()
}

/// A str argument; `what` names it: `"replace() argument 1"`.
pub fn str_arg<'a>(vm: &mut Vm, value: &'a Value, what: &str) -> R<&'a Str> {
    match value.get::<Str>() {
        Some(text) => Ok(text),
        None => {
            let shown = shown_type(vm, value);
            Err(vm.type_error(format!("{what} must be str, not {shown}")))
        }
    }
}

/// The name of a value's type as argument errors show it: `None` for None.
pub fn shown_type(vm: &mut Vm, value: &Value) -> String {
    if value.is_none() {
        "None".to_owned()
    } else {
        vm.type_name(value)
    }
}

/// The error of a method that was called on something else; the VM checks receivers first.
#[cold]
pub fn bad_receiver(vm: &mut Vm, value: &Value, wanted: &str) -> Raised {
    let given = vm.type_name(value);
    vm.type_error(format!(
        "descriptor requires a '{wanted}' object but received a '{given}'"
    ))
}

/// The receiver of a method as its Rust type.
#[macro_export]
macro_rules! receiver {
    ($vm:expr, $value:expr, $type:ty, $name:literal) => {
        match $value.get::<$type>() {
            Some(object) => object,
            None => return Err($crate::builtins::adapt::bad_receiver($vm, &$value, $name)),
        }
    };
}

/// A list of values.
pub fn list(vm: &mut Vm, items: Result<Buffer<Value>, OutOfMemory>) -> R {
    lift(vm, items).map(|items| List::new(items).into_value())
}

/// Whether the value is an int, a bool included, as a view.
pub fn int_view(value: &Value) -> Option<IntView<'_>> {
    IntView::of(value)
}

/// Collects an iterable in a native frame: register `source` holds the
/// iterable, then its iterator; `items` the list. States 0 to 2 are its own;
/// when the items are there the state is 3. `Err` is what the frame answers.
pub fn gather(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    source: usize,
    items: usize,
) -> Result<Ref<List>, Step> {
    gather_as(vm, frame, input, (source, items), &AS_IT_IS)
}

/// As `gather`; each item is converted before the next one is asked for.
///
/// # Errors
/// The step to take first, or what the conversion raised.
pub fn gather_converted(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    (source, items): (usize, usize),
    hinted: bool,
    convert: Convert,
) -> Result<Ref<List>, Step> {
    let how = Gathering {
        fast: false,
        hinted,
        convert: Some(convert),
    };
    gather_as(vm, frame, input, (source, items), &how)
}

/// What is done with each item, in the registers of the frame: whether more are wanted.
pub type Each = fn(&mut Vm, &mut [Value], Value) -> R<bool>;

/// Hands each item of an iterable on as it comes, with the registers of the frame; register `source` holds
/// the iterable, then its iterator. States 0 to 2 are its own; at the end the state is 3.
///
/// # Errors
/// The step to take first, or what `each` raised.
pub fn for_each(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    source: usize,
    each: Each,
) -> Result<(), Step> {
    let incoming = match input {
        Input::Start => None,
        Input::Raised(raised) => return Err(Step::Raise(raised)),
        Input::Value(value) | Input::Yielded(value) => Some(value),
    };
    let mut item = match frame.state {
        0 => {
            frame.state = 1;
            frame.regs[source] = match vm.iter_step(&frame.regs[source]) {
                Step::Return(iterator) => iterator,
                Step::Raise(raised) => return Err(Step::Raise(raised)),
                step => return Err(step.then_go_on()),
            };
            None
        }
        1 => {
            frame.regs[source] = incoming.unwrap_or(Value::UNDEF);
            None
        }
        _ => incoming,
    };
    frame.state = 2;
    loop {
        if let Some(item) = item.take()
            && (item.is_undef() || !each(vm, frame.regs, item).map_err(Step::Raise)?)
        {
            break;
        }
        item = match vm.native_next(&frame.regs[source]) {
            None => return Err(Step::Next(frame.regs[source].clone())),
            Some(Err(raised)) => return Err(Step::Raise(raised)),
            Some(Ok(None)) => break,
            Some(Ok(item)) => item,
        };
    }
    frame.state = 3;
    Ok(())
}

/// What an item becomes.
pub type Convert = fn(&mut Vm, Value) -> R;

/// The state of a frame that gathers, in which the iterator is asked for its own iterator.
const AGAIN: u8 = 4;

/// How an iterable is gathered.
struct Gathering {
    /// Whether a list is made of its iterator, as CPython does where it wants a sequence.
    fast: bool,
    /// Whether it is asked how long it is.
    hinted: bool,
    convert: Option<Convert>,
}

const AS_IT_IS: Gathering = Gathering {
    fast: false,
    hinted: false,
    convert: None,
};

/// As `gather`; with `hinted`, an iterable of a script's class is asked how long it is, as CPython
/// does for lists and tuples.
fn gather_as(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    (source, items): (usize, usize),
    how: &Gathering,
) -> Result<Ref<List>, Step> {
    let incoming = match input {
        Input::Start => None,
        Input::Raised(raised) => return Err(Step::Raise(raised)),
        Input::Value(value) | Input::Yielded(value) => Some(value),
    };
    if frame.state == 0 {
        if let Some(list) = quick_items(vm, &frame.regs[source])? {
            frame.state = 3;
            frame.regs[items] = list.value();
            return Ok(list);
        }
        let begun = vm.take_begun(&frame.regs[source]).unwrap_or_default();
        frame.regs[items] = List::new(begun).into_value();
        frame.state = 1;
        return match vm.iter_step(&frame.regs[source]) {
            Step::Return(iterator) => {
                gather_as(vm, frame, Input::Value(iterator), (source, items), how)
            }
            Step::Raise(raised) => Err(Step::Raise(raised)),
            step => Err(step.then_go_on()),
        };
    }
    let value = incoming.unwrap_or(Value::UNDEF);
    if frame.state == 1 && how.fast {
        frame.regs[source] = value;
        frame.state = AGAIN;
        return match vm.iter_step(&frame.regs[source]) {
            Step::Return(iterator) => {
                gather_as(vm, frame, Input::Value(iterator), (source, items), how)
            }
            Step::Raise(raised) => Err(Step::Raise(raised)),
            step => Err(step.then_go_on()),
        };
    }
    if matches!(frame.state, 1 | AGAIN) {
        frame.state = 2;
        if how.hinted {
            vm.ask_length(&frame.regs[source]).map_err(Step::Raise)?;
        }
        frame.regs[source] = value;
        return drain(vm, frame, (source, items), how);
    }
    if value.is_undef() {
        return gathered(vm, frame, items);
    }
    push_item(vm, frame, items, value, how)?;
    drain(vm, frame, (source, items), how)
}

/// See `Def::takes`: for frames that gather items as they are, in the list in register `ITEMS`.
pub fn take_gathered<const ITEMS: usize>(
    _: &mut Vm,
    state: u8,
    regs: &mut [Value],
    item: Value,
) -> Result<(), Value> {
    match regs[ITEMS].get::<List>() {
        Some(list) if state == 2 => list.push_or_return(item),
        _ => Err(item),
    }
}

/// Takes what the iterator gives without script code, then asks for one more.
fn drain(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    (source, items): (usize, usize),
    how: &Gathering,
) -> Result<Ref<List>, Step> {
    loop {
        let item = pull(vm, &frame.regs[source])?;
        if item.is_undef() {
            return gathered(vm, frame, items);
        }
        push_item(vm, frame, items, item, how)?;
    }
}

fn push_item(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    items: usize,
    value: Value,
    how: &Gathering,
) -> Result<(), Step> {
    let value = match how.convert {
        Some(convert) => convert(vm, value).map_err(Step::Raise)?,
        None => value,
    };
    let pushed = frame.regs[items]
        .get::<List>()
        .map_or(Ok(()), |list| list.push(value));
    vm.lift(pushed).map_err(Step::Raise)
}

fn gathered(vm: &mut Vm, frame: &mut NativeFrame<'_>, items: usize) -> Result<Ref<List>, Step> {
    frame.state = 3;
    match frame.regs[items].to_ref::<List>() {
        Some(list) => Ok(list),
        None => Err(Step::Raise(vm.system_error("a list was lost"))),
    }
}

/// The items of an exact list or tuple, at once; the list is a copy.
fn quick_items(vm: &mut Vm, source: &Value) -> Result<Option<Ref<List>>, Step> {
    let copied = if let Some(list) = source.get_exact::<List>() {
        list.copy()
    } else if let Some(tuple) = source.get_exact::<Tuple>() {
        Buffer::copy_of(tuple.items())
    } else {
        return Ok(None);
    };
    vm.lift(copied)
        .map(|items| Some(List::new(items)))
        .map_err(Step::Raise)
}

/// As `with_items`, as CPython takes what it wants as a sequence.
pub fn with_sequence(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    places: (usize, usize),
    finish: impl FnOnce(&mut Vm, &mut [Value], Ref<List>) -> R,
) -> Step {
    with_gathered(vm, frame, input, places, true, finish)
}

/// Finishes a native frame with the result of a function of the gathered items.
pub fn with_items(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    places: (usize, usize),
    finish: impl FnOnce(&mut Vm, &mut [Value], Ref<List>) -> R,
) -> Step {
    with_gathered(vm, frame, input, places, false, finish)
}

fn with_gathered(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    places: (usize, usize),
    fast: bool,
    finish: impl FnOnce(&mut Vm, &mut [Value], Ref<List>) -> R,
) -> Step {
    let how = Gathering {
        fast,
        hinted: true,
        convert: None,
    };
    match gather_as(vm, frame, input, places, &how) {
        Ok(list) => finish(vm, frame.regs, list).into(),
        Err(step) => step,
    }
}

/// `__class_getitem__` of the built-in containers: `list[int]`.
pub fn alias(_: &mut Vm, args: &[Value]) -> R {
    let items = if args[1].is_kind::<Tuple>() {
        args[1].clone()
    } else {
        Tuple::one(args[1].clone()).into_value()
    };
    Ok(
        crate::object::descriptor::GenericAlias::alloc(args[0].clone(), items, Value::FALSE)
            .into_value(),
    )
}
