//! How findings are shown: pictures for people, JSON for programs, commands for GitHub.

use super::finding::Finding;
use crate::source::{SourceFile, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};
use std::fmt::{self, Write};
use std::sync::Arc;

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Github,
}

/// Their names.
pub const FORMATS: &[&str] = &["text", "json", "github"];

impl Format {
    /// The format of this name.
    pub fn find(text: &str) -> Option<Format> {
        match text {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            "github" => Some(Format::Github),
            _ => None,
        }
    }
}

/// Writes findings as they come.
pub struct Report {
    format: Format,
    color: bool,
    /// What is to be written.
    pub text: String,
    findings: usize,
    files: usize,
}

impl Report {
    /// An empty report.
    pub fn new(format: Format, color: bool) -> Report {
        Report {
            format,
            color,
            text: String::new(),
            findings: 0,
            files: 0,
        }
    }

    /// How many findings there were.
    pub fn count(&self) -> usize {
        self.findings
    }

    /// Adds the findings of a file.
    pub fn add(&mut self, file: &Arc<SourceFile>, findings: &[Finding]) {
        self.files += usize::from(!findings.is_empty());
        for finding in findings {
            self.findings += 1;
            match self.format {
                Format::Text => self.picture(file, finding),
                Format::Json => self.object(file, finding),
                Format::Github => self.command(file, finding),
            }
        }
    }

    /// What stands behind the last finding.
    pub fn finish(&mut self) {
        match self.format {
            Format::Text if self.findings > 0 => {
                let plural = |count: usize| if count == 1 { "" } else { "s" };
                let (found, files) = (self.findings, self.files);
                let line = format!(
                    "{found} finding{} in {files} file{}\n",
                    plural(found),
                    plural(files)
                );
                self.text.push_str(&line);
            }
            Format::Json => self
                .text
                .push_str(if self.findings == 0 { "[]\n" } else { "\n]\n" }),
            _ => {}
        }
    }

    fn picture(&mut self, file: &Arc<SourceFile>, finding: &Finding) {
        let theme = match self.color {
            true => GraphicalTheme::unicode(),
            false => GraphicalTheme::unicode_nocolor(),
        };
        let info = finding.rule.info();
        let source = file.text();
        let length = source.len();
        let start = (finding.span.start as usize).min(length);
        // A picture of many lines says less than that of the first.
        let line_end = source[start..].find('\n').map_or(length, |end| start + end);
        let end = (finding.span.end as usize).clamp(start, line_end.max(start));
        let picture = Picture {
            message: finding.message.clone(),
            code: format!("{} {}", info.id, info.name),
            help: finding.help.clone(),
            span: (start, end - start).into(),
            source: Excerpt(file.clone()),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_links(false);
        if handler.render_report(&mut self.text, &picture).is_err() {
            let line = file.position(finding.span.start).line;
            let _ = writeln!(
                self.text,
                "{}:{line}: {} {}",
                file.name(),
                info.id,
                finding.message
            );
        }
        self.text.push('\n');
    }

    fn object(&mut self, file: &SourceFile, finding: &Finding) {
        self.text
            .push_str(if self.findings == 1 { "[\n" } else { ",\n" });
        let info = finding.rule.info();
        let place = Place::of(file, finding.span);
        let help = finding.help.as_deref().map_or("null".to_owned(), quoted);
        let _ = write!(
            self.text,
            "  {{\"file\": {}, \"id\": \"{}\", \"name\": \"{}\", \"message\": {}, \"help\": {help}, \
             \"line\": {}, \"column\": {}, \"end_line\": {}, \"end_column\": {}}}",
            quoted(file.name()),
            info.id,
            info.name,
            quoted(&finding.message),
            place.line,
            place.column,
            place.end_line,
            place.end_column,
        );
    }

    fn command(&mut self, file: &SourceFile, finding: &Finding) {
        let info = finding.rule.info();
        let place = Place::of(file, finding.span);
        let message = match &finding.help {
            Some(help) => format!("{} ({help})", finding.message),
            None => finding.message.clone(),
        };
        let _ = writeln!(
            self.text,
            "::warning file={},line={},col={},endLine={},endColumn={},title={} {}::{}",
            escaped(file.name(), true),
            place.line,
            place.column,
            place.end_line,
            place.end_column,
            info.id,
            info.name,
            escaped(&message, false),
        );
    }
}

/// Lines and columns from 1, columns in code points.
struct Place {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl Place {
    fn of(file: &SourceFile, span: Span) -> Place {
        let start = file.position(span.start);
        let end = file.position(span.end.max(span.start));
        Place {
            line: start.line,
            column: start.column + 1,
            end_line: end.line,
            end_column: end.column + 1,
        }
    }
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text as a command of GitHub's has it; in a property two more characters mean something.
fn escaped(text: &str, property: bool) -> String {
    let mut out = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if property {
        out = out.replace(':', "%3A").replace(',', "%2C");
    }
    out
}

/// The text of a file, of which miette gets the lines it shows: it need not count those before.
#[derive(Debug)]
struct Excerpt(Arc<SourceFile>);

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let file = &self.0;
        let (start, end) = (span.offset() as u32, (span.offset() + span.len()) as u32);
        let place = file.position(start);
        let first = place.line.saturating_sub(before as u32).max(1);
        let last = (file.line_of(end) + after as u32).min(file.line_count());
        let (from, column) = match before {
            0 => (start, place.column as usize),
            _ => (file.line_start(first), 0),
        };
        let to = match after {
            0 => end,
            _ => file.line_start(last + 1),
        };
        let to = to.max(end).min(file.text().len() as u32);
        let text = file.text().get(from as usize..to as usize);
        let Some(text) = text else {
            return Err(MietteError::OutOfBounds);
        };
        Ok(Box::new(MietteSpanContents::new_named(
            file.name().to_owned(),
            text.as_bytes(),
            (from as usize, text.len()).into(),
            if before == 0 { place.line } else { first } as usize - 1,
            column,
            file.line_count() as usize,
        )))
    }
}

/// A finding together with its text, as miette wants it.
#[derive(Debug)]
struct Picture {
    message: String,
    code: String,
    help: Option<String>,
    span: SourceSpan,
    source: Excerpt,
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Picture {}

impl miette::Diagnostic for Picture {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<_>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(None, self.span);
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_programs() {
        assert_eq!(quoted("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\n\\u0001é\"");
        assert_eq!(escaped("a:b,c%\n", true), "a%3Ab%2Cc%25%0A");
        assert_eq!(escaped("a:b,c", false), "a:b,c");
    }
}
