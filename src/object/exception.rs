//! Exceptions and tracebacks.

use std::cell::Cell;

use super::frame::Frame;
use super::function::Code;
use super::kind;
use crate::heap::{Field, Header, Kind, Object, Ref, Value, Visitor};

/// An instance of BaseException or of a subclass. What only some classes have
/// (`errno`, `value`, `name` ...) lies in `extra`, in an order the class's table knows.
#[repr(C)]
pub struct Exception {
    head: Header,
    /// `__suppress_context__`
    pub suppress_context: Cell<bool>,
    /// `args`: a tuple.
    pub args: Field,
    /// `__traceback__`: a Traceback, or None.
    pub traceback: Field,
    /// `__context__`, or None.
    pub context: Field,
    /// `__cause__`, or None.
    pub cause: Field,
    /// `__dict__`, or Undef before it is used (`__notes__` is in it).
    pub dict: Field,
    /// Fields of the class: e.g. `StopIteration.value`, `OSError.errno, strerror, filename, filename2`,
    /// `BaseExceptionGroup.message, exceptions`, `SyntaxError`'s, `ImportError.name, path, msg`,
    /// `NameError.name`, `AttributeError.name, obj`. Undef where not set.
    pub extra: [Field; 7],
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Exception {
    const KIND: Kind = kind::EXCEPTION;
    fn trace(&self, visitor: &mut dyn Visitor) {
        for field in self.fields() {
            visitor.visit(field.as_value());
        }
    }
    fn clear(&self) {
        for field in self.fields() {
            field.take();
        }
        self.traceback.set(Value::NONE);
        self.context.set(Value::NONE);
        self.cause.set(Value::NONE);
    }
}

impl Exception {
    fn fields(&self) -> impl Iterator<Item = &Field> {
        [
            &self.args,
            &self.traceback,
            &self.context,
            &self.cause,
            &self.dict,
        ]
        .into_iter()
        .chain(&self.extra)
    }

    /// An exception with `args` (a tuple), of the class whose instances have `shape`.
    pub fn alloc(shape: u32, args: Value) -> Ref<Exception> {
        let none = || Field::new(Value::NONE);
        crate::heap::alloc_shaped(
            Exception {
                head: Header::new(),
                suppress_context: Cell::new(false),
                args: Field::new(args),
                traceback: none(),
                context: none(),
                cause: none(),
                dict: Field::undef(),
                extra: [const { Field::undef() }; 7],
            },
            0,
            shape,
        )
    }
}

/// One entry of a traceback, outermost first.
#[repr(C)]
pub struct Traceback {
    head: Header,
    /// `tb_next`: the entry further in, or None.
    pub next: Field,
    /// Where: the code.
    pub code: Ref<Code>,
    /// Word offset of the instruction.
    pub at: u32,
    /// `tb_frame`, made when asked for, or Undef.
    pub frame: Field,
    /// The globals of the function.
    pub globals: Value,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Traceback {
    const KIND: Kind = kind::TRACEBACK;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.next.as_value());
        visitor.visit(self.code.as_value());
        visitor.visit(self.frame.as_value());
        visitor.visit(&self.globals);
    }
    fn clear(&self) {
        self.next.set(Value::NONE);
        self.frame.take();
    }
}

impl Traceback {
    /// An entry in front of `next`.
    pub fn alloc(next: Value, code: Ref<Code>, at: u32, globals: Value) -> Ref<Traceback> {
        crate::heap::alloc(Traceback {
            head: Header::new(),
            next: Field::new(next),
            code,
            at,
            frame: Field::undef(),
            globals,
        })
    }

    /// The line the entry stands for.
    pub fn line(&self) -> u32 {
        self.code.plain.position(self.at).line
    }
}

/// A frame as scripts see it (`sys._getframe`, `tb_frame`).
#[repr(C)]
pub struct FrameObject {
    head: Header,
    /// `f_code`
    pub code: Ref<Code>,
    /// Word offset of the instruction it stood at when the object was made.
    pub at: Cell<u32>,
    /// `f_globals`
    pub globals: Value,
    /// `f_locals`: a dict of copies.
    pub locals: Field,
    /// `f_back`, or None.
    pub back: Field,
    /// Which frame it was made of. That may be gone: it is looked for, never used.
    pub of: Cell<*const Frame>,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for FrameObject {
    const KIND: Kind = kind::FRAME;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.code.as_value());
        visitor.visit(&self.globals);
        visitor.visit(self.locals.as_value());
        visitor.visit(self.back.as_value());
    }
    fn clear(&self) {
        self.locals.take();
        self.back.set(Value::NONE);
    }
}

impl FrameObject {
    /// A frame object.
    pub fn alloc(
        code: Ref<Code>,
        at: u32,
        globals: Value,
        locals: Value,
        back: Value,
    ) -> Ref<FrameObject> {
        crate::heap::alloc(FrameObject {
            head: Header::new(),
            code,
            at: Cell::new(at),
            globals,
            locals: Field::new(locals),
            back: Field::new(back),
            of: Cell::new(std::ptr::null()),
        })
    }
}
