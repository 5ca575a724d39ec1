//! Functions, their code, cells, bound methods.

use super::native::Native;
use super::traced::traced_object;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::sync::Arc;

use super::dict::Dict;
use super::kind;
use super::tuple::Tuple;
use crate::bytecode;
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};

/// The number of the pseudo-opcode that makes a code's body and begins it anew.
pub const BEGIN: u64 = 254;

/// Where the frames of a code begin that was never run. Some are entered at their second word.
static UNREAD: [u64; 2] = [BEGIN; 2];

/// One engine's instance of a `bytecode::Code`. Its body is made when it is first run: most functions of a module
/// never are.
#[repr(C)]
pub struct Code {
    head: Header,
    /// Its first instruction, or `UNREAD`.
    start: Cell<*mut u64>,
    /// Its first constant.
    consts: Cell<*const Value>,
    body: OnceCell<Body>,
    /// See `bytecode::Code`.
    pub nlocals: u32,
    /// See `bytecode::Code`.
    pub nregisters: u32,
    /// See `bytecode::code::flags`.
    pub flags: u32,
    /// `Function::simple` of its functions.
    pub simple: u32,
    /// `Function::coroutine` of its functions.
    pub coroutine: u32,
    /// `Function::generator` of its functions.
    pub generator: u32,
    /// How many more calls of its coroutine functions do not try to stay on the stack, because the last one that did had
    /// to wait.
    pub waits: Cell<u32>,
    /// What was last asked of `way_out`: an exception mostly comes from where one came from before.
    last_way_out: Cell<WayOut>,
    /// What it was made of.
    pub plain: Arc<bytecode::Code>,
    /// Instances of the code constants, made at their first use; the index is the constant's.
    pub children: RefCell<Vec<(u32, Ref<Code>)>>,
    /// The interned name and qualified name of its functions, made with the first.
    pub own_names: std::cell::OnceCell<(Value, Value)>,
    /// Interned names of the locals, made when somebody asks.
    pub local_names: std::cell::OnceCell<std::rc::Rc<[Value]>>,
}

/// The engine's own of what code needs to run.
pub struct Body {
    /// Instructions with inline caches, which the dispatch loop rewrites.
    words: UnsafeCell<Box<[u64]>>,
    /// Constants.
    pub consts: Box<[Value]>,
    /// Interned names.
    pub names: Box<[Value]>,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Code {
    const KIND: Kind = kind::CODE;
    const CYCLIC: bool = false;
    fn trace(&self, visitor: &mut dyn Visitor) {
        if let Some(body) = self.body.get() {
            body.consts.iter().for_each(|v| visitor.visit(v));
            body.names.iter().for_each(|v| visitor.visit(v));
        }
        self.children
            .borrow()
            .iter()
            .for_each(|(_, c)| visitor.visit(c.as_value()));
        if let Some((name, qualname)) = self.own_names.get() {
            visitor.visit(name);
            visitor.visit(qualname);
        }
        self.local_names
            .get()
            .into_iter()
            .flat_map(|n| n.iter())
            .for_each(|v| visitor.visit(v));
    }
}

impl Code {
    /// An instance of `plain`, without its body.
    pub fn alloc(plain: Arc<bytecode::Code>) -> Ref<Code> {
        let (simple, coroutine, generator) = plain_counts(&plain);
        crate::heap::alloc(Code {
            head: Header::new(),
            simple,
            coroutine,
            generator,
            start: Cell::new(UNREAD.as_ptr() as *mut u64),
            consts: Cell::new(std::ptr::null()),
            body: OnceCell::new(),
            nlocals: plain.nlocals,
            nregisters: plain.nregisters,
            flags: plain.flags,
            waits: Cell::new(0),
            last_way_out: Cell::new(WayOut::NONE),
            plain,
            children: RefCell::default(),
            own_names: std::cell::OnceCell::new(),
            local_names: std::cell::OnceCell::new(),
        })
    }

    /// The body, if it was made.
    #[inline(always)]
    pub fn body(&self) -> Option<&Body> {
        self.body.get()
    }

    /// The body of code that runs.
    #[inline]
    pub fn running(&self) -> &Body {
        self.body().expect("code that runs has its body")
    }

