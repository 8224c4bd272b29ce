//! Events of secrets.

use super::object_event::object_event;
use crate::api::secret::{EventLifecycleType, Secret};
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{EventInfo, Request, remote};

fn register(
    event: &'static EventInfo,
    event_id: i32,
    object: Option<&Secret>,
) -> Result<Registration> {
    let request =
        remote::ConnectSecretEventRegisterAny { event_id, secret: object.map(Secret::wire) };
    Registration::with_callback_id(event, &request, &remote::ConnectSecretEventDeregisterAny::INFO)
}

object_event! {
    /// Definition or undefinition of a secret (`VIR_SECRET_EVENT_ID_LIFECYCLE`).
    #[doc(alias = "VIR_SECRET_EVENT_ID_LIFECYCLE")]
    Lifecycle = 0, SecretEventLifecycle about Secret as secret from secret {
        /// Kind of change.
        change: EventLifecycleType = |msg| msg.event.into(),
    }
}

object_event! {
    /// Change of a secret's value (`VIR_SECRET_EVENT_ID_VALUE_CHANGED`).
    #[doc(alias = "VIR_SECRET_EVENT_ID_VALUE_CHANGED")]
    ValueChanged = 1, SecretEventValueChanged about Secret as secret from secret {}
}
