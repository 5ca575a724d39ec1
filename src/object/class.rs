//! Classes and shapes.
//!
//! A class holds its namespace, its bases and its method resolution order. The
//! instances of a class that a script defines have *shapes*: a shape says which
//! attribute lies in which slot. Instances that got the same attributes in the
//! same order share a shape, so a cache keyed by the shape knows the slot.

use std::cell::{Cell, RefCell};

use indexmap::IndexMap;

use super::dict::DictTable;
use super::kind;
use super::native::TypeDef;
use super::str::Str;
use crate::heap::{
    self, ByAddress, FIRST_FREE_SHAPE, Field, Header, Kind, Object, Ref, Value, Visitor,
    shape_flags,
};

/// Bits of `Class::flags`.
pub mod class_flags {
    /// A class of the language itself: its attributes cannot be set.
    pub const BUILTIN: u32 = 1;
    /// Can be a base class.
    pub const BASE: u32 = 2;
    /// Instances have a `__dict__`.
    pub const HAS_DICT: u32 = 4;
    /// Defines or inherits `__getattr__` from a script class.
    pub const GETATTR: u32 = 8;
    /// Overrides `__getattribute__`.
    pub const GETATTRIBUTE: u32 = 16;
    /// Overrides `__setattr__` or `__delattr__`.
    pub const SETATTR: u32 = 32;
    /// Has a `__del__`.
    pub const FINALIZER: u32 = 64;
    /// Has abstract methods that are not implemented.
    pub const ABSTRACT: u32 = 128;
    /// Overrides `__new__`.
    pub const NEW: u32 = 256;
    /// Instances can be weakly referenced.
    pub const WEAKREF: u32 = 512;
    /// Is a sequence for pattern matching.
    pub const SEQUENCE: u32 = 1024;
    /// Is a mapping for pattern matching.
    pub const MAPPING: u32 = 2048;
    /// One positional pattern matches the subject itself (`case int(x)`).
    pub const MATCH_SELF: u32 = 4096;
}

/// See the module's text.
#[repr(C)]
pub struct Class {
    head: Header,
    /// Shape of new instances.
    pub root_shape: Cell<u32>,
    /// See `class_flags`.
    pub flags: Cell<u32>,
    /// What kind of object the instances are.
    pub layout: Kind,
    /// Slots that `__slots__` reserves, those of the bases included.
    pub reserved_slots: Cell<u16>,
    /// Whether the table of methods was put into the namespace.
    pub populated: Cell<bool>,
    /// `__name__`
    pub name: Field,
    /// `__qualname__`
    pub qualname: Field,
    /// The table of a native class; of a script's class, that of the native base it is laid out as.
    pub def: Option<&'static TypeDef>,
    /// `__dict__`
    pub namespace: RefCell<DictTable>,
    /// `__bases__`
    pub bases: RefCell<Vec<Ref<Class>>>,
    /// Which of `bases` is `__base__`. It is kept, for to find it again costs a walk
    /// for each base at each level.
    pub base_at: Cell<u32>,
    /// `__mro__` without the class itself.
    pub ancestors: RefCell<Vec<Ref<Class>>>,
    /// Direct subclasses that are alive, by address; they take themselves off.
    pub subclasses: RefCell<Vec<*const Class>>,
    /// Special methods that were looked up, by `Special` number; valid for `cached_epoch`.
    pub specials: RefCell<Vec<Value>>,
    /// The type epoch that `specials` holds for.
    pub specials_epoch: Cell<u32>,
    /// The type epoch in which a call of the class was found to make a plain exception, and no more.
    pub plain_exception_epoch: Cell<u32>,
    /// Ids of all shapes of this class.
    pub shapes: RefCell<Vec<u32>>,
    /// The shape in dictionary mode; 0 before it is needed.
    pub dict_shape: Cell<u32>,
    /// The class itself, if it is to die by the collector only; else Undef.
    pub itself: Field,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Class {
    const KIND: Kind = kind::CLASS;

    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.name.as_value());
        visitor.visit(self.qualname.as_value());
        self.namespace.borrow().trace(visitor);
        self.bases
            .borrow()
            .iter()
            .for_each(|c| visitor.visit(c.as_value()));
        self.ancestors
            .borrow()
            .iter()
            .for_each(|c| visitor.visit(c.as_value()));
        self.specials.borrow().iter().for_each(|v| visitor.visit(v));
        visitor.visit(self.itself.as_value());
    }

    fn clear(&self) {
        self.itself.take();
        self.specials.take();
        let table = self.namespace.take();
        drop(table);
    }
}

