//! Modules of the embedding program that scripts import.

use std::sync::Arc;

use super::class::{Class, Plan};
use super::convert::IntoScript;
use super::error::Error;
use super::function::{Function, HostFunction, Returned};
use super::scope::Scope;
use crate::heap::Value;
use crate::object::native::Binding;
use crate::vm::Vm;

/// Makes the value of a constant in an engine.
pub(super) type Constant = dyn Fn(&mut Scope<'_>) -> Result<Value, Error> + Send + Sync;

/// A module that the embedding program gives to scripts. It is made before there is an engine, and can
/// be given to many. Its name may have dots; the packages before them come to be by themselves.
///
/// ```
/// use hoopsnake::engine::{Engine, Error, Module};
/// use hoopsnake::host::Host;
///
/// let shapes = Module::new("shapes")
///     .doc("Areas of shapes.")
///     .constant("SIDES", 4)
///     .function("square(side)", |side: f64| side * side);
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.add_module(&shapes)?;
/// engine.enter(|scope| scope.exec("import shapes\narea = shapes.square(3) + shapes.SIDES"))?;
/// assert_eq!(engine.global::<f64>("area")?, 13.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Module {
    name: String,
    doc: String,
    functions: Vec<Function>,
    constants: Vec<(String, Arc<Constant>)>,
    classes: Vec<Arc<Plan>>,
}

impl Module {
    /// An empty module of this name.
    pub fn new(name: &str) -> Module {
        Module {
            name: name.to_string(),
            doc: String::new(),
            functions: Vec::new(),
            constants: Vec::new(),
            classes: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same module with a docstring.
    pub fn doc(mut self, doc: &str) -> Module {
        self.doc = doc.to_string();
        self
    }

    /// The same module with one more function, see `Function::new`.
    pub fn function<M, K, F>(self, signature: &str, function: F) -> Module
    where
        M: 'static,
        F: HostFunction<M>,
        F::Output: Returned<K>,
    {
        self.add(Function::new(signature, function))
    }

    /// The same module with one more class.
    pub fn class<T: Send + 'static>(mut self, class: Class<T>) -> Module {
        self.classes.push(class.plan());
        self
    }

    /// The same module with one more function that was made before.
    pub fn add(mut self, function: Function) -> Module {
        self.functions.push(function);
        self
    }

    /// The same module with one more name that is not a function.
    pub fn constant(
        mut self,
        name: &str,
        value: impl IntoScript + Clone + Send + Sync + 'static,
    ) -> Module {
        self.constants.push((name.to_string(), constant(value)));
        self
    }

    /// Puts the module where imports find it.
    pub(super) fn install(&self, vm: &mut Vm) -> Result<(), Error> {
        let lift = |vm: &mut Vm, result| match result {
            Ok(value) => Ok(value),
            Err(raised) => Err(Error::from_raised(vm, raised)),
        };
        let module = vm.new_module(&self.name, &self.doc);
        let namespace = module.namespace.clone();
        let owner = vm.intern(&self.name).into_value();
        let package = self
            .name
            .rsplit_once('.')
            .map_or("", |(package, _)| package);
        let package = vm.intern(package).into_value();
        let named = vm.set_name(&namespace, "__package__", package);
        lift(vm, named)?;
        for function in &self.functions {
            let value = function.value(vm, owner.clone(), Binding::Method)?;
            let named = vm.set_name(&namespace, function.name(), value);
            lift(vm, named)?;
        }
        for class in &self.classes {
            let value = class.install(vm, &self.name)?;
            let named = vm.set_name(&namespace, class.name(), value);
            lift(vm, named)?;
        }
        for (name, make) in &self.constants {
            let value = make(&mut Scope::new(vm))?;
            let named = vm.set_name(&namespace, name, value);
            lift(vm, named)?;
        }
        let added = vm.add_module(&self.name, module.value());
        lift(vm, added)
    }
}

/// How to make a constant in each engine.
pub(super) fn constant(value: impl IntoScript + Clone + Send + Sync + 'static) -> Arc<Constant> {
    Arc::new(move |scope| Ok(scope.make(value.clone())?.into_value()))
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Module({:?})", self.name)
    }
}
