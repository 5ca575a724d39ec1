//! Typed references to objects of the heap.

use std::marker::PhantomData;
use std::ops::Deref;

use super::store::{self, Header};
use super::value::{Field, Value};

/// The number of a kind of object: which Rust type lies behind the header.
/// The shape ids below `FIRST_FREE_SHAPE` are the kinds themselves: an object
/// of exactly the built-in type of that kind has its kind as its shape.
pub type Kind = u8;

/// Called with each Value that an object holds.
pub trait Visitor {
    /// One counted reference of the object that is traced.
    fn visit(&mut self, value: &Value);
}

/// A Rust type that can lie on the heap.
///
/// # Safety
/// The type is `#[repr(C)]` with a `Header` as its first field, `KIND` belongs
/// to it alone, and `trace` visits each counted reference exactly once (or none
/// at all of an object whose references may change under the tracer).
pub unsafe trait Object: Sized + 'static {
    /// See `Kind`.
    const KIND: Kind;
    /// Whether objects of this kind can be part of a cycle.
    const CYCLIC: bool = true;
    /// Visits every Value that the object holds (slots of instances apart, which the heap knows).
    fn trace(&self, visitor: &mut dyn Visitor);
    /// Gives up the references that could close a cycle; the object stays usable as an empty one.
    fn clear(&self) {}
    /// Whether `needs_finalizer` is ever true.
    const MAY_NEED_FINALIZER: bool = false;
    /// Whether script code must run before the object can go.
    fn needs_finalizer(&self) -> bool {
        false
    }
    /// Whether the destructor does something that is noticed outside the process even when that ends.
    const REACHES_OUT: bool = false;
    /// Whether no other object dies with it.
    const HOLDS_NOTHING: bool = !std::mem::needs_drop::<Self>();
    /// Whether `attributes` ever answers a place.
    const HAS_ATTRIBUTES: bool = false;
    /// Where it keeps a dict of attributes that a script set, once there is one.
    fn attributes(&self) -> Option<&Field> {
        None
    }
}

/// What the heap needs to know of a kind.
pub struct KindTable {
    /// Size of the Rust type, before slots and trailing data.
    pub size: usize,
    /// See `Object::CYCLIC`.
    pub cyclic: bool,
    /// See `Object::REACHES_OUT`.
    pub(super) reaches_out: bool,
    /// Whether the death of an object concerns nobody: it holds nothing, and needs no finalizer.
    pub(super) dies_alone: bool,
    /// Whether its destructor does anything.
    pub(super) holds_memory: bool,
    pub(super) trace: unsafe fn(*const Header, &mut dyn Visitor),
    pub(super) clear: unsafe fn(*const Header),
    pub(super) drop: unsafe fn(*mut Header),
    /// None for a kind that never needs one, so that a death costs no call.
    pub(super) needs_finalizer: Option<unsafe fn(*const Header) -> bool>,
    /// None for a kind that keeps no attributes of a script's, or keeps them otherwise.
    pub(super) attributes: Option<unsafe fn(*const Header) -> Option<*const Field>>,
}

impl KindTable {
    /// The table of kind `T`.
    pub const fn of<T: Object>() -> KindTable {
        // SAFETY (all five): the heap calls them only with objects of kind T.
        unsafe fn trace<T: Object>(header: *const Header, visitor: &mut dyn Visitor) {
            unsafe { (*header.cast::<T>()).trace(visitor) }
        }
        unsafe fn clear<T: Object>(header: *const Header) {
            unsafe { (*header.cast::<T>()).clear() }
        }
        unsafe fn drop<T: Object>(header: *mut Header) {
            unsafe { std::ptr::drop_in_place(header.cast::<T>()) }
        }
        unsafe fn needs_finalizer<T: Object>(header: *const Header) -> bool {
            unsafe { (*header.cast::<T>()).needs_finalizer() }
        }
        unsafe fn attributes<T: Object>(header: *const Header) -> Option<*const Field> {
            unsafe { (*header.cast::<T>()).attributes() }.map(std::ptr::from_ref)
        }
        KindTable {
            size: size_of::<T>(),
            cyclic: T::CYCLIC,
            dies_alone: T::HOLDS_NOTHING && !T::CYCLIC && !T::MAY_NEED_FINALIZER,
            holds_memory: std::mem::needs_drop::<T>(),
            reaches_out: T::REACHES_OUT,
            trace: trace::<T>,
            clear: clear::<T>,
            drop: drop::<T>,
            needs_finalizer: if T::MAY_NEED_FINALIZER {
                Some(needs_finalizer::<T>)
            } else {
                None
            },
            attributes: if T::HAS_ATTRIBUTES {
                Some(attributes::<T>)
            } else {
                None
            },
        }
    }
}

