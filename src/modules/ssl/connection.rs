//! One connection. Each method does what can be done with the bytes that are there and says how
//! far it came: a number of `SSLErrorNumber`, or what failed.

use std::cell::RefCell;
use std::io::BufRead;
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering};

use rustls::server::{Accepted, Acceptor};
use rustls::{AlertDescription, ClientConnection, Connection as Tls, Error, HandshakeKind};
use rustls::{ProtocolVersion, SupportedCipherSuite};

use super::bio::MemoryBio;
use super::context;
use super::failure::Failure;
use super::record::{Collector, Next};
use super::settings::{self, Settings, Wall};
use super::verify::{Sight, look};
use crate::builtins::arguments::{
    buffer, bytes, index, int, list, optional_text, shape_of_class, string, tuple,
};
use crate::heap::{Field, Ref, Value};
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;

/// Done.
const DONE: i64 = 0;
/// `SSL_ERROR_WANT_READ`
const WANT_READ: i64 = 2;
/// A server knows the client's greeting: `accept` goes on.
const GREETED: i64 = 100;
/// Most plain bytes in one record.
const RECORD: usize = 16 * 1024;

/// How far a connection is.
enum Stage {
    /// A server waits for the greeting.
    Waiting(Acceptor),
    /// It has come.
    Greeted(Accepted),
    /// Handshake, data, or closing.
    Open(Box<Tls>),
    /// It failed.
    Broken,
}

/// What a connection knows.
pub struct State {
    stage: Stage,
    collector: Collector,
    sight: Sight,
    /// Nanoseconds since 1970, set before each step: rustls asks when it must.
    wall: Arc<AtomicU64>,
    /// `close_notify` is sent.
    closed: bool,
    /// What failed behind bytes that were good.
    deferred: Option<Failure>,
    /// The name a client asked for, and the ciphers it offered.
    greeting: (Option<String>, Vec<u16>),
}

traced_object! {
    /// `_ssl._SSLSocket`
    pub struct Connection: TLS_CONNECTION {
        /// The bytes from the network.
        incoming: Field,
        /// The bytes for it.
        outgoing: Field,
        /// See `State`.
        state: Untraced<RefCell<State>>,
    }
}

type Outcome<T = i64> = Result<T, Failure>;

impl State {
    /// Moves what is to be sent to the network's side.
    fn flush(&mut self, outgoing: &MemoryBio) {
        if let Stage::Open(tls) = &mut self.stage {
            outgoing.fill(|bytes| while tls.wants_write() && tls.write_tls(bytes).is_ok() {});
        }
    }

    /// Takes in one record; false when there is none yet.
    fn advance(&mut self, incoming: &MemoryBio, outgoing: &MemoryBio) -> Outcome<bool> {
        if let Some(failure) = self.deferred.take() {
            return Err(failure);
        }
        let record = match self.collector.next(incoming) {
            Next::Record(record) => record,
            Next::Wanting => return Ok(false),
            Next::End => {
                self.stage = Stage::Broken;
                return Err(Failure::UnexpectedEof);
            }
            Next::Foreign(foreign) => {
                self.stage = Stage::Broken;
                return Err(Failure::foreign(foreign));
            }
        };
        let step = match &mut self.stage {
            Stage::Waiting(_) => self.greet(&record, outgoing),
            Stage::Open(tls) => taken_in(tls, &record).map_err(|error| {
                if error == Error::NoCertificatesPresented {
                    missed_certificate(tls, outgoing);
                }
                let refusal = look(&self.sight).refusal.take();
                Failure::of(&error, refusal)
            }),
            Stage::Greeted(_) => Ok(()),
            Stage::Broken => Err(Failure::Ended),
        };
        self.flush(outgoing);
        if step.is_err() {
            self.stage = Stage::Broken;
        }
        step.map(|()| true)
    }

