//! `isinstance` and `issubclass`.

use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::{GenericAlias, Union};
use crate::object::int;
use crate::object::native::{Args, Def, Input, Native, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::attr::sites::Site;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// By these keys of `Vm::state` lie the two methods of `ABCMeta` that say which instances and which subclasses a class has.
pub const INSTANCE_CHECK: &str = "abc.instancecheck";
/// See there.
pub const SUBCLASS_CHECK: &str = "abc.subclasscheck";

/// Asks one class of a tuple after the other. Registers: object or class, the tuple, whether it is
/// `issubclass`, how many were asked.
static ANY_OF: Def = Def::frame("isinstance(obj, classes, subclass, asked, /)", 0, any_of);

fn any_of(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Raised(raised) => return Step::Raise(raised),
        Input::Value(value) => match vm.truth(&value) {
            Ok(true) => return Step::Return(Value::TRUE),
            Ok(false) => {}
            Err(raised) => return Step::Raise(raised),
        },
        _ => {}
    }
    let at = frame.regs[3].as_small_int().unwrap_or(0) as usize;
    let Some(class) = frame.regs[1].get::<Tuple>().and_then(|t| t.get(at)) else {
        return Step::Return(Value::FALSE);
    };
    frame.regs[3] = Value::int32(at as i32 + 1);
    let obj = frame.regs[0].clone();
    let step = if frame.regs[2].is_true() {
        vm.is_subclass_step(&obj, &class)
    } else {
        vm.is_instance_step(&obj, &class)
    };
    step.then_go_on()
}

/// The truth of what `__instancecheck__` answered. Registers: the three, and the epoch in which it was asked.
static TRUTH_OF: Def = Def::frame("bool(method, receiver, obj, /)", 1, truth_of);

fn truth_of(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let (method, receiver, obj) = (
                frame.regs[0].clone(),
                frame.regs[1].clone(),
                frame.regs[2].clone(),
            );
            frame.regs[3] = int::from_i64(i64::from(vm.heap.type_epoch));
            let step = vm.call_special(method, &receiver, &[obj]);
            step.then_go_on()
        }
        Input::Value(value) | Input::Yielded(value) => {
            let truth = match vm.truth(&value) {
                Ok(truth) => truth,
                Err(raised) => return Step::Raise(raised),
            };
            if frame.regs[3].as_small_int() == Some(i64::from(vm.heap.type_epoch)) {
                vm.note_check(&frame.regs[0], &frame.regs[1], &frame.regs[2], truth);
            }
            Step::Return(Value::bool(truth))
        }
        Input::Raised(raised) => Step::Raise(raised),
    }
}

impl Vm {
    /// `isinstance(obj, class)`
    pub fn is_instance_step(&mut self, obj: &Value, class: &Value) -> Step {
        let own = self.class_of(obj);
        if own.as_value().is(class) {
            return Step::Return(Value::TRUE);
        }
        if let Some(step) = self.any_of_step(obj, class, false) {
            return step;
        }
        if let Some(known) = self.known_check(Site::HasInstances, class, &own) {
            return Step::Return(Value::bool(known));
        }
        if let Some(step) = self.ask_class(obj, class, Special::InstanceCheck) {
            return step;
        }
        self.plain_is_instance(obj, class).map(Value::bool).into()
    }

    /// `issubclass(sub, class)`
    pub fn is_subclass_step(&mut self, sub: &Value, class: &Value) -> Step {
        if let Some(step) = self.any_of_step(sub, class, true) {
            return step;
        }
        if let Some(sub) = sub.to_ref::<Class>()
            && let Some(known) = self.known_check(Site::HasSubclass, class, &sub)
        {
            return Step::Return(Value::bool(known));
        }
        if let Some(step) = self.ask_class(sub, class, Special::SubclassCheck) {
            return step;
        }
        self.plain_is_subclass(sub, class).map(Value::bool).into()
    }

