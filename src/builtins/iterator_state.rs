//! How iterators are made anew, for `copy` and `pickle`: `__reduce__` says what to call,
//! `__setstate__` takes the position.

use crate::heap::{Kind, Ref, Value};
use crate::object::class::Class;
use crate::object::int::{self, IntView};
use crate::object::iterator::{
    ByteArrayIterator, BytesIterator, CallIterator, DictItemIterator, DictIterator,
    DictReverseItemIterator, DictReverseKeyIterator, DictReverseValueIterator, DictValueIterator,
    ListIterator, ListReverseIterator, LongRangeIterator, PositionIterator, RangeIterator,
    ReversedIterator, SequenceIterator, SetIterator, StrAsciiIterator, StrIterator, TupleIterator,
};
use crate::object::list::List;
use crate::object::native::{Def, R};
use crate::object::range::Range;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::compare::CompareOp;

use super::adapt::size_value;

/// `__reduce__` of the iterators over built-in types.
pub const REDUCE: Def =
    Def::leaf("__reduce__(self, /)", reduce).doc("How to make it again, for copies and pickles.");
/// `__setstate__` of the iterators that have a position.
pub const SET_STATE: Def = Def::leaf("__setstate__(self, object, /)", set_state)
    .doc("Goes to the place that a pickle has noted.");

/// `(callable, arguments)`, and the state where there is one.
fn reduction(callable: Value, arguments: Value, state: Option<Value>) -> R {
    Ok(match state {
        Some(state) => Tuple::few([callable, arguments, state]),
        None => Tuple::pair(callable, arguments),
    }
    .into_value())
}

/// A function or class of the module `builtins`.
fn builtin(vm: &mut Vm, name: &str) -> Value {
    vm.builtins.get_name(name).unwrap_or(Value::NONE)
}

/// `(iter, (source,))`, with the position.
fn iter_of(vm: &mut Vm, source: Value, position: Option<Value>) -> R {
    let iter = builtin(vm, "iter");
    reduction(iter, Tuple::one(source).into_value(), position)
}

/// What an iterator that came to its end is made of again.
fn empty_source(iterator: &Value) -> Value {
    if iterator.is_kind::<StrIterator>() || iterator.is_kind::<StrAsciiIterator>() {
        Str::empty().into_value()
    } else if iterator.is_kind::<ListIterator>() || iterator.is_kind::<ListReverseIterator>() {
        List::empty().into_value()
    } else {
        Tuple::few::<0>([]).into_value()
    }
}

/// The source and the position of an iterator that has both; None inside at its end.
fn source_and_position(iterator: &Value) -> Option<Option<(Value, usize)>> {
    fn both<const K: Kind>(it: &PositionIterator<K>) -> Option<(Value, usize)> {
        let source = it.source.get();
        (!source.is_undef()).then(|| (source, it.position.get()))
    }
    macro_rules! of {
        ($($name:ident),+) => {
            $(if let Some(it) = iterator.get::<$name>() {
                return Some(both(it));
            })+
        };
    }
    of!(
        ListIterator,
        TupleIterator,
        BytesIterator,
        ByteArrayIterator,
        SequenceIterator,
        ListReverseIterator,
        ReversedIterator,
        StrAsciiIterator
    );
    let it = iterator.get::<StrIterator>()?;
    // Its position counts bytes.
    Some(both(it).map(|(source, offset)| {
        let index = source.get::<Str>().map_or(0, |text| text.index_of(offset));
        (source, index)
    }))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let iterator = &args[0];
    if let Some(found) = source_and_position(iterator) {
        return reduce_positional(vm, iterator, found);
    }
    if let Some(it) = iterator.get::<RangeIterator>() {
        let (start, step, left) = it.rest();
        let stop = int::from_i128(i128::from(start) + i128::from(step) * i128::from(left));
        let (start, step) = (int::from_i64(start), int::from_i64(step));
        let range = rest_of_range(vm, &start, &stop, &step)?;
        return iter_of(vm, range, Some(Value::NONE));
    }
    if let Some(it) = iterator.get::<LongRangeIterator>() {
        let range = long_rest(vm, it)?;
        return iter_of(vm, range, Some(Value::NONE));
    }
    if let Some(it) = iterator.get::<CallIterator>() {
        let callable = it.callable.get();
        if callable.is_undef() {
            return iter_of(vm, Tuple::few::<0>([]).into_value(), None);
        }
        let iter = builtin(vm, "iter");
        let arguments = Tuple::pair(callable, it.sentinel.get());
        return reduction(iter, arguments.into_value(), None);
    }
    let left = table_rest(vm, iterator)?;
    iter_of(vm, left, None)
}

