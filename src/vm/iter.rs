//! Iteration.

use super::Vm;
use super::special::Special;
use super::types::Known;
use crate::heap::{Kind, Value};
use crate::object::bytes::{ByteArray, Bytes};
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::generator::{Flavour, Generator};
use crate::object::int;
use crate::object::iterator::{
    BACKWARD, ByteArrayIterator, BytesIterator, CallIterator, DictItemIterator, DictItems,
    DictIterator, DictKeys, DictReverseItemIterator, DictReverseKeyIterator,
    DictReverseValueIterator, DictValueIterator, DictValues, ITEMS, KEYS, ListIterator,
    ListReverseIterator, LongRangeIterator, PositionIterator, RangeIterator, ReversedIterator,
    SequenceIterator, SetIterator, StrAsciiIterator, StrIterator, TupleIterator, VALUES,
    str_iterator,
};
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{Def, Input, Leaf, Native, NativeCode, R, Step};
use crate::object::range::Range;
use crate::object::set::{Set, SetTable, with_table};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// `__next__` in script: its StopIteration is the end (Undef). Registers: method, iterator.
static NEXT_METHOD: Def = Def::frame("<next>(method, iterator, /)", 0, |vm, frame, input| match (
    frame.state,
    input,
) {
    (0, _) => {
        frame.state = 1;
        vm.call_special(frame.regs[0].clone(), &frame.regs[1].clone(), &[])
            .then_go_on()
    }
    (_, Input::Raised(raised)) if vm.is_raised(&raised, Known::StopIteration) => {
        vm.end_of_iteration()
    }
    (_, Input::Raised(raised)) => Step::Raise(raised),
    (_, Input::Value(value) | Input::Yielded(value)) => Step::Return(value),
    (_, Input::Start) => Step::Return(Value::UNDEF),
});

/// `__iter__` in script, and a check of what it gave. Registers: method, value.
static ITER_METHOD: Def = Def::frame("<iter>(method, value, /)", 0, |vm, frame, input| {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            vm.call_special(frame.regs[0].clone(), &frame.regs[1].clone(), &[])
                .then_go_on()
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Value(iterator) | Input::Yielded(iterator)) => vm.checked_iterator(iterator),
        (_, Input::Start) => Step::Return(Value::NONE),
    }
});

/// Next item by `__getitem__` in script: an IndexError or StopIteration is the end. Registers: iterator.
static NEXT_ITEM: Def = Def::frame("<next item>(iterator, /)", 0, |vm, frame, input| {
    let iterator = frame.regs[0].clone();
    let Some(state) = iterator.get::<SequenceIterator>() else {
        return Step::Return(Value::UNDEF);
    };
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            let source = state.source.get();
            if source.is_undef() {
                return vm.end_of_iteration();
            }
            let index = int::from_usize(state.position.get());
            vm.get_item_step(&source, &index).then_go_on()
        }
        (_, Input::Raised(raised)) => {
            if vm.is_raised(&raised, Known::IndexError)
                || vm.is_raised(&raised, Known::StopIteration)
            {
                state.source.take();
                return vm.end_of_iteration();
            }
            Step::Raise(raised)
        }
        (_, Input::Value(value) | Input::Yielded(value)) => {
            state.position.set(state.position.get() + 1);
            Step::Return(value)
        }
        (_, Input::Start) => Step::Return(Value::UNDEF),
    }
});

