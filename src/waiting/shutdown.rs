//! Shutting a domain down.

use std::time::Duration;

use super::followed::{Followed, within};
use super::state::Been;
use crate::api::domain::{Domain, ShutdownFlags, State};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::events::DomainEventKinds;

/// # Shutting down and waiting
impl Domain {
    /// Asks the guest to shut down, once, and waits until it has.
    ///
    /// A guest may ignore the request, or not notice it before it has booted: after `limit` this
    /// fails with [`Error::Timeout`], and the guest may still shut down later. What
    /// [`shutdown_flags`](Self::shutdown_flags) refuses fails at once. If the connection is lost
    /// with the request, and is one of a [`Reconnect`](crate::Reconnect), the request is not
    /// repeated. Dropping the future does not take the request back.
    ///
    /// ```no_run
    /// # async fn example(domain: &libvirt_client::domain::Domain) -> libvirt_client::Result<()> {
    /// use std::time::Duration;
    /// use libvirt_client::domain::ShutdownFlags;
    ///
    /// let limit = Duration::from_secs(60);
    /// match domain.shutdown_and_wait(limit, ShutdownFlags::empty()).await {
    ///     Err(error) if error.is_timeout() => domain.destroy().await?,
    ///     result => result?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown_and_wait(&self, limit: Duration, flags: ShutdownFlags) -> Result<()> {
        within(limit, self, "the guest's shutdown", async {
            let mut followed = Followed::begin(self, DomainEventKinds::LIFECYCLE).await?;
            followed.acted(followed.domain().shutdown_flags(flags).await)?;
            followed.until(&mut Been(State::Shutoff)).await
        })
        .await
    }
}
