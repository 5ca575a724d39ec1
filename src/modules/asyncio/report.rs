//! What nobody handles: the loop's exception handler, and the messages on
//! stderr that CPython writes through its logger `asyncio`.

use super::base_events::Loop;
use super::{handles, script};
use crate::heap::Value;
use crate::modules::contextvars;
use crate::object::exception::{Exception, Traceback};
use crate::object::frame_object::FrameObject;
use crate::object::function::Function;
use crate::object::module::Module;
use crate::object::native::{R, Raised};
use crate::object::task::{Handle, Task};
use crate::vm::Vm;

/// Calls a loop's exception handler with a context of these entries, `message` first.
pub fn report(vm: &mut Vm, owner: &Value, message: &str, parts: &[(&str, Value)]) -> R<()> {
    let context = script::dict(vm, "message", script::text(message))?;
    for (key, value) in parts {
        script::set_item(vm, &context, key, value.clone())?;
    }
    if owner.is_undef() || owner.is_none() {
        return default_handler(vm, owner, &context);
    }
    if owner.get::<Loop>().is_some_and(|l| !l.overridden.get()) {
        return call_handler(vm, owner, &context);
    }
    script::call_method(vm, owner, "call_exception_handler", &[context]).map(|_| ())
}

/// Gives an exception that no script code has seen a traceback: the place in the library where CPython
/// runs callbacks.
pub fn begin_traceback(vm: &mut Vm, exception: &Value) -> R<()> {
    let Some(exception) = exception.get::<Exception>() else {
        return Ok(());
    };
    if !exception.traceback.as_value().is_none() {
        return Ok(());
    }
    vm.import("asyncio.events")?;
    let run = match script::loaded_module(vm, "asyncio.events") {
        Some(module) => script::attr(vm, &module, "_run")?,
        None => return Ok(()),
    };
    let Some(run) = run.to_ref::<Function>() else {
        return Ok(());
    };
    let code = run.code.borrow().clone();
    // The call is what spans most of the line.
    let call = code
        .plain
        .positions
        .iter()
        .filter(|(_, place)| place.line > code.plain.first_line)
        .max_by_key(|(_, place)| place.end_column - place.column.min(place.end_column));
    let at = call.map_or(0, |(at, _)| *at);
    let frame = FrameObject::without_frame(&run, at);
    let entry = Traceback::alloc(Value::NONE, frame, at);
    exception.traceback.set(entry.into_value());
    Ok(())
}

/// `loop.call_exception_handler(context)`
pub fn call_handler(vm: &mut Vm, owner: &Value, context: &Value) -> R<()> {
    let handler = owner.get::<Loop>().map_or(Value::NONE, |l| l.handler.get());
    if handler.is_none() {
        let answer = run_default(vm, owner, context);
        return guard(vm, answer, "Exception in default exception handler");
    }
    let called = call_in_context(vm, &handler, owner, context);
    let Err(raised) = called else { return Ok(()) };
    if script::ends_loop(vm, &raised.0) {
        return Err(raised);
    }
    let unhandled = script::dict(
        vm,
        "message",
        script::text("Unhandled error in exception handler"),
    )?;
    script::set_item(vm, &unhandled, "exception", raised.0)?;
    script::set_item(vm, &unhandled, "context", context.clone())?;
    let answer = run_default(vm, owner, &unhandled);
    let text = "Exception in default exception handler while handling an unexpected error in custom exception handler";
    guard(vm, answer, text)
}

/// Calls the handler in the context of what the report is about.
fn call_in_context(vm: &mut Vm, handler: &Value, owner: &Value, context: &Value) -> R {
    let mut inside = Value::UNDEF;
    for key in ["task", "future", "handle"] {
        if let Some(thing) = script::get_item(context, key) {
            inside = match (thing.get::<Task>(), Handle::of(&thing)) {
                (Some(task), _) => task.context.get(),
                (_, Some(handle)) => handles::context_of(handle),
                _ => Value::UNDEF,
            };
            break;
        }
    }
    let args = [owner.clone(), context.clone()];
    let free = inside
        .get::<contextvars::Context>()
        .is_some_and(|c| !c.is_entered());
    if !free {
        return script::call(vm, handler, &args);
    }
    let previous = contextvars::enter(vm, &inside)?;
    let result = script::call(vm, handler, &args);
    contextvars::leave(vm, previous);
    result
}

/// `default_exception_handler`, be it one that a script's class overrides.
fn run_default(vm: &mut Vm, owner: &Value, context: &Value) -> R<()> {
    let class = vm.class_of(owner);
    let name = vm.intern("default_exception_handler");
    let native = vm
        .lookup_in_class(&class, name.as_value())
        .is_none_or(|m| m.is_kind::<crate::object::native::Native>());
    if native {
        return default_handler(vm, owner, context);
    }
    script::call_method(
        vm,
        owner,
        "default_exception_handler",
        std::slice::from_ref(context),
    )
    .map(|_| ())
}

