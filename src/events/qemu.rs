//! Events of QEMU's monitors.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::{EventKind, sealed};
use crate::api::domain::Domain;
use crate::api::wire::unix_time;
use crate::client::Connect;
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{Event, Request, qemu, remote};
use crate::types::qemu::MonitorEventRegisterFlags;
use crate::xdr::{Decode, DecodeError, Reader};

/// An event of a domain's QEMU, as its monitor reports it
/// (`virConnectDomainQemuMonitorEventRegister`).
///
/// The events and their content change with QEMU's releases.
#[doc(alias = "virConnectDomainQemuMonitorEventRegister")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonitorEvent {
    /// Domain that the event is about.
    pub domain: Domain,
    /// Name of the event, e.g. `STOP`.
    pub event: String,
    /// Time of the event by the host's clock; 1970 for one that this system's clock cannot represent.
    pub time: SystemTime,
    /// Content of the event, as JSON.
    pub details: Option<String>,
}

/// Filter for the monitor events of a subscription.
#[derive(Debug, Clone, Default)]
pub struct MonitorFilter {
    /// Domain; `None` for all.
    pub domain: Option<Domain>,
    /// Name of the event, or pattern as the flags say; `None` for all.
    pub event: Option<String>,
    /// Comparison of `event`.
    pub flags: MonitorEventRegisterFlags,
}

impl sealed::Sealed for MonitorEvent {}

impl EventKind for MonitorEvent {
    type Object = MonitorFilter;
    const NAME: &'static str = "MonitorEvent";

    async fn registration(_conn: &Connect, filter: Option<&MonitorFilter>) -> Result<Registration> {
        let filter = filter.cloned().unwrap_or_default();
        let domain = filter.domain.as_ref();
        let request = qemu::ConnectDomainMonitorEventRegister {
            dom: domain.map(|domain| remote::NonnullDomain { id: -1, ..domain.wire() }),
            event: filter.event.as_deref().map(Into::into),
            flags: filter.flags,
        };
        Registration::with_callback_id(
            &qemu::DomainMonitorEvent::INFO,
            &request,
            &qemu::ConnectDomainMonitorEventDeregister::INFO,
        )
    }

    fn decode(
        conn: &Connect,
        body: &mut Reader<'_>,
        _has_callback_id: bool,
    ) -> Result<Self, DecodeError> {
        let msg = qemu::DomainMonitorEventMsg::decode(body)?;
        let micros = Duration::from_micros(msg.micros.into());
        let time = unix_time(msg.seconds).and_then(|second| second.checked_add(micros));
        Ok(Self {
            domain: Domain::from_wire(conn, &msg.dom),
            event: msg.event.into_owned(),
            time: time.unwrap_or(SystemTime::UNIX_EPOCH),
            details: msg.details.map(String::from),
        })
    }
}
