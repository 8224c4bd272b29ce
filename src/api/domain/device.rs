//! Adding, changing and removing devices.

use super::{DeviceModifyFlags, Domain};
use crate::error::Result;
use crate::protocol::remote;

/// # Devices
///
/// A device comes or goes when the guest lets it: these methods
/// [take long](crate#calls-that-take-long).
impl Domain {
    /// Attaches the device that `xml` describes to the running domain, until it ends
    /// (`virDomainAttachDevice`).
    ///
    /// A PCI Express guest needs a free root port for it.
    #[doc(alias = "virDomainAttachDevice")]
    pub async fn attach_device(&self, xml: &str) -> Result<()> {
        self.run(remote::DomainAttachDevice { dom: self.wire(), xml: xml.into() }).await
    }

    /// Attaches the device that `xml` describes to the running domain, its definition, or both
    /// (`virDomainAttachDeviceFlags`).
    #[doc(alias = "virDomainAttachDeviceFlags")]
    pub async fn attach_device_flags(&self, xml: &str, flags: DeviceModifyFlags) -> Result<()> {
        self.run(remote::DomainAttachDeviceFlags { dom: self.wire(), xml: xml.into(), flags })
            .await
    }

    /// Asks the running guest to release the device that `xml` describes (`virDomainDetachDevice`).
    ///
    /// The daemon waits a few seconds for the guest. A guest that does not react by then may still
    /// release the device later, or never; check the domain's XML or wait for the event.
    #[doc(alias = "virDomainDetachDevice")]
    pub async fn detach_device(&self, xml: &str) -> Result<()> {
        self.run(remote::DomainDetachDevice { dom: self.wire(), xml: xml.into() }).await
    }

    /// Detaches the device that `xml` describes from the running guest, the definition, or both
    /// (`virDomainDetachDeviceFlags`).
    #[doc(alias = "virDomainDetachDeviceFlags")]
    pub async fn detach_device_flags(&self, xml: &str, flags: DeviceModifyFlags) -> Result<()> {
        self.run(remote::DomainDetachDeviceFlags { dom: self.wire(), xml: xml.into(), flags })
            .await
    }

    /// Asks the guest to release the device that has the alias `alias` in the domain's XML
    /// (`virDomainDetachDeviceAlias`).
    ///
    /// Unlike [`detach_device`](Self::detach_device) it does not wait for the guest.
    #[doc(alias = "virDomainDetachDeviceAlias")]
    pub async fn detach_device_alias(&self, alias: &str, flags: DeviceModifyFlags) -> Result<()> {
        self.run(remote::DomainDetachDeviceAlias { dom: self.wire(), alias: alias.into(), flags })
            .await
    }

    /// Changes a device to what `xml` says, as far as it can be changed in place: the medium in a
    /// drive, the network of an interface (`virDomainUpdateDeviceFlags`).
    ///
    /// With [`FORCE`](DeviceModifyFlags::FORCE) a medium is removed from a drive that the guest has
    /// locked.
    #[doc(alias = "virDomainUpdateDeviceFlags")]
    pub async fn update_device_flags(&self, xml: &str, flags: DeviceModifyFlags) -> Result<()> {
        self.run(remote::DomainUpdateDeviceFlags { dom: self.wire(), xml: xml.into(), flags })
            .await
    }
}
