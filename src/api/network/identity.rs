//! The handle to a network, and how it is found or made.

use uuid::Uuid;

use super::{CreateFlags, DefineFlags};
use crate::api::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllNetworksFlags;

handle! {
    /// A handle to a virtual network (`virNetwork`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    ///
    /// # Contents
    ///
    /// - [Identity](#identity), [Life cycle](#life-cycle), [Description](#description),
    ///   [Changes](#changes), [DHCP leases](#dhcp-leases), [Ports](#ports)
    #[doc(alias = "virNetwork")]
    pub Network of remote::NonnullNetwork, known by uuid,
    #[doc(alias = "virNetworkGetConnect")] connect {
        /// Returns the network's name (`virNetworkGetName`). Local.
        #[doc(alias = "virNetworkGetName")]
        name: text;
        /// Returns the network's UUID (`virNetworkGetUUID`, `virNetworkGetUUIDString`). Local.
        #[doc(alias = "virNetworkGetUUID")]
        #[doc(alias = "virNetworkGetUUIDString")]
        #[doc(alias = "UUIDString")]
        uuid: Uuid;
    }
}

/// # Networks
impl Connect {
    /// Looks up a network by name (`virNetworkLookupByName`).
    #[doc(alias = "virNetworkLookupByName")]
    pub async fn network_lookup_by_name(&self, name: &str) -> Result<Network> {
        let reply = self.call(remote::NetworkLookupByName { name: name.into() }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// Looks up a network by UUID (`virNetworkLookupByUUID`, `virNetworkLookupByUUIDString`).
    #[doc(alias = "virNetworkLookupByUUID")]
    #[doc(alias = "virNetworkLookupByUUIDString")]
    #[doc(alias = "networkLookupByUUIDString")]
    pub async fn network_lookup_by_uuid(&self, uuid: Uuid) -> Result<Network> {
        let reply = self.call(remote::NetworkLookupByUuid { uuid }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// Lists the networks that match the filter (`virConnectListAllNetworks`).
    #[doc(alias = "virConnectListAllNetworks")]
    pub async fn list_all_networks(&self, flags: ListAllNetworksFlags) -> Result<Vec<Network>> {
        let reply = self.call(remote::ConnectListAllNetworks { need_results: 1, flags }).await?;
        Ok(Network::list_from_wire(self, &reply.decode()?.nets))
    }

    /// Creates and starts a transient network, which exists only while it is active
    /// (`virNetworkCreateXML`, `virNetworkCreateXMLFlags`).
    ///
    /// If an inactive network with that name and UUID is defined, that one is started as `xml`
    /// says. With [`VALIDATE`](CreateFlags::VALIDATE) the daemon first validates `xml` against the
    /// schema, which needs libvirt 7.8.0.
    #[doc(alias = "virNetworkCreateXML")]
    #[doc(alias = "virNetworkCreateXMLFlags")]
    #[doc(alias = "networkCreateXMLFlags")]
    pub async fn network_create_xml(&self, xml: &str, flags: CreateFlags) -> Result<Network> {
        if flags.is_empty() {
            let reply = self.call(remote::NetworkCreateXml { xml: xml.into() }).await?;
            return Ok(Network::from_wire(self, &reply.decode()?.net));
        }
        let reply = self.call(remote::NetworkCreateXmlFlags { xml: xml.into(), flags }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// Defines a network without starting it, or changes the definition of one that exists
    /// (`virNetworkDefineXML`, `virNetworkDefineXMLFlags`).
    ///
    /// An active network stays as it is until its next start; see [`Network::update`]. With
    /// [`VALIDATE`](DefineFlags::VALIDATE) the daemon first validates `xml` against the schema,
    /// which needs libvirt 7.7.0.
    #[doc(alias = "virNetworkDefineXML")]
    #[doc(alias = "virNetworkDefineXMLFlags")]
    #[doc(alias = "networkDefineXMLFlags")]
    pub async fn network_define_xml(&self, xml: &str, flags: DefineFlags) -> Result<Network> {
        if flags.is_empty() {
            let reply = self.call(remote::NetworkDefineXml { xml: xml.into() }).await?;
            return Ok(Network::from_wire(self, &reply.decode()?.net));
        }
        let reply = self.call(remote::NetworkDefineXmlFlags { xml: xml.into(), flags }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }
}
