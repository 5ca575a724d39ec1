//! What runs: exceptions, frames, hooks.

use crate::builtins::arguments::{int, small, string, tuple};
use crate::builtins::functions::evaluation::tail_call;
use crate::builtins::functions::outcome;
use crate::builtins::functions::output::{Stream, stream, write_to_host};
use crate::heap::Value;
use crate::modules::struct_sequence;
use crate::object::dict::Dict;
use crate::object::exception::Exception;
use crate::object::native::{Input, NativeFrame, R, Raised, Step};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::error::{fields, set_field};
use crate::vm::types::Known;

/// `sys.exit(status)`
pub fn exit(vm: &mut Vm, args: &[Value]) -> R {
    let class = vm.known_class(Known::SystemExit);
    // A tuple is taken apart, as for any exception that is raised with one.
    let given = match args[0].get::<crate::object::tuple::Tuple>() {
        Some(tuple) => tuple.items().to_vec(),
        None if args[0].is_none() => Vec::new(),
        None => vec![args[0].clone()],
    };
    let code = match &given[..] {
        [] => Value::NONE,
        [only] => only.clone(),
        _ => args[0].clone(),
    };
    let exception = vm.new_exception(&class, given);
    set_field(&exception, fields::EXIT_CODE, code);
    Err(Raised(exception))
}

/// `sys.exc_info()`
pub fn exc_info(vm: &mut Vm, _: &[Value]) -> R {
    let exception = vm.current_exception();
    if exception.is_none() {
        return tuple(vm, vec![Value::NONE, Value::NONE, Value::NONE]);
    }
    let class = vm.class_of(&exception).into_value();
    let traceback = exception
        .get::<Exception>()
        .map_or(Value::NONE, |e| e.traceback.get());
    tuple(vm, vec![class, exception, traceback])
}

/// `sys.excepthook(type, value, traceback)`
pub fn excepthook(vm: &mut Vm, args: &[Value]) -> R {
    let Some(exception) = args[1].get::<Exception>() else {
        let name = vm.type_name(&args[1]);
        let text =
            format!("TypeError: print_exception(): Exception expected for value, {name} found\n");
        vm.write_error(&text);
        return Ok(Value::NONE);
    };
    if exception.traceback.get().is_none() && !args[2].is_none() {
        exception.traceback.set(args[2].clone());
    }
    let text = vm.report_exception(&args[1]);
    vm.write_error(&text);
    Ok(Value::NONE)
}

/// `sys.unraisablehook(unraisable)`
pub fn unraisablehook(vm: &mut Vm, args: &[Value]) -> R {
    let message = vm
        .get_attr_optional(&args[0], "err_msg")?
        .unwrap_or(Value::NONE);
    let object = vm
        .get_attr_optional(&args[0], "object")?
        .unwrap_or(Value::NONE);
    let exception = vm.get_attr(&args[0], "exc_value")?;
    let intro = if message.is_none() {
        "Exception ignored in".to_string()
    } else {
        vm.str_text(&message)?
    };
    let shown = if object.is_none() {
        String::new()
    } else {
        format!(": {}", vm.repr_text(&object)?)
    };
    let report = vm.report_exception(&exception);
    vm.write_error(&format!("{intro}{shown}\n{report}"));
    Ok(Value::NONE)
}

/// `sys.displayhook(value)`: what the prompt does with a value.
pub fn displayhook(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let text = match input {
        Input::Start => {
            if frame.regs[0].is_none() {
                return Step::Return(Value::NONE);
            }
            match outcome(vm.repr_step(&frame.regs[0])) {
                Ok(text) => text,
                Err(wait) => return wait,
            }
        }
        Input::Value(text) | Input::Yielded(text) if frame.state == 0 => text,
        Input::Value(_) | Input::Yielded(_) => return Step::Return(Value::NONE),
        Input::Raised(raised) => return Step::Raise(raised),
    };
    let builtins = vm.builtins.clone();
    let done = vm.set_name(&builtins, "_", frame.regs[0].clone());
    let line = text
        .get::<Str>()
        .map_or_else(String::new, |t| t.to_text().into_owned() + "\n");
    let line = string(&line);
    let done = done.and_then(|()| match stream(vm, "stdout") {
        Stream::Host => write_to_host(vm, &line, false).map(|()| None),
        Stream::Object(file) => vm.get_attr(&file, "write").map(Some),
        Stream::None => Ok(None),
        Stream::Lost => Err(vm.runtime_error("lost sys.stdout")),
    });
    match done {
        Ok(None) => Step::Return(Value::NONE),
        Ok(Some(write)) => {
            frame.state = 1;
            Step::Call(write, smallvec::smallvec![line])
        }
        Err(raised) => Step::Raise(raised),
    }
}

