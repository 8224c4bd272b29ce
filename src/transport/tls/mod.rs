//! TLS over TCP, with rustls.

mod certificate;
mod chain;
#[cfg(test)]
mod chain_tests;
mod credentials;
mod identities;
mod options;
mod paths;
mod pem;
mod priority;
mod stream;
mod verifier;

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{AlertDescription, ClientConfig, Error as RustlsError};
use x509_cert::ext::pkix::KeyUsage;

pub use options::TlsOptions;

use super::{Security, Transport, split, tcp};
use crate::error::{Error, Result, TlsError, Waiting};
use crate::files;
use chain::Authorities;
use credentials::Credentials;
use identities::Identities;
use verifier::Verifier;
#[cfg(any(fuzzing, test))]
pub(crate) use verifier::verify_chain;

/// The byte that the daemon sends once it has accepted a client.
const WELCOME: u8 = 1;

/// The host, the credentials and the options of the handshake.
#[derive(Debug)]
pub(crate) struct TlsTarget<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) options: &'a TlsOptions,
    /// The only directory to look in, if given.
    pub(crate) directory: Option<PathBuf>,
    /// Set where the server's certificate must be valid.
    pub(crate) verify: bool,
    /// Set where our own files are checked beforehand.
    pub(crate) check_own: bool,
    /// The `GnuTLS` priority string that limits the negotiation.
    pub(crate) priority: Option<&'a str>,
}

/// Connects, and returns once the daemon has accepted our certificate.
pub(crate) async fn connect(
    target: &TlsTarget<'_>,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let client = Client::new(target).await?;
    let socket = tcp::dial(target.host, target.port, deadline).await?;
    client.shake_hands(socket, deadline).await
}

/// Like [`connect`], over a stream of any kind.
#[cfg(any(fuzzing, test))]
pub(crate) async fn connect_over(
    target: &TlsTarget<'_>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    deadline: Option<Instant>,
) -> Result<Transport> {
    Client::new(target).await?.shake_hands(stream, deadline).await
}

/// What is ready before there is a connection.
struct Client<'a> {
    target: &'a TlsTarget<'a>,
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
    identities: Arc<Identities>,
    /// The certificates that were looked for, for when there are none.
    searched: String,
}

impl<'a> Client<'a> {
    async fn new(target: &'a TlsTarget<'a>) -> Result<Self> {
        let choice = priority::parse(target.priority).map_err(|reason| {
            let priority = target.priority.unwrap_or_default();
            Error::Unsupported(format!("tls_priority {priority:?}: {reason}"))
        })?;
        let (options, directory) = (target.options.clone(), target.directory.clone());
        let (check_own, provider) = (target.check_own, Arc::clone(&choice.provider));
        let loading = files::on_thread(move || {
            Credentials::load(&options, directory.as_deref(), check_own, &provider)
        });
        let error = |source| target.error(source);
        let credentials = loading.await?.map_err(error)?;
        let identities = Arc::new(credentials.identities);
        let (config, verifier) =
            configure(target, &choice, credentials.authorities, Arc::clone(&identities))
                .map_err(error)?;
        let searched = credentials.searched;
        Ok(Self {
            target,
            config: Arc::new(config),
            verifier,
            identities,
            searched,
        })
    }

    async fn shake_hands(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        deadline: Option<Instant>,
    ) -> Result<Transport> {
        let error = |source| self.target.error(source);
        let refused = || refused(&self.identities, &self.searched);
        // A placeholder: it is not sent, and the verifier checks the real host.
        let name = ServerName::from(IpAddr::from(Ipv4Addr::UNSPECIFIED));
        let handshake = TlsConnector::from(Arc::clone(&self.config)).connect(name, socket);
        let mut stream =
            within("the TLS handshake", deadline, handshake).await?.map_err(|failure| {
                let failed = self.verifier.take_failure();
                error(failed.unwrap_or_else(|| handshake_error(&failure, refused)))
            })?;
        let step = "the daemon's word that it accepts our TLS certificate";
        within(step, deadline, read_welcome(&mut stream, &refused))
            .await?
            .map_err(error)?;
        let security = Security { secure: true, encrypted: true };
        Ok(split(stream::Stream(stream), security))
    }
}

impl TlsTarget<'_> {
    fn error(&self, source: TlsError) -> Error {
        Error::Tls {
            host: self.host.to_owned(),
            port: self.port,
            source: Box::new(source),
        }
    }
}

