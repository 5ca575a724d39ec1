//! The compiler by itself: goldens of code, messages of errors, the verifier, the encoding,
//! and mutated programs.
//!
//! `HOOP_BLESS=1` writes the goldens anew. `HOOP_PYTHON_LIB=folder cargo test -- --ignored
//! standard_library` compiles and verifies every Python file below a folder.

use crate::hoop::root;
use hoopsnake::bytecode::store::{Parts, Store, Writer};
use hoopsnake::bytecode::{self, Code, Const};
use hoopsnake::compiler::{self, Options};
use hoopsnake::source::{Diagnostic, SourceFile};
use hoopsnake::syntax::{self, Mode};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn options() -> Options {
    Options {
        top_level_await: true,
        ..Options::default()
    }
}

fn compile_with(name: &str, text: &str, options: Options) -> Result<Arc<Code>, Box<Diagnostic>> {
    let file = Arc::new(SourceFile::new(name, text));
    let module = syntax::parse_module(&file, Mode::File)?;
    Ok(compiler::compile_module(&module, file, options)?)
}

fn compile(name: &str, text: &str) -> Result<Arc<Code>, Box<Diagnostic>> {
    compile_with(name, text, options())
}

fn folder() -> PathBuf {
    root().join("tests/compiler")
}

fn programs() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the folder can be read");
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "async"))
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn bless() -> bool {
    std::env::var_os("HOOP_BLESS").is_some()
}

/// The text is what the file holds; or it becomes so, when goldens are blessed.
fn golden(path: &Path, text: &str) {
    if bless() {
        fs::write(path, text).expect("a golden can be written");
    }
    let name = path.display();
    assert_eq!(text, read(path), "{name} differs; HOOP_BLESS=1 writes it");
}

#[test]
fn code_of_small_programs() {
    for path in programs() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let code = compile(&name, &read(&path)).expect("it compiles");
        bytecode::verify(&code).expect("it verifies");
        golden(&path.with_extension("dis"), &bytecode::disassemble(&code));
    }
}

#[test]
fn reference_page_is_up_to_date() {
    let path = root().join("docs/internals/bytecode.md");
    golden(&path, &bytecode::reference());
}

