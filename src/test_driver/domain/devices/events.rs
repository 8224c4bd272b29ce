//! What clients are told of devices and metadata.

use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::events::{Class, Form, Kind};
use crate::test_driver::outgoing::event;
use crate::test_driver::state::State;

const REMOVED: Kind = Kind { class: Class::Domain, number: 15 };
const ADDED: Kind = Kind { class: Class::Domain, number: 19 };
const METADATA: Kind = Kind { class: Class::Domain, number: 23 };

pub(super) fn tell_added(state: &mut State, dom: &NonnullDomain<'static>, alias: &str) {
    state.events.tell(ADDED, &dom.uuid.to_string(), |form| match form {
        Form::Old => None,
        Form::Callback(callback_id) => Some(event::<remote::DomainEventCallbackDeviceAdded>(
            &remote::DomainEventCallbackDeviceAddedMsg {
                callback_id,
                dom: dom.clone(),
                dev_alias: alias.to_owned().into(),
            },
        )),
    });
}

pub(super) fn tell_removed(state: &mut State, dom: &NonnullDomain<'static>, alias: &str) {
    let msg = remote::DomainEventDeviceRemovedMsg {
        dom: dom.clone(),
        dev_alias: alias.to_owned().into(),
    };
    state.events.tell(REMOVED, &dom.uuid.to_string(), |form| {
        Some(match form {
            Form::Old => event::<remote::DomainEventDeviceRemoved>(&msg),
            Form::Callback(callback_id) => {
                let msg = msg.clone();
                event::<remote::DomainEventCallbackDeviceRemoved>(
                    &remote::DomainEventCallbackDeviceRemovedMsg { callback_id, msg },
                )
            }
        })
    });
}

pub(super) fn tell_metadata(
    state: &mut State,
    dom: &NonnullDomain<'static>,
    kind: i32,
    uri: Option<&str>,
) {
    state.events.tell(METADATA, &dom.uuid.to_string(), |form| match form {
        Form::Old => None,
        Form::Callback(callback_id) => Some(event::<remote::DomainEventCallbackMetadataChange>(
            &remote::DomainEventCallbackMetadataChangeMsg {
                callback_id,
                dom: dom.clone(),
                r#type: kind,
                nsuri: uri.map(|uri| uri.to_owned().into()),
            },
        )),
    });
}
