//! The program `hoop`: it reads its arguments and has an engine run what they name.

mod arguments;
pub mod check;
mod completions;
mod help;
mod manual;
mod missing;
mod processes;
#[cfg(feature = "terminal")]
mod prompt;
mod similar;
mod table;

use std::ffi::OsString;

use crate::engine::{Engine, Exit, Mode, Program, Request, loader};
use crate::host::{Buffering, Environment, Host, Permissions, Settings, Stdio, process_arguments};
use arguments::{Given, Line, Run, Script, Wrong};

/// Runs the program and answers with its exit status.
pub fn main() -> u8 {
    match arguments::read(&process_arguments()) {
        Ok(Line::Run(run)) => run_script(*run),
        Ok(Line::Tool(tool, given)) => tool(&given),
        Ok(Line::Help(topic)) => say(&help::text(topic)),
        Ok(Line::Version(times)) => say(&version(times)),
        Err(wrong) => refuse(&wrong),
    }
}

/// `hoop --version`, and `hoop -VV`.
fn version(times: usize) -> String {
    let number = env!("CARGO_PKG_VERSION");
    if times < 2 {
        return format!("hoop {number}\n");
    }
    let environment = Host::system(Vec::new()).environment;
    let (platform, machine) = (environment.platform(), environment.machine());
    format!("hoop {number} (the language of Python 3.13, {machine}-{platform})\n")
}

/// Says what is wrong with the command line.
fn refuse(wrong: &Wrong) -> u8 {
    let mut text = format!("hoop: {}\n", wrong.message);
    if let Some(hint) = &wrong.hint {
        text.push_str(&format!("help: {hint}\n"));
    }
    match wrong.command {
        Some(command) => text.push_str(&format!(
            "Try 'hoop help {command}' for more information.\n"
        )),
        None => text.push_str("Try 'hoop --help' for more information.\n"),
    }
    complain(&text)
}

/// Whether somebody types what the program reads.
fn types_at_terminal() -> bool {
    Host::system(Vec::new()).stdio.lock_input().is_terminal()
}

/// Runs what the command line names, or has the prompt run.
fn run_script(run: Run) -> u8 {
    let Run {
        script,
        arguments,
        settings,
        permissions,
    } = run;
    let asks = settings.inspect;
    let world = World {
        arguments,
        settings,
        permissions,
    };
    let folder = match &script {
        Script::File(path) => Some(path.clone()),
        _ => None,
    };
    let engine = || engine(world, folder.as_deref());
    match script {
        Script::Prompt => finish(engine().run_prompt()),
        Script::None if asks || types_at_terminal() => finish(engine().run_prompt()),
        Script::None | Script::Input => run_input(&mut engine()),
        Script::Code(text) => {
            let text = match text.ends_with('\n') {
                true => text,
                false => text + "\n",
            };
            finish(engine().run_source(&text, "<string>"))
        }
        Script::Module(name) if name == "asyncio" && types_at_terminal() => {
            finish(engine().run_prompt())
        }
        Script::Module(name) => finish(engine().run_module(&name)),
        Script::File(path) => {
            let mut engine = engine();
            let error = match engine.run_file(&path) {
                Ok(exit) => return finish(exit),
                Err(error) => error,
            };
            let status = cannot_run(&path, &error);
            match engine.wants_prompt() {
                true => finish(engine.run_source("", "<string>")),
                false => status,
            }
        }
    }
}

/// Runs what is on standard input.
fn run_input(engine: &mut Engine) -> u8 {
    match engine.read_input() {
        Ok(text) => finish(engine.run_program(&Program {
            text: &text,
            name: "<stdin>",
            file: None,
            folder: Some(""),
        })),
        Err(error) => complain(&format!("hoop: cannot read standard input: {error}\n")),
    }
}

/// What an engine is made of.
struct World {
    arguments: Vec<OsString>,
    settings: Settings,
    /// None without a sandbox.
    permissions: Option<Permissions>,
}

/// Lets modules be loaded as ever under a sandbox: the script, what lies beside it or in the current
/// folder, and what HOOPPATH names.
fn with_modules(
    granted: Permissions,
    script: Option<&str>,
    environment: &Environment,
) -> Permissions {
    let mut granted = granted;
    if let Some(script) = script {
        granted = granted.imports(script);
    }
    let is_folder = |path: &str| Host::system(Vec::new()).files.is_directory(path.as_ref());
    if !environment.settings.safe_path && !script.is_some_and(is_folder) {
        let script = std::path::Path::new(script.unwrap_or("./-"));
        let beside = script
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        granted = granted.imports(beside.unwrap_or(".".as_ref()));
    }
    let more = environment
        .steering_variable("HOOPPATH")
        .unwrap_or_default();
    let more = more.to_string_lossy();
    let folders = more.split(':').filter(|folder| !folder.is_empty());
    folders.fold(granted, |granted, folder| granted.imports(folder))
}

fn engine(world: World, script: Option<&str>) -> Engine {
    let mut settings = world.settings;
    let mut environment = Environment::of_process(world.arguments);
    settings.add_variables(&environment);
    environment.settings = settings.clone();
    let sandboxed = world.permissions.is_some();
    let granted = match world.permissions {
        Some(granted) => with_modules(granted, script, &environment),
        None => Permissions::all(),
    };
    let mut host = Host::with(granted, environment, Stdio::system());
    if settings.unbuffered {
        host.stdio.output.set_buffering(Buffering::None);
        host.stdio.error.set_buffering(Buffering::None);
    }
    if settings.has_extra("virtual_time") {
        host.simulate_time();
    }
    if !sandboxed {
        host.descriptors.take_inherited();
    }
    host.environment.set_runs_scripts();
    #[cfg(feature = "terminal")]
    {
        let editor = crate::host::line_editor::LineEditor::new(std::sync::Arc::new(prompt::Prompt));
        host.line_editor = Some(editor);
    }
    let mut engine = Engine::new(host);
    if engine.draws_reports() {
        engine.record_origins();
    }
    engine.end_with_process();
    engine.take_interrupts();
    engine.watch_over();
    engine
}

fn finish(exit: Exit) -> u8 {
    (exit.status & 0xFF) as u8
}

/// A script that cannot be read; a folder in which there is none.
fn cannot_run(path: &str, error: &crate::host::HostError) -> u8 {
    let files = Host::system(Vec::new()).files;
    let folder = std::path::Path::new(path);
    if !files.is_directory(folder) {
        return cannot_open(path, error);
    }
    let full = files.real_path(folder).unwrap_or_else(|_| folder.into());
    let full = full.to_string_lossy();
    let text = format!("hoop: can't find '__main__' module in '{full}'\n");
    complain_with(&text, 1)
}

fn cannot_open(path: &str, error: &crate::host::HostError) -> u8 {
    let mut text = format!(
        "hoop: can't open file '{path}': [Errno {}] {}\n",
        error.errno,
        error.message()
    );
    if let Some(hint) = missing::hint(&Host::system(Vec::new()).files, path) {
        text.push_str(&format!("help: {hint}\n"));
    }
    complain(&text)
}

/// `hoop dis FILE`
fn disassemble(given: &Given) -> u8 {
    let host = Host::system(Vec::new());
    let path = given.texts().next().unwrap_or_default();
    let path = path.as_str();
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
