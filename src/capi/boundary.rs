//! Where C and Rust meet: the pointers that C gives, the results that it gets, the panics that it must not get.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::errors::HoopError;
use crate::host::panic_text;

/// What became of a call: `hoop_status`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It did what it was to do.
    Ok = 0,
    /// A text is no program.
    Syntax = 1,
    /// A script raised an exception that it did not catch.
    Exception = 2,
    /// A limit or an interrupt ended the run.
    Stopped = 3,
    /// A script asked for its end.
    Exit = 4,
    /// A value is of another engine, or not what is needed.
    Conversion = 5,
    /// The engine itself is at fault.
    Internal = 6,
    /// The call was not as the header says.
    Misuse = 7,
}

/// Does the work of a call. What goes wrong, a panic too, is stored at `error`.
///
/// # Safety
/// `error` is NULL or may be written to.
pub(super) unsafe fn answer(
    error: *mut *mut HoopError,
    work: impl FnOnce() -> Result<(), HoopError>,
) -> Status {
    // What a panic left half done is an engine's, whose lock it has poisoned.
    let done = catch_unwind(AssertUnwindSafe(work));
    let done = done.unwrap_or_else(|panic| Err(HoopError::internal(&panic_text(&*panic))));
    let (status, failure) = match done {
        Ok(()) => (Status::Ok, None),
        Err(failure) => (failure.status(), Some(failure)),
    };
    // SAFETY: as for this function.
    unsafe { store(error, failure) };
    status
}

/// Does the work of a call that has no error to give; what it gives after a panic is `otherwise`.
pub(super) fn quietly<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

/// Does the work of a call whose result is stored at `result`, NULL if it fails.
///
/// # Safety
/// `result` and `error` are NULL or may be written to.
pub(super) unsafe fn answer_with<T>(
    result: *mut *mut T,
    error: *mut *mut HoopError,
    work: impl FnOnce() -> Result<T, HoopError>,
) -> Status {
    // SAFETY: as for this function.
    unsafe {
        store(result, None);
        answer(error, || {
            store(result, Some(work()?));
            Ok(())
        })
    }
}

/// Stores what the caller is to own, or NULL, if it wants it.
///
/// # Safety
/// `place` is NULL or may be written to.
unsafe fn store<T>(place: *mut *mut T, value: Option<T>) {
    if !place.is_null() {
        // SAFETY: as for this function.
        unsafe { place.write(value.map_or(ptr::null_mut(), given)) };
    }
}

/// What the caller is to own from now on.
pub(super) fn given<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// What the caller owned until now, if it is not NULL.
///
/// # Safety
/// `pointer` is NULL or comes from `given`, and is not used any more.
pub(super) unsafe fn returned<T>(pointer: *mut T) -> Option<Box<T>> {
    // SAFETY: as for this function.
    (!pointer.is_null()).then(|| unsafe { Box::from_raw(pointer) })
}

/// What the caller lends for a call.
///
/// # Safety
/// `pointer` is NULL or points to a T that nobody changes for as long as the result is used.
pub(super) unsafe fn lent<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, HoopError> {
    // SAFETY: as for this function.
    unsafe { pointer.as_ref() }.ok_or_else(|| HoopError::misuse(format!("{what} is NULL")))
}

/// A text that ends with a NUL.
///
/// # Safety
/// `pointer` is NULL or points to bytes up to a NUL that nobody changes for as long as the result is used.
pub(super) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, HoopError> {
    if pointer.is_null() {
        return Err(HoopError::misuse(format!("{what} is NULL")));
    }
    // SAFETY: as for this function.
    let bytes = unsafe { CStr::from_ptr(pointer) }.to_bytes();
    checked(bytes, what)
}

/// Bytes as text.
pub(super) fn checked<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, HoopError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let place = error.valid_up_to();
        HoopError::misuse(format!("{what} is no UTF-8 at byte {place}"))
    })
}

/// So many things that lie one behind the other; NULL will do for none.
///
/// # Safety
/// From `pointer` on lie `count` Ts that nobody changes for as long as the result is used.
pub(super) unsafe fn several<'a, T>(
    pointer: *const T,
    count: usize,
    what: &str,
) -> Result<&'a [T], HoopError> {
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(HoopError::misuse(format!("{what} is NULL, not {count}")));
    }
    if count
        .checked_mul(size_of::<T>())
        .is_none_or(|bytes| bytes > isize::MAX as usize)
    {
        return Err(HoopError::misuse(format!("{what} cannot be {count}")));
    }
    // SAFETY: as for this function; and so many fit into memory.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}