/// `iter(callable, sentinel)`: calls, then compares. Registers: iterator, the value.
static NEXT_CALL: Def = Def::frame("<next call>(iterator, /)", 1, |vm, frame, input| {
    let iterator = frame.regs[0].clone();
    let Some(state) = iterator.get::<CallIterator>() else {
        return Step::Return(Value::UNDEF);
    };
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            let callable = state.callable.get();
            if callable.is_undef() {
                return vm.end_of_iteration();
            }
            Step::Call(callable, smallvec::SmallVec::new())
        }
        (_, Input::Raised(raised)) => {
            if vm.is_raised(&raised, Known::StopIteration) {
                state.callable.take();
                return vm.end_of_iteration();
            }
            Step::Raise(raised)
        }
        (_, Input::Value(value) | Input::Yielded(value)) => {
            // The call itself may have taken it to its end.
            if state.callable.as_value().is_undef() {
                return vm.end_of_iteration();
            }
            match vm.eq(&state.sentinel.get(), &value) {
                Ok(true) => {
                    state.callable.take();
                    vm.end_of_iteration()
                }
                Ok(false) => Step::Return(value),
                Err(raised) => Step::Raise(raised),
            }
        }
        (_, Input::Start) => Step::Return(Value::UNDEF),
    }
});

/// Appends all of an iterator to a list, or adds it to a set. Registers: target, iterator.
static FILL: Def = Def::frame(
    "<fill>(target, iterator, /)",
    0,
    |vm, frame, input| match input {
        Input::Start => Step::Next(frame.regs[1].clone()),
        Input::Raised(raised) => Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) => {
            if value.is_undef() {
                return Step::Return(Value::NONE);
            }
            let added = match (frame.regs[0].get::<List>(), frame.regs[0].to_ref::<Set>()) {
                (Some(list), _) => list.push(value).map_err(|e| vm.out_of_memory(e)),
                (_, Some(set)) => vm.set_add(&set, &value),
                _ => Ok(()),
            };
            match added {
                Ok(()) => Step::Next(frame.regs[1].clone()),
                Err(raised) => Step::Raise(raised),
            }
        }
    },
)
.takes(1, |_, _, regs, item| {
    if let Some(list) = regs[0].get::<List>() {
        return list.push_or_return(item);
    }
    match regs[0].get::<Set>() {
        Some(set) if set.add_at_once(&item) => Ok(()),
        _ => Err(item),
    }
});

/// Whether an iterator is one over a built-in collection, whose next value is always at hand.
pub fn is_core_iterator(iterator: &Value) -> bool {
    let shape = iterator.shape();
    shape < crate::heap::FIRST_FREE_SHAPE
        && matches!(
            shape as u8,
            kind::LIST_ITERATOR
                | kind::LIST_REVERSE_ITERATOR
                | kind::TUPLE_ITERATOR
                | kind::RANGE_ITERATOR
                | kind::LONG_RANGE_ITERATOR
                | kind::STR_ITERATOR
                | kind::STR_ASCII_ITERATOR
                | kind::BYTES_ITERATOR
                | kind::BYTEARRAY_ITERATOR
                | kind::DICT_ITERATOR
                | kind::DICT_VALUE_ITERATOR
                | kind::DICT_ITEM_ITERATOR
                | kind::DICT_REVERSE_KEY_ITERATOR
                | kind::DICT_REVERSE_VALUE_ITERATOR
                | kind::DICT_REVERSE_ITEM_ITERATOR
                | kind::SET_ITERATOR
        )
}

/// Whether a method of a class takes its receiver as the first argument and no more is done to it.
fn takes_itself(method: &Value) -> bool {
    method.is_exact::<Function>() || method.get_exact::<Native>().is_some_and(|n| n.is_method)
}

/// A dict's iterator keeps in one word where it is and how many entries it may still give.
pub(super) const LEFT_SHIFT: u32 = 32;
/// From the end to the beginning, the values.
const BACKWARD_VALUES: u8 = BACKWARD | VALUES;
pub(super) const POSITION_MASK: usize = u32::MAX as usize;

impl Vm {
    /// What a native frame returns for "no more": the frame that asked gets Undef, a `for` loop ends.
    fn end_of_iteration(&mut self) -> Step {
        Step::Return(Value::UNDEF)
    }

