//! Ends a guest without asking it, but lets its hypervisor write out what it has cached; fails if
//! that does not react, rather than kill it.

use libvirt_client::Connect;
use libvirt_client::domain::DestroyFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.destroy_flags(DestroyFlags::GRACEFUL).await?;
    println!("{name} has ended");
    conn.close().await;
    Ok(())
}