    /// A server takes in a part of the greeting.
    fn greet(&mut self, record: &[u8], outgoing: &MemoryBio) -> Outcome<()> {
        let Stage::Waiting(acceptor) = &mut self.stage else {
            return Ok(());
        };
        let mut rest = record;
        while !rest.is_empty() {
            if !matches!(acceptor.read_tls(&mut rest), Ok(1..)) {
                return Err(Failure::reason("UNEXPECTED_MESSAGE"));
            }
        }
        match acceptor.accept() {
            Ok(None) => Ok(()),
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                let name = hello.server_name().map(str::to_owned);
                let ciphers = hello.cipher_suites().iter().map(|c| u16::from(*c));
                self.greeting = (name, ciphers.collect());
                self.stage = Stage::Greeted(accepted);
                Ok(())
            }
            Err((error, mut alert)) => {
                let mut room = Vec::new();
                let _ = alert.write_all(&mut room);
                outgoing.append(&room);
                Err(Failure::of(&error, None))
            }
        }
    }

    fn handshake(&mut self, incoming: &MemoryBio, outgoing: &MemoryBio) -> Outcome {
        loop {
            match &self.stage {
                Stage::Greeted(_) => return Ok(GREETED),
                Stage::Broken => return Err(Failure::Ended),
                Stage::Open(tls) if !tls.is_handshaking() => {
                    self.flush(outgoing);
                    return Ok(DONE);
                }
                _ => {}
            }
            self.flush(outgoing);
            if !self.advance(incoming, outgoing)? {
                return Ok(WANT_READ);
            }
        }
    }

    /// The connection, once the handshake is done.
    fn ready(&mut self) -> Option<&mut Tls> {
        match &mut self.stage {
            Stage::Open(tls) if !tls.is_handshaking() => Some(tls),
            _ => None,
        }
    }

    fn pending(&mut self) -> (usize, bool) {
        match self.ready().map(|tls| tls.process_new_packets()) {
            Some(Ok(io)) => (io.plaintext_bytes_to_read(), io.peer_has_closed()),
            _ => (0, false),
        }
    }

    /// Fills a buffer; None when more must come from the network, nothing at the end.
    fn read(
        &mut self,
        incoming: &MemoryBio,
        outgoing: &MemoryBio,
        out: &mut [u8],
    ) -> Outcome<Option<usize>> {
        loop {
            let (pending, ended) = self.pending();
            if pending > 0 {
                let tls = self.ready().ok_or(Failure::Ended)?;
                let count = std::io::Read::read(&mut tls.reader(), out);
                return Ok(Some(count.unwrap_or(0)));
            }
            if ended {
                return Ok(Some(0));
            }
            if !self.advance(incoming, outgoing)? {
                return Ok(None);
            }
        }
    }

    /// As `read`, of several records at once: None as there.
    fn drain(
        &mut self,
        incoming: &MemoryBio,
        outgoing: &MemoryBio,
        most: usize,
    ) -> Outcome<Option<Vec<u8>>> {
        let mut out = Vec::new();
        loop {
            let (pending, ended) = self.pending();
            if pending > 0 {
                let tls = self.ready().ok_or(Failure::Ended)?;
                let mut reader = tls.reader();
                let found = reader.fill_buf().unwrap_or(&[]);
                let part = &found[..found.len().min(most - out.len())];
                out.extend_from_slice(part);
                let count = part.len();
                reader.consume(count);
                if out.len() == most || count == 0 {
                    return Ok(Some(out));
                }
                continue;
            }
            if ended {
                return Ok(Some(out));
            }
            match self.advance(incoming, outgoing) {
                Ok(true) => {}
                Ok(false) if out.is_empty() => return Ok(None),
                Ok(false) => return Ok(Some(out)),
                Err(failure) if out.is_empty() => return Err(failure),
                Err(failure) => {
                    self.deferred = Some(failure);
                    return Ok(Some(out));
                }
            }
        }
    }

    fn write(&mut self, outgoing: &MemoryBio, data: &[u8]) -> Outcome<usize> {
        if self.closed {
            return Err(Failure::reason("PROTOCOL_IS_SHUTDOWN"));
        }
        // In parts, so that what is encrypted does not lie about twice.
        for part in data.chunks(16 * RECORD) {
            let tls = self.ready().ok_or(Failure::Ended)?;
            std::io::Write::write_all(&mut tls.writer(), part).map_err(|_| Failure::Ended)?;
            self.flush(outgoing);
        }
        Ok(data.len())
    }

    /// Says that nothing more comes, and waits for the other side to say so.
    fn shutdown(&mut self, incoming: &MemoryBio, outgoing: &MemoryBio) -> Outcome {
        match &mut self.stage {
            Stage::Broken => return Err(Failure::Ended),
            Stage::Open(tls) if !tls.is_handshaking() => {
                if !self.closed {
                    tls.send_close_notify();
                }
            }
            _ => return Err(Failure::reason("SHUTDOWN_WHILE_IN_INIT")),
        }
        self.closed = true;
        self.flush(outgoing);
        loop {
            let (pending, ended) = self.pending();
            if pending > 0 {
                return Err(Failure::reason("APPLICATION_DATA_AFTER_CLOSE_NOTIFY"));
            }
            if ended {
                return Ok(DONE);
            }
            if !self.advance(incoming, outgoing)? {
                return Ok(WANT_READ);
            }
        }
    }
}

