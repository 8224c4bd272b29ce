//! Virtual networks: identity and lookup.

use uuid::Uuid;

use super::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllNetworksFlags;

pub use crate::types::network::*;

handle! {
    /// A handle to a virtual network (`virNetwork`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    pub Network of remote::NonnullNetwork, known by uuid {
        /// The network's name (`virNetworkGetName`). Local.
        name: text;
        /// The network's UUID (`virNetworkGetUUID`). Local.
        uuid: Uuid;
    }
}

impl Connect {
    /// The network of that name (`virNetworkLookupByName`).
    pub async fn lookup_network_by_name(&self, name: &str) -> Result<Network> {
        let reply = self.call(remote::NetworkLookupByName { name: name.into() }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// The network of that UUID (`virNetworkLookupByUUID`, `virNetworkLookupByUUIDString`).
    pub async fn lookup_network_by_uuid(&self, uuid: Uuid) -> Result<Network> {
        let reply = self.call(remote::NetworkLookupByUuid { uuid }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// All networks that pass the filter (`virConnectListAllNetworks`).
    pub async fn list_all_networks(&self, flags: ListAllNetworksFlags) -> Result<Vec<Network>> {
        let reply = self.call(remote::ConnectListAllNetworks { need_results: 1, flags }).await?;
        Ok(Network::list_from_wire(self, &reply.decode()?.nets))
    }
}
