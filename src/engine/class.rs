//! Classes of the embedding program, whose objects hold values of Rust's.

use std::any::TypeId;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::Arc;

use super::convert::IntoScript;
use super::error::Error;
use super::function::{Function, Given, HostFunction, Returned, guarded};
use super::handle::Handle;
use super::instance::refused;
use super::method::{HostMethod, HostMethodMut};
use super::module::{Constant, constant};
use super::raise::HostError;
use super::scope::{Local, Scope};
use super::signature::Layout;
use crate::builtins::arguments::{shape_of_class, string};
use crate::builtins::host::HOST_OBJECT;
use crate::heap::{self, Value};
use crate::object::descriptor::Property;
use crate::object::dict::Dict;
use crate::object::host::{Changed, HostIterator, HostObject, Looked};
use crate::object::native::{Binding, R};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

type ClassObject = heap::Ref<crate::object::class::Class>;

/// A class that the embedding program gives to scripts; its objects hold a `T` each. It is made before
/// there is an engine.
///
/// While a method runs, others can look at the same object (`&T`) but not change it; a method that
/// changes it (`&mut T`) has it for itself. What breaks that rule is a RuntimeError. The value is
/// dropped when its object dies, on whatever thread the engine is then. What it keeps of scripts it
/// keeps by `Handle`, through which the collector does not see: an object whose own value holds a handle
/// of it lives as long as the engine.
///
/// Scripts can derive classes of their own; objects of those have attributes, those of the class itself
/// have only what is defined here. Objects cannot be pickled or copied unless the class says how.
///
/// ```
/// use hoopsnake::engine::{Class, Engine, Error, Instance, Op, Ref};
/// use hoopsnake::host::Host;
///
/// #[derive(Clone, Copy, PartialEq)]
/// struct Point { x: f64, y: f64 }
///
/// let point = Class::<Point>::new("Point")
///     .constructor("(x, y=0.0)", |x: f64, y: f64| Point { x, y })
///     .property("x", |p: &Point| p.x, |p: &mut Point, x: f64| p.x = x)
///     .getter("y", |p: &Point| p.y)
///     .method("norm()", |p: &Point| p.x.hypot(p.y))
///     .method_mut("move(dx, dy=0.0)", |p: &mut Point, dx: f64, dy: f64| {
///         p.x += dx;
///         p.y += dy;
///     })
///     .operator(Op::Add, |a: &Point, b: Ref<'_, Point>| Instance(Point { x: a.x + b.x, y: a.y + b.y }))
///     .eq(|a, b| a == b)
///     .repr(|p| format!("Point({}, {})", p.x, p.y));
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.add_class(point)?;
/// engine.enter(|scope| scope.exec("
/// p = Point(3, y=4)
/// assert p.norm() == 5 and p == Point(3, 4)
/// p.move(1)
/// p.x += 1
/// assert repr(p + Point(1)) == 'Point(6, 4)'
/// "))?;
/// # Ok::<(), Error>(())
/// ```
pub struct Class<T> {
    name: String,
    doc: String,
    constructor: Option<Function>,
    members: Vec<Member>,
    value: PhantomData<fn(T)>,
}

/// What a class has under a name.
enum Member {
    Function(Function, Binding),
    Property(Function, Option<Function>),
    Constant(String, Arc<Constant>),
}

/// A class without its type, as it is put into engines.
pub(super) struct Plan {
    name: String,
    doc: String,
    holds: TypeId,
    constructor: Option<Function>,
    members: Vec<Member>,
}

/// An operator, by the method that scripts know it by.
///
/// ```
/// use hoopsnake::{Class, Engine, Error, Instance, Op};
///
/// struct Money(i64);
///
/// let money = Class::<Money>::new("Money")
///     .constructor("(cents)", Money)
///     .operator(Op::Mul, |money: &Money, times: i64| Instance(Money(money.0 * times)))
///     .operator(Op::Neg, |money: &Money| Instance(Money(-money.0)))
///     .repr(|money| format!("{} cents", money.0));
/// let mut engine = Engine::builder().class(money).build()?;
/// assert_eq!(engine.eval::<String>("repr(-(Money(21) * 2))").blocking()?, "-42 cents");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Lt,
    Le,
    Gt,
    Ge,
    Ne,
    Neg,
    Pos,
    Abs,
    Invert,
}