/// The alert for a client without a certificate has a number of its own only since TLS 1.3;
/// rustls sends that to older clients too.
fn missed_certificate(tls: &mut Tls, outgoing: &MemoryBio) {
    let mut room = Vec::new();
    while tls.wants_write() && tls.write_tls(&mut room).is_ok() {}
    if tls.protocol_version() == Some(ProtocolVersion::TLSv1_2)
        && room.ends_with(&alert(AlertDescription::CertificateRequired))
    {
        room.truncate(room.len() - 7);
        room.extend(alert(AlertDescription::HandshakeFailure));
    }
    outgoing.append(&room);
}

fn taken_in(tls: &mut Tls, record: &[u8]) -> Result<(), Error> {
    let mut rest = record;
    while !rest.is_empty() {
        // Nothing is taken behind the end.
        if !matches!(tls.read_tls(&mut rest), Ok(1..)) {
            return Err(Error::General("more than fits".into()));
        }
        tls.process_new_packets()?;
    }
    Ok(())
}

// ----- what the script sees ----------------------------------------------------------

fn this(vm: &mut Vm, value: &Value) -> R<Ref<Connection>> {
    match value.to_ref::<Connection>() {
        Some(connection) => Ok(connection),
        None => Err(vm.type_error("an _SSLSocket was expected")),
    }
}

/// Does a step with the state and both directions, at the time it is now.
fn with<T>(
    vm: &mut Vm,
    value: &Value,
    step: impl FnOnce(&mut State, &MemoryBio, &MemoryBio) -> T,
) -> R<T> {
    let connection = this(vm, value)?;
    let (incoming, outgoing) = (connection.incoming.get(), connection.outgoing.get());
    let (Some(incoming), Some(outgoing)) =
        (incoming.get::<MemoryBio>(), outgoing.get::<MemoryBio>())
    else {
        return Err(vm.type_error("a MemoryBIO was expected"));
    };
    let mut state = connection.state.borrow_mut();
    let now = u64::try_from(vm.host.clock.wall_ns()).unwrap_or(0);
    state.wall.store(now, Ordering::Relaxed);
    Ok(step(&mut state, incoming, outgoing))
}

/// What failed, as (kind, library, reason, number, text).
fn failed(vm: &mut Vm, failure: &Failure) -> R {
    let (kind, reason, number, text) = match failure {
        Failure::Reason(reason) => ("ssl", reason.as_str(), 1, ""),
        Failure::Certificate(refusal) => (
            "certificate",
            "CERTIFICATE_VERIFY_FAILED",
            i64::from(refusal.code),
            refusal.message.as_str(),
        ),
        Failure::UnexpectedEof => ("eof", "UNEXPECTED_EOF_WHILE_READING", 8, ""),
        Failure::Ended => ("eof", "", 8, ""),
    };
    let text = crate::builtins::arguments::long_string(vm, text)?;
    tuple(vm, vec![string(kind), string(reason), int(number), text])
}

fn told(vm: &mut Vm, outcome: Outcome) -> R {
    match outcome {
        Ok(status) => Ok(int(status)),
        Err(failure) => failed(vm, &failure),
    }
}

/// `_SSLSocket(context, incoming, outgoing, server_side, server_hostname, settings)`
fn new(vm: &mut Vm, args: &[Value]) -> R {
    for bio in &args[2..4] {
        if !bio.is_kind::<MemoryBio>() {
            let given = vm.type_name(bio);
            let text = format!("a MemoryBIO was expected, not {given}");
            return Err(vm.type_error(text));
        }
    }
    let context = context::this(vm, &args[1])?;
    let settings = Settings::of(vm, &args[6])?;
    let (sight, wall) = (Sight::default(), Arc::new(AtomicU64::new(0)));
    let stage = if args[4].is_true() {
        Stage::Waiting(Acceptor::default())
    } else {
        let host = optional_text(vm, &args[5], "server_hostname")?;
        let made = settings::client(
            &settings,
            &context,
            host.as_deref(),
            &sight,
            Wall(wall.clone()),
        );
        let made = made.and_then(|(config, name)| {
            ClientConnection::new(config, name).map_err(|error| error.to_string())
        });
        match made {
            Ok(made) => open(made.into()),
            Err(text) => return Err(vm.value_error(text)),
        }
    };
    let state = State {
        stage,
        collector: Collector::default(),
        sight,
        wall,
        closed: false,
        deferred: None,
        greeting: (None, Vec::new()),
    };
    let made = Connection::alloc(
        shape_of_class(&args[0]),
        Field::new(args[2].clone()),
        Field::new(args[3].clone()),
        Untraced(RefCell::new(state)),
    );
    Ok(made.into_value())
}

