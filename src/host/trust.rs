//! The certificates of authorities that this system trusts.

use super::{Grants, HostError};

/// All of them, each as DER. What cannot be read is left out, as everybody does. They are needed by
/// whom some of the network is granted; of files it takes no grant, since nothing of it is secret.
pub fn trusted_certificates(grants: &Grants) -> Result<Vec<Vec<u8>>, HostError> {
    grants.check_any_net("reading the certificates that this system trusts")?;
    let found = rustls_native_certs::load_native_certs();
    Ok(found.certs.iter().map(|der| der.to_vec()).collect())
}
