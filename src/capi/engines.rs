//! Engines in the hands of C, and all that is done with one.

use std::ffi::c_char;
use std::ptr;
use std::sync::{Arc, Mutex, TryLockError};

use super::boundary::{
    Status, answer, answer_with, checked, given, lent, quietly, returned, several, text,
};
use super::errors::HoopError;
use super::options::HoopOptions;
use super::values::HoopValue;
use crate::engine::{Engine, Error, Handle, Interrupt, Script};

/// An engine: `hoop_engine`.
pub struct HoopEngine {
    /// Held by the call that uses the engine.
    state: Mutex<State>,
    interrupt: Interrupt,
}

/// An engine, and what calls on it need of its library: taken before a script could change it.
pub(super) struct State {
    pub(super) engine: Engine,
    builtins: Handle,
    repr: Handle,
    get: Handle,
    set: Handle,
    json: Option<(Handle, Handle)>,
}

impl State {
    fn new(mut engine: Engine) -> Result<State, Error> {
        let builtins = engine.enter(|scope| {
            let module = scope.import("builtins")?;
            Ok::<_, Error>(scope.hold(&module))
        })?;
        Ok(State {
            repr: engine.global("repr")?,
            get: engine.global("getattr")?,
            set: engine.global("setattr")?,
            builtins,
            engine,
            json: None,
        })
    }

    /// Calls a function of the library, as a run under the limits of the engine: it may call script.
    fn call(&mut self, function: &Handle, given: &[&HoopValue]) -> Result<HoopValue, HoopError> {
        Ok(self.engine.call(function, given.to_vec()).blocking()?)
    }

    /// `json.dumps` and `json.loads`: they are imported when they are first needed.
    fn json(&mut self) -> Result<(Handle, Handle), Error> {
        if let Some(known) = &self.json {
            return Ok(known.clone());
        }
        let both = "(lambda json: (json.dumps, json.loads))(__import__('json'))";
        let both: (Handle, Handle) = self.engine.eval(both).blocking()?;
        Ok(self.json.insert(both).clone())
    }
}

/// An interrupt: `hoop_interrupt`.
pub struct HoopInterrupt(Interrupt);

/// Does something with an engine that nobody else uses meanwhile.
///
/// # Safety
/// `engine` is NULL, or comes from `hoop_engine_new` and is not freed yet.
pub(super) unsafe fn entered<T>(
    engine: *mut HoopEngine,
    work: impl FnOnce(&mut State) -> Result<T, HoopError>,
) -> Result<T, HoopError> {
    if engine.is_null() {
        return Err(HoopError::misuse("the engine is NULL"));
    }
    // SAFETY: as for this function. It is counted once more, so that it is there until this call is over, also when a function
    // that scripts call frees it.
    let engine = unsafe {
        Arc::increment_strong_count(engine);
        Arc::from_raw(engine.cast_const())
    };
    let mut state = engine.state.try_lock().map_err(|refused| match refused {
        TryLockError::WouldBlock => HoopError::misuse(
            "the engine is in use: by another thread, or by the call in which a script called this function",
        ),
        TryLockError::Poisoned(_) => HoopError::internal("the engine failed in an earlier call"),
    })?;
    work(&mut state)
}

/// Makes an engine.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_engine_new(
    options: *const HoopOptions,
    engine: *mut *mut HoopEngine,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for an engine and an error, and lends options, or NULL.
    unsafe {
        if !engine.is_null() {
            engine.write(ptr::null_mut());
        }
        answer(error, || {
            let builder = match options.as_ref() {
                Some(options) => options.builder()?,
                None => Engine::builder(),
            };
            let state = State::new(builder.build()?)?;
            let made = HoopEngine {
                interrupt: state.engine.interrupt(),
                state: Mutex::new(state),
            };
            if !engine.is_null() {
                engine.write(Arc::into_raw(Arc::new(made)).cast_mut());
            }
            Ok(())
        })
    }
}

/// Frees an engine.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_engine_free(engine: *mut HoopEngine) {
    if !engine.is_null() {
        // SAFETY: the caller gives back what `hoop_engine_new` counted for it.
        quietly((), || drop(unsafe { Arc::from_raw(engine.cast_const()) }));
    }
}

/// Runs a program.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_run(
    engine: *mut HoopEngine,
    name: *const c_char,
    source: *const c_char,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has a place for an error, and lends an engine and texts.
    unsafe {
        answer(error, || {
            let script = Script::compile(text(name, "the name")?, text(source, "the source")?)?;
            entered(engine, |state| {
                state.engine.run(&script).blocking()?;
                Ok(())
            })
        })
    }
}

/// The value of an expression.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_eval(
    engine: *mut HoopEngine,
    expression: *const c_char,
    value: *mut *mut HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for a value and an error, and lends an engine and a text.
    unsafe {
        answer_with(value, error, || {
            let expression = text(expression, "the expression")?;
            entered(engine, |state| {
                Ok(state.engine.eval(expression).blocking()?)
            })
        })
    }
}

