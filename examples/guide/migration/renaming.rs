//! Moves a guest under another name, and by a way of your choice: `migrate2` and `migrate3`, or
//! `migrateToURI2` and `migrateToURI3` in place of a connection.
//!
//! VIA is where the destination's hypervisor listens for the guest, such as `tcp://10.0.0.2`;
//! without it that is the host's name.

use libvirt_client::Connect;
use libvirt_client::domain::{MigrateFlags, MigrateParameters};

use crate::shared::Result;

pub(crate) async fn run([uri, name, destination, new_name, via]: [&str; 5]) -> Result<()> {
    let mut parameters = MigrateParameters::default();
    parameters.destination_name = Some(new_name.to_owned());
    parameters.uri = Some(via.to_owned());
    parameters.bandwidth_mib_per_second = Some(1000);

    let conn = Connect::open(uri).await?;
    let destination = Connect::open(destination).await?;
    let domain = conn.domain_lookup_by_name(name).await?;
    // Defined there, and no longer here.
    let flags = MigrateFlags::LIVE | MigrateFlags::PERSIST_DEST | MigrateFlags::UNDEFINE_SOURCE;
    let moved = domain.migrate(&destination).flags(flags).parameters(parameters).await?;
    println!("{name} is {} on {}", moved.name(), destination.hostname().await?);
    destination.close().await;
    conn.close().await;
    Ok(())
}