    /// Whether `iter` would take this value.
    pub fn is_iterable(&mut self, value: &Value) -> bool {
        self.special_of(value, Special::Iter)
            .is_some_and(|m| !m.is_none())
            || self.is_sequence(value)
    }

    /// Whether the value has `__next__`.
    pub fn is_iterator(&mut self, value: &Value) -> bool {
        self.special_of(value, Special::Next).is_some()
    }

    /// `iter(value)`
    pub fn iter_step(&mut self, value: &Value) -> Step {
        if let Some(iterator) = self.native_iter(value) {
            return Step::Return(iterator);
        }
        match self.special_of(value, Special::Iter) {
            Some(method) if !method.is_none() => match self.leaf_of_one(&method, value) {
                Some(Ok(leaf)) => match leaf(self, std::slice::from_ref(value)) {
                    Ok(iterator) => self.checked_iterator(iterator),
                    Err(raised) => Step::Raise(raised),
                },
                Some(Err(raised)) => Step::Raise(raised),
                None => Step::Enter(&ITER_METHOD, smallvec::smallvec![method, value.clone()]),
            },
            None if self.is_sequence(value) => {
                Step::Return(SequenceIterator::alloc(value.clone(), 0, 0).into_value())
            }
            _ => {
                let name = self.type_name(value);
                Step::Raise(self.type_error(format!("'{name}' object is not iterable")))
            }
        }
    }

    /// What an `__iter__` gave, if it is an iterator.
    fn checked_iterator(&mut self, iterator: Value) -> Step {
        if self.is_iterator(&iterator) {
            return Step::Return(iterator);
        }
        let name = self.type_name(&iterator);
        Step::Raise(self.type_error(format!("iter() returned non-iterator of type '{name}'")))
    }

    /// The iterator of an exact built-in type.
    fn native_iter(&mut self, value: &Value) -> Option<Value> {
        let shape = value.shape();
        if shape >= crate::heap::FIRST_FREE_SHAPE {
            let generator = value.get::<Generator>()?;
            let iterates = matches!(generator.flavour, Flavour::Generator | Flavour::Wrapper);
            return iterates.then(|| value.clone());
        }
        Some(match shape as u8 {
            kind::LIST => ListIterator::alloc(value.clone(), 0, 0).into_value(),
            kind::TUPLE => TupleIterator::alloc(value.clone(), 0, 0).into_value(),
            kind::STR => str_iterator(value.clone()),
            kind::BYTES => BytesIterator::alloc(value.clone(), 0, 0).into_value(),
            kind::BYTEARRAY => ByteArrayIterator::alloc(value.clone(), 0, 0).into_value(),
            kind::DICT => self.dict_iterator(value, KEYS),
            kind::DICT_KEYS => self.dict_iterator(value.get::<DictKeys>()?.dict.as_value(), KEYS),
            kind::DICT_VALUES => {
                self.dict_iterator(value.get::<DictValues>()?.dict.as_value(), VALUES)
            }
            kind::DICT_ITEMS => {
                self.dict_iterator(value.get::<DictItems>()?.dict.as_value(), ITEMS)
            }
            kind::SET | kind::FROZENSET => {
                let len = with_table(value, SetTable::len)?;
                SetIterator::alloc(value.clone(), 0, len as u32).into_value()
            }
            kind::RANGE => range_iterator(value.get::<Range>()?, value),
            kind::GENERATOR
            | kind::LIST_ITERATOR
            | kind::LIST_REVERSE_ITERATOR
            | kind::DICT_VALUE_ITERATOR
            | kind::DICT_ITEM_ITERATOR
            | kind::DICT_REVERSE_KEY_ITERATOR
            | kind::DICT_REVERSE_VALUE_ITERATOR
            | kind::DICT_REVERSE_ITEM_ITERATOR
            | kind::STR_ASCII_ITERATOR
            | kind::BYTEARRAY_ITERATOR
            | kind::TUPLE_ITERATOR
            | kind::STR_ITERATOR
            | kind::BYTES_ITERATOR
            | kind::DICT_ITERATOR
            | kind::SET_ITERATOR
            | kind::RANGE_ITERATOR
            | kind::LONG_RANGE_ITERATOR
            | kind::SEQUENCE_ITERATOR
            | kind::CALL_ITERATOR
            | kind::REVERSED => value.clone(),
            // Whoever has a next at hand is an iterator, and so its own.
            kind if self.next_hooks[kind as usize].is_some() => value.clone(),
            _ => return None,
        })
    }

