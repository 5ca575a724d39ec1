//! Facts about the process: arguments, variables, platform, identity.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::{Permissions, Settings};

/// The engine's own copy of what the process was started with. Changes stay in
/// the copy; children are given it explicitly.
pub struct Environment {
    /// `sys.argv`, the script first.
    pub arguments: Vec<OsString>,
    /// How the interpreter was asked to be.
    pub settings: Settings,
    /// None until the first question, so that starting stays cheap.
    variables: OnceCell<Vec<(OsString, OsString)>>,
    of_process: bool,
    /// Whether they are, or may be, others than those of the process.
    differs: bool,
    /// Whether variables of the process are hidden, since they were not granted.
    hides: bool,
    /// Whether the running program runs scripts, as `hoop` does: only then can it be started as a worker.
    runs_scripts: bool,
}

impl Environment {
    /// The arguments given and the variables of this process.
    pub fn of_process(arguments: Vec<OsString>) -> Self {
        Environment {
            arguments,
            settings: Settings::default(),
            variables: OnceCell::new(),
            of_process: true,
            differs: false,
            hides: false,
            runs_scripts: false,
        }
    }

    /// No arguments and no variables.
    pub fn empty() -> Self {
        Environment::with_variables(Vec::new(), Vec::new())
    }

    /// Arguments and variables of the embedder's choice.
    pub fn with_variables(arguments: Vec<OsString>, variables: Vec<(OsString, OsString)>) -> Self {
        Environment {
            arguments,
            settings: Settings::default(),
            variables: OnceCell::from(variables),
            of_process: false,
            differs: true,
            hides: false,
            runs_scripts: false,
        }
    }

    /// The same with the variables of the process that are granted; where a name is in both, what the
    /// embedder has chosen stands.
    pub fn with_granted(
        arguments: Vec<OsString>,
        variables: Vec<(OsString, OsString)>,
        permissions: &Permissions,
    ) -> Self {
        let mut environment = Environment::of_process(arguments);
        environment.hide(permissions);
        for (name, value) in variables {
            environment.set_variable(name, value);
        }
        environment.of_process = false;
        environment.differs = true;
        environment.hides = false;
        environment
    }

    /// A copy for an engine that works for this one.
    pub(super) fn for_worker(&self, arguments: Vec<OsString>) -> Self {
        Environment {
            arguments,
            settings: self.settings.clone(),
            variables: self.variables.clone(),
            of_process: self.of_process,
            differs: self.differs,
            hides: self.hides,
            runs_scripts: self.runs_scripts,
        }
    }

    /// True if it began as a copy of the process's own.
    pub fn is_of_process(&self) -> bool {
        self.of_process
    }

    /// All variables, in the order of the process's own table.
    pub fn variables(&self) -> &[(OsString, OsString)] {
        self.variables.get_or_init(|| std::env::vars_os().collect())
    }

    /// All variables, if they may be others than those that the process has.
    pub(super) fn changed(&self) -> Option<&[(OsString, OsString)]> {
        self.differs.then(|| self.variables())
    }

