//! An engine that is entered, and values while it is.

use std::fmt;
use std::marker::PhantomData;

use super::convert::{FromScript, IntoArguments, IntoScript};
use super::error::Error;
use super::handle::Handle;
use super::{Engine, new_main, prepare_main};
use crate::builtins::arguments::{plain, string};
use crate::heap::{Entered, Heap, Ref, Value, current};
use crate::object::dict::Dict;
use crate::object::module::Module;
use crate::object::native::R;
use crate::object::tuple::Tuple;
use crate::vm::{Mode, Request, Vm};

/// Makes a lifetime stand for one entry and no other.
type Brand<'s> = PhantomData<std::cell::Cell<&'s ()>>;

/// An engine that is entered: what can be done with its values at once.
///
/// `Engine::enter` gives one, and a host function may take one as its first parameter. A script that
/// it calls runs to its end before the call is over, and cannot wait for anything meanwhile.
///
/// ```
/// use hoopsnake::engine::{Engine, Error};
/// use hoopsnake::host::Host;
///
/// let mut engine = Engine::new(Host::simulated(0).0);
/// let total: i64 = engine.enter(|scope| {
///     let sum = scope.eval("lambda *numbers: sum(numbers)")?;
///     let result = scope.call(&sum, (1, 2, 39))?;
///     scope.get(&result)
/// })?;
/// assert_eq!(total, 42);
/// # Ok::<(), Error>(())
/// ```
pub struct Scope<'s> {
    vm: &'s mut Vm,
    brand: Brand<'s>,
}

/// A value of an engine that is entered. It cannot leave the scope: what is to be kept becomes a
/// `Handle` (`Scope::hold`) or a value of Rust's (`Scope::get`).
///
/// ```
/// use hoopsnake::{Engine, Error};
///
/// let mut engine = Engine::builder().build()?;
/// let (count, kept) = engine.enter(|scope| {
///     let words = scope.eval("'to be or not to be'.split()")?;
///     let count: i64 = {
///         let found = scope.call_method(&words, "count", ("be",))?;
///         scope.get(&found)?
///     };
///     Ok::<_, Error>((count, scope.hold(&words)))
/// })?;
/// assert_eq!(count, 2);
/// assert_eq!(engine.get::<Vec<String>>(&kept)?.len(), 6);
/// # Ok::<(), Error>(())
/// ```
pub struct Local<'s> {
    value: Value,
    /// The heap in which the value lives. It is there as long as the scope.
    heap: *const Heap,
    brand: Brand<'s>,
}

impl Clone for Local<'_> {
    #[inline]
    fn clone(&self) -> Self {
        Local {
            value: self.value.clone(),
            heap: self.heap,
            brand: PhantomData,
        }
    }
}

impl Drop for Local<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.value.is_object() {
            in_heap(self.heap, || drop(std::mem::take(&mut self.value)));
        }
    }
}

/// Does something in the heap of a scope that is there still: within a scope of another engine, values
/// must find their own heap all the same.
#[inline]
pub(super) fn in_heap(heap: *const Heap, act: impl FnOnce()) {
    let _entered = match std::ptr::eq(current(), heap) {
        true => None,
        false => Some(Entered::enter(heap.cast_mut())),
    };
    act();
}

impl fmt::Debug for Local<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local")
    }
}

impl<'s> Local<'s> {
    /// The value itself.
    #[inline]
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// The value itself, taken out.
    #[inline]
    pub(crate) fn into_value(mut self) -> Value {
        std::mem::take(&mut self.value)
    }

    /// Whether this is `None`.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.value.is_none()
    }

    /// Whether both are the same object, as `is` says.
    pub fn is(&self, other: &Local<'_>) -> bool {
        self.value.is(&other.value)
    }
}

impl<'s> Scope<'s> {
    #[inline]
    pub(crate) fn new(vm: &'s mut Vm) -> Scope<'s> {
        Scope {
            vm,
            brand: PhantomData,
        }
    }

    /// The VM, for what is done in this heap anyhow.
    #[inline]
    pub(crate) fn vm(&mut self) -> &mut Vm {
        self.vm
    }

    /// A value of this scope.
    #[inline]
    pub(crate) fn local(&self, value: Value) -> Local<'s> {
        Local {
            value,
            heap: &raw const *self.vm.heap,
            brand: PhantomData,
        }
    }

    /// Whether a value lives in this engine.
    #[inline]
    pub(crate) fn owns(&self, local: &Local<'_>) -> bool {
        !local.value.is_object() || std::ptr::eq(&raw const *self.vm.heap, local.heap)
    }

