//! `dict`: entries in the order of their insertion, and an index into them.
//!
//! Up to eight entries have no index: they are compared by hash one after the
//! other. A deleted entry leaves a hole that the next resize closes. While all
//! keys are strings, no look-up of a string can run script code.

use std::cell::RefCell;

use super::compare::simple_eq;
use super::kind;
use super::str::Str;
use crate::heap::{self, Buffer, Header, Kind, Object, OutOfMemory, Ref, Value, Visitor, current};

mod at_once;

/// A dict. Borrows of the table never last while script code runs.
#[repr(C)]
pub struct Dict {
    head: Header,
    /// The entries and their index.
    pub table: RefCell<DictTable>,
}

/// One entry; a hole if the key is Undef.
struct Entry {
    hash: i64,
    key: Value,
    value: Value,
}

/// Positions of entries by hash.
enum Index {
    None,
    Bytes(Buffer<u8>),
    Shorts(Buffer<u16>),
    Words(Buffer<u32>),
}

/// What a step of a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The key is that of this entry.
    Hit(usize),
    /// The key is not there.
    Absent,
    /// Script code must say whether the key of this entry equals the wanted one.
    Ask(usize),
}

/// The state of a look-up that may have to ask script code.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    hash: i64,
    /// Slot of the index, or position of an entry without one, to look at next.
    at: usize,
    /// `mutation` when the search began.
    mutation: u32,
    /// Keys with this hash that were others.
    mismatches: u32,
}

/// So many other keys of one hash are passed over without asking the VM.
pub(super) const MOST_MISMATCHES: u32 = 64;

/// The table of a dict.
pub struct DictTable {
    entries: Buffer<Entry>,
    index: Index,
    /// Entries that are no holes.
    live: usize,
    /// No entry before this one is live.
    first: usize,
    /// Counts each coming and going of a key.
    mutation: u32,
    /// 0 until somebody asks.
    version: u32,
    strings_only: bool,
}

/// So many entries need no index.
const WITHOUT_INDEX: usize = 8;

// SAFETY: repr(C) with the header first; every key and value is visited once.
unsafe impl Object for Dict {
    const KIND: Kind = kind::DICT;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.peek().trace(visitor);
    }
    fn clear(&self) {
        let _table = self.table.take();
    }
}

impl Dict {
    /// An empty dict.
    pub fn new() -> Ref<Dict> {
        Dict::from_table(DictTable::new())
    }

    /// A dict of this table.
    pub fn from_table(table: DictTable) -> Ref<Dict> {
        heap::alloc(Dict::object(table))
    }

    /// The object of a dict.
    pub fn object(table: DictTable) -> Dict {
        Dict {
            head: Header::new(),
            table: RefCell::new(table),
        }
    }

    /// An instance of a subclass.
    pub fn with_shape(shape: u32, table: DictTable) -> Ref<Dict> {
        heap::alloc_shaped(Dict::object(table), 0, shape)
    }

    /// The table, for a moment in which nothing changes it.
    #[inline(always)]
    fn peek(&self) -> &DictTable {
        // SAFETY: private; every caller is done with the table before it returns, and what it calls
        // compares strings or clones values, which reaches no dict.
        unsafe { &*self.table.as_ptr() }
    }

    /// How many entries there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.peek().live
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a string key. See `DictTable::index_of_str`.
    #[inline]
    pub fn get_str(&self, key: &Str) -> Option<Value> {
        let table = self.peek();
        table
            .index_of_str(key)
            .map(|i| table.entries[i].value.clone())
    }

    /// Position of the entry of a string key. See `DictTable::index_of_str`.
    #[inline]
    pub fn index_of_str(&self, key: &Str) -> Option<usize> {
        self.peek().index_of_str(key)
    }

    /// The value of the entry at a position that `index_of_str` gave for the current keys.
    #[inline(always)]
    pub fn entry_value(&self, position: usize) -> Option<Value> {
        self.peek().entries.get(position).map(|e| e.value.clone())
    }

