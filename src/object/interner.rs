//! The engine's table of names and literals: one string object for each text,
//! so that names compare by address first.

use indexmap::Equivalent;
use indexmap::IndexSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::str::Str;
use crate::heap::Ref;

/// One string object for each text.
#[derive(Default)]
pub struct Interner {
    strings: IndexSet<Interned, BuildHasherDefault<KnownHash>>,
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

/// Bytes with their hash, to look a string up before it is made.
struct Wanted<'a>(&'a [u8], i64);

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64(self.1);
    }
}

impl Equivalent<Interned> for Wanted<'_> {
    fn equivalent(&self, key: &Interned) -> bool {
        self.0 == key.0.bytes()
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
        Interner::default()
    }

    /// The string of this text.
    pub fn intern(&mut self, text: &str) -> Ref<Str> {
        let wanted = Wanted(text.as_bytes(), super::str::hash_text(text.as_bytes()));
        match self.strings.get(&wanted) {
            Some(known) => known.0.clone(),
            None => self.add(Str::new(text)),
        }
    }

    /// The string of these WTF-8 bytes, which must be well-formed and few.
    pub fn intern_wtf8(&mut self, bytes: &[u8]) -> Option<Ref<Str>> {
        let wanted = Wanted(bytes, super::str::hash_text(bytes));
        match self.strings.get(&wanted) {
            Some(known) => Some(known.0.clone()),
            None => Some(self.add(Str::from_wtf8(bytes).ok()?)),
        }
    }

    /// The string with the text of `string`, which is that one if the text is new.
    pub fn intern_str(&mut self, string: &Ref<Str>) -> Ref<Str> {
        if string.is_interned() {
            return string.clone();
        }
        match self.strings.get(&Wanted(string.bytes(), string.hash())) {
            Some(known) => known.0.clone(),
            // An instance of a subclass, or one with room to grow, does not stay.
            None if !string.as_value().is_exact::<Str>() => match Str::from_wtf8(string.bytes()) {
                Ok(plain) => self.add(plain),
                Err(_) => string.clone(),
            },
            None => self.add(string.clone()),
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

    fn add(&mut self, string: Ref<Str>) -> Ref<Str> {
        string.set_interned();
        self.strings.insert(Interned(string.clone()));
        string
    }
}
