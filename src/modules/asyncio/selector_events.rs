//! The transport of a connected socket. A protocol that is one of our streams
//! is told without a call; any other protocol is a script's object and is
//! called from a frame of its own.

use std::cell::{Cell, RefCell};

use super::jobs::{self, Job};
use super::stream_protocol::{self, StreamProtocol};
use super::trsock::{self, TransportSocket};
use super::watching;
use super::{debug, futures, own_methods, reactions, reading, report, script};
use crate::heap::{Buffer, Field, Ref, Value};
use crate::host::{Address, Direction, HostError, Shutdown};
use crate::modules::contextvars;
use crate::object::bytes;
use crate::object::exception::Exception;
use crate::object::kind;
use crate::object::native::{Args, Def, Input, R, Raised, Step};
use crate::object::task::{Future, Handle};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;
use crate::vm::types::Known;

/// Bytes asked for at once.
pub(super) const READ_SIZE: usize = 256 * 1024;
/// Writes to a lost connection before a warning.
const WARN_AFTER: u32 = 5;

traced_object! {
    /// `asyncio.selector_events._SelectorSocketTransport`
    pub struct Transport: TRANSPORT, finalized if |transport| transport.socket.as_value().is_object();, attributes in attributes; {
        /// `close` was called, or the connection is lost.
        closing: Cell<bool>,
        /// `pause_reading` was called.
        paused: Cell<bool>,
        /// `write_eof` was called.
        eof: Cell<bool>,
        /// The protocol was told to pause writing.
        protocol_paused: Cell<bool>,
        /// The protocol is a BufferedProtocol.
        buffered: Cell<bool>,
        /// `connection_lost` was called or will be; then how often somebody wrote all the same.
        lost: Cell<u32>,
        /// Above so many unsent bytes the protocol is told to pause.
        high: Cell<usize>,
        /// At so many it is told to go on.
        low: Cell<usize>,
        /// Bytes not sent yet, from `sent` on.
        buffer: Untraced<RefCell<Buffer<u8>>>,
        /// How many bytes of the buffer are sent.
        sent: Cell<usize>,
        /// The descriptor.
        fd: Cell<i32>,
        /// The socket.
        socket: Field,
        /// The loop; None when it is closed.
        owner: Field,
        /// The protocol.
        protocol: Field,
        /// The server that accepted it, or None.
        server: Field,
        /// The socket as it was given, open or not.
        given: Field,
        /// Its own address and that of the other side, as they were when the transport was made.
        ends: Untraced<[Option<Address>; 2]>,
        /// What `get_extra_info` gives: a dict, which is made when somebody asks for it, or Undef.
        extra: Field,
        /// Why the connection was lost, or None.
        error: Field,
        /// The future of who waits until all is sent, or Undef.
        empty: Field,
        /// Attributes that a script set.
        attributes: Field,
    }
}

/// The transport that `self` is.
pub fn this(vm: &mut Vm, value: &Value) -> R<Ref<Transport>> {
    match value.to_ref::<Transport>() {
        Some(transport) => Ok(transport),
        None => Err(script::error(
            vm,
            Known::TypeError,
            "a transport was expected",
        )),
    }
}

/// `_transport(loop, socket, protocol, waiter, server)`: begins to serve a connected socket.
pub(super) fn make(vm: &mut Vm, args: &[Value]) -> R {
    let socket = trsock::this(vm, &args[1])?;
    let own = socket.with(|s| s.local_address()).ok();
    let peer = socket.peer();
    let server = &args[4];
    let no = || Cell::new(false);
    let buffered = is_buffered(vm, &args[2])?;
    let transport = Transport::alloc(
        kind::TRANSPORT as u32,
        no(),
        no(),
        no(),
        no(),
        Cell::new(buffered),
        Cell::new(0),
        Cell::new(64 * 1024),
        Cell::new(16 * 1024),
        Untraced(RefCell::default()),
        Cell::new(0),
        Cell::new(socket.fileno()),
        Field::new(args[1].clone()),
        Field::new(args[0].clone()),
        Field::new(args[2].clone()),
        Field::new(server.clone()),
        Field::new(args[1].clone()),
        Untraced([own, peer]),
        Field::undef(),
        Field::new(Value::NONE),
        Field::undef(),
        Field::undef(),
    );
    if !server.is_none() {
        own_methods::attach(vm, server, transport.as_value())?;
    }
    // TCP_NODELAY, as for every connection; a socket of another family refuses.
    let _ = socket.with(|s| s.set_option(6, 1, 1));
    begin(vm, &transport, &args[3])?;
    Ok(transport.into_value())
}

