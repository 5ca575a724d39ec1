//! `set` and `frozenset`: a table with open addressing that looks at up to ten
//! neighbouring slots before it jumps. The order of iteration is that of the
//! slots; scripts see it, so growth and probing are CPython's to the letter.

use std::cell::{Cell, RefCell};

use super::compare::simple_eq;
use super::dict::Probe;
use super::hash::{frozenset_hash, simple_hash};
use super::int::hash_i64;
use super::kind;
use crate::heap::{self, Buffer, Header, Kind, Object, OutOfMemory, Ref, Value, Visitor};

/// A set. Borrows of the table never last while script code runs.
#[repr(C)]
pub struct Set {
    head: Header,
    /// The members.
    pub table: RefCell<SetTable>,
}

/// A set that never changes.
#[repr(C)]
pub struct FrozenSet {
    head: Header,
    table: SetTable,
    /// -1 while unknown.
    hash: Cell<i64>,
}

// SAFETY: repr(C) with the header first; every member is visited once.
unsafe impl Object for Set {
    const KIND: Kind = kind::SET;
    fn trace(&self, visitor: &mut dyn Visitor) {
        // SAFETY: the collector runs when nobody has borrowed the table.
        unsafe { &*self.table.as_ptr() }
            .slots
            .iter()
            .for_each(|slot| visitor.visit(&slot.key));
    }
    fn clear(&self) {
        let _table = self.table.take();
    }
}

// SAFETY: repr(C) with the header first; every member is visited once.
unsafe impl Object for FrozenSet {
    const KIND: Kind = kind::FROZENSET;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.table
            .slots
            .iter()
            .for_each(|slot| visitor.visit(&slot.key));
    }
}

impl Set {
    /// A set of these members.
    pub fn new(table: SetTable) -> Ref<Set> {
        heap::alloc(Set::object(table))
    }

    /// The object of a set.
    pub fn object(table: SetTable) -> Set {
        Set {
            head: Header::new(),
            table: RefCell::new(table),
        }
    }

    /// An instance of a subclass.
    pub fn with_shape(shape: u32, table: SetTable) -> Ref<Set> {
        heap::alloc_shaped(Set::object(table), 0, shape)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.peek().used
    }

    /// Takes a member out: whether it was there. None if script code must say.
    #[inline]
    pub(crate) fn remove_at_once(&self, key: &Value) -> Option<bool> {
        let hash = simple_hash(key)?;
        let mut table = self.table.borrow_mut();
        let removed = match table.lookup(key, hash) {
            Probe::Hit(at) => table.remove_at(at),
            Probe::Absent => None,
            Probe::Ask(_) => return None,
        };
        drop(table);
        Some(removed.is_some())
    }

    /// The table, for the dispatch loop, which looks into it while nothing else happens.
    #[inline(always)]
    pub(crate) fn peek(&self) -> &SetTable {
        // SAFETY: nobody holds the table while a handler runs.
        unsafe { &*self.table.as_ptr() }
    }

    /// Adds a member; false if script code has to run first, or there is no memory for it.
    #[inline]
    pub(crate) fn add_at_once(&self, key: &Value) -> bool {
        let Some(hash) = simple_hash(key) else {
            return false;
        };
        let added = self.table.borrow_mut().add_unasked(hash, key);
        matches!(added, Ok(Some(_)))
    }

