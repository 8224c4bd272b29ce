//! Subscriptions that outlive a connection.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use tokio::time::Instant;

use super::{EventError, Subscription};
use crate::client::{Connect, Reconnect};
use crate::error::{CloseReason, Error, Result};

/// A stream of events over all successive connections of a [`Reconnect`]; from
/// [`Reconnect::subscribe`].
///
/// After the loss of a connection the consumer gets [`EventError::Gap`] as soon as events come
/// again: state that is queried from then on is at least as new as the events before the gap and no
/// newer than those behind it. Otherwise it behaves as [`Subscription`].
pub struct PersistentSubscription<E> {
    host: Reconnect,
    subscribe: Arc<Subscribe<E>>,
    phase: Phase<E>,
}

/// The pause before the next attempt to subscribe when one was not answered in time.
const PAUSE: Duration = Duration::from_secs(1);

type Subscribe<E> = dyn Fn(Connect) -> BoxFuture<'static, Result<Subscription<E>>> + Send + Sync;

/// Phase of a persistent subscription: with a connection, between two, or at the end.
enum Phase<E> {
    Subscribed(Subscription<E>),
    Resuming(Why, Resuming<E>),
    Ended,
}

/// Why there is no connection.
#[derive(Clone)]
enum Why {
    /// There was none yet.
    Delayed,
    Lost(CloseReason),
}

/// Behind a lock that is never taken, so that a subscription can be shared.
type Resuming<E> = Mutex<BoxFuture<'static, Result<Subscription<E>>>>;

impl Reconnect {
    /// Subscribes to events on the current connection, and again on each that follows.
    ///
    /// `subscribe` makes the subscription: it calls one of [`Connect::subscribe`],
    /// [`Connect::domain_events`], … and may look up the object before.
    ///
    /// Waits for a connection as [`connect`](Self::connect) does. A host that is down is no failure:
    /// if there is no connection by then, the subscription begins with the first one that there is,
    /// and its first item is [`EventError::Delayed`]. Fails if there will never be a connection, or
    /// if `subscribe` fails.
    ///
    /// ```
    /// use libvirt_client::events::domain::Lifecycle;
    /// use libvirt_client::events::EventError;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let test_host = libvirt_client::testing::TestHost::new();
    /// # let host = libvirt_client::Connect::builder(test_host.uri()).reconnecting(Default::default())?;
    /// let subscribe = |conn: libvirt_client::Connect| async move { conn.subscribe::<Lifecycle>(None).await };
    /// let mut changes = host.subscribe(subscribe).await?;
    /// # let conn = host.connect().await?;
    /// # conn.domain_lookup_by_name("test").await?.suspend().await?;
    /// # let mut seen = 0;
    /// while let Some(change) = changes.next().await {
    ///     match change {
    ///         Ok(change) => println!("{}: {:?}", change.domain.name(), change.change),
    ///         Err(end @ (EventError::Closed(_) | EventError::NotResumed(_))) => return Err(end.into()),
    ///         // A gap, or events that were lost otherwise: the subscription goes on.
    ///         Err(lost) => println!("{lost}; look at all anew"),
    ///     }
    /// #   seen += 1;
    /// #   if seen == 2 { break } else { test_host.cut() }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe<E, Subscribing>(
        &self,
        subscribe: impl Fn(Connect) -> Subscribing + Send + Sync + 'static,
    ) -> Result<PersistentSubscription<E>>
    where
        E: 'static,
        Subscribing: Future<Output = Result<Subscription<E>>> + Send + 'static,
    {
        let first = self.query(&subscribe).await;
        let subscribe: Arc<Subscribe<E>> = Arc::new(move |conn| Box::pin(subscribe(conn)));
        let phase = match first {
            Ok(first) => Phase::Subscribed(first),
            // A connection, or its end, may have come just now.
            Err(error) if self.may_connect(&error) => {
                Phase::Resuming(Why::Delayed, resuming(self, &subscribe))
            }
            Err(error) => return Err(error),
        };
        Ok(PersistentSubscription { host: self.clone(), subscribe, phase })
    }
}

impl<E: 'static> PersistentSubscription<E> {
    /// Returns the next event; `None` after the end, which is when the [`Reconnect`] was closed or
    /// the daemon refused to resume. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<E, EventError>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<E, EventError>>> {
        loop {
            match &mut self.phase {
                Phase::Subscribed(events) => match ready!(Pin::new(events).poll_next(cx)) {
                    Some(Err(EventError::Closed(reason))) => {
                        let resuming = resuming(&self.host, &self.subscribe);
                        self.phase = Phase::Resuming(Why::Lost(reason), resuming);
                    }
                    None => self.phase = Phase::Ended,
                    item => return Poll::Ready(item),
                },
                Phase::Resuming(why, resuming) => {
                    let resuming = resuming.get_mut().unwrap_or_else(PoisonError::into_inner);
                    let resumed = ready!(resuming.as_mut().poll(cx));
                    let (phase, error) = match (resumed, why.clone()) {
                        (Ok(events), Why::Delayed) => {
                            (Phase::Subscribed(events), EventError::Delayed)
                        }
                        (Ok(events), Why::Lost(reason)) => {
                            (Phase::Subscribed(events), EventError::Gap(reason))
                        }
                        (Err(Error::NotConnected(why)), Why::Lost(reason)) if why.is_closed() => {
                            (Phase::Ended, EventError::Closed(reason))
                        }
                        (Err(error), _) => (Phase::Ended, EventError::NotResumed(Arc::new(error))),
                    };
                    self.phase = phase;
                    return Poll::Ready(Some(Err(error)));
                }
                Phase::Ended => return Poll::Ready(None),
            }
        }
    }
}

fn resuming<E: 'static>(host: &Reconnect, subscribe: &Arc<Subscribe<E>>) -> Resuming<E> {
    Mutex::new(Box::pin(resume(host.clone(), Arc::clone(subscribe))))
}

/// Subscribes on the next connection, or on a later one, as long as there are any.
async fn resume<E>(host: Reconnect, subscribe: Arc<Subscribe<E>>) -> Result<Subscription<E>> {
    loop {
        let conn = host.connected().await?;
        match subscribe(conn.clone()).await {
            Err(error) if conn.was_lost(&error) => {}
            Err(error) if error.is_timeout() => conn.pause_until(Instant::now() + PAUSE).await,
            resumed => return resumed,
        }
    }
}

impl<E: 'static> Stream for PersistentSubscription<E> {
    type Item = Result<E, EventError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl<E> fmt::Debug for PersistentSubscription<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PersistentSubscription");
        shown.field("host", &self.host);
        if let Phase::Subscribed(events) = &self.phase {
            shown.field("events", events);
        }
        shown.finish_non_exhaustive()
    }
}
