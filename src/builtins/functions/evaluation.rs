//! `eval`, `exec`, `compile`, `__import__`.

use super::outcome;
use crate::builtins::adapt::c_int;
use crate::builtins::arguments::{path_value, plain, shown_type, string, tuple, wtf8_lossy};
use crate::bytecode::code::flags;
use crate::heap::{Ref, Value};
use crate::object::bytes::Bytes;
use crate::object::dict::Dict;
use crate::object::function::Code;
use crate::object::module::Module;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Raised, Step};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::types::Known;
use crate::vm::{Mode, Request, Vm};

/// See the module's text.
pub static FUNCTIONS: &[Def] = &[
    Def::frame("eval(source, /, globals=None, locals=None)", 0, eval)
        .doc("The value of an expression, in the given namespaces."),
    Def::frame("exec(source, /, globals=None, locals=None, *, closure=None)", 0, exec)
        .doc("Runs code in the given namespaces."),
    Def::leaf(
        "compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)",
        compile,
    )
    .doc("Translates source, to be run by exec() or eval()."),
    Def::frame("__import__(name, globals=None, locals=None, fromlist=(), level=0)", 0, import)
        .doc("What an import statement calls."),
    Def::frame("breakpoint(*args, **kws)", 0, breakpoint)
        .doc("Call sys.breakpointhook(*args, **kws)."),
];

/// `breakpoint()`: whatever `sys.breakpointhook` is now gets the arguments.
fn breakpoint(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let hook = vm
        .modules
        .get_name("sys")
        .and_then(|sys| sys.get::<Module>()?.namespace.get_name("breakpointhook"));
    match hook {
        Some(hook) => tail_call(vm, hook, &frame.regs[0], &frame.regs[1]),
        None => Step::Raise(vm.runtime_error("lost sys.breakpointhook")),
    }
}

/// The call of `callee(*args, **keywords)` in the place of the frame.
pub fn tail_call(vm: &mut Vm, callee: Value, args: &Value, keywords: &Value) -> Step {
    let items = args.get::<Tuple>().map_or(&[][..], Tuple::items);
    let mut args: Args = items.iter().cloned().collect();
    let pairs = keywords.get::<Dict>().map_or_else(Vec::new, |d| d.pairs());
    if pairs.is_empty() {
        return Step::TailCall(callee, args);
    }
    let (names, values): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    args.extend(values);
    match tuple(vm, names) {
        Ok(names) => Step::TailCallKw(callee, args, names),
        Err(raised) => Step::Raise(raised),
    }
}

/// The bits of `compile`'s flags that CPython knows.
const KNOWN_FLAGS: i64 =
    0x1FF_0000 | INCOMPLETE_INPUT | 0x2000 | 0x1000 | 0x800 | 0x400 | 0x200 | 0x100 | 0x10;
const TOP_LEVEL_AWAIT: i64 = 0x2000;
const ONLY_AST: i64 = 0x400;
/// A text that more lines could complete is an error of its own.
const INCOMPLETE_INPUT: i64 = 0x4000;

/// The text of a source argument: a str or bytes.
fn source_text(vm: &mut Vm, source: &Value, who: &str, wanted: &str) -> R<Vec<u8>> {
    let text = match source.get::<Str>() {
        Some(text) => {
            if text.has_surrogates() {
                crate::builtins::codecs::encode_value(vm, source, &Value::UNDEF, &Value::UNDEF)?;
            }
            text.bytes().to_vec()
        }
        None => match crate::builtins::bytes::buffer_of(vm, source) {
            Some(bytes) => bytes,
            None => return Err(vm.type_error(format!("{who}() arg 1 must be a {wanted}"))),
        },
    };
    if text.contains(&0) {
        let message = Str::new("source code string cannot contain null bytes").into_value();
        let class = vm.known_class(Known::SyntaxError);
        let error = vm.call(class.as_value(), &[message])?;
        return Err(Raised(error));
    }
    Ok(text)
}

