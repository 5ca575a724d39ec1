//! What a native method may be called on, and a native `__new__` may make.

use super::Vm;
use super::signature::{is_wrapper, native_name};
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::kind;
use crate::object::native::{Binding, Native, R, Raised};
use crate::object::str::Str;

impl Vm {
    /// `list.append`, or `len`.
    pub(crate) fn native_display(&self, native: &Native) -> String {
        if matches!(native.def.name(), "__new__" | "__init__") {
            return native_name(native);
        }
        // A method of a class goes by that class: it was bound for its call.
        let class = match native.owner.to_ref::<Class>() {
            Some(owner) if is_wrapper(native) => owner,
            Some(owner) => native.bound.to_ref::<Class>().unwrap_or(owner),
            None => return native.def.name().to_string(),
        };
        format!("{}.{}", class.name_str(), native.def.name())
    }

    pub(crate) fn native_qualname(&mut self, native: &Native) -> Option<Value> {
        let display = self.native_display(native);
        Some(self.intern(&display).into_value())
    }

    pub(crate) fn is_method(&self, native: &Native) -> bool {
        native.is_method
    }

    /// A method of a native type takes instances of that type only.
    #[inline]
    pub(super) fn check_method_receiver(
        &mut self,
        native: &Native,
        receiver: Option<&Value>,
    ) -> R<()> {
        if native.owner.is_exact::<Str>() || !self.is_method(native) {
            return match native.makes {
                true => self.check_class_to_make(native, receiver),
                false if native.def.binding == Binding::Class => {
                    self.check_class_method(native, receiver)
                }
                false => Ok(()),
            };
        }
        let Some(owner) = native.owner.get::<Class>() else {
            return Ok(());
        };
        if let Some(value) = receiver
            && value.is_object()
            && value.shape() == owner.root_shape.get()
        {
            return Ok(());
        }
        self.check_receiver_class(native, receiver)
    }

    /// Whether `check_method_receiver` finds nothing wrong with the receiver, nor with any other of its shape.
    pub(super) fn takes_receiver(&mut self, native: &Native, receiver: &Value) -> bool {
        if !self.is_method(native) {
            return true;
        }
        let class = self.class_of(receiver);
        native
            .owner
            .get::<Class>()
            .is_none_or(|owner| class.is_subclass(owner))
    }

    /// A native `__new__` makes instances of its class, or of those that derive from it and are laid
    /// out alike: it would fill the memory of any other wrongly.
    pub(super) fn check_class_to_make(&mut self, native: &Native, class: Option<&Value>) -> R<()> {
        let Some(owner) = native.owner.get::<Class>() else {
            return Ok(());
        };
        let fits = |class: &Class| {
            class.is_subclass(owner)
                && (class.layout == owner.layout || owner.layout == kind::INSTANCE)
        };
        match class.map(|value| value.get::<Class>()) {
            Some(Some(class)) if fits(class) => Ok(()),
            _ => Err(self.wrong_class_to_make(owner, class)),
        }
    }

    #[cold]
    fn wrong_class_to_make(&mut self, owner: &Class, class: Option<&Value>) -> Raised {
        let base = self.class_name(owner);
        let text = match class {
            None => format!("{base}.__new__(): not enough arguments"),
            Some(value) => match value.get::<Class>() {
                None => {
                    let given = self.type_name(value);
                    format!("{base}.__new__(X): X is not a type object ({given})")
                }
                Some(class) if !class.is_subclass(owner) => {
                    let class = self.class_name(class);
                    format!("{base}.__new__({class}): {class} is not a subtype of {base}")
                }
                Some(class) => {
                    let class = self.class_name(class);
                    format!("{base}.__new__({class}) is not safe, use {class}.__new__()")
                }
            },
        };
        self.type_error(text)
    }

    /// A class method as it lies in its class, and that is not bound, takes a class first.
    #[cold]
    pub(super) fn check_class_method(&mut self, native: &Native, first: Option<&Value>) -> R<()> {
        let Some(owner) = native.owner.to_ref::<Class>() else {
            return Ok(());
        };
        if !native.bound.is_undef() {
            return Ok(());
        }
        let (name, base) = (native.def.name(), self.class_name(&owner));
        let Some(first) = first else {
            return Err(self.type_error(format!(
                "descriptor '{name}' of '{base}' object needs an argument"
            )));
        };
        let given = match first.to_ref::<Class>() {
            Some(class) if class.is_subclass(&owner) => return Ok(()),
            Some(class) => {
                let given = self.class_name(&class);
                format!("descriptor '{name}' requires a subtype of '{base}' but received '{given}'")
            }
            None => {
                let given = self.type_name(first);
                format!(
                    "descriptor '{name}' for type '{base}' needs a type, not a '{given}' as arg 2"
                )
            }
        };
        Err(self.type_error(given))
    }

    pub(super) fn check_receiver_class(
        &mut self,
        native: &Native,
        receiver: Option<&Value>,
    ) -> R<()> {
        let Some(owner) = native.owner.to_ref::<Class>() else {
            return Ok(());
        };
        match receiver {
            Some(value) if self.class_of(value).is_subclass(&owner) => Ok(()),
            _ => Err(self.wrong_receiver(native, &owner, receiver)),
        }
    }

    #[cold]
    fn wrong_receiver(
        &mut self,
        native: &Native,
        owner: &Ref<Class>,
        receiver: Option<&Value>,
    ) -> Raised {
        let (name, owner) = (native.def.name(), owner.name_str());
        let slot = super::special::is_slot_wrapper(native);
        let text = match receiver {
            None if slot => format!("descriptor '{name}' of '{owner}' object needs an argument"),
            None => format!("unbound method {owner}.{name}() needs an argument"),
            Some(value) => {
                let given = self.type_name(value);
                match slot {
                    true => format!(
                        "descriptor '{name}' requires a '{owner}' object but received a '{given}'"
                    ),
                    false => format!(
                        "descriptor '{name}' for '{owner}' objects doesn't apply to a '{given}' object"
                    ),
                }
            }
        };
        self.type_error(text)
    }
}
