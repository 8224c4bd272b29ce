//! Installs a guest from a CD-ROM. It boots from its disk, and from the CD-ROM only while there is
//! nothing on the disk yet: so nothing is to be changed after the installation.
//!
//! The example `provision` does it for a disk that is not empty, in two phases.

use libvirt_client::Connect;

use crate::guest::{Guest, escape};
use crate::shared::Result;

pub(crate) async fn run([uri, kind, name, disk, iso]: [&str; 5]) -> Result<()> {
    let boot = "<boot dev='hd'/><boot dev='cdrom'/>";
    let drive = format!(
        "<disk type='file' device='cdrom'>
      <source file='{}'/>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>",
        escape(iso)
    );
    let guest = Guest {
        kind,
        name,
        disk,
        boot,
        on_reboot: "restart",
        devices: &drive,
    };

    let conn = Connect::open(uri).await?;
    let domain = conn.domain_define_xml(&guest.xml()).await?;
    domain.create().await?;
    println!("{name} has booted: {:?}", domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
