//! What an iterable gives, nested; and how long it says that it is.

use super::Vm;
use super::special::Special;
use crate::heap::Value;
use crate::object::int;
use crate::object::iterator::{
    LongRangeIterator, RangeIterator, ReversedIterator, SequenceIterator,
};
use crate::object::list::List;
use crate::object::native::R;
use crate::object::tuple::Tuple;
use crate::vm::types::Known;

impl Vm {
    /// All values of an iterable, nested.
    pub fn collect(&mut self, iterable: &Value) -> R<Vec<Value>> {
        if let Some(tuple) = iterable.get_exact::<Tuple>() {
            return Ok(tuple.items().to_vec());
        }
        if let Some(list) = iterable.get_exact::<List>() {
            return Ok(self.lift(list.copy())?.into_vec());
        }
        let iterator = self.iter(iterable)?;
        self.rest_of(&iterator)
    }

    /// As `collect`, as CPython makes lists and tuples of iterables: it is asked how long it is.
    pub fn collect_hinted(&mut self, iterable: &Value) -> R<Vec<Value>> {
        if iterable.is_exact::<List>() || iterable.is_exact::<Tuple>() {
            return self.collect(iterable);
        }
        let iterator = self.iter(iterable)?;
        self.ask_length(iterable)?;
        self.rest_of(&iterator)
    }

    /// As `collect`, as CPython takes what it wants as a sequence: a list is made of its iterator.
    pub fn collect_fast(&mut self, iterable: &Value) -> R<Vec<Value>> {
        if iterable.is_exact::<List>() || iterable.is_exact::<Tuple>() {
            return self.collect(iterable);
        }
        let iterator = self.iter(iterable)?;
        self.collect_hinted(&iterator)
    }

    fn rest_of(&mut self, iterator: &Value) -> R<Vec<Value>> {
        let mut values = crate::heap::Buffer::new();
        while let Some(value) = self.next(iterator)? {
            if let Err(e) = values.push(value) {
                return Err(self.out_of_memory(e));
            }
        }
        Ok(values.into_vec())
    }

    /// Keeps what an iterator gave, for the frame that gathers the rest of it next.
    #[cold]
    pub(crate) fn keep_begun(&mut self, iterator: &Value, items: crate::heap::Buffer<Value>) {
        self.begun_items = Some((iterator.clone(), items));
    }

    /// What the iterator gave before, if it was kept.
    #[inline]
    pub(crate) fn take_begun(&mut self, iterator: &Value) -> Option<crate::heap::Buffer<Value>> {
        let taken = |begun: &mut (Value, _)| begun.0.is(iterator);
        self.begun_items.take_if(taken).map(|(_, items)| items)
    }

    /// Hands the items of an iterable on as they come.
    pub fn for_each(
        &mut self,
        iterable: &Value,
        mut each: impl FnMut(&mut Vm, Value) -> R<()>,
    ) -> R<()> {
        let iterator = self.iter(iterable)?;
        while let Some(value) = self.next(&iterator)? {
            each(self, value)?;
        }
        Ok(())
    }

    /// Asks an iterable of a script's class for its `__len__` or `__length_hint__`. The answer is of no
    /// use here, but an exception other than TypeError comes out, as it does in CPython.
    pub(crate) fn ask_length(&mut self, iterable: &Value) -> R<()> {
        let class = self.class_of(iterable);
        if class.has(crate::object::class::class_flags::BUILTIN) {
            // These ask a sequence of whatever class.
            if iterable.is_kind::<SequenceIterator>() || iterable.is_kind::<ReversedIterator>() {
                return self.ask_hint(iterable);
            }
            if let Some(numbers) = iterable.get::<RangeIterator>() {
                return self.check_room_for(usize::try_from(numbers.left()).unwrap_or(usize::MAX));
            }
            let long = iterable.is_kind::<LongRangeIterator>()
                || iterable.is_kind::<crate::object::range::Range>();
            return match long {
                true => self.len_hint_of_range(iterable),
                false => Ok(()),
            };
        }
        if self.special(&class, Special::Len).is_some() {
            return match self.len(iterable) {
                Err(raised) if !self.is_raised(&raised, Known::TypeError) => Err(raised),
                Err(_) => self.ask_hint(iterable),
                Ok(_) => Ok(()),
            };
        }
        self.ask_hint(iterable)
    }

    /// More numbers than a machine word counts are no list, nor are those for which there is no room.
    fn len_hint_of_range(&mut self, iterable: &Value) -> R<()> {
        let special = match iterable.is_kind::<LongRangeIterator>() {
            true => Special::LengthHint,
            false => {
                let count = self.len(iterable)?;
                return self.check_room_for(count);
            }
        };
        let Some(method) = self.special_of(iterable, special) else {
            return Ok(());
        };
        let step = self.call_special(method, iterable, &[]);
        let hint = self.finish(step)?;
        match int::IntView::of(&hint).and_then(int::IntView::as_i64) {
            Some(count) => self.check_room_for(count as usize),
            None => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }

    /// MemoryError where the system would not give the room for so many values.
    fn check_room_for(&mut self, count: usize) -> R<()> {
        const SURELY: usize = 1 << 28;
        let refused = count > SURELY && Vec::<u64>::new().try_reserve_exact(count).is_err();
        match refused {
            true => Err(self.out_of_memory(crate::heap::OutOfMemory)),
            false => Ok(()),
        }
    }

    fn ask_hint(&mut self, iterable: &Value) -> R<()> {
        let Some(method) = self.special_of(iterable, Special::LengthHint) else {
            return Ok(());
        };
        let step = self.call_special(method, iterable, &[]);
        let hint = match self.finish(step) {
            Err(raised) if self.is_raised(&raised, Known::TypeError) => return Ok(()),
            hint => hint?,
        };
        if hint.is_not_implemented() {
            return Ok(());
        }
        let Some(length) = int::IntView::of(&hint) else {
            let name = self.type_name(&hint);
            let text = format!("__length_hint__ must be an integer, not {name}");
            return Err(self.type_error(text));
        };
        if length.as_i64().is_none() {
            return Err(self.overflow_error("Python int too large to convert to C ssize_t"));
        }
        if length.is_negative() {
            return Err(self.value_error("__length_hint__() should return >= 0"));
        }
        Ok(())
    }
}
