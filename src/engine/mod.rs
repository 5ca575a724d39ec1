//! The embedding API: an `Engine` runs scripts. It is one unit with a heap, a
//! host and a VM of its own; two engines in a process do not know of each other.

mod anchors;
mod async_function;
#[cfg(any(feature = "async-io", feature = "tokio"))]
mod awaiting;
pub mod builder;
pub mod class;
mod class_macro;
pub mod contents;
pub mod convert;
#[cfg(feature = "serde")]
mod deserialize;
mod ending;
pub mod error;
pub mod function;
pub mod handle;
pub mod instance;
mod kinds;
mod library;
pub mod limits;
pub mod loader;
pub mod method;
pub mod module;
pub mod namespace;
pub mod raise;
pub mod run;
pub mod scope;
pub mod script;
#[cfg(feature = "serde")]
mod serialize;
mod signature;

pub use builder::Builder;
pub use class::{Class, Constructed, Op};
pub use convert::{Bytes, FromScript, IntoArguments, IntoScript};
pub use error::{Conversion, Error, Exception, Place, Stopped, SyntaxError};
pub use function::{Function, HostFunction, Parameter, Returned};
pub use handle::Handle;
pub use instance::{Instance, Ref, RefMut};
pub use kinds::KINDS;
pub use library::{LIBRARY, builtin_names};
pub use limits::{Interrupt, Limit, Limits};
pub use loader::{ModuleText, Modules};
pub use method::{HostMethod, HostMethodMut};
pub use module::Module;
pub use namespace::Namespace;
pub use raise::{HostError, Raise};
pub use run::Run;
pub use scope::{Items, Local, Scope};
pub use script::Script;

use crate::heap::{self, Entered, Value};
use crate::host::Host;
use crate::object::dict::Dict;
use crate::object::function::Code;
use crate::object::module::Module as ModuleObject;
use crate::object::native::R;
pub use crate::vm::{Mode, Request};

use crate::vm::Vm;
use loader::SourceLoader;
use run::Start;

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit status.
    pub status: i32,
    /// It was ended by KeyboardInterrupt.
    pub interrupted: bool,
}

impl Exit {
    /// The exit status of a program that nothing can wake any more.
    pub const DEADLOCK: i32 = crate::modules::waits::STATUS;

    /// The end of a script without an exception.
    pub const SUCCESS: Exit = Exit {
        status: 0,
        interrupted: false,
    };
}

/// An interpreter. It may go to another thread, and is used by one at a time.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
///
/// let mut engine = Engine::builder().build()?;
/// let script = Script::compile("hello", "def greet(name): return f'hello {name}'")?;
/// let names = engine.run(&script).blocking()?;
/// let greet = names.handle(&mut engine, "greet")?;
/// assert_eq!(engine.call::<String>(&greet, ("world",)).blocking()?, "hello world");
/// # Ok::<(), Error>(())
/// ```
pub struct Engine {
    vm: Box<Vm>,
    limits: Limits,
    /// What went wrong in the engine itself: it runs nothing any more.
    fault: Option<String>,
}

/// What a script is run as.
pub struct Program<'a> {
    /// Its text.
    pub text: &'a [u8],
    /// Its name in tracebacks.
    pub name: &'a str,
    /// `__file__`, for a script that is one.
    pub file: Option<&'a str>,
    /// The first entry of `sys.path`.
    pub folder: Option<&'a str>,
}

impl Engine {
    /// An engine in this world. With `HOOP_GC_STRESS=N` in its environment it collects garbage and
    /// lets other threads run at every N-th check, so that tests find what holds only by luck.
    pub fn new(host: Host) -> Engine {
        let stress = host.environment.own_variable("HOOP_GC_STRESS");
        let mut vm = Box::new(Vm::new(&LIBRARY, host, Box::new(SourceLoader::default())));
        if let Some(every) = stress.and_then(|text| text.to_str()?.parse().ok()) {
            vm.stress(every);
        }
        Engine::of(vm)
    }