fn open(mut tls: Tls) -> Stage {
    // What is written is encrypted at once and moved out: no limit is needed.
    tls.set_buffer_limit(None);
    Stage::Open(Box::new(tls))
}

fn handshake(vm: &mut Vm, args: &[Value]) -> R {
    let outcome = with(vm, &args[0], State::handshake)?;
    told(vm, outcome)
}

/// `accept(context, settings)`: a server goes on after the greeting.
fn accept(vm: &mut Vm, args: &[Value]) -> R {
    let context = context::this(vm, &args[1])?;
    let settings = Settings::of(vm, &args[2])?;
    let outcome = with(vm, &args[0], |state, _, outgoing| {
        let stage = std::mem::replace(&mut state.stage, Stage::Broken);
        let Stage::Greeted(accepted) = stage else {
            state.stage = stage;
            return Ok(DONE);
        };
        if context.holdings.borrow().identities.is_empty() {
            outgoing.append(&alert(AlertDescription::HandshakeFailure));
            return Err(Failure::reason("NO_SHARED_CIPHER"));
        }
        let wall = Wall(state.wall.clone());
        let hello = accepted.client_hello();
        let config = settings::server(&settings, &context, &hello, &state.sight, wall);
        let config = config.map_err(|_| Failure::reason("NO_SHARED_CIPHER"))?;
        match accepted.into_connection(config) {
            Ok(tls) => {
                state.stage = open(tls.into());
                state.flush(outgoing);
                Ok(DONE)
            }
            Err((error, mut alert)) => {
                let mut room = Vec::new();
                let _ = alert.write_all(&mut room);
                outgoing.append(&room);
                Err(Failure::of(&error, None))
            }
        }
    })?;
    told(vm, outcome)
}

/// A fatal alert that is not encrypted yet.
fn alert(description: AlertDescription) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, description.into()]
}

/// `refuse(alert)`: a server answers the greeting with an alert.
fn refuse(vm: &mut Vm, args: &[Value]) -> R {
    let number = index(vm, &args[1])?;
    let description = AlertDescription::from(u8::try_from(number).unwrap_or(80));
    let outcome = with(vm, &args[0], |state, _, outgoing| {
        outgoing.append(&alert(description));
        state.stage = Stage::Broken;
        Err(Failure::reason("CALLBACK_FAILED"))
    })?;
    told(vm, outcome)
}

fn read(vm: &mut Vm, args: &[Value]) -> R {
    let wanted = usize::try_from(index(vm, &args[1])?).unwrap_or(0);
    let mut room = vec![0; wanted.min(RECORD)];
    let outcome = with(vm, &args[0], |state, incoming, outgoing| {
        state.read(incoming, outgoing, &mut room)
    })?;
    match outcome {
        Ok(Some(count)) => bytes(vm, &room[..count]),
        Ok(None) => Ok(int(WANT_READ)),
        Err(failure) => failed(vm, &failure),
    }
}

fn drain(vm: &mut Vm, args: &[Value]) -> R {
    let most = usize::try_from(index(vm, &args[1])?).unwrap_or(0).max(1);
    let outcome = with(vm, &args[0], |state, incoming, outgoing| {
        state.drain(incoming, outgoing, most)
    })?;
    match outcome {
        Ok(Some(data)) => bytes(vm, &data),
        Ok(None) => Ok(int(WANT_READ)),
        Err(failure) => failed(vm, &failure),
    }
}

fn write(vm: &mut Vm, args: &[Value]) -> R {
    let data = buffer(vm, &args[1])?;
    let outcome = with(vm, &args[0], |state, _, outgoing| {
        state.write(outgoing, &data)
    })?;
    told(vm, outcome.map(|count| count as i64))
}

