//! Several syntax errors of one file: what is wrong is replaced by something that is not, and the
//! text is read again. Lines stay lines, so that places stay true.

use super::finding::Finding;
use super::rules::Rule;
use crate::source::{Diagnostic, DiagnosticKind, SourceFile, Span};
use crate::syntax::ast::Module;
use crate::syntax::token::{Tok, Token};
use crate::syntax::{self, Mode};

/// How many mistakes of a file are looked for.
const MOST: usize = 50;

/// The tree of a file; or, where there is none, all its syntax errors.
pub fn parse(file: &SourceFile) -> Result<Module, Vec<Finding>> {
    let first = match syntax::parse_module(file, Mode::File) {
        Ok(module) => return Ok(module),
        Err(mistake) => mistake,
    };
    let mut found = vec![finding(&first, first.span)];
    let mut patch = Patch::new(file);
    let mut mistake = first;
    let mut now = SourceFile::new(file.name(), file.text());
    while found.len() < MOST && patch.mend(&now, &mistake) {
        now = SourceFile::new(file.name(), patch.text());
        match syntax::parse_module(&now, Mode::File) {
            Ok(_) => break,
            Err(next) => {
                if patch.touches(&now, &next) {
                    break;
                }
                found.push(finding(&next, moved(&now, file, next.span)));
                mistake = next;
            }
        }
    }
    Err(found)
}

fn finding(mistake: &Diagnostic, span: Span) -> Finding {
    let message = match mistake.kind {
        DiagnosticKind::SyntaxError => mistake.message.clone(),
        kind => format!("{}: {}", kind.name(), mistake.message),
    };
    let finding = Finding::new(Rule::SyntaxError, span, message);
    match &mistake.help {
        Some(help) => finding.with_help(&**help),
        None => finding,
    }
}

/// A place of the mended text in the original: the same line, the same bytes in it.
fn moved(from: &SourceFile, to: &SourceFile, span: Span) -> Span {
    let place = |offset: u32| {
        let line = from.line_of(offset);
        let start = to.line_start(line) + (offset - from.line_start(line));
        start.min(to.text().len() as u32)
    };
    let start = place(span.start);
    Span::new(
        start,
        place(span.end.min(from.text().len() as u32)).max(start),
    )
}

/// The lines of a file, some of them replaced.
struct Patch {
    lines: Vec<String>,
    replaced: Vec<bool>,
}

impl Patch {
    fn new(file: &SourceFile) -> Patch {
        let lines: Vec<String> = file.text().lines().map(str::to_owned).collect();
        Patch {
            replaced: vec![false; lines.len()],
            lines,
        }
    }

    fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// Whether a mistake stands where something was replaced, so that it may come of that.
    fn touches(&self, file: &SourceFile, mistake: &Diagnostic) -> bool {
        let line = file.line_of(mistake.span.start) as usize;
        let around = line.saturating_sub(2)..(line + 1).min(self.replaced.len());
        let before = around
            .rev()
            .find(|&at| at < line && !self.lines[at].trim().is_empty());
        before.is_some_and(|at| self.replaced[at]) || self.replaced.get(line - 1) == Some(&true)
    }

    /// Replaces what is wrong; false where there is no telling where it ends.
    fn mend(&mut self, file: &SourceFile, mistake: &Diagnostic) -> bool {
        if self.lines.is_empty() || mistake.kind == DiagnosticKind::MemoryError {
            return false;
        }
        let line = (file.line_of(mistake.span.start) as usize).clamp(1, self.lines.len()) - 1;
        let message = &*mistake.message;
        if mistake.kind == DiagnosticKind::TabError
            || message.contains("triple-quoted")
            || message.contains("never closed")
        {
            return false;
        }
        if message == "unexpected indent" || message.starts_with("unindent does not match") {
            return self.drop_block(line);
        }
        if let Some(header) = header_of(message) {
            return self.add_body(header);
        }
        let (first, last) = self.logical_line(file, mistake.span.start, line);
        self.replace(first, last)
    }

    fn indent(&self, line: usize) -> usize {
        let text = &self.lines[line];
        text.len() - text.trim_start().len()
    }

    fn is_blank(&self, line: usize) -> bool {
        let text = self.lines[line].trim_start();
        text.is_empty() || text.starts_with('#')
    }

    /// The next line from here on that says something.
    fn next(&self, line: usize) -> Option<usize> {
        (line..self.lines.len()).find(|&at| !self.is_blank(at))
    }

    fn put(&mut self, line: usize, text: String) {
        self.lines[line] = text;
        self.replaced[line] = true;
    }

    /// Drops lines that are indented as far as this one or further.
    fn drop_block(&mut self, line: usize) -> bool {
        let indent = self.indent(line);
        let mut at = Some(line);
        while let Some(here) = at.filter(|&here| self.indent(here) >= indent) {
            self.put(here, String::new());
            at = self.next(here + 1);
        }
        true
    }

    /// Gives the statement whose first line this is a body.
    fn add_body(&mut self, header: usize) -> bool {
        if header >= self.lines.len() || !self.lines[header].trim_end().ends_with(':') {
            return false;
        }
        let text = format!("{} pass", self.lines[header]);
        self.put(header, text);
        true
    }