    /// Makes the body of these constants and names.
    pub fn begin(&self, consts: Box<[Value]>, names: Box<[Value]>) -> &Body {
        let body = self.body.get_or_init(|| {
            let mut words: Box<[u64]> = self.plain.words.clone().into();
            bytecode::give_forms(&mut words);
            Body {
                words: UnsafeCell::new(words),
                consts,
                names,
            }
        });
        self.consts.set(body.consts.as_ptr());
        // SAFETY: the box never changes, only its words do.
        self.start.set(unsafe { (*body.words.get()).as_mut_ptr() });
        body
    }

    /// Where a frame begins: the first instruction, or what makes the body and goes on there.
    #[inline(always)]
    pub fn start(&self) -> *mut u64 {
        self.start.get()
    }

    /// The constants, as the dispatch loop has them; null before there is a body.
    #[inline(always)]
    pub fn consts(&self) -> *const Value {
        self.consts.get()
    }

    /// The word offset of an instruction pointer into this code.
    #[inline]
    pub fn offset(&self, ip: *const u64) -> u32 {
        self.offset_before(ip)
            .unwrap_or_else(|| ((ip as usize - self.start() as usize) / 8) as u32)
    }

    /// The same of a frame that was made before the body and was not run since.
    pub fn offset_before(&self, ip: *const u64) -> Option<u32> {
        let words = (ip as usize).wrapping_sub(UNREAD.as_ptr() as usize) / 8;
        (words < UNREAD.len()).then_some(words as u32)
    }
}

/// Where an exception goes that is raised at a word of code.
#[derive(Clone, Copy)]
pub struct WayOut {
    /// The word's offset.
    pub at: u32,
    /// How many temporaries are live there.
    pub live: u32,
    /// The innermost handler that covers it.
    pub handler: Option<bytecode::Handler>,
}

impl WayOut {
    /// That of no word.
    const NONE: WayOut = WayOut {
        at: u32::MAX,
        live: 0,
        handler: None,
    };
}

impl Code {
    /// Where an exception goes that is raised in a frame that stands behind instruction pointer `ip`.
    pub fn way_out(&self, ip: *const u64) -> WayOut {
        let at = self.offset(ip).saturating_sub(1);
        let last = self.last_way_out.get();
        if last.at == at {
            return last;
        }
        let mut handlers = self.plain.handlers.iter();
        let found = WayOut {
            at,
            live: self.live_temps(ip) as u32,
            handler: handlers.find(|h| h.start <= at && at < h.end).copied(),
        };
        self.last_way_out.set(found);
        found
    }
}

/// `Function::simple`, `Function::coroutine` and `Function::generator` of the functions of a code.
fn plain_counts(code: &bytecode::Code) -> (u32, u32, u32) {
    use bytecode::code::flags;
    let kind = code.flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR);
    let binds = code.flags & (flags::VARARGS | flags::VARKEYWORDS) != 0 || code.kwonly_count > 0;
    let count_if = |suits: bool| match suits {
        true => code.arg_count,
        false => NOT_SIMPLE,
    };
    (
        count_if(!binds && kind == 0),
        count_if(!binds && kind == flags::COROUTINE),
        count_if(!binds && kind == flags::GENERATOR),
    )
}

/// `Function::simple` of a function that the fast path cannot call.
pub const NOT_SIMPLE: u32 = u32::MAX;

/// A function that a script defined.
#[repr(C)]
pub struct Function {
    head: Header,
    /// Number of arguments when a call with exactly so many positional ones needs no binding, else `NOT_SIMPLE`.
    pub simple: Cell<u32>,
    /// The same number, for a call that makes a coroutine.
    pub coroutine: Cell<u32>,
    /// The same number, for a call that makes a generator.
    pub generator: Cell<u32>,
    /// How many trailing positional arguments have defaults.
    pub default_count: Cell<u32>,
    /// The code it was made of. Frames find theirs here, so it stays when `__code__` is set.
    pub code: RefCell<Ref<Code>>,
    /// The function that runs in its place since `__code__` was set, or Undef.
    replacement: Field,
    /// The module's namespace.
    pub globals: Ref<Dict>,
    /// The cells of its free variables, if it has any.
    pub closure: Option<Ref<Tuple>>,
    /// `__name__`
    pub name: Field,
    /// `__qualname__`
    pub qualname: Field,
    /// `__defaults__`: a tuple, or Undef.
    pub defaults: Field,
    /// `__kwdefaults__`: a dict, or Undef.
    pub kwdefaults: Field,
    /// `__annotations__`: a dict, or Undef.
    pub annotations: Field,
    /// `__dict__`, or Undef before it is used.
    pub dict: Field,
    /// `__doc__`, or Undef: then that of the code.
    pub doc: Field,
    /// `__module__`, or Undef: then the globals' `__name__` at the time of the definition.
    pub module: Field,
    /// `__type_params__`: a tuple, or Undef.
    pub type_params: Field,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Function {
    const KIND: Kind = kind::FUNCTION;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.code.borrow().as_value());
        visitor.visit(self.globals.as_value());
        if let Some(cells) = &self.closure {
            visitor.visit(cells.as_value());
        }
        for field in self.fields() {
            visitor.visit(field.as_value());
        }
    }
    fn clear(&self) {
        for field in self.fields().into_iter().skip(3) {
            field.take();
        }
        // Cells stay as they are: a frame that goes on may share them.
    }
}

