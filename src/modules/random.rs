//! `_random`: the Mersenne Twister MT19937, number for number that of CPython.

use std::cell::RefCell;

use dashu_int::IBig;

use crate::builtins::arguments::{index, shape_of_class, tuple};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::int::{self, IntView};
use crate::object::kind;
use crate::object::native::{Def, ModuleDef, R, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// `_random`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_random",
    doc: "Random numbers of the Mersenne Twister.",
    functions: &[],
    types: TYPES,
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&RANDOM];

const N: usize = 624;
const M: usize = 397;

/// The generator's state.
pub struct Twister {
    words: [u32; N],
    at: usize,
}

impl Twister {
    /// Seeded by one number.
    fn seeded(seed: u32) -> Twister {
        let mut words = [0u32; N];
        words[0] = seed;
        for i in 1..N {
            let before = words[i - 1];
            words[i] = 1_812_433_253u32
                .wrapping_mul(before ^ (before >> 30))
                .wrapping_add(i as u32);
        }
        Twister { words, at: N }
    }

    /// Seeded by a key of any length.
    fn of_key(key: &[u32]) -> Twister {
        let mut twister = Twister::seeded(19_650_218);
        let words = &mut twister.words;
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let mixed = (words[i - 1] ^ (words[i - 1] >> 30)).wrapping_mul(1_664_525);
            words[i] = (words[i] ^ mixed)
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            i += 1;
            j = (j + 1) % key.len();
            if i >= N {
                words[0] = words[N - 1];
                i = 1;
            }
        }
        for _ in 0..N - 1 {
            let mixed = (words[i - 1] ^ (words[i - 1] >> 30)).wrapping_mul(1_566_083_941);
            words[i] = (words[i] ^ mixed).wrapping_sub(i as u32);
            i += 1;
            if i >= N {
                words[0] = words[N - 1];
                i = 1;
            }
        }
        words[0] = 0x8000_0000;
        twister
    }

    fn refill(&mut self) {
        let twist = |high: u32, low: u32, far: u32| {
            let y = (high & 0x8000_0000) | (low & 0x7FFF_FFFF);
            far ^ (y >> 1) ^ if y & 1 == 0 { 0 } else { 0x9908_B0DF }
        };
        for i in 0..N {
            self.words[i] = twist(
                self.words[i],
                self.words[(i + 1) % N],
                self.words[(i + M) % N],
            );
        }
        self.at = 0;
    }

    fn next(&mut self) -> u32 {
        if self.at >= N {
            self.refill();
        }
        let mut y = self.words[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C_5680;
        y ^= (y << 15) & 0xEFC6_0000;
        y ^ (y >> 18)
    }

    /// A float in [0, 1) of 53 bits.
    fn unit(&mut self) -> f64 {
        let (a, b) = (self.next() >> 5, self.next() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) * (1.0 / 9_007_199_254_740_992.0)
    }
}

