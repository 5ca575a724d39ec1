//! Generators, coroutines, async generators and their steps.

use crate::bytecode::code::flags as code_flags;
use crate::heap::Value;
use crate::object::class::Class;
use crate::object::generator::{Flavour, Generator, State};
use crate::object::int;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::async_generator::{CLOSE, SEND, THROW};
use crate::vm::finalize::CLOSE as CLOSE_FRAME;
use crate::vm::generator::AsyncStep;
use crate::vm::types::Known;

/// `generator`
pub static GENERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next).resumes(1),
        SEND_METHOD,
        THROW_METHOD,
        CLOSE_METHOD,
        Def::leaf("__repr__(self, /)", repr),
        DEL,
        Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    ],
    attributes: &[
        NAME,
        QUALNAME,
        Attribute::get("gi_running", running),
        Attribute::get("gi_suspended", suspended),
        Attribute::get("gi_frame", frame_of),
        Attribute::get("gi_code", code_of),
        Attribute::get("gi_yieldfrom", awaited),
    ],
    ..TypeDef::new("builtins", "generator", kind::GENERATOR)
};

/// `coroutine_wrapper`: what `coroutine.__await__()` gives.
pub static COROUTINE_WRAPPER: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next),
        SEND_METHOD,
        THROW_METHOD,
        CLOSE_METHOD,
    ],
    ..TypeDef::new("builtins", "coroutine_wrapper", kind::GENERATOR)
};

/// `coroutine`
pub static COROUTINE: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__await__(self, /)", await_wrapper),
        SEND_METHOD,
        THROW_METHOD,
        CLOSE_METHOD,
        Def::leaf("__repr__(self, /)", repr),
        DEL,
        Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    ],
    attributes: &[
        NAME,
        QUALNAME,
        Attribute::get("cr_running", running),
        Attribute::get("cr_suspended", suspended),
        Attribute::get("cr_frame", frame_of),
        Attribute::get("cr_code", code_of),
        Attribute::get("cr_await", awaited),
        Attribute::get("cr_origin", |_, value| {
            let origin = value.get::<Generator>().map(|g| g.hook.get());
            Ok(origin
                .filter(|origin| origin.is_kind::<Tuple>())
                .unwrap_or(Value::NONE))
        }),
    ],
    ..TypeDef::new("builtins", "coroutine", kind::GENERATOR)
};

/// `async_generator`
pub static ASYNC_GENERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__aiter__(self, /)", itself),
        Def::leaf("__anext__(self, /)", |vm, args| {
            vm.async_step(&args[0], Value::NONE, SEND)
        }),
        Def::leaf("asend(self, value, /)", |vm, args| {
            vm.async_step(&args[0], args[1].clone(), SEND)
        }),
        // Its arguments are looked at when it is awaited.
        Def::leaf("athrow(self, /, *args)", |vm, args| {
            let given = args[1].get::<Tuple>().map_or(&[][..], Tuple::items);
            check_form(vm, "athrow", given)?;
            vm.async_step(&args[0], args[1].clone(), THROW)
        }),
        Def::leaf("aclose(self, /)", |vm, args| {
            vm.async_step(&args[0], Value::NONE, CLOSE)
        }),
        Def::leaf("__repr__(self, /)", repr),
        DEL,
        Def::leaf("__class_getitem__(cls, item, /)", super::adapt::alias).class(),
    ],
    attributes: &[
        NAME,
        QUALNAME,
        Attribute::get("ag_running", |_, value| {
            Ok(Value::bool(
                value.get::<Generator>().is_some_and(|g| g.step.get() != 0),
            ))
        }),
        Attribute::get("ag_suspended", suspended),
        Attribute::get("ag_frame", frame_of),
        Attribute::get("ag_code", code_of),
        Attribute::get("ag_await", awaited),
    ],
    ..TypeDef::new("builtins", "async_generator", kind::GENERATOR)
};

/// `async_generator_asend`: what `__anext__` and `asend` give.
pub static STEP: TypeDef = TypeDef {
    methods: STEP_METHODS,
    ..TypeDef::new(
        "builtins",
        "async_generator_asend",
        kind::ASYNC_GENERATOR_STEP,
    )
};

