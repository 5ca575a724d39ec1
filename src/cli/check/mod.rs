//! `hoop check`: says what is wrong in a file without running it.

mod arguments;
mod arity;
mod build;
mod compile;
mod conditions;
mod coroutines;
mod doctor;
mod files;
mod finding;
mod flow;
mod library;
mod model;
mod names;
mod recover;
mod report;
mod rules;
mod similar;

use super::arguments::Given;
use crate::host::Host;
use crate::source::{Diagnostic, Place, SourceFile, Span};
use crate::syntax::ast::Module;
use crate::syntax::{Origin, decode_source};
pub(super) use arguments::FLAGS;
use arguments::{Asked, Options};
pub use finding::Finding;
use finding::Silenced;
use library::Library;
use report::Report;
use rules::RULES;
pub use rules::Rule;
use std::sync::Arc;

/// `hoop check`
pub(super) fn command(given: &Given) -> u8 {
    match arguments::read(given) {
        Ok(Asked::Explain(rule)) => super::say(rule.info().page),
        Ok(Asked::List) => {
            let line =
                |info: &rules::Info| format!("{} {:20} {}\n", info.id, info.name, info.summary);
            super::say(&RULES.iter().map(line).collect::<String>())
        }
        Ok(Asked::Check(options)) => check_all(&options),
        Err(message) => {
            let more = "Try 'hoop help check' for more information.";
            super::complain(&format!("hoop: {message}\n{more}\n"))
        }
    }
}

fn check_all(options: &Options) -> u8 {
    let mut checker = Checker::new(Host::system(Vec::new()));
    let mut report = Report::new(options.format, wants_color(&checker.host));
    let (files, mut unreadable) = files::find(&checker.host, &options.files);
    for name in &files {
        match files::read(&checker.host, name) {
            Ok(bytes) => {
                let (file, mut found) = checker.check(&files::shown(name), &bytes);
                found.retain(|finding| options.wants(finding.rule));
                report.add(&file, &found);
            }
            Err(error) => unreadable.push((name.clone(), error)),
        }
        if checker
            .host
            .stdio
            .output
            .write(report.text.as_bytes())
            .is_err()
        {
            return 120;
        }
        report.text.clear();
    }
    report.finish();
    let output = &mut checker.host.stdio.output;
    let written = output.write(report.text.as_bytes());
    if written.and_then(|()| output.flush()).is_err() {
        return 120;
    }
    for (name, error) in &unreadable {
        super::cannot_open(&files::shown(name), error);
    }
    match (unreadable.is_empty(), report.count()) {
        (false, _) => 2,
        (true, 0) => 0,
        (true, _) => 1,
    }
}

fn wants_color(host: &Host) -> bool {
    let no_color = host.environment.variable("NO_COLOR");
    host.stdio.output.is_terminal() && no_color.is_none_or(|value| value.is_empty())
}

/// Checks texts, and remembers what it learns of the library.
pub struct Checker {
    host: Host,
    library: Library,
}

impl Checker {
    /// A checker that looks for modules in this world.
    pub fn new(host: Host) -> Checker {
        let library = Library::new(&host);
        Checker { host, library }
    }

    /// All that is found in the bytes of a file, in order of the places.
    pub fn check(&mut self, name: &str, bytes: &[u8]) -> (Arc<SourceFile>, Vec<Finding>) {
        match decode_source(name, bytes, Origin::File) {
            Ok(file) => {
                let file = Arc::new(file);
                let found = self.findings(&file);
                (file, found)
            }
            Err(failure) => {
                let (mistake, file) = *failure;
                let found = vec![refused(&mistake)];
                (Arc::new(file), found)
            }
        }
    }

    fn findings(&mut self, file: &Arc<SourceFile>) -> Vec<Finding> {
        let mut found = match recover::parse(file) {
            Ok(mut module) => {
                let mut found = self.of_tree(&module, file);
                compile::check(&mut module, file, &mut found);
                found
            }
            // What the other rules would say of half a file might be wrong.
            Err(found) => found,
        };
        let silenced = Silenced::read(file);
        found.retain(|finding| !silenced.covers(file, finding));
        found.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.span.start, finding.rule);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        found.dedup();
        found
    }

    fn of_tree(&mut self, module: &Module, file: &SourceFile) -> Vec<Finding> {
        let mut found = Vec::new();
        flow::check(module, &mut found);
        let model = build::build(module);
        names::unbound(&model, &mut self.library, &mut found);
        coroutines::check(&model, file, &mut found);
        let mut doctor = doctor::Doctor {
            model: &model,
            file,
            host: &self.host,
            library: &mut self.library,
        };
        doctor.check(&mut found);
        found
    }
}

/// What is said of bytes that are no text.
fn refused(mistake: &Diagnostic) -> Finding {
    let span = match mistake.place {
        Place::Nowhere => Span::at(0),
        _ => mistake.span,
    };
    Finding::new(Rule::SyntaxError, span, &*mistake.message)
}
