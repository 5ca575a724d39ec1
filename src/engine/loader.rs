//! The VM's way to the parser, the compiler and the embedded library.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, OnceLock, Weak};

use crate::bytecode;
use crate::bytecode::store::{Parts, Store};
use crate::compiler;
use crate::heap;
use crate::host::{self, Host, HostError};
use crate::source::{Diagnostic, DiagnosticKind, SourceFile};
use crate::syntax;
use crate::syntax::{Origin, decode_source};
use crate::vm::{Compiled, Loader, Mode, Request, SyntaxFault};

include!(concat!(env!("OUT_DIR"), "/stdlib.rs"));

/// The code of the library, which the build script compiled.
static STORE: Store = Store::new(
    include_str!(concat!(env!("OUT_DIR"), "/strings.txt")),
    include_bytes!(concat!(env!("OUT_DIR"), "/strings.bin")),
    &Library,
);

/// The code of the modules that programs start with.
static PLAIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/code.bin"));

/// The code of the other modules, the texts and the positions, each compressed by itself.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/packed.bin"));

/// What was inflated of the code, in the order of `LIBRARY`.
static CODE: Inflated = [const { OnceLock::new() }; LIBRARY.len()];

/// The same of the positions.
static POSITIONS: Inflated = [const { OnceLock::new() }; LIBRARY.len()];

type Inflated = [OnceLock<Vec<u8>>; LIBRARY.len()];

/// The stack of an engine on a thread of its own: what a program has by default.
const ENGINE_STACK: usize = 8 << 20;

/// The code of each library module that was wanted, as far as it was read, in the order of `LIBRARY`. It is plain data that never changes, so all
/// engines of the process run the same.
static COMPILED: [OnceLock<Arc<bytecode::Code>>; LIBRARY.len()] =
    [const { OnceLock::new() }; LIBRARY.len()];

/// Compiles on demand; the library was compiled before.
#[derive(Default)]
pub struct SourceLoader {
    provided: Option<RefCell<Box<dyn Modules>>>,
    /// The sources of what the embedder has given, by name: no file has them. Whoever can run them keeps them.
    given: RefCell<HashMap<String, Weak<SourceFile>>>,
}

/// Modules that an embedder provides: `import` asks here before it looks anywhere else.
///
/// A closure that finds a text by a name does, and so does a map of texts, or of compiled scripts, by names.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
/// use std::collections::HashMap;
///
/// let modules = HashMap::from([("shop", "def price(n): return n * 3")]);
/// let mut engine = Engine::builder().modules(modules).build()?;
/// let script = Script::compile("main", "import shop\ntotal = shop.price(14)")?;
/// let names = engine.run(&script).blocking()?;
/// assert_eq!(names.get::<i64>(&mut engine, "total")?, 42);
/// # Ok::<(), Error>(())
/// ```
pub trait Modules: Send {
    /// The module of this dotted name; None if it is to be looked for elsewhere.
    fn find(&mut self, name: &str) -> Option<ModuleText>;
}

/// A module that is provided.
///
/// ```
/// use hoopsnake::{Engine, Error, ModuleText, Modules};
///
/// /// A package `levels` with a module for each number.
/// struct Levels;
///
/// impl Modules for Levels {
///     fn find(&mut self, name: &str) -> Option<ModuleText> {
///         if name == "levels" {
///             return Some(ModuleText::new(name, "").package());
///         }
///         let number: u32 = name.strip_prefix("levels.level")?.parse().ok()?;
///         Some(ModuleText::new(name, &format!("enemies = {}", number * 3)))
///     }
/// }
///
/// let mut engine = Engine::builder().modules(Levels).build()?;
/// let enemies = "__import__('levels.level14', fromlist=['enemies']).enemies";
/// assert_eq!(engine.eval::<i64>(enemies).blocking()?, 42);
/// # Ok::<(), Error>(())
/// ```
pub struct ModuleText {
    script: Result<super::Script, SyntaxFault>,
    package: bool,
}

impl ModuleText {
    /// A module of this text, named so in tracebacks.
    pub fn new(name: &str, text: &str) -> ModuleText {
        ModuleText {
            script: super::Script::module_or_fault(name, text),
            package: false,
        }
    }

