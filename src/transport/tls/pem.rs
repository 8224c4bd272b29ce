//! Files and texts in PEM format.

use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::{CertRevocationList, OwnedCertRevocationList};
use zeroize::Zeroizing;

use crate::error::TlsError;
use crate::files;

pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let told = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    files::read(path).map(Zeroizing::new).map_err(told)
}

pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| pem_error("certificate", &error))?;
    if found.is_empty() {
        return Err(pem_error("certificate", &PemError::NoItemsFound));
    }
    Ok(found)
}

pub(super) fn revocation_lists(pem: &[u8]) -> Result<Vec<CertRevocationList<'static>>, String> {
    let mut lists = Vec::new();
    for der in CertificateRevocationListDer::pem_slice_iter(pem) {
        let der = der.map_err(|error| pem_error("revocation list", &error))?;
        let list = OwnedCertRevocationList::from_der(&der)
            .map_err(|error| format!("a revocation list cannot be read: {error}"))?;
        lists.push(list.into());
    }
    if lists.is_empty() {
        return Err(pem_error("revocation list", &PemError::NoItemsFound));
    }
    Ok(lists)
}

pub(super) fn pem_error(what: &str, error: &PemError) -> String {
    match error {
        PemError::NoItemsFound => format!("there is no {what} in PEM format in it"),
        other => format!("it is not good PEM: {other}"),
    }
}

pub(super) fn unusable(item: &str, reason: String) -> TlsError {
    TlsError::Credentials { item: item.to_owned(), reason }
}
