//! What is written in a certificate.

use der::asn1::ObjectIdentifier;
use der::{Any, Decode, Encode, Tag, Tagged};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::builtins::arguments::{long_string, pair, string, tuple};
use crate::heap::{Ref, Value};
use crate::object::dict::Dict;
use crate::object::native::R;
use crate::vm::Vm;

/// A certificate taken apart, without judging it.
pub type Certificate = CertificateInner<Raw>;

/// A certificate of these bytes.
pub fn parsed(der: &[u8]) -> Option<Certificate> {
    Certificate::from_der(der).ok()
}

/// How many bytes the first value in some DER takes, if they are all there.
pub fn outer_length(data: &[u8]) -> Option<usize> {
    let first = *data.get(1)?;
    let (head, length) = match first {
        0..=0x7F => (2, usize::from(first)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7F);
            let digits = data.get(2..2 + count)?;
            let length = digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (2 + count, length)
        }
        _ => return None,
    };
    (data[0] == 0x30 && data.len() >= head + length).then_some(head + length)
}

/// What verification asks of a certificate.
#[derive(Clone, Debug)]
pub struct Facts {
    pub subject: Vec<u8>,
    pub issuer: Vec<u8>,
    /// Seconds since 1970.
    pub not_before: u64,
    pub not_after: u64,
    /// Version 3.
    pub extended: bool,
    /// Whether it may sign certificates, and whether that stands in an extension that is critical.
    pub authority: bool,
    pub constraints_critical: Option<bool>,
    pub path_limit: bool,
    /// `keyCertSign`, if there is a key usage at all.
    pub signs: Option<bool>,
    /// Whether the key usage allows to serve or to be a client.
    pub usable: bool,
    /// The purposes it is restricted to.
    pub purposes: Option<Vec<String>>,
    pub authority_key: bool,
    pub subject_key: bool,
    /// The names and addresses it is for.
    pub hosts: Vec<String>,
    pub addresses: Vec<Vec<u8>>,
    pub common_names: Vec<String>,
}

impl Facts {
    /// The facts of a certificate.
    pub fn of(certificate: &Certificate) -> Facts {
        let tbs = certificate.tbs_certificate();
        let constraints = tbs.get_extension::<BasicConstraints>().ok().flatten();
        let usage = tbs.get_extension::<KeyUsage>().ok().flatten();
        let purposes = tbs.get_extension::<ExtendedKeyUsage>().ok().flatten();
        let (mut hosts, mut addresses) = (Vec::new(), Vec::new());
        for name in alternative_names(certificate) {
            match name {
                GeneralName::DnsName(name) => hosts.push(name.to_string()),
                GeneralName::IpAddress(bytes) => addresses.push(bytes.as_bytes().to_vec()),
                _ => {}
            }
        }
        let common = |a: &&x509_cert::attr::AttributeTypeAndValue| a.oid == COMMON_NAME;
        let extended = tbs.version() == x509_cert::Version::V3;
        Facts {
            subject: tbs.subject().to_der().unwrap_or_default(),
            issuer: tbs.issuer().to_der().unwrap_or_default(),
            not_before: seconds(&tbs.validity().not_before),
            not_after: seconds(&tbs.validity().not_after),
            extended,
            // One of version 1 that signs itself may sign others too.
            authority: match &constraints {
                Some((_, constraints)) => constraints.ca,
                None => !extended && tbs.subject() == tbs.issuer(),
            },
            constraints_critical: constraints.as_ref().map(|(critical, _)| *critical),
            path_limit: constraints
                .as_ref()
                .is_some_and(|(_, c)| c.path_len_constraint.is_some()),
            signs: usage.as_ref().map(|(_, usage)| usage.key_cert_sign()),
            usable: usage.as_ref().is_none_or(|(_, u)| {
                u.digital_signature() || u.key_encipherment() || u.key_agreement()
            }),
            purposes: purposes.map(|(_, p)| p.0.iter().map(ToString::to_string).collect()),
            authority_key: has_key_identifier(certificate),
            subject_key: matches!(tbs.get_extension::<SubjectKeyIdentifier>(), Ok(Some(_))),
            hosts,
            addresses,
            common_names: tbs
                .subject()
                .iter()
                .filter(common)
                .map(|a| text_of(&a.value))
                .collect(),
        }
    }