impl Function {
    fn fields(&self) -> [&Field; 10] {
        [
            &self.replacement,
            &self.name,
            &self.qualname,
            &self.defaults,
            &self.kwdefaults,
            &self.annotations,
            &self.dict,
            &self.doc,
            &self.module,
            &self.type_params,
        ]
    }

    /// The cell of a free variable.
    #[inline(always)]
    pub fn cell(&self, n: usize) -> Option<&Cell_> {
        self.closure.as_ref()?.items().get(n)?.get_exact::<Cell_>()
    }

    /// How many free variables it has.
    pub fn cell_count(&self) -> usize {
        self.closure.as_ref().map_or(0, |cells| cells.len())
    }

    /// A function of `code` in a module's namespace; `closure` is a tuple of cells.
    #[inline]
    pub fn alloc(
        code: Ref<Code>,
        globals: Ref<Dict>,
        closure: Option<Ref<Tuple>>,
        name: Value,
        qualname: Value,
    ) -> Ref<Function> {
        crate::heap::alloc(Function {
            head: Header::new(),
            simple: Cell::new(code.simple),
            coroutine: Cell::new(code.coroutine),
            generator: Cell::new(code.generator),
            default_count: Cell::new(0),
            code: RefCell::new(code),
            replacement: Field::undef(),
            globals,
            closure,
            name: Field::new(name),
            qualname: Field::new(qualname),
            defaults: Field::undef(),
            kwdefaults: Field::undef(),
            annotations: Field::undef(),
            dict: Field::undef(),
            doc: Field::undef(),
            module: Field::undef(),
            type_params: Field::undef(),
        })
    }

    /// Sets `__code__`. Frames that run, or rest in generators, go on with the code that they have: so another function is
    /// called in its place from now on.
    pub fn replace_code(&self, code: Ref<Code>) {
        let (globals, closure) = (self.globals.clone(), self.closure.clone());
        let replacement =
            Function::alloc(code, globals, closure, self.name.get(), self.qualname.get());
        drop(self.replacement.replace(replacement.into_value()));
        self.refresh();
    }

    /// `__code__`
    pub fn current_code(&self) -> Ref<Code> {
        match self.replacement.as_value().get_exact::<Function>() {
            Some(function) => function.code.borrow().clone(),
            None => self.code.borrow().clone(),
        }
    }

    /// The function that a call of this one runs: another, once `__code__` was set.
    #[inline]
    pub(crate) fn running(function: Value) -> Value {
        let other = function
            .get_exact::<Function>()
            .and_then(Function::replaced);
        other.unwrap_or(function)
    }

    fn replaced(&self) -> Option<Value> {
        let function = self.replacement.as_value().get_exact::<Function>()?;
        let both = [
            (&function.name, &self.name),
            (&function.qualname, &self.qualname),
            (&function.defaults, &self.defaults),
            (&function.kwdefaults, &self.kwdefaults),
        ];
        for (its, own) in both {
            its.set(own.get());
        }
        function.refresh();
        Some(self.replacement.get())
    }

    /// The defaults of the parameters behind the first `n`, if they are all that a call with so many arguments by position
    /// needs besides.
    #[inline]
    pub(crate) fn defaults_behind(&self, n: usize) -> Option<&[Value]> {
        let wanted = self.simple.get() as usize;
        if n > wanted || wanted == NOT_SIMPLE as usize {
            return None;
        }
        let values = self.defaults.as_value().get_exact::<Tuple>()?.items();
        values.get((n + values.len()).checked_sub(wanted)?..)
    }

