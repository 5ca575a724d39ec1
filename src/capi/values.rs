//! Values in the hands of C.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use super::boundary::{checked, given, quietly, returned, several};
use super::text::Text;
use crate::engine::{Bytes, Error, FromScript, Handle, IntoScript, Local, Scope};

/// What a value is: `hoop_kind`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None.
    None = 0,
    /// True or False.
    Bool = 1,
    /// An int of 64 bits.
    Int = 2,
    /// A float.
    Float = 3,
    /// A str.
    Str = 4,
    /// Bytes.
    Bytes = 5,
    /// Anything else.
    Object = 6,
}

/// A value: `hoop_value`. It belongs to no engine unless it is an object.
#[derive(Clone, Debug)]
pub struct HoopValue(Held);

#[derive(Clone, Debug)]
enum Held {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// What is valid UTF-8.
    Str(Text),
    Bytes(Text),
    Object(Handle),
}

impl HoopValue {
    /// The handle of an object.
    pub(super) fn object(&self) -> Option<&Handle> {
        match &self.0 {
            Held::Object(handle) => Some(handle),
            _ => None,
        }
    }

    /// The object that a handle holds.
    pub(super) fn of(handle: &Handle) -> HoopValue {
        HoopValue(Held::Object(handle.clone()))
    }

    /// A str.
    pub(super) fn str(text: &str) -> HoopValue {
        HoopValue(Held::Str(Text::new(text)))
    }

    fn kind(&self) -> Kind {
        match self.0 {
            Held::None => Kind::None,
            Held::Bool(_) => Kind::Bool,
            Held::Int(_) => Kind::Int,
            Held::Float(_) => Kind::Float,
            Held::Str(_) => Kind::Str,
            Held::Bytes(_) => Kind::Bytes,
            Held::Object(_) => Kind::Object,
        }
    }
}

impl FromScript for HoopValue {
    fn from_script<'s>(value: &Local<'s>, scope: &mut Scope<'s>) -> Result<Self, Error> {
        // Only what is of the very type: an enum's member is more than its number.
        let plain = match scope.type_name(value).as_str() {
            "NoneType" => scope.get(value).map(|()| Held::None),
            "bool" => scope.get(value).map(Held::Bool),
            "int" => scope.get(value).map(Held::Int),
            "float" => scope.get(value).map(Held::Float),
            "str" => scope
                .get::<String>(value)
                .map(|text| Held::Str(Text::new(text))),
            "bytes" => scope
                .get::<Bytes>(value)
                .map(|bytes| Held::Bytes(Text::new(bytes.0))),
            _ => Ok(Held::Object(scope.hold(value))),
        };
        // Ints that are too large, surrogates in a str, classes of scripts with these names.
        Ok(HoopValue(
            plain.unwrap_or_else(|_| Held::Object(scope.hold(value))),
        ))
    }
}

impl IntoScript for &HoopValue {
    fn into_script<'s>(self, scope: &mut Scope<'s>) -> Result<Local<'s>, Error> {
        match &self.0 {
            Held::None => Ok(scope.none()),
            Held::Bool(flag) => scope.make(*flag),
            Held::Int(number) => scope.make(*number),
            Held::Float(number) => scope.make(*number),
            Held::Str(text) => scope.make(String::from_utf8_lossy(text.bytes())),
            Held::Bytes(bytes) => scope.make(bytes.bytes()),
            Held::Object(handle) => scope.held(handle),
        }
    }
}

fn made(value: Held) -> *mut HoopValue {
    quietly(ptr::null_mut(), || given(HoopValue(value)))
}

/// `None`
#[unsafe(no_mangle)]
pub extern "C" fn hoop_none() -> *mut HoopValue {
    made(Held::None)
}

/// A bool.
#[unsafe(no_mangle)]
pub extern "C" fn hoop_bool(truth: c_int) -> *mut HoopValue {
    made(Held::Bool(truth != 0))
}

/// An int.
#[unsafe(no_mangle)]
pub extern "C" fn hoop_int(number: i64) -> *mut HoopValue {
    made(Held::Int(number))
}

/// A float.
#[unsafe(no_mangle)]
pub extern "C" fn hoop_float(number: f64) -> *mut HoopValue {
    made(Held::Float(number))
}

/// A str; NULL if the text is no UTF-8.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_str(text: *const c_char, length: usize) -> *mut HoopValue {
    quietly(ptr::null_mut(), || {
        // SAFETY: the caller lends so many bytes.
        let bytes = unsafe { several(text.cast::<u8>(), length, "text") };
        let text = bytes.and_then(|bytes| checked(bytes, "text"));
        text.map_or(ptr::null_mut(), |text| given(HoopValue::str(text)))
    })
}

/// Bytes.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_bytes(data: *const c_void, length: usize) -> *mut HoopValue {
    quietly(ptr::null_mut(), || {
        // SAFETY: the caller lends so many bytes.
        let bytes = unsafe { several(data.cast::<u8>(), length, "data") };
        bytes.map_or(ptr::null_mut(), |bytes| {
            given(HoopValue(Held::Bytes(Text::new(bytes))))
        })
    })
}

/// What a value is.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_value_kind(value: *const HoopValue) -> Kind {
    // SAFETY: the caller lends a value, or NULL.
    unsafe { value.as_ref() }.map_or(Kind::None, HoopValue::kind)
}

/// An int, or a bool as one.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_value_int(value: *const HoopValue) -> i64 {
    // SAFETY: the caller lends a value, or NULL.
    match unsafe { value.as_ref() } {
        Some(HoopValue(Held::Int(number))) => *number,
        Some(HoopValue(Held::Bool(flag))) => i64::from(*flag),
        _ => 0,
    }
}

/// A float, or an int as one.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_value_float(value: *const HoopValue) -> f64 {
    // SAFETY: the caller lends a value, or NULL.
    match unsafe { value.as_ref() } {
        Some(HoopValue(Held::Float(number))) => *number,
        Some(HoopValue(Held::Int(number))) => *number as f64,
        _ => 0.0,
    }
}

/// The text of a str, or what is in bytes.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_value_data(
    value: *const HoopValue,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller lends a value, or NULL.
    let (data, count) = match unsafe { value.as_ref() } {
        Some(HoopValue(Held::Str(text) | Held::Bytes(text))) => text.lent(),
        _ => (ptr::null(), 0),
    };
    if !length.is_null() {
        // SAFETY: the caller has a place for a length here, or NULL.
        unsafe { length.write(count) };
    }
    data
}

/// Another value for the same.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_value_copy(value: *const HoopValue) -> *mut HoopValue {
    // SAFETY: the caller lends a value, or NULL.
    match unsafe { value.as_ref() } {
        Some(value) => quietly(ptr::null_mut(), || given(value.clone())),
        None => ptr::null_mut(),
    }
}

/// Frees a value.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_value_free(value: *mut HoopValue) {
    // SAFETY: the caller gives back a value that it owns, or NULL.
    quietly((), || drop(unsafe { returned(value) }));
}
