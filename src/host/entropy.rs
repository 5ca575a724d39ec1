//! Random bytes: the system's, or a seeded stream for runs that must repeat.

use super::HostError;

/// A source of random bytes, for `os.urandom`, hash seeds and `secrets`.
pub trait Entropy: Send {
    /// Fills `bytes`, or says why it cannot.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), HostError>;

    /// Eight random bytes as a number.
    fn next_u64(&mut self) -> Result<u64, HostError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), HostError> {
        getrandom::fill(bytes).map_err(|error| {
            let errno = error.raw_os_error().unwrap_or(5);
            HostError::os(errno).with_message(error.to_string())
        })
    }
}

/// The same bytes for the same seed (splitmix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct SeededEntropy {
    state: u64,
}

impl SeededEntropy {
    /// A stream that `seed` decides.
    pub fn new(seed: u64) -> Self {
        SeededEntropy { state: seed }
    }

    fn step(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), HostError> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.step().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        let (mut a, mut b) = (SeededEntropy::new(7), SeededEntropy::new(7));
        assert_eq!(a.next_u64(), b.next_u64());
        assert_ne!(SystemEntropy.next_u64(), SystemEntropy.next_u64());
    }
}
