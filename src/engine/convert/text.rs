//! Strings, bytes, paths.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FromScript, IntoScript, expected};
use crate::builtins::arguments::{self, path_of_text, path_value};
use crate::engine::error::Error;
use crate::engine::scope::{Local, Scope};
use crate::host::{path_bytes, path_from_bytes};
use crate::object::bytes::{self as objects, with_bytes};
use crate::object::str::Str;

/// The characters of a str; an error if it is none, or holds surrogates, for which UTF-8 has no bytes.
fn characters<'v>(value: &'v Local<'_>, scope: &mut Scope<'_>) -> Result<&'v str, Error> {
    match value.value().get::<Str>() {
        Some(text) => text
            .as_str()
            .ok_or_else(|| Error::wrong_value("the str has surrogates, and is no UTF-8")),
        None => Err(expected("str", value, scope)),
    }
}

fn string<'s>(text: &str, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
    let value = scope.within(|vm| arguments::long_string(vm, text))?;
    Ok(scope.local(value))
}

macro_rules! texts {
    ($($type:ty)+) => {$(
        impl FromScript for $type {
            fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
                characters(value, scope).map(Into::into)
            }
        }

        impl IntoScript for $type {
            fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
                string(&self, scope)
            }
        }
    )+};
}

texts!(String Box<str> Arc<str>);

impl IntoScript for &str {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        string(self, scope)
    }
}

impl IntoScript for &String {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        string(self, scope)
    }
}

impl IntoScript for Cow<'_, str> {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        string(&self, scope)
    }
}

impl FromScript for char {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let text = characters(value, scope)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(Error::wrong_value(format!(
                "expected a str of one character, got one of {}",
                text.chars().count()
            ))),
        }
    }
}

impl IntoScript for char {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(Str::from_point(self as u32).into_value()))
    }
}

/// Bytes: what a script has as `bytes`. A `Vec<u8>` is the same; this says so.
///
/// ```
/// use hoopsnake::{Bytes, Engine, Error};
///
/// let mut engine = Engine::builder()
///     .function("reversed_bytes(data)", |mut data: Bytes| {
///         data.0.reverse();
///         data
///     })
///     .build()?;
/// assert_eq!(engine.eval::<Bytes>("reversed_bytes(b'abc')").blocking()?, Bytes(b"cba".to_vec()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(bytes)
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes of a bytes or bytearray object.
pub(super) fn bytes_of(value: &Local<'_>) -> Option<Vec<u8>> {
    with_bytes(value.value(), <[u8]>::to_vec)
}

/// A bytes object.
pub(super) fn bytes<'s>(bytes: &[u8], scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
    let value = scope.within(|vm| arguments::bytes(vm, bytes))?;
    Ok(scope.local(value))
}

impl FromScript for Bytes {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        match bytes_of(value) {
            Some(bytes) => Ok(Bytes(bytes)),
            None => Err(expected("bytes", value, scope)),
        }
    }
}

impl IntoScript for Bytes {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        bytes(&self.0, scope)
    }
}

impl FromScript for PathBuf {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let name = scope.within(|vm| {
            let known = value.value();
            match known.is_kind::<Str>() || known.is_kind::<objects::Bytes>() {
                true => Ok(known.clone()),
                false => path_value(vm, known),
            }
        })?;
        let bytes = match name.get::<Str>() {
            Some(text) => path_of_text(text),
            None => with_bytes(&name, <[u8]>::to_vec).unwrap_or_default(),
        };
        Ok(path_from_bytes(&bytes))
    }
}

impl IntoScript for &Path {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(arguments::wtf8_lossy(path_bytes(self))))
    }
}

impl IntoScript for PathBuf {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        self.as_path().into_script(scope)
    }
}
