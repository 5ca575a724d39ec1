//! Native functions and the tables that describe native types and modules.
//! A signature is data: `"sleep(delay, result=None)"`.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use super::kind;
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};
use crate::object::class::Class;
use crate::vm::Vm;

/// An exception on its way out: an instance of BaseException.
#[derive(Clone)]
pub struct Raised(pub Value);

/// What a native gives: a value, or an exception.
pub type R<T = Value> = Result<T, Raised>;

/// A function that runs no script (but for the conversions that
/// `docs/internals/calls.md` lists). It borrows its arguments, one for each
/// parameter of the signature; one that was not given and has no default is Undef.
pub type Leaf = fn(&mut Vm, &[Value]) -> R;

/// As `Leaf`, but takes the arguments as they were given: all of them, the
/// last `names.len()` by keyword.
pub type RawLeaf = fn(&mut Vm, &[Value], &[Value]) -> R;

/// A native frame: called each time control comes back to it.
pub type Resume = fn(&mut Vm, &mut NativeFrame<'_>, Input) -> Step;

/// The registers and the state of a native frame.
pub struct NativeFrame<'a> {
    /// Register 0.. : the arguments, then as many more as the definition asks for, at first Undef.
    pub regs: &'a mut [Value],
    /// Where the function goes on: 0 at the start. At most 63.
    pub state: u8,
}

/// Why a native frame is entered.
pub enum Input {
    /// For the first time.
    Start,
    /// With the result of what it called or awaited, or the value sent to its yield.
    Value(Value),
    /// With what the coroutine yielded that it drives (`Step::Send`, `Step::Throw`).
    Yielded(Value),
    /// With the exception that its callee raised, or that was thrown into it.
    Raised(Raised),
}

