//! The compiler: from the tree to code. Two passes find out what names mean
//! (`symtable`, `resolve`), one makes the code.
//!
//! Values live in registers. An expression is compiled *into* a register; an
//! operand that is a local variable is used where it lies. Temporaries are
//! used as a stack: what is evaluated last lies on top and is read first.

mod annotations;
mod asm;
mod assign;
mod call;
mod class;
mod comprehension;
mod condition;
mod display;
mod docstring;
mod expr;
mod finish;
mod fold;
mod function;
mod generic;
mod import;
mod leave;
mod loops;
mod names;
mod pack;
mod pattern;
mod resolve;
mod scope;
mod sequence_pattern;
mod stmt;
mod symtable;
mod symtable_expr;
mod try_star;
mod try_stmt;
mod unit;
mod unparse;
mod warnings;
mod with;

pub use unparse::unparse;

use crate::bytecode::Code;
use crate::bytecode::code::flags;
use crate::source::{Diagnostic, DiagnosticKind, SourceFile, Span, Watch};
use crate::syntax::ast::{Body, Module, Stmt};
use scope::SymbolTable;
use std::sync::Arc;
use unit::{Unit, UnitKind};

/// What kind of code to make of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A file: names are globals.
    #[default]
    File,
    /// An expression whose value is returned; the namespace is argument 0.
    Eval,
    /// A line of a session, whose values are shown.
    Single,
    /// What was typed at a prompt: the value of the last statement is shown.
    Prompt,
    /// For `exec`: the namespace is argument 0.
    Namespace,
}

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What kind of code.
    pub mode: Mode,
    /// Whether `await` may stand outside of functions; the code is then a coroutine.
    pub top_level_await: bool,
    /// Whether frames of this code stay out of tracebacks.
    pub hidden: bool,
    /// Whether annotations are stored as text, as after `from __future__ import annotations`.
    pub future_annotations: bool,
    /// 1 leaves out `assert` and makes `__debug__` false, 2 leaves out docstrings too.
    pub optimize: u8,
    /// How much of the stack the compiler may use, in bytes.
    pub stack_budget: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            mode: Mode::File,
            top_level_await: false,
            hidden: false,
            future_annotations: false,
            optimize: 0,
            stack_budget: 6 << 20,
        }
    }
}

/// Compiles a module. The span of an error is of `file`.
pub fn compile_module(
    module: &Module,
    file: Arc<SourceFile>,
    options: Options,
) -> Result<Arc<Code>, Diagnostic> {
    compile_with_warnings(module, file, options).map(|(code, _)| code)
}

/// Compiles a module, and says what looks like a mistake in it (besides what
/// the parser has found).
pub fn compile_with_warnings(
    module: &Module,
    file: Arc<SourceFile>,
    options: Options,
) -> Result<(Arc<Code>, Vec<Diagnostic>), Diagnostic> {
    let future = import::future_features(module)?;
    let lazy = options.future_annotations || future.annotations;
    let stack = StackGuard::new(options.stack_budget, file.watch());
    let symbols = symtable::build(module, lazy, stack)?;
    let mut compiler = Compiler {
        file,
        symbols,
        unit: Unit::new(UnitKind::Module, 0, "<module>".into(), "<module>".into(), 1),
        outer: Vec::new(),
        options,
        lazy_annotations: lazy,
        future_end: future.end,
        stack,
        shows_values: options.mode == Mode::Single,
        warnings: Vec::new(),
    };
    let code = compiler.module(module)?;
    Ok((code, compiler.warnings))
}

type Outcome<T = ()> = Result<T, Diagnostic>;

/// Watches how much of the stack is used.
#[derive(Clone, Copy)]
struct StackGuard {
    start: usize,
    budget: usize,
    /// Says whether to go on, too.
    watch: Option<Watch>,
}

impl StackGuard {
    fn new(budget: usize, watch: Option<Watch>) -> StackGuard {
        StackGuard {
            start: Self::here(),
            budget,
            watch,
        }
    }

    /// About where the stack is now.
    fn here() -> usize {
        let here = 0u8;
        std::ptr::from_ref(&here) as usize
    }

    /// Refuses to go deeper when the budget is used up.
    fn check(self, span: Span) -> Outcome {
        if self.watch.is_some_and(|watch| !watch(4)) {
            return syntax("the compiler was stopped", span);
        }
        if self.start.abs_diff(Self::here()) < self.budget {
            return Ok(());
        }
        let message = "maximum recursion depth exceeded during compilation";
        let kind = DiagnosticKind::RecursionError;
        Err(Diagnostic::new(kind, message, span))
    }
}

fn syntax<T>(message: impl Into<String>, span: Span) -> Outcome<T> {
    Err(Diagnostic::syntax(message, span))
}

struct Compiler<'a> {
    file: Arc<SourceFile>,
    symbols: SymbolTable,
    /// The code object being made.
    unit: Unit<'a>,
    /// Those around it, innermost last.
    outer: Vec<Unit<'a>>,
    options: Options,
    lazy_annotations: bool,
    /// Where the statements that may be `from __future__` imports end.
    future_end: u32,
    stack: StackGuard,
    /// The value of a statement of the module that is an expression is shown.
    shows_values: bool,
    warnings: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    fn check_stack(&self, span: Span) -> Outcome {
        self.stack.check(span)
    }

    fn prompt_body(&mut self, body: &'a [Stmt]) -> Outcome {
        self.setup_annotations();
        let Some((last, before)) = body.split_last() else {
            return Ok(());
        };
        self.body(before)?;
        self.shows_values = true;
        self.body(std::slice::from_ref(last))
    }

    fn module(&mut self, module: &'a Module) -> Outcome<Arc<Code>> {
        let mode = self.options.mode;
        self.unit.flags |= flags::MODULE;
        if matches!(mode, Mode::Eval | Mode::Namespace) {
            self.unit.namespaced = true;
            self.unit.flags |= flags::NAMESPACE;
            self.unit.arg_count = 1;
            let namespace = self.unit.new_local(".namespace".into());
            self.unit.asm.bind(namespace);
        }
        match &module.body {
            Body::Module(body) if mode == Mode::Prompt => self.prompt_body(body)?,
            Body::Module(body) => self.module_body(body)?,
            Body::Interactive(body) => {
                self.setup_annotations();
                self.body(body)?;
            }
            Body::Expression(value) => {
                let value = self.operand(value)?;
                self.unit
                    .asm
                    .ins(None, crate::bytecode::Op::Return, (), value, ());
            }
        }
        if self.symbols.scopes[0].is_coroutine && self.options.top_level_await {
            self.unit.flags |= flags::COROUTINE;
        }
        self.return_none();
        self.finish()
    }
}