impl Op {
    /// The name of its method.
    pub fn name(self) -> &'static str {
        match self {
            Op::Add => "__add__",
            Op::Sub => "__sub__",
            Op::Mul => "__mul__",
            Op::Div => "__truediv__",
            Op::FloorDiv => "__floordiv__",
            Op::Mod => "__mod__",
            Op::Pow => "__pow__",
            Op::MatMul => "__matmul__",
            Op::And => "__and__",
            Op::Or => "__or__",
            Op::Xor => "__xor__",
            Op::Shl => "__lshift__",
            Op::Shr => "__rshift__",
            Op::Lt => "__lt__",
            Op::Le => "__le__",
            Op::Gt => "__gt__",
            Op::Ge => "__ge__",
            Op::Ne => "__ne__",
            Op::Neg => "__neg__",
            Op::Pos => "__pos__",
            Op::Abs => "__abs__",
            Op::Invert => "__invert__",
        }
    }
}

impl AsRef<str> for Op {
    fn as_ref(&self) -> &str {
        self.name()
    }
}

/// What a constructor may return: the value, or a `Result` with it.
///
/// ```
/// use hoopsnake::{Class, Engine, Error, Raise};
///
/// struct Even(i64);
///
/// let even = Class::<Even>::new("Even").constructor("(n)", |n: i64| match n % 2 {
///     0 => Ok(Even(n)),
///     _ => Err(Raise::new("ValueError", "odd")),
/// });
/// let mut engine = Engine::builder().class(even.getter("half", |even: &Even| even.0 / 2)).build()?;
/// assert_eq!(engine.eval::<i64>("Even(84).half").blocking()?, 42);
/// assert!(engine.eval::<i64>("Even(3).half").blocking().is_err());
/// # Ok::<(), Error>(())
/// ```
pub trait Constructed<T> {
    /// The value.
    #[doc(hidden)]
    fn constructed(self) -> Result<T, HostError>;
}

impl<T> Constructed<T> for T {
    fn constructed(self) -> Result<T, HostError> {
        Ok(self)
    }
}

impl<T, E: Into<HostError>> Constructed<T> for Result<T, E> {
    fn constructed(self) -> Result<T, HostError> {
        self.map_err(Into::into)
    }
}

