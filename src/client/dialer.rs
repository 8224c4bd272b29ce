//! Transports of a test's own.

use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::error::Result;
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
