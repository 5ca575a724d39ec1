//! The classes of the language itself, made at their first touch from the
//! tables of native types; which class a value has.

use std::collections::HashMap;

use super::Vm;
use super::special::{self, Special};
use crate::heap::{self, Entered, Heap, Kind, Ref, Value, shape_flags};
use crate::host::Host;
use crate::object::class::{Class, Shapes, class_flags};
use crate::object::descriptor::StaticMethod;
use crate::object::dict::Dict;
use crate::object::generator::Flavour;
use crate::object::kind;
use crate::object::native::{AttributeDescriptor, Binding, Def, ModuleDef, Native, TypeDef};
use crate::object::str::{Interner, Str};
use crate::vm::{Library, Loader};

macro_rules! known {
    ($($variant:ident $text:literal)+) => {
        /// A class that the VM itself needs to know.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Known { $($variant,)+ }

        const KNOWN: &[&str] = &[$($text,)+];
    };
}

known! {
    Object "object" Type "type" Int "int" Float "float" Bool "bool" Complex "complex" Str "str" Bytes "bytes"
    ByteArray "bytearray" List "list" Tuple "tuple" Dict "dict" Set "set" FrozenSet "frozenset" Range "range"
    NoneType "NoneType" Ellipsis "ellipsis" NotImplementedType "NotImplementedType"
    Generator "generator" Coroutine "coroutine" AsyncGenerator "async_generator" CoroutineWrapper "coroutine_wrapper"
    AsyncThrow "async_generator_athrow"
    AliasIterator "generic_alias_iterator"
    NativeFunction "builtin_function_or_method" MethodDescriptor "method_descriptor"
    ClassMethodDescriptor "classmethod_descriptor" GetSetDescriptor "getset_descriptor"
    MemberDescriptor "member_descriptor"
    WrapperDescriptor "wrapper_descriptor" MethodWrapper "method-wrapper" Function "function"
    Module "module" Property "property" Super "super" GenericAlias "GenericAlias" UnionType "UnionType"
    BaseException "BaseException" Exception "Exception" BaseExceptionGroup "BaseExceptionGroup"
    ExceptionGroup "ExceptionGroup" GeneratorExit "GeneratorExit" KeyboardInterrupt "KeyboardInterrupt"
    SystemExit "SystemExit" ArithmeticError "ArithmeticError" AssertionError "AssertionError"
    AttributeError "AttributeError" BufferError "BufferError" EofError "EOFError" ImportError "ImportError"
    ModuleNotFoundError "ModuleNotFoundError" IndexError "IndexError" KeyError "KeyError" LookupError "LookupError"
    MemoryError "MemoryError" NameError "NameError" NotImplementedError "NotImplementedError" OsError "OSError"
    OverflowError "OverflowError" RecursionError "RecursionError" RuntimeError "RuntimeError"
    StopAsyncIteration "StopAsyncIteration" StopIteration "StopIteration" SyntaxError "SyntaxError"
    IndentationError "IndentationError" TabError "TabError" SystemError "SystemError" TypeError "TypeError"
    UnboundLocalError "UnboundLocalError" UnicodeDecodeError "UnicodeDecodeError"
    UnicodeEncodeError "UnicodeEncodeError" UnicodeTranslateError "UnicodeTranslateError"
    ValueError "ValueError" ZeroDivisionError "ZeroDivisionError"
    RuntimeWarning "RuntimeWarning" DeprecationWarning "DeprecationWarning" SyntaxWarning "SyntaxWarning"
    FutureWarning "FutureWarning" ResourceWarning "ResourceWarning"
    BlockingIoError "BlockingIOError" ChildProcessError "ChildProcessError" BrokenPipeError "BrokenPipeError"
    ConnectionAbortedError "ConnectionAbortedError" ConnectionRefusedError "ConnectionRefusedError"
    ConnectionResetError "ConnectionResetError" FileExistsError "FileExistsError"
    FileNotFoundError "FileNotFoundError" InterruptedError "InterruptedError" IsADirectoryError "IsADirectoryError"
    NotADirectoryError "NotADirectoryError" PermissionError "PermissionError" ProcessLookupError "ProcessLookupError"
    TimeoutError "TimeoutError"
}