async fn within<T>(
    operation: &'static str,
    deadline: Option<Instant>,
    step: impl Future<Output = T>,
) -> Result<T> {
    let Some(deadline) = deadline else {
        return Ok(step.await);
    };
    let started = Instant::now();
    let done = timeout_at(deadline, step).await;
    done.map_err(|_| Error::Timeout {
        operation,
        after: started.elapsed(),
        waiting: Waiting::Opening,
    })
}

fn configure(
    target: &TlsTarget<'_>,
    choice: &priority::Choice,
    authorities: Authorities,
    identities: Arc<Identities>,
) -> Result<(ClientConfig, Arc<Verifier>), TlsError> {
    let given_name = target.options.server_name.as_deref();
    let host = given_name.unwrap_or(target.host);
    // The zone of a link-local address only has a meaning on this host.
    let host = host.split_once('%').map_or(host, |(address, _)| address);
    let verifier = Arc::new(Verifier {
        authorities,
        host: host.to_owned(),
        is_strict: target.verify,
        provider: Arc::clone(&choice.provider),
        failure: Mutex::new(None),
    });
    let builder = ClientConfig::builder_with_provider(Arc::clone(&choice.provider))
        .with_protocol_versions(&choice.versions)
        .map_err(|error| TlsError::Handshake(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as _);
    let mut config = builder.with_client_cert_resolver(identities);
    // As in the C library: a daemon has one certificate for all its names.
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok((config, verifier))
}

/// Reads the byte with which a daemon accepts our certificate. In TLS 1.3 the handshake alone
/// proves nothing: the daemon verifies the certificate after it.
async fn read_welcome(
    stream: &mut TlsStream<impl AsyncRead + AsyncWrite + Unpin>,
    refused: impl Fn() -> TlsError,
) -> Result<(), TlsError> {
    match stream.read_u8().await {
        Ok(WELCOME) => Ok(()),
        Ok(other) => Err(TlsError::Handshake(format!(
            "the server sent the byte {other:#04x} where libvirt's daemons say whether they \
             accept a client; it is something else"
        ))),
        Err(error) => {
            tracing::debug!(%error, "no confirmation");
            Err(refused())
        }
    }
}

/// Returns the error of a daemon that refused the client.
fn refused(identities: &Identities, searched: &str) -> TlsError {
    let reason = match identities.shown() {
        None => format!(
            "it wants a client certificate, and there is none to show (looked for {searched})"
        ),
        Some(certificate) => {
            let mut reason = format!(
                "it does not accept the certificate of {}. Either its authorities have not issued \
                 that, or it has expired or been revoked in the daemon's eyes, or the daemon's \
                 tls_allowed_dn_list does not have that name; the daemon's log says which",
                certificate.subject
            );
            if !certificate.permits(KeyUsage::key_encipherment) {
                reason.push_str(
                    ". Many daemons older than libvirt 11.6 also demand that the certificate's key \
                     may be used for key encipherment, which this one's may not",
                );
            }
            reason
        }
    };
    TlsError::Refused { reason }
}

fn handshake_error(error: &io::Error, refused: impl Fn() -> TlsError) -> TlsError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let text = match inner {
        Some(RustlsError::AlertReceived(alert)) => match alert {
            AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRequired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate => return refused(),
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity => format!(
                "the server has no TLS version or cipher in common with us ({alert:?}); this \
                 library speaks TLS 1.2 and 1.3"
            ),
            other => format!("the server ended it with the alert {other:?}"),
        },
        Some(RustlsError::PeerIncompatible(reason)) => format!(
            "there is no TLS version or cipher in common with the server ({reason:?}); this \
             library speaks TLS 1.2 and 1.3"
        ),
        Some(RustlsError::InvalidMessage(_)) => {
            "the server's answer is not TLS; is this a port for plain TCP (driver+tcp://…), or of \
             something else than libvirt?"
                .to_owned()
        }
        Some(other) => other.to_string(),
        None if is_end(error) => {
            "the server hung up in the middle of it. Either this port is not for TLS but for plain \
             TCP (driver+tcp://…), or the server has no TLS version or cipher in common with us \
             (this library speaks TLS 1.2 and 1.3), or its RSA key is shorter than 2048 bits"
                .to_owned()
        }
        None => error.to_string(),
    };
    TlsError::Handshake(text)
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
    )
}
