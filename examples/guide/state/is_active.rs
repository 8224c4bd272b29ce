//! Shows whether a domain runs; one that is paused does.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("is_active: {}", domain.is_active().await?);
    conn.close().await;
    Ok(())
}