    /// A copy of the value of an entry; Undef if there is none. For the dispatch loop.
    #[inline(always)]
    pub(crate) fn value_or_undef(&self, position: usize) -> Value {
        // SAFETY: nobody holds the table while a handler runs.
        let table = unsafe { &*self.table.as_ptr() };
        match table.value_at(position) {
            Some(value) => value.clone(),
            None => Value::UNDEF,
        }
    }

    /// Puts a new value into an entry; the old one is returned.
    #[inline(always)]
    pub fn set_entry_value(&self, position: usize, value: Value) -> Value {
        match self.table.borrow_mut().entries.get_mut(position) {
            Some(entry) => std::mem::replace(&mut entry.value, value),
            None => value,
        }
    }

    /// Sets the value of a string key; the old one is returned. See `DictTable::index_of_str`.
    pub fn insert_str(&self, key: &Ref<Str>, value: Value) -> Result<Option<Value>, OutOfMemory> {
        self.table.borrow_mut().insert_str(key, value)
    }

    /// Sets the value of a name given as text.
    pub fn insert_name(&self, name: &str, value: Value) -> Result<Option<Value>, OutOfMemory> {
        self.insert_str(&Str::new(name), value)
    }

    /// The value of a name given as text.
    pub fn get_name(&self, name: &str) -> Option<Value> {
        self.get_str(&Str::new(name))
    }

    /// Removes a string key and returns its value.
    pub fn remove_str(&self, key: &Str) -> Option<Value> {
        let mut table = self.table.borrow_mut();
        let position = table.index_of_str(key)?;
        table.remove_at(position).map(|(_, value)| value)
    }

    /// The version of the keys: another one after each coming or going of a key,
    /// and no other dict's. 0 says that versions ran out: then nothing may be cached.
    #[inline]
    pub fn keys_version(&self) -> u32 {
        let known = self.peek().version;
        if known != 0 {
            known
        } else {
            self.table.borrow_mut().new_version()
        }
    }

    /// The version of the keys if anybody has asked for it since they last changed; else 0,
    /// which is nobody's version. For the dispatch loop: it compares what it remembers.
    #[inline(always)]
    pub(crate) fn known_keys_version(&self) -> u32 {
        // SAFETY: nobody holds the table while a handler runs.
        unsafe { (*self.table.as_ptr()).version }
    }

    /// See `DictTable::mutation`.
    #[inline(always)]
    pub fn mutation(&self) -> u32 {
        self.peek().mutation
    }

    /// The first entry at or after a position: where the next one is looked for, key and value.
    #[inline]
    pub fn next_entry(&self, position: usize) -> Option<(usize, Value, Value)> {
        let table = self.peek();
        let found = table.position_from(position)?;
        let entry = &table.entries[found];
        Some((found + 1, entry.key.clone(), entry.value.clone()))
    }

    /// The first entry at or after a position: where it is, key and value. The references hold until something changes
    /// the dict.
    #[inline(always)]
    pub(crate) fn entry_from(&self, position: usize) -> Option<(usize, &Value, &Value)> {
        let table = self.peek();
        let found = table.position_from(position)?;
        let entry = table.entries.get(found)?;
        Some((found, &entry.key, &entry.value))
    }

    /// Whether a look-up of a string can never run script code.
    #[inline(always)]
    pub fn strings_only(&self) -> bool {
        self.peek().strings_only
    }

    /// Takes the table and leaves the dict empty; drop it when no borrow is left.
    pub fn take(&self) -> DictTable {
        let mut table = self.table.borrow_mut();
        let mutation = table.mutation.wrapping_add(1);
        std::mem::replace(
            &mut *table,
            DictTable {
                mutation,
                ..DictTable::new()
            },
        )
    }

    /// Copies of all keys and values.
    pub fn pairs(&self) -> Vec<(Value, Value)> {
        self.peek()
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }

    /// Copies of all keys with the hashes that the table knows, in order.
    pub fn hashed_keys(&self) -> Vec<(i64, Value)> {
        self.peek()
            .iter_hashed()
            .map(|(hash, key, _)| (hash, key.clone()))
            .collect()
    }

    /// Copies of all entries with the hashes of their keys, in order.
    pub fn hashed_entries(&self) -> Vec<(i64, Value, Value)> {
        self.peek()
            .iter_hashed()
            .map(|(hash, key, value)| (hash, key.clone(), value.clone()))
            .collect()
    }
}

impl Default for DictTable {
    fn default() -> DictTable {
        DictTable::new()
    }
}

impl DictTable {
    /// An empty table.
    pub const fn new() -> DictTable {
        DictTable {
            entries: Buffer::new(),
            index: Index::None,
            live: 0,
            first: 0,
            mutation: 0,
            version: 0,
            strings_only: true,
        }
    }

    /// An empty table with room for so many entries.
    pub fn with_room(n: usize) -> Result<DictTable, OutOfMemory> {
        let mut table = DictTable::new();
        if n > 0 {
            table.rebuild(n)?;
        }
        Ok(table)
    }

    /// How many entries there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Counts each coming and going of a key: a search that asked script code
    /// starts again when it changed.
    pub fn mutation(&self) -> u32 {
        self.mutation
    }

    /// Whether a look-up of a string can never run script code.
    pub fn strings_only(&self) -> bool {
        self.strings_only
    }

    fn new_version(&mut self) -> u32 {
        let heap = current();
        if heap.keys_version == u32::MAX {
            return 0;
        }
        heap.keys_version += 1;
        self.version = heap.keys_version;
        self.version
    }

    fn keys_changed(&mut self) {
        self.version = 0;
        self.mutation = self.mutation.wrapping_add(1);
    }

    /// Position of the entry of a string key. Keys that are no strings are
    /// passed over: where `strings_only` is false and such a key could have an
    /// `__eq__` of its own, `probe` is the whole truth.
    #[inline]
    pub fn index_of_str(&self, key: &Str) -> Option<usize> {
        if let Index::None = self.index {
            // The common case first: interned strings are the same object.
            let by_address = self
                .entries
                .iter()
                .position(|e| e.key.is_object() && std::ptr::addr_eq(e.key.header(), key));
            if by_address.is_some() || self.live == 0 {
                return by_address;
            }
        }
        let hash = key.hash();
        self.find(hash, |stored| match stored.get::<Str>() {
            Some(stored) => stored.eq(key),
            None => false,
        })
    }

    fn find(&self, hash: i64, is_key: impl Fn(&Value) -> bool) -> Option<usize> {
        let mut at = self.start(hash);
        while let Some(position) = self.candidate(hash, &mut at) {
            if is_key(&self.entries[position].key) {
                return Some(position);
            }
        }
        None
    }

    #[inline(always)]
    fn start(&self, hash: i64) -> usize {
        match &self.index {
            Index::None => self.first,
            Index::Bytes(slots) => spread(hash, slots.len()),
            Index::Shorts(slots) => spread(hash, slots.len()),
            Index::Words(slots) => spread(hash, slots.len()),
        }
    }

    /// The next entry with this hash, from `at` on, which is moved behind it.
    #[inline(always)]
    fn candidate(&self, hash: i64, at: &mut usize) -> Option<usize> {
        match &self.index {
            Index::None => {
                while let Some(entry) = self.entries.get(*at) {
                    *at += 1;
                    if entry.hash == hash && !entry.key.is_undef() {
                        return Some(*at - 1);
                    }
                }
                None
            }
            Index::Bytes(slots) => self.candidate_in(slots, hash, at),
            Index::Shorts(slots) => self.candidate_in(slots, hash, at),
            Index::Words(slots) => self.candidate_in(slots, hash, at),
        }
    }

