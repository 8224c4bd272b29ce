//! Certificate chains up to a trust anchor.

use std::cell::RefCell;
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
    /// Their encodings, in the same order.
    encodings: Vec<CertificateDer<'static>>,
    /// The revocation lists, by their issuers.
    revoked: Vec<Vec<CertRevocationList<'static>>>,
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
            encodings: Vec::new(),
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
        self.encodings.push(der.clone().into_owned());
        Ok(())
    }

    /// Sets the revocation lists, whose certificates are not trusted.
    pub(super) fn revoke(&mut self, lists: Vec<CertRevocationList<'static>>, origin: String) {
        let mut by_issuer: Vec<Vec<CertRevocationList<'static>>> = Vec::new();
        for list in lists {
            let is_same = |others: &&mut Vec<CertRevocationList<'static>>| {
                others.first().is_some_and(|other| other.issuer() == list.issuer())
            };
            match by_issuer.iter_mut().find(is_same) {
                Some(others) => others.push(list),
                None => by_issuer.push(vec![list]),
            }
        }
        self.revoked = by_issuer;
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
    ///
    /// Of several revocation lists of one issuer each counts. One that was not signed with the
    /// issuer's key is ignored if another of its lists was: the issuer has got a new key.
    pub(super) fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<(), Broken> {
        // webpki looks at one list of each issuer.
        let rounds = self.revoked.iter().map(Vec::len).max().unwrap_or(1);
        let mut is_verified = false;
        for round in 0..rounds {
            let lists = self.revoked.iter();
            let lists: Vec<_> =
                lists.filter_map(|lists| lists.get(round).or(lists.last())).collect();
            if let Some(result) = self.verify_once(leaf, between, algorithms, now, &lists) {
                result?;
                is_verified = true;
            }
        }
        if is_verified {
            return Ok(());
        }
        Err(Broken::Other("the revocation list was not signed by its authority".to_owned()))
    }

    /// Verifies with at most one revocation list of each issuer; `None` if one of them was not signed
    /// with its issuer's key.
    fn verify_once(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
        lists: &[&CertRevocationList<'_>],
    ) -> Option<Result<(), Broken>> {
        let other = |error: ChainError| Broken::Other(describe(&error));
        let leaf_der = leaf;
        let leaf = match EndEntityCert::try_from(leaf_der) {
            Ok(leaf) => leaf,
            Err(error) => return Some(Err(other(error))),
        };
        let revocation = RevocationOptionsBuilder::new(lists).ok().map(|options| {
            // A list says nothing about certificates of other CAs.
            options.with_status_policy(UnknownStatusPolicy::Allow).build()
        });
        let distrusted = RefCell::new(None);
        let may_issue = |path: &VerifiedPath<'_>| {
            self.check_issuers(path, leaf_der, now).map_err(|reason| {
                distrusted.borrow_mut().get_or_insert(reason);
                ChainError::CertDistrusted
            })
        };
        let verified = leaf.verify_for_usage(
            algorithms,
            &self.anchors,
            between,
            now,
            AnyPurpose,
            revocation,
            Some(&may_issue),
        );
        if matches!(verified, Err(ChainError::InvalidCrlSignatureForPublicKey)) {
            return None;
        }
        Some(verified.map(drop).map_err(|error| {
            match error {
                // In the second case the CA has the name, but another key.
                ChainError::UnknownIssuer | ChainError::InvalidSignatureForPublicKey => self
                    .useless_issuer(leaf_der, between)
                    .map_or(Broken::UnknownIssuer, Broken::Other),
                ChainError::CertRevoked => Broken::Revoked,
                // Only the closure above returns this.
                ChainError::CertDistrusted => {
                    distrusted.take().unwrap_or_else(|| other(ChainError::CertDistrusted))
                }
                error => other(error),
            }
        }))
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

    /// Checks what webpki does not: that all of a path may issue certificates, and that its anchor's
    /// own certificate is valid now.
    fn check_issuers(
        &self,
        path: &VerifiedPath<'_>,
        leaf: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<(), Broken> {
        let mut between = 0;
        for issuer in path.intermediate_certificates() {
            let issuer = Certificate::parse(&issuer.der()).map_err(Broken::Other)?;
            may_sign(&issuer)?;
            between += usize::from(issuer.subject != issuer.issuer);
        }
        // An authority that was renewed may have several certificates with one key.
        let anchor = path.anchor();
        let mut reason = None;
        let all = self.anchors.iter().zip(&self.certificates).zip(&self.encodings);
        for ((own, certificate), encoding) in all {
            if own.subject != anchor.subject
                || own.subject_public_key_info != anchor.subject_public_key_info
            {
                continue;
            }
            // A server's own certificate may be trusted in place of an authority's: for itself.
            let is_itself = between == 0 && encoding == leaf;
            match check_anchor(certificate, between, is_itself, now) {
                Ok(()) => return Ok(()),
                Err(error) => _ = reason.get_or_insert(error),
            }
        }
        Err(reason.unwrap_or(Broken::UnknownIssuer))
    }
}

/// Checks a trusted certificate that is above so many others.
fn check_anchor(
    certificate: &Certificate,
    between: usize,
    is_itself: bool,
    now: UnixTime,
) -> Result<(), Broken> {
    let subject = certificate.subject.clone();
    if certificate.has_expired(now) {
        return Err(Broken::Expired(subject, certificate.not_after.to_string()));
    }
    if certificate.is_not_yet_valid(now) {
        return Err(Broken::NotYetValid(subject, certificate.not_before.to_string()));
    }
    if is_itself {
        return Ok(());
    }
    if certificate.is_authority != Some(true) {
        return Err(Broken::Other(format!("{subject}, whose key signed it, is no authority")));
    }
    if certificate.path_length.is_some_and(|most| between > usize::from(most)) {
        return Err(Broken::Other(format!("its authority {subject} allows no authority below it")));
    }
    may_sign(certificate)
}

/// Checks that a key may be used to sign certificates, which is binding however it is said.
fn may_sign(certificate: &Certificate) -> Result<(), Broken> {
    if certificate.may_sign_certificates() {
        return Ok(());
    }
    let subject = &certificate.subject;
    Err(Broken::Other(format!(
        "the key of its authority {subject} may not sign certificates"
    )))
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
        ChainError::IssuerNotCrlSigner => {
            "its authority may not sign revocation lists, and there is one of it".to_owned()
        }
        other => format!("{other}"),
    }
}
