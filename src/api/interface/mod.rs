//! Network interfaces of the host and their configuration.

mod change;

use super::handle::handle;
use super::wire::truth;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllInterfacesFlags;

pub use crate::types::interface::*;
pub use change::InterfaceChange;

handle! {
    /// A handle to the configuration of a network interface of the host (`virInterface`). Cheap to
    /// clone; it holds nothing on the daemon's side.
    #[doc(alias = "virInterface")]
    pub Interface of remote::NonnullInterface, known by name,
    #[doc(alias = "virInterfaceGetConnect")] connect {
        /// Returns the interface's name (`virInterfaceGetName`). Local.
        #[doc(alias = "virInterfaceGetName")]
        name: text,
        /// Returns the interface's MAC address; empty where it has none of its own
        /// (`virInterfaceGetMACString`). Local.
        #[doc(alias = "virInterfaceGetMACString")]
        #[doc(alias = "MACString")]
        mac: text;;
    }
}

/// # Interfaces of the host
impl Connect {
    /// Looks up an interface by name (`virInterfaceLookupByName`).
    #[doc(alias = "virInterfaceLookupByName")]
    pub async fn interface_lookup_by_name(&self, name: &str) -> Result<Interface> {
        let reply = self.call(remote::InterfaceLookupByName { name: name.into() }).await?;
        Ok(Interface::from_wire(self, &reply.decode()?.iface))
    }

    /// Looks up an interface by MAC address, e.g. `52:54:00:00:00:01`
    /// (`virInterfaceLookupByMACString`). Fails where several have it.
    #[doc(alias = "virInterfaceLookupByMACString")]
    #[doc(alias = "interfaceLookupByMACString")]
    pub async fn interface_lookup_by_mac(&self, mac: &str) -> Result<Interface> {
        let reply = self.call(remote::InterfaceLookupByMacString { mac: mac.into() }).await?;
        Ok(Interface::from_wire(self, &reply.decode()?.iface))
    }

    /// Lists the interfaces that match the filter (`virConnectListAllInterfaces`).
    #[doc(alias = "virConnectListAllInterfaces")]
    pub async fn list_all_interfaces(
        &self,
        flags: ListAllInterfacesFlags,
    ) -> Result<Vec<Interface>> {
        let reply = self.call(remote::ConnectListAllInterfaces { need_results: 1, flags }).await?;
        Ok(Interface::list_from_wire(self, &reply.decode()?.ifaces))
    }

    /// Defines an interface, or changes its definition, without starting it
    /// (`virInterfaceDefineXML`).
    #[doc(alias = "virInterfaceDefineXML")]
    pub async fn interface_define_xml(&self, xml: &str, flags: DefineFlags) -> Result<Interface> {
        let reply = self.call(remote::InterfaceDefineXml { xml: xml.into(), flags }).await?;
        Ok(Interface::from_wire(self, &reply.decode()?.iface))
    }

    /// Begins changes to the host's interfaces that are undone unless they are committed
    /// (`virInterfaceChangeBegin`). Fails while any client has such changes open.
    ///
    /// A future that is dropped, or runs into its deadline, leaves none open: what the daemon then
    /// still begins is rolled back.
    #[doc(alias = "virInterfaceChangeBegin")]
    pub async fn interface_change_begin(&self) -> Result<InterfaceChange> {
        InterfaceChange::begin(self).await
    }

    /// Commits changes that a client began and left open (`virInterfaceChangeCommit`); one's own
    /// are committed by [`InterfaceChange::commit`].
    #[doc(alias = "virInterfaceChangeCommit")]
    pub async fn interface_change_commit(&self) -> Result<()> {
        self.run(remote::InterfaceChangeCommit { flags: 0 }).await
    }

    /// Rolls back changes that a client began and left open (`virInterfaceChangeRollback`), such as
    /// one whose connection was lost; one's own are rolled back by [`InterfaceChange::rollback`].
    #[doc(alias = "virInterfaceChangeRollback")]
    pub async fn interface_change_rollback(&self) -> Result<()> {
        self.run(remote::InterfaceChangeRollback { flags: 0 }).await
    }
}

impl Interface {
    /// Returns the interface's XML (`virInterfaceGetXMLDesc`): its state, or with
    /// [`INACTIVE`](XmlFlags::INACTIVE) its definition.
    #[doc(alias = "virInterfaceGetXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let reply = self.call(remote::InterfaceGetXmlDesc { iface: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns whether the interface is up (`virInterfaceIsActive`).
    #[doc(alias = "virInterfaceIsActive")]
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::InterfaceIsActive { iface: self.wire() }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Brings the interface up (`virInterfaceCreate`). [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virInterfaceCreate")]
    pub async fn create(&self) -> Result<()> {
        self.run(remote::InterfaceCreate { iface: self.wire(), flags: 0 }).await
    }

    /// Brings the interface down (`virInterfaceDestroy`). Its definition stays.
    #[doc(alias = "virInterfaceDestroy")]
    pub async fn destroy(&self) -> Result<()> {
        self.run(remote::InterfaceDestroy { iface: self.wire(), flags: 0 }).await
    }

    /// Removes the interface's definition (`virInterfaceUndefine`).
    #[doc(alias = "virInterfaceUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::InterfaceUndefine { iface: self.wire() }).await
    }
}
