//! A domain and its events, over all connections.

use std::time::Duration;

use tokio::time::timeout;

use crate::api::domain::Domain;
use crate::client::timer;
use crate::error::{Error, Result, Waiting};
use crate::events::{DomainEvent, DomainEventKinds, EventError, Subscription};

/// A domain whose events are subscribed to.
#[derive(Debug)]
pub(super) struct Followed {
    /// Through the present connection.
    domain: Domain,
    kinds: DomainEventKinds,
    events: Subscription<DomainEvent>,
}

/// What is waited for.
pub(super) trait Condition {
    type Met;

    /// After that time it is looked at again although there was no event.
    const PERIOD: Option<Duration> = None;

    /// Returns what an event says about it.
    fn event(&mut self, event: &DomainEvent) -> Result<Option<Self::Met>>;

    /// Asks for it.
    fn look(&mut self, domain: &Domain) -> impl Future<Output = Result<Option<Self::Met>>> + Send;
}

impl Followed {
    pub(super) async fn begin(domain: &Domain, kinds: DomainEventKinds) -> Result<Self> {
        loop {
            let domain = domain.via(&domain.connect().or_next().await?);
            match domain.events(kinds).await {
                Err(error) if domain.connect().was_lost(&error) => {}
                events => return Ok(Self { events: events?, domain, kinds }),
            }
        }
    }

    /// Returns the domain, through the present connection.
    pub(super) fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Passes over the loss of the connection with a call that changes something: the daemon may
    /// have executed it.
    pub(super) fn acted(&self, result: Result<()>) -> Result<()> {
        match result {
            Err(error) if self.domain.connect().was_lost(&error) => Ok(()),
            result => result,
        }
    }

    /// Waits until the condition is met.
    pub(super) async fn until<C: Condition>(&mut self, condition: &mut C) -> Result<C::Met> {
        loop {
            match condition.look(&self.domain).await {
                Ok(Some(met)) => return Ok(met),
                Err(error) if self.domain.connect().was_lost(&error) => {
                    *self = Self::begin(&self.domain, self.kinds).await?;
                    continue;
                }
                looked => looked?,
            };
            if let Some(event) = self.event(C::PERIOD).await?
                && let Some(met) = condition.event(&event)?
            {
                return Ok(met);
            }
        }
    }

    /// Waits for the next event; `None` says that some may have been lost, or that there was none
    /// for so long.
    pub(super) async fn event(&mut self, period: Option<Duration>) -> Result<Option<DomainEvent>> {
        let event = match period {
            None => self.events.next().await,
            Some(period) => {
                let runtime = self.domain.connect().runtime();
                match timer(runtime, || timeout(period, self.events.next())).await {
                    Ok(event) => event,
                    Err(_) => return Ok(None),
                }
            }
        };
        match event {
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(EventError::Closed(_))) | None => {
                *self = Self::begin(&self.domain, self.kinds).await?;
                Ok(None)
            }
            Some(Err(_)) => Ok(None),
        }
    }
}

/// Waits no longer than that; `awaited` is what has not come then.
pub(super) async fn within<T>(
    limit: Duration,
    domain: &Domain,
    awaited: &'static str,
    waiting: impl Future<Output = Result<T>>,
) -> Result<T> {
    let limited = timer(domain.connect().runtime(), || timeout(limit, waiting));
    limited.await.unwrap_or(Err(Error::Timeout {
        operation: awaited,
        after: limit,
        waiting: Waiting::Event { object: domain.name().to_owned() },
    }))
}
