//! The one table of commands and options. Help, completions, the manual page, docs/cli.md and the
//! hints for what is mistyped all come from it.
//!
//! A new command is a line in [`COMMANDS`]: its name, what stands behind it, its options and the
//! function that does it.

use super::arguments::Given;
use crate::host::{Permissions, Settings, TracebackStyle};

/// What an option does to the run of a script; options of other commands are read by those.
#[derive(Clone, Copy)]
pub enum Effect {
    /// It changes how the interpreter is.
    Set(fn(&mut Settings)),
    /// The same by its value.
    Take(fn(&mut Settings, &str) -> Result<(), String>),
    /// It puts the script under a sandbox, and grants something there. Its value may be left out.
    Grant(fn(Permissions, Option<&str>) -> Permissions),
    /// Its value is the program.
    Code,
    /// Its value names the module that is the program.
    Module,
    Help(Topic),
    Version,
    /// CPython has it, and it cannot be done here: why.
    Refused(&'static str),
    /// The command asks for it by its name.
    Own,
}

/// What help is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Commands and options.
    Main,
    /// The options `-X`.
    Extra,
    /// The variables of the environment.
    Variables,
    /// All of these.
    All,
    /// A command, by its place in the table.
    Command(&'static str),
}

/// What may stand at a place, for completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A script, or a folder.
    File,
    Module,
    /// The number of a process.
    Process,
    Words(&'static [&'static str]),
    /// The name of a command.
    Command,
}

/// An option.
pub struct Flag {
    pub letter: Option<char>,
    pub name: Option<&'static str>,
    /// The name of its value in help, and what that may be.
    pub value: Option<(&'static str, Kind)>,
    pub help: &'static str,
    pub effect: Effect,
}

impl Flag {
    /// `-W FILTER`, `-h, --help`, `--traceback=STYLE`
    pub fn heading(&self) -> String {
        let mut out = String::new();
        if let Some(letter) = self.letter {
            out = format!("-{letter}");
        }
        if let Some(name) = self.name {
            let comma = if out.is_empty() { "" } else { ", " };
            out = format!("{out}{comma}--{name}");
        }
        match self.value {
            Some((value, _)) if self.may_lack_value() => format!("{out}[={value}]"),
            Some((value, _)) if self.name.is_some() => format!("{out}={value}"),
            Some((value, _)) => format!("{out} {value}"),
            None => out,
        }
    }

    /// True for an option that stands for more without its value.
    pub fn may_lack_value(&self) -> bool {
        matches!(self.effect, Effect::Grant(_)) && self.value.is_some()
    }

    /// True for an option that is there to be refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.effect, Effect::Refused(_))
    }
}

/// What a command does.
#[derive(Clone, Copy)]
pub enum Act {
    /// Runs a script, as without a command.
    Run,
    /// The prompt.
    Prompt,
    Help,
    /// Gets its options and what stands behind them, and answers with the exit status.
    Tool(fn(&Given) -> u8),
}

/// A command.
pub struct Command {
    pub name: &'static str,
    /// What stands behind its name.
    pub usage: &'static str,
    pub help: &'static str,
    /// What else there is to say, in lines of at most 90 characters.
    pub more: &'static str,
    pub flags: &'static [Flag],
    /// What it is about: so many of them at least and at most.
    pub operands: (usize, usize, Kind),
    pub act: Act,
}

/// As many as one likes.
pub const ANY: usize = usize::MAX;