    #[inline(always)]
    fn candidate_in<S: Slot>(&self, slots: &[S], hash: i64, at: &mut usize) -> Option<usize> {
        loop {
            // There is always an empty slot, so this ends.
            let slot = *slots.get(*at)?;
            if slot == S::EMPTY {
                return None;
            }
            *at = (*at + 1) & (slots.len() - 1);
            let position = slot.position();
            let entry = &self.entries[position];
            if entry.hash == hash && !entry.key.is_undef() {
                return Some(position);
            }
        }
    }

    /// Begins the search of a key.
    pub fn search(&self, hash: i64) -> Search {
        Search {
            hash,
            at: self.start(hash),
            mutation: self.mutation,
            mismatches: 0,
        }
    }

    /// Goes on with a search. After `Ask` the caller compares the two keys; if
    /// they are not equal it calls this again. If keys came or went meanwhile
    /// the search starts anew by itself.
    pub fn probe(&self, search: &mut Search, key: &Value) -> Probe {
        if search.mutation != self.mutation {
            *search = self.search(search.hash);
        }
        while let Some(position) = self.candidate(search.hash, &mut search.at) {
            let stored = &self.entries[position].key;
            if stored.is(key) {
                return Probe::Hit(position);
            }
            match simple_eq(stored, key) {
                Some(true) => return Probe::Hit(position),
                // Keys whose hashes collide with intent take long: the VM counts them.
                Some(false) if search.mismatches < MOST_MISMATCHES => search.mismatches += 1,
                _ => return Probe::Ask(position),
            }
        }
        Probe::Absent
    }

    /// Whether the table is as it was when the search last looked at it.
    pub fn is_current(&self, search: &Search) -> bool {
        search.mutation == self.mutation
    }

    /// The key of the entry at a position.
    pub fn key_at(&self, position: usize) -> Option<&Value> {
        self.entries
            .get(position)
            .map(|e| &e.key)
            .filter(|k| !k.is_undef())
    }

    /// The value of the entry at a position.
    #[inline(always)]
    pub fn value_at(&self, position: usize) -> Option<&Value> {
        self.entries
            .get(position)
            .map(|e| &e.value)
            .filter(|v| !v.is_undef())
    }

    /// The hash of the entry at a position.
    pub fn hash_at(&self, position: usize) -> Option<i64> {
        self.entries.get(position).map(|e| e.hash)
    }

    /// Puts a new value into an entry; the old one is returned.
    pub fn set_value_at(&mut self, position: usize, value: Value) -> Value {
        match self.entries.get_mut(position) {
            Some(entry) => std::mem::replace(&mut entry.value, value),
            None => value,
        }
    }

    /// Sets the value of a string key; the old one is returned.
    pub fn insert_str(
        &mut self,
        key: &Ref<Str>,
        value: Value,
    ) -> Result<Option<Value>, OutOfMemory> {
        if let Some(position) = self.index_of_str(key) {
            return Ok(Some(self.set_value_at(position, value)));
        }
        self.append(key.hash(), key.value(), value)?;
        Ok(None)
    }

    /// Appends an entry whose key is known to be absent.
    pub fn append(&mut self, hash: i64, key: Value, value: Value) -> Result<usize, OutOfMemory> {
        if self.entries.len() >= self.usable() {
            // A table that lost many keys stays as large as it is.
            self.rebuild(self.live + self.live / 2 + 4)?;
        }
        self.entries.reserve(1)?;
        let position = self.entries.len();
        self.strings_only &= key.is_exact::<Str>();
        self.entries.push(Entry { hash, key, value })?;
        self.index.put(hash, position);
        self.live += 1;
        self.keys_changed();
        Ok(position)
    }

    /// How many entries, holes included, the index has room for.
    fn usable(&self) -> usize {
        match &self.index {
            Index::None => WITHOUT_INDEX,
            Index::Bytes(slots) => slots.len() * 2 / 3,
            Index::Shorts(slots) => slots.len() * 2 / 3,
            Index::Words(slots) => slots.len() * 2 / 3,
        }
    }

