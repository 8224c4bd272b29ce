//! What clients are told of devices.

use crate::protocol::remote;
use crate::test_driver::events::{Class, Form};
use crate::test_driver::outgoing::event;
use crate::test_driver::registration::Registrar;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::test_driver::state::node_device::wire;
use crate::types::node_device::{EventId, EventLifecycleType};

/// Updates are none of them: the driver never updates a device.
const DEVICES: Registrar = Registrar { class: Class::NodeDevice, name: "node device", kinds: 2 };

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNodeDeviceEventRegisterAny<'static>>(|work, request| {
        let object = request.dev.map(|dev| dev.name.as_str().to_owned());
        let callback_id = DEVICES.register(work, request.event_id, object)?;
        Ok(remote::ConnectNodeDeviceEventRegisterAnyRet { callback_id })
    });
    routes.act::<remote::ConnectNodeDeviceEventDeregisterAny>(|work, request| {
        DEVICES.deregister(work, request.callback_id)
    });
    routes.may_read::<remote::ConnectNodeDeviceEventDeregisterAny>();
}

/// Tells of a change in a device's life.
pub(super) fn tell_lifecycle(state: &mut State, name: &str, change: EventLifecycleType) {
    let kind = DEVICES.kind(EventId::Lifecycle.into());
    state.events.tell(kind, name, |form| {
        let Form::Callback(callback_id) = form else {
            return None;
        };
        Some(event::<remote::NodeDeviceEventLifecycle>(
            &remote::NodeDeviceEventLifecycleMsg {
                callback_id,
                dev: wire(name),
                event: change.into(),
                detail: 0,
            },
        ))
    });
}
