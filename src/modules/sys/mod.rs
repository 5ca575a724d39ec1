//! `sys`: the interpreter as scripts see it.

mod facts;
mod limits;
mod running;

use crate::builtins::arguments::{list, put, string, tuple, wtf8_lossy};
use crate::builtins::functions::output;
use crate::heap::{Ref, Value};
use crate::host::path_bytes;
use crate::modules::asyncio::coroutines::is_native_coroutine_function;
use crate::object::dict::Dict;
use crate::object::module::Module;
use crate::object::native::{Def, ModuleDef, R, TypeDef};
use crate::vm::Vm;

/// `sys`
pub static MODULE: ModuleDef = ModuleDef {
    name: "sys",
    doc: "What the interpreter tells about itself, and what it can be told.",
    functions: FUNCTIONS,
    types: &[],
    setup: Some(setup),
};

/// `exit` and `quit`, for the namespace of the built-in functions.
pub static BUILTINS: &[Def] = &[
    Def::leaf("exit(code=None)", running::exit),
    Def::leaf("quit(code=None)", running::exit),
    Def::frame("help(*args, **kwds)", 0, |vm, frame, input| {
        running::site_builtin(vm, frame, input, "help")
    })
    .doc("Shows what is documented about something."),
    Def::frame("copyright(*args, **kwds)", 0, |vm, frame, input| {
        running::site_builtin(vm, frame, input, "copyright")
    }),
    Def::frame("credits(*args, **kwds)", 0, |vm, frame, input| {
        running::site_builtin(vm, frame, input, "credits")
    }),
    Def::frame("license(*args, **kwds)", 0, |vm, frame, input| {
        running::site_builtin(vm, frame, input, "license")
    }),
];

/// All types of this module.
pub static TYPES: &[&TypeDef] = facts::TYPES;

static FUNCTIONS: &[Def] = &[
    Def::leaf("exit(status=None, /)", running::exit).doc("Ends the program, by SystemExit."),
    Def::leaf("exc_info()", running::exc_info)
        .doc("The exception that is being handled, as class, value and traceback."),
    Def::leaf("exception()", |vm, _| Ok(vm.current_exception()))
        .doc("The exception that is being handled, None if there is none."),
    Def::leaf(
        "excepthook(exctype, value, traceback, /)",
        running::excepthook,
    )
    .doc("Shows an exception and where it came from on sys.stderr."),
    Def::leaf("unraisablehook(unraisable, /)", running::unraisablehook)
        .doc("Shows an exception that nobody can catch."),
    Def::frame("displayhook(object, /)", 0, running::displayhook)
        .doc("Shows a value, unless it is None, and keeps it as builtins._."),
    Def::frame("breakpointhook(*args, **kws)", 0, running::breakpointhook)
        .doc("What breakpoint() does: it calls what PYTHONBREAKPOINT names."),
    Def::leaf("getrecursionlimit()", limits::getrecursionlimit)
        .doc("How deep calls may be nested."),
    Def::leaf("setrecursionlimit(limit, /)", limits::setrecursionlimit)
        .doc("Says how deep calls may be nested."),
    Def::leaf("getsizeof(object, default=<unset>)", limits::getsizeof)
        .doc("Return the size of object in bytes."),
    Def::leaf("getrefcount(object, /)", limits::getrefcount)
        .doc("How many references to the object there are."),
    Def::leaf("intern(string, /)", limits::intern)
        .doc("The one string of that text that all share."),
    Def::leaf("_is_interned(string, /)", limits::is_interned),
    Def::leaf("get_int_max_str_digits()", limits::get_digits),
    Def::leaf("set_int_max_str_digits(maxdigits)", limits::set_digits),
    Def::leaf("getswitchinterval()", |vm, _| {
        Ok(limits::switch_interval(vm))
    }),
    Def::leaf(
        "setswitchinterval(interval, /)",
        limits::set_switch_interval,
    ),
    Def::leaf("getdefaultencoding()", |_, _| Ok(string("utf-8"))),
    Def::leaf("getfilesystemencoding()", |_, _| Ok(string("utf-8"))),
    Def::leaf("getfilesystemencodeerrors()", |_, _| {
        Ok(string("surrogateescape"))
    }),
    Def::leaf("getallocatedblocks()", |vm, _| {
        Ok(crate::builtins::arguments::int(vm.heap.bytes as i64 / 64))
    }),
    Def::leaf("get_asyncgen_hooks()", running::get_asyncgen_hooks),
    Def::leaf(
        "set_asyncgen_hooks(firstiter=<unset>, finalizer=<unset>)",
        running::set_asyncgen_hooks,
    ),
    Def::leaf(
        "get_coroutine_origin_tracking_depth()",
        running::get_origin_depth,
    ),
    Def::leaf(
        "set_coroutine_origin_tracking_depth(depth)",
        running::set_origin_depth,
    ),
    Def::leaf("_getframe(depth=0, /)", running::getframe)
        .doc("The frame of a caller, so many calls up."),
    Def::leaf("_getframemodulename(depth=0)", running::getframemodulename),
    Def::leaf("_source_of(filename, /)", running::source_of),
    Def::leaf("_makes_coroutine(func, /)", |_, args| {
        Ok(Value::bool(is_native_coroutine_function(&args[0])))
    }),
    Def::leaf("_current_frames()", running::current_frames),
    Def::leaf("gettrace()", |_, _| Ok(Value::NONE)),
    Def::leaf("getprofile()", |_, _| Ok(Value::NONE)),
    Def::leaf("is_finalizing()", |vm, _| Ok(Value::bool(vm.ending))),
    Def::leaf("is_stack_trampoline_active()", |_, _| Ok(Value::FALSE)),
    Def::leaf("_is_gil_enabled()", |_, _| Ok(Value::TRUE)),
    Def::leaf("audit(event, /, *args)", |_, _| Ok(Value::NONE)),
    Def::leaf("addaudithook(hook, /)", |_, _| Ok(Value::NONE)),
    Def::leaf("call_tracing(func, args, /)", |vm, args| {
        let given = vm.collect(&args[1])?;
        vm.call(&args[0], &given)
    }),
    Def::leaf("_clear_type_cache()", |_, _| Ok(Value::NONE)),
    Def::leaf("_clear_internal_caches()", |_, _| Ok(Value::NONE)),
];

