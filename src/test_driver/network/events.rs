//! What clients are told of networks.

use crate::protocol::remote::{self, NonnullNetwork};
use crate::test_driver::events::{Class, Form};
use crate::test_driver::outgoing::event;
use crate::test_driver::registration::Registrar;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::types::network::{EventId, EventLifecycleType, MetadataType};

const NETWORKS: Registrar = Registrar { class: Class::Network, name: "network", kinds: 2 };

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNetworkEventRegisterAny<'static>>(|work, request| {
        let object = request.net.map(|net| net.uuid.to_string());
        let callback_id = NETWORKS.register(work, request.event_id, object)?;
        Ok(remote::ConnectNetworkEventRegisterAnyRet { callback_id })
    });
    routes.act::<remote::ConnectNetworkEventDeregisterAny>(|work, request| {
        NETWORKS.deregister(work, request.callback_id)
    });
    routes.may_read::<remote::ConnectNetworkEventDeregisterAny>();
}

/// Tells of a change in a network's life.
pub(super) fn tell_lifecycle(
    state: &mut State,
    net: &NonnullNetwork<'static>,
    change: EventLifecycleType,
) {
    let kind = NETWORKS.kind(EventId::Lifecycle.into());
    state.events.tell(kind, &net.uuid.to_string(), |form| {
        let Form::Callback(callback_id) = form else {
            return None;
        };
        Some(event::<remote::NetworkEventLifecycle>(&remote::NetworkEventLifecycleMsg {
            callback_id,
            net: net.clone(),
            event: change.into(),
            detail: 0,
        }))
    });
}

/// Tells of a change of a network's metadata.
pub(super) fn tell_metadata_change(
    state: &mut State,
    net: &NonnullNetwork<'static>,
    kind: MetadataType,
    uri: Option<&str>,
) {
    let event_kind = NETWORKS.kind(EventId::MetadataChange.into());
    state.events.tell(event_kind, &net.uuid.to_string(), |form| {
        let Form::Callback(callback_id) = form else {
            return None;
        };
        let msg = remote::NetworkEventCallbackMetadataChangeMsg {
            callback_id,
            net: net.clone(),
            r#type: kind.into(),
            nsuri: uri.map(|uri| uri.to_owned().into()),
        };
        Some(event::<remote::NetworkEventCallbackMetadataChange>(&msg))
    });
}