    /// Does something in the VM, whose heap is the current one meanwhile: another engine may have been
    /// entered since this scope was.
    #[inline]
    pub(crate) fn within<T>(&mut self, act: impl FnOnce(&mut Vm) -> R<T>) -> Result<T, Error> {
        let _entered = self.vm.enter();
        match act(self.vm) {
            Ok(value) => Ok(value),
            Err(raised) => Err(Error::from_raised(self.vm, raised)),
        }
    }

    #[inline]
    fn made(&mut self, act: impl FnOnce(&mut Vm) -> R) -> Result<Local<'s>, Error> {
        let value = self.within(act)?;
        Ok(self.local(value))
    }

    // ----- Between Rust and script ------------------------------------------

    /// A value of Rust's from one of a script.
    ///
    /// # Errors
    /// `Error::Conversion` if it is of another type, or does not fit.
    pub fn get<T: FromScript>(&mut self, value: &Local<'s>) -> Result<T, Error> {
        if let Some(plain) = T::from_plain(&value.value) {
            return Ok(plain);
        }
        let _entered = self.vm.enter();
        T::from_script(value, self)
    }

    /// A value of a script from one of Rust's.
    ///
    /// # Errors
    /// `Error::Conversion` if a script can have no such value.
    pub fn make(&mut self, value: impl IntoScript) -> Result<Local<'s>, Error> {
        let _entered = self.vm.enter();
        value.into_script(self)
    }

    /// `None`
    pub fn none(&self) -> Local<'s> {
        self.local(Value::NONE)
    }

    /// A handle of a value, to be kept beyond this scope.
    pub fn hold(&mut self, value: &Local<'s>) -> Handle {
        let _entered = self.vm.enter();
        Handle::new(self.vm, value.value.clone())
    }

    /// A tuple of what a call is to be given.
    pub(crate) fn arguments(&mut self, given: impl IntoArguments) -> Result<Handle, Error> {
        let _entered = self.vm.enter();
        let given = Tuple::of(given.into_arguments(self)?.into_vec());
        Ok(Handle::new(self.vm, given.into_value()))
    }

    /// The value that a handle holds.
    ///
    /// # Errors
    /// `Error::Conversion` if the handle comes from another engine.
    pub fn held(&mut self, handle: &Handle) -> Result<Local<'s>, Error> {
        let value = handle.value(self.vm)?;
        Ok(self.local(value))
    }

    // ----- Asking a value ---------------------------------------------------

    /// The attribute of a value.
    ///
    /// # Errors
    /// AttributeError, and whatever a property raises.
    pub fn get_attr(&mut self, value: &Local<'s>, name: &str) -> Result<Local<'s>, Error> {
        self.made(|vm| vm.get_attr(&value.value, name))
    }

    /// Sets an attribute of a value.
    ///
    /// # Errors
    /// AttributeError, and whatever a property raises.
    pub fn set_attr(
        &mut self,
        value: &Local<'s>,
        name: &str,
        new: impl IntoScript,
    ) -> Result<(), Error> {
        let new = self.make(new)?;
        self.within(|vm| vm.set_attr(&value.value, name, &new.value))
    }

    /// `value[key]`
    ///
    /// # Errors
    /// KeyError, IndexError, TypeError, and whatever `__getitem__` raises.
    pub fn get_item(
        &mut self,
        value: &Local<'s>,
        key: impl IntoScript,
    ) -> Result<Local<'s>, Error> {
        let key = self.make(key)?;
        self.made(|vm| vm.get_item(&value.value, &key.value))
    }

    /// `value[key] = new`
    ///
    /// # Errors
    /// As `get_item`.
    pub fn set_item(
        &mut self,
        value: &Local<'s>,
        key: impl IntoScript,
        new: impl IntoScript,
    ) -> Result<(), Error> {
        let key = self.make(key)?;
        let new = self.make(new)?;
        self.within(|vm| vm.set_item(&value.value, &key.value, &new.value))
    }

    /// Calls a value with these arguments: a tuple, or an array or vector of values.
    ///
    /// # Errors
    /// Whatever the callee raises.
    pub fn call(
        &mut self,
        callee: &Local<'s>,
        arguments: impl IntoArguments,
    ) -> Result<Local<'s>, Error> {
        self.call_kw(callee, arguments, &[])
    }

    /// As `call`, with arguments by name behind those by position.
    ///
    /// # Errors
    /// Whatever the callee raises.
    pub fn call_kw(
        &mut self,
        callee: &Local<'s>,
        arguments: impl IntoArguments,
        named: &[(&str, Local<'s>)],
    ) -> Result<Local<'s>, Error> {
        let _entered = self.vm.enter();
        let mut given = arguments.into_arguments(self)?;
        if named.is_empty() {
            let result = self.vm.call_taking(callee.value.clone(), given, None);
            return match result {
                Ok(value) => Ok(self.local(value)),
                Err(raised) => Err(Error::from_raised(self.vm, raised)),
            };
        }
        let mut names = Vec::new();
        for (name, value) in named {
            names.push(self.vm.intern(name).into_value());
            given.push(value.value.clone());
        }
        self.made(|vm| {
            let names = Tuple::from_vec(names);
            let names = vm.lift(names)?.into_value();
            vm.call_taking(callee.value.clone(), given, Some(&names))
        })
    }

    /// Calls a method of a value.
    ///
    /// # Errors
    /// AttributeError, and whatever the method raises.
    pub fn call_method(
        &mut self,
        value: &Local<'s>,
        name: &str,
        arguments: impl IntoArguments,
    ) -> Result<Local<'s>, Error> {
        let _entered = self.vm.enter();
        let given = arguments.into_arguments(self)?;
        self.made(|vm| vm.call_method(&value.value, name, &given))
    }

    /// What a loop over the value would give, one after the other.
    ///
    /// ```
    /// # use hoopsnake::engine::{Engine, Error};
    /// # use hoopsnake::host::Host;
    /// # let mut engine = Engine::new(Host::simulated(0).0);
    /// engine.enter(|scope| {
    ///     let squares = scope.eval("(n * n for n in range(3))")?;
    ///     let mut items = scope.iterate(&squares)?;
    ///     let mut sum = 0;
    ///     while let Some(item) = items.next(scope)? {
    ///         sum += scope.get::<i64>(&item)?;
    ///     }
    ///     assert_eq!(sum, 5);
    ///     Ok::<(), Error>(())
    /// })
    /// # ?; Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// TypeError if it cannot be iterated over, and whatever `__iter__` raises.
    pub fn iterate(&mut self, value: &Local<'s>) -> Result<Items<'s>, Error> {
        let iterator = self.made(|vm| vm.iter(&value.value))?;
        Ok(Items { iterator })
    }

    /// `repr(value)`
    ///
    /// # Errors
    /// Whatever `__repr__` raises.
    pub fn repr(&mut self, value: &Local<'s>) -> Result<String, Error> {
        self.within(|vm| Ok(plain(vm.repr(&value.value)?.as_value())))
    }

    /// `str(value)`
    ///
    /// # Errors
    /// Whatever `__str__` raises.
    pub fn str(&mut self, value: &Local<'s>) -> Result<String, Error> {
        self.within(|vm| Ok(plain(vm.str(&value.value)?.as_value())))
    }

    /// `bool(value)`
    ///
    /// # Errors
    /// Whatever `__bool__` and `__len__` raise.
    pub fn truth(&mut self, value: &Local<'s>) -> Result<bool, Error> {
        self.within(|vm| vm.truth(&value.value))
    }

    /// `len(value)`
    ///
    /// # Errors
    /// TypeError if it has none, and whatever `__len__` raises.
    pub fn len(&mut self, value: &Local<'s>) -> Result<usize, Error> {
        self.within(|vm| vm.len(&value.value))
    }

    /// `a == b`
    ///
    /// # Errors
    /// Whatever `__eq__` raises.
    pub fn eq(&mut self, a: &Local<'s>, b: &Local<'s>) -> Result<bool, Error> {
        self.within(|vm| vm.eq(&a.value, &b.value))
    }

    /// `isinstance(value, class)`
    ///
    /// # Errors
    /// TypeError if that is no class, and whatever `__instancecheck__` raises.
    pub fn is_instance(&mut self, value: &Local<'s>, class: &Local<'s>) -> Result<bool, Error> {
        self.within(|vm| vm.is_instance(&value.value, &class.value))
    }

    /// The name of a value's type, as messages show it.
    pub fn type_name(&mut self, value: &Local<'s>) -> String {
        let _entered = self.vm.enter();
        self.vm.type_name(&value.value)
    }

    // ----- Names, modules, texts --------------------------------------------

    /// The namespace of the main script.
    fn main(&mut self) -> R<Ref<Dict>> {
        let main = match self.vm.modules.get_name("__main__") {
            Some(main) => main,
            None if self.vm.builtins.is_empty() => prepare_main(self.vm, None, None)?.into_value(),
            // The built-in names are there, and what an embedder may have put in their place; so is the path.
            None => new_main(self.vm, None)?.into_value(),
        };
        match main.get::<Module>() {
            Some(module) => Ok(module.namespace.clone()),
            None => Err(self.vm.runtime_error("__main__ is no module any more")),
        }
    }

    fn main_or_error(&mut self) -> Result<Ref<Dict>, Error> {
        let _entered = self.vm.enter();
        match self.main() {
            Ok(namespace) => Ok(namespace),
            Err(raised) => Err(Error::from_raised(self.vm, raised)),
        }
    }

    /// A name of the main script, or a built-in one.
    ///
    /// # Errors
    /// NameError if there is neither.
    pub fn global(&mut self, name: &str) -> Result<Local<'s>, Error> {
        let _entered = self.vm.enter();
        let namespace = self.main_or_error()?;
        self.made(|vm| {
            let found = namespace.get_name(name);
            match found.or_else(|| vm.builtins.get_name(name)) {
                Some(value) => Ok(value),
                None => {
                    let name = string(name);
                    Err(vm.name_error(&name))
                }
            }
        })
    }

    /// Sets a name of the main script.
    ///
    /// # Errors
    /// `Error::Conversion` if a script can have no such value.
    pub fn set_global(&mut self, name: &str, value: impl IntoScript) -> Result<(), Error> {
        let _entered = self.vm.enter();
        let value = self.make(value)?;
        let namespace = self.main_or_error()?;
        self.within(|vm| vm.set_name(&namespace, name, value.value.clone()))
    }

    /// Imports a module: `scope.import("json")`.
    ///
    /// # Errors
    /// ImportError, and whatever the module raises.
    pub fn import(&mut self, module: &str) -> Result<Local<'s>, Error> {
        self.main_or_error()?;
        self.made(|vm| vm.import(module))
    }

    /// The value of an expression, with the names of the main script.
    ///
    /// # Errors
    /// `Error::Syntax`, and whatever the expression raises.
    pub fn eval(&mut self, expression: &str) -> Result<Local<'s>, Error> {
        self.compile_and_run(expression, Mode::Eval)
    }

    /// Runs statements with the names of the main script. They cannot `await`; that takes `Engine::run`.
    ///
    /// # Errors
    /// `Error::Syntax`, and whatever the statements raise.
    pub fn exec(&mut self, statements: &str) -> Result<(), Error> {
        self.compile_and_run(statements, Mode::File).map(drop)
    }

    fn compile_and_run(&mut self, text: &str, mode: Mode) -> Result<Local<'s>, Error> {
        let _entered = self.vm.enter();
        let namespace = self.main_or_error()?;
        let request = Request {
            text: text.as_bytes(),
            name: "<string>",
            mode,
            top_level_await: false,
            hidden: false,
            optimize: self.vm.host.environment.settings.optimize,
            from_tree: false,
        };
        let (code, warnings) = self.vm.loader.compile(&request)?;
        self.made(|vm| {
            vm.issue_syntax_warnings(warnings)?;
            let code = vm.instantiate_code(code);
            let body = vm.new_function(code, namespace.clone(), None);
            match mode {
                // An expression looks its names up in what it is given.
                Mode::Eval => vm.call(body.as_value(), &[namespace.into_value()]),
                _ => vm.call(body.as_value(), &[]),
            }
        })
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}

