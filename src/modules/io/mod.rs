//! `_io`: files. One Rust type stands behind all classes of streams over files;
//! which of them an object is decides what it may do.

mod buffer;
mod helpers;
mod methods;
mod open;
pub use crate::builtins::arguments::{bare_type_name, path_value};
pub use open::path;
mod text;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::builtins::arguments::{int, string};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::codec::{Encoding, Handler};
use crate::object::kind;
use crate::object::module::Module;
use crate::object::native::{Attribute, Def, ModuleDef, R, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;
use buffer::{Source, Stream};

/// `_io`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_io",
    doc: "Streams over files.",
    functions: &[
        open::OPEN,
        helpers::CHECK_CODEC,
        helpers::CODEC_NAME,
        helpers::DECODE,
    ],
    types: TYPES,
    setup: Some(|vm, module: &Ref<Module>| {
        vm.set_name(&module.namespace, "DEFAULT_BUFFER_SIZE", int(8192))
    }),
};

/// `open`, for the namespace of the built-in functions.
pub static BUILTINS: &[Def] = &[open::OPEN];

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[
    &TEXT_IO_WRAPPER,
    &BUFFERED_READER,
    &BUFFERED_WRITER,
    &BUFFERED_RANDOM,
    &FILE_IO,
];

/// How a text stream reads and writes lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Newline {
    /// Every kind of line end is read as `\n`.
    Universal,
    /// Every kind ends a line, and is read as it is.
    Kept,
    /// Only `\n`.
    Feed,
    /// Only `\r`.
    Return,
    /// Only `\r\n`.
    Both,
}

/// What a stream over text knows beyond the bytes.
pub struct TextMode {
    /// How text becomes bytes.
    pub encoding: Cell<Encoding>,
    /// What happens to what cannot be encoded or decoded.
    pub handler: Cell<Handler>,
    /// See `Newline`.
    pub newline: Cell<Newline>,
    /// Whether each line is written at once.
    pub line_buffering: Cell<bool>,
    /// Which line ends were read: 1 for `\n`, 2 for `\r`, 4 for `\r\n`.
    pub seen: Cell<u8>,
}

traced_object! {
    /// A stream over a file.
    pub struct FileObject: FILE, reaches out: true; {
        /// The bytes, shared by a text stream and its `buffer`.
        stream: Untraced<Rc<RefCell<Stream>>>,
        /// For streams over text.
        text: Untraced<Option<TextMode>>,
        /// `name`
        name: Field,
        /// `mode`
        mode: Field,
        /// `encoding` and `errors`, as they were given.
        labels: (Field, Field),
        /// `buffer`, made when asked for.
        buffer: Field,
        /// Whether `detach` has given the stream away.
        detached: Untraced<Cell<bool>>,
    }
}

impl FileObject {
    fn make(
        shape: u32,
        stream: Rc<RefCell<Stream>>,
        text: Option<TextMode>,
        name: Value,
        mode: Value,
        labels: (Value, Value),
    ) -> Value {
        FileObject::alloc(
            shape,
            Untraced(stream),
            Untraced(text),
            Field::new(name),
            Field::new(mode),
            (Field::new(labels.0), Field::new(labels.1)),
            Field::undef(),
            Untraced(Cell::new(false)),
        )
        .into_value()
    }

    /// What is wrong with a file whose stream was given away.
    fn given_away(&self) -> Option<&'static str> {
        let lost = match self.text() {
            Some(_) => "underlying buffer has been detached",
            None => "raw stream has been detached",
        };
        self.detached.0.get().then_some(lost)
    }

    fn text(&self) -> Option<&TextMode> {
        self.text.0.as_ref()
    }
}

