//! Exceptions and tracebacks.

use std::cell::Cell;

use super::frame_object::FrameObject;
use super::function::Code;
use super::kind;
use crate::bytecode::Position;
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
    pub extra: [Field; 8],
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
    /// What a report tells before this one: the exception it was raised from, and true; else the one that was being
    /// handled, and false.
    pub fn came_from(&self) -> Option<(Value, bool)> {
        let (cause, context) = (self.cause.get(), self.context.get());
        if cause.is_kind::<Exception>() {
            return Some((cause, true));
        }
        let shown = context.is_kind::<Exception>() && !self.suppress_context.get();
        shown.then_some((context, false))
    }

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
                extra: [const { Field::undef() }; 8],
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
    /// `tb_frame`
    pub frame: Ref<FrameObject>,
    /// `tb_lasti`: twice the word offset of the instruction.
    lasti: i32,
    /// `tb_lineno`, if a script made the entry and said so.
    given_line: Option<u32>,
}

// SAFETY: repr(C), header first; every counted reference is visited once.
unsafe impl Object for Traceback {
    const KIND: Kind = kind::TRACEBACK;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.next.as_value());
        visitor.visit(self.frame.as_value());
    }
    fn clear(&self) {
        self.next.set(Value::NONE);
    }
}

impl Traceback {
    /// An entry in front of `next`.
    pub fn alloc(next: Value, frame: Ref<FrameObject>, at: u32) -> Ref<Traceback> {
        Traceback::made(next, frame, at as i32 * 2, None)
    }

    /// An entry that a script makes: `lasti` is what `tb_lasti` says, two for each word.
    pub fn made(
        next: Value,
        frame: Ref<FrameObject>,
        lasti: i32,
        given_line: Option<u32>,
    ) -> Ref<Traceback> {
        crate::heap::alloc(Traceback {
            head: Header::new(),
            next: Field::new(next),
            frame,
            lasti,
            given_line,
        })
    }

    /// `tb_lasti`
    pub fn lasti(&self) -> i64 {
        i64::from(self.lasti)
    }

    /// Where: the code.
    pub fn code(&self) -> &Ref<Code> {
        &self.frame.code
    }

    /// What the entry stands for.
    pub fn position(&self) -> Position {
        let position = self.code().plain.position(self.lasti.max(0) as u32 / 2);
        match self.given_line {
            // An entry without an instruction has no columns.
            Some(line) if line != position.line || self.lasti < 0 => Position {
                line,
                end_line: line,
                column: 0,
                end_column: 0,
            },
            _ => position,
        }
    }

    /// The line the entry stands for.
    pub fn line(&self) -> u32 {
        self.position().line
    }
}