    /// The first and the last line of the statement around a place.
    fn logical_line(&self, file: &SourceFile, offset: u32, line: usize) -> (usize, usize) {
        let tokens = syntax::tokens(file);
        let before = tokens.partition_point(|token| token.span.start < offset);
        let is_end = |token: &&Token| token.kind == Tok::Newline;
        let start = tokens[..before]
            .iter()
            .rfind(is_end)
            .map_or(0, |token| token.span.end);
        let first = self
            .next(file.line_of(start) as usize - 1)
            .map_or(line, |first| first.min(line));
        let end = tokens[before..].iter().find(is_end);
        let last = end.map_or(line, |token| {
            (file.line_of(token.span.start) as usize - 1).max(line)
        });
        let last = last.min(self.lines.len() - 1);
        // A bracket that is never closed would make everything behind it one line.
        match (first + 1..=last).find(|&at| self.starts_anew(file, &tokens, first, at)) {
            Some(next) if next <= line => (line, line),
            Some(next) => (first, next - 1),
            None => (first, last),
        }
    }

    /// Whether a line looks like the start of a statement behind the one that starts on `first`.
    fn starts_anew(&self, file: &SourceFile, tokens: &[Token], first: usize, at: usize) -> bool {
        let start = file.line_start(at as u32 + 1);
        let is_inside = |token: &Token| token.span.start < start && start < token.span.end;
        let text = self.lines[at].trim_start();
        !self.is_blank(at)
            && self.indent(at) <= self.indent(first)
            && !text.starts_with([')', ']', '}'])
            && !tokens.iter().any(is_inside)
    }

    /// Puts something harmless in the place of a statement, or of the head of one.
    fn replace(&mut self, first: usize, last: usize) -> bool {
        let indent = self.lines[first][..self.indent(first)].to_owned();
        let width = self.indent(first);
        let word = first_word(&self.lines[first]).to_owned();
        let inner = self.next(last + 1).filter(|&at| self.indent(at) > width);
        let mut behind = self.next(last + 1);
        while let Some(at) = behind.filter(|&at| self.indent(at) > width) {
            behind = self.next(at + 1);
        }
        let follows = behind.filter(|&at| self.indent(at) == width);
        let follows = follows.map_or("", |at| first_word(&self.lines[at]));
        let head = match (&*word, follows) {
            ("elif", _) => "elif 1:",
            ("else", _) => "else:",
            ("finally", _) => "finally:",
            ("except", _) => "except 0:",
            (_, "except" | "finally") => "try:",
            (_, "else" | "elif") => "if 1:",
            _ if inner.is_some() => "if 1:",
            _ => "",
        };
        if matches!(&*word, "match" | "case") && inner.is_some() {
            return false;
        }
        let text = match (head, inner) {
            ("", _) => format!("{indent}pass"),
            (head, Some(_)) => format!("{indent}{head}"),
            (head, None) => format!("{indent}{head} pass"),
        };
        for at in first..=last {
            self.put(at, String::new());
        }
        self.put(first, text);
        true
    }
}

fn first_word(line: &str) -> &str {
    let text = line.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The line, from 0, of `expected an indented block after ... on line N`.
fn header_of(message: &str) -> Option<usize> {
    let rest = message.strip_prefix("expected an indented block")?;
    let (_, number) = rest.rsplit_once(" on line ")?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<(u32, String)> {
        let file = SourceFile::new("x", text);
        let found = parse(&file).err().unwrap_or_default();
        found
            .into_iter()
            .map(|f| (file.line_of(f.span.start), f.message))
            .collect()
    }

    fn lines(text: &str) -> Vec<u32> {
        errors(text).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn each_mistake_is_told_once() {
        assert_eq!(lines("x = = 1\ny = 2\nz = ) 3\n"), [3, 1]);
        assert_eq!(
            lines("def f(:\n    x = 1\n    y = = 2\nz = 3 3\n"),
            [1, 3, 4]
        );
        assert_eq!(lines("if x\n    pass\nelse:\n    a b\n"), [1, 4]);
        assert_eq!(lines("tyr:\n    x\nexcept E:\n    y y\n"), [1, 4]);
        assert_eq!(lines("for x in y:\nz = 1\nw w\n"), [2, 3]);
        assert_eq!(lines("x = 1\n    y = 2\n    z = 3\nw w\n"), [2, 4]);
        assert_eq!(lines("x = 'a\ny = 'b\nz z\n"), [1, 2, 3]);
        assert_eq!(lines("def f():\n    pass\n  x = 1\n  y = 2\nw w\n"), [3, 5]);
    }

    #[test]
    fn nothing_is_made_up() {
        assert_eq!(lines("x = (1,\ny = 2\nz z\n"), [1]);
        assert_eq!(lines("x = '''a\ny = 2\nz z\n"), [1]);
        assert_eq!(
            lines("match x:\n    case 1 2:\n        y\n    case 3:\n        z\n").len(),
            1
        );
        assert_eq!(lines("\0"), [1]);
        assert_eq!(lines("x = 1\n"), []);
    }
}
