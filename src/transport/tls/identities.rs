//! Client certificates, and the choice among them.

use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::name::Name;
use zeroize::Zeroize as _;

use super::certificate::{Certificate, Role, SIGNING_BITS};
use super::chain::{Authorities, Broken};
use super::options::{Identity, TlsOptions};
use super::paths::{Pair, SearchPath};
use super::pem::{certificates, pem_error, read, unusable};
use crate::error::TlsError;

/// The client's certificates, preferred ones first.
#[derive(Debug)]
pub(super) struct Identities {
    own: Vec<Own>,
    /// The index of the one that was sent to the server.
    shown: OnceLock<usize>,
}

/// A client certificate with its key.
#[derive(Debug)]
struct Own {
    key: Arc<CertifiedKey>,
    certificate: Certificate,
    /// The issuers of the certificate and of the intermediates after it.
    issuers: Vec<Name>,
    /// The file or option that it comes from.
    origin: String,
}

impl Identities {
    /// Loads the certificates. Blocks.
    pub(super) fn load(
        options: &TlsOptions,
        search_path: &SearchPath,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let own = if let Some(identity) = &options.identity {
            let names = ["the given certificate", "the given key"].map(ToOwned::to_owned);
            vec![make_own(names, identity, provider)?]
        } else {
            let pairs = search_path.identities();
            let own = pairs.iter().map(|pair| load_own(pair, provider));
            own.collect::<Result<_, _>>()?
        };
        Ok(Self { own, shown: OnceLock::new() })
    }

    pub(super) fn check(
        &self,
        authorities: &Authorities,
        provider: &CryptoProvider,
        now: UnixTime,
    ) -> Result<(), TlsError> {
        let mut own = self.own.iter();
        own.try_for_each(|own| check_own(own, authorities, provider, now))
    }

    /// Returns the certificate that was sent to the server, or would have been if it had asked for
    /// one.
    pub(super) fn shown(&self) -> Option<&Certificate> {
        let own = self.own.get(self.shown.get().copied().unwrap_or_default())?;
        Some(&own.certificate)
    }

    /// Chooses the first certificate whose key type the server accepts and that a CA it trusts has
    /// issued; else the first of such a key type, as a server need not name the CAs it trusts.
    fn choose(&self, trusted: &[&[u8]], schemes: &[SignatureScheme]) -> Option<usize> {
        let trusted: Vec<_> = trusted.iter().filter_map(|name| Name::from_der(name).ok()).collect();
        let is_usable = |own: &Own| own.key.key.choose_scheme(schemes).is_some();
        let is_trusted = |own: &Own| own.issuers.iter().any(|issuer| trusted.contains(issuer));
        let mut own = self.own.iter();
        let best = own.position(|own| is_usable(own) && is_trusted(own));
        best.or_else(|| self.own.iter().position(is_usable))
    }
}

impl ResolvesClientCert for Identities {
    fn resolve(&self, trusted: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let chosen = self.choose(trusted, schemes)?;
        let own = self.own.get(*self.shown.get_or_init(|| chosen))?;
        Some(Arc::clone(&own.key))
    }

    fn has_certs(&self) -> bool {
        !self.own.is_empty()
    }
}

fn load_own(pair: &Pair, provider: &CryptoProvider) -> Result<Own, TlsError> {
    let names = [&pair.certificate, &pair.key].map(|path| path.display().to_string());
    let [certificate_name, key_name] = &names;
    let certificate =
        read(&pair.certificate).map_err(|reason| unusable(certificate_name, reason))?;
    let key = read(&pair.key).map_err(|reason| unusable(key_name, reason))?;
    let identity = Identity { certificate: certificate.to_vec(), key };
    make_own(names, &identity, provider)
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
    let issuers = chain.iter().filter_map(|der| issuer(der)).collect();
    let key = CertifiedKey::new(chain, signing_key);
    if key.keys_match().is_err() {
        let reason = format!("it is not the key of the certificate in {certificate_name}");
        return Err(unusable(&key_name, reason));
    }
    Ok(Own {
        key: Arc::new(key),
        certificate,
        issuers,
        origin: certificate_name,
    })
}