/// Shapes of classes that share a kind with another, and the classes of `Known`.
#[derive(Default)]
pub struct KnownShapes {
    /// Coroutines.
    pub coroutine: u32,
    /// Async generators.
    pub async_generator: u32,
    /// What `coroutine.__await__()` gives.
    pub wrapper: u32,
    /// What `aclose` and `athrow` of an async generator give.
    pub athrow: u32,
    /// What iterating over a generic alias gives.
    pub alias_iterator: u32,
    classes: Vec<Option<Ref<Class>>>,
}

/// The native types of the module `typing` that are scripts here.
const TYPING_TYPES: &[&str] = &["Generic", "ParamSpecArgs", "ParamSpecKwargs"];
/// The types of the module `datetime`.
const DATETIME_TYPES: &[&str] = &[
    "date",
    "datetime",
    "time",
    "timedelta",
    "timezone",
    "tzinfo",
];

/// C modules of CPython whose types show their module in messages.
const QUALIFIED_MODULES: &[&str] = &[
    "array",
    "collections",
    "contextvars",
    "datetime",
    "decimal",
    "functools",
    "itertools",
    "operator",
    "re",
    "random",
    "time",
    "types",
    "typing",
    "weakref",
];

impl Library {
    /// Of these tables; the library must at least have those of the core types.
    pub fn new(
        kinds: &'static [heap::KindTable],
        types: &'static [&'static TypeDef],
        modules: &'static [&'static ModuleDef],
    ) -> Library {
        let find = |name: &&str| {
            let mut types = types.iter().copied();
            let found =
                types.find(|def| def.name == *name && matches!(def.module, "builtins" | "types"));
            found.unwrap_or_else(|| panic!("the library has no type {name}"))
        };
        Library {
            kinds,
            types,
            modules,
            known: KNOWN.iter().map(find).collect(),
        }
    }
}

impl Vm {
    /// A VM with nothing loaded.
    pub fn new(library: &'static Library, mut host: Host, loader: Box<dyn Loader>) -> Vm {
        let mut heap = Box::new(Heap::new(library.kinds));
        heap.hash_seed = hash_seed(&mut host);
        heap.work.watch = Some(super::limits::watch(&host.inbox));
        let entered = Entered::enter(&mut *heap);
        let mut interner = Interner::new();
        let names = special::Names::new(&mut interner);
        let mut vm = Vm {
            frame: std::ptr::null_mut(),
            sp: std::ptr::null_mut(),
            limit: std::ptr::null_mut(),
            budget: super::finalize::SLICE,
            slice: super::finalize::SLICE,
            recursion_limit: 1000,
            nested: 0,
            meter: super::limits::Meter::unlimited(),
            stopping: None,
            driver: None,
            happened: Vec::new(),
            forget_run: Vec::new(),
            stack_limit: 0,
            outcome: None,
            segments: Vec::new(),
            spare_segment: None,
            fibers: Default::default(),
            main_fiber: None,
            event_sink: None,
            running_loop: Value::NONE,
            context: Value::NONE,
            native_starts: 0,
            pulls: super::limits::PULLS,
            raised: None,
            asking: 0,
            is_over: false,
            leaf_result: Value::UNDEF,
            dead: std::ptr::null_mut(),
            next_local: 0,
            at_once: None,
            begun_items: None,
            method_cache: Box::default(),
            sites: super::attr::SiteCache::default(),
            shapes: Shapes::default(),
            interner,
            names,
            classes: HashMap::default(),
            known: KnownShapes::default(),
            builtins: Dict::new(),
            modules: Dict::new(),
            begun_modules: Vec::new(),
            state: Default::default(),
            decimal_variable: Value::NONE,
            asyncgen_hooks: (Value::NONE, Value::NONE),
            signatures: HashMap::default(),
            cursor: super::dispatch::Cursor::NOWHERE,
            input: None,
            await_hooks: Box::new([None; 256]),
            next_hooks: Box::new([None; 256]),
            next_step_hooks: Box::new([None; 256]),
            pass_hooks: Box::new([None; 256]),
            pair_hooks: Box::new([None; 256]),
            pending_events: Vec::new(),
            tell_signal: None,
            tell_standing: None,
            when_dead: None,
            task_hook: Value::NONE,
            records_origins: false,
            signals_handled: 0,
            clear_weak: None,
            finalizing: false,
            thrown_arguments: Value::UNDEF,
            ending: false,
            ends_with_process: false,
            foreign_yielded: false,
            paused_in: Value::UNDEF,
            int_like: (0, 0, 0),
            origin_depth: 0,
            native_names: Default::default(),
            unraisable_arguments: None,
            repr_guard: Vec::new(),
            host_works: Default::default(),
            roots: Default::default(),
            host,
            loader,
            library,
            path: Vec::new(),
            heap,
            host_classes: HashMap::new(),
            host_defs: Default::default(),
            last_entry: None,
        };
        vm.learn_types();
        vm.set_stack_limit();
        drop(entered);
        vm
    }

