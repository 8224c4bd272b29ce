//! Shutting a domain down.

use std::time::Duration;

use super::followed::{Followed, within};
use super::state::Been;
use crate::api::domain::{Domain, ShutdownFlags, State};
use crate::error::{Error, Result};
use crate::events::DomainEventKinds;
use crate::types::error::ErrorCode;

/// # Shutting down and waiting
impl Domain {
    /// Asks the guest to shut down, once, and waits until it has. One that is off already is a
    /// success.
    ///
    /// A guest may ignore the request, or not notice it before it has booted: after `timeout` this
    /// fails with [`Error::Timeout`], and the guest may still shut down later. What
    /// [`shutdown_flags`](Self::shutdown_flags) refuses fails at once. If the connection is lost
    /// with the request, and is one of a [`Reconnect`](crate::Reconnect), the request is not
    /// repeated. Dropping the future does not take the request back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// use std::time::Duration;
    /// use libvirt_client::domain::ShutdownFlags;
    ///
    /// let timeout = Duration::from_secs(60);
    /// match domain.shutdown_and_wait(timeout, ShutdownFlags::empty()).await {
    ///     Err(error) if error.is_timeout() => domain.destroy().await?,
    ///     result => result?,
    /// }
    /// # assert!(!domain.is_active().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown_and_wait(&self, timeout: Duration, flags: ShutdownFlags) -> Result<()> {
        within(timeout, self, "the guest's shutdown", async {
            let mut followed = Followed::begin(self, DomainEventKinds::LIFECYCLE).await?;
            match followed.acted(followed.domain().shutdown_flags(flags).await) {
                Err(error) if is_about_end(&error) && is_ending(followed.domain()).await => {}
                result => result?,
            }
            followed.until(&mut Been(State::Shutoff)).await
        })
        .await
    }
}

/// Returns whether the daemon may have failed because the guest ends or has ended: it does not run, or
/// its agent did as it was told. The daemon hears of the guest's end and of the end of the agent's
/// socket at the same time, and reports what it handles last.
fn is_about_end(error: &Error) -> bool {
    error.is_agent_unavailable()
        || matches!(error.code(), Some(ErrorCode::OperationInvalid | ErrorCode::InternalError))
}

/// Returns whether the guest has ended, or is about to.
async fn is_ending(domain: &Domain) -> bool {
    match domain.state().await {
        Ok(now) => matches!(now.state, State::Shutdown | State::Shutoff),
        Err(error) => error.code() == Some(ErrorCode::NoDomain),
    }
}
