//! `setsockopt` and `getsockopt` for the options programs use.
//!
//! An option is named by the system's two numbers, as scripts name it. One
//! that is not in the table is refused as a system without it would.

#[cfg(target_os = "linux")]
use super::Family;
use super::{HostError, Socket};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::time::Duration;

/// An option's level and number, as this system numbers them.
type Key = (i32, i32);

/// The numbers of one system.
macro_rules! numbers {
    ($($name:ident = $linux:expr, $other:expr;)*) => {
        $(
            #[cfg(target_os = "linux")]
            const $name: Key = $linux;
            #[cfg(not(target_os = "linux"))]
            const $name: Key = $other;
        )*
    };
}

// Linux first, then the BSD family with macOS.
numbers! {
    REUSEADDR = (1, 2), (0xffff, 0x4);
    TYPE = (1, 3), (0xffff, 0x1008);
    ERROR = (1, 4), (0xffff, 0x1007);
    BROADCAST = (1, 6), (0xffff, 0x20);
    SNDBUF = (1, 7), (0xffff, 0x1001);
    RCVBUF = (1, 8), (0xffff, 0x1002);
    KEEPALIVE = (1, 9), (0xffff, 0x8);
    OOBINLINE = (1, 10), (0xffff, 0x100);
    LINGER = (1, 13), (0xffff, 0x80);
    RCVTIMEO = (1, 20), (0xffff, 0x1006);
    SNDTIMEO = (1, 21), (0xffff, 0x1005);
    REUSEPORT = (1, 15), (0xffff, 0x200);
    ACCEPTCONN = (1, 30), (0xffff, 0x2);
    IP_TTL = (0, 2), (0, 4);
    IPV6_V6ONLY = (41, 26), (41, 27);
    TCP_NODELAY = (6, 1), (6, 1);
    TCP_KEEPIDLE = (6, 4), (6, 0x10);
    TCP_KEEPINTVL = (6, 5), (6, 0x101);
    TCP_KEEPCNT = (6, 6), (6, 0x102);
}

/// Who is at the other end of a unix socket: process, user, group.
#[cfg(target_os = "linux")]
const PEERCRED: Key = (1, 17);

impl Socket {
    /// Sets an option whose value is a number.
    pub fn set_option(&self, level: i32, option: i32, value: i32) -> Result<(), HostError> {
        let on = value != 0;
        let size = || usize::try_from(value).map_err(|_| Errno::INVAL);
        let seconds = || {
            u64::try_from(value)
                .map(Duration::from_secs)
                .map_err(|_| Errno::INVAL)
        };
        let count = || u32::try_from(value).map_err(|_| Errno::INVAL);
        match (level, option) {
            REUSEADDR => sockopt::set_socket_reuseaddr(self, on)?,
            REUSEPORT => sockopt::set_socket_reuseport(self, on)?,
            BROADCAST => sockopt::set_socket_broadcast(self, on)?,
            SNDBUF => sockopt::set_socket_send_buffer_size(self, size()?)?,
            RCVBUF => sockopt::set_socket_recv_buffer_size(self, size()?)?,
            KEEPALIVE => sockopt::set_socket_keepalive(self, on)?,
            OOBINLINE => sockopt::set_socket_oobinline(self, on)?,
            IP_TTL => sockopt::set_ip_ttl(self, count()?)?,
            IPV6_V6ONLY => sockopt::set_ipv6_v6only(self, on)?,
            TCP_NODELAY => sockopt::set_tcp_nodelay(self, on)?,
            TCP_KEEPIDLE => sockopt::set_tcp_keepidle(self, seconds()?)?,
            TCP_KEEPINTVL => sockopt::set_tcp_keepintvl(self, seconds()?)?,
            TCP_KEEPCNT => sockopt::set_tcp_keepcnt(self, count()?)?,
            _ => return Err(Errno::NOPROTOOPT.into()),
        }
        Ok(())
    }

    /// An option's value as a number.
    pub fn option(&self, level: i32, option: i32) -> Result<i32, HostError> {
        let size = |size: usize| i32::try_from(size).unwrap_or(i32::MAX);
        let seconds = |time: Duration| i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        Ok(match (level, option) {
            TYPE => self.kind().number(),
            ERROR => match self.take_error() {
                Ok(()) => 0,
                Err(error) => error.errno,
            },
            REUSEADDR => sockopt::socket_reuseaddr(self)?.into(),
            REUSEPORT => sockopt::socket_reuseport(self)?.into(),
            BROADCAST => sockopt::socket_broadcast(self)?.into(),
            SNDBUF => size(sockopt::socket_send_buffer_size(self)?),
            RCVBUF => size(sockopt::socket_recv_buffer_size(self)?),
            KEEPALIVE => sockopt::socket_keepalive(self)?.into(),
            OOBINLINE => sockopt::socket_oobinline(self)?.into(),
            ACCEPTCONN => sockopt::socket_acceptconn(self)?.into(),
            IP_TTL => sockopt::ip_ttl(self)? as i32,
            IPV6_V6ONLY => sockopt::ipv6_v6only(self)?.into(),
            TCP_NODELAY => sockopt::tcp_nodelay(self)?.into(),
            TCP_KEEPIDLE => seconds(sockopt::tcp_keepidle(self)?),
            TCP_KEEPINTVL => seconds(sockopt::tcp_keepintvl(self)?),
            TCP_KEEPCNT => sockopt::tcp_keepcnt(self)? as i32,
            _ => return Err(Errno::NOPROTOOPT.into()),
        })
    }

    /// An option's value as the system lays it out.
    pub fn option_bytes(&self, level: i32, option: i32) -> Result<Vec<u8>, HostError> {
        let time = |id| -> Result<Vec<u8>, HostError> {
            let time = sockopt::socket_timeout(self, id)?.unwrap_or_default();
            let parts = [time.as_secs(), u64::from(time.subsec_micros())];
            Ok(parts.into_iter().flat_map(u64::to_ne_bytes).collect())
        };
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        match (level, option) {
            LINGER => {
                let time = sockopt::socket_linger(self)?;
                let seconds = time.map_or(0, |time| time.as_secs() as u32);
                Ok(words(&[time.is_some().into(), seconds]))
            }
            RCVTIMEO => time(sockopt::Timeout::Recv),
            SNDTIMEO => time(sockopt::Timeout::Send),
            #[cfg(target_os = "linux")]
            PEERCRED if self.family() == Family::Local && self.peer_address().is_ok() => {
                let peer = sockopt::socket_peercred(self)?;
                let pid = peer.pid.as_raw_nonzero().get() as u32;
                Ok(words(&[pid, peer.uid.as_raw(), peer.gid.as_raw()]))
            }
            _ => Ok(self.option(level, option)?.to_ne_bytes().to_vec()),
        }
    }

    /// How long closing waits for what is unsent: `SO_LINGER`, in seconds.
    pub fn set_linger(&self, seconds: Option<u32>) -> Result<(), HostError> {
        let time = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(sockopt::set_socket_linger(self, time)?)
    }

    /// `set_linger`'s value.
    pub fn linger(&self) -> Result<Option<u32>, HostError> {
        let time = sockopt::socket_linger(self)?;
        Ok(time.map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX)))
    }

    /// True if the two numbers name `SO_LINGER`, whose value is a pair.
    pub fn is_linger(level: i32, option: i32) -> bool {
        (level, option) == LINGER
    }
}
