//! What `hoop check` finds in `tests/` and in the conformance suite, where that lies beside the package.

use super::findings;
use crate::hoop::{Hoop, root};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Lines by file and rule.
type Found = BTreeMap<(String, String), BTreeSet<u32>>;

fn list() -> PathBuf {
    root().join("tests/check/expected.txt")
}

/// The folder of the conformance suite's programs; a checkout may lie one level deeper.
fn seeds() -> Option<PathBuf> {
    let places = [
        "../shared/conformance/seeds",
        "../../shared/conformance/seeds",
    ];
    places
        .iter()
        .map(|place| root().join(place))
        .find(|place| place.is_dir())
}

/// Reads `path ID lines # reason`; complains of lines without a reason.
fn expected(complaints: &mut Vec<String>) -> Found {
    let text = fs::read_to_string(list()).unwrap_or_default();
    let mut found = Found::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (places, reason) = line.split_once('#').unwrap_or((line, ""));
        if reason.trim().len() < 10 {
            complaints.push(format!("no reason: {line}"));
        }
        let mut words = places.split_whitespace();
        let (Some(file), Some(id), Some(lines)) = (words.next(), words.next(), words.next()) else {
            complaints.push(format!("not understood: {line}"));
            continue;
        };
        let lines = lines.split(',').filter_map(|line| line.parse().ok());
        found.insert((file.to_owned(), id.to_owned()), lines.collect());
    }
    found
}

/// Checks a folder; paths are shown with another beginning.
fn check(folder: &str, shown: &str, found: &mut Found) {
    let run = Hoop::new(["check", "--format=json", folder])
        .deadline(300)
        .run();
    assert_eq!(run.stderr, "");
    for finding in findings(&run.stdout) {
        let file = finding.file.replacen(folder, shown, 1);
        found
            .entry((file, finding.id))
            .or_default()
            .insert(finding.line);
    }
}

fn written(lines: &BTreeSet<u32>) -> String {
    let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
    lines.join(",")
}

#[test]
fn all_that_is_found_in_programs_is_known_and_true() {
    let mut complaints = Vec::new();
    let mut expected = expected(&mut complaints);
    let mut found = Found::new();
    check("tests", "tests", &mut found);
    match seeds() {
        Some(seeds) => check(&seeds.to_string_lossy(), "seeds", &mut found),
        None => expected.retain(|(file, _), _| !file.starts_with("seeds/")),
    }
    let mut missing = String::new();
    for ((file, id), lines) in &found {
        if expected.remove(&(file.clone(), id.clone())).as_ref() != Some(lines) {
            missing.push_str(&format!("{file} {id} {} # \n", written(lines)));
        }
    }
    if std::env::var_os("HOOP_BLESS").is_some() && !missing.is_empty() {
        let before = fs::read_to_string(list()).unwrap_or_default();
        fs::write(list(), before + &missing).expect("the list can be written");
    }
    complaints.extend(
        missing
            .lines()
            .map(|line| format!("found and not in the list: {line}")),
    );
    complaints.extend(expected.iter().map(|((file, id), lines)| {
        format!("in the list and not found: {file} {id} {}", written(lines))
    }));
    assert!(
        complaints.is_empty(),
        "\n{}\ntests/check/expected.txt has each finding with the reason why it is true",
        complaints.join("\n")
    );
}