fn reduce_positional(vm: &mut Vm, iterator: &Value, found: Option<(Value, usize)>) -> R {
    let backward = iterator.is_kind::<ListReverseIterator>();
    let reversed = iterator.is_kind::<ReversedIterator>();
    match found {
        None if reversed => {
            let class = vm.class_of(iterator).into_value();
            let nothing = Tuple::few::<0>([]).into_value();
            reduction(class, Tuple::one(nothing).into_value(), None)
        }
        None if backward => {
            let class = builtin(vm, "reversed");
            reduction(class, Tuple::one(empty_source(iterator)).into_value(), None)
        }
        None => iter_of(vm, empty_source(iterator), None),
        Some((_, 0)) if backward => {
            let class = builtin(vm, "reversed");
            reduction(class, Tuple::one(empty_source(iterator)).into_value(), None)
        }
        Some((source, position)) if backward || reversed => {
            let class = if reversed {
                vm.class_of(iterator).into_value()
            } else {
                builtin(vm, "reversed")
            };
            let index = int::from_i64(position as i64 - 1);
            reduction(class, Tuple::one(source).into_value(), Some(index))
        }
        Some((source, position)) => iter_of(vm, source, Some(size_value(position))),
    }
}

fn view(value: &Value) -> IntView<'_> {
    IntView::of(value).unwrap_or(IntView::Small(0))
}

fn rest_of_range(vm: &mut Vm, start: &Value, stop: &Value, step: &Value) -> R {
    match Range::new(view(start), view(stop), view(step)) {
        Some(range) => Ok(range.into_value()),
        None => Err(vm.system_error("a range without a step")),
    }
}

/// The range that an iterator over large numbers has still to give.
fn long_rest(vm: &mut Vm, it: &LongRangeIterator) -> R {
    let (range, index) = (it.range.get(), it.index.get());
    let Some(range) = range.get::<Range>() else {
        return Err(vm.system_error("an iterator lost its range"));
    };
    let passed = int::mul(view(&range.step), view(&index));
    let passed = vm.lift(passed)?;
    let start = int::add(view(&range.start), view(&passed));
    let start = vm.lift(start)?;
    let way = int::mul(view(&range.step), view(&range.length));
    let way = vm.lift(way)?;
    let stop = int::add(view(&range.start), view(&way));
    let stop = vm.lift(stop)?;
    rest_of_range(vm, &start, &stop, &range.step.clone())
}

/// A list of what the iterator of a dict or a set has still to give; the iterator stays where it is.
fn table_rest(vm: &mut Vm, iterator: &Value) -> R {
    fn again<const K: Kind>(it: &PositionIterator<K>) -> Value {
        PositionIterator::<K>::alloc(it.source.get(), it.position.get(), it.mark.get()).into_value()
    }
    macro_rules! of {
        ($($name:ident),+) => {
            $(if let Some(it) = iterator.get::<$name>() {
                let items = vm.collect(&again(it))?;
                return Ok(List::from_vec(items).into_value());
            })+
        };
    }
    of!(
        DictIterator,
        DictValueIterator,
        DictItemIterator,
        DictReverseKeyIterator,
        DictReverseValueIterator,
        DictReverseItemIterator,
        SetIterator
    );
    Err(vm.system_error("not an iterator"))
}

