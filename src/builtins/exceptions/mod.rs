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

const FLAGS: u32 = class_flags::BASE | class_flags::HAS_DICT;

/// `BaseException`
pub static BASE_EXCEPTION: TypeDef = TypeDef {
    flags: FLAGS,
    doc: "Everything that can be raised derives from this.",
    new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", base::new).stat()),
    methods: base::METHODS,
    attributes: base::ATTRIBUTES,
    ..TypeDef::new("builtins", "BaseException", kind::EXCEPTION)
};

macro_rules! exceptions {
    ($($name:ident $text:literal $base:ident $doc:literal $({ $($field:ident: $value:expr),+ $(,)? })?;)+) => {
        $(
            #[doc = concat!("`", $text, "`: ", $doc)]
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
    BASE_EXCEPTION_GROUP "BaseExceptionGroup" BASE_EXCEPTION "Several exceptions that happened side by side." {
        new: Some(Def::raw("__new__(cls, message, exceptions, /)", group::new).stat()),
        methods: group::METHODS,
        attributes: group::ATTRIBUTES,
    };
    EXCEPTION "Exception" BASE_EXCEPTION "What programs usually catch: all but requests to end.";
    GENERATOR_EXIT "GeneratorExit" BASE_EXCEPTION "Raised in a generator that is closed.";
    KEYBOARD_INTERRUPT "KeyboardInterrupt" BASE_EXCEPTION "The user wants the program to stop.";
    SYSTEM_EXIT "SystemExit" BASE_EXCEPTION "The program is to end." {
        methods: fields::EXIT_METHODS,
        attributes: fields::EXIT_ATTRIBUTES,
    };
    ARITHMETIC_ERROR "ArithmeticError" EXCEPTION "A calculation that cannot be done.";
    FLOATING_POINT_ERROR "FloatingPointError" ARITHMETIC_ERROR "A calculation with floats went wrong.";
    OVERFLOW_ERROR "OverflowError" ARITHMETIC_ERROR "A number is too large for its type.";
    ZERO_DIVISION_ERROR "ZeroDivisionError" ARITHMETIC_ERROR "A division by nothing.";
    ASSERTION_ERROR "AssertionError" EXCEPTION "Assertion failed.";
    ATTRIBUTE_ERROR "AttributeError" EXCEPTION "An object lacks the attribute." {
        methods: fields::ATTRIBUTE_METHODS,
        attributes: fields::ATTRIBUTE_ATTRIBUTES,
    };
    BUFFER_ERROR "BufferError" EXCEPTION "Buffer error.";
    EOF_ERROR "EOFError" EXCEPTION "The input ended too early.";
    IMPORT_ERROR "ImportError" EXCEPTION "A module, or a name in it, could not be imported." {
        methods: fields::IMPORT_METHODS,
        attributes: fields::IMPORT_ATTRIBUTES,
    };
    MODULE_NOT_FOUND_ERROR "ModuleNotFoundError" IMPORT_ERROR "There is no module of that name.";
    LOOKUP_ERROR "LookupError" EXCEPTION "No such index or key.";
    INDEX_ERROR "IndexError" LOOKUP_ERROR "There is no item of that number.";
    KEY_ERROR "KeyError" LOOKUP_ERROR "There is no such key." {
        methods: fields::KEY_METHODS,
    };
    MEMORY_ERROR "MemoryError" EXCEPTION "There is no memory left." {
        new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", base::new_memory_error).stat()),
    };
    NAME_ERROR "NameError" EXCEPTION "A name that nothing has been assigned to." {
        methods: fields::NAME_METHODS,
        attributes: fields::NAME_ATTRIBUTES,
    };
    UNBOUND_LOCAL_ERROR "UnboundLocalError" NAME_ERROR "A local variable was used before anything was assigned to it.";
    OS_ERROR "OSError" EXCEPTION "The operating system refused something." {
        new: Some(Def::raw("__new__(cls, /, *args, **kwargs)", os::new).stat()),
        methods: os::METHODS,
        attributes: os::ATTRIBUTES,
    };
    BLOCKING_IO_ERROR "BlockingIOError" OS_ERROR "The operation would have to wait.";
    CHILD_PROCESS_ERROR "ChildProcessError" OS_ERROR "Something is wrong with a child process.";
    CONNECTION_ERROR "ConnectionError" OS_ERROR "Connection error.";
    BROKEN_PIPE_ERROR "BrokenPipeError" CONNECTION_ERROR "Broken pipe.";
    CONNECTION_ABORTED_ERROR "ConnectionAbortedError" CONNECTION_ERROR "Connection aborted.";
    CONNECTION_REFUSED_ERROR "ConnectionRefusedError" CONNECTION_ERROR "Connection refused.";
    CONNECTION_RESET_ERROR "ConnectionResetError" CONNECTION_ERROR "Connection reset.";
    FILE_EXISTS_ERROR "FileExistsError" OS_ERROR "There is already a file of that name.";
    FILE_NOT_FOUND_ERROR "FileNotFoundError" OS_ERROR "There is no file of that name.";
    INTERRUPTED_ERROR "InterruptedError" OS_ERROR "A system call was cut short by a signal.";
    IS_A_DIRECTORY_ERROR "IsADirectoryError" OS_ERROR "It is a directory, which the operation cannot use.";
    NOT_A_DIRECTORY_ERROR "NotADirectoryError" OS_ERROR "It is not a directory, which the operation needs.";
    PERMISSION_ERROR "PermissionError" OS_ERROR "The system does not allow it.";
    PROCESS_LOOKUP_ERROR "ProcessLookupError" OS_ERROR "There is no such process.";
    TIMEOUT_ERROR "TimeoutError" OS_ERROR "Timeout expired.";
    REFERENCE_ERROR "ReferenceError" EXCEPTION "A weak proxy outlived its object.";
    RUNTIME_ERROR "RuntimeError" EXCEPTION "An error of no more special kind.";
    NOT_IMPLEMENTED_ERROR "NotImplementedError" RUNTIME_ERROR "A subclass, or the future, has to write this.";
    PYTHON_FINALIZATION_ERROR "PythonFinalizationError" RUNTIME_ERROR "It is too late for this, the program is ending.";
    RECURSION_ERROR "RecursionError" RUNTIME_ERROR "Calls are nested too deep.";
    STOP_ASYNC_ITERATION "StopAsyncIteration" EXCEPTION "An asynchronous iterator is exhausted.";
    STOP_ITERATION "StopIteration" EXCEPTION "An iterator is exhausted." {
        methods: fields::STOP_METHODS,
        attributes: fields::STOP_ATTRIBUTES,
    };
    SYNTAX_ERROR "SyntaxError" EXCEPTION "Invalid syntax." {
        methods: syntax::METHODS,
        attributes: syntax::ATTRIBUTES,
    };
    INDENTATION_ERROR "IndentationError" SYNTAX_ERROR "Improper indentation.";
    TAB_ERROR "TabError" INDENTATION_ERROR "Tabs and spaces of the indentation do not agree.";
    INCOMPLETE_INPUT_ERROR "_IncompleteInputError" SYNTAX_ERROR "incomplete input.";
    SYSTEM_ERROR "SystemError" EXCEPTION "Internal error in the interpreter.";
    TYPE_ERROR "TypeError" EXCEPTION "The operation does not work on that type.";
    VALUE_ERROR "ValueError" EXCEPTION "The type is right, but not the value.";
    UNICODE_ERROR "UnicodeError" VALUE_ERROR "Text and bytes could not be converted.";
    UNICODE_DECODE_ERROR "UnicodeDecodeError" UNICODE_ERROR "Bytes that are no text of the encoding." {
        methods: unicode::DECODE_METHODS,
        attributes: unicode::ATTRIBUTES,
    };
    UNICODE_ENCODE_ERROR "UnicodeEncodeError" UNICODE_ERROR "Text that the encoding has no bytes for." {
        methods: unicode::ENCODE_METHODS,
        attributes: unicode::ATTRIBUTES,
    };
    UNICODE_TRANSLATE_ERROR "UnicodeTranslateError" UNICODE_ERROR "Text that could not be translated." {
        methods: unicode::TRANSLATE_METHODS,
        attributes: unicode::TRANSLATE_ATTRIBUTES,
    };
    WARNING "Warning" EXCEPTION "Everything that can be warned of derives from this.";
    BYTES_WARNING "BytesWarning" WARNING "Bytes and str are mixed where that is hardly meant.";
    DEPRECATION_WARNING "DeprecationWarning" WARNING "Something will go away; meant for developers.";
    ENCODING_WARNING "EncodingWarning" WARNING "An encoding was left to the system.";
    FUTURE_WARNING "FutureWarning" WARNING "Something will mean something else one day; meant for users.";
    IMPORT_WARNING "ImportWarning" WARNING "An import that is probably a mistake.";
    PENDING_DEPRECATION_WARNING "PendingDeprecationWarning" WARNING "Something will be deprecated later on.";
    RESOURCE_WARNING "ResourceWarning" WARNING "A file or the like was left open.";
    RUNTIME_WARNING "RuntimeWarning" WARNING "Something doubtful happened while the program ran.";
    SYNTAX_WARNING "SyntaxWarning" WARNING "Code that is legal but hardly meant.";
    UNICODE_WARNING "UnicodeWarning" WARNING "Something about Unicode is doubtful.";
    USER_WARNING "UserWarning" WARNING "A warning of the program's own.";
    EXCEPTION_GROUP "ExceptionGroup" BASE_EXCEPTION_GROUP "" {
        // CPython makes this class as a script would: it has a module and what goes with weak references.
        attributes: &[crate::vm::class::WEAKREF],
        setup: Some(|vm, class| {
            let (module, name) = (vm.names.module.clone(), vm.intern("builtins"));
            vm.put(class, &module, name.into_value());
            Ok(())
        }),
    };
}
