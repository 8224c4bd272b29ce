//! Shows whether a domain has been updated since it was created.
//!
//! No daemon of today says so of a domain of QEMU's, however often it was changed.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("is_updated: {}", domain.is_updated().await?);
    conn.close().await;
    Ok(())
}
