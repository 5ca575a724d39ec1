//! `_abc`: what abstract base classes tell pattern matching. `abc` has the rest.

use crate::builtins::arguments::{int, small};
use crate::heap::Value;
use crate::object::class::{Class, class_flags};
use crate::object::native::{Def, ModuleDef, R};
use crate::vm::Vm;
use crate::vm::class::check::{INSTANCE_CHECK, SUBCLASS_CHECK};

/// `_abc`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_abc",
    doc: "The native part of abc",
    functions: &[
        Def::leaf("_collection_flags(cls, /)", |_, args| {
            Ok(int(args[0].get::<Class>().map_or(0, flags_of)))
        }),
        Def::leaf("_set_collection_flags(cls, flags, /)", set_flags),
        Def::leaf(
            "_own_checks(instancecheck, subclasscheck, /)",
            |vm, args| {
                vm.state.insert(INSTANCE_CHECK, args[0].clone());
                vm.state.insert(SUBCLASS_CHECK, args[1].clone());
                Ok(Value::NONE)
            },
        )
        .doc("Says which methods keep their answers until some are forgotten."),
        Def::leaf("_forget_answers()", |vm, _| {
            vm.bump_type_epoch();
            Ok(Value::NONE)
        })
        .doc("What the methods answered need no longer be so."),
    ],
    types: &[],
    setup: None,
};

/// The bits as `__abc_tpflags__` has them, and the flags they stand for.
const BITS: [(i64, u32); 2] = [
    (1 << 5, class_flags::SEQUENCE),
    (1 << 6, class_flags::MAPPING),
];

fn flags_of(class: &Class) -> i64 {
    BITS.iter()
        .filter(|(_, flag)| class.flags.get() & flag != 0)
        .fold(0, |bits, (bit, _)| bits | bit)
}

/// Makes a class of the script a sequence or a mapping for patterns; whether that changed it.
fn set_flags(vm: &mut Vm, args: &[Value]) -> R {
    let wanted = i64::from(small(vm, &args[1])?);
    let Some(class) = args[0].get::<Class>() else {
        return Ok(Value::FALSE);
    };
    if class.has(class_flags::BUILTIN) || flags_of(class) == wanted {
        return Ok(Value::FALSE);
    }
    let mut flags = class.flags.get();
    for (bit, flag) in BITS {
        flags &= !flag;
        if wanted & bit != 0 {
            flags |= flag;
        }
    }
    class.flags.set(flags);
    Ok(Value::TRUE)
}
