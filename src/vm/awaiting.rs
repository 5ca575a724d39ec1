//! What `await`, `yield from` and `async for` ask of values that are not
//! coroutines: `__await__`, `__aiter__`, `__anext__`, foreign iterators.

use super::Vm;
use super::generator::AsyncStep;
use super::special::Special;
use super::types::Known;
use crate::bytecode::code::flags as code_flags;
use crate::heap::Value;
use crate::object::anext_awaitable::AnextAwaitable;
use crate::object::exception::Exception;
use crate::object::frame::{Frame, frame_flags};
use crate::object::generator::{Flavour, Generator, State};
use crate::object::native::{Def, Input, NativeFrame, R, Raised, Step};
use crate::object::tuple::Tuple;

/// `__await__()` in script, then a check of what it gave. Register 0: the method, 1: the value.
static AWAIT_METHOD: Def = Def::frame("<await>(method, value, /)", 0, await_method);

/// The same for what `__anext__` gave: what goes wrong is the fault of that.
static ANEXT_METHOD: Def =
    Def::frame(
        "<await>(method, value, /)",
        0,
        |vm, frame, input| match await_method(vm, frame, input) {
            Step::Raise(raised) => {
                let name = vm.type_name(&frame.regs[1]);
                let error = vm.type_error(invalid_anext(&name));
                if let Some(exception) = error.exception() {
                    exception.cause.set(raised.0.clone());
                    exception.context.set(raised.0);
                    exception.suppress_context.set(true);
                }
                Step::Raise(error)
            }
            step => step,
        },
    );

fn invalid_anext(name: &str) -> String {
    format!("'async for' received an invalid object from __anext__: {name}")
}

fn await_method(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            vm.call_special(frame.regs[0].clone(), &frame.regs[1].clone(), &[])
                .then_go_on()
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        (_, Input::Value(iterator) | Input::Yielded(iterator)) => {
            Step::from(vm.checked_await_result(&iterator))
        }
        (_, Input::Start) => Step::Return(Value::NONE),
    }
}

/// What wraps a value that is not a coroutine, in register 0.
static WRAPPERS: [&Def; 2] = [&FOREIGN, &WITH_DEFAULT];

/// Drives an iterator of another kind as a generator would. Register 0: the iterator.
static FOREIGN: Def = Def::frame("<iterator>(iterator, /)", 0, foreign);

/// States of `FOREIGN`: it asked the iterator for a value; it yielded one.
const ASKED: u8 = 1;
const YIELDED: u8 = 2;

/// Awaits what `__anext__` gave; its end is the default. Register 0: the `anext_awaitable`.
static WITH_DEFAULT: Def = Def::frame("<anext>(awaitable, /)", 0, with_default);

fn with_default(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(both) = frame.regs[0].get_exact::<AnextAwaitable>() else {
        return Step::Return(Value::NONE);
    };
    match input {
        Input::Start => Step::Await(both.awaitable.clone()),
        Input::Value(value) | Input::Yielded(value) => Step::Return(value),
        Input::Raised(raised) if vm.is_raised(&raised, Known::StopAsyncIteration) => {
            Step::Return(both.default.clone())
        }
        Input::Raised(raised) => Step::Raise(raised),
    }
}

fn foreign(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let iterator = frame.regs[0].clone();
    match (frame.state, input) {
        (0, _) => {
            frame.state = ASKED;
            vm.ask_foreign(&iterator, Value::NONE)
        }
        (ASKED, Input::Value(value) | Input::Yielded(value)) => {
            frame.state = YIELDED;
            Step::Yield(value)
        }
        (ASKED, Input::Raised(raised)) => vm.end_of_foreign(raised),
        (_, Input::Value(sent) | Input::Yielded(sent)) => {
            frame.state = ASKED;
            vm.ask_foreign(&iterator, sent)
        }
        (_, Input::Raised(raised)) => {
            frame.state = ASKED;
            let given = std::mem::take(&mut vm.thrown_arguments);
            match vm.throw_into_foreign(&iterator, raised, &given) {
                Step::Raise(raised) => {
                    vm.raised_where_awaited(&raised);
                    vm.end_of_foreign(raised)
                }
                step => step,
            }
        }
        (_, Input::Start) => Step::Return(Value::NONE),
    }
}

impl Vm {
    fn ask_foreign(&mut self, iterator: &Value, sent: Value) -> Step {
        if !sent.is_none() {
            let name = self.intern("send").into_value();
            return match self.resolve_method(iterator, &name) {
                Ok((method, true)) => {
                    Step::Call(method, smallvec::smallvec![iterator.clone(), sent])
                }
                Ok((method, false)) => Step::Call(method, smallvec::smallvec![sent]),
                Err(_) => match self.get_attr(iterator, "send") {
                    Ok(method) => Step::Call(method, smallvec::smallvec![sent]),
                    Err(raised) => Step::Raise(raised),
                },
            };
        }
        match self.special_of(iterator, Special::Next) {
            Some(method) => self.call_special(method, iterator, &[]).then_go_on(),
            None => {
                let message = format!("'{}' object is not an iterator", self.type_name(iterator));
                Step::Raise(self.type_error(message))
            }
        }
    }

