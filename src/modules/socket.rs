//! `_socket`: sockets that block their fiber, not the program. `stdlib/socket.async`
//! has the names around them.

mod options;

use std::cell::{Cell, RefCell};

use crate::builtins::arguments::{
    buffer, bytes, float, index, int, list, outside, pair, path_of_text, plain, shape_of_class,
    small, string, tuple, wtf8_lossy,
};
use crate::heap::{Ref, Value};
use crate::host::{
    Address, Direction, ErrorKind, Family, HostError, IpAddr, Query, Shutdown, Socket, SocketAddr,
    SocketKind, path_bytes, path_from_bytes,
};
use crate::modules::binary::window::Window;
use crate::object::class::class_flags;
use crate::object::int::IntView;
use crate::object::kind;
use crate::object::native::{
    Attribute, Def, Input, ModuleDef, NativeFrame, R, Raised, Step, TypeDef,
};
use crate::object::str::Str;
use crate::object::traced::{Untraced, traced_object};
use crate::object::tuple::Tuple;
use crate::vm::Vm;
use crate::vm::types::Known;
use options::{getsockopt, setsockopt};
pub(super) use options::{option_of, set_option};

/// `_socket`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_socket",
    doc: "The native part of socket.",
    functions: &[
        Def::leaf(
            "getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)",
            getaddrinfo,
        ),
        Def::leaf("getnameinfo(sockaddr, flags, /)", getnameinfo),
        Def::leaf("gethostname()", |vm, _| {
            Ok(wtf8_lossy(path_bytes(&vm.host.host_name())))
        }),
        Def::leaf("inet_pton(family, text, /)", inet_pton),
        Def::leaf("inet_ntop(family, packed, /)", inet_ntop),
        Def::leaf("socketpair(cls, type=1, /)", socketpair),
    ],
    types: &[&SOCKET],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&SOCKET, &GAI_ERROR];

/// `socket.gaierror`
pub static GAI_ERROR: TypeDef = TypeDef {
    base: Some(&crate::builtins::exceptions::OS_ERROR),
    flags: class_flags::BASE | class_flags::HAS_DICT,
    ..TypeDef::new("socket", "gaierror", kind::EXCEPTION)
};

traced_object! {
    /// `_socket.socket`
    pub struct SocketObject: SOCKET {
        /// The socket, until it is closed.
        socket: Untraced<RefCell<Option<Socket>>>,
        /// How long an operation may wait, in seconds; negative for ever.
        timeout: Cell<f64>,
        /// Family, kind and protocol.
        numbers: Cell<(i32, i32, i32)>,
    }
}

const FOR_EVER: f64 = -1.0;

fn this(value: &Value) -> Option<Ref<SocketObject>> {
    value.to_ref::<SocketObject>()
}

/// Does something with the open socket.
pub(crate) fn with<T>(
    value: &Value,
    use_it: impl FnOnce(&Socket) -> Result<T, HostError>,
) -> Result<T, HostError> {
    match this(value) {
        Some(object) => match &*object.socket.0.borrow() {
            Some(socket) => use_it(socket),
            None => Err(HostError::os(9)),
        },
        None => Err(HostError::os(9)),
    }
}

/// The error of the host as a script's: look-ups have a class of their own.
fn raised(vm: &mut Vm, error: &HostError) -> Raised {
    if error.kind == ErrorKind::Lookup {
        let class = vm.class_of_def(&GAI_ERROR).into_value();
        let args = [Value::int32(error.errno), string(&error.message())];
        return match vm.call(&class, &args) {
            Ok(exception) => Raised(exception),
            Err(raised) => raised,
        };
    }
    crate::builtins::arguments::os_error(vm, error)
}

fn lift<T>(vm: &mut Vm, result: Result<T, HostError>) -> R<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => Err(raised(vm, &error)),
    }
}

