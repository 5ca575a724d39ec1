//! A message about a place in the source.

use super::{SourceFile, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan};
use std::fmt;

/// Which exception or warning of the language a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosticKind {
    SyntaxError,
    IndentationError,
    TabError,
    /// The source is too complex to parse.
    MemoryError,
    /// The tree is too deep for what comes after the parser.
    RecursionError,
    SyntaxWarning,
}

impl DiagnosticKind {
    /// The name of the exception class.
    pub fn name(self) -> &'static str {
        match self {
            DiagnosticKind::SyntaxError => "SyntaxError",
            DiagnosticKind::IndentationError => "IndentationError",
            DiagnosticKind::TabError => "TabError",
            DiagnosticKind::MemoryError => "MemoryError",
            DiagnosticKind::RecursionError => "RecursionError",
            DiagnosticKind::SyntaxWarning => "SyntaxWarning",
        }
    }
}

/// How much of a diagnostic's span is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line and columns, with carets.
    Range,
    /// Where it begins; there is no end to tell.
    Start,
    /// Where it begins, found by the layout of the lines: its end is -1.
    Layout,
    /// Just the line.
    Line,
    /// Just the line, before which the layout of the lines goes wrong: the end is -1.
    Before,
    /// Nothing: the message is about the whole text.
    Nowhere,
}

/// One message: what is wrong and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub kind: DiagnosticKind,
    pub message: String,
    pub span: Span,
    /// A hint below the picture.
    pub help: Option<String>,
    pub place: Place,
    /// Found while reading the characters: its line is given without a line end.
    pub lexical: bool,
}

impl Diagnostic {
    /// A message of a kind.
    pub fn new(kind: DiagnosticKind, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic {
            kind,
            message: message.into(),
            span,
            help: None,
            place: Place::Range,
            lexical: false,
        }
    }

    /// A `SyntaxError`.
    pub fn syntax(message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::new(DiagnosticKind::SyntaxError, message, span)
    }

    /// An `IndentationError`.
    pub fn indentation(message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::new(DiagnosticKind::IndentationError, message, span)
    }

    /// The same, showing less of the place.
    pub fn shown_at(mut self, place: Place) -> Diagnostic {
        self.place = place;
        self
    }

    /// The same with a hint.
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// What a `SyntaxError` object holds: `lineno`, `offset`, `end_lineno`
    /// and `end_offset`, columns from 1 in code points.
    pub fn location(&self, file: &SourceFile) -> (u32, u32, u32, i32) {
        let start = file.position(self.span.start);
        match self.place {
            Place::Nowhere => return (0, 0, 0, 0),
            Place::Line => return (start.line, 0, start.line, 0),
            Place::Before => return (start.line, 0, start.line, -1),
            Place::Start => return (start.line, start.column + 1, start.line, 0),
            Place::Layout => return (start.line, start.column + 1, start.line, -1),
            Place::Range => {}
        }
        // A line end belongs to the line that it ends, also one that is not
        // written because the text ends.
        let last = self.span.end.saturating_sub(1);
        let at_line_end = file.text().as_bytes().get(last as usize);
        let (end, more) = match at_line_end.is_none_or(|&byte| byte == b'\n') {
            true if self.span.end > self.span.start => (file.position(last), 2),
            _ => (file.position(self.span.end), 1),
        };
        let mut end_column = end.column + more;
        if end.line > start.line {
            // CPython measures the end by the length of the first line.
            let first = file.line_text(start.line).chars().count() as u32;
            end_column = end_column.min(first + 1);
        }
        (start.line, start.column + 1, end.line, end_column as i32)
    }

    /// As CPython prints it: file and line, the source line, carets, message.
    pub fn render_plain(&self, file: &SourceFile) -> String {
        let (line, column, end_line, end_column) = self.location(file);
        if self.place == Place::Nowhere {
            return format!("{}: {}\n", self.kind.name(), self.message);
        }
        let mut out = format!("  File \"{}\", line {line}\n", file.name());
        let text = file.line_text(line);
        if !text.trim_start_matches(UNSHOWN).is_empty() {
            let end = (end_line == line).then_some(i64::from(end_column));
            out.push_str(&marked_line(text, Some(i64::from(column)), end));
        }
        out.push_str(&format!("{}: {}\n", self.kind.name(), self.message));
        out
    }

    /// With a picture of the place, for people at a terminal.
    pub fn render_fancy(&self, file: &SourceFile, color: bool) -> String {
        let theme = if color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let picture = Picture::new(self, file);
        let mut out = String::new();
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
        match handler.render_report(&mut out, &picture) {
            Ok(()) => out,
            Err(fmt::Error) => self.render_plain(file),
        }
    }
}

/// What the line of a syntax error is shown without, in front.
const UNSHOWN: [char; 3] = [' ', '\n', '\x0c'];

/// A source line as a syntax error shows it, and carets below what lies between two columns that count from 1;
/// without an end, from the first to the end of the line.
pub fn marked_line(text: &str, offset: Option<i64>, end: Option<i64>) -> String {
    let whole = text.trim_end_matches('\n');
    let shown = whole.trim_start_matches(UNSHOWN);
    let mut out = format!("    {shown}\n");
    let Some(offset) = offset else { return out };
    let length = |text: &str| text.chars().count() as i64;
    let (last, spaces) = (length(whole) + 1, length(whole) - length(shown));
    let end = match end {
        Some(0) => offset,
        Some(end) => end,
        None => last,
    };
    let (offset, end) = (offset.min(last), end.min(last));
    let end = match offset >= end || end < 0 {
        true => (offset + 1).max(1),
        false => end,
    };
    if offset > spaces {
        // Tabs stay tabs, so that carets line up below what they mean.
        let lead = shown.chars().take((offset - 1 - spaces) as usize);
        out.push_str("    ");
        out.extend(lead.map(|c| if c.is_whitespace() { c } else { ' ' }));
        out.push_str(&"^".repeat((end - offset) as usize));
        out.push('\n');
    }
    out
}

/// A diagnostic together with its text, as miette wants it.
#[derive(Debug)]
struct Picture {
    message: String,
    kind: &'static str,
    help: Option<String>,
    span: SourceSpan,
    source: NamedSource<String>,
}

impl Picture {
    fn new(diagnostic: &Diagnostic, file: &SourceFile) -> Picture {
        let length = file.text().len();
        let start = (diagnostic.span.start as usize).min(length);
        let end = (diagnostic.span.end as usize).clamp(start, length);
        Picture {
            message: diagnostic.message.clone(),
            kind: diagnostic.kind.name(),
            help: diagnostic.help.clone(),
            span: (start, end - start).into(),
            source: NamedSource::new(file.name(), file.text().to_string()),
        }
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Picture {}

impl miette::Diagnostic for Picture {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<_>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some("here".to_string()), self.span);
        Some(Box::new(std::iter::once(label)))
    }
}
