//! Events of virtual networks.

use super::object_event::object_event;
use crate::api::network::{EventLifecycleType, MetadataType, Network};
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{EventInfo, Request, remote};

fn register(
    event: &'static EventInfo,
    event_id: i32,
    object: Option<&Network>,
) -> Result<Registration> {
    let request =
        remote::ConnectNetworkEventRegisterAny { event_id, net: object.map(Network::wire) };
    Registration::with_callback_id(event, &request, &remote::ConnectNetworkEventDeregisterAny::INFO)
}

object_event! {
    /// Definition, start, stop or undefinition of a network (`VIR_NETWORK_EVENT_ID_LIFECYCLE`).
    #[doc(alias = "VIR_NETWORK_EVENT_ID_LIFECYCLE")]
    Lifecycle = 0, NetworkEventLifecycle about Network as network from net {
        /// Kind of change.
        change: EventLifecycleType = |msg| msg.event.into(),
    }
}

object_event! {
    /// Change of a network's metadata (`VIR_NETWORK_EVENT_ID_METADATA_CHANGE`).
    #[doc(alias = "VIR_NETWORK_EVENT_ID_METADATA_CHANGE")]
    MetadataChange = 1, NetworkEventCallbackMetadataChange about Network as network from net {
        /// Kind of metadata.
        kind: MetadataType = |msg| msg.r#type.into(),
        /// XML namespace, of custom metadata.
        namespace: Option<String> = |msg| msg.nsuri.as_deref().map(str::to_owned),
    }
}