/// One of the three standard streams: 0, 1 or 2.
pub fn standard(vm: &mut Vm, number: u8) -> Value {
    let (source, name, mode, errors) = match number {
        0 => (Source::Input, "<stdin>", "r", "strict"),
        1 => (Source::Output, "<stdout>", "w", "strict"),
        _ => (Source::Error, "<stderr>", "w", "backslashreplace"),
    };
    let stream = Stream::new(source, number == 0, number != 0);
    let terminal = stream.is_terminal(vm);
    let handler = if number == 2 {
        Handler::named(errors)
    } else {
        None
    };
    let text = TextMode {
        encoding: Cell::new(Encoding::Utf8),
        handler: Cell::new(handler.unwrap_or(Handler::Strict)),
        newline: Cell::new(if number == 0 {
            Newline::Universal
        } else {
            Newline::Feed
        }),
        line_buffering: Cell::new(terminal || number == 2),
        seen: Cell::new(0),
    };
    let class = vm.class_of_def(&TEXT_IO_WRAPPER);
    let labels = (string("utf-8"), string(errors));
    FileObject::make(
        class.root_shape.get(),
        Rc::new(RefCell::new(stream)),
        Some(text),
        string(name),
        string(mode),
        labels,
    )
}

const FLAGS: u32 = class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF;

const fn file_type(name: &'static str, attributes: &'static [Attribute]) -> TypeDef {
    TypeDef {
        flags: FLAGS,
        methods: methods::METHODS,
        attributes,
        next_at_once: Some(methods::next_at_once),
        ..TypeDef::new("_io", name, kind::FILE)
    }
}

/// `_io.TextIOWrapper`
pub static TEXT_IO_WRAPPER: TypeDef = TypeDef {
    new: Some(open::WRAP_TEXT),
    ..file_type("TextIOWrapper", methods::TEXT_ATTRIBUTES)
};
/// `_io.BufferedReader`
pub static BUFFERED_READER: TypeDef = TypeDef {
    new: Some(open::WRAP_READER),
    ..file_type("BufferedReader", methods::BINARY_ATTRIBUTES)
};
/// `_io.BufferedWriter`
pub static BUFFERED_WRITER: TypeDef = TypeDef {
    new: Some(open::WRAP_WRITER),
    ..file_type("BufferedWriter", methods::BINARY_ATTRIBUTES)
};
/// `_io.BufferedRandom`
pub static BUFFERED_RANDOM: TypeDef = file_type("BufferedRandom", methods::BINARY_ATTRIBUTES);
/// `_io.FileIO`
pub static FILE_IO: TypeDef = TypeDef {
    new: Some(open::RAW),
    ..file_type("FileIO", methods::BINARY_ATTRIBUTES)
};

/// The file that a method was called with.
fn file(value: &Value) -> Option<Ref<FileObject>> {
    value.to_ref::<FileObject>()
}

/// `io.UnsupportedOperation`
fn unsupported(vm: &mut Vm, text: &str) -> crate::object::native::Raised {
    let class = vm
        .import("io")
        .and_then(|io| vm.get_attr(&io, "UnsupportedOperation"));
    match class.and_then(|class| vm.call(&class, &[string(text)])) {
        Ok(exception) => crate::object::native::Raised(exception),
        Err(raised) => raised,
    }
}

/// The same for a method of which CPython's buffers say what it was: "read of closed".
fn open_for(vm: &mut Vm, value: &Value, doing: &str) -> R<Ref<FileObject>> {
    match file(value) {
        Some(file) if file.given_away().is_none() && file.stream.borrow().is_closed() => {
            Err(if file.text().is_some() {
                vm.value_error("I/O operation on closed file.")
            } else if file.stream.borrow().unbuffered {
                vm.value_error("I/O operation on closed file")
            } else {
                vm.value_error(format!("{doing} file"))
            })
        }
        _ => open_file(vm, value),
    }
}

/// The file of a method, which must not be closed.
fn open_file(vm: &mut Vm, value: &Value) -> R<Ref<FileObject>> {
    match file(value) {
        Some(file) if !file.stream.borrow().is_closed() => attached(vm, &file).map(|()| file),
        Some(file) => {
            attached(vm, &file)?;
            Err(vm.value_error("I/O operation on closed file."))
        }
        None => Err(vm.value_error("I/O operation on closed file.")),
    }
}

/// The stream of a file must not be given away.
fn attached(vm: &mut Vm, file: &FileObject) -> R<()> {
    match file.given_away() {
        Some(lost) => Err(vm.value_error(lost)),
        None => Ok(()),
    }
}
