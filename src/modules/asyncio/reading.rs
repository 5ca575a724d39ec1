//! Reading from a socket for a script's protocol.

use super::selector_events::{Arrived, READ_SIZE, Transport, close, fatal_error, receive};
use super::{script, watching};
use crate::heap::{Ref, Value};
use crate::host::{Direction, HostError};
use crate::modules::binary::window::Window;
use crate::object::bytes::Bytes;
use crate::object::native::{Args, Def, Input, NativeFrame, R, Raised, Step};
use crate::vm::Vm;
use crate::vm::types::Known;

/// The socket of a script's protocol is readable. Registers: the transport.
pub(super) static READ_READY: Def =
    Def::frame("_read_ready(transport, /)", 0, |vm, frame, input| {
        let Some(transport) = frame.regs[0].to_ref::<Transport>() else {
            return Step::Return(Value::NONE);
        };
        match (frame.state, input) {
            (0, _) => {
                let step = read_for_script(vm, frame, &transport);
                step.unwrap_or_else(|raised| call_failed(vm, frame.state, &transport, raised))
            }
            (GOT_BUFFER, Input::Value(buffer)) => {
                let step = read_into(vm, frame, &transport, &buffer);
                step.unwrap_or_else(|raised| call_failed(vm, frame.state, &transport, raised))
            }
            (state, Input::Raised(raised)) => call_failed(vm, state, &transport, raised),
            (2, Input::Value(keep)) => {
                let kept = script::truth(vm, &keep).and_then(|keep| {
                    if keep {
                        watching::unwatch(
                            vm,
                            &transport.owner.get(),
                            transport.fd.get(),
                            Direction::Read,
                        );
                        return Ok(());
                    }
                    close(vm, &transport)
                });
                kept.map(|()| Value::NONE).into()
            }
            _ => Step::Return(Value::NONE),
        }
    });

/// The protocol lacks the method that the state names, or it raised: the connection is given up.
fn call_failed(vm: &mut Vm, state: u8, transport: &Ref<Transport>, raised: Raised) -> Step {
    let what = match state {
        0 => return Step::Raise(raised),
        1 => "data_received",
        2 => "eof_received",
        GOT_BUFFER => "get_buffer",
        _ => "buffer_updated",
    };
    let text = format!("Fatal error: protocol.{what}() call failed.");
    fatal_error(vm, transport, raised, &text)
        .map(|()| Value::NONE)
        .into()
}

fn read_for_script(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    transport: &Ref<Transport>,
) -> R<Step> {
    if transport.lost.get() > 0 {
        return Ok(Step::Return(Value::NONE));
    }
    let protocol = transport.protocol.get();
    if transport.buffered.get() {
        frame.state = GOT_BUFFER;
        let method = script::attr(vm, &protocol, "get_buffer")?;
        return Ok(Step::Call(method, Args::from_iter([Value::int32(-1)])));
    }
    match receive(vm, transport, READ_SIZE) {
        Ok(Arrived::Nothing) => Ok(Step::Return(Value::NONE)),
        Ok(Arrived::Data(data)) => {
            frame.state = 1;
            let bytes = Bytes::new(&data);
            vm.host.read_room = data;
            let data = vm.lift(bytes)?.into_value();
            tell_of_data(vm, protocol, data)
        }
        other => read_ended(vm, frame, transport, other),
    }
}

/// `protocol.data_received(data)`, without making a method object.
fn tell_of_data(vm: &mut Vm, protocol: Value, data: Value) -> R<Step> {
    let name = vm.names.data_received.value();
    Ok(match vm.resolve_method(&protocol, &name) {
        Ok((function, true)) => Step::Call(function, Args::from_iter([protocol, data])),
        Ok((function, false)) => Step::Call(function, Args::from_iter([data])),
        // A `__getattr__` may have it.
        Err(_) => {
            let method = script::attr(vm, &protocol, "data_received")?;
            Step::Call(method, Args::from_iter([data]))
        }
    })
}

/// The buffer of a BufferedProtocol has been filled, or the connection ends.
fn read_ended(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    transport: &Ref<Transport>,
    arrived: Result<Arrived, HostError>,
) -> R<Step> {
    match arrived {
        Ok(Arrived::End) => {
            frame.state = 2;
            super::selector_events::remark(vm, transport, "received EOF")?;
            let protocol = transport.protocol.get();
            let method = script::attr(vm, &protocol, "eof_received")?;
            Ok(Step::Call(method, Args::new()))
        }
        Ok(_) => Ok(Step::Return(Value::NONE)),
        Err(error) => {
            let raised = script::os_error(vm, &error);
            let text = "Fatal read error on socket transport";
            fatal_error(vm, transport, raised, text)?;
            Ok(Step::Return(Value::NONE))
        }
    }
}

/// States of READ_READY behind those of a plain protocol.
const GOT_BUFFER: u8 = 3;
const FILLED: u8 = 4;

/// Reads into the buffer that a BufferedProtocol gave.
fn read_into(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    transport: &Ref<Transport>,
    buffer: &Value,
) -> R<Step> {
    let window = match Window::of(vm, buffer, "recv_into() argument 1") {
        Ok(window) if window.size() > 0 => Ok(window),
        Ok(_) => {
            let text = "get_buffer() returned an empty buffer";
            Err(script::error(vm, Known::RuntimeError, text))
        }
        Err(raised) => Err(raised),
    };
    let window = match window {
        Ok(window) => window,
        Err(raised) => {
            let text = "Fatal error: protocol.get_buffer() call failed.";
            fatal_error(vm, transport, raised, text)?;
            return Ok(Step::Return(Value::NONE));
        }
    };
    match receive(vm, transport, window.size().min(READ_SIZE - 1)) {
        Ok(Arrived::Data(data)) => {
            window.write(0, &data);
            frame.state = FILLED;
            let protocol = transport.protocol.get();
            let method = script::attr(vm, &protocol, "buffer_updated")?;
            let count = script::int(data.len() as i64);
            vm.host.read_room = data;
            Ok(Step::Call(method, Args::from_iter([count])))
        }
        other => read_ended(vm, frame, transport, other),
    }
}
