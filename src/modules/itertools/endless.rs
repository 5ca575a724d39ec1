//! `count`, `cycle`, `repeat`.

use super::{AtOnce, ITER, Tool, asked, end, given, made, tool};
use crate::builtins::arguments::{index, int, long_string};
use crate::builtins::functions::{pull, received};
use crate::heap::Value;
use crate::object::class::class_flags;
use crate::object::kind::{self, shared};
use crate::object::list::List;
use crate::object::native::{Def, Input, NativeFrame, R, Step, TypeDef};
use crate::vm::Vm;
use crate::vm::ops::BinaryOp;

fn count_new(vm: &mut Vm, args: &[Value]) -> R {
    for number in &args[1..3] {
        if !vm.is_number(number) {
            return Err(vm.type_error("a number is required"));
        }
    }
    Ok(Tool::new(&args[0], args[2].clone(), args[1].clone(), Value::UNDEF).into_value())
}

fn count_next(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    let now = tool.source.get();
    let step = tool.function.get();
    let next = match now.add_small(&step) {
        Some(next) => next,
        None => vm.binary(BinaryOp::Add, &now, &step)?,
    };
    tool.source.set(next);
    Ok(now)
}

/// As long as the numbers are small.
fn count_at_once(_: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    let next = tool.source.as_value().add_small(tool.function.as_value())?;
    Some(Ok(Some(tool.source.replace(next))))
}

fn count_repr(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    let mut text = format!("count({}", vm.repr_text(&tool.source.get())?);
    let step = tool.function.get();
    if step.as_small_int() != Some(1) {
        text += &format!(", {}", vm.repr_text(&step)?);
    }
    long_string(vm, &(text + ")"))
}

/// `itertools.count`
pub static COUNT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "Numbers from start on, by steps.",
    new: Some(Def::leaf("__new__(cls, start=0, step=1)", count_new)),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", count_next),
        Def::leaf("__repr__(self, /)", count_repr),
        super::reduce::COUNT,
    ],
    shape: Some(shared::COUNT),
    at_once: Some(|vm, args| {
        let defaults = [Value::int32(0), Value::int32(1)];
        made(vm, (shared::COUNT, 2), count_new, args, &defaults)
    }),
    next_at_once: Some(count_at_once),
    ..TypeDef::new("itertools", "count", kind::ITERTOOL)
};

fn cycle_new(vm: &mut Vm, args: &[Value]) -> R {
    let source = vm.iter(&args[1])?;
    Ok(Tool::new(&args[0], Value::NONE, source, List::empty().into_value()).into_value())
}

fn cycle_next(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let mut incoming = match received(input) {
        Ok(incoming) => incoming,
        Err(step) => return step,
    };
    let tool = tool(&frame.regs[0]);
    let source = tool.source.get();
    if !source.is_undef() {
        let item = match incoming.take() {
            Some(item) => item,
            None => match pull(vm, &source) {
                Ok(item) => item,
                Err(wait) => return wait,
            },
        };
        if !item.is_undef() {
            // Of a source that was read before, everything is saved already.
            if tool.stage.get() == 1 {
                return Step::Return(item);
            }
            let pushed = tool
                .memory
                .get()
                .get::<List>()
                .map_or(Ok(()), |l| l.push(item.clone()));
            return match vm.lift(pushed) {
                Ok(()) => Step::Return(item),
                Err(raised) => Step::Raise(raised),
            };
        }
        tool.source.take();
    }
    let saved = tool.memory.get();
    let Some(saved) = saved.get::<List>() else {
        return end(vm);
    };
    let at = tool.n.get() as usize;
    match saved.get(at) {
        Some(item) => {
            tool.n.set(((at + 1) % saved.len().max(1)) as i64);
            Step::Return(item)
        }
        None => end(vm),
    }
}

fn cycle_at_once(vm: &mut Vm, iterator: &Value) -> AtOnce {
    let tool = iterator.get::<Tool>()?;
    if !tool.source.is_undef() {
        if let Some(item) = asked!(vm, &tool.source) {
            if tool.stage.get() == 0 {
                let saved = tool.memory.get();
                let pushed = saved.get::<List>().map_or(Ok(()), |l| l.push(item.clone()));
                if let Err(raised) = vm.lift(pushed) {
                    return Some(Err(raised));
                }
            }
            return Some(Ok(Some(item)));
        }
        tool.source.take();
    }
    let at = tool.n.get() as usize;
    let saved = tool.memory.as_value().get::<List>()?;
    let Some(item) = saved.get(at) else {
        return Some(Ok(None));
    };
    let next = if at + 1 < saved.len() { at + 1 } else { 0 };
    tool.n.set(next as i64);
    Some(Ok(Some(item)))
}

/// `itertools.cycle`
pub static CYCLE: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The items again and again.",
    new: Some(Def::leaf("__new__(cls, iterable, /)", cycle_new)),
    methods: &[
        ITER,
        Def::frame("__next__(self, /)", 0, cycle_next),
        super::reduce::CYCLE,
        super::reduce::CYCLE_STATE,
    ],
    shape: Some(shared::CYCLE),
    at_once: Some(|vm, args| made(vm, (shared::CYCLE, 1), cycle_new, args, &[])),
    next_at_once: Some(cycle_at_once),
    ..TypeDef::new("itertools", "cycle", kind::ITERTOOL)
};

fn repeat_new(vm: &mut Vm, args: &[Value]) -> R {
    let times = if args[2].is_undef() {
        -1
    } else {
        index(vm, &args[2])?.max(0)
    };
    let tool = Tool::new(&args[0], Value::NONE, args[1].clone(), Value::UNDEF);
    tool.n.set(times);
    Ok(tool.into_value())
}

fn repeat_next(vm: &mut Vm, args: &[Value]) -> R {
    let next = tool(&args[0]).repeated();
    given(vm, Ok(next))
}

impl Tool {
    /// The item once more, if it is to be given so often.
    fn repeated(&self) -> Option<Value> {
        match self.n.get() {
            0 => return None,
            n if n > 0 => self.n.set(n - 1),
            _ => {}
        }
        Some(self.source.get())
    }
}

fn repeat_hint(vm: &mut Vm, args: &[Value]) -> R {
    match tool(&args[0]).n.get() {
        n if n < 0 => Err(vm.type_error("len() of unsized object")),
        n => Ok(int(n)),
    }
}

fn repeat_repr(vm: &mut Vm, args: &[Value]) -> R {
    let tool = tool(&args[0]);
    let shown = vm.repr_text(&tool.source.get())?;
    match tool.n.get() {
        n if n < 0 => long_string(vm, &format!("repeat({shown})")),
        n => long_string(vm, &format!("repeat({shown}, {n})")),
    }
}

/// `itertools.repeat`
pub static REPEAT: TypeDef = TypeDef {
    flags: class_flags::BASE,
    doc: "The same object, for ever or so many times.",
    new: Some(Def::leaf("__new__(cls, object, times=<unset>)", repeat_new)),
    methods: &[
        ITER,
        Def::leaf("__next__(self, /)", repeat_next),
        Def::leaf("__length_hint__(self, /)", repeat_hint),
        Def::leaf("__repr__(self, /)", repeat_repr),
        super::reduce::REPEAT,
    ],
    shape: Some(shared::REPEAT),
    at_once: Some(|vm, args| made(vm, (shared::REPEAT, 2), repeat_new, args, &[Value::UNDEF])),
    next_at_once: Some(|_, iterator| Some(Ok(iterator.get::<Tool>()?.repeated()))),
    ..TypeDef::new("itertools", "repeat", kind::ITERTOOL)
};
