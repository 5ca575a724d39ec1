//! Dicts and sets whose keys may need script code to be hashed or compared.

use super::Vm;
use super::special::Special;
use super::types::is_core_method;
use crate::heap::{Ref, Value};
use crate::object::dict::{Dict, Probe};
use crate::object::iterator::DictKeys;
use crate::object::native::{R, Raised};
use crate::object::set::{FrozenSet, Set, SetTable, with_table};
use crate::object::set_ops::{self, Refused};
use crate::object::str::Str;

/// The members of a set, a dict or the view of a dict's keys with their hashes; None of anything else.
pub(crate) fn hashed_members(source: &Value) -> Option<Vec<(i64, Value)>> {
    if let Some(dict) = source.get_exact::<Dict>() {
        return Some(dict.hashed_keys());
    }
    if let Some(view) = source.get::<DictKeys>() {
        return view.dict.get().get::<Dict>().map(Dict::hashed_keys);
    }
    with_table(source, |table| {
        let members = table.iter_hashed();
        members.map(|(hash, key)| (hash, key.clone())).collect()
    })
}

impl Vm {
    /// The position of a key in a dict.
    ///
    /// # Errors
    /// TypeError for an unhashable key, and what `__hash__` and `__eq__` raise.
    pub fn dict_find(&mut self, dict: &Dict, key: &Value) -> R<Option<usize>> {
        if let Some(key) = key.get_exact::<Str>()
            && dict.strings_only()
        {
            return Ok(dict.index_of_str(key));
        }
        match dict.find_at_once(key) {
            Some((Probe::Hit(position), _)) => return Ok(Some(position)),
            Some(_) => return Ok(None),
            None => {}
        }
        let hash = self.hash(key)?;
        self.dict_find_hashed(dict, key, hash)
    }

    pub(crate) fn dict_find_hashed(
        &mut self,
        dict: &Dict,
        key: &Value,
        hash: i64,
    ) -> R<Option<usize>> {
        let mut search = dict.table.borrow().search(hash);
        loop {
            let asked = {
                let table = dict.table.borrow();
                match table.probe(&mut search, key) {
                    Probe::Hit(position) => return Ok(Some(position)),
                    Probe::Absent => return Ok(None),
                    Probe::Ask(position) => (position, table.key_at(position).cloned()),
                }
            };
            let (position, Some(stored)) = asked else {
                continue;
            };
            if self.eq(&stored, key)? {
                let table = dict.table.borrow();
                // Script code ran: the entry must still be the one that was compared.
                if table.is_current(&search)
                    && table.key_at(position).is_some_and(|k| k.is(&stored))
                {
                    return Ok(Some(position));
                }
            }
        }
    }

    /// `dict.get(key)`; None when the key is not there.
    pub fn dict_get(&mut self, dict: &Dict, key: &Value) -> R<Option<Value>> {
        Ok(self
            .dict_find(dict, key)?
            .and_then(|position| dict.entry_value(position)))
    }

    /// `dict[key] = value`
    pub fn dict_set(&mut self, dict: &Dict, key: &Value, value: Value) -> R<()> {
        if dict.set_at_once(key, &value).map(drop).is_some() {
            return Ok(());
        }
        let hash = match key.get_exact::<Str>() {
            Some(key) => key.hash(),
            None => self.hash(key)?,
        };
        self.dict_set_hashed(dict, key, hash, value)
    }

    /// As `dict_set`; the hash is known.
    pub fn dict_set_hashed(&mut self, dict: &Dict, key: &Value, hash: i64, value: Value) -> R<()> {
        let old = match self.dict_find_hashed(dict, key, hash)? {
            Some(position) => Ok(Some(dict.set_entry_value(position, value))),
            None => dict
                .table
                .borrow_mut()
                .append(hash, key.clone(), value)
                .map(|_| None),
        };
        match old {
            Ok(old) => {
                drop(old);
                Ok(())
            }
            Err(e) => Err(self.out_of_memory(e)),
        }
    }

