//! Functions of the embedding program that scripts call.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::convert::{FromScript, IntoScript};
use super::error::Error;
use super::raise::HostError;
use super::scope::{Local, Scope};
use super::signature::Layout;
use crate::heap::Value;
use crate::object::native::{Binding, HostCall, Native, NativeCode, R};
use crate::vm::Vm;

/// A function of the embedding program. It is made before there is an engine, and can be given to many.
///
/// It is made from a signature and a closure. The signature is as in a `def`: names, defaults (which
/// are literals), `*`, `/`, `*rest`, `**named`; the closure takes one parameter for each name, and may
/// take a `&mut Scope<'_>` before them. A signature without parentheses takes what the closure takes,
/// by position only. The closure's parameters need their types written down.
///
/// What it returns is a value or a `Result` whose error becomes an exception, see `HostError`. When it
/// panics the script gets a RuntimeError.
///
/// ```
/// use hoopsnake::engine::{Engine, Error, Function};
/// use hoopsnake::host::Host;
///
/// let connect = Function::new("connect(host, port=80, *, tls=False)", |host: String, port: u16, tls: bool| {
///     format!("{}://{host}:{port}", if tls { "https" } else { "http" })
/// });
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.set_global("connect", &connect)?;
/// engine.enter(|scope| {
///     let url = scope.eval("connect('localhost', tls=True)")?;
///     assert_eq!(scope.get::<String>(&url)?, "https://localhost:80");
///     let error = scope.eval("connect(80)").unwrap_err();
///     assert_eq!(error.to_string(), "TypeError: connect() argument 'host': expected str, got int");
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Function {
    layout: Arc<Layout>,
    doc: Arc<str>,
    call: Arc<HostCall>,
    code: NativeCode,
}

/// A closure that can be a function of scripts. `M` stands for its parameters, so that closures of
/// many forms can be told apart.
///
/// ```
/// use hoopsnake::{Engine, Error, HostFunction, Returned};
///
/// /// An engine with one function, whatever its parameters are.
/// fn engine_with<M, K, F>(signature: &str, function: F) -> Result<Engine, Error>
/// where
///     M: 'static,
///     F: HostFunction<M>,
///     F::Output: Returned<K>,
/// {
///     Engine::builder().function(signature, function).build()
/// }
///
/// let mut engine = engine_with("area(width, height)", |width: f64, height: f64| width * height)?;
/// assert_eq!(engine.eval::<f64>("area(6, height=7)").blocking()?, 42.0);
/// # Ok::<(), Error>(())
/// ```
pub trait HostFunction<M>: Send + Sync + 'static {
    /// What it returns.
    type Output;

    /// How many parameters it has.
    #[doc(hidden)]
    const ARITY: usize;

    /// Calls it.
    #[doc(hidden)]
    fn invoke(&self, scope: &mut Scope<'_>, given: &Given<'_>) -> Result<Self::Output, HostError>;
}

/// What a parameter of a host function can be: whatever is made from a script's value, and what is only
/// lent for the call: `Local`, `Ref`, `RefMut`.
///
/// ```
/// use hoopsnake::{Engine, Error, Handle, Local, Scope};
///
/// let mut engine = Engine::builder()
///     .function("is_something(value)", |value: Local<'_>| !value.is_none())
///     .function("describe(value, times=1)", |scope: &mut Scope<'_>, value: Handle, times: usize| {
///         let value = scope.held(&value)?;
///         Ok::<String, Error>(scope.type_name(&value).repeat(times))
///     })
///     .build()?;
/// assert!(engine.eval::<bool>("is_something(0)").blocking()?);
/// assert_eq!(engine.eval::<String>("describe([], times=2)").blocking()?, "listlist");
/// # Ok::<(), Error>(())
/// ```
pub trait Parameter {
    /// What the function gets.
    type Item<'s>;

    /// Makes it.
    ///
    /// # Errors
    /// As `FromScript::from_script`.
    fn take<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self::Item<'s>, Error>;

