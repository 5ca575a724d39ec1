//! `_hashes` and `_blake2`: the hashes under `hashlib`. The types have the names of CPython's `_hashlib`.

mod blake2;
mod state;

use std::cell::RefCell;

use super::binary::window::bytes_like;
use crate::builtins::arguments::{bytes, int, long_string, plain, shown_type, string};
use crate::heap::{Charge, Ref, Value};
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::memoryview::MemoryView;
use crate::object::module::Module;
use crate::object::native::{Attribute, Def, ModuleDef, R, TypeDef};
use crate::object::str::Str;
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;
use crate::vm::special::Special;
use state::{ALL, Facts, Keyed, State};

macro_rules! constructor {
    ($name:literal, $hash:literal) => {
        Def::leaf(
            concat!($name, "(string=b'', *, usedforsecurity=True)"),
            |vm, args| begin(vm, $hash, &args[0]),
        )
        .doc(concat!(
            "Returns a ",
            $hash,
            " hash object; optionally initialized with a string"
        ))
    };
}

/// `_hashes`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_hashes",
    doc: "Hashes.",
    functions: &[
        constructor!("openssl_md5", "md5"),
        constructor!("openssl_sha1", "sha1"),
        constructor!("openssl_sha224", "sha224"),
        constructor!("openssl_sha256", "sha256"),
        constructor!("openssl_sha384", "sha384"),
        constructor!("openssl_sha512", "sha512"),
        constructor!("openssl_sha3_224", "sha3_224"),
        constructor!("openssl_sha3_256", "sha3_256"),
        constructor!("openssl_sha3_384", "sha3_384"),
        constructor!("openssl_sha3_512", "sha3_512"),
        constructor!("openssl_shake_128", "shake_128"),
        constructor!("openssl_shake_256", "shake_256"),
        Def::leaf("new(name, string=b'', *, usedforsecurity=True)", new)
            .doc("Return a new hash object using the named algorithm."),
        Def::leaf("hmac_digest(key, msg, digest)", hmac_digest).doc("Single-shot HMAC."),
        Def::leaf(
            "pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None)",
            pbkdf2_hmac,
        )
        .doc("Password based key derivation function 2 (PKCS #5 v2.0) with HMAC."),
        Def::leaf(
            "scrypt(password, *, salt=None, n=None, r=None, p=None, maxmem=0, dklen=64)",
            scrypt,
        )
        .doc("scrypt password-based key derivation function."),
    ],
    types: &[&UNSUPPORTED, &HASH, &HASHXOF],
    setup: Some(|vm, module: &Ref<Module>| {
        let names = ALL.iter().map(|(name, ..)| string(name)).collect();
        let names = crate::builtins::arguments::tuple(vm, names)?;
        vm.set_name(&module.namespace, "algorithms", names)
    }),
};

/// `_blake2`
pub static BLAKE2: ModuleDef = ModuleDef {
    name: "_blake2",
    doc: "BLAKE2b and BLAKE2s.",
    functions: &[],
    types: &[&blake2::BLAKE2B, &blake2::BLAKE2S],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[
    &UNSUPPORTED,
    &HASH,
    &HASHXOF,
    &blake2::BLAKE2B,
    &blake2::BLAKE2S,
];

/// `_hashlib.UnsupportedDigestmodError`
pub static UNSUPPORTED: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::VALUE_ERROR),
    flags: class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF,
    ..TypeDef::new("_hashlib", "UnsupportedDigestmodError", kind::EXCEPTION)
};

traced_object! {
    /// A hash object.
    pub struct Hasher: HASHER {
        /// What it knows.
        state: Untraced<RefCell<State>>,
        /// Name, bytes of the result, bytes of a block.
        facts: Untraced<Facts>,
    }
}

const ATTRIBUTES: &[Attribute] = &[
    Attribute::get("block_size", |_, value| Ok(int(facts_of(value).2 as i64))),
    Attribute::get("digest_size", |_, value| Ok(int(facts_of(value).1 as i64))),
    Attribute::get("name", |_, value| Ok(string(facts_of(value).0))),
];

fn facts_of(value: &Value) -> Facts {
    value
        .get::<Hasher>()
        .map_or(("", 0, 0), |this| this.facts.0)
}

const UPDATE: Def = Def::leaf("update(self, obj, /)", |vm, args| {
    let data = input(vm, &args[1])?;
    if let Some(this) = args[0].get::<Hasher>() {
        feed(vm, &mut this.state.borrow_mut(), &data)?;
    }
    Ok(Value::NONE)
})
.doc("Takes in more data.");

const COPY: Def = Def::leaf("copy(self, /)", |vm, args| {
    let Some(this) = args[0].get::<Hasher>() else {
        return Ok(Value::NONE);
    };
    let class = vm.class_of(&args[0]);
    let state = this.state.borrow().clone();
    Ok(made(class.root_shape.get(), state, this.facts.0))
})
.doc("Another hash that goes on from here.");

