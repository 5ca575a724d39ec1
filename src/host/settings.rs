//! How the interpreter was asked to be: by options of the command line, and by variables.

use super::Environment;

/// What `sys.flags`, `sys.warnoptions` and `sys._xoptions` tell. The names are those of `sys.flags`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// 1 leaves `assert` out and makes `__debug__` false, 2 leaves docstrings out too (`-O`, `-OO`).
    pub optimize: u8,
    /// The variables that steer an interpreter are not looked at (`-E`).
    pub ignore_environment: bool,
    /// `-I`: as `-E`, `-P` and `-s`.
    pub isolated: bool,
    /// `-s`; there is no such folder here.
    pub no_user_site: bool,
    /// `-S`; there is no `site` here.
    pub no_site: bool,
    /// The script's folder is not in `sys.path` (`-P`).
    pub safe_path: bool,
    /// Development mode (`-X dev`): all warnings are shown, and asyncio is in debug mode.
    pub dev_mode: bool,
    /// `-q`; there is no banner to leave out.
    pub quiet: bool,
    /// Output is written at once (`-u`).
    pub unbuffered: bool,
    /// `sys.warnoptions`: the filters of warnings, the last is asked first (`-W`).
    pub warnings: Vec<String>,
    /// `sys._xoptions`: names and values (`-X`).
    pub extra: Vec<(String, Option<String>)>,
    /// Imports are told of, and tracebacks show the library's frames too (`-v`).
    pub verbose: u8,
    /// The prompt comes behind the script (`-i`).
    pub inspect: bool,
    /// The script's first line is not looked at (`-x`).
    pub skip_first_line: bool,
    /// `--traceback`
    pub traceback: TracebackStyle,
}

/// How an exception that nobody caught is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TracebackStyle {
    /// With pictures on a terminal, else in CPython's words.
    #[default]
    Automatic,
    /// In CPython's words.
    Python,
    /// With pictures.
    Fancy,
}

impl Settings {
    /// Adds what an option `-X name=value` says.
    pub fn add_extra(&mut self, text: &str) {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (text, None),
        };
        self.dev_mode |= name == "dev";
        self.extra.retain(|(known, _)| known != name);
        self.extra.push((name.to_string(), value));
    }

    /// True if an option `-X name` was given.
    pub fn has_extra(&self, name: &str) -> bool {
        self.extra.iter().any(|(known, _)| known == name)
    }

    /// Adds what the variables say, which comes before the options of the command line.
    pub fn add_variables(&mut self, environment: &Environment) {
        let variable = |name: &str| {
            let value = environment
                .own_variable(name)
                .filter(|_| !self.ignore_environment);
            value.filter(|text| !text.is_empty())
        };
        let given = |name: &str| variable(name).is_some();
        let optimize = variable("PYTHONOPTIMIZE").map_or(0, |text| {
            text.to_str().and_then(|t| t.parse().ok()).unwrap_or(1u8)
        });
        let mut warnings = Vec::new();
        let dev_mode = self.dev_mode || given("PYTHONDEVMODE");
        if dev_mode {
            warnings.push("default".to_string());
        }
        if let Some(text) = variable("PYTHONWARNINGS") {
            warnings.extend(text.to_string_lossy().split(',').map(str::to_string));
        }
        let verbose = variable("PYTHONVERBOSE").map_or(0, |text| {
            text.to_str().and_then(|t| t.parse().ok()).unwrap_or(1u8)
        });
        self.verbose = self.verbose.max(verbose);
        self.inspect |= given("PYTHONINSPECT");
        let unbuffered = given("PYTHONUNBUFFERED");
        let safe_path = given("PYTHONSAFEPATH");
        warnings.append(&mut self.warnings);
        self.warnings = warnings;
        self.dev_mode = dev_mode;
        self.unbuffered |= unbuffered;
        self.safe_path |= safe_path;
        self.optimize = self.optimize.max(optimize.min(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_before_options_unless_ignored() {
        let variables = vec![
            ("PYTHONWARNINGS".into(), "error,ignore::UserWarning".into()),
            ("PYTHONOPTIMIZE".into(), "yes".into()),
        ];
        let environment = Environment::with_variables(Vec::new(), variables);
        let mut settings = Settings {
            warnings: vec!["once".into()],
            ..Settings::default()
        };
        let mut ignoring = Settings {
            ignore_environment: true,
            ..settings.clone()
        };
        settings.add_extra("dev");
        settings.add_variables(&environment);
        assert_eq!(
            settings.warnings,
            ["default", "error", "ignore::UserWarning", "once"]
        );
        assert_eq!(settings.optimize, 1);
        ignoring.add_variables(&environment);
        assert_eq!(ignoring.warnings, ["once"]);
        assert_eq!(ignoring.optimize, 0);
    }
}
