//! Hashing by address.

use std::hash::{BuildHasherDefault, Hasher};

/// For tables whose keys are addresses: nobody can choose them, so one multiplication is enough.
#[derive(Default, Clone, Copy)]
pub struct AddressHasher(u64);

/// The hasher of tables whose keys are addresses.
pub type ByAddress = BuildHasherDefault<AddressHasher>;

impl Hasher for AddressHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only addresses are hashed");
    }

    #[inline]
    fn write_usize(&mut self, address: usize) {
        let mixed = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // Tables use the low bits and the topmost: the product's low bits are those of the address.
        self.0 = mixed ^ mixed >> 32;
    }
}