const DIGEST: Def = Def::leaf("digest(self, /)", |vm, args| {
    let out = result(&args[0], 0);
    bytes(vm, &out)
})
.doc("The hash so far, as bytes.");

const HEXDIGEST: Def = Def::leaf("hexdigest(self, /)", |vm, args| {
    let out = result(&args[0], 0);
    hexadecimal(vm, &out)
})
.doc("The hash so far, as hexadecimal digits.");

/// `_hashlib.HASH`
pub static HASH: TypeDef = TypeDef {
    flags: class_flags::BASE,
    methods: &[
        UPDATE,
        COPY,
        DIGEST,
        HEXDIGEST,
        Def::leaf("__repr__(self, /)", |vm, args| {
            let class = vm.class_of(&args[0]).name_str();
            let (name, ..) = facts_of(&args[0]);
            let address = vm.address(&args[0]);
            long_string(vm, &format!("<{name} _hashlib.{class} object @ {address}>"))
        }),
    ],
    attributes: ATTRIBUTES,
    ..TypeDef::new("_hashlib", "HASH", kind::HASHER)
};

/// `_hashlib.HASHXOF`
pub static HASHXOF: TypeDef = TypeDef {
    base: Some(&HASH),
    methods: &[
        Def::leaf("digest(self, /, length)", |vm, args| {
            let out = any_length(vm, args)?;
            bytes(vm, &out)
        })
        .doc("The hash so far, as bytes."),
        Def::leaf("hexdigest(self, /, length)", |vm, args| {
            let out = any_length(vm, args)?;
            hexadecimal(vm, &out)
        })
        .doc("The hash so far, as hexadecimal digits."),
    ],
    ..TypeDef::new("_hashlib", "HASHXOF", kind::HASHER)
};

fn made(shape: u32, state: State, facts: Facts) -> Value {
    Hasher::alloc(shape, Untraced(RefCell::new(state)), Untraced(facts)).into_value()
}

fn result(value: &Value, length: usize) -> Vec<u8> {
    value
        .get::<Hasher>()
        .map_or_else(Vec::new, |this| this.state.borrow().digest(length))
}

fn any_length(vm: &mut Vm, args: &[Value]) -> R<Vec<u8>> {
    let length = crate::builtins::adapt::word(vm, &args[1])?;
    match usize::try_from(length) {
        Ok(length) if length < 1 << 40 => {
            vm.check_room(length)?;
            let out = result(&args[0], length);
            vm.tick(0)?;
            Ok(out)
        }
        Ok(_) => Err(vm.memory_error()),
        Err(_) => Err(vm.system_error("Negative size passed to PyBytes_FromStringAndSize")),
    }
}

fn hexadecimal(vm: &mut Vm, data: &[u8]) -> R {
    let text = crate::builtins::bytes::methods::hex_text(data, None, 1);
    let text = vm.lift(text)?;
    long_string(vm, &text)
}

/// What a hash is fed with.
fn input(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    if value.is_kind::<Str>() {
        return Err(vm.type_error("Strings must be encoded before hashing"));
    }
    if crate::object::bytes::with_bytes(value, |_| ()).is_none()
        && !value.is_kind::<MemoryView>()
        && vm.special_of(value, Special::Buffer).is_none()
    {
        return Err(vm.type_error("object supporting the buffer API required"));
    }
    bytes_like(vm, value)
}

/// Adds bytes, a piece at a time.
fn feed(vm: &mut Vm, state: &mut State, data: &[u8]) -> R<()> {
    for piece in data.chunks(PIECE) {
        vm.tick(piece.len() / BYTES_A_UNIT)?;
        state.update(piece);
    }
    Ok(())
}

/// So many bytes are hashed between two looks, and so many in a unit of work.
const PIECE: usize = 1 << 16;
const BYTES_A_UNIT: usize = 32;

fn begin(vm: &mut Vm, name: &str, data: &Value) -> R {
    let data = input(vm, data)?;
    let Some(facts) = state::facts(name) else {
        return Err(vm.raise(&UNSUPPORTED, format!("unsupported hash type {name}")));
    };
    let mut state = State::new(facts.0);
    feed(vm, &mut state, &data)?;
    let class = vm.class_of_def(if facts.1 == 0 { &HASHXOF } else { &HASH });
    Ok(made(class.root_shape.get(), state, facts))
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    if !args[0].is_kind::<Str>() {
        let given = shown_type(vm, &args[0]);
        return Err(vm.type_error(format!("new() argument 'name' must be str, not {given}")));
    }
    begin(vm, &plain(&args[0]), &args[1])
}

fn unsupported(vm: &mut Vm) -> crate::object::native::Raised {
    vm.raise(&UNSUPPORTED, "[digital envelope routines] unsupported")
}

