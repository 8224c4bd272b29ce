//! Devices of the host.

use super::handle::handle;
use super::wire::truth;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllNodeDeviceFlags;

pub use crate::types::node_device::*;

handle! {
    /// A handle to a device of the host (`virNodeDevice`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    ///
    /// # Contents
    ///
    /// - [Identity](#identity), [Description](#description), [Life cycle](#life-cycle), [Assignment
    ///   to guests](#assignment-to-guests)
    #[doc(alias = "virNodeDevice")]
    pub NodeDevice of remote::NonnullNodeDevice, known by name {
        /// Returns the device's name (`virNodeDeviceGetName`). Local.
        #[doc(alias = "virNodeDeviceGetName")]
        name: text;;
    }
}

/// # Devices of the host
impl Connect {
    /// Looks up a device by name (`virNodeDeviceLookupByName`).
    #[doc(alias = "virNodeDeviceLookupByName")]
    pub async fn node_device_lookup_by_name(&self, name: &str) -> Result<NodeDevice> {
        let reply = self.call(remote::NodeDeviceLookupByName { name: name.into() }).await?;
        Ok(NodeDevice::from_wire(self, &reply.decode()?.dev))
    }

    /// Lists the devices that match the filter (`virConnectListAllNodeDevices`).
    #[doc(alias = "virConnectListAllNodeDevices")]
    #[doc(alias = "listAllDevices")]
    pub async fn list_all_node_devices(
        &self,
        flags: ListAllNodeDeviceFlags,
    ) -> Result<Vec<NodeDevice>> {
        let reply = self.call(remote::ConnectListAllNodeDevices { need_results: 1, flags }).await?;
        Ok(NodeDevice::list_from_wire(self, &reply.decode()?.devices))
    }

    /// Looks up the SCSI host of a fibre channel adapter by its world wide node and port names
    /// (`virNodeDeviceLookupSCSIHostByWWN`).
    #[doc(alias = "virNodeDeviceLookupSCSIHostByWWN")]
    pub async fn node_device_lookup_scsi_host_by_wwn(
        &self,
        node_name: &str,
        port_name: &str,
    ) -> Result<NodeDevice> {
        let reply = self
            .call(remote::NodeDeviceLookupScsiHostByWwn {
                wwnn: node_name.into(),
                wwpn: port_name.into(),
                flags: 0,
            })
            .await?;
        Ok(NodeDevice::from_wire(self, &reply.decode()?.dev))
    }

    /// Creates a device that the host can make, such as a virtual adapter of a fibre channel host
    /// or a mediated device (`virNodeDeviceCreateXML`). It ends with the host.
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virNodeDeviceCreateXML")]
    pub async fn node_device_create_xml(
        &self,
        xml: &str,
        flags: CreateXmlFlags,
    ) -> Result<NodeDevice> {
        let reply = self.call(remote::NodeDeviceCreateXml { xml_desc: xml.into(), flags }).await?;
        Ok(NodeDevice::from_wire(self, &reply.decode()?.dev))
    }

    /// Defines a device that the host can make, without making it (`virNodeDeviceDefineXML`). Since
    /// libvirt 7.3.0, for mediated devices.
    #[doc(alias = "virNodeDeviceDefineXML")]
    pub async fn node_device_define_xml(
        &self,
        xml: &str,
        flags: DefineXmlFlags,
    ) -> Result<NodeDevice> {
        let reply = self.call(remote::NodeDeviceDefineXml { xml_desc: xml.into(), flags }).await?;
        Ok(NodeDevice::from_wire(self, &reply.decode()?.dev))
    }
}

/// # Description
impl NodeDevice {
    /// Returns the device's description as XML (`virNodeDeviceGetXMLDesc`).
    ///
    /// [`INACTIVE`](XmlFlags::INACTIVE) asks for the definition of a device that has one. Since libvirt
    /// 10.1.0.
    #[doc(alias = "virNodeDeviceGetXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let reply = self
            .call(remote::NodeDeviceGetXmlDesc { name: self.wire().name, flags })
            .await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the name of the device that this one is attached to; `None` for the root of the tree,
    /// `computer` (`virNodeDeviceGetParent`).
    #[doc(alias = "virNodeDeviceGetParent")]
    pub async fn parent(&self) -> Result<Option<String>> {
        let reply = self.call(remote::NodeDeviceGetParent { name: self.wire().name }).await?;
        Ok(reply.decode()?.parent_name.map(Into::into))
    }