    /// `dict.setdefault(key, default)`: the key is hashed once, and compared once.
    pub fn dict_set_default(&mut self, dict: &Dict, key: &Value, default: &Value) -> R {
        if let Some(found) = dict.get_at_once(key)
            && !found.is_undef()
        {
            return Ok(found);
        }
        let hash = self.hash(key)?;
        if let Some(position) = self.dict_find_hashed(dict, key, hash)? {
            return Ok(dict.entry_value(position).unwrap_or(Value::NONE));
        }
        let added = dict
            .table
            .borrow_mut()
            .append(hash, key.clone(), default.clone());
        match added {
            Ok(_) => Ok(default.clone()),
            Err(e) => Err(self.out_of_memory(e)),
        }
    }

    /// Takes an entry out of a dict.
    pub fn dict_remove(&mut self, dict: &Dict, key: &Value) -> R<Option<(Value, Value)>> {
        let position = self.dict_find(dict, key)?;
        Ok(position.and_then(|position| dict.table.borrow_mut().remove_at(position)))
    }

    /// Updates a dict by a mapping: a dict, or anything with `keys()`.
    pub fn dict_update_mapping(&mut self, dict: &Dict, mapping: &Value) -> R<()> {
        if !mapping.is_kind::<Dict>() && self.get_attr_optional(mapping, "keys")?.is_none() {
            let name = self.type_name(mapping);
            return Err(self.type_error(format!("'{name}' object is not a mapping")));
        }
        self.dict_take_entries(dict, mapping)
    }

    /// Puts the entries of a mapping into a dict; those of another dict are not hashed again.
    pub(crate) fn dict_take_entries(&mut self, dict: &Dict, mapping: &Value) -> R<()> {
        let source = mapping.get::<Dict>();
        let Some(source) = source.filter(|_| self.iterates_as_dict(mapping)) else {
            for (key, value) in self.mapping_entries(mapping)? {
                self.dict_set(dict, &key, value)?;
            }
            return Ok(());
        };
        if std::ptr::eq(source, dict) {
            return Ok(());
        }
        if dict.is_empty() {
            self.tick(source.len() / 16)?;
            let copied = source.table.borrow().copy();
            let copied = self.lift(copied)?;
            drop(dict.table.replace(copied));
            return Ok(());
        }
        let mutation = source.mutation();
        self.check_room(source.len() * 24)?;
        for (hash, key, value) in source.hashed_entries() {
            self.count_one()?;
            self.dict_set_hashed(dict, &key, hash, value)?;
            if source.mutation() != mutation {
                return Err(self.runtime_error("dict mutated during update"));
            }
        }
        Ok(())
    }

    /// Merges `**mapping` of a call into the keywords that are there already.
    pub(crate) fn dict_merge(&mut self, dict: &Dict, mapping: &Value, callee: &Value) -> R<()> {
        if !mapping.is_kind::<Dict>() && self.get_attr_optional(mapping, "keys")?.is_none() {
            let (who, name) = (self.callee_name(callee), self.type_name(mapping));
            return Err(self.type_error(format!(
                "{who}argument after ** must be a mapping, not {name}"
            )));
        }
        for (key, value) in self.mapping_entries(mapping)? {
            self.count_one()?;
            if self.dict_find(dict, &key)?.is_some() {
                let who = self.callee_name(callee);
                let key = self.str(&key)?;
                let message = format!(
                    "{who}got multiple values for keyword argument '{}'",
                    key.to_text()
                );
                return Err(self.type_error(message));
            }
            self.dict_set(dict, &key, value)?;
        }
        Ok(())
    }

    /// `module.f() `: how messages about a call name what is called.
    pub(crate) fn callee_name(&mut self, callee: &Value) -> String {
        let qualname = self
            .get_attr_optional(callee, "__qualname__")
            .ok()
            .flatten();
        let Some(qualname) = qualname.as_ref().and_then(|q| q.get::<Str>()) else {
            return match self.str(callee) {
                Ok(text) => format!("{} ", text.to_text()),
                Err(_) => String::new(),
            };
        };
        let qualname = qualname.to_text().into_owned();
        let module = self.get_attr_optional(callee, "__module__").ok().flatten();
        match module
            .as_ref()
            .and_then(|m| m.get::<Str>())
            .map(|m| m.to_text().into_owned())
        {
            Some(module) if module != "builtins" => format!("{module}.{qualname}() "),
            _ => format!("{qualname}() "),
        }
    }

