//! Options that a connection is opened with.

use std::io;
use std::time::Duration;

use tokio::runtime::Handle;

#[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
use crate::auth::AuthOptions;
use crate::error::uri::place;
use crate::error::{Error, Result};
use crate::rpc::keepalive::KeepaliveOptions;
use crate::transport::Security;
#[cfg(feature = "tls")]
use crate::transport::tls::TlsOptions;

/// The values of a [`ConnectBuilder`](super::ConnectBuilder), which documents them.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(super) uri: String,
    pub(super) read_only: bool,
    pub(super) aliases: bool,
    pub(super) open_timeout: Option<Duration>,
    pub(super) call_timeout: Option<Duration>,
    pub(super) keepalive: Option<(Duration, u32)>,
    pub(super) busy_timeout: Duration,
    pub(super) max_client_requests: usize,
    pub(super) max_long_calls: Option<usize>,
    pub(super) max_queued_events: usize,
    pub(super) max_queued_event_bytes: usize,
    /// The bytes that may wait for a stream's reader before the connection stops reading.
    pub(super) stream_budget: usize,
    pub(super) over_own_stream: bool,
    /// The security of the caller's own stream.
    pub(super) own_stream: Security,
    #[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
    pub(super) auth: AuthOptions,
    #[cfg(feature = "tls")]
    pub(super) tls: TlsOptions,
    /// Takes the place of dialing.
    #[cfg(test)]
    pub(super) dialer: Option<super::dialer::Dialer>,
}

impl Options {
    pub(super) fn new(uri: &str) -> Self {
        Self {
            uri: uri.to_owned(),
            read_only: false,
            aliases: true,
            open_timeout: Some(Duration::from_secs(30)),
            call_timeout: Some(Duration::from_secs(120)),
            keepalive: Some((Duration::from_secs(5), 5)),
            busy_timeout: Duration::from_secs(60),
            max_client_requests: 5,
            max_long_calls: None,
            max_queued_events: 65_536,
            max_queued_event_bytes: 16 * 1024 * 1024,
            stream_budget: 8 * 1024 * 1024,
            over_own_stream: false,
            own_stream: Security { secure: false, encrypted: false },
            #[cfg(any(feature = "sasl", feature = "ssh-native", feature = "test-driver"))]
            auth: AuthOptions::default(),
            #[cfg(feature = "tls")]
            tls: TlsOptions::default(),
            #[cfg(test)]
            dialer: None,
        }
    }

    /// Returns the current runtime, which is to run the driver task and its timers.
    pub(super) fn runtime(&self) -> Result<Handle> {
        Handle::try_current().map_err(|_| Error::Connect {
            target: place(&self.uri),
            tried: Vec::new(),
            source: io::Error::other("opening a connection needs a running tokio runtime"),
        })
    }

    /// Returns whether to ask the daemon for keepalive, which makes it watch this client. One that
    /// may be too busy to read would disconnect it; today's daemons answer keepalive requests
    /// without being asked.
    pub(super) fn asks_for_keepalive(&self) -> bool {
        self.max_client_requests > 1
    }

    pub(super) fn keepalive_options(&self) -> Option<KeepaliveOptions> {
        let (interval, count) = self.keepalive?;
        Some(KeepaliveOptions {
            interval,
            count,
            max_requests: self.max_client_requests,
            busy_limit: self.busy_timeout,
        })
    }

    /// Returns the number of calls that take long that the daemon may be given at a time.
    pub(super) fn long_calls(&self) -> usize {
        self.max_long_calls.unwrap_or(self.max_client_requests - 1).max(1)
    }
}
