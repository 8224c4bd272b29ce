//! Calls to the source beside those that migrate.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::api::domain::Domain;
use crate::error::Result;

/// The domain on the source, over a connection on which calls need not wait for the migration: one
/// of its own where the daemon takes one request at a time.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    domain: Domain,
    /// Over the connection of its own that was opened last.
    own: Arc<Mutex<Option<Domain>>>,
}

impl Beside {
    pub(super) fn of(domain: &Domain) -> Self {
        Self { domain: domain.clone(), own: Arc::default() }
    }

    pub(super) async fn domain(&self) -> Result<Domain> {
        let conn = self.domain.connect();
        if !conn.takes_one_request() {
            return Ok(self.domain.clone());
        }
        let own = || self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = own().clone();
        if let Some(domain) = opened.filter(|domain| domain.connect().is_alive()) {
            return Ok(domain);
        }
        let domain = self.domain.via(&conn.reopen().await?);
        *own() = Some(domain.clone());
        Ok(domain)
    }

    pub(super) fn runtime(&self) -> &Handle {
        self.domain.connect().runtime()
    }
}
