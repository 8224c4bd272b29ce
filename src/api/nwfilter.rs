//! Filters for the network traffic of guests, and what they are bound to.
//!
//! ```no_run
//! # async fn example(conn: &libvirt_client::Connect) -> libvirt_client::Result<()> {
//! use libvirt_client::nwfilter::DefineFlags;
//!
//! let xml = "<filter name='no-smtp' chain='ipv4'>
//!   <rule action='drop' direction='out' priority='100'><tcp dstportstart='25'/></rule>
//! </filter>";
//! conn.nwfilter_define_xml(xml, DefineFlags::VALIDATE).await?;
//! for binding in conn.list_all_nwfilter_bindings().await? {
//!     println!("{} goes through {}", binding.port_dev(), binding.filter_name());
//! }
//! # Ok(())
//! # }
//! ```

use uuid::Uuid;

use super::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;

pub use crate::types::nwfilter::*;

handle! {
    /// A handle to a network filter: a named list of rules (`virNWFilter`). Cheap to clone; it
    /// holds nothing on the daemon's side.
    #[doc(alias = "virNWFilter")]
    pub NwFilter of remote::NonnullNwfilter, known by uuid {
        /// Returns the filter's name (`virNWFilterGetName`). Local.
        #[doc(alias = "virNWFilterGetName")]
        name: text;
        /// Returns the filter's UUID (`virNWFilterGetUUID`, `virNWFilterGetUUIDString`). Local.
        #[doc(alias = "virNWFilterGetUUID")]
        #[doc(alias = "virNWFilterGetUUIDString")]
        #[doc(alias = "UUIDString")]
        uuid: Uuid;
    }
}

handle! {
    /// A handle to the binding of a network filter to a device of the host, e.g. to the device of a
    /// guest's interface (`virNWFilterBinding`). Cheap to clone; it holds nothing on the daemon's
    /// side.
    #[doc(alias = "virNWFilterBinding")]
    pub NwFilterBinding of remote::NonnullNwfilterBinding, known by portdev {
        /// Returns the name of the device, e.g. `vnet0` (`virNWFilterBindingGetPortDev`). Local.
        #[doc(alias = "virNWFilterBindingGetPortDev")]
        portdev: text as port_dev,
        /// Returns the name of the filter (`virNWFilterBindingGetFilterName`). Local.
        #[doc(alias = "virNWFilterBindingGetFilterName")]
        filtername: text as filter_name;;
    }
}

/// # Network filters
impl Connect {
    /// Lists all network filters (`virConnectListAllNWFilters`).
    #[doc(alias = "virConnectListAllNWFilters")]
    pub async fn list_all_nwfilters(&self) -> Result<Vec<NwFilter>> {
        let reply =
            self.call(remote::ConnectListAllNwfilters { need_results: 1, flags: 0 }).await?;
        Ok(NwFilter::list_from_wire(self, &reply.decode()?.filters))
    }

    /// Looks up a network filter by name (`virNWFilterLookupByName`).
    #[doc(alias = "virNWFilterLookupByName")]
    pub async fn nwfilter_lookup_by_name(&self, name: &str) -> Result<NwFilter> {
        let reply = self.call(remote::NwfilterLookupByName { name: name.into() }).await?;
        Ok(NwFilter::from_wire(self, &reply.decode()?.nwfilter))
    }

    /// Looks up a network filter by UUID (`virNWFilterLookupByUUID`,
    /// `virNWFilterLookupByUUIDString`).
    #[doc(alias = "virNWFilterLookupByUUID")]
    #[doc(alias = "virNWFilterLookupByUUIDString")]
    #[doc(alias = "nwfilterLookupByUUIDString")]
    pub async fn nwfilter_lookup_by_uuid(&self, uuid: Uuid) -> Result<NwFilter> {
        let reply = self.call(remote::NwfilterLookupByUuid { uuid }).await?;
        Ok(NwFilter::from_wire(self, &reply.decode()?.nwfilter))
    }

