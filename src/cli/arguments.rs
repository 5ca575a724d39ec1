//! What the command line asks for.

use std::ffi::OsString;

/// The text of `--help`.
pub const USAGE: &str = "\
usage: hoop [option] FILE [ARG...]      run a file
       hoop [option] -c CODE [ARG...]   run a text
       hoop [option] -m MODULE [ARG...] run a module, as -m unittest
       hoop [option] - [ARG...]         run standard input
       hoop dis FILE                    show the code of a file

options:
  -h, --help       this text
  -V, --version    the version

The environment: HOOPPATH names folders (with ':' between them) in which modules are looked for
after the script's own; PYTHONHASHSEED fixes the hashes of strings; PYTHONASYNCIODEBUG=1 turns
asyncio's debug mode on.
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

/// Reads the command line (the program's own name first): what to do, and the script's `sys.argv`.
pub fn read(given: &[OsString]) -> Result<(Action, Vec<OsString>), String> {
    let mut at = 1;
    while let Some(argument) = given.get(at) {
        let text = argument.to_string_lossy();
        let rest = |from: usize| given[from..].to_vec();
        match &*text {
            "-h" | "--help" => return Ok((Action::Help, Vec::new())),
            "-V" | "--version" => return Ok((Action::Version, Vec::new())),
            "-" => return Ok((Action::Input, rest(at))),
            "-c" => {
                let Some(code) = given.get(at + 1) else {
                    return Err("argument expected for the -c option".into());
                };
                let mut arguments = vec![OsString::from("-c")];
                arguments.extend(rest(at + 2));
                return Ok((Action::Code(code.to_string_lossy().into_owned()), arguments));
            }
            "-m" => {
                let Some(name) = given.get(at + 1) else {
                    return Err("argument expected for the -m option".into());
                };
                let mut arguments = vec![OsString::from("-m")];
                arguments.extend(rest(at + 2));
                return Ok((
                    Action::Module(name.to_string_lossy().into_owned()),
                    arguments,
                ));
            }
            // Options of CPython that change nothing here.
            "-u" | "-B" | "-E" | "-I" | "-s" | "-S" | "-q" => at += 1,
            "-X" | "-W" => at += 2,
            "--" => {
                at += 1;
                break;
            }
            "dis" if given.len() == at + 2 => {
                return Ok((
                    Action::Disassemble(given[at + 1].to_string_lossy().into_owned()),
                    Vec::new(),
                ));
            }
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            _ => break,
        }
    }
    match given.get(at) {
        Some(file) => Ok((
            Action::File(file.to_string_lossy().into_owned()),
            given[at..].to_vec(),
        )),
        None => Ok((Action::Interactive, vec![OsString::new()])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<(Action, Vec<OsString>), String> {
        let given: Vec<OsString> = std::iter::once("hoop")
            .chain(text.split_whitespace())
            .map(OsString::from)
            .collect();
        read(&given)
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
