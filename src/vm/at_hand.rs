//! Items that are at hand: the next ones of iterators over built-in collections, for loops that the dispatch loop runs
//! without a look at anything else.

use std::cell::Cell;

use super::Vm;
use super::iter::{LEFT_SHIFT, POSITION_MASK};
use crate::heap::{Field, Kind, Value};
use crate::object::bytes::Bytes;
use crate::object::dict::Dict;
use crate::object::iterator::{
    BytesIterator, DictItemIterator, DictIterator, DictValueIterator, ListIterator,
    PositionIterator, RangeIterator, SetIterator, StrAsciiIterator, TupleIterator,
};
use crate::object::kind;
use crate::object::list::List;
use crate::object::set::{FrozenSet, Set};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// The entry at which an iterator over an unchanged dict stands, which it then leaves behind; None where the general way
/// must look.
#[inline(always)]
fn entry_of_dict<const K: Kind>(iterator: &PositionIterator<K>) -> Option<(&Value, &Value)> {
    let dict = iterator.source.as_value().get_exact::<Dict>()?;
    let place = iterator.position.get();
    if dict.len() as u32 != iterator.mark.get() || place >> LEFT_SHIFT == 0 {
        return None;
    }
    let (position, key, value) = dict.entry_from(place & POSITION_MASK)?;
    iterator
        .position
        .set((position + 1) | ((place >> LEFT_SHIFT) - 1) << LEFT_SHIFT);
    Some((key, value))
}

impl Vm {
    /// Whether an iterator over a list, a tuple, a range or an ASCII text has more; false for any other.
    #[inline]
    pub(crate) fn has_next_of_core(&self, iterator: &Value) -> bool {
        let position = |source: &Field, at: &Cell<usize>| {
            let source = source.as_value();
            if let Some(list) = source.get_exact::<List>() {
                return at.get() < list.len();
            }
            if let Some(tuple) = source.get_exact::<Tuple>() {
                return at.get() < tuple.len();
            }
            source
                .get_exact::<Str>()
                .is_some_and(|text| at.get() < text.len())
        };
        if let Some(it) = iterator.get_exact::<ListIterator>() {
            return position(&it.source, &it.position);
        }
        if let Some(it) = iterator.get_exact::<TupleIterator>() {
            return position(&it.source, &it.position);
        }
        if let Some(it) = iterator.get_exact::<StrAsciiIterator>() {
            return position(&it.source, &it.position);
        }
        iterator
            .get_exact::<RangeIterator>()
            .is_some_and(|it| it.left() > 0)
    }

    /// The next pair of an iterator that gives pairs; None where the general way must look.
    #[inline]
    pub(crate) fn next_pair(&mut self, iterator: &Value) -> Option<(Value, Value)> {
        let shape = iterator.shape();
        if shape == kind::DICT_ITEM_ITERATOR as u32 {
            let (key, value) = entry_of_dict(iterator.get_exact::<DictItemIterator>()?)?;
            return Some((key.clone(), value.clone()));
        }
        // Both items of a pair have to come, or none.
        if shape >= crate::heap::FIRST_FREE_SHAPE || self.pulls < 4 {
            return None;
        }
        let hook = self.pair_hooks[shape as usize]?;
        hook(self, iterator)
    }

    /// The next value of an iterator over a tuple, a dict or a text that has more of them; None at the end, and for
    /// any other iterator: then it was not touched.
    #[inline]
    pub(crate) fn next_of_core(&mut self, iterator: &Value) -> Option<Value> {
        let shape = iterator.shape();
        if shape >= crate::heap::FIRST_FREE_SHAPE || self.pulls <= 0 {
            return None;
        }
        self.pulls -= 1;
        match shape as u8 {
            kind::LIST_ITERATOR => iterator.get_exact::<ListIterator>()?.step(),
            kind::RANGE_ITERATOR => iterator.get_exact::<RangeIterator>()?.step(),
            kind::TUPLE_ITERATOR => {
                let iterator = iterator.get_exact::<TupleIterator>()?;
                let tuple = iterator.source.as_value().get_exact::<Tuple>()?;
                let item = tuple.items().get(iterator.position.get())?.clone();
                iterator.position.set(iterator.position.get() + 1);
                Some(item)
            }
            kind::SET_ITERATOR => {
                let iterator = iterator.get_exact::<SetIterator>()?;
                let source = iterator.source.as_value();
                let table = match source.get_exact::<Set>() {
                    Some(set) => set.peek(),
                    None => source.get_exact::<FrozenSet>()?.table(),
                };
                if table.len() as u32 != iterator.mark.get() {
                    return None;
                }
                let (at, _, member) = table.next_from(iterator.position.get())?;
                iterator.position.set(at + 1);
                Some(member.clone())
            }
            kind::DICT_ITERATOR => {
                entry_of_dict(iterator.get_exact::<DictIterator>()?).map(|(key, _)| key.clone())
            }
            kind::DICT_VALUE_ITERATOR => entry_of_dict(iterator.get_exact::<DictValueIterator>()?)
                .map(|(_, value)| value.clone()),
            kind::DICT_ITEM_ITERATOR => entry_of_dict(iterator.get_exact::<DictItemIterator>()?)
                .map(|(key, value)| Tuple::pair(key.clone(), value.clone()).into_value()),
            kind::BYTES_ITERATOR => {
                let iterator = iterator.get_exact::<BytesIterator>()?;
                let bytes = iterator.source.as_value().get_exact::<Bytes>()?;
                let byte = *bytes.bytes().get(iterator.position.get())?;
                iterator.position.set(iterator.position.get() + 1);
                Some(Value::int32(i32::from(byte)))
            }
            kind::STR_ASCII_ITERATOR => {
                let iterator = iterator.get_exact::<StrAsciiIterator>()?;
                let text = iterator.source.as_value().get_exact::<Str>()?;
                let byte = *text.bytes().get(iterator.position.get())?;
                iterator.position.set(iterator.position.get() + 1);
                Some(Str::from_point(byte as u32).into_value())
            }
            _ => None,
        }
    }
}