    /// Defines a network filter, or changes one that exists (`virNWFilterDefineXML`,
    /// `virNWFilterDefineXMLFlags`).
    ///
    /// A change applies to running guests at once; if it cannot be applied to one of them, the
    /// filter stays as it was. To change a filter, `xml` must have its name and its UUID. With
    /// [`VALIDATE`](DefineFlags::VALIDATE) the daemon first validates `xml` against the schema,
    /// which needs libvirt 7.7.0.
    #[doc(alias = "virNWFilterDefineXML")]
    #[doc(alias = "virNWFilterDefineXMLFlags")]
    #[doc(alias = "nwfilterDefineXMLFlags")]
    pub async fn nwfilter_define_xml(&self, xml: &str, flags: DefineFlags) -> Result<NwFilter> {
        if flags.is_empty() {
            let reply = self.call(remote::NwfilterDefineXml { xml: xml.into() }).await?;
            return Ok(NwFilter::from_wire(self, &reply.decode()?.nwfilter));
        }
        let reply = self.call(remote::NwfilterDefineXmlFlags { xml: xml.into(), flags }).await?;
        Ok(NwFilter::from_wire(self, &reply.decode()?.nwfilter))
    }

    /// Lists all bindings of network filters (`virConnectListAllNWFilterBindings`).
    #[doc(alias = "virConnectListAllNWFilterBindings")]
    pub async fn list_all_nwfilter_bindings(&self) -> Result<Vec<NwFilterBinding>> {
        let request = remote::ConnectListAllNwfilterBindings { need_results: 1, flags: 0 };
        let reply = self.call(request).await?;
        Ok(NwFilterBinding::list_from_wire(self, &reply.decode()?.bindings))
    }

    /// Looks up the binding of a device, e.g. `vnet0` (`virNWFilterBindingLookupByPortDev`).
    #[doc(alias = "virNWFilterBindingLookupByPortDev")]
    pub async fn nwfilter_binding_lookup_by_port_dev(
        &self,
        port_dev: &str,
    ) -> Result<NwFilterBinding> {
        let request = remote::NwfilterBindingLookupByPortDev { name: port_dev.into() };
        let reply = self.call(request).await?;
        Ok(NwFilterBinding::from_wire(self, &reply.decode()?.nwfilter))
    }

    /// Binds a network filter to a device of the host, whose traffic it filters from now on
    /// (`virNWFilterBindingCreateXML`).
    ///
    /// The hypervisor does that for guests whose interfaces have a `<filterref>`. With
    /// [`VALIDATE`](BindingCreateFlags::VALIDATE) the daemon first validates `xml` against the
    /// schema.
    #[doc(alias = "virNWFilterBindingCreateXML")]
    pub async fn nwfilter_binding_create_xml(
        &self,
        xml: &str,
        flags: BindingCreateFlags,
    ) -> Result<NwFilterBinding> {
        let reply = self.call(remote::NwfilterBindingCreateXml { xml: xml.into(), flags }).await?;
        Ok(NwFilterBinding::from_wire(self, &reply.decode()?.nwfilter))
    }
}

impl NwFilter {
    /// Returns the filter's XML (`virNWFilterGetXMLDesc`).
    #[doc(alias = "virNWFilterGetXMLDesc")]
    pub async fn xml_desc(&self) -> Result<String> {
        let request = remote::NwfilterGetXmlDesc { nwfilter: self.wire(), flags: 0 };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Removes the filter (`virNWFilterUndefine`). Fails while something uses it.
    #[doc(alias = "virNWFilterUndefine")]
    pub async fn undefine(&self) -> Result<()> {
        self.run(remote::NwfilterUndefine { nwfilter: self.wire() }).await
    }
}

impl NwFilterBinding {
    /// Returns the binding's XML: its owner, the device, the filter and its parameters
    /// (`virNWFilterBindingGetXMLDesc`).
    #[doc(alias = "virNWFilterBindingGetXMLDesc")]
    pub async fn xml_desc(&self) -> Result<String> {
        let request = remote::NwfilterBindingGetXmlDesc { nwfilter: self.wire(), flags: 0 };
        let reply = self.call(request).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Deletes the binding; traffic of the device is no longer filtered
    /// (`virNWFilterBindingDelete`).
    #[doc(alias = "virNWFilterBindingDelete")]
    pub async fn delete(&self) -> Result<()> {
        self.run(remote::NwfilterBindingDelete { nwfilter: self.wire() }).await
    }
}
