//! The errors of this crate.

mod auth;
mod close;
pub(crate) mod debug;
mod display;
mod kinds;
pub(crate) mod line;
mod migration;
mod network;
mod protocol;
mod remote;
mod reports;
mod ssh;
mod timeout;
mod tls;
mod tunnel;
pub(crate) mod uri;

#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use auth::AuthError;
pub use close::{CloseReason, Silence};
pub use migration::{MigrationOutcome, MigrationSide, MigrationStep, Presence};
pub use network::NetworkError;
pub use protocol::ProtocolError;
pub use remote::RemoteError;
pub use ssh::{SshError, SshFailure};
pub use timeout::Waiting;
pub use tls::TlsError;
pub use tunnel::{TunnelError, TunnelFailure};

use crate::types::error::ErrorCode;
use crate::xdr::EncodeError;

/// The result of nearly every operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any failure of the library or of the daemon.
///
/// The text is complete and on one line: it includes that of the cause, with control characters
/// from a peer escaped. So `source` only returns errors below those that the text includes; those
/// included are in the fields.
///
/// `{:?}` is the text as well, so a `main` that returns the error ends with it; `{:#?}` shows the
/// variant and its fields.
///
/// # Contents
///
/// - [What to do](#what-to-do), [Cause](#cause)
#[non_exhaustive]
pub enum Error {
    /// The daemon reported an error.
    Remote(Box<RemoteError>),

    /// The connection has ended, and with it every call that was in flight.
    Closed(CloseReason),

    /// The connection had ended before the call was sent.
    NotSent(CloseReason),

    /// A [`Reconnect`](crate::Reconnect) has no connection at the moment, or never will again, for
    /// this reason.
    NotConnected(Arc<Error>),

    /// The deadline of a call, of a step of a stream or of an opening passed. The connection stays
    /// open; the daemon may still execute a call that was sent.
    Timeout {
        /// The procedure, or the step of an opening.
        operation: &'static str,
        /// The timeout.
        after: Duration,
        /// The state of the wait.
        waiting: Waiting,
    },

    /// A stream was aborted, because nobody read it while others waited for the connection.
    Overrun {
        /// The procedure that opened the stream.
        procedure: &'static str,
        /// The number of bytes that were received and not read.
        unread_bytes: usize,
    },

    /// The peer violated the protocol.
    Protocol(ProtocolError),

    /// An argument cannot be sent as it is; nothing was sent.
    InvalidArgument {
        /// The procedure.
        procedure: &'static str,
        /// The argument and its problem.
        reason: String,
    },

    /// A read-only connection may not do this; nothing was sent. With the procedure.
    ReadOnly(&'static str),

    /// The connection URI is malformed, or asks for something that does not exist.
    Uri {
        /// The URI as given.
        uri: String,
        /// The problem.
        reason: String,
    },

    /// A configuration file of the client is invalid.
    Config {
        /// The file.
        path: PathBuf,
        /// The line, where the problem is in one.
        line: Option<usize>,
        /// The problem.
        reason: String,
    },

    /// A configuration file of the client cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of reading.
        source: io::Error,
    },

    /// The daemon's socket could not be reached.
    Connect {
        /// The address.
        target: String,
        /// Every socket path that was looked for, in order.
        tried: Vec<PathBuf>,
        /// The error of the last attempt.
        source: io::Error,
    },

    /// The user's own daemon was not running and could not be started.
    Start {
        /// The program.
        daemon: PathBuf,
        /// The error; the daemon's own message if it gave any.
        source: io::Error,
    },

    /// The daemon's host could not be reached over the network.
    Network(Box<NetworkError>),

    /// The program that was to carry the connection failed before the connection was open: ssh, or
    /// the URI's `command`.
    Tunnel(Arc<TunnelError>),

    /// TLS with the daemon's host failed.
    Tls {
        /// The host, as the URI has it.
        host: String,
        /// The port.
        port: u16,
        /// The reason.
        source: Box<TlsError>,
    },

    /// The SSH login failed, where this process speaks SSH itself.
    Ssh(Box<SshError>),

    /// A connection could not be opened although something answered: its answer, or the lack of one
    /// in time, is the source.
    Opening {
        /// The target: the URI without its parameters, or the daemon's address.
        target: String,
        /// The failure, which [`cause`](Self::cause) returns too.
        source: Box<Error>,
        /// A possible reason, where there is a likely one.
        hint: Option<&'static str>,
    },

    /// Authentication failed.
    Auth(Box<AuthError>),

    /// A local file that was to be copied from or to cannot be read or written.
    File(io::Error),

    /// Less was copied between a volume and a local file than was requested, because one of them
    /// ended, or less was written to an upload's stream than its length. The copied part is kept.
    Incomplete {
        /// The end that was reached first: `the volume`, `the local file` or `the stream`.
        ended: &'static str,
        /// The number of bytes copied, holes included.
        copied_bytes: u64,
        /// The number of bytes requested, where that was known.
        expected_bytes: Option<u64>,
    },

    /// A migration failed. [`cause`](Self::cause), and with it [`code`](Self::code), is the failure
    /// that ended it.
    Migration(Box<MigrationError>),

    /// The caller gave the operation up before its first step, or between two of them.
    Aborted(&'static str),

    /// What was waited for will not come, for this reason: a guest keeps a device that it was to
    /// release, a job ended otherwise, ….
    Failed(String),

    /// The operation is not supported: by an old daemon, by the transport, or by a crate built
    /// without the feature.
    Unsupported(String),
}

/// A failed step of a migration.
#[derive(Debug)]
#[non_exhaustive]
pub struct MigrationFailure {
    /// The host that failed or could not be reached.
    pub side: MigrationSide,
    /// The step that failed, or during which the host was lost.
    pub step: MigrationStep,
    /// The failure.
    pub error: Error,
}

/// The failure of a migration.
#[derive(Debug)]
#[non_exhaustive]
pub struct MigrationError {
    /// The failure that ended the migration.
    pub first: MigrationFailure,
    /// The failures that followed from it, in order. Where QEMU fails, the destination often knows
    /// the reason better than the source.
    pub later: Vec<MigrationFailure>,
    /// Which host had the guest when everything had been done that could be done.
    pub outcome: MigrationOutcome,
}

/// # Cause
impl Error {
    /// Returns the failure itself, without what [`Error::Opening`] and [`Error::Migration`] add.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Opening { source, .. } => source.cause(),
            Self::Migration(error) => error.first.error.cause(),
            other => other,
        }
    }

    /// Returns the failure itself by value, like [`cause`](Self::cause).
    #[must_use]
    pub fn into_cause(self) -> Self {
        match self {
            Self::Opening { source, .. } => source.into_cause(),
            Self::Migration(error) => error.first.error.into_cause(),
            other => other,
        }
    }

    /// Returns the daemon's error code (`virGetLastErrorCode`), where the daemon reported the
    /// failure.
    #[doc(alias = "virGetLastErrorCode")]
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

/// An extension of results that turns "not found" into `None`.
pub trait Optional<T> {
    /// Converts an error for which [`Error::is_not_found`] holds into `Ok(None)`.
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