impl Class {
    /// What is known of a special method (by its number) since the type epoch began: NotImplemented if the class has none.
    /// None if nothing is known. The reference holds until something changes the class.
    #[inline(always)]
    pub(crate) fn known_special(&self, special: usize, epoch: u32) -> Option<&Value> {
        if self.specials_epoch.get() != epoch {
            return None;
        }
        // SAFETY: nobody holds the table across a handler.
        let specials = unsafe { &*self.specials.as_ptr() };
        specials.get(special).filter(|known| !known.is_undef())
    }

    /// A class without bases and namespace; `vm` fills it.
    pub fn new(name: &Ref<Str>, layout: Kind, flags: u32, def: Option<&'static TypeDef>) -> Class {
        Class {
            head: Header::new(),
            root_shape: Cell::new(0),
            flags: Cell::new(flags),
            layout,
            reserved_slots: Cell::new(0),
            populated: Cell::new(def.is_none() || flags & class_flags::BUILTIN == 0),
            name: Field::new(name.value()),
            qualname: Field::new(name.value()),
            def,
            namespace: RefCell::new(DictTable::new()),
            bases: RefCell::default(),
            base_at: Cell::new(0),
            ancestors: RefCell::default(),
            subclasses: RefCell::default(),
            specials: RefCell::default(),
            specials_epoch: Cell::new(0),
            plain_exception_epoch: Cell::new(0),
            shapes: RefCell::default(),
            dict_shape: Cell::new(0),
            itself: Field::undef(),
        }
    }

    /// Whether a bit of `class_flags` is set.
    #[inline(always)]
    pub fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    /// Sets bits of `class_flags`.
    pub fn set_flag(&self, flag: u32) {
        self.flags.set(self.flags.get() | flag);
    }

    /// The name as Rust text, for messages.
    pub fn name_str(&self) -> String {
        self.name
            .as_value()
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned())
    }

    /// Whether this class is `other` or derives from it (by the method resolution order).
    pub fn is_subclass(&self, other: &Class) -> bool {
        std::ptr::eq(self, other)
            || self
                .ancestors
                .borrow()
                .iter()
                .any(|c| std::ptr::eq(&**c, other))
    }
}

impl Class {
    /// `__base__`
    pub fn base(&self) -> Option<Ref<Class>> {
        let at = self.base_at.get() as usize;
        self.bases.borrow().get(at).cloned()
    }

    /// Gives the class other bases, of which `best` is `__base__`; the old ones are returned.
    pub fn replace_bases(&self, bases: Vec<Ref<Class>>, best: &Ref<Class>) -> Vec<Ref<Class>> {
        let at = bases.iter().position(|c| c.is(best)).unwrap_or(0);
        self.base_at.set(at as u32);
        self.bases.replace(bases)
    }
}

impl Ref<Class> {
    /// The direct subclasses that are alive.
    pub fn live_subclasses(&self) -> Vec<Ref<Class>> {
        let list = self.subclasses.borrow();
        // SAFETY: a class takes itself off this list before it goes.
        list.iter()
            .map(|&class| unsafe { counted(class) })
            .collect()
    }

    /// Takes a class off the list of direct subclasses.
    pub fn forget_subclass(&self, class: &Ref<Class>) {
        self.subclasses
            .borrow_mut()
            .retain(|&c| !std::ptr::eq(c, &raw const **class));
    }
}

/// A new reference to a class that is alive.
unsafe fn counted(class: *const Class) -> Ref<Class> {
    // SAFETY: the caller knows that the class is alive; the borrowed Value is forgotten.
    unsafe {
        let borrowed = std::mem::ManuallyDrop::new(Value::from_header(class as *mut Header));
        (*borrowed).to_ref().expect("it is a class")
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        let heap = heap::current();
        if heap.is_torn_down() {
            return;
        }
        for &id in self.shapes.borrow().iter() {
            heap.free_shape(id);
        }
        heap.type_epoch = heap.type_epoch.wrapping_add(1).max(1);
        for base in self.bases.borrow().iter() {
            base.subclasses
                .borrow_mut()
                .retain(|&c| !std::ptr::eq(c, self));
        }
    }
}

/// An instance of a class that a script defines and that has no native layout.
#[repr(C)]
pub struct Instance {
    head: Header,
}

