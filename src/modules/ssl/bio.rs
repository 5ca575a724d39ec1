//! `MemoryBIO`: bytes on their way to or from the network.

use std::cell::{Cell, RefCell};

use crate::builtins::arguments::{buffer, bytes, index, int, shape_of_class};
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::traced::traced_object;
use crate::vm::Vm;

traced_object! {
    /// `_ssl.MemoryBIO`
    pub struct MemoryBio: MEMORY_BIO {
        /// The bytes; those before `taken` are read already.
        bytes: RefCell<Vec<u8>>,
        /// How many are read.
        taken: Cell<usize>,
        /// Nothing more will be written.
        ended: Cell<bool>,
    }
}

impl MemoryBio {
    /// How many bytes can be read.
    pub fn pending(&self) -> usize {
        self.bytes.borrow().len() - self.taken.get()
    }

    /// Whether all is read that will ever come.
    pub fn at_end(&self) -> bool {
        self.ended.get() && self.pending() == 0
    }

    /// Puts bytes behind the others.
    pub fn append(&self, more: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(more);
    }

    /// Has somebody put bytes behind the others.
    pub fn fill(&self, by: impl FnOnce(&mut Vec<u8>)) {
        by(&mut self.bytes.borrow_mut());
    }

    /// Moves at most so many bytes to the end of another place.
    pub fn take_into(&self, out: &mut Vec<u8>, most: usize) {
        let mut bytes = self.bytes.borrow_mut();
        let start = self.taken.get();
        let end = start + most.min(bytes.len() - start);
        out.extend_from_slice(&bytes[start..end]);
        if end == bytes.len() {
            bytes.clear();
            self.taken.set(0);
        } else if end > 1 << 16 {
            bytes.drain(..end);
            self.taken.set(0);
        } else {
            self.taken.set(end);
        }
    }
}

fn this(vm: &mut Vm, value: &Value) -> R<Ref<MemoryBio>> {
    match value.to_ref::<MemoryBio>() {
        Some(bio) => Ok(bio),
        None => Err(vm.type_error("a MemoryBIO was expected")),
    }
}

fn read(vm: &mut Vm, args: &[Value]) -> R {
    let bio = this(vm, &args[0])?;
    let wanted = index(vm, &args[1])?;
    let most = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(most.min(bio.pending()));
    bio.take_into(&mut out, most);
    bytes(vm, &out)
}

/// `_write(data)`: how many bytes; -1 after `write_eof`.
fn write(vm: &mut Vm, args: &[Value]) -> R {
    let bio = this(vm, &args[0])?;
    let data = buffer(vm, &args[1])?;
    if bio.ended.get() {
        return Ok(int(-1));
    }
    bio.append(&data);
    Ok(int(data.len() as i64))
}

/// `_ssl.MemoryBIO`
pub static MEMORY_BIO: TypeDef = TypeDef {
    flags: class_flags::BASE,
    new: Some(Def::leaf("__new__(cls)", |_, args| {
        let bytes = RefCell::default();
        let bio = MemoryBio::alloc(
            shape_of_class(&args[0]),
            bytes,
            Cell::new(0),
            Cell::new(false),
        );
        Ok(bio.into_value())
    })),
    methods: &[
        Def::leaf("read(self, size=-1, /)", read)
            .doc("Reads up to size bytes, all of them if size is negative."),
        Def::leaf("_write(self, b, /)", write),
        Def::leaf("write_eof(self, /)", |vm, args| {
            this(vm, &args[0])?.ended.set(true);
            Ok(Value::NONE)
        })
        .doc("Says that nothing more will be written."),
    ],
    attributes: &[
        Attribute::get("pending", |vm, value| {
            Ok(int(this(vm, value)?.pending() as i64))
        }),
        Attribute::get("eof", |vm, value| {
            Ok(Value::bool(this(vm, value)?.at_end()))
        }),
    ],
    ..TypeDef::new("_ssl", "MemoryBIO", kind::MEMORY_BIO)
};