fn begin(vm: &mut Vm, transport: &Ref<Transport>, waiter: &Value) -> R<()> {
    let owner = transport.owner.get();
    call_soon(vm, &owner, &CONNECTION_MADE, transport.value())?;
    if transport.protocol.as_value().is_exact::<StreamProtocol>() {
        let start = Job::Call(reactions::START_READING, transport.value());
        jobs::push(vm, &owner, start)?;
    } else {
        // What a script's protocol is told later, it is told in the context of now.
        call_soon(vm, &owner, &START_READING, transport.value())?;
    }
    if waiter.is_none() {
        Ok(())
    } else {
        jobs::push(vm, &owner, Job::Finish(waiter.clone()))
    }
}

/// The transport that a loop's entry for a descriptor is about.
pub fn transport_of(job: &Job) -> Option<Value> {
    let target = match job {
        Job::Call(_, target) => target.clone(),
        Job::Handle(handle) => {
            let callback = Handle::of(handle)?.callback.get();
            let native = callback.get::<crate::object::native::Native>()?;
            native.bound.clone()
        }
        _ => return None,
    };
    target.is_kind::<Transport>().then_some(target)
}

/// Whether a protocol has a buffer of its own.
pub fn is_buffered(vm: &mut Vm, protocol: &Value) -> R<bool> {
    if protocol.is_kind::<StreamProtocol>() {
        return Ok(false);
    }
    // Nobody can have made a class of it before the module was loaded.
    match script::loaded_module(vm, "asyncio.protocols") {
        Some(module) => {
            let class = script::attr(vm, &module, "BufferedProtocol")?;
            // Our own for TLS takes the data as it is.
            Ok(vm.is_instance(protocol, &class)?
                && script::attr_or_none(vm, protocol, "_takes_data")?.is_none())
        }
        None => Ok(false),
    }
}

/// Has the loop enter a native frame on an object.
fn call_soon(vm: &mut Vm, owner: &Value, def: &'static Def, on: Value) -> R<()> {
    let context = contextvars::copy(vm);
    let handle = Handle::alloc(
        owner.clone(),
        script::bound(def, on),
        script::tuple(Vec::new()),
        context,
    );
    jobs::push(vm, owner, Job::Handle(handle.into_value()))
}

// ----- the protocol is told -------------------------------------------------------------

/// `protocol.connection_made(transport)`
static CONNECTION_MADE: Def =
    Def::frame(
        "connection_made(transport, /)",
        0,
        |vm, frame, input| match (frame.state, input) {
            (0, _) => {
                frame.state = 1;
                let protocol = frame.regs[0]
                    .get::<Transport>()
                    .map_or(Value::NONE, |t| t.protocol.get());
                if protocol.is_exact::<StreamProtocol>() {
                    return Step::Enter(
                        &stream_protocol::CONNECTED,
                        Args::from_iter([protocol, frame.regs[0].clone()]),
                    );
                }
                match script::attr(vm, &protocol, "connection_made") {
                    Ok(method) => Step::TailCall(method, Args::from_iter([frame.regs[0].clone()])),
                    Err(raised) => Step::Raise(raised),
                }
            }
            (_, Input::Raised(raised)) => Step::Raise(raised),
            _ => Step::Return(Value::NONE),
        },
    );

/// Watches the socket, in the context that its protocol will be told in.
static START_READING: Def = Def::leaf("_add_reader(transport, /)", |vm, args| {
    start_reading(vm, &args[0]).map(|()| Value::NONE)
});

/// The protocol is ready: the socket is watched.
pub fn start_reading(vm: &mut Vm, target: &Value) -> R<()> {
    match target.to_ref::<Transport>() {
        Some(transport) => watch_reading(vm, &transport),
        None => Ok(()),
    }
}

pub(super) fn watch_reading(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if transport.closing.get() || transport.paused.get() {
        return Ok(());
    }
    let owner = transport.owner.get();
    let job = if stream_protocol::reads_plainly(transport.protocol.as_value()) {
        Job::Call(reactions::READ_READY, transport.value())
    } else {
        let context = contextvars::copy(vm);
        let callback = script::bound(&reading::READ_READY, transport.value());
        Job::Handle(
            Handle::alloc(owner.clone(), callback, script::tuple(Vec::new()), context).into_value(),
        )
    };
    watching::watch(vm, &owner, transport.fd.get(), Direction::Read, job)
}

