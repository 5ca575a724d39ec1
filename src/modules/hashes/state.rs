//! What the hashes know: one enum over the crates that compute them.

use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};

/// A hash in the making.
pub enum State {
    /// Of fixed length.
    Fixed(Box<dyn DynDigest>),
    /// `shake_128`
    Shake128(Box<Shake128>),
    /// `shake_256`
    Shake256(Box<Shake256>),
    /// `blake2b`, with the length of its result.
    Blake2b(Box<blake2b_simd::State>, usize),
    /// `blake2s`, with the length of its result.
    Blake2s(Box<blake2s_simd::State>, usize),
}

impl Clone for State {
    fn clone(&self) -> State {
        match self {
            State::Fixed(state) => State::Fixed(state.box_clone()),
            State::Shake128(state) => State::Shake128(state.clone()),
            State::Shake256(state) => State::Shake256(state.clone()),
            State::Blake2b(state, size) => State::Blake2b(state.clone(), *size),
            State::Blake2s(state, size) => State::Blake2s(state.clone(), *size),
        }
    }
}

/// A line of the table: name, bytes of the result, bytes of a block.
pub type Facts = (&'static str, usize, usize);

/// All hashes; results of length 0 are as long as one asks.
pub const ALL: &[Facts] = &[
    ("md5", 16, 64),
    ("sha1", 20, 64),
    ("sha224", 28, 64),
    ("sha256", 32, 64),
    ("sha384", 48, 128),
    ("sha512", 64, 128),
    ("sha512_224", 28, 128),
    ("sha512_256", 32, 128),
    ("sha3_224", 28, 144),
    ("sha3_256", 32, 136),
    ("sha3_384", 48, 104),
    ("sha3_512", 64, 72),
    ("shake_128", 0, 168),
    ("shake_256", 0, 136),
    ("blake2b", 64, 128),
    ("blake2s", 32, 64),
];

/// The facts of a name, in any case and with its other spellings.
pub fn facts(name: &str) -> Option<Facts> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let name = match name.as_str() {
        "sha_1" => "sha1",
        "sha2_224" => "sha224",
        "sha2_256" | "sha_256" => "sha256",
        "sha2_384" => "sha384",
        "sha2_512" | "sha_512" => "sha512",
        "sha512/224" => "sha512_224",
        "sha512/256" => "sha512_256",
        "blake2b512" => "blake2b",
        "blake2s256" => "blake2s",
        "shake128" => "shake_128",
        "shake256" => "shake_256",
        name => name,
    };
    ALL.iter().find(|facts| facts.0 == name).copied()
}

impl State {
    /// A new hash of a name of the table.
    pub fn new(name: &str) -> State {
        match name {
            "md5" => State::Fixed(Box::<Md5>::default()),
            "sha1" => State::Fixed(Box::<Sha1>::default()),
            "sha224" => State::Fixed(Box::<Sha224>::default()),
            "sha384" => State::Fixed(Box::<Sha384>::default()),
            "sha512" => State::Fixed(Box::<Sha512>::default()),
            "sha512_224" => State::Fixed(Box::<Sha512_224>::default()),
            "sha512_256" => State::Fixed(Box::<Sha512_256>::default()),
            "sha3_224" => State::Fixed(Box::<Sha3_224>::default()),
            "sha3_256" => State::Fixed(Box::<Sha3_256>::default()),
            "sha3_384" => State::Fixed(Box::<Sha3_384>::default()),
            "sha3_512" => State::Fixed(Box::<Sha3_512>::default()),
            "shake_128" => State::Shake128(Box::default()),
            "shake_256" => State::Shake256(Box::default()),
            "blake2b" => State::Blake2b(Box::new(blake2b_simd::State::new()), 64),
            "blake2s" => State::Blake2s(Box::new(blake2s_simd::State::new()), 32),
            _ => State::Fixed(Box::<Sha256>::default()),
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            State::Fixed(state) => state.update(data),
            State::Shake128(state) => Update::update(&mut **state, data),
            State::Shake256(state) => Update::update(&mut **state, data),
            State::Blake2b(state, _) => drop(state.update(data)),
            State::Blake2s(state, _) => drop(state.update(data)),
        }
    }

    /// The result so far; `length` counts for those of any length only.
    pub fn digest(&self, length: usize) -> Vec<u8> {
        match self.clone() {
            State::Fixed(state) => state.finalize().into_vec(),
            State::Shake128(state) => squeezed(state.finalize_xof(), length),
            State::Shake256(state) => squeezed(state.finalize_xof(), length),
            State::Blake2b(state, _) => state.finalize().as_bytes().to_vec(),
            State::Blake2s(state, _) => state.finalize().as_bytes().to_vec(),
        }
    }
}

/// So many bytes; fewer if the run is to be stopped, which the caller finds out.
fn squeezed(mut reader: impl XofReader, length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    for piece in out.chunks_mut(1 << 14) {
        if crate::heap::work(1000).is_err() {
            break;
        }
        reader.read(piece);
    }
    out
}

/// A keyed hash (HMAC) in the making.
#[derive(Clone)]
pub struct Keyed {
    inner: State,
    outer: State,
}

impl Keyed {
    /// A keyed hash over the hash of these facts.
    pub fn new((name, _, block): Facts, key: &[u8]) -> Keyed {
        let mut padded = if key.len() > block {
            let mut state = State::new(name);
            state.update(key);
            state.digest(0)
        } else {
            key.to_vec()
        };
        padded.resize(block, 0);
        let begun = |pad: u8| {
            let mut state = State::new(name);
            state.update(&padded.iter().map(|byte| byte ^ pad).collect::<Vec<_>>());
            state
        };
        Keyed {
            inner: begun(0x36),
            outer: begun(0x5C),
        }
    }

    /// The result over bytes.
    pub fn of(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut keyed = self.clone();
        for part in parts {
            keyed.inner.update(part);
        }
        let inside = keyed.inner.digest(0);
        keyed.outer.update(&inside);
        keyed.outer.digest(0)
    }
}

/// After so many rounds `stretched` asks whether to go on.
pub const ROUNDS_A_LOOK: u64 = 512;

/// A key of `length` bytes out of a password (PBKDF2); `go_on` is asked now and then.
pub fn stretched<E>(
    facts: Facts,
    (password, salt): (&[u8], &[u8]),
    rounds: u64,
    length: usize,
    mut go_on: impl FnMut() -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let keyed = Keyed::new(facts, password);
    let mut out = Vec::new();
    let mut block = 0u32;
    while out.len() < length {
        block += 1;
        if block.is_multiple_of(256) {
            go_on()?;
        }
        let mut last = keyed.of(&[salt, &block.to_be_bytes()]);
        let mut sum = last.clone();
        for round in 1..rounds {
            if round.is_multiple_of(ROUNDS_A_LOOK) {
                go_on()?;
            }
            last = keyed.of(&[&last]);
            for (byte, more) in sum.iter_mut().zip(&last) {
                *byte ^= more;
            }
        }
        out.extend_from_slice(&sum);
    }
    out.truncate(length);
    Ok(out)
}