// SAFETY: repr(C), header first; the slots are the heap's business.
unsafe impl Object for Instance {
    const KIND: Kind = kind::INSTANCE;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Instance {
    /// A new instance of a shape, all slots Undef.
    #[inline]
    pub fn alloc(shape: u32) -> Ref<Instance> {
        heap::alloc_shaped(
            Instance {
                head: Header::new(),
            },
            0,
            shape,
        )
    }
}

/// The attributes of a shape: name (an interned Str, by address) to slot.
#[derive(Default)]
pub struct Shape {
    /// Interned names in the order they were added, with their slots.
    pub keys: IndexMap<usize, (Value, u16), ByAddress>,
    /// Where an added name leads.
    pub next: Vec<(usize, u32)>,
    /// Slots that hold something, reserved ones included.
    pub used: u16,
}

/// The shapes of an engine, by id less `FIRST_FREE_SHAPE`: those of kinds have no attributes.
#[derive(Default)]
pub struct Shapes(Vec<Shape>);

/// Room for the shapes of the built-in classes, and some of a script's.
const FIRST_SHAPES: usize = 256;

/// Where the shape of this id is in the table; past its end for that of a kind.
#[inline(always)]
fn place_of(id: u32) -> usize {
    id.wrapping_sub(FIRST_FREE_SHAPE) as usize
}

/// More attributes than this, and an instance goes to dictionary mode.
pub const MOST_KEYS: usize = 64;
/// More shapes of one class than this, and instances that lose an attribute go to dictionary mode.
pub const MOST_SHAPES: usize = 256;
/// More transitions of one shape than this, and instances go to dictionary mode.
pub const MOST_TRANSITIONS: usize = 128;

impl Shapes {
    /// The shape's table.
    #[inline]
    pub fn get(&self, id: u32) -> Option<&Shape> {
        self.0.get(place_of(id))
    }

    /// The table of a shape that is no kind's.
    fn entry(&mut self, id: u32) -> &mut Shape {
        let place = place_of(id);
        if self.0.len() <= place {
            if self.0.capacity() == 0 {
                self.0.reserve_exact(FIRST_SHAPES);
            }
            self.0.resize_with(place + 1, Shape::default);
        }
        &mut self.0[place]
    }

    /// The slot of an attribute.
    #[inline]
    pub fn slot(&self, id: u32, name: &Value) -> Option<u16> {
        self.0
            .get(place_of(id))?
            .keys
            .get(&(name.word() as usize))
            .map(|&(_, slot)| slot)
    }

    /// The first shape of a class whose instances have `capacity` slots.
    pub fn new_root(&mut self, class: &Ref<Class>, flags: u8, capacity: u16) -> u32 {
        let id = heap::current().new_shape(class.layout, flags, capacity, class.as_value());
        class.shapes.borrow_mut().push(id);
        *self.entry(id) = Shape {
            used: class.reserved_slots.get(),
            ..Shape::default()
        };
        id
    }

    /// The shape of an instance of shape `id` after attribute `name` was added,
    /// and its slot; None when there is no room (dictionary mode).
    pub fn add(&mut self, class: &Ref<Class>, id: u32, name: &Value) -> Option<(u32, u16)> {
        let key = name.word() as usize;
        let (flags, capacity) = {
            let entry = &heap::current().shapes[id as usize];
            (entry.flags, entry.capacity)
        };
        if id < FIRST_FREE_SHAPE {
            return None;
        }
        let shape = self.entry(id);
        let slot = shape.used;
        if let Some(&(_, next)) = shape.next.iter().find(|&&(k, _)| k == key) {
            return Some((next, slot));
        }
        if slot >= capacity || shape.keys.len() >= MOST_KEYS || shape.next.len() >= MOST_TRANSITIONS
        {
            return None;
        }
        let mut keys = shape.keys.clone();
        keys.insert(key, (name.clone(), slot));
        let next = heap::current().new_shape(class.layout, flags, capacity, class.as_value());
        class.shapes.borrow_mut().push(next);
        self.entry(id).next.push((key, next));
        *self.entry(next) = Shape {
            keys,
            next: Vec::new(),
            used: slot + 1,
        };
        Some((next, slot))
    }
}

/// The flags a class gives the shapes of its instances.
pub fn shape_flags_of(class: &Class) -> u8 {
    let mut flags = shape_flags::OWNS_CLASS;
    if class.layout == kind::INSTANCE {
        flags |= shape_flags::SLOTS;
    } else {
        flags |= shape_flags::TAIL_DICT | shape_flags::UNCACHEABLE;
    }
    if class.has(class_flags::FINALIZER) {
        flags |= shape_flags::FINALIZER;
    }
    if class.has(class_flags::GETATTRIBUTE) {
        flags |= shape_flags::UNCACHEABLE;
    }
    flags
}
