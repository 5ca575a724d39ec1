//! Reading attributes.

use super::descriptor::is_instance_method;
use super::own::{PlaceInDict, place_in_dict};
use super::{Nature, Site};
use crate::heap::{FIRST_FREE_SHAPE, Ref, Value, shape_flags};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::{
    ClassMethod, GenericAlias, Property, SlotDescriptor, StaticMethod, Super, TupleGetter,
};
use crate::object::exception::Exception;
use crate::object::function::{BoundMethod, Function};
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Args, Binding, Def, Input, Native, NativeFrame, Raised, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::dispatch::found_at;
use crate::vm::error::fields;
use crate::vm::finders::{self, MADE_WHEN_ASKED};
use crate::vm::special::Special;
use crate::vm::types::Known;

/// What an inline cache may remember of a look-up, for as long as the type epoch is the same.
pub enum Cached {
    /// Nothing.
    No,
    /// Objects of this shape have the attribute in this slot.
    Slot {
        /// The shape.
        shape: u32,
        /// The slot.
        slot: u16,
    },
    /// Objects of this shape have a dict, which has the attribute.
    InDict(PlaceInDict),
    /// Objects of this shape are tuples, of which the attribute is an item.
    Item {
        /// The shape.
        shape: u32,
        /// Which one.
        index: u32,
    },
    /// On objects of this shape the attribute is the value at this position of the owner's namespace.
    ClassValue {
        /// The shape.
        shape: u32,
        /// The class that has it.
        owner: Ref<Class>,
        /// Where in its namespace.
        position: usize,
    },
    /// On objects of this shape the attribute is a property with this getter.
    Property {
        /// The shape.
        shape: u32,
        /// A script's function.
        getter: Value,
    },
    /// On objects of this shape the attribute is this function of the class (a script's
    /// function or a native method), to be bound to the object.
    Method {
        /// The shape.
        shape: u32,
        /// The function.
        function: Value,
    },
}

/// A look-up needs script code or fails: `get_attr_step` says which.
pub struct NeedsLookUp;

/// What a method call calls.
pub enum Method {
    /// A function of the class: the receiver goes in front of the arguments.
    Unbound(Value),
    /// Anything else, called with the arguments alone.
    Bound(Value),
    /// What gives the callable, called with the arguments alone.
    Step(Step),
}

/// Reads an attribute by `__getattribute__` or a property, and by `__getattr__` if that raises
/// AttributeError. Registers: object, name, what to call, its arguments (a tuple, or how many of the
/// first two registers they are), whether that is `__getattr__` already.
static GET_OR_ELSE: Def = Def::frame("getattr(obj, name, callee, args, last, /)", 0, get_or_else);

fn get_or_else(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let args = match (frame.regs[3].get::<Tuple>(), frame.regs[3].as_small_int()) {
                (Some(tuple), _) => Args::from(tuple.items()),
                (None, count) => Args::from(&frame.regs[..count.unwrap_or(0) as usize]),
            };
            Step::Call(frame.regs[2].clone(), args)
        }
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
        Input::Raised(raised) => {
            if !vm.is_instance_of_known(&raised.0, Known::AttributeError) {
                return Step::Raise(raised);
            }
            let (obj, name) = (frame.regs[0].clone(), frame.regs[1].clone());
            if frame.regs[4].is_true() {
                tell_attribute(&raised.0, &obj, &name);
                return Step::Raise(raised);
            }
            match vm.special_of(&obj, Special::GetAttr) {
                Some(getattr) => {
                    frame.regs[4] = Value::TRUE;
                    let step = vm.call_special(getattr, &obj, &[name]);
                    step.then_go_on()
                }
                None => Step::Raise(raised),
            }
        }
    }
}

/// An AttributeError that a script raised learns the object and the name.
fn tell_attribute(exception: &Value, obj: &Value, name: &Value) {
    if let Some(e) = exception.get::<Exception>()
        && e.extra[fields::ATTRIBUTE_NAME].is_undef()
        && e.extra[fields::ATTRIBUTE_OBJ].is_undef()
    {
        e.extra[fields::ATTRIBUTE_NAME].set(name.clone());
        e.extra[fields::ATTRIBUTE_OBJ].set(obj.clone());
    }
}

