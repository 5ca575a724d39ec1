//! Making exceptions from Rust.

use super::Vm;
use super::types::Known;
use crate::heap::{OutOfMemory, Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::error::{Fault, UnicodeFault};
use crate::object::exception::Exception;
use crate::object::kind;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{R, Raised, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;

/// Numbers of the fields in `Exception::extra`.
pub mod fields {
    #![allow(missing_docs)]
    pub const STOP_VALUE: usize = 0;
    pub const EXIT_CODE: usize = 0;
    pub const ATTRIBUTE_NAME: usize = 0;
    pub const ATTRIBUTE_OBJ: usize = 1;
    pub const NAME: usize = 0;
    pub const NAME_SELF: usize = 1;
    pub const OS_ERRNO: usize = 0;
    pub const OS_STRERROR: usize = 1;
    pub const OS_FILENAME: usize = 2;
    pub const OS_FILENAME2: usize = 3;
    pub const OS_WRITTEN: usize = 4;
    pub const IMPORT_NAME: usize = 0;
    pub const IMPORT_PATH: usize = 1;
    pub const IMPORT_MSG: usize = 2;
    pub const IMPORT_NAME_FROM: usize = 3;
    pub const GROUP_MESSAGE: usize = 0;
    pub const GROUP_EXCEPTIONS: usize = 1;
    pub const SYNTAX_MSG: usize = 0;
    pub const SYNTAX_FILENAME: usize = 1;
    pub const SYNTAX_LINE: usize = 2;
    pub const SYNTAX_OFFSET: usize = 3;
    pub const SYNTAX_TEXT: usize = 4;
    pub const SYNTAX_END_LINE: usize = 5;
    pub const SYNTAX_END_OFFSET: usize = 6;
    pub const SYNTAX_PRINT_PLACE: usize = 7;
    pub const UNICODE_ENCODING: usize = 0;
    pub const UNICODE_OBJECT: usize = 1;
    pub const UNICODE_START: usize = 2;
    pub const UNICODE_END: usize = 3;
    pub const UNICODE_REASON: usize = 4;
}

impl Raised {
    /// The exception.
    pub fn exception(&self) -> Option<&Exception> {
        self.0.get::<Exception>()
    }
}

macro_rules! simple_errors {
    ($($(#[doc = $doc:literal])+ $name:ident $known:ident;)+) => {
        impl Vm {
            $($(#[doc = $doc])+
            #[cold]
            pub fn $name(&mut self, text: impl AsRef<str>) -> Raised {
                self.raise_known(Known::$known, text.as_ref())
            })+
        }
    };
}

simple_errors! {
    /// A TypeError.
    type_error TypeError;
    /// A ValueError.
    value_error ValueError;
    /// An IndexError.
    index_error IndexError;
    /// A LookupError.
    lookup_error LookupError;
    /// A RuntimeError.
    runtime_error RuntimeError;
    /// An OverflowError.
    overflow_error OverflowError;
    /// A ZeroDivisionError.
    zero_division ZeroDivisionError;
    /// A RecursionError.
    recursion_error RecursionError;
    /// A SystemError.
    system_error SystemError;
    /// A BufferError.
    buffer_error BufferError;
    /// A NotImplementedError.
    not_implemented_error NotImplementedError;
    /// An AssertionError.
    assertion_error AssertionError;
    /// An AttributeError without the name and the object.
    attribute_error_plain AttributeError;
    /// An EOFError.
    eof_error EofError;
}

impl Vm {
    /// A new exception of a class with these arguments. Its `__init__` is not called;
    /// the fields that only some classes have are for the caller to set.
    pub fn new_exception(&mut self, class: &Ref<Class>, args: Vec<Value>) -> Value {
        let args = Tuple::from_vec(args).unwrap_or_else(|_| Tuple::empty());
        Exception::alloc(class.root_shape.get(), args.into_value()).into_value()
    }

    /// An exception of a native class with a message.
    #[cold]
    pub fn raise(&mut self, def: &'static TypeDef, text: impl AsRef<str>) -> Raised {
        let class = self.class_of_def(def);
        self.raise_class(&class, text.as_ref())
    }

    /// An exception of a native class with these arguments.
    #[cold]
    pub fn raise_args(&mut self, def: &'static TypeDef, args: Vec<Value>) -> Raised {
        let class = self.class_of_def(def);
        Raised(self.new_exception(&class, args))
    }

    /// An exception of a class the VM knows with a message.
    #[cold]
    pub fn raise_known(&mut self, known: Known, text: &str) -> Raised {
        let class = self.known_class(known);
        self.raise_class(&class, text)
    }

    /// An exception of a class the VM knows without arguments.
    #[cold]
    pub fn raise_bare(&mut self, known: Known) -> Raised {
        let class = self.known_class(known);
        Raised(self.new_exception(&class, Vec::new()))
    }

    fn raise_class(&mut self, class: &Ref<Class>, text: &str) -> Raised {
        let text = Str::try_new(text).unwrap_or_else(|_| Str::empty());
        let raised = self.new_exception(class, vec![text.value()]);
        if class.layout == kind::EXCEPTION && class.name_str() == "ImportError" {
            set_field(&raised, fields::IMPORT_MSG, text.into_value());
        }
        Raised(raised)
    }

    /// A KeyError for a key.
    #[cold]
    pub fn key_error(&mut self, key: &Value) -> Raised {
        let class = self.known_class(Known::KeyError);
        let args = Tuple::few([key.clone()]).into_value();
        Raised(Exception::alloc(class.root_shape.get(), args).into_value())
    }

    /// A KeyError with a message.
    #[cold]
    pub fn key_error_text(&mut self, text: &str) -> Raised {
        self.raise_known(Known::KeyError, text)
    }

    /// A StopIteration with the value that a generator returned.
    pub fn stop_iteration(&mut self, value: Value) -> Raised {
        let class = self.known_class(Known::StopIteration);
        let args = match value.is_none() {
            true => Tuple::empty(),
            false => Tuple::few([value.clone()]),
        };
        let raised = Exception::alloc(class.root_shape.get(), args.into_value()).into_value();
        set_field(&raised, fields::STOP_VALUE, value);
        Raised(raised)
    }

    /// A StopAsyncIteration.
    pub fn stop_async_iteration(&mut self) -> Raised {
        self.raise_bare(Known::StopAsyncIteration)
    }

    /// An AttributeError that knows the object and the name.
    #[cold]
    pub fn attribute_error(&mut self, obj: &Value, name: &Value, text: impl AsRef<str>) -> Raised {
        let raised = self.raise_known(Known::AttributeError, text.as_ref());
        set_field(&raised.0, fields::ATTRIBUTE_NAME, name.clone());
        set_field(&raised.0, fields::ATTRIBUTE_OBJ, obj.clone());
        raised
    }

    /// The AttributeError for an attribute that is not there.
    #[cold]
    pub fn no_attribute(&mut self, obj: &Value, name: &Value) -> Raised {
        let text = self.no_attribute_text(obj, name);
        self.attribute_error(obj, name, text)
    }

    /// "'C' object has no attribute 'x'", as it reads for this object.
    pub(crate) fn no_attribute_text(&mut self, obj: &Value, name: &Value) -> String {
        let name = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        if let Some(class) = obj.get::<Class>() {
            return format!(
                "type object '{}' has no attribute '{name}'",
                self.class_name(class)
            );
        }
        if let Some(module) = obj.get::<Module>() {
            let own = module.namespace.get_str(&self.names.name);
            if let Some(own) = own.as_ref().and_then(|n| n.get::<Str>()) {
                if self.is_initializing(obj) {
                    return format!(
                        "partially initialized module '{}' has no attribute '{name}' (most likely due to a circular import)",
                        own.to_text()
                    );
                }
                return format!("module '{}' has no attribute '{name}'", own.to_text());
            }
            return format!("module has no attribute '{name}'");
        }
        format!("'{}' object has no attribute '{name}'", self.type_name(obj))
    }

    /// "name 'x' is not defined", knowing the name.
    #[cold]
    pub fn name_error(&mut self, name: &Value) -> Raised {
        let text = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        self.name_error_text(name, &format!("name '{text}' is not defined"))
    }

    /// A NameError that knows the name.
    #[cold]
    pub fn name_error_text(&mut self, name: &Value, text: &str) -> Raised {
        let raised = self.raise_known(Known::NameError, text);
        set_field(&raised.0, fields::NAME, name.clone());
        raised
    }

    /// "cannot access local variable 'x' where it is not associated with a value".
    #[cold]
    pub fn unbound_local(&mut self, name: &Value) -> Raised {
        let text = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let text = format!(
            "cannot access local variable '{text}' where it is not associated with a value"
        );
        // Unlike a NameError it has no `name`, and so no suggestions.
        self.raise_known(Known::UnboundLocalError, &text)
    }

    /// "cannot access free variable 'x' where it is not associated with a value in enclosing scope".
    #[cold]
    pub fn unbound_free_error(&mut self, name: &Value) -> Raised {
        let text = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let text = format!(
            "cannot access free variable '{text}' where it is not associated with a value in enclosing scope"
        );
        self.name_error_text(name, &text)
    }

    /// An ImportError (or ModuleNotFoundError) that knows the module's name.
    #[cold]
    pub fn import_error(&mut self, known: Known, text: &str, name: Value, path: Value) -> Raised {
        let raised = self.raise_known(known, text);
        let message = Str::new(text).into_value();
        set_field(&raised.0, fields::IMPORT_MSG, message);
        set_field(&raised.0, fields::IMPORT_NAME, name);
        set_field(&raised.0, fields::IMPORT_PATH, path);
        raised
    }

    /// A MemoryError.
    #[cold]
    pub fn out_of_memory(&mut self, _: OutOfMemory) -> Raised {
        self.memory_error()
    }

    /// A MemoryError; or what ends the run, if that is why no memory is given.
    #[cold]
    pub fn memory_error(&mut self) -> Raised {
        if self.heap.work.halted || self.stopping.is_some() {
            return self.halted();
        }
        self.raise_bare(Known::MemoryError)
    }

    /// An OSError of the subclass that belongs to the number. `filename` may be Undef.
    #[cold]
    pub fn os_error(&mut self, errno: i32, filename: Value) -> Raised {
        self.os_error_text(errno, &crate::host::strerror(errno), filename)
    }

    /// An OSError with a text of its own.
    #[cold]
    pub fn os_error_text(&mut self, errno: i32, text: &str, filename: Value) -> Raised {
        let class = self.known_class(os_error_class(errno).unwrap_or(Known::OsError));
        let (number, text) = (Value::int32(errno), Str::new(text).into_value());
        let raised = self.new_exception(&class, vec![number.clone(), text.clone()]);
        set_field(&raised, fields::OS_ERRNO, number);
        set_field(&raised, fields::OS_STRERROR, text);
        if !filename.is_undef() && !filename.is_none() {
            set_field(&raised, fields::OS_FILENAME, filename);
        }
        Raised(raised)
    }

    /// The exception for what an operation of the room `object` answered.
    #[cold]
    pub fn fault(&mut self, fault: impl Into<Fault>) -> Raised {
        match fault.into() {
            Fault::Memory => self.memory_error(),
            Fault::Type(text) => self.type_error(text),
            Fault::Value(text) => self.value_error(text),
            Fault::Overflow(text) => self.overflow_error(text),
            Fault::ZeroDivision(text) => self.zero_division(text),
            Fault::Index(text) => self.index_error(text),
            Fault::Key(key) => self.key_error(&key),
            Fault::Runtime(text) => self.runtime_error(text),
            Fault::Recursion(text) => self.recursion_error(text),
            Fault::Buffer(text) => self.buffer_error(text),
            Fault::Lookup(text) => self.lookup_error(text),
            Fault::Unicode(fault) => self.unicode_error(&fault),
        }
    }

    /// A result of the room `object` as one of the VM's.
    #[inline]
    pub fn lift<T, E: Into<Fault>>(&mut self, result: Result<T, E>) -> R<T> {
        match result {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.fault(fault)),
        }
    }

    fn unicode_error(&mut self, fault: &UnicodeFault) -> Raised {
        let known = if fault.encode {
            Known::UnicodeEncodeError
        } else {
            Known::UnicodeDecodeError
        };
        let class = self.known_class(known);
        let small = |n: usize| Value::small_int(n as i64).unwrap_or(Value::int32(0));
        let args = vec![
            Str::new(&fault.encoding).into_value(),
            fault.object.clone(),
            small(fault.start),
            small(fault.end),
            Str::new(&fault.reason).into_value(),
        ];
        let raised = self.new_exception(&class, args.clone());
        for (number, value) in args.into_iter().enumerate() {
            set_field(&raised, number, value);
        }
        Raised(raised)
    }

    /// Whether a value can be raised: an instance of BaseException.
    pub fn is_exception(&self, value: &Value) -> bool {
        value.is_kind::<Exception>()
    }

    /// Whether a class is one of exceptions.
    pub fn is_exception_class(&mut self, value: &Value) -> bool {
        let base = self.known_class(Known::BaseException);
        value.get::<Class>().is_some_and(|c| c.is_subclass(&base))
    }

    /// Whether an exception on its way out is of a class the VM knows.
    pub fn is_raised(&mut self, raised: &Raised, known: Known) -> bool {
        self.is_instance_of_known(&raised.0, known)
    }

    /// Whether a value is an exception of a class the VM knows.
    pub fn is_raised_value(&mut self, value: &Value, known: Known) -> bool {
        self.is_instance_of_known(value, known)
    }

    /// Appends a note to an exception's `__notes__`.
    pub fn add_note(&mut self, exception: &Value, note: &str) -> R<()> {
        self.add_note_value(exception, Str::new(note).into_value())
    }

    /// As `add_note`, for any string.
    pub fn add_note_value(&mut self, exception: &Value, note: Value) -> R<()> {
        let Some(dict) = self.object_dict(exception) else {
            return Ok(());
        };
        let name = self.names.notes.clone();
        let notes = match dict.get_str(&name) {
            Some(notes) => notes,
            None => {
                let notes = List::empty().into_value();
                let old = dict.insert_str(&name, notes.clone());
                drop(self.lift(old)?);
                notes
            }
        };
        match notes.get::<List>() {
            Some(list) => {
                let pushed = list.push(note);
                self.lift(pushed)
            }
            None => Err(self.type_error("Cannot add note: __notes__ is not a list")),
        }
    }

    /// Whether this class is one of the language itself.
    pub fn is_builtin_class(&self, class: &Class) -> bool {
        class.has(class_flags::BUILTIN)
    }
}

/// Sets a field of an exception.
pub fn set_field(exception: &Value, number: usize, value: Value) {
    if let Some(exception) = exception.get::<Exception>() {
        exception.extra[number].set(value);
    }
}

/// The subclass of OSError for a number.
pub fn os_error_class(errno: i32) -> Option<Known> {
    Some(match errno {
        1 | 13 => Known::PermissionError,
        2 => Known::FileNotFoundError,
        3 => Known::ProcessLookupError,
        4 => Known::InterruptedError,
        10 => Known::ChildProcessError,
        11 | 114 | 115 => Known::BlockingIoError,
        17 => Known::FileExistsError,
        20 => Known::NotADirectoryError,
        21 => Known::IsADirectoryError,
        32 | 108 => Known::BrokenPipeError,
        103 => Known::ConnectionAbortedError,
        104 => Known::ConnectionResetError,
        110 => Known::TimeoutError,
        111 => Known::ConnectionRefusedError,
        _ => return None,
    })
}

impl From<OutOfMemory> for Raised {
    /// A MemoryError, where no VM is at hand: the heap keeps the class.
    fn from(_: OutOfMemory) -> Raised {
        let class = crate::heap::current().shared[MEMORY_ERROR_CLASS].clone();
        let shape = class
            .get::<Class>()
            .map_or(kind::EXCEPTION as u32, |c| c.root_shape.get());
        Raised(Exception::alloc(shape, Tuple::empty().into_value()).into_value())
    }
}

/// Where the heap's shared objects hold the class MemoryError.
pub(crate) const MEMORY_ERROR_CLASS: usize = 639;

/// The name of `known` that is most like `wanted`, if it is like enough to be meant.
pub fn closest(wanted: &str, known: &[String]) -> Option<String> {
    const MOST_CANDIDATES: usize = 750;
    const LONGEST: usize = 40;
    if known.len() > MOST_CANDIDATES || wanted.len() > LONGEST {
        return None;
    }
    let mut best: Option<(usize, &String)> = None;
    for name in known {
        if name == wanted || name.len() > LONGEST {
            continue;
        }
        // One edit costs two, a change of case one: a third of the letters may differ.
        let mut most = (name.len() + wanted.len() + 3) * 2 / 6;
        if let Some((distance, _)) = best {
            most = most.min(distance.saturating_sub(1));
        }
        let distance = edit_distance(wanted.as_bytes(), name.as_bytes());
        if distance <= most && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name.clone())
}

/// Levenshtein's distance, two for each insertion, deletion and change, one for a change of case.
fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).map(|i| i * 2).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) * 2;
        for (j, &y) in b.iter().enumerate() {
            let change = match (x == y, x.eq_ignore_ascii_case(&y)) {
                (true, _) => 0,
                (_, true) => 1,
                _ => 2,
            };
            let cost = (diagonal + change).min(row[j] + 2).min(row[j + 1] + 2);
            diagonal = row[j + 1];
            row[j + 1] = cost;
        }
    }
    row[b.len()]
}