/// `async_generator_athrow`: what `athrow` and `aclose` give.
pub static THROW_STEP: TypeDef = TypeDef {
    methods: STEP_METHODS,
    ..TypeDef::new(
        "builtins",
        "async_generator_athrow",
        kind::ASYNC_GENERATOR_STEP,
    )
};

const STEP_METHODS: &[Def] = &[
    Def::leaf("__await__(self, /)", itself),
    Def::leaf("__iter__(self, /)", itself),
    Def::frame("__next__(self, /)", 0, next),
    Def::frame("send(self, arg, /)", 0, send),
    Def::frame("throw(self, /, *args)", 0, throw),
    Def::frame("close(self, /)", 0, close_step),
    DEL,
];

/// What the end of such an object's life does; what that raises nobody can catch.
const SEND_METHOD: Def = Def::frame("send(self, arg, /)", 0, send).resumes(2).doc(
    "send(arg): goes on, where `yield` or `await` then is arg; what comes next is the result.",
);

const THROW_METHOD: Def = Def::frame("throw(self, /, *args)", 0, throw)
    .doc("throw(exception): goes on with an exception; what comes next is the result.");

const CLOSE_METHOD: Def = Def::frame("close(self, /)", 0, close)
    .doc("close(): ends it, by a GeneratorExit if it has begun.");

const DEL: Def = Def::frame("__del__(self, /)", 0, |vm, frame, input| match input {
    Input::Start => {
        let object = frame.regs[0].clone();
        vm.finalize_step(&object)
            .unwrap_or(Step::Return(Value::NONE))
    }
    Input::Raised(raised) => {
        let object = frame.regs[0].clone();
        vm.report_unraisable(&raised, &object);
        Step::Return(Value::NONE)
    }
    _ => Step::Return(Value::NONE),
});

const NAME: Attribute = Attribute::get_set(
    "__name__",
    |_, value| {
        Ok(value
            .get::<Generator>()
            .map_or(Value::NONE, |g| g.name.get()))
    },
    |vm, value, new| set_text(vm, value, new, "__name__", |g| &g.name),
);

const QUALNAME: Attribute = Attribute::get_set(
    "__qualname__",
    |_, value| {
        Ok(value
            .get::<Generator>()
            .map_or(Value::NONE, |g| g.qualname.get()))
    },
    |vm, value, new| set_text(vm, value, new, "__qualname__", |g| &g.qualname),
);

fn set_text(
    vm: &mut Vm,
    value: &Value,
    new: &Value,
    name: &str,
    field: impl Fn(&Generator) -> &crate::heap::Field,
) -> R<()> {
    if !new.is_kind::<Str>() {
        return Err(vm.type_error(format!("{name} must be set to a string object")));
    }
    if let Some(generator) = value.get::<Generator>() {
        field(generator).set(new.clone());
    }
    Ok(())
}

fn itself(_: &mut Vm, args: &[Value]) -> R {
    Ok(args[0].clone())
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let name = vm.type_name(&args[0]);
    let qualname = args[0]
        .get::<Generator>()
        .map_or(Value::NONE, |g| g.qualname.get());
    let qualname = vm.str_text(&qualname)?;
    Ok(Str::new(&format!(
        "<{name} object {qualname} at {}>",
        vm.address(&args[0])
    ))
    .into_value())
}

/// What driving a generator gave, as `send` answers it.
fn answer(vm: &mut Vm, input: Input) -> Step {
    match input {
        Input::Yielded(value) => Step::Return(value),
        Input::Value(value) => Step::Raise(vm.stop_iteration(value)),
        Input::Raised(raised) => Step::Raise(raised),
        Input::Start => Step::Return(Value::NONE),
    }
}

fn next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => Step::Send(frame.regs[0].clone(), Value::NONE),
        other => answer(vm, other),
    }
}

fn send(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => Step::Send(frame.regs[0].clone(), std::mem::take(&mut frame.regs[1])),
        other => answer(vm, other),
    }
}