impl Vm {
    /// `obj.name`
    pub fn get_attr_step(&mut self, obj: &Value, name: &Value) -> Step {
        self.resolve_attr(obj, name).0
    }

    /// `obj.name`, and what a cache may remember of it.
    pub fn resolve_attr(&mut self, obj: &Value, name: &Value) -> (Step, Cached) {
        let name = match self.interned(name) {
            Ok(name) => name,
            Err(raised) => return (Step::Raise(raised), Cached::No),
        };
        let class = self.class_of(obj);
        if class.has(class_flags::GETATTRIBUTE) {
            return (self.script_getattribute(obj, &name, &class), Cached::No);
        }
        if class.has(class_flags::GETATTR)
            && let Some(step) = self.getattr_alone(obj, &name, &class)
        {
            return (step, Cached::No);
        }
        let (step, cached) = self.generic_resolve(obj, &name, &class);
        if !class.has(class_flags::GETATTR) {
            return (step, cached);
        }
        (self.or_getattr(step, obj, &name, &class), cached)
    }

    /// What `object.__getattribute__` (and those of `type`, modules and `super`) does.
    pub fn generic_get_step(&mut self, obj: &Value, name: &Value) -> Step {
        match self.interned(name) {
            Ok(name) => {
                let class = self.class_of(obj);
                self.generic_resolve(obj, &name, &class).0
            }
            Err(raised) => Step::Raise(raised),
        }
    }

