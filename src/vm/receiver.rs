//! What a native method may be called on, and a native `__new__` may make.

use super::Vm;
use super::class::unwrap_static;
use super::signature::{is_wrapper, native_name};
use super::special::Special;
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::kind;
use crate::object::native::{Binding, Native, R, Raised, TypeDef};
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
        let qualname = class.qualname.as_value().get::<Str>().map(Str::to_text);
        let name = qualname.map_or_else(|| class.name_str(), std::borrow::Cow::into_owned);
        format!("{name}.{}", native.def.name())
    }

    /// As `native_display`, with the module of what is no built-in.
    pub(crate) fn native_in_module(&self, native: &Native) -> String {
        let name = self.native_display(native);
        match native.owner.get::<Str>().filter(|m| !m.is_text("builtins")) {
            Some(module) => format!("{}.{name}", module.to_text()),
            None => name,
        }
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
        match class.map(|value| (value, value.get::<Class>())) {
            Some((value, Some(class))) if fits(class) => match owner.layout {
                kind::EXCEPTION => self.check_exception_to_make(owner, value),
                _ => Ok(()),
            },
            _ => Err(self.wrong_class_to_make(owner, class)),
        }
    }

    /// Exceptions that need more than the `__new__` of their base does are not made by it.
    fn check_exception_to_make(&mut self, owner: &Class, class: &Value) -> R<()> {
        let Some(class) = class.to_ref::<Class>() else {
            return Ok(());
        };
        if std::ptr::eq(&*class, owner) {
            return Ok(());
        }
        let maker = |class: &Class| class.def.and_then(TypeDef::maker).map(std::ptr::from_ref);
        let built_in = |class: &Class| {
            class
                .has(class_flags::BUILTIN)
                .then(|| maker(class))
                .flatten()
        };
        let own =
            built_in(&class).or_else(|| class.ancestors.borrow().iter().find_map(|c| built_in(c)));
        match own == maker(owner) {
            true => Ok(()),
            false => Err(self.unsafe_to_make(owner, &class)),
        }
    }

    /// The error of a `__new__` that would make less than instances of the class need.
    #[cold]
    pub(crate) fn unsafe_to_make(&mut self, owner: &Class, class: &Ref<Class>) -> Raised {
        // Classes whose `__new__` a script wrote are passed over.
        let mut safe = class.clone();
        while let Some(new) = self.special(&safe, Special::New)
            && !unwrap_static(new).is_kind::<Native>()
            && let Some(base) = safe.base()
        {
            safe = base;
        }
        let (base, class, safe) = (
            self.class_name(owner),
            self.class_name(class),
            self.class_name(&safe),
        );
        self.type_error(format!(
            "{base}.__new__({class}) is not safe, use {safe}.__new__()"
        ))
    }

    #[cold]
    fn wrong_class_to_make(&mut self, owner: &Class, class: Option<&Value>) -> Raised {
        let derived = class
            .and_then(|value| value.to_ref::<Class>())
            .filter(|class| class.is_subclass(owner));
        if let Some(class) = derived {
            return self.unsafe_to_make(owner, &class);
        }
        let base = self.class_name(owner);
        let text = match class {
            None => format!("{base}.__new__(): not enough arguments"),
            Some(value) => match value.get::<Class>() {
                None => {
                    let given = self.type_name(value);
                    format!("{base}.__new__(X): X is not a type object ({given})")
                }
                Some(class) => {
                    let class = self.class_name(class);
                    format!("{base}.__new__({class}): {class} is not a subtype of {base}")
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
        let (name, short) = (native.def.name(), owner.name_str());
        let owner = self.class_name(owner);
        let slot = super::special::is_slot_wrapper(native);
        let text = match receiver {
            None if slot => format!("descriptor '{name}' of '{owner}' object needs an argument"),
            None => format!("unbound method {short}.{name}() needs an argument"),
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
