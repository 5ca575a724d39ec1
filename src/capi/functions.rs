//! Functions of C's that scripts call.

use std::ffi::{c_char, c_void};
use std::ptr;

use super::boundary::{Status, answer, returned, text};
use super::engines::{HoopEngine, entered};
use super::errors::HoopError;
use super::values::HoopValue;
use crate::engine::{Error, Function, HostError, Local, Scope};

/// A function that scripts call: `hoop_function`.
pub type HoopFunction = Option<
    unsafe extern "C" fn(
        data: *mut c_void,
        arguments: *const *const HoopValue,
        count: usize,
        error: *mut *mut HoopError,
    ) -> *mut HoopValue,
>;

/// Takes what scripts write: `hoop_output`.
pub type HoopOutput =
    Option<unsafe extern "C" fn(data: *mut c_void, text: *const c_char, length: usize)>;

/// Is told when `data` is not needed any more: `hoop_destroy`.
pub type HoopDestroy = Option<unsafe extern "C" fn(data: *mut c_void)>;

/// What a callback of C's is called with, until nobody can call it any more.
pub(super) struct Data {
    pointer: *mut c_void,
    destroy: HoopDestroy,
}

// SAFETY: it is only handed to callbacks, of which the header says on which threads they are called, and when at the same time.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

impl Data {
    pub(super) fn new(pointer: *mut c_void, destroy: HoopDestroy) -> Data {
        Data { pointer, destroy }
    }

    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: it was given for this pointer, and is called once.
            unsafe { destroy(self.pointer) };
        }
    }
}

/// A function of C's with its data.
struct Callback {
    function: unsafe extern "C" fn(
        *mut c_void,
        *const *const HoopValue,
        usize,
        *mut *mut HoopError,
    ) -> *mut HoopValue,
    data: Data,
}

impl Callback {
    fn call<'s>(
        &self,
        scope: &mut Scope<'s>,
        arguments: &[Local<'s>],
    ) -> Result<Local<'s>, HostError> {
        let mut values: Vec<HoopValue> = Vec::new();
        for argument in arguments {
            values.push(scope.get(argument)?);
        }
        let lent: Vec<*const HoopValue> = values.iter().map(ptr::from_ref).collect();
        let mut error = ptr::null_mut();
        // SAFETY: the header says what the function gets; all of it lives until it has returned.
        let made = unsafe {
            (self.function)(
                self.data.pointer(),
                lent.as_ptr(),
                lent.len(),
                &raw mut error,
            )
        };
        // An argument that is returned was only lent, whatever the function thinks.
        let place = lent
            .iter()
            .position(|&argument| argument == made.cast_const());
        // SAFETY: the function passes on what it owns, or NULL.
        let (error, made) = unsafe { (returned(error), place.is_none().then(|| returned(made))) };
        match (error, place, made.flatten()) {
            (Some(error), ..) => Err(error.into_host_error()),
            (None, Some(place), _) => Ok(arguments[place].clone()),
            (None, None, Some(value)) => Ok(scope.make(&*value)?),
            (None, None, None) => Ok(scope.none()),
        }
    }
}

/// Gives scripts a function.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_set_function(
    engine: *mut HoopEngine,
    signature: *const c_char,
    function: HoopFunction,
    data: *mut c_void,
    destroy: HoopDestroy,
    error: *mut *mut HoopError,
) -> Status {
    let data = Data::new(data, destroy);
    // SAFETY: the caller has a place for an error, and lends an engine and a text.
    unsafe {
        answer(error, || {
            let signature = text(signature, "the signature")?;
            let function = function.ok_or_else(|| HoopError::misuse("the function is NULL"))?;
            let callback = Callback { function, data };
            let function = match signature.contains('(') {
                true => Function::dynamic(signature, move |scope, arguments| {
                    callback.call(scope, arguments)
                }),
                // As many arguments as there are.
                false => {
                    let signature = format!("{signature}(*arguments)");
                    Function::dynamic(&signature, move |scope, arguments| {
                        let mut all = Vec::new();
                        for tuple in arguments {
                            let mut items = scope.iterate(tuple)?;
                            while let Some(item) = items.next(scope)? {
                                all.push(item);
                            }
                        }
                        callback.call(scope, &all)
                    })
                }
            };
            entered(engine, |state| match state.engine.add_function(&function) {
                // The signature, which is the caller's.
                Err(Error::Internal(problem)) => Err(HoopError::misuse(problem)),
                done => Ok(done?),
            })
        })
    }
}
