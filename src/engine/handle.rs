//! A script's value in the hands of Rust code that is outside the engine.

use std::fmt;
use std::sync::Arc;

use crate::heap::Value;
use crate::vm::Vm;
use crate::vm::roots::Released;

use super::error::Error;

/// A value of an engine, held from outside. It keeps the value alive as long as the engine is.
///
/// A handle may go to any thread and be dropped there, also while the engine runs or when it is gone.
/// What it holds can only be looked at by the engine it comes from: with any other it is an error.
///
/// ```
/// use hoopsnake::engine::Engine;
/// use hoopsnake::host::Host;
///
/// let mut engine = Engine::new(Host::simulated(0).0);
/// let numbers = engine.enter(|scope| {
///     let list = scope.eval("[1, 2]")?;
///     Ok::<_, hoopsnake::engine::Error>(scope.hold(&list))
/// })?;
/// let copy = numbers.clone();
/// std::thread::spawn(move || drop(copy)).join().unwrap();
/// assert_eq!(engine.repr(&numbers)?, "[1, 2]");
/// # Ok::<(), hoopsnake::engine::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle(Arc<Root>);

/// A slot that is released when nobody names it any more.
struct Root {
    engine: Arc<Released>,
    slot: usize,
}

impl Drop for Root {
    fn drop(&mut self) {
        self.engine.push(self.slot);
    }
}

impl Handle {
    /// Holds a value of this VM.
    pub(crate) fn new(vm: &mut Vm, value: Value) -> Handle {
        let engine = vm.roots.released.clone();
        let slot = vm.roots.hold(value);
        Handle(Arc::new(Root { engine, slot }))
    }

    /// The value, if it is one of this VM.
    pub(crate) fn value(&self, vm: &Vm) -> Result<Value, Error> {
        match self.belongs_to(vm) {
            true => Ok(vm.roots.get(self.0.slot)),
            false => Err(Error::conversion(
                "a handle of another engine has no value in this one",
            )),
        }
    }

    /// Whether this is a value of this VM.
    pub(crate) fn belongs_to(&self, vm: &Vm) -> bool {
        Arc::ptr_eq(&self.0.engine, &vm.roots.released)
    }

    /// Whether both are the same handle: one was cloned from the other. Two handles of one object
    /// need not be.
    pub fn is_same(&self, other: &Handle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.0.slot)
    }
}
