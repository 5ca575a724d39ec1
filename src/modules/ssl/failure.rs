//! What went wrong, in the words of OpenSSL: programs look at them.

use rustls::{AlertDescription, Error, PeerIncompatible, PeerMisbehaved};

use super::record::Foreign;

/// Why a certificate was refused: OpenSSL's number and text for it.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// `X509_V_ERR_...`
    pub code: u16,
    /// The text.
    pub message: String,
}

/// A failed operation. The script's side makes the exception.
#[derive(Clone, Debug)]
pub enum Failure {
    /// With OpenSSL's name of the reason; its words are that name's.
    Reason(String),
    /// A certificate was refused.
    Certificate(Refusal),
    /// The connection ended in the middle.
    UnexpectedEof,
    /// An operation on a connection that failed before.
    Ended,
}

impl Failure {
    /// A failure by the name of its reason.
    pub fn reason(name: &str) -> Failure {
        Failure::Reason(name.to_owned())
    }

    /// What came was not TLS.
    pub fn foreign(foreign: Foreign) -> Failure {
        Failure::reason(match foreign {
            Foreign::Http => "HTTP_REQUEST",
            Foreign::Proxy => "HTTPS_PROXY_REQUEST",
            Foreign::Unknown => "WRONG_VERSION_NUMBER",
        })
    }

    /// What rustls says; `refusal` is what our own look at the certificate found.
    pub fn of(error: &Error, refusal: Option<Refusal>) -> Failure {
        let name = match error {
            Error::AlertReceived(alert) => return Failure::Reason(alert_name(*alert)),
            Error::InvalidCertificate(_) => {
                let unknown = || Refusal {
                    code: 1,
                    message: "unspecified certificate verification error".into(),
                };
                return Failure::Certificate(refusal.unwrap_or_else(unknown));
            }
            Error::NoCertificatesPresented => "PEER_DID_NOT_RETURN_A_CERTIFICATE",
            Error::DecryptError => "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
            Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
                "UNEXPECTED_MESSAGE"
            }
            Error::PeerSentOversizedRecord => "DATA_LENGTH_TOO_LONG",
            Error::NoApplicationProtocol => "NO_APPLICATION_PROTOCOL",
            Error::PeerIncompatible(why) => incompatible(why),
            Error::PeerMisbehaved(why) => misbehaved(why),
            Error::InvalidMessage(_) => "DECODE_ERROR",
            _ => "INTERNAL_ERROR",
        };
        Failure::reason(name)
    }
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match why {
        P::NoCipherSuitesInCommon => "NO_SHARED_CIPHER",
        P::NoKxGroupsInCommon | P::NamedGroupsExtensionRequired => "NO_SUITABLE_KEY_SHARE",
        P::NoSignatureSchemesInCommon | P::SignatureAlgorithmsExtensionRequired => {
            "NO_SUITABLE_SIGNATURE_ALGORITHM"
        }
        _ => "UNSUPPORTED_PROTOCOL",
    }
}

fn misbehaved(why: &PeerMisbehaved) -> &'static str {
    use PeerMisbehaved as P;
    match why {
        P::SelectedUnofferedCipherSuite => "WRONG_CIPHER_RETURNED",
        P::SelectedUnofferedApplicationProtocol => "BAD_EXTENSION",
        _ => "UNEXPECTED_MESSAGE",
    }
}

/// The reason for an alert of the other side. Old alerts have the names of the protocol that brought them.
fn alert_name(alert: AlertDescription) -> String {
    let name = match u8::from(alert) {
        10 => "SSLV3_ALERT_UNEXPECTED_MESSAGE",
        20 => "SSLV3_ALERT_BAD_RECORD_MAC",
        21 => "TLSV1_ALERT_DECRYPTION_FAILED",
        22 => "TLSV1_ALERT_RECORD_OVERFLOW",
        30 => "SSLV3_ALERT_DECOMPRESSION_FAILURE",
        40 => "SSLV3_ALERT_HANDSHAKE_FAILURE",
        41 => "SSLV3_ALERT_NO_CERTIFICATE",
        42 => "SSLV3_ALERT_BAD_CERTIFICATE",
        43 => "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        44 => "SSLV3_ALERT_CERTIFICATE_REVOKED",
        45 => "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        46 => "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        47 => "SSLV3_ALERT_ILLEGAL_PARAMETER",
        48 => "TLSV1_ALERT_UNKNOWN_CA",
        49 => "TLSV1_ALERT_ACCESS_DENIED",
        50 => "TLSV1_ALERT_DECODE_ERROR",
        51 => "TLSV1_ALERT_DECRYPT_ERROR",
        70 => "TLSV1_ALERT_PROTOCOL_VERSION",
        71 => "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        80 => "TLSV1_ALERT_INTERNAL_ERROR",
        86 => "TLSV1_ALERT_INAPPROPRIATE_FALLBACK",
        90 => "TLSV1_ALERT_USER_CANCELLED",
        100 => "TLSV1_ALERT_NO_RENEGOTIATION",
        109 => "TLSV13_ALERT_MISSING_EXTENSION",
        110 => "TLSV1_UNSUPPORTED_EXTENSION",
        111 => "TLSV1_CERTIFICATE_UNOBTAINABLE",
        112 => "TLSV1_UNRECOGNIZED_NAME",
        113 => "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
        114 => "TLSV1_BAD_CERTIFICATE_HASH_VALUE",
        116 => "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        120 => "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
        other => return format!("ALERT_{other}"),
    };
    name.to_owned()
}