    /// What the VM and its heap have to know of the built-in types before the first instruction.
    fn learn_types(&mut self) {
        self.known.coroutine = self.known_class(Known::Coroutine).root_shape.get();
        self.known.async_generator = self.known_class(Known::AsyncGenerator).root_shape.get();
        self.known.athrow = self.known_class(Known::AsyncThrow).root_shape.get();
        self.known.alias_iterator = self.known_class(Known::AliasIterator).root_shape.get();
        self.known.wrapper = self.known_class(Known::CoroutineWrapper).root_shape.get();
        let memory_error = self.known_class(Known::MemoryError);
        self.heap.shared[super::error::MEMORY_ERROR_CLASS] = memory_error.into_value();
        for kind in [
            kind::FUNCTION,
            kind::MODULE,
            kind::CLASS,
            kind::CLASSMETHOD,
            kind::STATICMETHOD,
            kind::SUPER,
            kind::EXCEPTION,
        ] {
            self.heap.shapes[kind as usize].flags |= shape_flags::UNCACHEABLE;
        }
        for def in self.library.types {
            if def.awaits.is_some() {
                self.await_hooks[def.kind as usize] = def.awaits;
            }
            let shape = def.shape.unwrap_or(def.kind);
            self.heap.shapes[shape as usize].kind = def.kind;
            if def.pair_at_once.is_some() {
                self.pair_hooks[shape as usize] = def.pair_at_once;
            }
            if def.passes_on.is_some() {
                self.pass_hooks[shape as usize] = def.passes_on;
            }
            if def.next_by_call.is_some() {
                self.next_step_hooks[shape as usize] = def.next_by_call;
            }
            if def.next_at_once.is_some() {
                self.next_hooks[shape as usize] = def.next_at_once;
            }
        }
    }

    /// The shape of a new generator of this flavour.
    #[inline]
    pub fn flavour_shape(&self, flavour: Flavour) -> u32 {
        match flavour {
            Flavour::Generator => kind::GENERATOR as u32,
            Flavour::Coroutine => self.known.coroutine,
            Flavour::AsyncGenerator => self.known.async_generator,
            Flavour::Wrapper => self.known.wrapper,
        }
    }

    /// One of the classes the VM knows.
    #[inline]
    pub fn known_class(&mut self, known: Known) -> Ref<Class> {
        if let Some(Some(class)) = self.known.classes.get(known as usize) {
            return class.clone();
        }
        self.find_known(known)
    }

    /// The same, if it was asked for before.
    #[inline]
    pub(super) fn class_known_already(&self, known: Known) -> Option<&Class> {
        self.known.classes.get(known as usize)?.as_deref()
    }

    #[cold]
    fn find_known(&mut self, known: Known) -> Ref<Class> {
        let class = self.class_of_def(self.library.known[known as usize]);
        if self.known.classes.is_empty() {
            self.known.classes.resize_with(KNOWN.len(), || None);
        }
        self.known.classes[known as usize] = Some(class.clone());
        class
    }

    /// The class of a native type.
    pub fn class_of_def(&mut self, def: &'static TypeDef) -> Ref<Class> {
        match self.classes.get(&(std::ptr::from_ref(def) as usize)) {
            Some(class) => class.clone(),
            None => self.make_native_class(def),
        }
    }

