//! Truth values, integers, floats, spans of time.

use core::time::Duration;

use dashu_int::{IBig, UBig};

use super::{FromScript, IntoScript, expected};
use crate::engine::error::Error;
use crate::engine::scope::{Local, Scope};
use crate::heap::Value;
use crate::object::float;
use crate::object::int::{self, IntView};

impl FromScript for bool {
    #[inline]
    fn from_plain(value: &Value) -> Option<bool> {
        value.as_bool()
    }

    #[inline]
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        match value.value().as_bool() {
            Some(flag) => Ok(flag),
            None => Err(expected("bool", value, scope)),
        }
    }
}

impl IntoScript for bool {
    #[inline]
    fn into_plain(self) -> Result<Value, bool> {
        Ok(Value::bool(self))
    }

    #[inline]
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(Value::bool(self)))
    }
}

/// The error of an int that does not fit its type, or of what is no int.
#[cold]
fn no_integer(value: &Local<'_>, scope: &mut Scope<'_>, name: &str) -> Error {
    match IntView::of(value.value()) {
        Some(number) if number.bit_length() <= 256 => {
            let text = number.big();
            Error::out_of_range(format!("{text} is out of the range of {name}"))
        }
        Some(_) => Error::out_of_range(format!("an int is out of the range of {name}")),
        None => expected("int", value, scope),
    }
}

macro_rules! small_integers {
    ($($type:ident)+) => {$(
        impl FromScript for $type {
            #[inline]
            fn from_plain(value: &Value) -> Option<$type> {
                $type::try_from(value.as_small_int()?).ok()
            }

            #[inline]
            fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
                if let Some(number) = $type::from_plain(value.value()) {
                    return Ok(number);
                }
                let number = IntView::of(value.value()).and_then(IntView::as_i64);
                match number.map($type::try_from) {
                    Some(Ok(number)) => Ok(number),
                    _ => Err(no_integer(value, scope, stringify!($type))),
                }
            }
        }

        impl IntoScript for $type {
            #[inline]
            fn into_plain(self) -> Result<Value, $type> {
                Value::small_int(self as i64).ok_or(self)
            }

            #[inline]
            fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
                Ok(scope.local(int::from_i64(self as i64)))
            }
        }
    )+};
}

small_integers!(i8 i16 i32 i64 isize u16 u32);

impl FromScript for u8 {
    #[inline]
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let number = IntView::of(value.value()).and_then(IntView::as_i64);
        match number.map(u8::try_from) {
            Some(Ok(number)) => Ok(number),
            _ => Err(no_integer(value, scope, "u8")),
        }
    }

    fn many_from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Vec<Self>, Error> {
        match super::text::bytes_of(value) {
            Some(bytes) => Ok(bytes),
            None if super::containers::is_listed(value) => super::containers::items(value, scope),
            None => Err(expected("bytes", value, scope)),
        }
    }
}

impl IntoScript for u8 {
    #[inline]
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(Value::int32(i32::from(self))))
    }

    fn many_into_script<'s>(items: Vec<Self>, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        super::text::bytes(&items, scope)
    }
}

macro_rules! large_integers {
    ($($type:ident $make:expr;)+) => {$(
        impl FromScript for $type {
            fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
                let number = IntView::of(value.value());
                match number.map(|number| $type::try_from(&*number.big())) {
                    Some(Ok(number)) => Ok(number),
                    _ => Err(no_integer(value, scope, stringify!($type))),
                }
            }
        }

        impl IntoScript for $type {
            fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
                Ok(scope.local($make(self)))
            }
        }
    )+};
}

large_integers! {
    u64 int::from_u64;
    usize int::from_usize;
    i128 int::from_i128;
    u128 |number| int::from_big(IBig::from(number));
}

impl FromScript for IBig {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        match IntView::of(value.value()) {
            Some(number) => Ok(number.into_big()),
            None => Err(expected("int", value, scope)),
        }
    }
}

impl IntoScript for IBig {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(int::from_big(self)))
    }
}

impl FromScript for UBig {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let number = IntView::of(value.value());
        match number.map(|number| UBig::try_from(number.into_big())) {
            Some(Ok(number)) => Ok(number),
            _ => Err(no_integer(value, scope, "UBig")),
        }
    }
}

impl IntoScript for UBig {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(int::from_big(IBig::from(self))))
    }
}

impl FromScript for f64 {
    #[inline]
    fn from_plain(value: &Value) -> Option<f64> {
        value.as_inline_float()
    }

    #[inline]
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        if let Some(number) = value.value().as_inline_float() {
            return Ok(number);
        }
        match float::number(value.value()) {
            Some(Ok(number)) => Ok(number),
            Some(Err(_)) => Err(Error::out_of_range("int too large for a float")),
            None => Err(expected("float", value, scope)),
        }
    }
}

impl IntoScript for f64 {
    #[inline]
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        Ok(scope.local(float::float(self)))
    }
}

impl FromScript for f32 {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let wide = f64::from_script(value, scope)?;
        let narrow = wide as f32;
        match narrow.is_infinite() && wide.is_finite() {
            true => Err(Error::out_of_range(format!(
                "{wide:e} is out of the range of f32"
            ))),
            false => Ok(narrow),
        }
    }
}

impl IntoScript for f32 {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        f64::from(self).into_script(scope)
    }
}

impl FromScript for Duration {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        let seconds = f64::from_script(value, scope)?;
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) => Ok(duration),
            Err(_) => Err(Error::wrong_value(format!(
                "{seconds} seconds are no span of time"
            ))),
        }
    }
}

impl IntoScript for Duration {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        self.as_secs_f64().into_script(scope)
    }
}