    /// Whether a small integer is a member, if there are only such where it may be. For the dispatch loop.
    #[inline(always)]
    pub(crate) fn has_small_int(&self, key: &Value) -> Option<bool> {
        let hash = hash_i64(key.as_small_int()?);
        let slots: &[Slot] = &self.peek().slots;
        let mask = slots.len().wrapping_sub(1);
        let (mut run, mut perturb) = (hash as usize & mask, hash as u64);
        // Some runs of neighbours, as in `find`.
        for _ in 0..4 {
            let alone = run + NEIGHBOURS > mask;
            for slot in slots.get(run..=run + if alone { 0 } else { NEIGHBOURS })? {
                if slot.key.is(key) || slot.is_unused() {
                    return Some(!slot.is_unused());
                }
                if !slot.key.is_undef() && !slot.key.is_small_int() {
                    return None;
                }
            }
            perturb >>= 5;
            run = (run.wrapping_mul(5).wrapping_add(1)).wrapping_add(perturb as usize) & mask;
        }
        None
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FrozenSet {
    /// A frozenset of these members.
    pub fn new(table: SetTable) -> Ref<FrozenSet> {
        heap::alloc(FrozenSet::object(table))
    }

    fn object(table: SetTable) -> FrozenSet {
        FrozenSet {
            head: Header::new(),
            table,
            hash: Cell::new(-1),
        }
    }

    /// An instance of a subclass.
    pub fn with_shape(shape: u32, table: SetTable) -> Ref<FrozenSet> {
        heap::alloc_shaped(FrozenSet::object(table), 0, shape)
    }

    /// The members.
    pub fn table(&self) -> &SetTable {
        &self.table
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.table.used
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.used == 0
    }

    /// The hash.
    pub fn hash(&self) -> i64 {
        if self.hash.get() == -1 {
            self.hash.set(frozenset_hash(
                self.table.iter_hashed().map(|(hash, _)| hash),
                self.table.used,
            ));
        }
        self.hash.get()
    }
}

/// Hands the table of a set or frozenset (subclasses included) to `use_it`.
#[inline]
pub fn with_table<R>(value: &Value, use_it: impl FnOnce(&SetTable) -> R) -> Option<R> {
    if let Some(set) = value.get_exact::<FrozenSet>() {
        return Some(use_it(&set.table));
    }
    if let Some(set) = value.get::<Set>() {
        return Some(use_it(&set.table.borrow()));
    }
    value.get::<FrozenSet>().map(|set| use_it(&set.table))
}

/// A slot of the table. One without a key was never used if its hash is 0, else its member was removed.
#[derive(Clone)]
struct Slot {
    key: Value,
    hash: i64,
}

const REMOVED: i64 = -1;

/// Where an absent member belongs.
#[derive(Clone, Copy, Default)]
struct Gap {
    /// The first unused slot for its hash.
    unused: usize,
    /// The last slot before that one whose member was removed: the better place.
    removed: Option<usize>,
}

impl Slot {
    const EMPTY: Slot = Slot {
        key: Value::UNDEF,
        hash: 0,
    };

    #[inline(always)]
    fn is_unused(&self) -> bool {
        self.key.is_undef() && self.hash == 0
    }
}

/// How many slots a table has that is made for more than `n` members.
fn size_beyond(n: usize) -> usize {
    SMALLEST.max((n + 1).next_power_of_two())
}

/// The table of a set.
pub struct SetTable {
    /// A power of two of them; none at all stands for eight empty ones.
    slots: Buffer<Slot>,
    /// Slots that are not unused.
    fill: usize,
    /// Members.
    used: usize,
    /// Where `pop` looks next.
    finger: usize,
    /// Counts each coming and going of a member.
    mutation: u32,
}

/// The state of a look-up that may have to ask script code.
#[derive(Clone, Copy, Debug)]
pub struct SetSearch {
    hash: i64,
    /// Slot to look at next.
    at: usize,
    /// Start of the run of neighbours.
    run: usize,
    /// How many neighbours are left in the run.
    left: usize,
    perturb: u64,
    mutation: u32,
    /// Members with this hash that were others.
    mismatches: u32,
}

const SMALLEST: usize = 8;
const NEIGHBOURS: usize = 9;

impl Default for SetTable {
    fn default() -> SetTable {
        SetTable::new()
    }
}

impl SetTable {
    /// An empty table.
    pub const fn new() -> SetTable {
        SetTable {
            slots: Buffer::new(),
            fill: 0,
            used: 0,
            finger: 0,
            mutation: 0,
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// How many slots there are.
    pub(crate) fn room(&self) -> usize {
        self.slots.len()
    }

    /// Counts each coming and going of a member.
    pub fn mutation(&self) -> u32 {
        self.mutation
    }

    fn mask(&self) -> usize {
        self.slots.len().max(SMALLEST) - 1
    }

    /// Begins the search of a member.
    pub fn search(&self, hash: i64) -> SetSearch {
        let run = hash as usize & self.mask();
        SetSearch {
            hash,
            at: run,
            run,
            left: self.neighbours(run),
            perturb: hash as u64,
            mutation: self.mutation,
            mismatches: 0,
        }
    }

    fn neighbours(&self, run: usize) -> usize {
        if run + NEIGHBOURS <= self.mask() {
            NEIGHBOURS
        } else {
            0
        }
    }

    /// Where a member with that hash is; `Ask` where script code must say, or too many members have the hash.
    #[inline]
    pub(crate) fn lookup(&self, key: &Value, hash: i64) -> Probe {
        if self.slots.is_empty() {
            return Probe::Absent;
        }
        self.find(key, hash).0
    }

    /// The same in a table that has slots, and where an absent member belongs.
    #[inline(always)]
    fn find(&self, key: &Value, hash: i64) -> (Probe, Gap) {
        let slots: &[Slot] = &self.slots;
        let mask = slots.len() - 1;
        let (mut run, mut perturb) = (hash as usize & mask, hash as u64);
        let mut mismatches = 0;
        let mut gap = Gap::default();
        loop {
            let more = if run + NEIGHBOURS <= mask {
                NEIGHBOURS
            } else {
                0
            };
            for (i, slot) in slots[run..=run + more].iter().enumerate() {
                if slot.key.is(key) {
                    return (Probe::Hit(run + i), gap);
                }
                if slot.key.is_undef() {
                    if slot.hash == 0 {
                        gap.unused = run + i;
                        return (Probe::Absent, gap);
                    }
                    gap.removed = Some(run + i);
                    continue;
                }
                if slot.hash != hash {
                    continue;
                }
                match simple_eq(&slot.key, key) {
                    Some(true) => return (Probe::Hit(run + i), gap),
                    Some(false) if mismatches < super::dict::MOST_MISMATCHES => mismatches += 1,
                    _ => return (Probe::Ask(run + i), gap),
                }
            }
            perturb >>= 5;
            run = (run.wrapping_mul(5).wrapping_add(1)).wrapping_add(perturb as usize) & mask;
        }
    }

    /// Goes on with a search. After `Ask` the caller compares the two keys; if
    /// they are not equal it calls this again. If members came or went
    /// meanwhile the search starts anew by itself.
    pub fn probe(&self, search: &mut SetSearch, key: &Value) -> Probe {
        if search.mutation != self.mutation {
            *search = self.search(search.hash);
        }
        while let Some(slot) = self.slots.get(search.at) {
            if slot.is_unused() {
                return Probe::Absent;
            }
            let at = search.at;
            let candidate = slot.hash == search.hash && !slot.key.is_undef();
            if candidate && slot.key.is(key) {
                return Probe::Hit(at);
            }
            let answer = if candidate {
                search.mismatches += 1;
                // Keys whose hashes collide with intent take long: the VM counts them.
                simple_eq(&slot.key, key)
                    .filter(|&same| same || search.mismatches < super::dict::MOST_MISMATCHES)
            } else {
                Some(false)
            };
            if answer == Some(true) {
                return Probe::Hit(at);
            }
            self.step(search);
            if answer.is_none() {
                return Probe::Ask(at);
            }
        }
        Probe::Absent
    }

    fn step(&self, search: &mut SetSearch) {
        if search.left > 0 {
            search.left -= 1;
            search.at += 1;
            return;
        }
        search.perturb >>= 5;
        search.run = search
            .run
            .wrapping_mul(5)
            .wrapping_add(1)
            .wrapping_add(search.perturb as usize)
            & self.mask();
        search.at = search.run;
        search.left = self.neighbours(search.run);
    }

    /// Adds a member that a search from the beginning found absent.
    pub fn insert(&mut self, hash: i64, key: Value) -> Result<(), OutOfMemory> {
        if self.slots.is_empty() {
            self.slots = Buffer::build(SMALLEST, |_| Slot::EMPTY)?;
        }
        let gap = self.gap(hash);
        self.put(gap, hash, key)
    }

    /// Puts an absent member where it belongs.
    #[inline(always)]
    fn put(&mut self, gap: Gap, hash: i64, key: Value) -> Result<(), OutOfMemory> {
        self.used += 1;
        self.mutation = self.mutation.wrapping_add(1);
        self.slots[gap.removed.unwrap_or(gap.unused)] = Slot { key, hash };
        if gap.removed.is_some() {
            return Ok(());
        }
        self.fill += 1;
        if self.fill * 5 >= self.mask() * 3 {
            self.resize(self.growth())?;
        }
        Ok(())
    }

    /// Adds a member unless it is there; whether it was new. None if script code must say, and nothing happened.
    pub(super) fn add_unasked(
        &mut self,
        hash: i64,
        key: &Value,
    ) -> Result<Option<bool>, OutOfMemory> {
        if self.slots.is_empty() {
            return self.insert(hash, key.clone()).map(|()| Some(true));
        }
        match self.find(key, hash) {
            (Probe::Hit(_), _) => Ok(Some(false)),
            (Probe::Absent, gap) => self.put(gap, hash, key.clone()).map(|()| Some(true)),
            (Probe::Ask(_), _) => Ok(None),
        }
    }

    fn growth(&self) -> usize {
        if self.used > 50_000 {
            self.used * 2
        } else {
            self.used * 4
        }
    }

    fn first_unused(&self, hash: i64) -> usize {
        self.gap(hash).unused
    }

    /// Where a member with that hash belongs.
    fn gap(&self, hash: i64) -> Gap {
        let mut search = self.search(hash);
        let mut removed = None;
        while !self.slots[search.at].is_unused() {
            if self.slots[search.at].key.is_undef() {
                removed = Some(search.at);
            }
            self.step(&mut search);
        }
        Gap {
            unused: search.at,
            removed,
        }
    }

    /// Where a member that the table lacks belongs, which has room: mostly its own slot is still unused.
    #[inline(always)]
    fn place_of_new(&self, hash: i64) -> usize {
        let home = hash as usize & self.mask();
        match self.slots[home].is_unused() {
            true => home,
            false => self.first_unused(hash),
        }
    }

    /// Makes a table for more than `n` members and puts them all in anew.
    fn resize(&mut self, n: usize) -> Result<(), OutOfMemory> {
        let size = size_beyond(n);
        let slots = Buffer::build(size, |_| Slot::EMPTY)?;
        let mut old = std::mem::replace(&mut self.slots, slots);
        for slot in old.iter_mut().filter(|slot| !slot.key.is_undef()) {
            let at = self.place_of_new(slot.hash);
            self.slots[at] = std::mem::replace(slot, Slot::EMPTY);
        }
        self.fill = self.used;
        self.mutation = self.mutation.wrapping_add(1);
        Ok(())
    }

    /// Removes the member in a slot.
    pub fn remove_at(&mut self, at: usize) -> Option<Value> {
        let slot = self.slots.get_mut(at)?;
        if slot.key.is_undef() {
            return None;
        }
        slot.hash = REMOVED;
        let key = std::mem::take(&mut slot.key);
        self.used -= 1;
        self.mutation = self.mutation.wrapping_add(1);
        Some(key)
    }

    /// Removes some member: `pop()`.
    pub fn pop(&mut self) -> Option<Value> {
        if self.used == 0 {
            return None;
        }
        let mut at = self.finger & self.mask();
        while self.slots[at].key.is_undef() {
            at = if at >= self.mask() { 0 } else { at + 1 };
        }
        self.finger = at + 1;
        self.remove_at(at)
    }

    /// Takes all members out.
    pub fn take(&mut self) -> SetTable {
        let mutation = self.mutation.wrapping_add(1);
        std::mem::replace(
            self,
            SetTable {
                mutation,
                ..SetTable::new()
            },
        )
    }

    /// Closes the gaps that removals left, if they are many: after `-=`.
    pub fn tidy(&mut self) -> Result<(), OutOfMemory> {
        if self.fill - self.used > self.mask() / 4 {
            self.resize(self.growth())?;
        }
        Ok(())
    }

    /// Makes room before so many members of a set or dict are added.
    pub fn expect_members(&mut self, n: usize) -> Result<(), OutOfMemory> {
        if self.is_small_for(n) {
            self.resize((self.used + n) * 2)?;
        }
        Ok(())
    }

    /// Whether so many members more want a greater table.
    fn is_small_for(&self, n: usize) -> bool {
        (self.fill + n) * 5 >= self.mask() * 3
    }

    /// A table with copies of all members, as `set(other)` makes it.
    pub fn copy(&self) -> Result<SetTable, OutOfMemory> {
        self.copy_into(SetTable::new())
    }

    /// Whether nothing was ever put into the table since it was made or cleared.
    pub fn is_untouched(&self) -> bool {
        self.fill == 0
    }

    /// Copies all members into a table in which there are none yet.
    pub fn copy_into(&self, mut table: SetTable) -> Result<SetTable, OutOfMemory> {
        if self.used == 0 {
            return Ok(table);
        }
        let size = match table.is_small_for(self.used) {
            true => size_beyond(self.used * 2),
            false => table.mask() + 1,
        };
        if size == self.slots.len() && self.fill == self.used {
            table.slots = Buffer::copy_of(&self.slots)?;
        } else {
            if size != table.slots.len() {
                table.slots = Buffer::build(size, |_| Slot::EMPTY)?;
            }
            for slot in self.slots.iter().filter(|slot| !slot.key.is_undef()) {
                let at = table.place_of_new(slot.hash);
                table.slots[at] = slot.clone();
            }
        }
        (table.fill, table.used) = (self.used, self.used);
        table.mutation = table.mutation.wrapping_add(1);
        Ok(table)
    }

    /// The same table once more, slot for slot.
    pub fn snapshot(&self) -> Result<SetTable, OutOfMemory> {
        Ok(SetTable {
            slots: Buffer::copy_of(&self.slots)?,
            fill: self.fill,
            used: self.used,
            finger: self.finger,
            mutation: self.mutation,
        })
    }

    /// The member in a slot.
    pub fn key_at(&self, at: usize) -> Option<&Value> {
        self.slots
            .get(at)
            .map(|slot| &slot.key)
            .filter(|key| !key.is_undef())
    }

    /// The first member at or after a slot: its slot, hash and value.
    #[inline]
    pub fn next_from(&self, from: usize) -> Option<(usize, i64, &Value)> {
        let mut rest = self.slots.get(from..)?.iter().enumerate();
        let (i, slot) = rest.find(|(_, slot)| !slot.key.is_undef())?;
        Some((from + i, slot.hash, &slot.key))
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.slots
            .iter()
            .map(|slot| &slot.key)
            .filter(|key| !key.is_undef())
    }

    /// Hashes and members in order.
    pub fn iter_hashed(&self) -> impl Iterator<Item = (i64, &Value)> {
        self.slots
            .iter()
            .filter(|slot| !slot.key.is_undef())
            .map(|slot| (slot.hash, &slot.key))
    }

    /// Whether two tables have the same members, if that can be said without script code.
    pub fn simple_eq(&self, other: &SetTable) -> Option<bool> {
        if self.used != other.used {
            return Some(false);
        }
        for (hash, key) in self.iter_hashed() {
            match other.probe(&mut other.search(hash), key) {
                Probe::Hit(_) => {}
                Probe::Absent => return Some(false),
                Probe::Ask(_) => return None,
            }
        }
        Some(true)
    }
}