/// What a read gave.
pub(super) enum Arrived {
    Nothing,
    Data(Vec<u8>),
    End,
}

pub(super) fn receive(
    vm: &mut Vm,
    transport: &Ref<Transport>,
    most: usize,
) -> Result<Arrived, HostError> {
    let socket = transport.socket.get();
    let Some(socket) = socket.get::<TransportSocket>() else {
        return Ok(Arrived::Nothing);
    };
    let mut data = std::mem::take(&mut vm.host.read_room);
    data.clear();
    let received = if most < READ_SIZE {
        // Not a byte more than there is room for.
        data.resize(most, 0);
        socket.with(|s| s.recv(&mut data))
    } else {
        socket.with(|s| s.recv_into_spare(&mut data, most))
    };
    if let Ok(count) = received {
        data.truncate(count);
    }
    match received {
        Ok(0) => Ok(Arrived::End),
        Ok(count) => {
            if count < most {
                vm.host.poller.drained(transport.fd.get(), Direction::Read);
            }
            Ok(Arrived::Data(data))
        }
        Err(error) if error.is_would_block() => {
            vm.host.poller.drained(transport.fd.get(), Direction::Read);
            Ok(Arrived::Nothing)
        }
        Err(error) => Err(error),
    }
}

/// The socket of a stream is readable.
pub fn read_ready(vm: &mut Vm, target: &Value) -> R<()> {
    let Some(transport) = target.to_ref::<Transport>() else {
        return Ok(());
    };
    if transport.lost.get() > 0 {
        return Ok(());
    }
    let protocol = transport.protocol.get();
    let Some(stream) = protocol.to_ref::<StreamProtocol>() else {
        return Ok(());
    };
    match receive(vm, &transport, READ_SIZE) {
        Ok(Arrived::Nothing) => Ok(()),
        Ok(Arrived::Data(data)) => {
            let told = stream_protocol::data_received(vm, &stream, &data);
            vm.host.read_room = data;
            let text = "Fatal error: protocol.data_received() call failed.";
            told.or_else(|raised| fatal_error(vm, &transport, raised, text))
        }
        Ok(Arrived::End) => {
            remark(vm, &transport, "received EOF")?;
            if let Err(raised) = stream_protocol::eof_received(vm, &stream) {
                let text = "Fatal error: protocol.eof_received() call failed.";
                return fatal_error(vm, &transport, raised, text);
            }
            watching::unwatch(
                vm,
                &transport.owner.get(),
                transport.fd.get(),
                Direction::Read,
            );
            Ok(())
        }
        Err(error) => {
            let raised = script::os_error(vm, &error);
            fatal_error(
                vm,
                &transport,
                raised,
                "Fatal read error on socket transport",
            )
        }
    }
}

/// A connection that failed: reported unless it is the network's doing, and given up.
pub(super) fn fatal_error(
    vm: &mut Vm,
    transport: &Ref<Transport>,
    raised: Raised,
    message: &str,
) -> R<()> {
    if script::ends_loop(vm, &raised.0) {
        return Err(raised);
    }
    if !script::is_instance(vm, &raised.0, Known::OsError) {
        let parts = [
            ("exception", raised.0.clone()),
            ("transport", transport.value()),
            ("protocol", transport.protocol.get()),
        ];
        report::report(vm, &transport.owner.get(), message, &parts)?;
    }
    force_close(vm, transport, raised.0)
}

pub(super) fn force_close(vm: &mut Vm, transport: &Ref<Transport>, error: Value) -> R<()> {
    if transport.lost.get() > 0 {
        return Ok(());
    }
    let owner = transport.owner.get();
    if unsent(transport) > 0 {
        transport.buffer.borrow_mut().clear();
        transport.sent.set(0);
        watching::unwatch(vm, &owner, transport.fd.get(), Direction::Write);
    }
    if !transport.closing.replace(true) {
        watching::unwatch(vm, &owner, transport.fd.get(), Direction::Read);
    }
    lose(vm, transport, error)
}

