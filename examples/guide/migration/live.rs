//! Moves a guest that goes on meanwhile, but for a moment at the end.
//!
//! `MigrateFlags::LIVE` does the same for `migrate_to_uri`, beside `PEER2PEER`.

use libvirt_client::Connect;
use libvirt_client::domain::MigrateFlags;

use crate::shared::Result;

pub(crate) async fn run([uri, name, destination]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let destination = Connect::open(destination).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let moved = domain.migrate(&destination).flags(MigrateFlags::LIVE).await?;
    println!("{} is on {}", moved.name(), destination.hostname().await?);
    destination.close().await;
    conn.close().await;
    Ok(())
}
