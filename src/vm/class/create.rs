//! Making instances: `type.__call__`.

use crate::heap::{Ref, Value};
use crate::object::class::{Class, Instance, class_flags};
use crate::object::descriptor::{ClassMethod, StaticMethod};
use crate::object::dict::Dict;
use crate::object::function::{BoundMethod, Function};
use crate::object::kind;
use crate::object::native::{
    Args, Def, Input, Native, NativeCode, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// Calls `__new__`, then `__init__`. Registers: class, `__new__`, arguments, keyword names or None, instance.
static CREATE: Def = Def::frame("type(cls, new, args, names, instance, /)", 0, create);

/// Calls `__init__` of the instance in register 4.
static INITIALISE: Def = Def::frame("type(cls, init, args, names, instance, /)", 0, initialise);

const MADE: u8 = 1;
const INITIALISED: u8 = 2;

fn create(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (0, _) => {
            frame.state = MADE;
            let (callee, first) = (frame.regs[1].clone(), frame.regs[0].clone());
            call_step(callee, first, frame)
        }
        (MADE, Input::Value(instance)) => {
            let class = frame.regs[0].to_ref::<Class>();
            if class.is_none_or(|c| !vm.class_of(&instance).is_subclass(&c)) {
                return Step::Return(instance);
            }
            let own = vm.class_of(&instance);
            match vm.special(&own, Special::Init) {
                Some(init) if !vm.is_object_init(&init) => {
                    frame.state = INITIALISED;
                    frame.regs[4] = instance.clone();
                    vm.init_step(init, instance, frame)
                }
                _ => Step::Return(instance),
            }
        }
        (_, Input::Value(value)) => vm.initialised(frame, &value),
        _ => Step::Return(Value::NONE),
    }
}

fn initialise(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (0, _) => {
            frame.state = INITIALISED;
            let (init, instance) = (frame.regs[1].clone(), frame.regs[4].clone());
            vm.init_step(init, instance, frame)
        }
        (_, Input::Value(value)) => vm.initialised(frame, &value),
        _ => Step::Return(Value::NONE),
    }
}

fn call_step(callee: Value, first: Value, frame: &NativeFrame<'_>) -> Step {
    let mut args = Args::new();
    args.push(first);
    if let Some(given) = frame.regs[2].get::<Tuple>() {
        args.extend(given.items().iter().cloned());
    }
    let names = frame.regs[3].clone();
    if names.is_none() {
        Step::Call(callee, args)
    } else {
        Step::CallKw(callee, args, names)
    }
}

/// The checks of `object.__new__` and `object.__init__` for arguments that nobody takes.
pub fn object_new_excess(vm: &mut Vm, class: &Ref<Class>) -> R<()> {
    if vm.overrides_object(class, Special::New) {
        return Err(
            vm.type_error("object.__new__() takes exactly one argument (the type to instantiate)")
        );
    }
    if !vm.overrides_object(class, Special::Init) {
        let text = format!("{}() takes no arguments", class.name_str());
        return Err(vm.type_error(text));
    }
    Ok(())
}

impl Vm {
    /// Calls `class(*args)`; the last arguments are named by the tuple `names`.
    pub fn instantiate_step(
        &mut self,
        class: &Ref<Class>,
        args: Args,
        names: Option<&Value>,
    ) -> Step {
        let ty = self.known_class(Known::Type);
        let metaclass = self.class_of(class.as_value());
        if !metaclass.is(&ty)
            && let Some(call) = self.special(&metaclass, Special::Call)
            && !call.is_exact::<Native>()
        {
            return self.call_special_kw(call, class.as_value(), args, names);
        }
        self.type_call_step(class, args, names)
    }