/// Has the loop tell the protocol that the connection is lost.
fn lose(vm: &mut Vm, transport: &Ref<Transport>, error: Value) -> R<()> {
    transport.lost.set(transport.lost.get() + 1);
    transport.error.set(error);
    let owner = transport.owner.get();
    if transport.protocol.as_value().is_exact::<StreamProtocol>() {
        return jobs::push(
            vm,
            &owner,
            Job::Call(reactions::CONNECTION_LOST, transport.value()),
        );
    }
    call_soon(vm, &owner, &CONNECTION_LOST, transport.value())
}

/// The stream is told that its connection is lost, and the socket closed.
pub fn connection_lost(vm: &mut Vm, target: &Value) -> R<()> {
    let Some(transport) = target.to_ref::<Transport>() else {
        return Ok(());
    };
    let protocol = transport.protocol.get();
    let told = match protocol.to_ref::<StreamProtocol>() {
        Some(stream) => stream_protocol::connection_lost(vm, &stream, &transport.error.get()),
        None => Ok(()),
    };
    release(vm, &transport)?;
    told
}

/// `protocol.connection_lost(exc)` of a script's protocol, then the socket is closed.
static CONNECTION_LOST: Def = Def::frame(
    "_call_connection_lost(transport, /)",
    0,
    |vm, frame, input| {
        let Some(transport) = frame.regs[0].to_ref::<Transport>() else {
            return Step::Return(Value::NONE);
        };
        if frame.state == 0 {
            frame.state = 1;
            let (protocol, error) = (transport.protocol.get(), transport.error.get());
            return match script::attr(vm, &protocol, "connection_lost") {
                Ok(method) => Step::Call(method, Args::from_iter([error])),
                Err(raised) => Step::Raise(raised),
            };
        }
        let released = release(vm, &transport);
        match input {
            Input::Raised(raised) => Step::Raise(raised),
            _ => released.map(|()| Value::NONE).into(),
        }
    },
);

fn release(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    let socket = transport.socket.get();
    if let Some(socket) = socket.get::<TransportSocket>() {
        socket.close(vm);
    }
    transport.socket.set(Value::NONE);
    transport.protocol.set(Value::NONE);
    transport.owner.set(Value::NONE);
    let server = transport.server.replace(Value::NONE);
    if !server.is_none() {
        own_methods::detach(vm, &server, transport.as_value())?;
    }
    Ok(())
}

// ----- writing ----------------------------------------------------------------------------

pub(super) fn unsent(transport: &Transport) -> usize {
    transport.buffer.borrow().len() - transport.sent.get()
}

/// `write(data)`
pub fn write(vm: &mut Vm, transport: &Ref<Transport>, data: &Value) -> R<()> {
    let written = bytes::with_bytes(data, |bytes| prepare_write(vm, transport, bytes));
    match written {
        Some(answer) => answer,
        None => match script::bytes_of_view(vm, data)? {
            Some(copy) => prepare_write(vm, transport, &copy),
            None => {
                let name = script::plain_type_name(vm, data);
                let text = format!("data argument must be a bytes-like object, not '{name}'");
                Err(script::error(vm, Known::TypeError, &text))
            }
        },
    }
}

