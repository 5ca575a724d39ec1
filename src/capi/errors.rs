//! Errors in the hands of C.

use std::ffi::{CStr, c_char};
use std::ptr;

use super::boundary::{Status, given, quietly, returned};
use super::text::Text;
use crate::engine::{Error, HostError, Raise};

/// Why a call failed, or what a function of C's raises: `hoop_error`.
#[derive(Debug)]
pub struct HoopError {
    status: Status,
    class: Text,
    message: Text,
    traceback: Text,
    number: i64,
    /// What it is to Rust, if it came from an engine.
    error: Option<Error>,
}

impl HoopError {
    fn new(status: Status, class: &str, message: impl Into<Vec<u8>>) -> HoopError {
        HoopError {
            status,
            class: Text::new(class),
            message: Text::new(message),
            traceback: Text::new(""),
            number: 0,
            error: None,
        }
    }

    /// A call was not as the header says.
    pub(super) fn misuse(message: impl Into<String>) -> HoopError {
        HoopError::new(Status::Misuse, "RuntimeError", message.into())
    }

    /// We are at fault ourselves.
    pub(super) fn internal(message: &str) -> HoopError {
        Error::Internal(message.to_string()).into()
    }

    pub(super) fn status(&self) -> Status {
        self.status
    }

    /// What is wrong.
    pub(super) fn message(&self) -> String {
        self.message.shown()
    }

    /// What a script gets when a function of C's gives this.
    pub(super) fn into_host_error(self) -> HostError {
        match self.error {
            Some(error) => error.into(),
            None => Raise::new(self.class.shown(), self.message()).into(),
        }
    }
}

impl From<Error> for HoopError {
    fn from(error: Error) -> HoopError {
        let mut made = match &error {
            Error::Syntax(syntax) => HoopError {
                traceback: Text::new(format!("{syntax}\n")),
                number: syntax.line().into(),
                ..HoopError::new(Status::Syntax, syntax.class(), syntax.message())
            },
            Error::Exception(exception) => HoopError {
                traceback: Text::new(exception.traceback()),
                ..HoopError::new(Status::Exception, exception.class(), exception.message())
            },
            Error::Stopped(stopped) => HoopError {
                number: stopped.at.as_ref().map_or(0, |place| place.line.into()),
                ..HoopError::new(
                    Status::Stopped,
                    &stopped.limit.to_string(),
                    error.to_string(),
                )
            },
            Error::Exit(status) => HoopError {
                number: (*status).into(),
                ..HoopError::new(Status::Exit, "SystemExit", error.to_string())
            },
            Error::Conversion(conversion) => {
                HoopError::new(Status::Conversion, conversion.class(), error.to_string())
            }
            Error::Internal(text) => HoopError::new(Status::Internal, "SystemError", text.as_str()),
        };
        made.error = Some(error);
        made
    }
}

/// An exception for scripts.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_new(
    class_name: *const c_char,
    message: *const c_char,
) -> *mut HoopError {
    let shown = |text: *const c_char, otherwise: &str| match text.is_null() {
        true => otherwise.to_string(),
        // SAFETY: the caller lends bytes up to a NUL. What is no UTF-8 in them is shown as such: an
        // error is not refused for the text that it has.
        false => unsafe { CStr::from_ptr(text) }
            .to_string_lossy()
            .into_owned(),
    };
    quietly(ptr::null_mut(), || {
        let class = shown(class_name, "RuntimeError");
        given(HoopError::new(
            Status::Exception,
            &class,
            shown(message, ""),
        ))
    })
}

/// What the call returned.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_status(error: *const HoopError) -> Status {
    // SAFETY: the caller lends an error, or NULL.
    unsafe { error.as_ref() }.map_or(Status::Ok, HoopError::status)
}

/// One of the texts of an error.
///
/// # Safety
/// `error` is NULL or an error, `length` is NULL or may be written to.
unsafe fn part(
    error: *const HoopError,
    length: *mut usize,
    part: impl for<'e> FnOnce(&'e HoopError) -> &'e Text,
) -> *const c_char {
    // SAFETY: as for this function.
    let text = unsafe { error.as_ref() }.map(part);
    let (pointer, count) = text.map_or((c"".as_ptr(), 0), Text::lent);
    if !length.is_null() {
        // SAFETY: as for this function.
        unsafe { length.write(count) };
    }
    pointer
}

/// The class of an error.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_class(
    error: *const HoopError,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller lends an error and a place for a length, or NULL.
    unsafe { part(error, length, |error| &error.class) }
}

/// What is wrong.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_message(
    error: *const HoopError,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller lends an error and a place for a length, or NULL.
    unsafe { part(error, length, |error| &error.message) }
}

/// The whole report.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_traceback(
    error: *const HoopError,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller lends an error and a place for a length, or NULL.
    unsafe { part(error, length, |error| &error.traceback) }
}

/// The status of an exit, or the line of an error.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_number(error: *const HoopError) -> i64 {
    // SAFETY: the caller lends an error, or NULL.
    unsafe { error.as_ref() }.map_or(0, |error| error.number)
}

/// Frees an error.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_error_free(error: *mut HoopError) {
    // SAFETY: the caller gives back an error that it owns, or NULL.
    quietly((), || drop(unsafe { returned(error) }));
}
