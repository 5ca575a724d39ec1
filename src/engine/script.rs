//! Programs that are compiled, for any engine.

use std::fmt;
use std::sync::Arc;

use super::error::Error;
use super::loader::compile;
use crate::bytecode::Code;
use crate::vm::{Mode, Request, SyntaxFault};

/// A program, compiled. It belongs to no engine: clones are cheap, and many engines on many threads may run it.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
///
/// let script = Script::compile("answer", "import asyncio\nawait asyncio.sleep(0)\nanswer = 6 * 7")?;
/// for _ in 0..2 {
///     let mut engine = Engine::builder().build()?;
///     let names = engine.run(&script).blocking()?;
///     assert_eq!(names.get::<i64>(&mut engine, "answer")?, 42);
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Script {
    code: Arc<Code>,
}

impl Script {
    /// Compiles a text. `name` stands for it in tracebacks, as a file's would.
    ///
    /// # Errors
    /// `Error::Syntax`
    pub fn compile(name: &str, text: &str) -> Result<Script, Error> {
        Ok(Script::of_kind(name, text, Mode::File, true)?)
    }

    /// Compiles a text that is to be imported as a module (`ModuleText::compiled`), and so may not `await` at its top level.
    ///
    /// # Errors
    /// `Error::Syntax`
    pub fn module(name: &str, text: &str) -> Result<Script, Error> {
        Ok(Script::module_or_fault(name, text)?)
    }

    pub(super) fn module_or_fault(name: &str, text: &str) -> Result<Script, SyntaxFault> {
        Script::of_kind(name, text, Mode::File, false)
    }

    /// Compiles an expression, which may `await`.
    pub(super) fn expression(text: &str) -> Result<Script, Error> {
        Ok(Script::of_kind("<eval>", text, Mode::Eval, true)?)
    }

    fn of_kind(
        name: &str,
        text: &str,
        mode: Mode,
        top_level_await: bool,
    ) -> Result<Script, SyntaxFault> {
        let (code, _) = compile(&Request {
            text: text.as_bytes(),
            name,
            mode,
            top_level_await,
            hidden: false,
            optimize: 0,
            from_tree: false,
        })?;
        Ok(Script { code })
    }

    /// The name that it was given.
    pub fn name(&self) -> &str {
        self.code.source.name()
    }

    pub(super) fn code(&self) -> Arc<Code> {
        self.code.clone()
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.name()).finish()
    }
}