    #[cold]
    fn make_native_class(&mut self, def: &'static TypeDef) -> Ref<Class> {
        let base = match def.base {
            Some(base) => Some(self.class_of_def(base)),
            None if def.name == "object" && def.module == "builtins" => None,
            None => Some(self.known_class(Known::Object)),
        };
        let name = self.intern(def.name);
        let inherited = class_flags::HAS_DICT
            | class_flags::WEAKREF
            | class_flags::SEQUENCE
            | class_flags::MAPPING
            | class_flags::MATCH_SELF;
        let from_base = base.as_ref().map_or(0, |b| b.flags.get() & inherited);
        let class = heap::alloc(Class::new(
            &name,
            def.kind,
            def.flags | from_base | class_flags::BUILTIN,
            Some(def),
        ));
        self.classes
            .insert(std::ptr::from_ref(def) as usize, class.clone());
        if let Some(base) = base {
            let mut bases = vec![base];
            // The one built-in class with two bases.
            if def.name == "ExceptionGroup" && def.kind == kind::EXCEPTION {
                bases.push(self.known_class(Known::Exception));
            }
            for base in &bases {
                base.subclasses.borrow_mut().push(&raw const *class);
            }
            // Built-in bases have an order, so nothing can be raised here.
            *class.ancestors.borrow_mut() = self.linearise(&bases).unwrap_or_default();
            *class.bases.borrow_mut() = bases;
        }
        self.native_root_shape(&class, def);
        class
    }

    fn native_root_shape(&mut self, class: &Ref<Class>, def: &'static TypeDef) {
        // Of these kinds an object's shape does not tell its class.
        if matches!(def.kind, kind::NATIVE | kind::ATTRIBUTE_DESCRIPTOR) {
            heap::current().shapes[def.kind as usize].flags |= shape_flags::UNCACHEABLE;
        }
        let own = def.shape.or_else(|| {
            let is_primary = self.primary(def.kind).is_some_and(|p| std::ptr::eq(p, def));
            (is_primary && !needs_tail_dict(class, def.kind)).then_some(def.kind)
        });
        if let Some(shape) = own {
            let entry = &mut heap::current().shapes[shape as usize];
            // The entry does not count the class; `classes` keeps it for the life of the VM.
            entry.class = uncounted(class.as_value());
            class.root_shape.set(shape as u32);
            return;
        }
        let (flags, capacity) = match def.kind {
            kind::INSTANCE if class.has(class_flags::HAS_DICT) => (shape_flags::SLOTS, 8),
            kind::INSTANCE => (shape_flags::SLOTS, 0),
            _ if needs_tail_dict(class, def.kind) => {
                (shape_flags::TAIL_DICT | shape_flags::UNCACHEABLE, 0)
            }
            _ => (0, 0),
        };
        let flags = if def.kind == kind::EXCEPTION {
            flags | shape_flags::UNCACHEABLE
        } else {
            flags
        };
        let id = self.shapes.new_root(class, flags, capacity);
        class.root_shape.set(id);
    }

