//! How an engine is to be, told piece by piece.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use super::boundary::{given, quietly, returned, text};
use super::errors::HoopError;
use super::functions::{Data, HoopDestroy, HoopOutput};
use crate::engine::{Builder, Engine, Limits};
use crate::host::{Duration, HostError, Permissions, Sink};

/// A limit: `hoop_limit`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Calls and turns of loops.
    Fuel = 0,
    /// Milliseconds by the clock on the wall.
    Time = 1,
    /// Bytes of all that lives in the engine.
    Memory = 2,
    /// Tasks and threads at a time.
    Tasks = 3,
    /// Bytes written to the standard streams.
    Output = 4,
    /// How deep calls may go.
    Recursion = 5,
    /// Milliseconds of one step of the loop.
    Step = 6,
}

/// The number that C gives for a `hoop_limit`, which need not be one.
pub type LimitNumber = c_int;

/// How an engine is to be: `hoop_options`.
pub struct HoopOptions {
    permissions: Permissions,
    limits: Limits,
    folders: Vec<String>,
    output: Option<Stream>,
    error: Option<Stream>,
    /// The first thing that made no sense.
    mistake: Option<String>,
}

/// A stream that ends in C.
#[derive(Clone)]
struct Stream {
    callback: unsafe extern "C" fn(data: *mut c_void, text: *const c_char, length: usize),
    data: Arc<Data>,
}

impl Sink for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, HostError> {
        // SAFETY: the header says what the callback gets; the data lives as long as this stream.
        unsafe { (self.callback)(self.data.pointer(), bytes.as_ptr().cast(), bytes.len()) };
        Ok(bytes.len())
    }
}

impl HoopOptions {
    /// An engine that is to be so.
    pub(super) fn builder(&self) -> Result<Builder, HoopError> {
        let mistakes = self.mistake.iter().chain(self.permissions.mistakes());
        if let Some(mistake) = mistakes.into_iter().next() {
            return Err(HoopError::misuse(mistake));
        }
        let mut builder = Engine::builder()
            .permissions(self.permissions.clone())
            .limits(self.limits.clone());
        for folder in &self.folders {
            builder = builder.path(folder);
        }
        if let Some(stream) = &self.output {
            builder = builder.output(stream.clone());
        }
        if let Some(stream) = &self.error {
            builder = builder.error(stream.clone());
        }
        Ok(builder)
    }

    fn limit(&mut self, limit: LimitNumber, most: u64) -> Result<(), String> {
        const LIMITS: [Limit; 7] = [
            Limit::Fuel,
            Limit::Time,
            Limit::Memory,
            Limit::Tasks,
            Limit::Output,
            Limit::Recursion,
            Limit::Step,
        ];
        let known = LIMITS.into_iter().find(|known| *known as c_int == limit);
        let known = known.ok_or_else(|| format!("there is no limit {limit}"))?;
        let limits = self.limits.clone();
        // What no machine has is no limit.
        let number = usize::try_from(most).unwrap_or(usize::MAX);
        self.limits = match known {
            Limit::Fuel => limits.fuel(most),
            Limit::Time => limits.time(Duration::from_millis(most)),
            Limit::Step => limits.step(Duration::from_millis(most)),
            Limit::Memory => limits.memory(number),
            Limit::Tasks => limits.tasks(number),
            Limit::Output => limits.output(most),
            Limit::Recursion => limits.recursion(u32::try_from(most).unwrap_or(u32::MAX)),
        };
        Ok(())
    }

    fn allow(&mut self, what: &str, which: Option<&str>) -> Result<(), String> {
        let granted = self.permissions.clone();
        self.permissions = match (what, which) {
            ("read", Some(path)) => granted.read(path),
            ("read", None) => granted.read_any(),
            ("write", Some(path)) => granted.write(path),
            ("write", None) => granted.write_any(),
            ("net", Some(place)) => granted.net(place),
            ("net", None) => granted.net_any(),
            ("run", Some(program)) => granted.run(program),
            ("run", None) => granted.run_any(),
            ("env", Some(name)) => granted.env(name),
            ("env", None) => granted.env_any(),
            ("all", None) => Permissions::all(),
            ("import", Some(folder)) => {
                self.folders.push(folder.to_string());
                granted
            }
            ("import", None) => return Err("to import needs a folder".to_string()),
            ("all", Some(which)) => return Err(format!("'all' is not for '{which}' alone")),
            _ => return Err(format!("there is no permission '{what}'")),
        };
        Ok(())
    }

    fn note(&mut self, done: Result<(), String>) {
        if let Err(mistake) = done {
            self.mistake.get_or_insert(mistake);
        }
    }
}

/// Options of an engine that may nothing.
#[unsafe(no_mangle)]
pub extern "C" fn hoop_options_new() -> *mut HoopOptions {
    quietly(ptr::null_mut(), || {
        given(HoopOptions {
            permissions: Permissions::none(),
            limits: Limits::new(),
            folders: Vec::new(),
            output: None,
            error: None,
            mistake: None,
        })
    })
}

/// Limits what each run may use up.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_options_limit(
    options: *mut HoopOptions,
    limit: LimitNumber,
    most: u64,
) {
    quietly((), || {
        // SAFETY: the caller lends options that only it uses, or NULL.
        if let Some(options) = unsafe { options.as_mut() } {
            let done = options.limit(limit, most);
            options.note(done);
        }
    });
}

/// Grants something.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_options_allow(
    options: *mut HoopOptions,
    what: *const c_char,
    which: *const c_char,
) {
    quietly((), || {
        // SAFETY: the caller lends options that only it uses, or NULL, and texts.
        let (options, what, which) = unsafe {
            let which = (!which.is_null()).then(|| text(which, "what is to be allowed"));
            (options.as_mut(), text(what, "a permission"), which)
        };
        let Some(options) = options else { return };
        let done = match (what, which.transpose()) {
            (Ok(what), Ok(which)) => options.allow(what, which),
            (Err(wrong), _) | (_, Err(wrong)) => Err(wrong.message()),
        };
        options.note(done);
    });
}

/// Has scripts write to a callback.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_options_output(
    options: *mut HoopOptions,
    stream: c_int,
    output: HoopOutput,
    data: *mut c_void,
    destroy: HoopDestroy,
) {
    quietly((), || {
        let data = Arc::new(Data::new(data, destroy));
        // SAFETY: the caller lends options that only it uses, or NULL.
        let Some(options) = (unsafe { options.as_mut() }) else {
            return;
        };
        let sink = output.map(|callback| Stream { callback, data });
        match (stream, sink) {
            (1, Some(sink)) => options.output = Some(sink),
            (2, Some(sink)) => options.error = Some(sink),
            (_, None) => options.note(Err("an output is NULL".to_string())),
            _ => options.note(Err(format!("there is no output {stream}"))),
        }
    });
}

/// Frees options.
///
/// # Safety
/// As `docs/hoopsnake.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hoop_options_free(options: *mut HoopOptions) {
    // SAFETY: the caller gives back options that it owns, or NULL.
    quietly((), || drop(unsafe { returned(options) }));
}
