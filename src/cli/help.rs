//! The text of `--help`, from the table.

use super::table::{self, Act, COMMANDS, EXTRAS, Flag, OPTIONS, STATUSES, Topic, VARIABLES};

/// What stands in front of what an option does.
const COLUMN: usize = 20;
/// So wide are lines of help at most.
const WIDTH: usize = 90;

/// The help about a topic.
pub fn text(topic: Topic) -> String {
    match topic {
        Topic::Main => main(),
        Topic::Extra => extras(),
        Topic::Variables => variables(),
        Topic::All => format!("{}\n{}\n{}\n{}", main(), extras(), variables(), statuses()),
        Topic::Command(name) => command(name),
    }
}

/// The ways to call the program.
pub const WAYS: &[(&str, &str)] = &[
    ("hoop", "a prompt at which one may await"),
    ("hoop [option...] FILE [ARG...]", "run a file"),
    ("hoop [option...] -c CODE [ARG...]", "run a text"),
    (
        "hoop [option...] -m MODULE [ARG...]",
        "run a module, as -m unittest",
    ),
    ("hoop [option...] - [ARG...]", "run standard input"),
    ("hoop COMMAND ...", "do something else"),
];

fn main() -> String {
    let mut out = String::new();
    for (i, (way, what)) in WAYS.iter().enumerate() {
        let lead = if i == 0 { "usage:" } else { "" };
        out.push_str(&format!("{lead:7}{way:38}{what}\n"));
    }
    out.push_str("\ncommands ('hoop help COMMAND' tells more):\n");
    for command in COMMANDS {
        row(&mut out, command.name, command.help);
    }
    out.push_str("\noptions of a run, as those of CPython:\n");
    push_flags(&mut out, OPTIONS);
    out.push_str(
        "\n'hoop --help-all' lists the environment variables and the exit statuses too.\n",
    );
    out
}

fn push_flags(out: &mut String, flags: &[Flag]) {
    for flag in flags.iter().filter(|flag| !flag.is_refused()) {
        row(out, &flag.heading(), flag.help);
    }
}

fn extras() -> String {
    let mut out = String::from("options -X:\n");
    for extra in EXTRAS {
        if let Ok(help) = extra.help {
            row(&mut out, &format!("{}{}", extra.name, extra.value), help);
        }
    }
    out.push_str("Any other is shown to the script in sys._xoptions and does nothing.\n");
    out
}

fn variables() -> String {
    let mut out = String::from("the environment:\n");
    for (name, help) in VARIABLES {
        row(&mut out, name, help);
    }
    out
}

fn statuses() -> String {
    let mut out = String::from("the exit status:\n");
    for (status, help) in STATUSES {
        row(&mut out, status, help);
    }
    out
}

fn command(name: &str) -> String {
    let Some(command) = table::command(name) else {
        return main();
    };
    let mut out = format!("usage: hoop {name} {}\n\n", command.usage);
    let mut help = command.help.chars();
    if let Some(first) = help.next() {
        out.push_str(&format!("{}{}.\n", first.to_uppercase(), help.as_str()));
    }
    if !command.more.is_empty() {
        out.push_str(&format!("\n{}\n", command.more));
    }
    if !command.flags.is_empty() && !matches!(command.act, Act::Prompt) {
        out.push_str("\noptions:\n");
        push_flags(&mut out, command.flags);
    }
    out
}

/// A name and what it does, in two columns.
fn row(out: &mut String, name: &str, help: &str) {
    let mut line = format!("  {name:COLUMN$}");
    if name.len() >= COLUMN {
        out.push_str(line.trim_end());
        out.push('\n');
        line = " ".repeat(COLUMN + 2);
    }
    let mut words = 0;
    for word in help.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && words > 0 {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(COLUMN + 2);
            words = 0;
        }
        if words > 0 {
            line.push(' ');
        }
        line.push_str(word);
        words += 1;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
