//! What comes from outside between two instructions, and what goes there:
//! signals, warnings, errors of the host.

use super::types::Known;
use super::{SyntaxFault, Vm};
use crate::heap::{Ref, Value, shape_flags};
use crate::host::{Event, HostError};
use crate::object::dict::Dict;
use crate::object::generator::Generator;
use crate::object::native::{R, Raised};
use crate::object::str::Str;
use crate::object::weakref::of_link;
use crate::vm::generator::AsyncStep;

/// The numbers of two signals.
const SIGINT: i32 = 2;
const SIGQUIT: i32 = 3;

impl Vm {
    /// The lowest address that the Rust stack of this thread may reach.
    pub(crate) fn set_stack_limit(&mut self) {
        /// What is left for natives that do not check.
        const RESERVE: usize = 256 * 1024;
        let here = 0u8;
        let left = crate::host::stack_left(&raw const here as usize)
            .or_else(stacker::remaining_stack)
            .unwrap_or(RESERVE * 3);
        self.stack_limit = (&raw const here as usize).saturating_sub(left) + RESERVE.min(left / 2);
    }

    /// Drains the inbox at a budget check.
    ///
    /// # Errors
    /// KeyboardInterrupt, when SIGINT came and no loop takes care of it.
    pub(crate) fn look_outside(&mut self) -> R<()> {
        let mut events = Vec::new();
        if let Err(e) = self.host.look(false, &mut events) {
            return Err(self.host_error(&e));
        }
        if !self.has_other_fibers() {
            return self.handle_events(events);
        }
        self.hand_out_all(events)
    }

    /// Gives events to who waits for them.
    pub fn handle_events(&mut self, events: Vec<Event>) -> R<()> {
        let mut interrupted = false;
        for event in events {
            if matches!(event, Event::Signal(SIGQUIT)) && self.tells_standing() {
                continue;
            }
            if let (Event::Signal(number), Some(tell)) = (&event, self.tell_signal) {
                tell(self, *number);
            }
            match event {
                Event::Signal(SIGINT) => interrupted = true,
                Event::Signal(number) => self.call_signal_handler(number)?,
                Event::Wake(number) => self.host_work_wakes(number)?,
                other => self.pending_events.push(other),
            }
        }
        if interrupted {
            self.interrupt()
        } else {
            Ok(())
        }
    }

    /// Answers SIGQUIT; false if a script takes care of it.
    fn tells_standing(&mut self) -> bool {
        let Some(tell) = self.tell_standing else {
            return false;
        };
        let handlers = self
            .state
            .get("signal.handlers")
            .and_then(Value::to_ref::<Dict>);
        let handler = handlers.and_then(|handlers| {
            let pairs = handlers.pairs();
            let found = pairs
                .into_iter()
                .find(|(number, _)| number.as_small_int() == Some(i64::from(SIGQUIT)));
            found.map(|(_, handler)| handler)
        });
        let handled = handler.is_some_and(|handler| self.is_callable(&handler));
        tell(self, handled)
    }

    /// Calls the handler that a script has set for a signal; without one a loop may want it.
    fn call_signal_handler(&mut self, number: i32) -> R<()> {
        let handlers = self
            .state
            .get("signal.handlers")
            .and_then(Value::to_ref::<Dict>);
        let handler = match handlers {
            Some(handlers) => self.dict_get(&handlers, &Value::int32(number))?,
            None => None,
        };
        match handler {
            Some(handler) if handler.is_object() => {
                self.signals_handled += 1;
                let frame = self.frame_object(0).map_or(Value::NONE, Ref::into_value);
                self.call(&handler, &[Value::int32(number), frame])
                    .map(drop)
            }
            _ => {
                self.pending_events.push(Event::Signal(number));
                Ok(())
            }
        }
    }

    /// SIGINT: what the script's handler says, or KeyboardInterrupt.
    fn interrupt(&mut self) -> R<()> {
        match self.state.get("signal.SIGINT").cloned() {
            Some(handler) if !handler.is_none() => {
                self.signals_handled += 1;
                let frame = self.frame_object(0).map_or(Value::NONE, Ref::into_value);
                self.call(&handler, &[Value::int32(SIGINT), frame])
                    .map(drop)
            }
            _ => Err(self.raise_bare(Known::KeyboardInterrupt)),
        }
    }

    /// The OSError for an error of the host.
    pub fn host_error(&mut self, error: &HostError) -> Raised {
        if self.host.stdio.output_is_exceeded() {
            self.exceed(super::limits::Limit::Output);
        }
        let filename = error.filename().map_or(Value::NONE, |name| {
            Str::new(&name.to_string_lossy()).into_value()
        });
        let message = error.message().into_owned();
        self.os_error_text(error.errno, &message, filename)
    }

    /// Weak references to an object that dies: their callbacks are called by the module that made them.
    pub(crate) fn clear_weak_references(&mut self, object: &Value) {
        let flags = self.heap.shapes[object.shape() as usize].flags;
        if flags & shape_flags::WEAKLY_REFERENCED == 0 {
            return;
        }
        let references = self
            .heap
            .weak
            .remove(&(object.header() as usize))
            .unwrap_or_default();
        // No callback finds the object again through another reference. The youngest is told first.
        for reference in references.iter().filter_map(of_link) {
            reference.forget();
        }
        if let Some(clear) = self.clear_weak {
            for reference in references.into_iter().rev() {
                clear(self, &reference);
            }
        }
    }