/// Arguments: cls, family, type, proto, number of an open one or None.
fn new(vm: &mut Vm, args: &[Value]) -> R {
    if !args[4].is_none() {
        return of_number(vm, args);
    }
    let numbers = (
        small(vm, &args[1])?,
        small(vm, &args[2])? & 0xF,
        small(vm, &args[3])?,
    );
    let (Some(family), Some(kind)) = (
        Family::of_number(numbers.0),
        SocketKind::of_number(numbers.1),
    ) else {
        return Err(vm.os_error(97, Value::UNDEF));
    };
    let opened = vm.host.open_socket(family, kind, numbers.2);
    let socket = lift(vm, opened)?;
    Ok(wrap(shape_of_class(&args[0]), socket))
}

/// Takes over the open socket with a number; -1 for what the system knows of it.
fn of_number(vm: &mut Vm, args: &[Value]) -> R {
    let number = small(vm, &args[4])?;
    if number < 0 {
        return Err(vm.value_error("negative file descriptor"));
    }
    let (family, kind) = (small(vm, &args[1])?, small(vm, &args[2])? & 0xF);
    let protocol = small(vm, &args[3])?.max(0);
    let known = vm.host.descriptors.get(number);
    let file = lift(vm, known)?;
    let socket = vm.host.socket_of_file(
        file,
        Family::of_number(family),
        SocketKind::of_number(kind),
        protocol,
    );
    let socket = lift(vm, socket)?;
    let _ = vm.host.descriptors.remove(number);
    Ok(wrap(shape_of_class(&args[0]), socket))
}

/// Gives up the socket but leaves it open: its number.
fn detach(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(&args[0]).and_then(|object| object.socket.0.take());
    let number = socket.map_or(-1, |socket| {
        vm.host.poller.forget(socket.fileno());
        let file = socket.file();
        if std::sync::Arc::strong_count(file) > 1 {
            // Another object was made of the number: it is the owner now.
            vm.host.descriptors.lend(file);
            return file.fileno();
        }
        vm.host.descriptors.adopt(file.clone())
    });
    Ok(Value::int32(number))
}

fn wrap(shape: u32, socket: Socket) -> Value {
    let numbers = (
        socket.family().number(),
        socket.kind().number(),
        socket.protocol(),
    );
    SocketObject::alloc(
        shape,
        Untraced(RefCell::new(Some(socket))),
        Cell::new(FOR_EVER),
        Cell::new(numbers),
    )
    .into_value()
}

/// The shape of the sockets that a method makes: of the same class.
fn shape_like(vm: &mut Vm, value: &Value) -> u32 {
    vm.class_of(value).root_shape.get()
}

fn socketpair(vm: &mut Vm, args: &[Value]) -> R {
    let kind = small(vm, &args[1])?;
    let Some(kind) = SocketKind::of_number(kind) else {
        return Err(vm.os_error(94, Value::UNDEF));
    };
    let made = vm.host.open_pair(kind);
    let (a, b) = lift(vm, made)?;
    let shape = shape_of_class(&args[0]);
    Ok(pair(wrap(shape, a), wrap(shape, b)))
}

// ----- Addresses -------------------------------------------------------------

/// An address as scripts see it.
fn address_value(vm: &mut Vm, address: &Address) -> R {
    match address {
        Address::Internet(internet) => {
            let mut parts = vec![
                string(&address.host_text().unwrap_or_default()),
                int(i64::from(internet.port())),
            ];
            if let SocketAddr::V6(six) = internet {
                parts.extend([
                    int(i64::from(six.flowinfo())),
                    int(i64::from(six.scope_id())),
                ]);
            }
            tuple(vm, parts)
        }
        Address::Path(path) => Ok(wtf8_lossy(path_bytes(path))),
        Address::Abstract(name) => {
            let mut all = vec![0];
            all.extend_from_slice(name);
            bytes(vm, &all)
        }
        Address::Unnamed => Ok(string("")),
    }
}

/// What there is room for in such an address, the end of a path included.
const LONGEST_PATH: usize = 108;

