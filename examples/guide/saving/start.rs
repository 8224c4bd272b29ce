//! Starts a guest, from its managed save image if it has one: the reason of its state tells.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.create().await?;
    println!("{name}: {:?}", domain.state().await?.reason);
    conn.close().await;
    Ok(())
}