    /// A tuple or a union: each of its members is asked.
    fn any_of_step(&mut self, obj: &Value, class: &Value, subclass: bool) -> Option<Step> {
        let members = match class.get::<Union>() {
            Some(union) => self.union_classes(&union.args.get()),
            None => class.is_kind::<Tuple>().then(|| class.clone())?,
        };
        if !subclass && let Some(answer) = self.any_of_plain(obj, &members) {
            return Some(Step::Return(Value::bool(answer)));
        }
        if let Err(raised) = self.check_stack() {
            return Some(Step::Raise(raised));
        }
        let args: Args =
            smallvec::smallvec![obj.clone(), members, Value::bool(subclass), Value::int32(0)];
        Some(Step::Enter(&ANY_OF, args))
    }

    /// Plain classes need no frame, unless the object may claim another class than its own.
    fn any_of_plain(&mut self, obj: &Value, members: &Value) -> Option<bool> {
        let classes = members.get::<Tuple>()?.items();
        if !classes.iter().all(|class| self.is_plain_class(class)) {
            return None;
        }
        let own = self.class_of(obj);
        let mut classes = classes.iter().filter_map(|class| class.get::<Class>());
        if classes.any(|class| own.is_subclass(class)) {
            return Some(true);
        }
        own.has(class_flags::BUILTIN).then_some(false)
    }

    /// What an abstract base class answered for a class before, if nothing has changed since.
    fn known_check(&self, site: Site, class: &Value, of: &Class) -> Option<bool> {
        if self.is_plain_class(class) {
            return None;
        }
        let epoch = self.heap.type_epoch;
        let (answer, _) = self.sites.get(site, class, of.root_shape.get(), epoch)?;
        Some(answer != 0)
    }

    /// Remembers what a method of `ABCMeta` answered, which keeps its answers itself until a class is registered; what other
    /// methods answer is theirs.
    fn note_check(&mut self, method: &Value, class: &Value, obj: &Value, answer: bool) {
        let is_own = |key| {
            self.state
                .get(key)
                .is_some_and(|own: &Value| own.is(method))
        };
        let (site, of) = if is_own(INSTANCE_CHECK) {
            (Site::HasInstances, Some(self.class_of(obj)))
        } else if is_own(SUBCLASS_CHECK) {
            (Site::HasSubclass, obj.to_ref::<Class>())
        } else {
            return;
        };
        let Some(of) = of.filter(|of| of.root_shape.get() != 0) else {
            return;
        };
        if site == Site::HasInstances && !self.is_asked_for_own_class(class, &of) {
            return;
        }
        let (shape, epoch) = (of.root_shape.get(), self.heap.type_epoch);
        let words = (u64::from(answer), 0);
        self.sites.put(site, class, shape, epoch, words);
    }

    /// Whether `ABCMeta.__instancecheck__` asks `ABCMeta.__subclasscheck__` and for the instance's own class alone.
    fn is_asked_for_own_class(&mut self, class: &Value, own: &Ref<Class>) -> bool {
        let check = self.names.of(Special::SubclassCheck).clone();
        let is_own = self
            .state
            .get(SUBCLASS_CHECK)
            .cloned()
            .zip(self.special_of(class, Special::SubclassCheck))
            .is_some_and(|(own, found)| own.is(&found));
        let overrides = class
            .to_ref::<Class>()
            .is_none_or(|class| self.lookup_in_class(&class, check.as_value()).is_some());
        is_own && !overrides && self.is_objects_own_class(own)
    }

    /// In a union None stands for its type.
    fn union_classes(&mut self, args: &Value) -> Value {
        let Some(args) = args.get::<Tuple>() else {
            return Tuple::empty().into_value();
        };
        let none = self.known_class(Known::NoneType);
        let classes = args
            .items()
            .iter()
            .map(|a| if a.is_none() { none.value() } else { a.clone() })
            .collect();
        self.new_tuple(classes)
            .unwrap_or_else(|_| Tuple::empty().into_value())
    }

    fn is_plain_class(&self, class: &Value) -> bool {
        class.is_exact::<Class>()
    }

    /// A metaclass may answer in the class's stead.
    fn ask_class(&mut self, obj: &Value, class: &Value, special: Special) -> Option<Step> {
        if self.is_plain_class(class) {
            return None;
        }
        let method = self.special_of(class, special)?;
        if method.is_exact::<Native>() && class.is_kind::<Class>() {
            return None;
        }
        Some(Step::Enter(
            &TRUTH_OF,
            smallvec::smallvec![method, class.clone(), obj.clone()],
        ))
    }

