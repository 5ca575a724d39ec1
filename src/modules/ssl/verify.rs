//! Whether to believe a certificate. The chain is webpki's work; this asks it in OpenSSL's terms:
//! which certificates can end a chain, in which order faults are looked for, and what they are called.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, KeyLog, OtherError,
    SignatureScheme,
};
use webpki::{
    EndEntityCert, KeyUsage, RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::certificate::{Facts, parsed};
use super::failure::Refusal;
use super::names::{Peer, matches};
use super::trust::Trust;

/// Bits of `verify_flags`.
const CHECK_LEAF: u32 = 0x4;
const CHECK_CHAIN: u32 = 0x8;
const STRICT: u32 = 0x20;
const PARTIAL_CHAIN: u32 = 0x8_0000;

/// How often an issuer is looked for.
const LONGEST_CHAIN: usize = 16;

/// What a handshake has shown of the other side.
#[derive(Debug, Default)]
pub struct Seen {
    /// What it sent, its own certificate first.
    pub presented: Vec<CertificateDer<'static>>,
    /// The chain up to one that is trusted; empty if nobody looked for it.
    pub chain: Vec<CertificateDer<'static>>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// The keys of the connection, if they are to be written down.
    pub keys: Vec<String>,
}

/// Shared by a connection and its verifier.
pub type Sight = Arc<Mutex<Seen>>;

/// The lock of it; nothing can fail while it is held.
pub fn look(sight: &Sight) -> MutexGuard<'_, Seen> {
    sight.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the keys of a connection down.
#[derive(Debug)]
pub struct Keys(pub Sight);

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let digits = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let line = format!("{label} {} {}", digits(client_random), digits(secret));
        look(&self.0).keys.push(line);
    }
}

/// What a context asks of certificates.
#[derive(Debug)]
pub struct Verifier {
    pub trust: Arc<Trust>,
    /// CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED.
    pub mode: i64,
    pub flags: u32,
    /// Whom it must be for.
    pub peer: Option<Peer>,
    /// Whether the common name counts where no other name is given.
    pub common_name: bool,
    pub algorithms: WebPkiSupportedAlgorithms,
    pub sight: Sight,
}

/// A certificate with its facts.
struct Link {
    der: CertificateDer<'static>,
    facts: Facts,
}

impl Link {
    fn of(der: &CertificateDer<'_>) -> Option<Link> {
        let facts = Facts::of(&parsed(der)?);
        let der = der.clone().into_owned();
        Some(Link { der, facts })
    }
}