/// What is to happen next. A native frame answers with any of these; a protocol
/// (`vm::ops`, `vm::attr` ...) answers with one of the first five only: the
/// caller in the dispatch loop pushes what has to run, a Rust caller runs it nested.
pub enum Step {
    /// Done.
    Return(Value),
    /// Done, with an exception.
    Raise(Raised),
    /// Done: the result is that of this call with positional arguments.
    TailCall(Value, Args),
    /// Done: the result is that of this call; the last arguments are named by the tuple.
    TailCallKw(Value, Args, Value),
    /// Done: the result is that of this native frame with these arguments in its first registers.
    Enter(&'static Def, Args),
    /// Call this for the next value of an iterator; go on with that. A StopIteration that leaves it is the end: Undef.
    NextCall(Value, Args),
    /// Call this with these positional arguments; go on with its result.
    Call(Value, Args),
    /// Call this; the last arguments are named by the tuple; go on with its result.
    CallKw(Value, Args, Value),
    /// Do what this protocol step says; go on with its result.
    Do(Box<Step>),
    /// Await this; go on with its result.
    Await(Value),
    /// Yield this to whoever drives the coroutine or generator; go on with what is sent.
    Yield(Value),
    /// Next value of this iterator; go on with it, or with Undef at its end.
    Next(Value),
    /// Drive this coroutine or generator by a value (None at first); go on with Yielded, Value (its result) or Raised.
    Send(Value, Value),
    /// Throw an exception into this coroutine or generator; go on as with Send.
    Throw(Value, Raised),
    /// Yield None to whoever drives the coroutine, then be done with the result None, whatever is sent: an
    /// exception passes through. The state says so already, for who is entered again all the same.
    Pause,
    /// Park the fiber until something wakes it; go on with the value it is woken with.
    Park,
}

impl Step {
    /// A protocol's answer as a native frame gives it that goes on with the result.
    pub fn then_go_on(self) -> Step {
        match self {
            Step::TailCall(callee, args) => Step::Call(callee, args),
            Step::TailCallKw(callee, args, names) => Step::CallKw(callee, args, names),
            Step::Call(..) | Step::CallKw(..) | Step::Next(_) | Step::NextCall(..) => self,
            step => Step::Do(Box::new(step)),
        }
    }
}

impl From<R> for Step {
    fn from(result: R) -> Step {
        match result {
            Ok(value) => Step::Return(value),
            Err(raised) => Step::Raise(raised),
        }
    }
}

/// The next value of an iterator, None inside at its end; None if a frame is needed to get it,
/// and then nothing was done.
pub type NextHook = fn(&mut Vm, &Value) -> Option<R<Option<Value>>>;

/// What has to be done for the next value of an iterator, where that takes no frame of its own: `Step::Return` of it, of
/// Undef at the end, or a call that gives it. None otherwise, and then nothing was done.
pub type NextStepHook = fn(&mut Vm, &Value) -> Option<Step>;

/// See `TypeDef::passes_on`.
pub type PassHook = fn(&Value) -> Option<Value>;

/// The next pair of an iterator that gives pairs, where it is at hand; None otherwise, and then nothing was done.
pub type PairHook = fn(&mut Vm, &Value) -> Option<(Value, Value)>;

/// A few arguments.
pub type Args = smallvec::SmallVec<[Value; 4]>;

/// How a native function runs.
#[derive(Clone, Copy)]
pub enum NativeCode {
    /// See `Leaf`.
    Leaf(Leaf),
    /// See `RawLeaf`.
    Raw(RawLeaf),
    /// A native frame with so many registers beyond the parameters.
    Frame(u16, Resume),
    /// Makes a coroutine object whose frame is native.
    Coroutine(u16, Resume),
    /// As `Leaf`, but it is a closure of the program that embeds the engine, and lies in the function.
    Host,
    /// As `Host`, but it gives work (`HostWork`), which the fiber waits for.
    HostWaiting,
}

/// See `NativeCode::Host`.
pub type HostCall = dyn Fn(&mut Vm, &[Value]) -> R + Send + Sync;

/// Gives the next value of an iterator of the embedding program, None at its end.
pub type HostNext = dyn FnMut(&mut Vm) -> R<Option<Value>> + Send;

/// How a native awaitable (a Future) stands.
pub enum AwaitOutcome {
    /// It is done: its result.
    Done(Value),
    /// Wait: this goes to whoever drives the coroutine.
    Yield(Value),
}

/// Asks a native awaitable how it stands: for the first time, or after a resumption.
pub type AwaitHook = fn(&mut Vm, &Value, first: bool) -> R<AwaitOutcome>;

/// A line of a table: a function.
pub struct Def {
    /// Name and parameters.
    pub sig: &'static str,
    /// What it does.
    pub code: NativeCode,
    /// `__doc__`
    pub doc: &'static str,
    /// How a method is bound.
    pub binding: Binding,
    /// What a call gives that needs no frame.
    pub at_once: Option<AtOnce>,
    /// What an await of the coroutine that a call makes gives, where nothing has to be waited for.
    pub awaited: Option<AwaitedAtOnce>,
    /// How many arguments a call has that goes on in a generator, its first: one for `next`, two for `send`; 0 for what
    /// does not.
    pub resumes: u8,
    /// How its frame takes an item of an iterator, and in which register it has the iterator.
    pub takes: Option<(u8, Takes)>,
    /// How its frame goes on from call to call of one function.
    pub recalls: Option<Recalls>,
}

/// Takes an item that script code made for a native frame, if that is all there is to do before the frame wants the next one
/// of the same iterator: no script, no error. It is given the frame's state and registers. Else the item comes back, nothing
/// was done, and the frame is resumed with it.
pub type Takes = fn(&mut Vm, state: u8, &mut [Value], Value) -> Result<(), Value>;

/// Takes the result of a call, and gives the argument of the next call of the same function, if that is what the frame would
/// do now; as `Takes` otherwise. It is given the frame's state and registers, and the function.
pub type Recalls = fn(u8, &mut [Value], &Header, Value) -> Result<Value, Value>;

/// What comes of a native coroutine that is awaited where it is made and needs no frame.
pub enum Awaited {
    /// It returns this.
    Done(Value),
    /// It yields None, and then returns None. Nothing was done for that yet.
    Pauses,
}

/// Answers for a coroutine that is awaited at once, made by a call with these arguments by position, if no frame is
/// needed for it; else with None, and has done nothing.
pub type AwaitedAtOnce = fn(&mut Vm, &[Value]) -> Option<R<Awaited>>;

/// Answers a call by position without a frame, if that can be done, with its result; else with None, and has done nothing.
pub type AtOnce = fn(&mut Vm, &[Value]) -> Option<R>;

/// How a function in a type's table is bound.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// To the instance.
    Method,
    /// To the class.
    Class,
    /// Not at all.
    Static,
}