/// The commands. `check`, `ps` and the like are added here.
pub static COMMANDS: &[Command] = &[
    Command {
        name: "run",
        usage: "[option...] FILE | -c CODE | -m MODULE | - [ARG...]",
        help: "run a script; the word may be left out",
        more: "The options are those of hoop without a command. What stands behind the script is for the script.",
        flags: OPTIONS,
        operands: (0, ANY, Kind::File),
        act: Act::Run,
    },
    Command {
        name: "repl",
        usage: "[option...]",
        help: "a prompt at which one may await",
        more: "The options are those of hoop without a command. hoop alone is the same, on a terminal.",
        flags: OPTIONS,
        operands: (0, 0, Kind::Text),
        act: Act::Prompt,
    },
    Command {
        name: "check",
        usage: "[option...] FILE...",
        help: "say what is wrong in files, without running them",
        more: "\
Of folders all files that end in .async and .py are read; - is standard input. A comment
'# noqa: ID' silences a rule on its line, '# noqa' all of them. The status is 0 if nothing was
found, 1 if something was, and 2 if a file could not be read.",
        flags: super::check::FLAGS,
        operands: (0, ANY, Kind::File),
        act: Act::Tool(super::check::command),
    },
    Command {
        name: "ps",
        usage: "PID",
        help: "show the tasks and threads of a running hoop, a line for each",
        more: "Each with its state, the line where it stands, what it waits for and who awaits it.\n\
               The process goes on undisturbed. It must be yours; it is asked by SIGQUIT and answers\n\
               by a socket of your own.",
        flags: &[],
        operands: (1, 1, Kind::Process),
        act: Act::Tool(super::processes::table),
    },
    Command {
        name: "pstree",
        usage: "PID",
        help: "show the tasks of a running hoop as a tree, by who awaits whom",
        more: "Below each thread the tasks of its loop, with the lines where they stand. SIGQUIT (Ctrl-\\)\n\
               has a hoop write the same to its standard error.",
        flags: &[],
        operands: (1, 1, Kind::Process),
        act: Act::Tool(super::processes::tree),
    },
    Command {
        name: "dis",
        usage: "FILE",
        help: "show the code that a file is compiled to",
        more: "",
        flags: &[],
        operands: (1, 1, Kind::File),
        act: Act::Tool(super::disassemble),
    },
    Command {
        name: "completions",
        usage: "bash | zsh | fish",
        help: "print what completes commands and options in a shell",
        more: "\
bash:  hoop completions bash > ~/.local/share/bash-completion/completions/hoop
zsh:   hoop completions zsh > _hoop   (in a folder of $fpath)
fish:  hoop completions fish > ~/.config/fish/completions/hoop.fish",
        flags: &[],
        operands: (1, 1, Kind::Words(super::completions::SHELLS)),
        act: Act::Tool(super::completions::command),
    },
    Command {
        name: "man",
        usage: "[--format=roff|markdown]",
        help: "print the manual page",
        more: "To read it: hoop man | man -l -",
        flags: &[Flag {
            letter: None,
            name: Some("format"),
            value: Some(("FORMAT", Kind::Words(super::manual::FORMATS))),
            help: "how it is written: roff or markdown",
            effect: Effect::Own,
        }],
        operands: (0, 0, Kind::Text),
        act: Act::Tool(super::manual::command),
    },
    Command {
        name: "help",
        usage: "[COMMAND]",
        help: "tell about hoop, or about a command",
        more: "",
        flags: &[],
        operands: (0, 1, Kind::Command),
        act: Act::Help,
    },
];

