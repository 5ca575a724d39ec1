//! Names to addresses.
//!
//! A look-up may block for seconds, so it runs on the pool: make a [`Query`],
//! ask [`Query::answer_now`], and if that does not know, submit
//! [`Resolver::look_up`] and take its result from the inbox.

use super::network_grants::Reach;
use super::{Family, Grants, HostError, SocketKind};
use dns_lookup::{AddrInfoHints, LookupError};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Protocol numbers that come with a kind of socket.
const TCP: i32 = 6;
const UDP: i32 = 17;
const RAW_SOCKET: i32 = 3;

/// Bits of `Query::flags`, the system's own (`socket.AI_*`).
const AI_PASSIVE: i32 = 1;
const AI_CANONNAME: i32 = 2;
const AI_NUMERICHOST: i32 = 4;

/// Bit of the flags of `getnameinfo`: the host's number will do.
const NI_NUMERICHOST: i32 = 1;

/// One row of `getaddrinfo`'s answer. Numbers are the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressInfo {
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
    pub canonical_name: String,
    pub address: SocketAddr,
}

/// One question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// A name or a number in text; None for "any" or "this machine".
    pub host: Option<String>,
    /// A name of a service or a number in text.
    pub service: Option<String>,
    /// 0 for all.
    pub family: i32,
    /// 0 for all.
    pub kind: i32,
    /// 0 for all.
    pub protocol: i32,
    pub flags: i32,
}

/// The door to name look-ups.
#[derive(Clone)]
pub struct Resolver {
    grants: Arc<Grants>,
}

impl Resolver {
    pub(super) fn new(grants: Arc<Grants>) -> Self {
        Resolver { grants }
    }

    /// Asks the system; blocks. What it answers for a granted name may be connected to.
    pub fn look_up(&self, query: &Query) -> Result<Vec<AddressInfo>, HostError> {
        let Some(host) = &query.host else {
            return self.ask(query);
        };
        if let Err(denied) = self.grants.check_name(host) {
            // What is a number, in whatever form, tells nobody that somebody asks.
            let flags = query.flags | AI_NUMERICHOST;
            let number = Query {
                flags,
                ..query.clone()
            };
            return self.ask(&number).map_err(|_| denied);
        }
        let rows = self.ask(query)?;
        self.grants
            .learn(host, rows.iter().map(|row| row.address.ip()));
        Ok(rows)
    }

    fn ask(&self, query: &Query) -> Result<Vec<AddressInfo>, HostError> {
        if query.host.is_none() && query.service.is_none() {
            return Err(HostError::lookup(-2, "Name or service not known"));
        }
        let hints = AddrInfoHints {
            flags: query.flags,
            address: query.family,
            socktype: query.kind,
            protocol: query.protocol,
        };
        let found =
            dns_lookup::getaddrinfo(query.host.as_deref(), query.service.as_deref(), Some(hints))
                .map_err(explain)?;
        let mut rows = Vec::new();
        for row in found {
            // Families without an internet address are left out.
            let Ok(row) = row else { continue };
            rows.push(AddressInfo {
                family: row.address,
                kind: row.socktype,
                protocol: row.protocol,
                canonical_name: row.canonname.unwrap_or_default(),
                address: row.sockaddr,
            });
        }
        Ok(rows)
    }

    /// The name of an address and of a port's service, as `getnameinfo`.
    pub fn name_of(&self, address: &SocketAddr, flags: i32) -> Result<(String, String), HostError> {
        if flags & NI_NUMERICHOST == 0 {
            self.grants.check_net(Reach::Connect, address)?;
        }
        dns_lookup::getnameinfo(address, flags).map_err(explain)
    }
}

