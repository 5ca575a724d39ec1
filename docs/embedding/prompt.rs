//! A prompt of one's own: lines are read from standard input, and run with the names of the program.
//!
//! `printf 'total()\nx = await later(3)\nx + 1\nnope\n' | cargo run --release -p hoopsnake-examples --bin prompt`

use hoopsnake::{Engine, Error, Handle, Script};
use std::io::{BufRead, Write};

/// Reads lines and writes what they come to.
pub fn prompt(
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut engine = Engine::builder()
        .function("total()", || 42)
        .function("later(value)", async |value: Handle| value)
        .build()?;
    // What a line binds is there for the next: one program asks for the lines and runs them.
    let names = engine.run(&Script::compile("prompt", PROMPT)?).blocking()?;
    let run_line = names.handle(&mut engine, "run_line")?;
    for line in input.lines().map_while(Result::ok) {
        match engine.call::<Option<String>>(&run_line, (line,)).blocking() {
            Ok(Some(shown)) => writeln!(output, "{shown}")?,
            Ok(None) => {}
            Err(Error::Exit(_)) => break,
            Err(error) => writeln!(output, "{error}")?,
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    prompt(std::io::stdin().lock(), &mut std::io::stdout())
}

const PROMPT: &str = "
import ast, inspect

names = {}

async def run_line(line):
    try:
        code = compile(line, '<prompt>', 'eval', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        code = compile(line, '<prompt>', 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    if inspect.iscoroutine(result):
        result = await result
    return None if result is None else repr(result)
";
