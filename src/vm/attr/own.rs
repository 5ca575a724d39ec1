//! Where an object keeps attributes of its own: slots told by its shape, or a dict.

use super::Site;
use crate::heap::{self, Field, Ref, Value, shape_flags};
use crate::object::class::{Class, MOST_SHAPES, class_flags};
use crate::object::descriptor::{ClassMethod, StaticMethod};
use crate::object::dict::Dict;
use crate::object::exception::Exception;
use crate::object::function::Function;
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::R;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// What setting an attribute did to an instance's shape.
pub(super) enum Stored {
    /// The value of a slot changed.
    Slot(u16),
    /// A slot was added: the shape before and after.
    Added(u32, u16, u32),
    /// It went into a dict.
    Elsewhere,
    /// The object has no room for attributes of its own.
    NoRoom,
}

/// The place that holds the dict of an object that keeps its attributes in one.
fn dict_place(obj: &Value) -> Option<&Field> {
    let entry = obj.shape_entry()?;
    if entry.flags & shape_flags::TAIL_DICT != 0 {
        return obj.slots().first();
    }
    match entry.kind {
        _ if entry.flags & (shape_flags::SLOTS | shape_flags::DICT_MODE)
            == shape_flags::SLOTS | shape_flags::DICT_MODE =>
        {
            let reserved = entry.class.get::<Class>()?.reserved_slots.get();
            obj.slots().get(reserved as usize)
        }
        kind::FUNCTION => obj.get::<Function>().map(|f| &f.dict),
        kind::EXCEPTION => obj.get::<Exception>().map(|e| &e.dict),
        kind::CLASSMETHOD => obj.get::<ClassMethod>().map(|c| &c.dict),
        kind::STATICMETHOD => obj.get::<StaticMethod>().map(|s| &s.dict),
        _ if entry.flags & shape_flags::DICT_MODE != 0 => obj.attributes(),
        _ => None,
    }
}

/// Where objects of a shape keep their dict, and one of them an attribute in it.
pub struct PlaceInDict {
    /// The shape.
    pub shape: u32,
    /// How many words behind the object's beginning its dict is held.
    pub word: u16,
    /// Which entry of that dict has the attribute. With other objects it may be another one.
    pub position: u32,
}

/// Where an object has an attribute in its dict, if others of its shape have their dicts at the same place.
pub(super) fn place_in_dict(obj: &Value, name: &Value) -> Option<PlaceInDict> {
    // Where what lies before the dict differs in size, so does the place.
    const OF_ONE_SIZE: [heap::Kind; 5] = [
        kind::INSTANCE,
        kind::EXCEPTION,
        kind::FUNCTION,
        kind::LIST,
        kind::DICT,
    ];
    if !OF_ONE_SIZE.contains(&obj.shape_entry()?.kind) {
        return None;
    }
    let place = dict_place(obj)?;
    let position = place
        .as_value()
        .get_exact::<Dict>()?
        .index_of_str(name.get::<Str>()?)?;
    let word = (std::ptr::from_ref(place) as usize - obj.header() as usize) / size_of::<Value>();
    (word < MOST_WORDS).then_some(PlaceInDict {
        shape: obj.shape(),
        word: word as u16,
        position: u32::try_from(position).ok()?,
    })
}

/// What a cache has room for.
const MOST_WORDS: usize = 1 << 12;

/// Takes the value out of a slot; those behind it move up, as attributes lie in the order in which they came.
fn take_slot(obj: &Value, slot: u16) -> Value {
    let slots = &obj.slots()[slot as usize..];
    let taken = slots[0].take();
    for pair in slots.windows(2) {
        let next = pair[1].take();
        if next.is_undef() {
            break;
        }
        pair[0].set(next);
    }
    taken
}

/// The dict of an object if it has one already.
fn existing_dict(obj: &Value) -> Option<Ref<Dict>> {
    if let Some(module) = obj.get::<Module>() {
        return Some(module.namespace.clone());
    }
    let content = dict_place(obj)?.as_value();
    match content.get::<Tuple>() {
        Some(both) => both.get(1)?.to_ref::<Dict>(),
        None => content.to_ref::<Dict>(),
    }
}

/// The dict of an object as its class says, without making one.
pub(crate) fn dict_so_far(obj: &Value) -> Value {
    existing_dict(obj).map_or(Value::UNDEF, Ref::into_value)
}

