//! Streams of events of one or several kinds.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{EventError, EventKind};
use crate::client::Connect;
use crate::client::registration::Registration;
use crate::client::subscription::{Next, RawSubscription};
use crate::error::{Error, ProtocolError, Result};
use crate::xdr::{DecodeError, Reader};

/// A stream of events; from [`Connect::subscribe`], [`Connect::domain_events`] and
/// [`Connect::host_events`].
///
/// It buffers a bounded number of events for a slow consumer. Further events are dropped, without
/// holding up anything else, and the consumer gets [`EventError::Lagged`] in their place. Dropping
/// the subscription ends it; the daemon stops sending events when the last subscription to them
/// ends.
pub struct Subscription<E> {
    raw: Option<RawSubscription>,
    decoders: Vec<Decoder<E>>,
}

/// One kind of event in a subscription.
pub(super) struct Source<E> {
    registration: Registration,
    decoder: Decoder<E>,
}

/// Conversion of messages of one kind to events.
pub(super) struct Decoder<E> {
    /// Kind of event.
    pub(super) name: &'static str,
    /// Kind of message.
    kind: (u32, u32),
    has_callback_id: bool,
    decode: fn(&Connect, &mut Reader<'_>, bool) -> Result<E, DecodeError>,
}

/// # Events of one kind
impl Connect {
    /// Subscribes to one kind of event, of `object` or of everything on the connection
    /// (`virConnectDomainEventRegisterAny` and its counterparts).
    ///
    /// No event is missed from the daemon's confirmation on. Subscriptions to the same events share
    /// one registration. A daemon that does not support the kind gives an error for which
    /// [`is_unsupported`](crate::Error::is_unsupported) holds.
    ///
    /// Dropping the future, or its timeout, leaves nothing behind: a registration that the daemon
    /// makes nevertheless is removed, or serves other subscriptions that exist by then.
    #[doc(alias = "virConnectDomainEventRegisterAny")]
    #[doc(alias = "virConnectNetworkEventRegisterAny")]
    #[doc(alias = "virConnectNodeDeviceEventRegisterAny")]
    #[doc(alias = "virConnectSecretEventRegisterAny")]
    #[doc(alias = "virConnectStoragePoolEventRegisterAny")]
    #[doc(alias = "domainEventRegisterAny")]
    #[doc(alias = "networkEventRegisterAny")]
    #[doc(alias = "nodeDeviceEventRegisterAny")]
    #[doc(alias = "secretEventRegisterAny")]
    #[doc(alias = "storagePoolEventRegisterAny")]
    pub async fn subscribe<E: EventKind>(
        &self,
        object: Option<&E::Object>,
    ) -> Result<Subscription<E>> {
        let source = Source::of::<E, E>(self, object).await?;
        self.subscribe_to(vec![source], Error::is_unsupported).await
    }

    /// Subscribes to `sources`, but for those that fail with an error that is `dispensable`, unless
    /// those are all.
    pub(super) async fn subscribe_to<E>(
        &self,
        sources: Vec<Source<E>>,
        dispensable: fn(&Error) -> bool,
    ) -> Result<Subscription<E>> {
        let (registrations, mut decoders): (_, Vec<_>) =
            sources.into_iter().map(|source| (source.registration, source.decoder)).unzip();
        let raw = self.subscribe_raw(registrations, dispensable).await?;
        decoders.retain(|decoder| raw.message_kinds().any(|kind| kind == decoder.kind));
        Ok(Subscription { raw: Some(raw), decoders })
    }
}

impl<E> Source<E> {
    /// Makes a source of events of kind `K`, as variants of `M`, as variants of `E`.
    pub(super) async fn of<K, M>(conn: &Connect, object: Option<&K::Object>) -> Result<Self>
    where
        K: EventKind,
        M: From<K>,
        E: From<M>,
    {
        let registration = K::registration(conn, object).await?;
        let decoder = Decoder {
            name: K::NAME,
            kind: registration.message_kind(),
            has_callback_id: registration.has_callback_id(),
            decode: |conn, body, has_callback_id| {
                K::decode(conn, body, has_callback_id).map(|event| E::from(M::from(event)))
            },
        };
        Ok(Self { registration, decoder })
    }
}

impl<E> Subscription<E> {
    /// Returns the next event; `None` after the end of the connection was returned. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<E, EventError>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Returns the daemon's errors for the kinds of events that are left out: it does not support
    /// them, or, for [`Connect::host_events`], refuses them. Empty after the end.
    pub fn left_out(&self) -> &[Error] {
        self.raw.as_ref().map_or(&[], RawSubscription::left_out)
    }

    pub(super) fn decoders(&self) -> &[Decoder<E>] {
        &self.decoders
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<E, EventError>>> {
        let Some(raw) = &mut self.raw else {
            return Poll::Ready(None);
        };
        let (conn, events) = raw.split();
        let item = loop {
            match ready!(events.poll_next(cx)) {
                Next::Message(kind, body) => {
                    let decoder = self.decoders.iter().find(|decoder| decoder.kind == kind);
                    if let Some(decoder) = decoder {
                        break decoder.event(conn, body);
                    }
                }
                Next::Lagged(count) => break Err(EventError::Lagged(count)),
                Next::Ended(reason) => {
                    self.raw = None;
                    break Err(EventError::Closed(reason));
                }
            }
        };
        Poll::Ready(Some(item))
    }
}

impl<E> Decoder<E> {
    fn event(&self, conn: &Connect, body: &[u8]) -> Result<E, EventError> {
        let mut body = Reader::new(body);
        (self.decode)(conn, &mut body, self.has_callback_id).map_err(|source| {
            EventError::Undecodable(ProtocolError::Event { event: self.name, source })
        })
    }
}

impl<E> Stream for Subscription<E> {
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