impl<T: Send + 'static> Class<T> {
    /// A class of this name with nothing in it. Without a constructor, scripts cannot make objects.
    pub fn new(name: &str) -> Class<T> {
        Class {
            name: name.to_string(),
            doc: String::new(),
            constructor: None,
            members: Vec::new(),
            value: PhantomData,
        }
    }

    /// The same class with a docstring.
    pub fn doc(mut self, doc: &str) -> Self {
        self.doc = doc.to_string();
        self
    }

    /// How a call of the class makes a value. The signature is that of a function; its name does not matter.
    pub fn constructor<M, F>(mut self, signature: &str, make: F) -> Self
    where
        M: 'static,
        F: HostFunction<M>,
        F::Output: Constructed<T>,
    {
        let parameters = signature.find('(').map_or("", |at| &signature[at..]);
        let layout = Layout::of_method(&format!("__new__{parameters}"), Some(F::ARITY), "cls");
        let layout = layout.called(&self.name);
        self.constructor = Some(Function::with_layout(layout, move |layout| {
            Arc::new(move |vm, values| {
                guarded(vm, &layout, |scope| {
                    let value = make.invoke(scope, &Given::new(&values[1..], &layout))?;
                    let value: Box<T> = Box::new(value.constructed()?);
                    let object = HostObject::alloc(shape_of_class(&values[0]), value);
                    Ok(scope.local(object.into_value()))
                })
            })
        }));
        self
    }

    /// A method that looks at the object.
    pub fn method<M, K, F>(self, signature: &str, method: F) -> Self
    where
        M: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned<K>,
    {
        let layout = Layout::of_method(signature, Some(F::ARITY), "self");
        self.with(looking(layout, method), Binding::Method)
    }

    /// A method that changes the object.
    pub fn method_mut<M, K, F>(self, signature: &str, method: F) -> Self
    where
        M: 'static,
        F: HostMethodMut<T, M>,
        F::Output: Returned<K>,
    {
        let layout = Layout::of_method(signature, Some(F::ARITY), "self");
        self.with(changing(layout, method), Binding::Method)
    }

    /// A function that lies in the class and gets no object (`Point.origin()`).
    pub fn function<M, K, F>(self, signature: &str, function: F) -> Self
    where
        M: 'static,
        F: HostFunction<M>,
        F::Output: Returned<K>,
    {
        self.with(Function::new(signature, function), Binding::Static)
    }

    /// A name in the class that is no function.
    pub fn constant(
        mut self,
        name: &str,
        value: impl IntoScript + Clone + Send + Sync + 'static,
    ) -> Self {
        let member = Member::Constant(name.to_string(), constant(value));
        self.members.push(member);
        self
    }

    /// An attribute that can be read.
    pub fn getter<M, F>(mut self, name: &str, get: F) -> Self
    where
        M: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned,
    {
        let get = looking(Layout::of_method(name, Some(F::ARITY), "self"), get);
        self.members.push(Member::Property(get, None));
        self
    }

    /// An attribute that can be read and set.
    pub fn property<M, N, F, G>(mut self, name: &str, get: F, set: G) -> Self
    where
        M: 'static,
        N: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned,
        G: HostMethodMut<T, N>,
        G::Output: Returned,
    {
        let get = looking(Layout::of_method(name, Some(F::ARITY), "self"), get);
        let layout = Layout::of_method(name, Some(G::ARITY), "self").of_attribute();
        let set = changing(layout, set);
        self.members.push(Member::Property(get, Some(set)));
        self
    }

    /// An operator, or any other special method: `.operator(Op::Add, ...)`, `.operator("__radd__", ...)`.
    /// An operand of a type that the closure does not take is left to the operand's own class.
    pub fn operator<M, K, F>(self, operator: impl AsRef<str>, method: F) -> Self
    where
        M: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned<K>,
    {
        let layout = Layout::of_method(operator.as_ref(), Some(F::ARITY), "self");
        self.with(looking(layout.leaving_to_others(), method), Binding::Method)
    }

    /// `==` and `!=` between two objects of the class. Without `hash` they cannot be keys of a dict.
    pub fn eq(self, equal: impl Fn(&T, &T) -> bool + Send + Sync + 'static) -> Self {
        self.between("__eq__", equal)
    }

    /// `<`, `<=`, `>`, `>=` between two objects of the class.
    pub fn order(
        self,
        compare: impl Fn(&T, &T) -> Option<Ordering> + Send + Sync + 'static,
    ) -> Self {
        let compare = Arc::new(compare);
        let tests: [(&str, fn(Ordering) -> bool); 4] = [
            ("__lt__", Ordering::is_lt),
            ("__le__", Ordering::is_le),
            ("__gt__", Ordering::is_gt),
            ("__ge__", Ordering::is_ge),
        ];
        tests.into_iter().fold(self, |class, (name, test)| {
            let compare = compare.clone();
            class.between(name, move |a, b| compare(a, b).is_some_and(test))
        })
    }

    /// `hash(object)`: equal objects must have equal ones.
    pub fn hash(self, hash: impl Fn(&T) -> u64 + Send + Sync + 'static) -> Self {
        self.method("__hash__", move |value: &T| match hash(value) as i64 {
            // No hash is -1.
            -1 => -2,
            hash => hash,
        })
    }

    /// `repr(object)`, and `str(object)` if nothing else is said.
    pub fn repr(self, repr: impl Fn(&T) -> String + Send + Sync + 'static) -> Self {
        self.method("__repr__", move |value: &T| repr(value))
    }

    /// `str(object)`
    pub fn str(self, text: impl Fn(&T) -> String + Send + Sync + 'static) -> Self {
        self.method("__str__", move |value: &T| text(value))
    }

    /// `len(object)`
    pub fn len(self, length: impl Fn(&T) -> usize + Send + Sync + 'static) -> Self {
        self.method("__len__", move |value: &T| length(value))
    }

    /// `object[key]`
    pub fn get_item<M, F>(self, get: F) -> Self
    where
        M: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned,
    {
        self.method("__getitem__", get)
    }

    /// `object[key] = value`
    pub fn set_item<M, F>(self, set: F) -> Self
    where
        M: 'static,
        F: HostMethodMut<T, M>,
        F::Output: Returned,
    {
        self.method_mut("__setitem__", set)
    }

    /// `item in object`
    pub fn contains<M, F>(self, contains: F) -> Self
    where
        M: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned,
    {
        self.method("__contains__", contains)
    }

    /// A call of the object. The signature's name does not matter.
    pub fn call<M, F>(self, signature: &str, call: F) -> Self
    where
        M: 'static,
        F: HostMethod<T, M>,
        F::Output: Returned,
    {
        let parameters = signature.find('(').map_or("", |at| &signature[at..]);
        self.method(&format!("__call__{parameters}"), call)
    }

    /// A loop over the object goes over what the closure gives, which holds on to nothing of the value.
    pub fn iterate<I>(self, items: impl Fn(&T) -> I + Send + Sync + 'static) -> Self
    where
        I: IntoIterator,
        I::Item: IntoScript,
        I::IntoIter: Send + 'static,
    {
        let layout = Layout::of_method("__iter__", Some(0), "self");
        let function = Function::with_layout(layout, move |layout| {
            Arc::new(move |vm, values| {
                let mut left = {
                    let looked = Looked::<T>::of(&values[0]);
                    let mut made = None;
                    guarded(vm, &layout, |scope| {
                        let object = found(looked, &values[0], scope)?;
                        made = Some(items(&object).into_iter());
                        Ok(scope.none())
                    })?;
                    made
                };
                let layout = layout.clone();
                let next = move |vm: &mut Vm| -> R<Option<Value>> {
                    let value = guarded(vm, &layout, |scope| {
                        let item = left.as_mut().and_then(Iterator::next);
                        match item {
                            Some(item) => Ok(item.into_script(scope)?),
                            None => Ok(scope.local(Value::UNDEF)),
                        }
                    })?;
                    Ok((!value.is_undef()).then_some(value))
                };
                Ok(HostIterator::alloc(Box::new(next)).into_value())
            })
        });
        self.with(function, Binding::Method)
    }

    /// What `with object as name:` begins with. The name is that of the object itself.
    pub fn enter<M, F>(self, enter: F) -> Self
    where
        M: 'static,
        F: HostMethodMut<T, M>,
        F::Output: Returned,
    {
        let layout = Layout::of_method("__enter__", Some(F::ARITY), "self");
        let function = Function::with_layout(layout, move |layout| {
            Arc::new(move |vm, values| {
                guarded(vm, &layout, |scope| {
                    let result = {
                        let mut object = found(Changed::<T>::of(&values[0]), &values[0], scope)?;
                        enter.invoke(scope, &mut object, &Given::new(&values[1..], &layout))?
                    };
                    result.into_result(scope)?;
                    Ok(scope.local(values[0].clone()))
                })
            })
        });
        self.with(function, Binding::Method)
    }

    /// What `with object:` ends with, and the exception that it ends with. If the closure returns true the
    /// exception goes no further.
    pub fn exit<Ret: Returned>(
        self,
        exit: impl Fn(&mut T, Option<Handle>) -> Ret + Send + Sync + 'static,
    ) -> Self {
        let layout = Layout::of_method("__exit__(kind, error, traceback, /)", None, "self");
        let function = Function::with_layout(layout, move |layout| {
            Arc::new(move |vm, values| {
                guarded(vm, &layout, |scope| {
                    let error = scope.local(values[2].clone());
                    let error = (!error.is_none()).then(|| scope.hold(&error));
                    let result = {
                        let mut object = found(Changed::<T>::of(&values[0]), &values[0], scope)?;
                        exit(&mut object, error)
                    };
                    result.into_result(scope)
                })
            })
        });
        self.with(function, Binding::Method)
    }

    /// The same class with another function in it, whose receiver is its first value.
    pub(super) fn with(mut self, function: Function, binding: Binding) -> Self {
        self.members.push(Member::Function(function, binding));
        self
    }

    /// A test between two objects of the class.
    fn between(self, name: &str, test: impl Fn(&T, &T) -> bool + Send + Sync + 'static) -> Self {
        self.operator(name, move |own: &T, other: super::Ref<'_, T>| {
            test(own, &other)
        })
    }

    /// The class without its type.
    pub(super) fn plan(self) -> Arc<Plan> {
        Arc::new(Plan {
            name: self.name,
            doc: self.doc,
            holds: TypeId::of::<T>(),
            constructor: self.constructor,
            members: self.members,
        })
    }
}