/// Puts a dict where an object keeps it: behind what its slots hold, if there are some in a dict of their own.
fn put_dict(place: &Field, dict: Value) {
    let slots = place.as_value().get::<Tuple>().and_then(|both| both.get(0));
    place.set(match slots {
        Some(slots) => Tuple::pair(slots, dict).into_value(),
        None => dict,
    });
}

/// Whether the object's attributes lie in slots told by its shape.
fn in_slots(obj: &Value) -> bool {
    obj.shape_entry().is_some_and(|e| {
        e.flags & (shape_flags::SLOTS | shape_flags::DICT_MODE) == shape_flags::SLOTS
    })
}

impl Vm {
    /// The attribute of an object's own; `name` is interned.
    #[inline]
    pub(crate) fn own_attribute(&mut self, obj: &Value, name: &Value) -> Option<Value> {
        if in_slots(obj) {
            let slot = self.shapes.slot(obj.shape(), name)?;
            return obj
                .slots()
                .get(slot as usize)
                .map(Field::get)
                .filter(|v| !v.is_undef());
        }
        existing_dict(obj)?.get_str(name.get::<Str>()?)
    }

    /// Which slot holds the attribute, if one does.
    pub(super) fn own_slot(&self, obj: &Value, name: &Value) -> Option<u16> {
        if in_slots(obj) {
            self.shapes.slot(obj.shape(), name)
        } else {
            None
        }
    }

    /// Sets an attribute of the object's own.
    pub(super) fn store_own(&mut self, obj: &Value, name: &Value, value: Value) -> R<Stored> {
        if in_slots(obj) {
            return self.store_in_slots(obj, name, value);
        }
        if obj.is_kind::<Module>() || self.class_of(obj).has(class_flags::HAS_DICT) {
            let Some(dict) = self.object_dict(obj) else {
                return Ok(Stored::NoRoom);
            };
            self.put_name(&dict, name, value)?;
            return Ok(Stored::Elsewhere);
        }
        Ok(Stored::NoRoom)
    }

    fn store_in_slots(&mut self, obj: &Value, name: &Value, value: Value) -> R<Stored> {
        let old = obj.shape();
        if let Some(slot) = self.shapes.slot(old, name) {
            obj.slots()[slot as usize].set(value);
            return Ok(Stored::Slot(slot));
        }
        let class = self.class_of(obj);
        if !class.has(class_flags::HAS_DICT) {
            return Ok(Stored::NoRoom);
        }
        if let Some((new, slot)) = self.shapes.add(&class, old, name)
            && obj.set_shape(new)
        {
            obj.slots()[slot as usize].set(value);
            return Ok(Stored::Added(old, slot, new));
        }
        if let Some(dict) = self.to_dict_mode(obj) {
            self.put_name(&dict, name, value)?;
            return Ok(Stored::Elsewhere);
        }
        Ok(Stored::NoRoom)
    }

    fn put_name(&mut self, dict: &Ref<Dict>, name: &Value, value: Value) -> R<()> {
        let Some(name) = name.to_ref::<Str>() else {
            return Ok(());
        };
        let old = dict.insert_str(&name, value);
        self.lift(old).map(drop)
    }

    /// Deletes an attribute of the object's own; false if there is none.
    pub(super) fn delete_own(&mut self, obj: &Value, name: &Value) -> bool {
        if in_slots(obj) {
            if self.shapes.slot(obj.shape(), name).is_none() {
                return false;
            }
            if self.undo_last_slot(obj, name) || self.delete_slot(obj, name) {
                return true;
            }
            if self.to_dict_mode(obj).is_none() {
                return false;
            }
        }
        let (Some(dict), Some(name)) = (existing_dict(obj), name.get::<Str>()) else {
            return false;
        };
        dict.remove_str(name).is_some()
    }

    /// The attribute that was added last goes: the instance gets the shape it had before.
    fn undo_last_slot(&mut self, obj: &Value, name: &Value) -> bool {
        let class = self.class_of(obj);
        let mut id = class.root_shape.get();
        let Some(shape) = self.shapes.get(obj.shape()) else {
            return false;
        };
        let keys: Vec<usize> = shape.keys.keys().copied().collect();
        if keys.last() != Some(&(name.word() as usize)) {
            return false;
        }
        for key in &keys[..keys.len() - 1] {
            let next = self
                .shapes
                .get(id)
                .and_then(|s| s.next.iter().find(|(k, _)| k == key));
            match next {
                Some(&(_, next)) => id = next,
                None => return false,
            }
        }
        let Some(slot) = self.shapes.slot(obj.shape(), name) else {
            return false;
        };
        if !obj.set_shape(id) {
            return false;
        }
        drop(obj.slots()[slot as usize].take());
        true
    }