/// The command of this name.
pub fn command(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

const fn switch(letter: char, help: &'static str, set: fn(&mut Settings)) -> Flag {
    Flag {
        letter: Some(letter),
        name: None,
        value: None,
        help,
        effect: Effect::Set(set),
    }
}

const fn refused(letter: char, help: &'static str, why: &'static str) -> Flag {
    Flag {
        letter: Some(letter),
        name: None,
        value: None,
        help,
        effect: Effect::Refused(why),
    }
}

const fn grant(
    name: &'static str,
    value: Option<(&'static str, Kind)>,
    help: &'static str,
    add: fn(Permissions, Option<&str>) -> Permissions,
) -> Flag {
    Flag {
        letter: None,
        name: Some(name),
        value,
        help,
        effect: Effect::Grant(add),
    }
}

/// Grants each of what stands between commas, or all there is.
fn each(
    granted: Permissions,
    value: Option<&str>,
    all: fn(Permissions) -> Permissions,
    one: fn(Permissions, &str) -> Permissions,
) -> Permissions {
    let Some(value) = value else {
        return all(granted);
    };
    let parts = value.split(',').filter(|part| !part.is_empty());
    parts.fold(granted, one)
}

const fn topic(name: &'static str, help: &'static str, topic: Topic) -> Flag {
    Flag {
        letter: None,
        name: Some(name),
        value: None,
        help,
        effect: Effect::Help(topic),
    }
}

/// The options of a run, which are CPython's but for those with long names.
pub static OPTIONS: &[Flag] = &[
    Flag {
        letter: Some('c'),
        name: None,
        value: Some(("CODE", Kind::Text)),
        help: "run this text; what follows is for it",
        effect: Effect::Code,
    },
    Flag {
        letter: Some('m'),
        name: None,
        value: Some(("MODULE", Kind::Module)),
        help: "run this module, found as an import finds it; what follows is for it",
        effect: Effect::Module,
    },
    switch('B', "nothing: no compiled files are ever written", |_| {}),
    switch(
        'E',
        "ignore the environment variables that steer the interpreter",
        |s| {
            s.ignore_environment = true;
        },
    ),
    switch('I', "isolated: as -E, -P and -s", |s| {
        s.isolated = true;
        s.ignore_environment = true;
        s.no_user_site = true;
        s.safe_path = true;
    }),
    switch(
        'i',
        "the prompt behind the script, with its names; also where standard input is no terminal",
        |s| s.inspect = true,
    ),
    switch('O', "leave out assert; twice: docstrings too", |s| {
        s.optimize = (s.optimize + 1).min(2);
    }),
    switch('P', "do not look for modules beside the script", |s| {
        s.safe_path = true
    }),
    switch('q', "no banner at the prompt", |s| s.quiet = true),
    switch(
        's',
        "nothing: there is no folder of the user's own modules",
        |s| {
            s.no_user_site = true;
        },
    ),
    switch('S', "nothing: there is no module 'site'", |s| {
        s.no_site = true
    }),
    switch('u', "write output at once", |s| s.unbuffered = true),
    switch(
        'v',
        "tell where each import comes from; tracebacks show the library too",
        |s| s.verbose = s.verbose.saturating_add(1),
    ),
    Flag {
        letter: Some('W'),
        name: None,
        value: Some(("FILTER", Kind::Text)),
        help: "a filter of warnings: action:message:category:module:line",
        effect: Effect::Take(|s, value| {
            s.warnings.push(value.to_string());
            Ok(())
        }),
    },
    switch('x', "skip the first line of the script", |s| {
        s.skip_first_line = true
    }),
    Flag {
        letter: Some('X'),
        name: None,
        value: Some(("NAME", Kind::Text)),
        help: "an option of this implementation; --help-xoptions lists them",
        effect: Effect::Take(take_extra),
    },
    Flag {
        letter: None,
        name: Some("traceback"),
        value: Some(("STYLE", Kind::Words(STYLES))),
        help: "how an uncaught exception is told: python (in CPython's words) or fancy (with pictures, as on a terminal)",
        effect: Effect::Take(take_style),
    },
    grant(
        "sandbox",
        None,
        "grant nothing but what --allow-* grants; each of those means --sandbox too",
        |granted, _| granted,
    ),
    grant(
        "allow-read",
        Some(("PATH,..", Kind::File)),
        "let the script read these files and folders; without PATH: all",
        |granted, value| each(granted, value, Permissions::read_any, |g, p| g.read(p)),
    ),
    grant(
        "allow-write",
        Some(("PATH,..", Kind::File)),
        "let the script make, change and remove these files, and what is in these folders; without PATH: all",
        |granted, value| each(granted, value, Permissions::write_any, |g, p| g.write(p)),
    ),
    grant(
        "allow-net",
        Some(("HOST,..", Kind::Text)),
        "let the script connect to and listen at these, as HOST, HOST:PORT, *.HOST or ADDRESS/BITS; without HOST: all",
        |granted, value| each(granted, value, Permissions::net_any, |g, p| g.net(p)),
    ),
    grant(
        "allow-run",
        Some(("PROGRAM,..", Kind::File)),
        "let the script start these programs, which are under no sandbox; without PROGRAM: all, and signals",
        |granted, value| each(granted, value, Permissions::run_any, |g, p| g.run(p)),
    ),
    grant(
        "allow-env",
        Some(("NAME,..", Kind::Text)),
        "let the script see these variables of the environment; without NAME: all",
        |granted, value| each(granted, value, Permissions::env_any, |g, p| g.env(p)),
    ),
    Flag {
        letter: Some('h'),
        name: Some("help"),
        value: None,
        help: "this text (also -?)",
        effect: Effect::Help(Topic::Main),
    },
    topic("help-env", "the environment variables", Topic::Variables),
    topic("help-xoptions", "the options -X", Topic::Extra),
    topic("help-all", "all of these", Topic::All),
    Flag {
        letter: Some('V'),
        name: Some("version"),
        value: None,
        help: "the version; twice: more about the build",
        effect: Effect::Version,
    },
    refused(
        'b',
        "",
        "comparisons of bytes with text are not warned about here",
    ),
    refused('d', "", "the parser has no debugging output here"),
    refused(
        'R',
        "",
        "hashes are random unless PYTHONHASHSEED says otherwise",
    ),
    Flag {
        letter: None,
        name: Some("check-hash-based-pycs"),
        value: Some(("MODE", Kind::Text)),
        help: "",
        effect: Effect::Refused("there are no compiled files here"),
    },
];

/// What `--traceback` may be.
const STYLES: &[&str] = &["fancy", "python"];

fn take_style(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.traceback = match value {
        "python" => TracebackStyle::Python,
        "fancy" => TracebackStyle::Fancy,
        _ => return Err(format!("--traceback is python or fancy, not '{value}'")),
    };
    Ok(())
}

/// An option `-X`: its name, its value, what it does; or why it is refused.
pub struct Extra {
    pub name: &'static str,
    pub value: &'static str,
    pub help: Result<&'static str, &'static str>,
}

const fn extra(name: &'static str, value: &'static str, help: &'static str) -> Extra {
    Extra {
        name,
        value,
        help: Ok(help),
    }
}

const fn no_extra(name: &'static str, why: &'static str) -> Extra {
    Extra {
        name,
        value: "",
        help: Err(why),
    }
}

/// The options `-X` that mean something. Others are only shown to the script, in `sys._xoptions`.
pub static EXTRAS: &[Extra] = &[
    extra(
        "dev",
        "",
        "development mode: all warnings, asyncio's debug mode",
    ),
    extra(
        "faulthandler",
        "",
        "accepted; no fault of the machine is shown",
    ),
    extra("utf8", "=1", "text is UTF-8, as it always is here"),
    extra(
        "virtual_time",
        "",
        "time stands still while anything runs, and jumps to the next deadline when nothing can",
    ),
    no_extra("cpu_count", "os.cpu_count() tells what there is"),
    no_extra("frozen_modules", "the library is part of the program"),
    no_extra("gil", "there is no such lock here"),
    no_extra("importtime", "the time of imports is not measured here"),
    no_extra(
        "int_max_str_digits",
        "call sys.set_int_max_str_digits() instead",
    ),
    no_extra(
        "no_debug_ranges",
        "the places in tracebacks cost nothing to keep",
    ),
    no_extra("perf", "there is no support for perf here"),
    no_extra("perf_jit", "there is no support for perf here"),
    no_extra("presite", "there is no module 'site' here"),
    no_extra("pycache_prefix", "no compiled files are ever written"),
    no_extra("showrefcount", "references are not counted in all here"),
    no_extra("tracemalloc", "allocations are not traced here"),
    no_extra("warn_default_encoding", "text is always UTF-8 here"),
];

fn take_extra(settings: &mut Settings, text: &str) -> Result<(), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if let Some(known) = EXTRAS.iter().find(|extra| extra.name == name) {
        if let Err(why) = known.help {
            return Err(format!("the option -X {name} is not supported: {why}"));
        }
        if name == "utf8" && !matches!(value, "" | "1") {
            return Err("-X utf8 can only be 1: text is always UTF-8 here".into());
        }
    }
    settings.add_extra(text);
    Ok(())
}

/// The variables of the environment that steer the interpreter.
pub static VARIABLES: &[(&str, &str)] = &[
    (
        "HOOPPATH",
        "folders, with ':' between them, in which modules are looked for after the script's own",
    ),
    ("PYTHONASYNCIODEBUG", "not empty: asyncio's debug mode"),
    ("PYTHON_COLORS", "1: reports are coloured, 0: they are not"),
    ("PYTHONBREAKPOINT", "what breakpoint() calls; 0: nothing"),
    ("PYTHONDEVMODE", "not empty: as -X dev"),
    (
        "PYTHONHASHSEED",
        "a number that fixes the hashes of strings, or 'random'",
    ),
    ("PYTHONINSPECT", "not empty: as -i; a script may set it"),
    (
        "HOOPHISTORY",
        "the file that remembers what is typed at the prompt; else ~/.hoop_history",
    ),
    ("PYTHONSTARTUP", "a file that is run before the prompt"),
    ("PYTHONOPTIMIZE", "as -O; a number: as so many"),
    ("PYTHONSAFEPATH", "not empty: as -P"),
    (
        "PYTHONTZPATH",
        "folders in which zoneinfo looks for time zones",
    ),
    ("PYTHONUNBUFFERED", "not empty: as -u"),
    ("PYTHONVERBOSE", "as -v; a number: as so many"),
    ("PYTHONWARNINGS", "filters as of -W, with ',' between them"),
    ("NO_COLOR", "not empty: nothing is coloured"),
    (
        "FORCE_COLOR",
        "not empty: colours even where there is no terminal",
    ),
    ("TERM", "'dumb': nothing is coloured"),
];

/// What the exit statuses mean.
pub static STATUSES: &[(&str, &str)] = &[
    ("0", "the script came to its end"),
    (
        "1",
        "an exception that nobody caught, sys.exit() with a text, a module for -m that is not there",
    ),
    (
        "2",
        "the command line is wrong, or the script cannot be read",
    ),
    (
        "70",
        "deadlock: nothing could ever wake what still waits, and who waits for whom was told",
    ),
    ("120", "output could not be written at the end"),
    ("130", "ended by Ctrl-C (KeyboardInterrupt)"),
    (
        "other",
        "what the script gave to sys.exit(), modulo 256; of a script that a signal ended, what the shell makes of it",
    ),
];
