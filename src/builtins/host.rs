//! The types of what the embedding program brings in.

use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::host::HostIterator;
use crate::object::kind;
use crate::object::native::{Def, R, TypeDef};
use crate::vm::Vm;

/// What the classes of the embedding program derive from.
pub static HOST_OBJECT: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF,
    // Without it a copy would be made by the constructor, and be another value.
    methods: &[Def::leaf("__reduce__(self, /)", |vm, args| {
        let name = vm.type_name(&args[0]);
        Err(vm.type_error(format!("cannot pickle '{name}' object")))
    })],
    doc: "The base of classes that come from the program around the engine.",
    ..TypeDef::new("hoopsnake", "HostObject", kind::HOST_OBJECT)
};

/// What iterating over such an object gives.
pub static HOST_ITERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", |_, args| Ok(args[0].clone())),
        Def::leaf("__next__(self, /)", |vm, args| match next(vm, &args[0])? {
            Some(value) => Ok(value),
            None => Err(vm.stop_iteration(Value::NONE)),
        }),
    ],
    next_at_once: Some(|vm, iterator| Some(next(vm, iterator))),
    ..TypeDef::new("hoopsnake", "host_iterator", kind::HOST_ITERATOR)
};

/// What a script never sees: the future that a coroutine of a host function waits for.
pub static HOST_WORK: TypeDef = TypeDef::new("hoopsnake", "host_work", kind::HOST_WORK);

/// The tables of this file.
pub static TYPES: &[&TypeDef] = &[&HOST_OBJECT, &HOST_ITERATOR, &HOST_WORK];

/// The next value of a host iterator.
fn next(vm: &mut Vm, iterator: &Value) -> R<Option<Value>> {
    let Some(iterator) = iterator.get::<HostIterator>() else {
        return Ok(None);
    };
    let taken = iterator.next.borrow_mut().take();
    let Some(mut next) = taken else {
        return Ok(None);
    };
    let result = next(vm);
    if let Ok(Some(_)) = result {
        iterator.next.replace(Some(next));
    }
    result
}
