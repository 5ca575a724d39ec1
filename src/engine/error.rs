//! What can go wrong between Rust code and a script.

use std::collections::HashSet;
use std::fmt;

use super::handle::Handle;
use crate::builtins::arguments::plain;
use crate::heap::Value;
use crate::object::class::Class;
use crate::object::int::IntView;
use crate::object::list::List;
use crate::object::native::Raised;
use crate::vm::error::{fields, set_field};
use crate::vm::limits::Limit;
use crate::vm::stopping::Stop;
use crate::vm::types::Known;
use crate::vm::{SyntaxFault, Vm};

/// Why something did not come to its good end.
///
/// ```
/// use hoopsnake::engine::{Engine, Error};
/// use hoopsnake::host::Host;
///
/// let mut engine = Engine::new(Host::simulated(0).0);
/// let error = engine.enter(|scope| scope.eval("1 // 0").map(drop)).unwrap_err();
/// match error {
///     Error::Exception(exception) => {
///         assert_eq!(exception.class(), "ZeroDivisionError");
///         assert!(exception.traceback().starts_with("Traceback (most recent call last):\n"));
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A text is no program.
    Syntax(SyntaxError),
    /// A script raised an exception that it did not catch.
    Exception(Exception),
    /// A run was ended before it was over.
    Stopped(Stopped),
    /// A script asked for its end (`sys.exit`), with this status.
    Exit(i32),
    /// A value is not of the type that was asked for.
    Conversion(Conversion),
    /// The engine itself is at fault, or is used in a way that it does not allow.
    Internal(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Syntax(error) => error.fmt(f),
            Error::Exception(exception) => exception.fmt(f),
            Error::Stopped(stopped) => stopped.fmt(f),
            Error::Exit(status) => write!(f, "the script ended itself with status {status}"),
            Error::Conversion(conversion) => conversion.fmt(f),
            Error::Internal(text) => write!(f, "internal error: {text}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Exception(exception) => std::error::Error::source(exception),
            _ => None,
        }
    }
}

/// A syntax error in a text that was to be compiled.
///
/// Its text (`to_string`) is what CPython prints: the place, the line, a mark below it, the message.
///
/// ```
/// use hoopsnake::{Error, Script};
///
/// match Script::compile("rules", "x = 1\ny = (2") {
///     Err(Error::Syntax(error)) => {
///         assert_eq!((error.file(), error.line()), ("rules", 2));
///         assert_eq!(error.message(), "'(' was never closed");
///     }
///     _ => unreachable!(),
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SyntaxError(Box<SyntaxDetails>);

#[derive(Clone, Debug)]
struct SyntaxDetails {
    class: &'static str,
    message: String,
    file: String,
    place: (u32, u32, u32, i32),
    text: Option<String>,
}

impl SyntaxError {
    /// "SyntaxError", "IndentationError" or "TabError".
    pub fn class(&self) -> &str {
        self.0.class
    }
    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// The name that the text was given.
    pub fn file(&self) -> &str {
        &self.0.file
    }
    /// The line, from 1; 0 if there is no line.
    pub fn line(&self) -> u32 {
        self.0.place.0
    }
    /// The column in characters, from 1.
    pub fn column(&self) -> u32 {
        self.0.place.1
    }
}

impl From<SyntaxFault> for Error {
    fn from(fault: SyntaxFault) -> Error {
        Error::Syntax(SyntaxError(Box::new(SyntaxDetails {
            class: fault.class,
            message: fault.message,
            file: fault.source.name().to_string(),
            place: fault.place,
            text: fault.text,
        })))
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column, end_line, end_column) = self.0.place;
        writeln!(f, "  File \"{}\", line {line}", self.file())?;
        let text = self.0.text.as_deref().unwrap_or("");
        let shown = text.trim();
        if !shown.is_empty() {
            writeln!(f, "    {shown}")?;
            let indent = text.chars().take_while(|c| c.is_whitespace()).count();
            let first = (column as usize).saturating_sub(1 + indent);
            let last = match end_line == line && end_column > 0 {
                true => (end_column as usize).saturating_sub(1 + indent),
                false => shown.chars().count(),
            };
            let marks = last.max(first + 1) - first;
            writeln!(f, "    {}{}", " ".repeat(first), "^".repeat(marks))?;
        }
        write!(f, "{}: {}", self.0.class, self.0.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Where a script was.
///
/// ```
/// use hoopsnake::{Engine, Error, Limits, Place, Script};
///
/// let mut engine = Engine::builder().limits(Limits::new().fuel(1000)).build()?;
/// let script = Script::compile("forever", "n = 0\nwhile True:\n    n += 1")?;
/// match engine.run(&script).blocking() {
///     Err(Error::Stopped(stopped)) => {
///         let Some(Place { file, line }) = stopped.at else { unreachable!() };
///         assert!(file == "forever" && line >= 2);
///     }
///     _ => unreachable!(),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A run that was ended before it was over: by a limit, or because somebody wanted it to stop.
///
/// ```
/// use hoopsnake::{Engine, Error, Limit, Limits, Script};
///
/// let mut engine = Engine::builder().limits(Limits::new().tasks(100)).build()?;
/// let script = Script::compile("bomb", "
/// import asyncio
///
/// async def work():
///     asyncio.create_task(work())
///     asyncio.create_task(work())
///     await asyncio.sleep(1)
///
/// await work()
/// ")?;
/// match engine.run(&script).blocking() {
///     Err(Error::Stopped(stopped)) => assert_eq!(stopped.limit, Limit::Tasks),
///     _ => unreachable!(),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// What ended it.
    pub limit: Limit,
    /// Where the script was then, if it was anywhere.
    pub at: Option<Place>,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped ({})", self.limit)?;
        match &self.at {
            Some(place) => write!(f, " in {}, line {}", place.file, place.line),
            None => Ok(()),
        }
    }
}