    fn end_of_foreign(&mut self, raised: Raised) -> Step {
        if self.is_raised(&raised, Known::StopIteration) {
            return Step::Return(Self::stop_value(&raised));
        }
        Step::Raise(raised)
    }

    /// What the running native frame was thrown is raised by what waits for it.
    fn raised_where_awaited(&mut self, raised: &Raised) {
        // SAFETY: the running frame and its parent are live.
        unsafe {
            if (*self.frame).has(frame_flags::THROWN) {
                self.set_context_of_throw(&raised.0, (*self.frame).parent);
            }
        }
    }

    /// The value that a StopIteration brings.
    pub(crate) fn stop_value(raised: &Raised) -> Value {
        let value = raised
            .0
            .get::<Exception>()
            .map_or(Value::NONE, |e| e.extra[0].get());
        if value.is_undef() { Value::NONE } else { value }
    }

    /// Its `throw` gets the arguments of the `throw` that led here, if they are known.
    fn throw_into_foreign(&mut self, iterator: &Value, raised: Raised, given: &Value) -> Step {
        let closing = self.is_raised(&raised, Known::GeneratorExit);
        let name = if closing { "close" } else { "throw" };
        match self.get_attr_optional(iterator, name) {
            Ok(Some(method)) if closing => match self.call(&method, &[]) {
                Ok(_) => Step::Raise(raised),
                Err(other) => Step::Raise(other),
            },
            Ok(Some(method)) => Step::Call(
                method,
                match given.get::<Tuple>() {
                    Some(given) => given.items().iter().cloned().collect(),
                    None => smallvec::smallvec![raised.0],
                },
            ),
            Ok(None) => Step::Raise(raised),
            // Nobody asked for `close`: that it cannot be looked up is only told of.
            Err(other) if closing => {
                self.report_unraisable(&other, iterator);
                Step::Raise(raised)
            }
            Err(other) => Step::Raise(other),
        }
    }

    /// An iterator as something that `Await` and `YieldFrom` can enter.
    fn wrap_iterator(&mut self, iterator: &Value) -> Value {
        self.native_coroutine(&FOREIGN, Flavour::Generator, std::slice::from_ref(iterator))
            .into_value()
    }

    /// The iterator inside a wrapper that `wrap_iterator` made, for `gi_yieldfrom` and `cr_await`.
    pub(crate) fn unwrapped_iterator(&self, value: &Value) -> Value {
        if let Some(generator) = value.get::<Generator>() {
            // SAFETY: the frame of a live generator.
            if let Some(iterator) = unsafe { self.iterator_inside(generator.frame_ptr()) } {
                return iterator;
            }
        }
        value.clone()
    }

    /// The iterator that a frame drives which `wrap_iterator` made.
    ///
    /// # Safety
    /// The frame of a live generator.
    pub(crate) unsafe fn iterator_inside(&self, frame: *mut Frame) -> Option<Value> {
        // SAFETY: register 0 of the wrapper holds the iterator; only native frames look at `native`.
        unsafe {
            let wraps = (*frame).has(frame_flags::NATIVE)
                && WRAPPERS
                    .iter()
                    .any(|def| std::ptr::eq((*frame).native, *def));
            wraps.then(|| (*Frame::regs(frame)).clone())
        }
    }

    /// What `await value` waits for. `context` says for whom: 0 await, 1 `__aenter__`,
    /// 2 `__aexit__`, 3 `__anext__`.
    pub(crate) fn awaitable(&mut self, value: &Value, context: usize) -> R<Step> {
        if let Some(generator) = value.get::<Generator>() {
            if generator.flavour == Flavour::Coroutine || Self::is_iterable_coroutine(generator) {
                return Ok(Step::Return(value.clone()));
            }
        } else if value.is_kind::<AsyncStep>() || self.native_await(value).is_some() {
            return Ok(Step::Return(value.clone()));
        } else if let Some(both) = value.get_exact::<AnextAwaitable>()
            && both
                .awaitable
                .get::<Generator>()
                .is_some_and(|inner| inner.state.get() == State::Created)
        {
            // Nothing of it has run: it is awaited itself. Otherwise its methods drive what they find.
            let wrapper = self.native_coroutine(
                &WITH_DEFAULT,
                Flavour::Generator,
                std::slice::from_ref(value),
            );
            return Ok(Step::Return(wrapper.into_value()));
        } else if let Some(method) = self.special_of(value, Special::Await) {
            let how = if context == 3 {
                &ANEXT_METHOD
            } else {
                &AWAIT_METHOD
            };
            return Ok(Step::Enter(how, smallvec::smallvec![method, value.clone()]));
        }
        let name = self.type_name(value);
        Err(self.type_error(match context {
            1 => format!("'async with' received an object from __aenter__ that does not implement __await__: {name}"),
            2 => format!("'async with' received an object from __aexit__ that does not implement __await__: {name}"),
            3 => invalid_anext(&name),
            _ => format!("object {name} can't be used in 'await' expression"),
        }))
    }

