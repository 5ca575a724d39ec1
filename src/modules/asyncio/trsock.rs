//! Sockets under transports: opening, connecting, listening, accepting,
//! addresses, names.

use std::cell::RefCell;

use super::jobs::Job;
use super::watching;
use super::{current, events, futures, reactions, script};
use crate::heap::{Field, Ref, Value, Visitor};
use crate::host::{
    Address, AddressInfo, Direction, Family, HostError, Ipv4Addr, Outcome, Query, Socket,
    SocketAddr, SocketKind, Ticket,
};
use crate::object::bytes::Bytes;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{Attribute, Def, Input, NativeFrame, R, Raised, Step, TypeDef};
use crate::object::str::Str;
use crate::object::task::Future;
use crate::object::traced::{Traced, Untraced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;

/// The host's socket, until it is closed.
#[derive(Default)]
pub struct Slot(pub RefCell<Option<Socket>>);

impl Traced for Slot {
    fn trace(&self, _: &mut dyn Visitor) {}
}

traced_object! {
    /// `asyncio.trsock.TransportSocket`
    pub struct TransportSocket: TRANSPORT_SOCKET {
        /// The socket.
        socket: Slot,
        /// Who called, of a socket that was accepted.
        caller: Untraced<RefCell<Option<Address>>>,
        /// The script's socket that it stands for, or Undef.
        outer: Field,
    }
}

impl TransportSocket {
    /// An object for an open socket.
    pub fn wrap(socket: Socket) -> Ref<TransportSocket> {
        TransportSocket::alloc(
            kind::TRANSPORT_SOCKET as u32,
            Slot(RefCell::new(Some(socket))),
            Untraced(RefCell::default()),
            Field::undef(),
        )
    }

    /// An object that stands for a script's socket.
    pub fn of_script(socket: Value) -> Ref<TransportSocket> {
        TransportSocket::alloc(
            kind::TRANSPORT_SOCKET as u32,
            Slot::default(),
            Untraced(RefCell::default()),
            Field::new(socket),
        )
    }

    /// The descriptor; -1 when it is closed.
    pub fn fileno(&self) -> i32 {
        self.with(|socket| Ok(socket.fileno())).unwrap_or(-1)
    }

    /// The address of the other side: what was told when it was accepted, else what the system says now.
    pub fn peer(&self) -> Option<Address> {
        let caller = self.caller.0.borrow().clone();
        caller.or_else(|| self.with(Socket::peer_address).ok())
    }

    /// Closes it and forgets who watched it.
    pub fn close(&self, vm: &mut Vm) {
        if let Some(socket) = self.socket.0.take() {
            vm.host.close_socket(socket);
        }
        if self.outer.as_value().is_object() {
            // What a script's class makes of it is the script's affair.
            let _ = script::call_method(vm, &self.outer.get(), "close", &[]);
        }
    }

    /// Does something with the open socket.
    pub fn with<T>(
        &self,
        use_it: impl FnOnce(&Socket) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        if self.outer.as_value().is_object() {
            return crate::modules::socket::with(self.outer.as_value(), use_it);
        }
        match &*self.socket.0.borrow() {
            Some(socket) => use_it(socket),
            None => Err(HostError::os(9)),
        }
    }
}

/// The socket that a value is.
pub fn this(vm: &mut Vm, value: &Value) -> R<Ref<TransportSocket>> {
    match value.to_ref::<TransportSocket>() {
        Some(socket) => Ok(socket),
        None => {
            let name = vm.type_name(value);
            Err(script::error(
                vm,
                Known::TypeError,
                &format!("a socket was expected, got '{name}'"),
            ))
        }
    }
}

/// The answer of the host as a script's.
pub fn lift<T>(vm: &mut Vm, answer: Result<T, HostError>) -> R<T> {
    answer.map_err(|error| script::os_error(vm, &error))
}

// ----- addresses --------------------------------------------------------------------

/// An address as scripts see it.
pub fn address_value(address: &Address) -> Value {
    match address {
        Address::Internet(internet) => {
            let host = script::text(&address.host_text().unwrap_or_default());
            let mut parts = vec![host, Value::int32(i32::from(internet.port()))];
            if !internet.is_ipv4() {
                // Flow and scope; a scope that is not zero is part of the host's text.
                parts.extend([Value::int32(0), Value::int32(0)]);
            }
            script::tuple(parts)
        }
        Address::Path(path) => script::text(&path.to_string_lossy()),
        Address::Abstract(name) => {
            let name = [&[0], name.as_slice()].concat();
            Bytes::new(&name).map_or(Value::NONE, Ref::into_value)
        }
        Address::Unnamed => script::text(""),
    }
}

/// The internet address of a tuple whose host is a number.
fn internet_address(vm: &mut Vm, value: &Value, who: &str) -> R<Address> {
    if let Some(pair) = value.get::<Tuple>()
        && let [host, port, ..] = pair.items()
        && let Some(address) = plain_address(host, port)
    {
        return Ok(address);
    }
    let items = script::tuple_items(value);
    let host = items.first().map(script::as_text).unwrap_or_default();
    let port = match items.get(1) {
        Some(port) if !port.is_none() => port.as_small_int().unwrap_or(-1),
        _ => 0,
    };
    if !(0..=0xFFFF).contains(&port) {
        return Err(vm.overflow_error(format!("{who}(): port must be 0-65535.")));
    }
    let query = Query {
        host: (!host.is_empty()).then_some(host),
        service: Some(port.to_string()),
        kind: SocketKind::Stream.number(),
        ..Query::default()
    };
    let rows = match query.answer_now() {
        Some(rows) => rows,
        None => {
            let looked_up = vm.host.resolver.look_up(&query);
            lift(vm, looked_up)?
        }
    };
    match rows.into_iter().next() {
        Some(row) => Ok(row.address.into()),
        None => Err(script::error(
            vm,
            Known::OsError,
            "getaddrinfo() returned empty list",
        )),
    }
}

/// The address that is named by four numbers in a text and a port, so that nothing has to be looked up.
fn plain_address(host: &Value, port: &Value) -> Option<Address> {
    let port = u16::try_from(port.as_small_int()?).ok()?;
    let host = host.get_exact::<Str>()?.as_str()?;
    let four: Ipv4Addr = host.parse().ok()?;
    Some(Address::Internet(SocketAddr::new(four.into(), port)))
}

/// `_plain_address(host, port)`: the two as a pair if nothing has to be looked up, else None.
pub(super) fn plain_address_function(_: &mut Vm, args: &[Value]) -> R {
    Ok(match plain_address(&args[0], &args[1]) {
        Some(_) => Tuple::pair(args[0].clone(), args[1].clone()).into_value(),
        None => Value::NONE,
    })
}

// ----- names -----------------------------------------------------------------------

/// `_getaddrinfo(host, port, family, type, proto, flags)`: then the future of the look-up.
pub(super) static GETADDRINFO: Def = Def::coroutine(
    "_getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)",
    1,
    getaddrinfo,
);

fn getaddrinfo(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    if frame.state != 0 {
        return match input {
            Input::Raised(raised) => Step::Raise(raised),
            Input::Value(rows) | Input::Yielded(rows) => Step::Return(rows),
            Input::Start => Step::Return(Value::NONE),
        };
    }
    frame.state = 1;
    begin_look_up(vm, frame).unwrap_or_else(Step::Raise)
}

fn begin_look_up(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let query = crate::modules::socket::query_of(vm, &frame.regs[..6])?;
    if let Some(rows) = query.answer_now() {
        return Ok(Step::Return(rows_value(vm, &rows)?));
    }
    let owner = events::running(vm)?;
    let future = Future::alloc(owner);
    let resolver = vm.host.resolver.clone();
    let ticket = vm.host.pool.submit(move || resolver.look_up(&query));
    let ticket = lift(vm, ticket)?;
    let number = script::int(ticket.0 as i64);
    current::shared(vm)
        .tickets
        .borrow_mut()
        .push((number, future.value()));
    Ok(Step::Await(future.into_value()))
}

fn rows_value(vm: &mut Vm, rows: &[AddressInfo]) -> R {
    let rows = rows.iter().map(|row| {
        script::tuple(vec![
            Value::int32(row.family),
            Value::int32(row.kind),
            Value::int32(row.protocol),
            script::text(&row.canonical_name),
            address_value(&row.address.into()),
        ])
    });
    let rows = rows.collect();
    script::list(vm, rows)
}

/// A call on the host's pool has ended: a look-up of ours, or somebody else's, who gets it back.
pub fn pool_done(vm: &mut Vm, ticket: Ticket, outcome: Outcome) -> R<Option<Outcome>> {
    let shared = current::shared(vm);
    let number = script::int(ticket.0 as i64);
    let at = shared
        .tickets
        .borrow()
        .iter()
        .position(|(known, _)| known.is(&number));
    let Some(at) = at else {
        return Ok(Some(outcome));
    };
    let (_, future) = shared.tickets.borrow_mut().remove(at);
    if let Some(future) = Future::to_ref(&future)
        && future.is_pending()
    {
        // Whichever fiber learns of it: it is the loop's own affair.
        let here = std::mem::replace(&mut vm.running_loop, future.owner.get());
        let done = looked_up(vm, &future, outcome);
        vm.running_loop = here;
        done?;
    }
    Ok(None)
}

fn looked_up(vm: &mut Vm, future: &Future, outcome: Outcome) -> R<()> {
    match outcome.take::<Result<Vec<AddressInfo>, HostError>>() {
        Some(Ok(rows)) => {
            let rows = rows_value(vm, &rows)?;
            futures::set_result(vm, future, rows)
        }
        Some(Err(error)) => {
            let raised = look_up_error(vm, &error);
            futures::fail(vm, future, raised.0)
        }
        None => {
            let raised = script::error(vm, Known::OsError, "the look-up failed");
            futures::fail(vm, future, raised.0)
        }
    }
}

fn look_up_error(vm: &mut Vm, error: &HostError) -> Raised {
    if error.kind == crate::host::ErrorKind::Lookup
        && let Ok(class) = script::import_attr(vm, "socket", "gaierror")
        && let Ok(made) = script::call(
            vm,
            &class,
            &[Value::int32(error.errno), script::text(&error.message())],
        )
    {
        return Raised(made);
    }
    script::os_error(vm, error)
}

// ----- connecting -----------------------------------------------------------------------

/// `_connect(family, address, local=None)`: then the socket and the future; a connected socket.
pub(super) static CONNECT: Def =
    Def::coroutine("_connect(family, address, local=None)", 2, connect);

const SOCKET: usize = 3;
const FUTURE: usize = 4;

fn connect(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let answer = if frame.state == 0 {
        begin_connect(vm, frame)
    } else {
        end_connect(vm, frame, input)
    };
    answer.unwrap_or_else(Step::Raise)
}

fn family_of(vm: &mut Vm, value: &Value) -> R<Family> {
    let number = IntView::of(value).and_then(IntView::as_i64);
    let number = number.and_then(|n| i32::try_from(n).ok()).unwrap_or(-1);
    match Family::of_number(number) {
        Some(family) => Ok(family),
        None => lift(vm, Err(HostError::os(97))),
    }
}

/// The protocol that `getaddrinfo` names for streams of the internet.
const TCP: i32 = 6;

fn begin_connect(vm: &mut Vm, frame: &mut NativeFrame<'_>) -> R<Step> {
    let family = family_of(vm, &frame.regs[0])?;
    let address = internet_address(vm, &frame.regs[1], "connect")?;
    let opened = vm.host.open_socket(family, SocketKind::Stream, TCP);
    let socket = TransportSocket::wrap(lift(vm, opened)?);
    if !frame.regs[2].is_none() {
        bind_local(vm, &socket, &frame.regs[2].clone())?;
    }
    frame.state = 1;
    frame.regs[SOCKET] = socket.value();
    match socket.with(|s| s.connect(&address)) {
        Ok(()) => Ok(Step::Return(socket.into_value())),
        Err(error) if error.is_would_block() => {
            let owner = events::running(vm)?;
            let future = Future::alloc(owner.clone());
            frame.regs[FUTURE] = future.value();
            let pair = script::tuple(vec![socket.value(), future.value()]);
            let job = Job::Call(reactions::CONNECTED, pair);
            watching::watch(vm, &owner, socket.fileno(), Direction::Write, job)?;
            Ok(Step::Await(future.into_value()))
        }
        Err(error) => Err(connect_failed(vm, &socket, &error, &frame.regs[1].clone())),
    }
}

fn bind_local(vm: &mut Vm, socket: &TransportSocket, local: &Value) -> R<()> {
    let address = internet_address(vm, local, "bind")?;
    let bound = socket.with(|s| s.bind(&address));
    bound.map_err(|error| {
        let shown = script::repr(vm, local).unwrap_or_default();
        not_bound(vm, &error, &shown)
    })
}

fn not_bound(vm: &mut Vm, error: &HostError, address: &str) -> Raised {
    let (number, why) = (error.errno, error.message().to_lowercase());
    let text =
        format!("error while attempting to bind on address {address}: [errno {number}] {why}");
    vm.os_error_text(number, &text, Value::UNDEF)
}

fn connect_failed(
    vm: &mut Vm,
    socket: &TransportSocket,
    error: &HostError,
    address: &Value,
) -> Raised {
    socket.close(vm);
    let shown = script::repr(vm, address).unwrap_or_default();
    vm.os_error_text(
        error.errno,
        &format!("Connect call failed {shown}"),
        Value::UNDEF,
    )
}

fn end_connect(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> R<Step> {
    let socket = this(vm, &frame.regs[SOCKET])?;
    let future = std::mem::take(&mut frame.regs[FUTURE]);
    if let Some(future) = Future::of(&future) {
        watching::unwatch(
            vm,
            future.owner.as_value(),
            socket.fileno(),
            Direction::Write,
        );
    }
    if let Input::Raised(raised) = input {
        socket.close(vm);
        return Err(raised);
    }
    match socket.with(Socket::take_error) {
        Ok(()) => Ok(Step::Return(socket.into_value())),
        Err(error) => Err(connect_failed(vm, &socket, &error, &frame.regs[1].clone())),
    }
}

/// A socket that connects is writable: it is connected, or has failed.
pub fn connect_ready(vm: &mut Vm, target: &Value) -> R<()> {
    let items = script::tuple_items(target);
    let [socket, future] = &items[..] else {
        return Ok(());
    };
    let Some(future) = Future::to_ref(future) else {
        return Ok(());
    };
    if let Some(socket) = socket.get::<TransportSocket>()
        && socket.fileno() >= 0
    {
        // It stays ready, and that is known now: the next poll need not say so again.
        let fd = socket.fileno();
        watching::unwatch(vm, future.owner.as_value(), fd, Direction::Write);
    }
    futures::finish_unless_done(vm, &future, Value::NONE)
}

// ----- listening -----------------------------------------------------------------------------

/// `_bind(family, address, reuse_address, reuse_port, only6)`: a bound socket.
pub(super) fn bind(vm: &mut Vm, args: &[Value]) -> R {
    let family = family_of(vm, &args[0])?;
    let address = internet_address(vm, &args[1], "bind")?;
    let opened = vm.host.open_socket(family, SocketKind::Stream, TCP);
    let socket = TransportSocket::wrap(lift(vm, opened)?);
    let options = [
        (args[2].is_true(), 1, 2),
        (args[3].is_true(), 1, 15),
        (args[4].is_true(), 41, 26),
    ];
    for (wanted, level, option) in options {
        if wanted {
            let set = socket.with(|s| s.set_option(level, option, 1));
            lift(vm, set)?;
        }
    }
    if let Err(error) = socket.with(|s| s.bind(&address)) {
        socket.close(vm);
        let shown = script::repr(vm, &args[1])?;
        return Err(not_bound(vm, &error, &shown));
    }
    Ok(socket.into_value())
}

/// `_listen(socket, backlog)`
pub(super) fn listen(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(vm, &args[0])?;
    let backlog = args[1].as_small_int().unwrap_or(100);
    let listening = socket.with(|s| s.listen(i32::try_from(backlog).unwrap_or(i32::MAX)));
    lift(vm, listening)?;
    Ok(Value::NONE)
}

/// `_accept(socket)`: a connected socket, which knows who called, or None when nobody waits.
pub(super) fn accept(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(vm, &args[0])?;
    match socket.with(Socket::accept) {
        Ok((peer, address)) => {
            let peer = TransportSocket::wrap(peer);
            peer.caller.0.replace(Some(address));
            Ok(peer.into_value())
        }
        Err(error) if error.is_would_block() || error.errno == 103 => Ok(Value::NONE),
        Err(error) => Err(script::os_error(vm, &error)),
    }
}

// ----- what scripts see --------------------------------------------------------------------------

fn fileno(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(vm, &args[0])?;
    let number = socket.with(|s| {
        // From now on calls that take a number may find it.
        vm.host.descriptors.lend(s.file());
        Ok(s.fileno())
    });
    Ok(Value::int32(number.unwrap_or(-1)))
}

/// `_transport_socket(socket)`: a script's socket as one of transports.
pub(super) fn adopt(vm: &mut Vm, args: &[Value]) -> R {
    if args[0].is_kind::<TransportSocket>() {
        return Ok(args[0].clone());
    }
    let kind = crate::modules::socket::with(&args[0], |s| Ok(s.kind()));
    if args[0].is_kind::<crate::modules::socket::SocketObject>()
        && let Err(closed) = &kind
    {
        return Err(script::os_error(vm, closed));
    }
    if !matches!(kind, Ok(SocketKind::Stream)) {
        let shown = script::repr(vm, &args[0])?;
        let text = format!("A Stream Socket was expected, got {shown}");
        return Err(script::error(vm, Known::ValueError, &text));
    }
    Ok(TransportSocket::of_script(args[0].clone()).into_value())
}

fn getsockname(vm: &mut Vm, args: &[Value]) -> R {
    let answer = this(vm, &args[0])?.with(Socket::local_address);
    Ok(address_value(&lift(vm, answer)?))
}

fn getpeername(vm: &mut Vm, args: &[Value]) -> R {
    let answer = this(vm, &args[0])?.with(Socket::peer_address);
    Ok(address_value(&lift(vm, answer)?))
}

fn setsockopt(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(vm, &args[0])?;
    crate::modules::socket::set_option(vm, &args[1..], |use_it| socket.with(use_it))
}

fn getsockopt(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(vm, &args[0])?;
    crate::modules::socket::option_of(vm, &args[1..], |use_it| socket.with(use_it))
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    this(vm, &args[0])?.close(vm);
    Ok(Value::NONE)
}

/// `settimeout(value)`: it never waits, and that cannot be changed.
fn settimeout(vm: &mut Vm, args: &[Value]) -> R {
    if script::number(vm, &args[1])? == Some(0.0) {
        return Ok(Value::NONE);
    }
    let text = "settimeout(): only 0 timeout is allowed on transport sockets";
    Err(script::error(vm, Known::ValueError, text))
}

fn setblocking(vm: &mut Vm, args: &[Value]) -> R {
    if !script::truth(vm, &args[1])? {
        return Ok(Value::NONE);
    }
    let text = "setblocking(): transport sockets cannot be blocking";
    Err(script::error(vm, Known::ValueError, text))
}

fn shutdown(vm: &mut Vm, args: &[Value]) -> R {
    use crate::host::Shutdown;
    let how = match script::integer(vm, &args[1])? {
        0 => Shutdown::Read,
        1 => Shutdown::Write,
        2 => Shutdown::Both,
        _ => return lift(vm, Err(HostError::os(22))),
    };
    let done = this(vm, &args[0])?.with(|s| s.shutdown(how));
    lift(vm, done)?;
    Ok(Value::NONE)
}

fn get_inheritable(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::FALSE)
}

fn gettimeout(_: &mut Vm, _: &[Value]) -> R {
    Ok(Value::int32(0))
}

fn family(vm: &mut Vm, value: &Value) -> R {
    let number = this(vm, value)?
        .with(|s| Ok(s.family().number()))
        .unwrap_or(-1);
    constant(vm, "AddressFamily", number)
}

fn socket_kind(vm: &mut Vm, value: &Value) -> R {
    let number = this(vm, value)?
        .with(|s| Ok(s.kind().number()))
        .unwrap_or(-1);
    constant(vm, "SocketKind", number)
}

/// A constant of the module `socket`, or its number where that has none.
fn constant(vm: &mut Vm, class: &str, number: i32) -> R {
    match script::import_attr(vm, "socket", class) {
        Ok(class) => script::call(vm, &class, &[Value::int32(number)]).or(Ok(Value::int32(number))),
        Err(_) => Ok(Value::int32(number)),
    }
}

fn protocol(vm: &mut Vm, value: &Value) -> R {
    let number = this(vm, value)?.with(|s| Ok(s.protocol())).unwrap_or(0);
    Ok(Value::int32(number))
}

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(vm, &args[0])?;
    let mut text = format!("<asyncio.TransportSocket fd={}", socket.fileno());
    for (name, get) in [
        ("family", family as fn(&mut Vm, &Value) -> R),
        ("type", socket_kind),
    ] {
        let shown = get(vm, &args[0])?;
        text += &format!(", {name}={}", script::str_of(vm, &shown)?);
    }
    text += &format!(", proto={}", socket.with(|s| Ok(s.protocol())).unwrap_or(0));
    let addresses = [
        ("laddr", socket.with(Socket::local_address)),
        ("raddr", socket.with(Socket::peer_address)),
    ];
    for (name, address) in addresses {
        if let Ok(address) = address
            && address != Address::Unnamed
        {
            text += &format!(", {name}={}", script::str_of(vm, &address_value(&address))?);
        }
    }
    Ok(script::text(&(text + ">")))
}