    /// The same where nothing has to be asked, see `FromScript::from_plain`.
    #[doc(hidden)]
    #[inline]
    fn take_plain<'s>(_value: &Value, _scope: &Scope<'s>) -> Option<Self::Item<'s>> {
        None
    }
}

impl<T: FromScript> Parameter for T {
    type Item<'s> = T;
    #[inline]
    fn take<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<T, Error> {
        T::from_script(value, scope)
    }
    #[inline]
    fn take_plain<'s>(value: &Value, _scope: &Scope<'s>) -> Option<T> {
        T::from_plain(value)
    }
}

impl Parameter for Local<'_> {
    type Item<'s> = Local<'s>;
    #[inline]
    fn take<'s>(value: &Local<'s>, _: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(value.clone())
    }
}

/// What a host function can return.
///
/// `K` tells plain values from futures, which are coroutines to scripts.
///
/// ```
/// use hoopsnake::{Engine, Error};
///
/// let mut engine = Engine::builder()
///     .function("plain()", || 20)
///     .function("checked()", || "21".parse::<i64>())
///     .function("later()", async || 1)
///     .build()?;
/// assert_eq!(engine.eval::<i64>("plain() + checked() + await later()").blocking()?, 42);
/// # Ok::<(), Error>(())
/// ```
pub trait Returned<K = Plain> {
    /// The script's value, or the error that becomes an exception.
    #[doc(hidden)]
    fn into_result<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, HostError>;

    /// The same for the function of this name.
    #[doc(hidden)]
    fn into_result_of<'s>(self, _name: &str, scope: &mut Scope<'s>) -> Result<Local<'s>, HostError>
    where
        Self: Sized,
    {
        self.into_result(scope)
    }
}

/// Marks what is returned as a value, or a `Result`.
#[doc(hidden)]
pub struct Plain;

impl<T: IntoScript> Returned for T {
    #[inline]
    fn into_result<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, HostError> {
        match self.into_plain() {
            Ok(plain) => Ok(scope.local(plain)),
            Err(value) => Ok(value.into_script(scope)?),
        }
    }
}

impl<T: IntoScript, E: Into<HostError>> Returned for Result<T, E> {
    #[inline]
    fn into_result<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, HostError> {
        match self {
            Ok(value) => value.into_result(scope),
            Err(error) => Err(error.into()),
        }
    }
}

/// The arguments of a call, bound to the parameters.
#[doc(hidden)]
pub struct Given<'a> {
    values: &'a [Value],
    layout: &'a Layout,
}

impl<'a> Given<'a> {
    pub(super) fn new(values: &'a [Value], layout: &'a Layout) -> Given<'a> {
        Given { values, layout }
    }

    /// The argument for the closure's parameter of this number.
    #[inline]
    pub(super) fn take<'s, P: Parameter>(
        &self,
        number: usize,
        scope: &mut Scope<'s>,
    ) -> Result<P::Item<'s>, HostError> {
        let value = match self.layout.order() {
            None => &self.values[number],
            Some(order) => &self.values[order[number]],
        };
        if let Some(item) = P::take_plain(value, scope) {
            return Ok(item);
        }
        let local = scope.local(value.clone());
        match P::take(&local, scope) {
            Ok(item) => Ok(item),
            Err(error) => Err(self.blamed(number, error)),
        }
    }

    #[cold]
    fn blamed(&self, number: usize, error: Error) -> HostError {
        if self.layout.leaves_to_others()
            && let Error::Conversion(conversion) = &error
            && conversion.class() == "TypeError"
        {
            return HostError::not_implemented();
        }
        let place = self.layout.place(number);
        error.at(|| place).into()
    }
}