    fn of(vm: Box<Vm>) -> Engine {
        Engine {
            vm,
            limits: Limits::new(),
            fault: None,
        }
    }

    /// An engine for a program that embeds one: closed to the outside until something is granted.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Runs a program in a new `__main__`: the names that it binds. It ends when its last statement has; threads and
    /// processes that it started go on whenever the engine runs.
    pub fn run(&mut self, script: &Script) -> Run<'_, Namespace> {
        Run::new(self, Start::Program(script.clone()))
    }

    /// The value of an expression, which may `await`, among the built-in names.
    pub fn eval<T: FromScript>(&mut self, expression: &str) -> Run<'_, T> {
        let start = match Script::expression(expression) {
            Ok(script) => Start::Expression(script),
            Err(error) => Start::Failed(error),
        };
        Run::new(self, start)
    }

    /// Calls a function of a script. What an async function returns is what it comes to in the end.
    pub fn call<T: FromScript>(
        &mut self,
        function: &Handle,
        arguments: impl IntoArguments,
    ) -> Run<'_, T> {
        let given = match &self.fault {
            // Its heap is not looked at any more.
            Some(fault) => Err(Error::Internal(fault.clone())),
            None => self.enter(|scope| scope.arguments(arguments)),
        };
        let start = match given {
            Ok(given) => Start::Call(function.clone(), given),
            Err(error) => Start::Failed(error),
        };
        Run::new(self, start)
    }

    /// What stops a run from another thread.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt::of(&self.vm.host.inbox)
    }

    /// How much each run may use up, from the next on.
    pub fn set_limits(&mut self, limits: Limits) {
        let _entered = self.vm.enter();
        self.vm.set_memory_limit(limits.memory);
        self.limits = limits;
    }

    /// Makes the VM ready to work on this thread.
    fn enter_vm(&mut self) -> Entered {
        let entered = self.vm.enter();
        self.vm.set_stack_limit();
        drop(self.vm.roots.empty_released());
        entered
    }

    fn within<T>(&mut self, act: impl FnOnce(&mut Vm) -> R<T>) -> Result<T, Error> {
        let _entered = self.enter_vm();
        act(&mut self.vm).map_err(|raised| Error::from_raised(&mut self.vm, raised))
    }

    /// A panic of ours leaves nothing that could be relied on.
    fn close_after(&mut self, payload: &(dyn std::any::Any + Send)) -> Error {
        let text = crate::host::panic_text(payload);
        self.fault = Some(text.clone());
        Error::Internal(text)
    }

    /// The process ends with the program: objects whose death nobody would notice are not freed one by one.
    pub fn end_with_process(&mut self) {
        self.vm.ends_with_process = true;
    }

    /// Lets the engine take SIGINT, so that it becomes KeyboardInterrupt.
    pub fn take_interrupts(&mut self) {
        let host = &mut self.vm.host;
        // Without it an interrupt ends the process, as it would any other.
        let _ = host.signals.take_for_engine(2, &host.inbox);
    }

    /// Lets the engine answer SIGQUIT with the tree of tasks and threads, and end a program that
    /// nothing can wake any more. A process that was started with that signal ignored answers only
    /// who asks from outside.
    pub fn watch_over(&mut self) {
        use crate::modules::waits;
        let vm = &mut *self.vm;
        let ignored = vm.host.signals.is_ignored(3);
        if vm.host.signals.take_for_engine(3, &vm.host.inbox).is_ok() {
            vm.tell_standing = Some(match ignored {
                true => waits::on_quit_when_asked,
                false => waits::on_quit,
            });
        }
        vm.when_dead = Some(waits::end_if_dead);
        let settings = &vm.host.environment.settings;
        vm.records_origins |= settings.dev_mode;
    }

    /// From now on tasks remember where and when they are made, for those who ask how they stand.
    pub fn set_records_origins(&mut self, wanted: bool) {
        self.vm.set_records_origins(wanted);
    }

    /// Ends the process as by SIGINT, for the status that shells expect.
    pub fn die_of_interrupt(&self) {
        self.vm.host.signals.die_of(2);
    }

    /// A whole file of this engine's world.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, crate::host::HostError> {
        self.vm.host.files.read_module(std::path::Path::new(path))
    }

    /// All of standard input.
    pub fn read_input(&self) -> Result<Vec<u8>, crate::host::HostError> {
        self.vm.host.stdio.lock_input().read_all()
    }

    /// Runs a file with this path as the main script.
    pub fn run_file(&mut self, path: &str) -> Result<Exit, crate::host::HostError> {
        let inside = self.main_of_folder(path);
        let path = inside.as_deref().unwrap_or(path);
        let mut text = self.read_file(path)?;
        if self.vm.host.environment.settings.skip_first_line {
            // Its line end stays, so that the lines keep their numbers.
            let end = text.iter().position(|&byte| byte == b'\n');
            text.drain(..end.unwrap_or(text.len()));
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = if path.starts_with('/') && folder.is_empty() {
            "/"
        } else {
            folder
        };
        let folder = self.absolute(folder);
        // Tracebacks and `__file__` name the whole path, whatever was given.
        let full = if path.starts_with('/') {
            path.to_string()
        } else {
            let here = self.absolute("");
            let here = here.trim_end_matches('/');
            format!("{here}/{}", path.strip_prefix("./").unwrap_or(path))
        };
        Ok(self.run_program(&Program {
            text: &text,
            name: &full,
            file: Some(&full),
            folder: Some(&folder),
        }))
    }

    /// The file that stands for a folder: `__main__` in it.
    fn main_of_folder(&self, path: &str) -> Option<String> {
        let files = &self.vm.host.files;
        let stat = |path: &str| files.stat_module(std::path::Path::new(path));
        if !stat(path).is_ok_and(|stat| stat.is_directory()) {
            return None;
        }
        let folder = path.trim_end_matches('/');
        let names = ["async", "py"].map(|ending| format!("{folder}/__main__.{ending}"));
        names
            .into_iter()
            .find(|name| stat(name).is_ok_and(|stat| stat.is_file()))
    }

    /// Runs a text as the main script.
    pub fn run_source(&mut self, text: &str, name: &str) -> Exit {
        self.run_program(&Program {
            text: text.as_bytes(),
            name,
            file: None,
            folder: Some(""),
        })
    }

    /// Runs a module, found as an import finds it, as the main script.
    pub fn run_module(&mut self, name: &str) -> Exit {
        let result = self.module_result(name);
        let _entered = self.vm.enter();
        ending::end(&mut self.vm, result)
    }

    /// Runs the prompt.
    pub fn run_prompt(&mut self) -> Exit {
        let folder = self.absolute("");
        let vm = &mut *self.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        // Not by `runpy`, which loads much that a prompt has no use for.
        let result = prepare_main(vm, None, Some(&folder)).and_then(|_| {
            let prompt = vm.import("asyncio.__main__")?;
            let main = vm.get_attr(&prompt, "main")?;
            vm.call(&main, &[])
        });
        ending::end_now(vm, result)
    }

    /// Has tasks remember where they were made, so that reports can tell.
    pub fn record_origins(&mut self) {
        self.vm.records_origins = true;
    }

    /// True if the prompt comes behind a script.
    pub fn wants_prompt(&self) -> bool {
        ending::wants_prompt(&self.vm)
    }

    /// True if a report of an exception that nobody caught would be drawn.
    pub fn draws_reports(&mut self) -> bool {
        let _entered = self.vm.enter();
        self.vm.draws_reports()
    }

    fn module_result(&mut self, name: &str) -> R {
        let folder = self.absolute("");
        let vm = &mut *self.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        prepare_main(vm, None, Some(&folder)).and_then(|_| {
            let runpy = vm.import("runpy")?;
            let run = vm.get_attr(&runpy, "_run_module_as_main")?;
            vm.call(&run, &[crate::builtins::arguments::string(name)])
        })
    }

    fn absolute(&self, folder: &str) -> String {
        let path = std::path::Path::new(if folder.is_empty() { "." } else { folder });
        match self.vm.host.files.real_module_path(path) {
            Ok(path) => path.to_string_lossy().into_owned(),
            Err(_) => folder.to_string(),
        }
    }

    /// Runs a program as `__main__` to its very end: exit functions, threads, flushing.
    pub fn run_program(&mut self, program: &Program<'_>) -> Exit {
        let vm = &mut *self.vm;
        let _entered = vm.enter();
        vm.set_stack_limit();
        let result = run_main(vm, program);
        ending::end(vm, result)
    }
}

