//! What the script half of the import system is asked: `_frozen_importlib`, which makes specs and
//! talks to the finders of `sys.meta_path`. It is not loaded before it is asked something.

use super::Vm;
use super::import::IMPORT;
use crate::bytecode::Code;
use crate::bytecode::code::Const;
use crate::heap::Value;
use crate::object::function::Function;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::native::{Args, Def, Input, NativeFrame, Step};
use crate::object::str::Str;

/// The attributes of an imported module that are made when somebody asks for them.
pub const MADE_WHEN_ASKED: [&str; 2] = ["__spec__", "__loader__"];

const SCRIPT: &str = "_frozen_importlib";

/// Registers: the name of a function of the script half, its first argument, its second or Undef.
static ASK: Def = Def::frame("<ask importlib>(function, first, second, /)", 0, answer);

/// Calls a function of the script half.
pub(super) fn ask(function: &str, args: &[Value]) -> Step {
    let mut regs: Args = smallvec::smallvec![Str::new(function).into_value()];
    regs.extend(args.iter().cloned());
    regs.resize(3, Value::UNDEF);
    Step::Enter(&ASK, regs)
}

/// Runs a module's code. What it calls `__spec__` or `__loader__` itself would be looked for among
/// the built-in names, so that is made first.
pub(super) fn run_body(module: &Value, body: Value) -> Step {
    // The library, which has no files, does without; the import system is part of it.
    let has_file = module
        .get::<Module>()
        .is_some_and(|module| module.namespace.get_name("__file__").is_some());
    let asks = has_file
        && body
            .get::<Function>()
            .is_some_and(|function| mentions_spec(&function.code.borrow().plain));
    if !asks {
        return Step::Call(body, Args::new());
    }
    let regs = smallvec::smallvec![module.clone(), body];
    Step::Do(Box::new(Step::Enter(&SPECIFIED, regs)))
}

fn mentions_spec(code: &Code) -> bool {
    code.names
        .iter()
        .any(|name| MADE_WHEN_ASKED.contains(&&**name))
        || code.consts.iter().any(|constant| match constant {
            Const::Code(inner) => mentions_spec(inner),
            _ => false,
        })
}

/// Registers: a module, its body.
static SPECIFIED: Def = Def::frame("<specified>(module, body, /)", 0, specified);

fn specified(_: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let wanted = Str::new(MADE_WHEN_ASKED[0]).into_value();
            Step::Do(Box::new(ask("_spec_of", &[frame.regs[0].clone(), wanted])))
        }
        Input::Raised(raised) => Step::Raise(raised),
        _ => Step::TailCall(frame.regs[1].clone(), Args::new()),
    }
}

fn plain(value: &Value) -> String {
    value
        .get::<Str>()
        .map_or_else(String::new, |s| s.to_text().into_owned())
}

fn answer(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => Step::Do(Box::new(Step::Enter(
            &IMPORT,
            smallvec::smallvec![
                Str::new(SCRIPT).into_value(),
                Value::NONE,
                Value::FALSE,
                Value::int32(0),
                Value::NONE,
                Value::NONE
            ],
        ))),
        Input::Value(module) => {
            let function = match vm.get_attr(&module, &plain(&frame.regs[0])) {
                Ok(function) => function,
                Err(raised) => return Step::Raise(raised),
            };
            let args = frame.regs[1..3].iter().filter(|arg| !arg.is_undef());
            Step::TailCall(function, args.cloned().collect())
        }
        Input::Yielded(_) => Step::Return(Value::NONE),
        Input::Raised(raised) => Step::Raise(raised),
    }
}

impl Vm {
    /// Whether `sys.meta_path` has finders that are to be asked for a module that is not loaded.
    pub(super) fn has_finders_for(&self, name: &str) -> bool {
        let path = self
            .modules
            .get_name("sys")
            .and_then(|sys| sys.get::<Module>()?.namespace.get_name("meta_path"));
        let asks = path.is_some_and(|p| p.get::<List>().is_some_and(|list| !list.is_empty()));
        asks && !name.starts_with(SCRIPT) && self.modules.get_name(name).is_none()
    }
}