    /// The table whose exact instances have the kind as their shape.
    fn primary(&self, kind: Kind) -> Option<&'static TypeDef> {
        let name = match kind {
            kind::INSTANCE => "object",
            kind::GENERATOR => "generator",
            kind::NATIVE => "builtin_function_or_method",
            // Which of two classes it is of says each descriptor itself.
            kind::EXCEPTION | kind::ATTRIBUTE_DESCRIPTOR => return None,
            _ => "",
        };
        self.library.types.iter().copied().find(|d| {
            d.kind == kind
                && (name.is_empty() || d.name == name)
                && d.base.is_none_or(|b| b.kind != kind)
        })
    }

    /// The class whose exact instances have the kind as their shape.
    pub fn class_of_kind(&mut self, kind: Kind) -> Ref<Class> {
        if let Some(class) = heap::current().shapes[kind as usize]
            .class
            .to_ref::<Class>()
        {
            return class;
        }
        match self.primary(kind) {
            Some(def) => self.class_of_def(def),
            None => self.known_class(Known::Object),
        }
    }

    /// The class of a value.
    #[inline]
    pub fn class_of(&mut self, value: &Value) -> Ref<Class> {
        let shape = value.shape();
        if shape != 0
            && shape != kind::NATIVE as u32
            && let Some(class) = self.heap.shapes[shape as usize].class.to_ref::<Class>()
        {
            return class;
        }
        self.class_of_rare(value)
    }

    #[inline(never)]
    fn class_of_rare(&mut self, value: &Value) -> Ref<Class> {
        if let Some(native) = value.get::<Native>() {
            let slot = native.owner.is_kind::<Class>() && special::is_slot_wrapper(native);
            let of_class = native.def.binding == Binding::Class && native.bound.is_undef();
            return self.known_class(match (is_method(native), slot) {
                _ if of_class && native.owner.is_kind::<Class>() => Known::ClassMethodDescriptor,
                (true, true) => Known::WrapperDescriptor,
                (true, false) => Known::MethodDescriptor,
                (false, true) if !native.bound.is_undef() => Known::MethodWrapper,
                _ => Known::NativeFunction,
            });
        }
        if let Some(descriptor) = value.get::<AttributeDescriptor>() {
            return self.known_class(match descriptor.is_member {
                true => Known::MemberDescriptor,
                false => Known::GetSetDescriptor,
            });
        }
        if value.is_object() {
            let of_shape =
                |def: &&&'static TypeDef| def.shape.map(u32::from) == Some(value.shape());
            if let Some(def) = self.library.types.iter().find(of_shape) {
                return self.class_of_def(def);
            }
            let kind = value.shape_entry().map_or(kind::INSTANCE, |e| e.kind);
            return self.class_of_kind(kind);
        }
        self.known_class(immediate_class(value))
    }

    /// The name of a value's class, as messages show it.
    pub fn type_name(&mut self, value: &Value) -> String {
        let class = self.class_of(value);
        self.class_name(&class)
    }

    /// The name of a class, as messages show it.
    pub fn class_name(&self, class: &Class) -> String {
        let name = class.name_str();
        let shown = match class.def {
            Some(def) if class.has(class_flags::BUILTIN) => {
                shows_module(def.module).then_some(def.module)
            }
            // These are C types in CPython and scripts of our library here.
            _ if DATETIME_TYPES.contains(&name.as_str())
                && self.is_of_module(class, "datetime") =>
            {
                Some("datetime")
            }
            _ if TYPING_TYPES.contains(&name.as_str()) && self.is_of_module(class, "typing") => {
                Some("typing")
            }
            _ => None,
        };
        match shown {
            Some(module) => format!("{module}.{name}"),
            None => name,
        }
    }

    fn is_of_module(&self, class: &Class, wanted: &str) -> bool {
        let table = class.namespace.borrow();
        let module = table
            .index_of_str(&self.names.module)
            .and_then(|at| table.value_at(at));
        module
            .and_then(|m| m.get::<Str>())
            .is_some_and(|m| m.is_text(wanted))
    }

    /// Most exceptions have a `__new__` of their own, that does what their base's does.
    fn put_maker(&mut self, class: &Ref<Class>, def: &'static TypeDef) {
        if let Some(new) = def.maker().and_then(|base| base.new.as_ref()) {
            let name = self.names.new.clone();
            let native = Native::alloc(new, Value::UNDEF, class.value()).into_value();
            self.put(class, &name, native);
        }
    }

    /// Puts the methods of a native class into its namespace.
    #[cold]
    pub(crate) fn populate(&mut self, class: &Ref<Class>) {
        class.populated.set(true);
        let Some(def) = class.def else { return };
        if let Some(new) = &def.new {
            let name = self.names.new.clone();
            let native = Native::alloc(new, Value::UNDEF, class.value()).into_value();
            let value = if new.binding == Binding::Static {
                native
            } else {
                StaticMethod::alloc(native, Value::UNDEF).into_value()
            };
            self.put(class, &name, value);
        }
        for method in def.methods {
            self.put_native(class, method.name(), method);
        }
        for attribute in def.attributes {
            let name = self.intern(attribute.name);
            let descriptor = AttributeDescriptor::alloc(attribute, class.value());
            self.put(class, &name, descriptor.into_value());
        }
        let defines = |name: &str| def.methods.iter().any(|m| m.name() == name);
        // Each exception has an `__init__` of its own, though most do what their base's does.
        if def.kind == kind::EXCEPTION && !defines("__init__") && def.name != "ExceptionGroup" {
            let mut bases = std::iter::successors(def.base, |base| base.base);
            let inherited =
                bases.find_map(|base| base.methods.iter().find(|m| m.name() == "__init__"));
            if let Some(init) = inherited {
                self.put_native(class, "__init__", init);
            }
        }
        if def.kind == kind::EXCEPTION && makes_its_own(def) {
            self.put_maker(class, def);
        }
        if defines("__eq__") && !defines("__hash__") {
            let name = self.names.hash_.clone();
            self.put(class, &name, Value::NONE);
        }
        if defines("__eq__") {
            let missing = COMPARISONS.iter().filter(|c| !defines(c.name()));
            for comparison in missing {
                self.put_native(class, comparison.name(), comparison);
            }
        }
        if def.module == "builtins" && HAS_GETATTRIBUTE.contains(&def.name) {
            self.put_native(class, "__getattribute__", &OWN_GETATTRIBUTE);
        }
        let doc = self.names.doc.clone();
        let text = if def.doc.is_empty() {
            Value::NONE
        } else {
            // Some begin with the signature.
            let text = match def.doc.split_once("\n--\n\n") {
                Some((head, text)) if head.starts_with(def.name) => text,
                _ => def.doc,
            };
            Str::new(text).into_value()
        };
        if class.namespace.borrow().index_of_str(&doc).is_none() {
            self.put(class, &doc, text);
        }
        let says_module = def.attributes.iter().any(|a| a.name == "__module__");
        if def.module != "builtins" && !says_module {
            let module = self.names.module.clone();
            let text = self.intern(def.module);
            self.put(class, &module, text.into_value());
        }
        if let Some(setup) = def.setup {
            // A table's constants are made of built-in values: only memory could be lacking.
            let _ = setup(self, class);
        }
    }

    fn put_native(&mut self, class: &Ref<Class>, name: &str, def: &'static Def) {
        let name = self.intern(name);
        let native = Native::alloc(def, Value::UNDEF, class.value());
        self.put(class, &name, native.into_value());
    }

    /// Puts a constant into the namespace of a class that is being made.
    pub fn put(&mut self, class: &Ref<Class>, name: &Ref<Str>, value: Value) {
        // Memory for a class's own table is a few kilobytes; a class without it lacks a method.
        let old = class.namespace.borrow_mut().insert_str(name, value);
        drop(old);
    }
}

