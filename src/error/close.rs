use std::fmt;
use std::io;
use std::sync::Arc;

use super::{ProtocolError, TunnelError};

/// Why a connection ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CloseReason {
    /// This side closed it.
    Local,
    /// The daemon closed it.
    Eof,
    /// The daemon closed it in the middle of a message.
    EofInMessage,
    /// The daemon answered no sign-of-life request for the configured time.
    Keepalive,
    /// The transport failed.
    Io(Arc<io::Error>),
    /// The program that carried the connection ended: ssh, or what the URI's `command` names.
    Tunnel(Arc<TunnelError>),
    /// The peer broke the protocol.
    Protocol(Arc<ProtocolError>),
    /// The runtime that drove the connection was shut down.
    RuntimeGone,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("closed by this side"),
            Self::Eof => f.write_str("closed by the daemon"),
            Self::EofInMessage => f.write_str("closed by the daemon in the middle of a message"),
            Self::Keepalive => f.write_str("the daemon stopped answering keepalive requests"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Tunnel(error) => write!(f, "{error}"),
            Self::Protocol(error) => write!(f, "protocol violation: {error}"),
            Self::RuntimeGone => f.write_str("the runtime that drove it was shut down"),
        }
    }
}

impl From<io::Error> for CloseReason {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl From<ProtocolError> for CloseReason {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(Arc::new(error))
    }
}
