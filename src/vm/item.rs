//! `x[key]`: reading, setting and deleting items and slices.

use super::Vm;
use super::compare::is_plain;
use crate::heap::{Buffer, Ref, Value};
use crate::object::bytes::{self, ByteArray, Bytes};
use crate::object::class::{Class, class_flags};
use crate::object::dict::Dict;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::list::List;
use crate::object::native::{R, Raised, Step};
use crate::object::range::Range;
use crate::object::slice::{Bounds, Indices, Slice};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::special::Special;
use crate::vm::types::{Known, is_core_method};

impl Vm {
    /// `obj[key]`
    pub fn get_item_step(&mut self, obj: &Value, key: &Value) -> Step {
        if is_plain(obj)
            && let Some(result) = self.layout_get_item(obj, key)
        {
            return result.into();
        }
        let class = self.class_of(obj);
        match self.special(&class, Special::GetItem) {
            Some(method) => {
                if is_core_method(&method) {
                    if obj.is_kind::<Dict>() {
                        return self.dict_item_step(obj, key);
                    }
                    if let Some(result) = self.layout_get_item(obj, key) {
                        return result.into();
                    }
                }
                if let Some(result) = self.call_at_once(&method, &[obj.clone(), key.clone()]) {
                    return result.into();
                }
                self.call_special(method, obj, std::slice::from_ref(key))
            }
            None if obj.is_kind::<Class>() => self.class_item_step(obj, key),
            None => {
                let name = self.type_name(obj);
                Step::Raise(self.type_error(format!("'{name}' object is not subscriptable")))
            }
        }
    }

    /// `obj[key]`, nested.
    pub fn get_item(&mut self, obj: &Value, key: &Value) -> R {
        let step = self.get_item_step(obj, key);
        self.finish(step)
    }

    /// `class[key]`: `__class_getitem__`.
    fn class_item_step(&mut self, obj: &Value, key: &Value) -> Step {
        let ty = self.known_class(Known::Type);
        if obj.is(ty.as_value()) {
            let key = if key.is_kind::<Tuple>() {
                key.clone()
            } else {
                Tuple::one(key.clone()).into_value()
            };
            return Step::Return(
                crate::object::descriptor::GenericAlias::alloc(obj.clone(), key, Value::FALSE)
                    .into_value(),
            );
        }
        let name = self.names.of(Special::ClassGetItem).clone();
        let Some(class) = obj.to_ref::<Class>() else {
            return Step::Return(Value::NONE);
        };
        let Some(method) = self.lookup_in_class(&class, name.as_value()) else {
            let text = format!("type '{}' is not subscriptable", self.class_name(&class));
            return Step::Raise(self.type_error(text));
        };
        let step = self.descriptor_get_on_class(&method, &class);
        match self.finish(step) {
            Ok(bound) => Step::TailCall(bound, smallvec::smallvec![key.clone()]),
            Err(raised) => Step::Raise(raised),
        }
    }

    /// An item of a subclass of dict, which may have `__missing__`.
    fn dict_item_step(&mut self, obj: &Value, key: &Value) -> Step {
        let found = match obj.get::<Dict>() {
            Some(dict) => self.dict_get(dict, key),
            None => Ok(None),
        };
        match found {
            Ok(Some(value)) => return Step::Return(value),
            Ok(None) => {}
            Err(raised) => return Step::Raise(raised),
        }
        match self.special_of(obj, Special::Missing) {
            Some(method) => self.call_special(method, obj, std::slice::from_ref(key)),
            None => Step::Raise(self.key_error(key)),
        }
    }

    /// An item of an object laid out as a built-in container; None for anything else.
    pub fn layout_get_item(&mut self, obj: &Value, key: &Value) -> Option<R> {
        let kind = self.kind_of(obj);
        Some(match kind {
            kind::LIST => match key.as_small_int() {
                Some(i) => self.list_item(obj, i),
                None => self.sequence_item(kind, obj, key),
            },
            kind::DICT => self.dict_item(obj, key),
            kind::TUPLE => match key.as_small_int() {
                Some(i) => self.tuple_item(obj, i),
                None => self.sequence_item(kind, obj, key),
            },
            kind::STR if key.is_small_int() => self.character(obj, key.as_small_int().unwrap_or(0)),
            kind::STR | kind::BYTES | kind::BYTEARRAY | kind::RANGE => {
                self.sequence_item(kind, obj, key)
            }
            _ => return None,
        })
    }

