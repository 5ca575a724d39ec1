//! `anext(iterator, default)`: an awaitable that ends with the default where the iterator ends.

use super::received;
use crate::heap::Value;
use crate::object::anext_awaitable::AnextAwaitable;
use crate::object::generator::Generator;
use crate::object::kind;
use crate::object::native::{Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::generator::AsyncStep;
use crate::vm::special::Special;
use crate::vm::types::Known;

/// `anext(iterator)` and `anext(iterator, default)`, where `__anext__` is a coroutine function of script.
pub(super) fn at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let (iterator, default) = match args {
        [iterator] => (iterator, None),
        [iterator, default] => (iterator, Some(default)),
        _ => return None,
    };
    let method = vm.special_of(iterator, Special::ANext)?;
    let coroutine = vm.coroutine_at_once(&method, iterator)?;
    Some(Ok(match default {
        Some(default) => AnextAwaitable::or_default(coroutine, default.clone()),
        None => coroutine,
    }))
}

/// `anext_awaitable`
pub static ANEXT_AWAITABLE: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__await__(self, /)", |_, args| Ok(args[0].clone())),
        Def::leaf("__iter__(self, /)", |_, args| Ok(args[0].clone())),
        Def::frame("__next__(self, /)", 1, |vm, frame, input| {
            forward(vm, frame, input, "__next__")
        }),
        Def::frame("send(self, /, *args)", 0, |vm, frame, input| {
            forward(vm, frame, input, "send")
        })
        .doc("send(arg): goes on, where `yield` then is arg; what comes next is the result."),
        Def::frame("throw(self, /, *args)", 0, |vm, frame, input| {
            forward(vm, frame, input, "throw")
        })
        .doc("throw(exception): goes on with an exception; what comes next is the result."),
        Def::frame("close(self, /, *args)", 0, |vm, frame, input| {
            forward(vm, frame, input, "close")
        })
        .doc("close(): ends it, by a GeneratorExit if it has begun."),
    ],
    ..TypeDef::new("builtins", "anext_awaitable", kind::ANEXT_AWAITABLE)
};

/// States of `forward`: the awaitable was asked for its iterator; the iterator's method was called.
const ASKED: u8 = 1;
const CALLED: u8 = 2;

/// Calls a method of what the awaitable waits by, with the arguments in the tuple of register 1.
fn forward(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input, method: &str) -> Step {
    let value = match (frame.state, received(input)) {
        (0, _) => {
            frame.state = ASKED;
            match iterator(vm, &frame.regs[0]) {
                Step::Return(iterator) => Some(iterator),
                step => return step.then_go_on(),
            }
        }
        (CALLED, Err(Step::Raise(raised))) => return end(vm, &frame.regs[0], raised),
        (_, Err(step)) => return step,
        (_, Ok(value)) => value,
    };
    let value = value.unwrap_or(Value::NONE);
    if frame.state == CALLED {
        return Step::Return(value);
    }
    frame.state = CALLED;
    let of_coroutine = value.is_kind::<Generator>();
    if !of_coroutine && vm.special_of(&value, Special::Next).is_none() {
        let name = vm.type_name(&value);
        let text = format!("__await__() returned non-iterator of type '{name}'");
        return Step::Raise(vm.type_error(text));
    }
    // A coroutine is driven itself, and it has no `__next__`.
    let nothing = [Value::NONE];
    let (method, arguments) = if of_coroutine && method == "__next__" {
        ("send", &nothing[..])
    } else {
        let given = frame.regs[1].get::<Tuple>();
        (method, given.map_or(&[][..], Tuple::items))
    };
    match vm.get_attr(&value, method) {
        Ok(method) => Step::Call(method, arguments.into()),
        Err(raised) => Step::Raise(raised),
    }
}

/// Gets the iterator of the awaitable; each call asks anew, as `await` would.
fn iterator(vm: &mut Vm, this: &Value) -> Step {
    let Some(this) = this.get::<AnextAwaitable>() else {
        return Step::Raise(vm.type_error("an anext_awaitable is required"));
    };
    if this.awaitable.is_kind::<AsyncStep>() {
        return Step::Return(this.awaitable.clone());
    }
    if this.awaitable.is_kind::<Generator>() {
        return vm.awaitable(&this.awaitable, 0).unwrap_or_else(Step::Raise);
    }
    match vm.special_of(&this.awaitable, Special::Await) {
        Some(method) => vm.call_special(method, &this.awaitable, &[]),
        None => {
            let name = vm.type_name(&this.awaitable);
            let text = format!("object {name} can't be used in 'await' expression");
            Step::Raise(vm.type_error(text))
        }
    }
}

/// The end of the iterator behind is a result here; any other exception goes on.
fn end(vm: &mut Vm, this: &Value, raised: Raised) -> Step {
    match this.get::<AnextAwaitable>() {
        Some(this) if vm.is_raised(&raised, Known::StopAsyncIteration) => {
            Step::Raise(vm.stop_iteration(this.default.clone()))
        }
        _ => Step::Raise(raised),
    }
}