/// The address of a socket of this machine: a path, or a name behind a zero byte.
fn local_address(vm: &mut Vm, value: &Value) -> R<Address> {
    let path = match value.get::<Str>() {
        Some(text) => path_of_text(text),
        None => buffer(vm, value)?,
    };
    let name = path.strip_prefix(&[0]);
    if path.len() > LONGEST_PATH - usize::from(name.is_none()) {
        let class = vm.known_class(Known::OsError);
        let text = string("AF_UNIX path too long");
        return Err(Raised(vm.new_exception(&class, vec![text])));
    }
    Ok(match name {
        Some(name) => Address::Abstract(name.to_vec()),
        None => Address::Path(vm.host.files.socket_path(path_from_bytes(&path))),
    })
}

/// The address that an argument names, for sockets of this family.
fn address_of(vm: &mut Vm, family: i32, value: &Value, who: &str) -> R<Address> {
    if Family::of_number(family) == Some(Family::Local) {
        return local_address(vm, value);
    }
    let Some(parts) = value.get::<Tuple>().map(|t| t.items().to_vec()) else {
        let name = vm.type_name(value);
        return Err(vm.type_error(format!(
            "{who}(): AF_INET address must be tuple, not {name}"
        )));
    };
    if parts.len() < 2 || (parts.len() > 2 && family == 2) {
        return Err(vm.type_error("AF_INET address must be a pair (host, port)"));
    }
    let Some(host) = parts[0].get::<Str>().map(|h| h.to_text().into_owned()) else {
        let name = vm.type_name(&parts[0]);
        return Err(vm.type_error(format!("str, bytes or bytearray expected, not {name}")));
    };
    let port = index(vm, &parts[1])?;
    if !(0..=65_535).contains(&port) {
        return Err(vm.overflow_error(format!("{who}(): port must be 0-65535.")));
    }
    let host = if host == "<broadcast>" {
        "255.255.255.255".to_string()
    } else {
        host
    };
    let query = Query {
        host: (!host.is_empty()).then_some(host),
        service: Some(port.to_string()),
        family,
        kind: SocketKind::Stream.number(),
        protocol: 0,
        flags: if parts[0].get::<Str>().is_some_and(Str::is_empty) {
            1
        } else {
            0
        },
    };
    let rows = match query.answer_now() {
        Some(rows) => Ok(rows),
        None => vm.host.resolver.look_up(&query),
    };
    let rows = lift(vm, rows)?;
    match rows.into_iter().find(|row| row.family == family) {
        Some(row) => Ok(Address::Internet(row.address)),
        None => Err(raised(
            vm,
            &HostError::lookup(-9, "Address family for hostname not supported"),
        )),
    }
}

/// The question of a `getaddrinfo(host, port, family, type, proto, flags)`.
pub(super) fn query_of(vm: &mut Vm, args: &[Value]) -> R<Query> {
    let text = |value: &Value| match value.get::<Str>() {
        Some(text) => Some(text.to_text().into_owned()),
        None => {
            crate::object::bytes::with_bytes(value, |b| String::from_utf8_lossy(b).into_owned())
        }
    };
    let host = match &args[0] {
        value if value.is_none() => None,
        value => match text(value) {
            Some(host) => Some(host),
            None => return Err(vm.type_error("getaddrinfo() argument 1 must be string or None")),
        },
    };
    let service = match &args[1] {
        value if value.is_none() => None,
        value => match text(value) {
            Some(service) => Some(service),
            None if IntView::of(value).is_some() => Some(vm.str(value)?.to_text().into_owned()),
            None => return Err(vm.raise_known(Known::OsError, "Int or String expected")),
        },
    };
    Ok(Query {
        host,
        service,
        family: small(vm, &args[2])?,
        kind: small(vm, &args[3])?,
        protocol: small(vm, &args[4])?,
        flags: small(vm, &args[5])?,
    })
}