    /// What `type.__call__` does.
    pub fn type_call_step(
        &mut self,
        class: &Ref<Class>,
        mut args: Args,
        names: Option<&Value>,
    ) -> Step {
        let ty = self.known_class(Known::Type);
        let by_name = names
            .and_then(|names| names.get::<Tuple>())
            .map_or(0, Tuple::len);
        if class.is(&ty) && by_name > 0 {
            match args.len() - by_name {
                1 => return Step::Raise(self.type_error("type() takes no keyword arguments")),
                3 => {}
                _ => return Step::Raise(self.type_error("type() takes 1 or 3 arguments")),
            }
        }
        if class.is(&ty) && names.is_none() {
            match args.len() {
                1 => return Step::Return(self.class_of(&args[0]).into_value()),
                3 => {}
                _ => return Step::Raise(self.type_error("type() takes 1 or 3 arguments")),
            }
        }
        if by_name > 0 && by_name == args.len() && class.root_shape.get() == kind::DICT as u32 {
            let names = names.and_then(|names| names.get::<Tuple>());
            let dict = self.keyword_dict(&args, names.map_or(&[], Tuple::items));
            return dict.map(Ref::into_value).into();
        }
        if names.is_none()
            && args.len() == 1
            && class.has(class_flags::BUILTIN)
            && let Some(def) = class.def.and_then(|def| def.of_one)
        {
            return Step::Enter(def, args);
        }
        let Some(new) = self.special(class, Special::New).map(unwrap_static) else {
            let text = format!("cannot create '{}' instances", self.class_name(class));
            return Step::Raise(self.type_error(text));
        };
        // As an attribute of the class, it is bound to it, and gets the class once more.
        let new = match new.get::<ClassMethod>() {
            Some(wrapper) => BoundMethod::alloc(wrapper.function.get(), class.value()).into_value(),
            None => new,
        };
        let init = self
            .special(class, Special::Init)
            .filter(|init| !self.is_object_init(init));
        if self.is_object_new(&new) {
            if class.has(class_flags::BUILTIN) && class.def.is_some_and(|d| d.new.is_none()) {
                let text = format!("cannot create '{}' instances", self.class_name(class));
                return Step::Raise(self.type_error(text));
            }
            if class.layout == kind::INSTANCE {
                return self.create_plain(class, init, args, names);
            }
        }
        if let Some(native) = new.get_exact::<Native>() {
            if let NativeCode::Raw(raw) = native.def.code {
                return self.create_raw(class, raw, init, args, names);
            }
            if init.is_none() || (class.has(class_flags::BUILTIN) && init.is_none()) {
                args.insert(0, class.value());
                return tail_call(new, args, names);
            }
        }
        self.enter_creation(&CREATE, class, new, args, names, Value::UNDEF)
    }

    /// Calls the `__init__` of an instance of this class with the arguments in a tuple.
    pub(in crate::vm) fn initialise_step(
        &mut self,
        class: &Ref<Class>,
        init: Value,
        args: Value,
        instance: Value,
    ) -> Step {
        Step::Enter(
            &INITIALISE,
            smallvec::smallvec![class.value(), init, args, Value::NONE, instance],
        )
    }

    fn enter_creation(
        &mut self,
        def: &'static Def,
        class: &Ref<Class>,
        callee: Value,
        args: Args,
        names: Option<&Value>,
        instance: Value,
    ) -> Step {
        match self.new_tuple(args.into_vec()) {
            Ok(args) => {
                let names = names.cloned().unwrap_or(Value::NONE);
                Step::Enter(
                    def,
                    smallvec::smallvec![class.value(), callee, args, names, instance],
                )
            }
            Err(raised) => Step::Raise(raised),
        }
    }

    /// An instance of a class whose `__new__` is that of `object`.
    fn create_plain(
        &mut self,
        class: &Ref<Class>,
        init: Option<Value>,
        mut args: Args,
        names: Option<&Value>,
    ) -> Step {
        if init.is_none() && !args.is_empty() {
            let text = format!("{}() takes no arguments", class.name_str());
            return Step::Raise(self.type_error(text));
        }
        if class.has(class_flags::ABSTRACT) {
            return Step::Raise(self.abstract_error(class));
        }
        let instance = Instance::alloc(class.root_shape.get()).into_value();
        let Some(init) = init else {
            return Step::Return(instance);
        };
        if let Some(native) = init.get_exact::<Native>()
            && let NativeCode::Raw(raw) = native.def.code
        {
            args.insert(0, instance.clone());
            return self.call_raw(raw, &args, names).map(|_| instance).into();
        }
        self.enter_creation(&INITIALISE, class, init, args, names, instance)
    }

