//! Holds the source to `docs/architecture.md`: which room may use which, who may ask the
//! operating system, where `unsafe` may stand, and how long files and functions may be.
//!
//! What is over its size on purpose is named, with the reason, in `tests/tidy_allowed.txt`.

use crate::hoop::root;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, and those each may use. This is the table of `docs/architecture.md`.
const ROOMS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("host", &[]),
    ("heap", &[]),
    ("syntax", &["source"]),
    ("bytecode", &["source"]),
    ("compiler", &["source", "syntax", "bytecode"]),
    ("object", &["source", "heap", "bytecode"]),
    ("event_loop", &["host"]),
    (
        "vm",
        &["source", "heap", "bytecode", "object", "event_loop", "host"],
    ),
    (
        "builtins",
        &["source", "bytecode", "host", "heap", "object", "vm"],
    ),
    (
        "modules",
        &[
            "source",
            "bytecode",
            "host",
            "heap",
            "object",
            "event_loop",
            "vm",
            "builtins",
        ],
    ),
    (
        "engine",
        &[
            "source",
            "host",
            "heap",
            "syntax",
            "bytecode",
            "compiler",
            "object",
            "event_loop",
            "vm",
            "builtins",
            "modules",
        ],
    ),
    ("capi", &["engine", "host"]),
    (
        "cli",
        &["engine", "source", "host", "bytecode", "syntax", "compiler"],
    ),
];

/// Only `host/` may name these.
const OPERATING_SYSTEM: &[&str] = &[
    "std::fs",
    "std::net",
    "std::time",
    "std::process",
    "std::thread",
    "std::env",
];

/// Only these may hold `unsafe`.
const UNSAFE_PLACES: &[&str] = &["heap/", "object/", "vm/dispatch"];

const LONGEST_FILE: usize = 800;
const LONGEST_FUNCTION: usize = 100;

/// Where the rooms are: those of the front end are a package of their own.
const ROOTS: &[&str] = &["grammar/src", "src"];

/// A source file: its root, its path below that, and its text without comments, literals and unit tests.
struct File {
    root: &'static str,
    path: String,
    lines: usize,
    text: String,
}

impl File {
    fn room(&self) -> Option<&'static str> {
        let first = self.path.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        ROOMS
            .iter()
            .map(|(room, _)| *room)
            .find(|room| *room == name)
    }

    /// The module this file is, as names below the crate.
    fn module(&self) -> Vec<String> {
        let mut parts: Vec<String> = self
            .path
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        if parts
            .last()
            .is_some_and(|p| p == "mod" || p == "lib" || p == "main")
        {
            parts.pop();
        }
        parts
    }

    /// Its path in the repository.
    fn place(&self) -> String {
        format!("{}/{}", self.root, self.path)
    }

    fn line_of(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }
}

fn files() -> Vec<File> {
    ROOTS.iter().flat_map(|root| files_below(root)).collect()
}