fn throw(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if let (Input::Start, Some(step)) = (&input, frame.regs[0].get::<AsyncStep>())
        && let Err(refusal) = vm.check_step(step)
    {
        return Step::Raise(refusal);
    }
    match input {
        Input::Start => throw_first(vm, frame.regs[0].clone(), frame.regs[1].clone()),
        other => {
            vm.thrown_arguments = Value::UNDEF;
            answer(vm, other)
        }
    }
}

/// The beginning of `throw(typ, val, tb)`, with the tuple of its arguments.
fn throw_first(vm: &mut Vm, target: Value, arguments: Value) -> Step {
    let given = arguments.get::<Tuple>().map_or(&[][..], Tuple::items);
    let form = vm
        .check_thrown("throw", given.len())
        .and_then(|()| check_form(vm, "throw", given));
    if let Err(raised) = form {
        use_up(&target);
        return Step::Raise(raised);
    }
    let exit = vm.known_class(Known::GeneratorExit);
    let exits = given.first().is_some_and(|first| {
        first.get::<Class>().is_some_and(|c| c.is_subclass(&exit))
            || vm.is_raised_value(first, Known::GeneratorExit)
    });
    if !exits
        && let Some(iterator) = vm.innermost_iterator(&target)
        && let Ok(Some(_)) = vm.get_attr_optional(&iterator, "throw")
    {
        // What they mean is the iterator's own affair.
        let raised = vm.type_error("throw() of an iterator");
        vm.thrown_arguments = arguments;
        return Step::Throw(target, raised);
    }
    let raised = match vm.thrown(given) {
        Ok(exception) => return Step::Throw(target, Raised(exception)),
        Err(raised) => raised,
    };
    vm.set_context_if_fresh(&raised, vm.frame);
    // That the class cannot be called goes into the generator too.
    if is_lone_class(vm, &arguments) || vm.leave_innermost(&target) {
        return Step::Throw(target, raised);
    }
    use_up(&target);
    Step::Raise(raised)
}

/// A step of an async generator that was to begin with a wrong `throw` is used up all the same.
fn use_up(target: &Value) {
    if let Some(step) = target.get::<AsyncStep>().filter(|s| !s.is_used_up()) {
        step.forget();
    }
}

/// Whether arguments of `throw` are an exception class, and no traceback with it.
fn is_lone_class(vm: &mut Vm, args: &Value) -> bool {
    let given = args.get::<Tuple>().map_or(&[][..], Tuple::items);
    given.len() < 3
        && given
            .first()
            .is_some_and(|class| vm.is_exception_class(class))
}

/// More than one argument is the way of Python 2.
fn check_form(vm: &mut Vm, method: &str, arguments: &[Value]) -> R<()> {
    if arguments.len() < 2 {
        return Ok(());
    }
    vm.warn(
        Known::DeprecationWarning,
        &format!(
            "the (type, exc, tb) signature of {method}() is deprecated, \
             use the single-arg signature instead."
        ),
    )
}

/// Throws GeneratorExit into a step; that it ends is all that is wanted.
fn close_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match input {
        Input::Start => {
            let target = frame.regs[0].clone();
            let over = target.get::<AsyncStep>().is_none_or(AsyncStep::is_over);
            if over {
                return Step::Return(Value::NONE);
            }
            let exit = vm.raise_bare(Known::GeneratorExit);
            Step::Throw(target, exit)
        }
        Input::Value(_) => Step::Return(Value::NONE),
        Input::Yielded(_) => Step::Raise(vm.runtime_error("coroutine ignored GeneratorExit")),
        Input::Raised(raised) => {
            let ended = [
                Known::GeneratorExit,
                Known::StopIteration,
                Known::StopAsyncIteration,
            ]
            .into_iter()
            .any(|known| vm.is_raised(&raised, known));
            if ended {
                Step::Return(Value::NONE)
            } else {
                Step::Raise(raised)
            }
        }
    }
}

fn close(vm: &mut Vm, frame: &mut NativeFrame<'_>, _: Input) -> Step {
    let target = frame.regs[0].clone();
    if let Some(generator) = target.get::<Generator>()
        && vm.is_running(generator)
    {
        let who = if generator.flavour == Flavour::Coroutine {
            "coroutine"
        } else {
            "generator"
        };
        return Step::Raise(vm.value_error(format!("{who} already executing")));
    }
    let exit = vm.raise_bare(Known::GeneratorExit);
    Step::Enter(&CLOSE_FRAME, smallvec::smallvec![target, exit.0])
}