/// Namespaces of `eval` and `exec`: globals, and locals (which may be any mapping).
fn namespaces(vm: &mut Vm, regs: &[Value], who: &str) -> R<(Ref<Dict>, Value)> {
    let (given, locals) = (&regs[1], &regs[2]);
    let wrong_globals = who == "exec" && !given.is_none() && !given.is_kind::<Dict>();
    if !locals.is_none() && !wrong_globals && !vm.is_mapping(locals) {
        if who == "eval" {
            return Err(vm.type_error("locals must be a mapping"));
        }
        let name = vm.type_name(locals);
        return Err(vm.type_error(format!("locals must be a mapping or None, not {name}")));
    }
    let globals = match given.to_ref::<Dict>() {
        Some(dict) => dict,
        None if given.is_none() => {
            let globals = vm.running_globals().unwrap_or_else(Dict::new);
            let locals = if locals.is_none() {
                vm.running_locals()?
            } else {
                locals.clone()
            };
            return Ok((globals, locals));
        }
        None if who == "eval" => {
            let text = if vm.is_mapping(given) {
                "globals must be a real dict; try eval(expr, {}, mapping)"
            } else {
                "globals must be a dict"
            };
            return Err(vm.type_error(text));
        }
        None => {
            let name = vm.type_name(given);
            return Err(vm.type_error(format!("exec() globals must be a dict, not {name}")));
        }
    };
    let builtins = vm.names.builtins.clone();
    if globals.get_str(&builtins).is_none() {
        let value = vm.builtins.value();
        let done = globals.insert_str(&builtins, value);
        vm.lift(done)?;
    }
    let locals = if locals.is_none() {
        globals.value()
    } else {
        locals.clone()
    };
    Ok((globals, locals))
}