    /// Writes the defaults of the parameters behind the first `n` of a coroutine function with nothing to bind, and answers
    /// with the number of its parameters.
    ///
    /// # Safety
    /// There is a default for each, and a register.
    #[inline(never)]
    pub(crate) unsafe fn write_defaults(&self, registers: *mut Value, n: usize) -> usize {
        let wanted = self.coroutine.get() as usize;
        let defaults = self.defaults.as_value().get::<Tuple>();
        let values = defaults.map_or(&[][..], Tuple::items);
        for i in n..wanted {
            let value = values.get(i + values.len() - wanted).cloned();
            // SAFETY: as above.
            unsafe { registers.add(i).write(value.unwrap_or_default()) };
        }
        wanted
    }

    /// Works out `simple` and `default_count` anew, after code or defaults changed.
    pub fn refresh(&self) {
        if !self.replacement.as_value().is_undef() {
            for count in [&self.simple, &self.coroutine, &self.generator] {
                count.set(NOT_SIMPLE);
            }
            return;
        }
        let code = self.code.borrow();
        self.simple.set(code.simple);
        self.coroutine.set(code.coroutine);
        self.generator.set(code.generator);
        let defaults = self.defaults.get();
        let count = defaults.get::<Tuple>().map_or(0, |t| t.len());
        self.default_count.set(count as u32);
    }
}

/// A variable that inner functions share.
#[repr(C)]
pub struct Cell_ {
    head: Header,
    /// What the variable holds, or Undef.
    pub content: Field,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Cell_ {
    const KIND: Kind = kind::CELL;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.content.as_value());
    }
    fn clear(&self) {
        self.content.take();
    }
}

impl Cell_ {
    /// A cell that holds `content`.
    pub fn alloc(content: Value) -> Ref<Cell_> {
        crate::heap::alloc(Cell_ {
            head: Header::new(),
            content: Field::new(content),
        })
    }
}

/// A function with the object it was looked up on.
#[repr(C)]
pub struct BoundMethod {
    head: Header,
    /// What is called.
    pub function: Value,
    /// Its first argument.
    pub receiver: Value,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for BoundMethod {
    const KIND: Kind = kind::BOUND_METHOD;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(&self.function);
        visitor.visit(&self.receiver);
    }
}

impl BoundMethod {
    /// `function` bound to `receiver`.
    pub fn alloc(function: Value, receiver: Value) -> Ref<BoundMethod> {
        crate::heap::alloc(BoundMethod {
            head: Header::new(),
            function,
            receiver,
        })
    }
}

impl Function {
    /// Counts one more reference.
    #[inline(always)]
    pub(crate) unsafe fn retain(&self) {
        // SAFETY: self is a live object; the pointer is only lent to `borrowed`.
        unsafe {
            let borrowed =
                std::mem::ManuallyDrop::new(Value::from_header(self as *const Function as *mut _));
            (*borrowed).clone().forget();
        }
    }

    /// Gives up one reference, unless it is the last: then the answer is false.
    ///
    /// # Safety
    /// The caller owns a count.
    #[inline(always)]
    pub(crate) unsafe fn release_if_shared(&self) -> bool {
        let head = self as *const Function as *mut Header;
        // SAFETY: counts are written through pointers only; nobody looks at this one in between.
        unsafe {
            (*head).count -= 1;
            if (*head).count == 0 {
                (*head).count = 1;
                return false;
            }
        }
        true
    }

    /// Gives up one reference.
    #[inline(always)]
    pub(crate) unsafe fn release_one(&self) {
        // SAFETY: the caller owns a count.
        unsafe { drop(Value::from_header(self as *const Function as *mut _)) };
    }
}

traced_object! {
    /// `functools.partial`
    pub struct Partial: PARTIAL {
        /// What is called.
        function: Field,
        /// Its first arguments: a tuple.
        args: Field,
        /// Its keyword arguments: a dict.
        keywords: Field,
    }
}

impl Partial {
    /// What it calls, a plain function or method, with which first arguments, if it has no keywords.
    pub(crate) fn plain(&self) -> Option<(Value, Ref<Tuple>)> {
        let (function, keywords) = (self.function.get(), self.keywords.get());
        // Others could be partials themselves, any number of them.
        let is_plain = function.is_exact::<Function>()
            || function.is_exact::<Native>()
            || function.is_exact::<BoundMethod>();
        if !is_plain || !keywords.get_exact::<Dict>()?.is_empty() {
            return None;
        }
        Some((function, self.args.get().to_ref::<Tuple>()?))
    }
}
