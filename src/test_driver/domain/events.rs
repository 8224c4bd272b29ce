//! What clients are told of domains.

use crate::protocol::remote;
use crate::protocol::remote::NonnullDomain;
use crate::test_driver::events::{Class, Form, Kind};
use crate::test_driver::failure::Result;
use crate::test_driver::outgoing::event;
use crate::test_driver::registration::{Registrar, failure};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::test_driver::work::Work;
use crate::types::domain::{
    AgentLifecycleReason as AgentReason, AgentLifecycleState as AgentState, EventId, EventType,
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectDomainEventRegister>(|work, _| {
        register_old(work, LIFECYCLE);
        Ok(remote::ConnectDomainEventRegisterRet { cb_registered: 0 })
    });
    routes.tell::<remote::ConnectDomainEventDeregister>(|work, _| {
        deregister_old(work, LIFECYCLE)?;
        Ok(remote::ConnectDomainEventDeregisterRet { cb_registered: 0 })
    });
    routes.act::<remote::ConnectDomainEventRegisterAny>(|work, request| {
        register_old(work, kind(request.event_id)?);
        Ok(())
    });
    routes.may_read::<remote::ConnectDomainEventRegisterAny>();
    routes.act::<remote::ConnectDomainEventDeregisterAny>(|work, request| {
        deregister_old(work, kind(request.event_id)?)
    });
    routes.may_read::<remote::ConnectDomainEventDeregisterAny>();
    routes.tell::<remote::ConnectDomainEventCallbackRegisterAny<'static>>(|work, request| {
        let kind = kind(request.event_id)?;
        let object = request.dom.map(|dom| dom.uuid.to_string());
        let callback_id = work.state.events.register(work.client, kind, object, false);
        Ok(remote::ConnectDomainEventCallbackRegisterAnyRet { callback_id })
    });
    routes.act::<remote::ConnectDomainEventCallbackDeregisterAny>(|work, request| {
        DOMAINS.deregister(work, request.callback_id)
    });
    routes.may_read::<remote::ConnectDomainEventCallbackDeregisterAny>();
}

const DOMAINS: Registrar = Registrar { class: Class::Domain, name: "domain", kinds: 30 };
const LIFECYCLE: Kind = DOMAINS.kind(0);

fn kind(number: i32) -> Result<Kind> {
    if (0..DOMAINS.kinds).contains(&number) {
        Ok(DOMAINS.kind(number))
    } else {
        Err(failure(format_args!("unsupported event ID {number}")))
    }
}

fn register_old(work: &mut Work<'_>, kind: Kind) {
    work.state.events.register(work.client, kind, None, true);
}

fn deregister_old(work: &mut Work<'_>, kind: Kind) -> Result<()> {
    if work.state.events.deregister_old(work.client, kind) {
        Ok(())
    } else {
        Err(failure(format_args!("domain event {} not registered", kind.number)))
    }
}

/// Tells of a change in a domain's life.
pub(super) fn tell_lifecycle(
    state: &mut State,
    dom: &NonnullDomain<'static>,
    kind: EventType,
    detail: impl Into<i32>,
) {
    let msg = remote::DomainEventLifecycleMsg {
        dom: dom.clone(),
        event: kind.into(),
        detail: detail.into(),
    };
    state.events.tell(LIFECYCLE, &dom.uuid.to_string(), |form| {
        Some(match form {
            Form::Old => event::<remote::DomainEventLifecycle>(&msg),
            Form::Callback(callback_id) => {
                let msg = msg.clone();
                let msg = remote::DomainEventCallbackLifecycleMsg { callback_id, msg };
                event::<remote::DomainEventCallbackLifecycle>(&msg)
            }
        })
    });
}

/// Tells that a guest has rebooted.
pub(super) fn tell_reboot(state: &mut State, dom: &NonnullDomain<'static>) {
    let msg = remote::DomainEventRebootMsg { dom: dom.clone() };
    state.events.tell(of(EventId::Reboot), &dom.uuid.to_string(), |form| {
        Some(match form {
            Form::Old => event::<remote::DomainEventReboot>(&msg),
            Form::Callback(callback_id) => {
                let msg = msg.clone();
                let msg = remote::DomainEventCallbackRebootMsg { callback_id, msg };
                event::<remote::DomainEventCallbackReboot>(&msg)
            }
        })
    });
}

/// Tells that a guest's agent has appeared or gone.
pub(super) fn tell_agent(state: &mut State, dom: &NonnullDomain<'static>, is_connected: bool) {
    let (agent, reason) = if is_connected {
        (AgentState::Connected, AgentReason::Channel)
    } else {
        (AgentState::Disconnected, AgentReason::Channel)
    };
    state
        .events
        .tell(of(EventId::AgentLifecycle), &dom.uuid.to_string(), |form| match form {
            // It is younger than the old form.
            Form::Old => None,
            Form::Callback(callback_id) => {
                let msg = remote::DomainEventCallbackAgentLifecycleMsg {
                    callback_id,
                    dom: dom.clone(),
                    state: agent.into(),
                    reason: reason.into(),
                };
                Some(event::<remote::DomainEventCallbackAgentLifecycle>(&msg))
            }
        });
}

fn of(id: EventId) -> Kind {
    DOMAINS.kind(id.into())
}