    /// One variable.
    pub fn variable(&self, name: impl AsRef<OsStr>) -> Option<OsString> {
        let name = name.as_ref();
        match self.variables.get() {
            Some(all) => all
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone()),
            // std panics on names no system can hold.
            None if name.is_empty() || name.as_encoded_bytes().contains(&b'=') => None,
            None => std::env::var_os(name),
        }
    }

    /// Leaves only those variables of the process that are granted. What an embedder has given stays.
    pub(super) fn hide(&mut self, permissions: &Permissions) {
        if !self.of_process || permissions.env.is_everything() {
            return;
        }
        let named = permissions.env.each().iter();
        let seen = named.filter_map(|name| Some((name.clone(), self.variable(name)?)));
        self.variables = OnceCell::from(seen.collect::<Vec<_>>());
        self.differs = true;
        self.hides = true;
    }

    /// A variable for the interpreter itself, which sees also what is hidden from scripts.
    pub fn own_variable(&self, name: &str) -> Option<OsString> {
        let hidden = || std::env::var_os(name).filter(|_| self.hides);
        self.variable(name).or_else(hidden)
    }

    /// A variable that steers the interpreter, unless it was told to ignore those.
    pub fn steering_variable(&self, name: &str) -> Option<OsString> {
        self.own_variable(name)
            .filter(|text| !self.settings.ignore_environment && !text.is_empty())
    }

    /// Sets a variable in the copy.
    pub fn set_variable(&mut self, name: OsString, value: OsString) {
        let mut all = self.take_variables();
        match all.iter_mut().find(|(key, _)| *key == name) {
            Some(entry) => entry.1 = value,
            None => all.push((name, value)),
        }
        self.variables = OnceCell::from(all);
    }

    /// Removes a variable from the copy; false if it was not there.
    pub fn remove_variable(&mut self, name: &OsStr) -> bool {
        let mut all = self.take_variables();
        let before = all.len();
        all.retain(|(key, _)| key != name);
        let removed = all.len() < before;
        self.variables = OnceCell::from(all);
        removed
    }

    fn take_variables(&mut self) -> Vec<(OsString, OsString)> {
        self.differs = true;
        let known = self.variables.take();
        known.unwrap_or_else(|| std::env::vars_os().collect())
    }

    /// The directory relative paths start from, when the engine starts. Whom no files are granted need
    /// not know where the process is.
    pub(super) fn start_directory(&self, has_files: bool) -> PathBuf {
        if !self.of_process && !has_files {
            return PathBuf::from("/");
        }
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
    }

    /// Says that the running program takes the arguments of `hoop`.
    pub fn set_runs_scripts(&mut self) {
        self.runs_scripts = true;
    }

    /// Whether the running program is one for scripts, as `hoop` is.
    pub fn runs_scripts(&self) -> bool {
        self.runs_scripts
    }

    /// The path of the running program, if it runs scripts; an embedder's does not.
    pub fn executable(&self) -> Option<PathBuf> {
        if !self.runs_scripts {
            return None;
        }
        std::env::current_exe().ok()
    }

    /// `sys.platform`.
    pub fn platform(&self) -> &'static str {
        match std::env::consts::OS {
            "macos" | "ios" => "darwin",
            "windows" => "win32",
            other => other,
        }
    }

    /// The machine's architecture, as `platform.machine`.
    pub fn machine(&self) -> &'static str {
        match std::env::consts::ARCH {
            "aarch64" if cfg!(target_os = "macos") => "arm64",
            other => other,
        }
    }

    /// How many processors this process may use.
    pub fn cpu_count(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// The process's number.
    pub fn process_id(&self) -> u32 {
        std::process::id()
    }

    /// The number of the process that started this one.
    pub fn parent_process_id(&self) -> i32 {
        rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get())
    }

    /// The user and group numbers: real user, effective user, real group,
    /// effective group.
    pub fn identity(&self) -> [u32; 4] {
        use rustix::process::{getegid, geteuid, getgid, getuid};
        [
            getuid().as_raw(),
            geteuid().as_raw(),
            getgid().as_raw(),
            getegid().as_raw(),
        ]
    }

    /// The machine's name on the network.
    pub fn host_name(&self) -> OsString {
        dns_lookup::get_hostname().map_or_else(|_| OsString::from("localhost"), OsString::from)
    }
}

/// The arguments that this process was started with, the program first.
pub fn process_arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stay_in_the_copy() {
        let mut environment = Environment::of_process(Vec::new());
        assert!(environment.variable("").is_none());
        assert!(environment.variable("a=b").is_none());
        environment.set_variable("HOOPSNAKE_TEST_ONLY".into(), "1".into());
        assert_eq!(
            environment.variable("HOOPSNAKE_TEST_ONLY"),
            Some("1".into())
        );
        assert!(std::env::var_os("HOOPSNAKE_TEST_ONLY").is_none());
        assert!(environment.remove_variable("HOOPSNAKE_TEST_ONLY".as_ref()));
        assert!(!environment.remove_variable("HOOPSNAKE_TEST_ONLY".as_ref()));
        assert!(Environment::empty().variables().is_empty());
    }
}
