//! Setting and deleting attributes.

use super::Nature;
use super::own::{PlaceInDict, Stored, place_in_dict};
use crate::heap::{FIRST_FREE_SHAPE, Ref, Value, shape_flags};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::Property;
use crate::object::kind;
use crate::object::native::{AttributeDescriptor, R, Raised, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::class::is_special;
use crate::vm::special::Special;

/// What an inline cache may remember of a store, for as long as the type epoch is the same.
pub enum CachedStore {
    /// Nothing.
    No,
    /// Objects of this shape have the attribute in this slot.
    Replace {
        /// The shape.
        shape: u32,
        /// The slot.
        slot: u16,
    },
    /// Objects of shape `old` get the attribute in this slot and then have shape `new`.
    Add {
        /// The shape before.
        old: u32,
        /// The slot.
        slot: u16,
        /// The shape after.
        new: u32,
    },
    /// Objects of this shape have a dict, which has the attribute.
    InDict(PlaceInDict),
    /// Objects of this one's shape have this property in their class.
    Property(Value),
}

impl Vm {
    /// `obj.name = value`
    pub fn set_attr_step(&mut self, obj: &Value, name: &Value, value: &Value) -> Step {
        self.resolve_store(obj, name, value).0
    }

    /// `obj.name = value`, and what a cache may remember of it.
    pub fn resolve_store(
        &mut self,
        obj: &Value,
        name: &Value,
        value: &Value,
    ) -> (Step, CachedStore) {
        let class = self.class_of(obj);
        if class.has(class_flags::SETATTR)
            && let Some(method) = self.special(&class, Special::SetAttr)
        {
            return (
                self.call_special(method, obj, &[name.clone(), value.clone()]),
                CachedStore::No,
            );
        }
        let mut cached = CachedStore::No;
        let step = self.generic_store(obj, name, value, &mut cached);
        if !matches!(cached, CachedStore::InDict(_))
            && obj
                .shape_entry()
                .is_none_or(|e| e.flags & shape_flags::UNCACHEABLE != 0)
        {
            cached = CachedStore::No;
        }
        (step, cached)
    }

    /// What `object.__setattr__` and `type.__setattr__` do.
    pub fn generic_set_step(&mut self, obj: &Value, name: &Value, value: &Value) -> Step {
        self.generic_store(obj, name, value, &mut CachedStore::No)
    }

    fn generic_store(
        &mut self,
        obj: &Value,
        name: &Value,
        value: &Value,
        cached: &mut CachedStore,
    ) -> Step {
        if let Some(raised) = self.immutable_class(obj, name) {
            return Step::Raise(raised);
        }
        let name = match self.interned(name) {
            Ok(name) => name,
            Err(raised) => return Step::Raise(raised),
        };
        let class = self.class_of(obj);
        let attribute = self.lookup_in_class(&class, &name);
        if let Some(attribute) = &attribute {
            let nature = self.nature(attribute);
            if nature.is_data() {
                if let (Nature::Slot, super::Cached::Slot { shape, slot }) =
                    (&nature, super::get::reserved_slot(obj, attribute))
                {
                    *cached = CachedStore::Replace { shape, slot };
                }
                if attribute.is_exact::<Property>() && obj.shape() >= FIRST_FREE_SHAPE {
                    *cached = CachedStore::Property(attribute.clone());
                }
                return self.descriptor_set(attribute, nature, obj, value, &class);
            }
        }
        if class.layout == kind::CLASS {
            return self.set_class_attribute_step(obj, &name, value);
        }
        match self.store_own(obj, &name, value.clone()) {
            Ok(Stored::NoRoom) => {
                Step::Raise(self.cannot_store(obj, &name, &class, attribute.is_some()))
            }
            Ok(Stored::Slot(_) | Stored::Added(..)) if class.layout != kind::INSTANCE => {
                Step::Return(Value::NONE)
            }
            Ok(Stored::Slot(slot)) => {
                *cached = CachedStore::Replace {
                    shape: obj.shape(),
                    slot,
                };
                Step::Return(Value::NONE)
            }
            Ok(Stored::Added(old, slot, new)) => {
                *cached = CachedStore::Add { old, slot, new };
                Step::Return(Value::NONE)
            }
            Ok(Stored::Elsewhere) => {
                if let Some(place) = place_in_dict(obj, &name) {
                    *cached = CachedStore::InDict(place);
                }
                Step::Return(Value::NONE)
            }
            Err(raised) => Step::Raise(raised),
        }
    }

    /// The error for an attribute of a built-in class, whatever it is.
    fn immutable_class(&mut self, obj: &Value, name: &Value) -> Option<Raised> {
        let class = obj
            .to_ref::<Class>()
            .filter(|c| c.has(class_flags::BUILTIN))?;
        let shown = match self.repr_text(name) {
            Ok(shown) => shown,
            Err(raised) => return Some(raised),
        };
        let class = self.class_name(&class);
        Some(self.type_error(format!(
            "cannot set {shown} attribute of immutable type '{class}'"
        )))
    }

    /// Puts a plain value in the place of one that the class itself has, where that was looked up before; gives the value
    /// back if it could not be done so.
    pub(crate) fn replace_class_value(
        &mut self,
        obj: &Value,
        name: &Value,
        value: Value,
    ) -> Result<(), Value> {
        let Some(class) = obj.get::<Class>() else {
            return Err(value);
        };
        let metaclass = &self.heap.shapes[obj.shape() as usize].class;
        let is_left_alone = metaclass
            .get::<Class>()
            .is_some_and(|metaclass| !metaclass.has(class_flags::SETATTR));
        match self.known_class_place(obj, name) {
            Some((owner, place))
                if is_left_alone
                    && owner.is(obj)
                    && !name.get::<Str>().is_some_and(is_special)
                    && !self.nature(&value).matters() =>
            {
                let old = class.namespace.borrow_mut().set_value_at(place, value);
                drop(old);
                Ok(())
            }
            _ => Err(value),
        }
    }

    fn set_class_attribute_step(&mut self, obj: &Value, name: &Value, value: &Value) -> Step {
        match obj.to_ref::<Class>() {
            Some(class) => self
                .set_class_attribute(&class, name, value.clone())
                .map(|()| Value::NONE)
                .into(),
            None => Step::Return(Value::NONE),
        }
    }

    /// `del obj.name`
    pub fn delete_attr_step(&mut self, obj: &Value, name: &Value) -> Step {
        let class = self.class_of(obj);
        if class.has(class_flags::SETATTR)
            && let Some(method) = self.special(&class, Special::DelAttr)
        {
            return self.call_special(method, obj, std::slice::from_ref(name));
        }
        self.generic_delete_step(obj, name)
    }

    /// What `object.__delattr__` and `type.__delattr__` do.
    pub fn generic_delete_step(&mut self, obj: &Value, name: &Value) -> Step {
        if let Some(raised) = self.immutable_class(obj, name) {
            return Step::Raise(raised);
        }
        let name = match self.interned(name) {
            Ok(name) => name,
            Err(raised) => return Step::Raise(raised),
        };
        let class = self.class_of(obj);
        let attribute = self.lookup_in_class(&class, &name);
        if let Some(attribute) = &attribute {
            let nature = self.nature(attribute);
            if nature.is_data() {
                return self.descriptor_delete(attribute, nature, obj, &class);
            }
        }
        if class.layout == kind::CLASS {
            return self.set_class_attribute_step(obj, &name, &Value::UNDEF);
        }
        if self.delete_own(obj, &name) {
            return Step::Return(Value::NONE);
        }
        let has_room = class.has(class_flags::HAS_DICT) || class.layout == kind::MODULE;
        Step::Raise(if has_room {
            self.no_attribute(obj, &name)
        } else {
            self.cannot_store(obj, &name, &class, attribute.is_some())
        })
    }

    pub(crate) fn descriptor_set(
        &mut self,
        attribute: &Value,
        nature: Nature,
        obj: &Value,
        value: &Value,
        class: &Ref<Class>,
    ) -> Step {
        match nature {
            Nature::Property => {
                let setter = attribute
                    .get::<Property>()
                    .map_or(Value::NONE, |p| p.setter.get());
                if setter.is_none() {
                    return Step::Raise(self.property_error(attribute, class, "setter"));
                }
                Step::TailCall(setter, smallvec::smallvec![obj.clone(), value.clone()])
            }
            Nature::Slot => self
                .slot_set(attribute, obj, value.clone())
                .map(|()| Value::NONE)
                .into(),
            Nature::Computed => self
                .computed_set(attribute, obj, value)
                .map(|()| Value::NONE)
                .into(),
            _ => match self.special_of(attribute, Special::Set) {
                Some(set) => self.call_special(set, attribute, &[obj.clone(), value.clone()]),
                None => Step::Raise(self.attribute_error_plain("__set__")),
            },
        }
    }

    pub(crate) fn descriptor_delete(
        &mut self,
        attribute: &Value,
        nature: Nature,
        obj: &Value,
        class: &Ref<Class>,
    ) -> Step {
        match nature {
            Nature::Property => {
                let deleter = attribute
                    .get::<Property>()
                    .map_or(Value::NONE, |p| p.deleter.get());
                if deleter.is_none() {
                    return Step::Raise(self.property_error(attribute, class, "deleter"));
                }
                Step::TailCall(deleter, smallvec::smallvec![obj.clone()])
            }
            Nature::Slot => self
                .slot_set(attribute, obj, Value::UNDEF)
                .map(|()| Value::NONE)
                .into(),
            Nature::Computed => self
                .computed_set(attribute, obj, &Value::UNDEF)
                .map(|()| Value::NONE)
                .into(),
            _ => match self.special_of(attribute, Special::Delete) {
                Some(delete) => self.call_special(delete, attribute, std::slice::from_ref(obj)),
                None => Step::Raise(self.attribute_error_plain("__delete__")),
            },
        }
    }

    fn computed_set(&mut self, descriptor: &Value, obj: &Value, value: &Value) -> R<()> {
        let Some(computed) = descriptor.get_exact::<AttributeDescriptor>() else {
            return Ok(());
        };
        if let Some(set) = computed.attribute.set {
            return set(self, obj, value);
        }
        let (owner, name) = (computed.owner.get(), computed.attribute.name);
        let owner = owner
            .to_ref::<Class>()
            .map_or_else(String::new, |c| self.class_name(&c));
        if crate::object::members::is_member(&owner, name) {
            return Err(self.attribute_error_plain("readonly attribute"));
        }
        Err(self.attribute_error_plain(format!(
            "attribute '{name}' of '{owner}' objects is not writable"
        )))
    }

    /// The error for an object that has no room for attributes of its own.
    fn cannot_store(
        &mut self,
        obj: &Value,
        name: &Value,
        class: &Ref<Class>,
        exists: bool,
    ) -> crate::object::native::Raised {
        let text = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let owner = self.class_name(class);
        let generic = [Special::SetAttr, Special::DelAttr]
            .into_iter()
            .all(|special| {
                self.special(class, special)
                    .is_none_or(|method| super::super::types::is_core_method(&method))
            });
        let text = if exists {
            format!("'{owner}' object attribute '{text}' is read-only")
        } else if !generic {
            format!("'{owner}' object has no attribute '{text}'")
        } else {
            format!(
                "'{owner}' object has no attribute '{text}' and no __dict__ for setting new attributes"
            )
        };
        self.attribute_error(obj, name, text)
    }
}