fn getaddrinfo(vm: &mut Vm, args: &[Value]) -> R {
    let query = query_of(vm, args)?;
    let rows = match query.answer_now() {
        Some(rows) => Ok(rows),
        None => vm.host.resolver.look_up(&query),
    };
    let mut found = Vec::new();
    for row in lift(vm, rows)? {
        let address = address_value(vm, &Address::Internet(row.address))?;
        let fields = vec![
            int(i64::from(row.family)),
            int(i64::from(row.kind)),
            int(i64::from(row.protocol)),
            string(&row.canonical_name),
            address,
        ];
        found.push(tuple(vm, fields)?);
    }
    Ok(list(found))
}

fn getnameinfo(vm: &mut Vm, args: &[Value]) -> R {
    let host = args[0]
        .get::<Tuple>()
        .and_then(|t| t.get(0))
        .map(|h| plain(&h))
        .unwrap_or_default();
    let family = if host.contains(':') { 10 } else { 2 };
    let address = address_of(vm, family, &args[0], "getnameinfo")?;
    let flags = small(vm, &args[1])?;
    let Address::Internet(address) = address else {
        return Err(vm.os_error(97, Value::UNDEF));
    };
    let name = vm.host.resolver.name_of(&address, flags);
    let (host, service) = lift(vm, name)?;
    Ok(pair(string(&host), string(&service)))
}

fn inet_pton(vm: &mut Vm, args: &[Value]) -> R {
    let family = small(vm, &args[0])?;
    let text = plain(&args[1]);
    match (family, text.parse::<IpAddr>()) {
        (2, Ok(IpAddr::V4(four))) => bytes(vm, &four.octets()),
        (10, Ok(IpAddr::V6(six))) => bytes(vm, &six.octets()),
        (2 | 10, _) => Err(vm.raise_known(
            Known::OsError,
            "illegal IP address string passed to inet_pton",
        )),
        _ => Err(vm.os_error(97, Value::UNDEF)),
    }
}

fn inet_ntop(vm: &mut Vm, args: &[Value]) -> R {
    let family = small(vm, &args[0])?;
    let packed = buffer(vm, &args[1])?;
    if let (2, Ok(four)) = (family, <[u8; 4]>::try_from(&packed[..])) {
        return Ok(string(&IpAddr::from(four).to_string()));
    }
    if let (10, Ok(six)) = (family, <[u8; 16]>::try_from(&packed[..])) {
        return Ok(string(&IpAddr::from(six).to_string()));
    }
    match family {
        2 | 10 => Err(vm.value_error("invalid length of packed IP address string")),
        other => Err(vm.value_error(format!("unknown address family {other}"))),
    }
}

// ----- What waits ------------------------------------------------------------

/// Tries an operation until it does not say "not now"; the fiber is parked between. The last
/// register holds the deadline.
fn waiting(
    vm: &mut Vm,
    frame: &mut NativeFrame<'_>,
    input: Input,
    direction: Direction,
    operation: fn(&mut Vm, &mut NativeFrame<'_>) -> R<Result<Value, HostError>>,
) -> Step {
    let last = frame.regs.len() - 1;
    let Some(object) = this(&frame.regs[0]) else {
        return Step::Return(Value::NONE);
    };
    let timeout = object.timeout.get();
    match input {
        Input::Start if timeout > 0.0 => {
            frame.regs[last] = float(vm.host.clock.monotonic() + timeout)
        }
        Input::Raised(raised) => {
            stop_watching(vm, &object, direction);
            return Step::Raise(raised);
        }
        _ => {}
    }
    let outcome = match operation(vm, frame) {
        Ok(outcome) => outcome,
        Err(raised) => {
            stop_watching(vm, &object, direction);
            return Step::Raise(raised);
        }
    };
    match outcome {
        Ok(value) => {
            stop_watching(vm, &object, direction);
            Step::Return(value)
        }
        Err(error) if error.is_would_block() && timeout != 0.0 => {
            let deadline = crate::object::float::as_float(&frame.regs[last]);
            if deadline.is_some_and(|deadline| vm.host.clock.monotonic() >= deadline) {
                stop_watching(vm, &object, direction);
                return Step::Raise(vm.raise_known(Known::TimeoutError, "timed out"));
            }
            let fd = object.socket.0.borrow().as_ref().map_or(-1, Socket::fileno);
            let owner = vm.fiber_owner();
            let watched = vm.host.poller.watch(fd, direction, owner);
            if let Err(error) = watched {
                return Step::Raise(raised(vm, &error));
            }
            vm.park(deadline, true);
            Step::Park
        }
        Err(error) => {
            stop_watching(vm, &object, direction);
            Step::Raise(raised(vm, &error))
        }
    }
}

fn stop_watching(vm: &mut Vm, object: &SocketObject, direction: Direction) {
    let fd = object.socket.0.borrow().as_ref().map(Socket::fileno);
    if let Some(fd) = fd {
        let owner = vm.fiber_owner();
        vm.host.poller.unwatch(fd, direction, owner);
    }
}

fn accept(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Read, |vm, frame| {
        let accepted = with(&frame.regs[0], Socket::accept);
        let (socket, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => return Ok(Err(error)),
        };
        let shape = shape_like(vm, &frame.regs[0]);
        let address = address_value(vm, &address)?;
        Ok(Ok(pair(wrap(shape, socket), address)))
    })
}