    /// A native `__new__` that takes its arguments as they come, and maybe such an `__init__`: no frame is needed.
    fn create_raw(
        &mut self,
        class: &Ref<Class>,
        raw: crate::object::native::RawLeaf,
        init: Option<Value>,
        args: Args,
        names: Option<&Value>,
    ) -> Step {
        let mut with_class = Args::with_capacity(args.len() + 1);
        with_class.push(class.value());
        with_class.extend(args.iter().cloned());
        let instance = match self.call_raw(raw, &with_class, names) {
            Ok(instance) => instance,
            Err(raised) => return Step::Raise(raised),
        };
        let Some(init) = init else {
            return Step::Return(instance);
        };
        if !self.class_of(&instance).is_subclass(class) {
            return Step::Return(instance);
        }
        if names.is_none()
            && let Some(hook) = init.get_exact::<Native>().and_then(|n| n.def.at_once)
        {
            with_class[0] = instance.clone();
            if let Some(result) = hook(self, &with_class) {
                return result.map(|_| instance).into();
            }
        }
        if let Some(native) = init.get_exact::<Native>()
            && let NativeCode::Raw(raw) = native.def.code
        {
            with_class[0] = instance.clone();
            return self
                .call_raw(raw, &with_class, names)
                .map(|_| instance)
                .into();
        }
        self.enter_creation(&INITIALISE, class, init, args, names, instance)
    }

    fn call_raw(
        &mut self,
        raw: crate::object::native::RawLeaf,
        args: &[Value],
        names: Option<&Value>,
    ) -> R {
        let names = names.cloned().unwrap_or(Value::NONE);
        raw(self, args, names.get::<Tuple>().map_or(&[], Tuple::items))
    }

    fn init_step(&mut self, init: Value, instance: Value, frame: &NativeFrame<'_>) -> Step {
        if init.is_exact::<Function>() || init.is_exact::<Native>() {
            return call_step(init, instance, frame);
        }
        let bound = match self.bind_special(&init, &instance) {
            Ok(bound) => bound,
            Err(raised) => return Step::Raise(raised),
        };
        let args: Args = frame.regs[2]
            .get::<Tuple>()
            .map_or_else(Args::new, |t| Args::from(t.items()));
        let names = frame.regs[3].clone();
        if names.is_none() {
            Step::Call(bound, args)
        } else {
            Step::CallKw(bound, args, names)
        }
    }

    fn initialised(&mut self, frame: &NativeFrame<'_>, value: &Value) -> Step {
        if value.is_none() {
            return Step::Return(frame.regs[4].clone());
        }
        let given = self.type_name(value);
        Step::Raise(self.type_error(format!("__init__() should return None, not '{given}'")))
    }

    /// Calls a special method found on the class of `receiver` with arguments of every kind.
    pub(crate) fn call_special_kw(
        &mut self,
        method: Value,
        receiver: &Value,
        mut args: Args,
        names: Option<&Value>,
    ) -> Step {
        if method.is_exact::<Function>() || method.is_exact::<Native>() {
            args.insert(0, receiver.clone());
            return tail_call(method, args, names);
        }
        match self.bind_special(&method, receiver) {
            Ok(bound) => tail_call(bound, args, names),
            Err(raised) => Step::Raise(raised),
        }
    }

    /// A special method as it was found on the class, bound to the instance.
    pub(crate) fn bind_special(&mut self, method: &Value, receiver: &Value) -> R {
        let class = self.class_of(receiver);
        let nature = self.nature(method);
        let step = self.descriptor_get(method, nature, receiver, &class);
        self.finish(step)
    }

    /// Whether a class has another `__new__` or `__init__` than `object`.
    pub(crate) fn overrides_object(&mut self, class: &Ref<Class>, special: Special) -> bool {
        let object = self.known_class(Known::Object);
        let (own, objects) = (self.special(class, special), self.special(&object, special));
        !matches!((own, objects), (Some(a), Some(b)) if a.is(&b))
    }

    pub(in crate::vm) fn is_object_init(&mut self, init: &Value) -> bool {
        let object = self.known_class(Known::Object);
        self.special(&object, Special::Init)
            .is_some_and(|own| own.is(init))
    }

    fn is_object_new(&mut self, new: &Value) -> bool {
        let object = self.known_class(Known::Object);
        self.special(&object, Special::New)
            .map(unwrap_static)
            .is_some_and(|own| own.is(new))
    }

