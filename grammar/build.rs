//! Makes the parser from the grammar and the table of the embedded library, and
//! chooses how the dispatch loop hands over.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn main() {
    embed_library();
    println!("cargo::rerun-if-changed=grammar/hoopsnake.lalrpop");
    println!("cargo::rerun-if-changed=grammar/build.rs");
    // With little optimisation some handlers call the next one instead of
    // jumping to it, which would grow the stack without bound.
    let level = std::env::var("OPT_LEVEL");
    if !matches!(level.as_deref(), Ok("2" | "3")) {
        println!("cargo::rustc-cfg=hoop_trampoline");
    }
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"))
        .emit_rerun_directives(true)
        .process()
        .expect("the grammar is well formed");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let parser = out.join("hoopsnake.rs");
    let text = std::fs::read_to_string(&parser).expect("the parser was written");
    std::fs::write(&parser, without_idle_reductions(&text)).expect("the parser can be written");
}

/// The parser, where a reduction that only calls an expression by its next name (`Conjunction = Inversion`) leaves the
/// symbol where it lies, instead of taking it off the stack and putting it back. Every token brings five of these on
/// average. What does not look as expected stays as it is.
fn without_idle_reductions(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let idle = idle_actions(&lines);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < lines.len() {
        if is_idle_reduction(&lines[at..], &idle) {
            at += 5;
        }
        out += lines[at];
        out.push('\n');
        at += 1;
    }
    out
}

/// The actions that return their only symbol, as `__action` and a number.
fn idle_actions<'a>(lines: &[&'a str]) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    for (at, line) in lines.iter().enumerate() {
        let name = line
            .strip_prefix("fn ")
            .and_then(|rest| rest.strip_suffix('<'));
        let Some(name) = name.filter(|name| name.starts_with("__action")) else {
            continue;
        };
        let end = lines[at..].iter().position(|line| *line == "}");
        let body = &lines[at..at + end.unwrap_or(0)];
        let symbols = body.iter().filter(|line| line.contains(": (u32, ")).count();
        if symbols == 1 && body.ends_with(&["{", "    __0"]) {
            found.insert(name);
        }
    }
    found
}

/// Whether these lines take one symbol off, hand it to an idle action, and put the same kind of symbol back.
fn is_idle_reduction(lines: &[&str], idle: &HashSet<&str>) -> bool {
    let [pop, start, end, action, push, ..] = lines else {
        return false;
    };
    let popped = pop
        .strip_prefix("        let __sym0 = __pop_")
        .and_then(|rest| rest.strip_suffix("(__symbols);"));
    let pushed = push
        .strip_prefix("        __symbols.push((__start, __Symbol::")
        .and_then(|rest| rest.strip_suffix("(__nt), __end));"));
    let action = action
        .strip_prefix("        let __nt = super::")
        .and_then(|rest| rest.strip_suffix("::<>(cx, __sym0);"));
    popped.is_some()
        && popped == pushed
        && action.is_some_and(|action| idle.contains(action))
        && *start == "        let __start = __sym0.0.clone();"
        && *end == "        let __end = __sym0.2.clone();"
}

/// Writes a sorted table of the modules in `stdlib/`.
fn embed_library() {
    println!("cargo::rerun-if-changed=stdlib");
    let root =
        PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("stdlib");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort();
    let mut out = String::from("static LIBRARY: &[Embedded] = &[\n");
    for (name, file, package) in found {
        let path = root.join(&file);
        out += &format!(
            "    Embedded {{ name: {name:?}, file: {file:?}, package: {package}, text: include_str!({path:?}) }},\n"
        );
    }
    out += "];\n";
    let target =
        PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("stdlib.rs");
    std::fs::write(target, out).expect("the output folder can be written");
}

/// Finds all modules below a folder: dotted name, file, whether it is a package.
fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, String, bool)>) {
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
        let package = stem.ends_with("__init__");
        let name = stem
            .strip_suffix("/__init__")
            .unwrap_or(stem)
            .replace('/', ".");
        found.push((name, file.to_string(), package));
    }
}