    fn list_item(&mut self, obj: &Value, index: i64) -> R {
        let Some(list) = obj.get::<List>() else {
            return Ok(Value::NONE);
        };
        match place(index, list.len()).and_then(|i| list.get(i)) {
            Some(item) => Ok(item),
            None => Err(self.index_error("list index out of range")),
        }
    }

    fn tuple_item(&mut self, obj: &Value, index: i64) -> R {
        let Some(tuple) = obj.get::<Tuple>() else {
            return Ok(Value::NONE);
        };
        match place(index, tuple.len()).and_then(|i| tuple.get(i)) {
            Some(item) => Ok(item),
            None => Err(self.index_error("tuple index out of range")),
        }
    }

    fn character(&mut self, obj: &Value, index: i64) -> R {
        let text = obj.get::<Str>();
        match text.and_then(|s| s.char_value(place(index, s.len())?)) {
            Some(character) => Ok(character),
            None => Err(self.index_error("string index out of range")),
        }
    }

    fn dict_item(&mut self, obj: &Value, key: &Value) -> R {
        let Some(dict) = obj.get::<Dict>() else {
            return Ok(Value::NONE);
        };
        match self.dict_get(dict, key)? {
            Some(value) => Ok(value),
            None => Err(self.key_error(key)),
        }
    }

    fn sequence_item(&mut self, kind: u8, obj: &Value, key: &Value) -> R {
        if let Some(slice) = key.to_ref::<Slice>() {
            return self.slice_of(kind, obj, &slice);
        }
        if !self.has_index(key) {
            return Err(self.bad_index(kind, key));
        }
        let index = self.index_value(key)?;
        if kind == kind::RANGE {
            return match obj.get::<Range>().and_then(|r| r.get(IntView::of(&index)?)) {
                Some(number) => Ok(number),
                None => Err(self.index_error("range object index out of range")),
            };
        }
        let Some(i) = IntView::of(&index).and_then(IntView::as_i64) else {
            let given = self.type_name(key);
            return Err(
                self.index_error(format!("cannot fit '{given}' into an index-sized integer"))
            );
        };
        match kind {
            kind::LIST => self.list_item(obj, i),
            kind::TUPLE => self.tuple_item(obj, i),
            kind::STR => match obj
                .get::<Str>()
                .and_then(|s| s.char_value(place(i, s.len())?))
            {
                Some(character) => Ok(character),
                None => Err(self.index_error("string index out of range")),
            },
            _ => match bytes::with_bytes(obj, |b| place(i, b.len()).map(|i| b[i])).flatten() {
                Some(byte) => Ok(Value::int32(byte as i32)),
                None if kind == kind::BYTEARRAY => {
                    Err(self.index_error("bytearray index out of range"))
                }
                None => Err(self.index_error("index out of range")),
            },
        }
    }

    fn bad_index(&mut self, kind: u8, key: &Value) -> Raised {
        let given = self.type_name(key);
        let what = match kind {
            kind::STR => {
                return self.type_error(format!("string indices must be integers, not '{given}'"));
            }
            kind::LIST => "list",
            kind::TUPLE => "tuple",
            kind::BYTES => "byte",
            kind::BYTEARRAY => "bytearray",
            _ => "range",
        };
        self.type_error(format!(
            "{what} indices must be integers or slices, not {given}"
        ))
    }

    /// The indices that a slice names in a sequence, whose length is asked for when no script runs any more.
    pub fn slice_indices(&mut self, slice: &Slice, len: impl FnOnce() -> usize) -> R<Indices> {
        let bounds = self.slice_bounds(slice)?;
        self.lift(bounds.within(len()))
    }

