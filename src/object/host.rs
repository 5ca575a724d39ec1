//! What Rust code that embeds the engine brings in: definitions of its functions, and objects that
//! hold its values.

use std::any::Any;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::kind;
use super::native::{Binding, Def, HostNext, NativeCode};
use crate::heap::{self, Header, Kind, Object, Ref, Value, Visitor};

/// The definitions of host functions, which a VM keeps until its heap is gone. Functions of the same
/// signature share one, so their number is that of the signatures in the embedding program.
#[derive(Default)]
pub struct HostDefs(HashMap<Key, Box<Kept>>);

#[derive(PartialEq, Eq, Hash)]
struct Key {
    sig: String,
    doc: String,
    binding: u8,
    waits: bool,
}

/// A definition and the texts that it points to.
struct Kept {
    def: Def,
    _texts: [Box<str>; 2],
}

impl HostDefs {
    /// The definition of a host function. It is there as long as this table: only objects of the VM
    /// that owns the table may keep it, and they are gone when the table goes.
    pub fn intern(
        &mut self,
        (sig, doc): (&str, &str),
        binding: Binding,
        code: NativeCode,
    ) -> &'static Def {
        let key = Key {
            sig: sig.to_string(),
            doc: doc.to_string(),
            binding: binding as u8,
            waits: matches!(code, NativeCode::HostWaiting),
        };
        let kept = self.0.entry(key).or_insert_with(|| {
            let texts: [Box<str>; 2] = [sig.into(), doc.into()];
            // SAFETY: the texts lie in boxes of their own, which are dropped with the definition.
            let [sig, doc] = unsafe { [lasting(&texts[0]), lasting(&texts[1])] };
            Box::new(Kept {
                def: Def {
                    sig,
                    code,
                    doc,
                    binding,
                    at_once: None,
                    awaited: None,
                    resumes: 0,
                    takes: None,
                    recalls: None,
                },
                _texts: texts,
            })
        });
        let def: *const Def = &kept.def;
        // SAFETY: the box stays where it is, and is never taken out of the table.
        unsafe { &*def }
    }
}

/// The same text without the lifetime of its box.
unsafe fn lasting(text: &str) -> &'static str {
    // SAFETY: the caller drops the box after all that sees the text.
    unsafe { &*std::ptr::from_ref(text) }
}

/// An object that holds a value of Rust's.
#[repr(C)]
pub struct HostObject {
    head: Header,
    /// How many borrow the value; -1 when one has it to change it.
    borrows: Cell<isize>,
    data: UnsafeCell<Option<Box<dyn Any + Send>>>,
}

// SAFETY: repr(C), header first; what the value holds of scripts it holds by handles, which are
// counted from outside.
unsafe impl Object for HostObject {
    const KIND: Kind = kind::HOST_OBJECT;
    const REACHES_OUT: bool = true;
    fn trace(&self, _: &mut dyn Visitor) {}
}

/// Why a value is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is of another type.
    OtherType,
    /// Somebody changes it just now.
    Changed,
    /// Somebody looks at it just now.
    Looked,
}

impl HostObject {
    /// An object of this shape, which is one of a class with this layout.
    pub fn alloc(shape: u32, data: Box<dyn Any + Send>) -> Ref<HostObject> {
        heap::alloc_shaped(
            HostObject {
                head: Header::new(),
                borrows: Cell::new(0),
                data: UnsafeCell::new(Some(data)),
            },
            0,
            shape,
        )
    }

    fn pointer<T: 'static>(&self) -> Result<*mut T, Refusal> {
        // SAFETY: nobody has a reference to the option; the reference to the value's type is short.
        let data = unsafe { (*self.data.get()).as_mut() };
        let found = data.and_then(|data| data.downcast_mut::<T>());
        found.map(std::ptr::from_mut).ok_or(Refusal::OtherType)
    }

    /// Whether the value is of this type.
    pub fn holds<T: 'static>(&self) -> bool {
        match self.borrows.get() {
            // SAFETY: nobody changes the value while it is asked for its type.
            0.. => unsafe { (*self.data.get()).as_ref() }.is_some_and(|data| data.is::<T>()),
            _ => true,
        }
    }
}

impl Drop for HostObject {
    fn drop(&mut self) {
        let data = self.data.get_mut().take();
        // A panic must not go through the heap, which is at work. The hook has told of it.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(data)));
    }
}

/// A value of Rust's, to be looked at.
pub struct Looked<T: 'static> {
    object: Ref<HostObject>,
    value: *const T,
}

/// A value of Rust's, to be changed.
pub struct Changed<T: 'static> {
    object: Ref<HostObject>,
    value: *mut T,
}

impl<T: 'static> Looked<T> {
    /// The value in an object.
    pub fn of(value: &Value) -> Result<Looked<T>, Refusal> {
        let object = value.to_ref::<HostObject>().ok_or(Refusal::OtherType)?;
        let borrows = object.borrows.get();
        if borrows < 0 {
            return Err(Refusal::Changed);
        }
        let value = match borrows {
            0 => object.pointer::<T>()?.cast_const(),
            // SAFETY: others look at the value, so it is only looked at here too.
            _ => unsafe { (*object.data.get()).as_ref() }
                .and_then(|data| data.downcast_ref::<T>())
                .map(std::ptr::from_ref)
                .ok_or(Refusal::OtherType)?,
        };
        object.borrows.set(borrows + 1);
        Ok(Looked { object, value })
    }
}

impl<T: 'static> Changed<T> {
    /// The value in an object.
    pub fn of(value: &Value) -> Result<Changed<T>, Refusal> {
        let object = value.to_ref::<HostObject>().ok_or(Refusal::OtherType)?;
        match object.borrows.get() {
            0 => {}
            1.. => return Err(Refusal::Looked),
            _ => return Err(Refusal::Changed),
        }
        let value = object.pointer::<T>()?;
        object.borrows.set(-1);
        Ok(Changed { object, value })
    }
}

impl<T: 'static> Deref for Looked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the object is kept, and the count keeps everybody from changing the value.
        unsafe { &*self.value }
    }
}

impl<T: 'static> Deref for Changed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the object is kept, and the count keeps everybody else away.
        unsafe { &*self.value }
    }
}

impl<T: 'static> DerefMut for Changed<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.value }
    }
}

impl<T: 'static> Drop for Looked<T> {
    fn drop(&mut self) {
        self.object.borrows.set(self.object.borrows.get() - 1);
    }
}

impl<T: 'static> Drop for Changed<T> {
    fn drop(&mut self) {
        self.object.borrows.set(0);
    }
}

/// An iterator whose values come from Rust.
#[repr(C)]
pub struct HostIterator {
    head: Header,
    /// Gives the next value; None when it is at its end, or at work just now.
    pub next: RefCell<Option<Box<HostNext>>>,
}

// SAFETY: repr(C), header first; as with `HostObject`, there is nothing to be traced.
unsafe impl Object for HostIterator {
    const KIND: Kind = kind::HOST_ITERATOR;
    const REACHES_OUT: bool = true;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl HostIterator {
    /// An iterator over what `next` gives.
    pub fn alloc(next: Box<HostNext>) -> Ref<HostIterator> {
        heap::alloc(HostIterator {
            head: Header::new(),
            next: RefCell::new(Some(next)),
        })
    }
}

impl Drop for HostIterator {
    fn drop(&mut self) {
        let next = self.next.get_mut().take();
        // As with `HostObject`.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(next)));
    }
}