impl Verifier {
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
        server: bool,
    ) -> Result<(), Error> {
        let others: Vec<_> = others.iter().map(|c| c.clone().into_owned()).collect();
        let mut seen = look(&self.sight);
        seen.presented = vec![leaf.clone().into_owned()];
        seen.presented.extend(others.iter().cloned());
        if self.mode == 0 {
            return Ok(());
        }
        match self.chain(leaf, &others, now, server) {
            Ok(chain) => {
                seen.chain = chain;
                Ok(())
            }
            Err(refusal) => {
                let error = Error::InvalidCertificate(alert_of(refusal.code));
                seen.refusal = Some(refusal);
                Err(error)
            }
        }
    }

    /// The chain from the leaf to what is trusted.
    fn chain(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'static>],
        now: UnixTime,
        server: bool,
    ) -> Result<Vec<CertificateDer<'static>>, Refusal> {
        let leaf = Link::of(leaf).ok_or_else(|| refused(1))?;
        let partial = self.flags & PARTIAL_CHAIN != 0;
        let trusted = self.trust.find(&leaf.der).is_some();
        let chain = if trusted && (partial || leaf.facts.self_issued()) {
            check_purpose(&leaf.facts, server).map(|()| vec![leaf.der.clone()])
        } else {
            self.find_issuers(&leaf, others)?;
            self.path(&leaf.der, others, now, server)
        };
        if let Ok(chain) = &chain
            && self.flags & STRICT != 0
            && chain.len() > 1
        {
            check_strictly(chain)?;
        }
        // What is wrong with the chain's extensions comes before the name, the rest behind it.
        if let Err(refusal) = &chain
            && matches!(refusal.code, 22 | 25 | 26 | 34 | 79)
        {
            return chain;
        }
        self.check_name(&leaf.facts)?;
        let chain = chain?;
        for der in chain.iter().rev() {
            if let Some(link) = Link::of(der) {
                check_time(&link.facts, now)?;
            }
        }
        Ok(chain)
    }

    /// The path that webpki finds.
    fn path(
        &self,
        leaf: &CertificateDer<'static>,
        others: &[CertificateDer<'static>],
        now: UnixTime,
        server: bool,
    ) -> Result<Vec<CertificateDer<'static>>, Refusal> {
        let partial = self.flags & PARTIAL_CHAIN != 0;
        let mut anchors = Vec::new();
        let mut between = others.to_vec();
        for entry in &self.trust.entries {
            match &entry.anchor {
                Some(anchor) if partial || entry.facts.self_issued() => {
                    anchors.push(anchor.clone());
                }
                _ => between.push(entry.der.clone()),
            }
        }
        let lists = self.trust.lists();
        let lists: Vec<_> = lists.iter().collect();
        let revocation = match self.flags & (CHECK_LEAF | CHECK_CHAIN) {
            0 => None,
            bits => {
                let depth = if bits & CHECK_CHAIN != 0 {
                    RevocationCheckDepth::Chain
                } else {
                    RevocationCheckDepth::EndEntity
                };
                let builder = RevocationOptionsBuilder::new(&lists).map_err(|_| refused(3))?;
                let builder = builder.with_depth(depth);
                Some(
                    builder
                        .with_status_policy(UnknownStatusPolicy::Deny)
                        .build(),
                )
            }
        };
        let usage = if server {
            KeyUsage::server_auth()
        } else {
            KeyUsage::client_auth()
        };
        let parsed = EndEntityCert::try_from(leaf).map_err(|e| refused(code_of(&e)))?;
        let path = parsed
            .verify_for_usage(
                self.algorithms.all,
                &anchors,
                &between,
                now,
                usage,
                revocation,
                None,
            )
            .map_err(|e| refused(code_of(&e)))?;
        let mut chain = vec![leaf.clone()];
        for certificate in path.intermediate_certificates() {
            chain.push(certificate.der().into_owned());
        }
        let root = path.anchor();
        let root = self.trust.entries.iter().find(|entry| {
            entry.anchor.as_ref().is_some_and(|a| {
                a.subject == root.subject
                    && a.subject_public_key_info == root.subject_public_key_info
            })
        });
        chain.extend(root.map(|entry| entry.der.clone()));
        Ok(chain)
    }

    /// Whether there is an issuer for each certificate, by name: that is looked at before anything else.
    fn find_issuers(&self, leaf: &Link, others: &[CertificateDer<'static>]) -> Result<(), Refusal> {
        let partial = self.flags & PARTIAL_CHAIN != 0;
        let others: Vec<_> = others.iter().filter_map(Link::of).collect();
        let mut at = (leaf.facts.clone(), leaf.der.clone());
        let mut from_store = false;
        for depth in 0..LONGEST_CHAIN {
            let (facts, der) = &at;
            let trusted = self.trust.find(der).is_some();
            if trusted && (partial || facts.self_issued()) {
                return Ok(());
            }
            if facts.self_issued() {
                return Err(refused(if depth == 0 { 18 } else { 19 }));
            }
            at = if let Some(entry) = self.trust.named(&facts.issuer) {
                from_store = true;
                (entry.facts.clone(), entry.der.clone())
            } else if let Some(link) = others.iter().find(|l| l.facts.subject == facts.issuer) {
                (link.facts.clone(), link.der.clone())
            } else {
                return Err(refused(if from_store { 2 } else { 20 }));
            };
        }
        Err(refused(22))
    }

    fn check_name(&self, facts: &Facts) -> Result<(), Refusal> {
        match &self.peer {
            None => Ok(()),
            Some(Peer::Address(wanted, text)) => {
                if facts.addresses.contains(wanted) {
                    return Ok(());
                }
                Err(Refusal {
                    code: 64,
                    message: format!("IP address mismatch, certificate is not valid for '{text}'."),
                })
            }
            Some(Peer::Host(host)) => {
                let named = if facts.hosts.is_empty() && self.common_name {
                    &facts.common_names
                } else {
                    &facts.hosts
                };
                if named.iter().any(|name| matches(name, host)) {
                    return Ok(());
                }
                Err(Refusal {
                    code: 62,
                    message: format!("Hostname mismatch, certificate is not valid for '{host}'."),
                })
            }
        }
    }
}

fn check_time(facts: &Facts, now: UnixTime) -> Result<(), Refusal> {
    let now = now.as_secs();
    if now < facts.not_before {
        return Err(refused(9));
    }
    if now > facts.not_after {
        return Err(refused(10));
    }
    Ok(())
}

/// Whether a certificate that is trusted itself is for a server, or for a client.
fn check_purpose(facts: &Facts, server: bool) -> Result<(), Refusal> {
    let wanted = if server {
        "1.3.6.1.5.5.7.3.1"
    } else {
        "1.3.6.1.5.5.7.3.2"
    };
    let allowed = facts
        .purposes
        .as_ref()
        .is_none_or(|purposes| purposes.iter().any(|p| p == wanted || p == "2.5.29.37.0"));
    if allowed && facts.usable {
        Ok(())
    } else {
        Err(refused(26))
    }
}

