//! Places in the network that are granted, and what belongs to them.
//!
//! A name grants its look-up and the addresses that this answered; every address is compared where a
//! socket really connects, sends or listens. So it is of no use to have a name answer otherwise later.

use super::{Grants, HostError, IpAddr, SocketAddr};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::PoisonError;

/// Whom a place names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    /// One host, in lower case.
    Host(String),
    /// All hosts whose names end with this, which begins with a dot.
    Below(String),
    /// All addresses that share so many bits with this one.
    Network(IpAddr, u8),
}

/// A granted place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    name: Name,
    /// None is any.
    port: Option<u16>,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let wrong =
            || format!("'{text}' is no place in the network: HOST, HOST:PORT or ADDRESS/BITS is");
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Place {
                name: whole(address),
                port: None,
            });
        }
        let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inside, rest)) => {
                let (bits, port) = match rest.split_once(':') {
                    Some((bits, port)) => (bits, Some(port)),
                    None => (rest, None),
                };
                if !bits.is_empty() && !bits.starts_with('/') {
                    return Err(wrong());
                }
                (format!("{inside}{bits}"), port)
            }
            // A network of the sixth version has colons of its own, and no port without brackets.
            None if text.contains('/') && text.matches(':').count() > 1 => (text.into(), None),
            None => match text.split_once(':') {
                Some((name, port)) => (name.into(), Some(port)),
                None => (text.into(), None),
            },
        };
        let port = match port {
            None | Some("*") => None,
            Some(port) => Some(port.parse().map_err(|_| wrong())?),
        };
        Ok(Place {
            name: name_of(&name).ok_or_else(wrong)?,
            port,
        })
    }
}

fn name_of(text: &str) -> Option<Name> {
    if text == "*" {
        return Some(Name::Any);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(whole(address));
    }
    if let Some((address, bits)) = text.split_once('/') {
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Name::Network(address, bits));
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let name = plain(name);
    let sound = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(sound) || name.starts_with('.') {
        return None;
    }
    Some(if below {
        Name::Below(format!(".{name}"))
    } else {
        Name::Host(name)
    })
}

fn whole(address: IpAddr) -> Name {
    Name::Network(address, if address.is_ipv4() { 32 } else { 128 })
}

/// A host's name as it is compared.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

impl Name {
    fn covers(&self, address: IpAddr) -> bool {
        match self {
            Name::Any => true,
            Name::Host(name) => {
                name == "localhost"
                    && (address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST)
            }
            Name::Below(_) => false,
            Name::Network(network, bits) => match (network.to_canonical(), address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    // A mapped network counts its bits from the front of the longer address.
                    let bits = if network_is_mapped(self) {
                        bits.saturating_sub(96)
                    } else {
                        *bits
                    };
                    let drop = 32 - u32::from(bits.min(32));
                    let cut = |a: Ipv4Addr| u64::from(a.to_bits()) >> drop;
                    cut(network) == cut(address)
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    let drop = 128 - u32::from(*bits);
                    let cut = |a: Ipv6Addr| a.to_bits().checked_shr(drop).unwrap_or(0);
                    cut(network) == cut(address)
                }
                _ => false,
            },
        }
    }

    fn names(&self, host: &str) -> bool {
        match self {
            Name::Any => true,
            Name::Host(name) => name == host,
            Name::Below(end) => host.ends_with(end.as_str()) && host.len() > end.len(),
            Name::Network(..) => false,
        }
    }
}

fn network_is_mapped(name: &Name) -> bool {
    matches!(name, Name::Network(IpAddr::V6(_), _))
}

impl Place {
    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

/// What a socket does at an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Connect,
    Send,
    Listen,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reach::Connect => "connecting to",
            Reach::Send => "sending to",
            Reach::Listen => "listening at",
        })
    }
}

/// The address that is really reached: one of the fourth version in the clothes of the sixth is what
/// it is, and who connects to no address gets this machine.
fn reached(address: IpAddr, reach: Reach) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) if v4.is_unspecified() && reach != Reach::Listen => {
            Ipv4Addr::LOCALHOST.into()
        }
        IpAddr::V6(v6) if v6.is_unspecified() && reach != Reach::Listen => {
            Ipv6Addr::LOCALHOST.into()
        }
        other => other,
    }
}

/// Whether the answer to a look-up may count for the name: no name but that of this machine itself
/// leads back to it, or to all who listen.
fn may_answer(name: &str, address: IpAddr) -> bool {
    let (loopback, local) = match address {
        IpAddr::V4(v4) => (v4.is_loopback(), v4.is_link_local() || v4.is_broadcast()),
        IpAddr::V6(v6) => (v6.is_loopback(), v6.is_unicast_link_local()),
    };
    if loopback {
        return is_localhost(name);
    }
    !local && !address.is_unspecified() && !address.is_multicast()
}

impl Grants {
    /// An error unless a socket may do this at this address.
    pub(super) fn check_net(&self, reach: Reach, address: &SocketAddr) -> Result<(), HostError> {
        let net = &self.permissions().net;
        if net.is_everything() {
            return Ok(());
        }
        let (ip, port) = (reached(address.ip(), reach), address.port());
        if net
            .each()
            .iter()
            .any(|place| place.has_port(port) && place.name.covers(ip))
        {
            return Ok(());
        }
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places = learned.get(&ip).into_iter().flatten();
        if places.any(|at| net.each()[*at].has_port(port)) {
            return Ok(());
        }
        let shown = SocketAddr::new(ip, port);
        Err(HostError::denied(
            &format!("{reach} {shown}"),
            &format!("net={shown}"),
        ))
    }