fn setup(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let namespace = module.namespace.clone();
    vm.state.insert(output::SYS, namespace.value());
    let modules = vm.modules.value();
    put(vm, &namespace, "modules", modules)?;
    put_arguments(vm, module)?;
    for (number, (key, name)) in [
        (output::STDIN, "stdin"),
        (output::STDOUT, "stdout"),
        (output::STDERR, "stderr"),
    ]
    .into_iter()
    .enumerate()
    {
        let stream = crate::modules::io::standard(vm, number as u8);
        vm.state.insert(key, stream.clone());
        put(vm, &namespace, name, stream.clone())?;
        put(vm, &namespace, &format!("__{name}__"), stream)?;
    }
    for name in [
        "excepthook",
        "unraisablehook",
        "displayhook",
        "breakpointhook",
    ] {
        if let Some(hook) = namespace.get_name(name) {
            put(vm, &namespace, &format!("__{name}__"), hook)?;
        }
    }
    facts::put_facts(vm, &namespace)
}

/// `argv`, `orig_argv`, `path`, `executable` and their like.
fn put_arguments(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let namespace = module.namespace.clone();
    let arguments: Vec<Value> = vm
        .host
        .environment
        .arguments
        .iter()
        .map(|a| wtf8_lossy(path_bytes(a)))
        .collect();
    let executable = vm.host.environment.executable();
    let executable = executable.map_or_else(|| string(""), |path| wtf8_lossy(path_bytes(&path)));
    let mut original = vec![executable.clone()];
    original.extend(arguments.iter().cloned());
    put(vm, &namespace, "argv", list(arguments))?;
    put(vm, &namespace, "orig_argv", list(original))?;
    put(vm, &namespace, "executable", executable.clone())?;
    put(vm, &namespace, "_base_executable", executable)?;
    let path = vm.path.iter().map(|p| string(p)).collect();
    put(vm, &namespace, "path", list(path))?;
    for name in ["path_hooks", "meta_path"] {
        put(vm, &namespace, name, list(Vec::new()))?;
    }
    let filters = &vm.host.environment.settings.warnings;
    let filters = filters.iter().map(|filter| string(filter)).collect();
    put(vm, &namespace, "warnoptions", list(filters))?;
    let names: Vec<&'static str> = vm
        .library
        .modules
        .iter()
        .map(|m| m.name)
        .filter(|n| !n.contains('.'))
        .collect();
    let mut names: Vec<Value> = names.into_iter().map(string).collect();
    names.push(string("builtins"));
    let names = tuple(vm, names)?;
    put(vm, &namespace, "builtin_module_names", names)?;
    let extra = Dict::new();
    for (name, value) in vm.host.environment.settings.extra.clone() {
        let value = value.map_or(Value::TRUE, |text| string(&text));
        vm.set_name(&extra, &name, value)?;
    }
    put(vm, &namespace, "_xoptions", extra.into_value())?;
    put(
        vm,
        &namespace,
        "path_importer_cache",
        Dict::new().into_value(),
    )?;
    Ok(())
}
