//! Plugs a disk into a running guest, until its end: with `DeviceModifyFlags::CONFIG` beside `LIVE`
//! it would be in the definition, too. The image is raw.

use libvirt_client::Connect;
use libvirt_client::domain::DeviceModifyFlags;

use crate::guest::escape;
use crate::shared::Result;

pub(crate) async fn run([uri, name, image, target]: [&str; 4]) -> Result<()> {
    let [source, dev] = [image, target].map(escape);
    let disk = format!(
        "<disk type='file' device='disk'>
  <driver name='qemu' type='raw'/>
  <source file='{source}'/>
  <target dev='{dev}' bus='virtio'/>
  <alias name='ua-{dev}'/>
</disk>"
    );
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.attach_device_flags(&disk, DeviceModifyFlags::LIVE).await?;
    println!("{name} has the disk {target} with the alias ua-{target}");
    conn.close().await;
    Ok(())
}