/// Registers: self, address, whether it was begun, the deadline.
fn connect(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Write, |vm, frame| {
        if frame.regs[2].is_true() {
            // It is over when the socket can be written; how it went is asked for.
            let went = with(&frame.regs[0], |socket| {
                socket.take_error()?;
                socket.peer_address().map(drop)
            });
            return Ok(match went {
                Ok(()) => Ok(Value::NONE),
                Err(error) if error.errno == 107 => Err(HostError::os(11)),
                Err(error) => Err(error),
            });
        }
        let family = this(&frame.regs[0]).map_or(2, |s| s.numbers.get().0);
        let address = address_of(vm, family, &frame.regs[1], "connect")?;
        frame.regs[2] = Value::TRUE;
        Ok(
            match with(&frame.regs[0], |socket| socket.connect(&address)) {
                Ok(()) => Ok(Value::NONE),
                Err(error)
                    if error.errno == 115
                        && this(&frame.regs[0]).is_some_and(|s| s.timeout.get() != 0.0) =>
                {
                    Err(HostError::os(11))
                }
                Err(error) => Err(error),
            },
        )
    })
}

fn recv(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Read, |vm, frame| {
        let count = index(vm, &frame.regs[1])?;
        let flags = small(vm, &frame.regs[2])?;
        let Ok(count) = usize::try_from(count) else {
            return Err(vm.value_error("negative buffersize in recv"));
        };
        let mut room = vec![0; count.min(1 << 24)];
        match with(&frame.regs[0], |socket| {
            socket.recv_with(&mut room, flags as u32)
        }) {
            Ok(got) => bytes(vm, &room[..got]).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    })
}

fn recvfrom(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Read, |vm, frame| {
        let count = index(vm, &frame.regs[1])?.max(0) as usize;
        let mut room = vec![0; count.min(1 << 24)];
        match with(&frame.regs[0], |socket| socket.recv_from(&mut room)) {
            Ok((got, address)) => {
                let data = bytes(vm, &room[..got])?;
                let address = match address {
                    Some(address) => address_value(vm, &address)?,
                    None => Value::NONE,
                };
                Ok(Ok(pair(data, address)))
            }
            Err(error) => Ok(Err(error)),
        }
    })
}

fn recv_into(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Read, |vm, frame| {
        let target = Window::of(vm, &frame.regs[1], "recv_into() argument 1")?;
        let wanted = index(vm, &frame.regs[2])?;
        let Ok(wanted) = usize::try_from(wanted) else {
            return Err(vm.value_error("negative buffersize in recv_into"));
        };
        if wanted > target.size() {
            return Err(vm.value_error("buffer too small for requested bytes"));
        }
        let count = if wanted == 0 { target.size() } else { wanted };
        let mut room = vec![0; count.min(1 << 24)];
        Ok(
            match with(&frame.regs[0], |socket| socket.recv(&mut room)) {
                Ok(got) => {
                    target.write(0, &room[..got]);
                    Ok(int(got as i64))
                }
                Err(error) => Err(error),
            },
        )
    })
}

