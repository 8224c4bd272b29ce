//! Reasons for a connection's end.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::line::Line;
use super::{ProtocolError, TunnelError};

/// The reason why a connection ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CloseReason {
    /// This side closed it.
    Local,
    /// The daemon closed it.
    Eof,
    /// The daemon closed it in the middle of a message.
    EofInMessage,
    /// The daemon did not respond to keepalive requests
    /// ([`ConnectBuilder::keepalive`](crate::ConnectBuilder::keepalive)).
    Keepalive(Arc<Silence>),
    /// The daemon or the network closed the connection while calls were in flight and the daemon
    /// had replied to none for longer than a keepalive interval.
    CutOff {
        /// The way the connection ended.
        cause: Arc<CloseReason>,
        /// The daemon's silence before.
        silence: Arc<Silence>,
    },
    /// The transport failed.
    Io(Arc<io::Error>),
    /// The program that carried the connection ended: ssh, or the URI's `command`.
    Tunnel(Arc<TunnelError>),
    /// The peer violated the protocol.
    Protocol(Arc<ProtocolError>),
    /// The runtime of the driver task was shut down.
    RuntimeGone,
}

/// A daemon's silence when the connection ended: its length, and the calls without a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Silence {
    /// The time without a reply. The daemon may have sent keepalive requests meanwhile.
    pub lasted: Duration,
    /// The number of unanswered calls per procedure, including those that their callers had
    /// abandoned.
    pub unanswered: Vec<(&'static str, usize)>,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s of silence", self.lasted.as_secs_f64())?;
        if self.unanswered.is_empty() {
            return Ok(());
        }
        f.write_str(" with calls in flight (")?;
        write_calls(f, &self.unanswered)?;
        f.write_str(
            "); a daemon that works on max_client_requests requests of a client, which is 5 unless \
             its configuration says otherwise, reads nothing else, keepalive included \
             (ConnectBuilder::max_client_requests)",
        )
    }
}

/// Writes procedures, each with the number of its calls if there are several.
pub(super) fn write_calls(
    f: &mut fmt::Formatter<'_>,
    calls: &[(&'static str, usize)],
) -> fmt::Result {
    for (index, (name, count)) in calls.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{name}")?;
        if *count > 1 {
            write!(f, " {count} times")?;
        }
    }
    Ok(())
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Line(f);
        match self {
            Self::Local => f.write_str("closed by this side"),
            Self::Eof => f.write_str("closed by the daemon"),
            Self::EofInMessage => f.write_str("closed by the daemon in the middle of a message"),
            Self::Keepalive(silence) => {
                write!(f, "the daemon stopped answering keepalive requests: {silence}")
            }
            Self::CutOff { cause, silence } => write!(f, "{cause} after {silence}"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Tunnel(error) => write!(f, "{error}"),
            Self::Protocol(error) => write!(f, "protocol violation: {error}"),
            Self::RuntimeGone => f.write_str("the runtime that drove it was shut down"),
        }
    }
}

impl StdError for CloseReason {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Tunnel(error) => error.source(),
            Self::Protocol(error) => error.source(),
            Self::CutOff { cause, .. } => cause.source(),
            _ => None,
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
