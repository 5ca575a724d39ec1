//! Runs every recorded program of `tests/*/` and `scripts/examples/` and compares what it
//! prints with what CPython 3.13 printed.
//!
//! `HOOP_CORPUS=asyncio/queue cargo test corpus` runs those whose path contains the text.
//! A program named in `tests/known_failures.txt` must fail: one that passes comes off the list.

use crate::hoop::{Hoop, Outcome, difference, normalise, root, without_library_frames};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a program says about itself in comments among its first ten lines.
#[derive(Default)]
struct Header {
    exit: i32,
    arguments: Vec<String>,
    stdin: String,
    /// Left out of the slice that runs under collection stress: it is slow or counts collections.
    no_stress: bool,
}

fn header(source: &str) -> Header {
    let mut header = Header::default();
    for line in source.lines().take(10) {
        let Some((key, value)) = line.strip_prefix("# ").and_then(|l| l.split_once(": ")) else {
            continue;
        };
        match key {
            "exit" => header.exit = value.trim().parse().unwrap_or(0),
            "args" => header.arguments = value.split_whitespace().map(str::to_owned).collect(),
            "stdin" => header.stdin = value.trim().replace("\\n", "\n"),
            // A reason may follow.
            "stress" => header.no_stress = value.split(',').next() == Some("no"),
            _ => {}
        }
    }
    header
}

/// Every recorded program below these folders, sorted.
pub fn programs(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = folders.to_vec();
    while let Some(folder) = pending.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.flatten().map(|e| e.path()) {
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "async")
                && path.with_extension("out").exists()
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The folders of the corpus: the examples, and all of `tests/` but what has a harness of its own.
pub fn folders() -> Vec<PathBuf> {
    let mut folders = vec![root().join("scripts/examples")];
    let entries = fs::read_dir(root().join("tests")).expect("the tests are there");
    for path in entries.flatten().map(|e| e.path()) {
        let own = ["syntax", "differential", "traceback_fancy", "deadlock"];
        if path.is_dir() && !own.iter().any(|name| path.ends_with(name)) {
            folders.push(path);
        }
    }
    folders
}

/// A program's path as the lists name it: below the package, without the ending.
pub fn name(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path).with_extension("");
    let text = relative.to_string_lossy().replace('\\', "/");
    text.strip_prefix("tests/").unwrap_or(&text).to_owned()
}

fn known_failures() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("tests/known_failures.txt")).unwrap_or_default();
    text.lines()
        .map(|l| l.split('#').next().unwrap_or("").trim())
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Runs one program; `Err` says how it differs from its recording.
fn check(path: &Path, stress: Option<&str>) -> Result<(), String> {
    let source = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let header = header(&source);
    let file = path
        .file_name()
        .expect("a program has a name")
        .to_string_lossy()
        .into_owned();
    let mut arguments = vec![file];
    arguments.extend(header.arguments.iter().cloned());
    let mut run = Hoop::new(arguments)
        .folder(path.parent().expect("a program lies in a folder"))
        .stdin(&header.stdin);
    if let Some(every) = stress {
        run = run.env("HOOP_GC_STRESS", every).deadline(240);
    }
    compare(path, &header, &run.run())
}

fn compare(path: &Path, header: &Header, outcome: &Outcome) -> Result<(), String> {
    if outcome.timed_out {
        return Err("  ran into the deadline\n".into());
    }
    let expected = fs::read_to_string(path.with_extension("out")).map_err(|e| e.to_string())?;
    let found = normalise(&outcome.stdout);
    if found != expected {
        let tail: Vec<&str> = outcome.stderr.lines().rev().take(8).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        return Err(format!(
            "{}  standard error ends: {}\n",
            difference(&expected, &found),
            tail.join("\n    ")
        ));
    }
    if outcome.code != Some(header.exit) {
        return Err(format!(
            "  exit status {:?}, not {}\n{}",
            outcome.code, header.exit, outcome.stderr
        ));
    }
    if let Ok(expected) = fs::read_to_string(path.with_extension("err")) {
        let found = normalise(&without_library_frames(&outcome.stderr));
        if found != expected {
            return Err(format!(
                "  standard error:\n{}",
                difference(&expected, &found)
            ));
        }
    }
    Ok(())
}

/// Runs programs on two threads and answers with those that failed, in order.
fn run_all(programs: &[PathBuf], stress: Option<&str>) -> Vec<(String, String)> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = check(path, stress) {
                        failed
                            .lock()
                            .expect("no thread panics with the list")
                            .push((name(path), why));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().expect("no thread panics with the list");
    // On a busy machine a timer may come too late; such a program gets a second look, alone.
    failed.retain(|(name, _)| {
        programs
            .iter()
            .any(|p| &self::name(p) == name && check(p, stress).is_err())
    });
    failed.sort();
    failed
}

#[test]
fn programs_print_what_cpython_prints() {
    let filter = std::env::var("HOOP_CORPUS").unwrap_or_default();
    let mut programs = programs(&folders());
    programs.retain(|p| name(p).contains(&filter));
    let failed = run_all(&programs, None);
    let known = known_failures();
    let mut complaints = String::new();
    let mut names = BTreeSet::new();
    for (name, why) in &failed {
        names.insert(name.clone());
        if !known.contains(name) {
            complaints.push_str(&format!("{name}\n{why}"));
        }
    }
    for name in known
        .iter()
        .filter(|n| n.contains(&filter) && !names.contains(*n))
    {
        complaints.push_str(&format!(
            "{name} passes, or is gone: take it off tests/known_failures.txt\n"
        ));
    }
    println!(
        "{} programs, {} failed, {} known to",
        programs.len(),
        failed.len(),
        known.len()
    );
    assert!(
        complaints.is_empty(),
        "\n{complaints}of {} programs {} failed",
        programs.len(),
        failed.len()
    );
}

/// One program of eight again, with a collection and a preemption at every seventh check.
#[test]
fn a_slice_of_the_corpus_holds_under_collection_stress() {
    stress_run(8);
}

#[test]
#[ignore = "the whole corpus under collection stress takes minutes"]
fn the_whole_corpus_holds_under_collection_stress() {
    stress_run(1);
}

/// Runs the share of the programs whose names' sums `every` divides: a new program changes nothing for the others.
fn stress_run(every: usize) {
    let known = known_failures();
    let mut programs: Vec<PathBuf> = programs(&folders());
    programs.retain(|p| !known.contains(&name(p)));
    programs.retain(|p| fs::read_to_string(p).is_ok_and(|s| !header(&s).no_stress));
    programs.retain(|p| name(p).bytes().map(usize::from).sum::<usize>() % every == 0);
    let failed = run_all(&programs, Some("7"));
    let complaints: String = failed
        .iter()
        .map(|(name, why)| format!("{name}\n{why}"))
        .collect();
    assert!(
        complaints.is_empty(),
        "\n{complaints}{} of {} programs failed",
        failed.len(),
        programs.len()
    );
}
