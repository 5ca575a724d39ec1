//! What the command line asks for, by the table of commands and options.

use std::ffi::OsString;

use super::similar::closest;
use super::table::{self, Act, COMMANDS, Command, Effect, Flag, Kind, OPTIONS, Topic};
use crate::host::{Permissions, Settings};

/// The program that is to be run.
#[derive(Debug, PartialEq, Eq)]
pub enum Script {
    /// `FILE`
    File(String),
    /// `-c CODE`
    Code(String),
    /// `-m MODULE`
    Module(String),
    /// `-`
    Input,
    /// Nothing was named: the prompt on a terminal, else what is piped in.
    None,
    /// The prompt, terminal or not.
    Prompt,
}

/// A run of a script.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub script: Script,
    /// The script's `sys.argv`.
    pub arguments: Vec<OsString>,
    /// How the interpreter is to be.
    pub settings: Settings,
    /// What is granted under a sandbox; None without one.
    pub permissions: Option<Permissions>,
}

/// What stands behind the name of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The options by their long names, or letters, in order.
    pub flags: Vec<(String, Option<String>)>,
    /// What is no option.
    pub operands: Vec<OsString>,
}

impl Given {
    /// The value of an option, the last if it was given more than once.
    pub fn value(&self, name: &str) -> Option<&str> {
        let given = self.flags.iter().rev().find(|(known, _)| known == name);
        given.and_then(|(_, value)| value.as_deref())
    }

    /// What is no option, as text.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        let texts = self.operands.iter();
        texts.map(|operand| operand.to_string_lossy().into_owned())
    }
}

/// A command line that was understood.
pub enum Line {
    Run(Box<Run>),
    Tool(fn(&Given) -> u8, Given),
    Help(Topic),
    /// The version, and how often it was asked for.
    Version(usize),
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
    /// The command whose help tells more.
    pub command: Option<&'static str>,
}

impl Wrong {
    fn new(message: String) -> Wrong {
        Wrong {
            message,
            hint: None,
            command: None,
        }
    }
}

type Result<T> = std::result::Result<T, Wrong>;

/// Reads the command line (the program's own name first).
pub fn read(given: &[OsString]) -> Result<Line> {
    let mut reader = Reader::new(given, OPTIONS);
    let script = reader.options()?;
    if let Some(line) = reader.told() {
        return Ok(line);
    }
    if script.is_none()
        && !reader.dashes
        && let Some(word) = reader.peek()
        && let Some(command) = table::command(&word)
    {
        reader.at += 1;
        return read_command(command, reader);
    }
    reader.run(script)
}

/// Reads what stands behind the name of a command.
fn read_command(command: &'static Command, mut reader: Reader<'_>) -> Result<Line> {
    let about = |mut wrong: Wrong| {
        wrong.command = Some(command.name);
        wrong
    };
    if !matches!(command.act, Act::Run | Act::Prompt) {
        if let Some((flag, _)) = reader.seen.first() {
            return Err(about(Wrong::new(format!(
                "the option {flag} is for running a script, not for '{}'",
                command.name
            ))));
        }
        reader.table = command.flags;
    }
    reader.about = Some(command.name);
    reader.seen.clear();
    match command.act {
        Act::Run => {
            let script = reader.options().map_err(about)?;
            if let Some(line) = reader.told() {
                return Ok(line);
            }
            if script.is_none() && reader.peek().is_none() {
                return Err(about(Wrong::new(
                    "a FILE, -c CODE, -m MODULE or - is expected behind 'run'".into(),
                )));
            }
            reader.run(script)
        }
        Act::Prompt => {
            let script = reader.options().map_err(about)?;
            if let Some(line) = reader.told() {
                return Ok(line);
            }
            if script.is_some() || reader.peek().is_some() {
                return Err(about(Wrong::new(
                    "'repl' takes no script; 'hoop -i FILE' gives a prompt behind one".into(),
                )));
            }
            reader.run(Some((Script::Prompt, Vec::new())))
        }
        Act::Help => reader.help(command).map_err(about),
        Act::Tool(tool) => {
            let (topic, given) = reader.given(command).map_err(about)?;
            Ok(match topic {
                Some(topic) => Line::Help(topic),
                None => Line::Tool(tool, given),
            })
        }
    }
}

