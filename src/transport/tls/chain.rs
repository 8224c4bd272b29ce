//! Certificate chains up to a trust anchor.

use std::fmt;

use tokio_rustls::rustls::pki_types::{
    CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{
    CertRevocationList, EndEntityCert, Error as ChainError, ExtendedKeyUsageValidator,
    KeyPurposeIdIter, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
    anchor_from_trusted_cert,
};

use super::certificate::{CHECKING_BITS, Certificate};

/// The trusted CAs.
pub(super) struct Authorities {
    /// The file or option that they come from.
    origin: String,
    anchors: Vec<TrustAnchor<'static>>,
    /// The anchors' certificates, in the same order.
    certificates: Vec<Certificate>,
    revoked: Vec<CertRevocationList<'static>>,
    /// The file or option that the revocation lists come from.
    revoked_by: String,
}

/// The reason why there is no valid chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    UnknownIssuer,
    /// The CA, and the date.
    Expired(String, String),
    NotYetValid(String, String),
    Revoked,
    Other(String),
}

impl Authorities {
    pub(super) fn new(origin: String) -> Self {
        Self {
            origin,
            anchors: Vec::new(),
            certificates: Vec::new(),
            revoked: Vec::new(),
            revoked_by: String::new(),
        }
    }

    pub(super) fn add(&mut self, der: &CertificateDer<'_>) -> Result<(), String> {
        let certificate = Certificate::parse(der)?;
        let anchor = anchor_from_trusted_cert(der)
            .map_err(|error| format!("{} cannot be used: {error}", certificate.subject))?;
        self.anchors.push(anchor.to_owned());
        self.certificates.push(certificate);
        Ok(())
    }

    /// Sets the revocation lists, whose certificates are not trusted.
    pub(super) fn revoke(&mut self, lists: Vec<CertRevocationList<'static>>, origin: String) {
        self.revoked = lists;
        self.revoked_by = origin;
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn revoked_by(&self) -> &str {
        &self.revoked_by
    }

    /// Verifies that a trusted CA has issued a certificate, directly or through intermediates.
    /// Ignores the certificate's purpose.
    pub(super) fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<(), Broken> {
        let other = |error: ChainError| Broken::Other(describe(&error));
        let leaf_der = leaf;
        let leaf = EndEntityCert::try_from(leaf_der).map_err(other)?;
        let lists: Vec<_> = self.revoked.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            // A list says nothing about certificates of other CAs.
            options.with_status_policy(UnknownStatusPolicy::Allow).build()
        });
        let is_current = |path: &VerifiedPath<'_>| {
            self.out_of_date(path.anchor(), now)
                .map_or(Ok(()), |_| Err(ChainError::CertDistrusted))
        };
        let verified = leaf.verify_for_usage(
            algorithms,
            &self.anchors,
            between,
            now,
            AnyPurpose,
            revocation,
            Some(&is_current),
        );
        verified.map(drop).map_err(|error| match error {
            // In the second case the CA has the name, but another key.
            ChainError::UnknownIssuer | ChainError::InvalidSignatureForPublicKey => self
                .useless_issuer(leaf_der, between)
                .map_or(Broken::UnknownIssuer, Broken::Other),
            ChainError::CertRevoked => Broken::Revoked,
            // Only the closure above returns this.
            ChainError::CertDistrusted => self
                .anchors
                .iter()
                .find_map(|anchor| self.out_of_date(anchor, now))
                .unwrap_or_else(|| other(ChainError::CertDistrusted)),
            error => other(error),
        })
    }

    /// Finds an issuer in the chain whose key cannot verify signatures.
    fn useless_issuer(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
    ) -> Option<String> {
        let parsed = |der: &CertificateDer<'_>| Certificate::parse(der).ok();
        let between: Vec<_> = between.iter().filter_map(parsed).collect();
        let issued: Vec<_> = parsed(leaf).into_iter().chain(between).collect();
        issued.iter().chain(&self.certificates).find_map(|issuer| {
            let reason = issuer.bad_length(&CHECKING_BITS)?;
            let has_issued = issued.iter().any(|it| it.issuer == issuer.subject);
            has_issued.then(|| format!("its authority {} has {reason}", issuer.subject))
        })
    }

    /// Returns the reason why a CA's own certificate is not valid now.
    fn out_of_date(&self, anchor: &TrustAnchor<'_>, now: UnixTime) -> Option<Broken> {
        let position = self.anchors.iter().position(|other| {
            other.subject == anchor.subject
                && other.subject_public_key_info == anchor.subject_public_key_info
        })?;
        let certificate = self.certificates.get(position)?;
        let subject = certificate.subject.clone();
        if certificate.has_expired(now) {
            return Some(Broken::Expired(subject, certificate.not_after.to_string()));
        }
        let is_early = certificate.is_not_yet_valid(now);
        is_early.then(|| Broken::NotYetValid(subject, certificate.not_before.to_string()))
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorities")
            .field("origin", &self.origin)
            .field("certificates", &self.certificates)
            .field("revoked_by", &self.revoked_by)
            .finish_non_exhaustive()
    }
}

/// A check that accepts every purpose. The C library heeds a certificate's purpose only where that
/// extension is critical; see [`Certificate::is_for`].
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), ChainError> {
        Ok(())
    }
}

fn describe(error: &ChainError) -> String {
    match error {
        ChainError::CertExpired { .. } => {
            "a certificate between it and its authority has expired".to_owned()
        }
        ChainError::CertNotValidYet { .. } => {
            "a certificate between it and its authority is not valid yet".to_owned()
        }
        ChainError::CaUsedAsEndEntity => {
            "it is the certificate of an authority, not of a server or client".to_owned()
        }
        ChainError::EndEntityUsedAsCa => {
            "it was issued by the holder of a certificate who is no authority".to_owned()
        }
        ChainError::UnsupportedSignatureAlgorithmContext(_)
        | ChainError::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "it is signed in a way that is too weak or not known here".to_owned()
        }
        ChainError::UnsupportedCertVersion => {
            "it is of an old version of the format; version 3 is needed".to_owned()
        }
        ChainError::InvalidCrlSignatureForPublicKey => {
            "the revocation list was not signed by its authority".to_owned()
        }
        ChainError::IssuerNotCrlSigner => {
            "its authority may not sign revocation lists, and there is one of it".to_owned()
        }
        other => format!("{other}"),
    }
}
