//! Weak references. An object that is weakly referenced is known to the heap
//! (`Heap::weak`), with a *link* for each reference; the link is told when the
//! reference dies first, and the reference when its object does.

use std::cell::Cell;

use super::class::Class;
use super::kind;
use crate::heap::{self, Field, Header, Kind, Object, Ref, Value, Visitor, shape_flags};

/// `weakref.ref`
#[repr(C)]
pub struct WeakRef {
    head: Header,
    /// The object, not counted; null when it is gone.
    target: Cell<*mut Header>,
    /// Tells the object's list of references that this one is gone.
    link: Ref<WeakLink>,
    /// `__callback__`, or None.
    pub callback: Field,
    /// The hash of the object, kept for when it is gone; None before it was asked for.
    pub hash: Cell<Option<i64>>,
}

// SAFETY: repr(C), header first; the target is not counted, so it is not visited.
unsafe impl Object for WeakRef {
    const KIND: Kind = kind::WEAKREF;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.link.as_value());
        visitor.visit(self.callback.as_value());
    }
    fn clear(&self) {
        self.callback.set(Value::NONE);
    }
}

/// What the heap keeps for a weak reference.
#[repr(C)]
pub struct WeakLink {
    head: Header,
    /// The reference, not counted; null when it is gone.
    reference: Cell<*mut Header>,
}

// SAFETY: repr(C), header first; it holds nothing that is counted.
unsafe impl Object for WeakLink {
    const KIND: Kind = kind::WEAK_LINK;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Drop for WeakRef {
    fn drop(&mut self) {
        self.link.reference.set(std::ptr::null_mut());
    }
}

impl WeakRef {
    /// A reference to an object of the heap, of the class whose instances have `shape`.
    pub fn alloc(shape: u32, target: &Value, callback: Value) -> Ref<WeakRef> {
        let link = heap::alloc(WeakLink {
            head: Header::new(),
            reference: Cell::new(std::ptr::null_mut()),
        });
        let made = heap::alloc_shaped(
            WeakRef {
                head: Header::new(),
                target: Cell::new(target.header()),
                link: link.clone(),
                callback: Field::new(callback),
                hash: Cell::new(None),
            },
            0,
            shape,
        );
        link.reference.set(made.as_value().header());
        mark(target);
        let links = heap::current()
            .weak
            .entry(target.header() as usize)
            .or_default();
        if links.len() >= 16 && links.len().is_power_of_two() {
            // Links of references that are gone would pile up.
            links.retain(|l| {
                l.get::<WeakLink>()
                    .is_some_and(|l| !l.reference.get().is_null())
            });
        }
        links.push(link.into_value());
        made
    }

    /// The object, or None when it is gone.
    pub fn get(&self) -> Option<Value> {
        let target = self.target.get();
        if target.is_null() {
            return None;
        }
        // SAFETY: the heap tells every reference when its object dies (`forget`), so the object is
        // whole; the count of the Value that is made here is the original's, given up again at once.
        unsafe {
            let borrowed = Value::from_header(target);
            let owned = borrowed.clone();
            borrowed.forget();
            Some(owned)
        }
    }

    /// The object has died.
    pub fn forget(&self) {
        self.target.set(std::ptr::null_mut());
    }
}

/// The references to an object, oldest first.
pub fn references(target: &Value) -> Vec<Ref<WeakRef>> {
    if !target.is_object() {
        return Vec::new();
    }
    let links = heap::current().weak.get(&(target.header() as usize));
    links.map_or_else(Vec::new, |links| links.iter().filter_map(of_link).collect())
}

/// The reference that a link stands for, unless it is gone.
pub fn of_link(link: &Value) -> Option<Ref<WeakRef>> {
    let reference = link.get::<WeakLink>()?.reference.get();
    if reference.is_null() {
        return None;
    }
    // SAFETY: a reference that dies clears its link first, so this one is alive; a count is made for the Ref.
    unsafe {
        let borrowed = Value::from_header(reference);
        let owned = borrowed.to_ref::<WeakRef>();
        borrowed.forget();
        owned
    }
}

/// From now on the heap asks for references when an object of this class dies. All shapes of the
/// class are marked, since caches know which of them follow each other.
fn mark(target: &Value) {
    let heap = heap::current();
    let class = heap.shapes[target.shape() as usize].class.to_ref::<Class>();
    heap.shapes[target.shape() as usize].flags |= shape_flags::WEAKLY_REFERENCED;
    if let Some(class) = class {
        heap.shapes[class.root_shape.get() as usize].flags |= shape_flags::WEAKLY_REFERENCED;
        for &shape in class.shapes.borrow().iter() {
            heap.shapes[shape as usize].flags |= shape_flags::WEAKLY_REFERENCED;
        }
    }
}
