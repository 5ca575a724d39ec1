//! Generators, coroutines, async generators and their steps.

use crate::bytecode::code::flags as code_flags;
use crate::heap::Value;
use crate::object::exception::{Exception, Traceback};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::int;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::vm::Vm;
use crate::vm::async_generator::{CLOSE, SEND, THROW};
use crate::vm::finalize::CLOSE as CLOSE_FRAME;
use crate::vm::generator::AsyncStep;
use crate::vm::types::Known;

/// `generator`
pub static GENERATOR: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::frame("__next__(self, /)", 0, next),
        Def::frame("send(self, arg, /)", 0, send),
        Def::frame("throw(self, typ, val=<unset>, tb=<unset>, /)", 0, throw),
        Def::frame("close(self, /)", 0, close),
        Def::leaf("__repr__(self, /)", repr),
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
        Def::frame("send(self, arg, /)", 0, send),
        Def::frame("throw(self, typ, val=<unset>, tb=<unset>, /)", 0, throw),
        Def::frame("close(self, /)", 0, close),
    ],
    ..TypeDef::new("builtins", "coroutine_wrapper", kind::GENERATOR)
};

/// `coroutine`
pub static COROUTINE: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__await__(self, /)", await_wrapper),
        Def::frame("send(self, arg, /)", 0, send),
        Def::frame("throw(self, typ, val=<unset>, tb=<unset>, /)", 0, throw),
        Def::frame("close(self, /)", 0, close),
        Def::leaf("__repr__(self, /)", repr),
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
        Attribute::get("cr_origin", |_, _| Ok(Value::NONE)),
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
        Def::leaf(
            "athrow(self, typ, val=<unset>, tb=<unset>, /)",
            |vm, args| {
                let exception = thrown(vm, &args[1], &args[2], &args[3])?;
                vm.async_step(&args[0], exception, THROW)
            },
        ),
        Def::leaf("aclose(self, /)", |vm, args| {
            vm.async_step(&args[0], Value::NONE, CLOSE)
        }),
        Def::leaf("__repr__(self, /)", repr),
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
    Def::frame("throw(self, typ, val=<unset>, tb=<unset>, /)", 0, throw),
    Def::leaf("close(self, /)", |_, args| {
        if let Some(step) = args[0].get::<AsyncStep>() {
            // Closing one that was used up does nothing.
            let _ = step.use_up();
        }
        Ok(Value::NONE)
    }),
];

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
    match input {
        Input::Start => match thrown(vm, &frame.regs[1], &frame.regs[2], &frame.regs[3]) {
            Ok(exception) => Step::Throw(frame.regs[0].clone(), Raised(exception)),
            Err(raised) => Step::Raise(raised),
        },
        other => answer(vm, other),
    }
}

/// The exception that the arguments of `throw` mean: an instance, or a class with a value.
fn thrown(vm: &mut Vm, class: &Value, value: &Value, traceback: &Value) -> R {
    let has = |v: &Value| !v.is_undef() && !v.is_none();
    if has(traceback) && !traceback.is_kind::<Traceback>() {
        return Err(vm.type_error("throw() third argument must be a traceback object"));
    }
    let exception = if class.is_kind::<Exception>() {
        if has(value) {
            return Err(vm.type_error("instance exception may not have a separate value"));
        }
        class.clone()
    } else if vm.is_exception_class(class) {
        if value.is_kind::<Exception>() {
            value.clone()
        } else if let Some(items) = value.get::<crate::object::tuple::Tuple>() {
            vm.call(class, items.items())?
        } else if has(value) {
            vm.call(class, std::slice::from_ref(value))?
        } else {
            vm.call(class, &[])?
        }
    } else {
        let name = vm.type_name(class);
        return Err(vm.type_error(format!(
            "exceptions must be classes or instances deriving from BaseException, not {name}"
        )));
    };
    if has(traceback)
        && let Some(e) = exception.get::<Exception>()
    {
        e.traceback.set(traceback.clone());
    }
    Ok(exception)
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
    pub fn awaited_by(&self, value: &Value) -> Value {
        let Some(generator) = value.get::<Generator>() else {
            return Value::NONE;
        };
        let awaited = if generator.is_native() {
            self.awaited_by_native(generator)
        } else {
            generator.delegate()
        };
        awaited.map_or(Value::NONE, |awaited| self.unwrapped_iterator(&awaited))
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
