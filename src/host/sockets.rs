//! Sockets that never block.
//!
//! A call that would have to wait answers "would block"
//! ([`HostError::is_would_block`]); the caller watches the descriptor in the
//! poller and tries again when it is ready. A script's blocking socket is the
//! same thing with a fiber that parks.

use super::network_grants::Reach;
use super::{Address, File, Grants, Host, HostError};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

pub use rustix::net::Shutdown;

/// Address families that sockets are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Internet,
    Internet6,
    Local,
}

/// What flows through a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketKind {
    Stream,
    Datagram,
}

impl Family {
    /// The system's number: `socket.AF_INET` and its like.
    pub fn number(self) -> i32 {
        i32::from(self.raw().as_raw())
    }

    /// The family with a number.
    pub fn of_number(number: i32) -> Option<Family> {
        [Family::Internet, Family::Internet6, Family::Local]
            .into_iter()
            .find(|family| family.number() == number)
    }

    /// The family an address belongs to.
    pub fn of(address: &Address) -> Family {
        match address {
            Address::Internet(address) if address.is_ipv4() => Family::Internet,
            Address::Internet(_) => Family::Internet6,
            Address::Path(_) | Address::Abstract(_) | Address::Unnamed => Family::Local,
        }
    }

    fn raw(self) -> AddressFamily {
        match self {
            Family::Internet => AddressFamily::INET,
            Family::Internet6 => AddressFamily::INET6,
            Family::Local => AddressFamily::UNIX,
        }
    }
}

impl SocketKind {
    /// The system's number: `socket.SOCK_STREAM` and its like.
    pub fn number(self) -> i32 {
        self.raw().as_raw() as i32
    }

    /// The kind with a number.
    pub fn of_number(number: i32) -> Option<SocketKind> {
        [SocketKind::Stream, SocketKind::Datagram]
            .into_iter()
            .find(|kind| kind.number() == number)
    }

    fn raw(self) -> SocketType {
        match self {
            SocketKind::Stream => SocketType::STREAM,
            SocketKind::Datagram => SocketType::DGRAM,
        }
    }
}

/// One open socket. Dropping it closes it; who watched it in the poller must
/// say `Poller::forget` before, and [`Host::close_socket`] does both.
#[derive(Debug)]
pub struct Socket {
    /// Shared with calls that know it by its number.
    fd: Arc<File>,
    family: Family,
    kind: SocketKind,
    protocol: i32,
    /// Who is asked where it may go; None if it may go anywhere.
    grants: Option<Arc<Grants>>,
    /// The socket file that it stands for under a sandbox, by its own name.
    place: OnceLock<PathBuf>,
}

impl Host {
    /// Makes a socket, if the network is granted; a local one is not network.
    pub fn open_socket(
        &self,
        family: Family,
        kind: SocketKind,
        protocol: i32,
    ) -> Result<Socket, HostError> {
        Socket::open(&self.grants, family, kind, protocol)
    }

    /// Two sockets connected to each other, which a script may also send elsewhere with.
    pub fn open_pair(&self, kind: SocketKind) -> Result<(Socket, Socket), HostError> {
        Socket::pair_for(self.bound_grants(), kind)
    }

    /// The socket that a number stands for; what is not given is asked of the system.
    pub fn socket_of_file(
        &self,
        file: Arc<File>,
        family: Option<Family>,
        kind: Option<SocketKind>,
        protocol: i32,
    ) -> Result<Socket, HostError> {
        Socket::of_file(self.bound_grants(), file, family, kind, protocol)
    }

    fn bound_grants(&self) -> Option<Arc<Grants>> {
        (!self.grants.is_all()).then(|| self.grants.clone())
    }

    /// Closes a socket and forgets whoever watched it.
    pub fn close_socket(&mut self, socket: Socket) {
        self.poller.forget(socket.fileno());
    }
}