fn files_below(place: &'static str) -> Vec<File> {
    let src = root().join(place);
    let mut found: Vec<PathBuf> = Vec::new();
    let mut pending = vec![src.clone()];
    while let Some(folder) = pending.pop() {
        for path in fs::read_dir(&folder)
            .expect("a folder of sources can be read")
            .flatten()
            .map(|e| e.path())
        {
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.iter().map(|path| read(place, &src, path)).collect()
}

fn read(root: &'static str, src: &Path, path: &Path) -> File {
    let source = fs::read_to_string(path).expect("a source file is text");
    File {
        root,
        path: path
            .strip_prefix(src)
            .expect("it lies there")
            .to_string_lossy()
            .replace('\\', "/"),
        lines: source.lines().count(),
        text: without_tests(&plain(&source)),
    }
}

/// The text with comments and literals blanked out, so that what is left is code. Offsets of
/// lines stay as they are.
fn plain(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped(bytes, at);
        if end == at {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        out.extend(
            bytes[at..end]
                .iter()
                .map(|b| if *b == b'\n' { b'\n' } else { b' ' }),
        );
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the comment or literal that starts here ends; the same place when none does.
fn skipped(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if rest.starts_with(b"//") {
        return at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return block_comment(bytes, at);
    }
    if !in_word && let Some(end) = raw_string(bytes, at) {
        return end;
    }
    match rest[0] {
        b'"' => quoted(bytes, at),
        b'\'' => character(bytes, at),
        _ => at,
    }
}

fn block_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// `r"..."`, `r#"..."#`, `br"..."`.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at;
    if bytes[from] == b'b' || bytes[from] == b'c' {
        from += 1;
    }
    if bytes.get(from) != Some(&b'r') {
        return None;
    }
    let hashes = bytes[from + 1..].iter().take_while(|b| **b == b'#').count();
    from += 1 + hashes;
    if bytes.get(from) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = &bytes[from + 1..];
    let end = body
        .windows(close.len())
        .position(|w| w == close)
        .unwrap_or(body.len());
    Some((from + 1 + end + close.len()).min(bytes.len()))
}

fn quoted(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// A character literal, told apart from a lifetime.
fn character(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        let close = bytes[at + 3..]
            .iter()
            .position(|b| *b == b'\'')
            .unwrap_or(0);
        return (at + 3 + close + 1).min(bytes.len());
    }
    let width = match bytes.get(at + 1) {
        Some(b) if *b >= 0xF0 => 4,
        Some(b) if *b >= 0xE0 => 3,
        Some(b) if *b >= 0xC0 => 2,
        _ => 1,
    };
    if bytes.get(at + 1 + width) == Some(&b'\'') {
        at + width + 2
    } else {
        at
    }
}

/// Blanks out `#[cfg(test)] mod ... { ... }`: unit tests may do what the room may not.
fn without_tests(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let Some(open) = out[at..].find(['{', ';']).map(|o| at + o) else {
            break;
        };
        let end = if out.as_bytes()[open] == b'{' {
            closing(out.as_bytes(), open)
        } else {
            open
        };
        let blank: String = out[at..=end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        out.replace_range(at..=end, &blank);
    }
    out
}

/// The brace that closes the one at `open`.
fn closing(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    bytes.len() - 1
}

/// Every path of the file that starts at `crate::` or climbs there by `super::`, as the names
/// after the crate and the offset where it stands.
fn paths(file: &File) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    for (at, _) in file.text.match_indices("crate::") {
        let before = file.text[..at].chars().next_back();
        if before.is_none_or(|c| !c.is_alphanumeric() && c != '_') {
            expand(&file.text, at + 7, Vec::new(), at, &mut found);
        }
    }
    let depth = file.module().len();
    for (at, _) in file.text.match_indices("super::") {
        if file.text[..at].ends_with("super::") {
            continue;
        }
        let mut climbed = 0;
        let mut after = at;
        while file.text[after..].starts_with("super::") {
            climbed += 1;
            after += 7;
        }
        if climbed >= depth {
            expand(&file.text, after, Vec::new(), at, &mut found);
        }
    }
    found
}

/// Reads `a::b` or `{a::b, c}` from here on and adds each path it names.
fn expand(
    text: &str,
    at: usize,
    prefix: Vec<String>,
    start: usize,
    found: &mut Vec<(Vec<String>, usize)>,
) {
    let rest = text[at..].trim_start();
    let at = text.len() - rest.len();
    if rest.starts_with('{') {
        let end = closing(text.as_bytes(), at);
        for part in top_level_parts(&text[at + 1..end]) {
            let mut names = prefix.clone();
            names.extend(
                part.split("::")
                    .map(|n| n.split('{').next().unwrap_or(n).trim().to_owned())
                    .take(2),
            );
            found.push((names, start));
        }
        return;
    }
    let mut names = prefix;
    let mut rest = rest;
    loop {
        let word: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        rest = &rest[word.len()..];
        names.push(word);
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => break,
        }
    }
    found.push((names, start));
}

/// The parts between commas that stand in no inner braces.
fn top_level_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is always one").push(c);
    }
    parts
        .into_iter()
        .map(|p| p.trim().to_owned())
        .filter(|p| !p.is_empty())
        .collect()
}

fn allowed() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/tidy_allowed.txt")).unwrap_or_default();
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .filter_map(|l| l.split_once(": "))
        .map(|(what, why)| (what.to_owned(), why.to_owned()))
        .collect()
}