fn run_main(vm: &mut Vm, program: &Program<'_>) -> R {
    let module = prepare_main(vm, program.file, program.folder)?;
    let request = Request {
        text: program.text,
        name: program.name,
        mode: Mode::File,
        top_level_await: true,
        hidden: false,
        optimize: vm.host.environment.settings.optimize,
        from_tree: false,
    };
    let code = match vm.loader.compile(&request) {
        Ok((code, warnings)) => {
            vm.issue_syntax_warnings(warnings)?;
            vm.instantiate_code(code)
        }
        Err(fault) => return Err(vm.syntax_error(fault)),
    };
    run_code(vm, &code, &module)
}

/// Makes the built-in names, `sys.path` and the empty `__main__`.
fn prepare_main(
    vm: &mut Vm,
    file: Option<&str>,
    folder: Option<&str>,
) -> R<heap::Ref<ModuleObject>> {
    library::fill_builtins(vm)?;
    vm.path = search_path(vm, folder);
    let module = new_main(vm, file)?;
    if !vm.host.environment.settings.warnings.is_empty() {
        // It says which of the filters it was given make no sense.
        vm.import("warnings")?;
    }
    Ok(module)
}

/// Makes an empty `__main__`, in the place of the one that was.
fn new_main(vm: &mut Vm, file: Option<&str>) -> R<heap::Ref<ModuleObject>> {
    let module = vm.new_module("__main__", "");
    let namespace = module.namespace.clone();
    let builtins = vm.import("builtins")?;
    vm.set_name(&namespace, "__annotations__", Dict::new().into_value())?;
    vm.set_name(&namespace, "__builtins__", builtins)?;
    if let Some(file) = file {
        let file = crate::builtins::arguments::string(file);
        vm.set_name(&namespace, "__file__", file)?;
        vm.set_name(&namespace, "__cached__", Value::NONE)?;
    }
    let modules = vm.modules.clone();
    vm.set_name(&modules, "__main__", module.value())?;
    Ok(module)
}

/// Runs a module's code; a coroutine on a loop, as `asyncio.run` does.
fn run_code(vm: &mut Vm, code: &heap::Ref<Code>, module: &heap::Ref<ModuleObject>) -> R {
    let is_coroutine = code.flags & crate::bytecode::code::flags::COROUTINE != 0;
    let body = vm.new_function(code.clone(), module.namespace.clone(), None);
    let result = vm.call(body.as_value(), &[])?;
    if !is_coroutine {
        return Ok(result);
    }
    let asyncio = vm.import("asyncio")?;
    let run = vm.get_attr(&asyncio, "run")?;
    vm.call(&run, &[result])
}

/// `sys.path`: the script's folder, then what HOOPPATH names.
fn search_path(vm: &Vm, folder: Option<&str>) -> Vec<String> {
    let folder = folder.filter(|_| !vm.host.environment.settings.safe_path);
    let mut path: Vec<String> = folder.map(str::to_string).into_iter().collect();
    if let Some(more) = vm.host.environment.steering_variable("HOOPPATH") {
        let more = more.to_string_lossy();
        path.extend(
            more.split(':')
                .filter(|p| !p.is_empty())
                .map(str::to_string),
        );
    }
    path
}