fn hmac_digest(vm: &mut Vm, args: &[Value]) -> R {
    let (key, message) = (bytes_like(vm, &args[0])?, bytes_like(vm, &args[1])?);
    let Some(facts) = state::facts(&plain(&args[2])).filter(|facts| facts.1 > 0) else {
        return Err(unsupported(vm));
    };
    vm.tick((key.len() + message.len()) / BYTES_A_UNIT)?;
    let out = Keyed::new(facts, &key).of(&[&message]);
    bytes(vm, &out)
}

fn pbkdf2_hmac(vm: &mut Vm, args: &[Value]) -> R {
    let Some(name) = args[0].get::<Str>() else {
        let given = shown_type(vm, &args[0]);
        return Err(vm.type_error(format!(
            "pbkdf2_hmac() argument 'hash_name' must be str, not {given}"
        )));
    };
    let (password, salt) = (bytes_like(vm, &args[1])?, bytes_like(vm, &args[2])?);
    let rounds = crate::builtins::adapt::word(vm, &args[3])?;
    let Some(facts) = state::facts(&name.to_text()) else {
        return Err(unsupported(vm));
    };
    if facts.1 == 0 {
        return Err(vm.value_error("no reason supplied"));
    }
    if rounds < 1 {
        return Err(vm.value_error("iteration value must be greater than 0."));
    }
    let length = if args[4].is_none() {
        facts.1 as i64
    } else {
        crate::builtins::adapt::word(vm, &args[4])?
    };
    if length < 1 {
        return Err(vm.value_error("key length must be greater than 0."));
    }
    if length > i64::from(i32::MAX) {
        return Err(vm.overflow_error("key length is too great."));
    }
    vm.check_room(length as usize)?;
    let secret = (&password[..], &salt[..]);
    let out = state::stretched(facts, secret, rounds as u64, length as usize, || {
        vm.tick(state::ROUNDS_A_LOOK as usize * 8)?;
        vm.look_outside()
    })?;
    bytes(vm, &out)
}

/// An argument of `scrypt` that must be given and be a natural number.
fn natural(vm: &mut Vm, value: &Value, name: &str) -> R<u64> {
    if value.is_none() {
        return Err(vm.type_error(format!("{name} is required and must be an unsigned int")));
    }
    let Some(view) = IntView::of(value) else {
        let given = shown_type(vm, value);
        return Err(vm.type_error(format!(
            "scrypt() argument '{name}' must be int, not {given}"
        )));
    };
    match view.as_u64() {
        Some(number) => Ok(number),
        None => Err(vm.type_error(format!("{name} is required and must be an unsigned int"))),
    }
}

/// Arguments: password, salt, n, r, p, maxmem, dklen.
fn scrypt(vm: &mut Vm, args: &[Value]) -> R {
    const MOST: i64 = i32::MAX as i64;
    let password = bytes_like(vm, &args[0])?;
    if args[1].is_none() {
        return Err(vm.type_error("salt is required"));
    }
    let salt = bytes_like(vm, &args[1])?;
    let n = natural(vm, &args[2], "n")?;
    if n < 2 || !n.is_power_of_two() {
        return Err(vm.value_error("n must be a power of 2."));
    }
    let (r, p) = (natural(vm, &args[3], "r")?, natural(vm, &args[4], "p")?);
    let memory = crate::builtins::adapt::word(vm, &args[5])?;
    let length = crate::builtins::adapt::word(vm, &args[6])?;
    if !(0..=MOST).contains(&memory) {
        return Err(vm.value_error(format!("maxmem must be positive and smaller than {MOST}")));
    }
    if !(1..=MOST).contains(&length) {
        return Err(vm.value_error(format!(
            "dklen must be greater than 0 and smaller than {MOST}"
        )));
    }
    let most = if memory == 0 {
        32 << 20
    } else {
        memory as u128
    };
    let log = n.trailing_zeros() as u8;
    let params = u32::try_from(r)
        .ok()
        .zip(u32::try_from(p).ok())
        .and_then(|(r, p)| scrypt::Params::new(log, r, p).ok());
    let Some(params) = params else {
        return Err(vm.value_error("Invalid parameter combination for n, r, p, maxmem."));
    };
    let needed = 128 * u128::from(r) * (u128::from(p) + u128::from(n) + 2);
    if needed > most {
        return Err(vm.value_error("[digital envelope routines] memory limit exceeded"));
    }
    let room = Charge::take(needed as usize);
    let _room = vm.lift(room)?;
    vm.check_room(length as usize)?;
    // The library does it in one go: what it takes is counted before.
    let blocks = n.saturating_mul(r).saturating_mul(p);
    vm.tick_ahead(blocks.saturating_mul(2) as usize)?;
    let mut out = vec![0; length as usize];
    match scrypt::scrypt(&password, &salt, &params, &mut out) {
        Ok(()) => bytes(vm, &out),
        Err(_) => Err(vm.value_error("Invalid parameter combination for n, r, p, maxmem.")),
    }
}
