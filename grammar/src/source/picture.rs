//! A picture of several places in one file, each with a label.

use super::{SourceFile, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
use std::fmt;

/// A message with labelled places of one file.
#[derive(Debug)]
struct Labelled {
    message: String,
    labels: Vec<LabeledSpan>,
    source: NamedSource<String>,
}

impl fmt::Display for Labelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Labelled {}

impl miette::Diagnostic for Labelled {
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// Draws the labelled places of a file, which is called `name`, below a message.
pub fn picture(
    message: &str,
    name: &str,
    file: &SourceFile,
    labels: &[(Span, String)],
    color: bool,
) -> String {
    let length = file.text().len();
    let labelled = labels.iter().map(|(span, label)| {
        let start = (span.start as usize).min(length);
        let end = (span.end as usize).clamp(start, length);
        LabeledSpan::new(Some(label.clone()), start, end - start)
    });
    let picture = Labelled {
        message: message.to_string(),
        labels: labelled.collect(),
        source: NamedSource::new(name, file.text().to_string()),
    };
    let theme = if color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_context_lines(1);
    match handler.render_report(&mut out, &picture) {
        Ok(()) => out,
        Err(fmt::Error) => format!("{message}\n"),
    }
}
