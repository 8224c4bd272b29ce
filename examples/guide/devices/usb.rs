//! Gives a USB device of the host to a domain from its next start on, by the vendor's and the
//! product's number, such as `0x046d` and `0xc52b`.
//!
//! The guide says that a running guest cannot get one; `DeviceModifyFlags::LIVE` plugs it in. A
//! guest that has one cannot be migrated.

use libvirt_client::Connect;
use libvirt_client::domain::DeviceModifyFlags;

use crate::guest::escape;
use crate::shared::Result;

pub(crate) async fn run([uri, name, vendor, product]: [&str; 4]) -> Result<()> {
    let [vendor_id, product_id] = [vendor, product].map(escape);
    let device = format!(
        "<hostdev mode='subsystem' type='usb'>
  <source><vendor id='{vendor_id}'/><product id='{product_id}'/></source>
</hostdev>"
    );
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.attach_device_flags(&device, DeviceModifyFlags::CONFIG).await?;
    println!("{name} will have the USB device {vendor}:{product}");
    conn.close().await;
    Ok(())
}
