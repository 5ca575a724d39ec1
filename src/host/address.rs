//! Addresses of sockets.

use super::{HostError, paths};
use rustix::io::Errno;
use rustix::net::{SocketAddrAny, SocketAddrUnix};
use std::fmt;
use std::path::PathBuf;

pub use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where a socket is or connects to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An internet address and port.
    Internet(SocketAddr),
    /// A socket file.
    Path(PathBuf),
    /// A name that is no file; Linux only.
    Abstract(Vec<u8>),
    /// A socket of the local family that has no name.
    Unnamed,
}

impl Address {
    /// The number of an internet address's port.
    pub fn port(&self) -> Option<u16> {
        match self {
            Address::Internet(address) => Some(address.port()),
            _ => None,
        }
    }

    /// The internet address, in the text form that scripts see.
    pub fn host_text(&self) -> Option<String> {
        match self {
            Address::Internet(address) => Some(ip_text(address)),
            _ => None,
        }
    }

    pub(super) fn to_any(&self) -> Result<SocketAddrAny, HostError> {
        Ok(match self {
            Address::Internet(address) => SocketAddrAny::from(*address),
            Address::Path(path) => SocketAddrUnix::new(path)
                .map_err(|errno| HostError::from(errno).at(path))?
                .into(),
            #[cfg(target_os = "linux")]
            Address::Abstract(name) => SocketAddrUnix::new_abstract_name(name)?.into(),
            #[cfg(not(target_os = "linux"))]
            Address::Abstract(_) => return Err(HostError::from(Errno::INVAL)),
            #[cfg(target_os = "linux")]
            Address::Unnamed => SocketAddrUnix::new_unnamed().into(),
            #[cfg(not(target_os = "linux"))]
            Address::Unnamed => return Err(HostError::from(Errno::INVAL)),
        })
    }

    pub(super) fn from_any(any: SocketAddrAny) -> Result<Address, HostError> {
        if let Ok(address) = SocketAddr::try_from(any.clone()) {
            return Ok(Address::Internet(address));
        }
        let local =
            SocketAddrUnix::try_from(any).map_err(|_| HostError::from(Errno::AFNOSUPPORT))?;
        if let Some(path) = local.path_bytes() {
            return Ok(Address::Path(paths::path_from_bytes(path)));
        }
        #[cfg(target_os = "linux")]
        if let Some(name) = local.abstract_name().filter(|name| !name.is_empty()) {
            return Ok(Address::Abstract(name.to_vec()));
        }
        Ok(Address::Unnamed)
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Internet(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Internet(address) => address.fmt(f),
            Address::Path(path) => path.display().fmt(f),
            Address::Abstract(name) => write!(f, "\\0{}", String::from_utf8_lossy(name)),
            Address::Unnamed => Ok(()),
        }
    }
}

/// An address as `getsockname` shows it: an IPv6 scope is part of it.
fn ip_text(address: &SocketAddr) -> String {
    match (address.ip(), address) {
        (IpAddr::V6(ip), SocketAddr::V6(full)) if full.scope_id() != 0 => {
            format!("{ip}%{}", full.scope_id())
        }
        (ip, _) => ip.to_string(),
    }
}