/// What `Scope::iterate` goes through.
///
/// ```
/// use hoopsnake::{Engine, Error};
///
/// let mut engine = Engine::builder().build()?;
/// let longest = engine.enter(|scope| {
///     let words = scope.eval("(word for word in ('a', 'bbb', 'cc'))")?;
///     let mut items = scope.iterate(&words)?;
///     let mut longest = String::new();
///     while let Some(item) = items.next(scope)? {
///         let word: String = scope.get(&item)?;
///         if word.len() > longest.len() {
///             longest = word;
///         }
///     }
///     Ok::<_, Error>(longest)
/// })?;
/// assert_eq!(longest, "bbb");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Items<'s> {
    iterator: Local<'s>,
}

impl<'s> Items<'s> {
    /// The next item; None at the end.
    ///
    /// # Errors
    /// Whatever `__next__` raises.
    pub fn next(&mut self, scope: &mut Scope<'s>) -> Result<Option<Local<'s>>, Error> {
        let item = scope.within(|vm| vm.next(&self.iterator.value))?;
        Ok(item.map(|item| scope.local(item)))
    }
}

impl Engine {
    /// Enters the engine: the closure works with its values at once.
    ///
    /// ```
    /// use hoopsnake::engine::{Engine, Error};
    /// use hoopsnake::host::Host;
    ///
    /// let mut engine = Engine::new(Host::simulated(0).0);
    /// engine.enter(|scope| {
    ///     scope.set_global("name", "world")?;
    ///     let text = scope.eval("f'hello {name}'")?;
    ///     assert_eq!(scope.get::<String>(&text)?, "hello world");
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn enter<T>(&mut self, work: impl for<'s> FnOnce(&mut Scope<'s>) -> T) -> T {
        let vm = &mut *self.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        drop(vm.roots.empty_released());
        let result = work(&mut Scope::new(vm));
        self.vm.discard_run();
        if self.vm.heap.has_finalizers() {
            self.vm.run_finalizers_now();
        }
        result
    }