    /// All entries of a mapping: of a dict directly, else through `keys()` and `[]`.
    pub fn mapping_entries(&mut self, mapping: &Value) -> R<Vec<(Value, Value)>> {
        if let Some(dict) = mapping.get::<Dict>()
            && self.iterates_as_dict(mapping)
        {
            self.check_room(dict.len() * 16)?;
            return Ok(dict.pairs());
        }
        let keys = self.call_method(mapping, "keys", &[])?;
        let keys = self.collect(&keys)?;
        let mut entries = Vec::with_capacity(keys.len().min(1024));
        for key in keys {
            let step = self.get_item_step(mapping, &key);
            let value = self.finish(step)?;
            entries.push((key, value));
        }
        Ok(entries)
    }

    /// A plain dict of the same items, as they are found by iteration.
    pub fn copy_dict(&mut self, value: &Value, dict: &Dict) -> R<Ref<Dict>> {
        if dict.is_empty() || self.iterates_as_dict(value) {
            self.tick(dict.len() / 16)?;
            let table = dict.table.borrow().copy();
            return self.lift(table).map(Dict::from_table);
        }
        let copy = Dict::new();
        self.dict_update_mapping(&copy, value)?;
        Ok(copy)
    }

    /// Whether a dict is iterated as dicts are: a subclass with an `__iter__` of its own is asked for its keys.
    fn iterates_as_dict(&mut self, dict: &Value) -> bool {
        dict.is_exact::<Dict>()
            || self
                .special_of(dict, Special::Iter)
                .is_some_and(|iter| is_core_method(&iter))
    }

    /// `mapping[key]`, None for a KeyError.
    pub fn mapping_get(&mut self, mapping: &Value, key: &Value) -> R<Option<Value>> {
        if let Some(dict) = mapping.get_exact::<Dict>() {
            return self.dict_get(dict, key);
        }
        let step = self.get_item_step(mapping, key);
        match self.finish(step) {
            Ok(value) => Ok(Some(value)),
            Err(raised) if self.is_raised(&raised, super::types::Known::KeyError) => Ok(None),
            Err(raised) => Err(raised),
        }
    }

    /// `mapping.get(key)` for a mapping pattern: a default factory is not asked.
    pub(crate) fn mapping_get_default(&mut self, mapping: &Value, key: &Value) -> R<Option<Value>> {
        if let Some(dict) = mapping.get_exact::<Dict>() {
            return self.dict_get(dict, key);
        }
        let missing = Value::from(crate::object::list::List::empty());
        let found = self.call_method(mapping, "get", &[key.clone(), missing.clone()])?;
        Ok((!found.is(&missing)).then_some(found))
    }

    // Sets.

    /// Whether a set or frozenset has a member.
    pub fn set_contains(&mut self, set: &Value, key: &Value) -> R<bool> {
        let hash = self.member_hash(key)?;
        Ok(self.set_find(set, key, hash)?.is_some())
    }

    /// Whether a value's class has a `__hash__`.
    pub fn is_hashable(&mut self, value: &Value) -> bool {
        self.special_of(value, Special::Hash)
            .is_some_and(|hash| !hash.is_none())
    }

    /// The hash of what is looked for in a set: a set stands for its frozenset.
    fn member_hash(&mut self, key: &Value) -> R<i64> {
        if !key.is_kind::<Set>() || self.is_hashable(key) {
            return self.hash(key);
        }
        let hash = with_table(key, |t| {
            crate::object::hash::frozenset_hash(t.iter_hashed().map(|(hash, _)| hash), t.len())
        });
        Ok(hash.unwrap_or(0))
    }

    /// The place of a member in the table of a set or frozenset.
    pub fn set_find(&mut self, set: &Value, key: &Value, hash: i64) -> R<Option<usize>> {
        let Some(mut search) = with_table(set, |table| table.search(hash)) else {
            return Ok(None);
        };
        loop {
            let asked = with_table(set, |table| match table.probe(&mut search, key) {
                Probe::Hit(at) => Ok(Some(at)),
                Probe::Absent => Ok(None),
                Probe::Ask(at) => Err((at, table.key_at(at).cloned(), table.mutation())),
            });
            let (at, stored, mutation) = match asked {
                None => return Ok(None),
                Some(Ok(found)) => return Ok(found),
                Some(Err((at, Some(stored), mutation))) => (at, stored, mutation),
                Some(Err(_)) => continue,
            };
            if self.eq(&stored, key)? && with_table(set, SetTable::mutation) == Some(mutation) {
                return Ok(Some(at));
            }
        }
    }

