//! `isinstance` and `issubclass`.

use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::descriptor::{GenericAlias, Union};
use crate::object::native::{Args, Def, Input, Native, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

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

/// The truth of what `__instancecheck__` answered.
static TRUTH_OF: Def = Def::frame("bool(method, receiver, obj, /)", 0, truth_of);

fn truth_of(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let (method, receiver, obj) = (
                frame.regs[0].clone(),
                frame.regs[1].clone(),
                frame.regs[2].clone(),
            );
            let step = vm.call_special(method, &receiver, &[obj]);
            step.then_go_on()
        }
        Input::Value(value) | Input::Yielded(value) => vm.truth(&value).map(Value::bool).into(),
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
        if let Err(raised) = self.check_stack() {
            return Some(Step::Raise(raised));
        }
        let args: Args =
            smallvec::smallvec![obj.clone(), members, Value::bool(subclass), Value::int32(0)];
        // Plain classes need no frame.
        let plain = args[1]
            .get::<Tuple>()
            .is_some_and(|t| t.items().iter().all(|c| self.is_plain_class(c)));
        if plain && !subclass {
            let own = self.class_of(obj);
            let found = args[1].get::<Tuple>().is_some_and(|t| {
                t.items()
                    .iter()
                    .filter_map(|c| c.get::<Class>())
                    .any(|c| own.is_subclass(c))
            });
            if found {
                return Some(Step::Return(Value::TRUE));
            }
        }
        Some(Step::Enter(&ANY_OF, args))
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
        if own.has(crate::object::class::class_flags::BUILTIN) {
            return Ok(None);
        }
        let name = self.names.class_.clone();
        let attribute = self.lookup_in_class(own, name.as_value());
        let asks = own.has(crate::object::class::class_flags::GETATTRIBUTE);
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
