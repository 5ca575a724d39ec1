//! The names of a program that ran.

use super::Engine;
use super::convert::{FromScript, IntoScript};
use super::error::Error;
use super::handle::Handle;
use super::scope::{Local, Scope};

/// The names that a program has bound: its functions, classes and values.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
///
/// let mut engine = Engine::builder().build()?;
/// let script = Script::compile("rules", "def price(n): return n * 3\nrate = 1.5")?;
/// let names = engine.run(&script).blocking()?;
/// assert_eq!(names.get::<f64>(&mut engine, "rate")?, 1.5);
/// let price = names.handle(&mut engine, "price")?;
/// assert_eq!(engine.call::<i64>(&price, (14,)).blocking()?, 42);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Namespace(Handle);

impl Namespace {
    /// The dict itself.
    pub fn dict(&self) -> &Handle {
        &self.0
    }

    /// What a name is bound to.
    ///
    /// # Errors
    /// KeyError if the program has not bound it; `Error::Conversion` if it is of another type.
    pub fn get<T: FromScript>(&self, engine: &mut Engine, name: &str) -> Result<T, Error> {
        engine.enter(|scope| {
            let dict = scope.held(&self.0)?;
            let value = scope.get_item(&dict, name)?;
            scope.get(&value)
        })
    }

    /// A handle of what a name is bound to.
    ///
    /// # Errors
    /// KeyError if the program has not bound it.
    pub fn handle(&self, engine: &mut Engine, name: &str) -> Result<Handle, Error> {
        self.get(engine, name)
    }

    /// Binds a name.
    ///
    /// # Errors
    /// `Error::Conversion` if a script can have no such value.
    pub fn set(
        &self,
        engine: &mut Engine,
        name: &str,
        value: impl IntoScript,
    ) -> Result<(), Error> {
        engine.enter(|scope| {
            let dict = scope.held(&self.0)?;
            scope.set_item(&dict, name, value)
        })
    }
}

impl FromScript for Namespace {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        Ok(Namespace(scope.hold(value)))
    }
}
