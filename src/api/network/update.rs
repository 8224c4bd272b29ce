//! Changes of one section of a network.

use super::{Network, UpdateCommand, UpdateFlags, UpdateSection};
use crate::api::wire::number_or_none;
use crate::client::asked_once;
use crate::error::Result;
use crate::protocol::{Request, remote};
use crate::types::feature::Feature;

/// # Changes
impl Network {
    /// Changes one section of the network: adds, replaces or removes the element `xml`
    /// (`virNetworkUpdate`).
    ///
    /// `parent_index` counts the elements that can contain the section, e.g. the `<ip>` elements for
    /// [`IpDhcpHost`](UpdateSection::IpDhcpHost), from zero; without it the daemon finds the one
    /// that is meant, if it can. An element to replace or to remove is found by what makes it
    /// unique, such as a host's MAC address. Daemons do not support every command for every section:
    /// up to libvirt 12.8.0 none of `Bridge`, `Domain`, `Ip`, `Forward` and `ForwardPf` can be
    /// changed.
    ///
    /// No flags, which is [`CURRENT`](UpdateFlags::CURRENT), mean the running network alone, or the
    /// definition of one that does not run. With [`LIVE`](UpdateFlags::LIVE) and
    /// [`CONFIG`](UpdateFlags::CONFIG) both change, or neither. A change of the running network's
    /// DHCP ranges restarts its DHCP server; one of its hosts does not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let network = conn.network_lookup_by_name("default").await?;
    /// use libvirt_client::network::{UpdateCommand, UpdateFlags, UpdateSection};
    ///
    /// let host = "<host mac='52:54:00:12:34:56' name='web' ip='192.168.122.10'/>";
    /// let both = UpdateFlags::LIVE | UpdateFlags::CONFIG;
    /// network
    ///     .update(UpdateCommand::AddLast, UpdateSection::IpDhcpHost, None, host, both)
    ///     .await?;
    /// # assert!(network.xml_desc(Default::default()).await?.contains("192.168.122.10"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The first update on a connection makes two calls: the other asks in which order the daemon
    /// takes the arguments.
    #[doc(alias = "virNetworkUpdate")]
    pub async fn update(
        &self,
        command: UpdateCommand,
        section: UpdateSection,
        parent_index: Option<u32>,
        xml: &str,
        flags: UpdateFlags,
    ) -> Result<()> {
        let procedure = remote::NetworkUpdate::INFO.name;
        let parent_index = number_or_none(procedure, "element", parent_index)?;
        let (command, section) = if self.takes_the_command_first().await? {
            (command, section)
        } else {
            // The numbers change places, whatever they then mean.
            (i32::from(section).into(), i32::from(command).into())
        };
        self.run(remote::NetworkUpdate {
            net: self.wire(),
            command,
            section,
            parent_index,
            xml: xml.into(),
            flags,
        })
        .await
    }

    async fn takes_the_command_first(&self) -> Result<bool> {
        let conn = self.connect();
        let feature = Feature::NetworkUpdateHasCorrectOrder;
        let asking = conn.supports_feature(feature);
        asked_once(conn.network_update_order_cell(), asking).await.copied()
    }
}