    /// The attribute of a value.
    ///
    /// # Errors
    /// AttributeError, whatever a property raises, and `Error::Conversion`.
    pub fn get_attr<T: FromScript>(&mut self, value: &Handle, name: &str) -> Result<T, Error> {
        self.enter(|scope| {
            let value = scope.held(value)?;
            let found = scope.get_attr(&value, name)?;
            scope.get(&found)
        })
    }

    /// Sets an attribute of a value.
    ///
    /// # Errors
    /// AttributeError, and whatever a property raises.
    pub fn set_attr(
        &mut self,
        value: &Handle,
        name: &str,
        new: impl IntoScript,
    ) -> Result<(), Error> {
        self.enter(|scope| {
            let value = scope.held(value)?;
            scope.set_attr(&value, name, new)
        })
    }

    /// `value[key]`
    ///
    /// # Errors
    /// KeyError, IndexError, TypeError, whatever `__getitem__` raises, and `Error::Conversion`.
    pub fn get_item<T: FromScript>(
        &mut self,
        value: &Handle,
        key: impl IntoScript,
    ) -> Result<T, Error> {
        self.enter(|scope| {
            let value = scope.held(value)?;
            let found = scope.get_item(&value, key)?;
            scope.get(&found)
        })
    }

    /// A name of the main script, or a built-in one.
    ///
    /// # Errors
    /// NameError if there is neither, and `Error::Conversion`.
    pub fn global<T: FromScript>(&mut self, name: &str) -> Result<T, Error> {
        self.enter(|scope| {
            let found = scope.global(name)?;
            scope.get(&found)
        })
    }