    /// The bounds of a slice. Scripts may be asked for them.
    pub fn slice_bounds(&mut self, slice: &Slice) -> R<Bounds> {
        if let Some(simple) = slice.simple_bounds() {
            return Ok(simple);
        }
        let (start, stop, step) = (slice.start.clone(), slice.stop.clone(), slice.step.clone());
        let step = self.slice_bound(&step)?;
        if step == Some(0) {
            return Err(self.value_error("slice step cannot be zero"));
        }
        let start = self.slice_bound(&start)?;
        let stop = self.slice_bound(&stop)?;
        Ok(Bounds { start, stop, step })
    }

    fn slice_bound(&mut self, bound: &Value) -> R<Option<i64>> {
        if bound.is_none() {
            return Ok(None);
        }
        if !self.has_index(bound) {
            return Err(self
                .type_error("slice indices must be integers or None or have an __index__ method"));
        }
        self.index_clamped(bound).map(Some)
    }

    fn slice_of(&mut self, kind: u8, obj: &Value, slice: &Ref<Slice>) -> R {
        if kind == kind::RANGE {
            return self.slice_of_range(obj, slice);
        }
        let bounds = self.slice_bounds(slice)?;
        let len = self.layout_len(obj).unwrap_or(0);
        let found = self.lift(bounds.within(len))?;
        let result = match kind {
            kind::LIST => {
                let Some(list) = obj.get::<List>() else {
                    return Ok(Value::NONE);
                };
                let items = list.items.borrow();
                pick(&items, found).map(|items| List::new(items).into_value())
            }
            kind::TUPLE => {
                if found.count == len && found.step == 1 && obj.is_exact::<Tuple>() {
                    return Ok(obj.clone());
                }
                let Some(tuple) = obj.get::<Tuple>() else {
                    return Ok(Value::NONE);
                };
                let at = |i: usize| {
                    found
                        .start
                        .wrapping_add_signed(found.step.wrapping_mul(i as isize))
                };
                Tuple::build(found.count, |i| tuple.get(at(i)).unwrap_or_default())
                    .map(Ref::into_value)
            }
            kind::STR => {
                let Some(text) = obj.get::<Str>() else {
                    return Ok(Value::NONE);
                };
                if found.count == len && found.step == 1 && obj.is_exact::<Str>() {
                    return Ok(obj.clone());
                }
                text.stepped(found.start, found.step, found.count)
                    .map(Ref::into_value)
            }
            _ => {
                let part = bytes::with_bytes(obj, |b| pick(b, found)).unwrap_or(Ok(Buffer::new()));
                match part {
                    Ok(part) if kind == kind::BYTEARRAY => Ok(ByteArray::new(part).into_value()),
                    Ok(part) => Bytes::new(&part).map(Ref::into_value),
                    Err(e) => Err(e),
                }
            }
        };
        self.lift(result)
    }

    fn slice_of_range(&mut self, obj: &Value, slice: &Ref<Slice>) -> R {
        let mut bounds = [Value::NONE, Value::NONE, Value::NONE];
        // The step is looked at first, as CPython does.
        for (at, given) in [(2, &slice.step), (0, &slice.start), (1, &slice.stop)] {
            if given.is_none() {
                continue;
            }
            if !self.has_index(given) {
                return Err(self.type_error(
                    "slice indices must be integers or None or have an __index__ method",
                ));
            }
            bounds[at] = self.index_value(given)?;
            if at == 2 && IntView::of(&bounds[at]).is_some_and(IntView::is_zero) {
                return Err(self.value_error("slice step cannot be zero"));
            }
        }
        let [start, stop, step] = &bounds;
        match obj.get::<Range>() {
            Some(range) => Ok(range
                .slice(IntView::of(start), IntView::of(stop), IntView::of(step))
                .into_value()),
            None => Ok(Value::NONE),
        }
    }

