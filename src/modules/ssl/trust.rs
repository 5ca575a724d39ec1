//! The certificates a context trusts.

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{CertRevocationList, OwnedCertRevocationList, anchor_from_trusted_cert};

use super::certificate::{Facts, parsed};

/// One trusted certificate.
#[derive(Clone, Debug)]
pub struct Entry {
    pub der: CertificateDer<'static>,
    /// As the root of a chain; None when it cannot be one.
    pub anchor: Option<TrustAnchor<'static>>,
    pub facts: Facts,
    /// It lies in a directory and was not needed yet: trusted, but not told of.
    pub shelved: bool,
}

/// All of them, and what was revoked.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    pub entries: Vec<Entry>,
    pub revoked: Vec<OwnedCertRevocationList>,
}

impl Trust {
    /// Adds a certificate; false when it is none. One that is known already is not added again.
    pub fn add(&mut self, der: &[u8], shelved: bool) -> bool {
        let known = self.entries.iter_mut().find(|entry| &*entry.der == der);
        if let Some(entry) = known {
            entry.shelved &= shelved;
            return true;
        }
        let Some(certificate) = parsed(der) else {
            return false;
        };
        let der = CertificateDer::from(der.to_vec());
        let anchor = anchor_from_trusted_cert(&der).ok().map(|a| a.to_owned());
        let facts = Facts::of(&certificate);
        self.entries.push(Entry {
            der,
            anchor,
            facts,
            shelved,
        });
        true
    }

    /// A certificate that lay in a directory was needed; others stay strangers.
    pub fn reveal(&mut self, der: &[u8]) {
        let known = self.entries.iter_mut().find(|entry| &*entry.der == der);
        if let Some(entry) = known {
            entry.shelved = false;
        }
    }

    /// Adds a list of what was revoked; false when it is none.
    pub fn add_revoked(&mut self, der: &[u8]) -> bool {
        match OwnedCertRevocationList::from_der(der) {
            Ok(list) => {
                self.revoked.push(list);
                true
            }
            Err(_) => false,
        }
    }

    /// The lists of what was revoked, as the verification takes them.
    pub fn lists(&self) -> Vec<CertRevocationList<'static>> {
        self.revoked.iter().cloned().map(Into::into).collect()
    }

    /// The entry of a certificate.
    pub fn find(&self, der: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.der == der)
    }

    /// A certificate with the trusted ones behind it, as far as they go: who shows it alone shows them too.
    pub fn behind(&self, leaf: &CertificateDer<'static>) -> Vec<CertificateDer<'static>> {
        let mut chain = vec![leaf.clone()];
        let mut facts = parsed(leaf).map(|certificate| Facts::of(&certificate));
        while let Some(known) = &facts
            && !known.self_issued()
            && chain.len() < 16
            && let Some(entry) = self.named(&known.issuer)
        {
            chain.push(entry.der.clone());
            facts = Some(entry.facts.clone());
        }
        chain
    }

    /// The entry whose subject is a name.
    pub fn named(&self, subject: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|e| e.facts.subject == subject)
    }
}