    /// An iterator over a dict; `mode` is KEYS, VALUES or ITEMS, plus BACKWARD.
    pub fn dict_iterator(&mut self, dict: &Value, mode: u8) -> Value {
        let Some(d) = dict.get::<Dict>() else {
            return Value::NONE;
        };
        let position = if mode & BACKWARD != 0 {
            d.table.borrow().end()
        } else {
            0
        };
        let position = position | d.len() << LEFT_SHIFT;
        let (dict, len) = (dict.clone(), d.len() as u32);
        match mode {
            KEYS => DictIterator::alloc(dict, position, len).into_value(),
            VALUES => DictValueIterator::alloc(dict, position, len).into_value(),
            ITEMS => DictItemIterator::alloc(dict, position, len).into_value(),
            BACKWARD => DictReverseKeyIterator::alloc(dict, position, len).into_value(),
            BACKWARD_VALUES => DictReverseValueIterator::alloc(dict, position, len).into_value(),
            _ => DictReverseItemIterator::alloc(dict, position, len).into_value(),
        }
    }

    /// Next value of an iterator; Undef at its end. For a generator the answer is `Step::Next` itself.
    pub fn next_step(&mut self, iterator: &Value) -> Step {
        if let Some(result) = self.native_next(iterator) {
            return match result {
                Ok(value) => Step::Return(value.unwrap_or(Value::UNDEF)),
                Err(raised) => Step::Raise(raised),
            };
        }
        if iterator.is_kind::<Generator>() {
            return Step::Next(iterator.clone());
        }
        if let Some(step) = self.next_by_call(iterator) {
            return step;
        }
        if iterator.is_exact::<SequenceIterator>() {
            return Step::Enter(&NEXT_ITEM, smallvec::smallvec![iterator.clone()]);
        }
        if iterator.is_exact::<CallIterator>() {
            return Step::Enter(&NEXT_CALL, smallvec::smallvec![iterator.clone()]);
        }
        match self.special_of(iterator, Special::Next) {
            Some(method) => match self.next_of_leaf(&method, iterator) {
                Some(Ok(value)) => Step::Return(value.unwrap_or(Value::UNDEF)),
                Some(Err(raised)) => Step::Raise(raised),
                None if takes_itself(&method) => Step::Next(iterator.clone()),
                None => Step::Enter(&NEXT_METHOD, smallvec::smallvec![method, iterator.clone()]),
            },
            None => {
                let name = self.type_name(iterator);
                Step::Raise(self.type_error(format!("'{name}' object is not an iterator")))
            }
        }
    }

