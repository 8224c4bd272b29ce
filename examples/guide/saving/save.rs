//! Saves a guest to a file of the daemon's host, and ends it. Its disks are not in the file: to be
//! restored, they must be as they are now.
//!
//! The guide first checks that the guest runs, with a name that it has not imported; the daemon
//! checks that anyway.

use libvirt_client::Connect;

use crate::shared::Result;

pub(crate) async fn run([uri, name, file]: [&str; 3]) -> Result<()> {
    let conn = Connect::open(uri).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    domain.save(file).await?;
    println!("{name} is saved to {file}");
    conn.close().await;
    Ok(())
}