fn shutdown(vm: &mut Vm, args: &[Value]) -> R {
    let outcome = with(vm, &args[0], State::shutdown)?;
    told(vm, outcome)
}

/// Asks an established connection; None before that.
fn asked(
    vm: &mut Vm,
    value: &Value,
    question: impl FnOnce(&mut Vm, &Tls) -> R<Option<Value>>,
) -> R {
    let connection = this(vm, value)?;
    let mut state = connection.state.borrow_mut();
    match state.ready() {
        Some(tls) => Ok(question(vm, tls)?.unwrap_or(Value::NONE)),
        None => Ok(Value::NONE),
    }
}

fn suite_number(suite: SupportedCipherSuite) -> Value {
    int(i64::from(u16::from(suite.suite())))
}

fn version(vm: &mut Vm, value: &Value) -> R {
    asked(vm, value, |_, tls| {
        Ok(match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => Some(string("TLSv1.2")),
            Some(ProtocolVersion::TLSv1_3) => Some(string("TLSv1.3")),
            _ => None,
        })
    })
}

fn alpn(vm: &mut Vm, value: &Value) -> R {
    asked(vm, value, |vm, tls| match tls.alpn_protocol() {
        Some(name) => bytes(vm, name).map(Some),
        None => Ok(None),
    })
}

/// `certificates(verified)`: a list of DER.
fn certificates(vm: &mut Vm, args: &[Value]) -> R {
    let connection = this(vm, &args[0])?;
    let state = connection.state.borrow();
    let seen = look(&state.sight);
    let chosen = if args[1].is_true() {
        &seen.chain
    } else {
        &seen.presented
    };
    let mut out = Vec::with_capacity(chosen.len());
    for der in chosen {
        out.push(bytes(vm, der)?);
    }
    Ok(list(out))
}

fn greeting(vm: &mut Vm, value: &Value) -> R {
    let connection = this(vm, value)?;
    let state = connection.state.borrow();
    let (name, ciphers) = &state.greeting;
    let name = name.as_deref().map_or(Value::NONE, string);
    let ciphers = ciphers.iter().map(|c| int(i64::from(*c))).collect();
    let ciphers = tuple(vm, ciphers)?;
    tuple(vm, vec![name, ciphers])
}

/// `_ssl._SSLSocket`
pub static CONNECTION: TypeDef = TypeDef {
    new: Some(Def::leaf(
        "__new__(cls, context, incoming, outgoing, server_side, server_hostname, settings, /)",
        new,
    )),
    methods: &[
        Def::leaf("handshake(self, /)", handshake),
        Def::leaf("accept(self, context, settings, /)", accept),
        Def::leaf("refuse(self, alert, /)", refuse),
        Def::leaf("read(self, size, /)", read),
        Def::leaf("drain(self, size, /)", drain),
        Def::leaf("write(self, data, /)", write),
        Def::leaf("shutdown(self, /)", shutdown),
        Def::leaf("certificates(self, verified, /)", certificates),
        Def::leaf("pending(self, /)", |vm, args| {
            let connection = this(vm, &args[0])?;
            let (pending, _) = connection.state.borrow_mut().pending();
            Ok(int(pending as i64))
        }),
    ],
    attributes: &[
        Attribute::get("missing", |vm, value| {
            let connection = this(vm, value)?;
            let missing = connection.state.borrow().collector.missing();
            Ok(int(missing as i64))
        }),
        Attribute::get("established", |vm, value| {
            let connection = this(vm, value)?;
            Ok(Value::bool(connection.state.borrow_mut().ready().is_some()))
        }),
        Attribute::get("greeting", greeting),
        Attribute::get("keys", |vm, value| {
            let connection = this(vm, value)?;
            let lines = std::mem::take(&mut look(&connection.state.borrow().sight).keys);
            let lines: Vec<Value> = lines.iter().map(|line| string(line)).collect();
            Ok(list(lines))
        }),
        Attribute::get("version", version),
        Attribute::get("cipher", |vm, value| {
            asked(vm, value, |_, tls| {
                Ok(tls.negotiated_cipher_suite().map(suite_number))
            })
        }),
        Attribute::get("alpn", alpn),
        Attribute::get("reused", |vm, value| {
            asked(vm, value, |_, tls| {
                Ok(Some(Value::bool(
                    tls.handshake_kind() == Some(HandshakeKind::Resumed),
                )))
            })
        }),
    ],
    ..TypeDef::new("_ssl", "_SSLSocket", kind::TLS_CONNECTION)
};
