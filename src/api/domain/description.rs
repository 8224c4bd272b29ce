//! A domain's XML, metadata, name and messages.

use super::{Domain, GetHostnameFlags, MessageType, MetadataType, ModificationImpact, XmlFlags};
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::{Request, remote};

/// # Description
impl Domain {
    /// Returns the domain's XML (`virDomainGetXMLDesc`).
    ///
    /// It describes the running domain or, with [`INACTIVE`](XmlFlags::INACTIVE), the next start.
    /// Secrets are left out unless [`SECURE`](XmlFlags::SECURE) or
    /// [`MIGRATABLE`](XmlFlags::MIGRATABLE) is given, which a read-only connection does not allow.
    #[doc(alias = "virDomainGetXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        if flags.intersects(XmlFlags::SECURE | XmlFlags::MIGRATABLE) {
            self.connect().require_writable(remote::DomainGetXmlDesc::INFO.name)?;
        }
        let reply = self.call(remote::DomainGetXmlDesc { dom: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the domain's title, its description, or an application's XML
    /// (`virDomainGetMetadata`).
    ///
    /// `uri` names the application's namespace, for [`Element`](MetadataType::Element) alone.
    /// Metadata that was never set gives an error for which
    /// [`is_not_found`](crate::Error::is_not_found) holds.
    #[doc(alias = "virDomainGetMetadata")]
    pub async fn metadata(
        &self,
        kind: MetadataType,
        uri: Option<&str>,
        flags: ModificationImpact,
    ) -> Result<String> {
        let reply = self
            .call(remote::DomainGetMetadata {
                dom: self.wire(),
                r#type: kind,
                uri: uri.map(Into::into),
                flags,
            })
            .await?;
        Ok(reply.decode()?.metadata.into_owned())
    }

    /// Sets the domain's title, its description, or an application's XML; `None` removes it
    /// (`virDomainSetMetadata`).
    ///
    /// For [`Element`](MetadataType::Element), and for nothing else, `uri` names the application's
    /// namespace and `key` the prefix that it gets in the domain's XML. A title has no line breaks.
    #[doc(alias = "virDomainSetMetadata")]
    pub async fn set_metadata(
        &self,
        kind: MetadataType,
        metadata: Option<&str>,
        key: Option<&str>,
        uri: Option<&str>,
        flags: ModificationImpact,
    ) -> Result<()> {
        self.run(remote::DomainSetMetadata {
            dom: self.wire(),
            r#type: kind,
            metadata: metadata.map(Into::into),
            key: key.map(Into::into),
            uri: uri.map(Into::into),
            flags,
        })
        .await
    }

    /// Returns the type of the guest's operating system, e.g. `hvm` for full virtualization
    /// (`virDomainGetOSType`).
    #[doc(alias = "virDomainGetOSType")]
    pub async fn os_type(&self) -> Result<String> {
        let reply = self.call(remote::DomainGetOsType { dom: self.wire() }).await?;
        Ok(reply.decode()?.r#type.into_owned())
    }

    /// Renames the domain, and returns a handle with the new name (`virDomainRename`).
    ///
    /// This handle keeps the old name, and still works: daemons go by the UUID. QEMU renames only
    /// domains that are shut off.
    #[doc(alias = "virDomainRename")]
    pub async fn rename(&self, new_name: &str) -> Result<Self> {
        let reply = self
            .call(remote::DomainRename {
                dom: self.wire(),
                new_name: Some(new_name.into()),
                flags: 0,
            })
            .await?;
        let code = reply.decode()?.retcode;
        if code != 0 {
            return Err(reply.invalid(format!("it succeeded with the result {code}")));
        }
        Ok(self.renamed(new_name))
    }

    /// Returns the guest's host name, from its DHCP lease or from the guest agent
    /// (`virDomainGetHostname`). [Takes long](crate#calls-that-take-long) if the agent does.
    #[doc(alias = "virDomainGetHostname")]
    pub async fn hostname(&self, flags: GetHostnameFlags) -> Result<String> {
        let reply = self.call(remote::DomainGetHostname { dom: self.wire(), flags }).await?;
        Ok(reply.decode()?.hostname.into_owned())
    }

    /// Returns the daemon's warnings about the domain: deprecated features in use, taint, I/O
    /// errors of its disks (`virDomainGetMessages`).
    ///
    /// No flags mean messages of every kind. The texts are for humans.
    #[doc(alias = "virDomainGetMessages")]
    pub async fn messages(&self, flags: MessageType) -> Result<Vec<String>> {
        let reply = self.call(remote::DomainGetMessages { dom: self.wire(), flags }).await?;
        let messages = reply.decode()?.msgs;
        Ok(messages.into_iter().map(String::from).collect())
    }
}

/// # Native configurations
impl Connect {
    /// Converts a hypervisor's native configuration to domain XML
    /// (`virConnectDomainXMLFromNative`).
    ///
    /// The formats are the driver's, e.g. `qemu-argv`, a command line. Not every driver still reads
    /// the format that it writes.
    #[doc(alias = "virConnectDomainXMLFromNative")]
    pub async fn domain_xml_from_native(&self, format: &str, config: &str) -> Result<String> {
        let reply = self
            .call(remote::ConnectDomainXmlFromNative {
                native_format: format.into(),
                native_config: config.into(),
                flags: 0,
            })
            .await?;
        Ok(reply.decode()?.domain_xml.into_owned())
    }

    /// Converts domain XML to a hypervisor's native configuration (`virConnectDomainXMLToNative`).
    ///
    /// With the QEMU driver `qemu-argv` gives the command line that a start would run.
    #[doc(alias = "virConnectDomainXMLToNative")]
    pub async fn domain_xml_to_native(&self, format: &str, xml: &str) -> Result<String> {
        let reply = self
            .call(remote::ConnectDomainXmlToNative {
                native_format: format.into(),
                domain_xml: xml.into(),
                flags: 0,
            })
            .await?;
        Ok(reply.decode()?.native_config.into_owned())
    }
}
