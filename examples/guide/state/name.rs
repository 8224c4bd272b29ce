//! Shows a domain's name, which the handle knows from the look-up.

use libvirt_client::Connect;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, uuid]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_uuid(parse("the UUID", uuid)?).await?;
    println!("{uuid} has the name {}", domain.name());
    conn.close().await;
    Ok(())
}