impl Socket {
    pub(super) fn open(
        grants: &Arc<Grants>,
        family: Family,
        kind: SocketKind,
        protocol: i32,
    ) -> Result<Socket, HostError> {
        if family != Family::Local {
            grants.check_any_net("opening a socket")?;
        }
        let wanted = u32::try_from(protocol).map_err(|_| HostError::from(Errno::PROTONOSUPPORT))?;
        let wanted = std::num::NonZeroU32::new(wanted).map(Protocol::from_raw);
        let fd = rustix::net::socket_with(family.raw(), kind.raw(), FLAGS, wanted)?;
        Ok(Socket {
            fd: shared(fd),
            family,
            kind,
            protocol,
            grants: (!grants.is_all()).then(|| grants.clone()),
            place: OnceLock::new(),
        })
    }

    /// Two sockets connected to each other.
    pub fn pair(kind: SocketKind) -> Result<(Socket, Socket), HostError> {
        Socket::pair_for(None, kind)
    }

    fn pair_for(
        grants: Option<Arc<Grants>>,
        kind: SocketKind,
    ) -> Result<(Socket, Socket), HostError> {
        let family = Family::Local;
        let (a, b) = rustix::net::socketpair(family.raw(), kind.raw(), FLAGS, None)?;
        let wrap = |fd| Socket {
            fd: shared(fd),
            family,
            kind,
            protocol: 0,
            grants: grants.clone(),
            place: OnceLock::new(),
        };
        Ok((wrap(a), wrap(b)))
    }

    fn of_file(
        grants: Option<Arc<Grants>>,
        file: Arc<File>,
        family: Option<Family>,
        kind: Option<SocketKind>,
        protocol: i32,
    ) -> Result<Socket, HostError> {
        use rustix::net::sockopt::{socket_domain, socket_type};
        let unknown = || HostError::from(Errno::AFNOSUPPORT);
        let domain = i32::from(socket_domain(&file)?.as_raw());
        let family = family.or_else(|| Family::of_number(domain));
        let raw = socket_type(&file)?.as_raw() as i32;
        let kind = kind.or_else(|| SocketKind::of_number(raw));
        file.set_nonblocking(true)?;
        Ok(Socket {
            fd: file,
            family: family.ok_or_else(unknown)?,
            kind: kind.ok_or_else(unknown)?,
            protocol,
            grants,
            place: OnceLock::new(),
        })
    }

    /// What calls that know it by its number share.
    pub fn file(&self) -> &Arc<File> {
        &self.fd
    }