    /// A module that was compiled before, with `Script::module`.
    pub fn compiled(script: super::Script) -> ModuleText {
        ModuleText {
            script: Ok(script),
            package: false,
        }
    }

    /// The same as a package, which may have submodules.
    pub fn package(mut self) -> ModuleText {
        self.package = true;
        self
    }

    /// The same; as a package if one of these names is that of a submodule.
    fn package_if_among<'k, K: Borrow<str> + 'k>(
        mut self,
        mut names: impl Iterator<Item = &'k K>,
        name: &str,
    ) -> ModuleText {
        let within = format!("{name}.");
        self.package |= names.any(|known| known.borrow().starts_with(&within));
        self
    }
}

impl<F: FnMut(&str) -> Option<String> + Send> Modules for F {
    fn find(&mut self, name: &str) -> Option<ModuleText> {
        Some(ModuleText::new(&format!("<{name}>"), &self(name)?))
    }
}

impl<K, T> Modules for HashMap<K, T>
where
    K: Borrow<str> + Eq + Hash + Send,
    T: AsRef<str> + Send,
{
    fn find(&mut self, name: &str) -> Option<ModuleText> {
        let found = ModuleText::new(&format!("<{name}>"), self.get(name)?.as_ref());
        Some(found.package_if_among(self.keys(), name))
    }
}

/// Modules that were compiled before, so that many engines can share them.
///
/// ```
/// use hoopsnake::{Engine, Error, Script};
/// use std::collections::HashMap;
///
/// let shop = Script::module("shop", "def price(n): return n * 3")?;
/// let modules = HashMap::from([("shop", shop)]);
/// let script = Script::compile("main", "import shop\ntotal = shop.price(14)")?;
/// for _ in 0..2 {
///     let mut engine = Engine::builder().modules(modules.clone()).build()?;
///     let names = engine.run(&script).blocking()?;
///     assert_eq!(names.get::<i64>(&mut engine, "total")?, 42);
/// }
/// # Ok::<(), Error>(())
/// ```
impl<K> Modules for HashMap<K, super::Script>
where
    K: Borrow<str> + Eq + Hash + Send,
{
    fn find(&mut self, name: &str) -> Option<ModuleText> {
        let found = ModuleText::compiled(self.get(name)?.clone());
        Some(found.package_if_among(self.keys(), name))
    }
}

impl SourceLoader {
    /// One that asks for modules there first.
    pub(super) fn with_modules(modules: Option<Box<dyn Modules>>) -> SourceLoader {
        SourceLoader {
            provided: modules.map(RefCell::new),
            given: RefCell::default(),
        }
    }
}

impl Loader for SourceLoader {
    fn compile(&self, request: &Request<'_>) -> Compiled {
        compile(request)
    }

    fn tree(&self, request: &Request<'_>) -> Result<(String, Vec<SyntaxFault>), SyntaxFault> {
        let (module, file) = parsed(request)?;
        let text = syntax::dump::dump_with_positions(&module, &file);
        let warnings = module.warnings.into_iter();
        Ok((
            text,
            warnings.map(|w| fault(w, file.clone(), request)).collect(),
        ))
    }

    fn provided(&self, module: &str) -> Option<Result<(Arc<bytecode::Code>, bool), SyntaxFault>> {
        let found = self.provided.as_ref()?.borrow_mut().find(module)?;
        Some(match found.script {
            Ok(script) => {
                let code = script.code();
                self.remember(&code.source);
                Ok((code, found.package))
            }
            Err(fault) => Err(fault),
        })
    }

    fn library(&self, module: &str) -> Option<(Arc<bytecode::Code>, bool)> {
        let at = LIBRARY
            .binary_search_by_key(&module, |entry| entry.name)
            .ok()?;
        let entry = &LIBRARY[at];
        let code = COMPILED[at].get_or_init(|| {
            let name = format!("<library>/{}", entry.file);
            let source = SourceFile::kept(name, library_text, at as u32);
            STORE.code(at as u32, entry.at, &Arc::new(source))
        });
        Some((code.clone(), entry.package))
    }

