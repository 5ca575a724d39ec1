//! The certificates of authorities that this system trusts.

use super::{HostError, Permissions};

/// All of them, each as DER. What cannot be read is left out, as everybody does.
pub fn trusted_certificates(permissions: &Permissions) -> Result<Vec<Vec<u8>>, HostError> {
    permissions.check_read()?;
    let found = rustls_native_certs::load_native_certs();
    Ok(found.certs.iter().map(|der| der.to_vec()).collect())
}