fn prepare_write(vm: &mut Vm, transport: &Ref<Transport>, data: &[u8]) -> R<()> {
    if transport.eof.get() {
        return Err(script::error(
            vm,
            Known::RuntimeError,
            "Cannot call write() after write_eof()",
        ));
    }
    if transport.empty.as_value().is_object() {
        let text = "unable to write; sendfile is in progress";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    if data.is_empty() {
        return Ok(());
    }
    if transport.lost.get() > 0 {
        if transport.lost.get() >= WARN_AFTER {
            report::log_at(vm, "warning", "socket.send() raised exception.", None)?;
        }
        transport.lost.set(transport.lost.get() + 1);
        return Ok(());
    }
    let mut rest = data;
    if unsent(transport) == 0 {
        let socket = transport.socket.get();
        let Some(socket) = socket.get::<TransportSocket>() else {
            return Ok(());
        };
        match socket.with(|s| s.send(data)) {
            Ok(count) => rest = data.get(count..).unwrap_or(&[]),
            Err(error) if error.is_would_block() => {}
            Err(error) => {
                let raised = script::os_error(vm, &error);
                return fatal_error(
                    vm,
                    transport,
                    raised,
                    "Fatal write error on socket transport",
                );
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        let owner = transport.owner.get();
        let job = Job::Call(reactions::WRITE_READY, transport.value());
        watching::watch(vm, &owner, transport.fd.get(), Direction::Write, job)?;
    }
    let kept = transport.buffer.borrow_mut().extend_from_slice(rest);
    vm.lift(kept)?;
    maybe_pause(vm, transport)
}

pub(super) fn maybe_pause(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if unsent(transport) <= transport.high.get() || transport.protocol_paused.replace(true) {
        return Ok(());
    }
    flow(vm, transport, "pause_writing")
}

fn maybe_resume(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if !transport.protocol_paused.get() || unsent(transport) > transport.low.get() {
        return Ok(());
    }
    transport.protocol_paused.set(false);
    flow(vm, transport, "resume_writing")
}

/// Tells the protocol to pause or to go on; what it raises is reported.
fn flow(vm: &mut Vm, transport: &Ref<Transport>, method: &str) -> R<()> {
    let protocol = transport.protocol.get();
    if let Some(stream) = protocol.to_ref::<StreamProtocol>() {
        return stream_protocol::set_paused(vm, &stream, method == "pause_writing");
    }
    let Err(raised) = script::call_method(vm, &protocol, method, &[]) else {
        return Ok(());
    };
    if script::ends_loop(vm, &raised.0) {
        return Err(raised);
    }
    let parts = [
        ("exception", raised.0),
        ("transport", transport.value()),
        ("protocol", protocol),
    ];
    report::report(
        vm,
        &transport.owner.get(),
        &format!("protocol.{method}() failed"),
        &parts,
    )
}

/// The socket is writable again.
pub fn write_ready(vm: &mut Vm, target: &Value) -> R<()> {
    let Some(transport) = target.to_ref::<Transport>() else {
        return Ok(());
    };
    if transport.lost.get() > 0 {
        return Ok(());
    }
    let socket = transport.socket.get();
    let Some(socket) = socket.to_ref::<TransportSocket>() else {
        return Ok(());
    };
    let sent = {
        let buffer = transport.buffer.borrow();
        socket.with(|s| s.send(&buffer[transport.sent.get()..]))
    };
    match sent {
        Ok(count) => forget_sent(&transport, count),
        Err(error) if error.is_would_block() => return Ok(()),
        Err(error) => {
            watching::unwatch(
                vm,
                &transport.owner.get(),
                transport.fd.get(),
                Direction::Write,
            );
            transport.buffer.borrow_mut().clear();
            transport.sent.set(0);
            let raised = script::os_error(vm, &error);
            all_sent(vm, &transport, Some(&raised.0))?;
            return fatal_error(
                vm,
                &transport,
                raised,
                "Fatal write error on socket transport",
            );
        }
    }
    maybe_resume(vm, &transport)?;
    if unsent(&transport) > 0 {
        return Ok(());
    }
    watching::unwatch(
        vm,
        &transport.owner.get(),
        transport.fd.get(),
        Direction::Write,
    );
    all_sent(vm, &transport, None)?;
    if transport.closing.get() {
        if transport.protocol.as_value().is_exact::<StreamProtocol>() {
            transport.lost.set(transport.lost.get() + 1);
            return connection_lost(vm, &transport.value());
        }
        return lose(vm, &transport, Value::NONE);
    }
    if transport.eof.get() {
        let ended = socket.with(|s| s.shutdown(Shutdown::Write));
        return trsock::lift(vm, ended);
    }
    Ok(())
}

/// Tells who waits until all is sent, or why it will not be.
fn all_sent(vm: &mut Vm, transport: &Transport, error: Option<&Value>) -> R<()> {
    let Some(waiter) = Future::to_ref(&transport.empty.get()) else {
        return Ok(());
    };
    match error {
        Some(error) if waiter.is_pending() => futures::fail(vm, &waiter, error.clone()),
        _ => futures::finish_unless_done(vm, &waiter, Value::NONE),
    }
}

/// A future that is done when all is sent.
pub fn wait_for_empty(vm: &mut Vm, transport: &Ref<Transport>) -> R {
    if transport.empty.as_value().is_object() {
        let text = "Empty waiter is already set";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    let waiter = debug::made_by(vm, debug::ALL_SENT, transport.owner.get())?;
    transport.empty.set(waiter.value());
    if unsent(transport) == 0 {
        all_sent(vm, transport, None)?;
    }
    Ok(waiter.into_value())
}

fn forget_sent(transport: &Transport, count: usize) {
    let sent = transport.sent.get() + count;
    let mut buffer = transport.buffer.borrow_mut();
    if sent >= buffer.len() {
        *buffer = Buffer::new();
        transport.sent.set(0);
    } else if sent > 1 << 20 {
        // A long queue is moved down once a megabyte, not at each write.
        buffer.drain(..sent);
        transport.sent.set(0);
    } else {
        transport.sent.set(sent);
    }
}

// ----- what scripts and streams ask of it ------------------------------------------------------

/// `close()`
pub fn close(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if transport.closing.replace(true) {
        return Ok(());
    }
    let owner = transport.owner.get();
    watching::unwatch(vm, &owner, transport.fd.get(), Direction::Read);
    if unsent(transport) > 0 {
        return Ok(());
    }
    watching::unwatch(vm, &owner, transport.fd.get(), Direction::Write);
    lose(vm, transport, Value::NONE)
}

/// `writelines(data)`
pub fn writelines(vm: &mut Vm, transport: &Ref<Transport>, lines: &Value) -> R<()> {
    if transport.eof.get() {
        let text = "Cannot call writelines() after write_eof()";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    if transport.empty.as_value().is_object() {
        let text = "unable to writelines; sendfile is in progress";
        return Err(script::error(vm, Known::RuntimeError, text));
    }
    let lines = vm.collect(lines)?;
    if transport.lost.get() > 0 || transport.socket.as_value().is_none() {
        return lines.iter().try_for_each(|line| write(vm, transport, line));
    }
    let mut all = Vec::new();
    for line in &lines {
        if bytes::with_bytes(line, |bytes| all.extend_from_slice(bytes)).is_none() {
            match script::bytes_of_view(vm, line)? {
                Some(copy) => all.extend_from_slice(&copy),
                None => return Err(no_bytes(vm, line)),
            }
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    let kept = transport.buffer.borrow_mut().extend_from_slice(&all);
    vm.lift(kept)?;
    // What waited goes with it, at once.
    write_ready(vm, &transport.value())?;
    if unsent(transport) == 0 {
        return Ok(());
    }
    let owner = transport.owner.get();
    let job = Job::Call(reactions::WRITE_READY, transport.value());
    watching::watch(vm, &owner, transport.fd.get(), Direction::Write, job)?;
    maybe_pause(vm, transport)
}

fn no_bytes(vm: &mut Vm, value: &Value) -> Raised {
    let name = vm.type_name(value);
    let text = format!("memoryview: a bytes-like object is required, not '{name}'");
    script::error(vm, Known::TypeError, &text)
}

/// `write_eof()`
pub fn write_eof(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if transport.closing.get() || transport.eof.replace(true) || unsent(transport) > 0 {
        return Ok(());
    }
    let socket = transport.socket.get();
    match socket.get::<TransportSocket>() {
        Some(socket) => {
            let ended = socket.with(|s| s.shutdown(Shutdown::Write));
            trsock::lift(vm, ended)
        }
        None => Ok(()),
    }
}

/// `pause_reading()`
pub fn pause_reading(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if !transport.closing.get() && !transport.paused.replace(true) {
        watching::unwatch(
            vm,
            &transport.owner.get(),
            transport.fd.get(),
            Direction::Read,
        );
        remark(vm, transport, "pauses reading")?;
    }
    Ok(())
}

/// A line in the log of who debugs.
pub fn remark(vm: &mut Vm, transport: &Ref<Transport>, what: &str) -> R<()> {
    debug::remark(vm, &transport.owner.get(), transport.as_value(), what)
}

/// `resume_reading()`
pub fn resume_reading(vm: &mut Vm, transport: &Ref<Transport>) -> R<()> {
    if transport.closing.get() || !transport.paused.replace(false) {
        return Ok(());
    }
    watch_reading(vm, transport)?;
    remark(vm, transport, "resumes reading")
}

/// Whether an exception is one at all.
pub fn is_error(value: &Value) -> bool {
    value.is_kind::<Exception>()
}

/// Ends a future by what a connection was lost for.
pub fn end_by(vm: &mut Vm, future: &Value, error: &Value) -> R<()> {
    let Some(future) = Future::to_ref(future) else {
        return Ok(());
    };
    if !future.is_pending() {
        return Ok(());
    }
    if is_error(error) {
        return futures::fail(vm, &future, error.clone());
    }
    futures::set_result(vm, &future, Value::NONE)
}
