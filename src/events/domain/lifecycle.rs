//! Lifecycle events of domains: definition, start, end, and other changes of state.

use serde::Serialize;

use super::super::{EventKind, sealed};
use super::Wire;
use crate::api::domain::{
    Domain, EventCrashedDetailType, EventDefinedDetailType, EventPmSuspendedDetailType,
    EventResumedDetailType, EventShutdownDetailType, EventStartedDetailType,
    EventStoppedDetailType, EventSuspendedDetailType, EventType, EventUndefinedDetailType,
};
use crate::client::Connect;
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{Event, remote};
use crate::xdr::{Decode, DecodeError, Reader};

/// Change of a domain's state (`VIR_DOMAIN_EVENT_ID_LIFECYCLE`).
#[doc(alias = "VIR_DOMAIN_EVENT_ID_LIFECYCLE")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Lifecycle {
    /// Domain that the event is about.
    pub domain: Domain,
    /// The change and its reason.
    pub change: Change,
}

/// A change of a domain's state and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "event", content = "detail", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// Defined, or its definition changed.
    Defined(EventDefinedDetailType),
    /// Undefined.
    Undefined(EventUndefinedDetailType),
    /// Started.
    Started(EventStartedDetailType),
    /// Paused.
    Suspended(EventSuspendedDetailType),
    /// Resumed.
    Resumed(EventResumedDetailType),
    /// Ended.
    Stopped(EventStoppedDetailType),
    /// The guest has shut down, but its process still exists.
    Shutdown(EventShutdownDetailType),
    /// The guest suspended itself.
    PmSuspended(EventPmSuspendedDetailType),
    /// The guest crashed.
    Crashed(EventCrashedDetailType),
    /// A change that this release does not know.
    Other {
        /// Number of the event.
        event: i32,
        /// Number of its reason.
        detail: i32,
    },
}

impl Change {
    fn from_wire(event: i32, detail: i32) -> Self {
        match EventType::from(event) {
            EventType::Defined => Self::Defined(detail.into()),
            EventType::Undefined => Self::Undefined(detail.into()),
            EventType::Started => Self::Started(detail.into()),
            EventType::Suspended => Self::Suspended(detail.into()),
            EventType::Resumed => Self::Resumed(detail.into()),
            EventType::Stopped => Self::Stopped(detail.into()),
            EventType::Shutdown => Self::Shutdown(detail.into()),
            EventType::PmSuspended => Self::PmSuspended(detail.into()),
            EventType::Crashed => Self::Crashed(detail.into()),
            EventType::Other(event) => Self::Other { event, detail },
        }
    }
}

impl sealed::Sealed for Lifecycle {}

impl EventKind for Lifecycle {
    type Object = Domain;
    const NAME: &'static str = "Lifecycle";

    async fn registration(conn: &Connect, object: Option<&Domain>) -> Result<Registration> {
        const WIRE: Wire = Wire {
            id: 0,
            modern: &remote::DomainEventCallbackLifecycle::INFO,
            legacy: Some(&remote::DomainEventLifecycle::INFO),
        };
        WIRE.registration(conn, object).await
    }

    fn decode(
        conn: &Connect,
        body: &mut Reader<'_>,
        has_callback_id: bool,
    ) -> Result<Self, DecodeError> {
        if has_callback_id {
            i32::decode(body)?;
        }
        let msg = remote::DomainEventLifecycleMsg::decode(body)?;
        Ok(Self {
            domain: Domain::from_wire(conn, &msg.dom),
            change: Change::from_wire(msg.event, msg.detail),
        })
    }
}
