//! What may be imported: the library, what CPython has besides, and files.

use crate::engine::contents::Contents;
use crate::host::Host;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The public names of CPython's modules: a line a module.
const CPYTHON: &str = include_str!("../../../scripts/dev/library_names.txt");

/// Names that come to be while a program runs.
const LATER: &[(&str, &str)] = &[
    ("sys", "last_exc"),
    ("sys", "last_type"),
    ("sys", "last_value"),
    ("sys", "last_traceback"),
    ("sys", "ps1"),
    ("sys", "ps2"),
    ("sys", "tracebacklimit"),
];

/// Answers questions about modules, and remembers the answers.
pub struct Library {
    contents: Contents,
    builtins: HashSet<String>,
    cpython: HashMap<&'static str, &'static str>,
    has: HashMap<(String, String), Option<bool>>,
    modules: HashMap<String, bool>,
    found: HashMap<PathBuf, bool>,
    hooppath: Vec<PathBuf>,
}

impl Library {
    /// The library as this process sees it.
    pub fn new(host: &Host) -> Library {
        let mut contents = Contents::new();
        let builtins = contents.builtins().into_iter().collect();
        let hooppath = host
            .environment
            .steering_variable("HOOPPATH")
            .unwrap_or_default();
        let hooppath = hooppath.to_string_lossy();
        let folders = hooppath.split(':').filter(|folder| !folder.is_empty());
        Library {
            contents,
            builtins,
            cpython: CPYTHON
                .lines()
                .filter_map(|line| line.split_once(':'))
                .collect(),
            has: HashMap::new(),
            modules: HashMap::new(),
            found: HashMap::new(),
            hooppath: folders.map(PathBuf::from).collect(),
        }
    }

    /// Whether it is a built-in name.
    pub fn is_builtin(&self, name: &str) -> bool {
        self.builtins.contains(name)
    }

    /// The built-in names.
    pub fn builtins(&self) -> impl Iterator<Item = &str> {
        self.builtins.iter().map(|name| &**name)
    }

    /// The names of all public modules, those of CPython that are not here included.
    pub fn public_modules(&self) -> impl Iterator<Item = &'static str> {
        self.cpython.keys().copied()
    }

    /// Whether the library has a module.
    pub fn has_module(&mut self, module: &str) -> bool {
        if matches!(module, "__main__" | "builtins") {
            return true;
        }
        if let Some(&known) = self.modules.get(module) {
            return known;
        }
        let contents = &mut self.contents;
        let there = contents.has_module(module) || {
            // Some are made by the package that they are in: `os.path`.
            let top = module.split('.').next().unwrap_or(module);
            top != module && contents.has_module(top) && contents.names(module).is_some()
        };
        self.modules.insert(module.to_owned(), there);
        there
    }

    /// Whether CPython has a public module of this name.
    pub fn is_of_cpython(&self, module: &str) -> bool {
        self.cpython.contains_key(module)
    }

    /// Whether a name of a module is public in CPython.
    pub fn is_name_of_cpython(&self, module: &str, name: &str) -> bool {
        self.cpython
            .get(module)
            .is_some_and(|names| names.split(' ').any(|known| known == name))
    }

    /// Whether a module of the library has a name; nothing where that cannot be told.
    pub fn has(&mut self, module: &str, name: &str) -> Option<bool> {
        if matches!(module, "__main__" | "builtins") || LATER.contains(&(module, name)) {
            return None;
        }
        let key = (module.to_owned(), name.to_owned());
        if let Some(&known) = self.has.get(&key) {
            return known;
        }
        let answer = match self.contents.has(module, name) {
            Some(false) if self.has_module(&format!("{module}.{name}")) => Some(true),
            answer => answer,
        };
        self.has.insert(key, answer);
        answer
    }

    /// The names of a module of the library.
    pub fn names(&mut self, module: &str) -> Vec<String> {
        self.contents.names(module).unwrap_or_default()
    }

    /// Whether files hold a module: beside the one that is checked or above it, where `hoop` was started,
    /// or along HOOPPATH.
    pub fn is_file(&mut self, host: &Host, beside: &Path, module: &str) -> bool {
        let beside = match host.files.real_path(beside) {
            Ok(full) => full,
            Err(_) => beside.to_owned(),
        };
        let above: Vec<PathBuf> = beside.ancestors().skip(1).map(Path::to_owned).collect();
        let here = host.files.current_directory().to_owned();
        let folders = above.into_iter().chain([here]).chain(self.hooppath.clone());
        folders
            .into_iter()
            .any(|folder| self.holds(host, &folder, module))
    }

    fn holds(&mut self, host: &Host, folder: &Path, module: &str) -> bool {
        let base = folder.join(module);
        if let Some(&known) = self.found.get(&base) {
            return known;
        }
        let files = ["async", "py", "so", "pyd"];
        let there = host.files.is_directory(&base)
            || files
                .iter()
                .any(|ending| host.files.is_file(&base.with_extension(ending)));
        self.found.insert(base, there);
        there
    }
}
