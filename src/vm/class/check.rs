//! `isinstance` and `issubclass`.

use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::descriptor::{GenericAlias, Union};
use crate::object::native::{Args, Def, Input, Native, NativeFrame, R, Step};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::{Known, is_core_method};

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
            return Err(match class.is_kind::<GenericAlias>() {
                true => {
                    self.type_error("isinstance() argument 2 cannot be a parameterized generic")
                }
                false => self
                    .type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"),
            });
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
        let plain =
            attribute.is_none_or(|a| a.is_exact::<crate::object::native::AttributeDescriptor>());
        let asks = self
            .special(own, Special::GetAttribute)
            .is_some_and(|method| !is_core_method(&method));
        if plain && !asks {
            return Ok(None);
        }
        let step = self.get_attr_step(obj, name.as_value());
        Ok(self.finish(step)?.to_ref::<Class>())
    }

    /// What `type.__subclasscheck__` answers.
    pub fn plain_is_subclass(&mut self, sub: &Value, class: &Value) -> R<bool> {
        let Some(sub) = sub.to_ref::<Class>() else {
            return Err(self.type_error("issubclass() arg 1 must be a class"));
        };
        match class.get::<Class>() {
            Some(class) => Ok(sub.is_subclass(class)),
            None if class.is_kind::<GenericAlias>() => {
                Err(self.type_error("issubclass() argument 2 cannot be a parameterized generic"))
            }
            None => Err(self
                .type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union")),
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
