//! Modules.

use super::dict::Dict;
use super::kind;
use crate::heap::{Header, Kind, Object, Ref, Value, Visitor};

/// A module: a namespace with a name in it.
#[repr(C)]
pub struct Module {
    head: Header,
    /// `__dict__`
    pub namespace: Ref<Dict>,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Module {
    const KIND: Kind = kind::MODULE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.namespace.as_value());
    }
}

impl Module {
    /// A module over this namespace.
    pub fn alloc(namespace: Ref<Dict>) -> Ref<Module> {
        crate::heap::alloc(Module {
            head: Header::new(),
            namespace,
        })
    }

    /// A module of a subclass of ModuleType.
    pub fn alloc_shaped(namespace: Ref<Dict>, shape: u32) -> Value {
        crate::heap::alloc_shaped(
            Module {
                head: Header::new(),
                namespace,
            },
            0,
            shape,
        )
        .into_value()
    }
}
