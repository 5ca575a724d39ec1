//! Looking up and setting keys without script code, for the dispatch loop.

use super::{Dict, DictTable, Entry, Index, MOST_MISMATCHES, Probe, WITHOUT_INDEX};
use crate::heap::{Buffer, Value};
use crate::object::compare::simple_eq;
use crate::object::hash::simple_hash;
use crate::object::str::Str;

impl DictTable {
    /// Where a key with that hash is; `Ask` where script code must say, or too many keys have the hash.
    #[inline]
    fn lookup(&self, key: &Value, hash: i64) -> Probe {
        let mut at = self.start(hash);
        let mut mismatches = 0;
        while let Some(position) = self.candidate(hash, &mut at) {
            let stored = &self.entries[position].key;
            if stored.is(key) {
                return Probe::Hit(position);
            }
            match simple_eq(stored, key) {
                Some(true) => return Probe::Hit(position),
                Some(false) if mismatches < MOST_MISMATCHES => mismatches += 1,
                _ => return Probe::Ask(position),
            }
        }
        Probe::Absent
    }
}

impl DictTable {
    /// A table of `n` pairs that lie at `pairs` and are moved into it, where the keys are few and different names. None, and
    /// nothing was moved, otherwise.
    ///
    /// # Safety
    /// The pairs are there, and the caller does not look at them again if there is a table.
    pub(crate) unsafe fn of_interned(pairs: *mut Value, n: usize) -> Option<DictTable> {
        if n == 0 || n > WITHOUT_INDEX {
            return None;
        }
        // SAFETY: the caller's promise.
        let key = |i: usize| unsafe { &*pairs.add(2 * i) };
        for i in 0..n {
            // Interned strings are equal only if they are the same.
            if !key(i).get_exact::<Str>()?.is_interned() || (0..i).any(|j| key(j).is(key(i))) {
                return None;
            }
        }
        let entries = Buffer::build(n, |i| Entry {
            hash: key(i).get_exact::<Str>().map_or(0, Str::hash),
            // SAFETY: each is moved once.
            key: unsafe { pairs.add(2 * i).read() },
            value: unsafe { pairs.add(2 * i + 1).read() },
        });
        Some(DictTable {
            entries: entries.ok()?,
            live: n,
            mutation: n as u32,
            ..DictTable::new()
        })
    }
}

impl Dict {
    /// Where a key is and its hash, if both can be said without script code.
    #[inline(always)]
    pub(crate) fn find_at_once(&self, key: &Value) -> Option<(Probe, i64)> {
        let hash = simple_hash(key)?;
        match self.peek().lookup(key, hash) {
            Probe::Ask(_) => None,
            known => Some((known, hash)),
        }
    }

    /// The value of a key; None if script code must say whether there is one, Undef if there is none.
    #[inline(always)]
    pub(crate) fn get_at_once(&self, key: &Value) -> Option<Value> {
        let table = self.peek();
        let found = match key.get_exact::<Str>() {
            Some(text) if table.strings_only => table.index_of_str(text),
            _ => match self.find_at_once(key)?.0 {
                Probe::Hit(position) => Some(position),
                _ => None,
            },
        };
        Some(match found {
            Some(position) => table.entries[position].value.clone(),
            None => Value::UNDEF,
        })
    }

    /// The value of a string or a small integer in a small dict, if the key is there as the same word: names mostly are. None
    /// says nothing. For the dispatch loop.
    #[inline(always)]
    pub(crate) fn value_at_a_glance(&self, key: &Value) -> Option<&Value> {
        let table = self.peek();
        if !matches!(table.index, Index::None) || !(key.is_small_int() || key.is_exact::<Str>()) {
            return None;
        }
        for entry in table.entries.iter() {
            if entry.key.is(key) {
                return Some(&entry.value);
            }
        }
        None
    }

    /// The value of an interned name and the position of its entry, which is first looked for where it may be. The
    /// reference holds until something changes the dict.
    #[inline(always)]
    pub(crate) fn value_of_name(&self, name: &Value, hint: usize) -> Option<(usize, &Value)> {
        // SAFETY: nobody holds the table while a handler runs.
        let table = unsafe { &*self.table.as_ptr() };
        if let Some(entry) = table.entries.get(hint)
            && entry.key.is(name)
        {
            return Some((hint, &entry.value));
        }
        let position = table.index_of_str(name.get::<Str>()?)?;
        Some((position, &table.entries[position].value))
    }

    /// A copy of the value of the entry at a position that `index_of_str` gave. For the dispatch loop.
    ///
    /// # Safety
    /// The keys are of the version that they had then, so the entry is there.
    #[inline(always)]
    pub(crate) unsafe fn known_value(&self, position: usize) -> Value {
        // SAFETY: as above; nobody holds the table while a handler runs.
        unsafe {
            let table = &*self.table.as_ptr();
            debug_assert!(table.value_at(position).is_some());
            table.entries.get_unchecked(position).value.clone()
        }
    }

    /// Sets the value of a key and gives the old one, Undef if there was none; None if script code has to run first, or there
    /// is no memory for it.
    #[inline(always)]
    pub(crate) fn set_at_once(&self, key: &Value, value: &Value) -> Option<Value> {
        let (found, hash) = self.find_at_once(key)?;
        let mut table = self.table.borrow_mut();
        match found {
            Probe::Hit(position) => {
                let place = &mut table.entries[position].value;
                Some(std::mem::replace(place, value.clone()))
            }
            _ => {
                table.append(hash, key.clone(), value.clone()).ok()?;
                Some(Value::UNDEF)
            }
        }
    }

    /// Takes out a key and its value; Ok(None) if it is not there, Err if script code must say.
    pub(crate) fn remove_at_once(&self, key: &Value) -> Result<Option<(Value, Value)>, ()> {
        match self.find_at_once(key).ok_or(())?.0 {
            Probe::Hit(position) => Ok(self.table.borrow_mut().remove_at(position)),
            _ => Ok(None),
        }
    }
}
