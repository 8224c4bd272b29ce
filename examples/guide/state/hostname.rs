//! Shows the host name that a guest has.
//!
//! QEMU must ask the guest's agent, or the leases of libvirt's own networks.

use libvirt_client::Connect;
use libvirt_client::domain::GetHostnameFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let hostname = domain.hostname(GetHostnameFlags::AGENT).await?;
    println!("{name} has the host name {hostname}");
    conn.close().await;
    Ok(())
}
