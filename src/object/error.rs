//! What can go wrong in this room: the VM makes exceptions of it.

use std::borrow::Cow;

use crate::heap::{OutOfMemory, Value};

/// The text of an error.
pub type Text = Cow<'static, str>;

/// An error that has no exception object yet. The names are those of the exception classes.
#[derive(Clone)]
pub enum Fault {
    /// MemoryError, or the end of a run that is to be stopped
    Memory,
    /// TypeError
    Type(Text),
    /// ValueError
    Value(Text),
    /// OverflowError
    Overflow(Text),
    /// ZeroDivisionError
    ZeroDivision(Text),
    /// IndexError
    Index(Text),
    /// KeyError, with the key
    Key(Value),
    /// RuntimeError
    Runtime(Text),
    /// RecursionError
    Recursion(Text),
    /// BufferError
    Buffer(Text),
    /// LookupError
    Lookup(Text),
    /// UnicodeEncodeError or UnicodeDecodeError
    Unicode(Box<UnicodeFault>),
}

/// What a UnicodeError holds.
#[derive(Clone)]
pub struct UnicodeFault {
    /// Whether text could not be encoded, else bytes could not be decoded.
    pub encode: bool,
    /// Name of the encoding.
    pub encoding: Text,
    /// The text or the bytes.
    pub object: Value,
    /// Where the trouble starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What the trouble is.
    pub reason: Text,
}

/// The result of an operation of this room.
pub type Outcome<T> = Result<T, Fault>;

impl Fault {
    /// A TypeError.
    #[cold]
    pub fn type_error(text: impl Into<Text>) -> Fault {
        Fault::Type(text.into())
    }

    /// A ValueError.
    #[cold]
    pub fn value(text: impl Into<Text>) -> Fault {
        Fault::Value(text.into())
    }

    /// An OverflowError.
    #[cold]
    pub fn overflow(text: impl Into<Text>) -> Fault {
        Fault::Overflow(text.into())
    }

    /// A ZeroDivisionError.
    #[cold]
    pub fn zero_division(text: impl Into<Text>) -> Fault {
        Fault::ZeroDivision(text.into())
    }

    /// An IndexError.
    #[cold]
    pub fn index(text: impl Into<Text>) -> Fault {
        Fault::Index(text.into())
    }

    /// Name of the exception's class, and its message.
    pub fn describe(&self) -> (&'static str, &str) {
        match self {
            Fault::Memory => ("MemoryError", ""),
            Fault::Type(t) => ("TypeError", t),
            Fault::Value(t) => ("ValueError", t),
            Fault::Overflow(t) => ("OverflowError", t),
            Fault::ZeroDivision(t) => ("ZeroDivisionError", t),
            Fault::Index(t) => ("IndexError", t),
            Fault::Key(_) => ("KeyError", ""),
            Fault::Runtime(t) => ("RuntimeError", t),
            Fault::Recursion(t) => ("RecursionError", t),
            Fault::Buffer(t) => ("BufferError", t),
            Fault::Lookup(t) => ("LookupError", t),
            Fault::Unicode(u) => (
                if u.encode {
                    "UnicodeEncodeError"
                } else {
                    "UnicodeDecodeError"
                },
                &u.reason,
            ),
        }
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (class, text) = self.describe();
        write!(f, "{class}: {text}")
    }
}

impl From<OutOfMemory> for Fault {
    fn from(_: OutOfMemory) -> Fault {
        Fault::Memory
    }
}
