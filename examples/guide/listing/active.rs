//! Lists the IDs of the running domains.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri]: [&str; 1]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let ids = conn.list_domains().await?;
    println!("running domains: {}", ids.len());
    for id in ids {
        println!("  {id}");
    }
    conn.close().await;
    Ok(())
}
