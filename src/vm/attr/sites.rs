//! What inline caches remembered, kept for sites that see objects of several shapes.
//!
//! An inline cache knows one shape. Before a site whose cache failed searches
//! the classes, it asks this table: what another visit (of this site, or of
//! one with the same name) found for the shape is put back into the
//! instruction's cache words, and the instruction runs again.

use crate::heap::Value;

/// What kind of instruction the words are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    Get,
    Set,
    Method,
    /// A property that is set.
    Property,
    /// A static or class method, by its class's instances.
    Beside,
    /// The same, and a plain function, by the class itself, which goes by the shape of its instances.
    OfClass,
    /// A plain value of a class, which goes by the shape of its instances: the class that has it, and where in its namespace,
    /// with the shape of the class itself.
    ValueOfClass,
    /// An attribute in an object's dict, for stores: the word that holds the dict, and the entry.
    InDict,
    /// An attribute in a slot, for deletions: the shape without it, and the slot.
    Delete,
    /// What `super()` finds behind the class in the first word.
    Behind,
    /// That `__class__` is what `object` says.
    OwnClass,
    /// Whether an abstract base class, in the name's place, has the instances of a class, which goes by their shape.
    HasInstances,
    /// Whether it has the class itself.
    HasSubclass,
}

/// The words behind an instruction that a shape and the epoch guard: the name with the site in the low bits of its word,
/// the shape with the epoch, and the two words. Numbers, because a table of zeros costs nothing until it is touched.
type Entry = [u64; 4];

const ENTRIES: usize = 1024;

/// See the module. Holds addresses and places only: the epoch changes when one of them is void.
pub(crate) struct SiteCache(Box<[Entry; ENTRIES]>);

impl Default for SiteCache {
    fn default() -> SiteCache {
        let empty = vec![Entry::default(); ENTRIES].into_boxed_slice();
        SiteCache(empty.try_into().expect("it has so many entries"))
    }
}

/// Interned names lie 16 bytes apart at least; shapes of one class follow each other.
#[inline(always)]
fn index(shape: u32, name: usize, site: Site) -> usize {
    (name >> 4 ^ (shape as usize).wrapping_mul(37) ^ (site as usize) << 7) & (ENTRIES - 1)
}

/// What an entry for a name at a site begins with.
#[inline(always)]
fn place(name: usize, site: Site) -> u64 {
    const { assert!((Site::HasSubclass as usize) < 16) };
    (name ^ site as usize) as u64
}

/// What makes an entry hold.
#[inline(always)]
fn guard(shape: u32, epoch: u32) -> u64 {
    u64::from(shape) << 32 | u64::from(epoch)
}

impl SiteCache {
    /// The words found for objects of a shape, if the epoch is still that one.
    #[inline(always)]
    pub(crate) fn get(
        &self,
        site: Site,
        name: &Value,
        shape: u32,
        epoch: u32,
    ) -> Option<(u64, u64)> {
        let name = name.word() as usize;
        let [at, holds, first, second] = &self.0[index(shape, name, site)];
        let same = *at == place(name, site) && *holds == guard(shape, epoch);
        same.then_some((*first, *second))
    }

    /// Remembers words. The name is interned: such names live as long as the VM.
    pub(crate) fn put(
        &mut self,
        site: Site,
        name: &Value,
        shape: u32,
        epoch: u32,
        words: (u64, u64),
    ) {
        let name = name.word() as usize;
        self.0[index(shape, name, site)] =
            [place(name, site), guard(shape, epoch), words.0, words.1];
    }
}