    /// Next value of an iterator of a built-in type that runs no script; None for any other.
    pub fn native_next(&mut self, iterator: &Value) -> Option<R<Option<Value>>> {
        let shape = iterator.shape();
        self.pulls -= 1;
        if self.pulls < 0
            && let Err(raised) = self.count_pulls()
        {
            return Some(Err(raised));
        }
        if shape >= crate::heap::FIRST_FREE_SHAPE || !iterator.is_object() {
            return None;
        }
        Some(match shape as u8 {
            kind::LIST_ITERATOR => Ok(next_of_list(iterator.get::<ListIterator>()?)),
            kind::TUPLE_ITERATOR => Ok(next_of_tuple(iterator.get::<TupleIterator>()?)),
            kind::RANGE_ITERATOR => Ok(iterator.get::<RangeIterator>()?.step()),
            kind::LONG_RANGE_ITERATOR => {
                Ok(next_of_long_range(iterator.get::<LongRangeIterator>()?))
            }
            kind::STR_ITERATOR => Ok(next_of_str(iterator.get::<StrIterator>()?)),
            kind::STR_ASCII_ITERATOR => Ok(next_of_str(iterator.get::<StrAsciiIterator>()?)),
            kind::BYTES_ITERATOR => Ok(next_of_bytes(iterator.get::<BytesIterator>()?)),
            kind::BYTEARRAY_ITERATOR => Ok(next_of_bytes(iterator.get::<ByteArrayIterator>()?)),
            kind::LIST_REVERSE_ITERATOR => Ok(next_of_reversed_list(
                iterator.get::<ListReverseIterator>()?,
            )),
            kind::DICT_ITERATOR => self.next_of_dict(iterator.get::<DictIterator>()?, KEYS),
            kind::DICT_VALUE_ITERATOR => {
                self.next_of_dict(iterator.get::<DictValueIterator>()?, VALUES)
            }
            kind::DICT_ITEM_ITERATOR => {
                self.next_of_dict(iterator.get::<DictItemIterator>()?, ITEMS)
            }
            kind::DICT_REVERSE_KEY_ITERATOR => {
                self.next_of_dict(iterator.get::<DictReverseKeyIterator>()?, BACKWARD)
            }
            kind::DICT_REVERSE_VALUE_ITERATOR => {
                self.next_of_dict(iterator.get::<DictReverseValueIterator>()?, BACKWARD_VALUES)
            }
            kind::DICT_REVERSE_ITEM_ITERATOR => {
                self.next_of_dict(iterator.get::<DictReverseItemIterator>()?, BACKWARD | ITEMS)
            }
            kind::SET_ITERATOR => self.next_of_set(iterator.get::<SetIterator>()?),
            kind::REVERSED => self.next_reversed(iterator.get::<ReversedIterator>()?),
            kind => return self.next_hooks[kind as usize].and_then(|hook| hook(self, iterator)),
        })
    }

    /// What has to be called for the next value of a native iterator; see `NextStepHook`.
    pub(crate) fn next_by_call(&mut self, iterator: &Value) -> Option<Step> {
        let shape = iterator.shape();
        if shape >= crate::heap::FIRST_FREE_SHAPE {
            return None;
        }
        let hook = self.next_step_hooks[shape as usize]?;
        hook(self, iterator)
    }

    /// Whether an iterator is of a type that gives its items without a frame, mostly (see `TypeDef::next_at_once`).
    pub(crate) fn gives_at_once(&self, iterator: &Value) -> bool {
        let shape = iterator.shape();
        shape < crate::heap::FIRST_FREE_SHAPE && self.next_hooks[shape as usize].is_some()
    }

    /// As `native_next`, for any iterator whose `__next__` needs no frame.
    pub fn next_at_once(&mut self, iterator: &Value) -> Option<R<Option<Value>>> {
        if iterator.is_exact::<Generator>() {
            return None;
        }
        if let Some(result) = self.native_next(iterator) {
            return Some(result);
        }
        let method = self.special_of(iterator, Special::Next)?;
        self.next_of_leaf(&method, iterator)
    }

    /// As `next_at_once`, for an iterator that takes its items from this one. Only so many ask one another: the frames of a
    /// longer chain would each walk it down to where the Rust stack ends.
    pub(crate) fn next_below(&mut self, iterator: &Value) -> Option<R<Option<Value>>> {
        const DEEPEST: u32 = 32;
        if self.asking >= DEEPEST {
            return None;
        }
        self.asking += 1;
        let answer = self.next_at_once(iterator);
        self.asking -= 1;
        answer
    }

