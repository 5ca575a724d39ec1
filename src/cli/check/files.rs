//! Which files are checked.

use crate::host::{Host, HostError};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What could not be read, and why.
pub type Unreadable = Vec<(OsString, HostError)>;

/// The files that are named, and those below the folders that are, in order.
pub fn find(host: &Host, named: &[OsString]) -> (Vec<OsString>, Unreadable) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for name in named {
        if name != "-" && host.files.is_directory(Path::new(name)) {
            walk(host, name, &mut found, &mut unreadable);
        } else {
            found.push(name.clone());
        }
    }
    (found, unreadable)
}

fn walk(host: &Host, folder: &OsStr, found: &mut Vec<OsString>, unreadable: &mut Unreadable) {
    let path = Path::new(folder);
    let mut entries = match host.files.list(path) {
        Ok(entries) => entries,
        Err(error) => return unreadable.push((folder.to_owned(), error)),
    };
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in entries {
        let name = entry.name.to_string_lossy();
        let inner = path.join(&entry.name);
        // Links to folders may lead in circles.
        if entry.is_directory {
            if !name.starts_with('.') && name != "__pycache__" {
                walk(host, inner.as_os_str(), found, unreadable);
            }
        } else if (name.ends_with(".async") || name.ends_with(".py")) && host.files.is_file(&inner)
        {
            found.push(inner.into_os_string());
        }
    }
}

/// What is in a file; `-` is standard input.
pub fn read(host: &Host, name: &OsStr) -> Result<Vec<u8>, HostError> {
    if name == "-" {
        return host.stdio.lock_input().read_all();
    }
    host.files.read_file(Path::new(name))
}

/// The name as messages have it.
pub fn shown(name: &OsStr) -> String {
    if name == "-" {
        return "<stdin>".to_owned();
    }
    name.to_string_lossy().into_owned()
}
