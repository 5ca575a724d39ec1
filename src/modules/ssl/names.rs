//! Whether a certificate is for a name.

use rustls::pki_types::IpAddr;

/// Whom a client means to talk to.
#[derive(Clone, Debug)]
pub enum Peer {
    /// A host's name, in ASCII.
    Host(String),
    /// An address, as certificates have it (4 or 16 bytes), and its text.
    Address(Vec<u8>, String),
}

impl Peer {
    /// A name or an address.
    pub fn of(text: &str) -> Peer {
        match IpAddr::try_from(text) {
            Ok(IpAddr::V4(address)) => Peer::Address(address.as_ref().to_vec(), text.to_owned()),
            Ok(IpAddr::V6(address)) => Peer::Address(address.as_ref().to_vec(), text.to_owned()),
            Err(_) => Peer::Host(text.to_owned()),
        }
    }
}

/// Whether a name in a certificate stands for a host. A star is the whole first label, and at
/// least two labels follow it.
pub fn matches(pattern: &str, host: &str) -> bool {
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.is_empty() || host.is_empty() {
        return false;
    }
    if pattern.eq_ignore_ascii_case(host) {
        return !pattern.contains('*');
    }
    let Some(rest) = pattern.strip_prefix("*.") else {
        return false;
    };
    let Some((first, domain)) = host.split_once('.') else {
        return false;
    };
    rest.contains('.')
        && !rest.contains('*')
        && !rest.split('.').any(str::is_empty)
        && !first.is_empty()
        && rest.eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_one_label() {
        assert!(matches("*.example.org", "WWW.example.org"));
        assert!(!matches("*.example.org", "example.org"));
        assert!(!matches("*.example.org", "a.b.example.org"));
        assert!(!matches("*.org", "example.org"));
        assert!(!matches("w*.example.org", "www.example.org"));
        assert!(!matches("*", "localhost"));
        assert!(matches("localhost", "LOCALHOST"));
    }
}