/// A Value that is known to be an object of kind `T`.
#[repr(transparent)]
pub struct Ref<T: Object>(Value, PhantomData<T>);

impl<T: Object> Ref<T> {
    /// The Value as a Ref, if it is of this kind (an exact instance or one of a subclass).
    #[inline]
    pub fn from_value(value: Value) -> Result<Ref<T>, Value> {
        if value.is_kind::<T>() {
            Ok(Ref(value, PhantomData))
        } else {
            Err(value)
        }
    }

    /// As a plain Value.
    #[inline(always)]
    pub fn into_value(self) -> Value {
        self.0
    }

    /// The same reference as a plain Value.
    #[inline(always)]
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// A new reference as a plain Value.
    #[inline(always)]
    pub fn value(&self) -> Value {
        self.0.clone()
    }

    /// Whether both are the same object.
    #[inline(always)]
    pub fn is(&self, other: &Ref<T>) -> bool {
        self.0.is(&other.0)
    }

    /// The address of the object.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.header().cast()
    }

    /// Takes over one count of a live object.
    ///
    /// # Safety
    /// `ptr` is a live object of kind `T`, and one count of it passes to the Ref.
    pub(crate) unsafe fn from_raw(ptr: *mut T) -> Ref<T> {
        Ref(unsafe { Value::from_header(ptr.cast()) }, PhantomData)
    }
}

impl<T: Object> Clone for Ref<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Ref(self.0.clone(), PhantomData)
    }
}

impl<T: Object> Deref for Ref<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the Ref keeps an object of kind T alive.
        unsafe { &*self.0.header().cast::<T>() }
    }
}

impl<T: Object> From<Ref<T>> for Value {
    fn from(r: Ref<T>) -> Value {
        r.0
    }
}

impl Value {
    /// Whether this is an object of kind `T`, of a subclass included.
    #[inline]
    pub fn is_kind<T: Object>(&self) -> bool {
        let shape = self.shape();
        shape == T::KIND as u32
            || (shape >= store::FIRST_SHARED_SHAPE && store::kind_of_shape(shape) == T::KIND)
    }

    /// Whether this is an object of exactly the built-in type of kind `T`.
    #[inline(always)]
    pub fn is_exact<T: Object>(&self) -> bool {
        self.shape() == T::KIND as u32
    }

    /// The object, if it is of kind `T` (a subclass included).
    #[inline]
    pub fn get<T: Object>(&self) -> Option<&T> {
        // SAFETY: the kind was checked, and self keeps the object alive.
        if self.is_kind::<T>() {
            Some(unsafe { &*self.header().cast::<T>() })
        } else {
            None
        }
    }

    /// The object, if it is exactly of the built-in type of kind `T`.
    #[inline(always)]
    pub fn get_exact<T: Object>(&self) -> Option<&T> {
        // SAFETY: as in `get`.
        if self.is_exact::<T>() {
            Some(unsafe { &*self.header().cast::<T>() })
        } else {
            None
        }
    }

    /// A new typed reference, if it is of kind `T` (a subclass included).
    #[inline]
    pub fn to_ref<T: Object>(&self) -> Option<Ref<T>> {
        if self.is_kind::<T>() {
            Some(Ref(self.clone(), PhantomData))
        } else {
            None
        }
    }
}