    /// The instance gets the shape of one that never had the attribute. False if there are too many shapes already.
    fn delete_slot(&mut self, obj: &Value, name: &Value) -> bool {
        let (old, epoch) = (obj.shape(), self.heap.type_epoch);
        let Some((new, slot)) = self.shape_without(obj, name) else {
            return false;
        };
        // `slot` is known to lie in the shape's slots, so the words agree with the object for as long as its shape lives.
        if !obj.set_shape(new) {
            return false;
        }
        self.sites
            .put(Site::Delete, name, old, epoch, (new as u64, slot as u64));
        drop(take_slot(obj, slot));
        true
    }

    /// The shape with the same attributes but for one, which lies in the slot that is told too.
    fn shape_without(&mut self, obj: &Value, name: &Value) -> Option<(u32, u16)> {
        let class = self.class_of(obj);
        let (keys, slot) = {
            let shape = self.shapes.get(obj.shape())?;
            let (_, slot) = shape.keys.get(&(name.word() as usize))?;
            let others = shape.keys.values().filter(|(key, _)| !key.is(name));
            (
                others.map(|(key, _)| key.clone()).collect::<Vec<_>>(),
                *slot,
            )
        };
        let mut id = class.root_shape.get();
        for key in &keys {
            // Which attributes go is the script's choice: there are as many shapes as sets of them.
            if class.shapes.borrow().len() >= MOST_SHAPES {
                return None;
            }
            (id, _) = self.shapes.add(&class, id, key)?;
        }
        Some((id, slot))
    }

    /// Deletes an attribute that was deleted from another object of this shape before; false if it was not.
    pub(crate) fn delete_known_slot(&self, obj: &Value, name: &Value) -> bool {
        let (shape, epoch) = (obj.shape(), self.heap.type_epoch);
        let Some((new, slot)) = self.sites.get(Site::Delete, name, shape, epoch) else {
            return false;
        };
        // A slot without a value is told as a missing attribute.
        let has_value = |slot: &Field| !slot.as_value().is_undef();
        if !obj.slots().get(slot as usize).is_some_and(has_value) || !obj.set_shape(new as u32) {
            return false;
        }
        drop(take_slot(obj, slot as u16));
        true
    }

