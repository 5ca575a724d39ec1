//! A place in a source, drawn: lines, numbers and marks below what is meant.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How wide the text of a line may be.
const WIDTH: usize = 96;
/// Lines around the place in a picture.
const AROUND: u32 = 2;
/// Lines of the place itself that are shown.
const MOST_LINES: u32 = 8;
/// How far a tab goes.
const TAB: usize = 4;

/// What is written how.
#[derive(Clone, Copy)]
pub enum Tone {
    Error,
    Path,
    Faint,
    Mark,
    Help,
}

/// Colours, or none.
#[derive(Clone, Copy)]
pub struct Palette {
    pub colors: bool,
}

impl Palette {
    /// A text in a tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Error => "1;31",
            Tone::Path => "36",
            Tone::Faint => "2",
            Tone::Mark => "1;35",
            Tone::Help => "1;36",
        };
        match self.colors && !text.is_empty() {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_string(),
        }
    }
}

/// A place: lines from 1, columns in bytes of the first and the last line.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub line: u32,
    pub end_line: u32,
    pub column: usize,
    pub end_column: usize,
    /// What in the first line is meant above all: the operator, the subscript.
    pub focus: Option<(usize, usize)>,
}

/// What is drawn.
pub struct Picture<'a> {
    /// The lines of the source, if it is there.
    pub lines: &'a dyn Fn(u32) -> Option<String>,
    pub place: Place,
    /// What stands above it: file, line, function.
    pub title: String,
    /// What stands below the mark.
    pub label: String,
    pub palette: Palette,
}

impl Picture<'_> {
    /// With a frame and some lines around.
    pub fn framed(&self) -> String {
        let place = self.place;
        let first = place.line.saturating_sub(AROUND).max(1);
        let last = place.end_line.max(place.line);
        let around: Vec<u32> = (first..place.line)
            .filter(|&n| (self.lines)(n).is_some())
            .collect();
        // Blank lines at the top say nothing.
        let start = around.iter().position(|&n| !self.is_blank(n));
        let mut shown = around[start.unwrap_or(around.len())..].to_vec();
        shown.extend(self.own_lines());
        let after = (last.saturating_add(1)..=last.saturating_add(AROUND))
            .take_while(|&n| (self.lines)(n).is_some());
        shown.extend(after);
        while shown.last().is_some_and(|&n| n > last && self.is_blank(n)) {
            shown.pop();
        }
        let gutter = shown.last().map_or(1, |n| n.to_string().len()) + 1;
        let faint = |text: &str| self.palette.paint(Tone::Faint, text);
        let mut out = format!("{:gutter$} {} {}\n", "", faint("╭─"), self.title);
        self.push_lines(&mut out, &shown, gutter, true);
        out.push_str(&format!("{:gutter$} {}\n", "", faint("╰────")));
        out
    }

    /// The place alone.
    pub fn compact(&self) -> String {
        let shown = self.own_lines();
        let gutter = shown.last().map_or(1, |n| n.to_string().len()) + 1;
        let mut out = format!("{:gutter$} {}\n", "", self.title);
        self.push_lines(&mut out, &shown, gutter, false);
        out
    }

    fn is_blank(&self, line: u32) -> bool {
        (self.lines)(line).is_none_or(|text| text.trim().is_empty())
    }

    /// The lines of the place, so many that it can be seen.
    fn own_lines(&self) -> Vec<u32> {
        let last = self.place.end_line.max(self.place.line);
        let last = last.min(self.place.line.saturating_add(MOST_LINES - 1));
        (self.place.line..=last)
            .filter(|&n| (self.lines)(n).is_some())
            .collect()
    }

    fn push_lines(&self, out: &mut String, shown: &[u32], gutter: usize, framed: bool) {
        let place = self.place;
        let lines: Vec<String> = shown
            .iter()
            .map(|&n| (self.lines)(n).unwrap_or_default())
            .collect();
        let margin = if framed { 0 } else { margin_of(&lines) };
        let is_long = place.end_line > place.line;
        for (&number, text) in shown.iter().zip(&lines) {
            let own = (place.line..=place.end_line.max(place.line)).contains(&number);
            let mark = (number == place.line && !is_long)
                .then(|| Drawn::marked(text, margin, place))
                .flatten();
            let drawn = match &mark {
                Some(drawn) => drawn.text.clone(),
                None => Drawn::plain(text, margin),
            };
            let bar = if own && is_long { "┃" } else { "│" };
            let tone = if own && is_long {
                Tone::Mark
            } else {
                Tone::Faint
            };
            let line = format!(
                "{} {} {}",
                self.palette
                    .paint(Tone::Faint, &format!("{number:>gutter$}")),
                self.palette.paint(tone, bar),
                drawn
            );
            out.push_str(line.trim_end());
            out.push('\n');
            if let Some(mark) = mark.filter(|mark| framed || !mark.is_whole) {
                self.push_mark(out, &mark, gutter, framed);
            }
            let ends = own
                && is_long
                && number
                    == *shown
                        .iter()
                        .rfind(|&&n| n <= place.end_line)
                        .unwrap_or(&number);
            if ends && framed && !self.label.is_empty() {
                self.push_label(out, 0, gutter);
            }
        }
    }

    fn push_mark(&self, out: &mut String, mark: &Drawn, gutter: usize, framed: bool) {
        let labelled = framed && !self.label.is_empty();
        let dot = self.palette.paint(Tone::Faint, "·");
        let mut line = String::new();
        for column in mark.from..mark.to {
            let hook = labelled && column == mark.hook;
            line.push(match mark.focus.contains(&column) {
                _ if hook => '┬',
                true => '━',
                false => '─',
            });
        }
        let line = self.palette.paint(Tone::Mark, &line);
        out.push_str(&format!(
            "{:gutter$} {dot} {:2$}{line}\n",
            "", "", mark.from
        ));
        if labelled {
            self.push_label(out, mark.hook, gutter);
        }
    }

    fn push_label(&self, out: &mut String, column: usize, gutter: usize) {
        let dot = self.palette.paint(Tone::Faint, "·");
        let line = self
            .palette
            .paint(Tone::Mark, &format!("╰── {}", self.label));
        out.push_str(&format!("{:gutter$} {dot} {:column$}{line}\n", "", ""));
    }
}

