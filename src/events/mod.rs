//! Events as streams.
//!
//! [`Connect::subscribe`] gives a [`Subscription`] to one kind of event: of one object, or of all on
//! the connection. The kinds are the structures of the submodules, e.g. [`domain::Lifecycle`].
//!
//! ```no_run
//! use libvirt_client::events::domain::Lifecycle;
//!
//! # async fn example(conn: &libvirt_client::Connect) -> Result<(), Box<dyn std::error::Error>> {
//! let mut changes = conn.subscribe::<Lifecycle>(None).await?;
//! while let Some(change) = changes.next().await {
//!     let change = change?;
//!     println!("{}: {:?}", change.domain.name(), change.change);
//! }
//! # Ok(())
//! # }
//! ```

pub mod connection;
pub mod domain;
pub mod network;
pub mod node_device;
#[cfg(feature = "qemu")]
pub mod qemu;
mod registration;
pub mod secret;
pub mod storage_pool;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::client::Connect;
use crate::client::subscription::{Next, RawSubscription, Registration};
use crate::error::{CloseReason, ProtocolError, Result};
use crate::xdr::{DecodeError, Reader};

/// A kind of event that can be subscribed to; implemented by the structures of the submodules.
pub trait EventKind: sealed::Sealed + Sized + Send + Unpin + 'static {
    /// What the events are about, and what a subscription can be narrowed down to.
    type Object: Sync;

    #[doc(hidden)]
    const NAME: &'static str;

    /// How to have the daemon send it, for one object or for all.
    #[doc(hidden)]
    fn registration(
        conn: &Connect,
        object: Option<&Self::Object>,
    ) -> impl Future<Output = Result<Registration>> + Send;

    /// Reads the body of a message that came by a registration with or without a callback id.
    #[doc(hidden)]
    fn decode(
        conn: &Connect,
        body: &mut Reader<'_>,
        has_callback_id: bool,
    ) -> Result<Self, DecodeError>;
}

mod sealed {
    pub trait Sealed {}
}

/// Why a subscription has no event to give.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The consumer was too slow: so many events were dropped here. The subscription goes on.
    #[error("{0} events were lost because they were not taken in time")]
    Lagged(u64),
    /// An event could not be decoded and is lost. The subscription goes on.
    #[error(transparent)]
    Undecodable(ProtocolError),
    /// The connection has ended, and with it the subscription.
    #[error("the connection is closed: {0}")]
    Closed(CloseReason),
}

/// A stream of events of one kind; from [`Connect::subscribe`].
///
/// It holds a bounded number of events for a consumer that is behind. When more come they are
/// dropped, never anything else held up, and the consumer gets [`EventError::Lagged`] in their
/// place. Dropping the subscription ends it; the last one to the same events has the daemon stop
/// sending them.
pub struct Subscription<E> {
    raw: Option<RawSubscription>,
    kind: PhantomData<fn() -> E>,
}

impl Connect {
    /// Subscribes to one kind of event, of `object` or of everything on the connection
    /// (`virConnectDomainEventRegisterAny` and its like).
    ///
    /// From the moment of the daemon's confirmation no event is missed. Subscriptions to the same
    /// events share one registration. A daemon that does not know the kind gives an error for which
    /// [`is_unsupported`](crate::Error::is_unsupported) holds.
    pub async fn subscribe<E: EventKind>(
        &self,
        object: Option<&E::Object>,
    ) -> Result<Subscription<E>> {
        let registration = E::registration(self, object).await?;
        let raw = self.subscribe_raw(registration).await?;
        Ok(Subscription {
            raw: Some(raw),
            kind: PhantomData,
        })
    }
}

impl<E: EventKind> Subscription<E> {
    /// The next event; `None` once the connection has ended and said so. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<E, EventError>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<E, EventError>>> {
        let Some(raw) = &mut self.raw else {
            return Poll::Ready(None);
        };
        let has_callback_id = raw.has_callback_id();
        let (conn, events) = raw.split();
        let item = match ready!(events.poll_next(cx)) {
            Next::Body(body) => E::decode(conn, &mut Reader::new(body), has_callback_id)
                .map_err(|source| ProtocolError::Event {
                    event: E::NAME,
                    source,
                })
                .map_err(EventError::Undecodable),
            Next::Lagged(count) => Err(EventError::Lagged(count)),
            Next::Ended(reason) => {
                self.raw = None;
                Err(EventError::Closed(reason))
            }
        };
        Poll::Ready(Some(item))
    }
}

impl<E: EventKind> Stream for Subscription<E> {
    type Item = Result<E, EventError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl<E> fmt::Debug for Subscription<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.raw).finish()
    }
}
