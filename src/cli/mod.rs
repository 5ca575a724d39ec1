//! The program `hoop`: it reads its arguments and has an engine run what they name.

mod arguments;

use std::ffi::OsString;

use crate::engine::{Engine, Exit, Mode, Program, Request, loader};
use crate::host::{Buffering, Host, Settings, process_arguments};
use arguments::{Action, Command, USAGE};

/// Runs the program and answers with its exit status.
pub fn main() -> u8 {
    let given = process_arguments();
    let Command {
        action,
        arguments: script_arguments,
        settings,
    } = match arguments::read(&given) {
        Ok(command) => command,
        Err(message) => {
            return complain(&format!(
                "hoop: {message}\nTry 'hoop --help' for more information.\n"
            ));
        }
    };
    match action {
        Action::Version => say(&format!("hoop {}\n", env!("CARGO_PKG_VERSION"))),
        Action::Help => say(USAGE),
        Action::Interactive => interactive(settings),
        Action::Disassemble(path) => disassemble(&path),
        Action::Code(text) => {
            let mut engine = engine(script_arguments, settings);
            let text = if text.ends_with('\n') {
                text
            } else {
                text + "\n"
            };
            finish(engine.run_source(&text, "<string>"))
        }
        Action::Module(name) => finish(engine(script_arguments, settings).run_module(&name)),
        Action::Input => {
            let mut engine = engine(script_arguments, settings);
            match engine.read_input() {
                Ok(text) => {
                    let program = Program {
                        text: &text,
                        name: "<stdin>",
                        file: None,
                        folder: Some(""),
                    };
                    finish(engine.run(&program))
                }
                Err(error) => complain(&format!("hoop: cannot read standard input: {error}\n")),
            }
        }
        Action::File(path) => {
            let mut engine = engine(script_arguments, settings);
            match engine.run_file(&path) {
                Ok(exit) => finish(exit),
                Err(error) => cannot_open(&path, &error),
            }
        }
    }
}

fn engine(arguments: Vec<OsString>, mut settings: Settings) -> Engine {
    let mut host = Host::system(arguments);
    settings.add_variables(&host.environment);
    if settings.unbuffered {
        host.stdio.output.set_buffering(Buffering::None);
        host.stdio.error.set_buffering(Buffering::None);
    }
    if settings.has_extra("virtual_time") {
        host.simulate_time();
    }
    host.environment.settings = settings;
    host.descriptors.take_inherited();
    host.environment.set_runs_scripts();
    let mut engine = Engine::new(host);
    engine.take_interrupts();
    engine
}

fn finish(exit: Exit) -> u8 {
    (exit.status & 0xFF) as u8
}

fn cannot_open(path: &str, error: &crate::host::HostError) -> u8 {
    complain(&format!(
        "hoop: can't open file '{path}': [Errno {}] {}\n",
        error.errno,
        error.message()
    ))
}

/// Without arguments: a prompt on a terminal, else what is piped in.
fn interactive(settings: Settings) -> u8 {
    let host = Host::system(vec![OsString::from("")]);
    if host.stdio.lock_input().is_terminal() {
        drop(host);
        return finish(engine(vec![OsString::from("")], settings).run_module("asyncio"));
    }
    drop(host);
    let mut engine = engine(vec![OsString::from("")], settings);
    match engine.read_input() {
        Ok(text) => {
            let program = Program {
                text: &text,
                name: "<stdin>",
                file: None,
                folder: Some(""),
            };
            finish(engine.run(&program))
        }
        Err(error) => complain(&format!("hoop: cannot read standard input: {error}\n")),
    }
}

/// `hoop dis FILE`
fn disassemble(path: &str) -> u8 {
    let host = Host::system(Vec::new());
    let text = match host.files.read_file(std::path::Path::new(path)) {
        Ok(text) => text,
        Err(error) => return cannot_open(path, &error),
    };
    let request = Request {
        text: &text,
        name: path,
        mode: Mode::File,
        top_level_await: true,
        hidden: false,
        optimize: 0,
        from_tree: false,
    };
    match loader::compile(&request) {
        Ok((code, _)) => say(&crate::bytecode::disassemble(&code)),
        Err(fault) => {
            let (line, column, ..) = fault.place;
            complain_with(
                &format!(
                    "{path}:{line}:{column}: {}: {}\n",
                    fault.class, fault.message
                ),
                1,
            )
        }
    }
}

fn say(text: &str) -> u8 {
    let mut stdio = crate::host::Stdio::system();
    let done = stdio
        .output
        .write(text.as_bytes())
        .and_then(|()| stdio.output.flush());
    if done.is_ok() { 0 } else { 120 }
}

fn complain(text: &str) -> u8 {
    complain_with(text, 2)
}

fn complain_with(text: &str, status: u8) -> u8 {
    let mut stdio = crate::host::Stdio::system();
    // There is nowhere left to say that standard error is broken.
    let _ = stdio
        .error
        .write(text.as_bytes())
        .and_then(|()| stdio.error.flush());
    status
}
