//! What a `StreamWriter` writes goes to its transport: to ours without a call, to another one by a call of its method.

use super::script;
use super::selector_events::{self, Transport};
use super::stream_protocol::{StreamWriter, writer_of};
use crate::heap::{Ref, Value};
use crate::object::native::{Args, Input, NativeFrame, R, Step};
use crate::vm::Vm;

/// `write(data)` and `writelines(data)` to another transport than ours. Registers: self, data.
fn to_transport(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    (native, method): (WriteNow, &str),
) -> Step {
    if frame.state != 0 {
        return match input {
            Input::Raised(raised) => Step::Raise(raised),
            _ => Step::Return(Value::NONE),
        };
    }
    frame.state = 1;
    if let Some(answer) = to_our_transport(vm, frame.regs, native) {
        return answer.into();
    }
    let transport = match writer_of(vm, &frame.regs[0]) {
        Ok(writer) => writer.transport.get(),
        Err(raised) => return Step::Raise(raised),
    };
    match script::attr(vm, &transport, method) {
        Ok(method) => Step::Call(method, Args::from_iter([frame.regs[1].clone()])),
        Err(raised) => Step::Raise(raised),
    }
}

type WriteNow = fn(&mut Vm, &Ref<Transport>, &Value) -> R<()>;

/// The same without a frame, to a transport of ours.
fn to_our_transport(vm: &mut Vm, args: &[Value], native: WriteNow) -> Option<R> {
    let [writer, data] = args else {
        return None;
    };
    let transport = &writer.get::<StreamWriter>()?.transport;
    let transport = transport.as_value().to_ref::<Transport>()?;
    Some(native(vm, &transport, data).map(|()| Value::NONE))
}

/// `StreamWriter.write(data)`.
pub(super) fn write(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    to_transport(vm, frame, input, (selector_events::write, "write"))
}

/// `StreamWriter.write(data)` where the transport is ours.
pub(super) fn write_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    to_our_transport(vm, args, selector_events::write)
}

/// `StreamWriter.writelines(data)`.
pub(super) fn writelines(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let how: WriteNow = selector_events::writelines;
    to_transport(vm, frame, input, (how, "writelines"))
}

/// `StreamWriter.writelines(data)` where the transport is ours.
pub(super) fn writelines_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    to_our_transport(vm, args, selector_events::writelines)
}
