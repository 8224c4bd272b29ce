//! Installs a guest from the network, whose DHCP server names what to boot (PXE). It boots from its
//! disk, and from the network only while there is nothing on the disk yet.

use libvirt_client::Connect;

use crate::guest::{Guest, escape};
use crate::shared::Result;

pub(crate) async fn run([uri, kind, name, disk, network]: [&str; 5]) -> Result<()> {
    let boot = "<boot dev='hd'/><boot dev='network'/>";
    let interface = format!(
        "<interface type='network'>
      <source network='{}'/>
      <model type='virtio'/>
    </interface>",
        escape(network)
    );
    let guest = Guest {
        kind,
        name,
        disk,
        boot,
        on_reboot: "restart",
        devices: &interface,
    };

    let conn = Connect::open(uri).await?;
    let domain = conn.domain_define_xml(&guest.xml()).await?;
    domain.create().await?;
    println!("{name} has booted: {:?}", domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