    /// Moves the attributes of an instance from its slots into a dict, which is returned.
    /// None if the class leaves no room for one.
    #[expect(
        clippy::wrong_self_convention,
        reason = "it moves an object, not the VM"
    )]
    pub(crate) fn to_dict_mode(&mut self, obj: &Value) -> Option<Ref<Dict>> {
        let class = self.class_of(obj);
        let reserved = class.reserved_slots.get() as usize;
        let slots = obj.slots();
        if slots.len() <= reserved {
            return None;
        }
        let dict = Dict::new();
        if let Some(shape) = self.shapes.get(obj.shape()) {
            for (name, slot) in shape.keys.values() {
                let value = slots[*slot as usize].take();
                if let (Some(name), false) = (name.to_ref::<Str>(), value.is_undef()) {
                    // The dict replaces slots of the same size; a lack of memory shows at the next growth.
                    drop(dict.insert_str(&name, value));
                }
            }
        }
        let shape = self.dict_shape(&class, slots.len() as u16);
        if !obj.set_shape(shape) {
            return None;
        }
        slots[reserved].set(dict.value());
        Some(dict)
    }

    /// The shape in dictionary mode of instances with so many slots.
    fn dict_shape(&mut self, class: &Ref<Class>, capacity: u16) -> u32 {
        let known = class.dict_shape.get();
        if known != 0 && heap::current().shapes[known as usize].capacity == capacity {
            return known;
        }
        let flags = super::super::class::instance_shape_flags(class)
            | shape_flags::DICT_MODE
            | shape_flags::UNCACHEABLE;
        let id = self.shapes.new_root(class, flags, capacity);
        if known == 0 {
            class.dict_shape.set(id);
        }
        id
    }

    /// The shape of instances of a class, which keep their dict behind them, once they have one.
    fn shape_with_dict(&mut self, class: &Ref<Class>) -> u32 {
        if class.dict_shape.get() == 0 {
            let flags = heap::current().shapes[class.root_shape.get() as usize].flags;
            let flags = flags | shape_flags::UNCACHEABLE;
            class.dict_shape.set(self.shapes.new_root(class, flags, 0));
        }
        class.dict_shape.get()
    }

    /// The `__dict__` of an object, made if need be; None if the object has none.
    pub fn object_dict(&mut self, obj: &Value) -> Option<Ref<Dict>> {
        if let Some(dict) = existing_dict(obj) {
            return Some(dict);
        }
        if !self.class_of(obj).has(class_flags::HAS_DICT) {
            return None;
        }
        if in_slots(obj) {
            return self.to_dict_mode(obj);
        }
        let place = self.room_for_dict(obj)?;
        let dict = Dict::new();
        put_dict(place, dict.value());
        Some(dict)
    }

    /// The place for an object's dict. One of a native kind that has had none counts from now on as
    /// one of a subclass, whose methods no cache takes for known; so does one of a subclass that was like all others.
    fn room_for_dict<'a>(&mut self, obj: &'a Value) -> Option<&'a Field> {
        let flags = obj.shape_entry().map_or(0, |entry| entry.flags);
        if flags & (shape_flags::TAIL_DICT | shape_flags::UNCACHEABLE) == shape_flags::TAIL_DICT {
            let class = self.class_of(obj);
            obj.set_shape(self.shape_with_dict(&class));
        }
        if dict_place(obj).is_none() && obj.attributes().is_some() {
            let class = self.class_of(obj);
            if class.dict_shape.get() == 0 {
                let flags = shape_flags::DICT_MODE | shape_flags::UNCACHEABLE;
                class.dict_shape.set(self.shapes.new_root(&class, flags, 0));
            }
            obj.set_shape(class.dict_shape.get());
        }
        dict_place(obj)
    }

    /// The dict in which an object with a native layout keeps the slots of its class, made if need be.
    pub(super) fn hidden_dict(&mut self, obj: &Value) -> Option<Ref<Dict>> {
        let place = dict_place(obj)?;
        if let Some(both) = place.as_value().get::<Tuple>() {
            return both.get(0)?.to_ref::<Dict>();
        }
        let slots = Dict::new();
        let own = existing_dict(obj).map_or(Value::NONE, Ref::into_value);
        place.set(Tuple::pair(slots.value(), own).into_value());
        Some(slots)
    }

    /// Sets the `__dict__` of an object; false if it cannot be set.
    pub fn set_object_dict(&mut self, obj: &Value, dict: &Ref<Dict>) -> bool {
        if !self.class_of(obj).has(class_flags::HAS_DICT)
            || (in_slots(obj) && self.to_dict_mode(obj).is_none())
        {
            return false;
        }
        match self.room_for_dict(obj) {
            Some(place) => {
                put_dict(place, dict.value());
                true
            }
            None => false,
        }
    }

    /// The names of an object's own attributes, in order.
    pub fn own_names(&mut self, obj: &Value) -> Vec<Value> {
        if in_slots(obj) {
            let slots = obj.slots();
            let Some(shape) = self.shapes.get(obj.shape()) else {
                return Vec::new();
            };
            return shape
                .keys
                .values()
                .filter(|(_, s)| !slots[*s as usize].is_undef())
                .map(|(n, _)| n.clone())
                .collect();
        }
        existing_dict(obj).map_or_else(Vec::new, |d| {
            d.pairs().into_iter().map(|(k, _)| k).collect()
        })
    }

    /// Makes `obj` an instance of another class whose instances are laid out alike; false if they are not.
    pub fn change_class(&mut self, obj: &Value, class: &Ref<Class>) -> bool {
        let old = self.class_of(obj);
        if old.layout != class.layout || old.reserved_slots.get() != class.reserved_slots.get() {
            return false;
        }
        if !super::super::class::has_slots(class) {
            let root = class.root_shape.get();
            let flags = heap::current().shapes[root as usize].flags;
            let has_dict = flags & shape_flags::TAIL_DICT != 0 && existing_dict(obj).is_some();
            return match has_dict && flags & shape_flags::UNCACHEABLE == 0 {
                true => obj.set_shape(self.shape_with_dict(class)),
                false => obj.set_shape(root),
            };
        }
        if old.has(class_flags::HAS_DICT) != class.has(class_flags::HAS_DICT) {
            return false;
        }
        if !class.has(class_flags::HAS_DICT) {
            return obj.set_shape(class.root_shape.get());
        }
        // In dictionary mode the slots need not agree; only their number stays the object's own.
        if in_slots(obj) && self.to_dict_mode(obj).is_none() {
            return false;
        }
        let shape = self.dict_shape(class, obj.slots().len() as u16);
        obj.set_shape(shape)
    }
}