    /// "coroutine 'f' was never awaited"
    pub(crate) fn warn_never_awaited(&mut self, object: &Value, generator: &Generator) {
        let name = generator.qualname.get();
        let name = name
            .get::<Str>()
            .map_or_else(String::new, |s| s.to_text().into_owned());
        let message = format!("coroutine '{name}' was never awaited");
        // The stack of its creation is told by the module.
        if generator.hook.as_value().is_object()
            && let Err(raised) = self.import("warnings")
        {
            self.report_unraisable(&raised, object);
        }
        let told = match self.modules.get_name("warnings") {
            // The module tells of the origin too.
            Some(module) => self
                .get_attr_optional(&module, "_warn_unawaited_coroutine")
                .and_then(|tell| match tell {
                    Some(tell) => self.call(&tell, std::slice::from_ref(object)).map(drop),
                    None => self.warn_about(Known::RuntimeWarning, &message, Some(object)),
                }),
            None => self.warn_about(Known::RuntimeWarning, &message, Some(object)),
        };
        if let Err(raised) = told {
            self.report_unraisable(&raised, object);
        }
    }

    /// "coroutine method 'asend' of 'g' was never awaited"
    pub(crate) fn warn_step_never_awaited(&mut self, object: &Value, step: &AsyncStep) {
        let method = ["asend", "athrow", "aclose"][step.kind() as usize % 3];
        let target = step.generator.get();
        let name = target
            .get::<Generator>()
            .map_or(Value::NONE, |g| g.qualname.get());
        let name = self.repr_text(&name).unwrap_or_default();
        let message = format!("coroutine method '{method}' of {name} was never awaited");
        if let Err(raised) = self.warn_about(Known::RuntimeWarning, &message, Some(object)) {
            self.report_unraisable(&raised, object);
        }
    }

    /// Issues a warning at the place that runs.
    ///
    /// # Errors
    /// The warning itself, when a filter turns it into an error.
    pub fn warn(&mut self, known: Known, message: &str) -> R<()> {
        self.warn_about(known, message, None)
    }

    /// A ResourceWarning, which the usual filters leave out.
    ///
    /// # Errors
    /// The warning itself, when a filter turns it into an error.
    pub fn warn_of_resource(&mut self, message: &str, object: Option<&Value>) -> R<()> {
        self.import("warnings")?;
        self.warn_about(Known::ResourceWarning, message, object)
    }

    /// The same, about an object that died.
    fn warn_about(&mut self, known: Known, message: &str, object: Option<&Value>) -> R<()> {
        let class = self.known_class(known).into_value();
        let text = Str::new(message).into_value();
        if let Some(module) = self.modules.get_name("warnings") {
            let mut args = vec![text, class];
            if let Some(object) = object {
                args.extend([Value::int32(1), object.clone()]);
            }
            return self.call_method(&module, "warn", &args).map(drop);
        }
        let (file, line, source) = self.running_place();
        let name = class
            .get::<crate::object::class::Class>()
            .map_or_else(String::new, |c| c.name_str());
        let mut report = format!("{file}:{line}: {name}: {message}\n");
        if !self.warned_first(&report) {
            return Ok(());
        }
        let source = source.trim();
        if !source.is_empty() {
            report.push_str(&format!("  {source}\n"));
        }
        // At the very end, when nothing runs any more, CPython has no module that would say so.
        if object.is_some() && line != 0 {
            report.push_str(&format!(
                "{name}: Enable tracemalloc to get the object allocation traceback\n"
            ));
        }
        self.write_error(&report);
        Ok(())
    }

    /// Whether this is the first time that such a warning comes from such a place.
    fn warned_first(&mut self, report: &str) -> bool {
        const WARNED: &str = "warnings.shown";
        let known = self.state.get(WARNED).and_then(Value::to_ref::<Dict>);
        let shown = known.unwrap_or_else(|| {
            let shown = Dict::new();
            self.state.insert(WARNED, shown.value());
            shown
        });
        if shown.get_name(report).is_some() {
            return false;
        }
        // Without memory for the note it is shown again.
        let _ = self.set_name(&shown, report, Value::TRUE);
        true
    }

    /// File, line and text of the line that runs.
    fn running_place(&self) -> (String, u32, String) {
        match self.running_code() {
            Some((code, at)) => {
                let line = code.plain.line_at(at);
                let text = code.plain.source.line_text(line).to_string();
                (code.plain.source.name().to_string(), line, text)
            }
            None => ("<sys>".to_string(), 0, String::new()),
        }
    }

    /// Issues the warnings that compiling a text gave.
    ///
    /// # Errors
    /// The first that a filter turns into an error, as a SyntaxError.
    pub fn issue_syntax_warnings(&mut self, warnings: Vec<SyntaxFault>) -> R<()> {
        for fault in warnings {
            let (name, line) = (fault.source.name().to_string(), fault.place.0);
            let Some(module) = self.modules.get_name("warnings") else {
                let mut report = format!("{name}:{line}: SyntaxWarning: {}\n", fault.message);
                if !name.starts_with('<') {
                    let text = fault.source.line_text(line);
                    report.push_str(&format!("  {}\n", text.trim()));
                }
                self.write_error(&report);
                continue;
            };
            let class = self.known_class(Known::SyntaxWarning);
            let args = [
                Str::new(&fault.message).into_value(),
                class.value(),
                Str::new(&name).into_value(),
                Value::int32(line as i32),
            ];
            match self.call_method(&module, "warn_explicit", &args) {
                Ok(_) => {}
                Err(raised) if self.is_raised(&raised, Known::SyntaxWarning) => {
                    return Err(self.syntax_error(fault));
                }
                Err(raised) => return Err(raised),
            }
        }
        Ok(())
    }
}
