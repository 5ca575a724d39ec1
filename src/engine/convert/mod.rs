//! Values of Rust's from those of a script, and the other way.
//!
//! | Rust | script |
//! |---|---|
//! | `bool` | bool |
//! | all integers, `IBig` | int; one that does not fit is an error |
//! | `f32`, `f64` | float; an int is taken too |
//! | `String`, `&str`, `Box<str>`, `Arc<str>`, `Cow<str>`, `char` | str |
//! | `Bytes`, `Vec<u8>`, `&[u8]` | bytes; a bytearray is taken too |
//! | `Option` | None or the value |
//! | `()` | None |
//! | `Vec`, `VecDeque`, slices, arrays | list; any iterable but text is taken |
//! | tuples to twelve | tuple; a list of that length is taken too |
//! | `HashMap`, `BTreeMap`, `IndexMap` | dict; any mapping is taken |
//! | `HashSet`, `BTreeSet` | set; a frozenset is taken too |
//! | `Duration` | float, in seconds; an int is taken too |
//! | `PathBuf`, `&Path` | str; bytes and what has `__fspath__` is taken too |
//! | `Handle`, `Local` | the value as it is |

mod containers;
mod numbers;
mod text;
mod tuples;

pub use text::Bytes;

use super::error::Error;
use super::handle::Handle;
use super::scope::{Local, Scope};
use crate::builtins::arguments::shown_type;
use crate::heap::Value;
use crate::object::native::Args;

/// A type whose values can be made from those of a script.
///
/// ```
/// use hoopsnake::engine::{Engine, Error, FromScript, Local, Scope};
/// use hoopsnake::host::Host;
///
/// struct Celsius(f64);
///
/// impl FromScript for Celsius {
///     fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
///         let degrees = scope.get(value)?;
///         match degrees >= -273.15 {
///             true => Ok(Celsius(degrees)),
///             false => Err(Error::wrong_value("expected a temperature above absolute zero")),
///         }
///     }
/// }
///
/// let mut engine = Engine::new(Host::simulated(0).0);
/// let error = engine.enter(|scope| {
///     let readings = scope.eval("[20, -300]")?;
///     scope.get::<Vec<Celsius>>(&readings).map(drop)
/// });
/// let text = error.unwrap_err().to_string();
/// assert_eq!(text, "list item 1: expected a temperature above absolute zero");
/// ```
pub trait FromScript: Sized {
    /// Makes one.
    ///
    /// # Errors
    /// `Error::Conversion` for a value that is of another type, or does not fit.
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error>;

    /// The same where nothing has to be asked and nothing can go wrong: the short way of calls.
    #[doc(hidden)]
    #[inline]
    fn from_plain(_value: &Value) -> Option<Self> {
        None
    }

    /// Makes many from a value that holds them: bytes are taken at once.
    #[doc(hidden)]
    fn many_from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Vec<Self>, Error> {
        containers::items(value, scope)
    }
}

/// A type whose values can become those of a script.
///
/// ```
/// use hoopsnake::engine::{Engine, Error, IntoScript, Local, Scope};
/// use hoopsnake::host::Host;
///
/// struct Color { red: u8, green: u8, blue: u8 }
///
/// impl IntoScript for Color {
///     fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
///         scope.make((self.red, self.green, self.blue))
///     }
/// }
///
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.set_global("accent", Color { red: 255, green: 127, blue: 0 })?;
/// let accent = engine.global::<(u8, u8, u8)>("accent")?;
/// assert_eq!(accent, (255, 127, 0));
/// # Ok::<(), Error>(())
/// ```
pub trait IntoScript: Sized {
    /// Makes the script's value.
    ///
    /// # Errors
    /// `Error::Conversion` if a script can have no such value, MemoryError if there is no room for it.
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error>;

    /// The same where no scope is needed and nothing can go wrong: the short way of calls. What cannot
    /// go it comes back.
    #[doc(hidden)]
    #[inline]
    fn into_plain(self) -> Result<Value, Self> {
        Err(self)
    }

    /// Makes one value of many: bytes at once.
    #[doc(hidden)]
    fn many_into_script<'s>(items: Vec<Self>, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        containers::list(items, scope)
    }
}

/// What a call can be given: a tuple of values, or an array or vector of values of one type, such as `Local`.
///
/// ```
/// use hoopsnake::{Engine, Error};
///
/// let mut engine = Engine::builder().build()?;
/// engine.enter(|scope| {
///     let largest = scope.eval("max")?;
///     let of_tuple = scope.call(&largest, (3, 4.5))?;
///     let of_vector = scope.call(&largest, vec![1, 2, 3])?;
///     assert_eq!(scope.get::<f64>(&of_tuple)?, 4.5);
///     assert_eq!(scope.get::<i64>(&of_vector)?, 3);
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
pub trait IntoArguments {
    /// The values.
    ///
    /// # Errors
    /// As `IntoScript::into_script`, and the error says which argument it is.
    #[doc(hidden)]
    fn into_arguments(self, scope: &mut Scope<'_>) -> Result<Args, Error>;
}

impl<T: IntoScript> IntoArguments for Vec<T> {
    fn into_arguments(self, scope: &mut Scope<'_>) -> Result<Args, Error> {
        let mut arguments = Args::new();
        for given in self {
            let value = given.into_script(scope);
            let value = value.map_err(|e| e.at(|| format!("argument {}", arguments.len() + 1)))?;
            arguments.push(value.into_value());
        }
        Ok(arguments)
    }
}

impl<T: IntoScript, const N: usize> IntoArguments for [T; N] {
    fn into_arguments(self, scope: &mut Scope<'_>) -> Result<Args, Error> {
        Vec::from(self).into_arguments(scope)
    }
}

/// The error of a value that is not what was asked for.
#[cold]
pub(super) fn expected(what: &str, value: &Local<'_>, scope: &mut Scope<'_>) -> Error {
    let given = shown_type(scope.vm(), value.value());
    Error::conversion(format!("expected {what}, got {given}"))
}

impl IntoScript for Local<'_> {
    #[inline]
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        match scope.owns(&self) {
            true => {
                let value = self.into_value();
                Ok(scope.local(value))
            }
            false => Err(foreign()),
        }
    }
}

impl IntoScript for &Local<'_> {
    #[inline]
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        self.clone().into_script(scope)
    }
}

#[cold]
fn foreign() -> Error {
    Error::conversion("a value of another engine cannot be used in this one")
}

impl FromScript for Handle {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        Ok(scope.hold(value))
    }
}

impl IntoScript for Handle {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        scope.held(&self)
    }
}

impl IntoScript for &Handle {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        scope.held(self)
    }
}

impl FromScript for () {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        match value.is_none() {
            true => Ok(()),
            false => Err(expected("None", value, scope)),
        }
    }
}

impl IntoScript for () {
    #[inline]
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.none())
    }
}

impl<T: FromScript> FromScript for Option<T> {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        match value.is_none() {
            true => Ok(None),
            false => T::from_script(value, scope).map(Some),
        }
    }
}

impl<T: IntoScript> IntoScript for Option<T> {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        match self {
            Some(value) => value.into_script(scope),
            None => Ok(scope.none()),
        }
    }
}

impl<T: FromScript> FromScript for Box<T> {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        T::from_script(value, scope).map(Box::new)
    }
}

impl<T: IntoScript> IntoScript for Box<T> {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        (*self).into_script(scope)
    }
}
