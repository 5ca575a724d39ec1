//! Compiles the library, which the binary carries as code, and chooses how the dispatch loop hands over and where functions lie.

use hoopsnake_front::bytecode::{Code, store};
use hoopsnake_front::compiler::{self, Options};
use hoopsnake_front::source::Diagnostic;
use hoopsnake_front::syntax::{self, Mode, Origin, decode_source};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Modules whose functions are native in CPython, so that tracebacks do not show them.
const HIDDEN: &[&str] = &["warnings"];

/// Packages and modules whose code stays as it is, because what imports them should start at once. The rest is compressed:
/// to import it takes a tenth of a millisecond more.
const PLAIN: &[&str] = &[
    "abc",
    "asyncio",
    "bisect",
    "collections",
    "contextlib",
    "contextvars",
    "copy",
    "dataclasses",
    "enum",
    "functools",
    "heapq",
    "io",
    "itertools",
    "json",
    "operator",
    "os",
    "random",
    "re",
    "string",
    "threading",
    "time",
    "types",
    "typing",
    "weakref",
];

/// How hard the rest, texts and positions are compressed.
const EFFORT: u8 = 10;

fn main() {
    println!("cargo::rerun-if-changed=stdlib/build.rs");
    // With little optimisation some handlers call the next one instead of
    // jumping to it, which would grow the stack without bound.
    let level = std::env::var("OPT_LEVEL");
    if !matches!(level.as_deref(), Ok("2" | "3")) {
        println!("cargo::rustc-cfg=hoop_trampoline");
    }
    // Whoever links no position-independent program leaves the loader 30,000 addresses less to put right at each start.
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}"));
    if target("OS").as_deref() == Ok("linux") && target("ENV").as_deref() == Ok("gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        if target("ARCH").as_deref() == Ok("x86_64") && !has_own_linker() {
            order_functions();
            link_unwinder();
        }
    }
    embed_library();
}

/// Whether whoever builds has chosen a linker, which may know nothing of scripts.
fn has_own_linker() -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    flags.contains("link") || std::env::var_os("RUSTC_LINKER").is_some()
}

/// Has the linker put side by side what runs at each start: a page that is touched brings those around it along, and strewn
/// over the program these functions bring most of it.
fn order_functions() {
    const LIST: &str = "src/start_order.txt";
    println!("cargo::rerun-if-changed={LIST}");
    let list = std::fs::read_to_string(LIST).expect("the list of functions can be read");
    let mut script = String::from("SECTIONS { .text.start : {\n");
    for name in list.lines() {
        // The compiler keeps apart what it takes to be rare, and what the profile says runs often.
        script += &format!("*(.text.{name} .text.hot.{name} .text.unlikely.{name})\n");
    }
    script += "} } INSERT BEFORE .text;\n";
    write("start.ld", script.as_bytes());
    let folder = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    println!("cargo::rustc-link-arg-bins=-T");
    println!("cargo::rustc-link-arg-bins={folder}/start.ld");
}

/// Has the program carry the unwinder instead of loading it at each start as a library, which asks the processor at length
/// what it can do. The name that the compiler asks the linker for is that of a script, which names the archive.
fn link_unwinder() {
    const ARCHIVE: &str = "libgcc_eh.a";
    let ask = std::process::Command::new("cc")
        .arg(format!("-print-file-name={ARCHIVE}"))
        .output();
    // A compiler that does not have it says its bare name.
    let is_there = |answer: &[u8]| Path::new(String::from_utf8_lossy(answer).trim()).is_absolute();
    if !ask.is_ok_and(|answer| is_there(&answer.stdout)) {
        return;
    }
    let folder = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR") + "/unwinder";
    std::fs::create_dir_all(&folder).expect("OUT_DIR can be written to");
    std::fs::write(
        format!("{folder}/libgcc_s.so"),
        "INPUT(-lgcc_eh -lgcc -lc)\n",
    )
    .expect("so can what is in it");
    println!("cargo::rustc-link-arg-bins=-L{folder}");
}

/// A module of the library.
struct Module {
    name: String,
    file: String,
    package: bool,
}

/// Writes a sorted table of the modules in `stdlib/`, their code, and their texts compressed.
fn embed_library() {
    println!("cargo::rerun-if-changed=stdlib");
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let root = PathBuf::from(folder).join("stdlib");
    let mut modules = Vec::new();
    collect(&root, &root, &mut modules);
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    let mut writer = store::Writer::default();
    let mut texts = Vec::new();
    for module in &modules {
        let bytes = std::fs::read(root.join(&module.file)).expect("a module can be read");
        let code = compile(module, &bytes);
        texts.push(code.source.text().to_string());
        writer.add(code);
    }
    let written = writer.finish();
    let mut table = String::from("static LIBRARY: &[Embedded] = &[\n");
    let mut packed = Vec::new();
    let mut pack = |bytes: &[u8]| {
        let start = packed.len();
        packed.extend(miniz_oxide::deflate::compress_to_vec(bytes, EFFORT));
        (start, packed.len())
    };
    let mut plain = Vec::new();
    for ((module, written), text) in modules.iter().zip(&written.modules).zip(&texts) {
        let (text, positions) = (pack(text.as_bytes()), pack(&written.positions));
        let is_plain = is_plain(&module.name);
        let code = if is_plain {
            plain.extend(&written.code);
            (plain.len() - written.code.len(), plain.len())
        } else {
            pack(&written.code)
        };
        let at = written.at;
        let Module {
            name,
            file,
            package,
        } = module;
        table += &format!(
            "    Embedded {{ name: {name:?}, file: {file:?}, package: {package}, is_plain: {is_plain}, code: {code:?}, at: {at}, text: {text:?}, positions: {positions:?} }},\n"
        );
    }
    table += "];\n";
    write("stdlib.rs", table.as_bytes());
    write("strings.txt", written.strings.as_bytes());
    write("strings.bin", &written.ends);
    write("code.bin", &plain);
    write("packed.bin", &packed);
}

fn write(name: &str, bytes: &[u8]) {
    let folder = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&folder).join(name), bytes).expect("the output folder can be written");
}

/// Compiles a module as the interpreter would.
fn compile(module: &Module, bytes: &[u8]) -> Arc<Code> {
    let name = format!("<library>/{}", module.file);
    let file = match decode_source(name.as_str(), bytes, Origin::File) {
        Ok(file) => Arc::new(file),
        Err(failure) => panic!("{}", failure.0.render_plain(&failure.1)),
    };
    let fails = |error: Diagnostic| -> ! { panic!("{}", error.render_plain(&file)) };
    let options = Options {
        hidden: HIDDEN.contains(&module.name.as_str()),
        ..Options::default()
    };
    let tree = syntax::parse_module(&file, Mode::File).unwrap_or_else(|error| fails(error));
    compiler::compile_module(&tree, file.clone(), options).unwrap_or_else(|error| fails(error))
}

fn is_plain(module: &str) -> bool {
    let package = module.split('.').next().unwrap_or(module);
    PLAIN.contains(&package)
}

/// Finds all modules below a folder.
fn collect(root: &Path, folder: &Path, found: &mut Vec<Module>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(root, &path, found);
            continue;
        }
        let Some(file) = path.strip_prefix(root).ok().and_then(Path::to_str) else {
            continue;
        };
        let Some(stem) = file.strip_suffix(".async") else {
            continue;
        };
        println!("cargo::rerun-if-changed={}", path.display());
        let name = stem.strip_suffix("/__init__").unwrap_or(stem);
        found.push(Module {
            name: name.replace('/', "."),
            file: file.to_string(),
            package: stem.ends_with("__init__"),
        });
    }
}