fn issuer(der: &[u8]) -> Option<Name> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    Some(certificate.tbs_certificate().issuer().clone())
}

/// Checks a certificate for everything that daemons would refuse without saying why.
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
            Broken::NotYetValid(subject, from) => {
                complain(format!("its authority {subject} is not valid before {from}"))
            }
            Broken::Revoked => {
                complain(format!("it has been revoked, according to {}", authorities.revoked_by()))
            }
            Broken::Other(reason) => complain(reason),
        })
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    use tokio_rustls::rustls::crypto::ring;
    use x509_cert::der::Encode as _;

    use super::*;

    type Authority = CertifiedIssuer<'static, KeyPair>;

    fn authority(name: &str) -> Result<(CertificateParams, KeyPair), rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok((params, KeyPair::generate()?))
    }

    /// Issues a certificate, which is followed by that of its authority where that is no root.
    fn issue(by: &Authority, chain: &str, key: &KeyPair) -> Result<Identity, rcgen::Error> {
        let certificate = CertificateParams::default().signed_by(key, by)?;
        Ok(Identity {
            certificate: (certificate.pem() + chain).into_bytes(),
            key: key.serialize_pem().into_bytes().into(),
        })
    }

    fn identities(given: &[Identity]) -> Result<Identities, TlsError> {
        let names = || ["certificate", "key"].map(ToOwned::to_owned);
        let own = given.iter().map(|given| make_own(names(), given, &ring::default_provider()));
        Ok(Identities { own: own.collect::<Result<_, _>>()?, shown: OnceLock::new() })
    }

    const ELLIPTIC: SignatureScheme = SignatureScheme::ECDSA_NISTP256_SHA256;
    const RSA: SignatureScheme = SignatureScheme::RSA_PSS_SHA256;
    const OTHER: SignatureScheme = SignatureScheme::ED25519;

    /// The expected choices are those of the C library, where `GnuTLS` chooses.
    #[test]
    fn what_a_server_gets_to_see() -> Result<(), Box<dyn std::error::Error>> {
        let (params, key) = authority("root")?;
        let root = Authority::self_signed(params, key)?;
        let (params, key) = authority("between")?;
        let between = Authority::signed_by(params, key, &root)?;
        let (params, key) = authority("other")?;
        let other = Authority::self_signed(params, key)?;
        let rsa = KeyPair::from_pem(include_str!("rsa_test_key.pem"))?;
        let identities = identities(&[
            issue(&other, "", &KeyPair::generate()?)?,
            issue(&between, &between.pem(), &KeyPair::generate()?)?,
            issue(&root, "", &rsa)?,
        ])?;
        let name = |own: usize, issuer: usize| {
            let own = identities.own.get(own);
            let issuer = own.and_then(|own| own.issuers.get(issuer));
            issuer.map(Name::to_der).transpose()
        };
        let others = name(0, 0)?.unwrap_or_default();
        let betweens = name(1, 0)?.unwrap_or_default();
        let roots = name(1, 1)?.unwrap_or_default();
        let nobodys = Name::default().to_der()?;
        for (trusted, schemes, expected) in [
            (&[&*others][..], &[RSA, ELLIPTIC][..], Some(0)),
            (&[&*betweens], &[RSA, ELLIPTIC], Some(1)),
            (&[&*roots], &[RSA, ELLIPTIC], Some(1)),
            (&[&*roots], &[RSA], Some(2)),
            (&[&*roots, &*others], &[ELLIPTIC], Some(0)),
            // The server trusts none of the issuers, or names no CA.
            (&[&*nobodys], &[RSA, ELLIPTIC], Some(0)),
            (&[&*others], &[RSA], Some(2)),
            (&[], &[RSA, ELLIPTIC], Some(0)),
            (&[], &[RSA], Some(2)),
            (&[b"?"], &[ELLIPTIC], Some(0)),
            (&[&*roots], &[OTHER], None),
            (&[], &[], None),
        ] {
            let chosen = identities.choose(trusted, schemes);
            assert_eq!(chosen, expected, "{trusted:?} {schemes:?}");
        }
        Ok(())
    }
}