/// `sys.breakpointhook(*args, **kws)`: what to call stands in the environment, which script looks up.
pub fn breakpointhook(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    call_of_library(vm, frame, input, "_breakpoint", "called")
}

/// A function that one calls by hand: its text and work are in `_sitebuiltins`.
pub fn site_builtin(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    name: &'static str,
) -> Step {
    call_of_library(vm, frame, input, "_sitebuiltins", name)
}

/// Imports a module of the library and calls a function of it with the arguments of the frame.
fn call_of_library(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    module: &str,
    function: &str,
) -> Step {
    match input {
        Input::Start => vm.builtins.get_name("__import__").map_or_else(
            || Step::Raise(vm.runtime_error("__import__ not found")),
            |import| Step::Call(import, smallvec::smallvec![string(module)]),
        ),
        Input::Value(module) | Input::Yielded(module) => match vm.get_attr(&module, function) {
            Ok(function) => tail_call(vm, function, &frame.regs[0], &frame.regs[1]),
            Err(raised) => Step::Raise(raised),
        },
        Input::Raised(raised) => Step::Raise(raised),
    }
}

/// `sys.get_asyncgen_hooks()`
pub fn get_asyncgen_hooks(vm: &mut Vm, _: &[Value]) -> R {
    let hooks = [vm.asyncgen_hooks.0.clone(), vm.asyncgen_hooks.1.clone()];
    struct_sequence::make(vm, &super::facts::ASYNCGEN_HOOKS, &hooks)
}

/// `sys.set_asyncgen_hooks(firstiter, finalizer)`
pub fn set_asyncgen_hooks(vm: &mut Vm, args: &[Value]) -> R {
    for (hook, name) in [(&args[1], "finalizer"), (&args[0], "firstiter")] {
        if !hook.is_undef() && !hook.is_none() && !vm.is_callable(hook) {
            let given = vm.type_name(hook);
            return Err(vm.type_error(format!("callable {name} expected, got {given}")));
        }
    }
    if !args[0].is_undef() {
        vm.asyncgen_hooks.0 = args[0].clone();
    }
    if !args[1].is_undef() {
        vm.asyncgen_hooks.1 = args[1].clone();
    }
    Ok(Value::NONE)
}

/// `sys.get_coroutine_origin_tracking_depth()`
pub fn get_origin_depth(vm: &mut Vm, _: &[Value]) -> R {
    Ok(int(i64::from(vm.origin_depth)))
}

/// `sys.set_coroutine_origin_tracking_depth(depth)`
pub fn set_origin_depth(vm: &mut Vm, args: &[Value]) -> R {
    let depth = small(vm, &args[0])?;
    let Ok(depth) = u32::try_from(depth) else {
        return Err(vm.value_error("depth must be >= 0"));
    };
    vm.origin_depth = depth;
    Ok(Value::NONE)
}

/// `sys._getframe(depth)`
pub fn getframe(vm: &mut Vm, args: &[Value]) -> R {
    let depth = small(vm, &args[0])?.max(0) as usize;
    match vm.frame_object(depth) {
        Some(frame) => Ok(frame.into_value()),
        None => Err(vm.value_error("call stack is not deep enough")),
    }
}

/// `sys._source_of(filename)`: the text of a file that only the interpreter knows, for `linecache`.
pub fn source_of(vm: &mut Vm, args: &[Value]) -> R {
    let Some(name) = args[0].get::<Str>().map(|s| s.to_text().into_owned()) else {
        return Ok(Value::NONE);
    };
    Ok(vm
        .known_source(&name)
        .map_or(Value::NONE, |source| Str::new(source.text()).into_value()))
}

/// `sys._getframemodulename(depth)`
pub fn getframemodulename(vm: &mut Vm, args: &[Value]) -> R {
    let depth = small(vm, &args[0])?.max(0) as usize;
    let name = vm
        .frame_object(depth)
        .and_then(|frame| frame.function.globals.get_name("__name__"));
    Ok(name.unwrap_or(Value::NONE))
}

/// `sys._current_frames()`
pub fn current_frames(vm: &mut Vm, _: &[Value]) -> R {
    let dict = Dict::new();
    if let Some(frame) = vm.frame_object(0) {
        vm.dict_set(&dict, &int(1), frame.into_value())?;
    }
    Ok(dict.into_value())
}
