//! A source file: its name, its text and where its lines begin.

use super::Span;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A place in a file as people count: lines from 1, columns from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in code points, from 0.
    pub column: u32,
    /// Column in bytes of UTF-8, from 0 (what `ast` calls `col_offset`).
    pub byte_column: u32,
}

/// The text of one file or one `-c` string, with its line table.
///
/// The text is what the language sees: line ends are `\n`, so that offsets,
/// lines and columns agree everywhere. Bytes are made text by
/// `syntax::decode_source`, which knows about coding comments.
#[derive(Debug)]
pub struct SourceFile {
    name: Arc<str>,
    lines: OnceLock<Lines>,
    /// Where the text is kept until somebody wants it.
    kept: (Keeper, u32),
    shown: bool,
    free_names: bool,
    /// Which line of the original each line is, if this text was written from a tree.
    originals: Box<[u32]>,
    /// Says after so many units of work on it whether to go on.
    watch: Option<Watch>,
}

/// Gives the text that it keeps under a number.
pub type Keeper = fn(u32) -> String;

/// A text with where its lines begin.
#[derive(Clone, Debug)]
struct Lines {
    text: Box<str>,
    starts: Box<[u32]>,
}

impl Lines {
    fn new(text: String) -> Lines {
        let text = plain_line_ends(text);
        Lines {
            starts: line_starts(&text),
            text: text.into(),
        }
    }
}

/// Is told of so many units of work, each about a hundred nanoseconds, and says whether there may be more.
pub type Watch = fn(usize) -> bool;

impl SourceFile {
    /// Takes text as it was read; line ends become `\n`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> SourceFile {
        SourceFile {
            lines: OnceLock::from(Lines::new(text.into())),
            ..SourceFile::kept(name, |_| String::new(), 0)
        }
    }

    /// One whose text is asked for when it is wanted, by a number.
    pub fn kept(name: impl Into<Arc<str>>, keeper: Keeper, number: u32) -> SourceFile {
        SourceFile {
            name: name.into(),
            lines: OnceLock::new(),
            kept: (keeper, number),
            shown: true,
            free_names: false,
            originals: Box::default(),
            watch: None,
        }
    }

    fn lines(&self) -> &Lines {
        let (keeper, number) = self.kept;
        self.lines.get_or_init(|| Lines::new(keeper(number)))
    }

    /// The same, as it was written from a tree: names may be spelled in characters of private
    /// use, and a comment behind all says which line of the original each line is.
    pub fn from_tree(self) -> SourceFile {
        let last = self.text().rsplit('\n').next().unwrap_or("");
        let originals = last
            .strip_prefix("#lines ")
            .map_or_else(Vec::new, |list| {
                list.split(' ').filter_map(|n| n.parse().ok()).collect()
            })
            .into();
        SourceFile {
            free_names: true,
            originals,
            ..self
        }
    }

    /// The number that tracebacks show for a line.
    pub fn original_line(&self, line: u32) -> u32 {
        let index = (line as usize).wrapping_sub(1);
        self.originals.get(index).copied().unwrap_or(line)
    }

    /// Whether names may be spelled in characters of private use.
    pub fn has_free_names(&self) -> bool {
        self.free_names
    }

    /// A copy under another name.
    pub fn renamed(&self, name: &str) -> SourceFile {
        SourceFile {
            name: name.into(),
            lines: self.lines.clone(),
            kept: self.kept,
            shown: self.shown,
            free_names: self.free_names,
            originals: self.originals.clone(),
            watch: None,
        }
    }

    /// The same, of which tracebacks show no lines: the text of `exec` and `eval`.
    pub fn unshown(self) -> SourceFile {
        SourceFile {
            shown: false,
            ..self
        }
    }

    /// The same; what takes long with it asks whether to go on.
    pub fn watched(self, watch: Watch) -> SourceFile {
        SourceFile {
            watch: Some(watch),
            ..self
        }
    }

    /// Who is asked whether to go on.
    pub fn watch(&self) -> Option<Watch> {
        self.watch
    }

    /// Counts units of work; whether to go on.
    pub fn goes_on(&self, units: usize) -> bool {
        self.watch.is_none_or(|watch| watch(units))
    }

    /// Whether tracebacks show its lines.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// The name shown in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, shared.
    pub fn shared_name(&self) -> Arc<str> {
        self.name.clone()
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.lines().text
    }

    /// How many lines there are; a text that ends in a line end has no
    /// further empty line.
    pub fn line_count(&self) -> u32 {
        let lines = self.lines();
        let all = lines.starts.len() as u32;
        match lines.starts.last() {
            Some(&start) if start as usize == lines.text.len() && all > 1 => all - 1,
            _ => all,
        }
    }

    /// The text under a span (nothing when the span is not of this file).
    pub fn slice(&self, span: Span) -> &str {
        self.text().get(span.range()).unwrap_or("")
    }

    /// The line, from 1, that holds an offset.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.lines()
            .starts
            .partition_point(|&start| start <= offset) as u32
    }

    /// The text of a line, counted from 1, without its line end.
    pub fn line_text(&self, line: u32) -> &str {
        let range = self.line_range(line);
        self.text()[range].trim_end_matches('\n')
    }

    /// The offset at which a line begins (the end of the text beyond the last).
    pub fn line_start(&self, line: u32) -> u32 {
        let index = (line as usize).saturating_sub(1);
        let end = self.text().len() as u32;
        self.lines().starts.get(index).copied().unwrap_or(end)
    }

    /// Line and columns of an offset.
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.text().len() as u32);
        let line = self.line_of(offset);
        let start = self.line_start(line);
        let before = &self.text().as_bytes()[start as usize..offset as usize];
        // Continuation bytes do not count, which also holds for an offset
        // inside a character.
        let column = before.iter().filter(|&&b| (b & 0xC0) != 0x80).count();
        Position {
            line: self.original_line(line),
            column: column as u32,
            byte_column: offset - start,
        }
    }

    /// The offset of a line from 1 and a column in code points from 0.
    pub fn offset(&self, line: u32, column: u32) -> u32 {
        let text = self.line_text(line);
        let inside = text.char_indices().nth(column as usize);
        self.line_start(line) + inside.map_or(text.len(), |(at, _)| at) as u32
    }

    fn line_range(&self, line: u32) -> Range<usize> {
        self.line_start(line) as usize..self.line_start(line + 1) as usize
    }
}

/// Makes every line end `\n`.
fn plain_line_ends(text: String) -> String {
    if !text.contains('\r') {
        return text;
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn line_starts(text: &str) -> Box<[u32]> {
    let ends = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at as u32 + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        let file = SourceFile::new("x", "a\r\né = 1\rb");
        assert_eq!(file.text(), "a\né = 1\nb");
        assert_eq!(file.line_count(), 3);
        assert_eq!(file.line_text(2), "é = 1");
        let at = file.position(5);
        assert_eq!((at.line, at.column, at.byte_column), (2, 2, 3));
        assert_eq!(file.offset(2, 2), 5);
        assert_eq!(file.line_of(0), 1);
    }
}
