//! Virtual networks: identity, lookup and description.

use uuid::Uuid;

use super::handle::handle;
use super::wire::truth;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllNetworksFlags;

pub use crate::types::network::*;

handle! {
    /// A handle to a virtual network (`virNetwork`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    pub Network of remote::NonnullNetwork, known by uuid {
        /// Returns the network's name (`virNetworkGetName`). Local.
        name: text;
        /// Returns the network's UUID (`virNetworkGetUUID`). Local.
        uuid: Uuid;
    }
}

impl Connect {
    /// Looks up a network by name (`virNetworkLookupByName`).
    pub async fn lookup_network_by_name(&self, name: &str) -> Result<Network> {
        let reply = self.call(remote::NetworkLookupByName { name: name.into() }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// Looks up a network by UUID (`virNetworkLookupByUUID`, `virNetworkLookupByUUIDString`).
    pub async fn lookup_network_by_uuid(&self, uuid: Uuid) -> Result<Network> {
        let reply = self.call(remote::NetworkLookupByUuid { uuid }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// Lists the networks that match the filter (`virConnectListAllNetworks`).
    pub async fn list_all_networks(&self, flags: ListAllNetworksFlags) -> Result<Vec<Network>> {
        let reply = self.call(remote::ConnectListAllNetworks { need_results: 1, flags }).await?;
        Ok(Network::list_from_wire(self, &reply.decode()?.nets))
    }
}

impl Network {
    /// Returns the network's XML (`virNetworkGetXMLDesc`).
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let reply = self.call(remote::NetworkGetXmlDesc { net: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns whether the network is active (`virNetworkIsActive`).
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::NetworkIsActive { net: self.wire() }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Returns whether the network is persistent: whether it stays defined after it ends
    /// (`virNetworkIsPersistent`).
    pub async fn is_persistent(&self) -> Result<bool> {
        let reply = self.call(remote::NetworkIsPersistent { net: self.wire() }).await?;
        Ok(truth(reply.decode()?.persistent))
    }

    /// Returns the name of the network's bridge on the host (`virNetworkGetBridgeName`).
    pub async fn bridge_name(&self) -> Result<String> {
        let reply = self.call(remote::NetworkGetBridgeName { net: self.wire() }).await?;
        Ok(reply.decode()?.name.into_owned())
    }

    /// Returns the autostart flag: whether the network starts with its host
    /// (`virNetworkGetAutostart`).
    pub async fn autostart(&self) -> Result<bool> {
        let reply = self.call(remote::NetworkGetAutostart { net: self.wire() }).await?;
        Ok(truth(reply.decode()?.autostart))
    }

    /// Sets the autostart flag: whether the network starts with its host
    /// (`virNetworkSetAutostart`). Fails for a transient network.
    pub async fn set_autostart(&self, autostart: bool) -> Result<()> {
        self.run(remote::NetworkSetAutostart { net: self.wire(), autostart: autostart.into() })
            .await
    }
}
