//! Which constants are one: those of one type and one value, signs of zeros included.

use super::Const;

/// The bytes that tell one constant from another: types and signs count.
pub(crate) fn const_key(value: &Const) -> Vec<u8> {
    let mut key = Vec::new();
    add(value, &mut key);
    key
}

fn add(value: &Const, key: &mut Vec<u8>) {
    match value {
        Const::None => key.push(b'N'),
        Const::Bool(true) => key.push(b'T'),
        Const::Bool(false) => key.push(b'F'),
        Const::Ellipsis => key.push(b'.'),
        Const::Int(n) => number(b'i', *n as u64, key),
        Const::BigInt(n) => {
            key.push(if *n < dashu_int::IBig::ZERO {
                b'-'
            } else {
                b'+'
            });
            let magnitude = dashu_int::ops::UnsignedAbs::unsigned_abs(n.clone());
            blob(b'I', &magnitude.to_le_bytes(), key);
        }
        Const::Float(x) => number(b'f', x.to_bits(), key),
        Const::Complex(re, im) => {
            number(b'j', re.to_bits(), key);
            number(b'j', im.to_bits(), key);
        }
        Const::Str(bytes) => blob(b's', bytes, key),
        Const::Bytes(bytes) => blob(b'b', bytes, key),
        Const::Tuple(items) => list(b'(', items, key),
        Const::FrozenSet(items) => list(b'{', items, key),
        // Each is one of its own.
        Const::Code(code) => number(b'c', std::sync::Arc::as_ptr(code) as u64, key),
    }
}

fn number(tag: u8, n: u64, key: &mut Vec<u8>) {
    key.push(tag);
    key.extend(n.to_le_bytes());
}

fn blob(tag: u8, bytes: &[u8], key: &mut Vec<u8>) {
    number(tag, bytes.len() as u64, key);
    key.extend(bytes);
}

fn list(tag: u8, items: &[Const], key: &mut Vec<u8>) {
    number(tag, items.len() as u64, key);
    items.iter().for_each(|item| add(item, key));
}
