//! Virtual networks, their DHCP leases and their ports.
//!
//! ```no_run
//! # async fn example(conn: &libvirt_client::Connect, xml: &str) -> libvirt_client::Result<()> {
//! use libvirt_client::network::DefineFlags;
//!
//! let network = conn.network_define_xml(xml, DefineFlags::VALIDATE).await?;
//! network.create().await?;
//! for lease in network.dhcp_leases(None).await? {
//!     println!("{:?} has {}/{}", lease.mac, lease.addr, lease.prefix);
//! }
//! # Ok(())
//! # }
//! ```

mod lease;
mod metadata;
mod port;
mod update;

use uuid::Uuid;

use crate::api::handle::handle;
use crate::api::wire::truth;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllNetworksFlags;

pub use crate::types::network::*;
pub use lease::DhcpLease;
pub use port::{NetworkPort, PortParameters};

handle! {
    /// A handle to a virtual network (`virNetwork`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    #[doc(alias = "virNetwork")]
    pub Network of remote::NonnullNetwork, known by uuid,
    #[doc(alias = "virNetworkGetConnect")] connect {
        /// Returns the network's name (`virNetworkGetName`). Local.
        #[doc(alias = "virNetworkGetName")]
        name: text;
        /// Returns the network's UUID (`virNetworkGetUUID`, `virNetworkGetUUIDString`). Local.
        #[doc(alias = "virNetworkGetUUID")]
        #[doc(alias = "virNetworkGetUUIDString")]
        uuid: Uuid;
    }
}

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
    /// schema. Daemons before libvirt 7.8.0 do not support it.
    #[doc(alias = "virNetworkCreateXML")]
    #[doc(alias = "virNetworkCreateXMLFlags")]
    pub async fn network_create_xml(&self, xml: &str, flags: CreateFlags) -> Result<Network> {
        let reply = self.call(remote::NetworkCreateXmlFlags { xml: xml.into(), flags }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }

    /// Defines a network without starting it, or changes the definition of one that exists
    /// (`virNetworkDefineXML`, `virNetworkDefineXMLFlags`).
    ///
    /// An active network stays as it is until its next start; see [`Network::update`]. With
    /// [`VALIDATE`](DefineFlags::VALIDATE) the daemon first validates `xml` against the schema.
    /// Daemons before libvirt 7.7.0 do not support it.
    #[doc(alias = "virNetworkDefineXML")]
    #[doc(alias = "virNetworkDefineXMLFlags")]
    pub async fn network_define_xml(&self, xml: &str, flags: DefineFlags) -> Result<Network> {
        let reply = self.call(remote::NetworkDefineXmlFlags { xml: xml.into(), flags }).await?;
        Ok(Network::from_wire(self, &reply.decode()?.net))
    }
}

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

    /// Returns the network's XML: its state, or with [`INACTIVE`](XmlFlags::INACTIVE) its
    /// definition (`virNetworkGetXMLDesc`).
    #[doc(alias = "virNetworkGetXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let reply = self.call(remote::NetworkGetXmlDesc { net: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the name of the network's bridge on the host (`virNetworkGetBridgeName`).
    #[doc(alias = "virNetworkGetBridgeName")]
    pub async fn bridge_name(&self) -> Result<String> {
        let reply = self.call(remote::NetworkGetBridgeName { net: self.wire() }).await?;
        Ok(reply.decode()?.name.into_owned())
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
