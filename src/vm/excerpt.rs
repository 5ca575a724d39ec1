//! The source lines of a traceback entry, with carets under what failed.

use super::Loader;
use crate::bytecode::Position;
use crate::source::SourceFile;

/// A place in the excerpt: a line from 0 and a byte of it.
type Spot = (usize, usize);

/// The lines of one entry without their common indentation.
struct Excerpt<'a> {
    lines: Vec<&'a str>,
    /// Where what failed begins in the first line and ends in the last, in bytes.
    start: usize,
    end: usize,
    /// The part of it that gets `^`; the rest gets `~`.
    anchors: Option<(Spot, Spot)>,
    carets: bool,
}

/// The source of a place with carets under it, indented by four; empty without source.
pub(super) fn source_lines(loader: &dyn Loader, source: &SourceFile, place: Position) -> String {
    let first = source.line_text(place.line);
    if !source.is_shown() || first.trim().is_empty() {
        return String::new();
    }
    let last_line = place.end_line.max(place.line);
    if last_line == place.line && place.end_column <= place.column {
        return format!("    {}\n", first.trim());
    }
    let mut lines: Vec<&str> = (place.line..=last_line)
        .map(|n| source.line_text(n).trim_end())
        .collect();
    let margin = common_margin(&lines);
    for line in &mut lines {
        *line = line.get(margin..).unwrap_or("");
    }
    let first = lines.first().copied().unwrap_or_default();
    let last = lines.last().copied().unwrap_or_default();
    let start = (place.column as usize).saturating_sub(margin);
    let end = (place.end_column as usize)
        .saturating_sub(margin)
        .min(last.len());
    let mut excerpt = Excerpt {
        start,
        end,
        anchors: None,
        carets: false,
        lines,
    };
    if first.is_char_boundary(start) && last.is_char_boundary(end) {
        excerpt.place_carets(loader);
    }
    excerpt.text()
}

fn common_margin(lines: &[&str]) -> usize {
    let blank = |line: &&&str| !line.trim().is_empty();
    let mut margin: Option<&str> = None;
    for line in lines.iter().filter(blank) {
        let lead = &line[..line.len() - line.trim_start().len()];
        let both = margin.map_or(lead.len(), |m| {
            m.bytes()
                .zip(lead.bytes())
                .take_while(|(a, b)| a == b)
                .count()
        });
        margin = Some(&lead[..both]);
    }
    margin.map_or(0, str::len)
}

impl Excerpt<'_> {
    fn place_carets(&mut self, loader: &dyn Loader) {
        let text = self.lines.join("\n");
        let last = self.lines.last().copied().unwrap_or_default();
        let end = text.len() - (last.len() - self.end);
        let Some(segment) = text.get(self.start..end) else {
            return;
        };
        if let Some((from, to)) = loader.anchors(segment) {
            self.anchors = Some((self.spot(self.start + from), self.spot(self.start + to)));
        }
        // Carets say nothing when they would cover all there is.
        let first = self.lines.first().copied().unwrap_or_default();
        self.carets = !loader.is_plain_call(&text, self.start, end)
            && (self.anchors.is_some()
                || !first[..self.start].trim().is_empty()
                || !last[self.end..].trim().is_empty());
    }

    /// The place of a byte of all the lines joined.
    fn spot(&self, mut at: usize) -> Spot {
        let mut number = 0;
        while number + 1 < self.lines.len() && at > self.lines[number].len() {
            at -= self.lines[number].len() + 1;
            number += 1;
        }
        (number, at.min(self.lines[number].len()))
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let mut previous = None;
        for number in self.shown_lines() {
            match previous.map_or(1, |p| number - p) {
                1 => {}
                2 => self.push_line(&mut out, number - 1),
                gap => out.push_str(&format!("    ...<{} lines>...\n", gap - 1)),
            }
            self.push_line(&mut out, number);
            previous = Some(number);
        }
        out
    }

    /// The first and the last line, and those around the ends of the anchors.
    fn shown_lines(&self) -> Vec<usize> {
        let mut shown = vec![0, self.lines.len() - 1];
        for (line, _) in self.anchors.into_iter().flat_map(|(a, b)| [a, b]) {
            shown.extend(line.saturating_sub(1)..(line + 2).min(self.lines.len()));
        }
        shown.sort_unstable();
        shown.dedup();
        shown
    }

    fn push_line(&self, out: &mut String, number: usize) {
        let line = self.lines[number];
        out.push_str(&format!("    {line}\n"));
        if !self.carets {
            return;
        }
        let indent = width(&line[..line.len() - line.trim_start().len()]);
        let last = number + 1 == self.lines.len();
        let end = width(if last { &line[..self.end] } else { line });
        let begin = match number {
            0 => indent.max(width(&line[..self.start])),
            _ => indent,
        };
        let marked = |column: usize| {
            self.anchors.is_none_or(|(from, to)| {
                let spot = |(l, at): Spot| (l, width(&self.lines[l][..at]));
                (spot(from)..spot(to)).contains(&(number, column))
            })
        };
        out.push_str("    ");
        for column in 0..end {
            out.push(match column < begin {
                true => ' ',
                false if marked(column) => '^',
                false => '~',
            });
        }
        out.push('\n');
    }
}

/// How many columns a text takes: wide East Asian characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|ch| if is_wide(ch) { 2 } else { 1 }).sum()
}

fn is_wide(ch: char) -> bool {
    matches!(ch as u32, 0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0x33FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xA000..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD)
}
