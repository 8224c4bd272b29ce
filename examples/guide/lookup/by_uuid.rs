//! Looks up a domain by its UUID, whether it runs or not.
//!
//! The guide gives text to `lookupByUUID`, which takes the 16 bytes; `lookupByUUIDString` is the
//! one for text. A `Uuid` is either.

use libvirt_client::Connect;

use crate::shared::{Result, parse};

pub(crate) async fn run([uri, uuid]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_uuid(parse("the UUID", uuid)?).await?;
    println!("the domain with the UUID {uuid} is {}", domain.name());
    conn.close().await;
    Ok(())
}
