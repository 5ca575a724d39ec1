//! `_ssl`: TLS under `ssl`, by rustls. What it does not have of OpenSSL is not here; the script's
//! side says so. Nothing here touches a socket: bytes come and go through two `MemoryBIO`.

pub mod bio;
mod certificate;
pub mod connection;
pub mod context;
mod failure;
mod names;
mod record;
mod settings;
mod trust;
mod verify;

use crate::builtins::arguments::{buffer, bytes, int, list, outside};
use crate::object::native::{Def, ModuleDef, TypeDef};

/// `_ssl`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_ssl",
    doc: "Implementation module for SSL socket operations.",
    functions: &[
        Def::leaf("decode_certificate(data, /)", |vm, args| {
            let der = buffer(vm, &args[0])?;
            certificate::decoded(vm, &der)
        })
        .doc("What a certificate says, as getpeercert() has it."),
        Def::leaf("decrypted_key(data, password, /)", |vm, args| {
            let der = buffer(vm, &args[0])?;
            let password = buffer(vm, &args[1])?;
            match context::decrypted(&der, &password) {
                Some(key) => bytes(vm, &key),
                None => Ok(crate::heap::Value::NONE),
            }
        })
        .doc("The private key under a password, or None."),
        Def::leaf("system_certificates()", |vm, _| {
            let found = crate::host::trusted_certificates(&vm.host.grants);
            let found = outside(vm, found)?;
            let mut out = Vec::with_capacity(found.len());
            for der in &found {
                out.push(bytes(vm, der)?);
            }
            Ok(list(out))
        })
        .doc("The certificates of authorities that this system trusts."),
        Def::leaf("der_length(data, /)", |vm, args| {
            let data = buffer(vm, &args[0])?;
            Ok(int(certificate::outer_length(&data)
                .map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX))))
        })
        .doc("How many bytes the first value takes; -1 when it is not all there."),
    ],
    types: &[&bio::MEMORY_BIO, &context::CONTEXT, &connection::CONNECTION],
    setup: None,
};

/// All types of this module.
pub static TYPES: &[&TypeDef] = &[&bio::MEMORY_BIO, &context::CONTEXT, &connection::CONNECTION];