impl Query {
    /// The answer if it takes no look-up: the host is a number already, or
    /// there is none, and the service is a number.
    pub fn answer_now(&self) -> Option<Vec<AddressInfo>> {
        let asks_nothing = self.host.is_none() && self.service.is_none();
        if self.flags & AI_CANONNAME != 0 || asks_nothing {
            return None;
        }
        let port = match &self.service {
            None => 0,
            Some(text) => text.parse::<u16>().ok()?,
        };
        let addresses = match &self.host {
            Some(text) => vec![text.parse::<IpAddr>().ok()?],
            None if self.flags & AI_PASSIVE != 0 => vec![
                IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            ],
            None => vec![
                IpAddr::V6(Ipv6Addr::LOCALHOST),
                IpAddr::V4(Ipv4Addr::LOCALHOST),
            ],
        };
        let rows: Vec<_> = addresses
            .into_iter()
            .flat_map(|ip| self.rows(SocketAddr::new(ip, port)))
            .collect();
        // Nothing fits the wish: let the system find its words for that.
        (!rows.is_empty()).then_some(rows)
    }

    /// One address in each kind of socket that the question allows.
    fn rows(&self, address: SocketAddr) -> Vec<AddressInfo> {
        let family = if address.is_ipv4() {
            Family::Internet
        } else {
            Family::Internet6
        };
        if self.family != 0 && self.family != family.number() {
            return Vec::new();
        }
        let kinds = [
            (SocketKind::Stream.number(), TCP),
            (SocketKind::Datagram.number(), UDP),
            (RAW_SOCKET, 0),
        ];
        kinds
            .into_iter()
            .filter(|(kind, protocol)| {
                (self.kind == 0 || self.kind == *kind)
                    && (self.protocol == 0 || self.protocol == *protocol)
            })
            .map(|(kind, protocol)| AddressInfo {
                family: family.number(),
                kind,
                protocol,
                canonical_name: String::new(),
                address,
            })
            .collect()
    }
}

/// `gaierror`'s number and text, or the system's if it was that.
fn explain(error: LookupError) -> HostError {
    let code = error.error_num();
    let inner = std::io::Error::from(error);
    if let Some(errno) = inner.raw_os_error() {
        return HostError::os(errno);
    }
    let text = inner.to_string();
    let text = text
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text);
    HostError::lookup(code, text)
}

#[cfg(test)]
mod tests {
    use super::super::Permissions;
    use super::*;

    fn query(host: Option<&str>, service: &str) -> Query {
        Query {
            host: host.map(str::to_owned),
            service: Some(service.to_owned()),
            ..Query::default()
        }
    }

    #[test]
    fn numbers_need_no_look_up() {
        let rows = query(Some("127.0.0.1"), "80").answer_now().unwrap();
        let kinds: Vec<_> = rows.iter().map(|row| (row.kind, row.protocol)).collect();
        assert_eq!(kinds, vec![(1, 6), (2, 17), (3, 0)]);
        assert_eq!(rows[0].address.to_string(), "127.0.0.1:80");
        assert!(query(Some("localhost"), "80").answer_now().is_none());
        assert!(query(Some("::1"), "http").answer_now().is_none());
        let mut any = query(None, "0");
        (any.flags, any.kind) = (AI_PASSIVE, 1);
        assert_eq!(any.answer_now().unwrap().len(), 2);
    }

    #[test]
    fn what_we_answer_is_what_the_system_answers() {
        let resolver = Resolver::new(Arc::new(Grants::new(Permissions::all())));
        for kind in [0, 1, 2] {
            for host in [Some("127.0.0.1"), Some("::1")] {
                let query = Query {
                    kind,
                    ..query(host, "8080")
                };
                let system = resolver.look_up(&query).unwrap();
                assert_eq!(query.answer_now(), Some(system));
            }
        }
    }

    #[test]
    fn an_unknown_name_is_explained() {
        let resolver = Resolver::new(Arc::new(Grants::new(Permissions::all())));
        let question = Query {
            flags: 4,
            ..query(Some("not-a-number"), "80")
        };
        let error = resolver.look_up(&question).unwrap_err();
        assert_eq!(error.kind, crate::host::ErrorKind::Lookup);
        assert_eq!(error.errno, -2);
        assert_eq!(error.message(), "Name or service not known");
        let denied = Resolver::new(Arc::new(Grants::new(Permissions::none())));
        let error = denied.look_up(&question).unwrap_err();
        let text = "looking up 'not-a-number' is not granted (--allow-net=not-a-number)";
        assert_eq!(error.message(), text);
        let number = query(Some("127.1"), "80");
        assert_eq!(
            denied.look_up(&number).unwrap()[0].address.to_string(),
            "127.0.0.1:80"
        );
    }
}
