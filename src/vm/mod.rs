//! The virtual machine: it runs code.
//!
//! `dispatch` is the loop. `call`, `unwind`, `generator` move between frames.
//! The protocols (`attr`, `ops`, `compare`, `convert`, `item`, `iter`) say what an operation on
//! any value means: each answers with a `Step`, so that script code they need
//! runs in a frame of its own and not on the Rust stack. Natives that need an
//! answer at once use the nested forms (`Vm::call`, `Vm::repr` ...), for which
//! `docs/internals/calls.md` has the rules.

pub mod async_generator;
mod at_hand;
pub mod attr;
mod awaited_call;
pub mod awaiting;
mod begun_modules;
pub mod call;
pub mod candidates;
pub mod class;
mod collecting;
pub mod compare;
mod conditions;
pub mod convert;
mod creating;
pub mod dispatch;
pub mod driving;
pub mod error;
mod excerpt;
mod fancy;
mod feeding;
pub mod fiber;
pub mod finalize;
pub mod finders;
mod frames;
mod function_binding;
pub mod generator;
pub mod groups;
pub mod host_work;
mod identity;
pub mod import;
pub mod instantiate;
mod int_like;
mod item;
pub mod iter;
mod keywords;
pub mod limits;
pub mod module_state;
pub mod native;
mod native_signature;
mod nested;
mod operands;
pub mod ops;
pub mod origins;
pub mod outside;
mod plain_call;
mod receiver;
pub mod roots;
pub mod scope;
pub mod signature;
pub mod special;
mod special_call;
mod stack;
mod stack_coroutine;
pub mod standing;
pub mod stopping;
pub mod table;
pub mod text;
mod throwing;
pub mod traceback;
pub mod type_params;
pub mod types;
pub mod unwind;
pub mod waiting;

use std::collections::HashMap;
use std::sync::Arc;

use crate::bytecode;
use crate::heap::{ByAddress, Entered, Heap, KindTable, Ref, Value};
use crate::host::Host;
use crate::object::class::{Class, Shapes};
use crate::object::dict::Dict;
use crate::object::frame::Frame;
use crate::object::native::{
    AwaitHook, Input, ModuleDef, NextHook, NextStepHook, PairHook, PassHook, R, TypeDef,
};
use crate::object::str::{Interner, Str};
use crate::source::SourceFile;

/// What the engine gives a new VM: all native types and modules, and the way to the compiler.
pub struct Library {
    /// What the heap must know of each kind, by number.
    pub kinds: &'static [KindTable],
    /// The table of each built-in type.
    pub types: &'static [&'static TypeDef],
    /// The native modules.
    pub modules: &'static [&'static ModuleDef],
    /// The tables of the types in `Known`, in that order.
    known: Vec<&'static TypeDef>,
}

/// What kind of text is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A file or module.
    File,
    /// An expression.
    Eval,
    /// One interactive statement.
    Single,
    /// What was typed at a prompt: statements, of which the last one's value is shown.
    Prompt,
    /// Statements with a namespace of their own (`exec`).
    Exec,
}

/// A request to compile.
pub struct Request<'a> {
    /// The text as bytes (a coding comment may say how to read it).
    pub text: &'a [u8],
    /// The file name for messages.
    pub name: &'a str,
    /// See `Mode`.
    pub mode: Mode,
    /// Whether `await` may stand outside of functions.
    pub top_level_await: bool,
    /// Whether frames of this code are left out of tracebacks.
    pub hidden: bool,
    /// 1 leaves out `assert`, 2 docstrings too.
    pub optimize: u8,
    /// Whether the text was written from a tree, which may have names that are no identifiers.
    pub from_tree: bool,
}

/// A syntax error as data.
pub struct SyntaxFault {
    /// "SyntaxError", "IndentationError" or "TabError".
    pub class: &'static str,
    /// The message.
    pub message: String,
    /// Line, column (code points from 1), end line, end column.
    pub place: (u32, u32, u32, i32),
    /// The source.
    pub source: Arc<SourceFile>,
    /// The line as `SyntaxError.text` gives it, if there is one.
    pub text: Option<String>,
}

