//! Shows whether a domain has a current snapshot: the one that was taken or reverted to last.
//!
//! The example `snapshot` takes, shows, reverts to and deletes them.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name]: [&str; 2]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    if let Some(snapshot) = domain.snapshot_current().await? {
        println!("{name} has the current snapshot {}", snapshot.name());
    } else {
        println!("{name} has no current snapshot");
    }
    println!("has_current_snapshot: {}", domain.has_current_snapshot().await?);
    conn.close().await;
    Ok(())
}
