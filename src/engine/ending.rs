//! The end of a program: what an uncaught exception says, exit functions, flushing, the exit status.

use super::Exit;
use crate::builtins::arguments::plain;
use crate::builtins::functions::output::{Stream, stream};
use crate::heap::Value;
use crate::object::int::IntView;
use crate::object::module::Module;
use crate::object::native::{R, Raised};
use crate::object::tuple::Tuple;
use crate::object::weakref::of_link;
use crate::vm::Vm;
use crate::vm::types::Known;

/// Ends a program whose body ended so; before that comes the prompt, if it is asked for (`-i`).
pub(super) fn end(vm: &mut Vm, result: R) -> Exit {
    let result = match wants_prompt(vm) {
        true => look_around(vm, result),
        false => result,
    };
    end_now(vm, result)
}

/// True if the prompt is asked for: by an option, or by a variable that the script may have set.
pub(super) fn wants_prompt(vm: &Vm) -> bool {
    let environment = &vm.host.environment;
    environment.settings.inspect || environment.steering_variable("PYTHONINSPECT").is_some()
}

/// The prompt with the names of the script that ended; how it ended itself.
fn look_around(vm: &mut Vm, result: R) -> R {
    if let Err(raised) = result {
        remember(vm, &raised)?;
        flush_output(vm);
        if !call_hook(vm, &raised) {
            show_exception(vm, &raised);
        }
    }
    let main = vm.modules.get_name("__main__");
    let names = main.and_then(|main| Some(main.get::<Module>()?.namespace.value()));
    let Some(names) = names else {
        return Ok(Value::NONE);
    };
    vm.import("asyncio.__main__")?;
    let prompt = vm
        .modules
        .get_name("asyncio.__main__")
        .unwrap_or(Value::NONE);
    let run = vm.get_attr(&prompt, "main")?;
    let keywords = ["names", "banner"].map(|name| vm.intern(name).into_value());
    let keywords = Tuple::of(keywords.into()).into_value();
    vm.call_kw(&run, &[names, Value::FALSE], &keywords)
}

/// `sys.last_exc` and the like, for who looks around.
fn remember(vm: &mut Vm, raised: &Raised) -> R<()> {
    let sys = vm.import("sys")?;
    let class = vm.class_of(&raised.0).into_value();
    let traceback = vm.get_attr(&raised.0, "__traceback__")?;
    vm.set_attr(&sys, "last_exc", &raised.0)?;
    vm.set_attr(&sys, "last_type", &class)?;
    vm.set_attr(&sys, "last_value", &raised.0)?;
    vm.set_attr(&sys, "last_traceback", &traceback)
}

/// Ends a program whose body ended so.
pub(super) fn end_now(vm: &mut Vm, result: R) -> Exit {
    let mut exit = match result {
        Ok(_) => Exit::SUCCESS,
        Err(raised) => report(vm, &raised),
    };
    // Threads are waited for first, then the exit functions run: CPython's order.
    for (module, function) in [("threading", "_shutdown"), ("atexit", "_run_exitfuncs")] {
        if let Some(raised) = call_if_loaded(vm, module, function) {
            show_exception(vm, &raised);
            if vm.is_raised(&raised, Known::KeyboardInterrupt) {
                exit.interrupted = true;
            }
        }
    }
    vm.ending = true;
    clear_main(vm);
    if !flush(vm) && exit.status == 0 {
        exit.status = 120;
    }
    exit
}

/// Takes the names of the main module away, so that what they hold can say farewell: those that begin
/// with one underscore first, as in CPython.
fn clear_main(vm: &mut Vm) {
    let Some(main) = vm.modules.get_name("__main__") else {
        return;
    };
    let Some(namespace) = main.get::<Module>().map(|m| m.namespace.clone()) else {
        return;
    };
    for private in [true, false] {
        for (key, value) in namespace.pairs() {
            let name = plain(&key);
            let is_private = name.starts_with('_') && !name.starts_with("__");
            if value.is_none() || is_private != private || name == "__builtins__" {
                continue;
            }
            drop(value);
            if vm.set_name(&namespace, &name, Value::NONE).is_err() {
                return;
            }
            vm.run_finalizers_now();
        }
    }
    let hears = |link: &Value| of_link(link).is_some_and(|weak| !weak.callback.get().is_none());
    if !vm.ends_with_process || !vm.heap.leave_behind(hears) {
        vm.heap.collect();
        vm.run_finalizers_now();
    }
}

