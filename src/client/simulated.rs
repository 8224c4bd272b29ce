//! What only the simulation sets and sees.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::connection::Connect;
use super::opening::ConnectBuilder;
use crate::error::{CloseReason, Result};
use crate::rpc::engine::Holdings;
use crate::transport::Transport;

/// Takes the place of dialing what a URI names.
#[derive(Clone)]
pub(crate) struct Dialer(Arc<dyn Fn() -> BoxFuture<'static, Result<Transport>> + Send + Sync>);

impl Dialer {
    pub(crate) fn new(
        dial: impl Fn() -> BoxFuture<'static, Result<Transport>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(dial))
    }

    pub(super) fn dial(&self) -> BoxFuture<'static, Result<Transport>> {
        (self.0)()
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialer")
    }
}

impl ConnectBuilder {
    pub(crate) fn dialer(mut self, dialer: Dialer) -> Self {
        self.options.dialer = Some(dialer);
        self
    }

    pub(crate) fn stream_budget(mut self, bytes: usize) -> Self {
        self.options.stream_budget = bytes;
        self
    }
}

impl Connect {
    /// Returns the timeout of calls that do not take long.
    pub(crate) fn call_timeout(&self) -> Option<Duration> {
        self.timeout(false)
    }

    /// Returns the reason for the end, if the connection has ended.
    pub(crate) fn end_reason(&self) -> Option<CloseReason> {
        self.shared().end_reason()
    }

    /// Counts what the connection holds for its callers.
    pub(crate) fn holdings(&self) -> Holdings {
        self.shared().holdings()
    }
}