    /// The instance that `object.__new__(class)` makes.
    pub fn new_plain_instance(&mut self, class: &Ref<Class>) -> R {
        if class.layout != kind::INSTANCE
            || (class.has(class_flags::BUILTIN) && class.def.is_some_and(|d| d.new.is_none()))
        {
            let object = self.known_class(Known::Object);
            return Err(self.unsafe_to_make(&object, class));
        }
        if class.has(class_flags::ABSTRACT) {
            return Err(self.abstract_error(class));
        }
        Ok(Instance::alloc(class.root_shape.get()).into_value())
    }

    pub(crate) fn abstract_error(&mut self, class: &Ref<Class>) -> Raised {
        let name = self.names.abstract_methods.clone();
        let missing = self
            .own_class_attribute(class, &name)
            .unwrap_or(Value::NONE);
        let sorted = self
            .builtins
            .get_name("sorted")
            .map_or(Ok(missing.clone()), |sorted| self.call(&sorted, &[missing]));
        let missing = match sorted.and_then(|sorted| self.collect(&sorted)) {
            Ok(missing) => missing,
            Err(raised) => return raised,
        };
        let mut names = Vec::with_capacity(missing.len());
        for name in missing {
            let Some(name) = name.get::<Str>() else {
                let given = self.type_name(&name);
                return self.type_error(format!(
                    "sequence item {}: expected str instance, {given} found",
                    names.len()
                ));
            };
            names.push(format!("'{}'", name.to_text()));
        }
        let plural = if names.len() == 1 { "" } else { "s" };
        let text = format!(
            "Can't instantiate abstract class {} without an implementation for abstract method{plural} {}",
            class.name_str(),
            names.join(", ")
        );
        self.type_error(text)
    }

    /// The shape of a new instance of the class that a native `__new__` was given, which must
    /// be `owner` or derive from it.
    pub fn shape_for_new(&mut self, class: &Value, owner: &'static TypeDef) -> R<u32> {
        let Some(class) = class.to_ref::<Class>() else {
            let given = self.type_name(class);
            return Err(self.type_error(format!(
                "{}.__new__(X): X is not a type object ({given})",
                owner.name
            )));
        };
        if class.has(class_flags::BUILTIN) && class.def.is_some_and(|def| std::ptr::eq(def, owner))
        {
            return Ok(class.root_shape.get());
        }
        let base = self.class_of_def(owner);
        if !class.is_subclass(&base) || class.layout != owner.kind {
            let (class, base) = (self.class_name(&class), self.class_name(&base));
            return Err(self.type_error(format!(
                "{base}.__new__({class}): {class} is not a subtype of {base}"
            )));
        }
        let nearest = std::iter::once(&class)
            .chain(class.ancestors.borrow().iter())
            .find_map(|c| {
                let built_in = c.has(class_flags::BUILTIN) && c.layout == owner.kind;
                built_in.then_some(c.def).flatten()
            });
        if let Some(def) = nearest
            && let (Some(own), Some(asked)) = (def.maker(), owner.maker())
            && own.module == "builtins"
            && !std::ptr::eq(own, asked)
        {
            return Err(self.unsafe_to_make(&base, &class));
        }
        if class.has(class_flags::ABSTRACT) {
            return Err(self.abstract_error(&class));
        }
        Ok(class.root_shape.get())
    }

    /// A tuple of these values.
    pub fn new_tuple(&mut self, items: Vec<Value>) -> R {
        let tuple = Tuple::from_vec(items);
        self.lift(tuple).map(Ref::into_value)
    }

    /// The dict of keywords that a raw native was given.
    pub fn keyword_dict(&mut self, args: &[Value], names: &[Value]) -> R<Ref<Dict>> {
        let dict = Dict::new();
        for (name, value) in names.iter().zip(&args[args.len() - names.len()..]) {
            if let Some(name) = name.to_ref::<Str>() {
                let old = dict.insert_str(&name, value.clone());
                drop(self.lift(old)?);
            }
        }
        Ok(dict)
    }
}

/// What a static method wraps; anything else as it is.
pub(in crate::vm) fn unwrap_static(new: Value) -> Value {
    match new.get::<StaticMethod>() {
        Some(wrapper) => wrapper.function.get(),
        None => new,
    }
}

pub(crate) fn tail_call(callee: Value, args: Args, names: Option<&Value>) -> Step {
    match names {
        Some(names) => Step::TailCallKw(callee, args, names.clone()),
        None => Step::TailCall(callee, args),
    }
}
