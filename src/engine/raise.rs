//! The errors of host functions, and the exceptions that scripts get for them.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::error::Error;
use crate::heap::Value;
use crate::object::class::Class;
use crate::object::native::Raised;
use crate::vm::Vm;

/// The error of a host function. Every error of Rust's can become one (`?`), and so can a text; what
/// exception the script gets depends on what it is:
///
/// | error | exception |
/// |---|---|
/// | `Raise` | the class that it names |
/// | `Error::Exception` | the very exception that a script raised before |
/// | `Error::Exit` | SystemExit |
/// | `Error::Conversion` | TypeError, ValueError or OverflowError |
/// | `std::io::Error` | OSError with its number, and the subclass that belongs to it |
/// | any other | RuntimeError with its text |
///
/// The `source` of an error becomes the `__cause__` of the exception.
///
/// ```
/// use hoopsnake::{Engine, Error, HostError};
///
/// fn first_line(path: &str) -> Result<String, HostError> {
///     let text = std::fs::read_to_string(path)?;
///     Ok(text.lines().next().ok_or("the file is empty")?.to_owned())
/// }
///
/// let mut engine = Engine::builder()
///     .function("first_line(path)", |path: String| first_line(&path))
///     .build()?;
/// let error = engine.eval::<String>("first_line('/no/such/file')").blocking().unwrap_err();
/// match error {
///     Error::Exception(exception) => assert!(exception.is("FileNotFoundError")),
///     _ => unreachable!(),
/// }
/// # Ok::<(), Error>(())
/// ```
pub struct HostError(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for HostError {
    fn from(error: E) -> HostError {
        HostError(error.into())
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An exception of a class that is named: of a built-in one, or of one in a module (`"json.JSONDecodeError"`).
///
/// ```
/// use hoopsnake::engine::{Engine, Error, Function, Raise};
/// use hoopsnake::host::Host;
///
/// let half = Function::new("half(n)", |n: i64| match n % 2 {
///     0 => Ok(n / 2),
///     _ => Err(Raise::new("ValueError", format!("{n} is odd"))),
/// });
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.set_global("half", half)?;
/// let error = engine.enter(|scope| scope.eval("half(3)").map(drop));
/// assert_eq!(error.unwrap_err().to_string(), "ValueError: 3 is odd");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Raise {
    class: String,
    message: String,
}

impl Raise {
    /// An exception of this class with this message.
    pub fn new(class: impl Into<String>, message: impl Into<String>) -> Raise {
        Raise {
            class: class.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Raise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.message)
    }
}

impl StdError for Raise {}

/// The most causes of an error that are taken along.
const LONGEST_CHAIN: usize = 32;

/// An operand is not one that the operator knows: another class may.
#[derive(Debug)]
struct NotImplemented;

impl fmt::Display for NotImplemented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unsupported operand")
    }
}

impl StdError for NotImplemented {}

impl HostError {
    /// The operator does not know its operand.
    pub(super) fn not_implemented() -> HostError {
        HostError(Box::new(NotImplemented))
    }

    /// Whether the operator does not know its operand.
    pub(super) fn is_not_implemented(&self) -> bool {
        self.0.is::<NotImplemented>()
    }

    /// The exception that a script gets.
    #[cold]
    pub(super) fn into_raised(self, vm: &mut Vm) -> Raised {
        let error = match self.0.downcast::<Error>() {
            Ok(error) => return error.into_raised(vm),
            Err(error) => error,
        };
        raised(vm, &*error, 0)
    }
}

fn raised(vm: &mut Vm, error: &(dyn StdError + 'static), depth: usize) -> Raised {
    if let Some(error) = error.downcast_ref::<Error>() {
        return error.clone().into_raised(vm);
    }
    let mut source = error.source();
    let exception = if let Some(raise) = error.downcast_ref::<Raise>() {
        named(vm, raise)
    } else if let Some(error) = error.downcast_ref::<io::Error>() {
        // What it wraps says what it says itself.
        if let Some(inner) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>())
        {
            return inner.clone().into_raised(vm);
        }
        source = error.get_ref().and_then(|inner| inner.source());
        of_system(vm, error)
    } else {
        vm.runtime_error(error.to_string())
    };
    if let Some(source) = source.filter(|_| depth < LONGEST_CHAIN) {
        let cause = raised(vm, source, depth + 1);
        if let Some(exception) = exception.exception() {
            exception.cause.set(cause.0);
            exception.suppress_context.set(true);
        }
    }
    exception
}

/// The exception of the class that is named.
fn named(vm: &mut Vm, raise: &Raise) -> Raised {
    let class = match raise.class.rsplit_once('.') {
        Some((module, name)) => vm
            .import(module)
            .and_then(|module| vm.get_attr(&module, name)),
        None => Ok(vm.builtins.get_name(&raise.class).unwrap_or(Value::NONE)),
    };
    let class = match class {
        Ok(class) => class,
        Err(raised) => return raised,
    };
    if class.is_kind::<Class>() && vm.is_exception_class(&class) {
        let text = crate::builtins::arguments::string(&raise.message);
        return match vm.call(&class, &[text]) {
            Ok(exception) if vm.is_exception(&exception) => Raised(exception),
            Ok(_) => vm.type_error("exceptions must derive from BaseException"),
            Err(raised) => raised,
        };
    }
    vm.runtime_error(raise.to_string())
}

/// The OSError of an error of the system.
fn of_system(vm: &mut Vm, error: &io::Error) -> Raised {
    if let Some(number) = error.raw_os_error() {
        return vm.os_error(number, Value::UNDEF);
    }
    use io::ErrorKind;
    let number = match error.kind() {
        ErrorKind::NotFound => 2,
        ErrorKind::Interrupted => 4,
        ErrorKind::WouldBlock => 11,
        ErrorKind::PermissionDenied => 13,
        ErrorKind::AlreadyExists => 17,
        ErrorKind::NotADirectory => 20,
        ErrorKind::IsADirectory => 21,
        ErrorKind::InvalidInput => 22,
        ErrorKind::BrokenPipe => 32,
        ErrorKind::ConnectionAborted => 103,
        ErrorKind::ConnectionReset => 104,
        ErrorKind::TimedOut => 110,
        ErrorKind::ConnectionRefused => 111,
        ErrorKind::UnexpectedEof => return vm.eof_error(error.to_string()),
        _ => return vm.raise_known(crate::vm::types::Known::OsError, &error.to_string()),
    };
    vm.os_error_text(number, &error.to_string(), Value::UNDEF)
}
