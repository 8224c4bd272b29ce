//! Changes the disc in a drive of a running guest; no IMAGE, an empty argument, ejects it.

use libvirt_client::Connect;
use libvirt_client::domain::DeviceModifyFlags;

use crate::guest::escape;
use crate::shared::Result;

pub(crate) async fn run([uri, name, target, image]: [&str; 4]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let disks = domain.disk_targets().await?;
    let drive = disks.iter().find(|disk| disk.target == target && disk.device == "cdrom");
    let drive = drive.ok_or_else(|| format!("{name} has no drive {target}"))?;
    let source = match image {
        "" => String::new(),
        image => format!("<source file='{}'/>", escape(image)),
    };
    let bus = drive.bus.as_deref().unwrap_or("sata");
    let device = format!(
        "<disk type='file' device='cdrom'>{source}<target dev='{target}' bus='{bus}'/></disk>"
    );
    domain.update_device_flags(&device, DeviceModifyFlags::LIVE).await?;
    println!("{name} has in {target}: {image}");
    conn.close().await;
    Ok(())
}
