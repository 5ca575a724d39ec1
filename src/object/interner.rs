//! The engine's table of names and literals: one string object for each text,
//! so that names compare by address first.

use indexmap::IndexMap;
use indexmap::map::raw_entry_v1::{RawEntryApiV1, RawEntryMut};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::str::Str;
use crate::heap::Ref;

/// One string object for each text.
#[derive(Default)]
pub struct Interner {
    strings: IndexMap<Interned, (), BuildHasherDefault<KnownHash>>,
}

struct Interned(Ref<Str>);

impl PartialEq for Interned {
    fn eq(&self, other: &Interned) -> bool {
        self.0.bytes() == other.0.bytes()
    }
}

impl Eq for Interned {}

impl Hash for Interned {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64(self.0.hash());
    }
}

/// The strings know their hash.
#[derive(Default)]
struct KnownHash(u64);

impl Hasher for KnownHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only known hashes are hashed");
    }
    fn write_i64(&mut self, hash: i64) {
        self.0 = hash as u64;
    }
}

impl Interner {
    /// An interner without strings.
    pub fn new() -> Interner {
        // As many as an engine knows before its first script.
        const FIRST: usize = 800;
        Interner {
            strings: IndexMap::with_capacity_and_hasher(FIRST, BuildHasherDefault::default()),
        }
    }

    /// The string of this text.
    pub fn intern(&mut self, text: &str) -> Ref<Str> {
        if super::str::is_marked(text) {
            // The string has other bytes than the text, and so another hash.
            return self.intern_str(&Str::new(text));
        }
        let hash = super::str::hash_text(text.as_bytes());
        self.find_or_add(text.as_bytes(), hash, || Some(Str::new(text)))
            .expect("a string can be made of every text")
    }

    /// The string of these WTF-8 bytes, which must be well-formed and few.
    pub fn intern_wtf8(&mut self, bytes: &[u8]) -> Option<Ref<Str>> {
        let hash = super::str::hash_text(bytes);
        self.find_or_add(bytes, hash, || Str::from_wtf8(bytes).ok())
    }

    /// The string with the text of `string`, which is that one if the text is new.
    pub fn intern_str(&mut self, string: &Ref<Str>) -> Ref<Str> {
        if string.is_interned() {
            return string.clone();
        }
        let own = || match string.as_value().is_exact::<Str>() {
            true => Some(string.clone()),
            // An instance of a subclass, or one with room to grow, does not stay.
            false => Str::from_wtf8(string.bytes()).ok(),
        };
        self.find_or_add(string.bytes(), string.hash(), own)
            .unwrap_or_else(|| string.clone())
    }

    /// The string of these bytes, which have this hash; `make` makes one, if it can.
    fn find_or_add(
        &mut self,
        bytes: &[u8],
        hash: i64,
        make: impl FnOnce() -> Option<Ref<Str>>,
    ) -> Option<Ref<Str>> {
        let strings = self.strings.raw_entry_mut_v1();
        match strings.from_hash(hash as u64, |known| known.0.bytes() == bytes) {
            RawEntryMut::Occupied(known) => Some(known.key().0.clone()),
            RawEntryMut::Vacant(place) => {
                let string = make()?;
                string.set_hash(hash);
                string.set_interned();
                place.insert_hashed_nocheck(hash as u64, Interned(string.clone()), ());
                Some(string)
            }
        }
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::testing::with_heap;

    #[test]
    fn a_text_that_stands_for_surrogates_is_the_string_of_their_bytes() {
        with_heap(|| {
            let mut interner = Interner::new();
            let known = interner
                .intern_wtf8(b"\xED\xA0\x80abc")
                .expect("it is small");
            let again = interner.intern(&known.to_text());
            assert!(again.is(&known));
            let Ok(other) = Str::from_wtf8(b"\xED\xBF\xBFx") else {
                panic!("it is small");
            };
            let interned = interner.intern(&other.to_text());
            assert_eq!(
                (interned.hash(), interned.bytes()),
                (other.hash(), other.bytes())
            );
        });
    }
}
