//! What happens to secrets.

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
    /// A secret was defined or undefined (`VIR_SECRET_EVENT_ID_LIFECYCLE`).
    Lifecycle = 0, SecretEventLifecycle about Secret as secret from secret {
        /// Which of those.
        change: EventLifecycleType = |msg| msg.event.into(),
    }
}

object_event! {
    /// A secret has a new value (`VIR_SECRET_EVENT_ID_VALUE_CHANGED`).
    ValueChanged = 1, SecretEventValueChanged about Secret as secret from secret {}
}