/// What is to be run, and `sys.argv`, where an option says so.
type Decided = Option<(Script, Vec<OsString>)>;

/// Goes through the arguments.
struct Reader<'a> {
    given: &'a [OsString],
    at: usize,
    table: &'static [Flag],
    settings: Settings,
    permissions: Option<Permissions>,
    versions: usize,
    help: Option<Topic>,
    /// A `--` ended the options.
    dashes: bool,
    /// The options that were given, as the table names them.
    seen: Vec<(String, Option<String>)>,
    /// The command behind whose name this is.
    about: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(given: &'a [OsString], table: &'static [Flag]) -> Reader<'a> {
        Reader {
            given,
            at: 1,
            table,
            settings: Settings::default(),
            permissions: None,
            versions: 0,
            help: None,
            dashes: false,
            seen: Vec::new(),
            about: None,
        }
    }

    fn peek(&self) -> Option<String> {
        let argument = self.given.get(self.at)?;
        Some(argument.to_string_lossy().into_owned())
    }

    /// What ends here, because help or the version was asked for.
    fn told(&self) -> Option<Line> {
        match (self.help, self.versions) {
            (Some(Topic::Main), _) => {
                Some(Line::Help(self.about.map_or(Topic::Main, Topic::Command)))
            }
            (Some(topic), _) => Some(Line::Help(topic)),
            (None, 0) => None,
            (None, times) => Some(Line::Version(times)),
        }
    }

    /// Reads options up to what is none; what is to be run if an option says it.
    fn options(&mut self) -> Result<Decided> {
        while let Some(text) = self.peek() {
            if text == "-" || !text.starts_with('-') {
                break;
            }
            self.at += 1;
            if text == "--" {
                self.dashes = true;
                break;
            }
            let decided = match text.strip_prefix("--") {
                Some(long) => self.long(long)?,
                None => self.letters(&text)?,
            };
            if decided.is_some() || self.help.is_some() {
                return Ok(decided);
            }
        }
        Ok(None)
    }

    /// `--name`, `--name=value`, `--name value`
    fn long(&mut self, text: &str) -> Result<Decided> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (text, None),
        };
        if name == "help" && !self.table.iter().any(|flag| flag.name == Some(name)) {
            self.help = Some(Topic::Main);
            return Ok(None);
        }
        let Some(flag) = self.table.iter().find(|flag| flag.name == Some(name)) else {
            return Err(self.unknown(&format!("--{name}")));
        };
        let option = format!("--{name}");
        let value = match (flag.value, value) {
            (Some(_), Some(value)) => Some(value),
            (Some(_), None) if !flag.is_refused() && !flag.may_lack_value() => {
                Some(self.next_value(&option)?)
            }
            (None, Some(_)) => {
                return Err(Wrong::new(format!("the option {option} takes no value")));
            }
            (_, None) => None,
        };
        self.apply(flag, &option, value)
    }

    /// Options of one letter each, several in one argument; the last may have a value, there or in the next.
    fn letters(&mut self, argument: &str) -> Result<Decided> {
        for (place, letter) in argument.char_indices().skip(1) {
            let letter = if letter == '?' { 'h' } else { letter };
            let Some(flag) = self.table.iter().find(|flag| flag.letter == Some(letter)) else {
                if letter == 'h' {
                    self.help = Some(Topic::Main);
                    return Ok(None);
                }
                return Err(self.unknown_letter(argument, letter));
            };
            let option = format!("-{letter}");
            let behind = &argument[place + letter.len_utf8()..];
            let value = match flag.value {
                None => None,
                Some(_) if !behind.is_empty() => Some(behind.to_string()),
                Some(_) => Some(self.next_value(&option)?),
            };
            let last = value.is_some();
            let decided = self.apply(flag, &option, value)?;
            if decided.is_some() || last || self.help.is_some() {
                return Ok(decided);
            }
        }
        Ok(None)
    }

    fn next_value(&mut self, option: &str) -> Result<String> {
        let Some(next) = self.peek() else {
            return Err(Wrong::new(format!(
                "argument expected for the {option} option"
            )));
        };
        self.at += 1;
        Ok(next)
    }

    /// Does what an option says.
    fn apply(
        &mut self,
        flag: &'static Flag,
        option: &str,
        value: Option<String>,
    ) -> Result<Decided> {
        let text = value.clone().unwrap_or_default();
        self.seen.push((option.to_string(), value.clone()));
        match flag.effect {
            Effect::Set(set) => set(&mut self.settings),
            Effect::Take(take) => take(&mut self.settings, &text).map_err(Wrong::new)?,
            Effect::Grant(add) => self.grant(option, value.as_deref(), add)?,
            Effect::Code => return Ok(Some((Script::Code(text), self.rest(option)))),
            Effect::Module => return Ok(Some((Script::Module(text), self.rest(option)))),
            Effect::Help(topic) => self.help = Some(topic),
            Effect::Version => self.versions += 1,
            Effect::Refused(why) => {
                return Err(Wrong::new(format!(
                    "the option {option} is not supported: {why}"
                )));
            }
            Effect::Own => self.check_value(flag, option, &text)?,
        }
        Ok(None)
    }

    fn grant(
        &mut self,
        option: &str,
        value: Option<&str>,
        add: fn(Permissions, Option<&str>) -> Permissions,
    ) -> Result<()> {
        if value == Some("") {
            return Err(Wrong::new(format!(
                "the option {option} grants nothing with an empty value; without '=' it grants all"
            )));
        }
        let granted = add(self.permissions.take().unwrap_or_default(), value);
        if let Some(mistake) = granted.mistakes().first() {
            return Err(Wrong::new(format!("{option}: {mistake}")));
        }
        self.permissions = Some(granted);
        Ok(())
    }

    fn check_value(&self, flag: &Flag, option: &str, text: &str) -> Result<()> {
        match flag.value {
            Some((_, Kind::Words(words))) => is_one_of(&format!("{option} is"), words, text),
            _ => Ok(()),
        }
    }

    /// `sys.argv` of a program that an option names.
    fn rest(&self, option: &str) -> Vec<OsString> {
        let rest = self.given[self.at..].iter().cloned();
        std::iter::once(option.into()).chain(rest).collect()
    }

    /// The run of what an option or the next argument names.
    fn run(self, decided: Decided) -> Result<Line> {
        let (script, arguments) = match (decided, self.peek()) {
            (Some((Script::Prompt, _)), _) => (Script::Prompt, vec![OsString::new()]),
            (Some(decided), _) => decided,
            (None, Some(word)) if word == "-" && !self.dashes => {
                (Script::Input, self.given[self.at..].to_vec())
            }
            (None, Some(file)) => (Script::File(file), self.given[self.at..].to_vec()),
            (None, None) => (Script::None, vec![OsString::new()]),
        };
        Ok(Line::Run(Box::new(Run {
            script,
            arguments,
            settings: self.settings,
            permissions: self.permissions,
        })))
    }

    /// The options and operands of a command, or what help about it was asked for.
    fn given(mut self, command: &'static Command) -> Result<(Option<Topic>, Given)> {
        let mut operands = Vec::new();
        while self.at < self.given.len() {
            self.options()?;
            if self.help.is_some() {
                return Ok((Some(Topic::Command(command.name)), Given::default()));
            }
            let end = if self.dashes {
                self.given.len()
            } else {
                (self.at + 1).min(self.given.len())
            };
            operands.extend_from_slice(&self.given[self.at..end]);
            self.at = end;
        }
        let (least, most, kind) = command.operands;
        if operands.len() < least {
            return Err(Wrong::new(format!(
                "{} is expected behind '{}'",
                command.usage, command.name
            )));
        }
        if let Some(extra) = operands.get(most) {
            let extra = extra.to_string_lossy();
            return Err(Wrong::new(format!(
                "'{extra}' is too much behind '{}'",
                command.name
            )));
        }
        if let Kind::Words(words) = kind {
            for operand in &operands {
                is_one_of(
                    &format!("'{}' knows", command.name),
                    words,
                    &operand.to_string_lossy(),
                )?;
            }
        }
        let named = self.seen.into_iter().map(|(option, value)| {
            let name = option.trim_start_matches('-');
            let flag = command.flags.iter().find(|flag| {
                flag.name == Some(name)
                    || flag.letter.is_some_and(|letter| name == letter.to_string())
            });
            let name = flag.and_then(|flag| flag.name).unwrap_or(name);
            (name.to_string(), value)
        });
        let flags = named.collect();
        Ok((None, Given { flags, operands }))
    }

    /// `hoop help COMMAND`
    fn help(self, command: &'static Command) -> Result<Line> {
        let (topic, given) = self.given(command)?;
        if let Some(topic) = topic {
            return Ok(Line::Help(topic));
        }
        let Some(word) = given.texts().next() else {
            return Ok(Line::Help(Topic::Main));
        };
        match table::command(&word) {
            Some(command) => Ok(Line::Help(Topic::Command(command.name))),
            None => {
                let mut wrong = Wrong::new(format!("there is no command '{word}'"));
                wrong.hint = like_command(&word).map(|name| format!("did you mean '{name}'?"));
                Err(wrong)
            }
        }
    }

    fn unknown(&self, option: &str) -> Wrong {
        let mut known: Vec<String> = self
            .table
            .iter()
            .filter_map(|flag| flag.name)
            .map(|name| format!("--{name}"))
            .collect();
        known.push("--help".into());
        let mut wrong = Wrong::new(format!("unknown option {option}"));
        let elsewhere = || {
            let mut flags = COMMANDS.iter().map(|command| (command, command.flags));
            flags.find(|(_, flags)| {
                flags
                    .iter()
                    .any(|flag| flag.name.is_some() && flag.name == option.strip_prefix("--"))
            })
        };
        wrong.hint = match (
            closest(option, known.iter().map(String::as_str)),
            elsewhere(),
        ) {
            (Some(name), _) => Some(format!("did you mean '{name}'?")),
            (None, Some((command, _))) => Some(format!(
                "'hoop {}' has that option, behind the word",
                command.name
            )),
            _ => None,
        };
        wrong
    }

    /// A letter that is no option may begin a long name with one dash too few.
    fn unknown_letter(&self, argument: &str, letter: char) -> Wrong {
        let mut wrong = Wrong::new(format!("unknown option -{letter}"));
        let name = argument
            .trim_start_matches('-')
            .split('=')
            .next()
            .unwrap_or("");
        let other_case = |c: char| {
            if c.is_uppercase() {
                c.to_ascii_lowercase()
            } else {
                c.to_ascii_uppercase()
            }
        };
        let swapped = other_case(letter);
        if name.len() > 2 && self.table.iter().any(|flag| flag.name == Some(name)) {
            wrong.hint = Some(format!("did you mean '--{name}'?"));
        } else if self
            .table
            .iter()
            .any(|flag| flag.letter == Some(swapped) && !flag.is_refused())
        {
            wrong.hint = Some(format!("did you mean '-{swapped}'?"));
        }
        wrong
    }
}