traced_object! {
    /// `_random.Random`
    pub struct Random: RANDOM {
        /// The state.
        twister: Untraced<RefCell<Twister>>,
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let twister = Twister::of_key(&[0]);
    let made =
        Random::alloc(shape_of_class(&args[0]), Untraced(RefCell::new(twister))).into_value();
    let given = args[1]
        .get::<Tuple>()
        .and_then(|t| t.get(0))
        .unwrap_or(Value::NONE);
    let hashable = given.is_none() || vm.hash(&given).is_ok();
    seed(
        vm,
        &[made.clone(), if hashable { given } else { Value::NONE }],
    )?;
    Ok(made)
}

/// `seed(x)`: the system's randomness, the absolute value of an int, or a hash.
fn seed(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args[0].to_ref::<Random>() else {
        return Ok(Value::NONE);
    };
    let key = if args[1].is_none() {
        let mut key = Vec::with_capacity(16);
        for _ in 0..8 {
            let word = vm.host.entropy.next_u64().unwrap_or(0x9E37_79B9_7F4A_7C15);
            key.extend([word as u32, (word >> 32) as u32]);
        }
        key
    } else if let Some(view) = IntView::of(&args[1]) {
        words_of(&view.into_big())
    } else {
        let hash = vm.hash(&args[1])? as u64;
        words_of(&IBig::from(hash))
    };
    *this.twister.borrow_mut() = Twister::of_key(&key);
    Ok(Value::NONE)
}

/// The absolute value in words of 32 bits, the lowest first; zero is one word.
fn words_of(number: &IBig) -> Vec<u32> {
    let (_, words) = number.as_sign_words();
    let mut key: Vec<u32> = words
        .iter()
        .flat_map(|&w| [w as u32, (w >> 32) as u32])
        .collect();
    while key.len() > 1 && key.last() == Some(&0) {
        key.pop();
    }
    if key.is_empty() {
        key.push(0);
    }
    key
}

fn random(_: &mut Vm, args: &[Value]) -> R {
    let unit = args[0]
        .get::<Random>()
        .map_or(0.0, |r| r.twister.borrow_mut().unit());
    Ok(crate::object::float::float(unit))
}

fn getrandbits(vm: &mut Vm, args: &[Value]) -> R {
    let count = index(vm, &args[1])?;
    let Some(this) = args[0].to_ref::<Random>() else {
        return Ok(Value::NONE);
    };
    if count < 0 {
        return Err(vm.value_error("number of bits must be non-negative"));
    }
    if count == 0 {
        return Ok(Value::int32(0));
    }
    let mut twister = this.twister.borrow_mut();
    if count <= 32 {
        return Ok(int::from_u64(u64::from(twister.next() >> (32 - count))));
    }
    if count > 1 << 33 {
        drop(twister);
        return Err(vm.memory_error());
    }
    let mut left = count;
    vm.check_room(count as usize / 4)?;
    vm.tick(count as usize / 1000)?;
    let mut bytes = Vec::with_capacity((count as usize).div_ceil(32) * 4);
    while left > 0 {
        let mut word = twister.next();
        if left < 32 {
            word >>= 32 - left;
        }
        bytes.extend(word.to_le_bytes());
        left -= 32;
    }
    Ok(crate::object::int_math::from_bytes(&bytes, true, false))
}

fn getstate(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args[0].to_ref::<Random>() else {
        return Ok(Value::NONE);
    };
    let mut state: Vec<Value> = this
        .twister
        .borrow()
        .words
        .iter()
        .map(|&w| int::from_u64(u64::from(w)))
        .collect();
    state.push(int::from_usize(this.twister.borrow().at));
    tuple(vm, state)
}

fn setstate(vm: &mut Vm, args: &[Value]) -> R {
    let Some(this) = args[0].to_ref::<Random>() else {
        return Ok(Value::NONE);
    };
    let Some(state) = args[1].get::<Tuple>() else {
        return Err(vm.type_error("state vector must be a tuple"));
    };
    let state = state.items().to_vec();
    if state.len() != N + 1 {
        return Err(vm.value_error("state vector is the wrong size"));
    }
    let mut words = [0; N];
    for (word, value) in words.iter_mut().zip(&state) {
        *word = index(vm, value)? as u32;
    }
    let at = index(vm, &state[N])?;
    if !(0..=N as i64).contains(&at) {
        return Err(vm.value_error("invalid state"));
    }
    *this.twister.borrow_mut() = Twister {
        words,
        at: at as usize,
    };
    Ok(Value::NONE)
}

/// `_random.Random`
pub static RANDOM: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "A generator with a state of its own.",
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new)),
    methods: &[
        Def::leaf("random(self, /)", random).doc("A float from 0 up to 1."),
        Def::leaf("seed(self, n=None, /)", seed),
        Def::leaf("getrandbits(self, k, /)", getrandbits).doc("An integer of k random bits."),
        Def::leaf("getstate(self, /)", getstate),
        Def::leaf("setstate(self, state, /)", setstate),
    ],
    ..TypeDef::new("_random", "Random", kind::RANDOM)
};
