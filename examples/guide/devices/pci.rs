//! Gives a PCI device of the host to a domain from its next start on, by its address, such as
//! `0000:06:12.5`.
//!
//! The guide calls the element `hostdevice` in its text; it is `hostdev`. With `managed='yes'` the
//! daemon takes the device from the host's driver at the start, and gives it back at the end.

use libvirt_client::Connect;
use libvirt_client::domain::DeviceModifyFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name, address]: [&str; 3]) -> Result<()> {
    let parts: Vec<_> = address.split([':', '.']).collect();
    let [domain, bus, slot, function] = parts[..] else {
        return Err(format!("'{address}' is not like 0000:06:12.5").into());
    };
    // Hexadecimal there, decimal in the XML below, which takes both.
    let [domain, bus, slot, function] =
        [domain, bus, slot, function].map(|part| u16::from_str_radix(part, 16));
    let device = format!(
        "<hostdev mode='subsystem' type='pci' managed='yes'>
  <source><address domain='{}' bus='{}' slot='{}' function='{}'/></source>
</hostdev>",
        domain?, bus?, slot?, function?
    );
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.attach_device_flags(&device, DeviceModifyFlags::CONFIG).await?;
    println!("{name} will have the PCI device {address}");
    conn.close().await;
    Ok(())
}
