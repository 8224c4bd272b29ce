//! A network as XML, its bridge, its title, its description, and what applications keep with it.

use super::{MetadataType, Network, UpdateFlags, XmlFlags};
use crate::error::Result;
use crate::protocol::remote;

/// # Description
impl Network {
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

    /// Returns the network's title, its description, or an application's XML
    /// (`virNetworkGetMetadata`). Since libvirt 9.7.0.
    ///
    /// `uri` names the application's namespace, for [`Element`](MetadataType::Element) alone.
    /// Metadata that was never set gives an error for which
    /// [`is_not_found`](crate::Error::is_not_found) holds.
    #[doc(alias = "virNetworkGetMetadata")]
    pub async fn metadata(
        &self,
        kind: MetadataType,
        uri: Option<&str>,
        flags: UpdateFlags,
    ) -> Result<String> {
        let reply = self
            .call(remote::NetworkGetMetadata {
                network: self.wire(),
                r#type: kind,
                uri: uri.map(Into::into),
                flags,
            })
            .await?;
        Ok(reply.decode()?.metadata.into_owned())
    }

    /// Sets the network's title, its description, or an application's XML; `None` removes it
    /// (`virNetworkSetMetadata`). Since libvirt 9.7.0.
    ///
    /// For [`Element`](MetadataType::Element), and for nothing else, `uri` names the application's
    /// namespace and `key` the prefix that it gets in the network's XML. A title has no line breaks.
    #[doc(alias = "virNetworkSetMetadata")]
    pub async fn set_metadata(
        &self,
        kind: MetadataType,
        metadata: Option<&str>,
        key: Option<&str>,
        uri: Option<&str>,
        flags: UpdateFlags,
    ) -> Result<()> {
        self.run(remote::NetworkSetMetadata {
            network: self.wire(),
            r#type: kind,
            metadata: metadata.map(Into::into),
            key: key.map(Into::into),
            uri: uri.map(Into::into),
            flags,
        })
        .await
    }
}