    fn generic_resolve(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> (Step, Cached) {
        match class.layout {
            kind::CLASS => (self.class_get(obj, name, class), Cached::No),
            kind::SUPER => (self.super_get(obj, name, class), Cached::No),
            kind::MODULE => (self.module_get(obj, name, class), Cached::No),
            kind::BOUND_METHOD | kind::GENERIC_ALIAS => {
                (self.forwarded_get(obj, name, class), Cached::No)
            }
            _ => self.instance_get(obj, name, class),
        }
    }

    fn instance_get(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> (Step, Cached) {
        let Some(attribute) = self.lookup_in_class(class, name) else {
            let cached = self.cacheable_slot(obj, name);
            return match self.own_attribute(obj, name) {
                Some(value) => (Step::Return(value), cached),
                None => (Step::Raise(self.no_attribute(obj, name)), Cached::No),
            };
        };
        let nature = self.nature(&attribute);
        // A descriptor with `__set__` only leaves reading to the instance.
        let reads =
            nature.is_data() && !matches!(&nature, Nature::Script(get, _) if get.is_undef());
        if !reads && let Some(value) = self.own_attribute(obj, name) {
            let cached = if nature.is_data() {
                Cached::No
            } else {
                self.cacheable_slot(obj, name)
            };
            return (Step::Return(value), cached);
        }
        let cached = match nature {
            Nature::Function => cacheable_method(obj, &attribute),
            Nature::Native if is_instance_method(&attribute) => cacheable_method(obj, &attribute),
            _ if class.has(class_flags::GETATTR) => Cached::No,
            Nature::Slot => reserved_slot(obj, &attribute),
            Nature::Property => cacheable_property(obj, &attribute),
            Nature::Script(..) => cacheable_item(obj, &attribute),
            Nature::Plain => match self.place_in_class(class, name) {
                Some((owner, position)) if keeps_attributes_in_slots(obj) => Cached::ClassValue {
                    shape: obj.shape(),
                    owner,
                    position,
                },
                _ => Cached::No,
            },
            _ => Cached::No,
        };
        (self.descriptor_get(&attribute, nature, obj, class), cached)
    }

    /// What a bound method or a generic alias does not have, its function or origin has.
    fn forwarded_get(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> Step {
        if let Some(method) = obj.get::<BoundMethod>() {
            if self.lookup_in_class(class, name).is_some() {
                return self.instance_get(obj, name, class).0;
            }
            let function = method.function.clone();
            return self.resolve_attr(&function, name).0;
        }
        let text = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let origin = obj
            .get::<GenericAlias>()
            .map_or(Value::NONE, |alias| alias.origin.get());
        if ALIAS_ATTRIBUTES.contains(&text.as_str()) {
            return self.instance_get(obj, name, class).0;
        }
        self.resolve_attr(&origin, name).0
    }

    fn cacheable_slot(&self, obj: &Value, name: &Value) -> Cached {
        if obj
            .shape_entry()
            .is_none_or(|e| e.kind != kind::INSTANCE || e.flags & shape_flags::UNCACHEABLE != 0)
        {
            return place_in_dict(obj, name).map_or(Cached::No, Cached::InDict);
        }
        match self.own_slot(obj, name) {
            Some(slot) => Cached::Slot {
                shape: obj.shape(),
                slot,
            },
            None => Cached::No,
        }
    }

    fn script_getattribute(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> Step {
        let Some(method) = self.special(class, Special::GetAttribute) else {
            return self.generic_resolve(obj, name, class).0;
        };
        let step = self.call_special(method, obj, std::slice::from_ref(name));
        if class.has(class_flags::GETATTR) {
            self.or_getattr(step, obj, name, class)
        } else {
            step
        }
    }

    /// Asks `__getattr__` for what an instance certainly does not have: no error need be made that nobody sees.
    fn getattr_alone(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> Option<Step> {
        if class.layout != kind::INSTANCE
            || self.lookup_in_class(class, name).is_some()
            || self.own_attribute(obj, name).is_some()
        {
            return None;
        }
        let getattr = self.special(class, Special::GetAttr)?;
        if !getattr.is_exact::<Function>() {
            return None;
        }
        let args = smallvec::smallvec![obj.clone(), name.clone()];
        Some(self.enter_get(obj, name, getattr, args, true))
    }

    /// Where a step raises AttributeError, `__getattr__` is asked.
    fn or_getattr(&mut self, step: Step, obj: &Value, name: &Value, class: &Ref<Class>) -> Step {
        match step {
            Step::Raise(raised) if self.is_instance_of_known(&raised.0, Known::AttributeError) => {
                match self.special(class, Special::GetAttr) {
                    Some(getattr) => {
                        match self.call_special(getattr, obj, std::slice::from_ref(name)) {
                            Step::TailCall(callee, args) => {
                                self.enter_get(obj, name, callee, args, true)
                            }
                            step => step,
                        }
                    }
                    None => Step::Raise(raised),
                }
            }
            Step::TailCall(callee, args) => self.enter_get(obj, name, callee, args, false),
            other => other,
        }
    }

    fn enter_get(
        &mut self,
        obj: &Value,
        name: &Value,
        callee: Value,
        args: Args,
        last: bool,
    ) -> Step {
        let own = [obj, name];
        let few = args.len() <= own.len() && args.iter().zip(own).all(|(arg, own)| arg.is(own));
        let args = match few {
            true => Ok(Value::int32(args.len() as i32)),
            false => self.new_tuple(args.into_vec()),
        };
        match args {
            Ok(args) => Step::Enter(
                &GET_OR_ELSE,
                smallvec::smallvec![obj.clone(), name.clone(), callee, args, Value::bool(last)],
            ),
            Err(raised) => Step::Raise(raised),
        }
    }

    /// An attribute of a class object.
    fn class_get(&mut self, obj: &Value, name: &Value, metaclass: &Ref<Class>) -> Step {
        let Some(class) = obj.to_ref::<Class>() else {
            return Step::Raise(self.no_attribute(obj, name));
        };
        let meta = self.lookup_in_class(metaclass, name);
        let nature = meta.as_ref().map(|attribute| self.nature(attribute));
        if let (Some(attribute), Some(nature)) = (&meta, &nature)
            && nature.is_data()
            && !matches!(nature, Nature::Script(get, _) if get.is_undef())
        {
            let nature = self.nature(attribute);
            return self.descriptor_get(attribute, nature, obj, metaclass);
        }
        if let Some(attribute) = self.lookup_in_class(&class, name) {
            return self.descriptor_get_on_class(&attribute, &class);
        }
        match (meta, nature) {
            (Some(attribute), Some(nature)) => {
                self.descriptor_get(&attribute, nature, obj, metaclass)
            }
            _ => Step::Raise(self.no_attribute(obj, name)),
        }
    }

    /// An attribute of a module: its namespace before the class's methods, its own `__getattr__` last.
    fn module_get(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> Step {
        let attribute = self.lookup_in_class(class, name);
        let nature = attribute.as_ref().map(|attribute| self.nature(attribute));
        if !nature.as_ref().is_some_and(Nature::is_data)
            && let Some(value) = self.own_attribute(obj, name)
        {
            return Step::Return(value);
        }
        if let (Some(attribute), Some(nature)) = (attribute, nature) {
            return self.descriptor_get(&attribute, nature, obj, class);
        }
        if name
            .get::<Str>()
            .is_some_and(|name| MADE_WHEN_ASKED.iter().any(|made| name.is_text(made)))
        {
            return finders::ask("_spec_of", &[obj.clone(), name.clone()]);
        }
        let getattr = self.names.of(Special::GetAttr).clone();
        match obj
            .get::<Module>()
            .and_then(|m| m.namespace.get_str(&getattr))
        {
            Some(function) => Step::TailCall(function, smallvec::smallvec![name.clone()]),
            None => Step::Raise(self.no_attribute(obj, name)),
        }
    }

    /// The error of a `super` whose receiver is no instance of its class.
    pub(crate) fn foreign_receiver(&mut self, this: &Ref<Class>, receiver: &Value) -> Raised {
        let (name, what) = match receiver.get::<Class>() {
            Some(class) => (self.class_name(class), "type"),
            None => (self.type_name(receiver), "instance of"),
        };
        let wanted = self.class_name(this);
        self.type_error(format!(
            "super(type, obj): obj ({what} {name}) is not an instance or subtype of type ({wanted})."
        ))
    }

    /// An attribute through `super()`.
    fn super_get(&mut self, obj: &Value, name: &Value, class: &Ref<Class>) -> Step {
        if let Some(sup) = obj.get::<Super>()
            && sup.receiver_class.get().is_ellipsis()
            && let Some(this) = sup.class.get().to_ref::<Class>()
        {
            let receiver = sup.receiver.get();
            return Step::Raise(self.foreign_receiver(&this, &receiver));
        }
        if let Some(sup) = obj.get::<Super>()
            && !name.is(self.names.class_.as_value())
            && let (Some(this), Some(receiver_class)) = (
                sup.class.get().to_ref::<Class>(),
                sup.receiver_class.get().to_ref::<Class>(),
            )
            && let Some(text) = name.get::<Str>()
            && let Some(attribute) = self.lookup_behind(&receiver_class, &this, text)
        {
            let receiver = sup.receiver.get();
            // On the class itself (`super(C, cls).method`) functions are not bound.
            if receiver.is(receiver_class.as_value()) {
                return self.descriptor_get_on_class(&attribute, &receiver_class);
            }
            let nature = self.nature(&attribute);
            return self.descriptor_get(&attribute, nature, &receiver, &receiver_class);
        }
        self.instance_get(obj, name, class).0
    }

    /// An attribute of a plain class or module, where nothing but its namespace decides.
    pub(crate) fn plain_attr(&mut self, obj: &Value, name: &Value) -> Option<Value> {
        let text = name.get_exact::<Str>()?;
        if text.bytes().starts_with(b"__") {
            return None;
        }
        if let Some(module) = obj.get_exact::<Module>() {
            return module.namespace.get_str(text);
        }
        // `type` itself has special methods and `mro` only.
        if !obj.is_exact::<Class>() || text.is_text("mro") {
            return None;
        }
        let attribute = self.lookup_in_class(&obj.to_ref::<Class>()?, name)?;
        match self.nature(&attribute) {
            Nature::Plain | Nature::Function => Some(attribute),
            Nature::StaticMethod => attribute
                .get_exact::<StaticMethod>()
                .map(|s| s.function.get()),
            _ => None,
        }
    }

    /// What `obj.name(...)` calls, without making a bound method where that can be avoided.
    pub fn find_method(&mut self, obj: &Value, name: &Value) -> (Method, Cached) {
        if let Some(value) = self.plain_attr(obj, name) {
            return (Method::Bound(value), Cached::No);
        }
        let class = self.class_of(obj);
        let simple = !matches!(
            class.layout,
            kind::CLASS | kind::SUPER | kind::MODULE | kind::GENERIC_ALIAS
        ) && !class.has(class_flags::GETATTRIBUTE);
        if simple && let Some(attribute) = self.lookup_in_class(&class, name) {
            let nature = self.nature(&attribute);
            let unbound = match nature {
                Nature::Function => true,
                Nature::Native => is_instance_method(&attribute),
                _ => false,
            };
            if unbound {
                return match self.own_attribute(obj, name) {
                    Some(value) => (Method::Bound(value), Cached::No),
                    None => {
                        let cached = cacheable_method(obj, &attribute);
                        (Method::Unbound(attribute), cached)
                    }
                };
            }
        }
        if class.layout == kind::SUPER
            && let Some(found) = self.super_method(obj, name)
        {
            return (found, Cached::No);
        }
        match self.resolve_attr(obj, name) {
            (Step::Return(value), cached) => (Method::Bound(value), cached),
            (step, _) => (Method::Step(step), Cached::No),
        }
    }

    /// What `super().name(...)` calls with the receiver in front of the arguments, and that receiver:
    /// a function or native method that follows in the order of the receiver's class.
    pub(crate) fn super_function(&mut self, obj: &Value, name: &Value) -> Option<(Value, Value)> {
        let sup = obj.get_exact::<Super>()?;
        let (start, receiver) = (sup.class.get(), sup.receiver.get());
        let (shape, epoch) = (receiver.shape(), self.heap.type_epoch);
        if shape >= FIRST_FREE_SHAPE
            && let Some(words) = self.sites.get(Site::Behind, name, shape, epoch)
            && words.0 == start.word() as u64
        {
            return Some((found_at(words.1), receiver));
        }
        let this = start.to_ref::<Class>()?;
        let receiver_class = sup.receiver_class.get().to_ref::<Class>()?;
        if name.is(self.names.class_.as_value()) || receiver.is(receiver_class.as_value()) {
            return None;
        }
        let attribute = self.lookup_behind(&receiver_class, &this, name.get::<Str>()?)?;
        let unbound = attribute.is_exact::<Function>()
            || attribute.is_exact::<Native>() && is_instance_method(&attribute);
        if unbound
            && shape >= FIRST_FREE_SHAPE
            && !receiver.is_kind::<Class>()
            && name.get::<Str>().is_some_and(Str::is_interned)
            && self.class_of(&receiver).is(&receiver_class)
        {
            let words = (start.word() as u64, attribute.header() as u64);
            self.sites.put(Site::Behind, name, shape, epoch, words);
        }
        unbound.then_some((attribute, receiver))
    }

    /// A plain value of a class, as `note_class_value` left it: the class that has it, and its place there.
    #[inline]
    pub(crate) fn known_class_place(&self, class: &Value, name: &Value) -> Option<(Value, usize)> {
        let shape = class.get::<Class>()?.root_shape.get();
        let words = self
            .sites
            .get(Site::ValueOfClass, name, shape, self.heap.type_epoch)?;
        if words.1 >> 32 != class.shape() as u64 {
            return None;
        }
        Some((found_at(words.0), words.1 as u32 as usize))
    }

    /// Such a value, and where it is if the class itself has it.
    #[inline]
    pub(crate) fn known_class_value(
        &self,
        class: &Value,
        name: &Value,
    ) -> Option<(Value, Option<usize>)> {
        let (owner, place) = self.known_class_place(class, name)?;
        let table = owner.get::<Class>()?.namespace.borrow();
        let own = owner.is(class).then_some(place);
        table.value_at(place).map(|value| (value.clone(), own))
    }

    /// Remembers where a class has the plain value that was found, unless its metaclass has a say.
    pub(crate) fn note_class_value(&mut self, class: &Value, name: &Value) {
        let Some(class) = class.to_ref::<Class>() else {
            return;
        };
        let metaclass = self.class_of(class.as_value());
        let shape = class.root_shape.get();
        if class.has(class_flags::BUILTIN)
            || shape < FIRST_FREE_SHAPE
            || metaclass.has(class_flags::GETATTRIBUTE | class_flags::GETATTR)
            || !name.get::<Str>().is_some_and(Str::is_interned)
            || self.lookup_in_class(&metaclass, name).is_some()
        {
            return;
        }
        let Some(attribute) = self.lookup_in_class(&class, name) else {
            return;
        };
        if matches!(self.nature(&attribute), Nature::Plain)
            && let Some((owner, position)) = self.place_in_class(&class, name)
        {
            let place = position as u64 | (class.as_value().shape() as u64) << 32;
            let words = (owner.as_ptr() as u64, place);
            let epoch = self.heap.type_epoch;
            self.sites
                .put(Site::ValueOfClass, name, shape, epoch, words);
        }
    }

    /// What `receiver.name(...)` calls and, if that is a class method, the class that goes in front of the arguments: as
    /// `note_beside` left it.
    #[inline]
    pub(crate) fn found_beside(
        &mut self,
        receiver: &Value,
        name: &Value,
    ) -> Option<(Value, Value)> {
        let (site, shape) = beside(receiver)?;
        let words = self.sites.get(site, name, shape, self.heap.type_epoch)?;
        let found = found_at(words.1);
        if let Some(method) = found.get_exact::<StaticMethod>() {
            return Some((method.function.get(), Value::UNDEF));
        }
        let Some(method) = found.get_exact::<ClassMethod>() else {
            return Some((found, Value::UNDEF));
        };
        let class = match site {
            Site::OfClass => receiver.clone(),
            _ => self.class_of(receiver).into_value(),
        };
        Some((method.function.get(), class))
    }

    /// Remembers what a method call found that has no receiver, or a class: a static or class method that lies in a class
    /// as the one object it is.
    pub(crate) fn note_beside(&mut self, receiver: &Value, name: &Value, callee: &Value) {
        let Some((site, shape)) = beside(receiver) else {
            return;
        };
        let class = match receiver.to_ref::<Class>() {
            Some(class) => class,
            None => self.class_of(receiver),
        };
        let is_own = site == Site::Beside
            && (class.has(class_flags::GETATTRIBUTE)
                || !keeps_attributes_in_slots(receiver)
                || self.own_attribute(receiver, name).is_some());
        let text = name.get::<Str>();
        let is_name = |text: &Str| text.is_interned() && !text.bytes().starts_with(b"__");
        if is_own || !text.is_some_and(|text| is_name(text) && !text.is_text("mro")) {
            return;
        }
        let Some(attribute) = self.lookup_in_class(&class, name) else {
            return;
        };
        let function = if let Some(method) = attribute.get_exact::<StaticMethod>() {
            method.function.get()
        } else if let Some(method) = attribute.get_exact::<ClassMethod>() {
            method.function.get()
        } else if site == Site::OfClass {
            attribute.clone()
        } else {
            return;
        };
        let called = callee.get_exact::<BoundMethod>();
        let same = called
            .map_or(callee, |method| &method.function)
            .is(&function);
        if same && function.is_exact::<Function>() {
            let words = (0, attribute.header() as u64);
            self.sites
                .put(site, name, shape, self.heap.type_epoch, words);
        }
    }

    /// Whether an object certainly has no such attribute: nothing but its class and its own
    /// attributes decide, and no script code is asked.
    pub fn lacks_attribute(&mut self, obj: &Value, name: &Value) -> bool {
        const OTHERS: [crate::heap::Kind; 5] = [
            kind::CLASS,
            kind::SUPER,
            kind::MODULE,
            kind::BOUND_METHOD,
            kind::GENERIC_ALIAS,
        ];
        let Ok(name) = self.interned(name) else {
            return false;
        };
        let class = self.class_of(obj);
        !OTHERS.contains(&class.layout)
            && !class.has(class_flags::GETATTRIBUTE | class_flags::GETATTR)
            && self.lookup_in_class(&class, &name).is_none()
            && self.own_attribute(obj, &name).is_none()
    }

    /// `super().name(...)` of a plain function: the receiver is put in front by a bound method.
    fn super_method(&mut self, obj: &Value, name: &Value) -> Option<Method> {
        let sup = obj.get::<Super>()?;
        let (this, receiver_class) = (
            sup.class.get().to_ref::<Class>()?,
            sup.receiver_class.get().to_ref::<Class>()?,
        );
        let attribute = self.lookup_behind(&receiver_class, &this, name.get::<Str>()?)?;
        let static_native = attribute
            .get_exact::<Native>()
            .is_some_and(|n| n.def.binding == Binding::Static);
        static_native.then_some(Method::Bound(attribute))
    }

    /// As `find_method`, where no script code need run for it; the flag says that the receiver
    /// goes in front of the arguments.
    pub fn resolve_method(
        &mut self,
        obj: &Value,
        name: &Value,
    ) -> Result<(Value, bool), NeedsLookUp> {
        match self.find_method(obj, name).0 {
            Method::Unbound(function) => Ok((function, true)),
            Method::Bound(value) => Ok((value, false)),
            Method::Step(_) => Err(NeedsLookUp),
        }
    }

    /// Whether a value is an instance of a class the VM knows, by its class alone.
    pub fn is_instance_of_known(&mut self, value: &Value, known: Known) -> bool {
        let known = self.known_class(known);
        self.class_of(value).is_subclass(&known)
    }
}

/// What `list[int]` answers itself (or lacks); all else is asked of `list`.
const ALIAS_ATTRIBUTES: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__bases__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__bases__",
    "__copy__",
    "__deepcopy__",
];

/// Where a static or class method of a receiver is remembered: by the shape of the class's instances.
#[inline]
fn beside(receiver: &Value) -> Option<(Site, u32)> {
    match receiver.get_exact::<Class>() {
        Some(class) if class.has(class_flags::BUILTIN) => None,
        Some(class) => Some((Site::OfClass, class.root_shape.get())),
        None => Some((Site::Beside, receiver.shape())),
    }
    .filter(|(_, shape)| *shape >= FIRST_FREE_SHAPE)
}

/// Whether objects of this one's shape have the same attributes of their own.
fn keeps_attributes_in_slots(obj: &Value) -> bool {
    const OTHERWISE: u8 =
        shape_flags::UNCACHEABLE | shape_flags::DICT_MODE | shape_flags::TAIL_DICT;
    obj.shape_entry()
        .is_some_and(|e| e.kind == kind::INSTANCE && e.flags & OTHERWISE == 0)
}

/// A slot that `__slots__` reserved lies where the shape's other slots lie.
pub(super) fn reserved_slot(obj: &Value, descriptor: &Value) -> Cached {
    match descriptor.get_exact::<SlotDescriptor>() {
        Some(slot) if slot.slot != super::HIDDEN && keeps_attributes_in_slots(obj) => {
            Cached::Slot {
                shape: obj.shape(),
                slot: slot.slot,
            }
        }
        _ => Cached::No,
    }
}

/// A field of a named tuple is an item of it.
fn cacheable_item(obj: &Value, descriptor: &Value) -> Cached {
    match descriptor
        .get_exact::<TupleGetter>()
        .and_then(TupleGetter::place)
    {
        Some(index) if obj.get::<Tuple>().is_some() && obj.shape() >= FIRST_FREE_SHAPE => {
            Cached::Item {
                shape: obj.shape(),
                index,
            }
        }
        _ => Cached::No,
    }
}

fn cacheable_property(obj: &Value, property: &Value) -> Cached {
    let getter = property
        .get_exact::<Property>()
        .map_or(Value::NONE, |p| p.getter.get());
    if getter.is_exact::<Function>() && keeps_attributes_in_slots(obj) {
        return Cached::Property {
            shape: obj.shape(),
            getter,
        };
    }
    Cached::No
}

/// Objects of one shape agree on their own attributes, unless these lie in a dict.
fn cacheable_method(obj: &Value, function: &Value) -> Cached {
    let Some(entry) = obj.shape_entry() else {
        return Cached::No;
    };
    if entry.flags & (shape_flags::UNCACHEABLE | shape_flags::DICT_MODE) != 0 {
        return Cached::No;
    }
    let keeps_dict =
        super::super::types::has_dict_field(entry.kind) && entry.kind != kind::INSTANCE;
    if keeps_dict || (obj.shape() < FIRST_FREE_SHAPE && entry.kind == kind::NATIVE) {
        return Cached::No;
    }
    Cached::Method {
        shape: obj.shape(),
        function: function.clone(),
    }
}
