//! Moves a guest to the daemon of another connection. It is paused meanwhile.
//!
//! The guide says that both hosts must share the storage; `MigrateFlags::NON_SHARED_DISK` copies
//! what they do not share. The example `migrate` has all options, with progress.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name, destination]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let destination = Connect::open(destination).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    let moved = domain.migrate(&destination).await?;
    println!("{} is on {}", moved.name(), destination.hostname().await?);
    destination.close().await;
    conn.close().await;
    Ok(())
}
