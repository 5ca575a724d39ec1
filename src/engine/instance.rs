//! Objects of scripts that hold a value of Rust's, and the ways to it.

use std::any::TypeId;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::convert::{IntoScript, expected};
use super::error::Error;
use super::function::Parameter;
use super::scope::{Local, Scope, in_heap};
use crate::heap::Heap;
use crate::object::host::{Changed, HostObject, Looked, Refusal};

/// A value that becomes an object of the class which the engine has for its type.
///
/// ```
/// use hoopsnake::engine::{Class, Engine, Error, Instance};
/// use hoopsnake::host::Host;
///
/// struct Counter(i64);
///
/// let counter = Class::<Counter>::new("Counter").method_mut("next", |counter: &mut Counter| {
///     counter.0 += 1;
///     counter.0
/// });
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.add_class(counter)?;
/// engine.set_global("counter", Instance(Counter(40)))?;
/// engine.enter(|scope| scope.exec("counter.next()\nlast = counter.next()"))?;
/// assert_eq!(engine.global::<i64>("last")?, 42);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Instance<T>(pub T);

impl<T: Send + 'static> IntoScript for Instance<T> {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        scope.wrap(self.0)
    }
}

/// A value of Rust's in an object, to be looked at. As long as there is one, nobody can change the value.
///
/// ```
/// use hoopsnake::{Class, Engine, Error, Ref};
///
/// struct Team(Vec<String>);
///
/// let team = Class::<Team>::new("Team").constructor("(*names)", Team);
/// let mut engine = Engine::builder()
///     .class(team)
///     .function("size(team)", |team: Ref<'_, Team>| team.0.len())
///     .build()?;
/// assert_eq!(engine.eval::<usize>("size(Team('Ada', 'Grace'))").blocking()?, 2);
/// # Ok::<(), Error>(())
/// ```
pub struct Ref<'s, T: 'static> {
    looked: Option<Looked<T>>,
    heap: *const Heap,
    scope: PhantomData<&'s ()>,
}

/// A value of Rust's in an object, to be changed. As long as there is one, nobody else gets at the value.
///
/// ```
/// use hoopsnake::{Class, Engine, Error, RefMut};
///
/// struct Account(i64);
///
/// let account = Class::<Account>::new("Account")
///     .constructor("(balance)", Account)
///     .getter("balance", |account: &Account| account.0);
/// let mut engine = Engine::builder()
///     .class(account)
///     .function("pay(account, amount)", |mut account: RefMut<'_, Account>, amount: i64| account.0 += amount)
///     .build()?;
/// assert_eq!(engine.eval::<i64>("(a := Account(40), pay(a, 2), a.balance)[2]").blocking()?, 42);
/// # Ok::<(), Error>(())
/// ```
pub struct RefMut<'s, T: 'static> {
    changed: Option<Changed<T>>,
    heap: *const Heap,
    scope: PhantomData<&'s ()>,
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.looked.as_deref().expect("it is there until the drop")
    }
}

impl<T> Deref for RefMut<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.changed.as_deref().expect("it is there until the drop")
    }
}

impl<T> DerefMut for RefMut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changed
            .as_deref_mut()
            .expect("it is there until the drop")
    }
}

impl<T> Drop for Ref<'_, T> {
    fn drop(&mut self) {
        let looked = self.looked.take();
        in_heap(self.heap, || drop(looked));
    }
}

impl<T> Drop for RefMut<'_, T> {
    fn drop(&mut self) {
        let changed = self.changed.take();
        in_heap(self.heap, || drop(changed));
    }
}

impl<T: 'static> Parameter for Ref<'_, T> {
    type Item<'s> = Ref<'s, T>;
    fn take<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Ref<'s, T>, Error> {
        scope.borrow(value)
    }
}

impl<T: 'static> Parameter for RefMut<'_, T> {
    type Item<'s> = RefMut<'s, T>;
    fn take<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<RefMut<'s, T>, Error> {
        scope.borrow_mut(value)
    }
}

impl<'s> Scope<'s> {
    /// A new object that holds a value of Rust's, of the class which this engine has for its type.
    ///
    /// # Errors
    /// `Error::Conversion` if it has none.
    pub fn wrap<T: Send + 'static>(&mut self, value: T) -> Result<Local<'s>, Error> {
        let class = self.vm().host_classes.get(&TypeId::of::<T>()).cloned();
        let Some(class) = class else {
            let name = std::any::type_name::<T>();
            return Err(Error::conversion(format!(
                "this engine has no class for values of {name}"
            )));
        };
        let shape = class.root_shape.get();
        let object = self.within(|_| Ok(HostObject::alloc(shape, Box::new(value)).into_value()))?;
        Ok(self.local(object))
    }

    /// The value of Rust's that an object holds, to be looked at.
    ///
    /// # Errors
    /// `Error::Conversion` if it holds none of this type, or somebody changes it just now.
    pub fn borrow<T: 'static>(&mut self, object: &Local<'s>) -> Result<Ref<'s, T>, Error> {
        match Looked::of(object.value()) {
            Ok(looked) => Ok(Ref {
                looked: Some(looked),
                heap: &raw const *self.vm().heap,
                scope: PhantomData,
            }),
            Err(refusal) => Err(refused::<T>(refusal, object, self)),
        }
    }

    /// The value of Rust's that an object holds, to be changed.
    ///
    /// # Errors
    /// `Error::Conversion` if it holds none of this type, or somebody else has it just now.
    pub fn borrow_mut<T: 'static>(&mut self, object: &Local<'s>) -> Result<RefMut<'s, T>, Error> {
        match Changed::of(object.value()) {
            Ok(changed) => Ok(RefMut {
                changed: Some(changed),
                heap: &raw const *self.vm().heap,
                scope: PhantomData,
            }),
            Err(refusal) => Err(refused::<T>(refusal, object, self)),
        }
    }
}

/// The error of a value that is not to be had.
#[cold]
pub(super) fn refused<T: 'static>(
    refusal: Refusal,
    object: &Local<'_>,
    scope: &mut Scope<'_>,
) -> Error {
    let class = scope.vm().host_classes.get(&TypeId::of::<T>());
    let name = match class.cloned() {
        Some(class) => class.name_str(),
        None => std::any::type_name::<T>().to_string(),
    };
    match refusal {
        Refusal::OtherType => expected(&name, object, scope),
        Refusal::Changed => Error::busy(format!("this {name} is being changed just now")),
        Refusal::Looked => Error::busy(format!(
            "this {name} cannot be changed while somebody looks at it"
        )),
    }
}
