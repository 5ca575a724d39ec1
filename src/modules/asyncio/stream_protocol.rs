//! `asyncio.StreamReaderProtocol` and `asyncio.StreamWriter`.

use std::cell::Cell;

use super::selector_events::{self, Transport};
use super::stream_reader::{self, StreamReader};
use super::{
    coroutines, debug, events, futures, locks, own_methods, reactions, report, script, transports,
    waiting, writing,
};
use crate::heap::{Field, Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{
    Args, Attribute, Awaited, Def, Input, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::task::{Future, FutureState};
use crate::object::traced::traced_object;
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::class::DICT;
use crate::vm::types::Known;

traced_object! {
    /// `asyncio.StreamReaderProtocol`
    pub struct StreamProtocol: STREAM_PROTOCOL, attributes in attributes; {
        /// Writing is paused.
        paused: Cell<bool>,
        /// The connection is lost.
        lost: Cell<bool>,
        /// Those who wait in `drain`.
        drains: locks::Queue,
        /// The reader, or None.
        reader: Field,
        /// Who is told of a connection to a server, or None.
        callback: Field,
        /// The loop.
        owner: Field,
        /// The transport, or None.
        transport: Field,
        /// The task that serves the connection, or None.
        task: Field,
        /// Ends with the connection.
        closed: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

fn this(vm: &mut Vm, value: &Value) -> R<Ref<StreamProtocol>> {
    match value.to_ref::<StreamProtocol>() {
        Some(protocol) => Ok(protocol),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a StreamReaderProtocol was expected",
        )),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &STREAM_PROTOCOL)?;
    Ok(unconnected(shape).into_value())
}

fn unconnected(shape: u32) -> Ref<StreamProtocol> {
    let none = || Field::new(Value::NONE);
    let no = || Cell::new(false);
    StreamProtocol::alloc(
        shape,
        no(),
        no(),
        Default::default(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        Field::undef(),
    )
}

/// `_stream(limit, loop, client_connected_cb)`: a reader and its protocol, as the two classes make them.
pub(super) fn stream(vm: &mut Vm, args: &[Value]) -> R {
    let (limit, owner, callback) = (&args[0], &args[1], &args[2]);
    let reader = stream_reader::unfed(kind::STREAM_READER as u32).into_value();
    stream_reader::init(vm, &[reader.clone(), limit.clone(), owner.clone()])?;
    let protocol = unconnected(kind::STREAM_PROTOCOL as u32).into_value();
    let given = [
        protocol.clone(),
        reader.clone(),
        callback.clone(),
        owner.clone(),
    ];
    init(vm, &given)?;
    Ok(Tuple::pair(reader, protocol).into_value())
}

fn init(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = this(vm, &args[0])?;
    let owner = if args[3].is_none() {
        events::get_event_loop(vm)?
    } else {
        args[3].clone()
    };
    let closed = debug::made_by(vm, debug::CLOSED, owner.clone())?;
    protocol.closed.set(closed.into_value());
    protocol.owner.set(owner);
    protocol.reader.set(args[1].clone());
    protocol.callback.set(args[2].clone());
    Ok(Value::NONE)
}

/// The connection is made. Registers: protocol, transport.
pub(super) static CONNECTED: Def = Def::frame("connection_made(self, transport)", 0, connected);

fn connected(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let Some(protocol) = frame.regs[0].to_ref::<StreamProtocol>() else {
        return Step::Return(Value::NONE);
    };
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            protocol.transport.set(frame.regs[1].clone());
            let reader = protocol.reader.get();
            if let Some(reader) = reader.get::<StreamReader>() {
                reader.transport.set(frame.regs[1].clone());
            }
            let callback = protocol.callback.get();
            if callback.is_none() {
                return Step::Return(Value::NONE);
            }
            let writer = make_writer(
                vm,
                frame.regs[1].clone(),
                frame.regs[0].clone(),
                reader.clone(),
                protocol.owner.get(),
            );
            match writer {
                Ok(writer) => Step::Call(callback, Args::from_iter([reader, writer])),
                Err(raised) => Step::Raise(raised),
            }
        }
        (1, Input::Value(answer)) => {
            if !coroutines::is_coroutine(vm, &answer) {
                return Step::Return(Value::NONE);
            }
            frame.state = 2;
            match waiting::create_task_step(
                vm,
                &protocol.owner.get(),
                answer,
                (Value::NONE, Value::UNDEF, Value::UNDEF),
                &[],
            ) {
                Ok(Step::Return(task)) => watch_task(vm, &protocol, task).into(),
                Ok(step) => step,
                Err(raised) => Step::Raise(raised),
            }
        }
        (2, Input::Value(task)) => watch_task(vm, &protocol, task).into(),
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

fn watch_task(vm: &mut Vm, protocol: &Ref<StreamProtocol>, task: Value) -> R {
    protocol.task.set(task.clone());
    let target = script::tuple(vec![protocol.transport.get(), protocol.owner.get()]);
    match Future::to_ref(&task) {
        Some(future) => futures::when_done(vm, &future, reactions::SERVED, target)?,
        None => {
            let callback = waiting::reaction_callable(reactions::SERVED, target);
            script::call_method(vm, &task, "add_done_callback", &[callback])?;
        }
    }
    Ok(Value::NONE)
}

/// The task that serves a connection is done; the target is (transport, loop).
pub fn served(vm: &mut Vm, target: &Value, task: &Ref<Future>) -> R<()> {
    let items = script::tuple_items(target);
    let [transport, owner] = &items[..] else {
        return Ok(());
    };
    match task.state.get() {
        FutureState::Cancelled => close_transport(vm, transport),
        FutureState::Exception => {
            let exception = futures::exception(vm, task)?;
            let parts = [("exception", exception), ("transport", transport.clone())];
            report::report(
                vm,
                owner,
                "Unhandled exception in client_connected_cb",
                &parts,
            )?;
            close_transport(vm, transport)
        }
        _ => Ok(()),
    }
}

fn close_transport(vm: &mut Vm, transport: &Value) -> R<()> {
    match transport.to_ref::<Transport>() {
        Some(transport) => selector_events::close(vm, &transport),
        None => script::call_method(vm, transport, "close", &[]).map(|_| ()),
    }
}

/// Whether a protocol is ours, and its reader is: what comes for them need not be told by calls.
pub fn reads_plainly(protocol: &Value) -> bool {
    let own = protocol.get_exact::<StreamProtocol>();
    own.is_some_and(|own| {
        let reader = own.reader.as_value();
        reader.is_none() || reader.is_exact::<StreamReader>()
    })
}

/// Bytes have arrived.
pub fn data_received(vm: &mut Vm, protocol: &StreamProtocol, data: &[u8]) -> R<()> {
    match protocol.reader.as_value().to_ref::<StreamReader>() {
        Some(reader) => stream_reader::feed_data(vm, &reader, data),
        None => Ok(()),
    }
}

/// The other side sends no more.
pub fn eof_received(vm: &mut Vm, protocol: &StreamProtocol) -> R<()> {
    match protocol.reader.as_value().to_ref::<StreamReader>() {
        Some(reader) => stream_reader::feed_eof(vm, &reader),
        None => Ok(()),
    }
}

/// The connection is lost.
pub fn connection_lost(vm: &mut Vm, protocol: &StreamProtocol, error: &Value) -> R<()> {
    if let Some(reader) = protocol.reader.as_value().to_ref::<StreamReader>() {
        if selector_events::is_error(error) {
            stream_reader::set_exception(vm, &reader, error.clone())?;
        } else {
            stream_reader::feed_eof(vm, &reader)?;
        }
    }
    selector_events::end_by(vm, &protocol.closed.get(), error)?;
    if let Some(closed) = Future::of(protocol.closed.as_value()) {
        // `wait_closed` may never be called: then nobody misses the exception.
        closed.log_traceback.set(false);
    }
    protocol.lost.set(true);
    if protocol.paused.get() {
        let waiting: Vec<Value> = protocol.drains.futures.borrow().iter().cloned().collect();
        for future in &waiting {
            selector_events::end_by(vm, future, error)?;
        }
    }
    protocol.task.set(Value::NONE);
    protocol.transport.set(Value::NONE);
    protocol.reader.set(Value::NONE);
    Ok(())
}

/// The transport has too much to send, or little enough again.
pub fn set_paused(vm: &mut Vm, protocol: &StreamProtocol, paused: bool) -> R<()> {
    protocol.paused.set(paused);
    if paused {
        return Ok(());
    }
    let waiting: Vec<Value> = protocol.drains.futures.borrow().iter().cloned().collect();
    for future in waiting.iter().filter_map(Future::to_ref) {
        futures::finish_unless_done(vm, &future, Value::NONE)?;
    }
    Ok(())
}

fn connection_lost_method(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = this(vm, &args[0])?;
    connection_lost(vm, &protocol, &args[1])?;
    Ok(Value::NONE)
}

fn data_received_method(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = this(vm, &args[0])?;
    let reader = protocol.reader.get();
    if reader.is_none() {
        Ok(Value::NONE)
    } else {
        script::call_method(vm, &reader, "feed_data", &args[1..2])
    }
}

fn eof_received_method(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = this(vm, &args[0])?;
    eof_received(vm, &protocol)?;
    // TLS cannot be half open: there the answer must be no.
    let transport = protocol.transport.get();
    if transport.is_none() || transport.is_kind::<Transport>() {
        return Ok(Value::TRUE);
    }
    let over = script::call_method(
        vm,
        &transport,
        "get_extra_info",
        &[script::text("sslcontext")],
    )?;
    Ok(Value::bool(over.is_none()))
}

fn pause_writing(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = this(vm, &args[0])?;
    set_paused(vm, &protocol, true)?;
    Ok(Value::NONE)
}

fn resume_writing(vm: &mut Vm, args: &[Value]) -> R {
    let protocol = this(vm, &args[0])?;
    set_paused(vm, &protocol, false)?;
    Ok(Value::NONE)
}

/// `asyncio.StreamReaderProtocol`
pub static STREAM_PROTOCOL: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(Def::leaf("__new__(cls, /, *args, **kwargs)", new).stat()),
    methods: &[
        Def::leaf(
            "__init__(self, stream_reader, client_connected_cb=None, loop=None)",
            init,
        ),
        Def::frame("connection_made(self, transport)", 0, connected),
        Def::leaf("connection_lost(self, exc)", connection_lost_method),
        Def::leaf("data_received(self, data)", data_received_method),
        Def::leaf("eof_received(self)", eof_received_method),
        Def::leaf("pause_writing(self)", pause_writing),
        Def::leaf("resume_writing(self)", resume_writing),
        Def::leaf(
            "_replace_transport(self, transport)",
            replace_transport_method,
        ),
    ],
    attributes: &[
        DICT,
        Attribute::get("_loop", |vm, value| Ok(this(vm, value)?.owner.get())),
        Attribute::get("_paused", |vm, value| {
            Ok(Value::bool(this(vm, value)?.paused.get()))
        }),
        Attribute::get("_connection_lost", |vm, value| {
            Ok(Value::bool(this(vm, value)?.lost.get()))
        }),
    ],
    ..TypeDef::new(
        "asyncio.streams",
        "StreamReaderProtocol",
        kind::STREAM_PROTOCOL,
    )
};

// ----- the writer ------------------------------------------------------------------------------

traced_object! {
    /// `asyncio.StreamWriter`
    pub struct StreamWriter: STREAM_WRITER, finalized if |writer| !writer.finalized.get() && !is_done_with(writer);, attributes in attributes; {
        /// Its `__del__` was called.
        finalized: Cell<bool>,
        /// The transport.
        transport: Field,
        /// The protocol.
        protocol: Field,
        /// The reader, or None.
        reader: Field,
        /// The loop.
        owner: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

/// Whether nothing is left to be closed.
fn is_done_with(writer: &StreamWriter) -> bool {
    let transport = writer.transport.as_value();
    match transport.get::<Transport>() {
        Some(transport) => transport.closing.get(),
        None => !transport.is_object(),
    }
}

fn make_writer(_: &mut Vm, transport: Value, protocol: Value, reader: Value, owner: Value) -> R {
    let made = StreamWriter::alloc(
        kind::STREAM_WRITER as u32,
        Cell::new(false),
        Field::new(transport),
        Field::new(protocol),
        Field::new(reader),
        Field::new(owner),
        Field::undef(),
    );
    Ok(made.into_value())
}

pub(super) fn writer_of(vm: &mut Vm, value: &Value) -> R<Ref<StreamWriter>> {
    match value.to_ref::<StreamWriter>() {
        Some(writer) => Ok(writer),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a StreamWriter was expected",
        )),
    }
}

fn writer_new(vm: &mut Vm, args: &[Value]) -> R {
    let shape = vm.shape_for_new(&args[0], &STREAM_WRITER)?;
    let fields = args[1..5].iter().map(|value| Field::new(value.clone()));
    let [transport, protocol, reader, owner]: [Field; 4] = fields
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|_| std::array::from_fn(|_| Field::undef()));
    Ok(StreamWriter::alloc(
        shape,
        Cell::new(false),
        transport,
        protocol,
        reader,
        owner,
        Field::undef(),
    )
    .into_value())
}

/// A writer whose arguments are given by position, as `open_connection` gives them.
fn writer_at_once(vm: &mut Vm, args: &[Value]) -> Option<R> {
    let [transport, protocol, reader, owner] = args else {
        return None;
    };
    let [transport, protocol, reader, owner] =
        [transport, protocol, reader, owner].map(Value::clone);
    Some(make_writer(vm, transport, protocol, reader, owner))
}

/// Calls our transport in Rust, another one by its method.
fn on_transport(
    vm: &mut Vm,
    value: &Value,
    native: impl FnOnce(&mut Vm, &Ref<Transport>) -> R<Value>,
    method: &str,
    args: &[Value],
) -> R {
    let transport = writer_of(vm, value)?.transport.get();
    match transport.to_ref::<Transport>() {
        Some(transport) => native(vm, &transport),
        None => script::call_method(vm, &transport, method, args),
    }
}

fn write_eof(vm: &mut Vm, args: &[Value]) -> R {
    let act =
        |vm: &mut Vm, t: &Ref<Transport>| selector_events::write_eof(vm, t).map(|()| Value::NONE);
    on_transport(vm, &args[0], act, "write_eof", &[])
}

fn can_write_eof(vm: &mut Vm, args: &[Value]) -> R {
    on_transport(vm, &args[0], |_, _| Ok(Value::TRUE), "can_write_eof", &[])
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    let act = |vm: &mut Vm, t: &Ref<Transport>| selector_events::close(vm, t).map(|()| Value::NONE);
    on_transport(vm, &args[0], act, "close", &[])
}

fn is_closing(vm: &mut Vm, args: &[Value]) -> R {
    on_transport(
        vm,
        &args[0],
        |_, t| Ok(Value::bool(t.closing.get())),
        "is_closing",
        &[],
    )
}

fn get_extra_info(vm: &mut Vm, args: &[Value]) -> R {
    let act = |vm: &mut Vm, t: &Ref<Transport>| transports::extra_info(vm, t, &args[1], &args[2]);
    on_transport(vm, &args[0], act, "get_extra_info", &args[1..3])
}

/// `wait_closed()`
fn wait_closed(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    match (frame.state, input) {
        (0, _) => {
            frame.state = 1;
            let protocol = frame.regs[0]
                .get::<StreamWriter>()
                .map_or(Value::NONE, |w| w.protocol.get());
            let waiter = match protocol.get::<StreamProtocol>() {
                Some(protocol) => Ok(protocol.closed.get()),
                None => script::call_method(vm, &protocol, "_get_close_waiter", &frame.regs[..1]),
            };
            match waiter {
                Ok(waiter) => Step::Await(waiter),
                Err(raised) => Step::Raise(raised),
            }
        }
        (_, Input::Raised(raised)) => Step::Raise(raised),
        _ => Step::Return(Value::NONE),
    }
}

/// `drain()`: registers self, the future it waits for.
fn drain(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    drain_step(vm, frame, input).unwrap_or_else(Step::Raise)
}

/// As `drain`, where all of it is ours and nothing has to be waited for.
fn drain_at_once(vm: &mut Vm, args: &[Value]) -> Option<R<Awaited>> {
    let [writer] = args else {
        return None;
    };
    let writer = writer.get::<StreamWriter>()?;
    let failed = match writer.reader.as_value().get::<StreamReader>() {
        Some(reader) => !reader.exception.as_value().is_none(),
        None => false,
    };
    let transport = writer.transport.as_value();
    let closing = match transport.get::<Transport>() {
        Some(transport) => transport.closing.get(),
        None => own_methods::is_closing(vm, transport)?,
    };
    if failed || closing {
        return None;
    }
    let protocol = writer.protocol.as_value();
    let flows = match protocol.get::<StreamProtocol>() {
        Some(stream) => !stream.lost.get() && !stream.paused.get(),
        None => own_methods::drains_at_once(vm, protocol),
    };
    flows.then_some(Ok(Awaited::Done(Value::NONE)))
}

fn drain_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let writer = writer_of(vm, &frame.regs[0])?;
    if frame.state == 2 {
        if let Some(protocol) = writer.protocol.as_value().get::<StreamProtocol>() {
            protocol.drains.leave(&std::mem::take(&mut frame.regs[1]));
        }
        return match input {
            Input::Raised(raised) => Err(raised),
            _ => Ok(Step::Return(Value::NONE)),
        };
    }
    if let Input::Raised(raised) = input {
        return Err(raised);
    }
    if frame.state == 0 {
        if let Some(reader) = writer.reader.as_value().get::<StreamReader>() {
            let exception = reader.exception.get();
            if !exception.is_none() {
                return Err(Raised(exception));
            }
        }
        frame.state = 1;
        let transport = writer.transport.get();
        let closing = match transport.get::<Transport>() {
            Some(transport) => transport.closing.get(),
            None => {
                let closing = script::call_method(vm, &transport, "is_closing", &[])?;
                script::truth(vm, &closing)?
            }
        };
        if closing {
            // The loop gets a turn in which the connection can be seen to be lost.
            return Ok(Step::Yield(Value::NONE));
        }
    }
    drain_protocol(vm, frame, &writer)
}

