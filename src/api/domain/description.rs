//! What a domain is: its XML, its metadata, its name.

use super::{Domain, GetHostnameFlags, MessageType, MetadataType, ModificationImpact, XmlFlags};
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::{Request, remote};

impl Domain {
    /// The domain's XML (`virDomainGetXMLDesc`).
    ///
    /// That of what runs, or with [`INACTIVE`](XmlFlags::INACTIVE) that of the next start. Secrets
    /// are left out unless [`SECURE`](XmlFlags::SECURE) or [`MIGRATABLE`](XmlFlags::MIGRATABLE) is
    /// given, which a read-only connection may not.
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        if flags.intersects(XmlFlags::SECURE | XmlFlags::MIGRATABLE) {
            self.connect().require_writable(remote::DomainGetXmlDesc::INFO.name)?;
        }
        let reply = self.call(remote::DomainGetXmlDesc { dom: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// The domain's title, its description, or the XML that an application has left with it
    /// (`virDomainGetMetadata`).
    ///
    /// `uri` names the application's namespace, for [`Element`](MetadataType::Element) alone. What
    /// was never set gives an error for which [`is_not_found`](crate::Error::is_not_found) holds.
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

    /// How the guest's operating system meets its machine, `hvm` for full virtualization
    /// (`virDomainGetOSType`).
    pub async fn os_type(&self) -> Result<String> {
        let reply = self.call(remote::DomainGetOsType { dom: self.wire() }).await?;
        Ok(reply.decode()?.r#type.into_owned())
    }

    /// Gives the domain another name, and gives a handle that has it (`virDomainRename`).
    ///
    /// This handle keeps the old name, and still works: daemons go by the UUID. QEMU renames
    /// domains that do not run, and only those.
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
        Ok(Self { name: new_name.into(), ..self.clone() })
    }

    /// The guest's name for itself, from its DHCP lease or from the guest agent
    /// (`virDomainGetHostname`). Takes long if the agent does.
    pub async fn hostname(&self, flags: GetHostnameFlags) -> Result<String> {
        let reply = self.call(remote::DomainGetHostname { dom: self.wire(), flags }).await?;
        Ok(reply.decode()?.hostname.into_owned())
    }

    /// What the daemon has to say against the domain: deprecated features it uses, how it left the
    /// paths that are supported, failures of its disks (`virDomainGetMessages`).
    ///
    /// No flags mean messages of every kind. The texts are for humans.
    pub async fn messages(&self, flags: MessageType) -> Result<Vec<String>> {
        let reply = self.call(remote::DomainGetMessages { dom: self.wire(), flags }).await?;
        let messages = reply.decode()?.msgs;
        Ok(messages.into_iter().map(String::from).collect())
    }
}

impl Connect {
    /// Domain XML for a guest that is described in a hypervisor's own words
    /// (`virConnectDomainXMLFromNative`).
    ///
    /// The formats are the driver's, e.g. `qemu-argv`, a command line. Not every driver still reads
    /// what it writes.
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

    /// What the driver makes of domain XML, in the hypervisor's own words
    /// (`virConnectDomainXMLToNative`).
    ///
    /// With the QEMU driver `qemu-argv` gives the command line that a start would run.
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
