//! Ends a guest at once, as pulling its plug does. Its definition is kept, if it has one.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.destroy().await?;
    println!("{name} has ended");
    conn.close().await;
    Ok(())
}