    fn next_of_leaf(&mut self, method: &Value, iterator: &Value) -> Option<R<Option<Value>>> {
        let leaf = match self.leaf_of_one(method, iterator)? {
            Ok(leaf) => leaf,
            Err(raised) => return Some(Err(raised)),
        };
        Some(match leaf(self, std::slice::from_ref(iterator)) {
            Ok(value) => Ok(Some(value)),
            Err(raised) if self.is_raised(&raised, Known::StopIteration) => Ok(None),
            Err(raised) => Err(raised),
        })
    }

    /// The leaf behind a native method that takes its receiver alone, if this may be one.
    fn leaf_of_one(&mut self, method: &Value, receiver: &Value) -> Option<R<Leaf>> {
        let native = method.get_exact::<Native>()?;
        let NativeCode::Leaf(leaf) = native.def.code else {
            return None;
        };
        if native.exact != 1 || !native.is_method {
            return None;
        }
        let checked = self.check_method_receiver(native, Some(receiver));
        Some(checked.map(|()| leaf))
    }

    fn next_of_dict<const K: Kind>(
        &mut self,
        iterator: &PositionIterator<K>,
        mode: u8,
    ) -> R<Option<Value>> {
        let source = iterator.source.get();
        let Some(dict) = source.get::<Dict>() else {
            return Ok(None);
        };
        if dict.len() as u32 != iterator.mark.get() {
            iterator.mark.set(u32::MAX);
            return Err(self.runtime_error("dictionary changed size during iteration"));
        }
        let (from, left) = (
            iterator.position.get() & POSITION_MASK,
            iterator.position.get() >> LEFT_SHIFT,
        );
        let entry = {
            let table = dict.table.borrow();
            let position = if mode & BACKWARD != 0 {
                table.position_before(from)
            } else {
                table.position_from(from)
            };
            position.and_then(|p| Some((p, table.key_at(p)?.clone(), table.value_at(p)?.clone())))
        };
        let Some((position, key, value)) = entry else {
            iterator.source.take();
            return Ok(None);
        };
        if left == 0 {
            // As many entries as there were have been seen: this one came meanwhile, for another.
            iterator.source.take();
            return Err(self.runtime_error("dictionary keys changed during iteration"));
        }
        let next = if mode & BACKWARD != 0 {
            position
        } else {
            position + 1
        };
        iterator.position.set(next | (left - 1) << LEFT_SHIFT);
        Ok(Some(match mode & !BACKWARD {
            KEYS => key,
            VALUES => value,
            _ => Tuple::pair(key, value).into_value(),
        }))
    }

    /// How many entries the iterator of a dict or a set may still give.
    pub(crate) fn left_in_table(&mut self, iterator: &Value) -> Option<usize> {
        macro_rules! left {
            ($($name:ident),+) => {
                $(if let Some(it) = iterator.get::<$name>() {
                    let source = it.source.get();
                    let unchanged = self.layout_len(&source) == Some(it.mark.get() as usize);
                    return Some(if unchanged { it.position.get() >> LEFT_SHIFT } else { 0 });
                })+
            };
        }
        left!(
            DictIterator,
            DictValueIterator,
            DictItemIterator,
            DictReverseKeyIterator,
            DictReverseValueIterator,
            DictReverseItemIterator
        );
        let it = iterator.get::<SetIterator>()?;
        let source = it.source.get();
        with_table(&source, |table| {
            if table.len() as u32 != it.mark.get() {
                return 0;
            }
            let mut at = it.position.get();
            let mut left = 0;
            while let Some((found, _, _)) = table.next_from(at) {
                at = found + 1;
                left += 1;
            }
            left
        })
        .or(Some(0))
    }