/// `start_tls(...)`: registers self, the context, the name, the two limits of time.
fn start_tls(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    start_tls_step(vm, frame, input).unwrap_or_else(Step::Raise)
}

fn start_tls_step(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let writer = writer_of(vm, &frame.regs[0])?;
    let value = match input {
        Input::Raised(raised) => return Err(raised),
        Input::Value(value) => value,
        _ => Value::NONE,
    };
    frame.state += 1;
    match frame.state {
        1 => {
            let drained = script::call_method(vm, &frame.regs[0].clone(), "drain", &[])?;
            Ok(Step::Await(drained))
        }
        2 => {
            let protocol = writer.protocol.get();
            let server = match protocol.get::<StreamProtocol>() {
                Some(protocol) => !protocol.callback.as_value().is_none(),
                None => {
                    let callback = script::attr(vm, &protocol, "_client_connected_cb")?;
                    !callback.is_none()
                }
            };
            let method = script::attr(vm, &writer.owner.get(), "start_tls")?;
            let mut args = Args::from_iter([
                writer.transport.get(),
                protocol,
                frame.regs[1].clone(),
                Value::bool(server),
            ]);
            args.extend(frame.regs[2..5].iter().cloned());
            let names = [
                "server_side",
                "server_hostname",
                "ssl_handshake_timeout",
                "ssl_shutdown_timeout",
            ];
            Ok(Step::CallKw(method, args, script::names(vm, &names)))
        }
        3 => Ok(Step::Await(value)),
        _ => {
            writer.transport.set(value.clone());
            let protocol = writer.protocol.get();
            match protocol.get::<StreamProtocol>() {
                Some(stream) => replace_transport(stream, &value),
                None => {
                    script::call_method(vm, &protocol, "_replace_transport", &[value])?;
                }
            }
            Ok(Step::Return(Value::NONE))
        }
    }
}

