//! Changing classes: their attributes, their bases.

use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::native::{R, Raised};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

impl Vm {
    /// Sets an attribute of a class, or deletes it when the value is Undef.
    pub fn set_class_attribute(&mut self, class: &Ref<Class>, name: &Value, value: Value) -> R<()> {
        let Some(name) = name.to_ref::<Str>() else {
            return Ok(());
        };
        if class.has(class_flags::BUILTIN) {
            let text = format!(
                "cannot set '{}' attribute of immutable type '{}'",
                name.to_text(),
                self.class_name(class)
            );
            return Err(self.type_error(text));
        }
        let deleting = value.is_undef();
        let new_matters = !deleting && self.nature(&value).matters();
        let old = if deleting {
            let mut table = class.namespace.borrow_mut();
            table
                .index_of_str(&name)
                .and_then(|at| table.remove_at(at))
                .map(|(_, old)| old)
        } else {
            let old = class.namespace.borrow_mut().insert_str(&name, value);
            self.lift(old)?
        };
        let Some(old) = old else {
            if deleting {
                return Err(self.no_attribute(class.as_value(), name.as_value()));
            }
            self.class_changed(class, &name);
            return Ok(());
        };
        if deleting || new_matters || self.nature(&old).matters() || is_special(&name) {
            self.class_changed(class, &name);
        }
        Ok(())
    }

    /// Voids what was cached of the class and of those that derive from it.
    pub(crate) fn class_changed(&mut self, class: &Ref<Class>, name: &Str) {
        self.bump_type_epoch();
        drop(class.specials.take());
        if is_special(name) {
            self.refresh_with_subclasses(class);
        }
    }

    /// Works out flags and shapes anew, here and in all that derives from the class.
    pub(crate) fn refresh_with_subclasses(&mut self, class: &Ref<Class>) {
        let mut todo = vec![class.clone()];
        while let Some(class) = todo.pop() {
            drop(class.specials.take());
            self.refresh_class(&class);
            todo.extend(class.live_subclasses());
        }
    }

    /// `cls.__bases__ = bases`
    pub fn set_bases(&mut self, class: &Ref<Class>, bases: &Value) -> R<()> {
        if class.has(class_flags::BUILTIN) {
            let text = format!(
                "cannot set '__bases__' attribute of immutable type '{}'",
                self.class_name(class)
            );
            return Err(self.type_error(text));
        }
        let classes = self.checked_new_bases(class, bases)?;
        let Some(best) = self.best_base(&classes)? else {
            return Ok(());
        };
        if best.layout != class.layout || best.reserved_slots.get() > class.reserved_slots.get() {
            let old = class
                .base()
                .map_or_else(|| "object".to_string(), |c| c.name_str());
            let text = format!(
                "__bases__ assignment: '{}' object layout differs from '{old}'",
                best.name_str()
            );
            return Err(self.type_error(text));
        }
        self.change_bases(class, classes, &best)
    }

    /// Gives a native class bases of the script's, for `isinstance`; its instances stay what they are.
    pub fn give_bases(&mut self, class: &Ref<Class>, bases: &Value) -> R<()> {
        let classes = self.checked_new_bases(class, bases)?;
        match class.base() {
            Some(best) => self.change_bases(class, classes, &best),
            None => Ok(()),
        }
    }

    fn change_bases(
        &mut self,
        class: &Ref<Class>,
        classes: Vec<Ref<Class>>,
        best: &Ref<Class>,
    ) -> R<()> {
        let order = self.linearise(&classes)?;
        let old = class.replace_bases(classes.clone(), best);
        for base in &old {
            base.forget_subclass(class);
        }
        for base in &classes {
            base.subclasses.borrow_mut().push(&raw const **class);
        }
        drop(std::mem::replace(&mut *class.ancestors.borrow_mut(), order));
        self.reorder_subclasses(class)?;
        self.bump_type_epoch();
        self.refresh_with_subclasses(class);
        Ok(())
    }

    fn checked_new_bases(&mut self, class: &Ref<Class>, bases: &Value) -> R<Vec<Ref<Class>>> {
        let name = class.name_str();
        let Some(bases) = bases.to_ref::<Tuple>() else {
            let given = self.type_name(bases);
            return Err(self.type_error(format!(
                "can only assign tuple to {name}.__bases__, not {given}"
            )));
        };
        if bases.is_empty() {
            return Err(self.type_error(format!(
                "can only assign non-empty tuple to {name}.__bases__, not ()"
            )));
        }
        let mut classes: Vec<Ref<Class>> = Vec::with_capacity(bases.len());
        for base in bases.items() {
            let Some(base) = base.to_ref::<Class>() else {
                let given = self.type_name(base);
                return Err(self.type_error(format!(
                    "{name}.__bases__ must be tuple of classes, not '{given}'"
                )));
            };
            if base.is_subclass(class) {
                return Err(self.type_error("a __bases__ item causes an inheritance cycle"));
            }
            if classes.iter().any(|c| c.is(&base)) {
                return Err(self.type_error(format!("duplicate base class {}", base.name_str())));
            }
            classes.push(base);
        }
        Ok(classes)
    }

    fn reorder_subclasses(&mut self, class: &Ref<Class>) -> R<()> {
        let mut todo = class.live_subclasses();
        while let Some(class) = todo.pop() {
            let bases = class.bases.borrow().clone();
            let order = self.linearise(&bases)?;
            drop(std::mem::replace(&mut *class.ancestors.borrow_mut(), order));
            todo.extend(class.live_subclasses());
        }
        Ok(())
    }

    /// The error for an attribute of a built-in class that cannot be set, or that cannot be deleted at all.
    pub fn immutable_type_error(
        &mut self,
        class: &Ref<Class>,
        name: &str,
        deleting: bool,
    ) -> Raised {
        let verb = match deleting && !class.has(class_flags::BUILTIN) {
            true => "delete",
            false => "set",
        };
        let text = format!(
            "cannot {verb} '{name}' attribute of immutable type '{}'",
            self.class_name(class)
        );
        self.type_error(text)
    }
}

/// Whether a name may be that of a special method.
pub(crate) fn is_special(name: &Str) -> bool {
    name.bytes().starts_with(b"__") && name.bytes().ends_with(b"__")
}
