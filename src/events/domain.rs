//! Events of domains.

mod kinds;
mod lifecycle;

pub use kinds::*;
pub use lifecycle::{Change, Lifecycle};

use crate::api::domain::Domain;
use crate::client::registration::{NamedBy, Registration};
use crate::client::{Connect, asked_once};
use crate::error::{Error, Result};
use crate::protocol::{EventInfo, Request, remote};
use crate::types::feature::Feature;

/// Wire format of a kind of domain event.
struct Wire {
    id: i32,
    /// Message with a callback ID in front.
    modern: &'static EventInfo,
    /// Message of daemons without support for callback IDs; they do not support newer kinds.
    legacy: Option<&'static EventInfo>,
}

impl Wire {
    async fn registration(&self, conn: &Connect, object: Option<&Domain>) -> Result<Registration> {
        let asking = conn.supports_feature(Feature::RemoteEventCallback);
        if *asked_once(conn.event_callback_ids_cell(), asking).await? {
            self.modern(object)
        } else {
            self.legacy(object)
        }
    }

    fn modern(&self, object: Option<&Domain>) -> Result<Registration> {
        let request = remote::ConnectDomainEventCallbackRegisterAny {
            event_id: self.id,
            // The ID changes while the domain stays the same; registrations are compared by this.
            dom: object.map(|domain| remote::NonnullDomain { id: -1, ..domain.wire() }),
        };
        Registration::with_callback_id(
            self.modern,
            &request,
            &remote::ConnectDomainEventCallbackDeregisterAny::INFO,
        )
    }

    fn legacy(&self, object: Option<&Domain>) -> Result<Registration> {
        let (Some(event), None) = (self.legacy, object) else {
            return Err(Error::Unsupported(
                "the daemon is too old for this kind of event, or for events of one domain"
                    .to_owned(),
            ));
        };
        let request = remote::ConnectDomainEventRegisterAny { event_id: self.id };
        let deregister = &remote::ConnectDomainEventDeregisterAny::INFO;
        let registration = Registration::with_callback_id(event, &request, deregister)?;
        // Here the kind of event takes the place of a callback ID.
        Ok(Registration {
            named_by: NamedBy::Args(registration.args.clone()),
            ..registration
        })
    }
}