/// The connection goes on by another transport.
fn replace_transport(protocol: &StreamProtocol, transport: &Value) {
    protocol.transport.set(transport.clone());
    if let Some(reader) = protocol.reader.as_value().get::<StreamReader>() {
        reader.transport.set(transport.clone());
    }
}

fn replace_transport_method(vm: &mut Vm, args: &[Value]) -> R {
    replace_transport(&*this(vm, &args[0])?, &args[1]);
    Ok(Value::NONE)
}

fn drain_protocol(vm: &mut Vm, frame: &mut NativeFrame<'_>, writer: &StreamWriter) -> R<Step> {
    let protocol = writer.protocol.get();
    let Some(stream) = protocol.to_ref::<StreamProtocol>() else {
        frame.state = 2;
        let helper = script::call_method(vm, &protocol, "_drain_helper", &[])?;
        return Ok(Step::Await(helper));
    };
    if stream.lost.get() {
        return Err(script::error(
            vm,
            Known::ConnectionResetError,
            "Connection lost",
        ));
    }
    if !stream.paused.get() {
        return Ok(Step::Return(Value::NONE));
    }
    frame.state = 2;
    let bound = Field::undef();
    let future = stream.drains.join(vm, debug::DRAIN, &protocol, &bound)?;
    frame.regs[1] = future.clone();
    Ok(Step::Await(future))
}

