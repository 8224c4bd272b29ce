//! What happens to domains without a call.

use uuid::Uuid;

use super::events::{tell_agent, tell_reboot};
use super::life::{stop, tell};
use crate::test_driver::state::State;
use crate::test_driver::state::domain::{Agent, Domain};
use crate::types::domain::{
    EventStoppedDetailType, EventSuspendedDetailType, EventType, PausedReason, ShutoffReason,
    State as DomainState,
};

impl State {
    fn runs(&self, uuid: Uuid) -> bool {
        self.domains.all.get(&uuid).is_some_and(Domain::is_active)
    }

    /// Has a guest's process end unexpectedly.
    pub(crate) fn crash_domain(&mut self, uuid: Uuid) {
        if self.runs(uuid) {
            stop(self, uuid, ShutoffReason::Crashed, EventStoppedDetailType::Failed);
        }
    }

    /// Has a guest shut down by itself.
    pub(crate) fn shut_down_domain(&mut self, uuid: Uuid) {
        if self.runs(uuid) {
            stop(self, uuid, ShutoffReason::Shutdown, EventStoppedDetailType::Shutdown);
        }
    }

    /// Pauses a guest.
    pub(crate) fn pause_domain(&mut self, uuid: Uuid, reason: PausedReason) {
        let Some(domain) = self.domains.all.get_mut(&uuid).filter(|it| it.is_active()) else {
            return;
        };
        domain.set_state(DomainState::Paused, reason);
        let detail = match reason {
            PausedReason::IoError => EventSuspendedDetailType::IoError,
            PausedReason::Watchdog => EventSuspendedDetailType::Watchdog,
            PausedReason::Migration => EventSuspendedDetailType::Migrated,
            _ => EventSuspendedDetailType::Paused,
        };
        tell(self, uuid, EventType::Suspended, detail);
    }

    /// Has a guest reboot.
    pub(crate) fn reboot_domain(&mut self, uuid: Uuid) {
        if let Some(domain) = self.domains.all.get(&uuid).filter(|it| it.is_active()) {
            let dom = domain.wire();
            tell_reboot(self, &dom);
        }
    }

    /// Sets what answers the commands of a guest's agent.
    pub(crate) fn set_agent_answers(&mut self, uuid: Uuid, agent: Agent) {
        if let Some(domain) = self.domains.all.get_mut(&uuid) {
            domain.guest.agent = Some(agent);
        }
    }

    /// Has a guest's agent appear or go.
    pub(crate) fn set_agent_of_domain(&mut self, uuid: Uuid, is_connected: bool) {
        let Some(domain) = self.domains.all.get_mut(&uuid) else {
            return;
        };
        let Some((_, live)) = &mut domain.live else {
            return;
        };
        live.set_agent(is_connected);
        let dom = domain.wire();
        tell_agent(self, &dom, is_connected);
    }
}