fn is_one_of(what: &str, words: &[&str], text: &str) -> Result<()> {
    if words.contains(&text) {
        return Ok(());
    }
    let mut wrong = Wrong::new(format!("{what} {}, not '{text}'", listed(words)));
    let near = closest(text, words.iter().copied());
    wrong.hint = near.map(|word| format!("did you mean '{word}'?"));
    Err(wrong)
}

/// `a, b or c`
fn listed(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

/// The command whose name is like this word.
pub fn like_command(word: &str) -> Option<&'static str> {
    closest(word, COMMANDS.iter().map(|command| command.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Line> {
        let given: Vec<OsString> = std::iter::once("hoop")
            .chain(text.split_whitespace())
            .map(OsString::from)
            .collect();
        read(&given)
    }

    fn run(text: &str) -> Run {
        match line(text) {
            Ok(Line::Run(run)) => *run,
            Ok(_) => panic!("{text} runs nothing"),
            Err(wrong) => panic!("{text}: {wrong:?}"),
        }
    }

    fn wrong(text: &str) -> (String, String) {
        match line(text) {
            Ok(_) => panic!("{text} is understood"),
            Err(wrong) => (wrong.message, wrong.hint.unwrap_or_default()),
        }
    }

    #[test]
    fn letters_stand_together_and_values_behind_them() {
        let found = run("-uOOWerror -Im unittest -W once");
        assert_eq!(found.script, Script::Module("unittest".into()));
        assert_eq!(found.arguments, ["-m", "-W", "once"]);
        let settings = found.settings;
        assert_eq!(settings.warnings, ["error"]);
        assert_eq!(settings.optimize, 2);
        assert!(settings.unbuffered && settings.isolated && settings.safe_path);
        let settings = run("-X dev -X a=1 -X a=2 x").settings;
        assert!(settings.dev_mode);
        assert_eq!(
            settings.extra,
            [("dev".into(), None), ("a".into(), Some("2".into()))]
        );
        assert_eq!(wrong("-Wx -z").0, "unknown option -z");
        assert_eq!(wrong("-X").0, "argument expected for the -X option");
    }

    #[test]
    fn a_file_keeps_the_arguments_behind_it() {
        for text in ["run.async -c --help", "run run.async -c --help"] {
            let found = run(text);
            assert_eq!(found.script, Script::File("run.async".into()));
            assert_eq!(found.arguments, ["run.async", "-c", "--help"]);
        }
        assert_eq!(run("-- dis x").script, Script::File("dis".into()));
        assert_eq!(run("./dis").script, Script::File("./dis".into()));
    }

    #[test]
    fn code_modules_and_input() {
        let found = run("-c pass a");
        assert_eq!(found.script, Script::Code("pass".into()));
        assert_eq!(found.arguments, ["-c", "a"]);
        let found = run("run -O -m unittest -v");
        assert_eq!(found.script, Script::Module("unittest".into()));
        assert_eq!(found.arguments, ["-m", "-v"]);
        assert_eq!(found.settings.optimize, 1);
        assert_eq!(run("- a").script, Script::Input);
        assert_eq!(run("-O").script, Script::None);
        assert_eq!(run("repl -q").script, Script::Prompt);
        wrong("-m");
        wrong("-c");
        wrong("run");
        wrong("repl x");
    }

    #[test]
    fn commands_read_what_stands_behind_them() {
        let tool = |text: &str| match line(text) {
            Ok(Line::Tool(_, given)) => given,
            _ => panic!("{text} is no command"),
        };
        assert_eq!(tool("dis x").operands, ["x"]);
        assert_eq!(
            tool("man --format markdown").value("format"),
            Some("markdown")
        );
        assert_eq!(tool("man --format=roff").value("format"), Some("roff"));
        assert_eq!(tool("man").value("format"), None);
        assert_eq!(tool("dis -- -x").operands, ["-x"]);
        assert_eq!(wrong("dis").0, "FILE is expected behind 'dis'");
        assert_eq!(wrong("dis a b").0, "'b' is too much behind 'dis'");
        assert_eq!(
            wrong("-O dis a").0,
            "the option -O is for running a script, not for 'dis'"
        );
        assert_eq!(
            wrong("completions bahs"),
            (
                "'completions' knows bash, zsh or fish, not 'bahs'".into(),
                "did you mean 'bash'?".into()
            )
        );
        let topics = [
            "help run",
            "run --help",
            "run -h",
            "repl -?",
            "dis x --help",
        ];
        for text in topics {
            let Ok(Line::Help(Topic::Command(_))) = line(text) else {
                panic!("{text} is no help")
            };
        }
        assert_eq!(wrong("help dsi").1, "did you mean 'dis'?");
    }

    #[test]
    fn what_is_mistyped_is_guessed() {
        assert_eq!(wrong("--tracebak=fancy x").1, "did you mean '--traceback'?");
        assert_eq!(wrong("-w x").1, "did you mean '-W'?");
        assert_eq!(wrong("-traceback=fancy x").1, "did you mean '--traceback'?");
        assert_eq!(
            wrong("--format=json x").1,
            "'hoop check' has that option, behind the word"
        );
        assert_eq!(
            wrong("--traceback=bold x").0,
            "--traceback is python or fancy, not 'bold'"
        );
        assert_eq!(wrong("--help=x").0, "the option --help takes no value");
        assert!(
            wrong("-X importtime x")
                .0
                .starts_with("the option -X importtime is not supported: ")
        );
        assert!(
            wrong("-b x")
                .0
                .starts_with("the option -b is not supported: ")
        );
    }

    #[test]
    fn every_option_and_command_has_one_name() {
        let mut names: Vec<String> = Vec::new();
        for flag in OPTIONS {
            assert!(flag.is_refused() || !flag.help.is_empty());
            names.extend(flag.letter.map(String::from));
            names.extend(flag.name.map(|name| format!("--{name}")));
        }
        names.extend(COMMANDS.iter().map(|command| command.name.to_string()));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
