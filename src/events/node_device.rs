//! Events of the host's devices.

use super::object_event::object_event;
use crate::api::node_device::{EventLifecycleType, NodeDevice};
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{EventInfo, Request, remote};

fn register(
    event: &'static EventInfo,
    event_id: i32,
    object: Option<&NodeDevice>,
) -> Result<Registration> {
    let request =
        remote::ConnectNodeDeviceEventRegisterAny { event_id, dev: object.map(NodeDevice::wire) };
    Registration::with_callback_id(
        event,
        &request,
        &remote::ConnectNodeDeviceEventDeregisterAny::INFO,
    )
}

object_event! {
    /// Appearance, removal, definition or undefinition of a device
    /// (`VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE`).
    #[doc(alias = "VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE")]
    Lifecycle = 0, NodeDeviceEventLifecycle about NodeDevice as device from dev {
        /// Kind of change.
        change: EventLifecycleType = |msg| msg.event.into(),
    }
}

object_event! {
    /// Change of a device's description (`VIR_NODE_DEVICE_EVENT_ID_UPDATE`).
    #[doc(alias = "VIR_NODE_DEVICE_EVENT_ID_UPDATE")]
    Update = 1, NodeDeviceEventUpdate about NodeDevice as device from dev {}
}
