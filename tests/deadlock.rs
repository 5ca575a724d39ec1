//! Programs of `tests/deadlock/`: those that nothing can wake end with exit status 70 and the report
//! recorded beside them; those of `living/` wait for long, and end by themselves as CPython's did.
//!
//! `HOOP_REPORTS=write cargo test deadlock` records the reports, which are ours alone.

use crate::hoop::{Hoop, difference, root};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn programs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "async"))
        .collect();
    found.sort();
    found
}

/// The file's own name behind the options that its first lines ask for.
fn arguments(path: &Path, source: &str) -> Vec<String> {
    let options = source
        .lines()
        .take(3)
        .find_map(|line| line.strip_prefix("# hoop: "));
    let mut all: Vec<String> = options.map_or_else(Vec::new, |options| {
        options.split(' ').map(str::to_owned).collect()
    });
    all.push(
        path.file_name()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned(),
    );
    all
}

#[test]
fn what_nothing_can_wake_ends_with_a_report() {
    let folder = root().join("tests/deadlock");
    let write = std::env::var("HOOP_REPORTS").is_ok_and(|mode| mode == "write");
    let mut complaints = String::new();
    for path in programs(&folder) {
        let name = path
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let source = fs::read_to_string(&path).expect("it can be read");
        let run = Hoop::new(arguments(&path, &source))
            .folder(&folder)
            .deadline(60)
            .run();
        if run.code != Some(70) {
            complaints += &format!("{name}: exit status {:?}\n{}", run.code, run.stderr);
            continue;
        }
        let found = format!("{}{}", run.stdout, run.stderr);
        let recorded = path.with_extension("report");
        if write {
            fs::write(&recorded, &found).expect("the report can be written");
        }
        let expected = fs::read_to_string(&recorded).unwrap_or_default();
        if found != expected {
            complaints += &format!("{name}:\n{}", difference(&expected, &found));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// Runs a program whose input comes late: what it wrote to both streams, and whether it ended well.
fn run_late(folder: &Path, arguments: &[String]) -> (String, String, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hoop"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hoop starts");
    let mut input = child.stdin.take().expect("it was asked for");
    for line in ["line\n", "more\n"] {
        std::thread::sleep(Duration::from_millis(250));
        // Who has read enough may be gone.
        let _ = input.write_all(line.as_bytes());
    }
    drop(input);
    let run = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&run.stdout), text(&run.stderr), run.status.success())
}

#[test]
fn what_something_can_wake_lives() {
    let folder = root().join("tests/deadlock/living");
    let mut complaints = String::new();
    for path in programs(&folder) {
        let name = path
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let source = fs::read_to_string(&path).expect("it can be read");
        let arguments = arguments(&path, &source);
        let (out, err, good) = if source.contains("# hoop-stdin: late") {
            run_late(&folder, &arguments)
        } else {
            let run = Hoop::new(arguments).folder(&folder).deadline(60).run();
            (run.stdout, run.stderr, run.code == Some(0))
        };
        if !good || !err.is_empty() {
            complaints += &format!("{name}: did not end well\n{err}");
        }
        if let Ok(expected) = fs::read_to_string(path.with_extension("out"))
            && out != expected
        {
            complaints += &format!("{name}:\n{}", difference(&expected, &out));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}
