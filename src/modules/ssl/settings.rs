//! From the settings of a context to what rustls is told.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName, UnixTime};
use rustls::server::ClientHello;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};

use super::context::Context;
use super::names::Peer;
use super::verify::{Keys, Sight, Verifier};
use crate::builtins::arguments::{buffer, index};
use crate::heap::Value;
use crate::object::native::R;
use crate::object::tuple::Tuple;
use crate::vm::Vm;

/// Versions, as bits of a number.
const VERSION_12: i64 = 1;
const VERSION_13: i64 = 2;

/// What a context asks for, as a tuple of the script's side.
pub struct Settings {
    verify_mode: i64,
    check_hostname: bool,
    verify_flags: u32,
    common_name: bool,
    versions: i64,
    /// Numbers of cipher suites, the preferred ones first; None for all.
    ciphers: Option<Vec<u16>>,
    /// Numbers of groups for the key exchange.
    groups: Option<Vec<u16>>,
    alpn: Vec<Vec<u8>>,
    tickets: usize,
    server_order: bool,
    log_keys: bool,
}

impl Settings {
    /// The settings in a tuple.
    pub fn of(vm: &mut Vm, value: &Value) -> R<Settings> {
        let items = match value.get::<Tuple>() {
            Some(items) if items.len() == 11 => items.items().to_vec(),
            _ => return Err(vm.type_error("eleven settings were expected")),
        };
        let mut alpn = Vec::new();
        for name in vm.collect(&items[7])? {
            alpn.push(buffer(vm, &name)?);
        }
        Ok(Settings {
            verify_mode: index(vm, &items[0])?,
            check_hostname: items[1].is_true(),
            verify_flags: index(vm, &items[2])? as u32,
            common_name: items[3].is_true(),
            versions: index(vm, &items[4])?,
            ciphers: numbers(vm, &items[5])?,
            groups: numbers(vm, &items[6])?,
            alpn,
            tickets: usize::try_from(index(vm, &items[8])?).unwrap_or(0),
            server_order: items[9].is_true(),
            log_keys: items[10].is_true(),
        })
    }

    fn provider(&self) -> Arc<CryptoProvider> {
        let mut provider = ring::default_provider();
        if let Some(wanted) = &self.ciphers {
            let known = std::mem::take(&mut provider.cipher_suites);
            provider.cipher_suites = wanted
                .iter()
                .filter_map(|n| known.iter().find(|s| u16::from(s.suite()) == *n))
                .copied()
                .collect();
        }
        if let Some(wanted) = &self.groups {
            provider
                .kx_groups
                .retain(|group| wanted.contains(&u16::from(group.name())));
        }
        Arc::new(provider)
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let mut out = Vec::new();
        if self.versions & VERSION_13 != 0 {
            out.push(&TLS13);
        }
        if self.versions & VERSION_12 != 0 {
            out.push(&TLS12);
        }
        out
    }

    fn verifier(&self, context: &Context, peer: Option<Peer>, sight: &Sight) -> Arc<Verifier> {
        Arc::new(Verifier {
            trust: context.holdings.borrow().trust.clone(),
            mode: self.verify_mode,
            flags: self.verify_flags,
            peer,
            common_name: self.common_name,
            algorithms: ring::default_provider().signature_verification_algorithms,
            sight: sight.clone(),
        })
    }
}

fn numbers(vm: &mut Vm, value: &Value) -> R<Option<Vec<u16>>> {
    if value.is_none() {
        return Ok(None);
    }
    let mut out = Vec::new();
    for number in vm.collect(value)? {
        out.push(index(vm, &number)? as u16);
    }
    Ok(Some(out))
}

/// The time of the host, in nanoseconds since 1970.
#[derive(Debug)]
pub struct Wall(pub Arc<AtomicU64>);

impl TimeProvider for Wall {
    fn current_time(&self) -> Option<UnixTime> {
        let now = Duration::from_nanos(self.0.load(Ordering::Relaxed));
        Some(UnixTime::since_unix_epoch(now))
    }
}

/// The configuration of a client, and whom it talks to.
pub fn client(
    settings: &Settings,
    context: &Context,
    host: Option<&str>,
    sight: &Sight,
    wall: Wall,
) -> Result<(Arc<ClientConfig>, ServerName<'static>), String> {
    let peer = host.filter(|_| settings.check_hostname).map(Peer::of);
    let verifier = settings.verifier(context, peer, sight);
    let chooser = context.holdings.borrow().chooser();
    let mut config = ClientConfig::builder_with_provider(settings.provider())
        .with_protocol_versions(&settings.versions())
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(chooser);
    config.alpn_protocols.clone_from(&settings.alpn);
    config.time_provider = Arc::new(wall);
    // Only a session that a script hands over is resumed, and scripts have none.
    config.resumption = Resumption::disabled();
    if settings.log_keys {
        config.key_log = Arc::new(Keys(sight.clone()));
    }
    let name = match host {
        Some(host) => ServerName::try_from(host.to_owned())
            .map_err(|_| format!("server_hostname {host:?} is not a name of a host"))?,
        None => {
            config.enable_sni = false;
            // Never looked at: the verifier knows whom to expect.
            ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0])))
        }
    };
    Ok((Arc::new(config), name))
}

/// The configuration of a server for a client that has greeted it.
pub fn server(
    settings: &Settings,
    context: &Context,
    hello: &ClientHello<'_>,
    sight: &Sight,
    wall: Wall,
) -> Result<Arc<ServerConfig>, String> {
    let verifier = settings.verifier(context, None, sight);
    let chooser = context.holdings.borrow().chooser();
    let mut config = ServerConfig::builder_with_provider(settings.provider())
        .with_protocol_versions(&settings.versions())
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(chooser);
    // A client that wants none of our protocols is served without one, not refused.
    let offered = |name: &Vec<u8>| {
        hello
            .alpn()
            .is_some_and(|mut offered| offered.any(|other| other == name.as_slice()))
    };
    if settings.alpn.iter().any(offered) {
        config.alpn_protocols.clone_from(&settings.alpn);
    }
    config.time_provider = Arc::new(wall);
    if settings.log_keys {
        config.key_log = Arc::new(Keys(sight.clone()));
    }
    config.ignore_client_order = settings.server_order;
    config.send_tls13_tickets = settings.tickets;
    if settings.tickets > 0
        && let Some(tickets) = context.holdings.borrow_mut().tickets()
    {
        config.ticketer = tickets;
    }
    Ok(Arc::new(config))
}