    /// `obj[key] = value`
    pub fn set_item_step(&mut self, obj: &Value, key: &Value, value: &Value) -> Step {
        if is_plain(obj)
            && let Some(result) = self.layout_set_item(obj, key, value)
        {
            return result.map(|()| Value::NONE).into();
        }
        let class = self.class_of(obj);
        let Some(method) = self.special(&class, Special::SetItem) else {
            // What can delete items has a slot for assigning them too, and the slot misses the method.
            if !class.has(class_flags::BUILTIN) && self.special(&class, Special::DelItem).is_some()
            {
                return Step::Raise(self.attribute_error_plain("__setitem__"));
            }
            if self.has_sequence_slots(obj)
                && let Err(raised) = self.key_as_number(key)
            {
                return Step::Raise(raised);
            }
            let name = self.type_name(obj);
            return Step::Raise(
                self.type_error(format!("'{name}' object does not support item assignment")),
            );
        };
        if is_core_method(&method)
            && let Some(result) = self.layout_set_item(obj, key, value)
        {
            return result.map(|()| Value::NONE).into();
        }
        let args = [obj.clone(), key.clone(), value.clone()];
        if let Some(result) = self.call_at_once(&method, &args) {
            return result.into();
        }
        self.call_special(method, obj, &args[1..])
    }

    /// `obj[key] = value`, nested.
    pub fn set_item(&mut self, obj: &Value, key: &Value, value: &Value) -> R<()> {
        let step = self.set_item_step(obj, key, value);
        self.finish(step).map(drop)
    }

    pub fn layout_set_item(&mut self, obj: &Value, key: &Value, value: &Value) -> Option<R<()>> {
        Some(match self.kind_of(obj) {
            kind::LIST => self.set_list_item(obj, key, Some(value)),
            kind::DICT => match obj.get::<Dict>() {
                Some(dict) => self.dict_set(dict, key, value.clone()),
                None => Ok(()),
            },
            kind::BYTEARRAY => self.set_byte(obj, key, Some(value)),
            _ => return None,
        })
    }

    /// `del obj[key]`
    pub fn delete_item_step(&mut self, obj: &Value, key: &Value) -> Step {
        if is_plain(obj)
            && let Some(result) = self.layout_delete_item(obj, key)
        {
            return result.map(|()| Value::NONE).into();
        }
        let class = self.class_of(obj);
        let Some(method) = self.special(&class, Special::DelItem) else {
            if !class.has(class_flags::BUILTIN) && self.special(&class, Special::SetItem).is_some()
            {
                return Step::Raise(self.attribute_error_plain("__delitem__"));
            }
            // CPython asks the sequence protocol only where the key could be an index.
            let verb = match self.has_sequence_slots(obj) {
                true => match self.key_as_number(key) {
                    Ok(true) => "doesn't",
                    Ok(false) => "does not",
                    Err(raised) => return Step::Raise(raised),
                },
                false => "does not",
            };
            let name = self.type_name(obj);
            return Step::Raise(
                self.type_error(format!("'{name}' object {verb} support item deletion")),
            );
        };
        if is_core_method(&method)
            && let Some(result) = self.layout_delete_item(obj, key)
        {
            return result.map(|()| Value::NONE).into();
        }
        self.call_special(method, obj, std::slice::from_ref(key))
    }

    /// Whether CPython's type of a value has the slots of sequences, be they empty.
    fn has_sequence_slots(&mut self, value: &Value) -> bool {
        const KINDS: [crate::heap::Kind; 10] = [
            kind::MAPPINGPROXY,
            kind::TUPLE,
            kind::STR,
            kind::BYTES,
            kind::RANGE,
            kind::SET,
            kind::FROZENSET,
            kind::DICT_KEYS,
            kind::DICT_VALUES,
            kind::DICT_ITEMS,
        ];
        let kind = self.kind_of(value);
        !self.class_of(value).has(class_flags::BUILTIN)
            || KINDS.contains(&kind)
            || kind >= kind::DEQUE && kind != kind::ODICT_ITERATOR
    }

    /// Whether a key could be an index; it is asked for its number, which may fail.
    fn key_as_number(&mut self, key: &Value) -> R<bool> {
        if !self.has_index(key) {
            return Ok(false);
        }
        self.small_index(key).map(|_| true)
    }

    pub fn layout_delete_item(&mut self, obj: &Value, key: &Value) -> Option<R<()>> {
        Some(match self.kind_of(obj) {
            kind::LIST => self.set_list_item(obj, key, None),
            kind::DICT => {
                let dict = obj.to_ref::<Dict>()?;
                match self.dict_remove(&dict, key) {
                    Ok(Some(old)) => {
                        drop(old);
                        Ok(())
                    }
                    Ok(None) => Err(self.key_error(key)),
                    Err(raised) => Err(raised),
                }
            }
            kind::BYTEARRAY => self.set_byte(obj, key, None),
            _ => return None,
        })
    }