fn report(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn rooms_open_only_their_doors() {
    let mut complaints = Vec::new();
    for file in files() {
        let Some(room) = file.room() else { continue };
        let (_, may) = ROOMS
            .iter()
            .find(|(name, _)| *name == room)
            .expect("the room is in the table");
        for (names, at) in paths(&file) {
            let Some(target) = names.first() else {
                continue;
            };
            let is_room = ROOMS.iter().any(|(name, _)| name == target);
            // The one name that `object` may know of the VM, for a function pointer's type.
            let vm_name =
                room == "object" && target == "vm" && names.get(1).is_some_and(|n| n == "Vm");
            if is_room && target != room && !may.contains(&target.as_str()) && !vm_name {
                complaints.push(format!(
                    "{}:{}: {room} may not use {target}",
                    file.place(),
                    file.line_of(at)
                ));
            }
        }
    }
    report(complaints);
}

#[test]
fn every_folder_is_a_room() {
    let mut complaints = Vec::new();
    for file in files() {
        if file.room().is_none() && !matches!(file.path.as_str(), "lib.rs" | "main.rs") {
            complaints.push(format!("{} is in no room", file.place()));
        }
    }
    report(complaints);
}

/// What a kind is not listed with is taken for a plain instance: it would never give back what it holds.
#[test]
fn every_native_object_is_among_the_kinds() {
    let files = files();
    let is_list = |file: &&File| file.path == "engine/kinds.rs";
    let list = files.iter().find(is_list).expect("the list is there");
    let word = |text: &str| text.trim_start_matches("pub struct ").to_string();
    let mut complaints = Vec::new();
    let mut found = 0;
    for file in &files {
        for block in file.text.split("traced_object! {").skip(1) {
            let declared = block.find("pub struct ").map_or("", |at| &block[at..]);
            let name = word(declared.split(':').next().unwrap_or_default());
            found += 1;
            if !list
                .text
                .split(|c: char| !c.is_alphanumeric())
                .any(|w| w == name)
            {
                complaints.push(format!("{}: {name} is not in engine/kinds.rs", file.path));
            }
        }
    }
    assert!(found > 30, "only {found} native objects");
    report(complaints);
}

#[test]
fn the_operating_system_has_one_door() {
    let mut complaints = Vec::new();
    for file in files().iter().filter(|f| f.room() != Some("host")) {
        let mut seek = |what: &str| {
            for (at, _) in file.text.match_indices(what) {
                let before = file.text[..at].chars().next_back();
                let after = file.text[at + what.len()..].chars().next();
                let whole = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
                if whole(before) && whole(after) {
                    complaints.push(format!(
                        "{}:{}: {what} outside host",
                        file.place(),
                        file.line_of(at)
                    ));
                }
            }
        };
        OPERATING_SYSTEM.iter().for_each(|what| seek(what));
        seek("mio");
        for (at, _) in file.text.match_indices("std::{") {
            let mut names = Vec::new();
            expand(&file.text, at + 5, Vec::new(), at, &mut names);
            for (path, _) in names {
                let full = format!("std::{}", path[0]);
                // `std::process::ExitCode` and `abort` are the program's own end, in main.rs.
                if OPERATING_SYSTEM.contains(&full.as_str()) {
                    complaints.push(format!(
                        "{}:{}: {full} outside host",
                        file.place(),
                        file.line_of(at)
                    ));
                }
            }
        }
    }
    complaints.retain(|c| !c.starts_with("src/main.rs:") || !c.contains("std::process"));
    report(complaints);
}

#[test]
fn unsafe_stands_where_it_may() {
    let mut complaints = Vec::new();
    let allowed = allowed();
    for file in files() {
        if UNSAFE_PLACES
            .iter()
            .any(|place| file.place().starts_with(&format!("src/{place}")))
        {
            continue;
        }
        if allowed.contains_key(&format!("unsafe {}", file.place())) {
            continue;
        }
        for (at, _) in file.text.match_indices("unsafe ") {
            if file.text[at..].starts_with("unsafe {") || file.text[at..].starts_with("unsafe impl")
            {
                complaints.push(format!("{}:{}: unsafe", file.place(), file.line_of(at)));
            }
        }
    }
    report(complaints);
}

#[test]
fn nothing_is_left_for_later() {
    let mut complaints = Vec::new();
    for file in files() {
        for what in ["todo!", "unimplemented!", "dbg!(", "println!(\"DEBUG"] {
            for (at, _) in file.text.match_indices(what) {
                complaints.push(format!("{}:{}: {what}", file.place(), file.line_of(at)));
            }
        }
    }
    report(complaints);
}

#[test]
fn files_and_functions_are_short() {
    let mut complaints = Vec::new();
    let allowed = allowed();
    for file in files() {
        let name = format!("file {}", file.place());
        if file.lines > LONGEST_FILE && !allowed.contains_key(&name) {
            complaints.push(format!("{name}: {} lines", file.lines));
        }
        for (function, line, length) in functions(&file) {
            let name = format!("fn {}::{function}", file.place());
            if length > LONGEST_FUNCTION && !allowed.contains_key(&name) {
                complaints.push(format!("{name} (line {line}): {length} lines"));
            }
        }
    }
    report(complaints);
}

/// Name, first line and length of each function with a body.
fn functions(file: &File) -> Vec<(String, usize, usize)> {
    let bytes = file.text.as_bytes();
    let mut found = Vec::new();
    for (at, _) in file.text.match_indices("fn ") {
        if at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') {
            continue;
        }
        let name: String = file.text[at + 3..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let Some(open) = body(bytes, at) else {
            continue;
        };
        if name.is_empty() {
            continue;
        }
        let (first, last) = (file.line_of(at), file.line_of(closing(bytes, open)));
        found.push((name, first, last - first + 1));
    }
    found
}

/// The brace that opens a function's body, `None` for a declaration or a type.
fn body(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (offset, byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => {
                depth -= 1;
                if depth < 0 {
                    return None;
                }
            }
            b';' | b',' | b'=' if depth == 0 && bytes[offset - 1] != b'-' => return None,
            b'{' if depth == 0 => return Some(offset),
            _ => {}
        }
    }
    None
}

