//! Random small programs of tasks, sleeps, queues, locks, cancellations and timeouts: the
//! order of their events must be CPython's. `scripts/dev/schedule_fuzz.async` made the
//! programs from a seed and recorded the orders; both are committed.
//!
//! And a sample of the programs of `scripts/dev/differ`, over the whole language: what they
//! print, and through which lines their exceptions go, must be CPython's.

use crate::hoop::{Hoop, difference, normalise, root};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Runs the fuzzer under `hoop` for each recorded seed and compares the logs.
#[test]
fn orders_of_events_are_cpythons() {
    let script = root().join("scripts/dev/schedule_fuzz.async");
    compare("tests/differential", 60, |recording| {
        vec![script.clone().into(), "run".into(), stem(recording)]
    });
}

/// Plays the committed programs and compares what each prints by itself.
#[test]
fn random_programs_print_what_cpython_prints() {
    replay("sample.txt", 300, |folder| {
        vec!["batch".into(), folder.join("sample.jsonl").into()]
    });
}

/// The same of programs of tasks, locks, queues and streams, in virtual time. The player makes them of their seeds.
#[test]
fn random_programs_of_asyncio_print_what_cpython_prints() {
    replay("tasks.txt", 200, |folder| {
        vec!["tasks".into(), folder.join("tasks.txt").into()]
    });
}

/// Has the player play what is recorded in a file, and compares program by program.
fn replay(recording: &str, least: usize, words: impl Fn(&Path) -> Vec<OsString>) {
    let folder = root().join("tests/differential");
    let recorded = fs::read_to_string(folder.join(recording)).expect("the recording is there");
    let expected: Vec<&str> = recorded.split("## ").skip(1).collect();
    assert!(expected.len() >= least, "only {} programs", expected.len());
    let player = root().join("scripts/dev/differ/play.async");
    let mut arguments: Vec<OsString> = vec!["-X".into(), "virtual_time".into(), player.into()];
    arguments.extend(words(&folder));
    let run = Hoop::new(arguments)
        .env("PYTHONHASHSEED", "0")
        .deadline(60)
        .run();
    let printed = normalise(&run.stdout);
    let found: Vec<&str> = printed.split("## ").skip(1).collect();
    let mut complaints = String::new();
    for (number, text) in expected.iter().enumerate() {
        let found = found.get(number).copied().unwrap_or("");
        if found != *text {
            complaints.push_str(&difference(text, found));
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}{}", run.stderr);
}

fn stem(recording: &Path) -> OsString {
    recording
        .file_stem()
        .expect("a recording has a name")
        .into()
}

/// Runs `hoop` once a recording of a folder, on two threads.
fn compare(folder: &str, least: usize, arguments: impl Fn(&Path) -> Vec<OsString> + Sync) {
    let mut recordings: Vec<_> = fs::read_dir(root().join(folder))
        .expect("the recordings are there")
        .flatten()
        .map(|e| e.path())
        .collect();
    recordings.retain(|p| p.extension().is_some_and(|e| e == "out"));
    recordings.sort();
    assert!(
        recordings.len() >= least,
        "only {} recordings",
        recordings.len()
    );
    let complaints = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for half in recordings.chunks(recordings.len().div_ceil(2)) {
            let (arguments, complaints) = (&arguments, &complaints);
            scope.spawn(move || {
                for path in half {
                    if let Err(why) = check(&arguments(path), path) {
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

/// Compares one run with its recording. On a machine that is busy a timer may come so late
/// that it falls together with the next one, so what differs is looked at five times.
fn check(arguments: &[OsString], recording: &Path) -> Result<(), String> {
    let expected = fs::read_to_string(recording).map_err(|e| e.to_string())?;
    let mut why = String::new();
    for _ in 0..5 {
        let run = Hoop::new(arguments).run();
        if run.stdout == expected && run.code == Some(0) {
            return Ok(());
        }
        why = format!(
            "{} (exit {:?})\n{}{}",
            recording.display(),
            run.code,
            difference(&expected, &run.stdout),
            run.stderr
        );
    }
    Err(why)
}