/// A type with an `__eq__` of its own has these of its own too, as in CPython.
static COMPARISONS: [Def; 5] = [
    Def::leaf("__ne__(self, value, /)", |vm, args| {
        let mut class = vm.class_of(&args[0]);
        while !class.has(class_flags::BUILTIN) {
            match class.base() {
                Some(base) => class = base,
                None => return Ok(Value::NOT_IMPLEMENTED),
            }
        }
        let Some(eq) = vm.special(&class, Special::Eq) else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        let step = vm.call_special(eq, &args[0], &args[1..2]);
        let equal = vm.finish(step)?;
        if equal.is_not_implemented() {
            return Ok(equal);
        }
        Ok(Value::bool(!vm.truth(&equal)?))
    }),
    Def::leaf("__lt__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
    Def::leaf("__le__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
    Def::leaf("__gt__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
    Def::leaf("__ge__(self, value, /)", |_, _| Ok(Value::NOT_IMPLEMENTED)),
];

static OWN_GETATTRIBUTE: Def = Def::frame("__getattribute__(self, name, /)", 0, |vm, frame, _| {
    let (obj, name) = (frame.regs[0].clone(), frame.regs[1].clone());
    vm.generic_get_step(&obj, &name)
});

/// The types that have a `__getattribute__` of their own, though it does what that of `object` does.
const HAS_GETATTRIBUTE: &[&str] = &[
    "BaseException",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "enumerate",
    "filter",
    "int",
    "list",
    "map",
    "memoryview",
    "method",
    "property",
    "range",
    "reversed",
    "set",
    "slice",
    "super",
    "tuple",
    "zip",
];

/// Whether a method is one of a built-in type itself, so that what it does is known by the layout.
#[inline]
pub fn is_core_method(method: &Value) -> bool {
    let Some(native) = method.get_exact::<Native>() else {
        return false;
    };
    native
        .owner
        .get::<Class>()
        .is_some_and(|owner| owner.def.is_some_and(|def| def.module == "builtins"))
}

/// Whether two methods are the same native function, of two classes perhaps.
#[inline]
pub(super) fn is_same_native(a: &Value, b: &Value) -> bool {
    match (a.get_exact::<Native>(), b.get_exact::<Native>()) {
        (Some(a), Some(b)) => a.is_same_code(b),
        _ => false,
    }
}

/// Whether a native function is a method that lies in a class and binds to an instance.
pub fn is_method(native: &Native) -> bool {
    native.bound.is_undef() && native.is_method
}

fn shows_module(module: &str) -> bool {
    module.starts_with('_') || QUALIFIED_MODULES.contains(&module)
}

fn immediate_class(value: &Value) -> Known {
    if value.is_small_int() {
        Known::Int
    } else if value.is_inline_float() {
        Known::Float
    } else if value.is_none() {
        Known::NoneType
    } else if value.as_bool().is_some() {
        Known::Bool
    } else if value.is_ellipsis() {
        Known::Ellipsis
    } else if value.is_not_implemented() {
        Known::NotImplementedType
    } else {
        Known::Object
    }
}

/// Kinds whose objects have a field for their `__dict__`.
pub(crate) fn has_dict_field(kind: Kind) -> bool {
    matches!(
        kind,
        kind::INSTANCE
            | kind::EXCEPTION
            | kind::FUNCTION
            | kind::MODULE
            | kind::CLASS
            | kind::CLASSMETHOD
            | kind::STATICMETHOD
    )
}

fn needs_tail_dict(class: &Class, kind: Kind) -> bool {
    // Some kinds get a dict, and another shape, with their first attribute.
    let later = heap::current().keeps_attributes(kind);
    class.has(class_flags::HAS_DICT) && !has_dict_field(kind) && !later
}

/// For a shape's entry: the class outlives it.
fn uncounted(value: &Value) -> std::mem::ManuallyDrop<Value> {
    // The one count that is leaked keeps the class for the life of the heap, as `Vm::classes` does.
    std::mem::ManuallyDrop::new(value.clone())
}

/// The keys of the hash of strings: `PYTHONHASHSEED` decides them if it is a number.
fn hash_seed(host: &mut Host) -> (u64, u64) {
    let fixed = host
        .environment
        .steering_variable("PYTHONHASHSEED")
        .and_then(|v| v.to_str().and_then(|t| t.parse::<u32>().ok()));
    if let Some(seed) = fixed {
        return if seed == 0 { (0, 0) } else { spread_seed(seed) };
    }
    (
        host.entropy.next_u64().unwrap_or(0),
        host.entropy.next_u64().unwrap_or(0),
    )
}

/// The linear generator with which CPython makes 16 bytes of a seed.
fn spread_seed(seed: u32) -> (u64, u64) {
    let mut x = seed;
    let mut byte = || {
        x = x.wrapping_mul(214_013).wrapping_add(2_531_011);
        (x >> 16 & 0xFF) as u8
    };
    let mut word = || u64::from_le_bytes(std::array::from_fn(|_| byte()));
    (word(), word())
}

/// Whether a built-in exception without a `new` in its table has a `__new__` that is not its base's:
/// those with fields, and those of OSError, have none in CPython.
fn makes_its_own(def: &TypeDef) -> bool {
    let inherits = [
        "AttributeError",
        "ImportError",
        "ModuleNotFoundError",
        "KeyError",
        "NameError",
        "UnboundLocalError",
        "StopIteration",
        "SyntaxError",
        "IndentationError",
        "TabError",
        "_IncompleteInputError",
        "SystemExit",
        "ExceptionGroup",
    ];
    let os = std::iter::successors(Some(def), |def| def.base).any(|def| def.name == "OSError");
    def.new.is_none() && def.module == "builtins" && !os && !inherits.contains(&def.name)
}