#[test]
fn the_allow_list_is_true_and_gives_reasons() {
    let mut complaints = Vec::new();
    let files = files();
    for (what, why) in allowed() {
        let Some((kind, place)) = what.split_once(' ') else {
            continue;
        };
        if why.len() < 10 {
            complaints.push(format!("{what}: no reason"));
        }
        let (path, function) = place
            .split_once("::")
            .map_or((place, None), |(p, f)| (p, Some(f)));
        let Some(file) = files.iter().find(|f| f.place() == path) else {
            complaints.push(format!("{what}: there is no such file"));
            continue;
        };
        let needed = match (kind, function) {
            ("file", _) => file.lines > LONGEST_FILE,
            ("fn", Some(name)) => functions(file)
                .iter()
                .any(|(f, _, n)| f == name && *n > LONGEST_FUNCTION),
            ("unsafe", _) => file.text.contains("unsafe "),
            _ => false,
        };
        if !needed {
            complaints.push(format!("{what}: not needed any more"));
        }
    }
    report(complaints);
}

#[test]
fn the_top_level_is_as_it_should_be() {
    let expected = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "grammar",
        "src",
        "stdlib",
        "scripts",
        "tests",
        "docs",
        "target",
    ];
    let mut complaints = Vec::new();
    for entry in fs::read_dir(root())
        .expect("the package can be read")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !expected.contains(&name.as_str()) {
            complaints.push(format!("{name} does not belong on the top level"));
        }
    }
    report(complaints);
}

/// Each dependency has a comment above it that says why it is there.
#[test]
fn dependencies_give_their_reason() {
    let mut complaints = Vec::new();
    for place in ["Cargo.toml", "grammar/Cargo.toml"] {
        let manifest = fs::read_to_string(root().join(place)).expect("the manifest is there");
        unexplained(&manifest, &mut complaints);
    }
    report(complaints);
}

fn unexplained(manifest: &str, complaints: &mut Vec<String>) {
    let (mut in_dependencies, mut commented) = (false, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies && line.starts_with('#') {
            commented = true;
            continue;
        } else if in_dependencies && line.contains('=') && !commented {
            complaints.push(format!("no reason for: {line}"));
        }
        commented = false;
    }
}
