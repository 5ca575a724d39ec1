//! Async functions of the embedding program: scripts await them like coroutines, or call them as plain functions.

use std::future::Future;
use std::sync::Arc;

use super::function::{Function, Given, HostFunction, Returned, guarded, guarded_by};
use super::raise::HostError;
use super::scope::{Local, Scope};
use crate::modules::host_work::AWAIT;
use crate::object::generator::Flavour;
use crate::object::host_work::{HostWork, Outcome, Work};

/// Marks what is returned as a future.
#[doc(hidden)]
pub struct Async;

/// A future that a host function returns is a coroutine to scripts: they await it, gather it, make a task of it. It is polled
/// when it is awaited; when it is cancelled the future is dropped.
impl<F> Returned<Async> for F
where
    F: Future + Send + 'static,
    F::Output: Returned + Send + 'static,
{
    fn into_result<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, HostError> {
        self.into_result_of("<host function>", scope)
    }

    fn into_result_of<'s>(self, name: &str, scope: &mut Scope<'s>) -> Result<Local<'s>, HostError> {
        let work = HostWork::alloc(name, work(name, self)).into_value();
        let vm = scope.vm();
        let coroutine = vm.native_coroutine(&AWAIT, Flavour::Coroutine, &[work]);
        let name = vm.intern(name).into_value();
        coroutine.name.set(name.clone());
        coroutine.qualname.set(name);
        Ok(scope.local(coroutine.into_value()))
    }
}

/// A future whose result becomes the script's value, or exception, in the VM.
fn work<F>(name: &str, future: F) -> Work
where
    F: Future + Send + 'static,
    F::Output: Returned + Send + 'static,
{
    let name: Box<str> = name.into();
    Box::pin(async move {
        let result = future.await;
        let outcome: Outcome =
            Box::new(move |vm| guarded_by(vm, &name, |scope| result.into_result(scope)));
        outcome
    })
}

impl Function {
    /// A function that a script calls as a plain one, wherever it may call something, and that waits for an async closure:
    /// the thread of the script parks, and the engine's other threads go on. Called in a coroutine it stops that thread's
    /// loop, as `time.sleep` does. Where a built-in function is in the middle of its work (`__eq__` of a dict's key,
    /// `__lt__` in a sort) a run that is awaited cannot wait: that is a RuntimeError ("cannot block here").
    ///
    /// ```
    /// use hoopsnake::{Engine, Error, Function};
    ///
    /// let lookup = Function::blocking("lookup(key)", async |key: String| key.len() as i64);
    /// let mut engine = Engine::builder().add(lookup).build()?;
    /// let order = engine.eval::<Vec<String>>("sorted(['ccc', 'a', 'bb'], key=lookup)").blocking()?;
    /// assert_eq!(order, ["a", "bb", "ccc"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn blocking<M, F>(signature: &str, function: F) -> Function
    where
        M: 'static,
        F: HostFunction<M>,
        F::Output: Future + Send + 'static,
        <F::Output as Future>::Output: Returned + Send + 'static,
    {
        Function::waiting(signature, Some(F::ARITY), move |layout| {
            Arc::new(move |vm, values| {
                let layout = &*layout;
                guarded(vm, layout, |scope| {
                    let future = function.invoke(scope, &Given::new(values, layout))?;
                    let name = layout.name();
                    let work = HostWork::alloc(name, work(name, future));
                    Ok::<_, HostError>(scope.local(work.into_value()))
                })
            })
        })
    }
}
