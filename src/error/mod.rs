//! What can go wrong.

mod auth;
mod close;
mod display;
pub(crate) mod line;
mod network;
mod protocol;
mod remote;
mod ssh;
mod timeout;
mod tls;
mod tunnel;
pub(crate) mod uri;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use auth::AuthError;
pub use close::{CloseReason, Silence};
pub use network::NetworkError;
pub use protocol::ProtocolError;
pub use remote::RemoteError;
pub use ssh::{SshError, SshFailure};
pub use timeout::Waiting;
pub use tls::TlsError;
pub use tunnel::{TunnelError, TunnelFailure};

use crate::types::error::ErrorCode;
use crate::xdr::EncodeError;

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any failure of the library or of the daemon that it talks to.
///
/// The text says everything, on one line: that of what caused the failure is part of it, and control
/// characters that a peer may have put into it are escaped. So `source` gives only what lies below
/// all that the text tells; what is told is in the fields.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The daemon refused or failed; this is its own report.
    Remote(Box<RemoteError>),

    /// The connection has ended, and with it every call that was in flight.
    Closed(CloseReason),

    /// A [`Reconnect`](crate::Reconnect) has no connection at the moment, or never again, for this
    /// reason.
    NotConnected(Arc<Error>),

    /// The deadline of a call, of a step of a stream or of an opening passed. The connection lives on;
    /// the daemon may still execute a call that was sent.
    Timeout {
        /// The procedure that was called, or the step of an opening.
        operation: &'static str,
        /// How long was waited.
        after: Duration,
        /// What for.
        waiting: Waiting,
    },

    /// A stream was given up, because nobody read it while others waited for the connection.
    Overrun {
        /// What opened the stream.
        procedure: &'static str,
        /// Bytes that had come and were not read.
        unread: usize,
    },

    /// The peer said something that the protocol does not allow.
    Protocol(ProtocolError),

    /// An argument cannot be sent as it is; nothing was sent.
    InvalidArgument {
        /// What was called.
        procedure: &'static str,
        /// What is wrong with which argument.
        reason: String,
    },

    /// The connection URI is malformed, or asks for something that does not exist.
    Uri {
        /// The URI as given.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A configuration file of the client's says what makes no sense.
    Config {
        /// The file.
        path: PathBuf,
        /// Which of its lines is at fault, where it is one.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },

    /// A configuration file of the client's cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// The daemon's socket could not be reached.
    Connect {
        /// What was connected to.
        target: String,
        /// Every socket path that was looked for, in order.
        tried: Vec<PathBuf>,
        /// Why the last attempt failed.
        source: io::Error,
    },

    /// The user's own daemon did not run and could not be started.
    Start {
        /// The program.
        daemon: PathBuf,
        /// What went wrong; the daemon's own words if it gave any.
        source: io::Error,
    },

    /// The daemon's host could not be reached over the network.
    Network(Box<NetworkError>),

    /// The program that was to carry the connection failed before there was one: ssh, or what the
    /// URI's `command` names.
    Tunnel(Arc<TunnelError>),

    /// TLS with the daemon's host came to nothing.
    Tls {
        /// The host, as the URI has it.
        host: String,
        /// The port.
        port: u16,
        /// What the matter is.
        source: Box<TlsError>,
    },

    /// The host did not let us in, where this process speaks SSH itself.
    Ssh(Box<SshError>),

    /// A connection could not be opened although something answered: what it said, or did not say in
    /// time, is the source.
    Opening {
        /// What was to be opened: the URI without its parameters, or where the daemon listens.
        target: String,
        /// Why that failed; [`cause`](Self::cause) gives it, too.
        source: Box<Error>,
        /// What may be the reason, where that can be guessed.
        hint: Option<&'static str>,
    },

    /// The daemon did not accept who we are.
    Auth(Box<AuthError>),

    /// A file on this side, which something was to be copied from or to, cannot be read or written.
    File(io::Error),

    /// Less was copied between a volume and a local file than was asked for, because one of them
    /// ended. What was copied stays where it is.
    Incomplete {
        /// What ended: `the volume` or `the local file`.
        ended: &'static str,
        /// How much went, holes included.
        copied_bytes: u64,
        /// How much was to go, where that was known.
        expected_bytes: Option<u64>,
    },

    /// Neither side can do this: an old daemon, another transport, a feature of the crate that is
    /// switched off.
    Unsupported(String),
}

impl Error {
    /// The failure itself, without what [`Error::Opening`] adds to it.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Opening { source, .. } => source.cause(),
            other => other,
        }
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_cause(self) -> Self {
        match self {
            Self::Opening { source, .. } => source.into_cause(),
            other => other,
        }
    }

    /// The daemon's error number, where the daemon reported the failure.
    pub fn code(&self) -> Option<ErrorCode> {
        match self.cause() {
            Self::Remote(error) => Some(error.code),
            Self::Auth(error) => match &**error {
                AuthError::Refused { source, .. } => Some(source.code),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the daemon says that what was asked for does not exist: an object (the codes
    /// `VIR_ERR_NO_DOMAIN`, `VIR_ERR_NO_NETWORK`, …), a device of a domain
    /// (`VIR_ERR_DEVICE_MISSING`), or something about an object, such as its metadata or host name.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::NoDomain
                    | ErrorCode::NoNetwork
                    | ErrorCode::NoStoragePool
                    | ErrorCode::NoStorageVol
                    | ErrorCode::NoNodeDevice
                    | ErrorCode::NoInterface
                    | ErrorCode::NoNwfilter
                    | ErrorCode::NoSecret
                    | ErrorCode::NoDomainSnapshot
                    | ErrorCode::NoDomainCheckpoint
                    | ErrorCode::NoDomainBackup
                    | ErrorCode::NoDomainMetadata
                    | ErrorCode::NoNetworkMetadata
                    | ErrorCode::NoNetworkPort
                    | ErrorCode::NoNwfilterBinding
                    | ErrorCode::NoServer
                    | ErrorCode::NoClient
                    | ErrorCode::NoHostname
                    | ErrorCode::DeviceMissing
            )
        )
    }

    /// Whether the daemon, or its driver, is too old or of the wrong kind for what was asked,
    /// however it says so.
    pub fn is_unsupported(&self) -> bool {
        match self.cause() {
            Self::Unsupported(_) => true,
            Self::Remote(error) => error.is_unsupported(),
            _ => false,
        }
    }

    /// Whether the connection is gone, so that nothing but opening a new one helps.
    pub fn is_closed(&self) -> bool {
        matches!(self.cause(), Self::Closed(_))
    }

    /// Whether something took longer than it was given, be it a call or a step of opening.
    pub fn is_timeout(&self) -> bool {
        let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        match self.cause() {
            Self::Timeout { .. } => true,
            Self::Connect { source, .. } => timed_out(source),
            Self::Network(error) => error.failures().any(timed_out),
            Self::Tunnel(error) => matches!(error.failure, TunnelFailure::NoAnswer(_)),
            _ => false,
        }
    }

    pub(crate) fn unsendable(procedure: &'static str, error: EncodeError) -> Self {
        Self::InvalidArgument { procedure, reason: error.to_string() }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<RemoteError> for Error {
    fn from(error: RemoteError) -> Self {
        Self::Remote(Box::new(error))
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        Self::Auth(Box::new(error))
    }
}

/// "There is none" as `None` instead of as an error.
pub trait Optional<T> {
    /// Turns a failure for which [`Error::is_not_found`] holds into `Ok(None)`.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> Optional<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
