//! What connections of one context share: certificates of its own, those it trusts, and the keys
//! of its tickets. All else that a context knows is on the script's side.

use std::cell::RefCell;
use std::sync::Arc;

use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, SignatureScheme};

use super::trust::Trust;
use crate::builtins::arguments::{buffer, bytes, int, list, plain, shape_of_class, tuple};
use crate::heap::{Ref, Value};
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Def, R, TypeDef};
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;

/// What a context holds.
#[derive(Default)]
pub struct Holdings {
    /// Shared with connections that began before the next change.
    pub trust: Arc<Trust>,
    /// Its own certificates, at most one for each kind of key.
    pub identities: Vec<Arc<CertifiedKey>>,
    /// Made when first a server needs it.
    tickets: Option<Arc<dyn ProducesTickets>>,
}

impl Holdings {
    /// What connections choose from when they must show who they are.
    pub fn chooser(&self) -> Arc<Chooser> {
        let complete = |identity: &Arc<CertifiedKey>| match &identity.cert[..] {
            [alone] => {
                let chain = self.trust.behind(alone);
                Arc::new(CertifiedKey::new(chain, identity.key.clone()))
            }
            _ => identity.clone(),
        };
        Arc::new(Chooser(self.identities.iter().map(complete).collect()))
    }

    /// What makes and reads tickets, the same for all connections.
    pub fn tickets(&mut self) -> Option<Arc<dyn ProducesTickets>> {
        if self.tickets.is_none() {
            self.tickets = ring::Ticketer::new().ok();
        }
        self.tickets.clone()
    }
}

traced_object! {
    /// `_ssl._SSLContext`
    pub struct Context: TLS_CONTEXT {
        /// See `Holdings`.
        holdings: Untraced<RefCell<Holdings>>,
    }
}

/// The context that a value is.
pub fn this(vm: &mut Vm, value: &Value) -> R<Ref<Context>> {
    match value.to_ref::<Context>() {
        Some(context) => Ok(context),
        None => Err(vm.type_error("an SSLContext was expected")),
    }
}

/// Which of the certificates to show: the first whose key can sign as the other side wants.
#[derive(Debug)]
pub struct Chooser(Vec<Arc<CertifiedKey>>);

impl Chooser {
    fn choose(&self, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let able = |identity: &&Arc<CertifiedKey>| identity.key.choose_scheme(schemes).is_some();
        self.0.iter().find(able).cloned()
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.signature_schemes())
    }
}

impl ResolvesClientCert for Chooser {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.choose(schemes)
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The private key under a password, or None.
pub fn decrypted(der: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    let sealed = EncryptedPrivateKeyInfoRef::try_from(der).ok()?;
    let opened = sealed.decrypt(password).ok()?;
    Some(opened.as_bytes().to_vec())
}

fn add_trusted(vm: &mut Vm, args: &[Value], shelved: bool) -> R {
    let der = buffer(vm, &args[1])?;
    let context = this(vm, &args[0])?;
    let mut holdings = context.holdings.borrow_mut();
    let trust = Arc::make_mut(&mut holdings.trust);
    Ok(Value::bool(trust.add(&der, shelved)))
}

fn add_revoked(vm: &mut Vm, args: &[Value]) -> R {
    let der = buffer(vm, &args[1])?;
    let context = this(vm, &args[0])?;
    let mut holdings = context.holdings.borrow_mut();
    Ok(Value::bool(
        Arc::make_mut(&mut holdings.trust).add_revoked(&der),
    ))
}

fn private_key(kind: &str, der: Vec<u8>) -> PrivateKeyDer<'static> {
    match kind {
        "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1(der.into()),
        "EC PRIVATE KEY" => PrivateKeyDer::Sec1(der.into()),
        _ => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der)),
    }
}

/// `_identify(chain, kind, key)`: None, or what is wrong: "key" or "mismatch".
fn identify(vm: &mut Vm, args: &[Value]) -> R {
    let mut chain = Vec::new();
    for value in vm.collect(&args[1])? {
        chain.push(CertificateDer::from(buffer(vm, &value)?));
    }
    let kind = plain(&args[2]);
    let key = private_key(&kind, buffer(vm, &args[3])?);
    let context = this(vm, &args[0])?;
    let word = match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
        Ok(identity) => {
            let kind = identity.key.algorithm();
            let mut holdings = context.holdings.borrow_mut();
            holdings
                .identities
                .retain(|old| old.key.algorithm() != kind);
            holdings.identities.push(Arc::new(identity));
            return Ok(Value::NONE);
        }
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => "mismatch",
        Err(_) => "key",
    };
    Ok(crate::builtins::arguments::string(word))
}

/// `_trusted()`: (der, may sign others) of each.
fn trusted(vm: &mut Vm, args: &[Value]) -> R {
    let context = this(vm, &args[0])?;
    let trust = context.holdings.borrow().trust.clone();
    let mut out = Vec::with_capacity(trust.entries.len());
    for entry in trust.entries.iter().filter(|entry| !entry.shelved) {
        let der = bytes(vm, &entry.der)?;
        out.push(tuple(vm, vec![der, Value::bool(entry.facts.authority)])?);
    }
    Ok(list(out))
}

/// `_ssl._SSLContext`
pub static CONTEXT: TypeDef = TypeDef {
    flags: class_flags::BASE | class_flags::WEAKREF,
    new: Some(Def::leaf("__new__(cls, protocol, /)", |_, args| {
        let holdings = Untraced(RefCell::default());
        Ok(Context::alloc(shape_of_class(&args[0]), holdings).into_value())
    })),
    methods: &[
        Def::leaf("_add_trusted(self, der, /)", |vm, args| {
            add_trusted(vm, args, false)
        }),
        Def::leaf("_reveal(self, der, /)", |vm, args| {
            let der = buffer(vm, &args[1])?;
            let context = this(vm, &args[0])?;
            let mut holdings = context.holdings.borrow_mut();
            Arc::make_mut(&mut holdings.trust).reveal(&der);
            Ok(Value::NONE)
        }),
        Def::leaf("_shelve(self, der, /)", |vm, args| {
            add_trusted(vm, args, true)
        }),
        Def::leaf("_add_revoked(self, der, /)", add_revoked),
        Def::leaf("_identify(self, chain, kind, key, /)", identify),
        Def::leaf("_trusted(self, /)", trusted),
        Def::leaf("_revoked(self, /)", |vm, args| {
            let context = this(vm, &args[0])?;
            let count = context.holdings.borrow().trust.revoked.len();
            Ok(int(count as i64))
        }),
    ],
    ..TypeDef::new("_ssl", "_SSLContext", kind::TLS_CONTEXT)
};
