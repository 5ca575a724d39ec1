//! Making an engine.

use std::ffi::OsString;
use std::sync::Arc;

use super::class::{Class, Plan};
use super::error::Error;
use super::function::{Function, HostFunction, Returned};
use super::limits::Limits;
use super::loader::{Modules, SourceLoader};
use super::module::Module;
use super::{Engine, library};
use crate::host::{
    Buffering, Clock, Environment, Host, Input, Output, Permissions, SeededEntropy, Sink, Source,
    Stdio,
};
use crate::vm::Vm;

/// How an engine is to be. What is not said is as closed as it can be: no files, network, processes or environment, no
/// input. What scripts print goes to the outputs of the process.
///
/// ```
/// use hoopsnake::host::SharedBytes;
/// use hoopsnake::{Engine, Error, Limits, Permissions, Script};
/// use std::time::Duration;
///
/// let printed = SharedBytes::default();
/// let mut engine = Engine::builder()
///     .permissions(Permissions::none().env("HOME").net("api.example.org:443"))
///     .limits(Limits::new().time(Duration::from_secs(5)).memory(64 << 20))
///     .arguments(["report", "--short"])
///     .variable("HOME", "/home/of/scripts")
///     .output(printed.clone())
///     .build()?;
/// let script = Script::compile("report", "import os, sys\nprint(sys.argv[1], os.environ['HOME'])")?;
/// engine.run(&script).blocking()?;
/// assert_eq!(printed.take(), b"--short /home/of/scripts\n");
/// # Ok::<(), Error>(())
/// ```
pub struct Builder {
    permissions: Permissions,
    limits: Limits,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    input: Option<Box<dyn Source>>,
    output: Option<Box<dyn Sink>>,
    error: Option<Box<dyn Sink>>,
    clock: Option<Box<dyn Clock>>,
    seed: Option<u64>,
    modules: Option<Box<dyn Modules>>,
    path: Vec<String>,
    given: Vec<Given>,
}

/// What scripts get from the embedding program.
enum Given {
    Function(Function),
    Module(Module),
    Class(Arc<Plan>),
}

impl Builder {
    pub(super) fn new() -> Builder {
        Builder {
            permissions: Permissions::none(),
            limits: Limits::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
            input: None,
            output: None,
            error: None,
            clock: None,
            seed: None,
            modules: None,
            path: Vec::new(),
            given: Vec::new(),
        }
    }

    /// What scripts may do outside. Nothing, unless it is said.
    pub fn permissions(mut self, permissions: Permissions) -> Builder {
        self.permissions = permissions;
        self
    }

    /// How much each run may use up. No limits, unless it is said.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// `sys.argv`
    pub fn arguments(
        mut self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Builder {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Another environment variable that scripts see, whatever the process has.
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Builder {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Where `sys.stdin` reads from.
    pub fn input(mut self, source: impl Source + 'static) -> Builder {
        self.input = Some(Box::new(source));
        self
    }

    /// Where `sys.stdout` writes to.
    pub fn output(mut self, sink: impl Sink + 'static) -> Builder {
        self.output = Some(Box::new(sink));
        self
    }

    /// Where `sys.stderr` writes to.
    pub fn error(mut self, sink: impl Sink + 'static) -> Builder {
        self.error = Some(Box::new(sink));
        self
    }

    /// The clock of scripts: `time`, `asyncio.sleep` and all that waits go by it. With a `ManualClock` time jumps to the next
    /// deadline when nothing else is to be done.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Builder {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Has everything random (`random`, `os.urandom`, the hash of strings) come from this seed, so that a run repeats.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = Some(seed);
        self
    }

    /// Where `import` looks first.
    pub fn modules(mut self, modules: impl Modules + 'static) -> Builder {
        self.modules = Some(Box::new(modules));
        self
    }

    /// Another folder in which `import` looks for files (`sys.path`). That it may
    /// look there is granted with it, as by `Permissions::imports`.
    pub fn path(mut self, folder: impl Into<String>) -> Builder {
        self.path.push(folder.into());
        self
    }

    /// Gives scripts another built-in function; see `Function` for signature and closure.
    ///
    /// ```
    /// use hoopsnake::{Engine, Error};
    ///
    /// let mut engine = Engine::builder()
    ///     .function("greet(name, greeting='hello')", |name: String, greeting: String| {
    ///         format!("{greeting} {name}")
    ///     })
    ///     .build()?;
    /// assert_eq!(engine.eval::<String>("greet('world')").blocking()?, "hello world");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn function<M, K, F>(self, signature: &str, function: F) -> Builder
    where
        M: 'static,
        F: HostFunction<M>,
        F::Output: Returned<K>,
    {
        self.add(Function::new(signature, function))
    }

    /// Gives scripts another built-in function, which was made before.
    pub fn add(mut self, function: Function) -> Builder {
        self.given.push(Given::Function(function));
        self
    }

    /// Gives scripts a module to import.
    pub fn module(mut self, module: Module) -> Builder {
        self.given.push(Given::Module(module));
        self
    }

    /// Gives scripts another built-in class.
    pub fn class<T: Send + 'static>(mut self, class: Class<T>) -> Builder {
        self.given.push(Given::Class(class.plan()));
        self
    }

    /// Makes the engine.
    ///
    /// # Errors
    /// `Error::Conversion` if a grant makes no sense (`Permissions::mistakes`), `Error::Internal` if a
    /// signature of what scripts are given is wrong.
    pub fn build(self) -> Result<Engine, Error> {
        if let Some(mistake) = self.permissions.mistakes().first() {
            return Err(Error::wrong_value(mistake));
        }
        let folders = self.path.iter();
        let permissions = folders.fold(self.permissions, |granted, folder| granted.imports(folder));
        let environment = Environment::with_granted(self.arguments, self.variables, &permissions);
        let mut stdio = Stdio::system();
        *stdio.lock_input() = match self.input {
            Some(source) => Input::new(source),
            None => Input::from_bytes(Vec::new()),
        };
        if let Some(sink) = self.output {
            stdio.output = Output::new(sink, Buffering::Line);
        }
        if let Some(sink) = self.error {
            stdio.error = Output::new(sink, Buffering::Line);
        }
        let mut host = Host::with(permissions, environment, stdio);
        if let Some(seed) = self.seed {
            host.entropy = Box::new(SeededEntropy::new(seed));
        }
        if let Some(clock) = self.clock {
            host.clock = clock;
        }
        let loader = SourceLoader::with_modules(self.modules);
        let mut vm = Box::new(Vm::new(&library::LIBRARY, host, Box::new(loader)));
        vm.path = self.path;
        let mut engine = Engine::of(vm);
        engine.limits = self.limits;
        engine.within(library::fill_builtins)?;
        for given in &self.given {
            engine.enter(|scope| match given {
                Given::Function(function) => function.install(scope.vm()),
                Given::Module(module) => module.install(scope.vm()),
                Given::Class(class) => class.install_built_in(scope),
            })?;
        }
        if let Some(depth) = engine.limits.recursion {
            engine.vm.recursion_limit = depth;
        }
        Ok(engine)
    }
}
