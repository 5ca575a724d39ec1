//! Descriptors: property, classmethod, staticmethod, super, slots.

use super::kind;
use super::traced::traced_object;
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};

macro_rules! plain_object {
    ($(#[doc = $doc:literal])+ $name:ident $kind:ident { $($(#[doc = $fdoc:literal])+ $field:ident),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[repr(C)]
        pub struct $name {
            head: Header,
            $($(#[doc = $fdoc])+ pub $field: Field,)+
        }

        // SAFETY: repr(C), header first; every counted reference is visited once.
        unsafe impl Object for $name {
            const KIND: Kind = kind::$kind;
            fn trace(&self, visitor: &mut dyn Visitor) {
                $(visitor.visit(self.$field.as_value());)+
            }
            fn clear(&self) {
                $(self.$field.take();)+
            }
        }

        impl $name {
            /// A new object, an exact instance of the built-in class.
            #[allow(clippy::too_many_arguments)]
            pub fn alloc($($field: Value),+) -> Ref<$name> {
                crate::heap::alloc($name { head: Header::new(), $($field: Field::new($field)),+ })
            }

            /// A new object of a subclass whose instances have `shape`.
            #[allow(clippy::too_many_arguments)]
            pub fn alloc_shaped(shape: u32, $($field: Value),+) -> Ref<$name> {
                if shape == kind::$kind as u32 {
                    return Self::alloc($($field),+);
                }
                crate::heap::alloc_shaped($name { head: Header::new(), $($field: Field::new($field)),+ }, 0, shape)
            }
        }
    };
}
pub(crate) use plain_object;

plain_object! {
    /// `property`
    Property PROPERTY {
        /// `fget`, or None.
        getter,
        /// `fset`, or None.
        setter,
        /// `fdel`, or None.
        deleter,
        /// `__doc__`
        doc,
        /// `__name__`, or Undef.
        name,
        /// True if the docstring is that of the getter.
        borrowed_doc,
    }
}

plain_object! {
    /// `classmethod`
    ClassMethod CLASSMETHOD {
        /// `__func__`
        function,
        /// `__dict__`, or Undef.
        dict,
    }
}

plain_object! {
    /// `staticmethod`
    StaticMethod STATICMETHOD {
        /// `__func__`
        function,
        /// `__dict__`, or Undef.
        dict,
    }
}

plain_object! {
    /// `super`
    Super SUPER {
        /// `__thisclass__`
        class,
        /// `__self__`, or None.
        receiver,
        /// `__self_class__`, or None.
        receiver_class,
    }
}

plain_object! {
    /// `types.MappingProxyType`: a read-only view of a mapping, or of a class's namespace.
    MappingProxy MAPPINGPROXY {
        /// The mapping, or the class.
        mapping,
    }
}

plain_object! {
    /// `types.GenericAlias`: `list[int]`.
    GenericAlias GENERIC_ALIAS {
        /// `__origin__`
        origin,
        /// `__args__`: a tuple.
        args,
        /// Whether it is `*list[int]`: True or False.
        unpacked,
    }
}

plain_object! {
    /// `types.UnionType`: `int | str`.
    Union UNION {
        /// `__args__`: a tuple.
        args,
    }
}

/// A slot that `__slots__` reserved (`member_descriptor`).
#[repr(C)]
pub struct SlotDescriptor {
    head: Header,
    /// Which slot of the instance.
    pub slot: u16,
    /// The class that has the slot.
    pub owner: Field,
    /// The name of the slot.
    pub name: Field,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for SlotDescriptor {
    const KIND: Kind = kind::SLOT_DESCRIPTOR;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.owner.as_value());
        visitor.visit(self.name.as_value());
    }
    fn clear(&self) {
        self.owner.take();
    }
}

impl SlotDescriptor {
    /// The descriptor of slot number `slot`.
    pub fn alloc(slot: u16, owner: Value, name: Value) -> Ref<SlotDescriptor> {
        crate::heap::alloc(SlotDescriptor {
            head: Header::new(),
            slot,
            owner: Field::new(owner),
            name: Field::new(name),
        })
    }
}

traced_object! {
    /// `_collections._tuplegetter`: a field of a namedtuple.
    pub struct TupleGetter: TUPLE_GETTER {
        /// Which item.
        index: Value,
        /// `__doc__`
        doc: Field,
    }
}

impl TupleGetter {
    /// The number of the item, if it may be that of one.
    pub(crate) fn place(&self) -> Option<u32> {
        u32::try_from(self.index.as_small_int()?).ok()
    }
}