/// Calls an object.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_call(
    engine: *mut HoopEngine,
    function: *const HoopValue,
    arguments: *const *const HoopValue,
    count: usize,
    value: *mut *mut HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for a value and an error, and lends an engine and values, so many as arguments.
    unsafe {
        answer_with(value, error, || {
            let function = lent(function, "the function")?;
            let function = function.object().ok_or_else(|| {
                HoopError::misuse("what is called is a plain value, and no object")
            })?;
            let mut given = Vec::new();
            for argument in several(arguments, count, "the array of arguments")? {
                given.push(lent(*argument, &format!("argument {}", given.len() + 1))?);
            }
            entered(engine, |state| state.call(function, &given))
        })
    }
}

/// An attribute, or a name.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_get(
    engine: *mut HoopEngine,
    object: *const HoopValue,
    name: *const c_char,
    value: *mut *mut HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for a value and an error, and lends an engine, an object or NULL, and a text.
    unsafe {
        answer_with(value, error, || {
            let name = text(name, "the name")?;
            let object = object.as_ref();
            entered(engine, |state| match object {
                Some(object) => {
                    let get = state.get.clone();
                    state.call(&get, &[object, &HoopValue::str(name)])
                }
                None => Ok(state.engine.global(name)?),
            })
        })
    }
}

/// Sets an attribute, or a name for all programs.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_set(
    engine: *mut HoopEngine,
    object: *const HoopValue,
    name: *const c_char,
    value: *const HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has a place for an error, and lends an engine, an object or NULL, a text and a value.
    unsafe {
        answer(error, || {
            let name = HoopValue::str(text(name, "the name")?);
            let value = lent(value, "the value")?;
            let object = object.as_ref();
            entered(engine, |state| {
                let (set, builtins) = (state.set.clone(), HoopValue::of(&state.builtins));
                let object = object.unwrap_or(&builtins);
                state.call(&set, &[object, &name, value]).map(drop)
            })
        })
    }
}

/// `repr(value)`
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_repr(
    engine: *mut HoopEngine,
    value: *const HoopValue,
    text: *mut *mut HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for a value and an error, and lends an engine and a value.
    unsafe {
        answer_with(text, error, || {
            let value = lent(value, "the value")?;
            entered(engine, |state| {
                let repr = state.repr.clone();
                state.call(&repr, &[value])
            })
        })
    }
}

/// `json.dumps(value)`
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_to_json(
    engine: *mut HoopEngine,
    value: *const HoopValue,
    text: *mut *mut HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for a value and an error, and lends an engine and a value.
    unsafe {
        answer_with(text, error, || {
            let value = lent(value, "the value")?;
            entered(engine, |state| {
                let (dumps, _) = state.json()?;
                state.call(&dumps, &[value])
            })
        })
    }
}

/// `json.loads(text)`
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_from_json(
    engine: *mut HoopEngine,
    text: *const c_char,
    length: usize,
    value: *mut *mut HoopValue,
    error: *mut *mut HoopError,
) -> Status {
    // SAFETY: the caller has places for a value and an error, and lends an engine and so many bytes.
    unsafe {
        answer_with(value, error, || {
            let bytes = several(text.cast::<u8>(), length, "the text")?;
            let text = HoopValue::str(checked(bytes, "the text")?);
            entered(engine, |state| {
                let (_, loads) = state.json()?;
                state.call(&loads, &[&text])
            })
        })
    }
}

/// What stops an engine.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_interrupt_new(engine: *const HoopEngine) -> *mut HoopInterrupt {
    // SAFETY: the caller lends an engine, or NULL; what is looked at is the same on all threads.
    match unsafe { engine.as_ref() } {
        Some(engine) => quietly(ptr::null_mut(), || {
            given(HoopInterrupt(engine.interrupt.clone()))
        }),
        None => ptr::null_mut(),
    }
}

/// Stops what runs.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_interrupt_stop(interrupt: *const HoopInterrupt) {
    // SAFETY: the caller lends an interrupt, or NULL.
    if let Some(interrupt) = unsafe { interrupt.as_ref() } {
        quietly((), || interrupt.0.stop());
    }
}

/// Frees an interrupt.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_interrupt_free(interrupt: *mut HoopInterrupt) {
    // SAFETY: the caller gives back an interrupt that it owns, or NULL.
    quietly((), || drop(unsafe { returned(interrupt) }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::{hoop_error_free, hoop_error_message};
    use std::ffi::CStr;

    #[test]
    fn no_panic_gets_to_c() {
        let (mut engine, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the places are of this function, and the rest is what the calls gave.
        unsafe {
            let made = hoop_engine_new(ptr::null(), &raw mut engine, &raw mut error);
            assert_eq!(made, Status::Ok);
            let work = || {
                entered(engine, |_| -> Result<(), HoopError> {
                    panic!("on purpose")
                })
            };
            assert_eq!(answer(&raw mut error, work), Status::Internal);
            let message = CStr::from_ptr(hoop_error_message(error, ptr::null_mut()));
            assert_eq!(message, c"on purpose");
            hoop_error_free(error);
            // What the panic left half done is not looked at any more.
            let (name, source) = (c"script".as_ptr(), c"x = 1".as_ptr());
            let ran = hoop_run(engine, name, source, &raw mut error);
            assert_eq!(ran, Status::Internal);
            hoop_error_free(error);
            hoop_engine_free(engine);
        }
    }
}