    fn next_of_set(&mut self, iterator: &SetIterator) -> R<Option<Value>> {
        let source = iterator.source.get();
        let next = with_table(&source, |table| {
            if table.len() as u32 != iterator.mark.get() {
                return Err(());
            }
            Ok(table
                .next_from(iterator.position.get())
                .map(|(at, _, key)| (at, key.clone())))
        });
        match next {
            Some(Ok(Some((at, key)))) => {
                iterator.position.set(at + 1);
                Ok(Some(key))
            }
            Some(Err(())) => {
                iterator.mark.set(u32::MAX);
                Err(self.runtime_error("Set changed size during iteration"))
            }
            _ => {
                iterator.source.take();
                Ok(None)
            }
        }
    }

    fn next_reversed(&mut self, iterator: &ReversedIterator) -> R<Option<Value>> {
        let source = iterator.source.get();
        let position = iterator.position.get();
        if source.is_undef() || position == 0 {
            iterator.source.take();
            return Ok(None);
        }
        iterator.position.set(position - 1);
        let step = self.get_item_step(&source, &int::from_usize(position - 1));
        match self.finish(step) {
            Ok(value) => Ok(Some(value)),
            Err(raised)
                if self.is_raised(&raised, Known::IndexError)
                    || self.is_raised(&raised, Known::StopIteration) =>
            {
                iterator.source.take();
                Ok(None)
            }
            Err(raised) => Err(raised),
        }
    }

    // Nested forms.

    /// `iter(value)`, nested.
    pub fn iter(&mut self, value: &Value) -> R {
        let step = self.iter_step(value);
        self.finish(step)
    }

    /// `next(iterator)`, nested; None at the end.
    pub fn next(&mut self, iterator: &Value) -> R<Option<Value>> {
        if let Some(result) = self.native_next(iterator) {
            return result;
        }
        let step = self.next_step(iterator);
        let value = self.finish(step)?;
        Ok((!value.is_undef()).then_some(value))
    }

    /// Extends a list by an iterable: at once where no script runs, else in a native frame.
    pub(crate) fn extend_list_step(&mut self, list: &Value, iterable: &Value) -> Step {
        let target = list.get::<List>().expect("the caller has a list");
        if let Some(tuple) = iterable.get_exact::<Tuple>() {
            let items = tuple.items().to_vec();
            return Step::from(self.push_all(target, items));
        }
        // Itself it takes as it is, whatever its class says of iteration.
        let source = iterable.get_exact::<List>();
        if let Some(source) = source.or(list.is(iterable).then_some(target)) {
            let items = match source.copy() {
                Ok(items) => items.into_vec(),
                Err(e) => return Step::Raise(self.out_of_memory(e)),
            };
            return Step::from(self.push_all(target, items));
        }
        self.fill_step(list, iterable)
    }

    fn push_all(&mut self, list: &List, items: Vec<Value>) -> R {
        let pushed = list.items.borrow_mut().extend(items.into_iter());
        pushed.map_err(|e| self.out_of_memory(e))?;
        Ok(Value::NONE)
    }

    /// Adds the members of an iterable to a set.
    pub(crate) fn update_set_step(&mut self, set: &Value, iterable: &Value) -> Step {
        if let Some(target) = set.to_ref::<Set>() {
            match self.set_merge(&target, iterable) {
                Ok(true) => return Step::Return(Value::NONE),
                Ok(false) => {}
                Err(raised) => return Step::Raise(raised),
            }
        }
        self.fill_step(set, iterable)
    }

    /// Fills a list or set from an iterable.
    pub(crate) fn fill_step(&mut self, target: &Value, iterable: &Value) -> Step {
        let iterator = match self.iter_step(iterable) {
            Step::Return(iterator) => iterator,
            Step::Raise(raised) => return Step::Raise(raised),
            step => match self.finish(step) {
                Ok(iterator) => iterator,
                Err(raised) => return Step::Raise(raised),
            },
        };
        if target.is_kind::<List>()
            && let Err(raised) = self.ask_length(iterable)
        {
            return Step::Raise(raised);
        }
        Step::Enter(&FILL, smallvec::smallvec![target.clone(), iterator])
    }
}