    /// Closes the holes and makes an index for at least `n` entries.
    fn rebuild(&mut self, n: usize) -> Result<(), OutOfMemory> {
        let n = n.max(self.live);
        let mut index = Index::for_entries(n)?;
        if self.live < self.entries.len() {
            let mut kept = Buffer::with_room(n)?;
            let old = self.entries.take().into_vec();
            for entry in old.into_iter().filter(|e| !e.key.is_undef()) {
                kept.push(entry)?;
            }
            self.entries = kept;
        } else {
            self.entries.reserve(n - self.live)?;
        }
        for (position, entry) in self.entries.iter().enumerate() {
            index.put(entry.hash, position);
        }
        self.index = index;
        self.first = 0;
        // Positions moved: searches start again and caches ask anew.
        self.keys_changed();
        Ok(())
    }

    /// Removes the entry at a position.
    pub fn remove_at(&mut self, position: usize) -> Option<(Value, Value)> {
        let entry = self.entries.get_mut(position)?;
        if entry.key.is_undef() {
            return None;
        }
        let key = std::mem::take(&mut entry.key);
        let value = std::mem::take(&mut entry.value);
        let hash = entry.hash;
        self.live -= 1;
        self.keys_changed();
        self.index.remove(hash, position, &self.entries);
        if position == self.first {
            self.first = self.position_from(position).unwrap_or(self.entries.len());
        }
        self.strings_only |= self.live == 0;
        Some((key, value))
    }

    /// Removes the last entry.
    pub fn pop_last(&mut self) -> Option<(Value, Value)> {
        let last = self.entries.iter().rposition(|e| !e.key.is_undef())?;
        let removed = self.remove_at(last);
        // The holes at the end go too, so that the next one is found at once.
        self.entries.truncate(last);
        self.first = self.first.min(last);
        removed
    }

