//! Shows how much memory a domain can have.
//!
//! The guide prints it as MB; it is KiB.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("{name} can have {} KiB", domain.max_memory_kib().await?);
    conn.close().await;
    Ok(())
}
