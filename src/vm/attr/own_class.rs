//! `obj.__class__` where nobody but `object` has a say in it: remembered by the shape.

use super::sites::Site;
use crate::heap::{FIRST_FREE_SHAPE, Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::vm::Vm;
use crate::vm::types::Known;

impl Vm {
    /// The class of an instance of a script's class, if this is all that its attribute `__class__` is, as was found before.
    pub(crate) fn known_own_class(&self, obj: &Value, name: &Value) -> Option<Value> {
        if !name.is(self.names.class_.as_value()) {
            return None;
        }
        let shape = obj.shape();
        self.sites
            .get(Site::OwnClass, name, shape, self.heap.type_epoch)?;
        Some((*self.heap.shapes[shape as usize].class).clone())
    }

    /// Remembers that such an attribute was found where `object` has it.
    pub(crate) fn note_own_class(&mut self, obj: &Value, name: &Value) {
        let shape = obj.shape();
        if shape < FIRST_FREE_SHAPE || !name.is(self.names.class_.as_value()) {
            return;
        }
        let class = self.class_of(obj);
        if self.is_objects_own_class(&class) {
            let epoch = self.heap.type_epoch;
            self.sites.put(Site::OwnClass, name, shape, epoch, (0, 0));
        }
    }

    /// Whether `__class__` of a class's instances is what `object` says.
    pub(crate) fn is_objects_own_class(&mut self, class: &Ref<Class>) -> bool {
        let name = self.names.class_.clone();
        let object = self.known_class(Known::Object);
        let own = self.lookup_in_class(class, name.as_value());
        let objects = self.lookup_in_class(&object, name.as_value());
        let is_objects_own = own
            .zip(objects)
            .is_some_and(|(own, objects)| own.is(&objects));
        is_objects_own && !class.has(class_flags::GETATTRIBUTE)
    }
}
