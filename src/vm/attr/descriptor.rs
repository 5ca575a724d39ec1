//! Descriptors: what an attribute of a class does when it is reached through an instance.

use crate::heap::{FIRST_FREE_SHAPE, Ref, Value};
use crate::object::class::Class;
use crate::object::descriptor::{ClassMethod, Property, SlotDescriptor, StaticMethod};
use crate::object::function::BoundMethod;
use crate::object::kind;
use crate::object::native::{Args, AttributeDescriptor, Binding, Native, R, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::special::Special;

/// What kind of attribute something in a class is.
pub enum Nature {
    /// Just a value.
    Plain,
    /// A function of a script.
    Function,
    /// A method of a native class.
    Native,
    /// `classmethod`
    ClassMethod,
    /// `staticmethod`
    StaticMethod,
    /// `property`
    Property,
    /// A slot that `__slots__` reserved.
    Slot,
    /// A computed attribute of a native class.
    Computed,
    /// An object whose class has `__get__`, `__set__` or `__delete__`: `__get__` or
    /// Undef, and whether it is a data descriptor.
    Script(Value, bool),
}

impl Nature {
    /// Whether it comes before the instance's own attributes.
    pub fn is_data(&self) -> bool {
        matches!(
            self,
            Nature::Property | Nature::Slot | Nature::Computed | Nature::Script(_, true)
        )
    }

    /// Whether caches may hold it, so that replacing it must start a new type epoch.
    pub fn matters(&self) -> bool {
        !matches!(self, Nature::Plain)
    }
}

impl Vm {
    /// What kind of attribute this is.
    #[inline]
    pub fn nature(&mut self, attribute: &Value) -> Nature {
        let shape = attribute.shape();
        if shape >= FIRST_FREE_SHAPE {
            return self.nature_of_instance(attribute);
        }
        match shape as u8 {
            0 => Nature::Plain,
            kind::FUNCTION => Nature::Function,
            kind::NATIVE => match attribute.get_exact::<Native>() {
                Some(native) if native.bound.is_undef() && native.owner.is_kind::<Class>() => {
                    Nature::Native
                }
                _ => Nature::Plain,
            },
            kind::CLASSMETHOD => Nature::ClassMethod,
            kind::STATICMETHOD => Nature::StaticMethod,
            kind::PROPERTY => Nature::Property,
            kind::SLOT_DESCRIPTOR => Nature::Slot,
            kind::ATTRIBUTE_DESCRIPTOR => Nature::Computed,
            kind::FLOAT..=kind::CLASS
            | kind::BOUND_METHOD..=kind::GENERATOR
            | kind::GENERIC_ALIAS..=kind::NAMESPACE => Nature::Plain,
            _ => self.nature_of_instance(attribute),
        }
    }

    #[inline(never)]
    fn nature_of_instance(&mut self, attribute: &Value) -> Nature {
        let class = self.class_of(attribute);
        let get = self.special(&class, Special::Get);
        // A subclass of a built-in descriptor that leaves `__get__` alone works as that does.
        if get.as_ref().is_some_and(|g| g.is_exact::<Native>()) {
            match class.layout {
                kind::PROPERTY => return Nature::Property,
                kind::CLASSMETHOD => return Nature::ClassMethod,
                kind::STATICMETHOD => return Nature::StaticMethod,
                _ => {}
            }
        }
        let data = self.special(&class, Special::Set).is_some()
            || self.special(&class, Special::Delete).is_some();
        match get {
            Some(get) => Nature::Script(get, data),
            None if data => Nature::Script(Value::UNDEF, true),
            None => Nature::Plain,
        }
    }

    /// Reads an attribute of a class through an instance.
    pub(crate) fn descriptor_get(
        &mut self,
        attribute: &Value,
        nature: Nature,
        obj: &Value,
        class: &Ref<Class>,
    ) -> Step {
        match nature {
            Nature::Plain => Step::Return(attribute.clone()),
            Nature::Function => {
                Step::Return(BoundMethod::alloc(attribute.clone(), obj.clone()).into_value())
            }
            Nature::Native => Step::Return(bind_native(attribute, obj, class)),
            Nature::ClassMethod => Step::Return(bind_class_method(attribute, class)),
            Nature::StaticMethod => Step::Return(static_function(attribute)),
            Nature::Property => self.property_get(attribute, obj, class),
            Nature::Slot => self.slot_get(attribute, obj).into(),
            Nature::Computed => self.computed_get(attribute, obj).into(),
            Nature::Script(get, _) if get.is_undef() => Step::Return(attribute.clone()),
            Nature::Script(get, _) => {
                self.call_special(get, attribute, &[obj.clone(), class.value()])
            }
        }
    }

    /// Reads an attribute of a class through the class itself.
    pub(crate) fn descriptor_get_on_class(
        &mut self,
        attribute: &Value,
        class: &Ref<Class>,
    ) -> Step {
        match self.nature(attribute) {
            Nature::ClassMethod => Step::Return(bind_class_method(attribute, class)),
            Nature::StaticMethod => Step::Return(static_function(attribute)),
            Nature::Native => match attribute.get_exact::<Native>() {
                Some(native) if native.def.binding == Binding::Class => {
                    Step::Return(bind_native(attribute, attribute, class))
                }
                _ => Step::Return(attribute.clone()),
            },
            Nature::Script(get, _) if !get.is_undef() => {
                self.call_special(get, attribute, &[Value::NONE, class.value()])
            }
            _ => Step::Return(attribute.clone()),
        }
    }

    /// Calls a special method as it was found on the class of `receiver`.
    pub(crate) fn call_special(&mut self, method: Value, receiver: &Value, args: &[Value]) -> Step {
        match self.nature(&method) {
            Nature::Function => Step::TailCall(method, with_receiver(receiver, args)),
            Nature::Native if is_instance_method(&method) => {
                Step::TailCall(method, with_receiver(receiver, args))
            }
            Nature::Plain => Step::TailCall(method, Args::from(args)),
            nature => {
                let class = self.class_of(receiver);
                let bound = self.descriptor_get(&method, nature, receiver, &class);
                match self.finish(bound) {
                    Ok(callee) => Step::TailCall(callee, Args::from(args)),
                    Err(raised) => Step::Raise(raised),
                }
            }
        }
    }

    fn property_get(&mut self, property: &Value, obj: &Value, class: &Ref<Class>) -> Step {
        let getter = property
            .get::<Property>()
            .map_or(Value::NONE, |p| p.getter.get());
        if getter.is_none() {
            return Step::Raise(self.property_error(property, class, "getter"));
        }
        Step::TailCall(getter, smallvec::smallvec![obj.clone()])
    }

    /// "property 'x' of 'C' object has no setter".
    pub(super) fn property_error(
        &mut self,
        property: &Value,
        class: &Ref<Class>,
        lacking: &str,
    ) -> crate::object::native::Raised {
        let name = match self.property_name(property) {
            Ok(name) => name,
            Err(raised) => return raised,
        };
        let owner = class
            .qualname
            .as_value()
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let text = match name.map(|name| self.repr_text(&name)) {
            Some(Ok(name)) => format!("property {name} of '{owner}' object has no {lacking}"),
            Some(Err(raised)) => return raised,
            None => format!("property of '{owner}' object has no {lacking}"),
        };
        self.attribute_error_plain(text)
    }

    /// `__name__` of a property: what its class calls it, or else its getter's.
    pub(crate) fn property_name(&mut self, property: &Value) -> R<Option<Value>> {
        let Some(property) = property.to_ref::<Property>() else {
            return Ok(None);
        };
        let (own, getter) = (property.name.get(), property.getter.get());
        if !own.is_undef() {
            return Ok(Some(own));
        }
        match getter.is_none() {
            true => Ok(None),
            false => self.get_attr_optional(&getter, "__name__"),
        }
    }

    fn slot_get(&mut self, descriptor: &Value, obj: &Value) -> R {
        let name = descriptor
            .get::<SlotDescriptor>()
            .map_or(Value::UNDEF, |d| d.name.get());
        let value = self.slot_value(descriptor, obj)?;
        if value.is_undef() {
            let class = self.class_of(obj);
            let owner = self.qualified_name_of(&class);
            let text = format!(
                "'{}' object has no attribute '{}'",
                owner.strip_prefix("__main__.").unwrap_or(&owner),
                self.str_text(&name)?
            );
            return Err(self.attribute_error(obj, &name, text));
        }
        Ok(value)
    }

    fn slot_value(&mut self, descriptor: &Value, obj: &Value) -> R {
        self.check_receiver(descriptor, obj)?;
        let Some(slot) = descriptor.get::<SlotDescriptor>() else {
            return Ok(Value::UNDEF);
        };
        if slot.slot != HIDDEN {
            return Ok(obj
                .slots()
                .get(slot.slot as usize)
                .map_or(Value::UNDEF, |f| f.get()));
        }
        let key = hidden_key(slot);
        Ok(self
            .hidden_dict(obj)
            .and_then(|d| d.get_str(&key))
            .unwrap_or_default())
    }

    /// Sets a reserved slot, or empties it when `value` is Undef.
    pub(crate) fn slot_set(&mut self, descriptor: &Value, obj: &Value, value: Value) -> R<()> {
        let old = self.slot_value(descriptor, obj)?;
        let Some(slot) = descriptor.get::<SlotDescriptor>() else {
            return Ok(());
        };
        if value.is_undef() && old.is_undef() {
            let name = slot
                .name
                .as_value()
                .get::<Str>()
                .map_or_else(String::new, |s| s.to_text().into_owned());
            return Err(self.attribute_error_plain(name));
        }
        if slot.slot != HIDDEN {
            if let Some(field) = obj.slots().get(slot.slot as usize) {
                field.set(value);
            }
            return Ok(());
        }
        let key = hidden_key(slot);
        if let Some(dict) = self.hidden_dict(obj) {
            if value.is_undef() {
                drop(dict.remove_str(&key));
            } else {
                let old = dict.insert_str(&key, value);
                drop(self.lift(old)?);
            }
        }
        Ok(())
    }

    fn computed_get(&mut self, descriptor: &Value, obj: &Value) -> R {
        match descriptor.get_exact::<AttributeDescriptor>() {
            Some(computed) => (computed.attribute.get)(self, obj),
            None => Ok(Value::NONE),
        }
    }

    /// An explicit `descriptor.__get__(obj)` must be given an instance of its class.
    pub(crate) fn check_receiver(&mut self, descriptor: &Value, obj: &Value) -> R<()> {
        let (owner, name) = match (
            descriptor.get::<SlotDescriptor>(),
            descriptor.get::<AttributeDescriptor>(),
        ) {
            (Some(slot), _) => (
                slot.owner.get(),
                slot.name
                    .as_value()
                    .get::<Str>()
                    .map_or_else(String::new, |s| s.to_text().into_owned()),
            ),
            (_, Some(computed)) => (computed.owner.get(), computed.attribute.name.to_string()),
            _ => return Ok(()),
        };
        let Some(owner) = owner.to_ref::<Class>() else {
            return Ok(());
        };
        if self.class_of(obj).is_subclass(&owner) {
            return Ok(());
        }
        let (owner, given) = (self.class_name(&owner), self.type_name(obj));
        Err(self.type_error(format!(
            "descriptor '{name}' for '{owner}' objects doesn't apply to a '{given}' object"
        )))
    }
}

/// `SlotDescriptor::slot` of a slot in a class with a native layout: its value lies in a dict of its own, beside `__dict__`.
pub(crate) const HIDDEN: u16 = u16::MAX;

/// The key of such a slot.
fn hidden_key(slot: &SlotDescriptor) -> Ref<Str> {
    slot.name
        .get()
        .to_ref::<Str>()
        .unwrap_or_else(|| Str::new(""))
}

fn with_receiver(receiver: &Value, args: &[Value]) -> Args {
    let mut all = Args::with_capacity(args.len() + 1);
    all.push(receiver.clone());
    all.extend(args.iter().cloned());
    all
}

pub(super) fn is_instance_method(method: &Value) -> bool {
    method
        .get_exact::<Native>()
        .is_some_and(|n| n.def.binding == Binding::Method)
}

/// A native method bound to what its table says.
pub(super) fn bind_native(method: &Value, obj: &Value, class: &Ref<Class>) -> Value {
    let Some(native) = method.get_exact::<Native>() else {
        return method.clone();
    };
    match native.def.binding {
        Binding::Method => native.bound_to(obj.clone()).into_value(),
        Binding::Class => native.bound_to(class.value()).into_value(),
        Binding::Static => method.clone(),
    }
}

fn bind_class_method(method: &Value, class: &Ref<Class>) -> Value {
    let function = method
        .get::<ClassMethod>()
        .map_or(Value::NONE, |c| c.function.get());
    BoundMethod::alloc(function, class.value()).into_value()
}

fn static_function(method: &Value) -> Value {
    method
        .get::<StaticMethod>()
        .map_or(Value::NONE, |s| s.function.get())
}
