//! Ports of a network: what is connected to it.

use uuid::Uuid;

use super::{Network, PortCreateFlags};
use crate::api::handle::handle;
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::protocol::remote;

handle! {
    /// A handle to a port of a network, such as the one that the hypervisor makes for each of a
    /// guest's interfaces in the network (`virNetworkPort`). It holds nothing on the daemon's side.
    #[doc(alias = "virNetworkPort")]
    pub NetworkPort of remote::NonnullNetworkPort in Network as net, known by uuid {
        ;
        /// Returns the port's UUID (`virNetworkPortGetUUID`, `virNetworkPortGetUUIDString`). Local.
        #[doc(alias = "virNetworkPortGetUUID")]
        #[doc(alias = "virNetworkPortGetUUIDString")]
        #[doc(alias = "UUIDString")]
        uuid: Uuid;
    }
}

param_struct! {
    /// Bandwidth of a network port (`VIR_NETWORK_PORT_BANDWIDTH_…`); inbound is what goes to the
    /// port's owner. Empty for a port without limits.
    pub struct PortParameters {
        /// Average inbound rate, in kB (1000 bytes) per second.
        inbound_average_kb_per_second: u32 = "inbound.average",
        /// Peak inbound rate, in kB (1000 bytes) per second.
        inbound_peak_kb_per_second: u32 = "inbound.peak",
        /// Amount of one inbound burst at the peak rate, in KiB.
        inbound_burst_kib: u32 = "inbound.burst",
        /// Guaranteed inbound rate, in kB (1000 bytes) per second.
        inbound_floor_kb_per_second: u32 = "inbound.floor",
        /// Average outbound rate, in kB (1000 bytes) per second.
        outbound_average_kb_per_second: u32 = "outbound.average",
        /// Peak outbound rate, in kB (1000 bytes) per second.
        outbound_peak_kb_per_second: u32 = "outbound.peak",
        /// Amount of one outbound burst at the peak rate, in KiB.
        outbound_burst_kib: u32 = "outbound.burst",
        ..other
    }
}

/// # Ports
impl Network {
    /// Lists the ports of the network (`virNetworkListAllPorts`).
    #[doc(alias = "virNetworkListAllPorts")]
    pub async fn list_all_ports(&self) -> Result<Vec<NetworkPort>> {
        let reply = self
            .call(remote::NetworkListAllPorts { network: self.wire(), need_results: 1, flags: 0 })
            .await?;
        Ok(NetworkPort::list_from_wire(self, &reply.decode()?.ports))
    }

    /// Looks up a port of the network by UUID (`virNetworkPortLookupByUUID`,
    /// `virNetworkPortLookupByUUIDString`).
    #[doc(alias = "virNetworkPortLookupByUUID")]
    #[doc(alias = "virNetworkPortLookupByUUIDString")]
    #[doc(alias = "portLookupByUUIDString")]
    pub async fn port_lookup_by_uuid(&self, uuid: Uuid) -> Result<NetworkPort> {
        let reply = self
            .call(remote::NetworkPortLookupByUuid { network: self.wire(), uuid })
            .await?;
        Ok(NetworkPort::from_wire(self, &reply.decode()?.port))
    }

    /// Creates a port of the active network (`virNetworkPortCreateXML`).
    ///
    /// `xml` is a `<networkport>`, which must have a UUID. Without a `<plug>` the daemon allocates
    /// what the port needs, and says in the [XML](NetworkPort::xml_desc) what to plug it into; with
    /// a `<plug>` and [`RECLAIM`](PortCreateFlags::RECLAIM), and not without either, it takes note
    /// of a port that was in use before. With [`VALIDATE`](PortCreateFlags::VALIDATE) the daemon first validates
    /// `xml` against the schema.
    #[doc(alias = "virNetworkPortCreateXML")]
    pub async fn port_create_xml(&self, xml: &str, flags: PortCreateFlags) -> Result<NetworkPort> {
        let request = remote::NetworkPortCreateXml { network: self.wire(), xml: xml.into(), flags };
        let reply = self.call(request).await?;
        Ok(NetworkPort::from_wire(self, &reply.decode()?.port))
    }
}

impl NetworkPort {
    /// Returns the network that the port belongs to (`virNetworkPortGetNetwork`). Local.
    #[doc(alias = "virNetworkPortGetNetwork")]
    pub fn network(&self) -> &Network {
        &self.parent
    }

    /// Returns the port's XML: its owner, its MAC address, and what it is plugged into
    /// (`virNetworkPortGetXMLDesc`).
    #[doc(alias = "virNetworkPortGetXMLDesc")]
    pub async fn xml_desc(&self) -> Result<String> {
        let reply =
            self.call(remote::NetworkPortGetXmlDesc { port: self.wire(), flags: 0 }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the port's bandwidth (`virNetworkPortGetParameters`).
    #[doc(alias = "virNetworkPortGetParameters")]
    pub async fn parameters(&self) -> Result<PortParameters> {
        let request = remote::NetworkPortGetParameters { port: self.wire(), nparams: 0, flags: 0 };
        let reply = self.call(request).await?;
        Ok(PortParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Replaces the port's bandwidth (`virNetworkPortSetParameters`).
    ///
    /// A field that is `None` counts as zero, and a direction without an average (or, inbound, a
    /// floor) loses its limits, unlike with [`Domain::set_interface_parameters`].
    /// The daemon notes the values, but only the floor has an effect, and needs an inbound limit of
    /// the network itself; what limits a running guest is set on its interface.
    ///
    /// [`Domain::set_interface_parameters`]: crate::domain::Domain::set_interface_parameters
    #[doc(alias = "virNetworkPortSetParameters")]
    pub async fn set_parameters(&self, parameters: &PortParameters) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::NetworkPortSetParameters {
            port: self.wire(),
            params: (&params).into(),
            flags: 0,
        })
        .await
    }

    /// Deletes the port (`virNetworkPortDelete`).
    ///
    /// A guest that uses it keeps its connection, but the daemon no longer knows of it.
    #[doc(alias = "virNetworkPortDelete")]
    pub async fn delete(&self) -> Result<()> {
        self.run(remote::NetworkPortDelete { port: self.wire(), flags: 0 }).await
    }
}
