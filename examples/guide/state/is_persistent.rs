//! Shows whether a domain is persistent: whether its definition is kept when it ends.
//!
//! The guide speaks of reboots, which a transient domain survives as well.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("is_persistent: {}", domain.is_persistent().await?);
    conn.close().await;
    Ok(())
}