impl Def {
    /// A leaf.
    pub const fn leaf(sig: &'static str, f: Leaf) -> Def {
        Def {
            sig,
            code: NativeCode::Leaf(f),
            doc: "",
            binding: Binding::Method,
            at_once: None,
            awaited: None,
            resumes: 0,
            takes: None,
            recalls: None,
        }
    }
    /// A raw leaf; the signature is for show and for its name.
    pub const fn raw(sig: &'static str, f: RawLeaf) -> Def {
        Def {
            sig,
            code: NativeCode::Raw(f),
            doc: "",
            binding: Binding::Method,
            at_once: None,
            awaited: None,
            resumes: 0,
            takes: None,
            recalls: None,
        }
    }
    /// A native frame with `extra` registers beyond its parameters.
    pub const fn frame(sig: &'static str, extra: u16, f: Resume) -> Def {
        Def {
            sig,
            code: NativeCode::Frame(extra, f),
            doc: "",
            binding: Binding::Method,
            at_once: None,
            awaited: None,
            resumes: 0,
            takes: None,
            recalls: None,
        }
    }
    /// A coroutine function with `extra` registers beyond its parameters.
    pub const fn coroutine(sig: &'static str, extra: u16, f: Resume) -> Def {
        Def {
            sig,
            code: NativeCode::Coroutine(extra, f),
            doc: "",
            binding: Binding::Method,
            at_once: None,
            awaited: None,
            resumes: 0,
            takes: None,
            recalls: None,
        }
    }
    /// The same with a docstring.
    pub const fn doc(mut self, doc: &'static str) -> Def {
        self.doc = doc;
        self
    }
    /// The same with a way that needs no frame.
    pub const fn at_once(mut self, f: AtOnce) -> Def {
        self.at_once = Some(f);
        self
    }
    /// The same with a way that needs no frame where the coroutine is awaited at once.
    pub const fn awaited(mut self, f: AwaitedAtOnce) -> Def {
        self.awaited = Some(f);
        self
    }
    /// The same as one that goes on in a generator; see `Def::resumes`.
    pub const fn resumes(mut self, arguments: u8) -> Def {
        self.resumes = arguments;
        self
    }
    /// The same with a way to take items of the iterator in that register without being resumed.
    pub const fn takes(mut self, iterator: u8, f: Takes) -> Def {
        self.takes = Some((iterator, f));
        self
    }
    /// The same with a way to go on from call to call without being resumed.
    pub const fn recalls(mut self, f: Recalls) -> Def {
        self.recalls = Some(f);
        self
    }
    /// The same as a class method.
    pub const fn class(mut self) -> Def {
        self.binding = Binding::Class;
        self
    }
    /// The same as a static method.
    pub const fn stat(mut self) -> Def {
        self.binding = Binding::Static;
        self
    }
    /// The name: the signature up to its parenthesis.
    pub fn name(&self) -> &'static str {
        let end = self.sig.bytes().position(|byte| byte == b'(');
        end.map_or(self.sig, |end| &self.sig[..end])
    }
}

/// An attribute of a native type that is computed.
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Reads it from an instance.
    pub get: fn(&mut Vm, &Value) -> R,
    /// Sets it, or deletes it when the value is Undef.
    pub set: Option<fn(&mut Vm, &Value, &Value) -> R<()>>,
}

impl Attribute {
    /// A read-only attribute.
    pub const fn get(name: &'static str, get: fn(&mut Vm, &Value) -> R) -> Attribute {
        Attribute {
            name,
            get,
            set: None,
        }
    }
    /// An attribute that can be set; it is deleted by setting Undef.
    pub const fn get_set(
        name: &'static str,
        get: fn(&mut Vm, &Value) -> R,
        set: fn(&mut Vm, &Value, &Value) -> R<()>,
    ) -> Attribute {
        Attribute {
            name,
            get,
            set: Some(set),
        }
    }
}

