//! Exceptions as text: tracebacks with source lines and carets, chains, groups, notes.

use std::collections::HashSet;

use super::Vm;
use super::error::fields;
use super::types::Known;
use crate::bytecode::Position;
use crate::heap::{Ref, Value};
use crate::object::exception::{Exception, Traceback};
use crate::object::list::List;
use crate::object::native::{R, Raised};
use crate::object::str::{Str, without_surrogates};
use crate::object::tuple::Tuple;
use crate::source::marked_line;

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";

/// Frames that repeat more often than this are summed up.
const REPEATS_SHOWN: usize = 3;
/// Groups are shown so wide and so deep.
const GROUP_WIDTH: usize = 15;
const GROUP_DEPTH: usize = 10;

/// What is being written: the text so far and the margin of the group it is in.
struct Printer {
    out: String,
    margin: String,
    seen: HashSet<u64>,
    group_depth: usize,
    /// The next group continues one that is open: no new frame around it.
    needs_close: bool,
}

impl Printer {
    fn line(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            self.out.push_str(&self.margin);
            self.out.push_str(line);
        }
    }
}

impl Vm {
    /// The whole report of an uncaught exception, as CPython prints it but for the frames of the library.
    pub fn format_exception(&mut self, exception: &Value) -> String {
        let mut printer = Printer {
            out: String::new(),
            margin: String::new(),
            seen: HashSet::new(),
            group_depth: 0,
            needs_close: false,
        };
        self.print_chain(&mut printer, exception);
        printer.out
    }

    /// Only the traceback entries of an exception, without its header.
    pub fn format_traceback(&mut self, traceback: &Value) -> String {
        let mut out = String::new();
        for entry in self.traceback_entries(traceback) {
            out.push_str(&entry);
        }
        out
    }

    fn print_chain(&mut self, printer: &mut Printer, exception: &Value) {
        // The chain is walked outward first, so that the oldest comes first.
        let mut links: Vec<(Value, &str)> = vec![(exception.clone(), "")];
        printer.seen.insert(self.heap.identity(exception));
        let mut current = exception.clone();
        while let Some(e) = current.get::<Exception>() {
            let Some((next, direct)) = e.came_from() else {
                break;
            };
            let text = if direct { CAUSE } else { CONTEXT };
            if !printer.seen.insert(self.heap.identity(&next)) {
                break;
            }
            links.push((next.clone(), text));
            current = next;
        }
        for i in (0..links.len()).rev() {
            let (link, _) = links[i].clone();
            self.print_one(printer, &link);
            if i > 0 {
                // The text belongs between this link and the next newer one.
                let text = links[i].1;
                printer.line(text);
            }
        }
    }