/// What the compiler gives: code and warnings.
pub type Compiled = Result<(Arc<bytecode::Code>, Vec<SyntaxFault>), SyntaxFault>;

/// The VM's way to the parser, the compiler and the embedded library.
pub trait Loader: Send {
    /// Compiles text.
    fn compile(&self, request: &Request<'_>) -> Compiled;
    /// The syntax tree of a text, as `ast.dump` with positions would write it.
    fn tree(&self, request: &Request<'_>) -> Result<(String, Vec<SyntaxFault>), SyntaxFault>;
    /// The code of a module that an embedder provides, and whether it is a package.
    fn provided(&self, module: &str) -> Option<Result<(Arc<bytecode::Code>, bool), SyntaxFault>>;
    /// The code of a library module written in the language, and whether it is a package.
    fn library(&self, module: &str) -> Option<(Arc<bytecode::Code>, bool)>;
    /// The source of a library module by the name of its file, or of what an embedder has given by its name.
    fn source_of(&self, file: &str) -> Option<Arc<SourceFile>>;
    /// Keeps in mind what an embedder runs, as long as somebody has it.
    fn remember(&self, source: &Arc<SourceFile>);
    /// Whether there is such a library module, and whether it is a package.
    fn library_kind(&self, module: &str) -> Option<bool>;
    /// Whether a text typed at a prompt, wrong as it stands, may become right when more lines follow.
    fn is_incomplete(&self, request: &Request<'_>) -> bool;
    /// Runs a text in an engine of its own, on a thread of its own.
    fn start_engine(
        &self,
        host: crate::host::Host,
        text: String,
    ) -> Result<(), crate::host::HostError>;
    /// The names of all library modules, sorted.
    fn library_names(&self) -> Vec<&'static str>;
    /// Where the carets of a traceback change within a piece of source: the bytes from `.0` to `.1`
    /// are the operator of a binary operation, the brackets of a subscript, the arguments of a call.
    fn anchors(&self, segment: &str) -> Option<(usize, usize)>;
    /// Whether the text begins with a statement that only assigns a call, or returns one of a plain
    /// name, and the call takes the bytes from `start` to `end`.
    fn is_plain_call(&self, text: &str, start: usize, end: usize) -> bool;
}

/// One virtual machine with its heap. It is `!Sync` and lives in an engine.
pub struct Vm {
    /// The frame that runs: that of the script function whose instruction called a native.
    pub(crate) frame: *mut Frame,
    /// Where the next plain frame goes, and the end of the segment.
    pub(crate) sp: *mut u8,
    pub(crate) limit: *mut u8,
    /// Counts down at calls and back-edges.
    pub(crate) budget: i32,
    /// Counts down as natives take values from iterators.
    pub(crate) pulls: i32,
    /// How many natives were started by natives that were started so (`start_native`).
    pub(crate) native_starts: u32,
    /// What the budget is after each check.
    slice: i32,
    /// The deepest frame allowed (`sys.getrecursionlimit`).
    pub recursion_limit: u32,
    /// How many Rust calls of `run` are active.
    pub(crate) nested: u32,
    /// The lowest address the Rust stack may reach.
    pub(crate) stack_limit: usize,
    /// Parsed signatures of native functions, by the address of their table line.
    pub(crate) signatures: HashMap<usize, std::rc::Rc<crate::object::native::Signature>, ByAddress>,
    /// See `limits`.
    pub meter: limits::Meter,
    /// The run is being ended, and why.
    pub(crate) stopping: Option<stopping::Stop>,
    /// Who lets the VM run, where that is somebody else.
    pub(crate) driver: Option<driving::Driver>,
    /// What has happened outside while the driver slept.
    pub(crate) happened: Vec<crate::host::Event>,
    /// Called when a run was taken down: native modules forget what they keep of it.
    pub forget_run: Vec<fn(&mut Vm)>,
    /// Where the dispatch loop goes on.
    pub(crate) cursor: dispatch::Cursor,
    /// What the native frame at the cursor is entered with.
    pub(crate) input: Option<Input>,
    /// How native awaitables are awaited, by kind.
    pub(crate) await_hooks: Box<[Option<AwaitHook>; 256]>,
    /// How native iterators give their next value without a frame, by kind.
    pub(crate) next_hooks: Box<[Option<NextHook>; 256]>,
    /// What native iterators call for their next value, by kind.
    pub(crate) next_step_hooks: Box<[Option<NextStepHook>; 256]>,
    /// Which iterators native ones pass the values of on, by kind.
    pub(crate) pass_hooks: Box<[Option<PassHook>; 256]>,
    /// How native iterators that give pairs give their next pair, by kind.
    pub(crate) pair_hooks: Box<[Option<PairHook>; 256]>,
    /// How many iterators ask one another for their next item without frames.
    pub(crate) asking: u32,
    /// Whether an iterator that a loop asked at once was at its end.
    pub(crate) is_over: bool,
    /// What a leaf raised that the dispatch loop called.
    pub(crate) raised: Option<crate::object::native::Raised>,
    /// What such a leaf gave, while finalizers run first; a result that waits for the operands to be freed.
    pub(crate) leaf_result: Value,
    /// The object that died last under a handler's hands, until another one frees it.
    pub(crate) dead: *mut crate::heap::Header,
    /// What a handler is about to call in the place of a callee.
    pub(crate) at_once: Option<crate::object::native::AtOnce>,
    /// Which local a frame that ends goes on with, when the one before died.
    pub(crate) next_local: usize,
    /// What an iterator gave a native at once that then could not go on without a frame, which takes it from here.
    pub(crate) begun_items: Option<(Value, crate::heap::Buffer<Value>)>,
    /// What a boundary was left with.
    pub(crate) outcome: Option<R>,
    /// The stack segments of the running fiber.
    pub(crate) segments: Vec<stack::Segment>,
    /// A segment that no fiber uses.
    spare_segment: Option<stack::Segment>,
    /// All fibers, and which of them run next.
    pub(crate) fibers: fiber::Fibers,
    /// The fiber of the main program, once there is a need to know it.
    pub(crate) main_fiber: Option<Ref<fiber::Fiber>>,
    /// Who is told of events from outside; asyncio sets it when it is imported.
    pub event_sink: Option<fn(&mut Vm, crate::host::Event) -> R<()>>,
    /// The event loop that runs in this fiber, or None.
    pub running_loop: Value,
    /// The context of context variables that is current in this fiber, or None.
    pub context: Value,
    /// The global method cache.
    pub(crate) method_cache: Box<attr::MethodCache>,
    /// What inline caches found, by shape and name.
    pub(crate) sites: attr::SiteCache,
    /// Attribute tables of shapes.
    pub shapes: Shapes,
    /// Interned strings.
    pub interner: Interner,
    /// Names the VM itself uses, interned.
    pub names: special::Names,
    /// Native types made so far, by the address of their table.
    pub(crate) classes: HashMap<usize, Ref<Class>, ByAddress>,
    /// Shapes of the classes that share a kind.
    pub(crate) known: types::KnownShapes,
    /// The namespace of the built-in functions.
    pub builtins: Ref<Dict>,
    /// `sys.modules`
    pub modules: Ref<Dict>,
    /// Modules whose body runs still.
    pub(crate) begun_modules: Vec<begun_modules::BegunModule>,
    /// State that native modules keep between calls, by a key of their own.
    pub state: module_state::ModuleState,
    /// The context variable of `decimal`, which each of its operations asks; None before it is imported.
    pub decimal_variable: Value,
    /// `sys.get_asyncgen_hooks()`: first iteration, finalizer.
    pub asyncgen_hooks: (Value, Value),
    /// Depth of containers whose `repr` is being made, by address.
    pub(crate) repr_guard: Vec<usize>,
    /// Events that came while nobody waited for them.
    pub pending_events: Vec<crate::host::Event>,
    /// Wants to know of each signal before it is answered.
    pub tell_signal: Option<fn(&mut Vm, i32)>,
    /// Answers SIGQUIT, knowing whether a script has a handler for it; false if that is to be called.
    /// The program `hoop` sets it.
    pub tell_standing: Option<fn(&mut Vm, bool) -> bool>,
    /// Ends the run when nothing can ever wake it; the program `hoop` sets it.
    pub when_dead: Option<fn(&mut Vm)>,
    /// Is called by the loop after a task has begun, waited or ended, with the word for it and the task; or None.
    pub task_hook: Value,
    /// Tasks remember where and when they were made.
    pub records_origins: bool,
    /// How many signals a script's handler has answered.
    pub signals_handled: u64,
    /// Calls the callback of a weak reference whose object dies; the module that makes them sets it.
    pub clear_weak: Option<fn(&mut Vm, &Value)>,
    /// Finalizers are running: those that come up meanwhile wait for their turn.
    pub(crate) finalizing: bool,
    /// The program is over; what it held says farewell.
    pub ending: bool,
    /// The process ends with the program: what nobody would notice is left to the system.
    pub ends_with_process: bool,
    /// The arguments of the `throw` that goes into an iterator which is no generator: its own `throw` gets them.
    pub(crate) thrown_arguments: Value,
    /// What a foreign coroutine gave last was yielded, not returned.
    pub(crate) foreign_yielded: bool,
    /// The native coroutine function that paused last (`Step::Pause`).
    pub(crate) paused_in: Value,
    /// The class that was found last to compare as `int` does: shape of its instances, type epoch, and the operators, a
    /// bit each. See `compares_as_int`.
    pub(crate) int_like: (u32, u32, u8),
    /// `sys.set_coroutine_origin_tracking_depth`
    pub origin_depth: u32,
    /// Names of natives that made coroutines, each where the address of its definition says.
    pub(crate) native_names: [(usize, Value); 16],
    /// Makes what `sys.unraisablehook` is called with: of an exception and an object.
    pub unraisable_arguments: Option<fn(&mut Vm, &Value, &Value) -> R>,
    /// The class of each type of the embedding program that has one here.
    pub(crate) host_classes: HashMap<std::any::TypeId, Ref<Class>>,
    /// Futures of the embedding program that somebody waits for.
    pub(crate) host_works: host_work::HostWorks,
    /// Values that Rust code outside the engine holds.
    pub(crate) roots: roots::Roots,
    /// The operating system.
    pub host: Host,
    /// Compiler and library.
    pub loader: Box<dyn Loader>,
    /// See `Library`.
    pub library: &'static Library,
    /// Where modules are looked for: `sys.path`.
    pub path: Vec<String>,
    /// Keep the heap behind all that has values: it goes when everything that points into it is gone.
    pub(crate) heap: Box<Heap>,
    /// Keep it behind the heap: definitions that functions in the heap point to.
    pub(crate) host_defs: crate::object::host::HostDefs,
    /// Keeps the heap the current one while the VM is dropped.
    pub(crate) last_entry: Option<Entered>,
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.last_entry = Some(self.enter());
        self.heap.tear_down();
    }
}

// SAFETY: a VM is a world of its own. What it counts without atomics (objects, `Rc`s of its tables) is held by itself only,
// and no Value, Rc or pointer into it leaves it: so it goes from thread to thread as a whole, between two entries. The one
// thing of a thread that it uses, the current heap and the bounds of the stack, is set anew at each entry.
unsafe impl Send for Vm {}

impl Vm {
    /// Makes this VM's heap the current one until the guard is dropped.
    pub fn enter(&mut self) -> Entered {
        Entered::enter(&mut *self.heap)
    }

    /// All living objects of a kind.
    pub fn living(&self, kind: crate::heap::Kind) -> Vec<Value> {
        self.heap.living(kind)
    }

    /// The interned string of `name`.
    pub fn intern(&mut self, name: &str) -> Ref<Str> {
        self.interner.intern(name)
    }
}