/// The table of a native type.
pub struct TypeDef {
    /// `__name__`
    pub name: &'static str,
    /// `__module__`
    pub module: &'static str,
    /// What its instances are.
    pub kind: Kind,
    /// The shape of exact instances, where several types share the kind; one of `kind::shared`.
    pub shape: Option<Kind>,
    /// Its base; `object` when None.
    pub base: Option<&'static TypeDef>,
    /// Bits of `class_flags` beyond BUILTIN.
    pub flags: u32,
    /// `__doc__`
    pub doc: &'static str,
    /// What a call of the class itself does, if not what `__new__` and `__init__` do.
    pub call: Option<&'static Def>,
    /// `__new__`: its first parameter is the class. None: cannot be called.
    pub new: Option<Def>,
    /// Methods, special ones included.
    pub methods: &'static [Def],
    /// Computed attributes.
    pub attributes: &'static [Attribute],
    /// Makes instances awaitable without an iterator between (Future, Task).
    pub awaits: Option<AwaitHook>,
    /// What a call of the class itself gives that needs no frame.
    pub at_once: Option<AtOnce>,
    /// What a call of the class itself with one argument does, where `at_once` has no answer. Registers: the argument.
    pub of_one: Option<&'static Def>,
    /// Gives the next value of an iterator without a frame, where that can be done.
    pub next_at_once: Option<NextHook>,
    /// Says which iterator gives the next values of this one, as they are, as long as it has some.
    pub passes_on: Option<PassHook>,
    /// Says what has to be called for the next value of an iterator.
    pub next_by_call: Option<NextStepHook>,
    /// Gives the next pair of an iterator that gives pairs, for a loop that takes it apart.
    pub pair_at_once: Option<PairHook>,
    /// Puts what a table cannot hold into the class (constants such as `timezone.utc`).
    pub setup: Option<fn(&mut Vm, &Ref<Class>) -> R<()>>,
}

impl TypeDef {
    /// The type whose `__new__` makes instances of this one: it, or a base; None for that of `object`.
    pub fn maker(&'static self) -> Option<&'static TypeDef> {
        let mut def = self;
        while def.new.is_none() {
            def = def.base?;
        }
        Some(def)
    }

    /// A table with nothing in it yet.
    pub const fn new(module: &'static str, name: &'static str, kind: Kind) -> TypeDef {
        TypeDef {
            name,
            module,
            kind,
            shape: None,
            base: None,
            flags: 0,
            doc: "",
            new: None,
            methods: &[],
            attributes: &[],
            awaits: None,
            call: None,
            at_once: None,
            of_one: None,
            next_at_once: None,
            passes_on: None,
            next_by_call: None,
            pair_at_once: None,
            setup: None,
        }
    }
}

/// The table of a native module.
pub struct ModuleDef {
    /// Its name, dotted.
    pub name: &'static str,
    /// `__doc__`
    pub doc: &'static str,
    /// Its functions.
    pub functions: &'static [Def],
    /// Its types.
    pub types: &'static [&'static TypeDef],
    /// Puts the rest into the module's namespace.
    pub setup: Option<fn(&mut Vm, &Ref<super::module::Module>) -> R<()>>,
}

/// One parameter of a parsed signature.
pub struct Param {
    /// Its name, interned.
    pub name: Value,
    /// Its default; Undef when there is none.
    pub default: Value,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A parsed signature. Parameters come in the order positional, keyword-only, `*args`, `**kwargs`.
pub struct Signature {
    /// The name of the function.
    pub name: &'static str,
    /// All parameters but `*args` and `**kwargs`.
    pub params: Vec<Param>,
    /// How many of them are positional-only.
    pub posonly: usize,
    /// How many of them may be given by position.
    pub positional: usize,
    /// How many of those must be given.
    pub required: usize,
    /// Has `*args`.
    pub varargs: bool,
    /// Has `**kwargs`.
    pub varkw: bool,
    /// `**kwargs=Undef`: no dict is made as long as there is nothing to be put into it.
    pub lazy_varkw: bool,
}

/// A native function as an object.
#[repr(C)]
pub struct Native {
    head: Header,
    /// The number of positional arguments that can be passed on as they are; `u32::MAX` for none.
    pub exact: u32,
    /// The most positional arguments, when it takes no others; else `u32::MAX`.
    pub most: u32,
    /// The least positional arguments of a leaf that takes few and no others, once the signature
    /// was parsed; else `u32::MAX`.
    pub least: Cell<u32>,
    /// The same of a coroutine function.
    pub least_awaited: Cell<u32>,
    /// Its table line.
    pub def: &'static Def,
    /// `__name__` and `__qualname__` of the coroutines it makes; Undef before the first.
    pub names: (Field, Field),
    /// It is a method that lies in a class and takes an instance first.
    pub is_method: bool,
    /// It is the `__new__` of a class and takes a class first.
    pub makes: bool,
    /// It is a function of a module, bound to nothing.
    pub is_function: bool,
    /// What it is bound to, or Undef.
    pub bound: Value,
    /// The class whose method it is, or the name of its module, or Undef.
    pub owner: Value,
    /// Parsed at first use.
    pub signature: OnceCell<Rc<Signature>>,
    /// What it does, if it belongs to the embedding program.
    pub host: Option<Arc<HostCall>>,
}

// SAFETY: repr(C), header first; every counted reference is visited once (default values are constants).
unsafe impl Object for Native {
    const KIND: Kind = kind::NATIVE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(&self.bound);
        visitor.visit(&self.owner);
        visitor.visit(self.names.0.as_value());
        visitor.visit(self.names.1.as_value());
    }
}