/// `errors.txt` holds programs, each after a line `### message @ (line, column, end, end)`,
/// with what CPython 3.13 says of them.
#[test]
fn errors_are_those_of_cpython() {
    let text = read(&folder().join("errors.txt"));
    let mut wrong = Vec::new();
    for case in text.split("### ").skip(1) {
        let (expected, program) = case.split_once('\n').expect("a program follows");
        let file = SourceFile::new("<case>", program);
        let found = match compile_with("<case>", program, Options::default()) {
            Ok(_) => "OK".to_string(),
            Err(error) => {
                let (kind, at) = (error.kind.name(), error.location(&file));
                format!("{kind}: {} @ {at:?}", error.message)
            }
        };
        if found != expected {
            wrong.push(format!(
                "{program}  expected {expected}\n  found    {found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stored_code_is_read_again() {
    for path in programs() {
        let code = compile("x", &read(&path)).expect("it compiles");
        let again = stored(&code);
        assert!(code.is_same(&again));
        let texts = [&code, &again].map(|code| bytecode::disassemble(code));
        assert_eq!(texts[0], texts[1]);
    }
}

/// The bytes of one module, uncompressed.
struct Plain {
    code: &'static [u8],
    positions: &'static [u8],
}

impl Parts for Plain {
    fn code(&self, _: u32) -> &'static [u8] {
        self.code
    }

    fn positions(&self, _: u32) -> &'static [u8] {
        self.positions
    }
}

/// Code as it is read again from what was stored of it.
pub fn stored(code: &Arc<Code>) -> Arc<Code> {
    let mut writer = Writer::default();
    writer.add(code.clone());
    let mut written = writer.finish();
    let module = written.modules.remove(0);
    // The binary has its own for good, too.
    let parts = Box::leak(Box::new(Plain {
        code: module.code.leak(),
        positions: module.positions.leak(),
    }));
    let store = Store::new(written.strings.leak(), written.ends.leak(), parts);
    let store: &'static Store = Box::leak(Box::new(store));
    store.code(0, module.at, &code.source)
}

/// A random number generator that is the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

/// Every change of a register, a flag or a jump is found, or does no harm.
#[test]
fn the_verifier_finds_wrong_registers() {
    let code = compile("x", &read(&folder().join("control.async"))).expect("it compiles");
    let function = code.consts.iter().find_map(|value| match value {
        Const::Code(code) => Some(code.clone()),
        _ => None,
    });
    let function = function.expect("there is a function");
    let mut random = Random(0x9E37_79B9);
    let (mut found, rounds) = (0, 4000);
    for _ in 0..rounds {
        let mut changed = copy(&function);
        let at = random.below(changed.words.len());
        changed.words[at] ^= 1 << random.below(64);
        found += usize::from(bytecode::verify(&changed).is_err());
    }
    // What it cannot find: other names and constants, caches, other own bits, other locals.
    assert!(found * 10 > rounds * 5, "found {found} of {rounds}");
}

/// Without a `Clear`, or with one temporary fewer in a handler, code is refused.
#[test]
fn the_verifier_finds_leaks() {
    let text = "def f(x):\n    for a in x:\n        for b in a:\n            return b\n";
    let code = compile("x", text).expect("it compiles");
    let Some(Const::Code(function)) = code.consts.iter().find(|c| matches!(c, Const::Code(_)))
    else {
        panic!("there is a function");
    };
    bytecode::verify(function).expect("it verifies");
    let clear = bytecode::instructions(&function.words)
        .find(|(_, instr, _)| instr.op == bytecode::Op::Clear)
        .expect("iterators are cleared");
    let mut changed = copy(function);
    changed.words[clear.0] = bytecode::word(bytecode::Op::Nop, 0, 0, 0, 0);
    assert!(bytecode::verify(&changed).is_err());
}

fn copy(code: &Code) -> Code {
    code.clone()
}

/// Pieces that mutated programs are made of.
const PIECES: &[&str] = &[
    "await ",
    "yield ",
    "async ",
    "lambda x: ",
    "*",
    "**",
    ":=",
    "=",
    "==",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "for x in y",
    " if x",
    " else ",
    "return ",
    "break\n",
    "continue\n",
    "del ",
    "global x\n",
    "nonlocal n\n",
    "with x as y:\n",
    "try:\n",
    "finally:\n",
    "except* E as x:\n",
    "except E as x:\n",
    "match x:\n",
    "case [a, *b]:\n",
    "case _:\n",
    "class A[T]:\n",
    "def f[T](x):\n",
    "type X[T] = T\n",
    "f'{x!r:{y}}'",
    "1",
    "'s'",
    "None",
    ".x",
    ", ",
    ": ",
    "\n",
    "    ",
    "import a.b as c\n",
    "from x import *\n",
    "__x",
    "super()",
    "__class__",
    "...",
];

fn mutate(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len());
        let length = random.below(30).min(chars.len() - at);
        match random.below(4) {
            0 => drop(chars.drain(at..at + length)),
            1 => {
                let piece = PIECES[random.below(PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
            2 => {
                let copied: Vec<char> = chars[at..at + length].to_vec();
                let to = random.below(chars.len());
                chars.splice(to..to, copied);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                chars.splice(at..at + length, piece.chars());
            }
        }
        if chars.is_empty() {
            break;
        }
    }
    chars.into_iter().collect()
}

/// Mutated programs are compiled or refused, and what is compiled verifies.
/// `HOOP_FUZZ=20000` is the long run.
#[test]
fn mutated_programs() {
    let seeds: Vec<String> = programs().iter().map(|path| read(path)).collect();
    let rounds = std::env::var("HOOP_FUZZ")
        .ok()
        .and_then(|text| text.parse().ok());
    let mut random = Random(0xDEAD_BEEF);
    let mut compiled = 0;
    for _ in 0..rounds.unwrap_or(1500) {
        let mut text = seeds[random.below(seeds.len())].clone();
        // Small programs are more often still programs after a change.
        if random.below(2) == 0 {
            let blocks: Vec<&str> = text.split("\n\n\n").collect();
            text = blocks[random.below(blocks.len())].to_string();
        }
        let text = mutate(&text, &mut random);
        if let Ok(code) = compile("<fuzz>", &text) {
            compiled += 1;
            if let Err(error) = bytecode::verify(&code) {
                panic!("{error}\n{text}");
            }
        }
    }
    assert!(compiled > 50, "only {compiled} programs compiled");
}

/// Trees as deep as the parser lets through do not overflow a small stack.
#[test]
fn deep_programs_are_refused_or_compiled() {
    let deep =
        |open: &str, close: &str, n: usize| format!("x = {}a{}\n", open.repeat(n), close.repeat(n));
    let programs = [
        deep("(", ")", 90),
        deep("-", "", 1400),
        deep("a + ", "", 1400),
        deep("[", "]", 90),
        format!("x = a{}\n", ".b".repeat(1400)),
        format!("x = a{}\n", "()".repeat(1400)),
        format!("if a: pass\n{}", "elif b: pass\n".repeat(5000)),
        format!("x = a{}\n", " if b else c".repeat(1000)),
        format!("x = {}1\n", "lambda: ".repeat(500)),
    ];
    for text in programs {
        let file = Arc::new(SourceFile::new("<deep>", text));
        let Ok(module) = syntax::parse_module(&file, Mode::File) else {
            continue;
        };
        let options = Options {
            stack_budget: 300 << 10,
            ..options()
        };
        let run = || match compiler::compile_module(&module, file.clone(), options) {
            Ok(code) => bytecode::verify(&code).expect("it verifies"),
            Err(error) => assert_eq!(error.kind.name(), "RecursionError"),
        };
        std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(512 << 10);
            let thread = small.spawn_scoped(scope, run).expect("a thread");
            thread.join().expect("no panic");
        });
    }
}

/// What looks like a mistake, with what CPython 3.13 says of it.
#[test]
fn warnings_are_those_of_cpython() {
    let cases = [
        (
            "x is 1\n",
            "\"is\" with 'int' literal. Did you mean \"==\"?",
        ),
        (
            "x is not 'a'\n",
            "\"is not\" with 'str' literal. Did you mean \"!=\"?",
        ),
        (
            "assert (x, 'm')\n",
            "assertion is always true, perhaps remove parentheses?",
        ),
        (
            "[1, 2] (3)\n",
            "'list' object is not callable; perhaps you missed a comma?",
        ),
        (
            "1 [2]\n",
            "'int' object is not subscriptable; perhaps you missed a comma?",
        ),
        (
            "[1] ['a']\n",
            "list indices must be integers or slices, not str; perhaps you missed a comma?",
        ),
    ];
    for (text, message) in cases {
        let file = Arc::new(SourceFile::new("x", text));
        let module = syntax::parse_module(&file, Mode::File).expect("it parses");
        let result = compiler::compile_with_warnings(&module, file, options());
        let (_, warnings) = result.expect("it compiles");
        let found: Vec<&str> = warnings.iter().map(|w| &*w.message).collect();
        assert_eq!(found, [message], "{text}");
    }
}

#[test]
#[ignore = "needs HOOP_PYTHON_LIB"]
fn standard_library() {
    let Some(lib) = std::env::var_os("HOOP_PYTHON_LIB") else {
        panic!("HOOP_PYTHON_LIB names no folder");
    };
    let mut pending = vec![PathBuf::from(lib)];
    let (mut good, mut refused) = (0, 0);
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder can be read");
            pending.extend(entries.flatten().map(|entry| entry.path()));
        } else if path.extension().is_some_and(|e| e == "py") {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            match compile(&path.to_string_lossy(), &text) {
                Ok(code) => {
                    good += 1;
                    if let Err(error) = bytecode::verify(&code) {
                        panic!("{}: {error}", path.display());
                    }
                }
                Err(error) => {
                    refused += 1;
                    println!("{}: {}", path.display(), error.message);
                }
            }
        }
    }
    println!("{good} files verified, {refused} refused");
}
