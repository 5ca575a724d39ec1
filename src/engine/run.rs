//! A run that is under way, as a future or step by step.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::convert::FromScript;
use super::error::Error;
use super::handle::Handle;
use super::script::Script;
use super::{Engine, new_main};
use crate::heap::{Ref, Value};
#[cfg(any(feature = "async-io", feature = "tokio"))]
use crate::host::Sleeper;
use crate::host::{Clock, Duration, SystemClock, Wait};
use crate::object::dict::Dict;
use crate::object::native::R;
use crate::object::tuple::Tuple;
use crate::vm::driving::Drive;

/// How many bytes it may take to tell how a run ended, beyond what the run itself might take.
const TELLING: usize = 1 << 20;

/// A run of script: a future that is done when the script is, or fails as it does. It is `Send`, and any executor may poll it.
///
/// Nothing runs before it is polled (or `blocking` is called). Dropped before its end, it takes down what runs: without
/// running any more script, as a limit would.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
///
/// let mut engine = Engine::builder().build()?;
/// let script = Script::compile("script", "import asyncio\nawait asyncio.sleep(0.01)\nx = 1")?;
/// let names = futures_lite::future::block_on(engine.run(&script))?;
/// assert_eq!(names.get::<i64>(&mut engine, "x")?, 1);
/// # Ok::<(), Error>(())
/// ```
#[must_use = "nothing runs before a run is awaited, or `blocking` is called"]
pub struct Run<'e, T> {
    pub(super) engine: &'e mut Engine,
    stage: Stage,
    /// What wakes the future.
    #[cfg(any(feature = "async-io", feature = "tokio"))]
    pub(super) sleeper: Sleeper,
    result: PhantomData<fn() -> T>,
}

/// How far a run is.
enum Stage {
    /// It has not begun.
    New(Start),
    /// It was begun, and is not over.
    Running(Option<Handle>),
    /// Its result was given.
    Over,
}

/// What a run begins with.
pub(crate) enum Start {
    /// A program, in a new `__main__`.
    Program(Script),
    /// An expression, in a new namespace.
    Expression(Script),
    /// A call: the function, and a tuple of its arguments.
    Call(Handle, Handle),
    /// Nothing: this went wrong before.
    Failed(Error),
}

/// How far a step came.
pub(super) enum Came<T> {
    /// The run is over.
    Done(Result<T, Error>),
    /// It could go on at once.
    Pause,
    /// It waits.
    Idle(Wait),
}

impl<'e, T: FromScript> Run<'e, T> {
    pub(super) fn new(engine: &'e mut Engine, start: Start) -> Run<'e, T> {
        Run {
            engine,
            stage: Stage::New(start),
            #[cfg(any(feature = "async-io", feature = "tokio"))]
            sleeper: Sleeper::default(),
            result: PhantomData,
        }
    }

    /// Runs to the end on this thread, which sleeps while the script waits.
    ///
    /// # Errors
    /// See `Error`.
    pub fn blocking(mut self) -> Result<T, Error> {
        self.engine.vm.host.inbox.forget_task();
        loop {
            match self.advance(true, None) {
                Came::Done(result) => return result,
                Came::Pause => {}
                Came::Idle(wait) => {
                    let _entered = self.engine.vm.enter();
                    self.engine
                        .vm
                        .sleep_outside(wait)
                        .map_err(Error::from_host)?;
                }
            }
        }
    }

    /// Runs until the script waits for something outside, or about so long: the result if it is over then. For programs
    /// that have a loop of their own, as games do: each of its rounds takes a step.
    ///
    /// ```
    /// use hoopsnake::{Engine, Error, Script};
    /// use std::time::Duration;
    ///
    /// let mut engine = Engine::builder().build()?;
    /// let script = Script::compile("level", "import asyncio\nfor i in range(3): await asyncio.sleep(0.001)")?;
    /// let mut run = engine.run(&script);
    /// let mut frames = 0;
    /// while run.step(Duration::from_millis(2)).is_none() {
    ///     frames += 1; // Here the game draws.
    /// }
    /// # drop(run);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn step(&mut self, time: Duration) -> Option<Result<T, Error>> {
        let until = SystemClock.monotonic() + time.as_secs_f64();
        match self.advance(false, Some(until)) {
            Came::Done(result) => Some(result),
            Came::Pause | Came::Idle(_) => None,
        }
    }

    /// Goes on until the run is over, waits, or the driver wants a pause. A panic of ours ends the engine.
    pub(super) fn advance(&mut self, may_sleep: bool, until: Option<f64>) -> Came<T> {
        if let Some(fault) = &self.engine.fault {
            return Came::Done(Err(Error::Internal(fault.clone())));
        }
        // What the panic left half done is not looked at any more: the engine is closed.
        let came = catch_unwind(AssertUnwindSafe(|| self.go_on(may_sleep, until)));
        came.unwrap_or_else(|payload| {
            self.stage = Stage::Over;
            Came::Done(Err(self.engine.close_after(payload.as_ref())))
        })
    }

