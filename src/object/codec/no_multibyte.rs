//! Stands for `multibyte.rs` where the feature is off: there are no such encodings.

/// None of them.
#[derive(Debug, PartialEq, Eq)]
pub enum Multibyte {}

/// What bytes begin with.
pub enum Begins {
    /// With a character of so many bytes.
    With(u32, usize),
    /// With what more bytes may make a character of.
    Incomplete,
    /// With nothing that means something.
    Wrong,
}

impl Multibyte {
    /// The encoding of a plain name.
    pub fn named(_: &str) -> Option<&'static Multibyte> {
        None
    }

    /// Its own name.
    pub fn name(&self) -> &'static str {
        match *self {}
    }

    /// What these bytes begin with.
    pub fn begins(&self, _: &[u8]) -> Begins {
        match *self {}
    }

    /// The bytes of a character.
    pub fn encode(&self, _: u32, _: &mut [u8; 8]) -> Option<usize> {
        match *self {}
    }
}