    /// Position of the first entry at or after `from`.
    #[inline]
    pub fn position_from(&self, from: usize) -> Option<usize> {
        let mut at = from.max(self.first);
        while let Some(entry) = self.entries.get(at) {
            if !entry.key.is_undef() {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// Position of the last entry before `end`.
    pub fn position_before(&self, end: usize) -> Option<usize> {
        let end = end.min(self.entries.len());
        self.entries[..end].iter().rposition(|e| !e.key.is_undef())
    }

    /// Positions are below this.
    pub fn end(&self) -> usize {
        self.entries.len()
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Value, &Value)> {
        self.entries
            .iter()
            .filter(|e| !e.key.is_undef())
            .map(|e| (&e.key, &e.value))
    }

    /// Hashes, keys and values in order.
    pub fn iter_hashed(&self) -> impl DoubleEndedIterator<Item = (i64, &Value, &Value)> {
        self.entries
            .iter()
            .filter(|e| !e.key.is_undef())
            .map(|e| (e.hash, &e.key, &e.value))
    }

    /// A table with copies of all entries.
    pub fn copy(&self) -> Result<DictTable, OutOfMemory> {
        let mut table = DictTable::with_room(self.live)?;
        for entry in self.entries.iter().filter(|e| !e.key.is_undef()) {
            table.append(entry.hash, entry.key.clone(), entry.value.clone())?;
        }
        Ok(table)
    }

    /// Moves the entry at a position to the end (or the front) of the order.
    pub fn move_entry(&mut self, position: usize, last: bool) -> Result<(), OutOfMemory> {
        let Some(hash) = self.hash_at(position) else {
            return Ok(());
        };
        let Some((key, value)) = self.remove_at(position) else {
            return Ok(());
        };
        if last {
            return self.append(hash, key, value).map(drop);
        }
        self.entries.reserve(1)?;
        self.entries.insert(0, Entry { hash, key, value })?;
        self.live += 1;
        self.first = 0;
        self.strings_only &= self.entries[0].key.is_exact::<Str>();
        self.rebuild(self.live + self.live / 2)
    }

    pub(crate) fn trace(&self, visitor: &mut dyn Visitor) {
        for entry in self.entries.iter() {
            visitor.visit(&entry.key);
            visitor.visit(&entry.value);
        }
    }
}

/// An element of the index.
trait Slot: Copy + PartialEq {
    const EMPTY: Self;
    fn position(self) -> usize;
    fn of(position: usize) -> Self;
}

macro_rules! slot {
    ($($t:ty),*) => {$(
        impl Slot for $t {
            const EMPTY: $t = <$t>::MAX;
            #[inline(always)]
            fn position(self) -> usize {
                self as usize
            }
            #[inline(always)]
            fn of(position: usize) -> $t {
                position as $t
            }
        }
    )*};
}

slot!(u8, u16, u32);

/// The slot where the search for a hash begins. The multiplication spreads
/// hashes that differ in high bits only.
#[inline(always)]
fn spread(hash: i64, slots: usize) -> usize {
    let mixed = (hash as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize & (slots - 1)
}

impl Index {
    /// An empty index with room for so many entries.
    fn for_entries(n: usize) -> Result<Index, OutOfMemory> {
        if n <= WITHOUT_INDEX {
            return Ok(Index::None);
        }
        // Two of three slots may be taken.
        let slots = n
            .checked_mul(3)
            .ok_or(OutOfMemory)?
            .div_ceil(2)
            .next_power_of_two();
        Ok(match slots {
            0..=256 => Index::Bytes(empty_slots(slots)?),
            257..=65_536 => Index::Shorts(empty_slots(slots)?),
            65_537..=0x1_0000_0000 => Index::Words(empty_slots(slots)?),
            _ => return Err(OutOfMemory),
        })
    }

    #[inline(always)]
    fn put(&mut self, hash: i64, position: usize) {
        match self {
            Index::None => {}
            Index::Bytes(slots) => put_in(slots, hash, position),
            Index::Shorts(slots) => put_in(slots, hash, position),
            Index::Words(slots) => put_in(slots, hash, position),
        }
    }

    /// Takes the position of a removed entry out.
    fn remove(&mut self, hash: i64, position: usize, entries: &[Entry]) {
        match self {
            Index::None => {}
            Index::Bytes(slots) => remove_in(slots, hash, position, entries),
            Index::Shorts(slots) => remove_in(slots, hash, position, entries),
            Index::Words(slots) => remove_in(slots, hash, position, entries),
        }
    }
}

fn empty_slots<S: Slot>(n: usize) -> Result<Buffer<S>, OutOfMemory> {
    let mut slots = Buffer::with_room(n)?;
    slots.resize(n, S::EMPTY)?;
    Ok(slots)
}

#[inline(always)]
fn put_in<S: Slot>(slots: &mut [S], hash: i64, position: usize) {
    let mask = slots.len() - 1;
    let mut at = spread(hash, slots.len());
    while slots[at] != S::EMPTY {
        at = (at + 1) & mask;
    }
    slots[at] = S::of(position);
}

/// Empties the slot of a position and moves later slots of the run up, so that
/// no search stops at the gap: there are no tombstones.
fn remove_in<S: Slot>(slots: &mut [S], hash: i64, position: usize, entries: &[Entry]) {
    let mask = slots.len() - 1;
    let mut gap = spread(hash, slots.len());
    while slots[gap].position() != position {
        if slots[gap] == S::EMPTY {
            return;
        }
        gap = (gap + 1) & mask;
    }
    let mut at = (gap + 1) & mask;
    while slots[at] != S::EMPTY {
        let home = spread(entries[slots[at].position()].hash, slots.len());
        if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
            slots[gap] = slots[at];
            gap = at;
        }
        at = (at + 1) & mask;
    }
    slots[gap] = S::EMPTY;
}

#[cfg(test)]
mod tests;
