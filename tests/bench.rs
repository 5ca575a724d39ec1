//! The programs of the benchmark suite run, and their own checks hold, at a size that takes no time.

use crate::hoop::{Hoop, root};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// What every program can be given as its size, without ado.
const TINY: &str = "6";

/// The files of a folder of the suite that end so, by their names.
fn files(folder: &str, ending: &str) -> Vec<(String, PathBuf)> {
    let folder = root().join("scripts/bench").join(folder);
    let mut found: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.strip_suffix(ending)?.to_owned();
            Some((name, entry.path()))
        })
        .collect();
    found.sort();
    found
}

fn every_program_runs(group: &str, at_least: usize) {
    let programs = files(group, ".async");
    assert!(programs.len() >= at_least, "{} programs", programs.len());
    let mut complaints = String::new();
    for (name, path) in programs {
        let run = Hoop::new([path.as_os_str(), TINY.as_ref()]).run();
        // The runner reads the seconds behind the name.
        let mut words = run.stdout.split_whitespace();
        let named = words.next() == Some(&name);
        let seconds = words.next().and_then(|word| word.parse::<f64>().ok());
        if run.code != Some(0) || !run.stderr.is_empty() || !named || seconds.is_none() {
            complaints.push_str(&format!("{name}: {run:?}\n"));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn every_cpu_program_runs() {
    every_program_runs("cpu", 22);
}

#[test]
fn every_async_program_runs() {
    every_program_runs("async", 30);
}

/// A twin in JavaScript is compared with the program of its name, at the size that stands there.
#[test]
fn every_twin_has_a_program() {
    let programs: BTreeSet<_> = files("async", ".async")
        .into_iter()
        .map(|file| file.0)
        .collect();
    let twins = files("node", ".js");
    assert!(twins.len() >= 15, "{} twins", twins.len());
    for (name, _) in twins {
        assert!(programs.contains(&name), "{name}.js has no {name}.async");
    }
}