fn guard(vm: &mut Vm, answer: R<()>, text: &str) -> R<()> {
    match answer {
        Err(raised) if script::ends_loop(vm, &raised.0) => Err(raised),
        Err(raised) => log(vm, text, Some(&raised)),
        Ok(()) => Ok(()),
    }
}

/// A report's entry of the stack of what it is about, if that is known.
pub fn with_source(vm: &mut Vm, source: &Value, parts: &mut Vec<(&str, Value)>) -> R<()> {
    if source.is_object() && script::truth(vm, source)? {
        parts.push(("source_traceback", source.clone()));
    }
    Ok(())
}

/// In debug mode the stack of the running handle's creation joins a report that has no other.
fn add_handle(vm: &mut Vm, owner: &Value, context: &Value) -> R<()> {
    let Some(looped) = owner.get::<Loop>().filter(|l| l.debug.get()) else {
        return Ok(());
    };
    let running = looped.handle_now.get();
    let Some(handle) = Handle::of(&running) else {
        return Ok(());
    };
    let source = handle.source();
    if script::get_item(context, "source_traceback").is_some() || source.is_none() {
        return Ok(());
    }
    script::set_item(vm, context, "handle_traceback", source)
}

/// The line of a report for one of its entries.
fn line_of(vm: &mut Vm, key: &str, value: &Value) -> R<String> {
    let what = match key {
        "source_traceback" => "Object",
        "handle_traceback" => "Handle",
        _ => return Ok(format!("{key}: {}", script::repr(vm, value)?)),
    };
    let format = script::import_attr(vm, "traceback", "format_list")?;
    let lines = script::call(vm, &format, std::slice::from_ref(value))?;
    let mut text = format!("{key}: {what} created at (most recent call last):\n");
    for line in vm.collect(&lines)? {
        text += &script::as_text(&line);
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

/// Writes the report to the log.
pub fn default_handler(vm: &mut Vm, owner: &Value, context: &Value) -> R<()> {
    add_handle(vm, owner, context)?;
    let message = script::get_item(context, "message");
    let message = match message {
        Some(message) if script::truth(vm, &message)? => script::str_of(vm, &message)?,
        _ => "Unhandled exception in event loop".to_owned(),
    };
    let mut lines = vec![message];
    let mut entries: Vec<(String, Value)> = script::entries(context)
        .into_iter()
        .map(|(key, value)| (script::as_text(&key), value))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, value) in entries {
        if key != "message" && key != "exception" {
            lines.push(line_of(vm, &key, &value)?);
        }
    }
    let exception = script::get_item(context, "exception")
        .filter(|e| e.is_kind::<Exception>())
        .map(Raised);
    log(vm, &lines.join("\n"), exception.as_ref())
}

/// `logger.error(message, exc_info=exception)`, through `logging` if the program has set it up.
pub fn log(vm: &mut Vm, message: &str, exception: Option<&Raised>) -> R<()> {
    log_at(vm, "error", message, exception)
}

/// The logger of the loop's module, once anybody has asked for one or has set up `logging`.
fn logger(vm: &mut Vm) -> R<Option<Value>> {
    if let Some(module) = script::loaded_module(vm, "asyncio.base_events")
        && let Some(module) = module.get::<Module>()
        && let Some(logger) = module.namespace.get_name("logger")
    {
        return Ok(Some(logger));
    }
    match script::loaded_module(vm, "logging") {
        Some(logging) => {
            let name = script::text("asyncio");
            script::call_method(vm, &logging, "getLogger", &[name]).map(Some)
        }
        None => Ok(None),
    }
}

/// As `log`, at a level that is named by the logger's method.
pub fn log_at(vm: &mut Vm, level: &str, message: &str, exception: Option<&Raised>) -> R<()> {
    if let Some(logger) = logger(vm)? {
        let method = script::attr(vm, &logger, level)?;
        if level != "error" {
            return script::call(vm, &method, &[script::text(message)]).map(|_| ());
        }
        let shown = match exception {
            Some(raised) => {
                let class = vm.class_of(&raised.0).into_value();
                let traceback = script::attr(vm, &raised.0, "__traceback__")?;
                script::tuple(vec![class, raised.0.clone(), traceback])
            }
            None => Value::FALSE,
        };
        let names = script::names(vm, &["exc_info"]);
        script::call_kw(vm, &method, &[script::text(message), shown], &names)?;
        return Ok(());
    }
    if level == "debug" {
        return Ok(());
    }
    let mut text = format!("{message}\n");
    if let Some(raised) = exception {
        text += &script::format_exception(vm, &raised.0)?;
    }
    script::write_stderr(vm, &text)
}