    fn print_one(&mut self, printer: &mut Printer, exception: &Value) {
        if self.is_group(exception) {
            return self.print_group(printer, exception);
        }
        let traceback = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.traceback.get());
        if traceback.is_kind::<Traceback>() {
            printer.line("Traceback (most recent call last):\n");
            for entry in self.traceback_entries(&traceback) {
                printer.line(&entry);
            }
        }
        let text = self.exception_only(exception);
        printer.line(&text);
    }

    fn is_group(&mut self, exception: &Value) -> bool {
        let class = self.class_of(exception);
        let group = self.known_class(Known::BaseExceptionGroup);
        class.is_subclass(&group)
    }

    fn print_group(&mut self, printer: &mut Printer, exception: &Value) {
        printer.group_depth += 1;
        if printer.group_depth > GROUP_DEPTH {
            printer.line(&format!("... (max_group_depth is {GROUP_DEPTH})\n"));
            printer.group_depth -= 1;
            return;
        }
        let outermost = printer.group_depth == 1;
        let saved = printer.margin.clone();
        if outermost {
            printer.margin = format!("{saved}  ");
        }
        let mark = if outermost { "+ " } else { "" };
        let traceback = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.traceback.get());
        let bar = format!("{}{}", printer.margin, if outermost { "| " } else { "" });
        if traceback.is_kind::<Traceback>() {
            printer.line(&format!(
                "{mark}Exception Group Traceback (most recent call last):\n"
            ));
            let margin = std::mem::replace(&mut printer.margin, bar.clone());
            for entry in self.traceback_entries(&traceback) {
                printer.line(&entry);
            }
            printer.margin = margin;
        }
        let margin = std::mem::replace(&mut printer.margin, bar);
        let text = self.exception_only(exception);
        printer.line(&text);
        printer.margin = margin;
        self.print_members(printer, exception, outermost);
        printer.margin = saved;
        printer.group_depth -= 1;
    }

    fn print_members(&mut self, printer: &mut Printer, exception: &Value, outermost: bool) {
        let members = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.extra[fields::GROUP_EXCEPTIONS].get());
        let members: Vec<Value> = members
            .get::<Tuple>()
            .map_or(Vec::new(), |t| t.items().to_vec());
        let base = if outermost {
            printer.margin.clone()
        } else {
            trim_bar(&printer.margin)
        };
        printer.needs_close = false;
        let shown = members.len().min(GROUP_WIDTH + 1);
        for i in 0..shown {
            let last = i + 1 == shown;
            if last {
                printer.needs_close = true;
            }
            let title = if i < GROUP_WIDTH {
                (i + 1).to_string()
            } else {
                "...".to_string()
            };
            let corner = if i == 0 { "+-" } else { "  " };
            printer.out.push_str(&format!(
                "{base}{corner}+---------------- {title} ----------------\n"
            ));
            printer.margin = format!("{base}  | ");
            if i < GROUP_WIDTH {
                self.print_chain(printer, &members[i]);
            } else {
                let rest = members.len() - GROUP_WIDTH;
                let s = if rest == 1 { "" } else { "s" };
                printer.line(&format!("and {rest} more exception{s}\n"));
            }
            if last && printer.needs_close {
                printer
                    .out
                    .push_str(&format!("{base}  +------------------------------------\n"));
                printer.needs_close = false;
            }
        }
        printer.margin = base;
    }

    /// The last lines of a report: class, message, notes; of a syntax error its place.
    pub fn exception_only(&mut self, exception: &Value) -> String {
        let class = self.class_of(exception);
        let syntax = self.known_class(Known::SyntaxError);
        let mut out = String::new();
        if class.is_subclass(&syntax) {
            out.push_str(&self.syntax_error_lines(exception));
        } else {
            let name = self.qualified_class_name(&class);
            let text = match self.str(exception) {
                Ok(text) => text.to_text().into_owned(),
                Err(_) => "<exception str() failed>".to_string(),
            };
            let hint = self.suggestion(exception).unwrap_or_default();
            let sep = if text.is_empty() { "" } else { ": " };
            out.push_str(&format!("{name}{sep}{text}{hint}\n"));
        }
        self.push_notes(exception, &mut out);
        out
    }

    /// Tells of an exception that ended a thread.
    pub(super) fn report_thread_exception(&mut self, raised: &Raised, function: &Value) {
        if self.is_raised(raised, Known::SystemExit) {
            return;
        }
        let what = self
            .repr_text(function)
            .unwrap_or_else(|_| "<object repr() failed>".to_string());
        let report = self.report_exception(&raised.0);
        self.write_error(&format!(
            "Exception ignored in thread started by: {what}\n{report}"
        ));
    }

    /// `module.Class`, without the module where it is `builtins` or `__main__`.
    pub(crate) fn qualified_class_name(
        &mut self,
        class: &Ref<crate::object::class::Class>,
    ) -> String {
        let qualname = class.qualname.get();
        let qualname = qualname
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let class = class.value();
        match self.get_attr_optional(&class, "__module__") {
            Ok(Some(module)) => match module.get::<Str>().map(|s| s.to_text().into_owned()) {
                Some(module) if module == "builtins" || module == "__main__" => qualname,
                Some(module) => format!("{module}.{qualname}"),
                None => format!("<unknown>.{qualname}"),
            },
            _ => qualname,
        }
    }

    pub(super) fn push_notes(&mut self, exception: &Value, out: &mut String) {
        let Ok(Some(notes)) = self.get_attr_optional(exception, "__notes__") else {
            return;
        };
        let notes: Vec<Value> = match notes.get::<List>().map(List::copy) {
            Some(Ok(items)) => items.into_vec(),
            _ => {
                if let Ok(text) = self.repr(&notes) {
                    out.push_str(&format!("{}\n", text.to_text()));
                }
                return;
            }
        };
        for note in notes {
            let text = match self.str(&note) {
                Ok(text) => text.to_text().into_owned(),
                Err(_) => "<note str() failed>".to_string(),
            };
            for line in text.split('\n') {
                out.push_str(line);
                out.push('\n');
            }
        }
    }

    fn syntax_error_lines(&mut self, exception: &Value) -> String {
        let Some(e) = exception.get::<Exception>() else {
            return String::new();
        };
        let number = |i: usize| e.extra[i].get().as_small_int();
        let text_of = |i: usize| {
            let value = e.extra[i].get();
            value.get::<Str>().map(|s| s.to_text().into_owned())
        };
        let (mut out, mut suffix) = (String::new(), String::new());
        let line = number(fields::SYNTAX_LINE);
        match (line, text_of(fields::SYNTAX_FILENAME)) {
            (Some(line), name) => {
                let name = name.filter(|name| !name.is_empty());
                let name = name.unwrap_or_else(|| "<string>".into());
                out.push_str(&format!("  File \"{name}\", line {line}\n"));
            }
            (None, Some(name)) => suffix = format!(" ({name})"),
            (None, None) => {}
        }
        if let Some(text) = text_of(fields::SYNTAX_TEXT) {
            let same_line = line == number(fields::SYNTAX_END_LINE);
            let end = number(fields::SYNTAX_END_OFFSET).unwrap_or(0);
            let offset = number(fields::SYNTAX_OFFSET);
            out.push_str(&marked_line(&text, offset, same_line.then_some(end)));
        }
        let class = self.class_of(exception).name_str();
        let message = match text_of(fields::SYNTAX_MSG) {
            Some(message) => message,
            None => "<no detail available>".into(),
        };
        out.push_str(&format!("{class}: {message}{suffix}\n"));
        out
    }

    /// Each entry of a traceback as text, repetitions summed up.
    fn traceback_entries(&mut self, traceback: &Value) -> Vec<String> {
        let mut entries: Vec<String> = Vec::new();
        let mut repeats = Repeats::default();
        let mut next = traceback.clone();
        while let Some(entry) = next.get::<Traceback>() {
            let plain = entry.code().plain.clone();
            let position = entry.position();
            let following = entry.next.get();
            if self.hides(&plain) {
                next = following;
                continue;
            }
            let mut summed = String::new();
            let shown = repeats.shows(&plain, position.line, &mut summed);
            if !summed.is_empty() {
                entries.push(summed);
            }
            if shown {
                entries.push(self.entry_text(&plain, position));
            }
            next = following;
        }
        let mut summed = String::new();
        repeats.end(&mut summed);
        if !summed.is_empty() {
            entries.push(summed);
        }
        entries
    }

    /// True for code whose entries are left out of reports: that of the library, unless with `-v`.
    fn hides(&self, code: &crate::bytecode::Code) -> bool {
        self.host.environment.settings.verbose == 0 && self.is_library_code(code)
    }

    fn entry_text(&mut self, code: &crate::bytecode::Code, position: Position) -> String {
        let mut out = format!(
            "  File \"{}\", line {}, in {}\n",
            code.source.name(),
            position.line,
            code.name
        );
        if position.line > 0 {
            out.push_str(&super::excerpt::source_lines(
                self.loader.as_ref(),
                &code.source,
                position,
            ));
        }
        out
    }

    /// "Did you mean: 'x'?" for names, attributes and imports that are not there.
    pub(super) fn suggestion(&mut self, exception: &Value) -> Option<String> {
        let class = self.class_of(exception);
        let e = exception.get::<Exception>()?;
        let attribute = self.known_class(Known::AttributeError);
        let name_error = self.known_class(Known::NameError);
        let import_error = self.known_class(Known::ImportError);
        let (wanted, candidates) = if class.is_subclass(&attribute) {
            let name = e.extra[fields::ATTRIBUTE_NAME].get();
            let object = e.extra[fields::ATTRIBUTE_OBJ].get();
            if object.is_undef() {
                return None;
            }
            (name, self.dir(&object).ok()?)
        } else if class.is_subclass(&name_error) {
            let name = e.extra[fields::NAME].get();
            let receiver = e.extra[fields::NAME_SELF].get();
            if !receiver.is_undef()
                && let Some(text) = name.get::<Str>().map(|n| n.to_text().into_owned())
                && let Ok(Some(_)) = self.get_attr_optional(&receiver, &text)
            {
                return Some(format!(". Did you mean: 'self.{text}'?"));
            }
            (name, self.names_in_scope(&e.traceback.get()))
        } else if class.is_subclass(&import_error) {
            let name = e.extra[fields::IMPORT_NAME_FROM].get();
            let module = e.extra[fields::IMPORT_NAME].get();
            let module = self.modules.get_str(module.get::<Str>()?)?;
            (name, self.dir(&module).ok()?)
        } else {
            return None;
        };
        let wanted = wanted.get::<Str>()?.to_text().into_owned();
        let known: Vec<String> = candidates
            .iter()
            .filter_map(|c| c.get::<Str>().map(|s| s.to_text().into_owned()))
            .filter(|c| wanted.starts_with('_') || !c.starts_with('_'))
            .collect();
        let best = super::error::closest(&wanted, &known);
        match best {
            Some(best) => {
                let also = class.is_subclass(&name_error) && self.is_library_module(&wanted);
                let more = if also {
                    format!(" Or did you forget to import '{wanted}'?")
                } else {
                    String::new()
                };
                Some(format!(". Did you mean: '{best}'?{more}"))
            }
            None if class.is_subclass(&name_error) && self.is_library_module(&wanted) => {
                Some(format!(". Did you forget to import '{wanted}'?"))
            }
            None => None,
        }
    }

    fn is_library_module(&self, name: &str) -> bool {
        self.library.modules.iter().any(|m| m.name == name)
            || self.loader.library_kind(name).is_some()
    }

    /// The names that the innermost frame of a traceback could see.
    fn names_in_scope(&mut self, traceback: &Value) -> Vec<Value> {
        let mut names = Vec::new();
        let mut next = traceback.clone();
        while let Some(entry) = next.get::<Traceback>() {
            let following = entry.next.get();
            if !following.is_kind::<Traceback>() {
                names.extend(self.bound_locals(&entry.frame));
                let globals = &entry.frame.function.globals;
                names.extend(globals.pairs().into_iter().map(|(key, _)| key));
                names.extend(self.builtins.pairs().into_iter().map(|(key, _)| key));
            }
            next = following;
        }
        names
    }

    /// An exception that nobody can catch (in a finalizer, a callback): reported on stderr.
    pub(crate) fn report_unraisable(
        &mut self,
        raised: &crate::object::native::Raised,
        object: &Value,
    ) {
        self.place_unraisable(raised);
        if self.tell_unraisable_hook(raised, object) {
            return;
        }
        let what = match self.repr(object) {
            Ok(text) => text.to_text().into_owned(),
            Err(_) => "<object repr() failed>".to_string(),
        };
        let report = self.unraisable_text(&raised.0);
        self.write_error(&format!("Exception ignored in: {what}\n{report}"));
    }

    /// Calls `sys.unraisablehook` if a script has put one there.
    fn tell_unraisable_hook(
        &mut self,
        raised: &crate::object::native::Raised,
        object: &Value,
    ) -> bool {
        let namespace = self.modules.get_name("sys").and_then(|sys| {
            sys.get::<crate::object::module::Module>()
                .map(|module| module.namespace.clone())
        });
        let Some(namespace) = namespace else {
            return false;
        };
        let (Some(hook), Some(own)) = (
            namespace.get_name("unraisablehook"),
            namespace.get_name("__unraisablehook__"),
        ) else {
            return false;
        };
        if hook.is(&own) || hook.is_none() {
            return false;
        }
        let Some(make) = self.unraisable_arguments else {
            return false;
        };
        let called = make(self, &raised.0, object).and_then(|given| self.call(&hook, &[given]));
        if let Err(failed) = called {
            let report = self.unraisable_text(&failed.0);
            self.write_error(&format!(
                "Exception ignored in sys.unraisablehook\n{report}"
            ));
        }
        true
    }

    /// The report of an exception that nobody can catch is plain: no carets, chains, notes or hints.
    fn unraisable_text(&mut self, exception: &Value) -> String {
        if self.draws_reports() {
            return self.report_exception(exception);
        }
        let mut out = String::new();
        let mut next = exception
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.traceback.get());
        if next.is_kind::<Traceback>() {
            out.push_str("Traceback (most recent call last):\n");
        }
        let mut entries = Repeats::default();
        while let Some(entry) = next.get::<Traceback>() {
            let plain = entry.code().plain.clone();
            let line = entry.line();
            if !self.hides(&plain) && entries.shows(&plain, line, &mut out) {
                let name = plain.source.name();
                out.push_str(&format!(
                    "  File \"{name}\", line {line}, in {}\n",
                    plain.name
                ));
                let text = plain.source.line_text(line).trim();
                if plain.source.is_shown() && !text.is_empty() {
                    out.push_str(&format!("    {text}\n"));
                }
            }
            let following = entry.next.get();
            next = following;
        }
        entries.end(&mut out);
        let class = self.class_of(exception);
        let name = self.qualified_class_name(&class);
        let text = match self.str(exception) {
            Ok(text) => text.to_text().into_owned(),
            Err(_) => "<exception str() failed>".to_string(),
        };
        out.push_str(&format!("{name}: {text}\n"));
        out
    }

    /// An exception from nowhere is told of where the script stands.
    fn place_unraisable(&mut self, raised: &crate::object::native::Raised) {
        let Some(exception) = raised.exception() else {
            return;
        };
        if !exception.traceback.as_value().is_none() {
            return;
        }
        let Some(frame) = self.frame_object(0) else {
            return;
        };
        let at = frame.at();
        let entry = Traceback::alloc(Value::NONE, frame, at);
        exception.traceback.set(entry.into_value());
    }

    /// Writes to the error output; what cannot be written is lost.
    pub(crate) fn write_error(&mut self, text: &str) {
        let text_value = Str::new(text).into_value();
        let stream = self.modules.get_name("sys").and_then(|sys| {
            let module = sys.get::<crate::object::module::Module>()?;
            module.namespace.get_name("stderr")
        });
        let written: R = match stream {
            Some(stream) if !stream.is_none() => self.call_method(&stream, "write", &[text_value]),
            _ => {
                let _ = self
                    .host
                    .stdio
                    .error
                    .write(without_surrogates(text).as_bytes());
                Ok(Value::NONE)
            }
        };
        let _ = written;
    }
}

/// Entries of a traceback that repeat are summed up.
#[derive(Default)]
struct Repeats {
    last: Option<(String, u32, String)>,
    count: usize,
}

impl Repeats {
    /// Whether the entry of this place is shown; before another place writes how often the last came.
    fn shows(&mut self, code: &crate::bytecode::Code, line: u32, out: &mut String) -> bool {
        let place = (code.source.name().to_string(), line, code.name.to_string());
        if self.last.as_ref() == Some(&place) {
            self.count += 1;
        } else {
            self.end(out);
            self.last = Some(place);
            self.count = 1;
        }
        self.count <= REPEATS_SHOWN
    }

    fn end(&mut self, out: &mut String) {
        if self.count > REPEATS_SHOWN {
            let more = self.count - REPEATS_SHOWN;
            let s = if more == 1 { "" } else { "s" };
            out.push_str(&format!("  [Previous line repeated {more} more time{s}]\n"));
        }
    }
}

/// The margin without its bar: what members of a group inside a group align to.
fn trim_bar(margin: &str) -> String {
    margin.strip_suffix("| ").unwrap_or(margin).to_string()
}