fn writer_repr(vm: &mut Vm, args: &[Value]) -> R {
    let writer = writer_of(vm, &args[0])?;
    let name = vm.class_of(&args[0]).name_str();
    let mut text = format!(
        "<{name} transport={}",
        script::repr(vm, &writer.transport.get())?
    );
    let reader = writer.reader.get();
    if !reader.is_none() {
        text += &format!(" reader={}", script::repr(vm, &reader)?);
    }
    Ok(script::text(&(text + ">")))
}

fn transport(vm: &mut Vm, value: &Value) -> R {
    Ok(writer_of(vm, value)?.transport.get())
}

fn protocol(vm: &mut Vm, value: &Value) -> R {
    Ok(writer_of(vm, value)?.protocol.get())
}

fn reader(vm: &mut Vm, value: &Value) -> R {
    Ok(writer_of(vm, value)?.reader.get())
}

/// Nobody has closed it.
fn writer_del(vm: &mut Vm, args: &[Value]) -> R {
    let writer = writer_of(vm, &args[0])?;
    writer.finalized.set(true);
    let closing = is_closing(vm, args)?;
    if script::truth(vm, &closing)? {
        return Ok(Value::NONE);
    }
    let owner = writer.owner.get();
    let looped = owner.get::<super::base_events::Loop>();
    if looped.is_some_and(|looped| looped.closed.get()) {
        vm.warn_of_resource("loop is closed", None)?;
        return Ok(Value::NONE);
    }
    close(vm, args)?;
    let shown = writer_repr(vm, args)?;
    let text = format!("unclosed {}", script::as_text(&shown));
    vm.warn_of_resource(&text, Some(&args[0]))?;
    Ok(Value::NONE)
}