/// An exception that a script did not catch.
///
/// The texts are taken when it leaves the engine, so they are there when the engine is gone. The
/// exception object itself is held too: a host function that gives it back as its own error raises
/// that very object again.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
///
/// let mut engine = Engine::builder().build()?;
/// let script = Script::compile("main", "try:\n    {}['key']\nexcept KeyError as e:\n    raise RuntimeError('no key') from e")?;
/// match engine.run(&script).blocking() {
///     Err(Error::Exception(exception)) => {
///         assert_eq!((exception.class(), exception.message()), ("RuntimeError", "no key"));
///         assert!(exception.is("Exception"));
///         assert!(exception.traceback().starts_with("Traceback (most recent call last):"));
///         assert_eq!(exception.cause().unwrap().class(), "KeyError");
///     }
///     _ => unreachable!(),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Exception(Box<Details>);

#[derive(Clone)]
struct Details {
    class: String,
    classes: Vec<String>,
    message: String,
    traceback: String,
    notes: Vec<String>,
    cause: Option<Error>,
    value: Handle,
}

impl Exception {
    /// The name of its class: with the module, unless that is `builtins` or `__main__`.
    pub fn class(&self) -> &str {
        &self.0.class
    }
    /// Whether its class has this name, or derives from one that has: `exception.is("OSError")`.
    pub fn is(&self, class: &str) -> bool {
        self.0.classes.iter().any(|name| name == class) || self.0.class == class
    }
    /// What `str` gives of it.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// The whole report as CPython prints it: the chain, the traceback, class and message, the notes.
    pub fn traceback(&self) -> &str {
        &self.0.traceback
    }
    /// Its notes (`add_note`).
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }
    /// The exception that it was raised from, or while which it was raised.
    pub fn cause(&self) -> Option<&Exception> {
        match &self.0.cause {
            Some(Error::Exception(cause)) => Some(cause),
            _ => None,
        }
    }
    /// The exception object.
    pub fn value(&self) -> &Handle {
        &self.0.value
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.message.is_empty() {
            true => f.write_str(&self.0.class),
            false => write!(f, "{}: {}", self.0.class, self.0.message),
        }
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.traceback)
    }
}

impl std::error::Error for Exception {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause = self.0.cause.as_ref()?;
        Some(cause)
    }
}

/// A value that is not what was asked for: `list item 3: expected int, got str`.
///
/// ```
/// use hoopsnake::{Engine, Error};
///
/// let mut engine = Engine::builder().build()?;
/// match engine.eval::<Vec<i64>>("[1, 2, 'three']").blocking() {
///     Err(Error::Conversion(error)) => {
///         assert_eq!(error.to_string(), "list item 2: expected int, got str");
///     }
///     _ => unreachable!(),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conversion(Box<ConversionDetails>);

#[derive(Clone, Debug)]
struct ConversionDetails {
    /// Innermost first.
    places: Vec<String>,
    message: String,
    class: &'static str,
}

impl Conversion {
    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// Where in the value it is wrong, outermost first: `["dict value 'port'", "list item 3"]`.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.0.places.iter().rev().map(String::as_str)
    }
    /// The class of the exception that a script gets for it.
    pub fn class(&self) -> &str {
        self.0.class
    }
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.places() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Conversion {}

/// The most places of a conversion's error that are named.
const MOST_PLACES: usize = 32;
/// The most exceptions of a chain that are taken along.
const LONGEST_CHAIN: usize = 64;

impl Error {
    /// A value is of the wrong type; to a script this is a TypeError.
    pub fn conversion(message: impl Into<String>) -> Error {
        Error::conversion_of("TypeError", message.into())
    }

    /// A value is of the right type but cannot be taken; to a script this is a ValueError.
    pub fn wrong_value(message: impl Into<String>) -> Error {
        Error::conversion_of("ValueError", message.into())
    }

    /// A number is too large or too small for its type; to a script this is an OverflowError.
    pub fn out_of_range(message: impl Into<String>) -> Error {
        Error::conversion_of("OverflowError", message.into())
    }

    /// A value cannot be had now, because somebody else has it; to a script this is a RuntimeError.
    pub(crate) fn busy(message: impl Into<String>) -> Error {
        Error::conversion_of("RuntimeError", message.into())
    }