    /// Whether it names itself as its issuer.
    pub fn self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

fn has_key_identifier(certificate: &Certificate) -> bool {
    let found = certificate
        .tbs_certificate()
        .get_extension::<AuthorityKeyIdentifier>();
    matches!(found, Ok(Some((_, id))) if id.key_identifier.is_some())
}

fn alternative_names(certificate: &Certificate) -> Vec<GeneralName> {
    match certificate
        .tbs_certificate()
        .get_extension::<SubjectAltName>()
    {
        Ok(Some((_, names))) => names.0,
        _ => Vec::new(),
    }
}

fn seconds(time: &Time) -> u64 {
    time.to_unix_duration().as_secs()
}

// ----- the dict of getpeercert ------------------------------------------------------

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The long names of what a distinguished name is made of.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("2.5.4.3", "commonName"),
    ("2.5.4.4", "surname"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "countryName"),
    ("2.5.4.7", "localityName"),
    ("2.5.4.8", "stateOrProvinceName"),
    ("2.5.4.9", "streetAddress"),
    ("2.5.4.10", "organizationName"),
    ("2.5.4.11", "organizationalUnitName"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "givenName"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("0.9.2342.19200300.100.1.1", "userId"),
    ("0.9.2342.19200300.100.1.25", "domainComponent"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionLocalityName"),
    (
        "1.3.6.1.4.1.311.60.2.1.2",
        "jurisdictionStateOrProvinceName",
    ),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionCountryName"),
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What a certificate says, as `getpeercert` has it; None when it is none.
pub fn decoded(vm: &mut Vm, der: &[u8]) -> R {
    let Some(certificate) = parsed(der) else {
        return Ok(Value::NONE);
    };
    let tbs = certificate.tbs_certificate();
    let out = Dict::new();
    let subject = name_value(vm, tbs.subject())?;
    vm.set_name(&out, "subject", subject)?;
    let issuer = name_value(vm, tbs.issuer())?;
    vm.set_name(&out, "issuer", issuer)?;
    let version = Value::int32(tbs.version() as i32 + 1);
    vm.set_name(&out, "version", version)?;
    let serial = serial_text(tbs.serial_number().as_bytes());
    vm.set_name(&out, "serialNumber", string(&serial))?;
    for (key, time) in [
        ("notBefore", &tbs.validity().not_before),
        ("notAfter", &tbs.validity().not_after),
    ] {
        vm.set_name(&out, key, string(&time_text(time)))?;
    }
    let names = alternative_names(&certificate);
    if !names.is_empty() {
        let names = names_value(vm, &names)?;
        vm.set_name(&out, "subjectAltName", names)?;
    }
    put_addresses(vm, &out, &certificate)?;
    Ok(out.into_value())
}

fn put_addresses(vm: &mut Vm, out: &Ref<Dict>, certificate: &Certificate) -> R<()> {
    let tbs = certificate.tbs_certificate();
    if let Ok(Some((_, access))) = tbs.get_extension::<AuthorityInfoAccessSyntax>() {
        for (key, method) in [
            ("OCSP", "1.3.6.1.5.5.7.48.1"),
            ("caIssuers", "1.3.6.1.5.5.7.48.2"),
        ] {
            let wanted = access
                .0
                .iter()
                .filter(|a| a.access_method.to_string() == method);
            put_uris(vm, out, key, wanted.map(|a| &a.access_location))?;
        }
    }
    if let Ok(Some((_, points))) = tbs.get_extension::<CrlDistributionPoints>() {
        fn full(name: &DistributionPointName) -> &[GeneralName] {
            match name {
                DistributionPointName::FullName(names) => names,
                DistributionPointName::NameRelativeToCRLIssuer(_) => &[],
            }
        }
        let names = points
            .0
            .iter()
            .filter_map(|p| p.distribution_point.as_ref());
        put_uris(vm, out, "crlDistributionPoints", names.flat_map(full))?;
    }
    Ok(())
}

fn put_uris<'a>(
    vm: &mut Vm,
    out: &Ref<Dict>,
    key: &str,
    names: impl Iterator<Item = &'a GeneralName>,
) -> R<()> {
    let mut uris = Vec::new();
    for name in names {
        if let GeneralName::UniformResourceIdentifier(uri) = name {
            uris.push(long_string(vm, uri.as_str())?);
        }
    }
    if uris.is_empty() {
        return Ok(());
    }
    let uris = tuple(vm, uris)?;
    vm.set_name(out, key, uris)
}

fn name_value(vm: &mut Vm, name: &Name) -> R {
    let mut parts = Vec::new();
    for part in name.iter_rdn() {
        let mut pairs = Vec::new();
        for attribute in part.iter() {
            let oid = attribute.oid.to_string();
            let known = ATTRIBUTES.iter().find(|(number, _)| *number == oid);
            let key = string(known.map_or(oid.as_str(), |(_, name)| name));
            let text = long_string(vm, &text_of(&attribute.value))?;
            pairs.push(pair(key, text));
        }
        parts.push(tuple(vm, pairs)?);
    }
    tuple(vm, parts)
}

/// The text of a string of any of ASN.1's kinds.
fn text_of(value: &Any) -> String {
    let bytes = value.value();
    match value.tag() {
        Tag::TeletexString => bytes.iter().map(|b| char::from(*b)).collect(),
        Tag::BmpString => {
            let units = bytes.chunks_exact(2);
            let units: Vec<u16> = units.map(|u| u16::from_be_bytes([u[0], u[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn names_value(vm: &mut Vm, names: &[GeneralName]) -> R {
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let (key, text) = match name {
            GeneralName::DnsName(text) => ("DNS", text.to_string()),
            GeneralName::Rfc822Name(text) => ("email", text.to_string()),
            GeneralName::UniformResourceIdentifier(text) => ("URI", text.to_string()),
            GeneralName::IpAddress(bytes) => ("IP Address", address_text(bytes.as_bytes())),
            GeneralName::RegisteredId(oid) => ("Registered ID", oid.to_string()),
            GeneralName::DirectoryName(name) => {
                let name = name_value(vm, name)?;
                out.push(pair(string("DirName"), name));
                continue;
            }
            GeneralName::OtherName(_) => ("othername", "<unsupported>".into()),
            GeneralName::EdiPartyName(_) => ("EdiPartyName", "<unsupported>".into()),
        };
        let text = long_string(vm, &text)?;
        out.push(pair(string(key), text));
    }
    tuple(vm, out)
}

fn address_text(bytes: &[u8]) -> String {
    match bytes {
        [a, b, c, d] => format!("{a}.{b}.{c}.{d}"),
        _ if bytes.len() == 16 => {
            let groups = bytes
                .chunks_exact(2)
                .map(|g| format!("{:X}", u16::from_be_bytes([g[0], g[1]])));
            groups.collect::<Vec<_>>().join(":")
        }
        _ => "<invalid>".into(),
    }
}

fn serial_text(bytes: &[u8]) -> String {
    let start = bytes.iter().position(|b| *b != 0);
    let digits = start.map_or(&[0][..], |start| &bytes[start..]);
    digits.iter().map(|b| format!("{b:02X}")).collect()
}

fn time_text(time: &Time) -> String {
    let at = time.to_date_time();
    format!(
        "{} {:>2} {:02}:{:02}:{:02} {} GMT",
        MONTHS[usize::from(at.month() - 1) % 12],
        at.day(),
        at.hour(),
        at.minutes(),
        at.seconds(),
        at.year()
    )
}