/// `asyncio.StreamWriter`
pub static STREAM_WRITER: TypeDef = TypeDef {
    at_once: Some(writer_at_once),
    flags: class_flags::BASE | class_flags::WEAKREF | class_flags::HAS_DICT,
    new: Some(
        Def::leaf(
            "__new__(cls, transport, protocol, reader, loop)",
            writer_new,
        )
        .stat(),
    ),
    methods: &[
        Def::frame("write(self, data)", 0, writing::write).at_once(writing::write_at_once),
        Def::frame("writelines(self, data)", 0, writing::writelines)
            .at_once(writing::writelines_at_once),
        Def::leaf("write_eof(self)", write_eof),
        Def::leaf("can_write_eof(self)", can_write_eof),
        Def::leaf("close(self)", close),
        Def::leaf("is_closing(self)", is_closing),
        Def::coroutine("wait_closed(self)", 0, wait_closed),
        Def::leaf("get_extra_info(self, name, default=None)", get_extra_info),
        Def::coroutine("drain(self)", 1, drain).awaited(drain_at_once),
        Def::coroutine(
            "start_tls(self, sslcontext, *, server_hostname=None, ssl_handshake_timeout=None, \
             ssl_shutdown_timeout=None)",
            0,
            start_tls,
        ),
        Def::leaf("__repr__(self)", writer_repr),
        Def::leaf("__del__(self)", writer_del),
    ],
    attributes: &[
        DICT,
        Attribute::get("transport", transport),
        Attribute::get("_transport", transport),
        Attribute::get("_protocol", protocol),
        Attribute::get("_reader", reader),
    ],
    ..TypeDef::new("asyncio.streams", "StreamWriter", kind::STREAM_WRITER)
};