macro_rules! host_functions {
    ($($arity:literal: $($type:ident $number:tt)*;)+) => {$(
        impl<Fun, Ret, $($type: Parameter),*> HostFunction<fn($($type),*) -> Ret> for Fun
        where
            Fun: Send + Sync + 'static,
            Fun: Fn($($type),*) -> Ret + for<'p> Fn($($type::Item<'p>),*) -> Ret,
        {
            type Output = Ret;
            const ARITY: usize = $arity;
            #[inline]
            fn invoke(
                &self,
                _scope: &mut Scope<'_>,
                _given: &Given<'_>,
            ) -> Result<Ret, HostError> {
                // A call that is generic over the parameters, so that the bound that fits is used.
                #[inline(always)]
                fn call<$($type,)* Ret>(
                    function: impl Fn($($type),*) -> Ret,
                    arguments: ($($type,)*),
                ) -> Ret {
                    let _ = &arguments;
                    function($(arguments.$number),*)
                }
                let arguments = ($(_given.take::<$type>($number, _scope)?,)*);
                Ok(call(self, arguments))
            }
        }

        impl<Fun, Ret, $($type: Parameter),*>
            HostFunction<(WithScope, fn($($type),*) -> Ret)> for Fun
        where
            Fun: Send + Sync + 'static,
            Fun: for<'a, 'p> Fn(&'a mut Scope<'p>, $($type),*) -> Ret
                + for<'a, 'p> Fn(&'a mut Scope<'p>, $($type::Item<'p>),*) -> Ret,
        {
            type Output = Ret;
            const ARITY: usize = $arity;
            #[inline]
            fn invoke(
                &self,
                scope: &mut Scope<'_>,
                _given: &Given<'_>,
            ) -> Result<Ret, HostError> {
                #[inline(always)]
                fn call<'s, $($type,)* Ret>(
                    function: impl for<'a> Fn(&'a mut Scope<'s>, $($type),*) -> Ret,
                    scope: &mut Scope<'s>,
                    arguments: ($($type,)*),
                ) -> Ret {
                    let _ = &arguments;
                    function(scope, $(arguments.$number),*)
                }
                let arguments = ($(_given.take::<$type>($number, scope)?,)*);
                Ok(call(self, scope, arguments))
            }
        }
    )+};
}

/// Marks closures that take a scope first.
#[doc(hidden)]
pub struct WithScope;

host_functions! {
    0: ;
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}

impl Function {
    /// A function with this signature.
    pub fn new<M, K, F>(signature: &str, function: F) -> Function
    where
        M: 'static,
        F: HostFunction<M>,
        F::Output: Returned<K>,
    {
        Function::with_arity(signature, Some(F::ARITY), move |layout| {
            Arc::new(move |vm, values| {
                let layout = &*layout;
                guarded(vm, layout, |scope| {
                    let result = function.invoke(scope, &Given::new(values, layout))?;
                    result.into_result_of(layout.name(), scope)
                })
            })
        })
    }

    /// A function that gets its arguments as values of the script, one for each name in the signature,
    /// and returns one.
    ///
    /// ```
    /// use hoopsnake::engine::{Engine, Error, Function};
    /// use hoopsnake::host::Host;
    ///
    /// let first = Function::dynamic("first(items, default=None)", |scope, arguments| {
    ///     match scope.iterate(&arguments[0])?.next(scope)? {
    ///         Some(item) => Ok(item),
    ///         None => Ok(arguments[1].clone()),
    ///     }
    /// });
    /// let mut engine = Engine::new(Host::simulated(0).0);
    /// engine.set_global("first", first)?;
    /// let text = engine.enter(|scope| {
    ///     let found = scope.eval("first('text') + first('', default='none')")?;
    ///     scope.get::<String>(&found)
    /// })?;
    /// assert_eq!(text, "tnone");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn dynamic(
        signature: &str,
        function: impl for<'s> Fn(&mut Scope<'s>, &[Local<'s>]) -> Result<Local<'s>, HostError>
        + Send
        + Sync
        + 'static,
    ) -> Function {
        Function::with_arity(signature, None, move |layout| {
            Arc::new(move |vm, values| {
                let layout = &*layout;
                guarded(vm, layout, |scope| {
                    let given: Vec<Local<'_>> = (0..values.len())
                        .map(|number| match layout.order() {
                            None => values[number].clone(),
                            Some(order) => values[order[number]].clone(),
                        })
                        .map(|value| scope.local(value))
                        .collect();
                    function(scope, &given)
                })
            })
        })
    }