    /// Its number.
    #[inline]
    pub fn fileno(&self) -> i32 {
        self.fd.fileno()
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// What flows through it.
    pub fn kind(&self) -> SocketKind {
        self.kind
    }

    /// The protocol it was asked to speak; 0 for the family's usual one.
    pub fn protocol(&self) -> i32 {
        self.protocol
    }

    /// Gives it an address.
    pub fn bind(&self, address: &Address) -> Result<(), HostError> {
        if let Some(grants) = &self.grants {
            return self.bind_granted(grants, address);
        }
        Ok(rustix::net::bind(&self.fd, &address.to_any()?)?)
    }

    /// Lets others connect; so many may wait to be accepted.
    pub fn listen(&self, backlog: i32) -> Result<(), HostError> {
        if let Some(grants) = &self.grants
            && let Address::Internet(address) = self.local_address()?
            && address.port() == 0
        {
            // The system gives it an address now.
            grants.check_net(Reach::Listen, &address)?;
        }
        Ok(rustix::net::listen(&self.fd, backlog.max(0))?)
    }

    /// Takes one connection that waits.
    pub fn accept(&self) -> Result<(Socket, Address), HostError> {
        let (fd, peer) = retry(|| rustix::net::acceptfrom_with(&self.fd, FLAGS))?;
        let peer = match peer {
            Some(peer) => Address::from_any(peer)?,
            None => Address::Unnamed,
        };
        let socket = Socket {
            fd: shared(fd),
            family: self.family,
            kind: self.kind,
            protocol: self.protocol,
            grants: self.grants.clone(),
            place: self.place.clone(),
        };
        Ok((socket, peer))
    }

    /// Begins to connect. "Would block" means under way: when the socket is
    /// writable, `take_error` says how it went.
    pub fn connect(&self, address: &Address) -> Result<(), HostError> {
        let held = self.reach(Reach::Connect, address)?;
        let address = held
            .as_ref()
            .map_or(address, |held| &held.address)
            .to_any()?;
        match rustix::net::connect(&self.fd, &address) {
            Ok(()) => Ok(()),
            Err(Errno::INTR) => Err(HostError::from(Errno::INPROGRESS)),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The error of a connection attempt or of the connection, and clears it.
    pub fn take_error(&self) -> Result<(), HostError> {
        Ok(rustix::net::sockopt::socket_error(&self.fd)??)
    }

    /// Reads what has arrived; zero when the other side sends no more.
    #[inline]
    pub fn recv(&self, bytes: &mut [u8]) -> Result<usize, HostError> {
        self.recv_with(bytes, 0)
    }

    /// `recv` with the system's flags (`MSG_PEEK`).
    pub fn recv_with(&self, bytes: &mut [u8], flags: u32) -> Result<usize, HostError> {
        let flags = RecvFlags::from_bits_retain(flags);
        let (_, count) = retry(|| rustix::net::recv(&self.fd, &mut *bytes, flags))?;
        Ok(count.min(bytes.len()))
    }

    /// Appends what has arrived, `limit` bytes at most, without clearing
    /// memory first; zero when the other side sends no more.
    pub fn recv_into_spare(&self, bytes: &mut Vec<u8>, limit: usize) -> Result<usize, HostError> {
        bytes
            .try_reserve(limit)
            .map_err(|_| HostError::from(Errno::NOMEM))?;
        let before = bytes.len();
        let spare = rustix::buffer::spare_capacity(bytes);
        let count = rustix::net::recv(&self.fd, spare, RecvFlags::empty());
        match count {
            Ok(_) => Ok(bytes.len() - before),
            Err(Errno::INTR) => self.recv_into_spare(bytes, limit),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Reads one datagram: how much of it fitted, and who sent it.
    pub fn recv_from(&self, bytes: &mut [u8]) -> Result<(usize, Option<Address>), HostError> {
        let received = retry(|| rustix::net::recvfrom(&self.fd, &mut *bytes, RecvFlags::empty()))?;
        let sender = received.2.map(Address::from_any).transpose()?;
        Ok((received.1.min(bytes.len()), sender))
    }

    /// Sends some of `bytes` and says how many.
    #[inline]
    pub fn send(&self, bytes: &[u8]) -> Result<usize, HostError> {
        self.send_with(bytes, 0)
    }

    /// `send` with the system's flags. A closed connection is the error
    /// EPIPE, never a signal.
    pub fn send_with(&self, bytes: &[u8], flags: u32) -> Result<usize, HostError> {
        let flags = SendFlags::from_bits_retain(flags) | NO_SIGNAL;
        retry(|| rustix::net::send(&self.fd, bytes, flags))
    }

    /// Sends one datagram to an address.
    pub fn send_to(&self, bytes: &[u8], address: &Address) -> Result<usize, HostError> {
        let held = self.reach(Reach::Send, address)?;
        let address = held
            .as_ref()
            .map_or(address, |held| &held.address)
            .to_any()?;
        retry(|| rustix::net::sendto(&self.fd, bytes, NO_SIGNAL, &address))
    }

    /// Sends several pieces as one, without joining them first.
    pub fn send_vectored(&self, pieces: &[&[u8]]) -> Result<usize, HostError> {
        let slices: Vec<_> = pieces.iter().map(|p| std::io::IoSlice::new(p)).collect();
        let mut control = rustix::net::SendAncillaryBuffer::default();
        retry(|| rustix::net::sendmsg(&self.fd, &slices, &mut control, NO_SIGNAL))
    }

    /// Ends one or both directions.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), HostError> {
        Ok(rustix::net::shutdown(&self.fd, how)?)
    }

    /// Its own address.
    pub fn local_address(&self) -> Result<Address, HostError> {
        let address = Address::from_any(rustix::net::getsockname(&self.fd)?)?;
        Ok(self.own_name(address))
    }

    /// The address of the other side.
    pub fn peer_address(&self) -> Result<Address, HostError> {
        match rustix::net::getpeername(&self.fd)? {
            Some(address) => Ok(self.own_name(Address::from_any(address)?)),
            None => Ok(Address::Unnamed),
        }
    }

    /// Another number for the same socket.
    pub fn duplicate(&self) -> Result<Socket, HostError> {
        Ok(Socket {
            fd: shared(rustix::io::fcntl_dupfd_cloexec(&self.fd, 0)?),
            grants: self.grants.clone(),
            place: self.place.clone(),
            ..*self
        })
    }
}

/// A socket file that is held while somebody connects to it, and the address that stands for it.
pub(super) struct Held {
    pub address: Address,
    /// Keeps the address valid.
    pub _file: OwnedFd,
}

// What sockets may do under a sandbox.
impl Socket {
    /// An error unless it may do this at an address; what stands for the address, if it is a file.
    fn reach(&self, reach: Reach, address: &Address) -> Result<Option<Held>, HostError> {
        let Some(grants) = &self.grants else {
            return Ok(None);
        };
        match (address, grants.folders()) {
            (Address::Internet(address), _) => grants.check_net(reach, address).map(|()| None),
            (Address::Path(path), Some(folders)) => {
                let held = folders.hold_socket(path).map_err(|e| e.at(path))?;
                let _ = self.place.set(path.clone());
                Ok(Some(held))
            }
            (address, _) => {
                let what = format!("{reach} the nameless or abstract address '{address}'");
                grants.check_all_net(&what).map(|()| None)
            }
        }
    }

    fn bind_granted(&self, grants: &Grants, address: &Address) -> Result<(), HostError> {
        if let (Address::Path(path), Some(folders)) = (address, grants.folders()) {
            folders
                .bind_socket(&self.fd, path)
                .map_err(|e| e.at(path))?;
            let _ = self.place.set(path.clone());
            return Ok(());
        }
        self.reach(Reach::Listen, address)?;
        Ok(rustix::net::bind(&self.fd, &address.to_any()?)?)
    }

    /// An address as the script knows it.
    fn own_name(&self, address: Address) -> Address {
        match (address, self.place.get()) {
            (Address::Path(_), Some(place)) if self.grants.is_some() => {
                Address::Path(place.clone())
            }
            (address, _) => address,
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

fn shared(fd: OwnedFd) -> Arc<File> {
    Arc::new(File::from(fd))
}

/// Asks again when a signal interrupted the call.
#[inline]
fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> Result<T, HostError> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return result.map_err(HostError::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Environment, Owner, Permissions, Stdio, Wait};
    use super::*;

    const OWNER: Owner = Owner(1);

    fn host_of(permissions: Permissions) -> Host {
        Host::with(permissions, Environment::empty(), Stdio::system())
    }

    fn host() -> Host {
        host_of(Permissions::all())
    }

    fn stream(host: &Host) -> Socket {
        host.open_socket(Family::Internet, SocketKind::Stream, 0)
            .unwrap()
    }

    /// Sleeps until the socket is ready.
    fn until(host: &mut Host, socket: &Socket, direction: Direction) {
        host.poller
            .watch(socket.fileno(), direction, OWNER)
            .unwrap();
        let mut events = Vec::new();
        while events.is_empty() {
            host.wait(Wait::Forever, &mut events).unwrap();
        }
        host.poller.unwatch(socket.fileno(), direction, OWNER);
    }

    fn listener(host: &Host) -> (Socket, Address) {
        let listener = stream(host);
        listener.set_option(1, 2, 1).unwrap();
        let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
        listener.bind(&any.into()).unwrap();
        listener.listen(10).unwrap();
        let address = listener.local_address().unwrap();
        (listener, address)
    }

    #[test]
    fn a_connection_is_made_used_and_half_closed() {
        let mut host = host();
        let (listener, address) = listener(&host);
        assert!(listener.accept().unwrap_err().is_would_block());
        let client = stream(&host);
        if let Err(error) = client.connect(&address) {
            assert!(error.is_would_block());
            until(&mut host, &client, Direction::Write);
        }
        client.take_error().unwrap();
        until(&mut host, &listener, Direction::Read);
        let (server, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_address().unwrap());
        assert_eq!(client.peer_address().unwrap(), address);

        let mut bytes = Vec::new();
        assert!(
            server
                .recv_into_spare(&mut bytes, 100)
                .unwrap_err()
                .is_would_block()
        );
        assert_eq!(client.send_vectored(&[b"he", b"llo"]).unwrap(), 5);
        client.shutdown(Shutdown::Write).unwrap();
        until(&mut host, &server, Direction::Read);
        assert_eq!(server.recv_into_spare(&mut bytes, 100).unwrap(), 5);
        assert_eq!(bytes, b"hello");
        assert_eq!(server.recv_into_spare(&mut bytes, 100).unwrap(), 0);
        assert_eq!(server.send(b"back").unwrap(), 4);
        until(&mut host, &client, Direction::Read);
        let mut back = [0; 10];
        assert_eq!(client.recv(&mut back).unwrap(), 4);
        assert!(client.send(b"x").unwrap_err().is(Errno::PIPE));
    }

    #[test]
    fn nobody_there_is_refused() {
        let mut host = host();
        let (listener, address) = listener(&host);
        drop(listener);
        let client = stream(&host);
        let result = client.connect(&address).or_else(|error| {
            assert!(error.is_would_block());
            until(&mut host, &client, Direction::Write);
            client.take_error()
        });
        let error = result.unwrap_err();
        assert_eq!(error.message(), "Connection refused");
    }

    #[test]
    fn datagrams_know_their_sender() {
        let mut host = host();
        let open = |host: &Host| {
            let socket = host.open_socket(Family::Internet, SocketKind::Datagram, 0);
            let socket = socket.unwrap();
            let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
            socket.bind(&any.into()).unwrap();
            socket
        };
        let (a, b) = (open(&host), open(&host));
        a.send_to(b"hello", &b.local_address().unwrap()).unwrap();
        until(&mut host, &b, Direction::Read);
        let mut bytes = [0; 3];
        let (count, sender) = b.recv_from(&mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"hel");
        assert_eq!(sender, Some(a.local_address().unwrap()));
    }

    #[test]
    fn options_are_set_and_read() {
        let socket = stream(&host());
        for (level, option) in [(1, 2), (1, 9), (6, 1)] {
            assert_eq!(socket.option(level, option).unwrap(), 0);
            socket.set_option(level, option, 1).unwrap();
            assert_eq!(socket.option(level, option).unwrap(), 1);
        }
        assert!(
            socket
                .set_option(1, 9999, 1)
                .unwrap_err()
                .is(Errno::NOPROTOOPT)
        );
        socket.set_linger(Some(3)).unwrap();
        assert_eq!(socket.linger().unwrap(), Some(3));
        assert_eq!(Family::of_number(2), Some(Family::Internet));
        assert_eq!(SocketKind::of_number(1), Some(SocketKind::Stream));
    }

    #[test]
    fn the_network_can_be_denied_and_local_sockets_not() {
        let host = Host::simulated(1).0;
        let denied = host.open_socket(Family::Internet, SocketKind::Stream, 0);
        assert_eq!(denied.unwrap_err().errno, 1);
        let (a, b) = Socket::pair(SocketKind::Stream).unwrap();
        assert_eq!(a.local_address().unwrap(), Address::Unnamed);
        a.send(b"x").unwrap();
        assert_eq!(b.recv(&mut [0; 4]).unwrap(), 1);
        let path: &std::path::Path = "/nonexistent/socket".as_ref();
        let local = host
            .open_socket(Family::Local, SocketKind::Stream, 0)
            .unwrap();
        assert!(local.bind(&Address::Path(path.into())).is_err());
        let name = Address::Abstract(b"hoopsnake-test-socket".to_vec());
        assert_eq!(local.bind(&name).unwrap_err().errno, 1);
        let free = host_of(Permissions::all());
        let local = free
            .open_socket(Family::Local, SocketKind::Stream, 0)
            .unwrap();
        local.bind(&name).unwrap();
        assert_eq!(local.local_address().unwrap(), name);
    }
}