    /// What `type.__instancecheck__` answers.
    pub fn plain_is_instance(&mut self, obj: &Value, class: &Value) -> R<bool> {
        let Some(class) = class.to_ref::<Class>() else {
            if class.is_kind::<GenericAlias>() {
                let text = "isinstance() argument 2 cannot be a parameterized generic";
                return Err(self.type_error(text));
            }
            let text = "isinstance() arg 2 must be a type, a tuple of types, or a union";
            self.stated_bases(class)?
                .ok_or_else(|| self.type_error(text))?;
            return match self.get_attr_optional(obj, "__class__")? {
                Some(own) => self.states_as_base(own, class),
                None => Ok(false),
            };
        };
        let own = self.class_of(obj);
        if own.is_subclass(&class) {
            return Ok(true);
        }
        // An object may claim another class by its `__class__`.
        Ok(self
            .claimed_class(obj, &own)?
            .is_some_and(|claimed| claimed.is_subclass(&class)))
    }

    fn claimed_class(&mut self, obj: &Value, own: &Ref<Class>) -> R<Option<Ref<Class>>> {
        if own.has(class_flags::BUILTIN) {
            return Ok(None);
        }
        let name = self.names.class_.clone();
        let attribute = self.lookup_in_class(own, name.as_value());
        let asks = own.has(class_flags::GETATTRIBUTE);
        if !asks
            && attribute.is_none_or(|a| a.is_exact::<crate::object::native::AttributeDescriptor>())
        {
            return Ok(None);
        }
        let claimed = self.get_attr_optional(obj, "__class__")?;
        Ok(claimed.and_then(|claimed| claimed.to_ref::<Class>()))
    }

    /// What `type.__subclasscheck__` answers.
    pub fn plain_is_subclass(&mut self, sub: &Value, class: &Value) -> R<bool> {
        if let (Some(sub), Some(class)) = (sub.get::<Class>(), class.get::<Class>()) {
            return Ok(sub.is_subclass(class));
        }
        if class.is_kind::<GenericAlias>() {
            let text = "issubclass() argument 2 cannot be a parameterized generic";
            return Err(self.type_error(text));
        }
        let first = "issubclass() arg 1 must be a class";
        self.stated_bases(sub)?
            .ok_or_else(|| self.type_error(first))?;
        let second = "issubclass() arg 2 must be a class, a tuple of classes, or a union";
        self.stated_bases(class)?
            .ok_or_else(|| self.type_error(second))?;
        self.states_as_base(sub.clone(), class)
    }

    /// The `__bases__` of anything that shows itself as a class: a tuple, or it is none.
    fn stated_bases(&mut self, class: &Value) -> R<Option<Ref<Tuple>>> {
        let bases = self.get_attr_optional(class, "__bases__")?;
        Ok(bases.and_then(|bases| bases.to_ref::<Tuple>()))
    }

    /// Whether `class` is found among what `sub` and its bases state as theirs.
    fn states_as_base(&mut self, mut sub: Value, class: &Value) -> R<bool> {
        self.check_stack_for(" in __issubclass__")?;
        loop {
            if sub.is(class) {
                return Ok(true);
            }
            let Some(bases) = self.stated_bases(&sub)? else {
                return Ok(false);
            };
            match bases.items() {
                [] => return Ok(false),
                [only] => sub = only.clone(),
                several => {
                    for base in several {
                        if self.states_as_base(base.clone(), class)? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
            }
        }
    }

    /// `isinstance(obj, class)`, nested.
    pub fn is_instance(&mut self, obj: &Value, class: &Value) -> R<bool> {
        let step = self.is_instance_step(obj, class);
        Ok(self.finish(step)?.is_true())
    }

    /// `issubclass(sub, class)`, nested.
    pub fn is_subclass(&mut self, sub: &Value, class: &Value) -> R<bool> {
        let step = self.is_subclass_step(sub, class);
        Ok(self.finish(step)?.is_true())
    }
}
