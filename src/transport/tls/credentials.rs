//! Trust anchors and client certificates.

use std::path::Path;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::UnixTime;
use x509_cert::ext::pkix::KeyUsage;

use super::chain::Authorities;
use super::identities::Identities;
use super::options::TlsOptions;
use super::paths::SearchPath;
use super::pem::{certificates, read, revocation_lists, unusable};
use crate::error::TlsError;

/// The trusted CAs and the client's certificates.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) authorities: Authorities,
    pub(super) identities: Identities,
    /// The certificates that were looked for, for when there are none.
    pub(super) searched: String,
}

impl Credentials {
    /// Loads everything and, unless disabled, checks it. Blocks.
    pub(super) fn load(
        options: &TlsOptions,
        directory: Option<&Path>,
        check: bool,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let search_path = SearchPath::new(directory);
        let authorities = load_authorities(options, &search_path)?;
        let identities = Identities::load(options, &search_path, provider)?;
        if check {
            let now = UnixTime::now();
            check_authorities(&authorities, now)?;
            identities.check(&authorities, provider, now)?;
        }
        Ok(Self { authorities, identities, searched: search_path.searched() })
    }
}

fn load_authorities(
    options: &TlsOptions,
    search_path: &SearchPath,
) -> Result<Authorities, TlsError> {
    let (origin, pem) = if let Some(pem) = &options.authorities {
        ("the given authorities".to_owned(), pem.clone())
    } else {
        let path = search_path.authorities();
        let shown = path.display().to_string();
        let pem = read(&path).map_err(|reason| {
            let reason = format!("{reason}; TLS needs to know whom to trust");
            unusable(&shown, reason)
        })?;
        (shown, pem.to_vec())
    };
    let certificates = certificates(&pem).map_err(|reason| unusable(&origin, reason))?;
    let mut authorities = Authorities::new(origin.clone());
    for der in &certificates {
        authorities.add(der).map_err(|reason| unusable(&origin, reason))?;
    }
    let lists = match &options.revoked {
        Some(pem) => Some(("the given revocation lists".to_owned(), pem.clone())),
        None => match search_path.revoked() {
            None => None,
            Some(path) => {
                let shown = path.display().to_string();
                let pem = read(&path).map_err(|reason| unusable(&shown, reason))?;
                Some((shown, pem.to_vec()))
            }
        },
    };
    if let Some((origin, pem)) = lists {
        let lists = revocation_lists(&pem).map_err(|reason| unusable(&origin, reason))?;
        authorities.revoke(lists, origin);
    }
    Ok(authorities)
}

/// Checks that at least one CA is usable; unusable ones are ignored, as the one needed may be
/// another.
fn check_authorities(authorities: &Authorities, now: UnixTime) -> Result<(), TlsError> {
    let mut complaint = None;
    for certificate in authorities.certificates() {
        let subject = &certificate.subject;
        let reason = if certificate.has_expired(now) {
            format!("the authority {subject} has expired, on {}", certificate.not_after)
        } else if certificate.is_not_yet_valid(now) {
            format!("the authority {subject} is not valid before {}", certificate.not_before)
        } else if certificate.is_authority != Some(true) {
            format!("{subject} is not the certificate of an authority")
        } else if !certificate.permits(KeyUsage::key_cert_sign) {
            format!("the key of {subject} may not be used to sign certificates")
        } else {
            return Ok(());
        };
        complaint.get_or_insert(reason);
    }
    complaint.map_or(Ok(()), |reason| Err(unusable(authorities.origin(), reason)))
}
