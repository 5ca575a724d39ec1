//! What the command line asks for.

use std::ffi::OsString;

use crate::host::Settings;

/// The text of `--help`.
pub const USAGE: &str = "\
usage: hoop                              a prompt at which one may await
       hoop [option] FILE [ARG...]      run a file
       hoop [option] -c CODE [ARG...]   run a text
       hoop [option] -m MODULE [ARG...] run a module, as -m unittest
       hoop [option] - [ARG...]         run standard input
       hoop dis FILE                    show the code of a file

options, as those of CPython:
  -E               ignore the environment variables below
  -I               isolated: -E, -P and -s
  -O, -OO          leave out assert, and docstrings
  -P               do not look for modules beside the script
  -u               write output at once
  -W FILTER        a filter of warnings: action:message:category:module:line
  -X dev           development mode: all warnings, asyncio's debug mode
  -X virtual_time  time stands still while anything runs, and jumps to the next
                  deadline when nothing can
  -B, -q, -s, -S   change nothing here
  -h, --help       this text
  -V, --version    the version

The environment: HOOPPATH names folders (with ':' between them) in which modules are looked for
after the script's own; PYTHONHASHSEED fixes the hashes of strings; PYTHONASYNCIODEBUG=1 turns
asyncio's debug mode on; PYTHONWARNINGS, PYTHONUNBUFFERED, PYTHONOPTIMIZE, PYTHONDEVMODE and
PYTHONSAFEPATH are as the options.
";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// `FILE`
    File(String),
    /// `-c CODE`
    Code(String),
    /// `-m MODULE`
    Module(String),
    /// `-`
    Input,
    /// `dis FILE`
    Disassemble(String),
    /// Nothing was named.
    Interactive,
    /// `--version`
    Version,
    /// `--help`
    Help,
}

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// What is to be done.
    pub action: Action,
    /// The script's `sys.argv`.
    pub arguments: Vec<OsString>,
    /// How the interpreter is to be.
    pub settings: Settings,
}

/// Reads the command line (the program's own name first).
pub fn read(given: &[OsString]) -> Result<Command, String> {
    let mut settings = Settings::default();
    let mut at = 1;
    while let Some(argument) = given.get(at) {
        let text = argument.to_string_lossy();
        at += 1;
        let done = |action, arguments, settings| {
            Ok(Command {
                action,
                arguments,
                settings,
            })
        };
        match &*text {
            "--help" => return done(Action::Help, Vec::new(), settings),
            "--version" => return done(Action::Version, Vec::new(), settings),
            "--" => break,
            "-" => return done(Action::Input, given[at - 1..].to_vec(), settings),
            "dis" if given.len() == at + 1 => {
                let file = given[at].to_string_lossy().into_owned();
                return done(Action::Disassemble(file), Vec::new(), settings);
            }
            option if option.starts_with("--") => return Err(format!("unknown option {option}")),
            option if option.starts_with('-') => {
                if let Some((action, arguments)) = letters(option, given, &mut at, &mut settings)? {
                    return done(action, arguments, settings);
                }
            }
            _ => {
                at -= 1;
                break;
            }
        }
    }
    let (action, arguments) = match given.get(at) {
        Some(file) => {
            let file = file.to_string_lossy().into_owned();
            (Action::File(file), given[at..].to_vec())
        }
        None => (Action::Interactive, vec![OsString::new()]),
    };
    Ok(Command {
        action,
        arguments,
        settings,
    })
}

/// What is to be done, and `sys.argv`, where an option says so.
type Decided = Option<(Action, Vec<OsString>)>;

