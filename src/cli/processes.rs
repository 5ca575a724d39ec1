//! `hoop ps` and `hoop pstree`: how the tasks of another `hoop` stand.

use super::arguments::Given;
use super::{complain_with, say};
use crate::host::Host;

/// `hoop ps PID`
pub fn table(given: &Given) -> u8 {
    ask(given, "ps")
}

/// `hoop pstree PID`
pub fn tree(given: &Given) -> u8 {
    ask(given, "pstree")
}

fn ask(given: &Given, what: &str) -> u8 {
    let text = given.texts().next().unwrap_or_default();
    let Ok(process) = text.parse() else {
        return complain_with(
            &format!("hoop: '{text}' is not the number of a process\n"),
            2,
        );
    };
    answer(process, what)
}

#[cfg(target_os = "linux")]
fn answer(process: u32, what: &str) -> u8 {
    match Host::system(Vec::new()).ask_process(process, what) {
        Ok(text) => say(&text),
        Err(error) => complain_with(&format!("hoop: {}\n", error.message()), 1),
    }
}

#[cfg(not(target_os = "linux"))]
fn answer(_: u32, what: &str) -> u8 {
    drop(Host::system(Vec::new()));
    complain_with(
        &format!("hoop: {what} needs /proc, which this system does not have\n"),
        1,
    )
}
