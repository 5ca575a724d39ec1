//! `traced_object!`: a native object whose fields the collector finds by their
//! types, so that the rooms above need no `unsafe` for their own kinds.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::heap::{Field, Object, Ref, Value, Visitor};

/// What a field of a native object shows to the collector.
pub trait Traced {
    /// Visits each counted reference once.
    fn trace(&self, visitor: &mut dyn Visitor);
    /// Gives up references that may be changed through a shared borrow.
    fn release(&self) {}
}

macro_rules! plain {
    ($($type:ty),+ $(,)?) => {
        $(impl Traced for $type {
            fn trace(&self, _: &mut dyn Visitor) {}
        })+
    };
}
plain!(bool, u8, u16, u32, u64, usize, i32, i64, f64, String);

impl<T: Copy> Traced for Cell<T> {
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Traced for Field {
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.as_value());
    }
    fn release(&self) {
        self.take();
    }
}

impl Traced for Value {
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self);
    }
}

impl<T: Object> Traced for Ref<T> {
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.as_value());
    }
}

impl<A: Traced, B: Traced> Traced for (A, B) {
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.0.trace(visitor);
        self.1.trace(visitor);
    }
}

impl<T: Traced> Traced for Option<T> {
    fn trace(&self, visitor: &mut dyn Visitor) {
        if let Some(inner) = self {
            inner.trace(visitor);
        }
    }
}

impl<T: Traced> Traced for Vec<T> {
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.iter().for_each(|inner| inner.trace(visitor));
    }
}

impl<T: Traced> Traced for VecDeque<T> {
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.iter().for_each(|inner| inner.trace(visitor));
    }
}

impl<T: Traced + Default> Traced for RefCell<T> {
    fn trace(&self, visitor: &mut dyn Visitor) {
        // The collector never runs while a native holds a borrow across a
        // call; if one does, what it holds counts as held from outside.
        if let Ok(inner) = self.try_borrow() {
            inner.trace(visitor);
        }
    }
    fn release(&self) {
        drop(
            self.try_borrow_mut()
                .map(|mut inner| std::mem::take(&mut *inner)),
        );
    }
}

/// Declares a native object: its kind, when its `__del__` has something to do, which field is for
/// attributes that a script sets, whether its destructor reaches out of the process, and its fields, each `Traced`.
macro_rules! traced_object {
    ($(#[$meta:meta])* pub struct $name:ident: $kind:ident $(, finalized if $needs:expr;)? $(, attributes in $own:ident;)? $(, reaches out: $reaches:expr;)? {
        $($(#[$fmeta:meta])* $field:ident: $type:ty,)+
    }) => {
        $(#[$meta])*
        #[repr(C)]
        pub struct $name {
            head: $crate::heap::Header,
            $($(#[$fmeta])* pub $field: $type,)+
        }

        // SAFETY: repr(C), header first; each field visits its references once.
        unsafe impl $crate::heap::Object for $name {
            const KIND: $crate::heap::Kind = $crate::object::kind::$kind;
            fn trace(&self, visitor: &mut dyn $crate::heap::Visitor) {
                $($crate::object::traced::Traced::trace(&self.$field, visitor);)+
            }
            fn clear(&self) {
                $($crate::object::traced::Traced::release(&self.$field);)+
            }
            $(
                const MAY_NEED_FINALIZER: bool = true;
                fn needs_finalizer(&self) -> bool {
                    let needs: fn(&$name) -> bool = $needs;
                    needs(self)
                }
            )?
            $(const REACHES_OUT: bool = $reaches;)?
            $(
                const HAS_ATTRIBUTES: bool = true;
                fn attributes(&self) -> Option<&$crate::heap::Field> {
                    Some(&self.$own)
                }
            )?
        }

        impl $name {
            /// The object with these fields, as an instance of the class whose instances have `shape`.
            #[allow(clippy::too_many_arguments)]
            pub fn alloc(shape: u32, $($field: $type),+) -> $crate::heap::Ref<$name> {
                let object = $name { head: $crate::heap::Header::new(), $($field),+ };
                $crate::heap::alloc_shaped(object, 0, shape)
            }
        }
    };
}
pub(crate) use traced_object;

/// A field that holds no references to objects of the heap.
pub struct Untraced<T>(pub T);

impl<T> Traced for Untraced<T> {
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl<T> std::ops::Deref for Untraced<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