    /// A function that does its work in the VM. `make` gets the names of the parameters.
    pub(super) fn with_arity(
        signature: &str,
        arity: Option<usize>,
        make: impl FnOnce(Arc<Layout>) -> Arc<HostCall>,
    ) -> Function {
        Function::with_layout(Layout::of(signature, arity), make)
    }

    /// A function of this layout.
    pub(super) fn with_layout(
        layout: Layout,
        make: impl FnOnce(Arc<Layout>) -> Arc<HostCall>,
    ) -> Function {
        let layout = Arc::new(layout);
        Function {
            call: make(layout.clone()),
            layout,
            doc: "".into(),
            code: NativeCode::Host,
        }
    }

    /// As `with_arity`; what it gives is work, which the caller's thread waits for.
    pub(super) fn waiting(
        signature: &str,
        arity: Option<usize>,
        make: impl FnOnce(Arc<Layout>) -> Arc<HostCall>,
    ) -> Function {
        Function {
            code: NativeCode::HostWaiting,
            ..Function::with_arity(signature, arity, make)
        }
    }

    /// The same function with a docstring.
    pub fn doc(mut self, doc: &str) -> Function {
        self.doc = doc.into();
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.layout.name()
    }

    /// The function as a value; `owner` is the name of its module, or its class.
    pub(super) fn value(
        &self,
        vm: &mut Vm,
        owner: Value,
        binding: Binding,
    ) -> Result<Value, Error> {
        if let Some(problem) = self.layout.problem() {
            return Err(Error::Internal(format!(
                "the signature {:?} of a host function: {problem}",
                self.layout.text()
            )));
        }
        let def = vm
            .host_defs
            .intern((self.layout.text(), &self.doc), binding, self.code);
        Ok(Native::alloc_host(def, self.call.clone(), owner).into_value())
    }

    /// Makes the function a built-in one of an engine.
    pub(super) fn install(&self, vm: &mut Vm) -> Result<(), Error> {
        let owner = vm.intern("builtins").into_value();
        let value = self.value(vm, owner, Binding::Method)?;
        let builtins = vm.builtins.clone();
        match vm.set_name(&builtins, self.name(), value) {
            Ok(()) => Ok(()),
            Err(raised) => Err(Error::from_raised(vm, raised)),
        }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({:?})", self.layout.text())
    }
}

impl IntoScript for Function {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        (&self).into_script(scope)
    }
}

impl IntoScript for &Function {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        let owner = scope.vm().intern("__main__").into_value();
        let value = self.value(scope.vm(), owner, Binding::Method)?;
        Ok(scope.local(value))
    }
}

/// Runs code of the embedding program for a script: its error becomes an exception, and so does a panic.
#[inline]
pub(super) fn guarded(
    vm: &mut Vm,
    layout: &Layout,
    work: impl for<'s> FnOnce(&mut Scope<'s>) -> Result<Local<'s>, HostError>,
) -> R {
    guarded_by(vm, layout.name(), work)
}

/// As `guarded`, for the function of this name.
#[inline]
pub(super) fn guarded_by(
    vm: &mut Vm,
    name: &str,
    work: impl for<'s> FnOnce(&mut Scope<'s>) -> Result<Local<'s>, HostError>,
) -> R {
    let depth = vm.nested;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut scope = Scope::new(vm);
        work(&mut scope).map(Local::into_value)
    }));
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if error.is_not_implemented() => Ok(Value::NOT_IMPLEMENTED),
        Ok(Err(error)) => Err(error.into_raised(vm)),
        Err(panic) => {
            if vm.nested != depth {
                // It came out of the VM itself, which is not fit to go on.
                resume_unwind(panic);
            }
            let text = panic_text(&*panic);
            Err(vm.runtime_error(format!("host function '{name}' panicked: {text}")))
        }
    }
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "(no text)".into())
}
