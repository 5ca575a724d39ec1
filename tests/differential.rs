//! Random small programs of tasks, sleeps, queues, locks, cancellations and timeouts: the
//! order of their events must be CPython's. `scripts/dev/schedule_fuzz.async` made the
//! programs from a seed and recorded the orders; both are committed.

use crate::hoop::{Hoop, difference, root};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Runs the fuzzer under `hoop` for each recorded seed and compares the logs.
#[test]
fn orders_of_events_are_cpythons() {
    let folder = root().join("tests/differential");
    let mut recordings: Vec<_> = fs::read_dir(&folder)
        .expect("the recordings are there")
        .flatten()
        .map(|e| e.path())
        .collect();
    recordings.retain(|p| p.extension().is_some_and(|e| e == "out"));
    recordings.sort();
    assert!(
        recordings.len() >= 60,
        "only {} recordings",
        recordings.len()
    );
    let script = root().join("scripts/dev/schedule_fuzz.async");
    let complaints = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for half in recordings.chunks(recordings.len().div_ceil(2)) {
            let (script, complaints) = (&script, &complaints);
            scope.spawn(move || {
                for path in half {
                    if let Err(why) = check(script, path) {
                        let mut text = complaints.lock().expect("no thread panics with the text");
                        text.push_str(&why);
                    }
                }
            });
        }
    });
    let complaints = complaints
        .into_inner()
        .expect("no thread panics with the text");
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// Runs one seed. On a machine that is busy a timer may come so late that it falls together
/// with the next one, so an order that differs is looked at three times.
fn check(script: &Path, recording: &Path) -> Result<(), String> {
    let seed = recording.file_stem().expect("a recording has a name");
    let expected = fs::read_to_string(recording).map_err(|e| e.to_string())?;
    let mut why = String::new();
    for _ in 0..3 {
        let run = Hoop::new([script.as_os_str(), "run".as_ref(), seed]).run();
        if run.stdout == expected && run.code == Some(0) {
            return Ok(());
        }
        why = format!(
            "seed {} (exit {:?})\n{}{}",
            seed.to_string_lossy(),
            run.code,
            difference(&expected, &run.stdout),
            run.stderr
        );
    }
    Err(why)
}
