//! What an embedder lets a run use up, and how one is stopped from outside.

use std::sync::{Arc, Weak};

use crate::host::{Duration, Inbox};
pub use crate::vm::limits::Limit;

/// How much a run may use up. What is not set has no limit.
///
/// A limit that is reached ends the run without running any more script: no `finally`, no `__aexit__`, no `__del__`, no
/// callback. Its tasks and threads are gone, its files and sockets closed, and the engine can run the next script.
/// `run` then answers `Error::Stopped`, with the limit and the line.
///
/// What a script can run out of as with CPython stays an exception that it may catch: too deep a recursion is a
/// RecursionError, one allocation that does not fit a MemoryError, one file too many an OSError (EMFILE).
///
/// ```
/// use hoopsnake::{Engine, Error, Limit, Limits, Script};
///
/// let mut engine = Engine::builder().limits(Limits::new().fuel(100_000)).build()?;
/// let endless = Script::compile("endless", "try:\n    while True: pass\nfinally:\n    print('never')")?;
/// match engine.run(&endless).blocking() {
///     Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Fuel),
///     _ => unreachable!(),
/// }
/// assert_eq!(engine.eval::<i64>("6 * 7").blocking()?, 42);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub(super) fuel: Option<u64>,
    pub(super) time: Option<Duration>,
    pub(super) step: Option<Duration>,
    pub(super) memory: Option<usize>,
    pub(super) tasks: Option<usize>,
    pub(super) output: Option<u64>,
    pub(super) recursion: Option<u32>,
}

impl Limits {
    /// No limits.
    pub fn new() -> Limits {
        Limits::default()
    }

    /// How many calls of functions and turns of loops a run may take; work of built-in functions counts as much as it would
    /// take so many calls. The same run takes the same fuel on every machine.
    pub fn fuel(mut self, calls: u64) -> Limits {
        self.fuel = Some(calls);
        self
    }

    /// How long a run may take by the clock on the wall, from its first step on; what it waits counts too.
    pub fn time(mut self, time: Duration) -> Limits {
        self.time = Some(time);
        self
    }

    /// How long one step of the run's loop may take: from where a task, or a callback, goes on until it awaits something that is
    /// not there yet, or ends. For runs that go on for days and do many things at once, none of which may hold up the others:
    /// what waits by `await` takes no time, what computes or calls `time.sleep` does.
    ///
    /// ```
    /// use hoopsnake::{Engine, Error, Limit, Limits, Script};
    /// use std::time::Duration;
    ///
    /// let limits = Limits::new().step(Duration::from_millis(20));
    /// let mut engine = Engine::builder().limits(limits).build()?;
    /// let patient = Script::compile("patient", "import asyncio\nawait asyncio.sleep(0.1)")?;
    /// engine.run(&patient).blocking()?;
    /// let hog = Script::compile("hog", "import asyncio\nawait asyncio.sleep(0.001)\nwhile True: pass")?;
    /// match engine.run(&hog).blocking() {
    ///     Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Step),
    ///     _ => unreachable!(),
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn step(mut self, time: Duration) -> Limits {
        self.step = Some(time);
        self
    }

    /// How many bytes all that lives in the engine may take together. One allocation that would go beyond is a MemoryError;
    /// many small ones end the run.
    pub fn memory(mut self, bytes: usize) -> Limits {
        self.memory = Some(bytes);
        self
    }

    /// How many tasks of asyncio, as objects, and threads may live at the same time.
    pub fn tasks(mut self, most: usize) -> Limits {
        self.tasks = Some(most);
        self
    }

    /// How many bytes a run may write to its standard streams together.
    pub fn output(mut self, bytes: u64) -> Limits {
        self.output = Some(bytes);
        self
    }

    /// What `sys.getrecursionlimit()` is at first: 1000 if it is not set.
    pub fn recursion(mut self, depth: u32) -> Limits {
        self.recursion = Some(depth);
        self
    }
}

/// Stops what runs in an engine, from any thread, as a rule within a millisecond; a script that holds millions of objects takes
/// some tens of them, to free those.
///
/// A request that comes while nothing runs stops the next run at its start.
///
/// ```
/// use hoopsnake::{Engine, Error, Limit, Script};
/// use std::time::Duration;
///
/// let mut engine = Engine::builder().build()?;
/// let interrupt = engine.interrupt();
/// let watchdog = std::thread::spawn(move || {
///     std::thread::sleep(Duration::from_millis(20));
///     interrupt.stop();
/// });
/// let script = Script::compile("busy", "while True: pass")?;
/// match engine.run(&script).blocking() {
///     Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Interrupt),
///     _ => unreachable!(),
/// }
/// watchdog.join().unwrap();
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Interrupt(Weak<Inbox>);

impl Interrupt {
    pub(super) fn of(inbox: &Arc<Inbox>) -> Interrupt {
        Interrupt(Arc::downgrade(inbox))
    }

    /// Stops what runs. Nothing happens if the engine is gone.
    pub fn stop(&self) {
        if let Some(inbox) = self.0.upgrade() {
            inbox.request_stop();
        }
    }
}