fn eval(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => match begin(vm, frame.regs, "eval") {
            Ok(step) => match outcome(step) {
                Ok(value) => Step::Return(value),
                Err(wait) => wait,
            },
            Err(raised) => Step::Raise(raised),
        },
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

fn exec(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => match begin(vm, frame.regs, "exec") {
            Ok(step) => match outcome(step) {
                Ok(_) => Step::Return(Value::NONE),
                Err(wait) => wait,
            },
            Err(raised) => Step::Raise(raised),
        },
        Input::Value(_) | Input::Yielded(_) => Step::Return(Value::NONE),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

/// Calls code in these namespaces.
fn run_code(vm: &mut Vm, code: &Ref<Code>, globals: Ref<Dict>, locals: Value) -> Step {
    let function = vm.new_function(code.clone(), globals, None).into_value();
    let args = if code.flags & flags::NAMESPACE != 0 {
        smallvec::smallvec![locals]
    } else {
        Default::default()
    };
    Step::TailCall(function, args)
}

fn begin(vm: &mut Vm, regs: &[Value], who: &str) -> R<Step> {
    let (globals, locals) = namespaces(vm, regs, who)?;
    if let Some(code) = regs[0].to_ref::<Code>() {
        if !code.plain.free_names.is_empty() {
            return Err(match who {
                "eval" => {
                    vm.type_error("code object passed to eval() may not contain free variables")
                }
                _ => vm.type_error("code object passed to exec() may not contain free variables"),
            });
        }
        return Ok(run_code(vm, &code, globals, locals));
    }
    let (wanted, mode) = match who {
        "eval" => ("string, bytes or code object", Mode::Eval),
        _ => ("string, bytes or code object", Mode::Exec),
    };
    let mut text = source_text(vm, &regs[0], who, wanted)?;
    if mode == Mode::Eval {
        let blanks = text
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        text.drain(..blanks);
    }
    let code = compiled(vm, &text, "<string>", mode, false, None)?;
    Ok(run_code(vm, &code, globals, locals))
}

/// Compiles a text; what the compiler warns of goes to the warnings module.
fn compiled(
    vm: &mut Vm,
    text: &[u8],
    name: &str,
    mode: Mode,
    top_level_await: bool,
    optimize: Option<u8>,
) -> R<Ref<Code>> {
    let request = Request {
        text,
        name,
        mode,
        top_level_await,
        hidden: false,
        optimize: optimize.unwrap_or(vm.host.environment.settings.optimize),
        from_tree: false,
    };
    compiled_request(vm, &request)
}

fn compiled_request(vm: &mut Vm, request: &Request<'_>) -> R<Ref<Code>> {
    let _room = vm.room_for_source(request.text.len())?;
    match vm.loader.compile(request) {
        Ok((code, warnings)) => {
            vm.issue_syntax_warnings(warnings)?;
            Ok(vm.instantiate_code(code))
        }
        Err(fault) => Err(vm.syntax_error(fault)),
    }
}

/// A file name as code objects hold it: a path, whose bytes are those of the file system.
fn file_name(vm: &mut Vm, given: &Value) -> R<Value> {
    let made = match given.is_kind::<Str>() || given.is_kind::<Bytes>() {
        true => given.clone(),
        false => path_value(vm, given)?,
    };
    let name = match made.get::<Bytes>() {
        Some(bytes) => wtf8_lossy(bytes.bytes()),
        None => made,
    };
    match name.get::<Str>() {
        Some(text) if text.bytes().contains(&0) => Err(vm.value_error("embedded null character")),
        _ => Ok(name),
    }
}

/// What `compile` is to make, by its name.
fn mode_name(vm: &mut Vm, given: &Value) -> R<String> {
    let Some(mode) = given.get::<Str>() else {
        let given = shown_type(vm, given);
        return Err(vm.type_error(format!(
            "compile() argument 'mode' must be str, not {given}"
        )));
    };
    if mode.has_surrogates() {
        return Err(vm.surrogates_error(mode));
    }
    match mode.bytes().contains(&0) {
        true => Err(vm.value_error("embedded null character")),
        false => Ok(mode.to_text().into_owned()),
    }
}

/// Arguments: source, filename, mode, flags, dont_inherit, optimize, _feature_version.
fn compile(vm: &mut Vm, args: &[Value]) -> R {
    let file = file_name(vm, &args[1])?;
    let name = plain(&file);
    let mode_name = mode_name(vm, &args[2])?;
    let flags = c_int(vm, &args[3])?;
    vm.truth(&args[4])?;
    let optimize = c_int(vm, &args[5])?;
    c_int(vm, &args[6])?;
    if flags & !KNOWN_FLAGS != 0 {
        return Err(vm.value_error("compile(): unrecognised flags"));
    }
    if !(-1..=2).contains(&optimize) {
        return Err(vm.value_error("compile(): invalid optimize value"));
    }
    let mode = match mode_name.as_str() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        // What the prompt of asyncio compiles with.
        "<prompt>" => Mode::Prompt,
        "<file>" => Mode::File,
        "func_type" if flags & ONLY_AST == 0 => {
            return Err(vm.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST"));
        }
        _ if flags & ONLY_AST != 0 => {
            return Err(
                vm.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'")
            );
        }
        _ => return Err(vm.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    if args[0].is_kind::<Code>() {
        return Ok(args[0].clone());
    }
    let only_tree = flags & ONLY_AST != 0;
    let written;
    let from_tree = is_tree(vm, &args[0])?;
    let source = if from_tree {
        if only_tree {
            return Ok(args[0].clone());
        }
        let mode = string(&mode_name);
        written = call_of_ast(vm, "_source", &[args[0].clone(), mode])?;
        &written
    } else {
        &args[0]
    };
    let text = source_text(vm, source, "compile", "string, bytes or AST object")?;
    check_blank(vm, &text, &file, mode)?;
    if only_tree {
        return tree(vm, &text, &name, mode);
    }
    let optimize = u8::try_from(optimize).ok();
    let request = Request {
        text: &text,
        name: &name,
        mode,
        top_level_await: flags & TOP_LEVEL_AWAIT != 0,
        hidden: false,
        optimize: optimize.unwrap_or(vm.host.environment.settings.optimize),
        from_tree,
    };
    if flags & INCOMPLETE_INPUT != 0 && vm.loader.is_incomplete(&request) {
        return Err(incomplete_input(vm)?);
    }
    compiled_request(vm, &request).map(Ref::into_value)
}

/// What asks for more lines.
fn incomplete_input(vm: &mut Vm) -> R<Raised> {
    let class = vm.builtins.get_name("_IncompleteInputError");
    let class = class.unwrap_or_else(|| vm.known_class(Known::SyntaxError).into_value());
    let message = Str::new("incomplete input").into_value();
    vm.call(&class, &[message]).map(Raised)
}

/// A statement or expression is wanted, and there is nothing but blanks and comments.
fn check_blank(vm: &mut Vm, text: &[u8], name: &Value, mode: Mode) -> R<()> {
    let is_blank = |line: &[u8]| {
        let start = line.iter().find(|b| !b.is_ascii_whitespace());
        start.is_none_or(|&b| b == b'#')
    };
    if mode == Mode::Exec || !text.split(|&b| b == b'\n').all(is_blank) {
        return Ok(());
    }
    let breaks = text.iter().filter(|&&b| b == b'\n').count();
    let open_end = !text.is_empty() && !text.ends_with(b"\n");
    let line = breaks + usize::from(open_end);
    let indented = open_end && text.iter().all(|b| matches!(b, b' ' | b'\t'));
    let (class, message) = match indented {
        true => (Known::IndentationError, "unexpected indent"),
        false if mode == Mode::Single => (Known::SyntaxError, "invalid syntax"),
        false => return Ok(()),
    };
    let place = [
        name.clone(),
        crate::object::int::from_usize(line),
        Value::int32(0),
        Str::new("").into_value(),
    ];
    let place = vm.new_tuple(place.to_vec())?;
    let class = vm.known_class(class);
    let error = vm.call(class.as_value(), &[Str::new(message).into_value(), place])?;
    Err(Raised(error))
}

/// Whether a value is a node of the module `ast`, which is not imported for that.
fn is_tree(vm: &mut Vm, value: &Value) -> R<bool> {
    if value.is_kind::<Str>() {
        return Ok(false);
    }
    let Some(module) = vm.modules.get_name("ast") else {
        return Ok(false);
    };
    match vm.get_attr_optional(&module, "AST")? {
        Some(class) => vm.is_instance(value, &class),
        None => Ok(false),
    }
}

fn call_of_ast(vm: &mut Vm, function: &str, args: &[Value]) -> R {
    vm.import("ast")?;
    match vm.modules.get_name("ast") {
        Some(module) => vm.call_method(&module, function, args),
        None => Err(vm.runtime_error("the module ast is not there")),
    }
}

/// The tree of a text, whose nodes the module `ast` makes.
fn tree(vm: &mut Vm, text: &[u8], name: &str, mode: Mode) -> R {
    let request = Request {
        text,
        name,
        mode,
        top_level_await: false,
        hidden: false,
        optimize: 0,
        from_tree: false,
    };
    let _room = vm.room_for_source(text.len().saturating_mul(3))?;
    match vm.loader.tree(&request) {
        Ok((written, warnings)) => {
            vm.issue_syntax_warnings(warnings)?;
            let written = crate::builtins::arguments::long_string(vm, &written)?;
            call_of_ast(vm, "_tree", &[written])
        }
        Err(fault) => Err(vm.syntax_error(fault)),
    }
}

/// Registers: name, globals, locals, fromlist, level.
fn import(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let level = match crate::builtins::arguments::index(vm, &frame.regs[4]) {
                Ok(level) => level,
                Err(raised) => return Step::Raise(raised),
            };
            if !frame.regs[0].is_kind::<Str>() {
                return Step::Raise(vm.type_error("module name must be a string"));
            }
            if level < 0 {
                return Step::Raise(vm.value_error("level must be >= 0"));
            }
            let globals = frame.regs[1].to_ref::<Dict>().unwrap_or_else(Dict::new);
            match outcome(vm.import_step(&frame.regs[0], &globals, &frame.regs[3], level as u32)) {
                Ok(module) => Step::Return(module),
                Err(wait) => wait,
            }
        }
        Input::Value(module) | Input::Yielded(module) => Step::Return(module),
        Input::Raised(raised) => Step::Raise(raised),
    }
}
