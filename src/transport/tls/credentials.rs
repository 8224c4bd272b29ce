//! What this side brings along: whom it trusts, and who it is.

use std::path::Path;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime,
};
use tokio_rustls::rustls::sign::CertifiedKey;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_cert::ext::pkix::KeyUsage;
use zeroize::{Zeroize as _, Zeroizing};

use super::certificate::{Certificate, Role, SIGNING_BITS};
use super::chain::{Authorities, Broken};
use super::options::{Identity, TlsOptions};
use super::places::Places;
use crate::error::TlsError;
use crate::files;

/// What the server is told and measured by.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) authorities: Authorities,
    pub(super) identity: Option<Own>,
    /// Which certificates were looked for, for when there are none.
    pub(super) searched: String,
}

/// Our own certificate.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) key: CertifiedKey,
    pub(super) certificate: Certificate,
    /// Where it comes from.
    origin: String,
}

impl Credentials {
    /// Loads and, unless told not to, checks everything.
    pub(super) fn load(
        options: &TlsOptions,
        directory: Option<&Path>,
        check: bool,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let places = Places::new(directory);
        let authorities = load_authorities(options, &places)?;
        let identity = load_identity(options, &places, provider)?;
        if check {
            let now = UnixTime::now();
            check_authorities(&authorities, now)?;
            if let Some(own) = &identity {
                check_own(own, &authorities, provider, now)?;
            }
        }
        Ok(Self {
            authorities,
            identity,
            searched: places.searched(),
        })
    }
}

fn load_authorities(options: &TlsOptions, places: &Places) -> Result<Authorities, TlsError> {
    let (origin, pem) = if let Some(pem) = &options.authorities {
        ("the given authorities".to_owned(), pem.clone())
    } else {
        let path = places.authorities();
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
        authorities
            .add(der)
            .map_err(|reason| unusable(&origin, reason))?;
    }
    let lists = match &options.revoked {
        Some(pem) => Some(("the given revocation lists".to_owned(), pem.clone())),
        None => match places.revoked() {
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

fn load_identity(
    options: &TlsOptions,
    places: &Places,
    provider: &CryptoProvider,
) -> Result<Option<Own>, TlsError> {
    if let Some(identity) = &options.identity {
        return make_own(
            ["the given certificate", "the given key"].map(ToOwned::to_owned),
            identity,
            provider,
        )
        .map(Some);
    }
    let Some(pair) = places.identity() else {
        return Ok(None);
    };
    let names = [&pair.certificate, &pair.key].map(|path| path.display().to_string());
    let [certificate_name, key_name] = &names;
    let certificate =
        read(&pair.certificate).map_err(|reason| unusable(certificate_name, reason))?;
    let key = read(&pair.key).map_err(|reason| unusable(key_name, reason))?;
    let identity = Identity {
        certificate: certificate.to_vec(),
        key,
    };
    make_own(names, &identity, provider).map(Some)
}

fn make_own(
    [certificate_name, key_name]: [String; 2],
    identity: &Identity,
    provider: &CryptoProvider,
) -> Result<Own, TlsError> {
    let chain = certificates(&identity.certificate)
        .map_err(|reason| unusable(&certificate_name, reason))?;
    let leaf = chain.first().map(AsRef::as_ref).unwrap_or_default();
    let certificate =
        Certificate::parse(leaf).map_err(|reason| unusable(&certificate_name, reason))?;
    let mut der = PrivateKeyDer::from_pem_slice(&identity.key)
        .map_err(|error| unusable(&key_name, pem_error("private key", &error)))?;
    let signing_key = provider.key_provider.load_private_key(der.clone_key());
    der.zeroize();
    let signing_key = signing_key.map_err(|error| {
        let reason = certificate.bad_length(&SIGNING_BITS);
        let reason = reason.map_or_else(|| error.to_string(), |reason| format!("it is {reason}"));
        unusable(&key_name, format!("the key cannot be used: {reason}"))
    })?;
    let key = CertifiedKey::new(chain, signing_key);
    if key.keys_match().is_err() {
        let reason = format!("it is not the key of the certificate in {certificate_name}");
        return Err(unusable(&key_name, reason));
    }
    Ok(Own {
        key,
        certificate,
        origin: certificate_name,
    })
}

/// Of several authorities those that are of no use are ignored; the one that matters may be another.
fn check_authorities(authorities: &Authorities, now: UnixTime) -> Result<(), TlsError> {
    let mut complaint = None;
    for certificate in authorities.certificates() {
        let subject = &certificate.subject;
        let reason = if certificate.has_expired(now) {
            format!(
                "the authority {subject} has expired, on {}",
                certificate.not_after
            )
        } else if certificate.is_not_yet_valid(now) {
            format!(
                "the authority {subject} is not valid before {}",
                certificate.not_before
            )
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

/// What any daemon would refuse, is better refused here, where it can be said why.
fn check_own(
    own: &Own,
    authorities: &Authorities,
    provider: &CryptoProvider,
    now: UnixTime,
) -> Result<(), TlsError> {
    let certificate = &own.certificate;
    let complain = |reason: String| Err(unusable(&own.origin, reason));
    if certificate.has_expired(now) {
        return complain(format!("it has expired, on {}", certificate.not_after));
    }
    if certificate.is_not_yet_valid(now) {
        return complain(format!("it is not valid before {}", certificate.not_before));
    }
    if certificate.is_authority == Some(true) {
        return complain("it is the certificate of an authority, not of a client".to_owned());
    }
    if !certificate.permits(KeyUsage::digital_signature) {
        return complain("its key may not be used for signatures".to_owned());
    }
    if certificate.has_rsa_key && !certificate.permits(KeyUsage::key_encipherment) {
        return complain("its key may not be used for key encipherment".to_owned());
    }
    if !certificate.is_for(Role::Client) {
        return complain("it is not meant for clients of TLS".to_owned());
    }
    let algorithms = provider.signature_verification_algorithms.all;
    let Some((leaf, between)) = own.key.cert.split_first() else {
        return Ok(());
    };
    authorities
        .verify(leaf, between, algorithms, now)
        .or_else(|broken| match broken {
            Broken::UnknownIssuer => complain(format!(
                "it was issued by {}, which {} does not know, or not with that key; daemons with \
                 the same authorities will not accept it",
                certificate.issuer,
                authorities.origin()
            )),
            Broken::Expired(subject, on) => {
                complain(format!("its authority {subject} has expired, on {on}"))
            }
            Broken::NotYetValid(subject, from) => complain(format!(
                "its authority {subject} is not valid before {from}"
            )),
            Broken::Revoked => complain(format!(
                "it has been revoked, according to {}",
                authorities.revoked_by()
            )),
            Broken::Other(reason) => complain(reason),
        })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let told = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    files::read(path).map(Zeroizing::new).map_err(told)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| pem_error("certificate", &error))?;
    if found.is_empty() {
        return Err(pem_error("certificate", &PemError::NoItemsFound));
    }
    Ok(found)
}

fn revocation_lists(pem: &[u8]) -> Result<Vec<CertRevocationList<'static>>, String> {
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

fn pem_error(what: &str, error: &PemError) -> String {
    match error {
        PemError::NoItemsFound => format!("there is no {what} in PEM format in it"),
        other => format!("it is not good PEM: {other}"),
    }
}

fn unusable(item: &str, reason: String) -> TlsError {
    TlsError::Credentials {
        item: item.to_owned(),
        reason,
    }
}