impl Native {
    /// A native function; `owner` is its class or the name of its module.
    pub fn alloc(def: &'static Def, bound: Value, owner: Value) -> Ref<Native> {
        crate::heap::alloc(Native::new(def, bound, owner))
    }

    fn new(def: &'static Def, bound: Value, owner: Value) -> Native {
        let most = most_arguments(def);
        let is_leaf = matches!(def.code, NativeCode::Leaf(_) | NativeCode::Host);
        Native {
            head: Header::new(),
            exact: if is_leaf { most } else { u32::MAX },
            most,
            least: Cell::new(u32::MAX),
            least_awaited: Cell::new(u32::MAX),
            def,
            names: (Field::undef(), Field::undef()),
            is_method: def.binding == Binding::Method
                && owner.is_kind::<Class>()
                && !def.sig.starts_with("__new__("),
            makes: def.sig.starts_with("__new__(") && owner.is_kind::<Class>(),
            is_function: bound.is_undef() && owner.is_exact::<super::str::Str>(),
            bound,
            owner,
            signature: OnceCell::new(),
            host: None,
        }
    }

    /// A function of the embedding program; `owner` is its class or the name of its module.
    pub fn alloc_host(def: &'static Def, call: Arc<HostCall>, owner: Value) -> Ref<Native> {
        let mut native = Native::new(def, Value::UNDEF, owner);
        native.host = Some(call);
        crate::heap::alloc(native)
    }

    /// A new reference to this function.
    pub fn to_ref(&self) -> Ref<Native> {
        // SAFETY: self is a live object; the new count is made here.
        unsafe {
            let header = (&raw const *self).cast_mut().cast::<Header>();
            (*header).count += 1;
            Ref::from_raw(header.cast())
        }
    }

    /// Whether both do the same, to whatever they are bound.
    pub fn is_same_code(&self, other: &Native) -> bool {
        let same_host = match (&self.host, &other.host) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        };
        std::ptr::eq(self.def, other.def) && same_host
    }
}

impl Native {
    /// The same function, bound to a receiver.
    pub fn bound_to(&self, receiver: Value) -> Ref<Native> {
        crate::heap::alloc(Native {
            head: Header::new(),
            exact: self.exact,
            most: self.most,
            least: self.least.clone(),
            least_awaited: self.least_awaited.clone(),
            def: self.def,
            names: (Field::undef(), Field::undef()),
            is_method: self.is_method,
            makes: self.makes,
            is_function: false,
            bound: receiver,
            owner: self.owner.clone(),
            signature: self.signature.clone(),
            host: self.host.clone(),
        })
    }
}

/// The most positional arguments a function takes, if it takes no others.
fn most_arguments(def: &Def) -> u32 {
    let inside = def
        .sig
        .split_once('(')
        .map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let mut count = 0;
    for part in inside.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        match part {
            "/" => {}
            p if p.starts_with('*') => return u32::MAX,
            _ => count += 1,
        }
    }
    count
}

/// A computed attribute as it lies in a class (`getset_descriptor`).
#[repr(C)]
pub struct AttributeDescriptor {
    head: Header,
    /// Its table line.
    pub attribute: &'static Attribute,
    /// The class.
    pub owner: Field,
    /// It is a `member_descriptor`, since CPython has it in a struct.
    pub is_member: bool,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for AttributeDescriptor {
    const KIND: Kind = kind::ATTRIBUTE_DESCRIPTOR;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.owner.as_value());
    }
}

impl AttributeDescriptor {
    /// The descriptor of `attribute` in class `owner`.
    pub fn alloc(attribute: &'static Attribute, owner: Value) -> Ref<AttributeDescriptor> {
        let is_member = owner
            .get::<Class>()
            .and_then(|class| class.def)
            .is_some_and(|def| super::members::is_member_of(def, attribute.name));
        crate::heap::alloc(AttributeDescriptor {
            head: Header::new(),
            attribute,
            owner: Field::new(owner),
            is_member,
        })
    }
}