/// A line as it is drawn, and which of its columns are marked.
struct Drawn {
    text: String,
    from: usize,
    to: usize,
    focus: std::ops::Range<usize>,
    hook: usize,
    /// All of the line is marked.
    is_whole: bool,
}

impl Drawn {
    /// A line without marks, cut where it is too long.
    fn plain(text: &str, margin: usize) -> String {
        let text = visible(text.get(margin..).unwrap_or("").trim_end());
        cut(&text, 0).0
    }

    /// A line with what the place marks of it; None if the place is no part of it.
    fn marked(text: &str, margin: usize, place: Place) -> Option<Drawn> {
        let text = text.trim_end();
        let (from, to) = (
            place.column.min(text.len()),
            place.end_column.min(text.len()),
        );
        let before = text.get(margin..from)?;
        if place.end_column <= place.column {
            return None;
        }
        // What is meant may be what is missing behind the end.
        let marked = text.get(from..to).unwrap_or("");
        let start = width(&visible(before));
        let end = start + width(&visible_from(marked, start));
        let column = |byte: usize| {
            let inside = text.get(from..byte.clamp(from, to)).unwrap_or("");
            start + width(&visible_from(inside, start))
        };
        let focus = match place.focus {
            Some((a, b)) if a < b => column(a)..column(b),
            _ => start..start,
        };
        let whole = visible(text.get(margin..)?);
        // The middle of what is meant is where the label hangs.
        let hook = match focus.is_empty() {
            true => start + (end - start) / 2,
            false => focus.start + (focus.end - focus.start) / 2,
        };
        let (cut_text, gone) = cut(&whole, start);
        let limit = width(&cut_text) + usize::from(marked.is_empty());
        let shift = |column: usize| column.saturating_sub(gone).min(limit);
        let (from, to) = (shift(start), shift(end).max(shift(start) + 1));
        Some(Drawn {
            from,
            to,
            focus: shift(focus.start)..shift(focus.end),
            hook: shift(hook).clamp(from, to - 1),
            is_whole: before.trim().is_empty() && to == text.len() && !marked.is_empty(),
            text: cut_text,
        })
    }
}

/// A line in which every column is one that is seen: tabs are spaces, control characters are shown.
fn visible(text: &str) -> String {
    visible_from(text, 0)
}

fn visible_from(text: &str, start: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = start;
    for ch in text.chars() {
        if ch == '\t' {
            let next = (column / TAB + 1) * TAB;
            out.push_str(&" ".repeat(next - column));
            column = next;
            continue;
        }
        let ch = match ch {
            '\x7f' => '␡',
            '\0'..='\x1f' => char::from_u32(0x2400 + ch as u32).unwrap_or('�'),
            // What turns the direction of writing would hide what is there.
            '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '�',
            ch => ch,
        };
        column += ch.width().unwrap_or(0);
        out.push(ch);
    }
    out
}

fn width(text: &str) -> usize {
    text.width()
}

/// A line that is too long without what is far from a column; and how many columns it lost in front.
fn cut(text: &str, wanted: usize) -> (String, usize) {
    if width(text) <= WIDTH {
        return (text.to_string(), 0);
    }
    let from = match wanted > WIDTH * 2 / 3 {
        true => wanted - WIDTH / 3,
        false => 0,
    };
    let (mut out, mut column, mut lost) = (String::new(), 0, None);
    for ch in text.chars() {
        let wide = ch.width().unwrap_or(0);
        if column >= from && wide > 0 && lost.is_none() {
            // The mark that something is left out takes a column.
            lost = Some(if from > 0 {
                column.saturating_sub(1)
            } else {
                0
            });
            if from > 0 {
                out.push('…');
            }
        }
        if let Some(lost) = lost {
            if column - lost + wide >= WIDTH {
                out.push('…');
                break;
            }
            out.push(ch);
        }
        column += wide;
    }
    (out, lost.unwrap_or(0))
}

/// The indentation that all lines have.
fn margin_of(lines: &[String]) -> usize {
    let indents = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len());
    indents.min().unwrap_or(0)
}