impl<T> std::fmt::Debug for Class<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Class({:?})", self.name)
    }
}

/// What is in an object, or the error that says why it is not to be had.
fn found<G: Guard>(
    guard: Result<G, crate::object::host::Refusal>,
    object: &Value,
    scope: &mut Scope<'_>,
) -> Result<G, HostError> {
    match guard {
        Ok(guard) => Ok(guard),
        Err(refusal) => {
            let object = scope.local(object.clone());
            Err(refused::<G::Value>(refusal, &object, scope).into())
        }
    }
}

/// One of the two ways to have the value in an object.
trait Guard {
    type Value: 'static;
}

impl<T: 'static> Guard for Looked<T> {
    type Value = T;
}

impl<T: 'static> Guard for Changed<T> {
    type Value = T;
}

/// A method that looks at its object.
fn looking<T, M, K, F>(layout: Layout, method: F) -> Function
where
    T: 'static,
    M: 'static,
    F: HostMethod<T, M>,
    F::Output: Returned<K>,
{
    Function::with_layout(layout, move |layout| {
        Arc::new(move |vm, values| {
            guarded(vm, &layout, |scope| {
                let result = {
                    let object = found(Looked::<T>::of(&values[0]), &values[0], scope)?;
                    method.invoke(scope, &object, &Given::new(&values[1..], &layout))?
                };
                result.into_result_of(layout.name(), scope)
            })
        })
    })
}

