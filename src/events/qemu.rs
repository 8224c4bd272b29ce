//! What QEMU's monitors say.

use std::time::Duration;

use super::{EventKind, sealed};
use crate::api::domain::Domain;
use crate::client::Connect;
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{Event, Request, qemu, remote};
use crate::types::qemu::MonitorEventRegisterFlags;
use crate::xdr::{Decode, DecodeError, Reader};

/// An event of a domain's QEMU, as its monitor reports it
/// (`virConnectDomainQemuMonitorEventRegister`).
///
/// Which events there are, and what they carry, changes with QEMU's releases.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitorEvent {
    /// The domain.
    pub domain: Domain,
    /// The event's name, e.g. `STOP`.
    pub event: String,
    /// When it happened by the host's clock, since the epoch.
    pub time: Duration,
    /// What it carries, as JSON.
    pub details: Option<String>,
}

/// Which monitor events a subscription is for.
#[derive(Debug, Clone, Default)]
pub struct MonitorFilter {
    /// Of this domain; `None` for all.
    pub domain: Option<Domain>,
    /// Of this name, or matching this as the flags say; `None` for all.
    pub event: Option<String>,
    /// How `event` is compared.
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
        let seconds = u64::try_from(msg.seconds).unwrap_or_default();
        Ok(Self {
            domain: Domain::from_wire(conn, &msg.dom),
            event: msg.event.into_owned(),
            time: Duration::from_secs(seconds) + Duration::from_micros(msg.micros.into()),
            details: msg.details.map(String::from),
        })
    }
}
