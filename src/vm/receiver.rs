//! What a native method may be called on, and a native `__new__` may make.

use super::Vm;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::kind;
use crate::object::native::{Native, R, Raised};

impl Vm {
    /// Checks the class that is the first of the arguments of a native `__new__`.
    #[inline]
    pub(super) fn check_made(&mut self, native: &Native, given: &[Value]) -> R<()> {
        match native.makes {
            true => self.check_class_to_make(native, given.first()),
            false => Ok(()),
        }
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
        let slot = super::special::is_slot(name);
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