/// Awaits register 0: what `coroutine.__await__()` iterates.
static AWAITING: Def =
    Def::frame(
        "coroutine_wrapper(coroutine, /)",
        0,
        |_, frame, input| match input {
            Input::Start => Step::Await(frame.regs[0].clone()),
            Input::Value(value) | Input::Yielded(value) => Step::Return(value),
            Input::Raised(raised) => Step::Raise(raised),
        },
    );

fn await_wrapper(vm: &mut Vm, args: &[Value]) -> R {
    Ok(vm
        .native_coroutine(&AWAITING, Flavour::Wrapper, &args[..1])
        .into_value())
}

fn running(vm: &mut Vm, value: &Value) -> R {
    Ok(Value::bool(
        value.get::<Generator>().is_some_and(|g| vm.is_running(g)),
    ))
}

fn suspended(vm: &mut Vm, value: &Value) -> R {
    let suspended = value
        .get::<Generator>()
        .is_some_and(|g| g.state.get() == State::Suspended && !vm.is_running(g));
    Ok(Value::bool(suspended))
}

fn frame_of(vm: &mut Vm, value: &Value) -> R {
    Ok(vm.generator_frame_object(value))
}

fn code_of(vm: &mut Vm, value: &Value) -> R {
    Ok(vm.generator_code(value))
}

fn awaited(vm: &mut Vm, value: &Value) -> R {
    Ok(vm.awaited_by(value))
}

impl Vm {
    /// The code of a generator that did not end; else None.
    pub fn generator_code(&self, value: &Value) -> Value {
        let Some(generator) = value.get::<Generator>() else {
            return Value::NONE;
        };
        if let Some(function) = generator.function() {
            return function.code.borrow().value();
        }
        let kept = generator.hook.get();
        if kept.is_kind::<crate::object::function::Code>() {
            kept
        } else {
            Value::NONE
        }
    }

    /// The line at which a generator stands; None when it ended or is native.
    pub fn generator_line(
        &self,
        value: &Value,
    ) -> Option<(std::sync::Arc<crate::bytecode::Code>, u32)> {
        let generator = value.get::<Generator>()?;
        let code = generator.function()?.code.borrow().plain.clone();
        let line = if generator.state.get() == State::Created {
            code.first_line
        } else {
            code.position(generator.offset()?).line
        };
        Some((code, line))
    }

    /// What a suspended generator or coroutine waits for: `cr_await`, `gi_yieldfrom`.
    pub fn awaited_by(&mut self, value: &Value) -> Value {
        let Some(generator) = value.get::<Generator>() else {
            return Value::NONE;
        };
        if self.is_running(generator) {
            return Value::NONE;
        }
        self.make_awaited_whole(generator);
        let awaited = if generator.is_native() {
            self.awaited_by_native(generator)
        } else {
            generator.delegate()
        };
        match awaited {
            Some(awaited) => match awaited.get::<Generator>() {
                Some(inner) if inner.flavour == Flavour::AsyncGenerator => Vm::step_left_out(inner),
                _ => self.unwrapped_iterator(&awaited),
            },
            None => Value::NONE,
        }
    }

    /// Whether calls of this function make coroutines.
    pub fn is_coroutine_function(&self, value: &Value) -> bool {
        use crate::object::function::{BoundMethod, Function};
        use crate::object::native::{Native, NativeCode};
        if let Some(method) = value.get::<BoundMethod>() {
            return self.is_coroutine_function(&method.function);
        }
        if let Some(native) = value.get::<Native>() {
            return matches!(native.def.code, NativeCode::Coroutine(..));
        }
        value
            .get::<Function>()
            .is_some_and(|f| f.code.borrow().flags & code_flags::COROUTINE != 0)
    }
}

/// A frame's line as scripts see it.
pub(super) fn line_value(line: u32) -> Value {
    if line == 0 {
        Value::NONE
    } else {
        int::from_i64(line as i64)
    }
}
