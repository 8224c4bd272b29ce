//! Names of disks and interfaces, read from a domain's definition, as arguments of other calls.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::{Domain, XmlFlags};
use crate::error::Result;
use crate::protocol::remote;

/// A network interface in a domain's definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceTarget {
    /// Device on the host, such as `vnet0`, as [`Domain::interface_stats`] takes it. Most
    /// interfaces have one only while the domain runs, some never.
    pub target: Option<String>,
    /// MAC address.
    pub mac: Option<String>,
    /// Name of the network, bridge or device that it is connected to.
    pub source: Option<String>,
    /// Type of the connection: `network`, `bridge`, `user`, …
    pub kind: String,
    /// Model that the guest sees: `virtio`, `e1000`, …
    pub model: Option<String>,
    /// Alias, as [`Domain::detach_device_and_wait`] takes it. Of a domain that does not run only what
    /// users have chosen is known.
    pub alias: Option<String>,
}

/// A disk in a domain's definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskTarget {
    /// Target of the disk, such as `vda`, as [`Domain::block_stats`] and other calls take it.
    pub target: String,
    /// Source of the disk: path of a file or device, name of a volume, …; none for an empty drive.
    pub source: Option<String>,
    /// Type of the source: `file`, `block`, `volume`, `network`, …
    pub kind: String,
    /// Kind of device that the guest sees: `disk`, `cdrom`, `floppy`, `lun`.
    pub device: String,
    /// Bus: `virtio`, `sata`, …
    pub bus: Option<String>,
    /// Alias, as [`Domain::detach_device_and_wait`] takes it. Of a domain that does not run only what
    /// users have chosen is known.
    pub alias: Option<String>,
}

/// # Targets of disks and interfaces
impl Domain {
    /// Lists the domain's network interfaces, in the order of its definition, as
    /// [`xml_desc`](Self::xml_desc) has them: those of the running domain if it runs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> libvirt_client::Result<()> {
    /// # let conn = libvirt_client::Connect::open("test:///default").await?;
    /// # let domain = conn.domain_lookup_by_name("test").await?;
    /// for interface in domain.interface_targets().await? {
    ///     if let Some(device) = &interface.target {
    ///         println!("{device}: {:?}", domain.interface_stats(device).await?);
    ///     }
    /// }
    /// # assert_eq!(domain.interface_targets().await?[0].target.as_deref(), Some("testnet0"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn interface_targets(&self) -> Result<Vec<InterfaceTarget>> {
        self.devices("interface").await
    }

    /// Lists the domain's disks, in the order of its definition, as [`xml_desc`](Self::xml_desc) has
    /// them: those of the running domain if it runs.
    pub async fn disk_targets(&self) -> Result<Vec<DiskTarget>> {
        self.devices("disk").await
    }

    /// Lists the devices whose element has that name.
    pub(crate) async fn devices<T: Device>(&self, element: &str) -> Result<Vec<T>> {
        let reply = self
            .call(remote::DomainGetXmlDesc { dom: self.wire(), flags: XmlFlags::empty() })
            .await?;
        devices(&reply.decode()?.xml, element)
            .map_err(|error| reply.invalid(format!("the definition is not XML: {error}")))
    }
}

/// A device that is read from its element and the element's children.
pub(crate) trait Device: Default {
    fn element(&mut self, attributes: &Attributes);
    fn child(&mut self, name: &str, attributes: &Attributes);
}

impl Device for InterfaceTarget {
    fn element(&mut self, attributes: &Attributes) {
        self.kind = attributes.get("type").unwrap_or_default();
    }

    fn child(&mut self, name: &str, attributes: &Attributes) {
        match name {
            "target" => self.target = attributes.get("dev"),
            "mac" => self.mac = attributes.get("address"),
            "model" => self.model = attributes.get("type"),
            "alias" => self.alias = attributes.get("name"),
            "source" => {
                let names = ["network", "bridge", "dev", "name", "path", "address"];
                self.source = names.iter().find_map(|name| attributes.get(name));
            }
            _ => {}
        }
    }
}

impl Device for DiskTarget {
    fn element(&mut self, attributes: &Attributes) {
        self.kind = attributes.get("type").unwrap_or_default();
        // libvirt's default.
        self.device = attributes.get("device").unwrap_or_else(|| String::from("disk"));
    }

