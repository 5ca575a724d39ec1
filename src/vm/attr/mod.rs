//! Attributes: what `x.name` finds, sets and deletes.
//!
//! `lookup_in_class` walks the method resolution order; `own` knows where an
//! object keeps attributes of its own; `descriptor` says what a class's
//! attribute does when it is reached through an instance; `get` and `set` put
//! these together in CPython's order. What was found may be cached by the
//! object's shape for as long as the type epoch stays the same.

mod descriptor;
mod get;
mod own;
mod own_class;
mod set;
pub(super) mod sites;

pub(crate) use descriptor::HIDDEN;
pub use descriptor::Nature;
pub use get::{Cached, Method};
pub use own::PlaceInDict;
pub(crate) use own::dict_so_far;
pub use set::CachedStore;
pub(crate) use sites::{Site, SiteCache};

use super::Vm;
use crate::heap::{self, Ref, Value};
use crate::object::class::Class;
use crate::object::native::R;
use crate::object::str::Str;

/// Where the method resolution order of a class has a name: the class, the name, the type epoch, the owner (0: the class
/// itself, n: ancestor n - 1, `ABSENT`: nobody) and the position in the owner's namespace. A tuple, because a table of
/// zeros costs nothing until it is touched, and the standard library knows only of plain numbers that they are zeros.
type Entry = (usize, usize, u32, u16, u32);

const ABSENT: u16 = u16::MAX;
const ENTRIES: usize = 2048;

/// The global cache of look-ups in classes. It holds places, no values, so it keeps nothing alive.
pub struct MethodCache {
    entries: Vec<Entry>,
}

impl Default for MethodCache {
    fn default() -> MethodCache {
        MethodCache {
            entries: vec![Entry::default(); ENTRIES],
        }
    }
}

impl MethodCache {
    #[inline]
    fn index(class: usize, name: usize) -> usize {
        // Objects lie 16 bytes apart at least.
        (class >> 4 ^ name >> 4 ^ name >> 13) & (ENTRIES - 1)
    }
}

impl Vm {
    /// The attribute of a class: its own, or that of the first ancestor that has one.
    /// Descriptors are given as they are.
    #[inline]
    pub fn lookup_in_class(&mut self, class: &Ref<Class>, name: &Value) -> Option<Value> {
        let (class_key, name_key) = (class.as_ptr() as usize, name.word() as usize);
        let (of, named, epoch, owner, position) =
            self.method_cache.entries[MethodCache::index(class_key, name_key)];
        if of == class_key && named == name_key && epoch == self.heap.type_epoch {
            return match owner {
                ABSENT => None,
                0 => class
                    .namespace
                    .borrow()
                    .value_at(position as usize)
                    .cloned(),
                n => class
                    .ancestors
                    .borrow()
                    .get(n as usize - 1)?
                    .namespace
                    .borrow()
                    .value_at(position as usize)
                    .cloned(),
            };
        }
        self.lookup_uncached(class, name)
    }

    /// Which class of the order has the name, and where in its namespace: for caches.
    pub(super) fn place_in_class(
        &mut self,
        class: &Ref<Class>,
        name: &Value,
    ) -> Option<(Ref<Class>, usize)> {
        self.lookup_in_class(class, name)?;
        let (class_key, name_key) = (class.as_ptr() as usize, name.word() as usize);
        let (of, named, _, owner, position) =
            self.method_cache.entries[MethodCache::index(class_key, name_key)];
        if of != class_key || named != name_key || owner == ABSENT {
            return None;
        }
        let owner = match owner {
            0 => class.clone(),
            n => class.ancestors.borrow().get(n as usize - 1)?.clone(),
        };
        Some((owner, position as usize))
    }

    #[cold]
    fn lookup_uncached(&mut self, class: &Ref<Class>, name: &Value) -> Option<Value> {
        let name = name.to_ref::<Str>()?;
        let found = self.search_classes(class, &name);
        // Only an interned name is told by its address.
        if name.is_interned() {
            let (class_key, name_key) = (class.as_ptr() as usize, name.as_value().word() as usize);
            let (owner, position) = found.as_ref().map_or((ABSENT, 0), |&(owner, position, _)| {
                (owner as u16, position as u32)
            });
            let entry = (class_key, name_key, self.heap.type_epoch, owner, position);
            self.method_cache.entries[MethodCache::index(class_key, name_key)] = entry;
        }
        found.map(|(_, _, value)| value)
    }

    fn search_classes(&mut self, class: &Ref<Class>, name: &Str) -> Option<(usize, usize, Value)> {
        let mut owner = 0;
        let mut current = class.clone();
        loop {
            if !current.populated.get() {
                self.populate(&current);
            }
            let found = {
                let table = current.namespace.borrow();
                table
                    .index_of_str(name)
                    .and_then(|at| Some((at, table.value_at(at)?.clone())))
            };
            if let Some((position, value)) = found {
                return Some((owner, position, value));
            }
            let next = class.ancestors.borrow().get(owner).cloned()?;
            owner += 1;
            current = next;
        }
    }

    /// The attribute of the class's own namespace.
    pub fn own_class_attribute(&mut self, class: &Ref<Class>, name: &Str) -> Option<Value> {
        if !class.populated.get() {
            self.populate(class);
        }
        let table = class.namespace.borrow();
        table
            .index_of_str(name)
            .and_then(|at| table.value_at(at).cloned())
    }

    /// Names and values of the class's own namespace, in order.
    pub fn class_pairs(&mut self, class: &Ref<Class>) -> Vec<(Value, Value)> {
        if !class.populated.get() {
            self.populate(class);
        }
        class
            .namespace
            .borrow()
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The attribute that a class of the order of `order_of` has behind `class`.
    pub fn lookup_behind(
        &mut self,
        order_of: &Ref<Class>,
        class: &Ref<Class>,
        name: &Str,
    ) -> Option<Value> {
        let ancestors = order_of.ancestors.borrow();
        let start = match order_of.is(class) {
            true => 0,
            false => ancestors.iter().position(|c| c.is(class))? + 1,
        };
        for owner in &ancestors[start..] {
            if !owner.populated.get() {
                self.populate(owner);
            }
            let table = owner.namespace.borrow();
            if let Some(found) = table.index_of_str(name).and_then(|at| table.value_at(at)) {
                return Some(found.clone());
            }
        }
        None
    }

    /// Says that what classes have changed: everything cached of them is void.
    pub fn bump_type_epoch(&mut self) {
        let heap = heap::current();
        heap.type_epoch = heap.type_epoch.wrapping_add(1).max(1);
    }

    /// The name as the interned string with its text.
    #[inline]
    pub(crate) fn interned(&mut self, name: &Value) -> R<Value> {
        match name.get::<Str>() {
            Some(text) if text.is_interned() => Ok(name.clone()),
            _ => self.intern_name(name),
        }
    }

    #[cold]
    fn intern_name(&mut self, name: &Value) -> R<Value> {
        match name.to_ref::<Str>() {
            Some(text) => Ok(self.interner.intern_str(&text).into_value()),
            None => {
                let given = self.type_name(name);
                Err(self.type_error(format!("attribute name must be string, not '{given}'")))
            }
        }
    }
}
