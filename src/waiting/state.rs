//! Waiting for a state.

use std::time::Duration;

use super::followed::{self, Condition, Followed};
use crate::api::domain::{Domain, DomainState, ShutoffReason, State, StateReason};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::events::domain::Change;
use crate::events::{DomainEvent, DomainEventKinds};
use crate::types::error::ErrorCode;

/// # Waiting for states
impl Domain {
    /// Waits until the domain is in that state, or an event says that it has been since.
    ///
    /// A transient domain that is gone counts as [`Shutoff`](State::Shutoff); waiting for another
    /// state of a domain that does not exist fails at once. After `timeout` it fails with
    /// [`Error::Timeout`]. Where the connection is one of a [`Reconnect`](crate::Reconnect) and is
    /// lost, it goes on over the next one. Cancel-safe.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// # domain.shutdown().await?;
    /// use std::time::Duration;
    /// use libvirt_client::domain::State;
    ///
    /// domain.wait_for_state(State::Shutoff, Duration::from_secs(60)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_for_state(&self, state: State, timeout: Duration) -> Result<()> {
        followed::within(timeout, self, STATE, async {
            Followed::begin(self, KINDS).await?.until(&mut Been(state)).await
        })
        .await
    }

    /// Waits until the domain's state satisfies the condition, and returns it.
    ///
    /// The condition is asked about the state as it is at first and after each event of the domain's
    /// life cycle; a state that was left again at once may not be seen. The rest is as with
    /// [`wait_for_state`](Self::wait_for_state).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// # domain.shutdown().await?;
    /// use std::time::Duration;
    /// use libvirt_client::domain::State;
    ///
    /// let ended = |now: &libvirt_client::domain::DomainState| {
    ///     matches!(now.state, State::Shutoff | State::Crashed)
    /// };
    /// let state = domain.wait_until(Duration::from_secs(60), ended).await?;
    /// println!("ended: {:?}", state.reason);
    /// # assert_eq!(state.state, State::Shutoff);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_until(
        &self,
        timeout: Duration,
        condition: impl FnMut(&DomainState) -> bool + Send,
    ) -> Result<DomainState> {
        followed::within(timeout, self, STATE, async {
            Followed::begin(self, KINDS).await?.until(&mut Satisfied(condition)).await
        })
        .await
    }
}

const STATE: &str = "the awaited state";
const KINDS: DomainEventKinds = DomainEventKinds::LIFECYCLE;

/// Being in a state, or having been.
pub(super) struct Been(pub(super) State);

impl Condition for Been {
    type Met = ();

    fn event(&mut self, event: &DomainEvent) -> Result<Option<()>> {
        let DomainEvent::Lifecycle(event) = event else {
            return Ok(None);
        };
        // What has started may be paused from the start.
        let state = match event.change {
            Change::Suspended(_) => State::Paused,
            Change::Resumed(_) => State::Running,
            Change::Stopped(_) => State::Shutoff,
            Change::Shutdown(_) => State::Shutdown,
            Change::PmSuspended(_) => State::PmSuspended,
            Change::Crashed(_) => State::Crashed,
            _ => return Ok(None),
        };
        Ok((state == self.0).then_some(()))
    }

    async fn look(&mut self, domain: &Domain) -> Result<Option<()>> {
        let state = self.0;
        Ok(state_that(domain, |now| *now == state).await?.map(drop))
    }
}

/// A state that satisfies a condition.
struct Satisfied<F>(F);

impl<F: FnMut(&DomainState) -> bool + Send> Condition for Satisfied<F> {
    type Met = DomainState;

    fn event(&mut self, _event: &DomainEvent) -> Result<Option<DomainState>> {
        Ok(None)
    }

    async fn look(&mut self, domain: &Domain) -> Result<Option<DomainState>> {
        state_that(domain, &mut self.0).await
    }
}

/// Returns the state if it satisfies the condition.
async fn state_that(
    domain: &Domain,
    mut condition: impl FnMut(&DomainState) -> bool + Send,
) -> Result<Option<DomainState>> {
    match domain.state().await {
        Ok(state) => Ok(Some(state).filter(condition)),
        Err(error) if error.code() == Some(ErrorCode::NoDomain) => {
            // A transient domain goes with its guest.
            let reason = StateReason::Shutoff(ShutoffReason::Unknown);
            let gone = DomainState { state: State::Shutoff, reason };
            if condition(&gone) {
                Ok(Some(gone))
            } else {
                Err(error)
            }
        }
        Err(error) => Err(error),
    }
}
