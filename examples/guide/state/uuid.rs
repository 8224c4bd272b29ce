//! Shows a domain's UUID, which it keeps for ever, whether it runs or not.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    println!("{name} has the UUID {}", domain.uuid());
    conn.close().await;
    Ok(())
}