fn send(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Write, |vm, frame| {
        let data = buffer(vm, &frame.regs[1])?;
        let flags = small(vm, &frame.regs[2])? as u32;
        Ok(
            with(&frame.regs[0], |socket| socket.send_with(&data, flags))
                .map(|sent| int(sent as i64)),
        )
    })
}

/// Registers: self, data, flags, how much was sent, the deadline.
fn sendall(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Write, |vm, frame| {
        let data = buffer(vm, &frame.regs[1])?;
        let mut sent = frame.regs[3].as_small_int().unwrap_or(0) as usize;
        while sent < data.len() {
            match with(&frame.regs[0], |socket| socket.send(&data[sent..])) {
                Ok(count) => sent += count,
                Err(error) => {
                    frame.regs[3] = int(sent as i64);
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(Value::NONE))
    })
}

/// Registers: self, data, flags or address, address or Undef, the deadline.
fn sendto(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    waiting(vm, frame, input, Direction::Write, |vm, frame| {
        let data = buffer(vm, &frame.regs[1])?;
        let target = if frame.regs[3].is_undef() {
            frame.regs[2].clone()
        } else {
            frame.regs[3].clone()
        };
        let family = this(&frame.regs[0]).map_or(2, |s| s.numbers.get().0);
        let address = address_of(vm, family, &target, "sendto")?;
        Ok(
            with(&frame.regs[0], |socket| socket.send_to(&data, &address))
                .map(|sent| int(sent as i64)),
        )
    })
}

// ----- What does not wait ----------------------------------------------------

fn bind(vm: &mut Vm, args: &[Value]) -> R {
    let family = this(&args[0]).map_or(2, |s| s.numbers.get().0);
    let address = address_of(vm, family, &args[1], "bind")?;
    let done = with(&args[0], |socket| socket.bind(&address));
    lift(vm, done)?;
    Ok(Value::NONE)
}

fn listen(vm: &mut Vm, args: &[Value]) -> R {
    let backlog = small(vm, &args[1])?;
    let done = with(&args[0], |socket| socket.listen(backlog.max(0)));
    lift(vm, done)?;
    Ok(Value::NONE)
}

fn close(vm: &mut Vm, args: &[Value]) -> R {
    let socket = this(&args[0]).and_then(|object| object.socket.0.take());
    if let Some(socket) = socket {
        vm.host.close_socket(socket);
        vm.wake_loops();
    }
    Ok(Value::NONE)
}

fn shutdown(vm: &mut Vm, args: &[Value]) -> R {
    let how = match small(vm, &args[1])? {
        0 => Shutdown::Read,
        1 => Shutdown::Write,
        2 => Shutdown::Both,
        _ => return Err(vm.os_error(22, Value::UNDEF)),
    };
    let done = with(&args[0], |socket| socket.shutdown(how));
    lift(vm, done)?;
    Ok(Value::NONE)
}

fn fileno(vm: &mut Vm, args: &[Value]) -> R {
    let number = with(&args[0], |socket| {
        // From now on calls that take a number may find it.
        vm.host.descriptors.lend(socket.file());
        Ok(socket.fileno())
    });
    Ok(Value::int32(number.unwrap_or(-1)))
}

fn getsockname(vm: &mut Vm, args: &[Value]) -> R {
    let address = with(&args[0], Socket::local_address);
    let address = lift(vm, address)?;
    address_value(vm, &address)
}

fn getpeername(vm: &mut Vm, args: &[Value]) -> R {
    let address = with(&args[0], Socket::peer_address);
    let address = lift(vm, address)?;
    address_value(vm, &address)
}

fn settimeout(vm: &mut Vm, args: &[Value]) -> R {
    let timeout = if args[1].is_none() {
        FOR_EVER
    } else {
        vm.float(&args[1])?
    };
    if timeout < 0.0 && !args[1].is_none() {
        return Err(vm.value_error("Timeout value out of range"));
    }
    if let Some(object) = this(&args[0]) {
        object.timeout.set(timeout);
    }
    Ok(Value::NONE)
}

fn setblocking(vm: &mut Vm, args: &[Value]) -> R {
    let blocking = vm.truth(&args[1])?;
    if let Some(object) = this(&args[0]) {
        object.timeout.set(if blocking { FOR_EVER } else { 0.0 });
    }
    Ok(Value::NONE)
}

fn timeout(_: &mut Vm, value: &Value) -> R {
    let timeout = this(value).map_or(FOR_EVER, |s| s.timeout.get());
    Ok(if timeout < 0.0 {
        Value::NONE
    } else {
        float(timeout)
    })
}

fn dup(vm: &mut Vm, args: &[Value]) -> R {
    let copy = with(&args[0], Socket::duplicate);
    let copy = lift(vm, copy)?;
    let shape = shape_like(vm, &args[0]);
    Ok(wrap(shape, copy))
}

/// `_socket.socket`
pub static SOCKET: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF,
    new: Some(Def::leaf(
        "__new__(cls, family=2, type=1, proto=0, fileno=None, /)",
        new,
    )),
    methods: &[
        Def::frame("_accept(self, /)", 1, accept),
        Def::frame("connect(self, address, /)", 2, connect),
        Def::frame("recv(self, bufsize, flags=0, /)", 1, recv),
        Def::frame("recvfrom(self, bufsize, flags=0, /)", 1, recvfrom),
        Def::frame("recv_into(self, buffer, nbytes=0, flags=0)", 1, recv_into),
        Def::frame("send(self, data, flags=0, /)", 1, send),
        Def::frame("sendall(self, data, flags=0, /)", 2, sendall),
        Def::frame("sendto(self, data, flags, address=<unset>, /)", 1, sendto),
        Def::leaf("bind(self, address, /)", bind),
        Def::leaf("listen(self, backlog=128, /)", listen),
        Def::leaf("close(self, /)", close),
        Def::leaf("detach(self, /)", detach),
        Def::leaf("shutdown(self, flag, /)", shutdown),
        Def::leaf("fileno(self, /)", fileno),
        Def::leaf("getsockname(self, /)", getsockname),
        Def::leaf("getpeername(self, /)", getpeername),
        Def::leaf("setsockopt(self, level, option, value, /)", setsockopt),
        Def::leaf(
            "getsockopt(self, level, option, buflen=<unset>, /)",
            getsockopt,
        ),
        Def::leaf("settimeout(self, timeout, /)", settimeout),
        Def::leaf("gettimeout(self, /)", |vm, args| timeout(vm, &args[0])),
        Def::leaf("setblocking(self, flag, /)", setblocking),
        Def::leaf("getblocking(self, /)", |_, args| {
            Ok(Value::bool(
                this(&args[0]).is_none_or(|s| s.timeout.get() != 0.0),
            ))
        }),
        Def::leaf("_dup(self, /)", dup),
    ],
    attributes: &[
        Attribute::get("family", |_, v| {
            Ok(Value::int32(this(v).map_or(0, |s| s.numbers.get().0)))
        }),
        Attribute::get("type", |_, v| {
            Ok(Value::int32(this(v).map_or(0, |s| s.numbers.get().1)))
        }),
        Attribute::get("proto", |_, v| {
            Ok(Value::int32(this(v).map_or(0, |s| s.numbers.get().2)))
        }),
        Attribute::get("timeout", timeout),
    ],
    ..TypeDef::new("_socket", "socket", kind::SOCKET)
};

/// Takes the host's socket out of an object, for a transport.
pub fn take(vm: &mut Vm, value: &Value) -> R<Option<Socket>> {
    let Some(object) = this(value) else {
        return Ok(None);
    };
    let taken = object.socket.0.take();
    match taken {
        Some(socket) => Ok(Some(socket)),
        None => outside(vm, Err(HostError::os(9))),
    }
}