    /// Lists the device's capabilities, such as `pci` or `net` (`virNodeDeviceListCaps`).
    #[doc(alias = "virNodeDeviceListCaps")]
    pub async fn list_caps(&self) -> Result<Vec<String>> {
        let maxnames = remote::NODE_DEVICE_CAPS_LIST_MAX as i32;
        let request = remote::NodeDeviceListCaps { name: self.wire().name, maxnames };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.names.into_iter().map(Into::into).collect())
    }
}

/// # Life cycle
impl NodeDevice {
    /// Makes a defined device (`virNodeDeviceCreate`). [Takes long](crate#calls-that-take-long).
    /// Since libvirt 7.3.0.
    #[doc(alias = "virNodeDeviceCreate")]
    pub async fn create(&self) -> Result<()> {
        self.run(remote::NodeDeviceCreate { name: self.wire().name, flags: 0 }).await
    }

    /// Removes a device that the host has made; a definition stays (`virNodeDeviceDestroy`).
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virNodeDeviceDestroy")]
    pub async fn destroy(&self) -> Result<()> {
        self.run(remote::NodeDeviceDestroy { name: self.wire().name }).await
    }

    /// Removes the device's definition (`virNodeDeviceUndefine`). Since libvirt 7.3.0.
    #[doc(alias = "virNodeDeviceUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::NodeDeviceUndefine { name: self.wire().name, flags: 0 }).await
    }

    /// Changes the device or its definition to what `xml` describes (`virNodeDeviceUpdate`). Since
    /// libvirt 10.1.0, for mediated devices.
    #[doc(alias = "virNodeDeviceUpdate")]
    pub async fn update(&self, xml: &str, flags: UpdateFlags) -> Result<()> {
        let (name, xml_desc) = (self.wire().name, xml.into());
        self.run(remote::NodeDeviceUpdate { name, xml_desc, flags }).await
    }

    /// Returns whether the device exists, and is not just defined (`virNodeDeviceIsActive`). Since
    /// libvirt 7.8.0.
    #[doc(alias = "virNodeDeviceIsActive")]
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::NodeDeviceIsActive { name: self.wire().name }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Returns whether the device is defined and thus outlives the host's restart
    /// (`virNodeDeviceIsPersistent`). Since libvirt 7.8.0.
    #[doc(alias = "virNodeDeviceIsPersistent")]
    pub async fn is_persistent(&self) -> Result<bool> {
        let reply = self.call(remote::NodeDeviceIsPersistent { name: self.wire().name }).await?;
        Ok(truth(reply.decode()?.persistent))
    }

    /// Returns whether the device is made whenever the host starts (`virNodeDeviceGetAutostart`). Since
    /// libvirt 7.8.0.
    #[doc(alias = "virNodeDeviceGetAutostart")]
    pub async fn autostart(&self) -> Result<bool> {
        let reply = self.call(remote::NodeDeviceGetAutostart { name: self.wire().name }).await?;
        Ok(truth(reply.decode()?.autostart))
    }

    /// Sets whether the device is made whenever the host starts (`virNodeDeviceSetAutostart`). Since
    /// libvirt 7.8.0.
    #[doc(alias = "virNodeDeviceSetAutostart")]
    pub async fn set_autostart(&self, autostart: bool) -> Result<()> {
        let (name, autostart) = (self.wire().name, autostart.into());
        self.run(remote::NodeDeviceSetAutostart { name, autostart }).await
    }
}

/// # Assignment to guests
impl NodeDevice {
    /// Takes the device away from the host's driver, so that a guest can have it
    /// (`virNodeDeviceDetachFlags`).
    ///
    /// `driver` is who gets it instead, `vfio` or the like; `None` is the hypervisor's usual one.
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virNodeDeviceDetachFlags")]
    #[doc(alias = "detachFlags")]
    pub async fn detach(&self, driver: Option<&str>) -> Result<()> {
        let (name, driver_name) = (self.wire().name, driver.map(Into::into));
        self.run(remote::NodeDeviceDetachFlags { name, driver_name, flags: 0 }).await
    }

    /// Gives a [detached](Self::detach) device back to the host's driver (`virNodeDeviceReAttach`).
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virNodeDeviceReAttach")]
    pub async fn re_attach(&self) -> Result<()> {
        self.run(remote::NodeDeviceReAttach { name: self.wire().name }).await
    }

    /// Resets a [detached](Self::detach) device (`virNodeDeviceReset`).
    /// [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virNodeDeviceReset")]
    pub async fn reset(&self) -> Result<()> {
        self.run(remote::NodeDeviceReset { name: self.wire().name }).await
    }
}