    /// Sets a name of the main script.
    ///
    /// # Errors
    /// `Error::Conversion` if a script can have no such value.
    pub fn set_global(&mut self, name: &str, value: impl IntoScript) -> Result<(), Error> {
        self.enter(|scope| scope.set_global(name, value))
    }

    /// A handle of a value made from one of Rust's.
    ///
    /// # Errors
    /// `Error::Conversion` if a script can have no such value.
    pub fn hold(&mut self, value: impl IntoScript) -> Result<Handle, Error> {
        self.enter(|scope| {
            let value = scope.make(value)?;
            Ok(scope.hold(&value))
        })
    }

    /// What a handle holds, as a value of Rust's.
    ///
    /// # Errors
    /// `Error::Conversion` if it is of another type, or does not fit.
    pub fn get<T: FromScript>(&mut self, value: &Handle) -> Result<T, Error> {
        self.enter(|scope| {
            let value = scope.held(value)?;
            scope.get(&value)
        })
    }

    /// `repr(value)`
    ///
    /// # Errors
    /// Whatever `__repr__` raises.
    pub fn repr(&mut self, value: &Handle) -> Result<String, Error> {
        self.enter(|scope| {
            let value = scope.held(value)?;
            scope.repr(&value)
        })
    }

    /// `str(value)`
    ///
    /// # Errors
    /// Whatever `__str__` raises.
    pub fn str(&mut self, value: &Handle) -> Result<String, Error> {
        self.enter(|scope| {
            let value = scope.held(value)?;
            scope.str(&value)
        })
    }

    /// Lets scripts import a module of the embedding program.
    ///
    /// # Errors
    /// `Error::Internal` if a signature in it is wrong, and what making its constants raises.
    pub fn add_module(&mut self, module: &super::Module) -> Result<(), Error> {
        self.enter(|scope| module.install(scope.vm()))
    }

    /// Makes a function of the embedding program a built-in one of this engine.
    ///
    /// # Errors
    /// `Error::Internal` if its signature is wrong.
    pub fn add_function(&mut self, function: &super::Function) -> Result<(), Error> {
        self.enter(|scope| {
            // The other built-in ones come first, and would take its place.
            scope.global("__name__")?;
            function.install(scope.vm())
        })
    }

    /// How many values of this engine are held by handles.
    pub fn handle_count(&mut self) -> usize {
        self.enter(|scope| scope.vm().roots.len())
    }
}
