//! Waiting for the guest's agent.

use std::time::Duration;

use super::followed::{Condition, Followed, within};
use crate::api::domain::Domain;
use crate::api::domain::targets::{Attributes, Device};
use crate::error::{Error, Result};
use crate::events::{DomainEvent, DomainEventKinds};

/// # Waiting for the agent
impl Domain {
    /// Waits until the agent in the guest is connected.
    ///
    /// It may take until then for the guest to be started. Fails at once for a domain whose
    /// definition has no channel for an agent ([`is_unsupported`](Error::is_unsupported) holds), or
    /// that does not exist, and after `timeout` with [`Error::Timeout`]. Goes on over the next
    /// connection of a [`Reconnect`](crate::Reconnect). Cancel-safe.
    pub async fn wait_for_agent(&self, timeout: Duration) -> Result<()> {
        let kinds = DomainEventKinds::LIFECYCLE | DomainEventKinds::AGENT_LIFECYCLE;
        within(timeout, self, "the guest's agent", async {
            Followed::begin(self, kinds).await?.until(&mut Connected).await
        })
        .await
    }
}

const NAME: &str = "org.qemu.guest_agent.0";

struct Connected;

impl Condition for Connected {
    type Met = ();

    fn event(&mut self, _event: &DomainEvent) -> Result<Option<()>> {
        Ok(None)
    }

    async fn look(&mut self, domain: &Domain) -> Result<Option<()>> {
        let channels: Vec<Channel> = domain.devices("channel").await?;
        let agent = channels.into_iter().find(|channel| channel.name.as_deref() == Some(NAME));
        let Some(agent) = agent else {
            let reason = "the domain has no channel for a guest agent";
            return Err(Error::Unsupported(reason.to_owned()));
        };
        Ok((agent.state.as_deref() == Some("connected")).then_some(()))
    }
}

#[derive(Default)]
struct Channel {
    name: Option<String>,
    state: Option<String>,
}

impl Device for Channel {
    fn element(&mut self, _attributes: &Attributes) {}

    fn child(&mut self, name: &str, attributes: &Attributes) {
        if name == "target" {
            self.name = attributes.get("name");
            self.state = attributes.get("state");
        }
    }
}