    /// Sets or deletes an item or a slice of a list.
    fn set_list_item(&mut self, obj: &Value, key: &Value, value: Option<&Value>) -> R<()> {
        let Some(list) = obj.to_ref::<List>() else {
            return Ok(());
        };
        if let Some(slice) = key.to_ref::<Slice>() {
            return match value {
                Some(value) => self.set_list_slice(&list, &slice, value),
                None => self.delete_list_slice(&list, &slice),
            };
        }
        let index = match key.as_small_int() {
            Some(i) => i,
            None if self.has_index(key) => self.small_index(key)?,
            None => return Err(self.bad_index(kind::LIST, key)),
        };
        let Some(i) = place(index, list.len()) else {
            return Err(self.index_error("list assignment index out of range"));
        };
        let old = match value {
            Some(value) => list.set(i, value.clone()).unwrap_or_default(),
            None => list.items.borrow_mut().remove(i),
        };
        drop(old);
        Ok(())
    }

    fn small_index(&mut self, key: &Value) -> R<i64> {
        self.index(key)
    }

    fn set_list_slice(&mut self, list: &Ref<List>, slice: &Ref<Slice>, value: &Value) -> R<()> {
        let bounds = self.slice_bounds(slice)?;
        self.lift(bounds.within(list.len()))?;
        if !self.is_iterable(value) {
            return Err(self.type_error("must assign iterable to extended slice"));
        }
        let with = match value.is(list.as_value()) {
            true => {
                let copy = list.copy();
                self.lift(copy)?.into_vec()
            }
            false => self.collect_fast(value)?,
        };
        let found = self.lift(bounds.within(list.len()))?;
        if found.step == 1 {
            let old = list.items.borrow_mut().splice(found.range(), with);
            // The last of them goes first, as in CPython.
            self.lift(old)?.into_iter().rev().for_each(drop);
            return Ok(());
        }
        if with.len() != found.count {
            let text = format!(
                "attempt to assign sequence of size {} to extended slice of size {}",
                with.len(),
                found.count
            );
            return Err(self.value_error(text));
        }
        let mut old = Vec::with_capacity(with.len());
        for (i, item) in found.iter().zip(with) {
            old.push(list.set(i, item));
        }
        drop(old);
        Ok(())
    }

    fn delete_list_slice(&mut self, list: &Ref<List>, slice: &Ref<Slice>) -> R<()> {
        let found = self.slice_indices(slice, || list.len())?;
        if found.step == 1 {
            let old: Vec<Value> = list.items.borrow_mut().drain(found.range()).collect();
            old.into_iter().rev().for_each(drop);
            return Ok(());
        }
        let gone: std::collections::HashSet<usize> = found.iter().collect();
        let items = list.take().into_vec();
        let (mut kept, mut old) = (Vec::with_capacity(items.len()), Vec::new());
        for (i, item) in items.into_iter().enumerate() {
            if gone.contains(&i) {
                old.push(item)
            } else {
                kept.push(item)
            }
        }
        let empty = list.items.replace(Buffer::from_vec(kept));
        drop((empty, old));
        Ok(())
    }

    /// Sets or deletes a byte or a slice of a bytearray.
    fn set_byte(&mut self, obj: &Value, key: &Value, value: Option<&Value>) -> R<()> {
        let Some(array) = obj.to_ref::<ByteArray>() else {
            return Ok(());
        };
        if let Some(slice) = key.to_ref::<Slice>() {
            let mut bounds = self.slice_bounds(&slice)?;
            self.lift(bounds.within(array.len()))?;
            let with = match value {
                Some(value) => {
                    let with = self.bytes_to_assign(value)?;
                    // What is no bytearray is made one, and all begins anew.
                    if !value.is_kind::<ByteArray>() {
                        bounds = self.slice_bounds(&slice)?;
                    }
                    with
                }
                None => Vec::new(),
            };
            let deleting = with.is_empty();
            return self.set_byte_slice(&array, bounds, with, deleting);
        }
        if !self.has_index(key) {
            return Err(self.bad_index(kind::BYTEARRAY, key));
        }
        let index = self.small_index(key)?;
        let byte = match value {
            Some(value) => Some(self.byte(value)?),
            None => None,
        };
        let Some(i) = place(index, array.len()) else {
            return Err(self.index_error("bytearray index out of range"));
        };
        match byte {
            Some(byte) => {
                if let Some(place) = array.data.borrow_mut().get_mut(i) {
                    *place = byte;
                }
            }
            None => {
                self.check_resizable(&array)?;
                array.data.borrow_mut().remove(i);
            }
        }
        Ok(())
    }

