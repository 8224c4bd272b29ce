//! Pauses a guest: its memory stays, and nothing is saved.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.suspend().await?;
    println!("{name}: {:?}", domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
