//! Verification of the server's certificate.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error as RustlsError, SignatureScheme,
};
use x509_cert::ext::pkix::KeyUsage;

use super::certificate::{CHECKING_BITS, Certificate, Role};
use super::chain::{Authorities, Broken};
use crate::error::TlsError;

/// A verifier of server certificates by the C library's rules, which are libvirt's and `GnuTLS`'s.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) authorities: Authorities,
    /// The host name or address that the certificate must be for.
    pub(super) host: String,
    /// Set where an invalid certificate ends the connection instead of only being logged.
    pub(super) is_strict: bool,
    pub(super) provider: Arc<CryptoProvider>,
    /// The reason why the certificate was refused, as rustls's own error says less.
    pub(super) failure: Mutex<Option<TlsError>>,
}

impl Verifier {
    /// Takes the reason why the certificate was refused, if it was.
    pub(super) fn take_failure(&self) -> Option<TlsError> {
        // No critical section panics.
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn fail(&self, failure: TlsError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// Records an unsupported key length, which rustls only reports as a bad signature.
    fn explain(&self, error: RustlsError, leaf: &CertificateDer<'_>) -> RustlsError {
        if let Ok(certificate) = Certificate::parse(leaf)
            && let Some(reason) = certificate.bad_length(&CHECKING_BITS)
        {
            self.fail(TlsError::Certificate {
                subject: certificate.subject,
                reason: format!("it has {reason}"),
            });
        }
        error
    }

    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), TlsError> {
        let certificate = Certificate::parse(leaf).map_err(|reason| TlsError::Certificate {
            subject: "of unknown name".to_owned(),
            reason,
        })?;
        let subject = certificate.subject.clone();
        let unfit = |reason: &str| {
            Err(TlsError::Certificate { subject: subject.clone(), reason: reason.to_owned() })
        };
        if certificate.has_expired(now) {
            return Err(TlsError::Expired {
                owner: "server",
                subject,
                on: certificate.not_after.to_string(),
            });
        }
        if certificate.is_not_yet_valid(now) {
            return Err(TlsError::NotYetValid {
                owner: "server",
                subject,
                from: certificate.not_before.to_string(),
            });
        }
        self.check_chain(&certificate, leaf, between, now)?;
        if !certificate.names_host(&self.host) {
            return Err(TlsError::WrongHost {
                subject,
                host: self.host.clone(),
                names: certificate.hosts(&self.host),
                common_name: certificate.useless_common_name(&self.host),
            });
        }
        if !certificate.permits(KeyUsage::digital_signature) {
            return unfit("its key may not be used for signatures");
        }
        if !certificate.is_for(Role::Server) {
            return unfit("it is not meant for servers of TLS");
        }
        Ok(())
    }

    fn check_chain(
        &self,
        certificate: &Certificate,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), TlsError> {
        let subject = certificate.subject.clone();
        let algorithms = self.provider.signature_verification_algorithms.all;
        let verified = self.authorities.verify(leaf, between, algorithms, now);
        verified.map_err(|broken| match broken {
            Broken::UnknownIssuer => TlsError::UnknownIssuer {
                subject,
                issuer: certificate.issuer.clone(),
                trusted: self.authorities.origin().to_owned(),
            },
            Broken::Expired(subject, on) => TlsError::Expired { owner: "authority", subject, on },
            Broken::NotYetValid(subject, from) => {
                TlsError::NotYetValid { owner: "authority", subject, from }
            }
            Broken::Revoked => {
                TlsError::Revoked { subject, list: self.authorities.revoked_by().to_owned() }
            }
            Broken::Other(reason) => TlsError::Certificate { subject, reason },
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        let Err(failure) = self.check(leaf, between, now) else {
            return Ok(ServerCertVerified::assertion());
        };
        if !self.is_strict {
            tracing::warn!(%failure, "a bad certificate is accepted, as asked for");
            return Ok(ServerCertVerified::assertion());
        }
        self.fail(failure);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signature, algorithms)
            .map_err(|error| self.explain(error, leaf))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signature, algorithms)
            .map_err(|error| self.explain(error, leaf))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Verifies a server's certificate and those behind it by one authority.
#[cfg(any(fuzzing, test))]
pub(crate) fn verify_chain(authority: &[u8], chain: &[&[u8]], host: &str) -> Result<(), TlsError> {
    let unfit = |reason| TlsError::Certificate { subject: String::new(), reason };
    let mut authorities = Authorities::new("a test".to_owned());
    authorities.add(&CertificateDer::from(authority)).map_err(unfit)?;
    let verifier = Verifier {
        authorities,
        host: host.to_owned(),
        is_strict: true,
        provider: Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()),
        failure: Mutex::default(),
    };
    let chain: Vec<_> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
    let Some((leaf, between)) = chain.split_first() else {
        return Err(unfit("there is none".to_owned()));
    };
    verifier.check(leaf, between, UnixTime::now())
}