    /// BufferError if a bytearray may not change its size now.
    pub fn check_resizable(&mut self, array: &ByteArray) -> R<()> {
        self.check_not_exported(array.exports.get() > 0)
    }

    /// BufferError if a bytearray cannot grow by what is given: a view on it, or it itself.
    pub fn check_grows_by(&mut self, array: &ByteArray, more: &Value) -> R<()> {
        let itself = more
            .get::<ByteArray>()
            .is_some_and(|more| std::ptr::eq(more, array));
        self.check_not_exported(itself && !array.is_empty() || array.exports.get() > 0)
    }

    fn check_not_exported(&mut self, exported: bool) -> R<()> {
        if exported {
            return Err(self.buffer_error("Existing exports of data: object cannot be re-sized"));
        }
        Ok(())
    }

    /// A value as a byte.
    pub fn byte(&mut self, value: &Value) -> R<u8> {
        match u8::try_from(self.index_clamped(value)?) {
            Ok(byte) => Ok(byte),
            Err(_) => Err(self.value_error("byte must be in range(0, 256)")),
        }
    }

    fn bytes_to_assign(&mut self, value: &Value) -> R<Vec<u8>> {
        if let Some(data) = bytes::with_bytes(value, <[u8]>::to_vec) {
            return Ok(data);
        }
        if value.is_kind::<Str>() || self.is_number(value) {
            return Err(self.type_error(
                "can assign only bytes, buffers, or iterables of ints in range(0, 256)",
            ));
        }
        if !self.is_iterable(value) {
            let given = self.type_name(value);
            return Err(self.type_error(format!("cannot convert '{given}' object to bytearray")));
        }
        let mut found = Vec::new();
        self.for_each(value, |vm, item| {
            found.push(vm.byte(&item)?);
            Ok(())
        })?;
        Ok(found)
    }

    fn set_byte_slice(
        &mut self,
        array: &Ref<ByteArray>,
        bounds: Bounds,
        with: Vec<u8>,
        deleting: bool,
    ) -> R<()> {
        let found = self.lift(bounds.within(array.len()))?;
        if found.count != with.len() && (found.step == 1 || deleting) {
            self.check_resizable(array)?;
        }
        if found.step == 1 {
            let result = array.data.borrow_mut().splice(found.range(), with);
            return self.lift(result).map(drop);
        }
        if deleting {
            let gone: std::collections::HashSet<usize> = found.iter().collect();
            let data = array.data.borrow_mut().take().into_vec();
            let kept = data
                .into_iter()
                .enumerate()
                .filter(|(i, _)| !gone.contains(i))
                .map(|(_, b)| b)
                .collect();
            *array.data.borrow_mut() = Buffer::from_vec(kept);
            return Ok(());
        }
        if with.len() != found.count {
            let text = format!(
                "attempt to assign bytes of size {} to extended slice of size {}",
                with.len(),
                found.count
            );
            return Err(self.value_error(text));
        }
        let mut data = array.data.borrow_mut();
        for (i, byte) in found.iter().zip(with) {
            data[i] = byte;
        }
        Ok(())
    }
}

/// The index from the front of one that may count from the end.
#[inline]
pub fn place(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 {
        index.checked_add(len as i64)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|&i| i < len)
}

fn pick<T: Clone>(items: &[T], found: Indices) -> Result<Buffer<T>, crate::heap::OutOfMemory> {
    if found.step == 1 {
        return Buffer::copy_of(&items[found.range()]);
    }
    let mut out = Buffer::with_room(found.count)?;
    out.extend(found.iter().map(|i| items[i].clone()))?;
    Ok(out)
}