    fn child(&mut self, name: &str, attributes: &Attributes) {
        match name {
            "target" => {
                self.target = attributes.get("dev").unwrap_or_default();
                self.bus = attributes.get("bus");
            }
            "alias" => self.alias = attributes.get("name"),
            "source" => {
                let names = ["file", "dev", "volume", "name", "dir", "path"];
                self.source = names.iter().find_map(|name| attributes.get(name));
            }
            _ => {}
        }
    }
}

/// An element's attributes.
pub(crate) struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(element: &BytesStart<'_>) -> quick_xml::Result<Self> {
        let attributes = element.attributes().map(|attribute| {
            let attribute = attribute?;
            let name = attribute.key.as_ref().to_owned();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
            Ok((name, value))
        });
        attributes.collect::<quick_xml::Result<_>>().map(Self)
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    }
}

/// Returns the devices of a definition whose element has that name.
pub(crate) fn devices<T: Device>(xml: &str, element: &str) -> quick_xml::Result<Vec<T>> {
    let mut reader = Reader::from_str(xml);
    let mut found: Vec<T> = Vec::new();
    // The names of the open elements.
    let mut path: Vec<String> = Vec::new();
    loop {
        let (start, is_empty) = match reader.read_event()? {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                path.pop();
                continue;
            }
            Event::Eof => return Ok(found),
            _ => continue,
        };
        let name = start.name().as_ref().to_owned();
        // Deeper than this, no element is looked at; documents may nest as deeply as they are long.
        let outermost = path.iter().take(4).map(String::as_str);
        match outermost.collect::<Vec<_>>()[..] {
            ["domain", "devices"] if name == element => {
                let mut device = T::default();
                device.element(&Attributes::of(&start)?);
                found.push(device);
            }
            ["domain", "devices", parent] if parent == element => {
                if let Some(device) = found.last_mut() {
                    device.child(&name, &Attributes::of(&start)?);
                }
            }
            _ => {}
        }
        if !is_empty {
            path.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version='1.0'?>
<domain type='kvm' id='3'><name>x</name>
  <metadata><disk><target dev='no'/></disk></metadata>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/images/a&amp;b.qcow2' index='1'><slices><slice/></slices></source>
      <backingStore type='file'>
        <format type='raw'/><source file='/images/base'/><target dev='no'/>
      </backingStore>
      <target dev='vda' bus='virtio'/>
      <alias name='virtio-disk0'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default' portid='8a' bridge='virbr0'/>
      <target dev='vnet0'/><model type='virtio'/>
      <alias name='ua-lan'/>
    </interface>
    <interface type='user'/>
  </devices>
</domain>";

    #[test]
    fn devices_of_a_definition() -> quick_xml::Result<()> {
        let text = |text: &str| Some(text.to_owned());
        let disks: Vec<DiskTarget> = devices(XML, "disk")?;
        let first = DiskTarget {
            target: "vda".to_owned(),
            source: text("/images/a&b.qcow2"),
            kind: "file".to_owned(),
            device: "disk".to_owned(),
            bus: text("virtio"),
            alias: text("virtio-disk0"),
        };
        assert_eq!(disks.first(), Some(&first));
        let second = disks.get(1).map(|disk| (disk.target.as_str(), &disk.source));
        assert_eq!((second, disks.len()), (Some(("sda", &None)), 2));
        let interfaces: Vec<InterfaceTarget> = devices(XML, "interface")?;
        let first = InterfaceTarget {
            target: text("vnet0"),
            mac: text("52:54:00:00:00:01"),
            source: text("default"),
            kind: "network".to_owned(),
            model: text("virtio"),
            alias: text("ua-lan"),
        };
        let second = InterfaceTarget { kind: "user".to_owned(), ..InterfaceTarget::default() };
        assert_eq!(interfaces, [first, second]);
        Ok(())
    }

    #[test]
    fn what_is_not_xml_is_an_error() {
        for xml in [
            "<domain><devices></domain>",
            "<domain><devices><disk type=",
            "<a></b>",
        ] {
            assert!(devices::<DiskTarget>(xml, "disk").is_err(), "{xml}");
        }
        assert_eq!(devices::<DiskTarget>("", "disk").ok(), Some(Vec::new()));
    }
}
