//! `_hashlib`: the comparison whose time tells nothing.

use super::window::bytes_like;
use crate::heap::Value;
use crate::object::native::{Def, ModuleDef, R};
use crate::object::str::Str;
use crate::vm::Vm;

/// `_hashlib`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_hashlib",
    doc: "What `hmac` and `secrets` compare by.",
    functions: &[Def::leaf("compare_digest(a, b, /)", compare_digest)
        .doc("Whether both are equal, in a time that does not tell where they differ.")],
    types: &[],
    setup: None,
};

fn compare_digest(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = match (args[0].get::<Str>(), args[1].get::<Str>()) {
        (Some(a), Some(b)) => {
            if !a.is_ascii() || !b.is_ascii() {
                return Err(
                    vm.type_error("comparing strings with non-ASCII characters is not supported")
                );
            }
            (a.bytes().to_vec(), b.bytes().to_vec())
        }
        _ => {
            let known = |vm: &mut Vm, value: &Value| {
                crate::builtins::bytes::is_buffer(value)
                    || vm
                        .special_of(value, crate::vm::special::Special::Buffer)
                        .is_some()
            };
            if !known(vm, &args[0]) && !known(vm, &args[1]) {
                let (a, b) = (vm.type_name(&args[0]), vm.type_name(&args[1]));
                return Err(vm.type_error(format!(
                    "unsupported operand types(s) or combination of types: '{a}' and '{b}'"
                )));
            }
            (bytes_like(vm, &args[0])?, bytes_like(vm, &args[1])?)
        }
    };
    // Every byte of the second is looked at, whatever the first is like.
    let mut different = u8::from(a.len() != b.len());
    for (i, byte) in b.iter().enumerate() {
        different |= byte ^ a.get(i).copied().unwrap_or(!*byte);
    }
    Ok(Value::bool(std::hint::black_box(different) == 0))
}
