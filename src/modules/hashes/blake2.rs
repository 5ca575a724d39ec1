//! `blake2b` and `blake2s` with all their parameters.

use super::state::State;
use super::{ATTRIBUTES, COPY, DIGEST, HEXDIGEST, UPDATE, input, made};
use crate::builtins::adapt::word;
use crate::builtins::arguments::{int, shape_of_class};
use crate::heap::{Ref, Value};
use crate::modules::binary::window::bytes_like;
use crate::object::class::Class;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{Def, R, TypeDef};
use crate::vm::Vm;

const METHODS: &[Def] = &[UPDATE, COPY, DIGEST, HEXDIGEST];

/// `_blake2.blake2b`
pub static BLAKE2B: TypeDef = TypeDef {
    doc: "BLAKE2b, fed with data piece by piece.",
    new: Some(Def::leaf(
        "__new__(cls, data=b'', /, *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True)",
        |vm, args| new(vm, args, &LARGE),
    )),
    methods: METHODS,
    attributes: ATTRIBUTES,
    setup: Some(|vm, class| constants(vm, class, &LARGE)),
    ..TypeDef::new("_blake2", "blake2b", kind::HASHER)
};

/// `_blake2.blake2s`
pub static BLAKE2S: TypeDef = TypeDef {
    doc: "BLAKE2s, fed with data piece by piece.",
    new: Some(Def::leaf(
        "__new__(cls, data=b'', /, *, digest_size=32, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True)",
        |vm, args| new(vm, args, &SMALL),
    )),
    methods: METHODS,
    attributes: ATTRIBUTES,
    setup: Some(|vm, class| constants(vm, class, &SMALL)),
    ..TypeDef::new("_blake2", "blake2s", kind::HASHER)
};

/// What the two differ in.
struct Sizes {
    name: &'static str,
    /// The most bytes of a result, and of a key.
    most: usize,
    /// Bytes of salt and of personalisation.
    salt: usize,
    block: usize,
    /// Bits of `node_offset`.
    offset_bits: u32,
}

static LARGE: Sizes = Sizes {
    name: "blake2b",
    most: 64,
    salt: 16,
    block: 128,
    offset_bits: 64,
};
static SMALL: Sizes = Sizes {
    name: "blake2s",
    most: 32,
    salt: 8,
    block: 64,
    offset_bits: 48,
};

fn constants(vm: &mut Vm, class: &Ref<Class>, sizes: &Sizes) -> R<()> {
    for (name, value) in [
        ("SALT_SIZE", sizes.salt),
        ("PERSON_SIZE", sizes.salt),
        ("MAX_KEY_SIZE", sizes.most),
        ("MAX_DIGEST_SIZE", sizes.most),
    ] {
        let name = vm.intern(name);
        vm.put(class, &name, int(value as i64));
    }
    Ok(())
}

/// What both take, read and checked.
struct Parameters {
    digest_size: usize,
    key: Vec<u8>,
    salt: Vec<u8>,
    person: Vec<u8>,
    fanout: u8,
    depth: u8,
    leaf_size: u32,
    node_offset: u64,
    node_depth: u8,
    inner_size: usize,
    last_node: bool,
}

/// A number in a range; the message says what is wrong.
fn within(vm: &mut Vm, value: &Value, low: i64, high: i64, message: &str) -> R<u8> {
    let number = word(vm, value)?;
    if (low..=high).contains(&number) {
        Ok(number as u8)
    } else {
        Err(vm.value_error(message))
    }
}

fn short(vm: &mut Vm, value: &Value, most: usize, what: &str) -> R<Vec<u8>> {
    let data = bytes_like(vm, value)?;
    if data.len() > most {
        return Err(vm.value_error(format!("maximum {what} length is {most} bytes")));
    }
    Ok(data)
}

fn unsigned(vm: &mut Vm, value: &Value, bits: u32, name: &str) -> R<u64> {
    let number = vm.index_value(value)?;
    let view = IntView::of(&number);
    if view.is_some_and(IntView::is_negative) {
        return Err(vm.value_error("value must be positive"));
    }
    match view.and_then(IntView::as_u64) {
        None => Err(vm.overflow_error("int too big to convert")),
        Some(number) if bits < 64 && number >> bits != 0 => {
            Err(vm.overflow_error(format!("{name} is too large")))
        }
        Some(number) => Ok(number),
    }
}

fn parameters(vm: &mut Vm, args: &[Value], sizes: &Sizes) -> R<Parameters> {
    let most = sizes.most as i64;
    let text = format!("digest_size must be between 1 and {most} bytes");
    let digest_size = usize::from(within(vm, &args[0], 1, most, &text)?);
    let salt = short(vm, &args[2], sizes.salt, "salt")?;
    let person = short(vm, &args[3], sizes.salt, "person")?;
    let text = |name, low| format!("{name} must be between {low} and 255");
    let fanout = within(vm, &args[4], 0, 255, &text("fanout", 0))?;
    let depth = within(vm, &args[5], 1, 255, &text("depth", 1))?;
    let leaf_size = unsigned(vm, &args[6], 32, "leaf_size")? as u32;
    let node_offset = unsigned(vm, &args[7], sizes.offset_bits, "node_offset")?;
    let node_depth = within(vm, &args[8], 0, 255, &text("node_depth", 0))?;
    let inner = format!("inner_size must be between 0 and is {most}");
    let inner_size = usize::from(within(vm, &args[9], 0, most, &inner)?);
    let last_node = vm.truth(&args[10])?;
    let key = short(vm, &args[1], sizes.most, "key")?;
    Ok(Parameters {
        digest_size,
        key,
        salt,
        person,
        fanout,
        depth,
        leaf_size,
        node_offset,
        node_depth,
        inner_size,
        last_node,
    })
}

/// A state of one of the two crates, which have the same interface.
macro_rules! state_of {
    ($crate_name:ident, $p:expr, $sizes:expr) => {{
        let (mut salt, mut person) = ($p.salt.clone(), $p.person.clone());
        salt.resize($sizes.salt, 0);
        person.resize($sizes.salt, 0);
        let mut params = $crate_name::Params::new();
        params
            .hash_length($p.digest_size)
            .key(&$p.key)
            .salt(&salt)
            .personal(&person)
            .fanout($p.fanout)
            .max_depth($p.depth)
            .max_leaf_length($p.leaf_size)
            .node_offset($p.node_offset)
            .node_depth($p.node_depth)
            .inner_hash_length($p.inner_size)
            .last_node($p.last_node);
        Box::new(params.to_state())
    }};
}

/// Arguments: cls, data, and the parameters in the order of the signature.
fn new(vm: &mut Vm, args: &[Value], sizes: &Sizes) -> R {
    let p = parameters(vm, &args[2..], sizes)?;
    let data = input(vm, &args[1])?;
    let mut state = if sizes.most == 64 {
        State::Blake2b(state_of!(blake2b_simd, p, sizes), p.digest_size)
    } else {
        State::Blake2s(state_of!(blake2s_simd, p, sizes), p.digest_size)
    };
    state.update(&data);
    let facts = (sizes.name, p.digest_size, sizes.block);
    Ok(made(shape_of_class(&args[0]), state, facts))
}