    fn go_on(&mut self, may_sleep: bool, until: Option<f64>) -> Came<T> {
        let _entered = self.engine.enter_vm();
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        let namespace = match stage {
            Stage::New(start) => match self.engine.begin(start) {
                Ok(namespace) => namespace,
                Err(error) => return Came::Done(Err(error)),
            },
            Stage::Running(namespace) => namespace,
            Stage::Over => {
                let text = "a run that is over was asked to go on".to_string();
                return Came::Done(Err(Error::Internal(text)));
            }
        };
        let came = self.engine.vm.drive_fibers(may_sleep, until);
        match came {
            Drive::Done(result) => Came::Done(self.engine.conclude(result, namespace)),
            Drive::Stopped => Came::Done(Err(self.engine.take_down(namespace.is_some()))),
            Drive::Idle(wait) => {
                self.stage = Stage::Running(namespace);
                self.engine.vm.host.stdio.flush_before_wait();
                Came::Idle(wait)
            }
            Drive::Pause => {
                self.stage = Stage::Running(namespace);
                Came::Pause
            }
        }
    }
}

impl<T> Drop for Run<'_, T> {
    fn drop(&mut self) {
        self.engine.vm.host.inbox.forget_task();
        if let Stage::Running(namespace) = &self.stage
            && self.engine.fault.is_none()
        {
            let _entered = self.engine.enter_vm();
            if namespace.is_some() {
                self.engine.vm.forget_main();
            }
            self.engine.vm.abandon_run();
        }
    }
}

impl Engine {
    /// Begins a run; the namespace of a program.
    fn begin(&mut self, start: Start) -> Result<Option<Handle>, Error> {
        let vm = &mut *self.vm;
        let limits = &self.limits;
        let deadline = limits
            .time
            .map(|time| SystemClock.monotonic() + time.as_secs_f64());
        let step = limits.step.map(|time| time.as_secs_f64());
        vm.begin_meter(limits.fuel, deadline, limits.tasks, step);
        vm.set_memory_limit(limits.memory);
        vm.make_room();
        vm.host.stdio.limit_output(limits.output);
        let begun = match start {
            Start::Failed(error) => return Err(error),
            Start::Program(script) => {
                let module = new_main(vm, None);
                let module = module.map_err(|raised| Error::from_raised(vm, raised))?;
                vm.loader.remember(&script.code().source);
                let body = vm.instantiate_code(script.code());
                let body = vm.new_function(body, module.namespace.clone(), None);
                vm.begin_call(body.as_value(), &Tuple::empty());
                Some(Handle::new(vm, module.namespace.value()))
            }
            Start::Expression(script) => {
                let namespace: Ref<Dict> = Dict::new();
                let builtins = vm.builtins.value();
                let named = vm.set_name(&namespace, "__builtins__", builtins);
                named.map_err(|raised| Error::from_raised(vm, raised))?;
                let body = vm.instantiate_code(script.code());
                let body = vm.new_function(body, namespace.clone(), None);
                // Its locals are its globals.
                vm.begin_call(body.as_value(), &Tuple::of(vec![namespace.into_value()]));
                None
            }
            Start::Call(function, arguments) => {
                let function = function.value(vm)?;
                let arguments = arguments.value(vm)?;
                let arguments: Ref<Tuple> = arguments.to_ref().unwrap_or_else(Tuple::empty);
                vm.begin_call(&function, &arguments);
                None
            }
        };
        Ok(begun)
    }

    /// The result of a run that came to its end.
    fn conclude<T: FromScript>(
        &mut self,
        result: R,
        namespace: Option<Handle>,
    ) -> Result<T, Error> {
        let is_program = namespace.is_some();
        // What a run leaves may fill all that it might take; to tell of it takes a little more.
        let memory = self.limits.memory;
        self.vm
            .set_memory_limit(memory.map(|bytes| bytes.saturating_add(TELLING)));
        let result = self.converted(result, namespace);
        if self.vm.stopping.is_some() {
            // A `__str__` or an iterator of the script's was asked, and took what was left.
            return Err(self.take_down(is_program));
        }
        self.vm.end_meter();
        self.vm.set_memory_limit(None);
        result
    }

    /// The result of a run as the embedder's value or error. It may ask script, which counts as the run's.
    fn converted<T: FromScript>(
        &mut self,
        result: R,
        namespace: Option<Handle>,
    ) -> Result<T, Error> {
        let vm = &mut *self.vm;
        let flushed = super::ending::flush_streams(vm);
        let value: Value = match result {
            Ok(value) => value,
            Err(raised) => {
                if namespace.is_some() {
                    vm.forget_main();
                }
                return Err(Error::from_raised(vm, raised));
            }
        };
        flushed.map_err(Error::from_host)?;
        let value = match namespace {
            Some(namespace) => namespace.value(vm)?,
            None => value,
        };
        let mut scope = super::scope::Scope::new(vm);
        let local = scope.local(value);
        scope.get(&local)
    }

    /// Takes down what was stopped: with a program go its names.
    fn take_down(&mut self, is_program: bool) -> Error {
        let vm = &mut *self.vm;
        if is_program {
            vm.forget_main();
        }
        let stop = vm.discard_run();
        vm.end_meter();
        let _ = vm.host.stdio.output.flush();
        let _ = vm.host.stdio.error.flush();
        match stop {
            Some(stop) => Error::from_stop(&stop),
            None => Error::Internal("a run was stopped for no reason".to_string()),
        }
    }
}