    /// An error unless some of the network is granted.
    pub(super) fn check_any_net(&self, what: &str) -> Result<(), HostError> {
        let net = &self.permissions().net;
        match net.is_everything() || !net.each().is_empty() {
            true => Ok(()),
            false => Err(HostError::denied(what, "net")),
        }
    }

    /// An error unless all of the network is granted.
    pub(super) fn check_all_net(&self, what: &str) -> Result<(), HostError> {
        match self.permissions().net.is_everything() {
            true => Ok(()),
            false => Err(HostError::denied(what, "net")),
        }
    }

    /// An error unless this name may be looked up.
    pub(super) fn check_name(&self, host: &str) -> Result<(), HostError> {
        let net = &self.permissions().net;
        let name = plain(host);
        if net.is_everything() || net.each().iter().any(|place| place.name.names(&name)) {
            return Ok(());
        }
        Err(HostError::denied(
            &format!("looking up '{host}'"),
            &format!("net={host}"),
        ))
    }

    /// Keeps in mind what the look-up of a name answered.
    pub(super) fn learn(&self, host: &str, addresses: impl Iterator<Item = IpAddr>) {
        let net = &self.permissions().net;
        if net.is_everything() {
            return;
        }
        let name = plain(host);
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        for address in addresses.map(|address| address.to_canonical()) {
            if !may_answer(&name, address) {
                continue;
            }
            let places: &mut Vec<usize> = learned.entry(address).or_default();
            for (at, place) in net.each().iter().enumerate() {
                if place.name.names(&name) && !places.contains(&at) {
                    places.push(at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Permissions;
    use super::*;

    fn grants(places: &[&str]) -> Grants {
        let granted = Permissions::none();
        let granted = places
            .iter()
            .fold(granted, |granted, place| granted.net(place));
        assert_eq!(granted.mistakes(), &[] as &[String]);
        Grants::new(granted)
    }

    fn connects(grants: &Grants, address: &str) -> bool {
        grants
            .check_net(Reach::Connect, &address.parse().unwrap())
            .is_ok()
    }

    #[test]
    fn addresses_and_networks_are_compared_as_what_they_are() {
        let some = grants(&["10.0.0.0/8:80", "127.0.0.1:8080", "[2001:db8::]/32", "::1"]);
        for granted in [
            "10.1.2.3:80",
            "127.0.0.1:8080",
            "[::ffff:127.0.0.1]:8080",
            "0.0.0.0:8080",
            "[2001:db8:5::1]:1",
            "[::1]:9",
            "[::]:9",
        ] {
            assert!(connects(&some, granted), "{granted}");
        }
        for refused in [
            "10.1.2.3:81",
            "11.0.0.1:80",
            "127.0.0.1:80",
            "127.0.0.2:8080",
            "[::ffff:127.0.0.1]:80",
            "[2001:db9::1]:1",
            "255.255.255.255:80",
        ] {
            assert!(!connects(&some, refused), "{refused}");
        }
        let listens = |address: &str| {
            some.check_net(Reach::Listen, &address.parse().unwrap())
                .is_ok()
        };
        assert!(listens("127.0.0.1:8080") && !listens("0.0.0.0:8080") && !listens("127.0.0.1:0"));
        assert!(
            connects(&grants(&["*:25"]), "9.9.9.9:25")
                && !connects(&grants(&["*:25"]), "9.9.9.9:26")
        );
        assert!(
            connects(&grants(&["0.0.0.0/0"]), "9.9.9.9:25")
                && connects(&grants(&["::/0"]), "[9::]:1")
        );
        assert!(connects(&grants(&["::ffff:10.0.0.0/104"]), "10.9.9.9:1"));
        assert!(!connects(&grants(&["::ffff:10.0.0.0/104"]), "11.9.9.9:1"));
        assert!(
            connects(&grants(&["localhost:1"]), "[::1]:1") && !connects(&grants(&[]), "[::1]:1")
        );
    }

    #[test]
    fn a_name_grants_what_its_look_up_answered_but_not_this_machine() {
        let some = grants(&["Example.org:443", "*.example.com", "localhost"]);
        assert!(
            some.check_name("example.ORG.").is_ok() && some.check_name("a.b.example.com").is_ok()
        );
        for other in [
            "www.example.org",
            "example.com",
            "badexample.com",
            "example.org.evil",
        ] {
            assert!(some.check_name(other).is_err(), "{other}");
        }
        assert!(!connects(&some, "93.184.215.14:443"));
        let answers = [
            "93.184.215.14",
            "127.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::ffff:127.0.0.9",
        ];
        some.learn("example.org", answers.iter().map(|ip| ip.parse().unwrap()));
        assert!(connects(&some, "93.184.215.14:443") && !connects(&some, "93.184.215.14:80"));
        for refused in ["127.0.0.9:443", "169.254.169.254:443", "[fe80::1]:443"] {
            assert!(!connects(&some, refused), "{refused}");
        }
    }

    #[test]
    fn what_is_no_place_is_told() {
        for text in [
            "",
            ":",
            "a:b",
            "a:99999",
            "1.2.3.4/33",
            "[::1",
            "http://x",
            "a b",
            "*.",
            "::1/129",
            "[::1]x",
        ] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