    fn conversion_of(class: &'static str, message: String) -> Error {
        Error::Conversion(Conversion(Box::new(ConversionDetails {
            places: Vec::new(),
            message,
            class,
        })))
    }

    /// The same error, if it is one of conversion, of what lies at this place.
    ///
    /// ```
    /// use hoopsnake::engine::Error;
    ///
    /// let error = Error::conversion("expected int, got str").at(|| "list item 3".into());
    /// assert_eq!(error.to_string(), "list item 3: expected int, got str");
    /// ```
    #[cold]
    pub fn at(mut self, place: impl FnOnce() -> String) -> Error {
        if let Error::Conversion(conversion) = &mut self {
            let places = &mut conversion.0.places;
            match places.len() {
                0..MOST_PLACES => places.push(place()),
                MOST_PLACES => places.push("...".into()),
                _ => {}
            }
        }
        self
    }

    /// Why a run was stopped.
    pub(crate) fn from_stop(stop: &Stop) -> Error {
        let place = |(file, line): &(String, u32)| Place {
            file: file.clone(),
            line: *line,
        };
        Error::Stopped(Stopped {
            limit: stop.limit,
            at: stop.at.as_ref().map(place),
        })
    }

    /// What the system has against something that the engine itself does.
    pub(crate) fn from_host(error: crate::host::HostError) -> Error {
        Error::Internal(error.to_string())
    }

    /// What an exception on its way out of the VM is to Rust code.
    #[cold]
    pub(crate) fn from_raised(vm: &mut Vm, raised: Raised) -> Error {
        if let Some(stop) = &vm.stopping {
            return Error::from_stop(stop);
        }
        if vm.is_raised(&raised, Known::SystemExit) {
            return Error::Exit(exit_status(vm, &raised));
        }
        let mut chain = vec![raised.0.clone()];
        let mut seen = HashSet::from([raised.0.word()]);
        while chain.len() < LONGEST_CHAIN
            && let Some(last) = chain.last()
            && let Some((next, _)) = Raised(last.clone()).exception().and_then(|e| e.came_from())
            && seen.insert(next.word())
        {
            chain.push(next);
        }
        let mut cause = None;
        for exception in chain.into_iter().rev() {
            cause = Some(Error::Exception(Exception::taken(vm, exception, cause)));
        }
        cause.unwrap_or_else(|| Error::Internal("an exception without an object".into()))
    }
}

impl Exception {
    fn taken(vm: &mut Vm, value: Value, cause: Option<Error>) -> Exception {
        let class = vm.class_of(&value);
        let name = vm.qualified_class_name(&class);
        let bases = class.ancestors.borrow().clone();
        let own = std::iter::once(class.name_str());
        let classes = own.chain(bases.iter().map(|base| Class::name_str(base)));
        let classes = classes.collect();
        let message = match vm.str(&value) {
            Ok(text) => plain(text.as_value()),
            Err(_) => "<exception str() failed>".to_string(),
        };
        let traceback = vm.format_exception(&value);
        Exception(Box::new(Details {
            class: name,
            classes,
            message,
            traceback,
            notes: notes(vm, &value),
            cause,
            value: Handle::new(vm, value),
        }))
    }
}

fn notes(vm: &mut Vm, exception: &Value) -> Vec<String> {
    let Ok(Some(notes)) = vm.get_attr_optional(exception, "__notes__") else {
        return Vec::new();
    };
    let Some(Ok(notes)) = notes.get::<List>().map(List::copy) else {
        return Vec::new();
    };
    let texts = notes.into_vec().into_iter().map(|note| vm.str(&note));
    texts.flatten().map(|text| plain(text.as_value())).collect()
}

/// The status that a SystemExit asks for: None is 0, an int is itself, all else is 1.
fn exit_status(vm: &mut Vm, raised: &Raised) -> i32 {
    let code = vm.get_attr(&raised.0, "code").unwrap_or(Value::NONE);
    if code.is_none() {
        return 0;
    }
    match IntView::of(&code) {
        Some(number) => number.as_i64().map_or(-1, |n| n as i32) & 0xFF,
        None => 1,
    }
}

impl Error {
    /// The exception that a script gets for this error.
    #[cold]
    pub(crate) fn into_raised(self, vm: &mut Vm) -> Raised {
        match self {
            Error::Exception(exception) => match exception.value().value(vm) {
                Ok(value) => Raised(value),
                Err(_) => vm.runtime_error(exception.to_string()),
            },
            Error::Exit(status) => {
                let class = vm.known_class(Known::SystemExit);
                let status = Value::int32(status);
                let exception = vm.new_exception(&class, vec![status.clone()]);
                set_field(&exception, fields::EXIT_CODE, status);
                Raised(exception)
            }
            Error::Conversion(conversion) => {
                let text = conversion.to_string();
                match conversion.class() {
                    "ValueError" => vm.value_error(text),
                    "OverflowError" => vm.overflow_error(text),
                    "RuntimeError" => vm.runtime_error(text),
                    _ => vm.type_error(text),
                }
            }
            other => vm.runtime_error(other.to_string()),
        }
    }
}