fn next_of_list(iterator: &ListIterator) -> Option<Value> {
    let position = iterator.position.get();
    if let Some(value) = iterator.source.as_value().get::<List>()?.get(position) {
        iterator.position.set(position + 1);
        return Some(value);
    }
    iterator.source.take();
    None
}

fn next_of_reversed_list(iterator: &ListReverseIterator) -> Option<Value> {
    let source = iterator.source.get();
    let position = iterator.position.get();
    let list = source.get::<List>()?;
    if let Some(value) = position.checked_sub(1).and_then(|p| list.get(p)) {
        iterator.position.set(position - 1);
        return Some(value);
    }
    // It keeps its list: `__setstate__` may put it back.
    iterator.position.set(0);
    None
}

pub(crate) fn next_of_tuple(iterator: &TupleIterator) -> Option<Value> {
    let position = iterator.position.get();
    let value = iterator.source.as_value().get::<Tuple>()?.get(position);
    match value {
        Some(_) => iterator.position.set(iterator.position.get() + 1),
        None => drop(iterator.source.take()),
    }
    value
}

fn next_of_long_range(iterator: &LongRangeIterator) -> Option<Value> {
    let range = iterator.range.get();
    let index = iterator.index.get();
    let value = range.get::<Range>()?.get(int::IntView::of(&index)?)?;
    let next = int::add(int::IntView::of(&index)?, int::IntView::Small(1)).ok()?;
    iterator.index.set(next);
    Some(value)
}

fn next_of_str<const K: Kind>(iterator: &PositionIterator<K>) -> Option<Value> {
    let source = iterator.source.get();
    let text = source.get::<Str>()?;
    let at = iterator.position.get();
    let bytes = text.bytes();
    if at >= bytes.len() {
        iterator.source.take();
        return None;
    }
    let mut points = crate::object::str::points(&bytes[at..]);
    let point = points.next()?;
    iterator.position.set(bytes.len() - points.rest().len());
    Some(Str::from_point(point).into_value())
}

fn next_of_bytes<const K: Kind>(iterator: &PositionIterator<K>) -> Option<Value> {
    let source = iterator.source.as_value();
    let at = iterator.position.get();
    let byte = match (source.get::<Bytes>(), source.get::<ByteArray>()) {
        (Some(bytes), _) => bytes.bytes().get(at).copied(),
        (_, Some(array)) => array.data.borrow().get(at).copied(),
        _ => None,
    };
    match byte {
        Some(byte) => {
            iterator.position.set(at + 1);
            Some(Value::int32(byte as i32))
        }
        None => {
            iterator.source.take();
            None
        }
    }
}

fn range_iterator(range: &Range, value: &Value) -> Value {
    short_range_iterator(range)
        .unwrap_or_else(|| LongRangeIterator::alloc(value.clone(), Value::int32(0)).into_value())
}

/// The iterator of a range whose numbers all are small.
#[inline]
pub(crate) fn short_range_iterator(range: &Range) -> Option<Value> {
    let (start, step, count) = range.words()?;
    let is_short = fits(start, step, count);
    is_short.then(|| RangeIterator::alloc(start, step, count as u64).into_value())
}

/// As `short_range_iterator`, from the last number to the first.
pub(crate) fn reversed_range_iterator(range: &Range) -> Option<Value> {
    let (start, step, count) = range.words()?;
    let last = start.checked_add(step.checked_mul(count - 1)?)?;
    let back = step.checked_neg()?;
    let is_short = fits(last, back, count);
    is_short.then(|| RangeIterator::alloc(last, back, count as u64).into_value())
}

fn fits(start: i64, step: i64, count: i64) -> bool {
    let last = step
        .checked_mul(count)
        .and_then(|way| start.checked_add(way));
    last.is_some_and(|last| Value::small_int(last).is_some()) && Value::small_int(start).is_some()
}
