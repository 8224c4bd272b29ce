//! Waiting for a guest's addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::followed::{Condition, Followed, within};
use crate::api::domain::{Domain, InterfaceAddresses, InterfaceAddressesSource};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::events::{DomainEvent, DomainEventKinds};
use crate::types::error::ErrorCode;

/// # Waiting for addresses
impl Domain {
    /// Waits until the guest has an address that others can reach, and returns all its interfaces
    /// and addresses.
    ///
    /// Loopback and link-local addresses do not count. There is no event for addresses: libvirt is
    /// asked twice a second, as [`interface_addresses`](Self::interface_addresses) does, and that
    /// the guest, or its agent, does not run yet is no failure. After `timeout` it fails with
    /// [`Error::Timeout`]. Goes on over the next connection of a [`Reconnect`](crate::Reconnect).
    /// Cancel-safe.
    pub async fn wait_for_addresses(
        &self,
        source: InterfaceAddressesSource,
        timeout: Duration,
    ) -> Result<Vec<InterfaceAddresses>> {
        let kinds = DomainEventKinds::LIFECYCLE | DomainEventKinds::AGENT_LIFECYCLE;
        within(timeout, self, "an address of the guest", async {
            Followed::begin(self, kinds).await?.until(&mut Reachable(source)).await
        })
        .await
    }
}

struct Reachable(InterfaceAddressesSource);

impl Condition for Reachable {
    type Met = Vec<InterfaceAddresses>;

    const PERIOD: Option<Duration> = Some(Duration::from_millis(500));

    fn event(&mut self, _event: &DomainEvent) -> Result<Option<Self::Met>> {
        Ok(None)
    }

    async fn look(&mut self, domain: &Domain) -> Result<Option<Self::Met>> {
        let interfaces = match domain.interface_addresses(self.0).await {
            Ok(interfaces) => interfaces,
            Err(error)
                if matches!(
                    error.code(),
                    Some(
                        ErrorCode::OperationInvalid
                            | ErrorCode::AgentUnresponsive
                            | ErrorCode::AgentUnsynced
                            | ErrorCode::AgentCommandTimeout
                    )
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut addresses = interfaces.iter().flat_map(|interface| &interface.addrs);
        let is_reachable = addresses.any(|address| address.ip().is_some_and(is_reachable));
        Ok(is_reachable.then_some(interfaces))
    }
}

fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
    }
}