/// `asyncio.trsock.TransportSocket`
pub static TRANSPORT_SOCKET: TypeDef = TypeDef {
    methods: &[
        Def::leaf("fileno(self)", fileno),
        Def::leaf("getsockname(self)", getsockname),
        Def::leaf("getpeername(self)", getpeername),
        Def::leaf("setsockopt(self, level, option, value, /)", setsockopt),
        Def::leaf(
            "getsockopt(self, level, option, buflen=<unset>, /)",
            getsockopt,
        ),
        Def::leaf("_close(self)", close),
        Def::leaf("settimeout(self, value)", settimeout),
        Def::leaf("setblocking(self, flag)", setblocking),
        Def::leaf("shutdown(self, how)", shutdown),
        Def::leaf("get_inheritable(self)", get_inheritable),
        Def::leaf("gettimeout(self)", gettimeout),
        Def::leaf("__repr__(self)", repr),
    ],
    attributes: &[
        Attribute::get("_peer", |vm, value| {
            let peer = this(vm, value)?.peer();
            Ok(peer.as_ref().map_or(Value::NONE, address_value))
        }),
        Attribute::get("family", family),
        Attribute::get("type", socket_kind),
        Attribute::get("proto", protocol),
    ],
    ..TypeDef::new("asyncio.trsock", "TransportSocket", kind::TRANSPORT_SOCKET)
};
