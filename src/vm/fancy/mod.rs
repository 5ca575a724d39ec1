//! Exceptions for people at a terminal: where it failed as a picture, the way there in short, causes,
//! groups as trees, notes and help. What CPython writes is in `traceback`.

mod picture;
mod values;

use std::collections::HashSet;
use std::sync::Arc;

use super::Vm;
use super::error::fields;
use super::types::Known;
use crate::bytecode;
use crate::heap::{Ref, Value};
use crate::host::TracebackStyle;
use crate::object::exception::{Exception, Traceback};
use crate::object::frame_object::FrameObject;
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use picture::{Palette, Picture, Place, Tone};

/// Of a long way so many entries are shown at either end.
const ENDS_SHOWN: usize = 4;
/// So many links of a chain of causes are shown at either end.
const LINKS_SHOWN: usize = 4;
/// Groups are shown so wide and so deep.
const GROUP_WIDTH: usize = 15;
const GROUP_DEPTH: usize = 10;

/// Entries of a traceback that stand for the same place, one after the other.
struct Entry {
    code: Arc<bytecode::Code>,
    position: bytecode::Position,
    frame: Ref<FrameObject>,
    times: usize,
}

/// The script's own part of a traceback.
struct Way {
    entries: Vec<Entry>,
    /// Where in the library it went on and failed.
    inside: Option<String>,
}

impl Vm {
    /// How a report of an exception nobody caught is written now: with pictures, or as CPython does.
    pub(super) fn report_palette(&self) -> Option<Palette> {
        let environment = &self.host.environment;
        let terminal = self.host.stdio.error.is_terminal();
        let fancy = match environment.settings.traceback {
            TracebackStyle::Fancy => true,
            TracebackStyle::Python => false,
            TracebackStyle::Automatic => terminal && self.error_stream_is_own(),
        };
        fancy.then(|| Palette {
            colors: self.wants_colors(terminal),
        })
    }

    /// True if a report would be written with pictures.
    pub fn draws_reports(&self) -> bool {
        self.report_palette().is_some()
    }

    /// True if what is written to `sys.stderr` goes where the process writes.
    fn error_stream_is_own(&self) -> bool {
        let sys = self.modules.get_name("sys");
        let Some(sys) = sys
            .as_ref()
            .and_then(Value::get::<crate::object::module::Module>)
        else {
            return true;
        };
        let now = sys.namespace.get_name("stderr");
        let own = sys.namespace.get_name("__stderr__");
        match (now, own) {
            (Some(now), Some(own)) => now.is(&own),
            _ => true,
        }
    }

    /// CPython's rule for colours.
    pub fn wants_colors(&self, terminal: bool) -> bool {
        let environment = &self.host.environment;
        match environment.steering_variable("PYTHON_COLORS").as_deref() {
            Some(value) if value == "0" => return false,
            Some(value) if value == "1" => return true,
            _ => {}
        }
        let given = |name: &str| {
            environment
                .own_variable(name)
                .is_some_and(|text| !text.is_empty())
        };
        if given("NO_COLOR") {
            return false;
        }
        let dumb = environment
            .own_variable("TERM")
            .is_some_and(|term| term == "dumb");
        given("FORCE_COLOR") || (terminal && !dumb)
    }

    /// The report of an exception that nobody caught, as the interpreter itself writes it.
    pub fn report_exception(&mut self, exception: &Value) -> String {
        match self.report_palette() {
            Some(palette) => self.fancy_report(exception, palette),
            None => self.format_exception(exception),
        }
    }

    /// The report with pictures, with colours or without.
    pub fn format_exception_fancy(&mut self, exception: &Value, colors: bool) -> String {
        self.fancy_report(exception, Palette { colors })
    }

    fn fancy_report(&mut self, exception: &Value, palette: Palette) -> String {
        let mut report = Report {
            vm: self,
            palette,
            seen: HashSet::new(),
            depth: 0,
        };
        report.chain(exception)
    }
}

/// A report that is being written.
struct Report<'a> {
    vm: &'a mut Vm,
    palette: Palette,
    /// The exceptions that are in it already.
    seen: HashSet<u64>,
    /// How many groups are around.
    depth: usize,
}