    fn remember(&self, source: &Arc<SourceFile>) {
        let mut given = self.given.borrow_mut();
        if given.len() == given.capacity() {
            // Before it grows: most of what an engine has run may be gone.
            given.retain(|_, source| source.strong_count() > 0);
        }
        given.insert(source.name().to_string(), Arc::downgrade(source));
    }

    fn source_of(&self, file: &str) -> Option<Arc<SourceFile>> {
        if let Some(given) = self.given.borrow().get(file).and_then(Weak::upgrade) {
            return Some(given);
        }
        let file = file.strip_prefix("<library>/")?;
        let entry = LIBRARY.iter().find(|entry| entry.file == file)?;
        let (code, _) = self.library(entry.name)?;
        Some(code.source.clone())
    }

    fn library_kind(&self, module: &str) -> Option<bool> {
        let at = LIBRARY.binary_search_by_key(&module, |entry| entry.name);
        at.ok().map(|at| LIBRARY[at].package)
    }

    fn is_incomplete(&self, request: &Request<'_>) -> bool {
        // The lines of a prompt come with a line feed between them, and none behind the last.
        let text = [request.text, b"\n"].concat();
        let file = decode_source(request.name, &text, Origin::Object);
        let Ok(file) = file else { return false };
        matches!(
            syntax::completeness(&file),
            syntax::Completeness::Incomplete | syntax::Completeness::WantsEmptyLine
        )
    }

    fn start_engine(&self, host: Host, text: String) -> Result<(), HostError> {
        host::start_thread("hoop-engine", ENGINE_STACK, move || {
            super::Engine::new(host).run_source(&text, "<string>");
        })
    }

    fn library_names(&self) -> Vec<&'static str> {
        library_names().collect()
    }

    fn anchors(&self, segment: &str) -> Option<(usize, usize)> {
        super::anchors::anchors(segment)
    }

    fn is_plain_call(&self, text: &str, start: usize, end: usize) -> bool {
        super::anchors::is_plain_call(text, start, end)
    }
}

/// A module of `stdlib/`.
struct Embedded {
    name: &'static str,
    file: &'static str,
    package: bool,
    /// Whether its code is in `PLAIN`, rather than in `PACKED`,
    is_plain: bool,
    /// where it begins and ends there,
    code: (usize, usize),
    /// and where the module itself is in it.
    at: u32,
    /// Where its text begins and ends in `PACKED`.
    text: (usize, usize),
    /// The same of its positions.
    positions: (usize, usize),
}

fn unpacked((start, end): (usize, usize)) -> Vec<u8> {
    let bytes = miniz_oxide::inflate::decompress_to_vec(&PACKED[start..end]);
    bytes.unwrap_or_default()
}

/// The parts of the library's modules, by their places in the table.
struct Library;

impl Parts for Library {
    fn code(&self, module: u32) -> &'static [u8] {
        let at = module as usize;
        let Embedded { is_plain, code, .. } = LIBRARY[at];
        match is_plain {
            true => &PLAIN[code.0..code.1],
            false => CODE[at].get_or_init(|| unpacked(code)),
        }
    }

    fn positions(&self, module: u32) -> &'static [u8] {
        let at = module as usize;
        POSITIONS[at].get_or_init(|| unpacked(LIBRARY[at].positions))
    }
}

/// The text of a module, by its place in the table.
fn library_text(at: u32) -> String {
    String::from_utf8(unpacked(LIBRARY[at as usize].text)).unwrap_or_default()
}

/// The names of all embedded modules, sorted.
pub fn library_names() -> impl Iterator<Item = &'static str> {
    LIBRARY.iter().map(|entry| entry.name)
}

/// Reads and parses a text.
fn parsed(request: &Request<'_>) -> Result<(syntax::ast::Module, Arc<SourceFile>), SyntaxFault> {
    let origin = match request.mode {
        Mode::File => Origin::File,
        _ => Origin::Object,
    };
    let file = match decode_source(request.name, request.text, origin) {
        // CPython looks for the source in a file of that name, which there is none of.
        Ok(file) => {
            let file = match request.from_tree {
                true => file.from_tree(),
                false => file,
            };
            let file = file.watched(heap::work_goes_on);
            Arc::new(match request.mode {
                Mode::Exec | Mode::Eval if is_no_file(request.name) => file.unshown(),
                _ => file,
            })
        }
        Err(failure) => {
            let (diagnostic, file) = *failure;
            return Err(fault(diagnostic, Arc::new(file), request));
        }
    };
    let mode = match request.mode {
        Mode::File | Mode::Exec | Mode::Prompt => syntax::Mode::File,
        Mode::Eval => syntax::Mode::Eval,
        Mode::Single => syntax::Mode::Single,
    };
    let module = syntax::parse_module(&file, mode).map_err(|d| {
        let mut fault = fault(d, file.clone(), request);
        if request.text.is_empty() {
            // Nothing was read, so the error is on no line.
            fault.place = (0, 0, 0, 0);
            fault.text = Some(String::new());
        }
        fault
    })?;
    Ok((module, file))
}