    /// `set.add(key)`
    pub fn set_add(&mut self, set: &Ref<Set>, key: &Value) -> R<()> {
        if set.add_at_once(key) {
            return Ok(());
        }
        let hash = self.hash(key)?;
        self.set_add_hashed(set, key, hash)
    }

    /// As `set_add`; the hash is known.
    pub fn set_add_hashed(&mut self, set: &Ref<Set>, key: &Value, hash: i64) -> R<()> {
        if self.set_find(set.as_value(), key, hash)?.is_none() {
            let added = set.table.borrow_mut().insert(hash, key.clone());
            added.map_err(|e| self.out_of_memory(e))?;
        }
        Ok(())
    }

    /// Takes a member out; whether it was there.
    pub fn set_discard(&mut self, set: &Ref<Set>, key: &Value) -> R<bool> {
        if let Some(removed) = set.remove_at_once(key) {
            return Ok(removed);
        }
        let hash = self.member_hash(key)?;
        let found = self.set_find(set.as_value(), key, hash)?;
        let removed = found.and_then(|at| set.table.borrow_mut().remove_at(at));
        Ok(removed.is_some())
    }

    /// A set of the members of any iterable.
    pub fn set_of(&mut self, iterable: &Value) -> R<Ref<Set>> {
        let set = Set::new(SetTable::new());
        self.set_update(&set, iterable)?;
        Ok(set)
    }

    /// Adds the members of a set or the keys of a dict, as CPython merges them; false for any other iterable.
    pub fn set_merge(&mut self, set: &Ref<Set>, other: &Value) -> R<bool> {
        if other.is(set.as_value()) {
            return Ok(true);
        }
        if let Some(dict) = other.get_exact::<Dict>() {
            self.check_room(dict.len() * 16)?;
            let keys = dict.hashed_keys();
            let room = set.table.borrow_mut().expect_members(keys.len());
            self.lift(room)?;
            keys.into_iter().try_for_each(|(hash, key)| {
                self.count_one()?;
                self.set_add_hashed(set, &key, hash)
            })?;
            return Ok(true);
        }
        self.tick(with_table(other, SetTable::len).unwrap_or(0) / 4)?;
        let quick = with_table(other, |other| {
            set_ops::update::<Refused>(&mut set.table.borrow_mut(), other, &mut set_ops::refuse)
        });
        match quick {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(Refused::Memory(lacking))) => Err(self.out_of_memory(lacking)),
            Some(Err(Refused::Script)) => self.merge_asking(set, other).map(|()| true),
        }
    }

    /// Merges copies of both tables, since script code must be asked.
    fn merge_asking(&mut self, set: &Ref<Set>, other: &Value) -> R<()> {
        let own = set.table.borrow().snapshot();
        let mut own = self.lift(own)?;
        let other = with_table(other, SetTable::snapshot).unwrap_or(Ok(SetTable::new()));
        let other = self.lift(other)?;
        set_ops::update::<Raised>(&mut own, &other, &mut |a, b| self.eq(a, b))?;
        let old = set.table.replace(own);
        drop(old);
        Ok(())
    }

    /// Adds all members of an iterable.
    pub fn set_update(&mut self, set: &Ref<Set>, iterable: &Value) -> R<()> {
        if self.set_merge(set, iterable)? {
            return Ok(());
        }
        let iterator = self.iter(iterable)?;
        while let Some(item) = self.next(&iterator)? {
            self.set_add(set, &item)?;
        }
        Ok(())
    }

    /// A frozenset of the members of any iterable.
    pub fn frozenset_of(&mut self, iterable: &Value) -> R<Ref<FrozenSet>> {
        let set = self.set_of(iterable)?;
        let table = set.table.borrow_mut().take();
        Ok(FrozenSet::new(table))
    }
}
