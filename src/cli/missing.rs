//! What may have been meant by the name of a file that cannot be run.

use std::path::Path;

use super::arguments::like_command;
use super::similar::closest;
use crate::host::Files;

/// What a script's name ends in.
const ENDINGS: [&str; 2] = [".async", ".py"];

/// A hint about a name that is no file's.
pub fn hint(files: &Files, path: &str) -> Option<String> {
    for ending in ENDINGS {
        let longer = format!("{path}{ending}");
        if files.is_file(Path::new(&longer)) {
            return Some(format!("did you mean '{longer}'?"));
        }
    }
    if !path.contains(['/', '.'])
        && let Some(name) = like_command(path)
    {
        return Some(format!("did you mean the command '{name}'?"));
    }
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => (folder, name),
        None => ("", path),
    };
    let here = match folder {
        "" if path.starts_with('/') => "/",
        "" => ".",
        folder => folder,
    };
    if folder.len() < path.len() && !files.is_directory(Path::new(here)) {
        return Some(format!("there is no folder '{here}'"));
    }
    let entries = files.list(Path::new(here)).ok()?;
    let names: Vec<String> = entries
        .iter()
        .map(|entry| entry.name.to_string_lossy().into_owned())
        .filter(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
        .collect();
    let found = closest(name, names.iter().map(String::as_str))?;
    let slash = if path.contains('/') { "/" } else { "" };
    Some(format!("did you mean '{folder}{slash}{found}'?"))
}
