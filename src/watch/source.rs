//! Where a watch gets its connections from.

use crate::client::{Connect, Reconnect};
use crate::error::{Error, Result};

/// The connections that a watch goes on over.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// One connection, and those that follow it if it is a [`Reconnect`]'s.
    Connect(Connect),
    Reconnect(Reconnect),
}

impl Source {
    /// Waits for a connection that is alive.
    pub(super) async fn connect(&self) -> Result<Connect> {
        match self {
            Self::Connect(conn) => conn.or_next().await,
            Self::Reconnect(host) => host.connected().await,
        }
    }
}

/// Returns whether there will be no connection any more.
pub(super) fn is_final(error: &Error) -> bool {
    error.close_reason().is_some() || matches!(error, Error::NotConnected(_))
}
