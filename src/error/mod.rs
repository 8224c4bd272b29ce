//! What can go wrong.

mod auth;
mod close;
mod network;
mod protocol;
mod remote;
mod ssh;
mod timeout;
mod tls;
mod tunnel;

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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The daemon refused or failed; this is its own report.
    #[error(transparent)]
    Remote(Box<RemoteError>),

    /// The connection has ended, and with it every call that was in flight.
    #[error("the connection is closed: {0}")]
    Closed(CloseReason),

    /// A [`Reconnect`](crate::Reconnect) has no connection at the moment, or never again, for this
    /// reason.
    #[error("not connected: {0}")]
    NotConnected(Arc<Error>),

    /// The deadline of a call, of a step of a stream or of an opening passed. The connection lives on;
    /// the daemon may still execute a call that was sent.
    #[error("{procedure} {waiting} within {after:?}")]
    Timeout {
        /// What was called, or which step of an opening it was.
        procedure: &'static str,
        /// How long was waited.
        after: Duration,
        /// What for.
        waiting: Waiting,
    },

    /// A stream was given up, because nobody read it while others waited for the connection.
    #[error(
        "the stream of {procedure} was given up: {unread} bytes of it were not read while others \
         waited for the connection; open a connection of its own for it (Connect::reopen)"
    )]
    Overrun {
        /// What opened the stream.
        procedure: &'static str,
        /// Bytes that had come and were not read.
        unread: usize,
    },

    /// The peer said something that the protocol does not allow.
    #[error("protocol violation: {0}")]
    Protocol(#[from] ProtocolError),

    /// An argument cannot be sent as it is; nothing was sent.
    #[error("invalid argument for {procedure}: {reason}")]
    InvalidArgument {
        /// What was called.
        procedure: &'static str,
        /// What is wrong with which argument.
        reason: String,
    },

    /// The connection URI is malformed, or asks for something that does not exist.
    #[error("invalid URI {uri:?}: {reason}")]
    Uri {
        /// The URI as given.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A configuration file of the client's cannot be used.
    #[error("{}{}: {reason}", path.display(), line_number(*line))]
    Config {
        /// The file.
        path: PathBuf,
        /// Which of its lines is at fault; none when it cannot be read at all.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },

    /// The daemon's socket could not be reached.
    #[error("cannot connect to {target}: {source}{}", hint(source, tried))]
    Connect {
        /// What was connected to.
        target: String,
        /// Every socket path that was looked for, in order.
        tried: Vec<PathBuf>,
        /// Why the last attempt failed.
        source: io::Error,
    },

    /// The user's own daemon did not run and could not be started.
    #[error("{} cannot be started: {source}", daemon.display())]
    Start {
        /// The program.
        daemon: PathBuf,
        /// What went wrong; the daemon's own words if it gave any.
        source: io::Error,
    },

    /// The daemon's host could not be reached over the network.
    #[error(transparent)]
    Network(Box<NetworkError>),

    /// The program that was to carry the connection failed before there was one: ssh, or what the
    /// URI's `command` names.
    #[error("{0}")]
    Tunnel(Arc<TunnelError>),

    /// TLS with the daemon's host came to nothing.
    #[error("TLS with {host} port {port}: {source}")]
    Tls {
        /// The host, as the URI has it.
        host: String,
        /// The port.
        port: u16,
        /// What the matter is.
        source: Box<TlsError>,
    },

    /// The host did not let us in, where this process speaks SSH itself.
    #[error(transparent)]
    Ssh(Box<SshError>),

    /// The daemon did not accept who we are.
    #[error("authentication failed: {0}")]
    Auth(#[source] Box<AuthError>),

    /// A file on this side, which something was to be copied from or to, cannot be read or written.
    #[error("the local file: {0}")]
    File(#[source] io::Error),

    /// Neither side can do this: an old daemon, another transport, a feature of the crate that is
    /// switched off.
    #[error("not supported: {0}")]
    Unsupported(String),
}

fn line_number(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

fn hint(source: &io::Error, tried: &[PathBuf]) -> String {
    let mut text = String::new();
    if tried.len() > 1 {
        let paths: Vec<_> = tried
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        text = format!(" (tried {})", paths.join(", "));
    }
    text.push_str(match source.kind() {
        io::ErrorKind::NotFound => "; is the daemon running?",
        io::ErrorKind::ConnectionRefused => "; the socket exists, but no daemon listens on it",
        io::ErrorKind::PermissionDenied => {
            "; this user may not use the socket (the group `libvirt` often may)"
        }
        _ => "",
    });
    text
}

impl Error {
    /// The daemon's error number, where the daemon reported the failure.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Remote(error) => Some(error.code),
            Self::Auth(error) => match &**error {
                AuthError::Refused { source, .. } => Some(source.code),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the daemon says that the object does not exist (any of the `VIR_ERR_NO_…` codes for
    /// domains, networks, pools, volumes, …).
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
            )
        )
    }

    /// Whether the daemon, or its driver, is too old or of the wrong kind for what was asked,
    /// however it says so.
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::Unsupported(_) => true,
            Self::Remote(error) => error.is_unsupported(),
            _ => false,
        }
    }

    /// Whether the connection is gone, so that nothing but opening a new one helps.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// Whether something took longer than it was given, be it a call or a step of opening.
    pub fn is_timeout(&self) -> bool {
        let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        match self {
            Self::Timeout { .. } => true,
            Self::Network(error) => error.failures().any(timed_out),
            Self::Tunnel(error) => matches!(error.failure, TunnelFailure::NoAnswer(_)),
            _ => false,
        }
    }

    pub(crate) fn unsendable(procedure: &'static str, error: EncodeError) -> Self {
        Self::InvalidArgument {
            procedure,
            reason: error.to_string(),
        }
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