/// A method that changes its object.
fn changing<T, M, K, F>(layout: Layout, method: F) -> Function
where
    T: 'static,
    M: 'static,
    F: HostMethodMut<T, M>,
    F::Output: Returned<K>,
{
    Function::with_layout(layout, move |layout| {
        Arc::new(move |vm, values| {
            guarded(vm, &layout, |scope| {
                let result = {
                    let mut object = found(Changed::<T>::of(&values[0]), &values[0], scope)?;
                    method.invoke(scope, &mut object, &Given::new(&values[1..], &layout))?
                };
                result.into_result_of(layout.name(), scope)
            })
        })
    })
}

impl Plan {
    /// The name of the class.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes the class in an engine, as one of this module.
    pub(super) fn install(&self, vm: &mut Vm, module: &str) -> Result<Value, Error> {
        let made = self.bare(vm, module);
        let class = match made {
            Ok(class) => class,
            Err(raised) => return Err(Error::from_raised(vm, raised)),
        };
        let owner = class.value();
        let mut attributes = vec![(
            "__new__",
            match &self.constructor {
                Some(function) => function.value(vm, owner.clone(), Binding::Static)?,
                None => self
                    .no_constructor()
                    .value(vm, owner.clone(), Binding::Static)?,
            },
        )];
        let has = |name: &str| self.members.iter().any(|member| member.name() == name);
        if has("__eq__") && !has("__hash__") {
            attributes.push(("__hash__", Value::NONE));
        }
        for member in &self.members {
            let value = match member {
                Member::Function(function, binding) => {
                    function.value(vm, owner.clone(), *binding)?
                }
                Member::Property(get, set) => {
                    let own = get.value(vm, owner.clone(), Binding::Method)?;
                    let set = match set {
                        Some(set) => set.value(vm, owner.clone(), Binding::Method)?,
                        None => Value::NONE,
                    };
                    let name = vm.intern(get.name()).into_value();
                    let none = || Value::NONE;
                    Property::alloc(own, set, none(), none(), name, Value::FALSE).into_value()
                }
                Member::Constant(_, make) => make(&mut Scope::new(vm))?,
            };
            attributes.push((member.name(), value));
        }
        for (name, value) in attributes {
            let name = vm.intern(name).into_value();
            if let Err(raised) = vm.set_class_attribute(&class, &name, value) {
                return Err(Error::from_raised(vm, raised));
            }
        }
        vm.host_classes.insert(self.holds, class);
        Ok(owner)
    }