/// An index as `__setstate__` takes it.
fn state_index(vm: &mut Vm, value: &Value) -> R<i64> {
    match IntView::of(value) {
        None => Err(vm.type_error("an integer is required")),
        Some(index) => index
            .as_i64()
            .ok_or_else(|| vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// As a C long.
fn long(vm: &mut Vm, value: &Value) -> R<i64> {
    let number = vm.index_value(value)?;
    match int::IntView::of(&number).and_then(int::IntView::as_i64) {
        Some(index) => Ok(index),
        None => Err(vm.overflow_error("Python int too large to convert to C long")),
    }
}

fn set_state(vm: &mut Vm, args: &[Value]) -> R {
    let iterator = &args[0];
    if let Some(it) = iterator.get::<LongRangeIterator>() {
        return set_long_range(vm, it, &args[1]);
    }
    if let Some(it) = iterator.get::<RangeIterator>() {
        let index = long(vm, &args[1])?;
        it.skip(index.max(0) as u64);
        return Ok(Value::NONE);
    }
    let index = state_index(vm, &args[1])?;
    if let Some(it) = iterator.get::<SequenceIterator>() {
        it.position.set(index.max(0) as usize);
    } else if let Some(it) = iterator.get::<ListReverseIterator>() {
        set_place(vm, it, index.saturating_add(1));
    } else if let Some(it) = iterator.get::<ReversedIterator>() {
        let source = it.source.get();
        if !source.is_undef() {
            let len = vm.len(&source)?;
            let place = index.saturating_add(1).clamp(0, len as i64);
            it.position.set(place as usize);
        }
    } else if let Some(it) = iterator.get::<StrIterator>() {
        set_place(vm, it, index);
        let index = it.position.get();
        if let Some(text) = it.source.get().get::<Str>() {
            it.position.set(text.offset_of(index));
        }
    } else if let Some(it) = iterator.get::<StrAsciiIterator>() {
        set_place(vm, it, index);
    } else if let Some(it) = iterator.get::<ListIterator>() {
        // Before the first item is beyond the last one.
        let index = if index < 0 { i64::MAX } else { index };
        set_place(vm, it, index);
    } else if let Some(it) = iterator.get::<TupleIterator>() {
        set_place(vm, it, index);
    } else if let Some(it) = iterator.get::<BytesIterator>() {
        set_place(vm, it, index);
    } else if let Some(it) = iterator.get::<ByteArrayIterator>() {
        set_place(vm, it, index);
    }
    Ok(Value::NONE)
}

/// Puts an iterator to a place of its source, or to its end.
fn set_place<const K: Kind>(vm: &mut Vm, it: &PositionIterator<K>, index: i64) {
    let source = it.source.get();
    if !source.is_undef() {
        let len = vm.layout_len(&source).unwrap_or(0) as i64;
        it.position.set(index.clamp(0, len) as usize);
    }
}

fn set_long_range(vm: &mut Vm, it: &LongRangeIterator, state: &Value) -> R {
    let Some(state) = IntView::of(state) else {
        let zero = Value::int32(0);
        vm.compare(CompareOp::Lt, state, &zero)?;
        let given = vm.type_name(state);
        let text = format!("'{given}' object cannot be interpreted as an integer");
        return Err(vm.type_error(text));
    };
    let (range, index) = (it.range.get(), it.index.get());
    let Some(range) = range.get::<Range>() else {
        return Ok(Value::NONE);
    };
    let left = int::sub(view(&range.length), view(&index));
    let left = vm.lift(left)?;
    let way = if state.is_negative() {
        IntView::Small(0)
    } else if int::cmp(state, view(&left)).is_gt() {
        view(&left)
    } else {
        state
    };
    let place = int::add(view(&index), way);
    let place = vm.lift(place)?;
    it.index.set(place);
    Ok(Value::NONE)
}

/// `(type(self), parts)`, as `enumerate`, `map`, `filter` and `zip` are made anew.
pub fn of_parts(vm: &mut Vm, this: &Value, parts: Vec<Value>, state: Option<Value>) -> R {
    let class: Ref<Class> = vm.class_of(this);
    let parts = vm.new_tuple(parts)?;
    reduction(class.into_value(), parts, state)
}
