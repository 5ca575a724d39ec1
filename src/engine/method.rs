//! Closures that can be methods of scripts' objects: they look at a value of Rust's, or change it.

use super::function::{Given, Parameter, WithScope};
use super::raise::HostError;
use super::scope::Scope;

/// A closure that can be a method which looks at its object: `|point: &Point, factor: f64| ...`. A
/// `&mut Scope<'_>` may come before the object. `M` stands for its parameters.
///
/// ```
/// use hoopsnake::{Class, Engine, Error};
///
/// struct Circle(f64);
///
/// let circle = Class::<Circle>::new("Circle")
///     .constructor("(radius)", Circle)
///     .method("scaled(factor=2.0)", |circle: &Circle, factor: f64| circle.0 * factor);
/// let mut engine = Engine::builder().class(circle).build()?;
/// assert_eq!(engine.eval::<f64>("Circle(21).scaled()").blocking()?, 42.0);
/// # Ok::<(), Error>(())
/// ```
pub trait HostMethod<T, M>: Send + Sync + 'static {
    /// What it returns.
    type Output;

    /// How many parameters it has beside the object.
    #[doc(hidden)]
    const ARITY: usize;

    /// Calls it.
    #[doc(hidden)]
    fn invoke(
        &self,
        scope: &mut Scope<'_>,
        object: &T,
        given: &Given<'_>,
    ) -> Result<Self::Output, HostError>;
}

/// A closure that can be a method which changes its object: `|point: &mut Point, by: f64| ...`. A
/// `&mut Scope<'_>` may come before the object. `M` stands for its parameters.
///
/// ```
/// use hoopsnake::{Class, Engine, Error};
///
/// struct Stack(Vec<i64>);
///
/// let stack = Class::<Stack>::new("Stack")
///     .constructor("(*items)", Stack)
///     .method_mut("push(item)", |stack: &mut Stack, item: i64| stack.0.push(item))
///     .method_mut("pop()", |stack: &mut Stack| stack.0.pop());
/// let mut engine = Engine::builder().class(stack).build()?;
/// assert_eq!(engine.eval::<i64>("(s := Stack(1, 2), s.push(42), s.pop())[2]").blocking()?, 42);
/// # Ok::<(), Error>(())
/// ```
pub trait HostMethodMut<T, M>: Send + Sync + 'static {
    /// What it returns.
    type Output;

    /// How many parameters it has beside the object.
    #[doc(hidden)]
    const ARITY: usize;

    /// Calls it.
    #[doc(hidden)]
    fn invoke(
        &self,
        scope: &mut Scope<'_>,
        object: &mut T,
        given: &Given<'_>,
    ) -> Result<Self::Output, HostError>;
}

macro_rules! host_method {
    ($method:ident [$($lent:tt)*] $arity:literal $($type:ident $number:tt)*) => {
        impl<Fun, Own, Ret, $($type: Parameter),*> $method<Own, fn($($type),*) -> Ret> for Fun
        where
            Own: 'static,
            Fun: Send + Sync + 'static,
            Fun: for<'t> Fn(&'t $($lent)* Own, $($type),*) -> Ret
                + for<'t, 'p> Fn(&'t $($lent)* Own, $($type::Item<'p>),*) -> Ret,
        {
            type Output = Ret;
            const ARITY: usize = $arity;
            #[inline]
            fn invoke(
                &self,
                _scope: &mut Scope<'_>,
                object: &$($lent)* Own,
                _given: &Given<'_>,
            ) -> Result<Ret, HostError> {
                // As with functions, a call for which the bound that fits is used.
                #[inline(always)]
                fn call<Own, $($type,)* Ret>(
                    method: impl for<'t> Fn(&'t $($lent)* Own, $($type),*) -> Ret,
                    object: &$($lent)* Own,
                    arguments: ($($type,)*),
                ) -> Ret {
                    let _ = &arguments;
                    method(object, $(arguments.$number),*)
                }
                let arguments = ($(_given.take::<$type>($number, _scope)?,)*);
                Ok(call(self, object, arguments))
            }
        }

        impl<Fun, Own, Ret, $($type: Parameter),*>
            $method<Own, (WithScope, fn($($type),*) -> Ret)> for Fun
        where
            Own: 'static,
            Fun: Send + Sync + 'static,
            Fun: for<'a, 't, 'p> Fn(&'a mut Scope<'p>, &'t $($lent)* Own, $($type),*) -> Ret
                + for<'a, 't, 'p> Fn(
                    &'a mut Scope<'p>,
                    &'t $($lent)* Own,
                    $($type::Item<'p>),*
                ) -> Ret,
        {
            type Output = Ret;
            const ARITY: usize = $arity;
            #[inline]
            fn invoke(
                &self,
                scope: &mut Scope<'_>,
                object: &$($lent)* Own,
                _given: &Given<'_>,
            ) -> Result<Ret, HostError> {
                #[inline(always)]
                fn call<'s, Own, $($type,)* Ret>(
                    method: impl for<'a, 't> Fn(
                        &'a mut Scope<'s>,
                        &'t $($lent)* Own,
                        $($type),*
                    ) -> Ret,
                    scope: &mut Scope<'s>,
                    object: &$($lent)* Own,
                    arguments: ($($type,)*),
                ) -> Ret {
                    let _ = &arguments;
                    method(scope, object, $(arguments.$number),*)
                }
                let arguments = ($(_given.take::<$type>($number, scope)?,)*);
                Ok(call(self, scope, object, arguments))
            }
        }
    };
}

macro_rules! both {
    ($($arity:literal: $($type:ident $number:tt)*;)+) => {$(
        host_method! { HostMethod [] $arity $($type $number)* }
        host_method! { HostMethodMut [mut] $arity $($type $number)* }
    )+};
}

both! {
    0: ;
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
}