/// Compiles a text.
pub fn compile(request: &Request<'_>) -> Compiled {
    let (module, file) = parsed(request)?;
    let kind = match request.mode {
        Mode::File => compiler::Mode::File,
        Mode::Exec => compiler::Mode::Namespace,
        Mode::Eval => compiler::Mode::Eval,
        Mode::Single => compiler::Mode::Single,
        Mode::Prompt => compiler::Mode::Prompt,
    };
    let options = compiler::Options {
        mode: kind,
        top_level_await: request.top_level_await,
        hidden: request.hidden,
        optimize: request.optimize,
        ..compiler::Options::default()
    };
    let (code, found) =
        compiler::compile_with_warnings(&module, file.clone(), options).map_err(|d| {
            let mut fault = fault(d, file.clone(), request);
            if !file.is_shown() {
                fault.text = None;
            }
            fault
        })?;
    let warnings = module
        .warnings
        .into_iter()
        .chain(found)
        .map(|w| fault(w, file.clone(), request))
        .collect();
    Ok((code, warnings))
}

fn is_no_file(name: &str) -> bool {
    name.starts_with('<') && name.ends_with('>')
}

fn fault(diagnostic: Diagnostic, source: Arc<SourceFile>, request: &Request<'_>) -> SyntaxFault {
    let place = diagnostic.location(&source);
    let mut text = source.line_text(place.0).to_string();
    // Only what is read as a file gets the line end that its last line lacks.
    let as_file = matches!(request.mode, Mode::File | Mode::Exec);
    let ends = as_file || place.0 < source.line_count() || source.text().ends_with('\n');
    if ends && !diagnostic.lexical {
        text.push('\n');
    }
    let class = match diagnostic.kind {
        DiagnosticKind::SyntaxWarning => "SyntaxError",
        kind => kind.name(),
    };
    SyntaxFault {
        class,
        message: diagnostic.message,
        place,
        source,
        text: Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Engine, Exit};
    use super::*;
    use crate::bytecode::{code::flags, disassemble};

    #[test]
    fn the_stored_library_is_what_its_texts_say() {
        for entry in LIBRARY {
            let stored = SourceLoader::default().library(entry.name);
            let (stored, _) = stored.expect("it is in the table");
            let request = Request {
                text: stored.source.text().as_bytes(),
                name: stored.source.name(),
                mode: Mode::File,
                top_level_await: false,
                hidden: stored.has(flags::HIDDEN),
                optimize: 0,
                from_tree: false,
            };
            let (made, _) = compile(&request).ok().expect("it compiles");
            assert!(made.is_same(&stored), "{}", entry.name);
            assert_eq!(disassemble(&made), disassemble(&stored), "{}", entry.name);
        }
    }

    #[test]
    fn an_embedder_has_pools_of_threads() {
        let program = "\
import os, sys
from concurrent.futures import InterpreterPoolExecutor, ProcessPoolExecutor
import multiprocessing
assert sys.executable == ''
for kind in (ProcessPoolExecutor, InterpreterPoolExecutor):
    with kind(2) as pool:
        assert list(pool.map(pow, [2, 3], [3, 2])) == [8, 9]
        assert pool.submit(os.getpid).result() == os.getpid()
try:
    multiprocessing.Process(target=print).start()
except RuntimeError as error:
    assert str(error) == 'there is no program that could run a child process'
else:
    assert False
";
        let mut engine = Engine::new(Host::system(vec!["".into()]));
        assert_eq!(engine.run_source(program, "<string>"), Exit::SUCCESS);
    }
}
