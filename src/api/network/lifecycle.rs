//! Starting, stopping and removing networks.

use super::Network;
use crate::api::wire::truth;
use crate::error::Result;
use crate::protocol::remote;

/// # Life cycle
impl Network {
    /// Returns whether the network is active (`virNetworkIsActive`).
    #[doc(alias = "virNetworkIsActive")]
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::NetworkIsActive { net: self.wire() }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Returns whether the network is persistent: whether it stays defined after it ends
    /// (`virNetworkIsPersistent`).
    #[doc(alias = "virNetworkIsPersistent")]
    pub async fn is_persistent(&self) -> Result<bool> {
        let reply = self.call(remote::NetworkIsPersistent { net: self.wire() }).await?;
        Ok(truth(reply.decode()?.persistent))
    }

    /// Starts a defined network: its bridge, its firewall rules, its DHCP and DNS server
    /// (`virNetworkCreate`).
    #[doc(alias = "virNetworkCreate")]
    pub async fn create(&self) -> Result<()> {
        self.run(remote::NetworkCreate { net: self.wire() }).await
    }

    /// Stops the network; a transient one then no longer exists (`virNetworkDestroy`).
    ///
    /// Guests that are connected to it keep running, without a network.
    #[doc(alias = "virNetworkDestroy")]
    pub async fn destroy(&self) -> Result<()> {
        self.run(remote::NetworkDestroy { net: self.wire() }).await
    }

    /// Removes the network's definition (`virNetworkUndefine`).
    ///
    /// An inactive network then no longer exists; an active one becomes transient.
    #[doc(alias = "virNetworkUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::NetworkUndefine { net: self.wire() }).await
    }

    /// Returns the autostart flag: whether the network starts with its host
    /// (`virNetworkGetAutostart`).
    #[doc(alias = "virNetworkGetAutostart")]
    pub async fn autostart(&self) -> Result<bool> {
        let reply = self.call(remote::NetworkGetAutostart { net: self.wire() }).await?;
        Ok(truth(reply.decode()?.autostart))
    }

    /// Sets the autostart flag: whether the network starts with its host
    /// (`virNetworkSetAutostart`). Fails for a transient network.
    #[doc(alias = "virNetworkSetAutostart")]
    pub async fn set_autostart(&self, autostart: bool) -> Result<()> {
        self.run(remote::NetworkSetAutostart { net: self.wire(), autostart: autostart.into() })
            .await
    }
}