impl Report<'_> {
    /// An exception behind those from which it came.
    fn chain(&mut self, exception: &Value) -> String {
        let class = self.vm.class_of(exception);
        let interrupt = self.vm.known_class(Known::KeyboardInterrupt);
        if class.is_subclass(&interrupt) {
            return self.interrupt(exception);
        }
        let links = self.links(exception);
        let mut out = String::new();
        let count = links.len();
        for (index, (link, direct)) in links.into_iter().enumerate().rev() {
            // The oldest has the highest number.
            if (LINKS_SHOWN..count.saturating_sub(LINKS_SHOWN)).contains(&index) {
                if index == LINKS_SHOWN {
                    let gone = count - 2 * LINKS_SHOWN;
                    out.push_str(&self.faint(&format!("… {gone} more exceptions between …\n\n")));
                }
                continue;
            }
            out.push_str(&self.one(&link));
            if index > 0 {
                let text = match direct {
                    true => "which was the direct cause of",
                    false => "and while that was handled came",
                };
                out.push_str(&format!("\n{}\n\n", self.faint(&format!("↓ {text}"))));
            }
        }
        out
    }

    /// An exception, what it came from, what that came from... and whether each is the direct cause of
    /// the one before it.
    fn links(&mut self, exception: &Value) -> Vec<(Value, bool)> {
        let mut links = vec![(exception.clone(), false)];
        self.seen.insert(self.vm.heap.identity(exception));
        let mut current = exception.clone();
        while let Some(e) = current.get::<Exception>() {
            let Some((next, direct)) = e.came_from() else {
                break;
            };
            if !self.seen.insert(self.vm.heap.identity(&next)) {
                break;
            }
            links.push((next.clone(), direct));
            current = next;
        }
        links
    }

    fn faint(&self, text: &str) -> String {
        let line = text.trim_end_matches('\n');
        let end = &text[line.len()..];
        format!("{}{end}", self.palette.paint(Tone::Faint, line))
    }

    /// Ctrl-C needs no picture: where it was is enough.
    fn interrupt(&mut self, exception: &Value) -> String {
        // A loop cancels its main task first: that is where it was.
        let context = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.context.get());
        let cancelled = match context.is_kind::<Exception>() {
            true if self.vm.class_of(&context).name_str() == "CancelledError" => {
                self.way(&context).entries
            }
            _ => Vec::new(),
        };
        let own = self.way(exception).entries;
        let name = self.palette.paint(Tone::Error, "KeyboardInterrupt");
        match cancelled.last().or(own.last()) {
            Some(entry) => {
                let place = self.title(&entry.code, entry.position.line, None);
                format!("{name} at {place}\n")
            }
            None => format!("{name}\n"),
        }
    }

    /// One exception: the way to it, the picture, what it says.
    fn one(&mut self, exception: &Value) -> String {
        let mut out = self.way_text(exception);
        let class = self.vm.class_of(exception);
        let syntax = self.vm.known_class(Known::SyntaxError);
        if class.is_subclass(&syntax) {
            out.push_str(&self.syntax_picture(exception));
        }
        out.push_str(&self.message(exception));
        let group = self.vm.known_class(Known::BaseExceptionGroup);
        if class.is_subclass(&group) {
            out.push_str(&self.members(exception));
        }
        out
    }

    /// The entries of the script's own code, repetitions in one.
    fn way(&mut self, exception: &Value) -> Way {
        let mut way = Way {
            entries: Vec::new(),
            inside: None,
        };
        let mut next = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.traceback.get());
        while let Some(entry) = next.get::<Traceback>() {
            let code = entry.code().plain.clone();
            let position = entry.position();
            if self.vm.is_library_code(&code) {
                way.inside = Some(inside(&code));
            } else {
                way.inside = None;
                let last = way.entries.last_mut();
                match last
                    .filter(|e| Arc::ptr_eq(&e.code, &code) && e.position.line == position.line)
                {
                    Some(same) => same.times += 1,
                    None => way.entries.push(Entry {
                        code,
                        position,
                        frame: entry.frame.clone(),
                        times: 1,
                    }),
                }
            }
            let following = entry.next.get();
            next = following;
        }
        way
    }

    fn way_text(&mut self, exception: &Value) -> String {
        let way = self.way(exception);
        let mut out = String::new();
        let count = way.entries.len();
        for (index, entry) in way.entries.iter().enumerate() {
            let innermost = index + 1 == count;
            if (ENDS_SHOWN..count.saturating_sub(ENDS_SHOWN)).contains(&index) {
                if index == ENDS_SHOWN {
                    let gone = count - 2 * ENDS_SHOWN;
                    out.push_str(&self.faint(&format!("   … {gone} more calls between …\n")));
                }
                continue;
            }
            out.push_str(&self.task_line(entry, way.entries.get(index.wrapping_sub(1))));
            out.push_str(&self.entry(entry, innermost));
            if entry.times > 1 {
                let more = entry.times - 1;
                let s = if more == 1 { "" } else { "s" };
                out.push_str(&self.faint(&format!("   … repeated {more} more time{s}\n")));
            }
        }
        if let Some(inside) = way.inside {
            out.push_str(&self.faint(&format!("   raised in {inside}\n")));
        }
        out
    }

    /// Whose frames begin here, if they are those of a task that failed.
    fn task_line(&self, entry: &Entry, before: Option<&Entry>) -> String {
        let note = entry.frame.task_note();
        let Some(note) = note.get::<Tuple>() else {
            return String::new();
        };
        let text = |value: Option<&Value>| {
            value
                .and_then(|value| value.get::<Str>())
                .map(|text| text.to_text().into_owned())
        };
        let name = text(note.items().first()).unwrap_or_default();
        let made = note.items().get(1).and_then(|made| made.get::<Tuple>());
        let place = made.and_then(|made| {
            let (file, line) = (
                text(made.items().first())?,
                made.items().get(1)?.as_small_int()?,
            );
            // Who awaits it where it was made shows that line anyway.
            let same = before.is_some_and(|before| {
                before.code.source.name() == file && i64::from(before.position.line) == line
            });
            let function = text(made.items().get(2))?;
            let place = self
                .palette
                .paint(Tone::Path, &format!("{}:{line}", self.vm.shown_file(&file)));
            (!same).then(|| format!(", created at {place} in {function}"))
        });
        let name = self.palette.paint(Tone::Help, &format!("'{name}'"));
        format!("   in task {name}{}\n", place.unwrap_or_default())
    }

    /// `file.async:3:5 in function`
    fn title(&self, code: &bytecode::Code, line: u32, column: Option<usize>) -> String {
        let file = self.vm.shown_file(code.source.name());
        let column = column.map_or(String::new(), |column| format!(":{column}"));
        let place = self
            .palette
            .paint(Tone::Path, &format!("{file}:{line}{column}"));
        format!("{place} in {}", code.qualname)
    }

    fn entry(&mut self, entry: &Entry, innermost: bool) -> String {
        let Entry {
            code,
            position,
            frame,
            ..
        } = entry;
        let source = &code.source;
        let lines = |n: u32| {
            let there = source.is_shown() && n >= 1 && n <= source.line_count();
            there.then(|| {
                source
                    .line_text(n)
                    .trim_end_matches(['\n', '\r'])
                    .to_string()
            })
        };
        let text = lines(position.line).unwrap_or_default();
        if text.trim().is_empty() {
            return format!("   {}\n", self.title(code, position.line, None));
        }
        let mut place = Place {
            line: position.line,
            end_line: position.end_line.max(position.line),
            column: position.column as usize,
            end_column: position.end_column as usize,
            focus: None,
        };
        let segment = match place.end_line == place.line {
            true => text.get(place.column..place.end_column).map(str::to_string),
            false => source_part(&lines, place),
        };
        let segment = segment
            .filter(|segment| segment.len() < 10_000)
            .unwrap_or_default();
        if innermost && place.end_line == place.line && !segment.is_empty() {
            let anchors = self.vm.loader.anchors(&segment);
            // Of a call all is meant.
            let anchors = anchors.filter(|&(from, _)| segment.as_bytes().get(from) != Some(&b'('));
            place.focus = anchors.map(|(from, to)| (place.column + from, place.column + to));
        }
        let column = text
            .get(..place.column)
            .map_or(0, |before| before.chars().count());
        let label = match innermost {
            true => self.vm.values_in(frame, &segment),
            false => String::new(),
        };
        let has_column = place.end_column > place.column || place.end_line > place.line;
        let picture = Picture {
            lines: &lines,
            place,
            title: self.title(
                code,
                place.line,
                (innermost && has_column).then_some(column + 1),
            ),
            label,
            palette: self.palette,
        };
        match innermost {
            true => picture.framed(),
            false => picture.compact(),
        }
    }

    /// The place of a syntax error.
    fn syntax_picture(&mut self, exception: &Value) -> String {
        let Some(e) = exception.get::<Exception>() else {
            return String::new();
        };
        let number = |i: usize| e.extra[i].get().as_small_int().filter(|&n| n > 0);
        let text_of = |i: usize| {
            let value = e.extra[i].get();
            value.get::<Str>().map(|s| s.to_text().into_owned())
        };
        let name = text_of(fields::SYNTAX_FILENAME);
        let Some(line) = number(fields::SYNTAX_LINE).and_then(|n| u32::try_from(n).ok()) else {
            return String::new();
        };
        let file = name.clone().unwrap_or_else(|| "<string>".into());
        let shown = self.vm.shown_file(&file);
        let offset = number(fields::SYNTAX_OFFSET);
        let path = self.palette.paint(
            Tone::Path,
            &match offset {
                Some(offset) => format!("{shown}:{line}:{offset}"),
                None => format!("{shown}:{line}"),
            },
        );
        let Some(text) = text_of(fields::SYNTAX_TEXT) else {
            return format!("   {path}\n");
        };
        let text = text.trim_end_matches(['\n', '\r']).to_string();
        let whole = self.vm.file_lines(&file, line, &text);
        let lines = |n: u32| match &whole {
            Some(whole) => whole.get((n as usize).checked_sub(1)?).cloned(),
            None => (n == line).then(|| text.clone()),
        };
        let end_line = number(fields::SYNTAX_END_LINE).and_then(|n| u32::try_from(n).ok());
        let end = number(fields::SYNTAX_END_OFFSET).filter(|_| end_line == Some(line));
        let from = byte_of(&text, offset.unwrap_or(1));
        let to = byte_of(&text, end.unwrap_or(0)).max(next_byte(&text, from));
        let picture = Picture {
            lines: &lines,
            place: Place {
                line,
                end_line: line,
                column: from,
                end_column: if offset.is_some() { to } else { 0 },
                focus: None,
            },
            title: path,
            label: String::new(),
            palette: self.palette,
        };
        picture.framed()
    }

    /// Class and message, notes, help.
    fn message(&mut self, exception: &Value) -> String {
        let class = self.vm.class_of(exception);
        let syntax = self.vm.known_class(Known::SyntaxError);
        let (name, text, hint) = if class.is_subclass(&syntax) {
            let field = exception
                .get::<Exception>()
                .map(|e| e.extra[fields::SYNTAX_MSG].get());
            let text = field.and_then(|value| Some(value.get::<Str>()?.to_text().into_owned()));
            let text = text.unwrap_or_else(|| "<no detail available>".into());
            (class.name_str().to_string(), text, None)
        } else {
            let name = self.vm.qualified_class_name(&class);
            let text = match self.vm.str(exception) {
                Ok(text) => text.to_text().into_owned(),
                Err(_) => "<exception str() failed>".to_string(),
            };
            (name, text, self.vm.suggestion(exception))
        };
        let name = self.palette.paint(Tone::Error, &name);
        let mut out = match text.is_empty() {
            true => format!("{name}\n"),
            false => format!("{name}: {text}\n"),
        };
        if let Some(hint) = hint {
            let hint = hint.trim_start_matches(['.', ' ']);
            out.push_str(&format!(
                "  {} {hint}\n",
                self.palette.paint(Tone::Help, "help:")
            ));
        }
        let mut notes = String::new();
        self.vm.push_notes(exception, &mut notes);
        for (index, line) in notes.lines().enumerate() {
            let lead = match index {
                0 => self.palette.paint(Tone::Help, "note:"),
                _ => "     ".to_string(),
            };
            let line = format!("  {lead} {line}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// The members of a group as a tree.
    fn members(&mut self, exception: &Value) -> String {
        let members = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.extra[fields::GROUP_EXCEPTIONS].get());
        let members: Vec<Value> = members
            .get::<Tuple>()
            .map_or(Vec::new(), |t| t.items().to_vec());
        let count = members.len();
        let mut out = String::new();
        if self.depth + 1 > GROUP_DEPTH {
            return format!("{}\n", self.faint("╰─ … groups in groups …"));
        }
        self.depth += 1;
        for (index, member) in members.iter().take(GROUP_WIDTH).enumerate() {
            let last = index + 1 == count;
            let (corner, bar) = if last {
                ("╰─", "   ")
            } else {
                ("├─", "│  ")
            };
            let head = self.faint(&format!("{corner} {} of {count}\n", index + 1));
            out.push_str(&head);
            let bar = self.faint(bar);
            for line in self.chain(member).lines() {
                out.push_str(format!("{bar}{line}").trim_end());
                out.push('\n');
            }
        }
        self.depth -= 1;
        if count > GROUP_WIDTH {
            let more = count - GROUP_WIDTH;
            let s = if more == 1 { "" } else { "s" };
            out.push_str(&self.faint(&format!("╰─ and {more} more exception{s}\n")));
        }
        out
    }
}

impl Vm {
    /// True for code of the library, whose entries are no part of a report.
    pub(super) fn is_library_code(&self, code: &bytecode::Code) -> bool {
        code.source.name().starts_with("<library>/")
    }

    /// A file's name from the current folder on, if it lies there.
    pub fn shown_file(&self, name: &str) -> String {
        let here = self
            .host
            .files
            .current_directory()
            .to_string_lossy()
            .into_owned();
        let inside = name
            .strip_prefix(&here)
            .and_then(|rest| rest.strip_prefix('/'));
        inside.unwrap_or(name).to_string()
    }

    /// The lines of a file, if it still has this line there.
    fn file_lines(&self, name: &str, line: u32, text: &str) -> Option<Vec<String>> {
        const LONGEST: i64 = 4 << 20;
        let path = std::path::Path::new(name);
        let stat = self.host.files.stat_module(path).ok()?;
        if name.starts_with('<') || !stat.is_file() || stat.size as i64 > LONGEST {
            return None;
        }
        let bytes = self.host.files.read_module(path).ok()?;
        let whole = String::from_utf8(bytes).ok()?;
        let lines: Vec<String> = whole.lines().map(str::to_string).collect();
        (lines.get((line as usize).checked_sub(1)?)? == text).then_some(lines)
    }
}

/// A function of the library by its name.
fn inside(code: &bytecode::Code) -> String {
    let file = code.source.name();
    let module = file
        .trim_start_matches("<library>/")
        .trim_end_matches(".async");
    let module = module.trim_end_matches("/__init__").replace('/', ".");
    match &*code.qualname {
        "<module>" => module,
        name => format!("{module}.{name}"),
    }
}

/// The text of a place of several lines.
fn source_part(lines: &dyn Fn(u32) -> Option<String>, place: Place) -> Option<String> {
    const MOST: u32 = 50;
    if place.end_line - place.line > MOST {
        return None;
    }
    let first = lines(place.line)?;
    let mut out = first.get(place.column..)?.to_string();
    for number in place.line + 1..place.end_line {
        out.push('\n');
        out.push_str(&lines(number)?);
    }
    out.push('\n');
    out.push_str(lines(place.end_line)?.get(..place.end_column)?);
    Some(out)
}

/// The byte at which the character with this number, from 1, begins.
fn byte_of(text: &str, offset: i64) -> usize {
    let skipped = usize::try_from(offset - 1).unwrap_or(0);
    text.char_indices()
        .nth(skipped)
        .map_or(text.len(), |(at, _)| at)
}

/// The byte behind the character at a byte.
fn next_byte(text: &str, at: usize) -> usize {
    let ch = text.get(at..).and_then(|rest| rest.chars().next());
    at + ch.map_or(1, char::len_utf8)
}
