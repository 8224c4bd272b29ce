//! Calls to the source beside those that migrate.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::api::domain::Domain;
use crate::error::Result;

/// The domain on the source, over a connection on which calls need not wait for the migration: one
/// of its own where the daemon takes one request at a time.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    domain: Domain,
    own: Arc<OnceCell<Domain>>,
}

impl Beside {
    pub(super) fn of(domain: &Domain) -> Self {
        Self { domain: domain.clone(), own: Arc::default() }
    }

    pub(super) async fn domain(&self) -> Result<&Domain> {
        let conn = self.domain.connect();
        if !conn.takes_one_request() {
            return Ok(&self.domain);
        }
        let open = || async { Ok(self.domain.via(&conn.reopen().await?)) };
        self.own.get_or_try_init(open).await
    }

    pub(super) fn runtime(&self) -> &Handle {
        self.domain.connect().runtime()
    }
}