    /// The class without its members.
    fn bare(&self, vm: &mut Vm, module: &str) -> R<ClassObject> {
        let namespace = Dict::new();
        let doc = match self.doc.is_empty() {
            true => Value::NONE,
            false => string(&self.doc),
        };
        for (name, value) in [
            ("__module__", string(module)),
            ("__qualname__", string(&self.name)),
            ("__doc__", doc),
            ("__slots__", Tuple::empty().into_value()),
        ] {
            vm.set_name(&namespace, name, value)?;
        }
        let base = vm.class_of_def(&HOST_OBJECT).into_value();
        let arguments = [
            string(&self.name),
            Tuple::one(base).into_value(),
            namespace.into_value(),
        ];
        let ty = vm.known_class(Known::Type).into_value();
        let class = vm.call(&ty, &arguments)?;
        class
            .to_ref()
            .ok_or_else(|| vm.system_error("type() made no class"))
    }

    /// The constructor of a class that has none.
    fn no_constructor(&self) -> Function {
        let text = format!("cannot create '{}' instances", self.name);
        let layout = Layout::of_method("__new__(*rest, **named)", None, "cls");
        Function::with_layout(layout, move |_| {
            Arc::new(move |vm, _| Err(vm.type_error(&text)))
        })
    }
}

impl Member {
    fn name(&self) -> &str {
        match self {
            Member::Function(function, _) => function.name(),
            Member::Property(get, _) => get.name(),
            Member::Constant(name, _) => name,
        }
    }
}

impl super::Engine {
    /// Makes a class of the embedding program a built-in one of this engine.
    ///
    /// # Errors
    /// `Error::Internal` if a signature in it is wrong, and what making its constants raises.
    pub fn add_class<T: Send + 'static>(&mut self, class: Class<T>) -> Result<(), Error> {
        let plan = class.plan();
        self.enter(|scope| {
            // As with functions.
            scope.global("__name__")?;
            plan.install_built_in(scope)
        })
    }
}

impl Plan {
    /// Makes the class a built-in one.
    pub(super) fn install_built_in(&self, scope: &mut Scope<'_>) -> Result<(), Error> {
        let class = self.install(scope.vm(), "builtins")?;
        scope.within(|vm| {
            let builtins = vm.builtins.clone();
            vm.set_name(&builtins, &self.name, class)
        })
    }
}

/// So that the type of an object's class can be asked for.
impl<'s> Scope<'s> {
    /// The class that this engine has for a type of Rust's.
    pub fn class_of<T: 'static>(&mut self) -> Option<Local<'s>> {
        let class = self.vm().host_classes.get(&TypeId::of::<T>())?.value();
        Some(self.local(class))
    }
}
