//! The exceptions: their tables, and what the base class does.

mod base;
mod fields;
mod group;
mod os;
mod syntax;
mod unicode;

use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Def, TypeDef};

const FLAGS: u32 = class_flags::BASE | class_flags::HAS_DICT | class_flags::WEAKREF;

/// `BaseException`
pub static BASE_EXCEPTION: TypeDef = TypeDef {
    flags: FLAGS,
    doc: "Common base class for all exceptions.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", base::new).stat()),
    methods: base::METHODS,
    attributes: base::ATTRIBUTES,
    ..TypeDef::new("builtins", "BaseException", kind::EXCEPTION)
};

macro_rules! exceptions {
    ($($name:ident $text:literal $base:ident $doc:literal $({ $($field:ident: $value:expr),+ $(,)? })?;)+) => {
        $(
            #[doc = $doc]
            pub static $name: TypeDef = TypeDef {
                base: Some(&$base),
                flags: FLAGS,
                doc: $doc,
                $($($field: $value,)+)?
                ..TypeDef::new("builtins", $text, kind::EXCEPTION)
            };
        )+

        /// The tables of all exceptions.
        pub static TYPES: &[&TypeDef] = &[&BASE_EXCEPTION, $(&$name,)+];
    };
}

exceptions! {
    BASE_EXCEPTION_GROUP "BaseExceptionGroup" BASE_EXCEPTION "A combination of multiple unrelated exceptions." {
        new: Some(Def::raw("__new__(cls, message, exceptions, /)", group::new).stat()),
        methods: group::METHODS,
        attributes: group::ATTRIBUTES,
    };
    EXCEPTION "Exception" BASE_EXCEPTION "Common base class for all non-exit exceptions.";
    GENERATOR_EXIT "GeneratorExit" BASE_EXCEPTION "Request that a generator exit.";
    KEYBOARD_INTERRUPT "KeyboardInterrupt" BASE_EXCEPTION "Program interrupted by user.";
    SYSTEM_EXIT "SystemExit" BASE_EXCEPTION "Request to exit from the interpreter." {
        methods: fields::EXIT_METHODS,
        attributes: fields::EXIT_ATTRIBUTES,
    };
    ARITHMETIC_ERROR "ArithmeticError" EXCEPTION "Base class for arithmetic errors.";
    FLOATING_POINT_ERROR "FloatingPointError" ARITHMETIC_ERROR "Floating-point operation failed.";
    OVERFLOW_ERROR "OverflowError" ARITHMETIC_ERROR "Result too large to be represented.";
    ZERO_DIVISION_ERROR "ZeroDivisionError" ARITHMETIC_ERROR "Second argument to a division or modulo operation was zero.";
    ASSERTION_ERROR "AssertionError" EXCEPTION "Assertion failed.";
    ATTRIBUTE_ERROR "AttributeError" EXCEPTION "Attribute not found." {
        methods: fields::ATTRIBUTE_METHODS,
        attributes: fields::ATTRIBUTE_ATTRIBUTES,
    };
    BUFFER_ERROR "BufferError" EXCEPTION "Buffer error.";
    EOF_ERROR "EOFError" EXCEPTION "Read beyond end of file.";
    IMPORT_ERROR "ImportError" EXCEPTION "Import can't find module, or can't find name in module." {
        methods: fields::IMPORT_METHODS,
        attributes: fields::IMPORT_ATTRIBUTES,
    };
    MODULE_NOT_FOUND_ERROR "ModuleNotFoundError" IMPORT_ERROR "Module not found.";
    LOOKUP_ERROR "LookupError" EXCEPTION "Base class for lookup errors.";
    INDEX_ERROR "IndexError" LOOKUP_ERROR "Sequence index out of range.";
    KEY_ERROR "KeyError" LOOKUP_ERROR "Mapping key not found." {
        methods: fields::KEY_METHODS,
    };
    MEMORY_ERROR "MemoryError" EXCEPTION "Out of memory.";
    NAME_ERROR "NameError" EXCEPTION "Name not found globally." {
        methods: fields::NAME_METHODS,
        attributes: fields::NAME_ATTRIBUTES,
    };
    UNBOUND_LOCAL_ERROR "UnboundLocalError" NAME_ERROR "Local name referenced but not bound to a value.";
    OS_ERROR "OSError" EXCEPTION "Base class for I/O related errors." {
        new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", os::new).stat()),
        methods: os::METHODS,
        attributes: os::ATTRIBUTES,
    };
    BLOCKING_IO_ERROR "BlockingIOError" OS_ERROR "I/O operation would block.";
    CHILD_PROCESS_ERROR "ChildProcessError" OS_ERROR "Child process error.";
    CONNECTION_ERROR "ConnectionError" OS_ERROR "Connection error.";
    BROKEN_PIPE_ERROR "BrokenPipeError" CONNECTION_ERROR "Broken pipe.";
    CONNECTION_ABORTED_ERROR "ConnectionAbortedError" CONNECTION_ERROR "Connection aborted.";
    CONNECTION_REFUSED_ERROR "ConnectionRefusedError" CONNECTION_ERROR "Connection refused.";
    CONNECTION_RESET_ERROR "ConnectionResetError" CONNECTION_ERROR "Connection reset.";
    FILE_EXISTS_ERROR "FileExistsError" OS_ERROR "File already exists.";
    FILE_NOT_FOUND_ERROR "FileNotFoundError" OS_ERROR "File not found.";
    INTERRUPTED_ERROR "InterruptedError" OS_ERROR "Interrupted by signal.";
    IS_A_DIRECTORY_ERROR "IsADirectoryError" OS_ERROR "Operation doesn't work on directories.";
    NOT_A_DIRECTORY_ERROR "NotADirectoryError" OS_ERROR "Operation only works on directories.";
    PERMISSION_ERROR "PermissionError" OS_ERROR "Not enough permissions.";
    PROCESS_LOOKUP_ERROR "ProcessLookupError" OS_ERROR "Process not found.";
    TIMEOUT_ERROR "TimeoutError" OS_ERROR "Timeout expired.";
    REFERENCE_ERROR "ReferenceError" EXCEPTION "Weak ref proxy used after referent went away.";
    RUNTIME_ERROR "RuntimeError" EXCEPTION "Unspecified run-time error.";
    NOT_IMPLEMENTED_ERROR "NotImplementedError" RUNTIME_ERROR "Method or function hasn't been implemented yet.";
    PYTHON_FINALIZATION_ERROR "PythonFinalizationError" RUNTIME_ERROR "Operation blocked during finalization.";
    RECURSION_ERROR "RecursionError" RUNTIME_ERROR "Recursion limit exceeded.";
    STOP_ASYNC_ITERATION "StopAsyncIteration" EXCEPTION "Signal the end from iterator.__anext__().";
    STOP_ITERATION "StopIteration" EXCEPTION "Signal the end from iterator.__next__()." {
        methods: fields::STOP_METHODS,
        attributes: fields::STOP_ATTRIBUTES,
    };
    SYNTAX_ERROR "SyntaxError" EXCEPTION "Invalid syntax." {
        methods: syntax::METHODS,
        attributes: syntax::ATTRIBUTES,
    };
    INDENTATION_ERROR "IndentationError" SYNTAX_ERROR "Improper indentation.";
    TAB_ERROR "TabError" INDENTATION_ERROR "Improper mixture of spaces and tabs.";
    INCOMPLETE_INPUT_ERROR "_IncompleteInputError" SYNTAX_ERROR "incomplete input.";
    SYSTEM_ERROR "SystemError" EXCEPTION "Internal error in the interpreter.";
    TYPE_ERROR "TypeError" EXCEPTION "Inappropriate argument type.";
    VALUE_ERROR "ValueError" EXCEPTION "Inappropriate argument value (of correct type).";
    UNICODE_ERROR "UnicodeError" VALUE_ERROR "Unicode related error.";
    UNICODE_DECODE_ERROR "UnicodeDecodeError" UNICODE_ERROR "Unicode decoding error." {
        methods: unicode::DECODE_METHODS,
        attributes: unicode::ATTRIBUTES,
    };
    UNICODE_ENCODE_ERROR "UnicodeEncodeError" UNICODE_ERROR "Unicode encoding error." {
        methods: unicode::ENCODE_METHODS,
        attributes: unicode::ATTRIBUTES,
    };
    UNICODE_TRANSLATE_ERROR "UnicodeTranslateError" UNICODE_ERROR "Unicode translation error." {
        methods: unicode::TRANSLATE_METHODS,
        attributes: unicode::TRANSLATE_ATTRIBUTES,
    };
    WARNING "Warning" EXCEPTION "Base class for warning categories.";
    BYTES_WARNING "BytesWarning" WARNING "Base class for warnings about bytes and buffer related problems, mostly related to conversion from str or comparing to str.";
    DEPRECATION_WARNING "DeprecationWarning" WARNING "Base class for warnings about deprecated features.";
    ENCODING_WARNING "EncodingWarning" WARNING "Base class for warnings about encodings.";
    FUTURE_WARNING "FutureWarning" WARNING "Base class for warnings about constructs that will change semantically in the future.";
    IMPORT_WARNING "ImportWarning" WARNING "Base class for warnings about probable mistakes in module imports";
    PENDING_DEPRECATION_WARNING "PendingDeprecationWarning" WARNING "Base class for warnings about features which will be deprecated in the future.";
    RESOURCE_WARNING "ResourceWarning" WARNING "Base class for warnings about resource usage.";
    RUNTIME_WARNING "RuntimeWarning" WARNING "Base class for warnings about dubious runtime behavior.";
    SYNTAX_WARNING "SyntaxWarning" WARNING "Base class for warnings about dubious syntax.";
    UNICODE_WARNING "UnicodeWarning" WARNING "Base class for warnings about Unicode related problems, mostly related to conversion problems.";
    USER_WARNING "UserWarning" WARNING "Base class for warnings generated by user code.";
    EXCEPTION_GROUP "ExceptionGroup" BASE_EXCEPTION_GROUP "A combination of multiple unrelated exceptions.";
}