/// Options of one letter each, several in one argument; the last may have a value, there or in the next.
fn letters(
    option: &str,
    given: &[OsString],
    at: &mut usize,
    settings: &mut Settings,
) -> Result<Decided, String> {
    for (place, letter) in option.char_indices().skip(1) {
        match letter {
            'h' | '?' => return Ok(Some((Action::Help, Vec::new()))),
            'V' => return Ok(Some((Action::Version, Vec::new()))),
            'B' => {}
            'E' => settings.ignore_environment = true,
            'I' => {
                settings.isolated = true;
                settings.ignore_environment = true;
                settings.no_user_site = true;
                settings.safe_path = true;
            }
            'O' => settings.optimize = (settings.optimize + 1).min(2),
            'P' => settings.safe_path = true,
            'q' => settings.quiet = true,
            's' => settings.no_user_site = true,
            'S' => settings.no_site = true,
            'u' => settings.unbuffered = true,
            'c' | 'm' | 'W' | 'X' => {
                let value = value(&option[place + 1..], letter, given, at)?;
                let rest = || {
                    let mut arguments = vec![OsString::from(format!("-{letter}"))];
                    arguments.extend(given[*at..].iter().cloned());
                    arguments
                };
                match letter {
                    'c' => return Ok(Some((Action::Code(value), rest()))),
                    'm' => return Ok(Some((Action::Module(value), rest()))),
                    'W' => settings.warnings.push(value),
                    _ => settings.add_extra(&value),
                }
                return Ok(None);
            }
            _ => return Err(format!("unknown option -{letter}")),
        }
    }
    Ok(None)
}

/// The value of an option: what is behind its letter, or the next argument.
fn value(behind: &str, letter: char, given: &[OsString], at: &mut usize) -> Result<String, String> {
    if !behind.is_empty() {
        return Ok(behind.to_string());
    }
    let Some(next) = given.get(*at) else {
        return Err(format!("argument expected for the -{letter} option"));
    };
    *at += 1;
    Ok(next.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Result<Command, String> {
        let given: Vec<OsString> = std::iter::once("hoop")
            .chain(text.split_whitespace())
            .map(OsString::from)
            .collect();
        read(&given)
    }

    fn read_text(text: &str) -> Result<(Action, Vec<OsString>), String> {
        read_all(text).map(|command| (command.action, command.arguments))
    }

    #[test]
    fn letters_stand_together_and_values_behind_them() {
        let command = read_all("-uOOWerror -Im unittest -W once").unwrap();
        assert_eq!(command.action, Action::Module("unittest".into()));
        assert_eq!(command.arguments, ["-m", "-W", "once"]);
        let settings = command.settings;
        assert_eq!(settings.warnings, ["error"]);
        assert_eq!(settings.optimize, 2);
        assert!(settings.unbuffered && settings.isolated && settings.safe_path);
        let settings = read_all("-X dev -X a=1 -X a=2 x").unwrap().settings;
        assert!(settings.dev_mode);
        assert_eq!(
            settings.extra,
            [("dev".into(), None), ("a".into(), Some("2".into()))]
        );
        assert!(read_all("-Wx -z").is_err());
        assert!(read_all("-X").is_err());
    }

    #[test]
    fn a_file_keeps_the_arguments_behind_it() {
        let (action, arguments) = read_text("run.async -c --help").unwrap();
        assert_eq!(action, Action::File("run.async".into()));
        assert_eq!(arguments, ["run.async", "-c", "--help"]);
    }

    #[test]
    fn code_and_input() {
        assert_eq!(
            read_text("-c pass a").unwrap(),
            (Action::Code("pass".into()), vec!["-c".into(), "a".into()])
        );
        assert_eq!(
            read_text("-m unittest -v").unwrap(),
            (
                Action::Module("unittest".into()),
                vec!["-m".into(), "-v".into()]
            )
        );
        assert!(read_text("-m").is_err());
        assert_eq!(read_text("- a").unwrap().0, Action::Input);
        assert!(read_text("-c").is_err());
        assert!(read_text("--what").is_err());
        assert_eq!(
            read_text("dis x").unwrap().0,
            Action::Disassemble("x".into())
        );
        assert_eq!(read_text("dis").unwrap().0, Action::File("dis".into()));
    }
}