    fn is_iterable_coroutine(generator: &Generator) -> bool {
        // SAFETY: the function of a generator that did not end.
        unsafe {
            let frame = generator.frame_ptr();
            let function = (*frame).function;
            use crate::object::frame::frame_flags::NATIVE;
            !(*frame).has(NATIVE)
                && !function.is_null()
                && (*function).code.borrow().flags & code_flags::ITERABLE_COROUTINE != 0
        }
    }

    /// What `__await__` gave, as something to enter.
    pub(crate) fn checked_await_result(&mut self, iterator: &Value) -> R {
        if let Some(generator) = iterator.get::<Generator>() {
            if generator.flavour == Flavour::Coroutine || Self::is_iterable_coroutine(generator) {
                return Err(self.type_error("__await__() returned a coroutine"));
            }
            if matches!(generator.flavour, Flavour::Generator | Flavour::Wrapper) {
                return Ok(iterator.clone());
            }
        }
        if self.special_of(iterator, Special::Next).is_some() {
            return Ok(self.wrap_iterator(iterator));
        }
        let name = self.type_name(iterator);
        Err(self.type_error(format!(
            "__await__() returned non-iterator of type '{name}'"
        )))
    }

    /// The iterator of `yield from value`, as something to enter.
    pub(crate) fn yield_from_step(&mut self, value: &Value) -> Step {
        let iterator = match self.iter(value) {
            Ok(iterator) => iterator,
            Err(raised) => return Step::Raise(raised),
        };
        if iterator.is_kind::<Generator>() {
            return Step::Return(iterator);
        }
        Step::Return(self.wrap_iterator(&iterator))
    }

    /// `aiter(value)`, checked.
    pub(crate) fn aiter_step(&mut self, value: &Value) -> Step {
        let name = self.type_name(value);
        let Some(method) = self.special_of(value, Special::AIter) else {
            let message =
                format!("'async for' requires an object with __aiter__ method, got {name}");
            return Step::Raise(self.type_error(message));
        };
        let step = self.call_special(method, value, &[]);
        let result = self.finish(step).and_then(|iterator| {
            if self.special_of(&iterator, Special::ANext).is_some() {
                return Ok(iterator);
            }
            let name = self.type_name(&iterator);
            let message = format!("'async for' received an object from __aiter__ that does not implement __anext__: {name}");
            Err(self.type_error(message))
        });
        Step::from(result)
    }

    /// `value.__anext__()`
    pub(crate) fn anext_step(&mut self, value: &Value) -> Step {
        if let Some(generator) = value.get::<Generator>()
            && generator.flavour == Flavour::AsyncGenerator
        {
            return Step::from(self.async_step(value, Value::NONE, super::async_generator::SEND));
        }
        match self.special_of(value, Special::ANext) {
            Some(method) => self.call_special(method, value, &[]),
            None => {
                let name = self.type_name(value);
                Step::Raise(self.type_error(format!(
                    "'async for' requires an iterator with __anext__ method, got {name}"
                )))
            }
        }
    }

    /// Drives what is no generator of ours: by `send` and `throw`, its StopIteration being its end.
    pub(crate) fn foreign_drive_step(
        &mut self,
        target: &Value,
        input: Result<Value, Raised>,
    ) -> Step {
        let (name, argument) = match input {
            Ok(value) => ("send", value),
            Err(raised) => ("throw", raised.0),
        };
        match self.get_attr(target, name) {
            Ok(method) => Step::Enter(&DRIVE_FOREIGN, smallvec::smallvec![method, argument]),
            Err(raised) => Step::Raise(raised),
        }
    }
}

/// Calls `send` or `throw` of a foreign coroutine for a native frame that drives it, and tells
/// what it yielded from what it returned. Registers: the method, the argument.
static DRIVE_FOREIGN: Def = Def::frame(
    "<drive>(method, argument, /)",
    0,
    |vm, frame, input| match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            Step::Call(
                frame.regs[0].clone(),
                smallvec::smallvec![frame.regs[1].clone()],
            )
        }
        (_, Input::Value(value) | Input::Yielded(value)) => {
            vm.foreign_yielded = true;
            Step::Return(value)
        }
        (_, Input::Raised(raised)) => vm.end_of_foreign(raised),
        (_, Input::Start) => Step::Return(Value::NONE),
    },
);
