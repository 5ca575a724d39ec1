//! Makes the table of the embedded library, and chooses how the dispatch loop hands over.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=stdlib/build.rs");
    // With little optimisation some handlers call the next one instead of
    // jumping to it, which would grow the stack without bound.
    let level = std::env::var("OPT_LEVEL");
    if !matches!(level.as_deref(), Ok("2" | "3")) {
        println!("cargo::rustc-cfg=hoop_trampoline");
    }
    embed_library();
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
