//! The documentation is held to what the program does: every block of script in `docs/` and
//! `README.md` runs, and prints the block of text that follows it.

use crate::hoop::{Hoop, difference, normalise, root};
use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block: its language, the text, and the line it starts at.
struct Block {
    language: String,
    text: String,
    line: usize,
}

fn pages() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md")];
    let mut pending = vec![root().join("docs")];
    while let Some(folder) = pending.pop() {
        for path in fs::read_dir(folder)
            .expect("the folder of the docs can be read")
            .flatten()
            .map(|e| e.path())
        {
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn blocks(page: &Path) -> Vec<Block> {
    let text = fs::read_to_string(page).expect("a page is text");
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open) {
            (Some(language), false) => {
                found.push(Block {
                    language: language.trim().to_owned(),
                    text: String::new(),
                    line: number + 1,
                });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = found.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    found
}

#[test]
fn every_block_of_script_runs() {
    let mut complaints = String::new();
    for page in pages() {
        let blocks = blocks(&page);
        for (at, block) in blocks.iter().enumerate() {
            if !matches!(block.language.as_str(), "python" | "async") {
                continue;
            }
            let script =
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("block-{}.async", block.line));
            fs::write(&script, &block.text).expect("the temporary folder can be written to");
            let run = Hoop::new([&script]).run();
            let place = format!(
                "{}:{}",
                page.strip_prefix(root()).unwrap_or(&page).display(),
                block.line
            );
            if run.code != Some(0) || !run.stderr.is_empty() {
                complaints.push_str(&format!("{place}: exit {:?}\n{}", run.code, run.stderr));
            }
            if let Some(expected) = blocks.get(at + 1).filter(|b| b.language == "text") {
                let found = normalise(&run.stdout);
                if found != expected.text {
                    complaints
                        .push_str(&format!("{place}:\n{}", difference(&expected.text, &found)));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// A link to a file of the repository leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut complaints = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page is text");
        for part in text.split("](").skip(1) {
            let target = part.split([')', '#', ' ']).next().unwrap_or("");
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !page
                .parent()
                .expect("a page lies in a folder")
                .join(target)
                .exists()
            {
                complaints.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_page_of_the_library_is_true() {
    let outcome = Hoop::new(["scripts/dev/library_pages.async", "--check"]).run();
    assert_eq!(
        outcome.code,
        Some(0),
        "docs/library/modules.md is not what `hoop scripts/dev/library_pages.async` writes:\n{}{}",
        outcome.stdout,
        outcome.stderr
    );
}

#[test]
fn the_page_of_asyncio_is_true() {
    let outcome = Hoop::new(["scripts/dev/asyncio_page.async", "--check"]).run();
    assert_eq!(
        outcome.code,
        Some(0),
        "docs/library/asyncio.md is not what `hoop scripts/dev/asyncio_page.async` writes:\n{}{}",
        outcome.stdout,
        outcome.stderr
    );
}

/// The tables of `docs/language/` say what the interpreter has, no more and no less.
#[test]
fn tables_of_the_language_are_true() {
    let script = root().join("scripts/dev/language_tables.async");
    let run = Hoop::new([script.as_os_str(), "check".as_ref()]).run();
    assert!(run.code == Some(0), "\n{}{}", run.stdout, run.stderr);
}

/// The names of the crates in `[dependencies]`.
fn dependencies() -> Vec<String> {
    let mut names = Vec::new();
    for place in ["Cargo.toml", "grammar/Cargo.toml"] {
        let manifest = fs::read_to_string(root().join(place)).expect("the manifest is there");
        let (_, table) = manifest
            .split_once("\n[dependencies]\n")
            .expect("it has dependencies");
        let (table, _) = table.split_once("\n[").expect("another table follows");
        let lines = table.lines().filter_map(|line| line.split_once(" = "));
        names.extend(lines.map(|(name, _)| name.to_owned()));
    }
    // The front end is no crate of others.
    names.retain(|name| !name.starts_with('#') && name != "hoopsnake-front");
    names.sort();
    names.dedup();
    names
}

#[test]
fn the_list_of_crates_is_true() {
    let page = fs::read_to_string(root().join("docs/embedding.md")).expect("the page is there");
    let (_, list) = page
        .split_once("What it is built of")
        .expect("it has the list");
    let (list, _) = list
        .split_once("\n\nBuilt")
        .expect("build times follow the list");
    // Names stand between backticks.
    let mut listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    listed.sort_unstable();
    assert_eq!(listed, dependencies());
}

/// The names that `src/lib.rs` takes out of `engine`.
fn exported() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("the crate has a root");
    let (_, list) = text
        .split_once("pub use engine::{")
        .expect("it shows the engine");
    let (list, _) = list.split_once('}').expect("the list ends");
    let names = list.split(',').map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The comments in front of the public types and traits of a file, by their names.
fn documented(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in text.lines() {
        match line
            .strip_prefix("pub ")
            .and_then(|rest| rest.split_once(' '))
        {
            Some(("struct" | "enum" | "trait" | "type", rest)) => {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(rest.len());
                found.push((rest[..end].to_owned(), std::mem::take(&mut comment)));
            }
            _ if line.starts_with("///") => comment += line,
            _ if line.starts_with('#') => {}
            _ => comment.clear(),
        }
    }
    found
}

#[test]
fn what_embedders_use_has_examples() {
    let mut files = vec![root().join("src/engine"), root().join("src/vm/limits.rs")];
    let mut comments = std::collections::HashMap::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let inside = fs::read_dir(path).expect("the folder can be read");
            files.extend(inside.flatten().map(|entry| entry.path()));
        } else {
            let text = fs::read_to_string(path).expect("a source is text");
            comments.extend(documented(&text));
        }
    }
    let names = exported();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let comment = comments.get(&name);
        let comment = comment.unwrap_or_else(|| panic!("{name} is nowhere"));
        assert!(comment.contains("```"), "{name} has no example");
    }
}
