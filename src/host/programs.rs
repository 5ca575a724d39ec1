//! Which programs may be started, and what they are given.
//!
//! A program that is granted runs outside of the sandbox. So it is named by its whole path, the script
//! cannot put another in its place, and the variables that steer what a program loads are the process's
//! own or none.

use super::folders::Need;
use super::permissions::Grant;
use super::{Command, Environment, Grants, HostError};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables with these names have a program load or run something else, beside those that begin with
/// `LD_` and `DYLD_`.
const STEERING: [&str; 12] = [
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "IFS",
    "LOCPATH",
    "NLSPATH",
    "PATH",
    "RES_OPTIONS",
    "SHELLOPTS",
    "TERMINFO",
];

/// The whole path of a program. A name without a folder is looked for along `path`, a relative path
/// starts at `here`. The folder is without links; the last name may be one, for programs that look at
/// how they are called.
pub(super) fn find(program: &OsStr, path: &OsStr, here: Option<&Path>) -> Option<PathBuf> {
    let program = Path::new(program);
    let whole = |candidate: PathBuf| {
        let folder = std::fs::canonicalize(candidate.parent()?).ok()?;
        let found = folder.join(candidate.file_name()?);
        let may_run = rustix::fs::access(&found, rustix::fs::Access::EXEC_OK).is_ok();
        (may_run && found.is_file()).then_some(found)
    };
    if program.components().count() == 1 && program.file_name() == Some(program.as_os_str()) {
        return std::env::split_paths(path).find_map(|folder| whole(folder.join(program)));
    }
    let here = here
        .map(Path::to_owned)
        .or_else(|| std::env::current_dir().ok())?;
    whole(here.join(program))
}

impl Grants {
    /// The path of a program that may be started, as a script has named it; None if all may be, in
    /// which case the system looks for it.
    pub(super) fn program(
        &self,
        program: &OsStr,
        here: &Path,
    ) -> Result<Option<PathBuf>, HostError> {
        let granted = match &self.permissions().run {
            Grant::Everything => return Ok(None),
            Grant::Some(granted) => granted,
        };
        let denied = || {
            let shown = program.to_string_lossy();
            let denied = HostError::denied(&format!("running '{shown}'"), &format!("run={shown}"));
            Err(denied.at(Path::new(program)))
        };
        let by_name = granted
            .iter()
            .find(|path| path.file_name() == Some(program));
        let found = match by_name {
            Some(path) => path.clone(),
            None => match find(program, OsStr::new(""), Some(here)) {
                Some(found) if granted.contains(&found) => found,
                _ => return denied(),
            },
        };
        let real = std::fs::canonicalize(&found).unwrap_or_else(|_| found.clone());
        let changes = |path: &Path| {
            let folders = self.folders();
            let granted = folders.is_some_and(|folders| folders.check(path, Need::Write).is_ok());
            granted && may_be_changed(path)
        };
        if changes(&found) || changes(&real) {
            let what = format!(
                "running '{}', which the script may change,",
                found.display()
            );
            return Err(HostError::denied(&what, "run"));
        }
        Ok(Some(found))
    }

    /// An error unless these variables may be given to a program that was granted by its name.
    pub(super) fn check_variables(&self, given: &[(OsString, OsString)]) -> Result<(), HostError> {
        let granted = &self.permissions().env;
        for (name, value) in given {
            let shown = name.to_string_lossy();
            if is_steering(&shown) && std::env::var_os(name).as_ref() != Some(value) {
                let what = format!("giving a program another '{shown}'");
                return Err(HostError::denied(&what, "run"));
            }
            if !granted.is_everything() && !granted.each().contains(name) {
                let what = format!("giving '{shown}' to a program");
                return Err(HostError::denied(&what, &format!("env={shown}")));
            }
        }
        Ok(())
    }

    /// The same for a program that takes the place of this one.
    pub(super) fn check_variables_for(
        &self,
        program: Option<&Path>,
        given: &[(OsString, OsString)],
    ) -> Result<(), HostError> {
        match program {
            Some(_) => self.check_variables(given),
            None => Ok(()),
        }
    }

    /// What a command becomes where programs are granted by their names. Its own name is that of the
    /// program: some do another thing for each name.
    pub(super) fn confine(
        &self,
        mut command: Command,
        here: &Path,
        environment: &Environment,
    ) -> Result<Command, HostError> {
        let Some(program) = self.program(&command.program, here)? else {
            return Ok(command);
        };
        let own = || environment.variables();
        self.check_variables(command.environment.as_deref().unwrap_or_else(own))?;
        if let (Some(folders), Some(directory)) = (self.folders(), &command.directory) {
            let whole = here.join(directory);
            let found = folders.folder(&whole).map_err(|e| e.at(directory))?;
            command.directory = Some(found);
        }
        command.name = command
            .name
            .filter(|name| Path::new(name).file_name() == program.file_name());
        command.program = program.into();
        Ok(command)
    }
}

/// Whether the system lets this process change what is at a path, or put something else there.
fn may_be_changed(path: &Path) -> bool {
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    path.ancestors().any(writable)
}

fn is_steering(name: &str) -> bool {
    name.starts_with("LD_") || name.starts_with("DYLD_") || STEERING.contains(&name)
}
