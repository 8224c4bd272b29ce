//! What only the simulation sets and sees.

use std::time::Duration;

use super::connection::Connect;
pub(crate) use super::dialer::Dialer;
use super::opening::ConnectBuilder;
use crate::error::CloseReason;
use crate::rpc::engine::Holdings;

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
