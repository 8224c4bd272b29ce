//! What happens to a guest by itself.

use std::sync::Arc;

use uuid::Uuid;

use super::host::TestHost;
use crate::types::domain::PausedReason;

/// # Guests
impl TestHost {
    /// Returns a domain, to change it as nothing that is called could; `None` if there is none of that
    /// name.
    pub fn domain(&self, name: &str) -> Option<TestDomain<'_>> {
        let uuid = self.host.state().domains.uuid_of(name)?;
        Some(TestDomain { host: self, uuid })
    }
}

/// A domain of a [`TestHost`], seen from outside; from [`TestHost::domain`].
///
/// What is done to one that has gone, or that does not run where it should, has no effect.
#[derive(Debug, Clone, Copy)]
pub struct TestDomain<'a> {
    pub(super) host: &'a TestHost,
    pub(super) uuid: Uuid,
}

impl TestDomain<'_> {
    /// Has the guest's process end unexpectedly: the domain is shut off as crashed, and the event says
    /// that it failed.
    pub fn crash(&self) {
        self.host.host.change(|state| state.crash_domain(self.uuid));
    }

    /// Has the guest shut down by itself.
    pub fn shut_down(&self) {
        self.host.host.change(|state| state.shut_down_domain(self.uuid));
    }

    /// Has the guest be paused for that reason, such as an I/O error.
    pub fn pause(&self, reason: PausedReason) {
        self.host.host.change(|state| state.pause_domain(self.uuid, reason));
    }

    /// Has the guest reboot, which an event says.
    pub fn reboot(&self) {
        self.host.host.change(|state| state.reboot_domain(self.uuid));
    }

    /// Has the guest's agent appear or go: the event says so, and the state of the channel
    /// `org.qemu.guest_agent.0` in the domain's XML, if it has one.
    pub fn set_agent(&self, is_connected: bool) {
        self.host
            .host
            .change(|state| state.set_agent_of_domain(self.uuid, is_connected));
    }

    /// Has the agent answer commands: `answer` gets each as it was sent, which is JSON, and returns
    /// what the agent says. Without it, commands fail as if no agent were there.
    ///
    /// It may use the host. But a host whose agent keeps a clone of it is never freed.
    pub fn answer_agent(&self, answer: impl Fn(&str) -> String + Send + Sync + 'static) {
        let agent = Arc::new(answer);
        self.host.host.change(|state| state.set_agent_answers(self.uuid, agent));
    }
}
