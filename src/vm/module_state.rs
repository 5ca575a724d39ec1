//! What native modules keep between calls, each by a key of its own.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::heap::Value;

/// Values by keys that stand in the program's text.
pub type ModuleState = HashMap<&'static str, Value, BuildHasherDefault<KeyHasher>>;

/// A hash of short texts that nobody else chooses.
#[derive(Default)]
pub struct KeyHasher(u64);

impl KeyHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for KeyHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