/// What RFC 5280 asks beyond what everybody asks.
fn check_strictly(chain: &[CertificateDer<'static>]) -> Result<(), Refusal> {
    for (at, der) in chain.iter().enumerate() {
        let Some(Link { facts, .. }) = Link::of(der) else {
            continue;
        };
        let last = at + 1 == chain.len();
        let faults = [
            (facts.path_limit && !facts.authority, 80),
            (facts.path_limit && facts.signs == Some(false), 81),
            (
                facts.authority && facts.constraints_critical == Some(false),
                89,
            ),
            (facts.authority && facts.signs.is_none(), 92),
            (!facts.authority && facts.signs == Some(true), 82),
            (facts.issuer.len() <= 2, 83),
            (facts.authority && facts.subject.len() <= 2, 84),
            (
                facts.extended && !facts.authority_key && !(last && facts.self_issued()),
                85,
            ),
            (facts.authority && !facts.subject_key, 86),
            (!facts.extended, 79),
        ];
        if let Some((_, code)) = faults.iter().find(|(fault, _)| *fault) {
            return Err(refused(*code));
        }
    }
    Ok(())
}

/// OpenSSL's number for a fault that webpki found.
fn code_of(error: &webpki::Error) -> u16 {
    use webpki::Error as E;
    match error {
        E::UnknownIssuer => 20,
        E::CertExpired { .. } => 10,
        E::CertNotValidYet { .. } => 9,
        E::CertRevoked => 23,
        E::UnknownRevocationStatus => 3,
        E::CrlExpired { .. } => 12,
        E::IssuerNotCrlSigner => 35,
        E::InvalidCrlSignatureForPublicKey => 8,
        E::InvalidSignatureForPublicKey
        | E::SignatureAlgorithmMismatch
        | E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => 7,
        E::PathLenConstraintViolated => 25,
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => 26,
        E::CaUsedAsEndEntity | E::EndEntityUsedAsCa => 79,
        E::NameConstraintViolation => 47,
        E::UnsupportedCriticalExtension => 34,
        E::MaximumPathDepthExceeded | E::MaximumPathBuildCallsExceeded => 22,
        _ => 1,
    }
}

/// A refusal by OpenSSL's number.
fn refused(code: u16) -> Refusal {
    let message = match code {
        2 => "unable to get issuer certificate",
        3 => "unable to get certificate CRL",
        7 => "certificate signature failure",
        8 => "CRL signature failure",
        9 => "certificate is not yet valid",
        10 => "certificate has expired",
        12 => "CRL has expired",
        18 => "self-signed certificate",
        19 => "self-signed certificate in certificate chain",
        20 => "unable to get local issuer certificate",
        22 => "certificate chain too long",
        23 => "certificate revoked",
        25 => "path length constraint exceeded",
        26 => "unsuitable certificate purpose",
        34 => "unhandled critical extension",
        35 => "key usage does not include CRL signing",
        47 => "permitted subtree violation",
        79 => "invalid CA certificate",
        80 => "Path length invalid for non-CA cert",
        81 => "Path length given without key usage keyCertSign",
        82 => "Key usage keyCertSign invalid for non-CA cert",
        83 => "Issuer name empty",
        84 => "Subject name empty",
        85 => "Missing Authority Key Identifier",
        86 => "Missing Subject Key Identifier",
        89 => "Basic Constraints of CA cert not marked critical",
        92 => "CA cert does not include key usage extension",
        _ => "unspecified certificate verification error",
    };
    Refusal {
        code,
        message: message.into(),
    }
}

/// The error that has rustls send OpenSSL's alert for a fault.
fn alert_of(code: u16) -> CertificateError {
    match code {
        2 | 3 | 18 | 19 | 20 | 22 | 25 | 79 => CertificateError::UnknownIssuer,
        7 | 8 => CertificateError::BadSignature,
        9 | 11 => CertificateError::BadEncoding,
        10 | 12 => CertificateError::Expired,
        23 => CertificateError::Revoked,
        26 => CertificateError::InvalidPurpose,
        62 | 64 => CertificateError::NotValidForName,
        _ => CertificateError::Other(OtherError(Arc::new(std::fmt::Error))),
    }
}

/// What both traits ask about signatures, in the same words.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, cert, dss, &self.algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, dss, &self.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates, now, true)?;
        Ok(ServerCertVerified::assertion())
    }

    signatures!();
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.mode > 0
    }

    fn client_auth_mandatory(&self) -> bool {
        self.mode > 1
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates, now, false)?;
        Ok(ClientCertVerified::assertion())
    }

    signatures!();
}
