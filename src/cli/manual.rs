//! `hoop man`: the manual page, for man and for docs/cli.md, from the table.

use super::arguments::Given;
use super::help::WAYS;
use super::table::{Act, COMMANDS, EXTRAS, Flag, OPTIONS, STATUSES, VARIABLES};

/// How the page can be written.
pub const FORMATS: &[&str] = &["roff", "markdown"];

/// `hoop man`
pub fn command(given: &Given) -> u8 {
    super::say(&match given.value("format") {
        Some("markdown") => markdown(),
        _ => roff(),
    })
}

/// A text for roff: nothing in it is a request or an escape.
fn plain(text: &str) -> String {
    let text = text.replace('\\', r"\e").replace('-', r"\-");
    match text.starts_with(['.', '\'']) {
        true => format!(r"\&{text}"),
        false => text,
    }
}

/// A word in bold face.
fn bold(text: &str) -> String {
    format!(r"\fB{}\fR", plain(text))
}

/// A paragraph with a tag.
fn tagged(out: &mut String, tag: &str, text: &str) {
    out.push_str(&format!(".TP\n{}\n{}\n", bold(tag), plain(text)));
}

fn roff_flags(out: &mut String, flags: &[Flag]) {
    for flag in flags.iter().filter(|flag| !flag.is_refused()) {
        tagged(out, &flag.heading(), flag.help);
    }
}

fn roff() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = format!(
        ".TH HOOP 1 \"\" \"hoop {version}\" \"User Commands\"\n.SH NAME\nhoop \\- interpreter for async scripts in Python's syntax\n.SH SYNOPSIS\n"
    );
    for (way, _) in WAYS {
        out.push_str(&format!("{}\n.br\n", bold(way)));
    }
    out.push_str(".SH DESCRIPTION\n");
    out.push_str(&plain(
        "hoop runs scripts in the language of Python 3.13 at whose top level one may await. Without a script it is a prompt, if standard input is a terminal, and runs standard input if it is none.",
    ));
    out.push_str("\n.SH COMMANDS\n");
    for command in COMMANDS {
        let call = format!("hoop {} {}", command.name, command.usage);
        tagged(&mut out, call.trim_end(), command.help);
        if !command.more.is_empty() {
            out.push_str(".RS\n.nf\n");
            for line in command.more.lines() {
                out.push_str(&format!("{}\n", plain(line)));
            }
            out.push_str(".fi\n.RE\n");
        }
        if matches!(command.act, Act::Tool(_)) && !command.flags.is_empty() {
            out.push_str(".RS\n");
            roff_flags(&mut out, command.flags);
            out.push_str(".RE\n");
        }
    }
    out.push_str(".SH OPTIONS\n");
    roff_flags(&mut out, OPTIONS);
    out.push_str(".SH OPTIONS OF \\-X\n");
    for extra in EXTRAS {
        if let Ok(help) = extra.help {
            tagged(&mut out, &format!("{}{}", extra.name, extra.value), help);
        }
    }
    out.push_str(".SH ENVIRONMENT\n");
    for (name, help) in VARIABLES {
        tagged(&mut out, name, help);
    }
    out.push_str(".SH EXIT STATUS\n");
    for (status, help) in STATUSES {
        tagged(&mut out, status, help);
    }
    out
}

/// A row of a table in markdown.
fn row(out: &mut String, name: &str, help: &str) {
    let cell = |text: &str| text.replace('|', r"\|");
    out.push_str(&format!("| `{}` | {} |\n", cell(name), cell(help)));
}

fn heading(out: &mut String, title: &str, columns: &str) {
    out.push_str(&format!("\n## {title}\n\n{columns}\n|---|---|\n"));
}

fn markdown() -> String {
    let mut out = String::new();
    heading(&mut out, "Commands", "| command | what it does |");
    for (way, what) in &WAYS[..WAYS.len() - 1] {
        row(&mut out, way, what);
    }
    for command in COMMANDS {
        let call = format!("hoop {} {}", command.name, command.usage);
        row(&mut out, call.trim_end(), command.help);
    }
    for command in COMMANDS {
        if matches!(command.act, Act::Tool(_)) && !command.flags.is_empty() {
            let title = format!("Options of `hoop {}`", command.name);
            heading(&mut out, &title, "| option | what it does |");
            for flag in command.flags {
                row(&mut out, &flag.heading(), flag.help);
            }
        }
    }
    heading(&mut out, "Options of a run", "| option | what it does |");
    for flag in OPTIONS.iter().filter(|flag| !flag.is_refused()) {
        row(&mut out, &flag.heading(), flag.help);
    }
    heading(&mut out, "Options `-X`", "| option | what it does |");
    for extra in EXTRAS {
        if let Ok(help) = extra.help {
            row(&mut out, &format!("-X {}{}", extra.name, extra.value), help);
        }
    }
    heading(
        &mut out,
        "Options of CPython that are refused",
        "| option | why |",
    );
    for flag in OPTIONS {
        if let super::table::Effect::Refused(why) = flag.effect {
            row(&mut out, &flag.heading(), why);
        }
    }
    for extra in EXTRAS {
        if let Err(why) = extra.help {
            row(&mut out, &format!("-X {}", extra.name), why);
        }
    }
    heading(&mut out, "The environment", "| variable | what it does |");
    for (name, help) in VARIABLES {
        row(&mut out, name, help);
    }
    heading(&mut out, "The exit status", "| status | when |");
    for (status, help) in STATUSES {
        row(&mut out, status, help);
    }
    out
}
