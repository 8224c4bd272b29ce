//! Starts an installed guest from its disk, as a persistent one: the second phase.
//!
//! The guide calls `createXML` here, which starts a transient guest, and then `create` on a guest
//! that runs already; `defineXML` is meant.

use libvirt_client::Connect;

use crate::guest::Guest;
use crate::shared::Result;

pub(crate) async fn run([uri, kind, name, disk]: [&str; 4]) -> Result<()> {
    let boot = "<boot dev='hd'/>";
    let guest = Guest { kind, name, disk, boot, on_reboot: "restart", devices: "" };

    let conn = Connect::open(uri).await?;
    let domain = conn.domain_define_xml(&guest.xml()).await?;
    domain.create().await?;
    println!("{name} has booted: {:?}", domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