fn call_if_loaded(vm: &mut Vm, module: &str, function: &str) -> Option<Raised> {
    let module = vm.modules.get_name(module)?;
    let function = module.get::<Module>()?.namespace.get_name(function)?;
    vm.call(&function, &[]).err()
}

/// Tells of an exception nobody caught, or does what SystemExit asks for.
fn report(vm: &mut Vm, raised: &Raised) -> Exit {
    if vm.is_raised(raised, Known::SystemExit) {
        return Exit {
            status: exit_status(vm, raised),
            interrupted: false,
        };
    }
    let interrupted = vm.is_raised(raised, Known::KeyboardInterrupt);
    flush_output(vm);
    if !call_hook(vm, raised) {
        show_exception(vm, raised);
    }
    Exit {
        status: if interrupted { 130 } else { 1 },
        interrupted,
    }
}

/// `sys.excepthook`, if a script has put one there.
fn call_hook(vm: &mut Vm, raised: &Raised) -> bool {
    let Some(sys) = vm.modules.get_name("sys") else {
        return false;
    };
    let Some(namespace) = sys.get::<Module>().map(|m| m.namespace.clone()) else {
        return false;
    };
    let (hook, original) = (
        namespace.get_name("excepthook"),
        namespace.get_name("__excepthook__"),
    );
    let Some(hook) = hook else { return false };
    if original.is_some_and(|o| o.is(&hook)) {
        return false;
    }
    let class = vm.class_of(&raised.0).into_value();
    let traceback = vm
        .get_attr(&raised.0, "__traceback__")
        .unwrap_or(Value::NONE);
    if let Err(second) = vm.call(&hook, &[class, raised.0.clone(), traceback]) {
        let _ = vm.host.stdio.error.write(b"Error in sys.excepthook:\n");
        show_exception(vm, &second);
        let _ = vm.host.stdio.error.write(b"\nOriginal exception was:\n");
        show_exception(vm, raised);
    }
    true
}

/// The status of a SystemExit: None is 0, an int is itself, all else is shown and 1.
fn exit_status(vm: &mut Vm, raised: &Raised) -> i32 {
    let code = vm.get_attr(&raised.0, "code").unwrap_or(Value::NONE);
    if code.is_none() {
        return 0;
    }
    if let Some(flag) = code.as_bool() {
        return flag as i32;
    }
    if let Some(number) = IntView::of(&code) {
        return number.as_i64().map_or(-1, |n| n as i32) & 0xFF;
    }
    flush_output(vm);
    match vm.str(&code) {
        Ok(text) => {
            let line = plain(text.as_value()) + "\n";
            let _ = vm.host.stdio.error.write(line.as_bytes());
        }
        Err(second) => show_exception(vm, &second),
    }
    1
}

/// Writes what is held back of the two outputs.
///
/// # Errors
/// The first that writing met.
pub(super) fn flush_streams(vm: &mut Vm) -> Result<(), crate::host::HostError> {
    let output = vm.host.stdio.output.flush();
    output.and(vm.host.stdio.error.flush())
}

fn flush_output(vm: &mut Vm) {
    if let Stream::Object(file) = stream(vm, "stdout")
        && let Ok(method) = vm.get_attr(&file, "flush")
    {
        let _ = vm.call(&method, &[]);
    }
    let _ = vm.host.stdio.output.flush();
}

/// Writes what is held back; false if that failed.
fn flush(vm: &mut Vm) -> bool {
    let mut good = true;
    if let Stream::Object(file) = stream(vm, "stdout")
        && let Ok(method) = vm.get_attr(&file, "flush")
    {
        good = vm.call(&method, &[]).is_ok();
    }
    if let Err(error) = vm.host.stdio.output.flush() {
        vm.host.stdio.output.discard();
        let text = format!(
            "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w' encoding='utf-8'>\n{}: {error}\n",
            if error.errno == 32 {
                "BrokenPipeError"
            } else {
                "OSError"
            },
        );
        let _ = vm.host.stdio.error.write(text.as_bytes());
        good = false;
    }
    let _ = vm.host.stdio.error.flush();
    good
}

/// Writes an exception with its traceback to standard error.
fn show_exception(vm: &mut Vm, raised: &Raised) {
    let text = vm.report_exception(&raised.0);
    vm.write_error(&text);
}
